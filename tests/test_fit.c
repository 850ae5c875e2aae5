#define _POSIX_C_SOURCE 200809L
#include "tests/shared_data.h"

#include "bench/fit.h"
#include "core/memory.h"
#include "core/rng.h"

/* CDNOW, calibration to 1997-09-30, fitted once for all tests that read it */
typedef struct {
    int is_there;
    nb_purchase_log_t log;
    nb_fit_t fit;
} cdnow_t;

static cdnow_t cdnow;

static int load_cdnow(void **state)
{
    nb_purchase_options_t options = {.columns = "customer=1,date=3,spend=5",
                                     .calibration_end = "1997-09-30"};
    char path[1024];

    (void)state;
    if (!find_shared_data("CDNOW_sample.txt", path, sizeof path)) {
        return 0;
    }
    assert_ok(nb_purchase_log_read(&cdnow.log, path, &options));
    assert_ok(nb_fit(&cdnow.fit, &cdnow.log));
    cdnow.is_there = 1;
    return 0;
}

static int unload_cdnow(void **state)
{
    (void)state;
    nb_purchase_log_free(&cdnow.log);
    return 0;
}

/* CLVTools and BTYD publish .2425945 4.4136019 .7929199 2.4258881, LL -9582.429 */
static void test_fit_cdnow_finds_the_published_parameters(void **state)
{
    (void)state;
    if (!cdnow.is_there) {
        skip();
    }
    assert_int_equal(cdnow.log.n, 2357);
    assert_true(cdnow.fit.converged);
    assert_close(cdnow.fit.bgnbd.r, .242595, 0, 1e-6);
    assert_close(cdnow.fit.bgnbd.alpha, 4.413602, 0, 1e-5);
    assert_close(cdnow.fit.bgnbd.a, .792922, 0, 1e-5);
    assert_close(cdnow.fit.bgnbd.b, 2.425906, 0, 3e-5);
    assert_close(cdnow.fit.log_likelihood, -9582.429207, 0, 2e-6);
}

static void test_fit_cdnow_finds_the_published_standard_errors(void **state)
{
    (void)state;
    const double errors[] = {.012557, .378224, .185732, .705407};

    if (!cdnow.is_there) {
        skip();
    }
    for (int i = 0; i < 4; i++) {
        assert_close(cdnow.fit.bgnbd_error[i], errors[i], 1e-4, 0);
    }
}

/* CLVTools: 6.25 3.74 15.44, LL -4055.9177 */
static void test_fit_cdnow_finds_the_published_spend(void **state)
{
    (void)state;
    if (!cdnow.is_there) {
        skip();
    }
    assert_true(cdnow.fit.has_spend && cdnow.fit.spend_converged);
    assert_int_equal(cdnow.fit.n_spenders, 946);
    assert_close(cdnow.fit.spend.p, 6.249572, 2e-5, 0);
    assert_close(cdnow.fit.spend.q, 3.744224, 2e-5, 0);
    assert_close(cdnow.fit.spend.v, 15.443519, 5e-5, 0);
    assert_close(cdnow.fit.spend_log_likelihood, -4055.917695, 0, 2e-6);
}

static void test_fit_cdnow_reproduces_the_holdout_table(void **state)
{
    (void)state;
    const size_t customers[] = {1411, 439, 214, 100, 62, 38, 29, 64};
    const double actual[] = {.2367116, .6970387, 1.392523, 1.56,
                             2.532258, 2.947368, 3.862069, 6.359375};
    const double expected[] = {.225087,  .523131,  1.044134, 1.520280,
                               2.163866, 2.653846, 3.504042, 6.157191};

    if (!cdnow.is_there) {
        skip();
    }
    assert_close(cdnow.fit.horizon, 39, 0, 0);
    assert_close(cdnow.fit.actual, 1882, 0, 0);
    assert_close(cdnow.fit.expected, 1653.409, 0, 1e-3);
    for (int i = 0; i < NB_FIT_BINS; i++) {
        const nb_fit_bin_t *bin = &cdnow.fit.bins[i];

        assert_int_equal(bin->customers, customers[i]);
        assert_close(bin->actual / (double)bin->customers, actual[i], 1e-6, 0);
        assert_close(bin->expected / (double)bin->customers, expected[i], 0, 2e-6);
    }
}

/* BTYD walkthrough, with its parameters; the last two recomputed */
static void test_fit_cdnow_reproduces_the_cumulative_repeat_purchases(void **state)
{
    (void)state;
    const double weeks[] = {20, 21, 22, 23, 24, 25, 39, 78};
    const double expected[] = {1312.4577, 1387.346,  1460.392,  1531.713,
                               1601.418,  1669.5995, 2501.5185, 4165.6289};
    const nb_fit_t walkthrough = {.bgnbd = {.2425967, 4.413659, .7929869, 2.426164}};

    if (!cdnow.is_there) {
        skip();
    }
    for (int i = 0; i < 8; i++) {
        assert_close(nb_fit_cumulative(&walkthrough, &cdnow.log, weeks[i]), expected[i], 1e-6, 0);
        assert_close(nb_fit_cumulative(&cdnow.fit, &cdnow.log, weeks[i]), expected[i], 1e-5, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_cdnow_finds_the_published_parameters),
        cmocka_unit_test(test_fit_cdnow_finds_the_published_standard_errors),
        cmocka_unit_test(test_fit_cdnow_finds_the_published_spend),
        cmocka_unit_test(test_fit_cdnow_reproduces_the_holdout_table),
        cmocka_unit_test(test_fit_cdnow_reproduces_the_cumulative_repeat_purchases),
    };

    return cmocka_run_group_tests(tests, load_cdnow, unload_cdnow);
}
