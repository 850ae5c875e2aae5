/*
 * The order of decisions in a period: recognize for everybody on the books, then for this week's
 * visitors display, product, offer, respond, repeat. A point that no policy is bound to plays its
 * default without a batch.
 */
#include "sim/journey.h"

#include <string.h>

static const unsigned slates[] = {3, 5, 1};
enum { N_SLATES = 3 };

static int is_bound(const journey_t *run, unsigned point)
{
    return (run->needs_of[point] & NB_NEED_ROWS) != 0;
}

static int wait_row(journey_t *run, uint32_t row)
{
    JOURNEY_MORE(run, rows, n_rows, rows_capacity);
    run->rows[run->n_rows++] = row;
    return NB_OK;
}

/* visits that wait at a point; at `product` those whose display shows run->slate chosen products */
static int collect_rows(journey_t *run, unsigned point)
{
    run->n_rows = 0;
    if (!is_bound(run, point) ||
        (run->world->set.journey == JOURNEY_TRANSPARENT && point != POINT_RESPOND)) {
        return NB_OK;
    }
    for (uint32_t v = 0; v < run->n_visits; v++) {
        const visit_t *visit = &run->visits[v];

        if (point == POINT_PRODUCT && journey_slate_of(visit) != run->slate) {
            continue;
        }
        if (point == POINT_RESPOND && !visit->ordered) {
            continue;
        }
        NB_TRY(wait_row(run, v));
    }
    return NB_OK;
}

static int finish_offers(journey_t *run)
{
    if (run->world->set.journey == JOURNEY_TRANSPARENT) {
        return NB_OK;
    }
    for (size_t v = 0; v < run->n_visits; v++) {
        if (!is_bound(run, POINT_OFFER)) {
            journey_apply_offer(run, &run->visits[v], OFFER_NONE);
        }
        NB_TRY(journey_choose_and_check_out(run, &run->visits[v]));
    }
    return NB_OK;
}

static int finish_responses(journey_t *run)
{
    for (size_t v = 0; v < run->n_visits && !is_bound(run, POINT_RESPOND); v++) {
        if (run->visits[v].ordered) {
            NB_TRY(journey_fulfil(run, &run->visits[v], RESPOND_STANDARD));
        }
    }
    return NB_OK;
}

static int begin_round(journey_t *run)
{
    NB_TRY(journey_collect_visits(run));
    run->stage = STAGE_DISPLAY;
    return collect_rows(run, POINT_DISPLAY);
}

/* rewards and thanks come first: churn at a purchase sees the satisfaction after them */
static int finish_round(journey_t *run)
{
    for (size_t v = 0; v < run->n_visits; v++) {
        const visit_t *visit = &run->visits[v];

        if (visit->ordered) {
            journey_churn_at_purchase(run, visit->customer);
        } else if (visit->ended) {
            NB_TRY(journey_end_journey(run, visit->customer, visit->ordinal));
        }
    }
    if (run->more_rounds) {
        run->round++;
        return begin_round(run);
    }
    run->stage = STAGE_DONE;
    run->n_rows = 0;
    return NB_OK;
}

static int begin_product(journey_t *run, unsigned i_slate)
{
    run->stage = STAGE_PRODUCT;
    run->i_slate = i_slate;
    run->slate = slates[i_slate];
    return collect_rows(run, POINT_PRODUCT);
}

/* all rows of the present stage are decided: do what follows and line up the next stage's rows */
static int advance(journey_t *run)
{
    run->cursor = 0;
    switch (run->stage) {
    case STAGE_RECOGNIZE:
        return begin_round(run);
    case STAGE_DISPLAY:
        return begin_product(run, 0);
    case STAGE_PRODUCT:
        if (run->i_slate + 1 < N_SLATES) {
            return begin_product(run, run->i_slate + 1);
        }
        run->stage = STAGE_OFFER;
        return collect_rows(run, POINT_OFFER);
    case STAGE_OFFER:
        NB_TRY(finish_offers(run));
        run->stage = STAGE_RESPOND;
        return collect_rows(run, POINT_RESPOND);
    case STAGE_RESPOND:
        NB_TRY(finish_responses(run));
        run->stage = STAGE_REPEAT;
        run->n_rows = 0;
        return is_bound(run, POINT_REPEAT) ? journey_collect_repeat(run) : NB_OK;
    default:
        return finish_round(run);
    }
}

static unsigned point_of(const journey_t *run)
{
    return (unsigned)run->stage; /* stages and points are numbered alike */
}

/* rows waiting at the present stage */
static const uint32_t *waiting(const journey_t *run, size_t *n)
{
    if (run->stage == STAGE_RECOGNIZE) {
        *n = is_bound(run, POINT_RECOGNIZE) ? run->n_books : 0;
        return run->books;
    }
    *n = run->n_rows;
    return run->rows;
}

/* the visit of a row, NULL where the row is a customer alone */
visit_t *journey_visit_of(const journey_t *run, uint32_t row)
{
    if (run->stage == STAGE_RECOGNIZE || (run->stage == STAGE_REPEAT && (row & ROW_IS_CUSTOMER))) {
        return NULL;
    }
    return &run->visits[row];
}

static void fill_row(journey_t *run, size_t r, uint32_t row, unsigned needs)
{
    unsigned point = point_of(run);
    const visit_t *visit = journey_visit_of(run, row);
    uint32_t i = visit ? visit->customer : row & ~ROW_IS_CUSTOMER;

    run->batch_customer[r] = i;
    run->batch_luck[r] = run->luck[i];
    run->batch_journey[r] = visit ? visit->ordinal : 0;
    run->batch_tenure[r] = run->period - run->birth[i];
    run->batch_mask[r] = journey_mask(run, point, i, visit);
    if (needs & NB_NEED_CONTEXT) {
        journey_observe(run, i, run->batch_x + r * N_FEATURES);
    }
    if (point == POINT_PRODUCT) {
        journey_rank(run, visit, run->batch_prior + r * run->world->n_products);
    }
}

static void fill_batch(journey_t *run, const uint32_t *rows, size_t n, nb_batch_t *batch)
{
    unsigned point = point_of(run);
    unsigned needs = run->needs_of[point];

    for (size_t r = 0; r < n; r++) {
        fill_row(run, r, rows[r], needs);
    }
    run->batch_rows = rows;
    *batch = (nb_batch_t){
        .point = point,
        .stream_point = point,
        .period = run->period,
        .round = run->round,
        .n = n,
        .d = N_FEATURES,
        .x = needs & NB_NEED_CONTEXT ? run->batch_x : NULL,
        .n_actions = run->world->points[point].n_actions,
        .prior_score = point == POINT_PRODUCT ? run->batch_prior : NULL,
        .mask_words = 1,
        .mask = run->batch_mask,
        .customer = run->batch_customer,
        .luck = run->batch_luck,
        .journey = run->batch_journey,
        .tenure = run->batch_tenure,
        .slate = point == POINT_PRODUCT ? run->slate : 1,
        .key = run->spec.policy_key,
        .oracle = needs & NB_NEED_ORACLE ? &run->oracle : NULL,
    };
}

int journey_next_batch(void *self, nb_batch_t *batch)
{
    journey_t *run = self;

    memset(batch, 0, sizeof *batch);
    while (run->stage != STAGE_DONE) {
        size_t n;
        const uint32_t *rows = waiting(run, &n);

        if (run->cursor < n) {
            size_t left = n - run->cursor;
            size_t size = left < NB_BLOCK_ROWS ? left : NB_BLOCK_ROWS;

            fill_batch(run, rows + run->cursor, size, batch);
            run->cursor += size;
            return NB_OK;
        }
        NB_TRY(advance(run));
    }
    return NB_OK;
}

static void act_product(visit_t *visit, const int32_t *slate, unsigned k)
{
    visit->n_shown = 0;
    for (unsigned s = 0; s < k && slate[s] >= 0; s++) {
        visit->shown[visit->n_shown++] = (uint8_t)slate[s];
    }
}

static int act_row(journey_t *run, const nb_batch_t *batch, size_t r, const int32_t *action)
{
    visit_t *visit = journey_visit_of(run, run->batch_rows[r]);

    switch (batch->stream_point) {
    case POINT_DISPLAY:
        visit->display = (uint8_t)action[0];
        journey_show(run, visit);
        return NB_OK;
    case POINT_PRODUCT:
        act_product(visit, action, batch->slate);
        return NB_OK;
    case POINT_OFFER:
        journey_apply_offer(run, visit, (unsigned)action[0]);
        return NB_OK;
    case POINT_RESPOND:
        return journey_fulfil(run, visit, (unsigned)action[0]);
    default:
        return journey_act_repeat(run, batch->customer[r], batch->journey[r], (unsigned)action[0]);
    }
}

int journey_act(void *self, const nb_batch_t *batch, const nb_choice_t *choice)
{
    journey_t *run = self;

    if (batch->stream_point == POINT_RECOGNIZE) {
        return journey_act_recognize(run, batch, choice->action);
    }
    for (size_t r = 0; r < batch->n; r++) {
        NB_TRY(act_row(run, batch, r, choice->action + r * batch->slate));
    }
    return NB_OK;
}
