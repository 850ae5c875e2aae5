/*
 * Bandits by hand: one point without context, one decision a period, Bernoulli rewards whose
 * chances may change at breaks, and many independent runs, each with a state of its own. For the
 * figures of policies that read no context, without the loop and its environments.
 */
#ifndef NB_TESTS_BANDIT_DRIVER_H
#define NB_TESTS_BANDIT_DRIVER_H

#include "bench/strategy.h"
#include "core/config.h"
#include "policies/registry.h"
#include "tests/testlib.h"

enum { BANDIT_MAX_ARMS = 16, BANDIT_MAX_MARKS = 4, BANDIT_MAX_ROWS = 8 };

/** Arms, and at which times the regret is looked at. */
typedef struct {
    unsigned n_arms, n_phases;
    const double *chance; /* [n_phases x n_arms] chance of reward 1; phases are equally long */
    int n_marks, mark[BANDIT_MAX_MARKS]; /* periods played until then; the last is the horizon */
} bandit_world_t;

/** A policy with its settings, and what it is asked with. */
typedef struct {
    nb_config_t config;
    nb_layer_t layer;
    nb_point_t point;
    nb_spec_t spec;
    nb_arena_t arena;
    void *state;
    size_t state_size;
    uint64_t mask[BANDIT_MAX_ROWS]; /* all arms */
    const char *names[BANDIT_MAX_ARMS];
} bandit_player_t;

static inline void bandit_player_restart(bandit_player_t *self)
{
    memset(self->state, 0, self->state_size);
    assert_ok(self->layer.type->init(self->state, &self->spec, self->layer.settings));
}

/** @param horizon periods that the spec tells, 0 for none */
static inline void bandit_player_init(bandit_player_t *self, const char *policy, const char *yaml,
                                      unsigned n_arms, double horizon)
{
    const char *const key = "policy";
    char setting[80];

    memset(self, 0, sizeof *self);
    for (int k = 0; k < BANDIT_MAX_ARMS; k++) {
        self->names[k] = "arm";
    }
    for (int i = 0; i < BANDIT_MAX_ROWS; i++) {
        self->mask[i] = (UINT64_C(1) << n_arms) - 1;
    }
    self->point = (nb_point_t){
        .name = "arm", .phase = "", .n_actions = n_arms, .actions = self->names, .max_slate = 1};
    self->spec = (nb_spec_t){.n_points = 1,
                             .points = &self->point,
                             .gamma = 1.0,
                             .period_weeks = 1.0,
                             .horizon = horizon,
                             .n_customers = 1};
    assert_ok(nb_config_init(&self->config));
    if (yaml) {
        assert_ok(nb_config_parse(&self->config, "test.yaml", yaml, strlen(yaml)));
    }
    snprintf(setting, sizeof setting, "policy=\"%s\"", policy);
    assert_ok(nb_config_set(&self->config, setting));
    assert_ok(nb_layer_init(&self->layer, self->config.root, &key, 1));
    self->state_size = self->layer.type->state_size(&self->spec, self->layer.settings);
    assert_ok(nb_alloc(&self->state, self->state_size, 1));
    assert_ok(nb_arena_init(&self->arena,
                            self->layer.type->scratch_size(&self->spec, self->layer.settings)));
    bandit_player_restart(self);
}

static inline void bandit_player_free(bandit_player_t *self)
{
    nb_arena_free(&self->arena);
    nb_free(self->state);
    nb_layer_free(&self->layer);
    nb_config_free(&self->config);
}

static const uint32_t bandit_customers[BANDIT_MAX_ROWS];
static const int32_t bandit_periods[BANDIT_MAX_ROWS];

/** The decision of a period; all arms are allowed. */
static inline nb_batch_t bandit_batch(bandit_player_t *self, int32_t period, nb_key_t key)
{
    return (nb_batch_t){.period = period,
                        .n = 1,
                        .n_actions = self->point.n_actions,
                        .mask_words = 1,
                        .mask = self->mask,
                        .customer = bandit_customers,
                        .luck = bandit_customers,
                        .slate = 1,
                        .key = key,
                        .scratch = &self->arena};
}

/** Transitions of n <= BANDIT_MAX_ROWS rows, all arms allowed. */
static inline nb_transitions_t bandit_transitions(bandit_player_t *self, size_t n,
                                                  const int32_t *action, const double *reward)
{
    NB_ASSERT(n <= BANDIT_MAX_ROWS);
    return (nb_transitions_t){.n = n,
                              .n_actions = self->point.n_actions,
                              .mask_words = 1,
                              .mask = self->mask,
                              .customer = bandit_customers,
                              .luck = bandit_customers,
                              .slate = 1,
                              .action = action,
                              .reward = reward,
                              .period = bandit_periods,
                              .scratch = &self->arena};
}

static inline void bandit_end_period(bandit_player_t *self)
{
    if (self->layer.type->end_period) {
        assert_ok(self->layer.type->end_period(self->state, &self->arena));
    }
}

/** A period in which arm `action` paid `reward`. */
static inline void bandit_live(bandit_player_t *self, int32_t action, double reward)
{
    nb_transitions_t finished = bandit_transitions(self, 1, &action, &reward);

    assert_ok(self->layer.type->update(self->state, &finished));
    bandit_end_period(self);
}

/** Scores of the next decision [n_arms], and the probability of its first arm. */
static inline void bandit_scores(bandit_player_t *self, double *s)
{
    nb_batch_t batch = bandit_batch(self, 0, (nb_key_t){0});

    assert_ok(self->layer.type->score(self->state, &batch, s));
}

static inline double bandit_first(bandit_player_t *self)
{
    nb_batch_t batch = bandit_batch(self, 0, (nb_key_t){0});
    double p[BANDIT_MAX_ARMS], sum = 0.0;

    assert_ok(self->layer.type->probabilities(self->state, &batch, p));
    for (unsigned k = 0; k < batch.n_actions; k++) {
        sum += p[k];
    }
    assert_close(sum, 1.0, 0, 1e-12);
    return p[0];
}

/** Pseudo-regret of one run (expected reward of the best arm less that of the one played) up to
 * every mark. @param regret [n_marks] */
static inline void bandit_play_run(bandit_player_t *self, const bandit_world_t *world,
                                   uint32_t seed, uint32_t run, double *regret)
{
    int horizon = world->mark[world->n_marks - 1];
    nb_stream_t stream;
    double sum = 0.0;

    bandit_player_restart(self);
    nb_stream_init(&stream, (nb_key_t){seed, run}, (nb_counter_t){0});
    for (int t = 0, m = 0; t < horizon; t++) {
        const double *chance =
            world->chance + (size_t)t * world->n_phases / (size_t)horizon * world->n_arms;
        nb_batch_t batch = bandit_batch(self, t, (nb_key_t){seed + 1, run});
        int32_t action;
        nb_choice_t out = {&action, NULL};
        double best = 0.0;

        assert_ok(self->layer.type->choose(self->state, &batch, &out));
        for (unsigned k = 0; k < world->n_arms; k++) {
            best = fmax(best, chance[k]);
        }
        sum += best - chance[action];
        bandit_live(self, action, nb_stream_uniform(&stream) < chance[action]);
        if (t + 1 == world->mark[m]) {
            regret[m++] = sum;
        }
    }
}

/** Mean with its standard error. */
typedef struct {
    double mean, se;
} bandit_figure_t;

static inline bandit_figure_t bandit_figure(const double *values, size_t n)
{
    double mean = 0.0, squares = 0.0;

    for (size_t i = 0; i < n; i++) {
        mean += values[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
    }
    return (bandit_figure_t){mean, sqrt(squares / (double)n / ((double)n - 1.0))};
}

/**
 * Regret at every mark over n_runs runs. @param figure [n_marks]
 * @return what it grows by per log of time from the first mark to the last
 */
static inline bandit_figure_t bandit_play(const char *policy, const char *yaml,
                                          const bandit_world_t *world, uint32_t seed,
                                          uint32_t n_runs, bandit_figure_t *figure)
{
    int last = world->n_marks - 1;
    double *regret[BANDIT_MAX_MARKS], log_time = log((double)world->mark[last] / world->mark[0]);
    bandit_figure_t growth;
    bandit_player_t player;

    for (int m = 0; m < world->n_marks; m++) {
        assert_ok(nb_alloc(&regret[m], n_runs, sizeof *regret[m]));
    }
    bandit_player_init(&player, policy, yaml, world->n_arms, world->mark[last]);
    for (uint32_t run = 0; run < n_runs; run++) {
        double here[BANDIT_MAX_MARKS];

        bandit_play_run(&player, world, seed, run, here);
        for (int m = 0; m < world->n_marks; m++) {
            regret[m][run] = here[m];
        }
    }
    for (int m = 0; m < world->n_marks; m++) {
        figure[m] = bandit_figure(regret[m], n_runs);
    }
    for (uint32_t run = 0; run < n_runs; run++) {
        regret[0][run] = (regret[last][run] - regret[0][run]) / log_time;
    }
    growth = bandit_figure(regret[0], n_runs);
    bandit_player_free(&player);
    for (int m = 0; m < world->n_marks; m++) {
        nb_free(regret[m]);
    }
    return growth;
}

#endif
