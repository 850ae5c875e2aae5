/*
 * What policies that play another one share: where its state stands, and functions that only pass
 * on.
 *
 * State: a head, the wrapper's own bytes, its own records of customers, the state of the policy it
 * plays. Functions of the policy interface that change nothing are those below, to be named in the
 * wrapper's type; what the inner policy has not is NB_ERR_UNSUPPORTED with its name.
 */
#ifndef NB_POLICIES_WRAPPER_H
#define NB_POLICIES_WRAPPER_H

#include "policies/policy.h"

/** What a wrapper keeps beside the state of the policy it plays. */
typedef struct {
    size_t own;    /* bytes */
    size_t record; /* bytes per customer, zero for a new one; 0: the wrapper is not individual */
} nb_wrapper_size_t;

/** Bytes of the state; `inner` is what the wrapper's settings begin with. */
size_t nb_wrapper_state_size(const nb_spec_t *spec, const nb_inner_t *inner,
                             nb_wrapper_size_t size);

/** Lay a zeroed state out and init the inner policy; the own bytes and records stay zero. */
int nb_wrapper_init(void *state, const nb_spec_t *spec, const nb_inner_t *inner,
                    nb_wrapper_size_t size) NB_MUST_CHECK;

/** The parts of a state. */
const nb_policy_type_t *nb_wrapper_type(const void *state);
void *nb_wrapper_own(void *state);
const void *nb_wrapper_own_const(const void *state);
void *nb_wrapper_record(void *state, uint32_t customer);
const void *nb_wrapper_record_const(const void *state, uint32_t customer);
void *nb_wrapper_inner(void *state);
const void *nb_wrapper_inner_const(const void *state);

/** Functions of the policy interface that pass on. */
int nb_wrapper_choose(const void *state, const nb_batch_t *batch, nb_choice_t *out);
int nb_wrapper_update(void *state, const nb_transitions_t *finished);
int nb_wrapper_played(void *state, const nb_batch_t *batch, const nb_choice_t *choice);
int nb_wrapper_end_period(void *state, nb_arena_t *scratch);
int nb_wrapper_probabilities(const void *state, const nb_batch_t *batch, double *p);
int nb_wrapper_value(const void *state, const nb_batch_t *batch, double *v);
int nb_wrapper_score(const void *state, const nb_batch_t *batch, double *s);

/** What a wrapper adds to the scores of its inner policy, which must have NB_TRAIT_OFFSETS.
 * @param offset [n x K], 0 where nothing is added */
typedef void (*nb_wrapper_offsets_t)(const void *state, const nb_batch_t *batch, double *offset);

/** NB_ERR_CONFIG where the inner policy takes no offsets. */
int nb_wrapper_need_offsets(const nb_inner_t *inner) NB_MUST_CHECK;

/** Ask the inner policy with offsets, and with those that the batch came with. */
int nb_wrapper_choose_offset(const void *state, const nb_batch_t *batch,
                             nb_wrapper_offsets_t offsets, nb_choice_t *out) NB_MUST_CHECK;
int nb_wrapper_table_offset(const void *state, const nb_batch_t *batch,
                            nb_wrapper_offsets_t offsets,
                            int (*table)(const void *state, const nb_batch_t *batch, double *out),
                            double *out) NB_MUST_CHECK;

/** Scratch of these two beside that of the inner policy. */
size_t nb_wrapper_offsets_scratch(const nb_spec_t *spec);

/** The inner policy's scratch_size, for the wrapper's to add its own to; `settings` are the
 * wrapper's and begin with an nb_inner_t. */
size_t nb_wrapper_scratch_size(const nb_spec_t *spec, const void *settings);

/** The wrapper's grow(): own bytes and records are copied, the inner state grows as it does. */
int nb_wrapper_grow(void *to, const nb_spec_t *to_spec, const void *from,
                    const nb_spec_t *from_spec, const void *settings);

#endif
