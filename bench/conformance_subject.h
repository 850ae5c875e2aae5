/*
 * A policy on trial: its state, and made-up rows to ask and to teach it. Shared by
 * bench/conformance*.c, not for other modules.
 */
#ifndef NB_BENCH_CONFORMANCE_SUBJECT_H
#define NB_BENCH_CONFORMANCE_SUBJECT_H

#include "bench/conformance.h"

enum { NB_SUBJECT_CUSTOMERS = NB_BLOCK_ROWS, NB_CHECK_SKIP = 1 };

typedef struct {
    const nb_layer_t *policy;
    const nb_policy_type_t *type;
    nb_spec_t spec;
    void *state;
    size_t state_size;
    nb_arena_t arena; /* as large as the policy's scratch_size says */
    /* one batch of rows */
    float *x, *next_x; /* [NB_BLOCK_ROWS x largest d] */
    uint64_t *mask, *next_mask;
    uint32_t *customer, *episode;
    int32_t *tenure, *period, *action; /* action [2 x NB_BLOCK_ROWS x NB_MAX_SLATE] */
    double *propensity;                /* [NB_BLOCK_ROWS x NB_MAX_SLATE] */
    double *reward;
    float *elapsed;
    uint16_t *signals;
    int16_t *item;
    int8_t *next_point;
    uint8_t *flags;  /* [2 x NB_BLOCK_ROWS] terminated, truncated */
    float *action_x; /* of the last batch */
    unsigned max_d, max_words, max_action_x;
    nb_oracle_t oracle;
} nb_subject_t;

/** Set the policy up and teach it two periods of random decisions. */
int nb_subject_init(nb_subject_t *self, const nb_layer_t *policy,
                    const nb_spec_t *spec) NB_MUST_CHECK;
void nb_subject_free(nb_subject_t *self);

/** `n` rows of a point with random features (the first is 1) and masks; the same for the same
 * `seed`. Valid until the next batch. */
nb_batch_t nb_subject_batch(nb_subject_t *self, unsigned point, size_t n, unsigned seed);

/** Choose; *propensity may be NULL. A slate of a policy without that trait is ranked. */
int nb_subject_choose(nb_subject_t *self, nb_batch_t *batch, int32_t *action,
                      double *propensity) NB_MUST_CHECK;

/** Finished transitions of the batch, whose self->action and self->reward are filled. */
nb_transitions_t nb_subject_transitions(nb_subject_t *self, const nb_batch_t *batch);

/** One period: random allowed actions at every point, learned, and its end. */
int nb_subject_teach(nb_subject_t *self, size_t n, unsigned seed) NB_MUST_CHECK;

/** 1 where a slate point is served by the policy itself. */
int nb_subject_fills(const nb_subject_t *self, unsigned point);

#endif
