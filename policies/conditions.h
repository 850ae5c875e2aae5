/*
 * The conditions of a rule, as experiment files write them. All must hold:
 *
 *   {feature: NAME, above: X, below: Y}   in the units of the context, X < x < Y
 *   {raw: NAME, above: X, below: Y}       a feature in its own units, where the point tells them
 *   {latent: NAME, above: X, below: Y}    hidden state, for oracles only
 *   {tenure_weeks: [2, 15, 28]}           in the periods of her tenure in which these weeks fall
 *   {every: 2}                            once in so many weeks, staggered as policy schedule is
 *   {all: [CONDITION, ...]}               the same as the list itself
 *
 * Serves rules and oracle_rules.
 */
#ifndef NB_POLICIES_CONDITIONS_H
#define NB_POLICIES_CONDITIONS_H

#include "core/config.h"
#include "core/error.h"
#include "core/types.h"

/** Bytes of the compiled conditions: flat, without pointers, a multiple of 8. `node` (may be NULL)
 * need not be well formed. */
size_t nb_conditions_size(const nb_spec_t *spec, const nb_node_t *node);

/**
 * Compile one condition, or a list of one or more, into `memory` of nb_conditions_size bytes,
 * 8-byte aligned. A name must be known to at least one point of the spec.
 * @param with_latent 0 where `latent` is refused
 * @return NB_ERR_CONFIG or NB_ERR_RANGE with the node's mark: unknown name (with the nearest),
 * nothing between above and below, empty list, weeks out of range, raw units that no point tells
 */
int nb_conditions_init(void *memory, const nb_spec_t *spec, const nb_node_t *node,
                       int with_latent) NB_MUST_CHECK;

/** 1 where a condition asks for hidden state. */
int nb_conditions_ask_latent(const void *memory);

/** 1 where the point has everything the conditions ask for; else they never hold there. */
int nb_conditions_serve(const void *memory, unsigned point);

/** 1 where all hold for row i. @param latent [n_latent] of that row; NULL where none asks for it */
int nb_conditions_hold(const void *memory, const nb_batch_t *batch, size_t i, const double *latent);

#endif
