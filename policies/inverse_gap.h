/*
 * Inverse gap weighting: how likely an action is falls with how far its predicted reward lies
 * behind the best one.
 *
 * Source: Abe & Long (1999); Foster & Rakhlin (2020), "Beyond UCB: optimal and efficient contextual
 * bandits with regression oracles", algorithm 1: p_k = 1 / (m + gamma (v_best - v_k)) of the m free
 * actions but the best, which gets the rest. Where several are the best they share it evenly.
 */
#ifndef NB_POLICIES_INVERSE_GAP_H
#define NB_POLICIES_INVERSE_GAP_H

#include <stddef.h>

/** Probabilities of the actions whose value is not -infinity; at least one.
 * @param v [n] values   @param gamma >= 0   @param p [n], not v; sums to 1 */
void nb_inverse_gap(const double *v, size_t n, double gamma, double *p);

#endif
