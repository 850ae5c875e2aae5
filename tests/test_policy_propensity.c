/* propensity_topn: its predictions against a dense ridge, and whom it contacts. */
#include "tests/practice_rows.h"

/* weights of (lambda I + X'X) w = X'y by elimination over the rows that played `action` */
static void solve_ridge(const fixture_t *fixture, size_t n, int32_t action, uint16_t signal,
                        double lambda, double w[5])
{
    double a[5][6] = {{0}};

    for (int j = 0; j < 5; j++) {
        a[j][j] = lambda;
    }
    for (size_t i = 0; i < n; i++) {
        const float *x = fixture->x + 5 * i;

        for (int j = 0; j < 5 && fixture->action[i] == action; j++) {
            for (int k = 0; k < 5; k++) {
                a[j][k] += (double)x[j] * (double)x[k];
            }
            a[j][5] += x[j] * ((fixture->signals[i] & signal) != 0);
        }
    }
    for (int j = 0; j < 5; j++) {
        for (int i = 0; i < 5; i++) {
            double factor = i == j ? 0.0 : a[i][j] / a[j][j];

            for (int k = j; k < 6; k++) {
                a[i][k] -= factor * a[j][k];
            }
        }
    }
    for (int j = 0; j < 5; j++) {
        w[j] = a[j][5] / a[j][j];
    }
}

/* 600 rows of random actions, with responses that hang on the features, learned in one period */
static nb_batch_t teach_response(fixture_t *fixture)
{
    nb_batch_t batch = practice_batch(fixture, 600);
    nb_choice_t choice = {fixture->action, NULL};
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){5, 0}, (nb_counter_t){0});
    for (size_t i = 0; i < batch.n; i++) {
        double z = 0.4 * fixture->x[5 * i + 1] - 0.3 * fixture->x[5 * i + 3];
        int k = (int)(nb_stream_uniform(&stream) * 6);
        int opened = nb_stream_uniform(&stream) < 0.6;
        int bought = nb_stream_uniform(&stream) < 1 / (1 + exp(-z));

        fixture->action[i] = k;
        fixture->signals[i] =
            (uint16_t)((opened ? NB_SIGNAL_OPENED : 0) | (bought ? NB_SIGNAL_BOUGHT : 0) |
                       (opened && bought ? NB_SIGNAL_VISITED : 0));
        fixture->reward[i] = 2.0 * bought + 0.5 * k;
    }
    nb_transitions_t finished = practice_finish(fixture, &batch);

    assert_ok(fixture->type->played(fixture->state, &batch, &choice));
    assert_ok(fixture->type->update(fixture->state, &finished));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
    batch.period++;
    return batch;
}

/* mean reward of the 600 rows whose action is a2 or not, and which responded or not */
static double mean_of(const fixture_t *fixture, int contacted, int responded, uint16_t signal)
{
    double n = 0.0, sum = 0.0;

    for (size_t i = 0; i < 600; i++) {
        int is = (fixture->action[i] == 2) == contacted &&
                 (!contacted || ((fixture->signals[i] & signal) != 0) == responded);

        n += is;
        sum += is ? fixture->reward[i] : 0.0;
    }
    return sum / n;
}

/* everybody is contacted, so that the value tells the prediction; float32 scores: 1e-5 */
static void test_propensity_topn_predicts_as_a_dense_ridge(void **state)
{
    static const struct {
        const char *set;
        uint16_t signal;
        double lambda;
    } cases[] = {{"", NB_SIGNAL_BOUGHT, 1},
                 {"lambda: 30, ", NB_SIGNAL_BOUGHT, 30},
                 {"signal: opened, ", NB_SIGNAL_OPENED, 1},
                 {"signal: visited, ", NB_SIGNAL_VISITED, 1}};

    (void)state;
    for (size_t c = 0; c < 4; c++) {
        fixture_t fixture;
        char yaml[96];
        double v[600], w[5];

        snprintf(yaml, sizeof yaml, "{%saction: a2, share: 1, test_weeks: 0, every: 1}",
                 cases[c].set);
        assert_ok(practice_start(&fixture, "propensity_topn", yaml));
        nb_batch_t batch = teach_response(&fixture);

        solve_ridge(&fixture, 600, 2, cases[c].signal, cases[c].lambda, w);
        assert_ok(fixture.type->value(fixture.state, &batch, v));
        for (size_t i = 0; i < 600; i++) {
            double p = 0.0;

            for (int j = 0; j < 5; j++) {
                p += w[j] * (double)fixture.x[5 * i + (size_t)j];
            }
            p = fmin(fmax(p, 0.0), 1.0);
            assert_close(v[i],
                         p * mean_of(&fixture, 1, 1, cases[c].signal) +
                             (1 - p) * mean_of(&fixture, 1, 0, cases[c].signal),
                         0, 1e-5);
        }
        fixture_free(&fixture);
    }
}

static double sum_of_contacts(fixture_t *fixture, const nb_batch_t *batch, unsigned action)
{
    double p[6 * 600], sum = 0.0;

    assert_ok(fixture->type->probabilities(fixture->state, batch, p));
    for (size_t i = 0; i < batch->n; i++) {
        sum += p[6 * i + action];
    }
    return sum;
}

/* the share of the predictions of the period before (which were all 0: by lot), then the best */
static void test_propensity_topn_contacts_the_likely(void **state)
{
    fixture_t fixture;
    double w[5], taken[2] = {0}, n[2] = {0}, p[6 * 600];

    (void)state;
    assert_ok(practice_start(&fixture, "propensity_topn",
                             "{action: a2, share: 0.25, test_weeks: 0, every: 1, memory: 0}"));
    nb_batch_t batch = teach_response(&fixture);

    solve_ridge(&fixture, 600, 2, NB_SIGNAL_BOUGHT, 1, w);
    practice_play(&fixture, &batch);
    assert_close(sum_of_contacts(&fixture, &batch, 2), 150.0, 1e-9, 0);
    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (size_t i = 0; i < 600; i++) {
        double response = 0.0;
        int is_likely;

        for (int j = 0; j < 5; j++) {
            response += w[j] * (double)fixture.x[5 * i + (size_t)j];
        }
        is_likely = response > 0.35;
        n[is_likely]++;
        taken[is_likely] += p[6 * i + 2];
    }
    assert_true(taken[1] / n[1] > taken[0] / n[0]);
    fixture_free(&fixture);
}

/* expected contacts of 600 rows in the test, after it, with other settings */
static void test_propensity_topn_each_setting_changes_its_answer(void **state)
{
    static const struct {
        const char *set;
        int32_t period;
        double low, high;
    } cases[] = {
        {"", 7, 300 - 1e-9, 300 + 1e-9}, /* half of all for 8 weeks */
        {"", 8, 180 - 1e-9, 180 + 1e-9},
        {"test_share: 0.2", 7, 120 - 1e-9, 120 + 1e-9},
        {"test_weeks: 3", 3, 180 - 1e-9, 180 + 1e-9},
        {"share: 0.5, memory: 0", 8, 300 - 1e-9, 300 + 1e-9},
        {"every: 4", 7, 40, 110},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fixture_t fixture;
        char yaml[128];
        double sum;

        snprintf(yaml, sizeof yaml, "{%s%saction: a2}", cases[c].set,
                 strstr(cases[c].set, "every") ? ", "
                 : *cases[c].set               ? ", every: 1, "
                                               : "every: 1, ");
        assert_ok(practice_start(&fixture, "propensity_topn", yaml));
        nb_batch_t batch = practice_batch(&fixture, 600);

        practice_play(&fixture, &batch); /* untaught: all predictions are 0 */
        batch.period = cases[c].period;
        sum = sum_of_contacts(&fixture, &batch, 2);
        if (sum < cases[c].low || sum > cases[c].high) {
            fail_msg("%s in period %d: %g contacts", cases[c].set, (int)cases[c].period, sum);
        }
        fixture_free(&fixture);
    }
}

/* `otherwise` plays for the rest, and the value of who is left alone is what such rows brought */
static void test_propensity_topn_values_who_is_left_alone(void **state)
{
    fixture_t fixture;
    double v[600];

    (void)state;
    assert_ok(practice_start(&fixture, "propensity_topn",
                             "{action: a2, share: 0, test_weeks: 0, every: 1, otherwise: a4}"));
    nb_batch_t batch = teach_response(&fixture);
    double mean = mean_of(&fixture, 0, 0, 0);

    assert_ok(fixture.type->value(fixture.state, &batch, v));
    assert_close(v[7], mean, 1e-12, 0);
    assert_close(sum_of_contacts(&fixture, &batch, 4), 600.0, 1e-12, 0);
    fixture_free(&fixture);
}

static void test_propensity_topn_needs_an_action(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_fails(practice_start(&fixture, "propensity_topn", "{share: 0.2}"), NB_ERR_CONFIG,
                 "needs `action`");
    fixture_free(&fixture);
    assert_fails(practice_start(&fixture, "propensity_topn", "{action: a1, signal: clicked}"),
                 NB_ERR_CONFIG, "opened|visited|bought");
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_propensity_topn_predicts_as_a_dense_ridge),
        cmocka_unit_test(test_propensity_topn_contacts_the_likely),
        cmocka_unit_test(test_propensity_topn_each_setting_changes_its_answer),
        cmocka_unit_test(test_propensity_topn_values_who_is_left_alone),
        cmocka_unit_test(test_propensity_topn_needs_an_action),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
