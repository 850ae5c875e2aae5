/*
 * FastCB: inverse gap weighting whose gaps count for more where the best loss is small, on an
 * oracle for the logarithmic loss.
 *
 * Source: Foster & Krishnamurthy (2021), "Efficient first-order contextual bandits: prediction,
 * allocation, and triangular discrimination", algorithm 1. With predicted losses l_k in [0, 1],
 * b = argmin l, and A allowed actions
 *
 *     p_k = l_b / (A l_b + gamma (l_k - l_b))  for k != b,    p_b = 1 - sum of the others;
 *
 * SquareCB has 1 / (A + gamma (l_k - l_b)) instead. Actions that tie for the least loss share p_b
 * and what they would get otherwise evenly. gamma = gamma0 t^rho with t one more than the rows
 * learned at the point, as in the experiments of Foster et al. (2020) and of the paper; its bound
 * needs gamma >= 10 A and a regret that is not known.
 *
 * Rewards r in [0, 1] are losses 1 - r. Oracle: per action the logistic regression of the loss,
 * l = s(x'm), s(z) = 1 / (1 + exp(-z)), by online Newton steps on the cross-entropy. Per period,
 * with all rows seen at the weights m it began with,
 *
 *     A += sum s (1 - s) x x',   m += A^-1 sum (l - s) x,   A starts as lambda I:
 *
 * one Newton step from the Laplace approximation of what came before (Spiegelhalter & Lauritzen
 * 1990; Chapelle & Li 2011, algorithm 3, with full A). Known limits: one step a period, so that the
 * first periods of few large batches are learned less than exactly; gamma0 = 0 is uniform play.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "policies/library.h"
#include "policies/mixed.h"
#include "policies/regressors.h"
#include "policies/rows.h"

typedef struct {
    double lambda, gamma0, rho;
} settings_t;

/* head of the state, followed by the regressors */
typedef struct {
    double gamma0, rho, unused[6];
} head_t;
_Static_assert(sizeof(head_t) == 64, "the regressors are aligned");

static const nb_setting_t table[] = {
    NB_REGRESSORS_LAMBDA(settings_t, ""),
    {
        .key = "gamma0",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, gamma0),
        .def = 10.0,
        .low = 0.0,
        .high = 1e9,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Foster et al. 2020, section 5 (grid)",
        .help = "scale of the learning rate gamma0 t^rho: the higher, the less is explored",
    },
    {
        .key = "rho",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, rho),
        .def = 0.5,
        .low = 0.0,
        .high = 1.0,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Foster et al. 2020, section 5 (grid)",
        .help = "exponent of the learning rate in the rows learned",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(head_t) + nb_regressors_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    head_t *head = state;

    head->gamma0 = from->gamma0;
    head->rho = from->rho;
    return nb_regressors_init(head + 1, spec, from->lambda);
}

static double logistic(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

/* least loss of the allowed actions of row i, and how many have it */
static double find_least(const nb_batch_t *batch, size_t i, const double *loss, unsigned *n_least)
{
    double least = INFINITY;

    *n_least = 0;
    for (unsigned k = 0; k < batch->n_actions; k++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, i, k) && loss[k] <= least) {
            *n_least = loss[k] < least ? 1 : *n_least + 1;
            least = loss[k];
        }
    }
    return least;
}

/* probabilities of row i by its losses. @param p [K] */
static void weigh_row(const nb_batch_t *batch, size_t i, const double *loss, double gamma,
                      double *p)
{
    unsigned n_least, n_allowed = nb_policy_n_allowed(batch, i);
    double least = find_least(batch, i, loss, &n_least), rest = 1.0;

    memset(p, 0, batch->n_actions * sizeof *p);
    for (unsigned k = 0; k < batch->n_actions; k++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, i, k) && loss[k] > least) {
            p[k] = least / (n_allowed * least + gamma * (loss[k] - least));
            rest -= p[k];
        }
    }
    for (unsigned k = 0; k < batch->n_actions; k++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, i, k) && loss[k] == least) {
            p[k] = rest / n_least;
        }
    }
}

static int fill(const void *state, const nb_batch_t *batch, double *p, double *mean)
{
    const head_t *head = state;
    size_t K = batch->n_actions;
    double t = 1.0 + nb_regressors_seen(head + 1, batch->point);
    double gamma = head->gamma0 * pow(t, head->rho);

    NB_TRY(nb_regressors_predict(head + 1, batch, mean, NULL));
    for (size_t i = 0; i < batch->n; i++) {
        for (size_t at = i * K; at < (i + 1) * K; at++) {
            mean[at] = logistic(mean[at]);
        }
        weigh_row(batch, i, mean + i * K, gamma, p + i * K);
        for (size_t at = i * K; at < (i + 1) * K; at++) {
            mean[at] = 1.0 - mean[at];
        }
    }
    return NB_OK;
}

static int check(const nb_transitions_t *finished)
{
    NB_TRY(nb_rows_check_finished(finished));
    for (size_t i = 0; i < finished->n; i++) {
        if (finished->reward[i] < 0.0 || finished->reward[i] > 1.0) {
            NB_FAIL(NB_ERR_RANGE,
                    "transition %zu has reward %g, but fast_cb takes rewards from 0 "
                    "to 1 only",
                    i, finished->reward[i]);
        }
    }
    return NB_OK;
}

/* the working row of a Newton step: w x x' to A, (w x'm + l - s) x to b, w = s (1 - s).
 * @param row [nb_gaussian_row(d)] zero behind d   @param x [d] */
static void add_step(double *gaussian, unsigned d, const double *x, double loss, double *row)
{
    double z = nb_gaussian_mean(gaussian, d, x), s = logistic(z), w = s * (1.0 - s);

    for (unsigned j = 0; j < d; j++) {
        row[j] = sqrt(w) * x[j];
    }
    nb_gaussian_add(gaussian, d, row);
    nb_gaussian_pull(gaussian, d, x, w * z + loss - s);
}

static int update(void *state, const nb_transitions_t *finished)
{
    void *regressors = (head_t *)state + 1;
    size_t mark = nb_arena_mark(finished->scratch);
    unsigned d = nb_regressors_width(regressors, finished->point);

    NB_TRY(check(finished));
    double *row = nb_arena_take(finished->scratch, nb_gaussian_row(d) + d, sizeof *row);
    double *x = row + nb_gaussian_row(d);

    memset(row, 0, nb_gaussian_row(d) * sizeof *row);
    for (size_t i = 0; i < finished->n; i++) {
        nb_rows_widen(finished->x, i, finished->d, x);
        add_step(nb_regressors_teach(regressors, finished->point, (unsigned)finished->action[i]), d,
                 x, 1.0 - finished->reward[i], row);
    }
    nb_arena_release(finished->scratch, mark);
    return NB_OK;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    return nb_regressors_refresh((head_t *)state + 1, scratch);
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    return nb_mixed_score(state, batch, fill, s);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return nb_mixed_choose(state, batch, fill, out);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return nb_mixed_probabilities(state, batch, fill, p);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_mixed_value(state, batch, fill, v);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return nb_mixed_scratch(spec) + nb_regressors_scratch(spec);
}

const nb_policy_type_t nb_policy_fast_cb = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "fast_cb",
    .summary = "inverse gap weighting for small losses on a logistic regression per action (Foster "
               "& Krishnamurthy 2021)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
