/*
 * Displays and offers: the utility against a slow recomputation, and what each offer does to it, to
 * the checkout and to the bill.
 */
#include "tests/journey_scene.h"

enum { ROW = 4 };

static double s(double v)
{
    return 1 / (1 + exp(-v));
}

/* U_j of the model, term by term */
static double utility_of(const journey_t *run, const visit_t *visit, unsigned j)
{
    const customer_t *who = &run->customers[visit->customer];
    const relation_t *relation =
        &run->relations[journey_cell(run, visit->customer, visit->category)];
    const catalogue_t *c = &run->world->catalogue[visit->category];
    double d = visit->discount, p = c->price[j], certainty = visit->certainty, best = -INFINITY;
    double sigma = visit->offer == OFFER_TRY_ON ? 0 : 0.9 * sqrt(1 - 0.5 * run->at.K_pop[0]);
    double r = who->risk * (visit->offer == OFFER_GUARANTEE30    ? 0.3
                            : visit->offer == OFFER_GUARANTEE100 ? 0.1
                                                                 : 1);
    unsigned at = 0;
    int is_best_shown = 0;

    for (unsigned k = 0; k < run->world->n_products; k++) {
        double value =
            c->quality[k] - 0.7 * journey_distance(c, visit->x, k) - who->beta * (c->price[k] - 1);

        at = value > best ? k : at;
        best = value > best ? value : best;
    }
    for (unsigned k = 0; k < visit->n_shown; k++) {
        is_best_shown |= visit->shown[k] == at;
    }
    double U = 0.3 + c->quality[j] - 0.7 * journey_distance(c, visit->x, j) +
               sigma * journey_fit(run, visit, j) - 0.5 * r * sigma * sigma -
               who->beta * (p * (1 - d) - 1) -
               who->beta * fmax(0, p * (1 - d) - relation->reference_price) +
               0.6 * (run->trust[visit->customer] - 0.5) + relation->permission -
               (1 - certainty) * log(visit->n_shown);
    if (visit->display != DISPLAY_CATALOGUE) {
        U -= 0.5 * who->agency * certainty + (is_best_shown ? 0 : 0.5 * certainty);
    }
    return U + (d > 0 ? 0.8 : 0);
}

static void test_offer_utility_is_that_of_the_model(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    driver.set.categories = 2;
    driver.set.permission_start = -0.8;
    run = scene_open(&driver, 20);
    for (uint32_t i = 0; i < 20; i++) {
        run->trust[i] = 0.3f;
        run->relations[2 * i].reference_price = 0.9f;
        for (unsigned display = 0; display < N_DISPLAY; display++) {
            for (unsigned offer = 0; offer < N_OFFER; offer++) {
                double utility[MAX_PRODUCTS];
                visit_t visit = scene_visit(&driver, i, i % 2, display, offer);

                journey_utilities(run, &visit, utility);
                for (unsigned k = 0; k < visit.n_shown; k++) {
                    assert_close(utility[k], utility_of(run, &visit, visit.shown[k]), 0, 1e-5);
                }
            }
        }
    }
    driver_free(&driver);
}

/* multinomial logit: outside chosen as often as 1 / (1 + sum exp U) says, summed over customers */
static void test_offer_choice_is_a_logit(void **state)
{
    enum { N = 2000 };
    driver_t driver;
    journey_t *run;
    double p = 0, n = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.utility_outside = 0.5;
    run = scene_open(&driver, N);
    for (uint32_t i = 0; i < N; i++) {
        double utility[MAX_PRODUCTS], inside = 0;
        visit_t visit = scene_visit(&driver, i, 0, DISPLAY_SHORTLIST5, OFFER_NONE);

        journey_utilities(run, &visit, utility);
        for (unsigned k = 0; k < visit.n_shown; k++) {
            inside += exp(utility[k]);
        }
        p += exp(0.5) / (exp(0.5) + inside) / N;
        journey_choose(run, &visit, 1);
        n += visit.product < 0;
    }
    scene_check_frequency(n, N, p);
    driver_free(&driver);
}

/* ref <- ref + 0.15 (mean shown (1 - d) - ref) */
static void test_offer_prices_seen_move_the_reference(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, 10);
    visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_SHORTLIST3, OFFER_DISCOUNT20);
    const float *price = run->world->catalogue[0].price;
    double mean = (price[visit.shown[0]] + price[visit.shown[1]] + price[visit.shown[2]]) / 3 * 0.8;
    run->relations[ROW].reference_price = 1.1f;
    journey_choose(run, &visit, 1);
    assert_close(run->relations[ROW].reference_price, 1.1 + 0.15 * (mean - 1.1), 0, 1e-6);
    driver_free(&driver);
}

/* s(2.2 - 0.3 (steps - 1)); a customer with T <= 0.4 declines one-click */
static void test_offer_one_click_leaves_one_step(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, 10);
    for (int k = 0; k < 3; k++) {
        const float trust[] = {0.39f, 0.41f, 0.9f};
        run->trust[ROW] = trust[k];
        visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_ONE_CLICK);
        int steps = trust[k] > 0.4f ? 1 : 3;
        assert_int_equal(visit.steps, steps);
        assert_close(journey_p_checkout(run, &visit), s(2.2 - 0.3 * (steps - 1)), 1e-12, 0);
    }
    assert_int_equal(journey_mask(run, POINT_OFFER, ROW, NULL) >> OFFER_ONE_CLICK & 1, 0);
    run->flags[ROW] |= FLAG_CONSENT;
    assert_int_equal(journey_mask(run, POINT_OFFER, ROW, NULL) >> OFFER_ONE_CLICK & 1, 1);
    driver_free(&driver);
}

/* a try-on is owed though nothing is bought, and takes the place of the delivery where it is */
static void test_offer_try_on_is_owed_in_any_case(void **state)
{
    (void)state;
    for (int is_bought = 0; is_bought < 2; is_bought++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.try_on_offered = 1;
        driver.set.utility_base = is_bought ? 20 : -20;
        driver.set.checkout_base = 20;
        run = scene_open(&driver, 10);
        visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_SHORTLIST5, OFFER_TRY_ON);
        double money = scene_money(&driver);
        assert_ok(journey_choose_and_check_out(run, &visit));
        assert_int_equal(visit.ordered, is_bought);
        assert_int_equal(visit.ended, !is_bought);
        assert_close(scene_money(&driver) - money, -8, 0, 1e-9);
        assert_close(journey_sigma_u(run, &visit), 0, 0, 0);
        if (is_bought) {
            double margin = run->at.sums[0].margin;
            assert_ok(journey_fulfil(run, &visit, RESPOND_STANDARD));
            assert_close(scene_money(&driver) - money, run->at.sums[0].margin - margin - 8, 0,
                         1e-9);
        }
        /* not from the catalogue, and not where it is not offered */
        visit.display = DISPLAY_CATALOGUE;
        assert_int_equal(journey_mask(run, POINT_OFFER, ROW, &visit) >> OFFER_TRY_ON & 1, 0);
        visit.display = DISPLAY_SHORTLIST3;
        assert_int_equal(journey_mask(run, POINT_OFFER, ROW, &visit) >> OFFER_TRY_ON & 1, 1);
        driver_free(&driver);
    }
}

/* s(-1.4 + fit - 0.3 F), fit 0 or 1.2 K, 1 more where the complement is needed */
static void test_offer_upsell_probability_by_hand(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    driver.set.categories = 2;
    run = scene_open(&driver, 10);
    visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_DEFAULT_UPSELL);
    run->fatigue[ROW] = 2;
    run->knowledge[ROW] = 0.5f;
    assert_close(journey_p_upsell(run, &visit), s(-2), 1e-9, 0);
    journey_apply_offer(run, &visit, OFFER_PERSONAL_UPSELL);
    assert_close(journey_p_upsell(run, &visit), s(-1.4), 1e-9, 0);
    journey_apply_offer(run, &visit, OFFER_COMPLEMENT);
    run->n_open[journey_cell(run, ROW, 1)] = 0;
    assert_close(journey_p_upsell(run, &visit), s(-1.4), 1e-9, 0);
    run->n_open[journey_cell(run, ROW, 1)] = 1;
    assert_close(journey_p_upsell(run, &visit), s(-0.4), 1e-9, 0);
    driver_free(&driver);
}

static void test_offer_upsell_refused_costs_trust_and_a_step(void **state)
{
    (void)state;
    for (int is_accepted = 0; is_accepted < 2; is_accepted++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.upsell_base = is_accepted ? 50 : -50;
        driver.set.spend_varies = 0;
        run = scene_open(&driver, 10);
        run->trust[ROW] = 0.6f;
        visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_DEFAULT_UPSELL);
        visit.product = 2;
        assert_ok(journey_try_upsell(run, &visit));
        assert_int_equal(visit.upsold, is_accepted);
        assert_int_equal(visit.steps, is_accepted ? 3 : 4);
        assert_close(run->trust[ROW], is_accepted ? 0.6 : 0.57, 0, 1e-6);
        double margin = run->at.sums[0].margin;
        scene_buy(&driver, &visit, 2, RESPOND_STANDARD);
        const catalogue_t *c = &run->world->catalogue[0];
        assert_close(run->at.sums[0].margin - margin,
                     (is_accepted ? 1.35 : 1) * 40 * c->price[2] * c->margin[2], 1e-9, 0);
        driver_free(&driver);
    }
}

/* discount: margin less d times the price; the larger of the two under a win-back */
static void test_offer_discounts_are_paid(void **state)
{
    const struct {
        unsigned offer;
        int has_win_back;
        double discount;
    } rows[] = {{OFFER_NONE, 0, 0},   {OFFER_DISCOUNT10, 0, 0.1}, {OFFER_DISCOUNT20, 0, 0.2},
                {OFFER_NONE, 1, 0.2}, {OFFER_DISCOUNT10, 1, 0.2}, {OFFER_GUARANTEE30, 1, 0.2}};

    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.spend_varies = 0;
        run = scene_open(&driver, 10);
        run->customers[ROW].win_back_until = rows[k].has_win_back ? 2 : 1;
        visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, rows[k].offer);
        double money = scene_money(&driver);
        scene_buy(&driver, &visit, 2, RESPOND_STANDARD);
        const catalogue_t *c = &run->world->catalogue[0];
        double gross = 40 * c->price[2];
        assert_close(scene_money(&driver) - money,
                     gross * c->margin[2] - gross * rows[k].discount - 3, 0, 1e-5);
        assert_true(run->at.period >= run->customers[ROW].win_back_until); /* it is used up */
        driver_free(&driver);
    }
}

/* what is masked by the scenario */
static void test_offer_mask(void **state)
{
    const unsigned always = 1u << OFFER_NONE | 1u << OFFER_DEFAULT_UPSELL |
                            1u << OFFER_PERSONAL_UPSELL | 1u << OFFER_DISCOUNT10 |
                            1u << OFFER_DISCOUNT20 | 1u << OFFER_GUARANTEE30 |
                            1u << OFFER_GUARANTEE100;

    (void)state;
    for (int categories = 1; categories < 3; categories++) {
        driver_t driver;

        scene_defaults(&driver);
        driver.set.categories = categories;
        scene_open(&driver, 10);
        visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_SHORTLIST3, OFFER_NONE);
        assert_int_equal(journey_mask(driver.run, POINT_OFFER, ROW, &visit),
                         always | (categories > 1 ? 1u << OFFER_COMPLEMENT : 0));
        driver_free(&driver);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offer_utility_is_that_of_the_model),
        cmocka_unit_test(test_offer_choice_is_a_logit),
        cmocka_unit_test(test_offer_prices_seen_move_the_reference),
        cmocka_unit_test(test_offer_one_click_leaves_one_step),
        cmocka_unit_test(test_offer_try_on_is_owed_in_any_case),
        cmocka_unit_test(test_offer_upsell_probability_by_hand),
        cmocka_unit_test(test_offer_upsell_refused_costs_trust_and_a_step),
        cmocka_unit_test(test_offer_discounts_are_paid),
        cmocka_unit_test(test_offer_mask),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
