#define _POSIX_C_SOURCE 200809L
#include "bench/strategy.h"

#include "core/memory.h"
#include "policies/registry.h"
#include "tests/testlib.h"

static const char *const features[] = {"one", "tenure"};
static const char *const channels[] = {"wait", "email", "call"};
static const char *const products[] = {"p0", "p1", "p2"};
static const nb_point_t points[] = {
    {.name = "recognize",
     .phase = "recognize",
     .d = 2,
     .features = features,
     .n_actions = 3,
     .actions = channels,
     .max_slate = 1},
    {.name = "product",
     .phase = "request",
     .d = 2,
     .features = features,
     .n_actions = 3,
     .actions = products,
     .max_slate = 3},
    {.name = "repeat",
     .phase = "repeat",
     .d = 2,
     .features = features,
     .n_actions = 3,
     .actions = channels,
     .max_slate = 1},
};
static const nb_spec_t spec = {3, points, 0.998, 1, 0, 1000};

/* a learner that bootstraps and can neither fill nor rank slates; refuses settings of recognize */
static size_t size_nothing(const nb_spec_t *s, const void *settings)
{
    (void)s;
    (void)settings;
    return 0;
}

static int init_picky(void *state, const nb_spec_t *s, const void *settings)
{
    (void)state;
    if (strcmp(s->points[0].name, "recognize") == 0 && *(const double *)settings > 0.5) {
        NB_FAIL(NB_ERR_CONFIG, "rate above 0.5 at recognize");
    }
    return NB_OK;
}

static int choose_nothing(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    (void)state;
    (void)batch;
    (void)out;
    return NB_OK;
}

static int learn_nothing(void *state, const nb_transitions_t *finished)
{
    (void)state;
    (void)finished;
    return NB_OK;
}

static const nb_setting_t picky_settings[] = {
    {"rate", NB_SETTING_REAL, 0, 0.1, 0, 1, NULL, 0, "", "", "", "learning rate"},
    {0},
};
static const nb_policy_type_t picky = {
    .abi = NB_POLICY_ABI,
    .version = 3,
    .name = "picky",
    .summary = "made for this test",
    .settings = picky_settings,
    .settings_size = sizeof(double),
    .traits = NB_TRAIT_SEQUENTIAL | NB_TRAIT_LEARNS,
    .state_size = size_nothing,
    .init = init_picky,
    .choose = choose_nothing,
    .update = learn_nothing,
};

/* stands before the library's own: adds `picky` */
int nb_policy_find(const nb_policy_type_t **out, const char *name)
{
    for (size_t i = 0; i < nb_policy_count(); i++) {
        if (strcmp(nb_policy_at(i)->name, name) == 0) {
            *out = nb_policy_at(i);
            return NB_OK;
        }
    }
    *out = strcmp(name, "picky") == 0 ? &picky : NULL;
    if (!*out) {
        NB_FAIL(NB_ERR_NOT_FOUND, "no policy \"%s\"", name);
    }
    return NB_OK;
}

typedef struct {
    nb_config_t config;
    nb_strategy_t strategy;
} read_t;

static int read_strategy(read_t *self, const char *yaml)
{
    memset(self, 0, sizeof *self);
    NB_TRY(nb_config_init(&self->config));
    NB_TRY(nb_config_parse(&self->config, "x.yaml", yaml, strlen(yaml)));
    return nb_strategy_init(&self->strategy, "s", nb_node_at(self->config.root, "s"), &spec);
}

static void free_read(read_t *self)
{
    nb_strategy_free(&self->strategy);
    nb_strategy_free(&self->strategy);
    nb_config_free(&self->config);
}

static void assert_refused(const char *yaml, int code, const char *words)
{
    read_t read;

    assert_fails(read_strategy(&read, yaml), code, words);
    free_read(&read);
}

static char *canonical_of(const nb_strategy_t *strategy)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    assert_ok(nb_strategy_canonical(strategy, &spec, out));
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_strategy_binds_one_point(void **state)
{
    read_t read;

    (void)state;
    assert_ok(
        read_strategy(&read, "s: {recognize: {policy: schedule, action: email, every: 2}}\n"));
    assert_int_equal(read.strategy.n_bindings, 1);
    assert_string_equal(read.strategy.bindings[0].policy.type->name, "schedule");
    assert_int_equal(read.strategy.owner[0], 0);
    assert_int_equal(read.strategy.owner[1], -1);
    assert_int_equal(read.strategy.local[1], -1);
    assert_int_equal(read.strategy.bindings[0].credit.rule, NB_CREDIT_IMMEDIATE);
    assert_int_equal(read.strategy.bindings[0].reward_scale, NB_SCALE_NONE);
    assert_true(read.strategy.bindings[0].gamma == 0.998);
    free_read(&read);
}

static void test_strategy_all_makes_an_instance_per_point(void **state)
{
    read_t read;

    (void)state;
    assert_ok(read_strategy(&read, "s: {all: {policy: lin_ts, credit: window(8), gamma: 0.9, "
                                   "reward_scale: none}, repeat: {policy: random}}\n"));
    assert_int_equal(read.strategy.n_bindings, 3);
    assert_string_equal(read.strategy.bindings[2].policy.type->name, "random");
    for (int i = 0; i < 2; i++) {
        assert_string_equal(read.strategy.bindings[i].policy.type->name, "lin_ts");
        assert_int_equal(read.strategy.bindings[i].n_points, 1);
        assert_int_equal(read.strategy.bindings[i].credit.rule, NB_CREDIT_WINDOW);
        assert_int_equal(read.strategy.bindings[i].credit.window, 8);
        assert_int_equal(read.strategy.bindings[i].reward_scale, NB_SCALE_NONE);
        assert_true(read.strategy.bindings[i].gamma == 0.9);
    }
    free_read(&read);
}

static void test_strategy_joint_is_one_instance(void **state)
{
    nb_point_t own[NB_MAX_POINTS];
    nb_spec_t told;
    read_t read;

    (void)state;
    assert_ok(read_strategy(&read, "s: {joint: {policy: random}, product: {policy: lin_ucb}}\n"));
    assert_int_equal(read.strategy.n_bindings, 2);
    assert_int_equal(read.strategy.bindings[0].n_points, 2);
    assert_int_equal(read.strategy.owner[2], 0);
    assert_int_equal(read.strategy.local[2], 1);
    told = nb_binding_spec(&read.strategy.bindings[0], &spec, own);
    assert_int_equal(told.n_points, 2);
    assert_string_equal(told.points[1].name, "repeat");
    free_read(&read);
    /* the list leaves product to all */
    assert_ok(read_strategy(&read, "s: {joint: {points: [repeat, recognize], policy: picky}, "
                                   "all: {policy: random}}\n"));
    assert_int_equal(read.strategy.n_bindings, 2);
    assert_int_equal(read.strategy.bindings[0].points[1], 2);
    assert_int_equal(read.strategy.bindings[0].credit.rule, NB_CREDIT_SMDP);
    assert_int_equal(read.strategy.bindings[0].reward_scale, NB_SCALE_AUTO);
    assert_string_equal(read.strategy.bindings[1].policy.type->name, "random");
    free_read(&read);
}

static void test_strategy_nothing_bound_where_empty(void **state)
{
    read_t read;

    (void)state;
    assert_ok(read_strategy(&read, "s: {}\n"));
    assert_int_equal(read.strategy.n_bindings, 0);
    assert_int_equal(read.strategy.owner[0], -1);
    free_read(&read);
    assert_ok(read_strategy(&read, "s:\n"));
    assert_int_equal(read.strategy.n_bindings, 0);
    free_read(&read);
}

static void test_strategy_built_in_names(void **state)
{
    nb_config_t config;
    nb_strategy_t strategy;

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(nb_strategy_init_built_in(&strategy, &config, "monthly", &spec));
    assert_string_equal(strategy.bindings[0].policy.type->name, "schedule");
    assert_string_equal(strategy.name, "monthly");
    nb_strategy_free(&strategy);
    assert_fails(nb_strategy_init_built_in(&strategy, &config, "daily", &spec), NB_ERR_NOT_FOUND,
                 "'daily'");
    nb_config_free(&config);
    assert_string_equal(nb_strategy_built_in("never"), "{}");
    assert_null(nb_strategy_built_in("daily"));
}

static void test_strategy_refuses_what_it_does_not_know(void **state)
{
    static const struct {
        const char *yaml;
        int code;
        const char *words;
    } cases[] = {
        {"s: {recogniz: {policy: random}}\n", NB_ERR_CONFIG,
         "x.yaml:1:5: s.recogniz: unknown decision point 'recogniz', did you mean 'recognize'?"},
        {"s: {al: {policy: random}}\n", NB_ERR_CONFIG, "did you mean 'all'?"},
        {"s: {recognize: {policy: nope}}\n", NB_ERR_NOT_FOUND,
         "x.yaml:1:17: s.recognize.policy: no policy \"nope\""},
        {"s: {recognize: {policy: [a]}}\n", NB_ERR_CONFIG, "expected the name of a policy"},
        {"s: {recognize: {every: 1}}\n", NB_ERR_CONFIG, "expected a map with a key 'policy'"},
        {"s: {recognize: random}\n", NB_ERR_CONFIG, "expected a map with a key 'policy'"},
        {"s: [recognize]\n", NB_ERR_CONFIG, "x.yaml:1:1: s: expected a map of decision points"},
        {"s: {recognize: {policy: schedule, action: email, evry: 1}}\n", NB_ERR_CONFIG,
         "x.yaml:1:50: s.recognize.evry: unknown key 'evry', did you mean 'every'?"},
        {"s: {recognize: {policy: schedule, action: email, every: 0}}\n", NB_ERR_RANGE,
         "s.recognize.every: 0 is out of range"},
        {"s: {recognize: {policy: random, points: [repeat]}}\n", NB_ERR_CONFIG,
         "unknown key 'points'"},
        {"s: {recognize: {policy: lin_ts, credit: windw(8)}}\n", NB_ERR_CONFIG,
         "unknown credit rule 'windw(8)'"},
        {"s: {recognize: {policy: lin_ts, credit: window(0)}}\n", NB_ERR_RANGE,
         "'window(0)' is out of range, expected 1 to 520 periods"},
        {"s: {recognize: {policy: lin_ts, credit: window(4294967297)}}\n", NB_ERR_RANGE,
         "'window(4294967297)' is out of range, expected 1 to 520 periods"},
        {"s: {recognize: {policy: lin_ts, credit: window(521)}}\n", NB_ERR_RANGE, "521"},
        {"s: {recognize: {policy: lin_ts, credit: window(8}}\n", NB_ERR_CONFIG,
         "'window(8', expected window(PERIODS)"},
        {"s: {recognize: {policy: lin_ts, credit: [smdp]}}\n", NB_ERR_CONFIG, "name of a credit"},
        {"s: {recognize: {policy: lin_ts, reward_scale: big}}\n", NB_ERR_CONFIG, "none or auto"},
        {"s: {recognize: {policy: lin_ts, gamma: 0}}\n", NB_ERR_RANGE, "above 0, at most 1"},
        {"s: {recognize: {policy: lin_ts, gamma: x}}\n", NB_ERR_CONFIG, "finite number"},
        {"s: {recognize: {policy: random, credit: smdp}}\n", NB_ERR_CONFIG,
         "policy 'random' does not learn and has no credit"},
        {"s: {recognize: {policy: random, gamma: 1}}\n", NB_ERR_CONFIG, "has no gamma"},
        {"s: {joint: {points: [repeat], policy: random}, repeat: {policy: random}}\n",
         NB_ERR_CONFIG, "s.joint.points[0]: point 'repeat' is bound twice"},
        {"s: {joint: {points: [repeat, repeat], policy: random}}\n", NB_ERR_CONFIG, "bound twice"},
        {"s: {joint: {points: [repeet], policy: random}}\n", NB_ERR_CONFIG, "mean 'repeat'?"},
        {"s: {joint: {points: [[]], policy: random}}\n", NB_ERR_CONFIG, "name of a decision point"},
        {"s: {joint: {points: [], policy: random}}\n", NB_ERR_CONFIG, "list of decision points"},
        {"s: {joint: {policy: random}, all: {policy: random}}\n", NB_ERR_CONFIG,
         "s.joint: no decision point is left to bind"},
        {"s: {product: {policy: picky}}\n", NB_ERR_UNSUPPORTED,
         "policy 'picky' neither fills slates nor scores actions, which point 'product' needs"},
        {"s: {recognize: {policy: picky, rate: 0.6}}\n", NB_ERR_CONFIG,
         "x.yaml:1:5: s.recognize: rate above 0.5 at recognize"},
        {"s: {recognize: {policy: schedule, action: mail}}\n", NB_ERR_CONFIG, "x.yaml:1:"},
        {"s: {recognize: {policy: random, update_every: 2}}\n", NB_ERR_CONFIG,
         "policy 'random' does not learn and has no update_every"},
        {"s: {recognize: {policy: lin_ts, update_every: 0}}\n", NB_ERR_RANGE,
         "0 is out of range, expected 1 to 10000 periods"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_refused(cases[i].yaml, cases[i].code, cases[i].words);
    }
}

static void test_credit_names_read_back(void **state)
{
    static const char *const names[] = {"immediate", "journey", "window(8)", "lifetime", "smdp"};
    nb_credit_spec_t credit;
    char text[32];

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        nb_node_t node = {.kind = NB_NODE_SCALAR, .text = (char *)(uintptr_t)names[i]};

        assert_ok(nb_credit_parse(&credit, &node, picky.traits));
        nb_credit_name(&credit, text, sizeof text);
        assert_string_equal(text, names[i]);
    }
    assert_ok(nb_credit_parse(&credit, NULL, picky.traits));
    assert_int_equal(credit.rule, NB_CREDIT_SMDP);
}

static void test_strategy_canonical_has_everything_and_no_name(void **state)
{
    read_t read;
    char *text;

    (void)state;
    assert_ok(read_strategy(&read, "s: {joint: {points: [repeat, recognize], policy: picky}}\n"));
    text = canonical_of(&read.strategy);
    assert_string_equal(text,
                        "[{\"credit\":\"smdp\",\"gamma\":0x1.fef9db22d0e56p-1,\"plugin\":\"\","
                        "\"points\":[\"recognize\",\"repeat\"],\"policy\":\"picky\","
                        "\"reward_scale\":\"auto\",\"settings\":{\"rate\":0x1.999999999999ap-4},"
                        "\"version\":3}]");
    free(text);
    free_read(&read);
}

static void test_strategy_yaml_reads_back_as_the_same_strategy(void **state)
{
    static const char *const texts[] = {
        "s: {all: {policy: lin_ts, credit: window(8), gamma: 0.1}}\n",
        "s: {joint: {points: [repeat, recognize], policy: picky}, product: {policy: lin_ucb}}\n",
        "s: {recognize: {policy: schedule, action: [call, email], every: 3}}\n",
        "s: {product: {policy: clairvoyant_myopic}, all: {policy: random}}\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        read_t read, again;
        char *yaml = NULL, *before, *after;
        size_t n = 0;
        FILE *out = open_memstream(&yaml, &n);

        assert_non_null(out);
        assert_ok(read_strategy(&read, texts[i]));
        fputs("s:\n", out);
        assert_ok(nb_strategy_yaml(&read.strategy, &spec, 2, out));
        assert_int_equal(fclose(out), 0);
        assert_ok(read_strategy(&again, yaml));
        before = canonical_of(&read.strategy);
        after = canonical_of(&again.strategy);
        assert_string_equal(before, after);
        free(before);
        free(after);
        free(yaml);
        free_read(&read);
        free_read(&again);
    }
}

static void test_strategy_canonical_does_not_depend_on_the_order_of_keys(void **state)
{
    read_t one, two;
    char *a, *b;

    (void)state;
    assert_ok(read_strategy(&one, "s: {repeat: {policy: random}, all: {policy: lin_ts}}\n"));
    assert_ok(read_strategy(&two, "s: {all: {policy: lin_ts}, repeat: {policy: random}}\n"));
    a = canonical_of(&one.strategy);
    b = canonical_of(&two.strategy);
    assert_string_equal(a, b);
    free(a);
    free(b);
    free_read(&one);
    free_read(&two);
}

static void test_strategy_survives_every_failing_allocation(void **state)
{
    int code = NB_ERR_MEMORY;
    uint64_t n = 0;

    (void)state;
    while (code == NB_ERR_MEMORY) {
        read_t read;

        nb_alloc_fail_at(++n);
        code = read_strategy(&read, "s: {all: {policy: lin_ts}, repeat: {policy: random}}\n");
        nb_alloc_fail_at(0);
        free_read(&read);
    }
    assert_int_equal(code, NB_OK);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strategy_binds_one_point),
        cmocka_unit_test(test_strategy_all_makes_an_instance_per_point),
        cmocka_unit_test(test_strategy_joint_is_one_instance),
        cmocka_unit_test(test_strategy_nothing_bound_where_empty),
        cmocka_unit_test(test_strategy_built_in_names),
        cmocka_unit_test(test_strategy_refuses_what_it_does_not_know),
        cmocka_unit_test(test_credit_names_read_back),
        cmocka_unit_test(test_strategy_canonical_has_everything_and_no_name),
        cmocka_unit_test(test_strategy_yaml_reads_back_as_the_same_strategy),
        cmocka_unit_test(test_strategy_canonical_does_not_depend_on_the_order_of_keys),
        cmocka_unit_test(test_strategy_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
