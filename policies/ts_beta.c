/*
 * Thompson sampling of Bernoulli arms: the arm whose sampled mean is highest, from Beta(a + S_k,
 * b + n_k - S_k).
 *
 * Source: Thompson (1933); Chapelle & Li (2011), "An empirical evaluation of Thompson sampling",
 * algorithm 2. Rewards in [0, 1] that are not 0 or 1 count as fractional successes, which keeps the
 * posterior's mean; the coin flip of Agrawal & Goyal (2012) has the same mean and more variance.
 */
#include <math.h>
#include <stddef.h>

#include "policies/beta_ts.h"
#include "policies/library.h"

typedef struct {
    nb_beta_prior_t prior;
} settings_t;

/* state: this, then the statistics */
typedef struct {
    nb_beta_prior_t prior;
} state_t;

static const nb_setting_t table[] = {
    NB_BETA_PRIOR(settings_t, a, "prior.a"),
    NB_BETA_PRIOR(settings_t, b, "prior.b"),
    NB_DRAW_SETTING(settings_t, prior.draw),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(state_t) + nb_arms_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;

    self->prior = from->prior;
    nb_arms_init(self + 1, spec);
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
    return nb_arms_update((state_t *)state + 1, finished, 1);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return nb_beta_ts_scratch(spec);
}

const nb_policy_type_t nb_policy_ts_beta = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "ts_beta",
    .summary =
        "Thompson sampling of Bernoulli arms with Beta priors (Thompson 1933; Chapelle & Li 2011)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_WEIGHTED | NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
