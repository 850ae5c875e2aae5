/*
 * Thompson sampling for the multinomial logit: slates of items of which the customer chooses one or
 * none, with probability v_i / (1 + sum of v over the slate).
 *
 * Source: Agrawal, Avadhanula, Goyal & Zeevi (2017), "Thompson sampling for the MNL-bandit",
 * algorithm 1. There a slate is shown again until nothing is chosen, and the number of times that
 * an item was chosen in such an epoch is geometric with mean v_i. So its odds against nothing are
 * all that counts, and epochs need not be: with V_i times chosen and n_i times that nothing was
 * while it was shown, 1 / (1 + v_i) ~ Beta(n_i, V_i), from 1 each. Sampled anew for every decision;
 * the slate is the best one at the sample, exactly (of as many items as there are positions). What
 * an item pays when chosen is its mean so far, shrunk by one observation to the mean of all items.
 * Known limits: no context; one payment per item; no propensities of slates.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/dist.h"
#include "policies/library.h"
#include "policies/max_beta.h"
#include "policies/slate.h"

/* state: head, then the items of all points */
typedef struct {
    double prior;
    unsigned first[NB_MAX_POINTS + 1];
} head_t;

typedef struct {
    double chosen, passed; /* V_i, n_i, without the prior */
    double reward;         /* sum of what it paid when chosen */
} item_t;

typedef struct {
    double prior;
} settings_t;

static const nb_setting_t table[] = {
    {
        .key = "prior",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, prior),
        .def = 1.0,
        .low = 1e-3,
        .high = 1e6,
        .choices = "",
        .unit = "observations",
        .mark = "",
        .source = "Agrawal et al. 2017, algorithm 1",
        .help = "both parameters of the Beta prior of 1 / (1 + v)",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    size_t n = 0;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        n += spec->points[p].n_actions;
    }
    return sizeof(head_t) + n * sizeof(item_t);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    head_t *self = state;

    self->prior = ((const settings_t *)settings)->prior;
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->first[p + 1] = self->first[p] + spec->points[p].n_actions;
    }
    return NB_OK;
}

static const item_t *items_of(const void *state, unsigned point)
{
    const head_t *self = state;

    return (const item_t *)(self + 1) + self->first[point];
}

/* what items pay when chosen */
static void fill_payments(const item_t *items, unsigned K, double *q)
{
    double sum = 0.0, n = 0.0;

    for (unsigned k = 0; k < K; k++) {
        sum += items[k].reward;
        n += items[k].chosen;
    }
    for (unsigned k = 0; k < K; k++) {
        q[k] = (items[k].reward + (n > 0.0 ? sum / n : 1.0)) / (items[k].chosen + 1.0);
    }
}

/* v of every allowed item, sampled from the row's own stream */
static void sample_odds(const head_t *self, const item_t *items, const nb_batch_t *batch, size_t i,
                        double *w)
{
    for (unsigned k = 0; k < batch->n_actions; k++) {
        nb_counter_t counter = {
            .luck = batch->luck[i],
            .ordinal = (uint32_t)batch->period,
            .purpose = (uint16_t)(NB_PURPOSE_POLICY + batch->stream_point),
            .group = (uint16_t)batch->round,
            .block = (k + 1) << 16, /* a stream of its own, so that masks shift no draw */
        };
        nb_stream_t stream;
        double theta;

        w[k] = 0.0;
        if (!nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
            continue;
        }
        nb_stream_init(&stream, batch->key, counter);
        theta = nb_dist_beta(&stream, items[k].passed + self->prior, items[k].chosen + self->prior);
        w[k] = 1.0 / fmax(theta, 1e-300) - 1.0;
    }
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p);

static int fill_propensities(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    double *p;

    if (batch->slate > 1) {
        NB_FAIL(NB_ERR_UNSUPPORTED,
                "mnl_ts knows the propensity of one action, not of a slate of %u: choose a log "
                "without propensities",
                batch->slate);
    }
    p = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *p);
    NB_TRY(probabilities(state, batch, p));
    for (size_t i = 0; i < batch->n; i++) {
        out->propensity[i] = p[i * batch->n_actions + (size_t)out->action[i]];
    }
    return NB_OK;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    const item_t *items = items_of(state, batch->point);
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *w = nb_arena_take(batch->scratch, 3 * K, sizeof *w), *q = w + K, *s = q + K;
    int code = NB_OK;

    fill_payments(items, batch->n_actions, q);
    for (size_t i = 0; i < batch->n && code == NB_OK; i++) {
        sample_odds(state, items, batch, i, w);
        code =
            nb_slate_best_ratio(batch, i, w, q, 1.0, 0.0, 0.0, s, out->action + i * batch->slate);
    }
    if (code == NB_OK && batch->want_propensity) {
        code = fill_propensities(state, batch, out);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* of single actions: item k alone earns q_k (1 - theta_k), and 1 - theta_k ~ Beta(V_k, n_k) */
static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    const head_t *self = state;
    const item_t *items = items_of(state, batch->point);
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    nb_beta_t *betas = nb_arena_take(batch->scratch, K, sizeof *betas);
    double *q = nb_arena_take(batch->scratch, K, sizeof *q);

    fill_payments(items, batch->n_actions, q);
    for (size_t k = 0; k < K; k++) {
        betas[k] = (nb_beta_t){.a = items[k].chosen + self->prior,
                               .b = items[k].passed + self->prior,
                               .scale = q[k] != 0.0 ? q[k] : 1e-12};
    }
    nb_max_beta_table(batch, betas, p);
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    head_t *self = state;
    item_t *items = (item_t *)(self + 1) + self->first[finished->point];

    NB_TRY(nb_slate_check(finished));
    for (size_t i = 0; i < finished->n; i++) {
        int32_t item = finished->item ? finished->item[i] : finished->action[i];

        for (unsigned j = 0; j < finished->slate; j++) {
            int32_t k = finished->action[i * finished->slate + j];

            if (k < 0) {
                continue;
            }
            items[k].chosen += k == item;
            items[k].passed += item < 0;
            items[k].reward += k == item ? finished->reward[i] : 0.0;
        }
    }
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = 0;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    return nb_max_beta_scratch(most) + (NB_BLOCK_ROWS * most + 5 * most) * sizeof(double) +
           most * sizeof(nb_beta_t) + 512;
}

const nb_policy_type_t nb_policy_mnl_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "mnl_ts",
    .summary = "Thompson sampling of a choice model, the best slate of the sample (Agrawal et al. "
               "2017)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_SLATE,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .probabilities = probabilities,
    .scratch_size = scratch_size,
};
