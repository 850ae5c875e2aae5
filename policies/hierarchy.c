#include "policies/hierarchy.h"

#include <math.h>
#include <string.h>

enum { ALIGN = 64 };

/* one point: sizes, and where its arrays begin */
typedef struct {
    unsigned d, n_actions;
    size_t cells;   /* double [K x stages x nb_gaussian_size(d)], bytes from the block's begin */
    size_t touched; /* uint8_t [K x stages], the same */
    size_t record;  /* first double of the point in a customer's records */
    size_t entry;   /* doubles of one arm and stage there */
} hierarchy_point_t;

typedef struct {
    double lambda, sd, ratio; /* ratio: r, infinite where nobody deviates */
    int deviates, is_pooled;
    unsigned n_stages, n_points;
    size_t extra, records; /* bytes from the block's begin */
    size_t per_customer;   /* doubles */
    size_t work;           /* doubles */
    hierarchy_point_t points[NB_MAX_POINTS];
} hierarchy_t;

static size_t place(size_t *end, size_t size)
{
    size_t start = *end;

    *end += nb_round_up(size, ALIGN);
    return start;
}

/* n, sum y, sum x; or L by columns and L^-1 Z'Y; or nothing */
static size_t entry_size(const hierarchy_t *self, size_t d)
{
    if (!isfinite(self->ratio)) {
        return 0;
    }
    return self->deviates == NB_DEVIATE_FULL ? nb_triangle_size(d) + d : d + 2;
}

static void lay_out_point(hierarchy_t *self, hierarchy_point_t *at, const nb_point_t *point,
                          size_t *end)
{
    size_t n_cells = (size_t)point->n_actions * self->n_stages;

    at->d = point->d ? point->d : 1;
    at->n_actions = point->n_actions;
    at->cells = place(end, n_cells * nb_gaussian_size(at->d) * sizeof(double));
    at->touched = place(end, n_cells);
    at->entry = entry_size(self, at->d);
    at->record = self->per_customer;
    self->per_customer += n_cells * at->entry;
}

size_t nb_hierarchy_spec_work(const nb_spec_t *spec)
{
    size_t most = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        size_t d = spec->points[p].d ? spec->points[p].d : 1;
        size_t here = nb_gaussian_work(d);

        most = here > most ? here : most;
    }
    return most;
}

static size_t lay_out(hierarchy_t *self, const nb_spec_t *spec,
                      const nb_hierarchy_settings_t *settings)
{
    double share = settings->pooling == NB_POOLING_NONE ? 1.0 / settings->lambda : 0.0;
    double variance = share + settings->deviation * settings->deviation;
    size_t end = nb_round_up(sizeof *self, ALIGN);

    NB_ASSERT(spec->n_points <= NB_MAX_POINTS);
    self->lambda = settings->lambda;
    self->sd = settings->sd;
    self->ratio = settings->sd * settings->sd / variance;
    self->deviates = settings->individual;
    self->is_pooled = settings->pooling == NB_POOLING_PARTIAL;
    self->n_stages = settings->n_stages;
    self->n_points = spec->n_points;
    self->work = nb_hierarchy_spec_work(spec);
    for (unsigned p = 0; p < spec->n_points; p++) {
        lay_out_point(self, self->points + p, spec->points + p, &end);
    }
    self->extra = place(&end, settings->extra);
    self->records = end;
    return end;
}

size_t nb_hierarchy_size(const nb_spec_t *spec, const nb_hierarchy_settings_t *settings)
{
    hierarchy_t scheme = {0};
    size_t end = lay_out(&scheme, spec, settings);

    return end + spec->n_customers * scheme.per_customer * sizeof(double);
}

size_t nb_hierarchy_work(const void *self)
{
    return ((const hierarchy_t *)self)->work;
}

static const hierarchy_point_t *point_of(const void *self, unsigned point)
{
    return ((const hierarchy_t *)self)->points + point;
}

static size_t cell_index(const hierarchy_t *self, unsigned action, unsigned stage)
{
    return (size_t)action * self->n_stages + stage;
}

/* where the population's posterior of an arm begins, in doubles */
static size_t cell_offset(const void *self, unsigned point, unsigned action, unsigned stage)
{
    const hierarchy_point_t *at = point_of(self, point);

    return at->cells / sizeof(double) + cell_index(self, action, stage) * nb_gaussian_size(at->d);
}

/* where the customer's record of an arm begins, in doubles */
static size_t record_offset(const hierarchy_t *self, nb_hierarchy_arm_t arm)
{
    const hierarchy_point_t *at = self->points + arm.point;

    return self->records / sizeof(double) + arm.customer * self->per_customer + at->record +
           cell_index(self, arm.action, arm.stage) * at->entry;
}

static int refresh(void *block, double *work, int all)
{
    const hierarchy_t *self = block;

    for (unsigned p = 0; p < self->n_points; p++) {
        const hierarchy_point_t *at = self->points + p;
        double *cell = (double *)((char *)block + at->cells);
        uint8_t *touched = (uint8_t *)block + at->touched;
        size_t n_cells = (size_t)at->n_actions * self->n_stages;

        for (size_t c = 0; c < n_cells; c++, cell += nb_gaussian_size(at->d)) {
            if (touched[c] || all) {
                NB_TRY(nb_gaussian_refresh(cell, at->d, self->lambda, NULL, work));
            }
            touched[c] = 0;
        }
    }
    return NB_OK;
}

int nb_hierarchy_init(void *self, const nb_spec_t *spec, const nb_hierarchy_settings_t *settings)
{
    double *work = NULL;

    lay_out(self, spec, settings);
    NB_TRY(nb_alloc(&work, nb_hierarchy_work(self), sizeof *work));
    int code = refresh(self, work, 1);

    nb_free(work);
    return code;
}

int nb_hierarchy_refresh(void *self, double *work)
{
    return refresh(self, work, 0);
}

void *nb_hierarchy_extra(void *self)
{
    return (char *)self + ((const hierarchy_t *)self)->extra;
}

const void *nb_hierarchy_const_extra(const void *self)
{
    return (const char *)self + ((const hierarchy_t *)self)->extra;
}

const double *nb_hierarchy_population(const void *self, unsigned point, unsigned action,
                                      unsigned stage)
{
    const double *cell = (const double *)self + cell_offset(self, point, action, stage);

    return nb_gaussian_weights(cell, point_of(self, point)->d);
}

/* what a customer's past says of a score given theta: N(w'theta + mean, variance) */
typedef struct {
    double *w; /* [d] */
    double mean, variance;
} conditional_t;

/* z = 1: w = x - sum x / (n + r) */
static void condition_intercept(const hierarchy_t *self, const double *record, size_t d,
                                const double *x, conditional_t *out)
{
    double g = 1.0 / (record[0] + self->ratio);

    for (size_t j = 0; j < d; j++) {
        out->w[j] = x[j] - g * record[2 + j];
    }
    out->mean = g * record[1];
    out->variance = self->sd * self->sd * g;
}

/* z = x: u = L^-1 x, w = x - Z'Z G x = r G x = r L'^-1 u. @param u [d] */
static void condition_full(const hierarchy_t *self, const double *l, size_t d, const double *x,
                           double *u, conditional_t *out)
{
    const double *rotated = l + nb_triangle_size(d), *column = l;

    out->mean = out->variance = 0.0;
    memcpy(u, x, d * sizeof *u);
    for (size_t j = 0; j < d; column += d - j, j++) {
        u[j] /= column[0];
        for (size_t i = j + 1; i < d; i++) {
            u[i] -= column[i - j] * u[j];
        }
        out->mean += u[j] * rotated[j];
        out->variance += u[j] * u[j];
    }
    out->variance *= self->sd * self->sd;
    for (size_t j = d; j-- > 0;) {
        double rest = self->ratio * u[j];

        column -= d - j;
        for (size_t i = j + 1; i < d; i++) {
            rest -= column[i - j] * out->w[i];
        }
        out->w[j] = rest / column[0];
    }
}

/* nothing known of her deviation, or none */
static void condition_new(const hierarchy_t *self, size_t d, const double *x, conditional_t *out)
{
    double square = 0.0;

    for (size_t j = 0; j < d; j++) {
        square += x[j] * x[j];
    }
    memcpy(out->w, x, d * sizeof *x);
    out->mean = 0.0;
    out->variance = square * self->sd * self->sd / self->ratio;
}

/* @param work [2 d], of which w takes the first half */
static conditional_t condition(const hierarchy_t *self, nb_hierarchy_arm_t arm, const double *x,
                               double *work)
{
    const double *record = (const double *)self + record_offset(self, arm);
    size_t d = self->points[arm.point].d;
    conditional_t out = {.w = work};

    /* L is positive once there is a row; n = 0 and zero sums are nothing known as they are */
    if (!isfinite(self->ratio) || (self->deviates == NB_DEVIATE_FULL && !(record[0] > 0.0))) {
        condition_new(self, d, x, &out);
    } else if (self->deviates == NB_DEVIATE_FULL) {
        condition_full(self, record, d, x, work + d, &out);
    } else {
        condition_intercept(self, record, d, x, &out);
    }
    return out;
}

/* L L' += x x', rotated += the same rotations of y. @param x [d], destroyed */
static void rotate_row(const hierarchy_t *self, double *l, size_t d, double *x, double y)
{
    double *rotated = l + nb_triangle_size(d), *column = l;
    int is_new = !(l[0] > 0.0);

    for (size_t j = 0; j < d; column += d - j, j++) {
        double old = is_new ? sqrt(self->ratio) : column[0], length = hypot(old, x[j]);
        double c = old / length, s = x[j] / length, kept = rotated[j];

        column[0] = length;
        for (size_t i = j + 1; i < d; i++) {
            double here = column[i - j];

            column[i - j] = c * here + s * x[i];
            x[i] = c * x[i] - s * here;
        }
        rotated[j] = c * kept + s * y;
        y = c * y - s * kept;
    }
}

/* rotated += y L^-1 x: what an outcome without weight adds. @param x [d], destroyed */
static void rotate_reward(double *l, size_t d, double *x, double y)
{
    double *rotated = l + nb_triangle_size(d), *column = l;

    for (size_t j = 0; j < d; column += d - j, j++) {
        x[j] /= column[0];
        for (size_t i = j + 1; i < d; i++) {
            x[i] -= column[i - j] * x[j];
        }
        rotated[j] += y * x[j];
    }
}

static void record_outcome(const hierarchy_t *self, double *record, size_t d,
                           const nb_outcome_t *outcome, double *work)
{
    double weight = outcome->weight, root = sqrt(weight);

    if (self->deviates == NB_DEVIATE_FULL) {
        for (size_t j = 0; j < d; j++) {
            work[j] = root * outcome->x[j];
        }
        rotate_row(self, record, d, work, weight > 0.0 ? outcome->y / root : 0.0);
        if (!(weight > 0.0)) {
            memcpy(work, outcome->x, d * sizeof *work);
            rotate_reward(record, d, work, outcome->y);
        }
        return;
    }
    record[0] += weight;
    record[1] += outcome->y;
    for (size_t j = 0; j < d; j++) {
        record[2 + j] += weight * outcome->x[j];
    }
}

/* one row of the population's regression, given the customer's past */
static void learn_population(const hierarchy_t *self, double *cell, size_t d,
                             const nb_outcome_t *outcome, const conditional_t *past, double *row)
{
    double weight = outcome->weight;
    double precision = 1.0 / (self->sd * self->sd + weight * past->variance);
    double scale = sqrt(weight * precision);

    memset(row, 0, nb_gaussian_row(d) * sizeof *row);
    for (size_t j = 0; j < d; j++) {
        row[j] = scale * past->w[j];
    }
    nb_gaussian_add(cell, d, row);
    nb_gaussian_pull(cell, d, past->w, precision * (outcome->y - weight * past->mean));
}

void nb_hierarchy_add(void *block, nb_hierarchy_arm_t arm, const nb_outcome_t *outcome,
                      double *work)
{
    const hierarchy_t *self = block;
    const hierarchy_point_t *at = self->points + arm.point;

    if (self->is_pooled) {
        conditional_t past = condition(self, arm, outcome->x, work + nb_gaussian_row(at->d));
        double *cell = (double *)block + cell_offset(self, arm.point, arm.action, arm.stage);

        learn_population(self, cell, at->d, outcome, &past, work);
        ((uint8_t *)block + at->touched)[cell_index(self, arm.action, arm.stage)] = 1;
    }
    if (isfinite(self->ratio)) {
        record_outcome(self, (double *)block + record_offset(self, arm), at->d, outcome, work);
    }
}

void nb_hierarchy_predict(const void *block, nb_hierarchy_arm_t arm, const double *x, double *work,
                          double out[2])
{
    const hierarchy_t *self = block;
    size_t d = self->points[arm.point].d;
    conditional_t past = condition(self, arm, x, work);

    out[0] = past.mean;
    out[1] = past.variance;
    if (self->is_pooled) {
        const double *cell =
            (const double *)block + cell_offset(self, arm.point, arm.action, arm.stage);

        out[0] += nb_gaussian_mean(cell, d, past.w);
        out[1] += nb_gaussian_variance(cell, d, past.w, work + d);
    }
}
