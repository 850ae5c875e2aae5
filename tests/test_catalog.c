#include "bench/catalog.h"
#include "core/memory.h"
#include "tests/testlib.h"

static void test_catalog_has_entries_of_every_kind(void **state)
{
    static const char *const known[] = {"lin_ts", "everyday", "quickstart", "equity", "journey"};

    (void)state;
    for (int kind = 0; kind < NB_N_KINDS; kind++) {
        nb_catalog_t catalog;

        assert_ok(nb_catalog_init(&catalog, (nb_kind_t)kind));
        assert_non_null(nb_catalog_find(&catalog, known[kind]));
        assert_null(nb_catalog_find(&catalog, "no such name"));
        for (size_t i = 0; i < catalog.n; i++) {
            assert_true(*catalog.entries[i].summary);
            assert_null(strchr(catalog.entries[i].summary, '\n'));
        }
        nb_catalog_free(&catalog);
        nb_catalog_free(&catalog);
    }
}

static void test_catalog_text_is_the_whole_file(void **state)
{
    char *text, *path;

    (void)state;
    assert_ok(nb_catalog_text(&text, &path, NB_KIND_EXPERIMENT, "quickstart"));
    assert_non_null(strstr(text, "\nname: quickstart\n"));
    assert_non_null(strstr(path, "quickstart.yaml"));
    nb_free(text);
    nb_free(path);
    assert_fails(nb_catalog_text(&text, &path, NB_KIND_SCENARIO, "evryday"), NB_ERR_NOT_FOUND,
                 "everyday");
    nb_free(text);
    nb_free(path);
}

static void test_catalog_survives_each_failing_allocation(void **state)
{
    nb_catalog_t catalog;

    (void)state;
    for (int kind = 0; kind < NB_N_KINDS; kind++) {
        uint64_t before = nb_alloc_count(), n;

        assert_ok(nb_catalog_init(&catalog, (nb_kind_t)kind));
        nb_catalog_free(&catalog);
        n = nb_alloc_count() - before;
        for (uint64_t i = 1; i <= n; i += 1 + n / 40) {
            nb_alloc_fail_at(i);
            assert_int_equal(nb_catalog_init(&catalog, (nb_kind_t)kind), NB_ERR_MEMORY);
            nb_alloc_fail_at(0);
            nb_catalog_free(&catalog);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalog_has_entries_of_every_kind),
        cmocka_unit_test(test_catalog_text_is_the_whole_file),
        cmocka_unit_test(test_catalog_survives_each_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
