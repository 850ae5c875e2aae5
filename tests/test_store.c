#define _GNU_SOURCE
#include "tests/testlib.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/store.h"
#include "core/store_shard.h"
#include "tests/store_sample.h"

static void test_key_hash_is_the_first_half_of_sha256(void **state)
{
    char key[NB_KEY_SIZE];

    (void)state;
    nb_key_hash("abc", 3, key); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(key, "ba7816bf8f01cfea414140de5dae2223");
}

static void test_file_sha256_is_that_of_the_content(void **state)
{
    const sample_store_t *self = *state;
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

static void test_store_gives_back_what_was_committed(void **state)
{
    sample_store_t *self = *state;

    for (size_t i = 0; i < N_UNITS; i++) {
        assert_int_equal(nb_store_status(&self->store, self->plan.keys[i]), 0);
        assert_ok(sample_commit(&self->store, self->plan.keys[i], i));
        assert_int_equal(nb_store_status(&self->store, self->plan.keys[i]), 1);
    }
    assert_int_equal(self->store.n_present, N_UNITS);
    for (size_t i = 0; i < N_UNITS; i++) {
        sample_check_unit(&self->store, self->plan.keys[i], i);
    }
    assert_false(sample_has_temporary(self->path));
}

static void test_store_knows_its_units_when_opened_again(void **state)
{
    sample_store_t *self = *state;
    nb_store_t again;
    char key[NB_KEY_SIZE];

    for (int i = 0; i < 200; i++) { /* more than the first size of the set */
        nb_key_hash((const char *)&i, sizeof i, key);
        assert_ok(sample_commit(&self->store, key, 0));
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
    sample_store_t *self = *state;
    const char *key = self->plan.keys[0];

    assert_ok(sample_commit(&self->store, key, 0));
    assert_ok(sample_commit(&self->store, key, 0));
    assert_int_equal(self->store.n_present, 1);
    assert_fails(sample_commit(&self->store, key, 1), NB_ERR_DETERMINISM, key);
    sample_check_unit(&self->store, key, 0);
    assert_false(sample_has_temporary(self->path));
}

static void test_store_keeps_the_first_of_two_kinds_of_machine(void **state)
{
    sample_store_t *self = *state;
    const char *key = self->plan.keys[0];
    sample_unit_t unit;
    char path[512], digest[65];
    char *bytes = NULL;
    size_t n;

    assert_ok(sample_commit(&self->store, key, 0)); /* makes the folder */
    sample_unit(&unit, 1);
    assert_ok(nb_shard_encode(&unit.shard, "another processor", &bytes, &n, digest));
    sample_name_unit(self, 0, path);
    assert_ok(nb_file_write(path, bytes, n));
    nb_free(bytes);
    assert_int_equal(sample_commit(&self->store, key, 0), 1);
    assert_int_equal(sample_commit(&self->store, key, 1), 0);
    sample_check_unit(&self->store, key, 1);
}

static void test_store_sees_any_nan_as_the_same(void **state)
{
    sample_store_t *self = *state;
    sample_unit_t unit;

    sample_unit(&unit, 1);
    assert_ok(nb_store_commit(&self->store, self->plan.keys[1], &unit.shard));
    unit.values[1] = -NAN;
    assert_ok(nb_store_commit(&self->store, self->plan.keys[1], &unit.shard));
}

static void test_store_refuses_variables_it_cannot_line_up(void **state)
{
    sample_store_t *self = *state;
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

static void test_store_refuses_a_damaged_unit_by_name(void **state)
{
    static char bytes[1 << 20];
    sample_store_t *self = *state;
    const char *key = self->plan.keys[0];
    nb_shard_t shard;
    char path[512];
    size_t n;

    assert_ok(sample_commit(&self->store, key, 0));
    sample_name_unit(self, 0, path);
    n = sample_read_file(path, bytes, sizeof bytes);
    sample_write_file(path, bytes, n / 2);
    assert_fails(nb_store_read(&self->store, key, &shard), NB_ERR_FORMAT, path);
    for (size_t at = 0; at < n; at += n / 50) {
        bytes[at] ^= 0x10;
        sample_write_file(path, bytes, n);
        assert_fails(nb_store_read(&self->store, key, &shard), NB_ERR_FORMAT, path);
        bytes[at] ^= 0x10;
    }
    sample_write_file(path, "hello", 5);
    assert_fails(nb_store_read(&self->store, key, &shard), NB_ERR_FORMAT, "is not an HDF5 file");
    assert_fails(sample_commit(&self->store, key, 0), NB_ERR_FORMAT, path);
    sample_write_file(path, "", 0);
    assert_fails(nb_store_read(&self->store, key, &shard), NB_ERR_FORMAT, "is empty");
    assert_int_equal(unlink(path), 0);
    assert_fails(nb_store_read(&self->store, key, &shard), NB_ERR_NOT_FOUND, path);
    assert_ok(sample_commit(&self->store, key, 0));
    sample_check_unit(&self->store, key, 0);
}

static void test_store_refuses_places_that_are_no_store(void **state)
{
    const sample_store_t *self = *state;
    nb_store_t store;
    char path[512], file[1024];

    snprintf(path, sizeof path, "%s/other", self->folder);
    assert_fails(nb_store_open(&store, path, 1), NB_ERR_NOT_FOUND, "other does not exist");
    assert_int_equal(mkdir(path, 0777), 0);
    snprintf(file, sizeof file, "%s/thesis.tex", path);
    sample_write_file(file, "x", 1);
    assert_fails(nb_store_open(&store, path, 0), NB_ERR_FORMAT, "it is no store");
    assert_fails(nb_store_open(&store, file, 0), NB_ERR_FORMAT, "thesis.tex is no folder");
    strcat(file, "/below");
    assert_fails(nb_store_open(&store, file, 0), NB_ERR_IO, "below: Not a directory");
    snprintf(path, sizeof path, "%s/a/b/c.store", self->folder);
    assert_fails(nb_store_open(&store, path, 0), NB_ERR_IO, "c.store: No such file or directory");
}

static void test_store_notes_failures_and_forgets_them(void **state)
{
    sample_store_t *self = *state;
    const char *key = self->plan.keys[0];
    nb_store_t again;
    char path[512], text[512] = "";

    assert_ok(nb_store_fail(&self->store, key, "reward is \"NaN\"\nin period 3"));
    assert_int_equal(nb_store_status(&self->store, key), 2);
    snprintf(path, sizeof path, "%s/failed/%s.json", self->path, key);
    sample_read_file(path, text, sizeof text);
    assert_non_null(strstr(text, "\"error\":\"reward is \\\"NaN\\\"\\u000ain period 3\""));
    assert_ok(nb_store_open(&again, self->path, 0));
    assert_int_equal(nb_store_status(&again, key), 2);
    assert_ok(nb_store_forget_failure(&again, key));
    assert_ok(nb_store_forget_failure(&again, key));
    assert_int_equal(nb_store_status(&again, key), 0);
    nb_store_close(&again);
    assert_ok(nb_store_fail(&self->store, key, "again"));
    assert_ok(sample_commit(&self->store, key, 0));
    assert_int_equal(nb_store_status(&self->store, key), 1);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void test_store_keeps_notes_of_runs_and_timings(void **state)
{
    sample_store_t *self = *state;
    char path[512], text[512] = "", expected[512];

    assert_ok(nb_store_note_run(&self->store, "{}\n"));
    assert_ok(nb_store_note_timing(&self->store, self->plan.keys[0], 1.5));
    assert_ok(nb_store_note_timing(&self->store, self->plan.keys[1], 0.25));
    assert_ok(nb_store_write_text(&self->store, "decisions", "a.csv", "x\n1\n", 4));
    snprintf(path, sizeof path, "%s/timings.csv", self->path);
    sample_read_file(path, text, sizeof text);
    snprintf(expected, sizeof expected, "%s,1.500000\n%s,0.250000\n", self->plan.keys[0],
             self->plan.keys[1]);
    assert_string_equal(text, expected);
    snprintf(path, sizeof path, "%s/decisions/a.csv", self->path);
    assert_int_equal(access(path, F_OK), 0);
}

static void test_store_says_when_memory_ends(void **state)
{
    sample_store_t *self = *state;
    const char *key = self->plan.keys[0];
    int code = NB_ERR_MEMORY;
    nb_store_t store;
    nb_shard_t shard;

    for (uint64_t n = 1; code != NB_OK; n++) {
        nb_alloc_fail_at(n);
        code = sample_commit(&self->store, key, 0);
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

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)

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
        STORE_TEST(test_store_notes_failures_and_forgets_them),
        STORE_TEST(test_store_keeps_notes_of_runs_and_timings),
        STORE_TEST(test_store_says_when_memory_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
