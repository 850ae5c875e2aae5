/*
 * Which of several independent Beta variables is the largest, where none is scaled: the common case
 * of policies/max_beta.h, to more digits and at less cost.
 *
 * On the scale of t = log(x / (1 - x)) the density x^a (1 - x)^b / B(a, b) is log-concave and
 * smooth for all a and b, those below 1 too, whose own density has a pole.
 */
#ifndef NB_POLICIES_MAX_BETA_LOGIT_H
#define NB_POLICIES_MAX_BETA_LOGIT_H

#include "policies/max_beta.h"

/** Doubles of work for n arms. */
size_t nb_max_beta_logit_work(size_t n);

/**
 * p_k = P(X_k is the largest) = integral of f_k(t) product over c != k of F_c(t) dt, by 8-point
 * Gauss-Legendre rules on panels no wider than the narrowest density of the place; the F_c are
 * summed up by the same rules. Absolute error below 1e-9 (1e-6 where a and b of an arm are above
 * 1e5); sums to 1. Cost some 200 to 400 n exponentials and logarithms, more where widths differ.
 * @param arms [n], scales not read   @param p [n]   @param work [nb_max_beta_logit_work(n)]
 */
void nb_max_beta_logit(const nb_beta_t *arms, size_t n, double *p, double *work);

#endif
