#define _POSIX_C_SOURCE 200809L
#include "bench/purchase_log.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/calendar.h"
#include "core/memory.h"

/* one row of a log */
typedef struct {
    const char *id;
    long day;
    double spend;
    size_t row;
} purchase_t;

/* a customer with the row she was first seen in */
typedef struct {
    nb_buyer_t buyer;
    size_t row;
} seen_t;

void nb_purchase_log_note(nb_purchase_log_t *self, const char *format, ...)
{
    size_t used = strlen(self->notes);
    va_list args;

    va_start(args, format);
    vsnprintf(self->notes + used, sizeof self->notes - used, format, args);
    va_end(args);
    used = strlen(self->notes);
    snprintf(self->notes + used, sizeof self->notes - used, "\n");
}

static int by_customer_and_day(const void *left, const void *right)
{
    const purchase_t *a = left, *b = right;
    int order = strcmp(a->id, b->id);

    if (order == 0) {
        order = (a->day > b->day) - (a->day < b->day);
    }
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

static int by_row(const void *left, const void *right)
{
    const seen_t *a = left, *b = right;

    return (a->row > b->row) - (a->row < b->row);
}

static int read_spend(const nb_table_t *table, size_t row, size_t column, double *out)
{
    NB_TRY(nb_table_real(table, row, column, "a number (spend)", out));
    if (*out < 0) {
        NB_FAIL(NB_ERR_DATA, "%s:%ld: spend %g is negative: take returns out of the log first",
                table->name, table->lines[row], *out);
    }
    return NB_OK;
}

static int read_id(const nb_table_t *table, size_t row, size_t column, const char **out)
{
    *out = table->cells[row * table->n_columns + column];
    if (!**out) {
        NB_FAIL(NB_ERR_DATA, "%s:%ld: the customer is empty", table->name, table->lines[row]);
    }
    return NB_OK;
}

static int read_purchase(const nb_table_t *table, const nb_columns_t *columns, const char *format,
                         size_t row, purchase_t *out)
{
    const char *date = table->cells[row * table->n_columns + columns->at[NB_ROLE_DATE]];

    out->row = row;
    NB_TRY(read_id(table, row, columns->at[NB_ROLE_CUSTOMER], &out->id));
    if (!nb_date_parse(date, format, &out->day)) {
        NB_FAIL(NB_ERR_DATA, "%s:%ld: \"%.40s\" is no date in the format %s", table->name,
                table->lines[row], date, format);
    }
    return columns->at[NB_ROLE_SPEND] < table->n_columns
               ? read_spend(table, row, columns->at[NB_ROLE_SPEND], &out->spend)
               : NB_OK;
}

static int read_purchases(nb_purchase_log_t *self, const nb_columns_t *columns, const char *format,
                          purchase_t *purchases)
{
    int is_sorted = 1;

    for (size_t i = 0; i < self->table.n_rows; i++) {
        NB_TRY(read_purchase(&self->table, columns, format, i, &purchases[i]));
        if (i == 0 || purchases[i].day < self->first_day) {
            self->first_day = purchases[i].day;
        }
        if (i == 0 || purchases[i].day > self->last_day) {
            self->last_day = purchases[i].day;
        }
        if (i > 0 && strcmp(purchases[i].id, purchases[i - 1].id) == 0) {
            is_sorted &= purchases[i].day >= purchases[i - 1].day;
        }
    }
    if (!is_sorted) {
        nb_purchase_log_note(self, "rows not in order of time: sorted");
    }
    return NB_OK;
}

static int find_calibration_day(nb_purchase_log_t *self, const char *end, const char *format)
{
    char first[NB_DATE_SIZE];

    self->calibration_day = self->last_day;
    if (end && !nb_date_parse(end, "%Y-%m-%d", &self->calibration_day) &&
        !nb_date_parse(end, format, &self->calibration_day)) {
        NB_FAIL(NB_ERR_USAGE, "--calibration-end: \"%s\" is no date, expected YYYY-MM-DD", end);
    }
    if (self->calibration_day < self->first_day) {
        nb_date_write(self->first_day, first);
        NB_FAIL(NB_ERR_DATA, "%s: the first purchase, %s, is after the calibration's end, %s",
                self->table.name, first, end);
    }
    if (self->calibration_day > self->last_day) {
        nb_purchase_log_note(self,
                             "the calibration's end is %ld days after the log's last purchase: "
                             "they count as days without one",
                             self->calibration_day - self->last_day);
    }
    self->has_holdout = self->last_day > self->calibration_day;
    return NB_OK;
}

/* purchases of one customer in order of days -> what is known of her; same days count once */
static void count_customer(const nb_purchase_log_t *self, const purchase_t *purchases, size_t n,
                           seen_t *out)
{
    double unit = self->unit_days, total = 0;
    long first = purchases[0].day, last = first;
    nb_buyer_t *buyer = &out->buyer;

    memset(out, 0, sizeof *out);
    buyer->id = purchases[0].id;
    out->row = purchases[0].row;
    for (size_t i = 0; i < n; i++) {
        long day = purchases[i].day;
        int is_repeat = day > first && day <= self->calibration_day;

        out->row = purchases[i].row < out->row ? purchases[i].row : out->row;
        buyer->history.x += is_repeat && day > last;
        buyer->holdout += day > self->calibration_day && day > last;
        buyer->history.t_x = is_repeat ? (double)(day - first) / unit : buyer->history.t_x;
        total += is_repeat ? purchases[i].spend : 0;
        last = day;
    }
    buyer->birth = (double)(first - self->first_day) / unit;
    buyer->history.T = (double)(self->calibration_day - first) / unit;
    buyer->spend = buyer->history.x > 0 ? total / buyer->history.x : 0;
}

/* sorted purchases -> self->buyers; `seen` has room for as many customers as there are rows */
static int count_customers(nb_purchase_log_t *self, const purchase_t *purchases, seen_t *seen)
{
    size_t n_rows = self->table.n_rows, n = 0;

    for (size_t i = 0, end; i < n_rows; i = end) {
        for (end = i + 1; end < n_rows && strcmp(purchases[end].id, purchases[i].id) == 0; end++) {
        }
        if (purchases[i].day > self->calibration_day) {
            self->n_late++;
            continue;
        }
        count_customer(self, purchases + i, end - i, &seen[n++]);
    }
    qsort(seen, n, sizeof *seen, by_row);
    NB_TRY(nb_alloc(&self->buyers, n, sizeof *self->buyers));
    for (size_t i = 0; i < n; i++) {
        self->buyers[i] = seen[i].buyer;
    }
    self->n = n;
    if (self->n_late) {
        nb_purchase_log_note(self,
                             "%zu customers left out: first purchase after the calibration's end",
                             self->n_late);
    }
    return NB_OK;
}

static int read_log(nb_purchase_log_t *self, const nb_purchase_options_t *options,
                    const nb_columns_t *columns)
{
    size_t n_rows = self->table.n_rows;
    const char *format = options->date_format;
    purchase_t *purchases = NULL;
    seen_t *seen = NULL;
    int code = NB_OK;

    self->has_dates = 1;
    self->has_spend = columns->at[NB_ROLE_SPEND] < self->table.n_columns;
    if (!format) {
        NB_TRY(nb_columns_guess_format(&self->table, columns->at[NB_ROLE_DATE], &format));
        nb_purchase_log_note(self, "guessed: date format %s", format);
    }
    if ((code = nb_alloc(&purchases, n_rows, sizeof *purchases)) < 0 ||
        (code = nb_alloc(&seen, n_rows, sizeof *seen)) < 0 ||
        (code = read_purchases(self, columns, format, purchases)) < 0 ||
        (code = find_calibration_day(self, options->calibration_end, format)) < 0) {
        goto out;
    }
    qsort(purchases, n_rows, sizeof *purchases, by_customer_and_day);
    code = count_customers(self, purchases, seen);
out:
    nb_free(seen);
    nb_free(purchases);
    return code;
}

static int check_history(const nb_table_t *table, size_t row, const nb_history_t *history)
{
    long line = table->lines[row];

    if (history->x < 0 || history->x != floor(history->x)) {
        NB_FAIL(NB_ERR_DATA, "%s:%ld: frequency %g, expected a whole number from 0", table->name,
                line, history->x);
    }
    if (history->t_x < 0 || history->t_x > history->T) {
        NB_FAIL(NB_ERR_DATA, "%s:%ld: recency %g, expected 0 to the age, %g", table->name, line,
                history->t_x, history->T);
    }
    if ((history->x > 0) != (history->t_x > 0)) {
        NB_FAIL(NB_ERR_DATA, "%s:%ld: frequency %g with recency %g: both or neither must be 0",
                table->name, line, history->x, history->t_x);
    }
    return NB_OK;
}

/* a customer has one row in a summary */
static int check_customers_differ(const nb_purchase_log_t *self)
{
    const nb_table_t *table = &self->table;
    purchase_t *rows = NULL;
    int code = NB_OK;

    NB_TRY(nb_alloc(&rows, self->n, sizeof *rows));
    for (size_t i = 0; i < self->n; i++) {
        rows[i] = (purchase_t){.id = self->buyers[i].id, .row = i};
    }
    qsort(rows, self->n, sizeof *rows, by_customer_and_day);
    for (size_t i = 1; i < self->n && code == NB_OK; i++) {
        if (strcmp(rows[i].id, rows[i - 1].id) == 0) {
            code = nb_error_set(NB_ERR_DATA,
                                "%s:%ld: customer \"%.40s\" stands twice, first on line "
                                "%ld: is this a log, to be read without --rfm?",
                                table->name, table->lines[rows[i].row], rows[i].id,
                                table->lines[rows[i - 1].row]);
        }
    }
    nb_free(rows);
    return code;
}

static int read_summary(nb_purchase_log_t *self, const nb_columns_t *columns)
{
    const nb_table_t *table = &self->table;

    self->has_spend = columns->at[NB_RFM_SPEND] < table->n_columns;
    self->n = table->n_rows;
    NB_TRY(nb_alloc(&self->buyers, self->n, sizeof *self->buyers));
    for (size_t i = 0; i < self->n; i++) {
        nb_buyer_t *buyer = &self->buyers[i];
        nb_history_t *history = &buyer->history;

        NB_TRY(read_id(table, i, columns->at[NB_ROLE_CUSTOMER], &buyer->id));
        NB_TRY(nb_table_real(table, i, columns->at[NB_RFM_FREQUENCY], "a whole number (frequency)",
                             &history->x));
        NB_TRY(nb_table_real(table, i, columns->at[NB_RFM_RECENCY], "a number (recency)",
                             &history->t_x));
        NB_TRY(nb_table_real(table, i, columns->at[NB_RFM_AGE], "a number (age)", &history->T));
        NB_TRY(check_history(table, i, history));
        if (self->has_spend) {
            NB_TRY(read_spend(table, i, columns->at[NB_RFM_SPEND], &buyer->spend));
            buyer->spend = history->x > 0 ? buyer->spend : 0;
        }
    }
    return check_customers_differ(self);
}

/* the table is read: find the columns, then the customers */
static int read_table(nb_purchase_log_t *self, const nb_purchase_options_t *options)
{
    nb_columns_t columns;

    self->unit_days = options->in_days ? 1 : 7;
    if (options->is_rfm && (options->date_format || options->calibration_end)) {
        NB_FAIL(NB_ERR_USAGE, "--rfm reads a summary without dates: leave --date-format and "
                              "--calibration-end away");
    }
    NB_TRY(nb_columns_find(self, options, &columns));
    return options->is_rfm ? read_summary(self, &columns) : read_log(self, options, &columns);
}

int nb_purchase_log_read(nb_purchase_log_t *self, const char *path,
                         const nb_purchase_options_t *options)
{
    memset(self, 0, sizeof *self);
    NB_TRY(nb_table_read(&self->table, path));
    return read_table(self, options);
}

int nb_purchase_log_parse(nb_purchase_log_t *self, const char *name, const char *text,
                          size_t length, const nb_purchase_options_t *options)
{
    memset(self, 0, sizeof *self);
    NB_TRY(nb_table_parse(&self->table, name, text, length));
    return read_table(self, options);
}

double nb_purchase_log_holdout(const nb_purchase_log_t *self)
{
    return self->has_holdout ? (double)(self->last_day - self->calibration_day) / self->unit_days
                             : 0;
}

void nb_purchase_log_free(nb_purchase_log_t *self)
{
    nb_free(self->buyers);
    nb_table_free(&self->table);
    memset(self, 0, sizeof *self);
}
