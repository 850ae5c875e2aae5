#include "policies/kl.h"

#include <math.h>

double nb_kl(double p, double q)
{
    double sum = 0.0;

    if ((p > 0.0 && q <= 0.0) || (p < 1.0 && q >= 1.0)) {
        return INFINITY;
    }
    sum += p > 0.0 ? p * log(p / q) : 0.0;
    return sum + (p < 1.0 ? (1.0 - p) * log((1.0 - p) / (1.0 - q)) : 0.0);
}

/* kl(p, q) >= p ln p + (1 - p) ln((1 - p) / (1 - q)), whose inverse is close where q nears 1 */
static double bound_near_one(double p, double d)
{
    double least = p > 0.0 ? p * log(p) : 0.0;

    return 1.0 - (1.0 - p) * exp((least - d) / (1.0 - p));
}

/* Newton from above: kl(p, .) is convex and grows on [p, 1), so that steps from a bound come down
 * to the root and never pass it, but by rounding */
double nb_kl_upper(double p, double d)
{
    double q;

    if (p >= 1.0 || d <= 0.0) {
        return fmin(p, 1.0);
    }
    q = fmin(p + sqrt(0.5 * d), bound_near_one(p, d));
    for (int i = 0; i < 100 && q > p && q < 1.0; i++) {
        double step = (nb_kl(p, q) - d) * q * (1.0 - q) / (q - p);

        if (!(step > 1e-13)) {
            break;
        }
        q -= step;
    }
    return fmin(fmax(q, p), 0x1.fffffffffffffp-1); /* 1 is for arms that never failed */
}
