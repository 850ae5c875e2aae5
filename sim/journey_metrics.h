/*
 * What a run is summed up by: the lists of metrics, and ratios that both recording and results
 * take.
 */
#ifndef NB_SIM_JOURNEY_METRICS_H
#define NB_SIM_JOURNEY_METRICS_H

#include "sim/journey.h"

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
    X(clv_age_52, "money", "money up to age 52 weeks, discounted to birth, of the first cohort")   \
    X(clv_age_104, "money", "the same up to age 104 weeks")                                        \
    X(clv_age_156, "money", "the same up to age 156 weeks")                                        \
    X(clv_referred_156, "money", "up to age 156 weeks, of customers who were referred")            \
    X(clv_organic_156, "money", "up to age 156 weeks, of organic and paid arrivals")               \
    X(clv_q10, "money", "tenth percentile of clv over the initial customers")                      \
    X(clv_q50, "money", "median of clv over the initial customers")                                \
    X(clv_q90, "money", "ninetieth percentile of clv over the initial customers")                  \
    X(clv_cvar10, "money", "mean clv of the tenth of initial customers who are worth least")       \
    X(clv_gini, "", "Gini coefficient of clv over the initial customers")                          \
    X(surplus, "money", "discounted customer surplus of the initial cohort per customer")          \
    X(retention, "share", "initial customers alive after 52 weeks")                                \
    X(retention_end, "share", "initial customers alive at the horizon")                            \
    X(contacts, "contacts", "contacts per initial customer until the horizon")                     \
    X(open_rate, "share", "opened share of contacts")                                              \
    X(unsubscribe_rate, "share", "contacts that closed their channel")                             \
    X(asked, "asks", "asks for consent per initial customer")                                      \
    X(consents, "customers", "customers who consented when asked per initial customer")            \
    X(enrollments, "customers", "customers who enrolled with it per initial customer")             \
    X(survey_rate, "share", "answered share of surveys")                                           \
    X(needs, "needs", "needs that arose per initial customer")                                     \
    X(lost_unaware, "share", "needs lost in recognize: nobody noticed them")                       \
    X(lost_aware, "share", "needs lost before a visit: noticed, but put off")                      \
    X(lost_visited, "share", "needs lost after a visit: not checked out")                          \
    X(lost_outside, "share", "needs met elsewhere: the outside option was chosen")                 \
    X(lost_refused, "share", "needs that were infeasible and turned away")                         \
    X(served, "share", "needs that ended in an order")                                             \
    X(orders, "orders", "orders after the first per initial customer until the horizon")           \
    X(repeat_39, "orders", "orders after the first per initial customer in the first 39 weeks")    \
    X(repeat_78, "orders", "orders after the first per initial customer in the first 78 weeks")    \
    X(return_rate, "share", "returned share of orders")                                            \
    X(complaint_rate, "share", "orders with a disconfirmation below -1")                           \
    X(late_rate, "share", "orders late or wrong")                                                  \
    X(visits, "visits", "visits per initial customer until the horizon")                           \
    X(conversion, "orders per visit", "orders after the first per visit")                          \
    X(abandoned_rate, "share", "visits whose checkout was not completed")                          \
    X(upsell_rate, "share", "orders with a second basket line")                                    \
    X(auto_orders, "orders", "automatic orders sent per initial customer")                         \
    X(auto_refused_rate, "share", "automatic orders that were refused")                            \
    X(incident_rate, "share", "automatic orders that nobody needed")                               \
    X(adjacent, "customers", "services accepted in closed categories per initial customer")        \
    X(orders_desire, "orders", "orders from the full catalogue per initial customer")              \
    X(orders_curated, "orders", "orders from a curated display per initial customer")              \
    X(orders_coach, "orders", "orders after coaching per initial customer")                        \
    X(orders_auto, "orders", "automatic orders kept per initial customer")                         \
    X(money_desire, "money", "discounted margin of orders from the full catalogue")                \
    X(money_curated, "money", "discounted margin of orders from a curated display")                \
    X(money_coach, "money", "discounted margin of orders after coaching")                          \
    X(money_auto, "money", "discounted margin of automatic orders")                                \
    X(contact_cost, "money", "discounted cost of contacts per initial customer until the horizon") \
    X(discount_cost, "money", "discounted discounts per initial customer until the horizon")       \
    X(margin, "money",                                                                             \
      "discounted margin of orders less what returns give back and cost, until the horizon")       \
    X(cost, "money",                                                                               \
      "discounted costs apart from goods, refunds and acquisition, until the horizon")             \
    X(ltv_cac, "", "clv over the cost of acquisition")                                             \
    X(payback, "weeks", "weeks until clv has paid the cost of acquisition")                        \
    X(customers, "customers", "customers ever born per initial customer")                          \
    X(referred, "customers", "customers who were referred per initial customer")                   \
    X(satisfaction_end, "", "mean satisfaction of the living at the horizon")                      \
    X(trust_end, "", "mean trust of the living at the horizon")                                    \
    X(knowledge_end, "", "mean knowledge of the living at the horizon")                            \
    X(share, "share",                                                                              \
      "orders that were this firm's; several firms have share_firm1, equity_firm1, ... each")      \
    X(worse_off, "share",                                                                          \
      "initial customers with less surplus than under never; asked for by `worse_off: true`")      \
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
    X(born, "customers", "customers born per initial customer")                                    \
    X(satisfaction, "", "mean satisfaction of the living")                                         \
    X(trust, "", "mean trust of the living")                                                       \
    X(fatigue, "", "mean fatigue of the living")                                                   \
    X(knowledge, "", "mean knowledge of the living")                                               \
    X(knowledge_population, "", "what the firm knows of customers as such")                        \
    X(share, "share", "orders of the period that were this firm's")

/* of every firm, where there are several: equity_firm1, ... */
#define FIRM_SCALARS(X)                                                                            \
    X(equity, "money", "discounted money of the firm's customers per initial customer, with tail") \
    X(share, "share", "orders that were the firm's")                                               \
    X(customers, "share", "customers of the firm at the horizon per initial customer")             \
    X(knowledge, "", "what the firm knows of customers as such at the horizon")

#define FIRM_SERIES(X)                                                                             \
    X(share, "share", "orders of the period that were the firm's")                                 \
    X(customers, "share", "customers of the firm per initial customer")

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
enum {
#define ITEM(name, unit, help) FIRM_##name,
    FIRM_SCALARS(ITEM)
#undef ITEM
        N_FIRM_SCALARS
};
enum {
#define ITEM(name, unit, help) FIRM_SERIES_##name,
    FIRM_SERIES(ITEM)
#undef ITEM
        N_FIRM_SERIES
};

static inline double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

static inline double repeat_orders(const period_sums_t *sums)
{
    return sums->orders - sums->first_orders;
}

/* repeat orders of all firms */
static inline double all_orders(const journey_t *run, const period_sums_t *sums)
{
    double sum = 0;

    for (unsigned f = 0; f < run->world->n_firms; f++) {
        sum += repeat_orders(&sums[f]);
    }
    return sum;
}

#endif
