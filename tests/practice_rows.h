/* What the tests of the references of practice share: a point that tells what the journey tells,
 * and customers written in raw units. */
#ifndef NB_TESTS_PRACTICE_ROWS_H
#define NB_TESTS_PRACTICE_ROWS_H

#include <math.h>

#include "tests/fixture_policy.h"

static const char *const practice_features[] = {"log_tenure", "log_recency", "log_frequency",
                                                "log_mean_order", "p_alive"};
static const float practice_center[] = {4.0f, 2.5f, 1.0f, 3.5f, 0.5f};
static const float practice_scale[] = {1.0f, 1.2f, 0.8f, 0.7f, 0.3f};

/* a customer in raw units: weeks, weeks, repeat orders, money, probability */
typedef struct {
    double tenure, recency, frequency, mean_order, p_alive;
} practice_row_t;

/* a policy on a spec whose point NARROW has the features above; what load and init answer */
static inline int practice_start(fixture_t *self, const char *name, const char *yaml)
{
    int code = fixture_start(self, name, yaml);

    if (!self->state) {
        return code;
    }
    self->points[NARROW].features = practice_features;
    self->points[NARROW].feature_center = practice_center;
    self->points[NARROW].feature_scale = practice_scale;
    memset(self->state, 0, self->state_size);
    return self->type->init(self->state, &self->spec, self->settings);
}

static inline void practice_write(fixture_t *self, size_t i, practice_row_t row)
{
    const double raw[] = {log1p(row.tenure), log1p(row.recency), log1p(row.frequency),
                          log1p(row.mean_order), row.p_alive};

    for (unsigned j = 0; j < 5; j++) {
        self->x[i * 5 + j] = ((float)raw[j] - practice_center[j]) / practice_scale[j];
    }
}

/* n rows at NARROW who may get anything */
static inline nb_batch_t practice_batch(fixture_t *self, size_t n)
{
    nb_batch_t batch = fixture_batch(self, NARROW, n, 1);

    for (size_t i = 0; i < n; i++) {
        self->mask[i] = 0x3f;
    }
    return batch;
}

/* choose for the batch, with propensities, into the fixture's own arrays */
static inline void practice_choose(fixture_t *self, nb_batch_t *batch)
{
    nb_choice_t out = {self->action, self->propensity};

    batch->want_propensity = 1;
    assert_ok(self->type->choose(self->state, batch, &out));
}

/* a period that was played as it stands: played and end_period; the batch is then of the next one
 */
static inline void practice_play(fixture_t *self, nb_batch_t *batch)
{
    nb_choice_t choice = {self->action, NULL};

    assert_ok(self->type->played(self->state, batch, &choice));
    assert_ok(self->type->end_period(self->state, &self->arena));
    batch->period++;
}

/* transitions of the batch as its rows were answered, all in one period */
static inline nb_transitions_t practice_finish(fixture_t *fixture, const nb_batch_t *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        fixture->tenure[i] = batch->period;
    }
    return fixture_transitions(fixture, batch, fixture->action, fixture->reward);
}

#endif
