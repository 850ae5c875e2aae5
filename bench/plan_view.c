#include <stdio.h>
#include <string.h>

#include "bench/plan.h"
#include "core/memory.h"

enum { N_ATTRIBUTES = 8, DELTA_SIZE = 40, WORLD_SIZE = 21 };

/* the world of every cell, so that only strategies of one world are compared */
static void print_worlds(const nb_plan_t *plan, char *out)
{
    for (size_t i = 0; i < plan->n_cells; i++) {
        out += snprintf(out, WORLD_SIZE + 1, "%s%zu", i > 0 ? " " : "", plan->cells[i].i_world);
    }
}

/* one more attribute, unless there is nothing to say; names stand behind the texts */
static void put(nb_results_plan_t *out, const char **texts, const char *name, const char *text)
{
    if (text) {
        texts[N_ATTRIBUTES + out->n_attributes] = name;
        texts[out->n_attributes++] = text;
    }
}

/* texts and names of the attributes, and behind them the places where delta and worlds are printed
 */
static int make_attributes(const nb_plan_t *plan, nb_results_plan_t *out)
{
    const char **texts = NULL;
    char *delta, *worlds;

    NB_TRY(nb_alloc(
        &texts, 1, 2 * N_ATTRIBUTES * sizeof *texts + DELTA_SIZE + plan->n_cells * WORLD_SIZE + 1));
    delta = (char *)(texts + 2 * N_ATTRIBUTES);
    worlds = delta + DELTA_SIZE;
    snprintf(delta, DELTA_SIZE, "%.17g", plan->delta);
    print_worlds(plan, worlds);
    put(out, texts, "metrics", plan->metrics);
    put(out, texts, "baseline", plan->baseline);
    put(out, texts, "delta", delta);
    put(out, texts, "hypothesis", plan->hypothesis);
    put(out, texts, "worlds", worlds);
    put(out, texts, "note", *plan->note ? plan->note : NULL);
    put(out, texts, "log", nb_log_is_any(&plan->log) ? plan->log_text : NULL);
    put(out, texts, "tuned", plan->tune ? plan->tune->outcome : NULL);
    out->attribute_names = texts + N_ATTRIBUTES;
    out->attribute_values = texts;
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
