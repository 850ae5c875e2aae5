/*
 * What the mechanisms of the journey do: contacts, opt-out, coaching, offers, returns, win-back,
 * traits, burn-in, oracle.
 */
#include "tests/journey_driver.h"

static double play(driver_t *driver, const char *metric)
{
    double value;

    driver_start(driver, 4, 1500, 104);
    driver_play(driver, 0);
    value = driver_scalar(driver, metric);
    driver_free(driver);
    return value;
}

static void test_optout_closes_the_channel_for_good(void **state)
{
    driver_t driver;
    int weekly = 1, n_closed = 0;

    (void)state;
    driver_defaults(&driver);
    driver.set.optout_rate = 0.05;
    driver.context = &weekly;
    driver_bind(&driver, NB_NEED_ROWS, answer_schedule);
    driver_start(&driver, 4, 500, 52);
    driver_play(&driver, 0);
    for (uint32_t i = 0; i < 500; i++) {
        int is_open = (driver.run->flags[i] & FLAG_EMAIL) != 0;

        n_closed += !is_open;
        assert_int_equal(journey_mask(driver.run, POINT_RECOGNIZE, i, NULL) >> RECOGNIZE_EMAIL & 1,
                         is_open);
    }
    assert_true(n_closed > 300);
    driver_free(&driver);
}

static void test_optout_rate_zero_closes_nothing(void **state)
{
    driver_t driver;
    int weekly = 1;

    (void)state;
    driver_defaults(&driver);
    driver.set.optout_rate = 0;
    driver.context = &weekly;
    driver_bind(&driver, NB_NEED_ROWS, answer_schedule);
    assert_close(play(&driver, "unsubscribe_rate"), 0, 0, 0);
}

static void test_coach_and_one_click_need_consent(void **state)
{
    driver_t driver;

    (void)state;
    driver_defaults(&driver);
    driver.set.consent_at_birth = 0.5;
    driver_start(&driver, 4, 1000, 10);
    driver_play(&driver, 0);
    int n_consent = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        int consent = (driver.run->flags[i] & FLAG_CONSENT) != 0;

        n_consent += consent;
        assert_int_equal(journey_mask(driver.run, POINT_RECOGNIZE, i, NULL) >> RECOGNIZE_COACH & 1,
                         consent);
        assert_int_equal(journey_mask(driver.run, POINT_OFFER, i, NULL) >> OFFER_ONE_CLICK & 1,
                         consent);
    }
    /* 1000 coins: 4.9 sd are 77, false-alarm rate 1e-6 */
    assert_close(n_consent, 500, 0, 77);
    driver_free(&driver);
}

static void test_guardrail_masks_calls(void **state)
{
    driver_t driver;
    unsigned n_calls[3] = {0};

    (void)state;
    for (int k = 0; k < 3; k++) {
        driver_defaults(&driver);
        driver.set.guardrail_detector = k == 0 ? -50 : k == 1 ? 1 : 50;
        driver.set.guardrail_spend = k == 1 ? 40 : 0;
        driver_start(&driver, 4, 1000, 3);
        driver_play(&driver, 0);
        for (uint32_t i = 0; i < 1000; i++) {
            n_calls[k] += journey_mask(driver.run, POINT_RECOGNIZE, i, NULL) >> RECOGNIZE_CALL & 1;
        }
        driver_free(&driver);
    }
    assert_int_equal(n_calls[0], 1000);
    assert_in_range(n_calls[1], 10, 300); /* a score above 1: one in six */
    assert_int_equal(n_calls[2], 0);
}

static void answer_coach(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    (void)driver;
    for (size_t i = 0; i < batch->n; i++) {
        action[i] =
            nb_mask_allows(batch->mask, 1, i, RECOGNIZE_COACH) ? RECOGNIZE_COACH : RECOGNIZE_WAIT;
    }
}

/* coaching without a need costs trust, agency squared times the setting; switched off it costs none
 */
static void test_coaching_without_need_costs_trust(void **state)
{
    (void)state;
    for (int is_on = 0; is_on < 2; is_on++) {
        driver_t driver;
        float before;

        driver_defaults(&driver);
        driver.set.consent_at_birth = 1;
        driver.set.births_organic = 0;
        driver.set.reactance_trust = is_on ? 0.02 : 0;
        driver.needs[POINT_RECOGNIZE] = NB_NEED_ROWS;
        driver.answer = answer_coach;
        driver_start(&driver, 4, 100, 10);
        driver_step(&driver, 0);
        for (uint32_t i = 0; i < 100; i++) {
            if (driver.run->need_at[i] < 0 && driver.run->alive[i]) {
                float agency = driver.run->customers[i].agency;

                before = driver.run->trust[i];
                driver_step(&driver, 1);
                if (driver.run->n_open[i] || !driver.run->alive[i]) {
                    break; /* a need came this week: nothing to see */
                }
                assert_close(before - driver.run->trust[i], is_on ? 0.02 * agency * agency : 0, 0,
                             1e-6);
                break;
            }
        }
        driver_free(&driver);
    }
}

static void answer_offer(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    for (size_t i = 0; i < batch->n; i++) {
        int offer = *(int *)driver->context;

        action[i] = nb_mask_allows(batch->mask, 1, i, (unsigned)offer) ? offer : OFFER_NONE;
    }
}

static double play_offer(int offer, const char *metric, void (*change)(nb_journey_settings_t *set))
{
    driver_t driver;

    driver_defaults(&driver);
    driver.set.consent_at_birth = 1;
    if (change) {
        change(&driver.set);
    }
    driver.context = &offer;
    driver.needs[POINT_OFFER] = NB_NEED_ROWS;
    driver.answer = answer_offer;
    return play(&driver, metric);
}

static void test_offers_do_what_they_promise(void **state)
{
    /* 1,500 customers, 104 weeks, common luck: differences far beyond noise */
    double none = play_offer(OFFER_NONE, "conversion", NULL);
    double discount10 = play_offer(OFFER_DISCOUNT10, "conversion", NULL);

    (void)state;
    assert_true(discount10 > 1.1 * none);
    assert_true(play_offer(OFFER_DISCOUNT20, "conversion", NULL) > discount10);
    assert_true(play_offer(OFFER_DISCOUNT10, "discount_cost", NULL) > 0);
    assert_close(play_offer(OFFER_NONE, "discount_cost", NULL), 0, 0, 0);
    assert_true(play_offer(OFFER_ONE_CLICK, "conversion", NULL) > none);
    assert_true(play_offer(OFFER_GUARANTEE30, "conversion", NULL) > none);
    assert_true(play_offer(OFFER_GUARANTEE30, "return_rate", NULL) >
                play_offer(OFFER_NONE, "return_rate", NULL));
}

static void switch_returns_off(nb_journey_settings_t *set)
{
    set->return_base = -50;
}

static void test_returns_can_be_switched_off(void **state)
{
    (void)state;
    assert_close(play_offer(OFFER_NONE, "return_rate", switch_returns_off), 0, 0, 0);
    assert_true(play_offer(OFFER_NONE, "return_rate", NULL) > 0.1);
}

/* perceived fit that turns out wrong is what comes back (winner's curse of the choice) */
static void switch_fit_off(nb_journey_settings_t *set)
{
    set->fit_sd = 0;
}

static void test_returns_rise_with_perceived_fit_noise(void **state)
{
    (void)state;
    assert_true(play_offer(OFFER_NONE, "return_rate", NULL) >
                1.2 * play_offer(OFFER_NONE, "return_rate", switch_fit_off));
}

static void answer_express(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    (void)driver;
    for (size_t i = 0; i < batch->n; i++) {
        action[i] = batch->stream_point == POINT_RESPOND ? RESPOND_EXPRESS : 0;
    }
}

/* an express order costs its price and pleases: same customer, same luck */
static void test_express_costs_and_pleases(void **state)
{
    driver_t plain, express;

    (void)state;
    driver_defaults(&plain);
    driver_defaults(&express);
    express.needs[POINT_RESPOND] = NB_NEED_ROWS;
    express.answer = answer_express;
    driver_start(&plain, 4, 1500, 52);
    driver_play(&plain, 0);
    driver_start(&express, 4, 1500, 52);
    driver_play(&express, 0);
    double mean = 0, n = 0;
    for (size_t i = 0; i < 1500; i++) {
        if (plain.run->customers[i].n_purchases > 1) {
            mean += express.run->satisfaction[i] - plain.run->satisfaction[i];
            n++;
        }
    }
    assert_true(mean / n > 0.01);
    assert_true(express.run->at.horizon[0].delivery / express.run->at.horizon[0].orders <
                plain.run->at.horizon[0].delivery / plain.run->at.horizon[0].orders - 0.3);
    driver_free(&plain);
    driver_free(&express);
}

/* means and variances of the traits against their distributions, 4.9 SE: false-alarm rate 1e-6 each
 */
static void test_traits_have_their_moments(void **state)
{
    enum { N = 20000 };
    driver_t driver;
    double rate = 0, beta = 0, agency = 0, theta2 = 0, phi = 0, basket = 0, cross = 0;

    (void)state;
    driver_defaults(&driver);
    driver_start(&driver, 4, N, 1);
    for (size_t i = 0; i < N; i++) {
        const customer_t *who = &driver.run->customers[i];

        rate += driver.run->rate[i] / N;
        beta += who->beta / N;
        agency += who->agency / N;
        theta2 += who->theta[0] * who->theta[0] / N;
        phi += who->phi / N;
        basket += who->basket_scale * driver.set.spend_p / N;
        cross += who->kappa[0] * who->demographic / N;
    }
    assert_close(rate, 0.3, 0, 4.9 * sqrt(0.1 / N));
    assert_close(beta, 5, 0, 4.9 * 5 * sqrt((exp(0.16) - 1) / N));
    assert_close(agency, 0.5, 0, 4.9 * sqrt(0.05 / N));
    assert_close(theta2, 0.5, 0, 4.9 * 0.5 * sqrt(2.0 / N));
    assert_close(phi, 1, 0, 4.9 * sqrt((exp(0.25) - 1) / N));
    assert_close(basket, 1, 0, 4.9 * sqrt(1 / (driver.set.spend_q - 2) / N));
    assert_close(cross, 0.45, 0, 4.9 * sqrt((0.81 + 0.2025) / N));
    driver_free(&driver);
}

static void test_burn_in_gives_every_strategy_the_same_past(void **state)
{
    driver_t driver[2];
    int every[2] = {1, 0}, monthly = 4;

    (void)state;
    for (int k = 0; k < 2; k++) {
        driver_defaults(&driver[k]);
        driver[k].set.burn_in_periods = 26;
        driver_bind(&driver[k], NB_NEED_ROWS, answer_schedule);
        driver[k].context = &monthly;
        driver_start(&driver[k], 4, 300, 20);
        for (int t = -26; t < 0; t++) {
            driver_step(&driver[k], t);
        }
    }
    assert_memory_equal(driver[0].run->customers, driver[1].run->customers,
                        300 * sizeof(customer_t));
    assert_true(driver[0].run->at.horizon[0].money == 0);
    for (int k = 0; k < 2; k++) {
        driver[k].context = &every[k];
        for (int t = 0; t < 20; t++) {
            driver_step(&driver[k], t);
        }
        assert_true(isnan(driver_scalar(&driver[k], "clv")));
        assert_true(driver_scalar(&driver[k], "clv_residual") > 0);
    }
    assert_true(driver_scalar(&driver[0], "contacts") > driver_scalar(&driver[1], "contacts"));
    for (size_t i = 0; i < 300; i++) {
        assert_in_range(-driver[0].run->birth[i], 1, 26);
    }
    driver_free(&driver[0]);
    driver_free(&driver[1]);
}

/* weeks from a need to its order, given that it comes: geometric while latent, then while aware */
static double mean_wait(const journey_t *run)
{
    visit_t checkout = {.steps = (int16_t)run->world->set.checkout_steps};
    double keep = 1 - run->world->need_lost, latent = (1 - run->world->aware_self) * keep, sum = 0;

    for (uint32_t i = 0; i < run->at.n; i++) {
        double order = journey_p_visit(run, i, 0) * journey_p_checkout(run, &checkout);
        double aware = (1 - order) * keep;

        sum += latent / (1 - latent) + aware / (1 - aware);
    }
    return sum / (double)run->at.n;
}

/* Needs over conversion are purchases, as long as the state is that of birth: each customer's first
 * order after birth comes at her purchase rate. Counted over 26 weeks at rates so low that later
 * orders hardly matter. */
static void test_conversion_turns_purchase_rates_into_need_rates(void **state)
{
    enum { N = 20000, WEEKS = 26 };
    driver_t driver;
    double mean;

    (void)state;
    driver_defaults(&driver);
    driver.set.need_conversion = CONVERSION_NEVER;
    driver.set.need_queue = 1;
    driver.set.need_shape = 10000;
    driver.set.need_rate = 1e6;
    driver.set.churn_weekly = driver.set.births_organic = 0;
    driver.set.churn_purchase = -50;
    driver.set.habit_gain = 0; /* the first order moves habit, trust and certainty: hold them */
    driver.set.trust_rate = driver.set.certainty_learning = driver.set.price_reference_rate = 0;
    driver_start(&driver, 4, N, WEEKS);
    driver_play(&driver, 0);
    mean = driver_scalar(&driver, "orders");
    /* 4.9 SE of a Poisson mean: false-alarm rate 1e-6 */
    assert_close(mean, 0.01 * (WEEKS - mean_wait(driver.run)), 0, 4.9 * sqrt(mean / N));
    driver_free(&driver);
}

static void test_purchase_log_holds_every_order(void **state)
{
    driver_t driver;
    nb_purchases_t log;

    (void)state;
    driver_defaults(&driver);
    driver.log_purchases = 1;
    driver_start(&driver, 4, 500, 52);
    driver_play(&driver, 0);
    log = nb_environment_journey.purchases(driver.run);
    assert_close((double)log.n, driver.run->at.horizon[0].orders, 0, 0);
    for (size_t k = 0; k < log.n; k++) {
        assert_true(log.spend[k] > 0);
        assert_true(k == 0 || log.period[k] >= log.period[k - 1]);
    }
    driver_free(&driver);
}

/* predicted and realized money of this period, by point, for the actions that a random policy
 * happens to play */
typedef struct {
    double predicted[N_POINTS][2000]; /* by customer of the decision */
    double got[2000];                 /* money of this period, refunds apart */
    double sum[N_POINTS], squares[N_POINTS], n[N_POINTS];
    unsigned point;
} books_t;

static void answer_and_predict(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    static double expected[NB_BLOCK_ROWS * MAX_PRODUCTS];
    books_t *books = driver->context;

    answer_random(driver, batch, action);
    assert_ok(batch->oracle->expected_reward(batch->oracle->world, batch, expected));
    for (size_t i = 0; i < batch->n; i++) {
        double value = expected[i * batch->n_actions + (unsigned)action[i]];

        assert_true(isfinite(value));
        books->predicted[batch->stream_point][batch->customer[i]] = value;
        for (unsigned k = 0; k < batch->n_actions; k++) {
            int is_allowed = nb_mask_allows(batch->mask, batch->mask_words, i, k);
            assert_int_equal(expected[i * batch->n_actions + k] > -INFINITY, is_allowed);
        }
    }
}

static void compare_with_prediction(driver_t *driver, nb_events_t events)
{
    books_t *books = driver->context;
    unsigned p = books->point;

    memset(books->got, 0, sizeof books->got);
    for (size_t e = 0; e < events.n; e++) {
        const nb_event_t *event = &events.events[e];

        if (event->kind == NB_EVENT_MONEY && event->cause != NB_CAUSE_RETURN) {
            books->got[event->customer] += event->money;
        }
    }
    for (size_t i = 0; i < driver->run->at.n && driver->run->at.period > 0; i++) {
        if (!isnan(books->predicted[p][i])) {
            double gap = books->got[i] - books->predicted[p][i];

            books->sum[p] += gap;
            books->squares[p] += gap * gap;
            books->n[p]++;
        }
    }
    for (size_t i = 0; i < 2000; i++) {
        books->predicted[p][i] = NAN;
    }
}

/* mean prediction error of a point within 4.9 SE of zero: false-alarm rate 1e-6 */
static void check_oracle(unsigned p, int categories)
{
    static books_t books;
    driver_t driver;

    memset(&books, 0, sizeof books);
    driver_defaults(&driver);
    driver.set.births_organic = 0;
    driver.set.referral_base = driver.set.referral_satisfaction = 0;
    driver.set.referral_paid = 0;
    driver.set.consent_at_birth = 0.5;
    driver.set.enrolled_at_birth = 0.5;
    driver.set.platform_share = 0.1;
    driver.set.try_on_offered = 1;
    if (categories > 1) {
        driver.set.categories = categories;
        driver.set.permission_start = -0.5;
        driver.set.complement_need = driver.set.infeasible_probability = 0.2;
    }
    driver.needs[p] = NB_NEED_ROWS | NB_NEED_ORACLE;
    driver.answer = answer_and_predict;
    driver.watch = compare_with_prediction;
    driver.context = &books;
    books.point = p;
    driver_start(&driver, 4, 2000, 80);
    driver_play(&driver, 0);
    double n = books.n[p], mean = books.sum[p] / n;
    double se = sqrt((books.squares[p] / n - mean * mean) / n);
    assert_true(n > 1000);
    if (p != POINT_REPEAT) {
        /* repeat: money of the period was mostly earned before the decision */
        assert_close(mean, 0, 0, 4.9 * se);
    }
    driver_free(&driver);
}

static void test_oracle_expects_what_happens(void **state)
{
    const unsigned points[] = {POINT_RECOGNIZE, POINT_DISPLAY, POINT_OFFER, POINT_RESPOND,
                               POINT_REPEAT};

    (void)state;
    for (size_t k = 0; k < sizeof points / sizeof points[0]; k++) {
        check_oracle(points[k], 1);
        check_oracle(points[k], 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optout_closes_the_channel_for_good),
        cmocka_unit_test(test_optout_rate_zero_closes_nothing),
        cmocka_unit_test(test_coach_and_one_click_need_consent),
        cmocka_unit_test(test_guardrail_masks_calls),
        cmocka_unit_test(test_coaching_without_need_costs_trust),
        cmocka_unit_test(test_offers_do_what_they_promise),
        cmocka_unit_test(test_returns_can_be_switched_off),
        cmocka_unit_test(test_returns_rise_with_perceived_fit_noise),
        cmocka_unit_test(test_express_costs_and_pleases),
        cmocka_unit_test(test_traits_have_their_moments),
        cmocka_unit_test(test_burn_in_gives_every_strategy_the_same_past),
        cmocka_unit_test(test_conversion_turns_purchase_rates_into_need_rates),
        cmocka_unit_test(test_purchase_log_holds_every_order),
        cmocka_unit_test(test_oracle_expects_what_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
