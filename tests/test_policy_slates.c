/* Policies that fill slates: plackett_luce, slate_q, and the best slate of a ratio. */
#include "policies/max_beta.h"
#include "policies/slate.h"
#include "tests/fixture_policy.h"

enum { K = 5, SLATE = 3, N_SLATES = 60 /* ordered, 5 x 4 x 3 */ };

/* NARROW as a slate of three of five items */
static void make_slates(fixture_t *fixture)
{
    fixture->points[NARROW].max_slate = SLATE;
    fixture->points[NARROW].n_actions = K;
}

static int start(fixture_t *fixture, const char *name, const char *yaml)
{
    size_t size;

    NB_TRY(fixture_start(fixture, name, yaml));
    make_slates(fixture);
    size = fixture->type->state_size(&fixture->spec, fixture->settings);
    NB_ASSERT(size <= fixture->state_size);
    memset(fixture->state, 0, fixture->state_size);
    return fixture->type->init(fixture->state, &fixture->spec, fixture->settings);
}

/* `n` rows of random contexts, all five allowed */
static nb_batch_t ask(fixture_t *fixture, size_t n, unsigned seed)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, n, seed);

    for (size_t i = 0; i < n; i++) {
        fixture->mask[i] = 0x1f;
    }
    return batch;
}

/* the ordered slate number s of 60 */
static void slate_of(int s, int32_t *action)
{
    int first = s / 12, second = s / 3 % 4, third = s % 3;
    int32_t left[K];

    for (int k = 0; k < K; k++) {
        left[k] = k;
    }
    action[0] = left[first];
    memmove(left + first, left + first + 1, (size_t)(K - 1 - first) * sizeof *left);
    action[1] = left[second];
    memmove(left + second, left + second + 1, (size_t)(K - 2 - second) * sizeof *left);
    action[2] = left[third];
}

static int number_of(const int32_t *action)
{
    int32_t other[SLATE];

    for (int s = 0; s < N_SLATES; s++) {
        slate_of(s, other);
        if (memcmp(action, other, sizeof other) == 0) {
            return s;
        }
    }
    fail_msg("no slate %d %d %d", (int)action[0], (int)action[1], (int)action[2]);
    return -1;
}

/* rows show random slates; item k is chosen more, and pays more, the larger k is */
static nb_transitions_t live(fixture_t *fixture, nb_batch_t *batch, int16_t *item)
{
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){5, 5}, (nb_counter_t){.ordinal = batch->key.seed});
    for (size_t i = 0; i < batch->n; i++) {
        int32_t *row = fixture->action + i * SLATE;
        int pick = (int)(nb_stream_uniform(&stream) * (SLATE + 1));

        slate_of((int)(nb_stream_uniform(&stream) * N_SLATES), row);
        item[i] = (int16_t)(pick == SLATE || nb_stream_uniform(&stream) > 0.3 + 0.1 * row[pick]
                                ? -1
                                : row[pick]);
        fixture->reward[i] =
            item[i] < 0 ? 0.0 : 1.0 + item[i] + (double)fixture->x[i * batch->d + 1];
    }
    nb_transitions_t finished =
        fixture_transitions(fixture, batch, fixture->action, fixture->reward);

    finished.slate = SLATE;
    finished.item = item;
    return finished;
}

static void teach(fixture_t *fixture, unsigned seed)
{
    int16_t item[400];
    int8_t next_point[400];
    nb_batch_t batch = ask(fixture, 400, seed);
    nb_transitions_t finished = live(fixture, &batch, item);

    memset(next_point, -1, sizeof next_point);
    finished.next_point = next_point;
    assert_ok(fixture->type->update(fixture->state, &finished));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

/* joint probability of every ordered slate from single probabilities, by the formula */
static void enumerate_plackett_luce(const double *p, double *joint)
{
    for (int s = 0; s < N_SLATES; s++) {
        int32_t a[SLATE];

        slate_of(s, a);
        joint[s] = p[a[0]] * p[a[1]] / (1.0 - p[a[0]]) * p[a[2]] / (1.0 - p[a[0]] - p[a[1]]);
    }
}

/* 12,000 slates of one context: propensities are the formula's to 1e-10, and the slates as frequent
 * as it says: chi-square with 59 degrees of freedom, beyond 120.7 once in 10^5 (fixed seed) */
static void test_plackett_luce_joint_propensities_are_exact(void **state)
{
    enum { N = 1000, N_PERIODS = 12 };
    double p[K], joint[N_SLATES], count[N_SLATES] = {0}, sum = 0.0, statistic = 0.0;
    fixture_t fixture;

    (void)state;
    assert_ok(start(&fixture, "plackett_luce", "{temperature: 1}"));
    teach(&fixture, 1);
    for (int period = 0; period < N_PERIODS; period++) {
        nb_batch_t batch = ask(&fixture, N, 2);
        nb_choice_t out = {fixture.action, fixture.propensity};

        for (size_t i = 1; i < N; i++) {
            memcpy(fixture.x + i * batch.d, fixture.x, batch.d * sizeof *fixture.x);
        }
        batch.period = period;
        batch.want_propensity = 1;
        batch.n = 1;
        assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
        enumerate_plackett_luce(p, joint);
        batch.n = N;
        assert_ok(fixture.type->choose(fixture.state, &batch, &out));
        for (size_t i = 0; i < N; i++) {
            const double *q = fixture.propensity + i * SLATE;
            int s = number_of(fixture.action + i * SLATE);

            assert_close(q[0] * q[1] * q[2], joint[s], 1e-10, 0);
            count[s] += 1.0;
        }
    }
    for (int s = 0; s < N_SLATES; s++) {
        double expected = joint[s] * N * N_PERIODS;

        sum += joint[s];
        statistic += (count[s] - expected) * (count[s] - expected) / expected;
    }
    assert_close(sum, 1.0, 0, 1e-12);
    assert_true(statistic < 120.7);
    fixture_free(&fixture);
}

static void test_plackett_luce_temperature_sets_how_random_it_is(void **state)
{
    static const char *const yaml[] = {"{temperature: 0.01}", "{temperature: 1000}"};
    double p[K], highest;

    (void)state;
    for (int y = 0; y < 2; y++) {
        fixture_t fixture;

        assert_ok(start(&fixture, "plackett_luce", yaml[y]));
        teach(&fixture, 1);
        nb_batch_t batch = ask(&fixture, 1, 2);

        assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
        highest = 0.0;
        for (int k = 0; k < K; k++) {
            highest = fmax(highest, p[k]);
        }
        assert_true(y == 0 ? highest > 0.99 : highest < 0.21);
        fixture_free(&fixture);
    }
}

/* value of a slate, in float64 by hand */
static double ratio(const int32_t *a, const double *w, const double *q, double w0, double q0)
{
    double sum = w0 * q0, weight = w0;

    for (int j = 0; j < SLATE; j++) {
        sum += w[a[j]] * q[a[j]];
        weight += w[a[j]];
    }
    return sum / weight;
}

static void test_slate_best_ratio_equals_enumeration(void **state)
{
    fixture_t fixture;
    nb_stream_t stream;

    (void)state;
    assert_ok(start(&fixture, "plackett_luce", NULL));
    nb_stream_init(&stream, (nb_key_t){8, 8}, (nb_counter_t){0});
    for (int trial = 0; trial < 500; trial++) {
        nb_batch_t batch = ask(&fixture, 1, 1);
        double w[K], q[K], s[K], w0 = 0.1 + nb_stream_uniform(&stream), best = -INFINITY;
        double q0 = nb_stream_normal(&stream);
        int32_t action[SLATE], other[SLATE];

        for (int k = 0; k < K; k++) {
            w[k] = 3.0 * nb_stream_uniform(&stream);
            q[k] = nb_stream_normal(&stream);
        }
        assert_ok(nb_slate_best_ratio(&batch, 0, w, q, w0, q0, 0.5, s, action));
        for (int n = 0; n < N_SLATES; n++) {
            slate_of(n, other);
            best = fmax(best, ratio(other, w, q, w0, q0));
        }
        assert_close(ratio(action, w, q, w0, q0), best, 1e-12, 1e-13);
    }
    fixture_free(&fixture);
}

/* items' odds and values by hand: counts, and one dense regression per item and for nothing */
typedef struct {
    double chosen[K], passed[K];
    double a[K + 1][5][5], b[K + 1][5];
} reference_t;

static void reference_add(reference_t *self, const nb_transitions_t *finished, const double *target)
{
    for (size_t i = 0; i < finished->n; i++) {
        int item = finished->item[i], at = item < 0 ? K : item;

        for (int j = 0; j < SLATE; j++) {
            int k = finished->action[i * SLATE + (size_t)j];

            self->chosen[k] += k == item;
            self->passed[k] += item < 0;
        }
        for (int r = 0; r < 5; r++) {
            self->b[at][r] += target[i] * (double)finished->x[i * 5 + (size_t)r];
            for (int c = 0; c < 5; c++) {
                self->a[at][r][c] +=
                    (double)finished->x[i * 5 + (size_t)r] * (double)finished->x[i * 5 + (size_t)c];
            }
        }
    }
}

/* x'(A + I)^-1 b by elimination */
static double reference_mean(const reference_t *self, int at, const float *x)
{
    double m[5][6], mean = 0.0;

    for (int r = 0; r < 5; r++) {
        memcpy(m[r], self->a[at][r], sizeof self->a[at][r]);
        m[r][r] += 1.0;
        m[r][5] = self->b[at][r];
    }
    for (int j = 0; j < 5; j++) {
        for (int r = 0; r < 5; r++) {
            double factor = r == j ? 0.0 : m[r][j] / m[j][j];

            for (int c = 0; c < 6; c++) {
                m[r][c] -= factor * m[j][c];
            }
        }
    }
    for (int j = 0; j < 5; j++) {
        mean += (double)x[j] * m[j][5] / m[j][j];
    }
    return mean;
}

/* value of the best slate of a context, by enumeration */
static double reference_best(const reference_t *self, const float *x)
{
    double w[K], q[K], q0 = reference_mean(self, K, x), best = -INFINITY;
    int32_t a[SLATE];

    for (int k = 0; k < K; k++) {
        w[k] = (1.0 + self->chosen[k]) / (1.0 + self->passed[k]);
        q[k] = reference_mean(self, k, x);
    }
    for (int s = 0; s < N_SLATES; s++) {
        slate_of(s, a);
        best = fmax(best, ratio(a, w, q, 1.0, q0));
    }
    return best;
}

/* two periods: the second bootstraps from the values that the first left */
static void test_slate_q_value_equals_enumeration_of_the_decomposition(void **state)
{
    enum { N = 400 };
    fixture_t fixture;
    reference_t *reference = NULL;
    double v[20], target[N];
    float next_x[N * 5], elapsed[N];
    int16_t item[N];
    int8_t next_point[N];

    (void)state;
    assert_ok(nb_alloc(&reference, 1, sizeof *reference));
    assert_ok(start(&fixture, "slate_q", NULL));
    for (unsigned period = 0; period < 2; period++) {
        nb_batch_t batch = ask(&fixture, N, 3 + period);
        nb_transitions_t finished = live(&fixture, &batch, item);

        for (size_t i = 0; i < N; i++) {
            next_point[i] = period && i % 3 ? NARROW : -1;
            elapsed[i] = (float)(i % 2);
            memcpy(next_x + i * 5, fixture.x + (N - 1 - i) * 5, 5 * sizeof *next_x);
            target[i] = fixture.reward[i];
            if (next_point[i] >= 0) {
                target[i] += pow(fixture.spec.gamma, (double)elapsed[i]) *
                             reference_best(reference, next_x + i * 5);
            }
        }
        finished.next_point = next_point;
        finished.next_x = next_x;
        finished.next_d = 5;
        finished.next_mask = fixture.mask;
        finished.next_words = 1;
        finished.elapsed = elapsed;
        assert_ok(fixture.type->update(fixture.state, &finished));
        assert_ok(fixture.type->end_period(fixture.state, &fixture.arena));
        reference_add(reference, &finished, target);
    }
    nb_batch_t batch = ask(&fixture, 20, 9);

    assert_ok(fixture.type->value(fixture.state, &batch, v));
    for (size_t i = 0; i < 20; i++) {
        /* means are float32 */
        assert_close(v[i], reference_best(reference, fixture.x + i * 5), 1e-5, 1e-5);
    }
    nb_free(reference);
    fixture_free(&fixture);
}

/* the mixture of best and random slates, over all 60: conditional propensities multiply to it */
static void test_slate_q_propensities_are_those_of_the_mixture(void **state)
{
    enum { N = 1000 };
    fixture_t fixture;
    double count = 0.0;
    int32_t best[SLATE];

    (void)state;
    assert_ok(start(&fixture, "slate_q", "{epsilon: 0.3}"));
    teach(&fixture, 1);
    nb_batch_t batch = ask(&fixture, N, 2);
    nb_choice_t out = {fixture.action, fixture.propensity};

    for (size_t i = 1; i < N; i++) {
        memcpy(fixture.x + i * batch.d, fixture.x, batch.d * sizeof *fixture.x);
    }
    batch.want_propensity = 1;
    assert_ok(fixture.type->choose(fixture.state, &batch, &out));
    memset(best, 0, sizeof best);
    for (size_t i = 0; i < N; i++) {
        const double *q = fixture.propensity + i * SLATE;

        if (q[0] * q[1] * q[2] > 0.5) {
            memcpy(best, fixture.action + i * SLATE, sizeof best);
        }
    }
    for (size_t i = 0; i < N; i++) {
        const double *q = fixture.propensity + i * SLATE;
        int is_best = memcmp(best, fixture.action + i * SLATE, sizeof best) == 0;

        assert_close(q[0] * q[1] * q[2], 0.3 / N_SLATES + (is_best ? 0.7 : 0.0), 1e-12, 0);
        count += is_best;
    }
    /* .705 expected, sd .0144: beyond 5 sd once in 1.7 million */
    assert_close(count / N, 0.705, 0, 0.072);
    fixture_free(&fixture);
}

/* 60 periods: odds and payments are known so well that every sample has the same best slate, which
 * is that of the counts by enumeration */
static void test_mnl_ts_plays_the_best_slate_of_its_posterior(void **state)
{
    double w[K], q[K], chosen[K] = {0}, passed[K] = {0}, paid[K] = {0}, best = -INFINITY;
    int32_t best_slate[SLATE] = {0}, other[SLATE];
    int16_t item[400];
    fixture_t fixture;

    (void)state;
    assert_ok(start(&fixture, "mnl_ts", NULL));
    for (unsigned period = 0; period < 60; period++) {
        nb_batch_t batch = ask(&fixture, 400, period);
        nb_transitions_t finished = live(&fixture, &batch, item);

        assert_ok(fixture.type->update(fixture.state, &finished));
        for (size_t at = 0; at < 400 * SLATE; at++) {
            int k = fixture.action[at];

            chosen[k] += item[at / SLATE] == k;
            passed[k] += item[at / SLATE] < 0;
            paid[k] += item[at / SLATE] == k ? fixture.reward[at / SLATE] : 0.0;
        }
    }
    for (int k = 0; k < K; k++) {
        w[k] = chosen[k] / passed[k];
        q[k] = paid[k] / chosen[k];
    }
    for (int s = 0; s < N_SLATES; s++) {
        slate_of(s, other);
        if (ratio(other, w, q, 1.0, 0.0) > best + 1e-12) {
            best = ratio(other, w, q, 1.0, 0.0);
            memcpy(best_slate, other, sizeof other);
        }
    }
    nb_batch_t batch = ask(&fixture, 100, 99);
    nb_choice_t out = {fixture.action, NULL};

    assert_ok(fixture.type->choose(fixture.state, &batch, &out));
    for (size_t i = 0; i < 100; i++) {
        const int32_t *row = fixture.action + i * SLATE;
        int n = 0;

        for (int j = 0; j < SLATE * SLATE; j++) {
            n += row[j / SLATE] == best_slate[j % SLATE];
        }
        assert_int_equal(n, SLATE);
    }
    fixture_free(&fixture);
}

/* alone, item k earns q_k (1 - theta_k): the posterior by hand, through the closed form of two
 * Betas where payments are equal */
static void test_mnl_ts_probabilities_of_single_items_are_exact(void **state)
{
    fixture_t fixture;
    double p[K], sum = 0.0;
    nb_beta_t betas[K];
    double work[1024], expected[K];

    (void)state;
    assert_ok(start(&fixture, "mnl_ts", "{prior: 2}"));
    nb_batch_t batch = ask(&fixture, 1, 1);

    batch.slate = 1;
    assert_true(nb_max_beta_work(K) <= 1024);
    for (int k = 0; k < K; k++) {
        betas[k] = (nb_beta_t){2.0, 2.0, 1.0}; /* nothing known: Beta(prior, prior), payments 1 */
    }
    nb_max_beta(betas, K, expected, work);
    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (int k = 0; k < K; k++) {
        assert_close(p[k], expected[k], 0, 1e-9);
        assert_close(p[k], 1.0 / K, 0, 1e-6);
        sum += p[k];
    }
    assert_close(sum, 1.0, 0, 1e-12);
    fixture_free(&fixture);
}

static void test_mnl_ts_prior_weighs_against_what_is_seen(void **state)
{
    static const char *const yaml[] = {"{prior: 1}", "{prior: 10000}"};
    double p[2][K];
    int16_t item[400];

    (void)state;
    for (int y = 0; y < 2; y++) {
        fixture_t fixture;

        assert_ok(start(&fixture, "mnl_ts", yaml[y]));
        nb_batch_t batch = ask(&fixture, 20, 4);
        nb_transitions_t finished = live(&fixture, &batch, item);

        assert_ok(fixture.type->update(fixture.state, &finished));
        batch.n = 1;
        batch.slate = 1;
        assert_ok(fixture.type->probabilities(fixture.state, &batch, p[y]));
        fixture_free(&fixture);
    }
    assert_true(fabs(p[0][K - 1] - p[1][K - 1]) > 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plackett_luce_joint_propensities_are_exact),
        cmocka_unit_test(test_plackett_luce_temperature_sets_how_random_it_is),
        cmocka_unit_test(test_slate_best_ratio_equals_enumeration),
        cmocka_unit_test(test_slate_q_value_equals_enumeration_of_the_decomposition),
        cmocka_unit_test(test_mnl_ts_plays_the_best_slate_of_its_posterior),
        cmocka_unit_test(test_mnl_ts_probabilities_of_single_items_are_exact),
        cmocka_unit_test(test_mnl_ts_prior_weighs_against_what_is_seen),
        cmocka_unit_test(test_slate_q_propensities_are_those_of_the_mixture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
