/*
 * The customer journey, inside: points, actions, draws, the constant world, customers, needs,
 * visits and one run.
 *
 * A row is the relation of one person to one firm. With one firm a row is a customer; with several,
 * person p has the rows p F, ..., p F + F - 1, her needs belong to the first of them, and
 * everything else (trust, satisfaction, fatigue, opt-ins, purchases) to the relation.
 */
#ifndef NB_SIM_JOURNEY_TYPES_H
#define NB_SIM_JOURNEY_TYPES_H

#include "core/dist.h"
#include "sim/environment.h"
#include "sim/journey_settings.h"

enum {
    N_CHANNELS = 3,
    N_TASTE = 4,
    N_FEATURES =
        24, /* that every scenario has; more with several categories and visible journeys */
    MAX_CATEGORIES = 4,
    MAX_FIRMS = 4,
    MAX_FEATURES = N_FEATURES + 2 + 2 * MAX_CATEGORIES,
    MAX_PRODUCTS = 64, /* of a category */
    N_PRODUCT_FEATURES = N_TASTE + 3,
    N_LATENT = 22,
    SHORTLIST_MAX = 5
};

/* decision points of a firm, in the order in which a period meets them */
enum {
    POINT_RECOGNIZE,
    POINT_DISPLAY,
    POINT_PRODUCT,
    POINT_OFFER,
    POINT_RESPOND,
    POINT_REPEAT,
    N_POINTS
};

/* actions, in index order */
enum {
    RECOGNIZE_WAIT,
    RECOGNIZE_EMAIL,
    RECOGNIZE_MESSAGE,
    RECOGNIZE_CALL,
    RECOGNIZE_COACH,
    RECOGNIZE_ASK_CONSENT,
    RECOGNIZE_SURVEY,
    RECOGNIZE_AUTO_ORDER,
    N_RECOGNIZE
};
enum { DISPLAY_CATALOGUE, DISPLAY_SHORTLIST3, DISPLAY_SHORTLIST5, DISPLAY_RECOMMEND1, N_DISPLAY };
enum {
    OFFER_NONE,
    OFFER_DEFAULT_UPSELL,
    OFFER_PERSONAL_UPSELL,
    OFFER_COMPLEMENT,
    OFFER_DISCOUNT10,
    OFFER_DISCOUNT20,
    OFFER_ONE_CLICK,
    OFFER_TRY_ON,
    OFFER_GUARANTEE30,
    OFFER_GUARANTEE100,
    N_OFFER
};
enum {
    RESPOND_STANDARD,
    RESPOND_EXPRESS,
    RESPOND_WHITE_GLOVE,
    RESPOND_SUBSTITUTE,
    RESPOND_REFUSE,
    N_RESPOND
};
enum {
    REPEAT_NOTHING,
    REPEAT_THANK_YOU,
    REPEAT_SURVEY,
    REPEAT_REWARD,
    REPEAT_ASK_REFERRAL,
    REPEAT_PAID_REFERRAL,
    REPEAT_WIN_BACK,
    REPEAT_ADJACENT,
    N_REPEAT
};

/* channels, and coaching behind them */
enum { CHANNEL_EMAIL, CHANNEL_MESSAGE, CHANNEL_CALL, COACH = N_CHANNELS };

/* the four experiences (Siggelkow & Terwiesch 2019) that an order can come from */
enum { EXPERIENCE_DESIRE, EXPERIENCE_CURATED, EXPERIENCE_COACH, EXPERIENCE_AUTO, N_EXPERIENCES };

/* purposes of draws; customers' draws are tied to events (need, send, birth), never to the order of
 * calls */
enum {
    DRAW_TRAIT,     /* luck, 0, group = trait */
    DRAW_BIRTH,     /* whole run: births of a period */
    DRAW_ARRIVAL,   /* luck, need ordinal: time to the next need, its category */
    DRAW_NEED,      /* luck, need ordinal, block = periods since it arose: lost, aware, visit,
                       checkout */
    DRAW_TARGET,    /* luck, need ordinal: what is wanted, what the ranker sees of it */
    DRAW_CERTAINTY, /* luck, need ordinal: certainty and its cue */
    DRAW_FIT,       /* luck, need ordinal, block: perceived fit of four products */
    DRAW_GUMBEL,    /* luck, need ordinal, block: Gumbels of four products */
    DRAW_OUTSIDE, /* luck, need ordinal: Gumbel of the outside option, infeasible, first product */
    DRAW_EXPERIENCE, /* luck, need ordinal: quality noise, late, return and its week */
    DRAW_CHURN,      /* luck, 0, group = firm: the dropout clock */
    DRAW_BASKET,     /* luck, need ordinal */
    DRAW_SEND,       /* luck, send ordinal, group = channel: opened, opted out */
    DRAW_TASTE,      /* luck, quarter: drift */
    DRAW_DETECTOR,   /* luck, period, group = firm */
    DRAW_CATALOGUE,
    DRAW_UPSELL, /* luck, need ordinal: accepted, keeps an automatic order, record lost */
    DRAW_SURVEY, /* luck, survey ordinal: answered, noise */
    DRAW_REPEAT, /* luck, need ordinal: referral, complementary need, adjacent */
    DRAW_HOME    /* luck, 0: the firm of an arrival */
};

/* a category of products */
typedef struct {
    float x[MAX_PRODUCTS][N_TASTE];                   /* place in taste space */
    float quality[MAX_PRODUCTS];                      /* q_j */
    float price[MAX_PRODUCTS];                        /* p_j, mean 1 */
    float margin[MAX_PRODUCTS];                       /* share of the price */
    float features[MAX_PRODUCTS][N_PRODUCT_FEATURES]; /* what a policy sees of them */
} catalogue_t;

/* what is constant for all runs of a scenario */
typedef struct {
    nb_journey_settings_t set; /* with the strength of carry-over in its coefficients */
    nb_spec_t spec;
    nb_point_t points[N_POINTS * MAX_FIRMS];
    char point_names[N_POINTS * MAX_FIRMS][16];
    const char *feature_names[MAX_FEATURES], *feature_help[MAX_FEATURES];
    float feature_center[MAX_FEATURES], feature_scale[MAX_FEATURES];
    char feature_texts[2 * MAX_CATEGORIES][2][80];
    unsigned n_features, n_products, n_categories, n_firms;
    catalogue_t catalogue[MAX_CATEGORIES];
    char product_names[MAX_PRODUCTS][12];
    const char *product_name[MAX_PRODUCTS];
    /* settings brought to one period */
    double gamma;                        /* discount per period */
    float fatigue_keep, habit_keep;      /* decay factors per period */
    float knowledge_keep, consent_gain;  /* per period */
    double need_lost, aware_self;        /* per period */
    float channel_aware[N_CHANNELS + 1]; /* P(aware | opened), coach last */
    int taste_periods;                   /* periods between steps of the taste */
    float taste_keep, taste_sd;          /* of one such step */
    int shock_period;                    /* INT32_MAX where there is none */
    double p_alive[4];                   /* BG/NBD constants of the P(alive) feature, in periods */
    double action_cost[N_RECOGNIZE];     /* of the contacts, for budgets */
} journey_world_t;

/* one row: traits that stay, state that moves. What a contact touches comes first, to share
 * cache lines; what every period scans has arrays of its own in journey_t. */
typedef struct {
    float kappa[N_CHANNELS]; /* channel taste */
    float phi;               /* contact sensitivity */
    float agency, inertia, sleeping;
    float opens[N_CHANNELS]; /* moving average of opens, seen */
    int32_t last_contact;
    uint32_t contacts; /* bit w: contacted w periods before last_contact */
    int32_t reactance_until, win_back_until;
    uint16_t sends[N_CHANNELS + 2]; /* by channel, coaching, asks for consent */
    /* what a visit and an order touch */
    float beta, risk;
    float theta[N_TASTE]; /* taste, as of taste_step */
    int32_t taste_step;
    float certainty_mean;
    float cue; /* certainty cue of the last visit */
    float expectation;
    float basket_scale; /* 1 / nu, scaled so that the population's mean basket is 1 */
    float loyalty;
    float churn_base; /* probability of dropping out at a purchase (family beta) */
    float privacy;
    uint32_t n_purchases; /* first one included */
    /* what the firm has on record: less where records are lost */
    int32_t last_seen;
    uint32_t n_seen;
    float order_sum; /* money paid, first order included */
    uint16_t n_returns, n_discounted;
    float demographic; /* seen */
    float survey_score;
    int32_t survey_week; /* of the latest answer */
    uint32_t surveys;    /* bit w: surveyed w weeks before last_survey */
    int32_t last_survey;
    uint32_t parent; /* row of the one who referred her */
    uint16_t n_surveys, n_children, n_auto;
} customer_t;

/* one row's relation to one category */
typedef struct {
    float weight; /* of her needs */
    float reference_price, permission;
    int32_t last_bought, last_seen; /* last_seen: on record */
    uint32_t n_purchases;
} relation_t;

/* bits of flags[]: what the firm knows it may do, and where she came from */
enum {
    FLAG_EMAIL = 1,
    FLAG_MESSAGE = 2,
    FLAG_CALL = 4,
    FLAG_CONSENT = 8,
    FLAG_BOOKS = 16,
    FLAG_ENROLLED = 32,
    FLAG_PLATFORM = 64,
    FLAG_REFERRED = 128
};

/* alive[]: a stranger lives but never bought from this firm */
enum { DEAD, ALIVE, STRANGER };

/* bit of contact[]: the contact of this period was opened */
enum { CONTACT_OPENED = 0x80 };

enum { NEED_LATENT, NEED_AWARE };

/* one open need */
typedef struct {
    uint32_t person; /* her first row */
    uint32_t ordinal;
    int32_t since;    /* period in which it arose */
    uint32_t luck[4]; /* this period's words: lost, notice, visit, checkout */
    uint8_t category;
    uint8_t status;  /* NEED_LATENT, NEED_AWARE */
    uint8_t closed;  /* to be swept */
    uint8_t asked;   /* whether a visit was drawn this period */
    uint8_t known;   /* bit f: it led to a visit to firm f, decisions belong to its journey */
    uint8_t coached; /* an opened coaching contact made her aware of it */
} need_t;

/* one visit on its way through a period, or an automatic order */
typedef struct {
    uint32_t i_need;   /* into needs; NO_NEED where an automatic order meets none */
    uint32_t customer; /* row */
    uint32_t ordinal;  /* of the need; of the automatic order where there is none */
    float x[N_TASTE];  /* what is wanted */
    float certainty;
    uint8_t category, display, offer, respond;
    uint8_t n_shown;
    uint8_t shown[MAX_PRODUCTS];
    uint8_t is_auto, ordered, infeasible, ended, upsold, referral;
    int16_t product;
    float discount; /* d */
    int16_t steps;
} visit_t;

#define NO_NEED 0xffffffffu

/* an order whose return window is open */
typedef struct {
    uint32_t customer;
    uint32_t journey;
    int32_t due;  /* period in which the refund is paid, or the window closes */
    float refund; /* margin given back */
    uint8_t returned, recorded;
} pending_order_t;

/* somebody who was referred and comes next period */
typedef struct {
    uint32_t parent; /* row */
    uint32_t luck;
} referred_t;

/* what one period adds up to for a firm; sums of doubles in order of rows, so that they never
 * depend on threads */
typedef struct {
    /* money: these are discounted in totals */
    double money, margin, contact_cost, discount, delivery, returns_cost, acquisition, extra;
    double founders_money; /* of the initial cohort, before acquisition */
    double surplus;        /* of customers */
    double experience_money[N_EXPERIENCES];
    /* counts */
    double n_alive, founders_alive, born, referred;
    double contacts, opens, unsubscribes, asked, consented, enrolled, surveyed, answered;
    double needs, lost_unaware, lost_aware, lost_visited, visits, outside, abandoned, infeasible;
    double refused_requests, orders, first_orders, returns, late, complaints;
    double auto_sent, auto_refused, incidents, upsells, adjacent;
    double experience_orders[N_EXPERIENCES];
    double sum_satisfaction, sum_trust, sum_fatigue, sum_knowledge;
} period_sums_t;

enum { N_MONEY_SUMS = 10 + N_EXPERIENCES }; /* leading fields of period_sums_t that are money */

enum { N_AGES = 3, MAX_COHORTS = 16, N_SEGMENTS = 3 };

/* what a yearly cohort adds up to */
typedef struct {
    double born;
    double money;       /* discounted to the cohort's births, acquisition left out */
    double age[N_AGES]; /* the same up to ages of 52, 104, 156 weeks */
    double orders;
} cohort_t;

/* what a segment of the initial customers adds up to; orders and who is alive until the horizon */
typedef struct {
    double n, value, surplus, orders, alive;
} segment_sums_t;

/* stages of a period, numbered as a firm's points */
enum {
    STAGE_RECOGNIZE,
    STAGE_DISPLAY,
    STAGE_PRODUCT,
    STAGE_OFFER,
    STAGE_RESPOND,
    STAGE_REPEAT,
    STAGE_DONE
};

/* arrays with one item a row: type, name */
#define JOURNEY_ROWS(X)                                                                            \
    X(customer_t, customers)                                                                       \
    X(uint32_t, luck)       /* identity in random streams */                                       \
    X(int32_t, birth)       /* period; a stranger's is that of her first row */                    \
    X(int32_t, last_active) /* latest open, visit or purchase */                                   \
    X(int32_t, last_purchase)                                                                      \
    X(int32_t, auto_pause_until) /* no automatic orders before this period */                      \
    X(float, fatigue)                                                                              \
    X(float, habit)                                                                                \
    X(float, satisfaction)                                                                         \
    X(float, trust)                                                                                \
    X(float, knowledge) /* K, what the firm knows of her taste */                                  \
    X(float, sociability)                                                                          \
    X(float, clock)           /* what is left of the Exp(1) dropout clock */                       \
    X(float, hazard)          /* weekly hazard of one period without fatigue */                    \
    X(float, rate)            /* needs per period, of her first row */                             \
    X(uint32_t, need_ordinal) /* of the latest need that arose, of her first row */                \
    X(double, next_need)      /* cumulative need-time of her next need, of her first row */        \
    X(double, value)          /* money so far, discounted, before acquisition */                   \
    X(double, brought)        /* money so far of those whom she referred, discounted */            \
    X(float, surplus)         /* the customer's own, discounted */                                 \
    X(uint8_t, alive)         /* DEAD, ALIVE, STRANGER */                                          \
    X(uint8_t, flags)         /* FLAG_* */                                                         \
    X(uint8_t, segment)                                                                            \
    X(uint8_t, in_round) /* a visit of this round is hers; of her first row */                     \
    X(uint8_t, contact)  /* this period: 1 + channel (coach: 1 + N_CHANNELS), 0 none, |            \
                            CONTACT_OPENED */                                                      \
    X(uint32_t, books)   /* [n_books] rows on the books, ascending by firm */

/* arrays with one item a row and category */
#define JOURNEY_CELLS(X)                                                                           \
    X(relation_t, relations)                                                                       \
    X(int32_t, need_at) /* her latest open need, -1 none; of her first row */                      \
    X(uint16_t, n_open) /* open needs; of her first row */

/* lists that grow: type, name, number of items, capacity */
#define JOURNEY_LISTS(X)                                                                           \
    X(need_t, needs, n_needs, needs_capacity)                                                      \
    X(visit_t, visits, n_visits, visits_capacity)                                                  \
    X(uint32_t, rows, n_rows, rows_capacity) /* visits, or customers, waiting at a point */        \
    X(pending_order_t, pending, n_pending, pending_capacity)                                       \
    X(referred_t, referred, n_referred, referred_capacity)                                         \
    X(nb_event_t, events, n_events, events_capacity)                                               \
    X(uint32_t, log_customer, n_log, log_customer_capacity)                                        \
    X(int32_t, log_period, n_log, log_period_capacity)                                             \
    X(double, log_spend, n_log, log_spend_capacity)

/* what else changes in a run */
typedef struct {
    int32_t period;
    int32_t in_tail;
    uint64_t n, n_founders; /* rows */
    uint64_t events_taken;
    double discount; /* gamma^period, 0 before period 0 */
    double K_pop[MAX_FIRMS];
    double bad_word[MAX_FIRMS]; /* mean of bad word of mouth over the living */
    double taught[MAX_FIRMS];   /* purchases of the period that the firm can learn from */
    double living[MAX_FIRMS];   /* customers, at the end of the period before */
    /* where the period stands */
    int32_t stage;
    uint32_t firm, round, i_group, slate, category; /* i_group: which slate length and category */
    int32_t more_rounds;                            /* somebody has another visit waiting */
    int32_t acted;                                  /* a batch of the present point was acted on */
    uint64_t cursor;                                /* next row of the present point */
    uint64_t books_begin[MAX_FIRMS + 1];
    /* results */
    period_sums_t sums[MAX_FIRMS];                     /* of the present period */
    period_sums_t horizon[MAX_FIRMS], tail[MAX_FIRMS]; /* totals; money discounted */
    cohort_t cohorts[MAX_COHORTS];
    double referred_money, organic_money, referred_born, organic_born; /* up to age 156 weeks */
    double segment_orders[N_SEGMENTS]; /* of the initial customers, until the horizon */
    /* as they stood at the horizon */
    double segment_alive[N_SEGMENTS], K_horizon[MAX_FIRMS];
    int32_t n_tail; /* periods of the tail so far */
} journey_state_t;

typedef struct {
    const journey_world_t *world;
    nb_run_spec_t spec;
    unsigned needs_of[N_POINTS * MAX_FIRMS]; /* NB_NEED_* */
    int first_period;
    journey_state_t at;
    size_t capacity; /* rows */
#define JOURNEY_FIELD(type, name) type *name;
    JOURNEY_ROWS(JOURNEY_FIELD)
    JOURNEY_CELLS(JOURNEY_FIELD)
#undef JOURNEY_FIELD
#define JOURNEY_FIELD(type, name, n, capacity_of) type *name;
    JOURNEY_LISTS(JOURNEY_FIELD)
#undef JOURNEY_FIELD
    size_t n_needs, n_visits, n_rows, n_pending, n_referred, n_events, n_log;
    size_t needs_capacity, visits_capacity, rows_capacity, pending_capacity, referred_capacity,
        events_capacity, log_customer_capacity, log_period_capacity, log_spend_capacity;
    double *season_time; /* cumulative season at the end of each period, from the first period on */
    double *discounts;   /* [ages] gamma^age */
    size_t n_steps;
    /* storage of the present batch */
    uint32_t *batch_customer, *batch_luck, *batch_journey;
    int32_t *batch_tenure;
    uint64_t *batch_mask;
    float *batch_x, *batch_prior;
    const uint32_t *batch_rows;
    nb_oracle_t oracle;
    double action_capacity[N_RECOGNIZE]; /* times that each contact can be made a period */
    /* results, filled on call or period by period */
    size_t n_scalars, n_series;
    double *series;
    double *scalars, *by_segment, *by_cohort;
    nb_metric_t *metrics, *series_metrics; /* [n] with those of every firm behind */
    char (*metric_names)[24];
} journey_t;

#endif
