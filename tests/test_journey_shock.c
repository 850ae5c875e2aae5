/*
 * Worlds that change: shocks and drift of taste, needs, rivals and knowledge; contracts.
 */
#include "tests/journey_scene.h"

enum { ROW = 4, SHOCK = 5 };

static void test_shock_moves_taste_rivals_and_knowledge_from_its_week_on(void **state)
{
    driver_t driver, calm;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    scene_defaults(&calm);
    driver.set.shock_week = SHOCK;
    driver.set.shock_taste = 0.7;
    driver.set.shock_outside = 1.5;
    driver.set.shock_knowledge = 0.4;
    driver.set.learning = calm.set.learning = LEARN_INDIVIDUAL;
    driver.set.visit_base = calm.set.visit_base = -10;
    run = scene_open(&driver, 10);
    scene_open(&calm, 10);
    for (int t = 2; t <= SHOCK + 1; t++) {
        float x[N_TASTE], plain[N_TASTE];

        scene_next_period(&driver);
        scene_next_period(&calm);
        journey_taste(run, ROW, x);
        journey_taste(calm.run, ROW, plain);
        assert_close(x[0] - plain[0], t >= SHOCK ? 0.7 : 0, 0, 1e-6);
        assert_memory_equal(x + 1, plain + 1, 3 * sizeof *x);
        assert_close(journey_outside(run), t >= SHOCK ? 1.5 : 0, 0, 1e-12);
        assert_close(run->at.K_pop[0], t >= SHOCK ? 0.6 * 0.2 : 0.2, 1e-6, 0);
        if (t <= SHOCK) {
            /* what fades does so toward the K_pop that is left */
            assert_close(run->knowledge[ROW],
                         t < SHOCK ? calm.run->knowledge[ROW] : 0.6 * calm.run->knowledge[ROW], 0,
                         1e-6);
        }
    }
    driver_free(&driver);
    driver_free(&calm);
}

/* arrivals are multiplied from the shock on */
static void test_shock_of_needs_multiplies_arrivals(void **state)
{
    enum { N = 4000, T = 40 };
    driver_t driver;
    nb_result_t result;
    double before = 0, after = 0;

    (void)state;
    driver_plain(&driver);
    driver.set.churn_weekly = 0;
    driver.set.shock_week = 20;
    driver.set.shock_need = 1.8;
    driver_start(&driver, 3, N, T);
    driver_play(&driver, 0);
    assert_ok(journey_result(driver.run, &result));
    assert_string_equal(result.series[6].name, "needs");
    for (int t = 0; t < T; t++) {
        *(t < 20 ? &before : &after) += result.series_values[6 * T + t] * N;
    }
    /* counts given the rates are Poisson around one sum of rates: a binomial share */
    scene_check_frequency(after, before + after, 1.8 / 2.8);
    driver_free(&driver);
}

/* taste: 0.02 a week; rivals: 1 a year */
static void test_drift_is_linear_in_time(void **state)
{
    driver_t driver, calm;

    (void)state;
    scene_defaults(&driver);
    scene_defaults(&calm);
    driver.set.drift_taste = 0.02;
    driver.set.drift_outside = 1;
    scene_open(&driver, 10);
    scene_open(&calm, 10);
    for (int t = 0; t <= 52; t += 13) {
        float x[N_TASTE], plain[N_TASTE];

        driver.run->at.period = calm.run->at.period = t;
        journey_taste(driver.run, ROW, x);
        journey_taste(calm.run, ROW, plain);
        assert_close(x[0] - plain[0], 0.02 * t, 0, 1e-6);
        assert_close(journey_outside(driver.run), t / 52.0, 0, 1e-12);
    }
    driver_free(&driver);
    driver_free(&calm);
}

/* her own taste: autoregression 0.9991 a week with innovations of 0.03, in steps of a quarter */
static void test_taste_wanders_as_it_should(void **state)
{
    enum { N = 2500, QUARTERS = 4 };
    driver_t driver;
    journey_t *run;
    double sum = 0, keep = pow(0.9991, 13 * QUARTERS);

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, N);
    for (uint32_t i = 0; i < N; i++) {
        float before[N_TASTE], after[N_TASTE];

        run->at.period = 1;
        journey_taste(run, i, before);
        run->at.period = 13 * QUARTERS;
        journey_taste(run, i, after);
        for (unsigned k = 0; k < N_TASTE; k++) {
            double z = after[k] - keep * before[k];

            sum += z * z / (N_TASTE * N);
        }
    }
    double variance = 0.0009 * (1 - keep * keep) / (1 - 0.9991 * 0.9991);
    assert_close(sum, variance, 4.9 * sqrt(2.0 / (N_TASTE * N)), 0);
    driver_free(&driver);
}

/* the fee falls at the start of every contract, as long as she lives; who has left shows then */
static void test_contract_renews_until_she_leaves(void **state)
{
    driver_t driver;
    journey_t *run;
    int n_paid = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.contract_weeks = 4;
    driver.set.contract_fee = 7;
    driver.set.visit_base = -10;
    driver.set.aware_self = 0;
    run = scene_open(&driver, 10);
    for (int t = 2; t <= 20; t++) {
        double fees;

        scene_next_period(&driver);
        fees = run->at.sums[0].margin / 7;
        assert_close(fees, t % 4 ? 0 : t <= 12 ? 10 : 9, 0, 1e-9);
        assert_int_equal(run->flags[ROW] & FLAG_BOOKS, t < 16 ? FLAG_BOOKS : 0);
        n_paid += (int)fees;
        if (t == 13) {
            run->alive[ROW] = DEAD; /* in the middle of her fourth contract */
        }
        if (t == 16) {
            assert_int_equal(scene_count(&driver, ROW, 0, NB_EVENT_LEFT), 1);
        }
    }
    assert_int_equal(n_paid, 3 * 10 + 2 * 9);
    driver_free(&driver);
}

/* observed churn: off the books in the period after; silent: she stays there */
static void test_churn_shows_where_it_is_observed(void **state)
{
    (void)state;
    for (int is_observed = 0; is_observed < 2; is_observed++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.churn_observed = is_observed;
        run = scene_open(&driver, 10);
        run->alive[ROW] = DEAD;
        scene_next_period(&driver);
        assert_int_equal((run->flags[ROW] & FLAG_BOOKS) != 0, !is_observed);
        assert_int_equal(scene_count(&driver, ROW, 0, NB_EVENT_LEFT), is_observed);
        driver_free(&driver);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shock_moves_taste_rivals_and_knowledge_from_its_week_on),
        cmocka_unit_test(test_shock_of_needs_multiplies_arrivals),
        cmocka_unit_test(test_drift_is_linear_in_time),
        cmocka_unit_test(test_taste_wanders_as_it_should),
        cmocka_unit_test(test_contract_renews_until_she_leaves),
        cmocka_unit_test(test_churn_shows_where_it_is_observed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
