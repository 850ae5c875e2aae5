#include <argp.h>
#include <string.h>

#include "bench/catalog.h"
#include "bench/command.h"
#include "bench/text_table.h"
#include "core/config.h"
#include "core/settings.h"

enum { OPT_FORMAT = 1000 };

typedef struct {
    const char *kind;
    nb_format_t format;
} arguments_t;

static const struct argp_option options[] = {
    {"format", OPT_FORMAT, "text|json", 0, "How to print (text)", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    arguments_t *arguments = state->input;

    switch (key) {
    case OPT_FORMAT:
        arguments->format = nb_command_format(value, "text|json", state);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->kind) {
            argp_error(state, "one kind at a time");
        }
        arguments->kind = value;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->kind) {
            argp_error(state, "list what? policies, scenarios, experiments, metrics or "
                              "environments");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {options,
                                   parse_option,
                                   "policies|scenarios|experiments|metrics|environments",
                                   "List what there is of a kind, one line each.",
                                   NULL,
                                   NULL,
                                   NULL};

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

static int print_text(const nb_catalog_t *catalog)
{
    nb_text_table_t table;
    int code = NB_OK;

    nb_text_table_init(&table, 2, 2);
    for (size_t i = 0; i < catalog->n && code >= 0; i++) {
        code = nb_text_table_add(&table, "%s", catalog->entries[i].name);
        code = code < 0 ? code : nb_text_table_add(&table, "%s", catalog->entries[i].summary);
    }
    if (code >= 0) {
        nb_text_table_print(&table, 0, stdout);
    }
    nb_text_table_free(&table);
    return code;
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
    arguments_t arguments = {0};
    nb_catalog_t catalog;
    nb_kind_t kind = NB_KIND_POLICY;
    int code;

    if (argp_parse(&parser, argc, argv, 0, NULL, &arguments) != 0) {
        return 2;
    }
    NB_TRY(find_kind(&kind, arguments.kind));
    code = nb_catalog_init(&catalog, kind);
    if (code >= 0 && arguments.format == NB_FORMAT_JSON) {
        print_json(&catalog);
    } else if (code >= 0) {
        code = print_text(&catalog);
    }
    nb_catalog_free(&catalog);
    return code;
}
