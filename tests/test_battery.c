/* One battery over every registered policy: what all of them promise. */
#include "tests/fixture_policy.h"

/* settings without which a policy has nothing to play */
static const char *settings_of(const char *name)
{
    if (strcmp(name, "schedule") == 0) {
        return "{action: [a2, a1, a65], every: 3}";
    }
    if (strcmp(name, "fixed") == 0) {
        return "{action: [a2, a1, a66]}";
    }
    if (strcmp(name, "rules") == 0) {
        return "{rules: [{if: [{feature: recency, above: 0.5}], action: a2},"
               "{if: [{feature: spend, below: 0}, {feature: one, above: 0}], action: [a1, a65]}],"
               "otherwise: a3}";
    }
    if (strcmp(name, "bwk") == 0 || strcmp(name, "fatigue_aware") == 0) {
        return "{inner: {policy: lin_ts}}";
    }
    if (strcmp(name, "delayed") == 0) {
        return "{inner: {policy: lin_ucb}}";
    }
    if (strcmp(name, "safe") == 0) {
        return "{inner: {policy: lin_ts}, baseline: a1, alpha: 0.9}";
    }
    if (strcmp(name, "gittins") == 0) {
        return "{observations: 20, discount: 0.9}"; /* a table that takes no time */
    }
    if (strcmp(name, "dp") == 0) {
        return "{horizon: 2}"; /* 70 actions have many counts */
    }
    if (strcmp(name, "oracle_rules") == 0) {
        return "{rules: [{if: [{latent: fatigue, below: 4}, {feature: recency, above: 0.5}],"
               "action: a2}, {if: {latent: need_open, above: 0.5}, action: [a1, a65]}]}";
    }
    if (strcmp(name, "rfm_table") == 0) {
        return "{recency: {score_3: 6, score_2: 12}, frequency: {feature: opens},"
               "monetary: {feature: spend}, cells: {3xx: a1, 2xx: [a2, a65], 13x: a4}, every: 1}";
    }
    if (strcmp(name, "btyd_priority") == 0) {
        return "{alive: opens, value: spend, action: [a2, a65], every: 1, share: 0.4,"
               "otherwise: a3}";
    }
    if (strcmp(name, "propensity_topn") == 0) {
        return "{action: [a2, a65], every: 1, otherwise: a1, test_weeks: 0}";
    }
    if (strcmp(name, "ab_rollout") == 0) {
        return "{arms: [never, [a1, a66], [a2, a65, a64]], every: 1, test_weeks: 520}";
    }
    if (strcmp(name, "risk_target") == 0) {
        return "{alive: opens, action: [a2, a65], otherwise: a1, every: 1}";
    }
    return NULL;
}

/* an oracle whose rewards are a known function of row and action */
static int expect(void *world, const nb_batch_t *batch, double *out)
{
    (void)world;
    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned k = 0; k < batch->n_actions; k++) {
            int allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);

            out[i * batch->n_actions + k] =
                allowed ? (double)((batch->luck[i] * 7 + k * 5) % 11) : -INFINITY;
        }
    }
    return NB_OK;
}

/* and whose hidden state is a known function of the customer */
static int look_inside(void *world, const nb_batch_t *batch, double *out)
{
    unsigned n_latent = batch->oracle->n_latent;

    (void)world;
    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned j = 0; j < n_latent; j++) {
            out[i * n_latent + j] = (double)(batch->luck[i] % (j ? 7 : 2));
        }
    }
    return NB_OK;
}

static nb_oracle_t oracles[N_POINTS];

static nb_batch_t make_batch(fixture_t *fixture, unsigned point, size_t n, unsigned seed)
{
    nb_batch_t batch = fixture_batch(fixture, point, n, seed);

    if (fixture->layer.traits & NB_TRAIT_ORACLE) {
        oracles[point] = (nb_oracle_t){.expected_reward = expect,
                                       .n_latent = fixture->points[point].n_latent,
                                       .latent_names = fixture->points[point].latent,
                                       .latent = look_inside};
        batch.oracle = &oracles[point];
    }
    if (!(fixture->layer.traits & NB_TRAIT_CONTEXTUAL)) {
        batch.x = NULL;
    }
    return batch;
}

static void choose(const fixture_t *fixture, const nb_batch_t *batch, int32_t *action,
                   double *propensity)
{
    nb_choice_t out = {action, propensity};

    assert_ok(fixture->type->choose(fixture->state, batch, &out));
}

typedef void (*check_t)(fixture_t *fixture);

/* run a check on every policy, taught for two periods */
static void for_each_policy(check_t check)
{
    for (size_t i = 0; i < nb_policy_count(); i++) {
        const char *name = nb_policy_at(i)->name;
        fixture_t fixture;

        assert_ok(fixture_start(&fixture, name, settings_of(name)));
        assert_ok(fixture_teach(&fixture, 500, 1));
        assert_ok(fixture_teach(&fixture, 300, 2));
        check(&fixture);
        fixture_free(&fixture);
    }
}

static void check_description(fixture_t *fixture)
{
    const nb_policy_type_t *type = fixture->type;

    assert_int_equal(type->abi, NB_POLICY_ABI);
    assert_true(type->version >= 1);
    assert_non_null(strchr(type->summary, ' '));
    assert_true((type->settings == NULL) == (type->settings_size == 0));
    for (const nb_setting_t *row = type->settings; row && row->key; row++) {
        assert_true(strlen(row->help) > 10);
        assert_true(row->offset < type->settings_size);
        assert_true(row->type == NB_SETTING_NODE || row->type == NB_SETTING_CHOICE ||
                    (row->low <= row->def && row->def <= row->high));
    }
    assert_true(!(type->traits & NB_TRAIT_LEARNS) || type->update);
}

static void test_battery_every_policy_describes_itself(void **state)
{
    (void)state;
    for_each_policy(check_description);
}

static void check_masks(fixture_t *fixture)
{
    for (unsigned point = 0; point < N_POINTS; point++) {
        nb_batch_t batch = make_batch(fixture, point, 400, 3);

        choose(fixture, &batch, fixture->action, NULL);
        for (size_t i = 0; i < batch.n; i++) {
            const int32_t *row = fixture->action + i * batch.slate;
            unsigned n_allowed = nb_policy_n_allowed(&batch, i);

            for (unsigned j = 0; j < batch.slate; j++) {
                assert_int_equal(row[j] < 0, j >= n_allowed);
                assert_true(row[j] < 0 ||
                            nb_mask_allows(batch.mask, batch.mask_words, i, (unsigned)row[j]));
                for (unsigned before = 0; before < j; before++) {
                    assert_true(row[j] < 0 || row[before] != row[j]);
                }
            }
        }
    }
}

static void test_battery_actions_are_allowed_and_distinct(void **state)
{
    (void)state;
    for_each_policy(check_masks);
}

/* a slate longer than what is allowed ends in -1 */
static void check_short_rows(fixture_t *fixture)
{
    nb_batch_t batch = make_batch(fixture, WIDE, 32, 4);

    for (size_t i = 0; i < batch.n; i++) {
        fixture->mask[2 * i] = 0;
        fixture->mask[2 * i + 1] = 1 + 2 * (i % 2);
    }
    choose(fixture, &batch, fixture->action, NULL);
    for (size_t i = 0; i < batch.n; i++) {
        assert_int_equal(fixture->action[4 * i + i % 2] >= 64, 1);
        assert_int_equal(fixture->action[4 * i + 1 + i % 2], -1);
        assert_int_equal(fixture->action[4 * i + 3], -1);
    }
}

static void test_battery_short_rows_end_in_minus_one(void **state)
{
    (void)state;
    for_each_policy(check_short_rows);
}

static void check_blocks(fixture_t *fixture)
{
    static const size_t sizes[] = {1, 7, 16, 33};

    for (unsigned point = 0; point < N_POINTS; point++) {
        nb_batch_t batch = make_batch(fixture, point, 100, 5);
        int32_t *whole = fixture->action, *part = whole + 100 * batch.slate;

        choose(fixture, &batch, whole, NULL);
        for (size_t s = 0; s < 4; s++) {
            for (size_t start = 0; start < 100; start += sizes[s]) {
                nb_batch_t piece = batch;

                piece.n = 100 - start < sizes[s] ? 100 - start : sizes[s];
                piece.x = batch.x ? batch.x + start * batch.d : NULL;
                piece.mask = batch.mask + start * batch.mask_words;
                piece.luck = batch.luck + start;
                piece.customer = batch.customer + start;
                choose(fixture, &piece, part + start * batch.slate, NULL);
            }
            assert_memory_equal(whole, part, 100 * batch.slate * sizeof *whole);
        }
    }
}

static void test_battery_choices_do_not_depend_on_the_block(void **state)
{
    (void)state;
    for_each_policy(check_blocks);
}

static void check_copy(fixture_t *fixture)
{
    char *copy = NULL;
    void *original = fixture->state;
    nb_batch_t batch = make_batch(fixture, NARROW, 200, 6);

    assert_ok(nb_alloc(&copy, fixture->state_size + 64, 1));
    choose(fixture, &batch, fixture->action, NULL);
    if (fixture->state_size) {
        memcpy(copy, original, fixture->state_size);
        fixture->state = copy;
        memset(original, 0xff, fixture->state_size);
        choose(fixture, &batch, fixture->action + 200, NULL);
        assert_memory_equal(fixture->action, fixture->action + 200, 200 * sizeof(int32_t));
        memcpy(original, copy, fixture->state_size);
        fixture->state = original;
    }
    nb_free(copy);
}

static void test_battery_a_copied_state_chooses_the_same(void **state)
{
    (void)state;
    for_each_policy(check_copy);
}

static void check_reset(fixture_t *fixture)
{
    char *fresh = NULL;

    assert_ok(nb_alloc(&fresh, fixture->state_size, 1));
    if (fixture->state_size) {
        assert_ok(fixture->type->init(fresh, &fixture->spec, fixture->settings));
        memset(fixture->state, 0, fixture->state_size);
        assert_ok(fixture->type->init(fixture->state, &fixture->spec, fixture->settings));
        assert_memory_equal(fresh, fixture->state, fixture->state_size);
        assert_ok(fixture_teach(fixture, 64, 7));
    }
    nb_free(fresh);
}

static void test_battery_reset_equals_fresh(void **state)
{
    (void)state;
    for_each_policy(check_reset);
}

static void check_allocations(fixture_t *fixture)
{
    nb_batch_t batch = make_batch(fixture, NARROW, MAX_ROWS, 8);
    nb_batch_t wide = make_batch(fixture, WIDE, MAX_ROWS, 8);
    uint64_t before = nb_alloc_count();

    choose(fixture, &wide, fixture->action, NULL);
    batch = make_batch(fixture, NARROW, MAX_ROWS, 8);
    choose(fixture, &batch, fixture->action, NULL);
    assert_ok(fixture_teach(fixture, MAX_ROWS, 8));
    assert_int_equal(nb_alloc_count(), before);
    assert_int_equal(fixture->arena.used, 0);
}

static void test_battery_choosing_and_learning_allocate_nothing(void **state)
{
    (void)state;
    for_each_policy(check_allocations);
}

static void check_probabilities(fixture_t *fixture)
{
    double *p = NULL, *v = NULL;

    if (!fixture->type->probabilities) {
        return;
    }
    assert_ok(nb_alloc(&p, 50 * MAX_ACTIONS, sizeof *p));
    assert_ok(nb_alloc(&v, 50, sizeof *v));
    for (unsigned point = 0; point < N_POINTS; point++) {
        nb_batch_t batch = make_batch(fixture, point, point == WIDE ? 5 : 50, 9);

        batch.slate = 1;
        batch.want_propensity = 1;
        assert_ok(fixture->type->probabilities(fixture->state, &batch, p));
        choose(fixture, &batch, fixture->action, fixture->propensity);
        for (size_t i = 0; i < batch.n; i++) {
            double sum = 0.0;

            for (unsigned k = 0; k < batch.n_actions; k++) {
                double here = p[i * batch.n_actions + k];

                assert_true(here >= 0.0 && here <= 1.0 + 1e-12);
                assert_true(here == 0.0 || nb_mask_allows(batch.mask, batch.mask_words, i, k));
                sum += here;
            }
            assert_close(sum, 1.0, 0, 1e-9);
            assert_close(fixture->propensity[i],
                         p[i * batch.n_actions + (size_t)fixture->action[i]], 1e-12, 0);
            assert_true(fixture->propensity[i] > 0.0);
        }
        if (fixture->type->value) {
            assert_ok(fixture->type->value(fixture->state, &batch, v));
            assert_true(isfinite(v[0]) && isfinite(v[batch.n - 1]));
        }
    }
    nb_free(v);
    nb_free(p);
}

static void test_battery_probabilities_sum_to_one_and_are_the_propensities(void **state)
{
    (void)state;
    for_each_policy(check_probabilities);
}

/* 12,000 choices of one context against its probabilities: chi-square over K = 6 actions, 5 degrees
 * of freedom, beyond 37.3 once in 2 million (fixed seed) */
static void check_frequencies(fixture_t *fixture)
{
    enum { N_PERIODS = 12, N_ROWS = 1000 };
    static const uint32_t one_customer[N_ROWS];
    double p[6], statistic = 0.0;
    size_t count[6] = {0};
    uint32_t luck[N_ROWS];
    nb_batch_t batch = make_batch(fixture, NARROW, N_ROWS, 10);

    if (!fixture->type->probabilities || (fixture->layer.traits & NB_TRAIT_ORACLE) ||
        strcmp(fixture->type->name, "schedule") == 0) {
        return;
    }
    for (size_t i = 0; i < N_ROWS; i++) {
        memcpy(fixture->x + i * batch.d, fixture->x, batch.d * sizeof *fixture->x);
        fixture->mask[i] = 0x37;
    }
    /* one record, many draws: streams go by luck */
    batch.customer = one_customer;
    batch.n = 1;
    batch.period = 1; /* after those that were taught */
    assert_ok(fixture->type->probabilities(fixture->state, &batch, p));
    batch.n = N_ROWS;
    batch.luck = luck;
    for (int period = 0; period < N_PERIODS; period++) {
        /* nobody twice: what is drawn once a customer is not drawn again */
        for (uint32_t i = 0; i < N_ROWS; i++) {
            luck[i] = (uint32_t)period * N_ROWS + i;
        }
        batch.period = 1 + period;
        choose(fixture, &batch, fixture->action, NULL);
        for (size_t i = 0; i < N_ROWS; i++) {
            count[fixture->action[i]]++;
        }
    }
    for (int k = 0; k < 6; k++) {
        double expected = p[k] * N_PERIODS * N_ROWS;

        assert_true(p[k] > 0.0 || count[k] == 0);
        statistic += expected > 0.0 ? pow((double)count[k] - expected, 2) / expected : 0.0;
    }
    if (statistic > 37.3) {
        fail_msg("%s: chi-square %.1f", fixture->type->name, statistic);
    }
}

static void test_battery_choices_follow_the_probabilities(void **state)
{
    (void)state;
    for_each_policy(check_frequencies);
}

static void check_not_finite(fixture_t *fixture)
{
    nb_batch_t batch = make_batch(fixture, NARROW, 20, 11);
    nb_choice_t out = {fixture->action, NULL};
    nb_transitions_t finished;

    if (fixture->layer.traits & NB_TRAIT_CONTEXTUAL) {
        fixture->x[17 * batch.d + 1] = NAN;
        assert_fails(fixture->type->choose(fixture->state, &batch, &out), NB_ERR_NUMERIC, "row 17");
        fixture->x[17 * batch.d + 1] = INFINITY;
        assert_fails(fixture->type->choose(fixture->state, &batch, &out), NB_ERR_NUMERIC, "row 17");
    }
    if (fixture->layer.traits & NB_TRAIT_LEARNS) {
        for (size_t i = 0; i < batch.n; i++) {
            fixture->action[i] = 1;
            fixture->reward[i] = 1.0;
        }
        finished = fixture_transitions(fixture, &batch, fixture->action, fixture->reward);
        if (fixture->layer.traits & NB_TRAIT_CONTEXTUAL) {
            assert_fails(fixture->type->update(fixture->state, &finished), NB_ERR_NUMERIC,
                         "row 17");
        }
        fixture->reward[3] = NAN;
        assert_fails(fixture->type->update(fixture->state, &finished), NB_ERR_NUMERIC,
                     "transition 3");
        fixture->reward[3] = 0.0;
        fixture->action[5] = 6;
        assert_fails(fixture->type->update(fixture->state, &finished), NB_ERR_RANGE,
                     "transition 5");
    }
}

static void test_battery_what_is_not_finite_is_an_error(void **state)
{
    (void)state;
    for_each_policy(check_not_finite);
}

/* scores agree with choices: the loop may rank by them */
static void check_scores(fixture_t *fixture)
{
    nb_arena_t arena;
    double *s = NULL;

    if (!fixture->type->score) {
        return;
    }
    assert_ok(nb_arena_init(&arena, fixture->arena.size));
    assert_ok(nb_alloc(&s, 200 * MAX_ACTIONS, sizeof *s));
    for (unsigned point = 0; point < N_POINTS; point++) {
        nb_batch_t batch = make_batch(fixture, point, 200, 12);
        int32_t *ranked = fixture->action + 200 * batch.slate;
        nb_choice_t out = {ranked, NULL};

        choose(fixture, &batch, fixture->action, NULL);
        assert_ok(fixture->type->score(fixture->state, &batch, s));
        batch.scratch = &arena;
        assert_ok(nb_policy_rank(&batch, s, &out));
        assert_memory_equal(fixture->action, ranked, 200 * batch.slate * sizeof(int32_t));
    }
    nb_free(s);
    nb_arena_free(&arena);
}

static void test_battery_scores_rank_as_the_policy_chooses(void **state)
{
    (void)state;
    for_each_policy(check_scores);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_battery_every_policy_describes_itself),
        cmocka_unit_test(test_battery_actions_are_allowed_and_distinct),
        cmocka_unit_test(test_battery_short_rows_end_in_minus_one),
        cmocka_unit_test(test_battery_choices_do_not_depend_on_the_block),
        cmocka_unit_test(test_battery_a_copied_state_chooses_the_same),
        cmocka_unit_test(test_battery_reset_equals_fresh),
        cmocka_unit_test(test_battery_choosing_and_learning_allocate_nothing),
        cmocka_unit_test(test_battery_probabilities_sum_to_one_and_are_the_propensities),
        cmocka_unit_test(test_battery_choices_follow_the_probabilities),
        cmocka_unit_test(test_battery_what_is_not_finite_is_an_error),
        cmocka_unit_test(test_battery_scores_rank_as_the_policy_chooses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
