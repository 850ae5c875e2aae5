#include "tests/fuzz/driver.h"

#include <string.h>

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
    size_t n_tokens = strlen(fuzz_tokens);

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
            bytes[at] = next_random() % 8 ? (uint8_t)fuzz_tokens[next_random() % n_tokens]
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
    require(argc > first, "usage: fuzz_NAME [--mutate N] FILE...");
    for (int i = first; i < argc; i++) {
        run_file(argv[i], n_mutations);
    }
    printf("%d files, %ld changes of each\n", argc - first, n_mutations);
    return 0;
}
