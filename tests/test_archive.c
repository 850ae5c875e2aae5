#include "core/archive.h"

#include "core/memory.h"
#include "tests/testlib.h"

typedef struct {
    int period;
    double *money;
    size_t n, capacity;
    int32_t fixed[3];
} thing_t;

static int thing_archive(thing_t *self, nb_archive_t *archive)
{
    int32_t *fixed = self->fixed;
    size_t n_fixed = 3;

    NB_TRY(nb_archive_bytes(archive, &self->period, sizeof self->period));
    NB_TRY(nb_archive_array(archive, &self->money, &self->n, &self->capacity, sizeof *self->money));
    return nb_archive_array(archive, &fixed, &n_fixed, NULL, sizeof *fixed);
}

static void make_thing(thing_t *self, size_t n)
{
    memset(self, 0, sizeof *self);
    self->period = 7;
    self->n = n;
    self->capacity = n + 2;
    assert_ok(nb_alloc(&self->money, self->capacity, sizeof *self->money));
    for (size_t i = 0; i < self->capacity; i++) {
        self->money[i] = (double)i + 0.5; /* what is beyond n must not be saved */
    }
    self->fixed[2] = -4;
}

static void check_thing(const thing_t *self, size_t n)
{
    assert_int_equal(self->period, 7);
    assert_int_equal(self->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_true(self->money[i] == (double)i + 0.5);
    }
    for (size_t i = n; i < self->capacity; i++) {
        assert_true(self->money[i] == 0.0);
    }
    assert_int_equal(self->fixed[2], -4);
}

static void test_archive_gives_back_what_it_was_given(void **state)
{
    nb_archive_t archive = {0};
    thing_t thing, empty = {0}, wide = {0};

    (void)state;
    make_thing(&thing, 1000);
    assert_ok(nb_alloc(&wide.money, 2000, sizeof *wide.money));
    wide.n = wide.capacity = 2000;
    wide.money[1500] = 9.0;
    assert_ok(thing_archive(&thing, &archive));
    assert_int_equal(archive.n, sizeof(int) + 2 * sizeof(size_t) + 1000 * 8 + 12);
    nb_archive_load(&archive);
    assert_ok(thing_archive(&empty, &archive));
    check_thing(&empty, 1000);
    nb_archive_load(&archive);
    assert_ok(thing_archive(&wide, &archive));
    assert_int_equal(wide.capacity, 2000);
    check_thing(&wide, 1000);
    nb_free(thing.money);
    nb_free(empty.money);
    nb_free(wide.money);
    nb_archive_free(&archive);
    nb_archive_free(&archive);
}

static void test_archive_keeps_its_memory_and_grows_seldom(void **state)
{
    nb_archive_t archive = {0};
    thing_t thing, loaded = {0};
    uint64_t before;

    (void)state;
    make_thing(&thing, 300);
    assert_ok(thing_archive(&thing, &archive));
    nb_archive_load(&archive);
    assert_ok(thing_archive(&loaded, &archive));
    before = nb_alloc_count();
    for (int i = 0; i < 5; i++) {
        nb_archive_reset(&archive);
        assert_int_equal(archive.n, 0);
        assert_ok(thing_archive(&thing, &archive));
        nb_archive_load(&archive);
        assert_ok(thing_archive(&loaded, &archive));
    }
    assert_true(nb_alloc_count() == before);
    check_thing(&loaded, 300);
    nb_free(thing.money);
    nb_free(loaded.money);
    nb_archive_free(&archive);
}

static void test_archive_refuses_what_is_too_short_or_of_another_shape(void **state)
{
    nb_archive_t archive = {0};
    thing_t thing, loaded = {0};
    size_t whole, huge = (size_t)-1 / 4;
    int32_t *fixed = thing.fixed;
    size_t n = 2;

    (void)state;
    make_thing(&thing, 20);
    assert_ok(thing_archive(&thing, &archive));
    whole = archive.n;
    for (size_t cut = 0; cut < whole; cut++) {
        archive.n = cut;
        nb_archive_load(&archive);
        assert_fails(thing_archive(&loaded, &archive), NB_ERR_FORMAT, "a saved state ends after");
    }
    archive.n = whole;
    nb_archive_load(&archive);
    archive.at = whole - 12 - sizeof(size_t);
    assert_fails(nb_archive_array(&archive, &fixed, &n, NULL, sizeof *fixed), NB_ERR_FORMAT,
                 "an array of 3 items, expected 2");
    /* a length that lies must not ask for memory */
    memcpy(archive.bytes + sizeof(int), &huge, sizeof huge);
    nb_archive_load(&archive);
    assert_fails(thing_archive(&loaded, &archive), NB_ERR_FORMAT, "a saved state ends after");
    nb_free(thing.money);
    nb_free(loaded.money);
    nb_archive_free(&archive);
}

static void test_archive_every_allocation_may_fail(void **state)
{
    (void)state;
    for (int n = 1, code = NB_ERR_MEMORY; code == NB_ERR_MEMORY; n++) {
        nb_archive_t archive = {0};
        thing_t thing, loaded = {0};

        make_thing(&thing, 1000);
        nb_alloc_fail_at((uint64_t)n);
        code = thing_archive(&thing, &archive);
        nb_archive_load(&archive);
        if (code == NB_OK) {
            code = thing_archive(&loaded, &archive);
        }
        nb_alloc_fail_at(0);
        assert_true(n > 2 || code == NB_ERR_MEMORY);
        nb_free(thing.money);
        nb_free(loaded.money);
        nb_archive_free(&archive);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_archive_gives_back_what_it_was_given),
        cmocka_unit_test(test_archive_keeps_its_memory_and_grows_seldom),
        cmocka_unit_test(test_archive_refuses_what_is_too_short_or_of_another_shape),
        cmocka_unit_test(test_archive_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
