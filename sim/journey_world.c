/*
 * The constant side of the journey: decision points, catalogue, settings brought to one period.
 */
#include "sim/journey.h"

#include <stdio.h>
#include <string.h>

static const char *const recognize_actions[N_RECOGNIZE] = {
    "wait", "email", "message", "call", "coach", "ask_consent", "survey", "auto_order",
};
static const char *const display_actions[N_DISPLAY] = {
    "catalogue",
    "shortlist3",
    "shortlist5",
    "recommend1",
};
static const char *const offer_actions[N_OFFER] = {
    "none",       "default_upsell", "personal_upsell", "complement",  "discount10",
    "discount20", "one_click",      "try_on",          "guarantee30", "guarantee100",
};
static const char *const respond_actions[N_RESPOND] = {
    "standard", "express", "white_glove", "substitute", "refuse",
};
static const char *const repeat_actions[N_REPEAT] = {
    "nothing",      "thank_you",     "survey",   "reward",
    "ask_referral", "paid_referral", "win_back", "adjacent",
};

static const nb_point_t point_templates[N_POINTS] = {
    {.name = "recognize",
     .phase = "recognize",
     .n_actions = N_RECOGNIZE,
     .actions = recognize_actions},
    {.name = "display", .phase = "request", .n_actions = N_DISPLAY, .actions = display_actions},
    {.name = "product", .phase = "request", .max_slate = SHORTLIST_MAX},
    {.name = "offer", .phase = "request", .n_actions = N_OFFER, .actions = offer_actions},
    {.name = "respond", .phase = "respond", .n_actions = N_RESPOND, .actions = respond_actions},
    {.name = "repeat", .phase = "repeat", .n_actions = N_REPEAT, .actions = repeat_actions},
};

/* prices are log-normal around quality, scaled so that their mean is the price level */
static void make_catalogue(journey_world_t *world)
{
    const nb_journey_settings_t *set = &world->set;
    nb_key_t key = {(uint32_t)set->catalogue_seed, 0};
    double sum = 0;

    for (unsigned j = 0; j < world->n_products; j++) {
        double z[8];

        nb_rng_normal4(key, draw_at(j, 0, DRAW_CATALOGUE, 0, 0), z);
        nb_rng_normal4(key, draw_at(j, 0, DRAW_CATALOGUE, 0, 1), z + 4);
        for (unsigned k = 0; k < N_TASTE; k++) {
            world->product_x[j][k] = (float)(sqrt(set->taste_variance) * z[k]);
        }
        world->quality[j] = (float)(set->quality_sd * z[4]);
        world->price[j] = (float)exp(set->price_sd * z[5] + set->price_quality * world->quality[j]);
        world->margin[j] = clip((float)(set->money_margin + set->margin_sd * z[6]), 0, 1);
        sum += world->price[j];
        snprintf(world->product_names[j], sizeof world->product_names[j], "product%02u", j + 1);
        world->product_name[j] = world->product_names[j];
    }
    for (unsigned j = 0; j < world->n_products; j++) {
        world->price[j] *= (float)(set->price_level * world->n_products / sum);
    }
}

static void make_points(journey_world_t *world)
{
    for (unsigned p = 0; p < N_POINTS; p++) {
        nb_point_t *point = &world->points[p];

        *point = point_templates[p];
        point->d = N_FEATURES;
        point->features = journey_feature_names;
        point->feature_help = journey_feature_help;
        point->max_slate = point->max_slate ? point->max_slate : 1;
    }
    world->points[POINT_PRODUCT].n_actions = world->n_products;
    world->points[POINT_PRODUCT].actions = world->product_name;
    if (world->points[POINT_PRODUCT].max_slate > world->n_products) {
        world->points[POINT_PRODUCT].max_slate = world->n_products;
    }
    world->spec = (nb_spec_t){.n_points = N_POINTS,
                              .points = world->points,
                              .gamma = world->gamma,
                              .period_weeks = world->set.period_weeks};
}

/* a weekly probability over one period */
static double per_period(double weekly, double weeks)
{
    return 1 - pow(1 - weekly, weeks);
}

static void bring_to_periods(journey_world_t *world)
{
    const nb_journey_settings_t *set = &world->set;
    double h = set->period_weeks;
    double keep = set->taste_keep;

    world->gamma = pow(1 + set->discount_annual, -h / 52);
    world->fatigue_keep = (float)pow(set->fatigue_keep, h);
    world->habit_keep = (float)pow(set->habit_keep, h);
    world->need_lost = per_period(set->need_lost, h);
    world->aware_self = per_period(set->aware_self, h);
    world->channel_aware[0] = (float)set->aware_email;
    world->channel_aware[1] = (float)set->aware_message;
    world->channel_aware[2] = (float)set->aware_call;
    world->channel_aware[N_CHANNELS] = (float)set->aware_coach;
    /* the taste takes exact steps of a quarter, so that its draws do not depend on visits */
    world->taste_periods = periods_of(world, 13);
    double weeks = world->taste_periods * h;
    world->taste_keep = (float)pow(keep, weeks);
    world->taste_sd =
        (float)(set->taste_drift *
                sqrt(keep < 1 ? (1 - pow(keep, 2 * weeks)) / (1 - keep * keep) : weeks));
    world->p_alive[0] = set->p_alive_r;
    world->p_alive[1] = set->p_alive_alpha / h;
    world->p_alive[2] = set->p_alive_a;
    world->p_alive[3] = set->p_alive_b;
}

static int check_together(const nb_journey_settings_t *set)
{
    if (set->catalogue_products < 3 && set->journey == JOURNEY_FULL) {
        NB_FAIL(NB_ERR_CONFIG,
                "catalogue.products: %d is too few for a shortlist, expected 3 to %d",
                set->catalogue_products, MAX_PRODUCTS);
    }
    if (set->dormant_weeks >= set->hygiene_weeks) {
        NB_FAIL(NB_ERR_CONFIG, "dormant.weeks: %g must be below hygiene.weeks, which is %g",
                set->dormant_weeks, set->hygiene_weeks);
    }
    if (set->need_conversion != CONVERSION_NONE && set->journey == JOURNEY_TRANSPARENT) {
        NB_FAIL(NB_ERR_CONFIG, "need.conversion: every need is bought in a transparent journey, "
                               "expected none");
    }
    return NB_OK;
}

static void free_world(void *world)
{
    nb_free(world);
}

static int init_world(void **out, const void *settings)
{
    journey_world_t *world = NULL;

    *out = NULL;
    NB_TRY(check_together(settings));
    NB_TRY(nb_alloc(&world, 1, sizeof *world));
    world->set = *(const nb_journey_settings_t *)settings;
    world->n_products = (unsigned)world->set.catalogue_products;
    bring_to_periods(world);
    make_catalogue(world);
    make_points(world);
    *out = world;
    return NB_OK;
}

static const nb_spec_t *get_spec(const void *world)
{
    return &((const journey_world_t *)world)->spec;
}

static int get_burn_in(const void *world, int *warm_start)
{
    const journey_world_t *self = world;

    *warm_start = self->set.warm_start;
    return self->set.burn_in_periods;
}

/* The starting state of every customer is drawn here; the rows exist before their births where
 * there is a burn-in. */
static int init_run(void **out, const void *world, const nb_run_spec_t *spec)
{
    journey_t *run = NULL;
    int code;

    *out = NULL;
    NB_TRY(nb_alloc(&run, 1, sizeof *run));
    run->world = world;
    run->spec = *spec;
    run->spec.needs = NULL;
    memcpy(run->needs_of, spec->needs, sizeof run->needs_of);
    run->first_period = -run->world->set.burn_in_periods;
    run->period = run->first_period - 1;
    run->n_founders = spec->n_customers;
    run->oracle = (nb_oracle_t){.world = run, .expected_reward = journey_expected_reward};
    code = journey_start(run);
    if (code < 0) {
        journey_free(run);
        return code;
    }
    *out = run;
    return NB_OK;
}

static nb_events_t take_events(void *self)
{
    journey_t *run = self;
    nb_events_t out = {run->events + run->events_taken, run->n_events - run->events_taken};

    run->events_taken = run->n_events;
    return out;
}

static size_t count_rows(const void *run)
{
    return ((const journey_t *)run)->n;
}

static void begin_tail(void *run)
{
    ((journey_t *)run)->in_tail = 1;
}

static int is_tail_done(const void *self)
{
    const journey_t *run = self;
    double alive = 0;

    for (size_t i = 0; i < run->n; i++) {
        alive += run->alive[i];
    }
    return run->period + 1 - run->spec.periods >=
               run->world->set.tail_max / run->world->set.period_weeks ||
           pow(run->world->gamma, run->period + 1) * alive / (double)run->n <
               run->world->set.tail_limit;
}

static nb_purchases_t get_purchases(const void *self)
{
    const journey_t *run = self;

    return (nb_purchases_t){run->n_log, run->log_customer, run->log_period, run->log_spend};
}

const nb_environment_type_t nb_environment_journey = {
    .name = "journey",
    .summary = "one firm and its customers through recognize, request, respond, repeat "
               "(Siggelkow & Terwiesch 2019)",
    .version = 1,
    .settings = nb_journey_settings,
    .settings_size = sizeof(nb_journey_settings_t),
    .world_init = init_world,
    .world_free = free_world,
    .spec = get_spec,
    .burn_in = get_burn_in,
    .init = init_run,
    .begin_period = journey_begin_period,
    .next_batch = journey_next_batch,
    .act = journey_act,
    .end_period = journey_end_period,
    .take_events = take_events,
    .n_rows = count_rows,
    .begin_tail = begin_tail,
    .tail_done = is_tail_done,
    .result = journey_result,
    .purchases = get_purchases,
    .archive = journey_archive,
    .free = journey_free,
};
