/* Bandits by upper index, exp3_ix and glr_kl_ucb: closed forms, exact enumeration, slow references.
 */
#include "policies/arms.h"
#include "policies/kl.h"
#include "tests/fixture_policy.h"

/* a two-armed bandit: one point without context */
static int start(fixture_t *fixture, const char *name, const char *yaml)
{
    NB_TRY(fixture_start(fixture, name, yaml));
    fixture->points[0] = (nb_point_t){
        .name = "arm", .phase = "", .n_actions = 2, .actions = fixture_actions, .max_slate = 1};
    fixture->spec.n_points = 1;
    fixture->spec.n_customers = 1;
    memset(fixture->state, 0, fixture->state_size);
    return fixture->type->init(fixture->state, &fixture->spec, fixture->settings);
}

static void restart(fixture_t *fixture)
{
    memset(fixture->state, 0, fixture->state_size);
    assert_ok(fixture->type->init(fixture->state, &fixture->spec, fixture->settings));
}

/* one decision of a period: arm k paid `reward` */
static void live(fixture_t *fixture, int32_t k, double reward)
{
    static const uint64_t mask = 3;
    static const uint32_t luck = 0;
    nb_transitions_t finished = {.n = 1,
                                 .n_actions = 2,
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

static nb_batch_t ask(fixture_t *fixture)
{
    static const uint64_t mask = 3;
    static const uint32_t luck = 0;

    return (nb_batch_t){.n = 1,
                        .n_actions = 2,
                        .mask_words = 1,
                        .mask = &mask,
                        .customer = &luck,
                        .luck = &luck,
                        .slate = 1,
                        .scratch = &fixture->arena};
}

static void scores(fixture_t *fixture, double *s)
{
    nb_batch_t batch = ask(fixture);

    assert_ok(fixture->type->score(fixture->state, &batch, s));
}

static double first_probability(fixture_t *fixture)
{
    nb_batch_t batch = ask(fixture);
    double p[2];

    assert_ok(fixture->type->probabilities(fixture->state, &batch, p));
    return p[0];
}

/* known answers: Garivier & Cappe 2011 */
static void test_kl_upper_has_its_closed_forms(void **state)
{
    (void)state;
    for (double d = 0.001; d < 5.0; d *= 1.7) {
        assert_close(nb_kl_upper(0.0, d), 1.0 - exp(-d), 0, 2e-12);
        assert_close(nb_kl_upper(0.5, d), 0.5 * (1.0 + sqrt(1.0 - exp(-2.0 * d))), 0, 2e-12);
        for (double p = 0.05; p < 1.0; p += 0.1) {
            double q = nb_kl_upper(p, d);

            assert_true(q >= p && q <= p + sqrt(0.5 * d) + 1e-12 && q <= 1.0);
            assert_true(nb_kl(p, q) <= d + 1e-9);
            assert_true(q > 1.0 - 1e-9 || nb_kl(p, q + 1e-6) > d);
        }
        assert_close(nb_kl_upper(1.0, d), 1.0, 0, 0);
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
        fixture_t fixture;

        assert_ok(start(&fixture, cases[c].name, cases[c].yaml));
        for (int i = 0; i < 9; i++) {
            live(&fixture, i >= 6, i < 4 || i == 6);
        }
        scores(&fixture, s);
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
        fixture_free(&fixture);
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
        fixture_t fixture;

        assert_ok(start(&fixture, "bayes_ucb", yaml[y]));
        for (int i = 0; i < 9; i++) {
            live(&fixture, i >= 6, i < 4 || i == 6);
        }
        scores(&fixture, s);
        assert_close(beta_upper_tail(s[0], a + 4, b + 2), 1.0 / order, 0, 1e-4);
        assert_close(beta_upper_tail(s[1], a + 1, b + 2), 1.0 / order, 0, 1e-4);
        fixture_free(&fixture);
    }
}

/*
 * Expected pseudo-regret of two Bernoulli arms over `horizon` steps by walking through every
 * history; `rule` gives the probability of arm 0 from the counts. Exact.
 */
typedef double (*rule_t)(const double *n, const double *sum, void *context);

typedef struct {
    double mu[2];
    int horizon;
    rule_t rule;
    void *context;
} world_t;

static double walk(const world_t *world, int t, double *n, double *sum)
{
    double p, regret = 0.0;

    if (t == world->horizon) {
        return 0.0;
    }
    p = world->rule(n, sum, world->context);
    for (int k = 0; k < 2; k++) {
        double chance = k == 0 ? p : 1.0 - p;

        for (int success = 0; success < 2 && chance > 0.0; success++) {
            double weight = success ? world->mu[k] : 1.0 - world->mu[k];

            n[k] += 1.0;
            sum[k] += success;
            regret +=
                chance * weight *
                (fmax(world->mu[0], world->mu[1]) - world->mu[k] + walk(world, t + 1, n, sum));
            n[k] -= 1.0;
            sum[k] -= success;
        }
    }
    return regret;
}

static double share_of(double a, double b)
{
    return a > b ? 1.0 : a < b ? 0.0 : 0.5;
}

/* slow rules, written from the papers */
static double ucb1_rule(const double *n, const double *sum, void *context)
{
    double c = *(double *)context, index[2];

    for (int k = 0; k < 2; k++) {
        index[k] = n[k] > 0.0 ? sum[k] / n[k] + c * sqrt(log(n[0] + n[1]) / n[k]) : INFINITY;
    }
    return share_of(index[0], index[1]);
}

/* the largest q on a grid that is then refined, instead of the library's bisection */
static double kl_rule(const double *n, const double *sum, void *context)
{
    double index[2];

    (void)context;
    for (int k = 0; k < 2; k++) {
        double p = n[k] > 0.0 ? sum[k] / n[k] : 0.0, d = log(n[0] + n[1]) / n[k], q = p;

        for (double step = 0.1; step > 1e-11; step /= 10.0) {
            while (q + step < 1.0 && nb_kl(p, q + step) <= d) {
                q += step;
            }
        }
        index[k] = n[k] > 0.0 ? (p >= 1.0 ? 1.0 : q) : INFINITY;
    }
    return fabs(index[0] - index[1]) < 1e-8 ? 0.5 : share_of(index[0], index[1]);
}

/* the same walk through the library: the counts are played into a fresh state */
static double library_rule(const double *n, const double *sum, void *context)
{
    fixture_t *fixture = context;

    restart(fixture);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < (int)n[k]; i++) {
            live(fixture, k, i < (int)sum[k]);
        }
    }
    return first_probability(fixture);
}

static void test_ucb1_and_kl_ucb_equal_enumeration(void **state)
{
    static const struct {
        const char *name, *yaml;
        double c;
        rule_t rule;
    } cases[] = {
        {"ucb1", NULL, 1.4142135623730951, ucb1_rule},
        {"ucb1", "{c: 0.7071067811865476}", 0.7071067811865476, ucb1_rule},
        {"kl_ucb", NULL, 0, kl_rule},
    };

    (void)state;
    for (int i = 0; i < 3; i++) {
        double c = cases[i].c, n[2] = {0, 0}, sum[2] = {0, 0};
        fixture_t fixture;
        world_t slow = {{0.9, 0.8}, 6, cases[i].rule, &c};
        world_t fast = {{0.9, 0.8}, 6, library_rule, &fixture};

        assert_ok(start(&fixture, cases[i].name, cases[i].yaml));
        assert_close(walk(&fast, 0, n, sum), walk(&slow, 0, n, sum), 1e-10, 0);
        fixture_free(&fixture);
    }
}

/* discounted and windowed statistics against sums over the whole history */
static void test_forgetting_statistics_equal_slow_sums(void **state)
{
    enum { T = 60, WINDOW = 7 };
    fixture_t discounted, windowed;
    double rewards[T], s[2];
    int32_t arm[T];

    (void)state;
    assert_ok(start(&discounted, "discounted_ucb", "{factor: 0.9, xi: 0.7}"));
    assert_ok(start(&windowed, "sw_ucb", "{window: 7, xi: 0.7}"));
    for (int t = 0; t < T; t++) {
        double n[2][2] = {{0}}, sum[2][2] = {{0}};

        arm[t] = t % 3 == 0;
        rewards[t] = t % 5 / 4.0;
        live(&discounted, arm[t], rewards[t]);
        live(&windowed, arm[t], rewards[t]);
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
        scores(&discounted, s);
        for (int k = 0; k < 2; k++) {
            assert_close(s[k],
                         sum[0][k] / n[0][k] +
                             2.0 * sqrt(0.7 * log(fmax(1.0, n[0][0] + n[0][1])) / n[0][k]),
                         1e-10, 0);
        }
        scores(&windowed, s);
        for (int k = 0; k < 2; k++) {
            assert_close(s[k], sum[1][k] / n[1][k] + sqrt(0.7 * log(n[1][0] + n[1][1]) / n[1][k]),
                         1e-10, 0);
        }
    }
    fixture_free(&discounted);
    fixture_free(&windowed);
}

/* weights by the recursion of the paper */
static void test_exp3_ix_weights_equal_the_recursion(void **state)
{
    static const char *const yaml[] = {"{horizon: 400}", "{horizon: 400, rate: 2}"};

    (void)state;
    for (int y = 0; y < 2; y++) {
        double loss[2] = {0, 0}, eta = (y ? 2.0 : 1.0) * sqrt(2.0 * log(2.0) / (2.0 * 400.0));
        fixture_t fixture;

        assert_ok(start(&fixture, "exp3_ix", yaml[y]));
        for (int t = 0; t < 200; t++) {
            double p0 = 1.0 / (1.0 + exp(-eta * (loss[1] - loss[0])));
            int32_t k = t % 3 == 0;
            double reward = k ? 0.2 : 0.7;

            assert_close(first_probability(&fixture), p0, 1e-10, 0);
            loss[k] += (1.0 - reward) / ((k ? 1.0 - p0 : p0) + 0.5 * eta);
            live(&fixture, k, reward);
        }
        fixture_free(&fixture);
    }
}

/* statistic of the paper at every split; 1 where the arm changed */
static int naive_glr(const double *rewards, int n, double delta)
{
    double all = 0.0;

    for (int i = 0; i < n; i++) {
        all += rewards[i];
    }
    for (int s = 1; s < n; s++) {
        double left = 0.0;

        for (int i = 0; i < s; i++) {
            left += rewards[i];
        }
        if (s * nb_kl(left / s, all / n) + (n - s) * nb_kl((all - left) / (n - s), all / n) >=
            log(3.0 * n * sqrt((double)n) / delta)) {
            return 1;
        }
    }
    return 0;
}

/* an arm that turns from .1 to .9: the alarm, after which its index is that of an arm not played,
 * comes in the very period in which the naive statistic passes the threshold */
static void test_glr_kl_ucb_restarts_when_the_statistic_says(void **state)
{
    static const char *const yaml[] = {"{delta: 0.05, alpha: 0}",
                                       "{delta: 0.05, alpha: 0, restart: local}",
                                       "{delta: 1e-6, alpha: 0}"};

    (void)state;
    for (int y = 0; y < 3; y++) {
        double rewards[100], s[2], delta = y == 2 ? 1e-6 : 0.05;
        fixture_t fixture;
        int n = 0, alarm = 0;

        assert_ok(start(&fixture, "glr_kl_ucb", yaml[y]));
        live(&fixture, 1, 1.0);
        while (n < 100 && !alarm) {
            rewards[n] = n < 40 ? n % 10 == 0 : n % 10 != 0;
            live(&fixture, 0, rewards[n++]);
            alarm = naive_glr(rewards, n, delta);
            scores(&fixture, s);
            assert_int_equal(s[0] > 1e200, alarm);
        }
        assert_true(alarm && n > 41);
        /* locally the other arm keeps what it knows */
        assert_int_equal(s[1] > 1e200, y != 1);
        fixture_free(&fixture);
    }
}

static void test_glr_kl_ucb_explores_as_asked(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(start(&fixture, "glr_kl_ucb", "{alpha: 0.3}"));
    for (int i = 0; i < 20; i++) {
        live(&fixture, i % 2, i % 2);
    }
    assert_close(first_probability(&fixture), 0.15, 1e-12, 0);
    fixture_free(&fixture);
}

/* two arms within one width of each other are shared evenly, a third is not */
static void test_tie_width_spreads_a_batch(void **state)
{
    static const char *const yaml[] = {"{tie_width: 0}", "{tie_width: 1}"};

    (void)state;
    for (int y = 0; y < 2; y++) {
        fixture_t fixture;

        assert_ok(start(&fixture, "ucb1", yaml[y]));
        for (int i = 0; i < 40; i++) {
            live(&fixture, i % 2, i % 4 < 2 || i == 3);
        }
        assert_close(first_probability(&fixture), y ? 0.5 : 0.0, 0, 1e-12);
        fixture_free(&fixture);
    }
}

static void test_moss_needs_a_horizon(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(start(&fixture, "moss", NULL));
    fixture.spec.horizon = 0.0;
    assert_fails(fixture.type->init(fixture.state, &fixture.spec, fixture.settings), NB_ERR_CONFIG,
                 "set `horizon`");
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kl_upper_has_its_closed_forms),
        cmocka_unit_test(test_indices_are_the_formulas),
        cmocka_unit_test(test_bayes_ucb_is_the_quantile),
        cmocka_unit_test(test_ucb1_and_kl_ucb_equal_enumeration),
        cmocka_unit_test(test_forgetting_statistics_equal_slow_sums),
        cmocka_unit_test(test_exp3_ix_weights_equal_the_recursion),
        cmocka_unit_test(test_glr_kl_ucb_restarts_when_the_statistic_says),
        cmocka_unit_test(test_glr_kl_ucb_explores_as_asked),
        cmocka_unit_test(test_tie_width_spreads_a_batch),
        cmocka_unit_test(test_moss_needs_a_horizon),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
