/*
 * GLR-klUCB: KL-UCB that forgets an arm, or all, when its rewards show a change.
 *
 * Source: Besson & Kaufmann (2019), "The generalized likelihood ratio test meets klUCB: an improved
 * algorithm for piece-wise non-stationary bandits", algorithm 1. After every period the arms that
 * were played are tested: with n rewards since the last restart,
 *
 *   max over s of s kl(m_1s, m_1n) + (n - s) kl(m_(s+1)n, m_1n) >= ln(3 n^(3/2) / delta)
 *
 * restarts all arms, or only this one (`restart`). An action at random is played with probability
 * alpha, so that changes of arms not played are seen (the paper explores in turns). Index: KL-UCB
 * with ln of the decisions since the arm's restart. A history of at most HISTORY blocks of rewards
 * is kept per arm; when it is full, neighbors are merged, so that old splits are tested more
 * coarsely.
 */
#include <math.h>
#include <stddef.h>

#include "policies/index.h"
#include "policies/kl.h"
#include "policies/library.h"

enum { HISTORY = 128, GLOBAL = 0 };

typedef struct {
    double delta, alpha, tie_width;
    int restart;
} settings_t;

/* rewards of an arm since its restart, in blocks of a period or more */
typedef struct {
    double n, sum; /* of all blocks */
    double since;  /* decisions of the point since then */
    double new_n, new_sum;
    uint32_t n_blocks;
    float block_n[HISTORY], block_sum[HISTORY];
} stream_t;

/* state: this, then the streams of all points */
typedef struct {
    double delta, alpha, tie_width;
    int restart;
    uint32_t n_points;
    uint32_t first[NB_MAX_POINTS + 1];
} state_t;

static const nb_setting_t table[] = {
    {
        .key = "delta",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, delta),
        .def = 0.01,
        .low = 1e-12,
        .high = 0.999,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "Besson & Kaufmann 2019, section 3 (1 / sqrt(T))",
        .help = "probability of a false alarm of the test of one arm",
    },
    {
        .key = "alpha",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, alpha),
        .def = 0.05,
        .low = 0.0,
        .high = 1.0,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "Besson & Kaufmann 2019, algorithm 1",
        .help = "probability of a random action",
    },
    {
        .key = "restart",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, restart),
        .choices = "global|local",
        .unit = "",
        .mark = "",
        .source = "Besson & Kaufmann 2019, section 3",
        .help = "a change of one arm restarts all arms, or this one only",
    },
    NB_INDEX_TIE_WIDTH(settings_t),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    size_t n = 0;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        n += spec->points[p].n_actions;
    }
    return (sizeof(state_t) + 7) / 8 * 8 + n * sizeof(stream_t);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;

    self->delta = from->delta;
    self->alpha = from->alpha;
    self->tie_width = from->tie_width;
    self->restart = from->restart;
    self->n_points = spec->n_points;
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->first[p + 1] = self->first[p] + spec->points[p].n_actions;
    }
    return NB_OK;
}

static stream_t *streams_of(void *state, unsigned point)
{
    return (stream_t *)((char *)state + (sizeof(state_t) + 7) / 8 * 8) +
           ((state_t *)state)->first[point];
}

static const stream_t *streams_of_const(const void *state, unsigned point)
{
    return (const stream_t *)((const char *)state + (sizeof(state_t) + 7) / 8 * 8) +
           ((const state_t *)state)->first[point];
}

static void fill(const void *state, unsigned point, double *index, double *width)
{
    const state_t *self = state;
    const stream_t *stream = streams_of_const(state, point);

    for (unsigned k = 0; k < self->first[point + 1] - self->first[point]; k++) {
        double n = stream[k].n, mean = n > 0.0 ? stream[k].sum / n : 0.0;

        index[k] =
            n > 0.0 ? nb_kl_upper(mean, log(fmax(1.0, stream[k].since)) / n) : NB_INDEX_UNPLAYED;
        width[k] = n > 0.0 ? index[k] - mean : 0.0;
    }
}

/* indices; a row that explores has the ranks of a shuffle above all of them */
static int score(const void *state, const nb_batch_t *batch, double *s)
{
    const state_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *uniforms = nb_arena_take(batch->scratch, 8 * batch->n, sizeof *uniforms);
    double *other = uniforms + 4 * batch->n;

    NB_TRY(nb_index_scores(state, batch, fill, self->tie_width, s));
    nb_policy_uniforms(batch, 0, uniforms); /* word 0 breaks ties */
    for (size_t k = 0; k < K; k++) {
        if (k % 4 == 0) {
            nb_policy_uniforms(batch, 1 + (unsigned)(k / 4), other);
        }
        for (size_t i = 0; i < batch->n; i++) {
            int explores = uniforms[batch->n + i] < self->alpha;

            if (explores && nb_mask_allows(batch->mask, batch->mask_words, i, (unsigned)k)) {
                s[i * K + k] = other[k % 4 * batch->n + i];
            }
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    const state_t *self = state;

    NB_TRY(nb_index_scores(state, batch, fill, self->tie_width, p));
    NB_TRY(nb_policy_rank_probabilities(batch, p, p));
    for (size_t i = 0; i < batch->n; i++) {
        double share = self->alpha / nb_policy_n_allowed(batch, i);

        for (unsigned k = 0; k < batch->n_actions; k++) {
            double *here = p + i * batch->n_actions + k;
            int allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);

            *here = allowed ? (1.0 - self->alpha) * *here + share : 0.0;
        }
    }
    return NB_OK;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    int code = nb_index_choose(state, batch, score, out);

    if (code == NB_OK && batch->want_propensity && batch->slate > 1) {
        code = nb_error_set(NB_ERR_UNSUPPORTED,
                            "glr_kl_ucb knows the propensity of one action, not of a slate");
    } else if (code == NB_OK && batch->want_propensity) {
        code = probabilities(state, batch, p);
        for (size_t i = 0; i < batch->n; i++) {
            out->propensity[i] = p[i * K + (size_t)out->action[i]];
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    const stream_t *stream = streams_of_const(state, batch->point);
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    int code = probabilities(state, batch, p);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        v[i] = 0.0;
        for (size_t k = 0; k < K; k++) {
            v[i] += stream[k].n > 0.0 ? p[i * K + k] * stream[k].sum / stream[k].n : 0.0;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int update(void *state, const nb_transitions_t *finished)
{
    const state_t *self = state;
    stream_t *stream = streams_of(state, finished->point);

    NB_TRY(nb_arms_check(finished, 1));
    for (size_t i = 0; i < finished->n; i++) {
        stream[finished->action[i]].new_n += 1.0;
        stream[finished->action[i]].new_sum += finished->reward[i];
    }
    for (unsigned k = 0; k < self->first[finished->point + 1] - self->first[finished->point]; k++) {
        stream[k].since += (double)finished->n;
    }
    return NB_OK;
}

/* neighbors together: half as many blocks */
static void merge_blocks(stream_t *self)
{
    for (uint32_t b = 0; b < self->n_blocks / 2; b++) {
        self->block_n[b] = self->block_n[2 * b] + self->block_n[2 * b + 1];
        self->block_sum[b] = self->block_sum[2 * b] + self->block_sum[2 * b + 1];
    }
    self->n_blocks /= 2;
}

static void append_block(stream_t *self)
{
    if (self->n_blocks == HISTORY) {
        merge_blocks(self);
    }
    self->block_n[self->n_blocks] = (float)self->new_n;
    self->block_sum[self->n_blocks++] = (float)self->new_sum;
    self->n += self->new_n;
    self->sum += self->new_sum;
    self->new_n = self->new_sum = 0.0;
}

/* 1 where the rewards of an arm show a change, split at the end of some block */
static int has_changed(const stream_t *self, double delta)
{
    double n = 0.0, sum = 0.0, mean = self->sum / self->n;
    double threshold = log(3.0 * self->n * sqrt(self->n) / delta);

    for (uint32_t b = 0; b + 1 < self->n_blocks; b++) {
        double left, right;

        n += (double)self->block_n[b];
        sum += (double)self->block_sum[b];
        left = fmin(1.0, fmax(0.0, sum / n));
        right = fmin(1.0, fmax(0.0, (self->sum - sum) / (self->n - n)));
        if (n * nb_kl(left, mean) + (self->n - n) * nb_kl(right, mean) >= threshold) {
            return 1;
        }
    }
    return 0;
}

static void forget(stream_t *self)
{
    self->n = self->sum = self->since = 0.0;
    self->n_blocks = 0;
}

static void end_point(void *state, unsigned point)
{
    const state_t *self = state;
    unsigned K = self->first[point + 1] - self->first[point];
    stream_t *stream = streams_of(state, point);
    int alarm = 0;

    for (unsigned k = 0; k < K; k++) {
        if (stream[k].new_n == 0.0) {
            continue;
        }
        append_block(stream + k);
        if (has_changed(stream + k, self->delta)) {
            forget(stream + k);
            alarm = 1;
        }
    }
    for (unsigned k = 0; alarm && self->restart == GLOBAL && k < K; k++) {
        forget(stream + k);
    }
}

static int end_period(void *state, nb_arena_t *scratch)
{
    (void)scratch;
    for (unsigned p = 0; p < ((const state_t *)state)->n_points; p++) {
        end_point(state, p);
    }
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    return nb_index_scratch_size(spec, settings) + 8 * NB_BLOCK_ROWS * sizeof(double) + 64;
}

const nb_policy_type_t nb_policy_glr_kl_ucb = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "glr_kl_ucb",
    .summary = "KL-UCB that restarts when rewards show a change (Besson & Kaufmann 2019)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_TEST_BED,
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
