#include "policies/index.h"

#include <math.h>

/* one row: its best index, and every one within the tie lifted to it */
static void write_row(const nb_batch_t *batch, size_t i, const double *index, const double *width,
                      double tie_width, double *s)
{
    double best = -INFINITY, widest = 0.0;

    for (unsigned k = 0; k < batch->n_actions; k++) {
        int allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);

        s[k] = allowed ? index[k] : -INFINITY;
        if (s[k] > best) {
            best = s[k];
            widest = width[k];
        }
    }
    for (unsigned k = 0; tie_width > 0.0 && k < batch->n_actions; k++) {
        s[k] = s[k] >= best - tie_width * widest ? best : s[k];
    }
}

int nb_index_scores(const void *state, const nb_batch_t *batch, nb_index_fill_t fill,
                    double tie_width, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *index = nb_arena_take(batch->scratch, 2 * K, sizeof *index);
    double *width = index + K;

    fill(state, batch->point, index, width);
    for (size_t i = 0; i < batch->n; i++) {
        write_row(batch, i, index, width, tie_width, s + i * K);
    }
    for (size_t at = 0; batch->offset && at < batch->n * K; at++) {
        s[at] += batch->offset[at];
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

int nb_index_choose(const void *state, const nb_batch_t *batch,
                    int (*score)(const void *state, const nb_batch_t *batch, double *s),
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

int nb_index_probabilities(const void *state, const nb_batch_t *batch,
                           int (*score)(const void *state, const nb_batch_t *batch, double *s),
                           double *p)
{
    NB_TRY(score(state, batch, p));
    return nb_policy_rank_probabilities(batch, p, p);
}

int nb_index_value(const void *state, const nb_batch_t *batch, const nb_arm_t *arms,
                   int (*probabilities)(const void *state, const nb_batch_t *batch, double *p),
                   double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    int code = probabilities(state, batch, p);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        v[i] = 0.0;
        for (size_t k = 0; k < K; k++) {
            v[i] += arms[k].n > 0.0 ? p[i * K + k] * arms[k].sum / arms[k].n : 0.0;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

size_t nb_index_scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = 0;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    /* two tables, uniforms of ties, indices and widths */
    return NB_BLOCK_ROWS * (2 * most + 8) * sizeof(double) + 4 * most * sizeof(double) + 512;
}

int nb_index_horizon(const nb_spec_t *spec, double given, double *out)
{
    *out = given > 0.0 ? given : spec->horizon * (double)spec->n_customers;
    if (!(*out > 0.0)) {
        NB_FAIL(NB_ERR_CONFIG, "nobody says how long it runs: set `horizon`, in decisions");
    }
    return NB_OK;
}
