/*
 * Distributions drawn from a counter stream, and what is known of the Beta, through GSL. Rates, not
 * scales, as in the marketing literature (Fader & Hardie); the period loop draws uniforms and
 * normals by core/rng.h itself.
 */
#ifndef NB_CORE_DIST_H
#define NB_CORE_DIST_H

#include "core/rng.h"

/** Gamma with `shape` > 0 and `rate` > 0: mean shape / rate (Marsaglia & Tsang 2000). */
double nb_dist_gamma(nb_stream_t *stream, double shape, double rate);

/** Beta(a, b), a > 0, b > 0. */
double nb_dist_beta(nb_stream_t *stream, double a, double b);

/** Density of Beta(a, b) at x in [0, 1]. */
double nb_dist_beta_pdf(double x, double a, double b);

/** Poisson with `mean` >= 0. */
unsigned nb_dist_poisson(nb_stream_t *stream, double mean);

/** P(X <= x) of Beta(a, b), a > 0, b > 0; 0 and 1 outside [0, 1]. To 1e-6 where both are above 1e5,
 * else to rounding. */
double nb_dist_beta_cdf(double x, double a, double b);

/** The x with P(X <= x) = p of Beta(a, b), 0 <= p <= 1, by bisection and Newton steps until the
 * interval is a few units in the last place wide. Cost some 10 to 60 evaluations of the
 * distribution function. */
double nb_dist_beta_quantile(double p, double a, double b);

/** log B(a, b). */
double nb_dist_log_beta(double a, double b);

/** Mean and standard deviation of log(X / (1 - X)) for X of Beta(a, b): psi(a) - psi(b) and
 * sqrt(psi'(a) + psi'(b)). */
void nb_dist_logit_beta(double a, double b, double *mean, double *sd);

/** Standard exponential from two words, by inversion; 0 with probability 2^-53. */
double nb_dist_exponential(uint32_t high, uint32_t low);

#endif
