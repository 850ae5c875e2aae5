/*
 * `log:` of an experiment: what its units leave behind beside their results.
 *
 *   log: none | purchases | decisions | decisions+truth
 *   log: {decisions: SHARE, truth: true, weeks: N, purchases: true, replications: [0, 1]}
 */
#ifndef NB_BENCH_PLAN_LOG_H
#define NB_BENCH_PLAN_LOG_H

#include <stdio.h>

#include "core/config.h"

/** What is logged; all zero is nothing. */
typedef struct {
    int purchases;
    double decisions; /* share of the customers whose decisions are logged, 0 = none */
    int truth;        /* with the outcome of every allowed action */
    double weeks;     /* that the outcome is followed, 0 = to the horizon */
    int n_replications;
    int *replications; /* [n_replications] that are logged; NULL = all */
} nb_log_t;

/**
 * Read a `log:` of an experiment with so many replications; a NULL node is `none`. NB_ERR_CONFIG
 * and NB_ERR_RANGE say what was expected.
 */
int nb_log_read(nb_log_t *self, const nb_node_t *node, int n_replications) NB_MUST_CHECK;

/** 1 where anything at all is logged. */
int nb_log_is_any(const nb_log_t *self);

/** 1 where units of this replication are logged. */
int nb_log_has(const nb_log_t *self, int replication);

/** As YAML on one line, which nb_log_read reads back. */
void nb_log_yaml(const nb_log_t *self, FILE *out);

/** Canonical JSON of what a logged unit leaves behind, for its key; of `none` for NULL. */
void nb_log_canonical(const nb_log_t *self, FILE *out);

/** Accepts a zeroed object; may be called twice. */
void nb_log_free(nb_log_t *self);

#endif
