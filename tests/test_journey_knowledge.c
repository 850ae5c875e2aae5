/*
 * What the firm learns: of each customer and of all, by purchases, opens, surveys and consent; and
 * the survey itself.
 */
#include "tests/journey_scene.h"

static double s(double v)
{
    return 1 / (1 + exp(-v));
}

/* K after the purchase of a customer who is known to `before` */
static double after_purchase(int learning, double before)
{
    driver_t driver;
    journey_t *run;

    scene_defaults(&driver);
    driver.set.learning = learning;
    run = scene_open(&driver, 5);
    run->knowledge[2] = (float)before;
    visit_t visit = scene_visit(&driver, 2, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    scene_buy(&driver, &visit, 0, RESPOND_STANDARD);
    double after = run->knowledge[2];
    driver_free(&driver);
    return after;
}

static void test_knowledge_of_a_purchase(void **state)
{
    (void)state;
    assert_close(after_purchase(LEARN_INDIVIDUAL, 0.4), 0.4 + 0.06 * 0.6, 0, 1e-7);
    assert_close(after_purchase(LEARN_BOTH, 0.4), 0.436, 0, 1e-7);
    assert_close(after_purchase(LEARN_POPULATION, 0.4), 0.4, 0, 1e-7);
    assert_close(after_purchase(LEARN_NONE, 0.4), 0.4, 0, 1e-7);
}

static void test_knowledge_of_an_open(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    driver.set.open_email = 10;
    driver.set.channel_taste_sd = 0;
    driver.set.fatigue_open = 0;
    run = scene_open(&driver, 3);
    run->knowledge[1] = 0.4f;
    assert_ok(journey_contact(run, 1, CHANNEL_EMAIL));
    assert_int_equal(run->contact[1], CONTACT_OPENED | (1 + CHANNEL_EMAIL));
    assert_close(run->knowledge[1], 0.4 + 0.005 * 0.6, 0, 1e-7);
    driver_free(&driver);
}

/* K <- K_pop + 0.99 (K - K_pop), then 0.01 (1 - K) with consent */
static void test_knowledge_fades_and_consent_tells(void **state)
{
    driver_t driver;
    journey_t *run;
    double K_pop, kept;

    (void)state;
    scene_defaults(&driver);
    driver.set.learning = LEARN_INDIVIDUAL;
    run = scene_open(&driver, 4);
    for (uint32_t i = 0; i < 4; i++) {
        run->next_need[i] = INFINITY;
        run->knowledge[i] = 0.7f;
    }
    run->flags[1] |= FLAG_CONSENT;
    scene_next_period(&driver);
    K_pop = run->at.K_pop[0];
    kept = K_pop + 0.99 * (0.7 - K_pop);
    assert_close(K_pop, 0.2, 0, 0);
    assert_close(run->knowledge[0], kept, 0, 1e-6);
    assert_close(run->knowledge[1], kept + 0.01 * (1 - kept), 0, 1e-6);
    driver_free(&driver);
}

/* 1 - K_pop <- (1 - K_pop) 0.996^(B / (0.05 N0)): 40 first purchases of 40 customers, then 3 */
static void test_knowledge_of_all_grows_with_purchases(void **state)
{
    driver_t driver;
    journey_t *run;
    double after_first = 1 - 0.8 * pow(0.996, 40 / (0.05 * 40));

    (void)state;
    scene_defaults(&driver);
    driver.set.learning = LEARN_POPULATION;
    driver.set.visit_base = -10; /* nobody buys by herself */
    driver.set.aware_self = 0;
    run = scene_open(&driver, 40);
    assert_close(run->at.K_pop[0], after_first, 1e-12, 0);
    for (uint32_t i = 5; i < 8; i++) {
        visit_t visit = scene_visit(&driver, i, 0, DISPLAY_CATALOGUE, OFFER_NONE);
        scene_buy(&driver, &visit, 0, RESPOND_STANDARD);
        assert_close(run->knowledge[i], after_first, 0, 1e-6); /* of none in particular */
    }
    scene_next_period(&driver);
    assert_close(run->at.K_pop[0], 1 - (1 - after_first) * pow(0.996, 3 / 2.0), 1e-12, 0);
    driver_free(&driver);
}

/* whatever is played, learning none keeps K at its start; so does its speed change nothing */
static void test_knowledge_none_is_constant(void **state)
{
    double sums[2];

    (void)state;
    for (int k = 0; k < 2; k++) {
        driver_t driver;

        driver_defaults(&driver);
        driver.set.learning = LEARN_NONE;
        driver.set.consent_at_birth = 0.5;
        if (k) {
            driver.set.knowledge_purchase = driver.set.knowledge_open = 0.5;
            driver.set.survey_knowledge = driver.set.knowledge_consent = 0.9;
            driver.set.knowledge_population_keep = 0.5;
            driver.set.knowledge_keep = 0;
        }
        driver_bind(&driver, NB_NEED_ROWS, answer_random);
        driver_start(&driver, 4, 150, 40);
        driver_play(&driver, 0);
        for (size_t i = 0; i < driver.run->at.n; i++) {
            assert_true(driver.run->knowledge[i] == 0.2f);
        }
        assert_close(driver.run->at.K_pop[0], 0.2, 0, 0);
        sums[k] = driver_scalar(&driver, "equity");
        driver_free(&driver);
    }
    assert_true(sums[0] == sums[1]);
}

/* x^ = K x + sqrt(K (1 - K)) sd z ranks like x at K = 1 and without regard to it at K = 0 */
static void test_knowledge_ranks_products(void **state)
{
    driver_t driver;
    journey_t *run;
    float score[MAX_PRODUCTS];

    (void)state;
    scene_defaults(&driver);
    run = scene_open(&driver, 5);
    visit_t visit = scene_visit(&driver, 2, 0, DISPLAY_CATALOGUE, OFFER_NONE);
    for (int known = 0; known < 2; known++) {
        const catalogue_t *c = &run->world->catalogue[0];
        float nowhere[N_TASTE] = {0};

        run->knowledge[2] = (float)known;
        journey_rank(run, &visit, score);
        for (unsigned j = 0; j < run->world->n_products; j++) {
            double d = journey_distance(c, known ? visit.x : nowhere, j);

            assert_close(score[j], c->quality[j] - 0.7 * d - 5 * (c->price[j] - 1), 0, 1e-5);
        }
    }
    driver_free(&driver);
}

/* ranker's guess at K = 0.5: mean K x, variance K (1 - K) (0.5 + 0.35^2) in each coordinate; with
 * one product at each unit vector's end the scores give the guess back */
static void test_knowledge_guesses_with_the_right_spread(void **state)
{
    enum { N = 1500 };
    driver_t driver;
    journey_t *run;
    double sum = 0, squares = 0;

    (void)state;
    scene_defaults(&driver);
    driver.set.ranker_price = 0;
    run = scene_open(&driver, N);
    const catalogue_t *c = &run->world->catalogue[0];
    for (uint32_t i = 0; i < N; i++) {
        float score[MAX_PRODUCTS];
        double along = 0, expected = 0, length = 0;
        visit_t visit = scene_visit(&driver, i, 0, DISPLAY_CATALOGUE, OFFER_NONE);

        run->knowledge[i] = 0.5f;
        journey_rank(run, &visit, score);
        /* score 0 - score 1 is linear in the guess, along x_0 - x_1 */
        along = score[0] - score[1] - c->quality[0] + c->quality[1];
        for (unsigned k = 0; k < N_TASTE; k++) {
            double gap = c->x[0][k] - c->x[1][k];

            along += 0.7 * (c->x[0][k] * c->x[0][k] - c->x[1][k] * c->x[1][k]);
            expected += 0.5 * visit.x[k] * gap;
            length += gap * gap;
        }
        double z = (along / 1.4 - expected) / sqrt(0.25 * (0.5 + 0.1225) * length);
        sum += z;
        squares += z * z;
    }
    assert_close(sum / N, 0, 0, 4.9 / sqrt(N));
    assert_close(squares / N, 1, 0, 4.9 * sqrt(2.0 / N));
    driver_free(&driver);
}

/* answered: K += 0.15 (1 - K) / (1 + surveys), F += 1, S + 0.5 z shown */
static void test_survey_answered_teaches_and_tires(void **state)
{
    driver_t driver;
    journey_t *run;

    (void)state;
    scene_defaults(&driver);
    driver.set.survey_base = 50;
    driver.set.survey_noise = 0;
    driver.set.optout_rate = 0;
    run = scene_open(&driver, 4);
    run->knowledge[1] = 0.4f;
    run->fatigue[1] = 0;
    run->satisfaction[1] = 0.75f;
    double money = scene_money(&driver), phi = run->customers[1].phi;
    assert_ok(journey_survey(run, 1, 0));
    assert_close(run->knowledge[1], 0.49, 0, 1e-6);
    assert_close(run->fatigue[1], 1, 0, 1e-6);
    assert_close(run->customers[1].survey_score, 0.75, 0, 1e-7);
    assert_ok(journey_survey(run, 1, 1)); /* the second one, as a contact */
    assert_close(run->knowledge[1], 0.49 + 0.15 * 0.51 / 2, 0, 1e-6);
    assert_close(run->fatigue[1], 1 + phi, 0, 1e-6);
    assert_close(scene_money(&driver) - money, -0.4, 0, 1e-12);
    run->flags[1] &= (uint8_t)~FLAG_EMAIL;
    assert_int_equal(journey_mask(run, POINT_RECOGNIZE, 1, NULL) >> RECOGNIZE_SURVEY & 1, 0);
    driver_free(&driver);
}

/* answered w.p. s(0.2 - 0.5 F - 0.8 surveys), F before it */
static void test_survey_is_answered_as_often_as_it_should(void **state)
{
    enum { N = 2500 };
    driver_t driver;
    journey_t *run;
    double n[2] = {0};

    (void)state;
    scene_defaults(&driver);
    driver.set.survey_knowledge = 0;
    run = scene_open(&driver, N);
    for (int k = 0; k < 2; k++) {
        double before = run->at.sums[0].answered;

        for (uint32_t i = 0; i < N; i++) {
            run->fatigue[i] = 0.5f;
            assert_ok(journey_survey(run, i, 0));
        }
        n[k] = run->at.sums[0].answered - before;
    }
    scene_check_frequency(n[0], N, s(0.2 - 0.25));
    scene_check_frequency(n[1], N, s(0.2 - 0.25 - 0.8));
    driver_free(&driver);
}

/* surveys count for 26 weeks */
static void test_survey_is_forgotten_after_its_weeks(void **state)
{
    const struct {
        int later;
        double share; /* of what is unknown */
    } rows[] = {{25, 0.075}, {26, 0.15}};

    (void)state;
    for (int k = 0; k < 2; k++) {
        driver_t driver;
        journey_t *run;

        scene_defaults(&driver);
        driver.set.survey_base = 50;
        run = scene_open(&driver, 2);
        assert_ok(journey_survey(run, 1, 0));
        run->at.period += rows[k].later;
        run->knowledge[1] = 0;
        run->fatigue[1] = 0;
        assert_ok(journey_survey(run, 1, 0));
        assert_close(run->knowledge[1], rows[k].share, 0, 1e-7);
        driver_free(&driver);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knowledge_of_a_purchase),
        cmocka_unit_test(test_knowledge_of_an_open),
        cmocka_unit_test(test_knowledge_fades_and_consent_tells),
        cmocka_unit_test(test_knowledge_of_all_grows_with_purchases),
        cmocka_unit_test(test_knowledge_none_is_constant),
        cmocka_unit_test(test_knowledge_ranks_products),
        cmocka_unit_test(test_knowledge_guesses_with_the_right_spread),
        cmocka_unit_test(test_survey_answered_teaches_and_tires),
        cmocka_unit_test(test_survey_is_answered_as_often_as_it_should),
        cmocka_unit_test(test_survey_is_forgotten_after_its_weeks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
