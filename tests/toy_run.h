/*
 * The run of the toy environment: what its two files share.
 */
#ifndef NB_TESTS_TOY_RUN_H
#define NB_TESTS_TOY_RUN_H

#include "tests/toy_environment.h"

enum { TOY_N_METRICS = 3, TOY_N_SEGMENTS = 2 };

#define TOY_GAMMA 0.5

typedef struct {
    toy_world_t world;
    nb_key_t key;
    unsigned needs[TOY_MAX_POINTS];
    size_t n_initial, n;
    int periods, period, step, tail_left;
    uint32_t next;           /* first customer who has not come in this step */
    int given, acted, again; /* in this step: batches given, acted on; rewound */
    nb_oracle_t oracle;
    uint8_t gone[TOY_MAX_CUSTOMERS], visits[TOY_MAX_CUSTOMERS], called[TOY_MAX_CUSTOMERS];
    uint8_t returns[TOY_MAX_CUSTOMERS]; /* an order comes back in the next period */
    nb_event_t events[4 * TOY_MAX_CUSTOMERS];
    size_t n_events;
    float x[TOY_MAX_CUSTOMERS * 3], prior[TOY_MAX_CUSTOMERS * TOY_N_PRODUCTS];
    uint64_t mask[TOY_MAX_CUSTOMERS];
    uint32_t customer[TOY_MAX_CUSTOMERS], luck[TOY_MAX_CUSTOMERS], journey[TOY_MAX_CUSTOMERS];
    int32_t tenure[TOY_MAX_CUSTOMERS];
    double total[TOY_N_METRICS], scalar[TOY_N_METRICS], orders,
        segment[TOY_N_METRICS * TOY_N_SEGMENTS], cohort[TOY_N_METRICS];
    double money[TOY_MAX_PERIODS];
    double value[TOY_MAX_CUSTOMERS]; /* discounted money of each customer */
    uint8_t parity[TOY_MAX_CUSTOMERS];
    uint32_t bought_by[4096];
    int32_t bought_in[4096];
    double paid[4096];
    size_t n_purchases;
} toy_run_t;

/** Journey of the visits in a period. */
uint32_t toy_journey_of(const toy_run_t *run, int period);

/** An event happens. */
void toy_emit(toy_run_t *run, nb_event_t event);

/** Money moves, and is counted. */
void toy_move_money(toy_run_t *run, uint32_t customer, uint32_t journey, double money,
                    nb_cause_t cause);

/** Function `act` of the environment. */
int toy_act(void *self, const nb_batch_t *batch, const nb_choice_t *choice);

#endif
