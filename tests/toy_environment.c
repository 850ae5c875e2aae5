#include "tests/toy_environment.h"

#include <math.h>
#include <string.h>

enum { MAX_CUSTOMERS = NB_BLOCK_ROWS, N_METRICS = 3, N_SEGMENTS = 2, PURPOSE = 1 };

static const char *const contacts[] = {"wait", "email", "call"};
static const char *const products[] = {"p0", "p1", "p2", "p3", "p4"};
static const char *const features[] = {"one", "customer", "tenure"};
static const nb_point_t points[] = {
    {.name = "recognize",
     .phase = "",
     .d = 3,
     .features = features,
     .n_actions = TOY_N_CONTACTS,
     .actions = contacts,
     .max_slate = 1,
     .default_action = TOY_WAIT},
    {.name = "shelf",
     .phase = "",
     .d = 2,
     .features = features,
     .n_actions = TOY_N_PRODUCTS,
     .actions = products,
     .max_slate = TOY_MAX_SLATE},
};
static const nb_spec_t spec = {
    .n_points = TOY_N_POINTS, .points = points, .gamma = 0.5, .period_weeks = 1.0};
static const nb_metric_t metrics[N_METRICS] = {
    {"equity", "money", "discounted money per initial customer"},
    {"contacts", "contacts", "contacts per initial customer"},
    {"mean_order", "money", "money of an order, NaN where there was none"},
};
static const nb_metric_t series[1] = {{"money", "money", "money of a period"}};

typedef struct {
    toy_world_t world;
    nb_key_t key;
    unsigned needs[TOY_N_POINTS];
    size_t n_initial, n;
    int periods, period, step, tail_left;
    uint8_t gone[MAX_CUSTOMERS], visits[MAX_CUSTOMERS], called[MAX_CUSTOMERS];
    uint8_t returns[MAX_CUSTOMERS]; /* an order comes back in the next period */
    nb_event_t events[4 * MAX_CUSTOMERS];
    size_t n_events;
    float x[MAX_CUSTOMERS * 3], prior[MAX_CUSTOMERS * TOY_N_PRODUCTS];
    uint64_t mask[MAX_CUSTOMERS];
    uint32_t customer[MAX_CUSTOMERS], luck[MAX_CUSTOMERS], journey[MAX_CUSTOMERS];
    int32_t tenure[MAX_CUSTOMERS];
    double total[N_METRICS], scalar[N_METRICS], orders, segment[N_METRICS * N_SEGMENTS],
        cohort[N_METRICS];
    double money[TOY_MAX_PERIODS];
    double value[MAX_CUSTOMERS];
    uint8_t parity[MAX_CUSTOMERS];
    nb_oracle_t oracle;
    uint32_t bought_by[4096];
    int32_t bought_in[4096];
    double paid[4096];
    size_t n_purchases;
} toy_run_t;

static const nb_spec_t *get_spec(const void *world)
{
    (void)world;
    return &spec;
}

static int get_burn_in(const void *world, int *warm_start)
{
    const toy_world_t *toy = world;

    *warm_start = toy->warm_start;
    return toy->burn_in;
}

/* what a contact earns by default display, the return of the next period left out */
static int expect(void *self, const nb_batch_t *batch, double *out)
{
    static const double cost[] = {0.0, 0.25, 1.0};
    const toy_run_t *run = self;

    for (size_t i = 0; i < batch->n; i++) {
        uint32_t c = batch->customer[i];
        /* her product is shown first, second, third (after a call) or not at all */
        static const double price[TOY_N_PRODUCTS] = {4, 0, 4, 8, 0};
        int visits = (int)(c + (uint32_t)run->period) % 2 == 0;

        for (int k = 0; k < TOY_N_CONTACTS; k++) {
            int shown = k != TOY_WAIT && (k == TOY_CALL || c % TOY_N_PRODUCTS != 2);

            out[i * TOY_N_CONTACTS + (size_t)k] =
                (visits && shown ? price[c % TOY_N_PRODUCTS] : 0) - cost[k];
        }
    }
    return NB_OK;
}

static int start(void **out, const void *world, const nb_run_spec_t *run_spec)
{
    toy_run_t *run;

    NB_TRY(nb_alloc(out, 1, sizeof *run));
    run = *out;
    run->world = *(const toy_world_t *)world;
    run->key = run_spec->key;
    run->n = run->n_initial = run_spec->n_customers;
    run->periods = run_spec->periods;
    run->tail_left = run->world.tail;
    memcpy(run->needs, run_spec->needs, sizeof run->needs);
    NB_ASSERT(run->n < MAX_CUSTOMERS && run->periods <= TOY_MAX_PERIODS);
    if (run->world.notes) {
        run->world.notes->same_population = run_spec->same_population;
    }
    for (size_t c = 0; c < run->n; c++) {
        run->parity[c] = c % N_SEGMENTS;
    }
    run->oracle = (nb_oracle_t){.world = run, .expected_reward = expect};
    return NB_OK;
}

static void emit(toy_run_t *run, nb_event_t event)
{
    NB_ASSERT(run->n_events < 4 * MAX_CUSTOMERS);
    if (run->world.broken_period && run->period >= run->world.broken_period) {
        event.money = NAN;
    }
    run->events[run->n_events++] = event;
}

static void move_money(toy_run_t *run, uint32_t customer, uint32_t journey, double money,
                       nb_cause_t cause)
{
    double equity = pow(spec.gamma, run->period) * money / (double)run->n_initial;

    emit(run, (nb_event_t){.customer = customer,
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

static uint32_t journey_of(const toy_run_t *run, int period)
{
    return (uint32_t)(period + run->world.burn_in + 1);
}

static int begin_period(void *self, int period)
{
    toy_run_t *run = self;
    toy_notes_t *notes = run->world.notes;

    run->period = period;
    run->step = 0;
    memset(run->visits, 0, sizeof run->visits);
    memset(run->called, 0, sizeof run->called);
    for (uint32_t c = 0; c < run->n; c++) {
        uint32_t journey = journey_of(run, period - 1);

        if (run->returns[c]) {
            run->returns[c] = 0;
            move_money(run, c, journey, -6.0, NB_CAUSE_RETURN);
            emit(run,
                 (nb_event_t){.customer = c, .journey = journey, .kind = NB_EVENT_JOURNEY_END});
        }
    }
    if (notes) {
        NB_ASSERT(notes->n_begun < TOY_MAX_PERIODS);
        notes->period[notes->n_begun] = period;
        notes->allocations[notes->n_begun++] = nb_alloc_count();
    }
    return NB_OK;
}

static void add_row(toy_run_t *run, nb_batch_t *batch, uint32_t customer)
{
    size_t i = batch->n++;

    run->customer[i] = customer;
    run->luck[i] = customer;
    run->journey[i] = batch->point == TOY_SHELF ? journey_of(run, run->period) : 0;
    run->tenure[i] = run->period;
    run->mask[i] = (1u << points[batch->point].n_actions) - 1;
    if (run->world.no_email && batch->point == TOY_CONTACT) {
        run->mask[i] &= ~(1ULL << TOY_EMAIL);
    }
    for (unsigned f = 0; f < batch->d; f++) {
        run->x[i * batch->d + f] = f == 0 ? 1.0f : f == 1 ? (float)customer : (float)run->period;
    }
    for (unsigned k = 0; k < TOY_N_PRODUCTS; k++) {
        run->prior[i * TOY_N_PRODUCTS + k] = (float)((k + customer + 3) % TOY_N_PRODUCTS);
    }
}

static void fill_batch(toy_run_t *run, unsigned point, nb_batch_t *batch)
{
    int has_context = (run->needs[point] & NB_NEED_CONTEXT) != 0;

    *batch = (nb_batch_t){
        .point = point,
        .stream_point = point,
        .period = run->period,
        .d = points[point].d,
        .x = has_context ? run->x : NULL,
        .n_actions = points[point].n_actions,
        .prior_score = point == TOY_SHELF ? run->prior : NULL,
        .mask_words = 1,
        .mask = run->mask,
        .customer = run->customer,
        .luck = run->luck,
        .journey = run->journey,
        .tenure = run->tenure,
        .slate = 1,
        .oracle =
            point == TOY_CONTACT && run->needs[point] & NB_NEED_ORACLE && !run->world.no_oracle
                ? &run->oracle
                : NULL,
    };
}

static void next_contacts(toy_run_t *run, nb_batch_t *batch)
{
    fill_batch(run, TOY_CONTACT, batch);
    for (uint32_t c = 0; c < run->n; c++) {
        if (!run->gone[c]) {
            add_row(run, batch, c);
        }
    }
}

/* visitors with the same length of slate: first those who were called */
static void next_shelves(toy_run_t *run, nb_batch_t *batch, int called)
{
    fill_batch(run, TOY_SHELF, batch);
    batch->slate = called ? 3 : 2;
    for (uint32_t c = 0; c < run->n; c++) {
        if (run->visits[c] && run->called[c] == called) {
            add_row(run, batch, c);
        }
    }
}

static void act_contacts(toy_run_t *run, const nb_batch_t *batch, const int32_t *action)
{
    static const double cost[] = {0.0, 0.25, 1.0};

    for (size_t i = 0; i < batch->n; i++) {
        uint32_t c = batch->customer[i];

        if (action[i] == TOY_WAIT) {
            continue;
        }
        move_money(run, c, 0, -cost[action[i]], NB_CAUSE_CONTACT);
        emit(run,
             (nb_event_t){.customer = c, .kind = NB_EVENT_SIGNAL, .signals = NB_SIGNAL_OPENED});
        run->total[1] += 1.0 / (double)run->n_initial;
        run->visits[c] = (int)(c + (uint32_t)run->period) % 2 == 0;
        run->called[c] = action[i] == TOY_CALL;
    }
}

static void sell(toy_run_t *run, uint32_t customer, uint32_t luck, double price)
{
    uint32_t words[4], journey = journey_of(run, run->period);

    nb_rng_block(run->key,
                 (nb_counter_t){.luck = luck, .ordinal = (uint32_t)run->period, .purpose = PURPOSE},
                 words);
    price = run->world.huge ? 1e308 : price + run->world.noise * nb_rng_uniform(words[0]);
    move_money(run, customer, journey, price, NB_CAUSE_SALE);
    emit(run, (nb_event_t){.customer = customer,
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
        emit(run,
             (nb_event_t){.customer = customer, .journey = journey, .kind = NB_EVENT_JOURNEY_END});
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

static int act(void *self, const nb_batch_t *batch, const nb_choice_t *choice)
{
    toy_run_t *run = self;

    if (batch->point == TOY_CONTACT) {
        act_contacts(run, batch, choice->action);
    } else {
        act_shelves(run, batch, choice->action);
    }
    return NB_OK;
}

/* the unbound play without the loop: wait, or the best of the prior */
static void play_default(toy_run_t *run, const nb_batch_t *batch)
{
    int32_t action[MAX_CUSTOMERS * TOY_MAX_SLATE];

    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned j = 0; j < batch->slate; j++) {
            uint32_t first = 2 * TOY_N_PRODUCTS - 4 - batch->customer[i] % TOY_N_PRODUCTS;

            action[i * batch->slate + j] =
                batch->point == TOY_CONTACT ? TOY_WAIT : (int32_t)((first - j) % TOY_N_PRODUCTS);
        }
    }
    act(run, batch, &(nb_choice_t){.action = action});
}

static int next_batch(void *self, nb_batch_t *batch)
{
    toy_run_t *run = self;
    unsigned point;

    for (; run->step < 3;) {
        if (run->step == 0) {
            next_contacts(run, batch);
        } else {
            next_shelves(run, batch, run->step == 1);
        }
        point = batch->point;
        run->step++;
        if (batch->n && run->world.skip_unbound && !(run->needs[point] & NB_NEED_ROWS)) {
            play_default(run, batch);
        } else if (batch->n) {
            if (run->world.notes) {
                run->world.notes->n_batches[point]++;
            }
            return NB_OK;
        }
    }
    batch->n = 0;
    return NB_OK;
}

static int end_period(void *self)
{
    toy_run_t *run = self;

    if (run->period == 1) {
        run->n++;
    }
    if (run->period == 3 && run->world.one_leaves) {
        run->gone[2] = 1;
        emit(run, (nb_event_t){.customer = 2, .kind = NB_EVENT_LEFT});
    }
    return NB_OK;
}

static nb_events_t take_events(void *self)
{
    toy_run_t *run = self;
    nb_events_t events = {run->events, run->n_events};

    run->n_events = 0;
    return events;
}

static size_t n_rows(const void *self)
{
    return ((const toy_run_t *)self)->n;
}

static void begin_tail(void *self)
{
    toy_run_t *run = self;

    if (run->world.notes) {
        run->world.notes->tail_from = run->period + 1;
    }
}

static int tail_done(const void *self)
{
    const toy_run_t *run = self;

    return run->period >= run->periods - 1 + run->tail_left;
}

static int result(void *self, nb_result_t *out)
{
    toy_run_t *run = self;

    memcpy(run->scalar, run->total, sizeof run->scalar);
    run->scalar[2] = run->orders > 0.0 ? run->total[2] / run->orders : NAN;
    memcpy(run->cohort, run->scalar, sizeof run->cohort);
    *out = (nb_result_t){
        .n_scalars = N_METRICS,
        .scalars = metrics,
        .scalar = run->scalar,
        .n_series = 1,
        .series = series,
        .series_values = run->money,
        .n_segments = N_SEGMENTS,
        .by_segment = run->segment,
        .n_cohorts = 1,
        .by_cohort = run->cohort,
        .periods = run->periods,
    };
    return NB_OK;
}

static nb_purchases_t purchases(const void *self)
{
    const toy_run_t *run = self;

    return (nb_purchases_t){run->n_purchases, run->bought_by, run->bought_in, run->paid};
}

static const double *customer_values(const void *self, size_t *n)
{
    const toy_run_t *run = self;

    *n = run->n_initial;
    return run->value;
}

static const uint8_t *customer_segments(const void *self, size_t *n, unsigned *n_segments)
{
    const toy_run_t *run = self;

    *n = run->n_initial;
    *n_segments = N_SEGMENTS;
    return run->parity;
}

static void stop(void *self)
{
    toy_run_t *run = self;

    if (run && run->world.notes) {
        run->world.notes->freed++;
    }
    nb_free(run);
}

const nb_environment_type_t toy_environment = {
    .name = "toy",
    .summary = "two points, money by a rule",
    .version = 1,
    .spec = get_spec,
    .burn_in = get_burn_in,
    .init = start,
    .begin_period = begin_period,
    .next_batch = next_batch,
    .act = act,
    .end_period = end_period,
    .take_events = take_events,
    .n_rows = n_rows,
    .begin_tail = begin_tail,
    .tail_done = tail_done,
    .result = result,
    .purchases = purchases,
    .customer_values = customer_values,
    .customer_segments = customer_segments,
    .free = stop,
};
