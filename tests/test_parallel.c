#include <stdatomic.h>

#include "core/memory.h"
#include "core/parallel.h"
#include "tests/testlib.h"

enum { N_ITEMS = 1000, MAX_THREADS = 8 };

/* no assert in here: it would jump out of another thread */
typedef struct {
    atomic_int calls[N_ITEMS];
    atomic_int bad_worker;
    int n_threads;
    size_t fail_from; /* items from here on fail */
} work_t;

static int count_call(void *context, size_t i_item, int i_worker)
{
    work_t *self = context;

    atomic_fetch_add(&self->calls[i_item], 1);
    if (i_worker < 0 || i_worker >= self->n_threads) {
        atomic_store(&self->bad_worker, 1);
    }
    if (i_item >= self->fail_from) {
        NB_FAIL(NB_ERR_DATA, "item %zu is bad", i_item);
    }
    return NB_OK;
}

static void test_parallel_calls_every_item_once(void **state)
{
    static const int n_threads[] = {1, 2, 4, MAX_THREADS};

    (void)state;
    for (int t = 0; t < 4; t++) {
        static work_t work;

        memset(&work, 0, sizeof work);
        work.n_threads = n_threads[t];
        work.fail_from = N_ITEMS;
        assert_ok(nb_parallel_for(n_threads[t], N_ITEMS, count_call, &work));
        for (int i = 0; i < N_ITEMS; i++) {
            assert_int_equal(atomic_load(&work.calls[i]), 1);
        }
        assert_int_equal(atomic_load(&work.bad_worker), 0);
    }
}

static void test_parallel_returns_the_error_of_the_lowest_item(void **state)
{
    (void)state;
    for (int n_threads = 1; n_threads <= MAX_THREADS; n_threads++) {
        static work_t work;

        memset(&work, 0, sizeof work);
        work.n_threads = n_threads;
        work.fail_from = 37;
        nb_error_clear();
        assert_fails(nb_parallel_for(n_threads, N_ITEMS, count_call, &work), NB_ERR_DATA,
                     "item 37 is bad");
        for (int i = 0; i <= 37; i++) {
            assert_int_equal(atomic_load(&work.calls[i]), 1);
        }
        /* each thread may have begun one item at the time of the error */
        for (int i = 37 + n_threads; i < N_ITEMS; i++) {
            assert_int_equal(atomic_load(&work.calls[i]), 0);
        }
    }
}

static void test_parallel_without_items_does_nothing(void **state)
{
    (void)state;
    assert_ok(nb_parallel_for(4, 0, count_call, NULL));
}

static void test_parallel_reports_missing_memory(void **state)
{
    static work_t work = {.n_threads = 2, .fail_from = N_ITEMS};

    (void)state;
    nb_alloc_fail_at(1);
    assert_fails(nb_parallel_for(2, N_ITEMS, count_call, &work), NB_ERR_MEMORY, "out of memory");
    nb_alloc_fail_at(0);
    assert_int_equal(atomic_load(&work.calls[0]), 0);
}

static void test_parallel_sees_a_processor(void **state)
{
    (void)state;
    assert_true(nb_parallel_processors() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parallel_calls_every_item_once),
        cmocka_unit_test(test_parallel_returns_the_error_of_the_lowest_item),
        cmocka_unit_test(test_parallel_without_items_does_nothing),
        cmocka_unit_test(test_parallel_reports_missing_memory),
        cmocka_unit_test(test_parallel_sees_a_processor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
