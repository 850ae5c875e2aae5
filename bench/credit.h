/*
 * Credit: which money is the reward of which decision, and when a policy may learn from it.
 *
 * One object per policy instance. Decisions are recorded, events are booked in the order in which
 * they happen, and at the end of a period the decisions whose target is fixed are taken as
 * transitions. The rules, for a decision in period t and the learner's gamma:
 *
 *   immediate   her money of period t, also what moved in t before the decision
 *   window(n)   sum of gamma^(s-t) her money of periods s = t .. t+n-1; fixed at the end of t+n-1,
 *               never earlier, even where she has left by then
 *   partial(n)  the same sum, handed over as it comes: at the end of each period t .. t+n-1 a
 *               transition with what came since the one before, `elapsed` 0 .. n-1 and `window` n
 *   lifetime    the same until the horizon; fixed there
 *   journey     sum of gamma^(s-t) money booked to the decision's journey from the decision on;
 *               fixed when the journey ends. A decision without a journey is credited as immediate
 *   smdp        sum of gamma^(s-t) her money from the decision until her next decision at a point
 *               of this instance, which is handed over as next_* to bootstrap from; both may fall
 *               in one period (elapsed 0). Fixed early, without next decision (next_point -1), when
 *               she is known to have left (terminated), or when hygiene drops her or the horizon
 *               ends first (truncated: there is nothing to bootstrap from, learners leave it out)
 *
 * What is not fixed at the horizon (windows and journeys that reach beyond it) is dropped: a part
 * of a sum is no smaller target but a wrong one. `elapsed` runs from the decision to the period in
 * which its target was fixed. NB_CAUSE_REGRET is not money.
 *
 * Slates: a policy with the slate trait gets the whole slate and the item that was chosen. For any
 * other a slate becomes one transition per shown item (credit by item): the reward goes to the item
 * that the customer chose, the others get 0.
 *
 * Cost: O(1) a decision and an event. A running discounted sum per customer is kept, and a decision
 * remembers what it was; the sums start anew before their weight gets so small that the difference
 * would lose digits. Events with a journey are booked to the journey's own decisions.
 */
#ifndef NB_BENCH_CREDIT_H
#define NB_BENCH_CREDIT_H

#include "bench/credit_pending.h"
#include "bench/strategy.h"
#include "core/stats.h"

typedef struct {
    nb_credit_spec_t rule;
    double gamma;
    const nb_spec_t *spec; /* kept, must outlive self */
    int by_item;           /* slates become one transition per item */
    nb_pending_t pending;
    size_t n_fixed[NB_MAX_POINTS]; /* rows that wait for being taken */

    /* the clock; money is in units of gamma^base */
    int started;
    int period, first_period, base;
    size_t period_row; /* first row recorded in this period */
    double *discount;  /* [n_discounts] gamma^k */
    size_t n_discounts;

    /* customers */
    size_t n_customers, capacity; /* customers known, and that there is room for */
    double *money;                /* sum of gamma^(s - base) money of the periods s >= base */
    double *money_before;         /* the same at the start of period `moved_at` */
    int32_t *moved_at;            /* latest period with money, counted from first_period as 1 */
    uint8_t *left;                /* known to have left */

    /* where nb_credit_take is: point, first row not looked at, rows of the point taken so far */
    unsigned take_point;
    size_t take_row, n_taken;
} nb_credit_t;

/** Empty credit for an instance with these points. `spec` is kept and must outlive self. */
int nb_credit_init(nb_credit_t *self, const nb_credit_spec_t *rule, double gamma,
                   const nb_spec_t *spec, unsigned traits) NB_MUST_CHECK;

/** Start of a period; periods come one after the other, the first may be negative. */
int nb_credit_begin_period(nb_credit_t *self, int period) NB_MUST_CHECK;

/** Customers (rows of the run) are `n_customers` by now; call before record and book. */
int nb_credit_reserve(nb_credit_t *self, size_t n_customers) NB_MUST_CHECK;

/** Record the decisions of a batch (batch->point is the instance's own index). */
int nb_credit_record(nb_credit_t *self, const nb_batch_t *batch,
                     const nb_choice_t *choice) NB_MUST_CHECK;

/** Book events, in order. */
void nb_credit_book(nb_credit_t *self, const nb_event_t *events, size_t n);

/** End of the period: fix what matures with it. */
void nb_credit_end_period(nb_credit_t *self);

/** End of the horizon, after the last end_period and before the last take: fix lifetime and smdp.
 */
void nb_credit_end_horizon(nb_credit_t *self);

/** Add the rewards of all fixed decisions that were not taken yet to `moments`, in order of
 * recording. */
void nb_credit_add_rewards(const nb_credit_t *self, nb_moments_t *moments);

/**
 * Next block of fixed decisions, at most NB_BLOCK_ROWS, of one point: points in order, within a
 * point by period and order of recording. n = 0 where none are left; call until then. Rewards are
 * not scaled. Arrays are taken from `arena` (release it between blocks); @param reward the array
 * behind out->reward, for the caller to scale.
 */
void nb_credit_take(nb_credit_t *self, nb_arena_t *arena, nb_transitions_t *out, double **reward);

/** For nb_credit_take under partial(n): rows of which more is to come wait again, from here on. */
void nb_credit_reopen(nb_credit_t *self);

/** Bytes that one nb_credit_take takes from the arena at most. */
size_t nb_credit_scratch_size(const nb_credit_t *self);

/** Save or load what changes; see core/archive.h. */
int nb_credit_archive(nb_credit_t *self, nb_archive_t *archive) NB_MUST_CHECK;

/** Accepts a zeroed object; may be called twice. */
void nb_credit_free(nb_credit_t *self);

#endif
