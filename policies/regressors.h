/*
 * Ridge regressions of every action of every point in float64, as oracles of contextual bandits
 * that need more than the sign of a prediction: widths of version spaces, gaps, costs.
 *
 * One gaussian (policies/gaussian.h) per action with A = lambda I + sum x x', b = sum x y over the
 * rows added; predictions are those of the last refresh. Unlike policies/ridge.h, whose answers are
 * float32, and float64 throughout: for test beds, where speed is not what counts. One flat block
 * without pointers. A point without features has one that is 1. Source: Hoerl & Kennard (1970).
 */
#ifndef NB_POLICIES_REGRESSORS_H
#define NB_POLICIES_REGRESSORS_H

#include "policies/gaussian.h"
#include "policies/policy.h"

/** Row of a settings table: a double field `lambda`. */
#define NB_REGRESSORS_LAMBDA(settings_type, the_source)                                            \
    {                                                                                              \
        .key = "lambda", .type = NB_SETTING_REAL, .offset = offsetof(settings_type, lambda),       \
        .def = 1.0, .low = 1e-6, .high = 1e6, .choices = "", .unit = "", .mark = "A",              \
        .source = the_source, .help = "ridge penalty of every action's regression"                 \
    }

/** Bytes for all points of the spec; a multiple of 64. */
size_t nb_regressors_size(const nb_spec_t *spec);

/** Nothing learned: predictions 0, variances x'x / lambda. NB_ERR_MEMORY, NB_ERR_NUMERIC.
 * @param self zeroed   @param lambda > 0 */
int nb_regressors_init(void *self, const nb_spec_t *spec, double lambda) NB_MUST_CHECK;

/** Features of a point's rows, at least 1. */
unsigned nb_regressors_width(const void *self, unsigned point);

/** The regression of an action, to add one row's moments to; counts as one row learned. */
double *nb_regressors_teach(void *self, unsigned point, unsigned action);

/** The regression of an action as of the last refresh. */
const double *nb_regressors_at(const void *self, unsigned point, unsigned action);

/** Add row i, x to its reward. @param row [nb_gaussian_row(width)] work */
void nb_regressors_add(void *self, const nb_transitions_t *finished, size_t i, double *row);

/** Check all rows (nb_rows_check_finished), then add them: an update(). */
int nb_regressors_update(void *self, const nb_transitions_t *finished) NB_MUST_CHECK;

/** Solve those that learned; predictions are of what was learned so far. An end_period() where this
 * is the whole state. NB_ERR_NUMERIC. */
int nb_regressors_refresh(void *self, nb_arena_t *scratch) NB_MUST_CHECK;

/** Rows of a point learned by the last refresh, of all actions. */
double nb_regressors_seen(const void *self, unsigned point);

/** x'm_k and x'A_k^-1 x of every row and action, 0 where not allowed. NB_ERR_NUMERIC naming the row
 * where a feature is not finite.
 * @param mean [n x K]   @param variance [n x K] or NULL */
int nb_regressors_predict(const void *self, const nb_batch_t *batch, double *mean,
                          double *variance) NB_MUST_CHECK;

/** Bytes of scratch of update, refresh or predict. */
size_t nb_regressors_scratch(const nb_spec_t *spec);

#endif
