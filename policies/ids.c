/*
 * Information-directed sampling for Bernoulli arms with Beta priors: the mixture of two arms that
 * minimizes (expected regret)^2 / (bits learned about which arm is best).
 *
 * Source: Russo & Van Roy (2014), "Learning to optimize via information-directed sampling",
 * algorithms 1 (minimization over pairs) and 2 (Beta-Bernoulli, by a grid). With p_j = P(j is best)
 * and M_kj = E(theta_k | j is best):
 *
 *   rho* = sum p_j M_jj,  Delta_k = rho* - E theta_k,  g_k = sum p_j kl(M_kj, E theta_k)
 *
 * Grid of GRID cells: p and M are within some 1e-3 of their integrals while posteriors are wider
 * than a cell, 0.004; the cost is K^2 GRID a row, or once for rows with the same mask.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/dist.h"
#include "policies/arms.h"
#include "policies/index.h"
#include "policies/kl.h"
#include "policies/library.h"

enum { GRID = 256, COARSE_GRID = 64, MANY_ARMS = 16 };

typedef struct {
    double a, b;
} settings_t;

/* state: the settings, then the arms */
typedef settings_t state_t;

#define PRIOR(name, field)                                                                         \
    {                                                                                              \
        .key = name, .type = NB_SETTING_REAL, .offset = offsetof(settings_t, field), .def = 1.0,   \
        .low = 1e-2, .high = 1e6, .choices = "", .unit = "", .mark = "",                           \
        .source = "Russo & Van Roy 2014, algorithm 2",                                             \
        .help = "parameter of the Beta prior of every arm"                                         \
    }

static const nb_setting_t table[] = {PRIOR("prior.a", a), PRIOR("prior.b", b), {0}};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(state_t) + nb_arms_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    state_t *self = state;

    *self = *(const settings_t *)settings;
    nb_arms_init(self + 1, spec);
    return NB_OK;
}

/* what is known of the arms on the grid: mass of each cell, P and E theta 1{theta < x} up to it */
typedef struct {
    unsigned size;                  /* cells */
    double *mean;                   /* [K] */
    double *mass, *below, *partial; /* [K x GRID], at the middle of a cell */
    double *p, *M, *work;           /* [K], [K x K], [K x GRID] of one row */
} grid_t;

static grid_t take_grid(const nb_batch_t *batch)
{
    size_t K = batch->n_actions;
    nb_arena_t *scratch = batch->scratch;

    return (grid_t){.size = K > MANY_ARMS ? COARSE_GRID : GRID,
                    .mean = nb_arena_take(scratch, K, sizeof(double)),
                    .mass = nb_arena_take(scratch, K * GRID, sizeof(double)),
                    .below = nb_arena_take(scratch, K * GRID, sizeof(double)),
                    .partial = nb_arena_take(scratch, K * GRID, sizeof(double)),
                    .p = nb_arena_take(scratch, K, sizeof(double)),
                    .M = nb_arena_take(scratch, K * K, sizeof(double)),
                    .work = nb_arena_take(scratch, GRID, sizeof(double))};
}

/* E theta 1{theta < x} = mean x P(Beta(a + 1, b) < x) */
static void fill_grid(const state_t *self, const nb_arm_t *arms, unsigned K, grid_t *grid)
{
    for (unsigned k = 0; k < K; k++) {
        double a = self->a + arms[k].sum, b = self->b + arms[k].n - arms[k].sum, last = 0.0;

        grid->mean[k] = a / (a + b);
        for (unsigned g = 0; g < grid->size; g++) {
            double next = nb_dist_beta_cdf((g + 1.0) / grid->size, a, b),
                   x = (g + 0.5) / grid->size;

            grid->mass[k * grid->size + g] = next - last;
            grid->below[k * grid->size + g] = nb_dist_beta_cdf(x, a, b);
            grid->partial[k * grid->size + g] = grid->mean[k] * nb_dist_beta_cdf(x, a + 1.0, b);
            last = next;
        }
    }
}

static int allows(const uint64_t *mask, unsigned k)
{
    return (int)(mask[k / 64] >> k % 64 & 1);
}

/* column j of M and p_j: P(theta_j in a cell) x product over others of P(below) */
static void condition_on(grid_t *grid, const uint64_t *mask, unsigned K, unsigned j)
{
    double p = 0.0, own = 0.0;

    for (unsigned g = 0; g < grid->size; g++) {
        grid->work[g] = grid->mass[j * grid->size + g];
        for (unsigned k = 0; k < K; k++) {
            grid->work[g] *= k != j && allows(mask, k) ? grid->below[k * grid->size + g] : 1.0;
        }
        p += grid->work[g];
        own += grid->work[g] * (g + 0.5) / grid->size;
    }
    grid->p[j] = p;
    for (unsigned k = 0; k < K; k++) {
        double sum = 0.0;

        for (unsigned g = 0; k != j && g < grid->size; g++) {
            double below = grid->below[k * grid->size + g];

            sum += below > 0.0 ? grid->work[g] * grid->partial[k * grid->size + g] / below : 0.0;
        }
        grid->M[k * K + j] = p > 0.0 ? (k == j ? own : sum) / p : grid->mean[k];
    }
}

/* two arms and the share of the first */
typedef struct {
    unsigned first, second;
    double share;
} mixture_t;

/* (q Delta_a + (1 - q) Delta_b)^2 / (q g_a + (1 - q) g_b): convex in q, its minimum by derivative
 */
static double best_share(double da, double db, double ga, double gb, double *ratio)
{
    double slope_d = da - db, slope_g = ga - gb, best = 1.0, least = INFINITY;
    double candidates[3] = {0.0, 1.0, 0.5};

    /* 2 slope_d (q g + gb) = slope_g (q slope_d + db) at the inner minimum */
    if (slope_d != 0.0 && slope_g != 0.0) {
        candidates[2] = (slope_g * db - 2.0 * slope_d * gb) / (slope_d * slope_g);
    }
    for (int c = 0; c < 3; c++) {
        double q = fmin(1.0, fmax(0.0, candidates[c]));
        double d = q * da + (1.0 - q) * db, g = q * ga + (1.0 - q) * gb;
        double value = g > 0.0 ? d * d / g : d > 1e-12 ? INFINITY : 0.0;

        if (value < least) {
            least = value;
            best = q;
        }
    }
    *ratio = least;
    return best;
}

/* the pair with the least ratio; Delta and g of the allowed arms */
static mixture_t find_mixture(const double *delta, const double *gain, const uint64_t *mask,
                              unsigned K)
{
    mixture_t best = {0, 0, 1.0};
    double least = INFINITY;

    for (unsigned a = 0; a < K; a++) {
        for (unsigned b = a; b < K; b++) {
            double ratio, share;

            if (!allows(mask, a) || !allows(mask, b)) {
                continue;
            }
            share = best_share(delta[a], delta[b], gain[a], gain[b], &ratio);
            if (ratio < least) {
                least = ratio;
                best = (mixture_t){a, b, share};
            }
        }
    }
    if (least == INFINITY) {
        /* nothing is learned by anything: the least regret */
        for (unsigned k = 0; k < K; k++) {
            if (allows(mask, k) && (!allows(mask, best.first) || delta[k] < delta[best.first])) {
                best = (mixture_t){k, k, 1.0};
            }
        }
    }
    return best;
}

static void fill_row(grid_t *grid, const uint64_t *mask, unsigned K, double *delta, double *gain,
                     double *p)
{
    double rho = 0.0, sum = 0.0;
    mixture_t mixture;

    for (unsigned j = 0; j < K; j++) {
        if (allows(mask, j)) {
            condition_on(grid, mask, K, j);
            sum += grid->p[j];
        }
    }
    for (unsigned j = 0; j < K; j++) {
        rho += allows(mask, j) ? grid->p[j] / sum * grid->M[j * K + j] : 0.0;
    }
    for (unsigned k = 0; k < K; k++) {
        delta[k] = fmax(0.0, rho - grid->mean[k]);
        gain[k] = 0.0;
        for (unsigned j = 0; allows(mask, k) && j < K; j++) {
            if (allows(mask, j) && grid->p[j] > 0.0) {
                double m = fmin(1.0, fmax(0.0, grid->M[k * K + j]));

                gain[k] += grid->p[j] / sum * nb_kl(m, grid->mean[k]);
            }
        }
    }
    mixture = find_mixture(delta, gain, mask, K);
    memset(p, 0, K * sizeof *p);
    p[mixture.first] += mixture.share;
    p[mixture.second] += 1.0 - mixture.share;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    const state_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    size_t words = batch->mask_words;
    grid_t grid = take_grid(batch);
    double *delta = nb_arena_take(batch->scratch, 2 * K, sizeof *delta);

    fill_grid(self, nb_arms_at(self + 1, batch->point), batch->n_actions, &grid);
    for (size_t i = 0; i < batch->n; i++) {
        const uint64_t *mask = batch->mask + i * words;

        if (i > 0 && memcmp(mask, mask - words, words * sizeof *mask) == 0) {
            memcpy(p + i * K, p + (i - 1) * K, K * sizeof *p);
        } else {
            fill_row(&grid, mask, batch->n_actions, delta, delta + K, p + i * K);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

/* posterior means, and above them the arm that is drawn: a slate goes on by the means */
static int score(const void *state, const nb_batch_t *batch, double *s)
{
    const state_t *self = state;
    const nb_arm_t *arms = nb_arms_at(self + 1, batch->point);
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);

    NB_TRY(probabilities(state, batch, s));
    nb_policy_uniforms(batch, 1, uniforms);
    for (size_t i = 0; i < batch->n; i++) {
        double left = uniforms[i];
        int is_drawn = 0;

        for (unsigned k = 0; k < K; k++) {
            double *here = s + i * K + k, p = *here;
            int here_now = !is_drawn && p > 0.0 && left < p;

            left -= p;
            is_drawn |= here_now;
            *here = nb_mask_allows(batch->mask, batch->mask_words, i, k)
                        ? (self->a + arms[k].sum) / (self->a + self->b + arms[k].n) + here_now
                        : -INFINITY;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    int code = nb_index_choose(state, batch, score, out);

    if (code == NB_OK && batch->want_propensity && batch->slate > 1) {
        code = nb_error_set(NB_ERR_UNSUPPORTED,
                            "ids knows the propensity of one action, not of a slate");
    } else if (code == NB_OK && batch->want_propensity) {
        code = probabilities(state, batch, p);
        for (size_t i = 0; i < batch->n; i++) {
            out->propensity[i] = p[i * K + (size_t)out->action[i]];
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    const state_t *self = state;

    return nb_index_value(state, batch, nb_arms_at(self + 1, batch->point), probabilities, v);
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((state_t *)state + 1, finished, 1);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    return nb_index_scratch_size(spec, settings) +
           (3 * most * GRID + most * most + 6 * most + GRID) * sizeof(double) +
           4 * NB_BLOCK_ROWS * sizeof(double) + 1024;
}

const nb_policy_type_t nb_policy_ids = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "ids",
    .summary = "least squared regret per bit learned of the best arm (Russo & Van Roy 2014)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_WEIGHTED | NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
