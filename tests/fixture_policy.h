/*
 * What the tests of policies share: a spec of three points (narrow, a slate of many actions, one
 * without features), policies with settings from YAML, random batches and transitions.
 */
#ifndef NB_TESTS_FIXTURE_POLICY_H
#define NB_TESTS_FIXTURE_POLICY_H

#include "bench/strategy.h"
#include "core/config.h"
#include "policies/registry.h"
#include "tests/testlib.h"

enum { NARROW, WIDE, BARE, N_POINTS, MAX_ACTIONS = 70, MAX_D = 5, MAX_ROWS = NB_BLOCK_ROWS };

/* raw units are told at NARROW only, hidden quantities at NARROW (all) and WIDE (two) */
static const char *const fixture_latent[] = {"need_open", "fatigue", "agency"};
static const float fixture_center[] = {0.0f, 6.0f, 3.5f, 0.25f, 0.5f};
static const float fixture_scale[] = {1.0f, 6.0f, 0.7f, 0.15f, 1.2f};
static const char *const fixture_features[] = {"one", "recency", "spend", "opens", "detector"};
static char fixture_names[MAX_ACTIONS][8];
static const char *fixture_actions[MAX_ACTIONS];

/* a policy, with what it wraps, its settings and its state, and rows to ask it about */
typedef struct {
    nb_point_t points[N_POINTS];
    nb_spec_t spec;
    nb_layer_t layer;
    const nb_policy_type_t *type;
    nb_config_t config;
    void *settings, *state; /* the settings are the layer's */
    size_t state_size;
    nb_arena_t arena;
    float *x;
    double *reward, *propensity;
    uint64_t *mask;
    uint32_t *luck;
    int32_t *action, *tenure;
    uint16_t *signals;
} fixture_t;

static inline void fixture_make_spec(fixture_t *self)
{
    static const unsigned d[] = {5, 3, 0}, n_actions[] = {6, MAX_ACTIONS, 3}, slate[] = {1, 4, 1};
    static const unsigned n_latent[] = {3, 2, 0};
    static const char *const names[] = {"narrow", "wide", "bare"};

    for (int k = 0; k < MAX_ACTIONS; k++) {
        snprintf(fixture_names[k], sizeof fixture_names[k], "a%d", k);
        fixture_actions[k] = fixture_names[k];
    }
    for (int p = 0; p < N_POINTS; p++) {
        self->points[p] = (nb_point_t){.name = names[p],
                                       .phase = "",
                                       .d = d[p],
                                       .features = fixture_features,
                                       .n_actions = n_actions[p],
                                       .actions = fixture_actions,
                                       .max_slate = slate[p],
                                       .feature_center = p == NARROW ? fixture_center : NULL,
                                       .feature_scale = p == NARROW ? fixture_scale : NULL,
                                       .n_latent = n_latent[p],
                                       .latent = fixture_latent};
    }
    self->spec = (nb_spec_t){.n_points = N_POINTS,
                             .points = self->points,
                             .gamma = 0.99,
                             .period_weeks = 1.0,
                             .horizon = 100.0,
                             .n_customers = MAX_ROWS};
}

/* settings of `yaml` over the defaults; what load and init answer */
static inline int fixture_start(fixture_t *self, const char *name, const char *yaml)
{
    const char *const key = "policy";
    size_t scratch = 1 << 20;
    char policy[4200];

    memset(self, 0, sizeof *self);
    fixture_make_spec(self);
    NB_TRY(nb_config_init(&self->config));
    if (yaml) {
        NB_TRY(nb_config_parse(&self->config, "test.yaml", yaml, strlen(yaml)));
    }
    snprintf(policy, sizeof policy, "policy=\"%s\"", name);
    NB_TRY(nb_config_set(&self->config, policy));
    NB_TRY(nb_layer_init(&self->layer, self->config.root, &key, 1));
    self->type = self->layer.type;
    self->settings = self->layer.settings;
    self->state_size = self->type->state_size(&self->spec, self->settings);
    NB_TRY(nb_alloc(&self->state, self->state_size, 1));
    if (self->type->scratch_size) {
        scratch = self->type->scratch_size(&self->spec, self->settings);
    }
    NB_TRY(nb_arena_init(&self->arena, scratch));
    NB_TRY(nb_alloc(&self->x, MAX_ROWS * MAX_D, sizeof *self->x));
    NB_TRY(nb_alloc(&self->reward, MAX_ROWS, sizeof *self->reward));
    NB_TRY(nb_alloc(&self->propensity, MAX_ROWS * NB_MAX_SLATE, sizeof *self->propensity));
    NB_TRY(nb_alloc(&self->mask, MAX_ROWS * 2, sizeof *self->mask));
    NB_TRY(nb_alloc(&self->luck, MAX_ROWS, sizeof *self->luck));
    NB_TRY(nb_alloc(&self->tenure, MAX_ROWS, sizeof *self->tenure));
    NB_TRY(nb_alloc(&self->action, MAX_ROWS * NB_MAX_SLATE, sizeof *self->action));
    NB_TRY(nb_alloc(&self->signals, MAX_ROWS, sizeof *self->signals));
    return self->type->init(self->state, &self->spec, self->settings);
}

static inline void fixture_free(fixture_t *self)
{
    nb_free(self->signals);
    nb_free(self->action);
    nb_free(self->tenure);
    nb_free(self->luck);
    nb_free(self->mask);
    nb_free(self->propensity);
    nb_free(self->reward);
    nb_free(self->x);
    nb_arena_free(&self->arena);
    nb_free(self->state);
    nb_layer_free(&self->layer);
    nb_config_free(&self->config);
}

/* n rows with random features and masks of a point; feature 0 is 1 */
static inline nb_batch_t fixture_batch(fixture_t *self, unsigned point, size_t n, unsigned seed)
{
    const nb_point_t *at = self->points + point;
    unsigned words = nb_mask_words(at->n_actions);
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){seed, point}, (nb_counter_t){0});
    for (size_t i = 0; i < n; i++) {
        self->luck[i] = (uint32_t)i;
        for (unsigned j = 0; j < at->d; j++) {
            self->x[i * at->d + j] = j ? (float)nb_stream_normal(&stream) : 1.0f;
        }
        memset(self->mask + i * words, 0, words * sizeof *self->mask);
        for (unsigned k = 0; k < at->n_actions; k++) {
            uint64_t allowed = k == i % at->n_actions || nb_stream_uniform(&stream) < 0.7;

            self->mask[i * words + k / 64] |= allowed << k % 64;
        }
    }
    return (nb_batch_t){.point = point,
                        .stream_point = point,
                        .n = n,
                        .d = at->d,
                        .x = self->x,
                        .n_actions = at->n_actions,
                        .mask_words = words,
                        .mask = self->mask,
                        .customer = self->luck,
                        .luck = self->luck,
                        .tenure = self->tenure,
                        .slate = at->max_slate,
                        .key = {seed, 0},
                        .scratch = &self->arena};
}

/* finished transitions of a batch: one action and one reward a row */
static inline nb_transitions_t fixture_transitions(fixture_t *self, const nb_batch_t *batch,
                                                   const int32_t *action, const double *reward)
{
    return (nb_transitions_t){.point = batch->point,
                              .n = batch->n,
                              .d = batch->d,
                              .x = batch->x,
                              .n_actions = batch->n_actions,
                              .mask_words = batch->mask_words,
                              .mask = batch->mask,
                              .customer = batch->customer,
                              .luck = batch->luck,
                              .slate = 1,
                              .action = action,
                              .reward = reward,
                              .period = self->tenure,
                              .signals = self->signals,
                              .scratch = &self->arena};
}

/* one period in which random allowed actions were played at every point, learned and refreshed */
static inline int fixture_teach(fixture_t *self, size_t n, unsigned seed)
{
    for (unsigned point = 0; (self->type->update || self->type->played) && point < N_POINTS;
         point++) {
        nb_batch_t batch = fixture_batch(self, point, n, seed);
        nb_stream_t stream;

        nb_stream_init(&stream, (nb_key_t){seed, 99}, (nb_counter_t){0});
        for (size_t i = 0; i < n; i++) {
            self->action[i] = nb_policy_pick(&batch, i, nb_stream_uniform(&stream));
            self->reward[i] = 0.1 * self->action[i] + nb_stream_normal(&stream);
            if (self->layer.traits & NB_TRAIT_UNIT_REWARD) {
                self->reward[i] = self->reward[i] > 0.0;
            }
            self->signals[i] = self->reward[i] > 0.5 ? NB_SIGNAL_VISITED | NB_SIGNAL_BOUGHT : 0;
        }
        nb_choice_t choice = {self->action, NULL};

        batch.slate = 1;
        if (self->type->played) {
            NB_TRY(self->type->played(self->state, &batch, &choice));
        }
        nb_transitions_t finished = fixture_transitions(self, &batch, self->action, self->reward);

        if (self->type->update) {
            NB_TRY(self->type->update(self->state, &finished));
        }
    }
    return self->type->end_period ? self->type->end_period(self->state, &self->arena) : NB_OK;
}

#endif
