/*
 * What the firm sees: one view or silos, lost records, a platform in between, visible journeys.
 */
#include "tests/journey_scene.h"

/* raw value of a feature */
static double see(const driver_t *driver, uint32_t row, const char *name)
{
    const journey_world_t *world = driver->run->world;
    float x[MAX_FEATURES];

    journey_observe(driver->run, row, x);
    for (unsigned k = 0; k < world->n_features; k++) {
        if (strcmp(world->feature_names[k], name) == 0) {
            return (double)x[k] * world->feature_scale[k] + world->feature_center[k];
        }
    }
    fail_msg("no feature %s", name);
    return NAN;
}

static void test_platform_customers_cannot_be_reached_and_teach_nothing(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    driver.set.platform_share = 1;
    driver.set.consent_at_birth = 1;
    run = scene_open(&driver, 40);
    assert_close(run->at.K_pop[0], 0.2, 0, 1e-12); /* forty first purchases taught nothing */
    for (uint32_t i = 0; i < 40; i++) {
        assert_int_equal(run->flags[i], FLAG_PLATFORM | FLAG_BOOKS);
        assert_int_equal(journey_mask(run, POINT_RECOGNIZE, i, NULL), 1u << RECOGNIZE_WAIT);
        /* a dormant one cannot be won back either; at her own visit she can be offered anything */
        assert_int_equal(journey_mask(run, POINT_REPEAT, i, NULL), 1u << REPEAT_NOTHING);
        assert_close(run->knowledge[i], 0.2, 0, 1e-7);
    }
    visit_t visit = scene_visit(&driver, 3, 0, DISPLAY_CATALOGUE, OFFER_DISCOUNT10);
    double before = scene_money(&driver), basket;
    scene_buy(&driver, &visit, 2, RESPOND_STANDARD);
    basket = run->at.sums[0].margin / run->world->catalogue[0].margin[2]; /* gross */
    assert_close(scene_money(&driver) - before,
                 run->at.sums[0].margin - 3 - basket * 0.1 - 0.15 * 0.9 * basket, 0, 1e-6);
    assert_int_not_equal(journey_mask(run, POINT_REPEAT, 3, &visit) >> REPEAT_WIN_BACK & 1, 0);
    driver_free(&driver);
}

static void test_platform_share_is_the_share_of_customers(void **state)
{
    driver_t driver;
    double n = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.platform_share = 0.3;
    scene_open(&driver, 3000);
    for (size_t i = 0; i < 3000; i++) {
        n += (driver.run->flags[i] & FLAG_PLATFORM) != 0;
    }
    scene_check_frequency(n, 3000, 0.3);
    driver_free(&driver);
}

static void touch_everything(driver_t *driver, uint32_t row)
{
    customer_t *who = &driver->run->customers[row];

    who->opens[CHANNEL_EMAIL] = 0.6f;
    who->opens[CHANNEL_MESSAGE] = 0.7f;
    who->opens[CHANNEL_CALL] = 0.8f;
    who->contacts = 7;
    who->last_contact = driver->run->at.period;
    who->cue = 0.9f;
    who->n_surveys = 1;
    who->survey_score = 1.5f;
    who->survey_week = -9;
    driver->run->knowledge[row] = 0.75f;
    driver->run->flags[row] |= FLAG_CONSENT;
}

static void test_silos_hide_what_others_know(void **state)
{
    const struct {
        const char *name;
        double single, silo;
    } rows[] = {
        {"opens_email", 0.6, 0.6},
        {"opens_message", 0.7, 0.33},
        {"opens_call", 0.8, 0.33},
        {"contacts_4_weeks", 3, 1},
        {"weeks_since_contact", 0, 6},
        {"certainty_cue", 0.9, 0.5},
        {"last_survey", 1.5 * 0.73742412689492826, 0}, /* 0.97^10 */
        {"knowledge", 0.75, -1},                       /* K_pop */
        {"consent", 1, 1},
    };

    (void)state;
    for (int view = 0; view < 2; view++) {
        driver_t driver;

        scene_defaults(&driver);
        driver.set.view = view;
        scene_open(&driver, 10);
        touch_everything(&driver, 4);
        for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
            double expected = view == VIEW_SINGLE ? rows[k].single : rows[k].silo;

            expected = expected < 0 ? driver.run->at.K_pop[0] : expected;
            assert_close(see(&driver, 4, rows[k].name), expected, 0, 2e-6);
        }
        assert_close(journey_known(driver.run, 4),
                     view == VIEW_SINGLE ? 0.75 : driver.run->at.K_pop[0] / 2, 0, 1e-7);
        driver_free(&driver);
    }
}

/* scores ~ N(4 K_e [need open], 1): means and spread over customers, 4.9 SE */
static void test_detector_scores_have_their_moments(void **state)
{
    enum { N = 4000 };
    driver_t driver;
    journey_t *run;
    double sum[2] = {0}, squares[2] = {0}, n[2] = {0};

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, N);
    for (uint32_t i = 0; i < N; i++) {
        int has_need = journey_has_need(run, i);
        double score;

        run->flags[i] |= FLAG_CONSENT;
        run->knowledge[i] = 0.4f;
        journey_detect(run, i, &score);
        sum[has_need] += score;
        squares[has_need] += score * score;
        n[has_need]++;
    }
    for (int k = 0; k < 2; k++) {
        double mean = sum[k] / n[k];

        assert_true(n[k] > 300);
        assert_close(mean, k * 4 * 0.4, 0, 4.9 / sqrt(n[k]));
        assert_close(squares[k] / n[k] - mean * mean, 1, 0, 4.9 * sqrt(2 / n[k]));
    }
    driver_free(&driver);
}

/* a lost order is neither on record nor learned from; the first one is what makes her known */
static void test_lost_records_leave_no_trace(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    driver.set.view_lost = 1;
    driver.set.return_base = 20;
    driver.set.visit_base = -10;
    driver.log_purchases = 1;
    run = scene_open(&driver, 10);
    float K = run->knowledge[5], sum = run->customers[5].order_sum;
    double taught = run->at.taught[0];
    visit_t visit = scene_visit(&driver, 5, 0, DISPLAY_CATALOGUE, OFFER_DISCOUNT10);
    scene_buy(&driver, &visit, 1, RESPOND_STANDARD);
    assert_int_equal(run->customers[5].n_seen, 1);
    assert_int_equal(run->customers[5].n_purchases, 2);
    assert_int_equal(run->customers[5].n_discounted, 0);
    assert_true(run->knowledge[5] == K && run->customers[5].order_sum == sum);
    assert_true(run->at.taught[0] == taught);
    assert_int_equal(run->n_log, 10);
    assert_int_equal(run->last_active[5], 1);
    for (int week = 0; week < 5; week++) {
        scene_next_period(&driver);
    }
    /* both orders came back, one of them is on record */
    assert_int_equal(run->customers[5].n_returns, 1);
    assert_close(see(&driver, 5, "returns_share"), 1, 0, 1e-6);
    driver_free(&driver);
}

static void test_lost_records_are_as_frequent_as_they_should_be(void **state)
{
    enum { N = 1500 };
    driver_t driver;
    journey_t *run;
    double n = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.view_lost = 0.2;
    run = scene_open(&driver, N);
    for (uint32_t i = 0; i < N; i++) {
        visit_t visit = scene_visit(&driver, i, 0, DISPLAY_CATALOGUE, OFFER_NONE);

        scene_buy(&driver, &visit, 1, RESPOND_STANDARD);
        n += run->customers[i].n_seen == 1;
    }
    scene_check_frequency(n, N, 0.2);
    driver_free(&driver);
}

/* only a journey that led to a visit shows, with the age of its need */
static void test_visible_journeys_show_once_she_has_visited(void **state)
{
    driver_t driver;
    uint32_t row;

    (void)state;
    scene_defaults(&driver);
    driver.set.state_visible = 1;
    driver.set.need_lost = 0;
    driver.set.checkout_base = -10; /* nobody completes it */
    driver.set.aware_self = 0;
    scene_open(&driver, 50);
    row = scene_idle_row(&driver, 0);
    assert_ok(journey_raise_need(driver.run, row, 0));
    assert_close(see(&driver, row, "journey_open"), 0, 0, 1e-7);
    scene_visit(&driver, row, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    assert_close(see(&driver, row, "journey_open"), 1, 0, 1e-7);
    assert_close(see(&driver, row, "journey_age"), 0, 0, 1e-7);
    driver.run->next_need[row] =
        INFINITY; /* no other need renews it, and she does not come again */
    scene_next_period(&driver);
    assert_close(see(&driver, row, "journey_open"), 1, 0, 1e-7);
    assert_close(see(&driver, row, "journey_age"), log(2), 0, 1e-6);
    driver_free(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_platform_customers_cannot_be_reached_and_teach_nothing),
        cmocka_unit_test(test_platform_share_is_the_share_of_customers),
        cmocka_unit_test(test_silos_hide_what_others_know),
        cmocka_unit_test(test_detector_scores_have_their_moments),
        cmocka_unit_test(test_lost_records_leave_no_trace),
        cmocka_unit_test(test_lost_records_are_as_frequent_as_they_should_be),
        cmocka_unit_test(test_visible_journeys_show_once_she_has_visited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
