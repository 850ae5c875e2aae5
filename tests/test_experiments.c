/*
 * Every shipped experiment at a tiny size: it runs, its figures are finite, what must be equal to
 * the bit is, and list and describe show what it asks.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/catalog.h"
#include "core/config.h"
#include "core/memory.h"
#include "tests/command_kit.h"
#include "tests/testlib.h"

#define SMALL "--set customers=60 --set periods=20 --set replications=2"
#define SMALL_TUNING "--set tune.customers=10"

/* experiment cdnow runs on a scenario that `nextbest fit` writes first: test_command_cdnow */
static int needs_more(const char *name)
{
    return strcmp(name, "cdnow") == 0;
}

static int has_line(const char *text, const char *start)
{
    for (const char *at = strstr(text, start); at; at = strstr(at + 1, start)) {
        if (at == text || at[-1] == '\n') {
            return 1;
        }
    }
    return 0;
}

static double number(const nb_node_t *row, const char *key)
{
    double value = NAN;

    assert_ok(nb_node_real(nb_node_child(row, key), &value));
    return value;
}

static void check_cells(const char *name, const nb_node_t *rows)
{
    assert_true(nb_node_count(rows) > 0);
    for (const nb_node_t *row = rows->child; row; row = row->next) {
        if (!isfinite(number(row, "mean")) || number(row, "n") != 2) {
            fail_msg("%s: %s has no finite equity in each of 2 replications", name,
                     nb_node_child(row, "cell")->text);
        }
    }
}

/* equal to the bit is equal at any size */
static void check_controls(const char *name, const nb_node_t *rows)
{
    for (const nb_node_t *row = rows->child; row; row = row->next) {
        int is_exact =
            strcmp(nb_node_child(row, "sign")->text, "=") == 0 && number(row, "within") <= 1e-9;

        /* a metric of a year has no value after 20 weeks */
        if (is_exact && number(row, "n") > 0 &&
            strcmp(nb_node_child(row, "verdict")->text, "supported") != 0) {
            fail_msg("%s: control %s does not hold", name, nb_node_child(row, "id")->text);
        }
    }
}

static void check_run(command_kit_t *kit, const char *name, const char *text)
{
    char path[512];
    nb_config_t json;

    assert_command(kit, 0, "", "nextbest run %s -o %s.h5 --quiet " SMALL " %s", name, name,
                   has_line(text, "tune:") ? SMALL_TUNING : "");
    assert_command(kit, 0, "", "nextbest compare %s.h5 --metric equity --format json > %s.json",
                   name, name);
    snprintf(path, sizeof path, "%s/%s.json", kit->folder, name);
    assert_ok(nb_config_init(&json));
    assert_ok(nb_config_read(&json, path));
    check_cells(name, nb_node_child(json.root, "strategies"));
    check_controls(name, nb_node_child(json.root, "hypotheses"));
    nb_config_free(&json);
}

static void check_words(command_kit_t *kit, const nb_entry_t *entry)
{
    assert_command(kit, 0, entry->name, "nextbest list experiments");
    assert_command(kit, 0, "hypothesis:", "nextbest describe %s", entry->name);
    if (!*entry->summary) {
        fail_msg("%s has no summary", entry->name);
    }
}

static void test_experiments_run_small_and_keep_their_controls(void **state)
{
    command_kit_t *kit = *state;
    nb_catalog_t catalog;
    char *text, *path;
    size_t n = 0;

    assert_ok(nb_catalog_init(&catalog, NB_KIND_EXPERIMENT));
    for (size_t i = 0; i < catalog.n; i++) {
        if (needs_more(catalog.entries[i].name)) {
            continue;
        }
        check_words(kit, &catalog.entries[i]);
        assert_ok(nb_catalog_text(&text, &path, NB_KIND_EXPERIMENT, catalog.entries[i].name));
        check_run(kit, catalog.entries[i].name, text);
        nb_free(text);
        nb_free(path);
        n++;
    }
    assert_true(n >= 10);
    nb_catalog_free(&catalog);
}

/* a page shows the hypotheses of its experiment as they were written down */
static void check_page(const char *name, const char *page)
{
    nb_config_t file;
    char *text, *path;
    const nb_node_t *list;

    assert_ok(nb_catalog_text(&text, &path, NB_KIND_EXPERIMENT, name));
    assert_ok(nb_config_init(&file));
    assert_ok(nb_config_parse(&file, path, text, strlen(text)));
    list = nb_node_child(file.root, "hypothesis");
    for (const nb_node_t *item = list ? list->child : NULL; item; item = item->next) {
        char row[160];

        snprintf(row, sizeof row, "\n| %s: ", nb_node_child(item, "id")->text);
        if (!strstr(page, row)) {
            fail_msg("docs/experiments/%s.md has no verdict on %s; run docs/regenerate %s", name,
                     nb_node_child(item, "id")->text, name);
        }
    }
    nb_config_free(&file);
    nb_free(text);
    nb_free(path);
}

static void test_experiments_have_pages_with_their_verdicts(void **state)
{
    static char page[1 << 18];
    char path[1024];
    struct dirent *entry;
    size_t n_pages = 0;
    DIR *folder;

    (void)state;
    snprintf(path, sizeof path, "%s/docs/experiments", getenv("NB_SOURCE_ROOT"));
    folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        size_t length = strlen(entry->d_name);
        FILE *file;

        if (length < 4 || strcmp(entry->d_name + length - 3, ".md") != 0 ||
            strcmp(entry->d_name, "index.md") == 0) {
            continue;
        }
        snprintf(path, sizeof path, "%s/docs/experiments/%s", getenv("NB_SOURCE_ROOT"),
                 entry->d_name);
        file = fopen(path, "r");
        assert_non_null(file);
        page[fread(page, 1, sizeof page - 1, file)] = '\0';
        fclose(file);
        entry->d_name[length - 3] = '\0';
        check_page(entry->d_name, page);
        n_pages++;
    }
    closedir(folder);
    assert_true(n_pages > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_experiments_run_small_and_keep_their_controls,
                                        command_kit_set_up, command_kit_tear_down),
        cmocka_unit_test(test_experiments_have_pages_with_their_verdicts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
