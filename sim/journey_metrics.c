/*
 * What a run is summed up by: money discounted to the start, and the counts behind it. With several
 * firms all of it is the first firm's, and every firm's equity, share and customers stand behind.
 */
#include "sim/journey_metrics.h"

#include <stdio.h>
#include <string.h>

#define ITEM(name, unit, help) {#name, unit, help},
static const nb_metric_t scalars[N_SCALARS] = {SCALARS(ITEM)};
static const nb_metric_t series[N_SERIES] = {SERIES(ITEM)};
static const nb_metric_t firm_scalars[N_FIRM_SCALARS] = {FIRM_SCALARS(ITEM)};
static const nb_metric_t firm_series[N_FIRM_SERIES] = {FIRM_SERIES(ITEM)};
#undef ITEM

/* the firms' metrics behind the common ones, each with a name of its own */
static void name_metrics(nb_metric_t *out, char (*names)[24], const nb_metric_t *of_firm,
                         unsigned n, unsigned n_firms)
{
    for (unsigned k = 0; k < n * n_firms; k++) {
        out[k] = of_firm[k / n_firms];
        snprintf(names[k], sizeof names[k], "%s_firm%u", out[k].name, k % n_firms + 1);
        out[k].name = names[k];
    }
}

int journey_init_metrics(journey_t *run)
{
    unsigned F = run->world->n_firms > 1 ? run->world->n_firms : 0;
    size_t n_named = (N_FIRM_SCALARS + N_FIRM_SERIES) * (size_t)F;

    run->n_scalars = N_SCALARS + N_FIRM_SCALARS * F;
    run->n_series = N_SERIES + N_FIRM_SERIES * F;
    NB_TRY(nb_alloc(&run->metrics, run->n_scalars, sizeof *run->metrics));
    NB_TRY(nb_alloc(&run->series_metrics, run->n_series, sizeof *run->series_metrics));
    NB_TRY(nb_alloc(&run->metric_names, n_named + 1, sizeof *run->metric_names));
    memcpy(run->metrics, scalars, sizeof scalars);
    memcpy(run->series_metrics, series, sizeof series);
    name_metrics(run->metrics + N_SCALARS, run->metric_names, firm_scalars, N_FIRM_SCALARS, F);
    name_metrics(run->series_metrics + N_SERIES, run->metric_names + N_FIRM_SCALARS * F,
                 firm_series, N_FIRM_SERIES, F);
    NB_TRY(nb_alloc(&run->series, run->n_series * (size_t)run->spec.periods, sizeof *run->series));
    NB_TRY(nb_alloc(&run->scalars, run->n_scalars, sizeof *run->scalars));
    NB_TRY(nb_alloc(&run->by_segment, run->n_scalars * N_SEGMENTS, sizeof *run->by_segment));
    return nb_alloc(&run->by_cohort, run->n_scalars * MAX_COHORTS, sizeof *run->by_cohort);
}

/* sums over the living customers of a firm, in order of rows */
static void sum_living(journey_t *run, unsigned f)
{
    period_sums_t *sums = &run->at.sums[f];
    double bad = 0;

    for (size_t i = f; i < run->at.n; i += run->world->n_firms) {
        if (run->alive[i] == ALIVE) {
            double S = run->satisfaction[i];

            sums->n_alive++;
            sums->founders_alive += i < run->at.n_founders;
            sums->sum_satisfaction += S;
            sums->sum_trust += run->trust[i];
            sums->sum_fatigue += run->fatigue[i];
            sums->sum_knowledge += run->knowledge[i];
            bad += S < 0 ? run->sociability[i] * S * S : 0;
        }
    }
    run->at.living[f] = sums->n_alive;
    run->at.bad_word[f] =
        sums->n_alive > 0 ? run->world->set.births_bad_word * bad / sums->n_alive : 0;
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
    const period_sums_t *sums = &run->at.sums[0];
    size_t T = (size_t)run->spec.periods, t = (size_t)run->at.period;
    unsigned F = run->world->n_firms;
    double n0 = (double)run->spec.n_customers, living = fmax(1, sums->n_alive);
    const double values[N_SERIES] = {
        [SERIES_equity] = run->at.horizon[0].money / n0,
        [SERIES_clv] = run->at.horizon[0].founders_money / n0,
        [SERIES_alive] = sums->n_alive / n0,
        [SERIES_retention] = sums->founders_alive / n0,
        [SERIES_contacts] = sums->contacts / n0,
        [SERIES_opens] = sums->opens / n0,
        [SERIES_needs] = sums->needs / n0,
        [SERIES_visits] = sums->visits / n0,
        [SERIES_orders] = repeat_orders(sums) / n0,
        [SERIES_returns] = sums->returns / n0,
        [SERIES_born] = sums->born / n0,
        [SERIES_satisfaction] = sums->sum_satisfaction / living,
        [SERIES_trust] = sums->sum_trust / living,
        [SERIES_fatigue] = sums->sum_fatigue / living,
        [SERIES_knowledge] = sums->sum_knowledge / living,
        [SERIES_knowledge_population] = run->at.K_pop[0],
        [SERIES_share] = ratio(repeat_orders(sums), all_orders(run, run->at.sums)),
    };

    for (size_t k = 0; k < N_SERIES; k++) {
        run->series[k * T + t] = values[k];
    }
    for (unsigned f = 0; f < F && F > 1; f++) {
        run->series[(N_SERIES + FIRM_SERIES_share * F + f) * T + t] =
            ratio(repeat_orders(&run->at.sums[f]), all_orders(run, run->at.sums));
        run->series[(N_SERIES + FIRM_SERIES_customers * F + f) * T + t] =
            run->at.sums[f].n_alive / n0;
    }
}

void journey_record(journey_t *run)
{
    for (unsigned f = 0; f < run->world->n_firms; f++) {
        sum_living(run, f);
    }
    if (run->at.period < 0) {
        return;
    }
    int is_horizon = run->at.period < run->spec.periods;
    for (unsigned f = 0; f < run->world->n_firms; f++) {
        add_totals(is_horizon ? &run->at.horizon[f] : &run->at.tail[f], &run->at.sums[f],
                   run->at.discount);
    }
    if (is_horizon) {
        record_series(run);
    } else {
        run->at.n_tail++;
    }
}
