#include "policies/beta_ts.h"

#include <math.h>

#include "core/dist.h"
#include "policies/max_beta.h"

/* statistics that forget may leave a sum a rounding below 0 or above n */
static nb_beta_t posterior(const nb_beta_prior_t *prior, const nb_arm_t *arm)
{
    return (nb_beta_t){.a = prior->a + fmax(0.0, arm->sum),
                       .b = prior->b + fmax(0.0, arm->n - arm->sum),
                       .scale = 1.0};
}

/* every arm has a stream of its own, so that masks shift no draw */
int nb_beta_ts_score(const nb_beta_prior_t *prior, const nb_arm_t *arms, const nb_batch_t *batch,
                     double *s)
{
    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned k = 0; k < batch->n_actions; k++) {
            nb_beta_t beta = posterior(prior, &arms[k]);
            nb_stream_t stream;

            s[i * batch->n_actions + k] = -INFINITY;
            if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
                nb_stream_init(&stream, batch->key,
                               nb_draw_counter(batch, (nb_draw_t)prior->draw, i, (k + 1) << 12));
                s[i * batch->n_actions + k] = nb_dist_beta(&stream, beta.a, beta.b);
            }
        }
    }
    return NB_OK;
}

int nb_beta_ts_probabilities(const nb_beta_prior_t *prior, const nb_arm_t *arms,
                             const nb_batch_t *batch, double *p)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_beta_t *betas = nb_arena_take(batch->scratch, batch->n_actions, sizeof *betas);

    for (unsigned k = 0; k < batch->n_actions; k++) {
        betas[k] = posterior(prior, &arms[k]);
    }
    nb_max_beta_table(batch, betas, p);
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

int nb_beta_ts_choose(const nb_beta_prior_t *prior, const nb_arm_t *arms, const nb_batch_t *batch,
                      nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *table = nb_arena_take(batch->scratch, batch->n * K, sizeof *table);
    int code = nb_beta_ts_score(prior, arms, batch, table);

    code = code < 0 ? code : nb_policy_rank(batch, table, out);
    if (code == NB_OK && batch->want_propensity && batch->slate > 1) {
        code =
            nb_error_set(NB_ERR_UNSUPPORTED, "Thompson sampling of Betas knows the propensity of "
                                             "one action, not of a slate");
    } else if (code == NB_OK && batch->want_propensity) {
        code = nb_beta_ts_probabilities(prior, arms, batch, table);
        for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
            out->propensity[i] = table[i * K + (size_t)out->action[i]];
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

int nb_beta_ts_value(const nb_beta_prior_t *prior, const nb_arm_t *arms, const nb_batch_t *batch,
                     double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    int code = nb_beta_ts_probabilities(prior, arms, batch, p);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        v[i] = 0.0;
        for (size_t k = 0; k < K; k++) {
            nb_beta_t beta = posterior(prior, &arms[k]);

            v[i] += p[i * K + k] * beta.a / (beta.a + beta.b);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

size_t nb_beta_ts_scratch(const nb_spec_t *spec)
{
    size_t most = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    return 2 * NB_BLOCK_ROWS * most * sizeof(double) + NB_BLOCK_ROWS * 4 * sizeof(double) +
           most * sizeof(nb_beta_t) + nb_max_beta_scratch(most) + 512;
}
