/*
 * Disjoint ridge posteriors: for every action of every point A = lambda I + X'X and b = X'y over
 * the decisions where it was played; mean m = A^-1 b, and x'A^-1 x for widths. One flat block
 * without pointers, shared by greedy_ridge, eps_greedy, lin_ucb and lin_ts.
 *
 * Source: Li, Chu, Langford & Schapire (2010), algorithm 1; Hoerl & Kennard (1970). Moments are
 * float64 and accumulate row after row; means and the factor R = L^-1 of A = L L', which scoring
 * reads, are float32 and refreshed once a period, for the actions that learned something. A point
 * without features has one that is 1.
 */
#ifndef NB_POLICIES_RIDGE_H
#define NB_POLICIES_RIDGE_H

#include "core/types.h"
#include "policies/draw.h"

enum { NB_RIDGE_OWN = 6 }; /* numbers that a policy keeps in the block */

/** Bytes of the posteriors of all points of the spec; a multiple of 64. */
size_t nb_ridge_size(const nb_spec_t *spec);

/** The same of posteriors that are there: what a policy keeps behind them begins here. */
size_t nb_ridge_bytes(const void *ridge);

/** Prior: A = lambda I, b = 0.
 * @param ridge zeroed, nb_ridge_size bytes   @param lambda > 0   @param exploration kept for the
 * policy, see nb_ridge_exploration */
void nb_ridge_init(void *ridge, const nb_spec_t *spec, double lambda, double exploration);

/** The policy's own numbers [NB_RIDGE_OWN]: the first is `exploration`, the others are 0 after
 * nb_ridge_init. */
double *nb_ridge_own(void *ridge);
double nb_ridge_own_at(const void *ridge, unsigned i);

/** The first of them: epsilon, alpha or v. */
double nb_ridge_exploration(const void *ridge);

/**
 * Add finished transitions to the moments of the actions played, A += w x x' and b += reward x with
 * w the row's weight or 1; scoring sees them after nb_ridge_refresh. NB_ERR_NUMERIC where a reward
 * or a feature is not finite, NB_ERR_RANGE where an action is not one of the point.
 */
int nb_ridge_update(void *ridge, const nb_transitions_t *finished) NB_MUST_CHECK;

/** Factor the moments that changed anew. O(d^3) per action. NB_ERR_NUMERIC. */
int nb_ridge_refresh(void *ridge, nb_arena_t *scratch) NB_MUST_CHECK;

/** Predictions of a batch, structure of arrays; from the batch's scratch. */
typedef struct {
    size_t stride;   /* floats from one action to the next */
    float *mean;     /* [K x stride] x'm_k */
    float *variance; /* [K x stride] x'A_k^-1 x, NULL unless asked for */
} nb_prediction_t;

/** Predict every row under every action. NB_ERR_NUMERIC where a feature is not finite. */
int nb_ridge_predict(const void *ridge, const nb_batch_t *batch, int with_variance,
                     nb_prediction_t *out) NB_MUST_CHECK;

/**
 * Predict every row under every action by weights sampled from N(m_k, v^2 A_k^-1), as m_k + v R_k'z
 * with a normal vector z [d] per action that is held as `draw` says: scores of rows that share a
 * hold are linear in x. The variance is not written. NB_ERR_NUMERIC as above.
 */
int nb_ridge_sample(const void *ridge, const nb_batch_t *batch, double v, nb_draw_t draw,
                    nb_prediction_t *out) NB_MUST_CHECK;

/** Bytes of scratch that nb_ridge_sample takes at most. */
size_t nb_ridge_sample_scratch(const nb_spec_t *spec);

/** Posterior mean m_k of an action as of the last refresh, [d] float64. */
const double *nb_ridge_mean(const void *ridge, unsigned point, unsigned action);

/** Bytes of scratch that update, refresh and predict take at most, for NB_BLOCK_ROWS rows. */
size_t nb_ridge_scratch(const nb_spec_t *spec);

#endif
