/*
 * Independent work items over a fixed number of threads, handed out in order by an atomic counter.
 *
 * For replications and other coarse work: threads live for one call and never spin. cmocka's
 * asserts must not be used inside `work`: they longjmp, and the jump buffer is another thread's.
 */
#ifndef NB_CORE_PARALLEL_H
#define NB_CORE_PARALLEL_H

#include <stddef.h>

#include "core/error.h"

/**
 * Call work(context, i_item, i_worker) once for every item 0 .. n_items - 1; the calling thread is
 * worker 0. After an error no further item is handed out, those begun are finished, and the error
 * of the lowest item is returned with its detail, whatever the number of threads. Where the system
 * gives fewer threads the rest does the work.
 * @param n_threads workers, 1 at least   @param work returns NB_OK or an NB_ERR_* code
 */
int nb_parallel_for(int n_threads, size_t n_items,
                    int (*work)(void *context, size_t i_item, int i_worker),
                    void *context) NB_MUST_CHECK;

/** Processors that this process may use, 1 at least. */
int nb_parallel_processors(void);

#endif
