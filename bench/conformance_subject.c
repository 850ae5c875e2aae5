#include "bench/conformance_subject.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

enum { ROWS = NB_BLOCK_ROWS, LEAST_SCRATCH = 64 };

/* rewards that are a known function of row and action, for policies that ask an oracle */
static int expect_reward(void *world, const nb_batch_t *batch, double *out)
{
    (void)world;
    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned k = 0; k < batch->n_actions; k++) {
            out[i * batch->n_actions + k] = nb_mask_allows(batch->mask, batch->mask_words, i, k)
                                                ? (double)((batch->luck[i] * 7 + k * 5) % 11)
                                                : -INFINITY;
        }
    }
    return NB_OK;
}

static int tell_latent(void *world, const nb_batch_t *batch, double *out)
{
    unsigned n = batch->oracle->n_latent;

    (void)world;
    for (size_t at = 0; at < batch->n * n; at++) {
        out[at] = (double)(batch->luck[at / n] % 5);
    }
    return NB_OK;
}

static void measure_points(nb_subject_t *self)
{
    for (unsigned p = 0; p < self->spec.n_points; p++) {
        const nb_point_t *point = &self->spec.points[p];
        unsigned words = nb_mask_words(point->n_actions);
        unsigned n_features = point->n_actions * point->d_action;

        self->max_action_x = n_features > self->max_action_x ? n_features : self->max_action_x;
        self->max_d = point->d > self->max_d ? point->d : self->max_d;
        self->max_words = words > self->max_words ? words : self->max_words;
    }
}

static int init_rows(nb_subject_t *self)
{
    NB_TRY(nb_alloc(&self->x, ROWS * self->max_d, sizeof *self->x));
    NB_TRY(nb_alloc(&self->action_x, self->max_action_x, sizeof *self->action_x));
    NB_TRY(nb_alloc(&self->next_x, ROWS * self->max_d, sizeof *self->next_x));
    NB_TRY(nb_alloc(&self->mask, ROWS * self->max_words, sizeof *self->mask));
    NB_TRY(nb_alloc(&self->next_mask, ROWS * self->max_words, sizeof *self->next_mask));
    NB_TRY(nb_alloc(&self->customer, ROWS, sizeof *self->customer));
    NB_TRY(nb_alloc(&self->episode, ROWS, sizeof *self->episode));
    NB_TRY(nb_alloc(&self->tenure, ROWS, sizeof *self->tenure));
    NB_TRY(nb_alloc(&self->period, ROWS, sizeof *self->period));
    NB_TRY(nb_alloc(&self->action, 2 * ROWS * NB_MAX_SLATE, sizeof *self->action));
    NB_TRY(nb_alloc(&self->propensity, ROWS * NB_MAX_SLATE, sizeof *self->propensity));
    NB_TRY(nb_alloc(&self->reward, ROWS, sizeof *self->reward));
    NB_TRY(nb_alloc(&self->elapsed, ROWS, sizeof *self->elapsed));
    NB_TRY(nb_alloc(&self->signals, ROWS, sizeof *self->signals));
    NB_TRY(nb_alloc(&self->item, ROWS, sizeof *self->item));
    NB_TRY(nb_alloc(&self->next_point, ROWS, sizeof *self->next_point));
    return nb_alloc(&self->flags, 2 * ROWS, sizeof *self->flags);
}

static int init_state(nb_subject_t *self)
{
    const void *settings = self->policy->settings;
    size_t scratch = LEAST_SCRATCH;

    if (self->type->scratch_size) {
        scratch += self->type->scratch_size(&self->spec, settings);
    }
    NB_TRY(nb_arena_init(&self->arena, scratch));
    self->state_size = self->type->state_size(&self->spec, settings);
    NB_TRY(nb_alloc(&self->state, self->state_size + 1, 1));
    return self->type->init(self->state, &self->spec, settings);
}

int nb_subject_init(nb_subject_t *self, const nb_layer_t *policy, const nb_spec_t *spec)
{
    memset(self, 0, sizeof *self);
    self->policy = policy;
    self->type = policy->type;
    self->spec = *spec;
    self->spec.n_customers = NB_SUBJECT_CUSTOMERS;
    measure_points(self);
    NB_TRY(init_rows(self));
    NB_TRY(init_state(self));
    NB_TRY(nb_subject_teach(self, 500, 1));
    return nb_subject_teach(self, 300, 2);
}

void nb_subject_free(nb_subject_t *self)
{
    nb_free(self->flags);
    nb_free(self->next_point);
    nb_free(self->item);
    nb_free(self->signals);
    nb_free(self->elapsed);
    nb_free(self->reward);
    nb_free(self->propensity);
    nb_free(self->action);
    nb_free(self->period);
    nb_free(self->tenure);
    nb_free(self->episode);
    nb_free(self->customer);
    nb_free(self->next_mask);
    nb_free(self->mask);
    nb_free(self->next_x);
    nb_free(self->action_x);
    nb_free(self->x);
    nb_free(self->state);
    nb_arena_free(&self->arena);
    memset(self, 0, sizeof *self);
}

/* features and masks; row i may always play action i mod K, and the point's default */
static void fill_rows(const nb_point_t *point, size_t n, nb_stream_t *stream, float *x,
                      uint64_t *mask)
{
    unsigned words = nb_mask_words(point->n_actions);

    for (size_t i = 0; i < n; i++) {
        for (unsigned j = 0; j < point->d; j++) {
            x[i * point->d + j] = j ? (float)nb_stream_normal(stream) : 1.0f;
        }
        memset(mask + i * words, 0, words * sizeof *mask);
        for (unsigned k = 0; k < point->n_actions; k++) {
            uint64_t allowed = nb_stream_uniform(stream) < 0.7 || k == i % point->n_actions ||
                               k == point->default_action;

            mask[i * words + k / 64] |= allowed << k % 64;
        }
    }
}

/* the features of a point's actions stay, whatever the seed */
static const float *fill_actions(nb_subject_t *self, unsigned point)
{
    const nb_point_t *at = &self->spec.points[point];
    nb_stream_t stream;

    if (at->d_action == 0 || !(self->policy->traits & NB_TRAIT_CONTEXTUAL)) {
        return NULL;
    }
    nb_stream_init(&stream, (nb_key_t){0, point}, (nb_counter_t){.ordinal = 2});
    for (unsigned j = 0; j < at->n_actions * at->d_action; j++) {
        self->action_x[j] = (float)nb_stream_normal(&stream);
    }
    return self->action_x;
}

nb_batch_t nb_subject_batch(nb_subject_t *self, unsigned point, size_t n, unsigned seed)
{
    const nb_point_t *at = &self->spec.points[point];
    unsigned traits = self->policy->traits;
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){seed, point}, (nb_counter_t){0});
    fill_rows(at, n, &stream, self->x, self->mask);
    for (size_t i = 0; i < n; i++) {
        self->customer[i] = (uint32_t)i;
        self->episode[i] = (uint32_t)(i % 3 ? i : 0);
        self->tenure[i] = (int32_t)(i % 60);
        self->period[i] = (int32_t)seed;
    }
    self->arena.used = 0;
    self->oracle = (nb_oracle_t){.expected_reward = expect_reward,
                                 .n_latent = at->n_latent,
                                 .latent_names = at->latent,
                                 .latent = tell_latent};
    return (nb_batch_t){.point = point,
                        .stream_point = point,
                        .period = (int32_t)seed,
                        .n = n,
                        .d = at->d,
                        .x = traits & NB_TRAIT_CONTEXTUAL && at->d ? self->x : NULL,
                        .n_actions = at->n_actions,
                        .d_action = at->d_action,
                        .action_x = fill_actions(self, point),
                        .mask_words = nb_mask_words(at->n_actions),
                        .mask = self->mask,
                        .customer = self->customer,
                        .luck = self->customer,
                        .episode = self->episode,
                        .tenure = self->tenure,
                        .slate = at->max_slate,
                        .key = {seed, 0},
                        .oracle = traits & NB_TRAIT_ORACLE ? &self->oracle : NULL,
                        .scratch = &self->arena};
}

int nb_subject_fills(const nb_subject_t *self, unsigned point)
{
    return self->spec.points[point].max_slate == 1 || (self->type->traits & NB_TRAIT_SLATE) != 0;
}

int nb_subject_choose(nb_subject_t *self, nb_batch_t *batch, int32_t *action, double *propensity)
{
    nb_choice_t out = {action, propensity};

    if (batch->slate > 1 && !(self->type->traits & NB_TRAIT_SLATE)) {
        batch->slate = 1; /* the loop ranks its scores; choose answers for one action */
    }
    batch->want_propensity = propensity != NULL;
    self->arena.used = 0; /* scratch is taken back by the caller */
    return self->type->choose(self->state, batch, &out);
}

/* what a sequential policy is told of the next decision: the same point again, or none */
static void fill_next(nb_subject_t *self, const nb_batch_t *batch, nb_transitions_t *out)
{
    const nb_point_t *at = &self->spec.points[batch->point];
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){batch->key.seed, batch->point},
                   (nb_counter_t){.ordinal = 1});
    fill_rows(at, batch->n, &stream, self->next_x, self->next_mask);
    /* rows as wide as the largest point: spread from the last row on */
    for (size_t i = batch->n; i-- > 0;) {
        memmove(self->next_x + i * self->max_d, self->next_x + i * at->d,
                at->d * sizeof *self->next_x);
        memmove(self->next_mask + i * self->max_words, self->next_mask + i * batch->mask_words,
                batch->mask_words * sizeof *self->next_mask);
        self->next_point[i] = i % 4 ? (int8_t)batch->point : -1;
        self->flags[i] = i % 4 == 0;
    }
    out->next_x = self->max_d ? self->next_x : NULL;
    out->next_d = self->max_d;
    out->next_mask = self->next_mask;
    out->next_words = self->max_words;
}

nb_transitions_t nb_subject_transitions(nb_subject_t *self, const nb_batch_t *batch)
{
    const nb_point_t *at = &self->spec.points[batch->point];
    int by_slate = at->max_slate > 1 && (self->type->traits & NB_TRAIT_SLATE);
    nb_transitions_t out = {.point = batch->point,
                            .n = batch->n,
                            .d = batch->x ? batch->d : 0,
                            .x = batch->x,
                            .n_actions = batch->n_actions,
                            .mask_words = batch->mask_words,
                            .mask = batch->mask,
                            .customer = batch->customer,
                            .luck = batch->luck,
                            .slate = by_slate ? at->max_slate : 1,
                            .action = self->action,
                            .reward = self->reward,
                            .propensity = by_slate ? NULL : self->propensity,
                            .period = self->period,
                            .elapsed = self->elapsed,
                            .signals = self->signals,
                            .item = by_slate ? self->item : NULL,
                            .next_point = self->next_point,
                            .terminated = self->flags,
                            .truncated = self->flags + ROWS,
                            .scratch = &self->arena};

    memset(self->next_point, -1, ROWS);
    memset(self->flags, 0, 2 * ROWS);
    if (self->policy->traits & NB_TRAIT_SEQUENTIAL) {
        fill_next(self, batch, &out);
    }
    return out;
}

/* random allowed actions, distinct at slates, and what came of them */
static void play_row(nb_subject_t *self, const nb_batch_t *batch, size_t i, nb_stream_t *stream)
{
    const nb_point_t *at = &self->spec.points[batch->point];
    int by_slate = at->max_slate > 1 && (self->type->traits & NB_TRAIT_SLATE);
    unsigned k = at->max_slate, n = nb_policy_n_allowed(batch, i);
    int32_t first = nb_policy_pick(batch, i, nb_stream_uniform(stream));
    int32_t *row = self->action + i * (by_slate ? k : 1);
    double mean = 0.1 + 0.5 * (double)first / at->n_actions;

    row[0] = first;
    for (unsigned j = 1, at_k = (unsigned)first; by_slate && j < k; j++) {
        row[j] = -1;
        for (unsigned step = 0; j < n && step < at->n_actions && row[j] < 0; step++) {
            at_k = (at_k + 1) % at->n_actions;
            row[j] = nb_mask_allows(batch->mask, batch->mask_words, i, at_k) ? (int32_t)at_k : -1;
        }
    }
    self->reward[i] = self->policy->traits & NB_TRAIT_UNIT_REWARD ? nb_stream_uniform(stream) < mean
                                                                  : mean + nb_stream_normal(stream);
    self->signals[i] = 0;
    if (nb_stream_uniform(stream) < 0.5) {
        self->signals[i] |= NB_SIGNAL_OPENED;
    }
    if (self->reward[i] > 0.5) {
        self->signals[i] |= NB_SIGNAL_VISITED | NB_SIGNAL_BOUGHT;
    }
    self->item[i] = (int16_t)(self->reward[i] > 0.5 ? first : -1);
    self->elapsed[i] = 1.0f;
    self->propensity[i] = 1.0 / n;
}

int nb_subject_teach(nb_subject_t *self, size_t n, unsigned seed)
{
    for (unsigned p = 0; self->type->update && p < self->spec.n_points; p++) {
        nb_batch_t batch = nb_subject_batch(self, p, n, seed);
        nb_choice_t choice = {self->action, NULL};
        nb_stream_t stream;

        nb_stream_init(&stream, (nb_key_t){seed, 99}, (nb_counter_t){.ordinal = p});
        for (size_t i = 0; i < n; i++) {
            play_row(self, &batch, i, &stream);
        }
        nb_transitions_t finished = nb_subject_transitions(self, &batch);

        self->arena.used = 0;
        batch.slate = finished.slate;
        if (self->type->played) {
            NB_TRY(self->type->played(self->state, &batch, &choice));
        }
        NB_TRY(self->type->update(self->state, &finished));
    }
    self->arena.used = 0;
    return self->type->end_period ? self->type->end_period(self->state, &self->arena) : NB_OK;
}
