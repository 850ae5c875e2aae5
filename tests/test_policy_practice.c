/* rfm_table, btyd_priority and risk_target against tables made by hand. */
#include "tests/practice_rows.h"

/* what one customer gets in the periods 0 .. n-1: how often action k was played */
static void count_actions(fixture_t *fixture, practice_row_t row, int n, int counts[6])
{
    nb_batch_t batch = practice_batch(fixture, 1);

    memset(counts, 0, 6 * sizeof *counts);
    practice_write(fixture, 0, row);
    for (batch.period = 0; batch.period < n; batch.period++) {
        practice_choose(fixture, &batch);
        assert_close(fixture->propensity[0], 1.0, 0, 0);
        counts[fixture->action[0]]++;
    }
}

/* customers in the middle of every cell under the default bounds */
static practice_row_t row_of_cell(int cell)
{
    static const double recency[] = {60, 20, 3}, frequency[] = {0, 2, 9}, money[] = {20, 40, 80};

    return (practice_row_t){100, recency[cell / 9], frequency[cell / 3 % 3], money[cell % 3], 0.5};
}

/* how often `action` comes in 16 weeks, cells 111, 112, 113, 121, ... 333 */
static void check_cells(const char *yaml, int action, const int expected[27])
{
    fixture_t fixture;

    assert_ok(practice_start(&fixture, "rfm_table", yaml));
    for (int c = 0; c < 27; c++) {
        int counts[6];

        count_actions(&fixture, row_of_cell(c), 16, counts);
        if (counts[action] != expected[c]) {
            fail_msg("%s: cell %d%d%d gets action %d %d times, expected %d", yaml, c / 9 + 1,
                     c / 3 % 3 + 1, c % 3 + 1, action, counts[action], expected[c]);
        }
    }
    fixture_free(&fixture);
}

static void test_rfm_table_contacts_the_usual_segments(void **state)
{
    static const int every_4[27] = {0, 0, 2, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4,
                                    4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4};
    static const int every_2[27] = {0, 0, 4, 4, 4, 4, 4, 4, 4, 8, 8, 8, 8, 8,
                                    8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8};

    (void)state;
    check_cells("{action: a1}", 1, every_4);
    check_cells("{action: a1, every: 2}", 1, every_2);
}

/* the pattern with most scores counts; what no pattern fits is left alone */
static void test_rfm_table_plays_the_cells_of_its_table(void **state)
{
    static const char yaml[] =
        "{action: a1, every: 8, cells: {33x: 2, 3xx: 4, 333: a2, 2xx: [a3, a4], "
        "21x: {action: a2, every: 4}, 11x: never, 1xx: {action: a2}}}";
    static const int first[27] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                  0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 8, 8, 0};
    static const int second[27] = {0, 0, 0, 2, 2, 2, 2, 2, 2, 4, 4, 4, 0, 0,
                                   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
    static const int third[27] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2,
                                  2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    (void)state;
    check_cells(yaml, 1, first);
    check_cells(yaml, 2, second);
    check_cells(yaml, 3, third);
}

/* who equals a bound has the better score, exactly: whole weeks, orders, money */
static void test_rfm_table_scores_what_equals_a_bound(void **state)
{
    static const char names[] = "{recency: {score_3: 8, score_2: 26}, frequency: {score_3: 4, "
                                "score_2: 1}, monetary: {score_3: 50, score_2: 30}, "
                                "cells: {%s: {action: a1, every: 1}}}";
    static const struct {
        const char *cell;
        practice_row_t in, out;
    } cases[] = {
        {"3xx", {90, 8, 0, 0, 0}, {90, 9, 0, 0, 0}},
        {"2xx", {90, 26, 0, 0, 0}, {90, 27, 0, 0, 0}},
        {"2xx", {90, 9, 0, 0, 0}, {90, 8, 0, 0, 0}},
        {"x3x", {90, 0, 4, 0, 0}, {90, 0, 3, 0, 0}},
        {"x2x", {90, 0, 1, 0, 0}, {90, 0, 0, 0, 0}},
        {"xx3", {90, 0, 0, 50, 0}, {90, 0, 0, 49.9, 0}},
        {"xx2", {90, 0, 0, 30, 0}, {90, 0, 0, 50, 0}},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fixture_t fixture;
        char yaml[256];
        int counts[6];

        snprintf(yaml, sizeof yaml, names, cases[c].cell);
        assert_ok(practice_start(&fixture, "rfm_table", yaml));
        count_actions(&fixture, cases[c].in, 1, counts);
        assert_int_equal(counts[1], 1);
        count_actions(&fixture, cases[c].out, 1, counts);
        assert_int_equal(counts[0], 1);
        fixture_free(&fixture);
    }
}

/* every bound and every name of a feature changes what is said of one customer */
static void test_rfm_table_each_setting_changes_its_answer(void **state)
{
    static const practice_row_t row = {100, 20, 2, 40, 0.5}; /* cell 222 */
    static const struct {
        const char *set;
        int counts_1;
    } cases[] = {
        {"every: 1", 8},
        {"recency: {score_3: 20}, every: 1", 0},
        {"recency: {score_2: 19}, every: 1", 0},
        {"frequency: {score_3: 2}, every: 1", 0},
        {"frequency: {score_2: 2.5}, every: 1", 0},
        {"monetary: {score_3: 40}, every: 1", 0},
        {"monetary: {score_2: 41}, every: 1", 0},
        {"recency: {feature: tenure}, every: 1", 0},
        {"frequency: {feature: p_alive}, every: 1", 0},
        {"monetary: {feature: tenure}, every: 1", 0},
        {"every: 4", 2},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fixture_t fixture;
        char yaml[128];
        int counts[6];

        snprintf(yaml, sizeof yaml, "{cells: {222: a1}, %s}", cases[c].set);
        assert_ok(practice_start(&fixture, "rfm_table", yaml));
        count_actions(&fixture, row, 8, counts);
        assert_int_equal(counts[1], cases[c].counts_1);
        fixture_free(&fixture);
    }
}

static void test_practice_names_what_is_wrong(void **state)
{
    static const struct {
        const char *policy, *yaml, *words;
    } wrong[] = {
        {"rfm_table", "{}", "needs `action`"},
        {"rfm_table", "{cells: {33x: 2}}", "needs `action`"},
        {"rfm_table", "{cells: {34x: a1}}", "'34x' is no cell"},
        {"rfm_table", "{cells: {3x: a1}}", "'3x' is no cell"},
        {"rfm_table", "{cells: [a1]}", "a map from cells"},
        {"rfm_table", "{cells: {3xx: a1, x3x: a2}}", "3xx and x3x both fit cell 331"},
        {"rfm_table", "{cells: {33x: a9999}}", "action"},
        {"rfm_table", "{action: a1, recency: {score_3: 30}}", "recency 30 and 26"},
        {"rfm_table", "{action: a1, frequency: {score_3: 0}}", "frequency 0 and 1"},
        {"rfm_table", "{action: a1, monetary: {feature: mean_ordr}}",
         "did you mean 'log_mean_order'"},
        {"rfm_table", "{action: a60}", "no decision point has its features and one of its actions"},
        {"btyd_priority", "{}", "needs `action`"},
        {"btyd_priority", "{action: a1, alive: p_alve}", "did you mean 'p_alive'"},
        {"btyd_priority", "{action: a60}", "no decision point has"},
        {"btyd_priority", "{action: {action: a1, evry: 2}}", "evry"},
        {"risk_target", "{}", "needs `action`"},
        {"risk_target", "{action: a1, low: 0.5, high: 0.5}", "nobody lies above 0.5 and below 0.5"},
        {"risk_target", "{action: a1, by: silence, silence: {until: 2}}", "`silence.until`"},
        {"risk_target", "{action: a1, by: silence, tenure: tenur}", "did you mean"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fixture_t fixture;

        assert_fails(practice_start(&fixture, wrong[i].policy, wrong[i].yaml), NB_ERR_CONFIG,
                     wrong[i].words);
        fixture_free(&fixture);
    }
}

static void test_practice_refuses_weeks_out_of_range(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_fails(practice_start(&fixture, "rfm_table", "{action: a1, cells: {33x: 0}}"),
                 NB_ERR_RANGE, "expected 1 to 520 weeks");
    fixture_free(&fixture);
    assert_fails(practice_start(&fixture, "risk_target",
                                "{action: a1, otherwise: {action: a2, every: 521}}"),
                 NB_ERR_RANGE, "expected 1 to 520 weeks");
    fixture_free(&fixture);
}

/* points that do not tell the features play what they play unbound, masks are kept */
static void test_practice_plays_unbound_where_it_knows_nothing(void **state)
{
    static const char *const policies[] = {"rfm_table", "btyd_priority", "risk_target"};
    fixture_t fixture;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_ok(practice_start(&fixture, policies[i], "{action: a1, every: 1}"));
        for (unsigned point = WIDE; point <= BARE; point++) {
            nb_batch_t batch = fixture_batch(&fixture, point, 50, 3);

            practice_choose(&fixture, &batch);
            for (size_t row = 0; row < batch.n; row++) {
                unsigned first = (unsigned)__builtin_ctzll(fixture.mask[row * batch.mask_words]);

                assert_int_equal(fixture.action[row * batch.slate], first);
            }
        }
        fixture_free(&fixture);
    }
}

/* scores of 1,000 customers, all different, as the policy reads them */
static void write_priorities(fixture_t *fixture, size_t n, double factor)
{
    for (size_t i = 0; i < n; i++) {
        double alive = 0.1 + 0.9 * (double)(i * 37 % n) / (double)n;

        practice_write(
            fixture, i,
            (practice_row_t){50, 5, 3, factor * (20 + (double)(i * 61 % n) / 10), alive});
    }
}

static double priority_of(size_t i, size_t n, double factor)
{
    return (0.1 + 0.9 * (double)(i * 37 % n) / (double)n) * factor *
           (20 + (double)(i * 61 % n) / 10);
}

static void test_btyd_priority_contacts_those_above(void **state)
{
    fixture_t fixture;
    int n_chosen = 0;

    (void)state;
    assert_ok(practice_start(&fixture, "btyd_priority",
                             "{action: a1, every: 1, above: 40, otherwise: a3}"));
    nb_batch_t batch = practice_batch(&fixture, 1000);

    write_priorities(&fixture, 1000, 1.0);
    practice_choose(&fixture, &batch);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(fixture.action[i], priority_of(i, 1000, 1.0) > 40 ? 1 : 3);
        assert_close(fixture.propensity[i], 1.0, 0, 0);
        n_chosen += fixture.action[i] == 1;
    }
    assert_in_range(n_chosen, 100, 900);
    fixture_free(&fixture);
}

/* at random first (binomial(1000, 0.3) beyond 5 sd, 72 off, once in 2 million), then those whose
 * score lies above the quantile, within 2 % of it by lot */
static void test_btyd_priority_contacts_the_top_share(void **state)
{
    fixture_t fixture;
    double p[6 * 1000], expected = 0.0;
    int n_first = 0;

    (void)state;
    assert_ok(practice_start(&fixture, "btyd_priority", "{action: a1, every: 1, share: 0.3}"));
    nb_batch_t batch = practice_batch(&fixture, 1000);

    write_priorities(&fixture, 1000, 1.0);
    practice_choose(&fixture, &batch);
    for (size_t i = 0; i < 1000; i++) {
        n_first += fixture.action[i] == 1;
        assert_close(fixture.propensity[i], fixture.action[i] == 1 ? 0.3 : 0.7, 1e-15, 0);
    }
    assert_in_range(n_first, 228, 372);
    practice_play(&fixture, &batch);
    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (size_t i = 0; i < 1000; i++) {
        size_t n_above = 0;

        for (size_t j = 0; j < 1000; j++) {
            n_above += priority_of(j, 1000, 1.0) > priority_of(i, 1000, 1.0) * 1.0203;
        }
        expected += p[6 * i + 1];
        /* 300 better ones by more than a bin: never; fewer than 300 as good within a bin: always */
        assert_true(n_above < 300 || p[6 * i + 1] == 0.0);
    }
    assert_close(expected, 300.0, 1e-9, 0);
    fixture_free(&fixture);
}

/* `share`, `memory` and `every` by the expected number of contacts after scores have doubled */
static void test_btyd_priority_each_setting_changes_its_answer(void **state)
{
    static const struct {
        const char *set;
        double low, high;
    } cases[] = {
        {"share: 0.3, memory: 0, every: 1", 300 - 1e-6, 300 + 1e-6},
        {"share: 0.1, memory: 0, every: 1", 100 - 1e-6, 100 + 1e-6},
        {"share: 0.3, memory: 4, every: 1", 350, 600}, /* old scores are lower */
        {"share: 0.3, memory: 0, every: 4", 40, 120},
        {"share: 0.3, memory: 0, every: 1, alive: tenure", 300 - 1e-6, 300 + 1e-6},
    };
    double p[6 * 1000];

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fixture_t fixture;
        char yaml[160];
        double expected = 0.0;

        snprintf(yaml, sizeof yaml, "{action: a1, %s}", cases[c].set);
        assert_ok(practice_start(&fixture, "btyd_priority", yaml));
        nb_batch_t batch = practice_batch(&fixture, 1000);

        for (int period = 1; period < 3; period++) {
            write_priorities(&fixture, 1000, period);
            practice_play(&fixture, &batch);
        }
        assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
        for (size_t i = 0; i < 1000; i++) {
            expected += p[6 * i + 1];
        }
        if (expected < cases[c].low || expected > cases[c].high) {
            fail_msg("%s: %g contacts expected", cases[c].set, expected);
        }
        fixture_free(&fixture);
    }
}

/* who cannot be contacted is neither chosen nor counted: the share is of the others */
static void test_btyd_priority_counts_those_who_can_be_contacted(void **state)
{
    fixture_t fixture;
    double p[6 * 1000], expected = 0.0;

    (void)state;
    assert_ok(practice_start(&fixture, "btyd_priority", "{action: a1, every: 1, share: 0.3}"));
    nb_batch_t batch = practice_batch(&fixture, 1000);

    write_priorities(&fixture, 1000, 1.0);
    for (size_t i = 0; i < 500; i++) {
        fixture.mask[i] = 0x3d;
    }
    practice_play(&fixture, &batch);
    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (size_t i = 0; i < 1000; i++) {
        assert_true(i >= 500 || p[6 * i + 1] == 0.0);
        expected += p[6 * i + 1];
    }
    assert_close(expected, 150.0, 1e-9, 0);
    fixture_free(&fixture);
}

/* one customer, one week */
static void test_risk_target_targets_by_its_settings(void **state)
{
    static const struct {
        const char *set;
        practice_row_t row;
        int action;
    } cases[] = {
        {"", {50, 5, 3, 40, 0.3}, 1},
        {"", {50, 5, 3, 40, 0.6}, 0},
        {"", {50, 5, 3, 40, 0.05}, 0},
        {"low: 0, ", {50, 5, 3, 40, 0.05}, 1},
        {"high: 0.7, ", {50, 5, 3, 40, 0.6}, 1},
        {"otherwise: a4, ", {50, 5, 3, 40, 0.6}, 4},
        /* 4 orders in 40 weeks, every 10, then 30 weeks of silence: 3 intervals */
        {"by: silence, ", {70, 30, 4, 40, 0.9}, 1},
        {"by: silence, ", {58, 18, 4, 40, 0.3}, 0},
        {"by: silence, silence: {from: 1}, ", {58, 18, 4, 40, 0.3}, 1},
        {"by: silence, ", {130, 90, 4, 40, 0.3}, 0},
        {"by: silence, silence: {until: 10}, ", {130, 90, 4, 40, 0.3}, 1},
        {"by: silence, silence: {from: 3.1}, ", {70, 30, 4, 40, 0.9}, 0},
        /* one order: beside the interval that is expected of her */
        {"by: silence, ", {20, 20, 0, 40, 1}, 1},
        {"by: silence, silence: {first: 12}, ", {20, 20, 0, 40, 1}, 0},
        /* other features */
        {"by: silence, recency: tenure, ", {70, 30, 4, 40, 0.9}, 0},
        {"by: silence, frequency: p_alive, ", {70, 30, 4, 40, 0.4}, 1},
        {"by: silence, tenure: mean_order, ", {70, 30, 4, 40, 0.9}, 0},
        {"alive: recency, ", {50, 0.2, 3, 40, 0.9}, 1},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fixture_t fixture;
        char yaml[128];
        int counts[6];

        snprintf(yaml, sizeof yaml, "{%saction: [a9, a1], every: 1}", cases[c].set);
        assert_ok(practice_start(&fixture, "risk_target", yaml));
        count_actions(&fixture, cases[c].row, 1, counts);
        if (counts[cases[c].action] != 1) {
            fail_msg("case %zu (%s) does not play action %d", c, cases[c].set, cases[c].action);
        }
        fixture_free(&fixture);
    }
}

/* her turn comes as in a schedule, and who must not get the offer gets what all others get */
static void test_risk_target_keeps_turns_and_masks(void **state)
{
    static const practice_row_t at_risk = {50, 5, 3, 40, 0.3};
    fixture_t fixture;
    int counts[6];

    (void)state;
    assert_ok(practice_start(&fixture, "risk_target",
                             "{action: a1, every: 8, otherwise: {action: a2, every: 2}}"));
    count_actions(&fixture, at_risk, 16, counts);
    assert_int_equal(counts[1], 2);
    assert_int_equal(counts[0], 14);
    nb_batch_t batch = practice_batch(&fixture, 1);

    practice_write(&fixture, 0, at_risk);
    fixture.mask[0] = 0x3d;
    for (int period = counts[2] = 0; period < 16; period++) {
        batch.period = period;
        practice_choose(&fixture, &batch);
        counts[2] += fixture.action[0] == 2;
    }
    assert_int_equal(counts[2], 8);
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfm_table_contacts_the_usual_segments),
        cmocka_unit_test(test_rfm_table_plays_the_cells_of_its_table),
        cmocka_unit_test(test_rfm_table_scores_what_equals_a_bound),
        cmocka_unit_test(test_rfm_table_each_setting_changes_its_answer),
        cmocka_unit_test(test_practice_names_what_is_wrong),
        cmocka_unit_test(test_practice_refuses_weeks_out_of_range),
        cmocka_unit_test(test_practice_plays_unbound_where_it_knows_nothing),
        cmocka_unit_test(test_btyd_priority_contacts_those_above),
        cmocka_unit_test(test_btyd_priority_contacts_the_top_share),
        cmocka_unit_test(test_btyd_priority_each_setting_changes_its_answer),
        cmocka_unit_test(test_btyd_priority_counts_those_who_can_be_contacted),
        cmocka_unit_test(test_risk_target_targets_by_its_settings),
        cmocka_unit_test(test_risk_target_keeps_turns_and_masks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
