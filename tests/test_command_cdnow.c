/*
 * examples/cdnow.sh from the raw log to the table, on a small synthetic log in the format of
 * CDNOW's.
 */
#include "tests/testlib.h"

#include "tests/command_kit.h"
#include "tests/synthetic_log.h"

#define SCRIPT "NEXTBEST=nextbest \"$NB_SOURCE_ROOT\"/examples/cdnow.sh "

/* a kit with log.txt in its folder: as published, from 1997-01-01 on */
static int set_up(void **state)
{
    const synthetic_t world = {.purchases = {.5, 60, 1.2, 3},
                               .spend = {4, 5, 60},
                               .n_customers = 400,
                               .birth_days = 80,
                               .days = 500,
                               .seed = 4};
    char path[300];
    FILE *out;

    if (command_kit_set_up(state) != 0) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/log.csv", ((command_kit_t *)*state)->folder);
    out = fopen(path, "w");
    assert_non_null(out);
    write_synthetic_log(&world, out);
    assert_int_equal(fclose(out), 0);
    /* 1997 has no 29 February */
    return command_kit_run(*state,
                           "sed -e 1d -e /2020-02-29/d -e s/,2020-/,1997-/ -e s/,2021-/,1998-/ "
                           "-e 's/c\\([0-9]*\\),\\(....\\)-\\(..\\)-\\(..\\),/ \\1 \\1 "
                           "\\2\\3\\4 1 /' log.csv >log.txt");
}

static void test_cdnow_goes_from_the_log_to_the_table(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "Difference to never in equity", SCRIPT "--trial log.txt out");
    assert_non_null(strstr(kit->output, "1997-01-01 to 1997-09-30, time in weeks"));
    assert_non_null(strstr(kit->output, "clairvoyant"));
    assert_non_null(strstr(kit->output, "The response to actions is not identified"));
    assert_command(kit, 0, "12 units: 12 done", "nextbest run out/cdnow.h5 --dry-run");
}

static void test_cdnow_says_in_a_sentence_what_it_cannot(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "cdnow.sh [--trial] LOG [OUT]", SCRIPT "--help");
    assert_command(kit, 2, "which log?", SCRIPT);
    assert_command(kit, 2, "one log and one folder", SCRIPT "log.txt a b");
    assert_command(kit, 2, "unknown option --small", SCRIPT "--small log.txt");
    assert_command(kit, 2, "none.txt cannot be read", SCRIPT "none.txt");
    assert_command(kit, 2, "folder log.txt/out cannot be made", SCRIPT "log.txt log.txt/out");
    assert_command(kit, 2, "there is no such column", SCRIPT "--trial log.csv out2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cdnow_goes_from_the_log_to_the_table),
        cmocka_unit_test(test_cdnow_says_in_a_sentence_what_it_cannot),
    };

    return cmocka_run_group_tests(tests, set_up, command_kit_tear_down);
}
