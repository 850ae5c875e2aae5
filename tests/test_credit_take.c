/* What transitions carry beside their reward, and that none is lost on the way. */
#include "tests/credit_bench.h"

static void test_credit_signals_reach_the_decisions_they_are_about(void **state)
{
    (void)state;
    start(NB_CREDIT_WINDOW, 2, 0.5, &only_contact, NB_TRAIT_CONTEXTUAL);
    begin(0);
    decide(0, 0, 0.0f);
    decide(0, 6, 1.0f);
    decide(0, 7, 2.0f);
    signal_seen(0, 0, NB_SIGNAL_OPENED); /* all of this period */
    assert_int_equal(end(), 0);
    begin(1);
    decide(0, 0, 3.0f);
    signal_seen(0, 6, NB_SIGNAL_RETURNED); /* that journey, whenever; and what has none */
    signal_seen(0, 0, NB_SIGNAL_VISITED);
    assert_int_equal(end(), 3);
    begin(2);
    signal_seen(0, 0, NB_SIGNAL_BOUGHT); /* no decision in this period */
    assert_int_equal(end(), 1);
    assert_int_equal(bench.seen[0].signals, NB_SIGNAL_OPENED | NB_SIGNAL_RETURNED);
    assert_int_equal(bench.seen[1].signals, NB_SIGNAL_OPENED | NB_SIGNAL_RETURNED);
    assert_int_equal(bench.seen[2].signals, NB_SIGNAL_OPENED);
    assert_int_equal(bench.seen[3].signals, NB_SIGNAL_VISITED | NB_SIGNAL_RETURNED);
}

/* under every rule a contact of this period learns of a visit that it led to, and under none one
 * whose outcome is fixed */
static void test_credit_contacts_learn_of_visits(void **state)
{
    static const nb_credit_rule_t rules[] = {NB_CREDIT_IMMEDIATE, NB_CREDIT_JOURNEY,
                                             NB_CREDIT_WINDOW, NB_CREDIT_SMDP};

    (void)state;
    for (int r = 0; r < 4; r++) {
        start(rules[r], 1, 1.0, &only_contact,
              rules[r] == NB_CREDIT_SMDP ? NB_TRAIT_SEQUENTIAL : NB_TRAIT_CONTEXTUAL);
        begin(0);
        decide(0, 0, 0.0f);
        end();
        begin(1);
        decide(0, 0, 1.0f);
        signal_seen(0, 9, NB_SIGNAL_VISITED);
        signal_seen(1, 9, NB_SIGNAL_BOUGHT);
        end();
        begin(2);
        decide(0, 0, 2.0f);
        end();
        assert_true(bench.n_seen >= 2);
        assert_int_equal(bench.seen[0].signals, 0);
        assert_int_equal(bench.seen[1].signals, NB_SIGNAL_VISITED);
        stop(NULL);
    }
}

static void test_credit_slate_policy_sees_the_slate_and_the_item(void **state)
{
    (void)state;
    start(NB_CREDIT_IMMEDIATE, 0, 1.0, &both_points, NB_TRAIT_CONTEXTUAL | NB_TRAIT_SLATE);
    begin(0);
    decide(0, 3, 0.0f);
    decide_slate(SHELF, 0, 3, 1.0f, (int32_t[]){4, 0, 2}, 3);
    choose_item(0, 3, 2);
    pay(0, 3, 7.0);
    assert_int_equal(end(), 2);
    assert_int_equal(bench.seen[0].item, -2);
    assert_int_equal(bench.seen[1].item, 2);
    assert_int_equal(bench.seen[1].slate, 3);
    assert_int_equal(bench.seen[1].action, 4);
    assert_close(bench.seen[1].reward, 7.0, 0, 0);
}

static void test_credit_slate_becomes_one_transition_per_item_for_the_others(void **state)
{
    const double rewards[] = {0.0, 7.0, 0.0, 0.0, 0.0};
    const int actions[] = {4, 2, 0, 1, 3};

    (void)state;
    start(NB_CREDIT_IMMEDIATE, 0, 1.0, &both_points, 0);
    begin(0);
    decide_slate(SHELF, 0, 3, 1.0f, (int32_t[]){4, 2, 0}, 3);
    choose_item(0, 3, 2);
    pay(0, 3, 7.0);
    decide_slate(SHELF, 1, 3, 1.0f, (int32_t[]){1, 3}, 2); /* a shorter one, nothing chosen */
    pay(1, 3, -1.0);
    assert_int_equal(end(), 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(bench.seen[i].slate, 1);
        assert_int_equal(bench.seen[i].action, actions[i]);
        assert_close(bench.seen[i].reward, rewards[i], 0, 0);
        assert_true(bench.seen[i].mark == -1.0f); /* not contextual: no x is kept */
    }
}

/* more rows than a block and than the first table, in and out for many periods */
static void test_credit_blocks_come_in_order_of_period_and_recording(void **state)
{
    enum { ROWS = 700, PERIODS = 9 };
    size_t expected = 0;

    (void)state;
    start(NB_CREDIT_WINDOW, 4, 1.0, &only_contact, NB_TRAIT_CONTEXTUAL);
    for (int t = 0; t < PERIODS; t++) {
        begin(t);
        for (int i = 0; i < ROWS; i++) {
            decide((uint32_t)i % N_CUSTOMERS, 0, (float)(t * ROWS + i));
        }
        pay(0, 0, 1.0);
        bench.n_seen = 0;
        assert_int_equal(end(), t < 3 ? 0 : ROWS);
        for (size_t i = 0; i < bench.n_seen; i++) {
            assert_true(bench.seen[i].mark == (float)expected++);
            assert_close(bench.seen[i].reward, bench.seen[i].customer ? 0.0 : 4.0, 0, 0);
        }
    }
    assert_int_equal(expected, ROWS * (PERIODS - 3));
}

/* taking gone rows out must not lose the way from customers to their open rows */
static void test_credit_smdp_survives_compaction(void **state)
{
    size_t n = 0;

    (void)state;
    start(NB_CREDIT_SMDP, 0, 1.0, &only_contact, NB_TRAIT_CONTEXTUAL);
    for (int t = 0; t < 50; t++) {
        begin(t);
        if (t == 0) {
            decide(3, 0, 1000.0f); /* waits, and must stay while others pass */
        }
        decide(0, 0, (float)t);
        pay(0, 0, (double)t);
        pay(3, 0, 1.0);
        n += end();
    }
    begin(50);
    decide(3, 0, 1001.0f);
    n += end();
    assert_int_equal(n, 50);
    for (int t = 0; t < 49; t++) {
        assert_close(bench.seen[t].reward, t, 0, 0);
        assert_true(bench.seen[t].next_mark == (float)(t + 1));
    }
    assert_close(bench.seen[49].reward, 50.0, 0, 0);
    assert_true(bench.seen[49].mark == 1000.0f && bench.seen[49].next_mark == 1001.0f);
    assert_true(bench.credit.pending.n < 8);
}

static int record_once(void)
{
    NB_TRY(nb_credit_begin_period(&bench.credit, 0));
    NB_TRY(nb_credit_reserve(&bench.credit, N_CUSTOMERS));
    return nb_pending_reserve(&bench.credit.pending, 1);
}

static void test_credit_every_allocation_may_fail(void **state)
{
    int code = NB_ERR_MEMORY, n = 0;

    (void)state;
    while (code == NB_ERR_MEMORY) {
        start(NB_CREDIT_WINDOW, 2, 0.5, &only_contact, NB_TRAIT_CONTEXTUAL);
        nb_alloc_fail_at((uint64_t)++n);
        code = record_once();
        nb_alloc_fail_at(0);
    }
    assert_ok(code);
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credit_signals_reach_the_decisions_they_are_about),
        cmocka_unit_test(test_credit_contacts_learn_of_visits),
        cmocka_unit_test(test_credit_slate_policy_sees_the_slate_and_the_item),
        cmocka_unit_test(test_credit_slate_becomes_one_transition_per_item_for_the_others),
        cmocka_unit_test(test_credit_blocks_come_in_order_of_period_and_recording),
        cmocka_unit_test(test_credit_smdp_survives_compaction),
        cmocka_unit_test(test_credit_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, stop);
}
