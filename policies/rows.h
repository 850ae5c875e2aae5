/*
 * Rows of batches and transitions as learners in float64 read them: checked, and widened.
 */
#ifndef NB_POLICIES_ROWS_H
#define NB_POLICIES_ROWS_H

#include "core/types.h"

/** NB_ERR_NUMERIC naming feature and row where one of the features is not finite.
 * @param x [n x d], NULL where d is 0 */
int nb_rows_check_features(const float *x, size_t n, unsigned d) NB_MUST_CHECK;

/** First actions in range, rewards finite, weights 0 or more (NB_ERR_RANGE, NB_ERR_NUMERIC naming
 * the transition), then features. */
int nb_rows_check_finished(const nb_transitions_t *finished) NB_MUST_CHECK;

/** Features of row i in float64; a point without features has one that is 1.
 * @param wide [d, at least 1] */
static inline void nb_rows_widen(const float *x, size_t i, unsigned d, double *wide)
{
    wide[0] = 1.0;
    for (unsigned j = 0; j < d; j++) {
        wide[j] = x[i * d + j];
    }
}

#endif
