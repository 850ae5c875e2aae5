/*
 * Several firms over one population: what each hears of a journey, whom it counts, what it earns.
 */
#include "tests/journey_scene.h"

/* bought at the second firm, a need that both know ends for the first at once */
static void test_market_a_need_met_elsewhere_ends_the_journey(void **state)
{
    driver_t driver;
    journey_t *run;
    uint32_t person;

    (void)state;
    scene_defaults(&driver);
    driver.set.firms = 2;
    run = scene_open(&driver, 20);
    person = journey_person(run, scene_idle_row(&driver, 0));
    scene_visit(&driver, person, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    visit_t visit = scene_visit(&driver, person + 1, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    assert_int_equal(run->needs[visit.i_need].known, 3);
    scene_buy(&driver, &visit, 0, RESPOND_STANDARD);
    assert_int_equal(scene_count(&driver, person, visit.ordinal, NB_EVENT_JOURNEY_END), 1);
    assert_int_equal(scene_count(&driver, person + 1, visit.ordinal, NB_EVENT_JOURNEY_END), 0);
    driver_free(&driver);
}

/* a stranger who buys is a customer of the firm from then on: in its cohort, though not born to it
 */
static void test_market_a_customer_won_from_another_firm_is_counted(void **state)
{
    driver_t driver;
    journey_t *run;
    uint32_t row = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.firms = 2;
    run = scene_open(&driver, 20);
    while (run->alive[row] != STRANGER) {
        row += 2;
    }
    double born = run->at.cohorts[0].born, money = run->at.cohorts[0].money;
    visit_t visit = scene_visit(&driver, row, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    scene_buy(&driver, &visit, 0, RESPOND_STANDARD);
    assert_int_equal(run->alive[row], ALIVE);
    assert_int_equal(run->birth[row], 1);
    assert_int_equal(run->flags[row] & FLAG_BOOKS, FLAG_BOOKS);
    assert_close(run->at.cohorts[0].born, born + 1, 0, 0);
    assert_true(run->at.cohorts[0].money != money);
    driver_free(&driver);
}

/* own records and knowledge, common needs and luck */
static void test_market_firms_learn_apart(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    driver.set.firms = 2;
    run = scene_open(&driver, 20);
    visit_t visit = scene_visit(&driver, 2, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    float K = run->knowledge[2], K_other = run->knowledge[3], S_other = run->satisfaction[3];
    double taught = run->at.taught[1], money = run->at.sums[1].money;
    scene_buy(&driver, &visit, 0, RESPOND_STANDARD);
    assert_true(run->knowledge[2] > K);
    assert_true(run->knowledge[3] == K_other && run->satisfaction[3] == S_other);
    assert_true(run->at.taught[1] == taught && run->at.sums[1].money == money);
    assert_true(run->customers[2].agency == run->customers[3].agency);
    driver_free(&driver);
}

/* a logit over the firms and staying away; a stranger is drawn less */
static void test_market_visits_are_a_logit_over_firms(void **state)
{
    enum { N = 2500 };
    driver_t driver;
    journey_t *run;
    double p[2] = {0}, n[2] = {0}, need = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.firms = 2;
    driver.set.need_lost = 0;
    run = scene_open(&driver, N);
    for (uint32_t person = 0; person < 2 * N; person += 2) {
        double weight[2], sum = 1;

        need++;
        scene_need(&driver, person, 0);
        for (unsigned f = 0; f < 2; f++) {
            uint32_t i = person + f;

            run->satisfaction[i] = f ? 0.5f : -0.5f;
            run->trust[i] = f ? 0.7f : 0.5f;
            run->habit[i] = 0;
            weight[f] = exp(1.2 - run->customers[i].inertia +
                            0.5 * (run->satisfaction[i] + 2 * (run->trust[i] - 0.5)) -
                            (run->alive[i] == STRANGER ? 1 : 0));
            sum += weight[f];
        }
        p[0] += weight[0] / sum / N;
        p[1] += weight[1] / sum / N;
    }
    assert_ok(journey_collect_visits(run));
    for (size_t v = 0; v < run->n_visits; v++) {
        n[journey_firm(run, run->visits[v].customer)]++;
    }
    scene_check_frequency(n[0], need, p[0]);
    scene_check_frequency(n[1], need, p[1]);
    driver_free(&driver);
}

/* e-mail of both firms every week, or of the second only where `second` says so */
static void answer_firms(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    int every = batch->stream_point < N_POINTS ? 4 : *(int *)driver->context;

    for (size_t i = 0; i < batch->n; i++) {
        int is_due = every && (batch->period + (int)(batch->luck[i] % 4)) % every == 0;

        action[i] = is_due && nb_mask_allows(batch->mask, 1, i, RECOGNIZE_EMAIL) ? RECOGNIZE_EMAIL
                                                                                 : RECOGNIZE_WAIT;
    }
}

static double share_of(uint32_t replication, int second, size_t customers, int periods)
{
    driver_t driver;
    double share;

    driver_defaults(&driver);
    driver.set.firms = 2;
    driver.context = &second;
    driver.answer = answer_firms;
    driver.needs[POINT_RECOGNIZE] = driver.needs[N_POINTS + POINT_RECOGNIZE] = NB_NEED_ROWS;
    driver_start(&driver, replication, customers, periods);
    driver_play(&driver, 0);
    share = driver_scalar(&driver, "share");
    assert_close(share + driver_scalar(&driver, "share_firm2"), 1, 1e-12, 0);
    driver_free(&driver);
    return share;
}

/* equal firms with equal strategies: mean share one half within 4 SE; two copies differ by 0 */
static void test_market_equal_firms_share_equally(void **state)
{
    enum { R = 24 };
    double sum = 0, squares = 0;

    (void)state;
    for (uint32_t r = 0; r < R; r++) {
        double share = share_of(r, 4, 200, 52);

        sum += share;
        squares += share * share;
    }
    double mean = sum / R, se = sqrt((squares / R - mean * mean) / (R - 1));
    assert_close(mean, 0.5, 0, 4 * se);
    assert_true(share_of(3, 4, 200, 52) == share_of(3, 4, 200, 52));
}

/* what the second firm does changes the first one's share */
static void test_market_a_rival_that_calls_on_customers_takes_share(void **state)
{
    (void)state;
    assert_true(share_of(3, 1, 600, 52) < share_of(3, 0, 600, 52) - 0.02);
}

/* arrivals go to a firm in proportion to its customers to the power market.word */
static void test_market_arrivals_follow_the_crowd(void **state)
{
    const double word[] = {0, 1, 2}, share[] = {0.5, 0.75, 0.9};

    (void)state;
    for (int k = 0; k < 3; k++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.firms = 2;
        driver.set.market_word = word[k];
        driver.set.births_organic = 0.5;
        driver.set.births_paid = 0.5;
        run = scene_open(&driver, 2000);
        assert_ok(journey_end_period(run));
        run->at.living[0] = 3000;
        run->at.living[1] = 1000;
        run->at.bad_word[0] = run->at.bad_word[1] = 0;
        assert_ok(journey_begin_period(run, 2));
        double born[2] = {run->at.sums[0].born, run->at.sums[1].born}, n = born[0] + born[1];
        assert_close(n, 2000, 0, 4.9 * sqrt(2000));
        scene_check_frequency(born[0], n, share[k]);
        driver_free(&driver);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market_a_need_met_elsewhere_ends_the_journey),
        cmocka_unit_test(test_market_a_customer_won_from_another_firm_is_counted),
        cmocka_unit_test(test_market_firms_learn_apart),
        cmocka_unit_test(test_market_visits_are_a_logit_over_firms),
        cmocka_unit_test(test_market_arrivals_follow_the_crowd),
        cmocka_unit_test(test_market_equal_firms_share_equally),
        cmocka_unit_test(test_market_a_rival_that_calls_on_customers_takes_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
