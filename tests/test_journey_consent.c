/*
 * Consent and enrollment: their probabilities, and that the answer is hers and not the asking's.
 */
#include "tests/journey_scene.h"

enum { N = 3000 };

static double s(double v)
{
    return 1 / (1 + exp(-v));
}

static void ask_everybody(driver_t *driver)
{
    for (uint32_t i = 0; i < N; i++) {
        if (!(driver->run->flags[i] & FLAG_CONSENT)) {
            assert_ok(journey_ask_consent(driver->run, i));
        }
    }
}

/* a world in which everybody has been asked once */
static journey_t *ask(driver_t *driver, double consent_base, double enroll_base, double trust)
{
    scene_defaults(driver);
    driver->set.consent_base = consent_base;
    driver->set.enroll_base = enroll_base;
    driver->set.optout_rate = 0;
    driver->set.trust_start = trust;
    driver->set.trust_rate = 0;
    scene_open(driver, N);
    ask_everybody(driver);
    return driver->run;
}

static void test_consent_probability_by_hand(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, 4);
    run->trust[2] = 0.75f;
    run->knowledge[2] = 0.5f;
    run->customers[2].privacy = 0.25f;
    run->customers[2].agency = 0.5f;
    /* 0.5 + 2 x 0.25 + 0.5 - 2.5 x 0.25; 1 + 2 x 0.25 - 3 x 0.5 */
    assert_close(journey_p_consent(run, 2), s(0.875), 1e-12, 0);
    assert_close(journey_p_enroll(run, 2), s(0), 1e-12, 0);
    driver_free(&driver);
}

static void test_consent_is_as_frequent_as_it_should_be(void **state)
{
    driver_t driver;
    journey_t *run;
    double p = 0, n = 0, p_enroll = 0, n_enroll = 0;

    (void)state;
    run = ask(&driver, 0.5, 1, 0.5);
    for (uint32_t i = 0; i < N; i++) {
        int is_consent = (run->flags[i] & FLAG_CONSENT) != 0;

        p += journey_p_consent(run, i) / N;
        n += is_consent;
        p_enroll += is_consent ? journey_p_enroll(run, i) : 0;
        n_enroll += (run->flags[i] & FLAG_ENROLLED) != 0;
        assert_true(is_consent || !(run->flags[i] & FLAG_ENROLLED));
    }
    scene_check_frequency(n, N, p);
    scene_check_frequency(n_enroll, n, p_enroll / n);
    assert_close(run->at.sums[0].asked, N, 0, 0);
    assert_close(run->at.sums[0].consented, n, 0, 0);
    assert_close(run->at.sums[0].enrolled, n_enroll, 0, 0);
    driver_free(&driver);
}

/* asked again she says the same, unless trust or knowledge has grown */
static void test_consent_does_not_depend_on_asking_again(void **state)
{
    driver_t driver;
    journey_t *run = ask(&driver, 0.5, 1, 0.5);
    double before = run->at.sums[0].consented;

    (void)state;
    for (int again = 0; again < 3; again++) {
        ask_everybody(&driver);
    }
    assert_close(run->at.sums[0].consented, before, 0, 0);
    for (uint32_t i = 0; i < N; i++) {
        run->trust[i] = 0.9f;
    }
    ask_everybody(&driver);
    assert_true(run->at.sums[0].consented > before + 100);
    driver_free(&driver);
}

/* with a larger coefficient nobody's answer turns from yes to no */
static void test_consent_is_monotone_in_its_coefficients(void **state)
{
    driver_t low, high, trusted;
    double n_more = 0;

    (void)state;
    ask(&low, 0, 0.5, 0.5);
    ask(&high, 0.6, 1, 0.5);
    ask(&trusted, 0, 0.5, 0.8);
    for (uint32_t i = 0; i < N; i++) {
        unsigned both = FLAG_CONSENT | FLAG_ENROLLED, asked = low.run->flags[i] & both;

        assert_int_equal(high.run->flags[i] & asked, asked);
        assert_int_equal(trusted.run->flags[i] & asked, asked);
        n_more += (high.run->flags[i] & both) != asked;
    }
    assert_true(n_more > 100);
    driver_free(&low);
    driver_free(&high);
    driver_free(&trusted);
}

static void test_asking_costs_tires_and_is_masked_afterwards(void **state)
{
    driver_t driver;
    journey_t *run;
    uint64_t ask_bit = 1u << RECOGNIZE_ASK_CONSENT, coach_bit = 1u << RECOGNIZE_COACH;

    (void)state;
    scene_defaults(&driver);
    driver.set.consent_base = driver.set.enroll_base = 50;
    driver.set.optout_rate = 0;
    run = scene_open(&driver, 4);
    run->fatigue[1] = 0;
    double money = scene_money(&driver);
    assert_int_equal(journey_mask(run, POINT_RECOGNIZE, 1, NULL) & (ask_bit | coach_bit), ask_bit);
    assert_ok(journey_ask_consent(run, 1));
    assert_int_equal(journey_mask(run, POINT_RECOGNIZE, 1, NULL) & (ask_bit | coach_bit),
                     coach_bit);
    assert_true(journey_mask(run, POINT_RECOGNIZE, 1, NULL) >> RECOGNIZE_AUTO_ORDER & 1);
    assert_close(run->fatigue[1], 0.5 * run->customers[1].phi, 1e-6, 0);
    assert_close(scene_money(&driver) - money, -0.01, 0, 1e-12);
    /* who has gone costs the same and says nothing */
    run->alive[2] = DEAD;
    assert_ok(journey_ask_consent(run, 2));
    assert_int_equal(run->flags[2] & FLAG_CONSENT, 0);
    assert_close(scene_money(&driver) - money, -0.02, 0, 1e-12);
    /* without e-mail nobody can be asked */
    run->flags[3] &= (uint8_t)~FLAG_EMAIL;
    assert_int_equal(journey_mask(run, POINT_RECOGNIZE, 3, NULL) & ask_bit, 0);
    driver_free(&driver);
}

/* opt-out by asking: 0.0012 w exp(0.4 F), w = 0.5, F after it, here with 0.2 in place of 0.0012 */
static void test_asking_closes_email_as_often_as_it_should(void **state)
{
    driver_t driver;
    journey_t *run;
    double p = 0, n = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.optout_rate = 0.2;
    run = scene_open(&driver, N);
    for (uint32_t i = 0; i < N; i++) {
        run->fatigue[i] = 1;
        assert_ok(journey_ask_consent(run, i));
        p += fmin(1, 0.2 * 0.5 * exp(0.4 * run->fatigue[i])) / N;
        n += !(run->flags[i] & FLAG_EMAIL);
    }
    scene_check_frequency(n, N, p);
    driver_free(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consent_probability_by_hand),
        cmocka_unit_test(test_consent_is_as_frequent_as_it_should_be),
        cmocka_unit_test(test_consent_does_not_depend_on_asking_again),
        cmocka_unit_test(test_consent_is_monotone_in_its_coefficients),
        cmocka_unit_test(test_asking_costs_tires_and_is_masked_afterwards),
        cmocka_unit_test(test_asking_closes_email_as_often_as_it_should),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
