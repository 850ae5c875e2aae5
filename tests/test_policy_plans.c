/* dp, gittins and ids: what is best is known, by dynamic programming and by search. */
#include "core/dist.h"
#include "tests/bandit_fixture.h"

/* known answers 2.1: Bayes-optimal two-armed Bernoulli bandit, uniform priors */
static void test_dp_values_are_the_bayes_optimal_ones(void **state)
{
    static const int T[] = {1, 2, 5, 10, 20, 40};
    static const double successes[] = {0.5, 1.083333, 2.888889, 6.021786, 12.431265, 25.446877};

    (void)state;
    for (int i = 0; i < 6; i++) {
        fixture_t fixture;

        assert_ok(bandit_start(&fixture, "dp", NULL, 2, T[i], 1.0));
        assert_close(bandit_value(&fixture, 2), successes[i], 0, 1e-6);
        fixture_free(&fixture);
    }
    for (int i = 0; i < 4; i++) {
        walker_t walker;

        /* and the policy, walked through all counts, earns what it says */
        bandit_walker_start(&walker, "dp", T[i]);
        assert_close(bandit_enumerate(&walker, T[i], NULL), successes[i], 0, 1e-6);
        bandit_walker_free(&walker);
    }
}

static void test_dp_says_what_it_cannot_hold(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_fails(bandit_start(&fixture, "dp", NULL, 10, 100, 1.0), NB_ERR_CONFIG, "counts at most");
    fixture_free(&fixture);
    assert_fails(bandit_start(&fixture, "dp", NULL, 2, 0, 1.0), NB_ERR_CONFIG, "counts at most");
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
        assert_ok(bandit_start(&fixture, "gittins", yaml, 2, 0, 1.0));
        for (int j = 0; j < 2; j++) {
            for (int n = 1; n < (int)cases[i].prior[j]; n++) {
                bandit_live(&fixture, 2, 0, j == 0);
            }
        }
        nb_batch_t batch = bandit_ask(&fixture, 2, &mask);

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
        double p = bandit_first_of(walker, c);

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
    assert_ok(
        bandit_start(&walker.fixture, "gittins", "{discount: 0.7, observations: 30}", 2, 0, 1.0));
    by_index = discounted_value(&walker, c, T, 0.7, memo);
    assert_true(by_index <= best + 1e-12);
    assert_close(by_index, best, 0, 6e-4);
    nb_free(memo);
    bandit_walker_free(&walker);
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
    assert_ok(bandit_start(&fixture, "ids", NULL, 3, 0, 1.0));
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < (int)n[k]; i++) {
            bandit_live(&fixture, 3, k, i < (int)s[k]);
        }
    }
    bandit_probabilities(&fixture, 3, p);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dp_values_are_the_bayes_optimal_ones),
        cmocka_unit_test(test_dp_says_what_it_cannot_hold),
        cmocka_unit_test(test_gittins_indices_are_the_published_ones),
        cmocka_unit_test(test_gittins_earns_the_discounted_optimum),
        cmocka_unit_test(test_ids_minimizes_the_information_ratio),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
