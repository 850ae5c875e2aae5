/*
 * Beta posteriors of arms with rewards in [0, 1], and which of several is the largest.
 *
 * A reward between 0 and 1 counts as that share of a success and the rest of a failure: the mean of
 * the posterior is then that of the rewards, nothing is lost to chance, and learning needs no
 * random numbers. Agrawal & Goyal (2012), "Analysis of Thompson sampling for the multi-armed bandit
 * problem", algorithm 2, toss a coin of that probability instead, which their proof needs.
 */
#ifndef NB_POLICIES_BETA_H
#define NB_POLICIES_BETA_H

#include <math.h>

#include "policies/arms.h"

/** Beta(a, b), both positive. */
typedef struct {
    double a, b;
} nb_beta_t;

/** Two rows of a table of settings, for a nb_beta_t field `prior`. */
#define NB_BETA_PRIOR(settings_type)                                                               \
    {.key = "prior.a",                                                                             \
     .type = NB_SETTING_REAL,                                                                      \
     .offset = offsetof(settings_type, prior.a),                                                   \
     .def = 1.0,                                                                                   \
     .low = 1e-3,                                                                                  \
     .high = 1e6,                                                                                  \
     .choices = "",                                                                                \
     .unit = "",                                                                                   \
     .mark = "",                                                                                   \
     .source = "Chapelle & Li 2011",                                                               \
     .help = "first parameter of the Beta prior of every action: successes seen before"},          \
    {                                                                                              \
        .key = "prior.b", .type = NB_SETTING_REAL, .offset = offsetof(settings_type, prior.b),     \
        .def = 1.0, .low = 1e-3, .high = 1e6, .choices = "", .unit = "", .mark = "",               \
        .source = "Chapelle & Li 2011",                                                            \
        .help = "second parameter of the Beta prior of every action: failures seen before"         \
    }

/** Posterior of an arm. Sums that rounding left below 0, as after a window has moved, count as 0.
 */
static inline nb_beta_t nb_beta_posterior(nb_beta_t prior, const nb_arm_t *arm)
{
    return (nb_beta_t){prior.a + fmax(0.0, arm->sum), prior.b + fmax(0.0, arm->n - arm->sum)};
}

static inline double nb_beta_mean(nb_beta_t self)
{
    return self.a / (self.a + self.b);
}

/** Doubles of work of nb_beta_max. */
size_t nb_beta_max_work(size_t n);

/**
 * p_k = P(the k-th is the largest) of n independent Betas: integral of f_k times the product over
 * c != k of F_c. On the logit scale, where densities are log-concave and smooth for all a, b, by
 * 8-point Gauss-Legendre rules on panels no wider than the narrowest density of the place; the F_c
 * are summed up by the same rules. Absolute error below 1e-9 (1e-6 where a and b of one are above
 * 1e5); sums to 1. Cost some 200 to 400 n evaluations of exp and log, more where widths differ.
 * @param arm [n]   @param p [n]   @param work [nb_beta_max_work(n)]
 */
void nb_beta_max(const nb_beta_t *arm, size_t n, double *p, double *work);

/** Signature of nb_policy_type_t.probabilities. */
typedef int (*nb_beta_table_t)(const void *state, const nb_batch_t *batch, double *p);

/** value(): posterior means weighted by `probabilities`. @param arms [K]   @param v [n] */
int nb_beta_value(const void *state, const nb_batch_t *batch, nb_beta_t prior, const nb_arm_t *arms,
                  nb_beta_table_t probabilities, double *v) NB_MUST_CHECK;

#endif
