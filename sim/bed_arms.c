/*
 * Test beds `bernoulli` and `gaussian`: K arms without context, with given means or drawn ones,
 * fixed or changing.
 *
 * Source: Robbins (1952); the ten-armed test bed of Sutton & Barto (2018), section 2.3, is
 * `gaussian: {n_arms: 10}`; changing arms as in Garivier & Moulines (2011). Drift is a random walk
 * of every mean, reflected in [0, 1] where rewards are Bernoulli; piecewise draws every mean anew
 * every so many periods, jumps in any period with a given probability.
 */
#include <math.h>
#include <stddef.h>

#include "core/dist.h"
#include "sim/testbed.h"

enum { FIXED, DRIFT, PIECEWISE, JUMPS };

typedef struct {
    nb_testbed_settings_t common;
    const nb_node_t *arms;
    int n_arms, change, every;
    double drift, jump, sd;
    double prior[2]; /* a, b of a Beta, or mean and sd of a normal */
} settings_t;

#define ARMS(the_help)                                                                             \
    {                                                                                              \
        .key = "arms", .type = NB_SETTING_NODE, .offset = offsetof(settings_t, arms),              \
        .choices = "", .unit = "", .mark = "", .source = "", .help = the_help                      \
    }
#define N_ARMS                                                                                     \
    {                                                                                              \
        .key = "n_arms", .type = NB_SETTING_INT, .offset = offsetof(settings_t, n_arms),           \
        .def = 10, .low = 1, .high = NB_BED_MAX_ACTIONS, .choices = "", .unit = "actions",         \
        .mark = "", .source = "Sutton & Barto 2018, section 2.3",                                  \
        .help = "number of arms where their means are drawn"                                       \
    }
#define CHANGE                                                                                     \
    {                                                                                              \
        .key = "change", .type = NB_SETTING_CHOICE, .offset = offsetof(settings_t, change),        \
        .choices = "none|drift|piecewise|jumps", .unit = "", .mark = "",                           \
        .source = "Garivier & Moulines 2011",                                                      \
        .help = "whether means stay, walk every period, or are drawn anew, regularly or by chance" \
    }
#define DRIFT_SD                                                                                   \
    {                                                                                              \
        .key = "drift", .type = NB_SETTING_REAL, .offset = offsetof(settings_t, drift),            \
        .def = 0.01, .low = 0.0, .high = 10.0, .choices = "", .unit = "sd a period", .mark = "A",  \
        .source = "", .help = "step of the walk under `change: drift`"                             \
    }
#define EVERY                                                                                      \
    {                                                                                              \
        .key = "every", .type = NB_SETTING_INT, .offset = offsetof(settings_t, every), .def = 500, \
        .low = 1, .high = 1000000, .choices = "", .unit = "periods", .mark = "A", .source = "",    \
        .help = "periods from one draw of the means to the next under `change: piecewise`"         \
    }
#define JUMP                                                                                       \
    {                                                                                              \
        .key = "jump", .type = NB_SETTING_REAL, .offset = offsetof(settings_t, jump),              \
        .def = 0.002, .low = 0.0, .high = 1.0, .choices = "", .unit = "a period", .mark = "A",     \
        .source = "",                                                                              \
        .help = "probability that the means are drawn anew in a period under `change: jumps`"      \
    }
#define PRIOR(i, name, default_value, lowest, the_help)                                            \
    {                                                                                              \
        .key = name, .type = NB_SETTING_REAL, .offset = offsetof(settings_t, prior[i]),            \
        .def = default_value, .low = lowest, .high = 1e6, .choices = "", .unit = "", .mark = "",   \
        .source = "", .help = the_help                                                             \
    }

static const nb_setting_t bernoulli_table[] = {
    NB_TESTBED_SETTINGS,
    ARMS("probabilities of the arms, [0.9, 0.8]; without it they are drawn"),
    N_ARMS,
    PRIOR(0, "prior.a", 1.0, 1e-3, "drawn probabilities are Beta(a, b)"),
    PRIOR(1, "prior.b", 1.0, 1e-3, "drawn probabilities are Beta(a, b)"),
    CHANGE,
    DRIFT_SD,
    EVERY,
    JUMP,
    {0},
};

static const nb_setting_t gaussian_table[] = {
    NB_TESTBED_SETTINGS,
    ARMS("means of the arms, [0.5, 0.2]; without it they are drawn"),
    N_ARMS,
    PRIOR(0, "prior.mean", 0.0, -1e6, "drawn means are normal with this mean"),
    PRIOR(1, "prior.sd", 1.0, 0.0, "drawn means are normal with this standard deviation"),
    {
        .key = "sd",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, sd),
        .def = 1.0,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "reward",
        .mark = "",
        .source = "Sutton & Barto 2018, section 2.3",
        .help = "standard deviation of rewards around the mean of their arm",
    },
    CHANGE,
    DRIFT_SD,
    EVERY,
    JUMP,
    {0},
};

static size_t own_size(const void *settings, size_t n_customers)
{
    (void)settings;
    (void)n_customers;
    return NB_BED_MAX_ACTIONS * sizeof(double);
}

static int is_bernoulli(const nb_testbed_run_t *run);

/* the means that the file gives, or new ones of draw number `ordinal` */
static void draw_means(nb_testbed_run_t *run, int ordinal)
{
    const settings_t *settings = run->world->settings;
    const double *given = ordinal == 0 ? run->world->means : NULL;
    double *means = run->own;
    nb_stream_t stream;

    nb_testbed_stream(run, NB_BED_DRAW, (uint32_t)NB_LUCK_RUN, ordinal, &stream);
    for (unsigned k = 0; k < run->world->point.n_actions; k++) {
        if (given) {
            means[k] = given[k];
        } else if (is_bernoulli(run)) {
            means[k] = nb_dist_beta(&stream, settings->prior[0], settings->prior[1]);
        } else {
            means[k] = settings->prior[0] + settings->prior[1] * nb_stream_normal(&stream);
        }
    }
}

static void draw(nb_testbed_run_t *run)
{
    draw_means(run, 0);
}

/* into [0, 1] by mirrors at both ends */
static double reflect(double p)
{
    p = fmod(fabs(p), 2.0);
    return p > 1.0 ? 2.0 - p : p;
}

static int begin_period(nb_testbed_run_t *run)
{
    const settings_t *settings = run->world->settings;
    double *means = run->own;
    nb_stream_t stream;

    if (run->period == 0 || settings->change == FIXED) {
        return NB_OK;
    }
    if (settings->change == PIECEWISE) {
        if (run->period % settings->every == 0) {
            draw_means(run, run->period / settings->every);
        }
        return NB_OK;
    }
    nb_testbed_stream(run, NB_BED_CHANGE, (uint32_t)NB_LUCK_RUN, run->period, &stream);
    if (settings->change == JUMPS) {
        if (nb_stream_uniform(&stream) < settings->jump) {
            draw_means(run, run->period);
        }
        return NB_OK;
    }
    for (unsigned k = 0; k < run->world->point.n_actions; k++) {
        means[k] += settings->drift * nb_stream_normal(&stream);
        means[k] = is_bernoulli(run) ? reflect(means[k]) : means[k];
    }
    return NB_OK;
}

static void fill_means(const nb_testbed_run_t *run, size_t customer, const float *x, double *mu)
{
    const double *means = run->own;

    (void)customer;
    (void)x;
    for (unsigned k = 0; k < run->world->point.n_actions; k++) {
        mu[k] = means[k];
    }
}

static void play_bernoulli(nb_testbed_run_t *run, size_t customer, const int32_t *action,
                           const double *mu, nb_outcome_t *out)
{
    out->reward = nb_testbed_flip(run, customer, mu[*action]);
}

static void play_gaussian(nb_testbed_run_t *run, size_t customer, const int32_t *action,
                          const double *mu, nb_outcome_t *out)
{
    const settings_t *settings = run->world->settings;

    out->reward = nb_testbed_normal(run, customer, mu[*action], settings->sd);
}

static const nb_testbed_type_t bernoulli = {
    .own_size = own_size,
    .draw = draw,
    .begin_period = begin_period,
    .means = fill_means,
    .play = play_bernoulli,
};

static const nb_testbed_type_t gaussian = {
    .own_size = own_size,
    .draw = draw,
    .begin_period = begin_period,
    .means = fill_means,
    .play = play_gaussian,
};

static int is_bernoulli(const nb_testbed_run_t *run)
{
    return run->world->type == &bernoulli;
}

static int init_world(void **out, const nb_testbed_type_t *type, const settings_t *settings)
{
    nb_testbed_t *world = NULL;
    int code = nb_testbed_init_arms(&world, type, settings, settings->arms, type == &bernoulli,
                                    (unsigned)settings->n_arms);

    *out = world;
    return code;
}

static int init_bernoulli(void **world, const void *settings)
{
    return init_world(world, &bernoulli, settings);
}

static int init_gaussian(void **world, const void *settings)
{
    return init_world(world, &gaussian, settings);
}

const nb_environment_type_t nb_environment_bernoulli = {
    .name = "bernoulli",
    .summary = "test bed: arms that pay 1 with a probability each, given or drawn, fixed, drifting "
               "or piecewise",
    .version = 1,
    .settings = bernoulli_table,
    .settings_size = sizeof(settings_t),
    .world_init = init_bernoulli,
    NB_TESTBED_FUNCTIONS,
};

const nb_environment_type_t nb_environment_gaussian = {
    .name = "gaussian",
    .summary =
        "test bed: arms with normal rewards, given means or drawn ones (Sutton & Barto's ten "
        "arms)",
    .version = 1,
    .settings = gaussian_table,
    .settings_size = sizeof(settings_t),
    .world_init = init_gaussian,
    NB_TESTBED_FUNCTIONS,
};
