/*
 * Which of several independent scaled Beta variables is the largest: the propensities of Thompson
 * sampling with Beta posteriors.
 */
#ifndef NB_POLICIES_MAX_BETA_H
#define NB_POLICIES_MAX_BETA_H

#include <stddef.h>

#include "policies/policy.h"

/** scale x Beta(a, b), a and b positive, scale not 0. */
typedef struct {
    double a, b, scale;
} nb_beta_t;

/** Doubles of work of nb_max_beta for n arms. */
size_t nb_max_beta_work(size_t n);

/**
 * p_k = P(scale_k X_k is the largest), sums to 1. Where all scales are one positive number, by
 * policies/max_beta_logit.h, absolute error below 1e-9. Else as the integral of f_k(t) product over
 * c != k of F_c(t) dt by 8-point Gauss-Legendre rules between points around the mean of every arm
 * and near the ends of its range: absolute error below 1e-7 where all a and b are 1 or more, some
 * 1e-3 where one is as small as 0.1 (the density has a pole there), cost some 130 n^2 distribution
 * functions.
 * @param p [n]   @param work [nb_max_beta_work(n)]
 */
void nb_max_beta(const nb_beta_t *arms, size_t n, double *p, double *work);

/**
 * Table of a batch whose arms are the same for all rows: rows differ by mask only, and a row with
 * the mask of the row before has its probabilities.
 * @param arms [K]   @param p [n x K]
 */
void nb_max_beta_table(const nb_batch_t *batch, const nb_beta_t *arms, double *p);

/** Bytes of scratch of nb_max_beta_table for points of at most `n_actions`. */
size_t nb_max_beta_scratch(size_t n_actions);

#endif
