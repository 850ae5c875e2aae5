/*
 * A small sweep killed at every call that changes a file, twice, and resumed: nothing that was
 * committed is lost, nothing half-written is ever read, and results.h5 ends as it would have.
 */
#include "tests/testlib.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store.h"
#include "tests/crash/shim.h"
#include "tests/store_sample.h"

static const char plan_json[] =
    "{\"plan\":\"p\"}\n{\"cell\":\"never\",\"hash\":\"1\",\"keys\":[]}\n";

/* what is killed: the plan, each missing unit with its decisions, the merge. Commits that have
 * returned are told to `pipe_end`, where that is no -1. */
static int run_units(nb_store_t *store, const sample_plan_t *plan, int pipe_end)
{
    NB_TRY(nb_store_bind_plan(store, plan_json));
    for (size_t i = 0; i < N_REPLICATIONS + 1; i++) {
        sample_unit_t unit;
        char told = (char)i;

        if (nb_store_status(store, plan->keys[i]) != 1) {
            sample_unit(&unit, i);
            NB_TRY(nb_store_write_text(store, "decisions", plan->keys[i], "x\n", 2));
            NB_TRY(nb_store_commit(store, plan->keys[i], &unit.shard));
        }
        if (pipe_end >= 0 && write(pipe_end, &told, 1) != 1) {
            return NB_ERR_IO;
        }
    }
    return NB_OK;
}

static int run_sweep(const char *folder, int pipe_end)
{
    sample_plan_t plan;
    nb_store_t store;
    char path[300];
    int code;

    sample_plan(&plan);
    snprintf(path, sizeof path, "%s/results.store", folder);
    NB_TRY(nb_store_open(&store, path, 0));
    code = run_units(&store, &plan, pipe_end);
    if (code == NB_OK) {
        snprintf(path, sizeof path, "%s/results.h5", folder);
        code = nb_results_write(path, &store, &plan.view);
    }
    nb_store_close(&store);
    return code;
}

/* 1 where the child died at call n; *n_told commits had returned */
static int run_killed(const char *folder, long n, size_t *n_told)
{
    int ends[2], status = 0;
    char told;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        shim_arm(folder, n);
        _exit(run_sweep(folder, ends[1]) != NB_OK);
    }
    close(ends[1]);
    for (*n_told = 0; read(ends[0], &told, 1) == 1; (*n_told)++) {
    }
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status)) {
        assert_int_equal(WEXITSTATUS(status), 0);
        return 0;
    }
    assert_int_equal(WTERMSIG(status), SIGKILL);
    return 1;
}

/* all that carries a final name is whole, and all that was told is there */
static void check_remains(const char *folder, size_t n_told, const char digest[65])
{
    sample_plan_t plan;
    nb_store_t store;
    nb_shard_t shard;
    char path[300], found[65];

    snprintf(path, sizeof path, "%s/results.h5", folder);
    if (access(path, F_OK) == 0) {
        assert_ok(nb_file_sha256(path, found));
        assert_string_equal(found, digest);
    }
    snprintf(path, sizeof path, "%s/results.store", folder);
    if (access(path, F_OK) != 0) {
        assert_int_equal(n_told, 0);
        return;
    }
    sample_plan(&plan);
    assert_ok(nb_store_open(&store, path, 1));
    assert_true(store.n_present >= n_told);
    for (size_t i = 0; i < N_UNITS; i++) {
        if (nb_store_status(&store, plan.keys[i]) == 1) {
            assert_ok(nb_store_read(&store, plan.keys[i], &shard));
            nb_shard_free(&shard);
        } else {
            assert_true(i >= n_told);
        }
    }
    nb_store_close(&store);
}

static void check_resume(const char *folder, const char digest[65])
{
    char path[300], found[65];

    assert_ok(run_sweep(folder, -1));
    snprintf(path, sizeof path, "%s/results.h5", folder);
    assert_ok(nb_file_sha256(path, found));
    assert_string_equal(found, digest);
    assert_false(sample_has_temporary(folder));
}

static void make_folder(char folder[256])
{
    assert_int_equal(sample_make_folder(folder, sample_fast_folder()), 0);
}

/* digest of an undisturbed run; its number of calls */
static long run_undisturbed(char digest[65])
{
    char folder[256], path[300];
    long n;

    make_folder(folder);
    shim_arm(folder, 0);
    assert_ok(run_sweep(folder, -1));
    n = shim_disarm();
    assert_int_equal(shim_count_unsynced(), 0);
    snprintf(path, sizeof path, "%s/results.h5", folder);
    assert_ok(nb_file_sha256(path, digest));
    assert_int_equal(sample_remove_folder(folder), 0);
    return n;
}

static void test_crash_at_any_call_loses_nothing(void **state)
{
    char digest[65], folder[256];
    long n_calls = run_undisturbed(digest);
    size_t n_told;

    (void)state;
    assert_true(n_calls > 60);
    for (long n = 1; n <= n_calls + 1; n++) {
        make_folder(folder);
        assert_int_equal(run_killed(folder, n, &n_told), n <= n_calls);
        check_remains(folder, n_told, digest);
        if (n % 3 == 0) { /* killed again while it resumes */
            run_killed(folder, 1 + 7 * n % 40, &n_told);
            check_remains(folder, n_told, digest);
        }
        check_resume(folder, digest);
        assert_int_equal(sample_remove_folder(folder), 0);
    }
}

static void test_crash_free_without_hard_links(void **state)
{
    char digest[65], folder[256], path[300];
    sample_plan_t plan;
    sample_unit_t unit;
    nb_store_t store;

    (void)state;
    run_undisturbed(digest);
    make_folder(folder);
    shim_deny_links(1);
    check_resume(folder, digest);
    sample_plan(&plan);
    sample_unit(&unit, 0);
    snprintf(path, sizeof path, "%s/results.store", folder);
    assert_ok(nb_store_open(&store, path, 0));
    assert_ok(nb_store_commit(&store, plan.keys[0], &unit.shard));
    assert_fails(nb_store_commit(&store, plan.keys[1], &unit.shard), NB_ERR_DETERMINISM, "first");
    nb_store_close(&store);
    shim_deny_links(0);
    assert_false(sample_has_temporary(folder));
    assert_int_equal(sample_remove_folder(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crash_at_any_call_loses_nothing),
        cmocka_unit_test(test_crash_free_without_hard_links),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
