/* Bandits by posterior: exact known answers, enumeration, closed forms. */
#include "core/dist.h"
#include "policies/max_beta.h"
#include "tests/fixture_policy.h"

/* a bandit of K arms: one point without context, one decision a period */
static int start(fixture_t *fixture, const char *name, const char *yaml, unsigned K, double horizon,
                 double gamma)
{
    int code = fixture_start(fixture, name, yaml);
    size_t size;

    /* what the fixture's own points are too many for is set up again below */
    if (code < 0 && code != NB_ERR_CONFIG) {
        return code;
    }
    fixture->points[0] = (nb_point_t){
        .name = "arm", .phase = "", .n_actions = K, .actions = fixture_actions, .max_slate = 1};
    fixture->spec.n_points = 1;
    fixture->spec.n_customers = 1;
    fixture->spec.horizon = horizon;
    fixture->spec.gamma = gamma;
    size = fixture->type->state_size(&fixture->spec, fixture->settings);
    nb_free(fixture->state);
    NB_TRY(nb_alloc(&fixture->state, size, 1));
    fixture->state_size = size;
    return fixture->type->init(fixture->state, &fixture->spec, fixture->settings);
}

static const uint32_t luck = 0;

static void live(fixture_t *fixture, unsigned K, int32_t k, double reward)
{
    uint64_t mask = ((uint64_t)1 << K) - 1;
    nb_transitions_t finished = {.n = 1,
                                 .n_actions = K,
                                 .mask_words = 1,
                                 .mask = &mask,
                                 .customer = &luck,
                                 .luck = &luck,
                                 .slate = 1,
                                 .action = &k,
                                 .reward = &reward,
                                 .scratch = &fixture->arena};

    assert_ok(fixture->type->update(fixture->state, &finished));
    if (fixture->type->end_period) {
        assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
    }
}

static nb_batch_t ask(fixture_t *fixture, unsigned K, const uint64_t *mask)
{
    *(uint64_t *)(uintptr_t)mask = ((uint64_t)1 << K) - 1;
    return (nb_batch_t){.n = 1,
                        .n_actions = K,
                        .mask_words = 1,
                        .mask = mask,
                        .customer = &luck,
                        .luck = &luck,
                        .slate = 1,
                        .scratch = &fixture->arena};
}

static void probabilities(fixture_t *fixture, unsigned K, double *p)
{
    uint64_t mask;
    nb_batch_t batch = ask(fixture, K, &mask);

    assert_ok(fixture->type->probabilities(fixture->state, &batch, p));
}

static double value(fixture_t *fixture, unsigned K)
{
    uint64_t mask;
    nb_batch_t batch = ask(fixture, K, &mask);
    double v;

    assert_ok(fixture->type->value(fixture->state, &batch, &v));
    return v;
}

/* P(theta1 > theta2), a1 whole: sum over i of B(a2 + i, b1 + b2) / ((b1 + i) B(1 + i, b1) B(a2,
 * b2))
 */
static double closed_form(int a1, double b1, double a2, double b2)
{
    double sum = 0.0;

    for (int i = 0; i < a1; i++) {
        sum += exp(nb_dist_log_beta(a2 + i, b1 + b2) - log(b1 + i) - nb_dist_log_beta(1 + i, b1) -
                   nb_dist_log_beta(a2, b2));
    }
    return sum;
}

static void test_max_beta_equals_the_closed_form(void **state)
{
    static const double cases[][4] = {{2, 1, 1, 1},    {1, 1, 1, 1},   {5, 3, 4, 4},
                                      {40, 12, 9, 3},  {3, 30, 2, 15}, {400, 100, 390, 110},
                                      {2, 2.5, 1.5, 4}};
    double p[2], work[64];

    (void)state;
    assert_true(nb_max_beta_work(2) <= 64);
    for (int c = 0; c < 7; c++) {
        const double *x = cases[c];
        nb_beta_t arms[2] = {{x[0], x[1], 1.0}, {x[2], x[3], 1.0}};

        nb_max_beta(arms, 2, p, work);
        assert_close(p[0], closed_form((int)x[0], x[1], x[2], x[3]), 0, 1e-6);
    }
    nb_max_beta((nb_beta_t[]){{2, 1, 1}, {1, 1, 1}}, 2, p, work);
    assert_close(p[0], 2.0 / 3.0, 0, 1e-7);
    /* scaled: 2 U1 against U2 is larger with probability 3/4 */
    nb_max_beta((nb_beta_t[]){{1, 1, 2}, {1, 1, 1}}, 2, p, work);
    assert_close(p[0], 0.75, 0, 1e-7);
    /* mirrored: -U1 is never larger than U2 */
    nb_max_beta((nb_beta_t[]){{1, 1, -1}, {1, 1, 1}}, 2, p, work);
    assert_close(p[0], 0.0, 0, 1e-7);
}

/* successes and failures of two arms, and what the policy's probabilities make of each */
typedef struct {
    fixture_t fixture;
    double *cache; /* P(arm 0) by counts, -1 where not asked yet */
    int T;
} walker_t;

static double first_of(walker_t *self, const int *c)
{
    int n = self->T + 1;
    double *known = &self->cache[((c[0] * n + c[1]) * n + c[2]) * n + c[3]], p[2];

    if (*known < 0.0) {
        memset(self->fixture.state, 0, self->fixture.state_size);
        assert_ok(self->fixture.type->init(self->fixture.state, &self->fixture.spec,
                                           self->fixture.settings));
        for (int j = 0; j < 4; j++) {
            for (int i = 0; i < c[j]; i++) {
                live(&self->fixture, 2, j / 2, j % 2 == 0);
            }
        }
        probabilities(&self->fixture, 2, p);
        *known = p[0];
    }
    return *known;
}

/* expected successes by enumeration of all counts; `mu` NULL: uniform priors on both arms. The
 * number of histories is what counts are reached by, so a table over counts does */
static double enumerate(walker_t *self, int T, const double *mu)
{
    int n = self->T + 1, c[4];
    size_t size = (size_t)n * (size_t)n * (size_t)n * (size_t)n;
    double *chance = NULL, sum = 0.0;

    assert_ok(nb_alloc(&chance, size, sizeof *chance));
    chance[0] = 1.0;
    for (int t = 0; t < T; t++) {
        for (c[0] = 0; c[0] <= t; c[0]++) {
            for (c[1] = 0; c[0] + c[1] <= t; c[1]++) {
                for (c[2] = 0; c[0] + c[1] + c[2] <= t; c[2]++) {
                    double here, p;

                    c[3] = t - c[0] - c[1] - c[2];
                    here = chance[((c[0] * n + c[1]) * n + c[2]) * n + c[3]];
                    p = here > 0.0 ? first_of(self, c) : 0.0;
                    for (int k = 0; k < 2 && here > 0.0; k++) {
                        double s = c[2 * k], f = c[2 * k + 1];
                        double m = mu ? mu[k] : (1.0 + s) / (2.0 + s + f);
                        double w = here * (k ? 1.0 - p : p);

                        sum += w * m;
                        c[2 * k]++;
                        chance[((c[0] * n + c[1]) * n + c[2]) * n + c[3]] += w * m;
                        c[2 * k]--;
                        c[2 * k + 1]++;
                        chance[((c[0] * n + c[1]) * n + c[2]) * n + c[3]] += w * (1.0 - m);
                        c[2 * k + 1]--;
                    }
                }
            }
        }
    }
    nb_free(chance);
    return sum;
}

static void walker_start(walker_t *self, const char *name, int T)
{
    size_t n = (size_t)T + 1, size = n * n * n * n;

    self->T = T;
    assert_ok(start(&self->fixture, name, NULL, 2, T, 1.0));
    assert_ok(nb_alloc(&self->cache, size, sizeof *self->cache));
    for (size_t i = 0; i < size; i++) {
        self->cache[i] = -1.0;
    }
}

static void walker_free(walker_t *self)
{
    nb_free(self->cache);
    fixture_free(&self->fixture);
}

/* known answers 2.1: exact Thompson sampling, two arms, Beta(1, 1) */
static void test_ts_beta_equals_full_enumeration(void **state)
{
    static const int T[] = {2, 5, 10, 20};
    static const double successes[] = {1.027778, 2.716380, 5.704544, 11.931792};
    static const int U[] = {1, 2, 5, 10, 20};
    static const double regret[] = {0.05, 0.098333, 0.234627, 0.439518, 0.795189};
    static const double mu[] = {0.9, 0.8};
    walker_t walker;

    (void)state;
    walker_start(&walker, "ts_beta", 20);
    for (int i = 0; i < 4; i++) {
        assert_close(enumerate(&walker, T[i], NULL), successes[i], 0, 2e-6);
    }
    for (int i = 0; i < 5; i++) {
        assert_close(0.9 * U[i] - enumerate(&walker, U[i], mu), regret[i], 0, 2e-6);
    }
    walker_free(&walker);
}

/* known answers 2.1: Bayes-optimal two-armed Bernoulli bandit, uniform priors */
static void test_dp_values_are_the_bayes_optimal_ones(void **state)
{
    static const int T[] = {1, 2, 5, 10, 20, 40};
    static const double successes[] = {0.5, 1.083333, 2.888889, 6.021786, 12.431265, 25.446877};

    (void)state;
    for (int i = 0; i < 6; i++) {
        fixture_t fixture;

        assert_ok(start(&fixture, "dp", NULL, 2, T[i], 1.0));
        assert_close(value(&fixture, 2), successes[i], 0, 1e-6);
        fixture_free(&fixture);
    }
    for (int i = 0; i < 4; i++) {
        walker_t walker;

        /* and the policy, walked through all counts, earns what it says */
        walker_start(&walker, "dp", T[i]);
        assert_close(enumerate(&walker, T[i], NULL), successes[i], 0, 1e-6);
        walker_free(&walker);
    }
}

static void test_dp_says_what_it_cannot_hold(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_fails(start(&fixture, "dp", NULL, 10, 100, 1.0), NB_ERR_CONFIG, "counts at most");
    fixture_free(&fixture);
    assert_fails(start(&fixture, "dp", NULL, 2, 0, 1.0), NB_ERR_CONFIG, "counts at most");
    fixture_free(&fixture);
}

/* known answers 2.1: Gittins indices of Beta(a, b) arms; tolerance 2e-4 */
static void test_gittins_indices_are_the_published_ones(void **state)
{
    static const struct {
        const char *discount;
        double prior[2], index;
    } cases[] = {
        {"0.5", {1, 1}, .5590},  {"0.5", {2, 1}, .7060},  {"0.9", {1, 1}, .7029},
        {"0.9", {1, 2}, .5001},  {"0.9", {2, 1}, .8001},  {"0.9", {2, 2}, .6346},
        {"0.99", {1, 1}, .8699}, {"0.99", {1, 2}, .7005}, {"0.99", {2, 1}, .9102},
        {"0.99", {2, 2}, .7844},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char yaml[100];
        uint64_t mask;
        fixture_t fixture;
        double s[2];

        snprintf(yaml, sizeof yaml, "{discount: %s, observations: 20}", cases[i].discount);
        assert_ok(start(&fixture, "gittins", yaml, 2, 0, 1.0));
        for (int j = 0; j < 2; j++) {
            for (int n = 1; n < (int)cases[i].prior[j]; n++) {
                live(&fixture, 2, 0, j == 0);
            }
        }
        nb_batch_t batch = ask(&fixture, 2, &mask);

        assert_ok(fixture.type->score(fixture.state, &batch, s));
        assert_close(s[0], cases[i].index, 0, 2e-4);
        fixture_free(&fixture);
    }
}

/* the discounted two-armed bandit by backward induction over counts, cut after T decisions, played
 * by the policy (T long enough for .9^T x 10 below 1e-3) */
static double discounted_value(walker_t *walker, int *c, int left, double gamma, double *memo)
{
    int n = walker ? walker->T + 1 : 0, t = c[0] + c[1] + c[2] + c[3];
    double q[2], *known;

    if (left == 0) {
        return 0.0;
    }
    n = t + left + 1;
    known = &memo[((c[0] * n + c[1]) * n + c[2]) * n + c[3]];
    if (*known >= 0.0) {
        return *known;
    }
    for (int k = 0; k < 2; k++) {
        double s = c[2 * k], f = c[2 * k + 1], m = (1.0 + s) / (2.0 + s + f);

        c[2 * k]++;
        q[k] = m * (1.0 + gamma * discounted_value(walker, c, left - 1, gamma, memo));
        c[2 * k]--;
        c[2 * k + 1]++;
        q[k] += (1.0 - m) * gamma * discounted_value(walker, c, left - 1, gamma, memo);
        c[2 * k + 1]--;
    }
    if (walker) {
        double p = first_of(walker, c);

        *known = p * q[0] + (1.0 - p) * q[1];
    } else {
        *known = fmax(q[0], q[1]);
    }
    return *known;
}

/* with gamma .7 what lies beyond 24 decisions is worth 6e-4 at most; the best of the cut problem
 * and the index differ by less than that */
static void test_gittins_earns_the_discounted_optimum(void **state)
{
    enum { T = 24 };
    size_t size = (size_t)(T + 1) * (T + 1) * (T + 1) * (T + 1);
    int c[4] = {0};
    double *memo = NULL, best, by_index;
    walker_t walker = {.T = T};

    (void)state;
    assert_ok(nb_alloc(&memo, size, sizeof *memo));
    assert_ok(nb_alloc(&walker.cache, size, sizeof *walker.cache));
    for (size_t i = 0; i < size; i++) {
        memo[i] = walker.cache[i] = -1.0;
    }
    best = discounted_value(NULL, c, T, 0.7, memo);
    for (size_t i = 0; i < size; i++) {
        memo[i] = -1.0;
    }
    assert_ok(start(&walker.fixture, "gittins", "{discount: 0.7, observations: 30}", 2, 0, 1.0));
    by_index = discounted_value(&walker, c, T, 0.7, memo);
    assert_true(by_index <= best + 1e-12);
    assert_close(by_index, best, 0, 6e-4);
    nb_free(memo);
    walker_free(&walker);
}

/* posterior by hand, and the probability that one normal is larger than another */
static void test_ts_gauss_probabilities_are_those_of_two_normals(void **state)
{
    fixture_t fixture;
    double p[2], m[2], v[2];

    (void)state;
    assert_ok(start(&fixture, "ts_gauss", "{prior.mean: 0.5, prior.sd: 2, sd: 1.5}", 2, 0, 1.0));
    for (int i = 0; i < 7; i++) {
        live(&fixture, 2, i % 3 == 0, 0.3 * i);
    }
    for (int k = 0; k < 2; k++) {
        double n = k ? 3 : 4, sum = k ? 0.3 * (0 + 3 + 6) : 0.3 * (1 + 2 + 4 + 5);

        v[k] = 1.0 / (1.0 / 4.0 + n / 2.25);
        m[k] = v[k] * (0.5 / 4.0 + sum / 2.25);
    }
    probabilities(&fixture, 2, p);
    assert_close(p[0], 0.5 * erfc(-(m[0] - m[1]) / sqrt(2.0 * (v[0] + v[1]))), 0, 1e-8);
    fixture_free(&fixture);
}

/* the mixture against a slow search: p_j, M_kj by a fine grid, all pairs and shares */
static void test_ids_minimizes_the_information_ratio(void **state)
{
    enum { FINE = 4000 };
    static const double n[3] = {4, 6, 3}, s[3] = {3, 4, 1};
    double best[3] = {0}, M[3][3] = {{0}}, mean[3], rho = 0.0, least = INFINITY, ratio, p[3];
    double delta[3], gain[3] = {0}, d = 0.0, g = 0.0;
    fixture_t fixture;

    (void)state;
    for (int j = 0; j < 3; j++) {
        mean[j] = (1 + s[j]) / (2 + n[j]);
    }
    for (int j = 0; j < 3; j++) {
        for (int i = 0; i < FINE; i++) {
            double x = (i + 0.5) / FINE;
            double w = nb_dist_beta_pdf(x, 1 + s[j], 1 + n[j] - s[j]) / FINE, below = 1.0;

            for (int k = 0; k < 3; k++) {
                below *= k == j ? 1.0 : nb_dist_beta_cdf(x, 1 + s[k], 1 + n[k] - s[k]);
            }
            best[j] += w * below;
            for (int k = 0; k < 3; k++) {
                double cdf = nb_dist_beta_cdf(x, 1 + s[k], 1 + n[k] - s[k]);
                double part = mean[k] * nb_dist_beta_cdf(x, 2 + s[k], 1 + n[k] - s[k]);

                M[k][j] += w * below * (k == j ? x : cdf > 0.0 ? part / cdf : 0.0);
            }
        }
    }
    for (int j = 0; j < 3; j++) {
        rho += M[j][j];
    }
    for (int k = 0; k < 3; k++) {
        delta[k] = rho - mean[k];
        for (int j = 0; j < 3; j++) {
            double q = M[k][j] / best[j];

            gain[k] += best[j] * (q * log(q / mean[k]) + (1 - q) * log((1 - q) / (1 - mean[k])));
        }
    }
    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            for (double q = 0.0; q <= 1.0; q += 1e-3) {
                double top = q * delta[a] + (1 - q) * delta[b];

                least = fmin(least, top * top / (q * gain[a] + (1 - q) * gain[b]));
            }
        }
    }
    assert_ok(start(&fixture, "ids", NULL, 3, 0, 1.0));
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < (int)n[k]; i++) {
            live(&fixture, 3, k, i < (int)s[k]);
        }
    }
    probabilities(&fixture, 3, p);
    for (int k = 0; k < 3; k++) {
        d += p[k] * delta[k];
        g += p[k] * gain[k];
    }
    ratio = d * d / g;
    if (!(ratio >= least - 1e-6 && ratio < 1.01 * least)) {
        fail_msg("ratio %g, least %g, p %g %g %g", ratio, least, p[0], p[1], p[2]);
    }
    fixture_free(&fixture);
}

/* counts that fade, and counts of a window: the closed form of P(arm 0) from sums by hand */
static void test_forgetting_ts_uses_what_it_remembers(void **state)
{
    fixture_t faded, windowed, whole;
    double p[2], a[2] = {1, 1}, b[2] = {1, 1}, c[2] = {1, 1}, d[2] = {1, 1}, work[64];

    (void)state;
    assert_ok(start(&faded, "discounted_ts", "{factor: 0.8}", 2, 0, 1.0));
    assert_ok(start(&windowed, "sw_ts", "{window: 4}", 2, 0, 1.0));
    assert_ok(start(&whole, "sw_ts", "{window: 100}", 2, 0, 1.0));
    for (int t = 0; t < 9; t++) {
        int k = t % 2, success = t % 3 == 0;

        live(&faded, 2, k, success);
        live(&windowed, 2, k, success);
        live(&whole, 2, k, success);
        *(success ? &a[k] : &b[k]) += pow(0.8, 9 - t);
        *(success ? &c[k] : &d[k]) += t >= 5;
    }
    probabilities(&windowed, 2, p);
    assert_close(p[0], closed_form((int)c[0], d[0], c[1], d[1]), 0, 1e-6);
    nb_beta_t arms[2] = {{a[0], b[0], 1}, {a[1], b[1], 1}};
    double expected[2];

    nb_max_beta(arms, 2, expected, work);
    probabilities(&faded, 2, p);
    assert_close(p[0], expected[0], 0, 1e-9);
    probabilities(&whole, 2, p);
    assert_close(p[0], closed_form(1 + 2, 1 + 3, 1 + 1, 1 + 3), 0, 1e-6);
    fixture_free(&whole);
    fixture_free(&windowed);
    fixture_free(&faded);
}

static void test_priors_and_draws_change_what_they_say(void **state)
{
    static const char *const yaml[] = {NULL, "{prior.a: 5}", "{prior.b: 5}"};
    double p[3][2], s[2][3], again[3];
    fixture_t fixture;
    uint64_t mask;

    (void)state;
    for (int y = 0; y < 3; y++) {
        assert_ok(start(&fixture, "ts_beta", yaml[y], 2, 0, 1.0));
        live(&fixture, 2, 0, 1.0);
        probabilities(&fixture, 2, p[y]);
        fixture_free(&fixture);
    }
    assert_close(p[0][0], 2.0 / 3.0, 0, 1e-6);
    assert_true(p[1][0] < p[0][0] && fabs(p[2][0] - p[0][0]) > 0.01);
    for (int y = 0; y < 2; y++) {
        assert_ok(start(&fixture, "ts_beta", y ? "{draw: customer}" : NULL, 3, 0, 1.0));
        nb_batch_t batch = ask(&fixture, 3, &mask);

        batch.key = (nb_key_t){1, 1};
        assert_ok(fixture.type->score(fixture.state, &batch, s[y]));
        batch.period = 1;
        assert_ok(fixture.type->score(fixture.state, &batch, again));
        assert_int_equal(memcmp(s[y], again, sizeof again) == 0, y);
        fixture_free(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_max_beta_equals_the_closed_form),
        cmocka_unit_test(test_ts_beta_equals_full_enumeration),
        cmocka_unit_test(test_dp_values_are_the_bayes_optimal_ones),
        cmocka_unit_test(test_dp_says_what_it_cannot_hold),
        cmocka_unit_test(test_gittins_indices_are_the_published_ones),
        cmocka_unit_test(test_gittins_earns_the_discounted_optimum),
        cmocka_unit_test(test_ts_gauss_probabilities_are_those_of_two_normals),
        cmocka_unit_test(test_ids_minimizes_the_information_ratio),
        cmocka_unit_test(test_forgetting_ts_uses_what_it_remembers),
        cmocka_unit_test(test_priors_and_draws_change_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
