#define _POSIX_C_SOURCE 200809L
#include "core/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "tests/testlib.h"

static int parse(nb_config_t *config, const char *name, const char *text)
{
    return nb_config_parse(config, name, text, strlen(text));
}

/* the text alone in a tree of its own */
static int parse_alone(const char *text)
{
    nb_config_t config;
    int code = nb_config_init(&config);

    if (code == NB_OK) {
        code = parse(&config, "x.yaml", text);
    }
    nb_config_free(&config);
    return code;
}

static const char *text_at(const nb_config_t *config, const char *path)
{
    const nb_node_t *node = nb_node_at(config->root, path);

    return node && node->text ? node->text : "(none)";
}

static void test_config_keeps_values_marks_and_order(void **state)
{
    nb_config_t config;
    const nb_node_t *node;
    char path[64];

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(parse(&config, "a.yaml", "b: 1\na:\n  d: 'x: y'\n  c: [1, {e: 2}]\n"));
    assert_string_equal(config.root->child->key, "b");
    node = nb_node_at(config.root, "a.d");
    assert_string_equal(node->text, "x: y");
    assert_int_equal(node->quoted, 1);
    assert_string_equal(node->file, "a.yaml");
    assert_int_equal(node->line, 3);
    assert_int_equal(node->column, 3);
    node = nb_node_at(config.root, "a.c");
    assert_int_equal(nb_node_count(node), 2);
    nb_node_path(node->child->next->child, path, sizeof path);
    assert_string_equal(path, "a.c[1].e");
    assert_null(nb_node_at(config.root, "a.c.e"));
    assert_ptr_equal(nb_node_at(config.root, ""), config.root);
    nb_config_free(&config);
    nb_config_free(&config);
}

static void test_config_layers_merge_maps_and_replace_the_rest(void **state)
{
    nb_config_t config;

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(parse(&config, "low.yaml", "m: {a: 1, b: [1, 2]}\ns: {x: 1}\n"));
    assert_ok(parse(&config, "high.yaml", "m: {b: [3], c: 4}\ns: 5\n"));
    assert_string_equal(text_at(&config, "m.a"), "1");
    assert_int_equal(nb_node_count(nb_node_at(config.root, "m.b")), 1);
    assert_string_equal(text_at(&config, "m.c"), "4");
    assert_string_equal(text_at(&config, "s"), "5");
    assert_string_equal(nb_node_at(config.root, "m.a")->file, "low.yaml");
    assert_string_equal(nb_node_at(config.root, "m.c")->file, "high.yaml");
    assert_int_equal(nb_node_at(config.root, "m.c")->line, 1);
    nb_config_free(&config);
}

static void test_config_paths_name_items_of_lists(void **state)
{
    nb_config_t config;
    char path[64];

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(parse(&config, "a.yaml", "r: [{if: {above: 1}, do: [x, y]}, z]\n"));
    assert_ok(nb_config_set(&config, "r.0.if.above=2"));
    assert_string_equal(text_at(&config, "r.0.if.above"), "2");
    assert_ok(nb_config_set(&config, "r.0.do.1=w"));
    assert_string_equal(text_at(&config, "r.0.do.0"), "x");
    assert_string_equal(text_at(&config, "r.0.do.1"), "w");
    /* an item that is no map becomes one, at its place and without a key */
    assert_ok(nb_config_set(&config, "r.1.if={below: 3}"));
    assert_string_equal(text_at(&config, "r.1.if.below"), "3");
    nb_node_path(nb_node_at(config.root, "r.1.if"), path, sizeof path);
    assert_string_equal(path, "r[1].if");
    assert_int_equal(nb_node_count(nb_node_at(config.root, "r")), 2);
    assert_null(nb_node_at(config.root, "r.2"));
    assert_null(nb_node_at(config.root, "r.x"));
    assert_fails(nb_config_set(&config, "r.2=x"), NB_ERR_CONFIG,
                 "'r' has 2 items, numbered from 0: there is no item 2");
    assert_fails(nb_config_set(&config, "r.7.if.above=1"), NB_ERR_CONFIG, "there is no item 7");
    assert_fails(nb_config_set(&config, "r.0.do.2=x"), NB_ERR_CONFIG, "'r[0].do' has 2 items");
    /* a word is no number: the list makes way for a map, as ever */
    assert_ok(nb_config_set(&config, "r.0.do.x=1"));
    assert_string_equal(text_at(&config, "r.0.do.x"), "1");
    /* within one document a list is a list */
    assert_fails(parse(&config, "b.yaml", "q: [1]\nq.0: 2\n"), NB_ERR_CONFIG, "given twice");
    nb_config_free(&config);
}

static void test_config_nests_dotted_keys(void **state)
{
    nb_config_t config;

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(parse(&config, "x.yaml", "a.b.c: 1\na: {b.d: 2}\nl: [{e.f: 3}]\n"));
    assert_string_equal(text_at(&config, "a.b.c"), "1");
    assert_string_equal(text_at(&config, "a.b.d"), "2");
    assert_string_equal(nb_node_at(nb_node_at(config.root, "l")->child, "e.f")->text, "3");
    assert_int_equal(nb_node_at(config.root, "a.b.c")->line, 1);
    nb_config_free(&config);
    assert_fails(parse_alone("a.b: 1\na: {b: 2}\n"), NB_ERR_CONFIG,
                 "x.yaml:2:5: a.b: key 'b' given twice, first at x.yaml:1:1");
    assert_fails(parse_alone("a: 1\na.b: 2\n"), NB_ERR_CONFIG, "given twice, first at x.yaml:1:1");
    assert_fails(parse_alone("a..b: 1\n"), NB_ERR_CONFIG, "x.yaml:1:1: a..b: a key");
    assert_fails(parse_alone("a.: 1\n"), NB_ERR_CONFIG, "is empty");
}

static void test_config_set_places_any_value_at_a_path(void **state)
{
    nb_config_t config;

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(parse(&config, "x.yaml", "f: {decay: 0.5, grow: 1}\n"));
    assert_ok(nb_config_set(&config, "f.decay=0.9"));
    assert_ok(nb_config_set(&config, "new.map.key=[1, 2]"));
    assert_ok(nb_config_set(&config, "f={grow: 2}"));
    assert_ok(nb_config_set(&config, "empty="));
    assert_string_equal(text_at(&config, "f.decay"), "0.9");
    assert_string_equal(text_at(&config, "f.grow"), "2");
    assert_string_equal(text_at(&config, "empty"), "");
    assert_string_equal(nb_node_at(config.root, "f.decay")->file, "--set");
    assert_int_equal(nb_node_count(nb_node_at(config.root, "new.map.key")), 2);
    assert_fails(nb_config_set(&config, "decay"), NB_ERR_USAGE, "--set decay: expected PATH=VALUE");
    assert_fails(nb_config_set(&config, "=1"), NB_ERR_USAGE, "expected PATH=VALUE");
    assert_fails(nb_config_set(&config, "a.b=[1"), NB_ERR_CONFIG, "--set: a.b: broken YAML");
    assert_fails(nb_config_set(&config, "a..b=1"), NB_ERR_CONFIG, "is empty");
    assert_fails(nb_config_set(&config, "a=\x01"), NB_ERR_CONFIG, "byte 0x01");
    nb_config_free(&config);
}

static void test_config_merge_copies_from_another_tree(void **state)
{
    nb_config_t from, into;

    (void)state;
    assert_ok(nb_config_init(&from));
    assert_ok(nb_config_init(&into));
    assert_ok(parse(&from, "from.yaml", "s: {a: {b: 1}}\n"));
    assert_ok(nb_config_merge(&into, "x.y", nb_node_at(from.root, "s")));
    assert_ok(nb_config_merge(&into, "", nb_node_at(from.root, "s")));
    nb_config_free(&from);
    assert_string_equal(text_at(&into, "x.y.a.b"), "1");
    assert_string_equal(text_at(&into, "a.b"), "1");
    assert_string_equal(nb_node_at(into.root, "a.b")->file, "from.yaml");
    nb_config_free(&into);
}

static void test_config_aliases_copy_and_keep_marks(void **state)
{
    nb_config_t config;

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(parse(&config, "x.yaml", "a: &m {p: 1}\nb: *m\nc: &s 7\nd: [*s, *s]\n"));
    assert_string_equal(text_at(&config, "b.p"), "1");
    assert_int_equal(nb_node_at(config.root, "b")->line, 2);
    assert_int_equal(nb_node_at(config.root, "b.p")->line, 1);
    assert_string_equal(nb_node_at(config.root, "d")->child->next->text, "7");
    nb_config_free(&config);
}

static void test_config_alias_loops_and_bombs_are_refused(void **state)
{
    char bomb[2000] = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1]\n";

    (void)state;
    assert_fails(parse_alone("a: &x [1, *x]\n"), NB_ERR_CONFIG,
                 "x.yaml:1:11: alias '*x' stands inside of what it names");
    assert_fails(parse_alone("a: *x\nb: &x 1\n"), NB_ERR_CONFIG, "names nothing above it");
    assert_fails(parse_alone("a: &x 1\n*x : 2\n"), NB_ERR_CONFIG, "alias as key");
    for (char c = 'b'; c < 'k'; c++) {
        char line[100];

        snprintf(line, sizeof line, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c,
                 c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
        strcat(bomb, line);
    }
    assert_fails(parse_alone(bomb), NB_ERR_CONFIG, "more than 200000 values");
}

static void test_config_broken_yaml_names_the_place(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"a: 'abc\nb: 2\n", "x.yaml:1:4: broken YAML: wrongly indented single-quoted scalar (is a "
                            "closing quote missing?)"},
        {"a: \"abc\n", "is a closing quote missing?"},
        {"a:\n\tb: 1\n", "x.yaml:2:1: broken YAML: tab character"},
        {"a: [1, 2\n", "broken YAML: flow sequence without a closing bracket"},
        {"a: {b: 1\n", "x.yaml:2:1: broken YAML: missing comma in flow mapping"},
        {"a: 1\n b: 2\n", "x.yaml:1:4: broken YAML"},
        {"a: b: c\n", "x.yaml:1:5: broken YAML"},
        {"a: @x\n", "x.yaml:1:4: broken YAML"},
        {"%YAML 9.9\n---\na: 1\n", "broken YAML"},
        {"a: 1\na: 2\n", "x.yaml:2:1: key 'a' given twice, first in line 1, column 1"},
        {"m: {k: 1, k: 2}\n", "x.yaml:1:11: key 'k' given twice, first in line 1, column 5"},
        {"? {x: 1}\n: 2\n", "x.yaml:1:3: a map or list as key"},
        {"&k a: 1\n", "a key with an anchor"},
        {"---\na: 1\n---\nb: 2\n", "x.yaml:3:1: a second document begins"},
        {"- 1\n- 2\n", "x.yaml:1:1: expected a map"},
        {"text\n", "x.yaml:1:1: expected a map"},
        {"", "x.yaml:1:1: empty, expected YAML settings"},
        {"# only a comment\n", "x.yaml:1:1: empty"},
        {"a: 1\nb: \x80\n", "x.yaml:2:4: byte 0x80: not a text file in UTF-8"},
        {"a: \xed\xa0\x80\n", "byte 0xed"},
        {"a: \xc0\xaf\n", "byte 0xc0"},
        {"a: \"\\0\"\n", "text with a zero byte"},
        {"\x7f"
         "ELF\x01",
         "x.yaml:1:1: byte 0x7f"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_fails(parse_alone(cases[i].text), NB_ERR_CONFIG, cases[i].words);
    }
}

static void test_config_depth_is_limited(void **state)
{
    char text[1000] = "a: ";

    (void)state;
    memset(text + 3, '[', 100);
    memset(text + 103, ']', 100);
    assert_fails(parse_alone(text), NB_ERR_CONFIG, "nested deeper than 64");
    for (int i = 0; i < 200; i++) {
        strcpy(text + 2 * i, "a.");
    }
    strcat(text, "z: 1\n");
    assert_fails(parse_alone(text), NB_ERR_CONFIG, "nested deeper than 64");
}

static void test_config_width_is_limited(void **state)
{
    enum { N = 4001 };
    char *text = NULL;
    size_t n = 0;

    (void)state;
    assert_ok(nb_alloc(&text, N * 8 + 1, 1));
    for (int i = 0; i < N; i++) {
        n += (size_t)sprintf(text + n, "%x: 1\n", i);
    }
    assert_fails(parse_alone(text), NB_ERR_CONFIG, "more than 4000 keys");
    for (int i = n = 0; i < 1001; i++) {
        n += (size_t)sprintf(text + n, "%s&x 1\n", i ? "- " : "a:\n- ");
    }
    assert_fails(parse_alone(text), NB_ERR_CONFIG, "more than 1000 anchors");
    nb_free(text);
}

static void test_config_read_names_the_file_it_cannot_read(void **state)
{
    nb_config_t config;
    char folder[] = "/tmp/nb_config_XXXXXX", path[64];
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.yaml", folder);
    assert_ok(nb_config_init(&config));
    assert_fails(nb_config_read(&config, path), NB_ERR_NOT_FOUND, path);
    assert_fails(nb_config_read(&config, folder), NB_ERR_FORMAT, "is a folder");
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_fails(nb_config_read(&config, path), NB_ERR_CONFIG, "x.yaml:1:1: empty");
    file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) { /* longer than any buffer */
        fprintf(file, "key%d: %d%0100d\n", i, i, 0);
    }
    assert_int_equal(fclose(file), 0);
    assert_ok(nb_config_read(&config, path));
    assert_int_equal(strlen(text_at(&config, "key999")), 103);
    assert_memory_equal(text_at(&config, "key999"), "9990", 4);
    nb_config_free(&config);
    unlink(path);
    rmdir(folder);
}

static void test_node_scalars_read_strictly(void **state)
{
    nb_config_t config;
    double real = 0;
    long long whole = 0;
    int truth = 0;

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(parse(&config, "x.yaml",
                    "r: -1.5e3\ni: 20000\ne: 2e4\nbig: 9007199254740993\nt: true\nf: off\n"
                    "n: ~\nq: '5'\ninf: .inf\nnan: nan\nw: 1x\nm: {}\n"));
    assert_ok(nb_node_real(nb_node_at(config.root, "r"), &real));
    assert_true(real == -1500.0);
    assert_ok(nb_node_int(nb_node_at(config.root, "i"), &whole));
    assert_int_equal(whole, 20000);
    assert_ok(nb_node_int(nb_node_at(config.root, "e"), &whole));
    assert_int_equal(whole, 20000);
    assert_ok(nb_node_int(nb_node_at(config.root, "big"), &whole));
    assert_true(whole == 9007199254740993LL);
    assert_ok(nb_node_bool(nb_node_at(config.root, "t"), &truth));
    assert_int_equal(truth, 1);
    assert_ok(nb_node_bool(nb_node_at(config.root, "f"), &truth));
    assert_int_equal(truth, 0);
    assert_fails(nb_node_real(nb_node_at(config.root, "n"), &real), NB_ERR_CONFIG,
                 "x.yaml:7:1: n: no value, expected a finite number");
    assert_fails(nb_node_real(nb_node_at(config.root, "q"), &real), NB_ERR_CONFIG, "in quotes");
    assert_fails(nb_node_real(nb_node_at(config.root, "inf"), &real), NB_ERR_CONFIG, "'.inf'");
    assert_fails(nb_node_real(nb_node_at(config.root, "nan"), &real), NB_ERR_CONFIG, "'nan'");
    assert_fails(nb_node_int(nb_node_at(config.root, "w"), &whole), NB_ERR_CONFIG, "'1x'");
    assert_fails(nb_node_real(nb_node_at(config.root, "m"), &real), NB_ERR_CONFIG,
                 "a map where a finite number");
    assert_fails(nb_node_bool(nb_node_at(config.root, "r"), &truth), NB_ERR_CONFIG,
                 "true or false");
    nb_config_free(&config);
}

static void test_node_whole_number_refuses_a_fraction(void **state)
{
    nb_config_t config;
    long long whole = 0;

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(nb_config_set(&config, "a=1.5"));
    assert_ok(nb_config_set(&config, "b=1e300"));
    assert_fails(nb_node_int(nb_node_at(config.root, "a"), &whole), NB_ERR_CONFIG,
                 "--set: a: '1.5', expected a whole number");
    assert_fails(nb_node_int(nb_node_at(config.root, "b"), &whole), NB_ERR_CONFIG, "whole");
    nb_config_free(&config);
}

static void test_nearest_finds_slips_and_nothing_far(void **state)
{
    static const char *const words[] = {"fatigue.decay", "fatigue.grow", "scenario", "seed"};

    (void)state;
    assert_string_equal(nb_nearest("fatigue.decya", words, 4), "fatigue.decay");
    assert_string_equal(nb_nearest("scenarios", words, 4), "scenario");
    assert_string_equal(nb_nearest("sede", words, 4), "seed");
    assert_null(nb_nearest("recognize", words, 4));
    assert_null(nb_nearest("", words, 4));
}

static void test_node_check_keys_names_the_nearest(void **state)
{
    static const char *const words[] = {"scenario", "seed"};
    nb_config_t config;

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(parse(&config, "x.yaml", "scenario: a\nsede: 1\n"));
    assert_fails(nb_node_check_keys(config.root, words, 2), NB_ERR_CONFIG,
                 "x.yaml:2:1: sede: unknown key 'sede', did you mean 'seed'?");
    assert_fails(nb_node_check_keys(nb_node_at(config.root, "sede"), words, 2), NB_ERR_CONFIG,
                 "expected a map");
    assert_ok(nb_node_check_keys(NULL, words, 2));
    assert_fails(nb_node_unknown(config.root->child, "point", "x", words, 2), NB_ERR_CONFIG,
                 "unknown point 'x'; expected one of: scenario, seed");
    nb_config_free(&config);
}

static void test_config_survives_every_failing_allocation(void **state)
{
    static const char text[] = "a: &x {b: [1, 2]}\nc.d: *x\ne: 'q'\n";
    int code = NB_ERR_MEMORY;
    uint64_t n = 0;

    (void)state;
    while (code == NB_ERR_MEMORY) {
        nb_config_t config = {0};

        nb_alloc_fail_at(++n);
        code = nb_config_init(&config);
        if (code == NB_OK) {
            code = parse(&config, "x.yaml", text);
        }
        if (code == NB_OK) {
            code = nb_config_set(&config, "c.d.z=3");
        }
        nb_alloc_fail_at(0);
        nb_config_free(&config);
    }
    assert_int_equal(code, NB_OK);
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_keeps_values_marks_and_order),
        cmocka_unit_test(test_config_layers_merge_maps_and_replace_the_rest),
        cmocka_unit_test(test_config_paths_name_items_of_lists),
        cmocka_unit_test(test_config_nests_dotted_keys),
        cmocka_unit_test(test_config_set_places_any_value_at_a_path),
        cmocka_unit_test(test_config_merge_copies_from_another_tree),
        cmocka_unit_test(test_config_aliases_copy_and_keep_marks),
        cmocka_unit_test(test_config_alias_loops_and_bombs_are_refused),
        cmocka_unit_test(test_config_broken_yaml_names_the_place),
        cmocka_unit_test(test_config_depth_is_limited),
        cmocka_unit_test(test_config_width_is_limited),
        cmocka_unit_test(test_config_read_names_the_file_it_cannot_read),
        cmocka_unit_test(test_node_scalars_read_strictly),
        cmocka_unit_test(test_node_whole_number_refuses_a_fraction),
        cmocka_unit_test(test_nearest_finds_slips_and_nothing_far),
        cmocka_unit_test(test_node_check_keys_names_the_nearest),
        cmocka_unit_test(test_config_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
