#define _POSIX_C_SOURCE 200809L
#include "core/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/store_file.h"
#include "core/store_keys.h"
#include "core/store_shard.h"

int nb_store_path_of(char **out, const char *results_path)
{
    const char *slash = strrchr(results_path, '/');
    const char *name = slash ? slash + 1 : results_path;
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot != name ? (size_t)(dot - results_path) : strlen(results_path);

    return nb_text_format(out, "%.*s.store", (int)length, results_path);
}

/* add the keys named in one folder */
static int list_folder(nb_store_t *self, const char *folder, const char *suffix, int state)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int code = NB_OK;

    if (!dir) {
        return errno == ENOENT ? NB_OK : nb_file_fail("list", folder);
    }
    while (code == NB_OK && (entry = readdir(dir)) != NULL) {
        if (nb_keys_is_key(entry->d_name, suffix)) {
            code = nb_keys_set(self->present, entry->d_name, state);
            self->n_present += state == NB_KEY_DONE;
        }
    }
    closedir(dir);
    return code;
}

/* units/ab/ and its keys; whatever else may lie in units/ is not looked at */
static int list_part(nb_store_t *self, const char *part, int read_only)
{
    char *folder = NULL;
    int code;

    if (strlen(part) != 2 || strspn(part, "0123456789abcdef") != 2) {
        return NB_OK;
    }
    NB_TRY(nb_text_format(&folder, "%s/units/%s", self->path, part));
    code = list_folder(self, folder, ".h5", NB_KEY_DONE);
    if (code == NB_OK && !read_only) {
        nb_file_sweep(folder);
    }
    nb_free(folder);
    return code;
}

static int list_units(nb_store_t *self, int read_only)
{
    char *units = NULL;
    const struct dirent *entry;
    int code = NB_OK;
    DIR *dir;

    NB_TRY(nb_text_format(&units, "%s/units", self->path));
    dir = opendir(units);
    if (!dir && errno != ENOENT) {
        code = nb_file_fail("list", units);
    }
    while (dir && code == NB_OK && (entry = readdir(dir)) != NULL) {
        code = list_part(self, entry->d_name, read_only);
    }
    if (dir) {
        closedir(dir);
    }
    nb_free(units);
    return code;
}

/* a folder of the store's own; with `make` it is made */
static int open_folder(nb_store_t *self, const char *name, int make)
{
    char *folder = NULL;
    int code = nb_text_format(&folder, "%s%s%s", self->path, name ? "/" : "", name ? name : "");

    if (code == NB_OK && make) {
        code = nb_file_folder(folder);
    }
    if (code == NB_OK && name && strcmp(name, "failed") == 0) {
        code = list_folder(self, folder, ".json", NB_KEY_FAILED);
    }
    nb_free(folder);
    return code;
}

/* 1 where a folder holds nothing, or only what a killed run left of a store just begun */
static int is_blank(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    int is_empty = 1;

    while (dir && is_empty && (entry = readdir(dir)) != NULL) {
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                   nb_file_is_temporary(entry->d_name);
    }
    if (dir) {
        closedir(dir);
    }
    return is_empty;
}

/* refuse what is there and is no store, before anything is made in it */
static int check_place(const char *path, int read_only)
{
    struct stat status;
    char *units = NULL;
    int is_store;

    if (stat(path, &status) != 0) {
        if (errno == ENOENT && read_only) {
            NB_FAIL(NB_ERR_NOT_FOUND, "%s does not exist", path);
        }
        return errno == ENOENT ? NB_OK : nb_file_fail("open", path);
    }
    if (!S_ISDIR(status.st_mode)) {
        NB_FAIL(NB_ERR_FORMAT, "%s is no folder, and so no store", path);
    }
    NB_TRY(nb_text_format(&units, "%s/units", path));
    is_store = access(units, F_OK) == 0;
    nb_free(units);
    if (!is_store && !is_blank(path)) {
        NB_FAIL(NB_ERR_FORMAT, "%s holds other files and no units: it is no store", path);
    }
    return NB_OK;
}

/* the store and all folders in it but those below units/, which list_units sweeps */
static int sweep_folders(const nb_store_t *self)
{
    DIR *dir = opendir(self->path);
    const struct dirent *entry;
    int code = NB_OK;

    if (!dir) {
        return nb_file_fail("list", self->path);
    }
    while (code == NB_OK && (entry = readdir(dir)) != NULL) {
        char *folder = NULL;

        code = nb_text_format(&folder, "%s/%s", self->path, entry->d_name);
        if (code == NB_OK && strcmp(entry->d_name, "..") != 0) {
            nb_file_sweep(folder);
        }
        nb_free(folder);
    }
    closedir(dir);
    return code;
}

static int open_store(nb_store_t *self, const char *path, int read_only)
{
    static const char *const folders[] = {NULL, "units", "failed", "runs"};

    NB_TRY(check_place(path, read_only));
    NB_TRY(nb_strdup(&self->path, path));
    NB_TRY(nb_alloc(&self->present, 1, sizeof(nb_keys_t)));
    NB_TRY(nb_shard_machine(&self->machine));
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        NB_TRY(open_folder(self, folders[i], !read_only));
    }
    if (!read_only) {
        NB_TRY(sweep_folders(self));
    }
    /* last, so that a unit that is done counts as done even where an old failure is noted */
    return list_units(self, read_only);
}

int nb_store_open(nb_store_t *self, const char *path, int read_only)
{
    int code;

    memset(self, 0, sizeof *self);
    code = open_store(self, path, read_only);
    if (code != NB_OK) {
        nb_store_close(self);
    }
    return code;
}

void nb_store_close(nb_store_t *self)
{
    if (self->present) {
        nb_keys_free(self->present);
    }
    nb_free(self->present);
    nb_free(self->machine);
    nb_free(self->path);
    memset(self, 0, sizeof *self);
}

int nb_store_status(const nb_store_t *self, const char *key)
{
    NB_ASSERT(nb_keys_is_key(key, ""));
    return nb_keys_get(self->present, key);
}

static int unit_path(const nb_store_t *self, const char *key, char **out)
{
    NB_ASSERT(nb_keys_is_key(key, ""));
    return nb_text_format(out, "%s/units/%.2s/%s.h5", self->path, key, key);
}

static int read_unit(const char *path, nb_shard_t *out, char **machine)
{
    char *bytes = NULL;
    size_t n;
    int code;

    memset(out, 0, sizeof *out);
    NB_TRY(nb_file_read(&bytes, &n, path));
    code = nb_shard_decode(out, machine, bytes, n, path);
    nb_free(bytes);
    return code;
}

int nb_store_read(const nb_store_t *self, const char *key, nb_shard_t *out)
{
    char *path = NULL;
    int code;

    memset(out, 0, sizeof *out);
    NB_TRY(unit_path(self, key, &path));
    code = read_unit(path, out, NULL);
    nb_free(path);
    return code;
}

/* differing bits are a bug on one kind of machine, and expected between two kinds (1) */
static int judge_difference(const nb_store_t *self, const char *machine, const char *path)
{
    if (machine && strcmp(machine, self->machine) == 0) {
        NB_FAIL(NB_ERR_DETERMINISM,
                "%s: the same unit gave different results on the same kind of machine; the first "
                "is kept",
                path);
    }
    return 1;
}

/* the name is taken: by the same payload (0), or by what another kind of machine made of it (1) */
static int compare_with_unit(const nb_store_t *self, const char *path, const char digest[65])
{
    nb_shard_t there;
    char *machine = NULL;
    char there_digest[65];
    int code = read_unit(path, &there, &machine);

    if (code == NB_OK) {
        code = nb_shard_digest(&there, there_digest);
    }
    if (code == NB_OK && strcmp(there_digest, digest) != 0) {
        code = judge_difference(self, machine, path);
    }
    nb_shard_free(&there);
    nb_free(machine);
    return code;
}

/* make units/ab/ and claim the unit's name */
static int claim_unit(nb_store_t *self, const char *key, const char *bytes, size_t n,
                      const char digest[65])
{
    char *folder = NULL, *path = NULL;
    int code = nb_text_format(&folder, "%s/units/%.2s", self->path, key);

    if (code == NB_OK) {
        code = unit_path(self, key, &path);
    }
    if (code == NB_OK) {
        code = nb_file_folder(folder);
    }
    if (code == NB_OK) {
        code = nb_file_claim(path, bytes, n);
    }
    if (code == 1) {
        code = compare_with_unit(self, path, digest);
    }
    nb_free(folder);
    nb_free(path);
    return code;
}

int nb_store_commit(nb_store_t *self, const char *key, const nb_shard_t *shard)
{
    char digest[65];
    char *bytes = NULL;
    size_t n;
    int state = nb_store_status(self, key);
    int code = nb_shard_encode(shard, self->machine, &bytes, &n, digest);

    if (code == NB_OK) {
        code = claim_unit(self, key, bytes, n, digest);
    }
    nb_free(bytes);
    NB_TRY(code);
    if (state == NB_KEY_FAILED) {
        NB_TRY(nb_store_forget_failure(self, key));
    }
    NB_TRY(nb_keys_set(self->present, key, NB_KEY_DONE));
    self->n_present += state != NB_KEY_DONE;
    return code;
}
