#include "core/linalg.h"

#include <math.h>
#include <string.h>

/* one kernel source, several instruction sets chosen at run time; the same bits, since every lane
 * does the same operations in the same order */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define KERNEL __attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#else
#define KERNEL
#endif

enum { DOUBLE_LANES = NB_MOMENT_PAD };

typedef float floats_t
    __attribute__((vector_size(NB_TILE_ROWS * sizeof(float)), aligned(4), may_alias));
typedef double doubles_t
    __attribute__((vector_size(DOUBLE_LANES * sizeof(double)), aligned(8), may_alias));

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

/* x'm of one tile and one group of arms */
KERNEL static void score_tile(const float *tile, size_t d, const float *means, float *out,
                              size_t stride)
{
    const floats_t *x = (const floats_t *)tile;
    floats_t s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};

    for (size_t j = 0; j < d; j++) {
        const float *m = means + j * NB_ARM_GROUP;

        s0 += x[j] * m[0];
        s1 += x[j] * m[1];
        s2 += x[j] * m[2];
        s3 += x[j] * m[3];
    }
    *(floats_t *)out = s0;
    *(floats_t *)(out + stride) = s1;
    *(floats_t *)(out + 2 * stride) = s2;
    *(floats_t *)(out + 3 * stride) = s3;
}

/* |R x|^2 of one tile and one group of arms */
KERNEL static void norm_tile(const float *tile, size_t d, const float *factors, float *out,
                             size_t stride)
{
    const floats_t *x = (const floats_t *)tile;
    const float *r = factors;
    floats_t v0 = {0}, v1 = {0}, v2 = {0}, v3 = {0};

    for (size_t j = 0; j < d; j++) {
        floats_t u0 = {0}, u1 = {0}, u2 = {0}, u3 = {0};

        for (size_t l = 0; l <= j; l++, r += NB_ARM_GROUP) {
            u0 += x[l] * r[0];
            u1 += x[l] * r[1];
            u2 += x[l] * r[2];
            u3 += x[l] * r[3];
        }
        v0 += u0 * u0;
        v1 += u1 * u1;
        v2 += u2 * u2;
        v3 += u3 * u3;
    }
    *(floats_t *)out = v0;
    *(floats_t *)(out + stride) = v1;
    *(floats_t *)(out + 2 * stride) = v2;
    *(floats_t *)(out + 3 * stride) = v3;
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

KERNEL void nb_rank_update(double *a, size_t d, const double *x, size_t n)
{
    size_t ld = nb_round_up(d, NB_MOMENT_PAD);

    for (size_t j = 0; j < d; j++) {
        for (size_t l = 0; l <= j; l += DOUBLE_LANES) {
            doubles_t sum = *(const doubles_t *)(a + j * ld + l);

            for (size_t i = 0; i < n; i++) {
                sum += *(const doubles_t *)(x + i * ld + l) * x[i * ld + j];
            }
            *(doubles_t *)(a + j * ld + l) = sum;
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
