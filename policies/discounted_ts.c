/*
 * Discounted Thompson sampling for Bernoulli arms that change: successes and failures are
 * multiplied by gamma once a period, before what the period brought is added.
 *
 * Source: Raj & Kalyani (2017), "Taming non-stationary bandits: a Bayesian approach", algorithm 1
 * (there every round is a period): S_k <- gamma S_k + r, F_k <- gamma F_k + 1 - r of the arm
 * played, times gamma only of the others. An arm that is not played goes back to its prior. What a
 * period brings is learned at its end.
 */
#include <math.h>
#include <stddef.h>

#include "policies/beta_ts.h"
#include "policies/library.h"

typedef struct {
    nb_beta_prior_t prior;
    double factor;
} settings_t;

/* state: this, the statistics, those of the period under way */
typedef struct {
    nb_beta_prior_t prior;
    double factor;
    uint64_t present; /* bytes from here */
} state_t;

static const nb_setting_t table[] = {
    NB_BETA_PRIOR(settings_t, a, "prior.a"),
    NB_BETA_PRIOR(settings_t, b, "prior.b"),
    NB_DRAW_SETTING(settings_t, prior.draw),
    {
        .key = "factor",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, factor),
        .def = 0.99,
        .low = 0.5,
        .high = 1.0,
        .choices = "",
        .unit = "a period",
        .mark = "A",
        .source = "Raj & Kalyani 2017, algorithm 1",
        .help = "gamma, what a reward counts one period later; 1 forgets nothing",
    },
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

    self->prior = from->prior;
    self->factor = from->factor;
    self->present = sizeof *self + nb_arms_size(spec);
    nb_arms_init(self + 1, spec);
    nb_arms_init((char *)state + self->present, spec);
    return NB_OK;
}

static const nb_arm_t *arms_of(const void *state, unsigned point)
{
    return nb_arms_at((const state_t *)state + 1, point);
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
    return nb_arms_update((char *)state + ((const state_t *)state)->present, finished, 1);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    state_t *self = state;

    (void)scratch;
    nb_arms_absorb(self + 1, (char *)state + self->present, self->factor);
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return nb_beta_ts_scratch(spec);
}

const nb_policy_type_t nb_policy_discounted_ts = {
    .abi = NB_POLICY_ABI,
    .version = 2,
    .name = "discounted_ts",
    .summary = "Thompson sampling that forgets by a factor (Raj & Kalyani 2017)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_WEIGHTED | NB_TRAIT_TEST_BED,
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
