/*
 * Sliding-window Thompson sampling for Bernoulli arms that change: the posterior of the last tau
 * periods.
 *
 * Source: Trovo, Paladino, Restelli & Gatti (2020), "Sliding-window Thompson sampling for
 * non-stationary settings", algorithm 1. Memory: 24 bytes an arm and period of the window.
 */
#include <math.h>
#include <stddef.h>

#include "policies/beta_ts.h"
#include "policies/library.h"

typedef struct {
    nb_beta_prior_t prior;
    int window;
} settings_t;

/* state: this, then the statistics */
typedef struct {
    nb_beta_prior_t prior;
} state_t;

static const nb_setting_t table[] = {
    NB_BETA_PRIOR(settings_t, a, "prior.a"),
    NB_BETA_PRIOR(settings_t, b, "prior.b"),
    NB_DRAW_SETTING(settings_t, prior.draw),
    {
        .key = "window",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, window),
        .def = 500,
        .low = 1,
        .high = 1000000,
        .choices = "",
        .unit = "periods",
        .mark = "A",
        .source = "Trovo et al. 2020, algorithm 1",
        .help = "tau, periods that are remembered",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    return sizeof(state_t) +
           nb_arms_window_size(spec, (unsigned)((const settings_t *)settings)->window);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;

    self->prior = from->prior;
    nb_arms_window_init(self + 1, spec, (unsigned)from->window);
    return NB_OK;
}

static const nb_arm_t *arms_of(const void *state, unsigned point)
{
    return nb_arms_at(nb_arms_window_arms((const state_t *)state + 1), point);
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    return nb_beta_ts_score(state, arms_of(state, batch->point), batch, s);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return nb_beta_ts_probabilities(state, arms_of(state, batch->point), batch, p);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return nb_beta_ts_choose(state, arms_of(state, batch->point), batch, out);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_beta_ts_value(state, arms_of(state, batch->point), batch, v);
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_window_update((state_t *)state + 1, finished, 1);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    (void)scratch;
    nb_arms_window_end_period((state_t *)state + 1);
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return nb_beta_ts_scratch(spec);
}

const nb_policy_type_t nb_policy_sw_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "sw_ts",
    .summary = "Thompson sampling of the last tau periods (Trovo et al. 2020)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
