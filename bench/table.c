#define _POSIX_C_SOURCE 200809L
#include "bench/table.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"

enum { CHUNK = 1 << 16 };

/* whole file into text (NUL-terminated) and *length */
static int read_stream(FILE *file, const char *path, char **text, size_t *length)
{
    size_t room = 0, used = 0, got;

    do {
        if (room - used < CHUNK + 1) {
            size_t wanted = room ? 2 * room : 2 * CHUNK;

            NB_TRY(nb_grow(text, room, wanted, 1));
            room = wanted;
        }
        got = fread(*text + used, 1, CHUNK, file);
        used += got;
    } while (got == CHUNK);
    if (ferror(file)) {
        NB_FAIL(errno == EISDIR ? NB_ERR_FORMAT : NB_ERR_IO, "%s: reading failed: %s", path,
                strerror(errno));
    }
    (*text)[used] = '\0';
    *length = used;
    return NB_OK;
}

/* bytes that text does not have; UTF-8 and Latin-1 letters pass */
static int check_text(const nb_table_t *self, const char *text, size_t length)
{
    long line = 1;

    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte == '\n') {
            line++;
        } else if ((byte < ' ' && byte != '\t' && byte != '\r') || byte == 127) {
            NB_FAIL(NB_ERR_DATA, "%s:%ld: byte 0x%02x: this is no text file", self->name, line,
                    byte);
        }
    }
    return NB_OK;
}

/* the delimiter that the first row has most of; blanks where it has none */
static char guess_delimiter(const char *line)
{
    const char candidates[] = ",;\t";
    char best = ' ';
    size_t most = 0;

    for (const char *c = candidates; *c; c++) {
        size_t count = 0;

        for (const char *at = line; *at; at++) {
            count += *at == *c;
        }
        if (count > most) {
            most = count;
            best = *c;
        }
    }
    return best;
}

/* take quotes off the cell at *at, which starts behind the opening one; *at moves behind the
 * closing one */
static char *take_quoted(char **at)
{
    char *start = *at, *out = start, *in = start;

    while (*in && !(in[0] == '"' && in[1] != '"')) {
        in += in[0] == '"';
        *out++ = *in++;
    }
    if (!*in) {
        return NULL;
    }
    *at = in + 1;
    *out = '\0';
    return start;
}

/* next cell of a line cut at *at; *at becomes NULL behind the last one; NULL for an open quote */
static char *take_cell(char **at, char delimiter)
{
    char *start = *at + strspn(*at, " "), *end;

    if (*start == '"') {
        *at = start + 1;
        start = take_quoted(at);
        if (!start) {
            return NULL;
        }
        end = *at + strcspn(*at, delimiter == ' ' ? " \t" : (char[]){delimiter, '\0'});
    } else {
        end = start + strcspn(start, delimiter == ' ' ? " \t" : (char[]){delimiter, '\0'});
    }
    *at = *end ? end + 1 : NULL;
    if (delimiter == ' ' && *at) {
        *at += strspn(*at, " \t");
        *at = **at ? *at : NULL;
    }
    *end = '\0';
    while (end > start && end[-1] == ' ') {
        *--end = '\0';
    }
    return start;
}

/* cut a line into at most `most` cells; *n gets how many there are */
static int cut_line(const nb_table_t *self, long line, char *text, char **cells, size_t most,
                    size_t *n)
{
    char *at = text + (self->delimiter == ' ' ? strspn(text, " \t") : 0);

    *n = 0;
    while (at) {
        char *cell = take_cell(&at, self->delimiter);

        if (!cell) {
            NB_FAIL(NB_ERR_DATA, "%s:%ld: a quote is not closed", self->name, line);
        }
        if (*n < most) {
            cells[*n] = cell;
        }
        (*n)++;
    }
    return NB_OK;
}

static int is_header(char **cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *cell = cells[i] + strspn(cells[i], "+-.");

        if (isdigit((unsigned char)*cell)) {
            return 0;
        }
    }
    return 1;
}

static int check_header(const nb_table_t *self, long line)
{
    for (size_t i = 0; i < self->n_columns; i++) {
        for (size_t j = 0; j < i; j++) {
            if (self->header[i][0] && strcasecmp(self->header[i], self->header[j]) == 0) {
                NB_FAIL(NB_ERR_DATA, "%s:%ld: column \"%s\" stands twice in the header", self->name,
                        line, self->header[i]);
            }
        }
    }
    return NB_OK;
}

/* first row: it fixes delimiter and number of columns, and may be the header */
static int take_first(nb_table_t *self, long line, char *text, size_t most_rows)
{
    size_t room = strlen(text) + 1, n;
    char **first = NULL;

    self->delimiter = guess_delimiter(text);
    NB_TRY(nb_alloc(&first, room, sizeof *first));
    self->header = first;
    NB_TRY(cut_line(self, line, text, first, room, &n));
    self->n_columns = n;
    if (is_header(first, n)) {
        NB_TRY(check_header(self, line));
        return nb_alloc(&self->cells, most_rows * n, sizeof *self->cells);
    }
    NB_TRY(nb_alloc(&self->cells, most_rows * n, sizeof *self->cells));
    memcpy(self->cells, first, n * sizeof *first);
    self->lines[self->n_rows++] = line;
    nb_free(first);
    self->header = NULL;
    return NB_OK;
}

static int take_line(nb_table_t *self, long line, char *text, size_t most_rows)
{
    size_t n;

    if (!self->n_columns) {
        return take_first(self, line, text, most_rows);
    }
    NB_TRY(cut_line(self, line, text, self->cells + self->n_rows * self->n_columns, self->n_columns,
                    &n));
    if (n != self->n_columns) {
        NB_FAIL(NB_ERR_DATA, "%s:%ld: %zu columns where the first row has %zu", self->name, line, n,
                self->n_columns);
    }
    self->lines[self->n_rows++] = line;
    return NB_OK;
}

/* rows of self->text, which is cut in place */
static int split(nb_table_t *self, size_t length)
{
    size_t most_rows = 1;
    char *next = self->text;
    long line = 0;

    for (size_t i = 0; i < length; i++) {
        most_rows += self->text[i] == '\n';
    }
    NB_TRY(nb_alloc(&self->lines, most_rows, sizeof *self->lines));
    if (strncmp(next, "\xef\xbb\xbf", 3) == 0) {
        next += 3;
    }
    while (next) {
        char *text = next, *end = text + strcspn(text, "\n");

        line++;
        next = *end ? end + 1 : NULL;
        *end = '\0';
        while (end > text && (end[-1] == '\r' || end[-1] == ' ')) {
            *--end = '\0';
        }
        if (text[strspn(text, " \t")]) {
            NB_TRY(take_line(self, line, text, most_rows));
        }
    }
    if (!self->n_rows) {
        NB_FAIL(NB_ERR_DATA, "%s: %s", self->name,
                self->header ? "a header and no rows" : "the file is empty");
    }
    return NB_OK;
}

int nb_table_parse(nb_table_t *self, const char *name, const char *text, size_t length)
{
    memset(self, 0, sizeof *self);
    NB_TRY(nb_strdup(&self->name, name));
    NB_TRY(check_text(self, text, length));
    NB_TRY(nb_alloc(&self->text, length + 1, 1));
    memcpy(self->text, text, length);
    return split(self, length);
}

int nb_table_read(nb_table_t *self, const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = NULL;
    size_t length = 0;
    int code;

    memset(self, 0, sizeof *self);
    if (!file) {
        NB_FAIL(errno == ENOENT ? NB_ERR_NOT_FOUND : NB_ERR_IO, "%s: cannot be read: %s", path,
                strerror(errno));
    }
    code = read_stream(file, path, &text, &length);
    if (code == NB_OK) {
        code = nb_table_parse(self, path, text, length);
    }
    nb_free(text);
    fclose(file);
    return code;
}

void nb_table_free(nb_table_t *self)
{
    nb_free(self->lines);
    nb_free(self->cells);
    nb_free(self->header);
    nb_free(self->text);
    nb_free(self->name);
    memset(self, 0, sizeof *self);
}

size_t nb_table_column(const nb_table_t *self, const char *name)
{
    for (size_t i = 0; self->header && i < self->n_columns; i++) {
        if (strcasecmp(self->header[i], name) == 0) {
            return i;
        }
    }
    return self->n_columns;
}

int nb_text_is_real(const char *text, double *out)
{
    char *end;

    *out = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*out);
}

int nb_table_real(const nb_table_t *self, size_t row, size_t column, const char *what, double *out)
{
    const char *cell = self->cells[row * self->n_columns + column];

    if (!nb_text_is_real(cell, out)) {
        NB_FAIL(NB_ERR_DATA, "%s:%ld: column %zu is \"%.40s\", expected %s", self->name,
                self->lines[row], column + 1, cell, what);
    }
    return NB_OK;
}
