/*
 * Policies that say with which probability they play every action of a row, and draw: inverse gap
 * weighting, mixtures of policies, uniform play among what is left.
 *
 * The action drawn is lifted just above the highest prediction of its row, so that the table of
 * predictions ranks as the policy chooses; along a slate the first position is drawn, the others
 * follow by prediction. Word 1 of block 0 draws (word 0 breaks ties). Propensities are exact: of
 * the first position the probability, of the others those of the tie break.
 */
#ifndef NB_POLICIES_MIXED_H
#define NB_POLICIES_MIXED_H

#include "policies/policy.h"

/**
 * What a policy plays of a batch.
 * @param p [n x K] probabilities, 0 where not allowed
 * @param mean [n x K] predicted rewards without offsets; anything finite where not allowed
 */
typedef int (*nb_mixed_fill_t)(const void *state, const nb_batch_t *batch, double *p, double *mean);

/** probabilities() of the policy interface. @param p [n x K] */
int nb_mixed_probabilities(const void *state, const nb_batch_t *batch, nb_mixed_fill_t fill,
                           double *p) NB_MUST_CHECK;

/** score(): predictions and offsets, the action drawn on top. @param s [n x K] */
int nb_mixed_score(const void *state, const nb_batch_t *batch, nb_mixed_fill_t fill,
                   double *s) NB_MUST_CHECK;

/** choose(). */
int nb_mixed_choose(const void *state, const nb_batch_t *batch, nb_mixed_fill_t fill,
                    nb_choice_t *out) NB_MUST_CHECK;

/** value(): predictions weighted by probabilities. @param v [n] */
int nb_mixed_value(const void *state, const nb_batch_t *batch, nb_mixed_fill_t fill,
                   double *v) NB_MUST_CHECK;

/** Bytes of scratch of all of these, beside what `fill` takes. */
size_t nb_mixed_scratch(const nb_spec_t *spec);

/** Most actions of a point of the spec. */
size_t nb_mixed_most_actions(const nb_spec_t *spec);

#endif
