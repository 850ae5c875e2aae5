/*
 * Births: founders, organic and paid arrivals, and those who were referred.
 */
#include "sim/journey.h"

static int give_birth(journey_t *run, uint32_t person, unsigned firm)
{
    uint32_t row = person + firm;

    journey_set_newborn_state(run, person, run->at.period);
    journey_become_customer(run, row);
    journey_sums(run, row)->born++;
    if (person >= run->at.n_founders) {
        if (run->flags[row] & FLAG_REFERRED) {
            journey_sums(run, row)->referred++;
        } else {
            NB_TRY(
                journey_pay(run, row, 0, -run->world->set.cost_acquisition, NB_CAUSE_ACQUISITION));
        }
    }
    return journey_first_purchase(run, row);
}

/* the firm that draws an arrival, in proportion to the weights */
static unsigned draw_home(const journey_t *run, uint32_t luck, const double *weights)
{
    unsigned n = run->world->n_firms, f = 0;
    double sum = 0, u;
    uint32_t words[4];

    if (n == 1) {
        return 0;
    }
    nb_rng_block(run->spec.key, draw_at(luck, 0, DRAW_HOME, 0, 0), words);
    for (unsigned k = 0; k < n; k++) {
        sum += weights[k];
    }
    u = nb_rng_uniform(words[0]) * sum - weights[0];
    while (u >= 0 && f + 1 < n) {
        u -= weights[++f];
    }
    return f;
}

/* period of birth of founder i: the start, or spread evenly over the burn-in */
static int founder_birth(const journey_t *run, uint32_t i)
{
    uint32_t words[4];
    int burn_in = run->world->set.burn_in_periods;

    if (!burn_in) {
        return 0;
    }
    nb_rng_block(run->spec.key, draw_at(i, 0, DRAW_TRAIT, 8, 0), words);
    return -1 - (int)floor(burn_in * nb_rng_uniform(words[0]));
}

int journey_start(journey_t *run)
{
    for (uint32_t i = 0; i < run->spec.n_customers; i++) {
        NB_TRY(journey_add_person(run, i, founder_birth(run, i), NO_PARENT));
    }
    return NB_OK;
}

static int bear_founders(journey_t *run)
{
    static const double equal[MAX_FIRMS] = {1, 1, 1, 1};

    for (uint32_t i = 0; i < run->at.n_founders; i += run->world->n_firms) {
        if (run->birth[i] == run->at.period) {
            NB_TRY(give_birth(run, i, draw_home(run, run->luck[i], equal)));
        }
    }
    return NB_OK;
}

/* what draws arrivals to a firm: its share of customers, less what bad word of mouth keeps away */
static double weigh_firms(const journey_t *run, double *weights)
{
    unsigned n = run->world->n_firms;
    double all = 0, kept = 0;

    for (unsigned f = 0; f < n; f++) {
        weights[f] = n == 1 ? 1 : pow(run->at.living[f], run->world->set.market_word);
        all += weights[f];
    }
    for (unsigned f = 0; f < n; f++) {
        weights[f] = (all > 0 ? weights[f] / all : 1.0 / n) * (1 - fmin(0.5, run->at.bad_word[f]));
        kept += weights[f];
    }
    return kept;
}

/* Poisson arrivals; word of mouth keeps at most half of the organic ones away */
static int bear_arrivals(journey_t *run)
{
    const nb_journey_settings_t *set = &run->world->set;
    double weights[MAX_FIRMS];
    double n0 = (double)run->spec.n_customers * set->period_weeks;
    double organic = set->births_organic * n0 * weigh_firms(run, weights);
    nb_stream_t stream;
    unsigned n_births;

    nb_stream_init(&stream, run->spec.key,
                   draw_at((uint32_t)NB_LUCK_RUN, (uint32_t)run->at.period, DRAW_BIRTH, 0, 0));
    n_births = nb_dist_poisson(&stream, organic + set->births_paid * n0);
    for (unsigned b = 0; b < n_births; b++) {
        /* the identity of the b-th arrival of a period, apart from the founders' indices */
        uint32_t luck = nb_rng_hash((uint32_t)run->at.period, b) | 0x80000000u;

        NB_TRY(journey_add_person(run, luck, run->at.period, NO_PARENT));
        NB_TRY(give_birth(run, (uint32_t)(run->at.n - run->world->n_firms),
                          draw_home(run, luck, weights)));
    }
    return NB_OK;
}

static int bear_referred(journey_t *run)
{
    for (size_t k = 0; k < run->n_referred; k++) {
        referred_t referred = run->referred[k];

        NB_TRY(journey_add_person(run, referred.luck, run->at.period, referred.parent));
        NB_TRY(give_birth(run, (uint32_t)(run->at.n - run->world->n_firms),
                          journey_firm(run, referred.parent)));
    }
    return NB_OK;
}

int journey_begin_births(journey_t *run)
{
    if (run->at.period <= 0) {
        NB_TRY(bear_founders(run));
    }
    if (run->at.period > 0 && !run->at.in_tail) {
        NB_TRY(bear_arrivals(run));
        NB_TRY(bear_referred(run));
    }
    run->n_referred = 0;
    return NB_OK;
}
