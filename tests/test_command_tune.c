#include "core/config.h"
#include "tests/command_kit.h"
#include "tests/testlib.h"

/* until the run in the background has kept a unit of b.h5, or is gone */
#define WAIT_FOR_A_UNIT                                                                            \
    "until [ -n \"$(find . -path './b.store/units/*.h5')\" ] || ! kill -0 $!; do sleep 0.01; "     \
    "done; "

/* an experiment with something to tune as e.yaml in the folder of the kit */
static int set_up(void **state)
{
    static const char line[] =
        "printf '%s\\n' 'name: small' 'scenario: everyday' "
        "'customers: 100' 'periods: 10' 'tail: false' 'replications: 3' 'strategies:' "
        "'  never: {}' "
        "'  mail: {recognize: {policy: schedule, action: email, every: 8}}' "
        "'tune: {budget: 24, strategies: {mail: {recognize.every: [1, 2, 4, 8]}}}' > e.yaml";

    if (command_kit_set_up(state) < 0) {
        return -1;
    }
    return command_kit_run(*state, "%s", line);
}

static void test_run_tunes_and_says_what_it_chose(void **state)
{
    command_kit_t *kit = *state;

    /* 4x4 2x8: 16 + 8 */
    assert_command(kit, 0, "Settings tried in tuning", "nextbest run e.yaml -o a.h5");
    assert_non_null(strstr(kit->output, "mail      recognize.every=8  "));
    assert_non_null(strstr(kit->output, "a.h5: 9 of 9 units"));
    assert_command(kit, 0, "Tuned by equity on seed ", "nextbest compare a.h5");
    assert_non_null(strstr(kit->output, "at most 24 units of 100 customers for each strategy"));
    assert_non_null(strstr(kit->output, "mail (default)  3/3"));
    assert_command(kit, 0, "mail (default)", "nextbest compare a.h5 --format csv");
    assert_command(kit, 0, "tuned: {\"metric\"", "nextbest info a.h5");
    assert_command(kit, 0, "", "nextbest run e.yaml -o b.h5 --quiet");
    assert_string_equal(kit->output, "");
}

static void test_run_and_compare_give_the_tuning_as_json(void **state)
{
    static const char *const commands[] = {"nextbest run e.yaml -o a.h5 --format json 2>/dev/null",
                                           "nextbest compare a.h5 --format json"};
    command_kit_t *kit = *state;

    for (size_t i = 0; i < 2; i++) {
        const nb_node_t *cell;
        nb_config_t json;
        long long units;

        assert_command(kit, 0, "{", "%s", commands[i]);
        assert_ok(nb_config_init(&json));
        assert_ok(nb_config_parse(&json, "json", kit->output, strlen(kit->output)));
        cell = nb_node_at(json.root, "tuned.cells.0");
        assert_string_equal(nb_node_child(cell, "cell")->text, "mail");
        assert_ok(nb_node_int(nb_node_child(cell, "units"), &units));
        assert_int_equal(units, 24);
        assert_int_equal(nb_node_count(nb_node_child(cell, "candidates")), 4);
        nb_config_free(&json);
    }
}

static void test_run_dry_says_what_tuning_would_run(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0,
                   "mail: 4 settings in rounds of 4 x 4, 2 x 8 replications = 24 units\n"
                   "16 units to run in the next round of the tuning",
                   "nextbest run e.yaml -o a.h5 --dry-run");
    assert_non_null(strstr(kit->output, "mail (default) (scenario everyday) x 3 replications"));
    assert_command(kit, 0, "e.yaml\n", "ls");
    assert_string_equal(kit->output, "e.yaml\n");
    assert_command(kit, 0, "", "nextbest run e.yaml -o a.h5 --quiet");
    assert_command(kit, 0, "9 units: 9 done, 0 failed, 0 to run",
                   "nextbest run e.yaml -o a.h5 --dry-run");
    assert_command(kit, 0, "  budget: 16",
                   "nextbest run e.yaml --print-config --set "
                   "tune.budget=16");
    assert_command(kit, 2, "a.h5 holds another tuning",
                   "nextbest run e.yaml -o a.h5 --set tune.budget=16");
}

static void test_run_tunes_to_the_same_bytes(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "",
                   "nextbest run e.yaml -o a.h5 -j 1 --quiet && nextbest run e.yaml -o c.h5 -j 4 "
                   "--quiet && cmp a.h5 c.h5");
    /* killed in its tuning */
    command_kit_run(kit, "nextbest run e.yaml -o b.h5 -j 1 --quiet & " WAIT_FOR_A_UNIT
                         "kill -9 $!; wait $!");
    assert_command(kit, 0, "", "nextbest run e.yaml -o b.h5 --quiet && cmp a.h5 b.h5");
    /* a results file stands for its experiment, tuning and all */
    assert_command(kit, 0, "", "nextbest run a.h5 -o d.h5 --quiet && cmp a.h5 d.h5");
    assert_command(kit, 0, "12 of 12 units", "nextbest run a.h5 --set replications=4");
    /* the store is put aside once, not before every round */
    assert_command(kit, 0, "",
                   "nextbest run a.h5 --fresh --quiet && ! test -e a.store.old-2 && "
                   "test -e a.store.old-1");
}

static void test_run_of_the_shipped_tuned_experiment(void **state)
{
    command_kit_t *kit = *state;

    assert_command(
        kit, 0, "mail      recognize.every=",
        "nextbest run everyday_tuned --set customers=40 --set replications=2 "
        "--set periods=12 --set tail=false --set tune.customers=40 --set tune.budget=24");
    assert_non_null(strstr(kit->output, "H1  equity: rule - mail > 0"));
}

#define TUNE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, command_kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TUNE_TEST(test_run_tunes_and_says_what_it_chose),
        TUNE_TEST(test_run_and_compare_give_the_tuning_as_json),
        TUNE_TEST(test_run_dry_says_what_tuning_would_run),
        TUNE_TEST(test_run_tunes_to_the_same_bytes),
        TUNE_TEST(test_run_of_the_shipped_tuned_experiment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
