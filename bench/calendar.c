#define _GNU_SOURCE
#include "bench/calendar.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const formats[] = {
    "%Y-%m-%d",    "%Y%m%d",      "%Y/%m/%d",       "%d.%m.%Y",       "%d/%m/%Y",       "%m/%d/%Y",
    "%Y-%m-%d %T", "%Y-%m-%dT%T", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M",
};

const char *nb_date_format(size_t n)
{
    return n < sizeof formats / sizeof formats[0] ? formats[n] : NULL;
}

/* days from civil date (Hinnant 2013, proleptic Gregorian calendar) */
static long day_number(long year, long month, long day)
{
    long y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
    long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil(long day, long *year, long *month, long *of_month)
{
    long z = day + 719468, era = z / 146097, of_era = z - era * 146097;
    long y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    long of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

    *of_month = of_year - (153 * m + 2) / 5 + 1;
    *month = m + (m < 10 ? 3 : -9);
    *year = y + era * 400 + (*month <= 2);
}

int nb_date_parse(const char *text, const char *format, long *day)
{
    struct tm tm;
    const char *end;
    long year, month, of_month;

    memset(&tm, 0, sizeof tm);
    end = strptime(text, format, &tm);
    year = tm.tm_year + 1900L;
    if (!end || *end || tm.tm_mday < 1 || year < 1800 || year > 2200) {
        return 0;
    }
    /* strptime reads "1997111" by %Y%m%d: digits without separators must all be there */
    if (strcmp(format, "%Y%m%d") == 0 && strlen(text) != 8) {
        return 0;
    }
    *day = day_number(year, tm.tm_mon + 1L, tm.tm_mday);
    civil(*day, &year, &month, &of_month);
    return month == tm.tm_mon + 1L && of_month == tm.tm_mday;
}

void nb_date_write(long day, char out[NB_DATE_SIZE])
{
    long year, month, of_month;

    civil(day, &year, &month, &of_month);
    snprintf(out, NB_DATE_SIZE, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
             (unsigned)of_month % 100);
}
