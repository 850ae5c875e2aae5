/*
 * Thompson sampling of normal arms with known noise: the arm whose sampled mean is highest, from
 * N(m_k, s_k^2), 1 / s_k^2 = 1 / prior.sd^2 + n_k / sd^2, m_k = s_k^2 (prior.mean / prior.sd^2 +
 * S_k / sd^2).
 *
 * Source: Russo, Van Roy, Kazerouni, Osband & Wen (2018), "A tutorial on Thompson sampling",
 * section 3 with conjugate normals. Propensities are integrals over independent normals (error
 * below 1e-9).
 */
#include <math.h>
#include <stddef.h>

#include "policies/arms.h"
#include "policies/draw.h"
#include "policies/library.h"
#include "policies/thompson.h"

typedef struct {
    double prior_mean, prior_sd, sd;
    int draw;
} settings_t;

/* state: the settings, then the arms */
typedef settings_t state_t;

#define REAL(name, field, default_value, lowest, the_unit, the_help)                               \
    {                                                                                              \
        .key = name, .type = NB_SETTING_REAL, .offset = offsetof(settings_t, field),               \
        .def = default_value, .low = lowest, .high = 1e9, .choices = "", .unit = the_unit,         \
        .mark = "A", .source = "", .help = the_help                                                \
    }

static const nb_setting_t table[] = {
    REAL("prior.mean", prior_mean, 0.0, -1e9, "reward", "prior mean of every arm"),
    REAL("prior.sd", prior_sd, 1.0, 1e-6, "reward", "prior standard deviation of every arm's mean"),
    REAL("sd", sd, 1.0, 1e-6, "reward", "standard deviation of a reward around its arm's mean"),
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
    state_t *self = state;

    *self = *(const settings_t *)settings;
    nb_arms_init(self + 1, spec);
    return NB_OK;
}

/* mean and sd of every arm's mean, for every row */
static nb_thompson_t posterior(const state_t *self, const nb_batch_t *batch)
{
    const nb_arm_t *arms = nb_arms_at(self + 1, batch->point);
    nb_thompson_t out = nb_thompson_take(batch);
    double prior = 1.0 / (self->prior_sd * self->prior_sd), noise = 1.0 / (self->sd * self->sd);

    for (size_t at = 0; at < batch->n * batch->n_actions; at++) {
        const nb_arm_t *arm = arms + at % batch->n_actions;
        double precision = prior + arm->n * noise;

        out.mean[at] = (prior * self->prior_mean + noise * arm->sum) / precision;
        out.sd[at] = 1.0 / sqrt(precision);
    }
    return out;
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    const state_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch), n = batch->n, K = batch->n_actions;
    nb_thompson_t beliefs = posterior(self, batch);
    float *normals = nb_arena_take(batch->scratch, 4 * n, sizeof *normals);

    for (unsigned k = 0; k < K; k++) {
        if (k % 4 == 0) {
            nb_draw_normals(batch, (nb_draw_t)self->draw, 1 + k / 4, normals);
        }
        for (size_t i = 0; i < n; i++) {
            size_t at = i * K + k;
            double offset = batch->offset ? batch->offset[at] : 0.0;

            s[at] =
                nb_mask_allows(batch->mask, batch->mask_words, i, k)
                    ? beliefs.mean[at] + offset + beliefs.sd[at] * (double)normals[k % 4 * n + i]
                    : -INFINITY;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_thompson_t beliefs = posterior(state, batch);

    for (size_t at = 0; at < batch->n * batch->n_actions; at++) {
        p[at] = 0.0;
    }
    nb_thompson_add(batch, &beliefs, NULL, p);
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
    nb_thompson_t beliefs = posterior(state, batch);
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    int code = probabilities(state, batch, p);

    for (size_t i = 0; i < batch->n; i++) {
        v[i] = 0.0;
        for (size_t k = 0; k < K; k++) {
            v[i] += p[i * K + k] * beliefs.mean[i * K + k];
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
    size_t most = 0;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    return 2 * nb_thompson_scratch(most) + NB_BLOCK_ROWS * (most + 4) * sizeof(double) + 512;
}

const nb_policy_type_t nb_policy_ts_gauss = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "ts_gauss",
    .summary = "Thompson sampling of normal arms with known noise (Russo et al. 2018)",
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
