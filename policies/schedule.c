/*
 * An action every n weeks, the unbound play in between: what most firms do with e-mail. By the
 * calendar, and staggered, so that every period sees one n-th of the customers, unless all come in
 * the same period. Within a window of the customer's tenure, where one is set.
 */
#include "policies/library.h"
#include "policies/preference.h"
#include "policies/turn.h"

enum { PHASE_STAGGERED, PHASE_SAME };

typedef struct {
    const nb_node_t *action;
    int every;                   /* weeks */
    int phase;                   /* PHASE_* */
    int from_weeks, until_weeks; /* of tenure */
} schedule_settings_t;

/* head of the state; the preference order follows */
typedef struct {
    int32_t every; /* periods */
    int32_t phase;
    nb_turn_window_t window;
} schedule_t;

static const nb_setting_t table[] = {
    {
        .key = "action",
        .type = NB_SETTING_NODE,
        .offset = offsetof(schedule_settings_t, action),
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "action, or list of actions of which the first allowed one is played; required",
    },
    {
        .key = "every",
        .type = NB_SETTING_INT,
        .offset = offsetof(schedule_settings_t, every),
        .def = 4,
        .low = 1,
        .high = 520,
        .choices = "",
        .unit = "weeks",
        .mark = "",
        .source = "",
        .help = "weeks from one action to the next, rounded to whole periods, one at least",
    },
    {
        .key = "phase",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(schedule_settings_t, phase),
        .def = PHASE_STAGGERED,
        .choices = "staggered|same",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "staggered: an equal share of the customers each period; same: all in the same one",
    },
    NB_TURN_WEEKS(schedule_settings_t, from_weeks,
                  "acts in periods that begin this many weeks after a customer's birth or later"),
    NB_TURN_WEEKS(schedule_settings_t, until_weeks,
                  "and before that many weeks after her birth; 0: without end"),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(schedule_t) + nb_preference_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const schedule_settings_t *from = settings;
    schedule_t *self = state;

    if (!from->action) {
        NB_FAIL(NB_ERR_CONFIG, "schedule needs `action`: the action to play every %d weeks",
                from->every);
    }
    self->every = nb_turn_periods(spec, from->every);
    self->phase = from->phase;
    NB_TRY(nb_turn_window_init(&self->window, spec, from->from_weeks, from->until_weeks));
    return nb_preference_init(self + 1, spec, from->action);
}

/* 1 where the turn of row i is in this period */
static int is_due(const schedule_t *self, const nb_batch_t *batch, size_t i)
{
    return nb_turn_is_due(self->every, self->phase == PHASE_SAME, batch->period, batch->luck[i]) &&
           nb_turn_window_holds(&self->window, batch, i);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    const schedule_t *self = state;

    for (size_t i = 0; i < batch->n; i++) {
        nb_preference_play(self + 1, batch, i, is_due(self, batch, i),
                           out->action + i * batch->slate);
    }
    for (size_t j = 0; batch->want_propensity && j < batch->n * batch->slate; j++) {
        out->propensity[j] = 1.0;
    }
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    const schedule_t *self = state;

    for (size_t i = 0; i < batch->n; i++) {
        int32_t action[NB_MAX_SLATE];

        nb_preference_play(self + 1, batch, i, is_due(self, batch, i), action);
        nb_preference_probability(batch, action[0], p + i * batch->n_actions);
    }
    return NB_OK;
}

const nb_policy_type_t nb_policy_schedule = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "schedule",
    .summary = "an action every n weeks, staggered by customer (reference)",
    .settings = table,
    .settings_size = sizeof(schedule_settings_t),
    .traits = NB_TRAIT_SLATE,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .probabilities = probabilities,
};
