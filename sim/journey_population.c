/*
 * Persons: their traits, and the state in which they are born.
 */
#include "sim/journey.h"

#include <string.h>

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

/* traits can be held while life is drawn anew */
static nb_key_t trait_key(const journey_t *run)
{
    nb_key_t key = run->spec.key;

    key.replication = run->spec.same_population ? 0 : key.replication;
    return key;
}

static void draw_normal_traits(const journey_t *run, uint32_t luck, customer_t *who)
{
    const nb_journey_settings_t *set = &run->world->set;
    double z[16];

    for (unsigned block = 0; block < 4; block++) {
        nb_rng_normal4(trait_key(run), draw_at(luck, 0, DRAW_TRAIT, 0, block), z + 4 * block);
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

    nb_stream_init(&stream, trait_key(run), draw_at(luck, 0, DRAW_TRAIT, group, 0));
    return nb_dist_gamma(&stream, shape, rate);
}

static double draw_beta_trait(const journey_t *run, uint32_t luck, unsigned group, double a,
                              double b)
{
    nb_stream_t stream;

    nb_stream_init(&stream, trait_key(run), draw_at(luck, 0, DRAW_TRAIT, group, 0));
    return nb_dist_beta(&stream, a, b);
}

static void draw_other_traits(journey_t *run, size_t i)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[i];
    uint32_t luck = run->luck[i];

    run->rate[i] = (float)(draw_gamma_trait(run, luck, 1, set->need_shape, set->need_rate) *
                           set->need_scale * set->period_weeks);
    who->agency = (float)draw_beta_trait(run, luck, 2, set->agency_a, set->agency_b);
    who->certainty_mean = (float)draw_beta_trait(run, luck, 3, set->certainty_a, set->certainty_b);
    run->sociability[i] = (float)(2 * draw_gamma_trait(run, luck, 4, set->sociability_shape, 1));
    who->basket_scale = (float)((set->spend_q - 1) / set->spend_p /
                                draw_gamma_trait(run, luck, 5, set->spend_q, 1));
    who->churn_base = (float)draw_beta_trait(run, luck, 6, set->churn_a, set->churn_b);
}

/* permissions, privacy and where she comes from */
static void draw_standing(journey_t *run, size_t i)
{
    const nb_journey_settings_t *set = &run->world->set;
    uint32_t luck = run->luck[i], words[4];
    double a = set->privacy_a, b = set->privacy_b;
    int is_low;

    nb_rng_block(trait_key(run), draw_at(luck, 0, DRAW_TRAIT, 7, 0), words);
    run->flags[i] = 0;
    if (nb_rng_uniform(words[0]) < set->consent_at_birth) {
        run->flags[i] = FLAG_CONSENT;
        run->flags[i] |= nb_rng_uniform(words[1]) < set->enrolled_at_birth ? FLAG_ENROLLED : 0;
    }
    if (nb_rng_uniform(words[2]) < set->platform_share) {
        run->flags[i] = FLAG_PLATFORM;
    }
    is_low = nb_rng_uniform(words[3]) < set->privacy_share;
    run->customers[i].privacy =
        (float)draw_beta_trait(run, luck, 10, is_low ? a : b, is_low ? b : a);
}

/* Dirichlet weights of her categories */
static void draw_categories(journey_t *run, size_t i)
{
    const nb_journey_settings_t *set = &run->world->set;
    unsigned n = run->world->n_categories;
    relation_t *relations = &run->relations[i * n];
    double sum = 0, weight[MAX_CATEGORIES] = {1};

    for (unsigned c = 0; c < n && n > 1; c++) {
        weight[c] = draw_gamma_trait(run, run->luck[i], 11 + c,
                                     c ? set->category_other : set->category_first, 1);
        sum += weight[c];
    }
    for (unsigned c = 0; c < n; c++) {
        relations[c] = (relation_t){.weight = (float)(n > 1 ? weight[c] / sum : 1),
                                    .reference_price = 1,
                                    .permission = (float)(c ? set->permission_start : 0),
                                    .last_bought = INT32_MIN / 2,
                                    .last_seen = INT32_MIN / 2};
    }
}

/* a second segment differs by factors and shifts */
static void join_segment(journey_t *run, size_t i)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[i];
    uint32_t words[4];

    if (set->segment_share <= 0) {
        /* observed thirds of the noisy demographic */
        run->segment[i] = (uint8_t)((who->demographic > -0.4307f) + (who->demographic > 0.4307f));
        return;
    }
    nb_rng_block(trait_key(run), draw_at(run->luck[i], 0, DRAW_TRAIT, 9, 0), words);
    run->segment[i] = nb_rng_uniform(words[0]) < set->segment_share;
    if (run->segment[i]) {
        run->rate[i] *= (float)set->segment_rate;
        who->beta *= (float)set->segment_price;
        who->inertia += (float)set->segment_inertia;
        who->loyalty += (float)set->segment_loyalty;
    }
}

/* what the one who referred her passes on (Schmitt, Skiera & Van den Bulte 2011) */
static void inherit(journey_t *run, size_t i, uint32_t parent)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[i];

    for (unsigned k = 0; k < N_TASTE; k++) {
        who->theta[k] =
            (float)correlated(set->referral_taste, run->customers[parent].theta[k], who->theta[k]);
    }
    who->loyalty += (float)set->referral_loyalty;
    run->flags[i] |= FLAG_REFERRED;
    who->parent = parent;
}

/* the rows of a person, one a firm; state follows at her birth */
int journey_add_person(journey_t *run, uint32_t luck, int period, uint32_t parent)
{
    unsigned n_firms = run->world->n_firms, n = run->world->n_categories;
    size_t first = run->at.n;

    NB_TRY(journey_reserve(run, first + n_firms));
    run->luck[first] = luck;
    run->birth[first] = period;
    draw_normal_traits(run, luck, &run->customers[first]);
    draw_other_traits(run, first);
    draw_standing(run, first);
    draw_categories(run, first);
    join_segment(run, first);
    if (parent != NO_PARENT) {
        inherit(run, first, parent);
    }
    for (size_t i = first; i < first + n_firms; i++) {
        for (unsigned c = 0; c < n; c++) {
            run->need_at[i * n + c] = -1;
            run->relations[i * n + c] = run->relations[first * n + c];
        }
        run->luck[i] = luck;
        run->birth[i] = period;
        run->customers[i] = run->customers[first];
        run->flags[i] = run->flags[first];
        run->segment[i] = run->segment[first];
        run->sociability[i] = run->sociability[first];
    }
    run->at.n += n_firms;
    return NB_OK;
}

/* one row's relation to its firm as it begins */
static void set_relation(journey_t *run, uint32_t i, int period)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[i];
    uint32_t words[4];

    run->last_active[i] = period;
    run->trust[i] = (float)set->trust_start;
    run->knowledge[i] = (float)run->at.K_pop[journey_firm(run, i)];
    run->alive[i] = STRANGER;
    who->expectation = (float)set->expectation_start;
    who->cue = 0.5f;
    who->opens[CHANNEL_EMAIL] = 0.25f;
    who->opens[CHANNEL_MESSAGE] = who->opens[CHANNEL_CALL] = 0.33f;
    run->last_purchase[i] = who->last_seen = period;
    who->last_contact = period - 1000000;
    who->last_survey = INT32_MIN / 2;
    who->reactance_until = who->win_back_until = run->auto_pause_until[i] = period - 1;
    who->taste_step = (period - run->first_period) / run->world->taste_periods;
    nb_rng_block(run->spec.key, draw_at(run->luck[i], 0, DRAW_CHURN, journey_firm(run, i), 0),
                 words);
    run->clock[i] = (float)nb_dist_exponential(words[0], words[1]);
    double weekly = set->churn_weekly * exp(-set->churn_loyalty * who->loyalty);
    run->hazard[i] = (float)(-log1p(-fmin(weekly, 0.999)) * set->period_weeks);
}

void journey_set_newborn_state(journey_t *run, uint32_t person, int period)
{
    uint32_t words[4];

    for (uint32_t i = person; i < person + run->world->n_firms; i++) {
        run->birth[i] = period;
        set_relation(run, i, period);
    }
    if (run->world->set.need_conversion != CONVERSION_NONE) {
        run->rate[person] /= (float)journey_conversion(run, person);
    }
    nb_rng_block(run->spec.key, draw_at(run->luck[person], 0, DRAW_ARRIVAL, 0, 0), words);
    run->next_need[person] = run->season_time[period - run->first_period] +
                             nb_dist_exponential(words[0], words[1]) / run->rate[person];
}

/* customers of the first firm by where they came from, whether born to it or won from another */
static void count_customer(journey_t *run, uint32_t i)
{
    if (journey_firm(run, i) != 0) {
        return;
    }
    run->at.cohorts[journey_cohort(run, i)].born++;
    if (i >= run->at.n_founders) {
        *(run->flags[i] & FLAG_REFERRED ? &run->at.referred_born : &run->at.organic_born) += 1;
    }
}

/* a first purchase makes a stranger a customer: on the books, open to contact */
void journey_become_customer(journey_t *run, uint32_t i)
{
    run->alive[i] = ALIVE;
    run->birth[i] = run->at.period;
    run->flags[i] |= FLAG_BOOKS;
    if (!(run->flags[i] & FLAG_PLATFORM)) {
        run->flags[i] |= FLAG_EMAIL | FLAG_MESSAGE | FLAG_CALL;
    }
    run->knowledge[i] = (float)run->at.K_pop[journey_firm(run, i)];
    count_customer(run, i);
}
