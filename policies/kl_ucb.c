/*
 * KL-UCB: the largest q with n_k kl(mean_k, q) <= ln t + c ln ln t, kl that of Bernoulli variables.
 *
 * Source: Garivier & Cappe (2011), "The KL-UCB algorithm for bounded stochastic bandits and
 * beyond", algorithm 1; c = 3 in their theorem, 0 in their experiments and here. q is found by
 * Newton steps to 1e-12. For rewards in [0, 1] that are not 0 or 1 the bound holds too, and is
 * wider than it must be.
 */
#include <math.h>
#include <stddef.h>

#include "policies/index.h"
#include "policies/kl.h"
#include "policies/library.h"

typedef struct {
    double c, tie_width;
} settings_t;

/* state: this, then the statistics */
typedef struct {
    double c, tie_width;
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
        .source = "Garivier & Cappe 2011, algorithm 1",
        .help =
            "exploration bonus ln t + c ln ln t: 3 in the theorem, 0 in the paper's experiments",
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

    self->c = from->c;
    self->tie_width = from->tie_width;
    nb_arms_init(self + 1, spec);
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

    double log_t = log(fmax(1.0, nb_arms_total(arms, point)));
    double bound = log_t + (self->c > 0.0 && log_t > 1.0 ? self->c * log(log_t) : 0.0);

    for (unsigned k = 0; k < nb_arms_count(arms, point); k++) {
        double mean = arm[k].n > 0.0 ? arm[k].sum / arm[k].n : 0.0;

        index[k] = arm[k].n > 0.0 ? nb_kl_upper(mean, bound / arm[k].n) : NB_INDEX_UNPLAYED;
        width[k] = arm[k].n > 0.0 ? index[k] - mean : 0.0;
    }
}

NB_INDEX_FUNCTIONS

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((state_t *)state + 1, finished, 1);
}

const nb_policy_type_t nb_policy_kl_ucb = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "kl_ucb",
    .summary = "upper confidence bounds in Kullback-Leibler divergence (Garivier & Cappe 2011)",
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
