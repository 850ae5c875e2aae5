/*
 * Discounted UCB for arms that change: statistics are multiplied by gamma once a period, and the
 * index is mean + 2 sqrt(xi ln n / n_k) of the discounted counts.
 *
 * Source: Garivier & Moulines (2011), "On upper-confidence bound policies for switching bandit
 * problems", equation 3 with B = 1; xi = 1/2. Their gamma is 1 - sqrt(breaks / T) / 4.
 */
#include <math.h>
#include <stddef.h>

#include "policies/index.h"
#include "policies/library.h"

typedef struct {
    double factor, xi, tie_width;
} settings_t;

/* state: this, then the statistics */
typedef struct {
    double factor, xi, tie_width;
} state_t;

static const nb_setting_t table[] = {
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
        .source = "Garivier & Moulines 2011, equation 2",
        .help = "gamma, what a reward counts one period later; 1 forgets nothing",
    },
    {
        .key = "xi",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, xi),
        .def = 0.5,
        .low = 0.0,
        .high = 100.0,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Garivier & Moulines 2011, section 2",
        .help = "width of the bound: sqrt(xi ln n / n_k), 1/2 as in their experiments",
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

    self->factor = from->factor;
    self->xi = from->xi;
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

    double log_n = log(fmax(1.0, nb_arms_total(arms, point)));

    for (unsigned k = 0; k < nb_arms_count(arms, point); k++) {
        /* a count that has decayed to nothing is one of an arm not played */
        int is_played = arm[k].n > 1e-12;

        width[k] = is_played ? 2.0 * sqrt(self->xi * log_n / arm[k].n) : 0.0;
        index[k] = is_played ? arm[k].sum / arm[k].n + width[k] : NB_INDEX_UNPLAYED;
    }
}

NB_INDEX_FUNCTIONS

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((state_t *)state + 1, finished, 1);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    state_t *self = state;

    (void)scratch;
    nb_arms_discount(self + 1, self->factor);
    return NB_OK;
}

const nb_policy_type_t nb_policy_discounted_ucb = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "discounted_ucb",
    .summary = "upper confidence bounds that forget by a factor (Garivier & Moulines 2011)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_WEIGHTED | NB_TRAIT_OFFSETS |
              NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = nb_index_scratch_size,
};
