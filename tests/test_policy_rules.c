#include "bench/loop.h"
#include "tests/fixture_policy.h"
#include "tests/toy_environment.h"

static const char *const two_rules =
    "{rules: [{if: [{feature: recency, above: 1.0}, {feature: spend, below: 0.5}], action: a2},"
    "         {if: {feature: opens, above: -1, below: 1}, action: [a3, a4]}], otherwise: a5}";

/* one row of NARROW: recency, spend, opens and a mask; the action played */
static int32_t play(fixture_t *fixture, float recency, float spend, float opens, uint64_t mask)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, 1, 1);
    nb_choice_t out = {fixture->action, NULL};

    fixture->x[1] = recency;
    fixture->x[2] = spend;
    fixture->x[3] = opens;
    fixture->mask[0] = mask;
    assert_ok(fixture->type->choose(fixture->state, &batch, &out));
    return fixture->action[0];
}

static void test_rules_play_the_first_that_holds(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "rules", two_rules));
    assert_int_equal(play(&fixture, 1.5f, 0.0f, 0.0f, 0x3f), 2);
    assert_int_equal(play(&fixture, 1.5f, 0.6f, 0.0f, 0x3f), 3);
    assert_int_equal(play(&fixture, 0.9f, 0.0f, 0.0f, 0x3f), 3);
    assert_int_equal(play(&fixture, 0.9f, 0.0f, 1.5f, 0x3f), 5);
    /* thresholds themselves do not hold */
    assert_int_equal(play(&fixture, 1.0f, 0.0f, 1.0f, 0x3f), 5);
    fixture_free(&fixture);
}

static void test_rules_pass_over_what_is_not_allowed(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "rules", two_rules));
    assert_int_equal(play(&fixture, 1.5f, 0.0f, 0.0f, 0x3b), 3);
    assert_int_equal(play(&fixture, 1.5f, 0.0f, 0.0f, 0x33), 4);
    assert_int_equal(play(&fixture, 1.5f, 0.0f, 0.0f, 0x23), 5);
    assert_int_equal(play(&fixture, 1.5f, 0.0f, 0.0f, 0x03), 0);
    fixture_free(&fixture);
}

/* WIDE has recency and spend, but no opens: only the first rule serves it; BARE has none */
static void test_rules_serve_the_points_that_have_their_features(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "rules", two_rules));
    nb_batch_t batch = fixture_batch(&fixture, WIDE, 2, 1);
    nb_choice_t out = {fixture.action, NULL};

    memcpy(fixture.x, (float[]){1, 2, 0, 1, 0, 0}, 6 * sizeof(float));
    for (int w = 0; w < 4; w++) {
        fixture.mask[w] = 0x3f;
    }
    assert_ok(fixture.type->choose(fixture.state, &batch, &out));
    assert_int_equal(fixture.action[0], 2);
    assert_int_equal(fixture.action[4], 5);
    batch = fixture_batch(&fixture, BARE, 1, 1);
    assert_ok(fixture.type->choose(fixture.state, &batch, &out));
    assert_int_equal(fixture.action[0], 0);
    fixture_free(&fixture);
}

/* 1 where the rule holds for a row of NARROW with `value` in feature j, in its own units */
static int holds_raw(fixture_t *fixture, int j, double value)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, 1, 1);
    nb_choice_t out = {fixture->action, NULL};

    fixture->x[j] = ((float)value - fixture_center[j]) / fixture_scale[j];
    fixture->mask[0] = 0x3f;
    assert_ok(fixture->type->choose(fixture->state, &batch, &out));
    return fixture->action[0] == 2;
}

/* an integer threshold parts the integers exactly, although features are standardized floats */
static void test_rules_read_raw_units(void **state)
{
    char yaml[128];

    (void)state;
    for (int j = 1; j < MAX_D; j++) {
        for (int limit = -3; limit <= 26; limit++) {
            fixture_t fixture;

            snprintf(yaml, sizeof yaml,
                     "{rules: [{if: {raw: %s, above: %d, below: %d}, action: a2}]}",
                     fixture_features[j], limit, limit + 5);
            assert_ok(fixture_start(&fixture, "rules", yaml));
            for (int value = -4; value <= 32; value++) {
                assert_int_equal(holds_raw(&fixture, j, value), value > limit && value < limit + 5);
            }
            fixture_free(&fixture);
        }
    }
}

/* WIDE has the feature but does not tell its units: the rule serves NARROW alone */
static void test_rules_read_raw_units_where_they_are_told(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "rules",
                            "{rules: [{if: {raw: recency, above: -99}, action: a2}]}"));
    nb_batch_t batch = fixture_batch(&fixture, WIDE, 1, 1);
    nb_choice_t out = {fixture.action, NULL};

    fixture.mask[0] = 0x3f;
    assert_ok(fixture.type->choose(fixture.state, &batch, &out));
    assert_int_equal(fixture.action[0], 0);
    assert_true(holds_raw(&fixture, 1, 3));
    fixture.points[NARROW].feature_center = NULL;
    assert_fails(fixture.type->init(fixture.state, &fixture.spec, fixture.settings), NB_ERR_CONFIG,
                 "does not tell raw units of feature 'recency'");
    fixture_free(&fixture);
}

/* rows of NARROW with everything allowed and tenures 0, 1, ...; actions into fixture->action */
static void play_all(fixture_t *fixture, size_t n, int32_t period)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, n, 1);
    nb_choice_t out = {fixture->action, NULL};

    batch.period = period;
    for (size_t i = 0; i < n; i++) {
        fixture->mask[i] = 0x3f;
        fixture->tenure[i] = (int32_t)i;
    }
    assert_ok(fixture->type->choose(fixture->state, &batch, &out));
}

static void test_rules_act_in_weeks_of_tenure(void **state)
{
    static const struct {
        const char *weeks;
        double period_weeks;
        int due[4]; /* periods of tenure, -1 where there are no more */
    } cases[] = {
        {"[2, 15, 28, 41]", 1, {2, 15, 28, 41}},
        {"[2, 15]", 4, {0, 3, -1}}, /* the period in which the week falls */
        {"[2, 5]", 1.0 / 7.0, {14, 35, -1}},
        {"[2, 5]", 0.14286, {14, 35, -1}}, /* week 2 is in period 13.9997 */
        {"0", 1, {0, -1}},
    };
    char yaml[128];

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fixture_t fixture;

        snprintf(yaml, sizeof yaml, "{rules: [{if: {tenure_weeks: %s}, action: a2}]}",
                 cases[c].weeks);
        assert_ok(fixture_start(&fixture, "rules", yaml));
        fixture.spec.period_weeks = cases[c].period_weeks;
        assert_ok(fixture.type->init(fixture.state, &fixture.spec, fixture.settings));
        play_all(&fixture, 60, 7);
        for (int i = 0; i < 60; i++) {
            int due = 0;

            for (int j = 0; j < 4 && cases[c].due[j] >= 0; j++) {
                due |= cases[c].due[j] == i;
            }
            assert_int_equal(fixture.action[i], due ? 2 : 0);
        }
        fixture_free(&fixture);
    }
}

/* {every: n} has the phases of policy schedule, in a burn-in too */
static void test_rules_take_turns_as_schedule_does(void **state)
{
    fixture_t rules, schedule;

    (void)state;
    assert_ok(fixture_start(&rules, "rules", "{rules: [{if: {every: 3}, action: a2}]}"));
    assert_ok(fixture_start(&schedule, "schedule", "{action: a2, every: 3}"));
    for (double weeks = 0.5; weeks < 3; weeks *= 2) {
        rules.spec.period_weeks = schedule.spec.period_weeks = weeks;
        assert_ok(rules.type->init(rules.state, &rules.spec, rules.settings));
        assert_ok(schedule.type->init(schedule.state, &schedule.spec, schedule.settings));
        for (int32_t period = -4; period < 9; period++) {
            play_all(&rules, 200, period);
            play_all(&schedule, 200, period);
            assert_memory_equal(rules.action, schedule.action, 200 * sizeof(int32_t));
        }
    }
    fixture_free(&schedule);
    fixture_free(&rules);
}

/* lists, {all: [...]} and both nested say the same */
static void test_rules_join_conditions(void **state)
{
    static const char *const forms[] = {
        "[{every: 2}, {tenure_weeks: [3, 4, 5, 6, 7, 8]}, {feature: recency, above: 0}]",
        "{all: [{every: 2}, {tenure_weeks: [3, 4, 5, 6, 7, 8]}, {feature: recency, above: 0}]}",
        "[{every: 2}, {all: [{tenure_weeks: [3, 4, 5, 6, 7, 8]}, {feature: recency, above: 0}]}]",
        ("[{all: [{all: [{every: 2}]}, {tenure_weeks: [3, 4, 5, 6, 7, 8]}]},"
         " {feature: recency, above: 0}]"),
    };
    int32_t first[100];
    char yaml[256];
    int n = 0;

    (void)state;
    for (size_t c = 0; c < sizeof forms / sizeof *forms; c++) {
        fixture_t fixture;

        snprintf(yaml, sizeof yaml, "{rules: [{if: %s, action: a2}]}", forms[c]);
        assert_ok(fixture_start(&fixture, "rules", yaml));
        play_all(&fixture, 100, 5);
        for (int i = 0; i < 100 && c == 0; i++) {
            assert_true(fixture.action[i] == 0 ||
                        (i >= 3 && i <= 8 && fixture.x[(size_t)i * MAX_D + 1] > 0));
            n += fixture.action[i] == 2;
        }
        if (c == 0) {
            memcpy(first, fixture.action, sizeof first);
        }
        assert_memory_equal(first, fixture.action, sizeof first);
        fixture_free(&fixture);
    }
    assert_in_range(n, 1, 5);
}

static void test_rules_name_what_is_wrong(void **state)
{
    static const struct {
        const char *yaml, *words;
    } wrong[] = {
        {"{otherwise: a1}", "a list of"},
        {"{rules: a1}", "a list of"},
        {"{rules: []}", "a list of"},
        {"{rules: [a1]}", "expected a rule"},
        {"{rules: [{action: a1}]}", "`if` with at least one"},
        {"{rules: [{if: [], action: a1}]}", "`if` with at least one"},
        {"{rules: [{if: [{feature: spend, above: 1}]}]}", "needs `action`"},
        {"{rules: [{if: [spend], action: a1}]}", "expected a condition"},
        {"{rules: [{if: [{feature: spend}], action: a1}]}", "`above` or `below`"},
        {"{rules: [{if: [{above: 1}], action: a1}]}", "needs `feature`"},
        {"{rules: [{if: [{feature: spned, above: 1}], action: a1}]}", "spend"},
        {"{rules: [{if: [{feature: spend, abov: 1}], action: a1}]}", "above"},
        {"{rules: [{if: [{feature: spend, above: x}], action: a1}]}", "number"},
        {"{rules: [{if: [{feature: spend, above: 2, below: 1}], action: a1}]}", "nothing is above"},
        {"{rules: [{if: {raw: recensy, above: 1}, action: a1}]}", "recency"},
        {"{rules: [{if: {raw: spend}, action: a1}]}", "`above` or `below`"},
        {"{rules: [{if: {raw: [spend], above: 1}, action: a1}]}", "needs a name"},
        {"{rules: [{if: {raw: spend, above: 1, below: 1}, action: a1}]}", "nothing is above"},
        {"{rules: [{if: {raw: spend, feature: spend, above: 1}, action: a1}]}", "one of them only"},
        {"{rules: [{if: {latent: fatigue, below: 2}, action: a1}]}", "policy oracle_rules"},
        {"{rules: [{if: {tenure_weeks: []}, action: a1}]}", "list of weeks"},
        {"{rules: [{if: {tenure_weeks: {a: 1}}, action: a1}]}", "list of weeks"},
        {"{rules: [{if: {tenure_weeks: [1, two]}, action: a1}]}", "number"},
        {"{rules: [{if: {tenure_weeks: [1], above: 1}, action: a1}]}", "do not go with"},
        {"{rules: [{if: {every: 2, below: 1}, action: a1}]}", "do not go with `every`"},
        {"{rules: [{if: {every: 1.5}, action: a1}]}", "whole number"},
        {"{rules: [{if: {all: []}, action: a1}]}", "at least one condition"},
        {"{rules: [{if: {all: {every: 1}}, action: a1}]}", "list of at least one condition"},
        {"{rules: [{if: [[{every: 1}]], action: a1}]}", "expected a condition"},
        {"{rules: [{if: [{feature: spend, above: 1}], action: b1}]}", "a1"},
        {"{rules: [{if: [{feature: opens, above: 1}], action: a69}]}", "no decision point"},
        {"{rules: [{if: [{feature: spend, above: 1}], action: a1, then: 2}]}", "then"},
        {"{rules: [{if: [{feature: spend, above: 1}], action: a1}], otherwise: b2}", "a2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fixture_t fixture;

        nb_error_clear();
        assert_fails(fixture_start(&fixture, "rules", wrong[i].yaml), NB_ERR_CONFIG,
                     wrong[i].words);
        assert_true(i == 0 || strstr(nb_error_detail(), "test.yaml:1:"));
        fixture_free(&fixture);
    }
}

static void test_rules_weeks_have_a_range(void **state)
{
    static const char *const wrong[] = {
        "{rules: [{if: {tenure_weeks: [4, -1]}, action: a1}]}",
        "{rules: [{if: {tenure_weeks: 5201}, action: a1}]}",
        "{rules: [{if: {every: 0}, action: a1}]}",
        "{rules: [{if: {every: 521}, action: a1}]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fixture_t fixture;

        assert_fails(fixture_start(&fixture, "rules", wrong[i]), NB_ERR_RANGE, "test.yaml:1:");
        assert_non_null(strstr(nb_error_detail(), "out of range, expected"));
        fixture_free(&fixture);
    }
}

/* hidden state of the test: need_open = luck mod 2, fatigue = luck mod 4, agency = tenure / 10 */
static int look_inside(void *world, const nb_batch_t *batch, double *out)
{
    const double *spoiled = world;

    for (size_t i = 0; i < batch->n; i++) {
        out[3 * i] = batch->luck[i] % 2;
        out[3 * i + 1] = spoiled ? *spoiled : batch->luck[i] % 4;
        out[3 * i + 2] = batch->tenure[i] / 10.0;
    }
    return NB_OK;
}

static void test_oracle_rules_read_hidden_state(void **state)
{
    nb_oracle_t oracle = {.n_latent = 3, .latent_names = fixture_latent, .latent = look_inside};
    double spoiled = NAN;
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(
        &fixture, "oracle_rules",
        "{rules: [{if: [{latent: need_open, above: 0.5}, {latent: fatigue, below: 2}], action: a2},"
        "         {if: {latent: agency, above: 0.3, below: 0.5}, action: a3}], otherwise: a4}"));
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 8, 1);
    nb_choice_t out = {fixture.action, NULL};

    for (int i = 0; i < 8; i++) {
        fixture.mask[i] = 0x3f;
        fixture.tenure[i] = i;
    }
    batch.oracle = &oracle;
    assert_ok(fixture.type->choose(fixture.state, &batch, &out));
    assert_memory_equal(fixture.action, ((int32_t[]){4, 2, 4, 4, 3, 2, 4, 4}), 8 * sizeof(int32_t));
    oracle.world = &spoiled;
    assert_fails(fixture.type->choose(fixture.state, &batch, &out), NB_ERR_NUMERIC,
                 "hidden fatigue of row 0");
    oracle.n_latent = 2;
    assert_fails(fixture.type->choose(fixture.state, &batch, &out), NB_ERR_UNSUPPORTED,
                 "needs the 3 hidden quantities");
    batch.oracle = NULL;
    assert_fails(fixture.type->choose(fixture.state, &batch, &out), NB_ERR_UNSUPPORTED, "tells 0");
    assert_int_equal(fixture.arena.used, 0);
    fixture_free(&fixture);
}

/* the same rules over observed features alone play the same under both names */
static void test_oracle_rules_without_hidden_state_are_rules(void **state)
{
    fixture_t rules, oracle;

    (void)state;
    assert_ok(fixture_start(&rules, "rules", two_rules));
    assert_ok(fixture_start(&oracle, "oracle_rules", two_rules));
    play_all(&rules, 300, 2);
    play_all(&oracle, 300, 2);
    assert_memory_equal(rules.action, oracle.action, 300 * sizeof(int32_t));
    fixture_free(&oracle);
    fixture_free(&rules);
}

static void test_oracle_rules_name_what_is_wrong(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_fails(fixture_start(&fixture, "oracle_rules", NULL), NB_ERR_CONFIG,
                 "oracle_rules needs `rules`");
    fixture_free(&fixture);
    assert_fails(fixture_start(&fixture, "oracle_rules",
                               "{rules: [{if: {latent: need_opne, above: 0}, action: a1}]}"),
                 NB_ERR_CONFIG, "did you mean 'need_open'?");
    for (int p = 0; p < N_POINTS; p++) {
        fixture.points[p].n_latent = 0;
    }
    assert_fails(fixture.type->init(fixture.state, &fixture.spec, fixture.settings), NB_ERR_CONFIG,
                 "tells no hidden state");
    fixture_free(&fixture);
    /* agency is told at NARROW only, which has no a69 */
    assert_fails(fixture_start(&fixture, "oracle_rules",
                               "{rules: [{if: {latent: agency, above: 0}, action: a69}]}"),
                 NB_ERR_CONFIG, "no decision point");
    fixture_free(&fixture);
}

/* from a strategy's text through the loop: the toy customers' appetite is their number modulo 5,
 * their mood (number + period) modulo 3 */
static void test_oracle_rules_are_told_hidden_state_by_the_loop(void **state)
{
    static const char yaml[] =
        "{recognize: {policy: oracle_rules, rules: [{if: [{latent: appetite, above: 2},"
        " {latent: mood, below: 1}], action: email}]}}";
    static toy_notes_t notes;
    toy_world_t world = {.notes = &notes, .block = 7};
    nb_strategy_t strategy;
    nb_config_t config;
    nb_loop_t loop;

    (void)state;
    assert_ok(nb_config_init(&config));
    assert_ok(nb_config_parse(&config, "test.yaml", yaml, strlen(yaml)));
    assert_ok(nb_strategy_init(&strategy, "seer", config.root, toy_environment.spec(&world)));
    nb_loop_spec_t spec = {.environment = &toy_environment,
                           .world = &world,
                           .strategy = &strategy,
                           .n_customers = 40,
                           .periods = 3};

    assert_ok(nb_loop_init(&loop, &spec));
    assert_ok(nb_loop_run(&loop));
    for (int period = 0; period < 3; period++) {
        for (int c = 0; c < 40; c++) {
            int holds = c % 5 > 2 && (c + period) % 3 == 0;

            assert_int_equal(notes.played[TOY_CONTACT][period][c], holds ? TOY_EMAIL : TOY_WAIT);
        }
    }
    nb_loop_free(&loop);
    nb_strategy_free(&strategy);
    nb_config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_play_the_first_that_holds),
        cmocka_unit_test(test_rules_pass_over_what_is_not_allowed),
        cmocka_unit_test(test_rules_serve_the_points_that_have_their_features),
        cmocka_unit_test(test_rules_read_raw_units),
        cmocka_unit_test(test_rules_read_raw_units_where_they_are_told),
        cmocka_unit_test(test_rules_act_in_weeks_of_tenure),
        cmocka_unit_test(test_rules_take_turns_as_schedule_does),
        cmocka_unit_test(test_rules_join_conditions),
        cmocka_unit_test(test_rules_name_what_is_wrong),
        cmocka_unit_test(test_rules_weeks_have_a_range),
        cmocka_unit_test(test_oracle_rules_read_hidden_state),
        cmocka_unit_test(test_oracle_rules_without_hidden_state_are_rules),
        cmocka_unit_test(test_oracle_rules_name_what_is_wrong),
        cmocka_unit_test(test_oracle_rules_are_told_hidden_state_by_the_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
