/*
 * What policies that fill slates themselves share: rows of a slate taken apart by position, and the
 * best slate of a ratio of sums.
 */
#ifndef NB_POLICIES_SLATE_H
#define NB_POLICIES_SLATE_H

#include "policies/policy.h"

/**
 * The rows whose position j is filled, as transitions of single actions: the reward goes to the
 * item that was chosen, the others get 0 (credit by item). Arrays come from the scratch of
 * `finished`. Where `finished` has single actions already, position 0 is all of it.
 */
void nb_slate_position(const nb_transitions_t *finished, unsigned j, nb_transitions_t *out);

/** Reward, or an error naming the transition that is not finite or has an action out of range. */
int nb_slate_check(const nb_transitions_t *finished) NB_MUST_CHECK;

/**
 * Slates that maximize (w0 q0 + sum w_i q_i) / (w0 + sum w_i) over all sets of as many allowed
 * items as there are positions: w weights of choosing an item, q what it is then worth. Best item
 * first by w_i (q_i - z), z the optimum; ties by `tie`.
 * @param w, q [K]   @param w0 > 0   @param tie a uniform   @param action [slate]
 * @param s [K] scratch, afterwards w_i (q_i - z)
 * @source Dinkelbach (1967): z <- value of the slate that is best at z, until it stays; exact,
 * since at fixed z the items are independent
 */
int nb_slate_best_ratio(const nb_batch_t *batch, size_t i, const double *w, const double *q,
                        double w0, double q0, double tie, double *s, int32_t *action) NB_MUST_CHECK;

#endif
