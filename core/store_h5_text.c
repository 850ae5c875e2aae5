#include "core/store_h5.h"

#include <hdf5.h>
#include <string.h>

#include "core/memory.h"

/* type of texts of `size` bytes, the final zero included */
static hid_t text_type(size_t size)
{
    hid_t type = H5Tcopy(H5T_C_S1);

    H5Tset_size(type, size);
    H5Tset_cset(type, H5T_CSET_UTF8);
    return type;
}

static int put_attribute(hid_t where, const char *name, hid_t stored, hid_t memory, hid_t space,
                         const void *values)
{
    hid_t attribute = H5Acreate2(where, name, stored, space, H5P_DEFAULT, H5P_DEFAULT);
    int is_bad = attribute < 0 || H5Awrite(attribute, memory, values) < 0;

    if (attribute >= 0) {
        H5Aclose(attribute);
    }
    return is_bad ? nb_h5_fail(NB_ERR_MEMORY, "write attribute", name) : NB_OK;
}

int nb_h5_put_text(int64_t where, const char *name, const char *text)
{
    hid_t type = text_type(strlen(text) + 1), space = H5Screate(H5S_SCALAR);
    int code = put_attribute(where, name, type, type, space, text);

    H5Sclose(space);
    H5Tclose(type);
    return code;
}

int nb_h5_put_texts(int64_t where, const char *name, const char *const *texts, size_t n)
{
    hsize_t size[1] = {n};
    size_t stride = 1;
    char *block = NULL;
    hid_t type, space;
    int code;

    for (size_t i = 0; i < n; i++) {
        size_t length = texts[i] ? strlen(texts[i]) : 0;
        stride = length + 1 > stride ? length + 1 : stride;
    }
    NB_TRY(nb_alloc(&block, n, stride));
    for (size_t i = 0; i < n; i++) {
        if (texts[i]) {
            memcpy(block + i * stride, texts[i], strlen(texts[i]));
        }
    }
    type = text_type(stride);
    space = H5Screate_simple(1, size, NULL);
    code = put_attribute(where, name, type, type, space, block);
    H5Sclose(space);
    H5Tclose(type);
    nb_free(block);
    return code;
}

int nb_h5_put_numbers(int64_t where, const char *name, nb_h5_type_t type, const void *values,
                      size_t n)
{
    hsize_t size[1] = {n};
    hid_t space = H5Screate_simple(1, size, NULL);
    int code = NB_OK;

    NB_ASSERT(type == NB_H5_DOUBLE || type == NB_H5_INT32 || type == NB_H5_INT8);
    if (type == NB_H5_DOUBLE) {
        code = put_attribute(where, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, space, values);
    } else if (type == NB_H5_INT32) {
        code = put_attribute(where, name, H5T_STD_I32LE, H5T_NATIVE_INT32, space, values);
    } else {
        code = put_attribute(where, name, H5T_STD_I8LE, H5T_NATIVE_INT8, space, values);
    }
    H5Sclose(space);
    return code;
}

/* n texts of fixed length, one zero byte more each, so that every text ends */
static int read_texts(hid_t attribute, hid_t type, size_t n, char **out, size_t *stride)
{
    hid_t memory;
    int is_bad;

    *stride = H5Tget_size(type) + 1;
    NB_TRY(nb_alloc(out, n, *stride));
    memory = text_type(*stride);
    is_bad = H5Aread(attribute, memory, *out) < 0;
    H5Tclose(memory);
    return is_bad ? nb_h5_fail(NB_ERR_FORMAT, "read", "a text attribute") : NB_OK;
}

static int open_texts(hid_t where, const char *name, size_t n, char **out, size_t *stride)
{
    hid_t attribute = -1, type = -1, space = -1;
    int code = NB_ERR_NOT_FOUND;

    if (H5Aexists(where, name) > 0) {
        attribute = H5Aopen(where, name, H5P_DEFAULT);
    }
    if (attribute >= 0) {
        type = H5Aget_type(attribute);
        space = H5Aget_space(attribute);
    }
    if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
        H5Tis_variable_str(type) == 0 && H5Sget_simple_extent_npoints(space) == (hssize_t)n) {
        code = read_texts(attribute, type, n, out, stride);
    }
    if (space >= 0) {
        H5Sclose(space);
    }
    if (type >= 0) {
        H5Tclose(type);
    }
    if (attribute >= 0) {
        H5Aclose(attribute);
    }
    return code;
}

int nb_h5_get_text(int64_t where, const char *name, char **out)
{
    size_t stride;
    int code;

    *out = NULL;
    code = open_texts(where, name, 1, out, &stride);
    return code == NB_ERR_NOT_FOUND ? NB_OK : code;
}

int nb_h5_get_texts(int64_t where, const char *name, size_t n, char **out, size_t *stride)
{
    int code;

    *out = NULL;
    code = open_texts(where, name, n, out, stride);
    return code == NB_ERR_NOT_FOUND ? nb_h5_fail(NB_ERR_FORMAT, "find attribute", name) : code;
}
