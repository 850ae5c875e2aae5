#include "tests/fixture_policy.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_play_the_first_that_holds),
        cmocka_unit_test(test_rules_pass_over_what_is_not_allowed),
        cmocka_unit_test(test_rules_serve_the_points_that_have_their_features),
        cmocka_unit_test(test_rules_name_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
