#include "policies/thompson.h"

#include <math.h>

#include "policies/max_normal.h"

size_t nb_thompson_scratch(size_t n_actions)
{
    /* means and sds, two tables of scores, four normals a row, the work of a row's integrals */
    return 4 * n_actions * NB_BLOCK_ROWS * sizeof(double) + 4 * NB_BLOCK_ROWS * sizeof(float) +
           (nb_max_normal_work(n_actions) + 3 * n_actions) * sizeof(double) + 8 * 64;
}

nb_thompson_t nb_thompson_take(const nb_batch_t *batch)
{
    size_t n = batch->n * batch->n_actions;

    return (nb_thompson_t){
        .mean = nb_arena_take(batch->scratch, n, sizeof(double)),
        .sd = nb_arena_take(batch->scratch, n, sizeof(double)),
    };
}

static double offset_of(const nb_batch_t *batch, size_t at)
{
    return batch->offset ? batch->offset[at] : 0.0;
}

void nb_thompson_draw(const nb_batch_t *batch, unsigned first, const nb_thompson_t *self, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), n = batch->n, K = batch->n_actions;
    float *normals = nb_arena_take(batch->scratch, 4 * n, sizeof *normals);

    for (unsigned k = 0; k < K; k++) {
        const float *normal = normals + k % 4 * n;

        if (k % 4 == 0) {
            nb_policy_normals(batch, first + k / 4, normals);
        }
        for (size_t i = 0; i < n; i++) {
            size_t at = i * K + k;

            s[at] = nb_mask_allows(batch->mask, batch->mask_words, i, k)
                        ? self->mean[at] + offset_of(batch, at) + self->sd[at] * (double)normal[i]
                        : -INFINITY;
        }
    }
    nb_arena_release(batch->scratch, mark);
}

void nb_thompson_add(const nb_batch_t *batch, const nb_thompson_t *self, const double *weight,
                     double *p)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *mean = nb_arena_take(batch->scratch, 3 * K + nb_max_normal_work(K), sizeof *mean);
    double *sd = mean + K, *shares = sd + K;

    for (size_t i = 0; i < batch->n; i++) {
        size_t n = 0;

        for (unsigned k = 0; k < K; k++) {
            if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
                mean[n] = self->mean[i * K + k] + offset_of(batch, i * K + k);
                sd[n++] = self->sd[i * K + k];
            }
        }
        nb_max_normal(mean, sd, n, shares, shares + K);
        for (unsigned k = 0, j = 0; k < K; k++) {
            if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
                p[i * K + k] += (weight ? weight[i] : 1.0) * shares[j++];
            }
        }
    }
    nb_arena_release(batch->scratch, mark);
}

int nb_thompson_choose(const nb_thompson_policy_t *policy, const void *state,
                       const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *table = nb_arena_take(batch->scratch, batch->n * K, sizeof *table);
    int code = policy->score(state, batch, table);

    code = code < 0 ? code : nb_policy_rank(batch, table, out);
    if (code == NB_OK && batch->want_propensity && batch->slate > 1) {
        code = nb_error_set(NB_ERR_UNSUPPORTED,
                            "%s knows the propensity of one action, not of a slate of %u: choose a "
                            "log without propensities",
                            policy->name, batch->slate);
    } else if (code == NB_OK && batch->want_propensity) {
        code = policy->probabilities(state, batch, table);
        for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
            out->propensity[i] = table[i * K + (size_t)out->action[i]];
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}
