/*
 * Thompson sampling of Bernoulli arms: draw every arm's mean from its posterior Beta(a + S, b + n -
 * S) and play the highest (policies/beta_ts.h says how a draw is made).
 *
 * Source: Thompson (1933), "On the likelihood that one unknown probability exceeds another";
 * Chapelle & Li (2011), "An empirical evaluation of Thompson sampling", algorithm 2. Rewards
 * between 0 and 1 are fractional successes (policies/beta.h). Probabilities are integrals, error
 * below 1e-9 (policies/beta.h).
 */
#include "policies/beta_ts.h"
#include "policies/library.h"

static const nb_setting_t table[] = {
    NB_BETA_PRIOR(nb_beta_ts_settings_t),
    NB_DRAW_SETTING(nb_beta_ts_settings_t, draw),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(nb_beta_ts_t) + nb_arms_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    nb_beta_ts_t *self = state;

    nb_beta_ts_init(self, settings, sizeof *self);
    nb_arms_init(self + 1, spec);
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((nb_beta_ts_t *)state + 1, finished, 1);
}

const nb_policy_type_t nb_policy_ts_beta = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "ts_beta",
    .summary = "Thompson sampling of Beta posteriors (Thompson 1933; Chapelle & Li 2011)",
    .settings = table,
    .settings_size = sizeof(nb_beta_ts_settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_WEIGHTED | NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = nb_beta_ts_choose,
    .update = update,
    .probabilities = nb_beta_ts_probabilities,
    .value = nb_beta_ts_value,
    .score = nb_beta_ts_score,
    .scratch_size = nb_beta_ts_scratch_size,
};
