/*
 * Test beds `linear`, `logistic` and `contacts`: the expected reward of an action is linear in the
 * context, or its logistic function.
 *
 *   eta_k(c, x) = x'(baseline b + theta_k + segments s_g(c),k + deviation delta_c,k)
 *
 * x = (1, z), z ~ N(0, I) or uniform in the unit ball; all weights are N(0, scale^2 I / d), so that
 * eta has a standard deviation of about the scale under normal contexts; those of arms may be on
 * the sphere of that radius instead. Rewards are eta plus normal noise, or Bernoulli with
 * probability 1 / (1 + exp(-eta)). Customers may differ: by a latent segment g (Hong et al. 2020,
 * "Latent bandits revisited"), each by herself (Hong et al. 2022, "Hierarchical Bayesian bandits"),
 * and all actions may share a prognosis b beside which their effects are small (for learners of
 * treatment effects). Under `contacts` a first action `none` earns nothing and every other one is a
 * contact; when the run's contacts are used up only `none` is left. Its benchmark is the fluid
 * optimum: contact where the best mean is above the price at which the share of customers contacted
 * is the budget (20,000 sampled contexts a replication).
 */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "sim/testbed.h"

enum { GAUSSIAN, BALL };
enum { NORMAL, SPHERE };
enum { N_SAMPLE = 20000, MAX_SEGMENTS = 64 };

typedef struct {
    nb_testbed_settings_t common;
    int d, n_arms, contexts, weights, held, segments;
    double scale, noise, baseline, spread, deviation, share;
} settings_t;

#define INT(name, field, default_value, lowest, highest, the_unit, the_help)                       \
    {                                                                                              \
        .key = name, .type = NB_SETTING_INT, .offset = offsetof(settings_t, field),                \
        .def = default_value, .low = lowest, .high = highest, .choices = "", .unit = the_unit,     \
        .mark = "A", .source = "", .help = the_help                                                \
    }
#define REAL(name, field, default_value, highest, the_unit, the_help)                              \
    {                                                                                              \
        .key = name, .type = NB_SETTING_REAL, .offset = offsetof(settings_t, field),               \
        .def = default_value, .low = 0.0, .high = highest, .choices = "", .unit = the_unit,        \
        .mark = "A", .source = "", .help = the_help                                                \
    }
#define CONTEXTS                                                                                   \
    {                                                                                              \
        .key = "contexts", .type = NB_SETTING_CHOICE, .offset = offsetof(settings_t, contexts),    \
        .choices = "gaussian|ball", .unit = "", .mark = "A", .source = "",                         \
        .help = "features beside the first, which is 1: standard normal, or uniform in the ball"   \
    }
#define WEIGHTS                                                                                    \
    {                                                                                              \
        .key = "weights", .type = NB_SETTING_CHOICE, .offset = offsetof(settings_t, weights),      \
        .choices = "normal|sphere", .unit = "", .mark = "A", .source = "",                         \
        .help = "weights of an arm: normal, or uniform on the sphere whose radius is the scale"    \
    }
#define HELD                                                                                       \
    {                                                                                              \
        .key = "held", .type = NB_SETTING_BOOL, .offset = offsetof(settings_t, held),              \
        .choices = "", .unit = "", .mark = "A", .source = "",                                      \
        .help = "every customer keeps her context instead of coming with a new one every period"   \
    }
#define COMMON                                                                                     \
    NB_TESTBED_SETTINGS,                                                                           \
        INT("d", d, 5, 1, NB_BED_MAX_FEATURES, "features", "size of the context"),                 \
        INT("n_arms", n_arms, 5, 1, NB_BED_MAX_ACTIONS - 1, "actions", "number of arms"),          \
        CONTEXTS, WEIGHTS, HELD,                                                                   \
        REAL("scale", scale, 1.0, 1e3, "", "scale of the weights of the arms"),                    \
        REAL("baseline", baseline, 0.0, 1e3, "",                                                   \
             "scale of weights that all arms share: what would come anyway"),                      \
        INT("segments", segments, 1, 1, MAX_SEGMENTS, "groups",                                    \
            "latent groups of customers, each with weights of its own"),                           \
        REAL("spread", spread, 1.0, 1e3, "", "scale of what a segment's weights add"),             \
        REAL("deviation", deviation, 0.0, 1e3, "", "scale of what a customer's own weights add")

static const nb_setting_t linear_table[] = {
    COMMON,
    REAL("noise", noise, 1.0, 1e3, "reward", "standard deviation of rewards"),
    {0},
};
static const nb_setting_t logistic_table[] = {COMMON, {0}};
static const nb_setting_t contacts_table[] = {
    COMMON,
    REAL("noise", noise, 1.0, 1e3, "reward", "standard deviation of rewards"),
    REAL("share", share, 0.1, 1.0, "contacts a decision", "budget of contacts of the whole run"),
    {0},
};

/* own state: head, then floats: weights of arms [K x d] with the baseline in them, of segments
 * [G x K x d], of customers [n x K x d] */
typedef struct {
    double contacts, budget; /* of `contacts` */
    double fluid;            /* what a decision earns by its benchmark */
} head_t;

static unsigned own_arms(const settings_t *settings)
{
    return (unsigned)settings->n_arms;
}

static size_t block_of(const settings_t *settings)
{
    return own_arms(settings) * (size_t)settings->d;
}

static size_t own_size(const void *from, size_t n_customers)
{
    const settings_t *settings = from;
    size_t n_blocks = 1;

    n_blocks += settings->segments > 1 ? (size_t)settings->segments : 0;
    n_blocks += settings->deviation > 0.0 ? n_customers : 0;
    return sizeof(head_t) + n_blocks * block_of(settings) * sizeof(float);
}

static float *weights_of(const nb_testbed_run_t *run)
{
    return (float *)((head_t *)run->own + 1);
}

static float *segment_weights(const nb_testbed_run_t *run, size_t segment)
{
    return weights_of(run) + (1 + segment) * block_of(run->world->settings);
}

static float *own_weights(const nb_testbed_run_t *run, size_t customer)
{
    const settings_t *settings = run->world->settings;
    size_t before = settings->segments > 1 ? (size_t)settings->segments : 0;

    return weights_of(run) + (1 + before + customer) * block_of(settings);
}

static double dot(const float *x, const float *w, int d)
{
    double sum = 0.0;

    for (int j = 0; j < d; j++) {
        sum += (double)x[j] * (double)w[j];
    }
    return sum;
}

/* N(0, scale^2 I / d) into a block */
static void draw_block(const nb_testbed_run_t *run, unsigned purpose, uint32_t luck, int ordinal,
                       double scale, float *block)
{
    const settings_t *settings = run->world->settings;
    double sd = scale / sqrt((double)settings->d);
    nb_stream_t stream;

    nb_testbed_stream(run, purpose, luck, ordinal, &stream);
    for (size_t j = 0; j < block_of(settings); j++) {
        block[j] = (float)(sd * nb_stream_normal(&stream));
    }
}

/* weights of every arm to the length `scale` */
static void onto_sphere(const nb_testbed_run_t *run)
{
    const settings_t *settings = run->world->settings;
    float *w = weights_of(run);

    for (unsigned k = 0; k < own_arms(settings); k++, w += settings->d) {
        double length = sqrt(dot(w, w, settings->d));

        for (int j = 0; j < settings->d && length > 0.0; j++) {
            w[j] = (float)((double)w[j] * settings->scale / length);
        }
    }
}

static void add_baseline(const nb_testbed_run_t *run)
{
    const settings_t *settings = run->world->settings;
    double sd = settings->baseline / sqrt((double)settings->d);
    float *weights = weights_of(run);
    nb_stream_t stream;

    nb_testbed_stream(run, NB_BED_DRAW, (uint32_t)NB_LUCK_RUN, 1, &stream);
    for (int j = 0; j < settings->d; j++) {
        float shared = (float)(sd * nb_stream_normal(&stream));

        for (unsigned k = 0; k < own_arms(settings); k++) {
            weights[k * (size_t)settings->d + (size_t)j] += shared;
        }
    }
}

static void draw(nb_testbed_run_t *run)
{
    const settings_t *settings = run->world->settings;

    draw_block(run, NB_BED_DRAW, (uint32_t)NB_LUCK_RUN, 0, settings->scale, weights_of(run));
    if (settings->weights == SPHERE) {
        onto_sphere(run);
    }
    add_baseline(run);
    for (int g = 0; settings->segments > 1 && g < settings->segments; g++) {
        draw_block(run, NB_BED_DRAW, (uint32_t)NB_LUCK_RUN, 2 + g, settings->spread,
                   segment_weights(run, (size_t)g));
    }
    for (size_t c = 0; settings->deviation > 0.0 && c < run->n; c++) {
        draw_block(run, NB_BED_PERSON, (uint32_t)c, 0, settings->deviation, own_weights(run, c));
    }
}

/* a point of the unit ball from a normal one: direction, and u^(1/m) for the radius */
static void into_ball(float *z, int m, double u)
{
    double square = 0.0;

    for (int j = 0; j < m; j++) {
        square += (double)z[j] * (double)z[j];
    }
    for (int j = 0; j < m; j++) {
        z[j] = (float)((double)z[j] * pow(u, 1.0 / m) / sqrt(square));
    }
}

static void draw_context(const nb_testbed_run_t *run, nb_stream_t *stream, float *x)
{
    const settings_t *settings = run->world->settings;

    x[0] = 1.0f;
    for (int j = 1; j < settings->d; j++) {
        x[j] = (float)nb_stream_normal(stream);
    }
    if (settings->contexts == BALL && settings->d > 1) {
        into_ball(x + 1, settings->d - 1, nb_stream_uniform(stream));
    }
}

static void fill_contexts(nb_testbed_run_t *run, size_t first, size_t n, float *x)
{
    const settings_t *settings = run->world->settings;
    nb_stream_t stream;

    for (size_t i = 0; i < n; i++) {
        int ordinal = settings->held ? 0 : run->period;

        nb_testbed_stream(run, NB_BED_CONTEXT, (uint32_t)(first + i), ordinal, &stream);
        draw_context(run, &stream, x + i * (size_t)settings->d);
    }
}

static size_t segment_of(const nb_testbed_run_t *run, size_t customer)
{
    const settings_t *settings = run->world->settings;
    nb_stream_t stream;

    nb_testbed_stream(run, NB_BED_PERSON, (uint32_t)customer, 1, &stream);
    return (size_t)(nb_stream_uniform(&stream) * settings->segments);
}

/* eta of the arms that have weights */
static void fill_linear(const nb_testbed_run_t *run, size_t customer, const float *x, double *mu)
{
    const settings_t *settings = run->world->settings;
    const float *common = weights_of(run), *segment = NULL, *own = NULL;

    if (settings->segments > 1) {
        segment = segment_weights(run, segment_of(run, customer));
    }
    if (settings->deviation > 0.0) {
        own = own_weights(run, customer);
    }
    for (unsigned k = 0; k < own_arms(settings); k++) {
        size_t at = k * (size_t)settings->d;

        mu[k] = dot(x, common + at, settings->d);
        mu[k] += segment ? dot(x, segment + at, settings->d) : 0.0;
        mu[k] += own ? dot(x, own + at, settings->d) : 0.0;
    }
}

static void fill_logistic(const nb_testbed_run_t *run, size_t customer, const float *x, double *mu)
{
    fill_linear(run, customer, x, mu);
    for (unsigned k = 0; k < run->world->point.n_actions; k++) {
        mu[k] = 1.0 / (1.0 + exp(-mu[k]));
    }
}

static void play_linear(nb_testbed_run_t *run, size_t customer, const int32_t *action,
                        const double *mu, nb_outcome_t *out)
{
    const settings_t *settings = run->world->settings;

    out->reward = nb_testbed_normal(run, customer, mu[*action], settings->noise);
}

static void play_logistic(nb_testbed_run_t *run, size_t customer, const int32_t *action,
                          const double *mu, nb_outcome_t *out)
{
    out->reward = nb_testbed_flip(run, customer, mu[*action]);
}

/* action 0 is `none` */
static void fill_contacts(const nb_testbed_run_t *run, size_t customer, const float *x, double *mu)
{
    mu[0] = 0.0;
    fill_linear(run, customer, x, mu + 1);
}

static void play_contacts(nb_testbed_run_t *run, size_t customer, const int32_t *action,
                          const double *mu, nb_outcome_t *out)
{
    head_t *head = run->own;

    head->contacts += *action > 0;
    play_linear(run, customer, action, mu, out);
}

/* masks are made for a batch at once: the last one may overdraw the budget by its own decisions */
static int allows(const nb_testbed_run_t *run, size_t customer, unsigned action)
{
    const head_t *head = run->own;

    (void)customer;
    return action == 0 || head->contacts < head->budget;
}

static int compare_down(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x < y) - (x > y);
}

/* best means of sampled customers and contexts, highest first: the budget's share of them is met */
static void draw_with_budget(nb_testbed_run_t *run)
{
    const settings_t *settings = run->world->settings;
    size_t n_met = (size_t)(settings->share * N_SAMPLE);
    double best[N_SAMPLE], mu[NB_BED_MAX_ACTIONS], sum = 0.0;
    float x[NB_BED_MAX_FEATURES];
    head_t *head = run->own;
    nb_stream_t stream;

    draw(run);
    head->budget = settings->share * (double)run->n * run->periods;
    nb_testbed_stream(run, NB_BED_DRAW, (uint32_t)NB_LUCK_RUN, 100, &stream);
    for (size_t i = 0; i < N_SAMPLE; i++) {
        /* who keeps her context is sampled with it */
        if (settings->held) {
            nb_testbed_stream(run, NB_BED_CONTEXT, (uint32_t)(i % run->n), 0, &stream);
        }
        draw_context(run, &stream, x);
        fill_linear(run, i % run->n, x, mu);
        best[i] = 0.0;
        for (unsigned k = 0; k < own_arms(settings); k++) {
            best[i] = fmax(best[i], mu[k]);
        }
    }
    qsort(best, N_SAMPLE, sizeof *best, compare_down);
    for (size_t i = 0; i < n_met; i++) {
        sum += best[i];
    }
    head->fluid = sum / N_SAMPLE;
}

static double fluid_optimum(nb_testbed_run_t *run, size_t customer, const double *mu)
{
    (void)customer;
    (void)mu;
    return ((const head_t *)run->own)->fluid;
}

static const nb_testbed_type_t linear = {.own_size = own_size,
                                         .draw = draw,
                                         .context = fill_contexts,
                                         .means = fill_linear,
                                         .play = play_linear};
static const nb_testbed_type_t logistic = {.own_size = own_size,
                                           .draw = draw,
                                           .context = fill_contexts,
                                           .means = fill_logistic,
                                           .play = play_logistic};
static const nb_testbed_type_t contacts = {.own_size = own_size,
                                           .draw = draw_with_budget,
                                           .context = fill_contexts,
                                           .allows = allows,
                                           .means = fill_contacts,
                                           .play = play_contacts,
                                           .benchmark = fluid_optimum};

static int init_world(void **out, const nb_testbed_type_t *type, const void *from)
{
    const settings_t *settings = from;
    unsigned K = own_arms(settings) + (type == &contacts);
    nb_testbed_t *world;

    *out = NULL;
    NB_TRY(nb_testbed_init(&world, type, settings, K, (unsigned)settings->d));
    *out = world;
    if (type == &contacts) {
        nb_testbed_name_action(world, 0, "none");
        for (unsigned k = 1; k < K; k++) {
            char name[NB_BED_NAME_SIZE];

            snprintf(name, sizeof name, "a%u", k);
            nb_testbed_name_action(world, k, name);
        }
    }
    return NB_OK;
}

static int init_linear(void **world, const void *settings)
{
    return init_world(world, &linear, settings);
}

static int init_logistic(void **world, const void *settings)
{
    return init_world(world, &logistic, settings);
}

static int init_contacts(void **world, const void *settings)
{
    return init_world(world, &contacts, settings);
}

const nb_environment_type_t nb_environment_linear = {
    .name = "linear",
    .summary =
        "test bed: rewards linear in the context, for all customers, segments of them or each",
    .version = 1,
    .settings = linear_table,
    .settings_size = sizeof(settings_t),
    .world_init = init_linear,
    NB_TESTBED_FUNCTIONS,
};

const nb_environment_type_t nb_environment_logistic = {
    .name = "logistic",
    .summary = "test bed: rewards 0 or 1, their log odds linear in the context",
    .version = 1,
    .settings = logistic_table,
    .settings_size = sizeof(settings_t),
    .world_init = init_logistic,
    NB_TESTBED_FUNCTIONS,
};

const nb_environment_type_t nb_environment_contacts = {
    .name = "contacts",
    .summary = "test bed: contacts with rewards linear in the context, and a budget of them "
               "(Badanidiyuru et al. 2013)",
    .version = 2,
    .settings = contacts_table,
    .settings_size = sizeof(settings_t),
    .world_init = init_contacts,
    NB_TESTBED_FUNCTIONS,
};
