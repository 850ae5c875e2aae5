/*
 * Purchase logs and RFM summaries -> what is known of each customer: x, t_x, T and mean spend.
 *
 * A log has one row per purchase; the purchases of one customer on one day are one. The first
 * purchase is the birth; x counts the days with a purchase after it, up to the end of the
 * calibration. Spend is the mean of the totals of these repeat days. Rows may come in any order. A
 * summary has one row per customer: frequency, recency, age and mean repeat spend.
 */
#ifndef NB_BENCH_PURCHASE_LOG_H
#define NB_BENCH_PURCHASE_LOG_H

#include <stddef.h>

#include "bench/table.h"
#include "sim/bgnbd.h"

/** One customer. */
typedef struct {
    const char *id;       /* points into the log's table */
    nb_history_t history; /* in the log's unit */
    double spend;         /* mean of the repeat purchases, 0 where x = 0 or the log has no money */
    double birth;         /* time of the first purchase since the log's first day; see has_dates */
    double holdout;       /* purchases after the calibration's end */
} nb_buyer_t;

/** What to read and how; a zeroed one guesses everything. */
typedef struct {
    const char *columns;         /* "customer=1,date=3,spend=5": names or 1-based numbers; NULL */
    const char *date_format;     /* of strptime; NULL */
    const char *calibration_end; /* last day of the calibration; NULL: last day of the log */
    int is_rfm;                  /* a summary; then neither of the two above */
    int in_days;                 /* unit of time: days, not weeks */
} nb_purchase_options_t;

enum { NB_NOTES_SIZE = 1024 };

/** What was read. */
typedef struct {
    nb_table_t table;
    size_t n;
    nb_buyer_t *buyers; /* [n], in order of first row; born by the calibration's end */
    int has_spend;
    int has_dates;    /* a log, not a summary: the fields below mean something */
    int has_holdout;  /* the log goes on after the calibration's end */
    double unit_days; /* days in a unit of time: 7 or 1 */
    long first_day, calibration_day, last_day; /* first purchase, end of calibration, end of log */
    size_t n_late;             /* customers left out: first purchase after the calibration's end */
    char notes[NB_NOTES_SIZE]; /* guesses and what was put in order, a line each */
} nb_purchase_log_t;

/** Read a file. NB_ERR_USAGE for wrong options, NB_ERR_DATA naming file and line, and the errors of
 * nb_table_read. */
int nb_purchase_log_read(nb_purchase_log_t *self, const char *path,
                         const nb_purchase_options_t *options) NB_MUST_CHECK;

/** As nb_purchase_log_read from memory; `name` stands for the file. */
int nb_purchase_log_parse(nb_purchase_log_t *self, const char *name, const char *text,
                          size_t length, const nb_purchase_options_t *options) NB_MUST_CHECK;

/** Length of the holdout in the log's unit, 0 where there is none. */
double nb_purchase_log_holdout(const nb_purchase_log_t *self);

/** Accepts a zeroed log; may be called twice. */
void nb_purchase_log_free(nb_purchase_log_t *self);

/** Of the columns of a log (customer, date, spend) or summary (customer, frequency, recency, age,
 * spend), which of the table's they are. */
enum { NB_ROLES = 5 };
typedef struct {
    size_t at[NB_ROLES]; /* n_columns of the table where absent */
} nb_columns_t;

enum { NB_ROLE_CUSTOMER = 0, NB_ROLE_DATE = 1, NB_ROLE_SPEND = 2 };
enum { NB_RFM_FREQUENCY = 1, NB_RFM_RECENCY = 2, NB_RFM_AGE = 3, NB_RFM_SPEND = 4 };

/** Find the columns: as `options` say, else guessed (with a note). NB_ERR_USAGE, NB_ERR_DATA. */
int nb_columns_find(nb_purchase_log_t *self, const nb_purchase_options_t *options,
                    nb_columns_t *out) NB_MUST_CHECK;

/** Format of the dates in a column: the one that reads most of the first rows. NB_ERR_DATA where
 * none reads any, or two read as many and disagree. */
int nb_columns_guess_format(const nb_table_t *table, size_t column, const char **out) NB_MUST_CHECK;

/** Add a line to the notes; what does not fit is cut. */
void nb_purchase_log_note(nb_purchase_log_t *self, const char *format, ...) NB_PRINTF(2, 3);

#endif
