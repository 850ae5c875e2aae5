#include "policies/beta_ts.h"

#include <string.h>

#include "core/dist.h"
#include "policies/linear.h"
#include "policies/thompson.h"

/* blocks between the streams of two arms: a generator reads a handful */
enum { STREAM_SHIFT = 12 };

void nb_beta_ts_init(void *state, const nb_beta_ts_settings_t *settings, size_t shown)
{
    nb_beta_ts_t *self = state;

    self->prior = settings->prior;
    self->draw = settings->draw;
    self->shown = shown;
}

static const nb_arm_t *arms_of(const nb_beta_ts_t *self, unsigned point)
{
    return nb_arms_at((const char *)self + self->shown, point);
}

static nb_beta_t *take_posterior(const nb_beta_ts_t *self, const nb_batch_t *batch)
{
    nb_beta_t *out = nb_arena_take(batch->scratch, batch->n_actions, sizeof *out);
    const nb_arm_t *arm = arms_of(self, batch->point);

    for (unsigned k = 0; k < batch->n_actions; k++) {
        out[k] = nb_beta_posterior(self->prior, arm + k);
    }
    return out;
}

/* a draw for row i of arm k; block 0 is for ties */
static double draw_arm(const nb_beta_ts_t *self, const nb_batch_t *batch, size_t i, unsigned k,
                       nb_beta_t posterior)
{
    nb_stream_t stream;

    nb_stream_init(&stream, batch->key,
                   nb_draw_counter(batch, (nb_draw_t)self->draw, i, (k + 1) << STREAM_SHIFT));
    return nb_dist_beta(&stream, posterior.a, posterior.b);
}

int nb_beta_ts_score(const void *state, const nb_batch_t *batch, double *s)
{
    const nb_beta_ts_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    nb_beta_t *posterior = take_posterior(self, batch);
    double *shared = nb_arena_take(batch->scratch, K, sizeof *shared);
    int is_shared = self->draw == NB_DRAW_PERIOD;

    for (unsigned k = 0; is_shared && k < K; k++) {
        shared[k] = draw_arm(self, batch, 0, k, posterior[k]);
    }
    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned k = 0; k < K; k++) {
            int is_allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);

            s[i * K + k] = !is_allowed ? -INFINITY
                           : is_shared ? shared[k]
                                       : draw_arm(self, batch, i, k, posterior[k]);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int has_mask_of_row_before(const nb_batch_t *batch, size_t i)
{
    const uint64_t *mask = batch->mask + i * batch->mask_words;

    return i > 0 && memcmp(mask, mask - batch->mask_words, batch->mask_words * sizeof *mask) == 0;
}

/* one row: integrals over the arms that it allows */
static void fill_row(const nb_batch_t *batch, size_t i, const nb_beta_t *posterior, double *work,
                     double *p)
{
    size_t K = batch->n_actions, n = 0;
    nb_beta_t *arm = (nb_beta_t *)work;
    double *shares = work + 2 * K;

    for (unsigned k = 0; k < K; k++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
            arm[n++] = posterior[k];
        }
    }
    nb_beta_max(arm, n, shares, shares + K);
    for (unsigned k = 0, j = 0; k < K; k++) {
        p[k] = nb_mask_allows(batch->mask, batch->mask_words, i, k) ? shares[j++] : 0.0;
    }
}

int nb_beta_ts_probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    nb_beta_t *posterior = take_posterior(state, batch);
    double *work = nb_arena_take(batch->scratch, 3 * K + nb_beta_max_work(K), sizeof *work);

    for (size_t i = 0; i < batch->n; i++) {
        double *row = p + i * K;

        if (has_mask_of_row_before(batch, i)) {
            memcpy(row, row - K, K * sizeof *row);
        } else {
            fill_row(batch, i, posterior, work, row);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

int nb_beta_ts_choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    static const nb_thompson_policy_t policy = {"Thompson sampling of Betas", nb_beta_ts_score,
                                                nb_beta_ts_probabilities};

    return nb_thompson_choose(&policy, state, batch, out);
}

int nb_beta_ts_value(const void *state, const nb_batch_t *batch, double *v)
{
    const nb_beta_ts_t *self = state;

    return nb_beta_value(state, batch, self->prior, arms_of(self, batch->point),
                         nb_beta_ts_probabilities, v);
}

size_t nb_beta_ts_scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = nb_linear_most_actions(spec);

    (void)settings;
    /* a table of scores or probabilities, posteriors, work of a row, shared draws */
    return (most * NB_BLOCK_ROWS + 6 * most + nb_beta_max_work(most)) * sizeof(double) + 8 * 64;
}
