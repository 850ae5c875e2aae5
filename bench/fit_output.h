/*
 * What `nextbest fit` prints and writes: the fit as text and JSON, the outlook of each customer as
 * CSV.
 */
#ifndef NB_BENCH_FIT_OUTPUT_H
#define NB_BENCH_FIT_OUTPUT_H

#include <stdio.h>

#include "bench/fit.h"

/** For people: parameters with standard errors, holdout table. */
void nb_fit_print_text(const nb_fit_t *self, const nb_purchase_log_t *log, FILE *out);

/** For scripts: keys model, customers, unit, parameters, standard_errors, log_likelihood,
 * converged, spend, holdout; null for what there is not. */
void nb_fit_print_json(const nb_fit_t *self, const nb_purchase_log_t *log, FILE *out);

/** Columns id, x, t_x, T, p_alive, expected, dert, spend, clv; the last two empty without a spend
 * model. @param rate, margin as in nb_fit_outlook */
void nb_fit_print_customers(const nb_fit_t *self, const nb_purchase_log_t *log, double rate,
                            double margin, FILE *out);

/** Write a file by a function, whole or not at all: NB_ERR_IO, and what `write` returns. Devices,
 * pipes and links are written into, never replaced; NB_ERR_FORMAT for a folder. */
int nb_fit_write_file(const char *path, int (*write)(void *data, FILE *out),
                      void *data) NB_MUST_CHECK;

#endif
