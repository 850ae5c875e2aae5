#include "core/store_keys.h"

#include <string.h>

#include "core/memory.h"

enum { HEX_DIGITS = 32, FIRST_SLOTS = 64 };

int nb_keys_is_key(const char *text, const char *suffix)
{
    return strspn(text, "0123456789abcdef") == HEX_DIGITS && strcmp(text + HEX_DIGITS, suffix) == 0;
}

static uint64_t read_hex16(const char *text)
{
    uint64_t value = 0;

    for (int i = 0; i < 16; i++) {
        unsigned digit =
            text[i] <= '9' ? (unsigned)(text[i] - '0') : (unsigned)(text[i] - 'a') + 10u;
        value = value << 4 | digit;
    }
    return value;
}

/* slot of the key, or the free slot where it belongs; n_slots > n_used */
static nb_key_slot_t *find_slot(const nb_keys_t *self, uint64_t high, uint64_t low)
{
    size_t i = (size_t)low & (self->n_slots - 1);

    while (self->slots[i].used && (self->slots[i].high != high || self->slots[i].low != low)) {
        i = (i + 1) & (self->n_slots - 1);
    }
    return &self->slots[i];
}

int nb_keys_get(const nb_keys_t *self, const char *key)
{
    if (!self->n_slots) {
        return NB_KEY_MISSING;
    }
    return find_slot(self, read_hex16(key), read_hex16(key + 16))->state;
}

/* keep at least half of the slots free */
static int make_room(nb_keys_t *self)
{
    nb_keys_t larger = {0, self->n_used, NULL};

    if (2 * (self->n_used + 1) <= self->n_slots) {
        return NB_OK;
    }
    larger.n_slots = self->n_slots ? 2 * self->n_slots : FIRST_SLOTS;
    NB_TRY(nb_alloc(&larger.slots, larger.n_slots, sizeof *larger.slots));
    for (size_t i = 0; i < self->n_slots; i++) {
        if (self->slots[i].used) {
            *find_slot(&larger, self->slots[i].high, self->slots[i].low) = self->slots[i];
        }
    }
    nb_free(self->slots);
    *self = larger;
    return NB_OK;
}

int nb_keys_set(nb_keys_t *self, const char *key, int state)
{
    uint64_t high = read_hex16(key), low = read_hex16(key + 16);
    nb_key_slot_t *slot;

    NB_TRY(make_room(self));
    slot = find_slot(self, high, low);
    self->n_used += slot->used ? 0 : 1;
    *slot = (nb_key_slot_t){high, low, 1, state};
    return NB_OK;
}

void nb_keys_free(nb_keys_t *self)
{
    nb_free(self->slots);
    memset(self, 0, sizeof *self);
}
