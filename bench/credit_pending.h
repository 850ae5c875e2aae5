/*
 * Decisions that wait for their outcome: a table in order of recording, one array per column.
 *
 * A row is open until credit fixes its target, fixed until the policy has seen it, then gone. Gone
 * rows are taken out in bulk once they are half of the table, so a decision is moved about once in
 * its life and the table grows by doubling only. Rows of one customer are chained backward, rows
 * of a journey apart from the others. Links hold row + 1, 0 where there is none.
 */
#ifndef NB_BENCH_CREDIT_PENDING_H
#define NB_BENCH_CREDIT_PENDING_H

#include <stddef.h>
#include <stdint.h>

#include "core/archive.h"
#include "core/types.h"

/** Where a row is in its life. */
enum { NB_PENDING_OPEN, NB_PENDING_FIXED, NB_PENDING_GONE };

/** The table. Row-major columns of `d`, `mask_words` and `slate` items, the largest of the points.
 */
typedef struct {
    size_t n;        /* rows in use, gone ones included */
    size_t first;    /* rows before it are gone */
    size_t n_gone;   /* gone rows among the n */
    size_t capacity; /* rows */
    unsigned d, mask_words, slate;
    int by_journey;           /* rows of a journey are in a chain of their own */
    unsigned with_propensity; /* 1 where propensities are kept */

    uint32_t *customer, *luck, *journey;
    uint32_t *earlier;  /* link to the row before in the customer's chain */
    uint32_t *next;     /* link to the customer's own decision that followed */
    int32_t *period;    /* of the decision */
    int32_t *fixed_at;  /* period in which the target was fixed */
    double *reward;     /* money credited so far, discounted to the decision */
    double *propensity; /* of the first position when it was played; NaN where nobody says */
    double *reference;  /* the customer's running sum that the decision counts from */
    uint16_t *signals;  /* NB_SIGNAL_* */
    int16_t *item;      /* action chosen from the slate, -1 for none */
    uint8_t *point;     /* index into the policy's spec */
    uint8_t *terminated, *truncated;
    int32_t *action; /* [slate] a row */
    uint64_t *mask;  /* [mask_words] a row */
    float *x;        /* [d] a row */
    uint8_t *status; /* NB_PENDING_* */

    size_t n_customers;
    uint32_t *latest[2]; /* [n_customers] link to the last row of the chain: 0 without journey, 1
                            with one */
} nb_pending_t;

/**
 * Empty table for the points of `spec`. `traits` (NB_TRAIT_*) say whether x and propensities are
 * kept, `by_journey` whether rows of a journey have a chain of their own.
 */
void nb_pending_init(nb_pending_t *self, const nb_spec_t *spec, unsigned traits, int by_journey);

/** Room for `n` more rows; NB_ERR_MEMORY. */
int nb_pending_reserve(nb_pending_t *self, size_t n) NB_MUST_CHECK;

/** Chains for `n` customers, no fewer than before; NB_ERR_MEMORY. */
int nb_pending_reserve_customers(nb_pending_t *self, size_t n) NB_MUST_CHECK;

/** Append one open row per row of the batch, reward 0, and return the first of them. Room must be
 * reserved. @param action [n x slate of the batch] */
size_t nb_pending_append(nb_pending_t *self, const nb_batch_t *batch, const nb_choice_t *choice);

/** Let the `n_fixed` fixed rows go, and take the gone ones out where they are more than half. */
void nb_pending_discard(nb_pending_t *self, size_t n_fixed);

/** Save or load the rows and the chains of the first `n_customers` customers (where loading, of as
 * many as were saved); see core/archive.h. */
int nb_pending_archive(nb_pending_t *self, nb_archive_t *archive, size_t n_customers) NB_MUST_CHECK;

/** Accepts a zeroed table; may be called twice. */
void nb_pending_free(nb_pending_t *self);

/** The row that a link names is still in the table (links reach back to rows long gone). */
static inline int nb_pending_holds(const nb_pending_t *self, uint32_t link)
{
    return link > self->first;
}

#endif
