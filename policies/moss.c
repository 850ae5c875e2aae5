/*
 * MOSS: mean + sqrt(max(0, ln(T / (K n_k))) / n_k), T decisions of the whole run.
 *
 * Source: Audibert & Bubeck (2009), "Minimax policies for adversarial and stochastic bandits",
 * section 2. It needs to know T: the environment tells it, or `horizon`.
 */
#include <math.h>
#include <stddef.h>

#include "policies/index.h"
#include "policies/library.h"

typedef struct {
    double horizon, tie_width;
} settings_t;

/* state: this, then the statistics */
typedef struct {
    double horizon, tie_width;
} state_t;

static const nb_setting_t table[] = {
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
        .source = "Audibert & Bubeck 2009, section 2",
        .help = "decisions of the whole run, T; 0: as the environment says",
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

    self->tie_width = from->tie_width;
    nb_arms_init(self + 1, spec);
    return nb_index_horizon(spec, from->horizon, &self->horizon);
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

    unsigned K = nb_arms_count(arms, point);

    for (unsigned k = 0; k < K; k++) {
        double n = arm[k].n;

        width[k] = n > 0.0 ? sqrt(fmax(0.0, log(self->horizon / (K * n))) / n) : 0.0;
        index[k] = n > 0.0 ? arm[k].sum / n + width[k] : NB_INDEX_UNPLAYED;
    }
}

NB_INDEX_FUNCTIONS

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((state_t *)state + 1, finished, 1);
}

const nb_policy_type_t nb_policy_moss = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "moss",
    .summary = "upper confidence bounds for a known horizon (Audibert & Bubeck 2009)",
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
