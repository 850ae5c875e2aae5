/*
 * What information-directed sampling needs to know of Beta posteriors: which arm is best, and how
 * much a reward of every arm tells of that. By sums over cells of [0, 1].
 *
 * Source: Russo & Van Roy (2014), "Learning to optimize via information-directed sampling",
 * algorithms 1 and 2. Every posterior is replaced by masses at the middles of G cells, in
 * proportion to its density there; where two arms share a cell, each is the larger with one half.
 * The error of gains and regrets falls as 1 / G^2 while posteriors are wider than a cell (below
 * 1e-5 of their size at G = 1000 for up to some 1000 observations an arm; 1e-2 where a prior below
 * 1 has a pole at 0 or 1); a posterior narrower than that, beyond some G^2 / 4 observations, lies
 * in one cell.
 */
#ifndef NB_POLICIES_IDS_POSTERIOR_H
#define NB_POLICIES_IDS_POSTERIOR_H

#include "policies/arms.h"

/** Beta(a, b), both positive. */
typedef struct {
    double a, b;
} nb_ids_beta_t;

/** What is known of the K arms of a point; the arrays lie in one block of doubles. */
typedef struct {
    size_t n_arms, n_cells;
    nb_ids_beta_t *posterior; /* [K] that all below is of; zero before the first refresh */
    double *mean, *gain;      /* [K] m_j, g_j */
    double *mass;             /* [K x G] */
    double *cdf;              /* [K x G] sum of the masses up to the cell's, itself included */
} nb_ids_t;

/** Doubles of a block, and of work of nb_ids_refresh. */
size_t nb_ids_size(size_t n_arms, size_t n_cells);
size_t nb_ids_work(size_t n_arms);

/** A block, zeroed or in use. */
nb_ids_t nb_ids_at(double *block, size_t n_arms, size_t n_cells);

/** Bring a block up to date. Cost G for every arm that changed, and K^2 G where any did.
 * @param arms [K]   @param work [nb_ids_work] */
void nb_ids_refresh(nb_ids_t *self, nb_ids_beta_t prior, const nb_arm_t *arms, double *work);

/** E max of the arms in `mask`, by the same cells. Cost K G. */
double nb_ids_best(const nb_ids_t *self, const uint64_t *mask);

#endif
