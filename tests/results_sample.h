/*
 * A small results.h5 with known numbers, for tests of what reads one: four strategies (never,
 * weekly, copy of never, lin_ts), five replications, metrics equity and contacts, and equity by
 * segment (1 + i more in segment 0 and as much less in segment 1, i the number of the strategy);
 * one unit of lin_ts failed and one has not run.
 */
#ifndef NB_TESTS_RESULTS_SAMPLE_H
#define NB_TESTS_RESULTS_SAMPLE_H

#include "core/error.h"

enum { SAMPLE_PATH_SIZE = 300 };

/** Write "results.h5" and its store into `folder`; its path into `path`. */
int sample_results(const char *folder, const char *hypothesis,
                   char path[SAMPLE_PATH_SIZE]) NB_MUST_CHECK;

#endif
