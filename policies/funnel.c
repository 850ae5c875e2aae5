#include "policies/funnel.h"

#include <math.h>

#include "core/types.h"

/* per outcome: n, sum, sum of squares over all actions; then n, sum of every action */
enum { ALL = 3, EACH = 2 };

unsigned nb_funnel_reached(uint16_t signals)
{
    if (signals & NB_SIGNAL_BOUGHT) {
        return 3;
    }
    return signals & NB_SIGNAL_VISITED ? 2 : (signals & NB_SIGNAL_OPENED) != 0;
}

/* integrals of the standard normal density, and of (m + s z) and its square under it, from 0 to 1
 * of m + s z; what lies above 1 counts 1 */
nb_moment_pair_t nb_funnel_clip(nb_moment_pair_t normal)
{
    double m = normal.mean, s = sqrt(normal.variance);

    if (!(s > 0.0)) {
        return (nb_moment_pair_t){fmin(fmax(m, 0.0), 1.0), 0.0};
    }
    double low = -m / s, high = (1.0 - m) / s;
    double above = 0.5 * erfc(high * 0.7071067811865476);
    double within = 0.5 * erfc(low * 0.7071067811865476) - above;
    double at_low = 0.3989422804014327 * exp(-0.5 * low * low);
    double at_high = 0.3989422804014327 * exp(-0.5 * high * high);
    double first = above + m * within + s * (at_low - at_high);
    double second = above + (m * m + s * s) * within + s * (m * at_low - (1.0 + m) * at_high);

    first = fmin(fmax(first, 0.0), 1.0);
    return (nb_moment_pair_t){first, fmax(second - first * first, 0.0)};
}

nb_moment_pair_t nb_funnel_product(const nb_moment_pair_t *stages)
{
    nb_moment_pair_t product = {1.0, 0.0};

    for (int s = 0; s < NB_FUNNEL_STAGES; s++) {
        double mean = stages[s].mean, variance = stages[s].variance;

        /* var(XY) = var X var Y + var X (E Y)^2 + (E X)^2 var Y */
        product.variance =
            product.variance * (variance + mean * mean) + product.mean * product.mean * variance;
        product.mean *= mean;
    }
    return product;
}

size_t nb_funnel_size(size_t n_actions)
{
    return 2 * (ALL + EACH * n_actions);
}

static size_t each_at(unsigned action, int bought)
{
    return 2 * ALL + EACH * (2 * (size_t)action + (size_t)bought);
}

void nb_funnel_add(double *money, unsigned action, int bought, double reward)
{
    double *all = money + ALL * bought, *each = money + each_at(action, bought);

    all[0] += 1.0;
    all[1] += reward;
    all[2] += reward * reward;
    each[0] += 1.0;
    each[1] += reward;
}

nb_moment_pair_t nb_funnel_money(const double *money, unsigned action, int bought, double sd)
{
    const double *all = money + ALL * bought, *each = money + each_at(action, bought);
    double imaginary = bought, n = 1.0 + all[0];
    double mean = (imaginary + all[1]) / n;
    double square = (imaginary * imaginary + sd * sd + all[2]) / n;

    return (nb_moment_pair_t){
        .mean = (mean + each[1]) / (1.0 + each[0]),
        .variance = fmax(square - mean * mean, 0.0) / (1.0 + each[0]),
    };
}

nb_moment_pair_t nb_funnel_value(nb_moment_pair_t p, nb_moment_pair_t with,
                                 nb_moment_pair_t without)
{
    double gain = with.mean - without.mean, rest = 1.0 - p.mean;

    /* variance of the mean given P, and mean of the variance given P */
    return (nb_moment_pair_t){
        .mean = without.mean + p.mean * gain,
        .variance = p.variance * gain * gain + (p.variance + p.mean * p.mean) * with.variance +
                    (p.variance + rest * rest) * without.variance,
    };
}
