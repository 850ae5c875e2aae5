/*
 * Contacts for the customers who are worth most: P(alive) times money an order, above a limit or
 * among the top share of those who can be contacted. What firms do that score their customers with
 * a buy-till-you-die model.
 *
 *   priority: {recognize: {policy: btyd_priority, action: email, share: 0.3, every: 2}}
 *   valuable: {recognize: {policy: btyd_priority, action: email, above: 25}}
 *
 * The threshold of a share is the quantile of the scores of the last periods (policies/sketch.h);
 * in the first period a random share is contacted. Everybody else gets `otherwise`.
 *
 * Source: Schmittlein, Morrison & Colombo (1987); Reinartz & Kumar (2000, 2003), selection by
 * P(alive) and expected spend; Fader, Hardie & Lee (2005) for the P(alive) of the features. Known
 * limit: who buys most often needs a contact least.
 */
#include <math.h>

#include "policies/contact.h"
#include "policies/library.h"
#include "policies/quantity.h"
#include "policies/rows.h"
#include "policies/sketch.h"

typedef struct {
    char alive[NB_SETTING_TEXT_SIZE], value[NB_SETTING_TEXT_SIZE];
    double share, above, memory;
    const nb_node_t *action, *otherwise;
    int every;
} priority_settings_t;

/* the state; a sketch a point and two compiled contacts follow */
typedef struct {
    uint32_t n_points, contact_size;
    double above;
    nb_quantity_t alive[NB_MAX_POINTS], value[NB_MAX_POINTS];
    uint8_t told[NB_MAX_POINTS];
} priority_t;

static const nb_setting_t table[] = {
    NB_CONTACT_NODE(priority_settings_t, action,
                    "action for the customers chosen, or list of actions of which the first "
                    "allowed one is played; required"),
    NB_CONTACT_EVERY(priority_settings_t, "weeks from one contact to the next"),
    {
        .key = "share",
        .type = NB_SETTING_REAL,
        .offset = offsetof(priority_settings_t, share),
        .def = 0.3,
        .low = 0,
        .high = 1,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "",
        .help = "share of the customers who can be contacted that is chosen, the best first",
    },
    {
        .key = "above",
        .type = NB_SETTING_REAL,
        .offset = offsetof(priority_settings_t, above),
        .low = 0,
        .high = 1e9,
        .choices = "",
        .unit = "money",
        .mark = "",
        .source = "",
        .help =
            "chooses everybody whose score lies above this, in the place of a share; 0: by share",
    },
    NB_SKETCH_MEMORY(priority_settings_t),
    {
        .key = "alive",
        .type = NB_SETTING_TEXT,
        .offset = offsetof(priority_settings_t, alive),
        .choices = "p_alive",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "feature with P(alive)",
    },
    {
        .key = "value",
        .type = NB_SETTING_TEXT,
        .offset = offsetof(priority_settings_t, value),
        .choices = "mean_order",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "feature with what a living customer is worth, or `log_` and this name",
    },
    NB_CONTACT_NODE(priority_settings_t, otherwise,
                    "contact of all others: NAME, list, or {action: , every: }; default: what the "
                    "point plays unbound"),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(priority_t) + spec->n_points * sizeof(nb_sketch_t) + 2 * nb_contact_size(spec);
}

static nb_sketch_t *sketch_at(const void *state, unsigned point)
{
    return (nb_sketch_t *)((const priority_t *)state + 1) + point;
}

/* 0 those chosen, 1 the others */
static void *contact_at(const priority_t *self, unsigned number)
{
    return (char *)sketch_at(self, self->n_points) + number * self->contact_size;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const priority_settings_t *from = settings;
    priority_t *self = state;

    if (!from->action) {
        NB_FAIL(NB_ERR_CONFIG, "btyd_priority needs `action`: the contact of the best customers");
    }
    self->n_points = spec->n_points;
    self->contact_size = (uint32_t)nb_contact_size(spec);
    self->above = from->above;
    NB_TRY(nb_quantity_find(self->alive, spec, "btyd_priority", "alive", from->alive));
    NB_TRY(nb_quantity_find(self->value, spec, "btyd_priority", "value", from->value));
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->told[p] = self->alive[p].column >= 0 && self->value[p].column >= 0;
        nb_sketch_init(sketch_at(self, p), from->share, nb_sketch_keep(spec, from->memory));
    }
    NB_TRY(nb_contact_init(contact_at(self, 0), spec, from->action, from->every));
    NB_TRY(nb_contact_init(contact_at(self, 1), spec, from->otherwise, from->every));
    return nb_contact_check_served(spec, "btyd_priority", self->told, contact_at(self, 0), 1);
}

/* P(alive) x value; only where the point tells both */
static double score_row(const priority_t *self, const nb_batch_t *batch, size_t i)
{
    const float *x = batch->x + i * batch->d;

    return nb_quantity_read(&self->alive[batch->point], x) *
           nb_quantity_read(&self->value[batch->point], x);
}

/* 1 where row i can be chosen at all */
static int is_candidate(const priority_t *self, const nb_batch_t *batch, size_t i)
{
    return self->told[batch->point] && nb_contact_first(contact_at(self, 0), batch, i) >= 0;
}

static void mix(const void *state, const nb_batch_t *batch, size_t i, const double *unused,
                nb_mix_t *out)
{
    const priority_t *self = state;
    double chosen = 0.0;

    (void)unused;
    if (is_candidate(self, batch, i)) {
        double score = score_row(self, batch, i);

        chosen = self->above > 0.0
                     ? score > self->above
                     : nb_sketch_take(sketch_at(self, batch->point), batch->period, score);
    }
    nb_contact_either(out, contact_at(self, 0), contact_at(self, 1), chosen);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    return nb_contact_choose(state, batch, NULL, mix, out);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    return nb_contact_probabilities(state, batch, NULL, mix, p);
}

/* scores are seen of all rows, whosever turn it is */
static int played(void *state, const nb_batch_t *batch, const nb_choice_t *choice)
{
    const priority_t *self = state;

    (void)choice;
    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    for (size_t i = 0; i < batch->n && self->above == 0.0; i++) {
        if (is_candidate(self, batch, i)) {
            nb_sketch_add(sketch_at(self, batch->point), batch->period, score_row(self, batch, i));
        }
    }
    return NB_OK;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    (void)scratch;
    for (unsigned p = 0; p < ((const priority_t *)state)->n_points; p++) {
        nb_sketch_end_period(sketch_at(state, p));
    }
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return nb_contact_scratch();
}

const nb_policy_type_t nb_policy_btyd_priority = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "btyd_priority",
    .summary = "contacts for the top share by P(alive) x mean order (Reinartz & Kumar 2003)",
    .settings = table,
    .settings_size = sizeof(priority_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_SLATE,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .played = played,
    .end_period = end_period,
    .probabilities = probabilities,
    .scratch_size = scratch_size,
};
