/*
 * Bayesian logistic regression of every action of every point, by Laplace's approximation:
 *
 *     P(y = 1 | x) = s(x'w),   s(z) = 1 / (1 + exp(-z)),   w ~ N(m, Q^-1), at first N(0, 1/lambda
 * I).
 *
 * A block of rows makes the posterior so far the prior of the next one: m becomes the mode of
 *
 *     f(w) = (w - m)'Q(w - m) / 2 + sum log(1 + exp(-(2y - 1) x'w)),
 *
 * found by Newton steps, halved until f falls, to a gradient of norm 1e-10 or as near as float64
 * comes; Q becomes the Hessian of f there, or its diagonal only. Rows wait in the state for the end
 * of the period, or until a point has NB_LOGISTIC_ROWS of them, whichever comes first; so they
 * need not be kept, and the posterior does not depend on the batches in which they come.
 *
 * A row's label is a signal that was seen, or a reward above a threshold. What successes are worth
 * is one number per point, the mean reward of its rows with y = 1.
 *
 * Source: Chapelle & Li (2011), "An empirical evaluation of Thompson sampling", algorithm 3 (there
 * with a diagonal Q); MacKay (1992), "The evidence framework applied to classification networks".
 * Known limits: blocks are approximated one after the other, so early rows keep the curvature of an
 * early mode; actions are compared by the probability of success, not by cost or by what a success
 * of each is worth.
 */
#ifndef NB_POLICIES_LOGISTIC_H
#define NB_POLICIES_LOGISTIC_H

#include "policies/policy.h"

enum { NB_LOGISTIC_ROWS = 1024 }; /* most rows of a point that wait */

enum { NB_LOGISTIC_REWARD, NB_LOGISTIC_OPENED, NB_LOGISTIC_VISITED, NB_LOGISTIC_BOUGHT };
enum { NB_LOGISTIC_FULL, NB_LOGISTIC_DIAGONAL };

typedef struct {
    double lambda; /* > 0 */
    double threshold;
    int signal;
    int covariance;
} nb_logistic_settings_t;

/** Rows of a settings table whose struct begins with nb_logistic_settings_t. */
#define NB_LOGISTIC_LAMBDA                                                                         \
    {                                                                                              \
        .key = "lambda", .type = NB_SETTING_REAL,                                                  \
        .offset = offsetof(nb_logistic_settings_t, lambda), .def = 1.0, .low = 1e-6, .high = 1e6,  \
        .choices = "", .unit = "", .mark = "", .source = "Chapelle & Li 2011, algorithm 3",        \
        .help = "prior precision of every weight"                                                  \
    }
#define NB_LOGISTIC_SIGNAL                                                                         \
    {                                                                                              \
        .key = "signal", .type = NB_SETTING_CHOICE,                                                \
        .offset = offsetof(nb_logistic_settings_t, signal), .def = NB_LOGISTIC_REWARD,             \
        .choices = "reward|opened|visited|bought", .unit = "", .mark = "A", .source = "",          \
        .help = "what counts as a success: a reward above `threshold`, or a signal that was seen"  \
    }
#define NB_LOGISTIC_THRESHOLD                                                                      \
    {                                                                                              \
        .key = "threshold", .type = NB_SETTING_REAL,                                               \
        .offset = offsetof(nb_logistic_settings_t, threshold), .def = 0.0, .low = -1e9,            \
        .high = 1e9, .choices = "", .unit = "reward", .mark = "A", .source = "",                   \
        .help = "rewards above it are successes, with `signal: reward`"                            \
    }

/** An action of a point. */
typedef struct {
    unsigned point, action;
} nb_logistic_arm_t;

/** 1 / (1 + exp(-z)). */
double nb_logistic(double z);

/** Bytes of the block. */
size_t nb_logistic_size(const nb_spec_t *spec);

/** Prior. @param self zeroed, nb_logistic_size bytes */
void nb_logistic_init(void *self, const nb_spec_t *spec, const nb_logistic_settings_t *settings);

/** Bytes of scratch of update and refresh. */
size_t nb_logistic_scratch(const nb_spec_t *spec);

/** Take rows in; NB_ERR_RANGE and NB_ERR_NUMERIC as nb_rows_check_finished, which is left to the
 * caller. */
int nb_logistic_update(void *self, const nb_transitions_t *finished) NB_MUST_CHECK;

/** End of a period: learn from what waits. */
int nb_logistic_refresh(void *self, nb_arena_t *scratch) NB_MUST_CHECK;

/** Mode m [d, at least 1] and lower triangle of Q [d x nb_round_up(d, NB_MOMENT_PAD)]. */
const double *nb_logistic_weights(const void *self, nb_logistic_arm_t arm);
const double *nb_logistic_precision(const void *self, nb_logistic_arm_t arm);

/** x'm and x'Q^-1 x. @param x [d, at least 1]   @param work [d] */
double nb_logistic_mean(const void *self, nb_logistic_arm_t arm, const double *x);
double nb_logistic_variance(const void *self, nb_logistic_arm_t arm, const double *x, double *work);

/** Mean reward of a success as of the last refresh: 1 before the first, 1e-12 at least. */
double nb_logistic_worth(const void *self, unsigned point);

#endif
