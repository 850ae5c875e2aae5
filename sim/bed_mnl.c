/*
 * Test bed `mnl`: slates of items of which the customer chooses one or none.
 *
 *   P(i | slate) = v_i / (1 + sum of v over the slate),  v_i = exp(u_i + x'w_i)
 *
 * Source: Agrawal, Avadhanula, Goyal & Zeevi (2019), "MNL-bandit: a dynamic learning approach to
 * assortment selection". u_i ~ N(appeal, 1); item i pays r_i, uniform in [1 - spread, 1 + spread];
 * with `d` features w_i ~ N(0, scale^2 I / d). The benchmark is the best slate of as many items as
 * there are positions, found exactly (Dinkelbach 1967). Oracles are told v_i (r_i - z) at its mean
 * z.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "sim/testbed.h"

typedef struct {
    nb_testbed_settings_t common;
    int n_items, slate, d;
    double appeal, spread, scale;
} settings_t;

#define INT(name, field, default_value, lowest, highest, the_unit, the_help)                       \
    {                                                                                              \
        .key = name, .type = NB_SETTING_INT, .offset = offsetof(settings_t, field),                \
        .def = default_value, .low = lowest, .high = highest, .choices = "", .unit = the_unit,     \
        .mark = "A", .source = "", .help = the_help                                                \
    }
#define REAL(name, field, default_value, lowest, highest, the_help)                                \
    {                                                                                              \
        .key = name, .type = NB_SETTING_REAL, .offset = offsetof(settings_t, field),               \
        .def = default_value, .low = lowest, .high = highest, .choices = "", .unit = "",           \
        .mark = "A", .source = "", .help = the_help                                                \
    }

static const nb_setting_t table[] = {
    NB_TESTBED_SETTINGS,
    INT("n_items", n_items, 20, 2, NB_BED_MAX_ACTIONS, "items", "number of items"),
    INT("slate", slate, 4, 2, NB_MAX_SLATE, "positions", "items shown at once"),
    INT("d", d, 1, 1, NB_BED_MAX_FEATURES, "features",
        "size of the context; 1: only the feature that is 1, customers are alike"),
    REAL("appeal", appeal, -1.0, -20.0, 20.0, "mean utility of an item against that of nothing, 0"),
    REAL("spread", spread, 0.5, 0.0, 1.0, "payments differ by at most this from 1"),
    REAL("scale", scale, 1.0, 0.0, 100.0, "how much the context moves utilities"),
    {0},
};

/* own state: payments [K], utilities [K], weights [K x (d - 1)] */
static size_t own_size(const void *from, size_t n_customers)
{
    const settings_t *settings = from;

    (void)n_customers;
    return (size_t)settings->n_items * (size_t)(settings->d + 1) * sizeof(double);
}

static void draw(nb_testbed_run_t *run)
{
    const settings_t *settings = run->world->settings;
    size_t K = (size_t)settings->n_items, m = (size_t)settings->d - 1;
    double *pay = run->own, *utility = pay + K, *weights = utility + K;
    nb_stream_t stream;

    nb_testbed_stream(run, NB_BED_DRAW, (uint32_t)NB_LUCK_RUN, 0, &stream);
    for (size_t k = 0; k < K; k++) {
        pay[k] = 1.0 + settings->spread * (2.0 * nb_stream_uniform(&stream) - 1.0);
        utility[k] = settings->appeal + nb_stream_normal(&stream);
        for (size_t j = 0; j < m; j++) {
            weights[k * m + j] =
                settings->scale / sqrt((double)settings->d) * nb_stream_normal(&stream);
        }
    }
}

static void fill_contexts(nb_testbed_run_t *run, size_t first, size_t n, float *x)
{
    int d = ((const settings_t *)run->world->settings)->d;
    nb_stream_t stream;

    for (size_t i = 0; i < n; i++, x += d) {
        nb_testbed_stream(run, NB_BED_CONTEXT, (uint32_t)(first + i), run->period, &stream);
        x[0] = 1.0f;
        for (int j = 1; j < d; j++) {
            x[j] = (float)nb_stream_normal(&stream);
        }
    }
}

/* v_i of a customer; what they mean in a slate is slate_mean's */
static void fill_odds(const nb_testbed_run_t *run, size_t customer, const float *x, double *v)
{
    const settings_t *settings = run->world->settings;
    size_t K = (size_t)settings->n_items, m = (size_t)settings->d - 1;
    const double *utility = (const double *)run->own + K, *weights = utility + K;

    (void)customer;
    for (size_t k = 0; k < K; k++) {
        double u = utility[k];

        for (size_t j = 0; j < m; j++) {
            u += weights[k * m + j] * (double)x[j + 1];
        }
        v[k] = exp(u);
    }
}

static double slate_mean(const nb_testbed_run_t *run, const double *v, const int32_t *action)
{
    const double *pay = run->own;
    double sum = 0.0, weight = 1.0;

    for (unsigned j = 0; j < run->world->point.max_slate && action[j] >= 0; j++) {
        sum += v[action[j]] * pay[action[j]];
        weight += v[action[j]];
    }
    return sum / weight;
}

static void play(nb_testbed_run_t *run, size_t customer, const int32_t *action, const double *v,
                 nb_outcome_t *out)
{
    unsigned slate = run->world->point.max_slate;
    const double *pay = run->own;
    double weight = 1.0, left;
    uint32_t words[4];

    for (unsigned j = 0; j < slate && action[j] >= 0; j++) {
        weight += v[action[j]];
    }
    nb_testbed_words(run, NB_BED_NOISE, (uint32_t)customer, 0, words);
    left = nb_rng_uniform(words[0]) * weight - 1.0;
    for (unsigned j = 0; j < slate && action[j] >= 0 && left > 0.0; j++) {
        out->item = action[j];
        out->reward = pay[action[j]];
        left -= v[action[j]];
    }
}

/* the `slate` items with the highest v_i (r_i - z) */
static void pick_best(const nb_testbed_run_t *run, const double *v, double z, int32_t *action)
{
    const double *pay = run->own;
    unsigned K = run->world->point.n_actions;
    unsigned char taken[NB_BED_MAX_ACTIONS] = {0};

    for (unsigned j = 0; j < run->world->point.max_slate; j++) {
        double best = -INFINITY;

        action[j] = -1;
        for (unsigned k = 0; k < K; k++) {
            if (!taken[k] && v[k] * (pay[k] - z) > best) {
                best = v[k] * (pay[k] - z);
                action[j] = (int32_t)k;
            }
        }
        taken[action[j] < 0 ? 0 : action[j]] = 1;
    }
}

static double find_best_mean(const nb_testbed_run_t *run, const double *v)
{
    int32_t action[NB_MAX_SLATE];
    double z = 0.0, better;

    for (int step = 0; step < 64; step++, z = better) {
        pick_best(run, v, z, action);
        better = slate_mean(run, v, action);
        if (better - z <= 1e-15) {
            break;
        }
    }
    return fmax(z, slate_mean(run, v, action));
}

static double best_slate(nb_testbed_run_t *run, size_t customer, const double *v)
{
    (void)customer;
    return find_best_mean(run, v);
}

/* v_i (r_i - z) at the best slate's mean z: the highest are the best slate, and add up to z */
static void tell_worth(const nb_testbed_run_t *run, const double *v, double *out)
{
    const double *pay = run->own;
    double z = find_best_mean(run, v);

    for (unsigned k = 0; k < run->world->point.n_actions; k++) {
        out[k] = v[k] * (pay[k] - z);
    }
}

static const nb_testbed_type_t mnl = {.own_size = own_size,
                                      .draw = draw,
                                      .context = fill_contexts,
                                      .means = fill_odds,
                                      .play = play,
                                      .slate_mean = slate_mean,
                                      .benchmark = best_slate,
                                      .tell = tell_worth};

static int init_world(void **out, const void *from)
{
    const settings_t *settings = from;
    nb_testbed_t *world;

    *out = NULL;
    if (settings->slate > settings->n_items) {
        NB_FAIL(NB_ERR_CONFIG,
                "mnl: %d positions for %d items, expected no more positions than items",
                settings->slate, settings->n_items);
    }
    NB_TRY(nb_testbed_init(&world, &mnl, settings, (unsigned)settings->n_items,
                           (unsigned)settings->d));
    world->point.max_slate = (unsigned)settings->slate;
    *out = world;
    return NB_OK;
}

const nb_environment_type_t nb_environment_mnl = {
    .name = "mnl",
    .summary = "test bed: slates of which one item or none is chosen (Agrawal et al. 2019)",
    .version = 2,
    .settings = table,
    .settings_size = sizeof(settings_t),
    .world_init = init_world,
    NB_TESTBED_FUNCTIONS,
};
