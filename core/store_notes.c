#define _POSIX_C_SOURCE 200809L
#include "core/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/store_file.h"
#include "core/store_keys.h"

int nb_store_write_text(nb_store_t *self, const char *folder, const char *name, const char *text,
                        size_t length)
{
    char *path = NULL, *folder_path = NULL;
    int code;

    NB_ASSERT(!strchr(folder, '/') && !strchr(name, '/') && name[0] != '.');
    code = nb_text_format(&folder_path, "%s/%s", self->path, folder);
    if (code == NB_OK) {
        code = nb_text_format(&path, "%s/%s", folder_path, name);
    }
    if (code == NB_OK) {
        code = nb_file_folder(folder_path);
    }
    if (code == NB_OK) {
        code = nb_file_write(path, text, length);
    }
    nb_free(path);
    nb_free(folder_path);
    return code;
}

/* `text` as the inside of a JSON string into `out`, which holds 6 bytes per byte and one more */
static size_t escape_json(char *out, const char *text)
{
    size_t n = 0;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            out[n++] = '\\';
            out[n++] = (char)c;
        } else if (c < 0x20) {
            n += (size_t)sprintf(out + n, "\\u%04x", c);
        } else {
            out[n++] = (char)c;
        }
    }
    out[n] = '\0';
    return n;
}

int nb_store_fail(nb_store_t *self, const char *key, const char *sentence)
{
    char *escaped = NULL, *text = NULL;
    char name[NB_KEY_SIZE + 5];
    int code;

    NB_ASSERT(nb_keys_is_key(key, ""));
    NB_TRY(nb_alloc(&escaped, 6 * strlen(sentence) + 1, 1));
    escape_json(escaped, sentence);
    snprintf(name, sizeof name, "%s.json", key);
    code = nb_text_format(&text, "{\"key\":\"%s\",\"error\":\"%s\"}\n", key, escaped);
    if (code == NB_OK) {
        code = nb_store_write_text(self, "failed", name, text, strlen(text));
    }
    if (code == NB_OK && nb_keys_get(self->present, key) != NB_KEY_DONE) {
        code = nb_keys_set(self->present, key, NB_KEY_FAILED);
    }
    nb_free(escaped);
    nb_free(text);
    return code;
}

int nb_store_forget_failure(nb_store_t *self, const char *key)
{
    char *path = NULL;
    int code = NB_OK;

    NB_ASSERT(nb_keys_is_key(key, ""));
    NB_TRY(nb_text_format(&path, "%s/failed/%s.json", self->path, key));
    if (unlink(path) != 0 && errno != ENOENT) {
        code = nb_file_fail("remove", path);
    }
    nb_free(path);
    if (code == NB_OK && nb_keys_get(self->present, key) == NB_KEY_FAILED) {
        code = nb_keys_set(self->present, key, NB_KEY_MISSING);
    }
    return code;
}

int nb_store_note_run(nb_store_t *self, const char *json)
{
    char name[64];
    time_t now = time(NULL);
    struct tm utc;

    gmtime_r(&now, &utc);
    snprintf(name, sizeof name, "%04d%02d%02dT%02d%02d%02dZ-%ld.json", utc.tm_year + 1900,
             utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, (long)getpid());
    return nb_store_write_text(self, "runs", name, json, strlen(json));
}

/* one write in append mode: lines of several processes never mix, and a kill costs one line */
static int append_line(const char *path, const char *line)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    size_t length = strlen(line);
    int code = NB_OK;

    if (fd < 0) {
        return nb_file_fail("write", path);
    }
    errno = ENOSPC; /* the reason of a short write */
    if (write(fd, line, length) != (ssize_t)length) {
        code = nb_file_fail("write", path);
    }
    if (close(fd) != 0 && code == NB_OK) {
        code = nb_file_fail("write", path);
    }
    return code;
}

int nb_store_note_timing(nb_store_t *self, const char *key, double seconds)
{
    char line[NB_KEY_SIZE + 32];
    char *path = NULL;
    int code;

    NB_ASSERT(nb_keys_is_key(key, ""));
    NB_TRY(nb_text_format(&path, "%s/timings.csv", self->path));
    snprintf(line, sizeof line, "%s,%.6f\n", key, seconds);
    code = append_line(path, line);
    nb_free(path);
    return code;
}
