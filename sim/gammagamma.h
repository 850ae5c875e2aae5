/*
 * Gamma-Gamma: what a customer spends on a purchase. Pure formulas of one customer; fitting is
 * bench/fit.h.
 *
 * Model: spend of a purchase ~ Gamma(p, rate nu), the customer's nu ~ Gamma(q, rate v), independent
 * of how often she buys.
 * @source Fader & Hardie (2013), "The gamma-gamma model of monetary value", note 025.
 */
#ifndef NB_SIM_GAMMAGAMMA_H
#define NB_SIM_GAMMAGAMMA_H

/** Parameters, all positive; v is money. */
typedef struct {
    double p, q, v;
} nb_gammagamma_t;

enum { NB_GAMMAGAMMA_PARAMETERS = 3 };

/**
 * Log-likelihood of the mean spend m > 0 of x >= 1 purchases: the sum of the two terms below.
 * @param gradient [3] by p, q, v; NULL where not wanted
 */
double nb_gammagamma_log_likelihood(const nb_gammagamma_t *self, double x, double m,
                                    double gradient[NB_GAMMAGAMMA_PARAMETERS]);

/** The term that depends on x alone: customers with the same x share it. */
double nb_gammagamma_count_term(const nb_gammagamma_t *self, double x,
                                double gradient[NB_GAMMAGAMMA_PARAMETERS]);

/** The term that depends on m too. */
double nb_gammagamma_spend_term(const nb_gammagamma_t *self, double x, double m,
                                double gradient[NB_GAMMAGAMMA_PARAMETERS]);

/**
 * E[spend of a purchase | mean m of x purchases]; x = 0 gives the mean of all customers.
 * INFINITY where p x + q <= 1: the mean does not exist.
 */
double nb_gammagamma_expected(const nb_gammagamma_t *self, double x, double m);

#endif
