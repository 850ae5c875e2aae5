#include <string.h>

#include "bench/command.h"
#include "core/memory.h"
#include "core/settings.h"
#include "core/store.h"
#include "core/store_columns.h"

static const nb_command_usage_t usage = {
    .argument = "FILE.h5",
    .summary = "Say what a results file holds: its experiment, cells, replications, metrics, logs, "
               "and how many units are done, failed or missing; or what a log of decisions holds.",
    .missing = "which results file, or log of decisions?",
    .surplus = "one file at a time",
};

typedef struct {
    size_t missing, done, failed;
} counts_t;

static counts_t count_units(const nb_results_t *results)
{
    counts_t counts = {0};

    for (size_t i = 0; i < results->n_cells * results->n_replications; i++) {
        counts.missing += results->status[i] == 0;
        counts.done += results->status[i] == 1;
        counts.failed += results->status[i] == 2;
    }
    return counts;
}

/* where the logs of the units are, of a file that is beside its store */
static void print_logs(const nb_results_t *results)
{
    char *store = NULL;

    if (nb_results_attribute(results, "log") && nb_store_path_of(&store, results->path) >= 0) {
        printf("logs: %s/decisions/KEY.h5 and %s/purchases/KEY.csv, where they are kept; KEY is in "
               "unit_key\n",
               store, store);
    }
    nb_free(store);
}

static void print_text(const nb_results_t *results, counts_t counts)
{
    for (size_t i = 0; i < results->n_attributes; i++) {
        printf("%s: %s\n", results->attribute_names[i], results->attribute_values[i]);
    }
    printf("units: %zu done, %zu failed, %zu missing\ncells: %zu x %zu replications\n", counts.done,
           counts.failed, counts.missing, results->n_cells, results->n_replications);
    for (size_t i = 0; i < results->n_cells; i++) {
        printf("  %s (scenario %s, strategy %s)\n", results->cell[i], results->scenario[i],
               results->strategy[i]);
    }
    print_logs(results);
    printf("metrics:");
    for (size_t i = 0; i < results->n_metrics; i++) {
        printf(" %s", results->metrics[i]);
    }
    printf("\n");
}

static void print_list(const char *key, char *const *texts, size_t n)
{
    printf(",\n \"%s\": [", key);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? ", " : "", stdout);
        nb_json_string(texts[i], stdout);
    }
    fputc(']', stdout);
}

static void print_json(const nb_results_t *results, counts_t counts)
{
    printf("{\"units\": %zu, \"done\": %zu, \"failed\": %zu, \"missing\": %zu, "
           "\"replications\": %zu,\n \"attributes\": {",
           results->n_cells * results->n_replications, counts.done, counts.failed, counts.missing,
           results->n_replications);
    for (size_t i = 0; i < results->n_attributes; i++) {
        fputs(i ? ", " : "", stdout);
        nb_json_string(results->attribute_names[i], stdout);
        fputs(": ", stdout);
        nb_json_string(results->attribute_values[i], stdout);
    }
    fputc('}', stdout);
    print_list("cells", results->cell, results->n_cells);
    print_list("scenarios", results->scenario, results->n_cells);
    print_list("strategies", results->strategy, results->n_cells);
    print_list("metrics", results->metrics, results->n_metrics);
    fputs("}\n", stdout);
}

/* a log of decisions; NB_ERR_FORMAT where the file is none */
static int tell_decisions(const char *path, nb_format_t format)
{
    char *summary = NULL, *key = NULL;
    int code = nb_columns_text(&summary, path, "decisions", "summary");

    if (code >= 0) {
        code = nb_columns_text(&key, path, "decisions", "unit_key");
    }
    if (code >= 0 && format == NB_FORMAT_JSON) {
        printf("{\"unit_key\": ");
        nb_json_string(key ? key : "", stdout);
        printf(", \"summary\": ");
        nb_json_string(summary ? summary : "", stdout);
        printf("}\n");
    } else if (code >= 0) {
        printf("log of decisions of unit %s\n%s", key ? key : "", summary ? summary : "");
    }
    nb_free(summary);
    nb_free(key);
    return code;
}

int nb_command_info(int argc, char **argv)
{
    const char *path;
    nb_format_t format;
    nb_results_t results;
    int code;

    nb_command_parse(&usage, argc, argv, &path, &format);
    if (tell_decisions(path, format) >= 0) {
        return NB_OK;
    }
    code = nb_results_open(&results, path);
    if (code >= 0 && format == NB_FORMAT_JSON) {
        print_json(&results, count_units(&results));
    } else if (code >= 0) {
        print_text(&results, count_units(&results));
    }
    nb_results_close(&results);
    return code;
}
