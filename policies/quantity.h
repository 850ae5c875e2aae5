/*
 * Quantities that practitioners speak of (weeks since the last purchase, repeat orders, money an
 * order), read in their own units from features that are standardized or in logs.
 *
 * The quantity NAME is the feature NAME of a point, or `log_NAME`, which is ln(1 + NAME). Serves
 * rfm_table, btyd_priority, ab_rollout and risk_target.
 */
#ifndef NB_POLICIES_QUANTITY_H
#define NB_POLICIES_QUANTITY_H

#include "core/error.h"
#include "core/types.h"

/** A quantity at one point. */
typedef struct {
    int32_t column; /* of the context, -1 where the point does not tell it in raw units */
    int32_t is_log; /* the feature is ln(1 + quantity) */
    float center, scale;
} nb_quantity_t;

/**
 * Find a quantity at every point of the spec.
 * @param policy, key  who asks, and by which setting: for the error   @param out [n_points]
 * @return NB_ERR_CONFIG where no point tells it, naming the nearest feature
 */
int nb_quantity_find(nb_quantity_t *out, const nb_spec_t *spec, const char *policy, const char *key,
                     const char *name) NB_MUST_CHECK;

/** In its own units, from the row x [d] of a point that tells it. */
double nb_quantity_read(const nb_quantity_t *self, const float *x);

/** A threshold in the units of the context, exactly as the environment would write it: a value that
 * equals it stays equal. */
float nb_quantity_write(const nb_quantity_t *self, double raw);

#endif
