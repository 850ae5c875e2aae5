/* What happens in the toy environment when a decision is acted on. */
#include <math.h>

#include "tests/toy_run.h"

enum { PURPOSE = 1 };

void toy_emit(toy_run_t *run, nb_event_t event)
{
    NB_ASSERT(run->n_events < 4 * TOY_MAX_CUSTOMERS);
    if (run->world.broken_period && run->period >= run->world.broken_period) {
        event.money = NAN;
    }
    run->events[run->n_events++] = event;
}

void toy_move_money(toy_run_t *run, uint32_t customer, uint32_t journey, double money,
                    nb_cause_t cause)
{
    double equity = pow(TOY_GAMMA, run->period) * money / (double)run->n_initial;

    toy_emit(run, (nb_event_t){.customer = customer,
                               .journey = journey,
                               .money = money,
                               .kind = NB_EVENT_MONEY,
                               .cause = (uint16_t)cause});
    if (run->period >= 0) {
        run->value[customer] += equity * (double)run->n_initial;
        run->total[0] += equity;
        run->segment[customer % 2] += equity;
    }
    if (run->period >= 0 && run->period < run->periods) {
        run->money[run->period] += money;
    }
}

uint32_t toy_journey_of(const toy_run_t *run, int period)
{
    return (uint32_t)(period + run->world.burn_in + 1);
}

static void act_contacts(toy_run_t *run, const nb_batch_t *batch, const int32_t *action)
{
    static const double cost[] = {0.0, 0.25, 1.0};

    for (size_t i = 0; i < batch->n; i++) {
        uint32_t c = batch->customer[i];

        if (action[i] == TOY_WAIT) {
            continue;
        }
        toy_move_money(run, c, 0, -cost[action[i]], NB_CAUSE_CONTACT);
        toy_emit(run,
                 (nb_event_t){.customer = c, .kind = NB_EVENT_SIGNAL, .signals = NB_SIGNAL_OPENED});
        run->total[1] += 1.0 / (double)run->n_initial;
        run->visits[c] = (int)(c + (uint32_t)run->period) % 2 == 0;
        run->called[c] = action[i] == TOY_CALL;
    }
}

static void act_thanks(toy_run_t *run, const nb_batch_t *batch, const int32_t *action)
{
    static const double cost[] = {0.0, 0.5, 2.0};

    for (size_t i = 0; i < batch->n; i++) {
        if (action[i] > 0) {
            toy_move_money(run, batch->customer[i], 0, -cost[action[i]], NB_CAUSE_REWARD);
        }
    }
}

static void note_played(toy_run_t *run, const nb_batch_t *batch, const int32_t *action)
{
    for (size_t i = 0; i < batch->n && run->world.notes && run->period >= 0; i++) {
        run->world.notes->played[batch->point + batch->round][run->period][batch->customer[i]] =
            (int8_t)action[i * batch->slate];
    }
}

static void sell(toy_run_t *run, uint32_t customer, uint32_t luck, double price)
{
    uint32_t words[4], journey = toy_journey_of(run, run->period);

    nb_rng_block(run->key,
                 (nb_counter_t){.luck = luck, .ordinal = (uint32_t)run->period, .purpose = PURPOSE},
                 words);
    price = run->world.huge ? 1e308 : price + run->world.noise * nb_rng_uniform(words[0]);
    toy_move_money(run, customer, journey, price, NB_CAUSE_SALE);
    toy_emit(run, (nb_event_t){.customer = customer,
                               .journey = journey,
                               .kind = NB_EVENT_ITEM,
                               .item = (int16_t)(customer % TOY_N_PRODUCTS)});
    run->orders += 1.0;
    run->total[2] += price;
    run->bought_by[run->n_purchases] = customer;
    run->bought_in[run->n_purchases] = run->period;
    run->paid[run->n_purchases++] = price;
    if (customer % 2) {
        run->returns[customer] = 1;
    } else {
        toy_emit(run, (nb_event_t){
                          .customer = customer, .journey = journey, .kind = NB_EVENT_JOURNEY_END});
    }
}

static void act_shelves(toy_run_t *run, const nb_batch_t *batch, const int32_t *action)
{
    for (size_t i = 0; i < batch->n; i++) {
        uint32_t c = batch->customer[i];

        for (unsigned j = 0; j < batch->slate; j++) {
            if (action[i * batch->slate + j] == (int32_t)(c % TOY_N_PRODUCTS)) {
                sell(run, c, batch->luck[i], j == 0 ? 8.0 : 4.0);
            }
        }
    }
}

int toy_act(void *self, const nb_batch_t *batch, const nb_choice_t *choice)
{
    toy_run_t *run = self;

    run->acted = 1;
    note_played(run, batch, choice->action);
    if (batch->point == TOY_CONTACT) {
        act_contacts(run, batch, choice->action);
    } else if (batch->point == TOY_SHELF) {
        act_shelves(run, batch, choice->action);
    } else {
        act_thanks(run, batch, choice->action);
    }
    return NB_OK;
}
