/*
 * Automatic execution: kept, refused, or met by nobody's need; each with its numbers.
 */
#include "tests/journey_scene.h"

enum { ROW = 4 };

static double s(double v)
{
    return 1 / (1 + exp(-v));
}

/* sends one and delivers it by the standard; the visit as it was in the end */
static visit_t send(driver_t *driver, uint32_t row)
{
    journey_t *run = driver->run;
    size_t at = run->n_visits;

    assert_ok(journey_send_auto(run, row));
    assert_int_equal(run->n_visits, at + 1);
    assert_ok(journey_fulfil(run, &run->visits[at], RESPOND_STANDARD));
    return run->visits[at];
}

static void set_customer(journey_t *run, uint32_t row, float agency)
{
    run->customers[row].agency = agency;
    run->trust[row] = 0.8f;
    run->satisfaction[row] = 0.5f;
}

/* nobody needed it: 10 + delivery, T -= 0.06 + 0.20 g, S -= 0.2 + 0.3 g, a churn draw, no window */
static void test_auto_incident_by_hand(void **state)
{
    driver_t driver;
    journey_t *run;
    uint32_t row;

    (void)state;
    scene_defaults(&driver);
    driver.set.churn_purchase = -2.9;
    run = scene_open(&driver, 30);
    row = scene_idle_row(&driver, 0);
    set_customer(run, row, 0.5f);
    run->clock[row] = 5;
    run->fatigue[row] = 0;
    double money = scene_money(&driver), loyalty = run->customers[row].loyalty;
    size_t n_pending = run->n_pending;
    visit_t visit = send(&driver, row);
    assert_int_equal(visit.i_need, NO_NEED);
    assert_close(scene_money(&driver) - money, -13, 0, 1e-9);
    assert_close(run->trust[row], 0.8 - 0.16, 0, 1e-6);
    assert_close(run->satisfaction[row], 0.5 - 0.35, 0, 1e-6);
    assert_close(run->clock[row], 5 + log1p(-s(-2.9 - loyalty - 1.2 * 0.15 - 2 * (0.64 - 0.5))), 0,
                 1e-5);
    assert_int_equal(run->n_pending, n_pending);
    assert_int_equal(scene_count(&driver, row, visit.ordinal, NB_EVENT_JOURNEY_END), 1);
    assert_close(run->at.sums[0].incidents, 1, 0, 0);
    driver_free(&driver);
}

/* what she would have liked best is what is sent where she needs nothing: x is her taste */
static void test_auto_without_a_need_guesses_from_taste(void **state)
{
    driver_t driver;
    journey_t *run;
    visit_t visit;
    uint32_t row;
    float x[N_TASTE];

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, 30);
    row = scene_idle_row(&driver, 0);
    journey_plan_auto(run, row, &visit);
    journey_taste(run, row, x);
    assert_memory_equal(visit.x, x, sizeof x);
    assert_int_equal(visit.n_shown, 1);
    driver_free(&driver);
}

/* the dead cost the same, and nothing happens to them */
static void test_auto_to_the_dead_is_an_incident(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, 30);
    scene_need(&driver, ROW, 0);
    set_customer(run, ROW, 0.5f);
    run->alive[ROW] = DEAD;
    double money = scene_money(&driver);
    assert_int_equal(send(&driver, ROW).i_need, NO_NEED);
    assert_close(scene_money(&driver) - money, -13, 0, 1e-9);
    assert_true(run->trust[ROW] == 0.8f && run->satisfaction[ROW] == 0.5f);
    assert_int_equal(run->n_open[ROW], 1);
    driver_free(&driver);
}

/* share of the goods that is lost with a wasted basket */
static void test_auto_incident_may_cost_its_goods(void **state)
{
    driver_t driver;
    journey_t *run;
    visit_t visit;
    uint32_t row;

    (void)state;
    scene_defaults(&driver);
    driver.set.incident_goods = 0.5;
    driver.set.spend_varies = 0;
    run = scene_open(&driver, 30);
    row = scene_idle_row(&driver, 0);
    double money = scene_money(&driver);
    visit = send(&driver, row);
    const catalogue_t *c = &run->world->catalogue[0];
    unsigned j = visit.shown[0];
    assert_close(scene_money(&driver) - money, -13 - 0.5 * 40 * c->price[j] * (1 - c->margin[j]), 0,
                 1e-6);
    driver_free(&driver);
}

/* needed and refused: 8 + delivery, S -= 0.1 + 0.15 g, T -= 0.05 (1 + g), the need stays */
static void test_auto_refused_by_hand(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    driver.set.auto_base = -50;
    run = scene_open(&driver, 30);
    scene_need(&driver, ROW, 0);
    set_customer(run, ROW, 0.6f);
    float clock = run->clock[ROW], expectation = run->customers[ROW].expectation;
    double money = scene_money(&driver);
    unsigned orders = run->customers[ROW].n_purchases;
    visit_t visit = send(&driver, ROW);
    assert_int_not_equal(visit.i_need, NO_NEED);
    assert_true(run->at.sums[0].auto_refused == 1);
    assert_close(scene_money(&driver) - money, -11, 0, 1e-9);
    assert_close(run->satisfaction[ROW], 0.5 - 0.19, 0, 1e-6);
    assert_close(run->trust[ROW], 0.8 - 0.08, 0, 1e-6);
    assert_true(run->clock[ROW] == clock && run->customers[ROW].expectation == expectation);
    assert_int_equal(run->n_open[ROW], 1);
    assert_int_equal(run->customers[ROW].n_purchases, orders);
    driver_free(&driver);
}

/* kept: y += 0.35 (1 - 2 g), then like any order; no awareness, visit or checkout */
static void test_auto_kept_by_hand(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        float agency = k ? 0.9f : 0.1f;
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.auto_base = 50;
        driver.set.quality_noise = 0;
        driver.set.checkout_base = -10;
        run = scene_open(&driver, 30);
        need_t *need = scene_need(&driver, ROW, 0);
        need->status = NEED_LATENT;
        set_customer(run, ROW, agency);
        double E = run->customers[ROW].expectation;
        visit_t visit = send(&driver, ROW);
        const catalogue_t *c = &run->world->catalogue[0];
        unsigned j = (unsigned)visit.product;
        double y = 0.9 + 0.5 * c->quality[j] - 0.42 * journey_distance(c, visit.x, j) +
                   0.35 * (1 - 2 * agency);
        double D = y - E, felt = D >= 0 ? D : 2 * D;
        assert_int_equal(visit.ordered, 1);
        assert_int_equal(run->n_open[ROW], 0);
        assert_close(run->satisfaction[ROW], 0.5 + 0.3 * (felt - 0.5), 0, 1e-5);
        assert_close(run->trust[ROW], 0.8 + 0.15 * ((D >= -0.2) - 0.8), 0, 1e-5);
        assert_close(run->customers[ROW].expectation, E + 0.2 * D, 0, 1e-5);
        assert_close(run->at.sums[0].experience_orders[EXPERIENCE_AUTO], 1, 0, 0);
        driver_free(&driver);
    }
}

/* s(U + 2.2 - 3 g), U with one product and no display or discount term; and as frequent as that */
static void test_auto_is_kept_as_often_as_it_should(void **state)
{
    enum { N = 2500 };
    driver_t driver;
    journey_t *run;
    double p = 0, n;

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, N);
    for (uint32_t i = 0; i < N; i++) {
        const customer_t *who = &run->customers[i];
        const catalogue_t *c = &run->world->catalogue[0];
        visit_t visit;

        scene_need(&driver, i, 0);
        run->customers[i].win_back_until = 50; /* no term of an automatic order */
        journey_plan_auto(run, i, &visit);
        unsigned j = visit.shown[0];
        double sigma = 0.9 * sqrt(1 - 0.5 * run->at.K_pop[0]),
               ref = run->relations[i].reference_price;
        double U = 0.3 + c->quality[j] - 0.7 * journey_distance(c, visit.x, j) +
                   sigma * journey_fit(run, &visit, j) - 0.5 * who->risk * sigma * sigma -
                   who->beta * (c->price[j] - 1) - who->beta * fmax(0, c->price[j] - ref) +
                   0.6 * (run->trust[i] - 0.5);
        double keep = s(U + 2.2 - 3 * who->agency);
        assert_close(journey_p_keep(run, &visit), keep, 1e-5, 0);
        p += keep / N;
        send(&driver, i);
    }
    n = N - run->at.sums[0].auto_refused;
    scene_check_frequency(n, N, p);
    assert_close(run->at.sums[0].incidents, 0, 0, 0);
    driver_free(&driver);
}

/* one that went wrong is followed by a pause, one that was kept by none */
static void test_auto_pauses_after_an_error(void **state)
{
    (void)state;
    for (int is_kept = 0; is_kept < 2; is_kept++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.auto_base = is_kept ? 50 : -50;
        run = scene_open(&driver, 30);
        scene_need(&driver, ROW, 0);
        run->flags[ROW] |= FLAG_CONSENT | FLAG_ENROLLED;
        send(&driver, ROW);
        for (int later = 1; later < 12; later++) {
            run->at.period = 1 + later;
            assert_int_equal(journey_mask(run, POINT_RECOGNIZE, ROW, NULL) >> RECOGNIZE_AUTO_ORDER &
                                 1,
                             is_kept || later > 8);
        }
        driver_free(&driver);
    }
}

static void answer_auto(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    (void)driver;
    for (size_t i = 0; i < batch->n; i++) {
        action[i] = nb_mask_allows(batch->mask, 1, i, RECOGNIZE_AUTO_ORDER) &&
                            (batch->period + (int)batch->customer[i]) % 13 == 0
                        ? RECOGNIZE_AUTO_ORDER
                        : RECOGNIZE_WAIT;
    }
}

/* sent blindly, automatic orders cost a customer's life the more the more she wants to decide */
static void test_auto_errors_cost_more_with_agency(void **state)
{
    double loss[2];

    (void)state;
    for (int k = 0; k < 2; k++) {
        double value[2];

        for (int is_auto = 0; is_auto < 2; is_auto++) {
            driver_t driver;

            driver_defaults(&driver);
            driver.set.births_organic = 0;
            driver.set.agency_a = k ? 9 : 1;
            driver.set.agency_b = k ? 1 : 9;
            driver.set.consent_at_birth = driver.set.enrolled_at_birth = 1;
            driver.set.auto_base = -50;
            driver.needs[POINT_RECOGNIZE] = is_auto ? NB_NEED_ROWS : 0;
            driver.answer = answer_auto;
            driver_start(&driver, 4, 1500, 104);
            driver_play(&driver, 0);
            value[is_auto] = driver_scalar(&driver, "clv_in_horizon");
            driver_free(&driver);
        }
        loss[k] = value[0] - value[1];
    }
    assert_true(loss[0] > 5);
    assert_true(loss[1] > loss[0] + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auto_incident_by_hand),
        cmocka_unit_test(test_auto_without_a_need_guesses_from_taste),
        cmocka_unit_test(test_auto_to_the_dead_is_an_incident),
        cmocka_unit_test(test_auto_incident_may_cost_its_goods),
        cmocka_unit_test(test_auto_refused_by_hand),
        cmocka_unit_test(test_auto_kept_by_hand),
        cmocka_unit_test(test_auto_is_kept_as_often_as_it_should),
        cmocka_unit_test(test_auto_pauses_after_an_error),
        cmocka_unit_test(test_auto_errors_cost_more_with_agency),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
