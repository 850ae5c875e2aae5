/*
 * Regret of Thompson sampling with Beta priors, and of playing the highest posterior mean, on
 * Bernoulli arms: against figures of an independent program.
 *
 * Figures are compared within 4 standard errors of the difference, a false alarm once in 16,000 of
 * each; seeds are fixed. The setups: Garivier & Cappe (2011), scenarios 1 and 2; Kaufmann, Korda &
 * Munos (2012), arms of .2 and .25; Russo et al. (2018), figure 3.
 */
#include "tests/bandit_driver.h"

enum { TS, GREEDY, N_PLAYERS };

static const struct {
    const char *name, *yaml;
} players[N_PLAYERS] = {
    [TS] = {"ts_beta", NULL},
    /* beyond its horizon dp plays the highest posterior mean */
    [GREEDY] = {"dp", "{horizon: 1}"},
};

static const double two_high[] = {0.9, 0.8}, two_low[] = {0.2, 0.25}, three[] = {0.7, 0.8, 0.9};
static const double ten[] = {0.1, 0.05, 0.05, 0.05, 0.02, 0.02, 0.02, 0.01, 0.01, 0.01};

static const struct {
    const char *name;
    bandit_world_t world;
    uint32_t runs;
    bandit_figure_t expected[N_PLAYERS];
} setups[] = {
    {"A", {2, 1, two_high, 2, {1250, 5000}}, 600, {{8.98, 0.07}, {206.02, 1.74}}},
    {"B", {10, 1, ten, 2, {5000, 20000}}, 60, {{90.93, 0.46}, {165.54, 11.05}}},
    {"C", {2, 1, two_low, 2, {2500, 10000}}, 400, {{23.61, 0.33}, {155.17, 3.25}}},
    {"E", {3, 1, three, 2, {250, 1000}}, 3000, {{11.00, 0.06}, {74.54, 0.55}}},
};
enum { N_SETUPS = sizeof setups / sizeof *setups };

static void test_regret_is_that_of_an_independent_program(void **state)
{
    int n_wrong = 0;

    (void)state;
    for (int i = 0; i < N_SETUPS; i++) {
        for (int p = 0; p < N_PLAYERS; p++) {
            bandit_figure_t there = setups[i].expected[p], here[2];
            double z;

            bandit_play(players[p].name, players[p].yaml, &setups[i].world, 12, setups[i].runs,
                        here);
            z = (here[1].mean - there.mean) / hypot(here[1].se, there.se);
            print_message("%s %s: %.2f (%.2f), expected %.2f (%.2f), z %.1f\n", setups[i].name,
                          players[p].name, here[1].mean, here[1].se, there.mean, there.se, z);
            n_wrong += fabs(z) > 4.0;
        }
    }
    assert_int_equal(n_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regret_is_that_of_an_independent_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
