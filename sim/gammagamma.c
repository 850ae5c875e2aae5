#define _DEFAULT_SOURCE
#include "sim/gammagamma.h"

#include <gsl/gsl_sf_psi.h>
#include <math.h>
#include <stddef.h>

static double lgam(double x)
{
    int sign;

    return lgamma_r(x, &sign);
}

double nb_gammagamma_count_term(const nb_gammagamma_t *self, double x,
                                double gradient[NB_GAMMAGAMMA_PARAMETERS])
{
    double px = self->p * x, q = self->q;

    if (gradient) {
        double psi = gsl_sf_psi(px + q);

        gradient[0] = x * (psi - gsl_sf_psi(px));
        gradient[1] = psi - gsl_sf_psi(q);
        gradient[2] = 0;
    }
    return lgam(px + q) - lgam(px) - lgam(q);
}

double nb_gammagamma_spend_term(const nb_gammagamma_t *self, double x, double m,
                                double gradient[NB_GAMMAGAMMA_PARAMETERS])
{
    double px = self->p * x, q = self->q, v = self->v;
    double ours = log1p(v / (x * m)), theirs = log1p(x * m / v); /* ln of (v + xm) / xm and / v */

    if (gradient) {
        gradient[0] = -x * ours;
        gradient[1] = -theirs;
        gradient[2] = q / v - (px + q) / (v + x * m);
    }
    return -px * ours - q * theirs - log(m);
}

double nb_gammagamma_log_likelihood(const nb_gammagamma_t *self, double x, double m,
                                    double gradient[NB_GAMMAGAMMA_PARAMETERS])
{
    double count[NB_GAMMAGAMMA_PARAMETERS];
    double value = nb_gammagamma_count_term(self, x, gradient ? count : NULL);

    value += nb_gammagamma_spend_term(self, x, m, gradient);
    for (int i = 0; gradient && i < NB_GAMMAGAMMA_PARAMETERS; i++) {
        gradient[i] += count[i];
    }
    return value;
}

double nb_gammagamma_expected(const nb_gammagamma_t *self, double x, double m)
{
    double below = self->p * x + self->q - 1;

    return below > 0 ? self->p * (self->v + x * m) / below : INFINITY;
}
