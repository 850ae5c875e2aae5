#include "core/store_merge.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/store_keys.h"

/* [n_units x width] of NaN with the present values in front of each row */
static int widen_column(nb_column_t *column, size_t n_units, size_t width)
{
    double *data = NULL;

    NB_TRY(nb_alloc(&data, n_units * width, sizeof *data));
    for (size_t i = 0; i < n_units; i++) {
        for (size_t j = 0; j < width; j++) {
            data[i * width + j] = j < column->width ? column->data[i * column->width + j] : NAN;
        }
    }
    nb_free(column->data);
    column->data = data;
    column->width = width;
    return NB_OK;
}

static int reserve_column(nb_merge_t *self)
{
    size_t n = self->n_reserved ? 2 * self->n_reserved : 64;

    if (self->n_columns < self->n_reserved) {
        return NB_OK;
    }
    NB_TRY(nb_grow(&self->columns, self->n_reserved, n, sizeof *self->columns));
    self->n_reserved = n;
    return NB_OK;
}

static int add_column(nb_merge_t *self, const nb_var_t *var)
{
    nb_column_t *column;

    NB_TRY(reserve_column(self));
    column = &self->columns[self->n_columns++];
    column->axis = nb_axis_find(var->axis);
    NB_TRY(nb_strdup(&column->name, var->name));
    NB_TRY(nb_strdup(&column->unit, var->unit));
    return nb_strdup(&column->help, var->help);
}

/* column of a variable, a new one where it has none; units list variables in the same order, so
 * that the place in the unit is nearly always the place here */
static int find_column(nb_merge_t *self, const nb_var_t *var, size_t place, nb_column_t **out)
{
    size_t i = place;

    if (i >= self->n_columns || strcmp(self->columns[i].name, var->name) != 0) {
        for (i = 0; i < self->n_columns; i++) {
            if (strcmp(self->columns[i].name, var->name) == 0) {
                break;
            }
        }
    }
    if (i == self->n_columns) {
        NB_TRY(add_column(self, var));
    }
    *out = &self->columns[i];
    if ((*out)->axis != nb_axis_find(var->axis)) {
        NB_FAIL(NB_ERR_DATA, "variable %s is along %s in one unit and %s in another", var->name,
                nb_axis_names[(*out)->axis], var->axis ? var->axis : nb_axis_names[0]);
    }
    return NB_OK;
}

static int add_unit(nb_merge_t *self, size_t i_unit, const nb_shard_t *shard)
{
    for (size_t i = 0; i < shard->n_vars; i++) {
        const nb_var_t *var = &shard->vars[i];
        nb_column_t *column = NULL;

        NB_TRY(find_column(self, var, i, &column));
        if (var->n > column->width) {
            NB_TRY(widen_column(column, self->n_units, var->n));
        }
        memcpy(column->data + i_unit * column->width, var->data, var->n * sizeof *var->data);
        if (var->n > self->width[column->axis]) {
            self->width[column->axis] = var->n;
        }
    }
    return NB_OK;
}

/* the file decides, not the list made at opening: other processes commit too */
static int merge_unit(nb_merge_t *self, size_t i_unit, const nb_store_t *store, const char *key)
{
    nb_shard_t shard;
    int code = nb_store_read(store, key, &shard);

    if (code == NB_ERR_NOT_FOUND) {
        self->status[i_unit] =
            nb_store_status(store, key) == NB_KEY_FAILED ? NB_KEY_FAILED : NB_KEY_MISSING;
        nb_error_clear();
        return NB_OK;
    }
    if (code == NB_OK) {
        self->status[i_unit] = NB_KEY_DONE;
        code = add_unit(self, i_unit, &shard);
    }
    nb_shard_free(&shard);
    return code;
}

/* all variables of an axis get the length of the longest */
static int even_out(nb_merge_t *self)
{
    for (size_t i = 0; i < self->n_columns; i++) {
        nb_column_t *column = &self->columns[i];

        if (column->width < self->width[column->axis]) {
            NB_TRY(widen_column(column, self->n_units, self->width[column->axis]));
        }
    }
    return NB_OK;
}

int nb_merge_init(nb_merge_t *self, const nb_store_t *store, const nb_results_plan_t *plan)
{
    memset(self, 0, sizeof *self);
    self->n_units = plan->n_cells * plan->n_replications;
    NB_TRY(nb_alloc(&self->status, self->n_units, sizeof *self->status));
    for (size_t i = 0; i < self->n_units; i++) {
        NB_TRY(merge_unit(self, i, store, plan->keys[i]));
    }
    return even_out(self);
}

void nb_merge_free(nb_merge_t *self)
{
    for (size_t i = 0; i < self->n_columns; i++) {
        nb_free(self->columns[i].name);
        nb_free(self->columns[i].unit);
        nb_free(self->columns[i].help);
        nb_free(self->columns[i].data);
    }
    nb_free(self->columns);
    nb_free(self->status);
    memset(self, 0, sizeof *self);
}
