#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan_draft.h"
#include "core/memory.h"

/* number of combinations of the axes that touch `owner`, at most one above the limit of cells */
static size_t count_combinations(const nb_draft_t *draft, const nb_node_t *owner)
{
    size_t n = 1;

    if (owner && draft->only_tuned && !nb_draft_is_tuned(draft, owner)) {
        return 0;
    }
    for (size_t i = 0; i < draft->n_axes; i++) {
        if (draft->axes[i].owner == owner) {
            n *= draft->axes[i].n;
            n = n > NB_PLAN_MAX_CELLS ? NB_PLAN_MAX_CELLS + 1 : n;
        }
    }
    return n;
}

/* which value axis `i_axis` has in a combination of its owner's axes; the last axis is fastest */
static size_t value_of(const nb_draft_t *draft, size_t i_axis, size_t combination)
{
    const nb_draft_axis_t *axis = &draft->axes[i_axis];

    for (size_t i = draft->n_axes - 1; i > i_axis; i--) {
        if (draft->axes[i].owner == axis->owner) {
            combination /= draft->axes[i].n;
        }
    }
    return combination % axis->n;
}

/* a value stands in the place of what a strategy says there: two policies do not mix settings */
static int apply_value(const nb_draft_axis_t *axis, const nb_node_t *value, nb_config_t *config)
{
    static char nothing[] = "";
    const nb_node_t empty = {.kind = NB_NODE_SCALAR, .text = nothing};

    if (axis->owner && value->kind == NB_NODE_MAP) {
        NB_TRY(nb_config_merge(config, axis->key, &empty));
    }
    return nb_config_merge(config, axis->key, value);
}

static int apply_axes(const nb_draft_t *draft, const nb_node_t *owner, size_t combination,
                      nb_config_t *config)
{
    for (size_t i = 0; i < draft->n_axes; i++) {
        const nb_draft_axis_t *axis = &draft->axes[i];

        if (axis->owner == owner) {
            NB_TRY(apply_value(axis, axis->values[value_of(draft, i, combination)], config));
        }
    }
    return NB_OK;
}

static int make_world(const nb_draft_t *draft, nb_plan_world_t *self,
                      const nb_draft_scenario_t *scenario, size_t combination)
{
    const nb_environment_type_t *environment = draft->environment;
    int code;

    self->environment = environment;
    NB_TRY(nb_strdup(&self->scenario, scenario->name));
    NB_TRY(nb_config_init(&self->config));
    NB_TRY(nb_config_merge(&self->config, "", scenario->config.root));
    NB_TRY(apply_axes(draft, NULL, combination, &self->config));
    NB_TRY(nb_alloc(&self->settings, environment->settings_size + 1, 1));
    NB_TRY(nb_settings_load(environment->settings, nb_node_at(self->config.root, draft->place),
                            NULL, 0, self->settings));
    code = environment->world_init(&self->world, self->settings);
    return code < 0 ? nb_error_prefix(code, "scenario '%s'", self->scenario) : NB_OK;
}

static int make_worlds(nb_draft_t *draft)
{
    nb_plan_t *plan = draft->plan;
    size_t n = count_combinations(draft, NULL);

    if (n > NB_PLAN_MAX_CELLS || n * draft->n_scenarios > NB_PLAN_MAX_CELLS) {
        return nb_node_error(NB_ERR_RANGE, nb_node_child(draft->config.root, "sweep"),
                             "more than %d cells", NB_PLAN_MAX_CELLS);
    }
    NB_TRY(nb_alloc(&plan->worlds, n * draft->n_scenarios, sizeof *plan->worlds));
    for (size_t s = 0; s < draft->n_scenarios; s++) {
        for (size_t c = 0; c < n; c++) {
            NB_TRY(make_world(draft, &plan->worlds[plan->n_worlds++], &draft->scenarios[s], c));
        }
    }
    return NB_OK;
}

/* a cell while it is named */
typedef struct {
    const nb_draft_t *draft;
    const nb_node_t *strategy;
    const char *scenario;
    size_t i_world, combination; /* of its scenario's and of its strategy's axes */
} place_t;

/* the axis's value at this place, NULL where the axis does not touch it */
static const char *text_at(const place_t *place, size_t i_axis, size_t *index)
{
    const nb_draft_axis_t *axis = &place->draft->axes[i_axis];

    if (axis->owner && axis->owner != place->strategy) {
        return NULL;
    }
    *index = value_of(place->draft, i_axis, axis->owner ? place->combination : place->i_world);
    return axis->texts[*index];
}

static int write_label(const void *subject, FILE *out)
{
    const place_t *place = subject;

    fputs(place->strategy->key, out);
    if (place->draft->n_scenarios > 1) {
        fprintf(out, " | %s", place->scenario);
    }
    for (size_t i = 0; i < place->draft->n_axes; i++) {
        const nb_draft_axis_t *axis = &place->draft->axes[i];
        size_t index, n_name = strlen(place->strategy->key);
        const char *text = text_at(place, i, &index);

        if (text) {
            /* the strategy's name stands in front already */
            fprintf(out, " | %s=%s",
                    axis->key + (axis->owner ? strlen("strategies.") + n_name + 1 : 0), text);
        }
    }
    return NB_OK;
}

/* the settings that tuning chose for this cell */
static int apply_winner(const nb_draft_t *draft, const place_t *place, nb_cell_t *self)
{
    nb_draft_t tuned = *draft;
    size_t winner;

    if (!draft->outcome || !nb_draft_is_tuned(draft, place->strategy)) {
        return NB_OK;
    }
    tuned.axes = draft->tune.axes;
    tuned.n_axes = draft->tune.n_axes;
    NB_TRY(nb_draft_winner(draft, place->strategy->key, self->label,
                           count_combinations(&tuned, place->strategy), &winner));
    return apply_axes(&tuned, place->strategy, winner, &self->config);
}

static int write_canonical(const void *subject, FILE *out);

/* what write_canonical needs of a cell */
typedef struct {
    const nb_plan_t *plan;
    const nb_plan_world_t *world;
    const nb_strategy_t *strategy;
    const nb_log_t *log; /* NULL for a replication that is not logged */
} content_t;

static int make_cell(nb_draft_t *draft, nb_cell_t *self, const place_t *place)
{
    const nb_plan_world_t *world = &draft->plan->worlds[self->i_world];
    const char *name = place->strategy->key;
    const content_t content = {draft->plan, world, &self->strategy, &draft->plan->log};
    char path[512];

    NB_TRY(nb_text_print(&self->label, write_label, place));
    snprintf(path, sizeof path, "strategies.%s", name);
    NB_TRY(nb_config_init(&self->config));
    NB_TRY(nb_config_merge(&self->config, path, place->strategy));
    NB_TRY(apply_axes(draft, place->strategy, place->combination, &self->config));
    NB_TRY(apply_winner(draft, place, self));
    NB_TRY(nb_strategy_init(&self->strategy, name, nb_node_at(self->config.root, path),
                            world->environment->spec(world->world)));
    return nb_text_print(&self->canonical, write_canonical, &content);
}

static size_t count_strategy_cells(const nb_draft_t *draft)
{
    size_t n = 0;

    for (const nb_node_t *s = draft->strategies->child; s; s = s->next) {
        n += count_combinations(draft, s);
    }
    return n;
}

/* the swept columns of one cell */
static int fill_params(nb_plan_t *plan, const place_t *place, size_t i_cell)
{
    for (size_t i = 0; i < plan->n_params; i++) {
        double *values = (double *)(uintptr_t)plan->params[i].values;
        char **texts = (char **)(uintptr_t)plan->params[i].texts;
        size_t index = 0;
        const char *text = text_at(place, i, &index);

        if (values && text) {
            NB_TRY(nb_node_real(place->draft->axes[i].values[index], &values[i_cell]));
        } else if (values) {
            values[i_cell] = NAN;
        } else {
            NB_TRY(nb_strdup(&texts[i_cell], text ? text : ""));
        }
    }
    return NB_OK;
}

static int is_numeric(const nb_draft_axis_t *axis)
{
    double value;

    for (size_t i = 0; i < axis->n; i++) {
        if (nb_node_real(axis->values[i], &value) < 0) {
            return 0;
        }
    }
    return 1;
}

static int make_params(nb_draft_t *draft)
{
    nb_plan_t *plan = draft->plan;

    NB_TRY(nb_alloc(&plan->params, draft->n_axes, sizeof *plan->params));
    for (size_t i = 0; i < draft->n_axes; i++) {
        nb_param_column_t *column = &plan->params[plan->n_params++];

        NB_TRY(nb_strdup((char **)&column->name, draft->axes[i].key));
        if (is_numeric(&draft->axes[i])) {
            NB_TRY(nb_alloc(&column->values, plan->n_cells, sizeof *column->values));
        } else {
            NB_TRY(nb_alloc(&column->texts, plan->n_cells, sizeof *column->texts));
        }
    }
    return NB_OK;
}

static int make_cells(nb_draft_t *draft)
{
    nb_plan_t *plan = draft->plan;
    size_t per_world = count_strategy_cells(draft), i_cell = 0;
    size_t n_combinations = plan->n_worlds / draft->n_scenarios;

    if (per_world > NB_PLAN_MAX_CELLS || per_world * plan->n_worlds > NB_PLAN_MAX_CELLS) {
        NB_FAIL(NB_ERR_RANGE, "%s: more than %d cells", plan->path, NB_PLAN_MAX_CELLS);
    }
    plan->n_cells = per_world * plan->n_worlds;
    NB_TRY(nb_alloc(&plan->cells, plan->n_cells, sizeof *plan->cells));
    NB_TRY(make_params(draft));
    for (size_t w = 0; w < plan->n_worlds; w++) {
        for (const nb_node_t *s = draft->strategies->child; s; s = s->next) {
            for (size_t c = 0; c < count_combinations(draft, s); c++, i_cell++) {
                const place_t place = {draft, s, plan->worlds[w].scenario, w % n_combinations, c};

                plan->cells[i_cell].i_world = w;
                NB_TRY(make_cell(draft, &plan->cells[i_cell], &place));
                NB_TRY(fill_params(plan, &place, i_cell));
            }
        }
    }
    return NB_OK;
}

static int compare_labels(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int check_labels(const nb_plan_t *plan)
{
    const char **labels = NULL;
    int code = NB_OK;

    NB_TRY(nb_alloc(&labels, plan->n_cells, sizeof *labels));
    for (size_t i = 0; i < plan->n_cells; i++) {
        labels[i] = plan->cells[i].label;
    }
    qsort(labels, plan->n_cells, sizeof *labels, compare_labels);
    for (size_t i = 1; i < plan->n_cells && code == NB_OK; i++) {
        if (strcmp(labels[i - 1], labels[i]) == 0) {
            code =
                nb_error_set(NB_ERR_CONFIG, "%s: two cells are called '%s'", plan->path, labels[i]);
        }
    }
    nb_free(labels);
    return code;
}

/* the strategy that plays an environment's burn-in is part of what results depend on */
static int write_burn_in(const nb_plan_world_t *world, FILE *out)
{
    const nb_environment_type_t *type = world->environment;
    nb_strategy_t strategy = {0};
    nb_config_t config = {0};
    int warm_start = 0, code;

    if (!type->burn_in || type->burn_in(world->world, &warm_start) == 0) {
        fputs("null", out);
        return NB_OK;
    }
    code = nb_config_init(&config);
    if (code == NB_OK) {
        code = nb_strategy_init_built_in(&strategy, &config, "monthly", type->spec(world->world));
    }
    if (code == NB_OK) {
        code = nb_strategy_canonical(&strategy, type->spec(world->world), out);
    }
    nb_strategy_free(&strategy);
    nb_config_free(&config);
    return code;
}

/* keys in alphabetical order; names, paths, metrics and hypotheses have no part in results */
static int write_canonical(const void *subject, FILE *out)
{
    const content_t *self = subject;
    const nb_environment_type_t *type = self->world->environment;

    fputs("{\"burn_in\":", out);
    NB_TRY(write_burn_in(self->world, out));
    fprintf(out, ",\"customers\":%d,\"environment\":", self->plan->customers);
    nb_json_string(type->name, out);
    fputs(",\"log\":", out);
    nb_log_canonical(self->log, out);
    fprintf(out, ",\"model\":%u,\"periods\":%d,\"scenario\":", type->version, self->plan->periods);
    NB_TRY(nb_settings_canonical(type->settings, self->world->settings, out));
    fprintf(out, ",\"schema\":%d,\"strategy\":", NB_PLAN_SCHEMA);
    NB_TRY(nb_strategy_canonical(self->strategy, type->spec(self->world->world), out));
    fprintf(out, ",\"tail\":%d", self->plan->tail);
    /* said only where it is asked for, so that other units keep their keys */
    fputs(self->plan->worse_off ? ",\"worse_off\":1}" : "}", out);
    return NB_OK;
}

/* what a unit's key is the hash of */
typedef struct {
    const nb_plan_t *plan;
    const char *canonical;
    int replication;
} unit_t;

static int write_unit(const void *subject, FILE *out)
{
    const unit_t *self = subject;

    fprintf(out, "{\"cell\":%s,\"policy_seed\":%u,\"replication\":%d,\"seed\":%u}", self->canonical,
            self->plan->policy_seed, self->replication, self->plan->seed);
    return NB_OK;
}

/* `unlogged` is the canonical text of the cell for replications without logs, NULL for none */
static int make_key(const nb_plan_t *plan, size_t i_cell, int replication, const char *unlogged,
                    char *key)
{
    int is_logged = !unlogged || nb_log_has(&plan->log, replication);
    const unit_t unit = {plan, is_logged ? plan->cells[i_cell].canonical : unlogged, replication};
    char *text = NULL;

    NB_TRY(nb_text_print(&text, write_unit, &unit));
    nb_key_hash(text, strlen(text), key);
    nb_free(text);
    return NB_OK;
}

static int make_cell_keys(nb_plan_t *plan, size_t i_cell)
{
    const nb_cell_t *cell = &plan->cells[i_cell];
    const content_t content = {plan, &plan->worlds[cell->i_world], &cell->strategy, NULL};
    char **keys = plan->keys + i_cell * (size_t)plan->replications, *unlogged = NULL;
    int code = NB_OK;

    if (plan->log.replications) {
        NB_TRY(nb_text_print(&unlogged, write_canonical, &content));
    }
    for (int r = 0; r < plan->replications && code == NB_OK; r++) {
        code = make_key(plan, i_cell, r, unlogged, keys[r]);
    }
    nb_free(unlogged);
    return code;
}

static int make_keys(nb_plan_t *plan)
{
    size_t n_replications = (size_t)plan->replications, n = plan->n_cells * n_replications;
    char *block = NULL;

    if (n > NB_PLAN_MAX_UNITS) {
        NB_FAIL(NB_ERR_RANGE, "%s: %zu cells x %zu replications, expected at most %d units",
                plan->path, plan->n_cells, n_replications, NB_PLAN_MAX_UNITS);
    }
    NB_TRY(nb_alloc(&plan->keys, n, sizeof *plan->keys));
    NB_TRY(nb_alloc(&block, n, NB_KEY_SIZE));
    plan->keys[0] = block;
    NB_TRY(nb_alloc(&plan->seeds, n, sizeof *plan->seeds));
    for (size_t i = 0; i < n; i++) {
        plan->keys[i] = block + i * NB_KEY_SIZE;
        plan->seeds[i] = plan->seed;
    }
    for (size_t i = 0; i < plan->n_cells; i++) {
        NB_TRY(make_cell_keys(plan, i));
    }
    return NB_OK;
}

int nb_draft_expand(nb_draft_t *self)
{
    NB_TRY(make_worlds(self));
    NB_TRY(make_cells(self));
    NB_TRY(check_labels(self->plan));
    return make_keys(self->plan);
}
