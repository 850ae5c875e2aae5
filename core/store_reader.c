#include "core/store.h"

#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "core/memory.h"
#include "core/store_file.h"
#include "core/store_h5.h"

enum { NAME_SIZE = 256 };

/* open a results file; *file stays negative where that fails */
static int open_results(int64_t *file, const char *path)
{
    char *bytes = NULL;
    size_t n;
    int code;

    *file = -1;
    NB_TRY(nb_file_read(&bytes, &n, path));
    code = nb_h5_open(file, bytes, n, "results", path);
    nb_free(bytes);
    return code;
}

int nb_results_plan_hash(const char *path, char out[NB_KEY_SIZE])
{
    char *hash = NULL;
    int64_t file;
    int code = open_results(&file, path);

    out[0] = '\0';
    if (code == NB_ERR_NOT_FOUND) {
        nb_error_clear();
        return NB_OK;
    }
    NB_TRY(code);
    code = nb_h5_get_text(file, "plan_hash", &hash);
    if (code == NB_OK && (!hash || strlen(hash) >= NB_KEY_SIZE)) {
        code = nb_error_set(NB_ERR_FORMAT, "%s has no plan hash", path);
    }
    if (code == NB_OK) {
        strcpy(out, hash);
    }
    nb_free(hash);
    nb_h5_close(file);
    return code;
}

/* 1 where a variable has this class and these lengths */
static int has_shape(hid_t variable, H5T_class_t class, int rank, const size_t *size)
{
    hsize_t found[NB_H5_MAX_RANK] = {0};
    hid_t type = H5Dget_type(variable), space = H5Dget_space(variable);
    int is_so = H5Tget_class(type) == class && H5Sget_simple_extent_ndims(space) == rank &&
                H5Sget_simple_extent_dims(space, found, NULL) == rank;

    for (int i = 0; i < rank && is_so; i++) {
        is_so = found[i] == size[i];
    }
    H5Tclose(type);
    H5Sclose(space);
    return is_so;
}

static hid_t open_variable(int64_t file, const char *name)
{
    return H5Lexists(file, name, H5P_DEFAULT) > 0 ? H5Dopen2(file, name, H5P_DEFAULT) : -1;
}

/* HDF5's own strings copied into ours, then given back */
static int copy_labels(hid_t variable, hid_t type, char **labels, size_t n)
{
    char **theirs = NULL;
    hid_t space = H5Dget_space(variable);
    int code = nb_alloc(&theirs, n, sizeof *theirs);

    if (code == NB_OK && H5Dread(variable, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, theirs) < 0) {
        code = nb_h5_fail(NB_ERR_FORMAT, "read", "labels");
    }
    for (size_t i = 0; i < n && code == NB_OK; i++) {
        code = nb_strdup(&labels[i], theirs[i] ? theirs[i] : "");
    }
    if (theirs) {
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, theirs);
    }
    H5Sclose(space);
    nb_free(theirs);
    return code;
}

/* [n] texts of the variable `name` of one axis; n = 1 reads a text without axis as well */
static int read_labels(int64_t file, const char *name, int rank, size_t n, char ***out)
{
    hid_t variable = open_variable(file, name), type;
    int code;

    if (variable < 0 || !has_shape(variable, H5T_STRING, rank, &n)) {
        if (variable >= 0) {
            H5Dclose(variable);
        }
        return nb_h5_fail(NB_ERR_FORMAT, "find the texts", name);
    }
    type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    code = nb_alloc(out, n, sizeof **out);
    if (code == NB_OK) {
        code = copy_labels(variable, type, *out, n);
    }
    H5Tclose(type);
    H5Dclose(variable);
    return code;
}

static int read_length(int64_t file, const char *name, size_t *out)
{
    hid_t variable = open_variable(file, name), space;
    hssize_t n = 0;

    if (variable >= 0) {
        space = H5Dget_space(variable);
        n = H5Sget_simple_extent_npoints(space);
        H5Sclose(space);
        H5Dclose(variable);
    }
    *out = n > 0 ? (size_t)n : 0;
    return n > 0 ? NB_OK : nb_h5_fail(NB_ERR_FORMAT, "find axis", name);
}

static int read_status(nb_results_t *self)
{
    const size_t size[2] = {self->n_cells, self->n_replications};
    hid_t variable = open_variable(self->file, "status");
    int is_good = variable >= 0 && has_shape(variable, H5T_INTEGER, 2, size);
    int code = nb_alloc(&self->status, size[0] * size[1], sizeof *self->status);

    if (code == NB_OK && (!is_good || H5Dread(variable, H5T_NATIVE_INT8, H5S_ALL, H5S_ALL,
                                              H5P_DEFAULT, self->status) < 0)) {
        code = nb_h5_fail(NB_ERR_FORMAT, "read", "status");
    }
    if (variable >= 0) {
        H5Dclose(variable);
    }
    return code;
}

static int read_config(nb_results_t *self)
{
    char **texts = NULL;
    int code = read_labels(self->file, "provenance/config", 0, 1, &texts);

    if (code == NB_OK) {
        self->config_text = texts[0];
    }
    nb_free(texts);
    return code;
}

static int read_attribute(nb_results_t *self, hsize_t i)
{
    char name[NAME_SIZE];
    char *value = NULL;

    if (H5Aget_name_by_idx(self->file, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name, sizeof name,
                           H5P_DEFAULT) < 0) {
        return nb_h5_fail(NB_ERR_FORMAT, "list", "attributes");
    }
    NB_TRY(nb_h5_get_text(self->file, name, &value));
    if (!value) {
        return NB_OK;
    }
    self->attribute_values[self->n_attributes] = value;
    return nb_strdup(&self->attribute_names[self->n_attributes++], name);
}

static int read_attributes(nb_results_t *self)
{
    H5O_info_t info;

    if (H5Oget_info2(self->file, &info, H5O_INFO_NUM_ATTRS) < 0) {
        return nb_h5_fail(NB_ERR_FORMAT, "list", "attributes");
    }
    NB_TRY(nb_alloc(&self->attribute_names, info.num_attrs, sizeof *self->attribute_names));
    NB_TRY(nb_alloc(&self->attribute_values, info.num_attrs, sizeof *self->attribute_values));
    for (hsize_t i = 0; i < info.num_attrs; i++) {
        NB_TRY(read_attribute(self, i));
    }
    return NB_OK;
}

/* note the variable where it is a metric: numbers over cells and replications */
static int read_metric(nb_results_t *self, hsize_t i)
{
    const size_t size[2] = {self->n_cells, self->n_replications};
    char name[NAME_SIZE];
    char *unit = NULL;
    hid_t object;
    int code = NB_OK;

    if (H5Lget_name_by_idx(self->file, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, i, name, sizeof name,
                           H5P_DEFAULT) < 0 ||
        (object = H5Oopen(self->file, name, H5P_DEFAULT)) < 0) {
        return nb_h5_fail(NB_ERR_FORMAT, "list", "variables");
    }
    if (H5Iget_type(object) == H5I_DATASET && has_shape(object, H5T_FLOAT, 2, size)) {
        code = nb_h5_get_text(object, "units", &unit);
        if (code == NB_OK && !unit) {
            code = nb_strdup(&unit, "");
        }
        self->metric_units[self->n_metrics] = unit;
        if (code == NB_OK) {
            code = nb_strdup(&self->metrics[self->n_metrics++], name);
        }
    }
    H5Oclose(object);
    return code;
}

static int read_metrics(nb_results_t *self)
{
    H5G_info_t info;

    if (H5Gget_info(self->file, &info) < 0) {
        return nb_h5_fail(NB_ERR_FORMAT, "list", "variables");
    }
    NB_TRY(nb_alloc(&self->metrics, info.nlinks, sizeof *self->metrics));
    NB_TRY(nb_alloc(&self->metric_units, info.nlinks, sizeof *self->metric_units));
    for (hsize_t i = 0; i < info.nlinks; i++) {
        NB_TRY(read_metric(self, i));
    }
    return NB_OK;
}

static int read_results(nb_results_t *self)
{
    NB_TRY(read_length(self->file, "cell", &self->n_cells));
    NB_TRY(read_length(self->file, "replication", &self->n_replications));
    NB_TRY(read_labels(self->file, "cell", 1, self->n_cells, &self->cell));
    NB_TRY(read_labels(self->file, "scenario", 1, self->n_cells, &self->scenario));
    NB_TRY(read_labels(self->file, "strategy", 1, self->n_cells, &self->strategy));
    NB_TRY(read_status(self));
    NB_TRY(read_config(self));
    NB_TRY(read_attributes(self));
    return read_metrics(self);
}

int nb_results_open(nb_results_t *self, const char *path)
{
    int code;

    memset(self, 0, sizeof *self);
    NB_TRY(open_results(&self->file, path));
    code = nb_strdup(&self->path, path);
    if (code == NB_OK) {
        code = read_results(self);
        code = code == NB_OK ? NB_OK : nb_error_prefix(code, "%s", path);
    }
    if (code != NB_OK) {
        nb_results_close(self);
    }
    return code;
}

static void free_texts(char **texts, size_t n)
{
    for (size_t i = 0; i < n && texts; i++) {
        nb_free(texts[i]);
    }
    nb_free(texts);
}

void nb_results_close(nb_results_t *self)
{
    nb_h5_close(self->file);
    free_texts(self->cell, self->n_cells);
    free_texts(self->scenario, self->n_cells);
    free_texts(self->strategy, self->n_cells);
    free_texts(self->attribute_names, self->n_attributes);
    free_texts(self->attribute_values, self->n_attributes);
    free_texts(self->metrics, self->n_metrics);
    free_texts(self->metric_units, self->n_metrics);
    nb_free(self->status);
    nb_free(self->config_text);
    nb_free(self->path);
    memset(self, 0, sizeof *self);
}

const char *nb_results_attribute(const nb_results_t *self, const char *name)
{
    for (size_t i = 0; i < self->n_attributes; i++) {
        if (strcmp(self->attribute_names[i], name) == 0) {
            return self->attribute_values[i];
        }
    }
    return NULL;
}

int nb_results_metric(const nb_results_t *self, const char *metric, double *out)
{
    const char *const *names = (const char *const *)self->metrics;
    const char *nearest;
    hid_t variable;
    int is_bad;

    for (size_t i = 0; i < self->n_metrics; i++) {
        if (strcmp(names[i], metric) == 0) {
            variable = H5Dopen2(self->file, metric, H5P_DEFAULT);
            is_bad = H5Dread(variable, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0;
            H5Dclose(variable);
            return is_bad ? nb_h5_fail(NB_ERR_FORMAT, "read metric", metric) : NB_OK;
        }
    }
    nearest = nb_nearest(metric, names, self->n_metrics);
    NB_FAIL(NB_ERR_NOT_FOUND, "%s has no metric \"%s\"%s%s%s", self->path, metric,
            nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

/* values of a variable that is there: numbers over cells, replications and groups */
static int read_groups(const nb_results_t *self, hid_t variable, const char *name, size_t *n,
                       double **out)
{
    size_t size[3] = {self->n_cells, self->n_replications, 0};
    hsize_t found[NB_H5_MAX_RANK] = {0};
    hid_t space = H5Dget_space(variable);

    if (H5Sget_simple_extent_ndims(space) == 3) {
        H5Sget_simple_extent_dims(space, found, NULL);
    }
    H5Sclose(space);
    size[2] = (size_t)found[2];
    if (size[2] == 0 || !has_shape(variable, H5T_FLOAT, 3, size)) {
        return nb_h5_fail(NB_ERR_FORMAT, "read groups of", name);
    }
    *n = size[2];
    NB_TRY(nb_alloc(out, size[0] * size[1] * size[2], sizeof **out));
    return H5Dread(variable, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *out) < 0
               ? nb_h5_fail(NB_ERR_FORMAT, "read groups of", name)
               : NB_OK;
}

int nb_results_groups(const nb_results_t *self, const char *metric, const char *axis, size_t *n,
                      double **out)
{
    char name[2 * NAME_SIZE];
    hid_t variable;
    int code;

    *n = 0;
    *out = NULL;
    snprintf(name, sizeof name, "%.*s_by_%s", NAME_SIZE, metric, axis);
    if (strchr(name, '/') || H5Lexists(self->file, name, H5P_DEFAULT) <= 0) {
        NB_FAIL(NB_ERR_NOT_FOUND, "%s has no metric \"%s\" by %s", self->path, metric, axis);
    }
    variable = H5Dopen2(self->file, name, H5P_DEFAULT);
    code = variable < 0 ? nb_h5_fail(NB_ERR_FORMAT, "open", name)
                        : read_groups(self, variable, name, n, out);
    if (variable >= 0) {
        H5Dclose(variable);
    }
    return code;
}
