/*
 * Contacts: opening, awareness, fatigue, opt-out, coaching and reactance, sleeping dogs, win-back.
 */
#include "tests/journey_scene.h"

enum { ROW = 4 };

static double s(double v)
{
    return 1 / (1 + exp(-v));
}

/* o_c + kappa - 0.25 F + 0.8 (T - 0.5) + 0.3 [need] - 0.3 g [reactance] */
static void test_contact_open_probability_by_hand(void **state)
{
    const double level[] = {-1.15, -0.6, 0.2};
    driver_t driver;
    journey_t *run;
    uint32_t row;

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, 30);
    row = scene_idle_row(&driver, 0);
    customer_t *who = &run->customers[row];
    run->fatigue[row] = 2;
    run->trust[row] = 0.75f;
    who->agency = 0.5f;
    for (unsigned c = 0; c < N_CHANNELS; c++) {
        double v = level[c] + who->kappa[c] - 0.5 + 0.2;

        who->reactance_until = 0;
        assert_close(journey_p_open(run, row, c), s(v), 1e-6, 0);
        who->reactance_until = 2;
        assert_close(journey_p_open(run, row, c), s(v - 0.15), 1e-6, 0);
    }
    double before = journey_p_open(run, row, 0);
    scene_need(&driver, row, 0);
    assert_close(log(journey_p_open(run, row, 0) / (1 - journey_p_open(run, row, 0))),
                 log(before / (1 - before)) + 0.3, 0, 1e-9);
    driver_free(&driver);
}

/* 1 - 0.90 (1 - delta opened) */
static void test_contact_awareness_by_hand(void **state)
{
    const double delta[] = {0.75, 0.80, 0.90, 0.90};
    driver_t driver;

    (void)state;
    scene_defaults(&driver);
    scene_open(&driver, 5);
    assert_close(journey_p_aware(driver.run->world, 0, 1), 0.1, 1e-12, 0);
    for (unsigned c = 0; c < 4; c++) {
        assert_close(journey_p_aware(driver.run->world, 1 + c, 1), 1 - 0.9 * (1 - delta[c]), 1e-6,
                     0);
        assert_close(journey_p_aware(driver.run->world, 1 + c, 0), 0.1, 1e-9, 0);
    }
    driver_free(&driver);
}

/* F += phi w, times 0.3 where it was opened and needed; coaching goes by message */
static void test_contact_tires_by_weight(void **state)
{
    const double weight[] = {1, 1.3, 2, 1.3}, cost[] = {0.01, 0.05, 4, 0.10};

    (void)state;
    for (unsigned contact = 0; contact < 4; contact++) {
        for (int k = 0; k < 4; k++) {
            int is_opened = k & 1, is_needed = k >> 1;
            driver_t driver;
            journey_t *run;

            scene_defaults(&driver);
            driver.set.open_email = driver.set.open_message = driver.set.open_call =
                is_opened ? 10 : -10;
            driver.set.channel_taste_sd = 0;
            driver.set.optout_rate = 0;
            run = scene_open(&driver, 30);
            uint32_t row = scene_idle_row(&driver, 0);
            if (is_needed) {
                scene_need(&driver, row, 0);
            }
            run->fatigue[row] = 0.5f;
            double money = scene_money(&driver), phi = run->customers[row].phi;
            assert_ok(journey_contact(run, row, contact));
            assert_close(run->fatigue[row],
                         0.5 + phi * weight[contact] * (is_opened && is_needed ? 0.3 : 1), 0, 1e-5);
            assert_close(scene_money(&driver) - money, -cost[contact], 0, 1e-9);
            driver_free(&driver);
        }
    }
}

/* 0.0012 w exp(0.4 F), F after the contact; here 0.1 in place of 0.0012 */
static void test_contact_optout_is_as_frequent_as_it_should_be(void **state)
{
    enum { N = 3000 };
    driver_t driver;
    journey_t *run;
    double p = 0, n = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.optout_rate = 0.1;
    run = scene_open(&driver, N);
    for (uint32_t i = 0; i < N; i++) {
        run->fatigue[i] = 1;
        assert_ok(journey_contact(run, i, CHANNEL_MESSAGE));
        p += fmin(1, 0.1 * 1.3 * exp(0.4 * run->fatigue[i])) / N;
        n += !(run->flags[i] & FLAG_MESSAGE);
        assert_int_equal(run->flags[i] & FLAG_EMAIL, FLAG_EMAIL);
    }
    scene_check_frequency(n, N, p);
    driver_free(&driver);
}

/* coaching without a need: T -= 0.02 g^2, reactance for 4 weeks */
static void test_contact_coaching_without_need_causes_reactance(void **state)
{
    (void)state;
    for (int is_needed = 0; is_needed < 2; is_needed++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        run = scene_open(&driver, 30);
        uint32_t row = scene_idle_row(&driver, 0);
        customer_t *who = &run->customers[row];
        if (is_needed) {
            scene_need(&driver, row, 0);
        }
        run->trust[row] = 0.6f;
        who->agency = 0.8f;
        assert_ok(journey_contact(run, row, COACH));
        assert_close(run->trust[row], is_needed ? 0.6 : 0.6 - 0.02 * 0.64, 0, 1e-6);
        for (int later = 1; later < 7; later++) {
            assert_int_equal(1 + later < who->reactance_until, !is_needed && later <= 4);
        }
        driver_free(&driver);
    }
}

/* the open channel that she opens more often */
static void test_contact_coach_uses_the_better_open_channel(void **state)
{
    driver_t driver;
    journey_t *run;
    customer_t *who;

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, 10);
    who = &run->customers[ROW];
    who->opens[CHANNEL_EMAIL] = 0.4f;
    who->opens[CHANNEL_MESSAGE] = 0.3f;
    assert_int_equal(journey_coach_channel(run, ROW), CHANNEL_EMAIL);
    who->opens[CHANNEL_MESSAGE] = 0.5f;
    assert_int_equal(journey_coach_channel(run, ROW), CHANNEL_MESSAGE);
    run->flags[ROW] &= (uint8_t)~FLAG_MESSAGE;
    assert_int_equal(journey_coach_channel(run, ROW), CHANNEL_EMAIL);
    driver_free(&driver);
}

/* s(1.2 - iota + 0.8 [coach opened] iota+ / 0.6 + 0.5 H + 0.8 (1 - H) [win-back]) */
static void test_contact_visit_probability_by_hand(void **state)
{
    const float inertia[] = {-0.5f, 1.2f};
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, 10);
    run->habit[ROW] = 0.5f;
    for (int k = 0; k < 2; k++) {
        double iota = inertia[k], v = 1.2 - iota + 0.25;

        run->customers[ROW].inertia = inertia[k];
        run->customers[ROW].win_back_until = 1;
        assert_close(journey_p_visit(run, ROW, 0), s(v), 1e-6, 0);
        assert_close(journey_p_visit(run, ROW, 1), s(v + 0.8 * fmax(iota, 0) / 0.6), 1e-6, 0);
        run->customers[ROW].win_back_until = 2;
        assert_close(journey_p_visit(run, ROW, 0), s(v + 0.4), 1e-6, 0);
    }
    driver_free(&driver);
}

/* the clock runs down by -ln(1 - s(-6 + omega)) where she was silent for 8 weeks, else not */
static void test_contact_wakes_sleeping_dogs(void **state)
{
    (void)state;
    for (int silent = 7; silent <= 8; silent++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.sleeping_base = -2;
        run = scene_open(&driver, 10);
        run->at.period = 40;
        run->last_active[ROW] = 40 - silent;
        run->clock[ROW] = 8;
        run->customers[ROW].sleeping = 0.5f;
        assert_ok(journey_contact(run, ROW, CHANNEL_EMAIL));
        assert_close(run->clock[ROW], silent < 8 ? 8 : 8 + log1p(-s(-1.5)), 0, 1e-5);
        driver_free(&driver);
    }
}

/* 20 % off for 4 weeks, offered at the visit; a purchase ends it */
static void test_win_back_is_valid_for_its_weeks(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, 10);
    double money = scene_money(&driver);
    assert_ok(journey_act_repeat(run, ROW, NULL, REPEAT_WIN_BACK));
    assert_close(scene_money(&driver) - money, -0.01, 0, 1e-12);
    for (int later = 1; later < 7; later++) {
        visit_t visit = {.customer = ROW};

        run->at.period = 1 + later;
        journey_apply_offer(run, &visit, OFFER_NONE);
        assert_close(visit.discount, later <= 4 ? 0.2 : 0, 0, 1e-7);
    }
    driver_free(&driver);
}

/* thank-you H += 0.03, F += 0.3; reward S += 0.15, T += 0.03 */
static void test_thanks_and_rewards_by_hand(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, 10);
    visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    run->habit[ROW] = 0.2f;
    run->fatigue[ROW] = 1;
    run->satisfaction[ROW] = 0.5f;
    run->trust[ROW] = 0.6f;
    double money = scene_money(&driver);
    assert_ok(journey_act_repeat(run, ROW, &visit, REPEAT_THANK_YOU));
    assert_close(run->habit[ROW], 0.23, 0, 1e-6);
    assert_close(run->fatigue[ROW], 1.3, 0, 1e-6);
    assert_ok(journey_act_repeat(run, ROW, &visit, REPEAT_REWARD));
    assert_close(run->satisfaction[ROW], 0.65, 0, 1e-6);
    assert_close(run->trust[ROW], 0.63, 0, 1e-6);
    assert_close(scene_money(&driver) - money, -2.01, 0, 1e-9);
    driver_free(&driver);
}

/* at a purchase s(-2.9 - z_h - 1.2 S - 2 (T - 0.5) + 0.15 FX), a week 0.002 exp(0.5 FX - 0.5 z_h)
 */
static void test_churn_by_hand(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    driver.set.churn_purchase = -2.9;
    driver.set.churn_weekly = 0.002;
    run = scene_open(&driver, 10);
    run->satisfaction[ROW] = 0.5f;
    run->trust[ROW] = 0.75f;
    run->fatigue[ROW] = 4;
    run->clock[ROW] = 1;
    run->customers[ROW].win_back_until = 0;
    double z = run->customers[ROW].loyalty;
    journey_churn_at_purchase(run, ROW);
    double left = 1 + log1p(-s(-2.9 - z - 0.6 - 0.5 + 0.3));
    assert_close(run->clock[ROW], left, 0, 1e-6);
    /* FX exceeds 0: the week's hazard is multiplied, to first order in q */
    run->at.stage = STAGE_DONE;
    assert_ok(journey_end_period(run));
    assert_close(run->clock[ROW], left + log1p(-0.002 * exp(1 - 0.5 * z)), 0, 1e-4);
    driver_free(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contact_open_probability_by_hand),
        cmocka_unit_test(test_contact_awareness_by_hand),
        cmocka_unit_test(test_contact_tires_by_weight),
        cmocka_unit_test(test_contact_optout_is_as_frequent_as_it_should_be),
        cmocka_unit_test(test_contact_coaching_without_need_causes_reactance),
        cmocka_unit_test(test_contact_coach_uses_the_better_open_channel),
        cmocka_unit_test(test_contact_visit_probability_by_hand),
        cmocka_unit_test(test_contact_wakes_sleeping_dogs),
        cmocka_unit_test(test_win_back_is_valid_for_its_weeks),
        cmocka_unit_test(test_thanks_and_rewards_by_hand),
        cmocka_unit_test(test_churn_by_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
