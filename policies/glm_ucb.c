/*
 * UCB for generalized linear models, with the logistic function s: the action with the highest
 *
 *     s(x'm_k) + alpha w_k   (index: mean, GLM-UCB)   or   x'm_k + alpha w_k   (index: link,
 * UCB-GLM)
 *
 * is played, w_k = sqrt(x'V_k^-1 x), V_k = lambda I + sum x x' over the rows of action k. Scores
 * are the index, for `link` its s, times the point's mean reward of a success.
 *
 * Source: Filippi, Cappe, Garivier & Szepesvari (2010), "Parametric bandits: the generalized linear
 * case", equation 6; Li, Lu & Zhou (2017), "Provably optimal algorithms for generalized linear
 * contextual bandits", algorithm 1. There m is the maximum of the likelihood of all rows after some
 * of forced exploration; here it is the mode of policies/logistic.h under a prior, block by block,
 * which needs neither stored rows nor a first phase. Known limits: those of policies/logistic.h;
 * with `link`, bounds beyond log odds of 36 tie, since their probabilities are 1 in float64; all
 * rows of a period see the same posterior and herd, against which `tie_width` is as in lin_ucb.
 */
#include <math.h>

#include "core/linalg.h"
#include "policies/gaussian.h"
#include "policies/library.h"
#include "policies/logistic.h"
#include "policies/rows.h"

enum { ALIGN = 64 };
enum { LINK, MEAN };

typedef struct {
    nb_logistic_settings_t logistic;
    double alpha, tie_width;
    int index;
} settings_t;

/* own numbers, then the regressions, then the designs: V of an action as an nb_gaussian */
typedef struct {
    double lambda, alpha, tie_width;
    int index;
    unsigned n_points;
    unsigned n_actions[NB_MAX_POINTS], d[NB_MAX_POINTS];
    size_t regressions, designs[NB_MAX_POINTS]; /* bytes from the state's begin */
} glm_t;

static const nb_setting_t table[] = {
    NB_LOGISTIC_LAMBDA,
    {
        .key = "alpha",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, alpha),
        .def = 1.0,
        .low = 0.0,
        .high = 100.0,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "form: Li et al. 2017, algorithm 1",
        .help = "factor on the width of the bound, on the scale of the index",
    },
    {
        .key = "index",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, index),
        .def = LINK,
        .choices = "link|mean",
        .unit = "",
        .mark = "",
        .source = "Li et al. 2017; mean: Filippi et al. 2010",
        .help = "what the width is added to: log odds, or the probability of success",
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
    NB_LOGISTIC_SIGNAL,
    NB_LOGISTIC_THRESHOLD,
    {0},
};

static size_t lay_out(glm_t *self, const nb_spec_t *spec)
{
    size_t end = nb_round_up(sizeof *self, ALIGN);

    self->n_points = spec->n_points;
    self->regressions = end;
    end += nb_round_up(nb_logistic_size(spec), ALIGN);
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->n_actions[p] = spec->points[p].n_actions;
        self->d[p] = spec->points[p].d ? spec->points[p].d : 1;
        self->designs[p] = end;
        end += self->n_actions[p] * nb_gaussian_size(self->d[p]) * sizeof(double);
    }
    return nb_round_up(end, ALIGN);
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    glm_t scheme = {0};

    (void)settings;
    return lay_out(&scheme, spec);
}

/* where the design of an action begins, in doubles */
static size_t design_offset(const glm_t *self, unsigned point, unsigned action)
{
    return self->designs[point] / sizeof(double) + action * nb_gaussian_size(self->d[point]);
}

static const void *regressions_of(const void *state)
{
    return (const char *)state + ((const glm_t *)state)->regressions;
}

static int refresh_designs(void *state, double *work)
{
    const glm_t *self = state;

    for (unsigned p = 0; p < self->n_points; p++) {
        for (unsigned k = 0; k < self->n_actions[p]; k++) {
            NB_TRY(nb_gaussian_refresh((double *)state + design_offset(self, p, k), self->d[p],
                                       self->lambda, NULL, work));
        }
    }
    return NB_OK;
}

static size_t widest_of(const glm_t *self)
{
    size_t widest = 1;

    for (unsigned p = 0; p < self->n_points; p++) {
        widest = self->d[p] > widest ? self->d[p] : widest;
    }
    return widest;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    glm_t *self = state;
    double *work = NULL;

    lay_out(self, spec);
    self->lambda = from->logistic.lambda;
    self->alpha = from->alpha;
    self->tie_width = from->tie_width;
    self->index = from->index;
    nb_logistic_init((char *)state + self->regressions, spec, &from->logistic);
    NB_TRY(nb_alloc(&work, nb_gaussian_work(widest_of(self)), sizeof *work));
    int code = refresh_designs(state, work);

    nb_free(work);
    return code;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    glm_t scheme = {0};
    size_t most = 0;

    (void)settings;
    lay_out(&scheme, spec);
    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    /* two tables, uniforms of ties, widths of a row, features and work */
    return NB_BLOCK_ROWS * (2 * most + 8) * sizeof(double) +
           (most + nb_gaussian_work(widest_of(&scheme)) + 4 * widest_of(&scheme)) * sizeof(double) +
           nb_logistic_scratch(spec) + 8 * ALIGN;
}

/* index and width of the allowed actions of a row, s -infinity for the others. @param x [2 d + 2],
 * the row's features first */
static void bound_row(const void *state, const nb_batch_t *batch, size_t i, double *x,
                      double *width, double *s)
{
    const glm_t *self = state;
    size_t d = self->d[batch->point];

    nb_rows_widen(batch->x, i, batch->d, x);
    for (unsigned k = 0; k < batch->n_actions; k++) {
        const double *design = (const double *)state + design_offset(self, batch->point, k);
        nb_logistic_arm_t arm = {batch->point, k};

        s[k] = -INFINITY;
        if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
            double z = nb_logistic_mean(regressions_of(state), arm, x);

            width[k] = self->alpha * sqrt(nb_gaussian_variance(design, d, x, x + d));
            s[k] = (self->index == MEAN ? nb_logistic(z) : z) + width[k];
        }
    }
}

/* scores within `tie_width` widths of the highest become it; where several are highest, the widest
 * says */
static void lift_row(const double *width, size_t K, double tie_width, double *s)
{
    double best = -INFINITY, widest = 0.0;

    for (size_t k = 0; k < K; k++) {
        best = fmax(best, s[k]);
    }
    for (size_t k = 0; k < K; k++) {
        widest = s[k] == best ? fmax(widest, width[k]) : widest;
    }
    for (size_t k = 0; k < K; k++) {
        s[k] = s[k] >= best - tie_width * widest ? best : s[k];
    }
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    const glm_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double worth = nb_logistic_worth(regressions_of(state), batch->point);

    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    double *width = nb_arena_take(batch->scratch, K, sizeof *width);
    double *x = nb_arena_take(batch->scratch, 2 * ((size_t)batch->d + 1), sizeof *x);

    for (size_t i = 0; i < batch->n; i++) {
        double *row = s + i * K;

        bound_row(state, batch, i, x, width, row);
        if (self->tie_width > 0.0) {
            lift_row(width, K, self->tie_width, row);
        }
        for (size_t k = 0; k < K; k++) {
            if (!isinf(row[k])) {
                row[k] = worth * (self->index == MEAN ? row[k] : nb_logistic(row[k]));
            }
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *s = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *s);
    int code = score(state, batch, s);

    code = code < 0 ? code : nb_policy_rank(batch, s, out);
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    NB_TRY(score(state, batch, p));
    return nb_policy_rank_probabilities(batch, p, p);
}

/* at the mode of the weights */
static int value(const void *state, const nb_batch_t *batch, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    double *x = nb_arena_take(batch->scratch, (size_t)batch->d + 1, sizeof *x);
    double worth = nb_logistic_worth(regressions_of(state), batch->point);
    int code = probabilities(state, batch, p);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        nb_rows_widen(batch->x, i, batch->d, x);
        v[i] = 0.0;
        for (unsigned k = 0; k < K; k++) {
            nb_logistic_arm_t arm = {batch->point, k};

            if (p[i * K + k] > 0.0) {
                v[i] += p[i * K + k] * worth *
                        nb_logistic(nb_logistic_mean(regressions_of(state), arm, x));
            }
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int update(void *state, const nb_transitions_t *finished)
{
    const glm_t *self = state;
    size_t mark = nb_arena_mark(finished->scratch), d = self->d[finished->point];

    NB_TRY(nb_rows_check_finished(finished));
    double *row = nb_arena_take(finished->scratch, nb_gaussian_row(d), sizeof *row);

    for (size_t j = 0; j < nb_gaussian_row(d); j++) {
        row[j] = 0.0;
    }
    for (size_t i = 0; i < finished->n; i++) {
        unsigned k = (unsigned)finished->action[i * finished->slate];

        nb_rows_widen(finished->x, i, finished->d, row);
        nb_gaussian_add((double *)state + design_offset(self, finished->point, k), d, row);
    }
    nb_arena_release(finished->scratch, mark);
    return nb_logistic_update((char *)state + self->regressions, finished);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    const glm_t *self = state;
    size_t mark = nb_arena_mark(scratch);
    double *work = nb_arena_take(scratch, nb_gaussian_work(widest_of(self)), sizeof *work);
    int code = refresh_designs(state, work);

    nb_arena_release(scratch, mark);
    return code < 0 ? code : nb_logistic_refresh((char *)state + self->regressions, scratch);
}

const nb_policy_type_t nb_policy_glm_ucb = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "glm_ucb",
    .summary = "upper confidence bound of a logistic regression per action (Filippi et al. 2010; "
               "Li, Lu & Zhou 2017)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_TEST_BED,
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
