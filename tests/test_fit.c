#define _POSIX_C_SOURCE 200809L
#include "tests/shared_data.h"

#include "bench/fit.h"
#include "core/memory.h"
#include "tests/synthetic_log.h"

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

/* rates of months, so that two purchases on one day are rare */
static const synthetic_t known = {.purchases = {.8, 60, 1.2, 3},
                                  .spend = {4, 5, 60},
                                  .n_customers = 4000,
                                  .birth_days = 80,
                                  .days = 730,
                                  .seed = 1};

static char *synthetic_text(const synthetic_t *synthetic, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);

    assert_non_null(out);
    write_synthetic_log(synthetic, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void read_text(nb_purchase_log_t *log, const char *text, nb_purchase_options_t options)
{
    assert_ok(nb_purchase_log_parse(log, "log.csv", text, strlen(text), &options));
}

static void check_within_errors(const double *found, const double *errors, const double *truth,
                                int n)
{
    for (int i = 0; i < n; i++) {
        assert_true(errors[i] > 0);
        assert_close(found[i], truth[i], 0, 3 * errors[i]);
    }
}

/* Seven parameters within 3 standard errors: over seeds one in some 60 would be outside; this seed
 * is inside, and draws do not depend on the machine. */
static void test_fit_gives_known_parameters_back(void **state)
{
    (void)state;
    size_t length;
    char *text = synthetic_text(&known, &length);
    nb_purchase_log_t log;
    nb_fit_t fit;

    read_text(&log, text, (nb_purchase_options_t){.in_days = 1, .calibration_end = "2020-12-31"});
    free(text);
    assert_ok(nb_fit(&fit, &log));
    assert_true(fit.converged && fit.spend_converged && fit.has_holdout);
    check_within_errors(&fit.bgnbd.r, fit.bgnbd_error, &known.purchases.r, 4);
    check_within_errors(&fit.spend.p, fit.spend_error, &known.spend.p, 3);
    /* the holdout: sd of its sum is some 3 %, so that 15 % is 5 sd: 6e-7 */
    assert_close(fit.expected, fit.actual, .15, 0);
    nb_purchase_log_free(&log);
}

/* the same log in weeks and in days is the same model */
static void test_fit_does_not_depend_on_the_unit(void **state)
{
    (void)state;
    synthetic_t small = known;
    size_t length;
    nb_purchase_log_t log;
    nb_fit_t weeks, days;

    small.n_customers = 500;
    char *text = synthetic_text(&small, &length);
    read_text(&log, text, (nb_purchase_options_t){0});
    assert_ok(nb_fit(&weeks, &log));
    nb_outlook_t by_week = nb_fit_outlook(&weeks, &log.buyers[0], .002, .5);
    nb_purchase_log_free(&log);
    read_text(&log, text, (nb_purchase_options_t){.in_days = 1});
    assert_ok(nb_fit(&days, &log));
    nb_outlook_t by_day = nb_fit_outlook(&days, &log.buyers[0], .002 / 7, .5);
    nb_purchase_log_free(&log);
    free(text);
    assert_close(days.bgnbd.r, weeks.bgnbd.r, 1e-5, 0);
    assert_close(days.bgnbd.alpha, weeks.bgnbd.alpha * 7, 1e-5, 0);
    assert_close(days.bgnbd.a, weeks.bgnbd.a, 1e-4, 0);
    assert_close(by_day.p_alive, by_week.p_alive, 1e-5, 0);
    assert_close(by_day.expected, by_week.expected, 1e-4, 0);
    assert_close(by_day.residual, by_week.residual, 1e-4, 0);
    assert_close(by_day.value, by_day.residual * by_day.spend * .5, 1e-14, 0);
}

static void check_refused(const char *text, const char *words)
{
    nb_purchase_log_t log;
    nb_fit_t fit;

    read_text(&log, text, (nb_purchase_options_t){0});
    assert_fails(nb_fit(&fit, &log), NB_ERR_DATA, words);
    nb_purchase_log_free(&log);
}

static void test_fit_refuses_logs_that_say_nothing(void **state)
{
    (void)state;
    check_refused("a,2020-01-01,1\na,2020-02-01,1\n", "log.csv: one customer");
    check_refused("a,2020-01-01,1\nb,2020-02-01,1\n",
                  "log.csv: 0 of 2 customers bought again within the calibration");
    check_refused("a,2020-01-01,1\nb,2020-02-01,1\nb,2020-03-01,1\n", "1 of 2 customers");
}

/* two repeaters: a likelihood without a maximum is said to be one */
static void test_fit_says_that_it_did_not_converge(void **state)
{
    (void)state;
    nb_purchase_log_t log;
    nb_fit_t fit;

    read_text(&log,
              "a,2020-01-01,1\na,2020-01-11,1\na,2020-01-21,1\na,2020-01-31,1\n"
              "b,2020-01-01,1\nb,2020-01-11,1\nb,2020-01-21,1\nb,2020-01-31,1\n",
              (nb_purchase_options_t){0});
    assert_ok(nb_fit(&fit, &log));
    assert_false(fit.converged);
    assert_false(fit.has_spend);
    assert_non_null(strstr(fit.why_no_spend, "too few customers"));
    assert_true(isnan(nb_fit_outlook(&fit, &log.buyers[0], .1, 1).value));
    nb_purchase_log_free(&log);
}

static void test_fit_goes_on_without_money(void **state)
{
    (void)state;
    synthetic_t small = known;
    size_t length;
    nb_purchase_log_t log;
    nb_fit_t fit;

    small.n_customers = 500;
    char *text = synthetic_text(&small, &length);
    read_text(&log, text, (nb_purchase_options_t){.columns = "customer=customer,date=date"});
    assert_ok(nb_fit(&fit, &log));
    assert_true(fit.converged);
    assert_false(fit.has_spend);
    assert_string_equal(fit.why_no_spend, "the log has no spend");
    nb_purchase_log_free(&log);
    free(text);
}

static void test_fit_survives_failing_memory(void **state)
{
    (void)state;
    synthetic_t small = known;
    size_t length;
    nb_purchase_log_t log;
    nb_fit_t fit;

    small.n_customers = 100;
    char *text = synthetic_text(&small, &length);
    read_text(&log, text, (nb_purchase_options_t){0});
    uint64_t before = nb_alloc_count();
    assert_ok(nb_fit(&fit, &log));
    uint64_t n = nb_alloc_count() - before;
    assert_true(n >= 2);
    for (uint64_t i = 1; i <= n; i++) {
        nb_alloc_fail_at(i);
        assert_int_equal(nb_fit(&fit, &log), NB_ERR_MEMORY);
        nb_alloc_fail_at(0);
    }
    nb_purchase_log_free(&log);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit_cdnow_finds_the_published_parameters),
        cmocka_unit_test(test_fit_cdnow_finds_the_published_standard_errors),
        cmocka_unit_test(test_fit_cdnow_finds_the_published_spend),
        cmocka_unit_test(test_fit_cdnow_reproduces_the_holdout_table),
        cmocka_unit_test(test_fit_cdnow_reproduces_the_cumulative_repeat_purchases),
        cmocka_unit_test(test_fit_gives_known_parameters_back),
        cmocka_unit_test(test_fit_does_not_depend_on_the_unit),
        cmocka_unit_test(test_fit_refuses_logs_that_say_nothing),
        cmocka_unit_test(test_fit_says_that_it_did_not_converge),
        cmocka_unit_test(test_fit_goes_on_without_money),
        cmocka_unit_test(test_fit_survives_failing_memory),
    };

    return cmocka_run_group_tests(tests, load_cdnow, unload_cdnow);
}
