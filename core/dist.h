/*
 * Distributions for set-up and rare events, drawn from a counter stream through GSL. Rates, not
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

/** Density and distribution function of Beta(a, b) at x in [0, 1], and the x that is exceeded with
 * probability `upper`. */
double nb_dist_beta_pdf(double x, double a, double b);
double nb_dist_beta_cdf(double x, double a, double b);
double nb_dist_beta_quantile(double upper, double a, double b);

/** Poisson with `mean` >= 0. */
unsigned nb_dist_poisson(nb_stream_t *stream, double mean);

/** Standard exponential from two words, by inversion; 0 with probability 2^-53. */
double nb_dist_exponential(uint32_t high, uint32_t low);

#endif
