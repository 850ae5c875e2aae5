/*
 * Maximum likelihood over positive parameters: BFGS in their logarithms from several starts, then
 * Newton steps, then standard errors from the Hessian.
 */
#ifndef NB_BENCH_FIT_MAXIMIZE_H
#define NB_BENCH_FIT_MAXIMIZE_H

#include <stddef.h>

#include "core/error.h"

enum { NB_FIT_MAX_PARAMETERS = 8 };

/** What is maximized: the sum of log-likelihoods of `n_observations`. */
typedef struct {
    size_t n; /* parameters, at most NB_FIT_MAX_PARAMETERS */
    /** Log-likelihood at `theta` [n], all positive, and its gradient [n] by theta. */
    double (*value)(const double *theta, double *gradient, void *data);
    void *data;
    double n_observations;
} nb_likelihood_t;

/** Where it ended. */
typedef struct {
    double theta[NB_FIT_MAX_PARAMETERS];
    double error[NB_FIT_MAX_PARAMETERS]; /* standard errors; NAN where the Hessian has no inverse */
    double value;                        /* log-likelihood */
    double gradient; /* norm of its gradient by ln theta, per observation, at the end */
    int converged;   /* gradient below 1e-6, Hessian negative definite, no parameter at an edge */
} nb_maximum_t;

/**
 * @param starts [n_starts x n] positive
 * @return NB_ERR_MEMORY; NB_ERR_NUMERIC where no start has a finite log-likelihood
 */
int nb_maximize(const nb_likelihood_t *likelihood, const double *starts, size_t n_starts,
                nb_maximum_t *out) NB_MUST_CHECK;

#endif
