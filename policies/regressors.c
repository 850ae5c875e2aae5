#include "policies/regressors.h"

#include <string.h>

#include "policies/rows.h"

enum { ALIGN = 64 };

/* one point: sizes, rows, and where its arrays begin, in bytes from the block's begin */
typedef struct {
    unsigned d, n_actions;
    double learned, seen; /* rows so far, and by the last refresh */
    size_t gaussians;     /* double [K x nb_gaussian_size(d)] */
    size_t touched;       /* uint8_t [K] learned since the last refresh */
} point_t;

typedef struct {
    double lambda;
    unsigned n_points;
    point_t points[NB_MAX_POINTS];
} regressors_t;

static unsigned width_of(const nb_point_t *point)
{
    return point->d ? point->d : 1;
}

static size_t lay_out(regressors_t *self, const nb_spec_t *spec)
{
    size_t end = nb_round_up(sizeof *self, ALIGN);

    NB_ASSERT(spec->n_points <= NB_MAX_POINTS);
    self->n_points = spec->n_points;
    for (unsigned p = 0; p < spec->n_points; p++) {
        point_t *point = self->points + p;

        point->d = width_of(spec->points + p);
        point->n_actions = spec->points[p].n_actions;
        point->gaussians = end;
        end += point->n_actions * nb_gaussian_size(point->d) * sizeof(double);
        point->touched = end;
        end = nb_round_up(end + point->n_actions, ALIGN);
    }
    return end;
}

size_t nb_regressors_size(const nb_spec_t *spec)
{
    regressors_t scheme = {0};

    return lay_out(&scheme, spec);
}

static double *gaussian_of(void *self, const point_t *point, size_t k)
{
    return (double *)((char *)self + point->gaussians) + k * nb_gaussian_size(point->d);
}

static int refresh_point(void *self, const point_t *point, double *work)
{
    const regressors_t *head = self;
    uint8_t *touched = (uint8_t *)self + point->touched;

    for (size_t k = 0; k < point->n_actions; k++) {
        if (touched[k]) {
            NB_TRY(nb_gaussian_refresh(gaussian_of(self, point, k), point->d, head->lambda, NULL,
                                       work));
            touched[k] = 0;
        }
    }
    return NB_OK;
}

int nb_regressors_init(void *self, const nb_spec_t *spec, double lambda)
{
    regressors_t *head = self;
    int code = NB_OK;

    lay_out(head, spec);
    head->lambda = lambda;
    for (unsigned p = 0; p < head->n_points && code == NB_OK; p++) {
        const point_t *point = head->points + p;
        double *work = NULL;

        memset((uint8_t *)self + point->touched, 1, point->n_actions);
        NB_TRY(nb_alloc(&work, nb_gaussian_work(point->d), sizeof *work));
        code = refresh_point(self, point, work);
        nb_free(work);
    }
    return code;
}

unsigned nb_regressors_width(const void *self, unsigned point)
{
    return ((const regressors_t *)self)->points[point].d;
}

double *nb_regressors_teach(void *self, unsigned point, unsigned action)
{
    point_t *at = ((regressors_t *)self)->points + point;

    NB_ASSERT(action < at->n_actions);
    ((uint8_t *)self + at->touched)[action] = 1;
    at->learned += 1.0;
    return gaussian_of(self, at, action);
}

const double *nb_regressors_at(const void *self, unsigned point, unsigned action)
{
    const point_t *at = ((const regressors_t *)self)->points + point;

    return (const double *)((const char *)self + at->gaussians) +
           (size_t)action * nb_gaussian_size(at->d);
}

void nb_regressors_add(void *self, const nb_transitions_t *finished, size_t i, double *row)
{
    unsigned d = nb_regressors_width(self, finished->point);

    memset(row, 0, nb_gaussian_row(d) * sizeof *row);
    nb_rows_widen(finished->x, i, finished->d, row);
    row[d] = finished->reward[i];
    nb_gaussian_add(nb_regressors_teach(self, finished->point, (unsigned)finished->action[i]), d,
                    row);
}

int nb_regressors_update(void *self, const nb_transitions_t *finished)
{
    size_t mark = nb_arena_mark(finished->scratch);
    unsigned d = nb_regressors_width(self, finished->point);

    NB_TRY(nb_rows_check_finished(finished));
    double *row = nb_arena_take(finished->scratch, nb_gaussian_row(d), sizeof *row);

    for (size_t i = 0; i < finished->n; i++) {
        nb_regressors_add(self, finished, i, row);
    }
    nb_arena_release(finished->scratch, mark);
    return NB_OK;
}

int nb_regressors_refresh(void *self, nb_arena_t *scratch)
{
    regressors_t *head = self;
    size_t mark = nb_arena_mark(scratch);
    int code = NB_OK;

    for (unsigned p = 0; p < head->n_points && code == NB_OK; p++) {
        point_t *point = head->points + p;
        double *work = nb_arena_take(scratch, nb_gaussian_work(point->d), sizeof *work);

        code = refresh_point(self, point, work);
        point->seen = point->learned;
        nb_arena_release(scratch, mark);
    }
    return code;
}

double nb_regressors_seen(const void *self, unsigned point)
{
    return ((const regressors_t *)self)->points[point].seen;
}

int nb_regressors_predict(const void *self, const nb_batch_t *batch, double *mean, double *variance)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    unsigned d = nb_regressors_width(self, batch->point);

    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    double *x = nb_arena_take(batch->scratch, 2 * (size_t)d, sizeof *x);

    for (size_t i = 0; i < batch->n; i++) {
        nb_rows_widen(batch->x, i, batch->d, x);
        for (unsigned k = 0; k < K; k++) {
            const double *gaussian = nb_regressors_at(self, batch->point, k);
            int allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);

            mean[i * K + k] = allowed ? nb_gaussian_mean(gaussian, d, x) : 0.0;
            if (variance) {
                variance[i * K + k] = allowed ? nb_gaussian_variance(gaussian, d, x, x + d) : 0.0;
            }
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

size_t nb_regressors_scratch(const nb_spec_t *spec)
{
    size_t most = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        size_t work = nb_gaussian_work(width_of(spec->points + p)) * sizeof(double);

        most = work > most ? work : most;
    }
    return most + 2 * ALIGN;
}
