/* Exploration at random, see policies/policy.h. */
#include "policies/policy.h"

/* the r-th allowed action of row i */
static unsigned find_allowed(const nb_batch_t *batch, size_t i, unsigned r)
{
    unsigned k = 0;

    while (!nb_mask_allows(batch->mask, batch->mask_words, i, k) || r-- > 0) {
        k++;
    }
    return k;
}

/* shuffle the scores of the allowed actions of row i (Fisher & Yates 1938, Durstenfeld's order) */
static void deal_row(const nb_batch_t *batch, size_t i, double *s)
{
    nb_stream_t stream;

    nb_stream_init(&stream, batch->key,
                   (nb_counter_t){
                       .luck = batch->luck[i],
                       .ordinal = (uint32_t)batch->period,
                       .purpose = (uint16_t)(NB_PURPOSE_POLICY + batch->stream_point),
                       .group = (uint16_t)batch->round,
                       .block = 1,
                   });
    for (unsigned left = nb_policy_n_allowed(batch, i); left > 1; left--) {
        unsigned a = find_allowed(batch, i, left - 1);
        unsigned b = find_allowed(batch, i, (unsigned)(nb_stream_uniform(&stream) * left));
        double swap = s[a];

        s[a] = s[b];
        s[b] = swap;
    }
}

int nb_policy_explore(const nb_batch_t *batch, double epsilon, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);

    nb_policy_uniforms(batch, 0, uniforms);
    for (size_t i = 0; i < batch->n; i++) {
        /* word 0 breaks ties */
        if (uniforms[batch->n + i] < epsilon) {
            deal_row(batch, i, s + i * batch->n_actions);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

void nb_policy_mix_uniform(const nb_batch_t *batch, double epsilon, double *p)
{
    for (size_t i = 0; i < batch->n; i++) {
        double share = epsilon / nb_policy_n_allowed(batch, i);

        for (unsigned k = 0; k < batch->n_actions; k++) {
            int allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);
            double *here = p + i * batch->n_actions + k;

            *here = allowed ? (1.0 - epsilon) * *here + share : 0.0;
        }
    }
}
