#include "tests/toy_environment.h"

#include <math.h>
#include <string.h>

#include "tests/toy_run.h"

static const char *const contacts[] = {"wait", "email", "call"};
static const char *const products[] = {"p0", "p1", "p2", "p3", "p4"};
static const char *const thanks[] = {"none", "card", "gift"};
static const char *const hidden[] = {"appetite", "mood"};
static const char *const features[] = {"one", "customer", "tenure"};
static const nb_point_t points[] = {
    {.name = "recognize",
     .phase = "",
     .d = 3,
     .features = features,
     .n_actions = TOY_N_CONTACTS,
     .actions = contacts,
     .max_slate = 1,
     .default_action = TOY_WAIT,
     .n_latent = 2,
     .latent = hidden},
    {.name = "shelf",
     .phase = "",
     .d = 2,
     .features = features,
     .n_actions = TOY_N_PRODUCTS,
     .actions = products,
     .max_slate = TOY_MAX_SLATE},
    {.name = "thank",
     .phase = "",
     .d = 3,
     .features = features,
     .n_actions = 3,
     .actions = thanks,
     .max_slate = 1,
     .n_latent = 2,
     .latent = hidden},
};
static const nb_spec_t spec = {
    .n_points = TOY_N_POINTS, .points = points, .gamma = TOY_GAMMA, .period_weeks = 1.0};
static const nb_spec_t spec_with_thanks = {
    .n_points = TOY_MAX_POINTS, .points = points, .gamma = TOY_GAMMA, .period_weeks = 1.0};
static const nb_metric_t metrics[TOY_N_METRICS] = {
    {"equity", "money", "discounted money per initial customer"},
    {"contacts", "contacts", "contacts per initial customer"},
    {"mean_order", "money", "money of an order, NaN where there was none"},
};
static const nb_metric_t series[1] = {{"money", "money", "money of a period"}};

static const nb_spec_t *get_spec(const void *world)
{
    return ((const toy_world_t *)world)->thanks ? &spec_with_thanks : &spec;
}

static int look_inside(void *self, const nb_batch_t *batch, double *out)
{
    const toy_run_t *run = self;

    for (size_t i = 0; i < batch->n; i++) {
        out[2 * i] = batch->customer[i] % TOY_N_PRODUCTS;
        out[2 * i + 1] = (batch->customer[i] + (uint32_t)run->period) % 3;
    }
    return NB_OK;
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
    run->oracle = (nb_oracle_t){.world = run,
                                .expected_reward = expect,
                                .n_latent = 2,
                                .latent_names = hidden,
                                .latent = look_inside};
    memcpy(run->needs, run_spec->needs, get_spec(world)->n_points * sizeof *run->needs);
    for (size_t c = 0; c < run->n; c++) {
        run->parity[c] = c % TOY_N_SEGMENTS;
    }
    if (run->world.notes) {
        run->world.notes->same_population = run_spec->same_population;
        memset(run->world.notes->played, -1, sizeof run->world.notes->played);
    }
    NB_ASSERT(run->n < TOY_MAX_CUSTOMERS && run->periods <= TOY_MAX_PERIODS);
    return NB_OK;
}

static int begin_period(void *self, int period)
{
    toy_run_t *run = self;
    toy_notes_t *notes = run->world.notes;

    run->period = period;
    run->step = 0;
    run->next = 0;
    run->given = run->acted = run->again = 0;
    memset(run->visits, 0, sizeof run->visits);
    memset(run->called, 0, sizeof run->called);
    for (uint32_t c = 0; c < run->n; c++) {
        uint32_t journey = toy_journey_of(run, period - 1);

        if (run->returns[c]) {
            run->returns[c] = 0;
            toy_move_money(run, c, journey, -6.0, NB_CAUSE_RETURN);
            toy_emit(run,
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
    run->journey[i] = batch->point == TOY_SHELF ? toy_journey_of(run, run->period) : 0;
    run->tenure[i] = run->period;
    run->mask[i] = (1u << points[batch->point].n_actions) - 1;
    if (run->world.no_email && batch->point == TOY_CONTACT) {
        run->mask[i] &= ~(1ULL << TOY_EMAIL);
    }
    if (run->world.no_wait && batch->point == TOY_CONTACT) {
        run->mask[i] &= ~(1ULL << TOY_WAIT);
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
        .oracle = run->needs[point] & NB_NEED_ORACLE && !run->world.no_oracle ? &run->oracle : NULL,
    };
}

/* everybody on the books, at most a block at a time */
static void next_on_books(toy_run_t *run, unsigned point, nb_batch_t *batch)
{
    size_t block = run->world.block ? run->world.block : TOY_MAX_CUSTOMERS;

    fill_batch(run, point, batch);
    for (; run->next < run->n && batch->n < block; run->next++) {
        if (!run->gone[run->next] && !(run->again && run->next == 0 && run->world.forgetful)) {
            add_row(run, batch, run->next);
        }
    }
}

/* visitors with the same length of slate: first those who were called */
static void next_shelves(toy_run_t *run, nb_batch_t *batch, int called)
{
    fill_batch(run, TOY_SHELF, batch);
    batch->slate = called ? 3 : 2;
    for (; run->next < run->n; run->next++) {
        if (run->visits[run->next] && run->called[run->next] == called) {
            add_row(run, batch, run->next);
        }
    }
}

/* the unbound play without the loop: wait, or the best of the prior */
static void play_default(toy_run_t *run, const nb_batch_t *batch)
{
    int32_t action[TOY_MAX_CUSTOMERS * TOY_MAX_SLATE];

    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned j = 0; j < batch->slate; j++) {
            uint32_t first = 2 * TOY_N_PRODUCTS - 4 - batch->customer[i] % TOY_N_PRODUCTS;

            action[i * batch->slate + j] =
                batch->point != TOY_SHELF ? TOY_WAIT : (int32_t)((first - j) % TOY_N_PRODUCTS);
        }
    }
    toy_act(run, batch, &(nb_choice_t){.action = action});
}

/* rows of the present step that have not come yet */
static void fill_step(toy_run_t *run, nb_batch_t *batch)
{
    if (run->step == 0) {
        next_on_books(run, TOY_CONTACT, batch);
    } else if (run->step < 3) {
        next_shelves(run, batch, run->step == 1);
    } else {
        next_on_books(run, TOY_THANK, batch);
        batch->round = (unsigned)run->step - 3;
    }
}

static int next_batch(void *self, nb_batch_t *batch)
{
    toy_run_t *run = self;

    while (run->step < 3 + run->world.thanks) {
        fill_step(run, batch);
        if (batch->n && run->world.skip_unbound && !(run->needs[batch->point] & NB_NEED_ROWS)) {
            play_default(run, batch);
        } else if (batch->n) {
            run->given = 1;
            if (run->world.notes) {
                run->world.notes->n_batches[batch->point]++;
            }
            return NB_OK;
        } else if (run->given && !run->acted && !run->world.hasty) {
            return NB_OK;
        } else {
            run->step++;
            run->next = 0;
            run->given = run->acted = run->again = 0;
        }
    }
    batch->n = 0;
    return NB_OK;
}

static int get_budget(const void *self, unsigned point, nb_budget_t *out)
{
    const nb_budget_t *budget = ((const toy_run_t *)self)->world.budgets[point];

    if (budget) {
        *out = *budget;
    }
    return budget != NULL;
}

static void rewind_step(void *self)
{
    toy_run_t *run = self;

    NB_ASSERT(run->given && !run->acted && !run->again);
    run->next = 0;
    run->again = 1;
}

static int end_period(void *self)
{
    toy_run_t *run = self;

    if (run->period == 1) {
        run->n++;
    }
    if (run->period == 3 && run->world.one_leaves) {
        run->gone[2] = 1;
        toy_emit(run, (nb_event_t){.customer = 2, .kind = NB_EVENT_LEFT});
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
        .n_scalars = TOY_N_METRICS,
        .scalars = metrics,
        .scalar = run->scalar,
        .n_series = 1,
        .series = series,
        .series_values = run->money,
        .n_segments = TOY_N_SEGMENTS,
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

static int archive(void *self, nb_archive_t *archive)
{
    toy_run_t *run = self;
    size_t n = run->n_purchases;

    NB_TRY(nb_archive_bytes(archive, &run->n, sizeof run->n));
    NB_TRY(nb_archive_bytes(archive, &run->period, sizeof run->period));
    NB_TRY(nb_archive_bytes(archive, &run->step, sizeof run->step));
    NB_TRY(nb_archive_bytes(archive, &run->next, sizeof run->next));
    NB_TRY(nb_archive_bytes(archive, &run->given, sizeof run->given));
    NB_TRY(nb_archive_bytes(archive, &run->acted, sizeof run->acted));
    NB_TRY(nb_archive_bytes(archive, &run->again, sizeof run->again));
    NB_TRY(nb_archive_bytes(archive, run->value, sizeof run->value));
    NB_TRY(nb_archive_bytes(archive, run->gone, sizeof run->gone));
    NB_TRY(nb_archive_bytes(archive, run->visits, sizeof run->visits));
    NB_TRY(nb_archive_bytes(archive, run->called, sizeof run->called));
    NB_TRY(nb_archive_bytes(archive, run->returns, sizeof run->returns));
    NB_TRY(nb_archive_bytes(archive, run->total, sizeof run->total));
    NB_TRY(nb_archive_bytes(archive, &run->orders, sizeof run->orders));
    NB_TRY(nb_archive_bytes(archive, run->segment, sizeof run->segment));
    NB_TRY(nb_archive_bytes(archive, run->money, sizeof run->money));
    NB_TRY(nb_archive_bytes(archive, &n, sizeof n));
    NB_ASSERT(n <= sizeof run->paid / sizeof *run->paid);
    run->n_purchases = n;
    NB_TRY(nb_archive_bytes(archive, run->bought_by, n * sizeof *run->bought_by));
    NB_TRY(nb_archive_bytes(archive, run->bought_in, n * sizeof *run->bought_in));
    return nb_archive_bytes(archive, run->paid, n * sizeof *run->paid);
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
    *n_segments = TOY_N_SEGMENTS;
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
    .summary = "two points or three, money by a rule",
    .version = 1,
    .spec = get_spec,
    .burn_in = get_burn_in,
    .init = start,
    .begin_period = begin_period,
    .next_batch = next_batch,
    .act = toy_act,
    .end_period = end_period,
    .take_events = take_events,
    .n_rows = n_rows,
    .begin_tail = begin_tail,
    .tail_done = tail_done,
    .result = result,
    .purchases = purchases,
    .archive = archive,
    .customer_values = customer_values,
    .customer_segments = customer_segments,
    .free = stop,
    .budget = get_budget,
    .rewind = rewind_step,
};
