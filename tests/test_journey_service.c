/*
 * Respond: how an order turns out under each service, what cannot be met, lateness, returns and
 * guarantee windows, and the customer's own surplus.
 */
#include "tests/journey_scene.h"

enum { ROW = 4, PRODUCT = 2 };

static double s(double v)
{
    return 1 / (1 + exp(-v));
}

static void set_quiet(driver_t *driver)
{
    scene_defaults(driver);
    driver->set.quality_noise = 0;
    driver->set.spend_varies = 0;
}

/* y without luck */
static double quality(const journey_t *run, const visit_t *visit)
{
    const catalogue_t *c = &run->world->catalogue[visit->category];

    return 0.9 + 0.5 * c->quality[PRODUCT] - 0.42 * journey_distance(c, visit->x, PRODUCT);
}

static double margin_of(const journey_t *run)
{
    const catalogue_t *c = &run->world->catalogue[0];

    return 40 * c->price[PRODUCT] * c->margin[PRODUCT];
}

/* y, S, E, T, H and money after each service; what is infeasible costs twice its margin more */
static void test_service_by_hand(void **state)
{
    const struct {
        unsigned respond;
        int is_infeasible;
        double service, cost, margins;
    } rows[] = {{RESPOND_STANDARD, 0, 0, 3, 0},         {RESPOND_EXPRESS, 0, 0.15, 4, 0},
                {RESPOND_WHITE_GLOVE, 0, 0.35, 5.5, 0}, {RESPOND_STANDARD, 1, 0, 3, 2},
                {RESPOND_WHITE_GLOVE, 1, 0.35, 5.5, 2}, {RESPOND_SUBSTITUTE, 1, -0.5, 3, 0}};

    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        driver_t driver;
        journey_t *run;

        set_quiet(&driver);
        driver.set.infeasible_probability = rows[k].is_infeasible;
        run = scene_open(&driver, 10);
        visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_NONE);
        assert_int_equal(visit.infeasible, rows[k].is_infeasible);
        run->satisfaction[ROW] = 0.2f;
        run->trust[ROW] = 0.6f;
        run->habit[ROW] = 0.1f;
        double money = scene_money(&driver), E = run->customers[ROW].expectation;
        scene_buy(&driver, &visit, PRODUCT, rows[k].respond);
        double D = quality(run, &visit) + rows[k].service - E, felt = D >= 0 ? D : 2 * D;
        assert_close(run->satisfaction[ROW], 0.2 + 0.3 * (felt - 0.2), 0, 1e-5);
        assert_close(run->customers[ROW].expectation, E + 0.2 * D, 0, 1e-5);
        assert_close(run->trust[ROW], 0.6 + 0.15 * ((D >= -0.2) - 0.6), 0, 1e-5);
        assert_close(run->habit[ROW], 0.25, 0, 1e-6);
        assert_close(scene_money(&driver) - money,
                     margin_of(run) * (1 - rows[k].margins) - rows[k].cost, 0, 1e-5);
        driver_free(&driver);
    }
}

/* refused: no sale, T -= 0.02, the journey ends */
static void test_service_refusal_by_hand(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    set_quiet(&driver);
    driver.set.infeasible_probability = 1;
    run = scene_open(&driver, 10);
    visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    assert_int_equal(journey_mask(run, POINT_RESPOND, ROW, &visit), (1u << N_RESPOND) - 1);
    run->trust[ROW] = 0.6f;
    double money = scene_money(&driver);
    float S = run->satisfaction[ROW];
    scene_buy(&driver, &visit, PRODUCT, RESPOND_REFUSE);
    assert_close(run->trust[ROW], 0.58, 0, 1e-6);
    assert_true(run->satisfaction[ROW] == S);
    assert_close(scene_money(&driver) - money, 0, 0, 0);
    assert_int_equal(run->n_open[ROW], 0);
    assert_int_equal(visit.ended && !visit.ordered, 1);
    assert_int_equal(journey_mask(run, POINT_REPEAT, ROW, &visit),
                     1u << REPEAT_NOTHING | 1u << REPEAT_SURVEY | 1u << REPEAT_WIN_BACK);
    visit.infeasible = 0;
    assert_int_equal(journey_mask(run, POINT_RESPOND, ROW, &visit),
                     1u << RESPOND_STANDARD | 1u << RESPOND_EXPRESS | 1u << RESPOND_WHITE_GLOVE);
    driver_free(&driver);
}

/* frequencies over one order of everybody */
static void test_service_frequencies(void **state)
{
    enum { N = 2500 };
    driver_t driver;
    journey_t *run;
    double infeasible = 0, late, returned = 0, p_return = 0;

    (void)state;
    set_quiet(&driver);
    driver.set.infeasible_probability = 0.1;
    driver.set.late_probability = 0.2;
    driver.set.late_loss = 0; /* counted, not felt: y is known */
    driver.set.return_base = -1.5;
    run = scene_open(&driver, N);
    double late_before = run->at.sums[0].late;
    size_t pending_before = run->n_pending;
    for (uint32_t i = 0; i < N; i++) {
        visit_t visit = scene_visit(&driver, i, 0, DISPLAY_CATALOGUE, OFFER_GUARANTEE100);

        infeasible += visit.infeasible;
        scene_buy(&driver, &visit, PRODUCT, RESPOND_STANDARD);
        p_return += s(-1.5 - 1.3 * (quality(run, &visit) - 0.4) + 0.20 * 100 / 30 +
                      0.8 * journey_sigma_u(run, &visit) * journey_fit(run, &visit, PRODUCT)) /
                    N;
    }
    for (size_t k = pending_before; k < run->n_pending; k++) {
        returned += run->pending[k].returned;
        assert_in_range(run->pending[k].due - 1, 1, 14);
    }
    late = run->at.sums[0].late - late_before;
    scene_check_frequency(infeasible, N, 0.1);
    scene_check_frequency(late, N, 0.2);
    scene_check_frequency(returned, N, p_return);
    driver_free(&driver);
}

/* a window closes after its weeks: 4, or 14 under the 100-day guarantee; then the journey ends */
static void test_service_windows_close(void **state)
{
    const unsigned offers[] = {OFFER_NONE, OFFER_GUARANTEE30, OFFER_GUARANTEE100};
    const int weeks[] = {4, 4, 14};

    (void)state;
    for (int k = 0; k < 3; k++) {
        driver_t driver;

        set_quiet(&driver);
        driver.set.visit_base = -10;
        scene_open(&driver, 10);
        visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, offers[k]);
        scene_buy(&driver, &visit, PRODUCT, RESPOND_STANDARD);
        for (int t = 1; t <= weeks[k]; t++) {
            assert_int_equal(scene_count(&driver, ROW, visit.ordinal, NB_EVENT_JOURNEY_END), 0);
            scene_next_period(&driver);
        }
        assert_int_equal(scene_count(&driver, ROW, visit.ordinal, NB_EVENT_JOURNEY_END), 1);
        driver_free(&driver);
    }
}

/* a return gives back the margin less the discount, costs 8, and S -= 0.1, when its week has come
 */
static void test_service_return_by_hand(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    set_quiet(&driver);
    driver.set.return_base = 10;
    driver.set.return_quality = driver.set.return_fit = 0;
    driver.set.visit_base = -10;
    run = scene_open(&driver, 10);
    run->n_pending = run->customers[ROW].n_returns = 0; /* of first purchases */
    visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_DISCOUNT10);
    scene_buy(&driver, &visit, PRODUCT, RESPOND_STANDARD);
    assert_int_equal(run->n_pending, 1);
    int due = run->pending[0].due;
    assert_in_range(due, 2, 5);
    run->satisfaction[ROW] = 0.5f;
    while (run->at.period < due) {
        assert_int_equal(run->customers[ROW].n_returns, 0);
        scene_next_period(&driver);
    }
    double price = 40 * run->world->catalogue[0].price[PRODUCT];
    assert_close(run->at.sums[0].returns_cost, -(margin_of(run) - 0.1 * price) - 8, 0, 1e-4);
    assert_close(run->satisfaction[ROW], 0.4, 0, 1e-6);
    assert_int_equal(run->customers[ROW].n_returns, 1);
    driver_free(&driver);
}

/* (P / beta) (y + 0.3 - beta (p (1 - d) - 1)) if kept, - 0.1 P where returned, P = 40 x basket */
static void test_service_surplus_by_hand(void **state)
{
    (void)state;
    for (int is_returned = 0; is_returned < 2; is_returned++) {
        driver_t driver;
        journey_t *run;

        set_quiet(&driver);
        driver.set.return_base = is_returned ? 20 : -50;
        run = scene_open(&driver, 10);
        visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_DISCOUNT20);
        double before = run->surplus[ROW], beta = run->customers[ROW].beta;
        scene_buy(&driver, &visit, PRODUCT, RESPOND_STANDARD);
        double paid = run->world->catalogue[0].price[PRODUCT] * 0.8;
        double kept = 40 / beta * (quality(run, &visit) + 0.3 - beta * (paid - 1));
        assert_close(run->surplus[ROW] - before, run->world->gamma * (is_returned ? -4 : kept),
                     1e-5, 1e-4);
        driver_free(&driver);
    }
}

/* fatigue costs her 0.05 phi F a week: what a contact adds, until it has faded */
static void test_service_fatigue_costs_surplus(void **state)
{
    driver_t driver;
    journey_t *run;
    double sum = 0, F, phi;

    (void)state;
    set_quiet(&driver);
    run = scene_open(&driver, 10);
    phi = run->customers[ROW].phi;
    F = run->fatigue[ROW] = 0;
    double before = run->surplus[ROW];
    journey_tire(run, ROW, 1.5);
    F = 1.5;
    for (int week = 0; week < 200; week++, F *= 0.75) {
        sum -= 0.05 * phi * F * pow(run->world->gamma, 1 + week);
    }
    assert_close(run->surplus[ROW] - before, sum, 1e-4, 0);
    driver_free(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_service_by_hand),
        cmocka_unit_test(test_service_refusal_by_hand),
        cmocka_unit_test(test_service_frequencies),
        cmocka_unit_test(test_service_windows_close),
        cmocka_unit_test(test_service_return_by_hand),
        cmocka_unit_test(test_service_surplus_by_hand),
        cmocka_unit_test(test_service_fatigue_costs_surplus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
