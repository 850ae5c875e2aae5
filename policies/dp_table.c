#include "policies/dp_table.h"

#include <math.h>

#include "core/memory.h"

static const double too_many = 1e15;

/* binomial(s + j - 1, j) for s <= T and j <= 2K: vectors of j counts whose sum is below s */
static double binomial(const nb_dp_t *self, const double *table, unsigned j, unsigned s)
{
    return table[j * (self->horizon + 1) + s];
}

static size_t n_binomials(unsigned n_arms, unsigned horizon)
{
    return (2 * (size_t)n_arms + 1) * ((size_t)horizon + 1);
}

double nb_dp_size(unsigned n_arms, unsigned horizon)
{
    double n = 1.0;

    for (unsigned j = 1; j <= 2 * n_arms && n < too_many; j++) {
        n *= (double)(horizon - 1 + j) / j;
    }
    return n < too_many ? round(n) + (double)n_binomials(n_arms, horizon) : INFINITY;
}

static void fill_binomials(const nb_dp_t *self, double *table)
{
    size_t row = (size_t)self->horizon + 1;

    for (unsigned j = 0; j <= 2 * self->n_arms; j++) {
        for (unsigned s = 0; s <= self->horizon; s++) {
            table[j * row + s] = j == 0   ? 1.0
                                 : s == 0 ? 0.0
                                          : table[j * row + s - 1] + table[(j - 1) * row + s];
        }
    }
}

/* numbers of the counts with one more in place j, in order of j: places before j keep their sums
 * @param up [2K] */
static void find_next(const nb_dp_t *self, const double *table, const unsigned *counts, double *up)
{
    unsigned m = 2 * self->n_arms, sum = 0;
    double below = 0.0, above = 0.0;

    for (unsigned j = 1; j <= m; j++) {
        sum += counts[j - 1];
        up[j - 1] = below; /* of the places before j */
        below += binomial(self, table, j, sum);
    }
    for (unsigned j = m; j >= 1; j--) {
        above += binomial(self, table, j, sum + 1);
        up[j - 1] += above;
        sum -= counts[j - 1];
    }
}

void nb_dp_values(const nb_dp_t *self, const double *table, const unsigned *counts, double *work,
                  double *q)
{
    const double *value = table + n_binomials(self->n_arms, self->horizon);
    unsigned t = 0;

    for (unsigned j = 0; j < 2 * self->n_arms; j++) {
        t += counts[j];
    }
    if (t + 1 < self->horizon) {
        find_next(self, table, counts, work);
    }
    for (unsigned k = 0; k < self->n_arms; k++) {
        double s = self->a + counts[2 * k], f = self->b + counts[2 * k + 1], p = s / (s + f);
        double after_success = 0.0, after_failure = 0.0;

        if (t + 1 < self->horizon) {
            after_success = value[(size_t)work[2 * k]];
            after_failure = value[(size_t)work[2 * k + 1]];
        }
        q[k] =
            p * (1.0 + self->discount * after_success) + (1.0 - p) * self->discount * after_failure;
    }
}

static size_t number_of(const nb_dp_t *self, const double *table, const unsigned *counts)
{
    unsigned sum = 0;
    double number = 0.0;

    for (unsigned j = 1; j <= 2 * self->n_arms; j++) {
        sum += counts[j - 1];
        number += binomial(self, table, j, sum);
    }
    return (size_t)number;
}

/* the next counts with the same sum (Nijenhuis & Wilf 1978, chapter 5); 0 after the last */
static int go_on(unsigned *counts, unsigned n)
{
    unsigned first = 0, moved;

    while (counts[first] == 0) {
        if (++first == n) {
            return 0;
        }
    }
    if (first == n - 1) {
        return 0;
    }
    moved = counts[first];
    counts[first] = 0;
    counts[0] = moved - 1;
    counts[first + 1]++;
    return 1;
}

int nb_dp_fill(const nb_dp_t *self, double *table)
{
    unsigned m = 2 * self->n_arms, *counts = NULL;
    double *value = table + n_binomials(self->n_arms, self->horizon), *work = NULL;

    NB_TRY(nb_alloc(&work, m + self->n_arms + m, sizeof *work));
    counts = (unsigned *)(work + m + self->n_arms);
    fill_binomials(self, table);
    for (unsigned t = self->horizon; t-- > 0;) {
        counts[0] = t;
        for (unsigned j = 1; j < m; j++) {
            counts[j] = 0;
        }
        do {
            double best = 0.0, *q = work + m;

            nb_dp_values(self, table, counts, work, q);
            for (unsigned k = 0; k < self->n_arms; k++) {
                best = fmax(best, q[k]);
            }
            value[number_of(self, table, counts)] = best;
        } while (go_on(counts, m));
    }
    nb_free(work);
    return NB_OK;
}
