/* epoch_greedy: when it explores, and what it learns from. */
#include "tests/oracle_rows.h"

/* 1 where the policy explores now: every row uniform; else some allowed action of most is out */
static int is_exploring(fixture_t *fixture)
{
    double p[20 * 6];
    nb_batch_t batch = fixture_batch(fixture, NARROW, 20, 12);
    int is_uniform = 1, n_out = 0;

    assert_ok(fixture->type->probabilities(fixture->state, &batch, p));
    for (size_t at = 0; at < 20 * 6; at++) {
        if (is_allowed(batch.mask[at / 6], (int)(at % 6))) {
            is_uniform &= fabs(p[at] * nb_policy_n_allowed(&batch, at / 6) - 1.0) < 1e-12;
            n_out += p[at] == 0.0;
        }
    }
    assert_true(is_uniform ? n_out == 0 : n_out > 20);
    return is_uniform;
}

/* exploring periods of the first 60, by counting epochs out loud */
static void test_epoch_greedy_explores_as_scheduled(void **state)
{
    static const struct {
        const char *yaml;
        int rounds[12]; /* of the first epochs that exploit, -1 ends */
    } cases[] = {
        {"{}", {1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, -1}},
        {"{rounds: 2.5}", {2, 3, 4, 5, 5, 6, 6, 7, -1}},
        {"{schedule: linear, rounds: 2}", {2, 4, 6, 8, 10, 12, -1}},
        {"{schedule: exponential, rounds: 0.7}", {2, 4, 8, 16, -1}},
        {"{schedule: constant, rounds: 4}", {4, 4, 4, 4, 4, -1}},
        {"{schedule: constant, rounds: 0}", {0, 0, 0, 0, -1}},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fixture_t fixture;
        int32_t period = 0;

        assert_ok(fixture_start(&fixture, "epoch_greedy", cases[c].yaml));
        history_start(&fixture, NARROW);
        for (const int *rounds = cases[c].rounds; *rounds >= 0; rounds++) {
            for (int left = *rounds; left >= 0; left--) {
                if (period > 0) {
                    assert_int_equal(is_exploring(&fixture), left == *rounds);
                }
                teach_period(&fixture, NARROW, period++, 8, 1);
            }
        }
        /* a period in which nobody came is no round */
        int before = is_exploring(&fixture);

        assert_ok(fixture.type->end_period(fixture.state, &fixture.arena));
        assert_int_equal(is_exploring(&fixture), before);
        fixture_free(&fixture);
    }
}

/* period p explores in the test below: s(l) = 1, 1, 1, 2, ... */
static int explores(int period)
{
    return period == 0 || period == 2 || period == 4 || period == 6 || period == 9;
}

/* the regressions are those of exploring rows alone, also where rewards come three periods late */
static void test_epoch_greedy_learns_from_exploring_rows_only(void **state)
{
    enum { N_PERIODS = 9, LATE = 3, N = 40 };
    fixture_t fixture;
    static dense_t dense;
    double s[10 * 6];

    (void)state;
    assert_ok(fixture_start(&fixture, "epoch_greedy", "{lambda: 0.5}"));
    history_start(&fixture, NARROW);
    for (int32_t period = 0; period < N_PERIODS + LATE; period++) {
        nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 40);
        nb_choice_t choice = {fixture.action, NULL};
        int32_t origin = period - LATE, periods[N];

        batch.period = period;
        assert_ok(fixture.type->choose(fixture.state, &batch, &choice));
        assert_ok(fixture.type->played(fixture.state, &batch, &choice));
        batch = fixture_batch(&fixture, NARROW, N, 50u + (unsigned)period);
        batch.period = origin;
        for (size_t i = 0; i < N; i++) {
            fixture.action[i] = nb_policy_pick(&batch, i, ((double)i + 0.5) / N);
            draw_reward(&fixture, &batch, i, 0.1 * (double)i);
            periods[i] = origin;
            if (origin >= 0 && explores(origin)) {
                keep_row(&fixture, &batch, i, 1.0);
            }
        }
        nb_transitions_t finished =
            fixture_transitions(&fixture, &batch, fixture.action, fixture.reward);

        finished.period = periods;
        assert_ok(origin >= 0 ? fixture.type->update(fixture.state, &finished) : NB_OK);
        assert_ok(fixture.type->end_period(fixture.state, &fixture.arena));
    }
    assert_int_equal(history.n, 5 * N - N);
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 10, 60);
    double v[10];

    /* one allowed action: its value is its prediction */
    for (size_t i = 0; i < 10; i++) {
        fixture.mask[i] = 1ull << i % 6;
    }
    assert_ok(fixture.type->value(fixture.state, &batch, v));
    assert_ok(fixture.type->score(fixture.state, &batch, s));
    for (size_t i = 0; i < 10; i++) {
        double x[MAX_D], out[2];

        fit_action(&dense, (int)(i % 6), 0.5);
        widen_row(&batch, i, x);
        dense_predict(&dense, x, out);
        assert_close(v[i], out[0], 1e-10, 1e-12);
        assert_close(s[6 * i + i % 6], out[0], 1e-10, 1e-12);
    }
    fixture_free(&fixture);
}

static void test_every_setting_changes_what_is_said(void **state)
{
    (void)state;
    check_setting_matters("epoch_greedy", "{}", "{lambda: 2}");
    check_setting_matters("epoch_greedy", "{}", "{rounds: 0.5}");
    check_setting_matters("epoch_greedy", "{}", "{schedule: exponential}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epoch_greedy_explores_as_scheduled),
        cmocka_unit_test(test_epoch_greedy_learns_from_exploring_rows_only),
        cmocka_unit_test(test_every_setting_changes_what_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
