#include "bench/snapshot.h"

#include <stdio.h>
#include <string.h>

#include "bench/version.h"
#include "core/memory.h"
#include "core/store.h"
#include "core/store_file.h"

static const char magic[] = "nextbest-snapshot\n";

enum { SCHEMA = 1, KEY_SIZE = 256 }; /* of the head; raised by hand */

/* head: magic, schema, version and key, a line each; then the state; then the seal */
static int print_head(char **out, const char *key)
{
    NB_ASSERT(!strchr(key, '\n') && strlen(key) < KEY_SIZE);
    return nb_text_format(out, "%s%d\n%s\n%s\n", magic, SCHEMA, nb_version(), key);
}

int nb_snapshot_write(const char *path, const char *key, const nb_archive_t *archive)
{
    char *head = NULL, *bytes = NULL;
    size_t n_head, n;
    int code;

    NB_TRY(print_head(&head, key));
    n_head = strlen(head);
    n = n_head + archive->n;
    code = nb_alloc(&bytes, n + NB_SEAL_SIZE, 1);
    if (code == NB_OK) {
        memcpy(bytes, head, n_head);
        if (archive->n) {
            memcpy(bytes + n_head, archive->bytes, archive->n);
        }
        nb_seal_make(bytes, n, bytes + n);
        code = nb_file_write(path, bytes, n + NB_SEAL_SIZE);
    }
    nb_free(bytes);
    nb_free(head);
    return code;
}

/* the line at *at in `line`, cut to its size; *at goes on to the next */
static void take_line(const char **at, const char *end, char *line, size_t size)
{
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    size_t n;

    stop = stop ? stop : end;
    n = (size_t)(stop - *at);
    n = n < size - 1 ? n : size - 1;
    memcpy(line, *at, n);
    line[n] = '\0';
    *at = stop < end ? stop + 1 : end;
}

/* *start is where the state begins */
static int check_head(const char *path, const char *key, const char *bytes, size_t n, size_t *start)
{
    const char *at = bytes + sizeof magic - 1, *end = bytes + n;
    char schema[16], version[64], found[KEY_SIZE], expected[16];

    if (n < sizeof magic - 1 || memcmp(bytes, magic, sizeof magic - 1) != 0) {
        NB_FAIL(NB_ERR_FORMAT, "%s is no snapshot of nextbest", path);
    }
    if (n < sizeof magic - 1 + NB_SEAL_SIZE || !nb_seal_holds(bytes, n)) {
        NB_FAIL(NB_ERR_FORMAT, "%s was truncated, damaged or changed after it was written", path);
    }
    end -= NB_SEAL_SIZE;
    take_line(&at, end, schema, sizeof schema);
    take_line(&at, end, version, sizeof version);
    take_line(&at, end, found, sizeof found);
    snprintf(expected, sizeof expected, "%d", SCHEMA);
    if (strcmp(schema, expected) != 0 || strcmp(version, nb_version()) != 0) {
        NB_FAIL(NB_ERR_FORMAT,
                "%s was written by version %s (schema %s), expected %s (schema %s): run again",
                path, version, schema, nb_version(), expected);
    }
    if (strcmp(found, key) != 0) {
        NB_FAIL(NB_ERR_FORMAT, "%s is the state of run %s, expected %s", path, found, key);
    }
    *start = (size_t)(at - bytes);
    return NB_OK;
}

int nb_snapshot_read(nb_archive_t *archive, const char *path, const char *key)
{
    char *bytes = NULL;
    size_t n, start;
    int code;

    nb_archive_reset(archive);
    NB_TRY(nb_file_read(&bytes, &n, path));
    code = check_head(path, key, bytes, n, &start);
    if (code == NB_OK) {
        code = nb_archive_bytes(archive, bytes + start, n - NB_SEAL_SIZE - start);
    }
    nb_free(bytes);
    nb_archive_load(archive);
    return code;
}
