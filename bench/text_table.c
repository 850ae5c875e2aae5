#include "bench/text_table.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "core/memory.h"

enum { CELL_SIZE = 512 };

void nb_text_table_init(nb_text_table_t *self, size_t n_columns, size_t n_left)
{
    *self = (nb_text_table_t){.n_columns = n_columns, .n_left = n_left};
}

int nb_text_table_add(nb_text_table_t *self, const char *format, ...)
{
    char text[CELL_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (self->n_cells == self->n_room) {
        size_t n_room = self->n_room ? 2 * self->n_room : 64;

        NB_TRY(nb_grow(&self->cells, self->n_room, n_room, sizeof *self->cells));
        self->n_room = n_room;
    }
    NB_TRY(nb_strdup(&self->cells[self->n_cells], text));
    self->n_cells++;
    return NB_OK;
}

/* columns on the screen: bytes that do not continue a UTF-8 character */
static int find_width(const char *text)
{
    int width = 0;

    for (; *text; text++) {
        width += (*text & 0xc0) != 0x80;
    }
    return width;
}

static int find_column_width(const nb_text_table_t *self, size_t i_column)
{
    int widest = 0;

    for (size_t i = i_column; i < self->n_cells; i += self->n_columns) {
        int width = find_width(self->cells[i]);

        widest = width > widest ? width : widest;
    }
    return widest;
}

static void print_cell(const nb_text_table_t *self, size_t i, FILE *out)
{
    size_t i_column = i % self->n_columns;
    int is_last = i_column + 1 == self->n_columns;
    int pad = find_column_width(self, i_column) - find_width(self->cells[i]);

    if (i_column >= self->n_left && !(is_last && self->last_left)) {
        fprintf(out, "%*s%s", pad, "", self->cells[i]);
    } else {
        fprintf(out, "%s%*s", self->cells[i], is_last ? 0 : pad, "");
    }
    fputs(is_last ? "\n" : "  ", out);
}

void nb_text_table_print(const nb_text_table_t *self, int bold, FILE *out)
{
    for (size_t i = 0; i < self->n_cells; i++) {
        if (bold && i == 0) {
            fputs("\033[1m", out);
        }
        print_cell(self, i, out);
        if (bold && i + 1 == self->n_columns) {
            fputs("\033[0m", out);
        }
    }
}

void nb_text_table_free(nb_text_table_t *self)
{
    for (size_t i = 0; i < self->n_cells; i++) {
        nb_free(self->cells[i]);
    }
    nb_free(self->cells);
    *self = (nb_text_table_t){.n_columns = self->n_columns, .n_left = self->n_left};
}

static int clip_decimals(double digits)
{
    return digits < 0 ? 0 : digits > 9 ? 9 : (int)digits;
}

int nb_text_decimals(double value, double se)
{
    if (isfinite(se) && se > 0) {
        return clip_decimals(1 - floor(log10(se)));
    }
    if (!isfinite(value) || value == 0) {
        return 0;
    }
    return clip_decimals(3 - floor(log10(fabs(value))));
}

void nb_text_real(double value, int decimals, char *out, size_t size)
{
    if (isfinite(value)) {
        snprintf(out, size, "%.*f", decimals, value);
    } else {
        snprintf(out, size, "-");
    }
}

void nb_text_value(double value, double se, char *out, size_t size)
{
    int decimals = nb_text_decimals(value, se);

    if (isfinite(value) && isfinite(se)) {
        snprintf(out, size, "%.*f ± %.*f", decimals, value, decimals, se);
    } else {
        nb_text_real(value, decimals, out, size);
    }
}

void nb_text_p(double p, char *out, size_t size)
{
    if (isnan(p)) {
        snprintf(out, size, "-");
    } else if (p < 0.001) {
        snprintf(out, size, "< 0.001");
    } else if (p == 1) {
        snprintf(out, size, "1");
    } else {
        snprintf(out, size, "%.3f", p);
    }
}
