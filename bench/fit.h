/*
 * Calibration: BG/NBD and Gamma-Gamma fitted to a purchase log, what they expect of each customer,
 * and how the holdout compares.
 */
#ifndef NB_BENCH_FIT_H
#define NB_BENCH_FIT_H

#include <stdio.h>

#include "bench/purchase_log.h"
#include "sim/bgnbd.h"
#include "sim/gammagamma.h"

enum { NB_FIT_BINS = 8 }; /* customers by frequency 0, 1, ... 6, and 7 or more */

/** One bin of the holdout table. */
typedef struct {
    size_t customers;
    double actual, expected; /* holdout purchases, summed over the customers */
} nb_fit_bin_t;

/** A fitted model. Times are in the log's unit. */
typedef struct {
    nb_bgnbd_t bgnbd;
    double bgnbd_error[NB_BGNBD_PARAMETERS]; /* standard errors of r, alpha, a, b; NAN: none */
    double log_likelihood;
    int converged;

    int has_spend; /* else why_no_spend says why not, and nothing below up to mean_spend means
                      anything */
    const char *why_no_spend;
    nb_gammagamma_t spend;
    double spend_error[NB_GAMMAGAMMA_PARAMETERS]; /* of p, q, v */
    double spend_log_likelihood;
    int spend_converged;
    size_t n_spenders; /* customers that spend was fitted to: x > 0 and money > 0 */
    double mean_spend; /* of a purchase over all customers, by the model */

    int has_holdout;
    double horizon;          /* span that `expected` looks ahead: the holdout, else 52 weeks */
    double actual, expected; /* purchases in the holdout, summed over customers */
    nb_fit_bin_t bins[NB_FIT_BINS];
} nb_fit_t;

/** What is expected of one customer. */
typedef struct {
    double p_alive;
    double expected; /* purchases within the horizon after T */
    double residual; /* discounted purchases after T, to the end of time (DERT) */
    double spend;    /* of a purchase; NAN without a spend model */
    double value;    /* residual x spend x margin (CLV); NAN without a spend model */
} nb_outlook_t;

/**
 * Fit. Refuses logs that say nothing about repeat purchases (NB_ERR_DATA). A log without usable
 * money is fitted without spend.
 */
int nb_fit(nb_fit_t *self, const nb_purchase_log_t *log) NB_MUST_CHECK;

/** Outlook of one customer of the log. @param rate continuous discount per unit of time, > 0
 * @param margin share of spend that is earned */
nb_outlook_t nb_fit_outlook(const nb_fit_t *self, const nb_buyer_t *buyer, double rate,
                            double margin);

/** Expected repeat purchases of all customers up to time t since the first of them was born:
 * sum of E[X(t - birth)], birth = longest age - age (the convention of R package BTYD). */
double nb_fit_cumulative(const nb_fit_t *self, const nb_purchase_log_t *log, double t);

#endif
