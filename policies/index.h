/*
 * What policies share that play the arm with the highest index: UCB and its kin. An index is the
 * same for all rows of a batch, so it is computed once; rows differ by mask and tie only.
 *
 * An arm that was never played has the index NB_INDEX_UNPLAYED, so that each is played once first,
 * ties at random. All rows of a period see the same statistics and herd: `tie_width` shares a row
 * evenly among the arms whose index lies within so many widths of the best one's.
 */
#ifndef NB_POLICIES_INDEX_H
#define NB_POLICIES_INDEX_H

#include "policies/arms.h"

/** Index of an arm that was never played: above every other, and finite. */
#define NB_INDEX_UNPLAYED 1e300

/** Row of a settings table: a double field `tie_width`. */
#define NB_INDEX_TIE_WIDTH(settings_type)                                                          \
    {                                                                                              \
        .key = "tie_width", .type = NB_SETTING_REAL, .offset = offsetof(settings_type, tie_width), \
        .def = 0.0, .low = 0.0, .high = 100.0, .choices = "", .unit = "widths", .mark = "A",       \
        .source = "",                                                                              \
        .help = "arms within so many widths of the best index are played evenly, against herding " \
                "of a batch that shares its statistics"                                            \
    }

/**
 * Indices of the K arms of a point, and their widths (index less mean).
 * @param index, width [K]
 */
typedef void (*nb_index_fill_t)(const void *state, unsigned point, double *index, double *width);

/** Scores of a batch: -infinity where not allowed; indices within the tie are those of the best.
 * @param s [n x K] */
int nb_index_scores(const void *state, const nb_batch_t *batch, nb_index_fill_t fill,
                    double tie_width, double *s) NB_MUST_CHECK;

/** choose() and probabilities() of these scores. */
int nb_index_choose(const void *state, const nb_batch_t *batch,
                    int (*score)(const void *state, const nb_batch_t *batch, double *s),
                    nb_choice_t *out) NB_MUST_CHECK;
int nb_index_probabilities(const void *state, const nb_batch_t *batch,
                           int (*score)(const void *state, const nb_batch_t *batch, double *s),
                           double *p) NB_MUST_CHECK;

/** value(): means of the arms of `arms` weighted by `probabilities`; 0 for one never played. */
int nb_index_value(const void *state, const nb_batch_t *batch, const nb_arm_t *arms,
                   int (*probabilities)(const void *state, const nb_batch_t *batch, double *p),
                   double *v) NB_MUST_CHECK;

/**
 * score(), choose(), probabilities() and value() of a policy that always plays the highest index.
 * They stand on its `fill` (nb_index_fill_t), on `arms_of(state)`, its statistics (see arms.h),
 * and on the `tie_width` of its `state_t`.
 */
#define NB_INDEX_FUNCTIONS                                                                         \
    static int score(const void *state, const nb_batch_t *batch, double *s)                        \
    {                                                                                              \
        return nb_index_scores(state, batch, fill, ((const state_t *)state)->tie_width, s);        \
    }                                                                                              \
                                                                                                   \
    static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)                \
    {                                                                                              \
        return nb_index_choose(state, batch, score, out);                                          \
    }                                                                                              \
                                                                                                   \
    static int probabilities(const void *state, const nb_batch_t *batch, double *p)                \
    {                                                                                              \
        return nb_index_probabilities(state, batch, score, p);                                     \
    }                                                                                              \
                                                                                                   \
    static int value(const void *state, const nb_batch_t *batch, double *v)                        \
    {                                                                                              \
        return nb_index_value(state, batch, nb_arms_at(arms_of(state), batch->point),              \
                              probabilities, v);                                                   \
    }

/** Scratch of all of these. */
size_t nb_index_scratch_size(const nb_spec_t *spec, const void *settings);

/** Decisions of the whole run, periods times customers, or `given` where that is set.
 * NB_ERR_CONFIG where nobody tells it. */
int nb_index_horizon(const nb_spec_t *spec, double given, double *out) NB_MUST_CHECK;

#endif
