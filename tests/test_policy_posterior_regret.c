/*
 * Regret of bandits with Beta posteriors: what simulation gives against exact enumeration and
 * against figures of an independent program, and what forgetting and information are good for.
 *
 * Figures are compared within 4 standard errors of the difference, a false alarm once in 16,000 of
 * each; seeds are fixed. The setups: Garivier & Cappe (2011), scenarios 1 and 2; Kaufmann, Korda &
 * Munos (2012), arms of .2 and .25; Russo et al. (2018), figure 3. The greedy policy of the
 * figures, which plays the highest posterior mean, is dp after its horizon.
 */
#include "tests/bandit_driver.h"

static const double two_high[] = {0.9, 0.8}, two_low[] = {0.2, 0.25}, three[] = {0.7, 0.8, 0.9};
static const double ten[] = {0.1, 0.05, 0.05, 0.05, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01};

static void check_figure(const char *what, bandit_figure_t found, bandit_figure_t expected)
{
    double z = (found.mean - expected.mean) / hypot(found.se, expected.se);

    print_message("%s: %.4f (%.4f), expected %.4f (%.4f), z %.1f\n", what, found.mean, found.se,
                  expected.mean, expected.se, z);
    assert_true(fabs(z) < 4.0);
}

/* 200,000 runs against full enumeration of all histories, arms of .9 and .8 */
static void test_simulation_has_the_regret_of_enumeration(void **state)
{
    static const bandit_world_t world = {2, 1, two_high, 4, {2, 5, 10, 20}};
    static const double exact[] = {0.098333, 0.234627, 0.439518, 0.795189};
    bandit_figure_t found[4];

    (void)state;
    bandit_play("ts_beta", NULL, &world, 1, 200000, found);
    for (int m = 0; m < 4; m++) {
        check_figure("ts_beta against enumeration", found[m], (bandit_figure_t){exact[m], 0.0});
    }
}

enum { SAMPLED, GREEDY };

/* the figures' programs ran 1,000 (B), 5,000 (C) and 20,000 times */
static const struct {
    const char *name;
    bandit_world_t world;
    uint32_t runs[2];
    bandit_figure_t expected[2];
} setups[] = {
    {"A", {2, 1, two_high, 2, {1250, 5000}}, {1000, 2000}, {{8.98, 0.07}, {206.02, 1.74}}},
    {"B", {10, 1, ten, 2, {5000, 20000}}, {100, 250}, {{90.93, 0.46}, {165.54, 11.05}}},
    {"C", {2, 1, two_low, 2, {2500, 10000}}, {500, 1000}, {{23.61, 0.33}, {155.17, 3.25}}},
    {"E", {3, 1, three, 2, {250, 1000}}, {4000, 8000}, {{11.00, 0.06}, {74.54, 0.55}}},
};

static void test_regret_is_that_of_an_independent_program(void **state)
{
    static const char *const players[][2] = {{"ts_beta", NULL}, {"dp", "{horizon: 1}"}};

    (void)state;
    for (size_t i = 0; i < sizeof setups / sizeof *setups; i++) {
        for (int p = SAMPLED; p <= GREEDY; p++) {
            bandit_figure_t found[2];
            char what[40];

            bandit_play(players[p][0], players[p][1], &setups[i].world, 21, setups[i].runs[p],
                        found);
            snprintf(what, sizeof what, "%s %s", setups[i].name, p == GREEDY ? "greedy" : "ts");
            check_figure(what, found[1], setups[i].expected[p]);
        }
    }
}

/* regret of the 10th, 100th and 1000th decision of setup E; a decision's regret is 0, .1 or .2, so
 * that 20,000 runs of the figure have a standard error of at most the root of .2 mean / 20,000 */
static void test_regret_of_a_decision_falls_as_it_should(void **state)
{
    static const struct {
        int t;
        uint32_t runs;
        double sampled, greedy;
    } rows[] = {
        {10, 60000, 0.0758, 0.0759}, {100, 20000, 0.0272, 0.0745}, {1000, 4000, 0.0025, 0.0745}};

    (void)state;
    for (int i = 0; i < 3; i++) {
        bandit_world_t world = {3, 1, three, 2, {rows[i].t - 1, rows[i].t}};
        double log_time = log(rows[i].t / (rows[i].t - 1.0));

        for (int p = SAMPLED; p <= GREEDY; p++) {
            double expected = p == GREEDY ? rows[i].greedy : rows[i].sampled;
            bandit_figure_t found[2];
            bandit_figure_t step =
                bandit_play(p == GREEDY ? "dp" : "ts_beta", p == GREEDY ? "{horizon: 1}" : NULL,
                            &world, 31, rows[i].runs, found);
            char what[40];

            snprintf(what, sizeof what, "%s, decision %d", p == GREEDY ? "greedy" : "ts",
                     rows[i].t);
            check_figure(what, (bandit_figure_t){step.mean * log_time, step.se * log_time},
                         (bandit_figure_t){expected, sqrt(0.2 * expected / 20000.0)});
        }
    }
}

static void check_less(const char *what, bandit_figure_t less, bandit_figure_t more)
{
    print_message("%s: %.2f (%.2f) against %.2f (%.2f)\n", what, less.mean, less.se, more.mean,
                  more.se);
    assert_true(more.mean - less.mean > 4.0 * hypot(less.se, more.se));
}

/* arms that change places twice in 3,000 decisions: who forgets finds the new best arm */
static void test_forgetting_pays_where_arms_change(void **state)
{
    static const double places[] = {0.8, 0.2, 0.5, 0.2, 0.8, 0.5, 0.5, 0.2, 0.8};
    static const bandit_world_t world = {3, 3, places, 2, {1000, 3000}};
    bandit_figure_t plain[2], faded[2], windowed[2];

    (void)state;
    bandit_play("ts_beta", NULL, &world, 41, 100, plain);
    bandit_play("discounted_ts", "{factor: 0.98}", &world, 41, 100, faded);
    bandit_play("sw_ts", "{window: 150}", &world, 41, 100, windowed);
    check_less("discounted_ts against ts_beta", faded[1], plain[1]);
    check_less("sw_ts against ts_beta", windowed[1], plain[1]);
    check_less("ts_beta against discounted_ts while nothing changes", plain[0], faded[0]);
    check_less("ts_beta against sw_ts while nothing changes", plain[0], windowed[0]);
}

/* the sum over runs with arms drawn from their prior, 10 arms and 200 decisions: where the horizon
 * is short, what tells most about the best arm, and what is optimal at a discount, do better than
 * sampling */
static void test_information_and_indices_beat_sampling(void **state)
{
    enum { RUNS = 300, PLAYERS = 3 };
    static const char *const players[PLAYERS][2] = {
        {"ts_beta", NULL}, {"ids", "{grid: 200}"}, {"gittins", "{discount: 0.97}"}};
    static double regret[PLAYERS][RUNS];
    bandit_figure_t found[PLAYERS];

    (void)state;
    for (int p = 0; p < PLAYERS; p++) {
        bandit_player_t player;

        bandit_player_init(&player, players[p][0], players[p][1], 10, 200);
        for (uint32_t run = 0; run < RUNS; run++) {
            double chance[10], marks[2];
            bandit_world_t world = {10, 1, chance, 2, {100, 200}};
            nb_stream_t stream;

            nb_stream_init(&stream, (nb_key_t){51, run}, (nb_counter_t){.purpose = 1});
            for (int k = 0; k < 10; k++) {
                chance[k] = nb_stream_uniform(&stream);
            }
            bandit_play_run(&player, &world, 52, run, marks);
            regret[p][run] = marks[1];
        }
        found[p] = bandit_figure(regret[p], RUNS);
        bandit_player_free(&player);
    }
    check_less("ids against ts_beta", found[1], found[0]);
    check_less("gittins against ts_beta", found[2], found[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simulation_has_the_regret_of_enumeration),
        cmocka_unit_test(test_regret_is_that_of_an_independent_program),
        cmocka_unit_test(test_regret_of_a_decision_falls_as_it_should),
        cmocka_unit_test(test_forgetting_pays_where_arms_change),
        cmocka_unit_test(test_information_and_indices_beat_sampling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
