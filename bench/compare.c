#include "bench/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/memory.h"

/* 1 where more of a metric is no gain: rates of bad things, costs, counts */
static int check_neutral(const char *metric)
{
    static const char *const neutral[] = {
        "contacts",      "unsubscribe_rate", "return_rate",       "complaint_rate", "contact_cost",
        "discount_cost", "customers",        "tail_periods",      "asked",          "needs",
        "lost_unaware",  "lost_aware",       "lost_visited",      "lost_outside",   "lost_refused",
        "late_rate",     "abandoned_rate",   "auto_refused_rate", "incident_rate",  "cost",
        "payback",       "worse_off",        "clv_gini",          "auto_orders"};

    for (size_t i = 0; i < sizeof neutral / sizeof neutral[0]; i++) {
        if (strcmp(neutral[i], metric) == 0) {
            return 1;
        }
    }
    return 0;
}

/* the less of it, the better */
static int check_loss(const char *metric)
{
    return strncmp(metric, "regret", strlen("regret")) == 0;
}

const char *nb_verdict_name(nb_verdict_t verdict, const char *metric)
{
    static const char *const names[] = {"no interval", "better", "worse", "equivalent",
                                        "undecided"};

    if (check_loss(metric) && (verdict == NB_VERDICT_BETTER || verdict == NB_VERDICT_WORSE)) {
        return names[verdict == NB_VERDICT_BETTER ? NB_VERDICT_WORSE : NB_VERDICT_BETTER];
    }
    if (verdict == NB_VERDICT_BETTER && check_neutral(metric)) {
        return "higher";
    }
    if (verdict == NB_VERDICT_WORSE && check_neutral(metric)) {
        return "lower";
    }
    return names[verdict];
}

nb_verdict_t nb_verdict_of(const nb_interval_t *difference, double p_adjusted, double margin)
{
    if (difference->n < 2) {
        return NB_VERDICT_NONE;
    }
    if (difference->low >= -margin && difference->high <= margin) {
        return NB_VERDICT_EQUIVALENT;
    }
    if (p_adjusted < 1 - NB_COMPARE_LEVEL) {
        return difference->mean > 0 ? NB_VERDICT_BETTER : NB_VERDICT_WORSE;
    }
    return NB_VERDICT_UNDECIDED;
}

static size_t find_scenario(const nb_results_t *results, const char *scenario)
{
    size_t i = 0;

    while (strcmp(results->scenario[i], scenario) != 0) {
        i++;
    }
    return i;
}

int nb_compare_worlds(size_t **out, const nb_results_t *results)
{
    const char *worlds = nb_results_attribute(results, "worlds");

    NB_TRY(nb_alloc(out, results->n_cells, sizeof **out));
    for (size_t i = 0; i < results->n_cells; i++) {
        char *end = NULL;

        (*out)[i] =
            worlds ? strtoul(worlds, &end, 10) : find_scenario(results, results->scenario[i]);
        worlds = end;
    }
    return NB_OK;
}

/* first cell that the baseline names for `i_cell`: by strategy in its world, else by label in its
 * scenario; itself where there is none */
static size_t find_baseline(const nb_compare_t *self, const size_t *worlds, size_t i_cell)
{
    const nb_results_t *results = self->results;

    for (size_t i = 0; i < results->n_cells; i++) {
        if (strcmp(results->strategy[i], self->baseline) == 0 && worlds[i] == worlds[i_cell]) {
            return i;
        }
    }
    for (size_t i = 0; i < results->n_cells; i++) {
        if (strcmp(results->cell[i], self->baseline) == 0 &&
            strcmp(results->scenario[i], results->scenario[i_cell]) == 0) {
            return i;
        }
    }
    return i_cell;
}

static int name_unknown(const char *kind, const char *name, char *const *known, size_t n)
{
    const char *nearest = nb_nearest(name, (const char *const *)known, n);

    NB_FAIL(NB_ERR_NOT_FOUND, "there is no %s \"%s\" in the results%s%s%s", kind, name,
            nearest ? "; the nearest is \"" : "", nearest ? nearest : "", nearest ? "\"" : "");
}

static int check_name(const char *name, char *const *known, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(known[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

static int check_spec(const nb_compare_t *self, const nb_compare_spec_t *spec)
{
    const nb_results_t *results = self->results;

    if (spec->scenario && !check_name(spec->scenario, results->scenario, results->n_cells)) {
        return name_unknown("scenario", spec->scenario, results->scenario, results->n_cells);
    }
    if (!check_name(self->baseline, results->strategy, results->n_cells) &&
        !check_name(self->baseline, results->cell, results->n_cells)) {
        return name_unknown("strategy", self->baseline, results->strategy, results->n_cells);
    }
    return NB_OK;
}

static const char *choose_baseline(const nb_results_t *results, const nb_compare_spec_t *spec)
{
    const char *planned = nb_results_attribute(results, "baseline");

    if (spec->baseline) {
        return spec->baseline;
    }
    if (planned && *planned) {
        return planned;
    }
    return results->n_cells > 0 ? results->strategy[0] : "";
}

static double choose_delta(const nb_results_t *results, const nb_compare_spec_t *spec)
{
    const char *planned = nb_results_attribute(results, "delta");

    if (spec->delta >= 0) {
        return spec->delta;
    }
    return planned && *planned ? strtod(planned, NULL) : 0.01;
}

static void count_row(nb_compare_row_t *row, const nb_results_t *results, const double *values)
{
    size_t n = results->n_replications;
    nb_moments_t moments = {0};

    nb_moments_add_finite(&moments, values + row->i_cell * n, n);
    row->n = moments.n;
    row->mean = moments.n > 0 ? moments.mean : NAN;
    row->sd = nb_moments_sd(&moments);
    row->se = nb_moments_se(&moments);
    for (size_t r = 0; r < n; r++) {
        row->n_failed += results->status[row->i_cell * n + r] == 2;
        row->n_missing += results->status[row->i_cell * n + r] == 0;
    }
}

static double find_mean(const double *values, size_t n)
{
    nb_moments_t moments = {0};

    nb_moments_add_finite(&moments, values, n);
    return moments.mean;
}

static const char *scenario_of(const nb_compare_t *self, size_t i_row)
{
    return self->results->scenario[self->rows[i_row].i_cell];
}

/* Holm's adjustment within one scenario; p [n_rows] is scratch */
static int adjust_family(nb_compare_t *self, const char *scenario, double *p)
{
    for (size_t i = 0; i < self->n_rows; i++) {
        int belongs = self->rows[i].is_compared && strcmp(scenario_of(self, i), scenario) == 0;

        p[i] = belongs ? self->rows[i].difference.p : NAN;
    }
    NB_TRY(nb_holm(p, self->n_rows, p));
    for (size_t i = 0; i < self->n_rows; i++) {
        if (strcmp(scenario_of(self, i), scenario) == 0) {
            self->rows[i].p_adjusted = p[i];
        }
    }
    return NB_OK;
}

static int adjust_families(nb_compare_t *self)
{
    const char *scenario = NULL;
    double *p;
    int code;

    /* the plan keeps the cells of a scenario together: a family begins where the name changes */
    code = nb_alloc(&p, self->n_rows, sizeof *p);
    for (size_t i = 0; i < self->n_rows && code >= 0; i++) {
        if (!scenario || strcmp(scenario, scenario_of(self, i)) != 0) {
            scenario = scenario_of(self, i);
            code = adjust_family(self, scenario, p);
        }
    }
    nb_free(p);
    return code;
}

static int fill_rows(nb_compare_t *self, const double *values, const char *scenario)
{
    const nb_results_t *results = self->results;
    size_t *worlds;
    size_t n = results->n_replications;

    NB_TRY(nb_compare_worlds(&worlds, results));
    for (size_t i = 0; i < results->n_cells; i++) {
        if (!scenario || strcmp(results->scenario[i], scenario) == 0) {
            nb_compare_row_t *row = &self->rows[self->n_rows++];

            row->i_cell = i;
            row->i_baseline = find_baseline(self, worlds, i);
            row->is_compared = row->i_baseline != i;
            row->difference = nb_interval_paired(values + i * n, values + row->i_baseline * n, n,
                                                 NB_COMPARE_LEVEL);
            count_row(row, results, values);
        }
    }
    nb_free(worlds);
    return NB_OK;
}

int nb_compare_init(nb_compare_t *self, const nb_results_t *results, const char *metric,
                    const double *values, const nb_compare_spec_t *spec)
{
    size_t n = results->n_replications;

    *self = (nb_compare_t){.results = results, .metric = metric};
    self->baseline = choose_baseline(results, spec);
    self->delta = choose_delta(results, spec);
    NB_TRY(check_spec(self, spec));
    NB_TRY(nb_alloc(&self->rows, results->n_cells, sizeof *self->rows));
    NB_TRY(fill_rows(self, values, spec->scenario));
    NB_TRY(adjust_families(self));
    for (size_t i = 0; i < self->n_rows; i++) {
        nb_compare_row_t *row = &self->rows[i];
        double margin = self->delta * fabs(find_mean(values + row->i_baseline * n, n));

        row->verdict = nb_verdict_of(&row->difference, row->p_adjusted, margin);
    }
    return NB_OK;
}

void nb_compare_free(nb_compare_t *self)
{
    nb_free(self->rows);
    self->rows = NULL;
    self->n_rows = 0;
}
