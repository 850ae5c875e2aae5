/*
 * Thompson sampling of Bernoulli arms that change: the posterior of what the last `window` periods
 * brought.
 *
 * Source: Trovo, Paladino, Restelli & Gatti (2020), "Sliding-window Thompson sampling for
 * non-stationary environments", algorithm 1 (Beta-SWTS). A window of as many periods as the run has
 * is ts_beta. What a period brings is learned at its end. Memory: 24 bytes an arm and period of the
 * window.
 */
#include "policies/beta_ts.h"
#include "policies/library.h"

typedef struct {
    nb_beta_ts_settings_t common;
    int window;
} settings_t;

static const nb_setting_t table[] = {
    {
        .key = "window",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, window),
        .def = 500,
        .low = 1,
        .high = 1e6,
        .choices = "",
        .unit = "periods",
        .mark = "A",
        .source = "Trovo et al. 2020, algorithm 1",
        .help = "tau, how many of the last periods are remembered",
    },
    NB_BETA_PRIOR(nb_beta_ts_settings_t),
    NB_DRAW_SETTING(nb_beta_ts_settings_t, draw),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    return sizeof(nb_beta_ts_t) +
           nb_arms_window_size(spec, (unsigned)((const settings_t *)settings)->window);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    nb_beta_ts_t *self = state;
    const char *arms = nb_arms_window_arms(self + 1);

    nb_beta_ts_init(self, &from->common, (size_t)(arms - (const char *)state));
    nb_arms_window_init(self + 1, spec, (unsigned)from->window);
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_window_update((nb_beta_ts_t *)state + 1, finished, 1);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    (void)scratch;
    nb_arms_window_end_period((nb_beta_ts_t *)state + 1);
    return NB_OK;
}

const nb_policy_type_t nb_policy_sw_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "sw_ts",
    .summary = "Thompson sampling of Beta posteriors of the last periods (Trovo et al. 2020)",
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
