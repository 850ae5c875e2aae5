#include "bench/command_progress.h"

#include <stdio.h>

#define REDRAW_SECONDS 0.1

void nb_progress_line_print(void *line, const nb_progress_t *progress)
{
    nb_progress_line_t *self = line;
    size_t n_left = progress->n_units - progress->n_done - progress->n_failed;
    double per_unit = progress->n_ran ? progress->seconds / (double)progress->n_ran : 0;
    int left = (int)(per_unit * (double)n_left + 0.5);

    if (self->drawn && progress->seconds - self->last < REDRAW_SECONDS && n_left > 0) {
        return;
    }
    self->last = progress->seconds;
    self->drawn = 1;
    fprintf(stderr, "\r\033[K%s%zu of %zu units", self->head, progress->n_done, progress->n_units);
    if (progress->n_failed > 0) {
        fprintf(stderr, ", %zu failed", progress->n_failed);
    }
    fprintf(stderr, "; %d:%02d left; %.3g million customer-periods/s", left / 60, left % 60,
            progress->seconds > 0 ? 1e-6 * progress->customer_periods / progress->seconds : 0);
}

void nb_progress_line_end(nb_progress_line_t *line)
{
    if (line->drawn) {
        fputs("\r\033[K", stderr);
        line->drawn = 0;
    }
}

void nb_progress_line_complain(void *line, const char *cell, int replication, const char *sentence)
{
    nb_progress_line_end(line);
    fprintf(stderr, "nextbest: %s, replication %d: %s\n", cell, replication, sentence);
}
