/* Who is worse off: the same customers with and without the firm's contacts. */
#include "bench/plan.h"
#include "bench/unit.h"
#include "tests/testlib.h"

static const char text[] = "name: shadow\nscenario: everyday\ncustomers: 300\nperiods: 30\n"
                           "replications: 1\nstrategies:\n  never: {}\n"
                           "  weekly: {recognize: {policy: schedule, action: email, every: 1}}\n";

static double run_cell(const nb_plan_t *plan, size_t i_cell, const char *metric)
{
    double value = NAN;
    nb_unit_t unit;

    assert_ok(nb_unit_run(&unit, plan, i_cell, 0, NULL));
    for (size_t i = 0; i < unit.shard.n_vars; i++) {
        if (strcmp(unit.shard.vars[i].name, metric) == 0) {
            value = unit.shard.vars[i].data[0];
        }
    }
    nb_unit_free(&unit);
    return value;
}

static void start(nb_plan_t *plan, const char *set)
{
    assert_ok(nb_plan_init_text(plan, "shadow", text, &set, set ? 1 : 0));
}

/* nobody is worse off for being left alone; weekly e-mail tires most of those it does not serve */
static void test_shadow_counts_who_is_worse_off(void **state)
{
    nb_plan_t plan;

    (void)state;
    start(&plan, "worse_off=true");
    assert_close(run_cell(&plan, 0, "worse_off"), 0, 0, 0);
    assert_in_range((int)(100 * run_cell(&plan, 1, "worse_off")), 50, 99);
    nb_plan_free(&plan);
}

/* contacts that tire nobody leave nobody worse off by fatigue alone */
static void test_shadow_without_discomfort_finds_fewer(void **state)
{
    const char *sets[] = {"worse_off=true", "surplus.fatigue=0"};
    double with, without;
    nb_plan_t plan;

    (void)state;
    start(&plan, "worse_off=true");
    with = run_cell(&plan, 1, "worse_off");
    nb_plan_free(&plan);
    assert_ok(nb_plan_init_text(&plan, "shadow", text, sets, 2));
    without = run_cell(&plan, 1, "worse_off");
    nb_plan_free(&plan);
    assert_true(without < with / 2);
}

/* not asked for: no second run, another key, and all else the same bits */
static void test_shadow_runs_only_where_asked(void **state)
{
    nb_plan_t asked, plain;

    (void)state;
    start(&asked, "worse_off=true");
    start(&plain, NULL);
    assert_string_not_equal(asked.keys[0], plain.keys[0]);
    assert_true(isnan(run_cell(&plain, 1, "worse_off")));
    assert_true(run_cell(&plain, 1, "equity") == run_cell(&asked, 1, "equity"));
    nb_plan_free(&asked);
    nb_plan_free(&plain);
}

static void test_shadow_is_not_compared_by_where_not_asked(void **state)
{
    const char *sets[] = {"metrics=[equity, worse_off]", "worse_off=true"};
    nb_plan_t plan;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "shadow", text, sets, 2));
    nb_plan_free(&plan);
    assert_fails(nb_plan_init_text(&plan, "shadow", text, sets, 1), NB_ERR_CONFIG,
                 "metrics[1]: 'worse_off' is counted only where the experiment says");
    nb_plan_free(&plan);
}

static void test_shadow_is_refused_where_customers_have_several_firms(void **state)
{
    const char *sets[] = {"worse_off=true", "firms=2"};
    const char *swept[] = {"worse_off=true", "sweep=[{key: firms, values: [1, 2]}]"};
    nb_plan_t plan;

    (void)state;
    assert_fails(nb_plan_init_text(&plan, "shadow", text, sets, 2), NB_ERR_CONFIG,
                 "worse_off: environment journey does not tell the surplus");
    nb_plan_free(&plan);
    assert_fails(nb_plan_init_text(&plan, "shadow", text, swept, 2), NB_ERR_CONFIG, "worse_off");
    nb_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shadow_counts_who_is_worse_off),
        cmocka_unit_test(test_shadow_without_discomfort_finds_fewer),
        cmocka_unit_test(test_shadow_runs_only_where_asked),
        cmocka_unit_test(test_shadow_is_not_compared_by_where_not_asked),
        cmocka_unit_test(test_shadow_is_refused_where_customers_have_several_firms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
