/*
 * Delimited text: comma, semicolon, tab or blanks; header or none; LF or CRLF; cells in double
 * quotes. The delimiter and whether there is a header are guessed from the first row. Every row has
 * as many cells as the first; empty lines are skipped.
 */
#ifndef NB_BENCH_TABLE_H
#define NB_BENCH_TABLE_H

#include <stddef.h>

#include "core/error.h"

/** A table in memory; cells are NUL-terminated and point into `text`. */
typedef struct {
    char *name; /* of the file, for errors */
    char *text;
    char delimiter; /* ',' ';' '\t' or ' ' for runs of blanks */
    size_t n_columns;
    char **header; /* [n_columns], NULL where there is none */
    size_t n_rows; /* without the header, at least 1 */
    char **cells;  /* [n_rows x n_columns] */
    long *lines;   /* [n_rows] line number from 1 */
} nb_table_t;

/**
 * Read a file. NB_ERR_NOT_FOUND, NB_ERR_IO, NB_ERR_MEMORY, and NB_ERR_DATA naming file and line for
 * an empty file, bytes that are no text, rows of another length, a column named twice.
 */
int nb_table_read(nb_table_t *self, const char *path) NB_MUST_CHECK;

/** As nb_table_read from memory, which is copied; `name` stands for the file in errors. */
int nb_table_parse(nb_table_t *self, const char *name, const char *text,
                   size_t length) NB_MUST_CHECK;

/** Accepts a zeroed table; may be called twice. */
void nb_table_free(nb_table_t *self);

/** Index of a column by name (upper and lower case alike), or n_columns where there is none. */
size_t nb_table_column(const nb_table_t *self, const char *name);

/** Cell as a finite number; NB_ERR_DATA names file, line, and `what` was expected. */
int nb_table_real(const nb_table_t *self, size_t row, size_t column, const char *what,
                  double *out) NB_MUST_CHECK;

/** 1 where the whole text is a finite number. */
int nb_text_is_real(const char *text, double *out);

#endif
