#define _POSIX_C_SOURCE 200809L

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/command.h"
#include "bench/command_progress.h"
#include "bench/headroom.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/settings.h"
#include "core/store_file.h"

enum { OPT_SET = 1000, OPT_CUSTOMERS, OPT_REPLICATIONS, OPT_POINTS, OPT_QUIET, OPT_FORMAT };
enum { SEED = 601, MAX_NAMES = 64, NAMES_SIZE = 1024 };

typedef struct {
    const char *scenario;
    const char *points;
    int customers, replications, n_threads;
    const char **sets; /* room for one an argument */
    size_t n_sets;
    nb_format_t format;
    int quiet;
} arguments_t;

static const struct argp_option options[] = {
    {"points", OPT_POINTS, "NAME,...", 0,
     "Decision points at which strategies differ (recognize,display,offer)", 0},
    {"jobs", 'j', "N", 0, "Threads (as many as there are processors)", 0},
    {"customers", OPT_CUSTOMERS, "N", 0, "Customers (500)", 0},
    {"replications", OPT_REPLICATIONS, "N", 0, "Replications (24); choices by customer need many",
     0},
    {"set", OPT_SET, "PATH=VALUE", 0, "Change a setting of the scenario; may be given again", 0},
    {"quiet", OPT_QUIET, NULL, 0, "No progress", 0},
    {"format", OPT_FORMAT, "text|json", 0, "How to print (text)", 0},
    {0},
};

static error_t parse_argument(int key, char *value, struct argp_state *state)
{
    arguments_t *arguments = state->input;

    if (key != ARGP_KEY_ARG) {
        return ARGP_ERR_UNKNOWN;
    }
    if (arguments->scenario) {
        argp_error(state, "one scenario at a time");
    }
    arguments->scenario = value;
    return 0;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    arguments_t *arguments = state->input;

    switch (key) {
    case 'j':
        arguments->n_threads = nb_command_number("-j", value, 4096, "threads", state);
        return 0;
    case OPT_CUSTOMERS:
        arguments->customers =
            nb_command_number("--customers", value, 100000000, "customers", state);
        return 0;
    case OPT_REPLICATIONS:
        arguments->replications =
            nb_command_number("--replications", value, 100000, "replications", state);
        return 0;
    case OPT_SET:
        arguments->sets[arguments->n_sets++] = value;
        return 0;
    case OPT_POINTS:
        arguments->points = value;
        return 0;
    case OPT_QUIET:
        arguments->quiet = 1;
        return 0;
    case OPT_FORMAT:
        arguments->format = nb_command_format(value, "text|json", state);
        return 0;
    default:
        return parse_argument(key, value, state);
    }
}

static const struct argp parser = {
    options,
    parse_option,
    "[SCENARIO]",
    "What there is to win in a scenario (everyday) by knowing more: the best fixed strategy, the "
    "best per observed segment, per customer, and the myopic optimum under the hidden state. A "
    "rung narrower than 5 standard errors or 1 % cannot be answered by an experiment of this size.",
    NULL,
    NULL,
    NULL};

static int write_experiment(const void *subject, FILE *out)
{
    const arguments_t *arguments = subject;

    fputs("name: headroom\nscenario: ", out);
    nb_json_string(arguments->scenario, out);
    fprintf(out, "\ncustomers: %d\nreplications: %d\nseed: %d\n", arguments->customers,
            arguments->replications, SEED);
    return NB_OK;
}

static int init_plan(nb_plan_t *plan, const arguments_t *arguments)
{
    char *text;
    int code;

    NB_TRY(nb_text_print(&text, write_experiment, arguments));
    code = nb_plan_init_text(plan, "headroom", text, arguments->sets, arguments->n_sets);
    nb_free(text);
    NB_TRY(code);
    if (plan->n_worlds > 1) {
        NB_FAIL(NB_ERR_CONFIG, "headroom takes one scenario and no sweep");
    }
    return NB_OK;
}

static int climb(const nb_plan_t *plan, const arguments_t *arguments, nb_headroom_spec_t *spec)
{
    nb_progress_line_t line = {0};
    nb_headroom_t headroom;
    int code;

    spec->environment = plan->worlds[0].environment;
    spec->world = plan->worlds[0].world;
    spec->seed = plan->seed;
    spec->n_customers = plan->customers;
    spec->periods = plan->periods;
    spec->replications = plan->replications;
    spec->n_threads = arguments->n_threads;
    spec->stop = nb_command_catch_signals();
    spec->context = &line;
    spec->report = arguments->quiet || !isatty(STDERR_FILENO) ? NULL : nb_progress_line_print;
    code = nb_headroom_init(&headroom, spec);
    nb_progress_line_end(&line);
    if (code >= 0 && arguments->format == NB_FORMAT_JSON) {
        nb_headroom_json(&headroom, arguments->scenario, stdout);
    } else if (code >= 0) {
        code = nb_headroom_text(&headroom, arguments->scenario, nb_command_color(stdout), stdout);
    }
    nb_headroom_free(&headroom);
    return code;
}

static int climb_arguments(const arguments_t *arguments)
{
    const char *points[MAX_NAMES];
    char names[NAMES_SIZE], *rest = names;
    nb_headroom_spec_t spec = {.points = points};
    nb_plan_t plan = {0};
    int code;

    if (strlen(arguments->points) >= sizeof names) {
        NB_FAIL(NB_ERR_USAGE, "--points is too long");
    }
    strcpy(names, arguments->points);
    for (char *name; spec.n_points < MAX_NAMES && (name = strtok_r(rest, ", ", &rest));) {
        points[spec.n_points++] = name;
    }
    code = init_plan(&plan, arguments);
    code = code < 0 ? code : climb(&plan, arguments, &spec);
    nb_plan_free(&plan);
    return code;
}

int nb_command_headroom(int argc, char **argv)
{
    arguments_t arguments = {.points = "recognize,display,offer",
                             .customers = 500,
                             .replications = 24,
                             .n_threads = nb_parallel_processors()};
    int code;

    NB_TRY(nb_alloc(&arguments.sets, (size_t)argc, sizeof *arguments.sets));
    if (argp_parse(&parser, argc, argv, 0, NULL, &arguments) != 0) {
        code = 2;
    } else {
        arguments.scenario = arguments.scenario ? arguments.scenario : "everyday";
        code = climb_arguments(&arguments);
    }
    nb_free(arguments.sets);
    return code;
}
