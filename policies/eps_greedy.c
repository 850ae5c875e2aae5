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

/* index of the r-th allowed action */
static unsigned find_allowed(const nb_batch_t *batch, size_t i, unsigned r)
{
    unsigned k = 0;

    while (!nb_mask_allows(batch->mask, batch->mask_words, i, k) || r-- > 0) {
        k++;
    }
    return k;
}

/* shuffle the scores of the allowed actions of row i (Fisher & Yates 1938, Durstenfeld's order) */
static void deal_row(const nb_batch_t *batch, size_t i, double *s)
{
    nb_stream_t stream;

    nb_stream_init(&stream, batch->key,
                   (nb_counter_t){
                       .luck = batch->luck[i],
                       .ordinal = (uint32_t)batch->period,
                       .purpose = (uint16_t)(NB_PURPOSE_POLICY + batch->stream_point),
                       .group = (uint16_t)batch->round,
                       .block = 1,
                   });
    for (unsigned left = nb_policy_n_allowed(batch, i); left > 1; left--) {
        unsigned a = find_allowed(batch, i, left - 1);
        unsigned b = find_allowed(batch, i, (unsigned)(nb_stream_uniform(&stream) * left));
        double swap = s[a];

        s[a] = s[b];
        s[b] = swap;
    }
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);
    double epsilon = nb_ridge_exploration(state);
    int code = nb_linear_mean_scores(state, batch, s);

    nb_policy_uniforms(batch, 0, uniforms);
    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        /* word 0 breaks ties */
        if (uniforms[batch->n + i] < epsilon) {
            deal_row(batch, i, s + i * batch->n_actions);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
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
    for (size_t i = 0; i < batch->n; i++) {
        double share = epsilon / nb_policy_n_allowed(batch, i);

        for (unsigned k = 0; k < batch->n_actions; k++) {
            int allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);
            double *here = p + i * batch->n_actions + k;

            *here = allowed ? (1.0 - epsilon) * *here + share : 0.0;
        }
    }
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
