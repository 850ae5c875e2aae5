/*
 * The shadow of a run: the same customers with the same luck whom the firm leaves alone (built-in
 * strategy `never`), to see who is worse off for what the firm did.
 */
#ifndef NB_BENCH_SHADOW_H
#define NB_BENCH_SHADOW_H

#include "bench/loop.h"

/**
 * Share of initial customers with less surplus in `run` than under `never`.
 * @param spec  what `run` was run with, to its end
 * NB_ERR_UNSUPPORTED where the environment does not tell the surplus of its customers.
 */
int nb_shadow_worse_off(double *share, const nb_loop_spec_t *spec, const void *run) NB_MUST_CHECK;

#endif
