/*
 * The loop: one strategy in one run of an environment, from the first period to the end of the
 * tail.
 *
 * Periods below 0 are the environment's burn-in: the strategy `burn_in` plays them, and learners
 * are given its decisions only where the environment asks for a warm start. After the horizon
 * (`periods`) comes the tail: policies go on choosing, nothing is credited or learned any more.
 */
#ifndef NB_BENCH_LOOP_H
#define NB_BENCH_LOOP_H

#include "bench/instance.h"
#include "sim/environment.h"

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
    int same_population;      /* as in nb_run_spec_t */
    const volatile int *stop; /* polled once a period, may be NULL */
} nb_loop_spec_t;

typedef struct {
    nb_loop_spec_t spec;
    void *run; /* the environment's; for result and purchases after nb_loop_run */
    int n_burn_in, warm_start;
    nb_players_t players, burn_in;
    nb_arena_t scratch;
    int32_t *action;         /* [NB_BLOCK_ROWS x longest slate] */
    double customer_periods; /* rows of all periods so far */
} nb_loop_t;

/** Set everything up. NB_ERR_CONFIG where the environment has a burn-in and no strategy plays it.
 */
int nb_loop_init(nb_loop_t *self, const nb_loop_spec_t *spec) NB_MUST_CHECK;

/**
 * Run from beginning to end, once. After the storage of pending decisions has grown to its size no
 * period allocates memory. NB_ERR_INTERRUPTED where `stop` was raised; NB_ERR_DATA and
 * NB_ERR_NUMERIC name policy, point and period, or the environment where its money is not finite.
 */
int nb_loop_run(nb_loop_t *self) NB_MUST_CHECK;

/** Accepts a zeroed loop; may be called twice. */
void nb_loop_free(nb_loop_t *self);

#endif
