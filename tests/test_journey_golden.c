/*
 * What version 1 of the model gave, to the digits that were printed: with learning and referrals
 * off, no mechanism added since may move a strategy that does not use it.
 */
#include "tests/run_sample.h"

enum { N_STRATEGIES = 3, N_REPLICATIONS = 2 };

static const char experiment[] =
    "name: golden\n"
    "scenario: everyday\n"
    "customers: 2000\n"
    "periods: 156\n"
    "learning: none\n"
    "referral: {base: 0, satisfaction: 0, paid: 0}\n"
    "strategies:\n"
    "  never: {}\n"
    "  monthly: {recognize: {policy: schedule, action: email, every: 4}}\n"
    "  weekly: {recognize: {policy: schedule, action: email, every: 1}}\n";

static double equity_of(const nb_plan_t *plan, size_t i_cell, uint32_t replication)
{
    nb_loop_spec_t spec = run_sample_spec(plan, i_cell);
    nb_result_t result;
    nb_loop_t loop;
    double equity = NAN;

    spec.key.replication = spec.policy_key.replication = replication;
    assert_ok(nb_loop_init(&loop, &spec));
    assert_ok(nb_loop_run(&loop));
    assert_ok(spec.environment->result(loop.run, &result));
    assert_string_equal(result.scalars[0].name, "equity");
    equity = result.scalar[0];
    nb_loop_free(&loop);
    return equity;
}

static void test_journey_golden_equity_is_that_of_version_1(void **state)
{
    /* model version 1, mean of replications 0 and 1, as it was printed */
    static const double expected[N_STRATEGIES] = {45.987463806, 52.454649906, 46.857637878};
    nb_plan_t plan;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "golden.yaml", experiment, NULL, 0));
    for (size_t k = 0; k < N_STRATEGIES; k++) {
        double mean = 0;

        for (uint32_t r = 0; r < N_REPLICATIONS; r++) {
            mean += equity_of(&plan, k, r) / N_REPLICATIONS;
        }
        assert_close(mean, expected[k], 0, 1e-9);
    }
    nb_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journey_golden_equity_is_that_of_version_1),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
