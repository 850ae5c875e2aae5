/* What policy.c offers all policies: draws by name, and choosing by scores. */
#include "core/normals.h"
#include "tests/fixture_policy.h"

enum { K = 6 };

static fixture_t fixture;

static int set_up(void **state)
{
    (void)state;
    return fixture_start(&fixture, "random", NULL);
}

static int tear_down(void **state)
{
    (void)state;
    fixture_free(&fixture);
    return 0;
}

static void test_uniforms_and_normals_are_named_by_the_customer(void **state)
{
    enum { N = 150 };
    static double uniforms[4 * N], other[4 * N];
    static float normals[4 * N];
    nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 1), one;

    (void)state;
    batch.period = 17;
    batch.round = 2;
    nb_policy_uniforms(&batch, 3, uniforms);
    nb_policy_normals(&batch, 3, normals);
    for (size_t i = 0; i < N; i += 37) {
        nb_counter_t counter = {(uint32_t)i, 17, NB_PURPOSE_POLICY + NARROW, 2, 3};
        uint32_t words[4];
        float z[4];

        nb_rng_block(batch.key, counter, words);
        nb_normals(words, 4, z);
        for (int w = 0; w < 4; w++) {
            assert_true(uniforms[w * N + (int)i] == nb_rng_uniform(words[w]));
            assert_true(normals[w * N + (int)i] == z[w]);
        }
    }
    one = batch;
    one.round = 3;
    nb_policy_uniforms(&one, 3, other);
    assert_true(other[0] != uniforms[0]);
}

static void test_argmax_breaks_ties_by_the_uniform(void **state)
{
    static const double s[4 * K] = {1, 3, 3, 2, 3, 9, 1,         3, 3, 2,         3, 9,
                                    1, 3, 3, 2, 3, 9, -INFINITY, 0, 0, -INFINITY, 0, 0};
    static const double tie[4] = {0.0, 0.5, 0.999999, 0.6};
    static const uint64_t mask[4] = {0x1f, 0x1f, 0x1f, 0x09};
    nb_batch_t batch = {.n = 4, .n_actions = K, .mask_words = 1, .mask = mask, .slate = 3};
    int32_t action[4];

    (void)state;
    assert_ok(nb_policy_argmax(&batch, s, tie, action));
    assert_int_equal(action[0], 1);
    assert_int_equal(action[1], 2);
    assert_int_equal(action[2], 4);
    assert_int_equal(action[3], 3);
}

static void test_top_ranks_and_ends_in_minus_one(void **state)
{
    static const double s[2 * K] = {1, 5, 3, 2, 4, 9, 7, 1, 2, 0, 0, 0};
    static const double tie[2] = {0.3, 0.3};
    static const uint64_t mask[2] = {0x1f, 0x06};
    nb_batch_t batch = {.n = 2, .n_actions = K, .mask_words = 1, .mask = mask, .slate = 3};
    int32_t action[6];

    (void)state;
    assert_ok(nb_policy_top(&batch, s, tie, action));
    assert_memory_equal(action, ((int32_t[]){1, 4, 2, 2, 1, -1}), sizeof action);
}

static void test_a_score_that_is_not_a_number_is_named(void **state)
{
    static const double s[2 * K] = {1, 5, NAN, 2, 4, 9, 1, 5, 3, 2, NAN, 9}, tie[2] = {0, 0};
    static const uint64_t mask[2] = {0x3b, 0x3f};
    nb_batch_t batch = {.n = 2, .n_actions = K, .mask_words = 1, .mask = mask, .slate = 1};
    int32_t action[2];

    (void)state;
    assert_fails(nb_policy_argmax(&batch, s, tie, action), NB_ERR_NUMERIC, "action 4 in row 1");
    assert_fails(nb_policy_top(&batch, s, tie, action), NB_ERR_NUMERIC, "action 4 in row 1");
    batch.n = 1;
    assert_ok(nb_policy_argmax(&batch, s, tie, action));
}

/* nb_policy_rank draws a tie only where there is one, and draws what nb_policy_uniforms gives */
static void test_rank_equals_top_with_the_row_s_own_tie(void **state)
{
    enum { N = 200 };
    static double s[N * MAX_ACTIONS], uniforms[4 * N];
    static int32_t top[4 * N];
    nb_batch_t batch = fixture_batch(&fixture, WIDE, N, 4);
    nb_choice_t out = {fixture.action, NULL};

    (void)state;
    for (size_t at = 0; at < N * MAX_ACTIONS; at++) {
        s[at] = (double)(at % 7);
    }
    nb_policy_uniforms(&batch, 0, uniforms);
    assert_ok(nb_policy_top(&batch, s, uniforms, top));
    assert_ok(nb_policy_rank(&batch, s, &out));
    assert_memory_equal(top, fixture.action, sizeof top);
}

/* equal scores: the 6 orders of 2 out of 3 actions come evenly in 6,000 rows (chi-square with 5
 * degrees of freedom, beyond 37.3 once in 2 million, fixed seed), each with propensity 1/6 */
static void test_rank_breaks_ties_of_a_slate_evenly(void **state)
{
    double s[3 * MAX_ROWS] = {0}, count[9] = {0}, statistic = 0.0;
    nb_batch_t batch = fixture_batch(&fixture, BARE, 1000, 5);
    nb_choice_t out = {fixture.action, fixture.propensity};

    (void)state;
    for (size_t i = 0; i < batch.n; i++) {
        fixture.mask[i] = 7;
    }
    batch.slate = 2;
    batch.want_propensity = 1;
    for (batch.period = 0; batch.period < 6; batch.period++) {
        assert_ok(nb_policy_rank(&batch, s, &out));
        for (size_t i = 0; i < batch.n; i++) {
            count[3 * out.action[2 * i] + out.action[2 * i + 1]]++;
            assert_close(out.propensity[2 * i] * out.propensity[2 * i + 1], 1.0 / 6, 1e-15, 0);
        }
    }
    for (int pair = 0; pair < 9; pair++) {
        statistic += pair % 4 ? pow(count[pair] - 1000.0, 2) / 1000.0 : 0.0;
        assert_true(pair % 4 || count[pair] == 0.0);
    }
    assert_true(statistic < 37.3);
}

static void test_pick_counts_allowed_actions_only(void **state)
{
    static const uint64_t mask[2] = {(uint64_t)1 << 63 | 4, 2};
    nb_batch_t batch = {.n = 1, .n_actions = 70, .mask_words = 2, .mask = mask, .slate = 1};

    (void)state;
    assert_int_equal(nb_policy_n_allowed(&batch, 0), 3);
    assert_int_equal(nb_policy_pick(&batch, 0, 0.0), 2);
    assert_int_equal(nb_policy_pick(&batch, 0, 0.34), 63);
    assert_int_equal(nb_policy_pick(&batch, 0, 1.0 - 0x1p-33), 65);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uniforms_and_normals_are_named_by_the_customer),
        cmocka_unit_test(test_argmax_breaks_ties_by_the_uniform),
        cmocka_unit_test(test_top_ranks_and_ends_in_minus_one),
        cmocka_unit_test(test_a_score_that_is_not_a_number_is_named),
        cmocka_unit_test(test_rank_equals_top_with_the_row_s_own_tie),
        cmocka_unit_test(test_rank_breaks_ties_of_a_slate_evenly),
        cmocka_unit_test(test_pick_counts_allowed_actions_only),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
