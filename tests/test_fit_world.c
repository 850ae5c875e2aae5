/*
 * At full size, in days: a transparent fitted world within 1.5 % of the fitted model over 39 and 78
 * weeks, and the calibrated journey under its status quo within 3 %, both on other customers than
 * those of the pilot runs. Standard errors are some 0.6 % and 1 %, so over seeds one in 80 and one
 * in 300 would fail; the seeds are fixed.
 */
#include "tests/testlib.h"

#include "bench/fit_pilot.h"
#include "bench/loop.h"
#include "bench/strategy.h"
#include "sim/bgnbd.h"

enum { CUSTOMERS = 20000, DAYS = 273, MANY = 7 }; /* 39 weeks; repeat purchases */

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
    out->referral_base = out->referral_satisfaction = out->referral_paid = 0;
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

/* orders of each customer in 39 weeks, of which one is the first */
static void count_orders(const nb_journey_settings_t *settings, const char *strategy,
                         unsigned n_orders[CUSTOMERS])
{
    const nb_environment_type_t *environment = nb_environment_find("journey");
    nb_config_t config;
    nb_strategy_t bound;
    nb_loop_t loop;
    void *world;

    assert_ok(environment->world_init(&world, settings));
    assert_ok(nb_config_init(&config));
    assert_ok(nb_strategy_init_built_in(&bound, &config, strategy, environment->spec(world)));
    assert_ok(nb_loop_init(&loop, &(nb_loop_spec_t){.environment = environment,
                                                    .world = world,
                                                    .strategy = &bound,
                                                    .key = {2000, 0},
                                                    .n_customers = CUSTOMERS,
                                                    .periods = DAYS,
                                                    .log_purchases = 1}));
    assert_ok(nb_loop_run(&loop));
    nb_purchases_t log = environment->purchases(loop.run);
    for (size_t i = 0; i < log.n; i++) {
        n_orders[log.customer[i]]++;
    }
    nb_loop_free(&loop);
    nb_strategy_free(&bound);
    nb_config_free(&config);
    environment->world_free(world);
}

/* who never comes back and who comes often, against the fitted model; the journey's own chances
 * even customers out or set them apart, which two numbers cannot undo */
static void check_distribution(const nb_journey_settings_t *settings, const char *strategy)
{
    unsigned *n_orders = test_calloc(CUSTOMERS, sizeof *n_orders);
    double none = 0, many = 0, none_fitted = nb_bgnbd_pmf(&cdnow, 39, 0), many_fitted = 1;

    count_orders(settings, strategy, n_orders);
    for (size_t i = 0; i < CUSTOMERS; i++) {
        assert_true(n_orders[i] >= 1);
        none += n_orders[i] == 1 ? 1. / CUSTOMERS : 0;
        many += n_orders[i] > MANY ? 1. / CUSTOMERS : 0;
    }
    test_free(n_orders);
    for (unsigned n = 0; n < MANY; n++) {
        many_fitted -= nb_bgnbd_pmf(&cdnow, 39, n);
    }
    print_message("%s, 39 weeks: no repeat %.4f of %.4f, %d or more %.4f of %.4f\n", strategy, none,
                  none_fitted, MANY, many, many_fitted);
    assert_close(none, none_fitted, 0, .03);
    assert_close(many, many_fitted, 0, .01);
}

static void test_transparent_world_reproduces_the_fitted_model(void **state)
{
    nb_journey_settings_t settings;

    (void)state;
    fitted_settings(&settings);
    check_world(&settings, "never", .015);
    check_distribution(&settings, "never");
}

static void check_calibrated(const char *status_quo, int conversion)
{
    const nb_pilot_spec_t spec = {status_quo, 10000, 8, 2, 1};
    nb_journey_settings_t settings;
    nb_pilot_t pilot;

    fitted_settings(&settings);
    settings.need_conversion = conversion;
    settings.certainty_learning = 0;
    assert_ok(nb_pilot_calibrate(&settings, &spec, &pilot));
    print_message("%s: scale %.3f, shift %.3f, %d runs\n", status_quo, pilot.need_scale,
                  pilot.churn_shift, pilot.n_runs);
    settings.journey = JOURNEY_FULL;
    settings.need_scale = pilot.need_scale;
    settings.churn_shift = pilot.churn_shift;
    check_world(&settings, status_quo, .03);
    check_distribution(&settings, status_quo);
}

static void test_journey_under_never_reproduces_the_fitted_model(void **state)
{
    (void)state;
    check_calibrated("never", CONVERSION_NEVER);
}

static void test_journey_under_monthly_reproduces_the_fitted_model(void **state)
{
    (void)state;
    check_calibrated("monthly", CONVERSION_MONTHLY);
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
