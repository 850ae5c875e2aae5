/*
 * Bayes-UCB: the quantile of order 1 - 1 / (t (ln T)^c) of the arm's posterior Beta(a + S, b + n -
 * S).
 *
 * Source: Kaufmann, Cappe & Garivier (2012), "On Bayesian upper confidence bounds for bandit
 * problems", algorithm 1; c = 5 in their theorem, 0 in their experiments and here. Rewards in [0,
 * 1] that are not 0 or 1 count as fractional successes.
 */
#include <math.h>
#include <stddef.h>

#include "core/dist.h"
#include "policies/index.h"
#include "policies/library.h"

typedef struct {
    double c, a, b, horizon, tie_width;
} settings_t;

/* state: this, then the statistics */
typedef struct {
    double power; /* (ln T)^c */
    double a, b, tie_width;
} state_t;

static const nb_setting_t table[] = {
    {
        .key = "c",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, c),
        .def = 0.0,
        .low = 0.0,
        .high = 100.0,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Kaufmann et al. 2012, algorithm 1",
        .help = "order of the quantile: 1 - 1 / (t (ln T)^c)",
    },
    {
        .key = "horizon",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, horizon),
        .def = 0.0,
        .low = 0.0,
        .high = 1e15,
        .choices = "",
        .unit = "decisions",
        .mark = "",
        .source = "Kaufmann et al. 2012, algorithm 1",
        .help = "decisions of the whole run, T, needed where c > 0; 0: as the environment says",
    },
    {
        .key = "prior.a",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, a),
        .def = 1.0,
        .low = 1e-3,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Kaufmann et al. 2012, algorithm 1",
        .help = "first parameter of the Beta prior",
    },
    {
        .key = "prior.b",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, b),
        .def = 1.0,
        .low = 1e-3,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Kaufmann et al. 2012, algorithm 1",
        .help = "second parameter of the Beta prior",
    },
    NB_INDEX_TIE_WIDTH(settings_t),
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

    self->power = 1.0;
    self->a = from->a;
    self->b = from->b;
    self->tie_width = from->tie_width;
    nb_arms_init(self + 1, spec);
    if (from->c > 0.0) {
        double horizon;

        NB_TRY(nb_index_horizon(spec, from->horizon, &horizon));
        self->power = pow(fmax(1.0, log(horizon)), from->c);
    }
    return NB_OK;
}

static const void *arms_of(const void *state)
{
    return (const state_t *)state + 1;
}

static void fill(const void *state, unsigned point, double *index, double *width)
{
    const state_t *self = state;
    const void *arms = arms_of(state);
    const nb_arm_t *arm = nb_arms_at(arms, point);

    double t = nb_arms_total(arms, point) + 1.0;

    for (unsigned k = 0; k < nb_arms_count(arms, point); k++) {
        double a = self->a + arm[k].sum, b = self->b + arm[k].n - arm[k].sum;

        /* from the other end, where the order is small */
        index[k] =
            1.0 - nb_dist_beta_quantile(1.0 / (t * self->power), fmax(b, 1e-9), fmax(a, 1e-9));
        width[k] = fmax(0.0, index[k] - a / (a + b));
    }
}

NB_INDEX_FUNCTIONS

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((state_t *)state + 1, finished, 1);
}

const nb_policy_type_t nb_policy_bayes_ucb = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "bayes_ucb",
    .summary = "upper quantile of a Beta posterior (Kaufmann, Cappe & Garivier 2012)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_WEIGHTED | NB_TRAIT_OFFSETS |
              NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = nb_index_scratch_size,
};
