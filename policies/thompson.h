/*
 * Thompson sampling of scores that are independent normals over the actions, from tables of their
 * means and standard deviations.
 */
#ifndef NB_POLICIES_THOMPSON_H
#define NB_POLICIES_THOMPSON_H

#include "policies/policy.h"

/** Posterior of the scores of a batch; from the batch's scratch, both [n x K], of allowed actions
 * only. */
typedef struct {
    double *mean, *sd;
} nb_thompson_t;

/** Bytes of scratch of all below, and of one nb_thompson_t, for points of at most `n_actions`. */
size_t nb_thompson_scratch(size_t n_actions);

/** Room for a batch's posterior. */
nb_thompson_t nb_thompson_take(const nb_batch_t *batch);

/** One draw of every score, with the batch's offsets; action k takes word k % 4 of block `first` +
 * k / 4. @param s [n x K], -infinity where not allowed */
void nb_thompson_draw(const nb_batch_t *batch, unsigned first, const nb_thompson_t *self,
                      double *s);

/**
 * p[i][k] += weight x P(k has the highest draw of row i), offsets included, by integrals (error
 * below 1e-9).
 * @param weight [n], NULL where all are 1   @param p [n x K]
 */
void nb_thompson_add(const nb_batch_t *batch, const nb_thompson_t *self, const double *weight,
                     double *p);

/** Signature of nb_policy_type_t.score and .probabilities. */
typedef int (*nb_thompson_table_t)(const void *state, const nb_batch_t *batch, double *table);

/** A policy of this kind: what its choose() needs. */
typedef struct {
    const char *name;
    nb_thompson_table_t score, probabilities;
} nb_thompson_policy_t;

/** Play the highest draws; propensities from `probabilities`, of one action only
 * (NB_ERR_UNSUPPORTED for slates). */
int nb_thompson_choose(const nb_thompson_policy_t *policy, const void *state,
                       const nb_batch_t *batch, nb_choice_t *out) NB_MUST_CHECK;

#endif
