#include <stdio.h>
#include <string.h>

#include "bench/plan.h"
#include "core/memory.h"

enum { N_ATTRIBUTES = 7, DELTA_SIZE = 40, WORLD_SIZE = 21 };

static const char *const first_names[] = {"metrics", "baseline", "delta", "hypothesis", "worlds"};

/* the world of every cell, so that only strategies of one world are compared */
static void print_worlds(const nb_plan_t *plan, char *out)
{
    for (size_t i = 0; i < plan->n_cells; i++) {
        out += snprintf(out, WORLD_SIZE + 1, "%s%zu", i > 0 ? " " : "", plan->cells[i].i_world);
    }
}

/* texts and names of the attributes, and behind them the places where delta and worlds are printed
 */
static int make_attributes(const nb_plan_t *plan, nb_results_plan_t *out)
{
    const char **values = NULL, **names;
    char *delta, *worlds;
    size_t n = 0;

    NB_TRY(
        nb_alloc(&values, 1,
                 2 * N_ATTRIBUTES * sizeof *values + DELTA_SIZE + plan->n_cells * WORLD_SIZE + 1));
    names = values + N_ATTRIBUTES;
    memcpy(names, first_names, sizeof first_names);
    delta = (char *)(names + N_ATTRIBUTES);
    worlds = delta + DELTA_SIZE;
    snprintf(delta, DELTA_SIZE, "%.17g", plan->delta);
    print_worlds(plan, worlds);
    values[n++] = plan->metrics;
    values[n++] = plan->baseline;
    values[n++] = delta;
    values[n++] = plan->hypothesis;
    values[n++] = worlds;
    /* the last ones only where there is something to say */
    if (*plan->note) {
        names[n] = "note";
        values[n++] = plan->note;
    }
    if (nb_log_is_any(&plan->log)) {
        names[n] = "log";
        values[n++] = plan->log_text;
    }
    out->n_attributes = n;
    out->attribute_names = names;
    out->attribute_values = values;
    return NB_OK;
}

static int make_labels(const nb_plan_t *plan, nb_results_plan_t *out)
{
    const char **cell = NULL, **scenario, **strategy;

    NB_TRY(nb_alloc(&cell, 3 * plan->n_cells, sizeof *cell));
    scenario = cell + plan->n_cells;
    strategy = scenario + plan->n_cells;
    for (size_t i = 0; i < plan->n_cells; i++) {
        cell[i] = plan->cells[i].label;
        scenario[i] = plan->worlds[plan->cells[i].i_world].scenario;
        strategy[i] = plan->cells[i].strategy.name;
    }
    out->cell = cell;
    out->scenario = scenario;
    out->strategy = strategy;
    return NB_OK;
}

int nb_plan_results_view(const nb_plan_t *self, nb_results_plan_t *out)
{
    memset(out, 0, sizeof *out);
    out->name = self->name;
    out->n_cells = self->n_cells;
    out->n_replications = (size_t)self->replications;
    out->keys = (const char *const *)self->keys;
    out->seeds = self->seeds;
    out->n_params = self->n_params;
    out->params = self->params;
    out->config_text = self->config_text;
    out->plan_hash = self->plan_hash;
    NB_TRY(make_labels(self, out));
    return make_attributes(self, out);
}

void nb_plan_view_free(nb_results_plan_t *view)
{
    nb_free((void *)(uintptr_t)view->cell); /* scenario and strategy lie behind it */
    nb_free((void *)(uintptr_t)view->attribute_values);
    memset(view, 0, sizeof *view);
}
