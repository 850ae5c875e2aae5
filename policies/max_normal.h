/*
 * Which of several independent normals is the largest: the propensities of Thompson sampling with
 * independent arms.
 */
#ifndef NB_POLICIES_MAX_NORMAL_H
#define NB_POLICIES_MAX_NORMAL_H

#include <stddef.h>

/** Doubles of work for n normals. */
size_t nb_max_normal_work(size_t n);

/**
 * p_k = P(Z_k is the largest) = integral of phi_k(t) product over c != k of Phi_c(t) dt, by
 * 8-point Gauss-Legendre rules between all points mean_c + {-8, -6, -4.5, ..., 8} sd_c. Absolute
 * error below 1e-9; sums to 1. A zero sd counts as 1e-9 of the means' size, so that equal means
 * share evenly. Cost O(n^2) evaluations of the error function, some 90 n^2 where all overlap.
 * @param mean [n]   @param sd [n] >= 0   @param p [n]   @param work [nb_max_normal_work(n)]
 */
void nb_max_normal(const double *mean, const double *sd, size_t n, double *p, double *work);

#endif
