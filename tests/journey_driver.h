/*
 * Drives a journey without the bench: every batch is answered by a function of the test.
 */
#ifndef NB_TESTS_JOURNEY_DRIVER_H
#define NB_TESTS_JOURNEY_DRIVER_H

#include "sim/journey.h"
#include "tests/testlib.h"

typedef struct driver driver_t;

/* fills action [n x slate] */
typedef void (*answer_t)(driver_t *driver, const nb_batch_t *batch, int32_t *action);

struct driver {
    nb_journey_settings_t set;
    void *world;
    journey_t *run;
    unsigned needs[N_POINTS * MAX_FIRMS];
    answer_t answer;
    void (*watch)(driver_t *driver, nb_events_t events); /* after end_period; may be NULL */
    void *context;
    int log_purchases;
};

static inline void driver_defaults(driver_t *driver)
{
    memset(driver, 0, sizeof *driver);
    assert_ok(nb_settings_defaults(nb_journey_settings, &driver->set));
}

/* settings of scenario `plain` */
static inline void driver_plain(driver_t *driver)
{
    driver_defaults(driver);
    driver->set.journey = JOURNEY_TRANSPARENT;
    driver->set.need_queue = 1;
    driver->set.loyalty_sd = driver->set.quality_sd = driver->set.price_sd = 0;
    driver->set.margin_sd = 0;
    driver->set.spend_varies = 0;
    driver->set.churn_purchase = -50;
    driver->set.births_organic = 0;
}

static inline void driver_start(driver_t *driver, uint32_t replication, size_t customers,
                                int periods)
{
    void *run = NULL;
    nb_run_spec_t spec = {.key = {1, replication},
                          .policy_key = {2, replication},
                          .n_customers = customers,
                          .periods = periods,
                          .needs = driver->needs,
                          .log_purchases = driver->log_purchases};

    if (!driver->world) {
        assert_ok(nb_environment_journey.world_init(&driver->world, &driver->set));
    }
    assert_ok(nb_environment_journey.init(&run, driver->world, &spec));
    driver->run = run;
}

static inline void driver_step(driver_t *driver, int period)
{
    static int32_t action[NB_BLOCK_ROWS * NB_MAX_SLATE];
    nb_choice_t choice = {action, NULL};
    nb_batch_t batch;

    assert_ok(journey_begin_period(driver->run, period));
    for (;;) {
        assert_ok(journey_next_batch(driver->run, &batch));
        if (batch.n == 0) {
            break;
        }
        driver->answer(driver, &batch, action);
        assert_ok(journey_act(driver->run, &batch, &choice));
    }
    assert_ok(journey_end_period(driver->run));
    if (driver->watch) {
        driver->watch(driver, nb_environment_journey.take_events(driver->run));
    }
}

static inline void driver_play(driver_t *driver, int with_tail)
{
    int periods = driver->run->spec.periods;

    for (int t = driver->run->first_period; t < periods; t++) {
        driver_step(driver, t);
    }
    nb_environment_journey.begin_tail(driver->run);
    for (int t = periods; with_tail && !nb_environment_journey.tail_done(driver->run); t++) {
        driver_step(driver, t);
    }
}

static inline double driver_scalar(driver_t *driver, const char *name)
{
    nb_result_t result;

    assert_ok(journey_result(driver->run, &result));
    for (size_t k = 0; k < result.n_scalars; k++) {
        if (strcmp(result.scalars[k].name, name) == 0) {
            return result.scalar[k];
        }
    }
    fail_msg("no metric %s", name);
    return NAN;
}

static inline void driver_stop(driver_t *driver)
{
    journey_free(driver->run);
    driver->run = NULL;
}

static inline void driver_free(driver_t *driver)
{
    driver_stop(driver);
    nb_environment_journey.world_free(driver->world);
    driver->world = NULL;
}

/* one binding for every point */
static inline void driver_bind(driver_t *driver, unsigned needs, answer_t answer)
{
    for (unsigned p = 0; p < N_POINTS * MAX_FIRMS; p++) {
        driver->needs[p] = needs;
    }
    driver->answer = answer;
}

/* every allowed action alike, slates without repeats; from the policy's own stream */
static inline void answer_random(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    (void)driver;
    for (size_t i = 0; i < batch->n; i++) {
        uint64_t left = batch->mask[i];
        uint32_t words[8];

        nb_counter_t counter = {batch->luck[i], (uint32_t)batch->period,
                                (uint16_t)(NB_PURPOSE_POLICY + batch->stream_point),
                                (uint16_t)batch->round, 0};
        nb_rng_block(batch->key, counter, words);
        counter.block = 1;
        nb_rng_block(batch->key, counter, words + 4);
        for (unsigned s = 0; s < batch->slate; s++) {
            unsigned n = (unsigned)__builtin_popcountll(left);
            unsigned skip = (unsigned)(nb_rng_uniform(words[s]) * n);
            uint64_t rest = left;

            for (; skip; skip--) {
                rest &= rest - 1;
            }
            action[i * batch->slate + s] = __builtin_ctzll(rest);
            left &= ~((uint64_t)1 << action[i * batch->slate + s]);
        }
    }
}

/* e-mail every *(int *)context periods where allowed; other points play action 0 */
static inline void answer_schedule(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    int every = *(int *)driver->context;

    for (size_t i = 0; i < batch->n * batch->slate; i++) {
        action[i] = 0;
        if (batch->stream_point == POINT_RECOGNIZE && every &&
            (batch->period + (int)(batch->luck[i] % (unsigned)every)) % every == 0 &&
            nb_mask_allows(batch->mask, 1, i, RECOGNIZE_EMAIL)) {
            action[i] = RECOGNIZE_EMAIL;
        }
    }
}

#endif
