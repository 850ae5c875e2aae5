/*
 * Test, then roll out: for `test_weeks` every customer belongs to one arm by lot, then the arm with
 * the highest mean reward a decision is played for ever, for all or for each segment. How most
 * firms decide.
 *
 *   rollout:
 *     recognize:
 *       policy: ab_rollout
 *       arms: [never, email, {action: email, every: 2}]
 *       test_weeks: 26
 *       min_gain: 0.05
 *       segment: {feature: frequency, cuts: [1, 4]}
 *
 * A customer keeps her arm through the test, at every decision of the point. With one decision a
 * customer and period the mean is that of customer-periods. The first arm is the present practice:
 * another one wins only where its mean is higher by `min_gain` of the first arm's. What has not
 * matured by the end of the test (credit) is not counted.
 *
 * Propensity: over the lot, 1 by the number of arms to each during the test, certain afterwards.
 * Source: Kohavi, Tang & Xu (2020), Trustworthy Online Controlled Experiments; Feit & Berman
 * (2019), Test & roll, Marketing Science 38. Known limits: one decision for ever; rewards late in a
 * life are not seen by a short test; no test of significance, the mean decides.
 */
#include <math.h>
#include <string.h>

#include "policies/contact.h"
#include "policies/library.h"
#include "policies/quantity.h"
#include "policies/rows.h"
#include "policies/turn.h"

enum {
    MAX_ARMS = NB_CONTACT_MAX_MIX,
    MAX_SEGMENTS = 8,
    LOT_BLOCK = 0x40000000, /* of the random stream: no decision draws that many */
};

typedef struct {
    const nb_node_t *arms, *cuts;
    char segment[NB_SETTING_TEXT_SIZE];
    double min_gain;
    int every, test_weeks;
} rollout_settings_t;

/* rewards of an arm's customers in the test */
typedef struct {
    double n, reward;
} tally_t;

/* the test at one point */
typedef struct {
    nb_key_t key; /* of the lot, as the first batch told it */
    uint32_t stream_point;
    int32_t has_begun, begin, last; /* periods played */
    int32_t is_decided;
    int32_t winner[MAX_SEGMENTS];
    tally_t tally[MAX_SEGMENTS][MAX_ARMS];
} trial_t;

/* the state; a trial a point and the compiled arms follow */
typedef struct {
    uint32_t n_points, contact_size, n_arms, n_segments;
    int32_t test_periods, unused;
    double min_gain;
    double cuts[MAX_SEGMENTS]; /* [n_segments - 1] rising */
    nb_quantity_t segment[NB_MAX_POINTS];
} rollout_t;

static const nb_setting_t table[] = {
    NB_CONTACT_NODE(rollout_settings_t, arms,
                    "list of 2 to 16 contacts, each NAME, a list, {action: , every: } or `never`; "
                    "the first is the present practice; required"),
    NB_CONTACT_EVERY(rollout_settings_t,
                     "weeks from one contact to the next where an arm says none"),
    {
        .key = "test_weeks",
        .type = NB_SETTING_INT,
        .offset = offsetof(rollout_settings_t, test_weeks),
        .def = 26,
        .low = 1,
        .high = NB_CONTACT_MAX_EVERY,
        .choices = "",
        .unit = "weeks",
        .mark = "A",
        .source = "",
        .help = "length of the test",
    },
    {
        .key = "min_gain",
        .type = NB_SETTING_REAL,
        .offset = offsetof(rollout_settings_t, min_gain),
        .low = 0,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "an arm replaces the first one only where its mean is higher by this part of the "
                "first arm's",
    },
    {
        .key = "segment.feature",
        .type = NB_SETTING_TEXT,
        .offset = offsetof(rollout_settings_t, segment),
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "feature whose cuts make segments with a winner each, or `log_` and this name; "
                "default: one winner for all",
    },
    {
        .key = "segment.cuts",
        .type = NB_SETTING_NODE,
        .offset = offsetof(rollout_settings_t, cuts),
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "1 to 7 rising numbers in the feature's own units; a value that equals a cut "
                "belongs above it",
    },
    {0},
};

static size_t count_arms(const rollout_settings_t *from)
{
    return from->arms ? nb_node_count(from->arms) : 0;
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    return sizeof(rollout_t) + spec->n_points * sizeof(trial_t) +
           count_arms(settings) * nb_contact_size(spec);
}

static trial_t *trial_at(const void *state, unsigned point)
{
    return (trial_t *)(void *)((char *)state + sizeof(rollout_t)) + point;
}

static void *arm_at(const rollout_t *self, unsigned arm)
{
    return (char *)trial_at(self, self->n_points) + arm * self->contact_size;
}

static int read_cuts(rollout_t *self, const nb_node_t *cuts)
{
    double before = -INFINITY;

    if (cuts->kind != NB_NODE_LIST || !cuts->child || nb_node_count(cuts) >= MAX_SEGMENTS) {
        return nb_node_error(NB_ERR_CONFIG, cuts, "expected a list of 1 to %d rising numbers",
                             MAX_SEGMENTS - 1);
    }
    for (const nb_node_t *each = cuts->child; each; each = each->next) {
        double *cut = &self->cuts[self->n_segments - 1];

        NB_TRY(nb_node_real(each, cut));
        if (*cut <= before) {
            return nb_node_error(NB_ERR_CONFIG, each, "%g does not rise above %g", *cut, before);
        }
        before = *cut;
        self->n_segments++;
    }
    return NB_OK;
}

static int read_segments(rollout_t *self, const nb_spec_t *spec, const rollout_settings_t *from)
{
    self->n_segments = 1;
    if (!from->segment[0] && !from->cuts) {
        return NB_OK;
    }
    if (!from->segment[0] || !from->cuts) {
        return nb_node_error(NB_ERR_CONFIG, from->cuts,
                             "ab_rollout: segments need both `segment.feature` and `segment.cuts`");
    }
    NB_TRY(nb_quantity_find(self->segment, spec, "ab_rollout", "segment.feature", from->segment));
    return read_cuts(self, from->cuts);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const rollout_settings_t *from = settings;
    rollout_t *self = state;
    uint8_t told[NB_MAX_POINTS];
    unsigned arm = 0;

    if (!from->arms || from->arms->kind != NB_NODE_LIST || count_arms(from) < 2 ||
        count_arms(from) > MAX_ARMS) {
        return nb_node_error(NB_ERR_CONFIG, from->arms,
                             "ab_rollout needs `arms`: a list of 2 to %d contacts", MAX_ARMS);
    }
    self->n_points = spec->n_points;
    self->contact_size = (uint32_t)nb_contact_size(spec);
    self->n_arms = (uint32_t)count_arms(from);
    self->test_periods = nb_turn_periods(spec, from->test_weeks);
    self->min_gain = from->min_gain;
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->segment[p].column = -1;
    }
    NB_TRY(read_segments(self, spec, from));
    for (unsigned p = 0; p < spec->n_points; p++) {
        told[p] = self->n_segments == 1 || self->segment[p].column >= 0;
    }
    for (const nb_node_t *node = from->arms->child; node; node = node->next) {
        NB_TRY(nb_contact_init(arm_at(self, arm++), spec, node, from->every));
    }
    return nb_contact_check_served(spec, "ab_rollout", told, arm_at(self, 0), self->n_arms);
}

/* the customer's ticket in the lot of a point, the same in all periods */
static double draw_ticket(nb_key_t key, uint32_t stream_point, uint32_t luck)
{
    uint32_t words[4];

    nb_rng_block(key,
                 (nb_counter_t){.luck = luck,
                                .purpose = (uint16_t)(NB_PURPOSE_POLICY + stream_point),
                                .block = LOT_BLOCK},
                 words);
    return nb_rng_uniform(words[0]);
}

/* which part between cuts a row lies in; where the point does not tell, all are one */
static unsigned segment_of(const rollout_t *self, unsigned point, const float *x)
{
    const nb_quantity_t *quantity = &self->segment[point];
    unsigned s = 0;

    while (quantity->column >= 0 && s + 1 < self->n_segments &&
           x[quantity->column] >= nb_quantity_write(quantity, self->cuts[s])) {
        s++;
    }
    return s;
}

static void mix(const void *state, const nb_batch_t *batch, size_t i, const double *unused,
                nb_mix_t *out)
{
    const rollout_t *self = state;
    const trial_t *trial = trial_at(self, batch->point);
    const float *x = batch->d ? batch->x + i * batch->d : NULL;

    (void)unused;
    if (trial->is_decided) {
        out->n = 1;
        out->weight[0] = 1.0;
        out->contact[0] = arm_at(self, (unsigned)trial->winner[segment_of(self, batch->point, x)]);
        return;
    }
    out->n = self->n_arms;
    out->u = draw_ticket(batch->key, batch->stream_point, batch->luck[i]);
    for (unsigned a = 0; a < self->n_arms; a++) {
        out->weight[a] = 1.0 / self->n_arms;
        out->contact[a] = arm_at(self, a);
    }
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

static int played(void *state, const nb_batch_t *batch, const nb_choice_t *choice)
{
    trial_t *trial = trial_at(state, batch->point);

    (void)choice;
    if (!trial->has_begun) {
        trial->has_begun = 1;
        trial->begin = batch->period;
        trial->key = batch->key;
        trial->stream_point = batch->stream_point;
    }
    trial->last = batch->period;
    return NB_OK;
}

/* 1 where a decision was part of the test: not of a log that came before */
static int is_of_test(const rollout_t *self, const trial_t *trial, int32_t period)
{
    return trial->has_begun && !trial->is_decided && period >= trial->begin &&
           period - trial->begin < self->test_periods;
}

static int update(void *state, const nb_transitions_t *finished)
{
    const rollout_t *self = state;
    trial_t *trial = trial_at(state, finished->point);

    NB_TRY(nb_rows_check_finished(finished));
    for (size_t i = 0; i < finished->n; i++) {
        if (!is_of_test(self, trial, finished->period[i])) {
            continue;
        }
        const float *x = finished->d ? finished->x + i * finished->d : NULL;
        double u = draw_ticket(trial->key, trial->stream_point, finished->luck[i]);
        tally_t *tally =
            trial->tally[segment_of(self, finished->point, x)] + (unsigned)(u * self->n_arms);

        tally->n += 1.0;
        tally->reward += finished->reward[i];
    }
    return NB_OK;
}

/* the arm with the highest mean, the first one where the gain over it is too small */
static int32_t find_winner(const rollout_t *self, const tally_t *tally)
{
    double first = tally[0].n > 0.0 ? tally[0].reward / tally[0].n : INFINITY;
    double best = first + self->min_gain * fabs(first);
    int32_t winner = 0;

    for (unsigned a = 1; a < self->n_arms; a++) {
        double mean = tally[a].n > 0.0 ? tally[a].reward / tally[a].n : -INFINITY;

        if (mean > best) {
            best = mean;
            winner = (int32_t)a;
        }
    }
    return winner;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    const rollout_t *self = state;

    (void)scratch;
    for (unsigned p = 0; p < self->n_points; p++) {
        trial_t *trial = trial_at(state, p);

        if (!trial->has_begun || trial->is_decided ||
            trial->last - trial->begin + 1 < self->test_periods) {
            continue;
        }
        trial->is_decided = 1;
        for (unsigned s = 0; s < self->n_segments; s++) {
            trial->winner[s] = find_winner(self, trial->tally[s]);
        }
    }
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return nb_contact_scratch();
}

const nb_policy_type_t nb_policy_ab_rollout = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "ab_rollout",
    .summary = "a test of n weeks by lot, then the best arm for ever (Feit & Berman 2019)",
    .settings = table,
    .settings_size = sizeof(rollout_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_SLATE | NB_TRAIT_LEARNS,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .played = played,
    .end_period = end_period,
    .probabilities = probabilities,
    .scratch_size = scratch_size,
};
