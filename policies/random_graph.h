/*
 * Random graph over customers that is named by their rows and not stored: every customer has edges
 * to some of those before her.
 *
 * Pairs are joined independently with probability p = edges log(n) / n (Erdos & Renyi 1960), which
 * for `edges` above 1 leaves nobody alone as n grows; up to `complete` customers all pairs are. n
 * is the number of customers at the start, or of those up to her for one born later. Which pairs
 * are joined is drawn by skipping (Batagelj & Brandes 2005) from a stream of the customer's row,
 * the same in every run. What becomes of the edges is the caller's: bits, one for each.
 */
#ifndef NB_POLICIES_RANDOM_GRAPH_H
#define NB_POLICIES_RANDOM_GRAPH_H

#include "core/rng.h"

enum { NB_GRAPH_EDGES = 128 /* most edges of a customer to those before her; more are left out */ };

/** A graph. */
typedef struct {
    double edges;
    uint32_t complete; /* at most NB_GRAPH_EDGES + 1 */
    uint32_t n_first;  /* customers at the start */
    uint32_t name;     /* graphs of different names are independent */
} nb_graph_t;

/** The edges of one customer, in order of rows. */
typedef struct {
    nb_stream_t stream;
    double log_miss; /* log(1 - p), -infinity where all pairs are joined */
    uint32_t row, at;
    uint32_t n; /* edges met so far: the last one is number n - 1 */
} nb_graph_walk_t;

/** Before the first edge of customer `row`. */
void nb_graph_walk(nb_graph_walk_t *self, const nb_graph_t *graph, uint32_t row);

/** 1 and the next customer she is joined to, or 0 at the end. */
int nb_graph_next(nb_graph_walk_t *self, uint32_t *other);

#endif
