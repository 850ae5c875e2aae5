/*
 * Memory: checked allocation whose n-th call a test can make fail, and an arena for scratch in the
 * period loop.
 */
#ifndef NB_CORE_MEMORY_H
#define NB_CORE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

/** Zeroed array of `count` items of `size` bytes into *out (NULL for an empty one), 64-byte
 * aligned; NB_ERR_MEMORY. */
int nb_alloc(void *out, size_t count, size_t size) NB_MUST_CHECK;

/** Grow the array *inout from `old_count` to `new_count` items, the new ones zeroed; on
 * NB_ERR_MEMORY it stays as it was. */
int nb_grow(void *inout, size_t old_count, size_t new_count, size_t size) NB_MUST_CHECK;

/** Copy of a string into *out; NB_ERR_MEMORY. */
int nb_strdup(char **out, const char *text) NB_MUST_CHECK;

/** Free what the functions above gave; NULL is allowed. */
void nb_free(void *memory);

/** Tests: let the n-th allocation from now on (1 = the next) of this thread fail; 0 switches it
 * off. */
void nb_alloc_fail_at(uint64_t n);

/** Number of allocations this thread has made so far. */
uint64_t nb_alloc_count(void);

/** Scratch memory handed out in order and taken back by mark and release. One arena per worker. */
typedef struct {
    char *memory;
    size_t size; /* bytes */
    size_t used; /* bytes */
} nb_arena_t;

/** One block of `size` bytes; NB_ERR_MEMORY. */
int nb_arena_init(nb_arena_t *self, size_t size) NB_MUST_CHECK;

/** 64-byte aligned, not zeroed. Asking for more than the arena holds is a programmer's mistake and
 * stops the program. */
void *nb_arena_take(nb_arena_t *self, size_t count, size_t size);

/** Present mark, to be given back to nb_arena_release. */
size_t nb_arena_mark(const nb_arena_t *self);

/** Take back everything handed out since `mark`. */
void nb_arena_release(nb_arena_t *self, size_t mark);

/** Accepts a zeroed arena; may be called twice. */
void nb_arena_free(nb_arena_t *self);

#endif
