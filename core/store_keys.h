/*
 * Set of unit keys with a state each: what the store knows to be done or failed. Open addressing;
 * the keys are hashes already.
 */
#ifndef NB_CORE_STORE_KEYS_H
#define NB_CORE_STORE_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum { NB_KEY_MISSING = 0, NB_KEY_DONE = 1, NB_KEY_FAILED = 2 };

typedef struct {
    uint64_t high, low;
    int used, state;
} nb_key_slot_t;

/** Zeroed is empty. */
typedef struct {
    size_t n_slots, n_used; /* n_slots: 0 or a power of two */
    nb_key_slot_t *slots;
} nb_keys_t;

/** 1 where `text` starts with exactly 32 lower-case hex digits followed by `suffix` and nothing
 * else. */
int nb_keys_is_key(const char *text, const char *suffix);

/** State of a key; `key` is 32 hex digits, what follows is ignored. */
int nb_keys_get(const nb_keys_t *self, const char *key);

/** Set the state of a key, old or new; NB_ERR_MEMORY. */
int nb_keys_set(nb_keys_t *self, const char *key, int state) NB_MUST_CHECK;

/** Accepts a zeroed set; may be called twice. */
void nb_keys_free(nb_keys_t *self);

#endif
