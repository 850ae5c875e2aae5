/*
 * Standard normals and Gumbels from random words, many at a time, in float32: for Thompson
 * sampling, where one normal per row and action is the largest cost after the scores.
 *
 * Source: the inverse error function of Giles (2010), "Approximating the erfinv function", single
 * precision, on a logarithm after Cephes (Moshier 1989). The sign is a word's highest bit; the rest
 * is the tail probability, so that the tails reach 6.3. Error below 1e-6 (1 + |z|) up to |z| = 5.4
 * (one word in 2^24 lies beyond), below 3e-3 from there on.
 */
#ifndef NB_CORE_NORMALS_H
#define NB_CORE_NORMALS_H

#include <stddef.h>
#include <stdint.h>

/** One standard normal per word, monotone in the word's 31 low bits. @param words [n]
 * @param out [n] */
void nb_normals(const uint32_t *words, size_t n, float *out);

/** One standard Gumbel, -log(-log u), per word, from its 24 high bits: between -2.9 and 17.3.
 * @param words [n]   @param out [n] */
void nb_gumbels(const uint32_t *words, size_t n, float *out);

#endif
