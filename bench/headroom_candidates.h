/*
 * The fixed strategies that a ladder chooses among: a small set of plays at every named decision
 * point, crossed. Serves bench/headroom.c.
 */
#ifndef NB_BENCH_HEADROOM_CANDIDATES_H
#define NB_BENCH_HEADROOM_CANDIDATES_H

#include "bench/strategy.h"

enum { NB_HEADROOM_MAX_CANDIDATES = 5000, NB_HEADROOM_MAX_PLAYS = 80 };

/** What can be played at one point. */
typedef struct {
    unsigned point; /* of the environment */
    size_t n;
    char *yaml[NB_HEADROOM_MAX_PLAYS]; /* of the binding; "" leaves the point unbound */
    char *label[NB_HEADROOM_MAX_PLAYS];
} nb_headroom_plays_t;

/** A strategy with the tree that it was read from. */
typedef struct {
    nb_config_t config;
    nb_strategy_t strategy;
    char *label;
} nb_headroom_candidate_t;

/** Candidates of the points, the last point fastest; `oracle` plays clairvoyant_myopic at them. */
typedef struct {
    size_t n_points;
    nb_headroom_plays_t plays[NB_MAX_POINTS];
    size_t n;
    nb_headroom_candidate_t *items; /* [n] */
    nb_headroom_candidate_t oracle;
} nb_headroom_candidates_t;

/** NB_ERR_CONFIG names a point that is none, is named twice or chooses slates; NB_ERR_RANGE where
 * there are more than NB_HEADROOM_MAX_CANDIDATES. */
int nb_headroom_candidates_init(nb_headroom_candidates_t *self, const char *const *points,
                                size_t n_points, const nb_spec_t *spec) NB_MUST_CHECK;
void nb_headroom_candidates_free(nb_headroom_candidates_t *self);

#endif
