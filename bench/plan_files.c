#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/plan.h"
#include "core/memory.h"

enum { PATH_SIZE = 4096 };

static const char suffix[] = ".yaml";

/* where shipped files lie below a root */
static const char *folder_of(const char *kind)
{
    return strcmp(kind, "scenarios") == 0 ? "sim/scenarios" : "bench/experiments";
}

/* i-th root: NB_DATA_PATH, the source tree of the build, the install prefix; "" where not set */
static const char *root_at(int i)
{
    const char *path = getenv("NB_DATA_PATH");

    switch (i) {
    case 0:
        return path ? path : "";
    case 1:
        return NB_SOURCE_DATA;
    default:
        return NB_INSTALL_DATA;
    }
}

enum { N_ROOTS = 3 };

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int is_known(char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* add the name of a file, without its suffix, unless an earlier root has it */
static int add_name(char ***names, size_t *n, const char *file)
{
    size_t length = strlen(file), cut = sizeof suffix - 1;
    char name[PATH_SIZE];

    if (length <= cut || length >= sizeof name || strcmp(file + length - cut, suffix) != 0) {
        return NB_OK;
    }
    memcpy(name, file, length - cut);
    name[length - cut] = '\0';
    if (is_known(*names, *n, name)) {
        return NB_OK;
    }
    NB_TRY(nb_grow(names, *n, *n + 1, sizeof **names));
    NB_TRY(nb_strdup(&(*names)[*n], name));
    ++*n;
    return NB_OK;
}

/* a root without such a folder has no files */
static int add_folder(char ***names, size_t *n, const char *root, const char *kind)
{
    char path[PATH_SIZE];
    struct dirent *entry;
    int code = NB_OK;
    DIR *folder;

    snprintf(path, sizeof path, "%s/%s", root, folder_of(kind));
    folder = *root ? opendir(path) : NULL;
    if (!folder) {
        return NB_OK;
    }
    while (code == NB_OK && (entry = readdir(folder))) {
        code = add_name(names, n, entry->d_name);
    }
    closedir(folder);
    return code;
}

static void free_names(char ***names, size_t *n)
{
    for (size_t i = 0; i < *n; i++) {
        nb_free((*names)[i]);
    }
    nb_free(*names);
    *names = NULL;
    *n = 0;
}

int nb_data_names(char ***names, size_t *n, const char *kind)
{
    int code = NB_OK;

    *names = NULL;
    *n = 0;
    for (int i = 0; i < N_ROOTS && code == NB_OK; i++) {
        code = add_folder(names, n, root_at(i), kind);
    }
    if (code < 0) {
        free_names(names, n);
        return code;
    }
    if (*n) {
        qsort(*names, *n, sizeof **names, compare_names);
    }
    return NB_OK;
}

static int fail_missing(const char *kind, const char *name)
{
    char **names = NULL;
    const char *nearest;
    size_t n = 0;
    int length = (int)strlen(kind) - 1; /* without the plural's s */

    NB_TRY(nb_data_names(&names, &n, kind));
    nearest = nb_nearest(name, (const char *const *)names, n);
    if (nearest) {
        nb_error_set(NB_ERR_NOT_FOUND, "no %.*s '%s', did you mean '%s'?", length, kind, name,
                     nearest);
    } else {
        nb_error_set(NB_ERR_NOT_FOUND, "no %.*s '%s' (nextbest list %s shows all)", length, kind,
                     name, kind);
    }
    free_names(&names, &n);
    return NB_ERR_NOT_FOUND;
}

int nb_data_file(char **out, const char *kind, const char *name)
{
    char path[PATH_SIZE];

    *out = NULL;
    for (int i = 0; i < N_ROOTS && *name && !strchr(name, '/'); i++) {
        int n =
            snprintf(path, sizeof path, "%s/%s/%s%s", root_at(i), folder_of(kind), name, suffix);

        if (*root_at(i) && n < (int)sizeof path && access(path, F_OK) == 0) {
            return nb_strdup(out, path);
        }
    }
    return fail_missing(kind, name);
}
