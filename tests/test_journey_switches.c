/*
 * Off means off: where an action is not played or a switch is off, the numbers behind it change no
 * bit of a run. Each row is also played with its mechanism on, where the same change must show.
 */
#include "tests/journey_driver.h"

enum { MAX_PLACES = 12, N_CUSTOMERS = 150, N_PERIODS = 60 };

typedef struct {
    const char *name;
    unsigned point;    /* actions of this point ... */
    unsigned excluded; /* ... that are never played: bits */
    void (*switch_off)(nb_journey_settings_t *set);
    size_t places[MAX_PLACES]; /* offsets of reals that are changed, ended by 0 */
} row_t;

#define AT(field) offsetof(nb_journey_settings_t, field)
#define BIT(action) (1u << (action))

/* mechanisms on, so that random plays meet all of them */
static void set_world(nb_journey_settings_t *set)
{
    set->consent_at_birth = 0.6;
    set->enrolled_at_birth = 0.5;
    set->categories = 2;
    set->permission_start = -0.5;
    set->complement_need = 0.1;
    set->category_first = 1;
    set->firms = 2;
    set->try_on_offered = 1;
    set->infeasible_probability = set->late_probability = 0.1;
    set->need_rate = 1.5;
    set->return_base = -1;
    set->platform_share = 0.2;
    set->segment_share = 0.4;
    set->referral_base = 0.1;
    set->sleeping_base = -2;
    set->optout_rate = 0.01;
    set->dormant_weeks = 6;
    set->shock_week = 30;
    set->births_organic = 0.01;
}

static void no_consent(nb_journey_settings_t *set)
{
    set->consent_at_birth = 0;
}

static void no_auto(nb_journey_settings_t *set)
{
    set->auto_offered = 0;
}

static void one_category(nb_journey_settings_t *set)
{
    set->categories = 1;
    set->complement_need = set->permission_start = 0;
}

static void one_firm(nb_journey_settings_t *set)
{
    set->firms = 1;
}

static void no_platform(nb_journey_settings_t *set)
{
    set->platform_share = 0;
}

static void no_shock(nb_journey_settings_t *set)
{
    set->shock_week = -1;
}

static void no_segment(nb_journey_settings_t *set)
{
    set->segment_share = 0;
}

static void no_referral(nb_journey_settings_t *set)
{
    set->referral_base = set->referral_satisfaction = set->referral_paid = 0;
}

static void nothing_goes_wrong(nb_journey_settings_t *set)
{
    set->late_probability = set->infeasible_probability = 0;
}

static void no_learning(nb_journey_settings_t *set)
{
    set->learning = LEARN_NONE;
}

static void no_try_on(nb_journey_settings_t *set)
{
    set->try_on_offered = 0;
}

static void no_returns(nb_journey_settings_t *set)
{
    set->return_base = -50;
}

static void no_optout(nb_journey_settings_t *set)
{
    set->optout_rate = 0;
}

static void no_sleeping_dogs(nb_journey_settings_t *set)
{
    set->sleeping_base = -50;
}

static void no_births(nb_journey_settings_t *set)
{
    set->births_organic = 0;
}

/* clang-format off */
static const row_t rows[] = {
    {"coach", POINT_RECOGNIZE, BIT(RECOGNIZE_COACH), NULL, {AT(visit_coach), AT(fatigue_coach), AT(aware_coach), AT(cost_coach), AT(reactance_trust), AT(reactance_weeks), AT(open_reactance)}},
    {"call", POINT_RECOGNIZE, BIT(RECOGNIZE_CALL), NULL, {AT(open_call), AT(aware_call), AT(fatigue_call), AT(cost_call)}},
    {"ask for consent", POINT_RECOGNIZE, BIT(RECOGNIZE_ASK_CONSENT), NULL, {AT(consent_base), AT(consent_privacy), AT(enroll_base), AT(enroll_agency), AT(cost_ask_consent), AT(fatigue_ask)}},
    {"consent", POINT_RECOGNIZE, BIT(RECOGNIZE_ASK_CONSENT), no_consent, {AT(knowledge_consent), AT(one_click_trust), AT(return_one_click), AT(auto_base), AT(aware_coach), AT(enrolled_at_birth)}},
    {"automatic orders", POINT_RECOGNIZE, 0, no_auto, {AT(auto_base), AT(auto_agency), AT(auto_pleasure), AT(auto_pause), AT(incident_trust), AT(incident_satisfaction), AT(cost_incident), AT(refused_trust), AT(refused_satisfaction), AT(incident_goods)}},
    {"upsells", POINT_OFFER, BIT(OFFER_DEFAULT_UPSELL) | BIT(OFFER_PERSONAL_UPSELL) | BIT(OFFER_COMPLEMENT), NULL, {AT(upsell_size), AT(upsell_base), AT(upsell_personal), AT(upsell_need), AT(upsell_fatigue), AT(upsell_trust)}},
    {"guarantees", POINT_OFFER, BIT(OFFER_GUARANTEE30) | BIT(OFFER_GUARANTEE100), NULL, {AT(guarantee_risk), AT(guarantee100_risk), AT(return_guarantee), AT(return_weeks100)}},
    {"one-click", POINT_OFFER, BIT(OFFER_ONE_CLICK), NULL, {AT(one_click_trust), AT(return_one_click)}},
    {"services", POINT_RESPOND, BIT(RESPOND_EXPRESS) | BIT(RESPOND_WHITE_GLOVE) | BIT(RESPOND_SUBSTITUTE) | BIT(RESPOND_REFUSE), NULL, {AT(service_express), AT(service_white_glove), AT(service_substitute), AT(cost_express), AT(cost_white_glove), AT(refuse_trust)}},
    {"repeat", POINT_REPEAT, ~BIT(REPEAT_NOTHING) & ~BIT(REPEAT_SURVEY), NULL, {AT(thank_you_habit), AT(thank_you_fatigue), AT(reward_satisfaction), AT(reward_trust), AT(win_back_discount), AT(win_back_visit), AT(referral_ask), AT(referral_paid), AT(adjacent_base), AT(cost_reward), AT(cost_adjacent)}},
    {"categories", POINT_OFFER, 0, one_category, {AT(complement_weight), AT(complement_weeks), AT(permission_gain), AT(category_first), AT(category_other), AT(adjacent_base), AT(upsell_need)}},
    {"market", POINT_OFFER, 0, one_firm, {AT(market_pull), AT(market_stranger), AT(market_word)}},
    {"platform", POINT_OFFER, 0, no_platform, {AT(platform_commission)}},
    {"shock", POINT_OFFER, 0, no_shock, {AT(shock_taste), AT(shock_outside), AT(shock_need), AT(shock_knowledge)}},
    {"second segment", POINT_OFFER, 0, no_segment, {AT(segment_rate), AT(segment_price), AT(segment_inertia), AT(segment_loyalty)}},
    {"referrals", POINT_REPEAT, 0, no_referral, {AT(referral_taste), AT(referral_loyalty), AT(referral_basket), AT(referral_weeks), AT(referral_ask), AT(cost_referral)}},
    {"late or infeasible", POINT_OFFER, 0, nothing_goes_wrong, {AT(late_loss), AT(infeasible_cost), AT(service_substitute), AT(refuse_trust)}},
    {"learning", POINT_OFFER, 0, no_learning, {AT(knowledge_purchase), AT(knowledge_open), AT(knowledge_consent), AT(survey_knowledge), AT(knowledge_keep), AT(knowledge_population_keep), AT(knowledge_population_share)}},
    {"try-on", POINT_OFFER, 0, no_try_on, {AT(cost_try_on)}},
    {"returns", POINT_RECOGNIZE, BIT(RECOGNIZE_AUTO_ORDER), no_returns, {AT(return_satisfaction), AT(cost_return), AT(surplus_return), AT(return_guarantee)}},
    {"opt-out", POINT_OFFER, 0, no_optout, {AT(optout_fatigue)}},
    {"sleeping dogs", POINT_OFFER, 0, no_sleeping_dogs, {AT(sleeping_sd), AT(sleeping_weeks)}},
    {"births", POINT_OFFER, 0, no_births, {AT(births_bad_word)}},
};
/* clang-format on */

/* random, but for what is excluded; products are ranked by the firm */
static void answer_rest(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    const row_t *row = driver->context;
    nb_batch_t masked = *batch;
    static uint64_t mask[NB_BLOCK_ROWS];

    for (size_t i = 0; i < batch->n; i++) {
        mask[i] = batch->mask[i];
        if (batch->stream_point % N_POINTS == row->point) {
            mask[i] &= ~(uint64_t)row->excluded;
        }
    }
    masked.mask = mask;
    answer_random(driver, &masked, action);
}

/* another value that is allowed */
static void change(nb_journey_settings_t *set, size_t place)
{
    double *field = (double *)((char *)set + place);

    for (const nb_setting_t *setting = nb_journey_settings; setting->key; setting++) {
        if (setting->offset == place && setting->type == NB_SETTING_REAL) {
            double more = *field != 0 ? *field * 1.7 : 0.4;

            *field = more <= setting->high && more >= setting->low ? more : *field / 2;
            return;
        }
    }
    fail_msg("no real setting at %zu", place);
}

/* results under a row, its mechanism off or on, its numbers changed or not; free with driver_free
 */
static void play(driver_t *driver, const row_t *row, int is_off, int is_changed)
{
    static const row_t everything = {.point = N_POINTS};

    driver_defaults(driver);
    set_world(&driver->set);
    if (is_off && row->switch_off) {
        row->switch_off(&driver->set);
    }
    for (unsigned k = 0; is_changed && k < MAX_PLACES && row->places[k]; k++) {
        change(&driver->set, row->places[k]);
    }
    driver_bind(driver, NB_NEED_ROWS, answer_rest);
    for (unsigned f = 0; f < MAX_FIRMS; f++) {
        driver->needs[f * N_POINTS + POINT_PRODUCT] = 0;
    }
    driver->context = (void *)(is_off ? row : &everything);
    driver_start(driver, 7, N_CUSTOMERS, N_PERIODS);
    driver_play(driver, 0);
}

static int is_same(const row_t *row, int is_off)
{
    driver_t a, b;
    nb_result_t x, y;
    int same;

    play(&a, row, is_off, 0);
    play(&b, row, is_off, 1);
    assert_ok(journey_result(a.run, &x));
    assert_ok(journey_result(b.run, &y));
    same = a.run->at.n == b.run->at.n &&
           memcmp(x.scalar, y.scalar, x.n_scalars * sizeof *x.scalar) == 0 &&
           memcmp(x.series_values, y.series_values,
                  x.n_series * (size_t)x.periods * sizeof *x.series_values) == 0 &&
           memcmp(a.run->satisfaction, b.run->satisfaction, a.run->at.n * sizeof(float)) == 0;
    driver_free(&a);
    driver_free(&b);
    return same;
}

static void test_switches_off_means_off(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        if (!is_same(&rows[k], 1)) {
            fail_msg("%s: switched off, its numbers change a run", rows[k].name);
        }
        if (is_same(&rows[k], 0)) {
            fail_msg("%s: switched on, its numbers change nothing", rows[k].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_switches_off_means_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
