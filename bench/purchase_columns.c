/*
 * Which column is what: said by the user, or guessed from the header's names, or from the values.
 */
#define _POSIX_C_SOURCE 200809L
#include "bench/purchase_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/calendar.h"

enum { LOOK_AT = 200, MOST_SPEC = 512 }; /* rows a guess looks at; bytes of --columns */

typedef struct {
    const char *name;     /* as in --columns */
    const char *synonyms; /* other names in headers, between blanks */
    int is_needed;
} role_t;

static const role_t log_roles[NB_ROLES] = {
    {"customer", " customer customer_id customerid cust id client user user_id household ", 1},
    {"date", " date day order_date orderdate purchase_date invoice_date invoicedate time ", 1},
    {"spend", " spend amount value revenue total sales price usd money ", 0},
};

static const role_t rfm_roles[NB_ROLES] = {
    {"customer", " customer customer_id customerid cust id client user user_id household ", 1},
    {"frequency", " frequency x repeat ", 1},
    {"recency", " recency t_x tx ", 1},
    {"age", " age t ", 1},
    {"spend", " spend zbar monetary_value monetary m_x ", 0},
};

/* 1 where a header's name is the role's or one of its synonyms */
static int names_role(const char *name, const role_t *role)
{
    char padded[64];
    size_t length = strlen(name);

    if (strcasecmp(name, role->name) == 0) {
        return 1;
    }
    if (length == 0 || length > sizeof padded - 3 || strchr(name, ' ')) {
        return 0;
    }
    padded[0] = ' ';
    for (size_t i = 0; i < length; i++) {
        padded[i + 1] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
    }
    padded[length + 1] = ' ';
    padded[length + 2] = '\0';
    return strstr(role->synonyms, padded) != NULL;
}

/* column said by name or 1-based number */
static int find_said(const nb_table_t *table, const char *role, const char *word, size_t *out)
{
    char *end;
    unsigned long number = strtoul(word, &end, 10);

    *out = nb_table_column(table, word);
    if (*out < table->n_columns) {
        return NB_OK;
    }
    if (*word >= '0' && *word <= '9' && *end == '\0' && number >= 1 && number <= table->n_columns) {
        *out = number - 1;
        return NB_OK;
    }
    NB_FAIL(NB_ERR_USAGE, "%s: --columns %s=%s: there is no such column, expected %s1 to %zu",
            table->name, role, word, table->header ? "a name of the header or " : "",
            table->n_columns);
}

static int read_pair(const nb_table_t *table, const role_t *roles, char *pair, nb_columns_t *out)
{
    char *word = strchr(pair, '=');

    if (!word) {
        NB_FAIL(NB_ERR_USAGE, "--columns: \"%s\" is not NAME=COLUMN", pair);
    }
    *word++ = '\0';
    for (int i = 0; i < NB_ROLES && roles[i].name; i++) {
        if (strcmp(pair, roles[i].name) == 0) {
            if (out->at[i] < table->n_columns) {
                NB_FAIL(NB_ERR_USAGE, "--columns: %s stands twice", pair);
            }
            return find_said(table, pair, word, &out->at[i]);
        }
    }
    NB_FAIL(NB_ERR_USAGE, "--columns: unknown name \"%s\", expected %s", pair,
            roles == log_roles ? "customer, date, spend"
                               : "customer, frequency, recency, age, spend");
}

static int read_said(const nb_table_t *table, const role_t *roles, const char *spec,
                     nb_columns_t *out)
{
    char copy[MOST_SPEC], *next = copy;

    if (strlen(spec) >= sizeof copy) {
        NB_FAIL(NB_ERR_USAGE, "--columns: longer than %d bytes", MOST_SPEC - 1);
    }
    strcpy(copy, spec);
    while (next) {
        char *pair = next, *comma = strchr(pair, ',');

        next = comma ? comma + 1 : NULL;
        if (comma) {
            *comma = '\0';
        }
        NB_TRY(read_pair(table, roles, pair, out));
    }
    return NB_OK;
}

static void guess_by_header(const nb_table_t *table, const role_t *roles, nb_columns_t *out)
{
    for (int role = 0; role < NB_ROLES && roles[role].name; role++) {
        for (size_t i = 0; i < table->n_columns && out->at[role] == table->n_columns; i++) {
            if (names_role(table->header[i], &roles[role])) {
                out->at[role] = i;
            }
        }
    }
}

static size_t n_looked_at(const nb_table_t *table)
{
    return table->n_rows < LOOK_AT ? table->n_rows : LOOK_AT;
}

/* of the rows that a guess looks at, how many are dates of this format: a wrong date among them is
 * for the reader to find, which names its line */
static size_t count_dates(const nb_table_t *table, size_t column, const char *format)
{
    size_t count = 0;
    long day;

    for (size_t row = 0; row < n_looked_at(table); row++) {
        count += (size_t)nb_date_parse(table->cells[row * table->n_columns + column], format, &day);
    }
    return count;
}

/* the most rows that any format reads */
static size_t most_dates(const nb_table_t *table, size_t column)
{
    size_t most = 0;

    for (size_t i = 0; nb_date_format(i); i++) {
        size_t count = count_dates(table, column, nb_date_format(i));

        most = count > most ? count : most;
    }
    return most;
}

static int is_date_column(const nb_table_t *table, size_t column)
{
    size_t most = most_dates(table, column);

    return most > 0 && 2 * most >= n_looked_at(table);
}

/* without a header: the first column of dates, the first other column, the last further one that
 * is a number */
static void guess_log_by_values(const nb_table_t *table, nb_columns_t *out)
{
    size_t n = table->n_columns;
    double value;

    for (size_t i = 0; i < n && out->at[NB_ROLE_DATE] == n; i++) {
        out->at[NB_ROLE_DATE] = is_date_column(table, i) ? i : n;
    }
    out->at[NB_ROLE_CUSTOMER] = out->at[NB_ROLE_DATE] == 0 ? 1 : 0;
    for (size_t i = n; i-- > out->at[NB_ROLE_CUSTOMER] + 1 && out->at[NB_ROLE_SPEND] == n;) {
        if (i != out->at[NB_ROLE_DATE] && nb_text_is_real(table->cells[i], &value)) {
            out->at[NB_ROLE_SPEND] = i;
        }
    }
}

/* the role's column, for the sentence of guesses */
static void note_guess(nb_purchase_log_t *self, const role_t *roles, const nb_columns_t *found)
{
    const nb_table_t *table = &self->table;
    const char *delimiter = table->delimiter == ','   ? "comma"
                            : table->delimiter == ';' ? "semicolon"
                            : table->delimiter == ' ' ? "blanks"
                                                      : "tab";
    char text[512] = "";

    for (int i = 0; i < NB_ROLES && roles[i].name; i++) {
        size_t used = strlen(text);

        if (found->at[i] < table->n_columns) {
            snprintf(text + used, sizeof text - used, ", %s=%zu", roles[i].name, found->at[i] + 1);
        }
    }
    nb_purchase_log_note(self, "guessed: delimiter %s, %s, columns %s", delimiter,
                         table->header ? "a header" : "no header", text[0] ? text + 2 : "none");
}

int nb_columns_find(nb_purchase_log_t *self, const nb_purchase_options_t *options,
                    nb_columns_t *out)
{
    const nb_table_t *table = &self->table;
    const role_t *roles = options->is_rfm ? rfm_roles : log_roles;

    for (int i = 0; i < NB_ROLES; i++) {
        out->at[i] = table->n_columns;
    }
    if (options->columns) {
        NB_TRY(read_said(table, roles, options->columns, out));
    } else if (table->header) {
        guess_by_header(table, roles, out);
    } else if (options->is_rfm) {
        for (size_t i = 0; i < NB_ROLES && i < table->n_columns; i++) {
            out->at[i] = i;
        }
    } else {
        guess_log_by_values(table, out);
    }
    if (!options->columns) {
        note_guess(self, roles, out);
    }
    for (int i = 0; i < NB_ROLES && roles[i].name; i++) {
        if (roles[i].is_needed && out->at[i] >= table->n_columns) {
            NB_FAIL(NB_ERR_DATA, "%s:1: no column for %s was found: say it by --columns %s=COLUMN",
                    table->name, roles[i].name, roles[i].name);
        }
    }
    return NB_OK;
}

/* 1 where both formats read each row as the same day, or neither reads it */
static int agree(const nb_table_t *table, size_t column, const char *one, const char *other)
{
    for (size_t row = 0; row < n_looked_at(table); row++) {
        const char *cell = table->cells[row * table->n_columns + column];
        long day, another;
        int reads = nb_date_parse(cell, one, &day);

        if (reads != nb_date_parse(cell, other, &another) || (reads && day != another)) {
            return 0;
        }
    }
    return 1;
}

int nb_columns_guess_format(const nb_table_t *table, size_t column, const char **out)
{
    size_t most = most_dates(table, column);

    *out = NULL;
    if (most == 0) {
        NB_FAIL(NB_ERR_DATA,
                "%s:%ld: column %zu (\"%.40s\") holds no dates in a known format: say it by "
                "--date-format",
                table->name, table->lines[0], column + 1, table->cells[column]);
    }
    for (size_t i = 0; nb_date_format(i); i++) {
        const char *format = nb_date_format(i);

        if (count_dates(table, column, format) < most) {
            continue;
        }
        if (*out && !agree(table, column, *out, format)) {
            NB_FAIL(NB_ERR_DATA,
                    "%s:%ld: \"%.40s\" can be read by %s and by %s: say which by --date-format",
                    table->name, table->lines[0], table->cells[column], *out, format);
        }
        *out = *out ? *out : format;
    }
    return NB_OK;
}
