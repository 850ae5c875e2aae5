/*
 * What a policy sees of a customer: 24 features, standardized by constants, and more where there
 * are several categories or journeys are visible. Nothing here reads what the firm cannot know,
 * except through the noisy signals named.
 */
#include "sim/journey.h"

#include <stdio.h>
#include <string.h>

/* name, center, scale, what it is: a policy sees (raw - center) / scale. The constants are never
 * estimated, so that a feature means the same everywhere. */
/* clang-format off */
#define FEATURES(X) \
    X(one, 0, 1, "1") \
    X(log_tenure, 4, 1, "ln(1 + weeks since the first purchase)") \
    X(log_recency, 2.5, 1.2, "ln(1 + weeks since the last purchase)") \
    X(log_frequency, 1, 0.8, "ln(1 + repeat orders)") \
    X(log_mean_order, 3.5, 0.7, "ln(1 + money paid an order)") \
    X(p_alive, 0.5, 0.3, "P(alive) of BG/NBD with the constants p_alive.*") \
    X(opens_email, 0.25, 0.15, "moving average of opened e-mails") \
    X(opens_message, 0.33, 0.15, "moving average of opened messages") \
    X(opens_call, 0.33, 0.15, "moving average of answered calls") \
    X(contacts_4_weeks, 1, 1, "contacts in the last 4 weeks") \
    X(weeks_since_contact, 6, 6, "weeks since the last contact, 26 at most") \
    X(opt_in_email, 0.5, 0.5, "1 where e-mail is allowed") \
    X(opt_in_message, 0.5, 0.5, "1 where messages are allowed") \
    X(opt_in_call, 0.5, 0.5, "1 where calls are allowed") \
    X(consent, 0.5, 0.5, "1 where she consented") \
    X(enrolled, 0.5, 0.5, "1 where automatic orders run") \
    X(returns_share, 0.15, 0.25, "returns an order on record") \
    X(knowledge, 0.3, 0.2, "K, what the firm knows of tastes") \
    X(last_survey, 0, 1, "satisfaction as the latest survey showed it, times 0.97 a week") \
    X(max_detector, 0.5, 1.2, "highest score of the need detectors") \
    X(certainty_cue, 0.5, 0.35, "certainty as seen at the last visit") \
    X(demographic, 0, 1, "noisy demographic") \
    X(season_sine, 0, 0.7, "sin(2 pi t / 52)") \
    X(discount_share, 0.1, 0.25, "discounted orders an order")
/* clang-format on */

enum {
#define ITEM(name, center, scale, help) FEATURE_##name,
    FEATURES(ITEM)
#undef ITEM
        FEATURES_END
};
_Static_assert((int)FEATURES_END == (int)N_FEATURES, "as many features as are promised");

typedef struct {
    const char *name;
    float center, scale;
    const char *help;
} feature_t;

static const feature_t features[N_FEATURES + 2] = {
#define ITEM(name, center, scale, help)                                                            \
    {#name, center, scale, "(" help " - " #center ") / " #scale},
    FEATURES(ITEM)
#undef ITEM
        {"journey_open", 0.1f, 0.3f,
         "(1 where a journey that she began is still open - 0.1) / 0.3"},
    {"journey_age", 0.1f, 0.4f, "(ln(1 + weeks since that need arose) - 0.1) / 0.4"},
};

static void add_feature(journey_world_t *world, unsigned *n, feature_t feature)
{
    world->feature_names[*n] = feature.name;
    world->feature_help[*n] = feature.help;
    world->feature_center[*n] = feature.center;
    world->feature_scale[*n] = feature.scale;
    ++*n;
}

/* with several categories the detectors' scores and the recencies repeat per category */
static void add_category(journey_world_t *world, unsigned *n, unsigned c)
{
    char(*texts)[80] = world->feature_texts[2 * c];

    snprintf(texts[0], sizeof texts[0], "detector_%u", c + 1);
    snprintf(texts[1], sizeof texts[1], "(score of the detector of category %u - 0.5) / 1.2",
             c + 1);
    add_feature(world, n, (feature_t){texts[0], 0.5f, 1.2f, texts[1]});
    texts = world->feature_texts[2 * c + 1];
    snprintf(texts[0], sizeof texts[0], "log_recency_%u", c + 1);
    snprintf(texts[1], sizeof texts[1],
             "(ln(1 + weeks since the last purchase in category %u, 520 at most) - 3.5) / 1.5",
             c + 1);
    add_feature(world, n, (feature_t){texts[0], 3.5f, 1.5f, texts[1]});
}

unsigned journey_describe_features(journey_world_t *world)
{
    unsigned n = 0;

    for (unsigned k = 0; k < N_FEATURES + (world->set.state_visible ? 2u : 0); k++) {
        add_feature(world, &n, features[k]);
    }
    for (unsigned c = 0; c < world->n_categories && world->n_categories > 1; c++) {
        add_category(world, &n, c);
    }
    return n;
}

/* P(alive) of BG/NBD (Fader, Hardie & Lee 2005), x repeat purchases, the last at tx, age T, in
 * periods */
static double p_alive(const double *p, double x, double tx, double T)
{
    double r = p[0], alpha = p[1], a = p[2], b = p[3];

    if (x < 1) {
        return 1;
    }
    double odds = log(a / (b + x - 1)) + (r + x) * log((alpha + T) / (alpha + tx));
    return 1 / (1 + exp(odds));
}

/* detector scores ~ N(4 K_e [need open], 1) by category, one draw a customer and period */
void journey_detect(const journey_t *run, uint32_t row, double *scores)
{
    double known = journey_known(run, row);
    uint32_t words[4];
    double z[MAX_CATEGORIES];

    nb_rng_block(
        run->spec.key,
        draw_at(run->luck[row], (uint32_t)run->at.period, DRAW_DETECTOR, journey_firm(run, row), 0),
        words);
    nb_rng_normal_pair(words[0], words[1], z);
    if (run->world->n_categories > 2) {
        nb_rng_normal_pair(words[2], words[3], z + 2);
    }
    for (unsigned c = 0; c < run->world->n_categories; c++) {
        scores[c] = 4 * known * journey_has_need_in(run, row, c) + z[c];
    }
}

static int count_contacts(const journey_t *run, const customer_t *who)
{
    int shift = run->at.period - who->last_contact;
    int window = periods_of(run->world, 4);
    uint32_t bits = shift < 32 ? who->contacts << shift : 0;

    return __builtin_popcount(window < 32 ? bits & ((1u << window) - 1) : bits);
}

/* season of the calendar, known to everybody */
static double season_sine(const journey_t *run)
{
    return sin(6.283185307179586 * run->at.period * run->world->set.period_weeks / 52);
}

/* what is on record of her orders */
static void observe_orders(const journey_t *run, uint32_t row, double *raw)
{
    const journey_world_t *world = run->world;
    const customer_t *who = &run->customers[row];
    double h = world->set.period_weeks, orders = fmax(who->n_seen, 1);
    double tenure = run->at.period - run->birth[row], last = who->last_seen - run->birth[row];

    raw[FEATURE_log_tenure] = log1p(tenure * h);
    raw[FEATURE_log_recency] = log1p((tenure - last) * h);
    raw[FEATURE_log_frequency] = log1p(orders - 1);
    raw[FEATURE_log_mean_order] = log1p(who->order_sum / orders);
    raw[FEATURE_p_alive] = p_alive(world->p_alive, orders - 1, last, tenure);
    raw[FEATURE_returns_share] = who->n_returns / orders;
    raw[FEATURE_discount_share] = who->n_discounted / orders;
}

/* what is on record of contacts and permissions; a silo knows its own channel only */
static void observe_contacts(const journey_t *run, uint32_t row, double *raw)
{
    const customer_t *who = &run->customers[row];
    unsigned flags = run->flags[row];
    int is_silo = run->world->set.view == VIEW_SILOS;
    double h = run->world->set.period_weeks;

    raw[FEATURE_opens_email] = who->opens[CHANNEL_EMAIL];
    raw[FEATURE_opens_message] = is_silo ? 0.33 : who->opens[CHANNEL_MESSAGE];
    raw[FEATURE_opens_call] = is_silo ? 0.33 : who->opens[CHANNEL_CALL];
    raw[FEATURE_contacts_4_weeks] = is_silo ? 1 : count_contacts(run, who);
    raw[FEATURE_weeks_since_contact] =
        is_silo ? 6 : fmin((run->at.period - who->last_contact) * h, 26);
    raw[FEATURE_opt_in_email] = (flags & FLAG_EMAIL) != 0;
    raw[FEATURE_opt_in_message] = (flags & FLAG_MESSAGE) != 0;
    raw[FEATURE_opt_in_call] = (flags & FLAG_CALL) != 0;
    raw[FEATURE_consent] = (flags & FLAG_CONSENT) != 0;
    raw[FEATURE_enrolled] = (flags & FLAG_ENROLLED) != 0;
}

static double survey_score(const journey_t *run, const customer_t *who)
{
    double weeks = run->at.period * run->world->set.period_weeks - who->survey_week;

    return who->n_surveys ? who->survey_score * pow(run->world->set.survey_keep, weeks) : 0;
}

static void observe_person(const journey_t *run, uint32_t row, double *raw)
{
    const customer_t *who = &run->customers[row];
    int is_silo = run->world->set.view == VIEW_SILOS;

    raw[FEATURE_knowledge] = is_silo ? run->at.K_pop[journey_firm(run, row)] : run->knowledge[row];
    raw[FEATURE_last_survey] = is_silo ? 0 : survey_score(run, who);
    raw[FEATURE_certainty_cue] = is_silo ? 0.5 : who->cue;
    raw[FEATURE_demographic] = who->demographic;
}

/* a journey that led to a visit of this firm and is still open */
static void observe_journey(const journey_t *run, uint32_t row, double *raw)
{
    uint32_t person = journey_person(run, row);

    raw[0] = raw[1] = 0;
    for (unsigned c = 0; c < run->world->n_categories; c++) {
        int32_t at = run->need_at[journey_cell(run, person, c)];

        if (at >= 0 && !run->needs[at].closed &&
            run->needs[at].known >> journey_firm(run, row) & 1) {
            double age = (run->at.period - run->needs[at].since) * run->world->set.period_weeks;

            raw[0] = 1;
            raw[1] = fmax(raw[1], log1p(age));
        }
    }
}

static void observe_categories(const journey_t *run, uint32_t row, const double *scores,
                               double *raw)
{
    for (unsigned c = 0; c < run->world->n_categories; c++) {
        int64_t last = run->relations[journey_cell(run, row, c)].last_seen;

        raw[2 * c] = scores[c];
        raw[2 * c + 1] =
            log1p(fmin((double)(run->at.period - last) * run->world->set.period_weeks, 520));
    }
}

void journey_observe(const journey_t *run, uint32_t row, float *x)
{
    const journey_world_t *world = run->world;
    double raw[MAX_FEATURES], scores[MAX_CATEGORIES];
    unsigned n = N_FEATURES;

    raw[FEATURE_one] = 1;
    raw[FEATURE_season_sine] = season_sine(run);
    observe_orders(run, row, raw);
    observe_contacts(run, row, raw);
    observe_person(run, row, raw);
    journey_detect(run, row, scores);
    raw[FEATURE_max_detector] = scores[0];
    for (unsigned c = 1; c < world->n_categories; c++) {
        raw[FEATURE_max_detector] = fmax(raw[FEATURE_max_detector], scores[c]);
    }
    if (world->set.state_visible) {
        observe_journey(run, row, raw + n);
        n += 2;
    }
    if (world->n_categories > 1) {
        observe_categories(run, row, scores, raw + n);
    }
    for (unsigned k = 0; k < world->n_features; k++) {
        x[k] = ((float)raw[k] - world->feature_center[k]) / world->feature_scale[k];
    }
}
