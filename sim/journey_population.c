/*
 * Births: storage of customers, their traits, and when the next ones come.
 */
#include "sim/journey.h"

/* grow one array of the run from the old capacity to the new */
#define GROW(array) NB_TRY(nb_grow(&run->array, run->capacity, capacity, sizeof *run->array))

static int reserve(journey_t *run, size_t capacity)
{
    if (capacity <= run->capacity) {
        return NB_OK;
    }
    GROW(customers);
    GROW(luck);
    GROW(birth);
    GROW(last_active);
    GROW(satisfaction);
    GROW(trust);
    GROW(sociability);
    GROW(flags);
    GROW(in_round);
    GROW(need_at);
    GROW(fatigue);
    GROW(habit);
    GROW(clock);
    GROW(hazard);
    GROW(next_need);
    GROW(rate);
    GROW(need_ordinal);
    GROW(alive);
    GROW(n_open);
    GROW(contact);
    GROW(books);
    run->capacity = capacity;
    return NB_OK;
}

/* u, v with correlation rho from two independent normals */
static double correlated(double rho, double u, double v)
{
    return rho * u + sqrt(1 - rho * rho) * v;
}

/* log-normal with mean 1 */
static double lognormal(double sd, double z)
{
    return exp(sd * z - sd * sd / 2);
}

static void draw_normal_traits(const journey_t *run, uint32_t luck, customer_t *who)
{
    const nb_journey_settings_t *set = &run->world->set;
    double z[16];

    for (unsigned block = 0; block < 4; block++) {
        nb_rng_normal4(run->spec.key, draw_at(luck, 0, DRAW_TRAIT, 0, block), z + 4 * block);
    }
    for (unsigned k = 0; k < N_TASTE; k++) {
        who->theta[k] = (float)(sqrt(set->taste_variance) * z[k]);
    }
    who->beta = (float)(set->price_sensitivity * lognormal(set->price_sensitivity_sd, z[4]));
    who->risk = (float)lognormal(set->risk_sd, z[5]);
    who->inertia = (float)(set->inertia_mean + set->inertia_sd * z[6]);
    who->phi = (float)lognormal(set->contact_sensitivity_sd, z[7]);
    who->loyalty = (float)(set->loyalty_sd * z[8]);
    who->sleeping = (float)(set->sleeping_sd * correlated(set->sleeping_correlation, z[8], z[9]));
    who->demographic = (float)z[10];
    for (unsigned c = 0; c < N_CHANNELS; c++) {
        who->kappa[c] =
            (float)(set->channel_taste_sd * correlated(set->channel_demographic, z[10], z[11 + c]));
    }
}

static double draw_gamma_trait(const journey_t *run, uint32_t luck, unsigned group, double shape,
                               double rate)
{
    nb_stream_t stream;

    nb_stream_init(&stream, run->spec.key, draw_at(luck, 0, DRAW_TRAIT, group, 0));
    return nb_dist_gamma(&stream, shape, rate);
}

static double draw_beta_trait(const journey_t *run, uint32_t luck, unsigned group, double a,
                              double b)
{
    nb_stream_t stream;

    nb_stream_init(&stream, run->spec.key, draw_at(luck, 0, DRAW_TRAIT, group, 0));
    return nb_dist_beta(&stream, a, b);
}

static void draw_other_traits(journey_t *run, size_t i)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[i];
    uint32_t luck = run->luck[i];
    uint32_t words[4];

    run->rate[i] = (float)(draw_gamma_trait(run, luck, 1, set->need_shape, set->need_rate) *
                           set->need_scale * set->period_weeks);
    who->agency = (float)draw_beta_trait(run, luck, 2, set->agency_a, set->agency_b);
    who->certainty_mean = (float)draw_beta_trait(run, luck, 3, set->certainty_a, set->certainty_b);
    run->sociability[i] = (float)(2 * draw_gamma_trait(run, luck, 4, set->sociability_shape, 1));
    who->basket_scale = (float)((set->spend_q - 1) / set->spend_p /
                                draw_gamma_trait(run, luck, 5, set->spend_q, 1));
    who->churn_base = (float)draw_beta_trait(run, luck, 6, set->churn_a, set->churn_b);
    nb_rng_block(run->spec.key, draw_at(luck, 0, DRAW_TRAIT, 7, 0), words);
    run->flags[i] = nb_rng_uniform(words[0]) < set->consent_at_birth ? FLAG_CONSENT : 0;
}

/* the state of a newborn customer, apart from the first purchase */
static void set_newborn_state(journey_t *run, size_t i, int period)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[i];
    uint32_t words[4];

    run->birth[i] = run->last_active[i] = period;
    run->trust[i] = (float)set->trust_start;
    run->flags[i] |= FLAG_EMAIL | FLAG_MESSAGE | FLAG_CALL | FLAG_BOOKS;
    run->alive[i] = 1;
    who->expectation = (float)set->expectation_start;
    who->reference_price = 1;
    who->cue = 0.5f;
    who->opens[0] = 0.25f;
    who->opens[1] = who->opens[2] = 0.33f;
    who->last_purchase = period;
    who->last_contact = period - 1000000;
    who->reactance_until = who->win_back_until = period - 1;
    who->taste_step = (period - run->first_period) / run->world->taste_periods;
    nb_rng_block(run->spec.key, draw_at(run->luck[i], 0, DRAW_CHURN, 0, 0), words);
    run->clock[i] = (float)nb_dist_exponential(words[0], words[1]);
    double weekly = set->churn_weekly * exp(-set->churn_loyalty * who->loyalty);
    run->hazard[i] = (float)(-log1p(-fmin(weekly, 0.999)) * set->period_weeks);
    if (set->need_conversion != CONVERSION_NONE) {
        run->rate[i] /= (float)journey_conversion(run, (uint32_t)i);
    }
    nb_rng_block(run->spec.key, draw_at(run->luck[i], 0, DRAW_ARRIVAL, 0, 0), words);
    run->next_need[i] = run->season_time[period - run->first_period] +
                        nb_dist_exponential(words[0], words[1]) / run->rate[i];
}

/* Row of a customer who is born at the start of `period`; traits now, state and first purchase at
 * birth. */
static int add_row(journey_t *run, uint32_t luck, int period)
{
    size_t i = run->n;

    if (i == run->capacity) {
        NB_TRY(reserve(run, run->capacity + run->capacity / 2 + 64));
    }
    run->luck[i] = luck;
    run->birth[i] = period;
    run->need_at[i] = -1;
    draw_normal_traits(run, luck, &run->customers[i]);
    draw_other_traits(run, i);
    run->n++;
    return NB_OK;
}

static int give_birth(journey_t *run, size_t i, int period)
{
    set_newborn_state(run, i, period);
    run->sums.born++;
    if (i >= run->n_founders) {
        NB_TRY(journey_pay(run, (uint32_t)i, 0, -run->world->set.cost_acquisition,
                           NB_CAUSE_ACQUISITION));
    }
    return journey_first_purchase(run, (uint32_t)i);
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
    const nb_journey_settings_t *set = &run->world->set;
    double per_founder = (set->births_organic + set->births_paid) * set->period_weeks;
    double extra = per_founder * (double)run->n_founders * run->spec.periods;
    size_t n_steps = (size_t)(run->spec.periods - run->first_period) + 1 +
                     (size_t)ceil(set->tail_max / set->period_weeks);
    double sum = 0;

    NB_TRY(reserve(run, run->n_founders + (size_t)(extra + 10 * sqrt(extra)) + 64));
    NB_TRY(nb_alloc(&run->season_time, n_steps + 1, sizeof *run->season_time));
    for (size_t t = 0; t < n_steps; t++) {
        double week = ((double)t + run->first_period) * set->period_weeks;

        sum += 1 + set->need_season * sin(6.283185307179586 * week / 52);
        run->season_time[t + 1] = sum;
    }
    NB_TRY(journey_storage(run));
    for (uint32_t i = 0; i < run->n_founders; i++) {
        NB_TRY(add_row(run, i, founder_birth(run, i)));
    }
    return NB_OK;
}

/* Poisson births of the period to come; word of mouth keeps at most half of the organic ones away
 */
static unsigned count_arrivals(const journey_t *run)
{
    const nb_journey_settings_t *set = &run->world->set;
    double n0 = (double)run->n_founders * set->period_weeks;
    double organic = set->births_organic * n0 * (1 - fmin(0.5, run->bad_word));
    nb_stream_t stream;

    nb_stream_init(&stream, run->spec.key,
                   draw_at((uint32_t)NB_LUCK_RUN, (uint32_t)run->period, DRAW_BIRTH, 0, 0));
    return nb_dist_poisson(&stream, organic + set->births_paid * n0);
}

int journey_begin_births(journey_t *run)
{
    size_t n_before = run->n;

    if (run->period <= 0) {
        for (size_t i = 0; i < run->n_founders; i++) {
            if (run->birth[i] == run->period) {
                NB_TRY(give_birth(run, i, run->period));
            }
        }
    }
    if (run->period > 0 && !run->in_tail) {
        unsigned n_births = count_arrivals(run);

        for (unsigned b = 0; b < n_births; b++) {
            /* the identity of the b-th arrival of a period, apart from the founders' indices */
            NB_TRY(add_row(run, nb_rng_hash((uint32_t)run->period, b) | 0x80000000u, run->period));
        }
        for (size_t i = n_before; i < run->n; i++) {
            NB_TRY(give_birth(run, i, run->period));
        }
    }
    return NB_OK;
}

void journey_free(void *self)
{
    journey_t *run = self;

    if (!run) {
        return;
    }
    void *arrays[] = {
        run->customers,    run->fatigue,       run->habit,        run->clock,
        run->hazard,       run->next_need,     run->alive,        run->n_open,
        run->contact,      run->books,         run->needs,        run->visits,
        run->rows,         run->pending,       run->events,       run->batch_luck,
        run->batch_x,      run->batch_journey, run->batch_mask,   run->batch_tenure,
        run->batch_prior,  run->season_time,   run->series,       run->scalars,
        run->log_customer, run->log_period,    run->log_spend,    run->batch_customer,
        run->luck,         run->birth,         run->last_active,  run->satisfaction,
        run->trust,        run->sociability,   run->flags,        run->in_round,
        run->need_at,      run->rate,          run->need_ordinal,
    };
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++) {
        nb_free(arrays[k]);
    }
    nb_free(run);
}
