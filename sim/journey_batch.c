/*
 * The order of decisions in a period: recognize for everybody on the books, then for this week's
 * visitors display, product, offer, respond, repeat. A point that no policy is bound to plays its
 * default without a batch.
 */
#include "sim/journey.h"

#include <string.h>

/* rows whose records are fetched while others are worked on */
enum { AHEAD = 8 };

static const unsigned slates[] = {3, 5, 1};
enum { N_SLATES = 3 };

/* index of a point among the environment's points */
static unsigned point_at(const journey_t *run, unsigned point)
{
    return run->at.firm * N_POINTS + point;
}

static int is_bound(const journey_t *run, unsigned point)
{
    return (run->needs_of[point_at(run, point)] & NB_NEED_ROWS) != 0;
}

static int is_bound_for(const journey_t *run, const visit_t *visit, unsigned point)
{
    unsigned firm = journey_firm(run, visit->customer);

    return (run->needs_of[firm * N_POINTS + point] & NB_NEED_ROWS) != 0;
}

int journey_wait(journey_t *run, uint32_t row)
{
    JOURNEY_MORE(run, rows, n_rows, rows_capacity);
    run->rows[run->n_rows++] = row;
    return NB_OK;
}

/* whether a visit waits at a point of the present firm; at `product` those whose display shows
 * at.slate chosen products of one category */
static int waits(const journey_t *run, const visit_t *visit, unsigned point)
{
    if (journey_firm(run, visit->customer) != run->at.firm) {
        return 0;
    }
    switch (point) {
    case POINT_PRODUCT:
        return journey_slate_of(visit) == run->at.slate && visit->category == run->at.category;
    case POINT_RESPOND:
        return visit->ordered;
    default:
        return !visit->is_auto;
    }
}

static int collect_rows(journey_t *run, unsigned point)
{
    run->n_rows = 0;
    if (!is_bound(run, point) ||
        (run->world->set.journey == JOURNEY_TRANSPARENT && point != POINT_RESPOND)) {
        return NB_OK;
    }
    for (uint32_t v = 0; v < run->n_visits; v++) {
        if (waits(run, &run->visits[v], point)) {
            NB_TRY(journey_wait(run, v));
        }
    }
    return NB_OK;
}

static int finish_offers(journey_t *run)
{
    if (run->world->set.journey == JOURNEY_TRANSPARENT) {
        return NB_OK;
    }
    for (size_t v = 0; v < run->n_visits; v++) {
        visit_t *visit = &run->visits[v];

        if (visit->is_auto) {
            continue;
        }
        if (!is_bound_for(run, visit, POINT_OFFER)) {
            journey_apply_offer(run, visit, OFFER_NONE);
        }
        NB_TRY(journey_choose_and_check_out(run, visit));
    }
    return NB_OK;
}

static int finish_responses(journey_t *run)
{
    for (size_t v = 0; v < run->n_visits; v++) {
        visit_t *visit = &run->visits[v];

        if (visit->ordered && !is_bound_for(run, visit, POINT_RESPOND)) {
            NB_TRY(journey_fulfil(run, visit, RESPOND_STANDARD));
        }
    }
    return NB_OK;
}

static int begin_round(journey_t *run)
{
    NB_TRY(journey_collect_visits(run));
    run->at.stage = STAGE_DISPLAY;
    return collect_rows(run, POINT_DISPLAY);
}

/* rewards and thanks come first: referrals and churn see the satisfaction after them */
static int finish_round(journey_t *run)
{
    for (size_t v = 0; v < run->n_visits; v++) {
        const visit_t *visit = &run->visits[v];

        if (visit->ordered) {
            if (run->world->set.journey == JOURNEY_FULL) {
                NB_TRY(journey_refer(run, visit));
            }
            journey_churn_at_purchase(run, visit->customer);
        } else if (visit->ended) {
            NB_TRY(journey_end_journey(run, visit->customer, visit->ordinal));
        }
    }
    if (run->at.more_rounds) {
        run->at.round++;
        return begin_round(run);
    }
    run->at.stage = STAGE_DONE;
    run->n_rows = 0;
    return NB_OK;
}

static int begin_product(journey_t *run, unsigned i_group)
{
    run->at.stage = STAGE_PRODUCT;
    run->at.i_group = i_group;
    run->at.slate = slates[i_group % N_SLATES];
    run->at.category = i_group / N_SLATES;
    return collect_rows(run, POINT_PRODUCT);
}

static int collect_repeat(journey_t *run)
{
    run->n_rows = 0;
    return is_bound(run, POINT_REPEAT) ? journey_collect_repeat(run) : NB_OK;
}

/* every firm has decided at this stage: do what follows and line up the next stage's rows */
static int finish_stage(journey_t *run)
{
    switch (run->at.stage) {
    case STAGE_RECOGNIZE:
        return begin_round(run);
    case STAGE_DISPLAY:
        return begin_product(run, 0);
    case STAGE_PRODUCT:
        if (run->at.i_group + 1 < N_SLATES * run->world->n_categories) {
            return begin_product(run, run->at.i_group + 1);
        }
        run->at.stage = STAGE_OFFER;
        return collect_rows(run, POINT_OFFER);
    case STAGE_OFFER:
        NB_TRY(finish_offers(run));
        run->at.stage = STAGE_RESPOND;
        return collect_rows(run, POINT_RESPOND);
    case STAGE_RESPOND:
        NB_TRY(finish_responses(run));
        run->at.stage = STAGE_REPEAT;
        return collect_repeat(run);
    default:
        return finish_round(run);
    }
}

/* all rows of the present firm are decided: the next firm's, then the next stage */
static int advance(journey_t *run)
{
    run->at.cursor = 0;
    run->at.acted = 0;
    if (run->at.firm + 1 < run->world->n_firms) {
        run->at.firm++;
        if (run->at.stage == STAGE_RECOGNIZE) {
            return NB_OK;
        }
        return run->at.stage == STAGE_REPEAT ? collect_repeat(run)
                                             : collect_rows(run, (unsigned)run->at.stage);
    }
    run->at.firm = 0;
    return finish_stage(run);
}

/* rows waiting at the present stage of the present firm */
static const uint32_t *waiting(const journey_t *run, size_t *n)
{
    if (run->at.stage == STAGE_RECOGNIZE) {
        const uint64_t *begin = &run->at.books_begin[run->at.firm];

        *n = is_bound(run, POINT_RECOGNIZE) ? begin[1] - begin[0] : 0;
        return run->books + begin[0];
    }
    *n = run->n_rows;
    return run->rows;
}

/* the visit of a row, NULL where the row is a customer alone */
visit_t *journey_visit_of(const journey_t *run, uint32_t row)
{
    if (run->at.stage == STAGE_RECOGNIZE ||
        (run->at.stage == STAGE_REPEAT && (row & ROW_IS_CUSTOMER))) {
        return NULL;
    }
    return &run->visits[row];
}

static void fill_row(journey_t *run, size_t r, uint32_t row, unsigned needs)
{
    unsigned point = (unsigned)run->at.stage; /* stages and a firm's points are numbered alike */
    const visit_t *visit = journey_visit_of(run, row);
    uint32_t i = visit ? visit->customer : row & ~ROW_IS_CUSTOMER;

    run->batch_customer[r] = i;
    run->batch_luck[r] = run->luck[i];
    run->batch_journey[r] = visit ? visit->ordinal : 0;
    run->batch_tenure[r] = run->at.period - run->birth[i];
    run->batch_mask[r] = journey_mask(run, point, i, visit);
    if (needs & NB_NEED_CONTEXT) {
        journey_observe(run, i, run->batch_x + r * run->world->n_features);
    }
    if (point == POINT_PRODUCT) {
        journey_rank(run, visit, run->batch_prior + r * run->world->n_products);
    }
}

static void fill_batch(journey_t *run, const uint32_t *rows, size_t n, nb_batch_t *batch)
{
    unsigned at = point_at(run, (unsigned)run->at.stage), needs = run->needs_of[at];
    int is_product = run->at.stage == STAGE_PRODUCT;

    for (size_t r = 0; r < n; r++) {
        fill_row(run, r, rows[r], needs);
    }
    run->batch_rows = rows;
    *batch = (nb_batch_t){
        .point = at,
        .stream_point = at,
        .period = run->at.period,
        .round = run->at.round,
        .n = n,
        .d = run->world->n_features,
        .x = needs & NB_NEED_CONTEXT ? run->batch_x : NULL,
        .n_actions = run->world->points[at].n_actions,
        .d_action = is_product ? N_PRODUCT_FEATURES : 0,
        .action_x = is_product && (needs & NB_NEED_ACTION_FEATURES)
                        ? run->world->catalogue[run->at.category].features[0]
                        : NULL,
        .prior_score = is_product ? run->batch_prior : NULL,
        .mask_words = 1,
        .mask = run->batch_mask,
        .customer = run->batch_customer,
        .luck = run->batch_luck,
        .journey = run->batch_journey,
        .tenure = run->batch_tenure,
        .slate = is_product ? run->world->points[at].max_slate < run->at.slate
                                  ? run->world->points[at].max_slate
                                  : run->at.slate
                            : 1,
        .key = run->spec.policy_key,
        .oracle = needs & NB_NEED_ORACLE ? &run->oracle : NULL,
    };
}

int journey_next_batch(void *self, nb_batch_t *batch)
{
    journey_t *run = self;

    memset(batch, 0, sizeof *batch);
    while (run->at.stage != STAGE_DONE) {
        size_t n;
        const uint32_t *rows = waiting(run, &n);

        if (run->at.cursor < n) {
            size_t left = n - run->at.cursor;
            size_t size = left < NB_BLOCK_ROWS ? left : NB_BLOCK_ROWS;

            fill_batch(run, rows + run->at.cursor, size, batch);
            run->at.cursor += size;
            return NB_OK;
        }
        if (n > 0 && !run->at.acted) {
            return NB_OK; /* shown, but not acted on: rewind gives them again */
        }
        NB_TRY(advance(run));
    }
    return NB_OK;
}

void journey_rewind(void *run)
{
    ((journey_t *)run)->at.cursor = 0;
}

/* contacts may be limited in money and number, calls in number */
int journey_budget(const void *self, unsigned point, nb_budget_t *out)
{
    const journey_t *run = self;
    const nb_journey_settings_t *set = &run->world->set;
    double n0 = (double)run->spec.n_customers;

    if (point % N_POINTS != POINT_RECOGNIZE ||
        (set->budget_contact < 0 && set->capacity_contacts >= 1 && set->capacity_calls >= 1)) {
        return 0;
    }
    *out = (nb_budget_t){
        .money = set->budget_contact < 0 ? INFINITY : set->budget_contact * n0,
        .rows = set->capacity_contacts >= 1 ? INFINITY : set->capacity_contacts * n0,
        .cost = run->world->action_cost,
        .capacity = run->action_capacity,
    };
    return 1;
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

    switch (batch->stream_point % N_POINTS) {
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
        return journey_act_repeat(run, batch->customer[r], visit, (unsigned)action[0]);
    }
}

/* dormant customers are met here for the first time in a period: fetch their records ahead */
static void fetch_record(const journey_t *run, uint32_t row)
{
    const char *record = (const char *)&run->customers[row];

    for (size_t at = 0; at < sizeof *run->customers; at += 64) {
        __builtin_prefetch(record + at);
    }
}

int journey_act(void *self, const nb_batch_t *batch, const nb_choice_t *choice)
{
    journey_t *run = self;

    run->at.acted = 1;
    if (batch->stream_point % N_POINTS == POINT_RECOGNIZE) {
        return journey_act_recognize(run, batch, choice->action);
    }
    for (size_t r = 0; r < batch->n; r++) {
        if (r + AHEAD < batch->n) {
            fetch_record(run, batch->customer[r + AHEAD]);
        }
        NB_TRY(act_row(run, batch, r, choice->action + r * batch->slate));
    }
    return NB_OK;
}
