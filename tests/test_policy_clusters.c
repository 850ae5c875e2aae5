/* clu_b against a naive dense graph, and the random graph over customers. */
#include "policies/clusters.h"

#include "policies/random_graph.h"
#include "tests/dense_regression.h"
#include "tests/fixture_policy.h"

enum { D = 5, K = 6, C = 12 };

/* the clusters of clu_b's state, which follow its head */
static const void *clusters_of(const fixture_t *fixture)
{
    return (const char *)fixture->state + 64;
}

/* CLUB with an adjacency matrix, a regression per customer and action, clusters by search */
typedef struct {
    int joined[C][C];
    int label[C];
    double count[C][K];
    dense_t own[C][K];
    double alpha_2, lambda;
} naive_t;

static naive_t naive;

static void naive_start(double lambda, double alpha_2)
{
    memset(&naive, 0, sizeof naive);
    naive.lambda = lambda;
    naive.alpha_2 = alpha_2;
    for (int i = 0; i < C; i++) {
        for (int j = 0; j < C; j++) {
            naive.joined[i][j] = i != j;
        }
        for (int k = 0; k < K; k++) {
            dense_init(&naive.own[i][k], D);
        }
    }
}

/* a policy and the reference for the same twelve customers, all joined */
static void start_both(fixture_t *fixture, const char *yaml, double lambda, double alpha_2)
{
    assert_ok(fixture_start(fixture, "clu_b", yaml));
    fixture->spec.n_customers = C;
    memset(fixture->state, 0, fixture->state_size);
    assert_ok(fixture->type->init(fixture->state, &fixture->spec, fixture->settings));
    naive_start(lambda, alpha_2);
}

/* regression of a sum of customers' moments */
static void add_moments(dense_t *to, const dense_t *from)
{
    for (int j = 0; j < D; j++) {
        to->b[j] += from->b[j];
        for (int l = 0; l < D; l++) {
            to->a[j][l] += from->a[j][l];
        }
    }
}

static void start_dense(dense_t *dense)
{
    dense_init(dense, D);
    for (int j = 0; j < D; j++) {
        dense->a[j][j] = naive.lambda;
    }
}

static void weights_of(int i, int k, double *w)
{
    static dense_t dense;

    start_dense(&dense);
    add_moments(&dense, &naive.own[i][k]);
    dense_solve(&dense, dense.b, w);
}

static double margin(double n)
{
    return naive.alpha_2 * sqrt((1.0 + log(1.0 + n)) / (1.0 + n));
}

static int are_different(int i, int j)
{
    for (int k = 0; k < K; k++) {
        double w[DENSE_MOST], v[DENSE_MOST], square = 0.0;

        weights_of(i, k, w);
        weights_of(j, k, v);
        for (int l = 0; l < D; l++) {
            square += pow(w[l] - v[l], 2);
        }
        if (sqrt(square) > margin(naive.count[i][k]) + margin(naive.count[j][k])) {
            return 1;
        }
    }
    return 0;
}

static void spread_label(int i, int label)
{
    naive.label[i] = label;
    for (int j = 0; j < C; j++) {
        if (naive.joined[i][j] && naive.label[j] < 0) {
            spread_label(j, label);
        }
    }
}

static void naive_refresh(void)
{
    for (int i = 0; i < C; i++) {
        for (int j = 0; j < C; j++) {
            naive.joined[i][j] &= !are_different(i, j);
        }
        naive.label[i] = -1;
    }
    for (int i = 0; i < C; i++) {
        if (naive.label[i] < 0) {
            spread_label(i, i);
        }
    }
}

/* customers of two kinds, odd and even, whose rewards differ in sign; `same`: no longer */
static double mean_of(uint32_t customer, int k, const float *x, int same)
{
    double sign = customer % 2 && !same ? -1.0 : 1.0;

    return sign * (1.0 + 0.5 * k) * (double)x[1 + k % 4];
}

/* n random plays of each of the first C customers in a period */
static void teach_period(fixture_t *fixture, unsigned period, size_t n, double noise, int same)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, n * C, 500 + period);
    uint32_t customer[MAX_ROWS];
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){period, 8}, (nb_counter_t){0});
    for (size_t i = 0; i < batch.n; i++) {
        double x[D];
        int k = fixture->action[i] = nb_policy_pick(&batch, i, nb_stream_uniform(&stream));

        customer[i] = (uint32_t)(i % C);
        fixture->reward[i] =
            mean_of(customer[i], k, fixture->x + i * D, same) + noise * nb_stream_normal(&stream);
        for (int j = 0; j < D; j++) {
            x[j] = fixture->x[i * D + (size_t)j];
        }
        dense_add(&naive.own[customer[i]][k], x, fixture->reward[i], 1.0);
        naive.count[customer[i]][k] += 1.0;
    }
    nb_transitions_t finished =
        fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

    finished.customer = customer;
    assert_ok(fixture->type->update(fixture->state, &finished));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
    naive_refresh();
}

static int compare_labels(const fixture_t *fixture)
{
    int n_clusters = 0;

    for (int i = 0; i < C; i++) {
        assert_int_equal(nb_clusters_find(clusters_of(fixture), NARROW, (uint32_t)i),
                         naive.label[i]);
        n_clusters += naive.label[i] == i;
    }
    return n_clusters;
}

/* scores of customer i % C, from the sums over her cluster */
static void compare_scores(fixture_t *fixture, double alpha, double n_rows)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, 2 * C, 90);
    double s[2 * C * K];

    for (uint32_t i = 0; i < 2 * C; i++) {
        fixture->luck[i] = i % C;
    }
    assert_ok(fixture->type->score(fixture->state, &batch, s));
    for (size_t at = 0; at < 2 * C * K; at++) {
        size_t i = at / K, k = at % K;
        double x[D], out[2];
        static dense_t dense;

        start_dense(&dense);
        for (int j = 0; j < C; j++) {
            if (naive.label[j] == naive.label[i % C]) {
                add_moments(&dense, &naive.own[j][k]);
            }
        }
        for (size_t j = 0; j < D; j++) {
            x[j] = fixture->x[i * D + j];
        }
        dense_predict(&dense, x, out);
        if (nb_mask_allows(batch.mask, 1, i, (unsigned)k)) {
            assert_close(s[at], out[0] + alpha * sqrt(out[1] * log(2.0 + n_rows)), 1e-10, 1e-10);
        } else {
            assert_true(isinf(s[at]) && s[at] < 0.0);
        }
    }
}

/* noise makes clusters split one by one: many numbers of clusters are met on the way */
static void test_clusters_are_those_of_the_dense_graph(void **state)
{
    fixture_t fixture;
    int met[C + 1] = {0}, n_met = 0;

    (void)state;
    start_both(&fixture, "{alpha: 0.7, alpha_2: 1.3, lambda: 0.6}", 0.6, 1.3);
    for (unsigned period = 0; period < 12; period++) {
        teach_period(&fixture, period, 4, 1.2, 0);
        met[compare_labels(&fixture)]++;
        compare_scores(&fixture, 0.7, 4.0 * C * (period + 1));
    }
    for (int n = 1; n <= C; n++) {
        n_met += met[n] > 0;
    }
    assert_true(n_met >= 3);
    fixture_free(&fixture);
}

/* two kinds whose weights lie far apart are found, and stay apart when they become alike */
static void test_separated_clusters_are_found_and_never_merge_again(void **state)
{
    fixture_t fixture;
    int n_alike = 0;

    (void)state;
    start_both(&fixture, NULL, 1.0, 2.0);
    for (unsigned period = 0; period < 8; period++) {
        teach_period(&fixture, period, 20, 0.3, 0);
    }
    for (uint32_t i = 0; i < C; i++) {
        assert_int_equal(nb_clusters_find(clusters_of(&fixture), NARROW, i), i % 2);
    }
    for (unsigned period = 8; period < 40; period++) {
        teach_period(&fixture, period, 80, 0.3, 1);
    }
    compare_labels(&fixture);
    for (uint32_t i = 0; i < C; i++) {
        /* kinds may split, but nobody is in a cluster that the other kind's member began */
        assert_int_equal(nb_clusters_find(clusters_of(&fixture), NARROW, i) % 2, i % 2);
        for (int j = 0; j < C; j++) {
            n_alike += (int)i % 2 != j % 2 && !are_different((int)i, j);
        }
    }
    assert_true(n_alike > 0); /* pairs that only the memory of the cut keeps apart */
    fixture_free(&fixture);
}

/* rewards of customers [first, end) at BARE, the sign by parity; three rows an action a customer */
static void teach_bare(fixture_t *fixture, uint32_t first, uint32_t end)
{
    nb_batch_t batch = fixture_batch(fixture, BARE, 9, 1);

    for (uint32_t c = first; c < end; c++) {
        uint32_t customer[9];

        for (size_t i = 0; i < 9; i++) {
            customer[i] = c;
            fixture->action[i] = (int32_t)(i % 3);
            fixture->reward[i] = (c % 2 ? -5.0 : 5.0) * (1.0 + (double)(i % 3));
        }
        nb_transitions_t finished =
            fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

        finished.customer = customer;
        assert_ok(fixture->type->update(fixture->state, &finished));
    }
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

/* 1,024 customers are joined sparsely, where 64 are complete: both kinds are found whole */
static void test_many_customers_are_clustered_by_a_sparse_graph(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "clu_b", NULL));
    teach_bare(&fixture, 0, MAX_ROWS);
    for (uint32_t c = 0; c < MAX_ROWS; c++) {
        assert_int_equal(nb_clusters_find(clusters_of(&fixture), BARE, c), c % 2);
    }
    /* a point where nothing was learned has no clusters */
    assert_int_equal(nb_clusters_find(clusters_of(&fixture), NARROW, 7), NB_CLUSTERS_NONE);
    fixture_free(&fixture);
}

/* a record a customer, all zero for a new one, who is served as the first she is joined to */
static void test_new_customers_join_those_before_them(void **state)
{
    fixture_t fixture;
    nb_graph_walk_t walk;
    nb_graph_t graph = {3.0, 64, 20, BARE};
    uint32_t other;
    char *wider = NULL;
    size_t size;

    (void)state;
    assert_ok(fixture_start(&fixture, "clu_b", NULL));
    fixture.spec.n_customers = 20;
    size = fixture.type->state_size(&fixture.spec, fixture.settings);
    memset(fixture.state, 0, fixture.state_size);
    assert_ok(fixture.type->init(fixture.state, &fixture.spec, fixture.settings));
    teach_bare(&fixture, 0, 20);
    fixture.spec.n_customers = 200;
    assert_ok(nb_alloc(&wider, fixture.type->state_size(&fixture.spec, fixture.settings), 1));
    memcpy(wider, fixture.state, size);
    nb_free(fixture.state);
    fixture.state = wider;
    for (uint32_t c = 20; c < 200; c++) {
        nb_graph_walk(&walk, &graph, c);
        int64_t expected = nb_graph_next(&walk, &other) && other < 20
                               ? nb_clusters_find(clusters_of(&fixture), BARE, other)
                               : NB_CLUSTERS_NONE;

        assert_int_equal(nb_clusters_find(clusters_of(&fixture), BARE, c), expected);
    }
    teach_bare(&fixture, 20, 200);
    for (uint32_t c = 0; c < 200; c++) {
        assert_int_equal(nb_clusters_find(clusters_of(&fixture), BARE, c), c % 2);
    }
    fixture_free(&fixture);
}

/* clusters of 1,024 customers under a setting */
static int count_clusters(const char *yaml)
{
    fixture_t fixture;
    int n = 0;

    assert_ok(fixture_start(&fixture, "clu_b", yaml));
    teach_bare(&fixture, 0, MAX_ROWS);
    for (uint32_t c = 0; c < MAX_ROWS; c++) {
        n += nb_clusters_find(clusters_of(&fixture), BARE, c) == c;
    }
    fixture_free(&fixture);
    return n;
}

static double score_of(const char *yaml)
{
    fixture_t fixture;
    double s[3];

    assert_ok(fixture_start(&fixture, "clu_b", yaml));
    teach_bare(&fixture, 0, 4);
    nb_batch_t batch = fixture_batch(&fixture, BARE, 1, 2);

    assert_ok(fixture.type->score(fixture.state, &batch, s));
    fixture_free(&fixture);
    return s[0];
}

static void test_every_setting_changes_what_is_said(void **state)
{
    (void)state;
    assert_int_equal(count_clusters("{}"), 2);
    assert_int_equal(count_clusters("{alpha_2: 1000}"), 1);
    assert_true(count_clusters("{edges: 1}") > 2); /* some are joined to nobody of their kind */
    assert_true(score_of("{}") != score_of("{alpha: 1}"));
    assert_true(score_of("{}") != score_of("{lambda: 2}"));
}

/* Pairs joined among n customers: binomial, n (n - 1) / 2 pairs with p = 3 log n / n; beyond 5
 * standard deviations once in 1.7 million, fixed seed. Edges are in order and named by the row. */
static void test_graph_is_the_random_graph_of_the_paper(void **state)
{
    nb_graph_t graph = {3.0, 64, 2000, 1}, other_graph = {3.0, 64, 2000, 2};
    double n = 2000.0, p = 3.0 * log(n) / n, pairs = n * (n - 1.0) / 2.0, count = 0.0, same = 0.0;

    (void)state;
    for (uint32_t i = 0; i < 2000; i++) {
        nb_graph_walk_t walk, again;
        uint32_t to, before = 0;

        nb_graph_walk(&walk, &graph, i);
        nb_graph_walk(&again, &other_graph, i);
        while (nb_graph_next(&walk, &to)) {
            uint32_t there = 0;

            assert_true(to < i && (walk.n == 1 || to > before));
            before = to;
            count++;
            same += nb_graph_next(&again, &there) && there == to;
        }
    }
    assert_close(count, pairs * p, 0, 5.0 * sqrt(pairs * p * (1.0 - p)));
    assert_true(same < 0.1 * count);
}

static void test_few_customers_are_all_joined(void **state)
{
    nb_graph_t graph = {3.0, 64, 12, 0};

    (void)state;
    for (uint32_t i = 0; i < 64; i++) {
        nb_graph_walk_t walk;
        uint32_t to, n = 0;

        nb_graph_walk(&walk, &graph, i);
        while (nb_graph_next(&walk, &to)) {
            assert_int_equal(to, n++);
        }
        assert_int_equal(n, i);
    }
}

/* more than the bits of a record are never met */
static void test_no_customer_has_more_edges_than_bits(void **state)
{
    nb_graph_t graph = {6.0, 1, 3000000, 0};
    nb_graph_walk_t walk;
    uint32_t to, n = 0;

    (void)state;
    for (uint32_t i = 2999000; i < 3000000; i++) {
        uint32_t here = 0;

        nb_graph_walk(&walk, &graph, i);
        while (nb_graph_next(&walk, &to)) {
            here++;
        }
        assert_true(here <= NB_GRAPH_EDGES);
        n += here;
    }
    assert_close(n / 1000.0, 6.0 * log(3e6), 0.05, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clusters_are_those_of_the_dense_graph),
        cmocka_unit_test(test_separated_clusters_are_found_and_never_merge_again),
        cmocka_unit_test(test_many_customers_are_clustered_by_a_sparse_graph),
        cmocka_unit_test(test_new_customers_join_those_before_them),
        cmocka_unit_test(test_every_setting_changes_what_is_said),
        cmocka_unit_test(test_graph_is_the_random_graph_of_the_paper),
        cmocka_unit_test(test_few_customers_are_all_joined),
        cmocka_unit_test(test_no_customer_has_more_edges_than_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
