#include "bench/compare.h"
#include "core/memory.h"
#include "tests/testlib.h"

enum { N_CELLS = 4, N_REPLICATIONS = 4 };

static char *cells[] = {"never", "weekly", "copy", "bandit"};
static char *scenarios[] = {"everyday", "everyday", "everyday", "everyday"};
static int8_t status[N_CELLS * N_REPLICATIONS];

/* results as they would be read back, with these attributes */
static nb_results_t make_results(char **names, char **values, size_t n_attributes)
{
    nb_results_t results = {
        .n_cells = N_CELLS,
        .n_replications = N_REPLICATIONS,
        .cell = cells,
        .scenario = scenarios,
        .strategy = cells,
        .status = status,
        .n_attributes = n_attributes,
        .attribute_names = names,
        .attribute_values = values,
    };

    memset(status, 1, sizeof status);
    return results;
}

static const double equity[N_CELLS * N_REPLICATIONS] = {
    10,   12,   11,   13,   /* never */
    12,   14.1, 12.9, 15,   /* weekly */
    10,   12,   11,   13,   /* copy of never */
    10.5, 11,   12,   12.9, /* bandit */
};

static const nb_compare_spec_t by_default = {.delta = -1};

static void test_compare_means_and_paired_differences(void **state)
{
    nb_results_t results = make_results(NULL, NULL, 0);
    nb_compare_t compare;

    (void)state;
    assert_ok(nb_compare_init(&compare, &results, "equity", equity, &by_default));
    assert_int_equal(compare.n_rows, 4);
    assert_string_equal(compare.baseline, "never");
    assert_close(compare.delta, 0.01, 0, 0);
    assert_close(compare.rows[0].mean, 11.5, 1e-15, 0);
    assert_close(compare.rows[0].sd, sqrt(5.0 / 3), 1e-14, 0);
    assert_close(compare.rows[0].se, sqrt(5.0 / 12), 1e-14, 0);
    assert_false(compare.rows[0].is_compared);
    /* differences 2, 2.1, 1.9, 2: mean 2, sd 0.0816, t(3) 3.182446 */
    assert_close(compare.rows[1].difference.mean, 2, 1e-12, 0);
    assert_close(compare.rows[1].difference.high, 2 + 3.182446305 * sqrt(0.02 / 3) / 2, 1e-9, 0);
    assert_int_equal(compare.rows[1].verdict, NB_VERDICT_BETTER);
    assert_int_equal(compare.rows[3].verdict, NB_VERDICT_UNDECIDED);
    nb_compare_free(&compare);
    nb_compare_free(&compare);
}

static void test_compare_copies_differ_by_exactly_zero(void **state)
{
    nb_results_t results = make_results(NULL, NULL, 0);
    nb_compare_spec_t spec = {.delta = 0};
    nb_compare_t compare;

    (void)state;
    assert_ok(nb_compare_init(&compare, &results, "equity", equity, &spec));
    assert_true(compare.rows[2].difference.mean == 0);
    assert_true(compare.rows[2].difference.low == 0 && compare.rows[2].difference.high == 0);
    assert_true(compare.rows[2].p_adjusted == 1);
    assert_int_equal(compare.rows[2].verdict, NB_VERDICT_EQUIVALENT);
    nb_compare_free(&compare);
}

static void test_compare_adjusts_within_the_scenario(void **state)
{
    nb_results_t results = make_results(NULL, NULL, 0);
    nb_compare_t compare;
    char *two[] = {"everyday", "everyday", "plain", "plain"};

    (void)state;
    assert_ok(nb_compare_init(&compare, &results, "equity", equity, &by_default));
    assert_close(compare.rows[1].p_adjusted, 3 * compare.rows[1].difference.p, 1e-14, 0);
    assert_true(isnan(compare.rows[0].p_adjusted));
    nb_compare_free(&compare);
    results.scenario = two;
    assert_ok(nb_compare_init(&compare, &results, "equity", equity, &by_default));
    assert_close(compare.rows[1].p_adjusted, compare.rows[1].difference.p, 0, 0);
    /* the other scenario has no baseline: nothing is compared there */
    assert_false(compare.rows[3].is_compared);
    nb_compare_free(&compare);
}

static void test_compare_pairs_within_worlds(void **state)
{
    char *names[] = {"worlds"}, *values[] = {"0 0 1 1"};
    char *strategies[] = {"never", "weekly", "never", "weekly"};
    nb_results_t results = make_results(names, values, 1);
    nb_compare_spec_t to_one_cell = {.baseline = "copy", .delta = -1};
    nb_compare_t compare;

    (void)state;
    results.strategy = strategies;
    assert_ok(nb_compare_init(&compare, &results, "equity", equity, &by_default));
    assert_int_equal(compare.rows[1].i_baseline, 0);
    assert_int_equal(compare.rows[3].i_baseline, 2);
    nb_compare_free(&compare);
    assert_ok(nb_compare_init(&compare, &results, "equity", equity, &to_one_cell));
    assert_int_equal(compare.rows[1].i_baseline, 2);
    nb_compare_free(&compare);
}

static void test_compare_counts_what_failed_or_is_missing(void **state)
{
    nb_results_t results = make_results(NULL, NULL, 0);
    double values[N_CELLS * N_REPLICATIONS];
    nb_compare_t compare;

    (void)state;
    memcpy(values, equity, sizeof values);
    values[4] = values[5] = values[1] = NAN;
    status[4] = 2;
    status[5] = status[1] = 0;
    assert_ok(nb_compare_init(&compare, &results, "equity", values, &by_default));
    assert_int_equal(compare.rows[1].n, 2);
    assert_int_equal(compare.rows[1].n_failed, 1);
    assert_int_equal(compare.rows[1].n_missing, 1);
    assert_int_equal(compare.rows[1].difference.n, 2);
    assert_int_equal(compare.rows[3].difference.n, 3);
    nb_compare_free(&compare);
}

static void test_compare_needs_two_replications_for_an_interval(void **state)
{
    nb_results_t results = make_results(NULL, NULL, 0);
    nb_compare_t compare;

    (void)state;
    results.n_replications = 1;
    assert_ok(nb_compare_init(&compare, &results, "equity", equity, &by_default));
    assert_int_equal(compare.rows[1].verdict, NB_VERDICT_NONE);
    assert_true(isnan(compare.rows[1].difference.low));
    nb_compare_free(&compare);
}

static void test_compare_takes_baseline_and_delta_of_the_experiment(void **state)
{
    char *names[] = {"baseline", "delta"}, *values[] = {"bandit", "0.25"};
    nb_results_t results = make_results(names, values, 2);
    nb_compare_spec_t other = {.baseline = "weekly", .delta = 0.5};
    nb_compare_t compare;

    (void)state;
    assert_ok(nb_compare_init(&compare, &results, "equity", equity, &by_default));
    assert_string_equal(compare.baseline, "bandit");
    assert_close(compare.delta, 0.25, 0, 0);
    nb_compare_free(&compare);
    assert_ok(nb_compare_init(&compare, &results, "equity", equity, &other));
    assert_string_equal(compare.baseline, "weekly");
    assert_int_equal(compare.rows[0].verdict, NB_VERDICT_EQUIVALENT);
    nb_compare_free(&compare);
}

static void test_verdict_names_follow_the_metric(void **state)
{
    (void)state;
    assert_string_equal(nb_verdict_name(NB_VERDICT_BETTER, "equity"), "better");
    assert_string_equal(nb_verdict_name(NB_VERDICT_WORSE, "equity"), "worse");
    assert_string_equal(nb_verdict_name(NB_VERDICT_BETTER, "contacts"), "higher");
    assert_string_equal(nb_verdict_name(NB_VERDICT_WORSE, "contacts"), "lower");
    assert_string_equal(nb_verdict_name(NB_VERDICT_NONE, "contacts"), "no interval");
}

static void test_compare_refuses_unknown_names(void **state)
{
    nb_results_t results = make_results(NULL, NULL, 0);
    nb_compare_spec_t baseline = {.baseline = "wekly"}, scenario = {.scenario = "everday"};
    nb_compare_t compare;

    (void)state;
    assert_fails(nb_compare_init(&compare, &results, "equity", equity, &baseline), NB_ERR_NOT_FOUND,
                 "the nearest is \"weekly\"");
    nb_compare_free(&compare);
    assert_fails(nb_compare_init(&compare, &results, "equity", equity, &scenario), NB_ERR_NOT_FOUND,
                 "the nearest is \"everyday\"");
    nb_compare_free(&compare);
}

static void test_compare_survives_each_failing_allocation(void **state)
{
    nb_results_t results = make_results(NULL, NULL, 0);
    uint64_t before = nb_alloc_count(), n;
    nb_compare_t compare;

    (void)state;
    assert_ok(nb_compare_init(&compare, &results, "equity", equity, &by_default));
    n = nb_alloc_count() - before;
    nb_compare_free(&compare);
    for (uint64_t i = 1; i <= n; i++) {
        nb_alloc_fail_at(i);
        assert_int_equal(nb_compare_init(&compare, &results, "equity", equity, &by_default),
                         NB_ERR_MEMORY);
        nb_alloc_fail_at(0);
        nb_compare_free(&compare);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare_means_and_paired_differences),
        cmocka_unit_test(test_compare_copies_differ_by_exactly_zero),
        cmocka_unit_test(test_compare_adjusts_within_the_scenario),
        cmocka_unit_test(test_compare_pairs_within_worlds),
        cmocka_unit_test(test_compare_counts_what_failed_or_is_missing),
        cmocka_unit_test(test_compare_needs_two_replications_for_an_interval),
        cmocka_unit_test(test_compare_takes_baseline_and_delta_of_the_experiment),
        cmocka_unit_test(test_verdict_names_follow_the_metric),
        cmocka_unit_test(test_compare_refuses_unknown_names),
        cmocka_unit_test(test_compare_survives_each_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
