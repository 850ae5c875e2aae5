#include "policies/draw.h"

#include "core/normals.h"

enum { CHUNK_ROWS = 64, MODE_SHIFT = 30 };

/* a name holds what its mode leaves out: rounds only tell decisions apart */
nb_counter_t nb_draw_counter(const nb_batch_t *batch, nb_draw_t draw, size_t i, unsigned block)
{
    nb_counter_t counter = {
        .luck = draw == NB_DRAW_PERIOD ? (uint32_t)NB_LUCK_RUN : batch->luck[i],
        .purpose = (uint16_t)(NB_PURPOSE_POLICY + batch->stream_point),
    };

    NB_ASSERT(block < 1u << MODE_SHIFT);
    if (draw == NB_DRAW_JOURNEY && !(batch->episode && batch->episode[i])) {
        draw = NB_DRAW_DECISION;
    }
    counter.block = block | (uint32_t)draw << MODE_SHIFT;
    switch (draw) {
    case NB_DRAW_DECISION:
        counter.ordinal = (uint32_t)batch->period;
        counter.group = (uint16_t)batch->round;
        break;
    case NB_DRAW_PERIOD:
        counter.ordinal = (uint32_t)batch->period;
        break;
    case NB_DRAW_JOURNEY:
        counter.ordinal = batch->episode[i];
        break;
    case NB_DRAW_CUSTOMER:
        break;
    }
    return counter;
}

/* words of n rows from `start` on. @param words [4 x n] */
static void fill_words(const nb_batch_t *batch, nb_draw_t draw, unsigned block, size_t start,
                       size_t n, uint32_t *words)
{
    if (draw == NB_DRAW_DECISION || draw == NB_DRAW_CUSTOMER) {
        nb_rng_blocks(batch->key, nb_draw_counter(batch, draw, start, block), batch->luck + start,
                      n, words);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t row[4];

        nb_rng_block(batch->key, nb_draw_counter(batch, draw, start + i, block), row);
        for (size_t w = 0; w < 4; w++) {
            words[w * n + i] = row[w];
        }
    }
}

void nb_draw_uniforms(const nb_batch_t *batch, nb_draw_t draw, unsigned block, double *out)
{
    uint32_t words[4 * CHUNK_ROWS];

    for (size_t start = 0; start < batch->n; start += CHUNK_ROWS) {
        size_t n = batch->n - start < CHUNK_ROWS ? batch->n - start : CHUNK_ROWS;

        fill_words(batch, draw, block, start, n, words);
        for (size_t at = 0; at < 4 * n; at++) {
            out[at / n * batch->n + start + at % n] = nb_rng_uniform(words[at]);
        }
    }
}

void nb_draw_normals(const nb_batch_t *batch, nb_draw_t draw, unsigned block, float *out)
{
    uint32_t words[4 * CHUNK_ROWS];

    for (size_t start = 0; start < batch->n; start += CHUNK_ROWS) {
        size_t n = batch->n - start < CHUNK_ROWS ? batch->n - start : CHUNK_ROWS;

        fill_words(batch, draw, block, start, n, words);
        for (size_t w = 0; w < 4; w++) {
            nb_normals(words + w * n, n, out + w * batch->n + start);
        }
    }
}

void nb_draw_row_normals(const nb_batch_t *batch, const nb_counter_t *first, size_t n_blocks,
                         uint32_t *words, float *out)
{
    nb_rng_run(batch->key, *first, n_blocks, words);
    nb_normals(words, 4 * n_blocks, out);
}
