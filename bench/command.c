#define _POSIX_C_SOURCE 200809L

#include "bench/command.h"

#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 1 where `word` stands between the bars of `list` */
static int check_listed(const char *word, const char *list)
{
    size_t length = strlen(word);

    for (const char *at = list; at; at = strchr(at, '|'), at = at ? at + 1 : NULL) {
        if (strncmp(at, word, length) == 0 && (at[length] == '|' || at[length] == '\0')) {
            return 1;
        }
    }
    return 0;
}

nb_format_t nb_command_format(const char *value, const char *allowed,
                              const struct argp_state *state)
{
    if (!check_listed(value, allowed)) {
        argp_error(state, "--format is \"%s\", expected %s", value, allowed);
    }
    return *value == 'j' ? NB_FORMAT_JSON : *value == 'c' ? NB_FORMAT_CSV : NB_FORMAT_TEXT;
}

int nb_command_number(const char *option, const char *text, long high, const char *unit,
                      const struct argp_state *state)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end || value < 1 || value > high) {
        argp_error(state, "%s is \"%s\", expected 1 to %ld %s", option, text, high, unit);
    }
    return (int)value;
}

static volatile int stop;

static void ask_to_stop(int number)
{
    (void)number;
    stop = 1;
}

const volatile int *nb_command_catch_signals(void)
{
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = (int)SA_RESETHAND};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &stop;
}

enum { OPT_FORMAT = 1000 };

typedef struct {
    const nb_command_usage_t *usage;
    const char *argument;
    nb_format_t format;
} parsing_t;

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    parsing_t *parsing = state->input;

    switch (key) {
    case OPT_FORMAT:
        parsing->format = nb_command_format(value, "text|json", state);
        return 0;
    case ARGP_KEY_ARG:
        if (parsing->argument) {
            argp_error(state, "%s", parsing->usage->surplus);
        }
        parsing->argument = value;
        return 0;
    case ARGP_KEY_END:
        if (!parsing->argument) {
            argp_error(state, "%s", parsing->usage->missing);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void nb_command_parse(const nb_command_usage_t *usage, int argc, char **argv, const char **argument,
                      nb_format_t *format)
{
    static const struct argp_option options[] = {
        {"format", OPT_FORMAT, "text|json", 0, "How to print (text)", 0},
        {0},
    };
    const struct argp parser = {options, parse_option, usage->argument, usage->summary, NULL,
                                NULL,    NULL};
    parsing_t parsing = {.usage = usage};

    /* an error of argp itself has been printed by it */
    if (argp_parse(&parser, argc, argv, 0, NULL, &parsing) != 0) {
        exit(2);
    }
    *argument = parsing.argument;
    *format = parsing.format;
}

int nb_command_color(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");

    return isatty(fileno(out)) && !(no_color && *no_color);
}
