/*
 * Thompson sampling in latent segments: a decision draws the customer's segment from her shares,
 * and the score of every action from that segment's posterior; policies/latent.h has the model and
 * how it is learned. Propensities are the mixture over segments, with her shares as weights, of
 * integrals over independent normals (error below 1e-9).
 *
 * Source: Hong, Kveton, Zaheer, Chow, Ahmed & Boutilier (2020), "Latent bandits revisited", mmTS
 * with models learned online. One segment is lin_ts with lambda sd^2 and v = sd.
 *
 * Defaults are a compromise, found on other seeds than those of any experiment: in worlds that do
 * have segments which rewards show clearly, step 0.6 and two segments more than there are find them
 * best; where rewards are noise for the most part (money of customers), every fading and every
 * segment costs.
 */
#include <math.h>
#include <string.h>

#include "policies/latent.h"
#include "policies/library.h"
#include "policies/rows.h"
#include "policies/thompson.h"

static const nb_setting_t table[] = {
    {
        .key = "lambda",
        .type = NB_SETTING_REAL,
        .offset = offsetof(nb_latent_settings_t, lambda),
        .def = 1.0,
        .low = 1e-6,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Hong et al. 2020",
        .help = "prior precision of every weight of every segment",
    },
    {
        .key = "sd",
        .type = NB_SETTING_REAL,
        .offset = offsetof(nb_latent_settings_t, sd),
        .def = 1.0,
        .low = 1e-6,
        .high = 1e6,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "",
        .source = "Hong et al. 2020",
        .help =
            "sd of the noise within a segment; the smaller, the faster customers are told apart",
    },
    {
        .key = "step",
        .type = NB_SETTING_REAL,
        .offset = offsetof(nb_latent_settings_t, step),
        .def = 0.9,
        .low = 0.5,
        .high = 1.0,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "form: Cappe & Moulines 2009",
        .help = "after t periods what was learned weighs as much as t^step periods; 1 forgets "
                "nothing",
    },
    {
        .key = "segments",
        .type = NB_SETTING_INT,
        .offset = offsetof(nb_latent_settings_t, n_segments),
        .def = 3,
        .low = 1,
        .high = NB_MAX_SEGMENTS,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "",
        .help =
            "number of latent segments of customers; some more than there are help to find them",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    return nb_latent_size(spec, settings);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    return nb_latent_init(state, spec, settings);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    const nb_latent_settings_t *from = settings;
    size_t most = 0, widest = 1;

    for (unsigned p = 0; p < spec->n_points; p++) {
        const nb_point_t *point = spec->points + p;

        most = point->n_actions > most ? point->n_actions : most;
        widest = point->d > widest ? point->d : widest;
    }
    /* the posterior of a batch, two tables of value(), shares and their draw, features and work */
    return nb_thompson_scratch(most) + 2 * most * NB_BLOCK_ROWS * sizeof(double) +
           ((size_t)from->n_segments + 5) * NB_BLOCK_ROWS * sizeof(double) +
           NB_BLOCK_ROWS * sizeof(unsigned) +
           (widest + 1 + nb_latent_spec_work(spec)) * sizeof(double) + 12 * 64;
}

/* posterior of the scores of a batch in given segments. @param segment [n] */
static void predict(const void *state, const nb_batch_t *batch, const unsigned *segment,
                    nb_thompson_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *x = nb_arena_take(batch->scratch, batch->d + 1 + nb_latent_work(state), sizeof *x);
    double *work = x + batch->d + 1;

    for (size_t i = 0; i < batch->n; i++) {
        nb_rows_widen(batch->x, i, batch->d, x);
        for (unsigned k = 0; k < K; k++) {
            nb_latent_arm_t arm = {batch->point, k, batch->customer[i]};
            double here[2] = {0.0, 0.0};

            if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
                nb_latent_predict(state, arm, segment[i], x, work, here);
            }
            out->mean[i * K + k] = here[0];
            out->sd[i * K + k] = sqrt(here[1]);
        }
    }
    nb_arena_release(batch->scratch, mark);
}

/* a draw from each row's shares, by word 1 of block 0 (word 0 breaks ties). @param segment [n] */
static void draw_segments(const void *state, const nb_batch_t *batch, unsigned *segment)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);
    unsigned n_segments = nb_latent_segments(state);
    double shares[NB_MAX_SEGMENTS];

    nb_policy_uniforms(batch, 0, uniforms);
    for (size_t i = 0; i < batch->n; i++) {
        double left = uniforms[batch->n + i];
        unsigned l = 0;

        nb_latent_shares(state, batch->customer[i], shares);
        while (l + 1 < n_segments && left >= shares[l]) {
            left -= shares[l++];
        }
        segment[i] = l;
    }
    nb_arena_release(batch->scratch, mark);
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);

    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    unsigned *segment = nb_arena_take(batch->scratch, batch->n, sizeof *segment);
    nb_thompson_t posterior = nb_thompson_take(batch);

    draw_segments(state, batch, segment);
    predict(state, batch, segment, &posterior);
    nb_thompson_draw(batch, 1, &posterior, s);
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

/* p and, unless NULL, mean rewards over a customer's segments. @param mean [n x K] */
static int mix(const void *state, const nb_batch_t *batch, double *p, double *mean)
{
    size_t mark = nb_arena_mark(batch->scratch), n = batch->n, K = batch->n_actions;
    unsigned n_segments = nb_latent_segments(state);

    NB_TRY(nb_rows_check_features(batch->x, n, batch->d));
    unsigned *segment = nb_arena_take(batch->scratch, n, sizeof *segment);
    double *shares = nb_arena_take(batch->scratch, n * n_segments, sizeof *shares);
    double *weight = nb_arena_take(batch->scratch, n, sizeof *weight);
    nb_thompson_t posterior = nb_thompson_take(batch);

    memset(p, 0, n * K * sizeof *p);
    for (size_t i = 0; i < n; i++) {
        nb_latent_shares(state, batch->customer[i], shares + i * n_segments);
    }
    for (unsigned l = 0; l < n_segments; l++) {
        for (size_t i = 0; i < n; i++) {
            segment[i] = l;
            weight[i] = shares[i * n_segments + l];
        }
        predict(state, batch, segment, &posterior);
        nb_thompson_add(batch, &posterior, weight, p);
        for (size_t at = 0; mean && at < n * K; at++) {
            mean[at] = (l ? mean[at] : 0.0) + weight[at / K] * posterior.mean[at];
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return mix(state, batch, p, NULL);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    static const nb_thompson_policy_t policy = {"latent_ts", score, probabilities};

    return nb_thompson_choose(&policy, state, batch, out);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    double *mean = nb_arena_take(batch->scratch, batch->n * K, sizeof *mean);
    int code = mix(state, batch, p, mean);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        v[i] = 0.0;
        for (size_t k = 0; k < K; k++) {
            v[i] += p[i * K + k] * mean[i * K + k];
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int update(void *state, const nb_transitions_t *finished)
{
    size_t mark = nb_arena_mark(finished->scratch);

    NB_TRY(nb_rows_check_finished(finished));
    double *x =
        nb_arena_take(finished->scratch, finished->d + 1 + nb_latent_work(state), sizeof *x);

    for (size_t i = 0; i < finished->n; i++) {
        nb_latent_arm_t arm = {finished->point, (unsigned)finished->action[i],
                               finished->customer[i]};

        nb_rows_widen(finished->x, i, finished->d, x);
        nb_latent_add(state, arm, x, finished->reward[i], x + finished->d + 1);
    }
    nb_arena_release(finished->scratch, mark);
    return NB_OK;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    size_t mark = nb_arena_mark(scratch);
    double *work = nb_arena_take(scratch, nb_latent_work(state), sizeof *work);
    int code = nb_latent_refresh(state, work);

    nb_arena_release(scratch, mark);
    return code;
}

const nb_policy_type_t nb_policy_latent_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "latent_ts",
    .summary = "Thompson sampling in latent segments of customers (Hong et al. 2020)",
    .settings = table,
    .settings_size = sizeof(nb_latent_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_INDIVIDUAL | NB_TRAIT_OFFSETS,
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
