/*
 * The highest prediction of a ridge regression per action, with probability epsilon any allowed
 * action instead: exploration that is blind, but whose propensities are exact.
 *
 * Source: Sutton & Barto (2018), section 2.2; Li et al. (2010), section 5.2 (contextual). Where a
 * row explores, its scores are dealt out again at random, so that its order is uniform at slates
 * too.
 */
#include "policies/library.h"
#include "policies/linear.h"

static const nb_setting_t table[] = {
    NB_LINEAR_LAMBDA,
    {
        .key = "epsilon",
        .type = NB_SETTING_REAL,
        .offset = offsetof(nb_linear_settings_t, exploration),
        .def = 0.1,
        .low = 0.0,
        .high = 1.0,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Sutton & Barto 2018, section 2.3",
        .help = "share of decisions that play any allowed action",
    },
    {0},
};

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    NB_TRY(nb_linear_mean_scores(state, batch, s));
    return nb_policy_explore(batch, nb_ridge_exploration(state), s);
}

/* a row is greedy or explores as a whole: conditional = joint over joint of the positions before */
static void fill_propensity(const nb_batch_t *batch, size_t i, const double *mean, double epsilon,
                            const int32_t *action, double *propensity)
{
    unsigned n_allowed = nb_policy_n_allowed(batch, i);
    double greedy = 1.0 - epsilon, explore = epsilon;

    for (unsigned j = 0; j < batch->slate; j++) {
        double before = greedy + explore;

        if (action[j] >= 0) {
            greedy *= nb_linear_greedy_share(batch, i, mean, action, j);
            explore /= n_allowed - j;
        }
        propensity[j] = (greedy + explore) / before;
    }
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    int code = nb_linear_choose(state, batch, score, out);

    if (code == NB_OK && batch->want_propensity) {
        double *mean = nb_arena_take(batch->scratch, batch->n * K, sizeof *mean);

        code = nb_linear_mean_scores(state, batch, mean);
        for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
            fill_propensity(batch, i, mean + i * K, nb_ridge_exploration(state),
                            out->action + i * batch->slate, out->propensity + i * batch->slate);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    double epsilon = nb_ridge_exploration(state);

    NB_TRY(nb_linear_mean_scores(state, batch, p));
    NB_TRY(nb_policy_rank_probabilities(batch, p, p));
    nb_policy_mix_uniform(batch, epsilon, p);
    return NB_OK;
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_linear_value(state, batch, probabilities, v);
}

const nb_policy_type_t nb_policy_eps_greedy = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "eps_greedy",
    .summary = "ridge regression per action, any action with probability epsilon (Sutton & Barto "
               "2018)",
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
