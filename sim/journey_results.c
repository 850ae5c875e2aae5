/*
 * The results of a run, computed on call from its totals, series and groups.
 */
#include "sim/journey_metrics.h"

/* value of a series at the end of `weeks`; NaN beyond the horizon */
static double series_at(const journey_t *run, unsigned k, double weeks)
{
    int t = periods_of(run->world, weeks) - 1;

    return t < run->spec.periods ? run->series[k * (size_t)run->spec.periods + (size_t)t] : NAN;
}

static double series_end(const journey_t *run, unsigned k)
{
    return run->series[(k + 1) * (size_t)run->spec.periods - 1];
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

/* first week in which the running clv covers the cost of acquisition */
static double find_payback(const journey_t *run)
{
    const double *clv = run->series + SERIES_clv * (size_t)run->spec.periods;

    for (int t = 0; t < run->spec.periods; t++) {
        if (clv[t] >= run->world->set.cost_acquisition) {
            return (t + 1) * run->world->set.period_weeks;
        }
    }
    return NAN;
}

static void fill_values(journey_t *run)
{
    const period_sums_t *h = &run->at.horizon[0], *tail = &run->at.tail[0];
    double *s = run->scalars, n0 = (double)run->spec.n_customers;
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
    for (unsigned a = 0; a < N_AGES; a++) {
        s[SCALAR_clv_age_52 + a] = is_cold ? journey_value_at_age(run, 0, a) : NAN;
    }
    s[SCALAR_clv_referred_156] = ratio(run->at.referred_money, run->at.referred_born);
    s[SCALAR_clv_organic_156] = ratio(run->at.organic_money, run->at.organic_born);
    s[SCALAR_surplus] = (h->surplus + tail->surplus) / n0;
    s[SCALAR_ltv_cac] = ratio(clv, run->world->set.cost_acquisition);
    s[SCALAR_payback] = is_cold ? find_payback(run) : NAN;
    for (unsigned x = 0; x < N_EXPERIENCES; x++) {
        s[SCALAR_orders_desire + x] = h->experience_orders[x] / n0;
        s[SCALAR_money_desire + x] = h->experience_money[x] / n0;
    }
    s[SCALAR_contact_cost] = -h->contact_cost / n0;
    s[SCALAR_discount_cost] = -h->discount / n0;
    s[SCALAR_margin] = (h->margin + h->returns_cost) / n0;
    s[SCALAR_cost] = -(h->contact_cost + h->discount + h->delivery + h->extra) / n0;
}

static void fill_contacts(journey_t *run)
{
    const period_sums_t *h = &run->at.horizon[0];
    double *s = run->scalars, n0 = (double)run->spec.n_customers;

    s[SCALAR_retention] = series_at(run, SERIES_retention, 52);
    s[SCALAR_retention_end] = series_end(run, SERIES_retention);
    s[SCALAR_contacts] = h->contacts / n0;
    s[SCALAR_open_rate] = ratio(h->opens, h->contacts);
    s[SCALAR_unsubscribe_rate] = ratio(h->unsubscribes, h->contacts);
    s[SCALAR_asked] = h->asked / n0;
    s[SCALAR_consents] = h->consented / n0;
    s[SCALAR_enrollments] = h->enrolled / n0;
    s[SCALAR_survey_rate] = ratio(h->answered, h->surveyed);
    s[SCALAR_auto_orders] = h->auto_sent / n0;
    s[SCALAR_auto_refused_rate] = ratio(h->auto_refused, h->auto_sent);
    s[SCALAR_incident_rate] = ratio(h->incidents, h->auto_sent);
    s[SCALAR_adjacent] = h->adjacent / n0;
    s[SCALAR_satisfaction_end] = series_end(run, SERIES_satisfaction);
    s[SCALAR_trust_end] = series_end(run, SERIES_trust);
    s[SCALAR_knowledge_end] = series_end(run, SERIES_knowledge);
}

/* where journeys are lost, and what becomes of orders */
static void fill_funnel(journey_t *run)
{
    const period_sums_t *h = &run->at.horizon[0];
    double *s = run->scalars, n0 = (double)run->spec.n_customers;

    s[SCALAR_needs] = h->needs / n0;
    s[SCALAR_lost_unaware] = ratio(h->lost_unaware, h->needs);
    s[SCALAR_lost_aware] = ratio(h->lost_aware, h->needs);
    s[SCALAR_lost_visited] = ratio(h->lost_visited, h->needs);
    s[SCALAR_lost_outside] = ratio(h->outside, h->needs);
    s[SCALAR_lost_refused] = ratio(h->refused_requests, h->needs);
    s[SCALAR_served] = ratio(repeat_orders(h), h->needs);
    s[SCALAR_orders] = repeat_orders(h) / n0;
    s[SCALAR_repeat_39] = count_repeats(run, 39);
    s[SCALAR_repeat_78] = count_repeats(run, 78);
    s[SCALAR_return_rate] = ratio(h->returns, h->orders);
    s[SCALAR_complaint_rate] = ratio(h->complaints, h->orders);
    s[SCALAR_late_rate] = ratio(h->late, h->orders);
    s[SCALAR_visits] = h->visits / n0;
    s[SCALAR_conversion] = ratio(repeat_orders(h), h->visits);
    s[SCALAR_abandoned_rate] = ratio(h->abandoned, h->visits);
    s[SCALAR_upsell_rate] = ratio(h->upsells, h->orders);
    s[SCALAR_customers] = (double)run->at.n / run->world->n_firms / n0;
    s[SCALAR_referred] = h->referred / n0;
    s[SCALAR_share] = ratio(repeat_orders(h), all_orders(run, run->at.horizon));
    s[SCALAR_worse_off] = NAN; /* takes a second run: the unit's */
    s[SCALAR_tail_periods] = run->at.n_tail;
}

static void fill_firms(journey_t *run)
{
    unsigned F = run->world->n_firms;
    double *s = run->scalars + N_SCALARS, n0 = (double)run->spec.n_customers;

    for (unsigned f = 0; f < F && F > 1; f++) {
        const period_sums_t *h = &run->at.horizon[f];

        s[FIRM_equity * F + f] = (h->money + run->at.tail[f].money) / n0;
        s[FIRM_share * F + f] = ratio(repeat_orders(h), all_orders(run, run->at.horizon));
        s[FIRM_customers * F + f] = series_end(run, N_SERIES + FIRM_SERIES_customers * F + f);
        s[FIRM_knowledge * F + f] = run->at.in_tail ? run->at.K_horizon[f] : run->at.K_pop[f];
    }
}

static void fill_segments(journey_t *run)
{
    segment_sums_t sums[N_SEGMENTS];
    double *out = run->by_segment;

    for (size_t k = 0; k < run->n_scalars * N_SEGMENTS; k++) {
        out[k] = NAN;
    }
    journey_sum_segments(run, sums);
    for (unsigned g = 0; g < N_SEGMENTS; g++) {
        out[SCALAR_clv * N_SEGMENTS + g] = ratio(sums[g].value, sums[g].n);
        out[SCALAR_surplus * N_SEGMENTS + g] = ratio(sums[g].surplus, sums[g].n);
        out[SCALAR_orders * N_SEGMENTS + g] = ratio(sums[g].orders, sums[g].n);
        out[SCALAR_retention_end * N_SEGMENTS + g] = ratio(sums[g].alive, sums[g].n);
        out[SCALAR_customers * N_SEGMENTS + g] = sums[g].n / (double)run->spec.n_customers;
    }
}

static void fill_cohorts(journey_t *run)
{
    size_t n = journey_count_cohorts(run);
    double *out = run->by_cohort;

    for (size_t k = 0; k < run->n_scalars * n; k++) {
        out[k] = NAN;
    }
    for (unsigned c = 0; c < n; c++) {
        const cohort_t *cohort = &run->at.cohorts[c];

        out[SCALAR_clv * n + c] = ratio(cohort->money, cohort->born);
        out[SCALAR_orders * n + c] = ratio(cohort->orders, cohort->born);
        out[SCALAR_customers * n + c] = cohort->born / (double)run->spec.n_customers;
        for (unsigned a = 0; a < N_AGES; a++) {
            out[(SCALAR_clv_age_52 + a) * n + c] = journey_value_at_age(run, c, a);
        }
    }
}

/* which metrics segments and cohorts have: those that fill_segments and fill_cohorts fill */
static const uint8_t grouped[N_SCALARS + N_FIRM_SCALARS * MAX_FIRMS] = {
    [SCALAR_clv] = NB_GROUPED_SEGMENT | NB_GROUPED_COHORT,
    [SCALAR_orders] = NB_GROUPED_SEGMENT | NB_GROUPED_COHORT,
    [SCALAR_customers] = NB_GROUPED_SEGMENT | NB_GROUPED_COHORT,
    [SCALAR_surplus] = NB_GROUPED_SEGMENT,
    [SCALAR_retention_end] = NB_GROUPED_SEGMENT,
    [SCALAR_clv_age_52] = NB_GROUPED_COHORT,
    [SCALAR_clv_age_104] = NB_GROUPED_COHORT,
    [SCALAR_clv_age_156] = NB_GROUPED_COHORT,
};

int journey_result(void *self, nb_result_t *out)
{
    journey_t *run = self;

    fill_values(run);
    fill_contacts(run);
    fill_funnel(run);
    fill_firms(run);
    fill_segments(run);
    fill_cohorts(run);
    NB_TRY(journey_spread(run, &run->scalars[SCALAR_clv_q10]));
    *out = (nb_result_t){.n_scalars = run->n_scalars,
                         .scalars = run->metrics,
                         .scalar = run->scalars,
                         .n_series = run->n_series,
                         .series = run->series_metrics,
                         .series_values = run->series,
                         .n_segments = N_SEGMENTS,
                         .by_segment = run->by_segment,
                         .n_cohorts = journey_count_cohorts(run),
                         .by_cohort = run->by_cohort,
                         .grouped = grouped,
                         .periods = run->spec.periods};
    return NB_OK;
}
