#include "bench/headroom.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "bench/headroom_candidates.h"
#include "bench/loop.h"
#include "core/memory.h"
#include "core/parallel.h"

/* most bytes of values */
static const double MAX_BYTES = 4e9;

typedef struct {
    const nb_headroom_spec_t *spec;
    nb_headroom_candidates_t candidates;
    nb_headroom_values_t values;
    nb_config_t burn_in_config;
    nb_strategy_t burn_in;
    int has_burn_in, has_oracle;
    nb_progress_t progress;
    struct timespec start;
    pthread_mutex_t mutex; /* of the progress */
} work_t;

static int check_spec(const nb_headroom_spec_t *spec)
{
    if (spec->replications < 2) {
        NB_FAIL(NB_ERR_CONFIG,
                "%d replications: one half chooses and the other values, expected 2 "
                "or more",
                spec->replications);
    }
    if (!spec->environment->customer_values) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "environment %s does not tell values by customer",
                spec->environment->name);
    }
    return NB_OK;
}

static int init_burn_in(work_t *work)
{
    const nb_headroom_spec_t *spec = work->spec;
    int warm_start;

    if (!spec->environment->burn_in || !spec->environment->burn_in(spec->world, &warm_start)) {
        return NB_OK;
    }
    work->has_burn_in = 1;
    NB_TRY(nb_config_init(&work->burn_in_config));
    return nb_strategy_init_built_in(&work->burn_in, &work->burn_in_config, "monthly",
                                     spec->environment->spec(spec->world));
}

static int init_values(work_t *work)
{
    nb_headroom_values_t *values = &work->values;
    size_t R = (size_t)work->spec->replications, n = (size_t)work->spec->n_customers;
    double bytes = (double)work->candidates.n * (double)R * (double)n * sizeof *values->values;

    if (bytes > MAX_BYTES) {
        NB_FAIL(NB_ERR_RANGE,
                "%zu strategies x %zu replications x %zu customers: more values than "
                "fit into 4 GB",
                work->candidates.n, R, n);
    }
    values->n_candidates = work->candidates.n;
    values->n_replications = R;
    values->n_customers = n;
    NB_TRY(nb_alloc(&values->values, values->n_candidates * R * n, sizeof *values->values));
    NB_TRY(nb_alloc(&values->state, R * n, sizeof *values->state));
    return work->spec->environment->customer_segments
               ? nb_alloc(&values->segments, R * n, sizeof *values->segments)
               : NB_OK;
}

static double find_seconds(const work_t *work)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - work->start.tv_sec) +
           1e-9 * (double)(now.tv_nsec - work->start.tv_nsec);
}

static void tell(work_t *work, double customer_periods)
{
    pthread_mutex_lock(&work->mutex);
    work->progress.n_done++;
    work->progress.n_ran++;
    work->progress.customer_periods += customer_periods;
    work->progress.seconds = find_seconds(work);
    if (work->spec->report) {
        work->spec->report(work->spec->context, &work->progress);
    }
    pthread_mutex_unlock(&work->mutex);
}

/* values of a finished run into `out`, and where `segments`, its segments */
static int take_values(work_t *work, const nb_loop_t *loop, float *out, uint8_t *segments)
{
    const nb_environment_type_t *environment = work->spec->environment;
    size_t n_wanted = work->values.n_customers, n = 0;
    const double *values = environment->customer_values(loop->run, &n);
    unsigned n_segments = 0;
    const uint8_t *from;

    if (n == 0) {
        NB_FAIL(NB_ERR_UNSUPPORTED,
                "environment %s does not tell what each customer is worth here, as with several "
                "firms: headroom needs a scenario of one firm",
                environment->name);
    }
    if (n != n_wanted) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "environment %s does not tell values by customer here",
                environment->name);
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = (float)values[i];
    }
    if (segments) {
        from = environment->customer_segments(loop->run, &n, &n_segments);
        NB_ASSERT(n == n_wanted);
        memcpy(segments, from, n);
    }
    return NB_OK;
}

/* candidate i / R, or the oracle behind the last, in replication i % R */
static int run_one(void *context, size_t i_item, int i_worker)
{
    work_t *work = context;
    const nb_headroom_spec_t *spec = work->spec;
    nb_headroom_values_t *values = &work->values;
    size_t R = values->n_replications, n = values->n_customers, c = i_item / R, r = i_item % R;
    int is_oracle = c == values->n_candidates;
    nb_loop_spec_t loop_spec = {
        .environment = spec->environment,
        .world = spec->world,
        .strategy =
            is_oracle ? &work->candidates.oracle.strategy : &work->candidates.items[c].strategy,
        .burn_in = work->has_burn_in ? &work->burn_in : NULL,
        .key = {.seed = spec->seed, .replication = (uint32_t)r},
        .policy_key = {.seed = spec->seed, .replication = (uint32_t)r},
        .n_customers = n,
        .periods = spec->periods,
        .tail = 1,
        .same_population = 1,
        .stop = spec->stop,
    };
    nb_loop_t loop = {.run = NULL};
    int code;

    (void)i_worker;
    nb_error_clear();
    code = nb_loop_init(&loop, &loop_spec);
    code = code < 0 ? code : nb_loop_run(&loop);
    code = code < 0 ? code
                    : take_values(work, &loop,
                                  is_oracle ? values->state + r * n : values->values + i_item * n,
                                  c == 0 && values->segments ? values->segments + r * n : NULL);
    if (code >= 0) {
        tell(work, loop.customer_periods);
    }
    nb_loop_free(&loop);
    return code;
}

/* 1 where the environment can tell what the oracle asks: its first run says so */
static int try_oracle(work_t *work)
{
    size_t R = work->values.n_replications;
    int code = run_one(work, work->values.n_candidates * R, 0);

    if (code == NB_ERR_UNSUPPORTED) {
        nb_error_clear();
        nb_free(work->values.state);
        work->values.state = NULL;
        work->progress.n_units -= R;
        return NB_OK;
    }
    work->has_oracle = code >= 0;
    return code;
}

static int run_rest_of_oracle(void *context, size_t i_item, int i_worker)
{
    work_t *work = context;

    return run_one(work, work->values.n_candidates * work->values.n_replications + 1 + i_item,
                   i_worker);
}

static int run_all(work_t *work)
{
    size_t R = work->values.n_replications;
    int n_threads = work->spec->n_threads;

    work->progress.n_units = (work->values.n_candidates + 1) * R;
    clock_gettime(CLOCK_MONOTONIC, &work->start);
    NB_TRY(try_oracle(work));
    if (work->has_oracle) {
        NB_TRY(nb_parallel_for(n_threads, R - 1, run_rest_of_oracle, work));
    }
    return nb_parallel_for(n_threads, work->values.n_candidates * R, run_one, work);
}

/* the labels outlive the candidates */
static int keep_labels(nb_headroom_t *self, nb_headroom_candidates_t *candidates)
{
    NB_TRY(nb_alloc(&self->labels, candidates->n, sizeof *self->labels));
    self->n_candidates = candidates->n;
    for (size_t c = 0; c < candidates->n; c++) {
        self->labels[c] = candidates->items[c].label;
        candidates->items[c].label = NULL;
    }
    return NB_OK;
}

static int climb(nb_headroom_t *self, work_t *work)
{
    const nb_headroom_spec_t *spec = work->spec;

    NB_TRY(nb_headroom_candidates_init(&work->candidates, spec->points, spec->n_points,
                                       spec->environment->spec(spec->world)));
    NB_TRY(check_spec(spec));
    NB_TRY(init_burn_in(work));
    NB_TRY(init_values(work));
    NB_TRY(run_all(work));
    self->n_replications = work->values.n_replications;
    self->n_customers = work->values.n_customers;
    NB_TRY(keep_labels(self, &work->candidates));
    return nb_headroom_climb(self, &work->values);
}

int nb_headroom_init(nb_headroom_t *self, const nb_headroom_spec_t *spec)
{
    work_t *work;
    int code;

    memset(self, 0, sizeof *self);
    NB_TRY(nb_alloc(&work, 1, sizeof *work));
    work->spec = spec;
    pthread_mutex_init(&work->mutex, NULL);
    code = climb(self, work);
    nb_headroom_candidates_free(&work->candidates);
    nb_headroom_values_free(&work->values);
    nb_strategy_free(&work->burn_in);
    nb_config_free(&work->burn_in_config);
    pthread_mutex_destroy(&work->mutex);
    nb_free(work);
    return code;
}

void nb_headroom_free(nb_headroom_t *self)
{
    for (size_t c = 0; self->labels && c < self->n_candidates; c++) {
        nb_free(self->labels[c]);
    }
    nb_free(self->labels);
    memset(self, 0, sizeof *self);
}
