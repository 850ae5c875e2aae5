/*
 * Contacts for those most likely to respond: a model of the response of contacted customers, and
 * the top share by its prediction. The response model of direct marketing, which asks who buys
 * after a contact and not who buys because of it: no uplift, that is the point.
 *
 *   response: {recognize: {policy: propensity_topn, action: email, share: 0.3, signal: bought}}
 *
 * In the first `test_weeks` every customer is contacted with probability `test_share`; the model
 * learns then and later from those who were contacted. Response = 1 where the signal was seen by
 * the time the decision matured, regressed on the features per action (ridge: a linear probability
 * model, which ranks). The threshold of the share is the quantile of the predictions of the last
 * periods (policies/sketch.h). Everybody else gets `otherwise`.
 *
 * value(): predicted response times the mean reward of responders so far, and so on for those who
 * did not respond and those who were not contacted.
 *
 * Source: Bult & Wansbeek (1995), Optimal selection for direct mail, Marketing Science 14;
 * Blattberg, Kim & Neslin (2008), ch. 10; ridge: Hoerl & Kennard (1970). Known limits: it contacts
 * those who would have come anyway, and after the test learns only from those it likes.
 */
#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "policies/contact.h"
#include "policies/library.h"
#include "policies/ridge.h"
#include "policies/rows.h"
#include "policies/sketch.h"
#include "policies/turn.h"

enum { ALIGN = 64 };

typedef struct {
    const nb_node_t *action, *otherwise;
    double share, test_share, lambda, memory;
    int every, test_weeks, signal;
} propensity_settings_t;

/* who a reward belongs to */
typedef enum { RESPONDED, SILENT, NOT_CONTACTED, N_GROUPS } group_t;

/* what is known of one point beside its regressions */
typedef struct {
    int32_t has_begun, begin; /* first period that was played */
    double n[N_GROUPS], reward[N_GROUPS];
} history_t;

/* the state; ridge posteriors, a sketch a point and two compiled contacts follow */
typedef struct {
    uint32_t n_points, contact_size;
    size_t sketches, contacts; /* bytes from the ridge's begin */
    double test_share;
    int32_t test_periods;
    uint32_t signal; /* NB_SIGNAL_* */
    history_t history[NB_MAX_POINTS];
} propensity_t;

#define SHARE(the_key, the_def, the_help)                                                          \
    {                                                                                              \
        .key = #the_key, .type = NB_SETTING_REAL,                                                  \
        .offset = offsetof(propensity_settings_t, the_key), .def = the_def, .low = 0, .high = 1,   \
        .choices = "", .unit = "", .mark = "A", .source = "", .help = the_help                     \
    }

static const nb_setting_t table[] = {
    NB_CONTACT_NODE(propensity_settings_t, action,
                    "action for the customers chosen, or list of actions of which the first "
                    "allowed one is played; required"),
    NB_CONTACT_EVERY(propensity_settings_t, "weeks from one contact to the next"),
    SHARE(share, 0.3,
          "share of the customers who can be contacted that is chosen, the best predictions first"),
    {
        .key = "signal",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(propensity_settings_t, signal),
        .def = 2,
        .choices = "opened|visited|bought",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "what counts as response, seen by the time the decision's credit is fixed",
    },
    {
        .key = "test_weeks",
        .type = NB_SETTING_INT,
        .offset = offsetof(propensity_settings_t, test_weeks),
        .def = 8,
        .low = 0,
        .high = NB_CONTACT_MAX_EVERY,
        .choices = "",
        .unit = "weeks",
        .mark = "A",
        .source = "",
        .help = "contacts a random share for so long before it trusts its predictions",
    },
    SHARE(test_share, 0.5, "share of the customers contacted at random meanwhile"),
    {
        .key = "lambda",
        .type = NB_SETTING_REAL,
        .offset = offsetof(propensity_settings_t, lambda),
        .def = 1.0,
        .low = 1e-6,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "ridge penalty of every action's regression",
    },
    NB_SKETCH_MEMORY(propensity_settings_t),
    NB_CONTACT_NODE(propensity_settings_t, otherwise,
                    "contact of all others: NAME, list, or {action: , every: }; default: what the "
                    "point plays unbound"),
    {0},
};

static void *ridge_of(const void *state)
{
    return (char *)state + nb_round_up(sizeof(propensity_t), ALIGN);
}

static nb_sketch_t *sketch_at(const propensity_t *self, unsigned point)
{
    return (nb_sketch_t *)(void *)((char *)ridge_of(self) + self->sketches) + point;
}

/* 0 those chosen, 1 the others */
static void *contact_at(const propensity_t *self, unsigned number)
{
    return (char *)ridge_of(self) + self->contacts + number * self->contact_size;
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return nb_round_up(sizeof(propensity_t), ALIGN) + nb_ridge_size(spec) +
           spec->n_points * sizeof(nb_sketch_t) + 2 * nb_contact_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    static const uint32_t signals[] = {NB_SIGNAL_OPENED, NB_SIGNAL_VISITED, NB_SIGNAL_BOUGHT};
    const propensity_settings_t *from = settings;
    propensity_t *self = state;
    uint8_t told[NB_MAX_POINTS];

    if (!from->action) {
        NB_FAIL(NB_ERR_CONFIG,
                "propensity_topn needs `action`: the contact whose response is predicted");
    }
    memset(told, 1, sizeof told);
    self->n_points = spec->n_points;
    self->contact_size = (uint32_t)nb_contact_size(spec);
    self->sketches = nb_ridge_size(spec);
    self->contacts = self->sketches + spec->n_points * sizeof(nb_sketch_t);
    self->test_share = from->test_share;
    self->test_periods = from->test_weeks ? nb_turn_periods(spec, from->test_weeks) : 0;
    self->signal = signals[from->signal];
    nb_ridge_init(ridge_of(self), spec, from->lambda, 0.0);
    for (unsigned p = 0; p < spec->n_points; p++) {
        nb_sketch_init(sketch_at(self, p), from->share, nb_sketch_keep(spec, from->memory));
    }
    NB_TRY(nb_contact_init(contact_at(self, 0), spec, from->action, from->every));
    NB_TRY(nb_contact_init(contact_at(self, 1), spec, from->otherwise, from->every));
    return nb_contact_check_served(spec, "propensity_topn", told, contact_at(self, 0), 1);
}

/* predicted response [n] to the first action that each row allows, 0 where it allows none */
static int predict(const void *state, const nb_batch_t *batch, double *response)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_prediction_t prediction;
    int code = nb_ridge_predict(ridge_of(state), batch, 0, &prediction);

    for (size_t i = 0; i < batch->n && code == NB_OK; i++) {
        int32_t k = nb_contact_first(contact_at(state, 0), batch, i);

        response[i] = k < 0 ? 0.0 : (double)prediction.mean[(size_t)k * prediction.stride + i];
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int is_testing(const propensity_t *self, const nb_batch_t *batch)
{
    const history_t *history = &self->history[batch->point];

    return !history->has_begun ? self->test_periods > 0
                               : batch->period - history->begin < self->test_periods;
}

static double share_of(const propensity_t *self, const nb_batch_t *batch, size_t i,
                       const double *response)
{
    if (nb_contact_first(contact_at(self, 0), batch, i) < 0) {
        return 0.0;
    }
    return is_testing(self, batch)
               ? self->test_share
               : nb_sketch_take(sketch_at(self, batch->point), batch->period, response[i]);
}

static void mix(const void *state, const nb_batch_t *batch, size_t i, const double *response,
                nb_mix_t *out)
{
    nb_contact_either(out, contact_at(state, 0), contact_at(state, 1),
                      share_of(state, batch, i, response));
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *response = nb_arena_take(batch->scratch, batch->n, sizeof *response);
    int code = predict(state, batch, response);

    if (code == NB_OK) {
        code = nb_contact_choose(state, batch, response, mix, out);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *response = nb_arena_take(batch->scratch, batch->n, sizeof *response);
    int code = predict(state, batch, response);

    if (code == NB_OK) {
        code = nb_contact_probabilities(state, batch, response, mix, p);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static double mean_reward(const history_t *history, group_t group)
{
    return history->n[group] > 0.0 ? history->reward[group] / history->n[group] : 0.0;
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    const propensity_t *self = state;
    const history_t *history = &self->history[batch->point];

    NB_TRY(predict(state, batch, v));
    for (size_t i = 0; i < batch->n; i++) {
        double response = fmin(fmax(v[i], 0.0), 1.0);
        double contacted =
            nb_contact_is_made(contact_at(self, 0), batch, i) ? share_of(self, batch, i, v) : 0.0;

        v[i] = contacted * (response * mean_reward(history, RESPONDED) +
                            (1.0 - response) * mean_reward(history, SILENT)) +
               (1.0 - contacted) * mean_reward(history, NOT_CONTACTED);
    }
    return NB_OK;
}

/* predictions are seen of all rows that can be contacted, whosever turn it is */
static int played(void *state, const nb_batch_t *batch, const nb_choice_t *choice)
{
    propensity_t *self = state;
    history_t *history = &self->history[batch->point];
    size_t mark = nb_arena_mark(batch->scratch);
    double *response = nb_arena_take(batch->scratch, batch->n, sizeof *response);
    int code = predict(state, batch, response);

    (void)choice;
    if (!history->has_begun) {
        history->has_begun = 1;
        history->begin = batch->period;
    }
    for (size_t i = 0; i < batch->n && code == NB_OK; i++) {
        if (nb_contact_first(contact_at(self, 0), batch, i) >= 0) {
            nb_sketch_add(sketch_at(self, batch->point), batch->period, response[i]);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* contacted rows into `out` with the response for reward; arrays of `out` have room for all rows */
static void gather(propensity_t *self, const nb_transitions_t *finished, nb_transitions_t *out,
                   float *x, int32_t *action, double *response)
{
    history_t *history = &self->history[finished->point];
    size_t n = 0;

    for (size_t i = 0; i < finished->n; i++) {
        int32_t k = finished->action[i * finished->slate];
        int has_responded = finished->signals && (finished->signals[i] & self->signal);
        group_t group = has_responded ? RESPONDED : SILENT;

        if (nb_contact_has(contact_at(self, 0), finished->point, k)) {
            memcpy(x + n * finished->d, finished->x + i * finished->d, finished->d * sizeof *x);
            action[n] = k;
            response[n++] = has_responded;
        } else {
            group = NOT_CONTACTED;
        }
        history->n[group] += 1.0;
        history->reward[group] += finished->reward[i];
    }
    *out = (nb_transitions_t){.point = finished->point,
                              .n = n,
                              .d = finished->d,
                              .x = x,
                              .n_actions = finished->n_actions,
                              .slate = 1,
                              .action = action,
                              .reward = response,
                              .scratch = finished->scratch};
}

static int update(void *state, const nb_transitions_t *finished)
{
    size_t mark = nb_arena_mark(finished->scratch);
    nb_transitions_t contacted;

    NB_TRY(nb_rows_check_finished(finished));
    float *x = nb_arena_take(finished->scratch, finished->n * finished->d + 1, sizeof *x);
    int32_t *action = nb_arena_take(finished->scratch, finished->n, sizeof *action);
    double *response = nb_arena_take(finished->scratch, finished->n, sizeof *response);

    gather(state, finished, &contacted, x, action, response);
    int code = nb_ridge_update(ridge_of(state), &contacted);

    nb_arena_release(finished->scratch, mark);
    return code;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    const propensity_t *self = state;

    for (unsigned p = 0; p < self->n_points; p++) {
        nb_sketch_end_period(sketch_at(self, p));
    }
    return nb_ridge_refresh(ridge_of(state), scratch);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = 0;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].d > most ? spec->points[p].d : most;
    }
    return nb_ridge_scratch(spec) + nb_contact_scratch() +
           NB_BLOCK_ROWS * (most * sizeof(float) + sizeof(int32_t) + 2 * sizeof(double)) + 512;
}

const nb_policy_type_t nb_policy_propensity_topn = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "propensity_topn",
    .summary = "contacts for the top share by predicted response (Bult & Wansbeek 1995)",
    .settings = table,
    .settings_size = sizeof(propensity_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_SLATE | NB_TRAIT_LEARNS,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .played = played,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .scratch_size = scratch_size,
};
