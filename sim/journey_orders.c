/*
 * What an order leaves behind: records, knowledge, needs met and raised, a return window, churn.
 */
#include "sim/journey.h"

#include <string.h>

static int log_purchase(journey_t *run, uint32_t row, double spend)
{
    if (!run->spec.log_purchases) {
        return NB_OK;
    }
    JOURNEY_MORE(run, log_customer, n_log, log_customer_capacity);
    JOURNEY_MORE(run, log_period, n_log, log_period_capacity);
    JOURNEY_MORE(run, log_spend, n_log, log_spend_capacity);
    run->log_customer[run->n_log] = row;
    run->log_period[run->n_log] = run->at.period;
    run->log_spend[run->n_log++] = spend;
    return NB_OK;
}

/* the first order makes her known; later ones may be lost */
static int is_recorded(const journey_t *run, const visit_t *visit)
{
    uint32_t words[4];

    if (run->customers[visit->customer].n_seen == 0 || run->world->set.view_lost <= 0) {
        return 1;
    }
    nb_rng_block(run->spec.key,
                 draw_at(run->luck[visit->customer], visit->ordinal, DRAW_UPSELL, 0, 0), words);
    return nb_rng_uniform(words[2]) >= run->world->set.view_lost;
}

/* what the firm has on record and learns from */
static int record_order(journey_t *run, const visit_t *visit, double paid)
{
    uint32_t row = visit->customer;
    customer_t *who = &run->customers[row];

    if (!is_recorded(run, visit)) {
        return NB_OK;
    }
    who->n_seen++;
    who->last_seen = run->at.period;
    run->relations[journey_cell(run, row, visit->category)].last_seen = run->at.period;
    if (visit->upsold) {
        run->relations[journey_cell(run, row, journey_upsell_category(run, visit))].last_seen =
            run->at.period;
    }
    who->order_sum += (float)paid;
    who->n_discounted += visit->discount > 0;
    journey_learn(run, row, run->world->set.knowledge_purchase);
    run->at.taught[journey_firm(run, row)] += !(run->flags[row] & FLAG_PLATFORM);
    return log_purchase(run, row, paid);
}

/* a line of another category meets the need that is open there */
static int meet_complement(journey_t *run, const visit_t *visit)
{
    unsigned category = journey_upsell_category(run, visit);
    size_t cell = journey_cell(run, visit->customer, category);
    uint32_t person = journey_person(run, visit->customer);
    need_t *need;

    if (!visit->upsold || visit->offer != OFFER_COMPLEMENT) {
        return NB_OK;
    }
    run->relations[cell].last_bought = run->at.period;
    run->relations[cell].n_purchases++;
    if (!journey_has_need_in(run, person, category)) {
        return NB_OK;
    }
    need = &run->needs[run->need_at[journey_cell(run, person, category)]];
    if (need->closed) {
        return NB_OK;
    }
    NB_TRY(journey_settle_need(run, need, visit->customer));
    return need->known >> journey_firm(run, visit->customer) & 1
               ? journey_end_journey(run, visit->customer, need->ordinal)
               : NB_OK;
}

/* a purchase may raise a need of the next category at once */
static int raise_complement(journey_t *run, const visit_t *visit)
{
    uint32_t words[4];

    if (run->world->set.complement_need <= 0) {
        return NB_OK;
    }
    nb_rng_block(run->spec.key,
                 draw_at(run->luck[visit->customer], visit->ordinal, DRAW_REPEAT, 0, 0), words);
    if (nb_rng_uniform(words[1]) >= run->world->set.complement_need) {
        return NB_OK;
    }
    return journey_raise_need(run, journey_person(run, visit->customer),
                              journey_complement(run, visit->category));
}

static int finish_need(journey_t *run, const visit_t *visit)
{
    NB_TRY(journey_settle_need(run, &run->needs[visit->i_need], visit->customer));
    if (run->world->set.journey == JOURNEY_TRANSPARENT) {
        NB_TRY(journey_end_journey(run, visit->customer, visit->ordinal));
    }
    NB_TRY(meet_complement(run, visit));
    NB_TRY(raise_complement(run, visit));
    return journey_signal(run, visit->customer, visit->ordinal, NB_SIGNAL_BOUGHT);
}

int journey_note_order(journey_t *run, const visit_t *visit, double paid)
{
    uint32_t row = visit->customer;
    customer_t *who = &run->customers[row];
    relation_t *relation = &run->relations[journey_cell(run, row, visit->category)];

    NB_TRY(record_order(run, visit, paid));
    who->n_purchases++;
    run->last_purchase[row] = run->at.period;
    who->win_back_until = run->at.period;
    relation->n_purchases++;
    relation->last_bought = run->at.period;
    run->last_active[row] = run->at.period;
    journey_sums(run, row)->orders++;
    journey_sums(run, row)->upsells += visit->upsold;
    if (visit->ordinal) {
        journey_count_order(run, row);
        return finish_need(run, visit);
    }
    journey_sums(run, row)->first_orders++;
    return NB_OK;
}

/* what is kept wins permission in its category, a complement's line in the complement's */
static void win_permission(journey_t *run, const visit_t *visit)
{
    float left = (float)(1 - run->world->set.permission_gain);

    run->relations[journey_cell(run, visit->customer, visit->category)].permission *= left;
    if (visit->upsold && visit->offer == OFFER_COMPLEMENT) {
        unsigned category = journey_upsell_category(run, visit);

        run->relations[journey_cell(run, visit->customer, category)].permission *= left;
    }
}

int journey_open_window(journey_t *run, const visit_t *visit, int is_returned, double week_draw,
                        double refund)
{
    const nb_journey_settings_t *set = &run->world->set;
    double weeks = visit->offer == OFFER_GUARANTEE100 ? set->return_weeks100 : set->return_weeks;
    pending_order_t *order;

    if (!is_returned) {
        win_permission(run, visit);
    }
    JOURNEY_MORE(run, pending, n_pending, pending_capacity);
    order = &run->pending[run->n_pending++];
    memset(order, 0, sizeof *order);
    order->customer = visit->customer;
    order->journey = visit->ordinal;
    order->due =
        run->at.period + periods_of(run->world, is_returned ? 1 + floor(weeks * week_draw) : weeks);
    order->refund = (float)refund;
    order->returned = (uint8_t)is_returned;
    order->recorded = (uint8_t)is_recorded(run, visit);
    return NB_OK;
}

void journey_churn_at_purchase(journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;
    const customer_t *who = &run->customers[row];
    double base = set->churn_purchase - who->loyalty;

    if (set->churn_family == CHURN_BETA) {
        double p = fmin(fmax(who->churn_base, 1e-12), 1 - 1e-7);

        base = log(p / (1 - p)) + set->churn_shift;
    }
    if (set->journey == JOURNEY_FULL) {
        base += -set->churn_satisfaction * run->satisfaction[row] -
                set->churn_trust * (run->trust[row] - 0.5) +
                set->fatigue_purchase_churn * journey_excess_fatigue(run, row);
    }
    journey_add_hazard(run, row, logistic(base));
}

static int take_back(journey_t *run, const pending_order_t *order)
{
    const nb_journey_settings_t *set = &run->world->set;
    uint32_t row = order->customer;

    run->customers[row].n_returns += order->recorded;
    journey_sums(run, row)->returns++;
    journey_raise_satisfaction(run, row, -set->return_satisfaction);
    NB_TRY(
        journey_pay(run, row, order->journey, -order->refund - set->cost_return, NB_CAUSE_RETURN));
    return journey_signal(run, row, order->journey, NB_SIGNAL_RETURNED);
}

/* refunds that are due, and return windows that close: then the journey is over for good */
int journey_close_orders(journey_t *run)
{
    size_t kept = 0;

    for (size_t k = 0; k < run->n_pending; k++) {
        pending_order_t order = run->pending[k];

        if (order.due > run->at.period) {
            run->pending[kept++] = order;
            continue;
        }
        if (order.returned) {
            NB_TRY(take_back(run, &order));
        }
        if (order.journey) {
            NB_TRY(journey_end_journey(run, order.customer, order.journey));
        }
    }
    run->n_pending = kept;
    return NB_OK;
}
