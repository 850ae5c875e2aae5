/*
 * A preference order over actions, as experiment files write it: the name of an action, or a list
 * of names. The first allowed one is played, else what the point plays unbound; a slate takes the
 * list in order and is filled up by the firm's own ranking. Serves fixed, schedule, rules and
 * contacts.
 */
#ifndef NB_POLICIES_PREFERENCE_H
#define NB_POLICIES_PREFERENCE_H

#include "core/config.h"
#include "core/error.h"
#include "core/types.h"

/** Bytes of the compiled order of all points of the spec: flat, without pointers, a multiple of 8.
 */
size_t nb_preference_size(const nb_spec_t *spec);

/**
 * Compile `node` (NULL: no preference at all) into `memory` of nb_preference_size bytes. A name
 * must be an action of at least one point of the spec; at the others it is left out.
 * @return NB_ERR_CONFIG with the node's mark: unknown (with the nearest), twice, not a name, empty
 */
int nb_preference_init(void *memory, const nb_spec_t *spec, const nb_node_t *node) NB_MUST_CHECK;

/** 1 where the order has an action of the point. */
int nb_preference_serves(const void *memory, unsigned point);

/** First action of the order that row i of the batch allows, -1 where it allows none. */
int32_t nb_preference_first(const void *memory, const nb_batch_t *batch, size_t i);

/** 1 where row i of the batch allows an action of the order. */
int nb_preference_is_possible(const void *memory, const nb_batch_t *batch, size_t i);

/** 1 where `action` is in the order of the point. */
int nb_preference_has(const void *memory, unsigned point, int32_t action);

/**
 * Fill the positions of row i: the order first (left out where `use_order` is 0), then the unbound
 * play: the highest prior_score where the batch has one, else the point's default action, then
 * index order.
 * @param action [slate], -1 where fewer actions are allowed than positions
 */
void nb_preference_play(const void *memory, const nb_batch_t *batch, size_t i, int use_order,
                        int32_t *action);

/** Row of probabilities of a deterministic play: 1 at `action`, 0 elsewhere. @param p [K] */
void nb_preference_probability(const nb_batch_t *batch, int32_t action, double *p);

#endif
