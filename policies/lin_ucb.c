/*
 * LinUCB: the action with the highest upper confidence bound, mean + alpha times the width. In the
 * disjoint form every action has a regression of its own, x'm_k + alpha sqrt(x'A_k^-1 x); in the
 * hybrid form they share what their features explain (policies/hybrid.h).
 *
 * Source: Li, Chu, Langford & Schapire (2010), "A contextual-bandit approach to personalized news
 * article recommendation", algorithms 1 and 2. Known limit: all rows of a period see the same
 * posterior, so equal customers herd to the same action until the next refresh. `tie_width` is
 * against that: what lies within so many widths of the best bound, the best action's widths, counts
 * as equal to it, and ties are broken at random; at 2 that is every action whose upper bound is
 * above the best one's lower bound. Ours, not the reference's.
 */
#include <math.h>

#include "policies/hybrid.h"
#include "policies/library.h"
#include "policies/linear.h"

enum { OWN_ALPHA, OWN_TIE_WIDTH, OWN_FORM };
enum { DISJOINT, HYBRID };

typedef struct {
    nb_linear_settings_t linear; /* exploration is alpha */
    double tie_width;
    int form;
} settings_t;

static const nb_setting_t table[] = {
    NB_LINEAR_LAMBDA,
    {
        .key = "alpha",
        .type = NB_SETTING_REAL,
        .offset = offsetof(nb_linear_settings_t, exploration),
        .def = 1.0,
        .low = 0.0,
        .high = 100.0,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "",
        .source = "Li et al. 2010, equation 5",
        .help = "width of the upper confidence bound in standard deviations",
    },
    {
        .key = "tie_width",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, tie_width),
        .def = 0.0,
        .low = 0.0,
        .high = 100.0,
        .choices = "",
        .unit = "widths of the best bound",
        .mark = "A",
        .source = "",
        .help = "actions whose bound lies within so many widths of the highest are played with "
                "equal probability, so that a batch does not herd; 0 is the reference",
    },
    {
        .key = "form",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, form),
        .def = DISJOINT,
        .choices = "disjoint|hybrid",
        .unit = "",
        .mark = "",
        .source = "Li et al. 2010, algorithms 1 and 2",
        .help = "a regression per action, or one that shares what the actions' features explain "
                "(points whose actions have features)",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;

    return nb_ridge_size(spec) + (from->form == HYBRID ? nb_hybrid_size(spec) : 0);
}

/* behind the ridge posteriors */
static void *hybrid_of(void *state)
{
    return (char *)state + nb_ridge_bytes(state);
}

static int is_hybrid(const void *state)
{
    return nb_ridge_own_at(state, OWN_FORM) == HYBRID;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    double *own = nb_ridge_own(state);

    NB_TRY(nb_linear_init(state, spec, &from->linear));
    own[OWN_TIE_WIDTH] = from->tie_width;
    own[OWN_FORM] = from->form;
    return from->form == HYBRID ? nb_hybrid_init(hybrid_of(state), spec) : NB_OK;
}

/* bounds in place of the means */
static int predict_bounds(const void *state, const nb_batch_t *batch, nb_prediction_t *out)
{
    float alpha = (float)nb_ridge_own_at(state, OWN_ALPHA);

    NB_TRY(nb_ridge_predict(state, batch, 1, out));
    if (is_hybrid(state)) {
        NB_TRY(nb_hybrid_widen((const char *)state + nb_ridge_bytes(state), batch, out));
    }
    for (size_t k = 0; k < batch->n_actions; k++) {
        float *mean = out->mean + k * out->stride;
        const float *variance = out->variance + k * out->stride;

        for (size_t i = 0; i < batch->n; i++) {
            mean[i] += alpha * sqrtf(variance[i]);
        }
    }
    return NB_OK;
}

/* lift the scores of a row that lie within `tie_widths` standard deviations of the highest to it;
 * where several are the highest, the widest says */
static void lift_row(const nb_prediction_t *bounds, size_t i, size_t K, double tie_widths,
                     double *s)
{
    double best = -INFINITY, variance = 0.0;

    for (size_t k = 0; k < K; k++) {
        best = fmax(best, s[k]);
    }
    for (size_t k = 0; k < K; k++) {
        if (s[k] == best) {
            variance = fmax(variance, (double)bounds->variance[k * bounds->stride + i]);
        }
    }
    for (size_t k = 0; k < K; k++) {
        s[k] = s[k] >= best - tie_widths * sqrt(variance) ? best : s[k];
    }
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double tie_widths = nb_ridge_own_at(state, OWN_TIE_WIDTH) * nb_ridge_own_at(state, OWN_ALPHA);
    nb_prediction_t bounds;
    int code = predict_bounds(state, batch, &bounds);

    if (code == NB_OK) {
        nb_linear_write_scores(batch, &bounds, s);
    }
    for (size_t i = 0; code == NB_OK && tie_widths > 0.0 && i < batch->n; i++) {
        lift_row(&bounds, i, K, tie_widths, s + i * K);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int played(void *state, const nb_batch_t *batch, const nb_choice_t *choice)
{
    (void)choice;
    return is_hybrid(state) ? nb_hybrid_note(hybrid_of(state), batch) : NB_OK;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    return is_hybrid(state) ? nb_hybrid_refresh(hybrid_of(state), state, scratch)
                            : nb_ridge_refresh(state, scratch);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;

    return nb_linear_scratch_size(spec, settings) +
           (from->form == HYBRID ? nb_hybrid_scratch(spec) : 0);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return nb_linear_choose(state, batch, score, out);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    NB_TRY(score(state, batch, p));
    return nb_policy_rank_probabilities(batch, p, p);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_linear_value(state, batch, probabilities, v);
}

const nb_policy_type_t nb_policy_lin_ucb = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "lin_ucb",
    .summary = "upper confidence bound of a ridge regression per action or shared (Li et al. 2010)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_WEIGHTED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = nb_ridge_update,
    .played = played,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
