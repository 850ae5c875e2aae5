#include "core/store_columns.h"

#include <hdf5.h>
#include <hdf5_hl.h>
#include <string.h>

#include "core/memory.h"
#include "core/store_file.h"

enum { COLUMNS_INCREMENT = 1 << 20 };

static int write_column(nb_columns_t *self, const nb_columns_field_t *field, const void *values,
                        int64_t *variable)
{
    const nb_h5_shape_t shape = {1, {self->n}};

    /* HDF5 has no chunks of nothing */
    NB_TRY(nb_h5_variable(variable, self->file, field->name, field->type, &shape, self->n > 0));
    if (self->n) {
        NB_TRY(nb_h5_write(*variable, field->type, values));
    }
    NB_TRY(nb_h5_put_text(*variable, "long_name", field->help));
    return field->unit ? nb_h5_put_text(*variable, "units", field->unit) : NB_OK;
}

static int write_axis(nb_columns_t *self, const char *name, const char *help)
{
    const nb_columns_field_t field = {name, NULL, help, NB_H5_INT32};
    int32_t *numbers = NULL;
    int code;

    NB_TRY(nb_alloc(&numbers, self->n, sizeof *numbers));
    for (size_t i = 0; i < self->n; i++) {
        numbers[i] = (int32_t)i;
    }
    code = write_column(self, &field, numbers, &self->axis);
    if (code == NB_OK && H5DSset_scale(self->axis, name) < 0) {
        code = nb_h5_fail(NB_ERR_MEMORY, "make an axis of", name);
    }
    nb_free(numbers);
    return code;
}

int nb_columns_init(nb_columns_t *self, const char *kind, const char *axis, const char *help,
                    size_t n)
{
    memset(self, 0, sizeof *self);
    if (n > INT32_MAX) {
        NB_FAIL(NB_ERR_RANGE, "a file of %zu rows, expected at most %d", n, INT32_MAX);
    }
    self->n = n;
    NB_TRY(nb_h5_create(&self->file, kind, COLUMNS_INCREMENT));
    NB_TRY(nb_h5_put_text(self->file, "Conventions", "CF-1.8"));
    return write_axis(self, axis, help);
}

int nb_columns_add(nb_columns_t *self, const nb_columns_field_t *field, const void *values,
                   int64_t *variable)
{
    *variable = -1;
    NB_TRY(write_column(self, field, values, variable));
    return H5DSattach_scale(*variable, self->axis, 0) < 0
               ? nb_h5_fail(NB_ERR_MEMORY, "attach an axis to", field->name)
               : NB_OK;
}

int nb_columns_image(nb_columns_t *self, char **bytes, size_t *n_bytes)
{
    nb_h5_close_object(self->axis);
    self->axis = 0;
    return nb_h5_image(self->file, bytes, n_bytes);
}

void nb_columns_free(nb_columns_t *self)
{
    nb_h5_close_object(self->axis);
    nb_h5_close(self->file);
    memset(self, 0, sizeof *self);
}

int nb_columns_text(char **out, const char *path, const char *kind, const char *name)
{
    char *bytes = NULL;
    int64_t file = -1;
    size_t n;
    int code;

    *out = NULL;
    NB_TRY(nb_file_read(&bytes, &n, path));
    code = nb_h5_open(&file, bytes, n, kind, path);
    if (code == NB_OK) {
        code = nb_h5_get_text(file, name, out);
    }
    nb_h5_close(file);
    nb_free(bytes);
    return code;
}
