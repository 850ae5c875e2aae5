#define _POSIX_C_SOURCE 200809L

#include "bench/verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/verify_table.h"
#include "core/memory.h"
#include "core/stats.h"
#include "core/store_file.h"

enum { PATH_SIZE = 4096, SET_SIZE = 128 };

double nb_verify_setting(const nb_plan_t *plan, const char *key)
{
    const nb_plan_world_t *world = &plan->worlds[0];
    const nb_setting_t *row = nb_settings_find(world->environment->settings, key);
    const char *at;

    if (!row || (row->type != NB_SETTING_REAL && row->type != NB_SETTING_INT)) {
        return NAN;
    }
    at = (const char *)world->settings + row->offset;
    return row->type == NB_SETTING_REAL ? *(const double *)(const void *)at
                                        : (double)*(const int *)(const void *)at;
}

/* ---- the experiments ---- */

typedef struct {
    const nb_verify_run_t *run;
    const nb_verify_spec_t *spec;
    double period_weeks;
} text_t;

static int write_text(const void *subject, FILE *out)
{
    const text_t *text = subject;
    const nb_verify_run_t *run = text->run;
    const nb_verify_spec_t *spec = text->spec;

    fprintf(out, "name: verify_%s\nscenario: ", run->name);
    nb_json_string(run->scenario ? run->scenario : spec->scenario, out);
    fprintf(out, "\ncustomers: %d\nreplications: %d\nseed: %d\ntail: %s\nlog: %s\n",
            spec->customers ? spec->customers : NB_VERIFY_CUSTOMERS,
            spec->replications ? spec->replications : NB_VERIFY_REPLICATIONS, NB_VERIFY_SEED,
            run->no_tail ? "false" : "true", run->log ? "purchases" : "none");
    if (run->weeks) {
        fprintf(out, "periods: %ld\n", lround(run->weeks / text->period_weeks));
    }
    fprintf(out, "strategies: %s\n", run->strategies);
    return NB_OK;
}

/* key of "path=value" or of a derived setting, where the model has no such setting */
static void note_missing(nb_verify_work_t *work, size_t i, const char *assignment)
{
    const nb_setting_t *table = work->plans[0].worlds[0].environment->settings;
    char key[SET_SIZE];

    snprintf(key, sizeof key, "%.*s", (int)strcspn(assignment, "="), assignment);
    if (!nb_settings_find(table, key)) {
        snprintf(work->missing[i], sizeof work->missing[i], "the model has no setting %s", key);
    }
}

/* a derived setting as "path=value"; outside of its range the experiment cannot be */
static void derive(nb_verify_work_t *work, size_t i, const nb_verify_derived_t *derived,
                   char out[SET_SIZE])
{
    const nb_setting_t *row =
        nb_settings_find(work->plans[0].worlds[0].environment->settings, derived->key);
    double value = nb_verify_setting(&work->plans[0], derived->key);

    value = value * derived->factor + derived->shift;
    snprintf(out, SET_SIZE, "%s=%.17g", derived->key, value);
    if (row && !(value >= row->low && value <= row->high)) {
        snprintf(work->missing[i], sizeof work->missing[i], "%s would have to be %g", derived->key,
                 value);
    }
}

/* sets of the user, where the run is of her scenario, then the run's own; 0 where it cannot be */
static size_t collect_sets(nb_verify_work_t *work, size_t i, const char **sets,
                           char own[NB_VERIFY_MAX_DERIVED][SET_SIZE])
{
    const nb_verify_run_t *run = &nb_verify_runs[i];
    size_t n = 0;

    for (size_t k = 0; !run->scenario && k < work->spec->n_sets; k++) {
        sets[n++] = work->spec->sets[k];
    }
    for (size_t k = 0; i > 0 && k < NB_VERIFY_MAX_SETS && run->sets[k]; k++) {
        note_missing(work, i, run->sets[k]);
        sets[n++] = run->sets[k];
    }
    for (size_t k = 0; i > 0 && k < NB_VERIFY_MAX_DERIVED && run->derived[k].key; k++) {
        note_missing(work, i, run->derived[k].key);
        derive(work, i, &run->derived[k], own[k]);
        sets[n++] = own[k];
    }
    return n;
}

static int init_plan(nb_verify_work_t *work, size_t i)
{
    const nb_verify_run_t *run = &nb_verify_runs[i];
    text_t text = {run, work->spec, 1};
    char own[NB_VERIFY_MAX_DERIVED][SET_SIZE], *yaml = NULL;
    const char **sets = NULL;
    size_t n_sets;
    int code;

    if (i > 0 && !run->scenario) {
        text.period_weeks = nb_verify_setting(&work->plans[0], "period_weeks");
    }
    NB_TRY(nb_alloc(&sets, work->spec->n_sets + NB_VERIFY_MAX_SETS + NB_VERIFY_MAX_DERIVED,
                    sizeof *sets));
    n_sets = collect_sets(work, i, sets, own);
    code = *work->missing[i] ? NB_OK : nb_text_print(&yaml, write_text, &text);
    if (yaml && code >= 0) {
        code = nb_plan_init_text(&work->plans[i], "verify", yaml, sets, n_sets);
    }
    nb_free(yaml);
    nb_free(sets);
    NB_TRY(code);
    if (work->plans[i].n_worlds > 1) {
        NB_FAIL(NB_ERR_CONFIG, "verify takes one scenario and no sweep");
    }
    return NB_OK;
}

/* progress of all experiments together */
typedef struct {
    const nb_verify_spec_t *spec;
    nb_progress_t before;
    size_t n_units;
} total_t;

static void report_total(void *context, const nb_progress_t *progress)
{
    total_t *total = context;
    nb_progress_t sum = *progress;

    sum.n_units = total->n_units;
    sum.n_done += total->before.n_done;
    sum.n_failed += total->before.n_failed;
    sum.n_ran += total->before.n_ran;
    sum.seconds += total->before.seconds;
    sum.customer_periods += total->before.customer_periods;
    if (total->spec->report) {
        total->spec->report(total->spec->context, &sum);
    }
}

static void complain(void *context, const char *cell, int replication, const char *sentence)
{
    const nb_verify_spec_t *spec = ((total_t *)context)->spec;

    if (spec->complain) {
        spec->complain(spec->context, cell, replication, sentence);
    }
}

static int run_plan(nb_verify_work_t *work, size_t i, total_t *total)
{
    nb_runner_spec_t runner = {
        .n_threads = work->spec->n_threads,
        .retry_failed = 1,
        .stop = work->spec->stop,
        .report = report_total,
        .complain = complain,
        .context = total,
    };
    nb_progress_t progress = {0};
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s.h5", work->spec->folder, nb_verify_runs[i].name);
    NB_TRY(nb_strdup(&work->paths[i], path));
    runner.results_path = work->paths[i];
    NB_TRY(nb_runner_run(&work->plans[i], &runner, &progress));
    total->before.n_done += progress.n_done;
    total->before.n_failed += progress.n_failed;
    total->before.n_ran += progress.n_ran;
    total->before.seconds += progress.seconds;
    total->before.customer_periods += progress.customer_periods;
    if (progress.n_failed > 0) {
        NB_FAIL(NB_ERR_NUMERIC, "%s: %zu of %zu units failed", path, progress.n_failed,
                progress.n_units);
    }
    return nb_results_open(&work->results[i], work->paths[i]);
}

static int run_all(nb_verify_work_t *work)
{
    total_t total = {.spec = work->spec};

    for (size_t i = 1; i < nb_verify_n_runs; i++) {
        if (work->is_needed[i]) {
            NB_TRY(init_plan(work, i));
        }
    }
    for (size_t i = 0; i < nb_verify_n_runs; i++) {
        if (work->is_needed[i]) {
            total.n_units += work->plans[i].n_cells * (size_t)work->plans[i].replications;
        }
    }
    for (size_t i = 0; i < nb_verify_n_runs; i++) {
        if (work->is_needed[i] && !*work->missing[i]) {
            NB_TRY(run_plan(work, i, &total));
        }
    }
    return NB_OK;
}

/* ---- the figures ---- */

static int has_metric(const nb_results_t *results, const char *metric)
{
    for (size_t i = 0; i < results->n_metrics; i++) {
        if (strcmp(results->metrics[i], metric) == 0) {
            return 1;
        }
    }
    return 0;
}

int nb_verify_column(const nb_verify_work_t *work, const nb_verify_column_t *column, double **out)
{
    const nb_results_t *results = &work->results[nb_verify_find_run(column->run)];
    size_t n = results->n_replications, i_cell = 0;
    int code;

    *out = NULL;
    if (!has_metric(results, column->metric)) {
        return NB_OK;
    }
    while (i_cell + 1 < results->n_cells && strcmp(results->cell[i_cell], column->strategy) != 0) {
        i_cell++;
    }
    NB_TRY(nb_alloc(out, results->n_cells * n, sizeof **out));
    code = nb_results_metric(results, column->metric, *out);
    memmove(*out, *out + i_cell * n, n * sizeof **out);
    return code;
}

/* means of the columns [n_columns][n], without replication `left_out` (n: none) */
static void find_means(double *const *columns, size_t n_columns, size_t n, size_t left_out,
                       double *x)
{
    for (size_t k = 0; k < n_columns; k++) {
        nb_moments_t moments = {0};

        nb_moments_add_finite(&moments, columns[k], left_out < n ? left_out : n);
        if (left_out < n) {
            nb_moments_add_finite(&moments, columns[k] + left_out + 1, n - left_out - 1);
        }
        x[k] = moments.n ? moments.mean : NAN;
    }
}

/* figure of all replications, its standard error by the jackknife */
static void compute(const nb_verify_work_t *work, const nb_verify_target_t *row,
                    double *const *columns, size_t n_columns, nb_target_t *target)
{
    size_t n = (size_t)work->plans[0].replications, used;
    double x[NB_VERIFY_MAX_COLUMNS];
    nb_moments_t moments = {0};

    for (size_t r = 0; r < n; r++) {
        find_means(columns, n_columns, n, r, x);
        nb_moments_add(&moments, row->figure(x, work));
    }
    find_means(columns, n_columns, n, n, x);
    target->value = row->figure(x, work);
    target->se = n > 1 ? sqrt((double)(n - 1) / (double)n * moments.m2) : NAN;
    used = strlen(target->how);
    if (row->detail) {
        row->detail(x, work, target->how + used, sizeof target->how - used);
    }
}

static void skip(nb_target_t *target, const char *why, const char *what)
{
    target->status = NB_TARGET_SKIPPED;
    snprintf(target->how, sizeof target->how, "%s%s", why, what);
}

/* where an experiment behind the target cannot be, the target says so */
static int check_runs(const nb_verify_work_t *work, const nb_verify_target_t *row,
                      nb_target_t *target)
{
    for (size_t k = 0; k < NB_VERIFY_MAX_COLUMNS && row->columns[k].run; k++) {
        const char *missing = work->missing[nb_verify_find_run(row->columns[k].run)];

        if (*missing) {
            skip(target, missing, "");
            return 0;
        }
    }
    return 1;
}

static int find_figure(nb_verify_work_t *work, const nb_verify_target_t *row, nb_target_t *target)
{
    double *columns[NB_VERIFY_MAX_COLUMNS] = {NULL};
    size_t n = 0;
    int code = NB_OK;

    for (; n < NB_VERIFY_MAX_COLUMNS && row->columns[n].run && code >= 0; n++) {
        code = nb_verify_column(work, &row->columns[n], &columns[n]);
        if (code >= 0 && !columns[n]) {
            skip(target, "the model does not record ", row->columns[n].metric);
        }
    }
    if (code >= 0 && target->status != NB_TARGET_SKIPPED) {
        compute(work, row, columns, n, target);
        if (!isfinite(target->value)) {
            skip(target, "undefined in this scenario: ", row->how);
        }
    }
    for (size_t k = 0; k < NB_VERIFY_MAX_COLUMNS; k++) {
        nb_free(columns[k]);
    }
    return code;
}

static int is_inside(const nb_target_t *target)
{
    /* a mechanism that does nothing has a contrast of 0: that is no sign */
    return isinf(target->high) ? target->value > target->low
                               : target->value >= target->low && target->value <= target->high;
}

static int judge(nb_verify_work_t *work, size_t i, nb_target_t *target)
{
    const nb_verify_target_t *row = &nb_verify_targets[i];

    *target = (nb_target_t){.name = row->name,
                            .value = NAN,
                            .se = NAN,
                            .low = work->bands.low[i],
                            .high = work->bands.high[i]};
    snprintf(target->how, sizeof target->how, "%s", row->how);
    if (!check_runs(work, row, target)) {
        return NB_OK;
    }
    NB_TRY(row->measure ? row->measure(work, target) : find_figure(work, row, target));
    if (target->status == NB_TARGET_SKIPPED) {
        target->value = target->se = NAN;
    } else {
        target->status = is_inside(target) ? NB_TARGET_HOLDS : NB_TARGET_MISSES;
    }
    return NB_OK;
}

/* ---- all together ---- */

static int is_wanted(const nb_verify_work_t *work, size_t i)
{
    const nb_verify_spec_t *spec = work->spec;
    int is_named = 0;

    for (size_t k = 0; k < spec->n_only; k++) {
        is_named |= strcmp(spec->only[k], nb_verify_targets[i].name) == 0;
    }
    return spec->n_only ? is_named : !work->bands.is_off[i];
}

static int check_only(const nb_verify_spec_t *spec)
{
    const char *names[NB_VERIFY_MAX_TARGETS];
    size_t n = nb_verify_names(names);

    for (size_t k = 0; k < spec->n_only; k++) {
        size_t i = 0;

        while (i < n && strcmp(names[i], spec->only[k]) != 0) {
            i++;
        }
        if (i == n) {
            const char *nearest = nb_nearest(spec->only[k], names, n);

            NB_FAIL(NB_ERR_NOT_FOUND, "there is no target \"%s\"%s%s", spec->only[k],
                    nearest ? "; the nearest is " : "", nearest ? nearest : "");
        }
    }
    return NB_OK;
}

static void find_needed(nb_verify_work_t *work)
{
    for (size_t i = 0; i < nb_verify_n_targets; i++) {
        const nb_verify_column_t *columns = nb_verify_targets[i].columns;

        for (size_t k = 0; is_wanted(work, i) && k < NB_VERIFY_MAX_COLUMNS && columns[k].run; k++) {
            work->is_needed[nb_verify_find_run(columns[k].run)] = 1;
        }
    }
}

static int verify(nb_verify_t *self, nb_verify_work_t *work)
{
    NB_TRY(check_only(work->spec));
    NB_TRY(init_plan(work, 0));
    NB_TRY(nb_verify_bands_init(&work->bands, work->plans[0].verify));
    NB_TRY(nb_verify_check_actions(&work->bands, &work->plans[0]));
    self->customers = work->plans[0].customers;
    self->replications = work->plans[0].replications;
    find_needed(work);
    NB_TRY(run_all(work));
    NB_TRY(nb_alloc(&self->targets, nb_verify_n_targets, sizeof *self->targets));
    for (size_t i = 0; i < nb_verify_n_targets; i++) {
        if (is_wanted(work, i)) {
            NB_TRY(judge(work, i, &self->targets[self->n]));
            self->n_missed += self->targets[self->n++].status == NB_TARGET_MISSES;
        }
    }
    return NB_OK;
}

static void free_work(nb_verify_work_t *work)
{
    for (size_t i = 0; i < NB_VERIFY_MAX_RUNS; i++) {
        nb_plan_free(&work->plans[i]);
        nb_results_close(&work->results[i]);
        nb_free(work->paths[i]);
    }
    nb_verify_bands_free(&work->bands);
    nb_free(work);
}

int nb_verify_init(nb_verify_t *self, const nb_verify_spec_t *spec)
{
    nb_verify_work_t *work = NULL;
    int code;

    memset(self, 0, sizeof *self);
    NB_TRY(nb_strdup(&self->scenario, spec->scenario));
    NB_TRY(nb_alloc(&work, 1, sizeof *work));
    work->spec = spec;
    code = verify(self, work);
    self->shares = work->shares;
    self->n_shares = work->n_shares;
    free_work(work);
    return code;
}

void nb_verify_free(nb_verify_t *self)
{
    nb_free(self->shares);
    nb_free(self->targets);
    nb_free(self->scenario);
    memset(self, 0, sizeof *self);
}
