#define _POSIX_C_SOURCE 200809L
#include "bench/compare_set.h"
#include "core/config.h"
#include "tests/results_sample.h"
#include "tests/store_sample.h"
#include "tests/testlib.h"

typedef struct {
    char folder[256], path[SAMPLE_PATH_SIZE];
    nb_results_t results;
    nb_compare_set_t set;
    char *text;
    size_t size;
    FILE *out;
} fixture_t;

static const nb_compare_spec_t by_default = {.delta = -1};

static int set_up(void **state)
{
    fixture_t *self = calloc(1, sizeof *self);

    *state = self;
    self->out = open_memstream(&self->text, &self->size);
    return sample_make_folder(self->folder, "/tmp") < 0 ||
           sample_results(self->folder,
                          "[{\"id\":\"H1\",\"contrast\":\"weekly - never\",\"metric\":\"equity\","
                          "\"sign\":\"-\"}]",
                          self->path) < 0 ||
           nb_results_open(&self->results, self->path) < 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    int status;

    nb_compare_set_free(&self->set);
    nb_results_close(&self->results);
    fclose(self->out);
    free(self->text);
    status = sample_remove_folder(self->folder);
    free(self);
    return status;
}

static void test_compare_set_text(void **state)
{
    fixture_t *self = *state;

    assert_ok(nb_compare_set_init(&self->set, &self->results, NULL, &by_default));
    assert_ok(nb_compare_text(&self->set, 0, self->out));
    fflush(self->out);
    assert_string_equal(
        self->text,
        "Experiment sample, 5 replications, online (the cost of learning is included):\n"
        "mean ± standard error over replications\n"
        "\nScenario everyday\n"
        "strategy    n        equity     contacts\n"
        "never     5/5  11.30 ± 0.54  2.00 ± 0.71\n"
        "weekly    5/5  13.34 ± 0.53  3.00 ± 0.71\n"
        "copy      5/5  11.30 ± 0.54  4.00 ± 0.71\n"
        "lin_ts    3/5    12.0 ± 1.5  4.33 ± 0.88\n"
        "\nDifference to never in equity, paired by replication; equivalent: within 1 %\n"
        "strategy  n  difference   95 % interval        p  p (Holm)     verdict\n"
        "weekly    5       2.040  1.929 to 2.151  < 0.001   < 0.001      better\n"
        "copy      5           0          0 to 0        1         1  equivalent\n"
        "lin_ts    3         0.7     -4.5 to 5.8    0.635         1   undecided\n"
        "\nHypotheses written down before the run; all else is exploratory\n"
        "id  claim                       scenario  n  difference   95 % interval        p  p (Holm)"
        "       verdict\n"
        "H1  equity: weekly - never < 0  everyday  5       2.040  1.929 to 2.151  < 0.001   < 0.001"
        "  contradicted\n"
        "lin_ts: of 5 units 1 failed, 1 have not run\n");
}

static void test_compare_set_by_several_metrics(void **state)
{
    fixture_t *self = *state;

    assert_ok(nb_compare_set_init(&self->set, &self->results, "contacts, equity", &by_default));
    assert_int_equal(self->set.n, 2);
    assert_int_equal(self->set.n_differences, 2);
    assert_string_equal(self->set.items[0].metric, "contacts");
    assert_ok(nb_compare_text(&self->set, 0, self->out));
    fflush(self->out);
    assert_non_null(strstr(self->text, "Difference to never in contacts"));
    assert_non_null(strstr(self->text, "Difference to never in equity"));
}

static void test_compare_set_csv(void **state)
{
    fixture_t *self = *state;

    assert_ok(nb_compare_set_init(&self->set, &self->results, "equity", &by_default));
    nb_compare_csv(&self->set, self->out);
    fflush(self->out);
    assert_non_null(strstr(self->text, "\nequity,everyday,copy,copy,5,0,0,11.300000000000001,"));
    assert_non_null(strstr(self->text, ",never,5,0,0,0,1,1,equivalent\n"));
    assert_non_null(strstr(self->text, "\nequity,everyday,lin_ts,lin_ts,3,1,1,12,"));
}

/* JSON is YAML: our own reader checks that it can be read */
static void test_compare_set_json(void **state)
{
    fixture_t *self = *state;
    nb_config_t json;
    const nb_node_t *item;
    double number;

    assert_ok(nb_compare_set_init(&self->set, &self->results, NULL, &by_default));
    nb_compare_json(&self->set, self->out);
    fflush(self->out);
    assert_ok(nb_config_init(&json));
    assert_ok(nb_config_parse(&json, "compare", self->text, self->size));
    assert_string_equal(nb_node_at(json.root, "metric")->text, "equity");
    assert_string_equal(nb_node_at(json.root, "baseline")->text, "never");
    assert_int_equal(nb_node_count(nb_node_child(json.root, "strategies")), 4);
    item = nb_node_child(json.root, "differences")->child;
    assert_string_equal(nb_node_child(item, "strategy")->text, "weekly");
    assert_ok(nb_node_real(nb_node_child(item, "mean"), &number));
    assert_close(number, 2.04, 1e-12, 0);
    assert_string_equal(nb_node_child(item, "verdict")->text, "better");
    item = nb_node_child(json.root, "hypotheses")->child;
    assert_string_equal(nb_node_child(item, "verdict")->text, "contradicted");
    assert_string_equal(nb_node_child(item, "second")->text, "never");
    assert_int_equal(nb_node_count(nb_node_child(item, "terms")), 2);
    assert_int_equal(nb_node_count(nb_node_child(json.root, "more")), 1);
    nb_config_free(&json);
}

static void test_compare_set_refuses_unknown_metric(void **state)
{
    fixture_t *self = *state;

    assert_fails(nb_compare_set_init(&self->set, &self->results, "equty", &by_default),
                 NB_ERR_NOT_FOUND, "equity");
    nb_compare_set_free(&self->set);
    assert_fails(nb_compare_set_init(&self->set, &self->results, ",", &by_default),
                 NB_ERR_NOT_FOUND, "no metric");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_compare_set_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compare_set_by_several_metrics, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compare_set_csv, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compare_set_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compare_set_refuses_unknown_metric, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
