#include "bench/lookahead.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/loop.h"
#include "core/parallel.h"

enum { MAX_ACTIONS = 64 };

/* what the others do, and what is done before and after: e-mail every other week, consent asked
 * for, all else plain */
static const char base[] =
    "strategies: {base: {recognize: {policy: rules, rules: [{if: {tenure_weeks: [2, 15, 28, 41]}, "
    "action: ask_consent}, {if: {every: 2}, action: email}]}, display: {policy: fixed, action: "
    "catalogue}, offer: {policy: fixed, action: none}, respond: {policy: fixed, action: standard}, "
    "repeat: {policy: fixed, action: nothing}}}";

/* weeks in which states are taken */
static const double sampled[] = {8, 26, 52};
enum { N_SAMPLED = 3 };

typedef struct {
    const nb_lookahead_spec_t *spec;
    const nb_environment_type_t *environment;
    const nb_spec_t *points;
    nb_loop_spec_t loop;
    nb_archive_t saved; /* while the batch that is looked at waits */
    int period;
    /* the batch that is looked at */
    unsigned point, n_actions;
    size_t n;
    uint32_t customer[NB_BLOCK_ROWS];
    uint64_t mask[NB_BLOCK_ROWS];
    float *values; /* [lucks x MAX_ACTIONS x NB_BLOCK_ROWS] */
    /* states by point and action */
    double allowed[NB_MAX_POINTS][MAX_ACTIONS], best[NB_MAX_POINTS][MAX_ACTIONS];
} work_t;

/* what goes on: who plays and where the world stands; the future's luck is the loop's own */
static int archive_state(nb_loop_t *loop, nb_archive_t *archive)
{
    NB_TRY(nb_players_archive(&loop->players, archive));
    return loop->spec.environment->archive(loop->run, archive);
}

static int take_values(const work_t *work, const nb_loop_t *loop, float *out)
{
    size_t n;
    const double *values = work->environment->customer_values(loop->run, &n);
    const double *brought = work->environment->customer_brought
                                ? work->environment->customer_brought(loop->run, &n)
                                : NULL;

    for (size_t r = 0; r < work->n; r++) {
        uint32_t i = work->customer[r];

        out[r] = i < n ? (float)(values[i] + (brought ? brought[i] : 0)) : 0;
    }
    return NB_OK;
}

/* all rows that may play action k do */
static int play_action(const work_t *work, nb_loop_t *fork, unsigned k, float *out)
{
    nb_archive_t archive = work->saved;
    nb_choice_t choice;
    nb_batch_t batch;

    nb_archive_load(&archive);
    NB_TRY(archive_state(fork, &archive));
    fork->period = work->period;
    fork->is_within = 1;
    /* nothing is spent before the first batch of a point: what is there is of the last future */
    nb_budgets_begin_period(&fork->budgets);
    /* the batch was taken already: what led to it has the luck of the run, what follows its own */
    work->environment->rewind(fork->run);
    NB_TRY(nb_loop_next(fork, &batch, &choice));
    NB_ASSERT(batch.n == work->n && batch.point == work->point);
    for (size_t r = 0; r < batch.n; r++) {
        if (work->mask[r] >> k & 1) {
            choice.action[r] = (int32_t)k;
        }
    }
    NB_TRY(nb_loop_act(fork, &batch, &choice));
    NB_TRY(nb_loop_run_until(fork,
                             work->period + (int)(work->spec->weeks / work->points->period_weeks)));
    return take_values(work, fork, out);
}

/* one luck: every action under the same future */
static int play_luck(void *context, size_t i_luck, int i_worker)
{
    work_t *work = context;
    nb_loop_spec_t spec = work->loop;
    nb_loop_t fork;
    int code;

    (void)i_worker;
    spec.key.replication = 1 + (uint32_t)i_luck;
    code = nb_loop_init(&fork, &spec);
    for (unsigned k = 0; k < work->n_actions && code >= 0; k++) {
        code =
            play_action(work, &fork, k, work->values + (i_luck * MAX_ACTIONS + k) * NB_BLOCK_ROWS);
    }
    nb_loop_free(&fork);
    return code;
}

/* the best of the actions allowed in a row, by the mean over the lucks; the first of equals */
static void judge_row(work_t *work, size_t r)
{
    double top = -INFINITY;
    unsigned best = 0;

    for (unsigned k = 0; k < work->n_actions; k++) {
        double sum = 0;

        if (!(work->mask[r] >> k & 1)) {
            continue;
        }
        for (int l = 0; l < work->spec->lucks; l++) {
            sum += work->values[((size_t)l * MAX_ACTIONS + k) * NB_BLOCK_ROWS + r];
        }
        work->allowed[work->point][k]++;
        if (sum > top) {
            top = sum;
            best = k;
        }
    }
    work->best[work->point][best]++;
}

static int look(work_t *work, nb_loop_t *loop, const nb_batch_t *batch)
{
    const nb_point_t *point = &work->points->points[batch->point];
    size_t n_founders = work->spec->n_customers;

    if (point->max_slate > 1 || point->n_actions > MAX_ACTIONS) {
        return NB_OK;
    }
    nb_archive_reset(&work->saved);
    NB_TRY(archive_state(loop, &work->saved));
    work->period = loop->period;
    work->point = batch->point;
    work->n_actions = point->n_actions;
    work->n = batch->n;
    memcpy(work->customer, batch->customer, batch->n * sizeof *batch->customer);
    memcpy(work->mask, batch->mask, batch->n * sizeof *batch->mask);
    NB_TRY(nb_parallel_for(work->spec->n_threads, (size_t)work->spec->lucks, play_luck, work));
    for (size_t r = 0; r < work->n; r++) {
        if (work->customer[r] < n_founders) {
            judge_row(work, r);
        }
    }
    return NB_OK;
}

static int is_sampled(const work_t *work, int period)
{
    for (int k = 0; k < N_SAMPLED; k++) {
        if (period == (int)(sampled[k] / work->points->period_weeks)) {
            return 1;
        }
    }
    return 0;
}

/* with several firms a customer has more than one value */
static int check_values(const nb_loop_t *loop)
{
    size_t n;

    loop->spec.environment->customer_values(loop->run, &n);
    if (n != loop->spec.n_customers) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "environment %s does not tell values by customer here",
                loop->spec.environment->name);
    }
    return NB_OK;
}

static int play(work_t *work, nb_loop_t *loop)
{
    int last = (int)(sampled[N_SAMPLED - 1] / work->points->period_weeks);
    unsigned before = NB_MAX_POINTS;
    nb_choice_t choice;
    nb_batch_t batch;

    while (loop->period <= last) {
        NB_TRY(nb_loop_next(loop, &batch, &choice));
        /* a later batch of the same rows would not be the first one after a rewind */
        if (batch.n && batch.point != before && is_sampled(work, loop->period)) {
            NB_TRY(look(work, loop, &batch));
        }
        before = batch.n ? batch.point : NB_MAX_POINTS;
        if (batch.n) {
            NB_TRY(nb_loop_act(loop, &batch, &choice));
        }
    }
    return NB_OK;
}

static int list_shares(const work_t *work, nb_action_share_t **out, size_t *n)
{
    *n = 0;
    NB_TRY(nb_alloc(out, NB_MAX_POINTS * MAX_ACTIONS, sizeof **out));
    for (unsigned p = 0; p < work->points->n_points; p++) {
        const nb_point_t *point = &work->points->points[p];

        for (unsigned k = 0; k < point->n_actions && k < MAX_ACTIONS; k++) {
            if (work->allowed[p][k] >= NB_LOOKAHEAD_MIN_STATES) {
                nb_action_share_t *share = &(*out)[(*n)++];

                snprintf(share->point, sizeof share->point, "%s", point->name);
                snprintf(share->action, sizeof share->action, "%s", point->actions[k]);
                share->states = work->allowed[p][k];
                share->share = work->best[p][k] / work->allowed[p][k];
            }
        }
    }
    return NB_OK;
}

static int run_base(work_t *work, const nb_strategy_t *strategy, nb_action_share_t **out, size_t *n)
{
    const nb_lookahead_spec_t *spec = work->spec;
    nb_loop_t loop = {.run = NULL};
    int code;

    work->loop = (nb_loop_spec_t){
        .environment = work->environment,
        .world = spec->world->world,
        .strategy = strategy,
        .key = {.seed = spec->seed},
        .policy_key = {.seed = spec->seed},
        .n_customers = spec->n_customers,
        .periods = (int)((sampled[N_SAMPLED - 1] + spec->weeks) / work->points->period_weeks) + 1,
        .stop = spec->stop,
    };
    code = nb_loop_init(&loop, &work->loop);
    code = code < 0 ? code : check_values(&loop);
    code = code < 0 ? code : play(work, &loop);
    code = code < 0 ? code : list_shares(work, out, n);
    nb_loop_free(&loop);
    return code;
}

static int check(const nb_environment_type_t *environment, const void *world)
{
    int warm_start;

    if (!environment->archive || !environment->customer_values || !environment->rewind) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "runs of environment %s cannot be forked", environment->name);
    }
    if (environment->burn_in && environment->burn_in(world, &warm_start) > 0) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "lookahead begins with a cold start, expected no burn-in");
    }
    return NB_OK;
}

int nb_lookahead_shares(const nb_lookahead_spec_t *spec, nb_action_share_t **out, size_t *n)
{
    const nb_plan_world_t *world = spec->world;
    nb_strategy_t strategy = {0};
    nb_config_t config = {0};
    work_t *work = NULL;
    int code;

    *out = NULL;
    *n = 0;
    NB_TRY(check(world->environment, world->world));
    NB_TRY(nb_alloc(&work, 1, sizeof *work));
    work->spec = spec;
    work->environment = world->environment;
    work->points = world->environment->spec(world->world);
    code = nb_alloc(&work->values, (size_t)spec->lucks * MAX_ACTIONS * NB_BLOCK_ROWS,
                    sizeof *work->values);
    code = code < 0 ? code : nb_config_init(&config);
    code = code < 0 ? code : nb_config_parse(&config, "lookahead", base, strlen(base));
    code = code < 0 ? code
                    : nb_strategy_init(&strategy, "base",
                                       nb_node_at(config.root, "strategies.base"), work->points);
    code = code < 0 ? code : run_base(work, &strategy, out, n);
    nb_strategy_free(&strategy);
    nb_config_free(&config);
    nb_archive_free(&work->saved);
    nb_free(work->values);
    nb_free(work);
    return code;
}
