#define _GNU_SOURCE
#include "tests/testlib.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/store.h"
#include "core/store_shard.h"
#include "tests/store_sample.h"

typedef struct {
    char folder[256];
    char path[300]; /* of the store */
    nb_store_t store;
    sample_plan_t plan;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = calloc(1, sizeof *self);

    if (!self || sample_make_folder(self->folder, "/tmp") != 0) {
        return -1;
    }
    snprintf(self->path, sizeof self->path, "%s/results.store", self->folder);
    sample_plan(&self->plan);
    *state = self;
    return nb_store_open(&self->store, self->path, 0);
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

static int commit_unit(nb_store_t *store, const char *key, size_t i)
{
    sample_unit_t unit;

    sample_unit(&unit, i);
    return nb_store_commit(store, key, &unit.shard);
}

static void name_unit(const fixture_t *self, size_t i, char out[512])
{
    snprintf(out, 512, "%s/units/%.2s/%s.h5", self->path, self->plan.keys[i], self->plan.keys[i]);
}

static void test_key_hash_is_the_first_half_of_sha256(void **state)
{
    char key[NB_KEY_SIZE];

    (void)state;
    nb_key_hash("abc", 3, key); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(key, "ba7816bf8f01cfea414140de5dae2223");
}

static void test_file_sha256_is_that_of_the_content(void **state)
{
    const fixture_t *self = *state;
    char path[300], digest[65];

    snprintf(path, sizeof path, "%s/abc", self->folder);
    assert_ok(nb_file_write(path, "abc", 3));
    assert_ok(nb_file_sha256(path, digest));
    assert_string_equal(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    snprintf(path, sizeof path, "%s/none", self->folder);
    assert_fails(nb_file_sha256(path, digest), NB_ERR_NOT_FOUND, "none does not exist");
    assert_fails(nb_file_sha256(self->folder, digest), NB_ERR_IO, "Is a directory");
}

static void test_store_path_replaces_the_ending(void **state)
{
    static const char *const pairs[][2] = {
        {"a/b.h5", "a/b.store"}, {"b", "b.store"}, {"a.b/c", "a.b/c.store"}, {".h5", ".h5.store"}};

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char *path = NULL;

        assert_ok(nb_store_path_of(&path, pairs[i][0]));
        assert_string_equal(path, pairs[i][1]);
        nb_free(path);
    }
}

static void check_unit(const nb_store_t *store, const char *key, size_t i)
{
    static const size_t order[] = {0, 2, 1, 3}; /* scalars come first */
    sample_unit_t unit;
    nb_shard_t read;

    sample_unit(&unit, i);
    assert_ok(nb_store_read(store, key, &read));
    assert_int_equal(read.n_vars, 4);
    for (size_t k = 0; k < 4; k++) {
        const nb_var_t *a = &read.vars[k], *b = &unit.vars[order[k]];

        assert_string_equal(a->name, b->name);
        assert_string_equal(a->unit, b->unit);
        assert_string_equal(a->help, b->help);
        assert_string_equal(a->axis ? a->axis : "", b->axis ? b->axis : "");
        assert_int_equal(a->n, b->n);
        for (size_t j = 0; j < a->n; j++) {
            assert_true(a->data[j] == b->data[j] || (isnan(a->data[j]) && isnan(b->data[j])));
        }
    }
    nb_shard_free(&read);
    nb_shard_free(&read);
}

static void test_store_gives_back_what_was_committed(void **state)
{
    fixture_t *self = *state;

    for (size_t i = 0; i < N_UNITS; i++) {
        assert_int_equal(nb_store_status(&self->store, self->plan.keys[i]), 0);
        assert_ok(commit_unit(&self->store, self->plan.keys[i], i));
        assert_int_equal(nb_store_status(&self->store, self->plan.keys[i]), 1);
    }
    assert_int_equal(self->store.n_present, N_UNITS);
    for (size_t i = 0; i < N_UNITS; i++) {
        check_unit(&self->store, self->plan.keys[i], i);
    }
    assert_false(sample_has_temporary(self->path));
}

static void test_store_knows_its_units_when_opened_again(void **state)
{
    fixture_t *self = *state;
    nb_store_t again;
    char key[NB_KEY_SIZE];

    for (int i = 0; i < 200; i++) { /* more than the first size of the set */
        nb_key_hash((const char *)&i, sizeof i, key);
        assert_ok(commit_unit(&self->store, key, 0));
    }
    assert_ok(nb_store_open(&again, self->path, 1));
    assert_int_equal(again.n_present, 200);
    for (int i = 0; i < 400; i++) {
        nb_key_hash((const char *)&i, sizeof i, key);
        assert_int_equal(nb_store_status(&again, key), i < 200);
    }
    nb_store_close(&again);
    nb_store_close(&again);
}

static void test_store_takes_the_same_unit_twice_but_no_other(void **state)
{
    fixture_t *self = *state;
    const char *key = self->plan.keys[0];

    assert_ok(commit_unit(&self->store, key, 0));
    assert_ok(commit_unit(&self->store, key, 0));
    assert_int_equal(self->store.n_present, 1);
    assert_fails(commit_unit(&self->store, key, 1), NB_ERR_DETERMINISM, key);
    check_unit(&self->store, key, 0);
    assert_false(sample_has_temporary(self->path));
}

static void test_store_keeps_the_first_of_two_kinds_of_machine(void **state)
{
    fixture_t *self = *state;
    const char *key = self->plan.keys[0];
    sample_unit_t unit;
    char path[512], digest[65];
    char *bytes = NULL;
    size_t n;

    assert_ok(commit_unit(&self->store, key, 0)); /* makes the folder */
    sample_unit(&unit, 1);
    assert_ok(nb_shard_encode(&unit.shard, "another processor", &bytes, &n, digest));
    name_unit(self, 0, path);
    assert_ok(nb_file_write(path, bytes, n));
    nb_free(bytes);
    assert_int_equal(commit_unit(&self->store, key, 0), 1);
    assert_int_equal(commit_unit(&self->store, key, 1), 0);
    check_unit(&self->store, key, 1);
}

static void test_store_sees_any_nan_as_the_same(void **state)
{
    fixture_t *self = *state;
    sample_unit_t unit;

    sample_unit(&unit, 1);
    assert_ok(nb_store_commit(&self->store, self->plan.keys[1], &unit.shard));
    unit.values[1] = -NAN;
    assert_ok(nb_store_commit(&self->store, self->plan.keys[1], &unit.shard));
}

static void test_store_refuses_variables_it_cannot_line_up(void **state)
{
    fixture_t *self = *state;
    const char *key = self->plan.keys[0];
    sample_unit_t unit;

    sample_unit(&unit, 0);
    unit.vars[1].axis = "week";
    assert_fails(nb_store_commit(&self->store, key, &unit.shard), NB_ERR_DATA, "axis \"week\"");
    unit.vars[1].axis = "segment";
    assert_fails(nb_store_commit(&self->store, key, &unit.shard), NB_ERR_DATA,
                 "equity_by_segment has 2 values, expected 5 along axis segment");
    unit.vars[1].axis = NULL;
    assert_fails(nb_store_commit(&self->store, key, &unit.shard), NB_ERR_DATA, "expected 1");
    unit.vars[1].n = 0;
    assert_fails(nb_store_commit(&self->store, key, &unit.shard), NB_ERR_DATA, "no values");
    assert_int_equal(nb_store_status(&self->store, key), 0);
}

static void write_plain(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static size_t read_plain(const char *path, char *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t n;

    assert_non_null(file);
    n = fread(bytes, 1, size, file);
    assert_int_equal(fclose(file), 0);
    assert_true(n < size);
    return n;
}

static void test_store_refuses_a_damaged_unit_by_name(void **state)
{
    static char bytes[1 << 20];
    fixture_t *self = *state;
    const char *key = self->plan.keys[0];
    nb_shard_t shard;
    char path[512];
    size_t n;

    assert_ok(commit_unit(&self->store, key, 0));
    name_unit(self, 0, path);
    n = read_plain(path, bytes, sizeof bytes);
    write_plain(path, bytes, n / 2);
    assert_fails(nb_store_read(&self->store, key, &shard), NB_ERR_FORMAT, path);
    for (size_t at = 0; at < n; at += n / 50) {
        bytes[at] ^= 0x10;
        write_plain(path, bytes, n);
        assert_fails(nb_store_read(&self->store, key, &shard), NB_ERR_FORMAT, path);
        bytes[at] ^= 0x10;
    }
    write_plain(path, "hello", 5);
    assert_fails(nb_store_read(&self->store, key, &shard), NB_ERR_FORMAT, "is not an HDF5 file");
    assert_fails(commit_unit(&self->store, key, 0), NB_ERR_FORMAT, path);
    write_plain(path, "", 0);
    assert_fails(nb_store_read(&self->store, key, &shard), NB_ERR_FORMAT, "is empty");
    assert_int_equal(unlink(path), 0);
    assert_fails(nb_store_read(&self->store, key, &shard), NB_ERR_NOT_FOUND, path);
    assert_ok(commit_unit(&self->store, key, 0));
    check_unit(&self->store, key, 0);
}

static void test_store_refuses_places_that_are_no_store(void **state)
{
    const fixture_t *self = *state;
    nb_store_t store;
    char path[512], file[1024];

    snprintf(path, sizeof path, "%s/other", self->folder);
    assert_fails(nb_store_open(&store, path, 1), NB_ERR_NOT_FOUND, "other does not exist");
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(file, sizeof file, "%s/thesis.tex", path);
    write_plain(file, "x", 1);
    assert_fails(nb_store_open(&store, path, 0), NB_ERR_FORMAT, "it is no store");
    assert_fails(nb_store_open(&store, file, 0), NB_ERR_FORMAT, "thesis.tex is no folder");
    strcat(file, "/below");
    assert_fails(nb_store_open(&store, file, 0), NB_ERR_IO, "below: Not a directory");
    snprintf(path, sizeof path, "%s/a/b/c.store", self->folder);
    assert_fails(nb_store_open(&store, path, 0), NB_ERR_IO, "c.store: No such file or directory");
}

static void test_store_removes_what_dead_processes_left(void **state)
{
    fixture_t *self = *state;
    nb_store_t again;
    char path[512], other[512], own[512];
    struct timespec old[2] = {{.tv_sec = time(NULL) - 90000}, {.tv_sec = time(NULL) - 90000}};
    pid_t pid = fork();

    if (pid == 0) { /* dies between its temporary file and the name */
        struct rlimit none = {0, 0};

        signal(SIGXFSZ, SIG_DFL);
        _exit(setrlimit(RLIMIT_FSIZE, &none) == 0 &&
              commit_unit(&self->store, self->plan.keys[0], 0));
    }
    waitpid(pid, NULL, 0);
    assert_true(sample_has_temporary(self->path));
    snprintf(other, sizeof other, "%s/.nextbest-00000000-1-0", self->path);
    write_plain(other, "x", 1);
    snprintf(own, sizeof own, "%s/.nextbest-00000000-1-1", self->path);
    write_plain(own, "x", 1);
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
    name_unit(self, 0, path);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void test_store_notes_failures_and_forgets_them(void **state)
{
    fixture_t *self = *state;
    const char *key = self->plan.keys[0];
    nb_store_t again;
    char path[512], text[512] = "";

    assert_ok(nb_store_fail(&self->store, key, "reward is \"NaN\"\nin period 3"));
    assert_int_equal(nb_store_status(&self->store, key), 2);
    snprintf(path, sizeof path, "%s/failed/%s.json", self->path, key);
    read_plain(path, text, sizeof text);
    assert_non_null(strstr(text, "\"error\":\"reward is \\\"NaN\\\"\\u000ain period 3\""));
    assert_ok(nb_store_open(&again, self->path, 0));
    assert_int_equal(nb_store_status(&again, key), 2);
    assert_ok(nb_store_forget_failure(&again, key));
    assert_ok(nb_store_forget_failure(&again, key));
    assert_int_equal(nb_store_status(&again, key), 0);
    nb_store_close(&again);
    assert_ok(nb_store_fail(&self->store, key, "again"));
    assert_ok(commit_unit(&self->store, key, 0));
    assert_int_equal(nb_store_status(&self->store, key), 1);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void test_store_keeps_notes_of_runs_and_timings(void **state)
{
    fixture_t *self = *state;
    char path[512], text[512] = "", expected[512];

    assert_ok(nb_store_note_run(&self->store, "{}\n"));
    assert_ok(nb_store_note_timing(&self->store, self->plan.keys[0], 1.5));
    assert_ok(nb_store_note_timing(&self->store, self->plan.keys[1], 0.25));
    assert_ok(nb_store_write_text(&self->store, "decisions", "a.csv", "x\n1\n", 4));
    snprintf(path, sizeof path, "%s/timings.csv", self->path);
    read_plain(path, text, sizeof text);
    snprintf(expected, sizeof expected, "%s,1.500000\n%s,0.250000\n", self->plan.keys[0],
             self->plan.keys[1]);
    assert_string_equal(text, expected);
    snprintf(path, sizeof path, "%s/decisions/a.csv", self->path);
    assert_int_equal(access(path, F_OK), 0);
}

static const char head[] = "{\"plan\":\"p\"}\n";
static const char cell_a[] = "{\"cell\":\"a\",\"hash\":\"1\",\"keys\":[\"x\",\"y\"]}\n";
static const char cell_b[] = "{\"cell\":\"b \\\"q\\\"\",\"hash\":\"2\",\"keys\":[\"z\"]}\n";

static int bind(nb_store_t *store, const char *first, const char *second, const char *third)
{
    char plan[1024];

    snprintf(plan, sizeof plan, "%s%s%s", first, second, third);
    return nb_store_bind_plan(store, plan);
}

static void test_plan_may_grow_in_cells_and_replications(void **state)
{
    fixture_t *self = *state;

    assert_ok(bind(&self->store, head, cell_a, ""));
    assert_ok(bind(&self->store, head, cell_a, ""));
    assert_ok(bind(&self->store, "{\"plan\":\"grown\"}\n", cell_b, cell_a));
    assert_ok(bind(&self->store, head,
                   "{\"cell\":\"a\",\"hash\":\"1\",\"keys\":[\"x\",\"y\",\"v\"]}\n", cell_b));
}

static void test_plan_may_not_change(void **state)
{
    static const char *const others[] = {
        "{\"cell\":\"a\",\"hash\":\"3\",\"keys\":[\"x\",\"y\"]}\n", /* another hash */
        "{\"cell\":\"a\",\"hash\":\"1\",\"keys\":[\"y\",\"x\"]}\n", /* other keys */
        "{\"cell\":\"a\",\"hash\":\"1\",\"keys\":[\"x\"]}\n",       /* fewer keys */
        "{\"cell\":\"c\",\"hash\":\"1\",\"keys\":[\"x\",\"y\"]}\n", /* another cell */
        "",
    };
    fixture_t *self = *state;

    assert_ok(bind(&self->store, head, cell_a, cell_b));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_fails(bind(&self->store, head, others[i], cell_b), NB_ERR_EXISTS,
                     "results.store holds another experiment (cell \"a\" differs); use -o");
    }
    assert_ok(bind(&self->store, head, cell_a, cell_b));
}

static void test_plan_that_is_damaged_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "hello",
        "[1]\n",
        "{\"plan\":1}\n{\"cell\":\"a\"}\n",
        "{\"plan\":1}\n{\"cell\":\"a\",\"hash\":\"1\",\"keys\":[\"x\"\n",
        "{\"plan\":1}\n{\"cell\":\"a\\\",\"hash\":1,\"keys\":[]}\n",
        "{\"plan\":1}\n{\"cell\":\"a",
        "{\"plan\":1}\n\x89HDF\r\n",
    };
    fixture_t *self = *state;
    char path[320];

    snprintf(path, sizeof path, "%s/plan.json", self->path);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_plain(path, texts[i], strlen(texts[i]));
        assert_fails(bind(&self->store, head, cell_a, ""), NB_ERR_FORMAT, "plan.json is damaged");
        assert_fails(nb_store_bind_plan(&self->store, texts[i]), NB_ERR_FORMAT, "the new plan");
    }
    write_plain(path, "{}\n\0\0\0", 6);
    assert_fails(bind(&self->store, head, cell_a, ""), NB_ERR_FORMAT, "plan.json is damaged");
}

static void test_store_says_when_memory_ends(void **state)
{
    fixture_t *self = *state;
    const char *key = self->plan.keys[0];
    int code = NB_ERR_MEMORY;
    nb_store_t store;
    nb_shard_t shard;

    for (uint64_t n = 1; code != NB_OK; n++) {
        nb_alloc_fail_at(n);
        code = commit_unit(&self->store, key, 0);
        nb_alloc_fail_at(0);
        assert_true(code == NB_OK || code == NB_ERR_MEMORY);
    }
    for (uint64_t n = 1, done = 0; !done; n++) {
        nb_alloc_fail_at(n);
        code = nb_store_read(&self->store, key, &shard);
        nb_alloc_fail_at(0);
        assert_true(code == NB_OK || code == NB_ERR_MEMORY);
        nb_shard_free(&shard);
        done = code == NB_OK;
    }
    for (uint64_t n = 1, done = 0; !done; n++) {
        nb_alloc_fail_at(n);
        code = nb_store_open(&store, self->path, 0);
        nb_alloc_fail_at(0);
        assert_true(code == NB_OK || code == NB_ERR_MEMORY);
        nb_store_close(&store);
        done = code == NB_OK;
    }
    assert_false(sample_has_temporary(self->path));
}

/* what a child found, told to the parent by its exit status */
enum { CHILD_OK = 0, CHILD_WRONG = 1, CHILD_CANNOT = 2 };

static int commit_fails_with(nb_store_t *store, const char *key, const char *reason)
{
    return commit_unit(store, key, 1) == NB_ERR_IO && strstr(nb_error_detail(), key) &&
           strstr(nb_error_detail(), reason);
}

static int check_file_limit(fixture_t *self)
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
static int fill_disk(const fixture_t *self, const char *path)
{
    nb_store_t store;
    size_t n_done = 0;
    int is_right = nb_store_open(&store, path, 0) == NB_OK;

    while (is_right && n_done < N_UNITS && commit_unit(&store, self->plan.keys[n_done], 1) == 0) {
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

static int check_full_disk(fixture_t *self)
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

static int check_read_only(fixture_t *self)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") != 0 ||
        mount(self->folder, self->folder, "none", MS_BIND, "") != 0 ||
        mount("none", self->folder, "none", MS_BIND | MS_REMOUNT | MS_RDONLY, "") != 0) {
        return CHILD_CANNOT;
    }
    return commit_unit(&self->store, self->plan.keys[1], 1) == NB_ERR_IO &&
                   strstr(nb_error_detail(), "Read-only file system")
               ? CHILD_OK
               : CHILD_WRONG;
}

/* run the check in a child, then find the unit that was there before unharmed */
static void check_in_child(fixture_t *self, int (*check)(fixture_t *))
{
    int status = 0;
    pid_t pid;

    assert_ok(commit_unit(&self->store, self->plan.keys[0], 0));
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
    check_unit(&self->store, self->plan.keys[0], 0);
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

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_hash_is_the_first_half_of_sha256),
        STORE_TEST(test_file_sha256_is_that_of_the_content),
        cmocka_unit_test(test_store_path_replaces_the_ending),
        STORE_TEST(test_store_gives_back_what_was_committed),
        STORE_TEST(test_store_knows_its_units_when_opened_again),
        STORE_TEST(test_store_takes_the_same_unit_twice_but_no_other),
        STORE_TEST(test_store_keeps_the_first_of_two_kinds_of_machine),
        STORE_TEST(test_store_sees_any_nan_as_the_same),
        STORE_TEST(test_store_refuses_variables_it_cannot_line_up),
        STORE_TEST(test_store_refuses_a_damaged_unit_by_name),
        STORE_TEST(test_store_refuses_places_that_are_no_store),
        STORE_TEST(test_store_removes_what_dead_processes_left),
        STORE_TEST(test_store_notes_failures_and_forgets_them),
        STORE_TEST(test_store_keeps_notes_of_runs_and_timings),
        STORE_TEST(test_plan_may_grow_in_cells_and_replications),
        STORE_TEST(test_plan_may_not_change),
        STORE_TEST(test_plan_that_is_damaged_is_refused),
        STORE_TEST(test_store_says_when_memory_ends),
        STORE_TEST(test_store_survives_a_file_size_limit),
        STORE_TEST(test_store_survives_a_full_disk),
        STORE_TEST(test_store_survives_a_read_only_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
