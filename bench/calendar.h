/*
 * Calendar dates as day numbers (1970-01-01 = 0), read by a strptime format that is given or
 * guessed.
 */
#ifndef NB_BENCH_CALENDAR_H
#define NB_BENCH_CALENDAR_H

#include <stddef.h>

enum { NB_DATE_SIZE = 16 }; /* bytes of a written date */

/** 1 where the whole text is an existing day of the years 1800 to 2200 in this format; a time of
 * day is read over. */
int nb_date_parse(const char *text, const char *format, long *day);

/** Write "YYYY-MM-DD". */
void nb_date_write(long day, char out[NB_DATE_SIZE]);

/** The n-th format that is tried when none is given, NULL behind the last. */
const char *nb_date_format(size_t n);

#endif
