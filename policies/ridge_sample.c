/* Scores of sampled weights, see policies/ridge.h. */
#include <math.h>
#include <string.h>

#include "policies/ridge_layout.h"

enum { FIRST_BLOCK = 1 /* block 0 is for ties */, ALIGN = 64 };

/* blocks of four normals: word w of block FIRST_BLOCK + g d + j is component j of arm 4 g + w */
static size_t count_blocks(const nb_ridge_point_t *point)
{
    return (size_t)point->n_groups * point->d;
}

/* m + v R'z of every arm, interleaved as the means are */
static void sample_weights(const void *ridge, const nb_ridge_point_t *point, float v,
                           const float *z, float *weights)
{
    size_t d = point->d;
    const float *means = (const float *)((const char *)ridge + point->means);
    const float *factor = (const float *)((const char *)ridge + point->factors);

    memcpy(weights, means, count_blocks(point) * NB_ARM_GROUP * sizeof *weights);
    for (size_t g = 0; g < point->n_groups; g++, weights += d * NB_ARM_GROUP) {
        for (size_t j = 0; j < d; j++, z += NB_ARM_GROUP) {
            for (size_t l = 0; l <= j; l++, factor += NB_ARM_GROUP) {
                for (size_t w = 0; w < NB_ARM_GROUP; w++) {
                    weights[l * NB_ARM_GROUP + w] += v * factor[w] * z[w];
                }
            }
        }
    }
}

/* one sample for all rows: its weights take the place of the means */
static int score_held(const void *ridge, const nb_batch_t *batch, float v, const float *z,
                      nb_prediction_t *out)
{
    const nb_ridge_point_t *point = ((const nb_ridge_t *)ridge)->points + batch->point;
    size_t n_arms = (size_t)point->n_groups * NB_ARM_GROUP;
    float *weights = nb_arena_take(batch->scratch, n_arms * point->d, sizeof *weights);

    sample_weights(ridge, point, v, z, weights);
    return nb_ridge_apply(ridge, batch, weights, out);
}

/* v (R x)'z of every arm of one row, added to its means */
static void perturb_row(const void *ridge, const nb_ridge_point_t *point, const float *x, float v,
                        const float *z, float *mean, size_t stride)
{
    const float *factor = (const float *)((const char *)ridge + point->factors);

    for (size_t g = 0; g < point->n_groups; g++) {
        float sum[NB_ARM_GROUP] = {0};

        for (size_t j = 0; j < point->d; j++, z += NB_ARM_GROUP) {
            float u[NB_ARM_GROUP] = {0};

            for (size_t l = 0; l <= j; l++, factor += NB_ARM_GROUP) {
                for (size_t w = 0; w < NB_ARM_GROUP; w++) {
                    u[w] += factor[w] * x[l];
                }
            }
            for (size_t w = 0; w < NB_ARM_GROUP; w++) {
                sum[w] += u[w] * z[w];
            }
        }
        for (size_t w = 0; w < NB_ARM_GROUP; w++, mean += stride) {
            *mean += v * sum[w];
        }
    }
}

int nb_ridge_sample(const void *ridge, const nb_batch_t *batch, double v, nb_draw_t draw,
                    nb_prediction_t *out)
{
    static const float one = 1.0f;
    const nb_ridge_point_t *point = ((const nb_ridge_t *)ridge)->points + batch->point;
    size_t n_blocks = count_blocks(point);
    uint32_t *words = nb_arena_take(batch->scratch, 4 * n_blocks, sizeof *words);
    float *z = nb_arena_take(batch->scratch, 4 * n_blocks, sizeof *z);

    if (draw == NB_DRAW_PERIOD) {
        nb_counter_t first = nb_draw_counter(batch, draw, 0, FIRST_BLOCK);

        nb_draw_row_normals(batch, &first, n_blocks, words, z);
        return score_held(ridge, batch, (float)v, z, out);
    }
    NB_TRY(nb_ridge_predict(ridge, batch, 0, out));
    for (size_t i = 0; i < batch->n; i++) {
        nb_counter_t first = nb_draw_counter(batch, draw, i, FIRST_BLOCK);
        const float *x = batch->d ? batch->x + i * batch->d : &one;

        nb_draw_row_normals(batch, &first, n_blocks, words, z);
        perturb_row(ridge, point, x, (float)v, z, out->mean + i, out->stride);
    }
    return NB_OK;
}

size_t nb_ridge_sample_scratch(const nb_spec_t *spec)
{
    size_t most = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        size_t d = spec->points[p].d ? spec->points[p].d : 1;
        size_t n = nb_round_up(spec->points[p].n_actions, NB_ARM_GROUP) * d;

        most = n > most ? n : most;
    }
    return nb_ridge_scratch(spec) + 3 * (most * sizeof(float) + ALIGN);
}
