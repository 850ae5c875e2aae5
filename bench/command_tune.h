/*
 * What `nextbest run` does and says about the tuning of an experiment.
 */
#ifndef NB_BENCH_COMMAND_TUNE_H
#define NB_BENCH_COMMAND_TUNE_H

#include "bench/command_progress.h"
#include "bench/tune.h"

/** Tune and settle the plan where it says so, the rounds on the line of `spec->context` (an
 * nb_progress_line_t), the candidates as a table on stderr unless `quiet`. Takes `fresh` from
 * `spec` where it was obeyed. */
int nb_command_tune(nb_plan_t *plan, nb_runner_spec_t *spec, int quiet) NB_MUST_CHECK;

/** Say what the tuning would run, or what it chose where all of it is kept; *is_open is 1 where the
 * settings are not known yet, and with them the units of the tuned cells. */
int nb_command_tune_dry_run(nb_plan_t *plan, const char *path, int *is_open) NB_MUST_CHECK;

#endif
