/*
 * Text for people, broken into lines of at most 100 columns at its blanks.
 */
#ifndef NB_CORE_WRAP_H
#define NB_CORE_WRAP_H

#include <stdio.h>

enum { NB_WRAP_COLUMNS = 100 };

/**
 * Print words of `text` from column `column` (counted from 0, where the cursor is) on; later lines
 * begin at column `indent`. A word longer than a line stays whole. No line feed at the end.
 */
void nb_wrap(const char *text, int column, int indent, FILE *out);

#endif
