/*
 * Cost of a decision and of an update of linear learners, beside a naive baseline in the same
 * run: the textbook loop, one row at a time in float64, with an inverse matrix per action kept by
 * Sherman-Morrison (Li et al. 2010, algorithm 1, as most packages write it).
 *
 * Prints nanoseconds of CPU time, minima over repetitions, and the ratio to the baseline.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/memory.h"
#include "policies/registry.h"

enum { N_ROWS = NB_BLOCK_ROWS, MAX_D = 32, MAX_K = 32, N_REPEATS = 7 };
static const double target_seconds = 0.02; /* of one repetition */

/* one size of problem: rows with everything allowed, and the baseline's state */
typedef struct {
    unsigned d, K;
    nb_point_t point;
    nb_spec_t spec;
    float *x;
    uint64_t *mask;
    uint32_t *luck;
    int32_t *action;
    double *reward;
    double *inverse; /* [K x d x d] */
    double *weights; /* [K x d] */
    nb_arena_t arena;
    const nb_policy_type_t *type;
    void *state;
} problem_t;

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int problem_init(problem_t *self, unsigned d, unsigned K)
{
    nb_stream_t stream;

    memset(self, 0, sizeof *self);
    self->d = d;
    self->K = K;
    self->point =
        (nb_point_t){.name = "point", .phase = "", .d = d, .n_actions = K, .max_slate = 1};
    self->spec = (nb_spec_t){.n_points = 1,
                             .points = &self->point,
                             .gamma = 1,
                             .period_weeks = 1,
                             .n_customers = N_ROWS};
    NB_TRY(nb_alloc(&self->x, N_ROWS * d, sizeof *self->x));
    NB_TRY(nb_alloc(&self->mask, N_ROWS, sizeof *self->mask));
    NB_TRY(nb_alloc(&self->luck, N_ROWS, sizeof *self->luck));
    NB_TRY(nb_alloc(&self->action, N_ROWS, sizeof *self->action));
    NB_TRY(nb_alloc(&self->reward, N_ROWS, sizeof *self->reward));
    NB_TRY(nb_alloc(&self->inverse, K * d * d, sizeof *self->inverse));
    NB_TRY(nb_alloc(&self->weights, K * d, sizeof *self->weights));
    nb_stream_init(&stream, (nb_key_t){d, K}, (nb_counter_t){0});
    for (size_t i = 0; i < N_ROWS; i++) {
        for (unsigned j = 0; j < d; j++) {
            self->x[i * d + j] = (float)nb_stream_normal(&stream);
        }
        self->mask[i] = ((uint64_t)1 << K) - 1;
        self->luck[i] = (uint32_t)i;
        self->action[i] = (int32_t)(i % K);
        self->reward[i] = nb_stream_normal(&stream);
    }
    for (size_t at = 0; at < K * d; at++) {
        self->inverse[at * d + at % d] = 1.0;
    }
    return NB_OK;
}

static void problem_free(problem_t *self)
{
    nb_arena_free(&self->arena);
    nb_free(self->state);
    nb_free(self->weights);
    nb_free(self->inverse);
    nb_free(self->reward);
    nb_free(self->action);
    nb_free(self->luck);
    nb_free(self->mask);
    nb_free(self->x);
}

/* a policy of the library with default settings */
static int problem_bind(problem_t *self, const char *name)
{
    double settings[8];

    nb_arena_free(&self->arena);
    nb_free(self->state);
    self->state = NULL;
    NB_TRY(nb_policy_find(&self->type, name));
    NB_ASSERT(self->type->settings_size <= sizeof settings);
    NB_TRY(nb_settings_defaults(self->type->settings, settings));
    NB_TRY(nb_alloc(&self->state, self->type->state_size(&self->spec, settings), 1));
    NB_TRY(nb_arena_init(&self->arena, self->type->scratch_size(&self->spec, settings)));
    return self->type->init(self->state, &self->spec, settings);
}

/* one decision or update of `n` rows from row `start` */
typedef int (*job_t)(problem_t *self, size_t start, size_t n);

static int library_choose(problem_t *self, size_t start, size_t n)
{
    nb_batch_t batch = {
        .n = n,
        .d = self->d,
        .x = self->x + start * self->d,
        .n_actions = self->K,
        .mask_words = 1,
        .mask = self->mask + start,
        .customer = self->luck + start,
        .luck = self->luck + start,
        .slate = 1,
        .scratch = &self->arena,
    };
    nb_choice_t out = {self->action + start, NULL};

    return self->type->choose(self->state, &batch, &out);
}

static int library_update(problem_t *self, size_t start, size_t n)
{
    nb_transitions_t finished = {
        .n = n,
        .d = self->d,
        .x = self->x + start * self->d,
        .n_actions = self->K,
        .customer = self->luck + start,
        .luck = self->luck + start,
        .slate = 1,
        .action = self->action + start,
        .reward = self->reward + start,
        .scratch = &self->arena,
    };

    NB_TRY(self->type->update(self->state, &finished));
    return self->type->end_period(self->state, &self->arena);
}

static double naive_form(const double *inverse, const float *x, unsigned d)
{
    double sum = 0.0;

    for (unsigned j = 0; j < d; j++) {
        double inner = 0.0;

        for (unsigned l = 0; l < d; l++) {
            inner += inverse[j * d + l] * (double)x[l];
        }
        sum += inner * (double)x[j];
    }
    return sum;
}

/* mean + width * sd of every action, the highest; with `sample` the width is a normal draw */
static int naive_choose(problem_t *self, size_t start, size_t n, int sample)
{
    for (size_t i = start; i < start + n; i++) {
        const float *x = self->x + i * self->d;
        double best = -INFINITY;
        nb_stream_t stream;

        nb_stream_init(&stream, (nb_key_t){1, 1}, (nb_counter_t){.luck = (uint32_t)i});
        for (unsigned k = 0; k < self->K; k++) {
            double width = sample ? nb_stream_normal(&stream) : 1.0;
            double s =
                width * sqrt(naive_form(self->inverse + (size_t)k * self->d * self->d, x, self->d));

            for (unsigned j = 0; j < self->d; j++) {
                s += self->weights[k * self->d + j] * (double)x[j];
            }
            if (s > best) {
                best = s;
                self->action[i] = (int32_t)k;
            }
        }
    }
    return NB_OK;
}

static int naive_ucb(problem_t *self, size_t start, size_t n)
{
    return naive_choose(self, start, n, 0);
}

static int naive_ts(problem_t *self, size_t start, size_t n)
{
    return naive_choose(self, start, n, 1);
}

/* W -= W x x'W / (1 + x'W x), m += W x (y - x'm): recursive least squares */
static int naive_update(problem_t *self, size_t start, size_t n)
{
    unsigned d = self->d;

    for (size_t i = start; i < start + n; i++) {
        double *inverse = self->inverse + (size_t)self->action[i] * d * d;
        double *weights = self->weights + (size_t)self->action[i] * d;
        const float *x = self->x + i * d;
        double wx[MAX_D], q = 1.0, error = self->reward[i];

        for (unsigned j = 0; j < d; j++) {
            wx[j] = 0.0;
            for (unsigned l = 0; l < d; l++) {
                wx[j] += inverse[j * d + l] * (double)x[l];
            }
            q += wx[j] * (double)x[j];
            error -= weights[j] * (double)x[j];
        }
        for (unsigned j = 0; j < d; j++) {
            weights[j] += wx[j] * error / q;
            for (unsigned l = 0; l < d; l++) {
                inverse[j * d + l] -= wx[j] * wx[l] / q;
            }
        }
    }
    return NB_OK;
}

/* nanoseconds a row: the fastest of N_REPEATS repetitions of some 20 ms each */
static int measure(problem_t *self, job_t job, size_t n, double *ns)
{
    size_t rows = 0, per_repeat = 0;

    *ns = INFINITY;
    for (int repeat = -1; repeat < N_REPEATS; repeat++) {
        double start = cpu_seconds(), seconds = 0.0;

        /* the repetition before the first one warms up and finds how many rows take 20 ms */
        for (rows = 0; repeat < 0 ? seconds < target_seconds : rows < per_repeat; rows += n) {
            NB_TRY(job(self, rows % (N_ROWS - n + 1), n));
            seconds = repeat < 0 ? cpu_seconds() - start : 0.0;
        }
        per_repeat = rows;
        seconds = cpu_seconds() - start;
        if (repeat >= 0 && 1e9 * seconds / (double)rows < *ns) {
            *ns = 1e9 * seconds / (double)rows;
        }
    }
    return NB_OK;
}

static int report(problem_t *self, const char *policy, const char *what, job_t job, job_t naive)
{
    static const size_t n_rows[] = {1, 256, 1024};
    double baseline, ns;

    NB_TRY(problem_bind(self, policy));
    NB_TRY(library_update(self, 0, N_ROWS));
    NB_TRY(naive_update(self, 0, N_ROWS));
    NB_TRY(measure(self, naive, 1, &baseline));
    for (int i = 0; i < 3; i++) {
        NB_TRY(measure(self, job, n_rows[i], &ns));
        printf("%-13s %-9s %3u %3u %5zu %10.1f %10.1f %7.1f\n", policy, what, self->d, self->K,
               n_rows[i], ns, baseline, baseline / ns);
    }
    return NB_OK;
}

static const struct {
    const char *policy, *what;
    job_t job, naive;
} jobs[] = {
    {"greedy_ridge", "decision", library_choose, naive_ucb},
    {"lin_ucb", "decision", library_choose, naive_ucb},
    {"lin_ts", "decision", library_choose, naive_ts},
    {"lin_ts", "update", library_update, naive_update},
    {"hier_ts", "decision", library_choose, naive_ts},
    {"hier_ts", "update", library_update, naive_update},
    {"latent_ts", "decision", library_choose, naive_ts},
    {"latent_ts", "update", library_update, naive_update},
};

static int run(void)
{
    static const unsigned sizes[][2] = {{16, 8}, {16, 32}, {32, 8}, {32, 32}};
    int code = NB_OK;

    printf("%-13s %-9s %3s %3s %5s %10s %10s %7s\n", "policy", "what", "d", "K", "n", "ns/row",
           "naive ns", "ratio");
    for (int s = 0; s < 4 && code == NB_OK; s++) {
        problem_t problem;

        code = problem_init(&problem, sizes[s][0], sizes[s][1]);
        for (size_t j = 0; j < sizeof jobs / sizeof *jobs && code == NB_OK; j++) {
            code = report(&problem, jobs[j].policy, jobs[j].what, jobs[j].job, jobs[j].naive);
        }
        problem_free(&problem);
    }
    return code;
}

int main(void)
{
    int code = run();

    if (code < 0) {
        fprintf(stderr, "perf_policies: %s (%s)\n", nb_strerror(code), nb_error_detail());
    }
    return code < 0;
}
