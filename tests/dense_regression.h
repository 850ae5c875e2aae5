/*
 * Gaussian linear regression, slow and obvious: what tests of linear policies compare with.
 */
#ifndef NB_TESTS_DENSE_REGRESSION_H
#define NB_TESTS_DENSE_REGRESSION_H

#include <string.h>

enum { DENSE_MOST = 48 };

/* dense Gaussian regression: A = prior + sum x x' / v, b = sum x y / v */
typedef struct {
    int n;
    double a[DENSE_MOST][DENSE_MOST], b[DENSE_MOST];
} dense_t;

static inline void dense_init(dense_t *self, int n)
{
    memset(self, 0, sizeof *self);
    self->n = n;
}

static inline void dense_add(dense_t *self, const double *x, double y, double variance)
{
    for (int j = 0; j < self->n; j++) {
        self->b[j] += x[j] * y / variance;
        for (int l = 0; l < self->n; l++) {
            self->a[j][l] += x[j] * x[l] / variance;
        }
    }
}

/* v = A^-1 b by Gauss elimination (A is positive definite: no pivoting) */
static inline void dense_solve(const dense_t *self, const double *b, double *v)
{
    static double m[DENSE_MOST][DENSE_MOST + 1];
    int n = self->n;

    for (int j = 0; j < n; j++) {
        memcpy(m[j], self->a[j], (size_t)n * sizeof(double));
        m[j][n] = b[j];
    }
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++) {
            double factor = i == j ? 0.0 : m[i][j] / m[j][j];

            for (int l = j; l <= n && i != j; l++) {
                m[i][l] -= factor * m[j][l];
            }
        }
    }
    for (int j = 0; j < n; j++) {
        v[j] = m[j][n] / m[j][j];
    }
}

/* mean and variance of x'weights */
static inline void dense_predict(const dense_t *self, const double *x, double out[2])
{
    double v[DENSE_MOST], u[DENSE_MOST];

    dense_solve(self, self->b, v);
    dense_solve(self, x, u);
    out[0] = out[1] = 0.0;
    for (int j = 0; j < self->n; j++) {
        out[0] += x[j] * v[j];
        out[1] += x[j] * u[j];
    }
}

#endif
