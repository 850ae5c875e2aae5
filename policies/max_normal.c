#include "policies/max_normal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double breaks[] = {-8.0, -6.0, -4.5, -3.0, -1.5, 0.0, 1.5, 3.0, 4.5, 6.0, 8.0};
enum { N_BREAKS = sizeof breaks / sizeof *breaks, N_NODES = 4 };

/* Abramowitz & Stegun (1964), table 25.4, n = 8: half of the symmetric nodes, and weights */
static const double nodes[N_NODES] = {0.1834346424956498, 0.5255324099163290, 0.7966664774136267,
                                      0.9602898564975363};
static const double weights[N_NODES] = {0.3626837833783620, 0.3137066458778873, 0.2223810344533745,
                                        0.1012285362903763};

size_t nb_max_normal_work(size_t n)
{
    return n * (N_BREAKS + 2);
}

static int compare_reals(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double cdf(double z)
{
    return 0.5 * erfc(-z * 0.7071067811865476);
}

/* add weight x integrand of every arm at t */
static void add_node(const double *mean, const double *sd, size_t n, double t, double weight,
                     double *cdfs, double *p)
{
    double product = 1.0;

    for (size_t k = 0; k < n; k++) {
        cdfs[k] = cdf((t - mean[k]) / sd[k]);
        product *= cdfs[k];
    }
    for (size_t k = 0; k < n; k++) {
        double z = (t - mean[k]) / sd[k];

        if (fabs(z) < 9.0) {
            p[k] += weight * product / cdfs[k] * 0.3989422804014327 / sd[k] * exp(-0.5 * z * z);
        }
    }
}

/* sorted break points of all arms within [low, high]; how many */
static size_t collect_breaks(const double *mean, const double *sd, size_t n, double *points)
{
    double low = -INFINITY, high = -INFINITY;
    size_t n_points = 0;

    for (size_t k = 0; k < n; k++) {
        low = fmax(low, mean[k] + breaks[0] * sd[k]);
        high = fmax(high, mean[k] + breaks[N_BREAKS - 1] * sd[k]);
    }
    for (size_t k = 0; k < n; k++) {
        for (size_t b = 0; b < N_BREAKS; b++) {
            double point = mean[k] + breaks[b] * sd[k];

            if (point >= low && point <= high) {
                points[n_points++] = point;
            }
        }
    }
    qsort(points, n_points, sizeof *points, compare_reals);
    return n_points;
}

void nb_max_normal(const double *mean, const double *sd, size_t n, double *p, double *work)
{
    double *points = work, *cdfs = work + n * N_BREAKS, *widths = cdfs + n;
    double size = 0.0, sum = 0.0;

    for (size_t k = 0; k < n; k++) {
        size = fmax(size, fabs(mean[k]));
    }
    for (size_t k = 0; k < n; k++) {
        widths[k] = fmax(sd[k], 1e-9 * (size > 0.0 ? size : 1.0));
        p[k] = 0.0;
    }
    size_t n_points = collect_breaks(mean, widths, n, points);

    for (size_t j = 0; j + 1 < n_points; j++) {
        double half = 0.5 * (points[j + 1] - points[j]);
        double middle = 0.5 * (points[j + 1] + points[j]);

        for (size_t i = 0; i < N_NODES && half > 0.0; i++) {
            add_node(mean, widths, n, middle - half * nodes[i], half * weights[i], cdfs, p);
            add_node(mean, widths, n, middle + half * nodes[i], half * weights[i], cdfs, p);
        }
    }
    for (size_t k = 0; k < n; k++) {
        sum += p[k];
    }
    for (size_t k = 0; k < n; k++) {
        p[k] /= sum;
    }
}
