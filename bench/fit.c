#include "bench/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/fit_maximize.h"
#include "core/memory.h"

enum { LEAST_REPEATERS = 2, LEAST_SPENDERS = 10, N_STARTS = 4 };

/* customers of one history, or of one (x, spend): sorted by x, so that equal x share a term */
typedef struct {
    nb_history_t history;
    double spend;
    double n; /* customers */
} group_t;

typedef struct {
    group_t *groups;
    size_t n;
    double n_customers;
} groups_t;

static int compare(double a, double b)
{
    return (a > b) - (a < b);
}

static int by_history(const void *left, const void *right)
{
    const group_t *a = left, *b = right;
    int order = compare(a->history.x, b->history.x);

    order = order ? order : compare(a->history.t_x, b->history.t_x);
    order = order ? order : compare(a->history.T, b->history.T);
    return order ? order : compare(a->spend, b->spend);
}

/* customers with equal histories together: half of a usual log bought once on one of few days.
 * With `spenders`, only customers with repeat money, together where x and spend are equal. */
static int gather(groups_t *self, const nb_purchase_log_t *log, int spenders)
{
    NB_TRY(nb_alloc(&self->groups, log->n, sizeof *self->groups));
    for (size_t i = 0; i < log->n; i++) {
        const nb_buyer_t *buyer = &log->buyers[i];
        group_t *group = &self->groups[self->n];

        if (spenders && !(buyer->history.x > 0 && buyer->spend > 0)) {
            continue;
        }
        group->history = spenders ? (nb_history_t){buyer->history.x, 0, 0} : buyer->history;
        group->spend = spenders ? buyer->spend : 0;
        group->n = 1;
        self->n++;
    }
    self->n_customers = (double)self->n;
    if (self->n == 0) {
        return NB_OK;
    }
    qsort(self->groups, self->n, sizeof *self->groups, by_history);
    size_t last = 0;
    for (size_t i = 1; i < self->n; i++) {
        if (by_history(&self->groups[last], &self->groups[i]) == 0) {
            self->groups[last].n++;
        } else {
            self->groups[++last] = self->groups[i];
        }
    }
    self->n = last + 1;
    return NB_OK;
}

static double bgnbd_likelihood(const double *theta, double *gradient, void *data)
{
    const groups_t *groups = data;
    nb_bgnbd_t model = {theta[0], theta[1], theta[2], theta[3]};
    double of_count[NB_BGNBD_PARAMETERS] = {0}, of_time[NB_BGNBD_PARAMETERS], sum = 0, count = 0;

    memset(gradient, 0, sizeof of_time);
    for (size_t i = 0; i < groups->n; i++) {
        const group_t *group = &groups->groups[i];

        if (i == 0 || group->history.x != groups->groups[i - 1].history.x) {
            count = nb_bgnbd_count_term(&model, group->history.x, of_count);
        }
        sum += group->n * (count + nb_bgnbd_time_term(&model, &group->history, of_time));
        for (int j = 0; j < NB_BGNBD_PARAMETERS; j++) {
            gradient[j] += group->n * (of_count[j] + of_time[j]);
        }
    }
    return sum;
}

static double gammagamma_likelihood(const double *theta, double *gradient, void *data)
{
    const groups_t *groups = data;
    nb_gammagamma_t model = {theta[0], theta[1], theta[2]};
    double of_count[NB_GAMMAGAMMA_PARAMETERS] = {0}, of_spend[NB_GAMMAGAMMA_PARAMETERS];
    double sum = 0, count = 0;

    memset(gradient, 0, sizeof of_spend);
    for (size_t i = 0; i < groups->n; i++) {
        const group_t *group = &groups->groups[i];
        double x = group->history.x;

        if (i == 0 || x != groups->groups[i - 1].history.x) {
            count = nb_gammagamma_count_term(&model, x, of_count);
        }
        sum += group->n * (count + nb_gammagamma_spend_term(&model, x, group->spend, of_spend));
        for (int j = 0; j < NB_GAMMAGAMMA_PARAMETERS; j++) {
            gradient[j] += group->n * (of_count[j] + of_spend[j]);
        }
    }
    return sum;
}

static int check_enough(const nb_purchase_log_t *log)
{
    size_t n_repeaters = 0;

    for (size_t i = 0; i < log->n; i++) {
        n_repeaters += log->buyers[i].history.x > 0;
    }
    if (log->n < 2) {
        NB_FAIL(NB_ERR_DATA, "%s: one customer: a model of how customers differ needs more",
                log->table.name);
    }
    if (n_repeaters < LEAST_REPEATERS) {
        NB_FAIL(NB_ERR_DATA,
                "%s: %zu of %zu customers bought again within the calibration, at least %d must",
                log->table.name, n_repeaters, log->n, LEAST_REPEATERS);
    }
    return NB_OK;
}

/* BG/NBD from starts on the scale of the log's time */
static int fit_purchases(nb_fit_t *self, const nb_purchase_log_t *log)
{
    groups_t groups = {0};
    nb_likelihood_t likelihood = {NB_BGNBD_PARAMETERS, bgnbd_likelihood, &groups, (double)log->n};
    double age = 0;
    nb_maximum_t maximum;
    int code;

    for (size_t i = 0; i < log->n; i++) {
        age += log->buyers[i].history.T / (double)log->n;
    }
    const double starts[N_STARTS * NB_BGNBD_PARAMETERS] = {
        .5, .3 * age, 1, 2, .1, .05 * age, .5, 3, 1, age, 1, 1, 2, age, .2, 2,
    };

    code = gather(&groups, log, 0);
    if (code == NB_OK) {
        code = nb_maximize(&likelihood, starts, N_STARTS, &maximum);
    }
    if (code == NB_OK) {
        self->bgnbd =
            (nb_bgnbd_t){maximum.theta[0], maximum.theta[1], maximum.theta[2], maximum.theta[3]};
        memcpy(self->bgnbd_error, maximum.error, sizeof self->bgnbd_error);
        self->log_likelihood = maximum.value;
        self->converged = maximum.converged;
    }
    nb_free(groups.groups);
    return code;
}

/* Gamma-Gamma from starts on the scale of the log's money */
static int maximize_spend(nb_fit_t *self, groups_t *groups)
{
    nb_likelihood_t likelihood = {NB_GAMMAGAMMA_PARAMETERS, gammagamma_likelihood, groups,
                                  groups->n_customers};
    nb_maximum_t maximum;
    double money = 0;

    for (size_t i = 0; i < groups->n; i++) {
        money += groups->groups[i].n * groups->groups[i].spend / groups->n_customers;
    }
    const double starts[N_STARTS * NB_GAMMAGAMMA_PARAMETERS] = {
        2, 3, money, 6, 4, money / 2, 1, 1.5, money, 20, 10, money / 2,
    };

    NB_TRY(nb_maximize(&likelihood, starts, N_STARTS, &maximum));
    self->spend = (nb_gammagamma_t){maximum.theta[0], maximum.theta[1], maximum.theta[2]};
    memcpy(self->spend_error, maximum.error, sizeof self->spend_error);
    self->spend_log_likelihood = maximum.value;
    self->spend_converged = maximum.converged;
    self->mean_spend = nb_gammagamma_expected(&self->spend, 0, 0);
    self->has_spend = isfinite(self->mean_spend);
    self->why_no_spend = "spend varies so much that its mean does not exist (q <= 1)";
    return NB_OK;
}

static int fit_spend(nb_fit_t *self, const nb_purchase_log_t *log)
{
    groups_t groups = {0};
    int code;

    self->why_no_spend = "the log has no spend";
    if (!log->has_spend) {
        return NB_OK;
    }
    code = gather(&groups, log, 1);
    self->n_spenders = (size_t)groups.n_customers;
    self->why_no_spend = "too few customers have spent money on repeat purchases (10 are needed)";
    if (code == NB_OK && self->n_spenders >= LEAST_SPENDERS) {
        code = maximize_spend(self, &groups);
    }
    nb_free(groups.groups);
    return code;
}

static void compare_holdout(nb_fit_t *self, const nb_purchase_log_t *log)
{
    double year = 364 / log->unit_days;

    self->has_holdout = log->has_holdout;
    self->horizon = log->has_holdout ? nb_purchase_log_holdout(log) : year;
    for (size_t i = 0; log->has_holdout && i < log->n; i++) {
        const nb_buyer_t *buyer = &log->buyers[i];
        double x = buyer->history.x;
        nb_fit_bin_t *bin = &self->bins[x < NB_FIT_BINS - 1 ? (int)x : NB_FIT_BINS - 1];
        double expected = nb_bgnbd_conditional(&self->bgnbd, &buyer->history, self->horizon);

        bin->customers++;
        bin->actual += buyer->holdout;
        bin->expected += expected;
        self->actual += buyer->holdout;
        self->expected += expected;
    }
}

int nb_fit(nb_fit_t *self, const nb_purchase_log_t *log)
{
    memset(self, 0, sizeof *self);
    NB_TRY(check_enough(log));
    NB_TRY(fit_purchases(self, log));
    NB_TRY(fit_spend(self, log));
    compare_holdout(self, log);
    return NB_OK;
}

nb_outlook_t nb_fit_outlook(const nb_fit_t *self, const nb_buyer_t *buyer, double rate,
                            double margin)
{
    nb_outlook_t out = {0};

    out.p_alive = nb_bgnbd_p_alive(&self->bgnbd, &buyer->history);
    out.expected = nb_bgnbd_conditional(&self->bgnbd, &buyer->history, self->horizon);
    out.residual = nb_bgnbd_residual(&self->bgnbd, &buyer->history, rate);
    out.spend = NAN;
    if (self->has_spend) {
        double x = buyer->spend > 0 ? buyer->history.x : 0;

        out.spend = nb_gammagamma_expected(&self->spend, x, buyer->spend);
    }
    out.value = out.residual * out.spend * margin;
    return out;
}

double nb_fit_cumulative(const nb_fit_t *self, const nb_purchase_log_t *log, double t)
{
    double oldest = 0, sum = 0, expected = 0, age = -1;

    for (size_t i = 0; i < log->n; i++) {
        oldest = fmax(oldest, log->buyers[i].history.T);
    }
    /* logs often stand in order of birth: neighbors share their value */
    for (size_t i = 0; i < log->n; i++) {
        if (log->buyers[i].history.T != age) {
            age = log->buyers[i].history.T;
            expected = nb_bgnbd_expected(&self->bgnbd, t - (oldest - age));
        }
        sum += expected;
    }
    return sum;
}
