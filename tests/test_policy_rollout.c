/* ab_rollout: its lot, its test and its winner. */
#include "tests/practice_rows.h"

/* 12 x 1,024 customers in three arms: chi-square of 2 degrees of freedom, beyond 27.6 once in a
 * million; and everybody keeps her arm */
static void test_ab_rollout_splits_evenly_and_for_good(void **state)
{
    fixture_t fixture;
    double count[3] = {0}, statistic = 0.0;
    int32_t first[MAX_ROWS];

    (void)state;
    assert_ok(practice_start(&fixture, "ab_rollout",
                             "{arms: [a1, a2, {action: a3, every: 1}], every: 1}"));
    for (uint32_t block = 0; block < 12; block++) {
        nb_batch_t batch = practice_batch(&fixture, MAX_ROWS);

        for (uint32_t i = 0; i < MAX_ROWS; i++) {
            fixture.luck[i] = block * MAX_ROWS + i;
        }
        practice_choose(&fixture, &batch);
        memcpy(first, fixture.action, sizeof first);
        batch.period = 17;
        batch.round = 1;
        practice_choose(&fixture, &batch);
        assert_memory_equal(first, fixture.action, sizeof first);
        for (size_t i = 0; i < MAX_ROWS; i++) {
            assert_in_range(first[i], 1, 3);
            assert_close(fixture.propensity[i], 1.0 / 3.0, 1e-12, 0);
            count[first[i] - 1]++;
        }
    }
    for (int a = 0; a < 3; a++) {
        statistic += pow(count[a] - 4096.0, 2) / 4096.0;
    }
    assert_true(statistic < 27.6);
    fixture_free(&fixture);
}

/* the lot of another point, replication or seed is another one: of 1,000 customers in two arms half
 * agree, binomial(1000, 1/2) beyond 5 sd once in 2 million */
static void test_ab_rollout_draws_each_lot_anew(void **state)
{
    fixture_t fixture;
    int32_t first[1000];

    (void)state;
    assert_ok(practice_start(&fixture, "ab_rollout", "{arms: [never, a2], every: 1}"));
    nb_batch_t batch = practice_batch(&fixture, 1000);

    practice_choose(&fixture, &batch);
    memcpy(first, fixture.action, sizeof first);
    for (int change = 0; change < 3; change++) {
        nb_batch_t other = batch;
        int n_same = 0;

        other.stream_point += change == 0;
        other.key.replication += change == 1;
        other.key.seed += change == 2;
        practice_choose(&fixture, &other);
        for (int i = 0; i < 1000; i++) {
            n_same += first[i] == fixture.action[i];
        }
        assert_in_range(n_same, 421, 579);
    }
    fixture_free(&fixture);
}

/* what an arm's customers bring below and above the cut, for arms never, a2 and a3 */
typedef struct {
    double low[3], high[3];
} world_t;

/* play a test of `n_periods` of 1,000 customers, half of them with 1 order and half with 5 */
static void play_test(fixture_t *fixture, const world_t *world, int n_periods)
{
    nb_batch_t batch = practice_batch(fixture, 1000);

    for (size_t i = 0; i < batch.n; i++) {
        practice_write(fixture, i, (practice_row_t){50, 5, i % 2 ? 5 : 1, 40, 0.5});
    }
    for (batch.period = 3; batch.period < 3 + n_periods; batch.period++) {
        nb_choice_t choice = {fixture->action, NULL};

        practice_choose(fixture, &batch);
        for (size_t i = 0; i < batch.n; i++) {
            int arm = fixture->action[i] ? fixture->action[i] - 1 : 0;

            fixture->reward[i] = i % 2 ? world->high[arm] : world->low[arm];
        }
        assert_ok(fixture->type->played(fixture->state, &batch, &choice));
        nb_transitions_t finished = practice_finish(fixture, &batch);

        assert_ok(fixture->type->update(fixture->state, &finished));
        assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
    }
}

/* what is played after the test by who has 1 order, and who has 5 */
static void find_winners(fixture_t *fixture, int32_t winners[2])
{
    nb_batch_t batch = practice_batch(fixture, 200);

    for (size_t i = 0; i < batch.n; i++) {
        practice_write(fixture, i, (practice_row_t){50, 5, i % 2 ? 5 : 1, 40, 0.5});
    }
    batch.period = 90;
    practice_choose(fixture, &batch);
    for (size_t i = 0; i < batch.n; i++) {
        assert_int_equal(fixture->action[i], fixture->action[i % 2]);
        assert_close(fixture->propensity[i], 1.0, 0, 0);
    }
    winners[0] = fixture->action[0];
    winners[1] = fixture->action[1];
}

static void test_ab_rollout_plays_the_winner_for_ever(void **state)
{
    static const world_t world = {{1.0, 1.2, 1.1}, {1.0, 0.5, 0.7}};
    static const struct {
        const char *set;
        int32_t winners[2];
    } cases[] = {
        {"", {0, 0}}, /* never brings 1, a2 0.85, a3 0.9 on average */
        {"segment: {feature: frequency, cuts: [5]}, ", {2, 0}},
        {"segment: {feature: frequency, cuts: [1, 2]}, ", {2, 0}},
        {"segment: {feature: frequency, cuts: [5.5]}, ", {0, 0}},
        {"min_gain: 0.19, segment: {feature: frequency, cuts: [2]}, ", {2, 0}},
        {"min_gain: 0.21, segment: {feature: frequency, cuts: [2]}, ", {0, 0}},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fixture_t fixture;
        int32_t winners[2];
        char yaml[160];

        snprintf(yaml, sizeof yaml, "{%sarms: [never, a2, a3], every: 1, test_weeks: 2}",
                 cases[c].set);
        assert_ok(practice_start(&fixture, "ab_rollout", yaml));
        play_test(&fixture, &world, 2);
        find_winners(&fixture, winners);
        assert_int_equal(winners[0], cases[c].winners[0]);
        assert_int_equal(winners[1], cases[c].winners[1]);
        fixture_free(&fixture);
    }
}

/* losses: the first arm brings -1, a gain of a fifth of it is -0.8 */
static void test_ab_rollout_counts_gains_from_a_loss(void **state)
{
    static const world_t world = {{-1.0, -0.9, -0.7}, {-1.0, -0.9, -0.7}};
    fixture_t fixture;
    int32_t winners[2];

    (void)state;
    assert_ok(practice_start(&fixture, "ab_rollout",
                             "{arms: [never, a2, a3], every: 1, test_weeks: 1, min_gain: 0.2}"));
    play_test(&fixture, &world, 1);
    find_winners(&fixture, winners);
    assert_int_equal(winners[0], 3);
    fixture_free(&fixture);
}

/* the test lasts as many weeks as it should, in periods of the spec */
static void test_ab_rollout_tests_for_test_weeks(void **state)
{
    static const world_t world = {{0, 1, 0}, {0, 1, 0}};
    static const struct {
        const char *weeks;
        double period_weeks;
        int periods;
    } cases[] = {{"3", 1.0, 3}, {"4", 1.0, 4}, {"4", 2.0, 2}};

    (void)state;
    for (size_t c = 0; c < 3; c++) {
        fixture_t fixture;
        int32_t winners[2];
        char yaml[96];

        snprintf(yaml, sizeof yaml, "{arms: [never, a2, a3], every: 1, test_weeks: %s}",
                 cases[c].weeks);
        assert_ok(fixture_start(&fixture, "ab_rollout", yaml));
        fixture.spec.period_weeks = cases[c].period_weeks;
        memset(fixture.state, 0, fixture.state_size);
        assert_ok(fixture.type->init(fixture.state, &fixture.spec, fixture.settings));
        play_test(&fixture, &world, cases[c].periods - 1);
        nb_batch_t batch = practice_batch(&fixture, 50);

        practice_choose(&fixture, &batch);
        assert_close(fixture.propensity[0], 1.0 / 3.0, 1e-12, 0);
        memset(fixture.state, 0, fixture.state_size);
        assert_ok(fixture.type->init(fixture.state, &fixture.spec, fixture.settings));
        play_test(&fixture, &world, cases[c].periods);
        find_winners(&fixture, winners);
        assert_int_equal(winners[0], 2);
        fixture_free(&fixture);
    }
}

/* a log from before, and what comes after, change nothing */
static void test_ab_rollout_counts_the_test_only(void **state)
{
    static const world_t world = {{0, 1, 0}, {0, 1, 0}};
    fixture_t fixture;
    int32_t winners[2];

    (void)state;
    assert_ok(
        practice_start(&fixture, "ab_rollout", "{arms: [never, a2, a3], every: 1, test_weeks: 2}"));
    for (int when = 0; when < 3; when++) {
        nb_batch_t batch = practice_batch(&fixture, 1000);

        batch.period = when == 0 ? -4 : when == 1 ? 2 : 60;
        practice_choose(&fixture, &batch);
        for (size_t i = 0; i < batch.n; i++) {
            fixture.reward[i] = fixture.action[i] == 3 ? 1000.0 : 0.0;
        }
        nb_transitions_t finished = practice_finish(&fixture, &batch);

        assert_ok(fixture.type->update(fixture.state, &finished));
        if (when == 1) {
            play_test(&fixture, &world, 2);
        }
    }
    find_winners(&fixture, winners);
    assert_int_equal(winners[0], 2);
    fixture_free(&fixture);
}

static void test_ab_rollout_names_what_is_wrong(void **state)
{
    static const struct {
        const char *yaml, *words;
    } wrong[] = {
        {"{}", "needs `arms`"},
        {"{arms: [a1]}", "a list of 2 to 16"},
        {"{arms: a1}", "a list of 2 to 16"},
        {"{arms: [a1, a9999]}", "action"},
        {"{arms: [a60, a61], segment: {feature: recency, cuts: [1]}}", "no decision point has"},
        {"{arms: [a1, a2], segment: {feature: recency}}", "both `segment.feature`"},
        {"{arms: [a1, a2], segment: {cuts: [1]}}", "both `segment.feature`"},
        {"{arms: [a1, a2], segment: {feature: recensy, cuts: [1]}}", "did you mean 'log_recency'"},
        {"{arms: [a1, a2], segment: {feature: recency, cuts: [2, 2]}}", "2 does not rise above 2"},
        {"{arms: [a1, a2], segment: {feature: recency, cuts: []}}", "1 to 7 rising numbers"},
        {"{arms: [a1, a2], segment: {feature: recency, cuts: [1, 2, 3, 4, 5, 6, 7, 8]}}",
         "1 to 7 rising numbers"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fixture_t fixture;

        assert_fails(practice_start(&fixture, "ab_rollout", wrong[i].yaml), NB_ERR_CONFIG,
                     wrong[i].words);
        fixture_free(&fixture);
    }
}

/* arms that share the begin of a slate: propensities are conditional on the positions before */
static void test_ab_rollout_knows_the_propensity_of_slates(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(
        practice_start(&fixture, "ab_rollout", "{arms: [[a8, a9], [a8, a10], [a11]], every: 1}"));
    nb_batch_t batch = fixture_batch(&fixture, WIDE, 60, 1);

    memset(fixture.mask, 0xff, 2 * batch.n * sizeof *fixture.mask);
    for (size_t i = 0; i < batch.n; i++) {
        fixture.mask[2 * i + 1] = 0x3f;
    }
    practice_choose(&fixture, &batch);
    for (size_t i = 0; i < batch.n; i++) {
        const double *p = fixture.propensity + 4 * i;
        int begins_with_8 = fixture.action[4 * i] == 8;

        assert_close(p[0], begins_with_8 ? 2.0 / 3.0 : 1.0 / 3.0, 1e-12, 0);
        assert_close(p[1], begins_with_8 ? 0.5 : 1.0, 1e-12, 0);
        assert_close(p[2] * p[3], 1.0, 1e-12, 0);
    }
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ab_rollout_splits_evenly_and_for_good),
        cmocka_unit_test(test_ab_rollout_draws_each_lot_anew),
        cmocka_unit_test(test_ab_rollout_plays_the_winner_for_ever),
        cmocka_unit_test(test_ab_rollout_counts_gains_from_a_loss),
        cmocka_unit_test(test_ab_rollout_tests_for_test_weeks),
        cmocka_unit_test(test_ab_rollout_counts_the_test_only),
        cmocka_unit_test(test_ab_rollout_names_what_is_wrong),
        cmocka_unit_test(test_ab_rollout_knows_the_propensity_of_slates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
