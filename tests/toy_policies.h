/*
 * Policies for tests of the loop, with strategies built by hand.
 */
#ifndef NB_TESTS_TOY_POLICIES_H
#define NB_TESTS_TOY_POLICIES_H

#include "bench/strategy.h"

enum { TOY_MAX_NOTES = 512 };

/** One transition as update saw it. */
typedef struct {
    unsigned point, slate;
    uint32_t customer;
    float customer_x, tenure_x; /* features 1 and 2, -1 where none */
    int action;
    double reward;
    float elapsed;
    unsigned signals;
    int next_point, terminated, truncated;
} toy_transition_t;

/** State of toy_learner: everything it was told. */
typedef struct {
    nb_spec_t spec; /* as told at init; points not to be followed */
    int n_updates, n_periods;
    size_t n;
    toy_transition_t seen[TOY_MAX_NOTES];
} toy_learner_t;

/** Settings of the policies below. */
typedef struct {
    int action; /* what toy_always and toy_learner play; an action of no point is played as it is */
} toy_settings_t;

extern const nb_policy_type_t toy_always;     /* plays its action; learns nothing */
extern const nb_policy_type_t toy_learner;    /* the same, contextual, and notes every transition */
extern const nb_policy_type_t toy_sequential; /* toy_learner with default credit smdp */
extern const nb_policy_type_t toy_dice; /* uniform from its stream; refuses context and journeys */
extern const nb_policy_type_t
    toy_ranker;                        /* score of product k for customer c is -(k - c mod 5)^2 */
extern const nb_policy_type_t toy_nan; /* its scores are not numbers */
extern const nb_policy_type_t toy_bidder; /* plays the action of highest toy_value */
extern const nb_policy_type_t toy_silent; /* makes the same choices and has no scores */

/** Score of action k for a customer: quarters from -2 to 3 with many ties, the default's included.
 */
double toy_value(uint32_t customer, int period, unsigned k);

/** Strategy without bindings. */
nb_strategy_t toy_nobody(void);

/**
 * Bind a policy to `point` of the toy environment, or to both (joint) where `point` is -1. The
 * settings, and the `bindings` [2] of the strategy, are borrowed.
 */
void toy_bind(nb_strategy_t *strategy, nb_binding_t *bindings, const nb_policy_type_t *type,
              toy_settings_t *settings, int point, nb_credit_spec_t credit);

#endif
