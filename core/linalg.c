#include "core/linalg.h"

#include <math.h>
#include <string.h>

#include "core/kernel.h"

/* 32 bytes, the width that every instruction set since AVX holds in one register */
typedef float floats_t __attribute__((vector_size(32), aligned(4), may_alias));
typedef double doubles_t __attribute__((vector_size(32), aligned(8), may_alias));

enum { HALVES = NB_TILE_ROWS * sizeof(float) / sizeof(floats_t) };
_Static_assert(HALVES == 2 && NB_ARM_GROUP == 4, "the kernels below are written out for these");

/* rows as columns: tile[j * NB_TILE_ROWS + i] = x[i][j], zero behind row n */
static void pack_tile(const float *x, size_t n, size_t d, float *tile)
{
    if (n < NB_TILE_ROWS) {
        memset(tile, 0, d * NB_TILE_ROWS * sizeof *tile);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            tile[j * NB_TILE_ROWS + i] = x[i * d + j];
        }
    }
}

/* the sums of one tile and one group of arms: out[k * stride + i] */
static inline void store_group(floats_t sums[NB_ARM_GROUP][HALVES], float *out, size_t stride)
{
    for (size_t k = 0; k < NB_ARM_GROUP; k++) {
        *(floats_t *)(out + k * stride) = sums[k][0];
        *(floats_t *)(out + k * stride + NB_TILE_ROWS / 2) = sums[k][1];
    }
}

/* x'm of one tile and one group of arms */
NB_KERNEL static void score_tile(const float *tile, size_t d, const float *means, float *out,
                                 size_t stride)
{
    const floats_t *x = (const floats_t *)tile;
    floats_t s[NB_ARM_GROUP][HALVES] = {{{0}}};

    for (size_t j = 0; j < d; j++, means += NB_ARM_GROUP) {
        for (size_t k = 0; k < NB_ARM_GROUP; k++) {
            s[k][0] += x[2 * j] * means[k];
            s[k][1] += x[2 * j + 1] * means[k];
        }
    }
    store_group(s, out, stride);
}

/* |R x|^2 of one tile and one group of arms */
NB_KERNEL static void norm_tile(const float *tile, size_t d, const float *factors, float *out,
                                size_t stride)
{
    const floats_t *x = (const floats_t *)tile;
    floats_t v[NB_ARM_GROUP][HALVES] = {{{0}}};

    for (size_t j = 0; j < d; j++) {
        floats_t u[NB_ARM_GROUP][HALVES] = {{{0}}};

        for (size_t l = 0; l <= j; l++, factors += NB_ARM_GROUP) {
            for (size_t k = 0; k < NB_ARM_GROUP; k++) {
                u[k][0] += x[2 * l] * factors[k];
                u[k][1] += x[2 * l + 1] * factors[k];
            }
        }
        for (size_t k = 0; k < NB_ARM_GROUP; k++) {
            v[k][0] += u[k][0] * u[k][0];
            v[k][1] += u[k][1] * u[k][1];
        }
    }
    store_group(v, out, stride);
}

void nb_linear_scores(const nb_linear_scores_t *self)
{
    size_t n_means = self->d * NB_ARM_GROUP;
    size_t n_factors = nb_triangle_size(self->d) * NB_ARM_GROUP;

    for (size_t start = 0; start < self->n; start += NB_TILE_ROWS) {
        size_t left = self->n - start;

        pack_tile(self->x + start * self->d, left < NB_TILE_ROWS ? left : NB_TILE_ROWS, self->d,
                  self->scratch);
        for (size_t g = 0; g < self->n_groups; g++) {
            size_t at = g * NB_ARM_GROUP * self->stride + start;

            score_tile(self->scratch, self->d, self->means + g * n_means, self->mean + at,
                       self->stride);
            if (self->factors) {
                norm_tile(self->scratch, self->d, self->factors + g * n_factors,
                          self->variance + at, self->stride);
            }
        }
    }
}

NB_KERNEL void nb_rank_update(double *a, size_t d, const double *x, size_t n)
{
    size_t ld = nb_round_up(d, NB_MOMENT_PAD);

    for (size_t j = 0; j < d; j++) {
        for (size_t l = 0; l <= j; l += NB_MOMENT_PAD) {
            doubles_t *at = (doubles_t *)(a + j * ld + l);
            doubles_t low = at[0], high = at[1];

            for (size_t i = 0; i < n; i++) {
                const doubles_t *row = (const doubles_t *)(x + i * ld + l);

                low += row[0] * x[i * ld + j];
                high += row[1] * x[i * ld + j];
            }
            at[0] = low;
            at[1] = high;
        }
    }
}

int nb_cholesky(double *a, size_t d, size_t ld)
{
    for (size_t j = 0; j < d; j++) {
        double *row = a + j * ld;

        for (size_t l = 0; l <= j; l++) {
            const double *other = a + l * ld;
            double rest = row[l];

            for (size_t m = 0; m < l; m++) {
                rest -= row[m] * other[m];
            }
            if (l < j) {
                row[l] = rest / other[l];
            } else if (rest > 0.0 && isfinite(rest)) {
                row[l] = sqrt(rest);
            } else {
                NB_FAIL(NB_ERR_NUMERIC, "matrix is not positive definite: pivot %zu of %zu is %g",
                        j, d, rest);
            }
        }
    }
    return NB_OK;
}

void nb_triangle_invert(const double *l, size_t d, size_t ld, double *inverse)
{
    for (size_t j = 0; j < d; j++) {
        double scale = 1.0 / l[j * ld + j];

        /* row j of L^-1 = (e_j - sum_{m<j} L_jm row m) / L_jj */
        memset(inverse + j * ld, 0, d * sizeof *inverse);
        for (size_t m = 0; m < j; m++) {
            for (size_t i = 0; i <= m; i++) {
                inverse[j * ld + i] -= l[j * ld + m] * inverse[m * ld + i];
            }
        }
        for (size_t i = 0; i < j; i++) {
            inverse[j * ld + i] *= scale;
        }
        inverse[j * ld + j] = scale;
    }
}

void nb_triangle_solve(const double *r, size_t d, size_t ld, const double *b, double *work,
                       double *v)
{
    for (size_t j = 0; j < d; j++) {
        work[j] = 0.0;
        v[j] = 0.0;
        for (size_t l = 0; l <= j; l++) {
            work[j] += r[j * ld + l] * b[l];
        }
    }
    for (size_t j = 0; j < d; j++) {
        for (size_t l = 0; l <= j; l++) {
            v[l] += r[j * ld + l] * work[j];
        }
    }
}
