/*
 * Whole runs with every mechanism on, two firms and three categories: saved in the middle of a
 * period they go on with the same bits, on any number of threads they give the same, and once warm
 * they allocate nothing.
 */
#include "core/archive.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "tests/journey_driver.h"

enum { N = 120, T = 40, STOP = 23 };

/* every mechanism on, at rates at which all of them happen */
static void set_world(driver_t *driver)
{
    nb_journey_settings_t *set = &driver->set;

    driver_defaults(driver);
    set->firms = 2;
    set->categories = 3;
    set->permission_start = -0.5;
    set->complement_need = 0.2;
    set->category_first = 1;
    set->consent_at_birth = set->enrolled_at_birth = 0.5;
    set->infeasible_probability = 0.1;
    set->view_lost = 0.1;
    set->platform_share = 0.1;
    set->try_on_offered = set->state_visible = set->churn_observed = 1;
    set->need_rate = 1.5;
    set->need_season = 0.3;
    set->shock_week = 20;
    set->shock_taste = 0.5;
    set->shock_knowledge = 0.3;
    set->drift_outside = 0.2;
    set->segment_share = 0.4;
    set->dormant_weeks = 8;
    set->births_organic = 0.01;
    set->births_paid = 0.005;
    set->referral_base = 0.1;
    driver_bind(driver, NB_NEED_ROWS | NB_NEED_CONTEXT, answer_random);
}

/* the rest of a period, from where it stands */
static void finish_period(driver_t *driver)
{
    static int32_t action[NB_BLOCK_ROWS * NB_MAX_SLATE];
    nb_choice_t choice = {action, NULL};
    nb_batch_t batch;

    for (;;) {
        assert_ok(journey_next_batch(driver->run, &batch));
        if (batch.n == 0) {
            break;
        }
        driver->answer(driver, &batch, action);
        assert_ok(journey_act(driver->run, &batch, &choice));
    }
    assert_ok(journey_end_period(driver->run));
}

/* a number of batches of the period, answered */
static void begin_period(driver_t *driver, int period, int n_batches)
{
    static int32_t action[NB_BLOCK_ROWS * NB_MAX_SLATE];
    nb_choice_t choice = {action, NULL};
    nb_batch_t batch;

    assert_ok(journey_begin_period(driver->run, period));
    for (int b = 0; b < n_batches; b++) {
        assert_ok(journey_next_batch(driver->run, &batch));
        assert_true(batch.n > 0);
        driver->answer(driver, &batch, action);
        assert_ok(journey_act(driver->run, &batch, &choice));
    }
}

static void play_on(driver_t *driver, int from)
{
    for (int t = from; t < T; t++) {
        driver_step(driver, t);
    }
}

static void assert_same(driver_t *a, driver_t *b)
{
    nb_result_t x, y;

    assert_ok(journey_result(a->run, &x));
    assert_ok(journey_result(b->run, &y));
    assert_int_equal(a->run->at.n, b->run->at.n);
    assert_memory_equal(x.scalar, y.scalar, x.n_scalars * sizeof *x.scalar);
    assert_memory_equal(x.series_values, y.series_values,
                        x.n_series * (size_t)x.periods * sizeof *x.series_values);
    assert_memory_equal(a->run->customers, b->run->customers, a->run->at.n * sizeof(customer_t));
}

/* saved after any number of batches of a period */
static void test_market_run_goes_on_from_the_middle_of_a_period(void **state)
{
    (void)state;
    for (int n_batches = 0; n_batches < 10; n_batches += 3) {
        driver_t whole, again;
        nb_archive_t archive = {0};

        set_world(&whole);
        set_world(&again);
        driver_start(&whole, 5, N, T);
        driver_start(&again, 5, N, T);
        for (int t = 0; t < STOP; t++) {
            driver_step(&whole, t);
        }
        begin_period(&whole, STOP, n_batches);
        assert_ok(journey_archive(whole.run, &archive));
        nb_archive_load(&archive);
        assert_ok(journey_archive(again.run, &archive));
        assert_int_equal(archive.at, archive.n);
        finish_period(&whole);
        finish_period(&again);
        play_on(&whole, STOP + 1);
        play_on(&again, STOP + 1);
        assert_same(&whole, &again);
        nb_archive_free(&archive);
        driver_free(&whole);
        driver_free(&again);
    }
}

/* nobody is born any more, lists have grown: no period allocates */
static void test_market_run_allocates_nothing_once_it_is_warm(void **state)
{
    driver_t driver;
    uint64_t before;

    (void)state;
    set_world(&driver);
    driver.set.births_organic = driver.set.births_paid = driver.set.referral_base = 0;
    driver.set.referral_satisfaction = driver.set.referral_paid = 0;
    driver_start(&driver, 5, N, T);
    for (int t = 0; t < STOP; t++) {
        driver_step(&driver, t);
    }
    before = nb_alloc_count();
    play_on(&driver, STOP);
    assert_int_equal(nb_alloc_count(), before);
    driver_free(&driver);
}

enum { N_RUNS = 4 };

static driver_t runs[2][N_RUNS];

/* a run of its own; asserts stay outside of threads */
static int run_one(void *context, size_t r, int worker)
{
    driver_t *driver = &((driver_t *)context)[r];
    int32_t action[NB_BLOCK_ROWS];
    nb_choice_t choice = {action, NULL};

    (void)worker;
    for (int t = 0; t < T; t++) {
        NB_TRY(journey_begin_period(driver->run, t));
        for (;;) {
            nb_batch_t batch;

            NB_TRY(journey_next_batch(driver->run, &batch));
            if (batch.n == 0) {
                break;
            }
            answer_random(driver, &batch, action);
            NB_TRY(journey_act(driver->run, &batch, &choice));
        }
        NB_TRY(journey_end_period(driver->run));
    }
    return NB_OK;
}

static void test_market_run_is_the_same_on_any_number_of_threads(void **state)
{
    const int threads[2] = {1, 4};

    (void)state;
    for (int k = 0; k < 2; k++) {
        for (uint32_t r = 0; r < N_RUNS; r++) {
            set_world(&runs[k][r]);
            for (unsigned f = 0; f < MAX_FIRMS; f++) {
                runs[k][r].needs[f * N_POINTS + POINT_PRODUCT] = 0; /* slates of one */
            }
            driver_start(&runs[k][r], r, N, T);
        }
        assert_ok(nb_parallel_for(threads[k], N_RUNS, run_one, runs[k]));
    }
    for (int r = 0; r < N_RUNS; r++) {
        assert_same(&runs[0][r], &runs[1][r]);
        driver_free(&runs[0][r]);
        driver_free(&runs[1][r]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market_run_goes_on_from_the_middle_of_a_period),
        cmocka_unit_test(test_market_run_allocates_nothing_once_it_is_warm),
        cmocka_unit_test(test_market_run_is_the_same_on_any_number_of_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
