/*
 * One-step lookahead: in which states of a run is which action the best one?
 *
 * A base strategy is played; at sampled decisions the run is forked, once for every action and for
 * every one of some lucks: all rows of the batch that may play the action do, then the base
 * strategy goes on for some weeks. The best action of a row is that of the largest mean over the
 * lucks, which are the same for all actions, of her discounted money and that of those whom she
 * referred. Decisions of other rows of the batch change with hers: interference through the
 * population is ignored.
 */
#ifndef NB_BENCH_LOOKAHEAD_H
#define NB_BENCH_LOOKAHEAD_H

#include "bench/verify.h"

/** What to look at. */
typedef struct {
    const nb_plan_world_t *world; /* borrowed */
    size_t n_customers;
    int lucks;     /* futures of every state */
    double weeks;  /* length of a future */
    uint32_t seed; /* of the run; luck l has the replication 1 + l */
    int n_threads;
    const volatile int *stop; /* may be NULL */
} nb_lookahead_spec_t;

enum { NB_LOOKAHEAD_MIN_STATES = 20 };

/**
 * Shares of the states in which an action is allowed and best, for every action that is allowed in
 * at least NB_LOOKAHEAD_MIN_STATES of them, in order of points and actions. Points of slates are
 * left out. *out [*n] is freed with nb_free. NB_ERR_UNSUPPORTED where the environment cannot be
 * saved or does not tell values by customer.
 */
int nb_lookahead_shares(const nb_lookahead_spec_t *spec, nb_action_share_t **out,
                        size_t *n) NB_MUST_CHECK;

#endif
