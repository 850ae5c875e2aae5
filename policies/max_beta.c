#include "policies/max_beta.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/dist.h"
#include "policies/max_beta_logit.h"

static const double breaks[] = {-8.0, -5.0, -3.0, -1.5, 0.0, 1.5, 3.0, 5.0, 8.0};
static const double ends[] = {1e-6, 1e-4, 1e-3, 1e-2, 0.1};
enum {
    N_BREAKS = sizeof breaks / sizeof *breaks,
    N_ENDS = sizeof ends / sizeof *ends,
    N_POINTS = N_BREAKS + 2 * N_ENDS + 2,
    N_NODES = 4,
    MANY_ARMS = 16
};

/* Abramowitz & Stegun (1964), table 25.4, n = 8: half of the symmetric nodes, and weights */
static const double nodes[N_NODES] = {0.1834346424956498, 0.5255324099163290, 0.7966664774136267,
                                      0.9602898564975363};
static const double weights[N_NODES] = {0.3626837833783620, 0.3137066458778873, 0.2223810344533745,
                                        0.1012285362903763};

size_t nb_max_beta_work(size_t n)
{
    size_t scaled = n * (N_POINTS + 1), plain = nb_max_beta_logit_work(n);

    return scaled > plain ? scaled : plain;
}

/* one positive scale for all changes nothing */
static int is_plain(const nb_beta_t *arms, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        if (!(arms[k].scale > 0.0 && arms[k].scale == arms[0].scale)) {
            return 0;
        }
    }
    return 1;
}

static int compare_reals(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double cdf(const nb_beta_t *arm, double t)
{
    double u = t / arm->scale;

    return arm->scale > 0.0 ? nb_dist_beta_cdf(u, arm->a, arm->b)
                            : 1.0 - nb_dist_beta_cdf(u, arm->a, arm->b);
}

static double pdf(const nb_beta_t *arm, double t)
{
    double u = t / arm->scale;

    return u > 0.0 && u < 1.0 ? nb_dist_beta_pdf(u, arm->a, arm->b) / fabs(arm->scale) : 0.0;
}

/* where an arm's density changes its shape, within [low, high] */
static size_t add_points(const nb_beta_t *arm, double low, double high, double *points)
{
    double sum = arm->a + arm->b, mean = arm->a / sum;
    double sd = sqrt(mean * (1.0 - mean) / (sum + 1.0));
    size_t n = 0;

    for (size_t j = 0; j < N_POINTS; j++) {
        double u = j < N_BREAKS            ? mean + breaks[j] * sd
                   : j < N_BREAKS + N_ENDS ? ends[j - N_BREAKS]
                   : j < N_POINTS - 2      ? 1.0 - ends[j - N_BREAKS - N_ENDS]
                                           : (double)(j - (N_POINTS - 2));
        double t = arm->scale * fmin(1.0, fmax(0.0, u));

        if (t >= low && t <= high) {
            points[n++] = t;
        }
    }
    return n;
}

/* below the highest of the arms' low ends nobody is the largest */
static size_t collect_points(const nb_beta_t *arms, size_t n, double *points)
{
    double low = -INFINITY, high = -INFINITY;
    size_t n_points = 0;

    for (size_t k = 0; k < n; k++) {
        double sum = arms[k].a + arms[k].b, mean = arms[k].a / sum;
        double sd = sqrt(mean * (1.0 - mean) / (sum + 1.0));
        double left = fmax(0.0, mean - 10.0 * sd), right = fmin(1.0, mean + 10.0 * sd);

        low = fmax(low, fmin(arms[k].scale * left, arms[k].scale * right));
        high = fmax(high, fmax(arms[k].scale * left, arms[k].scale * right));
    }
    points[n_points++] = low;
    for (size_t k = 0; k < n; k++) {
        n_points += add_points(&arms[k], low, high, points + n_points);
    }
    qsort(points, n_points, sizeof *points, compare_reals);
    return n_points;
}

/* of many arms: sorted points without those that are nearer to each other than a fifth of the
 * narrowest arm, since arms alike need no more of them than one */
static size_t thin_points(const nb_beta_t *arms, size_t n, double *points, size_t n_points)
{
    double narrowest = INFINITY, last = points[n_points - 1];
    size_t kept = 1;

    if (n <= MANY_ARMS) {
        return n_points;
    }
    for (size_t k = 0; k < n; k++) {
        double sum = arms[k].a + arms[k].b, mean = arms[k].a / sum;

        narrowest = fmin(narrowest, fabs(arms[k].scale) * sqrt(mean * (1.0 - mean) / (sum + 1.0)));
    }
    for (size_t j = 1; j < n_points; j++) {
        if (points[j] - points[kept - 1] > 0.2 * narrowest) {
            points[kept++] = points[j];
        }
    }
    points[kept - 1] = last;
    return kept;
}

static void add_node(const nb_beta_t *arms, size_t n, double t, double weight, double *cdfs,
                     double *p)
{
    double product = 1.0;

    for (size_t k = 0; k < n; k++) {
        cdfs[k] = cdf(&arms[k], t);
        product *= cdfs[k];
    }
    for (size_t k = 0; k < n && product > 0.0; k++) {
        p[k] += weight * pdf(&arms[k], t) * product / cdfs[k];
    }
}

void nb_max_beta(const nb_beta_t *arms, size_t n, double *p, double *work)
{
    double *points = work, *cdfs = work + n * N_POINTS, sum = 0.0;
    size_t n_points;

    memset(p, 0, n * sizeof *p);
    if (n == 1) {
        p[0] = 1.0;
        return;
    }
    if (is_plain(arms, n)) {
        nb_max_beta_logit(arms, n, p, work);
        return;
    }
    n_points = thin_points(arms, n, points, collect_points(arms, n, points));
    for (size_t j = 0; j + 1 < n_points; j++) {
        double half = 0.5 * (points[j + 1] - points[j]);
        double middle = 0.5 * (points[j + 1] + points[j]);

        for (size_t i = 0; i < N_NODES && half > 0.0; i++) {
            add_node(arms, n, middle - half * nodes[i], half * weights[i], cdfs, p);
            add_node(arms, n, middle + half * nodes[i], half * weights[i], cdfs, p);
        }
    }
    for (size_t k = 0; k < n; k++) {
        sum += p[k];
    }
    for (size_t k = 0; k < n; k++) {
        p[k] /= sum;
    }
}

static void fill_row(const nb_batch_t *batch, size_t i, const nb_beta_t *arms, nb_beta_t *some,
                     double *work, double *p)
{
    size_t K = batch->n_actions, n = 0;
    double *shares = work + nb_max_beta_work(K);

    for (unsigned k = 0; k < K; k++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
            some[n++] = arms[k];
        }
    }
    nb_max_beta(some, n, shares, work);
    n = 0;
    for (unsigned k = 0; k < K; k++) {
        p[k] = nb_mask_allows(batch->mask, batch->mask_words, i, k) ? shares[n++] : 0.0;
    }
}

void nb_max_beta_table(const nb_batch_t *batch, const nb_beta_t *arms, double *p)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    size_t words = batch->mask_words;
    nb_beta_t *some = nb_arena_take(batch->scratch, K, sizeof *some);
    double *work = nb_arena_take(batch->scratch, nb_max_beta_work(K) + K, sizeof *work);

    for (size_t i = 0; i < batch->n; i++) {
        const uint64_t *mask = batch->mask + i * words;

        if (i > 0 && memcmp(mask, mask - words, words * sizeof *mask) == 0) {
            memcpy(p + i * K, p + (i - 1) * K, K * sizeof *p);
        } else {
            fill_row(batch, i, arms, some, work, p + i * K);
        }
    }
    nb_arena_release(batch->scratch, mark);
}

size_t nb_max_beta_scratch(size_t n_actions)
{
    return n_actions * sizeof(nb_beta_t) +
           (nb_max_beta_work(n_actions) + n_actions) * sizeof(double) + 128;
}
