/* neural_linear: its network against finite differences and Adam by hand, its last layer against a
 * dense regression, and what it learns against lin_ts. */
#include "policies/max_normal.h"
#include "policies/network.h"
#include "tests/dense_regression.h"
#include "tests/fixture_policy.h"

enum { D = 5, K = 6, HIDDEN = 7, M = HIDDEN + 1, SIZE = HIDDEN * (D + 1) + K * M };

static const nb_network_t network = {D, HIDDEN, K};

static void init_network(uint32_t seed, unsigned point, double *theta)
{
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){seed, point},
                   (nb_counter_t){.luck = (uint32_t)NB_LUCK_RUN, .ordinal = 0});
    nb_network_init(&network, &stream, theta);
}

/* central differences of the loss, at a point where no unit is within a step of its kink */
static void test_gradient_is_that_of_finite_differences(void **state)
{
    enum { N = 20 };
    static float x[N * D];
    static int32_t action[N];
    static double y[N], theta[SIZE], gradient[SIZE], other[SIZE];
    static uint32_t row[N];
    double work[D + M];
    nb_stream_t stream;

    (void)state;
    assert_int_equal(nb_network_size(&network), SIZE);
    assert_true(nb_network_work(&network) <= D + M);
    init_network(3, 0, theta);
    nb_stream_init(&stream, (nb_key_t){4, 0}, (nb_counter_t){0});
    for (size_t i = 0; i < N; i++) {
        for (int j = 0; j < D; j++) {
            x[i * D + j] = (float)nb_stream_normal(&stream);
        }
        action[i] = (int32_t)(i % (K - 1)); /* the last one's outputs have no gradient */
        y[i] = nb_stream_normal(&stream);
        row[i] = (uint32_t)(i / 2); /* rows may come twice, and half of them not at all */
    }
    for (size_t at = 0; at < SIZE; at++) {
        theta[at] += 0.1 * nb_stream_normal(&stream); /* biases too */
    }
    nb_network_rows_t rows = {x, D, action, y, row, N};
    double loss = nb_network_gradient(&network, theta, &rows, gradient, work), norm = 0.0;

    assert_true(loss > 0.0);
    for (size_t at = 0; at < SIZE; at++) {
        double old = theta[at], up, down;

        theta[at] = old + 1e-6;
        up = nb_network_gradient(&network, theta, &rows, other, work);
        theta[at] = old - 1e-6;
        down = nb_network_gradient(&network, theta, &rows, other, work);
        theta[at] = old;
        assert_close(gradient[at], (up - down) / 2e-6, 1e-6, 1e-8);
        norm += gradient[at] * gradient[at];
    }
    assert_true(sqrt(norm) > 0.1);
}

/* two steps on given gradients, by the algorithm's formulas */
static void test_adam_takes_the_steps_of_its_paper(void **state)
{
    static double theta[SIZE], moments[2 * SIZE], gradient[SIZE];

    (void)state;
    for (size_t at = 0; at < SIZE; at++) {
        gradient[at] = (double)at - 20.0;
    }
    nb_network_adam(&network, theta, moments, gradient, 0.01, 1.0);
    for (size_t at = 0; at < SIZE; at++) {
        double g = gradient[at];

        assert_close(theta[at], -0.01 * g / (fabs(g) + 1e-8), 1e-12, 1e-15);
        gradient[at] = 2.0;
    }
    nb_network_adam(&network, theta, moments, gradient, 0.01, 2.0);
    for (size_t at = 0; at < SIZE; at++) {
        double g = (double)at - 20.0;
        double m = (0.09 * g + 0.2) / 0.19, v = (0.000999 * g * g + 0.004) / 0.001999;

        assert_close(theta[at], -0.01 * g / (fabs(g) + 1e-8) - 0.01 * m / (sqrt(v) + 1e-8), 1e-9,
                     1e-13);
    }
}

/* n rows at NARROW into memory as the test keeps it */
static struct {
    size_t n;
    float x[4 * MAX_ROWS * D];
    int32_t action[4 * MAX_ROWS];
    double y[4 * MAX_ROWS];
} memory;

static void teach_and_note(fixture_t *fixture, size_t n, unsigned seed)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, n, seed);
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){seed, 5}, (nb_counter_t){0});
    for (size_t i = 0; i < n; i++) {
        fixture->action[i] = (int32_t)(nb_stream_uniform(&stream) * K);
        fixture->reward[i] = fabs((double)batch.x[i * D + 1]) + 0.3 * nb_stream_normal(&stream);
    }
    nb_transitions_t rows = fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

    assert_ok(fixture->type->update(fixture->state, &rows));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
    memcpy(memory.x + memory.n * D, batch.x, n * D * sizeof *memory.x);
    memcpy(memory.action + memory.n, fixture->action, n * sizeof *memory.action);
    memcpy(memory.y + memory.n, fixture->reward, n * sizeof *memory.y);
    memory.n += n;
}

/* the training that a fixture had when memory held rows first .. n - 1, in places r % `size` */
static void train(double *theta, double *moments, size_t size, int number, const int *how)
{
    static float x[MAX_ROWS * D];
    static int32_t action[MAX_ROWS];
    static double y[MAX_ROWS], gradient[SIZE];
    size_t first = memory.n > size ? memory.n - size : 0, kept = memory.n - first;
    uint32_t row[64];
    double work[D + M];
    nb_stream_t stream;

    for (size_t r = first; r < memory.n; r++) {
        memcpy(x + r % size * D, memory.x + r * D, D * sizeof *x);
        action[r % size] = memory.action[r];
        y[r % size] = memory.y[r];
    }
    nb_stream_init(&stream, (nb_key_t){9, NARROW},
                   (nb_counter_t){.luck = (uint32_t)NB_LUCK_RUN, .ordinal = (uint32_t)number});
    for (int step = 1; step <= how[1]; step++) {
        nb_network_rows_t rows = {x, D, action, y, row, (size_t)how[0]};

        for (int i = 0; i < how[0]; i++) {
            row[i] = (uint32_t)(nb_stream_uniform(&stream) * (double)kept);
        }
        nb_network_gradient(&network, theta, &rows, gradient, work);
        nb_network_adam(&network, theta, moments, gradient, 0.02,
                        (double)((number - 1) * how[1] + step));
    }
}

/* probabilities and values are those of dense regressions of rows `first` on under `theta` */
static void expect_regressions(fixture_t *fixture, const double *theta, size_t first, double v)
{
    enum { N = 40 };
    static dense_t dense[K];
    static double p[N * K], value[N], s[N * K];
    double x[D], z[M];
    nb_batch_t batch;

    for (int k = 0; k < K; k++) {
        dense_init(&dense[k], M);
        for (int j = 0; j < M; j++) {
            dense[k].a[j][j] = 0.6;
        }
    }
    for (size_t r = first; r < memory.n; r++) {
        for (int j = 0; j < D; j++) {
            x[j] = memory.x[r * D + j];
        }
        nb_network_features(&network, theta, x, z);
        dense_add(&dense[memory.action[r]], z, memory.y[r], 1.0);
    }
    batch = fixture_batch(fixture, NARROW, N, 50);
    assert_ok(fixture->type->probabilities(fixture->state, &batch, p));
    assert_ok(fixture->type->value(fixture->state, &batch, value));
    assert_ok(fixture->type->score(fixture->state, &batch, s));
    for (size_t i = 0; i < N; i++) {
        double mean[K], sd[K], share[K], work[2000], expected = 0.0;
        size_t m = 0;

        for (int j = 0; j < D; j++) {
            x[j] = batch.x[i * D + j];
        }
        nb_network_features(&network, theta, x, z);
        for (unsigned k = 0; k < K; k++) {
            double out[2];

            if (nb_mask_allows(batch.mask, 1, i, k)) {
                dense_predict(&dense[k], z, out);
                mean[m] = out[0];
                sd[m++] = v * sqrt(out[1]);
                assert_true(fabs(s[i * K + k] - out[0]) <= 6.0 * v * sqrt(out[1]) + 1e-8);
            }
        }
        nb_max_normal(mean, sd, m, share, work);
        for (unsigned k = 0, at = 0; k < K; k++) {
            int allowed = nb_mask_allows(batch.mask, 1, i, k);

            assert_close(p[i * K + k], allowed ? share[at] : 0.0, 0, 1e-8);
            expected += allowed ? share[at] * mean[at] : 0.0;
            at += (unsigned)allowed;
        }
        assert_close(value[i], expected, 1e-8, 1e-8);
    }
}

/* before the first training, after each of two, and in between; memory of 500 rows */
static void test_last_layer_is_the_dense_regression_on_its_features(void **state)
{
    static double theta[SIZE], moments[2 * SIZE];
    static const int how[] = {16, 30};
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "neural_linear",
                            "{lambda: 0.6, v: 0.7, hidden: 7, memory: 500, batch: 16, steps: 30,"
                            "train_every: 2, rate: 0.02, seed: 9}"));
    memory.n = 0;
    init_network(9, NARROW, theta);
    teach_and_note(&fixture, 200, 1);
    expect_regressions(&fixture, theta, 0, 0.7);
    teach_and_note(&fixture, 220, 2);
    train(theta, moments, 500, 1, how);
    expect_regressions(&fixture, theta, 0, 0.7);
    teach_and_note(&fixture, 230, 3); /* 650: 150 are out of memory, but not of the regressions */
    expect_regressions(&fixture, theta, 0, 0.7);
    teach_and_note(&fixture, 100, 4);
    train(theta, moments, 500, 2, how);
    expect_regressions(&fixture, theta, 250, 0.7);
    fixture_free(&fixture);
}

/* the mean value of rows after the same four periods */
static double taught_value(const char *yaml)
{
    static double v[100];
    double sum = 0.0;
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, "neural_linear", yaml));
    memory.n = 0;
    for (unsigned seed = 1; seed <= 4; seed++) {
        teach_and_note(&fixture, 200, seed);
    }
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 100, 60);

    assert_ok(fixture.type->value(fixture.state, &batch, v));
    for (size_t i = 0; i < 100; i++) {
        sum += v[i] / 100.0;
    }
    fixture_free(&fixture);
    return sum;
}

static void test_every_setting_changes_what_it_says(void **state)
{
    static const char *const others[] = {"{lambda: 2}",      "{v: 0.1}",     "{hidden: 16}",
                                         "{memory: 300}",    "{batch: 32}",  "{steps: 20}",
                                         "{train_every: 3}", "{rate: 0.05}", "{seed: 2}"};
    double base = taught_value(NULL);

    (void)state;
    assert_true(taught_value("{seed: 1, steps: 50}") == base);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_true(fabs(taught_value(others[i]) - base) > 1e-6);
    }
}

/* mean reward of the last 5 of 40 periods in which the policy plays: action 1 is paid the sign of
 * x_1 x_2, action 0 its negative, with noise of sd 0.3. No other action is allowed: with several of
 * a kind, linear scores that are learned where they are played share the quadrants among them. */
static double play_xor(const char *name, const char *yaml)
{
    enum { N = 200, N_PERIODS = 40 };
    double sum = 0.0;
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, name, yaml));
    for (int32_t period = 0; period < N_PERIODS; period++) {
        nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 100 + (unsigned)period);
        static uint64_t all[N];
        nb_choice_t out = {fixture.action, NULL};
        nb_stream_t stream;

        for (size_t i = 0; i < N; i++) {
            all[i] = 3;
        }
        batch.mask = all;
        batch.period = period;
        assert_ok(fixture.type->choose(fixture.state, &batch, &out));
        nb_stream_init(&stream, (nb_key_t){7, (uint32_t)period}, (nb_counter_t){0});
        for (size_t i = 0; i < N; i++) {
            const float *x = batch.x + i * D;
            double mean = (x[1] * x[2] > 0.0f) == (fixture.action[i] % 2 == 1) ? 1.0 : -1.0;

            fixture.reward[i] = mean + 0.3 * nb_stream_normal(&stream);
            sum += period >= N_PERIODS - 5 ? mean / (5.0 * N) : 0.0;
        }
        nb_transitions_t rows =
            fixture_transitions(&fixture, &batch, fixture.action, fixture.reward);

        assert_ok(fixture.type->update(fixture.state, &rows));
        assert_ok(fixture.type->end_period(fixture.state, &fixture.arena));
    }
    fixture_free(&fixture);
    return sum;
}

/* Fixed seeds. Two linear scores split the plane by a line; the best, x_1 + x_2 = sqrt(2) c where
 * Phi(c) = 3/4, is paid 2 (2 Phi^2 - 3 Phi) from c to infinity = 1/4, the network up to 1. The mean
 * of 1,000 rows has an SE of at most 0.032. */
static void test_it_learns_what_is_not_linear(void **state)
{
    double linear = play_xor("lin_ts", NULL);
    double neural = play_xor("neural_linear", "{train_every: 2}");

    (void)state;
    print_message("mean reward: neural_linear %.3f, lin_ts %.3f\n", neural, linear);
    assert_true(neural > 0.8);
    assert_true(linear < 0.25 + 3.0 * 0.032);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient_is_that_of_finite_differences),
        cmocka_unit_test(test_adam_takes_the_steps_of_its_paper),
        cmocka_unit_test(test_last_layer_is_the_dense_regression_on_its_features),
        cmocka_unit_test(test_every_setting_changes_what_it_says),
        cmocka_unit_test(test_it_learns_what_is_not_linear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
