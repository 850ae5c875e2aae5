#include "core/stats.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "core/memory.h"

void nb_moments_add(nb_moments_t *self, double value)
{
    double off = value - self->mean;

    self->n++;
    self->mean += off / (double)self->n;
    self->m2 += off * (value - self->mean);
}

void nb_moments_add_finite(nb_moments_t *self, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isfinite(values[i])) {
            nb_moments_add(self, values[i]);
        }
    }
}

double nb_moments_sd(const nb_moments_t *self)
{
    return self->n < 2 ? NAN : sqrt(self->m2 / (double)(self->n - 1));
}

double nb_moments_se(const nb_moments_t *self)
{
    return nb_moments_sd(self) / sqrt((double)self->n);
}

double nb_t_quantile(double p, double df)
{
    return gsl_cdf_tdist_Pinv(p, df);
}

double nb_t_p(double t, double df)
{
    return isinf(t) ? 0 : 2 * gsl_cdf_tdist_Q(fabs(t), df);
}

double nb_chi_square_p(double x, double df)
{
    return gsl_cdf_chisq_Q(x, df);
}

static double find_p(double mean, double se, double df)
{
    if (se == 0) {
        return mean == 0 ? 1 : 0;
    }
    return nb_t_p(mean / se, df);
}

nb_interval_t nb_interval_of(const nb_moments_t *moments, double level)
{
    nb_interval_t out = {moments->n, NAN, NAN, NAN, NAN, NAN};
    double df = (double)moments->n - 1;
    double half;

    if (moments->n == 0) {
        return out;
    }
    out.mean = moments->mean;
    if (moments->n < 2) {
        return out;
    }
    out.se = nb_moments_se(moments);
    half = nb_t_quantile(0.5 + level / 2, df) * out.se;
    out.low = out.mean - half;
    out.high = out.mean + half;
    out.p = find_p(out.mean, out.se, df);
    return out;
}

nb_interval_t nb_interval_paired(const double *a, const double *b, size_t n, double level)
{
    nb_moments_t moments = {0};

    for (size_t i = 0; i < n; i++) {
        if (isfinite(a[i]) && isfinite(b[i])) {
            nb_moments_add(&moments, a[i] - b[i]);
        }
    }
    return nb_interval_of(&moments, level);
}

/* index of the smallest entry not yet done, the first of equals; n where none is left */
static size_t find_smallest(const double *p, const unsigned char *done, size_t n)
{
    size_t best = n;

    for (size_t i = 0; i < n; i++) {
        if (!done[i] && !isnan(p[i]) && (best == n || p[i] < p[best])) {
            best = i;
        }
    }
    return best;
}

int nb_holm(const double *p, size_t n, double *adjusted)
{
    unsigned char *done;
    size_t n_left = 0;
    double largest = 0;

    NB_TRY(nb_alloc(&done, n, sizeof *done));
    for (size_t i = 0; i < n; i++) {
        n_left += !isnan(p[i]);
        adjusted[i] = p[i];
    }
    /* step down: the k-th smallest times the number of those not yet stepped over, monotone */
    for (size_t i; (i = find_smallest(p, done, n)) < n; n_left--) {
        largest = fmax(largest, fmin(1, p[i] * (double)n_left));
        adjusted[i] = largest;
        done[i] = 1;
    }
    nb_free(done);
    return NB_OK;
}
