/*
 * The clairvoyant's view: expected money of this period under the latent state, for policies whose
 * traits say oracle.
 *
 * Perceived fits belong to the need and count as state; Gumbels, checkout, opens and baskets are
 * integrated out. Later points play their defaults. Refunds come in later periods and are not seen:
 * this is a myopic value, not a bound.
 */
#include "sim/journey.h"

/* expected margin after delivery of ordering product j, from this visit */
static double order_value(const journey_t *run, const visit_t *visit, unsigned j, unsigned respond)
{
    const nb_journey_settings_t *set = &run->world->set;
    visit_t order = *visit;
    double gross, margin, cost;

    order.product = (int16_t)j;
    gross = journey_price(run, &order) * journey_mean_basket(run, visit->customer);
    gross *= visit->upsold ? 1 + set->upsell_size : 1;
    margin = gross * run->world->catalogue[visit->category].margin[j];
    cost = journey_delivery_cost(run, visit, respond);
    if (visit->infeasible && respond != RESPOND_SUBSTITUTE) {
        cost += set->infeasible_cost * margin;
    }
    if (run->flags[visit->customer] & FLAG_PLATFORM) {
        cost += set->platform_commission * gross * (1 - visit->discount);
    }
    return respond == RESPOND_REFUSE ? 0 : margin - gross * visit->discount - cost;
}

/* an order times its checkout, over accepting and refusing a second basket line */
static double chosen_value(const journey_t *run, const visit_t *visit, unsigned j)
{
    visit_t with = *visit, without = *visit;
    double p;

    if (!journey_is_upsell(visit->offer)) {
        return order_value(run, visit, j, RESPOND_STANDARD) * journey_p_checkout(run, visit);
    }
    p = journey_p_upsell(run, visit);
    with.upsold = 1;
    without.steps++;
    return p * order_value(run, &with, j, RESPOND_STANDARD) * journey_p_checkout(run, &with) +
           (1 - p) * order_value(run, &without, j, RESPOND_STANDARD) *
               journey_p_checkout(run, &without);
}

/* exact logit expectation over what is shown */
static double visit_value(const journey_t *run, const visit_t *visit)
{
    double utility[MAX_PRODUCTS], outside = journey_outside(run);
    double top = outside, total, value = 0;
    double owed = visit->offer == OFFER_TRY_ON ? run->world->set.cost_try_on : 0;

    if (run->world->set.journey == JOURNEY_TRANSPARENT) {
        return order_value(run, visit, (unsigned)visit->product, RESPOND_STANDARD);
    }
    journey_utilities(run, visit, utility);
    for (unsigned s = 0; s < visit->n_shown; s++) {
        top = fmax(top, utility[s]);
    }
    total = exp(outside - top);
    for (unsigned s = 0; s < visit->n_shown; s++) {
        double weight = exp(utility[s] - top);

        total += weight;
        value += weight * chosen_value(run, visit, visit->shown[s]);
    }
    return value / total - owed;
}

/* the visit that an open need would lead to today, under default display and offer */
static visit_t imagine_visit(journey_t *run, const need_t *need, uint32_t row)
{
    visit_t visit = {.i_need = (uint32_t)(need - run->needs),
                     .customer = row,
                     .ordinal = need->ordinal,
                     .category = need->category,
                     .product = -1};
    uint32_t words[4];

    if (run->world->set.journey == JOURNEY_TRANSPARENT) {
        nb_rng_block(run->spec.key, draw_at(run->luck[row], need->ordinal, DRAW_OUTSIDE, 0, 0),
                     words);
        visit.product = (int16_t)(nb_rng_uniform(words[1]) * run->world->n_products);
        return visit;
    }
    journey_open_visit(run, &visit);
    journey_apply_offer(run, &visit, OFFER_NONE);
    return visit;
}

/* probability that the open need brings her here this period, under a contact of this firm alone */
static double p_come(const journey_t *run, const need_t *need, uint32_t row, unsigned action)
{
    unsigned contact =
        action; /* 1 + channel, coach last, 0 none: the same numbers as the actions */
    double p_open = 0;

    if (action >= RECOGNIZE_EMAIL && action <= RECOGNIZE_COACH) {
        p_open = journey_p_open(run, row,
                                action == RECOGNIZE_COACH ? journey_coach_channel(run, row)
                                                          : action - RECOGNIZE_EMAIL);
    } else {
        contact = 0;
    }
    double come_opened = journey_p_visit(run, row, action == RECOGNIZE_COACH);
    double come = journey_p_visit(run, row, 0);
    double aware_opened = need->status == NEED_AWARE ? 1 : journey_p_aware(run->world, contact, 1);
    double aware = need->status == NEED_AWARE ? 1 : journey_p_aware(run->world, contact, 0);
    return p_open * aware_opened * come_opened + (1 - p_open) * aware * come;
}

/* what today's visits for her open needs are worth, but for the need of one category */
static double value_visits(journey_t *run, uint32_t row, unsigned action, int except)
{
    uint32_t person = journey_person(run, row);
    double value = 0;

    for (unsigned c = 0; c < run->world->n_categories && run->alive[row]; c++) {
        if ((int)c != except && journey_has_need_in(run, row, c)) {
            const need_t *need = &run->needs[run->need_at[journey_cell(run, person, c)]];
            visit_t visit = imagine_visit(run, need, row);

            value += visit_value(run, &visit) * p_come(run, need, row, action);
        }
    }
    return value;
}

/* an automatic order: kept, refused, or an incident; her other needs go on */
static double value_auto(journey_t *run, uint32_t row)
{
    double value;
    visit_t visit;

    journey_plan_auto(run, row, &visit);
    visit.product = visit.shown[0];
    if (visit.i_need == NO_NEED) {
        value = -journey_incident_cost(run, &visit) -
                journey_delivery_cost(run, &visit, RESPOND_STANDARD);
        return value + value_visits(run, row, RECOGNIZE_WAIT, -1);
    }
    double keep = journey_p_keep(run, &visit);
    double refused =
        run->world->set.cost_return + journey_delivery_cost(run, &visit, RESPOND_STANDARD);
    value = keep * order_value(run, &visit, (unsigned)visit.product, RESPOND_STANDARD) -
            (1 - keep) * refused;
    return value + value_visits(run, row, RECOGNIZE_WAIT, visit.category);
}

static double contact_cost(const journey_t *run, uint32_t row, unsigned action)
{
    const nb_journey_settings_t *set = &run->world->set;
    const double cost[N_CHANNELS] = {set->cost_email, set->cost_message, set->cost_call};

    return action == RECOGNIZE_COACH ? set->cost_coach + cost[journey_coach_channel(run, row)]
                                     : run->world->action_cost[action];
}

static void value_contacts(journey_t *run, uint32_t row, uint64_t mask, double *out)
{
    for (unsigned a = 0; a < N_RECOGNIZE; a++) {
        if (!(mask >> a & 1)) {
            out[a] = -INFINITY;
        } else if (a == RECOGNIZE_AUTO_ORDER) {
            out[a] = value_auto(run, row);
        } else {
            out[a] = value_visits(run, row, a, -1) - contact_cost(run, row, a);
        }
    }
}

static void value_display(const journey_t *run, const visit_t *visit, double *out)
{
    for (unsigned a = 0; a < N_DISPLAY; a++) {
        visit_t tried = *visit;

        tried.display = (uint8_t)a;
        journey_show(run, &tried);
        journey_apply_offer(run, &tried, OFFER_NONE);
        out[a] = visit_value(run, &tried);
    }
}

/* a product alone: a score to rank slates by, exact where one product is shown */
static void value_products(const journey_t *run, const visit_t *visit, double *out)
{
    for (unsigned j = 0; j < run->world->n_products; j++) {
        visit_t tried = *visit;

        tried.n_shown = 1;
        tried.shown[0] = (uint8_t)j;
        journey_apply_offer(run, &tried, OFFER_NONE);
        out[j] = visit->is_auto
                     ? order_value(run, &tried, j, RESPOND_STANDARD) * journey_p_keep(run, &tried)
                     : visit_value(run, &tried);
    }
}

static void value_offers(const journey_t *run, const visit_t *visit, uint64_t mask, double *out)
{
    for (unsigned a = 0; a < N_OFFER; a++) {
        visit_t tried = *visit;

        journey_apply_offer(run, &tried, a);
        out[a] = mask >> a & 1 ? visit_value(run, &tried) : -INFINITY;
    }
}

/* an automatic order is on its way whether anybody needs it or not */
static double value_shipment(const journey_t *run, const visit_t *visit, unsigned respond)
{
    double delivery = journey_delivery_cost(run, visit, respond), keep;

    if (visit->i_need == NO_NEED || run->needs[visit->i_need].closed) {
        visit_t sent = *visit;

        sent.product = visit->shown[0];
        return -journey_incident_cost(run, &sent) - delivery;
    }
    keep = journey_p_keep(run, visit);
    return keep * order_value(run, visit, visit->shown[0], respond) -
           (1 - keep) * (run->world->set.cost_return + delivery);
}

static void value_responses(const journey_t *run, const visit_t *visit, uint64_t mask, double *out)
{
    for (unsigned a = 0; a < N_RESPOND; a++) {
        out[a] = !(mask >> a & 1) ? -INFINITY
                 : visit->is_auto ? value_shipment(run, visit, a)
                                  : order_value(run, visit, (unsigned)visit->product, a);
    }
}

static void value_repeat(const journey_t *run, const visit_t *visit, uint32_t row, uint64_t mask,
                         double *out)
{
    const nb_journey_settings_t *set = &run->world->set;
    const double cost[N_REPEAT] = {[REPEAT_THANK_YOU] = set->cost_thank_you,
                                   [REPEAT_REWARD] = set->cost_reward,
                                   [REPEAT_SURVEY] = set->cost_survey,
                                   [REPEAT_WIN_BACK] = set->cost_win_back,
                                   [REPEAT_ADJACENT] = set->cost_adjacent};

    for (unsigned a = 0; a < N_REPEAT; a++) {
        out[a] = mask >> a & 1 ? -cost[a] : -INFINITY;
    }
    if (visit && (mask >> REPEAT_PAID_REFERRAL & 1) && !run->at.in_tail && run->alive[row]) {
        out[REPEAT_PAID_REFERRAL] -=
            set->cost_referral * journey_p_referral(run, row, REPEAT_PAID_REFERRAL);
    }
}

int journey_expected_reward(void *self, const nb_batch_t *batch, double *out)
{
    journey_t *run = self;

    for (size_t r = 0; r < batch->n; r++) {
        double *row = out + r * batch->n_actions;
        const visit_t *visit = journey_visit_of(run, run->batch_rows[r]);

        switch (batch->stream_point % N_POINTS) {
        case POINT_RECOGNIZE:
            value_contacts(run, batch->customer[r], batch->mask[r], row);
            break;
        case POINT_DISPLAY:
            value_display(run, visit, row);
            break;
        case POINT_PRODUCT:
            value_products(run, visit, row);
            break;
        case POINT_OFFER:
            value_offers(run, visit, batch->mask[r], row);
            break;
        case POINT_RESPOND:
            value_responses(run, visit, batch->mask[r], row);
            break;
        default:
            value_repeat(run, visit, batch->customer[r], batch->mask[r], row);
        }
    }
    return NB_OK;
}
