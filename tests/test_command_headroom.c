#include "tests/command_kit.h"
#include "tests/testlib.h"

static void test_headroom_misuse(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 2, "did you mean 'recognize'?", "nextbest headroom --points recognise");
    assert_command(kit, 2, "slates", "nextbest headroom plain --points recognize,product");
    assert_command(kit, 2, "everyday", "nextbest headroom everydy");
    assert_command(kit, 2, "one scenario at a time", "nextbest headroom everyday plain");
    assert_command(kit, 2, "expected 1 to 100000 replications",
                   "nextbest headroom --replications 0");
    assert_command(kit, 2, "expected 2 or more",
                   "nextbest headroom --replications 1 --customers 10");
    assert_command(kit, 2, "fatigue.keep", "nextbest headroom --set fatigue.kep=1");
    assert_command(kit, 2, "as with several firms",
                   "nextbest headroom --set firms=2 --customers 10 --replications 2");
    assert_command(kit, 2, "no sweep",
                   "nextbest headroom --set 'sweep=[{key: need.lost, values: [0.1, 0.2]}]'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_headroom_misuse, command_kit_set_up,
                                        command_kit_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
