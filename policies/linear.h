/*
 * What the learners on ridge posteriors share: settings, state, choosing by scores, expected value.
 * greedy_ridge, eps_greedy, lin_ucb and lin_ts differ in how they turn predictions into scores.
 */
#ifndef NB_POLICIES_LINEAR_H
#define NB_POLICIES_LINEAR_H

#include "policies/policy.h"
#include "policies/ridge.h"

/** Settings of all of them. */
typedef struct {
    double lambda;      /* ridge penalty, prior precision */
    double exploration; /* epsilon, alpha or v; not used by greedy_ridge */
} nb_linear_settings_t;

/** Row of the settings table. */
#define NB_LINEAR_LAMBDA                                                                           \
    {                                                                                              \
        .key = "lambda", .type = NB_SETTING_REAL,                                                  \
        .offset = offsetof(nb_linear_settings_t, lambda), .def = 1.0, .low = 1e-6, .high = 1e6,    \
        .choices = "", .unit = "", .mark = "", .source = "Li et al. 2010, algorithm 1",            \
        .help = "ridge penalty of every action's regression (prior precision of its weights)"      \
    }

/** Functions of the policy interface. */
size_t nb_linear_state_size(const nb_spec_t *spec, const void *settings);
int nb_linear_init(void *state, const nb_spec_t *spec, const void *settings);
size_t nb_linear_scratch_size(const nb_spec_t *spec, const void *settings);

/** Actions of the point that has most. */
size_t nb_linear_most_actions(const nb_spec_t *spec);

/** Signature of nb_policy_type_t.score and .probabilities: fills a table [n x K]. */
typedef int (*nb_linear_table_t)(const void *state, const nb_batch_t *batch, double *table);

/** Predicted means as scores. @param s [n x K], -infinity where not allowed */
int nb_linear_mean_scores(const void *state, const nb_batch_t *batch, double *s) NB_MUST_CHECK;

/** Write scores that stand in `prediction->mean` as a table. @param s [n x K], -infinity where not
 * allowed */
void nb_linear_write_scores(const nb_batch_t *batch, const nb_prediction_t *prediction, double *s);

/** Play the highest scores, ties broken evenly; propensities are those of the tie break. */
int nb_linear_choose(const void *state, const nb_batch_t *batch, nb_linear_table_t score,
                     nb_choice_t *out) NB_MUST_CHECK;

/**
 * Share of a greedy choice by `mean` [K] that falls on position j of a row's slate after the
 * positions before it: 0, or 1 over the number of equals.
 * @param action [slate], the j-th not -1
 */
double nb_linear_greedy_share(const nb_batch_t *batch, size_t i, const double *mean,
                              const int32_t *action, unsigned j);

/** Mean reward that the policy expects: predicted means weighted by its probabilities.
 * @param v [n] */
int nb_linear_value(const void *state, const nb_batch_t *batch, nb_linear_table_t probabilities,
                    double *v) NB_MUST_CHECK;

#endif
