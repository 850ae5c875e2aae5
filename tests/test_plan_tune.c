#include "bench/plan.h"
#include "tests/testlib.h"

static const char experiment[] =
    "scenario: everyday\n"
    "customers: 9\n"
    "periods: 8\n"
    "replications: 2\n"
    "strategies:\n"
    "  never: {}\n"
    "  mail: {recognize: {policy: schedule, action: email, every: 8}}\n"
    "  any: {recognize: {policy: random}}\n";
static const char choices[] = "tune: {strategies: {mail: {recognize.every: [8, 1, 2]}}}\n";

static int make_plan(nb_plan_t *plan, const char *more, const char *set)
{
    char text[4096];

    snprintf(text, sizeof text, "%s%s", experiment, more);
    return nb_plan_init_text(plan, "x.yaml", text, &set, set ? 1 : 0);
}

static void test_plan_tune_crosses_what_it_varies(void **state)
{
    static const char more[] =
        "tune:\n  strategies:\n"
        "    mail: {recognize.every: [8, 1], recognize.action: [email, [coach, email]]}\n"
        "    any: {recognize: [{policy: random}, {policy: rules, rules: [{if: {feature: "
        "max_detector, above: 1}, action: call}]}]}\n";
    nb_plan_t plan;

    (void)state;
    assert_ok(make_plan(&plan, more, NULL));
    assert_int_equal(plan.tune->n_groups, 2);
    assert_int_equal(plan.tune->candidates->n_cells, 4 + 2);
    assert_string_equal(plan.tune->groups[0].cell, "mail");
    assert_string_equal(plan.tune->settings[1], "recognize.every=8, recognize.action="
                                                "[\"coach\", \"email\"]");
    assert_non_null(strstr(plan.tune->candidates->cells[3].canonical, "\"every\":1"));
    assert_string_equal(plan.tune->candidates->cells[5].strategy.bindings[0].policy.type->name,
                        "rules");
    assert_int_equal(plan.n_cells, 5);
    assert_null(plan.tune->outcome);
    nb_plan_free(&plan);
}

static void test_plan_tune_reaches_into_rules(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_ok(make_plan(&plan, "tune: {strategies: {any: {recognize.rules.0.if.above: [0, 2]}}}\n",
                        "strategies.any.recognize={policy: rules, rules: [{if: {feature: "
                        "max_detector, above: 1}, action: call}]}"));
    assert_non_null(strstr(plan.tune->candidates->cells[1].canonical, "\"above\":0x1p+1"));
    nb_plan_free(&plan);
    assert_fails(make_plan(&plan,
                           "tune: {strategies: {any: {recognize.rules.1.if.above: [0, 2]}}}\n",
                           "strategies.any.recognize={policy: rules, rules: [{if: {feature: "
                           "max_detector, above: 1}, action: call}]}"),
                 NB_ERR_CONFIG,
                 "'strategies.any.recognize.rules' has 1 items, numbered from 0: there is no "
                 "item 1");
    nb_plan_free(&plan);
}

static void test_plan_tune_seed_is_apart_and_part_of_the_text(void **state)
{
    nb_plan_t plan, other;

    (void)state;
    assert_ok(make_plan(&plan, choices, NULL));
    assert_ok(make_plan(&other, choices, "seed=2"));
    assert_int_not_equal(plan.tune->candidates->seed, 1);
    assert_int_not_equal(plan.tune->candidates->seed, other.tune->candidates->seed);
    assert_int_equal(plan.tune->candidates->policy_seed, plan.tune->candidates->seed);
    nb_plan_free(&other);
    assert_ok(make_plan(&other, choices, "tune={seed: 77, customers: 5, eta: 3, metric: equity}"));
    assert_int_equal(other.tune->candidates->seed, 77);
    assert_int_equal(other.tune->candidates->customers, 5);
    assert_int_equal(other.tune->eta, 3);
    assert_string_not_equal(other.plan_hash, plan.plan_hash);
    assert_non_null(strstr(other.config_text, "  customers: 5\n  seed: 77\n  eta: 3\n"));
    nb_plan_free(&other);
    nb_plan_free(&plan);
    /* the first metric of the experiment decides, unless another is named */
    assert_ok(make_plan(&other, choices, "metrics=[clv, equity]"));
    assert_string_equal(other.tune->metric, "clv");
    nb_plan_free(&other);
}

static void test_plan_tune_refuses_what_is_wrong(void **state)
{
    static const struct {
        const char *block;
        int code;
        const char *words;
    } cases[] = {
        {"{}", NB_ERR_CONFIG, "tune: expected a map 'strategies' of what is tuned"},
        {"{strategies: {mial: {recognize.every: [1]}}}", NB_ERR_CONFIG,
         "x.yaml:9:21: tune.strategies.mial: unknown strategy 'mial', did you mean 'mail'?"},
        {"{strategies: {mail: {recognize.evry: [1]}}}", NB_ERR_CONFIG,
         "unknown key 'evry', did you mean 'every'?"},
        {"{strategies: {mail: {recognise.every: [1]}}}", NB_ERR_CONFIG,
         "did you mean 'recognize'?"},
        {"{strategies: {mail: {recognize.action.0: [email]}}}", NB_ERR_CONFIG, "action"},
        {"{strategies: {mail: {recognize.every: []}}}", NB_ERR_RANGE,
         "tune.strategies.mail.recognize.every: 0 values, expected 1 to 100000"},
        {"{strategies: {mail: {recognize.every: [2, 2]}}}", NB_ERR_CONFIG, "given twice"},
        {"{strategies: {mail: {recognize.every: 2}}}", NB_ERR_CONFIG,
         "expected a list of values to choose from"},
        {"{strategies: {mail: {}}}", NB_ERR_CONFIG, "expected a list of values"},
        {"{strategies: {mail: [1]}}", NB_ERR_CONFIG, "expected a map {POINT.SETTING: "},
        {"{budget: 2, strategies: {mail: {recognize.every: [1, 2, 3]}}}", NB_ERR_RANGE,
         "3 settings and a budget of 2 units, expected a unit for each"},
        {"{budget: 0, strategies: {mail: {recognize.every: [1]}}}", NB_ERR_RANGE,
         "expected 1 to 1000000"},
        {"{eta: 1, strategies: {mail: {recognize.every: [1]}}}", NB_ERR_RANGE, "expected 2 to 8"},
        {"{seed: 1, strategies: {mail: {recognize.every: [1]}}}", NB_ERR_CONFIG,
         "1 is the seed of the experiment"},
        {"{metric: equty, strategies: {mail: {recognize.every: [1]}}}", NB_ERR_CONFIG,
         "tune.metric: unknown metric 'equty', did you mean 'equity'?"},
        {"{metric: contacts, strategies: {mail: {recognize.every: [1]}}}", NB_ERR_CONFIG,
         "more of 'contacts' is no gain"},
        {"{scenario: all, strategies: {mail: {recognize.every: [1]}}}", NB_ERR_CONFIG,
         "expected each or first"},
        {"{defaults: no, strategies: {mail: {recognize.every: [1]}}}", NB_ERR_CONFIG,
         "expected drop or keep"},
        {"{budgets: 3, strategies: {mail: {recognize.every: [1]}}}", NB_ERR_CONFIG,
         "did you mean 'budget'?"},
        {"{strategies: {mail: {recognize.every: [1, 2]}}}\n"
         "sweep: [{key: strategies.mail.recognize.phase, values: [same]}]",
         NB_ERR_UNSUPPORTED, "strategy 'mail' is tuned and swept"},
        {"{strategies: {mail: {recognize.every: [1, 2]}}}\n"
         "strategies.mail (default): {}",
         NB_ERR_CONFIG, "a strategy 'mail (default)' is there already"},
    };
    char more[512];
    nb_plan_t plan;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(more, sizeof more, "tune: %s\n", cases[i].block);
        assert_fails(make_plan(&plan, more, NULL), cases[i].code, cases[i].words);
        nb_plan_free(&plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_tune_crosses_what_it_varies),
        cmocka_unit_test(test_plan_tune_reaches_into_rules),
        cmocka_unit_test(test_plan_tune_seed_is_apart_and_part_of_the_text),
        cmocka_unit_test(test_plan_tune_refuses_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
