/* calibration targets: bands, figures, verdicts */
#define _POSIX_C_SOURCE 200809L
#include "bench/verify.h"

#include "bench/verify_table.h"
#include "core/config.h"
#include "core/memory.h"
#include "core/stats.h"
#include "tests/store_sample.h"
#include "tests/testlib.h"

typedef struct {
    char folder[256];
    nb_verify_t verify;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = calloc(1, sizeof *self);

    *state = self;
    return sample_make_folder(self->folder, "/tmp");
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    int status;

    nb_verify_free(&self->verify);
    status = sample_remove_folder(self->folder);
    free(self);
    return status;
}

static nb_verify_spec_t small(const fixture_t *self, const char *const *only, size_t n_only)
{
    return (nb_verify_spec_t){.scenario = "everyday",
                              .customers = 200,
                              .replications = 3,
                              .n_only = n_only,
                              .only = only,
                              .folder = self->folder,
                              .n_threads = 2};
}

static void test_bands_are_declared(void **state)
{
    nb_verify_bands_t bands;

    (void)state;
    assert_ok(nb_verify_bands_init(&bands, "verify: {open_rate: [0.1, 0.4], retention: off, "
                                           "inert: [recognize.call]}"));
    assert_close(bands.low[0], 0.1, 0, 0);
    assert_close(bands.high[0], 0.4, 0, 0);
    assert_false(bands.is_off[0]);
    for (size_t i = 1; i < nb_verify_n_targets; i++) {
        assert_int_equal(bands.is_off[i], strcmp(nb_verify_targets[i].name, "retention") == 0);
        assert_true(bands.low[i] == nb_verify_targets[i].low);
    }
    assert_int_equal(nb_node_count(bands.inert), 1);
    assert_null(bands.dominant);
    nb_verify_bands_free(&bands);
    nb_verify_bands_free(&bands);
    assert_ok(nb_verify_bands_init(&bands, NULL));
    assert_close(bands.low[0], 0.15, 0, 0);
    nb_verify_bands_free(&bands);
}

static void test_bands_name_what_is_wrong(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"verify: [1]", "map of targets"},
        {"verify: {opn_rate: off}", "did you mean 'open_rate'?"},
        {"verify: {open_rate: on}", "expected a band [LOW, HIGH], or off"},
        {"verify: {open_rate: [1]}", "expected a band"},
        {"verify: {open_rate: [1, x]}", "x"},
        {"verify: {open_rate: [2, 1]}", "2 is above 1"},
        {"verify: {inert: call}", "expected a list of actions"},
        {"verify: {dominant: [call]}", "POINT.ACTION"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nb_verify_bands_t bands;
        int code = nb_verify_bands_init(&bands, cases[i].text);

        assert_true(nb_error_is_input(code));
        if (!strstr(nb_error_detail(), cases[i].words)) {
            fail_msg("%s: %s", cases[i].text, nb_error_detail());
        }
        nb_verify_bands_free(&bands);
    }
}

/* expected counts themselves fit; those of another shape do not; a handful says nothing */
static void test_nbd_p_tells_shapes_apart(void **state)
{
    enum { N = 200 };
    double seen[N], rest, p;

    (void)state;
    for (int shape = 1; shape < 3; shape++) {
        rest = 1;
        p = pow(3.0 / (3 + 52), shape);
        for (int x = 0; x < N; x++) {
            seen[x] = 20000 * (x + 1 < N ? p : rest);
            rest -= p;
            p *= (shape + x) / (x + 1.0) * 52 / 55;
        }
        assert_close(nb_verify_nbd_p(seen, N, 1, 3, 52), shape == 1, 0, 1e-6);
    }
    memset(seen, 0, sizeof seen);
    seen[3] = 6;
    assert_true(isnan(nb_verify_nbd_p(seen, N, 1, 3, 52)));
}

static void test_actions_are_named_or_counted(void **state)
{
    static const nb_action_share_t shares[] = {
        {"recognize", "wait", 100, 0.5},    {"recognize", "call", 100, 0.001},
        {"recognize", "email", 100, 0.499}, {"repeat", "nothing", 100, 0.985},
        {"repeat", "reward", 100, 0.015},   {"offer", "none", 100, 0.99},
        {"offer", "discount10", 100, 0.01}};
    nb_verify_bands_t bands;
    nb_target_t target;

    (void)state;
    assert_ok(nb_verify_bands_init(&bands, NULL));
    nb_verify_judge_actions(&bands, shares, 7, &target);
    assert_close(target.value, 5, 0, 0);
    assert_non_null(strstr(target.how, ": recognize.call 0.001, repeat.nothing 0.985"));
    nb_verify_bands_free(&bands);
    assert_ok(nb_verify_bands_init(
        &bands, "verify: {inert: [recognize.call], dominant: [repeat.nothing]}"));
    nb_verify_judge_actions(&bands, shares, 7, &target);
    assert_close(target.value, 2, 0, 0);
    nb_verify_bands_free(&bands);
}

static void test_verify_figure_is_the_mean_over_replications(void **state)
{
    static const char *const only[] = {"open_rate"};
    fixture_t *self = *state;
    nb_verify_spec_t spec = small(self, only, 1);
    const nb_target_t *target;
    nb_moments_t moments = {0};
    nb_results_t results;
    double values[15];
    char path[300];

    assert_ok(nb_verify_init(&self->verify, &spec));
    assert_int_equal(self->verify.n, 1);
    target = self->verify.targets;
    snprintf(path, sizeof path, "%s/ladder.h5", self->folder);
    assert_ok(nb_results_open(&results, path));
    assert_string_equal(results.cell[2], "monthly");
    assert_ok(nb_results_metric(&results, "open_rate", values));
    nb_moments_add_finite(&moments, values + 6, 3);
    assert_close(target->value, moments.mean, 1e-12, 0);
    /* the jackknife of a mean is its standard error */
    assert_close(target->se, nb_moments_se(&moments), 1e-9, 0);
    assert_int_equal(target->status, NB_TARGET_HOLDS);
    nb_results_close(&results);
}

static void test_verify_misses_and_skips(void **state)
{
    static const char *const only[] = {"open_rate", "retention_effect", "arrivals", "plain"};
    static const char *const sets[] = {"open.email=3", "churn.weekly=0"};
    fixture_t *self = *state;
    nb_verify_spec_t spec = small(self, only, 4);

    spec.sets = sets;
    spec.n_sets = 2;
    assert_ok(nb_verify_init(&self->verify, &spec));
    assert_int_equal(self->verify.n, 4);
    assert_int_equal(self->verify.n_missed, 1);
    assert_int_equal(self->verify.targets[0].status, NB_TARGET_MISSES);
    assert_true(self->verify.targets[0].value > 0.6);
    assert_int_equal(self->verify.targets[1].status, NB_TARGET_SKIPPED);
    assert_non_null(strstr(self->verify.targets[1].how, "churn.weekly would have to be -0.00019"));
    assert_true(isnan(self->verify.targets[1].value));
    /* worlds of their own, which the settings of the scenario do not reach */
    assert_int_equal(self->verify.targets[2].status, NB_TARGET_HOLDS);
    assert_int_equal(self->verify.targets[3].status, NB_TARGET_HOLDS);
}

/* the effect of certainty switched off: a contrast of exactly 0 is no sign */
static void test_verify_wants_a_sign_and_not_zero(void **state)
{
    static const char *const only[] = {"crossing_shortlist", "contact_optimum"};
    static const char *const sets[] = {"utility.overload=0", "utility.agency=0",
                                       "utility.missing=0"};
    fixture_t *self = *state;
    nb_verify_spec_t spec = small(self, only, 2);

    assert_ok(nb_verify_init(&self->verify, &spec));
    assert_int_equal(self->verify.n_missed, 0);
    assert_string_equal(self->verify.targets[0].name, "contact_optimum");
    assert_non_null(strstr(self->verify.targets[1].how, "certainty 0.1, 0.9: -"));
    nb_verify_free(&self->verify);
    spec.n_only = 1;
    spec.sets = sets;
    spec.n_sets = 3;
    spec.customers = 201; /* a plan of another size is refused: see below */
    assert_ok(sample_remove_folder(self->folder));
    assert_ok(sample_make_folder(self->folder, "/tmp"));
    assert_ok(nb_verify_init(&self->verify, &spec));
    assert_true(self->verify.targets[0].value == 0);
    assert_int_equal(self->verify.n_missed, 1);
}

static int fake_shares(const nb_verify_spec_t *asked, const nb_plan_t *plan,
                       nb_action_share_t **out, size_t *n)
{
    assert_string_equal(plan->worlds[0].scenario, "everyday");
    NB_TRY(nb_alloc(out, 1, sizeof **out));
    **out = (nb_action_share_t){
        .point = "recognize", .action = "email", .share = *(const double *)asked->context};
    *n = 1;
    return NB_OK;
}

static void test_verify_asks_for_shares_of_actions(void **state)
{
    static const char *const only[] = {"actions"};
    double share = 0.5;
    fixture_t *self = *state;
    nb_verify_spec_t spec = small(self, only, 1);

    assert_ok(nb_verify_init(&self->verify, &spec));
    assert_int_equal(self->verify.targets[0].status, NB_TARGET_SKIPPED);
    nb_verify_free(&self->verify);
    spec.shares = fake_shares;
    spec.context = &share;
    assert_ok(nb_verify_init(&self->verify, &spec));
    assert_int_equal(self->verify.targets[0].status, NB_TARGET_HOLDS);
    nb_verify_free(&self->verify);
    share = 0.01;
    assert_ok(nb_verify_init(&self->verify, &spec));
    assert_int_equal(self->verify.targets[0].status, NB_TARGET_MISSES);
}

static void test_verify_refuses_bad_input(void **state)
{
    static const char *const unknown[] = {"open_rte"}, *const only[] = {"return_rate"};
    static const char *const sweep[] = {"sweep=[{key: need.lost, values: [0.1, 0.2]}]"};
    fixture_t *self = *state;
    nb_verify_spec_t spec = small(self, unknown, 1);

    assert_fails(nb_verify_init(&self->verify, &spec), NB_ERR_NOT_FOUND, "nearest is open_rate");
    nb_verify_free(&self->verify);
    spec = small(self, only, 1);
    spec.scenario = "everydy";
    assert_fails(nb_verify_init(&self->verify, &spec), NB_ERR_NOT_FOUND, "everyday");
    nb_verify_free(&self->verify);
    spec = small(self, only, 1);
    spec.sets = sweep;
    spec.n_sets = 1;
    assert_fails(nb_verify_init(&self->verify, &spec), NB_ERR_CONFIG, "no sweep");
    nb_verify_free(&self->verify);
    spec.n_sets = 0;
    assert_ok(nb_verify_init(&self->verify, &spec));
    nb_verify_free(&self->verify);
    spec.customers = 100;
    assert_fails(nb_verify_init(&self->verify, &spec), NB_ERR_EXISTS, "ladder.h5");
}

static void test_verify_prints(void **state)
{
    static const char *const only[] = {"open_rate", "contact_optimum", "actions"};
    fixture_t *self = *state;
    nb_verify_spec_t spec = small(self, only, 3);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    nb_config_t json;

    assert_ok(nb_verify_init(&self->verify, &spec));
    nb_verify_json(&self->verify, out);
    fflush(out);
    assert_ok(nb_config_init(&json));
    assert_ok(nb_config_parse(&json, "verify", text, size));
    assert_string_equal(nb_node_child(json.root, "ok")->text, "true");
    assert_int_equal(nb_node_count(nb_node_child(json.root, "targets")), 3);
    assert_string_equal(nb_node_child(nb_node_child(json.root, "targets")->child, "low")->text,
                        "0.14999999999999999");
    nb_config_free(&json);
    rewind(out);
    assert_ok(nb_verify_text(&self->verify, 0, out));
    fflush(out);
    assert_non_null(strstr(text, "Scenario everyday, 3 replications of 200 customers\ntarget "));
    assert_non_null(strstr(text, "0.15 to 0.3    holds  opened share of contacts"));
    assert_non_null(strstr(text, "     above 0    holds  equity of the best"));
    assert_non_null(strstr(text, "0 of 3 targets missed\n"));
    fclose(out);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bands_are_declared),
        cmocka_unit_test(test_bands_name_what_is_wrong),
        cmocka_unit_test(test_nbd_p_tells_shapes_apart),
        cmocka_unit_test(test_actions_are_named_or_counted),
        cmocka_unit_test_setup_teardown(test_verify_figure_is_the_mean_over_replications, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_verify_misses_and_skips, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_verify_wants_a_sign_and_not_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_verify_asks_for_shares_of_actions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_verify_refuses_bad_input, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_verify_prints, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
