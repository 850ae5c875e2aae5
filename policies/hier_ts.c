/*
 * Thompson sampling of a two-level model: every action's weights are shared by all customers, and
 * every customer deviates from them (policies/hierarchy.h has the equations). A score is drawn from
 * its posterior given everybody's history and her own, N(x'theta + z'delta), one normal per row and
 * action; arms are independent given the data, so propensities are integrals over independent
 * normals (error below 1e-9).
 *
 * Source: Hong, Kveton, Zaheer & Ghavamzadeh (2022), "Hierarchical Bayesian bandits", algorithm 1
 * (HierTS); mixed effects as in Lindley & Smith (1972). `deviation: 0` is lin_ts with lambda sd^2
 * and v = sd; `pooling: none` is lin_ts of each customer alone. Weighted rows are taken where
 * rewards are learned.
 *
 * With `signals: factorized` three such models predict whether a decision was opened, led to a
 * visit, to a purchase, each from the decisions that came so far, and policies/funnel.h makes a
 * value of them. A bit is coded 0 or 2, so that its sd is at most 1, which is what `lambda`,
 * `deviation` and `sd` of rewards with `reward_scale: auto` refer to; half the prediction, clipped
 * to [0, 1], is the probability. The score drawn is the normal with the exact mean and variance of
 * the value.
 *
 * The default of `deviation` is the middle of what did no worse than 0 on `everyday` and
 * `quick_service`, on other seeds than those of any experiment. Known limits: Thompson sampling
 * tries out what customers' own rewards cannot tell, for as long as they cannot, so that a
 * deviation that is large against the data costs more than it brings (tests/test_hierarchy.c shows
 * where); the normal drawn stands for a skewed distribution; a linear probability with constant
 * noise; customers deviate in the stages, not in the money.
 */
#include <math.h>
#include <string.h>

#include "policies/funnel.h"
#include "policies/hierarchy.h"
#include "policies/library.h"
#include "policies/rows.h"
#include "policies/thompson.h"

enum { SIGNALS_REWARD, SIGNALS_FACTORIZED };

static const double bit_scale = 2.0;

typedef struct {
    double lambda, deviation, sd;
    int individual, pooling, signals;
} settings_t;

/* the policy's own bytes, followed by the money of all points */
typedef struct {
    double sd;
    int is_factorized;
    unsigned n_points;
    size_t money[NB_MAX_POINTS]; /* doubles from the begin of this */
} own_t;

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
        .source = "Hong et al. 2022",
        .help = "prior precision of every weight of the population",
    },
    {
        .key = "deviation",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, deviation),
        .def = 0.1,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "A",
        .source = "",
        .help = "sd of a customer's weights around the population's; 0 is one model for all",
    },
    {
        .key = "sd",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, sd),
        .def = 1.0,
        .low = 1e-6,
        .high = 1e6,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "",
        .source = "Hong et al. 2022",
        .help =
            "sd of the noise; 1 is right where the reward scale is auto and little is explained",
    },
    {
        .key = "individual",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, individual),
        .def = NB_DEVIATE_INTERCEPT,
        .choices = "intercept|full",
        .unit = "",
        .mark = "A",
        .source = "",
        .help =
            "what of an action deviates: its level (d + 2 numbers a customer and action) or all "
            "weights (d (d + 3) / 2)",
    },
    {
        .key = "pooling",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, pooling),
        .def = NB_POOLING_PARTIAL,
        .choices = "partial|none",
        .unit = "",
        .mark = "",
        .source = "Gelman & Hill 2007, chapter 12",
        .help = "none: customers share nothing; the prior variance of a customer's weights is "
                "1/lambda + deviation^2",
    },
    {
        .key = "signals",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, signals),
        .def = SIGNALS_REWARD,
        .choices = "reward|factorized",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "learn the reward, or opened, visited and bought one after the other and what each "
                "purchase is worth",
    },
    {0},
};

/* the own bytes laid out; returns how many */
static size_t lay_out(own_t *self, const nb_spec_t *spec, const settings_t *settings)
{
    size_t end = nb_round_up(sizeof *self, sizeof(double)) / sizeof(double);

    self->sd = settings->sd;
    self->is_factorized = settings->signals == SIGNALS_FACTORIZED;
    self->n_points = spec->n_points;
    for (unsigned p = 0; self->is_factorized && p < spec->n_points; p++) {
        self->money[p] = end;
        end += nb_funnel_size(spec->points[p].n_actions);
    }
    return end * sizeof(double);
}

static nb_hierarchy_settings_t model_of(const nb_spec_t *spec, const settings_t *settings)
{
    own_t own;

    return (nb_hierarchy_settings_t){
        .lambda = settings->lambda,
        .deviation = settings->deviation,
        .sd = settings->sd,
        .individual = settings->individual,
        .pooling = settings->pooling,
        .n_stages = settings->signals == SIGNALS_FACTORIZED ? NB_FUNNEL_STAGES : 1,
        .extra = lay_out(&own, spec, settings),
    };
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    nb_hierarchy_settings_t model = model_of(spec, settings);

    return nb_hierarchy_size(spec, &model);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    nb_hierarchy_settings_t model = model_of(spec, settings);

    NB_TRY(nb_hierarchy_init(state, spec, &model));
    lay_out(nb_hierarchy_extra(state), spec, settings);
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = 0, widest = 1;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        const nb_point_t *point = spec->points + p;

        most = point->n_actions > most ? point->n_actions : most;
        widest = point->d > widest ? point->d : widest;
    }
    /* beside the posterior of a batch: a table of value(), features, work, money of every action */
    return nb_thompson_scratch(most) + most * NB_BLOCK_ROWS * sizeof(double) +
           (widest + nb_hierarchy_spec_work(spec)) * sizeof(double) +
           2 * most * sizeof(nb_moment_pair_t) + 8 * 64;
}

/* factorized posterior of one score */
static nb_moment_pair_t predict_funnel(const void *state, nb_hierarchy_arm_t arm, const double *x,
                                       const nb_moment_pair_t *money, double *work)
{
    nb_moment_pair_t stages[NB_FUNNEL_STAGES];

    for (arm.stage = 0; arm.stage < NB_FUNNEL_STAGES; arm.stage++) {
        double out[2];

        nb_hierarchy_predict(state, arm, x, work, out);
        stages[arm.stage] = nb_funnel_clip(
            (nb_moment_pair_t){out[0] / bit_scale, out[1] / (bit_scale * bit_scale)});
    }
    return nb_funnel_value(nb_funnel_product(stages), money[1], money[0]);
}

static nb_moment_pair_t predict_reward(const void *state, nb_hierarchy_arm_t arm, const double *x,
                                       double *work)
{
    double out[2];

    nb_hierarchy_predict(state, arm, x, work, out);
    return (nb_moment_pair_t){out[0], out[1]};
}

/* money of every action, [K x 2], without and with a purchase; NULL where rewards are learned */
static nb_moment_pair_t *find_money(const own_t *own, const nb_batch_t *batch)
{
    if (!own->is_factorized) {
        return NULL;
    }
    const double *money = (const double *)own + own->money[batch->point];
    nb_moment_pair_t *out =
        nb_arena_take(batch->scratch, 2 * (size_t)batch->n_actions, sizeof *out);

    for (unsigned k = 0; k < batch->n_actions; k++) {
        for (int bought = 0; bought < 2; bought++) {
            out[2 * k + (unsigned)bought] = nb_funnel_money(money, k, bought, own->sd);
        }
    }
    return out;
}

/* posterior of the scores of a batch */
static int predict(const void *state, const nb_batch_t *batch, nb_thompson_t *out)
{
    size_t K = batch->n_actions;

    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    *out = nb_thompson_take(batch);
    const nb_moment_pair_t *money = find_money(nb_hierarchy_const_extra(state), batch);
    double *x = nb_arena_take(batch->scratch, batch->d + 1 + nb_hierarchy_work(state), sizeof *x);
    double *work = x + batch->d + 1;

    for (size_t i = 0; i < batch->n; i++) {
        nb_rows_widen(batch->x, i, batch->d, x);
        for (unsigned k = 0; k < K; k++) {
            nb_hierarchy_arm_t arm = {batch->point, k, 0, batch->customer[i]};
            nb_moment_pair_t here = {0.0, 0.0};

            if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
                here = money ? predict_funnel(state, arm, x, money + 2 * k, work)
                             : predict_reward(state, arm, x, work);
            }
            out->mean[i * K + k] = here.mean;
            out->sd[i * K + k] = sqrt(here.variance);
        }
    }
    return NB_OK;
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_thompson_t posterior;
    int code = predict(state, batch, &posterior);

    if (code == NB_OK) {
        /* block 0 is for ties */
        nb_thompson_draw(batch, 1, &posterior, s);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_thompson_t posterior;
    int code = predict(state, batch, &posterior);

    if (code == NB_OK) {
        memset(p, 0, batch->n * batch->n_actions * sizeof *p);
        nb_thompson_add(batch, &posterior, NULL, p);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    static const nb_thompson_policy_t policy = {"hier_ts", score, probabilities};

    return nb_thompson_choose(&policy, state, batch, out);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    nb_thompson_t posterior;
    int code = predict(state, batch, &posterior);

    if (code == NB_OK) {
        memset(p, 0, batch->n * K * sizeof *p);
        nb_thompson_add(batch, &posterior, NULL, p);
    }
    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        v[i] = 0.0;
        for (size_t k = 0; k < K; k++) {
            v[i] += p[i * K + k] * posterior.mean[i * K + k]; /* 0 where not allowed */
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

/* every stage that the decision came to has an outcome; then what it was worth */
static void add_funnel(void *state, nb_hierarchy_arm_t arm, const double *x, unsigned reached,
                       double reward, double *work)
{
    own_t *own = nb_hierarchy_extra(state);

    for (arm.stage = 0; arm.stage < NB_FUNNEL_STAGES && arm.stage <= reached; arm.stage++) {
        nb_outcome_t outcome = {x, arm.stage < reached ? bit_scale : 0.0, 1.0};

        nb_hierarchy_add(state, arm, &outcome, work);
    }
    nb_funnel_add((double *)own + own->money[arm.point], arm.action, reached == NB_FUNNEL_STAGES,
                  reward);
}

static int update(void *state, const nb_transitions_t *finished)
{
    const own_t *own = nb_hierarchy_const_extra(state);
    size_t mark = nb_arena_mark(finished->scratch);

    NB_TRY(nb_rows_check_finished(finished));
    if (own->is_factorized && !finished->signals) {
        NB_FAIL(NB_ERR_DATA, "hier_ts with signals: factorized was given no signals");
    }
    if (own->is_factorized && finished->weight) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "hier_ts with signals: factorized takes whole decisions only");
    }
    double *x =
        nb_arena_take(finished->scratch, finished->d + 1 + nb_hierarchy_work(state), sizeof *x);
    double *work = x + finished->d + 1;

    for (size_t i = 0; i < finished->n; i++) {
        nb_hierarchy_arm_t arm = {finished->point, (unsigned)finished->action[i], 0,
                                  finished->customer[i]};

        nb_rows_widen(finished->x, i, finished->d, x);
        if (own->is_factorized) {
            add_funnel(state, arm, x, nb_funnel_reached(finished->signals[i]), finished->reward[i],
                       work);
        } else {
            nb_outcome_t outcome = {x, finished->reward[i],
                                    finished->weight ? finished->weight[i] : 1.0};

            nb_hierarchy_add(state, arm, &outcome, work);
        }
    }
    nb_arena_release(finished->scratch, mark);
    return NB_OK;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    size_t mark = nb_arena_mark(scratch);
    double *work = nb_arena_take(scratch, nb_hierarchy_work(state), sizeof *work);
    int code = nb_hierarchy_refresh(state, work);

    nb_arena_release(scratch, mark);
    return code;
}

const nb_policy_type_t nb_policy_hier_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "hier_ts",
    .summary = "Thompson sampling of weights that customers share and deviate from (Hong et al. "
               "2022)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_INDIVIDUAL | NB_TRAIT_OFFSETS |
              NB_TRAIT_WEIGHTED,
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
