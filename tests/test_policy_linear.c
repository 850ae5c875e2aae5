/* greedy_ridge, eps_greedy, lin_ucb, lin_ts against slow and obvious references. */
#include "tests/fixture_linear.h"

static void test_ridge_mean_equals_the_dense_solution(void **state)
{
    posterior_t references[K];
    fixture_t fixture;
    double v[D];

    (void)state;
    assert_ok(fixture_start(&fixture, "greedy_ridge", "{lambda: 2.5}"));
    teach_both(&fixture, references, 2.5);
    for (unsigned k = 0; k < K; k++) {
        reference_solve(references + k, references[k].b, v);
        for (int j = 0; j < D; j++) {
            assert_close(nb_ridge_mean(fixture.state, NARROW, k)[j], v[j], 1e-10, 1e-13);
        }
    }
    fixture_free(&fixture);
}

static void test_lin_ucb_scores_are_the_bounds(void **state)
{
    posterior_t references[K];
    fixture_t fixture;
    double s[20 * K];

    (void)state;
    assert_ok(fixture_start(&fixture, "lin_ucb", "{lambda: 0.5, alpha: 1.7}"));
    teach_both(&fixture, references, 0.5);
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 20, 77);

    assert_ok(fixture.type->score(fixture.state, &batch, s));
    for (size_t i = 0; i < batch.n; i++) {
        for (unsigned k = 0; k < K; k++) {
            const float *x = fixture.x + i * D;

            if (nb_mask_allows(batch.mask, 1, i, k)) {
                double bound = reference_form(references + k, x, references[k].b) +
                               1.7 * sqrt(reference_variance(references + k, x));

                assert_close(s[i * K + k], bound, 1e-5, 1e-5);
            } else {
                assert_true(isinf(s[i * K + k]) && s[i * K + k] < 0);
            }
        }
    }
    fixture_free(&fixture);
}

/* Sampled scores of one context over 20,000 customers: mean x'm and variance v^2 x'A^-1 x of
 * Bayesian linear regression with noise sd v, prior N(0, v^2 / lambda I). Bounds of 5 standard
 * errors: false alarm 6e-7 each, fixed seed. Scores of two arms are uncorrelated. */
static void test_lin_ts_samples_the_bayesian_posterior(void **state)
{
    enum { N = 1000, N_PERIODS = 20 };
    posterior_t references[K];
    fixture_t fixture;
    static double s[N * K];
    double sum[K] = {0}, square[K] = {0}, cross = 0.0, n = N * N_PERIODS;
    double mean[K], variance[K];

    (void)state;
    assert_ok(fixture_start(&fixture, "lin_ts", "{lambda: 0.5, v: 0.8}"));
    teach_both(&fixture, references, 0.5);
    nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 78);

    for (size_t i = 0; i < N; i++) {
        memcpy(fixture.x + i * D, fixture.x, D * sizeof *fixture.x);
        fixture.mask[i] = 0x3f;
    }
    for (int k = 0; k < K; k++) {
        mean[k] = reference_form(references + k, fixture.x, references[k].b);
        variance[k] = 0.64 * reference_variance(references + k, fixture.x);
    }
    for (batch.period = 0; batch.period < N_PERIODS; batch.period++) {
        assert_ok(fixture.type->score(fixture.state, &batch, s));
        for (size_t at = 0; at < N * K; at++) {
            double z = (s[at] - mean[at % K]) / sqrt(variance[at % K]);

            sum[at % K] += z;
            square[at % K] += z * z;
            cross += at % K == 0 ? z * (s[at + 1] - mean[1]) / sqrt(variance[1]) : 0.0;
        }
    }
    for (int k = 0; k < K; k++) {
        assert_close(sum[k] / n, 0.0, 0, 5.0 / sqrt(n));
        assert_close(square[k] / n, 1.0, 0, 5.0 * sqrt(2.0 / n));
    }
    assert_close(cross / n, 0.0, 0, 5.0 / sqrt(n));
    fixture_free(&fixture);
}

static void test_update_in_pieces_gives_the_same_state(void **state)
{
    fixture_t whole, pieces;

    (void)state;
    assert_ok(fixture_start(&whole, "lin_ts", NULL));
    assert_ok(fixture_start(&pieces, "lin_ts", NULL));
    assert_ok(fixture_teach(&whole, 200, 3));
    /* the same rows as fixture_teach makes, one transition a call */
    for (unsigned point = 0; point < N_POINTS; point++) {
        nb_batch_t batch = fixture_batch(&pieces, point, 200, 3);
        nb_stream_t stream;

        nb_stream_init(&stream, (nb_key_t){3, 99}, (nb_counter_t){0});
        for (size_t i = 0; i < 200; i++) {
            pieces.action[i] = nb_policy_pick(&batch, i, nb_stream_uniform(&stream));
            pieces.reward[i] = 0.1 * pieces.action[i] + nb_stream_normal(&stream);
            nb_transitions_t one =
                fixture_transitions(&pieces, &batch, pieces.action + i, pieces.reward + i);

            one.n = 1;
            one.x = batch.x + i * batch.d;
            assert_ok(pieces.type->update(pieces.state, &one));
        }
    }
    assert_ok(pieces.type->end_period(pieces.state, &pieces.arena));
    assert_memory_equal(whole.state, pieces.state, whole.state_size);
    fixture_free(&pieces);
    fixture_free(&whole);
}

static void test_end_period_without_news_changes_nothing(void **state)
{
    fixture_t fixture;
    void *copy = NULL;

    (void)state;
    assert_ok(fixture_start(&fixture, "lin_ucb", NULL));
    assert_ok(fixture_teach(&fixture, 100, 4));
    assert_ok(nb_alloc(&copy, fixture.state_size, 1));
    memcpy(copy, fixture.state, fixture.state_size);
    assert_ok(fixture.type->end_period(fixture.state, &fixture.arena));
    assert_memory_equal(copy, fixture.state, fixture.state_size);
    nb_free(copy);
    fixture_free(&fixture);
}

static void test_one_action_is_always_played(void **state)
{
    static const char *const names[] = {"greedy_ridge", "eps_greedy", "lin_ucb", "lin_ts"};

    (void)state;
    for (int t = 0; t < 4; t++) {
        fixture_t fixture;

        assert_ok(fixture_start(&fixture, names[t], NULL));
        fixture.spec.n_points = 1;
        fixture.points[0].n_actions = 1;
        memset(fixture.state, 0, fixture.state_size);
        assert_ok(fixture.type->init(fixture.state, &fixture.spec, fixture.settings));
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 30, 5);
        nb_choice_t out = {fixture.action, fixture.propensity};

        batch.want_propensity = 1;
        assert_ok(fixture.type->choose(fixture.state, &batch, &out));
        for (size_t i = 0; i < batch.n; i++) {
            assert_int_equal(fixture.action[i], 0);
            assert_close(fixture.propensity[i], 1.0, 0, 1e-12);
        }
        fixture_free(&fixture);
    }
}

/* Before anything is learned all means are 0: 6,000 choices spread evenly over 6 actions,
 * chi-square with 5 degrees of freedom, beyond 37.3 once in 2 million (fixed seed) */
static void test_ties_are_broken_evenly(void **state)
{
    fixture_t fixture;
    double count[K] = {0}, statistic = 0.0;

    (void)state;
    assert_ok(fixture_start(&fixture, "greedy_ridge", NULL));
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 1000, 6);
    nb_choice_t out = {fixture.action, NULL};

    for (batch.period = 0; batch.period < 6; batch.period++) {
        for (size_t i = 0; i < batch.n; i++) {
            fixture.mask[i] = 0x3f;
        }
        assert_ok(fixture.type->choose(fixture.state, &batch, &out));
        for (size_t i = 0; i < batch.n; i++) {
            count[fixture.action[i]]++;
        }
    }
    for (int k = 0; k < K; k++) {
        statistic += pow(count[k] - 1000.0, 2) / 1000.0;
    }
    assert_true(statistic < 37.3);
    fixture_free(&fixture);
}

/* joint probability of every ordered pair of 3 actions sums to 1: conditional propensities are
 * right */
static void test_eps_greedy_slate_propensities_are_conditional(void **state)
{
    fixture_t fixture;
    double joint[9] = {0}, sum = 0.0;

    (void)state;
    assert_ok(fixture_start(&fixture, "eps_greedy", "{epsilon: 0.5}"));
    assert_ok(fixture_teach(&fixture, 500, 8));
    nb_batch_t batch = fixture_batch(&fixture, BARE, 200, 8);
    nb_choice_t out = {fixture.action, fixture.propensity};

    for (size_t i = 0; i < batch.n; i++) {
        fixture.mask[i] = 7;
    }
    batch.slate = 2;
    batch.want_propensity = 1;
    assert_ok(fixture.type->choose(fixture.state, &batch, &out));
    for (size_t i = 0; i < batch.n; i++) {
        double here = fixture.propensity[2 * i] * fixture.propensity[2 * i + 1];
        double *pair = joint + 3 * fixture.action[2 * i] + fixture.action[2 * i + 1];

        assert_true(*pair == 0.0 || *pair == here);
        *pair = here;
    }
    for (int pair = 0; pair < 9; pair++) {
        sum += joint[pair];
    }
    assert_close(sum, 1.0, 1e-12, 0);
    fixture_free(&fixture);
}

static void test_lin_ts_refuses_propensities_of_slates(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "lin_ts", NULL));
    nb_batch_t batch = fixture_batch(&fixture, WIDE, 10, 9);
    nb_choice_t out = {fixture.action, fixture.propensity};

    batch.want_propensity = 1;
    assert_fails(fixture.type->choose(fixture.state, &batch, &out), NB_ERR_UNSUPPORTED, "slate");
    fixture_free(&fixture);
}

/* mean reward of the last 20 of 40 periods in a world where action k pays w_k'x + noise of sd 1 */
static double play_world(const char *name)
{
    fixture_t fixture;
    double total = 0.0;

    assert_ok(fixture_start(&fixture, name, NULL));
    for (int32_t period = 0; period < 40; period++) {
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 100, 1000u + (unsigned)period);
        nb_choice_t out = {fixture.action, NULL};
        nb_stream_t stream;

        batch.period = period;
        assert_ok(fixture.type->choose(fixture.state, &batch, &out));
        nb_stream_init(&stream, (nb_key_t){(uint32_t)period, 1}, (nb_counter_t){0});
        for (size_t i = 0; i < batch.n; i++) {
            /* action k is right where feature 1 + k % 4 is high (k even) or low (k odd) */
            int32_t k = fixture.action[i];
            double sign = k % 2 ? -1.0 : 1.0, z = nb_stream_normal(&stream);
            double mean = sign * (double)fixture.x[i * D + 1 + (size_t)k % 4];

            total += period >= 20 ? mean / 2000.0 : 0.0;
            fixture.reward[i] = mean + z;
        }
        nb_transitions_t finished =
            fixture_transitions(&fixture, &batch, fixture.action, fixture.reward);

        if (fixture.type->update) {
            assert_ok(fixture.type->update(fixture.state, &finished));
            assert_ok(fixture.type->end_period(fixture.state, &fixture.arena));
        }
    }
    fixture_free(&fixture);
    return total;
}

/* uniform play earns 0 (standard error 0.02); knowing the world earns some 1.0 */
static void test_learners_beat_random_on_an_easy_world(void **state)
{
    (void)state;
    double random = play_world("random");

    assert_close(random, 0.0, 0, 0.15);
    assert_true(play_world("greedy_ridge") > random + 0.3);
    assert_true(play_world("eps_greedy") > random + 0.6);
    assert_true(play_world("lin_ucb") > random + 0.8);
    assert_true(play_world("lin_ts") > random + 0.8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ridge_mean_equals_the_dense_solution),
        cmocka_unit_test(test_lin_ucb_scores_are_the_bounds),
        cmocka_unit_test(test_lin_ts_samples_the_bayesian_posterior),
        cmocka_unit_test(test_update_in_pieces_gives_the_same_state),
        cmocka_unit_test(test_end_period_without_news_changes_nothing),
        cmocka_unit_test(test_one_action_is_always_played),
        cmocka_unit_test(test_ties_are_broken_evenly),
        cmocka_unit_test(test_eps_greedy_slate_propensities_are_conditional),
        cmocka_unit_test(test_lin_ts_refuses_propensities_of_slates),
        cmocka_unit_test(test_learners_beat_random_on_an_easy_world),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
