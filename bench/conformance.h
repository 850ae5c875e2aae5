/*
 * Whether a policy keeps the promises of policies/policy.h: the battery that every policy of the
 * library passes, for those who write their own. Serves `nextbest check-policy`.
 *
 * A policy is set up on decision points, taught made-up decisions for two periods, and asked. Each
 * check stands alone, so that a caller can run it in a process of its own and outlive a crash.
 */
#ifndef NB_BENCH_CONFORMANCE_H
#define NB_BENCH_CONFORMANCE_H

#include "bench/strategy.h"

/** Number of checks. */
size_t nb_conformance_count(void);

/** Name of a check ("masks"), and the promise as a sentence. */
const char *nb_conformance_name(size_t i);
const char *nb_conformance_promise(size_t i);

typedef enum { NB_CHECK_PASSED, NB_CHECK_SKIPPED, NB_CHECK_FAILED } nb_check_outcome_t;

enum { NB_CHECK_REASON_SIZE = 512 };

/** What came of a check. */
typedef struct {
    nb_check_outcome_t outcome;
    char reason[NB_CHECK_REASON_SIZE]; /* why it failed or was skipped; "" where it passed */
} nb_check_t;

/**
 * Run check i on a policy with these points; the spec's n_customers is overridden. An error is only
 * what keeps the check from being made: memory, or a policy that cannot be set up.
 */
int nb_conformance_run(const nb_layer_t *policy, const nb_spec_t *spec, size_t i,
                       nb_check_t *out) NB_MUST_CHECK;

#endif
