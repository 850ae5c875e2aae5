/*
 * Records that are lost: what no record says, no policy sees.
 */
#include "tests/journey_driver.h"

enum { N = 300, RECENCY_2 = N_FEATURES + 3 };

/* customers who bought in the second category, and those whose features say so */
static void count(double lost, int *n_bought, int *n_seen)
{
    const float never = ((float)log1p(520) - 3.5f) / 1.5f;
    driver_t driver;

    driver_defaults(&driver);
    driver.set.categories = 2;
    driver.set.view_lost = lost;
    driver_start(&driver, 2, N, 30);
    driver_play(&driver, 0);
    assert_string_equal(driver.run->world->feature_names[RECENCY_2], "log_recency_2");
    *n_bought = *n_seen = 0;
    for (uint32_t i = 0; i < N; i++) {
        float x[MAX_FEATURES];

        journey_observe(driver.run, i, x);
        *n_bought += driver.run->relations[2 * i + 1].n_purchases > 0;
        *n_seen += x[RECENCY_2] < never - 1e-4f;
    }
    driver_free(&driver);
}

static void test_lost_orders_leave_no_recency_in_their_category(void **state)
{
    int n_bought, n_seen;

    (void)state;
    count(0, &n_bought, &n_seen);
    assert_true(n_bought > N / 10);
    assert_int_equal(n_seen, n_bought);
    count(1, &n_bought, &n_seen);
    assert_true(n_bought > N / 10);
    assert_int_equal(n_seen, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lost_orders_leave_no_recency_in_their_category),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
