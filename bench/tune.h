/*
 * Tuning: successive halving of each strategy's settings on seeds of their own, with the same
 * budget for every strategy, before an experiment runs (bench/tune_schedule.h has the rounds).
 *
 * Candidates are compared by their means over the same replications. Their units lie in the store
 * of the experiment under keys of their own, so that a tuning that was stopped goes on, and one
 * that was done is found; results.h5 has none of them. The outcome depends on the experiment only.
 */
#ifndef NB_BENCH_TUNE_H
#define NB_BENCH_TUNE_H

#include "bench/runner.h"

/** A round that is about to begin, over all strategies and worlds. */
typedef struct {
    int i_round, n_rounds; /* from 0; rounds of the strategy that has most */
    size_t n_units;        /* of this round, those included that are kept already */
} nb_tune_step_t;

/**
 * Tune a plan that is not settled, and settle it (nb_plan_settle). A candidate with a failed unit,
 * or whose metric is not a number, is left out and `spec->complain` is told.
 * @param spec  as of the run that follows. With `fresh` the store is put aside here; the run must
 * not do so again
 * @param hear  told of every round with the context of `spec`; may be NULL
 * @return NB_ERR_NUMERIC where every candidate of a strategy failed; NB_ERR_EXISTS where the
 * results file is of another tuning; else as nb_runner_run
 */
int nb_tune_run(nb_plan_t *plan, const nb_runner_spec_t *spec,
                void (*hear)(void *context, const nb_tune_step_t *step)) NB_MUST_CHECK;

/** Settle a plan from what the store holds, without running or writing anything. Where units are
 * missing the plan stays as it is; *n_missing counts those of the first round that lacks any. */
int nb_tune_survey(nb_plan_t *plan, const char *results_path, size_t *n_missing) NB_MUST_CHECK;

#endif
