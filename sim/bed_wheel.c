/*
 * Test bed `wheel`: four arms that pay much in a rare quadrant each, and a safe one.
 *
 * Source: Riquelme, Tucker & Snoek (2018), "Deep Bayesian bandits showdown", section 5.4; numbers
 * as in their code. The context is uniform in the unit disc; means are 1.0 for the arms 1 to 4
 * and 1.2 for arm 5; outside the radius delta the arm of the quadrant pays 50. Features are (1, x,
 * y). One draw at random has an expected regret of .16 delta^2 + 39.16 (1 - delta^2) a step.
 */
#include <math.h>
#include <stddef.h>

#include "sim/testbed.h"

enum { N_ARMS = 5, D = 3 };

typedef struct {
    nb_testbed_settings_t common;
    double delta, sd, sd_high;
} settings_t;

#define REAL(name, field, default_value, highest, the_unit, the_help)                              \
    {                                                                                              \
        .key = name, .type = NB_SETTING_REAL, .offset = offsetof(settings_t, field),               \
        .def = default_value, .low = 0.0, .high = highest, .choices = "", .unit = the_unit,        \
        .mark = "L", .source = "Riquelme et al. 2018, section 5.4", .help = the_help               \
    }

static const nb_setting_t table[] = {
    NB_TESTBED_SETTINGS,
    REAL("delta", delta, 0.5, 1.0, "radius", "the high rewards lie beyond this radius"),
    REAL("sd", sd, 0.05, 100.0, "reward", "standard deviation of ordinary rewards"),
    REAL("sd_high", sd_high, 0.01, 100.0, "reward", "standard deviation of high rewards"),
    {0},
};

static size_t own_size(const void *settings, size_t n_customers)
{
    (void)settings;
    (void)n_customers;
    return 0;
}

static void draw(nb_testbed_run_t *run)
{
    (void)run;
}

static void fill_contexts(nb_testbed_run_t *run, size_t first, size_t n, float *x)
{
    for (size_t i = 0; i < n; i++, x += D) {
        uint32_t words[4];

        nb_testbed_words(run, NB_BED_CONTEXT, (uint32_t)(first + i), 0, words);
        double radius = sqrt(nb_rng_uniform(words[0]));
        double angle = 6.283185307179586 * nb_rng_uniform(words[1]);

        x[0] = 1.0f;
        x[1] = (float)(radius * cos(angle));
        x[2] = (float)(radius * sin(angle));
    }
}

static int is_high(const nb_testbed_run_t *run, const float *x)
{
    double delta = ((const settings_t *)run->world->settings)->delta;

    return sqrt((double)x[1] * (double)x[1] + (double)x[2] * (double)x[2]) >= delta;
}

static void fill_means(const nb_testbed_run_t *run, size_t customer, const float *x, double *mu)
{
    (void)customer;
    for (int k = 0; k < N_ARMS; k++) {
        mu[k] = k == N_ARMS - 1 ? 1.2 : 1.0;
    }
    if (is_high(run, x)) {
        mu[(x[1] > 0.0f ? 0 : 2) + (x[2] > 0.0f ? 0 : 1)] = 50.0;
    }
}

static void play(nb_testbed_run_t *run, size_t customer, const int32_t *action, const double *mu,
                 nb_outcome_t *out)
{
    const settings_t *settings = run->world->settings;
    double sd = mu[*action] > 2.0 ? settings->sd_high : settings->sd;

    out->reward = nb_testbed_normal(run, customer, mu[*action], sd);
}

static const nb_testbed_type_t wheel = {.own_size = own_size,
                                        .draw = draw,
                                        .context = fill_contexts,
                                        .means = fill_means,
                                        .play = play};

static int init_world(void **out, const void *settings)
{
    nb_testbed_t *world;

    *out = NULL;
    NB_TRY(nb_testbed_init(&world, &wheel, settings, N_ARMS, D));
    world->features[1] = "x";
    world->features[2] = "y";
    *out = world;
    return NB_OK;
}

const nb_environment_type_t nb_environment_wheel = {
    .name = "wheel",
    .summary = "test bed: high rewards in rare quadrants of a disc (Riquelme, Tucker & Snoek 2018)",
    .version = 1,
    .settings = table,
    .settings_size = sizeof(settings_t),
    .world_init = init_world,
    NB_TESTBED_FUNCTIONS,
};
