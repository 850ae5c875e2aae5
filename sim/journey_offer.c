/*
 * Offers: discounts, guarantees, one click, trying on, a second basket line.
 */
#include "sim/journey.h"

void journey_apply_offer(const journey_t *run, visit_t *visit, unsigned offer)
{
    const nb_journey_settings_t *set = &run->world->set;
    const customer_t *who = &run->customers[visit->customer];

    visit->offer = (uint8_t)offer;
    visit->discount = offer == OFFER_DISCOUNT10 ? 0.1f : offer == OFFER_DISCOUNT20 ? 0.2f : 0;
    if (run->at.period < who->win_back_until) {
        visit->discount = fmaxf(visit->discount, (float)set->win_back_discount);
    }
    visit->steps = (int16_t)set->checkout_steps;
    if (offer == OFFER_ONE_CLICK &&
        0.5 + set->carry_trust * (run->trust[visit->customer] - 0.5) > set->one_click_trust) {
        visit->steps = 1;
    }
}

/* risk aversion under the offered guarantee */
double journey_risk(const journey_t *run, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    double risk = run->customers[visit->customer].risk;

    return visit->offer == OFFER_GUARANTEE30    ? risk * set->guarantee_risk
           : visit->offer == OFFER_GUARANTEE100 ? risk * set->guarantee100_risk
                                                : risk;
}

double journey_return_days(const visit_t *visit)
{
    return visit->offer == OFFER_GUARANTEE30 ? 30 : visit->offer == OFFER_GUARANTEE100 ? 100 : 0;
}

int journey_is_upsell(unsigned offer)
{
    return offer == OFFER_DEFAULT_UPSELL || offer == OFFER_PERSONAL_UPSELL ||
           offer == OFFER_COMPLEMENT;
}

/* a complement is of the category that purchases of this one make wanted */
unsigned journey_upsell_category(const journey_t *run, const visit_t *visit)
{
    return visit->offer == OFFER_COMPLEMENT ? journey_complement(run, visit->category)
                                            : visit->category;
}

double journey_p_upsell(const journey_t *run, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    uint32_t row = visit->customer;
    double v = set->upsell_base - set->upsell_fatigue * run->fatigue[row];

    if (visit->offer != OFFER_DEFAULT_UPSELL) {
        v += set->upsell_personal * run->knowledge[row];
    }
    if (visit->offer == OFFER_COMPLEMENT &&
        journey_has_need_in(run, row, journey_upsell_category(run, visit))) {
        v += set->upsell_need;
    }
    return logistic(v);
}

/* after the product is chosen; a refusal costs trust and one more step */
int journey_try_upsell(journey_t *run, visit_t *visit)
{
    uint32_t words[4];

    if (!journey_is_upsell(visit->offer)) {
        return NB_OK;
    }
    nb_rng_block(run->spec.key,
                 draw_at(run->luck[visit->customer], visit->ordinal, DRAW_UPSELL, 0, 0), words);
    visit->upsold = nb_rng_uniform(words[0]) < journey_p_upsell(run, visit);
    if (!visit->upsold) {
        journey_lower_trust(run, visit->customer, run->world->set.upsell_trust);
        visit->steps++;
        return journey_signal(run, visit->customer, visit->ordinal, NB_SIGNAL_REFUSED);
    }
    return NB_OK;
}
