/*
 * Linear Thompson sampling with disjoint models: every decision plays the action whose sampled
 * score is highest. Sampling weights from N(m_k, v^2 A_k^-1) and scoring x is the same as sampling
 * the score from N(x'm_k, v^2 x'A_k^-1 x), where arms are independent; so each row and arm costs
 * one normal.
 *
 * Source: Agrawal & Goyal (2013), "Thompson sampling for contextual bandits with linear payoffs",
 * algorithm 1, per arm. With v = sd of the noise this is the posterior of Bayesian linear
 * regression under the prior N(0, v^2 / lambda I). Propensities are integrals over the independent
 * normals (error below 1e-9).
 */
#include <math.h>

#include "policies/library.h"
#include "policies/linear.h"
#include "policies/max_normal.h"

static const nb_setting_t table[] = {
    NB_LINEAR_LAMBDA,
    {
        .key = "v",
        .type = NB_SETTING_REAL,
        .offset = offsetof(nb_linear_settings_t, exploration),
        .def = 1.0,
        .low = 0.0,
        .high = 100.0,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "",
        .source = "Agrawal & Goyal 2013, algorithm 1",
        .help = "scale of the posterior's standard deviation; 1 is Bayesian where the reward scale "
                "is auto, 0 is greedy",
    },
    {0},
};

/* block 0 is for ties; block 1 + g serves the actions 4 g to 4 g + 3 */
static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), n = batch->n;
    float v = (float)nb_ridge_exploration(state);
    float *normals = nb_arena_take(batch->scratch, 4 * n, sizeof *normals);
    nb_prediction_t prediction;
    int code = nb_ridge_predict(state, batch, 1, &prediction);

    for (unsigned k = 0; code == NB_OK && k < batch->n_actions; k++) {
        float *mean = prediction.mean + k * prediction.stride;
        const float *variance = prediction.variance + k * prediction.stride;
        const float *normal = normals + k % 4 * n;

        if (k % 4 == 0) {
            nb_policy_normals(batch, 1 + k / 4, normals);
        }
        for (size_t i = 0; i < n; i++) {
            mean[i] += v * sqrtf(variance[i]) * normal[i];
        }
    }
    if (code == NB_OK) {
        nb_linear_write_scores(batch, &prediction, s);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* row of probabilities from the row's predictions; `work` as laid out in probabilities() */
static void fill_row(const nb_batch_t *batch, const nb_prediction_t *prediction, size_t i, double v,
                     double *work, double *p)
{
    size_t K = batch->n_actions, n = 0;
    double *mean = work, *sd = mean + K, *shares = sd + K;

    for (unsigned k = 0; k < K; k++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
            mean[n] = (double)prediction->mean[k * prediction->stride + i] +
                      (batch->offset ? batch->offset[i * K + k] : 0.0);
            sd[n++] = v * sqrt((double)prediction->variance[k * prediction->stride + i]);
        }
    }
    nb_max_normal(mean, sd, n, shares, shares + K);
    for (unsigned k = 0, j = 0; k < K; k++) {
        p[k] = nb_mask_allows(batch->mask, batch->mask_words, i, k) ? shares[j++] : 0.0;
    }
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *work = nb_arena_take(batch->scratch, 3 * K + nb_max_normal_work(K), sizeof *work);
    nb_prediction_t prediction;
    int code = nb_ridge_predict(state, batch, 1, &prediction);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        fill_row(batch, &prediction, i, nb_ridge_exploration(state), work, p + i * K);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    int code = nb_linear_choose(state, batch, score, out);

    if (code < 0 || !batch->want_propensity) {
        return code;
    }
    if (batch->slate > 1) {
        NB_FAIL(NB_ERR_UNSUPPORTED,
                "lin_ts knows the propensity of one action, not of a slate of "
                "%u: choose a log without propensities",
                batch->slate);
    }
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);

    code = probabilities(state, batch, p);
    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        out->propensity[i] = p[i * K + (size_t)out->action[i]];
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_linear_value(state, batch, probabilities, v);
}

const nb_policy_type_t nb_policy_lin_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "lin_ts",
    .summary = "Thompson sampling of a ridge regression per action (Agrawal & Goyal 2013)",
    .settings = table,
    .settings_size = sizeof(nb_linear_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_WEIGHTED,
    .state_size = nb_linear_state_size,
    .init = nb_linear_init,
    .choose = choose,
    .update = nb_ridge_update,
    .end_period = nb_ridge_refresh,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = nb_linear_scratch_size,
};
