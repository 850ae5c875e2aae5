#include "policies/registry.h"
#include "tests/testlib.h"

static void test_registry_lists_every_policy_once(void **state)
{
    (void)state;
    assert_true(nb_policy_count() >= 9);
    for (size_t i = 0; i < nb_policy_count(); i++) {
        const nb_policy_type_t *found;

        assert_ok(nb_policy_find(&found, nb_policy_at(i)->name));
        assert_ptr_equal(found, nb_policy_at(i));
    }
}

static void test_registry_says_the_nearest_name(void **state)
{
    const nb_policy_type_t *type;

    (void)state;
    assert_fails(nb_policy_find(&type, "lin_tz"), NB_ERR_NOT_FOUND, "\"lin_ts\"");
    assert_null(type);
    assert_fails(nb_policy_find(&type, "epsgreedy"), NB_ERR_NOT_FOUND, "\"eps_greedy\"");
    assert_fails(nb_policy_find(&type, "quite_another"), NB_ERR_NOT_FOUND, "list policies");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry_lists_every_policy_once),
        cmocka_unit_test(test_registry_says_the_nearest_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
