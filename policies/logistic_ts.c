/*
 * Thompson sampling with a Bayesian logistic regression per action (policies/logistic.h): the log
 * odds of a success are drawn from N(x'm_k, v^2 x'Q_k^-1 x), and the highest is played. The
 * logistic function rises, so the highest log odds are the highest probability of success, and
 * propensities are integrals over independent normals (error below 1e-9). Scores are the drawn
 * probability times the point's mean reward of a success.
 *
 * Source: Chapelle & Li (2011), "An empirical evaluation of Thompson sampling", algorithm 3 and its
 * posterior reshaping v; the paper draws the weights, of which a row's log odds are these normals.
 * Known limits: actions are compared by the probability of success, not by what they cost or what a
 * success of each brings; beyond log odds of 36 probabilities are 1 in float64, and such actions
 * tie.
 */
#include <math.h>
#include <string.h>

#include "policies/library.h"
#include "policies/logistic.h"
#include "policies/rows.h"
#include "policies/thompson.h"

enum { ALIGN = 64 };

typedef struct {
    nb_logistic_settings_t logistic;
    double v;
} settings_t;

static const nb_setting_t table[] = {
    NB_LOGISTIC_LAMBDA,
    {
        .key = "v",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, v),
        .def = 1.0,
        .low = 0.0,
        .high = 100.0,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Chapelle & Li 2011, section 3",
        .help = "factor on the sd of the drawn log odds; 0 plays the mode",
    },
    {
        .key = "covariance",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(nb_logistic_settings_t, covariance),
        .def = NB_LOGISTIC_FULL,
        .choices = "full|diagonal",
        .unit = "",
        .mark = "A",
        .source = "diagonal: Chapelle & Li 2011, algorithm 3",
        .help = "precision of the weights that is kept: all of it, or its diagonal",
    },
    NB_LOGISTIC_SIGNAL,
    NB_LOGISTIC_THRESHOLD,
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return ALIGN + nb_logistic_size(spec);
}

/* v, then the regressions */
static void *regressions(void *state)
{
    return (char *)state + ALIGN;
}

static const void *regressions_of(const void *state)
{
    return (const char *)state + ALIGN;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;

    *(double *)state = from->v;
    nb_logistic_init(regressions(state), spec, &from->logistic);
    return NB_OK;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = 0, widest = 1;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
        widest = spec->points[p].d > widest ? spec->points[p].d : widest;
    }
    return nb_thompson_scratch(most) + most * NB_BLOCK_ROWS * sizeof(double) +
           2 * widest * sizeof(double) + 4 * ALIGN + nb_logistic_scratch(spec);
}

/* posterior of the log odds of a batch; rows and actions that are not allowed stay 0 */
static void predict(const void *state, const nb_batch_t *batch, nb_thompson_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *x = nb_arena_take(batch->scratch, 2 * ((size_t)batch->d + 1), sizeof *x);
    double *work = x + batch->d + 1, v = *(const double *)state;

    for (size_t i = 0; i < batch->n; i++) {
        nb_rows_widen(batch->x, i, batch->d, x);
        for (unsigned k = 0; k < K; k++) {
            nb_logistic_arm_t arm = {batch->point, k};
            size_t at = i * K + k;

            out->mean[at] = out->sd[at] = 0.0;
            if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
                out->mean[at] = nb_logistic_mean(regressions_of(state), arm, x);
                out->sd[at] = v * sqrt(nb_logistic_variance(regressions_of(state), arm, x, work));
            }
        }
    }
    nb_arena_release(batch->scratch, mark);
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double worth = nb_logistic_worth(regressions_of(state), batch->point);

    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    nb_thompson_t posterior = nb_thompson_take(batch);

    predict(state, batch, &posterior);
    nb_thompson_draw(batch, 1, &posterior, s);
    for (size_t at = 0; at < batch->n * batch->n_actions; at++) {
        s[at] = isinf(s[at]) ? s[at] : worth * nb_logistic(s[at]);
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

/* p and, unless NULL, the value of playing so */
static int integrate(const void *state, const nb_batch_t *batch, double *p, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double worth = nb_logistic_worth(regressions_of(state), batch->point);

    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    nb_thompson_t posterior = nb_thompson_take(batch);

    predict(state, batch, &posterior);
    memset(p, 0, batch->n * K * sizeof *p);
    nb_thompson_add(batch, &posterior, NULL, p);
    for (size_t i = 0; v && i < batch->n; i++) {
        v[i] = 0.0;
        for (size_t at = i * K; at < (i + 1) * K; at++) {
            v[i] += p[at] * worth * nb_logistic(posterior.mean[at]);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return integrate(state, batch, p, NULL);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    static const nb_thompson_policy_t policy = {"logistic_ts", score, probabilities};

    return nb_thompson_choose(&policy, state, batch, out);
}

/* at the mode of the weights */
static int value(const void *state, const nb_batch_t *batch, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *p = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *p);
    int code = integrate(state, batch, p, v);

    nb_arena_release(batch->scratch, mark);
    return code;
}

static int update(void *state, const nb_transitions_t *finished)
{
    NB_TRY(nb_rows_check_finished(finished));
    return nb_logistic_update(regressions(state), finished);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    return nb_logistic_refresh(regressions(state), scratch);
}

const nb_policy_type_t nb_policy_logistic_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "logistic_ts",
    .summary = "Thompson sampling of the log odds of success (Chapelle & Li 2011)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS,
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
