/*
 * Several categories: weights, complements, permission, and services in closed categories.
 */
#include "tests/journey_scene.h"

enum { ROW = 4 };

static double s(double v)
{
    return 1 / (1 + exp(-v));
}

static relation_t *relation(journey_t *run, uint32_t row, unsigned category)
{
    return &run->relations[journey_cell(run, row, category)];
}

/* Dirichlet(3, 1, 1): means 3/5, 1/5, 1/5; variance a (1 - a) / 6 */
static void test_category_weights_are_dirichlet(void **state)
{
    enum { N = 3000 };
    driver_t driver;
    journey_t *run;
    const double mean[] = {0.6, 0.2, 0.2};

    (void)state;
    scene_defaults(&driver);
    driver.set.categories = 3;
    run = scene_open(&driver, N);
    for (unsigned c = 0; c < 3; c++) {
        double sum = 0, squares = 0, sd = sqrt(mean[c] * (1 - mean[c]) / 6);

        for (uint32_t i = 0; i < N; i++) {
            double weight = relation(run, i, c)->weight;

            sum += weight / N;
            squares += (weight - mean[c]) * (weight - mean[c]) / N;
        }
        assert_close(sum, mean[c], 0, 4.9 * sd / sqrt(N));
        assert_close(sqrt(squares), sd, 0.1, 0);
    }
    for (uint32_t i = 0; i < N; i++) {
        assert_close(relation(run, i, 0)->weight + relation(run, i, 1)->weight +
                         relation(run, i, 2)->weight,
                     1, 0, 1e-6);
    }
    driver_free(&driver);
}

/* share of next needs that fall into each category, `later` weeks after a purchase in the second */
static void check_next_needs(int later, const double *share)
{
    enum { N = 4000 };
    driver_t driver;
    journey_t *run;
    double n[3] = {0};

    scene_defaults(&driver);
    driver.set.categories = 3;
    run = scene_open(&driver, N);
    run->at.period = 30;
    run->n_needs = 0;
    for (uint32_t i = 0; i < N; i++) {
        for (unsigned c = 0; c < 3; c++) {
            relation(run, i, c)->weight = c == 0 ? 0.5f : 0.25f;
            relation(run, i, c)->last_bought = c == 1 ? 30 - later : -1000;
            run->n_open[journey_cell(run, i, c)] = 0;
            run->need_at[journey_cell(run, i, c)] = -1;
        }
        /* one need each, by her own clock */
        run->next_need[i] = run->season_time[31];
        run->rate[i] = 1e-9f;
    }
    assert_ok(journey_raise_needs(run));
    assert_int_equal(run->n_needs, N);
    for (size_t k = 0; k < run->n_needs; k++) {
        n[run->needs[k].category]++;
    }
    for (unsigned c = 0; c < 3; c++) {
        scene_check_frequency(n[c], N, share[c]);
    }
    driver_free(&driver);
}

/* bought in a: the weight of a + 1 counts twice for 8 weeks */
static void test_category_complements_are_wanted_for_weeks(void **state)
{
    const double due[] = {0.5 / 1.25, 0.25 / 1.25, 0.5 / 1.25}, over[] = {0.5, 0.25, 0.25};

    (void)state;
    check_next_needs(1, due);
    check_next_needs(8, due);
    check_next_needs(9, over);
}

/* w.p. complement.need a purchase raises a need of the next category at once */
static void test_category_purchase_may_raise_a_need(void **state)
{
    enum { N = 1500 };
    driver_t driver;
    journey_t *run;
    double n = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.categories = 2;
    driver.set.complement_need = 0.4;
    run = scene_open(&driver, N);
    for (uint32_t i = 0; i < N; i++) {
        visit_t visit = scene_visit(&driver, i, 0, DISPLAY_CATALOGUE, OFFER_NONE);
        double needs = run->at.sums[0].needs;

        scene_buy(&driver, &visit, 0, RESPOND_STANDARD);
        n += run->at.sums[0].needs - needs;
    }
    scene_check_frequency(n, N, 0.4);
    driver_free(&driver);
}

/* an accepted complement meets the need that is open there, and counts as a purchase there */
static void test_category_complement_closes_its_need(void **state)
{
    (void)state;
    for (int is_accepted = 0; is_accepted < 2; is_accepted++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.categories = 2;
        driver.set.upsell_base = is_accepted ? 50 : -50;
        run = scene_open(&driver, 10);
        scene_need(&driver, ROW, 1);
        visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_COMPLEMENT);
        unsigned before = relation(run, ROW, 1)->n_purchases;
        assert_int_equal(journey_upsell_category(run, &visit), 1);
        visit.product = 0;
        assert_ok(journey_try_upsell(run, &visit));
        scene_buy(&driver, &visit, 0, RESPOND_STANDARD);
        assert_int_equal(run->n_open[journey_cell(run, ROW, 0)], 0);
        assert_int_equal(run->n_open[journey_cell(run, ROW, 1)], !is_accepted);
        assert_int_equal(relation(run, ROW, 1)->n_purchases, before + (unsigned)is_accepted);
        driver_free(&driver);
    }
}

/* a kept purchase closes 20 % of the gap, a returned one none */
static void test_permission_gap_closes_by_kept_purchases(void **state)
{
    (void)state;
    for (int is_returned = 0; is_returned < 2; is_returned++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.categories = 2;
        driver.set.permission_start = -0.8;
        driver.set.return_base = is_returned ? 20 : -50;
        run = scene_open(&driver, 10);
        assert_close(relation(run, ROW, 0)->permission, 0, 0, 0);
        for (int k = 1; k <= 3; k++) {
            visit_t visit = scene_visit(&driver, ROW, 1, DISPLAY_CATALOGUE, OFFER_NONE);

            scene_buy(&driver, &visit, 0, RESPOND_STANDARD);
            assert_close(relation(run, ROW, 1)->permission, is_returned ? -0.8 : -0.8 * pow(0.8, k),
                         0, 1e-6);
        }
        driver_free(&driver);
    }
}

/* opens the closed category of the largest weight; refused T -= 0.03 */
static void test_adjacent_by_hand(void **state)
{
    (void)state;
    for (int is_accepted = 0; is_accepted < 2; is_accepted++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.categories = 4;
        driver.set.permission_start = -0.8;
        driver.set.adjacent_base = is_accepted ? 50 : -50;
        run = scene_open(&driver, 10);
        visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_NONE);
        const float weight[] = {0.4f, 0.1f, 0.3f, 0.2f};
        for (unsigned c = 0; c < 4; c++) {
            relation(run, ROW, c)->weight = weight[c];
        }
        run->trust[ROW] = 0.6f;
        double money = scene_money(&driver);
        assert_int_equal(journey_closed_category(run, ROW), 2);
        assert_ok(journey_act_repeat(run, ROW, &visit, REPEAT_ADJACENT));
        assert_close(relation(run, ROW, 2)->permission, is_accepted ? 0 : -0.8, 0, 1e-7);
        assert_close(relation(run, ROW, 3)->permission, -0.8, 0, 1e-7);
        assert_int_equal(journey_closed_category(run, ROW), is_accepted ? 3 : 2);
        assert_close(run->trust[ROW], is_accepted ? 0.6 : 0.57, 0, 1e-6);
        assert_close(scene_money(&driver) - money, -0.01, 0, 1e-12);
        driver_free(&driver);
    }
}

/* s(-1 + S + 2 (T - 0.5) + 1.2 K) */
static void test_adjacent_is_accepted_as_often_as_it_should(void **state)
{
    enum { N = 2500 };
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    driver.set.categories = 2;
    driver.set.permission_start = -0.8;
    run = scene_open(&driver, N);
    for (uint32_t i = 0; i < N; i++) {
        visit_t visit = {.customer = i, .ordinal = 7, .ordered = 1};

        run->satisfaction[i] = 0.3f;
        run->trust[i] = 0.7f;
        run->knowledge[i] = 0.5f;
        assert_ok(journey_act_repeat(run, i, &visit, REPEAT_ADJACENT));
    }
    scene_check_frequency(run->at.sums[0].adjacent, N, s(-1 + 0.3 + 0.4 + 0.6));
    driver_free(&driver);
}

/* after an order, where a category is closed and the scenario offers it */
static void test_adjacent_mask(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    driver.set.categories = 2;
    driver.set.permission_start = -0.8;
    run = scene_open(&driver, 10);
    visit_t visit = scene_visit(&driver, ROW, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    assert_int_equal(journey_mask(run, POINT_REPEAT, ROW, &visit) >> REPEAT_ADJACENT & 1, 0);
    visit.ordered = 1;
    assert_int_equal(journey_mask(run, POINT_REPEAT, ROW, &visit) >> REPEAT_ADJACENT & 1, 1);
    relation(run, ROW, 1)->permission = 0;
    assert_int_equal(journey_mask(run, POINT_REPEAT, ROW, &visit) >> REPEAT_ADJACENT & 1, 0);
    driver_free(&driver);
}

/* certainty grows with the purchases of its own category only */
static void test_category_certainty_grows_with_its_purchases(void **state)
{
    enum { N = 2000 };
    driver_t driver;
    journey_t *run;
    double mean = 0, expected = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.categories = 2;
    run = scene_open(&driver, N);
    for (uint32_t i = 0; i < N; i++) {
        float x[N_TASTE], c;
        double m = run->customers[i].certainty_mean;

        relation(run, i, 0)->n_purchases = 50;
        relation(run, i, 1)->n_purchases = 4;
        journey_target(run, i, 12, 1, x, &c);
        m += (1 - m) * (1 - exp(-0.4));
        mean += c / N;
        expected += (0.1 + 3 * m) / 3.2 / N;
    }
    assert_close(mean, expected, 0, 4.9 * sqrt(0.25 / 4.2 / N));
    driver_free(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_category_weights_are_dirichlet),
        cmocka_unit_test(test_category_complements_are_wanted_for_weeks),
        cmocka_unit_test(test_category_purchase_may_raise_a_need),
        cmocka_unit_test(test_category_complement_closes_its_need),
        cmocka_unit_test(test_permission_gap_closes_by_kept_purchases),
        cmocka_unit_test(test_adjacent_by_hand),
        cmocka_unit_test(test_adjacent_is_accepted_as_often_as_it_should),
        cmocka_unit_test(test_adjacent_mask),
        cmocka_unit_test(test_category_certainty_grows_with_its_purchases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
