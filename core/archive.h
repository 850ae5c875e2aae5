/*
 * Archives: the bytes of a state. One function describes a state and so both saves and loads it:
 * the two cannot drift apart.
 *
 *     int thing_archive(thing_t *self, nb_archive_t *archive)
 *     {
 *         NB_TRY(nb_archive_bytes(archive, &self->period, sizeof self->period));
 *         return nb_archive_array(archive, &self->items, &self->n, &self->capacity,
 *                                 sizeof *self->items);
 *     }
 *
 * Bytes are those of this machine's memory, without padding between what was described. Pointers
 * must not be described: they mean nothing to another object. An object whose loading failed may
 * only be loaded anew or freed.
 */
#ifndef NB_CORE_ARCHIVE_H
#define NB_CORE_ARCHIVE_H

#include <stddef.h>

#include "core/error.h"

/** An archive; all zero is an empty one that saves. */
typedef struct {
    unsigned char *bytes; /* [n] */
    size_t n;             /* bytes saved */
    size_t capacity;      /* bytes that memory is there for */
    size_t at;            /* next byte to be loaded */
    int is_loading;
} nb_archive_t;

/**
 * `n` bytes at `data`: appended, or read back. `data` may be NULL where n is 0. NB_ERR_FORMAT past
 * the end, NB_ERR_MEMORY.
 */
int nb_archive_bytes(nb_archive_t *self, void *data, size_t n) NB_MUST_CHECK;

/**
 * The first *n items of `size` bytes of the array whose pointer `array` points to (T **). Loading
 * sets *n, lets the array grow by nb_grow where its *capacity is less, and zeroes the items from *n
 * to *capacity. `capacity` may be NULL: then the array is as long as it will be, and a loaded *n
 * that differs is NB_ERR_FORMAT. NB_ERR_FORMAT past the end, NB_ERR_MEMORY.
 */
int nb_archive_array(nb_archive_t *self, void *array, size_t *n, size_t *capacity,
                     size_t size) NB_MUST_CHECK;

/** Turn to loading, from the start. */
void nb_archive_load(nb_archive_t *self);

/** Turn to saving into an empty archive; its memory is kept. */
void nb_archive_reset(nb_archive_t *self);

/** Accepts a zeroed archive; may be called twice. */
void nb_archive_free(nb_archive_t *self);

#endif
