/*
 * SlateQ: the value of a slate is what its items are worth, weighted by how likely each is chosen.
 *
 *   Q(s, A) = sum over i in A and "nothing" of P(i | s, A) Q(s, i)
 *   P(i | s, A) = v_i / (1 + sum over j in A of v_j), v_0 = 1
 *
 * Source: Ie et al. (2019), "SlateQ: a tractable decomposition for reinforcement learning with
 * recommendation sets", equations 4 to 12; the best slate is found exactly (their linear program,
 * section 4.2) by Dinkelbach's method. v_i is the odds of item i against nothing: times it was
 * chosen over times that nothing was while it was shown, each counted one more. Q(s, i) is a ridge
 * regression per item and one for nothing, on rows where that was chosen, of the reward plus what
 * the next slate is worth (SARSA with the greedy slate; nothing under bandit credit). Explores a
 * whole slate with probability epsilon. Known limits: the odds do not read the context; targets
 * are those of the time, not refitted.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "policies/library.h"
#include "policies/ridge.h"
#include "policies/slate.h"

enum { ALIGN = 64 };

typedef struct {
    double lambda, epsilon;
} settings_t;

/* state: head, odds of all points' items, then the ridge posteriors with one action more a point */
typedef struct {
    double epsilon, gamma;
    unsigned n_points;
    unsigned first[NB_MAX_POINTS]; /* item 0 of the point among the odds */
    unsigned n_actions[NB_MAX_POINTS], slate[NB_MAX_POINTS], d[NB_MAX_POINTS];
    size_t ridge; /* bytes from the begin */
} head_t;

/* counts behind an item's odds */
typedef struct {
    double chosen, passed; /* it was; nothing was, while it was shown */
} odds_t;

static const nb_setting_t table[] = {
    {
        .key = "lambda",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, lambda),
        .def = 1.0,
        .low = 1e-6,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "ridge penalty of every item's regression",
    },
    {
        .key = "epsilon",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, epsilon),
        .def = 0.1,
        .low = 0.0,
        .high = 1.0,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "",
        .help = "probability that a whole slate is drawn at random",
    },
    {0},
};

static size_t count_items(const nb_spec_t *spec)
{
    size_t n = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        n += spec->points[p].n_actions;
    }
    return n;
}

/* the points with "nothing" as one action more */
static nb_spec_t widen(const nb_spec_t *spec, nb_point_t *points)
{
    nb_spec_t wide = *spec;

    for (unsigned p = 0; p < spec->n_points; p++) {
        points[p] = spec->points[p];
        points[p].n_actions++;
    }
    wide.points = points;
    return wide;
}

static size_t ridge_offset(const nb_spec_t *spec)
{
    size_t size = sizeof(head_t) + count_items(spec) * sizeof(odds_t);

    return (size + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    nb_point_t points[NB_MAX_POINTS];
    nb_spec_t wide = widen(spec, points);

    (void)settings;
    return ridge_offset(spec) + nb_ridge_size(&wide);
}

static void *ridge_of(void *state)
{
    return (char *)state + ((head_t *)state)->ridge;
}

static const void *ridge_of_const(const void *state)
{
    return (const char *)state + ((const head_t *)state)->ridge;
}

static odds_t *odds_of(void *state, unsigned point)
{
    head_t *self = state;

    return (odds_t *)(self + 1) + self->first[point];
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    nb_point_t points[NB_MAX_POINTS];
    nb_spec_t wide = widen(spec, points);
    head_t *self = state;
    unsigned first = 0;

    self->epsilon = from->epsilon;
    self->gamma = spec->gamma;
    self->n_points = spec->n_points;
    self->ridge = ridge_offset(spec);
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->first[p] = first;
        self->n_actions[p] = spec->points[p].n_actions;
        self->slate[p] = spec->points[p].max_slate;
        self->d[p] = spec->points[p].d;
        first += spec->points[p].n_actions;
    }
    nb_ridge_init(ridge_of(state), &wide, from->lambda, from->epsilon);
    return NB_OK;
}

/* what one row's items weigh and are worth: w, q, s [K] each */
typedef struct {
    double *w, *q, *s, q0;
} row_t;

static void read_row(const void *state, const nb_batch_t *batch, const nb_prediction_t *prediction,
                     size_t i, row_t *row)
{
    const head_t *self = state;
    const odds_t *odds = (const odds_t *)(self + 1) + self->first[batch->point];
    const float *mean = prediction->mean + i;

    for (unsigned k = 0; k < batch->n_actions; k++) {
        row->w[k] = (1.0 + odds[k].chosen) / (1.0 + odds[k].passed);
        row->q[k] = (double)mean[k * prediction->stride];
    }
    row->q0 = (double)mean[batch->n_actions * prediction->stride];
}

static row_t take_row(const nb_batch_t *batch)
{
    size_t K = batch->n_actions;
    double *work = nb_arena_take(batch->scratch, 3 * K, sizeof *work);

    return (row_t){work, work + K, work + 2 * K, 0.0};
}

/* the best slate of every row; exact ties in index order, so that propensities are exact */
static int find_best(const void *state, const nb_batch_t *batch, int32_t *action)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_prediction_t prediction;
    row_t row = take_row(batch);
    int code = nb_ridge_predict(ridge_of_const(state), batch, 0, &prediction);

    for (size_t i = 0; i < batch->n && code == NB_OK; i++) {
        read_row(state, batch, &prediction, i, &row);
        code = nb_slate_best_ratio(batch, i, row.w, row.q, 1.0, row.q0, 0.0, row.s,
                                   action + i * batch->slate);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* a random slate of row i: the j-th position is one of those left, each with equal probability */
static void deal_row(const nb_batch_t *batch, size_t i, int32_t *action)
{
    nb_counter_t counter = {
        .luck = batch->luck[i],
        .ordinal = (uint32_t)batch->period,
        .purpose = (uint16_t)(NB_PURPOSE_POLICY + batch->stream_point),
        .group = (uint16_t)batch->round,
        .block = 1,
    };
    unsigned n_allowed = nb_policy_n_allowed(batch, i);
    nb_stream_t stream;

    nb_stream_init(&stream, batch->key, counter);
    for (unsigned j = 0; j < batch->slate; j++) {
        unsigned r = j < n_allowed ? (unsigned)(nb_stream_uniform(&stream) * (n_allowed - j)) : 0;

        action[j] = -1;
        for (unsigned k = 0; j < n_allowed && action[j] < 0; k++) {
            int is_free = nb_mask_allows(batch->mask, batch->mask_words, i, k);

            for (unsigned before = 0; before < j && is_free; before++) {
                is_free = action[before] != (int32_t)k;
            }
            if (is_free && r-- == 0) {
                action[j] = (int32_t)k;
            }
        }
    }
}

/* conditional = joint over joint of the positions before, of the mixture of best and random */
static void fill_propensity(double epsilon, unsigned n_allowed, const int32_t *best,
                            const int32_t *action, unsigned slate, double *propensity)
{
    double greedy = 1.0 - epsilon, explore = epsilon;

    for (unsigned j = 0; j < slate; j++) {
        double before = greedy + explore;

        if (action[j] >= 0) {
            greedy *= action[j] == best[j];
            explore /= n_allowed - j;
        }
        propensity[j] = (greedy + explore) / before;
    }
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    const head_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch);
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);
    int32_t *best = nb_arena_take(batch->scratch, batch->n * batch->slate, sizeof *best);
    int code = find_best(state, batch, best);

    nb_policy_uniforms(batch, 0, uniforms);
    for (size_t i = 0; i < batch->n && code == NB_OK; i++) {
        int32_t *row = out->action + i * batch->slate;

        memcpy(row, best + i * batch->slate, batch->slate * sizeof *row);
        if (uniforms[i] < self->epsilon) {
            deal_row(batch, i, row);
        }
        if (batch->want_propensity) {
            fill_propensity(self->epsilon, nb_policy_n_allowed(batch, i), best + i * batch->slate,
                            row, batch->slate, out->propensity + i * batch->slate);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* of single actions */
static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    const head_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    int32_t *best = nb_arena_take(batch->scratch, batch->n, sizeof *best);
    nb_batch_t single = *batch;
    int code;

    single.slate = 1;
    code = find_best(state, &single, best);
    for (size_t i = 0; i < batch->n && code == NB_OK; i++) {
        double share = self->epsilon / nb_policy_n_allowed(batch, i);

        for (unsigned k = 0; k < K; k++) {
            int allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);

            p[i * K + k] =
                allowed ? share + ((int32_t)k == best[i] ? 1.0 - self->epsilon : 0.0) : 0.0;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* value of the best slate of every row */
static int value_rows(const void *state, const nb_batch_t *batch, double *v)
{
    nb_prediction_t prediction;
    row_t row = take_row(batch);
    int32_t action[NB_MAX_SLATE];

    NB_TRY(nb_ridge_predict(ridge_of_const(state), batch, 0, &prediction));
    for (size_t i = 0; i < batch->n; i++) {
        double sum, weight = 1.0;

        read_row(state, batch, &prediction, i, &row);
        NB_TRY(nb_slate_best_ratio(batch, i, row.w, row.q, 1.0, row.q0, 0.0, row.s, action));
        sum = row.q0;
        for (unsigned j = 0; j < batch->slate && action[j] >= 0; j++) {
            sum += row.w[action[j]] * row.q[action[j]];
            weight += row.w[action[j]];
        }
        v[i] = sum / weight;
    }
    return NB_OK;
}

/* what the best slate is worth; of what is explored nothing is taken off */
static int value(const void *state, const nb_batch_t *batch, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch);
    int code = value_rows(state, batch, v);

    nb_arena_release(batch->scratch, mark);
    return code;
}

/* V of the next decision of the rows that have one at `point`, 0 elsewhere; they are gathered */
static int add_next_values(const void *state, const nb_transitions_t *finished, unsigned point,
                           double *target)
{
    const head_t *self = state;
    size_t n = 0, d = finished->next_d, words = finished->next_words;
    size_t *rows = nb_arena_take(finished->scratch, finished->n, sizeof *rows);
    unsigned d_own = self->d[point];
    unsigned own_words = nb_mask_words(self->n_actions[point]);
    float *x = nb_arena_take(finished->scratch, finished->n * (d_own + 1), sizeof *x);
    uint64_t *mask = nb_arena_take(finished->scratch, finished->n * own_words, sizeof *mask);
    double *v = nb_arena_take(finished->scratch, finished->n, sizeof *v);

    for (size_t i = 0; i < finished->n; i++) {
        if (finished->next_point[i] != (int)point) {
            continue;
        }
        if (d_own) {
            memcpy(x + n * d_own, finished->next_x + i * d, d_own * sizeof *x);
        }
        memcpy(mask + n * own_words, finished->next_mask + i * words, own_words * sizeof *mask);
        rows[n++] = i;
    }
    nb_batch_t next = {.point = point,
                       .n = n,
                       .d = d_own,
                       .x = x,
                       .n_actions = self->n_actions[point],
                       .mask_words = own_words,
                       .mask = mask,
                       .slate = self->slate[point],
                       .scratch = finished->scratch};

    if (n == 0) {
        return NB_OK;
    }
    NB_TRY(value(state, &next, v));
    for (size_t r = 0; r < n; r++) {
        target[rows[r]] += pow(self->gamma, (double)finished->elapsed[rows[r]]) * v[r];
    }
    return NB_OK;
}

/* rewards with what comes next, discounted */
static int fill_targets(const void *state, const nb_transitions_t *finished, double *target)
{
    memcpy(target, finished->reward, finished->n * sizeof *target);
    for (unsigned p = 0; finished->next_mask && p < ((const head_t *)state)->n_points; p++) {
        size_t mark = nb_arena_mark(finished->scratch);
        int code = add_next_values(state, finished, p, target);

        nb_arena_release(finished->scratch, mark);
        NB_TRY(code);
    }
    return NB_OK;
}

/* times chosen, and times passed over while nothing was chosen */
static void count_odds(odds_t *odds, const nb_transitions_t *finished)
{
    for (size_t i = 0; i < finished->n; i++) {
        int32_t item = finished->item ? finished->item[i] : finished->action[i];

        for (unsigned j = 0; j < finished->slate; j++) {
            int32_t k = finished->action[i * finished->slate + j];

            if (k >= 0) {
                odds[k].chosen += k == item;
                odds[k].passed += item < 0;
            }
        }
    }
}

/* every row teaches what was chosen: an item, or nothing (the action after the last) */
static int teach(void *state, const nb_transitions_t *finished)
{
    nb_transitions_t chosen = *finished;
    int32_t *action = nb_arena_take(finished->scratch, finished->n, sizeof *action);
    double *target = nb_arena_take(finished->scratch, finished->n, sizeof *target);

    NB_TRY(fill_targets(state, finished, target));
    for (size_t i = 0; i < finished->n; i++) {
        int32_t item = finished->item ? finished->item[i] : finished->action[i];

        action[i] = item < 0 ? (int32_t)finished->n_actions : item;
    }
    chosen.action = action;
    chosen.reward = target;
    chosen.slate = 1;
    chosen.item = NULL;
    return nb_ridge_update(ridge_of(state), &chosen);
}

static int update(void *state, const nb_transitions_t *finished)
{
    size_t mark = nb_arena_mark(finished->scratch);
    int code;

    NB_TRY(nb_slate_check(finished));
    code = teach(state, finished);
    if (code == NB_OK) {
        count_odds(odds_of(state, finished->point), finished);
    }
    nb_arena_release(finished->scratch, mark);
    return code;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    return nb_ridge_refresh(ridge_of(state), scratch);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    nb_point_t points[NB_MAX_POINTS];
    nb_spec_t wide = widen(spec, points);
    size_t most = 0, d = 1;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
        d = spec->points[p].d > d ? spec->points[p].d : d;
    }
    /* a row's work; uniforms, slates, next rows with masks, values, targets */
    return 2 * nb_ridge_scratch(&wide) + 3 * most * sizeof(double) +
           NB_BLOCK_ROWS * ((d + 1) * sizeof(float) + nb_mask_words((unsigned)most) * 8 +
                            (NB_MAX_SLATE + 1) * sizeof(int32_t) + 8 * sizeof(double)) +
           16 * ALIGN;
}

const nb_policy_type_t nb_policy_slate_q = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "slate_q",
    .summary = "value of a slate from the values of its items and how they are chosen (Ie et al. "
               "2019)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_SLATE | NB_TRAIT_SEQUENTIAL,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .scratch_size = scratch_size,
};
