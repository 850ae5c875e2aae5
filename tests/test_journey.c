/*
 * The journey as a simulator: determinism, defaults, what stays hidden, what each setting changes.
 */
#include "tests/journey_driver.h"

/* everything of a run that a strategy could have changed */
static void assert_same_results(driver_t *a, driver_t *b)
{
    nb_result_t x, y;

    assert_ok(journey_result(a->run, &x));
    assert_ok(journey_result(b->run, &y));
    assert_memory_equal(x.scalar, y.scalar, x.n_scalars * sizeof *x.scalar);
    assert_memory_equal(x.series_values, y.series_values,
                        x.n_series * (size_t)x.periods * sizeof *x.series_values);
}

static void test_journey_same_seed_gives_the_same_bits(void **state)
{
    driver_t a, b;

    (void)state;
    for (driver_t *driver = &a; driver; driver = driver == &a ? &b : NULL) {
        driver_defaults(driver);
        driver_bind(driver, NB_NEED_ROWS, answer_random);
        driver_start(driver, 5, 500, 60);
        driver_play(driver, 0);
    }
    assert_same_results(&a, &b);
    driver_stop(&b);
    driver_start(&b, 6, 500, 60);
    driver_play(&b, 0);
    assert_true(driver_scalar(&a, "equity") != driver_scalar(&b, "equity"));
    driver_free(&a);
    driver_free(&b);
}

/* a bound point that plays its default gives what an unbound one gives */
static void test_journey_unbound_points_play_their_defaults(void **state)
{
    driver_t bound, unbound;
    int never = 0;

    (void)state;
    driver_defaults(&bound);
    driver_defaults(&unbound);
    driver_bind(&bound, NB_NEED_ROWS | NB_NEED_CONTEXT, answer_schedule);
    bound.context = &never;
    driver_start(&bound, 1, 1000, 100);
    driver_play(&bound, 1);
    driver_start(&unbound, 1, 1000, 100);
    driver_play(&unbound, 1);
    assert_same_results(&bound, &unbound);
    driver_free(&bound);
    driver_free(&unbound);
}

/* every payment is margin, cost or acquisition, and nobody is acquired here */
static void test_journey_margin_less_cost_is_equity(void **state)
{
    driver_t driver;
    double margin, cost;

    (void)state;
    driver_defaults(&driver);
    driver.set.births_organic = 0;
    driver_bind(&driver, NB_NEED_ROWS, answer_random);
    driver_start(&driver, 3, 500, 60);
    driver_play(&driver, 0);
    margin = driver_scalar(&driver, "margin");
    cost = driver_scalar(&driver, "cost");
    assert_true(margin > 0 && cost > 0);
    assert_true(fabs(margin - cost - driver_scalar(&driver, "equity_in_horizon")) < 1e-9);
    driver_free(&driver);
}

static void test_journey_tail_continues_the_run_without_births(void **state)
{
    driver_t driver;
    size_t before;

    (void)state;
    driver_defaults(&driver);
    driver.set.tail_max = 40;
    driver_start(&driver, 1, 1000, 52);
    driver_play(&driver, 0);
    before = driver.run->at.n;
    assert_true(before > 1000);
    driver_stop(&driver);
    driver_start(&driver, 1, 1000, 52);
    driver_play(&driver, 1);
    assert_int_equal(driver.run->at.n, before);
    assert_close(driver_scalar(&driver, "tail_periods"), 40, 0, 0);
    assert_true(driver_scalar(&driver, "clv_tail") > 0);
    driver_free(&driver);
}

/* two runs that differ in one hidden death, compared batch by batch */
typedef struct {
    journey_t *other;
    int stop_before; /* period */
    int n_compared;
} twin_t;

static void compare_batches(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    twin_t *twin = driver->context;
    nb_batch_t mirror;
    nb_choice_t choice = {action, NULL};

    assert_ok(journey_next_batch(twin->other, &mirror));
    assert_int_equal(mirror.n, batch->n);
    assert_int_equal(mirror.stream_point, batch->stream_point);
    assert_memory_equal(mirror.customer, batch->customer, batch->n * sizeof *batch->customer);
    assert_memory_equal(mirror.mask, batch->mask, batch->n * sizeof *batch->mask);
    assert_memory_equal(mirror.x, batch->x, batch->n * batch->d * sizeof *batch->x);
    answer_random(driver, batch, action);
    assert_ok(journey_act(twin->other, &mirror, &choice));
    twin->n_compared++;
}

/* all events so far are alike: money, signals, journeys */
static void compare_events(driver_t *driver, nb_events_t events)
{
    twin_t *twin = driver->context;
    nb_batch_t none;
    nb_events_t mirror;

    assert_ok(journey_next_batch(twin->other, &none));
    assert_int_equal(none.n, 0);
    assert_ok(journey_end_period(twin->other));
    mirror = nb_environment_journey.take_events(twin->other);
    assert_int_equal(mirror.n, events.n);
    for (size_t e = 0; e < events.n; e++) {
        assert_int_equal(mirror.events[e].customer, events.events[e].customer);
        assert_int_equal(mirror.events[e].kind, events.events[e].kind);
        assert_true(mirror.events[e].money == events.events[e].money);
    }
}

/* first period from `start` on in which customer i does anything that shows, in a run of its own;
 * an open need that only waits shows nothing */
static int first_event_of(driver_t *driver, uint32_t i, int start, int periods)
{
    const journey_t *run = driver->run;

    for (int t = run->first_period; t < periods; t++) {
        uint32_t needs = run->need_ordinal[i];
        unsigned orders = run->customers[i].n_purchases;
        int active = run->last_active[i];
        unsigned flags = run->flags[i];

        driver_step(driver, t);
        if (t >= start && (run->need_ordinal[i] != needs || run->last_active[i] != active ||
                           run->customers[i].n_purchases != orders || run->flags[i] != flags)) {
            return t;
        }
    }
    return periods;
}

static void test_journey_death_stays_hidden_until_it_shows(void **state)
{
    enum { N = 64, T = 60, START = 10, ENOUGH = 6, WITH_NEED = 2 };
    int n_checked = 0, n_with_need = 0;

    (void)state;
    for (uint32_t i = 0; i < N && (n_checked < ENOUGH || n_with_need < WITH_NEED); i++) {
        driver_t a, b;
        twin_t twin = {0};
        int shows;

        driver_defaults(&a);
        a.set.births_organic = 0; /* bad word of mouth is a mean over the living */
        a.set.referral_base = a.set.referral_satisfaction = a.set.referral_paid = 0;
        driver_bind(&a, NB_NEED_ROWS | NB_NEED_CONTEXT, answer_random);
        b = a;
        driver_start(&b, 2, N, T);
        shows = first_event_of(&b, i, START, T);
        driver_stop(&b);
        driver_start(&b, 2, N, T);
        driver_start(&a, 2, N, T);
        if (shows > START + 2) {
            for (int t = 0; t < START; t++) {
                driver_step(&a, t);
                driver_step(&b, t);
            }
            n_with_need += b.run->n_open[i] > 0;
            b.run->alive[i] = 0;
            b.run->next_need[i] = INFINITY;
            twin.other = b.run;
            a.context = &twin;
            a.answer = compare_batches;
            a.watch = compare_events;
            for (int t = START; t < shows; t++) {
                assert_ok(journey_begin_period(b.run, t));
                driver_step(&a, t);
            }
            assert_true(twin.n_compared >= shows - START);
            n_checked++;
        }
        driver_free(&a);
        driver_free(&b);
    }
    assert_true(n_checked >= ENOUGH && n_with_need >= WITH_NEED);
}

/* what the loop is told that may be spent on contacts */
static double budget_of(const journey_t *run)
{
    nb_budget_t budget;
    double sum = 0;

    if (!journey_budget(run, POINT_RECOGNIZE, &budget)) {
        return 0;
    }
    sum += isfinite(budget.money) ? budget.money : 1e6;
    sum += isfinite(budget.rows) ? budget.rows : 1e5;
    return sum +
           (isfinite(budget.capacity[RECOGNIZE_CALL]) ? budget.capacity[RECOGNIZE_CALL] : 1e4);
}

/* a sum over everything the run produced, so that any change shows */
static double fingerprint(const nb_journey_settings_t *set)
{
    driver_t driver;
    nb_result_t result;
    double sum = 0;

    driver_defaults(&driver);
    driver.set = *set;
    driver_bind(&driver, NB_NEED_ROWS | NB_NEED_CONTEXT, answer_random);
    for (unsigned f = 0; f < MAX_FIRMS; f++) {
        driver.needs[f * N_POINTS + POINT_PRODUCT] = 0; /* the firm's own ranking chooses */
    }
    driver_start(&driver, 9, 120, 80);
    driver_play(&driver, 1);
    assert_ok(journey_result(driver.run, &result));
    for (size_t k = 0; k < result.n_scalars; k++) {
        sum += isnan(result.scalar[k]) ? 0 : result.scalar[k] * (double)(k + 1);
    }
    for (size_t i = 0; i < driver.run->at.n; i++) {
        float x[MAX_FEATURES];

        journey_observe(driver.run, (uint32_t)i, x);
        for (unsigned k = 0; k < driver.run->world->n_features; k++) {
            sum += x[k] * (k + 1);
        }
    }
    sum += budget_of(driver.run);
    driver_free(&driver);
    return sum;
}

/* another allowed value of a setting */
static void change_setting(const nb_setting_t *setting, nb_journey_settings_t *set)
{
    char *field = (char *)set + setting->offset;

    switch (setting->type) {
    case NB_SETTING_REAL: {
        double now = *(double *)field;
        double changed = now != 0 ? 6 * now : 0.3;

        if (changed < setting->low || changed > setting->high) {
            changed = setting->high <= 1 && now < 0.9 ? (now + setting->high) / 2 : now / 2;
        }
        assert_true(changed >= setting->low && changed <= setting->high);
        *(double *)field = changed;
        break;
    }
    case NB_SETTING_INT:
        *(int *)field = *(int *)field > 8 ? *(int *)field / 2 : *(int *)field + 2;
        *(int *)field = *(int *)field > setting->high ? 1 : *(int *)field;
        break;
    default:
        *(int *)field = !*(int *)field;
    }
}

static int starts_with(const char *key, const char *start)
{
    return strncmp(key, start, strlen(start)) == 0;
}

/* what is about the categories after the first */
static int needs_categories(const char *key)
{
    return starts_with(key, "categor") || starts_with(key, "complement.") ||
           starts_with(key, "permission.") || starts_with(key, "adjacent.") ||
           strcmp(key, "cost.adjacent") == 0 || strcmp(key, "upsell.need") == 0;
}

/* a world in which every mechanism is at work within 80 weeks */
static nb_journey_settings_t busy_world(const char *key)
{
    nb_journey_settings_t set;

    assert_ok(nb_settings_defaults(nb_journey_settings, &set));
    set.consent_at_birth = 0.7;
    set.return_base = -1;
    set.need_rate = 1.5;
    set.dormant_weeks = 6;
    set.hygiene_weeks = 40;
    set.sleeping_base = -2;
    set.optout_rate = 0.02;
    set.late_probability = 0.1;
    set.infeasible_probability = 0.1;
    set.tail_max = 10;
    set.churn_weekly = 0.005;
    set.guardrail_detector = -1;
    set.guardrail_spend = 10;
    set.enrolled_at_birth = 0.6;
    set.incident_goods = 0.1;
    set.platform_share = 0.2;
    set.segment_share = 0.4;
    set.segment_rate = 1.5;
    set.shock_week = 30;
    set.shock_knowledge = 0.1;
    set.referral_base = 0.05;
    set.view_lost = 0.1;
    set.try_on_offered = set.state_visible = 1;
    set.budget_contact = 0.2;
    set.capacity_contacts = set.capacity_calls = 0.5;
    if (needs_categories(key)) {
        set.categories = 2;
        set.permission_start = -0.5;
        set.category_first = 1;
        set.adjacent_offered = strcmp(key, "permission.gain") != 0;
        set.complement_need = 0.1;
    }
    if (strncmp(key, "market.", 7) == 0 || strcmp(key, "firms") == 0) {
        set.firms = 2;
        set.births_organic = 0.08; /* enough arrivals to choose between them */
    }
    if (strncmp(key, "contract.", 9) == 0) {
        set.contract_weeks = 8;
        set.contract_fee = 5;
    }
    if (strcmp(key, "one_click.trust") == 0) {
        set.checkout_step = 2; /* so that a step more or less shows in a few visits */
    }
    if (strcmp(key, "tail_limit") == 0) {
        set.churn_weekly = 0.03; /* survival falls fast enough to end the tail */
        set.births_organic = 0;
    }
    if (strncmp(key, "churn.a", 8) == 0 || strncmp(key, "churn.b", 8) == 0 ||
        strcmp(key, "churn.shift") == 0) {
        set.churn_family = CHURN_BETA;
    }
    return set;
}

static void test_journey_every_setting_changes_what_it_says(void **state)
{
    nb_journey_settings_t common = busy_world("");
    double common_before = fingerprint(&common);

    (void)state;
    for (const nb_setting_t *setting = nb_journey_settings; setting->key; setting++) {
        nb_journey_settings_t set = busy_world(setting->key);
        double before;

        if (strcmp(setting->key, "warm_start") == 0) {
            continue; /* read by the loop, not by the journey: test_loop shows it */
        }
        /* most settings are tried in the same world */
        before = memcmp(&set, &common, sizeof set) == 0 ? common_before : fingerprint(&set);
        change_setting(setting, &set);
        if (before == fingerprint(&set)) {
            fail_msg("%s changes nothing", setting->key);
        }
    }
}

static void test_journey_settings_have_defaults_in_range_and_unique_keys(void **state)
{
    (void)state;
    for (const nb_setting_t *a = nb_journey_settings; a->key; a++) {
        assert_true(a->help && a->help[0]);
        assert_non_null(a->mark);
        assert_true(strcmp(a->mark, "L") != 0 || a->source[0]);
        if (a->type == NB_SETTING_REAL || a->type == NB_SETTING_INT) {
            assert_true(a->low <= a->def && a->def <= a->high);
        }
        for (const nb_setting_t *b = a + 1; b->key; b++) {
            assert_string_not_equal(a->key, b->key);
        }
    }
}

static void test_journey_impossible_worlds_are_refused_by_name(void **state)
{
    nb_journey_settings_t set;
    void *world = NULL;

    (void)state;
    assert_ok(nb_settings_defaults(nb_journey_settings, &set));
    set.complement_need = 0.2;
    assert_fails(nb_environment_journey.world_init(&world, &set), NB_ERR_CONFIG, "complement.need");
    set.categories = 2;
    set.complement_need = 1;
    assert_fails(nb_environment_journey.world_init(&world, &set), NB_ERR_CONFIG, "without end");
    set.complement_need = 0;
    set.categories = 1;
    set.permission_start = -1;
    assert_fails(nb_environment_journey.world_init(&world, &set), NB_ERR_CONFIG,
                 "permission.start");
    set.permission_start = 0;
    set.price_sd = 2;
    set.price_quality = set.quality_sd = 1;
    assert_fails(nb_environment_journey.world_init(&world, &set), NB_ERR_CONFIG,
                 "catalogue.price_sd");
    set.price_sd = 0.15;
    set.money_price = 5e6;
    set.price_level = 10;
    assert_fails(nb_environment_journey.world_init(&world, &set), NB_ERR_CONFIG, "money.price");
    set.money_price = 40;
    set.contract_fee = 3;
    assert_fails(nb_environment_journey.world_init(&world, &set), NB_ERR_CONFIG, "contract.fee");
    set.contract_fee = 0;
    set.sociability_shape = 40;
    assert_fails(nb_environment_journey.world_init(&world, &set), NB_ERR_CONFIG, "without end");
    set.sociability_shape = 0.5;
    set.firms = 2;
    set.burn_in_periods = 10;
    assert_fails(nb_environment_journey.world_init(&world, &set), NB_ERR_CONFIG, "firms");
    set.firms = 1;
    set.burn_in_periods = 0;
    set.need_conversion = CONVERSION_NEVER;
    set.journey = JOURNEY_TRANSPARENT;
    assert_fails(nb_environment_journey.world_init(&world, &set), NB_ERR_CONFIG, "need.conversion");
    set.need_conversion = CONVERSION_NONE;
    set.dormant_weeks = 200;
    assert_fails(nb_environment_journey.world_init(&world, &set), NB_ERR_CONFIG, "dormant.weeks");
    assert_null(world);
}

static void test_journey_out_of_memory_at_any_moment_is_an_error(void **state)
{
    (void)state;
    for (uint64_t n = 1; n < 200; n++) {
        driver_t driver;
        nb_run_spec_t spec = {.key = {1, 1}, .n_customers = 20, .periods = 10};
        void *run = NULL;
        int code;

        driver_defaults(&driver);
        spec.needs = driver.needs;
        nb_alloc_fail_at(n);
        code = nb_environment_journey.world_init(&driver.world, &driver.set);
        code = code < 0 ? code : nb_environment_journey.init(&run, driver.world, &spec);
        nb_alloc_fail_at(0);
        journey_free(run);
        nb_environment_journey.world_free(driver.world);
        if (code == NB_OK) {
            assert_true(n > 10);
            return;
        }
        assert_int_equal(code, NB_ERR_MEMORY);
    }
    fail_msg("never succeeded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journey_same_seed_gives_the_same_bits),
        cmocka_unit_test(test_journey_unbound_points_play_their_defaults),
        cmocka_unit_test(test_journey_margin_less_cost_is_equity),
        cmocka_unit_test(test_journey_tail_continues_the_run_without_births),
        cmocka_unit_test(test_journey_death_stays_hidden_until_it_shows),
        cmocka_unit_test(test_journey_every_setting_changes_what_it_says),
        cmocka_unit_test(test_journey_settings_have_defaults_in_range_and_unique_keys),
        cmocka_unit_test(test_journey_impossible_worlds_are_refused_by_name),
        cmocka_unit_test(test_journey_out_of_memory_at_any_moment_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
