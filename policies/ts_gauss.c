/*
 * Thompson sampling of normal arms with a known noise: draw every arm's mean from its posterior
 * N(m_k, v_k), 1 / v_k = 1 / s0^2 + n / sigma^2, m_k = v_k (m0 / s0^2 + S / sigma^2), and play the
 * highest.
 *
 * Source: Russo, Van Roy, Kazerouni, Osband & Wen (2018), "A tutorial on Thompson sampling",
 * section 4 (conjugate normal); Agrawal & Goyal (2013), "Further optimal regret bounds for Thompson
 * sampling", algorithm 2, is s0 -> infinity with sigma = 1. Probabilities are integrals over
 * independent normals (policies/max_normal.h, error below 1e-9). With `reward_scale: auto` prior
 * and noise are in sd of the reward.
 */
#include <math.h>
#include <string.h>

#include "policies/arms.h"
#include "policies/draw.h"
#include "policies/library.h"
#include "policies/linear.h"
#include "policies/thompson.h"

typedef struct {
    double prior_mean, prior_sd, sd;
    int draw;
} settings_t;

/* state: this, then the statistics */
typedef struct {
    double prior_mean, prior_precision, precision; /* precision of one observation */
    nb_draw_t draw;
} state_t;

static const nb_setting_t table[] = {
    {
        .key = "prior.mean",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, prior_mean),
        .def = 0.0,
        .low = -1e9,
        .high = 1e9,
        .choices = "",
        .unit = "reward",
        .mark = "",
        .source = "Russo et al. 2018, section 4",
        .help = "prior mean of every action's reward",
    },
    {
        .key = "prior.sd",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, prior_sd),
        .def = 1.0,
        .low = 1e-6,
        .high = 1e9,
        .choices = "",
        .unit = "reward",
        .mark = "A",
        .source = "",
        .help = "prior standard deviation of every action's mean reward",
    },
    {
        .key = "sd",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, sd),
        .def = 1.0,
        .low = 1e-6,
        .high = 1e9,
        .choices = "",
        .unit = "reward",
        .mark = "A",
        .source = "",
        .help = "standard deviation of a reward around its action's mean, taken as known",
    },
    NB_DRAW_SETTING(settings_t, draw),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(state_t) + nb_arms_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;

    self->prior_mean = from->prior_mean;
    self->prior_precision = 1.0 / (from->prior_sd * from->prior_sd);
    self->precision = 1.0 / (from->sd * from->sd);
    self->draw = (nb_draw_t)from->draw;
    nb_arms_init(self + 1, spec);
    return NB_OK;
}

/* mean and sd of arm k's posterior */
static void find_posterior(const state_t *self, unsigned point, unsigned k, double *mean,
                           double *sd)
{
    const nb_arm_t *arm = nb_arms_at(self + 1, point) + k;
    double precision = self->prior_precision + arm->n * self->precision;

    *mean = (self->prior_precision * self->prior_mean + self->precision * arm->sum) / precision;
    *sd = sqrt(1.0 / precision);
}

static nb_thompson_t take_posterior(const state_t *self, const nb_batch_t *batch)
{
    nb_thompson_t out = nb_thompson_take(batch);
    size_t K = batch->n_actions;

    for (unsigned k = 0; k < K; k++) {
        double mean, sd;

        find_posterior(self, batch->point, k, &mean, &sd);
        for (size_t i = 0; i < batch->n; i++) {
            out.mean[i * K + k] = mean;
            out.sd[i * K + k] = sd;
        }
    }
    return out;
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    const state_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch), n = batch->n, K = batch->n_actions;
    float *normals = nb_arena_take(batch->scratch, 4 * n, sizeof *normals);

    for (unsigned k = 0; k < K; k++) {
        double mean, sd;

        if (k % 4 == 0) {
            nb_draw_normals(batch, self->draw, 1 + k / 4, normals); /* block 0 is for ties */
        }
        find_posterior(self, batch->point, k, &mean, &sd);
        for (size_t i = 0; i < n; i++) {
            size_t at = i * K + k;
            double offset = batch->offset ? batch->offset[at] : 0.0;

            s[at] = nb_mask_allows(batch->mask, batch->mask_words, i, k)
                        ? mean + offset + sd * (double)normals[k % 4 * n + i]
                        : -INFINITY;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_thompson_t posterior = take_posterior(state, batch);

    memset(p, 0, batch->n * batch->n_actions * sizeof *p);
    nb_thompson_add(batch, &posterior, NULL, p);
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    static const nb_thompson_policy_t policy = {"ts_gauss", score, probabilities};

    return nb_thompson_choose(&policy, state, batch, out);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    int code = probabilities(state, batch, p);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        v[i] = 0.0;
        for (unsigned k = 0; k < K; k++) {
            double mean, sd;

            find_posterior(state, batch->point, k, &mean, &sd);
            v[i] += p[i * K + k] * mean;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((state_t *)state + 1, finished, 0);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = nb_linear_most_actions(spec);

    (void)settings;
    /* beside the posterior of a batch: a table of value() */
    return nb_thompson_scratch(most) + most * NB_BLOCK_ROWS * sizeof(double) + 64;
}

const nb_policy_type_t nb_policy_ts_gauss = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "ts_gauss",
    .summary = "Thompson sampling of normal posteriors with known noise (Russo et al. 2018)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_WEIGHTED | NB_TRAIT_OFFSETS | NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
