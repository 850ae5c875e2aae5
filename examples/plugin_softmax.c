/*
 * A policy as a plug-in: softmax over the mean rewards of the actions, at every decision point.
 *
 *   strategies:
 *     mine: {recognize: {policy: ./plugin_softmax.so, temperature: 0.3}}
 *
 * The probability of action k is proportional to exp(mean_k / temperature) among the allowed ones.
 * Source: Sutton & Barto (2018), section 2.8, with sample means for preferences. It shows what a
 * plug-in needs: a settings table, a flat state, choose and update, and one exported entry.
 */
#include <math.h>
#include <stddef.h>

#include "policies/policy.h"

typedef struct {
    double temperature;
} settings_t;

/* state: the temperature and where each point's actions begin, then sums and counts */
typedef struct {
    double temperature;
    size_t first[NB_MAX_POINTS];
} head_t;

typedef struct {
    double sum;
    double n;
} arm_t;

static const nb_setting_t table[] = {
    {
        .key = "temperature",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, temperature),
        .def = 0.2,
        .low = 1e-3,
        .high = 1e3,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "A",
        .source = "",
        .help = "small: nearly greedy; large: nearly uniform",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    size_t n_arms = 0;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        n_arms += spec->points[p].n_actions;
    }
    return sizeof(head_t) + n_arms * sizeof(arm_t);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    head_t *self = state;
    size_t n_arms = 0;

    self->temperature = ((const settings_t *)settings)->temperature;
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->first[p] = n_arms;
        n_arms += spec->points[p].n_actions;
    }
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    const head_t *self = state;
    const arm_t *arms = (const arm_t *)(self + 1) + self->first[batch->point];

    for (size_t i = 0; i < batch->n; i++) {
        double *row = p + i * batch->n_actions;
        double highest = -INFINITY, sum = 0.0;

        for (unsigned k = 0; k < batch->n_actions; k++) {
            int allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);

            row[k] = allowed ? arms[k].sum / (arms[k].n + 1.0) / self->temperature : -INFINITY;
            highest = fmax(highest, row[k]);
        }
        for (unsigned k = 0; k < batch->n_actions; k++) {
            row[k] = exp(row[k] - highest);
            sum += row[k];
        }
        for (unsigned k = 0; k < batch->n_actions; k++) {
            row[k] /= sum;
        }
    }
    return NB_OK;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    double *p = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *p);
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);

    NB_TRY(probabilities(state, batch, p));
    nb_policy_uniforms(batch, 0, uniforms);
    for (size_t i = 0; i < batch->n; i++) {
        const double *row = p + i * batch->n_actions;
        double left = uniforms[i];
        int32_t action = -1;

        /* the last action with a chance takes what rounding leaves */
        for (unsigned k = 0; k < batch->n_actions && left >= 0.0; k++) {
            action = row[k] > 0.0 ? (int32_t)k : action;
            left -= row[k];
        }
        out->action[i] = action;
        if (batch->want_propensity) {
            out->propensity[i] = row[action];
        }
    }
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    const head_t *self = state;
    arm_t *arms = (arm_t *)((head_t *)state + 1) + self->first[finished->point];

    for (size_t i = 0; i < finished->n; i++) {
        if (!isfinite(finished->reward[i])) {
            NB_FAIL(NB_ERR_NUMERIC, "reward of transition %zu is not finite", i);
        }
        arms[finished->action[i]].sum += finished->reward[i];
        arms[finished->action[i]].n += 1.0;
    }
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = 0;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    return (most + 4) * NB_BLOCK_ROWS * sizeof(double) + 128;
}

static const nb_policy_type_t softmax = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "softmax",
    .summary = "softmax over mean rewards (Sutton & Barto 2018, section 2.8)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .probabilities = probabilities,
    .scratch_size = scratch_size,
};

/* what the library looks for */
const nb_plugin_t nb_plugin_entry = {NB_POLICY_ABI, &softmax};
