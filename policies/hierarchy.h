/*
 * Linear regressions that every customer shares and deviates from: for each of `n_stages` outcomes
 * of each action k of each point
 *
 *     y = x'theta_k + z'delta_ck + noise,   theta_k ~ N(0, 1/lambda I),   delta_ck ~ N(0, s^2 I),
 *     noise ~ N(0, sd^2),
 *
 * with z = 1 (only the intercept deviates) or z = x (all weights do). Arms and outcomes are
 * independent given the data, since nothing is shared between them.
 *
 * The joint posterior is exact. With G = (Z'Z + r I)^-1, r = sd^2 / s^2, over the customer's own
 * rows (X, Z, Y) of the arm, given theta her deviation is N(G Z'(Y - X theta), sd^2 G), so that the
 * score x'theta + z'delta is N(w'theta + z'G Z'Y, sd^2 z'G z), w = x - X'Z G z. Both uses follow:
 * - a new row's likelihood for theta, given her past, is N(w'theta + z'G Z'Y, sd^2 (1 + z'G z)):
 *   one row of a plain regression on w. Added row by row this marginalizes all deviations without
 *   subtracting anything (the sum over a customer's rows is X'V^-1 X, V = sd^2 I + s^2 Z Z').
 * - with theta ~ N(m, P) the score has mean w'm + z'G Z'Y and variance w'P w + sd^2 z'G z.
 *
 * Source: Hong, Kveton, Zaheer & Ghavamzadeh (2022), "Hierarchical Bayesian bandits"
 * (there tasks and their deviations; ours are customers); Lindley & Smith (1972). A customer's
 * records end the block and are zero for a new one: n, sum y, sum x of every arm where the
 * intercept deviates; where all weights do, the square root L of Z'Z + r I = L L' and L^-1 Z'Y, by
 * Givens rotations (Golub & Van Loan 2013, section 6.5.2), which holds also where s is huge. Cost
 * O(d^2) per row and arm. Known limit: the noise is known and the same in all arms.
 */
#ifndef NB_POLICIES_HIERARCHY_H
#define NB_POLICIES_HIERARCHY_H

#include "policies/gaussian.h"
#include "policies/policy.h"

/** What of a customer deviates. */
enum { NB_DEVIATE_INTERCEPT, NB_DEVIATE_FULL };

/** Who learns from whom. */
enum {
    NB_POOLING_PARTIAL, /* as above; s = 0 is complete pooling */
    NB_POOLING_NONE,    /* theta = 0 and delta ~ N(0, (1/lambda + s^2) I): customers share nothing,
                           each has the prior that she has above */
};

/** The model's settings. */
typedef struct {
    double lambda;    /* > 0 */
    double deviation; /* s >= 0 */
    double sd;        /* > 0 */
    int individual;   /* NB_DEVIATE_* */
    int pooling;      /* NB_POOLING_* */
    unsigned n_stages;
    size_t extra; /* bytes of the policy's own, between the population and the records */
} nb_hierarchy_settings_t;

/** Bytes of the block. A block for fewer customers is its begin. */
size_t nb_hierarchy_size(const nb_spec_t *spec, const nb_hierarchy_settings_t *settings);

/** Prior. @param self zeroed, nb_hierarchy_size bytes */
int nb_hierarchy_init(void *self, const nb_spec_t *spec,
                      const nb_hierarchy_settings_t *settings) NB_MUST_CHECK;

/** The policy's own bytes, 64-byte aligned. */
void *nb_hierarchy_extra(void *self);
const void *nb_hierarchy_const_extra(const void *self);

/** One regression: an arm's stage at a point, as one customer meets it. */
typedef struct {
    unsigned point, action, stage;
    uint32_t customer;
} nb_hierarchy_arm_t;

/** What was seen: `weight` outcomes that add up to y. Weight w and sum y count as the row
 * (sqrt(w) x, sqrt(w) z, y / sqrt(w)), of which only w x x' and y x matter, so that w may be 0. */
typedef struct {
    const double *x; /* [d, at least 1] finite */
    double y, weight;
} nb_outcome_t;

/** Add an outcome. @param work [nb_hierarchy_work(self)] */
void nb_hierarchy_add(void *self, nb_hierarchy_arm_t arm, const nb_outcome_t *outcome,
                      double *work);

/** Refactor the population of the arms that learned since the last time. */
int nb_hierarchy_refresh(void *self, double *work) NB_MUST_CHECK;

/** Mean and variance of x'theta + z'delta. @param x [d, at least 1]
 * @param work [nb_hierarchy_work(self)]   @param out {mean, variance} */
void nb_hierarchy_predict(const void *self, nb_hierarchy_arm_t arm, const double *x, double *work,
                          double out[2]);

/** Doubles of work of the functions above. */
size_t nb_hierarchy_work(const void *self);

/** The same before there is a block. */
size_t nb_hierarchy_spec_work(const nb_spec_t *spec);

/** Posterior mean of theta as of the last refresh, [d, at least 1]. */
const double *nb_hierarchy_population(const void *self, unsigned point, unsigned action,
                                      unsigned stage);

#endif
