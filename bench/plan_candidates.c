/* the candidates of a tuning as a plan of their own, and what the tuning chose among them */
#include <string.h>

#include "bench/plan_draft.h"
#include "core/memory.h"

enum { MAX_CANDIDATES = 10000 }; /* cells of the plan of candidates */

/* the axes of the experiment, then those of the tuning; of worlds the first only where that decides
 */
static int join_axes(const nb_draft_t *draft, nb_draft_t *inner)
{
    size_t n = draft->n_axes + draft->tune.n_axes;

    NB_TRY(nb_alloc(&inner->axes, n, sizeof *inner->axes));
    inner->n_axes = n;
    for (size_t i = 0; i < n; i++) {
        inner->axes[i] = i < draft->n_axes ? draft->axes[i] : draft->tune.axes[i - draft->n_axes];
        if (draft->plan->tune->is_first && !inner->axes[i].owner) {
            inner->axes[i].n = 1;
        }
    }
    inner->n_scenarios = draft->plan->tune->is_first ? 1 : draft->n_scenarios;
    return NB_OK;
}

static size_t count_candidates(const nb_draft_t *draft, const char *strategy)
{
    size_t n = 1;

    for (size_t i = 0; i < draft->tune.n_axes; i++) {
        if (strcmp(draft->tune.axes[i].owner->key, strategy) == 0) {
            n *= draft->tune.axes[i].n;
            n = n > MAX_CANDIDATES ? MAX_CANDIDATES + 1 : n;
        }
    }
    return n;
}

/* rounds of every strategy, and the replications that the longest needs */
static int schedule(const nb_draft_t *draft, int *replications)
{
    const nb_plan_tune_t *tune = draft->plan->tune;
    nb_tune_round_t rounds[NB_TUNE_MAX_ROUNDS];

    *replications = 1;
    for (const nb_node_t *s = draft->tune.block->child; s; s = s->next) {
        size_t n = count_candidates(draft, s->key);
        int n_rounds;

        if (n > MAX_CANDIDATES) {
            return nb_node_error(NB_ERR_RANGE, s, "more than %d settings", MAX_CANDIDATES);
        }
        if ((size_t)tune->budget < n) {
            return nb_node_error(NB_ERR_RANGE, s,
                                 "%zu settings and a budget of %d units, expected a unit for each "
                                 "setting at least",
                                 n, tune->budget);
        }
        n_rounds = nb_tune_schedule(n, tune->eta, tune->budget, rounds);
        if (n_rounds && rounds[n_rounds - 1].replications > *replications) {
            *replications = rounds[n_rounds - 1].replications;
        }
    }
    return NB_OK;
}

static int init_candidates(const nb_draft_t *draft, nb_draft_t *inner)
{
    const nb_plan_t *outer = draft->plan;
    nb_plan_t *plan = inner->plan;

    NB_TRY(nb_strdup(&plan->name, outer->name));
    NB_TRY(nb_strdup(&plan->path, outer->path));
    plan->customers = draft->tune.customers;
    plan->periods = outer->periods;
    plan->seed = draft->tune.seed;
    plan->policy_seed = draft->tune.seed;
    plan->tail = outer->tail;
    NB_TRY(schedule(draft, &plan->replications));
    NB_TRY(join_axes(draft, inner));
    return nb_draft_expand(inner);
}

/* which value the axis has in the candidate number `candidate` of its strategy */
static size_t index_at(const nb_draft_tune_t *tune, size_t i_axis, size_t candidate)
{
    for (size_t i = tune->n_axes - 1; i > i_axis; i--) {
        if (tune->axes[i].owner == tune->axes[i_axis].owner) {
            candidate /= tune->axes[i].n;
        }
    }
    return candidate % tune->axes[i_axis].n;
}

/* a candidate in words */
typedef struct {
    const nb_draft_tune_t *tune;
    const char *strategy;
    size_t candidate;
} words_t;

static int write_settings(const void *subject, FILE *out)
{
    const words_t *self = subject;
    const char *comma = "";

    for (size_t i = 0; i < self->tune->n_axes; i++) {
        const nb_draft_axis_t *axis = &self->tune->axes[i];

        if (strcmp(axis->owner->key, self->strategy) == 0) {
            fprintf(out, "%s%s=%s", comma,
                    axis->key + strlen("strategies.") + strlen(self->strategy) + 1,
                    axis->texts[index_at(self->tune, i, self->candidate)]);
            comma = ", ";
        }
    }
    return NB_OK;
}

/* label of the strategy's cell in this world: it has no other, since it is not swept */
static const char *label_of(const nb_plan_t *plan, const char *strategy, size_t i_world)
{
    size_t i = 0;

    while (plan->cells[i].i_world != i_world ||
           strcmp(plan->cells[i].strategy.name, strategy) != 0) {
        i++;
    }
    return plan->cells[i].label;
}

static int make_group(const nb_draft_t *draft, nb_plan_tune_t *tune, size_t i_first)
{
    nb_tune_group_t *group = &tune->groups[tune->n_groups++];
    const nb_cell_t *cell = &tune->candidates->cells[i_first];
    const char *name = cell->strategy.name;

    group->i_first = i_first;
    group->n = count_candidates(draft, name);
    group->n_rounds = nb_tune_schedule(group->n, tune->eta, tune->budget, group->rounds);
    for (size_t i = 0; i < group->n; i++) {
        const words_t words = {&draft->tune, name, i};

        NB_TRY(nb_text_print(&tune->settings[i_first + i], write_settings, &words));
    }
    return nb_strdup(&group->cell,
                     tune->is_first ? name : label_of(draft->plan, name, cell->i_world));
}

static int make_groups(const nb_draft_t *draft, nb_plan_tune_t *tune)
{
    size_t n = tune->candidates->n_cells, i_first = 0;

    if (n > MAX_CANDIDATES) {
        return nb_node_error(NB_ERR_RANGE, draft->tune.block,
                             "more than %d settings over all worlds", MAX_CANDIDATES);
    }
    NB_TRY(nb_alloc(&tune->settings, n, sizeof *tune->settings));
    NB_TRY(nb_alloc(&tune->groups, n, sizeof *tune->groups));
    while (i_first < n) {
        NB_TRY(make_group(draft, tune, i_first));
        i_first += tune->groups[tune->n_groups - 1].n;
    }
    return NB_OK;
}

int nb_draft_make_candidates(nb_draft_t *self)
{
    nb_plan_tune_t *tune = self->plan->tune;
    nb_draft_t inner = *self;
    int code;

    /* what is settled needs none */
    if (!tune || self->outcome) {
        return NB_OK;
    }
    NB_TRY(nb_alloc(&tune->candidates, 1, sizeof *tune->candidates));
    inner.plan = tune->candidates;
    inner.only_tuned = 1;
    inner.axes = NULL;
    code = init_candidates(self, &inner);
    nb_free(inner.axes);
    NB_TRY(code);
    return make_groups(self, tune);
}

int nb_draft_winner(const nb_draft_t *self, const char *strategy, const char *label, size_t n,
                    size_t *out)
{
    const char *name = self->plan->tune->is_first ? strategy : label;
    const nb_node_t *list = nb_node_child(self->outcome, "cells");

    for (const nb_node_t *item = list ? list->child : NULL; item; item = item->next) {
        const nb_node_t *cell = nb_node_child(item, "cell"), *node = nb_node_child(item, "winner");
        long long winner = -1;

        if (!cell || !cell->text || !node || strcmp(cell->text, name) != 0) {
            continue;
        }
        NB_TRY(nb_node_int(node, &winner));
        if (winner >= 0 && (size_t)winner < n) {
            *out = (size_t)winner;
            return NB_OK;
        }
    }
    NB_FAIL(NB_ERR_FORMAT, "the outcome of the tuning says nothing of '%s'", name);
}
