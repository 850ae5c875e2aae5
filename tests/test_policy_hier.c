/* hier_ts against the dense joint posterior over the population and all customers. */
#include "policies/hierarchy.h"
#include "policies/ridge.h"
#include "tests/hier_rows.h"

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

/* outcomes of weights 0 to 2: w x x' and y x */
static void check_weights(const char *yaml, int q)
{
    static dense_t dense;
    static double weight[N_ROWS];
    double b[MOST] = {0}, wide[MOST];
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, "hier_ts", yaml));
    make_rows(N_ROWS, 13);
    dense_init(&dense, D + C * q);
    for (int j = 0; j < dense.n; j++) {
        dense.a[j][j] = j < D ? 1.0 : 4.0;
    }
    for (size_t i = 0; i < rows.n; i++) {
        weight[i] = 0.5 * (double)(i % 5);
        rows.action[i] = 0;
        widen(rows.x[i], rows.customer[i], q, wide);
        for (int j = 0; j < dense.n; j++) {
            b[j] += rows.y[i] * wide[j] / 0.64;
        }
        if (weight[i] > 0.0) {
            dense_add(&dense, wide, 0.0, 0.64 / weight[i]);
        }
    }
    memcpy(dense.b, b, sizeof b);
    rows.weight = weight;
    teach_rows(&fixture);
    for (uint32_t c = 0; c < C; c++) {
        double expected[2], said[2];

        widen(rows.x[c], c, q, wide);
        dense_predict(&dense, wide, expected);
        predict(&fixture, c, 0, 0, rows.x[c], said);
        assert_close(said[0], expected[0], 1e-8, 1e-10);
        assert_close(said[1], expected[1], 1e-8, 1e-10);
    }
    fixture_free(&fixture);
}

static void test_weighted_outcomes_count_for_their_weight(void **state)
{
    (void)state;
    check_weights("{deviation: 0.5, sd: 0.8}", 1);
    check_weights("{deviation: 0.5, sd: 0.8, individual: full}", D);
}

/* a price moves scores and probabilities, and leaves what is expected alone */
static void test_offsets_are_added_to_the_scores(void **state)
{
    enum { N = 50 };
    static double offset[N * K], bare[N * K], priced[N * K], v[N];
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "hier_ts", NULL));
    make_rows(N_ROWS, 14);
    teach_rows(&fixture);
    nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 15);

    assert_ok(fixture.type->score(fixture.state, &batch, bare));
    for (size_t at = 0; at < N * K; at++) {
        offset[at] = at % K == at / K % K ? 1000.0 : 0.25; /* action i % K is always allowed */
    }
    batch.offset = offset;
    assert_ok(fixture.type->score(fixture.state, &batch, priced));
    for (size_t at = 0; at < N * K; at++) {
        assert_true(isinf(bare[at]) ? isinf(priced[at])
                                    : fabs(priced[at] - bare[at] - offset[at]) < 1e-9);
    }
    assert_ok(fixture.type->probabilities(fixture.state, &batch, priced));
    assert_ok(fixture.type->value(fixture.state, &batch, v));
    for (size_t i = 0; i < N; i++) {
        assert_close(priced[i * K + i % K], 1.0, 0, 1e-12);
        assert_true(fabs(v[i]) < 20.0);
    }
    fixture_free(&fixture);
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
    assert_ok(
        fixture_start(&fixture, "hier_ts", "{pooling: none, lambda: 4, deviation: 0.5, sd: 2}"));
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
        nb_hierarchy_add(wider, (nb_hierarchy_arm_t){NARROW, k, 0, MAX_ROWS + 499},
                         &(nb_outcome_t){x, 9.0, 1.0}, work);
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
    make_rows(20, 12);
    nb_transitions_t unseen = fixture_transitions(&fixture, &batch, rows.action, rows.y);

    unseen.signals = NULL;
    assert_fails(fixture.type->update(fixture.state, &unseen), NB_ERR_DATA, "signals");
    nb_transitions_t finished = {.point = NARROW,
                                 .n = 20,
                                 .d = D,
                                 .x = rows.x[0],
                                 .n_actions = K,
                                 .customer = rows.customer,
                                 .slate = 1,
                                 .action = rows.action,
                                 .reward = rows.y,
                                 .weight = rows.y,
                                 .signals = rows.signals,
                                 .scratch = &fixture.arena};

    rows.y[7] = -1.0;
    assert_fails(fixture.type->update(fixture.state, &finished), NB_ERR_NUMERIC, "weight");
    for (size_t i = 0; i < 20; i++) {
        rows.y[i] = 1.0;
    }
    assert_fails(fixture.type->update(fixture.state, &finished), NB_ERR_UNSUPPORTED, "whole");
    fixture_free(&fixture);
    assert_fails(fixture_start(&fixture, "hier_ts", "{deviation: -1}"), NB_ERR_RANGE, "deviation");
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_posterior_is_that_of_the_dense_joint_model),
        cmocka_unit_test(test_weighted_outcomes_count_for_their_weight),
        cmocka_unit_test(test_offsets_are_added_to_the_scores),
        cmocka_unit_test(test_without_deviation_it_is_pooled_lin_ts),
        cmocka_unit_test(test_with_huge_deviation_every_customer_is_alone),
        cmocka_unit_test(test_without_pooling_every_customer_has_her_own_ridge),
        cmocka_unit_test(test_without_pooling_levels_are_shrunk_means),
        cmocka_unit_test(test_new_customers_start_at_the_population),
        cmocka_unit_test(test_every_setting_changes_the_scores),
        cmocka_unit_test(test_update_in_pieces_gives_the_same_state),
        cmocka_unit_test(test_what_it_cannot_do_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
