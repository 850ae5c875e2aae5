/*
 * The customer journey, inside: settings, the constant world, customers, needs, visits and one run.
 *
 * One firm and its customers, period by period through recognize, request, respond, repeat
 * (Siggelkow & Terwiesch 2019, Connected Strategy). docs/model.md gives the equations in this
 * order. Files: journey_settings (the numbers), journey_world, journey_population (births),
 * journey_period (decay, needs), journey_recognize, journey_request, journey_choice,
 * journey_respond, journey_repeat, journey_observe (what a policy sees), journey_batch (the order
 * of decisions), journey_metrics, journey_oracle.
 */
#ifndef NB_SIM_JOURNEY_H
#define NB_SIM_JOURNEY_H

#include <math.h>

#include "core/dist.h"
#include "sim/environment.h"
#include "sim/journey_settings.h"

enum { N_CHANNELS = 3, N_TASTE = 4, N_FEATURES = 24, MAX_PRODUCTS = 64, SHORTLIST_MAX = 5 };

/* decision points, in the order in which a period meets them */
enum {
    POINT_RECOGNIZE,
    POINT_DISPLAY,
    POINT_PRODUCT,
    POINT_OFFER,
    POINT_RESPOND,
    POINT_REPEAT,
    N_POINTS
};

/* actions, in index order; the lists are complete, what is not built yet is masked */
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

/* purposes of draws; customers' draws are tied to events (need, send, birth), never to the order of
 * calls */
enum {
    DRAW_TRAIT,   /* luck, 0, group = trait */
    DRAW_BIRTH,   /* whole run: births of a period */
    DRAW_ARRIVAL, /* luck, need ordinal: time to the next need */
    DRAW_NEED,   /* luck, need ordinal, block = periods since it arose: lost, aware, visit, checkout
                  */
    DRAW_TARGET, /* luck, need ordinal: what is wanted, what the ranker sees of it */
    DRAW_CERTAINTY, /* luck, need ordinal: certainty and its cue */
    DRAW_FIT,       /* luck, need ordinal, block: perceived fit of four products */
    DRAW_GUMBEL,    /* luck, need ordinal, block: Gumbels of four products */
    DRAW_OUTSIDE, /* luck, need ordinal: Gumbel of the outside option, infeasible, first product */
    DRAW_EXPERIENCE, /* luck, need ordinal: quality noise, late, return and its week */
    DRAW_CHURN,      /* luck, 0: the dropout clock */
    DRAW_BASKET,     /* luck, need ordinal */
    DRAW_SEND,       /* luck, send ordinal, group = channel: opened, opted out */
    DRAW_TASTE,      /* luck, quarter: drift */
    DRAW_DETECTOR,   /* luck, period */
    DRAW_CATALOGUE
};

/* what is constant for all runs of a scenario */
typedef struct {
    nb_journey_settings_t set;
    nb_spec_t spec;
    nb_point_t points[N_POINTS];
    unsigned n_products;
    float product_x[MAX_PRODUCTS][N_TASTE]; /* place in taste space */
    float quality[MAX_PRODUCTS];            /* q_j */
    float price[MAX_PRODUCTS];              /* p_j, mean 1 */
    float margin[MAX_PRODUCTS];             /* share of the price */
    char product_names[MAX_PRODUCTS][12];
    const char *product_name[MAX_PRODUCTS];
    /* settings brought to one period */
    double gamma;                        /* discount per period */
    float fatigue_keep, habit_keep;      /* decay factors per period */
    double need_lost, aware_self;        /* per period */
    float channel_aware[N_CHANNELS + 1]; /* P(aware | opened), coach last */
    int taste_periods;                   /* periods between steps of the taste */
    float taste_keep, taste_sd;          /* of one such step */
    double p_alive[4];                   /* BG/NBD constants of the P(alive) feature, in periods */
} journey_world_t;

/* one customer: traits that stay, state that moves. What a contact touches comes first, to share
 * cache lines; what every period scans has arrays of its own in journey_t. */
typedef struct {
    float kappa[N_CHANNELS]; /* channel taste */
    float phi;               /* contact sensitivity */
    float agency, inertia, sleeping;
    float opens[N_CHANNELS]; /* moving average of opens, seen */
    int32_t last_contact;
    uint32_t contacts; /* bit w: contacted w periods before last_contact */
    int32_t reactance_until, win_back_until;
    uint16_t sends[N_CHANNELS + 1];
    /* what a visit and an order touch */
    float beta, risk;
    float theta[N_TASTE]; /* taste, as of taste_step */
    int32_t taste_step;
    float certainty_mean;
    float cue; /* certainty cue of the last visit */
    float reference_price;
    float expectation;
    float basket_scale; /* 1 / nu, scaled so that the population's mean basket is 1 */
    float loyalty;
    float churn_base; /* probability of dropping out at a purchase (family beta) */
    int32_t last_purchase;
    uint32_t n_purchases; /* first one included */
    float order_sum;      /* money paid, first order included */
    uint16_t n_returns, n_discounted;
    float demographic; /* seen */
} customer_t;

/* bits of flags[]: what the firm knows it may do */
enum { FLAG_EMAIL = 1, FLAG_MESSAGE = 2, FLAG_CALL = 4, FLAG_CONSENT = 8, FLAG_BOOKS = 16 };

/* bit of contact[]: the contact of this period was opened */
enum { CONTACT_OPENED = 0x80 };

enum { NEED_LATENT, NEED_AWARE };

/* one open need */
typedef struct {
    uint32_t customer;
    uint32_t ordinal;
    int32_t since;    /* period in which it arose */
    uint32_t luck[4]; /* this period's words: lost, notice, visit, checkout */
    uint8_t status;   /* NEED_LATENT, NEED_AWARE */
    uint8_t closed;   /* to be swept */
    uint8_t asked;    /* whether a visit was drawn this period */
    uint8_t is_known; /* it led to a visit: decisions belong to its journey */
} need_t;

/* one visit on its way through a period */
typedef struct {
    uint32_t i_need; /* into needs */
    uint32_t customer;
    uint32_t ordinal;
    float x[N_TASTE]; /* what is wanted */
    float certainty;
    uint8_t display, offer, respond;
    uint8_t n_shown;
    uint8_t shown[MAX_PRODUCTS];
    uint8_t ordered, infeasible, ended;
    int16_t product;
    float discount; /* d */
    int16_t steps;
} visit_t;

/* an order whose return window is open */
typedef struct {
    uint32_t customer;
    uint32_t journey;
    int32_t due;  /* period in which the refund is paid, or the window closes */
    float refund; /* margin given back */
    uint8_t returned;
} pending_order_t;

/* what one period adds up to; sums of doubles in order of rows, so that they never depend on
 * threads */
typedef struct {
    /* money: these are discounted in totals */
    double money, margin, contact_cost, discount, delivery, returns_cost, acquisition, extra;
    double founders_money; /* of the initial cohort, before acquisition */
    /* counts */
    double n_alive, n_books, founders_alive, born;
    double contacts, opens, unsubscribes, needs, lost, visits, outside, abandoned;
    double orders, first_orders, returns, late, complaints;
    double sum_satisfaction, sum_trust, sum_fatigue;
} period_sums_t;

enum { N_MONEY_SUMS = 9 }; /* leading fields of period_sums_t that are money */

/* stages of a period, the first ones numbered as the points */
enum {
    STAGE_RECOGNIZE,
    STAGE_DISPLAY,
    STAGE_PRODUCT,
    STAGE_OFFER,
    STAGE_RESPOND,
    STAGE_REPEAT,
    STAGE_DONE
};

typedef struct {
    const journey_world_t *world;
    nb_run_spec_t spec;
    unsigned needs_of[N_POINTS]; /* NB_NEED_* */
    int period;
    int in_tail;
    size_t n, capacity; /* customers */
    size_t n_founders;
    customer_t *customers;
    /* what every period scans or meets often, one array each */
    uint32_t *luck;
    int32_t *birth;       /* period */
    int32_t *last_active; /* latest open, visit or purchase */
    float *fatigue, *habit, *satisfaction, *trust, *sociability;
    float *clock;           /* what is left of the customer's Exp(1) dropout clock */
    float *hazard;          /* weekly hazard of one period without fatigue */
    float *rate;            /* needs per period */
    uint32_t *need_ordinal; /* of the latest need that arose */
    double *next_need;      /* cumulative need-time at which the next need arises */
    uint8_t *alive;
    uint16_t *n_open;  /* open needs */
    uint8_t *flags;    /* FLAG_* */
    uint8_t *in_round; /* a visit of this round is hers */
    uint8_t
        *contact; /* this period: 1 + channel (coach: 1 + N_CHANNELS), 0 none, | CONTACT_OPENED */
    int32_t *need_at; /* her latest open need, -1 none */
    uint32_t *books;  /* rows on the books, ascending */
    size_t n_books;
    need_t *needs;
    size_t n_needs, needs_capacity;
    visit_t *visits;
    size_t n_visits, visits_capacity;
    uint32_t *rows; /* visits, or customers, waiting at the present point */
    size_t n_rows, rows_capacity;
    pending_order_t *pending;
    size_t n_pending, pending_capacity;
    nb_event_t *events;
    size_t n_events, events_capacity;
    size_t events_taken;
    /* where the period stands */
    int stage;
    unsigned round;
    int more_rounds; /* somebody has another visit waiting */
    size_t cursor;
    unsigned i_slate, slate;
    /* storage of the present batch */
    uint32_t *batch_customer, *batch_luck, *batch_journey;
    int32_t *batch_tenure;
    uint64_t *batch_mask;
    float *batch_x, *batch_prior;
    const uint32_t *batch_rows;
    nb_oracle_t oracle;
    double *season_time; /* cumulative season at the end of each period, from the first period on */
    int first_period;
    /* results */
    period_sums_t sums;          /* of the present period */
    period_sums_t horizon, tail; /* totals; money discounted */
    int n_tail;                  /* periods of the tail so far */
    double *series;
    double *scalars;
    double bad_word; /* mean of bad word of mouth over the living */
    uint32_t *log_customer;
    int32_t *log_period;
    double *log_spend;
    size_t n_log, log_capacity;
} journey_t;

/* logistic function */
static inline double logistic(double v)
{
    return 1.0 / (1.0 + exp(-v));
}

static inline float clip(float v, float low, float high)
{
    return v < low ? low : v > high ? high : v;
}

static inline nb_counter_t draw_at(uint32_t luck, uint32_t ordinal, unsigned purpose,
                                   unsigned group, uint32_t block)
{
    return (nb_counter_t){luck, ordinal, (uint16_t)purpose, (uint16_t)group, block};
}

/* periods in `weeks`, at least one */
static inline int periods_of(const journey_world_t *world, double weeks)
{
    int n = (int)floor(weeks / world->set.period_weeks + 0.5);

    return n < 1 ? 1 : n;
}

/* fatigue above the threshold from which it drives customers away */
static inline double journey_excess_fatigue(const journey_t *run, uint32_t customer)
{
    double excess = run->fatigue[customer] - run->world->set.fatigue_threshold;

    return excess > 0 ? excess : 0;
}

/* room for one more item in an array of the run that grows by half */
#define JOURNEY_MORE(run, array, n, capacity_of)                                                   \
    do {                                                                                           \
        if ((run)->n == (run)->capacity_of) {                                                      \
            size_t wider_ = (run)->capacity_of + (run)->capacity_of / 2 + 64;                      \
            NB_TRY(nb_grow(&(run)->array, (run)->capacity_of, wider_, sizeof *(run)->array));      \
            (run)->capacity_of = wider_;                                                           \
        }                                                                                          \
    } while (0)

/* journey_population.c */
int journey_start(journey_t *run) NB_MUST_CHECK;
int journey_begin_births(journey_t *run) NB_MUST_CHECK;
void journey_free(void *run);

/* journey_period.c */
int journey_begin_period(void *run, int period) NB_MUST_CHECK;
int journey_end_period(void *run) NB_MUST_CHECK;
int journey_emit(journey_t *run, nb_event_t event) NB_MUST_CHECK;
int journey_pay(journey_t *run, uint32_t customer, uint32_t journey, double money,
                nb_cause_t cause) NB_MUST_CHECK;
void journey_add_hazard(journey_t *run, uint32_t customer, double probability);
int journey_end_journey(journey_t *run, uint32_t customer, uint32_t ordinal) NB_MUST_CHECK;
void journey_close_need(journey_t *run, need_t *need);

/* journey_recognize.c */
int journey_act_recognize(journey_t *run, const nb_batch_t *batch,
                          const int32_t *action) NB_MUST_CHECK;
double journey_p_open(const journey_t *run, uint32_t customer, unsigned channel);
double journey_p_aware(const journey_world_t *world, unsigned contact, double p_open);
double journey_p_visit(const journey_t *run, uint32_t customer, int coach_opened);
unsigned journey_coach_channel(const journey_t *run, uint32_t customer);
int journey_collect_visits(journey_t *run) NB_MUST_CHECK;

/* journey_request.c */
int journey_begin_visit(journey_t *run, visit_t *visit) NB_MUST_CHECK;
void journey_rank(const journey_t *run, const visit_t *visit, float *score);
void journey_show(const journey_t *run, visit_t *visit);
void journey_show_top(const journey_t *run, visit_t *visit, unsigned k);
unsigned journey_slate_of(const visit_t *visit);
void journey_apply_offer(const journey_t *run, visit_t *visit, unsigned offer);
void journey_choose(journey_t *run, visit_t *visit, int has_outside);
int journey_choose_and_check_out(journey_t *run, visit_t *visit) NB_MUST_CHECK;
double journey_p_checkout(const journey_t *run, const visit_t *visit);

/* journey_choice.c */
void journey_target(journey_t *run, uint32_t customer, uint32_t ordinal, float *x,
                    float *certainty);
float journey_distance(const journey_world_t *world, const float *x, unsigned product);
void journey_product_words(const journey_t *run, const visit_t *visit, unsigned purpose,
                           uint32_t *words);
double journey_sigma_u(const journey_world_t *world);
float journey_fit(const journey_t *run, const visit_t *visit, unsigned product);
void journey_utilities(const journey_t *run, const visit_t *visit, double *utility);

/* journey_conversion.c */
double journey_conversion(journey_t *run, uint32_t customer);

/* journey_respond.c */
int journey_fulfil(journey_t *run, visit_t *visit, unsigned respond) NB_MUST_CHECK;
int journey_first_purchase(journey_t *run, uint32_t customer) NB_MUST_CHECK;
int journey_close_orders(journey_t *run) NB_MUST_CHECK;
void journey_churn_at_purchase(journey_t *run, uint32_t customer);

/* journey_repeat.c */
#define ROW_IS_CUSTOMER 0x80000000u /* a repeat row without a visit: a dormant customer */
int journey_collect_repeat(journey_t *run) NB_MUST_CHECK;
int journey_act_repeat(journey_t *run, uint32_t customer, uint32_t journey,
                       unsigned action) NB_MUST_CHECK;

/* journey_observe.c */
extern const char *const journey_feature_names[N_FEATURES];
extern const char *const journey_feature_help[N_FEATURES];
void journey_observe(const journey_t *run, uint32_t customer, float *x);
uint64_t journey_mask(const journey_t *run, unsigned point, uint32_t customer,
                      const visit_t *visit);

/* journey_batch.c */
visit_t *journey_visit_of(const journey_t *run, uint32_t row);
int journey_next_batch(void *run, nb_batch_t *batch) NB_MUST_CHECK;
int journey_act(void *run, const nb_batch_t *batch, const nb_choice_t *choice) NB_MUST_CHECK;

/* journey_metrics.c */
int journey_storage(journey_t *run) NB_MUST_CHECK;
void journey_record(journey_t *run);
int journey_result(void *run, nb_result_t *out) NB_MUST_CHECK;

/* journey_oracle.c */
int journey_expected_reward(void *run, const nb_batch_t *batch, double *out) NB_MUST_CHECK;

/* journey_archive.c */
int journey_archive(void *run, nb_archive_t *archive) NB_MUST_CHECK;

/* journey_world.c */
extern const nb_environment_type_t nb_environment_journey;

#endif
