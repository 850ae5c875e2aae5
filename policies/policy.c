#include "policies/policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/normals.h"

enum { CHUNK_ROWS = 64 };

static nb_counter_t counter_of(const nb_batch_t *batch, unsigned block)
{
    return (nb_counter_t){
        .ordinal = (uint32_t)batch->period,
        .purpose = (uint16_t)(NB_PURPOSE_POLICY + batch->stream_point),
        .group = (uint16_t)batch->round,
        .block = block,
    };
}

void nb_policy_uniforms(const nb_batch_t *batch, unsigned block, double *out)
{
    uint32_t words[4 * CHUNK_ROWS];

    for (size_t start = 0; start < batch->n; start += CHUNK_ROWS) {
        size_t n = batch->n - start < CHUNK_ROWS ? batch->n - start : CHUNK_ROWS;

        nb_rng_blocks(batch->key, counter_of(batch, block), batch->luck + start, n, words);
        for (size_t w = 0; w < 4; w++) {
            for (size_t i = 0; i < n; i++) {
                out[w * batch->n + start + i] = nb_rng_uniform(words[w * n + i]);
            }
        }
    }
}

void nb_policy_normals(const nb_batch_t *batch, unsigned block, float *out)
{
    uint32_t words[4 * CHUNK_ROWS];

    for (size_t start = 0; start < batch->n; start += CHUNK_ROWS) {
        size_t n = batch->n - start < CHUNK_ROWS ? batch->n - start : CHUNK_ROWS;

        nb_rng_blocks(batch->key, counter_of(batch, block), batch->luck + start, n, words);
        for (size_t w = 0; w < 4; w++) {
            nb_normals(words + w * n, n, out + w * batch->n + start);
        }
    }
}

/* word 0 of block 0 of one row, as nb_policy_uniforms gives it */
static double draw_tie(const nb_batch_t *batch, size_t i)
{
    nb_counter_t counter = counter_of(batch, 0);
    uint32_t words[4];

    counter.luck = batch->luck[i];
    nb_rng_block(batch->key, counter, words);
    return nb_rng_uniform(words[0]);
}

static int is_taken(const int32_t *taken, unsigned n_taken, unsigned k)
{
    for (unsigned j = 0; j < n_taken; j++) {
        if (taken[j] == (int32_t)k) {
            return 1;
        }
    }
    return 0;
}

/* the best of what is left of a row */
typedef struct {
    double score;
    unsigned n;    /* how many share it, 0 where nothing is left */
    int32_t first; /* the lowest of them */
} best_t;

/* best score of row i beside the actions `taken` */
static int find_best(const nb_batch_t *batch, size_t i, const double *s, const int32_t *taken,
                     unsigned n_taken, best_t *out)
{
    *out = (best_t){-INFINITY, 0, -1};

    for (unsigned w = 0; w < batch->mask_words; w++) {
        for (uint64_t left = batch->mask[i * batch->mask_words + w]; left; left &= left - 1) {
            unsigned k = 64 * w + (unsigned)__builtin_ctzll(left);

            if (s[k] < out->score || is_taken(taken, n_taken, k)) {
                continue;
            }
            if (isnan(s[k])) {
                NB_FAIL(NB_ERR_NUMERIC,
                        "score of action %u in row %zu of the batch is not a number", k, i);
            }
            if (s[k] > out->score || out->n == 0) {
                *out = (best_t){s[k], 0, (int32_t)k};
            }
            out->n++;
        }
    }
    return NB_OK;
}

/* the r-th of those that share the best score of row i */
static int32_t find_equal(const nb_batch_t *batch, size_t i, const double *s, const int32_t *taken,
                          unsigned n_taken, const best_t *best, unsigned r)
{
    int32_t k = best->first;

    while (r > 0) {
        k++;
        r -= s[k] == best->score &&
             nb_mask_allows(batch->mask, batch->mask_words, i, (unsigned)k) &&
             !is_taken(taken, n_taken, (unsigned)k);
    }
    return k;
}

/* positions of one row; a tie is broken by `tie`, or where that is NULL by the row's own draw, and
 * the fraction that it leaves breaks the next one */
static int rank_row(const nb_batch_t *batch, size_t i, const double *s, const double *tie,
                    int32_t *action, double *propensity)
{
    double u = -1.0;

    for (unsigned j = 0; j < batch->slate; j++) {
        best_t best;

        NB_TRY(find_best(batch, i, s, action, j, &best));
        action[j] = best.first;
        if (best.n > 1) {
            u = u >= 0.0 ? u : tie ? *tie : draw_tie(batch, i);
            unsigned r = (unsigned)(u * best.n);

            action[j] = find_equal(batch, i, s, action, j, &best, r);
            u = u * best.n - r;
        }
        if (propensity) {
            propensity[j] = best.n ? 1.0 / best.n : 1.0;
        }
    }
    return NB_OK;
}

static int rank_batch(const nb_batch_t *batch, const double *s, const double *tie, int32_t *action,
                      double *propensity)
{
    for (size_t i = 0; i < batch->n; i++) {
        size_t first = i * batch->slate;

        NB_TRY(rank_row(batch, i, s + i * batch->n_actions, tie ? tie + i : NULL, action + first,
                        propensity ? propensity + first : NULL));
    }
    return NB_OK;
}

int nb_policy_argmax(const nb_batch_t *batch, const double *s, const double *tie, int32_t *action)
{
    nb_batch_t single = *batch;

    single.slate = 1;
    return rank_batch(&single, s, tie, action, NULL);
}

int nb_policy_top(const nb_batch_t *batch, const double *s, const double *tie, int32_t *action)
{
    return rank_batch(batch, s, tie, action, NULL);
}

int nb_policy_rank(const nb_batch_t *batch, const double *s, nb_choice_t *out)
{
    return rank_batch(batch, s, NULL, out->action, batch->want_propensity ? out->propensity : NULL);
}

int nb_policy_rank_probabilities(const nb_batch_t *batch, const double *s, double *p)
{
    for (size_t i = 0; i < batch->n; i++) {
        const double *row = s + i * batch->n_actions;
        best_t best;

        NB_TRY(find_best(batch, i, row, NULL, 0, &best));
        for (unsigned k = 0; k < batch->n_actions; k++) {
            int is_best =
                row[k] == best.score && nb_mask_allows(batch->mask, batch->mask_words, i, k);

            p[i * batch->n_actions + k] = is_best ? 1.0 / best.n : 0.0;
        }
    }
    return NB_OK;
}

unsigned nb_policy_n_allowed(const nb_batch_t *batch, size_t i)
{
    unsigned n = 0;

    for (unsigned w = 0; w < batch->mask_words; w++) {
        n += (unsigned)__builtin_popcountll(batch->mask[i * batch->mask_words + w]);
    }
    return n;
}

int32_t nb_policy_pick(const nb_batch_t *batch, size_t i, double u)
{
    unsigned r = (unsigned)(u * nb_policy_n_allowed(batch, i));

    for (unsigned k = 0; k < batch->n_actions; k++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, i, k) && r-- == 0) {
            return (int32_t)k;
        }
    }
    return -1;
}
