#include "bench/plan.h"

#include "core/memory.h"
#include "tests/testlib.h"

static const char small[] = "name: small\n"
                            "scenario: everyday\n"
                            "customers: 100\n"
                            "periods: 10\n"
                            "replications: 2\n"
                            "strategies:\n"
                            "  never:\n"
                            "  weekly: {recognize: {policy: schedule, action: email, every: 1}}\n";

/* the small experiment with `more` lines behind it */
static int read_plan(nb_plan_t *plan, const char *more, const char *set)
{
    char text[4096];

    snprintf(text, sizeof text, "%s%s", small, more);
    return nb_plan_init_text(plan, "x.yaml", text, &set, set ? 1 : 0);
}

static const nb_cell_t *cell_of(const nb_plan_t *plan, const char *label)
{
    for (size_t i = 0; i < plan->n_cells; i++) {
        if (strcmp(plan->cells[i].label, label) == 0) {
            return &plan->cells[i];
        }
    }
    fail_msg("no cell '%s'", label);
    return NULL;
}

static size_t index_of(const nb_plan_t *plan, const char *label)
{
    return (size_t)(cell_of(plan, label) - plan->cells);
}

/* key of the first replication of a cell */
static const char *key_of(const nb_plan_t *plan, const char *label)
{
    return plan->keys[index_of(plan, label) * (size_t)plan->replications];
}

static void test_plan_reads_a_small_experiment(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_ok(read_plan(&plan, "", NULL));
    assert_string_equal(plan.name, "small");
    assert_int_equal(plan.n_worlds, 1);
    assert_int_equal(plan.n_cells, 2);
    assert_int_equal(plan.customers, 100);
    assert_int_equal(plan.periods, 10);
    assert_int_equal(plan.replications, 2);
    assert_int_equal(plan.seed, 1);
    assert_int_equal(plan.policy_seed, 1);
    assert_int_equal(plan.tail, 1);
    assert_int_equal(nb_log_is_any(&plan.log), 0);
    assert_true(plan.delta == 0.01);
    assert_string_equal(plan.baseline, "");
    assert_string_equal(plan.metrics, "");
    assert_string_equal(plan.hypothesis, "[]");
    assert_string_equal(plan.worlds[0].scenario, "everyday");
    assert_string_equal(plan.cells[1].label, "weekly");
    assert_int_equal(plan.cells[0].strategy.n_bindings, 0);
    assert_int_equal(plan.seeds[3], 1);
    assert_int_equal(strlen(plan.keys[3]), 32);
    assert_string_not_equal(plan.keys[0], plan.keys[1]);
    assert_string_not_equal(plan.keys[0], plan.keys[2]);
    nb_plan_free(&plan);
    nb_plan_free(&plan);
}

static void test_plan_reads_every_key(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_ok(read_plan(&plan,
                        "seed: 7\npolicy_seed: 9\nlog: purchases\ntail: false\ndelta: 0.2\n"
                        "metrics: [equity, clv]\nbaseline: weekly\nsummary: words\n"
                        "fatigue: {keep: 0.5}\n"
                        "hypothesis: [{id: H1, contrast: weekly - never, metric: equity, "
                        "sign: '-', delta: 0.1, family: f}]\n",
                        NULL));
    assert_int_equal(plan.seed, 7);
    assert_int_equal(plan.policy_seed, 9);
    assert_int_equal(plan.log.purchases, 1);
    assert_string_equal(plan.log_text, "purchases");
    assert_int_equal(plan.tail, 0);
    assert_true(plan.delta == 0.2);
    assert_string_equal(plan.metrics, "equity,clv");
    assert_string_equal(plan.baseline, "weekly");
    assert_string_equal(plan.hypothesis,
                        "[{\"contrast\":\"weekly - never\",\"delta\":0.10000000000000001,"
                        "\"family\":\"f\",\"id\":\"H1\",\"metric\":\"equity\",\"sign\":\"-\"}]");
    assert_non_null(strstr(plan.cells[0].canonical, "\"fatigue.keep\":0x1p-1"));
    nb_plan_free(&plan);
    assert_ok(read_plan(&plan,
                        "hypothesis: [{id: H1, contrast: weekly, metric: retention, sign: =, "
                        "value: 0.5, within: 0.25}]\n",
                        NULL));
    assert_string_equal(plan.hypothesis,
                        "[{\"contrast\":\"weekly\",\"id\":\"H1\",\"metric\":\"retention\","
                        "\"sign\":\"=\",\"value\":0.5,\"within\":0.25}]");
    nb_plan_free(&plan);
    assert_ok(read_plan(&plan, "seed: 7\n", NULL));
    assert_int_equal(plan.policy_seed, 7);
    nb_plan_free(&plan);
}

static void test_plan_layers_scenario_experiment_and_sets(void **state)
{
    nb_plan_t plan;

    (void)state;
    /* plain says need.queue true and churn.purchase -50 */
    assert_ok(read_plan(&plan, "need.lost: 0.5\nchurn: {weekly: 0.5}\n", "scenario=plain"));
    assert_non_null(strstr(plan.cells[0].canonical, "\"need.queue\":true"));
    assert_non_null(strstr(plan.cells[0].canonical, "\"need.lost\":0x1p-1"));
    assert_non_null(strstr(plan.cells[0].canonical, "\"churn.purchase\":-0x1.9p+5"));
    assert_non_null(strstr(plan.cells[0].canonical, "\"churn.weekly\":0x1p-1"));
    nb_plan_free(&plan);
    assert_ok(read_plan(&plan, "need.lost: 0.5\n", "need.lost=0.25"));
    assert_non_null(strstr(plan.cells[0].canonical, "\"need.lost\":0x1p-2"));
    nb_plan_free(&plan);
    assert_ok(read_plan(&plan, "", "strategies.weekly.recognize.every=3"));
    assert_non_null(strstr(plan.cells[1].canonical, "\"every\":3"));
    nb_plan_free(&plan);
}

static void test_plan_crosses_axes_and_keeps_them_to_their_strategy(void **state)
{
    nb_plan_t plan;
    size_t i;

    (void)state;
    assert_ok(read_plan(&plan,
                        "sweep:\n- {key: fatigue.keep, values: [0.5, 0.9]}\n"
                        "- {key: strategies.weekly.recognize.every, values: [1, 2, 4]}\n",
                        NULL));
    assert_int_equal(plan.n_worlds, 2);
    assert_int_equal(plan.n_cells, 2 * (1 + 3));
    assert_int_equal(plan.n_params, 2);
    i = index_of(&plan, "weekly | fatigue.keep=0.9 | recognize.every=4");
    assert_non_null(strstr(plan.cells[i].canonical, "\"every\":4"));
    assert_non_null(strstr(plan.cells[i].canonical, "\"fatigue.keep\":0x1.ccccccccccccdp-1"));
    assert_string_equal(plan.params[0].name, "fatigue.keep");
    assert_true(plan.params[0].values[i] == 0.9);
    assert_true(plan.params[1].values[i] == 4);
    i = index_of(&plan, "never | fatigue.keep=0.5");
    assert_true(plan.params[0].values[i] == 0.5);
    assert_true(isnan(plan.params[1].values[i]));
    assert_int_equal(plan.cells[i].i_world, 0);
    nb_plan_free(&plan);
}

static void test_plan_sweeps_words_and_ranges(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_ok(read_plan(&plan,
                        "sweep:\n- {key: strategies.weekly.recognize.phase, "
                        "values: [same, staggered]}\n"
                        "- {key: need.lost, linspace: [0.1, 0.4, 4]}\n"
                        "- {key: births.organic, logspace: [0.0001, 0.01, 3]}\n",
                        NULL));
    assert_int_equal(plan.n_cells, 3 * 12);
    assert_null(plan.params[0].values);
    assert_string_equal(
        plan.params[0].texts[index_of(&plan, "never | need.lost=0.1 | births.organic=0.0001")], "");
    assert_string_equal(
        plan.params[0].texts[index_of(&plan, "weekly | recognize.phase=same | "
                                             "need.lost=0.4 | births.organic=0.01")],
        "same");
    cell_of(&plan, "never | need.lost=0.2 | births.organic=0.001");
    cell_of(&plan, "never | need.lost=0.3 | births.organic=0.01");
    nb_plan_free(&plan);
}

static void test_plan_sweep_can_choose_the_policy(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_ok(read_plan(&plan,
                        "sweep:\n- {key: strategies.learner.recognize.policy, "
                        "values: [lin_ts, lin_ucb]}\n",
                        "strategies.learner={recognize: {credit: window(4)}}"));
    assert_string_equal(cell_of(&plan, "learner | recognize.policy=lin_ucb")
                            ->strategy.bindings[0]
                            .policy.type->name,
                        "lin_ucb");
    nb_plan_free(&plan);
}

static void test_plan_sweeps_items_of_lists_and_whole_points(void **state)
{
    static const char rule[] =
        "strategies.rule={recognize: {policy: rules, rules: [{if: {feature: max_detector, "
        "above: 1}, action: email}]}}";
    static const char *const sets[] = {rule, "strategies.rule.recognize.rules.0.action=call"};
    nb_plan_t plan;

    (void)state;
    assert_ok(read_plan(&plan,
                        "sweep:\n"
                        "- {key: strategies.rule.recognize.rules.0.if.above, values: [1, 2]}\n",
                        rule));
    assert_non_null(strstr(cell_of(&plan, "rule | recognize.rules.0.if.above=2")->canonical,
                           "\"above\":0x1p+1"));
    nb_plan_free(&plan);
    assert_ok(nb_plan_init_text(&plan, "x.yaml", small, sets, 2));
    assert_non_null(strstr(cell_of(&plan, "rule")->canonical, "\"action\":\"call\""));
    nb_plan_free(&plan);
    /* a whole point takes the place of what stood there, `every` with it */
    assert_ok(read_plan(&plan,
                        "sweep:\n- {key: strategies.weekly.recognize, values: "
                        "[{policy: random}, {policy: schedule, action: call}]}\n",
                        NULL));
    assert_int_equal(plan.n_cells, 3);
    assert_string_equal(plan.cells[1].strategy.bindings[0].policy.type->name, "random");
    assert_non_null(strstr(plan.cells[2].canonical, "\"every\":4"));
    nb_plan_free(&plan);
}

static void test_plan_runs_several_scenarios(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_ok(read_plan(&plan, "need.lost: 0.3\n",
                        "scenario=[everyday, plain, {name: mine, need: {queue: true}}]"));
    assert_int_equal(plan.n_worlds, 3);
    assert_int_equal(plan.n_cells, 6);
    assert_string_equal(plan.cells[2].label, "never | plain");
    assert_string_equal(plan.worlds[2].scenario, "mine");
    for (size_t i = 0; i < 6; i++) {
        assert_non_null(strstr(plan.cells[i].canonical, "\"need.lost\":0x1.3333333333333p-2"));
    }
    assert_non_null(strstr(cell_of(&plan, "weekly | mine")->canonical, "\"need.queue\":true"));
    nb_plan_free(&plan);
}

static void assert_runs_again(const char *more, const char *set)
{
    nb_plan_t plan, again;

    assert_ok(read_plan(&plan, more, set));
    assert_ok(nb_plan_init_text(&again, "elsewhere", plan.config_text, NULL, 0));
    assert_int_equal(again.n_cells, plan.n_cells);
    for (size_t u = 0; u < plan.n_cells * (size_t)plan.replications; u++) {
        assert_string_equal(again.keys[u], plan.keys[u]);
    }
    assert_string_equal(again.plan_hash, plan.plan_hash);
    assert_string_equal(again.config_text, plan.config_text);
    nb_plan_free(&plan);
    nb_plan_free(&again);
}

static void test_plan_text_run_again_gives_the_same_units(void **state)
{
    static const char *const more[] = {
        "",
        "metrics: clv\nbaseline: never\nlog: purchases\ntail: false\nseed: 3\npolicy_seed: 4\n"
        "hypothesis: [{id: H1, contrast: weekly - never, metric: clv, sign: +}]\n",
        "sweep:\n- {key: fatigue.keep, linspace: [0.1, 0.7, 3]}\n"
        "- {key: strategies.weekly.recognize.every, values: [1, 2]}\n"
        "- {key: strategies.weekly.recognize.phase, values: [same, staggered]}\n",
        "sweep: [{key: discount.annual, logspace: [0.01, 0.3, 3]}]\n",
    };
    static const char *const sets[] = {
        ("strategies.learner={all: {policy: lin_ts, credit: window(8)}, recognize: {policy: rules, "
         "rules: [{if: {feature: max_detector, above: 1}, action: [call, email]}]}}"),
        "scenario=[everyday, plain, {name: mine, need: {queue: true}}]",
        "fatigue.keep=0.123456789",
        "strategies.learner={joint: {points: [repeat, recognize], policy: random}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        for (size_t k = 0; k < sizeof sets / sizeof sets[0]; k++) {
            assert_runs_again(more[i], sets[k]);
        }
    }
}

static void test_plan_keys_hang_on_nothing_but_what_results_depend_on(void **state)
{
    static const char *const without_effect[] = {
        "name=other",
        "baseline=never",
        "metrics=clv",
        "delta=0.5",
        "replications=3",
        "strategies.other={all: {policy: random}}",
        "summary=words",
        "scenario={name: other}",
        "sweep=[{key: strategies.weekly.recognize.every, values: [2, 3]}]",
        "hypothesis=[{id: H, contrast: weekly - never, metric: clv, sign: +}]",
    };
    static const char *const with_effect[] = {
        "customers=101",
        "periods=11",
        "seed=2",
        "policy_seed=2",
        "tail=false",
        "log=purchases",
        "need.lost=0.16",
        "burn_in.periods=3",
        "strategies.never={offer: {policy: fixed, action: discount10}}",
    };
    nb_plan_t plan, changed;

    (void)state;
    assert_ok(read_plan(&plan, "", NULL));
    for (size_t i = 0; i < sizeof without_effect / sizeof without_effect[0]; i++) {
        assert_ok(read_plan(&changed, "", without_effect[i]));
        assert_string_equal(key_of(&plan, "never"), key_of(&changed, "never"));
        nb_plan_free(&changed);
    }
    for (size_t i = 0; i < sizeof with_effect / sizeof with_effect[0]; i++) {
        assert_ok(read_plan(&changed, "", with_effect[i]));
        assert_string_not_equal(key_of(&plan, "never"), key_of(&changed, "never"));
        nb_plan_free(&changed);
    }
    nb_plan_free(&plan);
}

static void test_plan_hash_covers_what_is_said_of_the_results(void **state)
{
    static const char *const sets[] = {
        "baseline=never", "metrics=clv", "delta=0.5", "replications=3",
        "hypothesis=[{id: H, contrast: weekly - never, metric: clv, sign: +}]"};
    nb_plan_t plan, changed;

    (void)state;
    assert_ok(read_plan(&plan, "", NULL));
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        assert_ok(read_plan(&changed, "", sets[i]));
        assert_string_not_equal(plan.plan_hash, changed.plan_hash);
        nb_plan_free(&changed);
    }
    nb_plan_free(&plan);
}

static void test_plan_json_has_a_line_per_cell(void **state)
{
    nb_plan_t plan;
    char *json = NULL, expected[512];

    (void)state;
    assert_ok(read_plan(&plan, "", NULL));
    assert_ok(nb_plan_json(&plan, &json));
    snprintf(expected, sizeof expected, ",\"seed\":1,\"policy_seed\":1,\"keys\":[\"%s\",\"%s\"]}\n",
             plan.keys[2], plan.keys[3]);
    assert_memory_equal(json, "{\"nextbest_plan\":1,\"name\":\"small\"}\n{\"cell\":\"never\"", 50);
    assert_string_equal(json + strlen(json) - strlen(expected), expected);
    nb_free(json);
    nb_plan_free(&plan);
}

static void test_plan_view_lends_labels_and_attributes(void **state)
{
    nb_results_plan_t view;
    nb_plan_t plan;

    (void)state;
    assert_ok(read_plan(&plan, "sweep: [{key: need.lost, values: [0.1, 0.2]}]\n", "delta=0.125"));
    assert_ok(nb_plan_results_view(&plan, &view));
    assert_int_equal(view.n_cells, 4);
    assert_int_equal(view.n_replications, 2);
    assert_string_equal(view.cell[3], "weekly | need.lost=0.2");
    assert_string_equal(view.scenario[3], "everyday");
    assert_string_equal(view.strategy[3], "weekly");
    assert_string_equal(view.attribute_names[2], "delta");
    assert_string_equal(view.attribute_values[2], "0.125");
    assert_string_equal(view.attribute_values[3], "[]");
    assert_string_equal(view.attribute_values[4], "0 0 1 1");
    assert_int_equal(view.n_attributes, 5);
    assert_ptr_equal(view.params, plan.params);
    assert_string_equal(view.plan_hash, plan.plan_hash);
    nb_plan_view_free(&view);
    nb_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_reads_a_small_experiment),
        cmocka_unit_test(test_plan_reads_every_key),
        cmocka_unit_test(test_plan_layers_scenario_experiment_and_sets),
        cmocka_unit_test(test_plan_crosses_axes_and_keeps_them_to_their_strategy),
        cmocka_unit_test(test_plan_sweeps_words_and_ranges),
        cmocka_unit_test(test_plan_sweep_can_choose_the_policy),
        cmocka_unit_test(test_plan_sweeps_items_of_lists_and_whole_points),
        cmocka_unit_test(test_plan_runs_several_scenarios),
        cmocka_unit_test(test_plan_text_run_again_gives_the_same_units),
        cmocka_unit_test(test_plan_keys_hang_on_nothing_but_what_results_depend_on),
        cmocka_unit_test(test_plan_hash_covers_what_is_said_of_the_results),
        cmocka_unit_test(test_plan_json_has_a_line_per_cell),
        cmocka_unit_test(test_plan_view_lends_labels_and_attributes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
