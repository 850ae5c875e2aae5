/*
 * Philox4x32-10: Salmon, Moraes, Dror & Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3",
 * through Random123.
 */
#include "core/rng.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <string.h>

#include <Random123/philox.h>

#include "core/kernel.h"

static inline philox4x32_ctr_t draw(nb_key_t key, nb_counter_t counter)
{
    philox4x32_ctr_t c = {{counter.luck, counter.ordinal,
                           (uint32_t)counter.purpose << 16 | counter.group, counter.block}};
    philox4x32_key_t k = {{key.seed, key.replication}};

    return philox4x32_R(10, c, k);
}

void nb_rng_block(nb_key_t key, nb_counter_t counter, uint32_t out[4])
{
    philox4x32_ctr_t words = draw(key, counter);

    memcpy(out, words.v, sizeof words.v);
}

NB_KERNEL void nb_rng_blocks(nb_key_t key, nb_counter_t counter, const uint32_t *luck, size_t n,
                             uint32_t *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        counter.luck = luck[i];
        philox4x32_ctr_t words = draw(key, counter);
        out[i] = words.v[0];
        out[n + i] = words.v[1];
        out[2 * n + i] = words.v[2];
        out[3 * n + i] = words.v[3];
    }
}

NB_KERNEL void nb_rng_run(nb_key_t key, nb_counter_t counter, size_t n_blocks,
                          uint32_t *restrict out)
{
    enum { LANES = 8 }; /* a fixed number, so that short runs are vectorized too */

    for (size_t first = 0; first < n_blocks; first += LANES) {
        uint32_t words[4][LANES];
        size_t n = n_blocks - first < LANES ? n_blocks - first : LANES;

        for (uint32_t lane = 0; lane < LANES; lane++) {
            nb_counter_t at = counter;

            at.block += (uint32_t)first + lane;
            philox4x32_ctr_t block = draw(key, at);
            words[0][lane] = block.v[0];
            words[1][lane] = block.v[1];
            words[2][lane] = block.v[2];
            words[3][lane] = block.v[3];
        }
        for (size_t lane = 0; lane < n; lane++) {
            for (size_t w = 0; w < 4; w++) {
                out[4 * (first + lane) + w] = words[w][lane];
            }
        }
    }
}

void nb_rng_normal_pair(uint32_t word0, uint32_t word1, double out[2])
{
    double radius = sqrt(-2.0 * log(nb_rng_uniform(word0)));
    double angle = 6.283185307179586 * nb_rng_uniform(word1);

    out[0] = radius * cos(angle);
    out[1] = radius * sin(angle);
}

void nb_rng_normal4(nb_key_t key, nb_counter_t counter, double out[4])
{
    philox4x32_ctr_t words = draw(key, counter);

    nb_rng_normal_pair(words.v[0], words.v[1], out);
    nb_rng_normal_pair(words.v[2], words.v[3], out + 2);
}

uint32_t nb_rng_hash(uint32_t a, uint32_t b)
{
    philox4x32_ctr_t words = draw((nb_key_t){0x6e65u, 0x7874u}, (nb_counter_t){a, b, 0, 0, 0});

    return words.v[0];
}

void nb_stream_init(nb_stream_t *self, nb_key_t key, nb_counter_t counter)
{
    self->key = key;
    self->counter = counter;
    self->used = 4;
}

uint32_t nb_stream_next(nb_stream_t *self)
{
    if (self->used == 4) {
        nb_rng_block(self->key, self->counter, self->words);
        self->counter.block++;
        self->used = 0;
    }
    return self->words[self->used++];
}

double nb_stream_uniform(nb_stream_t *self)
{
    return nb_rng_uniform(nb_stream_next(self));
}

double nb_stream_normal(nb_stream_t *self)
{
    return gsl_cdf_ugaussian_Pinv(nb_stream_uniform(self));
}

/* the state of our gsl_rng is a pointer to the borrowed stream */
static void gsl_set(void *state, unsigned long seed)
{
    nb_stream_t *stream = *(nb_stream_t **)state;

    if (stream) {
        stream->key.seed = (uint32_t)seed;
        nb_stream_init(stream, stream->key, (nb_counter_t){0});
    }
}

static unsigned long gsl_get(void *state)
{
    return nb_stream_next(*(nb_stream_t **)state);
}

static double gsl_get_double(void *state)
{
    return nb_stream_uniform(*(nb_stream_t **)state);
}

static const gsl_rng_type philox_type = {
    .name = "philox4x32-10",
    .max = 0xffffffffUL,
    .min = 0,
    .size = sizeof(nb_stream_t *),
    .set = gsl_set,
    .get = gsl_get,
    .get_double = gsl_get_double,
};

const void *nb_rng_gsl_type(void)
{
    return &philox_type;
}
