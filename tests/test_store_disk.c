#define _GNU_SOURCE
#include "tests/testlib.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/store.h"
#include "tests/store_sample.h"

static void test_store_removes_what_dead_processes_left(void **state)
{
    sample_store_t *self = *state;
    nb_store_t again;
    char path[512], other[512], own[512];
    struct timespec old[2] = {{.tv_sec = time(NULL) - 90000}, {.tv_sec = time(NULL) - 90000}};
    pid_t pid = fork();

    if (pid == 0) { /* dies between its temporary file and the name */
        struct rlimit none = {0, 0};

        signal(SIGXFSZ, SIG_DFL);
        _exit(setrlimit(RLIMIT_FSIZE, &none) == 0 &&
              sample_commit(&self->store, self->plan.keys[0], 0));
    }
    waitpid(pid, NULL, 0);
    assert_true(sample_has_temporary(self->path));
    snprintf(other, sizeof other, "%s/.nextbest-00000000-1-0", self->path);
    sample_write_file(other, "x", 1);
    snprintf(own, sizeof own, "%s/.nextbest-00000000-1-1", self->path);
    sample_write_file(own, "x", 1);
    assert_int_equal(utimensat(AT_FDCWD, own, old, 0), 0);
    assert_ok(nb_store_open(&again, self->path, 1));
    nb_store_close(&again);
    assert_int_equal(access(own, F_OK), 0); /* reading changes nothing */
    assert_ok(nb_store_open(&again, self->path, 0));
    nb_store_close(&again);
    assert_int_equal(access(other, F_OK), 0); /* maybe alive on another machine */
    assert_int_not_equal(access(own, F_OK), 0);
    assert_int_equal(unlink(other), 0);
    assert_false(sample_has_temporary(self->path));
    sample_name_unit(self, 0, path);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* what a child found, told to the parent by its exit status */
enum { CHILD_OK = 0, CHILD_WRONG = 1, CHILD_CANNOT = 2 };

static int commit_fails_with(nb_store_t *store, const char *key, const char *reason)
{
    return sample_commit(store, key, 1) == NB_ERR_IO && strstr(nb_error_detail(), key) &&
           strstr(nb_error_detail(), reason);
}

static int check_file_limit(sample_store_t *self)
{
    struct rlimit limit = {0, 0};

    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        return CHILD_CANNOT;
    }
    return commit_fails_with(&self->store, self->plan.keys[1], "File too large") ? CHILD_OK
                                                                                 : CHILD_WRONG;
}

/* commit until the disk is full: what was committed stays, nothing else remains */
static int fill_disk(const sample_store_t *self, const char *path)
{
    nb_store_t store;
    size_t n_done = 0;
    int is_right = nb_store_open(&store, path, 0) == NB_OK;

    while (is_right && n_done < N_UNITS && sample_commit(&store, self->plan.keys[n_done], 1) == 0) {
        n_done++;
    }
    is_right = is_right && n_done > 0 && n_done < N_UNITS &&
               commit_fails_with(&store, self->plan.keys[n_done], "No space left on device") &&
               !sample_has_temporary(path);
    nb_store_close(&store);
    is_right = is_right && nb_store_open(&store, path, 1) == NB_OK && store.n_present == n_done;
    nb_store_close(&store);
    return is_right ? CHILD_OK : CHILD_WRONG;
}

static int check_full_disk(sample_store_t *self)
{
    char path[300], store[320];

    snprintf(path, sizeof path, "%s/disk", self->folder);
    snprintf(store, sizeof store, "%s/results.store", path);
    if (mkdir(path, 0777) != 0 || unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, "") != 0 ||
        mount("tmpfs", path, "tmpfs", 0, "size=16k") != 0) {
        return CHILD_CANNOT;
    }
    return fill_disk(self, store);
}

static int check_read_only(sample_store_t *self)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") != 0 ||
        mount(self->folder, self->folder, "none", MS_BIND, "") != 0 ||
        mount("none", self->folder, "none", MS_BIND | MS_REMOUNT | MS_RDONLY, "") != 0) {
        return CHILD_CANNOT;
    }
    return sample_commit(&self->store, self->plan.keys[1], 1) == NB_ERR_IO &&
                   strstr(nb_error_detail(), "Read-only file system")
               ? CHILD_OK
               : CHILD_WRONG;
}

/* run the check in a child, then find the unit that was there before unharmed */
static void check_in_child(sample_store_t *self, int (*check)(sample_store_t *))
{
    int status = 0;
    pid_t pid;

    assert_ok(sample_commit(&self->store, self->plan.keys[0], 0));
    pid = fork();
    if (pid == 0) {
        _exit(check(self));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CHILD_CANNOT) {
        print_message("needs the right to mount: skipped\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), CHILD_OK);
    sample_check_unit(&self->store, self->plan.keys[0], 0);
    assert_false(sample_has_temporary(self->path));
}

static void test_store_survives_a_file_size_limit(void **state)
{
    check_in_child(*state, check_file_limit);
}

static void test_store_survives_a_full_disk(void **state)
{
    check_in_child(*state, check_full_disk);
}

static void test_store_survives_a_read_only_disk(void **state)
{
    check_in_child(*state, check_read_only);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_store_removes_what_dead_processes_left),
        STORE_TEST(test_store_survives_a_file_size_limit),
        STORE_TEST(test_store_survives_a_full_disk),
        STORE_TEST(test_store_survives_a_read_only_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
