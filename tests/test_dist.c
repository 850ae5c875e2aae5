#include "core/dist.h"

#include "tests/testlib.h"

enum { N = 40000 };

static nb_stream_t start_stream(uint32_t seed)
{
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){seed, 0}, (nb_counter_t){0});
    return stream;
}

/* mean within 5 standard errors of `mean`, variance within 5 of `variance`, whose own standard
 * error is sqrt((kurtosis - 1) / N) of it; false alarm 6e-7 each, fixed seeds */
static void check_moments(const double *draws, double mean, double variance, double kurtosis)
{
    double sum = 0, squares = 0;

    for (int i = 0; i < N; i++) {
        sum += draws[i] / N;
        squares += (draws[i] - mean) * (draws[i] - mean) / N;
    }
    assert_close(sum, mean, 0, 5 * sqrt(variance / N));
    assert_close(squares, variance, 5 * sqrt((kurtosis - 1) / N), 0);
}

/* rate, not scale: mean shape / rate, variance shape / rate^2, kurtosis 3 + 6 / shape */
static void test_gamma_has_the_moments(void **state)
{
    static const double shapes[] = {0.3, 1, 6.25};
    static double draws[N];

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        nb_stream_t stream = start_stream((uint32_t)k + 1);

        for (int i = 0; i < N; i++) {
            draws[i] = nb_dist_gamma(&stream, shapes[k], 4);
        }
        check_moments(draws, shapes[k] / 4, shapes[k] / 16, 3 + 6 / shapes[k]);
    }
}

/* Beta(2, 3): mean 2/5, variance 1/25, kurtosis 33/14 */
static void test_beta_has_the_moments(void **state)
{
    static double draws[N];
    nb_stream_t stream = start_stream(4);

    (void)state;
    for (int i = 0; i < N; i++) {
        draws[i] = nb_dist_beta(&stream, 2, 3);
        assert_true(draws[i] > 0 && draws[i] < 1);
    }
    check_moments(draws, 0.4, 0.04, 33.0 / 14);
}

/* mean and variance m, kurtosis 3 + 1 / m */
static void test_poisson_has_the_moments(void **state)
{
    static const double means[] = {0.2, 15, 60};
    static double draws[N];

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        nb_stream_t stream = start_stream((uint32_t)k + 5);

        for (int i = 0; i < N; i++) {
            draws[i] = nb_dist_poisson(&stream, means[k]);
        }
        check_moments(draws, means[k], means[k], 3 + 1 / means[k]);
    }
}

static void test_poisson_of_mean_zero_is_zero(void **state)
{
    nb_stream_t stream = start_stream(8);

    (void)state;
    assert_int_equal(nb_dist_poisson(&stream, 0), 0);
}

/* -ln u */
static void test_exponential_known_answers(void **state)
{
    (void)state;
    assert_close(nb_dist_exponential(0x80000000, 0), log(2), 1e-14, 0);
    assert_close(nb_dist_exponential(0, 0), 54 * log(2), 1e-14, 0);
    assert_close(nb_dist_exponential(0xffffffff, 0xffffffff), 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gamma_has_the_moments),
        cmocka_unit_test(test_beta_has_the_moments),
        cmocka_unit_test(test_poisson_has_the_moments),
        cmocka_unit_test(test_poisson_of_mean_zero_is_zero),
        cmocka_unit_test(test_exponential_known_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
