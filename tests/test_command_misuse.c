/* What users do wrong: one sentence, exit status 2 for input and 1 for failure, nothing lost. */
#include "tests/command_kit.h"
#include "tests/results_sample.h"
#include "tests/testlib.h"

/* e.yaml, a small experiment, and log.csv, a small purchase log, in the folder of the kit */
static int set_up(void **state)
{
    static const char line[] =
        "printf '%s\\n' 'name: small' 'scenario: everyday' 'customers: 50' 'periods: 4' "
        "'tail: false' 'replications: 2' 'strategies:' '  never: {}' "
        "'  weekly: {recognize: {policy: schedule, action: email, every: 1}}' > e.yaml; "
        "{ echo customer,date,spend; for i in $(seq 10 28); do for j in $(seq $((i % 7 + 1))); do "
        "echo c$i,2020-0$j-$i,$((i * j % 9 + i)); done; done; } > log.csv";

    if (command_kit_set_up(state) < 0) {
        return -1;
    }
    return command_kit_run(*state, "%s", line);
}

/* the error is one line and begins with the name of the program */
static void assert_one_sentence(const command_kit_t *kit)
{
    assert_int_equal(strncmp(kit->output, "nextbest: ", 10), 0);
    assert_ptr_equal(strchr(kit->output, '\n'), kit->output + strlen(kit->output) - 1);
}

static void test_run_refuses_wrong_numbers(void **state)
{
    static const struct {
        const char *set, *words;
    } cases[] = {
        {"customers=99999999999999999999", "expected a whole number"},
        {"customers=1.5", "customers: '1.5', expected a whole number"},
        {"periods=.inf", "periods: '.inf', expected a whole number"},
        {"need.lost=.nan", "need.lost: '.nan', expected a finite number"},
        {"need.lost=1e400", "need.lost: '1e400', expected a finite number"},
        {"need.lost=", "need.lost: no value, expected a finite number"},
        {"need=3", "need: expected a map of settings"},
        {"need..lost=3", "a key, or a part of it between dots, is empty"},
        {"need.lost", "--set need.lost: expected PATH=VALUE"},
        {"=3", "--set =3: expected PATH=VALUE"},
        {"name=a/b", "name: 'a/b', expected a name without '/'"},
        {"metrics=[equty]", "metrics[0]: unknown metric 'equty', did you mean 'equity'?"},
        {"strategies.weekly.recognise.every=2", "unknown decision point 'recognise'"},
    };
    command_kit_t *kit = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_command(kit, 2, cases[i].words, "nextbest run e.yaml --set '%s'", cases[i].set);
        assert_one_sentence(kit);
    }
    assert_command(kit, 2, "expected 1 to 4096 threads", "nextbest run e.yaml -j abc");
    assert_command(kit, 2, "expected 1 to 4096 threads", "nextbest run e.yaml -j -1");
    assert_command(kit, 0, "e.yaml\nlog.csv\n", "ls");
    assert_string_equal(kit->output, "e.yaml\nlog.csv\n");
}

static void test_command_refuses_empty_arguments(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 2, "argument 3, \"\", is empty", "nextbest run e.yaml ''");
    assert_command(kit, 2, "argument 4, \"\", is empty", "nextbest run e.yaml -o ''");
    assert_command(kit, 2, "argument 3, \"--output=\", is empty", "nextbest run e.yaml --output=");
    assert_command(kit, 2, "argument 1, \"\", is empty", "nextbest ''");
    assert_command(kit, 0, "e.yaml\nlog.csv\n", "ls -A");
}

static void test_run_refuses_paths_of_another_kind(void **state)
{
    command_kit_t *kit = *state;

    command_kit_run(kit, "mkdir dir.yaml d.h5; printf '\\211HDF\\r\\n\\032\\nx' > bad.h5");
    assert_command(kit, 2, "dir.yaml: is a folder, expected a YAML file", "nextbest run dir.yaml");
    assert_command(kit, 2, "d.h5 is no regular file", "nextbest run e.yaml -o d.h5");
    assert_command(kit, 2, "/dev/null is no regular file", "nextbest run e.yaml -o /dev/null");
    assert_command(kit, 1, "e.yaml/a.h5: Not a directory", "nextbest run e.yaml -o e.yaml/a.h5");
    assert_command(kit, 2, "e.yaml is not an HDF5 file", "nextbest run e.yaml -o e.yaml");
    assert_command(kit, 2, "bad.h5 is an HDF5 file of another program, or was truncated",
                   "nextbest run bad.h5");
    assert_command(kit, 2, "s.store is no folder, and so no store",
                   "touch s.store; nextbest run e.yaml -o s.h5");
    assert_command(kit, 2, "t.store holds other files and no units: it is no store",
                   "mkdir t.store; touch t.store/note; nextbest run e.yaml -o t.h5");
}

static void test_compare_refuses_what_is_no_results_file(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "", "nextbest run e.yaml -o a.h5 --quiet");
    assert_command(kit, 2, "a.store is no regular file", "nextbest compare a.store");
    assert_command(kit, 2, "is a file of kind \"unit\", expected \"results\"",
                   "nextbest compare $(find a.store/units -name '*.h5' | head -1)");
    assert_command(kit, 2, "t.h5 is an HDF5 file of another program, or was truncated",
                   "head -c 9000 a.h5 > t.h5; nextbest compare t.h5");
    assert_command(kit, 2, "t.h5 is an HDF5", "nextbest run t.h5");
    assert_command(kit, 2, "t.h5 is an HDF5", "nextbest run e.yaml -o t.h5");
    assert_command(kit, 2, "e.yaml is not an HDF5 file", "nextbest compare e.yaml");
    assert_command(kit, 2, "no metric \"nope\"", "nextbest compare a.h5 --metric nope");
    assert_command(kit, 2, "no strategy \"nope\"", "nextbest compare a.h5 --baseline nope");
    assert_command(kit, 2, "no scenario \"nope\"", "nextbest compare a.h5 --scenario nope");
    assert_command(kit, 2, "--delta is \"nan\"", "nextbest compare a.h5 --delta nan");
}

static void test_every_report_notices_a_full_device(void **state)
{
    static const char *const lines[] = {
        "nextbest run e.yaml -o a.h5",
        "nextbest run e.yaml -o a.h5 --format json",
        "nextbest run e.yaml --dry-run",
        "nextbest run e.yaml --print-config",
        "nextbest compare a.h5",
        "nextbest compare a.h5 --format csv",
        "nextbest compare a.h5 --format json",
        "nextbest info a.h5",
        "nextbest list metrics",
        "nextbest describe lin_ts --format json",
        "nextbest fit log.csv --format json",
    };
    command_kit_t *kit = *state;

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_command(kit, 1, "writing to standard output failed: No space left on device",
                       "%s > /dev/full", lines[i]);
    }
    assert_command(kit, 1, "standard output", "nextbest compare a.h5 >&-");
    assert_command(kit, 0, "Experiment small", "nextbest compare a.h5 | head -1");
}

static void test_run_with_closed_streams_writes_sound_results(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "", "nextbest run e.yaml -o a.h5 --quiet");
    assert_command(kit, 0, "", "nextbest run e.yaml -o b.h5 --quiet <&- >&- 2>&-; cmp a.h5 b.h5");
}

static void test_run_twice_at_once_gives_the_same_bytes(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "", "nextbest run e.yaml -o a.h5 --quiet");
    assert_command(kit, 0, "",
                   "nextbest run e.yaml -o b.h5 --quiet & first=$!; "
                   "nextbest run e.yaml -o b.h5 --quiet && wait $first && cmp a.h5 b.h5");
}

static void test_run_refuses_change_and_loses_nothing(void **state)
{
    static const char *const sets[] = {"seed=5", "customers=51", "periods=5", "need.lost=0.3",
                                       "strategies.weekly.recognize.every=2"};
    command_kit_t *kit = *state;

    assert_command(kit, 0, "", "nextbest run e.yaml -o a.h5 --quiet; cp a.h5 kept.h5");
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        assert_command(kit, 2, "a.h5 holds another experiment",
                       "nextbest run e.yaml -o a.h5 --set %s", sets[i]);
        assert_one_sentence(kit);
    }
    assert_command(kit, 0, "", "cmp a.h5 kept.h5");
    assert_command(kit, 0, "6 of 6", "nextbest run e.yaml -o a.h5 --set replications=3");
    assert_command(kit, 0, "", "nextbest run e.yaml -o b.h5 --set replications=3 --quiet");
    assert_command(kit, 0, "", "cmp a.h5 b.h5");
}

static void test_run_refuses_plugins_that_do_not_fit(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 2, "built for policy interface 4, expected 3",
                   "nextbest run e.yaml --set "
                   "\"strategies.x={offer: {policy: $NB_BUILD_ROOT/tests/plugin_broken_1.so}}\"");
    assert_one_sentence(kit);
    assert_command(kit, 2, "no plug-in file \"none.so\", neither as given nor in NB_PLUGIN_PATH",
                   "NB_PLUGIN_PATH=/nowhere::/dev/null nextbest run e.yaml --set "
                   "'strategies.x={offer: {policy: none.so}}'");
}

static void test_run_names_the_illegal_action_of_a_plugin(void **state)
{
    command_kit_t *kit = *state;
    const char *line = "nextbest run e.yaml -o a.h5 --quiet -j 1 --set "
                       "\"strategies.x={recognize: {policy: $NB_BUILD_ROOT/tests/"
                       "plugin_failing.so}}\"";

    assert_command(kit, 1, "action 1000000 (no action of this point) in position 0 is not allowed",
                   "NB_TEST_ACTION=1000000 %s", line);
    assert_command(kit, 1, "action 4 (coach) in position 0 is not allowed for customer 0",
                   "NB_TEST_ACTION=4 %s --retry-failed", line);
    assert_non_null(strstr(kit->output, "2 of 6 units failed"));
    /* a code without a sentence: the one of the unit before is not said again */
    assert_command(kit, 1, "x, replication 1: policy failing at point recognize in period 0: ",
                   "NB_TEST_CODE=-5 %s --retry-failed", line);
    assert_null(strstr(kit->output, "period 0: policy failing"));
    assert_command(kit, 0, "", "%s --retry-failed", line);
}

static void test_fit_never_replaces_its_log(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "", "cp log.csv kept.csv; ln -s log.csv link.csv");
    assert_command(kit, 2, "-o log.csv would replace the log itself",
                   "nextbest fit log.csv -o log.csv");
    assert_command(kit, 2, "--per-customer ./log.csv would replace the log itself",
                   "nextbest fit log.csv --per-customer ./log.csv");
    assert_command(kit, 2, "would replace the log itself",
                   "nextbest fit log.csv --per-customer link.csv");
    assert_command(kit, 2, "-o and --per-customer are both x",
                   "nextbest fit log.csv -o x --per-customer x");
    assert_command(kit, 0, "", "cmp log.csv kept.csv");
}

static void test_fit_writes_into_devices_and_links(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 1, "/full: writing failed: No space left on device",
                   "ln -s /dev/full full; nextbest fit log.csv --per-customer $PWD/full");
    assert_command(kit, 0, "", "test -L full && test -c /dev/full");
    assert_command(kit, 0, "id,x,t_x,T",
                   "mkfifo pipe; cat pipe & nextbest fit log.csv --per-customer pipe; wait");
    assert_command(kit, 0, "", "test -p pipe");
    assert_command(kit, 2, "dir: is a folder, expected a file to write",
                   "mkdir dir; nextbest fit log.csv --per-customer dir");
}

static void test_fit_refuses_wrong_logs_and_flags(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 2, "Is a directory", "nextbest fit .");
    assert_command(kit, 2, "l.csv: the file is empty", ": > l.csv; nextbest fit l.csv");
    assert_command(kit, 2, "l.csv:3: \"2020-02-30\" is no date",
                   "sed 3s/,.*,/,2020-02-30,/ log.csv > l.csv; nextbest fit l.csv");
    assert_command(kit, 2, "l.csv:3: spend -5 is negative",
                   "sed '3s/,[0-9]*$/,-5/' log.csv > l.csv; nextbest fit l.csv");
    assert_command(kit, 2, "l.csv:3: column 3 is \"nan\", expected a number (spend)",
                   "sed '3s/,[0-9]*$/,nan/' log.csv > l.csv; nextbest fit l.csv");
    assert_command(kit, 2, "--columns spend=9: there is no such column",
                   "nextbest fit log.csv --columns customer=1,date=2,spend=9");
    assert_command(kit, 2, "is after the calibration's end, 1999-01-01",
                   "nextbest fit log.csv --calibration-end 1999-01-01");
    assert_command(kit, 0, "days after the log's last purchase",
                   "nextbest fit log.csv --calibration-end 2021-01-01");
    assert_command(kit, 1, "all.csv: writing failed: File too large",
                   "ulimit -f 0; nextbest fit log.csv --per-customer all.csv");
    assert_command(kit, 1, "", "test -e all.csv -o -e all.csv.part");
}

/* rows in any order are the same log */
static void test_fit_takes_unsorted_rows(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "rows not in order of time: sorted",
                   "{ head -1 log.csv; tail -n +2 log.csv | sort -r; } > r.csv; "
                   "nextbest fit r.csv > r.txt");
    assert_command(kit, 0, "", "nextbest fit log.csv > s.txt 2>&-; cmp r.txt s.txt");
}

/* names of some kinds, one a line, into names.txt */
static void list_names(command_kit_t *kit, const char *kinds)
{
    assert_command(kit, 0, "",
                   "for kind in %s; do nextbest list $kind | grep -o '^[^ ]\\+'; done > names.txt; "
                   "echo observation >> names.txt",
                   kinds);
}

static void test_describe_fits_in_100_columns(void **state)
{
    command_kit_t *kit = *state;

    list_names(kit, "policies scenarios experiments environments");
    assert_command(kit, 0, "", "test $(wc -l < names.txt) -gt 15");
    assert_command(kit, 0, "Unit: money",
                   "for name in equity $(cat names.txt); do nextbest describe $name || exit 9; "
                   "done > all.txt; head -5 all.txt");
    /* the text of a YAML file is shown as it is */
    assert_command(kit, 0, "",
                   "awk 'length > 100 && !/^( *#|  - [{]id:| +[a-z_0-9]+:|[a-z_]+:)/' all.txt");
    assert_string_equal(kit->output, "");
    assert_command(kit, 0, "", "nextbest list experiments | awk 'length > 100'");
    assert_string_equal(kit->output, "");
}

static void test_describe_json_parses_for_every_name(void **state)
{
    static const char program[] =
        "import json, sys; objects = json.load(sys.stdin)[:-1]; "
        "[(o['name'], o['summary'], o['kind'], o['settings']) for o in objects]; "
        "print(len(objects) > 40 and 'all objects')";
    command_kit_t *kit = *state;

    command_kit_run(kit, "command -v python3");
    if (kit->status != 0) {
        print_message("skipped: no python3\n");
        skip();
    }
    list_names(kit, "policies scenarios experiments metrics environments");
    assert_command(kit, 0, "",
                   "for name in $(cat names.txt); do nextbest describe $name --format json; "
                   "echo ,; done > all.txt");
    assert_command(kit, 0, "all objects", "{ echo [; cat all.txt; echo 0]; } | python3 -c \"%s\"",
                   program);
}

#define MISUSE_TEST(function)                                                                      \
    cmocka_unit_test_setup_teardown(function, set_up, command_kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MISUSE_TEST(test_run_refuses_wrong_numbers),
        MISUSE_TEST(test_command_refuses_empty_arguments),
        MISUSE_TEST(test_run_refuses_paths_of_another_kind),
        MISUSE_TEST(test_compare_refuses_what_is_no_results_file),
        MISUSE_TEST(test_every_report_notices_a_full_device),
        MISUSE_TEST(test_run_with_closed_streams_writes_sound_results),
        MISUSE_TEST(test_run_twice_at_once_gives_the_same_bytes),
        MISUSE_TEST(test_run_refuses_change_and_loses_nothing),
        MISUSE_TEST(test_run_refuses_plugins_that_do_not_fit),
        MISUSE_TEST(test_run_names_the_illegal_action_of_a_plugin),
        MISUSE_TEST(test_fit_never_replaces_its_log),
        MISUSE_TEST(test_fit_writes_into_devices_and_links),
        MISUSE_TEST(test_fit_refuses_wrong_logs_and_flags),
        MISUSE_TEST(test_fit_takes_unsorted_rows),
        MISUSE_TEST(test_describe_fits_in_100_columns),
        MISUSE_TEST(test_describe_json_parses_for_every_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
