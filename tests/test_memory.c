#include "core/memory.h"
#include "tests/testlib.h"

static void test_memory_alloc_zeroes_and_aligns(void **state)
{
    double *values = NULL;

    (void)state;
    assert_ok(nb_alloc(&values, 100, sizeof *values));
    assert_int_equal((uintptr_t)values % 64, 0);
    for (int i = 0; i < 100; i++) {
        assert_true(values[i] == 0.0);
    }
    nb_free(values);
}

static void test_memory_nth_allocation_fails_when_asked(void **state)
{
    char *first = NULL, *second = NULL;

    (void)state;
    nb_alloc_fail_at(2);
    assert_ok(nb_alloc(&first, 1, 1));
    assert_fails(nb_alloc(&second, 1, 1), NB_ERR_MEMORY, "out of memory");
    assert_null(second);
    nb_alloc_fail_at(0);
    nb_free(first);
}

static void test_memory_impossible_size_is_refused(void **state)
{
    char *memory = NULL;

    (void)state;
    assert_fails(nb_alloc(&memory, SIZE_MAX / 2, 4), NB_ERR_MEMORY, "out of memory");
}

static void test_memory_grow_keeps_the_old_and_zeroes_the_new(void **state)
{
    int *values = NULL;

    (void)state;
    assert_ok(nb_alloc(&values, 2, sizeof *values));
    values[1] = 7;
    assert_ok(nb_grow(&values, 2, 4, sizeof *values));
    assert_int_equal(values[1], 7);
    assert_int_equal(values[3], 0);
    nb_free(values);
}

static void test_arena_release_gives_the_same_memory_again(void **state)
{
    nb_arena_t arena;
    size_t mark;
    void *first;

    (void)state;
    assert_ok(nb_arena_init(&arena, 4096));
    mark = nb_arena_mark(&arena);
    first = nb_arena_take(&arena, 10, 8);
    nb_arena_release(&arena, mark);
    assert_ptr_equal(nb_arena_take(&arena, 3, 8), first);
    nb_arena_free(&arena);
    nb_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_alloc_zeroes_and_aligns),
        cmocka_unit_test(test_memory_nth_allocation_fails_when_asked),
        cmocka_unit_test(test_memory_impossible_size_is_refused),
        cmocka_unit_test(test_memory_grow_keeps_the_old_and_zeroes_the_new),
        cmocka_unit_test(test_arena_release_gives_the_same_memory_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
