#include "core/stats.h"
#include "core/memory.h"
#include "tests/testlib.h"

static void test_moments_known_answer(void **state)
{
    const double values[] = {2, 4, 4, 4, 5, 5, 7, 9};
    nb_moments_t moments = {0};

    (void)state;
    nb_moments_add_finite(&moments, values, 8);
    assert_int_equal(moments.n, 8);
    assert_close(moments.mean, 5, 0, 1e-15);
    assert_close(nb_moments_sd(&moments), sqrt(32.0 / 7), 1e-15, 0);
    assert_close(nb_moments_se(&moments), sqrt(32.0 / 7 / 8), 1e-15, 0);
}

static void test_moments_keep_digits_far_from_zero(void **state)
{
    nb_moments_t moments = {0};

    (void)state;
    for (int i = 0; i < 1000; i++) {
        nb_moments_add(&moments, 1e9 + i % 2);
    }
    /* half the values off by 1: variance 0.25 * n / (n - 1); the textbook formula gives rubbish */
    assert_close(nb_moments_sd(&moments), sqrt(0.25 * 1000 / 999), 1e-9, 0);
}

static void test_moments_leave_out_what_is_not_finite(void **state)
{
    const double values[] = {1, NAN, 3, INFINITY};
    nb_moments_t moments = {0};

    (void)state;
    assert_true(isnan(nb_moments_sd(&moments)));
    nb_moments_add_finite(&moments, values, 4);
    assert_int_equal(moments.n, 2);
    assert_close(moments.mean, 2, 0, 0);
}

/* table values: Abramowitz & Stegun (1964), table 26.10; df 1 and 2 in closed form */
static void test_distributions_known_answers(void **state)
{
    (void)state;
    assert_close(nb_t_quantile(0.975, 1), 12.7062047364, 1e-9, 0);
    assert_close(nb_t_quantile(0.975, 19), 2.0930240544, 1e-9, 0);
    assert_close(nb_t_quantile(0.025, 19), -2.0930240544, 1e-9, 0);
    assert_close(nb_t_p(1, 1), 0.5, 1e-14, 0);
    assert_close(nb_t_p(-2, 2), 1 - 2 / sqrt(6), 1e-13, 0);
    assert_close(nb_t_p(INFINITY, 3), 0, 0, 0);
}

/* Student (1908), additional hours of sleep by two soporifics; t = -4.0621, p = 0.002833,
 * interval -2.459886 to -0.700114: t.test(extra ~ group, paired = TRUE) of R */
static void test_interval_paired_known_answer(void **state)
{
    const double a[] = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
    const double b[] = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
    nb_interval_t interval = nb_interval_paired(a, b, 10, 0.95);

    (void)state;
    assert_int_equal(interval.n, 10);
    assert_close(interval.mean, -1.58, 1e-14, 0);
    assert_close(interval.mean / interval.se, -4.0621, 0, 5e-5);
    assert_close(interval.p, 0.002833, 0, 5e-7);
    assert_close(interval.low, -2.4598858, 0, 5e-7);
    assert_close(interval.high, -0.7001142, 0, 5e-7);
}

static void test_interval_paired_uses_common_finite_pairs(void **state)
{
    const double a[] = {1, NAN, 3, 4};
    const double b[] = {0, 5, NAN, 2};
    nb_interval_t interval = nb_interval_paired(a, b, 4, 0.95);

    (void)state;
    assert_int_equal(interval.n, 2);
    assert_close(interval.mean, 1.5, 0, 0);
}

static void test_interval_of_equal_values_has_no_width(void **state)
{
    const double a[] = {1.1, 2.2, 3.3}, b[] = {2, 3, 4}, c[] = {1, 2, 3};
    nb_interval_t same = nb_interval_paired(a, a, 3, 0.95);
    nb_interval_t shifted = nb_interval_paired(b, c, 3, 0.95);

    (void)state;
    assert_true(same.mean == 0 && same.low == 0 && same.high == 0 && same.p == 1);
    assert_true(shifted.mean == 1 && shifted.low == 1 && shifted.high == 1 && shifted.p == 0);
}

static void test_interval_needs_two_values(void **state)
{
    const double a[] = {3}, b[] = {1};
    nb_interval_t one = nb_interval_paired(a, b, 1, 0.95);
    nb_interval_t none = nb_interval_paired(a, b, 0, 0.95);

    (void)state;
    assert_true(one.mean == 2 && isnan(one.low) && isnan(one.p));
    assert_true(none.n == 0 && isnan(none.mean));
}

/* p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") of R: 0.03 0.06 0.06 0.02 */
static void test_holm_known_answer(void **state)
{
    const double p[] = {0.01, 0.04, NAN, 0.03, 0.005};
    double adjusted[5];

    (void)state;
    assert_ok(nb_holm(p, 5, adjusted));
    assert_close(adjusted[0], 0.03, 1e-14, 0);
    assert_close(adjusted[1], 0.06, 1e-14, 0);
    assert_true(isnan(adjusted[2]));
    assert_close(adjusted[3], 0.06, 1e-14, 0);
    assert_close(adjusted[4], 0.02, 1e-14, 0);
}

static void test_holm_in_place_and_capped(void **state)
{
    double p[] = {0.7, 0.6, 1};

    (void)state;
    assert_ok(nb_holm(p, 3, p));
    assert_true(p[0] == 1 && p[1] == 1 && p[2] == 1);
    nb_alloc_fail_at(1);
    assert_int_equal(nb_holm(p, 3, p), NB_ERR_MEMORY);
    nb_alloc_fail_at(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments_known_answer),
        cmocka_unit_test(test_moments_keep_digits_far_from_zero),
        cmocka_unit_test(test_moments_leave_out_what_is_not_finite),
        cmocka_unit_test(test_distributions_known_answers),
        cmocka_unit_test(test_interval_paired_known_answer),
        cmocka_unit_test(test_interval_paired_uses_common_finite_pairs),
        cmocka_unit_test(test_interval_of_equal_values_has_no_width),
        cmocka_unit_test(test_interval_needs_two_values),
        cmocka_unit_test(test_holm_known_answer),
        cmocka_unit_test(test_holm_in_place_and_capped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
