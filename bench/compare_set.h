/*
 * What `nextbest compare` shows: the comparison by one or more metrics and the verdicts on the
 * hypotheses of the experiment, printed as text, CSV or JSON.
 */
#ifndef NB_BENCH_COMPARE_SET_H
#define NB_BENCH_COMPARE_SET_H

#include <stdio.h>

#include "bench/compare.h"
#include "bench/hypothesis.h"

typedef struct {
    const nb_results_t *results;
    size_t n; /* metrics, at least one */
    nb_compare_t *items;
    char *names;          /* of the metrics, one after the other */
    size_t n_differences; /* the first so many metrics have their differences shown */
    nb_hypotheses_t hypotheses;
    size_t n_findings;
    nb_finding_t *findings;
} nb_compare_set_t;

/**
 * Compare by `metrics`, names separated by commas. NULL: as the experiment says, else equity, clv,
 * retention, contacts and return_rate as far as they were recorded, else the first recorded ones;
 * then differences are shown by the first only. `results` must outlive self. NB_ERR_NOT_FOUND names
 * an unknown metric, baseline or scenario and the nearest.
 */
int nb_compare_set_init(nb_compare_set_t *self, const nb_results_t *results, const char *metrics,
                        const nb_compare_spec_t *spec) NB_MUST_CHECK;
void nb_compare_set_free(nb_compare_set_t *self);

/** Names of the metrics that `metrics` asks for, or of those that are shown unasked, one after the
 * other in *names (free with nb_free), and their number. NB_ERR_NOT_FOUND where there is none. */
int nb_compare_names(char **names, size_t *n, const nb_results_t *results,
                     const char *metrics) NB_MUST_CHECK;

/** Aligned tables; `color` marks heads and verdicts by terminal codes. */
int nb_compare_text(const nb_compare_set_t *self, int color, FILE *out) NB_MUST_CHECK;

/** One line per cell and metric; empty fields where there is nothing. */
void nb_compare_csv(const nb_compare_set_t *self, FILE *out);

/** One object: the keys of the first metric at its top, the other metrics under "more". */
void nb_compare_json(const nb_compare_set_t *self, FILE *out);

#endif
