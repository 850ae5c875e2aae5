/*
 * LinUCB with disjoint models: the action with the highest upper confidence bound
 * x'm_k + alpha sqrt(x'A_k^-1 x).
 *
 * Source: Li, Chu, Langford & Schapire (2010), "A contextual-bandit approach to personalized news
 * article recommendation", algorithm 1. Known limit: all rows of a period see the same posterior,
 * so equal customers herd to the same action until the next refresh; exact ties are broken at
 * random.
 */
#include <math.h>

#include "policies/library.h"
#include "policies/linear.h"

static const nb_setting_t table[] = {
    NB_LINEAR_LAMBDA,
    {
        .key = "alpha",
        .type = NB_SETTING_REAL,
        .offset = offsetof(nb_linear_settings_t, exploration),
        .def = 1.0,
        .low = 0.0,
        .high = 100.0,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "",
        .source = "Li et al. 2010, equation 5",
        .help = "width of the upper confidence bound in standard deviations",
    },
    {0},
};

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    float alpha = (float)nb_ridge_exploration(state);
    nb_prediction_t prediction;
    int code = nb_ridge_predict(state, batch, 1, &prediction);

    for (size_t k = 0; code == NB_OK && k < batch->n_actions; k++) {
        float *mean = prediction.mean + k * prediction.stride;
        const float *variance = prediction.variance + k * prediction.stride;

        for (size_t i = 0; i < batch->n; i++) {
            mean[i] += alpha * sqrtf(variance[i]);
        }
    }
    if (code == NB_OK) {
        nb_linear_write_scores(batch, &prediction, s);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return nb_linear_choose(state, batch, score, out);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    NB_TRY(score(state, batch, p));
    return nb_policy_rank_probabilities(batch, p, p);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_linear_value(state, batch, probabilities, v);
}

const nb_policy_type_t nb_policy_lin_ucb = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "lin_ucb",
    .summary = "upper confidence bound of a ridge regression per action (Li et al. 2010)",
    .settings = table,
    .settings_size = sizeof(nb_linear_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_WEIGHTED,
    .state_size = nb_linear_state_size,
    .init = nb_linear_init,
    .choose = choose,
    .update = nb_ridge_update,
    .end_period = nb_ridge_refresh,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = nb_linear_scratch_size,
};
