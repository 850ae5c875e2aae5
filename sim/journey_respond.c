/*
 * Respond: an order is delivered, experienced, perhaps returned; money falls as it happens.
 */
#include "sim/journey.h"

/* the order's basket: Gamma(p) / nu, mean 1 over the population (Gamma-Gamma: Fader, Hardie & Lee
 * 2005) */
static double draw_basket(const journey_t *run, uint32_t i, uint32_t ordinal)
{
    nb_stream_t stream;

    if (!run->world->set.spend_varies) {
        return 1;
    }
    nb_stream_init(&stream, run->spec.key, draw_at(run->luck[i], ordinal, DRAW_BASKET, 0, 0));
    return nb_dist_gamma(&stream, run->world->set.spend_p, 1) * run->customers[i].basket_scale;
}

static int log_purchase(journey_t *run, uint32_t i, double spend)
{
    size_t old = run->log_capacity;

    if (!run->spec.log_purchases) {
        return NB_OK;
    }
    if (run->n_log == old) {
        size_t wider = old + old / 2 + 1024;

        NB_TRY(nb_grow(&run->log_customer, old, wider, sizeof *run->log_customer));
        NB_TRY(nb_grow(&run->log_period, old, wider, sizeof *run->log_period));
        NB_TRY(nb_grow(&run->log_spend, old, wider, sizeof *run->log_spend));
        run->log_capacity = wider;
    }
    run->log_customer[run->n_log] = i;
    run->log_period[run->n_log] = run->period;
    run->log_spend[run->n_log++] = spend;
    return NB_OK;
}

/* money of an order; *refund is what a return would give back */
static int pay_order(journey_t *run, visit_t *visit, double *refund)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[visit->customer];
    uint32_t i = visit->customer, journey = visit->ordinal;
    unsigned j = (unsigned)visit->product;
    double gross = set->money_price * run->world->price[j] * draw_basket(run, i, visit->ordinal);
    double margin = gross * run->world->margin[j], discount = gross * visit->discount;
    double delivery =
        set->cost_delivery + (visit->respond == RESPOND_EXPRESS ? set->cost_express : 0);

    if (visit->infeasible) {
        delivery += set->infeasible_cost * margin;
    }
    who->order_sum += (float)(gross - discount);
    who->n_discounted += visit->discount > 0;
    *refund = margin - discount;
    NB_TRY(log_purchase(run, i, gross - discount));
    NB_TRY(journey_pay(run, i, journey, margin, NB_CAUSE_SALE));
    if (discount > 0) {
        NB_TRY(journey_pay(run, i, journey, -discount, NB_CAUSE_DISCOUNT));
    }
    return journey_pay(run, i, journey, -delivery, NB_CAUSE_DELIVERY);
}

/* disconfirmation moves satisfaction, expectation and trust (Oliver 1980); losses loom larger */
static void experience(journey_t *run, uint32_t i, double y)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[i];
    double D = y - who->expectation;
    double felt = D >= 0 ? D : set->satisfaction_loss * D;
    double S = run->satisfaction[i], T = run->trust[i];

    run->satisfaction[i] = clip((float)(S + set->satisfaction_rate * (felt - S)), -2, 2);
    who->expectation += (float)(set->expectation_rate * (y - who->expectation));
    run->trust[i] = clip((float)(T + set->trust_rate * ((D >= -set->trust_tolerance) - T)), 0, 1);
    run->habit[i] = clip(run->habit[i] + (float)set->habit_gain, 0, 1);
    run->sums.complaints += D < -1;
}

static double p_return(const journey_t *run, const visit_t *visit, double y)
{
    const nb_journey_settings_t *set = &run->world->set;
    double v = set->return_base - set->return_quality * (y - 0.4) +
               set->return_fit * journey_sigma_u(run->world) *
                   journey_fit(run, visit, (unsigned)visit->product);

    if (visit->offer == OFFER_GUARANTEE30) {
        v += set->return_guarantee;
    }
    if (visit->offer == OFFER_ONE_CLICK && visit->steps == 1) {
        v += set->return_one_click;
    }
    return logistic(v);
}

static int open_window(journey_t *run, const visit_t *visit, int is_returned, double week_draw,
                       double refund)
{
    double weeks = run->world->set.return_weeks;
    pending_order_t *order;

    JOURNEY_MORE(run, pending, n_pending, pending_capacity);
    order = &run->pending[run->n_pending++];
    *order = (pending_order_t){
        .customer = visit->customer,
        .journey = visit->ordinal,
        .due = run->period +
               periods_of(run->world, is_returned ? 1 + floor(weeks * week_draw) : weeks),
        .refund = (float)refund,
        .returned = (uint8_t)is_returned};
    return NB_OK;
}

/* what she makes of the delivered order, and whether it comes back */
static int live_with_order(journey_t *run, visit_t *visit, double refund)
{
    const journey_world_t *world = run->world;
    const nb_journey_settings_t *set = &world->set;
    unsigned j = (unsigned)visit->product;
    uint32_t words[4];
    double z[2], y;

    nb_rng_block(run->spec.key,
                 draw_at(run->luck[visit->customer], visit->ordinal, DRAW_EXPERIENCE, 0, 0), words);
    nb_rng_normal_pair(words[0], words[1], z);
    y = set->quality_base + set->quality_product * world->quality[j] -
        set->quality_distance * journey_distance(world, visit->x, j) + set->quality_noise * z[0];
    y += visit->respond == RESPOND_EXPRESS ? set->service_express : 0;
    if (nb_rng_uniform(words[2]) < set->late_probability) {
        y -= set->late_loss;
        run->sums.late++;
    }
    experience(run, visit->customer, y);
    int is_returned = nb_rng_uniform(words[3]) < p_return(run, visit, y);
    nb_rng_block(run->spec.key,
                 draw_at(run->luck[visit->customer], visit->ordinal, DRAW_EXPERIENCE, 0, 1), words);
    return open_window(run, visit, is_returned, nb_rng_uniform(words[0]), refund);
}

int journey_fulfil(journey_t *run, visit_t *visit, unsigned respond)
{
    customer_t *who = &run->customers[visit->customer];
    double refund = 0;

    visit->respond = (uint8_t)respond;
    visit->ended = 1;
    NB_TRY(pay_order(run, visit, &refund));
    if (run->world->set.journey == JOURNEY_FULL) {
        NB_TRY(live_with_order(run, visit, refund));
    }
    who->n_purchases++;
    who->last_purchase = run->period;
    who->win_back_until = run->period;
    run->last_active[visit->customer] = run->period;
    run->sums.orders++;
    if (visit->ordinal) {
        journey_close_need(run, &run->needs[visit->i_need]);
        if (run->world->set.journey == JOURNEY_TRANSPARENT) {
            NB_TRY(journey_end_journey(run, visit->customer, visit->ordinal));
        }
        return journey_emit(run, (nb_event_t){.customer = visit->customer,
                                              .journey = visit->ordinal,
                                              .kind = NB_EVENT_SIGNAL,
                                              .signals = NB_SIGNAL_BOUGHT,
                                              .item = -1});
    }
    run->sums.first_orders++;
    return NB_OK;
}

/* a customer is born with a purchase: catalogue, no offer, no outside option, standard delivery */
int journey_first_purchase(journey_t *run, uint32_t customer)
{
    visit_t visit = {.customer = customer, .ordinal = 0, .product = -1};

    NB_TRY(journey_begin_visit(run, &visit));
    visit.infeasible = 0;
    if (run->world->set.journey == JOURNEY_FULL) {
        journey_choose(run, &visit, 0);
    }
    return journey_fulfil(run, &visit, RESPOND_STANDARD);
}

void journey_churn_at_purchase(journey_t *run, uint32_t i)
{
    const nb_journey_settings_t *set = &run->world->set;
    const customer_t *who = &run->customers[i];
    double base = set->churn_purchase - who->loyalty;

    if (set->churn_family == CHURN_BETA) {
        double p = fmin(fmax(who->churn_base, 1e-12), 1 - 1e-7);

        base = log(p / (1 - p)) + set->churn_shift;
    }
    if (set->journey == JOURNEY_FULL) {
        base += -set->churn_satisfaction * run->satisfaction[i] -
                set->churn_trust * (run->trust[i] - 0.5) +
                set->fatigue_purchase_churn * journey_excess_fatigue(run, i);
    }
    journey_add_hazard(run, i, logistic(base));
}

static int take_back(journey_t *run, const pending_order_t *order)
{
    const nb_journey_settings_t *set = &run->world->set;
    uint32_t i = order->customer;

    run->customers[i].n_returns++;
    run->sums.returns++;
    run->satisfaction[i] = clip(run->satisfaction[i] - (float)set->return_satisfaction, -2, 2);
    NB_TRY(journey_pay(run, i, order->journey, -order->refund - set->cost_return, NB_CAUSE_RETURN));
    return journey_emit(run, (nb_event_t){.customer = i,
                                          .journey = order->journey,
                                          .kind = NB_EVENT_SIGNAL,
                                          .signals = NB_SIGNAL_RETURNED,
                                          .item = -1});
}

/* refunds that are due, and return windows that close: then the journey is over for good */
int journey_close_orders(journey_t *run)
{
    size_t kept = 0;

    for (size_t k = 0; k < run->n_pending; k++) {
        pending_order_t order = run->pending[k];

        if (order.due > run->period) {
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
