/*
 * A network with one hidden layer of rectified linear units and an output per action, trained by
 * Adam on squared errors of the output of the action that was played:
 *
 *     z_h = max(0, W_h'x + b_h),   z_H = 1,   output k = U_k'z,
 *     loss = 1/(2n) sum (U_a(i)'z(x_i) - y_i)^2.
 *
 * Parameters are one array of doubles, W [hidden x d], b [hidden], U [K x (hidden + 1)]. Weights
 * begin as N(0, 2/d) (W) and N(0, 1/hidden) (U), biases at 0.
 *
 * Source: Kingma & Ba (2015), "Adam", algorithm 1 with its defaults beta_1 = 0.9, beta_2 = 0.999,
 * epsilon = 1e-8; He, Zhang, Ren & Sun (2015), section 2.2 for the scale of W.
 */
#ifndef NB_POLICIES_NETWORK_H
#define NB_POLICIES_NETWORK_H

#include <stddef.h>

#include "core/rng.h"

typedef struct {
    size_t d; /* at least 1 */
    size_t hidden;
    size_t n_actions;
} nb_network_t;

/** Rows to learn from: `n` rows, number row[i] of the arrays each. */
typedef struct {
    const float *x;        /* [m x d_given] */
    unsigned d_given;      /* 0 where d = 1 stands for no features */
    const int32_t *action; /* [m] */
    const double *y;       /* [m] */
    const uint32_t *row;   /* [n], numbers below m */
    size_t n;
} nb_network_rows_t;

/** Parameters of a network. */
static inline size_t nb_network_size(const nb_network_t *self)
{
    return self->hidden * (self->d + 1) + self->n_actions * (self->hidden + 1);
}

/** Draw the first parameters. @param theta [nb_network_size] */
void nb_network_init(const nb_network_t *self, nb_stream_t *stream, double *theta);

/** The last hidden layer and a 1. @param x [d]   @param z [hidden + 1] */
void nb_network_features(const nb_network_t *self, const double *theta, const double *x, double *z);

/** Doubles of work of nb_network_gradient. */
static inline size_t nb_network_work(const nb_network_t *self)
{
    return self->d + self->hidden + 1;
}

/** Loss and its gradient. @param gradient [nb_network_size]   @param work [nb_network_work] */
double nb_network_gradient(const nb_network_t *self, const double *theta,
                           const nb_network_rows_t *rows, double *gradient, double *work);

/** Step number `t` = 1, 2, ... of Adam. @param moments [2 x nb_network_size], 0 before the first */
void nb_network_adam(const nb_network_t *self, double *theta, double *moments,
                     const double *gradient, double rate, double t);

#endif
