/*
 * Aligned plain-text tables, and numbers with as many digits as their standard error deserves.
 */
#ifndef NB_BENCH_TEXT_TABLE_H
#define NB_BENCH_TEXT_TABLE_H

#include <stdio.h>

#include "core/error.h"

/** A table that grows cell by cell, row by row; the first row is the head. */
typedef struct {
    size_t n_columns;
    size_t n_left; /* the first columns are aligned left, the others right */
    int last_left; /* the last one too, for sentences; set it after init */
    size_t n_cells, n_room;
    char **cells;
} nb_text_table_t;

/** Empty table. */
void nb_text_table_init(nb_text_table_t *self, size_t n_columns, size_t n_left);

/** Append the next cell, row after row. */
int nb_text_table_add(nb_text_table_t *self, const char *format, ...) NB_PRINTF(2, 3) NB_MUST_CHECK;

/** Print it, two blanks between columns; `bold` puts the head in bold by terminal codes. */
void nb_text_table_print(const nb_text_table_t *self, int bold, FILE *out);

/** Accepts a zeroed table; may be called twice. */
void nb_text_table_free(nb_text_table_t *self);

/** Decimals that show two significant digits of a standard error; 4 significant digits of the
 * value itself where there is none. */
int nb_text_decimals(double value, double se);

/** "12.35", "-" where it is not finite. */
void nb_text_real(double value, int decimals, char *out, size_t size);

/** "12.35 ± 0.12"; without a finite `se` the value alone; "-" where there is no value. */
void nb_text_value(double value, double se, char *out, size_t size);

/** A p value: "0.034", "< 0.001", "1", "-" where there is none. */
void nb_text_p(double p, char *out, size_t size);

#endif
