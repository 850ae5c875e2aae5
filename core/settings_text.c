#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/settings.h"

static int check_written(FILE *out)
{
    if (ferror(out)) {
        NB_FAIL(NB_ERR_IO, "writing of settings failed");
    }
    return NB_OK;
}

void nb_json_string(const char *text, FILE *out)
{
    fputc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if (*s == '"' || *s == '\\') {
            fprintf(out, "\\%c", *s);
        } else if (*s == '\n') {
            fputs("\\n", out);
        } else if (*s == '\t') {
            fputs("\\t", out);
        } else if (*s < 0x20 || *s == 0x7f) {
            fprintf(out, "\\u%04x", *s);
        } else {
            fputc(*s, out);
        }
    }
    fputc('"', out);
}

/* the fewest digits that read back as the same double */
static void write_short(double value, FILE *out)
{
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    fputs(text, out);
}

void nb_json_real(double value, FILE *out)
{
    if (isfinite(value)) {
        fprintf(out, "%.17g", value);
    } else {
        fputs("null", out);
    }
}

/* -0 and 0 are the same setting */
static void write_hex(double value, FILE *out)
{
    fprintf(out, "%a", value == 0 ? 0.0 : value);
}

static void write_choice(const char *choices, int index, FILE *out)
{
    char word[NB_SETTING_TEXT_SIZE];
    size_t n;

    for (; index > 0; index--) {
        choices += strcspn(choices, "|") + 1;
    }
    n = strcspn(choices, "|");
    NB_ASSERT(n < sizeof word);
    memcpy(word, choices, n);
    word[n] = '\0';
    nb_json_string(word, out);
}

/* how numbers and nodes are written */
typedef enum { STYLE_CANONICAL, STYLE_YAML } style_t;

static void write_real(double value, style_t style, FILE *out)
{
    if (style == STYLE_CANONICAL) {
        write_hex(value, out);
    } else {
        write_short(value, out);
    }
}

static void write_reals(const double *values, unsigned n, style_t style, FILE *out)
{
    fputc('[', out);
    for (unsigned i = 0; i < n; i++) {
        fputs(i ? (style == STYLE_YAML ? ", " : ",") : "", out);
        write_real(values[i], style, out);
    }
    fputc(']', out);
}

static int write_field(const nb_setting_t *row, const void *field, style_t style, FILE *out)
{
    switch (row->type) {
    case NB_SETTING_REAL:
        write_real(*(const double *)field, style, out);
        return NB_OK;
    case NB_SETTING_INT:
        fprintf(out, "%d", *(const int *)field);
        return NB_OK;
    case NB_SETTING_BOOL:
        fputs(*(const int *)field ? "true" : "false", out);
        return NB_OK;
    case NB_SETTING_CHOICE:
        write_choice(row->choices, *(const int *)field, out);
        return NB_OK;
    case NB_SETTING_TEXT:
        nb_json_string(field, out);
        return NB_OK;
    case NB_SETTING_REALS:
        write_reals(field, row->count, style, out);
        return NB_OK;
    case NB_SETTING_NODE:
        return style == STYLE_YAML ? nb_node_yaml(*(const nb_node_t *const *)field, out)
                                   : nb_node_canonical(*(const nb_node_t *const *)field, out);
    }
    return NB_OK;
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp((*(const nb_setting_t *const *)a)->key, (*(const nb_setting_t *const *)b)->key);
}

/* rows sorted by key; in this order all rows of a map stand together */
static int sort_rows(const nb_setting_t *table, const nb_setting_t ***rows, size_t *n)
{
    for (*n = 0; table[*n].key;) {
        ++*n;
    }
    NB_TRY(nb_alloc(rows, *n + 1, sizeof **rows));
    for (size_t i = 0; i < *n; i++) {
        (*rows)[i] = &table[i];
    }
    qsort(*rows, *n, sizeof **rows, compare_rows);
    return NB_OK;
}

int nb_settings_canonical(const nb_setting_t *table, const void *settings, FILE *out)
{
    const nb_setting_t **rows = NULL;
    size_t n = 0;
    int code = NB_OK;

    NB_TRY(sort_rows(table, &rows, &n));
    fputc('{', out);
    for (size_t i = 0; i < n && code == NB_OK; i++) {
        fputs(i ? "," : "", out);
        nb_json_string(rows[i]->key, out);
        fputc(':', out);
        code = write_field(rows[i], (const char *)settings + rows[i]->offset, STYLE_CANONICAL, out);
    }
    fputc('}', out);
    nb_free(rows);
    return code < 0 ? code : check_written(out);
}

/* the key in its maps, those opened that `before`, the key of the line above, was not in */
static void write_key(const char *key, const char *before, int indent, FILE *out)
{
    int is_same = 1;
    size_t n;

    while (key[n = strcspn(key, ".")] == '.') {
        is_same = is_same && strncmp(key, before, n + 1) == 0;
        if (!is_same) {
            fprintf(out, "%*s%.*s:\n", indent, "", (int)n, key);
        } else {
            before += n + 1;
        }
        key += n + 1;
        indent += 2;
    }
    fprintf(out, "%*s%s: ", indent, "", key);
}

/* nodes that are not set are left out */
static int is_absent(const nb_setting_t *row, const void *field)
{
    return row->type == NB_SETTING_NODE && !*(const nb_node_t *const *)field;
}

int nb_settings_yaml(const nb_setting_t *table, const void *settings, int indent, FILE *out)
{
    const nb_setting_t **rows = NULL;
    const char *before = "";
    size_t n = 0;
    int code = NB_OK;

    NB_TRY(sort_rows(table, &rows, &n));
    for (size_t i = 0; i < n && code == NB_OK; i++) {
        const void *field = (const char *)settings + rows[i]->offset;

        if (is_absent(rows[i], field)) {
            continue;
        }
        write_key(rows[i]->key, before, indent, out);
        before = rows[i]->key;
        code = write_field(rows[i], field, STYLE_YAML, out);
        fputc('\n', out);
    }
    nb_free(rows);
    return code < 0 ? code : check_written(out);
}

/* what a plain scalar stands for */
typedef enum { WORD_TEXT, WORD_NUMBER, WORD_BOOL, WORD_NULL } word_t;

static word_t classify(const nb_node_t *node, double *number, int *truth)
{
    if (node->quoted) {
        return WORD_TEXT;
    }
    if (node->text[0] == '\0') {
        return WORD_NULL;
    }
    if (nb_node_real(node, number) == NB_OK) {
        return WORD_NUMBER;
    }
    return nb_node_bool(node, truth) == NB_OK ? WORD_BOOL : WORD_TEXT;
}

static void write_scalar(const nb_node_t *node, style_t style, FILE *out)
{
    double number = 0;
    int truth = 0;

    switch (classify(node, &number, &truth)) {
    case WORD_TEXT:
        nb_json_string(node->text, out);
        return;
    case WORD_NULL:
        fputs("null", out);
        return;
    case WORD_BOOL:
        fputs(truth ? "true" : "false", out);
        return;
    case WORD_NUMBER:
        write_real(number, style, out);
        return;
    }
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp((*(const nb_node_t *const *)a)->key, (*(const nb_node_t *const *)b)->key);
}

static int write_node(const nb_node_t *node, style_t style, FILE *out);

static int write_list(const nb_node_t *list, style_t style, FILE *out)
{
    fputc('[', out);
    for (const nb_node_t *item = list->child; item; item = item->next) {
        NB_TRY(write_node(item, style, out));
        fputs(!item->next ? "" : style == STYLE_YAML ? ", " : ",", out);
    }
    fputc(']', out);
    return NB_OK;
}

static int write_map(const nb_node_t *map, style_t style, FILE *out)
{
    const nb_node_t **children = NULL;
    size_t n = nb_node_count(map), i = 0;
    int code = NB_OK;

    NB_TRY(nb_alloc(&children, n + 1, sizeof *children));
    for (const nb_node_t *child = map->child; child; child = child->next) {
        children[i++] = child;
    }
    if (style == STYLE_CANONICAL) {
        qsort(children, n, sizeof *children, compare_keys);
    }
    fputc('{', out);
    for (i = 0; i < n && code == NB_OK; i++) {
        fputs(i == 0 ? "" : style == STYLE_YAML ? ", " : ",", out);
        nb_json_string(children[i]->key, out);
        fputs(style == STYLE_YAML ? ": " : ":", out);
        code = write_node(children[i], style, out);
    }
    fputc('}', out);
    nb_free(children);
    return code;
}

static int write_node(const nb_node_t *node, style_t style, FILE *out)
{
    if (!node) {
        fputs("null", out);
        return NB_OK;
    }
    if (node->kind == NB_NODE_LIST) {
        return write_list(node, style, out);
    }
    if (node->kind == NB_NODE_MAP) {
        return write_map(node, style, out);
    }
    write_scalar(node, style, out);
    return NB_OK;
}

int nb_node_canonical(const nb_node_t *node, FILE *out)
{
    NB_TRY(write_node(node, STYLE_CANONICAL, out));
    return check_written(out);
}

int nb_node_yaml(const nb_node_t *node, FILE *out)
{
    NB_TRY(write_node(node, STYLE_YAML, out));
    return check_written(out);
}
