#include "core/store_shard.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/store_file.h"
#include "core/store_h5.h"

const char *const nb_axis_names[NB_N_AXES] = {"scalar", "period", "segment", "cohort"};

const char *const nb_shard_texts[NB_N_TEXTS] = {"names", "units", "help"};

enum { SHARD_INCREMENT = 1 << 16 };

/* variables of one axis: values [n_vars x length] and texts [n_vars] each */
typedef struct {
    size_t n_vars, length;
    double *values;
    const char **texts[NB_N_TEXTS];
} block_t;

int nb_axis_find(const char *axis)
{
    if (!axis) {
        return 0;
    }
    for (int i = 1; i < NB_N_AXES; i++) {
        if (strcmp(axis, nb_axis_names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

/* read the first "model name" of /proc/cpuinfo; "unknown processor" where there is none */
static void read_processor(char *out, int size)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256];

    snprintf(out, (size_t)size, "unknown processor");
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) == 0 && colon) {
            snprintf(out, (size_t)size, "%.*s", (int)strcspn(colon + 1, "\n") - 1, colon + 2);
            break;
        }
    }
    if (file) {
        fclose(file);
    }
}

int nb_shard_machine(char **out)
{
    char processor[256];

    read_processor(processor, sizeof processor);
    return nb_text_format(out, "%s; %s; %s", processor, NB_COMPILER, NB_LIBRARIES);
}

static void free_block(block_t *block)
{
    nb_free(block->values);
    for (int k = 0; k < NB_N_TEXTS; k++) {
        nb_free(block->texts[k]);
    }
}

static int count_vars(block_t *block, const nb_shard_t *shard, int axis)
{
    for (size_t i = 0; i < shard->n_vars; i++) {
        const nb_var_t *var = &shard->vars[i];
        int found = nb_axis_find(var->axis);

        if (found < 0) {
            NB_FAIL(NB_ERR_DATA, "variable %s has axis \"%s\", expected period, segment or cohort",
                    var->name, var->axis);
        }
        if (found != axis) {
            continue;
        }
        if (!var->n) {
            NB_FAIL(NB_ERR_DATA, "variable %s has no values", var->name);
        }
        if (block->n_vars && var->n != block->length) {
            NB_FAIL(NB_ERR_DATA, "variable %s has %zu values, expected %zu along axis %s",
                    var->name, var->n, block->length, nb_axis_names[axis]);
        }
        block->length = var->n;
        block->n_vars++;
    }
    if (axis == 0 && block->n_vars && block->length != 1) {
        NB_FAIL(NB_ERR_DATA, "a scalar variable has %zu values, expected 1", block->length);
    }
    return NB_OK;
}

static void copy_values(double *to, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = isnan(from[i]) ? NAN : from[i];
    }
}

static int fill_block(block_t *block, const nb_shard_t *shard, int axis)
{
    size_t at = 0;

    NB_TRY(count_vars(block, shard, axis));
    NB_TRY(nb_alloc(&block->values, block->n_vars * block->length, sizeof *block->values));
    for (int k = 0; k < NB_N_TEXTS; k++) {
        NB_TRY(nb_alloc(&block->texts[k], block->n_vars, sizeof *block->texts[k]));
    }
    for (size_t i = 0; i < shard->n_vars; i++) {
        const nb_var_t *var = &shard->vars[i];

        if (nb_axis_find(var->axis) == axis) {
            copy_values(block->values + at * block->length, var->data, var->n);
            block->texts[NB_TEXT_NAME][at] = var->name;
            block->texts[NB_TEXT_UNIT][at] = var->unit;
            block->texts[NB_TEXT_HELP][at] = var->help;
            at++;
        }
    }
    return NB_OK;
}

/* doubles enter the digest as the bytes of this machine, little-endian on all we build for */
static int digest_block(nb_digest_t *digest, const block_t *block, int axis)
{
    uint64_t head[3] = {(uint64_t)axis, block->n_vars, block->length};

    NB_TRY(nb_digest_add(digest, head, sizeof head));
    for (size_t i = 0; i < block->n_vars; i++) {
        NB_TRY(nb_digest_add(digest, block->texts[NB_TEXT_NAME][i],
                             strlen(block->texts[NB_TEXT_NAME][i]) + 1));
    }
    return nb_digest_add(digest, block->values,
                         block->n_vars * block->length * sizeof *block->values);
}

static int write_block(int64_t file, const block_t *block, int axis)
{
    nb_h5_shape_t shape = {2, {block->n_vars, block->length}};
    int64_t variable;
    int code;

    NB_TRY(nb_h5_variable(&variable, file, nb_axis_names[axis], NB_H5_DOUBLE, &shape, 0));
    code = nb_h5_write(variable, NB_H5_DOUBLE, block->values);
    for (int k = 0; k < NB_N_TEXTS && code == NB_OK; k++) {
        code = nb_h5_put_texts(variable, nb_shard_texts[k], block->texts[k], block->n_vars);
    }
    nb_h5_close_object(variable);
    return code;
}

static int digest_blocks(const nb_shard_t *shard, nb_digest_t *digest)
{
    for (int axis = 0; axis < NB_N_AXES; axis++) {
        block_t block = {0};
        int code = fill_block(&block, shard, axis);

        if (code == NB_OK) {
            code = digest_block(digest, &block, axis);
        }
        free_block(&block);
        NB_TRY(code);
    }
    return NB_OK;
}

int nb_shard_digest(const nb_shard_t *shard, char out[65])
{
    nb_digest_t digest;
    int code = nb_digest_init(&digest);

    if (code == NB_OK) {
        code = digest_blocks(shard, &digest);
    }
    if (code == NB_OK) {
        code = nb_digest_hex(&digest, out);
    }
    nb_digest_free(&digest);
    return code;
}

static int write_blocks(int64_t file, const nb_shard_t *shard)
{
    for (int axis = 0; axis < NB_N_AXES; axis++) {
        block_t block = {0};
        int code = fill_block(&block, shard, axis);

        if (code == NB_OK && block.n_vars) {
            code = write_block(file, &block, axis);
        }
        free_block(&block);
        NB_TRY(code);
    }
    return NB_OK;
}

int nb_shard_encode(const nb_shard_t *shard, const char *machine, char **bytes, size_t *n,
                    char digest[65])
{
    int64_t file = -1;
    int code;

    *bytes = NULL;
    NB_TRY(nb_shard_digest(shard, digest));
    code = nb_h5_create(&file, "unit", SHARD_INCREMENT);
    if (code == NB_OK) {
        code = nb_h5_put_text(file, "payload_sha256", digest);
    }
    if (code == NB_OK) {
        code = nb_h5_put_text(file, "machine", machine);
    }
    if (code == NB_OK) {
        code = write_blocks(file, shard);
    }
    if (code == NB_OK) {
        code = nb_h5_image(file, bytes, n);
    }
    nb_h5_close(file);
    return code;
}
