/*
 * Bootstrap Thompson sampling: B ridge models per action, each taught every observation with a
 * random weight of its own; a decision draws one model and plays its best action. The spread of the
 * models takes the place of a posterior, so that nothing is assumed of the noise.
 *
 * Source: Eckles & Kaptein (2014), "Thompson sampling with the online bootstrap", algorithm 1
 * (double or nothing: weight 0 or 2 with probability 1/2 each); Oza (2001) for Poisson(1) weights;
 * Osband & Van Roy (2015), "Bootstrapped Thompson sampling and deep exploration", for what stands
 * in for a prior: without it all models agree where nothing was seen, and an action that looked bad
 * by chance is never tried again. Here every model has random prior weights, N(0, prior_sd^2 I), as
 * in Osband et al. (2018): b = lambda prior + sum w r x, A = lambda I + sum w x x'.
 *
 * The weights of an observation are named by customer, point and period of the decision (and key of
 * the run), so that they do not depend on when or in what order it comes; two decisions of a
 * customer at one point and period weigh the same. Priors are drawn when the first decision is
 * played: until the end of that period all models are equal, and play is uniform.
 *
 * Probabilities are exact: the share of models whose best action is k, ties split; of slates too,
 * position by position. Held draws (`draw`) hold the model. Memory: B times that of greedy_ridge.
 */
#include "policies/bootstrap.h"

#include <math.h>
#include <string.h>

#include "policies/draw.h"
#include "policies/library.h"
#include "policies/linear.h"
#include "policies/ridge_layout.h"
#include "policies/rows.h"

enum { MAX_REPLICATES = 200, MAX_COUNT = 12, ALIGN = 64 };
enum { GROUP_WEIGHTS = 0xffff, GROUP_PRIORS = 0xfffe }; /* rounds of decisions never reach them */
enum { FIRST_BLOCK = 1 /* block 0 is for ties */ };

typedef struct {
    nb_linear_settings_t linear; /* exploration is prior_sd */
    int n, weights, draw;
} settings_t;

/* then the replicates' ridge posteriors, `size` bytes each */
typedef struct {
    size_t start, size;
    double prior_sd;
    int n, weights, draw;
    struct {
        int is_seeded;   /* priors were drawn */
        unsigned stream; /* names the random stream */
        nb_key_t key;
    } points[NB_MAX_POINTS];
} head_t;

static const nb_setting_t table[] = {
    NB_LINEAR_LAMBDA,
    {
        .key = "prior_sd",
        .type = NB_SETTING_REAL,
        .offset = offsetof(nb_linear_settings_t, exploration),
        .def = 1.0,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "A",
        .source = "Osband & Van Roy 2015",
        .help = "sd of the random prior weights of every model; at 0 all start equal",
    },
    {
        .key = "replicates",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, n),
        .def = 20,
        .low = 2,
        .high = MAX_REPLICATES,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "",
        .help = "models per action; probabilities are multiples of one over it",
    },
    {
        .key = "weights",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, weights),
        .def = NB_BOOTSTRAP_POISSON,
        .choices = "poisson|double_or_nothing",
        .unit = "",
        .mark = "",
        .source = "Oza 2001; Eckles & Kaptein 2014",
        .help = "how often a model is taught an observation: Poisson(1), or 0 or 2 times",
    },
    NB_DRAW_SETTING(settings_t, draw),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    return nb_round_up(sizeof(head_t), ALIGN) +
           (size_t)((const settings_t *)settings)->n * nb_ridge_size(spec);
}

static void *model_of(void *state, int b)
{
    const head_t *self = state;

    return (char *)state + self->start + (size_t)b * self->size;
}

const void *nb_bootstrap_model(const void *state, int b)
{
    const head_t *self = state;

    return (const char *)state + self->start + (size_t)b * self->size;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    head_t *self = state;

    *self = (head_t){.start = nb_round_up(sizeof *self, ALIGN),
                     .size = nb_ridge_size(spec),
                     .prior_sd = from->linear.exploration,
                     .n = from->n,
                     .weights = from->weights,
                     .draw = from->draw};
    for (int b = 0; b < self->n; b++) {
        nb_ridge_init(model_of(state, b), spec, from->linear.lambda, 0.0);
    }
    return NB_OK;
}

/* lambda prior to the b of every action of a point's model */
static void seed_model(nb_ridge_t *model, unsigned p, double sd, nb_stream_t *stream)
{
    const nb_ridge_point_t *point = model->points + p;

    for (size_t k = 0; k < point->n_actions; k++) {
        double *b = nb_ridge_moments(model, point, k) + (size_t)point->d * point->ld;

        for (size_t j = 0; j < point->d; j++) {
            b[j] += model->lambda * sd * nb_stream_normal(stream);
        }
        nb_ridge_touched(model, point)[k] = 1;
    }
}

/* what names a point's random numbers, and its priors, once */
static void seed_point(void *state, unsigned p, unsigned stream_point, nb_key_t key)
{
    head_t *self = state;

    if (self->points[p].is_seeded) {
        return;
    }
    self->points[p].is_seeded = 1;
    self->points[p].stream = stream_point;
    self->points[p].key = key;
    for (int b = 0; b < self->n && self->prior_sd > 0.0; b++) {
        nb_counter_t counter = {.luck = (uint32_t)NB_LUCK_RUN,
                                .ordinal = (uint32_t)b,
                                .purpose = (uint16_t)(NB_PURPOSE_POLICY + stream_point),
                                .group = GROUP_PRIORS};
        nb_stream_t stream;

        nb_stream_init(&stream, key, counter);
        seed_model(model_of(state, b), p, self->prior_sd, &stream);
    }
}

static int played(void *state, const nb_batch_t *batch, const nb_choice_t *choice)
{
    (void)choice;
    seed_point(state, batch->point, batch->stream_point, batch->key);
    return NB_OK;
}

double nb_bootstrap_times(int weights, uint32_t word)
{
    double u = nb_rng_uniform(word), p = 0.36787944117144233, sum = p;
    unsigned count = 0;

    if (weights == NB_BOOTSTRAP_DOUBLE_OR_NOTHING) {
        return word >> 31 ? 2.0 : 0.0;
    }
    while (u > sum && count < MAX_COUNT) {
        count++;
        p /= count;
        sum += p;
    }
    return count;
}

/* words of all rows for models b to b + 3. @param words [n x 4] */
static void draw_words(const head_t *self, const nb_transitions_t *finished, int b, uint32_t *words)
{
    for (size_t i = 0; i < finished->n; i++) {
        nb_counter_t counter = {
            .luck = finished->luck[i],
            .ordinal = (uint32_t)finished->period[i],
            .purpose = (uint16_t)(NB_PURPOSE_POLICY + self->points[finished->point].stream),
            .group = GROUP_WEIGHTS,
            .block = (uint32_t)b / 4};

        nb_rng_block(self->points[finished->point].key, counter, words + 4 * i);
    }
}

/* teach every model the rows as it sees them */
static int teach(void *state, const nb_transitions_t *finished, uint32_t *words)
{
    const head_t *self = state;
    nb_transitions_t seen = *finished;
    double *weight = nb_arena_take(finished->scratch, finished->n, sizeof *weight);
    double *reward = nb_arena_take(finished->scratch, finished->n, sizeof *reward);

    seen.weight = weight;
    seen.reward = reward;
    for (int b = 0; b < self->n; b++) {
        if (b % 4 == 0) {
            draw_words(self, finished, b, words);
        }
        for (size_t i = 0; i < finished->n; i++) {
            double times = nb_bootstrap_times(self->weights, words[4 * i + (size_t)b % 4]);

            weight[i] = times * (finished->weight ? finished->weight[i] : 1.0);
            reward[i] = times * finished->reward[i];
        }
        NB_TRY(nb_ridge_update(model_of(state, b), &seen));
    }
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    size_t mark = nb_arena_mark(finished->scratch);
    uint32_t *words = nb_arena_take(finished->scratch, 4 * finished->n, sizeof *words);
    int code;

    NB_TRY(nb_rows_check_finished(finished));
    /* where nothing was ever played, as on a log */
    seed_point(state, finished->point, finished->point, (nb_key_t){0, 0});
    code = teach(state, finished, words);
    nb_arena_release(finished->scratch, mark);
    return code;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    for (int b = 0; b < ((head_t *)state)->n; b++) {
        NB_TRY(nb_ridge_refresh(model_of(state, b), scratch));
    }
    return NB_OK;
}

/* rows of a batch that drew the same model, gathered */
typedef struct {
    size_t *rows; /* [n] */
    float *x;     /* [n x d] */
    size_t n;
} group_t;

static void gather(const nb_batch_t *batch, const uint8_t *model, int b, group_t *out)
{
    size_t d = batch->d;

    out->n = 0;
    for (size_t i = 0; i < batch->n; i++) {
        if (model[i] == b) {
            if (d) {
                memcpy(out->x + out->n * d, batch->x + i * d, d * sizeof *out->x);
            }
            out->rows[out->n++] = i;
        }
    }
}

/* predictions of model b for the rows of a group into their places in s */
static int score_group(const void *state, const nb_batch_t *batch, int b, const group_t *group,
                       double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    nb_batch_t part = *batch;
    nb_prediction_t prediction;
    int code;

    part.n = group->n;
    part.x = batch->d ? group->x : NULL;
    code = nb_ridge_predict(nb_bootstrap_model(state, b), &part, 0, &prediction);
    for (size_t r = 0; code == NB_OK && r < group->n; r++) {
        for (size_t k = 0; k < K; k++) {
            s[group->rows[r] * K + k] = (double)prediction.mean[k * prediction.stride + r];
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* 0 to n - 1 for every row */
static void draw_models(const head_t *self, const nb_batch_t *batch, uint8_t *model)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *u = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *u);

    nb_draw_uniforms(batch, (nb_draw_t)self->draw, FIRST_BLOCK, u);
    for (size_t i = 0; i < batch->n; i++) {
        model[i] = (uint8_t)(u[i] * self->n);
    }
    nb_arena_release(batch->scratch, mark);
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    const head_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch), n = batch->n, K = batch->n_actions;
    uint8_t *model = nb_arena_take(batch->scratch, n, sizeof *model);
    group_t group = {.rows = nb_arena_take(batch->scratch, n, sizeof *group.rows),
                     .x = nb_arena_take(batch->scratch, n * batch->d, sizeof *group.x)};
    int code = nb_rows_check_features(batch->x, n, batch->d);

    draw_models(self, batch, model);
    for (int b = 0; b < self->n && code == NB_OK; b++) {
        gather(batch, model, b, &group);
        code = group.n ? score_group(state, batch, b, &group, s) : NB_OK;
    }
    for (size_t at = 0; code == NB_OK && at < n * K; at++) {
        int allowed = nb_mask_allows(batch->mask, batch->mask_words, at / K, (unsigned)(at % K));

        s[at] = allowed ? s[at] + (batch->offset ? batch->offset[at] : 0.0) : -INFINITY;
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    const head_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch), n = batch->n * batch->n_actions;
    double *s = nb_arena_take(batch->scratch, n, sizeof *s);
    int code = NB_OK;

    memset(p, 0, n * sizeof *p);
    for (int b = 0; b < self->n && code == NB_OK; b++) {
        code = nb_linear_mean_scores(nb_bootstrap_model(state, b), batch, s);
        code = code < 0 ? code : nb_policy_rank_probabilities(batch, s, s);
        for (size_t at = 0; code == NB_OK && at < n; at++) {
            p[at] += s[at] / self->n;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* joint[i slate + j] = share of models that play positions 0 to j of row i as they were played */
static int add_joint(const void *model, const nb_batch_t *batch, const int32_t *action, double *s,
                     double *joint)
{
    NB_TRY(nb_linear_mean_scores(model, batch, s));
    for (size_t i = 0; i < batch->n; i++) {
        const int32_t *row = action + i * batch->slate;
        double share = 1.0;

        for (unsigned j = 0; j < batch->slate; j++) {
            share *= row[j] < 0
                         ? 1.0
                         : nb_linear_greedy_share(batch, i, s + i * batch->n_actions, row, j);
            joint[i * batch->slate + j] += share;
        }
    }
    return NB_OK;
}

/* conditional = joint over joint of the positions before */
static int fill_propensities(const void *state, const nb_batch_t *batch, const nb_choice_t *out)
{
    const head_t *self = state;
    unsigned slate = batch->slate;
    double *s = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *s);

    memset(out->propensity, 0, batch->n * slate * sizeof *out->propensity);
    for (int b = 0; b < self->n; b++) {
        NB_TRY(add_joint(nb_bootstrap_model(state, b), batch, out->action, s, out->propensity));
    }
    for (size_t i = 0; i < batch->n; i++) {
        double *row = out->propensity + i * slate;

        for (unsigned j = slate; j-- > 0;) {
            row[j] /= j ? row[j - 1] : self->n;
        }
    }
    return NB_OK;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    int code = nb_linear_choose(state, batch, score, out);

    if (code == NB_OK && batch->want_propensity) {
        code = fill_propensities(state, batch, out);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* predictions are the means over all models */
static int value(const void *state, const nb_batch_t *batch, double *v)
{
    const head_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    double *s = nb_arena_take(batch->scratch, batch->n * K, sizeof *s);
    nb_batch_t bare = *batch;
    int code = probabilities(state, batch, p);

    bare.offset = NULL;
    memset(v, 0, batch->n * sizeof *v);
    for (int b = 0; b < self->n && code == NB_OK; b++) {
        code = nb_linear_mean_scores(nb_bootstrap_model(state, b), &bare, s);
        for (size_t at = 0; code == NB_OK && at < batch->n * K; at++) {
            v[at / K] += p[at] > 0.0 ? p[at] * s[at] / self->n : 0.0;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* beside what the linear learners take: one table more, gathered rows, weights and rewards */
static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t d = 1;

    for (unsigned p = 0; p < spec->n_points; p++) {
        d = spec->points[p].d > d ? spec->points[p].d : d;
    }
    return nb_linear_scratch_size(spec, settings) +
           NB_BLOCK_ROWS * (nb_linear_most_actions(spec) * sizeof(double) + d * sizeof(float) +
                            sizeof(size_t) + 1 + 2 * sizeof(double) + 4 * sizeof(uint32_t)) +
           8 * ALIGN;
}

const nb_policy_type_t nb_policy_bootstrap_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "bootstrap_ts",
    .summary = "Thompson sampling from bootstrapped ridge models (Eckles & Kaptein 2014)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_WEIGHTED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .played = played,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
