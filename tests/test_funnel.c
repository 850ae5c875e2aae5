/* hier_ts factorized over signals: its moments by quadrature, its scores by dense stages. */
#include "policies/funnel.h"
#include "tests/hier_rows.h"

/* Simpson's rule of f(clip(m + s z)) over |z| <= 9 */
static double integrate_clipped(double m, double s, int power)
{
    enum { N = 200000 };
    double sum = 0.0;

    for (int i = 0; i <= N; i++) {
        double z = -9.0 + 18.0 * i / N, y = fmin(fmax(m + s * z, 0.0), 1.0);

        sum += (i == 0 || i == N ? 1.0
                : i % 2          ? 4.0
                                 : 2.0) *
               pow(y, power) * exp(-0.5 * z * z) * 0.3989422804014327;
    }
    return sum * 18.0 / N / 3.0;
}

static void test_clipped_moments_are_the_integrals(void **state)
{
    static const double cases[][2] = {
        {0.3, 0.2}, {-0.1, 0.05}, {0.5, 2.0}, {1.2, 0.3}, {0.02, 0.01}};

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        double m = cases[c][0], s = cases[c][1], mean = integrate_clipped(m, s, 1);
        nb_moment_pair_t said = nb_funnel_clip((nb_moment_pair_t){m, s * s});

        assert_close(said.mean, mean, 1e-8, 1e-9);
        assert_close(said.variance, integrate_clipped(m, s, 2) - mean * mean, 1e-7, 1e-9);
    }
    assert_close(nb_funnel_clip((nb_moment_pair_t){1.5, 0.0}).mean, 1.0, 0, 0);
    assert_close(nb_funnel_clip((nb_moment_pair_t){0.25, 0.0}).mean, 0.25, 0, 0);
}

/* money of an action and outcome by hand: one imaginary reward at each level */
static nb_moment_pair_t money_by_hand(unsigned k, int bought, double sd)
{
    double n = 1.0, sum = bought, square = bought + sd * sd, n_k = 1.0, sum_k = 0.0;

    for (size_t i = 0; i < rows.n; i++) {
        if ((rows.signals[i] >> 2 & 1) == bought) {
            n += 1.0;
            sum += rows.y[i];
            square += rows.y[i] * rows.y[i];
            n_k += rows.action[i] == (int32_t)k;
            sum_k += rows.action[i] == (int32_t)k ? rows.y[i] : 0.0;
        }
    }
    return (nb_moment_pair_t){(sum / n + sum_k) / n_k, (square / n - sum / n * sum / n) / n_k};
}

/* mean and variance of P M1 + (1 - P) M0 by enumerating second moments */
static void value_by_hand(const dense_t *stages, unsigned k, const double *wide, double out[2])
{
    nb_moment_pair_t with = money_by_hand(k, 1, 0.9), without = money_by_hand(k, 0, 0.9);
    double p = 1.0, square = 1.0;

    for (int s = 0; s < NB_FUNNEL_STAGES; s++) {
        double raw[2];

        dense_predict(stages + s, wide, raw);
        nb_moment_pair_t clipped = nb_funnel_clip((nb_moment_pair_t){raw[0] / 2, raw[1] / 4});

        p *= clipped.mean;
        square *= clipped.variance + clipped.mean * clipped.mean;
    }
    out[0] = p * with.mean + (1.0 - p) * without.mean;
    out[1] = square * (with.variance + with.mean * with.mean) +
             (1.0 - 2.0 * p + square) * (without.variance + without.mean * without.mean) +
             2.0 * (p - square) * with.mean * without.mean - out[0] * out[0];
}

static void test_factorized_scores_are_those_of_the_dense_stages(void **state)
{
    enum { N = 40 };
    static dense_t stages[NB_FUNNEL_STAGES];
    static float normals[4 * N];
    double s[N * K], v[N], expected[2], wide[MOST];
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "hier_ts",
                            "{signals: factorized, deviation: 0.3, lambda: 0.5, sd: 0.9}"));
    make_rows(N_ROWS, 7);
    teach_rows(&fixture);
    for (unsigned k = 0; k < 4; k++) {
        nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 8);

        for (int stage = 0; stage < NB_FUNNEL_STAGES; stage++) {
            make_dense(stages + stage, k, stage, 1, 0.5, 0.3, 0.9);
        }
        for (size_t i = 0; i < N; i++) {
            fixture.luck[i] = i % C;
            fixture.mask[i] = 1u << k; /* alone: value() is its mean */
        }
        assert_ok(fixture.type->score(fixture.state, &batch, s));
        assert_ok(fixture.type->value(fixture.state, &batch, v));
        nb_policy_normals(&batch, 1, normals);
        for (size_t i = 0; i < N; i++) {
            widen(batch.x + i * D, (uint32_t)(i % C), 1, wide);
            value_by_hand(stages, k, wide, expected);
            assert_close(v[i], expected[0], 1e-9, 1e-10);
            assert_close(pow((s[i * K + k] - v[i]) / (double)normals[k * N + i], 2), expected[1],
                         1e-7, 1e-10);
        }
    }
    fixture_free(&fixture);
}

static void test_signals_imply_the_earlier_ones(void **state)
{
    (void)state;
    assert_int_equal(nb_funnel_reached(0), 0);
    assert_int_equal(nb_funnel_reached(NB_SIGNAL_OPENED), 1);
    assert_int_equal(nb_funnel_reached(NB_SIGNAL_VISITED), 2);
    assert_int_equal(nb_funnel_reached(NB_SIGNAL_OPENED | NB_SIGNAL_BOUGHT), 3);
    assert_int_equal(nb_funnel_reached(NB_SIGNAL_RETURNED | NB_SIGNAL_SURVEY), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clipped_moments_are_the_integrals),
        cmocka_unit_test(test_factorized_scores_are_those_of_the_dense_stages),
        cmocka_unit_test(test_signals_imply_the_earlier_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
