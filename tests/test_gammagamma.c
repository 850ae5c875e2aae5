#include "tests/testlib.h"

#include "sim/gammagamma.h"

/* E[M | x, m] of the first ten customers of CDNOW: Hardie note 025, refitted and recomputed */
static void test_gammagamma_expected_matches_published_values(void **state)
{
    (void)state;
    const nb_gammagamma_t published = {6.25, 3.74, 15.44};
    const nb_gammagamma_t refitted = {6.248803, 3.744588, 15.447747};
    const double x[] = {2, 1, 0, 0, 0, 7, 1, 0, 2, 0};
    const double m[] = {22.35, 11.77, 0, 0, 0, 73.74, 11.77, 0, 25.55, 0};
    const double note[] = {24.6637, 18.9169, 35.2190, 35.2190, 35.2190,
                           71.4697, 18.9169, 35.2190, 27.2884, 35.2190};
    const double docs[] = {24.658619, 18.911489, 35.170981, 35.170981, 35.170981,
                           71.462843, 18.911489, 35.170981, 27.282408, 35.170981};

    for (size_t i = 0; i < 10; i++) {
        assert_close(nb_gammagamma_expected(&published, x[i], m[i]), note[i], 0, 1e-4);
        assert_close(nb_gammagamma_expected(&refitted, x[i], m[i]), docs[i], 0, 2e-3);
    }
}

static void test_gammagamma_expected_is_infinite_where_no_mean_exists(void **state)
{
    (void)state;
    const nb_gammagamma_t heavy = {.2, .7, 10};

    assert_true(isinf(nb_gammagamma_expected(&heavy, 0, 0)));
    assert_true(isinf(nb_gammagamma_expected(&heavy, 1, 5)));
    assert_close(nb_gammagamma_expected(&heavy, 2, 5), .2 * 20 / .1, 1e-12, 0);
}

static void test_gammagamma_gradient_matches_differences(void **state)
{
    (void)state;
    const double x[] = {1, 3, 200}, m[] = {.01, 22.35, 1e4};

    for (size_t i = 0; i < 3; i++) {
        double gradient[3];
        nb_gammagamma_t at = {6.25, 3.74, 15.44};
        double *parameters[] = {&at.p, &at.q, &at.v};

        assert_true(isfinite(nb_gammagamma_log_likelihood(&at, x[i], m[i], gradient)));
        for (int j = 0; j < 3; j++) {
            double old = *parameters[j], step = 1e-4, high, low;

            *parameters[j] = old + step;
            high = nb_gammagamma_log_likelihood(&at, x[i], m[i], NULL);
            *parameters[j] = old - step;
            low = nb_gammagamma_log_likelihood(&at, x[i], m[i], NULL);
            *parameters[j] = old;
            assert_close(gradient[j], (high - low) / (2 * step), 1e-6, 1e-6);
        }
    }
}

/* the density of m for x = 1 is z^(p-1) v^q G(p+q) / (G(p) G(q) (v+z)^(p+q)); it integrates to 1 */
static void test_gammagamma_log_likelihood_is_a_density(void **state)
{
    (void)state;
    const nb_gammagamma_t model = {6.25, 3.74, 15.44};

    for (double x = 1; x <= 9; x += 4) {
        double total = 0, step = .02;

        for (double s = -8; s < 14; s += step) {
            total += exp(nb_gammagamma_log_likelihood(&model, x, exp(s), NULL) + s) * step;
        }
        assert_close(total, 1, 1e-9, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gammagamma_expected_matches_published_values),
        cmocka_unit_test(test_gammagamma_expected_is_infinite_where_no_mean_exists),
        cmocka_unit_test(test_gammagamma_gradient_matches_differences),
        cmocka_unit_test(test_gammagamma_log_likelihood_is_a_density),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
