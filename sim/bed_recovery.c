/*
 * Test beds `rotting` and `recovering`: arms that pay less the more they are played, and arms that
 * pay less right after they were played.
 *
 * rotting: the mean of arm k is mu_k keep^(plays of k / customers) (Levine, Crammer & Mannor 2017,
 * "Rotting bandits"). The benchmark plays the best arm of its own count, which is optimal there
 * (Heidari, Kearns & Roth 2016).
 *
 * recovering: action `wait` has mean 0; any other one mu_k (1 - keep^z) - cost (Pike-Burke &
 * Grunewalder 2019, "Recovering bandits"). With `recovers: customer` z counts the periods since the
 * customer was last contacted by any action, and features are 1 and z / 12, at most 2. With
 * `recovers: arm`, the source's, every arm recovers by itself for every customer, and features are
 * 1 and log z of each. z is at most 52, and 52 before the first contact.
 *
 * The benchmark is the best rate a period of the fluid problem: how often arm k is played at gap z,
 * y_kz, maximizes the sum of y_kz r_k(z) where no arm's gaps take more than its time, sum_z z y_kz
 * <= 1, and a period has one action, sum y_kz <= 1. With `recovers: customer`, and for one arm,
 * that is max over z of r(z) / z, which a regular schedule reaches; for arms it is an upper bound.
 * Both leave out that customers come recovered to their first contact.
 *
 * Rewards have normal noise; mu_k ~ N(1, 0.5^2).
 */
#include <math.h>
#include <stddef.h>

#include "sim/testbed.h"

enum { MAX_GAP = 52 };
enum { CUSTOMER, ARM };

typedef struct {
    nb_testbed_settings_t common;
    int n_arms, recovers;
    double keep, cost, noise;
} settings_t;

#define N_ARMS                                                                                     \
    {                                                                                              \
        .key = "n_arms", .type = NB_SETTING_INT, .offset = offsetof(settings_t, n_arms), .def = 4, \
        .low = 1, .high = NB_BED_MAX_ACTIONS - 1, .choices = "", .unit = "actions", .mark = "A",   \
        .source = "", .help = "number of arms"                                                     \
    }
#define REAL(name, field, default_value, highest, the_unit, the_help)                              \
    {                                                                                              \
        .key = name, .type = NB_SETTING_REAL, .offset = offsetof(settings_t, field),               \
        .def = default_value, .low = 0.0, .high = highest, .choices = "", .unit = the_unit,        \
        .mark = "A", .source = "", .help = the_help                                                \
    }
#define NOISE REAL("noise", noise, 1.0, 1e3, "reward", "standard deviation of rewards")

static const nb_setting_t rotting_table[] = {
    NB_TESTBED_SETTINGS,
    N_ARMS,
    REAL("keep", keep, 0.99, 1.0, "a play", "share of its mean that an arm keeps; 1: no rotting"),
    NOISE,
    {0},
};
static const nb_setting_t recovering_table[] = {
    NB_TESTBED_SETTINGS,
    N_ARMS,
    REAL("keep", keep, 0.7, 0.999, "a period",
         "share of the loss that is still there a period on; "
         "0: an arm recovers at once"),
    REAL("cost", cost, 0.1, 1e3, "reward", "cost of a contact"),
    {
        .key = "recovers",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, recovers),
        .choices = "customer|arm",
        .unit = "",
        .mark = "A",
        .source = "",
        .help = "whether a customer recovers from contacts as such, or from each arm by itself",
    },
    NOISE,
    {0},
};

/* own state: means, then counts of plays (rotting: of the policy, of the benchmark), then the last
 * contact of every customer, or her last one by every arm, counted from 1, 0 for none
 * (recovering) */
typedef struct {
    double mu[NB_BED_MAX_ACTIONS];
    double plays[NB_BED_MAX_ACTIONS], best_plays[NB_BED_MAX_ACTIONS];
    double rate; /* of the benchmark */
} head_t;

static size_t own_size(const void *settings, size_t n_customers)
{
    (void)settings;
    (void)n_customers;
    return sizeof(head_t);
}

/* what recovers by itself, of a customer */
static size_t count_clocks(const settings_t *settings)
{
    return settings->recovers == ARM ? (size_t)settings->n_arms : 1;
}

static size_t size_with_clocks(const void *settings, size_t n_customers)
{
    return sizeof(head_t) + n_customers * count_clocks(settings) * sizeof(int32_t);
}

/* arms count from 0 */
static int32_t *last_contact(const nb_testbed_run_t *run, size_t customer, unsigned arm)
{
    const settings_t *settings = run->world->settings;
    size_t clock = settings->recovers == ARM ? arm : 0;

    return (int32_t *)((head_t *)run->own + 1) + customer * count_clocks(settings) + clock;
}

static void draw(nb_testbed_run_t *run)
{
    const settings_t *settings = run->world->settings;
    head_t *head = run->own;
    nb_stream_t stream;

    nb_testbed_stream(run, NB_BED_DRAW, (uint32_t)NB_LUCK_RUN, 0, &stream);
    for (int k = 0; k < settings->n_arms; k++) {
        head->mu[k] = 1.0 + 0.5 * nb_stream_normal(&stream);
    }
}

static void fill_rotting_at(const nb_testbed_run_t *run, const double *plays, double *mu)
{
    const settings_t *settings = run->world->settings;
    const head_t *head = run->own;

    for (int k = 0; k < settings->n_arms; k++) {
        mu[k] = head->mu[k] * pow(settings->keep, plays[k] / (double)run->n);
    }
}

static void fill_rotting(const nb_testbed_run_t *run, size_t customer, const float *x, double *mu)
{
    (void)customer;
    (void)x;
    fill_rotting_at(run, ((const head_t *)run->own)->plays, mu);
}

static void play_rotting(nb_testbed_run_t *run, size_t customer, const int32_t *action,
                         const double *mu, nb_outcome_t *out)
{
    const settings_t *settings = run->world->settings;

    ((head_t *)run->own)->plays[*action] += 1.0;
    out->reward = nb_testbed_normal(run, customer, mu[*action], settings->noise);
}

/* the benchmark has counts of its own */
static double play_best_rotting(nb_testbed_run_t *run, size_t customer, const double *mu)
{
    head_t *head = run->own;
    double own[NB_BED_MAX_ACTIONS];
    unsigned best = 0;

    (void)customer;
    (void)mu;
    fill_rotting_at(run, head->best_plays, own);
    for (unsigned k = 1; k < run->world->point.n_actions; k++) {
        best = own[k] > own[best] ? k : best;
    }
    head->best_plays[best] += 1.0;
    return own[best];
}

static int gap_of(const nb_testbed_run_t *run, size_t customer, unsigned arm)
{
    int32_t last = *last_contact(run, customer, arm);
    int gap = last ? run->period - (last - 1) : MAX_GAP;

    return gap < MAX_GAP ? gap : MAX_GAP;
}

static double contact_mean(const settings_t *settings, double mu, int gap)
{
    return mu * (1.0 - pow(settings->keep, gap)) - settings->cost;
}

/* bound of the fluid problem at a price on playing at all: the price, and what arms earn beyond it
 * at their best gap */
static double bound_rate(const settings_t *settings, const double *mu, double price)
{
    double bound = price;

    for (int k = 0; k < settings->n_arms; k++) {
        double most = 0.0;

        for (int z = 1; z <= MAX_GAP; z++) {
            most = fmax(most, (contact_mean(settings, mu[k], z) - price) / z);
        }
        bound += most;
    }
    return bound;
}

/* the fluid optimum is the least bound, convex in the price: thirds */
static double find_fluid_rate(const settings_t *settings, const double *mu)
{
    double low = 0.0, high = 0.0;

    for (int k = 0; k < settings->n_arms; k++) {
        high = fmax(high, mu[k]);
    }
    for (int step = 0; step < 100; step++) {
        double third = (high - low) / 3.0;

        if (bound_rate(settings, mu, low + third) <= bound_rate(settings, mu, high - third)) {
            high -= third;
        } else {
            low += third;
        }
    }
    return bound_rate(settings, mu, low);
}

static double find_customer_rate(const settings_t *settings, const double *mu)
{
    double best = 0.0, rate = 0.0;

    for (int k = 0; k < settings->n_arms; k++) {
        best = fmax(best, mu[k]);
    }
    for (int z = 1; z <= MAX_GAP; z++) {
        rate = fmax(rate, contact_mean(settings, best, z) / z);
    }
    return rate;
}

static void draw_recovering(nb_testbed_run_t *run)
{
    const settings_t *settings = run->world->settings;
    head_t *head = run->own;

    draw(run);
    head->rate = settings->recovers == ARM ? find_fluid_rate(settings, head->mu)
                                           : find_customer_rate(settings, head->mu);
}

static void fill_gaps(nb_testbed_run_t *run, size_t first, size_t n, float *x)
{
    const settings_t *settings = run->world->settings;
    unsigned d = run->world->point.d;

    for (size_t i = 0; i < n; i++, x += d) {
        x[0] = 1.0f;
        if (settings->recovers == CUSTOMER) {
            x[1] = fminf((float)gap_of(run, first + i, 0) / 12.0f, 2.0f);
            continue;
        }
        for (unsigned k = 1; k < d; k++) {
            x[k] = logf((float)gap_of(run, first + i, k - 1));
        }
    }
}

/* action 0 is `wait` */
static void fill_recovering(const nb_testbed_run_t *run, size_t customer, const float *x,
                            double *mu)
{
    const settings_t *settings = run->world->settings;
    const head_t *head = run->own;

    (void)x;
    mu[0] = 0.0;
    for (unsigned k = 0; k < (unsigned)settings->n_arms; k++) {
        mu[k + 1] = contact_mean(settings, head->mu[k], gap_of(run, customer, k));
    }
}

static void play_recovering(nb_testbed_run_t *run, size_t customer, const int32_t *action,
                            const double *mu, nb_outcome_t *out)
{
    const settings_t *settings = run->world->settings;

    if (*action > 0) {
        *last_contact(run, customer, (unsigned)*action - 1) = run->period + 1;
    }
    out->reward = nb_testbed_normal(run, customer, mu[*action], settings->noise);
}

static double best_rate(nb_testbed_run_t *run, size_t customer, const double *mu)
{
    (void)customer;
    (void)mu;
    return ((const head_t *)run->own)->rate;
}

static const nb_testbed_type_t rotting = {.own_size = own_size,
                                          .draw = draw,
                                          .means = fill_rotting,
                                          .play = play_rotting,
                                          .benchmark = play_best_rotting};
static const nb_testbed_type_t recovering = {.own_size = size_with_clocks,
                                             .draw = draw_recovering,
                                             .context = fill_gaps,
                                             .means = fill_recovering,
                                             .play = play_recovering,
                                             .benchmark = best_rate};

static int init_rotting(void **out, const void *settings)
{
    nb_testbed_t *world;

    *out = NULL;
    NB_TRY(nb_testbed_init(&world, &rotting, settings,
                           (unsigned)((const settings_t *)settings)->n_arms, 0));
    *out = world;
    return NB_OK;
}

static int init_recovering(void **out, const void *from)
{
    const settings_t *settings = from;
    unsigned K = (unsigned)settings->n_arms + 1, d = settings->recovers == ARM ? K : 2;
    nb_testbed_t *world;

    *out = NULL;
    if (d > NB_BED_MAX_FEATURES) {
        NB_FAIL(NB_ERR_RANGE,
                "recovering.n_arms: %d arms that recover by themselves, expected at most %d",
                settings->n_arms, NB_BED_MAX_FEATURES - 1);
    }
    NB_TRY(nb_testbed_init(&world, &recovering, settings, K, d));
    nb_testbed_name_action(world, 0, "wait");
    for (unsigned k = 1; k < K; k++) {
        char name[NB_BED_NAME_SIZE];

        snprintf(name, sizeof name, "a%u", k);
        nb_testbed_name_action(world, k, name);
    }
    if (settings->recovers == CUSTOMER) {
        world->features[1] = "gap";
    }
    *out = world;
    return NB_OK;
}

const nb_environment_type_t nb_environment_rotting = {
    .name = "rotting",
    .summary = "test bed: arms that pay less the more they are played (Levine et al. 2017)",
    .version = 1,
    .settings = rotting_table,
    .settings_size = sizeof(settings_t),
    .world_init = init_rotting,
    NB_TESTBED_FUNCTIONS,
};

const nb_environment_type_t nb_environment_recovering = {
    .name = "recovering",
    .summary = "test bed: customers who recover between contacts (Pike-Burke & Grunewalder 2019)",
    .version = 1,
    .settings = recovering_table,
    .settings_size = sizeof(settings_t),
    .world_init = init_recovering,
    NB_TESTBED_FUNCTIONS,
};
