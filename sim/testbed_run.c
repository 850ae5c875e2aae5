/* A run of a test bed, see sim/testbed.h. */
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "sim/testbed.h"

static void fill_means(nb_testbed_run_t *run, const nb_batch_t *batch, size_t i, double *mu)
{
    const float *x = run->world->point.d ? run->x + i * run->world->point.d : NULL;

    run->world->type->means(run, batch->customer[i], x, mu);
}

/* the oracle: means of the batch that waits */
static int expect_reward(void *self, const nb_batch_t *batch, double *out)
{
    const nb_testbed_run_t *run = self;
    unsigned K = batch->n_actions;
    double mu[NB_BED_MAX_ACTIONS];

    for (size_t i = 0; i < batch->n; i++) {
        fill_means(self, batch, i, mu);
        if (run->world->type->tell) {
            run->world->type->tell(run, mu, out + i * K);
        } else {
            memcpy(out + i * K, mu, K * sizeof *mu);
        }
        for (unsigned k = 0; k < K; k++) {
            if (!nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
                out[i * K + k] = -INFINITY;
            }
        }
    }
    return NB_OK;
}

static int init_rows(nb_testbed_run_t *run)
{
    const nb_point_t *point = &run->world->point;
    size_t rows = run->n < NB_BLOCK_ROWS ? run->n : NB_BLOCK_ROWS;
    unsigned words = nb_mask_words(point->n_actions);

    run->n_room = 3 * run->n + 1;
    NB_TRY(nb_alloc(&run->x, rows * point->d, sizeof *run->x));
    NB_TRY(nb_alloc(&run->mask, rows * words, sizeof *run->mask));
    NB_TRY(nb_alloc(&run->customer, rows, sizeof *run->customer));
    NB_TRY(nb_alloc(&run->journey, rows, sizeof *run->journey));
    NB_TRY(nb_alloc(&run->tenure, rows, sizeof *run->tenure));
    NB_TRY(nb_alloc(&run->events, run->n_room, sizeof *run->events));
    NB_TRY(nb_alloc(&run->reward_t, (size_t)run->periods, sizeof *run->reward_t));
    NB_TRY(nb_alloc(&run->regret_t, (size_t)run->periods, sizeof *run->regret_t));
    NB_TRY(nb_alloc(&run->optimal_t, (size_t)run->periods, sizeof *run->optimal_t));
    for (size_t i = 0; i < rows; i++) {
        for (unsigned k = 0; k < point->n_actions; k++) {
            run->mask[i * words + k / 64] |= (uint64_t)1 << k % 64;
        }
    }
    return NB_OK;
}

int nb_testbed_start(void **out, const void *world, const nb_run_spec_t *spec)
{
    const nb_testbed_t *bed = world;
    nb_testbed_run_t *run;

    NB_TRY(nb_alloc(out, 1, sizeof *run));
    run = *out;
    run->world = bed;
    run->key = spec->key;
    run->n = run->next = spec->n_customers;
    run->periods = spec->periods;
    run->needs = spec->needs[0];
    run->oracle = (nb_oracle_t){.world = run, .expected_reward = expect_reward};
    run->own_size = bed->type->own_size(bed->settings, run->n);
    NB_TRY(nb_alloc(&run->own, run->own_size, 1));
    NB_TRY(init_rows(run));
    bed->type->draw(run);
    return NB_OK;
}

int nb_testbed_begin_period(void *self, int period)
{
    nb_testbed_run_t *run = self;

    run->period = period;
    run->next = 0;
    run->n_events = 0;
    return run->world->type->begin_period ? run->world->type->begin_period(run) : NB_OK;
}

static void fill_mask(nb_testbed_run_t *run, size_t n)
{
    unsigned K = run->world->point.n_actions, words = nb_mask_words(K);

    for (size_t i = 0; i < n; i++) {
        memset(run->mask + i * words, 0, words * sizeof *run->mask);
        for (unsigned k = 0; k < K; k++) {
            uint64_t allowed = run->world->type->allows(run, run->next + i, k) != 0;

            run->mask[i * words + k / 64] |= allowed << k % 64;
        }
    }
}

int nb_testbed_next_batch(void *self, nb_batch_t *batch)
{
    nb_testbed_run_t *run = self;
    const nb_point_t *point = &run->world->point;
    size_t left = run->n - run->next, n = left < NB_BLOCK_ROWS ? left : NB_BLOCK_ROWS;

    if (n == 0) {
        batch->n = 0;
        return NB_OK;
    }
    for (size_t i = 0; i < n; i++) {
        run->customer[i] = (uint32_t)(run->next + i);
        run->tenure[i] = run->period;
        run->journey[i] = (uint32_t)((size_t)run->period * run->n + run->next + i) + 1;
    }
    if (run->world->type->context) {
        run->world->type->context(run, run->next, n, run->x);
    }
    if (run->world->type->allows) {
        fill_mask(run, n);
    }
    batch->point = 0;
    batch->stream_point = 0;
    batch->period = run->period;
    batch->n = n;
    batch->d = point->d;
    batch->x = run->needs & NB_NEED_CONTEXT && point->d ? run->x : NULL;
    batch->n_actions = point->n_actions;
    batch->mask_words = nb_mask_words(point->n_actions);
    batch->mask = run->mask;
    batch->customer = run->customer;
    batch->luck = run->customer;
    batch->journey = point->max_slate > 1 ? run->journey : NULL;
    batch->tenure = run->tenure;
    batch->slate = point->max_slate;
    batch->oracle = run->needs & NB_NEED_ORACLE ? &run->oracle : NULL;
    return NB_OK;
}

/* highest and mean expected reward of the allowed actions */
static double find_best(const nb_batch_t *batch, size_t i, const double *mu, double *mean)
{
    double best = -INFINITY, sum = 0.0;
    unsigned n = 0;

    for (unsigned k = 0; k < batch->n_actions; k++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
            best = fmax(best, mu[k]);
            sum += mu[k];
            n++;
        }
    }
    *mean = sum / n;
    return best;
}

static void add_event(nb_testbed_run_t *run, nb_event_t event)
{
    NB_ASSERT(run->n_events < run->n_room);
    run->events[run->n_events++] = event;
}

static void book_reward(nb_testbed_run_t *run, size_t customer, double reward)
{
    run->sums.reward += reward;
    run->sums.equity += reward * pow(run->world->spec.gamma, (double)run->period);
    if (run->period < run->periods) {
        run->reward_t[run->period] += reward;
    }
    if (reward != 0.0) {
        add_event(run, (nb_event_t){.customer = (uint32_t)customer,
                                    .money = reward,
                                    .kind = NB_EVENT_MONEY,
                                    .cause = NB_CAUSE_SALE});
    }
}

int nb_testbed_book(nb_testbed_run_t *run, size_t customer, double reward)
{
    if (run->n_events + 3 * run->n + 1 > run->n_room) {
        size_t room = 2 * run->n_room;

        NB_TRY(nb_grow(&run->events, run->n_room, room, sizeof *run->events));
        run->n_room = room;
    }
    book_reward(run, customer, reward);
    return NB_OK;
}

/* regret of the decision, before its outcome */
static void count_regret(nb_testbed_run_t *run, const nb_batch_t *batch, size_t i,
                         const int32_t *action, const double *mu)
{
    const nb_testbed_type_t *type = run->world->type;
    double mean, best = find_best(batch, i, mu, &mean), regret;
    double played = type->slate_mean ? type->slate_mean(run, mu, action) : mu[*action];

    if (type->benchmark) {
        best = type->benchmark(run, batch->customer[i], mu);
    }
    regret = best - played;
    run->sums.regret += regret;
    run->sums.random_regret += type->slate_mean ? 0.0 : best - mean;
    run->sums.optimal += regret <= 1e-12;
    run->sums.decisions += 1.0;
    if (run->period < run->periods) {
        run->regret_t[run->period] += regret;
        run->optimal_t[run->period] += regret <= 1e-12;
    }
}

static void book_outcome(nb_testbed_run_t *run, const nb_batch_t *batch, size_t i,
                         const nb_outcome_t *outcome)
{
    if (batch->slate > 1) {
        add_event(run, (nb_event_t){.customer = batch->customer[i],
                                    .journey = batch->journey[i],
                                    .kind = NB_EVENT_ITEM,
                                    .item = (int16_t)outcome->item});
    }
    if (outcome->delay == 0) {
        book_reward(run, batch->customer[i], outcome->reward);
    }
}

int nb_testbed_act(void *self, const nb_batch_t *batch, const nb_choice_t *choice)
{
    nb_testbed_run_t *run = self;
    double mu[NB_BED_MAX_ACTIONS];

    run->n_events = 0;
    for (size_t i = 0; i < batch->n; i++) {
        const int32_t *action = choice->action + i * batch->slate;
        nb_outcome_t outcome = {.item = -1};

        fill_means(run, batch, i, mu);
        count_regret(run, batch, i, action, mu);
        run->world->type->play(run, batch->customer[i], action, mu, &outcome);
        book_outcome(run, batch, i, &outcome);
    }
    run->next += batch->n;
    return NB_OK;
}

int nb_testbed_end_period(void *run)
{
    (void)run;
    return NB_OK;
}

nb_events_t nb_testbed_take_events(void *self)
{
    nb_testbed_run_t *run = self;
    nb_events_t events = {run->events, run->n_events};

    run->n_events = 0;
    return events;
}

size_t nb_testbed_n_rows(const void *run)
{
    return ((const nb_testbed_run_t *)run)->n;
}

void nb_testbed_begin_tail(void *run)
{
    (void)run;
}

int nb_testbed_tail_done(const void *run)
{
    (void)run;
    return 1;
}

nb_purchases_t nb_testbed_purchases(const void *run)
{
    (void)run;
    return (nb_purchases_t){0};
}

int nb_testbed_archive(void *self, nb_archive_t *archive)
{
    nb_testbed_run_t *run = self;
    size_t periods = (size_t)run->periods;

    NB_TRY(nb_archive_bytes(archive, &run->period, sizeof run->period));
    NB_TRY(nb_archive_bytes(archive, &run->next, sizeof run->next));
    NB_TRY(nb_archive_bytes(archive, &run->sums, sizeof run->sums));
    NB_TRY(nb_archive_array(archive, &run->own, &run->own_size, NULL, 1));
    NB_TRY(nb_archive_array(archive, &run->reward_t, &periods, NULL, sizeof *run->reward_t));
    NB_TRY(nb_archive_array(archive, &run->regret_t, &periods, NULL, sizeof *run->regret_t));
    return nb_archive_array(archive, &run->optimal_t, &periods, NULL, sizeof *run->optimal_t);
}

void nb_testbed_free(void *self)
{
    nb_testbed_run_t *run = self;

    if (!run) {
        return;
    }
    nb_free(run->series);
    nb_free(run->optimal_t);
    nb_free(run->regret_t);
    nb_free(run->reward_t);
    nb_free(run->events);
    nb_free(run->tenure);
    nb_free(run->journey);
    nb_free(run->customer);
    nb_free(run->mask);
    nb_free(run->x);
    nb_free(run->own);
    nb_free(run);
}
