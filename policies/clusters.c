#include "policies/clusters.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "policies/random_graph.h"
#include "policies/rows.h"

enum { ALIGN = 64 };

/* one point */
typedef struct {
    uint32_t d, ld, n_actions;
    uint32_t n_seen, n_placed; /* customers up to the last that learned; by the last end_period */
    double learned, seen;      /* rows, and by the last end_period */
    size_t record;             /* bytes from the begin of a customer's record */
    size_t own, shared;        /* doubles of an action: the customer's, her cluster's */
    nb_graph_t graph;
} point_t;

/* head of the state, followed by the records of customers */
typedef struct {
    double lambda, alpha_2;
    uint32_t n_points;
    size_t stride; /* bytes of a record */
    point_t points[NB_MAX_POINTS];
} clusters_t;

/* a customer at a point, followed by her actions, then by those of the cluster that she is the
 * first of. An action: triangle of A by rows [d (d + 1) / 2], b [d], w [d], T; a cluster's: inverse
 * root of M by rows [d (d + 1) / 2], m [d] */
typedef struct {
    uint64_t cut[NB_GRAPH_EDGES / 64]; /* bit e: edge e is gone */
    uint32_t first;                    /* first customer of her cluster */
    uint32_t next;                     /* the one after her in it, plus one; 0 for none */
    uint32_t has_news;                 /* learned since the last end_period */
    uint32_t unused;
} record_t;

static void lay_out(clusters_t *self, const nb_spec_t *spec)
{
    self->n_points = spec->n_points;
    for (unsigned p = 0; p < spec->n_points; p++) {
        point_t *point = self->points + p;
        size_t d = spec->points[p].d ? spec->points[p].d : 1;

        point->d = (uint32_t)d;
        point->ld = (uint32_t)nb_round_up(d, NB_MOMENT_PAD);
        point->n_actions = spec->points[p].n_actions;
        point->own = nb_triangle_size(d) + 2 * d + 1;
        point->shared = nb_triangle_size(d) + d;
        point->record = self->stride;
        self->stride +=
            sizeof(record_t) + point->n_actions * (point->own + point->shared) * sizeof(double);
    }
}

size_t nb_clusters_size(const nb_spec_t *spec)
{
    clusters_t scheme = {0};

    lay_out(&scheme, spec);
    return nb_round_up(sizeof scheme, ALIGN) + spec->n_customers * scheme.stride;
}

void nb_clusters_init(void *block, const nb_spec_t *spec, const nb_clusters_settings_t *settings)
{
    clusters_t *self = block;

    lay_out(self, spec);
    self->lambda = settings->lambda;
    self->alpha_2 = settings->alpha_2;
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->points[p].graph = (nb_graph_t){.edges = settings->edges,
                                             .complete = (uint32_t)settings->complete,
                                             .n_first = (uint32_t)spec->n_customers,
                                             .name = p};
    }
}

static record_t *record_of(const clusters_t *self, const point_t *point, size_t customer)
{
    char *begin = (char *)(uintptr_t)self + nb_round_up(sizeof *self, ALIGN);

    return (record_t *)(begin + customer * self->stride + point->record);
}

/* A, b, w, T of a customer's action */
static double *own_of(const point_t *point, record_t *record, size_t k)
{
    return (double *)(record + 1) + k * point->own;
}

/* inverse root of M, and m, of an action of the cluster that she is the first of */
static double *shared_of(const point_t *point, record_t *record, size_t k)
{
    return (double *)(record + 1) + point->n_actions * point->own + k * point->shared;
}

int64_t nb_clusters_find(const void *block, unsigned p, uint32_t customer)
{
    const clusters_t *self = block;
    const point_t *point = self->points + p;
    nb_graph_walk_t walk;
    uint32_t other;

    if (customer < point->n_placed) {
        return record_of(self, point, customer)->first;
    }
    nb_graph_walk(&walk, &point->graph, customer);
    return nb_graph_next(&walk, &other) && other < point->n_placed
               ? (int64_t)record_of(self, point, other)->first
               : NB_CLUSTERS_NONE;
}

void nb_clusters_predict(const void *block, unsigned p, int64_t cluster, unsigned action,
                         const double *x, double out[2])
{
    const clusters_t *self = block;
    const point_t *point = self->points + p;

    out[0] = out[1] = 0.0;
    if (cluster == NB_CLUSTERS_NONE) {
        for (unsigned j = 0; j < point->d; j++) {
            out[1] += x[j] * x[j] / self->lambda;
        }
        return;
    }
    const double *root = shared_of(point, record_of(self, point, (size_t)cluster), action);
    const double *mean = root + nb_triangle_size(point->d);

    for (unsigned i = 0; i < point->d; i++) {
        double sum = 0.0;

        for (unsigned j = 0; j <= i; j++) {
            sum += *root++ * x[j];
        }
        out[0] += mean[i] * x[i];
        out[1] += sum * sum;
    }
}

double nb_clusters_seen(const void *block, unsigned p)
{
    return ((const clusters_t *)block)->points[p].seen;
}

int nb_clusters_update(void *block, const nb_transitions_t *finished)
{
    clusters_t *self = block;
    point_t *point = self->points + finished->point;
    size_t mark = nb_arena_mark(finished->scratch);

    NB_TRY(nb_rows_check_finished(finished));
    double *x = nb_arena_take(finished->scratch, point->d, sizeof *x);

    for (size_t i = 0; i < finished->n; i++) {
        uint32_t customer = finished->customer[i];
        record_t *record = record_of(self, point, customer);
        double *a = own_of(point, record, (size_t)finished->action[i]);
        double *b = a + nb_triangle_size(point->d);

        nb_rows_widen(finished->x, i, finished->d, x);
        for (unsigned j = 0; j < point->d; j++) {
            for (unsigned l = 0; l <= j; l++) {
                *a++ += x[j] * x[l];
            }
            b[j] += finished->reward[i] * x[j];
        }
        b[2 * point->d] += 1.0;
        record->has_news = 1;
        point->n_seen = customer >= point->n_seen ? customer + 1 : point->n_seen;
    }
    point->learned += (double)finished->n;
    nb_arena_release(finished->scratch, mark);
    return NB_OK;
}

/* work of solve(): M and its inverse root [d x ld] each, a step [d], sums of a cluster [own] */
static size_t work_size(size_t d)
{
    return (2 * d + 1) * nb_round_up(d, NB_MOMENT_PAD) + nb_triangle_size(d) + 2 * d + 1;
}

/* (lambda I + A)^-1 b of one action, given as own_of(); leaves the inverse root in work + d ld.
 * @param w [d] */
static int solve(const clusters_t *self, const point_t *point, const double *own, double *work,
                 double *w)
{
    size_t d = point->d, ld = point->ld;
    double *l = work, *r = l + d * ld, *forward = r + d * ld;
    const double *a = own;

    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            l[i * ld + j] = *a++ + (i == j ? self->lambda : 0.0);
        }
    }
    NB_TRY(nb_cholesky(l, d, ld));
    nb_triangle_invert(l, d, ld, r);
    nb_triangle_solve(r, d, ld, own + nb_triangle_size(d), forward, w);
    return NB_OK;
}

/* weights of the customers that learned */
static int solve_customers(clusters_t *self, const point_t *point, double *work)
{
    size_t weights = nb_triangle_size(point->d) + point->d;

    for (size_t i = 0; i < point->n_seen; i++) {
        record_t *record = record_of(self, point, i);

        for (size_t k = 0; record->has_news && k < point->n_actions; k++) {
            double *own = own_of(point, record, k);

            NB_TRY(solve(self, point, own, work, own + weights));
        }
    }
    return NB_OK;
}

/* g(T) */
static double margin(const clusters_t *self, double n)
{
    return self->alpha_2 * sqrt((1.0 + log1p(n)) / (1.0 + n));
}

static int differ(const clusters_t *self, const point_t *point, record_t *a, record_t *b)
{
    size_t d = point->d, weights = nb_triangle_size(d) + d;

    for (size_t k = 0; k < point->n_actions; k++) {
        const double *w = own_of(point, a, k) + weights, *v = own_of(point, b, k) + weights;
        double square = 0.0, most = margin(self, w[d]) + margin(self, v[d]);

        for (size_t j = 0; j < d; j++) {
            square += (w[j] - v[j]) * (w[j] - v[j]);
        }
        if (square > most * most) {
            return 1;
        }
    }
    return 0;
}

/* the first customer of the tree that i is in, whose members point to lower ones */
static uint32_t find_first(const clusters_t *self, const point_t *point, uint32_t i)
{
    record_t *record = record_of(self, point, i);

    while (record->first != i) {
        record_t *up = record_of(self, point, record->first);

        record->first = up->first;
        i = record->first;
        record = record_of(self, point, i);
    }
    return i;
}

/* cut edges whose ends differ, then join what is left to trees (Tarjan 1975) */
static void join_alike(clusters_t *self, const point_t *point)
{
    for (uint32_t i = 0; i < point->n_seen; i++) {
        record_t *record = record_of(self, point, i);
        nb_graph_walk_t walk;
        uint32_t other;

        record->first = i;
        nb_graph_walk(&walk, &point->graph, i);
        while (nb_graph_next(&walk, &other)) {
            record_t *to = record_of(self, point, other);
            uint64_t *word = record->cut + (walk.n - 1) / 64, bit = 1ull << (walk.n - 1) % 64;

            if ((record->has_news || to->has_news) && !(*word & bit) &&
                differ(self, point, record, to)) {
                *word |= bit;
            }
            if (!(*word & bit)) {
                uint32_t a = find_first(self, point, i), b = find_first(self, point, other);

                record_of(self, point, a > b ? a : b)->first = a > b ? b : a;
            }
        }
    }
}

/* every customer knows the first of her cluster, and each the one after her */
static void link_members(clusters_t *self, const point_t *point)
{
    for (uint32_t i = 0; i < point->n_seen; i++) {
        record_t *record = record_of(self, point, i);

        record->first = find_first(self, point, i);
        record->next = 0;
        record->has_news = 0;
    }
    for (uint32_t i = point->n_seen; i-- > 0;) {
        record_t *record = record_of(self, point, i);
        record_t *first = record_of(self, point, record->first);

        if (first != record) {
            record->next = first->next;
            first->next = i + 1;
        }
    }
}

/* bound of one action of the cluster of `first`. @param work [work_size(d)] */
static int solve_cluster(const clusters_t *self, const point_t *point, uint32_t first, size_t k,
                         double *work)
{
    size_t d = point->d, n = nb_triangle_size(d) + d;
    double *sums = work + (2 * d + 1) * point->ld, *r = work + d * point->ld;
    double *root = shared_of(point, record_of(self, point, first), k);

    memset(sums, 0, n * sizeof *sums);
    for (uint32_t i = first + 1; i; i = record_of(self, point, i - 1)->next) {
        const double *own = own_of(point, record_of(self, point, i - 1), k);

        for (size_t at = 0; at < n; at++) {
            sums[at] += own[at];
        }
    }
    NB_TRY(solve(self, point, sums, work, root + nb_triangle_size(d)));
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            *root++ = r[i * point->ld + j];
        }
    }
    return NB_OK;
}

static int refresh_point(clusters_t *self, point_t *point, double *work)
{
    NB_TRY(solve_customers(self, point, work));
    join_alike(self, point);
    link_members(self, point);
    for (uint32_t i = 0; i < point->n_seen; i++) {
        for (size_t k = 0; record_of(self, point, i)->first == i && k < point->n_actions; k++) {
            NB_TRY(solve_cluster(self, point, i, k, work));
        }
    }
    point->n_placed = point->n_seen;
    point->seen = point->learned;
    return NB_OK;
}

int nb_clusters_refresh(void *block, nb_arena_t *scratch)
{
    clusters_t *self = block;
    size_t mark = nb_arena_mark(scratch);
    int code = NB_OK;

    for (unsigned p = 0; p < self->n_points && code == NB_OK; p++) {
        point_t *point = self->points + p;
        double *work = nb_arena_take(scratch, work_size(point->d), sizeof *work);

        if (point->learned > point->seen) {
            code = refresh_point(self, point, work);
        }
        nb_arena_release(scratch, mark);
    }
    return code;
}

size_t nb_clusters_scratch(const nb_spec_t *spec)
{
    size_t widest = 1;

    for (unsigned p = 0; p < spec->n_points; p++) {
        widest = spec->points[p].d > widest ? spec->points[p].d : widest;
    }
    return work_size(widest) * sizeof(double) + 2 * ALIGN;
}
