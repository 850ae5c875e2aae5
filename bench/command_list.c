#include <string.h>

#include "bench/catalog.h"
#include "bench/command.h"
#include "core/config.h"
#include "core/settings.h"
#include "core/wrap.h"

static const nb_command_usage_t usage = {
    .argument = "policies|scenarios|experiments|metrics|environments",
    .summary = "List what there is of a kind, one line each.",
    .missing = "list what? policies, scenarios, experiments, metrics or environments",
    .surplus = "one kind at a time",
};

static int find_kind(nb_kind_t *out, const char *word)
{
    const char *plurals[NB_N_KINDS];
    const char *nearest;

    for (int kind = 0; kind < NB_N_KINDS; kind++) {
        plurals[kind] = nb_kind_plural((nb_kind_t)kind);
        if (strcmp(plurals[kind], word) == 0) {
            *out = (nb_kind_t)kind;
            return NB_OK;
        }
    }
    nearest = nb_nearest(word, plurals, NB_N_KINDS);
    NB_FAIL(NB_ERR_USAGE,
            "cannot list \"%s\", expected policies, scenarios, experiments, metrics or "
            "environments%s%s%s",
            word, nearest ? "; the nearest is \"" : "", nearest ? nearest : "",
            nearest ? "\"" : "");
}

static void print_text(const nb_catalog_t *catalog)
{
    int width = 0;

    for (size_t i = 0; i < catalog->n; i++) {
        int length = (int)strlen(catalog->entries[i].name);

        width = length > width ? length : width;
    }
    for (size_t i = 0; i < catalog->n; i++) {
        printf("%-*s  ", width, catalog->entries[i].name);
        nb_wrap(catalog->entries[i].summary, width + 2, width + 2, stdout);
        fputc('\n', stdout);
    }
}

static void print_json(const nb_catalog_t *catalog)
{
    fputc('[', stdout);
    for (size_t i = 0; i < catalog->n; i++) {
        fputs(i ? ",\n {\"name\": " : "{\"name\": ", stdout);
        nb_json_string(catalog->entries[i].name, stdout);
        fputs(", \"summary\": ", stdout);
        nb_json_string(catalog->entries[i].summary, stdout);
        fputs(", \"unit\": ", stdout);
        nb_json_string(catalog->entries[i].unit, stdout);
        fputc('}', stdout);
    }
    fputs("]\n", stdout);
}

int nb_command_list(int argc, char **argv)
{
    const char *kind_name;
    nb_format_t format;
    nb_catalog_t catalog;
    nb_kind_t kind = NB_KIND_POLICY;
    int code;

    nb_command_parse(&usage, argc, argv, &kind_name, &format);
    NB_TRY(find_kind(&kind, kind_name));
    code = nb_catalog_init(&catalog, kind);
    if (code >= 0 && format == NB_FORMAT_JSON) {
        print_json(&catalog);
    } else if (code >= 0) {
        print_text(&catalog);
    }
    nb_catalog_free(&catalog);
    return code;
}
