/*
 * Optimism in the face of uncertainty for linear models: the action whose mean is highest within a
 * confidence ellipsoid of its weights, x'm_k + radius_k sqrt(x'V_k^-1 x), V_k = lambda I + X'X.
 *
 * Source: Abbasi-Yadkori, Pal & Szepesvari (2011), "Improved algorithms for linear stochastic
 * bandits", theorem 2. With noise that is R-sub-Gaussian and |theta_k| <= S, with probability 1 -
 * delta_k for all t at once
 *
 *     |m_k - theta_k|_V <= R sqrt(log(det(V_k) / lambda^d) + 2 log(1 / delta_k)) + sqrt(lambda) S,
 *
 * and where |x| <= L the first root is at most sqrt(d log((1 + t L^2 / lambda) / delta_k)), t the
 * rows of the action. The actions have weights of their own, so each ellipsoid gets delta_k =
 * delta / K, and all of them hold together with probability 1 - delta. Known limits: the bound is
 * far from tight, and so much exploration is of use to proofs more than to firms; all rows of a
 * period see the same posterior, as with lin_ucb.
 */
#include "policies/oful.h"

#include <math.h>
#include <string.h>

#include "policies/library.h"
#include "policies/linear.h"
#include "policies/ridge_layout.h"

enum { DETERMINANT, DIMENSION };
enum { OWN_R = 0, OWN_S, OWN_L, OWN_DELTA, OWN_BOUND };

typedef struct {
    nb_linear_settings_t linear; /* exploration is R */
    double s, l, delta;
    int bound;
} settings_t;

/* behind the ridge posteriors: of the actions of all points, one point after the other */
typedef struct {
    double n;      /* observations */
    double radius; /* as of the last refresh */
} arm_t;

static const nb_setting_t table[] = {
    NB_LINEAR_LAMBDA,
    {
        .key = "R",
        .type = NB_SETTING_REAL,
        .offset = offsetof(nb_linear_settings_t, exploration),
        .def = 1.0,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "A",
        .source = "Abbasi-Yadkori et al. 2011, theorem 1",
        .help = "the noise of rewards is R-sub-Gaussian; of normal noise its sd",
    },
    {
        .key = "S",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, s),
        .def = 1.0,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "Abbasi-Yadkori et al. 2011, theorem 2",
        .help = "bound on the length of every action's weights",
    },
    {
        .key = "L",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, l),
        .def = 1.0,
        .low = 1e-6,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "Abbasi-Yadkori et al. 2011, theorem 2",
        .help = "bound on the length of the features; only `bound: dimension` rests on it",
    },
    {
        .key = "delta",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, delta),
        .def = 0.05,
        .low = 1e-12,
        .high = 1.0,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "Abbasi-Yadkori et al. 2011, theorem 2",
        .help = "probability with which an ellipsoid of a point may ever miss its weights",
    },
    {
        .key = "bound",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, bound),
        .def = DETERMINANT,
        .choices = "determinant|dimension",
        .unit = "",
        .mark = "",
        .source = "Abbasi-Yadkori et al. 2011, theorem 2",
        .help = "radius from the determinant of what was seen, or the looser one from the number "
                "of rows and features",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    size_t n = 0;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        n += spec->points[p].n_actions;
    }
    return nb_ridge_size(spec) + n * sizeof(arm_t);
}

/* arm 0 of a point among those of all */
static size_t first_of(const nb_ridge_t *ridge, unsigned point)
{
    size_t first = 0;

    for (unsigned p = 0; p < point; p++) {
        first += ridge->points[p].n_actions;
    }
    return first;
}

static arm_t *arms_of(nb_ridge_t *ridge, unsigned point)
{
    return (arm_t *)((char *)ridge + ridge->size) + first_of(ridge, point);
}

/* @param log_det of V / lambda */
static double find_radius(const nb_ridge_t *ridge, const nb_ridge_point_t *point, const arm_t *arm,
                          double log_det)
{
    const double *own = ridge->own;
    double delta = own[OWN_DELTA] / point->n_actions;
    double square =
        own[OWN_BOUND] == DETERMINANT
            ? log_det + 2.0 * log(1.0 / delta)
            : point->d * log((1.0 + arm->n * own[OWN_L] * own[OWN_L] / ridge->lambda) / delta);

    return own[OWN_R] * sqrt(fmax(square, 0.0)) + sqrt(ridge->lambda) * own[OWN_S];
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    nb_ridge_t *ridge = state;

    NB_TRY(nb_linear_init(state, spec, &from->linear));
    ridge->own[OWN_S] = from->s;
    ridge->own[OWN_L] = from->l;
    ridge->own[OWN_DELTA] = from->delta;
    ridge->own[OWN_BOUND] = from->bound;
    for (unsigned p = 0; p < spec->n_points; p++) {
        arm_t *arms = arms_of(ridge, p);

        for (unsigned k = 0; k < spec->points[p].n_actions; k++) {
            arms[k].radius = find_radius(ridge, ridge->points + p, arms + k, 0.0);
        }
    }
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    arm_t *arms = arms_of(state, finished->point);

    NB_TRY(nb_ridge_update(state, finished));
    for (size_t i = 0; i < finished->n; i++) {
        arms[finished->action[i]].n += finished->weight ? finished->weight[i] : 1.0;
    }
    return NB_OK;
}

static int refresh_radius(nb_ridge_t *ridge, const nb_ridge_point_t *point, size_t k, arm_t *arm,
                          double *work)
{
    size_t d = point->d, ld = point->ld;
    double log_det = 0.0;

    memcpy(work, nb_ridge_moments(ridge, point, k), d * ld * sizeof *work);
    NB_TRY(nb_cholesky(work, d, ld));
    for (size_t j = 0; j < d; j++) {
        log_det += 2.0 * log(work[j * ld + j]) - log(ridge->lambda);
    }
    arm->radius = find_radius(ridge, point, arm, log_det);
    return NB_OK;
}

static int refresh_radii(nb_ridge_t *ridge, unsigned p, nb_arena_t *scratch)
{
    const nb_ridge_point_t *point = ridge->points + p;
    size_t mark = nb_arena_mark(scratch);
    double *work = nb_arena_take(scratch, (size_t)point->d * point->ld, sizeof *work);
    arm_t *arms = arms_of(ridge, p);
    int code = NB_OK;

    for (size_t k = 0; k < point->n_actions && code == NB_OK; k++) {
        if (nb_ridge_touched(ridge, point)[k]) {
            code = refresh_radius(ridge, point, k, arms + k, work);
        }
    }
    nb_arena_release(scratch, mark);
    return code;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    nb_ridge_t *ridge = state;

    for (unsigned p = 0; p < ridge->n_points; p++) {
        NB_TRY(refresh_radii(ridge, p, scratch));
    }
    return nb_ridge_refresh(state, scratch);
}

double nb_oful_radius(const void *state, unsigned point, unsigned action)
{
    const arm_t *arms = (const arm_t *)((const char *)state + nb_ridge_bytes(state));

    return arms[first_of(state, point) + action].radius;
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_prediction_t prediction;
    int code = nb_ridge_predict(state, batch, 1, &prediction);

    for (unsigned k = 0; code == NB_OK && k < batch->n_actions; k++) {
        float radius = (float)nb_oful_radius(state, batch->point, k);
        float *mean = prediction.mean + k * prediction.stride;
        const float *variance = prediction.variance + k * prediction.stride;

        for (size_t i = 0; i < batch->n; i++) {
            mean[i] += radius * sqrtf(variance[i]);
        }
    }
    if (code == NB_OK) {
        nb_linear_write_scores(batch, &prediction, s);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
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

const nb_policy_type_t nb_policy_oful = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "oful",
    .summary = "optimism within confidence ellipsoids of linear models (Abbasi-Yadkori et al. "
               "2011)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_WEIGHTED |
              NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = nb_linear_scratch_size,
};
