/*
 * The action with the highest exact expected immediate reward under the customer's hidden state,
 * which the environment tells oracles. What knowing everything about today is worth; no bound on
 * what planning can earn, since it is blind to everything after today.
 */
#include "policies/library.h"

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return 0;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    (void)state;
    (void)spec;
    (void)settings;
    return NB_OK;
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    (void)state;
    if (!batch->oracle || !batch->oracle->expected_reward) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "clairvoyant_myopic needs an environment that tells the "
                                    "expected reward of its actions");
    }
    return batch->oracle->expected_reward(batch->oracle->world, batch, s);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *s = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *s);
    int code = score(state, batch, s);

    if (code == NB_OK) {
        code = nb_policy_rank(batch, s, out);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    NB_TRY(score(state, batch, p));
    return nb_policy_rank_probabilities(batch, p, p);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = 0;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    return (most + 4) * NB_BLOCK_ROWS * sizeof(double) + 128;
}

const nb_policy_type_t nb_policy_clairvoyant_myopic = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "clairvoyant_myopic",
    .summary = "highest expected immediate reward under the hidden state (upper reference, no "
               "bound)",
    .traits = NB_TRAIT_ORACLE,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .probabilities = probabilities,
    .score = score,
    .scratch_size = scratch_size,
};
