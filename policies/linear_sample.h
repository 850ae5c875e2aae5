/*
 * Thompson sampling on ridge posteriors: what lin_ts and its forgetful variants share. Their states
 * begin with the block of policies/ridge.h, whose own numbers are v and draw.
 */
#ifndef NB_POLICIES_LINEAR_SAMPLE_H
#define NB_POLICIES_LINEAR_SAMPLE_H

#include "policies/draw.h"
#include "policies/linear.h"

enum { NB_SAMPLE_OWN = 2 }; /* own numbers of the block that are taken: v and draw */

/** Settings of all of them. */
typedef struct {
    nb_linear_settings_t linear; /* exploration is v */
    int draw;                    /* nb_draw_t */
} nb_sample_settings_t;

/** Rows of the settings table behind NB_LINEAR_LAMBDA. */
#define NB_SAMPLE_V                                                                                \
    {                                                                                              \
        .key = "v", .type = NB_SETTING_REAL,                                                       \
        .offset = offsetof(nb_linear_settings_t, exploration), .def = 1.0, .low = 0.0,             \
        .high = 100.0, .choices = "", .unit = "sd of the reward", .mark = "",                      \
        .source = "Agrawal & Goyal 2013, algorithm 1",                                             \
        .help = "scale of the posterior's standard deviation; 1 is Bayesian where the reward "     \
                "scale is auto, 0 is greedy"                                                       \
    }
#define NB_SAMPLE_DRAW NB_DRAW_SETTING(nb_sample_settings_t, draw)

/** Functions of the policy interface. */
int nb_sample_init(void *state, const nb_spec_t *spec, const void *settings);
int nb_sample_score(const void *state, const nb_batch_t *batch, double *s);
int nb_sample_choose(const void *state, const nb_batch_t *batch, nb_choice_t *out);
int nb_sample_probabilities(const void *state, const nb_batch_t *batch, double *p);
int nb_sample_value(const void *state, const nb_batch_t *batch, double *v);
size_t nb_sample_scratch_size(const nb_spec_t *spec, const void *settings);

#endif
