/*
 * The frame of a period: events and money, the dropout clock, decay, who is on the books, weekly
 * churn.
 */
#include "sim/journey.h"

#include <string.h>

int journey_emit(journey_t *run, nb_event_t event)
{
    JOURNEY_MORE(run, events, n_events, events_capacity);
    run->events[run->n_events++] = event;
    return NB_OK;
}

int journey_signal(journey_t *run, uint32_t row, uint32_t journey, unsigned signals)
{
    return journey_emit(run, (nb_event_t){.customer = row,
                                          .journey = journey,
                                          .kind = NB_EVENT_SIGNAL,
                                          .signals = (uint16_t)signals,
                                          .item = -1});
}

/* where a cause is added up */
static double *sum_of(period_sums_t *sums, nb_cause_t cause)
{
    switch (cause) {
    case NB_CAUSE_SALE:
        return &sums->margin;
    case NB_CAUSE_CONTACT:
        return &sums->contact_cost;
    case NB_CAUSE_DISCOUNT:
        return &sums->discount;
    case NB_CAUSE_DELIVERY:
        return &sums->delivery;
    case NB_CAUSE_RETURN:
        return &sums->returns_cost;
    case NB_CAUSE_ACQUISITION:
        return &sums->acquisition;
    default:
        return &sums->extra;
    }
}

int journey_pay(journey_t *run, uint32_t row, uint32_t journey, double money, nb_cause_t cause)
{
    period_sums_t *sums = journey_sums(run, row);

    sums->money += money;
    *sum_of(sums, cause) += money;
    if (cause != NB_CAUSE_ACQUISITION) {
        sums->founders_money += row < run->at.n_founders ? money : 0;
        run->value[row] += run->at.discount * money;
        if (run->flags[row] & FLAG_REFERRED) {
            run->brought[run->customers[row].parent] += run->at.discount * money;
        }
        journey_book_groups(run, row, money);
    }
    return journey_emit(run, (nb_event_t){.customer = row,
                                          .journey = journey,
                                          .money = money,
                                          .kind = NB_EVENT_MONEY,
                                          .cause = (uint16_t)cause,
                                          .item = -1});
}

/* what a customer gains or loses herself */
void journey_please(journey_t *run, uint32_t row, double surplus)
{
    run->surplus[row] += (float)(run->at.discount * surplus);
    if (row < run->at.n_founders) {
        journey_sums(run, row)->surplus += surplus;
    }
}

int journey_end_journey(journey_t *run, uint32_t row, uint32_t ordinal)
{
    return journey_emit(
        run, (nb_event_t){
                 .customer = row, .journey = ordinal, .kind = NB_EVENT_JOURNEY_END, .item = -1});
}

/* a person whose last relation has ended needs nothing any more from these firms */
static int has_relation(const journey_t *run, uint32_t person)
{
    for (uint32_t i = person; i < person + run->world->n_firms; i++) {
        if (run->alive[i]) {
            return 1;
        }
    }
    return 0;
}

/* silent churn: she stays on the books and costs contacts, but nothing reacts any more */
static void run_down(journey_t *run, uint32_t i, float hazard)
{
    run->clock[i] -= hazard;
    if (run->clock[i] < 0) {
        uint32_t person = journey_person(run, i);

        journey_rest(run, i);
        run->alive[i] = DEAD;
        if (!has_relation(run, person)) {
            run->next_need[person] = INFINITY;
        }
    }
}

void journey_add_hazard(journey_t *run, uint32_t row, double probability)
{
    if (run->alive[row] == ALIVE) {
        run_down(run, row, (float)-log1p(-fmin(probability, 0.999)));
    }
}

static void decay(journey_t *run)
{
    float fatigue_keep = run->world->fatigue_keep, habit_keep = run->world->habit_keep;
    size_t n = run->at.n;

    for (size_t i = 0; i < n; i++) {
        run->fatigue[i] *= fatigue_keep;
    }
    for (size_t i = 0; i < n; i++) {
        run->habit[i] *= habit_keep;
    }
    memset(run->contact, 0, n);
}

static int take_off_books(journey_t *run, uint32_t i, unsigned kind)
{
    run->flags[i] &= (uint8_t)~FLAG_BOOKS;
    return journey_emit(run, (nb_event_t){.customer = i, .kind = (uint16_t)kind, .item = -1});
}

/* the contracts of the period: who is still there pays the next one, who is not leaves for all to
 * see */
static int renew_contracts(journey_t *run)
{
    const nb_journey_settings_t *set = &run->world->set;
    int every;

    if (set->contract_weeks <= 0) {
        return NB_OK;
    }
    every = periods_of(run->world, set->contract_weeks);
    for (uint32_t i = 0; i < run->at.n; i++) {
        double share = run->flags[i] & FLAG_PLATFORM ? set->platform_commission : 0;

        if (!(run->flags[i] & FLAG_BOOKS) || (run->at.period - run->birth[i]) % every) {
            continue;
        }
        if (run->alive[i]) {
            NB_TRY(journey_pay(run, i, 0, set->contract_fee * (1 - share), NB_CAUSE_SALE));
        } else {
            NB_TRY(take_off_books(run, i, NB_EVENT_LEFT));
        }
    }
    return NB_OK;
}

/* silence of hygiene_weeks takes a customer off, whether she lives or not; so does leaving, where
 * it shows */
static int update_books(journey_t *run)
{
    const journey_world_t *world = run->world;
    int limit = periods_of(world, world->set.hygiene_weeks);
    int is_seen = world->set.churn_observed && world->set.contract_weeks <= 0;
    size_t n_books = 0;

    for (unsigned f = 0; f < world->n_firms; f++) {
        run->at.books_begin[f] = n_books;
        for (uint32_t i = f; i < run->at.n; i += world->n_firms) {
            if (!(run->flags[i] & FLAG_BOOKS)) {
                continue;
            }
            if (is_seen && !run->alive[i]) {
                NB_TRY(take_off_books(run, i, NB_EVENT_LEFT));
            } else if (run->at.period - run->last_active[i] >= limit &&
                       world->set.contract_weeks <= 0) {
                NB_TRY(take_off_books(run, i, NB_EVENT_DROPPED));
            } else {
                run->books[n_books++] = i;
            }
        }
    }
    run->at.books_begin[world->n_firms] = n_books;
    return NB_OK;
}

/* visits are over with their period */
static void forget_visits(journey_t *run)
{
    for (size_t v = 0; v < run->n_visits; v++) {
        run->in_round[journey_person(run, run->visits[v].customer)] = 0;
    }
    run->n_visits = 0;
}

int journey_begin_period(void *self, int period)
{
    journey_t *run = self;

    run->at.period = period;
    run->at.discount = period < 0 ? 0 : run->discounts[period];
    run->at.stage = STAGE_RECOGNIZE;
    run->at.firm = run->at.round = 0;
    run->at.cursor = 0;
    run->at.acted = 0;
    run->n_events = run->at.events_taken = 0;
    memset(run->at.sums, 0, sizeof run->at.sums);
    memset(run->at.taught, 0, sizeof run->at.taught);
    forget_visits(run);
    decay(run);
    journey_decay_knowledge(run);
    NB_TRY(journey_begin_births(run));
    NB_TRY(renew_contracts(run));
    NB_TRY(journey_close_orders(run));
    NB_TRY(update_books(run));
    NB_TRY(journey_lose_needs(run));
    return journey_raise_needs(run);
}

/* weekly churn; fatigue above its threshold speeds it up */
static void churn_weekly(journey_t *run)
{
    const nb_journey_settings_t *set = &run->world->set;

    for (uint32_t i = 0; i < run->at.n; i++) {
        if (run->alive[i] == ALIVE) {
            float hazard = run->hazard[i];
            double excess = journey_excess_fatigue(run, i);

            run_down(run, i,
                     excess > 0 ? hazard * (float)exp(set->fatigue_churn * excess) : hazard);
        }
    }
}

int journey_end_period(void *self)
{
    journey_t *run = self;

    churn_weekly(run);
    journey_learn_population(run);
    journey_record(run);
    return NB_OK;
}
