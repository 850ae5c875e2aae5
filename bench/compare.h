/*
 * Comparison of strategies over replications: mean and standard error of each cell, and paired
 * differences to a baseline with t interval, Holm-adjusted p and a verdict.
 *
 * The replication is the unit of inference. Only replications that both sides finished are paired;
 * what failed or is missing is counted and shown, never dropped in silence.
 */
#ifndef NB_BENCH_COMPARE_H
#define NB_BENCH_COMPARE_H

#include "core/stats.h"
#include "core/store.h"

#define NB_COMPARE_LEVEL 0.95 /* of the intervals; 1 - level is the level of the tests */

typedef enum {
    NB_VERDICT_NONE,       /* fewer than two common replications: no interval */
    NB_VERDICT_BETTER,     /* larger than the baseline, Holm-adjusted p < 0.05 */
    NB_VERDICT_WORSE,      /* smaller, likewise */
    NB_VERDICT_EQUIVALENT, /* the whole interval lies within +-delta of the baseline's mean */
    NB_VERDICT_UNDECIDED,
} nb_verdict_t;

/** "better", "worse", "equivalent", "undecided", "no interval"; for a metric of which more is
 * neither good nor bad in itself, such as contacts, "higher" and "lower". */
const char *nb_verdict_name(nb_verdict_t verdict, const char *metric);

/** What is compared with what. */
typedef struct {
    const char *baseline; /* strategy, or label of a cell; NULL: as the experiment says, else its
                             first strategy */
    double delta;         /* equivalence margin as a share of the baseline's mean; negative: as the
                             experiment says, else 0.01 */
    const char *scenario; /* only this one; NULL for all */
} nb_compare_spec_t;

/** One cell. */
typedef struct {
    size_t i_cell;
    size_t n_failed;  /* units that failed */
    size_t n_missing; /* units that have not run */
    double mean, sd, se;
    size_t n;          /* replications with a finite value */
    int is_compared;   /* 0 for the baseline itself, and where its world has none */
    size_t i_baseline; /* cell it is compared with, else its own */
    nb_interval_t difference;
    double p_adjusted; /* within the scenario */
    nb_verdict_t verdict;
} nb_compare_row_t;

/** Comparison by one metric; borrows from the results. */
typedef struct {
    const nb_results_t *results;
    const char *metric;
    const char *baseline;
    double delta;
    size_t n_rows;
    nb_compare_row_t *rows; /* in the order of the plan */
} nb_compare_t;

/**
 * Compare the cells of `results` by a metric.
 * @param values [E x R] of nb_results_metric   NB_ERR_NOT_FOUND: no such baseline or scenario, with
 * the nearest.
 */
int nb_compare_init(nb_compare_t *self, const nb_results_t *results, const char *metric,
                    const double *values, const nb_compare_spec_t *spec) NB_MUST_CHECK;

/** Accepts a zeroed object; may be called twice. */
void nb_compare_free(nb_compare_t *self);

/**
 * Verdict on a difference.
 * @param margin    half-width of what counts as equal, 0 or more
 * An interval that lies within the margin is "equivalent" even where it leaves out 0: the margin
 * says what is too small to matter. Intervals are not adjusted for the number of comparisons, p is.
 */
nb_verdict_t nb_verdict_of(const nb_interval_t *difference, double p_adjusted, double margin);

/**
 * World of every cell into *out [E] (free with nb_free): cells of one world differ in their
 * strategy only. From the attribute "worlds" of the results (numbers separated by blanks), else one
 * world a scenario.
 */
int nb_compare_worlds(size_t **out, const nb_results_t *results) NB_MUST_CHECK;

#endif
