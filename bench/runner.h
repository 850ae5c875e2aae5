/*
 * The runner: every unit of a plan that the store lacks, over threads, and the merged results.
 *
 * A unit is committed as soon as it is done, so that a run can be stopped or killed at any moment
 * and started again. Results depend on the plan only, never on threads or interruptions.
 */
#ifndef NB_BENCH_RUNNER_H
#define NB_BENCH_RUNNER_H

#include "bench/plan.h"

/** Where a run stands. */
typedef struct {
    size_t n_units;          /* of the plan */
    size_t n_done;           /* kept in the store */
    size_t n_failed;         /* failed, now or before */
    size_t n_ran;            /* done in this run */
    size_t n_differ;         /* run again elsewhere with other bits; the first result was kept */
    double seconds;          /* since the run began */
    double customer_periods; /* work of this run */
} nb_progress_t;

/** How to run a plan. The functions may be NULL and are called by one thread at a time. */
typedef struct {
    const char *results_path;
    int n_threads;            /* 1 at least */
    int fresh;                /* put the store aside and run everything */
    int retry_failed;         /* run those units again that failed before */
    const volatile int *stop; /* non-zero ends the run soon; may be NULL */
    /** Told after every unit. */
    void (*report)(void *context, const nb_progress_t *progress);
    /** Told of every unit that fails, with its sentence. */
    void (*complain)(void *context, const char *cell, int replication, const char *sentence);
    void *context;
} nb_runner_spec_t;

/**
 * Run what is missing, then merge into results_path. Units that fail are noted and counted, and the
 * run goes on.
 * @return NB_ERR_UNSUPPORTED where the plan is to be tuned first (bench/tune.h); NB_ERR_EXISTS
 * where the file or its store holds another experiment; NB_ERR_INTERRUPTED where `stop` was set:
 * what is done is kept; NB_ERR_IO
 */
int nb_runner_run(const nb_plan_t *plan, const nb_runner_spec_t *spec,
                  nb_progress_t *out) NB_MUST_CHECK;

/**
 * Run those of `n` units (cell x replications + replication) that are missing, and nothing else:
 * the plan is neither bound to the store nor merged. With n = 0 the store is only opened, or put
 * aside.
 * @param units [n], not NULL
 */
int nb_runner_run_units(const nb_plan_t *plan, const size_t *units, size_t n,
                        const nb_runner_spec_t *spec, nb_progress_t *out) NB_MUST_CHECK;

/** Where a run would begin, without running or writing anything; `status` [n_cells x replications]
 * (may be NULL) is 0 missing, 1 done, 2 failed. */
int nb_runner_survey(const nb_plan_t *plan, const char *results_path, nb_progress_t *out,
                     unsigned char *status) NB_MUST_CHECK;

#endif
