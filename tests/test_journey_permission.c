#include "tests/journey_driver.h"

/* complements in every basket; everything else plays action 0 */
static void answer_complement(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    (void)driver;
    for (size_t i = 0; i < batch->n * batch->slate; i++) {
        action[i] = batch->stream_point == POINT_OFFER ? OFFER_COMPLEMENT : 0;
    }
}

/* every purchase is kept: permission of the second category is (1 - gain)^purchases of its gap */
static unsigned count_lines(double upsell_base)
{
    unsigned n = 0;
    driver_t driver;

    driver_defaults(&driver);
    driver.set.categories = 2;
    driver.set.permission_start = -1;
    driver.set.permission_gain = 0.5;
    driver.set.return_base = -50;
    driver.set.upsell_base = upsell_base;
    driver.set.births_organic = 0;
    driver_bind(&driver, NB_NEED_ROWS, answer_complement);
    driver_start(&driver, 4, 300, 30);
    driver_play(&driver, 0);
    for (uint32_t i = 0; i < 300; i++) {
        const relation_t *second = &driver.run->relations[journey_cell(driver.run, i, 1)];

        assert_close(second->permission, -pow(0.5, second->n_purchases), 1e-6, 0);
        n += second->n_purchases;
    }
    driver_free(&driver);
    return n;
}

static void test_kept_complements_win_permission(void **state)
{
    (void)state;
    unsigned without = count_lines(-50), with = count_lines(50);

    assert_true(without > 0);
    assert_true(with > 2 * without);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_complements_win_permission),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
