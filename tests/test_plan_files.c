/*
 * Plans and the files they come from: shipped scenarios and experiments, files beside them.
 */
#define _POSIX_C_SOURCE 200809L
#include "bench/plan.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "tests/testlib.h"

static void test_plan_of_a_scenario_compares_what_is_built_in(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_ok(nb_plan_init(&plan, "everyday", NULL, 0));
    assert_string_equal(plan.name, "everyday");
    assert_int_equal(plan.n_cells, 2);
    assert_string_equal(plan.cells[0].label, "never");
    assert_string_equal(plan.cells[1].strategy.bindings[0].policy.type->name, "schedule");
    assert_int_equal(plan.customers, 20000);
    assert_int_equal(plan.periods, 156);
    nb_plan_free(&plan);
}

static void test_plan_reads_every_shipped_experiment(void **state)
{
    char **names = NULL;
    size_t n = 0;

    (void)state;
    assert_ok(nb_data_names(&names, &n, "experiments"));
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        /* the world of cdnow is fitted to a log first */
        const char *const world[] = {"scenario=everyday"};
        nb_plan_t plan;

        assert_ok(nb_plan_init(&plan, names[i], world, strcmp(names[i], "cdnow") == 0));
        assert_string_equal(plan.name, names[i]);
        nb_plan_free(&plan);
        nb_free(names[i]);
    }
    nb_free(names);
}

static void test_plan_of_a_missing_world_says_how_to_make_it(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_fails(nb_plan_init(&plan, "cdnow", NULL, 0), NB_ERR_NOT_FOUND,
                 "no scenario file 'cdnow_world.yaml': `nextbest fit LOG -o FILE.yaml' makes one");
    nb_plan_free(&plan);
}

/* each line once, kept by the text that is read again, and told apart by the hash */
static void test_plan_keeps_notes_of_experiment_and_scenarios(void **state)
{
    static const char text[] = "name: two\nnote: mind the gap\nscenario:\n"
                               "  - {name: a, note: assumed}\n  - {name: b, note: the gap}\n"
                               "  - {name: c, note: assumed}\n";
    nb_plan_t plan, again, without;
    nb_results_plan_t view;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "two.yaml", text, NULL, 0));
    assert_string_equal(plan.note, "mind the gap\nassumed\nthe gap");
    assert_ok(nb_plan_init_text(&again, "two.yaml", plan.config_text, NULL, 0));
    assert_string_equal(again.note, plan.note);
    assert_string_equal(again.plan_hash, plan.plan_hash);
    assert_ok(
        nb_plan_init_text(&without, "two.yaml", text, (const char *const[]){"note=other"}, 1));
    assert_string_not_equal(without.plan_hash, plan.plan_hash);
    assert_string_equal(without.keys[0], plan.keys[0]);
    assert_ok(nb_plan_results_view(&plan, &view));
    assert_string_equal(view.attribute_names[view.n_attributes - 1], "note");
    assert_string_equal(view.attribute_values[view.n_attributes - 1], plan.note);
    nb_plan_view_free(&view);
    nb_plan_free(&plan);
    nb_plan_free(&again);
    nb_plan_free(&without);
    assert_fails(nb_plan_init_text(&plan, "two.yaml", "name: two\nnote: [a]\n", NULL, 0),
                 NB_ERR_CONFIG, "expected a sentence");
    nb_plan_free(&plan);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void test_plan_finds_scenarios_beside_the_experiment(void **state)
{
    char folder[] = "/tmp/nb_plan_XXXXXX", experiment[64], scenario[64];
    nb_plan_t plan;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(experiment, sizeof experiment, "%s/x.yaml", folder);
    snprintf(scenario, sizeof scenario, "%s/shop.yaml", folder);
    write_file(experiment, "scenario: shop.yaml\nstrategies: {never: {}}\nreplications: 1\n");
    write_file(scenario, "summary: words\ncustomers: 50\nperiods: 5\nneed: {lost: 0.25}\n");
    assert_ok(nb_plan_init(&plan, experiment, NULL, 0));
    assert_string_equal(plan.name, "x");
    assert_string_equal(plan.worlds[0].scenario, "shop");
    assert_int_equal(plan.customers, 50);
    assert_int_equal(plan.periods, 5);
    assert_non_null(strstr(plan.cells[0].canonical, "\"need.lost\":0x1p-2"));
    nb_plan_free(&plan);
    /* a scenario file is an experiment of what is built in */
    assert_ok(nb_plan_init(&plan, scenario, NULL, 0));
    assert_int_equal(plan.n_cells, 2);
    assert_string_equal(plan.worlds[0].scenario, "shop");
    assert_int_equal(plan.customers, 50);
    nb_plan_free(&plan);
    write_file(scenario, "need: {lst: 0.25}\n");
    assert_fails(nb_plan_init(&plan, experiment, NULL, 0), NB_ERR_CONFIG,
                 "shop.yaml:1:8: need.lst: unknown key 'need.lst', did you mean 'need.lost'?");
    nb_plan_free(&plan);
    write_file(scenario, "strategies: {}\n");
    assert_fails(nb_plan_init(&plan, experiment, NULL, 0), NB_ERR_CONFIG, "'strategies'");
    nb_plan_free(&plan);
    unlink(experiment);
    unlink(scenario);
    rmdir(folder);
}

static void test_data_path_comes_before_the_source_tree(void **state)
{
    char folder[] = "/tmp/nb_data_XXXXXX", path[128], *before = getenv("NB_DATA_PATH");
    char *found = NULL, **names = NULL;
    size_t n = 0;
    int has_own = 0;

    (void)state;
    before = before ? strdup(before) : NULL;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/sim", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/sim/scenarios", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/sim/scenarios/own_shop.yaml", folder);
    write_file(path, "summary: mine\n");
    assert_int_equal(setenv("NB_DATA_PATH", folder, 1), 0);
    assert_ok(nb_data_file(&found, "scenarios", "own_shop"));
    assert_string_equal(found, path);
    nb_free(found);
    assert_ok(nb_data_file(&found, "scenarios", "everyday"));
    nb_free(found);
    assert_fails(nb_data_file(&found, "scenarios", "own_shp"), NB_ERR_NOT_FOUND,
                 "no scenario 'own_shp', did you mean 'own_shop'?");
    assert_fails(nb_data_file(&found, "experiments", "../x"), NB_ERR_NOT_FOUND, "no experiment");
    assert_ok(nb_data_names(&names, &n, "scenarios"));
    for (size_t i = 0; i < n; i++) {
        has_own |= strcmp(names[i], "own_shop") == 0;
        assert_true(i == 0 || strcmp(names[i - 1], names[i]) < 0);
    }
    for (size_t i = 0; i < n; i++) {
        nb_free(names[i]);
    }
    nb_free(names);
    assert_true(has_own);
    assert_int_equal(before ? setenv("NB_DATA_PATH", before, 1) : unsetenv("NB_DATA_PATH"), 0);
    free(before);
    unlink(path);
    snprintf(path, sizeof path, "%s/sim/scenarios", folder);
    rmdir(path);
    snprintf(path, sizeof path, "%s/sim", folder);
    rmdir(path);
    rmdir(folder);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan_of_a_scenario_compares_what_is_built_in),
        cmocka_unit_test(test_plan_reads_every_shipped_experiment),
        cmocka_unit_test(test_plan_of_a_missing_world_says_how_to_make_it),
        cmocka_unit_test(test_plan_keeps_notes_of_experiment_and_scenarios),
        cmocka_unit_test(test_plan_finds_scenarios_beside_the_experiment),
        cmocka_unit_test(test_data_path_comes_before_the_source_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
