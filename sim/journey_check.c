/*
 * Worlds that cannot be are refused by name before anything runs; and the strength of carry-over,
 * brought into the coefficients once.
 */
#include "sim/journey.h"

static int check_catalogue(const nb_journey_settings_t *set)
{
    if (set->price_quality * set->quality_sd + set->price_sd > 2.5) {
        NB_FAIL(NB_ERR_CONFIG,
                "catalogue.price_sd: %g with catalogue.price_quality %g x catalogue.quality_sd %g "
                "spreads prices over more than five powers of ten, expected a sum up to 2.5",
                set->price_sd, set->price_quality, set->quality_sd);
    }
    if (set->money_price * set->price_level > 1e7) {
        NB_FAIL(NB_ERR_CONFIG, "money.price: %g x catalogue.price_level %g, expected up to 1e7",
                set->money_price, set->price_level);
    }
    return NB_OK;
}

/* a purchase that raises a need that is bought raises a need ...: the chain must end */
static int check_complements(const nb_journey_settings_t *set)
{
    if (set->complement_need > 0 && set->categories < 2) {
        NB_FAIL(NB_ERR_CONFIG,
                "complement.need: %g needs a next category, but categories is 1, expected 2 to %d",
                set->complement_need, MAX_CATEGORIES);
    }
    if (set->complement_need > 0.95) {
        NB_FAIL(NB_ERR_CONFIG,
                "complement.need: %g: every purchase would raise the next need without end, "
                "expected 0 to 0.95",
                set->complement_need);
    }
    if (set->permission_start < 0 && set->categories < 2) {
        NB_FAIL(NB_ERR_CONFIG,
                "permission.start: %g concerns the categories after the first, but categories is "
                "1, expected 2 to %d",
                set->permission_start, MAX_CATEGORIES);
    }
    return NB_OK;
}

/* customers who bring more than one each before they are even pleased bring ever more */
static int check_referrals(const nb_journey_settings_t *set)
{
    double mean = 2 * set->sociability_shape * set->referral_base * fmax(1, set->referral_ask);

    if (mean >= 1) {
        NB_FAIL(NB_ERR_CONFIG,
                "referral.base: %g x 2 x sociability.shape %g x referral.ask %g is %g referrals a "
                "purchase: customers would multiply without end, expected below 1",
                set->referral_base, set->sociability_shape, fmax(1, set->referral_ask), mean);
    }
    return NB_OK;
}

static int check_timers(const nb_journey_settings_t *set)
{
    if (set->dormant_weeks >= set->hygiene_weeks) {
        NB_FAIL(NB_ERR_CONFIG, "dormant.weeks: %g must be below hygiene.weeks, which is %g",
                set->dormant_weeks, set->hygiene_weeks);
    }
    if (set->contract_fee > 0 && set->contract_weeks < set->period_weeks) {
        NB_FAIL(NB_ERR_CONFIG,
                "contract.fee: %g is paid once a contract, but contract.weeks is %g, expected at "
                "least one period (%g weeks)",
                set->contract_fee, set->contract_weeks, set->period_weeks);
    }
    return NB_OK;
}

/* what describes one firm's customers alone */
static int check_market(const nb_journey_settings_t *set)
{
    const char *key = set->need_conversion != CONVERSION_NONE ? "need.conversion"
                      : set->journey == JOURNEY_TRANSPARENT   ? "journey"
                      : set->burn_in_periods > 0              ? "burn_in.periods"
                      : set->contract_weeks > 0               ? "contract.weeks"
                                                              : NULL;

    if (set->firms > 1 && key) {
        NB_FAIL(NB_ERR_CONFIG, "firms: %d, but %s is made for one firm, expected firms: 1",
                set->firms, key);
    }
    return NB_OK;
}

static int check_journey(const nb_journey_settings_t *set)
{
    if (set->journey == JOURNEY_TRANSPARENT && set->need_conversion != CONVERSION_NONE) {
        NB_FAIL(NB_ERR_CONFIG, "need.conversion: every need is bought in a transparent journey, "
                               "expected none");
    }
    if (set->journey == JOURNEY_TRANSPARENT && set->categories > 1) {
        NB_FAIL(NB_ERR_CONFIG, "categories: %d, but a transparent journey has one category",
                set->categories);
    }
    if (set->need_conversion != CONVERSION_NONE && set->categories > 1) {
        NB_FAIL(NB_ERR_CONFIG,
                "need.conversion: is computed for one category, but categories is %d",
                set->categories);
    }
    return NB_OK;
}

int journey_check(const nb_journey_settings_t *set)
{
    NB_TRY(check_catalogue(set));
    NB_TRY(check_complements(set));
    NB_TRY(check_referrals(set));
    NB_TRY(check_timers(set));
    NB_TRY(check_market(set));
    return check_journey(set);
}

/* a state that carries over more strongly has larger coefficients wherever it acts */
void journey_carry_over(nb_journey_settings_t *set)
{
    double S = set->carry_satisfaction, T = set->carry_trust, F = set->carry_fatigue;
    double K = set->carry_knowledge;

    set->churn_satisfaction *= S;
    set->adjacent_satisfaction *= S;
    set->referral_satisfaction *= S * S;
    set->referral_paid *= S;
    set->births_bad_word *= S * S;
    set->open_trust *= T;
    set->utility_trust *= T;
    set->churn_trust *= T;
    set->consent_trust *= T;
    set->enroll_trust *= T;
    set->adjacent_trust *= T;
    set->fatigue_open *= F;
    set->optout_fatigue *= F;
    set->upsell_fatigue *= F;
    set->survey_fatigue *= F;
    set->habit_visit *= set->carry_habit;
    set->knowledge_purchase = fmin(1, set->knowledge_purchase * K);
    set->knowledge_open = fmin(1, set->knowledge_open * K);
    set->knowledge_consent = fmin(1, set->knowledge_consent * K);
    set->survey_knowledge = fmin(1, set->survey_knowledge * K);
    set->knowledge_population_keep = fmax(0, 1 - (1 - set->knowledge_population_keep) * K);
}
