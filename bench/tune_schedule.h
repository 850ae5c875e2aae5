/*
 * How a budget of units is spent on choosing among candidates: successive halving.
 *
 * All candidates run a few replications; the best 1/eta of them go on to eta times as many, and so
 * on until one is left, so that every round costs about the same. Karnin, Koren and Somekh (2013),
 * ICML 28(3), 1238-1246; Jamieson and Talwalkar (2016), AISTATS 51, 240-248. Different from theirs,
 * replications of earlier rounds count in later ones.
 */
#ifndef NB_BENCH_TUNE_SCHEDULE_H
#define NB_BENCH_TUNE_SCHEDULE_H

#include <stddef.h>

enum { NB_TUNE_MAX_ROUNDS = 20 };

/** So many candidates run until they have so many replications, those of earlier rounds included.
 */
typedef struct {
    size_t n_candidates;
    int replications;
} nb_tune_round_t;

/**
 * Rounds for `n` candidates, 1 to 100,000, with eta 2 or more and a budget of `n` units or more:
 * the largest first round whose growth by eta can be paid to the end; where not even one
 * replication can, later rounds grow by less or are left out. The last round takes what is left, so
 * that fewer units than it has candidates stay unspent.
 * @return the number of rounds, 0 for one candidate
 */
int nb_tune_schedule(size_t n, int eta, int budget, nb_tune_round_t out[NB_TUNE_MAX_ROUNDS]);

/** Units of a schedule. */
size_t nb_tune_cost(const nb_tune_round_t *rounds, int n_rounds);

#endif
