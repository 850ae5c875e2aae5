/*
 * Cost of a decision and of an update of every policy of the library at its defaults (wrappers
 * around lin_ts): d = 16 and 32 features, K = 8 and 32 actions, batches of n = 1, 256 and 4,096
 * rows.
 *
 * Prints a Markdown table: nanoseconds of CPU time a row, minima over repetitions, and the ratio to
 * lin_ts of the same run, size and job at n = 4,096. An update is what a period costs: update and
 * end_period, by row. Names as arguments measure only these.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/strategy.h"
#include "core/memory.h"
#include "policies/registry.h"
#include "sim/environment.h"

enum { BLOCK = NB_BLOCK_ROWS, N_ROWS = 4096, MAX_D = 32, MAX_K = 32, N_REPEATS = 3 };
enum { N_SIZES = 4, N_BATCHES = 3, DECISION = 0, UPDATE = 1 };
static const double target_seconds = 0.01; /* of one repetition */
static const unsigned sizes[N_SIZES][2] = {{16, 8}, {16, 32}, {32, 8}, {32, 32}};
static const size_t batches[N_BATCHES] = {1, 256, N_ROWS};

/* rows with everything allowed, and a policy at work */
typedef struct {
    nb_point_t point;
    nb_spec_t spec;
    char names[MAX_K][8];
    const char *actions[MAX_K], *features[MAX_D];
    float center[MAX_D], scale[MAX_D];
    float x[N_ROWS * MAX_D], elapsed[N_ROWS];
    uint64_t mask[N_ROWS];
    uint32_t luck[N_ROWS];
    int32_t action[N_ROWS], tenure[N_ROWS];
    double reward[N_ROWS];
    uint16_t signals[N_ROWS];
    int8_t next_point[N_ROWS];
    uint8_t flags[N_ROWS];
    nb_arena_t arena;
    nb_config_t config;
    nb_layer_t layer;
    void *state;
    int32_t period;
} problem_t;

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* features are called as a customer's, since policies of practice look for some by name */
static int name_features(problem_t *self)
{
    const nb_environment_type_t *journey = nb_environment_find("journey");
    void *settings = NULL, *world = NULL;
    int code;

    NB_TRY(nb_alloc(&settings, 1, journey->settings_size));
    code = nb_settings_defaults(journey->settings, settings);
    code = code < 0 ? code : journey->world_init(&world, settings);
    for (unsigned j = 0; code >= 0 && j < MAX_D; j++) {
        const nb_point_t *point = journey->spec(world)->points;

        /* static text of the environment, which outlives its world */
        self->features[j] = j < point->d ? point->features[j] : "x";
        self->center[j] = j < point->d ? point->feature_center[j] : 0.0f;
        self->scale[j] = j < point->d ? point->feature_scale[j] : 1.0f;
    }
    if (world) {
        journey->world_free(world);
    }
    nb_free(settings);
    return code;
}

static int fill_rows(problem_t *self, unsigned d, unsigned K)
{
    nb_stream_t stream;

    for (unsigned k = 0; k < K; k++) {
        snprintf(self->names[k], sizeof self->names[k], "a%u", k);
        self->actions[k] = self->names[k];
    }
    self->point = (nb_point_t){.name = "point",
                               .phase = "",
                               .d = d,
                               .features = self->features,
                               .feature_center = self->center,
                               .feature_scale = self->scale,
                               .n_actions = K,
                               .actions = self->actions,
                               .max_slate = 1};
    self->spec = (nb_spec_t){.n_points = 1,
                             .points = &self->point,
                             .gamma = 0.99,
                             .period_weeks = 1,
                             .horizon = 100,
                             .n_customers = N_ROWS};
    nb_stream_init(&stream, (nb_key_t){d, K}, (nb_counter_t){0});
    for (size_t i = 0; i < N_ROWS; i++) {
        for (unsigned j = 0; j < d; j++) {
            self->x[i * d + j] = j ? (float)nb_stream_normal(&stream) : 1.0f;
        }
        self->mask[i] = ((uint64_t)1 << K) - 1;
        self->luck[i] = (uint32_t)i;
        self->action[i] = (int32_t)(i % K);
        self->reward[i] = nb_stream_uniform(&stream);
        self->signals[i] = (uint16_t)(i % 3 ? 0 : NB_SIGNAL_OPENED | NB_SIGNAL_BOUGHT);
        self->next_point[i] = -1;
        self->elapsed[i] = 0.0f;
        self->flags[i] = 0;
        self->tenure[i] = (int32_t)(i % 100);
    }
    return name_features(self);
}

static void release(problem_t *self)
{
    nb_layer_free(&self->layer);
    nb_config_free(&self->config);
    nb_arena_free(&self->arena);
    nb_free(self->state);
    self->state = NULL;
}

/* what a policy cannot run without */
static const char *settings_of(const nb_policy_type_t *type)
{
    if (type->traits & NB_TRAIT_WRAPPER) {
        return "inner: {policy: lin_ts}\n";
    }
    if (strcmp(type->name, "schedule") == 0) {
        return "action: a1\n";
    }
    if (strcmp(type->name, "ab_rollout") == 0) {
        return "arms: [a1, a2]\n";
    }
    if (strcmp(type->name, "rfm_table") == 0 || strcmp(type->name, "btyd_priority") == 0 ||
        strcmp(type->name, "propensity_topn") == 0 || strcmp(type->name, "risk_target") == 0) {
        return "action: a1\n";
    }
    if (strcmp(type->name, "rules") == 0) {
        return "rules: [{if: {feature: log_tenure, above: 0}, action: a1}]\n";
    }
    return "";
}

static int bind(problem_t *self, const nb_policy_type_t *type)
{
    static const char *const key = "policy";
    char text[200];

    snprintf(text, sizeof text, "policy: %s\n%s", type->name, settings_of(type));
    NB_TRY(nb_config_init(&self->config));
    NB_TRY(nb_config_parse(&self->config, "benchmark", text, strlen(text)));
    NB_TRY(nb_layer_init(&self->layer, self->config.root, &key, 1));
    NB_TRY(nb_alloc(&self->state, type->state_size(&self->spec, self->layer.settings) + 1, 1));
    NB_TRY(nb_arena_init(
        &self->arena,
        64 + (type->scratch_size ? type->scratch_size(&self->spec, self->layer.settings) : 0)));
    return type->init(self->state, &self->spec, self->layer.settings);
}

/* a batch of at most BLOCK rows from row `start` */
static nb_batch_t make_batch(problem_t *self, size_t start, size_t n)
{
    unsigned d = self->point.d;

    self->arena.used = 0;
    return (nb_batch_t){.period = self->period,
                        .n = n,
                        .d = d,
                        .x = self->x + start * d,
                        .n_actions = self->point.n_actions,
                        .mask_words = 1,
                        .mask = self->mask + start,
                        .customer = self->luck + start,
                        .luck = self->luck + start,
                        .tenure = self->tenure + start,
                        .slate = 1,
                        .scratch = &self->arena};
}

static int choose(problem_t *self, size_t start, size_t n)
{
    nb_batch_t batch = make_batch(self, start, n);
    nb_choice_t out = {self->action + start, NULL};

    return self->layer.type->choose(self->state, &batch, &out);
}

/* policies that learn of their own decisions only must hear of one */
static int play(problem_t *self)
{
    nb_batch_t batch = make_batch(self, 0, BLOCK);
    nb_choice_t out = {self->action, NULL};

    return self->layer.type->played ? self->layer.type->played(self->state, &batch, &out) : NB_OK;
}

static int update(problem_t *self, size_t start, size_t n)
{
    unsigned d = self->point.d;
    nb_transitions_t finished = {.n = n,
                                 .d = d,
                                 .x = self->x + start * d,
                                 .n_actions = self->point.n_actions,
                                 .mask_words = 1,
                                 .mask = self->mask + start,
                                 .customer = self->luck + start,
                                 .luck = self->luck + start,
                                 .slate = 1,
                                 .action = self->action + start,
                                 .reward = self->reward + start,
                                 .period = self->tenure + start,
                                 .elapsed = self->elapsed + start,
                                 .signals = self->signals + start,
                                 .next_point = self->next_point + start,
                                 .terminated = self->flags + start,
                                 .truncated = self->flags + start,
                                 .scratch = &self->arena};

    self->arena.used = 0;
    return self->layer.type->update(self->state, &finished);
}

/* n rows of one period in blocks, as the loop hands them over */
static int run_period(problem_t *self, int job, size_t start, size_t n)
{
    const nb_policy_type_t *type = self->layer.type;

    for (size_t done = 0; done < n; done += BLOCK) {
        size_t block = n - done < BLOCK ? n - done : BLOCK;

        NB_TRY(job == DECISION ? choose(self, start + done, block)
                               : update(self, start + done, block));
    }
    self->period++;
    self->arena.used = 0;
    return job == UPDATE && type->end_period ? type->end_period(self->state, &self->arena) : NB_OK;
}

/* nanoseconds a row: the fastest of N_REPEATS repetitions */
static int measure(problem_t *self, int job, size_t n, double *ns)
{
    size_t rows, per_repeat = 0;

    *ns = INFINITY;
    for (int repeat = -1; repeat < N_REPEATS; repeat++) {
        double start = cpu_seconds(), seconds = 0.0;

        /* the repetition before the first warms up and finds how many rows take its time */
        for (rows = 0; repeat < 0 ? seconds < target_seconds : rows < per_repeat; rows += n) {
            NB_TRY(run_period(self, job, rows % (N_ROWS - n + 1), n));
            seconds = repeat < 0 ? cpu_seconds() - start : 0.0;
        }
        per_repeat = rows;
        seconds = cpu_seconds() - start;
        if (repeat >= 0) {
            *ns = fmin(*ns, 1e9 * seconds / (double)rows);
        }
    }
    return NB_OK;
}

/* [size][batch] of a policy and job; NaN where it cannot be set up at such a point */
typedef struct {
    double ns[N_SIZES][N_BATCHES];
} costs_t;

static int measure_sizes(problem_t *self, const nb_policy_type_t *type, int job, costs_t *out)
{
    for (int s = 0; s < N_SIZES; s++) {
        int code = fill_rows(self, sizes[s][0], sizes[s][1]);

        for (int b = 0; b < N_BATCHES && code >= 0; b++) {
            code = bind(self, type);
            code = code < 0 ? code : play(self);
            if (code >= 0 && type->update) {
                code = run_period(self, UPDATE, 0, N_ROWS); /* beyond the prior */
            }
            code = code < 0 ? code : measure(self, job, batches[b], &out->ns[s][b]);
            release(self);
        }
        NB_TRY(code);
    }
    return NB_OK;
}

static void print_costs(const char *policy, const char *what, const costs_t *costs,
                        const costs_t *reference)
{
    double ratio = 0.0;

    printf("| `%s` | %s |", policy, what);
    for (int s = 0; s < N_SIZES; s++) {
        for (int b = 0; b < N_BATCHES; b++) {
            printf(" %.0f |", costs->ns[s][b]);
        }
        ratio += log(costs->ns[s][2] / reference->ns[s][2]) / N_SIZES;
    }
    printf(" %.2g |\n", exp(ratio));
    fflush(stdout);
}

static int report(problem_t *problem, const nb_policy_type_t *type, const costs_t *reference)
{
    static const char *const words[] = {"decision", "update"};

    for (int job = DECISION; job <= (type->update ? UPDATE : DECISION); job++) {
        costs_t costs;
        int code = measure_sizes(problem, type, job, &costs);

        if (code < 0) {
            printf("| `%s` | not here: %s |\n", type->name, nb_error_detail());
            return code == NB_ERR_MEMORY ? code : NB_OK;
        }
        print_costs(type->name, words[job], &costs, reference + job);
    }
    return NB_OK;
}

static void print_head(void)
{
    printf("| policy | |");
    for (int s = 0; s < N_SIZES; s++) {
        for (int b = 0; b < N_BATCHES; b++) {
            printf(" d%u K%u n%zu |", sizes[s][0], sizes[s][1], batches[b]);
        }
    }
    printf(" to lin_ts |\n|---|---|");
    for (int column = 0; column < N_SIZES * N_BATCHES; column++) {
        printf("---|");
    }
    printf("---|\n");
}

static int is_asked(int argc, char **argv, const char *name)
{
    for (int a = 1; a < argc; a++) {
        if (strcmp(argv[a], name) == 0) {
            return 1;
        }
    }
    return argc < 2;
}

static int run(int argc, char **argv)
{
    problem_t *problem = NULL;
    costs_t reference[2];
    const nb_policy_type_t *lin_ts;
    int code;

    NB_TRY(nb_alloc(&problem, 1, sizeof *problem));
    NB_TRY(nb_policy_find(&lin_ts, "lin_ts"));
    code = measure_sizes(problem, lin_ts, DECISION, &reference[DECISION]);
    code = code < 0 ? code : measure_sizes(problem, lin_ts, UPDATE, &reference[UPDATE]);
    print_head();
    for (size_t i = 0; i < nb_policy_count() && code >= 0; i++) {
        const nb_policy_type_t *type = nb_policy_at(i);

        /* what an oracle costs is the environment's */
        if (is_asked(argc, argv, type->name) && !(type->traits & NB_TRAIT_ORACLE)) {
            code = report(problem, type, reference);
        }
    }
    nb_free(problem);
    return code;
}

int main(int argc, char **argv)
{
    int code = run(argc, argv);

    if (code < 0) {
        fprintf(stderr, "perf_library: %s (%s)\n", nb_strerror(code), nb_error_detail());
    }
    return code < 0;
}
