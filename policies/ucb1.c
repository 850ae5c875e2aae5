/*
 * UCB1: mean + c sqrt(ln t / n_k), t decisions made so far.
 *
 * Source: Auer, Cesa-Bianchi & Fischer (2002), "Finite-time analysis of the multiarmed bandit
 * problem", figure 1: c = sqrt(2). With c = sqrt(1/2) it is the bound of Hoeffding's inequality at
 * 1/t, often called UCB(1/2) (Garivier & Cappe 2011, section 2).
 */
#include <math.h>
#include <stddef.h>

#include "policies/index.h"
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
        .def = 1.4142135623730951,
        .low = 0.0,
        .high = 100.0,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Auer et al. 2002, figure 1",
        .help = "width of the bound: sqrt(2) is UCB1, sqrt(1/2) UCB(1/2), 0 the greedy policy",
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

    for (unsigned k = 0; k < nb_arms_count(arms, point); k++) {
        int is_played = arm[k].n > 0.0;

        width[k] = is_played ? self->c * sqrt(log_t / arm[k].n) : 0.0;
        index[k] = is_played ? arm[k].sum / arm[k].n + width[k] : NB_INDEX_UNPLAYED;
    }
}

NB_INDEX_FUNCTIONS

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((state_t *)state + 1, finished, 1);
}

const nb_policy_type_t nb_policy_ucb1 = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "ucb1",
    .summary = "highest mean plus sqrt(2 ln t / n) (Auer, Cesa-Bianchi & Fischer 2002)",
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
