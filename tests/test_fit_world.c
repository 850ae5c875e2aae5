/*
 * At full size, in days: a transparent fitted world within 1.5 % of the fitted model over 39 and 78
 * weeks, and the calibrated journey under its status quo within 3 %, both on other customers than
 * those of the pilot runs. Standard errors are some 0.6 % and 1 %, so over seeds one in 80 and one
 * in 300 would fail; the seeds are fixed.
 */
#include "tests/testlib.h"

#include "bench/fit_pilot.h"
#include "sim/bgnbd.h"

/* CDNOW */
static const nb_bgnbd_t cdnow = {.242594, 4.413602, .792922, 2.425907};
static const double weeks[NB_PILOT_SPANS] = {39, 78};

static void fitted_settings(nb_journey_settings_t *out)
{
    assert_ok(nb_settings_defaults(nb_journey_settings, out));
    out->period_weeks = 1. / 7;
    out->journey = JOURNEY_TRANSPARENT;
    out->need_queue = 1;
    out->need_shape = cdnow.r;
    out->need_rate = cdnow.alpha;
    out->churn_family = CHURN_BETA;
    out->churn_a = cdnow.a;
    out->churn_b = cdnow.b;
    out->churn_weekly = 0;
    out->births_organic = 0;
}

static void check_world(const nb_journey_settings_t *settings, const char *strategy,
                        double tolerance)
{
    const nb_pilot_spec_t fresh = {strategy, 10000, 16, 2, 1000};
    double reached[NB_PILOT_SPANS];

    assert_ok(nb_pilot_run(settings, &fresh, reached));
    for (int k = 0; k < NB_PILOT_SPANS; k++) {
        print_message("%s, %g weeks: %.4f of %.4f\n", strategy, weeks[k], reached[k],
                      nb_bgnbd_expected(&cdnow, weeks[k]));
        assert_close(reached[k], nb_bgnbd_expected(&cdnow, weeks[k]), tolerance, 0);
    }
}

static void test_transparent_world_reproduces_the_fitted_model(void **state)
{
    nb_journey_settings_t settings;

    (void)state;
    fitted_settings(&settings);
    check_world(&settings, "never", .015);
}

static void check_calibrated(const char *status_quo)
{
    const nb_pilot_spec_t spec = {status_quo, 10000, 8, 2, 1};
    nb_journey_settings_t settings;
    nb_pilot_t pilot;

    fitted_settings(&settings);
    assert_ok(nb_pilot_calibrate(&settings, &spec, &pilot));
    print_message("%s: scale %.3f, shift %.3f, %d runs\n", status_quo, pilot.need_scale,
                  pilot.churn_shift, pilot.n_runs);
    settings.journey = JOURNEY_FULL;
    settings.need_scale = pilot.need_scale;
    settings.churn_shift = pilot.churn_shift;
    check_world(&settings, status_quo, .03);
}

static void test_journey_under_never_reproduces_the_fitted_model(void **state)
{
    (void)state;
    check_calibrated("never");
}

static void test_journey_under_monthly_reproduces_the_fitted_model(void **state)
{
    (void)state;
    check_calibrated("monthly");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transparent_world_reproduces_the_fitted_model),
        cmocka_unit_test(test_journey_under_never_reproduces_the_fitted_model),
        cmocka_unit_test(test_journey_under_monthly_reproduces_the_fitted_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
