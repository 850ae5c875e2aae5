#define _POSIX_C_SOURCE 200809L

#include <argp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/command.h"
#include "bench/command_fit.h"
#include "bench/version.h"
#include "core/config.h"

typedef struct {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} command_t;

static const command_t commands[] = {
    {"run", "run an experiment, or go on with it", nb_command_run},
    {"compare", "compare the strategies of a results file", nb_command_compare},
    {"list", "list policies, scenarios, experiments, metrics or environments", nb_command_list},
    {"describe", "show the settings of one of these, or what a policy observes",
     nb_command_describe},
    {"fit", "fit a purchase log, and write it as a scenario", nb_command_fit},
    {"verify", "hold a scenario against published magnitudes", nb_command_verify},
    {"headroom", "say what there is to win in a scenario by knowing more", nb_command_headroom},
    {"check-policy", "say whether a policy, or a plug-in of yours, keeps its promises",
     nb_command_check_policy},
    {"info", "say what a results file holds", nb_command_info},
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0], NAME_SIZE = 64 };

static int print_help(void)
{
    printf("Usage: nextbest COMMAND [ARGUMENT...]\n"
           "Simulate customers over their whole life with a firm, and compare policies by what\n"
           "the customers are worth.\n\nCommands:\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        printf("  %-12s %s\n", commands[i].name, commands[i].summary);
    }
    printf(
        "\nExamples:\n"
        "  nextbest run quickstart                     a shipped experiment\n"
        "  nextbest run my.yaml -o my.h5 -j 8          one of your own, on 8 threads\n"
        "  nextbest run my.yaml --set replications=50  go on: what is there is kept\n"
        "  nextbest compare my.h5 --metric equity,clv  the table again, by other metrics\n"
        "  nextbest verify everyday                    is the model as published magnitudes say?\n"
        "  nextbest headroom everyday --points offer   what is there to win by knowing more?\n"
        "  nextbest describe lin_ts                    a policy and its settings\n"
        "\n`nextbest COMMAND --help' tells more. Exit status: 0 done, 1 failed, 2 wrong input.\n"
        "Environment: NB_PLUGIN_PATH (folders of plug-in policies), NB_DATA_PATH (folder with\n"
        "sim/scenarios and bench/experiments of your own), NO_COLOR.\n");
    return 0;
}

static int print_version(void)
{
    printf("nextbest %s\n%s\n", nb_version(), nb_library_versions());
    return 0;
}

static const command_t *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int refuse_unknown(const char *name)
{
    const char *names[N_COMMANDS];
    const char *nearest;

    for (size_t i = 0; i < N_COMMANDS; i++) {
        names[i] = commands[i].name;
    }
    nearest = nb_nearest(name, names, N_COMMANDS);
    fprintf(stderr, "nextbest: there is no command \"%s\"%s%s; see `nextbest --help'\n", name,
            nearest ? "; the nearest is " : "", nearest ? nearest : "");
    return 2;
}

/* the sentence of an error, and the exit status that goes with it */
static int report(int code)
{
    const char *detail = nb_error_detail();

    if (code >= 0) {
        return code;
    }
    fprintf(stderr, "nextbest: %s\n", *detail ? detail : nb_strerror(code));
    return nb_error_is_input(code) ? 2 : 1;
}

/* what stayed in the buffer may not fit on the disk */
static int close_output(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("nextbest: writing to standard output failed");
        return 1;
    }
    return status;
}

/* a closed standard stream leaves its number to the next file that is opened, which messages would
 * then be written into: fill the gaps so that reading and writing them fail as if closed */
static int fill_closed_streams(void)
{
    for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++) {
        if (fcntl(number, F_GETFD) == -1 &&
            open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY) != number) {
            return 0;
        }
    }
    return 1;
}

/* an empty argument comes of a script's variable that is not set; nothing here may be empty */
static int refuse_empty(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = strncmp(argv[i], "--", 2) == 0 ? strchr(argv[i], '=') : NULL;

        if (!*argv[i] || (value && !value[1])) {
            fprintf(stderr, "nextbest: argument %d, \"%s\", is empty\n", i, argv[i]);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    const command_t *command;
    char name[NAME_SIZE];

    argp_err_exit_status = 2;
    if (!fill_closed_streams()) {
        return 1;
    }
    /* a write beyond the file-size limit is an error, which has a sentence, and no signal */
    signal(SIGXFSZ, SIG_IGN);
    if (refuse_empty(argc, argv)) {
        return 2;
    }
    if (argc < 2) {
        fputs("nextbest: which command? see `nextbest --help'\n", stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return close_output(print_help());
    }
    if (strcmp(argv[1], "--version") == 0) {
        return close_output(print_version());
    }
    command = find_command(argv[1]);
    if (!command) {
        return refuse_unknown(argv[1]);
    }
    snprintf(name, sizeof name, "nextbest %s", command->name);
    argv[1] = name;
    return close_output(report(command->run(argc - 1, argv + 1)));
}
