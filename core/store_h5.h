/*
 * HDF5 kept small: files that live in memory, text attributes, and dense variables on axes.
 *
 * HDF5 never touches a disk here: it hides write errors, so files are built as images that
 * core/store_file.h writes, and are read as images whose seal was checked first, because HDF5 may
 * crash on damaged bytes. Identifiers are HDF5's hid_t, which is an int64_t. No clock enters a
 * file.
 */
#ifndef NB_CORE_STORE_H5_H
#define NB_CORE_STORE_H5_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef enum {
    NB_H5_DOUBLE,
    NB_H5_FLOAT,
    NB_H5_INT64,
    NB_H5_INT32,
    NB_H5_INT8,
    NB_H5_TEXT
} nb_h5_type_t;

enum { NB_H5_MAX_RANK = 3 };

/** Shape of a variable. */
typedef struct {
    int rank;
    size_t size[NB_H5_MAX_RANK];
} nb_h5_shape_t;

/** New file in memory, marked as `kind`; it grows by `increment` bytes. NB_ERR_MEMORY. */
int nb_h5_create(int64_t *file, const char *kind, size_t increment) NB_MUST_CHECK;

/** The finished file with its seal; free with nb_free. Close everything but the file before. */
int nb_h5_image(int64_t file, char **bytes, size_t *n) NB_MUST_CHECK;

/** Open sealed bytes of `kind`; NB_ERR_FORMAT with a sentence that starts with `path`. */
int nb_h5_open(int64_t *file, const char *bytes, size_t n, const char *kind,
               const char *path) NB_MUST_CHECK;

/** Close a file and whatever is still open in it; 0 or negative is no file. */
void nb_h5_close(int64_t file);

/** New group; close with nb_h5_close_object. */
int nb_h5_group(int64_t *group, int64_t where, const char *name) NB_MUST_CHECK;

/** New variable. `is_packed`: chunks of at most 1 MB, shuffled, deflated, with checksums; doubles
 * are NaN where nothing is written. Close with nb_h5_close_object. */
int nb_h5_variable(int64_t *variable, int64_t where, const char *name, nb_h5_type_t type,
                   const nb_h5_shape_t *shape, int is_packed) NB_MUST_CHECK;

/** Write all values: double, float, int64_t, int32_t, int8_t, or const char * for text. */
int nb_h5_write(int64_t variable, nb_h5_type_t type, const void *values) NB_MUST_CHECK;

void nb_h5_close_object(int64_t object);

/** Text attribute of fixed length, UTF-8. */
int nb_h5_put_text(int64_t where, const char *name, const char *text) NB_MUST_CHECK;

/** Attribute with n texts; NULL counts as "". */
int nb_h5_put_texts(int64_t where, const char *name, const char *const *texts,
                    size_t n) NB_MUST_CHECK;

/** Attribute with n numbers: double, int32_t or int8_t. */
int nb_h5_put_numbers(int64_t where, const char *name, nb_h5_type_t type, const void *values,
                      size_t n) NB_MUST_CHECK;

/** Text attribute into *out, NULL where there is none of that name and kind. */
int nb_h5_get_text(int64_t where, const char *name, char **out) NB_MUST_CHECK;

/** Attribute with exactly n texts: text i starts at *out + i * *stride. NB_ERR_FORMAT. */
int nb_h5_get_texts(int64_t where, const char *name, size_t n, char **out,
                    size_t *stride) NB_MUST_CHECK;

/** NB_ERR_FORMAT or NB_ERR_MEMORY with "PATH: HDF5 could not DOING NAME". */
int nb_h5_fail(int code, const char *doing, const char *name) NB_MUST_CHECK;

#endif
