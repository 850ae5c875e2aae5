#define _GNU_SOURCE
#include "core/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"

enum { DETAIL_SIZE = 1024 };

/* what the workers of one call share */
typedef struct {
    int (*work)(void *context, size_t i_item, int i_worker);
    void *context;
    size_t n_items;
    atomic_size_t next;
    atomic_int failed;
    pthread_mutex_t lock; /* of what follows: the error of the lowest item so far */
    size_t i_failed;
    int code;
    char detail[DETAIL_SIZE];
} job_t;

typedef struct {
    job_t *job;
    int i_worker;
    pthread_t thread;
} worker_t;

static void record(job_t *job, size_t i_item, int code)
{
    atomic_store(&job->failed, 1);
    pthread_mutex_lock(&job->lock);
    if (job->code == NB_OK || i_item < job->i_failed) {
        job->i_failed = i_item;
        job->code = code;
        snprintf(job->detail, sizeof job->detail, "%s", nb_error_detail());
    }
    pthread_mutex_unlock(&job->lock);
}

/* items are handed out in order, so every item below a failed one has been begun and is finished */
static void *run_worker(void *argument)
{
    worker_t *self = argument;
    job_t *job = self->job;

    while (!atomic_load(&job->failed)) {
        size_t i_item = atomic_fetch_add(&job->next, 1);

        if (i_item >= job->n_items) {
            break;
        }
        int code = job->work(job->context, i_item, self->i_worker);

        if (code < 0) {
            record(job, i_item, code);
        }
    }
    return NULL;
}

int nb_parallel_for(int n_threads, size_t n_items,
                    int (*work)(void *context, size_t i_item, int i_worker), void *context)
{
    job_t job = {.work = work, .context = context, .n_items = n_items};
    worker_t *workers = NULL;
    int n_started = 1;

    NB_ASSERT(n_threads >= 1);
    if ((size_t)n_threads > n_items) {
        n_threads = n_items ? (int)n_items : 1;
    }
    NB_TRY(nb_alloc(&workers, (size_t)n_threads, sizeof *workers));
    pthread_mutex_init(&job.lock, NULL);
    for (int i = 0; i < n_threads; i++) {
        workers[i] = (worker_t){.job = &job, .i_worker = i};
    }
    while (n_started < n_threads &&
           pthread_create(&workers[n_started].thread, NULL, run_worker, workers + n_started) == 0) {
        n_started++;
    }
    run_worker(workers);
    for (int i = 1; i < n_started; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    pthread_mutex_destroy(&job.lock);
    nb_free(workers);
    return job.code < 0 ? nb_error_set(job.code, "%s", job.detail) : NB_OK;
}

int nb_parallel_processors(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0 || CPU_COUNT(&set) < 1) {
        return 1;
    }
    return CPU_COUNT(&set);
}
