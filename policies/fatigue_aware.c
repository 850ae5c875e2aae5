/*
 * Contacts that recover: what a contact is worth depends on the periods since the last one, and
 * contacting now costs what waiting would have gained.
 *
 * Source: Pike-Burke & Grunewalder (2019), "Recovering bandits": rewards f(z) of the gap z since an
 * arm was last played, learned, and planned by lookahead. Here the arm is "any action but the
 * point's default", f(z) is a table of mean rewards by gap over the mean reward of the default,
 * shrunk to their overall mean, and the lookahead has no end: with the rate lambda = max f(z) / z
 * of the best regular gap (renewal reward), the relative value of a customer at gap z is
 * h(z) = max over z' >= z of f(z') - lambda (z' - z + 1), h(1) = 0 (Howard 1960). A contact at gap
 * z has the advantage f(z) + h(1) - h(z + 1) over waiting: that, less the mean f which the policy
 * that is played has learned already, is added to its scores of contacts. Known limits: one
 * recovery for all actions and customers; gaps are counted up to Z; contextual policies that are
 * told the gap count f(z) twice.
 */
#include <math.h>
#include <stddef.h>

#include "policies/library.h"
#include "policies/wrapper.h"

enum { MAX_GAP = 52, HISTORY = 64 /* periods that a record remembers */ };

typedef struct {
    nb_inner_t inner; /* first: see NB_TRAIT_WRAPPER */
    int max_gap;
    double shrink;
} settings_t;

/* own part of the state */
typedef struct {
    int max_gap;
    double shrink;
    double n[MAX_GAP + 1], sum[MAX_GAP + 1]; /* of contacts by gap; [0] of default plays */
    double effect[MAX_GAP + 2];              /* f(z) */
    double mean_effect;
    double relative[MAX_GAP + 2]; /* h(z) */
    unsigned default_action[NB_MAX_POINTS];
} recovery_t;

/* a customer: bit j of `contacts` is set where she was contacted in period `latest` - j */
typedef struct {
    uint64_t contacts;
    int32_t latest;
} record_t;

static const nb_setting_t table[] = {
    {
        .key = "max_gap",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, max_gap),
        .def = 12,
        .low = 2,
        .high = MAX_GAP,
        .choices = "",
        .unit = "periods",
        .mark = "A",
        .source = "",
        .help = "gap after which a customer counts as fully recovered",
    },
    {
        .key = "shrink",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, shrink),
        .def = 50.0,
        .low = 0.0,
        .high = 1e9,
        .choices = "",
        .unit = "contacts",
        .mark = "A",
        .source = "",
        .help = "contacts at the overall mean that every gap is given; very large: no recovery",
    },
    {0},
};

static nb_wrapper_size_t sizes(void)
{
    return (nb_wrapper_size_t){.own = sizeof(recovery_t), .record = sizeof(record_t)};
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    return nb_wrapper_state_size(spec, settings, sizes());
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    recovery_t *self;

    NB_TRY(nb_wrapper_need_offsets(&from->inner));
    NB_TRY(nb_wrapper_init(state, spec, &from->inner, sizes()));
    self = nb_wrapper_own(state);
    self->max_gap = from->max_gap;
    self->shrink = from->shrink;
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->default_action[p] = spec->points[p].default_action;
    }
    return NB_OK;
}

/* periods from the last contact before `period` to it, max_gap where there is none or it is long
 * ago; 0 where the record does not reach back so far */
static int gap_at(const record_t *record, int32_t period, int max_gap)
{
    int64_t back = (int64_t)record->latest - period; /* of the period, from the latest */
    uint64_t before;

    if (back >= HISTORY - 1) {
        return 0;
    }
    before = back < 0 ? record->contacts : record->contacts >> (back + 1);
    if (before == 0) {
        return max_gap;
    }
    back = (back < 0 ? -back : 1) + __builtin_ctzll(before);
    return back < max_gap ? (int)back : max_gap;
}

static void fill_offsets(const void *state, const nb_batch_t *batch, double *offset)
{
    const recovery_t *self = nb_wrapper_own_const(state);
    unsigned idle = self->default_action[batch->point], K = batch->n_actions;

    for (size_t i = 0; i < batch->n; i++) {
        const record_t *record = nb_wrapper_record_const(state, batch->customer[i]);
        int gap = gap_at(record, batch->period, self->max_gap);
        double advantage = self->effect[gap] - self->mean_effect - self->relative[gap + 1];

        for (unsigned k = 0; k < K; k++) {
            offset[i * K + k] = k == idle ? 0.0 : advantage;
        }
    }
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return nb_wrapper_choose_offset(state, batch, fill_offsets, out);
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    return nb_wrapper_table_offset(state, batch, fill_offsets, nb_wrapper_score, s);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return nb_wrapper_table_offset(state, batch, fill_offsets, nb_wrapper_probabilities, p);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_wrapper_table_offset(state, batch, fill_offsets, nb_wrapper_value, v);
}

static int played(void *state, const nb_batch_t *batch, const nb_choice_t *choice)
{
    const recovery_t *self = nb_wrapper_own(state);
    int32_t idle = (int32_t)self->default_action[batch->point];

    for (size_t i = 0; i < batch->n; i++) {
        record_t *record = nb_wrapper_record(state, batch->customer[i]);
        int64_t passed = (int64_t)batch->period - record->latest;

        if (passed > 0) {
            record->contacts = passed < HISTORY ? record->contacts << passed : 0;
            record->latest = batch->period;
        }
        record->contacts |= choice->action[i * batch->slate] != idle;
    }
    return nb_wrapper_played(state, batch, choice);
}

static int update(void *state, const nb_transitions_t *finished)
{
    recovery_t *self = nb_wrapper_own(state);
    int32_t idle = (int32_t)self->default_action[finished->point];

    NB_TRY(nb_wrapper_update(state, finished));
    for (size_t i = 0; i < finished->n; i++) {
        const record_t *record = nb_wrapper_record(state, finished->customer[i]);
        int is_contact = finished->action[i * finished->slate] != idle;
        int gap = is_contact ? gap_at(record, finished->period[i], self->max_gap) : 0;

        if (is_contact && gap == 0) {
            continue; /* too long ago to know */
        }
        self->n[gap] += finished->weight ? finished->weight[i] : 1.0;
        self->sum[gap] += finished->reward[i];
    }
    return NB_OK;
}

/* f(z), shrunk to the mean of all contacts */
static void estimate_effects(recovery_t *self)
{
    double idle = self->n[0] > 0.0 ? self->sum[0] / self->n[0] : 0.0, n = 0.0, sum = 0.0;

    for (int z = 1; z <= self->max_gap; z++) {
        n += self->n[z];
        sum += self->sum[z];
    }
    self->mean_effect = n > 0.0 ? sum / n - idle : 0.0;
    for (int z = 1; z <= self->max_gap; z++) {
        double weight = self->n[z] + self->shrink, mean = self->mean_effect + idle;

        self->effect[z] = weight > 0.0 ? (self->sum[z] + self->shrink * mean) / weight - idle : 0.0;
    }
}

/* the best regular rate, and what a customer is worth over it by gap */
static void plan(recovery_t *self)
{
    double rate = 0.0, best = -INFINITY;

    for (int z = 1; z <= self->max_gap; z++) {
        rate = fmax(rate, self->effect[z] / z);
    }
    /* from the last gap back: contact now, or a period later at the cost of the rate */
    for (int z = self->max_gap; z >= 1; z--) {
        double stay = z == self->max_gap && rate == 0.0 ? 0.0 : best;

        best = fmax(self->effect[z], stay) - rate;
        self->relative[z] = best;
    }
    self->relative[self->max_gap + 1] = self->relative[self->max_gap];
}

static int end_period(void *state, nb_arena_t *scratch)
{
    recovery_t *self = nb_wrapper_own(state);

    estimate_effects(self);
    plan(self);
    return nb_wrapper_end_period(state, scratch);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    return nb_wrapper_scratch_size(spec, settings) + nb_wrapper_offsets_scratch(spec);
}

const nb_policy_type_t nb_policy_fatigue_aware = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "fatigue_aware",
    .summary = "lets customers recover between contacts (Pike-Burke & Grunewalder 2019)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_WRAPPER | NB_TRAIT_LEARNS | NB_TRAIT_INDIVIDUAL,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .played = played,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
    .grow = nb_wrapper_grow,
};
