/*
 * What a policy sees of a customer: 24 features, standardized by constants, and which actions are
 * allowed. Nothing here reads what the firm cannot know, except through the noisy signals named.
 */
#include "sim/journey.h"

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
    X(enrolled, 0.5, 0.5, "1 where automatic orders run; always 0 as yet") \
    X(returns_share, 0.15, 0.25, "returns an order") \
    X(knowledge, 0.3, 0.2, "K, what the firm knows of tastes") \
    X(last_survey, 0, 1, "latest answer to a survey; always 0 as yet") \
    X(max_detector, 0.5, 1.2, "score of the need detector") \
    X(certainty_cue, 0.5, 0.35, "certainty as seen at the last visit") \
    X(demographic, 0, 1, "noisy demographic") \
    X(season_sine, 0, 0.7, "sin(2 pi t / 52)") \
    X(discount_share, 0.1, 0.25, "discounted orders an order")
/* clang-format on */

const char *const journey_feature_names[N_FEATURES] = {
#define ITEM(name, center, scale, help) #name,
    FEATURES(ITEM)
#undef ITEM
};

const char *const journey_feature_help[N_FEATURES] = {
#define ITEM(name, center, scale, help) "(" help " - " #center ") / " #scale,
    FEATURES(ITEM)
#undef ITEM
};

static const float centers[N_FEATURES] = {
#define ITEM(name, center, scale, help) center,
    FEATURES(ITEM)
#undef ITEM
};
static const float scales[N_FEATURES] = {
#define ITEM(name, center, scale, help) scale,
    FEATURES(ITEM)
#undef ITEM
};

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

/* detector score ~ N(4 K_e [need open], 1), one draw a customer and period */
static double detector(const journey_t *run, uint32_t i)
{
    double K = run->world->set.knowledge_population;
    double known = run->flags[i] & FLAG_CONSENT ? K : K / 2;
    uint32_t words[4];
    double z[2];

    nb_rng_block(run->spec.key, draw_at(run->luck[i], (uint32_t)run->period, DRAW_DETECTOR, 0, 0),
                 words);
    nb_rng_normal_pair(words[0], words[1], z);
    return 4 * known * (run->n_open[i] > 0) + z[0];
}

static int count_contacts(const journey_t *run, const customer_t *who)
{
    int shift = run->period - who->last_contact;
    int window = periods_of(run->world, 4);
    uint32_t bits = shift < 32 ? who->contacts << shift : 0;

    return __builtin_popcount(window < 32 ? bits & ((1u << window) - 1) : bits);
}

/* season of the calendar, known to everybody */
static double season_sine(const journey_t *run)
{
    return sin(6.283185307179586 * run->period * run->world->set.period_weeks / 52);
}

void journey_observe(const journey_t *run, uint32_t i, float *x)
{
    const journey_world_t *world = run->world;
    const customer_t *who = &run->customers[i];
    double h = world->set.period_weeks;
    double tenure = run->period - run->birth[i], last = who->last_purchase - run->birth[i];
    double orders = who->n_purchases;
    unsigned flags = run->flags[i];
    const double raw[N_FEATURES] = {
        1,
        log1p(tenure * h),
        log1p((tenure - last) * h),
        log1p(orders - 1),
        log1p(who->order_sum / orders),
        p_alive(world->p_alive, orders - 1, last, tenure),
        who->opens[0],
        who->opens[1],
        who->opens[2],
        count_contacts(run, who),
        fmin((run->period - who->last_contact) * h, 26),
        (flags & FLAG_EMAIL) != 0,
        (flags & FLAG_MESSAGE) != 0,
        (flags & FLAG_CALL) != 0,
        (flags & FLAG_CONSENT) != 0,
        0, /* nobody can enroll while automatic orders are not offered */
        who->n_returns / orders,
        world->set.knowledge_population,
        0, /* no survey can be sent yet */
        detector(run, i),
        who->cue,
        who->demographic,
        season_sine(run),
        who->n_discounted / orders,
    };

    for (unsigned k = 0; k < N_FEATURES; k++) {
        x[k] = ((float)raw[k] - centers[k]) / scales[k];
    }
}

/* a guardrail of the scenario: calls only where the detector and past orders speak for them */
static int may_call(const journey_t *run, uint32_t i)
{
    const nb_journey_settings_t *set = &run->world->set;
    const customer_t *who = &run->customers[i];

    if (set->guardrail_spend > 0 && who->order_sum < set->guardrail_spend * who->n_purchases) {
        return 0;
    }
    return set->guardrail_detector <= -50 || detector(run, i) >= set->guardrail_detector;
}

static uint64_t recognize_mask(const journey_t *run, uint32_t i)
{
    unsigned flags = run->flags[i];
    uint64_t mask = 1u << RECOGNIZE_WAIT;

    mask |= flags & FLAG_EMAIL ? 1u << RECOGNIZE_EMAIL : 0;
    mask |= flags & FLAG_MESSAGE ? 1u << RECOGNIZE_MESSAGE : 0;
    mask |= (flags & FLAG_CALL) && may_call(run, i) ? 1u << RECOGNIZE_CALL : 0;
    if ((flags & FLAG_CONSENT) && (flags & (FLAG_EMAIL | FLAG_MESSAGE))) {
        mask |= 1u << RECOGNIZE_COACH;
    }
    return mask;
}

static uint64_t offer_mask(unsigned flags)
{
    uint64_t mask = 1u << OFFER_NONE | 1u << OFFER_DISCOUNT10 | 1u << OFFER_DISCOUNT20 |
                    1u << OFFER_GUARANTEE30;

    return flags & FLAG_CONSENT ? mask | 1u << OFFER_ONE_CLICK : mask;
}

uint64_t journey_mask(const journey_t *run, unsigned point, uint32_t customer, const visit_t *visit)
{
    uint64_t mask = 1u << REPEAT_NOTHING | 1u << REPEAT_WIN_BACK;

    switch (point) {
    case POINT_RECOGNIZE:
        return recognize_mask(run, customer);
    case POINT_DISPLAY:
        return (1u << N_DISPLAY) - 1;
    case POINT_PRODUCT:
        return run->world->n_products == 64 ? ~(uint64_t)0
                                            : ((uint64_t)1 << run->world->n_products) - 1;
    case POINT_OFFER:
        return offer_mask(run->flags[customer]);
    case POINT_RESPOND:
        return 1u << RESPOND_STANDARD | 1u << RESPOND_EXPRESS;
    default:
        if (visit && visit->ordered) {
            mask |= 1u << REPEAT_THANK_YOU | 1u << REPEAT_REWARD;
        }
        return mask;
    }
}
