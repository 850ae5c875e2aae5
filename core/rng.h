/*
 * Randomness: Philox4x32-10 (Salmon et al. 2011), addressed by counter and never by order of call.
 *
 * A draw is named by a key (seed, replication) and a counter (luck, period or ordinal, purpose <<
 * 16 | group, block). The same name gives the same four words in every thread, block and replay, so
 * that two strategies meet the same customers with the same luck. The gsl_rng adapter is for set-up
 * code that wants a GSL distribution.
 */
#ifndef NB_CORE_RNG_H
#define NB_CORE_RNG_H

#include <stddef.h>
#include <stdint.h>

/** Key of a family of draws. */
typedef struct {
    uint32_t seed;
    uint32_t replication;
} nb_key_t;

/** Name of one block of four words. */
typedef struct {
    uint32_t luck;    /* identity of the customer, 0xffffffff for draws of the whole run */
    uint32_t ordinal; /* period, need ordinal, send ordinal */
    uint16_t purpose; /* what is drawn: the environment's list, or NB_PURPOSE_POLICY + point */
    uint16_t group;
    uint32_t block; /* usually 0 */
} nb_counter_t;

enum {
    NB_LUCK_RUN = -1, /* as uint32_t: draws of the whole run */
    NB_PURPOSE_POLICY =
        0x8000, /* purposes from here on belong to policies, one per decision point */
};

/** Four words of one block. */
void nb_rng_block(nb_key_t key, nb_counter_t counter, uint32_t out[4]);

/**
 * Blocks for n rows that differ in luck only: out[w * n + i] is word w of row i.
 * @param luck [n]   @param out [4 x n], structure of arrays
 */
void nb_rng_blocks(nb_key_t key, nb_counter_t counter, const uint32_t *luck, size_t n,
                   uint32_t *out);

/** Words of `n_blocks` blocks from counter.block on, in order. @param out [4 x n_blocks] */
void nb_rng_run(nb_key_t key, nb_counter_t counter, size_t n_blocks, uint32_t *out);

/** Uniform on the open interval (0, 1), 2^-33 away from both ends at least. */
static inline double nb_rng_uniform(uint32_t word)
{
    return ((double)word + 0.5) * 0x1p-32;
}

/** Uniform on (0, 1] from two words, with 53 bits: for the tail near 0, beyond 1e-9. The largest
 * pair of words rounds to 1. */
static inline double nb_rng_uniform53(uint32_t high, uint32_t low)
{
    return ((double)(high >> 5) * 0x1p26 + (double)(low >> 6) + 0.5) * 0x1p-53;
}

/** Two independent standard normals from two words (Box & Muller 1958). */
void nb_rng_normal_pair(uint32_t word0, uint32_t word1, double out[2]);

/** Four independent standard normals of one block. */
void nb_rng_normal4(nb_key_t key, nb_counter_t counter, double out[4]);

/** 32-bit hash of two words, for the luck of customers who arrive later. */
uint32_t nb_rng_hash(uint32_t a, uint32_t b);

/** A stream of words under one counter (its `block` counts up), for set-up code. */
typedef struct {
    nb_key_t key;
    nb_counter_t counter;
    uint32_t words[4];
    unsigned used;
} nb_stream_t;

/** Start of a stream at `counter`. */
void nb_stream_init(nb_stream_t *self, nb_key_t key, nb_counter_t counter);

/** Next word. */
uint32_t nb_stream_next(nb_stream_t *self);

/** Next uniform on (0, 1). */
double nb_stream_uniform(nb_stream_t *self);

/** Next standard normal (inverse method: one word a draw, so that draws never shift each other). */
double nb_stream_normal(nb_stream_t *self);

/**
 * The type of a generator of GSL over a stream, a const gsl_rng_type * whose state is a pointer to
 * the borrowed nb_stream_t. Declared as void * because no header of ours shows a third party's.
 */
const void *nb_rng_gsl_type(void);

#endif
