/*
 * Small dense linear algebra of linear learners: scores and squared norms of blocks of rows in
 * float32, moments, Cholesky factors and inverses in float64.
 *
 * Written for many rows against a few small matrices (d up to some 64), which vendor BLAS is not
 * best at, and so that a row's result never depends on how many rows come with it: every sum runs
 * in index order, in the same lanes' order for every instruction set (no contraction), which BLAS
 * does not promise. Matrices are row-major. Matrices of arms come in groups of NB_ARM_GROUP,
 * interleaved, so that one load of a row serves four arms.
 */
#ifndef NB_CORE_LINALG_H
#define NB_CORE_LINALG_H

#include <stddef.h>

#include "core/error.h"

enum {
    NB_ARM_GROUP = 4,  /* arms that are scored together */
    NB_TILE_ROWS = 16, /* rows that are scored together */
    NB_MOMENT_PAD = 8, /* leading dimensions of moments are multiples of this */
};

/** x rounded up to a multiple of m. */
static inline size_t nb_round_up(size_t x, size_t m)
{
    return (x + m - 1) / m * m;
}

/** Entries of a packed lower triangle of order d: (0,0) (1,0) (1,1) (2,0) ... */
static inline size_t nb_triangle_size(size_t d)
{
    return d * (d + 1) / 2;
}

/** Floats of scratch of nb_linear_scores. */
static inline size_t nb_linear_scratch(size_t d)
{
    return d * NB_TILE_ROWS;
}

/** Floats from one arm's answers to the next: whole tiles, and one more, so that the arms of 1,024
 * rows do not fall into the same cache sets. */
static inline size_t nb_linear_stride(size_t n)
{
    return nb_round_up(n, NB_TILE_ROWS) + NB_TILE_ROWS;
}

/** Rows against arms: what to score, and where the answers go. */
typedef struct {
    const float *x; /* [n x d] */
    size_t n;
    size_t d;
    size_t n_groups;      /* groups of NB_ARM_GROUP arms */
    const float *means;   /* [n_groups x d x NB_ARM_GROUP] vectors m */
    const float *factors; /* [n_groups x triangle x NB_ARM_GROUP] lower triangles R, or NULL */
    float *mean;          /* [n_groups * NB_ARM_GROUP x stride] x'm */
    float *variance;      /* [n_groups * NB_ARM_GROUP x stride] |R x|^2, NULL where factors is */
    size_t stride;        /* nb_linear_stride(n); what lies behind n is scratch */
    float *scratch;       /* [nb_linear_scratch(d)] */
} nb_linear_scores_t;

/**
 * x'm and |R x|^2 of every row and arm. With R = L^-1 of A = L L' the latter is x'A^-1 x, as a sum
 * of squares that cannot turn negative in float32. Cost n K d (d + 1) / 2 multiplications.
 */
void nb_linear_scores(const nb_linear_scores_t *self);

/**
 * a += sum over rows of x x', lower triangle only, one row after the other: the same bits however
 * the rows are split into calls.
 * @param a [d x ld], ld = nb_round_up(d, NB_MOMENT_PAD); what lies right of the diagonal is scratch
 * @param x [n x ld], columns d .. ld-1 zero
 */
void nb_rank_update(double *a, size_t d, const double *x, size_t n);

/**
 * Cholesky factor of the lower triangle of `a` in place: a = L L'.
 * @param a [d x ld]   @return NB_ERR_NUMERIC where `a` is not positive definite
 * @source Golub & Van Loan (2013), Matrix Computations, algorithm 4.2.1 (row-oriented)
 */
int nb_cholesky(double *a, size_t d, size_t ld) NB_MUST_CHECK;

/** Inverse of the lower triangle `l` into the lower triangle of `inverse`, both [d x ld]. */
void nb_triangle_invert(const double *l, size_t d, size_t ld, double *inverse);

/** Solution of A v = b from R = L^-1: v = R'(R b). @param v [d], not b   @param work [d] */
void nb_triangle_solve(const double *r, size_t d, size_t ld, const double *b, double *work,
                       double *v);

#endif
