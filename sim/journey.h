/*
 * The customer journey, inside: what its files share.
 *
 * Firms and their customers, period by period through recognize, request, respond, repeat
 * (Siggelkow & Terwiesch 2019, Connected Strategy). docs/model.md gives the equations in this
 * order. Files: journey_settings (the numbers), journey_check, journey_catalogue, journey_world
 * (what is constant), journey_run (storage), journey_population and journey_births, journey_period
 * and journey_needs (the frame of a period), journey_recognize, journey_contact, journey_auto,
 * journey_visit, journey_request, journey_choice, journey_conversion, journey_offer,
 * journey_respond, journey_orders, journey_repeat, journey_referral, journey_knowledge,
 * journey_observe and journey_mask (what a policy sees and may do), journey_batch (the order of
 * decisions), journey_metrics, journey_results, journey_groups, journey_oracle, journey_latent.
 */
#ifndef NB_SIM_JOURNEY_H
#define NB_SIM_JOURNEY_H

#include <math.h>

#include "sim/journey_types.h"

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

/* her first row, which carries her needs */
static inline uint32_t journey_person(const journey_t *run, uint32_t row)
{
    unsigned n_firms = run->world->n_firms;

    return n_firms == 1 ? row : row - row % n_firms;
}

static inline unsigned journey_firm(const journey_t *run, uint32_t row)
{
    unsigned n_firms = run->world->n_firms;

    return n_firms == 1 ? 0 : row % n_firms;
}

static inline period_sums_t *journey_sums(journey_t *run, uint32_t row)
{
    return &run->at.sums[journey_firm(run, row)];
}

/* index of a row's cell of a category */
static inline size_t journey_cell(const journey_t *run, uint32_t row, unsigned category)
{
    return (size_t)row * run->world->n_categories + category;
}

static inline int journey_has_need_in(const journey_t *run, uint32_t row, unsigned category)
{
    return run->n_open[journey_cell(run, journey_person(run, row), category)] > 0;
}

static inline int journey_has_need(const journey_t *run, uint32_t row)
{
    for (unsigned c = 0; c < run->world->n_categories; c++) {
        if (journey_has_need_in(run, row, c)) {
            return 1;
        }
    }
    return 0;
}

/* fatigue above the threshold from which it drives customers away */
static inline double journey_excess_fatigue(const journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;
    double excess = set->carry_fatigue * run->fatigue[row] - set->fatigue_threshold;

    return excess > 0 ? excess : 0;
}

/* 1 from the shock on */
static inline int journey_is_shocked(const journey_t *run)
{
    return run->at.period >= run->world->shock_period;
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

/* journey_check.c */
int journey_check(const nb_journey_settings_t *set) NB_MUST_CHECK;
void journey_carry_over(nb_journey_settings_t *set);

/* journey_catalogue.c */
void journey_make_catalogues(journey_world_t *world);

/* journey_run.c */
int journey_init(void **out, const void *world, const nb_run_spec_t *spec) NB_MUST_CHECK;
int journey_reserve(journey_t *run, size_t rows) NB_MUST_CHECK;
int journey_archive(void *run, nb_archive_t *archive) NB_MUST_CHECK;
void journey_free(void *run);

/* journey_population.c */
int journey_add_person(journey_t *run, uint32_t luck, int period, uint32_t parent) NB_MUST_CHECK;
void journey_set_newborn_state(journey_t *run, uint32_t person, int period);
void journey_become_customer(journey_t *run, uint32_t row);
#define NO_PARENT 0xffffffffu

/* journey_births.c */
int journey_start(journey_t *run) NB_MUST_CHECK;
int journey_begin_births(journey_t *run) NB_MUST_CHECK;

/* journey_period.c */
int journey_begin_period(void *run, int period) NB_MUST_CHECK;
int journey_end_period(void *run) NB_MUST_CHECK;
int journey_emit(journey_t *run, nb_event_t event) NB_MUST_CHECK;
int journey_signal(journey_t *run, uint32_t row, uint32_t journey, unsigned signals) NB_MUST_CHECK;
int journey_pay(journey_t *run, uint32_t row, uint32_t journey, double money,
                nb_cause_t cause) NB_MUST_CHECK;
void journey_please(journey_t *run, uint32_t row, double surplus);
void journey_add_hazard(journey_t *run, uint32_t row, double probability);
int journey_end_journey(journey_t *run, uint32_t row, uint32_t ordinal) NB_MUST_CHECK;

/* journey_needs.c */
int journey_settle_need(journey_t *run, need_t *need, uint32_t row) NB_MUST_CHECK;
int journey_lose_needs(journey_t *run) NB_MUST_CHECK;
int journey_raise_needs(journey_t *run) NB_MUST_CHECK;
int journey_raise_need(journey_t *run, uint32_t person, unsigned category) NB_MUST_CHECK;
unsigned journey_complement(const journey_t *run, unsigned category);

/* journey_recognize.c */
int journey_act_recognize(journey_t *run, const nb_batch_t *batch,
                          const int32_t *action) NB_MUST_CHECK;

/* journey_contact.c */
double journey_p_open(const journey_t *run, uint32_t row, unsigned channel);
unsigned journey_coach_channel(const journey_t *run, uint32_t row);
int journey_contact(journey_t *run, uint32_t row, unsigned contact) NB_MUST_CHECK;
int journey_ask_consent(journey_t *run, uint32_t row) NB_MUST_CHECK;
double journey_p_consent(const journey_t *run, uint32_t row);
double journey_p_enroll(const journey_t *run, uint32_t row);
int journey_survey(journey_t *run, uint32_t row, int is_contact) NB_MUST_CHECK;
void journey_tire(journey_t *run, uint32_t row, double weight);
void journey_rest(journey_t *run, uint32_t row);
void journey_lower_trust(journey_t *run, uint32_t row, double by);
void journey_raise_satisfaction(journey_t *run, uint32_t row, double by);

/* journey_auto.c */
void journey_plan_auto(journey_t *run, uint32_t row, visit_t *visit);
int journey_send_auto(journey_t *run, uint32_t row) NB_MUST_CHECK;
double journey_p_keep(const journey_t *run, const visit_t *visit);
int journey_incident(journey_t *run, visit_t *visit) NB_MUST_CHECK;
int journey_refuse_auto(journey_t *run, visit_t *visit) NB_MUST_CHECK;
double journey_incident_cost(const journey_t *run, const visit_t *visit);

/* journey_visit.c */
double journey_p_aware(const journey_world_t *world, unsigned contact, double p_open);
double journey_visit_utility(const journey_t *run, uint32_t row, int coach_opened);
double journey_p_visit(const journey_t *run, uint32_t row, int coach_opened);
int journey_collect_visits(journey_t *run) NB_MUST_CHECK;

/* journey_request.c */
void journey_open_visit(journey_t *run, visit_t *visit);
int journey_begin_visit(journey_t *run, visit_t *visit) NB_MUST_CHECK;
void journey_rank(const journey_t *run, const visit_t *visit, float *score);
void journey_show(const journey_t *run, visit_t *visit);
unsigned journey_slate_of(const visit_t *visit);
void journey_choose(journey_t *run, visit_t *visit, int has_outside);
int journey_choose_and_check_out(journey_t *run, visit_t *visit) NB_MUST_CHECK;
double journey_p_checkout(const journey_t *run, const visit_t *visit);

/* journey_offer.c */
void journey_apply_offer(const journey_t *run, visit_t *visit, unsigned offer);
int journey_is_upsell(unsigned offer);
unsigned journey_upsell_category(const journey_t *run, const visit_t *visit);
double journey_p_upsell(const journey_t *run, const visit_t *visit);
int journey_try_upsell(journey_t *run, visit_t *visit) NB_MUST_CHECK;
double journey_risk(const journey_t *run, const visit_t *visit);
double journey_return_days(const visit_t *visit);

/* journey_choice.c */
void journey_target(journey_t *run, uint32_t row, uint32_t ordinal, unsigned category, float *x,
                    float *certainty);
void journey_taste(journey_t *run, uint32_t row, float *x);
float journey_distance(const catalogue_t *catalogue, const float *x, unsigned product);
void journey_product_words(const journey_t *run, const visit_t *visit, unsigned purpose,
                           uint32_t *words);
double journey_sigma_u(const journey_t *run, const visit_t *visit);
float journey_fit(const journey_t *run, const visit_t *visit, unsigned product);
void journey_utilities(const journey_t *run, const visit_t *visit, double *utility);
double journey_outside(const journey_t *run);

/* journey_conversion.c */
double journey_conversion(journey_t *run, uint32_t row);

/* journey_respond.c */
int journey_fulfil(journey_t *run, visit_t *visit, unsigned respond) NB_MUST_CHECK;
int journey_first_purchase(journey_t *run, uint32_t row) NB_MUST_CHECK;
double journey_delivery_cost(const journey_t *run, const visit_t *visit, unsigned respond);
double journey_price(const journey_t *run, const visit_t *visit);
double journey_mean_basket(const journey_t *run, uint32_t row);

/* journey_orders.c */
int journey_note_order(journey_t *run, const visit_t *visit, double paid) NB_MUST_CHECK;
int journey_open_window(journey_t *run, const visit_t *visit, int is_returned, double week_draw,
                        double refund) NB_MUST_CHECK;
int journey_close_orders(journey_t *run) NB_MUST_CHECK;
void journey_churn_at_purchase(journey_t *run, uint32_t row);

/* journey_repeat.c */
#define ROW_IS_CUSTOMER 0x80000000u /* a repeat row without a visit: a dormant customer */
int journey_collect_repeat(journey_t *run) NB_MUST_CHECK;
int journey_act_repeat(journey_t *run, uint32_t row, visit_t *visit, unsigned action) NB_MUST_CHECK;
int journey_closed_category(const journey_t *run, uint32_t row);

/* journey_referral.c */
double journey_p_referral(const journey_t *run, uint32_t row, unsigned ask);
int journey_refer(journey_t *run, const visit_t *visit) NB_MUST_CHECK;

/* journey_knowledge.c */
double journey_known(const journey_t *run, uint32_t row);
void journey_learn(journey_t *run, uint32_t row, double share);
void journey_decay_knowledge(journey_t *run);
void journey_learn_population(journey_t *run);

/* journey_observe.c */
unsigned journey_describe_features(journey_world_t *world);
void journey_observe(const journey_t *run, uint32_t row, float *x);
void journey_detect(const journey_t *run, uint32_t row, double *scores);

/* journey_mask.c */
uint64_t journey_mask(const journey_t *run, unsigned point, uint32_t row, const visit_t *visit);

/* journey_batch.c */
int journey_wait(journey_t *run, uint32_t row) NB_MUST_CHECK;
visit_t *journey_visit_of(const journey_t *run, uint32_t row);
int journey_next_batch(void *run, nb_batch_t *batch) NB_MUST_CHECK;
int journey_act(void *run, const nb_batch_t *batch, const nb_choice_t *choice) NB_MUST_CHECK;
int journey_budget(const void *run, unsigned point, nb_budget_t *out);
void journey_rewind(void *run);

/* journey_metrics.c */
int journey_init_metrics(journey_t *run) NB_MUST_CHECK;
void journey_record(journey_t *run);

/* journey_results.c */
int journey_result(void *run, nb_result_t *out) NB_MUST_CHECK;

/* journey_groups.c */
void journey_book_groups(journey_t *run, uint32_t row, double money);
unsigned journey_cohort(const journey_t *run, uint32_t row);
size_t journey_count_cohorts(const journey_t *run);
int journey_spread(const journey_t *run, double out[5]) NB_MUST_CHECK;
double journey_value_at_age(const journey_t *run, unsigned cohort, unsigned age);
void journey_sum_segments(const journey_t *run, segment_sums_t *sums);
void journey_count_order(journey_t *run, uint32_t row);
void journey_keep_horizon(journey_t *run);
const double *journey_customer_values(const void *run, size_t *n);
const double *journey_customer_brought(const void *run, size_t *n);
const float *journey_customer_surplus(const void *run, size_t *n);
const uint8_t *journey_customer_segments(const void *run, size_t *n, unsigned *n_segments);

/* journey_oracle.c */
int journey_expected_reward(void *run, const nb_batch_t *batch, double *out) NB_MUST_CHECK;

/* journey_latent.c */
extern const char *const journey_latent_names[N_LATENT];
int journey_latent(void *run, const nb_batch_t *batch, double *out) NB_MUST_CHECK;

/* journey_world.c */
extern const nb_environment_type_t nb_environment_journey;

#endif
