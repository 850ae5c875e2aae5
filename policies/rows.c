#include "policies/rows.h"

#include <math.h>

int nb_rows_check_features(const float *x, size_t n, unsigned d)
{
    for (size_t at = 0; at < n * d; at++) {
        if (!isfinite(x[at])) {
            NB_FAIL(NB_ERR_NUMERIC, "feature %zu of row %zu is %g, expected a finite number",
                    at % d, at / d, (double)x[at]);
        }
    }
    return NB_OK;
}

int nb_rows_check_finished(const nb_transitions_t *finished)
{
    for (size_t i = 0; i < finished->n; i++) {
        int32_t k = finished->action[i * finished->slate];

        if (k < 0 || (unsigned)k >= finished->n_actions) {
            NB_FAIL(NB_ERR_RANGE, "transition %zu has action %d, expected 0 to %u", i, (int)k,
                    finished->n_actions - 1);
        }
        if (!isfinite(finished->reward[i])) {
            NB_FAIL(NB_ERR_NUMERIC, "transition %zu has reward %g, expected a finite number", i,
                    finished->reward[i]);
        }
    }
    for (size_t i = 0; finished->weight && i < finished->n; i++) {
        if (!(finished->weight[i] >= 0.0 && isfinite(finished->weight[i]))) {
            NB_FAIL(NB_ERR_NUMERIC, "transition %zu has weight %g, expected 0 or more", i,
                    finished->weight[i]);
        }
    }
    return nb_rows_check_features(finished->x, finished->n, finished->d);
}
