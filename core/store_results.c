#include "core/store.h"

#include <hdf5.h>
#include <hdf5_hl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/store_file.h"
#include "core/store_h5.h"
#include "core/store_merge.h"

enum { RESULTS_INCREMENT = 1 << 18 };

/* axes of results.h5: cells and replications before those of a unit, so that the axis of a
 * unit's variable stands at the same index plus one */
enum { AXIS_CELL, AXIS_REPLICATION, AXIS_OF_UNITS, N_RESULT_AXES = AXIS_OF_UNITS + NB_N_AXES - 1 };

typedef struct {
    const nb_results_plan_t *plan;
    const nb_merge_t *merge;
    int64_t file;
    int64_t scale[N_RESULT_AXES]; /* 0 where the axis is absent */
    size_t size[N_RESULT_AXES];
    char *coordinates; /* names of the columns over cells, for readers that know CF */
} writer_t;

/* description of one variable */
typedef struct {
    const char *name, *unit, *help;
    nb_h5_type_t type;
    int rank;
    int axis[NB_H5_MAX_RANK];
} field_t;

static int attach_axes(writer_t *self, int64_t variable, const field_t *field)
{
    for (int i = 0; i < field->rank; i++) {
        if (H5DSattach_scale(variable, self->scale[field->axis[i]], (unsigned)i) < 0) {
            return nb_h5_fail(NB_ERR_MEMORY, "attach an axis to", field->name);
        }
    }
    return NB_OK;
}

static int describe_field(int64_t variable, const field_t *field)
{
    const double missing = NAN;

    if (field->help && field->help[0]) {
        NB_TRY(nb_h5_put_text(variable, "long_name", field->help));
    }
    if (field->unit && field->unit[0]) {
        NB_TRY(nb_h5_put_text(variable, "units", field->unit));
    }
    return field->type == NB_H5_DOUBLE
               ? nb_h5_put_numbers(variable, "_FillValue", NB_H5_DOUBLE, &missing, 1)
               : NB_OK;
}

/* make, write and describe a variable; *variable stays open for more attributes */
static int write_field(writer_t *self, const field_t *field, const void *values, int64_t *variable)
{
    nb_h5_shape_t shape = {field->rank, {0}};

    for (int i = 0; i < field->rank; i++) {
        shape.size[i] = self->size[field->axis[i]];
    }
    NB_TRY(nb_h5_variable(variable, self->file, field->name, field->type, &shape,
                          field->type != NB_H5_TEXT));
    NB_TRY(nb_h5_write(*variable, field->type, values));
    return describe_field(*variable, field);
}

static int write_scale(writer_t *self, int axis, const field_t *field, const void *values)
{
    int code = write_field(self, field, values, &self->scale[axis]);

    if (code == NB_OK && H5DSset_scale(self->scale[axis], field->name) < 0) {
        code = nb_h5_fail(NB_ERR_MEMORY, "make an axis of", field->name);
    }
    return code;
}

/* an axis numbered from 0 */
static int write_count(writer_t *self, int axis, const char *name, const char *help)
{
    const field_t field = {name, "1", help, NB_H5_INT32, 1, {axis}};
    int32_t *numbers = NULL;
    int code;

    NB_TRY(nb_alloc(&numbers, self->size[axis], sizeof *numbers));
    for (size_t i = 0; i < self->size[axis]; i++) {
        numbers[i] = (int32_t)i;
    }
    code = write_scale(self, axis, &field, numbers);
    nb_free(numbers);
    return code;
}

static int write_axes(writer_t *self)
{
    static const field_t cell = {"cell",     NULL, "scenario, settings and strategy",
                                 NB_H5_TEXT, 1,    {AXIS_CELL}};
    static const char *const helps[NB_N_AXES] = {
        NULL, "period from the start", "segment of customers", "year of birth of customers"};

    NB_TRY(write_scale(self, AXIS_CELL, &cell, self->plan->cell));
    NB_TRY(write_count(self, AXIS_REPLICATION, "replication", "replication: one seed, one run"));
    for (int i = 1; i < NB_N_AXES; i++) {
        if (self->merge->width[i]) {
            NB_TRY(write_count(self, AXIS_OF_UNITS + i - 1, nb_axis_names[i], helps[i]));
        }
    }
    return NB_OK;
}

/* a variable on axes; `extra` names and gives one more text attribute, NULL for none */
static int write_on_axes(writer_t *self, const field_t *field, const void *values,
                         const char *extra_name, const char *extra)
{
    int64_t variable = -1;
    int code = write_field(self, field, values, &variable);

    if (code == NB_OK && extra && extra[0]) {
        code = nb_h5_put_text(variable, extra_name, extra);
    }
    if (code == NB_OK) {
        code = attach_axes(self, variable, field);
    }
    nb_h5_close_object(variable);
    return code;
}

/* add a name to the list of coordinates */
static int add_coordinate(writer_t *self, const char *name)
{
    char *list = NULL;

    NB_TRY(nb_text_format(&list, "%s%s%s", self->coordinates ? self->coordinates : "",
                          self->coordinates ? " " : "", name));
    nb_free(self->coordinates);
    self->coordinates = list;
    return NB_OK;
}

static int write_labels(writer_t *self, const char *name, const char *help,
                        const char *const *labels)
{
    const field_t field = {name, NULL, help, NB_H5_TEXT, 1, {AXIS_CELL}};

    NB_TRY(add_coordinate(self, name));
    return write_on_axes(self, &field, labels, NULL, NULL);
}

/* "param_" and the dotted path with '_' for what CF names may not have, made unique by its place */
static int name_param(const writer_t *self, size_t i_param, char **out)
{
    const char *path = self->plan->params[i_param].name;

    NB_TRY(nb_text_format(out, "param_%s", path));
    for (char *at = *out; *at; at++) {
        *at = strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", *at) ? *at
                                                                                            : '_';
    }
    if (H5Lexists(self->file, *out, H5P_DEFAULT) > 0) {
        nb_free(*out);
        return nb_text_format(out, "param_%zu", i_param);
    }
    return NB_OK;
}

static int write_param(writer_t *self, size_t i_param)
{
    const nb_param_column_t *param = &self->plan->params[i_param];
    field_t field = {NULL, NULL, "swept setting", NB_H5_DOUBLE, 1, {AXIS_CELL}};
    const void *values = param->values;
    char *name = NULL;
    int code;

    if (param->texts) {
        field.type = NB_H5_TEXT;
        values = param->texts;
    }
    code = name_param(self, i_param, &name);
    field.name = name;
    if (code == NB_OK) {
        code = add_coordinate(self, name);
    }
    if (code == NB_OK) {
        code = write_on_axes(self, &field, values, "key", param->name);
    }
    nb_free(name);
    return code;
}

static int write_status(writer_t *self)
{
    static const int8_t flags[] = {0, 1, 2};
    static const field_t field = {"status",   NULL, "what became of the unit",
                                  NB_H5_INT8, 2,    {AXIS_CELL, AXIS_REPLICATION}};
    int64_t variable = -1;
    int code = write_field(self, &field, self->merge->status, &variable);

    if (code == NB_OK) {
        code = nb_h5_put_numbers(variable, "flag_values", NB_H5_INT8, flags, 3);
    }
    if (code == NB_OK) {
        code = nb_h5_put_text(variable, "flag_meanings", "missing done failed");
    }
    if (code == NB_OK) {
        code = attach_axes(self, variable, &field);
    }
    nb_h5_close_object(variable);
    return code;
}

static int write_rows(writer_t *self)
{
    static const field_t keys = {"unit_key", NULL, "key of the unit in its store",
                                 NB_H5_TEXT, 2,    {AXIS_CELL, AXIS_REPLICATION}};
    static const field_t seeds = {"seed",      NULL, "seed of the unit",
                                  NB_H5_INT64, 2,    {AXIS_CELL, AXIS_REPLICATION}};
    const nb_results_plan_t *plan = self->plan;

    NB_TRY(write_labels(self, "scenario", "scenario of the cell", plan->scenario));
    NB_TRY(write_labels(self, "strategy", "strategy of the cell", plan->strategy));
    for (size_t i = 0; i < plan->n_params; i++) {
        NB_TRY(write_param(self, i));
    }
    NB_TRY(write_on_axes(self, &keys, plan->keys, NULL, NULL));
    NB_TRY(write_on_axes(self, &seeds, plan->seeds, NULL, NULL));
    return write_status(self);
}

static int write_columns(writer_t *self)
{
    for (size_t i = 0; i < self->merge->n_columns; i++) {
        const nb_column_t *column = &self->merge->columns[i];
        const field_t field = {
            column->name,         column->unit,
            column->help,         NB_H5_DOUBLE,
            column->axis ? 3 : 2, {AXIS_CELL, AXIS_REPLICATION, AXIS_OF_UNITS + column->axis - 1}};

        if (H5Lexists(self->file, column->name, H5P_DEFAULT) > 0) {
            NB_FAIL(NB_ERR_DATA, "variable %s has a name that results.h5 needs itself",
                    column->name);
        }
        NB_TRY(write_on_axes(self, &field, column->data, "coordinates", self->coordinates));
    }
    return NB_OK;
}

static int write_attributes(writer_t *self)
{
    const nb_results_plan_t *plan = self->plan;

    NB_TRY(nb_h5_put_text(self->file, "Conventions", "CF-1.8"));
    NB_TRY(nb_h5_put_text(self->file, "title", plan->name));
    NB_TRY(nb_h5_put_text(self->file, "plan_hash", plan->plan_hash));
    for (size_t i = 0; i < plan->n_attributes; i++) {
        NB_TRY(nb_h5_put_text(self->file, plan->attribute_names[i], plan->attribute_values[i]));
    }
    return NB_OK;
}

static int write_provenance(writer_t *self)
{
    const nb_h5_shape_t scalar = {0, {0}};
    int64_t group = -1, config = -1;
    int code = nb_h5_group(&group, self->file, "provenance");

    if (code == NB_OK) {
        code = nb_h5_variable(&config, group, "config", NB_H5_TEXT, &scalar, 0);
    }
    if (code == NB_OK) {
        code = nb_h5_write(config, NB_H5_TEXT, &self->plan->config_text);
    }
    if (code == NB_OK) {
        code = nb_h5_put_text(group, "plan_hash", self->plan->plan_hash);
    }
    if (code == NB_OK) {
        code = nb_h5_put_text(group, "version", NB_VERSION);
    }
    if (code == NB_OK) {
        code = nb_h5_put_text(group, "compiler", NB_COMPILER);
    }
    if (code == NB_OK) {
        code = nb_h5_put_text(group, "libraries", NB_LIBRARIES);
    }
    nb_h5_close_object(config);
    nb_h5_close_object(group);
    return code;
}

static int write_file(writer_t *self)
{
    NB_TRY(write_attributes(self));
    NB_TRY(write_axes(self));
    NB_TRY(write_rows(self));
    NB_TRY(write_columns(self));
    return write_provenance(self);
}

/* the whole results file as bytes */
static int build_image(const nb_results_plan_t *plan, const nb_merge_t *merge, char **bytes,
                       size_t *n)
{
    writer_t writer = {.plan = plan, .merge = merge, .file = -1};
    int code = nb_h5_create(&writer.file, "results", RESULTS_INCREMENT);

    writer.size[AXIS_CELL] = plan->n_cells;
    writer.size[AXIS_REPLICATION] = plan->n_replications;
    for (int i = 1; i < NB_N_AXES; i++) {
        writer.size[AXIS_OF_UNITS + i - 1] = merge->width[i];
    }
    if (code == NB_OK) {
        code = write_file(&writer);
    }
    for (int i = 0; i < N_RESULT_AXES; i++) {
        nb_h5_close_object(writer.scale[i]);
    }
    if (code == NB_OK) {
        code = nb_h5_image(writer.file, bytes, n);
    }
    nb_h5_close(writer.file);
    nb_free(writer.coordinates);
    return code;
}

int nb_results_write(const char *path, const nb_store_t *store, const nb_results_plan_t *plan)
{
    nb_merge_t merge;
    char *bytes = NULL;
    size_t n = 0;
    int code;

    NB_ASSERT(plan->n_cells > 0 && plan->n_replications > 0);
    code = nb_merge_init(&merge, store, plan);
    if (code == NB_OK) {
        code = build_image(plan, &merge, &bytes, &n);
    }
    nb_merge_free(&merge);
    if (code == NB_OK) {
        nb_file_sweep_beside(path);
        code = nb_file_write(path, bytes, n);
    }
    nb_free(bytes);
    return code;
}
