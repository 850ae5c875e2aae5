/*
 * The clairvoyant's view: expected money of this period under the latent state, for policies whose
 * traits say oracle.
 *
 * Perceived fits belong to the need and count as state; Gumbels, checkout, opens and baskets are
 * integrated out. Later points play their defaults. Refunds come in later periods and are not seen:
 * this is a myopic value, not a bound.
 */
#include "sim/journey.h"

/* expected margin after delivery of ordering product j at discount d, from this visit */
static double order_value(const journey_t *run, const visit_t *visit, unsigned j, unsigned respond)
{
    const nb_journey_settings_t *set = &run->world->set;
    double basket =
        set->spend_varies ? run->customers[visit->customer].basket_scale * set->spend_p : 1;
    double gross = set->money_price * run->world->price[j] * basket;
    double margin = gross * run->world->margin[j];
    double cost = set->cost_delivery + (respond == RESPOND_EXPRESS ? set->cost_express : 0);

    return margin - gross * visit->discount - cost -
           visit->infeasible * set->infeasible_cost * margin;
}

/* exact logit expectation over what is shown, times checkout */
static double visit_value(const journey_t *run, const visit_t *visit)
{
    double utility[MAX_PRODUCTS];
    double top = 0, total, value = 0;

    if (run->world->set.journey == JOURNEY_TRANSPARENT) {
        return order_value(run, visit, (unsigned)visit->product, RESPOND_STANDARD);
    }
    journey_utilities(run, visit, utility);
    for (unsigned s = 0; s < visit->n_shown; s++) {
        top = fmax(top, utility[s]);
    }
    total = exp(-top);
    for (unsigned s = 0; s < visit->n_shown; s++) {
        double weight = exp(utility[s] - top);

        total += weight;
        value += weight * order_value(run, visit, visit->shown[s], RESPOND_STANDARD);
    }
    return value / total * journey_p_checkout(run, visit);
}

/* the visit that an open need would lead to today, under default display and offer */
static visit_t imagine_visit(journey_t *run, const need_t *need)
{
    visit_t visit = {.customer = need->customer, .ordinal = need->ordinal, .product = -1};
    uint32_t words[4];

    nb_rng_block(run->spec.key,
                 draw_at(run->luck[need->customer], need->ordinal, DRAW_OUTSIDE, 0, 0), words);
    visit.infeasible = nb_rng_uniform(words[0]) < run->world->set.infeasible_probability;
    if (run->world->set.journey == JOURNEY_TRANSPARENT) {
        visit.product = (int16_t)(nb_rng_uniform(words[1]) * run->world->n_products);
        visit.infeasible = 0;
        return visit;
    }
    journey_target(run, need->customer, need->ordinal, visit.x, &visit.certainty);
    journey_show(run, &visit);
    journey_apply_offer(run, &visit, OFFER_NONE);
    return visit;
}

static double contact_cost(const journey_t *run, uint32_t i, unsigned action)
{
    const nb_journey_settings_t *set = &run->world->set;
    const double cost[] = {0, set->cost_email, set->cost_message, set->cost_call};

    if (action == RECOGNIZE_COACH) {
        return set->cost_coach + cost[RECOGNIZE_EMAIL + journey_coach_channel(run, i)];
    }
    return cost[action];
}

/* probability that the open need brings her here this period, under a contact */
static double p_come(const journey_t *run, const need_t *need, unsigned action)
{
    uint32_t i = need->customer;
    unsigned contact =
        action; /* 1 + channel, coach last, 0 none: the same numbers as the actions */
    double p_open = 0;

    if (action != RECOGNIZE_WAIT) {
        p_open = journey_p_open(
            run, i, action == RECOGNIZE_COACH ? journey_coach_channel(run, i) : action - 1);
    }
    double come_opened = journey_p_visit(run, i, action == RECOGNIZE_COACH);
    double come = journey_p_visit(run, i, 0);
    double aware_opened = need->status == NEED_AWARE ? 1 : journey_p_aware(run->world, contact, 1);
    double aware = need->status == NEED_AWARE ? 1 : journey_p_aware(run->world, contact, 0);
    return p_open * aware_opened * come_opened + (1 - p_open) * aware * come;
}

static void value_contacts(journey_t *run, uint32_t i, uint64_t mask, double *out)
{
    const need_t *need = run->alive[i] && run->n_open[i] ? &run->needs[run->need_at[i]] : NULL;
    double value = 0;

    if (need) {
        visit_t visit = imagine_visit(run, need);

        value = visit_value(run, &visit);
    }
    for (unsigned a = 0; a < N_RECOGNIZE; a++) {
        out[a] = mask >> a & 1
                     ? -contact_cost(run, i, a) + (need ? value * p_come(run, need, a) : 0)
                     : -INFINITY;
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
        out[j] = visit_value(run, &tried);
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

static void value_responses(const journey_t *run, const visit_t *visit, uint64_t mask, double *out)
{
    for (unsigned a = 0; a < N_RESPOND; a++) {
        out[a] = mask >> a & 1 ? order_value(run, visit, (unsigned)visit->product, a) : -INFINITY;
    }
}

static void value_repeat(const journey_t *run, uint64_t mask, double *out)
{
    const nb_journey_settings_t *set = &run->world->set;
    const double cost[N_REPEAT] = {[REPEAT_THANK_YOU] = set->cost_thank_you,
                                   [REPEAT_REWARD] = set->cost_reward,
                                   [REPEAT_WIN_BACK] = set->cost_win_back};

    for (unsigned a = 0; a < N_REPEAT; a++) {
        out[a] = mask >> a & 1 ? -cost[a] : -INFINITY;
    }
}

int journey_expected_reward(void *self, const nb_batch_t *batch, double *out)
{
    journey_t *run = self;

    for (size_t r = 0; r < batch->n; r++) {
        double *row = out + r * batch->n_actions;
        const visit_t *visit = journey_visit_of(run, run->batch_rows[r]);

        switch (batch->stream_point) {
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
            value_repeat(run, batch->mask[r], row);
        }
    }
    return NB_OK;
}
