#define _POSIX_C_SOURCE 200809L
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

static _Thread_local uint64_t n_allocations;
static _Thread_local uint64_t fail_at;

void nb_alloc_fail_at(uint64_t n)
{
    fail_at = n ? n_allocations + n : 0;
}

uint64_t nb_alloc_count(void)
{
    return n_allocations;
}

/* aligned block of at least one byte, or NULL; the one place where memory is asked for */
static void *ask(size_t bytes)
{
    void *memory = NULL;

    n_allocations++;
    if (fail_at && n_allocations == fail_at) {
        return NULL;
    }
    if (posix_memalign(&memory, ALIGNMENT, bytes ? bytes : 1) != 0) {
        return NULL;
    }
    return memory;
}

int nb_alloc(void *out, size_t count, size_t size)
{
    void *memory = NULL;

    memcpy(out, &memory, sizeof memory);
    if (count == 0) {
        return NB_OK;
    }
    if (size && count > SIZE_MAX / size) {
        NB_FAIL(NB_ERR_MEMORY, "out of memory: %zu items of %zu bytes asked for", count, size);
    }
    memory = ask(count * size);
    if (!memory) {
        NB_FAIL(NB_ERR_MEMORY, "out of memory: %zu bytes asked for", count * size);
    }
    memset(memory, 0, count * size);
    memcpy(out, &memory, sizeof memory);
    return NB_OK;
}

int nb_grow(void *inout, size_t old_count, size_t new_count, size_t size)
{
    void *old = NULL;
    void *grown = NULL;

    memcpy(&old, inout, sizeof old);
    NB_ASSERT(new_count >= old_count);
    NB_TRY(nb_alloc(&grown, new_count, size));
    if (old_count) {
        memcpy(grown, old, old_count * size);
    }
    memcpy(inout, &grown, sizeof grown);
    free(old);
    return NB_OK;
}

int nb_strdup(char **out, const char *text)
{
    size_t length = strlen(text) + 1;

    NB_TRY(nb_alloc(out, length, 1));
    memcpy(*out, text, length);
    return NB_OK;
}

void nb_free(void *memory)
{
    free(memory);
}

int nb_arena_init(nb_arena_t *self, size_t size)
{
    memset(self, 0, sizeof *self);
    NB_TRY(nb_alloc(&self->memory, size, 1));
    self->size = size;
    return NB_OK;
}

void *nb_arena_take(nb_arena_t *self, size_t count, size_t size)
{
    size_t start = (self->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

    NB_ASSERT(size == 0 || count <= SIZE_MAX / size);
    NB_ASSERT(start <= self->size && count * size <= self->size - start);
    self->used = start + count * size;
    return self->memory + start;
}

size_t nb_arena_mark(const nb_arena_t *self)
{
    return self->used;
}

void nb_arena_release(nb_arena_t *self, size_t mark)
{
    NB_ASSERT(mark <= self->used);
    self->used = mark;
}

void nb_arena_free(nb_arena_t *self)
{
    nb_free(self->memory);
    memset(self, 0, sizeof *self);
}
