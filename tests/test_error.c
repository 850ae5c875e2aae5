#include "tests/testlib.h"

static int fail_with_detail(void)
{
    NB_FAIL(NB_ERR_RANGE, "fatigue.decay is %g, expected 0 to 1", 1.5);
}

static int pass_on(void)
{
    NB_TRY(fail_with_detail());
    return NB_OK;
}

static void test_error_every_code_is_negative_and_has_a_sentence(void **state)
{
    (void)state;
#define CHECK_CODE(code, is_input, sentence)                                                       \
    assert_true(code < 0);                                                                         \
    assert_string_equal(nb_strerror(code), sentence);                                              \
    assert_int_equal(nb_error_is_input(code), is_input);
    NB_ERROR_LIST(CHECK_CODE)
#undef CHECK_CODE
    assert_string_equal(nb_strerror(NB_OK), "done");
    assert_string_equal(nb_strerror(-5), "unknown error");
}

static void test_error_try_passes_code_and_detail_upward(void **state)
{
    (void)state;
    assert_fails(pass_on(), NB_ERR_RANGE, "fatigue.decay is 1.5, expected 0 to 1");
    nb_error_clear();
    assert_string_equal(nb_error_detail(), "");
}

static void test_error_prefix_comes_before_the_detail(void **state)
{
    (void)state;
    assert_int_equal(nb_error_prefix(pass_on(), "file %s", "a.yaml"), NB_ERR_RANGE);
    assert_string_equal(nb_error_detail(), "file a.yaml: fatigue.decay is 1.5, expected 0 to 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_every_code_is_negative_and_has_a_sentence),
        cmocka_unit_test(test_error_try_passes_code_and_detail_upward),
        cmocka_unit_test(test_error_prefix_comes_before_the_detail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
