/*
 * CLUB: customers who answer alike share what is learned, an upper confidence bound per action of
 * every cluster of customers. policies/clusters.h has how clusters are found.
 *
 * Source: Gentile, Li & Zappella (2014), "Online clustering of bandits", algorithm 1 (CLUB), with
 * weights of its own for every action:
 *
 *     score_k = x'm_k + alpha sqrt(x'M_k^-1 x log(1 + t)),
 *
 * m_k and M_k of the customer's cluster, t the rows learned at the point by now, and one. Known
 * limits: a customer with few rows is an open bridge between clusters; all rows of a period see the
 * same bounds and herd.
 */
#include <math.h>
#include <stddef.h>

#include "policies/clusters.h"
#include "policies/library.h"
#include "policies/mixed.h"
#include "policies/random_graph.h"
#include "policies/rows.h"

typedef struct {
    nb_clusters_settings_t clusters;
    double alpha;
} settings_t;

/* head of the state, followed by the clusters */
typedef struct {
    double alpha, unused[7];
} head_t;
_Static_assert(sizeof(head_t) == 64, "the clusters are aligned");

static const nb_setting_t table[] = {
    {
        .key = "lambda",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, clusters.lambda),
        .def = 1.0,
        .low = 1e-6,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Gentile et al. 2014, algorithm 1",
        .help = "ridge penalty of customers' and clusters' regressions",
    },
    {
        .key = "alpha",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, alpha),
        .def = 0.5,
        .low = 0.0,
        .high = 100.0,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "A",
        .source = "form: Gentile et al. 2014, algorithm 1",
        .help = "width of a cluster's upper confidence bound, beside the root of log(1 + t)",
    },
    {
        .key = "alpha_2",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, clusters.alpha_2),
        .def = 2.0,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "A",
        .source = "form: Gentile et al. 2014, algorithm 1",
        .help = "how far the weights of two customers must differ to be told apart; high values "
                "keep all in one cluster",
    },
    {
        .key = "edges",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, clusters.edges),
        .def = 3.0,
        .low = 1.0,
        .high = 6.0,
        .choices = "",
        .unit = "log(n) / n",
        .mark = "",
        .source = "Gentile et al. 2014, section 4",
        .help = "probability that two customers are joined at the start, where there are many",
    },
    {
        .key = "complete",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, clusters.complete),
        .def = 64,
        .low = 1,
        .high = NB_GRAPH_EDGES,
        .choices = "",
        .unit = "customers",
        .mark = "A",
        .source = "",
        .help = "up to so many customers all pairs are joined at the start",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(head_t) + nb_clusters_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    head_t *head = state;

    head->alpha = from->alpha;
    nb_clusters_init(head + 1, spec, &from->clusters);
    return NB_OK;
}

/* predictions, and scores: -infinity where not allowed. @param mean, s [n x K] */
static int find_bounds(const void *state, const nb_batch_t *batch, double *mean, double *s)
{
    const head_t *head = state;
    double factor = head->alpha * sqrt(log(2.0 + nb_clusters_seen(head + 1, batch->point)));
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;

    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    double *x = nb_arena_take(batch->scratch, batch->d + 1, sizeof *x);

    for (size_t i = 0; i < batch->n; i++) {
        int64_t cluster = nb_clusters_find(head + 1, batch->point, batch->customer[i]);

        nb_rows_widen(batch->x, i, batch->d, x);
        for (unsigned k = 0; k < K; k++) {
            size_t at = i * K + k;
            double out[2];

            nb_clusters_predict(head + 1, batch->point, cluster, k, x, out);
            mean[at] = out[0];
            s[at] = nb_mask_allows(batch->mask, batch->mask_words, i, k)
                        ? out[0] + factor * sqrt(out[1]) + (batch->offset ? batch->offset[at] : 0.0)
                        : -INFINITY;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *mean = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *mean);
    int code = find_bounds(state, batch, mean, s);

    nb_arena_release(batch->scratch, mark);
    return code;
}

static int fill(const void *state, const nb_batch_t *batch, double *p, double *mean)
{
    NB_TRY(find_bounds(state, batch, mean, p));
    return nb_policy_rank_probabilities(batch, p, p);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *s = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *s);
    int code = score(state, batch, s);

    code = code < 0 ? code : nb_policy_rank(batch, s, out);
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return nb_mixed_probabilities(state, batch, fill, p);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_mixed_value(state, batch, fill, v);
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_clusters_update((head_t *)state + 1, finished);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    return nb_clusters_refresh((head_t *)state + 1, scratch);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return nb_mixed_scratch(spec) + nb_clusters_scratch(spec);
}

const nb_policy_type_t nb_policy_clu_b = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "clu_b",
    .summary = "upper confidence bounds of clusters of customers found on the way (Gentile et al. "
               "2014)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_INDIVIDUAL | NB_TRAIT_OFFSETS |
              NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
