/*
 * The line on a terminal that says how far a run is.
 */
#ifndef NB_BENCH_COMMAND_PROGRESS_H
#define NB_BENCH_COMMAND_PROGRESS_H

#include "bench/runner.h"

/** State of the line; all zero is the start. */
typedef struct {
    double last; /* seconds at which it was drawn last */
    int drawn;
    char head[48]; /* of what the units are, "" for the experiment's own */
} nb_progress_line_t;

/** A report function of the runner with the line as its context; draws on stderr, at most ten times
 * a second. */
void nb_progress_line_print(void *line, const nb_progress_t *progress);

/** The complain function that goes with it: a failed unit on a line of its own. */
void nb_progress_line_complain(void *line, const char *cell, int replication, const char *sentence);

/** Take the line away. */
void nb_progress_line_end(nb_progress_line_t *line);

#endif
