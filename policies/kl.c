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

/* bisection between p and Pinsker's bound */
double nb_kl_upper(double p, double d)
{
    double low = p, high = fmin(1.0, p + sqrt(0.5 * d));

    if (p >= 1.0) {
        return 1.0;
    }
    while (high - low > 1e-12) {
        double q = 0.5 * (low + high);

        if (q <= low || q >= high) {
            break;
        }
        if (nb_kl(p, q) > d) {
            high = q;
        } else {
            low = q;
        }
    }
    return low;
}
