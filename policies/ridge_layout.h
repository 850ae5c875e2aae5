/*
 * How a block of ridge posteriors is laid out: for policies/ridge*.c and for learners that change
 * its moments or what scoring reads of it. Other modules use policies/ridge.h.
 */
#ifndef NB_POLICIES_RIDGE_LAYOUT_H
#define NB_POLICIES_RIDGE_LAYOUT_H

#include "core/linalg.h"
#include "policies/ridge.h"

/** One point: sizes, and where its arrays begin, in bytes from the block's begin. */
typedef struct {
    unsigned d, n_actions, n_groups;
    unsigned ld;    /* of moments over (x, y): d + 1 rows */
    size_t moments; /* double [K x (d + 1) x ld]: X'X + lambda I, and b as row d */
    size_t exact;   /* double [K x d] means */
    size_t means;   /* float [n_groups x d x NB_ARM_GROUP] */
    size_t factors; /* float [n_groups x triangle x NB_ARM_GROUP] */
    size_t touched; /* uint8_t [K] learned since the last refresh */
} nb_ridge_point_t;

/** The begin of a block. */
typedef struct {
    double own[NB_RIDGE_OWN];
    double lambda;
    size_t size; /* of the block */
    unsigned n_points;
    nb_ridge_point_t points[NB_MAX_POINTS];
} nb_ridge_t;

/** Moments of an action: lower triangle of A, and b as row d. [(d + 1) x ld] */
static inline double *nb_ridge_moments(void *ridge, const nb_ridge_point_t *point, size_t k)
{
    return (double *)((char *)ridge + point->moments) + k * (point->d + 1) * point->ld;
}

/** Whether an action is refreshed at the next nb_ridge_refresh. [K] */
static inline uint8_t *nb_ridge_touched(void *ridge, const nb_ridge_point_t *point)
{
    return (uint8_t *)ridge + point->touched;
}

/** Doubles of the moments of one action, or what is added to them. */
static inline size_t nb_ridge_moments_size(const nb_ridge_point_t *point)
{
    return (size_t)(point->d + 1) * point->ld;
}

/** nb_ridge_update into moments that stand elsewhere.
 * @param moments [K x (d + 1) x ld]   @param touched [K] set to 1 where an action learns */
int nb_ridge_add(const nb_ridge_point_t *point, const nb_transitions_t *finished, double *moments,
                 uint8_t *touched) NB_MUST_CHECK;

/** What scoring reads of an action: mean, and a lower triangle R with x'Sigma x = |R x|^2.
 * @param mean [d]   @param r [d x ld] */
void nb_ridge_store(void *ridge, const nb_ridge_point_t *point, size_t k, const double *mean,
                    const double *r);

/** Predict by other weights than the means, in their layout. */
int nb_ridge_apply(const void *ridge, const nb_batch_t *batch, const float *weights,
                   nb_prediction_t *out) NB_MUST_CHECK;

#endif
