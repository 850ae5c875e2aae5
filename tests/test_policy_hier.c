/* hier_ts against the dense joint posterior over the population and all customers. */
#include "policies/funnel.h"
#include "policies/hierarchy.h"
#include "policies/ridge.h"
#include "tests/dense_regression.h"
#include "tests/fixture_policy.h"

enum { D = 5, K = 6, C = 8, N_ROWS = 1000, MOST = DENSE_MOST };
_Static_assert(D + C * D <= MOST, "the joint model of all customers fits");

/* rows of C customers at NARROW, as the tests teach them */
typedef struct {
    float x[N_ROWS][D];
    double y[N_ROWS];
    uint32_t customer[N_ROWS];
    int32_t action[N_ROWS];
    uint16_t signals[N_ROWS];
    size_t n;
} rows_t;

static rows_t rows;

/* customer 0 has no rows, customer c has more the higher c; action 5 is never played */
static void make_rows(size_t n, unsigned seed)
{
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){seed, 5}, (nb_counter_t){0});
    rows.n = n;
    for (size_t i = 0; i < n; i++) {
        rows.customer[i] = (uint32_t)(1.0 + (C - 1) * sqrt(nb_stream_uniform(&stream)));
        rows.action[i] = (int32_t)(5.0 * nb_stream_uniform(&stream));
        rows.y[i] = 0.5 * rows.customer[i] - 0.3 * rows.action[i] + nb_stream_normal(&stream);
        for (int j = 0; j < D; j++) {
            rows.x[i][j] = j ? (float)nb_stream_normal(&stream) : 1.0f;
            rows.y[i] += 0.4 * (j - 2) * (double)rows.x[i][j];
        }
        rows.signals[i] = (uint16_t)(8.0 * nb_stream_uniform(&stream));
    }
}

/* in blocks of 64 rows, a refresh after every second one */
static void teach_rows(fixture_t *fixture)
{
    for (size_t start = 0; start < rows.n; start += 64) {
        nb_transitions_t finished = {.point = NARROW,
                                     .n = rows.n - start < 64 ? rows.n - start : 64,
                                     .d = D,
                                     .x = rows.x[start],
                                     .n_actions = K,
                                     .mask_words = 1,
                                     .customer = rows.customer + start,
                                     .slate = 1,
                                     .action = rows.action + start,
                                     .reward = rows.y + start,
                                     .signals = rows.signals + start,
                                     .scratch = &fixture->arena};

        assert_ok(fixture->type->update(fixture->state, &finished));
        if (start % 128 == 0) {
            assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
        }
    }
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

/* a row's place in the joint vector (theta, delta_0, ..., delta_C-1), q deviations each */
static void widen(const float *x, uint32_t customer, int q, double *out)
{
    memset(out, 0, MOST * sizeof *out);
    for (int j = 0; j < D; j++) {
        out[j] = x[j];
        out[D + (int)customer * q + (q > 1 ? j : 0)] = q > 1 ? (double)x[j] : 1.0;
    }
}

static void predict(const fixture_t *fixture, uint32_t customer, unsigned k, unsigned stage,
                    const float *x, double out[2])
{
    double wide[D], work[1000];

    assert_true(nb_hierarchy_work(fixture->state) <= 1000);
    for (int j = 0; j < D; j++) {
        wide[j] = x[j];
    }
    nb_hierarchy_predict(fixture->state, (nb_hierarchy_arm_t){NARROW, k, stage, customer}, wide,
                         work, out);
}

/* outcome of stage s of a row: -1 where the decision did not come so far; see policies/funnel.h */
static double stage_outcome(size_t i, unsigned stage)
{
    int bought = rows.signals[i] >> 2 & 1, visited = bought | (rows.signals[i] >> 1 & 1);
    int opened = visited | (rows.signals[i] & 1);
    const int outcome[] = {opened, visited, bought}, before[] = {1, opened, visited};

    return before[stage] ? 2.0 * outcome[stage] : -1.0;
}

/* the joint posterior of one arm; `stage` < 0 learns the reward */
static void make_dense(dense_t *self, unsigned k, int stage, int q, double lambda, double s,
                       double sd)
{
    double wide[MOST];

    dense_init(self, D + C * q);
    for (int j = 0; j < self->n; j++) {
        self->a[j][j] = j < D ? lambda : 1.0 / (s * s);
    }
    for (size_t i = 0; i < rows.n; i++) {
        double y = stage < 0 ? rows.y[i] : stage_outcome(i, (unsigned)stage);

        if (rows.action[i] == (int32_t)k && (stage < 0 || y >= 0.0)) {
            widen(rows.x[i], rows.customer[i], q, wide);
            dense_add(self, wide, y, sd * sd);
        }
    }
}

static void check_joint(const char *yaml, int q, double lambda, double s, double sd)
{
    static dense_t dense;
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, "hier_ts", yaml));
    make_rows(N_ROWS, 1);
    teach_rows(&fixture);
    for (unsigned k = 0; k < K; k++) {
        make_dense(&dense, k, -1, q, lambda, s, sd);
        for (uint32_t c = 0; c < C; c++) {
            double expected[2], said[2], wide[MOST];
            const float *x = rows.x[7 * c + k];

            widen(x, c, q, wide);
            dense_predict(&dense, wide, expected);
            predict(&fixture, c, k, 0, x, said);
            assert_close(said[0], expected[0], 1e-8, 1e-10);
            assert_close(said[1], expected[1], 1e-8, 1e-10);
        }
    }
    fixture_free(&fixture);
}

static void test_posterior_is_that_of_the_dense_joint_model(void **state)
{
    (void)state;
    check_joint("{lambda: 0.7, deviation: 0.6, sd: 1.3}", 1, 0.7, 0.6, 1.3);
    check_joint("{lambda: 0.7, deviation: 0.6, sd: 1.3, individual: full}", D, 0.7, 0.6, 1.3);
    check_joint("{lambda: 20, deviation: 3, sd: 0.4, individual: full}", D, 20, 3, 0.4);
    check_joint("{lambda: 2, deviation: 0.01, individual: intercept}", 1, 2, 0.01, 1);
}

/* lin_ts with v = sd and lambda sd^2 is the same posterior; same draws give the same actions */
static void test_without_deviation_it_is_pooled_lin_ts(void **state)
{
    fixture_t hier, lin;

    (void)state;
    assert_ok(fixture_start(&hier, "hier_ts", "{deviation: 0, lambda: 2, sd: 0.5}"));
    assert_ok(fixture_start(&lin, "lin_ts", "{lambda: 0.5, v: 0.5}"));
    make_rows(N_ROWS, 2);
    teach_rows(&hier);
    teach_rows(&lin);
    for (unsigned k = 0; k < K; k++) {
        static dense_t dense;
        double expected[2], said[2], wide[MOST] = {0};

        dense_init(&dense, D);
        for (int j = 0; j < D; j++) {
            assert_close(nb_hierarchy_population(hier.state, NARROW, k, 0)[j],
                         nb_ridge_mean(lin.state, NARROW, k)[j], 1e-10, 1e-12);
            dense.a[j][j] = 2.0;
        }
        for (size_t i = 0; i < rows.n; i++) {
            for (int j = 0; j < D; j++) {
                wide[j] = rows.x[i][j];
            }
            if (rows.action[i] == (int32_t)k) {
                dense_add(&dense, wide, rows.y[i], 0.25);
            }
        }
        dense_predict(&dense, wide, expected);
        predict(&hier, k, k, 0, rows.x[rows.n - 1], said);
        assert_close(said[0], expected[0], 1e-10, 1e-12);
        assert_close(said[1], expected[1], 1e-10, 1e-12);
    }
    for (int32_t period = 0; period < 5; period++) {
        nb_batch_t batch = fixture_batch(&hier, NARROW, 1000, 3);
        nb_choice_t one = {hier.action, NULL}, other = {lin.action, NULL};

        batch.period = period;
        assert_ok(hier.type->choose(hier.state, &batch, &one));
        batch.scratch = &lin.arena;
        assert_ok(lin.type->choose(lin.state, &batch, &other));
        assert_memory_equal(hier.action, lin.action, 1000 * sizeof(int32_t));
    }
    fixture_free(&lin);
    fixture_free(&hier);
}

/* regression of one customer's own rows of an arm, prior precision `ridge` of every weight */
static void make_own(dense_t *self, uint32_t customer, unsigned k, double ridge, double sd)
{
    double wide[D];

    dense_init(self, D);
    for (size_t i = 0; i < rows.n; i++) {
        for (int j = 0; j < D; j++) {
            wide[j] = rows.x[i][j];
        }
        if (rows.action[i] == (int32_t)k && rows.customer[i] == customer) {
            dense_add(self, wide, rows.y[i], sd * sd);
        }
    }
    for (int j = 0; j < D; j++) {
        self->a[j][j] += ridge;
    }
}

static void check_own(const char *yaml, double ridge, double sd, double tolerance)
{
    static dense_t dense;
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, "hier_ts", yaml));
    make_rows(N_ROWS, 3);
    teach_rows(&fixture);
    for (unsigned k = 0; k < 5; k++) {
        for (uint32_t c = 3; c < C; c++) { /* these have at least 8 rows of each arm */
            double expected[2], said[2], wide[D];

            make_own(&dense, c, k, ridge, sd);
            for (int j = 0; j < D; j++) {
                wide[j] = rows.x[c][j];
            }
            dense_predict(&dense, wide, expected);
            predict(&fixture, c, k, 0, rows.x[c], said);
            assert_close(said[0], expected[0], tolerance, tolerance);
            assert_close(said[1], expected[1], tolerance, tolerance);
        }
    }
    fixture_free(&fixture);
}

/* the limit: a flat prior of every customer's weights, least squares of her own rows */
static void test_with_huge_deviation_every_customer_is_alone(void **state)
{
    (void)state;
    check_own("{deviation: 1.0e+6, individual: full, sd: 0.8}", 0.0, 0.8, 1e-6);
}

/* a ridge of each customer, prior variance 1 / 0.5 + 1.5^2 */
static void test_without_pooling_every_customer_has_her_own_ridge(void **state)
{
    (void)state;
    check_own("{pooling: none, lambda: 0.5, deviation: 1.5, individual: full, sd: 0.8}", 1.0 / 4.25,
              0.8, 1e-10);
    check_own("{pooling: none, lambda: 0.5, deviation: 0, individual: full}", 0.5, 1.0, 1e-10);
}

/* only levels: precision n / sd^2 + 1 / (1 / lambda + s^2) */
static void test_without_pooling_levels_are_shrunk_means(void **state)
{
    fixture_t fixture;
    double n = 0.0, sum = 0.0, said[2];

    (void)state;
    assert_ok(fixture_start(&fixture, "hier_ts", "{pooling: none, lambda: 4, sd: 2}"));
    make_rows(N_ROWS, 4);
    teach_rows(&fixture);
    for (size_t i = 0; i < rows.n; i++) {
        int is_hers = rows.customer[i] == 4 && rows.action[i] == 1;

        n += is_hers;
        sum += is_hers ? rows.y[i] : 0.0;
    }
    predict(&fixture, 4, 1, 0, rows.x[0], said);
    assert_close(said[0], sum / 4.0 / (n / 4.0 + 2.0), 1e-12, 0);
    assert_close(said[1], 1.0 / (n / 4.0 + 2.0), 1e-12, 0);
    fixture_free(&fixture);
}

/* the block of more customers begins with that of fewer; those added are the population */
static void check_growth(const char *yaml, double s)
{
    fixture_t fixture;
    double *before = NULL, *after = NULL;
    char *wider = NULL;

    assert_ok(fixture_start(&fixture, "hier_ts", yaml));
    assert_ok(fixture_teach(&fixture, 900, 5));
    assert_ok(nb_alloc(&before, 200 * K, sizeof *before));
    assert_ok(nb_alloc(&after, 200 * K, sizeof *after));
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 200, 6);

    assert_ok(fixture.type->score(fixture.state, &batch, before));
    fixture.spec.n_customers = MAX_ROWS + 500;
    size_t size = fixture.type->state_size(&fixture.spec, fixture.settings);

    assert_true(size > fixture.state_size);
    assert_ok(nb_alloc(&wider, size, 1));
    memcpy(wider, fixture.state, fixture.state_size);
    nb_free(fixture.state);
    fixture.state = wider;
    assert_ok(fixture.type->score(fixture.state, &batch, after));
    assert_memory_equal(before, after, 200 * K * sizeof *before);

    for (unsigned k = 0; k < K; k++) {
        double said[2], everybody[2], mean = 0.0, square = 0.0, x[D], work[1000];

        for (int j = 0; j < D; j++) {
            x[j] = batch.x[j];
            mean += x[j] * nb_hierarchy_population(wider, NARROW, k, 0)[j];
            square += x[j] * x[j];
        }
        predict(&fixture, MAX_ROWS + 499, k, 0, batch.x, said);
        assert_close(said[0], mean, 1e-12, 1e-14);
        /* and once she has a row, she is no longer like everybody */
        nb_hierarchy_add(wider, (nb_hierarchy_arm_t){NARROW, k, 0, MAX_ROWS + 499}, x, 9.0, work);
        predict(&fixture, MAX_ROWS + 499, k, 0, batch.x, everybody);
        assert_true(everybody[0] > said[0] && everybody[1] < said[1]);
        assert_true(said[1] > (strstr(yaml, "full") ? square : 1.0) * s * s);
    }
    nb_free(after);
    nb_free(before);
    fixture_free(&fixture);
}

static void test_new_customers_start_at_the_population(void **state)
{
    (void)state;
    check_growth("{deviation: 0.5}", 0.5);
    check_growth("{deviation: 0.3, individual: full}", 0.3);
}

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

/* every setting changes the scores of customers who were seen */
static void test_every_setting_changes_the_scores(void **state)
{
    static const char *const others[] = {
        "{lambda: 2}",     "{deviation: 0.6}",      "{sd: 1.1}",     "{individual: full}",
        "{pooling: none}", "{signals: factorized}", "{deviation: 0}"};
    static double base[30 * K], s[30 * K];

    (void)state;
    make_rows(N_ROWS, 9);
    for (size_t o = 0; o <= sizeof others / sizeof *others; o++) {
        fixture_t fixture;

        assert_ok(fixture_start(&fixture, "hier_ts", o ? others[o - 1] : NULL));
        teach_rows(&fixture);
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 30, 10);

        assert_ok(fixture.type->score(fixture.state, &batch, o ? s : base));
        for (size_t at = 0; o && at < 5; at++) { /* customer 2; action 5 was never played */
            assert_true(isinf(s[2 * K + at]) || s[2 * K + at] != base[2 * K + at]);
        }
        fixture_free(&fixture);
    }
}

static void test_update_in_pieces_gives_the_same_state(void **state)
{
    fixture_t whole, pieces;

    (void)state;
    make_rows(200, 11);
    assert_ok(fixture_start(&whole, "hier_ts", "{individual: full, signals: factorized}"));
    assert_ok(fixture_start(&pieces, "hier_ts", "{individual: full, signals: factorized}"));
    for (size_t size = 200; size; size = size == 200 ? 1 : 0) {
        fixture_t *fixture = size == 200 ? &whole : &pieces;

        for (size_t start = 0; start < 200; start += size) {
            nb_transitions_t finished = {.point = NARROW,
                                         .n = size,
                                         .d = D,
                                         .x = rows.x[start],
                                         .n_actions = K,
                                         .customer = rows.customer + start,
                                         .slate = 1,
                                         .action = rows.action + start,
                                         .reward = rows.y + start,
                                         .signals = rows.signals + start,
                                         .scratch = &fixture->arena};

            assert_ok(fixture->type->update(fixture->state, &finished));
        }
        assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
    }
    assert_memory_equal(whole.state, pieces.state, whole.state_size);
    fixture_free(&pieces);
    fixture_free(&whole);
}

static void test_what_it_cannot_do_is_refused(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "hier_ts", "{signals: factorized}"));
    nb_batch_t batch = fixture_batch(&fixture, WIDE, 10, 12);
    nb_choice_t out = {fixture.action, fixture.propensity};

    batch.want_propensity = 1;
    assert_fails(fixture.type->choose(fixture.state, &batch, &out), NB_ERR_UNSUPPORTED, "slate");
    assert_fails(fixture_teach(&fixture, 10, 12), NB_ERR_DATA, "signals");
    fixture_free(&fixture);
    assert_fails(fixture_start(&fixture, "hier_ts", "{deviation: -1}"), NB_ERR_RANGE, "deviation");
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_posterior_is_that_of_the_dense_joint_model),
        cmocka_unit_test(test_without_deviation_it_is_pooled_lin_ts),
        cmocka_unit_test(test_with_huge_deviation_every_customer_is_alone),
        cmocka_unit_test(test_without_pooling_every_customer_has_her_own_ridge),
        cmocka_unit_test(test_without_pooling_levels_are_shrunk_means),
        cmocka_unit_test(test_new_customers_start_at_the_population),
        cmocka_unit_test(test_clipped_moments_are_the_integrals),
        cmocka_unit_test(test_factorized_scores_are_those_of_the_dense_stages),
        cmocka_unit_test(test_signals_imply_the_earlier_ones),
        cmocka_unit_test(test_every_setting_changes_the_scores),
        cmocka_unit_test(test_update_in_pieces_gives_the_same_state),
        cmocka_unit_test(test_what_it_cannot_do_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
