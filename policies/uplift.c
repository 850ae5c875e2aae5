/*
 * Uplift: contact those whom it changes. Learns the effect of every action against a control, and
 * plays the highest one, or the control where none is positive.
 *
 *   T-learner   tau_k(x) = mu_k(x) - mu_0(x), a ridge regression per action
 *   X-learner   effects imputed from the other group, tau1_k on treated rows of y - mu_0(x), tau0_k
 *               on control rows of mu_k(x) - y; tau_k = e tau0_k + (1 - e) tau1_k, e the share of
 *               treated among rows of k and of the control
 *   DR-learner  tau_k on all rows of mu_k(x) - mu_0(x) + 1{a = k} (y - mu_k(x)) / p_k
 *               - 1{a = 0} (y - mu_0(x)) / p_0, nuisances of the other half of the customers
 *
 * Source: Kunzel, Sekhon, Bickel & Yu (2019), "Metalearners for estimating heterogeneous treatment
 * effects using machine learning", section 2 (T, X); Kennedy (2023), "Towards optimal doubly robust
 * estimation of heterogeneous causal effects", algorithm 1 (DR). Explores with probability epsilon,
 * which keeps p_k known: that with which the action was played. Known limit: nuisances are those of
 * the last refresh when a row is learned.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "policies/library.h"
#include "policies/linear.h"
#include "policies/ridge.h"
#include "policies/rows.h"

enum { T_LEARNER, X_LEARNER, DR_LEARNER };
enum { N_MODELS = 3, ALIGN = 64 };

typedef struct {
    double lambda, epsilon;
    int learner;
    char control[NB_SETTING_TEXT_SIZE];
} settings_t;

/* state: this, then three sets of regressions. T: mu. X: mu, tau1, tau0. DR: mu of the customers
 * with even luck, of those with odd luck, tau */
typedef struct {
    double epsilon;
    int learner;
    uint32_t control[NB_MAX_POINTS];
    uint32_t first[NB_MAX_POINTS]; /* of the point's counts */
    size_t counts, models, size;   /* bytes from the begin; of one set */
} state_t;

static const nb_setting_t table[] = {
    {
        .key = "learner",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, learner),
        .def = X_LEARNER,
        .choices = "t|x|dr",
        .unit = "",
        .mark = "",
        .source = "Kunzel et al. 2019; Kennedy 2023",
        .help = "how effects are learned: two regressions, imputed effects, doubly robust scores",
    },
    {
        .key = "control",
        .type = NB_SETTING_TEXT,
        .offset = offsetof(settings_t, control),
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "action that effects are against; without it the point's default",
    },
    {
        .key = "lambda",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, lambda),
        .def = 1.0,
        .low = 1e-6,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "",
        .help = "ridge penalty of every regression",
    },
    {
        .key = "epsilon",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, epsilon),
        .def = 0.1,
        .low = 1e-3,
        .high = 1.0,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "",
        .help = "probability of a random action; without any there is no effect to learn",
    },
    {0},
};

static size_t round_up(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t count_actions(const nb_spec_t *spec)
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
    return round_up(sizeof(state_t)) + round_up(count_actions(spec) * sizeof(double)) +
           N_MODELS * nb_ridge_size(spec);
}

static int find_control(const nb_point_t *point, const char *name, uint32_t *out)
{
    *out = point->default_action;
    for (unsigned k = 0; name[0] && k < point->n_actions; k++) {
        if (strcmp(point->actions[k], name) == 0) {
            *out = k;
            return 1;
        }
    }
    return name[0] == '\0';
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;
    uint32_t first = 0;
    int n_known = 0;

    self->epsilon = from->epsilon;
    self->learner = from->learner;
    self->counts = round_up(sizeof *self);
    self->models = self->counts + round_up(count_actions(spec) * sizeof(double));
    self->size = nb_ridge_size(spec);
    for (unsigned p = 0; p < spec->n_points; p++) {
        n_known += find_control(&spec->points[p], from->control, &self->control[p]);
        self->first[p] = first;
        first += spec->points[p].n_actions;
    }
    if (n_known == 0) {
        NB_FAIL(NB_ERR_CONFIG, "no decision point has the action \"%s\" that `control` names",
                from->control);
    }
    for (size_t m = 0; m < N_MODELS; m++) {
        nb_ridge_init((char *)state + self->models + m * self->size, spec, from->lambda, 0.0);
    }
    return NB_OK;
}

static void *model_of(void *state, size_t m)
{
    state_t *self = state;

    return (char *)state + self->models + m * self->size;
}

static const void *model_of_const(const void *state, size_t m)
{
    const state_t *self = state;

    return (const char *)state + self->models + m * self->size;
}

/* decisions learned from, by action of the point */
static const double *counts_of(const void *state, unsigned point)
{
    const state_t *self = state;

    return (const double *)((const char *)state + self->counts) + self->first[point];
}

static int predict(const void *state, size_t m, const nb_batch_t *batch, nb_prediction_t *out)
{
    return nb_ridge_predict(model_of_const(state, m), batch, 0, out);
}

static double mean_at(const nb_prediction_t *prediction, size_t k, size_t i)
{
    return (double)prediction->mean[k * prediction->stride + i];
}

/* weight of tau0: share of treated among the rows of k and of the control */
static double treated_share(const double *counts, unsigned k, unsigned control)
{
    double n = counts[k] + counts[control];

    return n > 0.0 ? counts[k] / n : 0.5;
}

/* effect of every action against the control, which has 0. @param s [n x K] */
static int fill_effects(const void *state, const nb_batch_t *batch, double *s)
{
    const state_t *self = state;
    unsigned control = self->control[batch->point], K = batch->n_actions;
    const double *counts = counts_of(state, batch->point);
    nb_prediction_t a, b;

    NB_TRY(predict(state,
                   self->learner == T_LEARNER   ? 0
                   : self->learner == X_LEARNER ? 1
                                                : 2,
                   batch, &a));
    if (self->learner == X_LEARNER) {
        NB_TRY(predict(state, 2, batch, &b));
    }
    for (unsigned k = 0; k < K; k++) {
        double e = treated_share(counts, k, control);

        for (size_t i = 0; i < batch->n; i++) {
            double effect = mean_at(&a, k, i);

            if (self->learner == T_LEARNER) {
                effect -= mean_at(&a, control, i);
            } else if (self->learner == X_LEARNER) {
                effect = e * mean_at(&b, k, i) + (1.0 - e) * effect;
            }
            s[i * K + k] = k == control ? 0.0 : effect;
        }
    }
    return NB_OK;
}

/* effects where allowed, without exploration */
static int effect_scores(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    int code = fill_effects(state, batch, s);

    for (size_t at = 0; code == NB_OK && at < batch->n * K; at++) {
        int allowed = nb_mask_allows(batch->mask, batch->mask_words, at / K, (unsigned)(at % K));

        s[at] = allowed ? s[at] + (batch->offset ? batch->offset[at] : 0.0) : -INFINITY;
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    const state_t *self = state;

    NB_TRY(effect_scores(state, batch, s));
    return nb_policy_explore(batch, self->epsilon, s);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    const state_t *self = state;

    NB_TRY(effect_scores(state, batch, p));
    NB_TRY(nb_policy_rank_probabilities(batch, p, p));
    nb_policy_mix_uniform(batch, self->epsilon, p);
    return NB_OK;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    int code = nb_linear_choose(state, batch, score, out);

    if (code == NB_OK && batch->want_propensity && batch->slate > 1) {
        code = nb_error_set(NB_ERR_UNSUPPORTED,
                            "uplift knows the propensity of one action, not of a slate");
    } else if (code == NB_OK && batch->want_propensity) {
        double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);

        code = probabilities(state, batch, p);
        for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
            out->propensity[i] = p[i * K + (size_t)out->action[i]];
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* rows of a block as a batch, to ask regressions about them */
static nb_batch_t as_batch(const nb_transitions_t *finished)
{
    return (nb_batch_t){.point = finished->point,
                        .n = finished->n,
                        .d = finished->d,
                        .x = finished->x,
                        .n_actions = finished->n_actions,
                        .mask_words = finished->mask_words,
                        .mask = finished->mask,
                        .customer = finished->customer,
                        .luck = finished->luck,
                        .slate = 1,
                        .scratch = finished->scratch};
}

/* the rows that `keep` says, as a block of their own with action k and other rewards */
static int teach_some(void *model, const nb_transitions_t *finished, const uint8_t *keep,
                      const int32_t *action, const double *reward)
{
    size_t mark = nb_arena_mark(finished->scratch), d = finished->d, n = 0;
    float *x = nb_arena_take(finished->scratch, finished->n * (d + 1), sizeof *x);
    int32_t *actions = nb_arena_take(finished->scratch, finished->n, sizeof *actions);
    double *rewards = nb_arena_take(finished->scratch, finished->n, sizeof *rewards);
    nb_transitions_t some = *finished;
    int code;

    for (size_t i = 0; i < finished->n; i++) {
        if (keep[i]) {
            if (d) {
                memcpy(x + n * d, finished->x + i * d, d * sizeof *x);
            }
            actions[n] = action[i];
            rewards[n++] = reward[i];
        }
    }
    some.n = n;
    some.x = d ? x : NULL;
    some.action = actions;
    some.reward = rewards;
    code = n ? nb_ridge_update(model, &some) : NB_OK;
    nb_arena_release(finished->scratch, mark);
    return code;
}

/* work of one block */
typedef struct {
    uint8_t *keep;
    int32_t *action;
    double *target;
} work_t;

static work_t take_work(const nb_transitions_t *finished)
{
    return (work_t){nb_arena_take(finished->scratch, finished->n, sizeof(uint8_t)),
                    nb_arena_take(finished->scratch, finished->n, sizeof(int32_t)),
                    nb_arena_take(finished->scratch, finished->n, sizeof(double))};
}

/* imputed effects: of treated rows against mu_0, and of control rows for every action */
static int teach_x(void *state, const nb_transitions_t *finished)
{
    const state_t *self = state;
    int32_t control = (int32_t)self->control[finished->point];
    nb_batch_t batch = as_batch(finished);
    work_t work = take_work(finished);
    nb_prediction_t mu;

    NB_TRY(predict(state, 0, &batch, &mu));
    for (size_t i = 0; i < finished->n; i++) {
        work.keep[i] = finished->action[i] != control;
        work.target[i] = finished->reward[i] - mean_at(&mu, (size_t)control, i);
    }
    NB_TRY(teach_some(model_of(state, 1), finished, work.keep, finished->action, work.target));
    for (int32_t k = 0; k < (int32_t)finished->n_actions; k++) {
        for (size_t i = 0; k != control && i < finished->n; i++) {
            work.keep[i] = finished->action[i] == control;
            work.action[i] = k;
            work.target[i] = mean_at(&mu, (size_t)k, i) - finished->reward[i];
        }
        if (k != control) {
            NB_TRY(teach_some(model_of(state, 2), finished, work.keep, work.action, work.target));
        }
    }
    return nb_ridge_update(model_of(state, 0), finished);
}

/* 0 where nobody says: the row then teaches no effect */
static double propensity_of(const nb_transitions_t *finished, size_t i)
{
    double p = finished->propensity ? finished->propensity[i] : 0.0;

    return p > 0.0 ? p : 0.0;
}

/* doubly robust score of action k on row i; mu of the customers' other half, p of what was played
 */
static double robust_score(const nb_transitions_t *finished, const nb_prediction_t *mu, double p,
                           size_t i, int32_t k, int32_t control)
{
    const nb_prediction_t *other = &mu[finished->luck[i] % 2 == 0];
    double mk = mean_at(other, (size_t)k, i), m0 = mean_at(other, (size_t)control, i);
    double y = finished->reward[i], effect = mk - m0;

    if (finished->action[i] == k) {
        effect += (y - mk) / p;
    } else if (finished->action[i] == control) {
        effect -= (y - m0) / p;
    }
    return effect;
}

/* scores of all rows for every action that the row allowed, then the nuisances of each half */
static int teach_dr(void *state, const nb_transitions_t *finished)
{
    const state_t *self = state;
    int32_t control = (int32_t)self->control[finished->point];
    nb_batch_t batch = as_batch(finished);
    work_t work = take_work(finished);
    nb_prediction_t mu[2];

    NB_TRY(predict(state, 0, &batch, &mu[0]));
    NB_TRY(predict(state, 1, &batch, &mu[1]));
    for (int32_t k = 0; k < (int32_t)finished->n_actions; k++) {
        for (size_t i = 0; i < finished->n; i++) {
            work.keep[i] =
                (uint8_t)(k != control &&
                          nb_mask_allows(batch.mask, batch.mask_words, i, (unsigned)k) &&
                          nb_mask_allows(batch.mask, batch.mask_words, i, (unsigned)control) &&
                          propensity_of(finished, i) > 0.0);
            work.action[i] = k;
            work.target[i] =
                work.keep[i] ? robust_score(finished, mu, propensity_of(finished, i), i, k, control)
                             : 0.0;
        }
        NB_TRY(teach_some(model_of(state, 2), finished, work.keep, work.action, work.target));
    }
    for (size_t half = 0; half < 2; half++) {
        for (size_t i = 0; i < finished->n; i++) {
            work.keep[i] = finished->luck[i] % 2 == half;
        }
        NB_TRY(teach_some(model_of(state, half), finished, work.keep, finished->action,
                          finished->reward));
    }
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    const state_t *self = state;
    size_t mark = nb_arena_mark(finished->scratch);
    double *counts = (double *)((char *)state + self->counts) + self->first[finished->point];
    int code;

    NB_TRY(nb_rows_check_finished(finished));
    code = self->learner == T_LEARNER   ? nb_ridge_update(model_of(state, 0), finished)
           : self->learner == X_LEARNER ? teach_x(state, finished)
                                        : teach_dr(state, finished);

    for (size_t i = 0; code == NB_OK && i < finished->n; i++) {
        counts[finished->action[i]] += 1.0;
    }
    nb_arena_release(finished->scratch, mark);
    return code;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    for (size_t m = 0; m < N_MODELS; m++) {
        NB_TRY(nb_ridge_refresh(model_of(state, m), scratch));
    }
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t d = 0, most = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        d = spec->points[p].d > d ? spec->points[p].d : d;
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    return nb_linear_scratch_size(spec, settings) + 3 * nb_ridge_scratch(spec) +
           NB_BLOCK_ROWS * ((2 * most + 4) * sizeof(double) + (d + 1) * sizeof(float) + 16) +
           32 * ALIGN;
}

const nb_policy_type_t nb_policy_uplift = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "uplift",
    .summary = "highest effect against a control, by a T-, X- or DR-learner (Kunzel et al. 2019; "
               "Kennedy 2023)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_PROPENSITY,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .end_period = end_period,
    .probabilities = probabilities,
    .score = score,
    .scratch_size = scratch_size,
};
