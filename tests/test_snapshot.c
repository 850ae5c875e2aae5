#include "bench/snapshot.h"

#include "bench/version.h"
#include "core/memory.h"
#include "core/store.h"
#include "core/store_file.h"
#include "tests/run_sample.h"
#include "tests/store_sample.h"

enum { PATH_SIZE = 300, FILE_SIZE = 1 << 20 };

static const char key[] = "0123456789abcdef0123456789abcdef";
static const char experiment[] = "name: small\n"
                                 "scenario: everyday\n"
                                 "customers: 60\n"
                                 "periods: 8\n"
                                 "tail: false\n"
                                 "strategies:\n"
                                 "  lin_ts: {all: {policy: lin_ts, credit: window(3)}}\n";

typedef struct {
    char folder[256], path[PATH_SIZE];
    nb_archive_t archive;
} fixture_t;

static int set_up(void **state)
{
    fixture_t *self = calloc(1, sizeof *self);
    double numbers[] = {1.5, -2.25, NAN};

    *state = self;
    if (!self || sample_make_folder(self->folder, "/tmp") != 0) {
        return -1;
    }
    snprintf(self->path, sizeof self->path, "%s/state", self->folder);
    return nb_archive_bytes(&self->archive, numbers, sizeof numbers) == NB_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    int status = sample_remove_folder(self->folder);

    nb_archive_free(&self->archive);
    free(self);
    return status;
}

static void test_snapshot_gives_back_what_was_written(void **state)
{
    fixture_t *self = *state;
    nb_archive_t read = {0};
    double numbers[3];

    assert_ok(nb_snapshot_write(self->path, key, &self->archive));
    for (int i = 0; i < 2; i++) { /* what was read before is forgotten */
        assert_ok(nb_snapshot_read(&read, self->path, key));
        assert_int_equal(read.n, sizeof numbers);
        assert_ok(nb_archive_bytes(&read, numbers, sizeof numbers));
        assert_true(numbers[0] == 1.5 && numbers[1] == -2.25 && isnan(numbers[2]));
    }
    nb_archive_free(&read);
    assert_int_equal(sample_has_temporary(self->folder), 0);
}

static void test_snapshot_refuses_what_is_not_its_own(void **state)
{
    fixture_t *self = *state;
    char bytes[1024], other[sizeof bytes];
    nb_archive_t read = {0};
    size_t n;

    assert_fails(nb_snapshot_read(&read, self->path, key), NB_ERR_NOT_FOUND, "does not exist");
    assert_ok(nb_snapshot_write(self->path, key, &self->archive));
    assert_fails(nb_snapshot_read(&read, self->path, "another"), NB_ERR_FORMAT,
                 "is the state of run 0123456789abcdef0123456789abcdef, expected another");
    n = sample_read_file(self->path, bytes, sizeof bytes);
    for (size_t cut = 0; cut < n; cut++) {
        sample_write_file(self->path, bytes, cut);
        assert_fails(nb_snapshot_read(&read, self->path, key), NB_ERR_FORMAT,
                     cut < 18 ? "is no snapshot of nextbest" : "was truncated, damaged or changed");
    }
    for (size_t at = 18; at < n; at++) {
        memcpy(other, bytes, n);
        other[at] ^= 1;
        sample_write_file(self->path, other, n);
        assert_fails(nb_snapshot_read(&read, self->path, key), NB_ERR_FORMAT,
                     "was truncated, damaged or changed");
    }
    nb_archive_free(&read);
}

static void test_snapshot_refuses_another_version(void **state)
{
    fixture_t *self = *state;
    nb_archive_t read = {0};
    char text[256];
    size_t n;

    n = (size_t)snprintf(text, sizeof text - NB_SEAL_SIZE,
                         "nextbest-snapshot\n1\n0.0.1-old\n%s\nstate", key);
    nb_seal_make(text, n, text + n);
    sample_write_file(self->path, text, n + NB_SEAL_SIZE);
    assert_fails(nb_snapshot_read(&read, self->path, key), NB_ERR_FORMAT,
                 "was written by version 0.0.1-old (schema 1), expected");
    n = (size_t)snprintf(text, sizeof text - NB_SEAL_SIZE, "nextbest-snapshot\n2\n%s\n%s\nstate",
                         nb_version(), key);
    nb_seal_make(text, n, text + n);
    sample_write_file(self->path, text, n + NB_SEAL_SIZE);
    assert_fails(nb_snapshot_read(&read, self->path, key), NB_ERR_FORMAT, "(schema 2), expected");
    nb_archive_free(&read);
}

static void test_snapshot_brings_a_run_back(void **state)
{
    fixture_t *self = *state;
    nb_archive_t saved = {0}, read = {0};
    run_numbers_t expected;
    nb_loop_spec_t spec;
    nb_loop_t loop;
    nb_plan_t plan;

    assert_ok(nb_plan_init_text(&plan, "small.yaml", experiment, NULL, 0));
    spec = run_sample_spec(&plan, 0);
    assert_ok(nb_loop_init(&loop, &spec));
    assert_ok(nb_loop_run_until(&loop, 5));
    assert_ok(nb_loop_archive(&loop, &saved));
    assert_ok(nb_snapshot_write(self->path, plan.keys[0], &saved));
    assert_ok(nb_loop_run(&loop));
    expected = run_numbers(&loop);
    nb_loop_free(&loop);
    assert_ok(nb_loop_init(&loop, &spec));
    assert_ok(nb_snapshot_read(&read, self->path, plan.keys[0]));
    assert_ok(nb_loop_archive(&loop, &read));
    assert_int_equal(loop.period, 5);
    assert_ok(nb_loop_run(&loop));
    run_numbers_check(&loop, expected);
    nb_loop_free(&loop);
    nb_free(expected.values);
    nb_archive_free(&saved);
    nb_archive_free(&read);
    nb_plan_free(&plan);
}

static void test_snapshot_every_allocation_may_fail(void **state)
{
    fixture_t *self = *state;
    int code = NB_ERR_MEMORY, n = 0;

    while (code == NB_ERR_MEMORY) {
        nb_archive_t read = {0};

        nb_alloc_fail_at((uint64_t)++n);
        code = nb_snapshot_write(self->path, key, &self->archive);
        if (code == NB_OK) {
            code = nb_snapshot_read(&read, self->path, key);
        }
        nb_alloc_fail_at(0);
        nb_archive_free(&read);
    }
    assert_ok(code);
    assert_true(n > 4);
}

#define SNAPSHOT_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SNAPSHOT_TEST(test_snapshot_gives_back_what_was_written),
        SNAPSHOT_TEST(test_snapshot_refuses_what_is_not_its_own),
        SNAPSHOT_TEST(test_snapshot_refuses_another_version),
        SNAPSHOT_TEST(test_snapshot_brings_a_run_back),
        SNAPSHOT_TEST(test_snapshot_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
