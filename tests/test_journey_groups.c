/*
 * Groups of customers: what is reported by segment and cohort adds up to what is reported of all,
 * and stops where that stops.
 */
#include "tests/journey_driver.h"

static int index_of(const nb_result_t *result, const char *name)
{
    for (size_t k = 0; k < result->n_scalars; k++) {
        if (strcmp(result->scalars[k].name, name) == 0) {
            return (int)k;
        }
    }
    fail_msg("no metric %s", name);
    return -1;
}

/* mean over groups, weighed by their sizes */
static double mean_of(const nb_result_t *result, const double *by_group, size_t n, const char *name)
{
    const double *values = by_group + (size_t)index_of(result, name) * n;
    const double *sizes = by_group + (size_t)index_of(result, "customers") * n;
    double sum = 0;

    for (size_t g = 0; g < n; g++) {
        sum += sizes[g] > 0 ? values[g] * sizes[g] : 0;
    }
    return sum;
}

/* founders alone: nobody is born later */
static void only_founders(driver_t *driver)
{
    driver_defaults(driver);
    driver->set.births_organic = 0;
    driver->set.referral_base = driver->set.referral_satisfaction = 0;
}

static void test_groups_count_orders_and_lives_until_the_horizon(void **state)
{
    (void)state;
    for (int burn_in = 0; burn_in <= 10; burn_in += 10) {
        driver_t driver;
        nb_result_t result;

        only_founders(&driver);
        driver.set.burn_in_periods = burn_in;
        driver_start(&driver, 3, 400, 60);
        driver_play(&driver, 1);
        assert_ok(journey_result(driver.run, &result));
        assert_true(result.scalar[index_of(&result, "tail_periods")] > 50);
        assert_close(mean_of(&result, result.by_segment, result.n_segments, "orders"),
                     result.scalar[index_of(&result, "orders")], 1e-12, 0);
        assert_close(mean_of(&result, result.by_segment, result.n_segments, "retention_end"),
                     result.scalar[index_of(&result, "retention_end")], 1e-12, 0);
        if (!burn_in) {
            assert_close(mean_of(&result, result.by_cohort, result.n_cohorts, "orders"),
                         result.scalar[index_of(&result, "orders")], 1e-12, 0);
            assert_close(mean_of(&result, result.by_segment, result.n_segments, "clv"),
                         result.scalar[index_of(&result, "clv")], 1e-9, 0);
        }
        driver_free(&driver);
    }
}

static void test_firms_knowledge_is_that_of_the_horizon(void **state)
{
    driver_t driver;
    nb_result_t result;
    size_t k = 0;

    (void)state;
    driver_defaults(&driver);
    driver.set.firms = 2;
    driver_start(&driver, 3, 400, 40);
    driver_play(&driver, 1);
    assert_ok(journey_result(driver.run, &result));
    assert_true(driver.run->at.K_pop[0] > driver.run->at.K_horizon[0]);
    while (strcmp(result.series[k].name, "knowledge_population") != 0) {
        assert_true(++k < result.n_series);
    }
    assert_close(result.scalar[index_of(&result, "knowledge_firm1")],
                 result.series_values[(k + 1) * (size_t)result.periods - 1], 0, 0);
    driver_free(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups_count_orders_and_lives_until_the_horizon),
        cmocka_unit_test(test_firms_knowledge_is_that_of_the_horizon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
