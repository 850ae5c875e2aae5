/*
 * The same play for everybody: an action, or the first allowed one of a list; a slate plays the
 * list itself. Without `action` the point's unbound play, so that a strategy can say it aloud.
 * Outside a window of the customer's tenure, where one is set, the unbound play too.
 */
#include "policies/library.h"
#include "policies/preference.h"
#include "policies/turn.h"

typedef struct {
    const nb_node_t *action;
    int from_weeks, until_weeks; /* of tenure */
} fixed_settings_t;

/* the state: window of tenure; the preference order follows */
typedef nb_turn_window_t fixed_t;

static const nb_setting_t table[] = {
    {
        .key = "action",
        .type = NB_SETTING_NODE,
        .offset = offsetof(fixed_settings_t, action),
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "action, or list of actions of which the first allowed one is played (a slate "
                "plays the list); default: what the point plays unbound",
    },
    NB_TURN_WEEKS(fixed_settings_t, from_weeks,
                  "acts in periods that begin this many weeks after a customer's birth or later"),
    NB_TURN_WEEKS(fixed_settings_t, until_weeks,
                  "and before that many weeks after her birth; 0: without end"),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(fixed_t) + nb_preference_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const fixed_settings_t *from = settings;
    fixed_t *self = state;

    NB_TRY(nb_turn_window_init(self, spec, from->from_weeks, from->until_weeks));
    return nb_preference_init(self + 1, spec, from->action);
}

static void play_row(const fixed_t *self, const nb_batch_t *batch, size_t i, int32_t *action)
{
    nb_preference_play(self + 1, batch, i, nb_turn_window_holds(self, batch, i), action);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    for (size_t i = 0; i < batch->n; i++) {
        play_row(state, batch, i, out->action + i * batch->slate);
    }
    for (size_t j = 0; batch->want_propensity && j < batch->n * batch->slate; j++) {
        out->propensity[j] = 1.0;
    }
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    for (size_t i = 0; i < batch->n; i++) {
        int32_t action[NB_MAX_SLATE];

        play_row(state, batch, i, action);
        nb_preference_probability(batch, action[0], p + i * batch->n_actions);
    }
    return NB_OK;
}

const nb_policy_type_t nb_policy_fixed = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "fixed",
    .summary = "the same action for everybody, or the first allowed one of a list (reference)",
    .settings = table,
    .settings_size = sizeof(fixed_settings_t),
    .traits = NB_TRAIT_SLATE,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .probabilities = probabilities,
};
