#define _POSIX_C_SOURCE 200809L
#include "bench/runner.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/store_columns.h"
#include "tests/store_sample.h"
#include "tests/testlib.h"

enum { PATH_SIZE = 400, N_UNITS_PLANNED = 6 };

static const char experiment[] = "name: small\n"
                                 "scenario: everyday\n"
                                 "customers: 60\n"
                                 "periods: 6\n"
                                 "tail: false\n"
                                 "replications: 3\n"
                                 "strategies:\n"
                                 "  never: {}\n"
                                 "  learner: {recognize: {policy: eps_greedy}}\n";

typedef struct {
    char folder[256], path[PATH_SIZE];
    nb_plan_t plan;
    nb_progress_t progress;
    volatile int stop;
    size_t n_reports, stop_after; /* reports until `stop` is set, 0 for never */
    char complaint[256];
} fixture_t;

static int make_plan(nb_plan_t *plan, const char *set)
{
    return nb_plan_init_text(plan, "small.yaml", experiment, &set, set ? 1 : 0);
}

static int set_up(void **state)
{
    fixture_t *self = calloc(1, sizeof *self);

    *state = self;
    if (sample_make_folder(self->folder, "/tmp") < 0 || make_plan(&self->plan, NULL) < 0) {
        fprintf(stderr, "%s\n", nb_error_detail());
        return -1;
    }
    snprintf(self->path, sizeof self->path, "%s/small.h5", self->folder);
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    int status = sample_remove_folder(self->folder);

    nb_plan_free(&self->plan);
    free(self);
    return status;
}

static void hear_report(void *context, const nb_progress_t *progress)
{
    fixture_t *self = context;

    self->n_reports++;
    assert_true(progress->n_done + progress->n_failed <= progress->n_units);
    if (self->n_reports == self->stop_after) {
        self->stop = 1;
    }
}

static void hear_complaint(void *context, const char *cell, int replication, const char *sentence)
{
    fixture_t *self = context;

    snprintf(self->complaint, sizeof self->complaint, "%s %d %s", cell, replication, sentence);
}

static nb_runner_spec_t make_spec(fixture_t *self, int n_threads)
{
    return (nb_runner_spec_t){
        .results_path = self->path,
        .n_threads = n_threads,
        .stop = &self->stop,
        .report = n_threads == 1 ? hear_report : NULL,
        .complain = hear_complaint,
        .context = self,
    };
}

static void run_plan(fixture_t *self, int n_threads)
{
    nb_runner_spec_t spec = make_spec(self, n_threads);

    assert_ok(nb_runner_run(&self->plan, &spec, &self->progress));
}

/* SHA-256 of the results of an undisturbed run on `n_threads` in a file of its own */
static void hash_undisturbed(fixture_t *self, int n_threads, char hash[65])
{
    char kept[PATH_SIZE];

    memcpy(kept, self->path, sizeof kept);
    snprintf(self->path, sizeof self->path, "%s/threads-%d.h5", self->folder, n_threads);
    run_plan(self, n_threads);
    assert_ok(nb_file_sha256(self->path, hash));
    memcpy(self->path, kept, sizeof kept);
}

static void test_runner_gives_the_same_bytes_for_any_number_of_threads(void **state)
{
    fixture_t *self = *state;
    char one[65], two[65], four[65];

    hash_undisturbed(self, 1, one);
    assert_int_equal(self->n_reports, N_UNITS_PLANNED);
    assert_int_equal(self->progress.n_done, N_UNITS_PLANNED);
    assert_int_equal(self->progress.n_ran, N_UNITS_PLANNED);
    assert_true(self->progress.customer_periods >= 6 * 60 * 6 * 0.9);
    hash_undisturbed(self, 2, two);
    hash_undisturbed(self, 4, four);
    assert_string_equal(one, two);
    assert_string_equal(one, four);
}

static void test_runner_stops_and_goes_on(void **state)
{
    fixture_t *self = *state;
    nb_runner_spec_t spec = make_spec(self, 1);
    char whole[65], resumed[65];

    hash_undisturbed(self, 2, whole);
    self->stop_after = 2;
    assert_fails(nb_runner_run(&self->plan, &spec, &self->progress), NB_ERR_INTERRUPTED,
                 "2 of 6 units are kept; run again to go on");
    assert_int_not_equal(access(self->path, F_OK), 0);
    self->stop = 0;
    self->stop_after = 0;
    run_plan(self, 1);
    assert_int_equal(self->progress.n_ran, 4);
    assert_ok(nb_file_sha256(self->path, resumed));
    assert_string_equal(whole, resumed);
}

static void test_runner_survey_writes_nothing(void **state)
{
    fixture_t *self = *state;
    unsigned char status[N_UNITS_PLANNED];
    char *store;

    assert_ok(nb_runner_survey(&self->plan, self->path, &self->progress, status));
    assert_int_equal(self->progress.n_units, N_UNITS_PLANNED);
    assert_int_equal(self->progress.n_done, 0);
    assert_int_equal(status[5], 0);
    assert_ok(nb_store_path_of(&store, self->path));
    assert_int_not_equal(access(store, F_OK), 0);
    nb_free(store);
    run_plan(self, 1);
    assert_ok(nb_runner_survey(&self->plan, self->path, &self->progress, status));
    assert_int_equal(self->progress.n_done, N_UNITS_PLANNED);
    assert_int_equal(status[5], 1);
}

static void replan(fixture_t *self, const char *set)
{
    nb_plan_free(&self->plan);
    assert_ok(make_plan(&self->plan, set));
}

static void test_runner_lets_an_experiment_grow(void **state)
{
    static const char *const sets[] = {"replications=4", "baseline=learner"};
    fixture_t *self = *state;

    run_plan(self, 1);
    replan(self, "replications=4");
    run_plan(self, 1);
    assert_int_equal(self->progress.n_ran, 2);
    assert_int_equal(self->progress.n_done, 8);
    /* what only concerns the comparison may change */
    nb_plan_free(&self->plan);
    assert_ok(nb_plan_init_text(&self->plan, "small.yaml", experiment, sets, 2));
    run_plan(self, 1);
    assert_int_equal(self->progress.n_ran, 0);
}

static void check_refused(fixture_t *self, const char *set)
{
    nb_runner_spec_t spec = make_spec(self, 1);

    replan(self, set);
    assert_fails(nb_runner_run(&self->plan, &spec, &self->progress), NB_ERR_EXISTS, "use -o");
    assert_fails(nb_runner_survey(&self->plan, self->path, &self->progress, NULL), NB_ERR_EXISTS,
                 "use -o");
}

static void test_runner_never_overwrites_another_experiment(void **state)
{
    fixture_t *self = *state;
    char before[65], after[65];

    run_plan(self, 1);
    assert_ok(nb_file_sha256(self->path, before));
    check_refused(self, "customers=61");
    check_refused(self, "replications=2");
    check_refused(self,
                  "hypothesis=[{id: H1, contrast: learner - never, metric: equity, sign: +}]");
    assert_ok(nb_file_sha256(self->path, after));
    assert_string_equal(before, after);
}

static void test_runner_fresh_puts_the_store_aside(void **state)
{
    fixture_t *self = *state;
    nb_runner_spec_t spec = make_spec(self, 1);
    char aside[PATH_SIZE + 16];

    run_plan(self, 1);
    spec.fresh = 1;
    assert_ok(nb_runner_run(&self->plan, &spec, &self->progress));
    assert_int_equal(self->progress.n_ran, N_UNITS_PLANNED);
    snprintf(aside, sizeof aside, "%s/small.store.old-1/plan.json", self->folder);
    assert_int_equal(access(aside, F_OK), 0);
}

static void test_runner_notes_units_that_fail(void **state)
{
    fixture_t *self = *state;
    nb_runner_spec_t spec = make_spec(self, 2);
    const char *root = getenv("NB_BUILD_ROOT");
    char set[PATH_SIZE];

    snprintf(set, sizeof set,
             "strategies.learner={recognize: {policy: %s/tests/plugin_failing.so}}",
             root ? root : ".");
    setenv("NB_TEST_FAIL", "1", 1);
    replan(self, set);
    run_plan(self, 2);
    assert_int_equal(self->progress.n_done, 5);
    assert_int_equal(self->progress.n_failed, 1);
    assert_non_null(strstr(self->complaint, "learner 1 "));
    assert_non_null(strstr(self->complaint, "the test asked for a failure"));
    unsetenv("NB_TEST_FAIL");
    /* not again unless asked */
    run_plan(self, 2);
    assert_int_equal(self->progress.n_ran, 0);
    assert_int_equal(self->progress.n_failed, 1);
    spec.retry_failed = 1;
    assert_ok(nb_runner_run(&self->plan, &spec, &self->progress));
    assert_int_equal(self->progress.n_ran, 1);
    assert_int_equal(self->progress.n_failed, 0);
    assert_int_equal(self->progress.n_done, N_UNITS_PLANNED);
}

/* name of unit i's log of decisions */
static void name_decisions(const fixture_t *self, size_t i, char out[PATH_SIZE + 64])
{
    snprintf(out, PATH_SIZE + 64, "%.*s.store/decisions/%s.h5", (int)strlen(self->path) - 3,
             self->path, self->plan.keys[i]);
}

static void test_runner_keeps_the_logs_of_decisions(void **state)
{
    static const char set[] = "log={decisions: 0.5, truth: true, replications: [1]}";
    fixture_t *self = *state;
    nb_runner_spec_t spec = make_spec(self, 1);
    char path[PATH_SIZE + 64], hash[65], again[65], *summary, kept[PATH_SIZE];

    replan(self, set);
    run_plan(self, 1);
    for (size_t i = 0; i < N_UNITS_PLANNED; i++) {
        name_decisions(self, i, path);
        assert_int_equal(access(path, F_OK) == 0, i % 3 == 1);
    }
    name_decisions(self, 1, path); /* never decides nothing */
    assert_ok(nb_columns_text(&summary, path, "decisions", "summary"));
    assert_non_null(strstr(summary, "0 decisions of 0 customers, a share of 0.5 by luck"));
    nb_free(summary);
    name_decisions(self, 4, path);
    assert_ok(nb_columns_text(&summary, path, "decisions", "summary"));
    assert_non_null(strstr(summary, "point recognize: policy eps_greedy, 8 actions, with their"));
    nb_free(summary);
    assert_ok(nb_file_sha256(path, hash));
    /* the same bytes on three threads, and where the run was stopped in between */
    memcpy(kept, self->path, sizeof kept);
    for (int i = 0; i < 2; i++) {
        snprintf(self->path, sizeof self->path, "%s/again-%d.h5", self->folder, i);
        if (i) {
            self->n_reports = 0;
            self->stop_after = 2;
            assert_fails(nb_runner_run(&self->plan, &spec, &self->progress), NB_ERR_INTERRUPTED,
                         "2 of 6 units are kept");
            self->stop = 0;
            self->stop_after = 0;
        }
        run_plan(self, i ? 1 : 3);
        name_decisions(self, 4, path);
        assert_ok(nb_file_sha256(path, again));
        assert_string_equal(hash, again);
    }
    memcpy(self->path, kept, sizeof kept);
}

static void test_runner_commits_no_unit_whose_log_cannot_be_written(void **state)
{
    fixture_t *self = *state;
    nb_runner_spec_t spec = make_spec(self, 1);
    char path[PATH_SIZE + 64];

    replan(self, "log=decisions");
    snprintf(path, sizeof path, "%s/small.store", self->folder);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/small.store/units", self->folder);
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(path, sizeof path, "%s/small.store/decisions", self->folder);
    sample_write_file(path, "in the way", 10);
    assert_fails(nb_runner_run(&self->plan, &spec, &self->progress), NB_ERR_IO, "decisions");
    assert_int_equal(self->progress.n_done, 0);
    assert_int_equal(unlink(path), 0);
    run_plan(self, 1);
    assert_int_equal(self->progress.n_ran, N_UNITS_PLANNED);
}

#define RUNNER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNNER_TEST(test_runner_gives_the_same_bytes_for_any_number_of_threads),
        RUNNER_TEST(test_runner_stops_and_goes_on),
        RUNNER_TEST(test_runner_survey_writes_nothing),
        RUNNER_TEST(test_runner_lets_an_experiment_grow),
        RUNNER_TEST(test_runner_never_overwrites_another_experiment),
        RUNNER_TEST(test_runner_fresh_puts_the_store_aside),
        RUNNER_TEST(test_runner_notes_units_that_fail),
        RUNNER_TEST(test_runner_keeps_the_logs_of_decisions),
        RUNNER_TEST(test_runner_commits_no_unit_whose_log_cannot_be_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
