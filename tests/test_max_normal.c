#include "policies/max_normal.h"
#include "tests/testlib.h"

enum { MAX_N = 8 };

static double cdf(double z)
{
    return 0.5 * erfc(-z / sqrt(2.0));
}

/* two normals: P(first is larger) = Phi((m1 - m2) / sqrt(s1^2 + s2^2)), also with very unequal sd
 */
static void test_max_normal_of_two_is_closed_form(void **state)
{
    static const double cases[][4] = {
        {0, 1, 0, 1},          {1, 1, 0, 2}, {0.3, 1e-4, 0, 1},
        {0, 1e-7, 1e-7, 1e-7}, {5, 1, 0, 1}, {1e3, 1, 1e3 + 1, 0.01},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double mean[2] = {cases[c][0], cases[c][2]}, sd[2] = {cases[c][1], cases[c][3]};
        double p[2], work[2 * 16];
        double first = cdf((mean[0] - mean[1]) / hypot(sd[0], sd[1]));

        assert_true(nb_max_normal_work(2) <= 32);
        nb_max_normal(mean, sd, 2, p, work);
        assert_close(p[0], first, 0, 1e-9);
        assert_close(p[1], 1.0 - first, 0, 1e-9);
    }
}

/* the trapezoidal rule on 40,000 points, which is exact to 1e-12 for these smooth integrands */
static double integrate(const double *mean, const double *sd, size_t n, size_t k)
{
    enum { N_POINTS = 40000 };
    double sum = 0.0, h = 20.0 / N_POINTS;

    for (int i = 0; i <= N_POINTS; i++) {
        double z = -10.0 + h * i, t = mean[k] + sd[k] * z;
        double product = exp(-0.5 * z * z) / sqrt(2.0 * acos(-1.0));

        for (size_t c = 0; c < n; c++) {
            product *= c == k ? 1.0 : cdf((t - mean[c]) / sd[c]);
        }
        sum += product * h;
    }
    return sum;
}

static void test_max_normal_of_many_equals_a_fine_rule(void **state)
{
    static const double mean[5] = {0.0, 0.4, -0.3, 1.0, 0.99}, sd[5] = {1.0, 0.3, 2.0, 0.05, 0.2};
    double p[5], work[5 * 16], sum = 0.0;

    (void)state;
    nb_max_normal(mean, sd, 5, p, work);
    for (size_t k = 0; k < 5; k++) {
        assert_close(p[k], integrate(mean, sd, 5, k), 0, 1e-9);
        sum += p[k];
    }
    assert_close(sum, 1.0, 0, 1e-15);
}

static void test_max_normal_of_equals_is_even(void **state)
{
    double mean[MAX_N], sd[MAX_N], p[MAX_N], work[MAX_N * 16];

    (void)state;
    for (int spread = 0; spread < 2; spread++) {
        for (int k = 0; k < MAX_N; k++) {
            mean[k] = -2.5;
            sd[k] = spread;
        }
        nb_max_normal(mean, sd, MAX_N, p, work);
        for (int k = 0; k < MAX_N; k++) {
            assert_close(p[k], 1.0 / MAX_N, 1e-9, 0);
        }
    }
}

static void test_max_normal_of_one_is_certain(void **state)
{
    double mean = 0.0, sd = 0.0, p, work[16];

    (void)state;
    nb_max_normal(&mean, &sd, 1, &p, work);
    assert_close(p, 1.0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_max_normal_of_two_is_closed_form),
        cmocka_unit_test(test_max_normal_of_many_equals_a_fine_rule),
        cmocka_unit_test(test_max_normal_of_equals_is_even),
        cmocka_unit_test(test_max_normal_of_one_is_certain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
