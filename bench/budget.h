/*
 * Who gets what where a decision point has a budget: once a period, over all of its rows.
 *
 * The loop adds every row with what its policy chose freely and, where the policy scores, with the
 * value of every action. Where the free choices fit into the budget they are played as they are.
 * Else every row bids for one action: with scores for that of best value per cost, value being its
 * score less that of the point's default, where that is more than 0; without scores for its own
 * choice, all of them worth 1. Bids are served by value per cost, free ones first and among
 * themselves by value, ties by customer. A bid that no longer fits is passed over, and rows that
 * got nothing play the default. It is the greedy rule of Dantzig (1957, "Discrete-Variable Extremum
 * Problems") with one bid a row. Several rounds of a point in one period share its budget: the
 * later ones get what the earlier ones left.
 *
 * What is played so was not drawn by the policy: no propensity belongs to it.
 *
 * Cost: O(n log n) for n rows. Storage grows to the rows of the fullest period and is kept.
 */
#ifndef NB_BENCH_BUDGET_H
#define NB_BENCH_BUDGET_H

#include "sim/environment.h"

/** A row's bid for one action. */
typedef struct {
    double rank;  /* value per cost, INFINITY where the action costs nothing */
    double value; /* more than 0 */
    size_t row;
    uint32_t customer;
    int32_t action;
} nb_bid_t;

/** Budgets of all points in the present period, and the rows of the point that is shared out. */
typedef struct {
    const nb_spec_t *spec;                            /* kept, must outlive self */
    double money[NB_MAX_POINTS], rows[NB_MAX_POINTS]; /* spent in this period */
    double *played[NB_MAX_POINTS];                    /* [K] times in this period */
    double *memory;                                   /* behind `played` */
    size_t n_played;                                  /* entries of `memory` */

    unsigned point;
    nb_budget_t budget;
    size_t n, capacity, n_taken; /* rows; of those given back by nb_budgets_take */
    uint32_t *customer;          /* [n] */
    int32_t *action;             /* [n] free choice, after allocation what is to be played */
    size_t n_bids;
    nb_bid_t *bids; /* [n_bids], a heap while it is emptied */
} nb_budgets_t;

/** Nothing spent. `spec` holds the environment's points; kept, must outlive self. */
int nb_budgets_init(nb_budgets_t *self, const nb_spec_t *spec) NB_MUST_CHECK;

/** A period begins: all budgets are whole again. */
void nb_budgets_begin_period(nb_budgets_t *self);

/** Begin to collect the rows of a point. NB_ERR_UNSUPPORTED at a point of slates, NB_ERR_DATA where
 * a number of the budget is negative or not a number. */
int nb_budgets_open(nb_budgets_t *self, unsigned point, const nb_budget_t *budget) NB_MUST_CHECK;

/**
 * Add the rows of a batch of the point. NB_ERR_DATA where it belongs to another point or forbids
 * the default action, NB_ERR_MEMORY.
 * @param action [n] free choice   @param score [n x K] or NULL where the policy has no scores
 */
int nb_budgets_add(nb_budgets_t *self, const nb_batch_t *batch, const int32_t *action,
                   const double *score) NB_MUST_CHECK;

/** Share the budget out among all rows added. */
void nb_budgets_allocate(nb_budgets_t *self);

/** Rows that wait for nb_budgets_take. */
size_t nb_budgets_left(const nb_budgets_t *self);

/** What the next rows play. NB_ERR_DATA where the batch is not the next of those that were added.
 * @param action [n] */
int nb_budgets_take(nb_budgets_t *self, const nb_batch_t *batch, int32_t *action) NB_MUST_CHECK;

/** Save or load what was spent, and rows that wait for nb_budgets_take; not while rows are added.
 */
int nb_budgets_archive(nb_budgets_t *self, nb_archive_t *archive) NB_MUST_CHECK;

/** Accepts a zeroed object; may be called twice. */
void nb_budgets_free(nb_budgets_t *self);

#endif
