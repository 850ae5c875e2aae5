/*
 * Which actions are allowed: what a customer permits, what makes sense, and the scenario's
 * guardrails.
 */
#include "sim/journey.h"

/* a guardrail of the scenario: calls only where the detector and past orders speak for them */
static int may_call(const journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;
    const customer_t *who = &run->customers[row];
    double scores[MAX_CATEGORIES], top = -INFINITY;

    if (set->guardrail_spend > 0 && who->order_sum < set->guardrail_spend * who->n_seen) {
        return 0;
    }
    if (set->guardrail_detector <= -50) {
        return 1;
    }
    journey_detect(run, row, scores);
    for (unsigned c = 0; c < run->world->n_categories; c++) {
        top = fmax(top, scores[c]);
    }
    return top >= set->guardrail_detector;
}

/* automatic orders pause after one that went wrong */
static int may_ship(const journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;

    return set->auto_offered && set->journey == JOURNEY_FULL &&
           run->at.period >= run->auto_pause_until[row];
}

static uint64_t recognize_mask(const journey_t *run, uint32_t row)
{
    unsigned flags = run->flags[row];
    uint64_t mask = 1u << RECOGNIZE_WAIT;

    mask |= flags & FLAG_EMAIL ? 1u << RECOGNIZE_EMAIL | 1u << RECOGNIZE_SURVEY : 0;
    mask |= flags & FLAG_MESSAGE ? 1u << RECOGNIZE_MESSAGE : 0;
    mask |= (flags & FLAG_CALL) && may_call(run, row) ? 1u << RECOGNIZE_CALL : 0;
    if ((flags & FLAG_CONSENT) && (flags & (FLAG_EMAIL | FLAG_MESSAGE))) {
        mask |= 1u << RECOGNIZE_COACH;
    }
    if (!(flags & FLAG_CONSENT) && (flags & FLAG_EMAIL)) {
        mask |= 1u << RECOGNIZE_ASK_CONSENT;
    }
    return (flags & FLAG_ENROLLED) && may_ship(run, row) ? mask | 1u << RECOGNIZE_AUTO_ORDER : mask;
}

static uint64_t offer_mask(const journey_t *run, uint32_t row, const visit_t *visit)
{
    uint64_t mask = 1u << OFFER_NONE | 1u << OFFER_DISCOUNT10 | 1u << OFFER_DISCOUNT20 |
                    1u << OFFER_GUARANTEE30 | 1u << OFFER_GUARANTEE100 |
                    1u << OFFER_DEFAULT_UPSELL | 1u << OFFER_PERSONAL_UPSELL;

    mask |= run->world->n_categories > 1 ? 1u << OFFER_COMPLEMENT : 0;
    mask |= run->flags[row] & FLAG_CONSENT ? 1u << OFFER_ONE_CLICK : 0;
    if (run->world->set.try_on_offered && visit && visit->display != DISPLAY_CATALOGUE) {
        mask |= 1u << OFFER_TRY_ON;
    }
    return mask;
}

static uint64_t respond_mask(const visit_t *visit)
{
    uint64_t mask = 1u << RESPOND_STANDARD | 1u << RESPOND_EXPRESS | 1u << RESPOND_WHITE_GLOVE;

    return visit && visit->infeasible ? mask | 1u << RESPOND_SUBSTITUTE | 1u << RESPOND_REFUSE
                                      : mask;
}

static uint64_t repeat_mask(const journey_t *run, uint32_t row, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    uint64_t mask = 1u << REPEAT_NOTHING;

    /* a platform gives no right to reach a customer who has not come herself */
    mask |= visit || !(run->flags[row] & FLAG_PLATFORM) ? 1u << REPEAT_WIN_BACK : 0;
    mask |= run->flags[row] & FLAG_EMAIL ? 1u << REPEAT_SURVEY : 0;
    if (!visit || !visit->ordered) {
        return mask;
    }
    mask |= 1u << REPEAT_THANK_YOU | 1u << REPEAT_REWARD | 1u << REPEAT_ASK_REFERRAL |
            1u << REPEAT_PAID_REFERRAL;
    return set->adjacent_offered && journey_closed_category(run, row) >= 0
               ? mask | 1u << REPEAT_ADJACENT
               : mask;
}

uint64_t journey_mask(const journey_t *run, unsigned point, uint32_t row, const visit_t *visit)
{
    unsigned n_products = run->world->n_products;

    switch (point) {
    case POINT_RECOGNIZE:
        return recognize_mask(run, row);
    case POINT_DISPLAY:
        return (1u << N_DISPLAY) - 1;
    case POINT_PRODUCT:
        return n_products == 64 ? ~(uint64_t)0 : ((uint64_t)1 << n_products) - 1;
    case POINT_OFFER:
        return offer_mask(run, row, visit);
    case POINT_RESPOND:
        return respond_mask(visit);
    default:
        return repeat_mask(run, row, visit);
    }
}
