/*
 * Sliding-window UCB for arms that change: the statistics of the last tau periods, and the index
 * mean + sqrt(xi ln(min(t, n)) / n_k) with n decisions in the window.
 *
 * Source: Garivier & Moulines (2011), "On upper-confidence bound policies for switching bandit
 * problems", section 2.2 with B = 1. Their tau is 2 sqrt(T ln T / breaks). Memory: 24 bytes an arm
 * and period of the window.
 */
#include <math.h>
#include <stddef.h>

#include "policies/index.h"
#include "policies/library.h"

typedef struct {
    double xi, tie_width;
    int window;
} settings_t;

/* state: this, then the statistics */
typedef struct {
    double xi, tie_width;
} state_t;

static const nb_setting_t table[] = {
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
        .source = "Garivier & Moulines 2011, section 2.2",
        .help = "tau, periods that are remembered",
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
    return sizeof(state_t) +
           nb_arms_window_size(spec, (unsigned)((const settings_t *)settings)->window);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;

    self->xi = from->xi;
    self->tie_width = from->tie_width;
    nb_arms_window_init(self + 1, spec, (unsigned)from->window);
    return NB_OK;
}

static const void *arms_of(const void *state)
{
    return nb_arms_window_arms((const state_t *)state + 1);
}

static void fill(const void *state, unsigned point, double *index, double *width)
{
    const state_t *self = state;
    const void *arms = arms_of(state);
    const nb_arm_t *arm = nb_arms_at(arms, point);

    double log_n = log(fmax(1.0, nb_arms_total(arms, point)));

    for (unsigned k = 0; k < nb_arms_count(arms, point); k++) {
        int is_played = arm[k].n > 0.5;

        width[k] = is_played ? sqrt(self->xi * log_n / arm[k].n) : 0.0;
        index[k] = is_played ? arm[k].sum / arm[k].n + width[k] : NB_INDEX_UNPLAYED;
    }
}

NB_INDEX_FUNCTIONS

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

const nb_policy_type_t nb_policy_sw_ucb = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "sw_ucb",
    .summary = "upper confidence bounds of the last tau periods (Garivier & Moulines 2011)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_OFFSETS | NB_TRAIT_TEST_BED,
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
