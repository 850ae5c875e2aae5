/*
 * Repeat: after a journey's end, and now and then for customers who sleep.
 */
#include "sim/journey.h"

/* every dormant.every periods from the period on in which she became dormant */
static int is_due(const journey_t *run, uint32_t row)
{
    int silent = run->at.period - run->last_purchase[row] -
                 periods_of(run->world, run->world->set.dormant_weeks);

    return silent >= 0 && silent % run->world->set.dormant_every == 0;
}

int journey_collect_repeat(journey_t *run)
{
    unsigned f = run->at.firm;

    run->n_rows = 0;
    for (uint32_t v = 0; v < run->n_visits; v++) {
        if (run->visits[v].ended && journey_firm(run, run->visits[v].customer) == f) {
            NB_TRY(journey_wait(run, v));
        }
    }
    if (run->at.round > 0) {
        return NB_OK;
    }
    for (size_t b = run->at.books_begin[f]; b < run->at.books_begin[f + 1]; b++) {
        uint32_t row = run->books[b];

        if (!run->in_round[journey_person(run, row)] && is_due(run, row)) {
            NB_TRY(journey_wait(run, row | ROW_IS_CUSTOMER));
        }
    }
    return NB_OK;
}

/* the closed category that she needs most often, -1 where all are open */
int journey_closed_category(const journey_t *run, uint32_t row)
{
    int best = -1;
    float weight = -1;

    for (unsigned c = 1; c < run->world->n_categories; c++) {
        const relation_t *relation = &run->relations[journey_cell(run, row, c)];

        if (relation->permission < -1e-3f && relation->weight > weight) {
            weight = relation->weight;
            best = (int)c;
        }
    }
    return best;
}

/* a service in a category that the firm had no permission for */
static int propose_adjacent(journey_t *run, uint32_t row, uint32_t ordinal)
{
    const nb_journey_settings_t *set = &run->world->set;
    int category = journey_closed_category(run, row);
    uint32_t words[4];
    double p;

    NB_TRY(journey_pay(run, row, ordinal, -set->cost_adjacent, NB_CAUSE_CONTACT));
    if (!run->alive[row] || category < 0) {
        return NB_OK;
    }
    nb_rng_block(run->spec.key, draw_at(run->luck[row], ordinal, DRAW_REPEAT, 0, 0), words);
    p = logistic(set->adjacent_base + set->adjacent_satisfaction * run->satisfaction[row] +
                 set->adjacent_trust * (run->trust[row] - 0.5) +
                 set->adjacent_knowledge * run->knowledge[row]);
    if (nb_rng_uniform(words[2]) >= p) {
        journey_lower_trust(run, row, set->adjacent_refused);
        return journey_signal(run, row, ordinal, NB_SIGNAL_REFUSED);
    }
    run->relations[journey_cell(run, row, (unsigned)category)].permission = 0;
    journey_sums(run, row)->adjacent++;
    return NB_OK;
}

static int thank(journey_t *run, uint32_t row, uint32_t ordinal)
{
    const nb_journey_settings_t *set = &run->world->set;

    if (run->alive[row]) {
        run->habit[row] = clip(run->habit[row] + (float)set->thank_you_habit, 0, 1);
        journey_tire(run, row, set->thank_you_fatigue);
    }
    return journey_pay(run, row, ordinal, -set->cost_thank_you, NB_CAUSE_CONTACT);
}

static int reward(journey_t *run, uint32_t row, uint32_t ordinal)
{
    const nb_journey_settings_t *set = &run->world->set;

    if (run->alive[row]) {
        journey_raise_satisfaction(run, row, set->reward_satisfaction);
        journey_lower_trust(run, row, -set->reward_trust);
    }
    return journey_pay(run, row, ordinal, -set->cost_reward, NB_CAUSE_REWARD);
}

/* the referral itself is drawn at the end of the round */
static int ask_referral(journey_t *run, visit_t *visit, unsigned action)
{
    const nb_journey_settings_t *set = &run->world->set;

    visit->referral = (uint8_t)action;
    if (action == REPEAT_ASK_REFERRAL && run->alive[visit->customer]) {
        journey_tire(run, visit->customer, set->referral_ask_fatigue);
        journey_lower_trust(run, visit->customer, set->referral_ask_trust);
    }
    return NB_OK;
}

int journey_act_repeat(journey_t *run, uint32_t row, visit_t *visit, unsigned action)
{
    const nb_journey_settings_t *set = &run->world->set;
    uint32_t ordinal = visit ? visit->ordinal : 0;

    switch (action) {
    case REPEAT_THANK_YOU:
        return thank(run, row, ordinal);
    case REPEAT_SURVEY:
        return journey_survey(run, row, 0);
    case REPEAT_REWARD:
        return reward(run, row, ordinal);
    case REPEAT_ASK_REFERRAL:
    case REPEAT_PAID_REFERRAL:
        return visit ? ask_referral(run, visit, action) : NB_OK;
    case REPEAT_WIN_BACK:
        run->customers[row].win_back_until =
            run->at.period + 1 + periods_of(run->world, set->win_back_weeks);
        return journey_pay(run, row, ordinal, -set->cost_win_back, NB_CAUSE_CONTACT);
    case REPEAT_ADJACENT:
        return propose_adjacent(run, row, ordinal);
    default:
        return NB_OK;
    }
}
