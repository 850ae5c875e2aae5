/*
 * Strength of carry-over: 1 is the model, 0 switches off whatever a state does to a customer later.
 */
#include "tests/journey_scene.h"

enum { ROW = 3 };

/* everything that a state of hers may act on */
static double react(const journey_t *run, visit_t *visit)
{
    double utility[MAX_PRODUCTS], sum = 0;

    for (unsigned c = 0; c < N_CHANNELS; c++) {
        sum += journey_p_open(run, ROW, c);
    }
    for (unsigned offer = 0; offer < N_OFFER; offer++) {
        journey_apply_offer(run, visit, offer);
        journey_utilities(run, visit, utility);
        sum += utility[0] + journey_p_checkout(run, visit) + journey_p_upsell(run, visit);
    }
    return sum + journey_p_consent(run, ROW) + journey_p_enroll(run, ROW) +
           journey_p_visit(run, ROW, 0) + journey_p_visit(run, ROW, 1) +
           journey_p_referral(run, ROW, REPEAT_PAID_REFERRAL) + journey_excess_fatigue(run, ROW);
}

/* what a change of one state does to her under this strength of its carry-over */
static double effect_of(size_t strength_at, size_t array_at, float value, double strength)
{
    driver_t driver;
    journey_t *run;
    double before;

    scene_defaults(&driver);
    *(double *)((char *)&driver.set + strength_at) = strength;
    driver.set.one_click_trust = 0.4;
    driver.set.referral_satisfaction = driver.set.referral_paid = 0.1;
    run = scene_open(&driver, 10);
    run->customers[ROW].win_back_until = 10;
    visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_SHORTLIST3, OFFER_NONE);
    run->satisfaction[ROW] = run->habit[ROW] = run->fatigue[ROW] = 0;
    run->trust[ROW] = 0.5f;
    before = react(run, &visit);
    (*(float **)((char *)run + array_at))[ROW] = value;
    double effect = react(run, &visit) - before;
    driver_free(&driver);
    return effect;
}

#define EFFECT(strength, array, value, factor)                                                     \
    effect_of(offsetof(nb_journey_settings_t, strength), offsetof(journey_t, array), value, factor)

static void test_carry_over_zero_switches_a_state_off(void **state)
{
    (void)state;
    assert_true(EFFECT(carry_trust, trust, 0.3f, 0) == 0);
    assert_true(EFFECT(carry_satisfaction, satisfaction, 1.5f, 0) == 0);
    assert_true(EFFECT(carry_fatigue, fatigue, 4, 0) == 0);
    assert_true(EFFECT(carry_habit, habit, 0.8f, 0) == 0);
}

static void test_carry_over_grows_with_its_strength(void **state)
{
    (void)state;
    assert_true(EFFECT(carry_trust, trust, 0.3f, 1) < -0.1);
    assert_true(EFFECT(carry_trust, trust, 0.3f, 2) < EFFECT(carry_trust, trust, 0.3f, 1));
    assert_true(EFFECT(carry_satisfaction, satisfaction, 1, 2) >
                EFFECT(carry_satisfaction, satisfaction, 1, 1));
    assert_true(EFFECT(carry_fatigue, fatigue, 4, 1) != 0);
    assert_true(EFFECT(carry_habit, habit, 0.8f, 1) != 0);
}

/* nothing is learned: K stays where it began, of every customer and of all of them */
static void test_carry_over_zero_of_knowledge_teaches_nothing(void **state)
{
    driver_t driver;
    int weekly = 1;

    (void)state;
    driver_defaults(&driver);
    driver.set.carry_knowledge = 0;
    driver.set.consent_at_birth = 0.5;
    driver.context = &weekly;
    driver_bind(&driver, NB_NEED_ROWS, answer_random);
    driver_start(&driver, 4, 100, 30);
    driver_play(&driver, 0);
    assert_close(driver.run->at.K_pop[0], 0.2, 0, 1e-12);
    for (size_t i = 0; i < driver.run->at.n; i++) {
        assert_close(driver.run->knowledge[i], 0.2, 0, 1e-6);
    }
    driver_free(&driver);
}

static void check_market(double strength, int is_equal)
{
    double share[2];

    for (int k = 0; k < 2; k++) {
        driver_t driver;

        scene_defaults(&driver);
        driver.set.firms = 2;
        driver.set.carry_trust = driver.set.carry_satisfaction = strength;
        driver.set.utility_trust = 0;
        driver.set.trust_start = k ? 0.9 : 0.1;
        driver_start(&driver, 4, 300, 30);
        driver_play(&driver, 0);
        share[k] = driver_scalar(&driver, "visits");
        driver_free(&driver);
    }
    assert_true((share[0] == share[1]) == is_equal);
}

static void test_carry_over_of_trust_pulls_to_firms(void **state)
{
    (void)state;
    check_market(0, 1);
    check_market(1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_carry_over_zero_switches_a_state_off),
        cmocka_unit_test(test_carry_over_grows_with_its_strength),
        cmocka_unit_test(test_carry_over_zero_of_knowledge_teaches_nothing),
        cmocka_unit_test(test_carry_over_of_trust_pulls_to_firms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
