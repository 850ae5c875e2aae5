/* reg_cb, fast_cb and epoch_greedy against slow and obvious references. */
#include "tests/oracle_rows.h"

static double dot(const double *a, const double *b, int d)
{
    double sum = 0.0;

    for (int j = 0; j < d; j++) {
        sum += a[j] * b[j];
    }
    return sum;
}

/* penalized loss of weights w on an action's rows, summed row by row */
static double loss_of(int action, double lambda, const double *w)
{
    double sum = lambda * dot(w, w, history.d);

    for (size_t i = 0; i < history.n; i++) {
        const kept_t *row = history.rows + i;

        if (row->action == action) {
            sum += pow(row->reward - dot(row->x, w, history.d), 2);
        }
    }
    return sum;
}

/* The end of the range of x'w over weights whose loss is within `beta` of the least, upper for sign
 * 1, by the search of Krishnamurthy et al. (2017): pull the regression at x until its loss on the
 * rows, summed anew, has risen by beta. */
static double find_end(int action, double lambda, const double *x, double beta, double sign)
{
    double least, low = 0.0, high = 1.0, w[MAX_D], b[MAX_D];
    dense_t dense;

    fit_action(&dense, action, lambda);
    dense_solve(&dense, dense.b, w);
    least = loss_of(action, lambda, w);
    for (int step = 0; step < 200; step++) {
        double pull = step < 60 && low == 0.0 ? high : 0.5 * (low + high);

        for (int j = 0; j < history.d; j++) {
            b[j] = dense.b[j] + sign * pull * x[j];
        }
        dense_solve(&dense, b, w);
        if (loss_of(action, lambda, w) - least > beta) {
            high = pull;
            low = low > 0.0 ? low : 1e-300;
        } else {
            low = pull;
            high = high > pull ? high : 2.0 * pull;
        }
    }
    return dot(x, w, history.d);
}

/* no weights on the border of the version space reach beyond the end: 200 random directions */
static void check_nothing_beyond(int action, double lambda, const double *x, double beta,
                                 double end)
{
    double w[MAX_D], v[MAX_D];
    dense_t dense;
    nb_stream_t stream;

    fit_action(&dense, action, lambda);
    dense_solve(&dense, dense.b, w);
    nb_stream_init(&stream, (nb_key_t){1, 77}, (nb_counter_t){0});
    for (int t = 0; t < 200; t++) {
        double rise, size;

        for (int j = 0; j < history.d; j++) {
            v[j] = w[j] + nb_stream_normal(&stream);
        }
        /* the loss is quadratic along the direction */
        rise = loss_of(action, lambda, v) - loss_of(action, lambda, w);
        size = sqrt(beta / rise);
        for (int j = 0; j < history.d; j++) {
            v[j] = w[j] + size * (v[j] - w[j]);
        }
        assert_true(dot(x, v, history.d) <= end + 1e-9);
    }
}

static void teach_reg_cb(fixture_t *fixture, unsigned point, const char *yaml)
{
    assert_ok(fixture_start(fixture, "reg_cb", yaml));
    history_start(fixture, point);
    for (int32_t period = 0; period < 3; period++) {
        teach_period(fixture, point, period, 60, 0);
    }
}

static void check_upper_ends(unsigned point)
{
    fixture_t fixture;
    double s[12 * MAX_ACTIONS];

    teach_reg_cb(&fixture, point, "{lambda: 0.7, c0: 0.3}");
    nb_batch_t batch = fixture_batch(&fixture, point, 12, 9);
    double beta = 0.3 * log(history.n_actions * 181.0);

    assert_ok(fixture.type->score(fixture.state, &batch, s));
    for (size_t i = 0; i < batch.n; i++) {
        for (int k = 0; k < history.n_actions; k++) {
            double x[MAX_D], here = s[i * batch.n_actions + (size_t)k];

            widen_row(&batch, i, x);
            if (!is_allowed(batch.mask[i], k)) {
                assert_true(isinf(here) && here < 0.0);
                continue;
            }
            assert_close(here, find_end(k, 0.7, x, beta, 1.0), 1e-10, 1e-10);
            check_nothing_beyond(k, 0.7, x, beta, here);
        }
    }
    fixture_free(&fixture);
}

static void test_reg_cb_scores_are_the_ends_of_the_version_space(void **state)
{
    (void)state;
    check_upper_ends(NARROW);
    check_upper_ends(BARE);
}

/* uniform over the actions whose range is not below another's; how many were ruled out is counted,
 * so that the test has something to see */
static void test_reg_cb_elimination_plays_what_may_be_best(void **state)
{
    fixture_t fixture;
    double p[20 * 6], beta, high[6], low[6];
    int n_out = 0, n_shared = 0;

    (void)state;
    teach_reg_cb(&fixture, NARROW, "{form: elimination, c0: 0.3, lambda: 0.7}");
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 20, 9);

    beta = 0.3 * log(6 * 181.0);
    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (size_t i = 0; i < batch.n; i++) {
        double x[MAX_D], best = -INFINITY;
        int n_left = 0;

        widen_row(&batch, i, x);
        for (int k = 0; k < 6; k++) {
            high[k] = find_end(k, 0.7, x, beta, 1.0);
            low[k] = find_end(k, 0.7, x, beta, -1.0);
            best = is_allowed(batch.mask[i], k) && low[k] > best ? low[k] : best;
        }
        for (int k = 0; k < 6; k++) {
            n_left += is_allowed(batch.mask[i], k) && high[k] >= best;
            n_out += is_allowed(batch.mask[i], k) && high[k] < best;
        }
        n_shared += n_left > 1;
        for (int k = 0; k < 6; k++) {
            int is_in = is_allowed(batch.mask[i], k) && high[k] >= best;

            assert_close(p[6 * i + (size_t)k], is_in ? 1.0 / n_left : 0.0, 0, 1e-12);
        }
    }
    assert_true(n_out > 5 && n_shared > 5);
    fixture_free(&fixture);
}

/* prices are added to both ends, and are not part of the value */
static void test_reg_cb_offsets_price_actions(void **state)
{
    static const char *const forms[] = {"{}", "{form: elimination}"};

    (void)state;
    for (int f = 0; f < 2; f++) {
        double offset[20 * 6], p[20 * 6], v[20];
        fixture_t fixture;

        teach_reg_cb(&fixture, NARROW, forms[f]);
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 20, 10);

        batch.offset = offset;
        for (size_t at = 0; at < 20 * 6; at++) {
            fixture.mask[at / 6] = 0x3f;
            offset[at] = at % 6 == 3 ? 1000.0 : 0.0;
        }
        assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
        assert_ok(fixture.type->value(fixture.state, &batch, v));
        for (size_t i = 0; i < 20; i++) {
            assert_close(p[6 * i + 3], 1.0, 0, 0);
            assert_true(fabs(v[i]) < 50.0);
        }
        fixture_free(&fixture);
    }
}

/* online Newton steps on the cross-entropy of losses, dense: m and A after every period */
static void refit_logistic(dense_t *dense, double (*m)[MAX_D], size_t first, size_t end)
{
    double gradient[6][MAX_D] = {{0}}, step[MAX_D];

    for (size_t i = first; i < end; i++) {
        const kept_t *row = history.rows + i;
        int k = row->action;
        double s = 1.0 / (1.0 + exp(-dot(row->x, m[k], history.d)));

        for (int j = 0; j < history.d; j++) {
            gradient[k][j] += (1.0 - row->reward - s) * row->x[j];
            for (int l = 0; l < history.d; l++) {
                dense[k].a[j][l] += s * (1.0 - s) * row->x[j] * row->x[l];
            }
        }
    }
    for (int k = 0; k < history.n_actions; k++) {
        dense_solve(dense + k, gradient[k], step);
        for (int j = 0; j < history.d; j++) {
            m[k][j] += step[j];
        }
    }
}

/* the formula of algorithm 1 written out for one row. @param loss, p [K] */
static void weigh(const double *loss, uint64_t mask, int n_actions, double gamma, double *p)
{
    int best = -1, n_allowed = 0;
    double rest = 1.0;

    for (int k = 0; k < n_actions; k++) {
        n_allowed += is_allowed(mask, k);
        if (is_allowed(mask, k) && (best < 0 || loss[k] < loss[best])) {
            best = k;
        }
    }
    for (int k = 0; k < n_actions; k++) {
        p[k] = 0.0;
        if (is_allowed(mask, k) && k != best) {
            p[k] = loss[best] / (n_allowed * loss[best] + gamma * (loss[k] - loss[best]));
            rest -= p[k];
        }
    }
    p[best] = rest;
}

static void check_fast_cb(unsigned point)
{
    enum { N_PERIODS = 4, N = 50 };
    static dense_t dense[6];
    double m[6][MAX_D] = {{0}}, p[20 * 6], v[20];
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, "fast_cb", "{lambda: 0.6, gamma0: 3, rho: 0.4}"));
    history_start(&fixture, point);
    for (int k = 0; k < history.n_actions; k++) {
        dense_init(dense + k, history.d);
        for (int j = 0; j < history.d; j++) {
            dense[k].a[j][j] = 0.6;
        }
    }
    for (int period = 0; period < N_PERIODS; period++) {
        size_t first = history.n;

        teach_period(&fixture, point, period, N, period % 2);
        refit_logistic(dense, m, first, history.n);
        nb_batch_t batch = fixture_batch(&fixture, point, 20, 70);
        double gamma = 3.0 * pow(1.0 + (double)history.n, 0.4);

        assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
        assert_ok(fixture.type->value(fixture.state, &batch, v));
        for (size_t i = 0; i < batch.n; i++) {
            double x[MAX_D], loss[6], expected[6], mean = 0.0;

            widen_row(&batch, i, x);
            for (int k = 0; k < history.n_actions; k++) {
                loss[k] = 1.0 / (1.0 + exp(-dot(x, m[k], history.d)));
            }
            weigh(loss, batch.mask[i], history.n_actions, gamma, expected);
            for (int k = 0; k < history.n_actions; k++) {
                assert_close(p[i * batch.n_actions + (size_t)k], expected[k], 1e-10, 1e-13);
                mean += expected[k] * (1.0 - loss[k]);
            }
            assert_close(v[i], mean, 1e-10, 0);
        }
    }
    fixture_free(&fixture);
}

static void test_fast_cb_is_the_weighting_of_the_paper(void **state)
{
    (void)state;
    check_fast_cb(NARROW);
    check_fast_cb(BARE);
}

/* before anything is learned all losses are 1/2: uniform */
static void test_fast_cb_shares_ties_evenly(void **state)
{
    fixture_t fixture;
    double p[30 * 6];

    (void)state;
    assert_ok(fixture_start(&fixture, "fast_cb", NULL));
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 30, 4);

    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (size_t at = 0; at < 30 * 6; at++) {
        double share = 1.0 / nb_policy_n_allowed(&batch, at / 6);

        assert_close(p[at], is_allowed(batch.mask[at / 6], (int)(at % 6)) ? share : 0.0, 1e-15, 0);
    }
    fixture_free(&fixture);
}

static void test_fast_cb_refuses_rewards_out_of_range(void **state)
{
    static const double bad[] = {-0.01, 1.01};

    (void)state;
    for (int b = 0; b < 2; b++) {
        fixture_t fixture;

        assert_ok(fixture_start(&fixture, "fast_cb", NULL));
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 5, 4);

        memset(fixture.action, 0, 5 * sizeof *fixture.action);
        fixture.reward[4] = bad[b];
        nb_transitions_t finished =
            fixture_transitions(&fixture, &batch, fixture.action, fixture.reward);

        assert_fails(fixture.type->update(fixture.state, &finished), NB_ERR_RANGE, "transition 4");
        fixture_free(&fixture);
    }
}

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

/* probabilities after the same lessons under two settings */
static void check_setting_matters(const char *name, const char *one, const char *other)
{
    const char *yaml[] = {one, other};
    double s[2][50 * 6];

    for (int y = 0; y < 2; y++) {
        fixture_t fixture;

        assert_ok(fixture_start(&fixture, name, yaml[y]));
        history_start(&fixture, NARROW);
        for (int32_t period = 0; period < 4; period++) {
            teach_period(&fixture, NARROW, period, 20, 0);
        }
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 50, 9);

        assert_ok(fixture.type->score(fixture.state, &batch, s[y]));
        fixture_free(&fixture);
    }
    if (memcmp(s[0], s[1], sizeof s[0]) == 0) {
        fail_msg("%s says the same under %s and %s", name, one, other);
    }
}

static void test_every_setting_changes_what_is_said(void **state)
{
    (void)state;
    check_setting_matters("reg_cb", "{}", "{lambda: 2}");
    check_setting_matters("reg_cb", "{}", "{c0: 0.5}");
    check_setting_matters("reg_cb", "{}", "{form: elimination}");
    check_setting_matters("fast_cb", "{}", "{lambda: 2}");
    check_setting_matters("fast_cb", "{}", "{gamma0: 50}");
    check_setting_matters("fast_cb", "{}", "{rho: 0.2}");
    check_setting_matters("epoch_greedy", "{}", "{lambda: 2}");
    check_setting_matters("epoch_greedy", "{}", "{rounds: 0.5}");
    check_setting_matters("epoch_greedy", "{}", "{schedule: exponential}");
}

/* c0 = 0 is greedy: both forms play the highest prediction */
static void test_reg_cb_without_ranges_is_greedy(void **state)
{
    static const char *const names[] = {"greedy_ridge", "reg_cb", "reg_cb"};
    static const char *const yaml[] = {"{}", "{c0: 0}", "{c0: 0, form: elimination}"};
    int32_t action[3][200];

    (void)state;
    for (int t = 0; t < 3; t++) {
        fixture_t fixture;

        assert_ok(fixture_start(&fixture, names[t], yaml[t]));
        assert_ok(fixture_teach(&fixture, 300, 5));
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 200, 6);
        nb_choice_t out = {action[t], NULL};

        assert_ok(fixture.type->choose(fixture.state, &batch, &out));
        fixture_free(&fixture);
    }
    assert_memory_equal(action[0], action[1], sizeof action[0]);
    assert_memory_equal(action[0], action[2], sizeof action[0]);
}

/* along a slate the first position is drawn and the rest follows by prediction */
static void test_mixed_slates_begin_with_the_draw(void **state)
{
    fixture_t fixture;
    static double p[40 * MAX_ACTIONS], s[40 * MAX_ACTIONS];

    (void)state;
    assert_ok(fixture_start(&fixture, "fast_cb", NULL));
    assert_ok(fixture_teach(&fixture, 500, 5));
    nb_batch_t batch = fixture_batch(&fixture, WIDE, 40, 6);
    nb_choice_t out = {fixture.action, fixture.propensity};

    batch.want_propensity = 1;
    assert_ok(fixture.type->choose(fixture.state, &batch, &out));
    assert_ok(fixture.type->score(fixture.state, &batch, s));
    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (size_t i = 0; i < 40; i++) {
        const int32_t *row = fixture.action + 4 * i;

        assert_close(fixture.propensity[4 * i], p[i * MAX_ACTIONS + (size_t)row[0]], 0, 0);
        for (int j = 1; j < 4; j++) {
            assert_true(s[i * MAX_ACTIONS + (size_t)row[j - 1]] >=
                        s[i * MAX_ACTIONS + (size_t)row[j]]);
            assert_close(fixture.propensity[4 * i + (size_t)j], 1.0, 0, 0);
        }
    }
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reg_cb_scores_are_the_ends_of_the_version_space),
        cmocka_unit_test(test_reg_cb_elimination_plays_what_may_be_best),
        cmocka_unit_test(test_reg_cb_offsets_price_actions),
        cmocka_unit_test(test_reg_cb_without_ranges_is_greedy),
        cmocka_unit_test(test_fast_cb_is_the_weighting_of_the_paper),
        cmocka_unit_test(test_fast_cb_shares_ties_evenly),
        cmocka_unit_test(test_fast_cb_refuses_rewards_out_of_range),
        cmocka_unit_test(test_epoch_greedy_explores_as_scheduled),
        cmocka_unit_test(test_epoch_greedy_learns_from_exploring_rows_only),
        cmocka_unit_test(test_every_setting_changes_what_is_said),
        cmocka_unit_test(test_mixed_slates_begin_with_the_draw),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
