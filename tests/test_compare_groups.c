#define _POSIX_C_SOURCE 200809L
#include "bench/compare_groups.h"

#include "core/config.h"
#include "core/memory.h"
#include "tests/results_sample.h"
#include "tests/store_sample.h"
#include "tests/testlib.h"

typedef struct {
    char folder[256], path[SAMPLE_PATH_SIZE];
    nb_results_t results;
    nb_compare_groups_t groups;
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
           sample_results(self->folder, "[]", self->path) < 0 ||
           nb_results_open(&self->results, self->path) < 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    int status;

    nb_compare_groups_free(&self->groups);
    nb_compare_groups_free(&self->groups);
    nb_results_close(&self->results);
    fclose(self->out);
    free(self->text);
    status = sample_remove_folder(self->folder);
    free(self);
    return status;
}

static void test_results_give_back_groups(void **state)
{
    fixture_t *self = *state;
    double *values;
    size_t n;

    assert_ok(nb_results_groups(&self->results, "equity", "segment", &n, &values));
    assert_int_equal(n, 2);
    /* never: 10 in the first replication; weekly: 13.2 in the second */
    assert_close(values[0], 11, 0, 0);
    assert_close(values[1], 9, 0, 0);
    assert_close(values[(5 + 1) * 2], 15.2, 1e-15, 0);
    assert_true(isnan(values[(3 * 5 + 2) * 2]));
    nb_free(values);
    assert_fails(nb_results_groups(&self->results, "equity", "cohort", &n, &values),
                 NB_ERR_NOT_FOUND, "no metric \"equity\" by cohort");
    assert_fails(nb_results_groups(&self->results, "provenance/x", "segment", &n, &values),
                 NB_ERR_NOT_FOUND, "by segment");
}

static void test_compare_groups_within_each(void **state)
{
    fixture_t *self = *state;
    const nb_compare_row_t *row;

    assert_ok(nb_compare_groups_init(&self->groups, &self->results, "segment", NULL, &by_default));
    /* contacts are not split */
    assert_int_equal(self->groups.n, 2);
    for (size_t g = 0; g < 2; g++) {
        assert_int_equal(self->groups.items[g].group, g);
        row = &self->groups.items[g].compare.rows[1];
        /* 2.04 for all; strategy i has 1 + i more, or less */
        assert_close(row->difference.mean, g == 0 ? 3.04 : 1.04, 1e-12, 0);
        assert_int_equal(row->verdict, NB_VERDICT_BETTER);
        assert_int_equal(self->groups.items[g].compare.rows[3].n, 3);
    }
}

static void test_compare_groups_text(void **state)
{
    fixture_t *self = *state;

    assert_ok(
        nb_compare_groups_init(&self->groups, &self->results, "segment", "equity", &by_default));
    assert_ok(nb_compare_groups_text(&self->groups, 0, self->out));
    fflush(self->out);
    assert_non_null(strstr(self->text, "By segment: mean ± standard error"));
    assert_non_null(strstr(self->text, "\nnever           0  5/5  12.30 ± 0.54"));
    assert_non_null(strstr(self->text, "\nnever           1  5/5  10.30 ± 0.54"));
    assert_non_null(strstr(self->text, "\nweekly          1  5/5  11.34 ± 0.53       1.040"));
}

static void test_compare_groups_csv_and_json(void **state)
{
    fixture_t *self = *state;
    nb_config_t json;
    const nb_node_t *group;

    assert_ok(
        nb_compare_groups_init(&self->groups, &self->results, "segment", "equity", &by_default));
    nb_compare_groups_csv(&self->groups, self->out);
    fflush(self->out);
    assert_non_null(strstr(self->text, "metric,scenario,strategy,cell,segment,n,failed,"));
    assert_non_null(strstr(self->text, "\nequity,everyday,weekly,weekly,1,5,0,0,11.34"));
    rewind(self->out);
    nb_compare_groups_json(&self->groups, self->out);
    fflush(self->out);
    assert_ok(nb_config_init(&json));
    assert_ok(nb_config_parse(&json, "groups", self->text, self->size));
    assert_string_equal(nb_node_child(json.root, "by")->text, "segment");
    group = nb_node_child(json.root, "groups")->child;
    assert_int_equal(nb_node_count(nb_node_child(json.root, "groups")), 2);
    assert_string_equal(nb_node_child(group->next, "segment")->text, "1");
    assert_string_equal(nb_node_child(group, "metric")->text, "equity");
    assert_int_equal(nb_node_count(nb_node_child(group, "differences")), 3);
    nb_config_free(&json);
}

static void test_compare_groups_of_what_is_not_split(void **state)
{
    static const nb_compare_spec_t unknown = {.baseline = "nevr", .delta = -1};
    fixture_t *self = *state;

    assert_fails(
        nb_compare_groups_init(&self->groups, &self->results, "segment", "contacts", &by_default),
        NB_ERR_NOT_FOUND, "no metric \"contacts\" by segment");
    nb_compare_groups_free(&self->groups);
    assert_fails(nb_compare_groups_init(&self->groups, &self->results, "cohort", NULL, &by_default),
                 NB_ERR_NOT_FOUND, "by cohort");
    nb_compare_groups_free(&self->groups);
    assert_fails(nb_compare_groups_init(&self->groups, &self->results, "segment", NULL, &unknown),
                 NB_ERR_NOT_FOUND, "never");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_results_give_back_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compare_groups_within_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compare_groups_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compare_groups_csv_and_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_compare_groups_of_what_is_not_split, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
