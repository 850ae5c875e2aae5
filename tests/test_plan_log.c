#include "bench/plan_log.h"

#include "bench/plan.h"
#include "core/memory.h"
#include "tests/testlib.h"

static const char experiment[] = "name: small\n"
                                 "scenario: everyday\n"
                                 "customers: 50\n"
                                 "periods: 4\n"
                                 "replications: 3\n"
                                 "strategies: {never: {}, random: {all: {policy: random}}}\n";

static int make_plan(nb_plan_t *plan, const char *log)
{
    char set[200];
    const char *sets = set;

    snprintf(set, sizeof set, "log=%s", log);
    return nb_plan_init_text(plan, "x.yaml", experiment, &sets, 1);
}

static void check_log(const char *text, nb_log_t expected, const char *yaml)
{
    nb_plan_t plan, again;

    assert_ok(make_plan(&plan, text));
    assert_int_equal(plan.log.purchases, expected.purchases);
    assert_true(plan.log.decisions == expected.decisions);
    assert_int_equal(plan.log.truth, expected.truth);
    assert_true(plan.log.weeks == expected.weeks);
    assert_string_equal(plan.log_text, yaml);
    /* what is kept with the results reads back as the same experiment */
    assert_ok(nb_plan_init_text(&again, "kept.yaml", plan.config_text, NULL, 0));
    assert_string_equal(again.log_text, yaml);
    assert_string_equal(again.plan_hash, plan.plan_hash);
    nb_plan_free(&plan);
    nb_plan_free(&again);
}

static void test_log_reads_words_and_maps(void **state)
{
    (void)state;
    check_log("none", (nb_log_t){0}, "none");
    check_log("purchases", (nb_log_t){.purchases = 1}, "purchases");
    check_log("{purchases: true}", (nb_log_t){.purchases = 1}, "purchases");
    check_log("decisions", (nb_log_t){.decisions = 1},
              "{decisions: 1, truth: false, purchases: false}");
    check_log("decisions+truth", (nb_log_t){.decisions = 1, .truth = 1},
              "{decisions: 1, truth: true, purchases: false}");
    check_log("{decisions: 0.25, truth: true, weeks: 26, purchases: true, replications: [0, 2]}",
              (nb_log_t){.decisions = 0.25, .truth = 1, .weeks = 26, .purchases = 1},
              "{decisions: 0.25, truth: true, purchases: true, weeks: 26, replications: [0, 2]}");
}

static void test_log_says_what_is_wrong(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *words;
    } cases[] = {
        {"everything", NB_ERR_CONFIG, "log: 'everything', expected none, purchases, decisions"},
        {"[decisions]", NB_ERR_CONFIG, "a list, expected none, purchases, decisions"},
        {"{}", NB_ERR_CONFIG, "nothing is logged"},
        {"{decisions: 0}", NB_ERR_CONFIG, "nothing is logged, expected decisions: SHARE"},
        {"{purchases: false}", NB_ERR_CONFIG, "nothing is logged"},
        {"{replications: [0]}", NB_ERR_CONFIG, "nothing is logged"},
        {"{decisions: 1.5}", NB_ERR_RANGE, "1.5 is out of range, expected a share of customers"},
        {"{decisions: -0.1}", NB_ERR_RANGE, "expected a share"},
        {"{decisions: all}", NB_ERR_CONFIG, "all"},
        {"{decision: 1}", NB_ERR_CONFIG, "decisions"},
        {"{truth: true, purchases: true}", NB_ERR_CONFIG, "decisions that are not logged"},
        {"{decisions: 1, weeks: 4}", NB_ERR_CONFIG, "expected truth: true beside it"},
        {"{decisions: 1, truth: true, weeks: 0}", NB_ERR_RANGE, "more than 0 to 100000 weeks"},
        {"{decisions: 1, replications: 0}", NB_ERR_CONFIG, "expected a list of replications"},
        {"{decisions: 1, replications: []}", NB_ERR_CONFIG, "expected a list of replications"},
        {"{decisions: 1, replications: [3]}", NB_ERR_RANGE,
         "there is no replication 3, expected 0 to 2"},
        {"{decisions: 1, replications: [-1]}", NB_ERR_RANGE, "there is no replication -1"},
        {"{decisions: 1, replications: [1, 1]}", NB_ERR_CONFIG, "replication 1 listed twice"},
        {"{decisions: 1, replications: [x]}", NB_ERR_CONFIG, "x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nb_plan_t plan;
        int code = make_plan(&plan, cases[i].text);

        if (code != cases[i].code || !strstr(nb_error_detail(), cases[i].words)) {
            fail_msg("log=%s: %d %s", cases[i].text, code, nb_error_detail());
        }
        nb_plan_free(&plan);
    }
}

static int same_key(const nb_plan_t *a, const nb_plan_t *b, int replication)
{
    return strcmp(a->keys[replication], b->keys[replication]) == 0;
}

/* a unit's key says what it leaves behind: nothing else where it is not logged */
static void test_log_is_part_of_the_keys_of_logged_units_only(void **state)
{
    static const char *const logs[] = {"none",
                                       "purchases",
                                       "decisions",
                                       "{decisions: 0.5}",
                                       "decisions+truth",
                                       "{decisions: 1, truth: true, weeks: 4}",
                                       "{decisions: 1, purchases: true}"};
    enum { N_LOGS = 7 };
    nb_plan_t plans[N_LOGS], some;

    (void)state;
    for (int i = 0; i < N_LOGS; i++) {
        assert_ok(make_plan(&plans[i], logs[i]));
        for (int j = 0; j < i; j++) {
            assert_int_equal(same_key(&plans[i], &plans[j], 0), 0);
        }
    }
    assert_ok(make_plan(&some, "{decisions: 0.5, replications: [2, 0]}"));
    assert_true(same_key(&some, &plans[3], 0) && same_key(&some, &plans[3], 2));
    assert_true(same_key(&some, &plans[0], 1));
    assert_true(nb_log_has(&some.log, 2) && !nb_log_has(&some.log, 1));
    assert_true(!nb_log_has(&plans[0].log, 0) && nb_log_has(&plans[1].log, 1));
    for (int i = 0; i < N_LOGS; i++) {
        nb_plan_free(&plans[i]);
    }
    nb_plan_free(&some);
}

static void test_log_is_told_by_the_results(void **state)
{
    nb_results_plan_t view;
    nb_plan_t plan;

    (void)state;
    assert_ok(make_plan(&plan, "purchases"));
    assert_ok(nb_plan_results_view(&plan, &view));
    assert_string_equal(view.attribute_names[view.n_attributes - 1], "log");
    assert_string_equal(view.attribute_values[view.n_attributes - 1], "purchases");
    nb_plan_view_free(&view);
    nb_plan_free(&plan);
    assert_ok(make_plan(&plan, "none"));
    assert_ok(nb_plan_results_view(&plan, &view));
    assert_string_equal(view.attribute_names[view.n_attributes - 1], "worlds");
    nb_plan_view_free(&view);
    nb_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_reads_words_and_maps),
        cmocka_unit_test(test_log_says_what_is_wrong),
        cmocka_unit_test(test_log_is_part_of_the_keys_of_logged_units_only),
        cmocka_unit_test(test_log_is_told_by_the_results),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
