/*
 * One unit: a replication of a cell, from an empty run to a shard.
 */
#ifndef NB_BENCH_UNIT_H
#define NB_BENCH_UNIT_H

#include "bench/decision_log.h"
#include "bench/plan.h"

/** Result of a unit; owns everything. */
typedef struct {
    nb_shard_t shard; /* variables named as the environment's metrics, series with suffix _t, groups
                         _by_segment, _by_cohort */
    char *purchases;  /* CSV text of the purchase log (customer,period,spend), NULL where none is
                         kept */
    size_t n_purchases_bytes;
    nb_decision_log_t *decisions; /* finished, to be encoded; NULL where none is kept */
    double customer_periods;      /* work done, for the speed line */
    void *owned;
} nb_unit_t;

/**
 * Run one unit. `stop` (may be NULL) is polled once a period: non-zero ends with
 * NB_ERR_INTERRUPTED. Thread safe: shares only the const plan. A NaN or infinite reward, score or
 * metric of money is NB_ERR_NUMERIC naming policy, point, period.
 */
int nb_unit_run(nb_unit_t *out, const nb_plan_t *plan, size_t i_cell, int replication,
                const volatile int *stop) NB_MUST_CHECK;
void nb_unit_free(nb_unit_t *unit);

#endif
