/*
 * Respond: an order is delivered, experienced, perhaps returned; money falls as it happens.
 */
#include "sim/journey.h"

/* a referred customer's baskets are larger at first (Schmitt, Skiera & Van den Bulte 2011) */
static double referral_factor(const journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;
    double age = (run->at.period - run->birth[row]) * set->period_weeks;

    return run->flags[row] & FLAG_REFERRED
               ? 1 + set->referral_basket * fmax(0, 1 - age / set->referral_weeks)
               : 1;
}

double journey_mean_basket(const journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;
    double basket = set->spend_varies ? run->customers[row].basket_scale * set->spend_p : 1;

    return basket * referral_factor(run, row);
}

/* the order's basket: Gamma(p) / nu, mean 1 over the population (Gamma-Gamma: Fader, Hardie & Lee
 * 2005) */
static double draw_basket(const journey_t *run, uint32_t row, uint32_t ordinal)
{
    nb_stream_t stream;

    if (!run->world->set.spend_varies) {
        return referral_factor(run, row);
    }
    nb_stream_init(&stream, run->spec.key, draw_at(run->luck[row], ordinal, DRAW_BASKET, 0, 0));
    return nb_dist_gamma(&stream, run->world->set.spend_p, 1) * run->customers[row].basket_scale *
           referral_factor(run, row);
}

/* money of the product at a basket of 1, before a discount */
double journey_price(const journey_t *run, const visit_t *visit)
{
    return run->world->set.money_price *
           run->world->catalogue[visit->category].price[visit->product];
}

double journey_delivery_cost(const journey_t *run, const visit_t *visit, unsigned respond)
{
    const nb_journey_settings_t *set = &run->world->set;
    double cost = visit->offer == OFFER_TRY_ON ? 0 : set->cost_delivery;

    return cost + (respond == RESPOND_EXPRESS       ? set->cost_express
                   : respond == RESPOND_WHITE_GLOVE ? set->cost_white_glove
                                                    : 0);
}

static unsigned experience_of(const journey_t *run, const visit_t *visit)
{
    if (visit->is_auto) {
        return EXPERIENCE_AUTO;
    }
    if (visit->i_need != NO_NEED && run->needs[visit->i_need].coached) {
        return EXPERIENCE_COACH;
    }
    return visit->display == DISPLAY_CATALOGUE ? EXPERIENCE_DESIRE : EXPERIENCE_CURATED;
}

/* what an order is worth; basket, money paid, margin, cost of its delivery */
typedef struct {
    double basket, gross, discount, margin, delivery, commission;
} bill_t;

static bill_t make_bill(const journey_t *run, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    const catalogue_t *catalogue = &run->world->catalogue[visit->category];
    bill_t bill = {.basket = draw_basket(run, visit->customer, visit->ordinal)};

    bill.gross = journey_price(run, visit) * bill.basket;
    bill.gross *= visit->upsold ? 1 + set->upsell_size : 1;
    bill.discount = bill.gross * visit->discount;
    bill.margin = bill.gross * catalogue->margin[visit->product];
    bill.delivery = journey_delivery_cost(run, visit, visit->respond);
    if (visit->infeasible && visit->respond != RESPOND_SUBSTITUTE) {
        bill.delivery += set->infeasible_cost * bill.margin;
    }
    if (run->flags[visit->customer] & FLAG_PLATFORM) {
        bill.commission = set->platform_commission * (bill.gross - bill.discount);
    }
    return bill;
}

static int pay_bill(journey_t *run, const visit_t *visit, const bill_t *bill)
{
    uint32_t row = visit->customer, journey = visit->ordinal;
    period_sums_t *sums = journey_sums(run, row);
    unsigned type = experience_of(run, visit);

    sums->experience_orders[type]++;
    sums->experience_money[type] += bill->margin - bill->discount - bill->delivery;
    NB_TRY(journey_pay(run, row, journey, bill->margin, NB_CAUSE_SALE));
    if (bill->discount > 0) {
        NB_TRY(journey_pay(run, row, journey, -bill->discount, NB_CAUSE_DISCOUNT));
    }
    if (bill->commission > 0) {
        NB_TRY(journey_pay(run, row, journey, -bill->commission, NB_CAUSE_OWN));
    }
    return journey_pay(run, row, journey, -bill->delivery, NB_CAUSE_DELIVERY);
}

/* disconfirmation moves satisfaction, expectation and trust (Oliver 1980); losses loom larger */
static void experience(journey_t *run, uint32_t row, double y)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[row];
    double D = y - who->expectation;
    double felt = D >= 0 ? D : set->satisfaction_loss * D;
    double S = run->satisfaction[row], T = run->trust[row];

    run->satisfaction[row] = clip((float)(S + set->satisfaction_rate * (felt - S)), -2, 2);
    who->expectation += (float)(set->expectation_rate * (y - who->expectation));
    run->trust[row] = clip((float)(T + set->trust_rate * ((D >= -set->trust_tolerance) - T)), 0, 1);
    run->habit[row] = clip(run->habit[row] + (float)set->habit_gain, 0, 1);
    journey_sums(run, row)->complaints += D < -1;
}

static double p_return(const journey_t *run, const visit_t *visit, double y)
{
    const nb_journey_settings_t *set = &run->world->set;
    double v = set->return_base - set->return_quality * (y - 0.4) +
               set->return_fit * journey_sigma_u(run, visit) *
                   journey_fit(run, visit, (unsigned)visit->product) +
               set->return_guarantee * journey_return_days(visit) / 30;

    if (visit->offer == OFFER_ONE_CLICK && visit->steps == 1) {
        v += set->return_one_click;
    }
    return logistic(v);
}

/* how good the order turned out, apart from luck */
static double quality(const journey_t *run, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    const catalogue_t *catalogue = &run->world->catalogue[visit->category];
    unsigned j = (unsigned)visit->product;
    const double service[N_RESPOND] = {[RESPOND_EXPRESS] = set->service_express,
                                       [RESPOND_WHITE_GLOVE] = set->service_white_glove,
                                       [RESPOND_SUBSTITUTE] = set->service_substitute};
    double agency = run->customers[visit->customer].agency;

    return set->quality_base + set->quality_product * catalogue->quality[j] -
           set->quality_distance * journey_distance(catalogue, visit->x, j) +
           service[visit->respond] + (visit->is_auto ? set->auto_pleasure * (1 - 2 * agency) : 0);
}

/* what she herself gains, in money: the price level per unit of price sensitivity is a util */
static void please(journey_t *run, const visit_t *visit, const bill_t *bill, double y,
                   int is_returned)
{
    const nb_journey_settings_t *set = &run->world->set;
    double price = set->money_price * bill->basket;
    double paid =
        run->world->catalogue[visit->category].price[visit->product] * (1 - visit->discount);
    double util = price / fmax(run->customers[visit->customer].beta, 1e-6);

    journey_please(run, visit->customer,
                   is_returned ? -set->surplus_return * price
                               : util * (y + set->utility_base) - price * (paid - 1));
}

/* what she makes of the delivered order, and whether it comes back */
static int live_with_order(journey_t *run, visit_t *visit, const bill_t *bill)
{
    const nb_journey_settings_t *set = &run->world->set;
    uint32_t row = visit->customer, words[4];
    double z[2], y;
    int is_returned;

    nb_rng_block(run->spec.key, draw_at(run->luck[row], visit->ordinal, DRAW_EXPERIENCE, 0, 0),
                 words);
    nb_rng_normal_pair(words[0], words[1], z);
    y = quality(run, visit) + set->quality_noise * z[0];
    if (nb_rng_uniform(words[2]) < set->late_probability) {
        y -= set->late_loss;
        journey_sums(run, row)->late++;
    }
    experience(run, row, y);
    is_returned = nb_rng_uniform(words[3]) < p_return(run, visit, y);
    please(run, visit, bill, y, is_returned);
    nb_rng_block(run->spec.key, draw_at(run->luck[row], visit->ordinal, DRAW_EXPERIENCE, 0, 1),
                 words);
    return journey_open_window(run, visit, is_returned, nb_rng_uniform(words[0]),
                               bill->margin - bill->discount - bill->commission);
}

/* an automatic order is refused, or met nobody who needed it */
static int turns_out_wrong(const journey_t *run, const visit_t *visit)
{
    uint32_t words[4];

    nb_rng_block(run->spec.key,
                 draw_at(run->luck[visit->customer], visit->ordinal, DRAW_UPSELL, 0, 0), words);
    return nb_rng_uniform(words[1]) >= journey_p_keep(run, visit);
}

/* a request that cannot be met as usual is not met at all */
static int turn_away(journey_t *run, visit_t *visit)
{
    visit->ended = 1;
    visit->ordered = 0;
    journey_sums(run, visit->customer)->refused_requests++;
    journey_lower_trust(run, visit->customer, run->world->set.refuse_trust);
    return journey_settle_need(run, &run->needs[visit->i_need], visit->customer);
}

static int deliver(journey_t *run, visit_t *visit)
{
    bill_t bill = make_bill(run, visit);

    visit->ended = 1;
    if (run->alive[visit->customer] == STRANGER) {
        journey_become_customer(run, visit->customer);
    }
    NB_TRY(pay_bill(run, visit, &bill));
    if (run->world->set.journey == JOURNEY_FULL) {
        NB_TRY(live_with_order(run, visit, &bill));
    }
    return journey_note_order(run, visit, bill.gross - bill.discount);
}

int journey_fulfil(journey_t *run, visit_t *visit, unsigned respond)
{
    visit->respond = (uint8_t)respond;
    if (visit->is_auto) {
        visit->product = visit->shown[0];
        /* another firm, or a complement, may have met the need in the meantime */
        if (visit->i_need == NO_NEED || run->needs[visit->i_need].closed) {
            return journey_incident(run, visit);
        }
        if (turns_out_wrong(run, visit)) {
            return journey_refuse_auto(run, visit);
        }
    }
    journey_sums(run, visit->customer)->infeasible += visit->infeasible;
    return respond == RESPOND_REFUSE ? turn_away(run, visit) : deliver(run, visit);
}

/* a customer is born with a purchase: catalogue, no offer, no outside option, standard delivery */
int journey_first_purchase(journey_t *run, uint32_t row)
{
    visit_t visit = {.customer = row, .i_need = NO_NEED, .ordinal = 0, .product = -1};

    NB_TRY(journey_begin_visit(run, &visit));
    visit.infeasible = 0;
    if (run->world->set.journey == JOURNEY_FULL) {
        journey_choose(run, &visit, 0);
    }
    return journey_fulfil(run, &visit, RESPOND_STANDARD);
}
