/*
 * Comparison within groups of customers, by segment or by yearly cohort: what `nextbest compare
 * --by` shows. Every group is compared as the whole is; p values are adjusted within a group, and
 * no hypothesis is about groups, so that all of it is exploratory.
 */
#ifndef NB_BENCH_COMPARE_GROUPS_H
#define NB_BENCH_COMPARE_GROUPS_H

#include <stdio.h>

#include "bench/compare.h"

typedef struct {
    size_t group; /* its number, from 0 */
    nb_compare_t compare;
} nb_compare_group_t;

typedef struct {
    const nb_results_t *results;
    const char *axis;          /* "segment", "cohort" */
    char *names;               /* of the metrics, one after the other */
    size_t n;                  /* metrics x groups */
    nb_compare_group_t *items; /* [n] the groups of the first metric, then those of the next */
} nb_compare_groups_t;

/**
 * Compare by `metrics` as nb_compare_set_init takes them. `results` and `axis` must outlive self.
 * NB_ERR_NOT_FOUND where a metric is not split along the axis, and as there.
 */
int nb_compare_groups_init(nb_compare_groups_t *self, const nb_results_t *results, const char *axis,
                           const char *metrics, const nb_compare_spec_t *spec) NB_MUST_CHECK;

/** Accepts a zeroed object; may be called twice. */
void nb_compare_groups_free(nb_compare_groups_t *self);

/** A table per scenario and metric: the groups of every strategy. */
int nb_compare_groups_text(const nb_compare_groups_t *self, int color, FILE *out) NB_MUST_CHECK;

/** The columns of nb_compare_csv with the group behind the cell. */
void nb_compare_groups_csv(const nb_compare_groups_t *self, FILE *out);

/** {by, groups: [{segment|cohort, and the keys of one metric as in nb_compare_json}]}. */
void nb_compare_groups_json(const nb_compare_groups_t *self, FILE *out);

#endif
