#include "policies/inverse_gap.h"

#include <math.h>

void nb_inverse_gap(const double *v, size_t n, double gamma, double *p)
{
    double best = -INFINITY, rest = 1.0;
    size_t n_free = 0, n_best = 0;

    for (size_t k = 0; k < n; k++) {
        n_free += v[k] != -INFINITY;
        n_best = v[k] > best ? 1 : n_best + (v[k] == best);
        best = fmax(best, v[k]);
    }
    for (size_t k = 0; k < n; k++) {
        p[k] = v[k] == -INFINITY ? 0.0 : 1.0 / ((double)n_free + gamma * (best - v[k]));
        rest -= v[k] < best ? p[k] : 0.0;
    }
    for (size_t k = 0; k < n; k++) {
        p[k] = v[k] == best ? rest / (double)n_best : p[k];
    }
}
