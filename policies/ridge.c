#include "policies/ridge.h"

#include <math.h>
#include <string.h>

#include "policies/ridge_layout.h"

enum { CHUNK_ROWS = 8, ALIGN = 64 };

/* place an array of `size` bytes, return where */
static size_t place(size_t *end, size_t size)
{
    size_t start = *end;

    *end += nb_round_up(size, ALIGN);
    return start;
}

static size_t lay_out_point(nb_ridge_point_t *self, const nb_point_t *point, size_t *end)
{
    size_t K = point->n_actions, d = point->d ? point->d : 1;
    size_t groups = nb_round_up(K, NB_ARM_GROUP) / NB_ARM_GROUP;
    size_t ld = nb_round_up(d + 1, NB_MOMENT_PAD);

    self->d = (unsigned)d;
    self->n_actions = (unsigned)K;
    self->n_groups = (unsigned)groups;
    self->ld = (unsigned)ld;
    self->moments = place(end, K * (d + 1) * ld * sizeof(double));
    self->exact = place(end, K * d * sizeof(double));
    self->means = place(end, groups * d * NB_ARM_GROUP * sizeof(float));
    self->factors = place(end, groups * nb_triangle_size(d) * NB_ARM_GROUP * sizeof(float));
    self->touched = place(end, K);
    return *end;
}

static size_t lay_out(nb_ridge_t *self, const nb_spec_t *spec)
{
    size_t end = nb_round_up(sizeof *self, ALIGN);

    NB_ASSERT(spec->n_points <= NB_MAX_POINTS);
    self->n_points = spec->n_points;
    for (unsigned p = 0; p < spec->n_points; p++) {
        lay_out_point(self->points + p, spec->points + p, &end);
    }
    self->size = end;
    return end;
}

size_t nb_ridge_size(const nb_spec_t *spec)
{
    nb_ridge_t scheme = {0};

    return lay_out(&scheme, spec);
}

/* the prior's factor: R = I / sqrt(lambda) */
static void set_prior(void *ridge, const nb_ridge_point_t *point, size_t k, double lambda)
{
    double *a = nb_ridge_moments(ridge, point, k);
    float *factors = (float *)((char *)ridge + point->factors) +
                     k / NB_ARM_GROUP * nb_triangle_size(point->d) * NB_ARM_GROUP;

    for (size_t j = 0; j < point->d; j++) {
        a[j * point->ld + j] = lambda;
        factors[(nb_triangle_size(j + 1) - 1) * NB_ARM_GROUP + k % NB_ARM_GROUP] =
            (float)(1.0 / sqrt(lambda));
    }
}

void nb_ridge_init(void *ridge, const nb_spec_t *spec, double lambda, double exploration)
{
    nb_ridge_t *self = ridge;

    lay_out(self, spec);
    self->own[0] = exploration;
    self->lambda = lambda;
    for (unsigned p = 0; p < self->n_points; p++) {
        for (size_t k = 0; k < self->points[p].n_actions; k++) {
            set_prior(ridge, self->points + p, k, lambda);
        }
    }
}

size_t nb_ridge_bytes(const void *ridge)
{
    return ((const nb_ridge_t *)ridge)->size;
}

double *nb_ridge_own(void *ridge)
{
    return ((nb_ridge_t *)ridge)->own;
}

double nb_ridge_own_at(const void *ridge, unsigned i)
{
    return ((const nb_ridge_t *)ridge)->own[i];
}

double nb_ridge_exploration(const void *ridge)
{
    return nb_ridge_own_at(ridge, 0);
}

static int check_rows(const nb_ridge_point_t *point, const nb_transitions_t *finished)
{
    NB_ASSERT(finished->slate == 1);
    NB_ASSERT(finished->d == 0 ? point->d == 1 : finished->d == point->d);
    for (size_t i = 0; i < finished->n; i++) {
        int32_t k = finished->action[i];

        if (k < 0 || (unsigned)k >= point->n_actions) {
            NB_FAIL(NB_ERR_RANGE, "transition %zu has action %d, expected 0 to %u", i, (int)k,
                    point->n_actions - 1);
        }
        if (!isfinite(finished->reward[i])) {
            NB_FAIL(NB_ERR_NUMERIC, "transition %zu has reward %g, expected a finite number", i,
                    finished->reward[i]);
        }
        if (finished->weight && !(finished->weight[i] >= 0.0 && isfinite(finished->weight[i]))) {
            NB_FAIL(NB_ERR_NUMERIC, "transition %zu has weight %g, expected 0 or more", i,
                    finished->weight[i]);
        }
    }
    return NB_OK;
}

static int fail_feature(const float *x, size_t i, unsigned d)
{
    unsigned j = 0;

    while (j + 1 < d && isfinite(x[j])) {
        j++;
    }
    NB_FAIL(NB_ERR_NUMERIC, "feature %u of row %zu is %g, expected a finite number", j, i,
            (double)x[j]);
}

/* rows in order of action: first[k] .. first[k + 1] - 1 of `order` played k */
static void sort_by_action(const nb_transitions_t *finished, unsigned n_actions, size_t *first,
                           size_t *order)
{
    memset(first, 0, (n_actions + 2) * sizeof *first);
    for (size_t i = 0; i < finished->n; i++) {
        first[finished->action[i] + 2]++;
    }
    for (unsigned k = 0; k < n_actions; k++) {
        first[k + 2] += first[k + 1];
    }
    for (size_t i = 0; i < finished->n; i++) {
        order[first[finished->action[i] + 1]++] = i;
    }
}

/* (x, y) of a row as float64, padded with zeros */
static int widen_row(const nb_transitions_t *finished, size_t i, const nb_ridge_point_t *point,
                     double *row)
{
    double check = 0.0;

    if (finished->d == 0) {
        row[0] = 1.0;
    }
    for (unsigned j = 0; j < finished->d; j++) {
        row[j] = finished->x[i * finished->d + j];
        check += row[j] * 0.0;
    }
    if (check != 0.0) {
        return fail_feature(finished->x + i * finished->d, i, finished->d);
    }
    row[point->d] = finished->reward[i];
    return NB_OK;
}

/* a row that counts for `weight` observations whose rewards add up to its reward: w x x' to X'X and
 * reward x to X'y, which the moments of (x, y) cannot hold as one product */
static void add_weighted(double *moments, const nb_ridge_point_t *point, double weight,
                         const double *row, double *wide)
{
    size_t d = point->d;
    double *b = moments + d * point->ld, root = sqrt(weight);

    for (size_t j = 0; j < d; j++) {
        wide[j] = root * row[j];
        b[j] += row[d] * row[j];
    }
    wide[d] = 0.0;
    if (weight > 0.0) {
        nb_rank_update(moments, d + 1, wide, 1);
    }
}

/* X'X and X'y of one action at once: the moments of (x, y) */
static int add_rows(double *moments, const nb_ridge_point_t *point,
                    const nb_transitions_t *finished, const size_t *rows, size_t n, double *wide)
{
    for (size_t i = 0; finished->weight && i < n; i++) {
        double *row = wide, *scaled = wide + point->ld;

        NB_TRY(widen_row(finished, rows[i], point, row));
        add_weighted(moments, point, finished->weight[rows[i]], row, scaled);
    }
    for (size_t start = 0; !finished->weight && start < n; start += CHUNK_ROWS) {
        size_t chunk = n - start < CHUNK_ROWS ? n - start : CHUNK_ROWS;

        for (size_t i = 0; i < chunk; i++) {
            NB_TRY(widen_row(finished, rows[start + i], point, wide + i * point->ld));
        }
        nb_rank_update(moments, point->d + 1, wide, chunk);
    }
    return NB_OK;
}

int nb_ridge_add(const nb_ridge_point_t *point, const nb_transitions_t *finished, double *moments,
                 uint8_t *touched)
{
    size_t mark = nb_arena_mark(finished->scratch);
    int code = NB_OK;

    NB_TRY(check_rows(point, finished));
    size_t *first = nb_arena_take(finished->scratch, point->n_actions + 2, sizeof *first);
    size_t *order = nb_arena_take(finished->scratch, finished->n, sizeof *order);
    double *wide = nb_arena_take(finished->scratch, CHUNK_ROWS * point->ld, sizeof *wide);

    memset(wide, 0, CHUNK_ROWS * point->ld * sizeof *wide);
    sort_by_action(finished, point->n_actions, first, order);
    for (size_t k = 0; k < point->n_actions && code == NB_OK; k++) {
        size_t n = first[k + 1] - first[k];

        code = add_rows(moments + k * (point->d + 1) * point->ld, point, finished, order + first[k],
                        n, wide);
        touched[k] |= n > 0;
    }
    nb_arena_release(finished->scratch, mark);
    return code;
}

int nb_ridge_update(void *ridge, const nb_transitions_t *finished)
{
    const nb_ridge_point_t *point = ((const nb_ridge_t *)ridge)->points + finished->point;

    return nb_ridge_add(point, finished, nb_ridge_moments(ridge, point, 0),
                        nb_ridge_touched(ridge, point));
}

void nb_ridge_store(void *ridge, const nb_ridge_point_t *point, size_t k, const double *mean,
                    const double *r)
{
    size_t d = point->d, lane = k % NB_ARM_GROUP;
    double *exact = (double *)((char *)ridge + point->exact) + k * d;
    float *means = (float *)((char *)ridge + point->means) + (k - lane) * d;
    float *factors = (float *)((char *)ridge + point->factors) + (k - lane) * nb_triangle_size(d);

    for (size_t j = 0; j < d; j++) {
        exact[j] = mean[j];
        means[j * NB_ARM_GROUP + lane] = (float)mean[j];
        for (size_t i = 0; i <= j; i++, factors += NB_ARM_GROUP) {
            factors[lane] = (float)r[j * point->ld + i];
        }
    }
}

/* posterior of one action: A = L L', R = L^-1, m = R'R b; float32 copies for scoring */
static int refresh_action(void *ridge, const nb_ridge_point_t *point, size_t k, double *work)
{
    size_t d = point->d, ld = point->ld;
    const double *moments = nb_ridge_moments(ridge, point, k);
    double *l = work, *r = l + d * ld, *forward = r + d * ld, *mean = forward + d;

    memcpy(l, moments, d * ld * sizeof *l);
    NB_TRY(nb_cholesky(l, d, ld));
    nb_triangle_invert(l, d, ld, r);
    nb_triangle_solve(r, d, ld, moments + d * ld, forward, mean);
    nb_ridge_store(ridge, point, k, mean, r);
    return NB_OK;
}

static int refresh_point(void *ridge, const nb_ridge_point_t *point, nb_arena_t *scratch)
{
    uint8_t *touched = nb_ridge_touched(ridge, point);
    size_t mark = nb_arena_mark(scratch);
    double *work = nb_arena_take(scratch, (2 * (size_t)point->d + 2) * point->ld, sizeof *work);
    int code = NB_OK;

    for (size_t k = 0; k < point->n_actions && code == NB_OK; k++) {
        if (touched[k]) {
            code = refresh_action(ridge, point, k, work);
            touched[k] = 0;
        }
    }
    nb_arena_release(scratch, mark);
    return code;
}

int nb_ridge_refresh(void *ridge, nb_arena_t *scratch)
{
    const nb_ridge_t *self = ridge;

    for (unsigned p = 0; p < self->n_points; p++) {
        NB_TRY(refresh_point(ridge, self->points + p, scratch));
    }
    return NB_OK;
}

/* a feature that is not finite shows in every score, since it is not finite times zero either */
static int check_scores(const nb_batch_t *batch, const float *score)
{
    for (size_t i = 0; i < batch->n; i++) {
        if (!isfinite(score[i]) && batch->d) {
            return fail_feature(batch->x + i * batch->d, i, batch->d);
        }
    }
    return NB_OK;
}

/* the features, or the one that a point without features has */
static const float *features_of(const nb_batch_t *batch)
{
    if (batch->d) {
        return batch->x;
    }
    float *ones = nb_arena_take(batch->scratch, batch->n, sizeof *ones);

    for (size_t i = 0; i < batch->n; i++) {
        ones[i] = 1.0f;
    }
    return ones;
}

/* x'w of the vectors `means`, and |R x|^2 where there are factors */
static int score_batch(const nb_ridge_point_t *point, const nb_batch_t *batch, const float *means,
                       const float *factors, nb_prediction_t *out)
{
    size_t n_arms = (size_t)point->n_groups * NB_ARM_GROUP;
    const float *x = features_of(batch);

    NB_ASSERT(batch->d == 0 ? point->d == 1 : batch->d == point->d);
    out->stride = nb_linear_stride(batch->n);
    out->mean = nb_arena_take(batch->scratch, n_arms * out->stride, sizeof(float));
    out->variance =
        factors ? nb_arena_take(batch->scratch, n_arms * out->stride, sizeof(float)) : NULL;
    nb_linear_scores(&(nb_linear_scores_t){
        .x = x,
        .n = batch->n,
        .d = point->d,
        .n_groups = point->n_groups,
        .means = means,
        .factors = factors,
        .mean = out->mean,
        .variance = out->variance,
        .stride = out->stride,
        .scratch = nb_arena_take(batch->scratch, nb_linear_scratch(point->d), sizeof(float)),
    });
    return check_scores(batch, out->mean);
}

int nb_ridge_apply(const void *ridge, const nb_batch_t *batch, const float *weights,
                   nb_prediction_t *out)
{
    return score_batch(((const nb_ridge_t *)ridge)->points + batch->point, batch, weights, NULL,
                       out);
}

int nb_ridge_predict(const void *ridge, const nb_batch_t *batch, int with_variance,
                     nb_prediction_t *out)
{
    const nb_ridge_point_t *point = ((const nb_ridge_t *)ridge)->points + batch->point;
    const char *base = ridge;

    return score_batch(point, batch, (const float *)(base + point->means),
                       with_variance ? (const float *)(base + point->factors) : NULL, out);
}

const double *nb_ridge_mean(const void *ridge, unsigned point, unsigned action)
{
    const nb_ridge_point_t *self = ((const nb_ridge_t *)ridge)->points + point;

    return (const double *)((const char *)ridge + self->exact) + (size_t)action * self->d;
}

static size_t max_of(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t nb_ridge_scratch(const nb_spec_t *spec)
{
    nb_ridge_t scheme = {0};
    size_t most = 0;

    lay_out(&scheme, spec);
    for (unsigned p = 0; p < spec->n_points; p++) {
        const nb_ridge_point_t *point = scheme.points + p;
        size_t arms = (size_t)point->n_groups * NB_ARM_GROUP, d = point->d;
        size_t learn = (point->n_actions + 2 + NB_BLOCK_ROWS) * sizeof(size_t) +
                       CHUNK_ROWS * point->ld * sizeof(double);
        size_t refresh = (2 * d + 2) * point->ld * sizeof(double);
        size_t predict =
            (2 * arms * nb_linear_stride(NB_BLOCK_ROWS) + NB_BLOCK_ROWS + nb_linear_scratch(d)) *
            sizeof(float);

        most = max_of(most, max_of(max_of(learn, refresh), predict));
    }
    return most + 8 * ALIGN;
}
