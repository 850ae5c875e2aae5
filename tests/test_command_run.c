#include "tests/command_kit.h"
#include "core/config.h"
#include "tests/testlib.h"

enum { SKIPPED = 77 };

/* until the run in the background has kept a unit of b.h5, or is gone */
#define WAIT_FOR_A_UNIT                                                                            \
    "until [ -n \"$(find . -path './b.store/units/*.h5')\" ] || ! kill -0 $!; do sleep 0.01; "     \
    "done; "

/* a small experiment as e.yaml in the folder of the kit */
static int set_up(void **state)
{
    static const char line[] =
        "printf '%s\\n' 'name: small' 'scenario: everyday' "
        "'customers: 100' 'periods: 10' 'tail: false' 'replications: 3' 'strategies:' "
        "'  never: {}' "
        "'  weekly: {recognize: {policy: schedule, action: email, every: 1}}' "
        "'  lin_ts: {recognize: {policy: lin_ts}}' > e.yaml";

    if (command_kit_set_up(state) < 0) {
        return -1;
    }
    return command_kit_run(*state, "%s", line);
}

static void test_run_prints_a_table_and_goes_on(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "small.h5: 9 of 9 units", "nextbest run e.yaml");
    assert_non_null(strstr(kit->output, "Difference to never in equity"));
    assert_command(kit, 0, "12 of 12 units", "nextbest run small.h5 --set replications=4");
    assert_command(kit, 0, "12 units: 12 done, 0 failed, 0 to run",
                   "nextbest run small.h5 --dry-run");
    assert_command(kit, 0, "", "nextbest run small.h5 --quiet");
    assert_string_equal(kit->output, "");
}

static void test_run_keeps_logs_that_info_tells_of(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "", "nextbest run e.yaml --set log=decisions+truth -o d.h5 --quiet");
    assert_command(kit, 0, "log: {decisions: 1, truth: true, purchases: false}",
                   "nextbest info d.h5");
    assert_non_null(strstr(kit->output, "logs: d.store/decisions/KEY.h5"));
    assert_command(kit, 0, "9", "ls d.store/decisions | wc -l");
    assert_command(kit, 0, "point recognize: policy ",
                   "for f in d.store/decisions/*.h5; do nextbest info $f || exit 1; done");
    assert_non_null(strstr(kit->output, "log of decisions of unit "));
    assert_command(kit, 0, "{\"unit_key\": \"",
                   "nextbest info $(ls d.store/decisions/*.h5 | head -n 1) --format json");
    assert_command(kit, 2, "of kind \"decisions\", expected \"results\"",
                   "nextbest compare $(ls d.store/decisions/*.h5 | head -n 1)");
    assert_command(kit, 2, "log: 'all', expected none, purchases",
                   "nextbest run e.yaml --set log=all");
    /* the figures are those of a run without logs */
    assert_command(
        kit, 0, "",
        "nextbest run e.yaml -o n.h5 --quiet && nextbest compare n.h5 --format csv > n && "
        "nextbest compare d.h5 --format csv > d && cmp n d");
}

static void test_run_is_compared_by_segment_whatever_its_metrics_are(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "",
                   "nextbest run e.yaml -o a.h5 --quiet --set 'metrics=[contacts, equity]'");
    assert_command(kit, 0, "clv,everyday,never,",
                   "nextbest compare a.h5 --by segment --format csv");
    assert_command(kit, 2, "no metric \"contacts\" by segment",
                   "nextbest compare a.h5 --by segment --metric contacts");
}

static void test_run_of_a_sweep_compares_within_worlds(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "\"cell\": \"weekly | need.lost=0.3\", \"baseline\": \"never\"",
                   "nextbest run e.yaml -o a.h5 --quiet --set 'sweep=[{key: need.lost, values: "
                   "[0.1, 0.3]}]' && nextbest compare a.h5 --format json");
    assert_command(kit, 0, ",weekly | need.lost=0.3,3,0,0,", "nextbest compare a.h5 --format csv");
    assert_non_null(strstr(kit->output, ",never | need.lost=0.1,3,"));
    assert_non_null(strstr(kit->output, ",never | need.lost=0.3,3,"));
}

static void test_run_reports_as_json(void **state)
{
    static const char *const keys[] = {"results", "units",   "done",
                                       "failed",  "seconds", "customer_periods_per_second"};
    command_kit_t *kit = *state;
    nb_config_t json;
    long long done;

    assert_command(kit, 0, "{", "nextbest run e.yaml -o a.h5 --format json");
    assert_ok(nb_config_init(&json));
    assert_ok(nb_config_parse(&json, "run", kit->output, strlen(kit->output)));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_non_null(nb_node_child(json.root, keys[i]));
    }
    assert_ok(nb_node_int(nb_node_child(json.root, "done"), &done));
    assert_int_equal(done, 9);
    nb_config_free(&json);
}

static void test_run_gives_the_same_bytes_for_any_number_of_threads(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "",
                   "nextbest run e.yaml -o a.h5 -j 1 --quiet && nextbest run e.yaml -o b.h5 -j 2 "
                   "--quiet && nextbest run e.yaml -o c.h5 -j 4 --quiet && cmp a.h5 b.h5 && "
                   "cmp a.h5 c.h5");
}

static void test_run_killed_and_run_again_gives_the_same_bytes(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "", "nextbest run e.yaml -o a.h5 --set replications=6 --quiet");
    command_kit_run(
        kit, "nextbest run e.yaml -o b.h5 --set replications=6 -j 1 --quiet & " WAIT_FOR_A_UNIT
             "kill -9 $!; wait $!");
    assert_command(kit, 0, "", "nextbest run e.yaml -o b.h5 --set replications=6 --quiet");
    assert_command(kit, 0, "", "cmp a.h5 b.h5");
}

static void test_run_interrupted_says_what_is_kept(void **state)
{
    command_kit_t *kit = *state;

    /* so many units that the signal always comes in time */
    command_kit_run(
        kit, "nextbest run e.yaml -o b.h5 --set replications=400 -j 1 --quiet & " WAIT_FOR_A_UNIT
             "kill -INT $!; wait $!");
    assert_int_equal(kit->status, 1);
    assert_non_null(strstr(kit->output, "of 1200 units are kept; run again to go on"));
    assert_command(kit, 1, "", "test -e b.h5");
}

static void test_run_dry_writes_nothing(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "9 units: 0 done, 0 failed, 9 to run", "nextbest run e.yaml --dry-run");
    assert_command(kit, 0, "lin_ts (scenario everyday)", "nextbest run e.yaml --dry-run");
    assert_command(kit, 0, "replications: 3", "nextbest run e.yaml --print-config");
    assert_command(kit, 0, "e.yaml", "ls");
    assert_string_equal(kit->output, "e.yaml\n");
}

static void test_run_refuses_bad_input(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 2, "which experiment?", "nextbest run");
    assert_command(kit, 2, "-j is \"0\", expected 1 to 4096", "nextbest run e.yaml -j 0");
    assert_command(kit, 2, "none.yaml", "nextbest run none.yaml");
    assert_command(kit, 2, "'quickstart'", "nextbest run quikstart");
    assert_command(kit, 2, "'customers'", "nextbest run e.yaml --set cusomers=3");
    assert_command(kit, 2, "customers", "nextbest run e.yaml --set customers=-3");
    assert_command(kit, 2, "lin_ts", "nextbest run e.yaml --set strategies.x.all.policy=lin_tz");
    assert_command(kit, 2, "empty.yaml", ": > empty.yaml; nextbest run empty.yaml");
    assert_command(kit, 2, "broken.yaml:2:1: broken YAML",
                   "echo 'a: [' > broken.yaml; nextbest run broken.yaml");
    assert_command(kit, 2, "other.h5", "echo hello > other.h5; nextbest run e.yaml -o other.h5");
    assert_command(kit, 2, "other.h5", "nextbest run other.h5");
    assert_command(
        kit, 2, "use -o",
        "nextbest run e.yaml -o a.h5 --quiet && nextbest run e.yaml -o a.h5 --set seed=2");
}

static void test_run_says_in_a_sentence_what_it_cannot_write(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 1, "nextbest: cannot make folder none/deeper/a.store",
                   "nextbest run e.yaml -o none/deeper/a.h5");
    /* a folder that alone is missing is made */
    assert_command(kit, 0, "", "nextbest run e.yaml -o made/a.h5 --quiet && test -s made/a.h5");
    assert_command(kit, 1, "File too large", "ulimit -f 4; nextbest run e.yaml -o a.h5 --quiet");
    assert_int_equal(strncmp(kit->output, "nextbest: cannot write ", 23), 0);
    assert_ptr_equal(strchr(kit->output, '\n'), kit->output + strlen(kit->output) - 1);
    /* nothing is lost: the same run succeeds without the limit */
    assert_command(kit, 0, "9 of 9 units", "nextbest run e.yaml -o a.h5");
}

static void test_run_on_a_full_disk(void **state)
{
    command_kit_t *kit = *state;

    command_kit_run(kit,
                    "mkdir disk; mount -t tmpfs -o size=64k none disk || exit %d; "
                    "nextbest run e.yaml -o disk/a.h5 --quiet; status=$?; umount disk; "
                    "exit $status",
                    SKIPPED);
    if (kit->status == SKIPPED) {
        print_message("skipped: no right to mount a small disk\n");
        skip();
    }
    assert_int_equal(kit->status, 1);
    assert_non_null(strstr(kit->output, "No space left on device"));
}

static void test_run_names_units_that_fail(void **state)
{
    command_kit_t *kit = *state;
    const char *line = "nextbest run e.yaml -o a.h5 --set "
                       "\"strategies.lin_ts={recognize: {policy: $NB_BUILD_ROOT/tests/"
                       "plugin_failing.so}}\"";

    assert_command(kit, 1, "lin_ts, replication 1: ", "NB_TEST_FAIL=1 %s", line);
    assert_non_null(strstr(kit->output, "1 of 9 units failed"));
    assert_non_null(strstr(kit->output, "lin_ts: of 3 units 1 failed, 0 have not run"));
    assert_command(kit, 1, "1 of 9 units failed", "%s", line);
    assert_command(kit, 0, "9 of 9 units", "%s --retry-failed", line);
}

#define RUN_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, command_kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_run_prints_a_table_and_goes_on),
        RUN_TEST(test_run_keeps_logs_that_info_tells_of),
        RUN_TEST(test_run_is_compared_by_segment_whatever_its_metrics_are),
        RUN_TEST(test_run_of_a_sweep_compares_within_worlds),
        RUN_TEST(test_run_reports_as_json),
        RUN_TEST(test_run_gives_the_same_bytes_for_any_number_of_threads),
        RUN_TEST(test_run_killed_and_run_again_gives_the_same_bytes),
        RUN_TEST(test_run_interrupted_says_what_is_kept),
        RUN_TEST(test_run_dry_writes_nothing),
        RUN_TEST(test_run_refuses_bad_input),
        RUN_TEST(test_run_says_in_a_sentence_what_it_cannot_write),
        RUN_TEST(test_run_on_a_full_disk),
        RUN_TEST(test_run_names_units_that_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
