#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "bench/command.h"
#include "bench/compare_groups.h"
#include "bench/compare_set.h"

enum { OPT_METRIC = 1000, OPT_BASELINE, OPT_DELTA, OPT_SCENARIO, OPT_BY, OPT_FORMAT };

typedef struct {
    const char *path;
    const char *metrics;
    const char *axis; /* NULL: customers together */
    nb_compare_spec_t spec;
    nb_format_t format;
} arguments_t;

static const struct argp_option options[] = {
    {"metric", OPT_METRIC, "NAME,...", 0,
     "Metrics to compare by, the first of them first (as the experiment says, else equity)", 0},
    {"baseline", OPT_BASELINE, "NAME", 0,
     "Strategy, or label of a cell, that the others are compared with", 0},
    {"delta", OPT_DELTA, "SHARE", 0,
     "Share of the baseline's mean that is too small to matter (0.01)", 0},
    {"scenario", OPT_SCENARIO, "NAME", 0, "Only this scenario", 0},
    {"by", OPT_BY, "segment|cohort", 0,
     "Compare within every segment, or yearly cohort by birth, of customers", 0},
    {"format", OPT_FORMAT, "text|csv|json", 0, "How to print (text)", 0},
    {0},
};

static double read_share(const char *text, struct argp_state *state)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !(value >= 0 && value <= 1)) {
        argp_error(state, "--delta is \"%s\", expected a share from 0 to 1", text);
    }
    return value;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    arguments_t *arguments = state->input;

    switch (key) {
    case OPT_METRIC:
        arguments->metrics = value;
        return 0;
    case OPT_BASELINE:
        arguments->spec.baseline = value;
        return 0;
    case OPT_DELTA:
        arguments->spec.delta = read_share(value, state);
        return 0;
    case OPT_SCENARIO:
        arguments->spec.scenario = value;
        return 0;
    case OPT_BY:
        if (strcmp(value, "segment") != 0 && strcmp(value, "cohort") != 0) {
            argp_error(state, "--by is \"%s\", expected segment or cohort", value);
        }
        arguments->axis = value;
        return 0;
    case OPT_FORMAT:
        arguments->format = nb_command_format(value, "text|csv|json", state);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path) {
            argp_error(state, "one results file at a time");
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
    "Compare the strategies of a results file: means over replications, and differences to a "
    "baseline paired by replication, with 95 % t intervals, p values adjusted by Holm within a "
    "scenario, and a verdict.",
    NULL,
    NULL,
    NULL};

static int print_comparison(const nb_compare_set_t *set, nb_format_t format)
{
    if (format == NB_FORMAT_CSV) {
        nb_compare_csv(set, stdout);
    } else if (format == NB_FORMAT_JSON) {
        nb_compare_json(set, stdout);
    } else {
        return nb_compare_text(set, nb_command_color(stdout), stdout);
    }
    return NB_OK;
}

int nb_command_print_comparison(const char *path, const char *metrics,
                                const nb_compare_spec_t *spec, nb_format_t format)
{
    nb_results_t results;
    nb_compare_set_t set = {0};
    int code = nb_results_open(&results, path);

    code = code < 0 ? code : nb_compare_set_init(&set, &results, metrics, spec);
    code = code < 0 ? code : print_comparison(&set, format);
    nb_compare_set_free(&set);
    nb_results_close(&results);
    return code;
}

static int print_by(const nb_compare_groups_t *groups, nb_format_t format)
{
    if (format == NB_FORMAT_CSV) {
        nb_compare_groups_csv(groups, stdout);
    } else if (format == NB_FORMAT_JSON) {
        nb_compare_groups_json(groups, stdout);
    } else {
        return nb_compare_groups_text(groups, nb_command_color(stdout), stdout);
    }
    return NB_OK;
}

static int print_groups(const arguments_t *arguments)
{
    nb_results_t results;
    nb_compare_groups_t groups = {0};
    int code = nb_results_open(&results, arguments->path);

    code = code < 0 ? code
                    : nb_compare_groups_init(&groups, &results, arguments->axis, arguments->metrics,
                                             &arguments->spec);
    code = code < 0 ? code : print_by(&groups, arguments->format);
    nb_compare_groups_free(&groups);
    nb_results_close(&results);
    return code;
}

int nb_command_compare(int argc, char **argv)
{
    arguments_t arguments = {.spec = {.delta = -1}};

    if (argp_parse(&parser, argc, argv, 0, NULL, &arguments) != 0) {
        return 2;
    }
    if (arguments.axis) {
        return print_groups(&arguments);
    }
    return nb_command_print_comparison(arguments.path, arguments.metrics, &arguments.spec,
                                       arguments.format);
}
