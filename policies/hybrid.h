/*
 * Hybrid linear models: an action's weights are its own plus what all actions share through their
 * features, mean reward = x'theta_k + z'beta with z = x (outer) a_k, a_k the action's features.
 *
 * Source: Li, Chu, Langford & Schapire (2010), algorithm 2, with the outer products of their
 * experiments. Because a_k does not change, all that algorithm 2 accumulates follows from the
 * disjoint moments G_k = sum x x' and b_k = sum r x, which policies/ridge.h keeps: with
 * A_k = lambda I + G_k, m_k = A_k^-1 b_k and V = A_k^-1,
 *
 *     A_0 = lambda I + sum_k lambda (I - lambda V) (x) a_k a_k',   b_0 = sum_k lambda m_k (x) a_k,
 *     beta = A_0^-1 b_0,   u_k = (I (x) a_k)' beta,   x'(m_k + lambda V u_k) is the mean,
 *     x'(V + lambda^2 V C_k V) x the square of the width, C_k = (I (x) a_k)' A_0^-1 (I (x) a_k),
 *
 * (x) the Kronecker product. So scoring costs what it costs disjoint models; a refresh is
 * O((d d_a)^3 + K d^2 d d_a), a point's d_a features of actions times its d.
 */
#ifndef NB_POLICIES_HYBRID_H
#define NB_POLICIES_HYBRID_H

#include "policies/ridge.h"

/** Bytes beside a block of ridge posteriors; a multiple of 64. */
size_t nb_hybrid_size(const nb_spec_t *spec);

/** @param hybrid zeroed, nb_hybrid_size bytes   @return NB_ERR_CONFIG naming a point whose actions
 * have no features */
int nb_hybrid_init(void *hybrid, const nb_spec_t *spec) NB_MUST_CHECK;

/**
 * Learn the features of a point's actions from a batch. Transitions do not carry them, so they have
 * to stay: NB_ERR_UNSUPPORTED where they changed or are not told, NB_ERR_NUMERIC where they are not
 * finite.
 */
int nb_hybrid_note(void *hybrid, const nb_batch_t *batch) NB_MUST_CHECK;

/** nb_ridge_refresh of the hybrid model. Points whose features were never noted stay as they are.
 */
int nb_hybrid_refresh(void *hybrid, void *ridge, nb_arena_t *scratch) NB_MUST_CHECK;

/** Widen the variances of a point that was not refreshed yet to those of the prior,
 * |x|^2 (1 + |a_k|^2) / lambda. NB_ERR_UNSUPPORTED where the batch does not tell a_k. */
int nb_hybrid_widen(const void *hybrid, const nb_batch_t *batch,
                    nb_prediction_t *prediction) NB_MUST_CHECK;

/** Bytes of scratch of a refresh. */
size_t nb_hybrid_scratch(const nb_spec_t *spec);

#endif
