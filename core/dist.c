#include "core/dist.h"

#include <float.h>
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>

/* a gsl_rng on the stack over a borrowed stream: no allocation */
static gsl_rng over_stream(nb_stream_t **stream)
{
    return (gsl_rng){.type = nb_rng_gsl_type(), .state = stream};
}

double nb_dist_gamma(nb_stream_t *stream, double shape, double rate)
{
    gsl_rng rng = over_stream(&stream);

    return gsl_ran_gamma(&rng, shape, 1.0 / rate);
}

double nb_dist_beta(nb_stream_t *stream, double a, double b)
{
    gsl_rng rng = over_stream(&stream);

    return gsl_ran_beta(&rng, a, b);
}

double nb_dist_beta_pdf(double x, double a, double b)
{
    return gsl_ran_beta_pdf(x, a, b);
}

unsigned nb_dist_poisson(nb_stream_t *stream, double mean)
{
    gsl_rng rng = over_stream(&stream);

    return mean > 0 ? gsl_ran_poisson(&rng, mean) : 0;
}

/* the logit is close to normal: its distribution function to the first Edgeworth term (Hall 1992,
 * section 2.3) */
static double large_beta_cdf(double x, double a, double b)
{
    double mean, sd;

    nb_dist_logit_beta(a, b, &mean, &sd);
    double z = (log(x) - log1p(-x) - mean) / sd;
    double skewness = (gsl_sf_psi_n(2, a) - gsl_sf_psi_n(2, b)) / (sd * sd * sd);
    double p = gsl_cdf_ugaussian_P(z) - gsl_ran_ugaussian_pdf(z) * skewness / 6.0 * (z * z - 1.0);

    return fmin(1.0, fmax(0.0, p));
}

double nb_dist_beta_cdf(double x, double a, double b)
{
    /* GSL's continued fraction takes some sqrt(a) steps and gives up after 512 */
    if (a > 1e5 && b > 1e5 && x > 0.0 && x < 1.0) {
        return large_beta_cdf(x, a, b);
    }
    return x <= 0.0 ? 0.0 : x >= 1.0 ? 1.0 : gsl_cdf_beta_P(x, a, b);
}

/* GSL's own inverse gives up, by its error handler, where a or b is far from 1 */
double nb_dist_beta_quantile(double p, double a, double b)
{
    double low = 0.0, high = 1.0, x = a / (a + b);

    if (p <= 0.0 || p >= 1.0) {
        return p <= 0.0 ? 0.0 : 1.0;
    }
    while (high - low > 4.0 * DBL_EPSILON * high) {
        double above = nb_dist_beta_cdf(x, a, b) - p;
        double slope = gsl_ran_beta_pdf(x, a, b);

        if (above > 0.0) {
            high = x;
        } else {
            low = x;
        }
        double next = slope > 0.0 ? x - above / slope : low;

        /* a step that leaves the bracket, or stands still, halves it instead */
        if (fabs(next - x) <= DBL_EPSILON * x) {
            return next;
        }
        x = next > low && next < high ? next : 0.5 * (low + high);
        if (x <= low || x >= high || high < DBL_MIN) {
            return x;
        }
    }
    return x;
}

double nb_dist_log_beta(double a, double b)
{
    return gsl_sf_lnbeta(a, b);
}

void nb_dist_logit_beta(double a, double b, double *mean, double *sd)
{
    *mean = gsl_sf_psi(a) - gsl_sf_psi(b);
    *sd = sqrt(gsl_sf_psi_1(a) + gsl_sf_psi_1(b));
}

double nb_dist_exponential(uint32_t high, uint32_t low)
{
    return -log(nb_rng_uniform53(high, low));
}
