#include "tests/command_kit.h"
#include "tests/results_sample.h"
#include "tests/testlib.h"

static void test_command_says_what_it_can(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "Usage: nextbest COMMAND", "nextbest --help");
    assert_command(kit, 0, "compare the strategies", "nextbest -h");
    assert_command(kit, 0, "hdf5", "nextbest --version");
    assert_true(strncmp(kit->output, "nextbest 0.", 11) == 0);
    assert_command(kit, 0, "--baseline=NAME", "nextbest compare --help");
}

static void test_command_refuses_wrong_use(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 2, "nextbest: which command?", "nextbest");
    assert_command(kit, 2, "no command \"comprae\"; the nearest is compare", "nextbest comprae");
    assert_command(kit, 2, "unrecognized option '--colour'", "nextbest compare a.h5 --colour");
    assert_command(kit, 2, "which results file?", "nextbest compare");
    assert_command(kit, 2, "--format is \"xml\", expected text|csv|json",
                   "nextbest compare a.h5 --format xml");
    assert_command(kit, 2, "--delta is \"-1\"", "nextbest compare a.h5 --delta=-1");
}

static void test_command_refuses_files_that_are_no_results(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 2, "nextbest: ", "nextbest info none.h5");
    assert_non_null(strstr(kit->output, "none.h5"));
    assert_command(kit, 2, "other.h5", "echo hello > other.h5 && nextbest compare other.h5");
}

static void test_command_compares_results(void **state)
{
    command_kit_t *kit = *state;
    char path[SAMPLE_PATH_SIZE];

    assert_ok(sample_results(kit->folder, "[]", path));
    assert_command(kit, 0, "Exploratory: no hypothesis", "nextbest compare results.h5");
    assert_non_null(strstr(kit->output, "lin_ts: of 5 units 1 failed, 1 have not run"));
    assert_null(strchr(kit->output, '\033'));
    assert_command(kit, 0, "\"baseline\": \"weekly\"",
                   "nextbest compare results.h5 --baseline weekly --format json");
    assert_command(kit, 0, "equity,everyday,never", "nextbest compare results.h5 --format csv");
    assert_command(kit, 0, "By segment: mean", "nextbest compare results.h5 --by segment");
    assert_command(kit, 0, "\"by\": \"segment\"",
                   "nextbest compare results.h5 --by segment --format json");
    assert_command(kit, 0, "equity,everyday,never,never,1,5,",
                   "nextbest compare results.h5 --by segment --format csv");
    assert_command(kit, 2, "by cohort", "nextbest compare results.h5 --by cohort");
    assert_command(kit, 2, "expected segment or cohort", "nextbest compare results.h5 --by age");
    assert_command(kit, 2, "the nearest is \"weekly\"",
                   "nextbest compare results.h5 --baseline wekly");
    assert_command(kit, 2, "equity", "nextbest compare results.h5 --metric equty");
    assert_command(kit, 0, "units: 18 done, 1 failed, 1 missing", "nextbest info results.h5");
    assert_command(kit, 0, "\"done\": 18", "nextbest info results.h5 --format json");
}

static void test_command_lists_and_describes(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "lin_ts ", "nextbest list policies");
    assert_command(kit, 0, "\"name\": \"everyday\"", "nextbest list scenarios --format json");
    assert_command(kit, 2, "the nearest is \"policies\"", "nextbest list polices");
    assert_command(kit, 2, "list what?", "nextbest list");
    assert_command(kit, 0, "Thompson", "nextbest describe lin_ts");
    assert_command(kit, 0, "\"settings\": [", "nextbest describe lin_ts --format json");
    assert_command(kit, 0, "Decision points", "nextbest describe journey");
    assert_command(kit, 0, "log_tenure", "nextbest describe observation");
    assert_command(kit, 0, "hypothesis:", "nextbest describe quickstart");
    assert_command(kit, 0, "fatigue.keep", "nextbest describe everyday");
    assert_command(kit, 0, "\"settings\": []", "nextbest describe quickstart --format json");
    assert_command(kit, 0, "Unit: money", "nextbest describe equity");
    assert_command(kit, 0, "softmax",
                   "nextbest describe $NB_BUILD_ROOT/examples/plugin_softmax.so");
    assert_command(kit, 2, "the nearest is \"lin_ts\"", "nextbest describe lin_st");
}

static void test_command_check_policy_tells_sound_from_broken(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "softmax.so keeps its promises",
                   "nextbest check-policy $NB_BUILD_ROOT/examples/plugin_softmax.so");
    assert_command(kit, 0, "],\"ok\":true}",
                   "nextbest check-policy schedule --set action=email --format json");
    assert_command(kit, 1, "plays action 999, which is not allowed",
                   "NB_TEST_ACTION=999 nextbest check-policy "
                   "$NB_BUILD_ROOT/tests/plugin_failing.so");
    assert_command(kit, 1, "\"outcome\":\"failed\"",
                   "NB_TEST_ACTION=999 nextbest check-policy "
                   "$NB_BUILD_ROOT/tests/plugin_failing.so --format json");
    assert_command(kit, 1, "it ended the program (signal",
                   "NB_TEST_CRASH=1 nextbest check-policy $NB_BUILD_ROOT/tests/plugin_failing.so");
    assert_command(kit, 2, "unknown key", "nextbest check-policy lin_ts --set lamda=1");
    assert_command(kit, 2, "did you mean \"lin_ts\"", "nextbest check-policy lin_st");
    assert_command(kit, 2, "no environment \"jorney\"",
                   "nextbest check-policy lin_ts --environment jorney");
    assert_command(kit, 2, "which policy?", "nextbest check-policy");
}

static void test_command_notices_that_its_output_is_lost(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 1, "standard output", "nextbest --help > /dev/full");
}

#define COMMAND_TEST(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, command_kit_set_up, command_kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(test_command_says_what_it_can),
        COMMAND_TEST(test_command_refuses_wrong_use),
        COMMAND_TEST(test_command_refuses_files_that_are_no_results),
        COMMAND_TEST(test_command_compares_results),
        COMMAND_TEST(test_command_lists_and_describes),
        COMMAND_TEST(test_command_check_policy_tells_sound_from_broken),
        COMMAND_TEST(test_command_notices_that_its_output_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
