#define _GNU_SOURCE
#include "tests/testlib.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/store.h"
#include "tests/store_sample.h"

typedef struct {
    char folder[256];
    char path[300]; /* of results.h5 */
    nb_store_t store;
    sample_plan_t plan;
} fixture_t;

/* a store in `folder` with the units marked in `mask`, committed from the last or from the first */
static int fill_store(nb_store_t *store, const char *folder, const sample_plan_t *plan,
                      unsigned mask, int is_backward)
{
    char path[320];

    snprintf(path, sizeof path, "%s/results.store", folder);
    NB_TRY(nb_store_open(store, path, 0));
    for (size_t k = 0; k < N_UNITS; k++) {
        size_t i = is_backward ? N_UNITS - 1 - k : k;
        sample_unit_t unit;

        sample_unit(&unit, i);
        if (mask >> i & 1) {
            NB_TRY(nb_store_commit(store, plan->keys[i], &unit.shard));
        }
    }
    return NB_OK;
}

static int set_up_with(void **state, unsigned mask)
{
    fixture_t *self = calloc(1, sizeof *self);

    if (!self || sample_make_folder(self->folder, sample_fast_folder()) != 0) {
        return -1;
    }
    snprintf(self->path, sizeof self->path, "%s/results.h5", self->folder);
    sample_plan(&self->plan);
    *state = self;
    return fill_store(&self->store, self->folder, &self->plan, mask, 0);
}

static int set_up(void **state)
{
    return set_up_with(state, 0x3f);
}

static int set_up_partial(void **state)
{
    return set_up_with(state, 0x13);
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    int failed;

    nb_store_close(&self->store);
    failed = sample_remove_folder(self->folder);
    free(self);
    return failed;
}

static int write_results(const fixture_t *self)
{
    return nb_results_write(self->path, &self->store, &self->plan.view);
}

static void test_results_give_back_the_plan(void **state)
{
    const fixture_t *self = *state;
    const nb_results_plan_t *plan = &self->plan.view;
    nb_results_t results;

    assert_ok(write_results(self));
    assert_ok(nb_results_open(&results, self->path));
    assert_int_equal(results.n_cells, N_CELLS);
    assert_int_equal(results.n_replications, N_REPLICATIONS);
    for (size_t i = 0; i < N_CELLS; i++) {
        assert_string_equal(results.cell[i], plan->cell[i]);
        assert_string_equal(results.scenario[i], plan->scenario[i]);
        assert_string_equal(results.strategy[i], plan->strategy[i]);
    }
    assert_string_equal(results.config_text, plan->config_text);
    assert_string_equal(results.path, self->path);
    assert_string_equal(nb_results_attribute(&results, "Conventions"), "CF-1.8");
    assert_string_equal(nb_results_attribute(&results, "title"), "fatigue");
    assert_string_equal(nb_results_attribute(&results, "plan_hash"), plan->plan_hash);
    assert_string_equal(nb_results_attribute(&results, "metrics"), "equity,clv");
    assert_string_equal(nb_results_attribute(&results, "hypothesis"), "");
    assert_null(nb_results_attribute(&results, "delta"));
    nb_results_close(&results);
    nb_results_close(&results);
}

static void test_results_give_back_the_metrics(void **state)
{
    const fixture_t *self = *state;
    nb_results_t results;
    double values[N_UNITS];

    assert_ok(write_results(self));
    assert_ok(nb_results_open(&results, self->path));
    assert_int_equal(results.n_metrics, 2);
    assert_string_equal(results.metrics[0], "equity");
    assert_string_equal(results.metric_units[0], "EUR");
    assert_string_equal(results.metrics[1], "churn");
    assert_ok(nb_results_metric(&results, "equity", values));
    for (size_t i = 0; i < N_UNITS; i++) {
        assert_int_equal(results.status[i], 1);
        assert_true(values[i] == 100.0 + (double)i);
    }
    assert_ok(nb_results_metric(&results, "churn", values));
    assert_true(isnan(values[1]));
    assert_true(values[2] == -2.0 / 3.0);
    assert_fails(nb_results_metric(&results, "equty", values), NB_ERR_NOT_FOUND,
                 "has no metric \"equty\"; did you mean \"equity\"?");
    assert_fails(nb_results_metric(&results, "active_t", values), NB_ERR_NOT_FOUND, "active_t");
    nb_results_close(&results);
}

static void test_results_mark_what_is_missing_or_failed(void **state)
{
    static const int expected[N_UNITS] = {1, 1, 2, 0, 1, 0};
    fixture_t *self = *state;
    nb_results_t results;
    double values[N_UNITS];

    assert_ok(nb_store_fail(&self->store, self->plan.keys[2], "reward is NaN"));
    assert_ok(write_results(self));
    assert_ok(nb_results_open(&results, self->path));
    assert_ok(nb_results_metric(&results, "equity", values));
    for (size_t i = 0; i < N_UNITS; i++) {
        assert_int_equal(results.status[i], expected[i]);
        assert_int_equal(isnan(values[i]), expected[i] != 1);
    }
    nb_results_close(&results);
}

static void test_results_take_units_that_others_committed(void **state)
{
    fixture_t *self = *state;
    nb_store_t other;
    nb_results_t results;

    assert_ok(fill_store(&other, self->folder, &self->plan, 0x3f, 0));
    nb_store_close(&other);
    assert_ok(write_results(self));
    assert_ok(nb_results_open(&results, self->path));
    for (size_t i = 0; i < N_UNITS; i++) {
        assert_int_equal(results.status[i], 1);
    }
    nb_results_close(&results);
}

static void test_results_pad_shorter_series(void **state)
{
    fixture_t *self = *state;
    nb_results_t results;
    sample_unit_t unit;
    double longer[N_PERIODS + 2] = {1, 2, 3, 4, 5, 6, 7};

    sample_unit(&unit, 2);
    unit.vars[1].data = longer;
    unit.vars[1].n = N_PERIODS + 2;
    assert_ok(nb_store_commit(&self->store, self->plan.keys[2], &unit.shard));
    assert_ok(write_results(self));
    assert_ok(nb_results_open(&results, self->path));
    assert_int_equal(results.status[2], 1);
    nb_results_close(&results);
    unit.vars[0].axis = "period"; /* equity is a scalar elsewhere */
    unit.vars[1].n = 1;
    unit.shard.n_vars = 2;
    assert_ok(nb_store_commit(&self->store, self->plan.keys[3], &unit.shard));
    assert_fails(write_results(self), NB_ERR_DATA,
                 "equity is along scalar in one unit and period in another");
}

static void test_results_refuse_names_they_need(void **state)
{
    fixture_t *self = *state;
    sample_unit_t unit;

    sample_unit(&unit, 2);
    unit.vars[0].name = "strategy";
    assert_ok(nb_store_commit(&self->store, self->plan.keys[2], &unit.shard));
    assert_fails(write_results(self), NB_ERR_DATA, "variable strategy has a name");
    assert_int_not_equal(access(self->path, F_OK), 0);
}

static void test_results_are_the_same_bytes_for_any_order_and_process(void **state)
{
    const fixture_t *self = *state;
    char folder[256], path[300], first[65], second[65];
    int status = -1;
    pid_t pid;

    assert_ok(write_results(self));
    assert_ok(nb_file_sha256(self->path, first));
    assert_int_equal(sample_make_folder(folder, sample_fast_folder()), 0);
    snprintf(path, sizeof path, "%s/other name.h5", folder);
    pid = fork();
    if (pid == 0) { /* another process, with other bytes in memory that was never set */
        nb_store_t store;
        void *junk = malloc(1 << 20);

        memset(junk, 0xa5, 1 << 20);
        free(junk);
        setenv("TZ", "Asia/Tokyo", 1);
        _exit(fill_store(&store, folder, &self->plan, 0x3f, 1) != NB_OK ||
              nb_results_write(path, &store, &self->plan.view) != NB_OK);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_ok(nb_file_sha256(path, second));
    assert_string_equal(first, second);
    assert_int_equal(sample_remove_folder(folder), 0);
}

static void test_results_plan_hash_is_empty_without_a_file(void **state)
{
    const fixture_t *self = *state;
    char hash[NB_KEY_SIZE] = "x";

    assert_ok(nb_results_plan_hash(self->path, hash));
    assert_string_equal(hash, "");
    assert_ok(write_results(self));
    assert_ok(nb_results_plan_hash(self->path, hash));
    assert_string_equal(hash, self->plan.view.plan_hash);
}

static void check_refused(const char *path, const char *sentence)
{
    nb_results_t results;
    char hash[NB_KEY_SIZE];

    assert_fails(nb_results_open(&results, path), NB_ERR_FORMAT, path);
    assert_non_null(strstr(nb_error_detail(), sentence));
    nb_results_close(&results);
    assert_fails(nb_results_plan_hash(path, hash), NB_ERR_FORMAT, sentence);
}

static void test_results_refuse_files_of_another_kind(void **state)
{
    static char bytes[1 << 20];
    const fixture_t *self = *state;
    const char *key = self->plan.keys[0];
    nb_results_t results;
    char path[600];
    size_t n;

    assert_fails(nb_results_open(&results, self->path), NB_ERR_NOT_FOUND,
                 "results.h5 does not exist");
    assert_fails(nb_results_open(&results, self->folder), NB_ERR_FORMAT, "is no regular file");
    sample_write_file(self->path, "cell,equity\n", 12);
    check_refused(self->path, "is not an HDF5 file");
    sample_write_file(self->path, "", 0);
    check_refused(self->path, "is empty");
    snprintf(path, sizeof path, "%s/units/%.2s/%s.h5", self->store.path, key, key);
    check_refused(path, "is a file of kind \"unit\", expected \"results\"");
    assert_ok(write_results(self));
    n = sample_read_file(self->path, bytes, sizeof bytes);
    for (size_t length = 8; length < n; length += n / 20) {
        sample_write_file(self->path, bytes, length);
        check_refused(self->path, "truncated");
    }
    bytes[n / 2] ^= 1;
    sample_write_file(self->path, bytes, n);
    check_refused(self->path, "damaged");
}

static void test_results_name_a_damaged_unit(void **state)
{
    const fixture_t *self = *state;
    const char *key = self->plan.keys[4];
    char path[600];

    snprintf(path, sizeof path, "%s/units/%.2s/%s.h5", self->store.path, key, key);
    assert_int_equal(truncate(path, 2000), 0);
    assert_fails(write_results(self), NB_ERR_FORMAT, path);
    assert_int_not_equal(access(self->path, F_OK), 0);
}

static void test_results_stay_when_writing_new_ones_fails(void **state)
{
    const fixture_t *self = *state;
    char before[65], after[65];
    int status = -1;
    pid_t pid;

    assert_ok(write_results(self));
    assert_ok(nb_file_sha256(self->path, before));
    pid = fork();
    if (pid == 0) {
        struct rlimit limit = {2000, 2000};

        signal(SIGXFSZ, SIG_IGN);
        _exit(setrlimit(RLIMIT_FSIZE, &limit) != 0 || write_results(self) != NB_ERR_IO ||
              !strstr(nb_error_detail(), "results.h5: File too large"));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_ok(nb_file_sha256(self->path, after));
    assert_string_equal(before, after);
    assert_false(sample_has_temporary(self->folder));
}

static void test_results_say_when_memory_ends(void **state)
{
    const fixture_t *self = *state;
    nb_results_t results;
    int code = NB_ERR_MEMORY;

    for (uint64_t n = 1; code != NB_OK; n += 1 + n / 16) {
        nb_alloc_fail_at(n);
        code = write_results(self);
        nb_alloc_fail_at(0);
        assert_true(code == NB_OK || code == NB_ERR_MEMORY);
    }
    code = NB_ERR_MEMORY;
    for (uint64_t n = 1; code != NB_OK; n++) {
        nb_alloc_fail_at(n);
        code = nb_results_open(&results, self->path);
        nb_alloc_fail_at(0);
        assert_true(code == NB_OK || code == NB_ERR_MEMORY);
        nb_results_close(&results);
    }
}

#define FULL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define PARTIAL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_partial, tear_down)

/* for check_results.py: a partial sample, units 0, 1 and 4, at `folder`/results.h5 */
static int make_sample(const char *folder)
{
    sample_plan_t plan;
    nb_store_t store;
    char path[4096];
    int code;

    sample_plan(&plan);
    snprintf(path, sizeof path, "%s/results.h5", folder);
    code = fill_store(&store, folder, &plan, 0x13, 0);
    if (code == NB_OK) {
        code = nb_results_write(path, &store, &plan.view);
    }
    nb_store_close(&store);
    return code;
}

int main(int n_arguments, char **arguments)
{
    const struct CMUnitTest tests[] = {
        FULL_TEST(test_results_give_back_the_plan),
        FULL_TEST(test_results_give_back_the_metrics),
        PARTIAL_TEST(test_results_mark_what_is_missing_or_failed),
        PARTIAL_TEST(test_results_take_units_that_others_committed),
        PARTIAL_TEST(test_results_pad_shorter_series),
        PARTIAL_TEST(test_results_refuse_names_they_need),
        FULL_TEST(test_results_are_the_same_bytes_for_any_order_and_process),
        FULL_TEST(test_results_plan_hash_is_empty_without_a_file),
        FULL_TEST(test_results_refuse_files_of_another_kind),
        FULL_TEST(test_results_name_a_damaged_unit),
        FULL_TEST(test_results_stay_when_writing_new_ones_fails),
        FULL_TEST(test_results_say_when_memory_ends),
    };

    if (n_arguments == 3 && strcmp(arguments[1], "--sample") == 0) {
        return make_sample(arguments[2]) != NB_OK;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
