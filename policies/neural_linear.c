/*
 * Thompson sampling with Bayesian linear regressions on the last hidden layer of a network: a
 * network (policies/network.h) learns the reward of every action from the rows of the last
 * `memory`; each action's regression takes its hidden layer z for features,
 *
 *     A_k = lambda I + sum z z',   b_k = sum z y,   score ~ N(z'A_k^-1 b_k, v^2 z'A_k^-1 z).
 *
 * Every `train_every` periods the network takes `steps` steps of Adam on minibatches drawn from
 * memory, and the regressions are rebuilt from memory with the new features; rows that come in
 * between are added with the old ones. Propensities are integrals over independent normals (error
 * below 1e-9).
 *
 * Source: Riquelme, Tucker & Snoek (2018), "Deep Bayesian bandits showdown", NeuralLinear, with a
 * known noise and v in place of its inverse gamma prior. Known limits: what leaves memory is
 * forgotten with the next training; uncertainty is that of the last layer only; first weights and
 * minibatches depend on `seed` and not on the run's luck.
 */
#include <math.h>
#include <string.h>

#include "policies/gaussian.h"
#include "policies/library.h"
#include "policies/network.h"
#include "policies/rows.h"
#include "policies/thompson.h"

enum { ALIGN = 64, MOST_BATCH = 1024 };

typedef struct {
    double lambda, v, rate;
    int hidden, memory, batch, steps, train_every, seed;
} settings_t;

/* a point: its network, and where its arrays begin, in bytes from the state's begin */
typedef struct {
    nb_network_t network;
    unsigned d_given;
    uint64_t n_seen;       /* rows so far; row r is in place r % memory */
    double n_steps;        /* of Adam */
    uint32_t n_trainings;  /* names the minibatches */
    size_t theta, moments; /* double [P], [2 x P] */
    size_t cells;          /* double [K x nb_gaussian_size(hidden + 1)] */
    size_t x, action, y;   /* float, int32_t, double [memory (x d)] */
} neural_point_t;

typedef struct {
    settings_t settings;
    unsigned n_points;
    uint32_t n_periods; /* since the last training */
    neural_point_t points[NB_MAX_POINTS];
} neural_t;

#define ROW(field, kind, unit_of, ...)                                                             \
    {                                                                                              \
        .key = #field, .type = kind, .offset = offsetof(settings_t, field), .choices = "",         \
        .unit = unit_of, __VA_ARGS__                                                               \
    }

static const nb_setting_t table[] = {
    ROW(lambda, NB_SETTING_REAL, "", .def = 0.25, .low = 1e-6, .high = 1e6, .mark = "",
        .source = "Riquelme et al. 2018",
        .help = "prior precision of every weight of the last layer"),
    ROW(v, NB_SETTING_REAL, "sd of the reward", .def = 1.0, .low = 0.0, .high = 100.0, .mark = "A",
        .source = "", .help = "factor on the sd of the drawn scores; 0 plays the means"),
    ROW(hidden, NB_SETTING_INT, "units", .def = 32, .low = 1, .high = 256, .mark = "A",
        .source = "", .help = "units of the hidden layer"),
    ROW(memory, NB_SETTING_INT, "rows", .def = 4096, .low = 1, .high = 1048576, .mark = "A",
        .source = "", .help = "rows of a point that are kept and learned from"),
    ROW(batch, NB_SETTING_INT, "rows", .def = 64, .low = 1, .high = MOST_BATCH, .mark = "A",
        .source = "", .help = "rows of a minibatch"),
    ROW(steps, NB_SETTING_INT, "", .def = 50, .low = 0, .high = 10000, .mark = "A", .source = "",
        .help = "minibatches of a training"),
    ROW(train_every, NB_SETTING_INT, "periods", .def = 4, .low = 1, .high = 100000, .mark = "A",
        .source = "", .help = "periods from one training to the next"),
    ROW(rate, NB_SETTING_REAL, "", .def = 0.01, .low = 0.0, .high = 1.0, .mark = "A", .source = "",
        .help = "step size of Adam"),
    ROW(seed, NB_SETTING_INT, "", .def = 1, .low = 0, .high = 2147483647, .mark = "A", .source = "",
        .help = "names the first weights and the minibatches"),
    {0},
};

static size_t place(size_t *end, size_t size)
{
    size_t start = *end;

    *end += nb_round_up(size, ALIGN);
    return start;
}

static size_t lay_out(neural_t *self, const nb_spec_t *spec, const settings_t *settings)
{
    size_t end = nb_round_up(sizeof *self, ALIGN), memory = (size_t)settings->memory;

    self->settings = *settings;
    self->n_points = spec->n_points;
    for (unsigned p = 0; p < spec->n_points; p++) {
        neural_point_t *at = self->points + p;

        at->d_given = spec->points[p].d;
        at->network = (nb_network_t){at->d_given ? at->d_given : 1, (size_t)settings->hidden,
                                     spec->points[p].n_actions};
        size_t size = nb_network_size(&at->network) * sizeof(double);

        at->theta = place(&end, size);
        at->moments = place(&end, 2 * size);
        at->cells = place(&end, at->network.n_actions * nb_gaussian_size(at->network.hidden + 1) *
                                    sizeof(double));
        at->x = place(&end, memory * at->d_given * sizeof(float));
        at->action = place(&end, memory * sizeof(int32_t));
        at->y = place(&end, memory * sizeof(double));
    }
    return end;
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    neural_t scheme;

    memset(&scheme, 0, sizeof scheme);
    return lay_out(&scheme, spec, settings);
}

static double *doubles_at(void *state, size_t offset)
{
    return (double *)((char *)state + offset);
}

/* where an action's regression begins, in bytes */
static size_t cell_offset(const neural_point_t *at, size_t action)
{
    return at->cells + action * nb_gaussian_size(at->network.hidden + 1) * sizeof(double);
}

/* draws of a point that are the same in every run. @param use 0 weights, then the trainings */
static nb_stream_t stream_of(const neural_t *self, unsigned point, uint32_t use)
{
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){(uint32_t)self->settings.seed, point},
                   (nb_counter_t){.luck = (uint32_t)NB_LUCK_RUN, .ordinal = use});
    return stream;
}

static int refresh(void *state, unsigned p, double *work)
{
    const neural_t *self = state;
    const neural_point_t *at = self->points + p;

    for (size_t k = 0; k < at->network.n_actions; k++) {
        NB_TRY(nb_gaussian_refresh(doubles_at(state, cell_offset(at, k)), at->network.hidden + 1,
                                   self->settings.lambda, NULL, work));
    }
    return NB_OK;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    neural_t *self = state;
    double *work = NULL;
    int code = NB_OK;

    lay_out(self, spec, settings);
    NB_TRY(nb_alloc(&work, nb_gaussian_work((size_t)self->settings.hidden + 1), sizeof *work));
    for (unsigned p = 0; code == NB_OK && p < self->n_points; p++) {
        nb_stream_t stream = stream_of(self, p, 0);

        nb_network_init(&self->points[p].network, &stream,
                        doubles_at(state, self->points[p].theta));
        code = refresh(state, p, work);
    }
    nb_free(work);
    return code;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    size_t most = 0, widest = 1, hidden = (size_t)from->hidden;

    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
        widest = spec->points[p].d > widest ? spec->points[p].d : widest;
    }
    nb_network_t network = {widest, hidden, most};

    /* the posterior of a batch and two tables of value(); gradient and work of a training */
    return nb_thompson_scratch(most) + 2 * most * NB_BLOCK_ROWS * sizeof(double) +
           (nb_network_size(&network) + 2 * nb_network_work(&network) +
            2 * nb_gaussian_row(hidden + 1) + nb_gaussian_work(hidden + 1)) *
               sizeof(double) +
           (size_t)from->batch * sizeof(uint32_t) + 12 * ALIGN;
}

/* posterior of the scores of a batch, 0 where not allowed */
static void predict(const void *state, const nb_batch_t *batch, nb_thompson_t *out)
{
    const neural_t *self = state;
    const neural_point_t *at = self->points + batch->point;
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions, m = at->network.hidden + 1;
    double *x = nb_arena_take(batch->scratch, at->network.d + 2 * m, sizeof *x);
    double *z = x + at->network.d, *work = z + m;

    for (size_t i = 0; i < batch->n; i++) {
        nb_rows_widen(batch->x, i, batch->d, x);
        nb_network_features(&at->network, (const double *)((const char *)state + at->theta), x, z);
        for (unsigned k = 0; k < K; k++) {
            const double *cell = (const double *)((const char *)state + cell_offset(at, k));
            int allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);

            out->mean[i * K + k] = allowed ? nb_gaussian_mean(cell, m, z) : 0.0;
            out->sd[i * K + k] =
                allowed ? self->settings.v * sqrt(nb_gaussian_variance(cell, m, z, work)) : 0.0;
        }
    }
    nb_arena_release(batch->scratch, mark);
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);

    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    nb_thompson_t posterior = nb_thompson_take(batch);

    predict(state, batch, &posterior);
    nb_thompson_draw(batch, 1, &posterior, s);
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

/* p and, unless NULL, the value of playing so */
static int integrate(const void *state, const nb_batch_t *batch, double *p, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;

    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    nb_thompson_t posterior = nb_thompson_take(batch);

    predict(state, batch, &posterior);
    memset(p, 0, batch->n * K * sizeof *p);
    nb_thompson_add(batch, &posterior, NULL, p);
    for (size_t i = 0; v && i < batch->n; i++) {
        v[i] = 0.0;
        for (size_t at = i * K; at < (i + 1) * K; at++) {
            v[i] += p[at] * posterior.mean[at];
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return integrate(state, batch, p, NULL);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    static const nb_thompson_policy_t policy = {"neural_linear", score, probabilities};

    return nb_thompson_choose(&policy, state, batch, out);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *p = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *p);
    int code = integrate(state, batch, p, v);

    nb_arena_release(batch->scratch, mark);
    return code;
}

/* a row in memory into its action's moments. @param row [nb_gaussian_row(hidden + 1)], zeros behind
 * the reward   @param x [d] work */
static void add_row(void *state, const neural_point_t *at, size_t place, double *row, double *x)
{
    const nb_network_t *network = &at->network;
    int32_t action = ((const int32_t *)((const char *)state + at->action))[place];

    nb_rows_widen((const float *)((const char *)state + at->x), place, at->d_given, x);
    nb_network_features(network, doubles_at(state, at->theta), x, row);
    row[network->hidden + 1] = doubles_at(state, at->y)[place];
    nb_gaussian_add(doubles_at(state, cell_offset(at, (size_t)action)), network->hidden + 1, row);
}

/* zeroed row and x of add_row */
static double *take_row(nb_arena_t *scratch, const neural_point_t *at)
{
    size_t n = nb_gaussian_row(at->network.hidden + 1) + at->network.d;
    double *row = nb_arena_take(scratch, n, sizeof *row);

    memset(row, 0, n * sizeof *row);
    return row;
}

static int update(void *state, const nb_transitions_t *finished)
{
    neural_t *self = state;
    neural_point_t *at = self->points + finished->point;
    size_t mark = nb_arena_mark(finished->scratch), width = at->d_given * sizeof(float);

    NB_TRY(nb_rows_check_finished(finished));
    double *row = take_row(finished->scratch, at);

    for (size_t i = 0; i < finished->n; i++) {
        size_t place_of = at->n_seen++ % (uint64_t)self->settings.memory;

        if (width) {
            memcpy((char *)state + at->x + place_of * width, finished->x + i * at->d_given, width);
        }
        ((int32_t *)((char *)state + at->action))[place_of] = finished->action[i * finished->slate];
        doubles_at(state, at->y)[place_of] = finished->reward[i];
        add_row(state, at, place_of, row, row + nb_gaussian_row(at->network.hidden + 1));
    }
    nb_arena_release(finished->scratch, mark);
    return NB_OK;
}

static size_t n_kept(const neural_t *self, const neural_point_t *at)
{
    uint64_t memory = (uint64_t)self->settings.memory;

    return (size_t)(at->n_seen < memory ? at->n_seen : memory);
}

/* steps of Adam on minibatches */
static void train(void *state, unsigned p, nb_arena_t *scratch)
{
    neural_t *self = state;
    neural_point_t *at = self->points + p;
    size_t mark = nb_arena_mark(scratch), kept = n_kept(self, at);
    size_t batch = (size_t)self->settings.batch;
    double *gradient = nb_arena_take(scratch, nb_network_size(&at->network), sizeof *gradient);
    double *work = nb_arena_take(scratch, nb_network_work(&at->network), sizeof *work);
    uint32_t *row = nb_arena_take(scratch, batch, sizeof *row);
    nb_network_rows_t rows = {.x = (const float *)((const char *)state + at->x),
                              .d_given = at->d_given,
                              .action = (const int32_t *)((const char *)state + at->action),
                              .y = doubles_at(state, at->y),
                              .row = row,
                              .n = batch};
    nb_stream_t stream = stream_of(self, p, ++at->n_trainings);

    for (int step = 0; step < self->settings.steps; step++) {
        for (size_t i = 0; i < batch; i++) {
            row[i] = (uint32_t)(nb_stream_uniform(&stream) * (double)kept);
        }
        nb_network_gradient(&at->network, doubles_at(state, at->theta), &rows, gradient, work);
        nb_network_adam(&at->network, doubles_at(state, at->theta), doubles_at(state, at->moments),
                        gradient, self->settings.rate, at->n_steps += 1.0);
    }
    nb_arena_release(scratch, mark);
}

/* regressions of all of memory under the network as it is, oldest row first */
static void rebuild(void *state, unsigned p, nb_arena_t *scratch)
{
    neural_t *self = state;
    const neural_point_t *at = self->points + p;
    size_t mark = nb_arena_mark(scratch), kept = n_kept(self, at);
    double *row = take_row(scratch, at);

    memset((char *)state + at->cells, 0, cell_offset(at, at->network.n_actions) - at->cells);
    for (uint64_t r = at->n_seen - kept; r < at->n_seen; r++) {
        add_row(state, at, (size_t)(r % (uint64_t)self->settings.memory), row,
                row + nb_gaussian_row(at->network.hidden + 1));
    }
    nb_arena_release(scratch, mark);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    neural_t *self = state;
    size_t mark = nb_arena_mark(scratch);
    double *work =
        nb_arena_take(scratch, nb_gaussian_work((size_t)self->settings.hidden + 1), sizeof *work);
    int is_due = ++self->n_periods >= (uint32_t)self->settings.train_every, code = NB_OK;

    for (unsigned p = 0; code == NB_OK && p < self->n_points; p++) {
        if (is_due && self->points[p].n_seen > 0) {
            train(state, p, scratch);
            rebuild(state, p, scratch);
        }
        code = refresh(state, p, work);
    }
    self->n_periods = is_due ? 0 : self->n_periods;
    nb_arena_release(scratch, mark);
    return code;
}

const nb_policy_type_t nb_policy_neural_linear = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "neural_linear",
    .summary = "Thompson sampling on the last layer of a network (Riquelme, Tucker & Snoek 2018)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
