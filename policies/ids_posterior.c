#include "policies/ids_posterior.h"

#include <math.h>
#include <string.h>

size_t nb_ids_size(size_t n_arms, size_t n_cells)
{
    return n_arms * (4 + 2 * n_cells);
}

size_t nb_ids_work(size_t n_arms)
{
    return n_arms * (n_arms + 4);
}

nb_ids_t nb_ids_at(double *block, size_t n_arms, size_t n_cells)
{
    nb_ids_t self = {.n_arms = n_arms, .n_cells = n_cells, .posterior = (nb_ids_beta_t *)block};

    self.mean = block + 2 * n_arms;
    self.gain = self.mean + n_arms;
    self.mass = self.gain + n_arms;
    self.cdf = self.mass + n_arms * n_cells;
    return self;
}

static double middle_of(const nb_ids_t *self, size_t cell)
{
    return ((double)cell + 0.5) / (double)self->n_cells;
}

/* masses of arm k in proportion to its density, and their sums */
static void fill_masses(nb_ids_t *self, size_t k)
{
    double a = self->posterior[k].a, b = self->posterior[k].b,
           *mass = self->mass + k * self->n_cells;
    double *cdf = self->cdf + k * self->n_cells, peak = -INFINITY, sum = 0.0, below = 0.0;

    for (size_t g = 0; g < self->n_cells; g++) {
        double x = middle_of(self, g);

        mass[g] = (a - 1.0) * log(x) + (b - 1.0) * log1p(-x);
        peak = fmax(peak, mass[g]);
    }
    for (size_t g = 0; g < self->n_cells; g++) {
        mass[g] = exp(mass[g] - peak);
        sum += mass[g];
    }
    self->mean[k] = 0.0;
    for (size_t g = 0; g < self->n_cells; g++) {
        mass[g] /= sum;
        below += mass[g];
        cdf[g] = fmin(1.0, below);
        self->mean[k] += mass[g] * middle_of(self, g);
    }
}

/* sums over the cells */
typedef struct {
    double *best;    /* [K] P(k is best), not yet scaled */
    double *partial; /* [K] E(theta_j; theta_j below the cell) */
    double *weight;  /* [K] P(k is best and in the cell) */
    double *ratio;   /* [K] E(theta_j | theta_j below the cell) */
    double *joint;   /* [K x K] E(theta_j; k is best) */
} sums_t;

/* ratios and weights of a cell; 0 where nobody can be best there */
static int weigh_cell(const nb_ids_t *self, size_t g, const sums_t *sums)
{
    double all = 1.0, x = middle_of(self, g);

    for (size_t k = 0; k < self->n_arms; k++) {
        double mass = self->mass[k * self->n_cells + g];
        double below = self->cdf[k * self->n_cells + g] - 0.5 * mass;

        /* an arm in the cell itself counts half, at the mean of what counts */
        sums->ratio[k] = below > 0.0 ? (sums->partial[k] + 0.5 * mass * x) / below : 0.0;
        sums->weight[k] = below > 0.0 ? mass / below : 0.0;
        sums->partial[k] += mass * x;
        all *= fmax(0.0, below);
    }
    for (size_t k = 0; k < self->n_arms; k++) {
        sums->weight[k] *= all;
    }
    return all > 0.0;
}

static void add_cell(const nb_ids_t *self, size_t g, const sums_t *sums)
{
    size_t K = self->n_arms;
    double x = middle_of(self, g);

    for (size_t k = 0; k < K; k++) {
        double *joint = sums->joint + k * K, weight = sums->weight[k], own = joint[k];

        sums->best[k] += weight;
        for (size_t j = 0; weight > 0.0 && j < K; j++) {
            joint[j] += weight * sums->ratio[j];
        }
        joint[k] = own + weight * x;
    }
}

/* divergence of Bernoulli(p) from Bernoulli(q), both inside (0, 1) */
static double divergence(double p, double q)
{
    return fmax(0.0, p * log(p / q) + (1.0 - p) * log((1.0 - p) / (1.0 - q)));
}

static double clip(double p)
{
    return fmin(1.0 - 1e-15, fmax(1e-15, p));
}

static void fill_gains(nb_ids_t *self, const sums_t *sums)
{
    size_t K = self->n_arms;
    double total = 0.0;

    memset(self->gain, 0, K * sizeof *self->gain);
    for (size_t k = 0; k < K; k++) {
        total += sums->best[k];
    }
    for (size_t k = 0; k < K; k++) {
        for (size_t j = 0; sums->best[k] > 1e-300 && j < K; j++) {
            double mean = sums->joint[k * K + j] / sums->best[k];

            self->gain[j] += sums->best[k] / total * divergence(clip(mean), clip(self->mean[j]));
        }
    }
}

void nb_ids_refresh(nb_ids_t *self, nb_ids_beta_t prior, const nb_arm_t *arms, double *work)
{
    size_t K = self->n_arms;
    sums_t sums = {work, work + K, work + 2 * K, work + 3 * K, work + 4 * K};
    int is_changed = 0;

    for (size_t k = 0; k < K; k++) {
        nb_ids_beta_t now = {prior.a + arms[k].sum, prior.b + fmax(0.0, arms[k].n - arms[k].sum)};

        if (now.a != self->posterior[k].a || now.b != self->posterior[k].b) {
            self->posterior[k] = now;
            fill_masses(self, k);
            is_changed = 1;
        }
    }
    if (!is_changed) {
        return;
    }
    memset(work, 0, nb_ids_work(K) * sizeof *work);
    for (size_t g = 0; g < self->n_cells; g++) {
        if (weigh_cell(self, g, &sums)) {
            add_cell(self, g, &sums);
        }
    }
    fill_gains(self, &sums);
}

double nb_ids_best(const nb_ids_t *self, const uint64_t *mask)
{
    double below = 0.0, sum = 0.0;

    for (size_t g = 0; g < self->n_cells; g++) {
        double all = 1.0;

        for (unsigned k = 0; k < self->n_arms; k++) {
            all *= mask[k / 64] >> k % 64 & 1 ? self->cdf[k * self->n_cells + g] : 1.0;
        }
        sum += (all - below) * middle_of(self, g);
        below = all;
    }
    return sum;
}
