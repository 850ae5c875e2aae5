/*
 * Clusters of customers who answer alike, found on the way, and a ridge regression per action of
 * every cluster: the learner of clu_b.
 *
 * Source: Gentile, Li & Zappella (2014), "Online clustering of bandits", algorithm 1 (CLUB), in
 * its disjoint form: there actions have features, here every action has weights of its own over the
 * customer's (what an action's features were is not told to learners). With A_ik = sum x x' and
 * b_ik = sum y x over customer i's T_ik rows of action k, w_ik = (lambda I + A_ik)^-1 b_ik:
 *
 *     M_k = lambda I + sum_C A_jk,  m_k = M_k^-1 sum_C b_jk   for i's cluster C;
 *     cut (i, j) where for some k |w_ik - w_jk| > g(T_ik) + g(T_jk),
 *     g(T) = alpha_2 sqrt((1 + log(1 + T)) / (1 + T)).
 *
 * The test is made action by action since plays of one action tell nothing of another's weights.
 * Edges are looked at once a period, where either end learned. An edge once cut stays cut, so that
 * clusters split and never merge, except that a customer who comes later is joined to those before
 * her. Clusters are the connected components of what is left.
 *
 * The graph begins complete for at most `complete` customers, and as the paper's sparse random
 * graph beyond (section 4: p = 3 log n / n), which is not stored (policies/random_graph.h), so that
 * a customer's record has a fixed size: d (d + 4) + 1 numbers per action. A customer nothing was
 * learned of before the last refresh is served as the first one that she is joined to. Points have
 * graphs of their own. Cost of a refresh: all edges and all records.
 */
#ifndef NB_POLICIES_CLUSTERS_H
#define NB_POLICIES_CLUSTERS_H

#include "policies/policy.h"

/** Settings; `edges` and `complete` as in policies/random_graph.h. */
typedef struct {
    double lambda, alpha_2, edges; /* lambda > 0 */
    int complete;
} nb_clusters_settings_t;

enum { NB_CLUSTERS_NONE = -1 };

/** Bytes of a block: records of customers end it. */
size_t nb_clusters_size(const nb_spec_t *spec);

/** Nothing learned. @param self zeroed */
void nb_clusters_init(void *self, const nb_spec_t *spec, const nb_clusters_settings_t *settings);

/** Check rows (nb_rows_check_finished), then add them to their customers. */
int nb_clusters_update(void *self, const nb_transitions_t *finished) NB_MUST_CHECK;

/** Cut edges, find clusters anew, solve what learned. NB_ERR_NUMERIC. */
int nb_clusters_refresh(void *self, nb_arena_t *scratch) NB_MUST_CHECK;

/** The cluster that serves a customer, named by its first member, or NB_CLUSTERS_NONE: the prior
 * does. */
int64_t nb_clusters_find(const void *self, unsigned point, uint32_t customer);

/** x'm and x'M^-1 x of an action of a cluster. @param x [d, at least 1]   @param out {mean,
 * variance} */
void nb_clusters_predict(const void *self, unsigned point, int64_t cluster, unsigned action,
                         const double *x, double out[2]);

/** Rows learned at a point by the last refresh. */
double nb_clusters_seen(const void *self, unsigned point);

/** Bytes of scratch of update or refresh. */
size_t nb_clusters_scratch(const nb_spec_t *spec);

#endif
