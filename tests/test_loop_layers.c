/* Wrappers, records of customers and the cadence of updates, in runs of an experiment. */
#include "tests/run_sample.h"

static const char experiment[] =
    "name: layers\n"
    "scenario: everyday\n"
    "customers: 60\n"
    "periods: 12\n"
    "tail: false\n"
    "births: {organic: 0.2, paid: 0.1}\n"
    "strategies:\n"
    "  plain: {recognize: {policy: lin_ts}}\n"
    "  idle: {recognize: {bwk: {policy: lin_ts}, step: 0}}\n"
    "  long: {recognize: {policy: bwk, step: 0, inner: {policy: lin_ts}}}\n"
    "  patient: {recognize: {fatigue_aware: {policy: lin_ts}, shrink: 1}}\n"
    "  nested: {recognize: {bwk: {fatigue_aware: {delayed: {policy: lin_ts}}, shrink: 1},"
    " share: 0.1, credit: partial(3)}}\n"
    "  every1: {recognize: {policy: lin_ts, update_every: 1}}\n"
    "  every5: {recognize: {policy: lin_ts, update_every: 5}}\n"
    "  once: {recognize: {policy: lin_ts, update_every: 500}}\n";

enum { PLAIN, IDLE, LONG, PATIENT, NESTED, EVERY1, EVERY5, ONCE, N_CELLS };

static run_numbers_t numbers[N_CELLS];

static int set_up(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "layers.yaml", experiment, NULL, 0));
    assert_int_equal(plan.n_cells, N_CELLS);
    for (size_t cell = 0; cell < N_CELLS; cell++) {
        nb_loop_spec_t spec = run_sample_spec(&plan, cell);
        nb_loop_t loop;

        assert_ok(nb_loop_init(&loop, &spec));
        assert_ok(nb_loop_run(&loop));
        numbers[cell] = run_numbers(&loop);
        /* customers were born beyond the records that the run began with */
        assert_true(spec.environment->n_rows(loop.run) > 2 * spec.n_customers);
        nb_loop_free(&loop);
    }
    nb_plan_free(&plan);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t cell = 0; cell < N_CELLS; cell++) {
        nb_free(numbers[cell].values);
    }
    return 0;
}

static int are_equal(int a, int b)
{
    return numbers[a].n == numbers[b].n &&
           memcmp(numbers[a].values, numbers[b].values, numbers[a].n * sizeof(double)) == 0;
}

static void test_loop_a_wrapper_that_does_nothing_changes_no_bit(void **state)
{
    (void)state;
    assert_true(are_equal(PLAIN, IDLE));
    assert_true(are_equal(IDLE, LONG));
}

static void test_loop_wrappers_change_what_is_played(void **state)
{
    (void)state;
    assert_false(are_equal(PLAIN, PATIENT));
    assert_false(are_equal(PATIENT, NESTED));
}

static void test_loop_learners_update_as_often_as_asked(void **state)
{
    (void)state;
    assert_true(are_equal(PLAIN, EVERY1));
    assert_false(are_equal(EVERY1, EVERY5));
    assert_false(are_equal(EVERY5, ONCE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_a_wrapper_that_does_nothing_changes_no_bit),
        cmocka_unit_test(test_loop_wrappers_change_what_is_played),
        cmocka_unit_test(test_loop_learners_update_as_often_as_asked),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
