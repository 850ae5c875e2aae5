#include "policies/policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { UNIFORM_CHUNK = 64 };

void nb_policy_uniforms(const nb_batch_t *batch, unsigned block, double *out)
{
    nb_counter_t counter = {
        .ordinal = (uint32_t)batch->period,
        .purpose = (uint16_t)(NB_PURPOSE_POLICY + batch->stream_point),
        .group = (uint16_t)batch->round,
        .block = block,
    };
    uint32_t words[4 * UNIFORM_CHUNK];

    for (size_t start = 0; start < batch->n; start += UNIFORM_CHUNK) {
        size_t n = batch->n - start < UNIFORM_CHUNK ? batch->n - start : UNIFORM_CHUNK;

        nb_rng_blocks(batch->key, counter, batch->luck + start, n, words);
        for (size_t w = 0; w < 4; w++) {
            for (size_t i = 0; i < n; i++) {
                out[w * batch->n + start + i] = nb_rng_uniform(words[w * n + i]);
            }
        }
    }
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

/* best score of row i beside `taken` into *best; how many share it (0 where nothing is left) */
static int find_best(const nb_batch_t *batch, size_t i, const double *s, const int32_t *taken,
                     unsigned n_taken, double *best, unsigned *n_best)
{
    *n_best = 0;
    *best = -INFINITY;
    for (unsigned k = 0; k < batch->n_actions; k++) {
        if (s[k] < *best || !nb_mask_allows(batch->mask, batch->mask_words, i, k) ||
            is_taken(taken, n_taken, k)) {
            continue;
        }
        if (isnan(s[k])) {
            NB_FAIL(NB_ERR_NUMERIC, "score of action %u in row %zu of the batch is not a number", k,
                    i);
        }
        *n_best = s[k] > *best ? 1 : *n_best + 1;
        *best = s[k];
    }
    return NB_OK;
}

/* the r-th action of row i beside `taken` whose score is `best` */
static int32_t find_equal(const nb_batch_t *batch, size_t i, const double *s, const int32_t *taken,
                          unsigned n_taken, double best, unsigned r)
{
    for (unsigned k = 0; k < batch->n_actions; k++) {
        if (s[k] == best && nb_mask_allows(batch->mask, batch->mask_words, i, k) &&
            !is_taken(taken, n_taken, k) && r-- == 0) {
            return (int32_t)k;
        }
    }
    return -1;
}

/* positions of one row; the fraction that a tie break leaves of u breaks the next one */
static int rank_row(const nb_batch_t *batch, size_t i, const double *s, double u, int32_t *action,
                    double *propensity)
{
    for (unsigned j = 0; j < batch->slate; j++) {
        double best;
        unsigned n_best;

        NB_TRY(find_best(batch, i, s, action, j, &best, &n_best));
        unsigned r = (unsigned)(u * n_best);

        action[j] = n_best ? find_equal(batch, i, s, action, j, best, r) : -1;
        u = u * n_best - r;
        if (propensity) {
            propensity[j] = n_best ? 1.0 / n_best : 1.0;
        }
    }
    return NB_OK;
}

static int rank_batch(const nb_batch_t *batch, const double *s, const double *tie, nb_choice_t *out)
{
    for (size_t i = 0; i < batch->n; i++) {
        size_t first = i * batch->slate;

        NB_TRY(rank_row(batch, i, s + i * batch->n_actions, tie[i], out->action + first,
                        out->propensity ? out->propensity + first : NULL));
    }
    return NB_OK;
}

int nb_policy_argmax(const nb_batch_t *batch, const double *s, const double *tie, int32_t *action)
{
    for (size_t i = 0; i < batch->n; i++) {
        const double *row = s + i * batch->n_actions;
        double best;
        unsigned n_best;

        NB_TRY(find_best(batch, i, row, NULL, 0, &best, &n_best));
        action[i] = find_equal(batch, i, row, NULL, 0, best, (unsigned)(tie[i] * n_best));
    }
    return NB_OK;
}

int nb_policy_top(const nb_batch_t *batch, const double *s, const double *tie, int32_t *action)
{
    nb_choice_t out = {.action = action};

    return rank_batch(batch, s, tie, &out);
}

int nb_policy_rank(const nb_batch_t *batch, const double *s, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);
    nb_choice_t answer = *out;

    nb_policy_uniforms(batch, 0, uniforms);
    if (!batch->want_propensity) {
        answer.propensity = NULL;
    }
    int code = rank_batch(batch, s, uniforms, &answer);

    nb_arena_release(batch->scratch, mark);
    return code;
}

int nb_policy_rank_probabilities(const nb_batch_t *batch, const double *s, double *p)
{
    for (size_t i = 0; i < batch->n; i++) {
        const double *row = s + i * batch->n_actions;
        double best;
        unsigned n_best;

        NB_TRY(find_best(batch, i, row, NULL, 0, &best, &n_best));
        for (unsigned k = 0; k < batch->n_actions; k++) {
            int is_best = row[k] == best && nb_mask_allows(batch->mask, batch->mask_words, i, k);

            p[i * batch->n_actions + k] = is_best ? 1.0 / n_best : 0.0;
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
