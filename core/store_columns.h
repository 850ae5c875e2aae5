/*
 * A file of columns: many rows along one axis, as HDF5 that xarray, h5py and others open; sealed
 * and deterministic as units are. Serves the logs of decisions.
 *
 * As all of HDF5 it is to be used by one thread at a time.
 */
#ifndef NB_CORE_STORE_COLUMNS_H
#define NB_CORE_STORE_COLUMNS_H

#include "core/store_h5.h"

/** A file while it is made. */
typedef struct {
    int64_t file, axis;
    size_t n; /* rows */
} nb_columns_t;

/** What a column says of itself. */
typedef struct {
    const char *name;
    const char *unit; /* NULL for none */
    const char *help;
    nb_h5_type_t type; /* not text */
} nb_columns_field_t;

/** New file of `kind` with n rows numbered from 0 along `axis`. NB_ERR_MEMORY; NB_ERR_RANGE where
 * there are more rows than an int32 counts. */
int nb_columns_init(nb_columns_t *self, const char *kind, const char *axis, const char *help,
                    size_t n) NB_MUST_CHECK;

/** Add a column of n values. *variable stays open for attributes; close it with
 * nb_h5_close_object. */
int nb_columns_add(nb_columns_t *self, const nb_columns_field_t *field, const void *values,
                   int64_t *variable) NB_MUST_CHECK;

/** The finished file in *bytes, to be freed with nb_free. */
int nb_columns_image(nb_columns_t *self, char **bytes, size_t *n_bytes) NB_MUST_CHECK;

/** Accepts a zeroed object; may be called twice. */
void nb_columns_free(nb_columns_t *self);

/** Root attribute `name` of a file of `kind` into *out (nb_free), NULL where it has none.
 * NB_ERR_NOT_FOUND, NB_ERR_IO; NB_ERR_FORMAT names the file where it is of another kind or damaged.
 */
int nb_columns_text(char **out, const char *path, const char *kind, const char *name) NB_MUST_CHECK;

#endif
