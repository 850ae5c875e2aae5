/*
 * A small experiment on the journey as loops, and its results as numbers to be compared bit by bit.
 */
#ifndef NB_TESTS_RUN_SAMPLE_H
#define NB_TESTS_RUN_SAMPLE_H

#include "bench/loop.h"
#include "bench/plan.h"
#include "core/memory.h"
#include "tests/testlib.h"

/* spec of replication 0 of a cell, for worlds without burn-in */
static inline nb_loop_spec_t run_sample_spec(const nb_plan_t *plan, size_t i_cell)
{
    const nb_cell_t *cell = &plan->cells[i_cell];
    const nb_plan_world_t *world = &plan->worlds[cell->i_world];

    return (nb_loop_spec_t){.environment = world->environment,
                            .world = world->world,
                            .strategy = &cell->strategy,
                            .key = {.seed = plan->seed},
                            .policy_key = {.seed = plan->policy_seed},
                            .n_customers = (size_t)plan->customers,
                            .periods = plan->periods,
                            .tail = plan->tail,
                            .log_purchases = 1};
}

/* scalars, series, purchases and work done; free with nb_free */
typedef struct {
    double *values;
    size_t n;
} run_numbers_t;

static inline run_numbers_t run_numbers(nb_loop_t *loop)
{
    const nb_environment_type_t *environment = loop->spec.environment;
    nb_purchases_t purchases = environment->purchases(loop->run);
    run_numbers_t out = {NULL, 0};
    nb_result_t result;
    size_t n_series;

    assert_ok(environment->result(loop->run, &result));
    n_series = result.n_series * (size_t)result.periods;
    assert_ok(nb_alloc(&out.values, result.n_scalars + n_series + 3 * purchases.n + 1,
                       sizeof *out.values));
    out.values[out.n++] = loop->customer_periods;
    for (size_t i = 0; i < result.n_scalars; i++) {
        out.values[out.n++] = result.scalar[i];
    }
    for (size_t i = 0; i < n_series; i++) {
        out.values[out.n++] = result.series_values[i];
    }
    for (size_t i = 0; i < purchases.n; i++) {
        out.values[out.n++] = purchases.customer[i];
        out.values[out.n++] = purchases.period[i];
        out.values[out.n++] = purchases.spend[i];
    }
    return out;
}

static inline int run_numbers_equal(run_numbers_t a, run_numbers_t b)
{
    return a.n == b.n && memcmp(a.values, b.values, a.n * sizeof *a.values) == 0;
}

/* the loop's results are `expected` to the bit */
static inline void run_numbers_check(nb_loop_t *loop, run_numbers_t expected)
{
    run_numbers_t found = run_numbers(loop);

    assert_true(run_numbers_equal(found, expected));
    nb_free(found.values);
}

#endif
