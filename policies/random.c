/*
 * Uniform over the allowed actions, without replacement along a slate. The reference that every
 * learner must beat, and the logging policy whose propensities are exact.
 */
#include "policies/library.h"

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return 0;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    (void)state;
    (void)spec;
    (void)settings;
    return NB_OK;
}

/* the r-th allowed action that none of the n positions before holds */
static int32_t pick_left(const nb_batch_t *batch, size_t i, const int32_t *before, unsigned n,
                         unsigned r)
{
    for (unsigned k = 0; k < batch->n_actions; k++) {
        int free = nb_mask_allows(batch->mask, batch->mask_words, i, k);

        for (unsigned j = 0; j < n && free; j++) {
            free = before[j] != (int32_t)k;
        }
        if (free && r-- == 0) {
            return (int32_t)k;
        }
    }
    return -1;
}

/* position j of all rows from one uniform a row */
static void fill_position(const nb_batch_t *batch, const double *uniform, unsigned j,
                          nb_choice_t *out)
{
    for (size_t i = 0; i < batch->n; i++) {
        unsigned n_allowed = nb_policy_n_allowed(batch, i);
        unsigned n_left = n_allowed > j ? n_allowed - j : 0;
        int32_t *row = out->action + i * batch->slate;

        row[j] = n_left ? pick_left(batch, i, row, j, (unsigned)(uniform[i] * n_left)) : -1;
        if (batch->want_propensity) {
            out->propensity[i * batch->slate + j] = n_left ? 1.0 / n_left : 1.0;
        }
    }
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);

    (void)state;
    for (unsigned j = 0; j < batch->slate; j++) {
        if (j % 4 == 0) {
            nb_policy_uniforms(batch, j / 4, uniforms);
        }
        fill_position(batch, uniforms + j % 4 * batch->n, j, out);
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    (void)state;
    for (size_t i = 0; i < batch->n; i++) {
        double share = 1.0 / nb_policy_n_allowed(batch, i);

        for (unsigned k = 0; k < batch->n_actions; k++) {
            int allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);

            p[i * batch->n_actions + k] = allowed ? share : 0.0;
        }
    }
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return (4 * NB_BLOCK_ROWS + 8) * sizeof(double);
}

const nb_policy_type_t nb_policy_random = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "random",
    .summary = "uniform over the allowed actions (reference)",
    .traits = NB_TRAIT_SLATE,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .probabilities = probabilities,
    .scratch_size = scratch_size,
};
