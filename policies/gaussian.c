#include "policies/gaussian.h"

#include <string.h>

/* moments [(d + 1) x row], mean [d], inverse root R = L^-1 of A = L L' by columns [triangle] */
static size_t moments_size(size_t d)
{
    return (d + 1) * nb_gaussian_row(d);
}

size_t nb_gaussian_size(size_t d)
{
    return nb_round_up(moments_size(d) + d + nb_triangle_size(d), 8);
}

void nb_gaussian_add(double *self, size_t d, const double *row)
{
    nb_rank_update(self, d + 1, row, 1);
}

void nb_gaussian_pull(double *self, size_t d, const double *x, double factor)
{
    double *b = self + d * nb_gaussian_row(d);

    for (size_t j = 0; j < d; j++) {
        b[j] += factor * x[j];
    }
}

void nb_gaussian_fade(double *self, size_t d, double factor)
{
    for (size_t at = 0; at < moments_size(d); at++) {
        self[at] *= factor;
    }
}

int nb_gaussian_refresh(double *self, size_t d, double lambda, const double *prior, double *work)
{
    size_t ld = nb_gaussian_row(d);
    double *mean = self + moments_size(d), *root = mean + d;
    double *l = work, *r = l + d * ld, *b = r + d * ld, *forward = b + ld;

    memcpy(l, self, d * ld * sizeof *l);
    for (size_t j = 0; j < d; j++) {
        l[j * ld + j] += lambda;
        b[j] = self[d * ld + j] + (prior ? lambda * prior[j] : 0.0);
    }
    NB_TRY(nb_cholesky(l, d, ld));
    nb_triangle_invert(l, d, ld, r);
    nb_triangle_solve(r, d, ld, b, forward, mean);
    for (size_t j = 0; j < d; j++) {
        for (size_t i = j; i < d; i++) {
            *root++ = r[i * ld + j];
        }
    }
    return NB_OK;
}

const double *nb_gaussian_weights(const double *self, size_t d)
{
    return self + moments_size(d);
}

double nb_gaussian_mean(const double *self, size_t d, const double *x)
{
    const double *mean = nb_gaussian_weights(self, d);
    double sum = 0.0;

    for (size_t j = 0; j < d; j++) {
        sum += mean[j] * x[j];
    }
    return sum;
}

double nb_gaussian_variance(const double *self, size_t d, const double *x, double *work)
{
    const double *root = nb_gaussian_weights(self, d) + d;
    double sum = 0.0;

    memset(work, 0, d * sizeof *work);
    for (size_t j = 0; j < d; j++) {
        for (size_t i = j; i < d; i++) {
            work[i] += x[j] * *root++;
        }
    }
    for (size_t j = 0; j < d; j++) {
        sum += work[j] * work[j];
    }
    return sum;
}
