/*
 * The library without its command: run a small version of the experiment `quickstart`, in memory,
 * and print the mean customer equity of every strategy.
 *
 * cc -std=c11 minimal.c -o minimal $(pkg-config --cflags --libs nextbest)
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/plan.h"
#include "bench/unit.h"

/* value of a scalar metric of a finished unit, NaN where there is none of that name */
static double find_scalar(const nb_shard_t *shard, const char *name)
{
    for (size_t i = 0; i < shard->n_vars; i++) {
        if (!shard->vars[i].axis && strcmp(shard->vars[i].name, name) == 0) {
            return shard->vars[i].data[0];
        }
    }
    return NAN;
}

/* mean equity of one cell over its replications; the unit is freed whether it ran or not */
static int run_cell(const nb_plan_t *plan, size_t i_cell, double *mean)
{
    *mean = 0;
    for (int replication = 0; replication < plan->replications; replication++) {
        nb_unit_t unit;
        int code = nb_unit_run(&unit, plan, i_cell, replication, NULL);

        if (code == NB_OK) {
            *mean += find_scalar(&unit.shard, "equity") / plan->replications;
        }
        nb_unit_free(&unit);
        if (code < 0) {
            return code;
        }
    }
    return NB_OK;
}

static int run_experiment(const nb_plan_t *plan)
{
    for (size_t i = 0; i < plan->n_cells; i++) {
        double mean;

        NB_TRY(run_cell(plan, i, &mean));
        if (!isfinite(mean)) {
            NB_FAIL(NB_ERR_NUMERIC, "%s: no equity", plan->cells[i].label);
        }
        printf("%-12s %8.3f\n", plan->cells[i].label, mean);
    }
    return NB_OK;
}

int main(void)
{
    static const char *const sets[] = {"customers=100", "periods=26", "replications=2"};
    nb_plan_t plan;
    int code = nb_plan_init(&plan, "quickstart", sets, sizeof sets / sizeof sets[0]);

    if (code == NB_OK) {
        code = run_experiment(&plan);
    }
    if (code < 0) {
        fprintf(stderr, "minimal: %s (%s)\n", nb_error_detail(), nb_strerror(code));
    }
    nb_plan_free(&plan);
    return code < 0;
}
