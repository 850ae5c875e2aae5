/*
 * The units of a plan gathered into dense columns, before they are written to results.h5.
 */
#ifndef NB_CORE_STORE_MERGE_H
#define NB_CORE_STORE_MERGE_H

#include "core/store_shard.h"

/** One variable over all units. */
typedef struct {
    char *name, *unit, *help;
    int axis;     /* index into nb_axis_names, 0 for a scalar */
    size_t width; /* values per unit */
    double *data; /* [n_units x width], NaN where missing */
} nb_column_t;

typedef struct {
    size_t n_units; /* cells x replications */
    size_t n_columns, n_reserved;
    nb_column_t *columns;    /* in the order in which the units, taken in plan order, bring them */
    int8_t *status;          /* [n_units] NB_KEY_MISSING, NB_KEY_DONE, NB_KEY_FAILED */
    size_t width[NB_N_AXES]; /* longest of each axis, 0 where no variable has it */
} nb_merge_t;

/** Read all units of the plan; a missing one leaves NaN. A damaged one: NB_ERR_FORMAT naming it.
 * Free whatever happened. Holds all values in memory: n_units x values of a unit x 8 bytes. */
int nb_merge_init(nb_merge_t *self, const nb_store_t *store,
                  const nb_results_plan_t *plan) NB_MUST_CHECK;
void nb_merge_free(nb_merge_t *self);

#endif
