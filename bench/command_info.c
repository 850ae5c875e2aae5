#include <argp.h>
#include <string.h>

#include "bench/command.h"
#include "core/settings.h"
#include "core/store.h"

enum { OPT_FORMAT = 1000 };

typedef struct {
    const char *path;
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
        if (arguments->path) {
            argp_error(state, "one file at a time");
        }
        arguments->path = value;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->path) {
            argp_error(state, "which results file?");
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse_option,
    "RESULTS.h5",
    "Say what a results file holds: its experiment, cells, replications, metrics, and how many "
    "units are done, failed or missing.",
    NULL,
    NULL,
    NULL};

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

int nb_command_info(int argc, char **argv)
{
    arguments_t arguments = {0};
    nb_results_t results;
    int code;

    if (argp_parse(&parser, argc, argv, 0, NULL, &arguments) != 0) {
        return 2;
    }
    code = nb_results_open(&results, arguments.path);
    if (code >= 0 && arguments.format == NB_FORMAT_JSON) {
        print_json(&results, count_units(&results));
    } else if (code >= 0) {
        print_text(&results, count_units(&results));
    }
    nb_results_close(&results);
    return code;
}
