#include "policies/mixed.h"

#include <math.h>

size_t nb_mixed_most_actions(const nb_spec_t *spec)
{
    size_t most = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    return most;
}

size_t nb_mixed_scratch(const nb_spec_t *spec)
{
    /* tables of probabilities and scores, four uniforms a row */
    return (2 * nb_mixed_most_actions(spec) + 4) * NB_BLOCK_ROWS * sizeof(double) + 4 * 64;
}

int nb_mixed_probabilities(const void *state, const nb_batch_t *batch, nb_mixed_fill_t fill,
                           double *p)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *mean = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *mean);
    int code = fill(state, batch, p, mean);

    nb_arena_release(batch->scratch, mark);
    return code;
}

/* the action below whose cumulated probability u falls */
static size_t draw_action(const double *p, size_t n_actions, double u)
{
    size_t last = 0;

    for (size_t k = 0; k < n_actions; k++) {
        if (p[k] > 0.0) {
            last = k;
            if (u < p[k]) {
                break;
            }
            u -= p[k];
        }
    }
    return last;
}

/* predictions become scores, and the action drawn gets the highest of the row */
static void lift_row(const nb_batch_t *batch, size_t i, const double *p, double u, double *s)
{
    double highest = -INFINITY;

    for (unsigned k = 0; k < batch->n_actions; k++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
            s[k] += batch->offset ? batch->offset[i * batch->n_actions + k] : 0.0;
            highest = s[k] > highest ? s[k] : highest;
        } else {
            s[k] = -INFINITY;
        }
    }
    s[draw_action(p, batch->n_actions, u)] = nextafter(highest, INFINITY);
}

/* p and s both [n x K] */
static int fill_scores(const void *state, const nb_batch_t *batch, nb_mixed_fill_t fill, double *p,
                       double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);
    int code = fill(state, batch, p, s);

    nb_policy_uniforms(batch, 0, uniforms);
    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        lift_row(batch, i, p + i * K, uniforms[batch->n + i], s + i * K);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

int nb_mixed_score(const void *state, const nb_batch_t *batch, nb_mixed_fill_t fill, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *p = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *p);
    int code = fill_scores(state, batch, fill, p, s);

    nb_arena_release(batch->scratch, mark);
    return code;
}

int nb_mixed_choose(const void *state, const nb_batch_t *batch, nb_mixed_fill_t fill,
                    nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    double *s = nb_arena_take(batch->scratch, batch->n * K, sizeof *s);
    int code = fill_scores(state, batch, fill, p, s);

    code = code < 0 ? code : nb_policy_rank(batch, s, out);
    for (size_t i = 0; code == NB_OK && batch->want_propensity && i < batch->n; i++) {
        size_t first = i * batch->slate;

        out->propensity[first] = p[i * K + (size_t)out->action[first]];
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

int nb_mixed_value(const void *state, const nb_batch_t *batch, nb_mixed_fill_t fill, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    double *mean = nb_arena_take(batch->scratch, batch->n * K, sizeof *mean);
    int code = fill(state, batch, p, mean);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        v[i] = 0.0;
        for (size_t k = 0; k < K; k++) {
            v[i] += p[i * K + k] * mean[i * K + k];
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}
