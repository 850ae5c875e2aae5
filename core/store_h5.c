#include "core/store_h5.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/store_file.h"

_Static_assert(sizeof(hid_t) == sizeof(int64_t), "identifiers are passed as int64_t");

static const char schema[] = "1"; /* of shards and results; raised when files change */
static const char signature[] = "\x89HDF\r\n\x1a\n";

enum { CHUNK_BYTES = 1 << 20, DEFLATE_LEVEL = 4 };

int nb_h5_fail(int code, const char *doing, const char *name)
{
    NB_FAIL(code, "HDF5 could not %s %s", doing, name);
}

/* files in memory need names of their own: HDF5 takes equal names for one file */
static hid_t open_core(size_t increment, const void *image, size_t n)
{
    static unsigned counter;
    char name[32];
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_FILE_CREATE);
    unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t file = -1;

    snprintf(name, sizeof name, "nextbest-%u", counter++);
    if (access >= 0 && creation >= 0 && H5Pset_fapl_core(access, increment, 0) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        H5Pset_obj_track_times(creation, 0) >= 0 &&
        H5Pset_link_creation_order(creation, order) >= 0 &&
        H5Pset_attr_creation_order(creation, order) >= 0) {
        if (!image) {
            file = H5Fcreate(name, H5F_ACC_TRUNC, creation, access);
        } else if (H5Pset_file_image(access, (void *)image, n) >= 0) {
            file = H5Fopen(name, H5F_ACC_RDONLY, access);
        }
    }
    H5Pclose(creation);
    H5Pclose(access);
    return file;
}

int nb_h5_create(int64_t *file, const char *kind, size_t increment)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    *file = open_core(increment, NULL, 0);
    if (*file < 0) {
        return nb_h5_fail(NB_ERR_MEMORY, "make", "a file in memory");
    }
    NB_TRY(nb_h5_put_text(*file, "nextbest_file", kind));
    return nb_h5_put_text(*file, "nextbest_schema", schema);
}

/* what HDF5 may see: complete, unchanged and of the right kind */
static int check_seal(const char *bytes, size_t n, const char *path)
{
    if (n == 0) {
        NB_FAIL(NB_ERR_FORMAT, "%s is empty", path);
    }
    if (n < sizeof signature - 1 || memcmp(bytes, signature, sizeof signature - 1) != 0) {
        NB_FAIL(NB_ERR_FORMAT, "%s is not an HDF5 file", path);
    }
    if (!nb_seal_holds(bytes, n)) {
        NB_FAIL(NB_ERR_FORMAT,
                "%s is an HDF5 file of another program, or was truncated, damaged or changed after "
                "it was written",
                path);
    }
    return NB_OK;
}

static int check_kind(int64_t file, const char *kind, const char *path)
{
    char *found = NULL, *version = NULL;
    int code = nb_h5_get_text(file, "nextbest_file", &found);

    if (code == NB_OK) {
        code = nb_h5_get_text(file, "nextbest_schema", &version);
    }
    if (code == NB_OK && (!found || strcmp(found, kind) != 0)) {
        code = nb_error_set(NB_ERR_FORMAT, "%s is a file of kind \"%s\", expected \"%s\"", path,
                            found ? found : "", kind);
    }
    if (code == NB_OK && (!version || strcmp(version, schema) != 0)) {
        code = nb_error_set(NB_ERR_FORMAT, "%s has schema %s, this version reads schema %s", path,
                            version ? version : "?", schema);
    }
    nb_free(found);
    nb_free(version);
    return code;
}

int nb_h5_open(int64_t *file, const char *bytes, size_t n, const char *kind, const char *path)
{
    int code;

    *file = -1;
    NB_TRY(check_seal(bytes, n, path));
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    *file = open_core(1 << 16, bytes, n - NB_SEAL_SIZE);
    if (*file < 0) {
        NB_FAIL(NB_ERR_FORMAT, "%s could not be opened by HDF5", path);
    }
    code = check_kind(*file, kind, path);
    if (code != NB_OK) {
        nb_h5_close(*file);
        *file = -1;
    }
    return code;
}

void nb_h5_close(int64_t file)
{
    if (file > 0) {
        H5Fclose(file);
    }
}

void nb_h5_close_object(int64_t object)
{
    if (object > 0) {
        H5Oclose(object);
    }
}

int nb_h5_group(int64_t *group, int64_t where, const char *name)
{
    unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t creation = H5Pcreate(H5P_GROUP_CREATE);

    *group = -1;
    if (H5Pset_obj_track_times(creation, 0) >= 0 &&
        H5Pset_link_creation_order(creation, order) >= 0 &&
        H5Pset_attr_creation_order(creation, order) >= 0) {
        *group = H5Gcreate2(where, name, H5P_DEFAULT, creation, H5P_DEFAULT);
    }
    H5Pclose(creation);
    return *group < 0 ? nb_h5_fail(NB_ERR_MEMORY, "make group", name) : NB_OK;
}

/* as stored (little-endian) or as this machine holds it */
static hid_t make_type(nb_h5_type_t type, int is_native)
{
    hid_t text;

    switch (type) {
    case NB_H5_DOUBLE:
        return H5Tcopy(is_native ? H5T_NATIVE_DOUBLE : H5T_IEEE_F64LE);
    case NB_H5_FLOAT:
        return H5Tcopy(is_native ? H5T_NATIVE_FLOAT : H5T_IEEE_F32LE);
    case NB_H5_INT64:
        return H5Tcopy(is_native ? H5T_NATIVE_INT64 : H5T_STD_I64LE);
    case NB_H5_INT32:
        return H5Tcopy(is_native ? H5T_NATIVE_INT32 : H5T_STD_I32LE);
    case NB_H5_INT8:
        return H5Tcopy(is_native ? H5T_NATIVE_INT8 : H5T_STD_I8LE);
    case NB_H5_TEXT:
        break;
    }
    text = H5Tcopy(H5T_C_S1);
    return H5Tset_size(text, H5T_VARIABLE) >= 0 && H5Tset_cset(text, H5T_CSET_UTF8) >= 0 ? text
                                                                                         : -1;
}

/* the whole variable, halved along its first axes until it is at most CHUNK_BYTES */
static void choose_chunk(const nb_h5_shape_t *shape, size_t item, hsize_t chunk[NB_H5_MAX_RANK])
{
    size_t bytes = item;

    for (int i = 0; i < shape->rank; i++) {
        chunk[i] = shape->size[i];
        bytes *= shape->size[i];
    }
    for (int i = 0; i < shape->rank; i++) {
        while (bytes > CHUNK_BYTES && chunk[i] > 1) {
            bytes = bytes / chunk[i] * ((chunk[i] + 1) / 2);
            chunk[i] = (chunk[i] + 1) / 2;
        }
    }
}

static int set_packing(hid_t creation, hid_t type, const nb_h5_shape_t *shape)
{
    hsize_t chunk[NB_H5_MAX_RANK];

    choose_chunk(shape, H5Tget_size(type), chunk);
    return H5Pset_chunk(creation, shape->rank, chunk) < 0 || H5Pset_shuffle(creation) < 0 ||
           H5Pset_deflate(creation, DEFLATE_LEVEL) < 0 || H5Pset_fletcher32(creation) < 0;
}

int nb_h5_variable(int64_t *variable, int64_t where, const char *name, nb_h5_type_t type,
                   const nb_h5_shape_t *shape, int is_packed)
{
    const double missing = NAN;
    hsize_t size[NB_H5_MAX_RANK];
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), item = make_type(type, 0), space;
    int is_bad;

    *variable = -1;
    for (int i = 0; i < shape->rank; i++) {
        size[i] = shape->size[i];
    }
    space = shape->rank ? H5Screate_simple(shape->rank, size, NULL) : H5Screate(H5S_SCALAR);
    is_bad =
        H5Pset_obj_track_times(creation, 0) < 0 ||
        H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) < 0;
    if (type == NB_H5_DOUBLE) {
        is_bad |= H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &missing) < 0;
    }
    if (is_packed) {
        is_bad |= set_packing(creation, item, shape);
    }
    if (!is_bad) {
        *variable = H5Dcreate2(where, name, item, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    }
    H5Sclose(space);
    H5Tclose(item);
    H5Pclose(creation);
    return *variable < 0 ? nb_h5_fail(NB_ERR_MEMORY, "make variable", name) : NB_OK;
}

int nb_h5_write(int64_t variable, nb_h5_type_t type, const void *values)
{
    hid_t memory = make_type(type, 1);
    int code = H5Dwrite(variable, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0;

    H5Tclose(memory);
    return code ? nb_h5_fail(NB_ERR_MEMORY, "write", "a variable") : NB_OK;
}
