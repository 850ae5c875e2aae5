/*
 * Statistics of arms: pulls and rewards of every action of every point, for policies that read no
 * context. One flat block without pointers, behind whatever the policy keeps itself.
 */
#ifndef NB_POLICIES_ARMS_H
#define NB_POLICIES_ARMS_H

#include "policies/policy.h"

/** An arm. Discounted or windowed statistics are no whole numbers. */
typedef struct {
    double n, sum, squares; /* pulls, sum of rewards, sum of the squares of rows' rewards */
} nb_arm_t;

/** Bytes of the arms of all points of the spec; a multiple of 8. */
size_t nb_arms_size(const nb_spec_t *spec);

/** Lay a zeroed block out: nothing was pulled. */
void nb_arms_init(void *arms, const nb_spec_t *spec);

/** Arms of a point [K], and how many there are. */
const nb_arm_t *nb_arms_at(const void *arms, unsigned point);
nb_arm_t *nb_arms_of(void *arms, unsigned point);
unsigned nb_arms_count(const void *arms, unsigned point);

/** Pulls of all arms of a point. */
double nb_arms_total(const void *arms, unsigned point);

/**
 * Every row of `finished` is in order: action of the point, finite reward and weight; with
 * `is_unit` rewards in [0, 1], or in [0, weight] where a row stands for more than one observation.
 * NB_ERR_RANGE, NB_ERR_NUMERIC naming the transition.
 */
int nb_arms_check(const nb_transitions_t *finished, int is_unit) NB_MUST_CHECK;

/** Check, then add the rows to their arms; a row with a weight counts for so many pulls. */
int nb_arms_update(void *arms, const nb_transitions_t *finished, int is_unit) NB_MUST_CHECK;

/** Multiply all statistics of all points by `factor`. */
void nb_arms_discount(void *arms, double factor);

/** to = factor x to + from, and nothing is left in `from`: the end of a period for statistics that
 * fade; blocks of the same spec. */
void nb_arms_absorb(void *to, void *from, double factor);

/** Statistics of the last `window` >= 1 periods: the arms in use, the period under way, and a ring
 * of the periods that are still to be taken out again, sizeof(nb_arm_t) an arm and period. */
size_t nb_arms_window_size(const nb_spec_t *spec, unsigned window);
void nb_arms_window_init(void *self, const nb_spec_t *spec, unsigned window);
/** The arms that the window shows, as above. */
const void *nb_arms_window_arms(const void *self);
int nb_arms_window_update(void *self, const nb_transitions_t *finished, int is_unit) NB_MUST_CHECK;
/** The period under way enters the window, the oldest leaves it. */
void nb_arms_window_end_period(void *self);

#endif
