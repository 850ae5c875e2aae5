/* What every allowed action would have earned: one fork of the run per batch and action. */
#include <math.h>
#include <string.h>

#include "bench/decision_log.h"
#include "core/memory.h"

static int hear_money(void *context, int period, nb_events_t events, size_t n_customers)
{
    nb_decision_log_t *self = context;
    nb_decision_fork_t *fork = &self->fork;

    (void)n_customers;
    for (size_t i = 0; i < events.n; i++) {
        const nb_event_t *event = &events.events[i];

        if (event->kind == NB_EVENT_MONEY && event->cause != NB_CAUSE_REGRET &&
            event->customer < fork->n_customers && fork->row[event->customer]) {
            size_t row = fork->row[event->customer] - 1;

            fork->money[row * (size_t)self->periods + (size_t)period] += event->money;
        }
    }
    return NB_OK;
}

int nb_decision_fork_init(nb_decision_log_t *self, const nb_loop_spec_t *spec)
{
    nb_decision_fork_t *fork = &self->fork;
    nb_loop_spec_t forked = *spec;

    fork->watch = (nb_loop_watch_t){
        .context = self,
        .needs = self->watch.needs,
        .moved = hear_money,
    };
    forked.watch = &fork->watch;
    NB_TRY(nb_alloc(&fork->money, NB_BLOCK_ROWS, (size_t)self->periods * sizeof *fork->money));
    if (!spec->environment->archive) {
        NB_FAIL(NB_ERR_UNSUPPORTED,
                "runs of environment %s cannot be saved, so the truth of its decisions cannot be "
                "logged",
                spec->environment->name);
    }
    return nb_loop_init(&fork->loop, &forked);
}

/* how many of the sample may play k, but did not: where nobody, the run itself says what k earns */
static size_t count_others(const nb_decision_log_t *self, const nb_batch_t *batch, size_t n,
                           unsigned k)
{
    const int32_t *action = &self->rows.action[(self->rows.n - n) * self->slate];
    size_t n_others = 0;

    for (size_t s = 0; s < n; s++) {
        n_others += action[s * self->slate] != (int32_t)k &&
                    nb_mask_allows(batch->mask, batch->mask_words, self->sample[s], k);
    }
    return n_others;
}

/* the run once more from before the batch, now with action k for the sample; `end` is the first
 * period that it does not play */
static int play(nb_decision_log_t *self, size_t n, unsigned k, int end)
{
    nb_decision_fork_t *fork = &self->fork;
    nb_choice_t choice;
    nb_batch_t batch;

    nb_archive_load(&fork->archive);
    NB_TRY(nb_loop_archive(&fork->loop, &fork->archive));
    NB_TRY(nb_loop_next(&fork->loop, &batch, &choice));
    for (size_t s = 0; s < n; s++) {
        size_t i = self->sample[s];

        NB_ASSERT(i < batch.n);
        if (nb_mask_allows(batch.mask, batch.mask_words, i, k)) {
            choice.action[i * batch.slate] = (int32_t)k;
        }
    }
    NB_TRY(nb_loop_act(&fork->loop, &batch, &choice));
    return nb_loop_run_until(&fork->loop, end);
}

int nb_decision_end(const nb_decision_log_t *self, int period)
{
    int left = self->periods - period;

    return period + (self->n_forward < left ? self->n_forward : left);
}

double nb_decision_sum(const nb_decision_log_t *self, const double *money, int period, int end,
                       double before)
{
    double later = 0.0, sum = money[period] - before;

    for (int t = end - 1; t > period; t--) {
        later = money[t] + self->gamma * later;
    }
    return sum + (end > period + 1 ? self->gamma * later : 0.0);
}

static int find_truth(nb_decision_log_t *self, const nb_batch_t *batch, size_t n, unsigned k,
                      int end)
{
    nb_decisions_t *rows = &self->rows;
    size_t T = (size_t)self->periods, first = rows->n - n, from = (size_t)batch->period;
    int code;

    for (size_t s = 0; s < n; s++) {
        double *money = &self->fork.money[s * T];

        memset(money + from, 0, ((size_t)end - from) * sizeof *money);
        money[from] = rows->value[first + s]; /* of this period, before the decision */
    }
    code = play(self, n, k, end);
    if (code < 0) {
        return nb_error_prefix(code, "truth of action %s at point %s in period %d",
                               self->spec->points[batch->point].actions[k],
                               self->spec->points[batch->point].name, batch->period);
    }
    for (size_t s = 0; s < n; s++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, self->sample[s], k)) {
            rows->truth[(first + s) * self->n_truth + k] = nb_decision_sum(
                self, &self->fork.money[s * T], batch->period, end, rows->value[first + s]);
        }
    }
    return NB_OK;
}

int nb_decision_fork_run(nb_decision_log_t *self, const nb_batch_t *batch, size_t n)
{
    nb_decision_fork_t *fork = &self->fork;
    int end = nb_decision_end(self, batch->period), code = NB_OK;

    if (fork->n_customers < self->money.n_customers) {
        NB_TRY(nb_grow(&fork->row, fork->n_customers, self->money.n_customers, sizeof *fork->row));
        fork->n_customers = self->money.n_customers;
    }
    for (size_t s = 0; s < n; s++) {
        fork->row[batch->customer[self->sample[s]]] = (uint32_t)s + 1;
    }
    for (unsigned k = 0; k < batch->n_actions && code == NB_OK; k++) {
        if (count_others(self, batch, n, k)) {
            code = find_truth(self, batch, n, k, end);
        }
    }
    for (size_t s = 0; s < n; s++) {
        fork->row[batch->customer[self->sample[s]]] = 0;
    }
    return code;
}

void nb_decision_fork_free(nb_decision_fork_t *self)
{
    nb_archive_free(&self->archive);
    nb_loop_free(&self->loop);
    nb_free(self->row);
    nb_free(self->money);
    memset(self, 0, sizeof *self);
}
