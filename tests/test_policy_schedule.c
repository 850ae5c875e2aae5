/* fixed and schedule: who gets what, and when. */
#include "tests/fixture_policy.h"

static void choose(const fixture_t *fixture, const nb_batch_t *batch)
{
    nb_choice_t out = {fixture->action, NULL};

    assert_ok(fixture->type->choose(fixture->state, batch, &out));
}

/* all actions allowed to everybody */
static nb_batch_t open_batch(fixture_t *fixture, unsigned point, size_t n)
{
    nb_batch_t batch = fixture_batch(fixture, point, n, 1);

    batch.x = NULL;
    for (size_t i = 0; i < n; i++) {
        for (unsigned k = 0; k < batch.n_actions; k++) {
            fixture->mask[i * batch.mask_words + k / 64] |= (uint64_t)1 << k % 64;
        }
    }
    return batch;
}

/* how often each of 1,000 customers got action 2 in `n_periods` periods from `first`; contacts of
 * the fullest period into *fullest */
static void count_contacts(fixture_t *fixture, int32_t first, int n_periods, int *counts,
                           int *fullest)
{
    nb_batch_t batch = open_batch(fixture, NARROW, 1000);

    memset(counts, 0, 1000 * sizeof *counts);
    *fullest = 0;
    for (batch.period = first; batch.period < first + n_periods; batch.period++) {
        int now = 0;

        choose(fixture, &batch);
        for (size_t i = 0; i < batch.n; i++) {
            assert_true(fixture->action[i] == 2 || fixture->action[i] == 0);
            counts[i] += fixture->action[i] == 2;
            now += fixture->action[i] == 2;
        }
        *fullest = now > *fullest ? now : *fullest;
    }
}

/* staggered: everybody once in n periods, and 1,000 customers over 4 periods are binomial(1000,
 * 1/4) each: beyond 5 sd (318) once in a million */
static void test_schedule_staggers_customers_evenly(void **state)
{
    fixture_t fixture;
    int counts[1000], fullest;

    (void)state;
    assert_ok(fixture_start(&fixture, "schedule", "{action: a2, every: 4}"));
    for (int32_t first = -6; first <= 50; first += 7) {
        count_contacts(&fixture, first, 8, counts, &fullest);
        for (int i = 0; i < 1000; i++) {
            assert_int_equal(counts[i], 2);
        }
        assert_in_range(fullest, 250, 318);
    }
    fixture_free(&fixture);
}

static void test_schedule_in_the_same_phase_contacts_all_at_once(void **state)
{
    fixture_t fixture;
    int counts[1000], fullest;

    (void)state;
    assert_ok(fixture_start(&fixture, "schedule", "{action: a2, every: 4, phase: same}"));
    count_contacts(&fixture, 4, 1, counts, &fullest);
    assert_int_equal(fullest, 1000);
    count_contacts(&fixture, -4, 1, counts, &fullest);
    assert_int_equal(fullest, 1000);
    count_contacts(&fixture, 5, 3, counts, &fullest);
    assert_int_equal(fullest, 0);
    fixture_free(&fixture);
}

/* weeks become periods: every 4 weeks is every 2 periods of 2 weeks, and 28 of a day */
static void test_schedule_counts_in_weeks(void **state)
{
    static const struct {
        double period_weeks;
        int periods;
    } cases[] = {{1.0, 4}, {2.0, 2}, {13.0, 1}, {1.0 / 7.0, 28}};

    (void)state;
    for (int c = 0; c < 4; c++) {
        fixture_t fixture;
        int counts[1000], fullest;

        assert_ok(fixture_start(&fixture, "schedule", "{action: a2, every: 4}"));
        fixture.spec.period_weeks = cases[c].period_weeks;
        assert_ok(fixture.type->init(fixture.state, &fixture.spec, fixture.settings));
        count_contacts(&fixture, 3, 3 * cases[c].periods, counts, &fullest);
        for (int i = 0; i < 1000; i++) {
            assert_int_equal(counts[i], 3);
        }
        fixture_free(&fixture);
    }
}

/* MurmurHash3's finalizer of 0 .. 15, modulo 4: results of every experiment hang on these phases */
static void test_schedule_phases_stay_as_they_are(void **state)
{
    static const int shift[16] = {0, 3, 2, 3, 1, 1, 0, 0, 3, 3, 0, 0, 3, 2, 1, 1};
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "schedule", "{action: a2, every: 4}"));
    nb_batch_t batch = open_batch(&fixture, NARROW, 16);

    for (batch.period = 0; batch.period < 8; batch.period++) {
        choose(&fixture, &batch);
        for (int i = 0; i < 16; i++) {
            assert_int_equal(fixture.action[i] == 2, (batch.period + shift[i]) % 4 == 0);
        }
    }
    fixture_free(&fixture);
}

/* the periods of tenure 0 .. 59 in which a policy acts, all others being the default */
static void check_window(const char *name, const char *yaml, double period_weeks, int from,
                         int until)
{
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, name, yaml));
    fixture.spec.period_weeks = period_weeks;
    assert_ok(fixture.type->init(fixture.state, &fixture.spec, fixture.settings));
    nb_batch_t batch = open_batch(&fixture, NARROW, 60);
    double p[60 * 6];

    for (int i = 0; i < 60; i++) {
        fixture.tenure[i] = i;
    }
    choose(&fixture, &batch);
    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (int i = 0; i < 60; i++) {
        int acts = i >= from && i < until;

        assert_int_equal(fixture.action[i], acts ? 2 : 0);
        assert_close(p[i * 6 + 2], acts, 0, 0);
    }
    fixture_free(&fixture);
}

static void test_schedule_and_fixed_act_in_a_window_of_tenure(void **state)
{
    static const struct {
        const char *window;
        double period_weeks;
        int from, until;
    } cases[] = {
        {"", 1, 0, 60},
        {", from_weeks: 0, until_weeks: 0", 1, 0, 60},
        {", until_weeks: 13", 1, 0, 13},
        {", until_weeks: 1", 1, 0, 1},
        {", from_weeks: 26", 1, 26, 60},
        {", from_weeks: 4, until_weeks: 8", 1, 4, 8},
        {", until_weeks: 13", 4, 0, 4}, /* the fourth period begins in week 12 */
        {", from_weeks: 2, until_weeks: 8", 4, 1, 2},
        {", from_weeks: 2, until_weeks: 5", 1.0 / 7.0, 14, 35},
        {", from_weeks: 2, until_weeks: 5", 0.142857, 14, 35}, /* 14.000014 periods */
    };
    char yaml[128];

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        snprintf(yaml, sizeof yaml, "{action: a2, every: 1%s}", cases[c].window);
        if (cases[c].period_weeks >= 1) { /* else every week is not every period */
            check_window("schedule", yaml, cases[c].period_weeks, cases[c].from, cases[c].until);
        }
        snprintf(yaml, sizeof yaml, "{action: a2%s}", cases[c].window);
        check_window("fixed", yaml, cases[c].period_weeks, cases[c].from, cases[c].until);
    }
}

static void test_schedule_and_fixed_refuse_an_empty_window(void **state)
{
    static const char *const names[] = {"schedule", "fixed"};
    fixture_t fixture;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_fails(
            fixture_start(&fixture, names[i], "{action: a1, from_weeks: 4, until_weeks: 4}"),
            NB_ERR_CONFIG, "between `from_weeks` 4 and `until_weeks` 4");
        fixture_free(&fixture);
        assert_fails(fixture_start(&fixture, names[i], "{action: a1, from_weeks: -1}"),
                     NB_ERR_RANGE, "from_weeks");
        fixture_free(&fixture);
    }
}

static void test_schedule_without_action_is_refused(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_fails(fixture_start(&fixture, "schedule", "{every: 2}"), NB_ERR_CONFIG, "`action`");
    fixture_free(&fixture);
    assert_fails(fixture_start(&fixture, "schedule", "{action: a1, every: 0}"), NB_ERR_RANGE,
                 "every");
    fixture_free(&fixture);
}

static void test_fixed_plays_the_first_allowed_of_a_list(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "fixed", "{action: [a4, a2]}"));
    nb_batch_t batch = open_batch(&fixture, NARROW, 4);

    fixture.mask[1] = 0x2f;
    fixture.mask[2] = 0x2b;
    fixture.mask[3] = 0x28;
    choose(&fixture, &batch);
    assert_int_equal(fixture.action[0], 4);
    assert_int_equal(fixture.action[1], 2);
    assert_int_equal(fixture.action[2], 0);
    assert_int_equal(fixture.action[3], 3);
    fixture_free(&fixture);
}

static void test_fixed_without_action_plays_the_unbound_play(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "fixed", NULL));
    fixture.points[NARROW].default_action = 3;
    assert_ok(fixture.type->init(fixture.state, &fixture.spec, fixture.settings));
    nb_batch_t batch = open_batch(&fixture, NARROW, 2);

    choose(&fixture, &batch);
    assert_int_equal(fixture.action[0], 3);
    assert_int_equal(fixture.action[1], 3);
    fixture_free(&fixture);
}

/* a slate takes the list in order and is filled by the firm's own ranking */
static void test_fixed_fills_a_slate(void **state)
{
    fixture_t fixture;
    float prior[2 * MAX_ACTIONS] = {[8] = 3.0f, [9] = 2.0f, [66] = 9.0f, [MAX_ACTIONS + 1] = 1.0f};

    (void)state;
    assert_ok(fixture_start(&fixture, "fixed", "{action: [a66, a3]}"));
    nb_batch_t batch = open_batch(&fixture, WIDE, 2);

    batch.prior_score = prior;
    choose(&fixture, &batch);
    assert_int_equal(fixture.action[0], 66);
    assert_int_equal(fixture.action[1], 3);
    assert_int_equal(fixture.action[2], 8);
    assert_int_equal(fixture.action[3], 9);
    assert_int_equal(fixture.action[6], 1);
    batch.prior_score = NULL;
    choose(&fixture, &batch);
    assert_int_equal(fixture.action[2], 0);
    assert_int_equal(fixture.action[3], 1);
    fixture_free(&fixture);
}

static void test_fixed_names_what_is_wrong_with_an_action(void **state)
{
    static const struct {
        const char *yaml, *words;
    } wrong[] = {
        {"{action: a6666}", "test.yaml:1:"},    {"{action: [a1, b1]}", "did you mean"},
        {"{action: [a1, a1]}", "twice"},        {"{action: []}", "at least one"},
        {"{action: {a1: 2}}", "list of names"}, {"{acton: a1}", "action"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fixture_t fixture;

        assert_fails(fixture_start(&fixture, "fixed", wrong[i].yaml), NB_ERR_CONFIG,
                     wrong[i].words);
        fixture_free(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_staggers_customers_evenly),
        cmocka_unit_test(test_schedule_in_the_same_phase_contacts_all_at_once),
        cmocka_unit_test(test_schedule_counts_in_weeks),
        cmocka_unit_test(test_schedule_phases_stay_as_they_are),
        cmocka_unit_test(test_schedule_and_fixed_act_in_a_window_of_tenure),
        cmocka_unit_test(test_schedule_and_fixed_refuse_an_empty_window),
        cmocka_unit_test(test_schedule_without_action_is_refused),
        cmocka_unit_test(test_fixed_plays_the_first_allowed_of_a_list),
        cmocka_unit_test(test_fixed_without_action_plays_the_unbound_play),
        cmocka_unit_test(test_fixed_fills_a_slate),
        cmocka_unit_test(test_fixed_names_what_is_wrong_with_an_action),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
