/*
 * Thompson sampling of Bernoulli arms that change: successes and failures of all arms are
 * multiplied by `factor` once a period, before those of the period are added, so that posteriors
 * widen again to the prior.
 *
 * Source: Raj & Kalyani (2017), "Taming non-stationary bandits: a Bayesian approach", algorithm 1
 * (dTS): S_k <- gamma S_k + r, F_k <- gamma F_k + (1 - r), theta_k ~ Beta(S_k + a, F_k + b). What a
 * period brings is learned at its end.
 */
#include "policies/beta_ts.h"
#include "policies/library.h"

typedef struct {
    nb_beta_ts_settings_t common;
    double factor;
} settings_t;

/* state: this, the statistics, those of the period under way */
typedef struct {
    nb_beta_ts_t common;
    double factor;
    uint64_t present; /* bytes from here to the statistics of the period */
} state_t;

static const nb_setting_t table[] = {
    {
        .key = "factor",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, factor),
        .def = 0.99,
        .low = 0.0,
        .high = 1.0,
        .choices = "",
        .unit = "a period",
        .mark = "A",
        .source = "Raj & Kalyani 2017, algorithm 1",
        .help = "gamma, what an observation counts one period later; 1 is ts_beta",
    },
    NB_BETA_PRIOR(nb_beta_ts_settings_t),
    NB_DRAW_SETTING(nb_beta_ts_settings_t, draw),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(state_t) + 2 * nb_arms_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;

    nb_beta_ts_init(self, &from->common, sizeof *self);
    self->factor = from->factor;
    self->present = sizeof *self + nb_arms_size(spec);
    nb_arms_init(self + 1, spec);
    nb_arms_init((char *)self + self->present, spec);
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    state_t *self = state;

    return nb_arms_update((char *)self + self->present, finished, 1);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    state_t *self = state;

    (void)scratch;
    nb_arms_absorb(self + 1, (char *)self + self->present, self->factor);
    return NB_OK;
}

const nb_policy_type_t nb_policy_discounted_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "discounted_ts",
    .summary = "Thompson sampling of Beta posteriors that forget by a factor (Raj & Kalyani 2017)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_WEIGHTED | NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = nb_beta_ts_choose,
    .update = update,
    .end_period = end_period,
    .probabilities = nb_beta_ts_probabilities,
    .value = nb_beta_ts_value,
    .score = nb_beta_ts_score,
    .scratch_size = nb_beta_ts_scratch_size,
};
