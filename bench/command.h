/*
 * The subcommands of `nextbest`, and what they share.
 *
 * A subcommand takes its own argument vector (argv[0] is "nextbest NAME") and returns 0, or a
 * negative NB_ERR_* code whose sentence main prints, or the exit status 1 or 2 where it has said
 * everything itself. Only these files print and exit; the library never does.
 */
#ifndef NB_BENCH_COMMAND_H
#define NB_BENCH_COMMAND_H

#include <stdio.h>

#include "bench/compare.h"
#include "core/error.h"

int nb_command_run(int argc, char **argv) NB_MUST_CHECK;
int nb_command_compare(int argc, char **argv) NB_MUST_CHECK;
int nb_command_list(int argc, char **argv) NB_MUST_CHECK;
int nb_command_describe(int argc, char **argv) NB_MUST_CHECK;
int nb_command_info(int argc, char **argv) NB_MUST_CHECK;
int nb_command_headroom(int argc, char **argv) NB_MUST_CHECK;
int nb_command_verify(int argc, char **argv) NB_MUST_CHECK;
int nb_command_check_policy(int argc, char **argv) NB_MUST_CHECK;

struct argp_state; /* of <argp.h>, which is for .c files only */

typedef enum { NB_FORMAT_TEXT, NB_FORMAT_CSV, NB_FORMAT_JSON } nb_format_t;

/** Value of --format; one that is not in `allowed` ("text|json") ends the program as argp does,
 * with status 2. */
nb_format_t nb_command_format(const char *value, const char *allowed,
                              const struct argp_state *state);

/** Whole number of `unit` ("threads") from 1 to `high` of an option; another one ends the program
 * likewise. */
int nb_command_number(const char *option, const char *text, long high, const char *unit,
                      const struct argp_state *state);

/** From now on the first SIGINT or SIGTERM sets the flag that is returned, the second acts as
 * usual. */
const volatile int *nb_command_catch_signals(void);

/** A command of one argument and --format text|json: what --help and its complaints say. */
typedef struct {
    const char *argument; /* as the usage line shows it, "RESULTS.h5" */
    const char *summary;
    const char *missing; /* sentence where there is no argument */
    const char *surplus; /* where there are two */
} nb_command_usage_t;

/** Parse such a command; ends the program as argp does, with status 2, where it is used wrongly. */
void nb_command_parse(const nb_command_usage_t *usage, int argc, char **argv, const char **argument,
                      nb_format_t *format);

/** Print the comparison of a results file, as `nextbest compare` and the end of `run` do. */
int nb_command_print_comparison(const char *path, const char *metrics,
                                const nb_compare_spec_t *spec, nb_format_t format) NB_MUST_CHECK;

/** 1 where terminal codes may go to `out`: a terminal, and NO_COLOR is not set. */
int nb_command_color(FILE *out);

#endif
