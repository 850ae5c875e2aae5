#define _POSIX_C_SOURCE 200809L

#include "bench/runner.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/unit.h"
#include "bench/version.h"
#include "core/memory.h"
#include "core/parallel.h"

enum { MAX_ASIDE = 1000, SENTENCE_SIZE = 1024 };

typedef struct {
    const nb_plan_t *plan;
    const nb_runner_spec_t *spec;
    nb_store_t store;
    const size_t *units; /* only these units of the plan, NULL for all */
    size_t n_units;
    size_t *todo; /* indices of units, in the order of the plan */
    size_t n_todo;
    nb_progress_t progress;
    struct timespec start;
    pthread_mutex_t mutex; /* of the store and of the progress */
} run_t;

static size_t count_units(const nb_plan_t *plan)
{
    return plan->n_cells * (size_t)plan->replications;
}

static double find_seconds(const run_t *run)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - run->start.tv_sec) +
           1e-9 * (double)(now.tv_nsec - run->start.tv_nsec);
}

static int check_stop(const run_t *run)
{
    return run->spec->stop && *run->spec->stop;
}

/* 1 where every unit of `old` is one of `plan` at the same place */
static int check_growth(const nb_plan_t *old, const nb_plan_t *plan)
{
    for (size_t i = 0; i < old->n_cells; i++) {
        size_t j = 0;

        while (j < plan->n_cells && strcmp(plan->cells[j].label, old->cells[i].label) != 0) {
            j++;
        }
        if (j == plan->n_cells || old->replications > plan->replications) {
            return 0;
        }
        for (int r = 0; r < old->replications; r++) {
            if (strcmp(old->keys[i * (size_t)old->replications + (size_t)r],
                       plan->keys[j * (size_t)plan->replications + (size_t)r]) != 0) {
                return 0;
            }
        }
    }
    return 1;
}

/* what was tuned then has the settings that were chosen then */
static int settle_as(nb_plan_t *old, const nb_results_t *results)
{
    const char *outcome = nb_results_attribute(results, "tuned");

    return old->tune ? nb_plan_settle(old, outcome ? outcome : "{}") : NB_OK;
}

/* 1 where the results file holds an earlier, smaller form of the plan, with the same hypotheses:
 * they were written down before its run */
static int check_earlier(const nb_plan_t *plan, const char *path, const char *hash)
{
    nb_results_t results = {0};
    nb_plan_t old = {0};
    int is_earlier = 0;

    if (nb_results_open(&results, path) >= 0 &&
        nb_plan_init_text(&old, plan->path, results.config_text, NULL, 0) >= 0 &&
        settle_as(&old, &results) >= 0) {
        is_earlier = strcmp(old.plan_hash, hash) == 0 && check_growth(&old, plan) &&
                     strcmp(old.hypothesis, plan->hypothesis) == 0;
    }
    nb_error_clear();
    nb_plan_free(&old);
    nb_results_close(&results);
    return is_earlier;
}

/* what tuning has not chosen yet cannot run */
static int check_settled(const nb_plan_t *plan)
{
    if (plan->tune && !plan->tune->outcome) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "%s is to be tuned before it runs", plan->path);
    }
    return NB_OK;
}

/* a results file of another plan is never overwritten */
static int check_results(const nb_plan_t *plan, const char *path)
{
    char hash[NB_KEY_SIZE];

    NB_TRY(nb_results_plan_hash(path, hash));
    if (*hash && strcmp(hash, plan->plan_hash) != 0 && !check_earlier(plan, path, hash)) {
        NB_FAIL(NB_ERR_EXISTS,
                "%s holds another experiment, or other hypotheses: use -o for another file", path);
    }
    return NB_OK;
}

/* rename the store to NAME.old-N with the first free N */
static int put_aside(const char *store)
{
    char aside[4096];

    if (access(store, F_OK) != 0) {
        return NB_OK;
    }
    for (int i = 1; i < MAX_ASIDE; i++) {
        snprintf(aside, sizeof aside, "%s.old-%d", store, i);
        if (access(aside, F_OK) != 0) {
            if (rename(store, aside) != 0) {
                NB_FAIL(NB_ERR_IO, "cannot rename %s to %s: %s", store, aside, strerror(errno));
            }
            return NB_OK;
        }
    }
    NB_FAIL(NB_ERR_IO, "too many old stores beside %s", store);
}

/* a selection of units is no plan to be kept */
static int bind_plan(run_t *run)
{
    char *json = NULL;
    int code;

    if (run->units) {
        return NB_OK;
    }
    code = nb_plan_json(run->plan, &json);
    code = code < 0 ? code : nb_store_bind_plan(&run->store, json);
    nb_free(json);
    return code;
}

static int open_store(run_t *run)
{
    char *path = NULL;
    int code = nb_store_path_of(&path, run->spec->results_path);

    if (code >= 0 && run->spec->fresh) {
        code = put_aside(path);
    }
    code = code < 0 ? code : nb_store_open(&run->store, path, 0);
    code = code < 0 ? code : bind_plan(run);
    nb_free(path);
    return code;
}

static int list_todo(run_t *run)
{
    size_t n = run->units ? run->n_units : count_units(run->plan);

    NB_TRY(nb_alloc(&run->todo, n, sizeof *run->todo));
    run->progress.n_units = n;
    for (size_t k = 0; k < n; k++) {
        size_t i = run->units ? run->units[k] : k;
        int status = nb_store_status(&run->store, run->plan->keys[i]);

        if (status == 1) {
            run->progress.n_done++;
        } else if (status == 2 && !run->spec->retry_failed) {
            run->progress.n_failed++;
        } else {
            run->todo[run->n_todo++] = i;
        }
    }
    return NB_OK;
}

static void tell(run_t *run)
{
    run->progress.seconds = find_seconds(run);
    if (run->spec->report) {
        run->spec->report(run->spec->context, &run->progress);
    }
}

static int keep_decisions(run_t *run, const char *key, const nb_decision_log_t *log)
{
    char name[NB_KEY_SIZE + 3], *bytes = NULL;
    size_t n = 0;
    int code = nb_decision_log_encode(log, key, &bytes, &n);

    if (code == NB_OK) {
        snprintf(name, sizeof name, "%s.h5", key);
        code = nb_store_write_text(&run->store, "decisions", name, bytes, n);
    }
    nb_free(bytes);
    return code;
}

/* the logs come first: the name of the shard says that all of the unit is there */
static int keep_unit(run_t *run, const char *key, const nb_unit_t *unit, double seconds)
{
    char name[NB_KEY_SIZE + 4];
    int code;

    if (unit->purchases) {
        snprintf(name, sizeof name, "%s.csv", key);
        NB_TRY(nb_store_write_text(&run->store, "purchases", name, unit->purchases,
                                   unit->n_purchases_bytes));
    }
    if (unit->decisions) {
        NB_TRY(keep_decisions(run, key, unit->decisions));
    }
    code = nb_store_commit(&run->store, key, &unit->shard);
    NB_TRY(code);
    run->progress.n_differ += code == 1;
    run->progress.n_done++;
    run->progress.n_ran++;
    run->progress.customer_periods += unit->customer_periods;
    return nb_store_note_timing(&run->store, key, seconds);
}

/* what is wrong with this unit only is noted; what is wrong with the machine ends the run */
static int note_failure(run_t *run, size_t i_unit, int code)
{
    size_t n = (size_t)run->plan->replications;
    char sentence[SENTENCE_SIZE];

    if (code == NB_ERR_MEMORY || code == NB_ERR_IO || code == NB_ERR_INTERRUPTED) {
        return code;
    }
    snprintf(sentence, sizeof sentence, "%s", nb_error_detail());
    NB_TRY(nb_store_fail(&run->store, run->plan->keys[i_unit], sentence));
    run->progress.n_failed++;
    if (run->spec->complain) {
        run->spec->complain(run->spec->context, run->plan->cells[i_unit / n].label,
                            (int)(i_unit % n), sentence);
    }
    return NB_OK;
}

/* two cells may be the same, as a tuned strategy whose default is the best and that default */
static int is_there(run_t *run, size_t i_unit)
{
    int is_so;

    pthread_mutex_lock(&run->mutex);
    is_so = nb_store_status(&run->store, run->plan->keys[i_unit]) == 1;
    if (is_so) {
        run->progress.n_done++;
        tell(run);
    }
    pthread_mutex_unlock(&run->mutex);
    return is_so;
}

static int run_unit(void *context, size_t i_item, int i_worker)
{
    run_t *run = context;
    size_t i = run->todo[i_item], n = (size_t)run->plan->replications;
    double begun = find_seconds(run);
    nb_unit_t unit = {0};
    int code;

    (void)i_worker;
    if (check_stop(run)) {
        NB_FAIL(NB_ERR_INTERRUPTED, "stopped");
    }
    if (is_there(run, i)) {
        return NB_OK;
    }
    code = nb_unit_run(&unit, run->plan, i / n, (int)(i % n), run->spec->stop);
    pthread_mutex_lock(&run->mutex);
    if (code >= 0) {
        code = keep_unit(run, run->plan->keys[i], &unit, find_seconds(run) - begun);
    } else {
        code = note_failure(run, i, code);
    }
    if (code >= 0) {
        tell(run);
    }
    pthread_mutex_unlock(&run->mutex);
    nb_unit_free(&unit);
    return code;
}

/* provenance of this invocation: never read for results */
static int note_run(run_t *run)
{
    char json[1024], host[256] = "";

    gethostname(host, sizeof host - 1);
    snprintf(json, sizeof json,
             "{\"version\": \"%s\", \"libraries\": \"%s\", \"host\": \"%s\", \"threads\": %d, "
             "\"units\": %zu, \"ran\": %zu, \"failed\": %zu, \"seconds\": %.3f, "
             "\"customer_periods\": %.17g}\n",
             nb_version(), nb_library_versions(), host, run->spec->n_threads, run->progress.n_units,
             run->progress.n_ran, run->progress.n_failed, run->progress.seconds,
             run->progress.customer_periods);
    return nb_store_note_run(&run->store, json);
}

static int merge(run_t *run)
{
    nb_results_plan_t view;
    int code;

    NB_TRY(nb_plan_results_view(run->plan, &view));
    code = nb_results_write(run->spec->results_path, &run->store, &view);
    nb_plan_view_free(&view);
    return code;
}

static int run_missing(run_t *run)
{
    int code;

    NB_TRY(open_store(run));
    NB_TRY(list_todo(run));
    clock_gettime(CLOCK_MONOTONIC, &run->start);
    code = nb_parallel_for(run->spec->n_threads, run->n_todo, run_unit, run);
    run->progress.seconds = find_seconds(run);
    if (!run->units && (code >= 0 || code == NB_ERR_INTERRUPTED)) {
        NB_TRY(note_run(run));
    }
    if (code == NB_ERR_INTERRUPTED) {
        NB_FAIL(code, "interrupted: %zu of %zu units are kept; run again to go on",
                run->progress.n_done, run->progress.n_units);
    }
    return code;
}

static int run_all(run_t *run)
{
    NB_TRY(check_settled(run->plan));
    NB_TRY(check_results(run->plan, run->spec->results_path));
    NB_TRY(run_missing(run));
    return merge(run);
}

static int run_with(run_t *run, int (*work)(run_t *), nb_progress_t *out)
{
    int code;

    pthread_mutex_init(&run->mutex, NULL);
    code = work(run);
    *out = run->progress;
    nb_free(run->todo);
    nb_store_close(&run->store);
    pthread_mutex_destroy(&run->mutex);
    return code;
}

int nb_runner_run(const nb_plan_t *plan, const nb_runner_spec_t *spec, nb_progress_t *out)
{
    run_t run = {.plan = plan, .spec = spec};

    return run_with(&run, run_all, out);
}

int nb_runner_run_units(const nb_plan_t *plan, const size_t *units, size_t n,
                        const nb_runner_spec_t *spec, nb_progress_t *out)
{
    run_t run = {.plan = plan, .spec = spec, .units = units, .n_units = n};

    return run_with(&run, run_missing, out);
}

/* status of every unit in a store that need not exist */
static int survey_store(const nb_plan_t *plan, const char *path, nb_progress_t *out,
                        unsigned char *status)
{
    nb_store_t store = {0};
    int exists = access(path, F_OK) == 0;
    int code = exists ? nb_store_open(&store, path, 1) : NB_OK;

    for (size_t i = 0; i < out->n_units && code >= 0; i++) {
        int unit = exists ? nb_store_status(&store, plan->keys[i]) : 0;

        out->n_done += unit == 1;
        out->n_failed += unit == 2;
        if (status) {
            status[i] = (unsigned char)unit;
        }
    }
    nb_store_close(&store);
    return code;
}

int nb_runner_survey(const nb_plan_t *plan, const char *results_path, nb_progress_t *out,
                     unsigned char *status)
{
    char *path = NULL;
    int code;

    *out = (nb_progress_t){.n_units = count_units(plan)};
    NB_TRY(check_settled(plan));
    NB_TRY(check_results(plan, results_path));
    NB_TRY(nb_store_path_of(&path, results_path));
    code = survey_store(plan, path, out, status);
    nb_free(path);
    return code;
}
