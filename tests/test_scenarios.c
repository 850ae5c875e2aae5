/*
 * The shipped scenarios: each loads, says what it is, runs, and is not `everyday`; and what sets it
 * apart is at work.
 */
#include "bench/catalog.h"
#include "bench/plan.h"
#include "core/memory.h"
#include "tests/command_kit.h"
#include "tests/journey_driver.h"

/* one action at each of some points wherever it is allowed, an e-mail now and then */
typedef struct {
    int email_every;
    int action[N_POINTS];
    unsigned seen[N_POINTS]; /* actions that were allowed to somebody */
} play_t;

static void answer_play(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    play_t *play = driver->context;
    unsigned point = batch->stream_point;

    answer_random(driver, batch, action);
    for (size_t i = 0; i < batch->n; i++) {
        int wanted = play->action[point];
        int is_turn =
            play->email_every && (batch->period + (int)batch->luck[i]) % play->email_every == 0;

        play->seen[point] |= (unsigned)batch->mask[i];
        wanted = point == POINT_RECOGNIZE && !wanted && is_turn ? RECOGNIZE_EMAIL : wanted;
        action[i] = nb_mask_allows(batch->mask, 1, i, (unsigned)wanted) ? wanted : 0;
    }
}

static nb_journey_settings_t load(const char *scenario)
{
    char text[256];
    nb_journey_settings_t set;
    nb_plan_t plan;

    snprintf(text, sizeof text, "name: t\nscenario: %s\nstrategies: {never: {}}", scenario);
    assert_ok(nb_plan_init_text(&plan, "t", text, NULL, 0));
    set = *(const nb_journey_settings_t *)plan.worlds[0].settings;
    nb_plan_free(&plan);
    return set;
}

/* plays 26 to 104 weeks; the run stays for driver_scalar */
static void play(driver_t *driver, const nb_journey_settings_t *set, play_t *play, size_t customers,
                 int periods)
{
    memset(driver, 0, sizeof *driver);
    driver->set = *set;
    driver->context = play;
    driver_bind(driver, NB_NEED_ROWS, answer_play);
    driver->needs[POINT_PRODUCT] = 0;
    driver_start(driver, 0, customers, periods);
    driver_play(driver, 0);
}

static double result(const nb_journey_settings_t *set, play_t *how, const char *metric)
{
    driver_t driver;
    double value;

    play(&driver, set, how, 1500, 104);
    value = driver_scalar(&driver, metric);
    driver_free(&driver);
    return value;
}

/* ---- all of them ---- */

static double small_equity(const char *scenario)
{
    nb_journey_settings_t set = load(scenario);
    play_t monthly = {.email_every = 4};
    driver_t driver;
    double equity;

    play(&driver, &set, &monthly, 300, 26);
    equity = driver_scalar(&driver, "equity");
    driver_free(&driver);
    return equity;
}

static void test_scenarios_run_and_differ_from_everyday(void **state)
{
    double everyday = small_equity("everyday");
    nb_catalog_t catalog;

    (void)state;
    assert_ok(nb_catalog_init(&catalog, NB_KIND_SCENARIO));
    assert_true(catalog.n >= 11);
    for (size_t i = 0; i < catalog.n; i++) {
        const char *name = catalog.entries[i].name;
        double equity = small_equity(name);

        assert_true(isfinite(equity));
        assert_true(strcmp(name, "everyday") == 0 ? equity == everyday : equity != everyday);
    }
    nb_catalog_free(&catalog);
}

/* name as its file is called, a summary, what it resembles and what is expected of it */
static void test_scenarios_say_what_they_are(void **state)
{
    nb_catalog_t catalog;

    (void)state;
    assert_ok(nb_catalog_init(&catalog, NB_KIND_SCENARIO));
    for (size_t i = 0; i < catalog.n; i++) {
        const char *name = catalog.entries[i].name;
        char *text, *path, line[80];
        int is_base = strcmp(name, "everyday") == 0 || strcmp(name, "plain") == 0;

        assert_ok(nb_catalog_text(&text, &path, NB_KIND_SCENARIO, name));
        snprintf(line, sizeof line, "\nname: %s\n", name);
        assert_non_null(strstr(text, line));
        assert_non_null(strstr(text, "\nsummary: "));
        assert_true(text[0] == '#');
        assert_true(is_base || strstr(text, "\n# Hypothesis: "));
        assert_true(is_base || strstr(text, "\nverify:"));
        nb_free(text);
        nb_free(path);
    }
    nb_catalog_free(&catalog);
}

static void test_scenarios_are_listed_and_described(void **state)
{
    static const char *const names[] = {"quick_service", "glasses",      "mattress", "marketplace",
                                        "menswear",      "airline",      "micro",    "newspaper",
                                        "everyday",      "health_coach", "plain"};
    command_kit_t *kit = *state;

    assert_command(kit, 0, "airline", "nextbest list scenarios");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_non_null(strstr(kit->output, names[i]));
    }
    assert_command(kit, 0, "# Hypothesis: ", "nextbest describe newspaper");
    assert_non_null(strstr(kit->output, "the direct relation wins"));
}

/* ---- what sets each of them apart ---- */

static void test_glasses_tried_on_come_back_less_often(void **state)
{
    nb_journey_settings_t set = load("glasses"), everyday = load("everyday");
    play_t shown = {.email_every = 4, .action = {[POINT_DISPLAY] = DISPLAY_SHORTLIST5}};
    play_t tried = shown;
    double equity;

    (void)state;
    tried.action[POINT_OFFER] = OFFER_TRY_ON;
    set.need_rate = 10; /* enough orders to see something */
    assert_true(result(&set, &tried, "return_rate") < 0.9 * result(&set, &shown, "return_rate"));
    assert_true(tried.seen[POINT_OFFER] >> OFFER_TRY_ON & 1);
    equity = result(&set, &tried, "equity");
    assert_true(equity != result(&set, &shown, "equity"));
    /* elsewhere nothing is sent to be tried on */
    tried.seen[POINT_OFFER] = 0;
    result(&everyday, &tried, "equity");
    assert_false(tried.seen[POINT_OFFER] >> OFFER_TRY_ON & 1);
}

/* purchases in the second category, per customer */
static double second_category(const nb_journey_settings_t *set, play_t *how)
{
    driver_t driver;
    double sum = 0;

    play(&driver, set, how, 1500, 104);
    for (uint32_t i = 0; i < driver.run->at.n; i++) {
        sum += driver.run->relations[journey_cell(driver.run, i, 1)].n_purchases;
    }
    sum /= (double)driver.run->at.n;
    driver_free(&driver);
    return sum;
}

static void test_airline_sells_services_that_are_accepted(void **state)
{
    nb_journey_settings_t set = load("airline"), silent = set;
    play_t flights = {.email_every = 4}, services = flights;

    (void)state;
    services.action[POINT_REPEAT] = REPEAT_ADJACENT;
    assert_true(result(&set, &services, "adjacent") > 0.05);
    assert_close(result(&set, &flights, "adjacent"), 0, 0, 0);
    assert_true(second_category(&set, &services) > 1.3 * second_category(&set, &flights));
    /* four orders in ten raise one more need */
    silent.complement_need = 0;
    assert_true(result(&silent, &flights, "needs") + 0.3 < result(&set, &flights, "needs"));
    assert_true(second_category(&silent, &services) < second_category(&set, &services));
    assert_true(result(&set, &flights, "late_rate") > 0.1);
}

static void test_newspaper_lives_on_contracts_and_direct_relations(void **state)
{
    nb_journey_settings_t set = load("newspaper"), free_of_charge = set, direct = set,
                          platform = set;
    play_t monthly = {.email_every = 4};
    double equity = result(&set, &monthly, "equity");

    (void)state;
    /* the first year is paid by all, of which the platform keeps its commission on its share */
    free_of_charge.contract_fee = 0;
    assert_true(equity - result(&free_of_charge, &monthly, "equity") >
                set.contract_fee * (1 - set.platform_share * set.platform_commission));
    direct.platform_share = 0;
    platform.platform_share = 0.6;
    assert_true(result(&direct, &monthly, "equity") > equity);
    assert_true(result(&platform, &monthly, "equity") < equity);
}

static void test_mattress_pays_for_referrals_and_for_guarantees(void **state)
{
    nb_journey_settings_t set = load("mattress"), unpaid = set;
    play_t plain = {.email_every = 4}, card = plain, guarantee = plain;
    double referred;

    (void)state;
    set.need_rate = 10; /* enough orders to see something */
    unpaid = set;
    unpaid.cost_referral = 0;
    card.action[POINT_REPEAT] = REPEAT_PAID_REFERRAL;
    guarantee.action[POINT_OFFER] = OFFER_GUARANTEE100;
    referred = result(&set, &card, "referred");
    assert_true(referred > 1.2 * result(&set, &plain, "referred"));
    /* the last are asked for in the last week and come after it */
    assert_close(result(&unpaid, &card, "equity") - result(&set, &card, "equity"),
                 set.cost_referral * referred, 0.15, 0);
    assert_true(result(&set, &guarantee, "return_rate") > result(&set, &plain, "return_rate"));
}

static void test_quick_service_throws_wasted_baskets_away(void **state)
{
    nb_journey_settings_t set = load("quick_service"), kept;
    play_t always = {.action = {[POINT_RECOGNIZE] = RECOGNIZE_AUTO_ORDER}};

    (void)state;
    set.consent_at_birth = set.enrolled_at_birth = 1;
    kept = set;
    kept.incident_goods = 0;
    assert_true(result(&set, &always, "incident_rate") > 0.1);
    assert_true(result(&set, &always, "equity") < result(&kept, &always, "equity"));
}

static void test_marketplace_one_click_loses_fewer_checkouts(void **state)
{
    nb_journey_settings_t set = load("marketplace");
    play_t steps = {.email_every = 4}, click = steps;
    driver_t driver;

    (void)state;
    set.consent_at_birth = 1;
    click.action[POINT_OFFER] = OFFER_ONE_CLICK;
    assert_true(result(&set, &click, "abandoned_rate") <
                0.8 * result(&set, &steps, "abandoned_rate"));
    play(&driver, &set, &steps, 10, 1);
    assert_int_equal(driver.run->world->n_products, 64);
    driver_free(&driver);
}

static double mean_sociability(const char *scenario)
{
    enum { N = 4000 };
    nb_journey_settings_t set = load(scenario);
    play_t wait = {0};
    driver_t driver;
    double sum = 0;

    play(&driver, &set, &wait, N, 1);
    for (int i = 0; i < N; i++) {
        sum += driver.run->sociability[i];
    }
    driver_free(&driver);
    return sum / N;
}

/* means 2 and 1, variances 4 and 2: five standard errors are 0.16 and 0.11 */
static void test_menswear_customers_talk_twice_as_much(void **state)
{
    (void)state;
    assert_close(mean_sociability("menswear"), 2, 0, 0.16);
    assert_close(mean_sociability("everyday"), 1, 0, 0.11);
}

static void test_health_coach_coaches_and_never_executes(void **state)
{
    nb_journey_settings_t set = load("health_coach");
    play_t email = {.email_every = 2, .action = {0}}, coach = email, execute = email;

    (void)state;
    set.consent_at_birth = set.enrolled_at_birth = 1;
    execute.action[POINT_RECOGNIZE] = RECOGNIZE_AUTO_ORDER;
    assert_close(result(&set, &execute, "auto_orders"), 0, 0, 0);
    assert_false(execute.seen[POINT_RECOGNIZE] >> RECOGNIZE_AUTO_ORDER & 1);
    coach.email_every = 0;
    coach.action[POINT_RECOGNIZE] = RECOGNIZE_COACH;
    email.email_every = 1;
    /* coaching helps the inert to come: of those who know of a need, more visit */
    assert_true(result(&set, &coach, "clv_13") > result(&set, &email, "clv_13"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios_run_and_differ_from_everyday),
        cmocka_unit_test(test_scenarios_say_what_they_are),
        cmocka_unit_test_setup_teardown(test_scenarios_are_listed_and_described, command_kit_set_up,
                                        command_kit_tear_down),
        cmocka_unit_test(test_glasses_tried_on_come_back_less_often),
        cmocka_unit_test(test_airline_sells_services_that_are_accepted),
        cmocka_unit_test(test_newspaper_lives_on_contracts_and_direct_relations),
        cmocka_unit_test(test_mattress_pays_for_referrals_and_for_guarantees),
        cmocka_unit_test(test_quick_service_throws_wasted_baskets_away),
        cmocka_unit_test(test_marketplace_one_click_loses_fewer_checkouts),
        cmocka_unit_test(test_menswear_customers_talk_twice_as_much),
        cmocka_unit_test(test_health_coach_coaches_and_never_executes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
