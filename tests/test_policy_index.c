/*
 * Indices of bandits against their closed forms and slow references. How these policies learn is in
 * test_policy_index_learn.c, walks through all histories are in test_policy_index_exact.c, figures
 * of regret in test_policy_index_regret.c.
 */
#include "policies/kl.h"
#include "tests/bandit_driver.h"

/* periods that the spec tells */
enum { HORIZON = 100 };

/* known answers: Garivier & Cappe 2011 */
static void test_kl_upper_has_its_closed_forms(void **state)
{
    (void)state;
    for (double d = 0.001; d < 5.0; d *= 1.7) {
        assert_close(nb_kl_upper(0.0, d), 1.0 - exp(-d), 0, 2e-12);
        assert_close(nb_kl_upper(0.5, d), 0.5 * (1.0 + sqrt(1.0 - exp(-2.0 * d))), 0, 2e-12);
        for (double p = 0.05; p < 1.0; p += 0.1) {
            double q = nb_kl_upper(p, d);

            assert_true(q >= p && q <= p + sqrt(0.5 * d) + 1e-12 && q < 1.0);
            assert_true(nb_kl(p, fmax(p, q - 1e-12)) <= d);
            assert_true(q + 1e-12 >= 1.0 || nb_kl(p, q + 1e-12) > d);
        }
        assert_close(nb_kl_upper(1.0, d), 1.0, 0, 0);
        assert_close(nb_kl_upper(0.3, 0.0), 0.3, 0, 0);
    }
}

/* indices of two arms after 6 pulls with 4 successes and 3 with 1, by the formulas */
static void test_indices_are_the_formulas(void **state)
{
    static const struct {
        const char *name, *yaml;
    } cases[] = {
        {"ucb1", NULL},   {"ucb1", "{c: 0.5}"}, {"moss", "{horizon: 500}"},
        {"kl_ucb", NULL}, {"kl_ucb", "{c: 3}"},
    };
    static const double n[2] = {6, 3}, sum[2] = {4, 1};
    double log_t = log(9.0), s[2];

    (void)state;
    for (int c = 0; c < 5; c++) {
        bandit_player_t player;

        bandit_player_init(&player, cases[c].name, cases[c].yaml, 2, HORIZON);
        for (int i = 0; i < 9; i++) {
            bandit_live(&player, i >= 6, i < 4 || i == 6);
        }
        bandit_scores(&player, s);
        for (int k = 0; k < 2; k++) {
            double mean = sum[k] / n[k];
            double expected[] = {
                mean + sqrt(2.0 * log_t / n[k]),
                mean + 0.5 * sqrt(log_t / n[k]),
                mean + sqrt(fmax(0.0, log(500.0 / (2.0 * n[k]))) / n[k]),
                nb_kl_upper(mean, log_t / n[k]),
                nb_kl_upper(mean, (log_t + 3.0 * log(log_t)) / n[k]),
            };

            assert_close(s[k], expected[c], 1e-12, 1e-12);
        }
        bandit_player_free(&player);
    }
}

/* Beta(1 + S, 1 + n - S) at its quantile, integrated by the midpoint rule in the test */
static double beta_upper_tail(double x, double a, double b)
{
    enum { N = 200000 };
    double above = 0.0, all = 0.0;

    for (int i = 0; i < N; i++) {
        double u = (i + 0.5) / N, density = pow(u, a - 1.0) * pow(1.0 - u, b - 1.0);

        all += density;
        above += u > x ? density : 0.0;
    }
    return above / all;
}

static void test_bayes_ucb_is_the_quantile(void **state)
{
    static const char *const yaml[] = {NULL, "{c: 2, horizon: 1000}", "{prior.a: 3}",
                                       "{prior.b: 2}"};
    double s[2];

    (void)state;
    for (int y = 0; y < 4; y++) {
        double a = y == 2 ? 3.0 : 1.0, b = y == 3 ? 2.0 : 1.0;
        double order = 10.0 * (y == 1 ? pow(log(1000.0), 2.0) : 1.0);
        bandit_player_t player;

        bandit_player_init(&player, "bayes_ucb", yaml[y], 2, HORIZON);
        for (int i = 0; i < 9; i++) {
            bandit_live(&player, i >= 6, i < 4 || i == 6);
        }
        bandit_scores(&player, s);
        assert_close(beta_upper_tail(s[0], a + 4, b + 2), 1.0 / order, 0, 1e-4);
        assert_close(beta_upper_tail(s[1], a + 1, b + 2), 1.0 / order, 0, 1e-4);
        bandit_player_free(&player);
    }
}

/* counts of a long run: the index stays the quantile, and between its neighbors */
static void test_bayes_ucb_holds_at_large_counts(void **state)
{
    (void)state;
    for (int32_t n = 1; n < 3000000; n *= 3) {
        for (int part = 0; part <= 10; part++) {
            double weight = n, reward = (double)n * part / 10.0, s[2];
            double mean = (1.0 + reward) / (2.0 + n);
            int32_t action = 0;
            nb_transitions_t finished;
            bandit_player_t player;

            bandit_player_init(&player, "bayes_ucb", NULL, 2, HORIZON);
            finished = bandit_transitions(&player, 1, &action, &reward);
            finished.weight = &weight;
            assert_ok(player.layer.type->update(player.state, &finished));
            bandit_scores(&player, s);
            /* Hoeffding for Beta: sub-Gaussian with variance 1 / (4 (a + b + 1)) */
            assert_true(s[0] <= mean + sqrt(0.5 * log(n + 1.0) / (n + 3.0)) + 1e-9);
            assert_true(n == 1 || s[0] > mean);
            bandit_player_free(&player);
        }
    }
}

/* discounted and windowed statistics against sums over the whole history */
static void test_forgetting_statistics_equal_slow_sums(void **state)
{
    enum { T = 60, WINDOW = 7 };
    bandit_player_t discounted, windowed;
    double rewards[T], s[2];
    int32_t arm[T];

    (void)state;
    bandit_player_init(&discounted, "discounted_ucb", "{factor: 0.9, xi: 0.7}", 2, HORIZON);
    bandit_player_init(&windowed, "sw_ucb", "{window: 7, xi: 0.7}", 2, HORIZON);
    for (int t = 0; t < T; t++) {
        double n[2][2] = {{0}}, sum[2][2] = {{0}};

        arm[t] = t % 3 == 0;
        rewards[t] = t % 5 / 4.0;
        bandit_live(&discounted, arm[t], rewards[t]);
        bandit_live(&windowed, arm[t], rewards[t]);
        for (int u = 0; u <= t; u++) {
            double w = pow(0.9, t - u + 1);

            n[0][arm[u]] += w;
            sum[0][arm[u]] += w * rewards[u];
            n[1][arm[u]] += u > t - WINDOW;
            sum[1][arm[u]] += u > t - WINDOW ? rewards[u] : 0.0;
        }
        if (t < 5) {
            continue;
        }
        bandit_scores(&discounted, s);
        for (int k = 0; k < 2; k++) {
            assert_close(s[k],
                         sum[0][k] / n[0][k] +
                             2.0 * sqrt(0.7 * log(fmax(1.0, n[0][0] + n[0][1])) / n[0][k]),
                         1e-10, 0);
        }
        bandit_scores(&windowed, s);
        for (int k = 0; k < 2; k++) {
            assert_close(s[k], sum[1][k] / n[1][k] + sqrt(0.7 * log(n[1][0] + n[1][1]) / n[1][k]),
                         1e-10, 0);
        }
    }
    bandit_player_free(&discounted);
    bandit_player_free(&windowed);
}

/* scores of 12 and 9 successes of 20 pulls each, and the probability of the better arm */
static double play_a_gap(const char *name, const char *extra, double tie_width, double *s)
{
    bandit_player_t player;
    char yaml[80];
    double p;

    snprintf(yaml, sizeof yaml, "{tie_width: %.9f%s}", tie_width, extra);
    bandit_player_init(&player, name, yaml, 2, HORIZON);
    for (int i = 0; i < 40; i++) {
        bandit_live(&player, i % 2, i % 2 ? i / 2 * 9 % 20 < 9 : i / 2 * 7 % 20 < 12);
    }
    bandit_scores(&player, s);
    p = bandit_first(&player);
    bandit_player_free(&player);
    return p;
}

/* arms are shared evenly where the gap of their indices is less than so many widths of the best */
static void test_tie_width_spreads_a_batch(void **state)
{
    static const struct {
        const char *name, *extra;
        double mean;
    } cases[] = {
        {"ucb1", "", 0.6},
        {"kl_ucb", "", 0.6},
        {"moss", "", 0.6},
        {"bayes_ucb", "", 13.0 / 22.0},
        {"sw_ucb", "", 0.6},
        {"discounted_ucb", ", factor: 1", 0.6},
        {"glr_kl_ucb", ", alpha: 0", 0.6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = cases[i].name, *extra = cases[i].extra;
        double s[2], widths;

        assert_close(play_a_gap(name, extra, 0.0, s), 1.0, 0, 1e-12);
        widths = (s[0] - s[1]) / (s[0] - cases[i].mean);
        assert_true(widths > 0.01);
        assert_close(play_a_gap(name, extra, 0.999 * widths, s), 1.0, 0, 1e-12);
        assert_close(play_a_gap(name, extra, 1.001 * widths, s), 0.5, 0, 1e-12);
        assert_close(s[0], s[1], 0, 0);
    }
}

static void test_moss_needs_a_horizon(void **state)
{
    bandit_player_t player;

    (void)state;
    bandit_player_init(&player, "moss", NULL, 2, HORIZON);
    player.spec.horizon = 0.0;
    assert_fails(player.layer.type->init(player.state, &player.spec, player.layer.settings),
                 NB_ERR_CONFIG, "set `horizon`");
    bandit_player_free(&player);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kl_upper_has_its_closed_forms),
        cmocka_unit_test(test_indices_are_the_formulas),
        cmocka_unit_test(test_bayes_ucb_is_the_quantile),
        cmocka_unit_test(test_bayes_ucb_holds_at_large_counts),
        cmocka_unit_test(test_forgetting_statistics_equal_slow_sums),
        cmocka_unit_test(test_tie_width_spreads_a_batch),
        cmocka_unit_test(test_moss_needs_a_horizon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
