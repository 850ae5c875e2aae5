/*
 * Bandits of a few arms without context, one decision a period, and walks through all their counts.
 */
#ifndef NB_TESTS_BANDIT_FIXTURE_H
#define NB_TESTS_BANDIT_FIXTURE_H

#include "tests/fixture_policy.h"

/* a bandit of K arms: one point without context, one decision a period */
static inline int bandit_start(fixture_t *fixture, const char *name, const char *yaml, unsigned K,
                               double horizon, double gamma)
{
    int code = fixture_start(fixture, name, yaml);
    size_t size;

    /* what the fixture's own points are too many for is set up again below */
    if (code < 0 && code != NB_ERR_CONFIG) {
        return code;
    }
    fixture->points[0] = (nb_point_t){
        .name = "arm", .phase = "", .n_actions = K, .actions = fixture_actions, .max_slate = 1};
    fixture->spec.n_points = 1;
    fixture->spec.n_customers = 1;
    fixture->spec.horizon = horizon;
    fixture->spec.gamma = gamma;
    size = fixture->type->state_size(&fixture->spec, fixture->settings);
    nb_free(fixture->state);
    NB_TRY(nb_alloc(&fixture->state, size, 1));
    fixture->state_size = size;
    return fixture->type->init(fixture->state, &fixture->spec, fixture->settings);
}

static const uint32_t bandit_luck = 0;

static inline void bandit_live(fixture_t *fixture, unsigned K, int32_t k, double reward)
{
    uint64_t mask = ((uint64_t)1 << K) - 1;
    nb_transitions_t finished = {.n = 1,
                                 .n_actions = K,
                                 .mask_words = 1,
                                 .mask = &mask,
                                 .customer = &bandit_luck,
                                 .luck = &bandit_luck,
                                 .slate = 1,
                                 .action = &k,
                                 .reward = &reward,
                                 .scratch = &fixture->arena};

    assert_ok(fixture->type->update(fixture->state, &finished));
    if (fixture->type->end_period) {
        assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
    }
}

static inline nb_batch_t bandit_ask(fixture_t *fixture, unsigned K, const uint64_t *mask)
{
    *(uint64_t *)(uintptr_t)mask = ((uint64_t)1 << K) - 1;
    return (nb_batch_t){.n = 1,
                        .n_actions = K,
                        .mask_words = 1,
                        .mask = mask,
                        .customer = &bandit_luck,
                        .luck = &bandit_luck,
                        .slate = 1,
                        .scratch = &fixture->arena};
}

static inline void bandit_probabilities(fixture_t *fixture, unsigned K, double *p)
{
    uint64_t mask;
    nb_batch_t batch = bandit_ask(fixture, K, &mask);

    assert_ok(fixture->type->probabilities(fixture->state, &batch, p));
}

static inline double bandit_value(fixture_t *fixture, unsigned K)
{
    uint64_t mask;
    nb_batch_t batch = bandit_ask(fixture, K, &mask);
    double v;

    assert_ok(fixture->type->value(fixture->state, &batch, &v));
    return v;
}

/* successes and failures of two arms, and what the policy's probabilities make of each */
typedef struct {
    fixture_t fixture;
    double *cache; /* P(arm 0) by counts, -1 where not asked yet */
    int T;
} walker_t;

static inline double bandit_first_of(walker_t *self, const int *c)
{
    int n = self->T + 1;
    double *known = &self->cache[((c[0] * n + c[1]) * n + c[2]) * n + c[3]], p[2];

    if (*known < 0.0) {
        memset(self->fixture.state, 0, self->fixture.state_size);
        assert_ok(self->fixture.type->init(self->fixture.state, &self->fixture.spec,
                                           self->fixture.settings));
        for (int j = 0; j < 4; j++) {
            for (int i = 0; i < c[j]; i++) {
                bandit_live(&self->fixture, 2, j / 2, j % 2 == 0);
            }
        }
        bandit_probabilities(&self->fixture, 2, p);
        *known = p[0];
    }
    return *known;
}

/* expected successes by enumeration of all counts; `mu` NULL: uniform priors on both arms. The
 * number of histories is what counts are reached by, so a table over counts does */
static inline double bandit_enumerate(walker_t *self, int T, const double *mu)
{
    int n = self->T + 1, c[4];
    size_t size = (size_t)n * (size_t)n * (size_t)n * (size_t)n;
    double *chance = NULL, sum = 0.0;

    assert_ok(nb_alloc(&chance, size, sizeof *chance));
    chance[0] = 1.0;
    for (int t = 0; t < T; t++) {
        for (c[0] = 0; c[0] <= t; c[0]++) {
            for (c[1] = 0; c[0] + c[1] <= t; c[1]++) {
                for (c[2] = 0; c[0] + c[1] + c[2] <= t; c[2]++) {
                    double here, p;

                    c[3] = t - c[0] - c[1] - c[2];
                    here = chance[((c[0] * n + c[1]) * n + c[2]) * n + c[3]];
                    p = here > 0.0 ? bandit_first_of(self, c) : 0.0;
                    for (int k = 0; k < 2 && here > 0.0; k++) {
                        double s = c[2 * k], f = c[2 * k + 1];
                        double m = mu ? mu[k] : (1.0 + s) / (2.0 + s + f);
                        double w = here * (k ? 1.0 - p : p);

                        sum += w * m;
                        c[2 * k]++;
                        chance[((c[0] * n + c[1]) * n + c[2]) * n + c[3]] += w * m;
                        c[2 * k]--;
                        c[2 * k + 1]++;
                        chance[((c[0] * n + c[1]) * n + c[2]) * n + c[3]] += w * (1.0 - m);
                        c[2 * k + 1]--;
                    }
                }
            }
        }
    }
    nb_free(chance);
    return sum;
}

static inline void bandit_walker_start(walker_t *self, const char *name, int T)
{
    size_t n = (size_t)T + 1, size = n * n * n * n;

    self->T = T;
    assert_ok(bandit_start(&self->fixture, name, NULL, 2, T, 1.0));
    assert_ok(nb_alloc(&self->cache, size, sizeof *self->cache));
    for (size_t i = 0; i < size; i++) {
        self->cache[i] = -1.0;
    }
}

static inline void bandit_walker_free(walker_t *self)
{
    nb_free(self->cache);
    fixture_free(&self->fixture);
}

#endif
