/*
 * Size: results per initial customer do not depend on how many are simulated, and a population of
 * 100,000 fits into a gibibyte.
 */
#include <sys/resource.h>

#include "bench/unit.h"
#include "core/stats.h"
#include "tests/journey_driver.h"

static int monthly = 4;

/* a world in which what customers do to each other counts: learning, word of mouth, referrals */
static void play(driver_t *driver, uint32_t replication, size_t customers, int periods)
{
    driver_defaults(driver);
    driver->context = &monthly;
    driver->needs[POINT_RECOGNIZE] = NB_NEED_ROWS;
    driver->answer = answer_schedule;
    driver_start(driver, replication, customers, periods);
    driver_play(driver, 0);
}

static const char *const metrics[] = {"equity",   "clv",       "orders",        "customers",
                                      "referred", "trust_end", "retention_end", "knowledge_end"};
enum { N_METRICS = 8, FEW = 5000, MANY = 50000 };

static void test_scale_results_do_not_depend_on_the_number_of_customers(void **state)
{
    const int replications[2] = {30, 4};
    nb_moments_t moments[2][N_METRICS] = {0};

    (void)state;
    for (int k = 0; k < 2; k++) {
        for (int r = 0; r < replications[k]; r++) {
            driver_t driver;

            play(&driver, (uint32_t)(100 * k + r), k ? MANY : FEW, 104);
            for (int m = 0; m < N_METRICS; m++) {
                nb_moments_add(&moments[k][m], driver_scalar(&driver, metrics[m]));
            }
            driver_free(&driver);
        }
    }
    for (int m = 0; m < N_METRICS; m++) {
        /* variances go with 1 / N: that of the many, of which there are four runs, from the few */
        double variance = pow(nb_moments_sd(&moments[0][m]), 2);
        double se = sqrt(variance / replications[0] + variance * FEW / MANY / replications[1]);

        print_message("%s: %.5g of 5,000, %.5g of 50,000, SE of the difference %.2g\n", metrics[m],
                      moments[0][m].mean, moments[1][m].mean, se);
        assert_close(moments[0][m].mean, moments[1][m].mean, 0, 4 * se);
    }
}

/* a learner at every point, whose decisions wait for their credit, is what takes most */
static void test_scale_a_large_population_fits_into_a_gibibyte(void **state)
{
    struct rusage usage;
    nb_plan_t plan;
    nb_unit_t unit;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "large.yaml",
                                "name: large\nscenario: everyday\ncustomers: 100000\n"
                                "periods: 156\ntail: false\nreplications: 1\nstrategies:\n"
                                "  learner: {all: {policy: lin_ts, credit: window(8)}}\n",
                                NULL, 0));
    assert_ok(nb_unit_run(&unit, &plan, 0, 0, NULL));
    nb_unit_free(&unit);
    nb_plan_free(&plan);
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    print_message("peak memory %.0f MiB\n", (double)usage.ru_maxrss / 1024);
    assert_true(usage.ru_maxrss < 1024L * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale_a_large_population_fits_into_a_gibibyte),
        cmocka_unit_test(test_scale_results_do_not_depend_on_the_number_of_customers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
