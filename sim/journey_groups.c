/*
 * Money by groups of customers: yearly cohorts by birth, ages, segments, referred or not; and how
 * unevenly it is spread.
 */
#include "sim/journey.h"

#include <stdlib.h>
#include <string.h>

static const double ages[N_AGES] = {52, 104, 156};

/* yearly cohort by birth; who was born before the start belongs to the first */
unsigned journey_cohort(const journey_t *run, uint32_t row)
{
    double year = floor(run->birth[row] * run->world->set.period_weeks / 52);

    return year < 0 ? 0 : year >= MAX_COHORTS ? MAX_COHORTS - 1 : (unsigned)year;
}

size_t journey_count_cohorts(const journey_t *run)
{
    double years = ceil(run->spec.periods * run->world->set.period_weeks / 52);

    return years > MAX_COHORTS ? MAX_COHORTS : (size_t)years;
}

/* money before acquisition, as the first firm's customers bring it, discounted to their births */
void journey_book_groups(journey_t *run, uint32_t row, double money)
{
    cohort_t *cohort = &run->at.cohorts[journey_cohort(run, row)];
    int age = run->at.period - run->birth[row];
    double weeks = age * run->world->set.period_weeks;

    if (journey_firm(run, row) != 0 || run->at.period < 0) {
        return;
    }
    money *= run->discounts[age];
    cohort->money += money;
    for (unsigned a = 0; a < N_AGES; a++) {
        cohort->age[a] += weeks < ages[a] ? money : 0;
    }
    if (row >= run->at.n_founders && weeks < ages[N_AGES - 1]) {
        *(run->flags[row] & FLAG_REFERRED ? &run->at.referred_money : &run->at.organic_money) +=
            money;
    }
}

const double *journey_customer_values(const void *self, size_t *n)
{
    const journey_t *run = self;

    *n = run->world->n_firms == 1 ? run->at.n_founders : 0;
    return run->value;
}

const double *journey_customer_brought(const void *self, size_t *n)
{
    const journey_t *run = self;

    *n = run->world->n_firms == 1 ? run->at.n_founders : 0;
    return run->brought;
}

const float *journey_customer_surplus(const void *self, size_t *n)
{
    const journey_t *run = self;

    *n = run->world->n_firms == 1 ? run->at.n_founders : 0;
    return run->surplus;
}

const uint8_t *journey_customer_segments(const void *self, size_t *n, unsigned *n_segments)
{
    const journey_t *run = self;

    *n = run->world->n_firms == 1 ? run->at.n_founders : 0;
    *n_segments = N_SEGMENTS;
    return run->segment;
}

static int compare_values(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* of the values in ascending order; Gini is NaN where they do not add up to money */
static double gini_of(const double *values, size_t n)
{
    double sum = 0, weighted = 0;

    for (size_t k = 0; k < n; k++) {
        sum += values[k];
        weighted += (2 * ((double)k + 1) - (double)n - 1) * values[k];
    }
    return sum > 0 ? weighted / ((double)n * sum) : NAN;
}

/* quantiles .1, .5, .9, mean of the lowest tenth, and the Gini coefficient of initial customers'
 * values */
int journey_spread(const journey_t *run, double out[5])
{
    static const double shares[3] = {0.1, 0.5, 0.9};
    size_t n = run->spec.n_customers, n_low = (n + 9) / 10;
    double *values = NULL;

    NB_TRY(nb_alloc(&values, n, sizeof *values));
    for (size_t i = 0; i < n; i++) {
        values[i] = run->value[i * run->world->n_firms];
    }
    qsort(values, n, sizeof *values, compare_values);
    for (unsigned k = 0; k < 3; k++) {
        out[k] = values[(size_t)(shares[k] * (double)(n - 1) + 0.5)];
    }
    out[3] = 0;
    for (size_t k = 0; k < n_low; k++) {
        out[3] += values[k] / (double)n_low;
    }
    out[4] = gini_of(values, n);
    nb_free(values);
    return NB_OK;
}

/* what a cohort's customers were worth up to an age; NaN where not all of them reached it */
double journey_value_at_age(const journey_t *run, unsigned cohort, unsigned age)
{
    double h = run->world->set.period_weeks;
    double last_birth = fmin(52.0 * (cohort + 1), run->spec.periods * h);
    const cohort_t *self = &run->at.cohorts[cohort];

    if (self->born == 0 || (run->at.period + 1) * h < last_birth + ages[age]) {
        return NAN;
    }
    return self->age[age] / self->born;
}

/* founders of the first firm by segment */
void journey_sum_segments(const journey_t *run, segment_sums_t *sums)
{
    memset(sums, 0, N_SEGMENTS * sizeof *sums);
    for (size_t i = 0; i < run->at.n_founders; i += run->world->n_firms) {
        segment_sums_t *sum = &sums[run->segment[i]];

        sum->n++;
        sum->value += run->value[i];
        sum->surplus += run->surplus[i];
        sum->alive += run->alive[i] == ALIVE;
    }
    for (unsigned g = 0; g < N_SEGMENTS; g++) {
        sums[g].orders = run->at.segment_orders[g];
        sums[g].alive = run->at.in_tail ? run->at.segment_alive[g] : sums[g].alive;
    }
}

/* an order after the first, in the groups of the first firm's customers */
void journey_count_order(journey_t *run, uint32_t row)
{
    if (journey_firm(run, row) != 0 || run->at.period < 0 || run->at.in_tail) {
        return;
    }
    run->at.cohorts[journey_cohort(run, row)].orders++;
    if (row < run->at.n_founders) {
        run->at.segment_orders[run->segment[row]]++;
    }
}

/* what goes on changing in the tail, kept as it stands at the horizon */
void journey_keep_horizon(journey_t *run)
{
    segment_sums_t sums[N_SEGMENTS];

    journey_sum_segments(run, sums);
    for (unsigned g = 0; g < N_SEGMENTS; g++) {
        run->at.segment_alive[g] = sums[g].alive;
    }
    memcpy(run->at.K_horizon, run->at.K_pop, sizeof run->at.K_horizon);
}
