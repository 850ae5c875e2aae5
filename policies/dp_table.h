/*
 * Bayes-optimal play of Bernoulli arms over a finite number of decisions, by backward induction
 * over all counts of successes and failures that can come.
 *
 * Source: Bellman (1956), "A problem in the sequential design of experiments"; Berry & Fristedt
 * (1985), "Bandit problems", section 2.5. With counts c = (s_1, f_1, ..., s_K, f_K) after t < T
 * decisions and p_k = (a + s_k) / (a + b + s_k + f_k):
 *   Q_k(c) = p_k (1 + d V(c + s_k)) + (1 - p_k) d V(c + f_k),   V = max_k Q_k,   V = 0 after T.
 * Counts are numbered in the combinatorial number system: with the sums S_j of the first j counts,
 * the number is the sum over j of binomial(S_j + j - 1, j), so that counts come in order of t.
 */
#ifndef NB_POLICIES_DP_TABLE_H
#define NB_POLICIES_DP_TABLE_H

#include <stddef.h>

#include "core/error.h"

/** What a table is of. */
typedef struct {
    double a, b;              /* prior Beta(a, b) of every arm */
    double discount;          /* (0, 1] a decision */
    unsigned n_arms, horizon; /* K, T, at least 1 */
} nb_dp_t;

/** Doubles of a table: the binomials, and a value for each of binomial(T - 1 + 2K, 2K) counts.
 * Infinite where it exceeds 1e15. */
double nb_dp_size(unsigned n_arms, unsigned horizon);

/** Fill a table. Cost some 10 K steps a count. @param table [nb_dp_size]   @return NB_ERR_MEMORY */
int nb_dp_fill(const nb_dp_t *self, double *table) NB_MUST_CHECK;

/**
 * Value of playing each arm next and the best from then on: the expected sum of rewards up to T.
 * @param counts [2K] successes and failures of every arm, less than T in all   @param q [K]
 * @param work [2K]
 */
void nb_dp_values(const nb_dp_t *self, const double *table, const unsigned *counts, double *work,
                  double *q);

#endif
