#define _POSIX_C_SOURCE 200809L
#include "bench/headroom.h"

#include "bench/loop.h"
#include "core/config.h"
#include "core/memory.h"
#include "tests/testlib.h"
#include "tests/toy_environment.h"

enum { N = 4, R = 4 };

/* C candidates with the values table [C][N] in every replication */
static void fill(nb_headroom_values_t *values, size_t n_candidates, const double table[][N])
{
    static const uint8_t segments[N] = {0, 0, 1, 1};

    *values =
        (nb_headroom_values_t){.n_candidates = n_candidates, .n_replications = R, .n_customers = N};
    assert_ok(nb_alloc(&values->values, n_candidates * R * N, sizeof *values->values));
    assert_ok(nb_alloc(&values->state, R * N, sizeof *values->state));
    assert_ok(nb_alloc(&values->segments, R * N, 1));
    for (size_t k = 0; k < n_candidates * R * N; k++) {
        values->values[k] = (float)table[k / (R * N)][k % N];
    }
    for (size_t k = 0; k < R * N; k++) {
        values->state[k] = 4;
        values->segments[k] = segments[k % N];
    }
}

static void climb(nb_headroom_t *self, char **labels, const nb_headroom_values_t *values)
{
    *self = (nb_headroom_t){.n_candidates = values->n_candidates, .labels = labels};
    assert_ok(nb_headroom_climb(self, values));
}

static void test_rungs_know_more_and_more(void **state)
{
    static const double table[3][N] = {{1, 1, 1, 1}, {3, 3, 0, 0}, {0, 0, 0, 5}};
    static const double expected[NB_N_RUNGS] = {1.5, 2.75, 3, 4};
    char *labels[] = {"a", "b", "c"};
    nb_headroom_values_t values;
    nb_headroom_t headroom;

    (void)state;
    fill(&values, 3, table);
    climb(&headroom, labels, &values);
    for (size_t k = 0; k < NB_N_RUNGS; k++) {
        assert_true(headroom.rungs[k].is_there);
        assert_close(headroom.rungs[k].value, expected[k], 0, 0);
        assert_close(headroom.rungs[k].se, 0, 0, 0);
        if (k > 0) {
            assert_close(headroom.rungs[k].step, expected[k] - expected[k - 1], 0, 0);
            assert_true(headroom.rungs[k].answers);
        }
    }
    assert_true(isnan(headroom.rungs[0].step));
    assert_string_equal(headroom.rungs[NB_RUNG_FIXED].note, "b");
    assert_string_equal(headroom.rungs[NB_RUNG_TRAITS].note,
                        "3 strategies in use; 50 % of customers: b");
    nb_headroom_values_free(&values);
    nb_headroom_values_free(&values);
}

/* what is best by luck on one half is worst on the other: chosen and valued on the same
 * replications it would look like 1 */
static void test_rungs_are_not_paid_for_luck(void **state)
{
    static const double table[2][N] = {{0}};
    char *labels[] = {"a", "b"};
    nb_headroom_values_t values;
    nb_headroom_t headroom;

    (void)state;
    fill(&values, 2, table);
    for (size_t k = 0; k < 2 * R * N; k++) {
        size_t c = k / (R * N), r = k / N % R;

        values.values[k] = c == r % 2 ? 1 : -1;
    }
    climb(&headroom, labels, &values);
    for (size_t k = 0; k < NB_RUNG_STATE; k++) {
        assert_close(headroom.rungs[k].value, -1, 0, 0);
    }
    assert_string_equal(headroom.rungs[NB_RUNG_FIXED].note, "a; on the other half b");
    nb_headroom_values_free(&values);
}

static void test_narrow_rungs_cannot_answer(void **state)
{
    static const double table[2][N] = {{100, 100, 100, 100}, {99, 99, 99, 103}};
    char *labels[] = {"a", "b"};
    nb_headroom_values_t values;
    nb_headroom_t headroom;

    (void)state;
    fill(&values, 2, table);
    for (size_t k = 0; k < R * N; k++) {
        /* 110 on average, but for a spread of 10 over replications: 5 standard errors are 32 */
        values.state[k] = k / N % 2 ? 121 : 99;
    }
    climb(&headroom, labels, &values);
    /* one segment gains 2 of 4 x 100, half a percent */
    assert_close(headroom.rungs[NB_RUNG_SEGMENT].step, 0.5, 1e-6, 0);
    assert_false(headroom.rungs[NB_RUNG_SEGMENT].answers);
    assert_true(headroom.rungs[NB_RUNG_STATE].step > 9);
    assert_false(headroom.rungs[NB_RUNG_STATE].answers);
    nb_headroom_values_free(&values);
}

static void test_rungs_may_be_missing(void **state)
{
    static const double table[1][N] = {{1, 2, 3, 4}};
    char *labels[] = {"a"};
    nb_headroom_values_t values;
    nb_headroom_t headroom;

    (void)state;
    fill(&values, 1, table);
    nb_free(values.segments);
    nb_free(values.state);
    values.segments = NULL;
    values.state = NULL;
    climb(&headroom, labels, &values);
    assert_false(headroom.rungs[NB_RUNG_SEGMENT].is_there);
    assert_false(headroom.rungs[NB_RUNG_STATE].is_there);
    assert_close(headroom.rungs[NB_RUNG_TRAITS].step, 0, 0, 0);
    assert_non_null(strstr(headroom.rungs[NB_RUNG_SEGMENT].note, "no segments"));
    nb_headroom_values_free(&values);
}

static const char *const recognize[] = {"recognize"};

static nb_headroom_spec_t toy(const toy_world_t *world)
{
    return (nb_headroom_spec_t){.environment = &toy_environment,
                                .world = world,
                                .points = recognize,
                                .n_points = 1,
                                .seed = 5,
                                .n_customers = 20,
                                .periods = 3,
                                .replications = 2,
                                .n_threads = 1};
}

/* equity of everybody under weekly e-mail, as the loop itself finds it */
static void test_ladder_of_an_environment(void **state)
{
    toy_notes_t notes = {0};
    toy_world_t world = {.notes = &notes};
    nb_headroom_spec_t spec = toy(&world);
    nb_headroom_t headroom;

    (void)state;
    assert_ok(nb_headroom_init(&headroom, &spec));
    assert_int_equal(headroom.n_candidates, 4);
    assert_string_equal(headroom.labels[0], "recognize: never");
    assert_string_equal(headroom.labels[1], "recognize: email every 4");
    assert_int_equal(notes.same_population, 1);
    assert_int_equal(notes.freed, 5 * 2);
    /* of 20 customers 4 want what is shown first (8), 4 what is shown second (4); even ones visit
     * in periods 0 and 2, odd ones in period 1 and return in the next one: for e-mail every week
     * 2 x 8 x 1.25 + 2 x 4 x 1.25 + 2 x (8 - 3) / 2 + 2 x (4 - 3) / 2 - 20 x 0.25 x 1.75 */
    assert_string_equal(headroom.rungs[NB_RUNG_FIXED].note, "recognize: email every 1");
    assert_close(headroom.rungs[NB_RUNG_FIXED].value, (30 + 6 - 8.75) / 20, 1e-6, 0);
    /* who never buys is left alone, and nobody else loses: 8 x 0.25 x 1.75 of cost at most */
    assert_true(headroom.rungs[NB_RUNG_TRAITS].value >= (36 - 3.5) / 20 - 1e-6);
    assert_true(headroom.rungs[NB_RUNG_TRAITS].answers);
    /* the oracle writes only where somebody will buy, and calls the 4 who want what is third: 2 of
     * them return it, which it does not see */
    assert_close(headroom.rungs[NB_RUNG_STATE].value,
                 (36 - 4 * 0.25 * 1.25 - 4 * 0.25 * 0.5 + 2 * 3 * 1.25 + 2 * (3 - 3) * 0.5) / 20,
                 1e-6, 0);
    nb_headroom_free(&headroom);
    nb_headroom_free(&headroom);
}

static void test_ladder_is_the_same_for_any_number_of_threads(void **state)
{
    toy_world_t world = {.noise = 2.0, .tail = 1, .burn_in = 1};
    nb_headroom_spec_t spec = toy(&world);
    nb_headroom_t one, three;

    (void)state;
    spec.replications = 6;
    assert_ok(nb_headroom_init(&one, &spec));
    spec.n_threads = 3;
    assert_ok(nb_headroom_init(&three, &spec));
    for (size_t k = 0; k < NB_N_RUNGS; k++) {
        assert_true(one.rungs[k].value == three.rungs[k].value);
        assert_true(one.rungs[k].se == three.rungs[k].se && one.rungs[k].se > 0);
    }
    nb_headroom_free(&one);
    nb_headroom_free(&three);
}

static void test_ladder_without_segments_and_oracle(void **state)
{
    toy_world_t world = {.no_oracle = 1};
    nb_environment_type_t blind = toy_environment;
    nb_headroom_spec_t spec = toy(&world);
    nb_headroom_t headroom;

    (void)state;
    blind.customer_segments = NULL;
    spec.environment = &blind;
    assert_ok(nb_headroom_init(&headroom, &spec));
    assert_false(headroom.rungs[NB_RUNG_SEGMENT].is_there);
    assert_false(headroom.rungs[NB_RUNG_STATE].is_there);
    nb_headroom_free(&headroom);
    blind.customer_values = NULL;
    assert_fails(nb_headroom_init(&headroom, &spec), NB_ERR_UNSUPPORTED, "values by customer");
    nb_headroom_free(&headroom);
}

static const double *value_nobody(const void *run, size_t *n)
{
    (void)run;
    *n = 0;
    return NULL;
}

/* as where customers belong to several firms */
static void test_ladder_needs_values_of_customers(void **state)
{
    toy_world_t world = {0};
    nb_headroom_spec_t spec = toy(&world);
    nb_environment_type_t blind = *spec.environment;
    nb_headroom_t headroom;

    (void)state;
    blind.customer_values = value_nobody;
    spec.environment = &blind;
    assert_fails(nb_headroom_init(&headroom, &spec), NB_ERR_UNSUPPORTED, "a scenario of one firm");
    nb_headroom_free(&headroom);
}

static void test_ladder_refuses_bad_points(void **state)
{
    static const char *const twice[] = {"recognize", "recognize"}, *const wrong[] = {"recognise"},
                             *const slate[] = {"shelf"};
    toy_world_t world = {0};
    nb_headroom_spec_t spec = toy(&world);
    nb_headroom_t headroom;

    (void)state;
    spec.points = wrong;
    assert_fails(nb_headroom_init(&headroom, &spec), NB_ERR_CONFIG, "did you mean 'recognize'?");
    nb_headroom_free(&headroom);
    spec.points = slate;
    assert_fails(nb_headroom_init(&headroom, &spec), NB_ERR_CONFIG, "slates");
    nb_headroom_free(&headroom);
    spec.points = twice;
    spec.n_points = 2;
    assert_fails(nb_headroom_init(&headroom, &spec), NB_ERR_CONFIG, "named twice");
    nb_headroom_free(&headroom);
    spec.n_points = 0;
    assert_fails(nb_headroom_init(&headroom, &spec), NB_ERR_CONFIG, "at least one");
    nb_headroom_free(&headroom);
    spec = toy(&world);
    spec.replications = 1;
    assert_fails(nb_headroom_init(&headroom, &spec), NB_ERR_CONFIG, "expected 2 or more");
    nb_headroom_free(&headroom);
    spec = toy(&world);
    spec.n_customers = 200000000;
    assert_fails(nb_headroom_init(&headroom, &spec), NB_ERR_RANGE, "4 GB");
    nb_headroom_free(&headroom);
}

static void test_ladder_gives_its_memory_back(void **state)
{
    toy_world_t world = {0};
    nb_headroom_spec_t spec = toy(&world);
    int code = NB_ERR_MEMORY;

    (void)state;
    for (uint64_t n = 1; code == NB_ERR_MEMORY; n++) {
        nb_headroom_t headroom;

        nb_alloc_fail_at(n);
        code = nb_headroom_init(&headroom, &spec);
        nb_alloc_fail_at(0);
        nb_headroom_free(&headroom);
        assert_true(n < 5000);
    }
    assert_ok(code);
}

static void test_ladder_prints(void **state)
{
    toy_world_t world = {0};
    nb_headroom_spec_t spec = toy(&world);
    nb_headroom_t headroom;
    nb_config_t json;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_ok(nb_headroom_init(&headroom, &spec));
    nb_headroom_json(&headroom, "toy", out);
    fflush(out);
    assert_ok(nb_config_init(&json));
    assert_ok(nb_config_parse(&json, "headroom", text, size));
    assert_string_equal(nb_node_child(json.root, "candidates")->text, "4");
    assert_int_equal(nb_node_count(nb_node_child(json.root, "rungs")), NB_N_RUNGS);
    nb_config_free(&json);
    headroom.rungs[NB_RUNG_SEGMENT].answers = 0;
    headroom.rungs[NB_RUNG_STATE].is_there = 0;
    rewind(out);
    assert_ok(nb_headroom_text(&headroom, "toy", 0, out));
    fflush(out);
    assert_non_null(strstr(text, "Scenario toy, 2 replications of 20 customers, 4 fixed"));
    assert_non_null(strstr(text, "this scenario cannot answer it"));
    assert_non_null(strstr(text, "wide enough"));
    fclose(out);
    free(text);
    nb_headroom_free(&headroom);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rungs_know_more_and_more),
        cmocka_unit_test(test_rungs_are_not_paid_for_luck),
        cmocka_unit_test(test_narrow_rungs_cannot_answer),
        cmocka_unit_test(test_rungs_may_be_missing),
        cmocka_unit_test(test_ladder_of_an_environment),
        cmocka_unit_test(test_ladder_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_ladder_without_segments_and_oracle),
        cmocka_unit_test(test_ladder_needs_values_of_customers),
        cmocka_unit_test(test_ladder_refuses_bad_points),
        cmocka_unit_test(test_ladder_gives_its_memory_back),
        cmocka_unit_test(test_ladder_prints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
