/* Budgets of decision points in the loop, against a slow reference: of the bids left, look for the
 * best, serve it if it fits, begin again. */
#include "bench/loop.h"
#include "tests/testlib.h"
#include "tests/toy_environment.h"
#include "tests/toy_policies.h"

enum { N = 150, PERIODS = 4, K = 3 };

static const nb_credit_spec_t immediate = {.rule = NB_CREDIT_IMMEDIATE};
static const double cost[K] = {0.0, 0.25, 1.0};
static const double no_limit[K] = {INFINITY, INFINITY, INFINITY};

static toy_settings_t email = {TOY_EMAIL};
static toy_notes_t notes;
static int8_t free_choice[TOY_MAX_POINTS + TOY_MAX_ROUNDS][TOY_MAX_PERIODS][TOY_MAX_CUSTOMERS];

/* a strategy with one policy at recognize and, where the world has it, at thank */
typedef struct {
    toy_world_t world;
    nb_binding_t bindings[2];
    nb_strategy_t strategy;
    nb_loop_spec_t spec;
} setup_t;

static void set_up(setup_t *self, const nb_policy_type_t *type, int thanks)
{
    memset(self, 0, sizeof *self);
    memset(&notes, 0, sizeof notes);
    self->world = (toy_world_t){.notes = &notes, .noise = 1.0, .thanks = thanks};
    self->strategy = toy_nobody();
    toy_bind(&self->strategy, self->bindings, type, &email, TOY_CONTACT, immediate);
    if (thanks) {
        toy_bind(&self->strategy, self->bindings, type, &email, TOY_THANK, immediate);
        self->strategy.owner[TOY_THANK] = 1;
        self->strategy.local[TOY_THANK] = 0;
        self->bindings[1].points[0] = TOY_THANK;
        self->bindings[1].n_points = 1;
    }
    self->spec = (nb_loop_spec_t){.environment = &toy_environment,
                                  .world = &self->world,
                                  .strategy = &self->strategy,
                                  .policy_key = {.seed = 2},
                                  .n_customers = N,
                                  .periods = PERIODS};
}

/* run it; equity of the run */
static double play(setup_t *self)
{
    nb_result_t result;
    nb_loop_t loop;
    double equity;

    assert_ok(nb_loop_init(&loop, &self->spec));
    assert_ok(nb_loop_run(&loop));
    assert_ok(toy_environment.result(loop.run, &result));
    equity = result.scalar[0];
    nb_loop_free(&loop);
    return equity;
}

/* what is spent of a budget */
typedef struct {
    double money, rows, played[K];
} spent_t;

static int fits(const nb_budget_t *budget, const spent_t *spent, int k)
{
    return spent->money + budget->cost[k] <= budget->money && spent->rows + 1 <= budget->rows &&
           spent->played[k] + 1 <= budget->capacity[k];
}

static void add(const nb_budget_t *budget, spent_t *spent, int k)
{
    spent->money += budget->cost[k];
    spent->rows += 1;
    spent->played[k] += 1;
}

typedef struct {
    double rank, value; /* rank 0 where she makes none */
    uint32_t customer;
    int action;
} wish_t;

static wish_t wish_of(const nb_budget_t *budget, int scores, uint32_t customer, int period,
                      int choice)
{
    wish_t best = {.customer = customer};

    for (int k = 1; k < K; k++) {
        double gain = toy_value(customer, period, (unsigned)k) - toy_value(customer, period, 0);
        double value = scores ? gain : choice == k;
        double rank = budget->cost[k] > 0 ? value / budget->cost[k] : INFINITY;

        if (value > 0 && (rank > best.rank || (rank == best.rank && value > best.value))) {
            best = (wish_t){rank, value, customer, k};
        }
    }
    return best;
}

/* the free choices where they fit together; what they leave spent then */
static int try_free(const nb_budget_t *budget, const int8_t *choice, uint32_t n, spent_t *spent)
{
    spent_t all = *spent;

    for (uint32_t c = 0; c < n; c++) {
        if (choice[c] > 0) {
            if (!fits(budget, &all, choice[c])) {
                return 0;
            }
            add(budget, &all, choice[c]);
        }
    }
    *spent = all;
    return 1;
}

/* what customers 0 .. n-1 should play, `spent` before and after */
static void allocate(const nb_budget_t *budget, int scores, int period, const int8_t *choice,
                     uint32_t n, spent_t *spent, int *should)
{
    uint8_t done[TOY_MAX_CUSTOMERS] = {0};
    int is_free = try_free(budget, choice, n, spent);

    for (uint32_t c = 0; c < n; c++) {
        should[c] = is_free ? choice[c] : 0;
    }
    for (uint32_t turn = 0; turn < n && !is_free; turn++) {
        wish_t best = {0};

        for (uint32_t c = 0; c < n; c++) {
            wish_t wish = wish_of(budget, scores, c, period, choice[c]);
            int is_more =
                wish.rank > best.rank ||
                (wish.rank == INFINITY && best.rank == INFINITY && wish.value > best.value);

            best = !done[c] && is_more ? wish : best;
        }
        done[best.customer] |= best.action != 0;
        if (best.action && fits(budget, spent, best.action)) {
            add(budget, spent, best.action);
            should[best.customer] = best.action;
        }
    }
}

/* the notes of all periods and `rounds` of a point against the reference and the budget itself */
static double check_played(const nb_budget_t *budget, int scores, int point, int rounds)
{
    double served = 0.0;

    for (int period = 0; period < PERIODS; period++) {
        uint32_t n = period > 1 ? N + 1 : N;
        spent_t expected = {0}, spent = {0};
        int should[TOY_MAX_CUSTOMERS];

        for (int round = 0; round < rounds; round++) {
            const int8_t *played = notes.played[point + round][period];

            allocate(budget, scores, period, free_choice[point + round][period], n, &expected,
                     should);
            for (uint32_t c = 0; c < n; c++) {
                assert_int_equal(played[c], should[c]);
                if (played[c] > 0) {
                    add(budget, &spent, played[c]);
                }
            }
        }
        assert_true(spent.money <= budget->money && spent.rows <= budget->rows);
        for (int k = 1; k < K; k++) {
            assert_true(spent.played[k] <= budget->capacity[k]);
        }
        served += spent.rows;
    }
    return served;
}

/* what would be played without budgets, into free_choice */
static double play_freely(const nb_policy_type_t *type, int thanks)
{
    setup_t setup;
    double equity;

    set_up(&setup, type, thanks);
    equity = play(&setup);
    memcpy(free_choice, notes.played, sizeof free_choice);
    return equity;
}

static const double free_cost[K] = {7.0, 0.0, 1.0}, tight[K] = {0.0, 20.0, 9.5};
static const nb_budget_t budgets[] = {
    {0.0, INFINITY, cost, no_limit},   {9.0, INFINITY, cost, no_limit},
    {INFINITY, 0.0, cost, no_limit},   {INFINITY, 33.0, cost, no_limit},
    {INFINITY, INFINITY, cost, tight}, {12.25, 30.0, cost, tight},
    {5.0, 60.0, free_cost, no_limit},  {0.5, INFINITY, cost, no_limit},
    {60.0, INFINITY, cost, no_limit},  {3.0, 40.5, free_cost, tight},
};
enum { N_BUDGETS = sizeof budgets / sizeof *budgets };

static void test_loop_budget_serves_the_best_and_is_never_exceeded(void **state)
{
    static const size_t blocks[] = {0, 1, 7, 64};

    (void)state;
    for (int scores = 0; scores < 2; scores++) {
        play_freely(scores ? &toy_bidder : &toy_silent, 0);
        for (int b = 0; b < N_BUDGETS; b++) {
            for (int s = 0; s < 4; s++) {
                setup_t setup;

                set_up(&setup, scores ? &toy_bidder : &toy_silent, 0);
                setup.world.budgets[TOY_CONTACT] = &budgets[b];
                setup.world.block = blocks[s];
                play(&setup);
                int is_empty = budgets[b].rows == 0.0 || budgets[b].money == 0.0;

                assert_int_equal(check_played(&budgets[b], scores, TOY_CONTACT, 1) > 0, !is_empty);
            }
        }
    }
}

static void test_loop_budget_above_need_changes_nothing(void **state)
{
    (void)state;
    for (int scores = 0; scores < 2; scores++) {
        const nb_policy_type_t *type = scores ? &toy_bidder : &toy_silent;
        double equity = play_freely(type, 0), money = 0.0;

        for (int period = 0; period < PERIODS; period++) {
            spent_t spent = {0};

            for (uint32_t c = 0; c <= N; c++) {
                if (free_choice[TOY_CONTACT][period][c] > 0) {
                    add(&budgets[0], &spent, free_choice[TOY_CONTACT][period][c]);
                }
            }
            money = fmax(money, spent.money);
        }
        for (int change = 0; change < 3; change++) {
            nb_budget_t budget = {change == 0 ? INFINITY : money - 0.25 * (change == 2), INFINITY,
                                  cost, no_limit};
            setup_t setup;

            set_up(&setup, type, 0);
            setup.world.budgets[TOY_CONTACT] = &budget;
            setup.world.block = 20;
            assert_int_equal(play(&setup) == equity, change < 2);
            assert_int_equal(memcmp(free_choice, notes.played, sizeof free_choice) == 0,
                             change < 2);
        }
    }
}

/* two points with a budget each; thank comes in two rounds, which share theirs */
static void test_loop_budget_of_each_point_is_its_own(void **state)
{
    (void)state;
    for (int scores = 0; scores < 2; scores++) {
        play_freely(scores ? &toy_bidder : &toy_silent, 2);
        for (int b = 0; b < N_BUDGETS; b++) {
            const nb_budget_t *other = &budgets[(b + 3) % N_BUDGETS];
            setup_t setup;

            set_up(&setup, scores ? &toy_bidder : &toy_silent, 2);
            setup.world.budgets[TOY_CONTACT] = &budgets[b];
            setup.world.budgets[TOY_THANK] = other;
            setup.world.block = 40;
            play(&setup);
            check_played(&budgets[b], scores, TOY_CONTACT, 1);
            check_played(other, scores, TOY_THANK, 2);
        }
    }
}

/* e-mail for everybody, but money for ten a period: what the learner hears of is what was played */
static void test_loop_budget_credit_records_what_was_played(void **state)
{
    nb_budget_t budget = {2.5, INFINITY, cost, no_limit};
    const toy_learner_t *learner;
    size_t n_emails = 0;
    setup_t setup;
    nb_loop_t loop;

    (void)state;
    set_up(&setup, &toy_learner, 0);
    setup.spec.n_customers = 30;
    setup.world.budgets[TOY_CONTACT] = &budget;
    assert_ok(nb_loop_init(&loop, &setup.spec));
    assert_ok(nb_loop_run(&loop));
    learner = loop.players.instances[0].state;
    assert_int_equal(learner->n, 30 + 30 + 31 + 31);
    for (size_t i = 0; i < learner->n; i++) {
        int action =
            notes.played[TOY_CONTACT][(int)learner->seen[i].tenure_x][learner->seen[i].customer];

        assert_int_equal(learner->seen[i].action, action);
        n_emails += action == TOY_EMAIL;
    }
    assert_int_equal(n_emails, 4 * 10);
    nb_loop_free(&loop);
}

/* nobody to ask: the default costs nothing, and rows come once */
static void test_loop_budget_of_an_unbound_point_is_left_alone(void **state)
{
    setup_t setup;

    (void)state;
    set_up(&setup, &toy_bidder, 0);
    setup.strategy = toy_nobody();
    setup.world.budgets[TOY_CONTACT] = &budgets[1];
    play(&setup);
    assert_int_equal(notes.n_batches[TOY_CONTACT], PERIODS);
    set_up(&setup, &toy_bidder, 0);
    setup.world.budgets[TOY_CONTACT] = &budgets[1];
    play(&setup);
    assert_int_equal(notes.n_batches[TOY_CONTACT], 2 * PERIODS);
}

/* five contacts a period, in three periods of burn-in, four of the horizon and two of the tail */
static void test_loop_budget_holds_in_burn_in_and_tail(void **state)
{
    nb_budget_t budget = {INFINITY, 5.0, cost, no_limit};
    nb_result_t result;
    setup_t setup;
    nb_loop_t loop;

    (void)state;
    set_up(&setup, &toy_always, 0);
    setup.world.budgets[TOY_CONTACT] = &budget;
    setup.world.burn_in = 3;
    setup.world.tail = 2;
    setup.spec.burn_in = &setup.strategy;
    setup.spec.tail = 1;
    assert_ok(nb_loop_init(&loop, &setup.spec));
    assert_ok(nb_loop_run(&loop));
    assert_ok(toy_environment.result(loop.run, &result));
    assert_close(result.scalar[1], 9 * 5.0 / N, 1e-12, 0);
    nb_loop_free(&loop);
}

static void test_loop_budget_does_not_allocate_once_it_is_warm(void **state)
{
    setup_t setup;

    (void)state;
    set_up(&setup, &toy_bidder, 1);
    setup.world.budgets[TOY_CONTACT] = &budgets[1];
    setup.world.budgets[TOY_THANK] = &budgets[3];
    setup.spec.periods = 20;
    play(&setup);
    assert_int_equal(notes.n_begun, 20);
    assert_true(notes.allocations[19] == notes.allocations[1]);
}

static void test_loop_budget_every_allocation_may_fail(void **state)
{
    int code = NB_ERR_MEMORY, n = 0;

    (void)state;
    while (code == NB_ERR_MEMORY) {
        setup_t setup;
        nb_loop_t loop;

        set_up(&setup, &toy_bidder, 1);
        setup.world.budgets[TOY_CONTACT] = &budgets[1];
        nb_alloc_fail_at((uint64_t)++n);
        code = nb_loop_init(&loop, &setup.spec);
        code = code < 0 ? code : nb_loop_run(&loop);
        nb_alloc_fail_at(0);
        nb_loop_free(&loop);
    }
    assert_ok(code);
    assert_true(n > 8);
}

static void assert_refused(setup_t *setup, int code, const char *words)
{
    nb_loop_t loop;

    assert_ok(nb_loop_init(&loop, &setup->spec));
    assert_fails(nb_loop_run(&loop), code, words);
    nb_loop_free(&loop);
}

static void test_loop_budget_names_what_is_wrong(void **state)
{
    static const double negative[K] = {-9.0, 1.0, -1.0}, unknown[K] = {NAN, NAN, 1.0};
    static const double endless[K] = {0.0, INFINITY, 1.0};
    static const struct {
        nb_budget_t budget;
        const char *words;
    } wrong[] = {
        {{-1.0, 1.0, cost, no_limit}, "environment toy: budget of point recognize: money is -1"},
        {{1.0, NAN, cost, no_limit}, "rows is nan, expected 0 or more"},
        {{1.0, 1.0, negative, no_limit}, "cost of call is -1"},
        {{1.0, 1.0, endless, no_limit}, "cost of email is inf"},
        {{1.0, 1.0, cost, unknown}, "capacity of email is nan"},
    };
    setup_t setup;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        set_up(&setup, &toy_bidder, 0);
        setup.world.budgets[TOY_CONTACT] = &wrong[i].budget;
        assert_refused(&setup, NB_ERR_DATA, wrong[i].words);
    }
    set_up(&setup, &toy_nan, 0);
    setup.world.budgets[TOY_CONTACT] = &budgets[1];
    assert_refused(&setup, NB_ERR_NUMERIC, "policy toy_nan at point recognize in period 0: score");
    set_up(&setup, &toy_bidder, 0);
    setup.world.budgets[TOY_CONTACT] = &budgets[1];
    setup.world.no_wait = 1;
    assert_refused(&setup, NB_ERR_DATA, "default wait is not allowed for customer 0");
    setup.world.no_wait = 0;
    setup.world.forgetful = 1;
    assert_refused(&setup, NB_ERR_DATA, "point recognize: after the budget was shared out other");
    set_up(&setup, &toy_bidder, 1);
    setup.world.budgets[TOY_CONTACT] = &budgets[1];
    setup.world.hasty = 1;
    assert_refused(&setup, NB_ERR_DATA, "a batch of point thank came before");
    set_up(&setup, &toy_bidder, 0);
    setup.world.budgets[TOY_SHELF] = &budgets[0];
    toy_bind(&setup.strategy, setup.bindings, &toy_ranker, &email, TOY_SHELF, immediate);
    assert_refused(&setup, NB_ERR_UNSUPPORTED, "point shelf chooses slates");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_budget_serves_the_best_and_is_never_exceeded),
        cmocka_unit_test(test_loop_budget_above_need_changes_nothing),
        cmocka_unit_test(test_loop_budget_of_each_point_is_its_own),
        cmocka_unit_test(test_loop_budget_credit_records_what_was_played),
        cmocka_unit_test(test_loop_budget_of_an_unbound_point_is_left_alone),
        cmocka_unit_test(test_loop_budget_holds_in_burn_in_and_tail),
        cmocka_unit_test(test_loop_budget_does_not_allocate_once_it_is_warm),
        cmocka_unit_test(test_loop_budget_every_allocation_may_fail),
        cmocka_unit_test(test_loop_budget_names_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
