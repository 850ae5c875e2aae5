/* logistic_ts and glm_ucb against a slow Newton in code of its own, and formulas by hand. */
#include "policies/logistic.h"
#include "policies/max_normal.h"
#include "tests/dense_regression.h"
#include "tests/fixture_policy.h"

enum { D = 5, K = 6, LD = 8 };

/* one regression: prior or posterior N(m, Q^-1) */
typedef struct {
    double m[D], q[D][D];
} model_t;

static model_t models[K];

static void start_models(double lambda)
{
    memset(models, 0, sizeof models);
    for (int k = 0; k < K; k++) {
        for (int j = 0; j < D; j++) {
            models[k].q[j][j] = lambda;
        }
    }
}

/* n rows at NARROW whose rewards follow a logistic model */
static nb_transitions_t make_rows(fixture_t *fixture, size_t n, unsigned seed)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, n, seed);
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){seed, 77}, (nb_counter_t){0});
    for (size_t i = 0; i < n; i++) {
        const float *x = batch.x + i * D;
        int k = (int)(nb_stream_uniform(&stream) * (K - 1)); /* the last is never played */
        double z = 0.5 * k - 1.0 + (double)x[1] - 0.7 * (double)x[2];
        int success = nb_stream_uniform(&stream) < 1.0 / (1.0 + exp(-z));

        fixture->action[i] = k;
        fixture->reward[i] = success ? 0.5 + nb_stream_uniform(&stream) : -1.0;
        fixture->signals[i] = (uint16_t)(nb_stream_uniform(&stream) * 8.0);
    }
    return fixture_transitions(fixture, &batch, fixture->action, fixture->reward);
}

static void teach(fixture_t *fixture, const nb_transitions_t *rows)
{
    assert_ok(fixture->type->update(fixture->state, rows));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

/* gradient and Hessian at w of the rows of action k whose label is y[i] */
static void differentiate(const model_t *prior, const nb_transitions_t *rows, const int *y, int k,
                          const double *w, double *g, dense_t *h)
{
    dense_init(h, D);
    for (int j = 0; j < D; j++) {
        g[j] = 0.0;
        for (int l = 0; l < D; l++) {
            h->a[j][l] = prior->q[j][l];
            g[j] += prior->q[j][l] * (w[l] - prior->m[l]);
        }
    }
    for (size_t i = 0; i < rows->n; i++) {
        double x[D], z = 0.0;

        for (int j = 0; j < D; j++) {
            x[j] = rows->x[i * D + j];
            z += x[j] * w[j];
        }
        double p = 1.0 / (1.0 + exp(-z));

        for (int j = 0; j < D && rows->action[i] == k; j++) {
            g[j] += (p - y[i]) * x[j];
        }
        if (rows->action[i] == k) {
            dense_add(h, x, 0.0, 1.0 / (p * (1.0 - p)));
        }
    }
}

/* the posterior of all rows in one block: Newton with a fixed damping of one half, slow but sure */
static void learn(model_t *model, const nb_transitions_t *rows, const int *y, int k, int diagonal)
{
    static dense_t h;
    double w[D], g[D], step[D];

    memcpy(w, model->m, sizeof w);
    for (int round = 0; round < 120; round++) {
        differentiate(model, rows, y, k, w, g, &h);
        dense_solve(&h, g, step);
        for (int j = 0; j < D; j++) {
            w[j] -= (round < 60 ? 0.5 : 1.0) * step[j];
        }
    }
    differentiate(model, rows, y, k, w, g, &h);
    memcpy(model->m, w, sizeof w);
    for (int j = 0; j < D; j++) {
        for (int l = 0; l < D; l++) {
            model->q[j][l] = diagonal && j != l ? 0.0 : h.a[j][l];
        }
    }
}

static void label(const nb_transitions_t *rows, double threshold, int *y)
{
    for (size_t i = 0; i < rows->n; i++) {
        y[i] = rows->reward[i] > threshold;
    }
}

static void expect_models(const void *block)
{
    for (unsigned k = 0; k < K; k++) {
        const double *m = nb_logistic_weights(block, (nb_logistic_arm_t){NARROW, k});
        const double *q = nb_logistic_precision(block, (nb_logistic_arm_t){NARROW, k});

        for (int j = 0; j < D; j++) {
            assert_close(m[j], models[k].m[j], 1e-9, 1e-11);
            for (int l = 0; l <= j; l++) {
                assert_close(q[j * LD + l], models[k].q[j][l], 1e-9, 1e-9);
            }
        }
    }
}

/* the regressions of logistic_ts */
static const void *block_of(const fixture_t *fixture)
{
    return (const char *)fixture->state + 64;
}

static void check_recursion(const char *yaml, double lambda, int diagonal)
{
    static int y[MAX_ROWS];
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, "logistic_ts", yaml));
    start_models(lambda);
    for (unsigned seed = 1; seed <= 3; seed++) {
        nb_transitions_t rows = make_rows(&fixture, 400, seed);

        label(&rows, 0.0, y);
        for (int k = 0; k < K; k++) {
            learn(&models[k], &rows, y, k, diagonal);
        }
        teach(&fixture, &rows);
        expect_models(block_of(&fixture));
    }
    fixture_free(&fixture);
}

static void test_every_period_is_a_laplace_update_of_the_posterior_so_far(void **state)
{
    (void)state;
    check_recursion(NULL, 1.0, 0);
    check_recursion("{lambda: 0.05}", 0.05, 0);
    check_recursion("{covariance: diagonal, lambda: 3}", 3.0, 1);
}

/* the prior is N(0, I / lambda), so the gradient of f at the mode is known; so is the covariance */
static void test_mode_has_no_gradient_and_the_inverse_hessian_as_covariance(void **state)
{
    static int y[MAX_ROWS];
    static dense_t h;
    fixture_t fixture;
    model_t prior;

    (void)state;
    assert_ok(fixture_start(&fixture, "logistic_ts", NULL));
    start_models(1.0);
    prior = models[0];
    nb_transitions_t rows = make_rows(&fixture, 1000, 4);

    label(&rows, 0.0, y);
    teach(&fixture, &rows);
    for (unsigned k = 0; k < K; k++) {
        nb_logistic_arm_t arm = {NARROW, k};
        double g[D], norm = 0.0, x[D] = {1.0, -0.4, 2.0, 0.3, -1.1}, v[D], work[D], said = 0.0;

        differentiate(&prior, &rows, y, (int)k, nb_logistic_weights(block_of(&fixture), arm), g,
                      &h);
        dense_solve(&h, x, v);
        for (int j = 0; j < D; j++) {
            norm += g[j] * g[j];
            said += x[j] * v[j];
        }
        assert_true(sqrt(norm) < 1.1e-10);
        assert_close(nb_logistic_variance(block_of(&fixture), arm, x, work), said, 1e-8, 0);
    }
    fixture_free(&fixture);
}

/* 2,500 rows of one period are blocks of 1,024, 1,024 and 452, however they come */
static void test_rows_are_learned_in_blocks_whatever_the_batches(void **state)
{
    static int y[MAX_ROWS];
    fixture_t whole, split;

    (void)state;
    assert_ok(fixture_start(&whole, "logistic_ts", NULL));
    assert_ok(fixture_start(&split, "logistic_ts", NULL));
    start_models(1.0);
    for (unsigned seed = 5; seed < 8; seed++) {
        nb_transitions_t rows = make_rows(&whole, seed < 7 ? 1024 : 452, seed), part = rows;

        label(&rows, 0.0, y);
        for (int k = 0; k < K; k++) {
            learn(&models[k], &rows, y, k, 0);
        }
        assert_ok(whole.type->update(whole.state, &rows));
        part.scratch = &split.arena;
        part.n = 100;
        assert_ok(split.type->update(split.state, &part));
        part.n = rows.n - 100;
        part.x += (size_t)100 * D;
        part.action += 100;
        part.reward += 100;
        part.signals += 100;
        assert_ok(split.type->update(split.state, &part));
    }
    assert_ok(whole.type->end_period(whole.state, &whole.arena));
    assert_ok(split.type->end_period(split.state, &split.arena));
    assert_memory_equal(whole.state, split.state, whole.state_size);
    expect_models(block_of(&whole));
    fixture_free(&split);
    fixture_free(&whole);
}

/* perfectly separated labels and features of very different size: only the prior holds the weights
 */
static void test_separated_labels_converge(void **state)
{
    static float x[600 * D];
    static int y[600];
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "logistic_ts", "{lambda: 1.0e-4}"));
    start_models(1e-4);
    nb_transitions_t rows = make_rows(&fixture, 600, 9);

    memcpy(x, rows.x, sizeof x);
    rows.x = x;
    for (size_t i = 0; i < rows.n; i++) {
        x[i * D + 4] *= 50.0f;
        fixture.reward[i] = x[i * D + 1] > 0.0f ? 1.0 : 0.0;
    }
    label(&rows, 0.0, y);
    teach(&fixture, &rows);
    for (int k = 0; k < K; k++) {
        const double *m =
            nb_logistic_weights(block_of(&fixture), (nb_logistic_arm_t){NARROW, (unsigned)k});
        static dense_t h;
        double g[D];

        differentiate(&models[k], &rows, y, k, m, g, &h);
        for (int j = 0; j < D; j++) {
            assert_true(fabs(g[j]) < 1e-9);
        }
        assert_true(k == K - 1 || m[1] > 5.0);
    }
    fixture_free(&fixture);
}

/* what a success is worth, and the weights of the fifth action's intercept, after the same rows */
static void taught(const char *yaml, double *worth, double *weight)
{
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, "logistic_ts", yaml));
    nb_transitions_t rows = make_rows(&fixture, 800, 10);

    teach(&fixture, &rows);
    *worth = nb_logistic_worth(block_of(&fixture), NARROW);
    *weight = nb_logistic_weights(block_of(&fixture), (nb_logistic_arm_t){NARROW, 4})[0];
    fixture_free(&fixture);
}

static void check_label(const char *yaml, unsigned bit, double threshold)
{
    static int y[MAX_ROWS];
    double worth, weight, n = 0.0, sum = 0.0;
    fixture_t fixture;

    taught(yaml, &worth, &weight);
    assert_ok(fixture_start(&fixture, "logistic_ts", yaml));
    nb_transitions_t rows = make_rows(&fixture, 800, 10);

    for (size_t i = 0; i < rows.n; i++) {
        y[i] = bit ? (rows.signals[i] & bit) != 0 : rows.reward[i] > threshold;
        n += y[i];
        sum += y[i] ? rows.reward[i] : 0.0;
    }
    start_models(1.0);
    learn(&models[4], &rows, y, 4, 0);
    assert_close(weight, models[4].m[0], 1e-9, 1e-11);
    assert_close(worth, fmax(sum / n, 1e-12), 1e-12, 0);
    fixture_free(&fixture);
}

static void test_success_is_a_reward_above_the_threshold_or_a_signal(void **state)
{
    (void)state;
    check_label(NULL, 0, 0.0);
    check_label("{threshold: 0.9}", 0, 0.9);
    check_label("{threshold: -2}", 0, -2.0);
    check_label("{signal: opened}", NB_SIGNAL_OPENED, 0.0);
    check_label("{signal: visited, threshold: 0.9}", NB_SIGNAL_VISITED, 0.0);
    check_label("{signal: bought}", NB_SIGNAL_BOUGHT, 0.0);
}

/* p from the models by hand; a row's scores are worth x s(draw) */
static void check_probabilities(const char *yaml, double v, int diagonal)
{
    enum { N = 60 };
    static int y[MAX_ROWS];
    static double p[N * K], value[N];
    double worth = 0.0, n = 0.0;
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, "logistic_ts", yaml));
    start_models(1.0);
    nb_transitions_t rows = make_rows(&fixture, 700, 11);

    label(&rows, 0.0, y);
    for (size_t i = 0; i < rows.n; i++) {
        n += y[i];
        worth += y[i] ? rows.reward[i] : 0.0;
    }
    for (int k = 0; k < K; k++) {
        learn(&models[k], &rows, y, k, diagonal);
    }
    teach(&fixture, &rows);
    nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 12);

    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    assert_ok(fixture.type->value(fixture.state, &batch, value));
    for (size_t i = 0; i < N; i++) {
        double mean[K], sd[K], share[K], work[2000], expected = 0.0;
        size_t m = 0;

        for (unsigned k = 0; k < K; k++) {
            if (nb_mask_allows(batch.mask, 1, i, k)) {
                static dense_t q;
                double out[2], x[D];

                dense_init(&q, D);
                for (int j = 0; j < D; j++) {
                    x[j] = batch.x[i * D + j];
                    memcpy(q.a[j], models[k].q[j], sizeof models[k].q[j]);
                }
                dense_predict(&q, x, out);
                mean[m] = 0.0;
                for (int j = 0; j < D; j++) {
                    mean[m] += models[k].m[j] * x[j];
                }
                sd[m++] = v * sqrt(out[1]);
            }
        }
        assert_true(nb_max_normal_work(m) <= 2000);
        nb_max_normal(mean, sd, m, share, work);
        for (unsigned k = 0, at = 0; k < K; k++) {
            if (nb_mask_allows(batch.mask, 1, i, k)) {
                assert_close(p[i * K + k], share[at], 0, 1e-8);
                expected += share[at] * worth / n / (1.0 + exp(-mean[at]));
                at++;
            } else {
                assert_true(p[i * K + k] == 0.0);
            }
        }
        assert_close(value[i], expected, 1e-7, 0);
    }
    fixture_free(&fixture);
}

static void test_probabilities_and_values_are_those_of_the_models(void **state)
{
    (void)state;
    check_probabilities(NULL, 1.0, 0);
    check_probabilities("{v: 0.25}", 0.25, 0);
    check_probabilities("{v: 2, covariance: diagonal}", 2.0, 1);
}

/* the bound by hand, with masks; equals within the tie share evenly */
static void check_bound(const char *yaml, double alpha, int is_mean, double tie_width)
{
    enum { N = 60 };
    static int y[MAX_ROWS];
    static dense_t designs[K];
    static double s[N * K], p[N * K];
    double worth = 0.0, n = 0.0;
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, "glm_ucb", yaml));
    start_models(0.5);
    nb_transitions_t rows = make_rows(&fixture, 300, 13);

    label(&rows, 0.0, y);
    for (int k = 0; k < K; k++) {
        dense_init(&designs[k], D);
        for (int j = 0; j < D; j++) {
            designs[k].a[j][j] = 0.5;
        }
        learn(&models[k], &rows, y, k, 0);
    }
    for (size_t i = 0; i < rows.n; i++) {
        double x[D];

        for (int j = 0; j < D; j++) {
            x[j] = rows.x[i * D + j];
        }
        dense_add(&designs[rows.action[i]], x, 0.0, 1.0);
        n += y[i];
        worth += y[i] ? rows.reward[i] : 0.0;
    }
    teach(&fixture, &rows);
    nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 14);

    assert_ok(fixture.type->score(fixture.state, &batch, s));
    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (size_t i = 0; i < N; i++) {
        double bound[K], width[K], x[D], best = -INFINITY, wide = 0.0, n_equal = 0.0;

        for (unsigned k = 0; k < K; k++) {
            double out[2], z = 0.0;

            for (int j = 0; j < D; j++) {
                x[j] = batch.x[i * D + j];
                z += models[k].m[j] * x[j];
            }
            dense_predict(&designs[k], x, out);
            width[k] = alpha * sqrt(out[1]);
            bound[k] = (is_mean ? 1.0 / (1.0 + exp(-z)) : z) + width[k];
            if (nb_mask_allows(batch.mask, 1, i, k) && bound[k] > best) {
                best = bound[k];
                wide = width[k];
            }
        }
        for (unsigned k = 0; k < K; k++) {
            n_equal += nb_mask_allows(batch.mask, 1, i, k) && bound[k] >= best - tie_width * wide;
        }
        for (unsigned k = 0; k < K; k++) {
            int is_best = bound[k] >= best - tie_width * wide;
            double lifted = is_best ? best : bound[k];

            if (nb_mask_allows(batch.mask, 1, i, k)) {
                assert_close(s[i * K + k],
                             worth / n * (is_mean ? lifted : 1.0 / (1.0 + exp(-lifted))), 1e-8, 0);
                assert_close(p[i * K + k], is_best ? 1.0 / n_equal : 0.0, 0, 1e-12);
            } else {
                assert_true(isinf(s[i * K + k]) && p[i * K + k] == 0.0);
            }
        }
    }
    fixture_free(&fixture);
}

static void test_glm_ucb_plays_the_bound(void **state)
{
    (void)state;
    check_bound("{lambda: 0.5}", 1.0, 0, 0.0);
    check_bound("{lambda: 0.5, alpha: 0.3}", 0.3, 0, 0.0);
    check_bound("{lambda: 0.5, alpha: 0.3, index: mean}", 0.3, 1, 0.0);
    check_bound("{lambda: 0.5, tie_width: 1.5}", 1.0, 0, 1.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_period_is_a_laplace_update_of_the_posterior_so_far),
        cmocka_unit_test(test_mode_has_no_gradient_and_the_inverse_hessian_as_covariance),
        cmocka_unit_test(test_rows_are_learned_in_blocks_whatever_the_batches),
        cmocka_unit_test(test_separated_labels_converge),
        cmocka_unit_test(test_success_is_a_reward_above_the_threshold_or_a_signal),
        cmocka_unit_test(test_probabilities_and_values_are_those_of_the_models),
        cmocka_unit_test(test_glm_ucb_plays_the_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
