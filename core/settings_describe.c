#include <math.h>
#include <string.h>

#include "core/settings.h"
#include "core/wrap.h"

static const char *const type_names[] = {
    [NB_SETTING_REAL] = "real",     [NB_SETTING_INT] = "int",   [NB_SETTING_BOOL] = "bool",
    [NB_SETTING_CHOICE] = "choice", [NB_SETTING_TEXT] = "text", [NB_SETTING_REALS] = "reals",
    [NB_SETTING_NODE] = "map",
};

static int has_range(const nb_setting_t *row)
{
    return row->type == NB_SETTING_REAL || row->type == NB_SETTING_INT ||
           row->type == NB_SETTING_REALS;
}

/* i-th of the words that `|` keeps apart; its length in *n */
static const char *choice_at(const char *choices, int i, int *n)
{
    for (; i > 0; i--) {
        choices += strcspn(choices, "|") + 1;
    }
    *n = (int)strcspn(choices, "|");
    return choices;
}

/* default as text, for people */
static void format_default(const nb_setting_t *row, char *out, size_t size)
{
    const char *word;
    int n;

    switch (row->type) {
    case NB_SETTING_REAL:
    case NB_SETTING_INT:
        snprintf(out, size, "%.15g", row->def);
        return;
    case NB_SETTING_BOOL:
        snprintf(out, size, "%s", row->def != 0 ? "true" : "false");
        return;
    case NB_SETTING_CHOICE:
        word = choice_at(row->choices, (int)row->def, &n);
        snprintf(out, size, "%.*s", n, word);
        return;
    case NB_SETTING_TEXT:
    case NB_SETTING_REALS:
        snprintf(out, size, "%s", row->choices ? row->choices : "");
        return;
    case NB_SETTING_NODE:
        out[0] = '\0';
        return;
    }
}

static void write_json_default(const nb_setting_t *row, FILE *out)
{
    char text[256];

    format_default(row, text, sizeof text);
    if (row->type == NB_SETTING_REAL || row->type == NB_SETTING_INT) {
        nb_json_real(row->def, out);
    } else if (row->type == NB_SETTING_BOOL) {
        fputs(text, out);
    } else if (row->type == NB_SETTING_NODE) {
        fputs("null", out);
    } else if (row->type == NB_SETTING_REALS) {
        fputc('[', out);
        for (const char *s = text; *s; s++) {
            fputc(*s == ' ' ? ',' : *s, out);
        }
        fputc(']', out);
    } else {
        nb_json_string(text, out);
    }
}

static void write_json_pair(const char *key, const char *text, FILE *out)
{
    fprintf(out, ",\"%s\":", key);
    nb_json_string(text ? text : "", out);
}

static void write_json_row(const nb_setting_t *row, FILE *out)
{
    fputs("{\"key\":", out);
    nb_json_string(row->key, out);
    write_json_pair("type", type_names[row->type], out);
    fputs(",\"default\":", out);
    write_json_default(row, out);
    fputs(",\"low\":", out);
    nb_json_real(has_range(row) ? row->low : NAN, out);
    fputs(",\"high\":", out);
    nb_json_real(has_range(row) ? row->high : NAN, out);
    if (row->type == NB_SETTING_CHOICE) {
        write_json_pair("choices", row->choices, out);
    }
    write_json_pair("unit", row->unit, out);
    write_json_pair("mark", row->mark, out);
    write_json_pair("source", row->source, out);
    write_json_pair("help", row->help, out);
    fputc('}', out);
}

static void write_text_row(const nb_setting_t *row, int width, FILE *out)
{
    char text[4096];

    format_default(row, text, sizeof text);
    fprintf(out, "%-*s  %-6s  %s", width, row->key, type_names[row->type], text);
    if (row->type == NB_SETTING_CHOICE) {
        fprintf(out, " (of %s)", row->choices);
    } else if (has_range(row)) {
        fprintf(out, " (%.10g to %.10g)", row->low, row->high);
    }
    fprintf(out, "%s%s%s%s%s", row->unit && *row->unit ? " " : "", row->unit ? row->unit : "",
            row->mark && *row->mark ? " [" : "", row->mark ? row->mark : "",
            row->mark && *row->mark ? "]" : "");
    snprintf(text, sizeof text, "%s%s%s%s", row->help ? row->help : "",
             row->source && *row->source ? " (" : "", row->source ? row->source : "",
             row->source && *row->source ? ")" : "");
    fprintf(out, "\n%*s  ", width, "");
    nb_wrap(text, width + 2, width + 2, out);
    fputc('\n', out);
}

int nb_settings_describe(const nb_setting_t *table, int as_json, FILE *out)
{
    int width = 0;

    for (const nb_setting_t *row = table; row->key; row++) {
        width = (int)strlen(row->key) > width ? (int)strlen(row->key) : width;
    }
    fputs(as_json ? "[" : "", out);
    for (const nb_setting_t *row = table; row->key; row++) {
        if (as_json) {
            fputs(row == table ? "" : ",", out);
            write_json_row(row, out);
        } else {
            write_text_row(row, width, out);
        }
    }
    fputs(as_json ? "]" : "", out);
    if (ferror(out)) {
        NB_FAIL(NB_ERR_IO, "writing of settings failed");
    }
    return NB_OK;
}
