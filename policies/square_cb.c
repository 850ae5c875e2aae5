/*
 * SquareCB: predict every action's reward by a regression, then play each action with a probability
 * that falls with how far it lies behind (policies/inverse_gap.h). The oracle is the online ridge
 * regression per action of policies/ridge.h.
 *
 * Source: Foster & Rakhlin (2020), "Beyond UCB: optimal and efficient contextual bandits with
 * regression oracles", algorithm 1 with mu = the number of allowed actions. Theorem 1 sets gamma =
 * sqrt(K T / (regret of the oracle + log(2 / delta))) for a known T; with t, the decisions learned
 * at the point so far, in place of T, gamma = gamma_scale t^gamma_exponent, the exponent 1/2. It
 * takes rewards of order one, as reward_scale gives them. At slates the positions are drawn one
 * after the other from what is left.
 *
 * Probabilities are exact, for slates too. Scores are the predictions, with what was drawn lifted
 * above the highest of the row by units in the last place, in the order drawn.
 */
#include <math.h>
#include <string.h>

#include "policies/inverse_gap.h"
#include "policies/library.h"
#include "policies/linear.h"

enum { OWN_SCALE, OWN_EXPONENT, FIRST_BLOCK = 1 /* block 0 is for ties */ };

typedef struct {
    nb_linear_settings_t linear; /* exploration is gamma_scale */
    double exponent;
} settings_t;

static const nb_setting_t table[] = {
    NB_LINEAR_LAMBDA,
    {
        .key = "gamma_scale",
        .type = NB_SETTING_REAL,
        .offset = offsetof(nb_linear_settings_t, exploration),
        .def = 10.0,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "",
        .help = "greediness after the first decision; 0 plays uniformly",
    },
    {
        .key = "gamma_exponent",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, exponent),
        .def = 0.5,
        .low = 0.0,
        .high = 1.0,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Foster & Rakhlin 2020, theorem 1",
        .help = "how greediness grows with the number of decisions learned: its power",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return nb_ridge_size(spec) + spec->n_points * sizeof(double);
}

/* decisions learned so far at every point, behind the posteriors */
static double *counts_of(void *state)
{
    return (double *)((char *)state + nb_ridge_bytes(state));
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;

    NB_TRY(nb_linear_init(state, spec, &from->linear));
    nb_ridge_own(state)[OWN_EXPONENT] = from->exponent;
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    double *count = counts_of(state) + finished->point;

    NB_TRY(nb_ridge_update(state, finished));
    for (size_t i = 0; i < finished->n; i++) {
        *count += finished->weight ? finished->weight[i] : 1.0;
    }
    return NB_OK;
}

static double gamma_of(const void *state, const nb_batch_t *batch)
{
    const double *counts = (const double *)((const char *)state + nb_ridge_bytes(state));

    return nb_ridge_own_at(state, OWN_SCALE) *
           pow(fmax(counts[batch->point], 1.0), nb_ridge_own_at(state, OWN_EXPONENT));
}

/* the action at which the probabilities add up to u; the last possible one where they fall short
 * of it by rounding */
static size_t draw_action(const double *p, size_t K, double u)
{
    size_t last = 0;

    for (size_t k = 0; k < K; k++) {
        if (p[k] > 0.0) {
            last = k;
            u -= p[k];
            if (u < 0.0) {
                break;
            }
        }
    }
    return last;
}

/* draw the positions of a row, and lift the scores of what is drawn
 * @param u [n_positions x stride]   @param s [K] in: predictions   @param left, p [K] work */
static void lift_row(const double *u, size_t stride, unsigned n_positions, size_t K, double gamma,
                     double *s, double *left, double *p)
{
    double top = -INFINITY;
    size_t drawn[NB_MAX_SLATE];

    memcpy(left, s, K * sizeof *left);
    for (size_t k = 0; k < K; k++) {
        top = fmax(top, s[k]);
    }
    for (unsigned j = 0; j < n_positions; j++) {
        nb_inverse_gap(left, K, gamma, p);
        drawn[j] = draw_action(p, K, u[j * stride]);
        left[drawn[j]] = -INFINITY;
    }
    for (unsigned j = n_positions; j-- > 0;) {
        top = nextafter(top, INFINITY);
        s[drawn[j]] = top;
    }
}

static unsigned count_positions(const nb_batch_t *batch, size_t i)
{
    unsigned n_allowed = nb_policy_n_allowed(batch, i);

    return batch->slate < n_allowed ? batch->slate : n_allowed;
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), n = batch->n, K = batch->n_actions;
    unsigned n_blocks = (batch->slate + 3) / 4;
    double *u = nb_arena_take(batch->scratch, 4 * n * n_blocks, sizeof *u);
    double *work = nb_arena_take(batch->scratch, 2 * K, sizeof *work);
    double gamma = gamma_of(state, batch);
    int code = nb_linear_mean_scores(state, batch, s);

    for (unsigned b = 0; b < n_blocks; b++) {
        nb_policy_uniforms(batch, FIRST_BLOCK + b, u + 4 * n * b);
    }
    for (size_t i = 0; code == NB_OK && i < n; i++) {
        lift_row(u + i, n, count_positions(batch, i), K, gamma, s + i * K, work, work + K);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* every position from what those before left. @param left [K] in: predictions   @param p [K] */
static void fill_propensity(const int32_t *action, unsigned slate, size_t K, double gamma,
                            double *left, double *p, double *propensity)
{
    for (unsigned j = 0; j < slate; j++) {
        propensity[j] = 1.0;
        if (action[j] >= 0) {
            nb_inverse_gap(left, K, gamma, p);
            propensity[j] = p[action[j]];
            left[action[j]] = -INFINITY;
        }
    }
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    int code = nb_linear_choose(state, batch, score, out);

    if (code == NB_OK && batch->want_propensity) {
        double *mean = nb_arena_take(batch->scratch, batch->n * K, sizeof *mean);
        double *p = nb_arena_take(batch->scratch, K, sizeof *p);
        double gamma = gamma_of(state, batch);

        code = nb_linear_mean_scores(state, batch, mean);
        for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
            fill_propensity(out->action + i * batch->slate, batch->slate, K, gamma, mean + i * K, p,
                            out->propensity + i * batch->slate);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *mean = nb_arena_take(batch->scratch, batch->n * K, sizeof *mean);
    double gamma = gamma_of(state, batch);
    int code = nb_linear_mean_scores(state, batch, mean);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        nb_inverse_gap(mean + i * K, K, gamma, p + i * K);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_linear_value(state, batch, probabilities, v);
}

/* one table of predictions more, and two rows of work */
static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    return nb_linear_scratch_size(spec, settings) +
           (nb_linear_most_actions(spec) * (NB_BLOCK_ROWS + 2) + 16) * sizeof(double);
}

const nb_policy_type_t nb_policy_square_cb = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "square_cb",
    .summary = "inverse gap weighting of a ridge regression per action (Foster & Rakhlin 2020)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_WEIGHTED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .end_period = nb_ridge_refresh,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
