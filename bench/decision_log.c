#include "bench/decision_log.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

enum { MIN_ROWS = 1024, N_COLUMNS = 12, SALT = 0x6c6f6721 };

/* a column: where its pointer is kept, and bytes of a row */
typedef struct {
    void *pointer;
    size_t size;
} column_t;

static void list_columns(nb_decision_log_t *self, column_t out[N_COLUMNS])
{
    nb_decisions_t *rows = &self->rows;
    const column_t columns[N_COLUMNS] = {
        {&rows->point, sizeof *rows->point},
        {&rows->customer, sizeof *rows->customer},
        {&rows->journey, sizeof *rows->journey},
        {&rows->period, sizeof *rows->period},
        {&rows->action, self->slate * sizeof *rows->action},
        {&rows->propensity, self->slate * sizeof *rows->propensity},
        {&rows->mask, self->words * sizeof *rows->mask},
        {&rows->x, self->n_features * sizeof *rows->x},
        {&rows->reward, sizeof *rows->reward},
        {&rows->value, sizeof *rows->value},
        {&rows->truth, self->n_truth * sizeof *rows->truth},
        {&rows->slot, sizeof *rows->slot},
    };

    memcpy(out, columns, sizeof columns);
}

static int reserve_rows(nb_decision_log_t *self, size_t n)
{
    size_t capacity = self->rows.capacity ? self->rows.capacity : MIN_ROWS;
    column_t columns[N_COLUMNS];

    while (capacity < self->rows.n + n) {
        capacity *= 2;
    }
    if (capacity == self->rows.capacity) {
        return NB_OK;
    }
    list_columns(self, columns);
    for (size_t c = 0; c < N_COLUMNS; c++) {
        if (columns[c].size) {
            NB_TRY(nb_grow(columns[c].pointer, self->rows.n, capacity, columns[c].size));
        }
    }
    self->rows.capacity = capacity;
    return NB_OK;
}

int nb_decision_is_sampled(double share, uint32_t luck)
{
    return nb_rng_hash(luck, SALT) < share * 4294967296.0;
}

int nb_decision_money_reserve(nb_decision_money_t *self, size_t n_customers)
{
    size_t n = self->n_customers, wider = n + n / 2 > n_customers ? n + n / 2 : n_customers;

    if (n_customers > n) {
        NB_TRY(nb_grow(&self->slot, n, wider, sizeof *self->slot));
        NB_TRY(nb_grow(&self->today, n, wider, sizeof *self->today));
        NB_TRY(nb_grow(&self->day, n, wider, sizeof *self->day));
        self->n_customers = wider;
    }
    return NB_OK;
}

/* follow a customer's money from this period on */
static int follow(nb_decision_log_t *self, uint32_t customer, int period)
{
    nb_decision_money_t *money = &self->money;
    size_t T = (size_t)self->periods;

    if (money->slot[customer]) {
        return NB_OK;
    }
    if (money->n == money->capacity) {
        size_t wider = money->capacity ? 2 * money->capacity : 64;

        NB_TRY(nb_grow(&money->money, money->capacity, wider, T * sizeof *money->money));
        money->capacity = wider;
    }
    money->money[money->n * T + (size_t)period] =
        money->day[customer] == period + 1 ? money->today[customer] : 0.0;
    money->slot[customer] = (uint32_t)++money->n;
    return NB_OK;
}

static int hear_money(void *context, int period, nb_events_t events, size_t n_customers)
{
    nb_decision_log_t *self = context;
    nb_decision_money_t *money = &self->money;

    if (period < 0 || period >= self->periods) {
        return NB_OK;
    }
    NB_TRY(nb_decision_money_reserve(money, n_customers));
    for (size_t i = 0; i < events.n; i++) {
        const nb_event_t *event = &events.events[i];
        uint32_t c = event->customer;

        if (event->kind != NB_EVENT_MONEY || event->cause == NB_CAUSE_REGRET) {
            continue;
        }
        if (money->slot[c]) {
            money->money[(money->slot[c] - 1) * (size_t)self->periods + (size_t)period] +=
                event->money;
            continue;
        }
        if (money->day[c] != period + 1) {
            money->day[c] = period + 1;
            money->today[c] = 0.0;
        }
        money->today[c] += event->money;
    }
    return NB_OK;
}

/* row i of the batch as the log's last row, which there is room for */
static void put_row(nb_decision_log_t *self, const nb_batch_t *batch, const nb_choice_t *choice,
                    size_t i)
{
    nb_decisions_t *rows = &self->rows;
    size_t r = rows->n++, slot = self->money.slot[batch->customer[i]] - 1;
    const uint16_t *feature = self->feature[batch->point];

    rows->point[r] = (int8_t)batch->point;
    rows->customer[r] = batch->customer[i];
    rows->journey[r] = batch->journey ? batch->journey[i] : 0;
    rows->period[r] = batch->period;
    rows->slot[r] = (uint32_t)slot;
    rows->value[r] = self->money.money[slot * (size_t)self->periods + (size_t)batch->period];
    for (unsigned j = 0; j < self->slate; j++) {
        size_t from = i * batch->slate + j, to = r * self->slate + j;
        int is_there = j < batch->slate && choice->action[from] >= 0;

        rows->action[to] = is_there ? choice->action[from] : -1;
        rows->propensity[to] = is_there ? choice->propensity[from] : NAN;
        self->n_asked[batch->point] += (size_t)is_there;
        self->n_given[batch->point] += is_there && !isnan(choice->propensity[from]);
    }
    for (unsigned w = 0; w < self->words; w++) {
        rows->mask[r * self->words + w] =
            w < batch->mask_words ? batch->mask[i * batch->mask_words + w] : 0;
    }
    for (unsigned f = 0; f < self->n_features; f++) {
        rows->x[r * self->n_features + f] = NAN;
    }
    for (unsigned f = 0; batch->x && f < batch->d; f++) {
        rows->x[r * self->n_features + feature[f]] = batch->x[i * batch->d + f];
    }
    for (unsigned k = 0; k < self->n_truth; k++) {
        rows->truth[r * self->n_truth + k] = NAN;
    }
}

static int is_logged(const nb_decision_log_t *self, unsigned point, int period)
{
    return self->strategy->owner[point] >= 0 && period >= 0 && period < self->periods;
}

static int hear_choice(void *context, nb_loop_t *loop, const nb_batch_t *batch,
                       const nb_choice_t *choice)
{
    nb_decision_log_t *self = context;
    const nb_policy_type_t *type;
    size_t n = 0;

    if (!is_logged(self, batch->point, batch->period)) {
        return NB_OK;
    }
    type = self->strategy->bindings[self->strategy->owner[batch->point]].policy.type;
    self->is_ranked[batch->point] |= batch->slate > 1 && !(type->traits & NB_TRAIT_SLATE);
    NB_TRY(nb_decision_money_reserve(&self->money, loop->spec.environment->n_rows(loop->run)));
    NB_TRY(reserve_rows(self, batch->n));
    for (size_t i = 0; i < batch->n; i++) {
        if (nb_decision_is_sampled(self->share, batch->luck[i])) {
            NB_TRY(follow(self, batch->customer[i], batch->period));
            put_row(self, batch, choice, i);
            self->sample[n++] = (uint32_t)i;
        }
    }
    if (!self->has_truth || n == 0 || self->spec->points[batch->point].max_slate > 1) {
        return NB_OK;
    }
    return nb_decision_fork_run(self, batch, n);
}

/* save the run, should the batch to come be one whose truth is logged */
static int save_before(void *context, nb_loop_t *loop)
{
    nb_decision_log_t *self = context;

    if (!self->has_truth || loop->period < 0 || loop->period >= self->periods) {
        return NB_OK;
    }
    nb_archive_reset(&self->fork.archive);
    return nb_loop_archive(loop, &self->fork.archive);
}

/* index of a feature by its name, added where it is new */
static unsigned find_feature(nb_decision_log_t *self, const nb_point_t *point, unsigned f)
{
    unsigned i = 0;

    while (i < self->n_features && strcmp(self->features[i], point->features[f]) != 0) {
        i++;
    }
    if (i == self->n_features) {
        self->features[i] = point->features[f];
        self->feature_help[i] = point->feature_help ? point->feature_help[f] : "context feature";
        self->n_features++;
    }
    return i;
}

/* widths of the columns: the largest of the points that are logged */
static int measure_points(nb_decision_log_t *self)
{
    size_t most = 1;

    self->slate = self->words = 1;
    for (unsigned p = 0; p < self->spec->n_points; p++) {
        most += self->spec->points[p].d;
    }
    NB_TRY(nb_alloc(&self->features, most, sizeof *self->features));
    NB_TRY(nb_alloc(&self->feature_help, most, sizeof *self->feature_help));
    for (unsigned p = 0; p < self->spec->n_points; p++) {
        const nb_point_t *point = &self->spec->points[p];
        unsigned words = nb_mask_words(point->n_actions);

        if (self->strategy->owner[p] < 0) {
            continue;
        }
        self->slate = point->max_slate > self->slate ? point->max_slate : self->slate;
        self->words = words > self->words ? words : self->words;
        if (self->has_truth && point->max_slate == 1 && point->n_actions > self->n_truth) {
            self->n_truth = point->n_actions;
        }
        NB_TRY(nb_alloc(&self->feature[p], point->d, sizeof *self->feature[p]));
        for (unsigned f = 0; f < point->d; f++) {
            self->feature[p][f] = (uint16_t)find_feature(self, point, f);
        }
    }
    return NB_OK;
}

int nb_decision_log_init(nb_decision_log_t *self, const nb_log_t *log, const nb_loop_spec_t *spec)
{
    double periods;

    memset(self, 0, sizeof *self);
    self->share = log->decisions;
    self->has_truth = log->truth;
    self->periods = spec->periods;
    self->strategy = spec->strategy;
    self->spec = spec->environment->spec(spec->world);
    self->gamma = self->spec->gamma;
    periods = log->weeks > 0 ? ceil(log->weeks / self->spec->period_weeks) : spec->periods;
    self->n_forward = periods < spec->periods ? (int)periods : spec->periods;
    self->watch = (nb_loop_watch_t){
        .context = self,
        .needs = NB_NEED_CONTEXT,
        .want_propensity = 1,
        .before = save_before,
        .chosen = hear_choice,
        .moved = hear_money,
    };
    NB_TRY(nb_alloc(&self->sample, NB_BLOCK_ROWS, sizeof *self->sample));
    NB_TRY(measure_points(self));
    return self->has_truth ? nb_decision_fork_init(self, spec) : NB_OK;
}

/* what the run itself says: the reward, and the truth of the action that was chosen */
static void take_outcome(nb_decision_log_t *self, size_t r)
{
    nb_decisions_t *rows = &self->rows;
    const double *money = &self->money.money[rows->slot[r] * (size_t)self->periods];
    int period = rows->period[r];

    rows->reward[r] = money[period];
    if (self->has_truth && self->spec->points[rows->point[r]].max_slate == 1) {
        rows->truth[r * self->n_truth + (size_t)rows->action[r * self->slate]] =
            nb_decision_sum(self, money, period, nb_decision_end(self, period), rows->value[r]);
    }
}

int nb_decision_log_finish(nb_decision_log_t *self)
{
    nb_decisions_t *rows = &self->rows;
    size_t T = (size_t)self->periods;

    for (size_t r = 0; r < rows->n; r++) {
        take_outcome(self, r);
    }
    for (size_t s = 0; s < self->money.n; s++) {
        double *money = &self->money.money[s * T];

        for (size_t t = T - 1; t-- > 0;) {
            money[t] += self->gamma * money[t + 1];
        }
    }
    for (size_t r = 0; r < rows->n; r++) {
        const double *money = &self->money.money[rows->slot[r] * T];
        size_t next = (size_t)rows->period[r] + 1;

        rows->value[r] = rows->reward[r] - rows->value[r];
        rows->value[r] += next < T ? self->gamma * money[next] : 0.0;
        if (!isfinite(rows->value[r])) {
            NB_FAIL(NB_ERR_NUMERIC, "value of the decision for customer %u in period %d is %g",
                    rows->customer[r], rows->period[r], rows->value[r]);
        }
    }
    return NB_OK;
}

void nb_decision_log_free(nb_decision_log_t *self)
{
    column_t columns[N_COLUMNS];

    list_columns(self, columns);
    for (size_t c = 0; c < N_COLUMNS; c++) {
        void *memory;

        memcpy(&memory, columns[c].pointer, sizeof memory);
        nb_free(memory);
    }
    for (unsigned p = 0; p < NB_MAX_POINTS; p++) {
        nb_free(self->feature[p]);
    }
    nb_free(self->features);
    nb_free(self->feature_help);
    nb_free(self->sample);
    nb_free(self->money.slot);
    nb_free(self->money.today);
    nb_free(self->money.day);
    nb_free(self->money.money);
    nb_decision_fork_free(&self->fork);
    memset(self, 0, sizeof *self);
}
