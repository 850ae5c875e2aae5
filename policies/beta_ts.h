/*
 * Thompson sampling of Beta posteriors, shared by ts_beta, discounted_ts and sw_ts: they differ in
 * which statistics they keep.
 */
#ifndef NB_POLICIES_BETA_TS_H
#define NB_POLICIES_BETA_TS_H

#include "policies/arms.h"
#include "policies/draw.h"

/** What the three keep first in their states and settings. */
typedef struct {
    double a, b; /* prior */
    int draw;    /* nb_draw_t */
} nb_beta_prior_t;

/** Rows of a settings table whose struct has an nb_beta_prior_t `prior`. */
#define NB_BETA_PRIOR(settings_type, field, name)                                                  \
    {                                                                                              \
        .key = name, .type = NB_SETTING_REAL,                                                      \
        .offset = offsetof(settings_type, prior) + offsetof(nb_beta_prior_t, field), .def = 1.0,   \
        .low = 1e-3, .high = 1e6, .choices = "", .unit = "", .mark = "",                           \
        .source = "Chapelle & Li 2011, algorithm 2",                                               \
        .help = "parameter of the Beta prior of every arm"                                         \
    }

/** A sampled mean for every row and arm, from the row's own streams. @param s [n x K] */
int nb_beta_ts_score(const nb_beta_prior_t *prior, const nb_arm_t *arms, const nb_batch_t *batch,
                     double *s) NB_MUST_CHECK;

/** P(an arm's sample is the highest), by nb_max_beta. @param p [n x K] */
int nb_beta_ts_probabilities(const nb_beta_prior_t *prior, const nb_arm_t *arms,
                             const nb_batch_t *batch, double *p) NB_MUST_CHECK;

/** choose() and value() of these. */
int nb_beta_ts_choose(const nb_beta_prior_t *prior, const nb_arm_t *arms, const nb_batch_t *batch,
                      nb_choice_t *out) NB_MUST_CHECK;
int nb_beta_ts_value(const nb_beta_prior_t *prior, const nb_arm_t *arms, const nb_batch_t *batch,
                     double *v) NB_MUST_CHECK;

/** Scratch of all of these. */
size_t nb_beta_ts_scratch(const nb_spec_t *spec);

#endif
