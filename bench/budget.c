#include "bench/budget.h"

#include <math.h>
#include <string.h>

enum { MIN_ROWS = 1024 };

/* sums of costs may be off by rounding: three times 0.1 fit into 0.3 */
static const double SLACK = 1.0 + 1e-12;

int nb_budgets_init(nb_budgets_t *self, const nb_spec_t *spec)
{
    size_t n = 0;

    memset(self, 0, sizeof *self);
    self->spec = spec;
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->n_played += spec->points[p].n_actions;
    }
    NB_TRY(nb_alloc(&self->memory, self->n_played, sizeof *self->memory));
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->played[p] = self->memory + n;
        n += spec->points[p].n_actions;
    }
    return NB_OK;
}

void nb_budgets_begin_period(nb_budgets_t *self)
{
    memset(self->money, 0, sizeof self->money);
    memset(self->rows, 0, sizeof self->rows);
    memset(self->memory, 0, self->n_played * sizeof *self->memory);
}

/* limits may be infinite, costs may not */
static int check_number(const nb_point_t *point, const char *what, const char *action, double value)
{
    if (!(value >= 0.0) || (isinf(value) && strcmp(what, "cost") == 0)) {
        NB_FAIL(NB_ERR_DATA, "budget of point %s: %s%s%s is %g, expected 0 or more", point->name,
                what, *action ? " of " : "", action, value);
    }
    return NB_OK;
}

int nb_budgets_open(nb_budgets_t *self, unsigned point, const nb_budget_t *budget)
{
    const nb_point_t *at = &self->spec->points[point];

    if (at->max_slate > 1) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "point %s chooses slates, which can have no budget", at->name);
    }
    NB_TRY(check_number(at, "money", "", budget->money));
    NB_TRY(check_number(at, "rows", "", budget->rows));
    for (unsigned k = 0; k < at->n_actions; k++) {
        if (k != at->default_action) {
            NB_TRY(check_number(at, "cost", at->actions[k], budget->cost[k]));
            NB_TRY(check_number(at, "capacity", at->actions[k], budget->capacity[k]));
        }
    }
    self->point = point;
    self->budget = *budget;
    self->n = self->n_taken = self->n_bids = 0;
    return NB_OK;
}

static int reserve(nb_budgets_t *self, size_t n)
{
    size_t capacity = self->capacity ? self->capacity : MIN_ROWS;

    while (capacity < self->n + n) {
        capacity *= 2;
    }
    if (capacity == self->capacity) {
        return NB_OK;
    }
    NB_TRY(nb_grow(&self->customer, self->n, capacity, sizeof *self->customer));
    NB_TRY(nb_grow(&self->action, self->n, capacity, sizeof *self->action));
    NB_TRY(nb_grow(&self->bids, self->n_bids, capacity, sizeof *self->bids));
    self->capacity = capacity;
    return NB_OK;
}

static nb_bid_t make_bid(const nb_budgets_t *self, double value, int32_t action)
{
    double cost = self->budget.cost[action];

    return (nb_bid_t){
        .rank = cost > 0.0 ? value / cost : INFINITY, .value = value, .action = action};
}

/* the action of best value per cost, of equals the one of higher value, then the first; value 0
 * where none is worth more than the default */
static nb_bid_t find_bid(const nb_budgets_t *self, const nb_batch_t *batch, size_t i,
                         const double *score)
{
    unsigned none = self->spec->points[self->point].default_action;
    nb_bid_t best = {.rank = 0.0};

    for (unsigned k = 0; k < batch->n_actions; k++) {
        double value = score[k] - score[none];

        if (k == none || !nb_mask_allows(batch->mask, batch->mask_words, i, k) || !(value > 0.0)) {
            continue;
        }
        nb_bid_t bid = make_bid(self, value, (int32_t)k);

        if (bid.rank > best.rank || (bid.rank == best.rank && bid.value > best.value)) {
            best = bid;
        }
    }
    return best;
}

int nb_budgets_add(nb_budgets_t *self, const nb_batch_t *batch, const int32_t *action,
                   const double *score)
{
    const nb_point_t *point = &self->spec->points[self->point];
    unsigned none = point->default_action;

    if (batch->point != self->point) {
        NB_FAIL(NB_ERR_DATA, "a batch of point %s came before all rows of %s were given again",
                self->spec->points[batch->point].name, point->name);
    }
    NB_TRY(reserve(self, batch->n));
    for (size_t i = 0; i < batch->n; i++) {
        nb_bid_t bid = {.value = 0.0};

        if (!nb_mask_allows(batch->mask, batch->mask_words, i, none)) {
            NB_FAIL(NB_ERR_DATA,
                    "point %s in period %d has a budget, but the default %s is not allowed for "
                    "customer %u",
                    point->name, batch->period, point->actions[none], batch->customer[i]);
        }
        if (score) {
            bid = find_bid(self, batch, i, score + i * batch->n_actions);
        } else if (action[i] != (int32_t)none) {
            bid = make_bid(self, 1.0, action[i]);
        }
        bid.row = self->n;
        bid.customer = batch->customer[i];
        if (bid.value > 0.0) {
            self->bids[self->n_bids++] = bid;
        }
        self->customer[self->n] = batch->customer[i];
        self->action[self->n++] = action[i];
    }
    return NB_OK;
}

/* 1 where the action still fits, which is then spent */
static int spend(nb_budgets_t *self, int32_t action)
{
    const nb_budget_t *budget = &self->budget;
    double *money = &self->money[self->point], *rows = &self->rows[self->point];
    double *played = &self->played[self->point][action];

    if (*rows + 1.0 > budget->rows || *played + 1.0 > budget->capacity[action] ||
        *money + budget->cost[action] > budget->money * SLACK) {
        return 0;
    }
    *rows += 1.0;
    *played += 1.0;
    *money += budget->cost[action];
    return 1;
}

/* spend the free choices of all rows, or where they do not fit nothing */
static int spend_free_choices(nb_budgets_t *self)
{
    int32_t none = (int32_t)self->spec->points[self->point].default_action;
    double money = self->money[self->point], rows = self->rows[self->point];
    size_t row = 0;

    while (row < self->n && (self->action[row] == none || spend(self, self->action[row]))) {
        row++;
    }
    if (row == self->n) {
        return 1;
    }
    while (row-- > 0) {
        if (self->action[row] != none) {
            self->played[self->point][self->action[row]] -= 1.0;
        }
    }
    self->money[self->point] = money;
    self->rows[self->point] = rows;
    return 0;
}

/* an order without equals, so that it does not matter how rows came in */
static int comes_before(const nb_bid_t *a, const nb_bid_t *b)
{
    if (a->rank != b->rank) {
        return a->rank > b->rank;
    }
    if (isinf(a->rank) && a->value != b->value) {
        return a->value > b->value;
    }
    return a->customer != b->customer ? a->customer < b->customer : a->row < b->row;
}

/* let the bid at `root` sink to its place in the heap of the first n */
static void sift(nb_bid_t *bids, size_t root, size_t n)
{
    nb_bid_t bid = bids[root];

    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && comes_before(&bids[child + 1], &bids[child])) {
            child++;
        }
        if (!comes_before(&bids[child], &bid)) {
            break;
        }
        bids[root] = bids[child];
    }
    bids[root] = bid;
}

void nb_budgets_allocate(nb_budgets_t *self)
{
    nb_bid_t *bids = self->bids;

    if (spend_free_choices(self)) {
        return;
    }
    for (size_t row = 0; row < self->n; row++) {
        self->action[row] = (int32_t)self->spec->points[self->point].default_action;
    }
    for (size_t root = self->n_bids / 2; root-- > 0;) {
        sift(bids, root, self->n_bids);
    }
    while (self->n_bids > 0) {
        nb_bid_t bid = bids[0];

        bids[0] = bids[--self->n_bids];
        sift(bids, 0, self->n_bids);
        if (spend(self, bid.action)) {
            self->action[bid.row] = bid.action;
        }
    }
}

size_t nb_budgets_left(const nb_budgets_t *self)
{
    return self->n - self->n_taken;
}

int nb_budgets_take(nb_budgets_t *self, const nb_batch_t *batch, int32_t *action)
{
    size_t first = self->n_taken;

    if (batch->n == 0 || batch->point != self->point || batch->n > nb_budgets_left(self) ||
        memcmp(batch->customer, self->customer + first, batch->n * sizeof *self->customer) != 0) {
        NB_FAIL(NB_ERR_DATA,
                "point %s: after the budget was shared out other rows came than before",
                self->spec->points[self->point].name);
    }
    memcpy(action, self->action + first, batch->n * sizeof *action);
    self->n_taken += batch->n;
    return NB_OK;
}

int nb_budgets_archive(nb_budgets_t *self, nb_archive_t *archive)
{
    size_t n = nb_budgets_left(self);
    const size_t at = self->n_taken;

    NB_TRY(nb_archive_bytes(archive, self->money, sizeof self->money));
    NB_TRY(nb_archive_bytes(archive, self->rows, sizeof self->rows));
    NB_TRY(nb_archive_bytes(archive, self->memory, self->n_played * sizeof *self->memory));
    NB_TRY(nb_archive_bytes(archive, &self->point, sizeof self->point));
    NB_TRY(nb_archive_bytes(archive, &n, sizeof n));
    if (archive->is_loading) {
        self->n = self->n_taken = self->n_bids = 0;
        NB_TRY(reserve(self, n));
        self->n = n;
    }
    if (n == 0) {
        return NB_OK;
    }
    size_t first = archive->is_loading ? 0 : at;
    NB_TRY(nb_archive_bytes(archive, self->customer + first, n * sizeof *self->customer));
    return nb_archive_bytes(archive, self->action + first, n * sizeof *self->action);
}

void nb_budgets_free(nb_budgets_t *self)
{
    nb_free(self->memory);
    nb_free(self->customer);
    nb_free(self->action);
    nb_free(self->bids);
    memset(self, 0, sizeof *self);
}
