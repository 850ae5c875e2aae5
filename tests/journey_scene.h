/*
 * Scenes of the journey: a world in the middle of a period, whose customers are set and acted on by
 * hand, so that what an action does can be computed by hand too.
 */
#ifndef NB_TESTS_JOURNEY_SCENE_H
#define NB_TESTS_JOURNEY_SCENE_H

#include "tests/journey_driver.h"

/* settings without noise from outside: nobody arrives, is referred, returns or drops out */
static inline void scene_defaults(driver_t *driver)
{
    driver_defaults(driver);
    driver->set.births_organic = 0;
    driver->set.referral_base = driver->set.referral_satisfaction = driver->set.referral_paid = 0;
    driver->set.churn_purchase = -50;
    driver->set.churn_weekly = 0;
    driver->set.sleeping_base = -50;
    driver->set.return_base = -50;
    driver->set.late_probability = driver->set.infeasible_probability = 0;
}

/* the middle of period 1, with nobody's need but those that arose by themselves */
static inline journey_t *scene_open(driver_t *driver, size_t customers)
{
    driver_start(driver, 11, customers, 60);
    driver_step(driver, 0);
    assert_ok(journey_begin_period(driver->run, 1));
    return driver->run;
}

/* the rest of the period by the defaults, and the beginning of the next one */
static inline void scene_next_period(driver_t *driver)
{
    journey_t *run = driver->run;
    int period = run->at.period;
    nb_batch_t batch;

    do {
        assert_ok(journey_next_batch(run, &batch));
    } while (batch.n > 0);
    assert_ok(journey_end_period(run));
    assert_ok(journey_begin_period(run, period + 1));
}

/* an open need of hers in this category, aware, new where she has none */
static inline need_t *scene_need(driver_t *driver, uint32_t row, unsigned category)
{
    journey_t *run = driver->run;
    uint32_t person = journey_person(run, row);

    if (!journey_has_need_in(run, row, category)) {
        assert_ok(journey_raise_need(run, person, category));
    }
    need_t *need = &run->needs[run->need_at[journey_cell(run, person, category)]];
    need->status = NEED_AWARE;
    return need;
}

/* first row from `from` on that lives and has no open need */
static inline uint32_t scene_idle_row(const driver_t *driver, uint32_t from)
{
    const journey_t *run = driver->run;

    for (uint32_t i = from; i < run->at.n; i++) {
        if (run->alive[i] == ALIVE && !journey_has_need(run, i)) {
            return i;
        }
    }
    fail_msg("everybody needs something");
    return 0;
}

/* a visit of hers for an open need, under this display and offer */
static inline visit_t scene_visit(driver_t *driver, uint32_t row, unsigned category,
                                  unsigned display, unsigned offer)
{
    journey_t *run = driver->run;
    const need_t *need = scene_need(driver, row, category);
    visit_t visit = {.i_need = (uint32_t)(need - run->needs),
                     .customer = row,
                     .ordinal = need->ordinal,
                     .category = (uint8_t)category,
                     .product = -1};

    run->needs[visit.i_need].known |= (uint8_t)(1u << journey_firm(run, row));
    assert_ok(journey_begin_visit(run, &visit));
    visit.display = (uint8_t)display;
    journey_show(run, &visit);
    journey_apply_offer(run, &visit, offer);
    return visit;
}

/* she orders product j of this visit, and it is delivered */
static inline void scene_buy(driver_t *driver, visit_t *visit, unsigned product, unsigned respond)
{
    visit->product = (int16_t)product;
    visit->ordered = 1;
    assert_ok(journey_fulfil(driver->run, visit, respond));
}

/* money of this period so far, all causes */
static inline double scene_money(const driver_t *driver)
{
    return driver->run->at.sums[0].money;
}

/* events of this kind for this row's journey in this period */
static inline int scene_count(const driver_t *driver, uint32_t row, uint32_t ordinal, unsigned kind)
{
    int n = 0;

    for (size_t e = 0; e < driver->run->n_events; e++) {
        const nb_event_t *event = &driver->run->events[e];

        n += event->customer == row && event->journey == ordinal && event->kind == kind;
    }
    return n;
}

/* k of n draws of probability p, with a false-alarm rate of 1e-6 */
static inline void scene_check_frequency(double k, double n, double p)
{
    assert_close(k / n, p, 0, 4.9 * sqrt(p * (1 - p) / n) + 1e-9);
}

#endif
