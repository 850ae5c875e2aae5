/* The T-, X- and DR-learner against dense regressions by hand, and against the truth. */
#include "tests/fixture_policy.h"

enum { D = 5, K = 3, N = 300, N_PERIODS = 3 };

/* a dense ridge regression: (A + I)^-1 b */
typedef struct {
    double a[D][D], b[D];
} fit_t;

static void add(fit_t *self, const float *x, double y)
{
    for (int r = 0; r < D; r++) {
        self->b[r] += y * (double)x[r];
        for (int c = 0; c < D; c++) {
            self->a[r][c] += (double)x[r] * (double)x[c];
        }
    }
}

static double predict(const fit_t *self, const float *x)
{
    double m[D][D + 1], mean = 0.0;

    for (int r = 0; r < D; r++) {
        memcpy(m[r], self->a[r], sizeof self->a[r]);
        m[r][r] += 1.0;
        m[r][D] = self->b[r];
    }
    for (int j = 0; j < D; j++) {
        for (int r = 0; r < D; r++) {
            double factor = r == j ? 0.0 : m[r][j] / m[j][j];

            for (int c = 0; c <= D; c++) {
                m[r][c] -= factor * m[j][c];
            }
        }
    }
    for (int j = 0; j < D; j++) {
        mean += (double)x[j] * m[j][D] / m[j][j];
    }
    return mean;
}

/* NARROW with three actions, all allowed; what actions bring beside a large common baseline */
static int start(fixture_t *fixture, const char *yaml)
{
    NB_TRY(fixture_start(fixture, "uplift", yaml));
    fixture->points[NARROW].n_actions = K;
    memset(fixture->state, 0, fixture->state_size);
    return fixture->type->init(fixture->state, &fixture->spec, fixture->settings);
}

static nb_batch_t ask(fixture_t *fixture, size_t n, unsigned seed)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, n, seed);

    for (size_t i = 0; i < n; i++) {
        fixture->mask[i] = 7;
    }
    return batch;
}

static double true_effect(const float *x, int k)
{
    return k == 0 ? 0.0 : k == 1 ? 0.5 * (double)x[1] : 0.3 - 0.4 * (double)x[2];
}

/* one period of random play, learned; actions and rewards stay in the fixture */
static nb_batch_t live(fixture_t *fixture, unsigned seed)
{
    nb_batch_t batch = ask(fixture, N, seed);
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){seed, 7}, (nb_counter_t){0});
    for (size_t i = 0; i < N; i++) {
        const float *x = fixture->x + i * D;
        int k = (int)(nb_stream_uniform(&stream) * K);

        fixture->action[i] = k;
        fixture->reward[i] =
            5.0 + 3.0 * (double)x[3] + true_effect(x, k) + 0.5 * nb_stream_normal(&stream);
    }
    return batch;
}

static void learn(fixture_t *fixture, const nb_batch_t *batch)
{
    double p[N];
    nb_transitions_t finished =
        fixture_transitions(fixture, batch, fixture->action, fixture->reward);

    for (size_t i = 0; i < N; i++) {
        p[i] = 1.0 / K;
    }
    finished.propensity = p;
    assert_ok(fixture->type->update(fixture->state, &finished));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

/* all regressions of all learners */
typedef struct {
    fit_t mu[K], half[2][K], tau1[K], tau0[K], robust[K];
    double count[K];
} slow_t;

/* one row by the equations in the head of policies/uplift.c; `old` holds last period's fits */
static void slow_add(slow_t *self, const slow_t *old, const float *x, size_t luck, int a, double y)
{
    const fit_t *other = old->half[luck % 2 == 0];

    for (int k = 1; k < K; k++) {
        double mk = predict(&other[k], x), m0 = predict(&other[0], x), score = mk - m0;

        score += a == k ? (y - mk) * K : a == 0 ? -(y - m0) * K : 0.0;
        add(&self->robust[k], x, score);
        if (a == 0) {
            add(&self->tau0[k], x, predict(&old->mu[k], x) - y);
        }
    }
    if (a > 0) {
        add(&self->tau1[a], x, y - predict(&old->mu[0], x));
    }
    add(&self->mu[a], x, y);
    add(&self->half[luck % 2][a], x, y);
    self->count[a] += 1.0;
}

static double slow_effect(const slow_t *self, const float *x, int k, int learner)
{
    double e = self->count[k] / (self->count[k] + self->count[0]);

    if (k == 0) {
        return 0.0;
    }
    return learner == 0   ? predict(&self->mu[k], x) - predict(&self->mu[0], x)
           : learner == 1 ? e * predict(&self->tau0[k], x) + (1 - e) * predict(&self->tau1[k], x)
                          : predict(&self->robust[k], x);
}

static const char *const learners[] = {
    "{learner: t, epsilon: 0.001}", "{learner: x, epsilon: 0.001}", "{learner: dr, epsilon: 0.5}"};

static void test_uplift_learners_equal_dense_regressions(void **state)
{
    (void)state;
    for (int learner = 0; learner < 3; learner++) {
        fixture_t fixture;
        slow_t *slow = NULL, *old = NULL;
        double s[20 * K];
        int n_equal = 0;

        assert_ok(nb_alloc(&slow, 2, sizeof *slow));
        old = slow + 1;
        assert_ok(start(&fixture, learners[learner]));
        for (unsigned period = 0; period < N_PERIODS; period++) {
            nb_batch_t batch = live(&fixture, 20 + period);

            *old = *slow;
            for (size_t i = 0; i < N; i++) {
                slow_add(slow, old, fixture.x + i * D, i, fixture.action[i], fixture.reward[i]);
            }
            learn(&fixture, &batch);
        }
        nb_batch_t batch = ask(&fixture, 20, 99);

        assert_ok(fixture.type->score(fixture.state, &batch, s));
        for (size_t i = 0; i < 20; i++) {
            int is_equal = 1;

            for (int k = 0; k < K; k++) {
                /* nuisances pass through float32 predictions */
                is_equal &= fabs(s[i * K + (size_t)k] -
                                 slow_effect(slow, fixture.x + i * D, k, learner)) < 2e-4;
            }
            n_equal += is_equal;
        }
        /* rows that explore have their scores shuffled: half of them under dr, of which one in six
         * stays as it is */
        assert_true(learner < 2 ? n_equal == 20 : n_equal >= 6);
        nb_free(slow);
        fixture_free(&fixture);
    }
}

/* 60 periods of random play: root mean square error of the effects, in rewards whose baseline has
 * an sd of 3 (deterministic, fixed seed) */
static void test_uplift_learners_find_the_effects(void **state)
{
    (void)state;
    for (int learner = 0; learner < 3; learner++) {
        fixture_t fixture;
        double s[200 * K], squares = 0.0;
        size_t n = 0;

        assert_ok(start(&fixture, learner == 2 ? "{learner: dr, epsilon: 1}" : learners[learner]));
        for (unsigned period = 0; period < 60; period++) {
            nb_batch_t batch = live(&fixture, 20 + period);

            learn(&fixture, &batch);
        }
        nb_batch_t batch = ask(&fixture, 200, 999);

        assert_ok(fixture.type->score(fixture.state, &batch, s));
        for (size_t i = 0; i < 200; i++) {
            double sum = 0.0;

            /* a shuffle keeps the sum */
            for (int k = 0; k < K; k++) {
                sum += s[i * K + (size_t)k] - true_effect(fixture.x + i * D, k);
            }
            squares += sum * sum;
            n++;
        }
        if (sqrt(squares / (double)n) > 0.15) {
            fail_msg("learner %d: error %g", learner, sqrt(squares / (double)n));
        }
        fixture_free(&fixture);
    }
}

static void test_uplift_control_and_epsilon_change_what_they_say(void **state)
{
    fixture_t by_default, by_name, random_play;
    double p[K];

    (void)state;
    assert_ok(start(&by_default, "{learner: t, epsilon: 0.001}"));
    assert_ok(start(&by_name, "{learner: t, epsilon: 0.001, control: a2}"));
    assert_ok(start(&random_play, "{learner: t, epsilon: 1}"));
    for (fixture_t *one = &by_default; one; one = one == &by_default ? &by_name
                                                  : one == &by_name  ? &random_play
                                                                     : NULL) {
        nb_batch_t batch = live(one, 5);
        double s[20 * K];

        learn(one, &batch);
        batch = ask(one, 20, 6);
        assert_ok(one->type->score(one->state, &batch, s));
        if (one != &random_play) {
            assert_close(s[one == &by_default ? 0 : 2], 0.0, 0, 0);
            assert_true(s[one == &by_default ? 2 : 0] != 0.0);
        }
        batch.n = 1;
        assert_ok(one->type->probabilities(one->state, &batch, p));
        assert_true(one == &random_play ? fabs(p[0] - 1.0 / 3) < 1e-12
                                        : fmax(p[0], fmax(p[1], p[2])) > 0.99);
        fixture_free(one);
    }
    assert_fails(fixture_start(&by_name, "uplift", "{control: nowhere}"), NB_ERR_CONFIG,
                 "no decision point has the action \"nowhere\"");
    fixture_free(&by_name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uplift_learners_equal_dense_regressions),
        cmocka_unit_test(test_uplift_learners_find_the_effects),
        cmocka_unit_test(test_uplift_control_and_epsilon_change_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
