/*
 * Automatic execution: the firm ships before she asks. What she keeps saves her the journey; what
 * she needed but does not like is refused; what nobody needed is an incident, the worse the more
 * she wants to decide herself.
 */
#include "sim/journey.h"

#include <string.h>

enum { ORDINAL_AUTO = 0x40000000 }; /* ordinals of automatic orders that met no need */

/* the category whose need the detector believes in most */
static unsigned believed_category(const journey_t *run, uint32_t row)
{
    double scores[MAX_CATEGORIES];
    unsigned best = 0;

    journey_detect(run, row, scores);
    for (unsigned c = 1; c < run->world->n_categories; c++) {
        best = scores[c] > scores[best] ? c : best;
    }
    return best;
}

/* the automatic order that would be sent to her now */
void journey_plan_auto(journey_t *run, uint32_t row, visit_t *visit)
{
    uint32_t person = journey_person(run, row);
    unsigned category = believed_category(run, row);
    size_t cell = journey_cell(run, person, category);

    memset(visit, 0, sizeof *visit);
    visit->customer = row;
    visit->category = (uint8_t)category;
    visit->product = -1;
    visit->is_auto = visit->ordered = 1;
    visit->display = DISPLAY_RECOMMEND1;
    visit->i_need = NO_NEED;
    visit->ordinal = (uint32_t)ORDINAL_AUTO + run->customers[row].n_auto;
    if (run->alive[row] && run->n_open[cell]) {
        visit->i_need = (uint32_t)run->need_at[cell];
        visit->ordinal = run->needs[visit->i_need].ordinal;
    }
    journey_open_visit(run, visit);
}

int journey_send_auto(journey_t *run, uint32_t row)
{
    JOURNEY_MORE(run, visits, n_visits, visits_capacity);
    journey_plan_auto(run, row, &run->visits[run->n_visits++]);
    run->customers[row].n_auto++;
    run->in_round[journey_person(run, row)] = 1;
    journey_sums(run, row)->auto_sent++;
    return NB_OK;
}

/* her valuation without awareness, visit or checkout: one product, no display or discount term */
double journey_p_keep(const journey_t *run, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    double utility[MAX_PRODUCTS];

    journey_utilities(run, visit, utility);
    return logistic(utility[0] + set->auto_base -
                    set->auto_agency * run->customers[visit->customer].agency);
}

/* what an order that nobody needed costs beside its delivery */
double journey_incident_cost(const journey_t *run, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    double goods = journey_price(run, visit) * journey_mean_basket(run, visit->customer) *
                   (1 - run->world->catalogue[visit->category].margin[visit->product]);

    return set->cost_incident + set->incident_goods * goods;
}

/* one that went wrong is not followed by the next */
static void pause_orders(journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;

    run->auto_pause_until[row] =
        run->at.period + 1 + (int)floor(set->auto_pause / set->period_weeks + 0.5);
}

int journey_incident(journey_t *run, visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    uint32_t row = visit->customer;
    double agency = run->customers[row].agency;
    double cost =
        journey_incident_cost(run, visit) + journey_delivery_cost(run, visit, visit->respond);

    visit->ordered = 0;
    pause_orders(run, row);
    journey_sums(run, row)->incidents++;
    NB_TRY(journey_pay(run, row, visit->ordinal, -cost, NB_CAUSE_INCIDENT));
    if (run->alive[row]) {
        journey_lower_trust(run, row, set->incident_trust + set->incident_trust_agency * agency);
        journey_raise_satisfaction(
            run, row, -set->incident_satisfaction - set->incident_satisfaction_agency * agency);
        journey_churn_at_purchase(run, row);
    }
    return journey_end_journey(run, row, visit->ordinal);
}

/* needed, but not like this: it comes back at once, and the need stays */
int journey_refuse_auto(journey_t *run, visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    uint32_t row = visit->customer;
    double agency = run->customers[row].agency;

    visit->ordered = 0;
    run->needs[visit->i_need].known |= (uint8_t)(1u << journey_firm(run, row));
    pause_orders(run, row);
    journey_sums(run, row)->auto_refused++;
    run->last_active[row] = run->at.period;
    NB_TRY(journey_pay(run, row, visit->ordinal,
                       -set->cost_return - journey_delivery_cost(run, visit, visit->respond),
                       NB_CAUSE_INCIDENT));
    journey_raise_satisfaction(
        run, row, -set->refused_satisfaction - set->refused_satisfaction_agency * agency);
    journey_lower_trust(run, row, set->refused_trust * (1 + agency));
    return journey_signal(run, row, visit->ordinal, NB_SIGNAL_REFUSED);
}
