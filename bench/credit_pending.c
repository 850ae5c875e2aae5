#include "bench/credit_pending.h"

#include <math.h>
#include <string.h>

#include "policies/policy.h"

enum { MIN_ROWS = 1024, N_COLUMNS = 19 };

/* a column: where its pointer is kept, and bytes of a row */
typedef struct {
    void *pointer;
    size_t size;
} column_t;

/* status comes last: compaction asks it while the others move */
static void list_columns(nb_pending_t *self, column_t out[N_COLUMNS])
{
    const column_t columns[N_COLUMNS] = {
        {&self->customer, sizeof *self->customer},
        {&self->luck, sizeof *self->luck},
        {&self->journey, sizeof *self->journey},
        {&self->earlier, sizeof *self->earlier},
        {&self->next, sizeof *self->next},
        {&self->period, sizeof *self->period},
        {&self->fixed_at, sizeof *self->fixed_at},
        {&self->reward, sizeof *self->reward},
        {&self->reference, sizeof *self->reference},
        {&self->propensity, self->with_propensity * sizeof *self->propensity},
        {&self->signals, sizeof *self->signals},
        {&self->item, sizeof *self->item},
        {&self->point, sizeof *self->point},
        {&self->terminated, sizeof *self->terminated},
        {&self->truncated, sizeof *self->truncated},
        {&self->action, self->slate * sizeof *self->action},
        {&self->mask, self->mask_words * sizeof *self->mask},
        {&self->x, self->d * sizeof *self->x},
        {&self->status, sizeof *self->status},
    };

    memcpy(out, columns, sizeof columns);
}

void nb_pending_init(nb_pending_t *self, const nb_spec_t *spec, unsigned traits, int by_journey)
{
    int context = (traits & NB_TRAIT_CONTEXTUAL) != 0;

    memset(self, 0, sizeof *self);
    self->by_journey = by_journey;
    self->with_propensity = (traits & NB_TRAIT_PROPENSITY) != 0;
    for (unsigned p = 0; p < spec->n_points; p++) {
        const nb_point_t *point = &spec->points[p];
        unsigned words = nb_mask_words(point->n_actions);

        self->d = context && point->d > self->d ? point->d : self->d;
        self->mask_words = words > self->mask_words ? words : self->mask_words;
        self->slate = point->max_slate > self->slate ? point->max_slate : self->slate;
    }
}

int nb_pending_reserve(nb_pending_t *self, size_t n)
{
    size_t capacity = self->capacity ? self->capacity : MIN_ROWS;
    column_t columns[N_COLUMNS];

    if (n > UINT32_MAX - 1 - self->n) {
        NB_FAIL(NB_ERR_MEMORY, "more than %lu decisions wait for their outcome at once",
                (unsigned long)UINT32_MAX - 1);
    }
    while (capacity < self->n + n) {
        capacity *= 2;
    }
    if (capacity == self->capacity) {
        return NB_OK;
    }
    list_columns(self, columns);
    for (size_t c = 0; c < N_COLUMNS; c++) {
        if (columns[c].size) {
            NB_TRY(nb_grow(columns[c].pointer, self->n, capacity, columns[c].size));
        }
    }
    self->capacity = capacity;
    return NB_OK;
}

int nb_pending_reserve_customers(nb_pending_t *self, size_t n)
{
    NB_ASSERT(n >= self->n_customers);
    for (int chain = 0; chain < 2; chain++) {
        NB_TRY(nb_grow(&self->latest[chain], self->n_customers, n, sizeof *self->latest[chain]));
    }
    self->n_customers = n;
    return NB_OK;
}

/* join the row to its customer's chain, as the last */
static void link_row(nb_pending_t *self, size_t row)
{
    int chain = self->by_journey && self->journey[row];
    uint32_t *latest = &self->latest[chain][self->customer[row]];

    self->earlier[row] = *latest;
    *latest = (uint32_t)row + 1;
}

static void clear_outcome(nb_pending_t *self, size_t row)
{
    self->next[row] = 0;
    self->fixed_at[row] = 0;
    self->reward[row] = 0.0;
    self->reference[row] = 0.0;
    self->signals[row] = 0;
    self->item[row] = -1;
    self->terminated[row] = 0;
    self->truncated[row] = 0;
    self->status[row] = NB_PENDING_OPEN;
}

/* what the policy saw and did, row i of the batch */
static void copy_decision(nb_pending_t *self, size_t row, const nb_batch_t *batch, size_t i,
                          const int32_t *action)
{
    int32_t *slate = &self->action[row * self->slate];
    uint64_t *mask = &self->mask[row * self->mask_words];

    for (unsigned j = 0; j < self->slate; j++) {
        slate[j] = j < batch->slate ? action[i * batch->slate + j] : -1;
    }
    for (unsigned w = 0; w < self->mask_words; w++) {
        mask[w] = w < batch->mask_words ? batch->mask[i * batch->mask_words + w] : 0;
    }
    if (self->d) {
        float *x = &self->x[row * self->d];

        memcpy(x, &batch->x[i * batch->d], batch->d * sizeof *x);
        memset(x + batch->d, 0, (self->d - batch->d) * sizeof *x);
    }
}

size_t nb_pending_append(nb_pending_t *self, const nb_batch_t *batch, const nb_choice_t *choice)
{
    size_t start = self->n;

    NB_ASSERT(self->capacity - self->n >= batch->n);
    for (size_t i = 0; i < batch->n; i++) {
        size_t row = start + i;

        NB_ASSERT(batch->customer[i] < self->n_customers);
        self->customer[row] = batch->customer[i];
        self->luck[row] = batch->luck[i];
        self->journey[row] = batch->journey ? batch->journey[i] : 0;
        self->period[row] = batch->period;
        self->point[row] = (uint8_t)batch->point;
        copy_decision(self, row, batch, i, choice->action);
        if (self->with_propensity) {
            self->propensity[row] = choice->propensity ? choice->propensity[i * batch->slate] : NAN;
        }
        clear_outcome(self, row);
        link_row(self, row);
    }
    self->n += batch->n;
    return start;
}

/* keep the open rows of one column, in order; runs of them move together */
static size_t compact_column(const nb_pending_t *self, const column_t *column)
{
    size_t to = 0;
    char *memory;

    memcpy(&memory, column->pointer, sizeof memory);
    for (size_t from = self->first; from < self->n;) {
        size_t end = from;

        while (end < self->n && self->status[end] == NB_PENDING_OPEN) {
            end++;
        }
        memmove(memory + to * column->size, memory + from * column->size,
                (end - from) * column->size);
        to += end - from;
        for (from = end; from < self->n && self->status[from] != NB_PENDING_OPEN; from++) {
        }
    }
    return to;
}

/* keep the open rows, and join their chains anew */
static void compact(nb_pending_t *self)
{
    column_t columns[N_COLUMNS];
    size_t n = 0;

    list_columns(self, columns);
    for (size_t c = 0; c < N_COLUMNS; c++) {
        if (columns[c].size) {
            n = compact_column(self, &columns[c]);
        }
    }
    self->n = n;
    self->first = 0;
    self->n_gone = 0;
    for (int chain = 0; chain < 2; chain++) {
        memset(self->latest[chain], 0, self->n_customers * sizeof *self->latest[chain]);
    }
    for (size_t row = 0; row < n; row++) {
        link_row(self, row);
    }
}

void nb_pending_discard(nb_pending_t *self, size_t n_fixed)
{
    for (size_t row = self->first, found = 0; found < n_fixed; row++) {
        if (self->status[row] == NB_PENDING_FIXED) {
            self->status[row] = NB_PENDING_GONE;
            found++;
        }
    }
    self->n_gone += n_fixed;
    while (self->first < self->n && self->status[self->first] == NB_PENDING_GONE) {
        self->first++;
    }
    if (self->n_gone > self->n / 2) {
        compact(self);
    }
}

int nb_pending_archive(nb_pending_t *self, nb_archive_t *archive, size_t n_customers)
{
    size_t n = self->n, capacity = self->capacity;
    column_t columns[N_COLUMNS];

    list_columns(self, columns);
    for (size_t c = 0; c < N_COLUMNS; c++) {
        n = self->n;
        capacity = self->capacity;
        if (columns[c].size) {
            NB_TRY(nb_archive_array(archive, columns[c].pointer, &n, &capacity, columns[c].size));
        }
    }
    self->n = n;
    self->capacity = capacity;
    NB_TRY(nb_archive_bytes(archive, &self->first, sizeof self->first));
    NB_TRY(nb_archive_bytes(archive, &self->n_gone, sizeof self->n_gone));
    for (int chain = 0; chain < 2; chain++) {
        n = n_customers;
        capacity = self->n_customers;
        NB_TRY(nb_archive_array(archive, &self->latest[chain], &n, &capacity,
                                sizeof *self->latest[chain]));
    }
    self->n_customers = capacity;
    return NB_OK;
}

void nb_pending_free(nb_pending_t *self)
{
    column_t columns[N_COLUMNS];

    list_columns(self, columns);
    for (size_t c = 0; c < N_COLUMNS; c++) {
        void *memory;

        memcpy(&memory, columns[c].pointer, sizeof memory);
        nb_free(memory);
    }
    nb_free(self->latest[0]);
    nb_free(self->latest[1]);
    memset(self, 0, sizeof *self);
}
