/*
 * The constant side of the journey: decision points, settings brought to one period; and the
 * journey's table of functions.
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
static const char *const product_features[N_PRODUCT_FEATURES] = {
    "taste_1", "taste_2", "taste_3", "taste_4", "quality", "price_above_mean", "margin",
};

static const nb_point_t point_templates[N_POINTS] = {
    {.name = "recognize",
     .phase = "recognize",
     .n_actions = N_RECOGNIZE,
     .actions = recognize_actions},
    {.name = "display", .phase = "request", .n_actions = N_DISPLAY, .actions = display_actions},
    {.name = "product",
     .phase = "request",
     .max_slate = SHORTLIST_MAX,
     .d_action = N_PRODUCT_FEATURES,
     .action_features = product_features},
    {.name = "offer", .phase = "request", .n_actions = N_OFFER, .actions = offer_actions},
    {.name = "respond", .phase = "respond", .n_actions = N_RESPOND, .actions = respond_actions},
    {.name = "repeat", .phase = "repeat", .n_actions = N_REPEAT, .actions = repeat_actions},
};

/* the points of firm f; the first firm's have the plain names */
static void make_points_of(journey_world_t *world, unsigned f)
{
    for (unsigned p = 0; p < N_POINTS; p++) {
        unsigned at = f * N_POINTS + p;
        nb_point_t *point = &world->points[at];

        *point = point_templates[p];
        snprintf(world->point_names[at], sizeof world->point_names[at], f ? "%s_%u" : "%s",
                 point->name, f + 1);
        point->name = world->point_names[at];
        point->d = world->n_features;
        point->features = world->feature_names;
        point->feature_help = world->feature_help;
        point->feature_center = world->feature_center;
        point->feature_scale = world->feature_scale;
        point->n_latent = N_LATENT;
        point->latent = journey_latent_names;
        point->max_slate = point->max_slate ? point->max_slate : 1;
        if (p == POINT_PRODUCT) {
            point->n_actions = world->n_products;
            point->actions = world->product_name;
            if (point->max_slate > world->n_products) {
                point->max_slate = world->n_products;
            }
        }
    }
}

static void make_points(journey_world_t *world)
{
    world->n_features = journey_describe_features(world);
    for (unsigned f = 0; f < world->n_firms; f++) {
        make_points_of(world, f);
    }
    world->spec = (nb_spec_t){.n_points = N_POINTS * world->n_firms,
                              .points = world->points,
                              .gamma = world->gamma,
                              .period_weeks = world->set.period_weeks};
}

/* a weekly probability over one period */
static double per_period(double weekly, double weeks)
{
    return 1 - pow(1 - weekly, weeks);
}

static void bring_taste_to_periods(journey_world_t *world)
{
    const nb_journey_settings_t *set = &world->set;
    double h = set->period_weeks, keep = set->taste_keep;

    /* the taste takes exact steps of a quarter, so that its draws do not depend on visits */
    world->taste_periods = periods_of(world, 13);
    double weeks = world->taste_periods * h;
    world->taste_keep = (float)pow(keep, weeks);
    world->taste_sd =
        (float)(set->taste_drift *
                sqrt(keep < 1 ? (1 - pow(keep, 2 * weeks)) / (1 - keep * keep) : weeks));
}

static void bring_to_periods(journey_world_t *world)
{
    const nb_journey_settings_t *set = &world->set;
    double h = set->period_weeks;

    world->gamma = pow(1 + set->discount_annual, -h / 52);
    world->fatigue_keep = (float)pow(set->fatigue_keep, h);
    world->habit_keep = (float)pow(set->habit_keep, h);
    world->knowledge_keep = (float)pow(set->knowledge_keep, h);
    world->consent_gain = (float)per_period(set->knowledge_consent, h);
    world->need_lost = per_period(set->need_lost, h);
    world->aware_self = per_period(set->aware_self, h);
    world->channel_aware[CHANNEL_EMAIL] = (float)set->aware_email;
    world->channel_aware[CHANNEL_MESSAGE] = (float)set->aware_message;
    world->channel_aware[CHANNEL_CALL] = (float)set->aware_call;
    world->channel_aware[COACH] = (float)set->aware_coach;
    world->shock_period = set->shock_week < 0 ? INT32_MAX : (int)floor(set->shock_week / h + 0.5);
    bring_taste_to_periods(world);
    world->p_alive[0] = set->p_alive_r;
    world->p_alive[1] = set->p_alive_alpha / h;
    world->p_alive[2] = set->p_alive_a;
    world->p_alive[3] = set->p_alive_b;
    const double cost[N_RECOGNIZE] = {0,
                                      set->cost_email,
                                      set->cost_message,
                                      set->cost_call,
                                      set->cost_coach + fmax(set->cost_email, set->cost_message),
                                      set->cost_ask_consent,
                                      set->cost_survey,
                                      0};
    memcpy(world->action_cost, cost, sizeof cost);
}

static void free_world(void *world)
{
    nb_free(world);
}

static int init_world(void **out, const void *settings)
{
    journey_world_t *world = NULL;

    *out = NULL;
    NB_TRY(journey_check(settings));
    NB_TRY(nb_alloc(&world, 1, sizeof *world));
    world->set = *(const nb_journey_settings_t *)settings;
    journey_carry_over(&world->set);
    world->n_products = (unsigned)world->set.catalogue_products;
    world->n_categories = (unsigned)world->set.categories;
    world->n_firms = (unsigned)world->set.firms;
    bring_to_periods(world);
    journey_make_catalogues(world);
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

static nb_events_t take_events(void *self)
{
    journey_t *run = self;
    nb_events_t out = {run->events + run->at.events_taken, run->n_events - run->at.events_taken};

    run->at.events_taken = run->n_events;
    return out;
}

static size_t count_rows(const void *run)
{
    return ((const journey_t *)run)->at.n;
}

static void begin_tail(void *run)
{
    journey_keep_horizon(run);
    ((journey_t *)run)->at.in_tail = 1;
}

static int is_tail_done(const void *self)
{
    const journey_t *run = self;
    size_t alive = 0;

    for (size_t i = 0; i < run->at.n; i++) {
        alive += run->alive[i] == ALIVE;
    }
    return run->at.period + 1 - run->spec.periods >=
               run->world->set.tail_max / run->world->set.period_weeks ||
           pow(run->world->gamma, run->at.period + 1) * (double)alive * run->world->n_firms /
                   (double)run->at.n <
               run->world->set.tail_limit;
}

static nb_purchases_t get_purchases(const void *self)
{
    const journey_t *run = self;

    return (nb_purchases_t){run->n_log, run->log_customer, run->log_period, run->log_spend};
}

const nb_environment_type_t nb_environment_journey = {
    .name = "journey",
    .summary = "firms and their customers through recognize, request, respond, repeat "
               "(Siggelkow & Terwiesch 2019)",
    .version = 2,
    .settings = nb_journey_settings,
    .settings_size = sizeof(nb_journey_settings_t),
    .world_init = init_world,
    .world_free = free_world,
    .spec = get_spec,
    .burn_in = get_burn_in,
    .init = journey_init,
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
    .budget = journey_budget,
    .rewind = journey_rewind,
    .archive = journey_archive,
    .customer_values = journey_customer_values,
    .customer_brought = journey_customer_brought,
    .customer_surplus = journey_customer_surplus,
    .customer_segments = journey_customer_segments,
    .free = journey_free,
};
