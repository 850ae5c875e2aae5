#include "bench/tune_schedule.h"
#include "tests/testlib.h"

static void assert_schedule(size_t n, int eta, int budget, const char *expected)
{
    nb_tune_round_t rounds[NB_TUNE_MAX_ROUNDS];
    int n_rounds = nb_tune_schedule(n, eta, budget, rounds);
    char text[512] = "";

    for (int i = 0; i < n_rounds; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "%zux%d ", rounds[i].n_candidates,
                 rounds[i].replications);
    }
    assert_string_equal(text, expected);
}

/* worked out by hand */
static void test_tune_schedule_halves_and_doubles(void **state)
{
    (void)state;
    assert_schedule(12, 2, 64, "12x2 6x4 3x8 2x16 ");
    /* what is left goes to the last two */
    assert_schedule(6, 2, 64, "6x4 3x8 2x22 ");
    assert_schedule(2, 2, 64, "2x32 ");
    assert_schedule(9, 3, 27, "9x1 3x7 ");
    assert_schedule(1, 2, 64, "");
}

static void test_tune_schedule_makes_do_with_little(void **state)
{
    (void)state;
    assert_schedule(12, 2, 12, "12x1 ");
    assert_schedule(12, 2, 18, "12x1 6x2 ");
    assert_schedule(12, 2, 19, "12x1 6x2 ");
    assert_schedule(12, 2, 24, "12x1 6x2 3x4 ");
    assert_schedule(12, 2, 23, "12x1 6x2 3x3 2x4 ");
}

static void check_schedule(size_t n, int eta, int budget)
{
    nb_tune_round_t rounds[NB_TUNE_MAX_ROUNDS];
    int n_rounds = nb_tune_schedule(n, eta, budget, rounds);
    size_t cost = nb_tune_cost(rounds, n_rounds), left = (size_t)budget - cost;

    assert_true(n_rounds <= NB_TUNE_MAX_ROUNDS);
    assert_true(cost <= (size_t)budget);
    assert_int_equal(rounds[0].n_candidates, n);
    for (int i = 1; i < n_rounds; i++) {
        size_t before = rounds[i - 1].n_candidates;

        assert_int_equal(rounds[i].n_candidates, (before + (size_t)eta - 1) / (size_t)eta);
        assert_true(rounds[i].replications > rounds[i - 1].replications);
    }
    /* a budget that is not spent could not have paid for one more replication of the next cut */
    assert_true(left < rounds[n_rounds - 1].n_candidates);
}

static void test_tune_schedule_spends_the_budget(void **state)
{
    (void)state;
    for (int eta = 2; eta <= 8; eta++) {
        for (size_t n = 2; n < 80; n++) {
            for (int budget = (int)n; budget < 600; budget += 7) {
                check_schedule(n, eta, budget);
            }
        }
        check_schedule(10000, eta, 10000);
        check_schedule(10000, eta, 1000000);
        check_schedule(100000, eta, 1000000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tune_schedule_halves_and_doubles),
        cmocka_unit_test(test_tune_schedule_makes_do_with_little),
        cmocka_unit_test(test_tune_schedule_spends_the_budget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
