#include "policies/hybrid.h"

#include <math.h>
#include <string.h>

#include "policies/ridge_layout.h"

enum { ALIGN = 64 };

typedef struct {
    unsigned d_action, n_actions;
    int is_known;    /* features were noted */
    int is_fresh;    /* what scoring reads is the hybrid model */
    size_t features; /* float [K x d_action], bytes from the begin */
} point_t;

typedef struct {
    unsigned n_points;
    point_t points[NB_MAX_POINTS];
} head_t;

static size_t lay_out(head_t *self, const nb_spec_t *spec)
{
    size_t end = nb_round_up(sizeof *self, ALIGN);

    self->n_points = spec->n_points;
    for (unsigned p = 0; p < spec->n_points; p++) {
        const nb_point_t *point = spec->points + p;

        self->points[p] =
            (point_t){.d_action = point->d_action, .n_actions = point->n_actions, .features = end};
        end += nb_round_up((size_t)point->n_actions * point->d_action * sizeof(float), ALIGN);
    }
    return end;
}

size_t nb_hybrid_size(const nb_spec_t *spec)
{
    head_t scheme;

    return lay_out(&scheme, spec);
}

int nb_hybrid_init(void *hybrid, const nb_spec_t *spec)
{
    for (unsigned p = 0; p < spec->n_points; p++) {
        if (spec->points[p].d_action == 0) {
            NB_FAIL(NB_ERR_CONFIG,
                    "the actions of point %s have no features, which the hybrid form needs",
                    spec->points[p].name);
        }
    }
    lay_out(hybrid, spec);
    return NB_OK;
}

static const float *features_of(const void *hybrid, const point_t *point)
{
    return (const float *)((const char *)hybrid + point->features);
}

static int check_told(const point_t *point, const nb_batch_t *batch)
{
    if (!batch->action_x || batch->d_action != point->d_action) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "a batch tells %u features of its actions, expected %u",
                batch->action_x ? batch->d_action : 0, point->d_action);
    }
    return NB_OK;
}

int nb_hybrid_note(void *hybrid, const nb_batch_t *batch)
{
    point_t *point = ((head_t *)hybrid)->points + batch->point;
    size_t n = (size_t)point->n_actions * point->d_action;
    float *features = (float *)((char *)hybrid + point->features);

    NB_TRY(check_told(point, batch));
    for (size_t at = 0; at < n; at++) {
        if (!isfinite(batch->action_x[at])) {
            NB_FAIL(NB_ERR_NUMERIC, "feature %zu of action %zu is %g, expected a finite number",
                    at % point->d_action, at / point->d_action, (double)batch->action_x[at]);
        }
    }
    if (point->is_known && memcmp(features, batch->action_x, n * sizeof *features) != 0) {
        NB_FAIL(NB_ERR_UNSUPPORTED,
                "the features of the actions have changed, and what was learned "
                "before does not say what they were");
    }
    memcpy(features, batch->action_x, n * sizeof *features);
    point->is_known = 1;
    return NB_OK;
}

int nb_hybrid_widen(const void *hybrid, const nb_batch_t *batch, nb_prediction_t *prediction)
{
    const point_t *point = ((const head_t *)hybrid)->points + batch->point;

    if (point->is_fresh) {
        return NB_OK;
    }
    NB_TRY(check_told(point, batch));
    for (size_t k = 0; k < point->n_actions; k++) {
        const float *a = batch->action_x + k * point->d_action;
        float *variance = prediction->variance + k * prediction->stride, factor = 1.0f;

        for (unsigned l = 0; l < point->d_action; l++) {
            factor += a[l] * a[l];
        }
        for (size_t i = 0; i < batch->n; i++) {
            variance[i] *= factor;
        }
    }
    return NB_OK;
}

/* sizes and scratch of one point's refresh; matrices [rows x ld] of their own ld */
typedef struct {
    nb_ridge_t *ridge;
    const nb_ridge_point_t *at;
    const float *a;             /* [K x d_a] */
    size_t d, d_a, n, ld, ld_n; /* n = d d_a */
    double lambda;
    double *inverse;  /* [K x d x d] A_k^-1 */
    double *mean;     /* [K x d] m_k */
    double *shared;   /* [n x ld_n] A_0 */
    double *root;     /* [n x ld_n] its R_0 */
    double *b, *beta; /* [n] */
    double *work;     /* [(2 d + 3) ld + n] */
    double *through;  /* [n x d] */
} refresh_t;

static size_t count_doubles(size_t d, size_t d_a, size_t K)
{
    size_t n = d * d_a, ld = nb_round_up(d + 1, NB_MOMENT_PAD),
           ld_n = nb_round_up(n, NB_MOMENT_PAD);

    return K * d * (d + 1) + 2 * n * ld_n + 3 * n + (2 * d + 3) * ld + n * d;
}

static refresh_t take(void *ridge, const nb_ridge_point_t *at, const point_t *point, const float *a,
                      nb_arena_t *scratch)
{
    size_t d = at->d, n = d * point->d_action, K = at->n_actions;
    double *memory = nb_arena_take(scratch, count_doubles(d, point->d_action, K), sizeof *memory);
    refresh_t self = {.ridge = ridge,
                      .at = at,
                      .a = a,
                      .d = d,
                      .d_a = point->d_action,
                      .n = n,
                      .ld = at->ld,
                      .ld_n = nb_round_up(n, NB_MOMENT_PAD),
                      .lambda = ((nb_ridge_t *)ridge)->lambda,
                      .inverse = memory};

    self.mean = self.inverse + K * d * d;
    self.shared = self.mean + K * d;
    self.root = self.shared + n * self.ld_n;
    self.b = self.root + n * self.ld_n;
    self.beta = self.b + n;
    self.through = self.beta + n;
    self.work = self.through + n * d;
    return self;
}

/* A_k^-1 and m_k of one action from its disjoint moments */
static int solve_own(refresh_t *self, size_t k)
{
    size_t d = self->d, ld = self->ld;
    const double *moments = nb_ridge_moments(self->ridge, self->at, k);
    double *l = self->work, *r = l + d * ld, *inverse = self->inverse + k * d * d;

    memcpy(l, moments, d * ld * sizeof *l);
    NB_TRY(nb_cholesky(l, d, ld));
    nb_triangle_invert(l, d, ld, r);
    nb_triangle_solve(r, d, ld, moments + d * ld, r + d * ld, self->mean + k * d);
    memset(inverse, 0, d * d * sizeof *inverse);
    for (size_t j = 0; j < d; j++) {
        for (size_t i = 0; i <= j; i++) {
            for (size_t h = 0; h <= j; h++) {
                inverse[i * d + h] += r[j * ld + i] * r[j * ld + h];
            }
        }
    }
    return NB_OK;
}

/* what one action adds to A_0 and b_0 */
static void add_shared(refresh_t *self, size_t k)
{
    size_t d = self->d, d_a = self->d_a;
    const double *inverse = self->inverse + k * d * d, *mean = self->mean + k * d;
    const float *a = self->a + k * d_a;

    for (size_t row = 0; row < self->n; row++) {
        size_t j = row / d_a;
        double left = self->lambda * (double)a[row % d_a];

        self->b[row] += left * mean[j];
        for (size_t column = 0; column <= row; column++) {
            size_t h = column / d_a;
            double entry = (j == h ? 1.0 : 0.0) - self->lambda * inverse[j * d + h];

            self->shared[row * self->ld_n + column] += left * entry * (double)a[column % d_a];
        }
    }
}

/* beta, and R_0 of A_0 = L_0 L_0' */
static int solve_shared(refresh_t *self)
{
    size_t n = self->n, K = self->at->n_actions;

    memset(self->shared, 0, n * self->ld_n * sizeof *self->shared);
    memset(self->b, 0, n * sizeof *self->b);
    for (size_t j = 0; j < n; j++) {
        self->shared[j * self->ld_n + j] = self->lambda;
    }
    for (size_t k = 0; k < K; k++) {
        NB_TRY(solve_own(self, k));
        add_shared(self, k);
    }
    NB_TRY(nb_cholesky(self->shared, n, self->ld_n));
    nb_triangle_invert(self->shared, n, self->ld_n, self->root);
    nb_triangle_solve(self->root, n, self->ld_n, self->b, self->through, self->beta);
    return NB_OK;
}

/* rows of lambda R_0 (I (x) a_k) A_k^-1: their squares add up to lambda^2 V C_k V */
static void pass_through(refresh_t *self, size_t k, double *row)
{
    size_t d = self->d, d_a = self->d_a;
    const double *inverse = self->inverse + k * d * d;
    const float *a = self->a + k * d_a;

    for (size_t r = 0; r < self->n; r++) {
        double *out = self->through + r * d;

        memset(row, 0, d * sizeof *row);
        for (size_t c = 0; c <= r; c++) {
            row[c / d_a] += self->root[r * self->ld_n + c] * (double)a[c % d_a];
        }
        memset(out, 0, d * sizeof *out);
        for (size_t j = 0; j * d_a <= r; j++) {
            for (size_t h = 0; h < d; h++) {
                out[h] += self->lambda * row[j] * inverse[j * d + h];
            }
        }
    }
}

/* Sigma with rows and columns in reverse order, whose Cholesky factor M gives the lower triangle
 * R with Sigma = R'R: R_ij = M_(d-1-j)(d-1-i) */
static void make_covariance(refresh_t *self, size_t k, double *reversed)
{
    size_t d = self->d;
    const double *inverse = self->inverse + k * d * d;

    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            size_t a = d - 1 - i, b = d - 1 - j;
            double sum = inverse[a * d + b];

            for (size_t r = 0; r < self->n; r++) {
                sum += self->through[r * d + a] * self->through[r * d + b];
            }
            reversed[i * self->ld + j] = sum;
        }
    }
}

static int store_action(refresh_t *self, size_t k)
{
    size_t d = self->d, ld = self->ld;
    const double *inverse = self->inverse + k * d * d;
    double *reversed = self->work, *r = reversed + d * ld, *mean = r + d * ld, *shared = mean + ld;

    pass_through(self, k, shared);
    make_covariance(self, k, reversed);
    NB_TRY(nb_cholesky(reversed, d, ld));
    for (size_t i = 0; i < d; i++) {
        shared[i] = 0.0;
        for (size_t l = 0; l < self->d_a; l++) {
            shared[i] += self->beta[i * self->d_a + l] * (double)self->a[k * self->d_a + l];
        }
        for (size_t j = 0; j <= i; j++) {
            r[i * ld + j] = reversed[(d - 1 - j) * ld + d - 1 - i];
        }
    }
    for (size_t i = 0; i < d; i++) {
        mean[i] = self->mean[k * d + i];
        for (size_t j = 0; j < d; j++) {
            mean[i] += self->lambda * inverse[i * d + j] * shared[j];
        }
    }
    nb_ridge_store(self->ridge, self->at, k, mean, r);
    return NB_OK;
}

static int refresh_point(refresh_t *self)
{
    NB_TRY(solve_shared(self));
    for (size_t k = 0; k < self->at->n_actions; k++) {
        NB_TRY(store_action(self, k));
    }
    return NB_OK;
}

/* 1 where an action of the point learned something; what was touched is no more */
static int take_news(void *ridge, const nb_ridge_point_t *at)
{
    uint8_t *touched = nb_ridge_touched(ridge, at);
    int news = 0;

    for (size_t k = 0; k < at->n_actions; k++) {
        news |= touched[k];
        touched[k] = 0;
    }
    return news;
}

int nb_hybrid_refresh(void *hybrid, void *ridge, nb_arena_t *scratch)
{
    head_t *self = hybrid;

    for (unsigned p = 0; p < self->n_points; p++) {
        point_t *point = self->points + p;
        const nb_ridge_point_t *at = ((const nb_ridge_t *)ridge)->points + p;
        size_t mark = nb_arena_mark(scratch);

        if (!point->is_known || (!take_news(ridge, at) && point->is_fresh)) {
            continue;
        }
        refresh_t job = take(ridge, at, point, features_of(hybrid, point), scratch);
        int code = refresh_point(&job);

        nb_arena_release(scratch, mark);
        NB_TRY(code);
        point->is_fresh = 1;
    }
    return NB_OK;
}

size_t nb_hybrid_scratch(const nb_spec_t *spec)
{
    size_t most = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        const nb_point_t *point = spec->points + p;
        size_t n = count_doubles(point->d ? point->d : 1, point->d_action, point->n_actions);

        most = n > most ? n : most;
    }
    return most * sizeof(double) + ALIGN;
}
