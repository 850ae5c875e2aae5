/*
 * Shipped experiments run, and their negative controls hold to the bit at any size.
 */
#include "tests/command_kit.h"
#include "tests/testlib.h"

#define SMALL "--set customers=40 --set periods=80 --set replications=2"
#define QUICK_TUNING "--set tune.customers=20 --set tune.budget=8"

static void check_controls(command_kit_t *kit, const char *name, const char *more, int n_exact)
{
    char expected[16];

    assert_command(kit, 0, "", "nextbest run %s -o %s.h5 --quiet " SMALL " %s", name, name, more);
    snprintf(expected, sizeof expected, "%d of %d\n", n_exact, n_exact);
    assert_command(
        kit, 0, expected,
        "nextbest compare %s.h5 > text && echo $(grep '^exact_' text | grep -c 'supported$') "
        "of $(grep -c '^exact_' text)",
        name);
}

static void test_consent_controls_hold(void **state)
{
    check_controls(*state, "consent", QUICK_TUNING, 1);
}

static void test_returns_controls_hold(void **state)
{
    check_controls(*state, "returns", "", 1);
}

static void test_referral_controls_hold(void **state)
{
    check_controls(*state, "referral", QUICK_TUNING, 2);
}

static void test_platform_controls_hold(void **state)
{
    check_controls(*state, "platform", "", 1);
}

static void test_permission_controls_hold(void **state)
{
    check_controls(*state, "permission", "", 2);
}

static void test_shock_controls_hold(void **state)
{
    check_controls(*state, "shock", QUICK_TUNING, 3);
}

int main(void)
{
#define WITH_KIT(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, command_kit_set_up, command_kit_tear_down)
    const struct CMUnitTest tests[] = {
        WITH_KIT(test_consent_controls_hold),    WITH_KIT(test_returns_controls_hold),
        WITH_KIT(test_referral_controls_hold),   WITH_KIT(test_platform_controls_hold),
        WITH_KIT(test_permission_controls_hold), WITH_KIT(test_shock_controls_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
