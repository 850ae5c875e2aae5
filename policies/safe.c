/*
 * Conservative exploration: the policy that is played may lose at most a share of what a baseline
 * earns; customers it may not have yet get the baseline.
 *
 * Source: Kazerouni, Ghavamzadeh, Abbasi-Yadkori & Van Roy (2017), "Conservative contextual linear
 * bandits", equation 3: the reward so far must not fall below (1 - alpha) times the baseline's,
 * with confidence. Their test is made before every single play; here whole batches are played, and
 * before each period the slack decides which share q of its rows is played:
 *
 *   slack = n_x (m_x - m_b) - z sd sqrt(n_x + n_x^2 / n_b) + alpha |m_b| (n_x + n_b)
 *   q = min(1, max(0, slack) / (loss sd N))
 *
 * n_x, m_x are number and mean reward of plays other than the baseline's, n_b, m_b of the
 * baseline's, sd of all rewards, N the rows of the last period, and `loss` what an explored row may
 * cost at worst. It begins with the baseline alone. Rows are drawn from their own stream, so
 * probabilities are exact: q p(k) + (1 - q) 1{k is the baseline's}. Known limits: m_x - m_b is not
 * adjusted for whom the policy chose; of the items of a slate each counts as a play of its own.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "policies/library.h"
#include "policies/preference.h"
#include "policies/turn.h"
#include "policies/wrapper.h"

enum { DRAW_BLOCK = 0x7fff0001 /* of uniforms; those below are the inner policy's */ };

typedef struct {
    nb_inner_t inner; /* first: see NB_TRAIT_WRAPPER */
    double alpha, z, loss;
    const nb_node_t *baseline;
    int every;
} settings_t;

/* own part of the state: head, then the compiled baseline */
typedef struct {
    double alpha, z, loss;
    int32_t every;                   /* periods */
    double share;                    /* q */
    double rows;                     /* of this period */
    double n[2], sum[2], squares[2]; /* rewards of the baseline's plays, and of others */
} safety_t;

static const nb_setting_t table[] = {
    {
        .key = "baseline",
        .type = NB_SETTING_NODE,
        .offset = offsetof(settings_t, baseline),
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "action of the baseline, or a list in order of preference; without it what the "
                "point plays unbound",
    },
    {
        .key = "every",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, every),
        .def = 1,
        .low = 1,
        .high = 520,
        .choices = "",
        .unit = "weeks",
        .mark = "",
        .source = "",
        .help = "the baseline plays its action once in so many weeks, staggered over customers",
    },
    {
        .key = "alpha",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, alpha),
        .def = 0.1,
        .low = 0.0,
        .high = 1.0,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Kazerouni et al. 2017, section 5",
        .help = "share of the baseline's reward that may be lost",
    },
    {
        .key = "z",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, z),
        .def = 1.645,
        .low = 0.0,
        .high = 10.0,
        .choices = "",
        .unit = "standard errors",
        .mark = "A",
        .source = "",
        .help = "confidence in the estimated loss (one-sided normal quantile)",
    },
    {
        .key = "loss",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, loss),
        .def = 1.0,
        .low = 1e-6,
        .high = 100.0,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "A",
        .source = "",
        .help = "what a play other than the baseline's may cost at worst",
    },
    {0},
};

static nb_wrapper_size_t sizes(const nb_spec_t *spec)
{
    return (nb_wrapper_size_t){.own = sizeof(safety_t) + nb_preference_size(spec)};
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    return nb_wrapper_state_size(spec, settings, sizes(spec));
}

static const void *baseline_of(const void *state)
{
    return (const safety_t *)nb_wrapper_own_const(state) + 1;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    safety_t *self;

    NB_TRY(nb_wrapper_init(state, spec, &from->inner, sizes(spec)));
    self = nb_wrapper_own(state);
    self->alpha = from->alpha;
    self->z = from->z;
    self->loss = from->loss;
    self->every = nb_turn_periods(spec, from->every);
    return nb_preference_init(self + 1, spec, from->baseline);
}

/* what the baseline plays in a row of that period and luck. @param action [batch->slate] */
static void play_baseline(const void *state, const nb_batch_t *batch, size_t i, int32_t period,
                          int32_t *action)
{
    const safety_t *self = nb_wrapper_own_const(state);
    int is_due = nb_turn_is_due(self->every, 0, period, batch->luck[i]);

    nb_preference_play(baseline_of(state), batch, i, is_due, action);
}

/* 1 where the inner policy plays a row */
static int is_explored(const safety_t *self, const double *uniforms, size_t i)
{
    return uniforms[i] < self->share;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    const safety_t *self = nb_wrapper_own_const(state);

    NB_TRY(nb_wrapper_probabilities(state, batch, p));
    for (size_t i = 0; i < batch->n; i++) {
        double *row = p + i * batch->n_actions;
        int32_t baseline;

        play_baseline(state, batch, i, batch->period, &baseline);
        for (unsigned k = 0; k < batch->n_actions; k++) {
            row[k] = self->share * row[k] + (1.0 - self->share) * ((int32_t)k == baseline);
        }
    }
    return NB_OK;
}

static int fill_propensities(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    if (batch->slate > 1) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "safe knows the propensity of one action, not of a slate");
    }

    size_t K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);

    NB_TRY(probabilities(state, batch, p));
    for (size_t i = 0; i < batch->n; i++) {
        out->propensity[i] = p[i * K + (size_t)out->action[i]];
    }
    return NB_OK;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    const safety_t *self = nb_wrapper_own_const(state);
    size_t mark = nb_arena_mark(batch->scratch);
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);
    nb_batch_t asked = *batch;
    int code;

    asked.want_propensity = 0;
    code = nb_wrapper_choose(state, &asked, out);
    nb_policy_uniforms(batch, DRAW_BLOCK, uniforms);
    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        if (!is_explored(self, uniforms, i)) {
            play_baseline(state, batch, i, batch->period, out->action + i * batch->slate);
        }
    }
    if (code == NB_OK && batch->want_propensity) {
        code = fill_propensities(state, batch, out);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* the inner policy's value where it plays, the baseline's mean where not */
static int value(const void *state, const nb_batch_t *batch, double *v)
{
    const safety_t *self = nb_wrapper_own_const(state);
    double baseline = self->n[0] > 0.0 ? self->sum[0] / self->n[0] : 0.0;

    NB_TRY(nb_wrapper_value(state, batch, v));
    for (size_t i = 0; i < batch->n; i++) {
        v[i] = self->share * v[i] + (1.0 - self->share) * baseline;
    }
    return NB_OK;
}

static int played(void *state, const nb_batch_t *batch, const nb_choice_t *choice)
{
    ((safety_t *)nb_wrapper_own(state))->rows += (double)batch->n;
    return nb_wrapper_played(state, batch, choice);
}

static int update(void *state, const nb_transitions_t *finished)
{
    safety_t *self = nb_wrapper_own(state);
    nb_batch_t rows = {.point = finished->point,
                       .n = finished->n,
                       .n_actions = finished->n_actions,
                       .mask_words = finished->mask_words,
                       .mask = finished->mask,
                       .luck = finished->luck,
                       .slate = 1};

    NB_TRY(nb_wrapper_update(state, finished));
    for (size_t i = 0; i < finished->n; i++) {
        int32_t baseline;
        int other;

        play_baseline(state, &rows, i, finished->period[i], &baseline);
        other = finished->action[i] != baseline;

        self->n[other] += finished->weight ? finished->weight[i] : 1.0;
        self->sum[other] += finished->reward[i];
        self->squares[other] += finished->reward[i] * finished->reward[i];
    }
    return NB_OK;
}

static double compute_share(const safety_t *self)
{
    double n = self->n[0] + self->n[1], sum = self->sum[0] + self->sum[1], sd, mean[2], slack;

    if (self->n[0] < 2.0 || self->rows == 0.0) {
        return 0.0;
    }
    sd = sqrt(fmax(0.0, (self->squares[0] + self->squares[1] - sum * sum / n) / n));
    if (sd == 0.0) {
        return 1.0; /* all rewards are equal: nothing can be lost */
    }
    for (int other = 0; other < 2; other++) {
        mean[other] = self->n[other] > 0.0 ? self->sum[other] / self->n[other] : 0.0;
    }
    slack = self->n[1] * (mean[1] - mean[0]) -
            self->z * sd * sqrt(self->n[1] + self->n[1] * self->n[1] / self->n[0]) +
            self->alpha * fabs(mean[0]) * n;
    return fmin(1.0, fmax(0.0, slack) / (self->loss * sd * self->rows));
}

static int end_period(void *state, nb_arena_t *scratch)
{
    safety_t *self = nb_wrapper_own(state);

    self->share = compute_share(self);
    self->rows = 0.0;
    return nb_wrapper_end_period(state, scratch);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    return nb_wrapper_scratch_size(spec, settings) + nb_wrapper_offsets_scratch(spec) +
           4 * NB_BLOCK_ROWS * sizeof(double) + 64;
}

const nb_policy_type_t nb_policy_safe = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "safe",
    .summary = "explores as far as a baseline's reward is not put at risk (Kazerouni et al. 2017)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_WRAPPER | NB_TRAIT_LEARNS,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .played = played,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .scratch_size = scratch_size,
    .grow = nb_wrapper_grow,
};
