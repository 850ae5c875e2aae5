#include "bench/hypothesis.h"
#include "core/memory.h"
#include "tests/results_sample.h"
#include "tests/store_sample.h"
#include "tests/testlib.h"

static void test_hypotheses_are_read(void **state)
{
    nb_hypotheses_t list;

    (void)state;
    assert_ok(nb_hypotheses_init(&list,
                                 "[{\"contrast\":\"a-b - c\",\"delta\":\"0x1p-4\",\"id\":"
                                 "\"H1\",\"metric\":\"equity\",\"sign\":\"-\"},"
                                 "{\"id\":\"H2\",\"contrast\":\"a - b\",\"metric\":\"clv\","
                                 "\"sign\":\"+\",\"scenario\":\"plain\",\"family\":\"x\"}]"));
    assert_int_equal(list.n, 2);
    assert_int_equal(list.items[0].terms.n, 2);
    assert_string_equal(list.items[0].terms.terms[0].name, "a-b");
    assert_string_equal(list.items[0].terms.terms[1].name, "c");
    assert_int_equal(list.items[0].sign, -1);
    assert_close(list.items[0].delta, 0.0625, 0, 0);
    assert_null(list.items[0].scenario);
    assert_close(list.items[1].delta, 0.01, 0, 0);
    assert_string_equal(list.items[1].scenario, "plain");
    assert_string_equal(list.items[1].family, "x");
    nb_hypotheses_free(&list);
    nb_hypotheses_free(&list);
}

static void test_hypotheses_may_be_none(void **state)
{
    static const char *const none[] = {NULL, "", "[]"};
    nb_hypotheses_t list;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_ok(nb_hypotheses_init(&list, none[i]));
        assert_int_equal(list.n, 0);
        nb_hypotheses_free(&list);
    }
}

static void test_hypotheses_name_what_is_wrong(void **state)
{
    static const struct {
        const char *json, *words;
    } cases[] = {
        {"{}", "no list"},
        {"[1]", "is a map"},
        {"[{\"id\":\"H\",\"metric\":\"m\",\"sign\":\"+\"}]", "contrast"},
        {"[{\"id\":\"H\",\"contrast\":\"a\",\"metric\":\"m\",\"sign\":\"+\"}]", "\"a\", expected"},
        {"[{\"id\":\"H\",\"contrast\":\"a - b\",\"metric\":\"m\",\"sign\":\"x\"}]", "+, - or ="},
        {"[{\"id\":\"H\",\"contrast\":\"a - b\",\"metrik\":\"m\",\"sign\":\"+\"}]", "metric"},
        {"[{\"id\":\"H\",\"contrast\":\"a - b\",\"metric\":\"m\",\"sign\":\"+\",\"delta\":\"y\"}]",
         "delta is y"},
        {"[{\"id\":\"H\",\"contrast\":\"a\",\"metric\":\"m\",\"sign\":\"=\",\"value\":0.5}]",
         "within"},
        {"[{\"id\":\"H\",\"contrast\":\"a - b\",\"metric\":\"m\",\"sign\":\"+\",\"within\":1}]",
         "within"},
        {"[{\"id\":\"H\",\"contrast\":\"a - b\",\"metric\":\"m\",\"sign\":\"+\",\"value\":\"z\"}]",
         "value is z"},
        {"[{\"id\":\"H\",\"contrast\":\"a - b\",\"metric\":\"m\",\"sign\":\"=\",\"within\":-1}]",
         "0 or more"},
        {"[{\"id\":\"H\",\"contrast\":\"a - \",\"metric\":\"m\",\"sign\":\"+\"}]", "on each side"},
    };
    nb_hypotheses_t list;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int code = nb_hypotheses_init(&list, cases[i].json);

        assert_true(nb_error_is_input(code));
        if (!strstr(nb_error_detail(), cases[i].words)) {
            fail_msg("%s: %s", cases[i].json, nb_error_detail());
        }
        nb_hypotheses_free(&list);
    }
}

static void test_hypothesis_verdicts_by_sign(void **state)
{
    (void)state;
    assert_string_equal(nb_hypothesis_verdict_name(NB_VERDICT_BETTER, 1), "supported");
    assert_string_equal(nb_hypothesis_verdict_name(NB_VERDICT_BETTER, -1), "contradicted");
    assert_string_equal(nb_hypothesis_verdict_name(NB_VERDICT_WORSE, -1), "supported");
    assert_string_equal(nb_hypothesis_verdict_name(NB_VERDICT_EQUIVALENT, 1), "equivalent");
    assert_string_equal(nb_hypothesis_verdict_name(NB_VERDICT_UNDECIDED, 1), "undecided");
    assert_string_equal(nb_hypothesis_verdict_name(NB_VERDICT_NONE, 1), "no interval");
    assert_string_equal(nb_hypothesis_verdict_name(NB_VERDICT_EQUIVALENT, 0), "supported");
    assert_string_equal(nb_hypothesis_verdict_name(NB_VERDICT_BETTER, 0), "contradicted");
    assert_string_equal(nb_hypothesis_verdict_name(NB_VERDICT_WORSE, 0), "contradicted");
    assert_string_equal(nb_hypothesis_verdict_name(NB_VERDICT_UNDECIDED, 0), "undecided");
}

typedef struct {
    char folder[256], path[SAMPLE_PATH_SIZE];
    nb_results_t results;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = calloc(1, sizeof *self);

    *state = self;
    return sample_make_folder(self->folder, "/tmp") < 0 ||
           sample_results(self->folder, "[]", self->path) < 0 ||
           nb_results_open(&self->results, self->path) < 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    int status;

    nb_results_close(&self->results);
    status = sample_remove_folder(self->folder);
    free(self);
    return status;
}

static void test_hypotheses_are_judged_together(void **state)
{
    fixture_t *self = *state;
    nb_hypotheses_t list;
    nb_finding_t *findings;
    size_t n;

    assert_ok(nb_hypotheses_init(
        &list,
        "[{\"id\":\"A\",\"contrast\":\"weekly - never\",\"metric\":\"equity\",\"sign\":\"+\"},"
        "{\"id\":\"B\",\"contrast\":\"copy - never\",\"metric\":\"equity\",\"sign\":\"+\"},"
        "{\"id\":\"C\",\"contrast\":\"lin_ts - never\",\"metric\":\"equity\",\"sign\":\"+\","
        "\"family\":\"own\"}]"));
    assert_ok(nb_hypotheses_judge(&findings, &n, &list, &self->results));
    assert_int_equal(n, 3);
    assert_int_equal(findings[0].verdict, NB_VERDICT_BETTER);
    assert_close(findings[0].difference.mean, 2.04, 1e-12, 0);
    /* two hypotheses share the unnamed family, the third is alone in its own */
    assert_close(findings[0].p_adjusted, 2 * findings[0].difference.p, 1e-12, 0);
    assert_true(findings[1].difference.mean == 0 && findings[1].p_adjusted == 1);
    assert_int_equal(findings[1].verdict, NB_VERDICT_EQUIVALENT);
    assert_int_equal(findings[2].difference.n, 3);
    assert_close(findings[2].p_adjusted, findings[2].difference.p, 0, 0);
    nb_free(findings);
    nb_hypotheses_free(&list);
}

static void check_not_judged(fixture_t *self, const char *json, const char *words)
{
    nb_hypotheses_t list;
    nb_finding_t *findings;
    size_t n;

    assert_ok(nb_hypotheses_init(&list, json));
    assert_fails(nb_hypotheses_judge(&findings, &n, &list, &self->results), NB_ERR_NOT_FOUND,
                 words);
    nb_free(findings);
    nb_hypotheses_free(&list);
}

static void test_hypotheses_on_what_is_not_there(void **state)
{
    check_not_judged(
        *state,
        "[{\"id\":\"H9\",\"contrast\":\"weekly - nevr\",\"metric\":\"equity\",\"sign\":\"+\"}]",
        "hypothesis H9");
    check_not_judged(
        *state,
        "[{\"id\":\"H\",\"contrast\":\"weekly - never\",\"metric\":\"equty\",\"sign\":\"+\"}]",
        "equity");
    check_not_judged(*state,
                     "[{\"id\":\"H\",\"contrast\":\"weekly - never\",\"metric\":\"equity\","
                     "\"sign\":\"+\",\"scenario\":\"plain\"}]",
                     "no world");
}

static void test_hypotheses_sum_several_cells(void **state)
{
    fixture_t *self = *state;
    nb_hypotheses_t list;
    nb_finding_t *findings;
    size_t n;

    assert_ok(nb_hypotheses_init(&list, "[{\"id\":\"A\",\"contrast\":\"weekly - never - lin_ts + "
                                        "copy\",\"metric\":\"equity\",\"sign\":\"+\"}]"));
    assert_ok(nb_hypotheses_judge(&findings, &n, &list, &self->results));
    assert_int_equal(n, 1);
    /* 2 + 1, 2.2 - 3, 2 - 0 in the replications that lin_ts has too */
    assert_int_equal(findings[0].difference.n, 3);
    assert_close(findings[0].difference.mean, 1.4, 1e-12, 0);
    assert_false(findings[0].crosses);
    assert_int_equal(findings[0].cells[2], 3);
    nb_free(findings);
    nb_hypotheses_free(&list);
}

/* make of the sample two worlds, each with the strategies a and b */
static void rename_cells(nb_results_t *results)
{
    static const char *const strategies[] = {"a", "b", "a", "b"};
    static const char *const scenarios[] = {"one", "one", "two", "two"};

    for (size_t i = 0; i < 4; i++) {
        nb_free(results->strategy[i]);
        nb_free(results->scenario[i]);
        assert_ok(nb_strdup(&results->strategy[i], strategies[i]));
        assert_ok(nb_strdup(&results->scenario[i], scenarios[i]));
    }
}

static void test_hypotheses_cross_worlds_by_cells_only(void **state)
{
    fixture_t *self = *state;
    nb_hypotheses_t list;
    nb_finding_t *findings;
    size_t n;

    rename_cells(&self->results);
    assert_ok(nb_hypotheses_init(
        &list,
        "[{\"id\":\"A\",\"contrast\":\"weekly - never - lin_ts + copy\",\"metric\":\"equity\","
        "\"sign\":\"+\"},{\"id\":\"B\",\"contrast\":\"b - a\",\"metric\":\"equity\","
        "\"sign\":\"+\"},{\"id\":\"C\",\"contrast\":\"lin_ts - a\",\"metric\":\"equity\","
        "\"sign\":\"+\"}]"));
    assert_ok(nb_hypotheses_judge(&findings, &n, &list, &self->results));
    assert_int_equal(n, 4);
    assert_true(findings[0].crosses);
    assert_close(findings[0].difference.mean, 1.4, 1e-12, 0);
    /* strategies once in each world; beside a strategy a cell stays in its own world */
    assert_int_equal(findings[1].cells[0], 1);
    assert_int_equal(findings[2].cells[0], 3);
    assert_int_equal(findings[3].cells[1], 2);
    assert_false(findings[3].crosses);
    nb_free(findings);
    nb_hypotheses_free(&list);
}

/* equity of never: 11.3, interval 9.8 to 12.8 */
static void test_hypotheses_against_a_value(void **state)
{
    static const struct {
        const char *rest;
        const char *verdict;
        double mean;
    } cases[] = {
        {"\"sign\":\"=\",\"value\":11,\"within\":2", "supported", 0.3},
        {"\"sign\":\"=\",\"value\":11,\"within\":1", "undecided", 0.3},
        {"\"sign\":\"=\",\"value\":20,\"within\":2", "contradicted", -8.7},
        {"\"sign\":\"=\",\"value\":3,\"within\":2", "contradicted", 8.3},
        {"\"sign\":\"+\",\"value\":3", "supported", 8.3},
        {"\"sign\":\"-\",\"value\":3", "contradicted", 8.3},
        {"\"sign\":\"+\",\"value\":11,\"delta\":0.3", "equivalent", 0.3},
        {"\"sign\":\"+\",\"value\":11,\"delta\":0.1", "undecided", 0.3},
    };
    fixture_t *self = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[256];
        nb_hypotheses_t list;
        nb_finding_t *findings;
        size_t n;

        snprintf(json, sizeof json,
                 "[{\"id\":\"A\",\"contrast\":\"never\",\"metric\":\"equity\",%s}]", cases[i].rest);
        assert_ok(nb_hypotheses_init(&list, json));
        assert_ok(nb_hypotheses_judge(&findings, &n, &list, &self->results));
        assert_int_equal(n, 1);
        assert_close(findings[0].difference.mean, cases[i].mean, 1e-9, 0);
        assert_string_equal(nb_hypothesis_verdict_name(findings[0].verdict, list.items[0].sign),
                            cases[i].verdict);
        assert_int_equal(isnan(findings[0].p_adjusted), list.items[0].sign == 0);
        nb_free(findings);
        nb_hypotheses_free(&list);
    }
}

static void test_contrast_terms(void **state)
{
    nb_contrast_t contrast;

    (void)state;
    assert_ok(nb_contrast_init(&contrast, "- a | x=-1 + b-c - d"));
    assert_int_equal(contrast.n, 3);
    assert_int_equal(contrast.terms[0].sign, -1);
    assert_string_equal(contrast.terms[0].name, "a | x=-1");
    assert_string_equal(contrast.terms[1].name, "b-c");
    assert_int_equal(contrast.terms[2].sign, -1);
    assert_int_equal(nb_contrast_second(&contrast), 0);
    nb_contrast_free(&contrast);
    nb_contrast_free(&contrast);
    assert_fails(nb_contrast_init(&contrast, "a + a + a + a + a + a + a + a + a"), NB_ERR_CONFIG,
                 "at most 8");
    nb_contrast_free(&contrast);
    assert_fails(nb_contrast_init(&contrast, " - a"), NB_ERR_CONFIG, "on each side");
    nb_contrast_free(&contrast);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hypotheses_are_read),
        cmocka_unit_test(test_hypotheses_may_be_none),
        cmocka_unit_test(test_hypotheses_name_what_is_wrong),
        cmocka_unit_test(test_hypothesis_verdicts_by_sign),
        cmocka_unit_test_setup_teardown(test_hypotheses_are_judged_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hypotheses_on_what_is_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hypotheses_sum_several_cells, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hypotheses_cross_worlds_by_cells_only, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_hypotheses_against_a_value, set_up, tear_down),
        cmocka_unit_test(test_contrast_terms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
