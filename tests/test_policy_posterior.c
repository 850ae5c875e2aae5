/* Thompson sampling of Betas and normals: exact known answers, enumeration, closed forms. */
#include "core/dist.h"
#include "policies/max_beta.h"
#include "tests/bandit_fixture.h"

/* P(theta1 > theta2), a1 whole: sum over i of B(a2 + i, b1 + b2) / ((b1 + i) B(1 + i, b1) B(a2,
 * b2))
 */
static double closed_form(int a1, double b1, double a2, double b2)
{
    double sum = 0.0;

    for (int i = 0; i < a1; i++) {
        sum += exp(nb_dist_log_beta(a2 + i, b1 + b2) - log(b1 + i) - nb_dist_log_beta(1 + i, b1) -
                   nb_dist_log_beta(a2, b2));
    }
    return sum;
}

/* with poles, far apart in width, and all alike: the closed form's
 * own terms are differences of large logarithms */
static void test_max_beta_is_exact_for_all_shapes(void **state)
{
    static const int whole[] = {1, 2, 30, 400};
    static const double shapes[] = {0.01, 0.5, 1, 3, 40, 2500, 1e5};
    double p[10], work[512];
    nb_beta_t alike[10];

    (void)state;
    assert_true(nb_max_beta_work(10) <= 512);
    for (int i = 0; i < 4 * 7 * 7 * 7; i++) {
        int a1 = whole[i % 4];
        double b1 = shapes[i / 4 % 7], a2 = shapes[i / 28 % 7], b2 = shapes[i / 196];
        nb_beta_t arms[2] = {{a1, b1, 1}, {a2, b2, 1}};

        nb_max_beta(arms, 2, p, work);
        assert_close(p[0], closed_form(a1, b1, a2, b2), 0, 1e-9);
        assert_close(p[0] + p[1], 1, 0, 1e-14);
    }
    for (double a = 1e-3; a < 1e7; a *= 10) {
        for (int k = 0; k < 10; k++) {
            alike[k] = (nb_beta_t){a, 2 * a, 3};
        }
        nb_max_beta(alike, 10, p, work);
        assert_close(p[7], 0.1, 0, 1e-12);
    }
}

static void test_max_beta_equals_the_closed_form(void **state)
{
    static const double cases[][4] = {{2, 1, 1, 1},    {1, 1, 1, 1},   {5, 3, 4, 4},
                                      {40, 12, 9, 3},  {3, 30, 2, 15}, {400, 100, 390, 110},
                                      {2, 2.5, 1.5, 4}};
    double p[2], work[64];

    (void)state;
    assert_true(nb_max_beta_work(2) <= 64);
    for (int c = 0; c < 7; c++) {
        const double *x = cases[c];
        nb_beta_t arms[2] = {{x[0], x[1], 1.0}, {x[2], x[3], 1.0}};

        nb_max_beta(arms, 2, p, work);
        assert_close(p[0], closed_form((int)x[0], x[1], x[2], x[3]), 0, 1e-6);
    }
    nb_max_beta((nb_beta_t[]){{2, 1, 1}, {1, 1, 1}}, 2, p, work);
    assert_close(p[0], 2.0 / 3.0, 0, 1e-7);
    /* scaled: 2 U1 against U2 is larger with probability 3/4 */
    nb_max_beta((nb_beta_t[]){{1, 1, 2}, {1, 1, 1}}, 2, p, work);
    assert_close(p[0], 0.75, 0, 1e-7);
    /* mirrored: -U1 is never larger than U2 */
    nb_max_beta((nb_beta_t[]){{1, 1, -1}, {1, 1, 1}}, 2, p, work);
    assert_close(p[0], 0.0, 0, 1e-7);
}

/* known answers 2.1: exact Thompson sampling, two arms, Beta(1, 1) */
static void test_ts_beta_equals_full_enumeration(void **state)
{
    static const int T[] = {2, 5, 10, 20};
    static const double successes[] = {1.027778, 2.716380, 5.704544, 11.931792};
    static const int U[] = {1, 2, 5, 10, 20};
    static const double regret[] = {0.05, 0.098333, 0.234627, 0.439518, 0.795189};
    static const double mu[] = {0.9, 0.8};
    walker_t walker;

    (void)state;
    bandit_walker_start(&walker, "ts_beta", 20);
    for (int i = 0; i < 4; i++) {
        assert_close(bandit_enumerate(&walker, T[i], NULL), successes[i], 0, 2e-6);
    }
    for (int i = 0; i < 5; i++) {
        assert_close(0.9 * U[i] - bandit_enumerate(&walker, U[i], mu), regret[i], 0, 2e-6);
    }
    bandit_walker_free(&walker);
}

/* posterior by hand, and the probability that one normal is larger than another */
static void test_ts_gauss_probabilities_are_those_of_two_normals(void **state)
{
    fixture_t fixture;
    double p[2], m[2], v[2];

    (void)state;
    assert_ok(
        bandit_start(&fixture, "ts_gauss", "{prior.mean: 0.5, prior.sd: 2, sd: 1.5}", 2, 0, 1.0));
    for (int i = 0; i < 7; i++) {
        bandit_live(&fixture, 2, i % 3 == 0, 0.3 * i);
    }
    for (int k = 0; k < 2; k++) {
        double n = k ? 3 : 4, sum = k ? 0.3 * (0 + 3 + 6) : 0.3 * (1 + 2 + 4 + 5);

        v[k] = 1.0 / (1.0 / 4.0 + n / 2.25);
        m[k] = v[k] * (0.5 / 4.0 + sum / 2.25);
    }
    bandit_probabilities(&fixture, 2, p);
    assert_close(p[0], 0.5 * erfc(-(m[0] - m[1]) / sqrt(2.0 * (v[0] + v[1]))), 0, 1e-8);
    fixture_free(&fixture);
}

/* counts that fade, and counts of a window: the closed form of P(arm 0) from sums by hand */
static void test_forgetting_ts_uses_what_it_remembers(void **state)
{
    fixture_t faded, windowed, whole;
    double p[2], a[2] = {1, 1}, b[2] = {1, 1}, c[2] = {1, 1}, d[2] = {1, 1}, work[64];

    (void)state;
    assert_ok(bandit_start(&faded, "discounted_ts", "{factor: 0.8}", 2, 0, 1.0));
    assert_ok(bandit_start(&windowed, "sw_ts", "{window: 4}", 2, 0, 1.0));
    assert_ok(bandit_start(&whole, "sw_ts", "{window: 100}", 2, 0, 1.0));
    for (int t = 0; t < 9; t++) {
        int k = t % 2, success = t % 3 == 0;

        bandit_live(&faded, 2, k, success);
        bandit_live(&windowed, 2, k, success);
        bandit_live(&whole, 2, k, success);
        *(success ? &a[k] : &b[k]) += pow(0.8, 8 - t); /* the latest counts in full */
        *(success ? &c[k] : &d[k]) += t >= 5;
    }
    bandit_probabilities(&windowed, 2, p);
    assert_close(p[0], closed_form((int)c[0], d[0], c[1], d[1]), 0, 1e-6);
    nb_beta_t arms[2] = {{a[0], b[0], 1}, {a[1], b[1], 1}};
    double expected[2];

    nb_max_beta(arms, 2, expected, work);
    bandit_probabilities(&faded, 2, p);
    assert_close(p[0], expected[0], 0, 1e-9);
    bandit_probabilities(&whole, 2, p);
    assert_close(p[0], closed_form(1 + 2, 1 + 3, 1 + 1, 1 + 3), 0, 1e-6);
    fixture_free(&whole);
    fixture_free(&windowed);
    fixture_free(&faded);
}

static void test_priors_and_draws_change_what_they_say(void **state)
{
    static const char *const yaml[] = {NULL, "{prior.a: 5}", "{prior.b: 5}"};
    double p[3][2], s[2][3], again[3];
    fixture_t fixture;
    uint64_t mask;

    (void)state;
    for (int y = 0; y < 3; y++) {
        assert_ok(bandit_start(&fixture, "ts_beta", yaml[y], 2, 0, 1.0));
        bandit_live(&fixture, 2, 0, 1.0);
        bandit_probabilities(&fixture, 2, p[y]);
        fixture_free(&fixture);
    }
    assert_close(p[0][0], 2.0 / 3.0, 0, 1e-6);
    assert_true(p[1][0] < p[0][0] && fabs(p[2][0] - p[0][0]) > 0.01);
    for (int y = 0; y < 2; y++) {
        assert_ok(bandit_start(&fixture, "ts_beta", y ? "{draw: customer}" : NULL, 3, 0, 1.0));
        nb_batch_t batch = bandit_ask(&fixture, 3, &mask);

        batch.key = (nb_key_t){1, 1};
        assert_ok(fixture.type->score(fixture.state, &batch, s[y]));
        batch.period = 1;
        assert_ok(fixture.type->score(fixture.state, &batch, again));
        assert_int_equal(memcmp(s[y], again, sizeof again) == 0, y);
        fixture_free(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_max_beta_equals_the_closed_form),
        cmocka_unit_test(test_max_beta_is_exact_for_all_shapes),
        cmocka_unit_test(test_ts_beta_equals_full_enumeration),
        cmocka_unit_test(test_ts_gauss_probabilities_are_those_of_two_normals),
        cmocka_unit_test(test_forgetting_ts_uses_what_it_remembers),
        cmocka_unit_test(test_priors_and_draws_change_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
