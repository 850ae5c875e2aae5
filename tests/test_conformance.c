/* The checks of `nextbest check-policy`: each finds the defect that it is there for. */
#include "bench/conformance.h"

#include "policies/registry.h"
#include "tests/testlib.h"

/* what is wrong with the policy below */
typedef enum {
    NOTHING,
    NO_HELP,
    FORBIDDEN,
    SHORT_ROWS,
    FORGETFUL,
    BLOCK,
    SCORES,
    NAN_SCORES,
    SUM,
    PROPENSITY,
    FREQUENCY,
    VALUE,
    POINTER,
    FRESH,
    DEAF,
    SHRINKS,
    ALLOCATES,
    SWALLOWS_X,
    SWALLOWS_REWARD,

} defect_t;

static defect_t defect;
static unsigned calls;

/* a policy that plays uniformly, counts what it is taught, and does one thing wrong */
typedef struct {
    const void *self;
    double n, fresh;
} state_t;

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(state_t) +
           (defect == SHRINKS && spec->n_customers > NB_BLOCK_ROWS ? 0 : spec->n_customers);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    state_t *self = state;

    (void)spec;
    (void)settings;
    self->self = defect == POINTER ? state : NULL;
    self->fresh = defect == FRESH ? calls++ : 0;
    return NB_OK;
}

/* the scores are uniforms: the highest is any allowed action with equal probability */
static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions, n = batch->n;
    double *u = nb_arena_take(batch->scratch, 4 * n, sizeof *u);

    for (unsigned k = 0; k < K; k++) {
        if (k % 4 == 0) {
            nb_policy_uniforms(batch, 1 + k / 4, u);
        }
        for (size_t i = 0; i < n; i++) {
            s[i * K + k] =
                nb_mask_allows(batch->mask, batch->mask_words, i, k) ? u[k % 4 * n + i] : -INFINITY;
        }
    }
    if (defect == POINTER && ((const state_t *)state)->self != state) {
        s[0] = -INFINITY;
    }
    if (defect == NAN_SCORES) {
        s[nb_policy_pick(batch, 0, 0.0)] = NAN;
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int check_x(const nb_batch_t *batch)
{
    for (size_t at = 0; defect != SWALLOWS_X && batch->x && at < batch->n * batch->d; at++) {
        if (!isfinite(batch->x[at])) {
            NB_FAIL(NB_ERR_NUMERIC, "row %zu", at / batch->d);
        }
    }
    return NB_OK;
}

/* turn the first answers into what the defect says */
static void spoil(const nb_batch_t *batch, int32_t *action)
{
    int32_t first = nb_policy_pick(batch, 0, 0.0);

    if (defect == FORBIDDEN) {
        for (size_t i = 0; i < batch->n; i++) {
            action[i * batch->slate] = 1;
        }
    }
    if (defect == SHORT_ROWS && batch->slate > 1 && nb_policy_n_allowed(batch, 0) < 3) {
        action[batch->slate - 1] = action[0];
    }
    if ((defect == FORGETFUL && calls++ % 2) || (defect == BLOCK && batch->n > 1) ||
        (defect == SCORES && batch->n == 200)) {
        action[0] = action[0] == first ? nb_policy_pick(batch, 0, 0.999) : first;
    }
    for (size_t i = 0; defect == FREQUENCY && i < batch->n; i += 4) {
        action[i * batch->slate] = nb_policy_pick(batch, i, 0.0);
    }
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *s = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *s);
    void *lost = NULL;

    NB_TRY(check_x(batch));
    NB_TRY(score(state, batch, s));
    if (defect == ALLOCATES) {
        NB_TRY(nb_alloc(&lost, 1, 1));
        nb_free(lost);
    }
    if (defect == NAN_SCORES) {
        memset(s, 0, batch->n * batch->n_actions * sizeof *s);
    }
    NB_TRY(nb_policy_rank(batch, s, out));
    spoil(batch, out->action);
    for (size_t i = 0; batch->want_propensity && i < batch->n; i++) {
        out->propensity[i] = 1.0 / (nb_policy_n_allowed(batch, i) + (defect == PROPENSITY));
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    (void)state;
    for (size_t at = 0; at < batch->n * batch->n_actions; at++) {
        size_t i = at / batch->n_actions;
        unsigned k = (unsigned)(at % batch->n_actions);
        double share = 1.0 / (nb_policy_n_allowed(batch, i) + (defect == SUM));

        p[at] = nb_mask_allows(batch->mask, batch->mask_words, i, k) ? share : 0.0;
    }
    return NB_OK;
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    for (size_t i = 0; i < batch->n; i++) {
        v[i] = defect == VALUE ? NAN : ((const state_t *)state)->n;
    }
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    for (size_t i = 0; i < finished->n; i++) {
        int32_t k = finished->action[i];

        if (k < 0 || (unsigned)k >= finished->n_actions) {
            NB_FAIL(NB_ERR_RANGE, "transition %zu", i);
        }
        if (!isfinite(finished->reward[i]) && defect != SWALLOWS_REWARD) {
            NB_FAIL(NB_ERR_NUMERIC, "transition %zu", i);
        }
        ((state_t *)state)->n += defect == DEAF ? 0.0 : 1.0;
    }
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return NB_BLOCK_ROWS * (spec->points[1].n_actions + 16) * sizeof(double);
}

typedef struct {
    double rate;
} settings_t;

static nb_setting_t table[] = {
    {.key = "rate",
     .type = NB_SETTING_REAL,
     .high = 1.0,
     .choices = "",
     .unit = "",
     .mark = "",
     .source = "",
     .help = "a setting with a help"},
    {0},
};

static const nb_policy_type_t type = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "suspect",
    .summary = "uniform play with one defect",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_SLATE | NB_TRAIT_INDIVIDUAL,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};

/* two points: one action of six with features, a slate of three of ten */
static nb_check_t run_check(const nb_policy_type_t *of, const char *name)
{
    static const nb_point_t points[] = {
        {.name = "one", .phase = "", .d = 3, .n_actions = 6, .max_slate = 1},
        {.name = "slate", .phase = "", .d = 2, .n_actions = 10, .max_slate = 3},
    };
    nb_spec_t spec = {.n_points = 2, .points = points, .gamma = 1.0, .period_weeks = 1.0};
    settings_t settings = {0.0};
    nb_layer_t layer = {.type = of, .settings = &settings, .traits = of->traits};
    nb_check_t check = {NB_CHECK_FAILED, "there is no such check"};

    for (size_t i = 0; i < nb_conformance_count(); i++) {
        if (strcmp(nb_conformance_name(i), name) == 0) {
            assert_ok(nb_conformance_run(&layer, &spec, i, &check));
        }
    }
    return check;
}

static void test_conformance_an_honest_policy_passes_everything(void **state)
{
    (void)state;
    defect = NOTHING;
    for (size_t i = 0; i < nb_conformance_count(); i++) {
        nb_check_t check = run_check(&type, nb_conformance_name(i));

        if (check.outcome != NB_CHECK_PASSED) {
            fail_msg("%s: %s", nb_conformance_name(i), check.reason);
        }
        assert_true(strlen(nb_conformance_promise(i)) > 10);
    }
}

static void test_conformance_each_check_finds_its_defect(void **state)
{
    static const struct {
        defect_t defect;
        const char *check, *words;
    } cases[] = {
        {NO_HELP, "describes", "setting rate has no help"},
        {FORBIDDEN, "masks", "plays action 1, which is not allowed"},
        {SHORT_ROWS, "short_rows", "in a slate"},
        {FORGETFUL, "same_bits", "the second answer differs"},
        {BLOCK, "blocks", "row 0 is answered otherwise alone"},
        {SCORES, "scores", "its scores"},
        {NAN_SCORES, "scores", "in row 0 is"},
        {SUM, "probabilities", "sum to"},
        {PROPENSITY, "probabilities", "with propensity"},
        {FREQUENCY, "frequencies", "chi-square of 12000 choices"},
        {VALUE, "values", "the value of row 0 is"},
        {POINTER, "copy", "the copy of its state chooses otherwise"},
        {FRESH, "reset", "two fresh states differ"},
        {DEAF, "learns", "60 transitions change no byte"},
        {SHRINKS, "grows", "state_size is smaller"},
        {ALLOCATES, "allocations", "allocations in a period"},
        {SWALLOWS_X, "not_finite", "a feature that is not finite is no error"},
        {SWALLOWS_REWARD, "not_finite", "a reward that is NaN is no error"},
    };
    nb_check_t check;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        defect = cases[i].defect;
        calls = 0;
        table[0].help = defect == NO_HELP ? "" : "a setting with a help";
        check = run_check(&type, cases[i].check);
        if (check.outcome != NB_CHECK_FAILED || !strstr(check.reason, cases[i].words)) {
            fail_msg("%s, defect %d: outcome %d, \"%s\"", cases[i].check, (int)cases[i].defect,
                     (int)check.outcome, check.reason);
        }
    }
    defect = NOTHING;
    table[0].help = "a setting with a help";
}

/* what does not concern a policy is skipped with a reason, not passed */
static void test_conformance_skips_what_does_not_concern_a_policy(void **state)
{
    static const char *const concerns_learners[] = {"learns", "grows", "values", "not_finite"};
    const nb_policy_type_t *random;

    (void)state;
    assert_ok(nb_policy_find(&random, "random"));
    for (int i = 0; i < 4; i++) {
        nb_check_t check = run_check(random, concerns_learners[i]);

        assert_int_equal(check.outcome, NB_CHECK_SKIPPED);
        assert_true(strlen(check.reason) > 10);
    }
    assert_int_equal(run_check(random, "masks").outcome, NB_CHECK_PASSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conformance_an_honest_policy_passes_everything),
        cmocka_unit_test(test_conformance_each_check_finds_its_defect),
        cmocka_unit_test(test_conformance_skips_what_does_not_concern_a_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
