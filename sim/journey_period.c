/*
 * The frame of a period: events and money, the dropout clock, decay, needs that are lost and that
 * arise, weekly churn.
 */
#include "sim/journey.h"

#include <string.h>

int journey_emit(journey_t *run, nb_event_t event)
{
    JOURNEY_MORE(run, events, n_events, events_capacity);
    run->events[run->n_events++] = event;
    return NB_OK;
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

int journey_pay(journey_t *run, uint32_t customer, uint32_t journey, double money, nb_cause_t cause)
{
    run->sums.money += money;
    *sum_of(&run->sums, cause) += money;
    if (customer < run->n_founders && cause != NB_CAUSE_ACQUISITION) {
        run->sums.founders_money += money;
    }
    return journey_emit(run, (nb_event_t){.customer = customer,
                                          .journey = journey,
                                          .money = money,
                                          .kind = NB_EVENT_MONEY,
                                          .cause = (uint16_t)cause,
                                          .item = -1});
}

int journey_end_journey(journey_t *run, uint32_t customer, uint32_t ordinal)
{
    return journey_emit(run, (nb_event_t){.customer = customer,
                                          .journey = ordinal,
                                          .kind = NB_EVENT_JOURNEY_END,
                                          .item = -1});
}

/* silent churn: she stays on the books and costs contacts, but nothing reacts any more */
static void run_down(journey_t *run, size_t i, float hazard)
{
    run->clock[i] -= hazard;
    if (run->clock[i] < 0) {
        run->alive[i] = 0;
        run->next_need[i] = INFINITY;
    }
}

void journey_add_hazard(journey_t *run, uint32_t customer, double probability)
{
    if (run->alive[customer]) {
        run_down(run, customer, (float)-log1p(-fmin(probability, 0.999)));
    }
}

static void decay(journey_t *run)
{
    float fatigue_keep = run->world->fatigue_keep, habit_keep = run->world->habit_keep;

    for (size_t i = 0; i < run->n; i++) {
        run->fatigue[i] *= fatigue_keep;
    }
    for (size_t i = 0; i < run->n; i++) {
        run->habit[i] *= habit_keep;
    }
    memset(run->contact, 0, run->n);
}

/* who is on the books; silence of hygiene_weeks takes a customer off, whether she lives or not */
static int update_books(journey_t *run)
{
    int limit = periods_of(run->world, run->world->set.hygiene_weeks);

    run->n_books = 0;
    for (size_t i = 0; i < run->n; i++) {
        if (!(run->flags[i] & FLAG_BOOKS)) {
            continue;
        }
        if (run->period - run->last_active[i] >= limit) {
            run->flags[i] &= (uint8_t)~FLAG_BOOKS;
            NB_TRY(
                journey_emit(run, (nb_event_t){.customer = (uint32_t)i, .kind = NB_EVENT_DROPPED}));
            continue;
        }
        run->books[run->n_books++] = (uint32_t)i;
    }
    return NB_OK;
}

void journey_close_need(journey_t *run, need_t *need)
{
    need->closed = 1;
    run->n_open[need->customer]--;
}

/* a need's luck of this period, by its age */
static void draw_need(const journey_t *run, need_t *need)
{
    nb_rng_block(run->spec.key,
                 draw_at(run->luck[need->customer], need->ordinal, DRAW_NEED, 0,
                         (uint32_t)(run->period - need->since)),
                 need->luck);
}

/* needs that were open before this period are lost now and then; those of the dead quietly vanish
 */
static int lose_needs(journey_t *run)
{
    size_t kept = 0;

    for (size_t k = 0; k < run->n_needs; k++) {
        need_t *need = &run->needs[k];

        if (!need->closed) {
            draw_need(run, need);
            if (nb_rng_uniform(need->luck[0]) < run->world->need_lost) {
                run->sums.lost++;
                journey_close_need(run, need);
                if (need->is_known) {
                    NB_TRY(journey_end_journey(run, need->customer, need->ordinal));
                }
            }
        }
        if (need->closed) {
            run->need_at[need->customer] = -1;
        }
    }
    for (size_t k = 0; k < run->n_needs; k++) {
        if (!run->needs[k].closed) {
            run->needs[kept] = run->needs[k];
            run->need_at[run->needs[kept].customer] = (int32_t)kept;
            kept++;
        }
    }
    run->n_needs = kept;
    return NB_OK;
}

/* a need arises: it is new, or renews the open one with a new target */
static int raise_need(journey_t *run, uint32_t i)
{
    need_t *open;

    run->need_ordinal[i]++;
    run->sums.needs++;
    if (run->n_open[i] && !run->world->set.need_queue) {
        open = &run->needs[run->need_at[i]];
        if (open->is_known) {
            NB_TRY(journey_end_journey(run, i, open->ordinal));
        }
        open->ordinal = run->need_ordinal[i];
        open->since = run->period;
        open->is_known = 0;
        draw_need(run, open);
        return NB_OK;
    }
    JOURNEY_MORE(run, needs, n_needs, needs_capacity);
    run->needs[run->n_needs] = (need_t){.customer = i,
                                        .ordinal = run->need_ordinal[i],
                                        .since = run->period,
                                        .status = NEED_LATENT};
    draw_need(run, &run->needs[run->n_needs]);
    run->need_at[i] = (int32_t)run->n_needs++;
    run->n_open[i]++;
    return NB_OK;
}

/* arrivals are a Poisson process in season time: exponential gaps, each tied to its ordinal */
static int raise_needs(journey_t *run)
{
    double now = run->season_time[run->period - run->first_period + 1];

    for (size_t i = 0; i < run->n; i++) {
        while (run->next_need[i] <= now) {
            uint32_t words[4];

            if (!run->alive[i]) {
                run->next_need[i] = INFINITY;
                break;
            }
            NB_TRY(raise_need(run, (uint32_t)i));
            nb_rng_block(run->spec.key,
                         draw_at(run->luck[i], run->need_ordinal[i], DRAW_ARRIVAL, 0, 0), words);
            run->next_need[i] += nb_dist_exponential(words[0], words[1]) / run->rate[i];
        }
    }
    return NB_OK;
}

int journey_begin_period(void *self, int period)
{
    journey_t *run = self;

    run->period = period;
    run->stage = STAGE_RECOGNIZE;
    run->round = 0;
    run->cursor = 0;
    run->n_events = run->events_taken = 0;
    memset(&run->sums, 0, sizeof run->sums);
    decay(run);
    NB_TRY(journey_begin_births(run));
    NB_TRY(journey_close_orders(run));
    NB_TRY(update_books(run));
    NB_TRY(lose_needs(run));
    return raise_needs(run);
}

/* weekly churn; fatigue above its threshold speeds it up */
static void churn_weekly(journey_t *run)
{
    const nb_journey_settings_t *set = &run->world->set;

    for (size_t i = 0; i < run->n; i++) {
        if (run->alive[i]) {
            float hazard = run->hazard[i];
            double excess = journey_excess_fatigue(run, (uint32_t)i);

            run_down(run, i,
                     excess > 0 ? hazard * (float)exp(set->fatigue_churn * excess) : hazard);
        }
    }
}

int journey_end_period(void *self)
{
    journey_t *run = self;

    churn_weekly(run);
    journey_record(run);
    return NB_OK;
}
