#include "core/dist.h"

#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

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

double nb_dist_beta_cdf(double x, double a, double b)
{
    return gsl_cdf_beta_P(x, a, b);
}

double nb_dist_beta_quantile(double upper, double a, double b)
{
    return gsl_cdf_beta_Qinv(upper, a, b);
}

unsigned nb_dist_poisson(nb_stream_t *stream, double mean)
{
    gsl_rng rng = over_stream(&stream);

    return mean > 0 ? gsl_ran_poisson(&rng, mean) : 0;
}

double nb_dist_exponential(uint32_t high, uint32_t low)
{
    return -log(nb_rng_uniform53(high, low));
}
