/*
 * The whole state of a run, saved and loaded by one description. What init derives from world and
 * spec (the season, storage of batches) is not part of it, nor are events: they are taken by then.
 */
#include "sim/journey.h"

/* an array of the customers; *n and *capacity are those of all of them */
static int archive_customers(const journey_t *run, nb_archive_t *archive, void *array, size_t size,
                             size_t *n, size_t *capacity)
{
    *n = run->n;
    *capacity = run->capacity;
    return nb_archive_array(archive, array, n, capacity, size);
}

static int archive_population(journey_t *run, nb_archive_t *archive)
{
    size_t n = run->n, capacity = run->capacity;

#define CUSTOMERS(array)                                                                           \
    NB_TRY(archive_customers(run, archive, &run->array, sizeof *run->array, &n, &capacity))
    CUSTOMERS(customers);
    CUSTOMERS(luck);
    CUSTOMERS(birth);
    CUSTOMERS(last_active);
    CUSTOMERS(fatigue);
    CUSTOMERS(habit);
    CUSTOMERS(satisfaction);
    CUSTOMERS(trust);
    CUSTOMERS(sociability);
    CUSTOMERS(clock);
    CUSTOMERS(hazard);
    CUSTOMERS(rate);
    CUSTOMERS(need_ordinal);
    CUSTOMERS(next_need);
    CUSTOMERS(alive);
    CUSTOMERS(n_open);
    CUSTOMERS(flags);
    CUSTOMERS(in_round);
    CUSTOMERS(contact);
    CUSTOMERS(need_at);
#undef CUSTOMERS
    /* the books are as wide as the customers, but not as full */
    size_t n_books = run->n_books, width = run->capacity;
    NB_TRY(nb_archive_array(archive, &run->books, &n_books, &width, sizeof *run->books));
    if (width < capacity) {
        NB_TRY(nb_grow(&run->books, n_books, capacity, sizeof *run->books));
    }
    run->n_books = n_books;
    run->n = n;
    run->capacity = capacity;
    return NB_OK;
}

/* needs, visits, orders and whoever waits */
static int archive_queues(journey_t *run, nb_archive_t *archive)
{
    NB_TRY(nb_archive_array(archive, &run->needs, &run->n_needs, &run->needs_capacity,
                            sizeof *run->needs));
    NB_TRY(nb_archive_array(archive, &run->visits, &run->n_visits, &run->visits_capacity,
                            sizeof *run->visits));
    NB_TRY(nb_archive_array(archive, &run->rows, &run->n_rows, &run->rows_capacity,
                            sizeof *run->rows));
    return nb_archive_array(archive, &run->pending, &run->n_pending, &run->pending_capacity,
                            sizeof *run->pending);
}

static int archive_position(journey_t *run, nb_archive_t *archive)
{
    NB_TRY(nb_archive_bytes(archive, &run->period, sizeof run->period));
    NB_TRY(nb_archive_bytes(archive, &run->in_tail, sizeof run->in_tail));
    NB_TRY(nb_archive_bytes(archive, &run->stage, sizeof run->stage));
    NB_TRY(nb_archive_bytes(archive, &run->round, sizeof run->round));
    NB_TRY(nb_archive_bytes(archive, &run->more_rounds, sizeof run->more_rounds));
    NB_TRY(nb_archive_bytes(archive, &run->cursor, sizeof run->cursor));
    NB_TRY(nb_archive_bytes(archive, &run->i_slate, sizeof run->i_slate));
    return nb_archive_bytes(archive, &run->slate, sizeof run->slate);
}

static int archive_results(journey_t *run, nb_archive_t *archive)
{
    nb_result_t result;
    size_t n_series;

    NB_TRY(journey_result(run, &result));
    n_series = result.n_series * (size_t)result.periods;
    NB_TRY(nb_archive_bytes(archive, &run->sums, sizeof run->sums));
    NB_TRY(nb_archive_bytes(archive, &run->horizon, sizeof run->horizon));
    NB_TRY(nb_archive_bytes(archive, &run->tail, sizeof run->tail));
    NB_TRY(nb_archive_bytes(archive, &run->n_tail, sizeof run->n_tail));
    NB_TRY(nb_archive_bytes(archive, &run->bad_word, sizeof run->bad_word));
    return nb_archive_array(archive, &run->series, &n_series, NULL, sizeof *run->series);
}

static int archive_log(journey_t *run, nb_archive_t *archive)
{
    size_t n = run->n_log, capacity = run->log_capacity;

    NB_TRY(nb_archive_array(archive, &run->log_customer, &n, &capacity, sizeof *run->log_customer));
    n = run->n_log;
    capacity = run->log_capacity;
    NB_TRY(nb_archive_array(archive, &run->log_period, &n, &capacity, sizeof *run->log_period));
    n = run->n_log;
    capacity = run->log_capacity;
    NB_TRY(nb_archive_array(archive, &run->log_spend, &n, &capacity, sizeof *run->log_spend));
    run->n_log = n;
    run->log_capacity = capacity;
    return NB_OK;
}

int journey_archive(void *self, nb_archive_t *archive)
{
    journey_t *run = self;

    NB_TRY(archive_position(run, archive));
    NB_TRY(archive_population(run, archive));
    NB_TRY(archive_queues(run, archive));
    NB_TRY(archive_results(run, archive));
    run->n_events = run->events_taken = 0;
    return archive_log(run, archive);
}
