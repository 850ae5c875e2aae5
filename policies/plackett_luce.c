/*
 * Plackett-Luce ranker: slates drawn position by position, each time an item of those that are left
 * with probability proportional to exp(score / temperature).
 *
 *   P(a_1, ..., a_k) = product over j of e(a_j) / sum over c not in a_1 .. a_(j-1) of e(c)
 *
 * Source: Plackett (1975); Luce (1959); as a stochastic ranking policy Oosterhuis (2021). Drawn at
 * once by the Gumbel trick: the k largest of score / temperature + Gumbel noise (Yellott 1977;
 * Kool et al. 2019), so propensities are exact, of each position given those before. Scores are
 * means of a ridge regression per item, taught by item: the reward goes to the item that was
 * chosen, the others shown get 0. Known limit: positions are taken to be equally good.
 */
#include <math.h>
#include <stddef.h>

#include "policies/library.h"
#include "policies/linear.h"
#include "policies/slate.h"

static const nb_setting_t table[] = {
    NB_LINEAR_LAMBDA,
    {
        .key = "temperature",
        .type = NB_SETTING_REAL,
        .offset = offsetof(nb_linear_settings_t, exploration),
        .def = 0.1,
        .low = 1e-6,
        .high = 1e6,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "A",
        .source = "",
        .help = "small: nearly the ranking by estimated reward; large: nearly uniform slates",
    },
    {0},
};

/* score / temperature, -infinity where not allowed */
static int log_weights(const void *state, const nb_batch_t *batch, double *s)
{
    double temperature = nb_ridge_exploration(state);

    NB_TRY(nb_linear_mean_scores(state, batch, s));
    for (size_t at = 0; at < batch->n * batch->n_actions; at++) {
        s[at] /= temperature;
    }
    return NB_OK;
}

/* block 0 is for ties; block 1 + g serves the actions 4 g to 4 g + 3 */
static void add_gumbels(const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);

    for (size_t k = 0; k < K; k++) {
        if (k % 4 == 0) {
            nb_policy_uniforms(batch, 1 + (unsigned)(k / 4), uniforms);
        }
        for (size_t i = 0; i < batch->n; i++) {
            s[i * K + k] -= log(-log(uniforms[k % 4 * batch->n + i]));
        }
    }
    nb_arena_release(batch->scratch, mark);
}

/* perturbed scores: their ranking is the slate */
static int score(const void *state, const nb_batch_t *batch, double *s)
{
    NB_TRY(log_weights(state, batch, s));
    add_gumbels(batch, s);
    return NB_OK;
}

/* softmax of a row in place */
static void exponentiate(double *row, size_t n)
{
    double highest = -INFINITY, sum = 0.0;

    for (size_t k = 0; k < n; k++) {
        highest = fmax(highest, row[k]);
    }
    for (size_t k = 0; k < n; k++) {
        row[k] = exp(row[k] - highest);
        sum += row[k];
    }
    for (size_t k = 0; k < n; k++) {
        row[k] /= sum;
    }
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    NB_TRY(log_weights(state, batch, p));
    for (size_t i = 0; i < batch->n; i++) {
        exponentiate(p + i * batch->n_actions, batch->n_actions);
    }
    return NB_OK;
}

/* of each position given those before; items taken are left out of the sum anew, since a
 * difference from 1 would lose the digits of unlikely items */
static void fill_propensity(double *p, size_t K, const int32_t *action, unsigned slate,
                            double *propensity)
{
    for (unsigned j = 0; j < slate; j++) {
        double sum = 0.0;

        for (size_t k = 0; k < K; k++) {
            sum += p[k];
        }
        propensity[j] = action[j] >= 0 ? p[action[j]] / sum : 1.0;
        if (action[j] >= 0) {
            p[action[j]] = 0.0;
        }
    }
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    int code = nb_linear_choose(state, batch, score, out);

    if (code == NB_OK && batch->want_propensity) {
        double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);

        code = probabilities(state, batch, p);
        for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
            fill_propensity(p + i * K, K, out->action + i * batch->slate, batch->slate,
                            out->propensity + i * batch->slate);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_linear_value(state, batch, probabilities, v);
}

static int update(void *state, const nb_transitions_t *finished)
{
    int code = nb_slate_check(finished);

    for (unsigned j = 0; j < finished->slate && code == NB_OK; j++) {
        size_t mark = nb_arena_mark(finished->scratch);
        nb_transitions_t position;

        nb_slate_position(finished, j, &position);
        code = nb_ridge_update(state, &position);
        nb_arena_release(finished->scratch, mark);
    }
    return code;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t d = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        d = spec->points[p].d > d ? spec->points[p].d : d;
    }
    return nb_linear_scratch_size(spec, settings) +
           NB_BLOCK_ROWS * (d * sizeof(float) + sizeof(int32_t) + sizeof(double)) + 256;
}

const nb_policy_type_t nb_policy_plackett_luce = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "plackett_luce",
    .summary = "slates drawn in proportion to exp(score), with exact propensities (Plackett 1975)",
    .settings = table,
    .settings_size = sizeof(nb_linear_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_SLATE,
    .state_size = nb_linear_state_size,
    .init = nb_linear_init,
    .choose = choose,
    .update = update,
    .end_period = nb_ridge_refresh,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
