/*
 * Several firms over one population: what each hears of a journey, whom it counts, what it earns.
 */
#include "tests/journey_scene.h"

/* bought at the second firm, a need that both know ends for the first at once */
static void test_market_a_need_met_elsewhere_ends_the_journey(void **state)
{
    driver_t driver;
    journey_t *run;
    uint32_t person;

    (void)state;
    scene_defaults(&driver);
    driver.set.firms = 2;
    run = scene_open(&driver, 20);
    person = journey_person(run, scene_idle_row(&driver, 0));
    scene_visit(&driver, person, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    visit_t visit = scene_visit(&driver, person + 1, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    assert_int_equal(run->needs[visit.i_need].known, 3);
    scene_buy(&driver, &visit, 0, RESPOND_STANDARD);
    assert_int_equal(scene_count(&driver, person, visit.ordinal, NB_EVENT_JOURNEY_END), 1);
    assert_int_equal(scene_count(&driver, person + 1, visit.ordinal, NB_EVENT_JOURNEY_END), 0);
    driver_free(&driver);
}

/* a stranger who buys is a customer of the firm from then on: in its cohort, though not born to it
 */
static void test_market_a_customer_won_from_another_firm_is_counted(void **state)
{
    driver_t driver;
    journey_t *run;
    uint32_t row = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.firms = 2;
    run = scene_open(&driver, 20);
    while (run->alive[row] != STRANGER) {
        row += 2;
    }
    double born = run->at.cohorts[0].born, money = run->at.cohorts[0].money;
    visit_t visit = scene_visit(&driver, row, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    scene_buy(&driver, &visit, 0, RESPOND_STANDARD);
    assert_int_equal(run->alive[row], ALIVE);
    assert_int_equal(run->birth[row], 1);
    assert_int_equal(run->flags[row] & FLAG_BOOKS, FLAG_BOOKS);
    assert_close(run->at.cohorts[0].born, born + 1, 0, 0);
    assert_true(run->at.cohorts[0].money != money);
    driver_free(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market_a_need_met_elsewhere_ends_the_journey),
        cmocka_unit_test(test_market_a_customer_won_from_another_firm_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
