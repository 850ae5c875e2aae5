#include "bench/credit.h"

#include <math.h>
#include <string.h>

/* running sums start anew below this weight, so that a difference keeps 53 - 10 bits */
static const double MIN_WEIGHT = 0x1p-10;

enum { MIN_DISCOUNTS = 64 };

int nb_credit_init(nb_credit_t *self, const nb_credit_spec_t *rule, double gamma,
                   const nb_spec_t *spec, unsigned traits)
{
    memset(self, 0, sizeof *self);
    self->rule = *rule;
    self->gamma = gamma;
    self->spec = spec;
    self->by_item = !(traits & NB_TRAIT_SLATE);
    nb_pending_init(&self->pending, spec, traits, rule->rule != NB_CREDIT_SMDP);
    if ((rule->rule == NB_CREDIT_WINDOW || rule->rule == NB_CREDIT_PARTIAL) && rule->window < 1) {
        NB_FAIL(NB_ERR_RANGE, "credit window(%d): expected 1 period or more", rule->window);
    }
    if (!(gamma > 0.0 && gamma <= 1.0)) {
        NB_FAIL(NB_ERR_RANGE, "gamma of a learner is %g, expected more than 0 and at most 1",
                gamma);
    }
    return NB_OK;
}

int nb_credit_reserve(nb_credit_t *self, size_t n_customers)
{
    size_t n = self->capacity, wider = n_customers > n + n / 2 ? n_customers : n + n / 2;

    if (n_customers > n) {
        NB_TRY(nb_pending_reserve_customers(&self->pending, wider));
        NB_TRY(nb_grow(&self->money, n, wider, sizeof *self->money));
        NB_TRY(nb_grow(&self->money_before, n, wider, sizeof *self->money_before));
        NB_TRY(nb_grow(&self->moved_at, n, wider, sizeof *self->moved_at));
        NB_TRY(nb_grow(&self->left, n, wider, sizeof *self->left));
        self->capacity = wider;
    }
    if (n_customers > self->n_customers) {
        self->n_customers = n_customers;
    }
    return NB_OK;
}

/* gamma^k for k up to the periods that have passed */
static int reserve_discounts(nb_credit_t *self, size_t n)
{
    size_t grown = self->n_discounts ? self->n_discounts : MIN_DISCOUNTS;

    if (n <= self->n_discounts) {
        return NB_OK;
    }
    while (grown < n) {
        grown *= 2;
    }
    NB_TRY(nb_grow(&self->discount, self->n_discounts, grown, sizeof *self->discount));
    for (size_t k = self->n_discounts; k < grown; k++) {
        self->discount[k] = pow(self->gamma, (double)k);
    }
    self->n_discounts = grown;
    return NB_OK;
}

/* the target counts the customer's money, not that of a journey */
static int counts_customer(const nb_credit_t *self, size_t row)
{
    return self->rule.rule != NB_CREDIT_JOURNEY || !self->pending.journey[row];
}

/* her money since the row's reference, discounted to the row's period */
static double sum_since(const nb_credit_t *self, size_t row)
{
    const nb_pending_t *pending = &self->pending;
    double sum = self->money[pending->customer[row]] - pending->reference[row];
    int k = self->base - pending->period[row];

    return k >= 0 ? self->discount[k] * sum : sum / self->discount[-k];
}

/* let the running sums count from this period: open rows keep what they have so far as reward */
static void rebase(nb_credit_t *self)
{
    nb_pending_t *pending = &self->pending;

    for (size_t row = pending->first; row < pending->n; row++) {
        if (pending->status[row] == NB_PENDING_OPEN && counts_customer(self, row)) {
            pending->reward[row] += sum_since(self, row);
            pending->reference[row] = 0.0;
        }
    }
    if (self->n_customers) {
        memset(self->money, 0, self->n_customers * sizeof *self->money);
    }
    self->base = self->period;
}

int nb_credit_begin_period(nb_credit_t *self, int period)
{
    if (!self->started) {
        self->started = 1;
        self->first_period = self->base = period;
    } else {
        NB_ASSERT(period == self->period + 1);
    }
    self->period = period;
    self->period_row = self->pending.n;
    NB_TRY(reserve_discounts(self, (size_t)(period - self->first_period) + 1));
    if (self->discount[period - self->base] < MIN_WEIGHT) {
        rebase(self);
    }
    return NB_OK;
}

static void fix_row(nb_credit_t *self, size_t row, int truncated)
{
    nb_pending_t *pending = &self->pending;

    if (counts_customer(self, row)) {
        pending->reward[row] += sum_since(self, row);
    }
    pending->fixed_at[row] = self->period;
    pending->terminated[row] = self->left[pending->customer[row]];
    pending->truncated[row] = (uint8_t)(truncated && !pending->terminated[row]);
    pending->status[row] = NB_PENDING_FIXED;
    self->n_fixed[pending->point[row]]++;
}

/* the customer's open decision under smdp, as link; there is one at most */
static uint32_t find_open(const nb_credit_t *self, uint32_t customer)
{
    uint32_t link = self->pending.latest[0][customer];

    return nb_pending_holds(&self->pending, link) &&
                   self->pending.status[link - 1] == NB_PENDING_OPEN
               ? link
               : 0;
}

/* her sum at the start of this period */
static double sum_before_period(const nb_credit_t *self, uint32_t customer)
{
    int today = self->period - self->first_period + 1;

    return self->moved_at[customer] == today ? self->money_before[customer] : self->money[customer];
}

int nb_credit_record(nb_credit_t *self, const nb_batch_t *batch, const nb_choice_t *choice)
{
    nb_pending_t *pending = &self->pending;
    int smdp = self->rule.rule == NB_CREDIT_SMDP;
    size_t start;

    NB_TRY(nb_pending_reserve(pending, batch->n));
    for (size_t i = 0; smdp && i < batch->n; i++) {
        uint32_t open = find_open(self, batch->customer[i]);

        if (open) {
            fix_row(self, open - 1, 0);
            pending->terminated[open - 1] = 0;
            pending->next[open - 1] = (uint32_t)(pending->n + i) + 1;
        }
    }
    start = nb_pending_append(pending, batch, choice);
    for (size_t i = 0; i < batch->n; i++) {
        uint32_t customer = batch->customer[i];

        pending->reference[start + i] =
            smdp ? self->money[customer] : sum_before_period(self, customer);
    }
    return NB_OK;
}

/* call `visit` for the open rows of a chain, the latest first, until it returns 0: those of the
 * event's journey, or where it has none those of this period */
static void visit_chain(nb_credit_t *self, const nb_event_t *event, int chain,
                        int (*visit)(nb_credit_t *self, const nb_event_t *event, size_t row))
{
    const nb_pending_t *pending = &self->pending;
    uint32_t link = pending->latest[chain][event->customer];

    for (; nb_pending_holds(pending, link); link = pending->earlier[link - 1]) {
        size_t row = link - 1;

        if (!event->journey && pending->period[row] < self->period) {
            return;
        }
        if (pending->status[row] == NB_PENDING_OPEN &&
            (!event->journey || pending->journey[row] == event->journey) &&
            !visit(self, event, row)) {
            return;
        }
        if (self->rule.rule == NB_CREDIT_SMDP) {
            return; /* only the latest can be open */
        }
    }
}

static void visit_rows(nb_credit_t *self, const nb_event_t *event,
                       int (*visit)(nb_credit_t *self, const nb_event_t *event, size_t row))
{
    if (!event->journey || !self->pending.by_journey) {
        visit_chain(self, event, 0, visit);
    }
    if (self->pending.by_journey) {
        visit_chain(self, event, 1, visit);
    }
}

static int add_signals(nb_credit_t *self, const nb_event_t *event, size_t row)
{
    self->pending.signals[row] |= event->signals;
    return 1;
}

/* what a journey showed belongs to the customer's decisions without one too, while their outcome is
 * still coming in: they are credited with her money, of whatever journey */
static void book_signals(nb_credit_t *self, const nb_event_t *event)
{
    const nb_pending_t *pending = &self->pending;
    uint32_t link = event->journey ? pending->latest[0][event->customer] : 0;

    visit_rows(self, event, add_signals);
    for (; nb_pending_holds(pending, link); link = pending->earlier[link - 1]) {
        size_t row = link - 1;

        if (pending->status[row] == NB_PENDING_OPEN && !pending->journey[row]) {
            add_signals(self, event, row);
        }
        if (self->rule.rule == NB_CREDIT_SMDP) {
            return; /* only the latest can be open */
        }
    }
}

static int set_item(nb_credit_t *self, const nb_event_t *event, size_t row)
{
    if (self->spec->points[self->pending.point[row]].max_slate == 1) {
        return 1;
    }
    self->pending.item[row] = event->item;
    return 0;
}

static int add_journey_money(nb_credit_t *self, const nb_event_t *event, size_t row)
{
    self->pending.reward[row] +=
        self->discount[self->period - self->pending.period[row]] * event->money;
    return 1;
}

static int end_journey(nb_credit_t *self, const nb_event_t *event, size_t row)
{
    (void)event;
    fix_row(self, row, 0);
    return 1;
}

static void book_money(nb_credit_t *self, const nb_event_t *event)
{
    uint32_t customer = event->customer;
    int today = self->period - self->first_period + 1;

    if (event->cause == NB_CAUSE_REGRET) {
        return;
    }
    if (self->moved_at[customer] != today) {
        self->money_before[customer] = self->money[customer];
        self->moved_at[customer] = today;
    }
    self->money[customer] += self->discount[self->period - self->base] * event->money;
    if (self->rule.rule == NB_CREDIT_JOURNEY && event->journey) {
        visit_rows(self, event, add_journey_money);
    }
}

/* left or dropped: under smdp there will be no next decision to wait for */
static void book_exit(nb_credit_t *self, const nb_event_t *event)
{
    uint32_t open = self->rule.rule == NB_CREDIT_SMDP ? find_open(self, event->customer) : 0;

    if (event->kind == NB_EVENT_LEFT) {
        self->left[event->customer] = 1;
    }
    if (open) {
        fix_row(self, open - 1, 1);
    }
}

void nb_credit_book(nb_credit_t *self, const nb_event_t *events, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const nb_event_t *event = &events[i];

        NB_ASSERT(event->customer < self->n_customers);
        switch (event->kind) {
        case NB_EVENT_MONEY:
            book_money(self, event);
            break;
        case NB_EVENT_JOURNEY_END:
            if (self->rule.rule == NB_CREDIT_JOURNEY && event->journey) {
                visit_rows(self, event, end_journey);
            }
            break;
        case NB_EVENT_LEFT:
        case NB_EVENT_DROPPED:
            book_exit(self, event);
            break;
        case NB_EVENT_SIGNAL:
            book_signals(self, event);
            break;
        case NB_EVENT_ITEM:
            visit_rows(self, event, set_item);
            break;
        default:
            break;
        }
    }
}

/* rows whose periods t .. t+window-1 are over: the oldest ones, since periods only grow; those that
 * were fixed before may still wait for being taken */
static void fix_windows(nb_credit_t *self, int window)
{
    const nb_pending_t *pending = &self->pending;

    for (size_t row = pending->first;
         row < pending->n && pending->period[row] <= self->period - window + 1; row++) {
        if (pending->status[row] == NB_PENDING_OPEN) {
            fix_row(self, row, 0);
        }
    }
}

static void fix_open(nb_credit_t *self, int truncated)
{
    const nb_pending_t *pending = &self->pending;

    for (size_t row = pending->first; row < pending->n; row++) {
        if (pending->status[row] == NB_PENDING_OPEN) {
            fix_row(self, row, truncated);
        }
    }
}

void nb_credit_end_period(nb_credit_t *self)
{
    nb_pending_t *pending = &self->pending;

    switch (self->rule.rule) {
    case NB_CREDIT_IMMEDIATE:
        fix_windows(self, 1);
        break;
    case NB_CREDIT_WINDOW:
        fix_windows(self, self->rule.window);
        break;
    case NB_CREDIT_JOURNEY:
        for (size_t row = self->period_row; row < pending->n; row++) {
            if (!pending->journey[row]) {
                fix_row(self, row, 0);
            }
        }
        break;
    case NB_CREDIT_PARTIAL:
        fix_open(self, 0);
        break;
    case NB_CREDIT_LIFETIME:
    case NB_CREDIT_SMDP:
        break;
    }
}

void nb_credit_end_horizon(nb_credit_t *self)
{
    if (self->rule.rule == NB_CREDIT_LIFETIME || self->rule.rule == NB_CREDIT_SMDP) {
        fix_open(self, 1);
    }
}

void nb_credit_reopen(nb_credit_t *self)
{
    nb_pending_t *pending = &self->pending;

    for (size_t row = pending->first; row < pending->n; row++) {
        if (pending->status[row] == NB_PENDING_FIXED &&
            pending->fixed_at[row] - pending->period[row] + 1 < self->rule.window) {
            pending->status[row] = NB_PENDING_OPEN;
            pending->reward[row] = 0.0;
            pending->reference[row] = self->money[pending->customer[row]];
            self->n_fixed[pending->point[row]]--;
        }
    }
}

/* an array of the customers; *n and *capacity are those of all of them */
static int archive_customers(const nb_credit_t *self, nb_archive_t *archive, void *array,
                             size_t size, size_t *n, size_t *capacity)
{
    *n = self->n_customers;
    *capacity = self->capacity;
    return nb_archive_array(archive, array, n, capacity, size);
}

int nb_credit_archive(nb_credit_t *self, nb_archive_t *archive)
{
    size_t n, capacity;

    NB_TRY(nb_archive_bytes(archive, self->n_fixed, sizeof self->n_fixed));
    NB_TRY(nb_archive_bytes(archive, &self->started, sizeof self->started));
    NB_TRY(nb_archive_bytes(archive, &self->period, sizeof self->period));
    NB_TRY(nb_archive_bytes(archive, &self->first_period, sizeof self->first_period));
    NB_TRY(nb_archive_bytes(archive, &self->base, sizeof self->base));
    NB_TRY(nb_archive_bytes(archive, &self->period_row, sizeof self->period_row));
    NB_TRY(nb_archive_bytes(archive, &self->take_point, sizeof self->take_point));
    NB_TRY(nb_archive_bytes(archive, &self->take_row, sizeof self->take_row));
    NB_TRY(nb_archive_bytes(archive, &self->n_taken, sizeof self->n_taken));
    if (self->started) {
        NB_TRY(reserve_discounts(self, (size_t)(self->period - self->first_period) + 1));
    }
    NB_TRY(nb_pending_archive(&self->pending, archive, self->n_customers));
    NB_TRY(archive_customers(self, archive, &self->money, sizeof *self->money, &n, &capacity));
    NB_TRY(archive_customers(self, archive, &self->money_before, sizeof *self->money_before, &n,
                             &capacity));
    NB_TRY(
        archive_customers(self, archive, &self->moved_at, sizeof *self->moved_at, &n, &capacity));
    NB_TRY(archive_customers(self, archive, &self->left, sizeof *self->left, &n, &capacity));
    self->n_customers = n;
    self->capacity = capacity;
    return NB_OK;
}

void nb_credit_free(nb_credit_t *self)
{
    nb_pending_free(&self->pending);
    nb_free(self->discount);
    nb_free(self->money);
    nb_free(self->money_before);
    nb_free(self->moved_at);
    nb_free(self->left);
    memset(self, 0, sizeof *self);
}
