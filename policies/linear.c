#include "policies/linear.h"

#include <math.h>

#include "policies/max_normal.h"

size_t nb_linear_state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return nb_ridge_size(spec);
}

int nb_linear_init(void *state, const nb_spec_t *spec, const void *settings)
{
    const nb_linear_settings_t *from = settings;

    nb_ridge_init(state, spec, from->lambda, from->exploration);
    return NB_OK;
}

size_t nb_linear_most_actions(const nb_spec_t *spec)
{
    size_t most = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    return most;
}

size_t nb_linear_scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = nb_linear_most_actions(spec);

    (void)settings;
    /* two tables of scores, two blocks of uniforms, the work of one row's probabilities */
    return nb_ridge_scratch(spec) +
           (2 * most * NB_BLOCK_ROWS + 2 * 4 * NB_BLOCK_ROWS) * sizeof(double) +
           (nb_max_normal_work(most) + 3 * most) * sizeof(double) + 1024;
}

void nb_linear_write_scores(const nb_batch_t *batch, const nb_prediction_t *prediction, double *s)
{
    size_t K = batch->n_actions;

    for (size_t i = 0; i < batch->n; i++) {
        const uint64_t *mask = batch->mask + i * batch->mask_words;
        const float *from = prediction->mean + i;

        for (size_t k = 0; k < K; k++, from += prediction->stride) {
            s[i * K + k] = mask[k / 64] >> k % 64 & 1 ? (double)*from : -INFINITY;
        }
    }
    for (size_t at = 0; batch->offset && at < batch->n * K; at++) {
        s[at] += batch->offset[at];
    }
}

int nb_linear_mean_scores(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_prediction_t prediction;
    int code = nb_ridge_predict(state, batch, 0, &prediction);

    if (code == NB_OK) {
        nb_linear_write_scores(batch, &prediction, s);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

int nb_linear_choose(const void *state, const nb_batch_t *batch, nb_linear_table_t score,
                     nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *s = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *s);
    int code = score(state, batch, s);

    if (code == NB_OK) {
        code = nb_policy_rank(batch, s, out);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

double nb_linear_greedy_share(const nb_batch_t *batch, size_t i, const double *mean,
                              const int32_t *action, unsigned j)
{
    unsigned n_equal = 0;

    for (unsigned k = 0; k < batch->n_actions; k++) {
        int free = nb_mask_allows(batch->mask, batch->mask_words, i, k);

        for (unsigned before = 0; before < j && free; before++) {
            free = action[before] != (int32_t)k;
        }
        if (free && mean[k] > mean[action[j]]) {
            return 0.0;
        }
        n_equal += free && mean[k] == mean[action[j]];
    }
    return 1.0 / n_equal;
}

int nb_linear_value(const void *state, const nb_batch_t *batch, nb_linear_table_t probabilities,
                    double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    double *mean = nb_arena_take(batch->scratch, batch->n * K, sizeof *mean);
    nb_batch_t bare = *batch;
    int code = probabilities(state, batch, p);

    bare.offset = NULL; /* prices decide what is played, not what it is worth */
    if (code == NB_OK) {
        code = nb_linear_mean_scores(state, &bare, mean);
    }
    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        v[i] = 0.0;
        for (size_t k = 0; k < K; k++) {
            v[i] += p[i * K + k] > 0.0 ? p[i * K + k] * mean[i * K + k] : 0.0;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}
