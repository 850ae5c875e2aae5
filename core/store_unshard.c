#include "core/store_shard.h"

#include <hdf5.h>
#include <string.h>

#include "core/memory.h"
#include "core/store_h5.h"

/* what nb_store_read keeps alive behind a shard */
typedef struct {
    size_t n_vars[NB_N_AXES], length[NB_N_AXES];
    double *values[NB_N_AXES]; /* [n_vars x length] */
    char *texts[NB_N_AXES][NB_N_TEXTS];
    size_t stride[NB_N_AXES][NB_N_TEXTS];
} owned_t;

void nb_shard_free(nb_shard_t *shard)
{
    owned_t *owned = shard->owned;

    if (owned) {
        for (int i = 0; i < NB_N_AXES; i++) {
            nb_free(owned->values[i]);
            for (int k = 0; k < NB_N_TEXTS; k++) {
                nb_free(owned->texts[i][k]);
            }
        }
        nb_free(owned);
        nb_free(shard->vars);
    }
    memset(shard, 0, sizeof *shard);
}

static int read_shape(hid_t variable, size_t *n_vars, size_t *length)
{
    hid_t type = H5Dget_type(variable), space = H5Dget_space(variable);
    hsize_t size[2] = {0, 0};
    int is_good = H5Tget_class(type) == H5T_FLOAT && H5Sget_simple_extent_ndims(space) == 2 &&
                  H5Sget_simple_extent_dims(space, size, NULL) == 2;

    H5Tclose(type);
    H5Sclose(space);
    *n_vars = (size_t)size[0];
    *length = (size_t)size[1];
    return is_good ? NB_OK : nb_h5_fail(NB_ERR_FORMAT, "understand", "a variable's shape");
}

static int read_block(hid_t variable, owned_t *owned, int axis)
{
    size_t n;

    NB_TRY(read_shape(variable, &owned->n_vars[axis], &owned->length[axis]));
    n = owned->n_vars[axis] * owned->length[axis];
    NB_TRY(nb_alloc(&owned->values[axis], n, sizeof *owned->values[axis]));
    if (H5Dread(variable, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, owned->values[axis]) <
        0) {
        return nb_h5_fail(NB_ERR_FORMAT, "read", nb_axis_names[axis]);
    }
    for (int k = 0; k < NB_N_TEXTS; k++) {
        NB_TRY(nb_h5_get_texts(variable, nb_shard_texts[k], owned->n_vars[axis],
                               &owned->texts[axis][k], &owned->stride[axis][k]));
    }
    return NB_OK;
}

static int read_blocks(hid_t file, owned_t *owned)
{
    for (int axis = 0; axis < NB_N_AXES; axis++) {
        hid_t variable;
        int code;

        if (H5Lexists(file, nb_axis_names[axis], H5P_DEFAULT) <= 0) {
            continue;
        }
        variable = H5Dopen2(file, nb_axis_names[axis], H5P_DEFAULT);
        if (variable < 0) {
            return nb_h5_fail(NB_ERR_FORMAT, "open", nb_axis_names[axis]);
        }
        code = read_block(variable, owned, axis);
        H5Dclose(variable);
        NB_TRY(code);
    }
    return NB_OK;
}

/* the variables as views into what was read */
static int list_vars(nb_shard_t *out, const owned_t *owned)
{
    size_t n_vars = 0, at = 0;

    for (int axis = 0; axis < NB_N_AXES; axis++) {
        n_vars += owned->n_vars[axis];
    }
    NB_TRY(nb_alloc(&out->vars, n_vars, sizeof *out->vars));
    out->n_vars = n_vars;
    for (int axis = 0; axis < NB_N_AXES; axis++) {
        char *const *texts = owned->texts[axis];
        const size_t *stride = owned->stride[axis];

        for (size_t i = 0; i < owned->n_vars[axis]; i++) {
            out->vars[at++] = (nb_var_t){
                .name = texts[NB_TEXT_NAME] + i * stride[NB_TEXT_NAME],
                .unit = texts[NB_TEXT_UNIT] + i * stride[NB_TEXT_UNIT],
                .help = texts[NB_TEXT_HELP] + i * stride[NB_TEXT_HELP],
                .axis = axis ? nb_axis_names[axis] : NULL,
                .n = owned->length[axis],
                .data = owned->values[axis] + i * owned->length[axis],
            };
        }
    }
    return NB_OK;
}

static int check_digest(hid_t file, const nb_shard_t *shard)
{
    char *noted = NULL;
    char digest[65];
    int code = nb_h5_get_text(file, "payload_sha256", &noted);

    if (code == NB_OK) {
        code = nb_shard_digest(shard, digest);
    }
    if (code == NB_OK && (!noted || strcmp(noted, digest) != 0)) {
        code = nb_error_set(NB_ERR_FORMAT, "the values do not match their digest");
    }
    nb_free(noted);
    return code;
}

static int read_shard(hid_t file, nb_shard_t *out, char **machine)
{
    owned_t *owned;

    NB_TRY(nb_alloc(&owned, 1, sizeof *owned));
    out->owned = owned;
    NB_TRY(read_blocks(file, owned));
    NB_TRY(list_vars(out, owned));
    NB_TRY(check_digest(file, out));
    return machine ? nb_h5_get_text(file, "machine", machine) : NB_OK;
}

int nb_shard_decode(nb_shard_t *out, char **machine, const char *bytes, size_t n, const char *path)
{
    int64_t file;
    int code;

    memset(out, 0, sizeof *out);
    NB_TRY(nb_h5_open(&file, bytes, n, "unit", path));
    code = read_shard(file, out, machine);
    nb_h5_close(file);
    if (code != NB_OK) {
        nb_shard_free(out);
        return nb_error_prefix(code, "%s", path);
    }
    return NB_OK;
}
