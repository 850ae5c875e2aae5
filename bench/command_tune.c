#include "bench/command_tune.h"

#include <stdio.h>

#include "bench/command.h"
#include "bench/tuned.h"
#include "core/memory.h"

enum { N_BEST = 10 };

static void hear(void *context, const nb_tune_step_t *step)
{
    nb_progress_line_t *line = context;

    nb_progress_line_end(line);
    snprintf(line->head, sizeof line->head, "tuning, round %d of %d: ", step->i_round + 1,
             step->n_rounds);
}

int nb_command_tune(nb_plan_t *plan, nb_runner_spec_t *spec, int quiet)
{
    nb_progress_line_t *line = spec->context;
    int code;

    if (!plan->tune || plan->tune->outcome) {
        return NB_OK;
    }
    code = nb_tune_run(plan, spec, hear);
    nb_progress_line_end(line);
    line->head[0] = '\0';
    NB_TRY(code);
    spec->fresh = 0;
    if (quiet) {
        return NB_OK;
    }
    fprintf(stderr, "Settings tried in tuning, the best of each strategy; ranked within rounds\n");
    return nb_tuned_print_candidates(plan->tune->outcome, N_BEST, nb_command_color(stderr), stderr);
}

static void print_rounds(const nb_tune_group_t *group)
{
    printf("  %s: %zu settings", group->cell, group->n);
    for (int k = 0; k < group->n_rounds; k++) {
        printf("%s %zu x %d", k ? "," : " in rounds of", group->rounds[k].n_candidates,
               group->rounds[k].replications);
    }
    printf("%s = %zu units\n", group->n_rounds ? " replications" : "",
           nb_tune_cost(group->rounds, group->n_rounds));
}

static void print_plan(const nb_plan_t *plan)
{
    const nb_plan_tune_t *tune = plan->tune;

    printf("tuning by %s, seed %u, %d customers, at most %d units for each:\n", tune->metric,
           (unsigned)tune->candidates->seed, tune->candidates->customers, tune->budget);
    for (size_t g = 0; g < tune->n_groups; g++) {
        print_rounds(&tune->groups[g]);
    }
}

int nb_command_tune_dry_run(nb_plan_t *plan, const char *path, int *is_open)
{
    size_t n_missing;

    *is_open = 0;
    if (!plan->tune) {
        return NB_OK;
    }
    print_plan(plan);
    NB_TRY(nb_tune_survey(plan, path, &n_missing));
    if (n_missing == 0) {
        return nb_tuned_print(plan->tune->outcome, nb_command_color(stdout), stdout);
    }
    *is_open = 1;
    printf("%zu units to run in the next round of the tuning; then, of which the settings of tuned "
           "strategies are not known before:\n",
           n_missing);
    for (size_t i = 0; i < plan->n_cells; i++) {
        printf("%s (scenario %s) x %d replications\n", plan->cells[i].label,
               plan->worlds[plan->cells[i].i_world].scenario, plan->replications);
    }
    return NB_OK;
}
