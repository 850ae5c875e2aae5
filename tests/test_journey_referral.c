/*
 * Word of mouth: chances of a referral, the child, payments, and what dissatisfaction keeps away.
 */
#include "tests/journey_scene.h"

enum { ROW = 4 };

/* a world in which referrals are as in the model */
static journey_t *open_world(driver_t *driver, size_t customers)
{
    scene_defaults(driver);
    driver->set.referral_base = 0.02;
    driver->set.referral_satisfaction = 0.15;
    driver->set.referral_paid = 0.1;
    return scene_open(driver, customers);
}

/* sociability (0.02 + 0.15 max(S, 0)^2), doubled by asking, + 0.10 max(S, 0) by paying */
static void test_referral_chance_by_hand(void **state)
{
    const float S[] = {-1, 0, 1, 2};

    (void)state;
    for (int k = 0; k < 4; k++) {
        driver_t driver;
        journey_t *run = open_world(&driver, 10);
        double positive = fmax(S[k], 0), plain = 0.8 * (0.02 + 0.15 * positive * positive);

        run->sociability[ROW] = 0.8f;
        run->satisfaction[ROW] = S[k];
        assert_close(journey_p_referral(run, ROW, 0), plain, 1e-6, 0);
        assert_close(journey_p_referral(run, ROW, REPEAT_ASK_REFERRAL), fmin(1, 2 * plain), 1e-6,
                     0);
        assert_close(journey_p_referral(run, ROW, REPEAT_PAID_REFERRAL), plain + 0.1 * positive,
                     1e-6, 0);
        driver_free(&driver);
    }
}

/* F += 0.5, T -= 0.02 by asking; nothing by promising to pay */
static void test_referral_asking_tires(void **state)
{
    driver_t driver;
    journey_t *run = open_world(&driver, 10);

    (void)state;
    for (unsigned action = REPEAT_ASK_REFERRAL; action <= REPEAT_PAID_REFERRAL; action++) {
        int is_asked = action == REPEAT_ASK_REFERRAL;
        visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_NONE);
        double money = scene_money(&driver);

        run->fatigue[ROW] = 1;
        run->trust[ROW] = 0.6f;
        assert_ok(journey_act_repeat(run, ROW, &visit, action));
        assert_close(run->fatigue[ROW], is_asked ? 1.5 : 1, 0, 1e-6);
        assert_close(run->trust[ROW], is_asked ? 0.58 : 0.6, 0, 1e-6);
        assert_close(scene_money(&driver) - money, 0, 0, 0);
        assert_int_equal(visit.referral, action);
    }
    driver_free(&driver);
}

/* as many referrals as their chances add up to; each paid one costs 10, the others nothing */
static void test_referral_is_paid_on_success(void **state)
{
    enum { N = 3000 };
    const unsigned asks[] = {REPEAT_NOTHING, REPEAT_ASK_REFERRAL, REPEAT_PAID_REFERRAL};

    (void)state;
    for (int k = 0; k < 3; k++) {
        driver_t driver;
        journey_t *run = open_world(&driver, N);
        double p = 0, money = scene_money(&driver);
        size_t before = run->n_referred;

        for (uint32_t i = 0; i < N; i++) {
            visit_t visit = {.customer = i, .ordinal = 9, .referral = (uint8_t)asks[k]};

            run->satisfaction[i] = 0.8f;
            p += journey_p_referral(run, i, asks[k]) / N;
            assert_ok(journey_refer(run, &visit));
        }
        double n = (double)(run->n_referred - before);
        scene_check_frequency(n, N, p);
        assert_close(scene_money(&driver) - money, k == 2 ? -10 * n : 0, 0, 1e-6);
        driver_free(&driver);
    }
}

/* no referral by the dead, in the tail, or where the chances are zero */
static void test_referral_needs_a_living_parent_in_the_horizon(void **state)
{
    driver_t driver;
    journey_t *run = open_world(&driver, 10);
    visit_t visit = {.customer = ROW, .ordinal = 9};

    (void)state;
    run->sociability[ROW] = 1000;
    run->alive[ROW] = DEAD;
    assert_ok(journey_refer(run, &visit));
    run->alive[ROW] = ALIVE;
    run->at.in_tail = 1;
    assert_ok(journey_refer(run, &visit));
    run->at.in_tail = 0;
    assert_int_equal(run->n_referred, 0);
    assert_ok(journey_refer(run, &visit));
    assert_int_equal(run->n_referred, 1);
    driver_free(&driver);
}

/* everybody refers somebody: children's taste correlates 0.5 with their parents', loyalty is 0.2
 * higher than it was drawn, and nobody is paid for */
static void test_referral_child_takes_after_her_parent(void **state)
{
    enum { N = 2500 };
    driver_t driver;
    journey_t *run = open_world(&driver, N);
    double cross = 0, child = 0, parent = 0, loyalty = 0;

    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        visit_t visit = {.customer = i, .ordinal = 9};

        run->sociability[i] = 1000;
        assert_ok(journey_refer(run, &visit));
    }
    assert_int_equal(run->n_referred, N);
    for (uint32_t i = 0; i < N; i++) {
        run->sociability[i] = 0; /* their visits bring nobody else */
    }
    scene_next_period(&driver);
    assert_int_equal(run->at.n, 2 * N);
    for (size_t i = 0; i < N; i++) {
        const customer_t *a = &run->customers[i], *b = &run->customers[N + i];

        for (unsigned k = 0; k < N_TASTE; k++) {
            cross += a->theta[k] * b->theta[k] / (N_TASTE * N);
            child += b->theta[k] * b->theta[k] / (N_TASTE * N);
            parent += a->theta[k] * a->theta[k] / (N_TASTE * N);
        }
        loyalty += b->loyalty / N;
        assert_int_equal(run->flags[N + i] & FLAG_REFERRED, FLAG_REFERRED);
        assert_int_equal(run->birth[N + i], 2);
    }
    assert_close(cross, 0.25, 0, 4.9 * 0.5 * sqrt(1.25 / (N_TASTE * N)));
    assert_close(child, 0.5, 0, 4.9 * 0.5 * sqrt(2.0 / (N_TASTE * N)));
    assert_close(parent, 0.5, 0, 4.9 * 0.5 * sqrt(2.0 / (N_TASTE * N)));
    assert_close(loyalty, 0.2, 0, 4.9 * 0.7 / sqrt(N));
    assert_close(run->at.sums[0].acquisition, 0, 0, 0);
    assert_close(run->at.sums[0].referred, N, 0, 0);
    driver_free(&driver);
}

/* basket x 1.15 at birth, decaying to 1 over 156 weeks */
static void test_referral_basket_fades(void **state)
{
    driver_t driver;
    journey_t *run = open_world(&driver, 10);
    const int age[] = {0, 39, 78, 156, 300};
    const double factor[] = {1.15, 1.1125, 1.075, 1, 1};

    (void)state;
    double plain = journey_mean_basket(run, ROW);
    run->flags[ROW] |= FLAG_REFERRED;
    for (int k = 0; k < 5; k++) {
        run->birth[ROW] = run->at.period - age[k];
        assert_close(journey_mean_basket(run, ROW), plain * factor[k], 1e-9, 0);
    }
    driver_free(&driver);
}

/* organic arrivals x (1 - min(0.5, mean over the living of sociability 0.2 max(-S, 0)^2)), each at
 * the cost of acquisition */
static void test_bad_word_keeps_arrivals_away(void **state)
{
    enum { N = 3000 };
    const float S[] = {1, -1, -2};

    (void)state;
    for (int k = 0; k < 3; k++) {
        driver_t driver;
        journey_t *run;
        double bad = 0, n_living = 0;

        scene_defaults(&driver);
        driver.set.births_organic = 0.5;
        driver.set.visit_base = -10;
        run = scene_open(&driver, N);
        for (size_t i = 0; i < run->at.n; i++) {
            run->satisfaction[i] = S[k];
            run->sociability[i] *= k == 2 ? 3 : 1;
            n_living += run->alive[i] == ALIVE;
            bad += S[k] < 0 ? run->sociability[i] * 0.2 * S[k] * S[k] : 0;
        }
        bad /= n_living;
        assert_true(k < 2 || bad > 0.5); /* the last one meets the bound */
        double expected = 0.5 * N * (1 - fmin(0.5, bad));
        scene_next_period(&driver);
        assert_close(run->at.sums[0].born, expected, 0, 4.9 * sqrt(expected));
        assert_close(run->at.sums[0].acquisition, -19 * run->at.sums[0].born, 1e-12, 0);
        driver_free(&driver);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_referral_chance_by_hand),
        cmocka_unit_test(test_referral_asking_tires),
        cmocka_unit_test(test_referral_is_paid_on_success),
        cmocka_unit_test(test_referral_needs_a_living_parent_in_the_horizon),
        cmocka_unit_test(test_referral_child_takes_after_her_parent),
        cmocka_unit_test(test_referral_basket_fades),
        cmocka_unit_test(test_bad_word_keeps_arrivals_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
