/*
 * The retention offer for those at risk: customers whose P(alive) lies in a band, or whose silence
 * is long beside their own rhythm. What retention campaigns do, and what Ascarza (2018) shows to be
 * the wrong target where risk and response to the offer differ.
 *
 *   save: {recognize: {policy: risk_target, action: call, low: 0.2, high: 0.6, every: 13}}
 *   silent: {recognize: {policy: risk_target, by: silence, action: email, otherwise: {action:
 * email, every: 8}}}
 *
 * Own rhythm = (tenure - recency) / frequency, the mean of her intervals between orders so far; of
 * a customer with her first order only it is `silence.first`. Everybody else gets `otherwise`.
 *
 * Source: Ascarza (2018), Retention futility: targeting high-risk customers might be ineffective,
 * Journal of Marketing Research 55; Neslin et al. (2006) for the practice. Known limit: it asks who
 * may leave, not whom the offer keeps.
 */
#include "policies/contact.h"
#include "policies/library.h"
#include "policies/quantity.h"
#include "policies/rows.h"

enum { BY_P_ALIVE, BY_SILENCE };

typedef struct {
    int by;
    double low, high;
    double silence_from, silence_until, silence_first;
    char alive[NB_SETTING_TEXT_SIZE], recency[NB_SETTING_TEXT_SIZE];
    char frequency[NB_SETTING_TEXT_SIZE], tenure[NB_SETTING_TEXT_SIZE];
    const nb_node_t *action, *otherwise;
    int every;
} risk_settings_t;

/* the state; two compiled contacts follow */
typedef struct {
    uint32_t contact_size;
    int32_t by;
    double low, high; /* P(alive), or silence in intervals of her own */
    double first;     /* weeks */
    nb_quantity_t alive[NB_MAX_POINTS], recency[NB_MAX_POINTS], frequency[NB_MAX_POINTS];
    nb_quantity_t tenure[NB_MAX_POINTS];
    uint8_t told[NB_MAX_POINTS];
} risk_t;

#define REAL(the_key, the_field, the_def, the_low, the_high, the_unit, the_help)                   \
    {                                                                                              \
        .key = the_key, .type = NB_SETTING_REAL, .offset = offsetof(risk_settings_t, the_field),   \
        .def = the_def, .low = the_low, .high = the_high, .choices = "", .unit = the_unit,         \
        .mark = "A", .source = "", .help = the_help                                                \
    }
#define FEATURE(the_key, the_def, the_help)                                                        \
    {                                                                                              \
        .key = #the_key, .type = NB_SETTING_TEXT, .offset = offsetof(risk_settings_t, the_key),    \
        .choices = the_def, .unit = "", .mark = "", .source = "", .help = the_help                 \
    }

static const nb_setting_t table[] = {
    NB_CONTACT_NODE(risk_settings_t, action,
                    "action for the customers at risk, or list of actions of which the first "
                    "allowed one is played; required"),
    NB_CONTACT_EVERY(risk_settings_t, "weeks from one contact to the next"),
    {
        .key = "by",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(risk_settings_t, by),
        .def = BY_P_ALIVE,
        .choices = "p_alive|silence",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "p_alive: P(alive) between low and high; silence: so many of her own intervals "
                "between orders without one",
    },
    REAL("low", low, 0.1, 0, 1, "", "P(alive) above this; below it she is given up"),
    REAL("high", high, 0.5, 0, 1, "", "and below this"),
    REAL("silence.from", silence_from, 2, 0, 1e6, "intervals", "silent for longer than this"),
    REAL("silence.until", silence_until, 8, 0, 1e6, "intervals",
         "and for less than this, beyond which she is given up"),
    REAL("silence.first", silence_first, 8, 0.01, 5200, "weeks",
         "interval expected of a customer with one order"),
    FEATURE(alive, "p_alive", "feature with P(alive)"),
    FEATURE(recency, "recency",
            "feature with weeks since the last purchase, or `log_` and this name"),
    FEATURE(frequency, "frequency", "feature with repeat orders, or `log_` and this name"),
    FEATURE(tenure, "tenure",
            "feature with weeks since the first purchase, or `log_` and this name"),
    NB_CONTACT_NODE(risk_settings_t, otherwise,
                    "contact of all others: NAME, list, or {action: , every: }; default: what the "
                    "point plays unbound"),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(risk_t) + 2 * nb_contact_size(spec);
}

/* 0 those at risk, 1 the others */
static void *contact_at(const risk_t *self, unsigned number)
{
    return (char *)(void *)(self + 1) + number * self->contact_size;
}

static int find_features(risk_t *self, const nb_spec_t *spec, const risk_settings_t *from)
{
    if (self->by == BY_P_ALIVE) {
        NB_TRY(nb_quantity_find(self->alive, spec, "risk_target", "alive", from->alive));
    } else {
        NB_TRY(nb_quantity_find(self->recency, spec, "risk_target", "recency", from->recency));
        NB_TRY(
            nb_quantity_find(self->frequency, spec, "risk_target", "frequency", from->frequency));
        NB_TRY(nb_quantity_find(self->tenure, spec, "risk_target", "tenure", from->tenure));
    }
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->told[p] = self->by == BY_P_ALIVE
                            ? self->alive[p].column >= 0
                            : self->recency[p].column >= 0 && self->frequency[p].column >= 0 &&
                                  self->tenure[p].column >= 0;
    }
    return NB_OK;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const risk_settings_t *from = settings;
    risk_t *self = state;

    if (!from->action) {
        NB_FAIL(NB_ERR_CONFIG, "risk_target needs `action`: the offer to customers at risk");
    }
    self->contact_size = (uint32_t)nb_contact_size(spec);
    self->by = from->by;
    self->low = from->by == BY_P_ALIVE ? from->low : from->silence_from;
    self->high = from->by == BY_P_ALIVE ? from->high : from->silence_until;
    self->first = from->silence_first;
    if (!(self->low < self->high)) {
        NB_FAIL(NB_ERR_CONFIG, "risk_target: nobody lies above %g and below %g (`%s`, `%s`)",
                self->low, self->high, from->by == BY_P_ALIVE ? "low" : "silence.from",
                from->by == BY_P_ALIVE ? "high" : "silence.until");
    }
    NB_TRY(find_features(self, spec, from));
    NB_TRY(nb_contact_init(contact_at(self, 0), spec, from->action, from->every));
    NB_TRY(nb_contact_init(contact_at(self, 1), spec, from->otherwise, from->every));
    return nb_contact_check_served(spec, "risk_target", self->told, contact_at(self, 0), 1);
}

/* weeks since her last order by the mean of her intervals before it */
static double measure_silence(const risk_t *self, unsigned point, const float *x)
{
    double recency = nb_quantity_read(&self->recency[point], x);
    double frequency = nb_quantity_read(&self->frequency[point], x);
    double active = nb_quantity_read(&self->tenure[point], x) - recency;

    /* half an order: what is read from logs is whole up to rounding */
    return frequency >= 0.5 && active > 0.0 ? recency * frequency / active : recency / self->first;
}

static int is_at_risk(const risk_t *self, const nb_batch_t *batch, size_t i)
{
    const float *x = batch->x + i * batch->d;
    double risk = self->by == BY_P_ALIVE ? nb_quantity_read(&self->alive[batch->point], x)
                                         : measure_silence(self, batch->point, x);

    return risk > self->low && risk < self->high;
}

static void mix(const void *state, const nb_batch_t *batch, size_t i, const double *unused,
                nb_mix_t *out)
{
    const risk_t *self = state;
    int chosen = self->told[batch->point] && nb_contact_first(contact_at(self, 0), batch, i) >= 0 &&
                 is_at_risk(self, batch, i);

    (void)unused;
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

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return nb_contact_scratch();
}

const nb_policy_type_t nb_policy_risk_target = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "risk_target",
    .summary = "an offer for customers at risk of leaving: practice, see Ascarza (2018)",
    .settings = table,
    .settings_size = sizeof(risk_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_SLATE,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .probabilities = probabilities,
    .scratch_size = scratch_size,
};
