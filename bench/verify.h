/*
 * Calibration targets: whether a scenario behaves as published magnitudes say, figure beside band.
 *
 * A target is a figure of a few internal experiments on the scenario (bench/verify_table.c). Its
 * band is the table's, unless the scenario file says otherwise under `verify:`:
 *
 *   verify:
 *     open_rate: [0.1, 0.4]        # another band
 *     crossing_coach: off          # does not apply here
 *     inert: [recognize.call]      # actions that are best almost nowhere, and are meant to be
 *     dominant: [repeat.nothing]   # best almost everywhere
 */
#ifndef NB_BENCH_VERIFY_H
#define NB_BENCH_VERIFY_H

#include <stdio.h>

#include "bench/runner.h"

enum { NB_VERIFY_CUSTOMERS = 4000, NB_VERIFY_REPLICATIONS = 8, NB_VERIFY_SEED = 501 };

typedef enum {
    NB_TARGET_HOLDS,
    NB_TARGET_MISSES,
    NB_TARGET_SKIPPED, /* not measured: `how` says why */
} nb_target_status_t;

typedef struct {
    const char *name;
    double value;     /* NaN where skipped */
    double se;        /* jackknife over replications; NaN where there is none */
    double low, high; /* the band, both ends belong to it; high is infinite where the figure must
                         only be above low */
    nb_target_status_t status;
    char how[320]; /* what the figure is, or why there is none */
} nb_target_t;

/** Share of the sampled states that allow an action in which it is the best of its point. */
typedef struct {
    char point[32], action[32];
    double states; /* that allow it */
    double share;
} nb_action_share_t;

typedef struct {
    char *scenario; /* as asked for */
    int customers, replications;
    size_t n;
    nb_target_t *targets;
    size_t n_missed;
    size_t n_shares;
    nb_action_share_t *shares; /* [n_shares] what target `actions` judged */
} nb_verify_t;

/** What to verify and how. Everything is borrowed. */
typedef struct nb_verify_spec {
    const char *scenario; /* name or path */
    size_t n_sets;
    const char *const *sets;     /* "path=value", over the scenario; not for the targets `plain` and
                                    `arrivals`, which have worlds of their own */
    int customers, replications; /* 0: the defaults above */
    size_t n_only;               /* 0: all */
    const char *const *only;     /* targets to verify */
    const char *folder; /* where results go, must be there; what is there is not run again */
    int n_threads;
    const volatile int *stop; /* may be NULL */
    /** As in nb_runner_spec_t; progress is that of all experiments together. */
    void (*report)(void *context, const nb_progress_t *progress);
    void (*complain)(void *context, const char *cell, int replication, const char *sentence);
    void *context;
    /** Shares of the actions of every point in the scenario of `plan`, into *out [*n] (freed with
     * nb_free), as by nb_lookahead_shares; NB_ERR_UNSUPPORTED or NULL: the target `actions` is
     * skipped. */
    int (*shares)(const struct nb_verify_spec *spec, const nb_plan_t *plan, nb_action_share_t **out,
                  size_t *n);
} nb_verify_spec_t;

/**
 * Run what is missing and judge every target.
 * @return NB_ERR_CONFIG and the like for a wrong scenario or setting, with its place;
 * NB_ERR_NOT_FOUND for a target that is none, with the nearest; NB_ERR_EXISTS where the folder
 * holds results of other sizes; NB_ERR_NUMERIC where a unit failed; NB_ERR_INTERRUPTED
 */
int nb_verify_init(nb_verify_t *self, const nb_verify_spec_t *spec) NB_MUST_CHECK;

/** Accepts a zeroed object; may be called twice. */
void nb_verify_free(nb_verify_t *self);

/** "holds", "misses", "skipped". */
const char *nb_target_status_name(nb_target_status_t status);

/** Aligned table. */
int nb_verify_text(const nb_verify_t *self, int color, FILE *out) NB_MUST_CHECK;

/** One object {ok, scenario, customers, replications, targets: [{name, value, se, low, high, ok,
 * status, how}]}; numbers that are not finite are null, so is an open end of a band. */
void nb_verify_json(const nb_verify_t *self, FILE *out);

#endif
