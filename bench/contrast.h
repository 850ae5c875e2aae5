/*
 * The contrast of a hypothesis: a signed sum of strategies or cells, "a - b" or
 * "a | x=1 - b | x=1 - a | x=2 + b | x=2". Signs stand between blanks; a first term without a sign
 * is added.
 */
#ifndef NB_BENCH_CONTRAST_H
#define NB_BENCH_CONTRAST_H

#include <stddef.h>

#include "core/error.h"

enum { NB_CONTRAST_MAX_TERMS = 8 };

/** One term; the name points into the contrast. */
typedef struct {
    int sign; /* +1, -1 */
    const char *name;
} nb_contrast_term_t;

typedef struct {
    char *names; /* of the terms, cut from a copy of the text */
    size_t n;    /* at least one */
    nb_contrast_term_t terms[NB_CONTRAST_MAX_TERMS];
} nb_contrast_t;

/** Cut a text into its terms. NB_ERR_CONFIG says what is wrong with it: nothing at all, a sign
 * without a name, more than NB_CONTRAST_MAX_TERMS terms. */
int nb_contrast_init(nb_contrast_t *self, const char *text) NB_MUST_CHECK;

/** Accepts a zeroed contrast; may be called twice. */
void nb_contrast_free(nb_contrast_t *self);

/** First term that is subtracted, n where there is none. */
size_t nb_contrast_second(const nb_contrast_t *self);

#endif
