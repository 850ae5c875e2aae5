/*
 * The loop: one strategy in one run of an environment, from the first period to the end of the
 * tail.
 *
 * Periods below 0 are the environment's burn-in: the strategy `burn_in` plays them, and learners
 * are given its decisions only where the environment asks for a warm start. After the horizon
 * (`periods`) comes the tail: policies go on choosing, nothing is credited or learned any more.
 *
 * Where a bound point has a budget in a period, its rows are asked for twice: first what their
 * policy would play, then, once the budget is shared out, to be acted on; see bench/budget.h.
 * Credit records what was played.
 */
#ifndef NB_BENCH_LOOP_H
#define NB_BENCH_LOOP_H

#include "bench/budget.h"
#include "bench/instance.h"
#include "sim/environment.h"

struct nb_loop;

/** Somebody who watches a run and changes nothing of it. Functions may be NULL. */
typedef struct {
    void *context;
    unsigned needs;      /* NB_NEED_* that bound points build beside what their policies need */
    int want_propensity; /* policies are asked for the propensities of what they choose */
    /** Before a batch is asked for: the loop may be saved by nb_loop_archive. */
    int (*before)(void *context, struct nb_loop *loop);
    /** A batch was answered and will be acted on. Propensities that a policy does not give are NaN.
     */
    int (*chosen)(void *context, struct nb_loop *loop, const nb_batch_t *batch,
                  const nb_choice_t *choice);
    /** What happened since the last call; customers are rows below `n_customers`. */
    int (*moved)(void *context, int period, nb_events_t events, size_t n_customers);
} nb_loop_watch_t;

/** What to run. Everything is borrowed and must outlive the loop. */
typedef struct {
    const nb_environment_type_t *environment;
    const void *world;
    const nb_strategy_t *strategy;
    const nb_strategy_t *burn_in; /* plays the periods below 0; NULL where there are none */
    nb_key_t key;                 /* (seed, replication) */
    nb_key_t policy_key;          /* (policy_seed, replication) */
    size_t n_customers;
    int periods;
    int tail; /* run on after the horizon until the environment is done */
    int log_purchases;
    int same_population;          /* as in nb_run_spec_t */
    const volatile int *stop;     /* polled once a period, may be NULL */
    const nb_loop_watch_t *watch; /* may be NULL */
} nb_loop_spec_t;

typedef struct nb_loop {
    nb_loop_spec_t spec;
    void *run; /* the environment's; for result and purchases after nb_loop_run */
    /* where the run stands */
    int period;    /* the one under way, or the next one */
    int is_within; /* a period is under way */
    int in_tail;
    int n_burn_in, warm_start;
    nb_players_t players, burn_in;
    nb_arena_t scratch;
    nb_budgets_t budgets;
    int32_t *action;         /* [NB_BLOCK_ROWS x longest slate] */
    double *propensity;      /* the same, NULL unless the watch wants them */
    double customer_periods; /* rows of all periods so far */
} nb_loop_t;

/** Set everything up. NB_ERR_CONFIG where the environment has a burn-in and no strategy plays it.
 */
int nb_loop_init(nb_loop_t *self, const nb_loop_spec_t *spec) NB_MUST_CHECK;

/**
 * Run from where the loop stands to the end. After the storage of pending decisions has grown to
 * its size no period allocates memory. NB_ERR_INTERRUPTED where `stop` was raised; NB_ERR_DATA and
 * NB_ERR_NUMERIC name policy, point and period, or the environment where its money is not finite.
 */
int nb_loop_run(nb_loop_t *self) NB_MUST_CHECK;

/** The same up to the beginning of `period`, or to the end where that comes first; a period under
 * way is finished in any case. */
int nb_loop_run_until(nb_loop_t *self, int period) NB_MUST_CHECK;

/**
 * One step: the next batch of the period under way, or of the next one, with its answer, to be
 * given to nb_loop_act. batch->n is 0 where the period is over; the next call begins another. For
 * callers that look at single decisions or change them: choice->action may be written.
 */
int nb_loop_next(nb_loop_t *self, nb_batch_t *batch, nb_choice_t *choice) NB_MUST_CHECK;
int nb_loop_act(nb_loop_t *self, const nb_batch_t *batch, const nb_choice_t *choice) NB_MUST_CHECK;

/**
 * Save or load the whole state: environment, policies, credit, where the run stands. Between
 * periods or within one, but not between nb_loop_next and nb_loop_act. A loop that loads was made
 * by nb_loop_init of an equal spec (the watch may differ, but not its needs), whatever it did
 * since; it goes on with the same bits. NB_ERR_UNSUPPORTED where the environment cannot be saved;
 * NB_ERR_FORMAT for the state of another run.
 */
int nb_loop_archive(nb_loop_t *self, nb_archive_t *archive) NB_MUST_CHECK;

/** Accepts a zeroed loop; may be called twice. */
void nb_loop_free(nb_loop_t *self);

#endif
