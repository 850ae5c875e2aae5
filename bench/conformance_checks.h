/* The checks of bench/conformance.c: NB_OK where the promise holds, NB_CHECK_SKIP with `why` where
 * it does not concern the policy, an error that says what was seen where it is broken. */
#ifndef NB_BENCH_CONFORMANCE_CHECKS_H
#define NB_BENCH_CONFORMANCE_CHECKS_H

#include "bench/conformance_subject.h"

int nb_check_describes(nb_subject_t *self, char *why);
int nb_check_masks(nb_subject_t *self, char *why);
int nb_check_short_rows(nb_subject_t *self, char *why);
int nb_check_same_bits(nb_subject_t *self, char *why);
int nb_check_blocks(nb_subject_t *self, char *why);
int nb_check_scores(nb_subject_t *self, char *why);
int nb_check_probabilities(nb_subject_t *self, char *why);
int nb_check_frequencies(nb_subject_t *self, char *why);
int nb_check_values(nb_subject_t *self, char *why);
int nb_check_copy(nb_subject_t *self, char *why);
int nb_check_reset(nb_subject_t *self, char *why);
int nb_check_learns(nb_subject_t *self, char *why);
int nb_check_grows(nb_subject_t *self, char *why);
int nb_check_allocations(nb_subject_t *self, char *why);
int nb_check_not_finite(nb_subject_t *self, char *why);

/** Say why a check does not concern a policy. */
int nb_check_skip(char *why, const char *reason);

#endif
