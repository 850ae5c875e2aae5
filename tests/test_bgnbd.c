#include "tests/testlib.h"

#include "sim/bgnbd.h"

/* CDNOW, fitted: BTYD walkthrough (cran/BTYD, inst/doc), and refitted to more digits */
static const nb_bgnbd_t walkthrough = {.2425967, 4.413659, .7929869, 2.426164};
static const nb_bgnbd_t refitted = {.242595, 4.413602, .792922, 2.425906};
static const nb_bgnbd_t two_digits = {.242593, 4.413532, .792886, 2.425753};
static const nb_bgnbd_t rounded = {.243, 4.414, .793, 2.426};
/* Hardie note 027, as tested by pymc-marketing */
static const nb_bgnbd_t note_027 = {.25, 4, .8, 2.5};

static void test_bgnbd_log_likelihood_matches_published_values(void **state)
{
    (void)state;
    nb_history_t none = {0, 0, 40}, many = {200, 38, 40};

    assert_close(nb_bgnbd_log_likelihood(&note_027, &none, NULL), -.5994738182, 0, 1e-9);
    assert_close(nb_bgnbd_log_likelihood(&note_027, &many, NULL), 100.7956931, 0, 1e-6);
}

static void test_bgnbd_gradient_matches_differences(void **state)
{
    (void)state;
    const nb_history_t histories[] = {{0, 0, 40}, {1, 3, 3}, {7, 20, 39}, {200, 38, 40}};

    for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++) {
        double gradient[4];
        nb_bgnbd_t at = {.7, 3, 1.1, .9};
        double *parameters[] = {&at.r, &at.alpha, &at.a, &at.b};

        nb_bgnbd_log_likelihood(&at, &histories[i], gradient);
        for (int j = 0; j < 4; j++) {
            double old = *parameters[j], step = 1e-5, high, low;

            *parameters[j] = old + step;
            high = nb_bgnbd_log_likelihood(&at, &histories[i], NULL);
            *parameters[j] = old - step;
            low = nb_bgnbd_log_likelihood(&at, &histories[i], NULL);
            *parameters[j] = old;
            assert_close(gradient[j], (high - low) / (2 * step), 1e-6, 1e-6);
        }
    }
}

static void test_bgnbd_p_alive_matches_published_values(void **state)
{
    (void)state;
    nb_history_t often = {26, 30.857143, 31}, twice = {2, 30.43, 38.86}, once = {0, 0, 1000};

    assert_close(nb_bgnbd_p_alive(&walkthrough, &often), .9688523, 0, 1e-7);
    assert_close(nb_bgnbd_p_alive(&refitted, &often), .9688545, 0, 1e-7);
    assert_close(nb_bgnbd_p_alive(&two_digits, &twice), .726609, 0, 1e-6);
    assert_close(nb_bgnbd_p_alive(&refitted, &once), 1, 0, 0);
}

static void test_bgnbd_expected_matches_published_values(void **state)
{
    (void)state;
    const double times[] = {.1429, 1, 3, 31.8571, 32, 78};
    const double published[] = {.0078, .0532, .1506, 1.0405, 1.0437, 1.8576};
    const double recomputed[] = {.007816, .053184, .150631, 1.040489, 1.043732, 1.857958};
    /* the closed form by mpmath with 30 digits, for exactly these parameters and times */
    const double exact[] = {.007816074278, .05318475589, .1506319733,
                            1.040494623,   1.043737547,  1.85797238};

    for (size_t i = 0; i < 6; i++) {
        double value = nb_bgnbd_expected(&two_digits, times[i]);

        assert_close(value, published[i], 0, 5e-4);
        assert_close(value, recomputed[i], 1e-5, 1e-6);
        assert_close(value, exact[i], 1e-9, 0);
    }
    assert_close(nb_bgnbd_expected(&walkthrough, 52), 1.444004, 0, 5e-6);
    assert_close(nb_bgnbd_expected(&refitted, 52), 1.444012, 0, 1e-5);
    assert_close(nb_bgnbd_expected(&refitted, 0), 0, 0, 0);
    assert_close(nb_bgnbd_expected(&refitted, -1), 0, 0, 0);
}

static void test_bgnbd_conditional_matches_published_values(void **state)
{
    (void)state;
    const double counts[] = {10, 15, 20, 25};
    const double expected[] = {.347484, .042837, .00415928, .00035839};
    nb_history_t often = {26, 30.857143, 31}, twice = {2, 30.43, 38.86};

    assert_close(nb_bgnbd_conditional(&walkthrough, &often, 52), 25.7565, 0, 1e-3);
    assert_close(nb_bgnbd_conditional(&refitted, &often, 52), 25.757338, 0, 1e-4);
    assert_close(nb_bgnbd_conditional(&two_digits, &twice, 39), 1.225907, 0, 5e-6);
    for (size_t i = 0; i < 4; i++) {
        nb_history_t history = {counts[i], 20, 39};

        assert_close(nb_bgnbd_conditional(&refitted, &history, 52), expected[i], 1e-4, 0);
    }
}

/* E[X(t)] where the coin is fixed in its limits: a -> 0 is the pure negative binomial */
static void test_bgnbd_expectations_survive_extreme_parameters(void **state)
{
    (void)state;
    const nb_bgnbd_t loyal = {2, 4, 1e-6, 1}, same = {1e5, 1e6, 1e5, 3e5}, one = {.5, 4, 1, 2};
    const nb_bgnbd_t near_one = {.5, 4, 1 + 1e-6, 2}, slow = {.2, .01, .05, .05};
    nb_history_t many = {1000, 39, 39.01};

    assert_close(nb_bgnbd_expected(&loyal, 10), 5, 1e-4, 0);
    assert_close(nb_bgnbd_expected(&same, 10), (1 - exp(-.1 * .25 * 10)) / .25, 1e-4, 0);
    assert_close(nb_bgnbd_expected(&one, 10), nb_bgnbd_expected(&near_one, 10), 1e-5, 0);
    assert_close(nb_bgnbd_conditional(&refitted, &many, 1e-6), 1e-6 * 1000 / 39, .2, 0);
    assert_true(isfinite(nb_bgnbd_conditional(&slow, &many, 1e6)));
    assert_true(isfinite(nb_bgnbd_residual(&slow, &many, 1e-4)));
    assert_true(nb_bgnbd_p_alive(&refitted, &(nb_history_t){1000, 1, 1e6}) >= 0);
    assert_true(nb_bgnbd_p_alive(&refitted, &(nb_history_t){1000, 1, 1e6}) < 1e-300);
}

/* the published closed form, E[X(t)] by the hypergeometric series in Euler's form */
static double closed_form(const nb_bgnbd_t *m, const nb_history_t *h, double t)
{
    double z = t / (m->alpha + h->T + t), sum = 0, term = 1;
    double p = m->a + m->b - 1 - m->r, q = m->a - 1, c = m->a + m->b + h->x - 1;

    for (int n = 0; n < 100000; n++) {
        sum += term;
        term *= (p + n) * (q + n) / ((c + n) * (n + 1)) * z;
    }
    return nb_bgnbd_p_alive(m, h) * c / q * (1 - pow(1 - z, q) * sum);
}

static void test_bgnbd_conditional_equals_the_closed_form(void **state)
{
    (void)state;
    const nb_bgnbd_t models[] = {{.25, 4, .8, 2.5}, {3, 10, .3, .4}, {.1, 1, 5, 2}, {2, 9, 2, 40}};
    const nb_history_t histories[] = {{0, 0, 0}, {1, 2, 30}, {12, 25, 25}, {200, 38, 40}};
    const double times[] = {.5, 39, 400};

    for (size_t i = 0; i < 4 * 4 * 3; i++) {
        const nb_bgnbd_t *m = &models[i / 12];
        const nb_history_t *h = &histories[i / 3 % 4];

        assert_close(nb_bgnbd_conditional(m, h, times[i % 3]), closed_form(m, h, times[i % 3]),
                     1e-10, 1e-14);
    }
}

static void test_bgnbd_pmf_matches_published_values(void **state)
{
    (void)state;
    const double expected[] = {.0019995214, .0015170236, .0011633150, .0009003148, .0007023638,
                               .0005517902, .0004361913, .0003467171, .0002769613, .0002222260};
    double total = 0, mean = 0;

    for (unsigned n = 11; n <= 20; n++) {
        assert_close(nb_bgnbd_pmf(&rounded, 30, n), expected[n - 11], 0, 1e-9);
    }
    assert_close(nb_bgnbd_pmf(&rounded, 2, 10), 1.0786896e-07, 1e-6, 0);
    assert_close(nb_bgnbd_pmf(&rounded, 39, 0), .5737863521, 1e-9, 0);
    assert_close(nb_bgnbd_pmf(&rounded, 0, 0), 1, 0, 0);
    assert_close(nb_bgnbd_pmf(&rounded, 0, 1), 0, 0, 0);
    for (unsigned n = 0; n < 400; n++) {
        total += nb_bgnbd_pmf(&rounded, 30, n);
        mean += n * nb_bgnbd_pmf(&rounded, 30, n);
    }
    assert_close(total, 1, 1e-12, 0);
    assert_close(mean, nb_bgnbd_expected(&rounded, 30), 1e-9, 0);
}

/* against the sum over weeks, discounted at their middle, for 60 years */
static void test_bgnbd_residual_matches_the_sum_over_weeks(void **state)
{
    (void)state;
    const nb_history_t histories[] = {{2, 30.43, 38.86}, {26, 30.857, 31}, {0, 0, 38.86}};
    const double sixty_years[] = {5.1560, 70.901, 1.01417}, rate = .0027;

    for (size_t i = 0; i < 3; i++) {
        double sum = 0, before = 0, last = 0;

        for (int week = 1; week <= 3120; week++) {
            double now = nb_bgnbd_conditional(&refitted, &histories[i], week);

            last = now - before;
            sum += exp(-rate * (week - .5)) * last;
            before = now;
        }
        assert_close(sum, sixty_years[i], 2e-4, 0);
        assert_true(nb_bgnbd_residual(&refitted, &histories[i], rate) > sum * (1 - 1e-6));
        assert_true(nb_bgnbd_residual(&refitted, &histories[i], rate) <
                    sum * (1 + 1e-6) + exp(-rate * 3120) * last / rate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bgnbd_log_likelihood_matches_published_values),
        cmocka_unit_test(test_bgnbd_gradient_matches_differences),
        cmocka_unit_test(test_bgnbd_p_alive_matches_published_values),
        cmocka_unit_test(test_bgnbd_expected_matches_published_values),
        cmocka_unit_test(test_bgnbd_conditional_matches_published_values),
        cmocka_unit_test(test_bgnbd_expectations_survive_extreme_parameters),
        cmocka_unit_test(test_bgnbd_conditional_equals_the_closed_form),
        cmocka_unit_test(test_bgnbd_pmf_matches_published_values),
        cmocka_unit_test(test_bgnbd_residual_matches_the_sum_over_weeks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
