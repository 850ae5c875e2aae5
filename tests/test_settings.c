#define _POSIX_C_SOURCE 200809L
#include "core/settings.h"

#include "core/memory.h"
#include "tests/testlib.h"

typedef struct {
    double decay, phi;
    int every, on, mode;
    char name[NB_SETTING_TEXT_SIZE];
    double weights[3];
    const nb_node_t *rules;
} sample_t;

static const nb_setting_t table[] = {
    {"fatigue.decay", NB_SETTING_REAL, offsetof(sample_t, decay), 0.85, 0, 1, NULL, 0, "1/week",
     "A", "", "share kept a week"},
    {"every", NB_SETTING_INT, offsetof(sample_t, every), 4, 1, 520, NULL, 0, "weeks", "", "",
     "weeks between contacts"},
    {"fatigue.individual.phi", NB_SETTING_REAL, offsetof(sample_t, phi), 1, 0, INFINITY, NULL, 0,
     "", "L", "Zhang 2017", "susceptibility"},
    {"on", NB_SETTING_BOOL, offsetof(sample_t, on), 1, 0, 0, NULL, 0, "", "", "", "switch"},
    {"mode", NB_SETTING_CHOICE, offsetof(sample_t, mode), 1, 0, 0, "none|individual|both", 0, "",
     "", "", "learning"},
    {"name", NB_SETTING_TEXT, offsetof(sample_t, name), 0, 0, 0, "email", 0, "", "", "", "action"},
    {"weights", NB_SETTING_REALS, offsetof(sample_t, weights), 0, -1, 1, "0.1 0.2 0.3", 3, "", "",
     "", "weights of the \"three\""},
    {"rules", NB_SETTING_NODE, offsetof(sample_t, rules), 0, 0, 0, NULL, 0, "", "", "", "rules"},
    {0},
};

/* load `text` over the defaults */
static int load(nb_config_t *config, const char *text, sample_t *out)
{
    NB_TRY(nb_config_init(config));
    NB_TRY(nb_config_parse(config, "x.yaml", text, strlen(text)));
    return nb_settings_load(table, config->root, NULL, 0, out);
}

static void assert_load_fails(const char *text, int code, const char *words)
{
    nb_config_t config = {0};
    sample_t sample;

    assert_fails(load(&config, text, &sample), code, words);
    nb_config_free(&config);
}

/* what `write` puts into a stream, as text that the caller frees */
static char *text_of(int (*write)(const void *, FILE *), const void *what)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    assert_ok(write(what, out));
    assert_int_equal(fclose(out), 0);
    return text;
}

static int write_canonical(const void *settings, FILE *out)
{
    return nb_settings_canonical(table, settings, out);
}

static int write_yaml(const void *settings, FILE *out)
{
    return nb_settings_yaml(table, settings, 0, out);
}

static int write_indented(const void *settings, FILE *out)
{
    return nb_settings_yaml(table, settings, 4, out);
}

static int write_node(const void *node, FILE *out)
{
    return nb_node_canonical(node, out);
}

static int write_json(const void *rows, FILE *out)
{
    return nb_settings_describe(rows, 1, out);
}

static int write_text(const void *rows, FILE *out)
{
    return nb_settings_describe(rows, 0, out);
}

static void test_settings_defaults_come_from_the_table(void **state)
{
    sample_t sample;

    (void)state;
    assert_ok(nb_settings_load(table, NULL, NULL, 0, &sample));
    assert_true(sample.decay == 0.85 && sample.phi == 1 && sample.every == 4 && sample.on == 1);
    assert_int_equal(sample.mode, 1);
    assert_string_equal(sample.name, "email");
    assert_true(sample.weights[2] == 0.3);
    assert_null(sample.rules);
    assert_ptr_equal(nb_settings_find(table, "every"), &table[1]);
    assert_null(nb_settings_find(table, "ever"));
}

static void test_settings_load_every_type(void **state)
{
    nb_config_t config = {0};
    sample_t sample;

    (void)state;
    assert_ok(load(&config,
                   "fatigue: {decay: 1, individual.phi: 3}\nevery: 8\non: false\nmode: both\n"
                   "name: call\nweights: [1, -1, 0]\nrules: [{if: x}]\n",
                   &sample));
    assert_true(sample.decay == 1 && sample.phi == 3 && sample.every == 8 && sample.on == 0);
    assert_int_equal(sample.mode, 2);
    assert_string_equal(sample.name, "call");
    assert_true(sample.weights[1] == -1);
    assert_ptr_equal(sample.rules, nb_node_at(config.root, "rules"));
    nb_config_free(&config);
    assert_ok(load(&config, "fatigue:\nevery: 2\n", &sample));
    assert_true(sample.decay == 0.85 && sample.every == 2);
    nb_config_free(&config);
}

static void test_settings_unknown_key_names_the_nearest(void **state)
{
    static const char *const also[] = {"policy"};
    nb_config_t config = {0};
    sample_t sample;

    (void)state;
    assert_load_fails("fatigue:\n  decya: 1\n", NB_ERR_CONFIG,
                      "x.yaml:2:3: fatigue.decya: unknown key 'fatigue.decya', did you mean "
                      "'fatigue.decay'?");
    assert_load_fails("evry: 1\n", NB_ERR_CONFIG, "did you mean 'every'?");
    assert_load_fails("policy: x\n", NB_ERR_CONFIG, "unknown key 'policy'");
    assert_ok(nb_config_init(&config));
    assert_ok(nb_config_set(&config, "policy=x"));
    assert_ok(nb_settings_load(table, config.root, also, 1, &sample));
    assert_ok(nb_config_set(&config, "polcy=x"));
    assert_fails(nb_settings_load(table, config.root, also, 1, &sample), NB_ERR_CONFIG,
                 "--set: polcy: unknown key 'polcy', did you mean 'policy'?");
    nb_config_free(&config);
}

static void test_settings_out_of_range_names_the_range(void **state)
{
    (void)state;
    assert_load_fails("a:\n", NB_ERR_CONFIG, "unknown key 'a'");
    assert_load_fails("fatigue:\n  decay: 1.5\n", NB_ERR_RANGE,
                      "x.yaml:2:3: fatigue.decay: 1.5 is out of range, expected 0 to 1");
    assert_load_fails("fatigue.individual.phi: -1\n", NB_ERR_RANGE,
                      "fatigue.individual.phi: -1 is out of range, expected 0 or more");
    assert_load_fails("every: 0\n", NB_ERR_RANGE, "every: 0 is out of range, expected 1 to 520");
    assert_load_fails("every: 9e15\n", NB_ERR_RANGE, "expected 1 to 520");
    assert_load_fails("weights: [0, 2, 0]\n", NB_ERR_RANGE, "weights[1]: 2 is out of range");
}

static void test_settings_wrong_type_says_what_was_expected(void **state)
{
    (void)state;
    assert_load_fails("fatigue: 3\n", NB_ERR_CONFIG, "x.yaml:1:1: fatigue: expected a map");
    assert_load_fails("fatigue.decay: high\n", NB_ERR_CONFIG, "'high', expected a finite number");
    assert_load_fails("every: 1.5\n", NB_ERR_CONFIG, "'1.5', expected a whole number");
    assert_load_fails("on: 1\n", NB_ERR_CONFIG, "'1', expected true or false");
    assert_load_fails("mode: bth\n", NB_ERR_CONFIG, "'bth', expected one of none|individual|both");
    assert_load_fails("mode: [both]\n", NB_ERR_CONFIG, "a map or list, expected one of");
    assert_load_fails("name: {}\n", NB_ERR_CONFIG, "expected text");
    assert_load_fails("weights: [1, 2]\n", NB_ERR_CONFIG, "expected a list of 3 numbers");
    assert_load_fails("weights: 1\n", NB_ERR_CONFIG, "expected a list of 3 numbers");
    assert_load_fails("every: {x: 1}\n", NB_ERR_CONFIG, "a map where a whole number");
    assert_load_fails("name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
                      NB_ERR_CONFIG, "text of 64 bytes, expected at most 63");
}

static void test_settings_refuse_a_map_that_is_none(void **state)
{
    nb_config_t config = {0};
    sample_t sample;

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(nb_config_set(&config, "s=[1]"));
    assert_fails(nb_settings_load(table, nb_node_at(config.root, "s"), NULL, 0, &sample),
                 NB_ERR_CONFIG, "--set: s: expected a map of settings");
    nb_config_free(&config);
}

static void test_settings_canonical_is_sorted_complete_and_exact(void **state)
{
    nb_config_t config = {0};
    sample_t sample;
    char *text;

    (void)state;
    assert_ok(load(&config, "fatigue.decay: 0.1\nweights: [-0.0, 1, 0.5]\nrules: {b: 1, a: 'x'}\n",
                   &sample));
    text = text_of(write_canonical, &sample);
    assert_string_equal(
        text,
        "{\"every\":4,\"fatigue.decay\":0x1.999999999999ap-4,\"fatigue.individual.phi\":0x1p+0,"
        "\"mode\":\"individual\",\"name\":\"email\",\"on\":true,"
        "\"rules\":{\"a\":\"x\",\"b\":0x1p+0},\"weights\":[0x0p+0,0x1p+0,0x1p-1]}");
    free(text);
    nb_config_free(&config);
}

static void test_node_canonical_does_not_depend_on_spelling(void **state)
{
    static const char one[] = "a: {y: 1.0, x: [yes, ~, 'q', 1e2]}\n";
    static const char two[] = "a.x: [true, null, \"q\", 100]\na.y: 1\n";
    nb_config_t a = {0}, b = {0};
    char *text_a, *text_b;

    (void)state;
    assert_ok(nb_config_init(&a));
    assert_ok(nb_config_init(&b));
    assert_ok(nb_config_parse(&a, "a", one, strlen(one)));
    assert_ok(nb_config_parse(&b, "b", two, strlen(two)));
    text_a = text_of(write_node, a.root);
    text_b = text_of(write_node, b.root);
    assert_string_equal(text_a, text_b);
    assert_string_equal(text_a, "{\"a\":{\"x\":[true,null,\"q\",0x1.9p+6],\"y\":0x1p+0}}");
    free(text_a);
    free(text_b);
    nb_config_free(&a);
    nb_config_free(&b);
    text_a = text_of(write_node, NULL);
    assert_string_equal(text_a, "null");
    free(text_a);
}

static void test_settings_yaml_reads_back_as_the_same_settings(void **state)
{
    nb_config_t config = {0}, again = {0};
    sample_t sample, copy;
    char *yaml, *before, *after;

    (void)state;
    assert_ok(load(&config,
                   "fatigue: {decay: 0.1, individual: {phi: 0.30000000000000004}}\non: false\n"
                   "name: \"a\\\"b: #\\n\\x7f\"\nrules: [{if: 'a < 1', n: 2, z: ~, t: '5'}]\n",
                   &sample));
    yaml = text_of(write_yaml, &sample);
    assert_non_null(strstr(yaml, "fatigue:\n  decay: 0.1\n  individual:\n    phi: 0.3000"));
    assert_ok(load(&again, yaml, &copy));
    before = text_of(write_canonical, &sample);
    after = text_of(write_canonical, &copy);
    assert_string_equal(before, after);
    free(yaml);
    free(before);
    free(after);
    yaml = text_of(write_indented, &sample);
    assert_memory_equal(yaml, "    every: 4\n    fatigue:\n      decay: 0.1\n", 40);
    free(yaml);
    nb_config_free(&config);
    nb_config_free(&again);
}

static void test_settings_describe_lists_every_row(void **state)
{
    char *json = text_of(write_json, table), *text = text_of(write_text, table);

    (void)state;
    assert_non_null(strstr(
        json, "[{\"key\":\"fatigue.decay\",\"type\":\"real\",\"default\":0.84999999999999998,"
              "\"low\":0,\"high\":1,\"unit\":\"1/week\",\"mark\":\"A\",\"source\":\"\","
              "\"help\":\"share kept a week\"},"));
    assert_non_null(strstr(json, "\"default\":\"individual\",\"low\":null,\"high\":null,"
                                 "\"choices\":\"none|individual|both\""));
    assert_non_null(strstr(json, "\"default\":[0.1,0.2,0.3]"));
    assert_non_null(strstr(json, "weights of the \\\"three\\\"\""));
    assert_non_null(strstr(json, "\"type\":\"map\",\"default\":null"));
    assert_int_equal(json[strlen(json) - 1], ']');
    for (const nb_setting_t *row = table; row->key; row++) {
        assert_non_null(strstr(text, row->key));
        assert_non_null(strstr(text, row->help));
    }
    assert_non_null(strstr(text, "0.85 (0 to 1) 1/week [A]"));
    assert_non_null(strstr(text, "susceptibility (Zhang 2017)"));
    free(json);
    free(text);
}

static void test_settings_writers_report_memory_and_full_devices(void **state)
{
    nb_config_t config = {0};
    sample_t sample;
    FILE *full = fopen("/dev/full", "w");

    (void)state;
    assert_ok(load(&config, "rules: {a: 1}\n", &sample));
    assert_non_null(full);
    setvbuf(full, NULL, _IONBF, 0);
    assert_fails(nb_settings_canonical(table, &sample, full), NB_ERR_IO, "writing");
    assert_fails(nb_settings_yaml(table, &sample, 0, full), NB_ERR_IO, "writing");
    assert_fails(nb_settings_describe(table, 1, full), NB_ERR_IO, "writing");
    for (unsigned n = 1; n <= 2; n++) {
        nb_alloc_fail_at(n);
        assert_fails(nb_settings_canonical(table, &sample, full), NB_ERR_MEMORY, "memory");
    }
    nb_alloc_fail_at(1);
    assert_int_equal(nb_config_set(&config, "evry=1"), NB_ERR_MEMORY);
    nb_alloc_fail_at(0);
    assert_ok(nb_config_set(&config, "evry=1"));
    nb_alloc_fail_at(1);
    assert_int_equal(nb_settings_load(table, config.root, NULL, 0, &sample), NB_ERR_MEMORY);
    nb_alloc_fail_at(0);
    fclose(full);
    nb_config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_defaults_come_from_the_table),
        cmocka_unit_test(test_settings_load_every_type),
        cmocka_unit_test(test_settings_unknown_key_names_the_nearest),
        cmocka_unit_test(test_settings_out_of_range_names_the_range),
        cmocka_unit_test(test_settings_wrong_type_says_what_was_expected),
        cmocka_unit_test(test_settings_refuse_a_map_that_is_none),
        cmocka_unit_test(test_settings_canonical_is_sorted_complete_and_exact),
        cmocka_unit_test(test_node_canonical_does_not_depend_on_spelling),
        cmocka_unit_test(test_settings_yaml_reads_back_as_the_same_settings),
        cmocka_unit_test(test_settings_describe_lists_every_row),
        cmocka_unit_test(test_settings_writers_report_memory_and_full_devices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
