/*
 * Online Cover: N deterministic policies, each trained to do well and to play what those before it
 * do not; what is played is their mixture and a little of everything.
 *
 * Source: Agarwal, Hsu, Kale, Langford, Li & Schapire (2014), "Taming the monster", algorithm 5;
 * in the form of Bietti, Agarwal & Langford (2021), "A contextual bandit bake-off", algorithm 4
 * (Cover). With A actions allowed, t one more than the rows learned at the point, and
 * e = epsilon min(1/A, 1/sqrt(A t)) (theirs is epsilon = 1; 0.05 is Vowpal Wabbit's default):
 *
 *     p(k)   = e + (1 - A e) / N sum_i 1{pi_i(x) = k},     pi_i(x) = argmin_k x'w_ik,
 *     q_i(k) = e + (1 - A e) / (i - 1) sum_{j < i} 1{pi_j(x) = k},
 *     c_1(k) = l(k),   c_i(k) = l(k) - psi e / q_i(k) for i > 1.
 *
 * l(k) are losses, minus rewards, as estimated from the one seen, y at action a:
 * ips y 1{k = a} / p(a), dr f_k(x) + (y - f_a(x)) 1{k = a} / p(a) with f the ridge regression of
 * losses (Dudik et al. 2014). A policy that ties votes for all of them in equal parts.
 *
 * The cost-sensitive oracle is regression: w_ik is the ridge regression of c_i(k) on x over all
 * rows where k was allowed. The rows are the same for all policies, so one matrix per action serves
 * all. Policies, regressions and t are those of the last end_period, in all that a period does.
 * p(a) is that with which the action was played; where a transition brings none (a budget chose, a
 * log), that of the policies at hand. Predicted rewards are -x'w_1k, the unbiased ones.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "policies/library.h"
#include "policies/mixed.h"
#include "policies/regressors.h"
#include "policies/rows.h"

enum { DR, IPS };
enum { ALIGN = 64, FEWEST = 4 };

typedef struct {
    double lambda, psi, epsilon;
    int policies, costs;
} settings_t;

/* one point: where its arrays begin, in doubles from the state's begin */
typedef struct {
    uint32_t d, ld, n_actions, unused;
    size_t moments; /* [K x d x ld] X'X of the rows where the action was allowed */
    size_t sums;    /* [K x N x d] X'c */
    size_t weights; /* [K x N x d] w */
} point_t;

/* head of the state, followed by the arrays, then the regressors of rewards */
typedef struct {
    double lambda, psi, epsilon;
    uint32_t n_policies, costs, n_points;
    size_t regressors; /* bytes from the state's begin */
    point_t points[NB_MAX_POINTS];
} cover_t;

static const nb_setting_t table[] = {
    NB_REGRESSORS_LAMBDA(settings_t, ""),
    {
        .key = "policies",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, policies),
        .def = 0,
        .choices = "4|8|16",
        .unit = "policies",
        .mark = "",
        .source = "Bietti et al. 2021, table 9 (grid)",
        .help = "size of the cover",
    },
    {
        .key = "psi",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, psi),
        .def = 1.0,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "reward",
        .mark = "",
        .source = "Bietti et al. 2021, table 9 (grid)",
        .help = "bonus for actions that the policies before do not play; 0 trains all alike",
    },
    {
        .key = "epsilon",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, epsilon),
        .def = 0.05,
        .low = 1e-6,
        .high = 1.0,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "Vowpal Wabbit, cb_explore_adf cover",
        .help = "scale of the least probability of every action, min(1/A, 1/sqrt(A t))",
    },
    {
        .key = "costs",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, costs),
        .def = DR,
        .choices = "dr|ips",
        .unit = "",
        .mark = "",
        .source = "Bietti et al. 2021, section 2.3",
        .help = "losses of all actions from the one seen: doubly robust, or by inverse propensity",
    },
    {0},
};

static size_t lay_out(cover_t *self, const nb_spec_t *spec, const settings_t *settings)
{
    size_t end = nb_round_up(sizeof *self, ALIGN) / sizeof(double);

    self->n_policies = (uint32_t)FEWEST << settings->policies;
    self->n_points = spec->n_points;
    for (unsigned p = 0; p < spec->n_points; p++) {
        point_t *point = self->points + p;
        size_t K = spec->points[p].n_actions, d = spec->points[p].d ? spec->points[p].d : 1;

        point->d = (uint32_t)d;
        point->ld = (uint32_t)nb_round_up(d, NB_MOMENT_PAD);
        point->n_actions = (uint32_t)K;
        point->moments = end;
        point->sums = end + K * d * point->ld;
        point->weights = point->sums + K * self->n_policies * d;
        end = nb_round_up(point->weights + K * self->n_policies * d, ALIGN / sizeof(double));
    }
    self->regressors = end * sizeof(double);
    return self->regressors;
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    cover_t scheme = {0};

    return lay_out(&scheme, spec, settings) + nb_regressors_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    cover_t *self = state;

    lay_out(self, spec, from);
    self->lambda = from->lambda;
    self->psi = from->psi;
    self->epsilon = from->epsilon;
    self->costs = (uint32_t)from->costs;
    return nb_regressors_init((char *)state + self->regressors, spec, from->lambda);
}

static void *regressors_of(const cover_t *self)
{
    return (char *)(uintptr_t)self + self->regressors;
}

static double *array_of(const cover_t *self, size_t start)
{
    return (double *)(uintptr_t)self + start;
}

/* one row as the policies see it */
typedef struct {
    const point_t *point;
    const uint64_t *mask; /* of the row */
    const double *x;      /* [d] */
    unsigned n_allowed;
    double least; /* e */
} row_t;

static int allows(const row_t *row, unsigned k)
{
    return nb_mask_allows(row->mask, 0, 0, k);
}

static row_t make_row(const cover_t *self, unsigned p, const uint64_t *mask, const double *x)
{
    row_t row = {self->points + p, mask, x, 0, 0.0};
    double t = 1.0 + nb_regressors_seen(regressors_of(self), p);

    for (unsigned k = 0; k < row.point->n_actions; k++) {
        row.n_allowed += (unsigned)allows(&row, k);
    }
    row.least = self->epsilon * fmin(1.0 / row.n_allowed, 1.0 / sqrt((double)row.n_allowed * t));
    return row;
}

/* x'w_ik */
static double cost_of(const cover_t *self, const row_t *row, unsigned i, unsigned k)
{
    size_t d = row->point->d;
    const double *w = array_of(self, row->point->weights) + (k * (size_t)self->n_policies + i) * d;
    double sum = 0.0;

    for (size_t j = 0; j < d; j++) {
        sum += w[j] * row->x[j];
    }
    return sum;
}

/* add the vote of policy i. @param votes [K]   @param cost [K] work */
static void add_vote(const cover_t *self, const row_t *row, unsigned i, double *cost, double *votes)
{
    double least = INFINITY;
    unsigned n_least = 0;

    for (unsigned k = 0; k < row->point->n_actions; k++) {
        cost[k] = allows(row, k) ? cost_of(self, row, i, k) : INFINITY;
        if (cost[k] <= least && allows(row, k)) {
            n_least = cost[k] < least ? 1 : n_least + 1;
            least = cost[k];
        }
    }
    for (unsigned k = 0; k < row->point->n_actions; k++) {
        votes[k] += allows(row, k) && cost[k] == least ? 1.0 / n_least : 0.0;
    }
}

/* e + (1 - A e) times the share of the votes */
static double mix(const row_t *row, double share)
{
    return row->least + (1.0 - row->n_allowed * row->least) * share;
}

/* p of a row. @param p [K]   @param cost [K] work */
static void mix_row(const cover_t *self, const row_t *row, double *cost, double *p)
{
    memset(p, 0, row->point->n_actions * sizeof *p);
    for (unsigned i = 0; i < self->n_policies; i++) {
        add_vote(self, row, i, cost, p);
    }
    for (unsigned k = 0; k < row->point->n_actions; k++) {
        p[k] = allows(row, k) ? mix(row, p[k] / self->n_policies) : 0.0;
    }
}

static int fill(const void *state, const nb_batch_t *batch, double *p, double *mean)
{
    const cover_t *self = state;
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;

    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    double *x = nb_arena_take(batch->scratch, batch->d + 1 + K, sizeof *x);

    for (size_t i = 0; i < batch->n; i++) {
        nb_rows_widen(batch->x, i, batch->d, x);
        row_t row = make_row(self, batch->point, batch->mask + i * batch->mask_words, x);

        mix_row(self, &row, x + batch->d + 1, p + i * K);
        for (unsigned k = 0; k < K; k++) {
            mean[i * K + k] = -cost_of(self, &row, 0, k);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

/* what came of a row */
typedef struct {
    unsigned action;
    double loss, propensity;
} seen_t;

/* losses of the allowed actions. @param loss [K] */
static void estimate_losses(const cover_t *self, unsigned p, const row_t *row, const seen_t *seen,
                            double *loss)
{
    for (unsigned k = 0; k < row->point->n_actions; k++) {
        const double *gaussian = nb_regressors_at(regressors_of(self), p, k);

        loss[k] = self->costs == DR ? -nb_gaussian_mean(gaussian, row->point->d, row->x) : 0.0;
    }
    loss[seen->action] += (seen->loss - loss[seen->action]) / seen->propensity;
}

/* the row's costs to the sums of every policy. @param loss [K]   @param work [2 K] */
static void add_costs(cover_t *self, const row_t *row, const double *loss, double *work)
{
    size_t K = row->point->n_actions, d = row->point->d;
    double *votes = work, *cost = work + K, *sums = array_of(self, row->point->sums);

    memset(votes, 0, K * sizeof *votes);
    for (unsigned i = 0; i < self->n_policies; i++) {
        for (unsigned k = 0; k < K; k++) {
            double *sum = sums + (k * (size_t)self->n_policies + i) * d;
            double bonus = i ? self->psi * row->least / mix(row, votes[k] / i) : 0.0;

            for (size_t j = 0; allows(row, k) && j < d; j++) {
                sum[j] += (loss[k] - bonus) * row->x[j];
            }
        }
        add_vote(self, row, i, cost, votes);
    }
}

/* x x' to the matrices of the allowed actions. @param x [ld] zero behind d */
static void add_moments(cover_t *self, const row_t *row, const double *x)
{
    size_t d = row->point->d, size = d * row->point->ld;

    for (unsigned k = 0; k < row->point->n_actions; k++) {
        if (allows(row, k)) {
            nb_rank_update(array_of(self, row->point->moments) + k * size, d, x, 1);
        }
    }
}

static int check(const nb_transitions_t *finished)
{
    NB_TRY(nb_rows_check_finished(finished));
    for (size_t i = 0; i < finished->n; i++) {
        unsigned k = (unsigned)finished->action[i];

        if (!nb_mask_allows(finished->mask, finished->mask_words, i, k)) {
            NB_FAIL(NB_ERR_RANGE, "transition %zu has action %u, which its mask forbids", i, k);
        }
    }
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    cover_t *self = state;
    const point_t *point = self->points + finished->point;
    size_t mark = nb_arena_mark(finished->scratch), K = point->n_actions;

    NB_TRY(check(finished));
    double *x = nb_arena_take(finished->scratch, point->ld, sizeof *x);
    double *gaussian_row = nb_arena_take(finished->scratch, nb_gaussian_row(point->d), sizeof *x);
    double *loss = nb_arena_take(finished->scratch, 3 * K, sizeof *loss), *work = loss + K;

    memset(x, 0, point->ld * sizeof *x);
    for (size_t i = 0; i < finished->n; i++) {
        nb_rows_widen(finished->x, i, finished->d, x);
        row_t row = make_row(self, finished->point, finished->mask + i * finished->mask_words, x);
        seen_t seen = {(unsigned)finished->action[i], -finished->reward[i], 0.0};

        mix_row(self, &row, work + K, work);
        seen.propensity = finished->propensity && finished->propensity[i] > 0.0
                              ? finished->propensity[i]
                              : work[seen.action];
        estimate_losses(self, finished->point, &row, &seen, loss);
        add_costs(self, &row, loss, work);
        add_moments(self, &row, x);
        nb_regressors_add(regressors_of(self), finished, i, gaussian_row);
    }
    nb_arena_release(finished->scratch, mark);
    return NB_OK;
}

/* the weights of all policies for one action. @param work [(2 d + 1) x ld] */
static int solve_action(cover_t *self, const point_t *point, size_t k, double *work)
{
    size_t d = point->d, ld = point->ld, first = k * self->n_policies * d;
    double *l = work, *r = l + d * ld, *forward = r + d * ld;

    memcpy(l, array_of(self, point->moments) + k * d * ld, d * ld * sizeof *l);
    for (size_t j = 0; j < d; j++) {
        l[j * ld + j] += self->lambda;
    }
    NB_TRY(nb_cholesky(l, d, ld));
    nb_triangle_invert(l, d, ld, r);
    for (unsigned i = 0; i < self->n_policies; i++) {
        nb_triangle_solve(r, d, ld, array_of(self, point->sums) + first + i * d, forward,
                          array_of(self, point->weights) + first + i * d);
    }
    return NB_OK;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    cover_t *self = state;
    size_t mark = nb_arena_mark(scratch);
    int code = nb_regressors_refresh(regressors_of(self), scratch);

    for (unsigned p = 0; p < self->n_points && code == NB_OK; p++) {
        const point_t *point = self->points + p;
        double *work = nb_arena_take(scratch, (2 * (size_t)point->d + 1) * point->ld, sizeof *work);

        for (size_t k = 0; k < point->n_actions && code == NB_OK; k++) {
            code = solve_action(self, point, k, work);
        }
        nb_arena_release(scratch, mark);
    }
    return code;
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    return nb_mixed_score(state, batch, fill, s);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return nb_mixed_choose(state, batch, fill, out);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return nb_mixed_probabilities(state, batch, fill, p);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_mixed_value(state, batch, fill, v);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t widest = 1, K = nb_mixed_most_actions(spec);

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        widest = spec->points[p].d > widest ? spec->points[p].d : widest;
    }
    /* beside the tables: a row of choose() or update(), the work of end_period() */
    return nb_mixed_scratch(spec) + nb_regressors_scratch(spec) +
           (2 * widest + 2) * (widest + 2 * NB_MOMENT_PAD) * sizeof(double) +
           4 * K * sizeof(double) + 8 * ALIGN;
}

const nb_policy_type_t nb_policy_online_cover = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "online_cover",
    .summary = "mixture of policies trained to cover what the others do not play (Agarwal et al. "
               "2014)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_PROPENSITY | NB_TRAIT_TEST_BED,
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
