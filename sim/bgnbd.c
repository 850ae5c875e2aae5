/*
 * The likelihood is taken in logarithms throughout. Expectations are not taken from the published
 * hypergeometric forms, which overflow, cancel near a = 1 and need tens of thousands of terms near
 * z = 1. Given that a customer is alive, her rate ~ Gamma(r + x, rate alpha + T) and her coin ~
 * Beta(a, b + x) are independent, so the rate is integrated in closed form, and the coin by the
 * trapezoid rule in its log-odds, which converges exponentially (Trefethen & Weideman 2014).
 */
#define _DEFAULT_SOURCE
#include "sim/bgnbd.h"

#include <gsl/gsl_sf_psi.h>
#include <math.h>

#include "core/error.h"

enum { MOST_FRACTION_STEPS = 100000 };

static const double far_log_odds = 60; /* beyond it the coin's density is a pure exponential */
static const double negligible = -50;  /* logarithm of a weight that no sum feels */

/* thread-safe logarithm of the gamma function */
static double lgam(double x)
{
    int sign;

    return lgamma_r(x, &sign);
}

double nb_bgnbd_count_term(const nb_bgnbd_t *self, double x, double gradient[NB_BGNBD_PARAMETERS])
{
    double r = self->r, b = self->b, ab = self->a + self->b;

    if (gradient) {
        double psi_ab = gsl_sf_psi(ab) - gsl_sf_psi(ab + x);

        gradient[0] = gsl_sf_psi(r + x) - gsl_sf_psi(r);
        gradient[1] = 0;
        gradient[2] = psi_ab;
        gradient[3] = psi_ab + gsl_sf_psi(b + x) - gsl_sf_psi(b);
    }
    return x > 0 ? lgam(r + x) - lgam(r) + lgam(ab) - lgam(ab + x) + lgam(b + x) - lgam(b) : 0;
}

double nb_bgnbd_time_term(const nb_bgnbd_t *self, const nb_history_t *history,
                          double gradient[NB_BGNBD_PARAMETERS])
{
    double r = self->r, alpha = self->alpha, x = history->x;
    double to_end = log1p(history->T / alpha), to_last = log1p(history->t_x / alpha);
    double alive = -r * to_end - x * log(alpha + history->T), total = alive, w = 1;

    if (x > 0) {
        double left =
            log(self->a) - log(self->b + x - 1) - r * to_last - x * log(alpha + history->t_x);
        double high = fmax(alive, left);

        total = high + log(exp(alive - high) + exp(left - high));
        w = exp(alive - total);
    }
    if (gradient) {
        gradient[0] = -w * to_end - (1 - w) * to_last;
        gradient[1] =
            r / alpha - (r + x) * (w / (alpha + history->T) + (1 - w) / (alpha + history->t_x));
        gradient[2] = (1 - w) / self->a;
        gradient[3] = x > 0 ? -(1 - w) / (self->b + x - 1) : 0;
    }
    return total;
}

double nb_bgnbd_log_likelihood(const nb_bgnbd_t *self, const nb_history_t *history,
                               double gradient[NB_BGNBD_PARAMETERS])
{
    double count[NB_BGNBD_PARAMETERS];
    double value = nb_bgnbd_count_term(self, history->x, gradient ? count : NULL);

    value += nb_bgnbd_time_term(self, history, gradient);
    for (int i = 0; gradient && i < NB_BGNBD_PARAMETERS; i++) {
        gradient[i] += count[i];
    }
    return value;
}

double nb_bgnbd_p_alive(const nb_bgnbd_t *self, const nb_history_t *history)
{
    double x = history->x, log_odds;

    if (!(x > 0)) {
        return 1;
    }
    log_odds = log(self->a) - log(self->b + x - 1) +
               (self->r + x) * log1p((history->T - history->t_x) / (self->alpha + history->t_x));
    return 1 / (1 + exp(log_odds));
}

/* what is left to integrate once the rate ~ Gamma(shape, rate) is */
typedef struct {
    double shape, rate;
    double time; /* span of time, or discount rate */
} posterior_t;

typedef double integrand_fn(double p, const posterior_t *posterior);

/* logarithm of the density of Beta(a, b) in its log-odds s, up to a constant */
static double log_weight(double a, double b, double s)
{
    return -a * log1p(exp(-s)) - b * log1p(exp(s));
}

typedef struct {
    double weight, value;
} mean_t;

/* nodes from `start` in steps of `step` (negative: to the left) until the weights fade; where they
 * fade slowly the rest is a geometric series, since the integrand is flat there */
static void add_nodes(double a, double b, const double place[2], double step, integrand_fn *g,
                      const posterior_t *posterior, mean_t *mean)
{
    double peak = log_weight(a, b, place[0]), fade = step < 0 ? a : b;

    for (double s = place[1];; s += step) {
        double log_w = log_weight(a, b, s) - peak, w = exp(log_w);
        int is_last = fabs(s) > far_log_odds && s * step > 0;

        if (log_w < negligible && (s - place[0]) * step > 0) {
            return;
        }
        if (is_last) {
            w /= -expm1(-fade * fabs(step));
        }
        mean->weight += w;
        mean->value += w * g(1 / (1 + exp(-s)), posterior);
        if (is_last) {
            return;
        }
    }
}

/* E[g(p)], p ~ Beta(a, b); the step follows the narrower of the densities of coin and rate */
static double beta_mean(double a, double b, integrand_fn *g, const posterior_t *posterior)
{
    double step = fmin(0.4, 1.4 / sqrt(a + b + posterior->shape));
    double center = log(a / b);
    double right[2] = {center, center}, left[2] = {center, center - step};
    mean_t mean = {0, 0};

    add_nodes(a, b, right, step, g, posterior, &mean);
    add_nodes(a, b, left, -step, g, posterior, &mean);
    return mean.value / mean.weight;
}

/* E over the rate of (1 - exp(-rate p t)) / p: purchases before the coin ends it or t is over */
static double purchases_within(double p, const posterior_t *posterior)
{
    return -expm1(-posterior->shape * log1p(p * posterior->time / posterior->rate)) / p;
}

/* y -> exp(y) E_v(y), generalized exponential integral, by its continued fraction (Abramowitz &
 * Stegun 5.1.22, even part, Lentz's method); y > 0, v > 1 */
static double scaled_exponential_integral(double v, double y)
{
    double b = y + v, c = 1e300, d = 1 / b, h = d;

    for (int i = 1; i < MOST_FRACTION_STEPS; i++) {
        double a = -i * (v - 1 + i), change;

        b += 2;
        d = 1 / (a * d + b);
        c = b + a / c;
        change = c * d;
        h *= change;
        if (fabs(change - 1) < 1e-13) {
            break;
        }
    }
    return h;
}

/* E over the rate of rate / (rate p + discount) */
static double discounted_purchases(double p, const posterior_t *posterior)
{
    double y = posterior->rate * posterior->time / p;

    return posterior->shape * scaled_exponential_integral(posterior->shape + 1, y) / p;
}

static double expect(const nb_bgnbd_t *self, const nb_history_t *history, integrand_fn *g,
                     double time)
{
    posterior_t posterior = {self->r + history->x, self->alpha + history->T, time};

    return beta_mean(self->a, self->b + history->x, g, &posterior);
}

double nb_bgnbd_expected(const nb_bgnbd_t *self, double t)
{
    nb_history_t newborn = {0, 0, 0};

    return t > 0 ? expect(self, &newborn, purchases_within, t) : 0;
}

double nb_bgnbd_conditional(const nb_bgnbd_t *self, const nb_history_t *history, double t)
{
    return t > 0 ? nb_bgnbd_p_alive(self, history) * expect(self, history, purchases_within, t) : 0;
}

double nb_bgnbd_residual(const nb_bgnbd_t *self, const nb_history_t *history, double rate)
{
    NB_ASSERT(rate > 0);
    return nb_bgnbd_p_alive(self, history) * expect(self, history, discounted_purchases, rate);
}

/* P(N(t) >= n) of the purchase process without leaving (a negative binomial): a positive series */
static double at_least(const nb_bgnbd_t *self, double t, unsigned n)
{
    double z = t / (self->alpha + t), j = n;
    double term = exp(lgam(self->r + j) - lgam(self->r) - lgam(j + 1) -
                      self->r * log1p(t / self->alpha) + j * log(z));
    double sum = 0;

    for (; term > 1e-17 * sum || z * (self->r + j) > j + 1; j++) {
        sum += term;
        term *= z * (self->r + j) / (j + 1);
    }
    return fmin(sum, 1);
}

double nb_bgnbd_pmf(const nb_bgnbd_t *self, double t, unsigned n)
{
    double a = self->a, b = self->b, x = n, ab = lgam(a + b) - lgam(a + b + x), stayed;

    if (!(t > 0)) {
        return n == 0;
    }
    stayed = exp(ab + lgam(b + x) - lgam(b) + lgam(self->r + x) - lgam(self->r) - lgam(x + 1) -
                 self->r * log1p(t / self->alpha) + x * log(t / (self->alpha + t)));
    if (n == 0) {
        return stayed;
    }
    return stayed + a * exp(ab + lgam(b + x - 1) - lgam(b)) * at_least(self, t, n);
}
