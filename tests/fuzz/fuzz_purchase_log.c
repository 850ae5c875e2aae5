/*
 * Fuzzing of the reader of purchase logs and summaries. Whatever the bytes, it answers with
 * customers whose histories make sense, or with a sentence.
 *
 *   fuzz_purchase_log FILE...              replay (a normal test does this with
 * corpus/purchase_log) fuzz_purchase_log --mutate N FILE...   N random changes of each file; build
 * with sanitizers
 *
 * With -fsanitize=fuzzer and -DNB_LIBFUZZER the first function is libFuzzer's entry.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/purchase_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_purchase_log: %s (%s)\n", what, nb_error_detail());
        abort();
    }
}

static void check_customers(const nb_purchase_log_t *log)
{
    require(log->n > 0, "a log without customers");
    for (size_t i = 0; i < log->n; i++) {
        const nb_buyer_t *buyer = &log->buyers[i];
        const nb_history_t *history = &buyer->history;

        require(buyer->id[0] != '\0', "an empty id");
        require(history->x >= 0 && history->x == floor(history->x), "x is no count");
        require(history->t_x >= 0 && history->t_x <= history->T, "t_x is outside 0 to T");
        require((history->x > 0) == (history->t_x > 0), "x and t_x disagree");
        require(buyer->spend >= 0 && buyer->holdout >= 0, "negative spend or holdout");
    }
}

static void read_as(const uint8_t *bytes, size_t n, const nb_purchase_options_t *options)
{
    nb_purchase_log_t log;
    int code;

    nb_error_clear();
    code = nb_purchase_log_parse(&log, "fuzz", (const char *)bytes, n, options);
    if (code == NB_OK) {
        check_customers(&log);
    } else {
        require(nb_error_is_input(code) && nb_error_detail()[0], "an error without a sentence");
    }
    nb_purchase_log_free(&log);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const nb_purchase_options_t kinds[] = {
        {0}, {.is_rfm = 1}, {.calibration_end = "2020-01-10", .in_days = 1}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        read_as(bytes, n, &kinds[i]);
    }
    return 0;
}

#ifndef NB_LIBFUZZER

enum { MOST_BYTES = 1 << 16 };

static uint64_t random_state = 88172645463325252u;

/* xorshift64 (Marsaglia 2003): good enough to break parsers, and the same everywhere */
static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t mutate(uint8_t *bytes, size_t n)
{
    static const char tokens[] = "\n\n\r\t ,,;\"\"-.0123456789axe";

    for (uint64_t i = 1 + next_random() % 4; i > 0 && n > 0; i--) {
        size_t at = next_random() % n, length = 1 + next_random() % 8;

        length = at + length > n ? n - at : length;
        if (next_random() % 4 == 0) {
            memmove(bytes + at, bytes + at + length, n - at - length);
            n -= length;
        } else if (next_random() % 3 == 0 && n + length < MOST_BYTES) {
            memmove(bytes + at + length, bytes + at, n - at);
            n += length;
        } else {
            bytes[at] = next_random() % 8 ? (uint8_t)tokens[next_random() % (sizeof tokens - 1)]
                                          : (uint8_t)next_random();
        }
    }
    return n;
}

static void run_file(const char *path, long n_mutations)
{
    static uint8_t bytes[MOST_BYTES], copy[MOST_BYTES];
    FILE *file = fopen(path, "rb");
    size_t n;

    require(file != NULL, path);
    n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, n);
    for (long i = 0; i < n_mutations; i++) {
        memcpy(copy, bytes, n);
        LLVMFuzzerTestOneInput(copy, mutate(copy, n));
    }
}

int main(int argc, char **argv)
{
    int first = 1;
    long n_mutations = 0;

    if (argc > 2 && strcmp(argv[1], "--mutate") == 0) {
        n_mutations = strtol(argv[2], NULL, 10);
        first = 3;
    }
    require(argc > first, "usage: fuzz_purchase_log [--mutate N] FILE...");
    for (int i = first; i < argc; i++) {
        run_file(argv[i], n_mutations);
    }
    printf("%d files, %ld changes of each\n", argc - first, n_mutations);
    return 0;
}

#endif
