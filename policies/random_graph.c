#include "policies/random_graph.h"

#include <math.h>

enum { GRAPH_SEED = 0x636c7562 };

void nb_graph_walk(nb_graph_walk_t *self, const nb_graph_t *graph, uint32_t row)
{
    double n = graph->n_first > row ? graph->n_first : (double)row + 1.0;
    double p = graph->edges * log(n) / n;

    nb_stream_init(&self->stream, (nb_key_t){GRAPH_SEED, graph->name}, (nb_counter_t){.luck = row});
    self->log_miss = n <= graph->complete || p >= 1.0 ? -INFINITY : log1p(-p);
    self->row = row;
    self->at = 0;
    self->n = 0;
}

int nb_graph_next(nb_graph_walk_t *self, uint32_t *other)
{
    double skip = 0.0;

    if (self->n == NB_GRAPH_EDGES) {
        return 0;
    }
    if (!isinf(self->log_miss)) {
        /* pairs that are missed before the next one: geometric */
        skip = floor(log(nb_stream_uniform(&self->stream)) / self->log_miss);
    }
    if (!((double)self->at + skip < (double)self->row)) {
        return 0;
    }
    *other = self->at + (uint32_t)skip;
    self->at = *other + 1;
    self->n++;
    return 1;
}
