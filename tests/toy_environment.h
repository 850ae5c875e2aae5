/*
 * A small environment for tests of the loop and of policies: two decision points or three, money by
 * a rule that is worked out by hand, and everything a run can bring (slates, journeys with returns,
 * births, a customer who leaves, burn-in, tail).
 *
 * recognize: every customer on the books, once a period. wait costs 0, email 0.25, call 1.
 * shelf: customers who were contacted visit in periods p with (customer + p) even; a slate of 2 (3
 * after a call). Customer c wants product c % 5. Shown first it sells for 8 + q, later for 4 + q,
 * q = noise x a uniform of her luck; not shown nothing happens. Odd customers return their order in
 * the next period, -6. The journey ends with the order or its return.
 * One customer is born at the end of period 1. Customer 2 leaves at the end of period 3 where
 * `one_leaves`: no rows from then on.
 *
 * thank, where `thanks` is more than 0: everybody once more at the end of the period, in so many
 * rounds. none costs 0, card 0.5, gift 2; nothing comes of it.
 * Oracles are told appetite = c % 5 and mood = (c + p) % 3.
 */
#ifndef NB_TESTS_TOY_ENVIRONMENT_H
#define NB_TESTS_TOY_ENVIRONMENT_H

#include "sim/environment.h"

enum { TOY_CONTACT, TOY_SHELF, TOY_N_POINTS, TOY_THANK = TOY_N_POINTS, TOY_MAX_POINTS };
enum { TOY_MAX_CUSTOMERS = NB_BLOCK_ROWS, TOY_MAX_ROUNDS = 2 };
enum { TOY_WAIT, TOY_EMAIL, TOY_CALL, TOY_N_CONTACTS };
enum { TOY_N_PRODUCTS = 5, TOY_MAX_SLATE = 3, TOY_MAX_PERIODS = 64 };

/** What a run notes down for the test. */
typedef struct {
    int n_begun; /* periods begun, burn-in and tail included */
    int period[TOY_MAX_PERIODS];
    uint64_t allocations[TOY_MAX_PERIODS]; /* of the thread, when the period began */
    int n_batches[TOY_MAX_POINTS];
    int tail_from; /* period in which the tail began, 0 where there was none */
    int freed;
    /* action of a customer by point (rounds of thank one after the other) and period, -1 none */
    int8_t played[TOY_MAX_POINTS + TOY_MAX_ROUNDS][TOY_MAX_PERIODS][TOY_MAX_CUSTOMERS];
    int same_population; /* what the run was asked for */
} toy_notes_t;

/** Settings and world in one. */
typedef struct {
    double noise;
    int one_leaves;
    int skip_unbound; /* play unbound points without a batch */
    int burn_in, warm_start;
    int tail;          /* periods of the tail */
    int broken_period; /* from this period on money is NaN; 0 = never */
    int huge;          /* an order pays 1e308 */
    int no_email;      /* the mask forbids email */
    int no_wait;       /* the mask forbids wait */
    int no_oracle;     /* oracles are told nothing */
    int thanks;        /* rounds of the point thank, 0 = there is no such point */
    size_t block;      /* rows of a batch at recognize and thank, 0 = all */
    int forgetful;     /* after a rewind the first customer is left out */
    int hasty;         /* goes on to the next point although nothing was acted on */
    const nb_budget_t *budgets[TOY_MAX_POINTS]; /* NULL where there is none */
    toy_notes_t *notes;                         /* may be NULL */
} toy_world_t;

extern const nb_environment_type_t toy_environment;

#endif
