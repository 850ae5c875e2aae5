/*
 * A small environment for tests of the loop and of policies: two decision points, money by a rule
 * that is worked out by hand, and everything a run can bring (slates, journeys with returns,
 * births, a customer who leaves, burn-in, tail).
 *
 * recognize: every customer on the books, once a period. wait costs 0, email 0.25, call 1.
 * shelf: customers who were contacted visit in periods p with (customer + p) even; a slate of 2 (3
 * after a call). Customer c wants product c % 5. Shown first it sells for 8 + q, later for 4 + q,
 * q = noise x a uniform of her luck; not shown nothing happens. Odd customers return their order in
 * the next period, -6. The journey ends with the order or its return.
 * One customer is born at the end of period 1. Customer 2 leaves at the end of period 3 where
 * `one_leaves`: no rows from then on.
 */
#ifndef NB_TESTS_TOY_ENVIRONMENT_H
#define NB_TESTS_TOY_ENVIRONMENT_H

#include "sim/environment.h"

enum { TOY_CONTACT, TOY_SHELF, TOY_N_POINTS };
enum { TOY_WAIT, TOY_EMAIL, TOY_CALL, TOY_N_CONTACTS };
enum { TOY_N_PRODUCTS = 5, TOY_MAX_SLATE = 3, TOY_MAX_PERIODS = 64 };

/** What a run notes down for the test. */
typedef struct {
    int n_begun; /* periods begun, burn-in and tail included */
    int period[TOY_MAX_PERIODS];
    uint64_t allocations[TOY_MAX_PERIODS]; /* of the thread, when the period began */
    int n_batches[TOY_N_POINTS];
    int tail_from; /* period in which the tail began, 0 where there was none */
    int freed;
    int same_population; /* what the run was asked for */
} toy_notes_t;

/** Settings and world in one. */
typedef struct {
    double noise;
    int one_leaves;
    int skip_unbound; /* play unbound points without a batch */
    int burn_in, warm_start;
    int tail;           /* periods of the tail */
    int broken_period;  /* from this period on money is NaN; 0 = never */
    int huge;           /* an order pays 1e308 */
    int no_email;       /* the mask forbids email */
    int no_oracle;      /* oracles are told nothing */
    toy_notes_t *notes; /* may be NULL */
} toy_world_t;

extern const nb_environment_type_t toy_environment;

#endif
