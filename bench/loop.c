#include "bench/loop.h"

#include <math.h>
#include <string.h>

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
    return nb_alloc(&self->action, NB_BLOCK_ROWS * slate, sizeof *self->action);
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
    NB_TRY(nb_players_init(&self->players, spec->strategy, points, spec->policy_key,
                           spec->n_customers, spec->periods));
    nb_players_add_needs(&self->players, needs);
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

/* what happened since the last call, to those who learn from it */
static int deliver_events(nb_loop_t *self, int period, int learning)
{
    const nb_environment_type_t *environment = self->spec.environment;
    size_t n_customers = environment->n_rows(self->run);
    nb_events_t events = environment->take_events(self->run);

    NB_TRY(check_money(self, events, period));
    return learning ? nb_players_book(&self->players, events, n_customers) : NB_OK;
}

/* one period: `playing` chooses, and where `learning` the players of the run are credited */
static int run_period(nb_loop_t *self, const nb_players_t *playing, int period, int learning)
{
    const nb_environment_type_t *environment = self->spec.environment;
    nb_choice_t choice = {.action = self->action};
    nb_batch_t batch;

    if (self->spec.stop && *self->spec.stop) {
        NB_FAIL(NB_ERR_INTERRUPTED, "interrupted in period %d", period);
    }
    if (learning) {
        NB_TRY(nb_players_begin_period(&self->players, period));
    }
    NB_TRY(environment->begin_period(self->run, period));
    NB_TRY(deliver_events(self, period, learning));
    for (;;) {
        memset(&batch, 0, sizeof batch);
        NB_TRY(environment->next_batch(self->run, &batch));
        if (batch.n == 0) {
            break;
        }
        NB_TRY(nb_players_choose(playing, &batch, &self->scratch, &choice));
        if (learning) {
            NB_TRY(
                nb_players_record(&self->players, &batch, &choice, environment->n_rows(self->run)));
        }
        NB_TRY(environment->act(self->run, &batch, &choice));
        NB_TRY(deliver_events(self, period, learning));
    }
    NB_TRY(environment->end_period(self->run));
    NB_TRY(deliver_events(self, period, learning));
    if (learning) {
        NB_TRY(nb_players_learn(&self->players, &self->scratch, period == self->spec.periods - 1));
    }
    self->customer_periods += (double)environment->n_rows(self->run);
    return NB_OK;
}

int nb_loop_run(nb_loop_t *self)
{
    const nb_environment_type_t *environment = self->spec.environment;
    int period = -self->n_burn_in;

    for (; period < 0; period++) {
        NB_TRY(run_period(self, &self->burn_in, period, self->warm_start));
    }
    for (; period < self->spec.periods; period++) {
        NB_TRY(run_period(self, &self->players, period, 1));
    }
    if (self->spec.tail) {
        environment->begin_tail(self->run);
        for (; !environment->tail_done(self->run); period++) {
            NB_TRY(run_period(self, &self->players, period, 0));
        }
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
    nb_arena_free(&self->scratch);
    nb_free(self->action);
    memset(self, 0, sizeof *self);
}
