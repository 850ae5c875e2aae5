/*
 * Exp3-IX: exponential weights over estimated losses, with implicit exploration.
 *
 *   p_k proportional to exp(-eta L_k),  L_k += loss 1{k played} / (p_k + gamma),  loss = 1 - reward
 *
 * Source: Neu (2015), "Explore no more: improved high-probability regret bounds for non-stochastic
 * bandits", algorithm 1 with the rates of his corollary 1: eta = sqrt(2 ln K / (K T)), gamma = eta
 * / 2 for a known horizon T; without one eta_t = sqrt(ln K / (K t)). The rows of a period are
 * played from the same weights; the p_k of a loss is that with which its action was played.
 */
#include <math.h>
#include <stddef.h>

#include "policies/arms.h"
#include "policies/index.h"
#include "policies/library.h"

typedef struct {
    double horizon, rate;
} settings_t;

/* state: this, losses by arm as of the last period, the same with those since, then the arms */
typedef struct {
    double horizon, rate;
    double t[NB_MAX_POINTS]; /* decisions as of the last period */
    uint32_t n;              /* arms of all points */
    uint32_t n_points;
    uint32_t first[NB_MAX_POINTS];
} state_t;

static const nb_setting_t table[] = {
    {
        .key = "horizon",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, horizon),
        .def = 0.0,
        .low = 0.0,
        .high = 1e15,
        .choices = "",
        .unit = "decisions",
        .mark = "",
        .source = "Neu 2015, corollary 1",
        .help = "decisions of the whole run, T; 0: as the environment says, or rates that fall",
    },
    {
        .key = "rate",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, rate),
        .def = 1.0,
        .low = 1e-6,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Neu 2015, corollary 1",
        .help = "multiplies eta of the corollary, and gamma with it",
    },
    {0},
};

static size_t count_arms(const nb_spec_t *spec)
{
    size_t n = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        n += spec->points[p].n_actions;
    }
    return n;
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(state_t) + 2 * count_arms(spec) * sizeof(double) + nb_arms_size(spec);
}

static double *losses_of(void *state)
{
    return (double *)((state_t *)state + 1);
}

static const double *losses_of_const(const void *state)
{
    return (const double *)((const state_t *)state + 1);
}

static void *arms_of(void *state)
{
    return losses_of(state) + 2 * (size_t)((state_t *)state)->n;
}

static const void *arms_of_const(const void *state)
{
    return losses_of_const(state) + 2 * (size_t)((const state_t *)state)->n;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;

    self->rate = from->rate;
    self->horizon = from->horizon > 0.0 ? from->horizon : spec->horizon * (double)spec->n_customers;
    self->n = (uint32_t)count_arms(spec);
    self->n_points = spec->n_points;
    for (unsigned p = 1; p < spec->n_points; p++) {
        self->first[p] = self->first[p - 1] + spec->points[p - 1].n_actions;
    }
    nb_arms_init(arms_of(state), spec);
    return NB_OK;
}

static double eta_of(const void *state, unsigned point)
{
    const state_t *self = state;
    double K = nb_arms_count(arms_of_const(state), point);
    double t = fmax(1.0, self->t[point]);
    double eta =
        self->horizon > 0.0 ? sqrt(2.0 * log(K) / (K * self->horizon)) : sqrt(log(K) / (K * t));

    return self->rate * eta;
}

/* p of the allowed actions; `mask` of one row */
static void fill_row(const double *losses, double eta, const uint64_t *mask, unsigned K, double *p)
{
    double least = INFINITY, sum = 0.0;

    for (unsigned k = 0; k < K; k++) {
        if (mask[k / 64] >> k % 64 & 1) {
            least = fmin(least, losses[k]);
        }
    }
    for (unsigned k = 0; k < K; k++) {
        p[k] = mask[k / 64] >> k % 64 & 1 ? exp(-eta * (losses[k] - least)) : 0.0;
        sum += p[k];
    }
    for (unsigned k = 0; k < K; k++) {
        p[k] /= sum;
    }
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    const state_t *self = state;
    const double *losses = losses_of_const(state) + self->first[batch->point];
    double eta = eta_of(state, batch->point);

    for (size_t i = 0; i < batch->n; i++) {
        fill_row(losses, eta, batch->mask + i * batch->mask_words, batch->n_actions,
                 p + i * batch->n_actions);
    }
    return NB_OK;
}

/* log-probabilities with Gumbel noise: the highest is a draw from p, and the next ones the rest of
 * a slate */
static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);
    int code = probabilities(state, batch, s);

    for (size_t k = 0; k < K; k++) {
        if (k % 4 == 0) {
            nb_policy_uniforms(batch, 1 + (unsigned)(k / 4), uniforms);
        }
        for (size_t i = 0; i < batch->n; i++) {
            double p = fmax(s[i * K + k], 1e-300), u = uniforms[k % 4 * batch->n + i];
            int allowed = nb_mask_allows(batch->mask, batch->mask_words, i, (unsigned)k);

            s[i * K + k] = allowed ? log(p) - log(-log(u)) : -INFINITY;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    int code = nb_index_choose(state, batch, score, out);

    if (code == NB_OK && batch->want_propensity && batch->slate > 1) {
        code = nb_error_set(NB_ERR_UNSUPPORTED,
                            "exp3_ix knows the propensity of one action, not of a slate");
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
    return nb_index_value(state, batch, nb_arms_at(arms_of_const(state), batch->point),
                          probabilities, v);
}

/* probability with which action k of row i was played */
static double chance_of(const void *state, const nb_transitions_t *finished, size_t i, double eta,
                        double *p)
{
    const double *losses =
        losses_of_const(state) + ((const state_t *)state)->first[finished->point];

    if (finished->propensity && finished->propensity[i] > 0.0) {
        return finished->propensity[i];
    }
    fill_row(losses, eta, finished->mask + i * finished->mask_words, finished->n_actions, p);
    return p[finished->action[i]];
}

/* losses pile up beside those that are played by until the period ends */
static int update(void *state, const nb_transitions_t *finished)
{
    state_t *self = state;
    size_t mark = nb_arena_mark(finished->scratch);
    double *p = nb_arena_take(finished->scratch, finished->n_actions, sizeof *p);
    double *since = losses_of(state) + self->n + self->first[finished->point];
    double eta = eta_of(state, finished->point);
    int code = nb_arms_check(finished, 1);

    for (size_t i = 0; code == NB_OK && i < finished->n; i++) {
        double chance = chance_of(state, finished, i, eta, p);

        since[finished->action[i]] += (1.0 - finished->reward[i]) / (chance + 0.5 * eta);
    }
    nb_arena_release(finished->scratch, mark);
    return code < 0 ? code : nb_arms_update(arms_of(state), finished, 1);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    state_t *self = state;
    double *losses = losses_of(state);

    (void)scratch;
    for (uint32_t a = 0; a < self->n; a++) {
        losses[a] += losses[self->n + a];
        losses[self->n + a] = 0.0;
    }
    for (uint32_t p = 0; p < self->n_points; p++) {
        self->t[p] = nb_arms_total(arms_of(state), p);
    }
    return NB_OK;
}

const nb_policy_type_t nb_policy_exp3_ix = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "exp3_ix",
    .summary =
        "exponential weights with implicit exploration, for any rewards in [0, 1] (Neu 2015)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_TEST_BED | NB_TRAIT_PROPENSITY,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = nb_index_scratch_size,
};
