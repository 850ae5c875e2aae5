#include "bench/plan.h"

#include <string.h>

#include "bench/plan_draft.h"
#include "core/memory.h"

static void free_scenarios(nb_draft_t *self)
{
    for (size_t i = 0; i < self->n_scenarios; i++) {
        nb_free(self->scenarios[i].name);
        nb_config_free(&self->scenarios[i].config);
    }
    nb_free(self->scenarios);
}

static void free_axes(nb_draft_axis_t *axes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; axes[i].texts && k < axes[i].n; k++) {
            nb_free(axes[i].texts[k]);
        }
        nb_free(axes[i].texts);
        nb_free(axes[i].values);
        nb_free(axes[i].made);
    }
    nb_free(axes);
}

static void free_tune(nb_draft_tune_t *self)
{
    for (size_t i = 0; i < self->n_axes; i++) {
        nb_free((char *)(uintptr_t)self->axes[i].key);
    }
    free_axes(self->axes, self->n_axes);
    nb_config_free(&self->roster);
}

void nb_draft_free(nb_draft_t *self)
{
    free_scenarios(self);
    free_axes(self->axes, self->n_axes);
    free_tune(&self->tune);
    nb_config_free(&self->config);
    nb_free(self->folder);
    memset(self, 0, sizeof *self);
}

/* the strategy, or the cell, that compare subtracts */
static int read_baseline(nb_draft_t *draft)
{
    const nb_node_t *node = nb_node_child(draft->config.root, "baseline");
    const char *word = node && node->text ? node->text : "";
    const char **names = NULL;
    size_t n = 0;
    int code;

    NB_TRY(nb_strdup(&draft->plan->baseline, word));
    if (!node || nb_node_child(draft->strategies, word)) {
        return NB_OK;
    }
    for (size_t i = 0; i < draft->plan->n_cells; i++) {
        if (strcmp(draft->plan->cells[i].label, word) == 0) {
            return NB_OK;
        }
    }
    NB_TRY(nb_alloc(&names, nb_node_count(draft->strategies), sizeof *names));
    for (const nb_node_t *s = draft->strategies->child; s; s = s->next) {
        names[n++] = s->key;
    }
    code = nb_node_unknown(node, "strategy", word, names, n);
    nb_free(names);
    return code;
}

static int build(nb_draft_t *draft, const char *const *sets, size_t n_sets)
{
    for (size_t i = 0; i < n_sets; i++) {
        NB_TRY(nb_config_set(&draft->config, sets[i]));
    }
    NB_TRY(nb_draft_read(draft));
    NB_TRY(nb_draft_expand(draft));
    NB_TRY(read_baseline(draft));
    NB_TRY(nb_draft_read_hypothesis(draft));
    NB_TRY(nb_draft_check_metrics(draft));
    NB_TRY(nb_draft_make_candidates(draft));
    return nb_draft_write(draft);
}

/* folder of a path in *folder, its name without .yaml in *name */
static int split_path(const char *path, char **folder, char **name)
{
    const char *slash = strrchr(path, '/');
    size_t n;

    NB_TRY(nb_strdup(name, slash ? slash + 1 : path));
    n = strlen(*name);
    if (n > 5 && strcmp(*name + n - 5, ".yaml") == 0) {
        (*name)[n - 5] = '\0';
    }
    NB_TRY(nb_strdup(folder, slash ? path : "."));
    if (slash) {
        (*folder)[slash == path ? 1 : slash - path] = '\0';
    }
    return NB_OK;
}

static int init_draft(nb_draft_t *draft, const char *path, const char *text,
                      const char *const *sets, size_t n_sets)
{
    nb_plan_t *self = draft->plan;
    int code;

    memset(self, 0, sizeof *self);
    code = nb_strdup(&self->path, path);
    if (code == NB_OK) {
        code = split_path(path, &draft->folder, &self->name);
    }
    if (code == NB_OK) {
        code = nb_config_init(&draft->config);
    }
    if (code == NB_OK) {
        code = text ? nb_config_parse(&draft->config, path, text, strlen(text))
                    : nb_config_read(&draft->config, path);
    }
    if (code == NB_OK) {
        code = build(draft, sets, n_sets);
    }
    nb_draft_free(draft);
    return code;
}

/* a plan from `text`, or from the file where that is NULL */
static int init_from(nb_plan_t *self, const char *path, const char *text, const char *const *sets,
                     size_t n_sets)
{
    nb_draft_t draft = {.plan = self};

    return init_draft(&draft, path, text, sets, n_sets);
}

int nb_plan_init_text(nb_plan_t *self, const char *name, const char *text, const char *const *sets,
                      size_t n_sets)
{
    return init_from(self, name, text, sets, n_sets);
}

int nb_plan_settle(nb_plan_t *self, const char *outcome)
{
    nb_plan_t settled = {0};
    nb_draft_t draft = {.plan = &settled};
    nb_config_t config = {0};
    int code = nb_config_init(&config);

    if (code == NB_OK) {
        code = nb_config_parse(&config, "outcome of the tuning", outcome, strlen(outcome));
    }
    if (code == NB_OK) {
        draft.outcome = config.root;
        code = init_draft(&draft, self->path, self->config_text, NULL, 0);
    }
    if (code == NB_OK && settled.tune) {
        code = nb_strdup(&settled.tune->outcome, outcome);
    }
    nb_config_free(&config);
    if (code < 0) {
        nb_plan_free(&settled);
        return code;
    }
    nb_plan_free(self);
    *self = settled;
    return NB_OK;
}

static int is_path(const char *word)
{
    size_t n = strlen(word);

    return strchr(word, '/') || (n > 5 && strcmp(word + n - 5, ".yaml") == 0) ||
           (n > 4 && strcmp(word + n - 4, ".yml") == 0);
}

/* the scenario with what is built in to compare */
static int init_scenario(nb_plan_t *self, const char *name, const char *const *sets, size_t n_sets)
{
    char text[512];

    snprintf(text, sizeof text, "name: '%s'\nscenario: '%s'\n", name, name);
    return init_from(self, name, text, sets, n_sets);
}

/* neither an experiment nor a scenario: the nearest of both */
static int fail_unknown(const char *name)
{
    char *path = NULL;
    int code = nb_data_file(&path, "scenarios", name);
    char scenario[512];

    nb_free(path);
    snprintf(scenario, sizeof scenario, "%s", nb_error_detail());
    if (code == NB_ERR_NOT_FOUND && strstr(scenario, "did you mean")) {
        return code;
    }
    code = nb_data_file(&path, "experiments", name);
    nb_free(path);
    return code;
}

int nb_plan_init(nb_plan_t *self, const char *file_or_name, const char *const *sets, size_t n_sets)
{
    char *path = NULL;
    int code;

    memset(self, 0, sizeof *self);
    if (is_path(file_or_name)) {
        return init_from(self, file_or_name, NULL, sets, n_sets);
    }
    code = nb_data_file(&path, "experiments", file_or_name);
    if (code == NB_OK) {
        code = init_from(self, path, NULL, sets, n_sets);
    } else if (code == NB_ERR_NOT_FOUND) {
        code = nb_data_file(&path, "scenarios", file_or_name);
        if (code == NB_OK) {
            code = init_scenario(self, file_or_name, sets, n_sets);
        } else if (code == NB_ERR_NOT_FOUND) {
            code = fail_unknown(file_or_name);
        }
    }
    nb_free(path);
    return code;
}

static void free_worlds(nb_plan_t *self)
{
    for (size_t i = 0; i < self->n_worlds; i++) {
        nb_plan_world_t *world = &self->worlds[i];

        if (world->world) {
            world->environment->world_free(world->world);
        }
        nb_free(world->settings);
        nb_free(world->scenario);
        nb_config_free(&world->config);
    }
    nb_free(self->worlds);
}

static void free_cells(nb_plan_t *self)
{
    for (size_t i = 0; self->cells && i < self->n_cells; i++) {
        nb_strategy_free(&self->cells[i].strategy);
        nb_config_free(&self->cells[i].config);
        nb_free(self->cells[i].label);
        nb_free(self->cells[i].canonical);
    }
    nb_free(self->cells);
}

static void free_params(nb_plan_t *self)
{
    for (size_t i = 0; i < self->n_params; i++) {
        char **texts = (char **)(uintptr_t)self->params[i].texts;

        for (size_t c = 0; texts && c < self->n_cells; c++) {
            nb_free(texts[c]);
        }
        nb_free(texts);
        nb_free((void *)(uintptr_t)self->params[i].values);
        nb_free((void *)(uintptr_t)self->params[i].name);
    }
    nb_free(self->params);
}

static void free_plan_tune(nb_plan_tune_t *self)
{
    if (!self) {
        return;
    }
    for (size_t i = 0; self->settings && i < self->candidates->n_cells; i++) {
        nb_free(self->settings[i]);
    }
    for (size_t i = 0; i < self->n_groups; i++) {
        nb_free(self->groups[i].cell);
    }
    nb_free(self->settings);
    nb_free(self->groups);
    if (self->candidates) {
        nb_plan_free(self->candidates);
    }
    nb_free(self->candidates);
    nb_free(self->text);
    nb_free(self->metric);
    nb_free(self->outcome);
    nb_free(self);
}

void nb_plan_free(nb_plan_t *self)
{
    free_plan_tune(self->tune);
    free_cells(self);
    free_worlds(self);
    free_params(self);
    if (self->keys) {
        nb_free(self->keys[0]);
    }
    nb_free(self->keys);
    nb_free(self->seeds);
    nb_free(self->name);
    nb_free(self->path);
    nb_free(self->metrics);
    nb_free(self->baseline);
    nb_free(self->note);
    nb_log_free(&self->log);
    nb_free(self->log_text);
    nb_free(self->verify);
    nb_free(self->hypothesis);
    nb_free(self->config_text);
    memset(self, 0, sizeof *self);
}
