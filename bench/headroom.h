/*
 * Headroom: what there is to win in a scenario by knowing more, before an experiment is run on it.
 *
 * A ladder of values per initial customer, each rung choosing among the same fixed strategies with
 * more knowledge: one for all, one per observed segment, one per customer (her traits: the same
 * population in every replication, other luck), and the myopic optimum under her hidden state.
 * Choices are made on one half of the replications and valued on the other, and the other way
 * round, so that no rung is paid for luck. A customer's value under a strategy is that of a run in
 * which everybody gets it: what customers do to each other is left out.
 */
#ifndef NB_BENCH_HEADROOM_H
#define NB_BENCH_HEADROOM_H

#include <stdio.h>

#include "bench/runner.h"

typedef enum {
    NB_RUNG_FIXED,
    NB_RUNG_SEGMENT,
    NB_RUNG_TRAITS,
    NB_RUNG_STATE,
    NB_N_RUNGS
} nb_rung_t;

/** "fixed", "segment", "traits", "state". */
const char *nb_rung_name(nb_rung_t rung);

/** Values of customers under every candidate; owns its arrays. */
typedef struct {
    size_t n_candidates, n_replications, n_customers;
    float *values;     /* [n_candidates x n_replications x n_customers] */
    float *state;      /* [n_replications x n_customers] under the myopic optimum; NULL: no rung */
    uint8_t *segments; /* [n_replications x n_customers]; NULL: no rung */
} nb_headroom_values_t;

void nb_headroom_values_free(nb_headroom_values_t *self);

/** One rung of the ladder. */
typedef struct {
    int is_there;
    double value, se; /* mean over replications of the mean over customers */
    double step;      /* over the rung below that is there; NaN on the first */
    double step_se;   /* paired by replication */
    int answers;      /* 1 where the step is above 5 standard errors and 1 % of the rung below */
    char note[256];   /* what was chosen, or why the rung is missing */
} nb_headroom_rung_t;

typedef struct {
    size_t n_candidates, n_replications, n_customers;
    char **labels; /* [n_candidates] "recognize: email every 2, display: shortlist3" */
    nb_headroom_rung_t rungs[NB_N_RUNGS];
} nb_headroom_t;

/** What to climb. Everything is borrowed. */
typedef struct {
    const nb_environment_type_t *environment;
    const void *world;
    const char *const *points; /* [n_points] names of decision points, one action chosen at each */
    size_t n_points;
    uint32_t seed;
    int n_customers, periods, replications; /* replications: 2 at least */
    int n_threads;
    const volatile int *stop; /* may be NULL */
    /** Told after every run, by one thread at a time; may be NULL. */
    void (*report)(void *context, const nb_progress_t *progress);
    void *context;
} nb_headroom_spec_t;

/**
 * Run every candidate in every replication, and climb.
 * @return NB_ERR_CONFIG for a point that is none (with the nearest) or chooses slates, for one
 * named twice, for fewer than two replications; NB_ERR_UNSUPPORTED where the environment does not
 * tell values by customer; NB_ERR_RANGE where the values would need more than 4 GB;
 * NB_ERR_INTERRUPTED
 */
int nb_headroom_init(nb_headroom_t *self, const nb_headroom_spec_t *spec) NB_MUST_CHECK;

/** Accepts a zeroed object; may be called twice. */
void nb_headroom_free(nb_headroom_t *self);

/** The rungs of self (labels are there) from the values of its candidates. */
int nb_headroom_climb(nb_headroom_t *self, const nb_headroom_values_t *values) NB_MUST_CHECK;

/** Aligned table under a line that names `scenario`. */
int nb_headroom_text(const nb_headroom_t *self, const char *scenario, int color,
                     FILE *out) NB_MUST_CHECK;

/** One object {scenario, customers, replications, candidates, rungs: [{name, value, se, step,
 * step_se, answers, note}]}; null where there is nothing. */
void nb_headroom_json(const nb_headroom_t *self, const char *scenario, FILE *out);

#endif
