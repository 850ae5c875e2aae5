#define _XOPEN_SOURCE 700

#include <argp.h>
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/command.h"
#include "bench/command_progress.h"
#include "bench/lookahead.h"
#include "bench/verify.h"
#include "core/memory.h"
#include "core/parallel.h"

enum { OPT_SET = 1000, OPT_CUSTOMERS, OPT_REPLICATIONS, OPT_TARGET, OPT_QUIET, OPT_FORMAT };
enum { PATH_SIZE = 4096 };

typedef struct {
    nb_verify_spec_t spec;
    const char **sets, **only; /* room for one an argument */
    nb_format_t format;
    int quiet;
} arguments_t;

static const struct argp_option options[] = {
    {"output", 'o', "DIR", 0,
     "Keep the results of the experiments in this folder, and go on from what is there", 0},
    {"jobs", 'j', "N", 0, "Threads (as many as there are processors)", 0},
    {"customers", OPT_CUSTOMERS, "N", 0, "Customers of each experiment (4000)", 0},
    {"replications", OPT_REPLICATIONS, "N", 0, "Replications of each experiment (8)", 0},
    {"set", OPT_SET, "PATH=VALUE", 0, "Change a setting of the scenario; may be given again", 0},
    {"target", OPT_TARGET, "NAME", 0,
     "Only this target, even if the scenario has it off; may be given again", 0},
    {"quiet", OPT_QUIET, NULL, 0, "No progress and no table: the exit status is the answer", 0},
    {"format", OPT_FORMAT, "text|json", 0, "How to print (text)", 0},
    {0},
};

static error_t parse_argument(int key, char *value, struct argp_state *state)
{
    arguments_t *arguments = state->input;

    if (key != ARGP_KEY_ARG) {
        return ARGP_ERR_UNKNOWN;
    }
    if (arguments->spec.scenario) {
        argp_error(state, "one scenario at a time");
    }
    arguments->spec.scenario = value;
    return 0;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    arguments_t *arguments = state->input;
    nb_verify_spec_t *spec = &arguments->spec;

    switch (key) {
    case 'o':
        spec->folder = value;
        return 0;
    case 'j':
        spec->n_threads = nb_command_number("-j", value, 4096, "threads", state);
        return 0;
    case OPT_CUSTOMERS:
        spec->customers = nb_command_number("--customers", value, 100000000, "customers", state);
        return 0;
    case OPT_REPLICATIONS:
        spec->replications =
            nb_command_number("--replications", value, 100000, "replications", state);
        return 0;
    case OPT_SET:
        arguments->sets[spec->n_sets++] = value;
        return 0;
    case OPT_TARGET:
        arguments->only[spec->n_only++] = value;
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
    "Hold a scenario (everyday) against published magnitudes: every calibration target, its figure "
    "beside its band. Exit status 1 where one is missed. A scenario file may declare bands of its "
    "own under `verify:'. Takes a few minutes.",
    NULL,
    NULL,
    NULL};

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* a folder of its own for results that nobody asked to keep */
static int make_temporary(char path[PATH_SIZE])
{
    const char *base = getenv("TMPDIR");

    snprintf(path, PATH_SIZE, "%s/nextbest-verify-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(path)) {
        NB_FAIL(NB_ERR_IO, "cannot make the folder %s: %s", path, strerror(errno));
    }
    return NB_OK;
}

static int make_folder(const char *path)
{
    struct stat status;

    if (mkdir(path, 0777) != 0 &&
        !(errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))) {
        NB_FAIL(NB_ERR_IO, "cannot make the folder %s: %s", path, strerror(errno));
    }
    return NB_OK;
}

static int print_outcome(const arguments_t *arguments, const nb_verify_t *verify)
{
    if (arguments->format == NB_FORMAT_JSON) {
        nb_verify_json(verify, stdout);
    } else if (!arguments->quiet) {
        NB_TRY(nb_verify_text(verify, nb_command_color(stdout), stdout));
    }
    return verify->n_missed > 0;
}

/* a sample of states that grows with what is asked for: 400 customers and 48 lucks as a rule */
static int measure_shares(const nb_verify_spec_t *spec, const nb_plan_t *plan,
                          nb_action_share_t **out, size_t *n)
{
    const nb_lookahead_spec_t lookahead = {
        .world = &plan->worlds[0],
        .n_customers = plan->customers < 400 ? (size_t)plan->customers : 400,
        .lucks = 6 * plan->replications,
        .weeks = 78,
        .seed = plan->seed,
        .n_threads = spec->n_threads,
        .stop = spec->stop,
    };

    return nb_lookahead_shares(&lookahead, out, n);
}

static int verify_in(arguments_t *arguments)
{
    nb_progress_line_t line = {0};
    nb_verify_t verify;
    int code;

    arguments->spec.complain = nb_progress_line_complain;
    arguments->spec.context = &line;
    arguments->spec.shares = measure_shares;
    if (!arguments->quiet && isatty(STDERR_FILENO)) {
        arguments->spec.report = nb_progress_line_print;
    }
    code = nb_verify_init(&verify, &arguments->spec);
    nb_progress_line_end(&line);
    code = code < 0 ? code : print_outcome(arguments, &verify);
    nb_verify_free(&verify);
    return code;
}

static int verify_arguments(arguments_t *arguments)
{
    char path[PATH_SIZE];
    int code;

    arguments->spec.stop = nb_command_catch_signals();
    if (arguments->spec.folder) {
        NB_TRY(make_folder(arguments->spec.folder));
        code = verify_in(arguments);
        if (code == NB_ERR_EXISTS) {
            code =
                nb_error_set(code,
                             "the folder %s holds results of another scenario, other settings or "
                             "other sizes: name another one with -o",
                             arguments->spec.folder);
        }
        return code;
    }
    NB_TRY(make_temporary(path));
    arguments->spec.folder = path;
    code = verify_in(arguments);
    if (code == NB_ERR_INTERRUPTED) {
        code = nb_error_set(code, "interrupted; with -o DIR what is done would be kept");
    }
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        fprintf(stderr, "nextbest: %s could not be removed: %s\n", path, strerror(errno));
    }
    return code;
}

int nb_command_verify(int argc, char **argv)
{
    arguments_t arguments = {.spec = {.n_threads = nb_parallel_processors()}};
    int code;

    NB_TRY(nb_alloc(&arguments.sets, (size_t)argc, sizeof *arguments.sets));
    code = nb_alloc(&arguments.only, (size_t)argc, sizeof *arguments.only);
    if (code >= 0 && argp_parse(&parser, argc, argv, 0, NULL, &arguments) != 0) {
        code = 2;
    } else if (code >= 0) {
        arguments.spec.sets = arguments.sets;
        arguments.spec.only = arguments.only;
        arguments.spec.scenario = arguments.spec.scenario ? arguments.spec.scenario : "everyday";
        code = verify_arguments(&arguments);
    }
    nb_free(arguments.only);
    nb_free(arguments.sets);
    return code;
}
