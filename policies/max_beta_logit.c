#include "policies/max_beta_logit.h"

#include <math.h>
#include <string.h>

#include "core/dist.h"

enum { N_NODES = 8 };

/* densities below e^-38 of their peak, 3e-17, are nothing */
static const double nothing = 38.0;

/* Abramowitz & Stegun (1964), table 25.4, n = 8 */
static const double nodes[N_NODES] = {-0.9602898564975363, -0.7966664774136267, -0.5255324099163290,
                                      -0.1834346424956498, 0.1834346424956498,  0.5255324099163290,
                                      0.7966664774136267,  0.9602898564975363};
static const double weights[N_NODES] = {0.1012285362903763, 0.2223810344533745, 0.3137066458778873,
                                        0.3626837833783620, 0.3626837833783620, 0.3137066458778873,
                                        0.2223810344533745, 0.1012285362903763};

/* the density of t = log(x / (1 - x)) is x^a (1 - x)^b / B(a, b) */
typedef struct {
    double a, b, log_norm;
    double low, high; /* where it is something */
    double below;     /* distribution function at the left end of the panel */
} logit_t;

/* work of a call, all [n] or [N_NODES x n] */
typedef struct {
    const nb_beta_t *from;
    logit_t *arm;
    size_t n;
    double *density, *cdf; /* [N_NODES x n] at the nodes of a panel */
    double *before;        /* [n] products of the distribution functions of the arms before */
    double share[N_NODES][N_NODES]; /* integral of the j-th Lagrange polynomial from -1 to node i */
} quadrature_t;

size_t nb_max_beta_logit_work(size_t n)
{
    return n * (sizeof(logit_t) / sizeof(double) + 2 * N_NODES + 1);
}

static double log_density(const logit_t *self, double t)
{
    /* log x and log(1 - x) without cancellation */
    double tail = log1p(exp(-fabs(t)));
    double log_x = t > 0.0 ? -tail : t - tail, log_1x = t > 0.0 ? -t - tail : -tail;

    return self->a * log_x + self->b * log_1x + self->log_norm;
}

/* how far from the peak, to the side of `sign`, the density becomes nothing */
static double find_reach(const logit_t *self, double peak, double sign)
{
    double floor = log_density(self, peak) - nothing, from = 0.0;
    double to = 6.0 * sqrt(1.0 / self->a + 1.0 / self->b);

    while (log_density(self, peak + sign * to) > floor) {
        to *= 1.5;
    }
    while (to - from > 0.05 * to) {
        double middle = 0.5 * (from + to);

        if (log_density(self, peak + sign * middle) > floor) {
            from = middle;
        } else {
            to = middle;
        }
    }
    return to;
}

static logit_t make_arm(nb_beta_t from)
{
    logit_t self = {.a = from.a, .b = from.b, .log_norm = -nb_dist_log_beta(from.a, from.b)};
    double peak = log(from.a / from.b);

    self.low = peak - find_reach(&self, peak, -1.0);
    self.high = peak + find_reach(&self, peak, 1.0);
    return self;
}

/* Legendre polynomials of degree 0 to N_NODES at t */
static void fill_legendre(double t, double *p)
{
    p[0] = 1.0;
    p[1] = t;
    for (int m = 1; m < N_NODES; m++) {
        p[m + 1] = ((2 * m + 1) * t * p[m] - m * p[m - 1]) / (m + 1);
    }
}

/* Lagrange polynomials of Gauss nodes are sums of (2m + 1) / 2 w_j P_m(x_j) P_m, and the integral
 * of (2m + 1) P_m is P_{m+1} - P_{m-1} */
static void fill_shares(quadrature_t *self)
{
    double p[N_NODES][N_NODES + 1];

    for (int i = 0; i < N_NODES; i++) {
        fill_legendre(nodes[i], p[i]);
    }
    for (int i = 0; i < N_NODES; i++) {
        for (int j = 0; j < N_NODES; j++) {
            double sum = nodes[i] + 1.0;

            for (int m = 1; m < N_NODES; m++) {
                sum += p[j][m] * (p[i][m + 1] - p[i][m - 1]);
            }
            self->share[i][j] = 0.5 * weights[j] * sum;
        }
    }
}

/* a width over which the arm's density from t on is close to a polynomial */
static double smooth_width(const logit_t *self, double t)
{
    /* the largest x (1 - x) of [t, t + 1] makes the sharpest peak, 1 / sqrt((a + b) x (1 - x)) */
    double near = t > 0.0 ? t : fmin(0.0, t + 1.0), e = exp(-fabs(near));
    double peak = (1.0 + e) / sqrt((self->a + self->b) * e);
    /* in the tails it goes as e^(a t) and e^(-b t), and x itself changes over a length of |t| */
    double slope = fabs(self->a - (self->a + self->b) / (1.0 + exp(-t)));
    double tail = 3.0 / fmax(slope, 1e-9);

    return fmin(fmin(peak, tail), fmax(1.0, 0.5 * fabs(t)));
}

/* right end of the panel that begins at t */
static double find_end(const quadrature_t *self, double t, double high)
{
    double end = high;

    for (size_t k = 0; k < self->n; k++) {
        const logit_t *arm = self->arm + k;

        if (t < arm->low) {
            end = fmin(end, arm->low);
        } else if (t < arm->high) {
            end = fmin(end, t + smooth_width(arm, t));
        }
    }
    return end;
}

/* densities and distribution functions at the nodes of a panel */
static void fill_panel(quadrature_t *self, double middle, double half)
{
    for (size_t k = 0; k < self->n; k++) {
        logit_t *arm = self->arm + k;
        int is_flat = middle + half <= arm->low || middle - half >= arm->high;
        double f[N_NODES], all = 0.0;

        for (int j = 0; j < N_NODES; j++) {
            f[j] = is_flat ? 0.0 : exp(log_density(arm, middle + half * nodes[j]));
            self->density[(size_t)j * self->n + k] = f[j];
            all += half * weights[j] * f[j];
        }
        for (int i = 0; i < N_NODES; i++) {
            double sum = 0.0;

            for (int j = 0; j < N_NODES; j++) {
                sum += self->share[i][j] * f[j];
            }
            self->cdf[(size_t)i * self->n + k] = fmax(0.0, arm->below + half * sum);
        }
        arm->below += all;
    }
}

/* add a node: density of k times the distribution functions before and after k */
static void add_node(quadrature_t *self, int j, double weight, double *p)
{
    const double *density = self->density + (size_t)j * self->n;
    const double *cdf = self->cdf + (size_t)j * self->n;
    double product = 1.0;

    for (size_t k = 0; k < self->n; k++) {
        self->before[k] = product;
        product *= cdf[k];
    }
    product = weight;
    for (size_t k = self->n; k-- > 0;) {
        p[k] += density[k] * self->before[k] * product;
        product *= cdf[k];
    }
}

/* below the highest of the arms' low ends somebody's distribution function is 0 */
static double find_start(quadrature_t *self, double *high)
{
    double low = -INFINITY;

    *high = -INFINITY;
    for (size_t k = 0; k < self->n; k++) {
        self->arm[k] = make_arm(self->from[k]);
        low = fmax(low, self->arm[k].low);
        *high = fmax(*high, self->arm[k].high);
    }
    for (size_t k = 0; k < self->n; k++) {
        logit_t *arm = self->arm + k;

        arm->below = arm->low < low ? nb_dist_beta_cdf(1.0 / (1.0 + exp(-low)), arm->a, arm->b) : 0;
    }
    return low;
}

void nb_max_beta_logit(const nb_beta_t *arm, size_t n, double *p, double *work)
{
    quadrature_t self = {.from = arm, .n = n, .arm = (logit_t *)work};
    double high, sum = 0.0;

    self.density = work + n * (sizeof(logit_t) / sizeof(double));
    self.cdf = self.density + n * N_NODES;
    self.before = self.cdf + n * N_NODES;
    memset(p, 0, n * sizeof *p);
    fill_shares(&self);
    for (double t = find_start(&self, &high); t < high;) {
        double end = find_end(&self, t, high), half = 0.5 * (end - t);

        fill_panel(&self, t + half, half);
        for (int j = 0; j < N_NODES; j++) {
            add_node(&self, j, half * weights[j], p);
        }
        t = end;
    }
    for (size_t k = 0; k < n; k++) {
        sum += p[k];
    }
    for (size_t k = 0; k < n; k++) {
        p[k] /= sum;
    }
}
