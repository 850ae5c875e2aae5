#define _POSIX_C_SOURCE 200809L
#include "bench/plan.h"
#include "core/memory.h"
#include "tests/testlib.h"

/* a small second environment, whose settings stand under its name */
static const nb_setting_t toy_settings[] = {
    {"noise", NB_SETTING_REAL, 0, 1, 0, 10, NULL, 0, "", "", "", "sd of the reward"},
    {0},
};
static const char *const arms[] = {"left", "right"};
static const nb_point_t toy_point = {
    .name = "arm", .phase = "", .n_actions = 2, .actions = arms, .max_slate = 1};
static const nb_spec_t toy_spec = {1, &toy_point, 1, 1, 0, 1};

static int make_toy(void **world, const void *settings)
{
    *world = NULL;
    if (*(const double *)settings > 5) {
        NB_FAIL(NB_ERR_CONFIG, "noise above 5");
    }
    return NB_OK;
}

static void free_toy(void *world)
{
    (void)world;
}

static const nb_spec_t *describe_toy(const void *world)
{
    (void)world;
    return &toy_spec;
}

/* a run of it does nothing but say that it records a metric m */
static int begin_toy(void **run, const void *world, const nb_run_spec_t *spec)
{
    (void)world;
    (void)spec;
    return nb_alloc(run, 1, 1);
}

static int measure_toy(void *run, nb_result_t *out)
{
    static const nb_metric_t metric = {"m", "", "nothing"};

    (void)run;
    *out = (nb_result_t){.n_scalars = 1, .scalars = &metric};
    return NB_OK;
}

static const nb_environment_type_t toy = {
    .name = "toy",
    .summary = "made for this test",
    .version = 5,
    .settings = toy_settings,
    .settings_size = sizeof(double),
    .world_init = make_toy,
    .world_free = free_toy,
    .spec = describe_toy,
    .init = begin_toy,
    .result = measure_toy,
    .free = nb_free,
};

/* stands before the library's own: adds `toy` */
const nb_environment_type_t *nb_environment_find(const char *name)
{
    for (size_t i = 0; i < nb_environment_count(); i++) {
        if (strcmp(nb_environment_at(i)->name, name) == 0) {
            return nb_environment_at(i);
        }
    }
    return strcmp(name, "toy") == 0 ? &toy : NULL;
}

static int read_text(nb_plan_t *plan, const char *text, const char *set)
{
    return nb_plan_init_text(plan, "x.yaml", text, &set, set ? 1 : 0);
}

static void assert_refused(const char *text, int code, const char *words)
{
    nb_plan_t plan;

    assert_fails(read_text(&plan, text, NULL), code, words);
    nb_plan_free(&plan);
}

static void test_plan_of_another_environment(void **state)
{
    static const char text[] = "environment: toy\ntoy: {noise: 2}\ncustomers: 10\n"
                               "strategies: {r: {arm: {policy: random}}}\n"
                               "sweep: [{key: toy.noise, values: [1, 3]}]\n";
    nb_plan_t plan, again;

    (void)state;
    assert_ok(read_text(&plan, text, NULL));
    assert_int_equal(plan.n_cells, 2);
    assert_string_equal(plan.cells[1].label, "r | toy.noise=3");
    assert_string_equal(plan.worlds[0].scenario, "toy");
    assert_non_null(strstr(plan.cells[1].canonical,
                           "\"environment\":\"toy\",\"log\":\"none\",\"model\":5,\"periods\":156,"
                           "\"scenario\":{\"noise\":0x1.8p+1}"));
    assert_non_null(strstr(plan.config_text, "environment: \"toy\"\ntoy:\n  noise: 2\n"));
    assert_ok(nb_plan_init_text(&again, "y", plan.config_text, NULL, 0));
    assert_string_equal(again.keys[0], plan.keys[0]);
    assert_string_equal(again.keys[39], plan.keys[39]);
    nb_plan_free(&again);
    nb_plan_free(&plan);
}

static void test_plan_refuses_a_wrong_environment(void **state)
{
    (void)state;
    assert_refused(
        "environment: jurney\n", NB_ERR_CONFIG,
        "x.yaml:1:1: environment: unknown environment 'jurney', did you mean 'journey'?");
    assert_refused("environment: [toy]\n", NB_ERR_CONFIG, "unknown environment ''");
    assert_refused("environment: toy\ntoy: {nois: 2}\n", NB_ERR_CONFIG,
                   "x.yaml:2:7: toy.nois: unknown key 'nois', did you mean 'noise'?");
    assert_refused("environment: toy\nnoise: 2\n", NB_ERR_CONFIG, "unknown key 'noise'");
    assert_refused("environment: toy\nscenario: everyday\nstrategies: {r: {}}\n", NB_ERR_CONFIG,
                   "scenarios belong to the journey");
    assert_refused("environment: toy\ntoy: {noise: 6}\nstrategies: {r: {}}\n", NB_ERR_CONFIG,
                   "scenario 'toy': noise above 5");
    assert_refused("environment: toy\nstrategies: {r: {}}\nsweep: [{key: noise, values: [1]}]\n",
                   NB_ERR_CONFIG, "unknown swept setting 'noise', expected toy.KEY");
    assert_refused("environment: toy\nstrategies: {r: {}}\nsweep: [{key: toy.nois, values: [1]}]\n",
                   NB_ERR_CONFIG, "did you mean 'noise'?");
}

static void test_plan_refuses_wrong_keys_and_values(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *words;
    } cases[] = {
        {"fatigue: {kep: 1}\n", NB_ERR_CONFIG,
         "x.yaml:1:11: fatigue.kep: unknown key 'fatigue.kep', did you mean 'fatigue.keep'?"},
        {"replication: 3\n", NB_ERR_CONFIG, "did you mean 'replications'?"},
        {"fatigue.keep: high\n", NB_ERR_CONFIG, "'high', expected a finite number"},
        {"fatigue.keep: 1.5\n", NB_ERR_RANGE, "1.5 is out of range, expected 0 to 1"},
        {"fatigue: {keep: 1, keep: 0}\n", NB_ERR_CONFIG, "x.yaml:1:20: key 'keep' given twice"},
        {"fatigue: {keep: 1\n", NB_ERR_CONFIG, "broken YAML"},
        {"", NB_ERR_CONFIG, "x.yaml:1:1: empty"},
        {"customers: 0\n", NB_ERR_RANGE,
         "x.yaml:1:1: customers: 0 is out of range, expected 1 to 100000000"},
        {"periods: 1000001\n", NB_ERR_RANGE, "expected 1 to 1000000"},
        {"replications: 0\n", NB_ERR_RANGE, "expected 1 to 100000"},
        {"replications: many\n", NB_ERR_CONFIG, "'many', expected a whole number"},
        {"replications: {until: {width: 0.01}}\n", NB_ERR_UNSUPPORTED,
         "stopping rules are not available in this version"},
        {"seed: -1\n", NB_ERR_RANGE, "expected 0 to 4294967295"},
        {"policy_seed: 4294967296\n", NB_ERR_RANGE, "expected 0 to 4294967295"},
        {"evaluation: frozen\n", NB_ERR_UNSUPPORTED,
         "x.yaml:1:1: evaluation: not available in this version"},
        {"train: {periods: 1}\n", NB_ERR_UNSUPPORTED, "train: not available"},
        {"worlds: {n: 64}\n", NB_ERR_UNSUPPORTED, "worlds: not available"},
        {"tail: 3\n", NB_ERR_CONFIG, "expected true or false"},
        {"delta: 2\n", NB_ERR_RANGE, "expected 0 to 1"},
        {"name: [x]\n", NB_ERR_CONFIG, "expected a name"},
        {"metrics: [[]]\n", NB_ERR_CONFIG, "expected the name of a metric"},
        {"metrics: [clv, equty]\n", NB_ERR_CONFIG,
         "x.yaml:1:16: metrics[1]: unknown metric 'equty', did you mean 'equity'?"},
        {"metrics: [clv, equity, clv]\n", NB_ERR_CONFIG, "metrics[2]: metric 'clv' listed twice"},
        {"metrics: profit\n", NB_ERR_CONFIG, "metrics: unknown metric 'profit'"},
        {"name: ../x\n", NB_ERR_CONFIG, "x.yaml:1:1: name: '../x', expected a name without '/'"},
        {"baseline: nevr\n", NB_ERR_CONFIG, "unknown strategy 'nevr', did you mean 'never'?"},
        {"scenario: everyda\n", NB_ERR_NOT_FOUND,
         "x.yaml:1:1: scenario: no scenario 'everyda', did you mean 'everyday'?"},
        {"scenario: ./nope.yaml\n", NB_ERR_NOT_FOUND, "no scenario file './nope.yaml'"},
        {"scenario: []\n", NB_ERR_CONFIG, "expected at least one scenario"},
        {"scenario: [[plain]]\n", NB_ERR_CONFIG, "a name, a path, or a map"},
        {"scenario: [plain, plain]\n", NB_ERR_CONFIG, "scenario 'plain' listed twice"},
        {"scenario: {name: 'a|b'}\n", NB_ERR_CONFIG, "'a|b' is no name for a scenario"},
        {"scenario: {seed: 1}\n", NB_ERR_CONFIG, "unknown key 'seed'"},
        {"scenario: [{name: a, customers: 5}, {name: b, customers: 6}]\n", NB_ERR_CONFIG,
         "the scenarios differ in 'customers' (5 and 6)"},
        {"strategies: {}\n", NB_ERR_CONFIG, "expected a map of strategies"},
        {"strategies: [never]\n", NB_ERR_CONFIG, "expected a map of strategies"},
        {"strategies: {'a + b': {}}\n", NB_ERR_CONFIG, "'a + b' is no name for a strategy"},
        {"strategies: {'a | b': {}}\n", NB_ERR_CONFIG, "'a | b' is no name for a strategy"},
        {"strategies: {a: {recognize: {policy: lin_tz}}}\n", NB_ERR_NOT_FOUND, "lin_ts"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(cases[i].text, cases[i].code, cases[i].words);
    }
}

static void test_plan_refuses_wrong_sweeps(void **state)
{
    static const struct {
        const char *sweep;
        int code;
        const char *words;
    } cases[] = {
        {"{}", NB_ERR_CONFIG, "sweep: expected a list of axes"},
        {"[3]", NB_ERR_CONFIG, "sweep[0]: "},
        {"[{values: [1]}]", NB_ERR_CONFIG, "the keys key and values, linspace or logspace"},
        {"[{key: fatigue.kep, values: [1]}]", NB_ERR_CONFIG,
         "x.yaml:1:10: sweep[0].key: unknown swept setting 'fatigue.kep', did you mean "
         "'fatigue.keep'?"},
        {"[{key: customers, values: [1]}]", NB_ERR_UNSUPPORTED, "'customers' cannot be swept"},
        {"[{key: strategies.nevr.offer.policy, values: [a]}]", NB_ERR_CONFIG,
         "unknown strategy 'nevr', did you mean 'never'?"},
        {"[{key: strategies.monthly, values: [a]}]", NB_ERR_CONFIG,
         "expected strategies.NAME.POINT.SETTING"},
        {"[{key: strategies.monthly., values: [a]}]", NB_ERR_CONFIG,
         "expected strategies.NAME.POINT.SETTING"},
        {"[{key: strategies.monthly.recognize, values: [a]}]", NB_ERR_CONFIG,
         "expected a map with a key 'policy'"},
        {"[{key: strategies.monthly.recognize.action.0, values: [email]}]", NB_ERR_CONFIG,
         "expected the name of an action"},
        {"[{key: strategies.monthly.recognize.evry, values: [1]}]", NB_ERR_CONFIG,
         "x.yaml:1:59: strategies.monthly.recognize.evry: unknown key 'evry', did you mean "
         "'every'?"},
        {"[{key: strategies.monthly.recognise.every, values: [1]}]", NB_ERR_CONFIG,
         "did you mean 'recognize'?"},
        {"[{key: fatigue.keep, values: [1.5]}]", NB_ERR_RANGE,
         "x.yaml:1:38: fatigue.keep: 1.5 is out of range"},
        {"[{key: fatigue.keep}]", NB_ERR_CONFIG, "one of values, linspace and logspace"},
        {"[{key: fatigue.keep, values: [1], linspace: [0, 1, 2]}]", NB_ERR_CONFIG, "one of values"},
        {"[{key: fatigue.keep, values: 1}]", NB_ERR_CONFIG, "expected a list of values"},
        {"[{key: fatigue.keep, values: []}]", NB_ERR_RANGE, "0 values, expected 1 to 100000"},
        {"[{key: fatigue.keep, values: [0.5, 0.5]}]", NB_ERR_CONFIG,
         "a value of 'fatigue.keep' given twice"},
        {"[{key: fatigue.keep, values: [0.5, 0.50]}]", NB_ERR_CONFIG, "given twice"},
        {"[{key: fatigue.keep, linspace: [0, 1]}]", NB_ERR_CONFIG,
         "expected [FIRST, LAST, NUMBER]"},
        {"[{key: fatigue.keep, linspace: [0, 1, 1]}]", NB_ERR_RANGE, "expected 2 to 100000"},
        {"[{key: fatigue.keep, linspace: [a, 1, 3]}]", NB_ERR_CONFIG, "expected a finite number"},
        {"[{key: fatigue.keep, logspace: [0, 1, 3]}]", NB_ERR_RANGE, "ends above 0"},
        {"[{key: fatigue.keep, vals: [1]}]", NB_ERR_CONFIG, "unknown key 'vals'"},
        {"[{key: need.lost, values: [1]}, {key: need.lost, values: [0]}]", NB_ERR_CONFIG,
         "'need.lost' swept twice"},
        {"[{key: need.lost, linspace: [0, 1, 1000]}, {key: fatigue.keep, linspace: [0, 1, 101]}]",
         NB_ERR_RANGE, "more than 100000 cells"},
        {"[{key: strategies.monthly.recognize.every, linspace: [1, 100000, 100000]}]", NB_ERR_RANGE,
         "more than 100000 cells"},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "sweep: %s\nscenario: everyday\n", cases[i].sweep);
        assert_refused(text, cases[i].code, cases[i].words);
    }
}

static void test_plan_refuses_wrong_hypotheses(void **state)
{
    static const struct {
        const char *block;
        int code;
        const char *words;
    } cases[] = {
        {"{}", NB_ERR_CONFIG, "expected a list of hypotheses"},
        {"[H1]", NB_ERR_CONFIG, "hypothesis[0]: "},
        {"[{contrast: a - b}]", NB_ERR_CONFIG, "expected a text at key 'id'"},
        {"[{id: H, contrast: monthly - never, metric: m}]", NB_ERR_CONFIG, "at key 'sign'"},
        {"[{id: H, contrast: monthly - never, metric: m, sign: up}]", NB_ERR_CONFIG,
         "x.yaml:1:60: hypothesis[0].sign: 'up', expected +, - or ="},
        {"[{id: H, contrast: monthly, metric: m, sign: +}]", NB_ERR_CONFIG,
         "'monthly', expected FIRST - SECOND"},
        {"[{id: H, contrast: monthly - nevr, metric: m, sign: +}]", NB_ERR_CONFIG,
         "unknown strategy 'nevr', did you mean 'never'?"},
        {"[{id: H, contrast: montly - never, metric: m, sign: +}]", NB_ERR_CONFIG,
         "did you mean 'monthly'?"},
        {"[{id: H, contrast: monthly - never, metric: m, sign: +, delta: -1}]", NB_ERR_RANGE,
         "-1 is out of range"},
        {"[{id: H, contrast: monthly - never + neve, metric: m, sign: +}]", NB_ERR_CONFIG,
         "did you mean 'never'?"},
        {"[{id: H, contrast: monthly -  + never, metric: m, sign: +}]", NB_ERR_CONFIG,
         "hypothesis[0].contrast: "},
        {"[{id: H, contrast: monthly, metric: m, sign: =, value: 1}]", NB_ERR_CONFIG,
         "needs the key 'within'"},
        {"[{id: H, contrast: monthly - never, metric: m, sign: +, within: 1}]", NB_ERR_CONFIG,
         "belongs to sign ="},
        {"[{id: H, contrast: monthly - never, metric: m, sign: =, within: -1}]", NB_ERR_RANGE,
         "-1 is out of range"},
        {"[{id: H, contrast: monthly - never, metric: m, sign: +, value: x}]", NB_ERR_CONFIG,
         "hypothesis[0].value"},
        {"[{id: H, contrast: monthly - never, metric: m, sign: +, margin: 1}]", NB_ERR_CONFIG,
         "unknown key 'margin'"},
        {"[{id: H, contrast: monthly - never, metric: m, sign: +}, "
         "{id: H, contrast: monthly - never, metric: m, sign: '-'}]",
         NB_ERR_CONFIG, "hypothesis 'H' given twice"},
        {"[{id: H, contrast: monthly - monthly, metric: clv, sign: +}]", NB_ERR_CONFIG,
         "'monthly' less itself is always 0"},
        {"[{id: H, contrast: monthly - never, metric: clv, sign: +, scenario: plan}]",
         NB_ERR_CONFIG, "hypothesis[0].scenario: unknown scenario 'plan'"},
        {"[{id: H, contrast: monthly - never, metric: clw, sign: +}]", NB_ERR_CONFIG,
         "hypothesis[0].metric: unknown metric 'clw', did you mean 'clv'?"},
    };
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "hypothesis: %s\n", cases[i].block);
        assert_refused(text, cases[i].code, cases[i].words);
    }
}

static void test_plan_refuses_wrong_sets_and_names(void **state)
{
    static const char *const set = "fatigue.kep=1";
    nb_plan_t plan;

    (void)state;
    assert_fails(nb_plan_init(&plan, "everyday", &set, 1), NB_ERR_CONFIG,
                 "--set: fatigue.kep: unknown key 'fatigue.kep', did you mean 'fatigue.keep'?");
    nb_plan_free(&plan);
    assert_fails(nb_plan_init(&plan, "everyda", NULL, 0), NB_ERR_NOT_FOUND, "mean 'everyday'?");
    nb_plan_free(&plan);
    assert_fails(nb_plan_init(&plan, "quickstar", NULL, 0), NB_ERR_NOT_FOUND, "mean 'quickstart'?");
    nb_plan_free(&plan);
    assert_fails(nb_plan_init(&plan, "zzzzzzzz", NULL, 0), NB_ERR_NOT_FOUND, "'zzzzzzzz'");
    nb_plan_free(&plan);
    assert_fails(nb_plan_init(&plan, "/tmp", NULL, 0), NB_ERR_FORMAT, "/tmp: is a folder");
    nb_plan_free(&plan);
    assert_fails(nb_plan_init(&plan, "nowhere.yaml", NULL, 0), NB_ERR_NOT_FOUND, "nowhere.yaml");
    nb_plan_free(&plan);
    assert_fails(read_text(&plan, "seed: 1\n", "seed"), NB_ERR_USAGE, "expected PATH=VALUE");
    nb_plan_free(&plan);
}

static void test_plan_limits_the_number_of_units(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_fails(read_text(&plan,
                           "environment: toy\nreplications: 100000\nstrategies: {r: {}}\n"
                           "sweep: [{key: toy.noise, linspace: [0, 1, 101]}]\n",
                           NULL),
                 NB_ERR_RANGE, "101 cells x 100000 replications, expected at most 10000000 units");
    nb_plan_free(&plan);
}

static void test_plan_survives_every_failing_allocation(void **state)
{
    static const char text[] =
        "environment: toy\nreplications: 1\n"
        "strategies: {r: {arm: {policy: random}}, never: {}}\n"
        "hypothesis: [{id: H, contrast: r - never, metric: m, sign: +}]\n"
        "sweep: [{key: toy.noise, linspace: [0, 1, 2]}, "
        "{key: strategies.r.arm.policy, values: [random]}]\n"
        "tune: {metric: m, strategies: {never: {arm: [{policy: random}]}}}\n";
    static const char outcome[] =
        "{\"cells\": [{\"cell\": \"never | toy.noise=0\", \"winner\": 0}, "
        "{\"cell\": \"never | toy.noise=1\", \"winner\": 0}]}";
    int code = NB_ERR_MEMORY;
    uint64_t n = 0;

    (void)state;
    while (code == NB_ERR_MEMORY) {
        nb_results_plan_t view = {0};
        nb_plan_t plan;
        char *json = NULL;

        nb_alloc_fail_at(++n);
        code = read_text(&plan, text, "toy.noise=2");
        code = code < 0 ? code : nb_plan_settle(&plan, outcome);
        code = code < 0 ? code : nb_plan_json(&plan, &json);
        code = code < 0 ? code : nb_plan_results_view(&plan, &view);
        nb_alloc_fail_at(0);
        nb_free(json);
        nb_plan_view_free(&view);
        nb_plan_free(&plan);
    }
    assert_int_equal(code, NB_OK);
    assert_true(n > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_of_another_environment),
        cmocka_unit_test(test_plan_refuses_a_wrong_environment),
        cmocka_unit_test(test_plan_refuses_wrong_keys_and_values),
        cmocka_unit_test(test_plan_refuses_wrong_sweeps),
        cmocka_unit_test(test_plan_refuses_wrong_hypotheses),
        cmocka_unit_test(test_plan_refuses_wrong_sets_and_names),
        cmocka_unit_test(test_plan_limits_the_number_of_units),
        cmocka_unit_test(test_plan_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
