#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/config_tree.h"
#include "core/memory.h"

/* length of the UTF-8 character at `s`, 0 where there is none (RFC 3629: no overlong forms, no
 * surrogates) */
static size_t utf8_length(const unsigned char *s, size_t n)
{
    size_t length = s[0] < 0x80                    ? 1
                    : s[0] >= 0xc2 && s[0] < 0xe0  ? 2
                    : (s[0] & 0xf0) == 0xe0        ? 3
                    : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                   : 0;

    if (length == 0 || length > n) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)) {
        return 0;
    }
    return length;
}

/* only UTF-8 text without control characters goes to the parser */
static int check_text(const char *name, const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    int line = 1, column = 1;

    if (n > NB_CONFIG_MAX_BYTES) {
        NB_FAIL(NB_ERR_CONFIG, "%s: larger than 16 MiB, which no configuration is", name);
    }
    for (size_t i = 0, length; i < n; i += length) {
        int is_control =
            (s[i] < 0x20 && s[i] != '\t' && s[i] != '\n' && s[i] != '\r') || s[i] == 0x7f;

        length = utf8_length(s + i, n - i);
        if (length == 0 || is_control) {
            NB_FAIL(NB_ERR_CONFIG, "%s:%d:%d: byte 0x%02x: not a text file in UTF-8", name, line,
                    column, s[i]);
        }
        column = s[i] == '\n' ? 1 : column + 1;
        line += s[i] == '\n';
    }
    return NB_OK;
}

int nb_config_parse(nb_config_t *self, const char *name, const char *text, size_t length)
{
    NB_TRY(check_text(name, text, length));
    return nb_config_yaml(self, name, "", text, length);
}

int nb_config_set(nb_config_t *self, const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    char *path = NULL;
    int code;

    if (!equals || equals == assignment) {
        NB_FAIL(NB_ERR_USAGE, "--set %s: expected PATH=VALUE, e.g. fatigue.keep=0.9", assignment);
    }
    NB_TRY(nb_strdup(&path, assignment));
    path[equals - assignment] = '\0';
    code = check_text("--set", equals + 1, strlen(equals + 1));
    if (code == NB_OK) {
        code = nb_config_yaml(self, "--set", path, equals + 1, strlen(equals + 1));
    }
    nb_free(path);
    return code;
}

static int read_stream(FILE *file, const char *path, char **text, size_t *n)
{
    size_t size = 1 << 14, got;

    NB_TRY(nb_alloc(text, size, 1));
    while ((got = fread(*text + *n, 1, size - *n, file)) > 0) {
        *n += got;
        if (*n == size && size <= NB_CONFIG_MAX_BYTES) {
            NB_TRY(nb_grow(text, size, 2 * size, 1));
            size *= 2;
        }
    }
    if (ferror(file)) {
        NB_FAIL(NB_ERR_IO, "%s: %s", path, strerror(errno));
    }
    return NB_OK;
}

int nb_config_read(nb_config_t *self, const char *path)
{
    struct stat status;
    char *text = NULL;
    size_t n = 0;
    FILE *file;
    int code;

    errno = 0;
    file = fopen(path, "rb");
    if (!file) {
        NB_FAIL(errno == ENOENT || errno == ENOTDIR ? NB_ERR_NOT_FOUND : NB_ERR_IO, "%s: %s", path,
                strerror(errno));
    }
    if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
        code = nb_error_set(NB_ERR_FORMAT, "%s: is a folder, expected a YAML file", path);
    } else {
        code = read_stream(file, path, &text, &n);
    }
    fclose(file);
    if (code == NB_OK) {
        code = nb_config_parse(self, path, text, n);
    }
    nb_free(text);
    return code;
}
