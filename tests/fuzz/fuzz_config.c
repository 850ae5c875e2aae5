/*
 * Fuzzing of the configuration reader. Whatever the bytes, it answers with a tree or with a
 * sentence, and a tree written out reads back as the same tree.
 *
 *   fuzz_config FILE...              replay (a normal test does this with corpus/config)
 *   fuzz_config --mutate N FILE...   N random changes of each file; build with sanitizers
 *
 * With -fsanitize=fuzzer and -DNB_LIBFUZZER the first function is libFuzzer's entry.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz_config: %s (%s)\n", what, nb_error_detail());
        abort();
    }
}

static char *text_of(int (*write)(const nb_node_t *, FILE *), const nb_node_t *node, size_t *n)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, n);

    require(out && write(node, out) == NB_OK && fclose(out) == 0, "writing fails");
    return text;
}

static void check_round_trip(const nb_config_t *config)
{
    nb_config_t again;
    size_t n_yaml, n_first, n_second;
    char *yaml = text_of(nb_node_yaml, config->root, &n_yaml);
    char *first = text_of(nb_node_canonical, config->root, &n_first), *second;

    require(nb_config_init(&again) == NB_OK, "no memory");
    require(nb_config_parse(&again, "again", yaml, n_yaml) == NB_OK, "own YAML is refused");
    second = text_of(nb_node_canonical, again.root, &n_second);
    require(strcmp(first, second) == 0, "own YAML reads back as another tree");
    free(yaml);
    free(first);
    free(second);
    nb_config_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    nb_config_t config;
    int code;

    require(nb_config_init(&config) == NB_OK, "no memory");
    nb_error_clear();
    code = nb_config_parse(&config, "fuzz", (const char *)bytes, n);
    if (code == NB_OK) {
        check_round_trip(&config);
    } else {
        require(code == NB_ERR_CONFIG && strncmp(nb_error_detail(), "fuzz", 4) == 0,
                "an error without a place");
    }
    nb_config_free(&config);
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
    static const char tokens[] = "\n\n  \t:-,[]{}&*!|>'\"%@`#?.\\~a1\r<=";

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
        /* the parser must not read beyond the end: give it a block of the exact size */
        size_t n_copy;
        uint8_t *exact;

        memcpy(copy, bytes, n);
        n_copy = mutate(copy, n);
        exact = malloc(n_copy ? n_copy : 1);
        require(exact != NULL, "no memory");
        memcpy(exact, copy, n_copy);
        LLVMFuzzerTestOneInput(exact, n_copy);
        free(exact);
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
    require(argc > first, "usage: fuzz_config [--mutate N] FILE...");
    for (int i = first; i < argc; i++) {
        run_file(argv[i], n_mutations);
    }
    printf("%d files, %ld changes of each\n", argc - first, n_mutations);
    return 0;
}

#endif
