/*
 * Posterior of the weights of one linear regression with known noise, in float64: weights
 * N(prior, 1 / lambda I), rows (x, y) already divided by the sd of their noise, so that
 * A = lambda I + sum x x', b = lambda prior + sum x y, mean A^-1 b and covariance A^-1.
 *
 * One array of doubles without pointers: the rows' moments, and what scoring reads as of the last
 * refresh. Unlike policies/ridge.h it takes weighted rows in float64 and forgets. Source: Gelman et
 * al. (2013), Bayesian Data Analysis, section 14.2.
 */
#ifndef NB_POLICIES_GAUSSIAN_H
#define NB_POLICIES_GAUSSIAN_H

#include <stddef.h>

#include "core/linalg.h"

/** Doubles of a posterior of d >= 1 weights, a multiple of 8. */
size_t nb_gaussian_size(size_t d);

/** Doubles of a row as nb_gaussian_add reads it: (x, y), then zeros. */
static inline size_t nb_gaussian_row(size_t d)
{
    return nb_round_up(d + 1, NB_MOMENT_PAD);
}

/** Doubles of work of nb_gaussian_refresh. */
static inline size_t nb_gaussian_work(size_t d)
{
    return (2 * d + 2) * nb_gaussian_row(d);
}

/** Add one row to the moments. @param row [nb_gaussian_row(d)] */
void nb_gaussian_add(double *self, size_t d, const double *row);

/** Add to b only: b += factor x. @param x [d] */
void nb_gaussian_pull(double *self, size_t d, const double *x, double factor);

/** Multiply all that was added by `factor`. */
void nb_gaussian_fade(double *self, size_t d, double factor);

/**
 * Posterior from the moments; a zeroed one needs it before it is asked. O(d^3); NB_ERR_NUMERIC.
 * @param prior [d] mean, NULL for zero   @param work [nb_gaussian_work(d)]
 */
int nb_gaussian_refresh(double *self, size_t d, double lambda, const double *prior,
                        double *work) NB_MUST_CHECK;

/** Posterior mean of the weights as of the last refresh, [d]. */
const double *nb_gaussian_weights(const double *self, size_t d);

/** x'A^-1 b. @param x [d] */
double nb_gaussian_mean(const double *self, size_t d, const double *x);

/** x'A^-1 x, a sum of squares. @param x [d]   @param work [d] */
double nb_gaussian_variance(const double *self, size_t d, const double *x, double *work);

#endif
