#include "policies/latent.h"

#include <math.h>
#include <string.h>

enum { ALIGN = 64 };

/* one point: sizes, and where its arrays begin, in bytes from the block's begin */
typedef struct {
    unsigned d, n_actions;
    size_t cells; /* double [K x L x nb_gaussian_size(d)] */
    size_t prior; /* double [K x L x d] mu */
} latent_point_t;

typedef struct {
    double lambda, sd, step;
    unsigned n_segments, n_points;
    int is_learning;                   /* rows came since the last refresh */
    double n_periods;                  /* t */
    double fading;                     /* sum of the logs of all factors so far */
    double n_customers;                /* with rows */
    double count[NB_MAX_SEGMENTS];     /* sum of their shares */
    double log_prior[NB_MAX_SEGMENTS]; /* log pi as of the last refresh */
    size_t records, work;
    latent_point_t points[NB_MAX_POINTS];
} latent_t;

/* a customer's record: whether there is one, `fading` when it was written, evidence e [L], and the
 * shares [L] that are in `count` */
enum { IS_THERE, FADING, EVIDENCE };

static size_t record_size(const latent_t *self)
{
    return EVIDENCE + 2 * (size_t)self->n_segments;
}

static size_t place(size_t *end, size_t size)
{
    size_t start = *end;

    *end += nb_round_up(size, ALIGN);
    return start;
}

size_t nb_latent_spec_work(const nb_spec_t *spec)
{
    size_t most = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        size_t here = nb_gaussian_work(spec->points[p].d ? spec->points[p].d : 1);

        most = here > most ? here : most;
    }
    return most;
}

static size_t lay_out(latent_t *self, const nb_spec_t *spec, const nb_latent_settings_t *settings)
{
    size_t end = nb_round_up(sizeof *self, ALIGN);

    NB_ASSERT(spec->n_points <= NB_MAX_POINTS && settings->n_segments <= NB_MAX_SEGMENTS);
    self->lambda = settings->lambda;
    self->sd = settings->sd;
    self->step = settings->step;
    self->n_segments = (unsigned)settings->n_segments;
    self->n_points = spec->n_points;
    self->work = nb_latent_spec_work(spec);
    for (unsigned p = 0; p < spec->n_points; p++) {
        latent_point_t *at = self->points + p;
        size_t n_cells = (size_t)spec->points[p].n_actions * self->n_segments;

        at->d = spec->points[p].d ? spec->points[p].d : 1;
        at->n_actions = spec->points[p].n_actions;
        at->cells = place(&end, n_cells * nb_gaussian_size(at->d) * sizeof(double));
        at->prior = place(&end, n_cells * at->d * sizeof(double));
    }
    self->records = end;
    return end;
}

size_t nb_latent_size(const nb_spec_t *spec, const nb_latent_settings_t *settings)
{
    latent_t scheme = {0};
    size_t end = lay_out(&scheme, spec, settings);

    return end + spec->n_customers * record_size(&scheme) * sizeof(double);
}

size_t nb_latent_work(const void *self)
{
    return ((const latent_t *)self)->work;
}

unsigned nb_latent_segments(const void *self)
{
    return ((const latent_t *)self)->n_segments;
}

/* where a model begins, in doubles */
static size_t cell_offset(const latent_t *self, unsigned point, unsigned action, unsigned segment)
{
    const latent_point_t *at = self->points + point;

    return at->cells / sizeof(double) +
           ((size_t)action * self->n_segments + segment) * nb_gaussian_size(at->d);
}

static size_t record_offset(const latent_t *self, uint32_t customer)
{
    return self->records / sizeof(double) + customer * record_size(self);
}

const double *nb_latent_weights(const void *self, unsigned point, unsigned action, unsigned segment)
{
    const double *cell = (const double *)self + cell_offset(self, point, action, segment);

    return nb_gaussian_weights(cell, ((const latent_t *)self)->points[point].d);
}

/* mu of the segments but the first */
static void draw_prior(void *block, unsigned p)
{
    const latent_t *self = block;
    const latent_point_t *at = self->points + p;
    double *prior = (double *)((char *)block + at->prior);
    nb_stream_t stream;

    /* not a run's luck: a fixed way to tell the segments apart */
    nb_stream_init(&stream, (nb_key_t){0x1a7e47, p}, (nb_counter_t){0});
    for (unsigned k = 0; k < at->n_actions; k++) {
        for (unsigned l = 0; l < self->n_segments; l++) {
            for (unsigned j = 0; j < at->d; j++) {
                *prior++ = l ? nb_stream_normal(&stream) / sqrt(self->lambda) : 0.0;
            }
        }
    }
}

static int refresh_models(void *block, double *work)
{
    const latent_t *self = block;

    for (unsigned p = 0; p < self->n_points; p++) {
        const latent_point_t *at = self->points + p;
        double *cell = (double *)((char *)block + at->cells);
        const double *prior = (const double *)((const char *)block + at->prior);
        size_t n_cells = (size_t)at->n_actions * self->n_segments;

        for (size_t c = 0; c < n_cells; c++) {
            NB_TRY(nb_gaussian_refresh(cell, at->d, self->lambda, prior, work));
            cell += nb_gaussian_size(at->d);
            prior += at->d;
        }
    }
    return NB_OK;
}

static int refresh_all(void *block, double *work)
{
    latent_t *self = block;

    for (unsigned l = 0; l < self->n_segments; l++) {
        self->log_prior[l] = log((1.0 + self->count[l]) / (self->n_segments + self->n_customers));
    }
    self->is_learning = 0;
    return refresh_models(block, work);
}

int nb_latent_init(void *self, const nb_spec_t *spec, const nb_latent_settings_t *settings)
{
    double *work = NULL;

    lay_out(self, spec, settings);
    for (unsigned p = 0; p < spec->n_points; p++) {
        draw_prior(self, p);
    }
    NB_TRY(nb_alloc(&work, nb_latent_work(self), sizeof *work));
    int code = refresh_all(self, work);

    nb_free(work);
    return code;
}

int nb_latent_refresh(void *self, double *work)
{
    return ((const latent_t *)self)->is_learning ? refresh_all(self, work) : NB_OK;
}

/* weight t^step after t periods: the factor f of all before solves t^step = f (t - 1)^step + 1 */
static void begin_learning(void *block)
{
    latent_t *self = block;
    double t = self->n_periods += 1.0;
    double factor = t > 1.0 ? (pow(t, self->step) - 1.0) / pow(t - 1.0, self->step) : 1.0;

    self->is_learning = 1;
    if (factor >= 1.0) {
        return;
    }
    self->fading += log(factor);
    for (unsigned p = 0; p < self->n_points; p++) {
        const latent_point_t *at = self->points + p;
        double *cell = (double *)((char *)block + at->cells);

        for (size_t c = 0; c < (size_t)at->n_actions * self->n_segments; c++) {
            nb_gaussian_fade(cell, at->d, factor);
            cell += nb_gaussian_size(at->d);
        }
    }
}

/* shares from evidence. @param evidence as of `fading` */
static void share(const latent_t *self, const double *evidence, double *shares)
{
    double best = -INFINITY, sum = 0.0;

    for (unsigned l = 0; l < self->n_segments; l++) {
        shares[l] = self->log_prior[l] + evidence[l];
        best = fmax(best, shares[l]);
    }
    for (unsigned l = 0; l < self->n_segments; l++) {
        shares[l] = exp(shares[l] - best);
        sum += shares[l];
    }
    for (unsigned l = 0; l < self->n_segments; l++) {
        shares[l] /= sum;
    }
}

/* evidence of a customer as it counts now */
static void recall(const latent_t *self, const double *record, double *evidence)
{
    double factor = record[IS_THERE] > 0.0 ? exp(self->fading - record[FADING]) : 0.0;

    for (unsigned l = 0; l < self->n_segments; l++) {
        evidence[l] = factor * record[EVIDENCE + l];
    }
}

void nb_latent_shares(const void *block, uint32_t customer, double *shares)
{
    const latent_t *self = block;
    double evidence[NB_MAX_SEGMENTS];

    recall(self, (const double *)block + record_offset(self, customer), evidence);
    share(self, evidence, shares);
}

void nb_latent_predict(const void *block, nb_latent_arm_t arm, unsigned segment, const double *x,
                       double *work, double out[2])
{
    const latent_t *self = block;
    const double *cell = (const double *)block + cell_offset(self, arm.point, arm.action, segment);
    size_t d = self->points[arm.point].d;

    out[0] = nb_gaussian_mean(cell, d, x);
    out[1] = nb_gaussian_variance(cell, d, x, work);
}

/* log densities of a reward on top of `evidence`, whose best stays near 0 */
static void add_evidence(const void *block, nb_latent_arm_t arm, const double *x, double y,
                         double *work, double *evidence)
{
    const latent_t *self = block;
    double best = -INFINITY;

    for (unsigned l = 0; l < self->n_segments; l++) {
        double out[2];

        nb_latent_predict(block, arm, l, x, work, out);
        double variance = self->sd * self->sd + out[1], off = y - out[0];

        evidence[l] -= 0.5 * (log(variance) + off * off / variance);
        best = fmax(best, evidence[l]);
    }
    for (unsigned l = 0; l < self->n_segments; l++) {
        evidence[l] -= best;
    }
}

/* the shares of a customer in `count` become `shares` */
static void recount(latent_t *self, double *record, const double *shares)
{
    double *counted = record + EVIDENCE + self->n_segments;

    self->n_customers += record[IS_THERE] > 0.0 ? 0.0 : 1.0;
    for (unsigned l = 0; l < self->n_segments; l++) {
        self->count[l] += shares[l] - counted[l];
        counted[l] = shares[l];
    }
}

void nb_latent_add(void *block, nb_latent_arm_t arm, const double *x, double y, double *work)
{
    latent_t *self = block;
    double *record = (double *)block + record_offset(self, arm.customer);
    size_t d = self->points[arm.point].d, ld = nb_gaussian_row(d);
    double evidence[NB_MAX_SEGMENTS], shares[NB_MAX_SEGMENTS];

    if (!self->is_learning) {
        begin_learning(block);
    }
    recall(self, record, evidence);
    add_evidence(block, arm, x, y, work, evidence);
    share(self, evidence, shares);
    recount(self, record, shares);
    record[IS_THERE] = 1.0;
    record[FADING] = self->fading;
    memcpy(record + EVIDENCE, evidence, self->n_segments * sizeof *evidence);
    for (unsigned l = 0; l < self->n_segments; l++) {
        double scale = sqrt(shares[l]) / self->sd;

        memset(work, 0, ld * sizeof *work);
        for (size_t j = 0; j < d; j++) {
            work[j] = scale * x[j];
        }
        work[d] = scale * y;
        nb_gaussian_add((double *)block + cell_offset(self, arm.point, arm.action, l), d, work);
    }
}
