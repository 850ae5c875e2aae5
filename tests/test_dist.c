#define _XOPEN_SOURCE 700
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

/* Beta(a, 1): x^a; Beta(2, 2): 3 x^2 - 2 x^3 */
static void test_beta_distribution_function_known_answers(void **state)
{
    (void)state;
    assert_close(nb_dist_beta_cdf(0.3, 2, 1), 0.09, 1e-14, 0);
    assert_close(nb_dist_beta_cdf(0.3, 0.5, 1), sqrt(0.3), 1e-14, 0);
    assert_close(nb_dist_beta_cdf(0.3, 2, 2), 0.216, 1e-14, 0);
    assert_close(nb_dist_beta_cdf(-0.1, 2, 2), 0, 0, 0);
    assert_close(nb_dist_beta_cdf(1.1, 2, 2), 1, 0, 0);
    assert_close(nb_dist_log_beta(2, 3), -log(12), 1e-14, 0);
}

/* Beta(a, 1): p^(1/a); and the quantile of what the distribution function says, far from 1 too */
static void test_beta_quantile_inverts_the_distribution_function(void **state)
{
    static const double shapes[] = {0.01, 0.5, 1, 3, 40, 5000, 1e6};
    static const double ps[] = {1e-9, 0.001, 0.3, 0.5, 0.975, 0.999999};

    (void)state;
    for (size_t p = 0; p < 6; p++) {
        assert_close(nb_dist_beta_quantile(ps[p], 0.01, 1), pow(ps[p], 100), 1e-10, 1e-300);
        assert_close(nb_dist_beta_quantile(ps[p], 3, 1), pow(ps[p], 1.0 / 3), 1e-12, 0);
        for (size_t a = 1; a < 7; a++) {
            for (size_t b = 1; b < 7; b++) {
                double x = nb_dist_beta_quantile(ps[p], shapes[a], shapes[b]);

                double next = x * (1 + 1e-15), before = x * (1 - 1e-15);

                /* between the answers for the neighbors of x */
                assert_true(nb_dist_beta_cdf(before, shapes[a], shapes[b]) <= ps[p] + 1e-10);
                assert_true(nb_dist_beta_cdf(next, shapes[a], shapes[b]) >= ps[p] - 1e-10);
            }
        }
    }
    assert_close(nb_dist_beta_quantile(0, 2, 3), 0, 0, 0);
    assert_close(nb_dist_beta_quantile(1, 2, 3), 1, 0, 0);
}

/* Beta(1, 1) is the standard logistic distribution; psi(2) = psi(1) + 1, psi'(2) = psi'(1) - 1 */
/* the two ways to compute it agree where they meet, and the distribution is symmetric */
static void test_beta_distribution_function_is_smooth_where_shapes_are_large(void **state)
{
    static const double bs[] = {1.00001e5, 1e6, 4e6};

    (void)state;
    for (size_t k = 0; k < 3; k++) {
        for (double z = -4; z < 4.5; z += 0.5) {
            double mean, sd;

            nb_dist_logit_beta(1e5, bs[k], &mean, &sd);
            double x = 1 / (1 + exp(-mean - z * sd));

            assert_close(nb_dist_beta_cdf(x, 1e5 * (1 + 1e-14), bs[k]),
                         nb_dist_beta_cdf(x, 1e5, bs[k]), 0, 1e-6);
        }
    }
    assert_close(nb_dist_beta_cdf(0.5, 1e6, 1e6), 0.5, 0, 1e-12);
}

static void test_logit_of_a_beta_has_the_moments(void **state)
{
    double mean, sd;

    (void)state;
    nb_dist_logit_beta(1, 1, &mean, &sd);
    assert_close(mean, 0, 0, 1e-15);
    assert_close(sd, M_PI / sqrt(3), 1e-14, 0);
    nb_dist_logit_beta(2, 1, &mean, &sd);
    assert_close(mean, 1, 1e-14, 0);
    assert_close(sd, sqrt(M_PI * M_PI / 3 - 1), 1e-14, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gamma_has_the_moments),
        cmocka_unit_test(test_beta_has_the_moments),
        cmocka_unit_test(test_poisson_has_the_moments),
        cmocka_unit_test(test_poisson_of_mean_zero_is_zero),
        cmocka_unit_test(test_exponential_known_answers),
        cmocka_unit_test(test_beta_distribution_function_known_answers),
        cmocka_unit_test(test_beta_quantile_inverts_the_distribution_function),
        cmocka_unit_test(test_beta_distribution_function_is_smooth_where_shapes_are_large),
        cmocka_unit_test(test_logit_of_a_beta_has_the_moments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
