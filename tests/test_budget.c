/* Who gets what of a budget, by hand. */
#include "bench/budget.h"
#include "tests/testlib.h"

enum { K = 4, MAX_ROWS = 40 };

static const char *const actions[K] = {"wait", "email", "call", "gift"};
static const nb_point_t points[] = {
    {.name = "one", .n_actions = 2, .actions = actions, .max_slate = 1, .default_action = 1},
    {.name = "two", .n_actions = K, .actions = actions, .max_slate = 1},
};
static const nb_spec_t spec = {.n_points = 2, .points = points};
static const double no_limit[K] = {INFINITY, INFINITY, INFINITY, INFINITY};
static const uint32_t ascending[MAX_ROWS] = {0, 1, 2, 3, 4, 5, 6, 7};

static nb_budgets_t budgets;
static int32_t played[MAX_ROWS];

static nb_batch_t make_batch(const uint32_t *customer, size_t n)
{
    static uint64_t mask[MAX_ROWS];

    for (size_t i = 0; i < n; i++) {
        mask[i] = 0xf;
    }
    return (nb_batch_t){.point = 1,
                        .n = n,
                        .n_actions = K,
                        .mask_words = 1,
                        .mask = mask,
                        .customer = customer,
                        .slate = 1};
}

/* share a budget out at point two; what the rows play into `played` */
static void share(const nb_budget_t *budget, const uint32_t *customer, size_t n,
                  const int32_t *action, const double *score)
{
    nb_batch_t batch = make_batch(customer, n);

    assert_ok(nb_budgets_open(&budgets, 1, budget));
    assert_ok(nb_budgets_add(&budgets, &batch, action, score));
    nb_budgets_allocate(&budgets);
    assert_int_equal(nb_budgets_left(&budgets), n);
    assert_ok(nb_budgets_take(&budgets, &batch, played));
    assert_int_equal(nb_budgets_left(&budgets), 0);
}

static int start(void **state)
{
    (void)state;
    return nb_budgets_init(&budgets, &spec);
}

static int stop(void **state)
{
    (void)state;
    nb_budgets_free(&budgets);
    nb_budgets_free(&budgets);
    return 0;
}

static void assert_played(const int32_t *expected, size_t n)
{
    assert_memory_equal(played, expected, n * sizeof *played);
}

/* four bids of equal value per cost, money for two: the two lowest customers, however they came */
static void test_budget_breaks_ties_by_customer(void **state)
{
    static const double cost[K] = {0, 1, 2, 3};
    static const int32_t all_mail[MAX_ROWS] = {1, 1, 1, 1};
    nb_budget_t budget = {2.0, INFINITY, cost, no_limit};

    (void)state;
    share(&budget, (uint32_t[]){7, 3, 9, 5}, 4, all_mail, NULL);
    assert_played((int32_t[]){0, 1, 0, 1}, 4);
    nb_budgets_begin_period(&budgets);
    share(&budget, (uint32_t[]){3, 5, 7, 9}, 4, all_mail, NULL);
    assert_played((int32_t[]){1, 1, 0, 0}, 4);
}

/* without scores the cheapest come first; what no longer fits is passed over for what does */
static void test_budget_without_scores_serves_the_cheapest(void **state)
{
    static const double cost[K] = {99, 1, 2, 3};
    nb_budget_t budget = {5.0, INFINITY, cost, no_limit};

    (void)state;
    share(&budget, ascending, 4, (int32_t[]){3, 2, 1, 2}, NULL);
    assert_played((int32_t[]){0, 2, 1, 2}, 4);
    nb_budgets_begin_period(&budgets);
    budget.money = 4.0;
    share(&budget, ascending, 4, (int32_t[]){3, 0, 1, 3}, NULL);
    assert_played((int32_t[]){3, 0, 1, 0}, 4);
}

/* of one row the action of best value per cost bids, not the one of best value; worse than the
 * default bids nothing */
static void test_budget_with_scores_serves_value_per_cost(void **state)
{
    static const double cost[K] = {0, 1, 4, 9};
    static const double score[3 * K] = {
        1, 2, 6, 7, /* 1 for 1, 5 for 4, 6 for 9: the call */
        5, 4, 3, 2, /* nothing */
        0, 2, 7, 9, /* the e-mail */
    };
    nb_budget_t budget = {5.0, INFINITY, cost, no_limit};

    (void)state;
    share(&budget, ascending, 3, (int32_t[]){3, 0, 3}, score);
    assert_played((int32_t[]){2, 0, 1}, 3);
    nb_budgets_begin_period(&budgets);
    budget.money =
        4.0; /* the e-mail is worth 2 a unit of money, the call 1.25: it no longer fits */
    share(&budget, ascending, 3, (int32_t[]){3, 0, 3}, score);
    assert_played((int32_t[]){0, 0, 1}, 3);
}

/* what costs nothing comes first, by value, and uses up rows and capacity all the same */
static void test_budget_serves_the_free_by_value(void **state)
{
    static const double cost[K] = {0, 0, 1, 0}, capacity[K] = {0, 2, 9, 9};
    static const double score[5 * K] = {
        0, 1, 0, 0, 0, 3, 0, 2, /* both free: the e-mail is worth more */
        0, 2, 0, 0, 0, 0, 9, 0, 0, 0, 0, 1,
    };
    static const int32_t choice[] = {1, 1, 1, 2, 3};
    nb_budget_t budget = {INFINITY, 4.0, cost, capacity};

    (void)state;
    share(&budget, ascending, 5, choice, score);
    assert_played((int32_t[]){0, 1, 1, 2, 3}, 5);
    nb_budgets_begin_period(&budgets);
    budget.rows = 3.0;
    share(&budget, ascending, 5, choice, score);
    assert_played((int32_t[]){0, 1, 1, 0, 3}, 5);
}

/* three times 0.1 is more than 0.3 by rounding alone */
static void test_budget_does_not_trip_over_rounding(void **state)
{
    static const double cost[K] = {0, 0.1, 0.1, 0.1};
    static const int32_t choice[] = {1, 2, 3, 1};
    nb_budget_t budget = {0.3, INFINITY, cost, no_limit};

    (void)state;
    share(&budget, ascending, 4, choice, NULL);
    assert_played((int32_t[]){1, 2, 3, 0}, 4);
    nb_budgets_begin_period(&budgets);
    share(&budget, ascending, 3, choice, NULL);
    assert_played(choice, 3);
}

/* rounds of one period share the budget, the next period has a whole one; attempts that did not fit
 * leave nothing spent */
static void test_budget_is_one_for_all_rounds(void **state)
{
    static const double cost[K] = {0, 1, 1, 1}, capacity[K] = {9, 3, 1, 9};
    static const int32_t mail[] = {1, 1, 1}, call[] = {2, 2, 2};
    nb_budget_t budget = {4.0, INFINITY, cost, capacity};

    (void)state;
    for (int period = 0; period < 2; period++) {
        share(&budget, ascending, 2, mail, NULL);
        assert_played((int32_t[]){1, 1}, 2);
        share(&budget, ascending, 3, mail, NULL);
        assert_played((int32_t[]){1, 0, 0}, 3);
        share(&budget, ascending, 3, call, NULL);
        assert_played((int32_t[]){2, 0, 0}, 3);
        share(&budget, ascending, 1, (int32_t[]){3}, NULL);
        assert_played((int32_t[]){0}, 1);
        nb_budgets_begin_period(&budgets);
    }
}

/* the default of point one is its second action: never limited, whatever its entries say */
static void test_budget_does_not_read_the_default(void **state)
{
    static const double cost[2] = {1, NAN}, capacity[2] = {5, -1};
    nb_budget_t budget = {1.0, INFINITY, cost, capacity};
    nb_batch_t batch = make_batch(ascending, 3);

    (void)state;
    batch.point = 0;
    batch.n_actions = 2;
    assert_ok(nb_budgets_open(&budgets, 0, &budget));
    assert_ok(nb_budgets_add(&budgets, &batch, (int32_t[]){0, 1, 0}, NULL));
    nb_budgets_allocate(&budgets);
    assert_ok(nb_budgets_take(&budgets, &batch, played));
    assert_played((int32_t[]){0, 1, 1}, 3);
}

/* 40 bids in pieces of 7, taken back in pieces of 9 */
static void test_budget_rows_may_come_and_go_in_other_batches(void **state)
{
    static const double cost[K] = {0, 1, 1, 1};
    nb_budget_t budget = {INFINITY, 10.0, cost, no_limit};
    int32_t choice[MAX_ROWS], whole[MAX_ROWS];
    double score[MAX_ROWS * K] = {0};
    uint32_t customer[MAX_ROWS];

    (void)state;
    for (int i = 0; i < MAX_ROWS; i++) {
        customer[i] = (uint32_t)i;
        choice[i] = 1 + i % 3;
        score[i * K + choice[i]] = 1 + i * 17 % 11;
    }
    share(&budget, customer, MAX_ROWS, choice, score);
    memcpy(whole, played, sizeof whole);
    nb_budgets_begin_period(&budgets);
    assert_ok(nb_budgets_open(&budgets, 1, &budget));
    for (size_t i = 0, n; i < MAX_ROWS; i += n) {
        n = MAX_ROWS - i < 7 ? MAX_ROWS - i : 7;
        nb_batch_t batch = make_batch(customer + i, n);

        assert_ok(nb_budgets_add(&budgets, &batch, choice + i, score + i * K));
    }
    nb_budgets_allocate(&budgets);
    for (size_t i = 0, n; i < MAX_ROWS; i += n) {
        n = MAX_ROWS - i < 9 ? MAX_ROWS - i : 9;
        nb_batch_t batch = make_batch(customer + i, n);

        assert_ok(nb_budgets_take(&budgets, &batch, played + i));
    }
    assert_played(whole, MAX_ROWS);
    nb_batch_t more = make_batch(customer, 1);

    assert_fails(nb_budgets_take(&budgets, &more, played), NB_ERR_DATA, "other rows");
}

#define BUDGET_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUDGET_TEST(test_budget_breaks_ties_by_customer),
        BUDGET_TEST(test_budget_without_scores_serves_the_cheapest),
        BUDGET_TEST(test_budget_with_scores_serves_value_per_cost),
        BUDGET_TEST(test_budget_serves_the_free_by_value),
        BUDGET_TEST(test_budget_does_not_trip_over_rounding),
        BUDGET_TEST(test_budget_is_one_for_all_rounds),
        BUDGET_TEST(test_budget_does_not_read_the_default),
        BUDGET_TEST(test_budget_rows_may_come_and_go_in_other_batches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
