/*
 * What the fuzzers share. Each is one function LLVMFuzzerTestOneInput; driver.c is the main program
 * around it:
 *
 *   fuzz_NAME FILE...              replay (a normal test does this with corpus/NAME)
 *   fuzz_NAME --mutate N FILE...   N random changes of each file; build with sanitizers
 *
 * With -fsanitize=fuzzer leave driver.c out: libFuzzer brings a main of its own.
 */
#ifndef NB_TESTS_FUZZ_DRIVER_H
#define NB_TESTS_FUZZ_DRIVER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"

/** The function under test: any bytes; aborts where what must hold does not. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/** Characters that mean something to the parser: what most changes write. */
extern const char fuzz_tokens[];

/** Abort with a sentence where `condition` does not hold. */
static inline void require(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fuzz: %s (%s)\n", what, nb_error_detail());
        abort();
    }
}

#endif
