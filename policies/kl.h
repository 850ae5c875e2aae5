/*
 * Kullback-Leibler divergence of Bernoulli variables, and the confidence bound it gives.
 */
#ifndef NB_POLICIES_KL_H
#define NB_POLICIES_KL_H

/** kl(p, q) = p ln(p / q) + (1 - p) ln((1 - p) / (1 - q)); infinite where q excludes what p allows.
 */
double nb_kl(double p, double q);

/** The largest q in [p, 1] with kl(p, q) <= d, to 1e-12.
 * @source Garivier & Cappe (2011), section 3; at p = 0 it is 1 - exp(-d), at p = 1/2
 * (1 + sqrt(1 - exp(-2 d))) / 2; Pinsker: q <= p + sqrt(d / 2) */
double nb_kl_upper(double p, double d);

#endif
