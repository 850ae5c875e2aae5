#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DETAIL_SIZE = 1024 };

static _Thread_local char detail[DETAIL_SIZE];

typedef struct {
    int code;
    int is_input;
    const char *sentence;
} error_entry_t;

static const error_entry_t entries[] = {
#define NB_ERROR_ENTRY(code, is_input, sentence) {code, is_input, sentence},
    NB_ERROR_LIST(NB_ERROR_ENTRY)
#undef NB_ERROR_ENTRY
};

static const error_entry_t *find_entry(int code)
{
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        if (entries[i].code == code) {
            return &entries[i];
        }
    }
    return NULL;
}

const char *nb_strerror(int code)
{
    const error_entry_t *entry = find_entry(code);

    if (code == NB_OK) {
        return "done";
    }
    return entry ? entry->sentence : "unknown error";
}

int nb_error_is_input(int code)
{
    const error_entry_t *entry = find_entry(code);

    return entry ? entry->is_input : 0;
}

int nb_error_set(int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    return code;
}

int nb_error_prefix(int code, const char *format, ...)
{
    char before[DETAIL_SIZE];
    char whole[2 * DETAIL_SIZE + 2];
    va_list args;

    va_start(args, format);
    vsnprintf(before, sizeof before, format, args);
    va_end(args);
    snprintf(whole, sizeof whole, "%s: %s", before, detail[0] ? detail : nb_strerror(code));
    whole[DETAIL_SIZE - 1] = '\0';
    memcpy(detail, whole, DETAIL_SIZE);
    return code;
}

const char *nb_error_detail(void)
{
    return detail;
}

void nb_error_clear(void)
{
    detail[0] = '\0';
}

void nb_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "nextbest: internal error: %s does not hold (%s:%d)\n", condition, file, line);
    abort();
}
