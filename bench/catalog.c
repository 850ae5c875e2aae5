#include "bench/catalog.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/plan.h"
#include "core/memory.h"
#include "policies/registry.h"
#include "sim/environment.h"

const char *nb_kind_name(nb_kind_t kind)
{
    static const char *const names[] = {"policy", "scenario", "experiment", "metric",
                                        "environment"};

    return names[kind];
}

const char *nb_kind_plural(nb_kind_t kind)
{
    static const char *const names[] = {"policies", "scenarios", "experiments", "metrics",
                                        "environments"};

    return names[kind];
}

const nb_entry_t *nb_catalog_find(const nb_catalog_t *self, const char *name)
{
    for (size_t i = 0; i < self->n; i++) {
        if (strcmp(self->entries[i].name, name) == 0) {
            return &self->entries[i];
        }
    }
    return NULL;
}

static int add(nb_catalog_t *self, const char *name, const char *summary, const char *unit)
{
    nb_entry_t *entry;

    if (self->n == self->n_room) {
        size_t n_room = self->n_room ? 2 * self->n_room : 32;

        NB_TRY(nb_grow(&self->entries, self->n_room, n_room, sizeof *self->entries));
        self->n_room = n_room;
    }
    entry = &self->entries[self->n++];
    NB_TRY(nb_strdup(&entry->name, name));
    NB_TRY(nb_strdup(&entry->summary, summary));
    return nb_strdup(&entry->unit, unit);
}

static int add_policies(nb_catalog_t *self)
{
    for (size_t i = 0; i < nb_policy_count(); i++) {
        NB_TRY(add(self, nb_policy_at(i)->name, nb_policy_at(i)->summary, ""));
    }
    return NB_OK;
}

static int add_environments(nb_catalog_t *self)
{
    for (size_t i = 0; i < nb_environment_count(); i++) {
        NB_TRY(add(self, nb_environment_at(i)->name, nb_environment_at(i)->summary, ""));
    }
    return NB_OK;
}

static int read_whole(char **out, const char *path)
{
    FILE *file = fopen(path, "r");
    long size = -1;
    int code = NB_OK;

    *out = NULL;
    if (!file) {
        NB_FAIL(NB_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    }
    if (fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
        rewind(file);
    }
    if (size >= 0) {
        code = nb_alloc(out, (size_t)size + 1, 1);
    }
    if (size < 0 || (code >= 0 && fread(*out, 1, (size_t)size, file) != (size_t)size)) {
        code = nb_error_set(NB_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    }
    fclose(file);
    return code;
}

int nb_catalog_text(char **text, char **path, nb_kind_t kind, const char *name)
{
    *text = *path = NULL;
    NB_TRY(nb_data_file(path, nb_kind_plural(kind), name));
    return read_whole(text, *path);
}

/* first sentence of the comment that a file begins with, in place */
static void cut_comment(char *text)
{
    char *to = text;

    for (const char *line = text; *line == '#';) {
        size_t skip = strspn(line, "# "), length = strcspn(line, "\n");

        if (length > skip) {
            memmove(to, line + skip, length - skip);
            to += length - skip;
            *to++ = ' ';
        }
        line += length + (line[length] == '\n');
    }
    *to = '\0';
    to = strstr(text, ". ");
    if (to) {
        *to = '\0';
    }
}

/* what the file says under `summary`, else how its comment begins */
static int add_file_text(nb_catalog_t *self, const char *name, const char *path, char *text)
{
    nb_config_t config;
    int code = nb_config_init(&config);
    const nb_node_t *summary;

    code = code < 0 ? code : nb_config_parse(&config, path, text, strlen(text));
    if (code >= 0) {
        summary = nb_node_child(config.root, "summary");
        cut_comment(text);
        code = add(self, name, summary && summary->text ? summary->text : text, "");
    }
    nb_config_free(&config);
    return code;
}

static int add_file(nb_catalog_t *self, const char *name)
{
    char *text, *path;
    int code = nb_catalog_text(&text, &path, self->kind, name);

    code = code < 0 ? code : add_file_text(self, name, path, text);
    nb_free(text);
    nb_free(path);
    return code;
}

static int add_files(nb_catalog_t *self)
{
    char **names;
    size_t n;
    int code;

    NB_TRY(nb_data_names(&names, &n, nb_kind_plural(self->kind)));
    code = NB_OK;
    for (size_t i = 0; i < n; i++) {
        code = code < 0 ? code : add_file(self, names[i]);
        nb_free(names[i]);
    }
    nb_free(names);
    return code;
}

/* metrics are what a run says it has: ask one that has just begun */
static int add_run_metrics(nb_catalog_t *self, const nb_environment_type_t *type, void *world)
{
    unsigned needs[NB_MAX_POINTS] = {0};
    nb_run_spec_t spec = {.key = {1, 0}, .n_customers = 1, .periods = 1, .needs = needs};
    void *run = NULL;
    nb_result_t result;
    int code = type->init(&run, world, &spec);

    code = code < 0 ? code : type->result(run, &result);
    for (size_t i = 0; code >= 0 && i < result.n_scalars; i++) {
        if (!nb_catalog_find(self, result.scalars[i].name)) {
            code =
                add(self, result.scalars[i].name, result.scalars[i].help, result.scalars[i].unit);
        }
    }
    if (run) {
        type->free(run);
    }
    return code;
}

static int add_environment_metrics(nb_catalog_t *self, const nb_environment_type_t *type)
{
    void *settings, *world = NULL;
    int code;

    NB_TRY(nb_alloc(&settings, 1, type->settings_size));
    code = nb_settings_defaults(type->settings, settings);
    code = code < 0 ? code : type->world_init(&world, settings);
    code = code < 0 ? code : add_run_metrics(self, type, world);
    if (world) {
        type->world_free(world);
    }
    nb_free(settings);
    return code;
}

static int add_metrics(nb_catalog_t *self)
{
    for (size_t i = 0; i < nb_environment_count(); i++) {
        NB_TRY(add_environment_metrics(self, nb_environment_at(i)));
    }
    return NB_OK;
}

int nb_catalog_init(nb_catalog_t *self, nb_kind_t kind)
{
    *self = (nb_catalog_t){.kind = kind};
    switch (kind) {
    case NB_KIND_POLICY:
        return add_policies(self);
    case NB_KIND_METRIC:
        return add_metrics(self);
    case NB_KIND_ENVIRONMENT:
        return add_environments(self);
    default:
        return add_files(self);
    }
}

void nb_catalog_free(nb_catalog_t *self)
{
    for (size_t i = 0; i < self->n; i++) {
        nb_free(self->entries[i].name);
        nb_free(self->entries[i].summary);
        nb_free(self->entries[i].unit);
    }
    nb_free(self->entries);
    *self = (nb_catalog_t){.kind = self->kind};
}
