#include "policies/linear_sample.h"

#include <math.h>

#include "policies/max_normal.h"
#include "policies/thompson.h"

enum { OWN_V, OWN_DRAW };

int nb_sample_init(void *state, const nb_spec_t *spec, const void *settings)
{
    const nb_sample_settings_t *from = settings;

    NB_TRY(nb_linear_init(state, spec, &from->linear));
    nb_ridge_own(state)[OWN_DRAW] = from->draw;
    return NB_OK;
}

/* One score a decision, N(x'm, v^2 x'A^-1 x), is what independent weights would give it: one
 * normal a row and arm. Block 0 is for ties; block 1 + g serves the actions 4 g to 4 g + 3 */
static int score_decisions(const void *state, const nb_batch_t *batch, nb_prediction_t *out)
{
    size_t n = batch->n;
    float v = (float)nb_ridge_own_at(state, OWN_V);
    float *normals = nb_arena_take(batch->scratch, 4 * n, sizeof *normals);

    NB_TRY(nb_ridge_predict(state, batch, 1, out));
    for (unsigned k = 0; k < batch->n_actions; k++) {
        float *mean = out->mean + k * out->stride;
        const float *variance = out->variance + k * out->stride;
        const float *normal = normals + k % 4 * n;

        if (k % 4 == 0) {
            nb_policy_normals(batch, 1 + k / 4, normals);
        }
        for (size_t i = 0; i < n; i++) {
            mean[i] += v * sqrtf(variance[i]) * normal[i];
        }
    }
    return NB_OK;
}

int nb_sample_score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_draw_t draw = (nb_draw_t)nb_ridge_own_at(state, OWN_DRAW);
    nb_prediction_t prediction;
    int code =
        draw == NB_DRAW_DECISION
            ? score_decisions(state, batch, &prediction)
            : nb_ridge_sample(state, batch, nb_ridge_own_at(state, OWN_V), draw, &prediction);

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

int nb_sample_probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *work = nb_arena_take(batch->scratch, 3 * K + nb_max_normal_work(K), sizeof *work);
    nb_prediction_t prediction;
    int code = nb_ridge_predict(state, batch, 1, &prediction);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        fill_row(batch, &prediction, i, nb_ridge_own_at(state, OWN_V), work, p + i * K);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

int nb_sample_choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    static const nb_thompson_policy_t policy = {"Thompson sampling", nb_sample_score,
                                                nb_sample_probabilities};

    return nb_thompson_choose(&policy, state, batch, out);
}

int nb_sample_value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_linear_value(state, batch, nb_sample_probabilities, v);
}

size_t nb_sample_scratch_size(const nb_spec_t *spec, const void *settings)
{
    return nb_linear_scratch_size(spec, settings) + nb_ridge_sample_scratch(spec) -
           nb_ridge_scratch(spec);
}
