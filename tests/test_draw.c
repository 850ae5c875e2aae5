/* How long draws are held: their names, and lin_ts with held samples. */
#include "policies/draw.h"
#include "tests/fixture_linear.h"

static const nb_draw_t modes[] = {NB_DRAW_DECISION, NB_DRAW_PERIOD, NB_DRAW_JOURNEY,
                                  NB_DRAW_CUSTOMER};
static const char *const mode_settings[] = {"{draw: decision}", "{draw: period}", "{draw: journey}",
                                            "{draw: customer}"};
static const uint32_t lucks[] = {3, 5, 3, 8, 5, 3};
static const uint32_t episodes[] = {71, 71, 71, 0, 9, 12};
enum { N_DECISIONS = 6 };

static nb_batch_t make_decisions(int32_t period, unsigned point)
{
    return (nb_batch_t){.stream_point = point,
                        .period = period,
                        .n = N_DECISIONS,
                        .luck = lucks,
                        .episode = episodes,
                        .key = {4, 2}};
}

static void test_draw_decision_has_the_bits_of_every_decision(void **state)
{
    nb_batch_t batch = make_decisions(7, 2);
    double u[4 * N_DECISIONS], held_u[4 * N_DECISIONS];
    float z[4 * N_DECISIONS], held_z[4 * N_DECISIONS];

    (void)state;
    batch.round = 3;
    nb_policy_uniforms(&batch, 5, u);
    nb_policy_normals(&batch, 5, z);
    nb_draw_uniforms(&batch, NB_DRAW_DECISION, 5, held_u);
    nb_draw_normals(&batch, NB_DRAW_DECISION, 5, held_z);
    assert_memory_equal(u, held_u, sizeof u);
    assert_memory_equal(z, held_z, sizeof z);
    batch.episode = NULL; /* without journeys, those decisions too */
    nb_draw_uniforms(&batch, NB_DRAW_JOURNEY, 5, held_u);
    assert_memory_equal(u, held_u, sizeof u);
}

/* draws of all decisions in two periods and at two points, one row of `u` each */
static void draw_all(nb_draw_t draw, double u[4][N_DECISIONS])
{
    for (int at = 0; at < 4; at++) {
        nb_batch_t batch = make_decisions(at % 2, (unsigned)at / 2);
        double block[4 * N_DECISIONS];

        batch.round = (unsigned)at;
        nb_draw_uniforms(&batch, draw, 1, block);
        memcpy(u[at], block + N_DECISIONS, sizeof u[at]); /* word 1 */
    }
}

/* 1 where decisions a and b (of two periods) are to share a draw */
static int is_shared(nb_draw_t draw, int period_a, int a, int period_b, int b)
{
    switch (draw) {
    case NB_DRAW_PERIOD:
        return period_a == period_b;
    case NB_DRAW_JOURNEY:
        if (episodes[a] && episodes[b]) {
            return lucks[a] == lucks[b] && episodes[a] == episodes[b];
        }
        return period_a == period_b && lucks[a] == lucks[b] && episodes[a] == episodes[b];
    case NB_DRAW_CUSTOMER:
        return lucks[a] == lucks[b];
    case NB_DRAW_DECISION:
        break;
    }
    return period_a == period_b && lucks[a] == lucks[b];
}

static void test_draw_is_shared_by_what_holds_it_and_nobody_else(void **state)
{
    double u[4][4][N_DECISIONS];

    (void)state;
    for (int m = 0; m < 4; m++) {
        draw_all(modes[m], u[m]);
        for (int at = 0; at < 2 * N_DECISIONS * 2 * N_DECISIONS; at++) {
            int a = at % N_DECISIONS, b = at / N_DECISIONS % N_DECISIONS;
            int p = at / (N_DECISIONS * N_DECISIONS) % 2, q = at / (2 * N_DECISIONS * N_DECISIONS);

            assert_int_equal(u[m][p][a] == u[m][q][b], is_shared(modes[m], p, a, q, b));
        }
        for (int a = 0; a < N_DECISIONS; a++) {
            assert_true(u[m][0][a] != u[m][2][a]); /* points have draws of their own */
        }
    }
    for (int at = 0; at < 6 * N_DECISIONS; at++) {
        static const int pairs[][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
        const int *pair = pairs[at / N_DECISIONS];
        int a = at % N_DECISIONS, is_decision = pair[0] == 0 && pair[1] == 2 && episodes[a] == 0;

        assert_int_equal(u[pair[0]][0][a] == u[pair[1]][0][a], is_decision);
    }
}

static void test_draw_gives_a_row_the_normals_of_its_blocks(void **state)
{
    nb_batch_t batch = make_decisions(1, 0);
    uint32_t words[4 * 9];
    float row[4 * 9], block[4 * N_DECISIONS];

    (void)state;
    for (int m = 0; m < 4; m++) {
        for (size_t i = 0; i < N_DECISIONS; i++) {
            nb_counter_t first = nb_draw_counter(&batch, modes[m], i, 2);

            nb_draw_row_normals(&batch, &first, 9, words, row);
            for (unsigned b = 0; b < 9; b++) {
                nb_draw_normals(&batch, modes[m], 2 + b, block);
                for (size_t w = 0; w < 4; w++) {
                    assert_true(row[4 * b + w] == block[w * N_DECISIONS + i]);
                }
            }
        }
    }
}

/* lin_ts, taught, with n equal contexts where everything is allowed */
static nb_batch_t start_equal(fixture_t *fixture, const char *settings, posterior_t *references,
                              size_t n)
{
    nb_batch_t batch;

    assert_ok(fixture_start(fixture, "lin_ts", settings));
    teach_both(fixture, references, 1.0);
    batch = fixture_batch(fixture, NARROW, n, 21);
    for (size_t i = 0; i < n; i++) {
        memcpy(fixture->x + i * D, fixture->x, D * sizeof *fixture->x);
        fixture->mask[i] = 0x3f;
    }
    return batch;
}

/* how many different actions there are */
static int count_actions(const int32_t *action, size_t n, size_t step)
{
    int seen[K] = {0}, count = 0;

    for (size_t i = 0; i < n; i++) {
        count += !seen[action[i * step]];
        seen[action[i * step]] = 1;
    }
    return count;
}

/* Rows i of all periods belong to customer i, rows 0 to 29 to one journey each that lasts all
 * periods. A hold shows by one action for all that share it; that something varies in spite of
 * 40 or more independent draws is certain but for 2e-10 (100 times 0.5^40). */
static void test_lin_ts_plays_one_action_a_hold(void **state)
{
    enum { N = 60, N_PERIODS = 40 };
    static int32_t action[N_PERIODS * N];
    double p[N * K];
    uint32_t episode[N] = {0};

    (void)state;
    for (uint32_t i = 0; i < 30; i++) {
        episode[i] = 1000 + i;
    }
    for (int m = 0; m < 4; m++) {
        posterior_t references[K];
        fixture_t fixture;
        nb_batch_t batch = start_equal(&fixture, mode_settings[m], references, N);

        assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
        for (int k = 0; k < K; k++) {
            assert_true(p[k] < 0.5);
        }
        batch.episode = episode;
        for (batch.period = 0; batch.period < N_PERIODS; batch.period++) {
            nb_choice_t out = {action + batch.period * N, NULL};

            assert_ok(fixture.type->choose(fixture.state, &batch, &out));
        }
        for (size_t period = 0; period < N_PERIODS; period++) {
            assert_int_equal(count_actions(action + period * N, N, 1) == 1,
                             modes[m] == NB_DRAW_PERIOD);
        }
        for (size_t i = 0; i < N; i++) {
            int is_held =
                modes[m] == NB_DRAW_CUSTOMER || (modes[m] == NB_DRAW_JOURNEY && episode[i]);

            assert_int_equal(count_actions(action + i, N_PERIODS, N) == 1, is_held);
        }
        fixture_free(&fixture);
    }
}

/* what 20,000 draws of two contexts' scores add up to, per arm */
typedef struct {
    double sum[K], square[K], cross[K], across;
} moments_t;

static void add_scores(moments_t *self, const double *one, const double *two, const double *mean)
{
    for (int k = 0; k < K; k++) {
        double a = one[k] - mean[k], b = two[k] - mean[K + k];

        self->sum[k] += a;
        self->square[k] += a * a;
        self->cross[k] += a * b;
    }
    self->across += (one[0] - mean[0]) * (two[1] - mean[K + 1]);
}

/* Sampled weights: scores of two contexts under one hold have covariance v^2 x'A^-1 z, which
 * scores drawn one by one have not. Rows 2 i and 2 i + 1 are one customer and journey. Bounds of 5
 * standard errors: false alarm 6e-7 each, fixed seed. */
static void test_lin_ts_samples_weights_where_it_holds(void **state)
{
    enum { N = 1000, N_PERIODS = 40 };
    static double s[N * K];
    uint32_t customer[N], episode[N];

    (void)state;
    for (int m = 1; m < 4; m++) {
        posterior_t references[K];
        fixture_t fixture;
        moments_t moments = {.across = 0.0};
        double mean[2 * K], n = 0.0;
        nb_batch_t batch = start_equal(&fixture, mode_settings[m], references, N);
        const float *x = fixture.x, z[D] = {1.0f, -0.7f, 0.4f, 0.2f, -1.1f};

        for (uint32_t i = 1; i < N; i += 2) {
            memcpy(fixture.x + i * D, z, sizeof z);
        }
        for (int at = 0; at < 2 * K; at++) {
            const posterior_t *reference = references + at % K;

            mean[at] = reference_form(reference, at < K ? x : z, reference->b);
        }
        batch.luck = customer;
        batch.episode = episode;
        for (int period = 0; period < N_PERIODS; period++) {
            for (uint32_t i = 0; i < N; i++) {
                customer[i] = i / 2 + N * (uint32_t)period;
                episode[i] = customer[i] + 1;
            }
            batch.period = period;
            batch.n = modes[m] == NB_DRAW_PERIOD ? 2 : N;
            /* one sample a period: more periods in place of rows */
            for (int repeat = 0; repeat < (modes[m] == NB_DRAW_PERIOD ? N / 2 : 1); repeat++) {
                batch.period = period + N_PERIODS * repeat;
                assert_ok(fixture.type->score(fixture.state, &batch, s));
                for (size_t i = 0; i < batch.n; i += 2, n++) {
                    add_scores(&moments, s + i * K, s + (i + 1) * K, mean);
                }
            }
        }
        for (int k = 0; k < K; k++) {
            double a = reference_variance(references + k, x);
            double b = reference_variance(references + k, z);
            double c = reference_covariance(references + k, x, z);

            assert_close(moments.sum[k] / n, 0.0, 0, 5.0 * sqrt(a / n));
            assert_close(moments.square[k] / n, a, 0, 5.0 * a * sqrt(2.0 / n));
            assert_close(moments.cross[k] / n, c, 0, 5.0 * sqrt((a * b + c * c) / n));
        }
        assert_close(moments.across / n, 0.0, 0,
                     5.0 * sqrt(reference_variance(references, x) *
                                reference_variance(references + 1, z) / n));
        fixture_free(&fixture);
    }
}

/* scores of one hold are linear in the context */
static void test_lin_ts_scores_of_a_period_are_linear(void **state)
{
    fixture_t fixture;
    posterior_t references[K];
    double s[3 * K];
    nb_batch_t batch = start_equal(&fixture, "{draw: period}", references, 3);

    (void)state;
    for (int j = 0; j < D; j++) {
        fixture.x[D + j] = 0.5f - (float)j;
        fixture.x[2 * D + j] = fixture.x[j] + 2.0f * fixture.x[D + j];
    }
    assert_ok(fixture.type->score(fixture.state, &batch, s));
    for (int k = 0; k < K; k++) {
        assert_close(s[2 * K + k], s[k] + 2.0 * s[K + k], 1e-5, 1e-5);
    }
    fixture_free(&fixture);
}

static void test_lin_ts_without_width_is_greedy_in_every_mode(void **state)
{
    fixture_t greedy;
    posterior_t references[K];
    double expected[50 * K], s[50 * K];

    (void)state;
    assert_ok(fixture_start(&greedy, "greedy_ridge", NULL));
    teach_both(&greedy, references, 1.0);
    nb_batch_t batch = fixture_batch(&greedy, NARROW, 50, 22);

    assert_ok(greedy.type->score(greedy.state, &batch, expected));
    for (int m = 0; m < 4; m++) {
        fixture_t fixture;
        char yaml[64];

        snprintf(yaml, sizeof yaml, "{v: 0, %s", mode_settings[m] + 1);
        assert_ok(fixture_start(&fixture, "lin_ts", yaml));
        teach_both(&fixture, references, 1.0);
        batch.scratch = &fixture.arena;
        assert_ok(fixture.type->score(fixture.state, &batch, s));
        assert_memory_equal(s, expected, sizeof s);
        fixture_free(&fixture);
    }
    fixture_free(&greedy);
}

/* frequencies over customers and periods are those of one decision only where none is held */
static void test_lin_ts_keeps_its_promises_in_every_mode(void **state)
{
    (void)state;
    for (int m = 0; m < 4; m++) {
        assert_conforms("lin_ts", mode_settings[m], m ? "frequencies" : NULL);
    }
}

/* a row of weight 3 whose rewards add up to y is three rows; of weight 1, the row itself */
static void test_ridge_weights_count_observations(void **state)
{
    static const char *const names[] = {"greedy_ridge", "eps_greedy", "lin_ucb", "lin_ts"};

    (void)state;
    for (int t = 0; t < 4; t++) {
        fixture_t plain, weighted;
        double weight[30], reward[30];

        assert_ok(fixture_start(&plain, names[t], NULL));
        assert_ok(fixture_start(&weighted, names[t], NULL));
        assert_true(plain.type->traits & NB_TRAIT_WEIGHTED);
        nb_batch_t batch = fixture_batch(&plain, NARROW, 30, 23);
        nb_batch_t same = fixture_batch(&weighted, NARROW, 30, 23);

        for (size_t i = 0; i < 30; i++) {
            weight[i] = (double)(i % 4);
            plain.action[i] = weighted.action[i] = (int32_t)(i % 5);
            plain.reward[i] = cos((double)i);
            reward[i] = weight[i] * plain.reward[i];
        }
        for (size_t repeat = 0; repeat < 3; repeat++) {
            for (size_t i = 0; i < 30; i++) {
                nb_transitions_t one =
                    fixture_transitions(&plain, &batch, plain.action + i, plain.reward + i);

                one.n = i % 4 > repeat;
                one.x = batch.x + i * D;
                assert_ok(plain.type->update(plain.state, &one));
            }
        }
        nb_transitions_t heavy = fixture_transitions(&weighted, &same, weighted.action, reward);

        heavy.weight = weight;
        assert_ok(weighted.type->update(weighted.state, &heavy));
        assert_ok(plain.type->end_period(plain.state, &plain.arena));
        assert_ok(weighted.type->end_period(weighted.state, &weighted.arena));
        for (unsigned k = 0; k < K; k++) {
            for (int j = 0; j < D; j++) {
                assert_close(nb_ridge_mean(weighted.state, NARROW, k)[j],
                             nb_ridge_mean(plain.state, NARROW, k)[j], 1e-10, 1e-13);
            }
        }
        fixture_free(&weighted);
        fixture_free(&plain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draw_decision_has_the_bits_of_every_decision),
        cmocka_unit_test(test_draw_is_shared_by_what_holds_it_and_nobody_else),
        cmocka_unit_test(test_draw_gives_a_row_the_normals_of_its_blocks),
        cmocka_unit_test(test_lin_ts_plays_one_action_a_hold),
        cmocka_unit_test(test_lin_ts_samples_weights_where_it_holds),
        cmocka_unit_test(test_lin_ts_scores_of_a_period_are_linear),
        cmocka_unit_test(test_lin_ts_without_width_is_greedy_in_every_mode),
        cmocka_unit_test(test_lin_ts_keeps_its_promises_in_every_mode),
        cmocka_unit_test(test_ridge_weights_count_observations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
