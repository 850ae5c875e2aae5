/*
 * The outcome of a tuning, as results.h5 keeps it, for people.
 */
#ifndef NB_BENCH_TUNED_H
#define NB_BENCH_TUNED_H

#include <stdio.h>

#include "core/error.h"

/** What was chosen: a line on how, and a table with a row per tuned cell.
 * @param outcome  JSON as in nb_plan_tune_t   @param color  marks heads by terminal codes
 * NB_ERR_FORMAT where the text is no outcome */
int nb_tuned_print(const char *outcome, int color, FILE *out) NB_MUST_CHECK;

/** What was tried: a table of the candidates of every tuned cell, the best `n_best` of each. */
int nb_tuned_print_candidates(const char *outcome, size_t n_best, int color,
                              FILE *out) NB_MUST_CHECK;

#endif
