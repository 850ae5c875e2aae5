/*
 * BG/NBD: a customer buys at random at her own rate, and after each repeat purchase stays or leaves
 * for good with her own coin. Pure formulas of one customer; fitting is bench/fit.h.
 *
 * Model: rate ~ Gamma(r, rate alpha), chance of leaving after a purchase ~ Beta(a, b), independent.
 * A history is (x, t_x, T) in one unit of time; alpha is in that unit too.
 * @source Fader, Hardie & Lee (2005), "Counting your customers the easy way", Marketing Science 24.
 */
#ifndef NB_SIM_BGNBD_H
#define NB_SIM_BGNBD_H

#include <stddef.h>

/** Parameters, all positive. */
typedef struct {
    double r;     /* shape of the rates */
    double alpha; /* rate of the rates, in units of time: E[rate] = r / alpha */
    double a;     /* chance of leaving ~ Beta(a, b) */
    double b;
} nb_bgnbd_t;

enum { NB_BGNBD_PARAMETERS = 4 };

/** What is known of a customer. */
typedef struct {
    double x;   /* repeat purchases, 0, 1, ... */
    double t_x; /* time of the last one since the first purchase, 0 where x = 0 */
    double T;   /* time observed since the first purchase, >= t_x */
} nb_history_t;

/**
 * Log-likelihood of a history, the sum of the two terms below. Finite for any count.
 * @param gradient [4] by r, alpha, a, b; NULL where not wanted
 */
double nb_bgnbd_log_likelihood(const nb_bgnbd_t *self, const nb_history_t *history,
                               double gradient[NB_BGNBD_PARAMETERS]);

/** The term that depends on x alone: customers with the same x share it. */
double nb_bgnbd_count_term(const nb_bgnbd_t *self, double x, double gradient[NB_BGNBD_PARAMETERS]);

/** The term that depends on the times too. */
double nb_bgnbd_time_term(const nb_bgnbd_t *self, const nb_history_t *history,
                          double gradient[NB_BGNBD_PARAMETERS]);

/** Probability that she has not left at T; 1 for every x = 0, as the model has it. */
double nb_bgnbd_p_alive(const nb_bgnbd_t *self, const nb_history_t *history);

/** E[X(t)]: expected repeat purchases of a new customer in (0, t]; 0 for t <= 0. */
double nb_bgnbd_expected(const nb_bgnbd_t *self, double t);

/** P(X(t) = n) of a new customer. */
double nb_bgnbd_pmf(const nb_bgnbd_t *self, double t, unsigned n);

/** Expected purchases in (T, T + t] given the history; 0 for t <= 0. */
double nb_bgnbd_conditional(const nb_bgnbd_t *self, const nb_history_t *history, double t);

/**
 * DERT: expected purchases after T, to the end of time, each discounted by exp(-rate times its
 * distance from T).
 * @param rate continuous discount rate per unit of time, > 0
 */
double nb_bgnbd_residual(const nb_bgnbd_t *self, const nb_history_t *history, double rate);

#endif
