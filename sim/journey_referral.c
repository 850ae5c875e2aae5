/*
 * Word of mouth: a satisfied customer brings another one (Schmitt, Skiera & Van den Bulte 2011).
 */
#include "sim/journey.h"

/* chance that a purchase ends in a referral; `ask` is what the firm did about it */
double journey_p_referral(const journey_t *run, uint32_t row, unsigned ask)
{
    const nb_journey_settings_t *set = &run->world->set;
    double S = fmax(run->satisfaction[row], 0);
    double p = run->sociability[row] * (set->referral_base + set->referral_satisfaction * S * S);

    p *= ask == REPEAT_ASK_REFERRAL ? set->referral_ask : 1;
    p += ask == REPEAT_PAID_REFERRAL ? set->referral_paid * S : 0;
    return fmin(p, 1);
}

/* the child comes next period; nobody is born in the tail */
int journey_refer(journey_t *run, const visit_t *visit)
{
    uint32_t row = visit->customer, words[4];
    customer_t *who = &run->customers[row];

    if (run->at.in_tail || run->at.period < 0 || !run->alive[row]) {
        return NB_OK;
    }
    nb_rng_block(run->spec.key, draw_at(run->luck[row], visit->ordinal, DRAW_REPEAT, 0, 0), words);
    if (nb_rng_uniform(words[0]) >= journey_p_referral(run, row, visit->referral)) {
        return NB_OK;
    }
    JOURNEY_MORE(run, referred, n_referred, referred_capacity);
    run->referred[run->n_referred++] = (referred_t){
        .parent = row, .luck = nb_rng_hash(run->luck[row], who->n_children++) | 0x80000000u};
    if (visit->referral == REPEAT_PAID_REFERRAL) {
        return journey_pay(run, row, visit->ordinal, -run->world->set.cost_referral,
                           NB_CAUSE_REWARD);
    }
    return NB_OK;
}
