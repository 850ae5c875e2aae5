/*
 * A fitted model as a scenario of the customer journey, in periods of one day: births with a first
 * purchase, needs at the fitted rates, dropping out by the fitted coins, spend by Gamma-Gamma.
 */
#ifndef NB_BENCH_FIT_SCENARIO_H
#define NB_BENCH_FIT_SCENARIO_H

#include <stdio.h>

#include "bench/fit.h"
#include "bench/fit_pilot.h"

/** What to write beside the fit. */
typedef struct {
    const nb_fit_t *fit;
    const nb_purchase_log_t *log;
    double discount;       /* a year */
    nb_pilot_spec_t pilot; /* status_quo NULL: the journey is transparent, every need is bought;
                              else it is on, and calibrated to this strategy in pilot runs */
} nb_fit_scenario_t;

/**
 * Write the scenario as YAML, with its provenance in comments. It is checked against the journey's
 * settings first: NB_ERR_RANGE where the fitted numbers are none that a scenario takes,
 * NB_ERR_UNSUPPORTED for a fit that did not converge; and the errors of nb_pilot_calibrate.
 */
int nb_fit_scenario_write(const nb_fit_scenario_t *self, FILE *out) NB_MUST_CHECK;

#endif
