#define _POSIX_C_SOURCE 200809L

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/command.h"
#include "bench/command_progress.h"
#include "bench/command_tune.h"
#include "bench/runner.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "core/settings.h"

enum { OPT_SET = 1000, OPT_FRESH, OPT_RETRY, OPT_DRY, OPT_PRINT_CONFIG, OPT_QUIET, OPT_FORMAT };

typedef struct {
    const char *input;
    const char *output;
    int n_threads;
    const char **sets; /* room for one an argument */
    size_t n_sets;
    int fresh, retry_failed, dry_run, print_config, quiet;
    nb_format_t format;
} arguments_t;

static const struct argp_option options[] = {
    {"output", 'o', "RESULTS.h5", 0, "Where results go (NAME.h5 in the present folder)", 0},
    {"jobs", 'j', "N", 0, "Threads (as many as there are processors)", 0},
    {"set", OPT_SET, "PATH=VALUE", 0,
     "Change a setting of the experiment, e.g. replications=50; may be given again", 0},
    {"fresh", OPT_FRESH, NULL, 0, "Put the units kept so far aside and run everything again", 0},
    {"retry-failed", OPT_RETRY, NULL, 0, "Run those units again that failed before", 0},
    {"dry-run", OPT_DRY, NULL, 0, "Show the cells and what would run, and write nothing", 0},
    {"print-config", OPT_PRINT_CONFIG, NULL, 0, "Print the resolved experiment and stop", 0},
    {"quiet", OPT_QUIET, NULL, 0, "No progress and no table", 0},
    {"format", OPT_FORMAT, "text|json", 0, "How to report the run (text)", 0},
    {0},
};

static error_t parse_argument(int key, char *value, struct argp_state *state)
{
    arguments_t *arguments = state->input;

    if (key == ARGP_KEY_ARG) {
        if (arguments->input) {
            argp_error(state, "one experiment at a time");
        }
        arguments->input = value;
        return 0;
    }
    if (key == ARGP_KEY_END) {
        if (!arguments->input) {
            argp_error(state, "which experiment? a file, or a name from `nextbest list "
                              "experiments'");
        }
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    arguments_t *arguments = state->input;

    switch (key) {
    case 'o':
        arguments->output = value;
        return 0;
    case 'j':
        arguments->n_threads = nb_command_number("-j", value, 4096, "threads", state);
        return 0;
    case OPT_SET:
        arguments->sets[arguments->n_sets++] = value;
        return 0;
    case OPT_FRESH:
        arguments->fresh = 1;
        return 0;
    case OPT_RETRY:
        arguments->retry_failed = 1;
        return 0;
    case OPT_DRY:
        arguments->dry_run = 1;
        return 0;
    case OPT_PRINT_CONFIG:
        arguments->print_config = 1;
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
    "FILE.yaml|NAME|RESULTS.h5",
    "Run an experiment: every strategy on the same simulated customers, once a replication. Units "
    "that are kept beside the results are not run again, so that a stopped or killed run goes on "
    "where it was. A results file stands for the experiment it holds.",
    NULL,
    NULL,
    NULL};

/* 1 where the input is a results file: by its name, or because it begins as HDF5 does */
static int check_results(const char *path)
{
    static const char signature[] = "\x89HDF\r\n\x1a\n";
    char bytes[sizeof signature - 1];
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0, length = strlen(path);

    if (file) {
        fclose(file);
    }
    return (length > 3 && strcmp(path + length - 3, ".h5") == 0) ||
           (n == sizeof bytes && memcmp(bytes, signature, n) == 0);
}

static int read_plan(nb_plan_t *plan, arguments_t *arguments)
{
    nb_results_t results;
    int code;

    if (!check_results(arguments->input)) {
        return nb_plan_init(plan, arguments->input, arguments->sets, arguments->n_sets);
    }
    if (!arguments->output) {
        arguments->output = arguments->input;
    }
    code = nb_results_open(&results, arguments->input);
    code = code < 0 ? code
                    : nb_plan_init_text(plan, arguments->input, results.config_text,
                                        arguments->sets, arguments->n_sets);
    nb_results_close(&results);
    return code;
}

/* NAME.h5 in the present folder unless said otherwise; free with nb_free */
static int choose_output(char **out, const nb_plan_t *plan, const char *output)
{
    size_t size = strlen(plan->name) + 4;

    if (output) {
        return nb_strdup(out, output);
    }
    NB_TRY(nb_alloc(out, size, 1));
    snprintf(*out, size, "%s.h5", plan->name);
    return NB_OK;
}

static void print_json(const char *path, const nb_plan_t *plan, const nb_progress_t *progress)
{
    double speed = progress->seconds > 0 ? progress->customer_periods / progress->seconds : 0;

    fputs("{\"results\": ", stdout);
    nb_json_string(path, stdout);
    printf(", \"units\": %zu, \"done\": %zu, \"failed\": %zu, \"seconds\": ", progress->n_units,
           progress->n_done, progress->n_failed);
    nb_json_real(progress->seconds, stdout);
    fputs(", \"customer_periods_per_second\": ", stdout);
    nb_json_real(speed, stdout);
    if (plan->tune) {
        printf(",\n\"tuned\": %s", plan->tune->outcome);
    }
    fputs("}\n", stdout);
}

static int print_outcome(const arguments_t *arguments, const char *path, const nb_plan_t *plan,
                         const nb_progress_t *progress)
{
    const nb_compare_spec_t spec = {.delta = -1};

    if (arguments->format == NB_FORMAT_JSON) {
        print_json(path, plan, progress);
    } else if (!arguments->quiet) {
        printf("%s: %zu of %zu units\n", path, progress->n_done, progress->n_units);
        NB_TRY(nb_command_print_comparison(path, NULL, &spec, NB_FORMAT_TEXT));
    }
    if (progress->n_differ > 0) {
        fprintf(stderr,
                "nextbest: warning: %zu units differ from those kept before, which another type of "
                "processor or other libraries made; the first were kept\n",
                progress->n_differ);
    }
    if (progress->n_failed > 0) {
        fprintf(stderr, "nextbest: %zu of %zu units failed; --retry-failed runs them again\n",
                progress->n_failed, progress->n_units);
        return 1;
    }
    return 0;
}

/* the folder of results is made where only it is missing; what cannot be made is told by the run */
static void make_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];

    if (slash && slash != path && (size_t)(slash - path) < sizeof folder) {
        memcpy(folder, path, (size_t)(slash - path));
        folder[slash - path] = '\0';
        (void)mkdir(folder, 0777);
    }
}

static int run_plan(nb_plan_t *plan, const arguments_t *arguments, const char *path)
{
    nb_progress_line_t line = {0};
    nb_runner_spec_t spec = {
        .results_path = path,
        .n_threads = arguments->n_threads,
        .fresh = arguments->fresh,
        .retry_failed = arguments->retry_failed,
        .stop = nb_command_catch_signals(),
        .report = arguments->quiet || !isatty(STDERR_FILENO) ? NULL : nb_progress_line_print,
        .complain = nb_progress_line_complain,
        .context = &line,
    };
    nb_progress_t progress;
    int code;

    make_folder_of(path);
    NB_TRY(nb_command_tune(plan, &spec, arguments->quiet));
    code = nb_runner_run(plan, &spec, &progress);
    nb_progress_line_end(&line);
    NB_TRY(code);
    return print_outcome(arguments, path, plan, &progress);
}

static int show_dry_run(nb_plan_t *plan, const char *path)
{
    size_t n_replications = (size_t)plan->replications;
    unsigned char *status;
    nb_progress_t progress;
    int code, is_open;

    NB_TRY(nb_command_tune_dry_run(plan, path, &is_open));
    if (is_open) {
        return NB_OK;
    }
    NB_TRY(nb_alloc(&status, plan->n_cells * n_replications, 1));
    code = nb_runner_survey(plan, path, &progress, status);
    if (code >= 0) {
        printf("%s: %zu cells x %zu replications, %d customers, %d periods -> %s\n", plan->name,
               plan->n_cells, n_replications, plan->customers, plan->periods, path);
    }
    for (size_t i = 0; i < plan->n_cells && code >= 0; i++) {
        printf("%s (scenario %s)\n", plan->cells[i].label,
               plan->worlds[plan->cells[i].i_world].scenario);
        for (size_t r = 0; r < n_replications; r++) {
            static const char *const words[] = {"missing", "done", "failed"};

            printf("  replication %zu  %s  %s\n", r, plan->keys[i * n_replications + r],
                   words[status[i * n_replications + r]]);
        }
    }
    if (code >= 0) {
        printf("%zu units: %zu done, %zu failed, %zu to run\n", progress.n_units, progress.n_done,
               progress.n_failed, progress.n_units - progress.n_done - progress.n_failed);
    }
    nb_free(status);
    return code;
}

static int run_arguments(arguments_t *arguments)
{
    nb_plan_t plan = {0};
    char *path = NULL;
    int code = read_plan(&plan, arguments);

    if (code >= 0 && arguments->print_config) {
        fputs(plan.config_text, stdout);
    } else if (code >= 0) {
        code = choose_output(&path, &plan, arguments->output);
        if (code >= 0) {
            code =
                arguments->dry_run ? show_dry_run(&plan, path) : run_plan(&plan, arguments, path);
        }
    }
    nb_free(path);
    nb_plan_free(&plan);
    return code;
}

int nb_command_run(int argc, char **argv)
{
    arguments_t arguments = {.n_threads = nb_parallel_processors()};
    int code;

    NB_TRY(nb_alloc(&arguments.sets, (size_t)argc, sizeof *arguments.sets));
    code =
        argp_parse(&parser, argc, argv, 0, NULL, &arguments) == 0 ? run_arguments(&arguments) : 2;
    nb_free(arguments.sets);
    return code;
}
