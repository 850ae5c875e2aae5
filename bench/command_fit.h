/*
 * `nextbest fit`: a purchase log becomes a fitted model, an outlook of each customer, a scenario.
 */
#ifndef NB_BENCH_COMMAND_FIT_H
#define NB_BENCH_COMMAND_FIT_H

#include "core/error.h"

/** As the other subcommands: argv[0] is "nextbest fit"; 0, or a negative NB_ERR_* whose sentence
 * the caller prints. Wrong options end the program with status 2, as argp does. */
int nb_command_fit(int argc, char **argv) NB_MUST_CHECK;

#endif
