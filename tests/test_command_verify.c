#include "core/config.h"
#include "tests/command_kit.h"
#include "tests/testlib.h"

#define SMALL "--customers 150 --replications 2 -j 2 "

static void test_verify_says_what_holds(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "0 of 1 targets missed",
                   "nextbest verify everyday " SMALL "--target open_rate -o out && ls out");
    assert_non_null(strstr(kit->output, "ladder.h5"));
    assert_command(kit, 0, "", "nextbest verify " SMALL "--target open_rate -o out --quiet");
    assert_string_equal(kit->output, "");
    /* a folder of its own is taken away */
    assert_command(kit, 0, "2 targets missed",
                   "mkdir tmp && TMPDIR=$PWD/tmp nextbest verify plain " SMALL);
    assert_command(kit, 0, "", "ls tmp");
    assert_string_equal(kit->output, "");
}

static void test_verify_reports_as_json(void **state)
{
    static const char *const keys[] = {"name", "value", "low", "high", "ok", "se", "how"};
    command_kit_t *kit = *state;
    const nb_node_t *target;
    nb_config_t json;

    assert_command(kit, 1, "{",
                   "nextbest verify " SMALL "--target open_rate --set open.email=3 --format json");
    assert_ok(nb_config_init(&json));
    assert_ok(nb_config_parse(&json, "verify", kit->output, strlen(kit->output)));
    assert_string_equal(nb_node_child(json.root, "ok")->text, "false");
    target = nb_node_child(json.root, "targets")->child;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_non_null(nb_node_child(target, keys[i]));
    }
    nb_config_free(&json);
}

static void test_verify_follows_the_scenario_file(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "above 0",
                   "printf 'name: own\\nopen: {email: 3}\\nverify: {open_rate: [0.5, 1]}\\n' > "
                   "own.yaml && nextbest verify own.yaml " SMALL
                   "--target open_rate --target contact_optimum");
    assert_command(kit, 2,
                   "own.yaml:2:10: verify.opn_rate: unknown target 'opn_rate', did you "
                   "mean 'open_rate'?",
                   "printf 'name: own\\nverify: {opn_rate: off}\\n' > own.yaml && nextbest verify "
                   "own.yaml " SMALL);
    assert_command(kit, 2, "unknown action 'cal', did you mean 'call'?",
                   "printf 'name: own\\nverify: {inert: [recognize.cal]}\\n' > own.yaml && "
                   "nextbest verify own.yaml " SMALL);
    assert_command(kit, 2, "unknown decision point",
                   "printf 'name: own\\nverify: {dominant: [recognise.call]}\\n' > own.yaml && "
                   "nextbest verify own.yaml " SMALL);
}

/* stopped softly: nothing stays behind */
static void test_verify_is_interrupted(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 1, "with -o DIR what is done would be kept",
                   "mkdir tmp; TMPDIR=$PWD/tmp nextbest verify --customers 20000 --replications 50 "
                   "-j 2 & p=$!; until [ -n \"$(ls tmp)\" ]; do sleep 0.01; done; sleep 0.2; "
                   "kill -TERM $p; wait $p");
    assert_command(kit, 0, "", "ls tmp");
    assert_string_equal(kit->output, "");
}

static void test_verify_misuse(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 2, "everyday", "nextbest verify everydy");
    assert_command(kit, 2, "one scenario at a time", "nextbest verify everyday plain");
    assert_command(kit, 2, "expected 1 to 100000 replications", "nextbest verify --replications 0");
    assert_command(kit, 2, "expected 1 to 100000000 customers", "nextbest verify --customers x");
    assert_command(kit, 2, "fatigue.keep", "nextbest verify --set fatigue.kep=1");
    assert_command(kit, 2, "nearest is open_rate", "nextbest verify --target open_rte");
    assert_command(kit, 1, "cannot make the folder", "touch f && nextbest verify -o f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_verify_says_what_holds, command_kit_set_up,
                                        command_kit_tear_down),
        cmocka_unit_test_setup_teardown(test_verify_reports_as_json, command_kit_set_up,
                                        command_kit_tear_down),
        cmocka_unit_test_setup_teardown(test_verify_follows_the_scenario_file, command_kit_set_up,
                                        command_kit_tear_down),
        cmocka_unit_test_setup_teardown(test_verify_is_interrupted, command_kit_set_up,
                                        command_kit_tear_down),
        cmocka_unit_test_setup_teardown(test_verify_misuse, command_kit_set_up,
                                        command_kit_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
