/*
 * Who is among the top share of the scores seen lately: a running quantile in fixed memory.
 *
 * DDSketch (Masson, Rim & Lee 2019, VLDB 12): counts in bins whose bounds grow by the factor
 * (1 + a) / (1 - a), so that any quantile is known to the relative error a = 1 %, whatever the
 * distribution. Bins instead of single scores: counts are whole numbers, so that the order in which
 * scores come, and how they are cut into batches, changes no bit.
 *
 * Beyond the source: counts of periods before fade by a factor a period, and scores that share the
 * bin of the threshold are told apart by a draw, so that the share is met also where many scores
 * are equal. Scores below 1e-4 in size count as 0, those beyond 1e8 as 1e8. Serves btyd_priority
 * and propensity_topn.
 */
#ifndef NB_POLICIES_SKETCH_H
#define NB_POLICIES_SKETCH_H

#include "core/settings.h"
#include "core/types.h"

enum {
    NB_SKETCH_HALF = 1382, /* bins of one sign: 1e-4 to 1e8 */
    NB_SKETCH_BINS = 2 * NB_SKETCH_HALF + 1,
};

/** A threshold, and from which period on it counts. */
typedef struct {
    double within; /* share of its bin that is taken */
    int32_t bin;   /* -1 before anything was seen */
    int32_t from;
} nb_threshold_t;

/** Scores seen, and the thresholds that follow from them. */
typedef struct {
    double share;                 /* wanted, 0 to 1 */
    double keep;                  /* what a count is worth a period later, 0 to 1 */
    nb_threshold_t before, last;  /* `before` counts until `last` does */
    int32_t period;               /* of the scores in `now` */
    uint32_t n_now;               /* how many they are */
    double kept[NB_SKETCH_BINS];  /* faded counts of the periods before */
    uint32_t now[NB_SKETCH_BINS]; /* counts of this period */
    uint32_t unused;
} nb_sketch_t;

/** Row of a policy's table of settings for `memory`, a double field of that name. */
#define NB_SKETCH_MEMORY(settings_type)                                                            \
    {                                                                                              \
        .key = "memory", .type = NB_SETTING_REAL, .offset = offsetof(settings_type, memory),       \
        .def = 4, .low = 0, .high = 5200, .choices = "", .unit = "weeks", .mark = "A",             \
        .source = "",                                                                              \
        .help = "scores of so many weeks ago count 1/e in finding the threshold; 0: those of the " \
                "last period only"                                                                 \
    }

/** `keep` of a period for a memory in weeks. */
double nb_sketch_keep(const nb_spec_t *spec, double memory);

/** Empty. @param self zeroed   @param share of scores that is taken, from the highest on
 * @param keep factor of a count from one period to the next */
void nb_sketch_init(nb_sketch_t *self, double share, double keep);

/**
 * A score that was seen in a period; finite. The first one of a new period closes the period before
 * where nobody has, as in the tail of a run, where nothing is learned but shares must still be met:
 * its threshold then counts from the next period on, so that all rows of this one meet the same.
 */
void nb_sketch_add(nb_sketch_t *self, int32_t period, double score);

/** Close the period: the threshold follows what was seen, from the next period on; where nothing
 * was, it stays. */
void nb_sketch_end_period(nb_sketch_t *self);

/** Probability with which a score is taken in a period: 1 above the threshold's bin, 0 below, a
 * part within; the wanted share of everybody before the first threshold. */
double nb_sketch_take(const nb_sketch_t *self, int32_t period, double score);

/** The latest threshold as a score: the middle of its bin, within 1 % of the exact quantile of
 * sizes from 1e-4 to 1e8; 0 before anything was seen. */
double nb_sketch_threshold(const nb_sketch_t *self);

#endif
