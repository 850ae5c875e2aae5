/*
 * Statistics of a handful of replications: running moments, Student's t, paired differences,
 * adjustment for many comparisons.
 *
 * The replication is the unit of inference throughout: what comes in here is one number per
 * simulated population, never one per customer.
 */
#ifndef NB_CORE_STATS_H
#define NB_CORE_STATS_H

#include <stddef.h>

#include "core/error.h"

/** Running mean and sum of squares about it (Welford 1962). All zero is the empty start. */
typedef struct {
    size_t n;
    double mean;
    double m2; /* sum of squared deviations from the mean */
} nb_moments_t;

/** Take one more value in. */
void nb_moments_add(nb_moments_t *self, double value);

/** Take every finite value of `values` [n] in; the others are left out. */
void nb_moments_add_finite(nb_moments_t *self, const double *values, size_t n);

/** Standard deviation with n - 1; NaN for n < 2. */
double nb_moments_sd(const nb_moments_t *self);

/** Standard error of the mean; NaN for n < 2. */
double nb_moments_se(const nb_moments_t *self);

/** Quantile of Student's t with `df` > 0 degrees of freedom, 0 < p < 1. */
double nb_t_quantile(double p, double df);

/** Two-sided p value of a t statistic; an infinite statistic has p 0. */
double nb_t_p(double t, double df);

/** Probability that a chi-square variable with `df` > 0 degrees of freedom exceeds `x`. */
double nb_chi_square_p(double x, double df);

/** A mean with its interval and the two-sided p value of "the mean is 0". */
typedef struct {
    size_t n;
    double mean;      /* NaN for n = 0 */
    double se;        /* NaN for n < 2 */
    double low, high; /* NaN for n < 2 */
    double p;         /* NaN for n < 2 */
} nb_interval_t;

/**
 * t interval of given moments at `level`, e.g. 0.95. Values that are all equal have an interval of
 * no width; their p is 1 where they are 0 and 0 elsewhere.
 */
nb_interval_t nb_interval_of(const nb_moments_t *moments, double level);

/**
 * t interval of the differences a[i] - b[i] over those i where both are finite.
 * @param a, b [n]   @param level 0 to 1, e.g. 0.95
 */
nb_interval_t nb_interval_paired(const double *a, const double *b, size_t n, double level);

/**
 * Adjusted p values of one family by step-down Bonferroni.
 * @param p [n]; NaN entries stay NaN and do not count   @param adjusted [n], may be `p` itself
 * @source Holm (1979), Scand. J. Statist. 6, 65-70.   Cost n^2.
 */
int nb_holm(const double *p, size_t n, double *adjusted) NB_MUST_CHECK;

#endif
