/*
 * What the tests of policies by regression oracles share: rows of one point, taught period by
 * period with random allowed actions and kept, so that a slow reference can learn them too.
 */
#ifndef NB_TESTS_ORACLE_ROWS_H
#define NB_TESTS_ORACLE_ROWS_H

#include "tests/dense_regression.h"
#include "tests/fixture_policy.h"

enum { MOST_KEPT = 512 };

/* a row as it was taught; x of a point without features is 1 */
typedef struct {
    double x[MAX_D], reward, propensity;
    int action, period;
    uint64_t mask;
} kept_t;

typedef struct {
    kept_t rows[MOST_KEPT];
    size_t n;
    int d, n_actions;
} history_t;

static history_t history;

static inline void history_start(const fixture_t *fixture, unsigned point)
{
    history.n = 0;
    history.d = fixture->points[point].d ? (int)fixture->points[point].d : 1;
    history.n_actions = (int)fixture->points[point].n_actions;
}

static inline void widen_row(const nb_batch_t *batch, size_t i, double *x)
{
    x[0] = 1.0;
    for (unsigned j = 0; j < batch->d; j++) {
        x[j] = batch->x[i * batch->d + j];
    }
}

/* one row of a batch, for the reference */
static inline void keep_row(const fixture_t *fixture, const nb_batch_t *batch, size_t i,
                            double propensity)
{
    kept_t *row = history.rows + history.n++;

    NB_ASSERT(history.n <= MOST_KEPT);
    widen_row(batch, i, row->x);
    row->reward = fixture->reward[i];
    row->action = fixture->action[i];
    row->propensity = propensity;
    row->period = batch->period;
    row->mask = batch->mask[i];
}

/* rewards of 0 or more where they must lie in [0, 1] */
static inline void draw_reward(fixture_t *fixture, const nb_batch_t *batch, size_t i, double noise)
{
    int k = fixture->action[i];
    double slope = batch->d ? (k - 2) * (double)batch->x[i * batch->d + 1] : 0.4 * k;

    fixture->reward[i] = slope + noise;
    if (fixture->layer.traits & NB_TRAIT_UNIT_REWARD) {
        fixture->reward[i] = 1.0 / (1.0 + exp(-fixture->reward[i]));
    }
}

/* n rows of a period: random allowed actions, or the policy's own, learned and kept; the state is
 * refreshed after them */
static inline void teach_period(fixture_t *fixture, unsigned point, int32_t period, size_t n,
                                int by_policy)
{
    nb_batch_t batch = fixture_batch(fixture, point, n, 300u + (unsigned)period);
    nb_choice_t choice = {fixture->action, fixture->propensity};
    int32_t periods[MAX_ROWS];
    nb_stream_t stream;

    batch.period = period;
    batch.slate = 1;
    batch.want_propensity = 1;
    nb_stream_init(&stream, (nb_key_t){(uint32_t)period, 6}, (nb_counter_t){0});
    if (by_policy) {
        assert_ok(fixture->type->choose(fixture->state, &batch, &choice));
    }
    for (size_t i = 0; i < n; i++) {
        double u = nb_stream_uniform(&stream), noise = nb_stream_normal(&stream);

        if (!by_policy) {
            fixture->action[i] = nb_policy_pick(&batch, i, u);
            fixture->propensity[i] = 1.0 / nb_policy_n_allowed(&batch, i);
        }
        draw_reward(fixture, &batch, i, noise);
        periods[i] = period;
        keep_row(fixture, &batch, i, fixture->propensity[i]);
    }
    if (fixture->type->played) {
        assert_ok(fixture->type->played(fixture->state, &batch, &choice));
    }
    nb_transitions_t finished =
        fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

    finished.period = periods;
    finished.propensity = by_policy ? NULL : fixture->propensity;
    assert_ok(fixture->type->update(fixture->state, &finished));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

static inline int is_allowed(uint64_t mask, int k)
{
    return (int)(mask >> k & 1);
}

/* ridge regression of the kept rows of one action, dense */
static inline void fit_action(dense_t *dense, int action, double lambda)
{
    dense_init(dense, history.d);
    for (int j = 0; j < history.d; j++) {
        dense->a[j][j] = lambda;
    }
    for (size_t i = 0; i < history.n; i++) {
        if (history.rows[i].action == action) {
            dense_add(dense, history.rows[i].x, history.rows[i].reward, 1.0);
        }
    }
}

#endif
