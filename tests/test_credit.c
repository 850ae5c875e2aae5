/* Every figure here is computed by hand from the rules in bench/credit.h, with gamma 1/2. */
#include "tests/credit_bench.h"

static void test_credit_immediate_is_the_money_of_the_period(void **state)
{
    (void)state;
    start(NB_CREDIT_IMMEDIATE, 0, 0.5, &only_contact, NB_TRAIT_CONTEXTUAL);
    begin(0);
    pay(0, 0, -0.25); /* before the decision, the same period */
    decide(0, 0, 1.0f);
    pay(0, 0, 3.0);
    pay(1, 0, 50.0); /* another customer */
    decide(0, 7, 2.0f);
    pay(0, 7, 1.0);
    book((nb_event_t){.customer = 0, .money = 9.0, .cause = NB_CAUSE_REGRET});
    assert_int_equal(end(), 2);
    begin(1);
    decide(0, 0, 3.0f);
    pay(0, 0, 8.0);
    assert_int_equal(end(), 1);
    assert_close(bench.seen[0].reward, 3.75, 0, 0);
    assert_close(bench.seen[1].reward, 3.75, 0, 0);
    assert_close(bench.seen[2].reward, 8.0, 0, 0);
    assert_true(bench.seen[0].mark == 1.0f && bench.seen[1].mark == 2.0f);
    assert_true(bench.seen[0].elapsed == 0.0f && bench.seen[0].next_point == -1);
    assert_int_equal(bench.seen[0].item, -2); /* no slates at this point */
}

static void test_credit_window_discounts_and_takes_returns_off_later(void **state)
{
    (void)state;
    start(NB_CREDIT_WINDOW, 3, 0.5, &only_contact, NB_TRAIT_CONTEXTUAL);
    begin(0);
    decide(0, 0, 0.0f);
    pay(0, 5, 8.0);
    assert_int_equal(end(), 0);
    begin(1);
    decide(0, 0, 1.0f);
    pay(0, 0, 4.0);
    assert_int_equal(end(), 0);
    begin(2);
    decide(0, 0, 2.0f);
    pay(0, 5, -12.0); /* the order of period 0 comes back */
    assert_int_equal(end(), 1);
    begin(3);
    pay(0, 0, 16.0);
    assert_int_equal(end(), 1);
    begin(4);
    assert_int_equal(end(), 1);
    assert_close(bench.seen[0].reward, 8.0 + 4.0 / 2 - 12.0 / 4, 0, 0);
    assert_close(bench.seen[1].reward, 4.0 - 12.0 / 2 + 16.0 / 4, 0, 0);
    assert_close(bench.seen[2].reward, -12.0 + 16.0 / 2, 0, 0);
    assert_true(bench.seen[0].elapsed == 2.0f);
}

static void test_credit_window_is_not_fixed_earlier_where_the_customer_left(void **state)
{
    (void)state;
    start(NB_CREDIT_WINDOW, 3, 0.5, &only_contact, NB_TRAIT_CONTEXTUAL);
    begin(0);
    decide(0, 0, 0.0f);
    decide(1, 0, 1.0f);
    pay(0, 0, 2.0);
    tell(0, 0, NB_EVENT_LEFT);
    assert_int_equal(end(), 0);
    begin(1);
    pay(0, 0, -1.0); /* a refund after she left */
    assert_int_equal(end(), 0);
    begin(2);
    assert_int_equal(end(), 2);
    assert_close(bench.seen[0].reward, 1.5, 0, 0);
    assert_int_equal(bench.seen[0].terminated, 1);
    assert_int_equal(bench.seen[1].terminated, 0);
    assert_int_equal(bench.seen[0].truncated, 0);
}

static void test_credit_window_beyond_the_horizon_is_dropped(void **state)
{
    (void)state;
    start(NB_CREDIT_WINDOW, 2, 0.5, &only_contact, NB_TRAIT_CONTEXTUAL);
    begin(0);
    decide(0, 0, 0.0f);
    assert_int_equal(end(), 0);
    begin(1);
    decide(0, 0, 1.0f);
    nb_credit_end_period(&bench.credit);
    nb_credit_end_horizon(&bench.credit);
    assert_int_equal(take(), 1);
    assert_true(bench.seen[0].mark == 0.0f);
}

static void test_credit_periods_may_start_below_zero(void **state)
{
    (void)state;
    start(NB_CREDIT_WINDOW, 2, 0.5, &only_contact, NB_TRAIT_CONTEXTUAL);
    begin(-2);
    decide(0, 0, 0.0f);
    pay(0, 0, 1.0);
    assert_int_equal(end(), 0);
    begin(-1);
    pay(0, 0, 6.0);
    assert_int_equal(end(), 1);
    assert_close(bench.seen[0].reward, 4.0, 0, 0);
}

/* the running sum of 200 periods at gamma 1/2 would have lost every digit of the later ones */
static void test_credit_window_keeps_its_digits_at_small_gamma(void **state)
{
    (void)state;
    start(NB_CREDIT_WINDOW, 4, 0.5, &only_contact, NB_TRAIT_CONTEXTUAL);
    for (int t = 0; t < 200; t++) {
        begin(t);
        decide(0, 0, (float)t);
        pay(0, 0, 1.0 + t % 3);
        assert_int_equal(end(), t >= 3);
    }
    for (int k = 0; k < 197; k++) {
        double expected = 0.0;

        for (int s = 0; s < 4; s++) {
            expected += (1.0 + (k + s) % 3) / (1 << s);
        }
        assert_true(bench.seen[k].mark == (float)k);
        assert_close(bench.seen[k].reward, expected, 1e-12, 0);
    }
}

static void test_credit_lifetime_is_fixed_at_the_horizon(void **state)
{
    (void)state;
    start(NB_CREDIT_LIFETIME, 0, 0.5, &only_contact, NB_TRAIT_CONTEXTUAL);
    begin(0);
    decide(0, 0, 0.0f);
    decide(1, 0, 1.0f);
    pay(0, 0, 2.0);
    pay(1, 0, 5.0);
    tell(1, 0, NB_EVENT_LEFT);
    assert_int_equal(end(), 0);
    begin(1);
    assert_int_equal(end(), 0);
    begin(2);
    decide(0, 0, 2.0f);
    pay(0, 0, 8.0);
    nb_credit_end_period(&bench.credit);
    nb_credit_end_horizon(&bench.credit);
    assert_int_equal(take(), 3);
    assert_close(bench.seen[0].reward, 2.0 + 8.0 / 4, 0, 0);
    assert_close(bench.seen[1].reward, 5.0, 0, 0);
    assert_close(bench.seen[2].reward, 8.0, 0, 0);
    assert_true(bench.seen[0].truncated == 1 && bench.seen[0].terminated == 0);
    assert_true(bench.seen[1].truncated == 0 && bench.seen[1].terminated == 1);
    assert_true(bench.seen[0].elapsed == 2.0f);
}

static void test_credit_journey_waits_for_the_return_window(void **state)
{
    (void)state;
    start(NB_CREDIT_JOURNEY, 0, 0.5, &only_contact, NB_TRAIT_CONTEXTUAL);
    begin(0);
    pay(0, 1, 100.0); /* of the journey, but before the decision */
    decide(0, 1, 0.0f);
    pay(0, 1, 8.0);
    decide(0, 1, 1.0f); /* a later decision of the journey: what follows is hers too */
    pay(0, 1, 2.0);
    pay(0, 2, 50.0); /* another journey */
    decide(0, 0, 2.0f);
    assert_int_equal(end(), 1); /* the one without a journey, as immediate */
    begin(1);
    decide(0, 2, 3.0f);
    pay(0, 2, 6.0);
    tell(0, 2, NB_EVENT_JOURNEY_END);
    assert_int_equal(end(), 1);
    begin(2);
    pay(0, 1, -4.0);
    tell(0, 1, NB_EVENT_JOURNEY_END);
    assert_int_equal(end(), 2);
    assert_true(bench.seen[0].mark == 2.0f && bench.seen[1].mark == 3.0f);
    assert_close(bench.seen[0].reward, 160.0, 0, 0);
    assert_close(bench.seen[1].reward, 6.0, 0, 0);
    assert_close(bench.seen[2].reward, 8.0 + 2.0 - 4.0 / 4, 0, 0);
    assert_close(bench.seen[3].reward, 2.0 - 4.0 / 4, 0, 0);
    assert_true(bench.seen[2].mark == 0.0f && bench.seen[2].elapsed == 2.0f);
}

static void test_credit_smdp_sums_until_the_next_own_decision(void **state)
{
    (void)state;
    start(NB_CREDIT_SMDP, 0, 0.5, &both_points, NB_TRAIT_CONTEXTUAL | NB_TRAIT_SLATE);
    begin(0);
    pay(0, 0, 100.0); /* before the decision: no part of its target */
    decide(0, 0, 1.0f);
    pay(0, 0, 3.0);
    decide_slate(SHELF, 0, 4, 2.0f, (int32_t[]){4, 0, 2}, 3); /* the same period */
    pay(0, 4, 5.0);
    assert_int_equal(end(), 1);
    begin(1);
    pay(0, 4, -4.0);
    assert_int_equal(end(), 0);
    begin(2);
    pay(0, 0, 8.0);
    decide(0, 0, 3.0f);
    pay(0, 0, 1.0);
    assert_int_equal(end(), 1);
    assert_true(bench.seen[0].mark == 1.0f && bench.seen[0].elapsed == 0.0f);
    assert_close(bench.seen[0].reward, 3.0, 0, 0);
    assert_int_equal(bench.seen[0].next_point, SHELF);
    assert_true(bench.seen[0].next_mark == 2.0f);
    assert_true(bench.seen[1].mark == 2.0f && bench.seen[1].elapsed == 2.0f);
    assert_close(bench.seen[1].reward, 5.0 - 4.0 / 2 + 8.0 / 4, 0, 0);
    assert_int_equal(bench.seen[1].next_point, CONTACT);
    assert_true(bench.seen[1].next_mark == 3.0f);
    assert_int_equal(bench.seen[1].slate, 3);
    assert_int_equal(bench.seen[1].terminated + bench.seen[1].truncated, 0);
}

static void test_credit_smdp_ends_where_the_customer_leaves_is_dropped_or_the_run_ends(void **state)
{
    (void)state;
    start(NB_CREDIT_SMDP, 0, 0.5, &only_contact, NB_TRAIT_CONTEXTUAL);
    begin(0);
    for (uint32_t customer = 0; customer < 3; customer++) {
        decide(customer, 0, (float)customer);
        pay(customer, 0, 1.0);
    }
    assert_int_equal(end(), 0);
    begin(1);
    pay(0, 0, 4.0);
    tell(0, 0, NB_EVENT_LEFT);
    pay(0, 0, 64.0);
    tell(1, 0, NB_EVENT_DROPPED);
    assert_int_equal(end(), 2);
    begin(2);
    pay(2, 0, 8.0);
    nb_credit_end_period(&bench.credit);
    nb_credit_end_horizon(&bench.credit);
    assert_int_equal(take(), 1);
    assert_close(bench.seen[0].reward, 3.0, 0, 0);
    assert_close(bench.seen[1].reward, 1.0, 0, 0);
    assert_close(bench.seen[2].reward, 3.0, 0, 0);
    assert_true(bench.seen[0].terminated == 1 && bench.seen[0].truncated == 0);
    assert_true(bench.seen[1].terminated == 0 && bench.seen[1].truncated == 1);
    assert_true(bench.seen[2].terminated == 0 && bench.seen[2].truncated == 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bench.seen[i].next_point, -1);
    }
}

static void test_credit_bad_rules_are_refused(void **state)
{
    nb_credit_spec_t rule = {.rule = NB_CREDIT_WINDOW, .window = 0};
    nb_credit_t credit;

    (void)state;
    assert_fails(nb_credit_init(&credit, &rule, 0.5, &only_contact, 0), NB_ERR_RANGE, "window(0)");
    rule.window = 1;
    assert_fails(nb_credit_init(&credit, &rule, 1.5, &only_contact, 0), NB_ERR_RANGE, "1.5");
    nb_credit_free(&credit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credit_immediate_is_the_money_of_the_period),
        cmocka_unit_test(test_credit_window_discounts_and_takes_returns_off_later),
        cmocka_unit_test(test_credit_window_is_not_fixed_earlier_where_the_customer_left),
        cmocka_unit_test(test_credit_window_beyond_the_horizon_is_dropped),
        cmocka_unit_test(test_credit_periods_may_start_below_zero),
        cmocka_unit_test(test_credit_window_keeps_its_digits_at_small_gamma),
        cmocka_unit_test(test_credit_lifetime_is_fixed_at_the_horizon),
        cmocka_unit_test(test_credit_journey_waits_for_the_return_window),
        cmocka_unit_test(test_credit_smdp_sums_until_the_next_own_decision),
        cmocka_unit_test(
            test_credit_smdp_ends_where_the_customer_leaves_is_dropped_or_the_run_ends),
        cmocka_unit_test(test_credit_bad_rules_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, stop);
}
