/*
 * Hypotheses written down before the run: which strategy should beat which, by which metric, and
 * what the replications say of it.
 *
 * hypothesis: [{id: H1, contrast: biweekly - weekly, metric: equity, sign: +, delta: 0.01}]
 * Optional keys: delta (share of the mean of the contrast's second part that is too small to
 * matter), scenario (else every one), family (p values are adjusted by Holm within it).
 */
#ifndef NB_BENCH_HYPOTHESIS_H
#define NB_BENCH_HYPOTHESIS_H

#include "bench/compare.h"
#include "core/config.h"

typedef struct {
    const char *id;
    const char *contrast; /* "FIRST - SECOND" as written */
    char *first, *second; /* strategies or cell labels */
    const char *metric;
    int sign; /* +1, -1: what is claimed of first - second */
    double delta;
    const char *scenario; /* NULL for every one */
    const char *family;   /* "" unless given */
} nb_hypothesis_t;

/** A list; texts live in `config`. */
typedef struct {
    nb_config_t config;
    size_t n;
    nb_hypothesis_t *items;
} nb_hypotheses_t;

/**
 * Read the hypothesis block of an experiment.
 * @param json  a JSON list as in nb_plan_t.hypothesis; NULL or "" is an empty one
 * NB_ERR_CONFIG names what is wrong.
 */
int nb_hypotheses_init(nb_hypotheses_t *self, const char *json) NB_MUST_CHECK;
void nb_hypotheses_free(nb_hypotheses_t *self);

/** Verdict of a hypothesis: "supported", "contradicted", "equivalent", "undecided", "no interval".
 */
const char *nb_hypothesis_verdict_name(nb_verdict_t verdict, int sign);

/** One hypothesis in one world. */
typedef struct {
    const nb_hypothesis_t *hypothesis;
    size_t i_first, i_second; /* cells */
    nb_interval_t difference; /* first - second, paired by replication */
    double p_adjusted;
    nb_verdict_t verdict; /* of the difference; NB_VERDICT_BETTER means larger */
} nb_finding_t;

/**
 * Judge every hypothesis in every world that has both sides of its contrast, into *out [*n] (free
 * with nb_free). One that no world can answer: NB_ERR_NOT_FOUND names it.
 */
int nb_hypotheses_judge(nb_finding_t **out, size_t *n, const nb_hypotheses_t *self,
                        const nb_results_t *results) NB_MUST_CHECK;

#endif
