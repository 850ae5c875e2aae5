/* Every figure here is computed by hand from the rule in bench/credit.h, mostly with gamma 1/2. */
#include "bench/credit.h"
#include "tests/testlib.h"

enum { CONTACT, SHELF, N_CUSTOMERS = 4, MAX_SEEN = 4096, ARENA_BYTES = 1 << 20 };

static const char *const names[] = {"a", "b", "c", "d", "e"};
static const nb_point_t points[] = {
    {.name = "contact",
     .d = 2,
     .features = names,
     .n_actions = 3,
     .actions = names,
     .max_slate = 1},
    {.name = "shelf", .d = 1, .features = names, .n_actions = 5, .actions = names, .max_slate = 3},
};
static const nb_spec_t both_points = {.n_points = 2, .points = points, .gamma = 1.0};
static const nb_spec_t only_contact = {.n_points = 1, .points = points, .gamma = 1.0};

/* a transition as it came out */
typedef struct {
    unsigned point, slate;
    uint32_t customer;
    float mark; /* first feature, by which a test knows the decision again */
    int32_t action;
    double reward;
    float elapsed;
    unsigned signals;
    int item, next_point;
    float next_mark;
    int terminated, truncated;
} seen_t;

typedef struct {
    nb_credit_t credit;
    nb_arena_t arena;
    int period;
    size_t n_seen;
    seen_t seen[MAX_SEEN];
} bench_t;

static bench_t bench;

static void start(nb_credit_rule_t rule, int window, double gamma, const nb_spec_t *spec,
                  unsigned traits)
{
    nb_credit_spec_t credit = {.rule = rule, .window = window};

    nb_credit_free(&bench.credit);
    nb_arena_free(&bench.arena);
    assert_ok(nb_credit_init(&bench.credit, &credit, gamma, spec, traits));
    assert_ok(nb_arena_init(&bench.arena, nb_credit_scratch_size(&bench.credit)));
    bench.n_seen = 0;
}

static void begin(int period)
{
    bench.period = period;
    assert_ok(nb_credit_begin_period(&bench.credit, period));
    assert_ok(nb_credit_reserve(&bench.credit, N_CUSTOMERS));
}

static void keep(const nb_transitions_t *out)
{
    for (size_t i = 0; i < out->n; i++) {
        assert_true(bench.n_seen < MAX_SEEN);
        bench.seen[bench.n_seen++] = (seen_t){
            .point = out->point,
            .slate = out->slate,
            .customer = out->customer[i],
            .mark = out->x ? out->x[i * out->d] : -1.0f,
            .action = out->action[i * out->slate],
            .reward = out->reward[i],
            .elapsed = out->elapsed[i],
            .signals = out->signals[i],
            .item = out->item ? out->item[i] : -2,
            .next_point = out->next_point[i],
            .next_mark = out->next_x ? out->next_x[i * out->next_d] : -1.0f,
            .terminated = out->terminated[i],
            .truncated = out->truncated[i],
        };
    }
}

/* take everything that is fixed; how many transitions came */
static size_t take(void)
{
    nb_transitions_t out;
    double *reward;
    size_t before = bench.n_seen;

    do {
        size_t mark = nb_arena_mark(&bench.arena);

        nb_credit_take(&bench.credit, &bench.arena, &out, &reward);
        assert_true(out.n <= NB_BLOCK_ROWS);
        keep(&out);
        nb_arena_release(&bench.arena, mark);
    } while (out.n);
    return bench.n_seen - before;
}

static size_t end(void)
{
    nb_credit_end_period(&bench.credit);
    return take();
}

static void decide_slate(unsigned point, uint32_t customer, uint32_t journey, float mark,
                         int32_t *slate, unsigned n)
{
    float x[2] = {mark, 0.0f};
    uint64_t mask = 31;
    uint32_t luck = 100 + customer;
    nb_batch_t batch = {.point = point,
                        .period = bench.period,
                        .n = 1,
                        .d = points[point].d,
                        .x = x,
                        .n_actions = points[point].n_actions,
                        .mask_words = 1,
                        .mask = &mask,
                        .customer = &customer,
                        .luck = &luck,
                        .journey = &journey,
                        .slate = n};
    nb_choice_t choice = {.action = slate};

    assert_ok(nb_credit_record(&bench.credit, &batch, &choice));
}

static void decide(uint32_t customer, uint32_t journey, float mark)
{
    int32_t action = 1;

    decide_slate(CONTACT, customer, journey, mark, &action, 1);
}

static void book(nb_event_t event)
{
    nb_credit_book(&bench.credit, &event, 1);
}

static void pay(uint32_t customer, uint32_t journey, double money)
{
    book((nb_event_t){.customer = customer,
                      .journey = journey,
                      .money = money,
                      .kind = NB_EVENT_MONEY,
                      .cause = NB_CAUSE_SALE});
}

static void tell(uint32_t customer, uint32_t journey, uint16_t kind)
{
    book((nb_event_t){.customer = customer, .journey = journey, .kind = kind});
}

static void signal_seen(uint32_t customer, uint32_t journey, uint16_t signals)
{
    book((nb_event_t){
        .customer = customer, .journey = journey, .kind = NB_EVENT_SIGNAL, .signals = signals});
}

static void choose_item(uint32_t customer, uint32_t journey, int16_t item)
{
    book((nb_event_t){
        .customer = customer, .journey = journey, .kind = NB_EVENT_ITEM, .item = item});
}

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
    signal_seen(0, 6, NB_SIGNAL_RETURNED); /* that journey, whenever */
    signal_seen(0, 0, NB_SIGNAL_VISITED);
    assert_int_equal(end(), 3);
    begin(2);
    signal_seen(0, 0, NB_SIGNAL_BOUGHT); /* no decision in this period */
    assert_int_equal(end(), 1);
    assert_int_equal(bench.seen[0].signals, NB_SIGNAL_OPENED);
    assert_int_equal(bench.seen[1].signals, NB_SIGNAL_OPENED | NB_SIGNAL_RETURNED);
    assert_int_equal(bench.seen[2].signals, NB_SIGNAL_OPENED);
    assert_int_equal(bench.seen[3].signals, NB_SIGNAL_VISITED);
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

static int stop(void **state)
{
    (void)state;
    nb_credit_free(&bench.credit);
    nb_arena_free(&bench.arena);
    return 0;
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
        cmocka_unit_test(test_credit_signals_reach_the_decisions_they_are_about),
        cmocka_unit_test(test_credit_slate_policy_sees_the_slate_and_the_item),
        cmocka_unit_test(test_credit_slate_becomes_one_transition_per_item_for_the_others),
        cmocka_unit_test(test_credit_blocks_come_in_order_of_period_and_recording),
        cmocka_unit_test(test_credit_smdp_survives_compaction),
        cmocka_unit_test(test_credit_bad_rules_are_refused),
        cmocka_unit_test(test_credit_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, stop);
}
