/*
 * How bandits by upper index, exp3_ix and glr_kl_ucb learn: recursions and statistics against slow
 * references, blocks, weights, and what they refuse.
 */
#include "policies/kl.h"
#include "tests/bandit_driver.h"

/* periods that the spec tells */
enum { HORIZON = 100 };

/* weights by the recursion of the paper; a known horizon, a rate, and none that anybody tells */
static void test_exp3_ix_weights_equal_the_recursion(void **state)
{
    static const char *const yaml[] = {"{horizon: 400}", "{horizon: 400, rate: 2}", NULL};

    (void)state;
    for (int y = 0; y < 3; y++) {
        double loss[2] = {0, 0}, eta = (y ? 2.0 : 1.0) * sqrt(2.0 * log(2.0) / (2.0 * 400.0));
        bandit_player_t player;

        bandit_player_init(&player, "exp3_ix", yaml[y], 2, HORIZON);
        if (y == 2) {
            player.spec.horizon = 0.0;
            bandit_player_restart(&player);
        }
        for (int t = 0; t < 200; t++) {
            double p0;
            int32_t k = t % 3 == 0;
            double reward = k ? 0.2 : 0.7;

            eta = y == 2 ? sqrt(log(2.0) / (2.0 * fmax(1.0, t))) : eta;
            p0 = 1.0 / (1.0 + exp(-eta * (loss[1] - loss[0])));
            assert_close(bandit_first(&player), p0, 1e-10, 0);
            loss[k] += (1.0 - reward) / ((k ? 1.0 - p0 : p0) + 0.5 * eta);
            bandit_live(&player, k, reward);
        }
        bandit_player_free(&player);
    }
}

/* a late reward is weighed by the chance that its action had when it was played, where that is
 * told */
static void test_exp3_ix_weighs_by_the_propensity_told(void **state)
{
    double eta = sqrt(2.0 * log(2.0) / (2.0 * 400.0)), told = 0.1, reward = 0.25;
    nb_transitions_t finished;
    bandit_player_t player;
    int32_t k = 1;

    (void)state;
    bandit_player_init(&player, "exp3_ix", "{horizon: 400}", 2, HORIZON);
    finished = bandit_transitions(&player, 1, &k, &reward);
    finished.propensity = &told;
    assert_ok(player.layer.type->update(player.state, &finished));
    bandit_end_period(&player);
    assert_close(bandit_first(&player), 1.0 / (1.0 + exp(-eta * 0.75 / (told + 0.5 * eta))), 1e-12,
                 0);
    bandit_player_free(&player);
}

static const char *const bandits[][2] = {{"ucb1", NULL},           {"kl_ucb", NULL},
                                         {"moss", NULL},           {"bayes_ucb", NULL},
                                         {"sw_ucb", NULL},         {"glr_kl_ucb", "{alpha: 0}"},
                                         {"discounted_ucb", NULL}, {"exp3_ix", NULL}};
enum { N_BANDITS = sizeof bandits / sizeof *bandits };

/* rows at once, or one by one in as many calls: the same bits, at rates that fall too */
static void test_blocks_do_not_matter(void **state)
{
    static const int32_t action[6] = {0, 1, 1, 0, 1, 0};
    static const double reward[6] = {1, 0, 0.3, 0.7, 1, 0};

    (void)state;
    for (int b = 0; b < N_BANDITS; b++) {
        bandit_player_t player;
        void *at_once;

        bandit_player_init(&player, bandits[b][0], bandits[b][1], 2, HORIZON);
        assert_ok(nb_alloc(&at_once, player.state_size, 1));
        player.spec.horizon = strcmp(bandits[b][0], "moss") == 0 ? 100.0 : 0.0;
        for (size_t block = 6; block > 0; block = block == 6 ? 1 : 0) {
            bandit_player_restart(&player);
            for (int period = 0; period < 3; period++) {
                for (size_t i = 0; i < 6; i += block) {
                    nb_transitions_t finished =
                        bandit_transitions(&player, block, action + i, reward + i);

                    assert_ok(player.layer.type->update(player.state, &finished));
                }
                bandit_end_period(&player);
            }
            if (block == 6) {
                memcpy(at_once, player.state, player.state_size);
            }
        }
        assert_memory_equal(at_once, player.state, player.state_size);
        nb_free(at_once);
        bandit_player_free(&player);
    }
}

/* rewards and weights that no bandit can use are named */
static void test_what_is_out_of_range_is_refused(void **state)
{
    static const struct {
        double reward, weight;
        int code;
        const char *detail;
    } cases[] = {
        {1.5, 0, NB_ERR_RANGE, "transition 1 has reward 1.5"},
        {-0.1, 0, NB_ERR_RANGE, "transition 1 has reward -0.1"},
        {INFINITY, 0, NB_ERR_NUMERIC, "transition 1 has reward inf"},
        {2.5, 2, NB_ERR_RANGE, "from 0 to 2 only"},
        {1.5, 0.5, NB_ERR_RANGE, "from 0 to 1 only"},
        {0.5, -1, NB_ERR_NUMERIC, "transition 1 has weight -1"},
    };

    (void)state;
    for (int b = 0; b < N_BANDITS; b++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            double reward[2] = {0.5, cases[i].reward}, weight[2] = {1, cases[i].weight};
            int32_t action[2] = {0, 1};
            nb_transitions_t finished;
            bandit_player_t player;

            bandit_player_init(&player, bandits[b][0], bandits[b][1], 2, HORIZON);
            finished = bandit_transitions(&player, 2, action, reward);
            finished.weight = cases[i].weight != 0.0 ? weight : NULL;
            assert_fails(player.layer.type->update(player.state, &finished), cases[i].code,
                         cases[i].detail);
            bandit_player_free(&player);
        }
    }
}

/* a row that stands for four observations with three successes is those four rows */
static void test_a_weight_counts_as_so_many_rows(void **state)
{
    (void)state;
    for (int b = 0; b < N_BANDITS; b++) {
        int32_t action[5] = {0, 1, 1, 1, 1};
        double reward[5] = {1, 1, 0, 1, 1}, sums[2] = {1, 3}, weight[2] = {1, 4};
        double s[2][2];
        bandit_player_t player;

        bandit_player_init(&player, bandits[b][0], bandits[b][1], 2, HORIZON);
        for (int is_weighted = 0; is_weighted < 2; is_weighted++) {
            nb_transitions_t finished = bandit_transitions(&player, is_weighted ? 2 : 5, action,
                                                           is_weighted ? sums : reward);

            bandit_player_restart(&player);
            finished.weight = is_weighted ? weight : NULL;
            assert_ok(player.layer.type->update(player.state, &finished));
            bandit_scores(&player, s[is_weighted]);
        }
        if (player.layer.type->traits & NB_TRAIT_WEIGHTED) {
            assert_memory_equal(s[0], s[1], sizeof s[0]);
        }
        bandit_player_free(&player);
    }
}

/* statistic of the paper at the splits after `ends` [n_ends] rewards; 1 where the arm changed */
static int naive_glr(const double *rewards, int n, const int *ends, int n_ends, double delta)
{
    double all = 0.0;

    for (int i = 0; i < n; i++) {
        all += rewards[i];
    }
    for (int e = 0; e < n_ends; e++) {
        double left = 0.0, s = ends[e];

        for (int i = 0; i < ends[e]; i++) {
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
        int ends[100];
        double rewards[100], s[2], delta = y == 2 ? 1e-6 : 0.05;
        bandit_player_t player;
        int n = 0, alarm = 0;

        bandit_player_init(&player, "glr_kl_ucb", yaml[y], 2, HORIZON);
        bandit_live(&player, 1, 1.0);
        while (n < 100 && !alarm) {
            rewards[n] = n < 40 ? n % 10 == 0 : n % 10 != 0;
            bandit_live(&player, 0, rewards[n++]);
            ends[n - 1] = n;
            alarm = naive_glr(rewards, n, ends, n - 1, delta);
            bandit_scores(&player, s);
            assert_int_equal(s[0] > 1e200, alarm);
        }
        assert_true(alarm && n > 41);
        /* locally the other arm keeps what it knows */
        assert_int_equal(s[1] > 1e200, y != 1);
        bandit_player_free(&player);
    }
}

/* a history that is longer than what is kept: the alarm comes when the statistic says that tests
 * the splits that are left, every second one of 128 at a time */
static void test_glr_kl_ucb_sees_a_change_after_a_long_history(void **state)
{
    enum { BEFORE = 600, LONGEST = 700, KEPT = 128 };
    double rewards[LONGEST], s[2];
    bandit_player_t player;
    int ends[KEPT], n_ends = 0, n = 0, alarm = 0;

    (void)state;
    bandit_player_init(&player, "glr_kl_ucb", "{delta: 0.001, alpha: 0}", 2, HORIZON);
    bandit_live(&player, 1, 1.0);
    while (n < LONGEST && !alarm) {
        rewards[n] = n < BEFORE ? n % 5 == 0 : n % 5 < 3;
        bandit_live(&player, 0, rewards[n++]);
        for (int i = 0; n_ends == KEPT && i < KEPT / 2; i++) {
            ends[i] = ends[2 * i + 1];
        }
        n_ends = n_ends == KEPT ? KEPT / 2 : n_ends;
        ends[n_ends++] = n;
        alarm = naive_glr(rewards, n, ends, n_ends - 1, 0.001);
        bandit_scores(&player, s);
        assert_int_equal(s[0] > 1e200, alarm);
    }
    assert_true(alarm && n > BEFORE + 10);
    bandit_player_free(&player);
}

static void test_glr_kl_ucb_explores_as_asked(void **state)
{
    bandit_player_t player;

    (void)state;
    bandit_player_init(&player, "glr_kl_ucb", "{alpha: 0.3}", 2, HORIZON);
    for (int i = 0; i < 20; i++) {
        bandit_live(&player, i % 2, i % 2);
    }
    assert_close(bandit_first(&player), 0.15, 1e-12, 0);
    bandit_player_free(&player);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exp3_ix_weights_equal_the_recursion),
        cmocka_unit_test(test_exp3_ix_weighs_by_the_propensity_told),
        cmocka_unit_test(test_blocks_do_not_matter),
        cmocka_unit_test(test_what_is_out_of_range_is_refused),
        cmocka_unit_test(test_a_weight_counts_as_so_many_rows),
        cmocka_unit_test(test_glr_kl_ucb_restarts_when_the_statistic_says),
        cmocka_unit_test(test_glr_kl_ucb_sees_a_change_after_a_long_history),
        cmocka_unit_test(test_glr_kl_ucb_explores_as_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
