/*
 * What a run is summed up by: money discounted to the start, and the counts behind it.
 */
#include "sim/journey.h"

#include <string.h>

/* name, unit, help */
#define SCALARS(X)                                                                                 \
    X(equity, "money", "discounted money of all customers per initial customer, with tail")        \
    X(equity_in_horizon, "money", "the same until the horizon")                                    \
    X(equity_tail, "money", "the same after the horizon")                                          \
    X(clv, "money",                                                                                \
      "discounted money of the initial cohort per customer, before acquisition, with tail")        \
    X(clv_in_horizon, "money", "the same until the horizon")                                       \
    X(clv_tail, "money", "the same after the horizon")                                             \
    X(clv_residual, "money", "as clv from period 0 on, for customers with a past (burn-in)")       \
    X(clv_13, "money", "clv of the first 13 weeks")                                                \
    X(clv_52, "money", "clv of the first 52 weeks")                                                \
    X(clv_104, "money", "clv of the first 104 weeks")                                              \
    X(clv_156, "money", "clv of the first 156 weeks")                                              \
    X(retention, "share", "initial customers alive after 52 weeks")                                \
    X(retention_end, "share", "initial customers alive at the horizon")                            \
    X(contacts, "contacts", "contacts per initial customer until the horizon")                     \
    X(open_rate, "share", "opened share of contacts")                                              \
    X(unsubscribe_rate, "share", "contacts that closed their channel")                             \
    X(orders, "orders", "orders after the first per initial customer until the horizon")           \
    X(repeat_39, "orders", "orders after the first per initial customer in the first 39 weeks")    \
    X(repeat_78, "orders", "orders after the first per initial customer in the first 78 weeks")    \
    X(return_rate, "share", "returned share of orders")                                            \
    X(complaint_rate, "share", "orders with a disconfirmation below -1")                           \
    X(visits, "visits", "visits per initial customer until the horizon")                           \
    X(conversion, "orders per visit", "orders after the first per visit")                          \
    X(contact_cost, "money", "discounted cost of contacts per initial customer until the horizon") \
    X(discount_cost, "money", "discounted discounts per initial customer until the horizon")       \
    X(ltv_cac, "", "clv over the cost of acquisition")                                             \
    X(customers, "customers", "customers ever born per initial customer")                          \
    X(tail_periods, "periods", "length of the tail")

#define SERIES(X)                                                                                  \
    X(equity, "money", "running discounted money of all customers per initial customer")           \
    X(clv, "money", "running discounted money of the initial cohort per customer")                 \
    X(alive, "share", "customers alive per initial customer")                                      \
    X(retention, "share", "initial customers alive")                                               \
    X(contacts, "contacts", "contacts per initial customer")                                       \
    X(opens, "contacts", "opened contacts per initial customer")                                   \
    X(needs, "needs", "needs that arose per initial customer")                                     \
    X(visits, "visits", "visits per initial customer")                                             \
    X(orders, "orders", "orders after the first per initial customer")                             \
    X(returns, "orders", "returns per initial customer")                                           \
    X(satisfaction, "", "mean satisfaction of the living")                                         \
    X(trust, "", "mean trust of the living")                                                       \
    X(fatigue, "", "mean fatigue of the living")

enum {
#define ITEM(name, unit, help) SCALAR_##name,
    SCALARS(ITEM)
#undef ITEM
        N_SCALARS
};
enum {
#define ITEM(name, unit, help) SERIES_##name,
    SERIES(ITEM)
#undef ITEM
        N_SERIES
};

static const nb_metric_t scalars[N_SCALARS] = {
#define ITEM(name, unit, help) {#name, unit, help},
    SCALARS(ITEM)
#undef ITEM
};
static const nb_metric_t series[N_SERIES] = {
#define ITEM(name, unit, help) {#name, unit, help},
    SERIES(ITEM)
#undef ITEM
};

int journey_storage(journey_t *run)
{
    NB_TRY(nb_alloc(&run->series, N_SERIES * (size_t)run->spec.periods, sizeof *run->series));
    NB_TRY(nb_alloc(&run->scalars, N_SCALARS, sizeof *run->scalars));
    NB_TRY(nb_alloc(&run->batch_customer, NB_BLOCK_ROWS, sizeof *run->batch_customer));
    NB_TRY(nb_alloc(&run->batch_luck, NB_BLOCK_ROWS, sizeof *run->batch_luck));
    NB_TRY(nb_alloc(&run->batch_journey, NB_BLOCK_ROWS, sizeof *run->batch_journey));
    NB_TRY(nb_alloc(&run->batch_tenure, NB_BLOCK_ROWS, sizeof *run->batch_tenure));
    NB_TRY(nb_alloc(&run->batch_mask, NB_BLOCK_ROWS, sizeof *run->batch_mask));
    NB_TRY(nb_alloc(&run->batch_x, (size_t)NB_BLOCK_ROWS * N_FEATURES, sizeof *run->batch_x));
    return nb_alloc(&run->batch_prior, (size_t)NB_BLOCK_ROWS * run->world->n_products,
                    sizeof *run->batch_prior);
}

/* sums over the living, in order of rows */
static void sum_living(journey_t *run)
{
    period_sums_t *sums = &run->sums;
    double bad = 0;

    for (size_t i = 0; i < run->n; i++) {
        if (run->alive[i]) {
            double S = run->satisfaction[i];

            sums->n_alive++;
            sums->sum_satisfaction += S;
            sums->sum_trust += run->trust[i];
            sums->sum_fatigue += run->fatigue[i];
            bad += S < 0 ? run->sociability[i] * S * S : 0;
        }
    }
    for (size_t i = 0; i < run->n_founders; i++) {
        sums->founders_alive += run->alive[i];
    }
    sums->n_books = (double)run->n_books;
    run->bad_word = sums->n_alive > 0 ? run->world->set.births_bad_word * bad / sums->n_alive : 0;
}

/* totals are one struct of doubles: money enters discounted, counts as they are */
static void add_totals(period_sums_t *total, const period_sums_t *sums, double discount)
{
    const double *from = (const double *)sums;
    double *to = (double *)total;

    for (size_t k = 0; k < sizeof *sums / sizeof *from; k++) {
        to[k] += k < N_MONEY_SUMS ? discount * from[k] : from[k];
    }
}

static void record_series(journey_t *run)
{
    const period_sums_t *sums = &run->sums;
    size_t T = (size_t)run->spec.periods, t = (size_t)run->period;
    double n0 = (double)run->n_founders, living = fmax(1, sums->n_alive);
    const double values[N_SERIES] = {
        [SERIES_equity] = run->horizon.money / n0,
        [SERIES_clv] = run->horizon.founders_money / n0,
        [SERIES_alive] = sums->n_alive / n0,
        [SERIES_retention] = sums->founders_alive / n0,
        [SERIES_contacts] = sums->contacts / n0,
        [SERIES_opens] = sums->opens / n0,
        [SERIES_needs] = sums->needs / n0,
        [SERIES_visits] = sums->visits / n0,
        [SERIES_orders] = (sums->orders - sums->first_orders) / n0,
        [SERIES_returns] = sums->returns / n0,
        [SERIES_satisfaction] = sums->sum_satisfaction / living,
        [SERIES_trust] = sums->sum_trust / living,
        [SERIES_fatigue] = sums->sum_fatigue / living,
    };

    for (size_t k = 0; k < N_SERIES; k++) {
        run->series[k * T + t] = values[k];
    }
}

void journey_record(journey_t *run)
{
    sum_living(run);
    if (run->period < 0) {
        return;
    }
    double discount = pow(run->world->gamma, run->period);
    if (run->period < run->spec.periods) {
        add_totals(&run->horizon, &run->sums, discount);
        record_series(run);
    } else {
        add_totals(&run->tail, &run->sums, discount);
        run->n_tail++;
    }
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

/* value of a series at the end of `weeks`; NaN beyond the horizon */
static double series_at(const journey_t *run, unsigned k, double weeks)
{
    int t = periods_of(run->world, weeks) - 1;

    return t < run->spec.periods ? run->series[k * (size_t)run->spec.periods + (size_t)t] : NAN;
}

/* orders after the first, per initial customer; NaN beyond the horizon */
static double count_repeats(const journey_t *run, double weeks)
{
    int periods = periods_of(run->world, weeks);
    double sum = 0;

    if (periods > run->spec.periods) {
        return NAN;
    }
    for (int t = 0; t < periods; t++) {
        sum += run->series[SERIES_orders * (size_t)run->spec.periods + (size_t)t];
    }
    return sum;
}

static void fill_values(journey_t *run)
{
    const period_sums_t *h = &run->horizon, *tail = &run->tail;
    double *s = run->scalars, n0 = (double)run->n_founders;
    int is_cold = run->world->set.burn_in_periods == 0;
    double clv = (h->founders_money + tail->founders_money) / n0;

    s[SCALAR_equity_in_horizon] = h->money / n0;
    s[SCALAR_equity_tail] = tail->money / n0;
    s[SCALAR_equity] = (h->money + tail->money) / n0;
    s[SCALAR_clv] = is_cold ? clv : NAN;
    s[SCALAR_clv_in_horizon] = is_cold ? h->founders_money / n0 : NAN;
    s[SCALAR_clv_tail] = is_cold ? tail->founders_money / n0 : NAN;
    s[SCALAR_clv_residual] = is_cold ? NAN : clv;
    s[SCALAR_clv_13] = series_at(run, SERIES_clv, 13);
    s[SCALAR_clv_52] = series_at(run, SERIES_clv, 52);
    s[SCALAR_clv_104] = series_at(run, SERIES_clv, 104);
    s[SCALAR_clv_156] = series_at(run, SERIES_clv, 156);
    s[SCALAR_ltv_cac] = ratio(clv, run->world->set.cost_acquisition);
}

static void fill_counts(journey_t *run)
{
    const period_sums_t *h = &run->horizon;
    double *s = run->scalars, n0 = (double)run->n_founders;

    s[SCALAR_retention] = series_at(run, SERIES_retention, 52);
    s[SCALAR_retention_end] = run->series[(SERIES_retention + 1) * (size_t)run->spec.periods - 1];
    s[SCALAR_contacts] = h->contacts / n0;
    s[SCALAR_open_rate] = ratio(h->opens, h->contacts);
    s[SCALAR_unsubscribe_rate] = ratio(h->unsubscribes, h->contacts);
    s[SCALAR_orders] = (h->orders - h->first_orders) / n0;
    s[SCALAR_repeat_39] = count_repeats(run, 39);
    s[SCALAR_repeat_78] = count_repeats(run, 78);
    s[SCALAR_return_rate] = ratio(h->returns, h->orders);
    s[SCALAR_complaint_rate] = ratio(h->complaints, h->orders);
    s[SCALAR_visits] = h->visits / n0;
    s[SCALAR_conversion] = ratio(h->orders - h->first_orders, h->visits);
    s[SCALAR_contact_cost] = -h->contact_cost / n0;
    s[SCALAR_discount_cost] = -h->discount / n0;
    s[SCALAR_customers] = (double)run->n / n0;
    s[SCALAR_tail_periods] = run->n_tail;
}

int journey_result(void *self, nb_result_t *out)
{
    journey_t *run = self;

    fill_values(run);
    fill_counts(run);
    *out = (nb_result_t){.n_scalars = N_SCALARS,
                         .scalars = scalars,
                         .scalar = run->scalars,
                         .n_series = N_SERIES,
                         .series = series,
                         .series_values = run->series,
                         .periods = run->spec.periods};
    return NB_OK;
}
