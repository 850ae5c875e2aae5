/* The example plug-in of examples/, and plug-ins that must be refused. */
#define _XOPEN_SOURCE 700
#include "tests/fixture_policy.h"

static char path[4096];

/* path of a built plug-in */
static const char *plugin(const char *name)
{
    const char *root = getenv("NB_BUILD_ROOT");

    snprintf(path, sizeof path, "%s/%s", root ? root : "build", name);
    return path;
}

static void test_plugin_is_found_once_and_kept(void **state)
{
    const nb_policy_type_t *type, *again;

    (void)state;
    assert_ok(nb_policy_find(&type, plugin("examples/plugin_softmax.so")));
    assert_string_equal(type->name, "softmax");
    assert_ok(nb_policy_find(&again, plugin("examples/../examples/plugin_softmax.so")));
    assert_ptr_equal(type, again);
    assert_non_null(strstr(nb_policy_plugin_path(type), "examples/plugin_softmax.so"));
    assert_null(nb_policy_plugin_path(nb_policy_at(0)));
}

static void test_plugin_is_looked_for_in_the_plugin_path(void **state)
{
    const nb_policy_type_t *type;
    char folders[4096 + 16];

    (void)state;
    assert_int_equal(unsetenv("NB_PLUGIN_PATH"), 0);
    assert_fails(nb_policy_find(&type, "plugin_softmax.so"), NB_ERR_NOT_FOUND, "NB_PLUGIN_PATH");
    assert_null(type);
    snprintf(folders, sizeof folders, "/nowhere::%s", plugin("examples"));
    assert_int_equal(setenv("NB_PLUGIN_PATH", folders, 1), 0);
    assert_ok(nb_policy_find(&type, "plugin_softmax.so"));
    assert_fails(nb_policy_find(&type, "plugin_other.so"), NB_ERR_NOT_FOUND, "/nowhere");
}

static void test_plugin_that_does_not_fit_is_refused(void **state)
{
    static const struct {
        const char *file, *words;
    } broken[] = {
        {"tests/plugin_broken_1.so", "built for policy interface 4, expected 3"},
        {"tests/plugin_broken_2.so", "nb_plugin_entry"},
        {"tests/plugin_broken_3.so", "choose()"},
        {"tests/plugin_broken_4.so", "type says policy interface 4"},
        {"tests/plugin_broken_5.so", "has no type"},
    };
    const nb_policy_type_t *type;

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_fails(nb_policy_find(&type, plugin(broken[i].file)), NB_ERR_ABI, broken[i].words);
        assert_non_null(strstr(nb_error_detail(), broken[i].file));
        assert_null(type);
    }
    assert_fails(nb_policy_find(&type, plugin("build.ninja")), NB_ERR_FORMAT, "build.ninja");
}

static void test_plugin_out_of_memory_is_reported(void **state)
{
    char link[4200];
    const nb_policy_type_t *type;

    (void)state;
    /* a file of its own, so that it is not open yet */
    snprintf(link, sizeof link, "%s/plugin_memory.so",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    for (uint64_t n = 1; n <= 2; n++) {
        FILE *from = fopen(plugin("examples/plugin_softmax.so"), "rb"), *to = fopen(link, "wb");
        int c;

        assert_non_null(from);
        assert_non_null(to);
        while ((c = getc(from)) != EOF) {
            putc(c, to);
        }
        fclose(from);
        assert_int_equal(fclose(to), 0);
        nb_alloc_fail_at(n);
        assert_fails(nb_policy_find(&type, link), NB_ERR_MEMORY, "out of memory");
        nb_alloc_fail_at(0);
        assert_int_equal(remove(link), 0);
    }
}

/* mean reward of a world where action k pays 0.2 k, whatever the context */
static double play(fixture_t *fixture, int n_periods)
{
    double total = 0.0;

    for (int period = 0; period < n_periods; period++) {
        nb_batch_t batch = fixture_batch(fixture, NARROW, 200, (unsigned)period);
        nb_choice_t out = {fixture->action, fixture->propensity};
        size_t mark = nb_arena_mark(&fixture->arena);

        batch.want_propensity = 1;
        assert_ok(fixture->type->choose(fixture->state, &batch, &out));
        nb_arena_release(&fixture->arena, mark);
        for (size_t i = 0; i < batch.n; i++) {
            assert_true(nb_mask_allows(batch.mask, 1, i, (unsigned)fixture->action[i]));
            assert_true(fixture->propensity[i] > 0.0);
            fixture->reward[i] = 0.2 * fixture->action[i];
            total += fixture->reward[i] / (200.0 * n_periods);
        }
        nb_transitions_t finished =
            fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

        if (fixture->type->update) {
            assert_ok(fixture->type->update(fixture->state, &finished));
        }
    }
    return total;
}

static void test_plugin_learns_with_its_settings(void **state)
{
    fixture_t softmax, random;

    (void)state;
    assert_ok(fixture_start(&softmax, plugin("examples/plugin_softmax.so"), "{temperature: 0.05}"));
    assert_ok(fixture_start(&random, "random", NULL));
    /* uniform play earns 0.5, the best allowed action 0.91 */
    assert_true(play(&softmax, 10) > play(&random, 10) + 0.3);
    fixture_free(&random);
    fixture_free(&softmax);
    assert_fails(fixture_start(&softmax, plugin("examples/plugin_softmax.so"), "{temperature: 0}"),
                 NB_ERR_RANGE, "temperature");
    fixture_free(&softmax);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plugin_is_found_once_and_kept),
        cmocka_unit_test(test_plugin_is_looked_for_in_the_plugin_path),
        cmocka_unit_test(test_plugin_that_does_not_fit_is_refused),
        cmocka_unit_test(test_plugin_out_of_memory_is_reported),
        cmocka_unit_test(test_plugin_learns_with_its_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
