#define _POSIX_C_SOURCE 200809L

#include "bench/command.h"

#include <argp.h>
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

int nb_command_color(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");

    return isatty(fileno(out)) && !(no_color && *no_color);
}
