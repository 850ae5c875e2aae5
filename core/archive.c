#include "core/archive.h"

#include <string.h>

#include "core/memory.h"

enum { MIN_BYTES = 4096 };

static int reserve(nb_archive_t *self, size_t n)
{
    size_t capacity = self->capacity ? self->capacity : MIN_BYTES;

    if (n > (size_t)-1 / 2 - self->n) {
        NB_FAIL(NB_ERR_MEMORY, "out of memory: an archive of %zu bytes and %zu more", self->n, n);
    }
    while (capacity < self->n + n) {
        capacity *= 2;
    }
    if (capacity > self->capacity) {
        NB_TRY(nb_grow(&self->bytes, self->n, capacity, 1));
        self->capacity = capacity;
    }
    return NB_OK;
}

int nb_archive_bytes(nb_archive_t *self, void *data, size_t n)
{
    if (n == 0) {
        return NB_OK;
    }
    if (!self->is_loading) {
        NB_TRY(reserve(self, n));
        memcpy(self->bytes + self->n, data, n);
        self->n += n;
        return NB_OK;
    }
    if (n > self->n - self->at) {
        NB_FAIL(NB_ERR_FORMAT, "a saved state ends after %zu bytes, expected %zu more", self->n,
                n - (self->n - self->at));
    }
    memcpy(data, self->bytes + self->at, n);
    self->at += n;
    return NB_OK;
}

/* room for what is about to be loaded; what an array holds now is not kept */
static int widen(void *array, size_t n, size_t *capacity, size_t size)
{
    size_t wider = *capacity + *capacity / 2;

    if (n <= *capacity) {
        return NB_OK;
    }
    wider = wider > n ? wider : n;
    NB_TRY(nb_grow(array, 0, wider, size));
    *capacity = wider;
    return NB_OK;
}

/* `expected` may be NULL: then any length will do */
static int load_length(nb_archive_t *self, const size_t *expected, size_t size, size_t *out)
{
    size_t saved = 0;

    NB_TRY(nb_archive_bytes(self, &saved, sizeof saved));
    if (expected && saved != *expected) {
        NB_FAIL(NB_ERR_FORMAT, "a saved state has an array of %zu items, expected %zu", saved,
                *expected);
    }
    if (size && saved > (self->n - self->at) / size) {
        NB_FAIL(NB_ERR_FORMAT, "a saved state ends after %zu bytes, expected %zu items of %zu more",
                self->n, saved, size);
    }
    *out = saved;
    return NB_OK;
}

int nb_archive_array(nb_archive_t *self, void *array, size_t *n, size_t *capacity, size_t size)
{
    unsigned char *memory;
    size_t saved = 0;

    if (!self->is_loading) {
        NB_TRY(nb_archive_bytes(self, n, sizeof *n));
        memcpy(&memory, array, sizeof memory);
        return nb_archive_bytes(self, memory, *n * size);
    }
    NB_TRY(load_length(self, capacity ? NULL : n, size, &saved));
    if (capacity) {
        NB_TRY(widen(array, saved, capacity, size));
    }
    *n = saved;
    memcpy(&memory, array, sizeof memory);
    NB_TRY(nb_archive_bytes(self, memory, *n * size));
    if (capacity && *capacity > *n) {
        memset(memory + *n * size, 0, (*capacity - *n) * size);
    }
    return NB_OK;
}

void nb_archive_load(nb_archive_t *self)
{
    self->at = 0;
    self->is_loading = 1;
}

void nb_archive_reset(nb_archive_t *self)
{
    self->n = 0;
    self->at = 0;
    self->is_loading = 0;
}

void nb_archive_free(nb_archive_t *self)
{
    nb_free(self->bytes);
    memset(self, 0, sizeof *self);
}
