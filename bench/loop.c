#include "bench/loop.h"

#include <limits.h>
#include <math.h>
#include <string.h>

enum { END_MARK = 0x6e626c70 }; /* ends a saved state */

/* storage that depends on the points */
static int init_buffers(nb_loop_t *self, const nb_spec_t *points)
{
    size_t scratch = nb_players_scratch_size(&self->players);
    size_t slate = 1;

    if (self->n_burn_in) {
        size_t other = nb_players_scratch_size(&self->burn_in);

        scratch = other > scratch ? other : scratch;
    }
    for (unsigned p = 0; p < points->n_points; p++) {
        slate = points->points[p].max_slate > slate ? points->points[p].max_slate : slate;
    }
    NB_TRY(nb_arena_init(&self->scratch, scratch));
    NB_TRY(nb_budgets_init(&self->budgets, points));
    if ((self->spec.watch && self->spec.watch->want_propensity) ||
        nb_players_want_propensity(&self->players, -1)) {
        NB_TRY(nb_alloc(&self->propensity, NB_BLOCK_ROWS * slate, sizeof *self->propensity));
    }
    return nb_alloc(&self->action, NB_BLOCK_ROWS * slate, sizeof *self->action);
}

/* what the watch wants to see of the points that policies own */
static void add_watched_needs(const nb_loop_spec_t *spec, unsigned n_points, unsigned *needs)
{
    for (unsigned p = 0; spec->watch && p < n_points; p++) {
        if (spec->strategy->owner[p] >= 0) {
            needs[p] |= spec->watch->needs;
        }
    }
}

int nb_loop_init(nb_loop_t *self, const nb_loop_spec_t *spec)
{
    const nb_environment_type_t *environment = spec->environment;
    const nb_spec_t *points = environment->spec(spec->world);
    unsigned needs[NB_MAX_POINTS] = {0};
    nb_run_spec_t run = {
        .key = spec->key,
        .n_customers = spec->n_customers,
        .periods = spec->periods,
        .needs = needs,
        .log_purchases = spec->log_purchases,
        .same_population = spec->same_population,
        .policy_key = spec->policy_key,
    };

    memset(self, 0, sizeof *self);
    self->spec = *spec;
    if (environment->burn_in) {
        self->n_burn_in = environment->burn_in(spec->world, &self->warm_start);
    }
    self->period = -self->n_burn_in;
    NB_TRY(nb_players_init(&self->players, spec->strategy, points, spec->policy_key,
                           spec->n_customers, spec->periods));
    nb_players_add_needs(&self->players, needs);
    add_watched_needs(spec, points->n_points, needs);
    if (self->n_burn_in) {
        if (!spec->burn_in) {
            NB_FAIL(NB_ERR_CONFIG, "environment %s has a burn-in, but no strategy plays it",
                    environment->name);
        }
        NB_TRY(nb_players_init(&self->burn_in, spec->burn_in, points, spec->policy_key,
                               spec->n_customers, spec->periods));
        nb_players_add_needs(&self->burn_in, needs);
    }
    NB_TRY(init_buffers(self, points));
    return environment->init(&self->run, spec->world, &run);
}

static int check_money(const nb_loop_t *self, nb_events_t events, int period)
{
    for (size_t i = 0; i < events.n; i++) {
        if (!isfinite(events.events[i].money)) {
            NB_FAIL(NB_ERR_NUMERIC, "environment %s in period %d: money of customer %u is %g",
                    self->spec.environment->name, period, events.events[i].customer,
                    events.events[i].money);
        }
    }
    return NB_OK;
}

/* who plays the period under way */
static const nb_players_t *find_players(const nb_loop_t *self)
{
    return self->period < 0 ? &self->burn_in : &self->players;
}

/* 1 where the players of the run are credited and learn */
static int is_learning(const nb_loop_t *self)
{
    return self->period < 0 ? self->warm_start : self->period < self->spec.periods;
}

/* what happened since the last call, to those who learn from it and to the watch */
static int deliver_events(nb_loop_t *self)
{
    const nb_environment_type_t *environment = self->spec.environment;
    const nb_loop_watch_t *watch = self->spec.watch;
    size_t n_customers = environment->n_rows(self->run);
    nb_events_t events = environment->take_events(self->run);

    NB_TRY(check_money(self, events, self->period));
    if (watch && watch->moved) {
        NB_TRY(watch->moved(watch->context, self->period, events, n_customers));
    }
    NB_TRY(nb_players_reserve(&self->players, n_customers));
    return is_learning(self) ? nb_players_book(&self->players, events, n_customers) : NB_OK;
}

static int begin_period(nb_loop_t *self)
{
    if (self->spec.stop && *self->spec.stop) {
        NB_FAIL(NB_ERR_INTERRUPTED, "interrupted in period %d", self->period);
    }
    if (is_learning(self)) {
        NB_TRY(nb_players_begin_period(&self->players, self->period));
    }
    nb_budgets_begin_period(&self->budgets);
    NB_TRY(self->spec.environment->begin_period(self->run, self->period));
    self->is_within = 1;
    return deliver_events(self);
}

static int end_period(nb_loop_t *self)
{
    const nb_environment_type_t *environment = self->spec.environment;

    NB_TRY(environment->end_period(self->run));
    NB_TRY(deliver_events(self));
    if (is_learning(self)) {
        NB_TRY(nb_players_learn(&self->players, &self->scratch,
                                self->period == self->spec.periods - 1));
    }
    self->customer_periods += (double)environment->n_rows(self->run);
    self->is_within = 0;
    self->period++;
    return NB_OK;
}

/* say whose budget or rows are wrong before the sentence that says how */
static int blame(const nb_loop_t *self, int code)
{
    return code < 0 ? nb_error_prefix(code, "environment %s", self->spec.environment->name) : NB_OK;
}

/* all rows of a point with what they would like to play, from its first batch on; the budget is
 * shared out among them, and they begin again */
static int share_out(nb_loop_t *self, const nb_budget_t *budget, nb_batch_t *batch)
{
    const nb_environment_type_t *environment = self->spec.environment;
    const nb_players_t *playing = find_players(self);
    nb_choice_t choice = {.action = self->action};

    NB_TRY(blame(self, nb_budgets_open(&self->budgets, batch->point, budget)));
    while (batch->n) {
        size_t mark = nb_arena_mark(&self->scratch), n = batch->n * batch->n_actions;
        double *score = nb_arena_take(&self->scratch, n, sizeof *score);
        int code = nb_players_score(playing, batch, &self->scratch, score), scored = code;

        if (code >= 0) {
            code = nb_players_choose(playing, batch, &self->scratch, &choice);
        }
        if (code >= 0) {
            code = blame(
                self, nb_budgets_add(&self->budgets, batch, choice.action, scored ? score : NULL));
        }
        nb_arena_release(&self->scratch, mark);
        NB_TRY(code);
        memset(batch, 0, sizeof *batch);
        NB_TRY(environment->next_batch(self->run, batch));
    }
    nb_budgets_allocate(&self->budgets);
    environment->rewind(self->run);
    return environment->next_batch(self->run, batch);
}

/* answer a batch; where its point has a budget to be shared out first, *batch is read anew */
static int answer(nb_loop_t *self, nb_batch_t *batch, nb_choice_t *choice)
{
    const nb_environment_type_t *environment = self->spec.environment;
    const nb_players_t *playing = find_players(self);
    nb_budget_t budget;

    if (!nb_budgets_left(&self->budgets)) {
        if (!environment->budget || !nb_players_own(playing, batch->point) ||
            !environment->budget(self->run, batch->point, &budget)) {
            batch->want_propensity = (self->spec.watch && self->spec.watch->want_propensity) ||
                                     nb_players_want_propensity(playing, (int)batch->point);
            return nb_players_choose(playing, batch, &self->scratch, choice);
        }
        NB_TRY(share_out(self, &budget, batch));
    }
    return blame(self, nb_budgets_take(&self->budgets, batch, choice->action));
}

/* what is shared out was not drawn by a policy and has no propensity */
static int choose(nb_loop_t *self, nb_batch_t *batch, nb_choice_t *choice)
{
    const nb_loop_watch_t *watch = self->spec.watch;

    *choice = (nb_choice_t){.action = self->action, .propensity = self->propensity};
    for (size_t i = 0; self->propensity && i < batch->n * batch->slate; i++) {
        self->propensity[i] = NAN;
    }
    NB_TRY(answer(self, batch, choice));
    return watch && watch->chosen ? watch->chosen(watch->context, self, batch, choice) : NB_OK;
}

int nb_loop_next(nb_loop_t *self, nb_batch_t *batch, nb_choice_t *choice)
{
    const nb_loop_watch_t *watch = self->spec.watch;

    if (!self->is_within) {
        NB_TRY(begin_period(self));
    }
    if (watch && watch->before) {
        NB_TRY(watch->before(watch->context, self));
    }
    memset(batch, 0, sizeof *batch);
    NB_TRY(self->spec.environment->next_batch(self->run, batch));
    /* an empty batch while shared-out rows wait is for the budget to refuse */
    return batch->n || nb_budgets_left(&self->budgets) ? choose(self, batch, choice)
                                                       : end_period(self);
}

int nb_loop_act(nb_loop_t *self, const nb_batch_t *batch, const nb_choice_t *choice)
{
    const nb_environment_type_t *environment = self->spec.environment;

    if (is_learning(self)) {
        NB_TRY(nb_players_record(&self->players, batch, choice, environment->n_rows(self->run)));
    }
    if (self->period >= 0) {
        NB_TRY(nb_players_played(&self->players, batch, &self->scratch, choice));
    }
    NB_TRY(environment->act(self->run, batch, choice));
    return deliver_events(self);
}

/* 1 where no period is left; the tail begins where the first of its periods is asked for */
static int is_over(nb_loop_t *self)
{
    const nb_environment_type_t *environment = self->spec.environment;

    if (self->is_within || self->period < self->spec.periods) {
        return 0;
    }
    if (!self->spec.tail) {
        return 1;
    }
    if (!self->in_tail) {
        environment->begin_tail(self->run);
        self->in_tail = 1;
    }
    return environment->tail_done(self->run);
}

int nb_loop_run_until(nb_loop_t *self, int period)
{
    nb_choice_t choice;
    nb_batch_t batch;

    while ((self->is_within || self->period < period) && !is_over(self)) {
        NB_TRY(nb_loop_next(self, &batch, &choice));
        if (batch.n) {
            NB_TRY(nb_loop_act(self, &batch, &choice));
        }
    }
    return NB_OK;
}

int nb_loop_run(nb_loop_t *self)
{
    return nb_loop_run_until(self, INT_MAX);
}

/* whose state an archive holds: a loaded one must be that of an equal spec */
static int archive_identity(const nb_loop_t *self, nb_archive_t *archive)
{
    const nb_loop_spec_t *spec = &self->spec;
    const uint64_t here[] = {spec->key.seed,
                             spec->key.replication,
                             spec->policy_key.seed,
                             spec->policy_key.replication,
                             spec->n_customers,
                             (uint64_t)spec->periods,
                             spec->environment->version};
    uint64_t saved[sizeof here / sizeof *here];

    memcpy(saved, here, sizeof here);
    NB_TRY(nb_archive_bytes(archive, saved, sizeof saved));
    if (memcmp(saved, here, sizeof here) != 0) {
        NB_FAIL(NB_ERR_FORMAT,
                "a saved state is that of another run (seed %llu, replication %llu, %llu "
                "customers), expected seed %u, replication %u, %zu customers",
                (unsigned long long)saved[0], (unsigned long long)saved[1],
                (unsigned long long)saved[4], spec->key.seed, spec->key.replication,
                spec->n_customers);
    }
    return NB_OK;
}

int nb_loop_archive(nb_loop_t *self, nb_archive_t *archive)
{
    const nb_environment_type_t *environment = self->spec.environment;
    uint32_t end = END_MARK;

    if (!environment->archive) {
        NB_FAIL(NB_ERR_UNSUPPORTED, "runs of environment %s cannot be saved", environment->name);
    }
    NB_TRY(archive_identity(self, archive));
    NB_TRY(nb_archive_bytes(archive, &self->period, sizeof self->period));
    NB_TRY(nb_archive_bytes(archive, &self->is_within, sizeof self->is_within));
    NB_TRY(nb_archive_bytes(archive, &self->in_tail, sizeof self->in_tail));
    NB_TRY(nb_archive_bytes(archive, &self->customer_periods, sizeof self->customer_periods));
    NB_TRY(nb_players_archive(&self->players, archive));
    NB_TRY(nb_players_archive(&self->burn_in, archive));
    NB_TRY(nb_budgets_archive(&self->budgets, archive));
    NB_TRY(environment->archive(self->run, archive));
    NB_TRY(nb_archive_bytes(archive, &end, sizeof end));
    if (end != END_MARK) {
        NB_FAIL(NB_ERR_FORMAT, "a saved state of environment %s has another shape than expected",
                environment->name);
    }
    return NB_OK;
}

void nb_loop_free(nb_loop_t *self)
{
    if (self->run) {
        self->spec.environment->free(self->run);
    }
    nb_players_free(&self->players);
    nb_players_free(&self->burn_in);
    nb_budgets_free(&self->budgets);
    nb_arena_free(&self->scratch);
    nb_free(self->action);
    nb_free(self->propensity);
    memset(self, 0, sizeof *self);
}
