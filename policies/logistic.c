#include "policies/logistic.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "policies/rows.h"

enum { ALIGN = 64, MOST_STEPS = 200, MOST_HALVINGS = 60 };

static const double enough = 1e-10;      /* norm of the gradient */
static const double least_worth = 1e-12; /* of a success, so that ranks stay */
static const double slack = 1e-12;       /* share of f that is rounding */

/* one point: sizes, what waits, what successes brought, and where its arrays begin in bytes */
typedef struct {
    unsigned d, n_actions;
    unsigned n_waiting;
    double n_successes, sum, worth;
    size_t cells;   /* double [K x cell_size(d)] */
    size_t x;       /* float [NB_LOGISTIC_ROWS x d of the spec] */
    size_t action;  /* int32_t [NB_LOGISTIC_ROWS] */
    size_t success; /* int32_t [NB_LOGISTIC_ROWS] */
    unsigned d_spec;
} logistic_point_t;

typedef struct {
    double threshold;
    int signal, covariance;
    unsigned n_points;
    logistic_point_t points[NB_MAX_POINTS];
} logistic_t;

/* the rows of one fit, and its work */
typedef struct {
    size_t d, ld, n;
    double *x;                   /* [n x ld], columns d .. ld-1 zero */
    double *y;                   /* [n] */
    double *w, *trial, *g;       /* [ld] */
    double *step, *forward, *xp; /* [ld] */
    double *h, *l, *r;           /* [d x ld] */
} fit_t;

static size_t leading(size_t d)
{
    return nb_round_up(d, NB_MOMENT_PAD);
}

/* m [ld], Q [d x ld], inverse root L^-1 of Q = L L' by columns [triangle] */
static size_t cell_size(size_t d)
{
    return nb_round_up(leading(d) * (d + 1) + nb_triangle_size(d), 8);
}

static size_t place(size_t *end, size_t size)
{
    size_t start = *end;

    *end += nb_round_up(size, ALIGN);
    return start;
}

static size_t lay_out(logistic_t *self, const nb_spec_t *spec)
{
    size_t end = nb_round_up(sizeof *self, ALIGN);

    NB_ASSERT(spec->n_points <= NB_MAX_POINTS);
    self->n_points = spec->n_points;
    for (unsigned p = 0; p < spec->n_points; p++) {
        logistic_point_t *at = self->points + p;

        at->d_spec = spec->points[p].d;
        at->d = at->d_spec ? at->d_spec : 1;
        at->n_actions = spec->points[p].n_actions;
        at->worth = 1.0;
        at->cells = place(&end, at->n_actions * cell_size(at->d) * sizeof(double));
        at->x = place(&end, (size_t)NB_LOGISTIC_ROWS * at->d_spec * sizeof(float));
        at->action = place(&end, NB_LOGISTIC_ROWS * sizeof(int32_t));
        at->success = place(&end, NB_LOGISTIC_ROWS * sizeof(int32_t));
    }
    return end;
}

size_t nb_logistic_size(const nb_spec_t *spec)
{
    logistic_t scheme;

    memset(&scheme, 0, sizeof scheme);
    return lay_out(&scheme, spec);
}

/* where an action's cell begins, in doubles */
static size_t cell_offset(const logistic_t *self, nb_logistic_arm_t arm)
{
    const logistic_point_t *at = self->points + arm.point;

    return at->cells / sizeof(double) + arm.action * cell_size(at->d);
}

void nb_logistic_init(void *block, const nb_spec_t *spec, const nb_logistic_settings_t *settings)
{
    logistic_t *self = block;

    lay_out(self, spec);
    self->threshold = settings->threshold;
    self->signal = settings->signal;
    self->covariance = settings->covariance;
    for (unsigned p = 0; p < spec->n_points; p++) {
        size_t d = self->points[p].d, ld = leading(d);

        for (unsigned k = 0; k < self->points[p].n_actions; k++) {
            double *q = (double *)block + cell_offset(self, (nb_logistic_arm_t){p, k}) + ld;
            double *root = q + d * ld;

            for (size_t j = 0; j < d; j++) {
                q[j * ld + j] = settings->lambda;
                *root = 1.0 / sqrt(settings->lambda);
                root += d - j;
            }
        }
    }
}

static size_t fit_size(size_t d)
{
    return NB_LOGISTIC_ROWS * (leading(d) + 1) + 6 * leading(d) + 3 * d * leading(d);
}

size_t nb_logistic_scratch(const nb_spec_t *spec)
{
    size_t widest = 1;

    for (unsigned p = 0; p < spec->n_points; p++) {
        widest = spec->points[p].d > widest ? spec->points[p].d : widest;
    }
    return fit_size(widest) * sizeof(double) + ALIGN;
}

double nb_logistic(double z)
{
    double small = exp(-fabs(z));

    return z < 0.0 ? small / (1.0 + small) : 1.0 / (1.0 + small);
}

static double dot(const double *a, const double *b, size_t d)
{
    double sum = 0.0;

    for (size_t j = 0; j < d; j++) {
        sum += a[j] * b[j];
    }
    return sum;
}

/* out = Q (w - m), from the lower triangle */
static void pull_to_prior(const fit_t *fit, const double *cell, const double *w, double *out)
{
    const double *q = cell + fit->ld;

    for (size_t i = 0; i < fit->d; i++) {
        out[i] = 0.0;
        for (size_t j = 0; j < fit->d; j++) {
            double entry = i >= j ? q[i * fit->ld + j] : q[j * fit->ld + i];

            out[i] += entry * (w[j] - cell[j]);
        }
    }
}

static double objective(const fit_t *fit, const double *cell, const double *w)
{
    double sum = 0.0;

    pull_to_prior(fit, cell, w, fit->xp);
    for (size_t j = 0; j < fit->d; j++) {
        sum += 0.5 * fit->xp[j] * (w[j] - cell[j]);
    }
    for (size_t i = 0; i < fit->n; i++) {
        double z = dot(fit->x + i * fit->ld, w, fit->d);
        double miss = fit->y[i] > 0.5 ? -z : z;

        sum += fmax(miss, 0.0) + log1p(exp(-fabs(miss)));
    }
    return sum;
}

/* gradient and Hessian of f at w */
static void differentiate(const fit_t *fit, const double *cell)
{
    memcpy(fit->h, cell + fit->ld, fit->d * fit->ld * sizeof *fit->h);
    memset(fit->xp, 0, fit->ld * sizeof *fit->xp);
    pull_to_prior(fit, cell, fit->w, fit->g);
    for (size_t i = 0; i < fit->n; i++) {
        const double *x = fit->x + i * fit->ld;
        double p = nb_logistic(dot(x, fit->w, fit->d)), bend = sqrt(p * (1.0 - p));

        for (size_t j = 0; j < fit->d; j++) {
            fit->g[j] += (p - fit->y[i]) * x[j];
            fit->xp[j] = bend * x[j];
        }
        nb_rank_update(fit->h, fit->d, fit->xp, 1);
    }
}

/* w - t step for the first t = 1, 1/2, ... at which f falls */
static int go(const fit_t *fit, const double *cell, double *f, double slope)
{
    double t = 1.0;

    for (int halving = 0; halving < MOST_HALVINGS; halving++) {
        for (size_t j = 0; j < fit->d; j++) {
            fit->trial[j] = fit->w[j] - t * fit->step[j];
        }
        double there = objective(fit, cell, fit->trial);

        if (there <= *f - 1e-4 * t * slope + slack * (1.0 + fabs(*f))) {
            memcpy(fit->w, fit->trial, fit->d * sizeof *fit->w);
            *f = there;
            return NB_OK;
        }
        t *= 0.5;
    }
    NB_FAIL(NB_ERR_NUMERIC,
            "a logistic regression of %zu features finds no better weights: are "
            "features of very different size?",
            fit->d);
}

/* r = L^-1 of h = L L' */
static int invert_root(const fit_t *fit)
{
    memcpy(fit->l, fit->h, fit->d * fit->ld * sizeof *fit->l);
    NB_TRY(nb_cholesky(fit->l, fit->d, fit->ld));
    nb_triangle_invert(fit->l, fit->d, fit->ld, fit->r);
    return NB_OK;
}

/* w from the prior's mean to the mode; the Hessian is that of w. */
static int find_mode(const fit_t *fit, const double *cell)
{
    double f = objective(fit, cell, fit->w), before = INFINITY;

    for (int step = 0; step < MOST_STEPS; step++) {
        differentiate(fit, cell);
        double norm = sqrt(dot(fit->g, fit->g, fit->d));

        if (norm < enough) {
            return NB_OK;
        }
        NB_TRY(invert_root(fit));
        nb_triangle_solve(fit->r, fit->d, fit->ld, fit->g, fit->forward, fit->step);
        double slope = dot(fit->g, fit->step, fit->d);

        /* Newton's norm falls quadratically here unless it is all rounding */
        if (norm >= 0.5 * before && slope <= slack * (1.0 + f)) {
            return NB_OK;
        }
        before = norm;
        NB_TRY(go(fit, cell, &f, slope));
    }
    NB_FAIL(NB_ERR_NUMERIC,
            "a logistic regression of %zu features has not converged after %d steps", fit->d,
            MOST_STEPS);
}

/* the posterior of a fit is the next one's prior */
static int keep(const fit_t *fit, double *cell, int covariance)
{
    double *q = cell + fit->ld, *root = q + fit->d * fit->ld;

    for (size_t i = 0; covariance == NB_LOGISTIC_DIAGONAL && i < fit->d; i++) {
        memset(fit->h + i * fit->ld, 0, i * sizeof *fit->h);
    }
    NB_TRY(invert_root(fit));
    memcpy(cell, fit->w, fit->d * sizeof *cell);
    for (size_t j = 0; j < fit->d; j++) {
        memcpy(q + j * fit->ld, fit->h + j * fit->ld, (j + 1) * sizeof *q);
        for (size_t i = j; i < fit->d; i++) {
            *root++ = fit->r[i * fit->ld + j];
        }
    }
    return NB_OK;
}

static fit_t take_fit(nb_arena_t *scratch, size_t d)
{
    size_t ld = leading(d);
    fit_t fit = {.d = d, .ld = ld};

    fit.x = nb_arena_take(scratch, fit_size(d), sizeof *fit.x);
    memset(fit.x, 0, fit_size(d) * sizeof *fit.x);
    fit.y = fit.x + NB_LOGISTIC_ROWS * ld;
    fit.w = fit.y + NB_LOGISTIC_ROWS;
    fit.trial = fit.w + ld;
    fit.g = fit.trial + ld;
    fit.step = fit.g + ld;
    fit.forward = fit.step + ld;
    fit.xp = fit.forward + ld;
    fit.h = fit.xp + ld;
    fit.l = fit.h + d * ld;
    fit.r = fit.l + d * ld;
    return fit;
}

/* the rows of an action that wait. @return how many */
static size_t gather(const void *block, nb_logistic_arm_t arm, fit_t *fit)
{
    const logistic_point_t *at = ((const logistic_t *)block)->points + arm.point;
    const float *x = (const float *)((const char *)block + at->x);
    const int32_t *action = (const int32_t *)((const char *)block + at->action);
    const int32_t *success = (const int32_t *)((const char *)block + at->success);

    fit->n = 0;
    for (size_t i = 0; i < at->n_waiting; i++) {
        if (action[i] == (int32_t)arm.action) {
            nb_rows_widen(x, i, at->d_spec, fit->x + fit->n * fit->ld);
            fit->y[fit->n++] = success[i];
        }
    }
    return fit->n;
}

/* one Laplace update of every action with rows that wait */
static int learn(void *block, unsigned p, nb_arena_t *scratch)
{
    logistic_t *self = block;
    logistic_point_t *at = self->points + p;
    size_t mark = nb_arena_mark(scratch);
    fit_t fit = take_fit(scratch, at->d);
    int code = NB_OK;

    for (unsigned k = 0; code == NB_OK && k < at->n_actions; k++) {
        nb_logistic_arm_t arm = {p, k};
        double *cell = (double *)block + cell_offset(self, arm);

        if (gather(block, arm, &fit) > 0) {
            memcpy(fit.w, cell, fit.d * sizeof *fit.w);
            code = find_mode(&fit, cell);
            code = code < 0 ? code : keep(&fit, cell, self->covariance);
        }
    }
    at->n_waiting = 0;
    nb_arena_release(scratch, mark);
    return code;
}

static int is_success(const logistic_t *self, const nb_transitions_t *finished, size_t i)
{
    static const uint16_t bit[] = {[NB_LOGISTIC_OPENED] = NB_SIGNAL_OPENED,
                                   [NB_LOGISTIC_VISITED] = NB_SIGNAL_VISITED,
                                   [NB_LOGISTIC_BOUGHT] = NB_SIGNAL_BOUGHT};

    return self->signal == NB_LOGISTIC_REWARD ? finished->reward[i] > self->threshold
                                              : (finished->signals[i] & bit[self->signal]) != 0;
}

int nb_logistic_update(void *block, const nb_transitions_t *finished)
{
    logistic_t *self = block;
    logistic_point_t *at = self->points + finished->point;
    size_t row = at->d_spec * sizeof(float);

    for (size_t i = 0; i < finished->n; i++) {
        int success = is_success(self, finished, i);

        if (at->n_waiting == NB_LOGISTIC_ROWS) {
            NB_TRY(learn(block, finished->point, finished->scratch));
        }
        if (row) {
            memcpy((char *)block + at->x + at->n_waiting * row, finished->x + i * at->d_spec, row);
        }
        ((int32_t *)((char *)block + at->action))[at->n_waiting] =
            finished->action[i * finished->slate];
        ((int32_t *)((char *)block + at->success))[at->n_waiting++] = success;
        at->n_successes += success;
        at->sum += success ? finished->reward[i] : 0.0;
    }
    return NB_OK;
}

int nb_logistic_refresh(void *block, nb_arena_t *scratch)
{
    logistic_t *self = block;

    for (unsigned p = 0; p < self->n_points; p++) {
        logistic_point_t *at = self->points + p;

        if (at->n_waiting > 0) {
            NB_TRY(learn(block, p, scratch));
        }
        if (at->n_successes > 0.0) {
            at->worth = fmax(at->sum / at->n_successes, least_worth);
        }
    }
    return NB_OK;
}

const double *nb_logistic_weights(const void *self, nb_logistic_arm_t arm)
{
    return (const double *)self + cell_offset(self, arm);
}

const double *nb_logistic_precision(const void *self, nb_logistic_arm_t arm)
{
    const logistic_t *from = self;

    return nb_logistic_weights(self, arm) + leading(from->points[arm.point].d);
}

double nb_logistic_mean(const void *self, nb_logistic_arm_t arm, const double *x)
{
    return dot(nb_logistic_weights(self, arm), x, ((const logistic_t *)self)->points[arm.point].d);
}

double nb_logistic_variance(const void *block, nb_logistic_arm_t arm, const double *x, double *work)
{
    const logistic_t *self = block;
    size_t d = self->points[arm.point].d, ld = leading(d);
    const double *q = nb_logistic_precision(block, arm), *root = q + d * ld;
    double sum = 0.0;

    if (self->covariance == NB_LOGISTIC_DIAGONAL) {
        for (size_t j = 0; j < d; j++) {
            sum += x[j] * x[j] / q[j * ld + j];
        }
        return sum;
    }
    memset(work, 0, d * sizeof *work);
    for (size_t j = 0; j < d; j++) {
        for (size_t i = j; i < d; i++) {
            work[i] += x[j] * *root++;
        }
    }
    return dot(work, work, d);
}

double nb_logistic_worth(const void *self, unsigned point)
{
    return ((const logistic_t *)self)->points[point].worth;
}
