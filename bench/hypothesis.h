/*
 * Hypotheses written down before the run: which strategy should beat which, by which metric, and
 * what the replications say of it.
 *
 * hypothesis: [{id: H1, contrast: biweekly - weekly, metric: equity, sign: +, delta: 0.01}]
 * The contrast is a signed sum of strategies or cells (bench/contrast.h). Optional keys: value (a
 * number that the sum is compared with instead of 0; then one term is enough), delta (share of the
 * mean of what is first subtracted, else of the value, that is too small to matter), scenario (else
 * every one), family (p values are adjusted by Holm within it). Sign = claims equality within the
 * absolute number `within`, by the interval alone.
 */
#ifndef NB_BENCH_HYPOTHESIS_H
#define NB_BENCH_HYPOTHESIS_H

#include "bench/compare.h"
#include "bench/contrast.h"
#include "core/config.h"

typedef struct {
    const char *id;
    const char *contrast; /* as written */
    nb_contrast_t terms;  /* strategies or cell labels */
    const char *metric;
    int sign; /* +1, -1: what is claimed of the sum less `value`; 0: equal within `within` */
    double delta;
    double value;         /* 0 where none is given */
    double within;        /* of sign 0 */
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
 * Of sign 0, NB_VERDICT_EQUIVALENT supports, NB_VERDICT_BETTER and NB_VERDICT_WORSE contradict. */
const char *nb_hypothesis_verdict_name(nb_verdict_t verdict, int sign);

/** "> 0", "< 0.5", "= 0.5 +- 0.02": what a hypothesis claims of its contrast, into `out`. */
void nb_hypothesis_claim(const nb_hypothesis_t *self, char *out, size_t size);

/** One hypothesis in one world, or across worlds where every term names a cell. */
typedef struct {
    const nb_hypothesis_t *hypothesis;
    size_t cells[NB_CONTRAST_MAX_TERMS]; /* of the terms */
    int crosses;                         /* 1 where the cells are not all of one world */
    nb_interval_t difference; /* signed sum less value, over replications that all cells have */
    double p_adjusted;        /* NaN for sign 0 */
    nb_verdict_t verdict;     /* of the difference; NB_VERDICT_BETTER means larger */
} nb_finding_t;

/**
 * Judge every hypothesis in every world that has all terms of its contrast, into *out [*n] (free
 * with nb_free). Terms that are all cell labels may be of different worlds. One that no world can
 * answer: NB_ERR_NOT_FOUND names it.
 */
int nb_hypotheses_judge(nb_finding_t **out, size_t *n, const nb_hypotheses_t *self,
                        const nb_results_t *results) NB_MUST_CHECK;

#endif
