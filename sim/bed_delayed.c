/*
 * Test bed `delayed_conversions`: Bernoulli arms whose conversions are seen later.
 *
 * Source: Vernade, Cappe & Perchet (2017), "Stochastic bandit models for delayed conversions",
 * section 2: the delay of a conversion is geometric with a given mean and does not depend on the
 * arm. A conversion is booked in the period in which it is seen; what is seen after the horizon is
 * lost. Means are drawn from Beta(a, b) or given.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/dist.h"
#include "sim/testbed.h"

enum { MAX_DELAY = 256 /* periods; longer delays are cut, which a mean of 40 does 0.2 % of */ };

typedef struct {
    nb_testbed_settings_t common;
    const nb_node_t *arms;
    int n_arms;
    double mean_delay, a, b;
} settings_t;

static const nb_setting_t table[] = {
    NB_TESTBED_SETTINGS,
    {
        .key = "arms",
        .type = NB_SETTING_NODE,
        .offset = offsetof(settings_t, arms),
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "probabilities of conversion of the arms, [0.3, 0.2]; without it they are drawn",
    },
    {
        .key = "n_arms",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, n_arms),
        .def = 10,
        .low = 1,
        .high = NB_BED_MAX_ACTIONS,
        .choices = "",
        .unit = "actions",
        .mark = "A",
        .source = "",
        .help = "number of arms where their probabilities are drawn",
    },
    {
        .key = "mean_delay",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, mean_delay),
        .def = 4.0,
        .low = 0.0,
        .high = 40.0,
        .choices = "",
        .unit = "periods",
        .mark = "A",
        .source = "",
        .help = "mean of the geometric delay of a conversion; 0: it is seen at once",
    },
    {
        .key = "prior.a",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, a),
        .def = 1.0,
        .low = 1e-3,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "",
        .help = "probabilities of conversion are drawn from Beta(a, b)",
    },
    {
        .key = "prior.b",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, b),
        .def = 4.0,
        .low = 1e-3,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "A",
        .source = "",
        .help = "probabilities of conversion are drawn from Beta(a, b)",
    },
    {0},
};

/* own state: means of the arms, then conversions that customers still owe, [n x MAX_DELAY], a ring
 * by period; a customer has at most one decision a period, but several conversions may meet */
static size_t own_size(const void *settings, size_t n_customers)
{
    (void)settings;
    return NB_BED_MAX_ACTIONS * sizeof(double) + n_customers * MAX_DELAY * sizeof(uint16_t);
}

static uint16_t *owed_by(nb_testbed_run_t *run, size_t customer)
{
    return (uint16_t *)((double *)run->own + NB_BED_MAX_ACTIONS) + customer * MAX_DELAY;
}

static void draw(nb_testbed_run_t *run)
{
    const settings_t *settings = run->world->settings;
    double *means = run->own;
    nb_stream_t stream;

    if (run->world->means) {
        memcpy(means, run->world->means, run->world->point.n_actions * sizeof *means);
        return;
    }
    nb_testbed_stream(run, NB_BED_DRAW, (uint32_t)NB_LUCK_RUN, 0, &stream);
    for (int k = 0; k < settings->n_arms; k++) {
        means[k] = nb_dist_beta(&stream, settings->a, settings->b);
    }
}

/* conversions of earlier decisions that are seen in this period */
static int begin_period(nb_testbed_run_t *run)
{
    for (size_t c = 0; c < run->n; c++) {
        uint16_t *owed = owed_by(run, c) + run->period % MAX_DELAY;

        if (*owed > 0) {
            NB_TRY(nb_testbed_book(run, c, *owed));
            *owed = 0;
        }
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

static void play(nb_testbed_run_t *run, size_t customer, const int32_t *action, const double *mu,
                 nb_outcome_t *out)
{
    const settings_t *settings = run->world->settings;
    double q = 1.0 / (1.0 + settings->mean_delay);
    uint32_t words[4];

    nb_testbed_words(run, NB_BED_NOISE, (uint32_t)customer, 0, words);
    out->reward = nb_rng_uniform(words[0]) < mu[*action];
    if (out->reward > 0.0 && q < 1.0) {
        double delay = floor(log(nb_rng_uniform(words[1])) / log(1.0 - q));

        out->delay = delay < MAX_DELAY ? (int)delay : MAX_DELAY - 1;
    }
    if (out->delay > 0) {
        owed_by(run, customer)[(run->period + out->delay) % MAX_DELAY]++;
    }
}

static const nb_testbed_type_t delayed = {.own_size = own_size,
                                          .draw = draw,
                                          .begin_period = begin_period,
                                          .means = fill_means,
                                          .play = play};

static int init_world(void **out, const void *from)
{
    const settings_t *settings = from;
    nb_testbed_t *world = NULL;
    int code = nb_testbed_init_arms(&world, &delayed, settings, settings->arms, 1,
                                    (unsigned)settings->n_arms);

    *out = world;
    return code;
}

const nb_environment_type_t nb_environment_delayed = {
    .name = "delayed_conversions",
    .summary = "test bed: Bernoulli arms whose conversions are seen later (Vernade et al. 2017)",
    .version = 1,
    .settings = table,
    .settings_size = sizeof(settings_t),
    .world_init = init_world,
    NB_TESTBED_FUNCTIONS,
};
