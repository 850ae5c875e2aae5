/*
 * Always the action with the highest predicted reward: ridge regression per action, no exploration
 * beyond ties. What a firm does that trusts its model; the learner that the others are compared to.
 *
 * Source: Hoerl & Kennard (1970), Ridge regression; the greedy contextual bandit of Bastani, Bayati
 * & Khosravi (2021). Known limit: an action that looks bad early may never be tried again.
 */
#include "policies/library.h"
#include "policies/linear.h"

static const nb_setting_t table[] = {NB_LINEAR_LAMBDA, {0}};

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    return nb_linear_mean_scores(state, batch, s);
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

const nb_policy_type_t nb_policy_greedy_ridge = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "greedy_ridge",
    .summary = "highest prediction of a ridge regression per action (Hoerl & Kennard 1970)",
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
