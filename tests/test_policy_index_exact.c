/*
 * Expected regret of two Bernoulli arms over short horizons, exact: every history of actions and
 * rewards is walked through, with the probability of every tie. The rules here are written from the
 * papers and share no code with the library's, whose probabilities() walk beside them.
 */
#include "tests/bandit_driver.h"

/* probability of arm 0 after n pulls with `sum` successes */
typedef double (*rule_t)(const double *n, const double *sum, void *context);

typedef struct {
    double mu[2];
    int horizon;
    rule_t rule;
    void *context;
} walk_t;

static double walk(const walk_t *self, int t, double *n, double *sum)
{
    double p, regret = 0.0;

    if (t == self->horizon) {
        return 0.0;
    }
    p = self->rule(n, sum, self->context);
    for (int k = 0; k < 2; k++) {
        double chance = k == 0 ? p : 1.0 - p;

        for (int success = 0; success < 2 && chance > 0.0; success++) {
            double weight = success ? self->mu[k] : 1.0 - self->mu[k];

            n[k] += 1.0;
            sum[k] += success;
            regret += chance * weight *
                      (fmax(self->mu[0], self->mu[1]) - self->mu[k] + walk(self, t + 1, n, sum));
            n[k] -= 1.0;
            sum[k] -= success;
        }
    }
    return regret;
}

/* what is equal but for rounding is shared */
static double share_of(const double *index)
{
    if (index[0] == index[1] || fabs(index[0] - index[1]) < 1e-9) {
        return 0.5;
    }
    return index[0] > index[1];
}

static double ucb1_rule(const double *n, const double *sum, void *context)
{
    double c = *(double *)context, index[2];

    for (int k = 0; k < 2; k++) {
        index[k] = n[k] > 0.0 ? sum[k] / n[k] + c * sqrt(log(n[0] + n[1]) / n[k]) : INFINITY;
    }
    return share_of(index);
}

static double divergence(double p, double q)
{
    return (p > 0.0 ? p * log(p / q) : 0.0) +
           (p < 1.0 ? (1.0 - p) * log((1.0 - p) / (1.0 - q)) : 0.0);
}

/* c is the context; the largest q on a grid that is made finer and finer */
static double kl_rule(const double *n, const double *sum, void *context)
{
    double log_t = log(n[0] + n[1]), index[2];
    double c = log_t > 1.0 ? *(double *)context : 0.0;

    for (int k = 0; k < 2; k++) {
        double p = n[k] > 0.0 ? sum[k] / n[k] : 1.0, q = p;
        double bound = (log_t + (c > 0.0 ? c * log(log_t) : 0.0)) / n[k];

        for (double step = 0.1; step > 1e-11; step /= 10.0) {
            while (q + step < 1.0 && divergence(p, q + step) <= bound) {
                q += step;
            }
        }
        index[k] = n[k] > 0.0 ? q : INFINITY;
    }
    return share_of(index);
}

/* distribution function of Beta(a, b), whole numbers: a successes or more of a + b - 1 */
static double beta_below(double x, int a, int b)
{
    double sum = 0.0, ways = 1.0;

    for (int j = 0; j < a + b; j++) {
        sum += j >= a ? ways * pow(x, j) * pow(1.0 - x, a + b - 1 - j) : 0.0;
        ways *= (a + b - 1.0 - j) / (j + 1.0);
    }
    return sum;
}

static double bayes_rule(const double *n, const double *sum, void *context)
{
    double order = 1.0 - 1.0 / (n[0] + n[1] + 1.0), index[2];

    (void)context;
    for (int k = 0; k < 2; k++) {
        double low = 0.0, high = 1.0;

        for (int i = 0; i < 60; i++) {
            double x = 0.5 * (low + high);

            if (beta_below(x, 1 + (int)sum[k], 1 + (int)(n[k] - sum[k])) < order) {
                low = x;
            } else {
                high = x;
            }
        }
        index[k] = low;
    }
    return share_of(index);
}

/* greedy by sum / (n + lambda), with probability 0.2 at random */
static double greedy_rule(const double *n, const double *sum, void *context)
{
    double lambda = *(double *)context, mean[2];

    for (int k = 0; k < 2; k++) {
        mean[k] = sum[k] / (n[k] + lambda);
    }
    return 0.8 * share_of(mean) + 0.1;
}

/* the library: the counts are played into a fresh state */
static double library_rule(const double *n, const double *sum, void *context)
{
    bandit_player_t *player = context;

    bandit_player_restart(player);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < (int)n[k]; i++) {
            bandit_live(player, k, i < (int)sum[k]);
        }
    }
    return bandit_first(player);
}

static void test_expected_regret_equals_enumeration(void **state)
{
    /* a lambda at which only equal counts, or no successes, give equal means */
    static const struct {
        const char *policy, *yaml;
        rule_t rule;
        double context;
    } cases[] = {
        {"ucb1", NULL, ucb1_rule, 1.4142135623730951},
        {"ucb1", "{c: 0.7071067811865476}", ucb1_rule, 0.7071067811865476},
        {"kl_ucb", NULL, kl_rule, 0.0},
        {"kl_ucb", "{c: 3}", kl_rule, 3.0},
        {"bayes_ucb", NULL, bayes_rule, 0.0},
        {"eps_greedy", "{epsilon: 0.2, lambda: 0.3719}", greedy_rule, 0.3719},
    };
    static const double mu[][2] = {{0.9, 0.8}, {0.2, 0.6}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bandit_player_t player;

        bandit_player_init(&player, cases[i].policy, cases[i].yaml, 2, 0.0);
        for (int w = 0; w < 4; w++) {
            double context = cases[i].context, n[2] = {0, 0}, sum[2] = {0, 0}, slow, fast;
            int horizon = w % 2 ? 7 : 3;
            walk_t by_rule = {{mu[w / 2][0], mu[w / 2][1]}, horizon, cases[i].rule, &context};
            walk_t by_library = {{mu[w / 2][0], mu[w / 2][1]}, horizon, library_rule, &player};

            slow = walk(&by_rule, 0, n, sum);
            fast = walk(&by_library, 0, n, sum);
            if (!(fabs(fast - slow) < 1e-10 * slow)) {
                fail_msg("%s %s, arms %d, horizon %d: %.15g, expected %.15g", cases[i].policy,
                         cases[i].yaml ? cases[i].yaml : "", w / 2, horizon, fast, slow);
            }
        }
        bandit_player_free(&player);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_expected_regret_equals_enumeration)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
