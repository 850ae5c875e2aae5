#define _POSIX_C_SOURCE 200809L

#include "bench/tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/stats.h"
#include "core/store_file.h"

typedef struct {
    nb_moments_t moments; /* of the metric, over replications 0 to moments.n - 1 */
    int is_alive, is_failed;
    size_t rank; /* from 1, 0 where failed */
} candidate_t;

typedef struct {
    const nb_plan_t *plan; /* of the experiment */
    const nb_plan_t *candidates;
    const nb_runner_spec_t *spec;
    candidate_t *all; /* [cells of candidates] */
    size_t *order;    /* [cells of candidates] scratch */
    size_t *units;    /* of the round, indices of the plan of candidates */
    size_t n_units;
    int n_rounds;
} tuner_t;

static int init_tuner(tuner_t *self)
{
    const nb_plan_tune_t *tune = self->plan->tune;
    size_t n = tune->candidates->n_cells;

    self->candidates = tune->candidates;
    for (size_t g = 0; g < tune->n_groups; g++) {
        if (tune->groups[g].n_rounds > self->n_rounds) {
            self->n_rounds = tune->groups[g].n_rounds;
        }
    }
    NB_TRY(nb_alloc(&self->all, n, sizeof *self->all));
    NB_TRY(nb_alloc(&self->order, n, sizeof *self->order));
    for (size_t i = 0; i < n; i++) {
        self->all[i].is_alive = 1;
    }
    return nb_alloc(&self->units, n * (size_t)self->candidates->replications, sizeof *self->units);
}

static void free_tuner(tuner_t *self)
{
    nb_free(self->all);
    nb_free(self->order);
    nb_free(self->units);
}

static size_t count_alive(const tuner_t *self, const nb_tune_group_t *group)
{
    size_t n = 0;

    for (size_t i = group->i_first; i < group->i_first + group->n; i++) {
        n += (size_t)self->all[i].is_alive;
    }
    return n;
}

/* what the candidates of a strategy still lack in this round; a single one has won already */
static void list_group(tuner_t *self, const nb_tune_group_t *group, int i_round)
{
    size_t n = (size_t)self->candidates->replications;

    if (i_round >= group->n_rounds || count_alive(self, group) < 2) {
        return;
    }
    for (size_t i = group->i_first; i < group->i_first + group->n; i++) {
        for (size_t r = self->all[i].moments.n;
             self->all[i].is_alive && r < (size_t)group->rounds[i_round].replications; r++) {
            self->units[self->n_units++] = i * n + r;
        }
    }
}

static void list_units(tuner_t *self, int i_round)
{
    self->n_units = 0;
    for (size_t g = 0; g < self->plan->tune->n_groups; g++) {
        list_group(self, &self->plan->tune->groups[g], i_round);
    }
}

/* the metric of a unit, not a number where the unit lacks it */
static int read_metric(const nb_store_t *store, const char *key, const char *metric, double *out)
{
    nb_shard_t shard = {0};

    *out = NAN;
    NB_TRY(nb_store_read(store, key, &shard));
    for (size_t i = 0; i < shard.n_vars; i++) {
        if (strcmp(shard.vars[i].name, metric) == 0 && shard.vars[i].n == 1) {
            *out = shard.vars[i].data[0];
        }
    }
    nb_shard_free(&shard);
    return NB_OK;
}

static void leave_out(tuner_t *self, size_t i_cell, int replication, const char *why)
{
    self->all[i_cell].is_alive = 0;
    self->all[i_cell].is_failed = 1;
    if (self->spec && self->spec->complain) {
        self->spec->complain(self->spec->context, self->candidates->cells[i_cell].label,
                             replication, why);
    }
}

/* units come in the order of candidates and replications, and so sums do not depend on threads */
static int take_units(tuner_t *self, const nb_store_t *store)
{
    size_t n = (size_t)self->candidates->replications;

    for (size_t u = 0; u < self->n_units; u++) {
        size_t i_cell = self->units[u] / n;
        const char *key = self->candidates->keys[self->units[u]];
        double value;

        if (!self->all[i_cell].is_alive) {
            continue;
        }
        if (nb_store_status(store, key) != 1) {
            leave_out(self, i_cell, (int)(self->units[u] % n),
                      "tuning: left out, since this unit failed");
            continue;
        }
        NB_TRY(read_metric(store, key, self->plan->tune->metric, &value));
        if (!isfinite(value)) {
            leave_out(self, i_cell, (int)(self->units[u] % n),
                      "tuning: left out, since its metric is not a number");
            continue;
        }
        nb_moments_add(&self->all[i_cell].moments, value);
    }
    return NB_OK;
}

/* best first; equal means in the order of the file */
static void sort_alive(tuner_t *self, const nb_tune_group_t *group, size_t *n)
{
    *n = 0;
    for (size_t i = group->i_first; i < group->i_first + group->n; i++) {
        size_t at = *n;

        if (!self->all[i].is_alive) {
            continue;
        }
        while (at > 0 && self->all[self->order[at - 1]].moments.mean < self->all[i].moments.mean) {
            self->order[at] = self->order[at - 1];
            at--;
        }
        self->order[at] = i;
        ++*n;
    }
}

/* the best go on to the next round, or one has won */
static int cut_group(tuner_t *self, const nb_tune_group_t *group, int i_round)
{
    int is_last = i_round >= group->n_rounds - 1;
    size_t n_left = is_last ? 1 : group->rounds[i_round + 1].n_candidates, n = 0;

    sort_alive(self, group, &n);
    if (n == 0) {
        NB_FAIL(NB_ERR_NUMERIC,
                "tuning: every setting of '%s' failed; --retry-failed runs them again",
                group->cell);
    }
    for (size_t k = 0; k < n; k++) {
        self->all[self->order[k]].rank = k + 1;
        self->all[self->order[k]].is_alive = k < n_left;
    }
    return NB_OK;
}

static int cut_groups(tuner_t *self, int i_round)
{
    for (size_t g = 0; g < self->plan->tune->n_groups; g++) {
        if (i_round < self->plan->tune->groups[g].n_rounds || i_round == 0) {
            NB_TRY(cut_group(self, &self->plan->tune->groups[g], i_round));
        }
    }
    return NB_OK;
}

static void write_candidate(const tuner_t *self, size_t i_cell, FILE *out)
{
    const candidate_t *candidate = &self->all[i_cell];

    fputs("\n   {\"settings\": ", out);
    nb_json_string(self->plan->tune->settings[i_cell], out);
    fprintf(out, ", \"replications\": %zu, \"mean\": ", candidate->moments.n);
    nb_json_real(candidate->moments.n ? candidate->moments.mean : NAN, out);
    fputs(", \"rank\": ", out);
    if (candidate->is_failed) {
        fputs("null}", out);
    } else {
        fprintf(out, "%zu}", candidate->rank);
    }
}

static void write_group(const tuner_t *self, const nb_tune_group_t *group, FILE *out)
{
    size_t winner = group->i_first, units = 0;

    for (size_t i = group->i_first; i < group->i_first + group->n; i++) {
        winner = self->all[i].is_alive ? i : winner;
        units += self->all[i].moments.n;
    }
    fputs("\n  {\"cell\": ", out);
    nb_json_string(group->cell, out);
    fprintf(out, ", \"winner\": %zu, \"settings\": ", winner - group->i_first);
    nb_json_string(self->plan->tune->settings[winner], out);
    fprintf(out, ", \"units\": %zu,\n   \"rounds\": [", units);
    for (int k = 0; k < group->n_rounds; k++) {
        fprintf(out, "%s{\"candidates\": %zu, \"replications\": %d}", k ? ", " : "",
                group->rounds[k].n_candidates, group->rounds[k].replications);
    }
    fputs("],\n   \"candidates\": [", out);
    for (size_t i = group->i_first; i < group->i_first + group->n; i++) {
        fputs(i > group->i_first ? "," : "", out);
        write_candidate(self, i, out);
    }
    fputs("]}", out);
}

static int write_outcome(const void *subject, FILE *out)
{
    const tuner_t *self = subject;
    const nb_plan_tune_t *tune = self->plan->tune;

    fputs("{\"metric\": ", out);
    nb_json_string(tune->metric, out);
    fprintf(out, ", \"seed\": %u, \"customers\": %d, \"budget\": %d, \"eta\": %d, ",
            (unsigned)self->candidates->seed, self->candidates->customers, tune->budget, tune->eta);
    fprintf(out, "\"scenario\": \"%s\",\n \"cells\": [", tune->is_first ? "first" : "each");
    for (size_t g = 0; g < tune->n_groups; g++) {
        fputs(g ? "," : "", out);
        write_group(self, &tune->groups[g], out);
    }
    fputs("]}", out);
    return NB_OK;
}

static int settle(const tuner_t *self, nb_plan_t *plan)
{
    char *outcome = NULL;
    int code = nb_text_print(&outcome, write_outcome, self);

    code = code < 0 ? code : nb_plan_settle(plan, outcome);
    nb_free(outcome);
    return code;
}

/* results of another tuning are found before hours are spent, not after */
static int check_results(const nb_plan_t *plan, const char *path)
{
    nb_results_t results = {0};
    nb_plan_t old = {0};
    int is_other = 0;

    if (access(path, F_OK) != 0) {
        return NB_OK;
    }
    NB_TRY(nb_results_open(&results, path));
    if (nb_plan_init_text(&old, plan->path, results.config_text, NULL, 0) >= 0) {
        is_other = !old.tune || strcmp(old.tune->text, plan->tune->text) != 0 ||
                   strcmp(old.hypothesis, plan->hypothesis) != 0;
    }
    nb_error_clear();
    nb_plan_free(&old);
    nb_results_close(&results);
    if (is_other) {
        NB_FAIL(NB_ERR_EXISTS,
                "%s holds another tuning or other hypotheses: use -o for another file", path);
    }
    return NB_OK;
}

static int open_store(const char *results_path, nb_store_t *store)
{
    char *path = NULL;
    int code = nb_store_path_of(&path, results_path);

    code = code < 0 ? code : nb_store_open(store, path, 1);
    nb_free(path);
    return code;
}

static int run_round(tuner_t *self, int i_round, int fresh)
{
    nb_runner_spec_t spec = *self->spec;
    nb_store_t store = {0};
    nb_progress_t progress;
    int code;

    spec.fresh = fresh;
    code = nb_runner_run_units(self->candidates, self->units, self->n_units, &spec, &progress);
    if (code < 0) {
        return nb_error_prefix(code, "tuning, round %d of %d", i_round + 1, self->n_rounds);
    }
    code = open_store(spec.results_path, &store);
    code = code < 0 ? code : take_units(self, &store);
    nb_store_close(&store);
    return code;
}

static int run_rounds(tuner_t *self, void (*hear)(void *, const nb_tune_step_t *))
{
    /* where nothing is to be chosen the store is still opened, and put aside where that is wanted
     */
    for (int i = 0; i < self->n_rounds || i == 0; i++) {
        nb_tune_step_t step = {i, self->n_rounds, 0};

        list_units(self, i);
        step.n_units = self->n_units;
        if (hear && self->n_units > 0) {
            hear(self->spec->context, &step);
        }
        NB_TRY(run_round(self, i, i == 0 && self->spec->fresh));
        NB_TRY(cut_groups(self, i));
    }
    return NB_OK;
}

int nb_tune_run(nb_plan_t *plan, const nb_runner_spec_t *spec,
                void (*hear)(void *context, const nb_tune_step_t *step))
{
    tuner_t tuner = {.plan = plan, .spec = spec};
    int code;

    if (!plan->tune || plan->tune->outcome) {
        return NB_OK;
    }
    NB_TRY(check_results(plan, spec->results_path));
    code = init_tuner(&tuner);
    code = code < 0 ? code : run_rounds(&tuner, hear);
    code = code < 0 ? code : settle(&tuner, plan);
    free_tuner(&tuner);
    return code;
}

static size_t count_missing(const tuner_t *self, const nb_store_t *store)
{
    size_t n = 0;

    for (size_t u = 0; u < self->n_units; u++) {
        n += nb_store_status(store, self->candidates->keys[self->units[u]]) == 0;
    }
    return n;
}

static int survey_rounds(tuner_t *self, const nb_store_t *store, size_t *n_missing)
{
    for (int i = 0; i < self->n_rounds || i == 0; i++) {
        list_units(self, i);
        *n_missing = store->path ? count_missing(self, store) : self->n_units;
        if (*n_missing > 0) {
            return NB_OK;
        }
        NB_TRY(take_units(self, store));
        NB_TRY(cut_groups(self, i));
    }
    return NB_OK;
}

int nb_tune_survey(nb_plan_t *plan, const char *results_path, size_t *n_missing)
{
    tuner_t tuner = {.plan = plan};
    nb_store_t store = {0};
    int code;

    *n_missing = 0;
    if (!plan->tune || plan->tune->outcome) {
        return NB_OK;
    }
    NB_TRY(check_results(plan, results_path));
    code = open_store(results_path, &store);
    code = code == NB_ERR_NOT_FOUND ? NB_OK : code;
    code = code < 0 ? code : init_tuner(&tuner);
    code = code < 0 ? code : survey_rounds(&tuner, &store, n_missing);
    if (code >= 0 && *n_missing == 0) {
        code = settle(&tuner, plan);
    }
    nb_store_close(&store);
    free_tuner(&tuner);
    return code;
}
