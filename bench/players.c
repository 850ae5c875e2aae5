/* All instances of a strategy, see bench/instance.h. */
#include "bench/instance.h"

#include <string.h>

int nb_players_init(nb_players_t *self, const nb_strategy_t *strategy, const nb_spec_t *environment,
                    nb_key_t key, size_t n_customers, int horizon)
{
    memset(self, 0, sizeof *self);
    self->strategy = strategy;
    self->environment = environment;
    self->key = key;
    NB_TRY(nb_alloc(&self->instances, strategy->n_bindings, sizeof *self->instances));
    for (size_t b = 0; b < strategy->n_bindings; b++) {
        self->n_instances = b + 1;
        NB_TRY(nb_instance_init(&self->instances[b], &strategy->bindings[b], environment,
                                n_customers, horizon));
    }
    return NB_OK;
}

static nb_instance_t *find_owner(const nb_players_t *self, unsigned point)
{
    int owner = self->strategy->owner[point];

    return owner < 0 ? NULL : &self->instances[owner];
}

void nb_players_add_needs(const nb_players_t *self, unsigned *needs)
{
    for (unsigned p = 0; p < self->environment->n_points; p++) {
        const nb_instance_t *owner = find_owner(self, p);
        unsigned traits = owner ? owner->binding->policy.traits : 0;

        if (owner) {
            needs[p] |= NB_NEED_ROWS;
        }
        if (traits & NB_TRAIT_CONTEXTUAL) {
            needs[p] |= NB_NEED_CONTEXT | NB_NEED_ACTION_FEATURES;
        }
        if (traits & NB_TRAIT_ORACLE) {
            needs[p] |= NB_NEED_ORACLE;
        }
    }
}

size_t nb_players_scratch_size(const nb_players_t *self)
{
    size_t most = 0;

    for (size_t b = 0; b < self->n_instances; b++) {
        size_t size = nb_instance_scratch_size(&self->instances[b]);

        most = size > most ? size : most;
    }
    for (unsigned p = 0; p < self->environment->n_points; p++) {
        size_t size = (NB_BLOCK_ROWS + 16) * (self->environment->points[p].n_actions + 1) *
                      sizeof(double); /* prior scores as doubles, and ties */

        most = size > most ? size : most;
    }
    return most + NB_BLOCK_ROWS * sizeof(uint32_t) + 64; /* names of episodes */
}

/* the batch as its owner sees it: own point index, and nothing that its traits do not ask for */
static nb_batch_t localize(const nb_players_t *self, const nb_batch_t *batch, unsigned traits)
{
    nb_batch_t local = *batch;

    local.point = (unsigned)self->strategy->local[batch->point];
    local.stream_point = batch->point;
    local.key = self->key;
    if (!(traits & NB_TRAIT_CONTEXTUAL)) {
        local.x = NULL;
        local.action_x = NULL;
    }
    if (!(traits & NB_TRAIT_ORACLE)) {
        local.oracle = NULL;
    }
    return local;
}

/* the firm's own ranking; without one, the order of the actions */
static int rank_by_prior(const nb_batch_t *batch, nb_arena_t *scratch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(scratch), n = batch->n * batch->n_actions;
    double *score = nb_arena_take(scratch, n, sizeof *score);
    double *tie = nb_arena_take(scratch, batch->n, sizeof *tie);
    int code;

    for (size_t i = 0; i < n; i++) {
        score[i] = batch->prior_score ? (double)batch->prior_score[i] : 0.0;
    }
    memset(tie, 0, batch->n * sizeof *tie);
    code = nb_policy_top(batch, score, tie, out->action);
    nb_arena_release(scratch, mark);
    return code;
}

static int play_default(const nb_players_t *self, const nb_batch_t *batch, nb_arena_t *scratch,
                        nb_choice_t *out)
{
    const nb_point_t *point = &self->environment->points[batch->point];

    if (point->max_slate > 1) {
        return rank_by_prior(batch, scratch, out);
    }
    for (size_t i = 0; i < batch->n; i++) {
        if (!nb_mask_allows(batch->mask, batch->mask_words, i, point->default_action)) {
            NB_FAIL(NB_ERR_DATA,
                    "point %s in period %d: the default %s is not allowed for "
                    "customer %u",
                    point->name, batch->period, point->actions[point->default_action],
                    batch->customer[i]);
        }
        out->action[i] = (int32_t)point->default_action;
    }
    return NB_OK;
}

/* opaque names of the journeys: their numbers count needs that nobody saw */
static const uint32_t *name_episodes(const nb_batch_t *batch, nb_arena_t *scratch)
{
    uint32_t *episode;

    if (!batch->journey) {
        return NULL;
    }
    episode = nb_arena_take(scratch, batch->n, sizeof *episode);
    for (size_t i = 0; i < batch->n; i++) {
        /* never 0, which is the name of none */
        episode[i] = batch->journey[i] ? nb_rng_hash(batch->luck[i], batch->journey[i]) | 1 : 0;
    }
    return episode;
}

/* a batch as its owner is asked about it; the caller releases what is taken from `scratch` */
static nb_batch_t make_question(const nb_players_t *self, const nb_batch_t *batch,
                                const nb_instance_t *owner, nb_arena_t *scratch)
{
    nb_batch_t local = localize(self, batch, owner->binding->policy.traits);

    local.scratch = scratch;
    local.episode = name_episodes(batch, scratch);
    local.journey = NULL;
    return local;
}

int nb_players_choose(const nb_players_t *self, const nb_batch_t *batch, nb_arena_t *scratch,
                      nb_choice_t *out)
{
    const nb_instance_t *owner = find_owner(self, batch->point);
    size_t mark = nb_arena_mark(scratch);
    nb_batch_t local;
    int code;

    if (!owner) {
        return play_default(self, batch, scratch, out);
    }
    local = make_question(self, batch, owner, scratch);
    code = nb_instance_choose(owner, &local, out);
    nb_arena_release(scratch, mark);
    return code;
}

int nb_players_own(const nb_players_t *self, unsigned point)
{
    return find_owner(self, point) != NULL;
}

int nb_players_want_propensity(const nb_players_t *self, int point)
{
    for (size_t b = 0; b < self->n_instances; b++) {
        int is_asked = point < 0 || self->strategy->owner[point] == (int)b;

        if (is_asked && (self->instances[b].binding->policy.traits & NB_TRAIT_PROPENSITY)) {
            return 1;
        }
    }
    return 0;
}

int nb_players_score(const nb_players_t *self, const nb_batch_t *batch, nb_arena_t *scratch,
                     double *score)
{
    const nb_instance_t *owner = find_owner(self, batch->point);
    size_t mark = nb_arena_mark(scratch);
    nb_batch_t local = make_question(self, batch, owner, scratch);
    int code = nb_instance_score(owner, &local, score);

    nb_arena_release(scratch, mark);
    return code;
}

int nb_players_reserve(nb_players_t *self, size_t n_customers)
{
    for (size_t b = 0; b < self->n_instances; b++) {
        NB_TRY(nb_instance_reserve(&self->instances[b], n_customers));
    }
    return NB_OK;
}

int nb_players_played(nb_players_t *self, const nb_batch_t *batch, nb_arena_t *scratch,
                      const nb_choice_t *choice)
{
    nb_instance_t *owner = find_owner(self, batch->point);
    size_t mark = nb_arena_mark(scratch);
    nb_batch_t local;
    int code;

    if (!owner || !owner->binding->policy.type->played) {
        return NB_OK;
    }
    local = make_question(self, batch, owner, scratch);
    code = nb_instance_played(owner, &local, choice);
    nb_arena_release(scratch, mark);
    return code;
}

int nb_players_begin_period(nb_players_t *self, int period)
{
    for (size_t b = 0; b < self->n_instances; b++) {
        if (self->instances[b].learns) {
            NB_TRY(nb_credit_begin_period(&self->instances[b].credit, period));
        }
    }
    return NB_OK;
}

int nb_players_record(nb_players_t *self, const nb_batch_t *batch, const nb_choice_t *choice,
                      size_t n_customers)
{
    nb_instance_t *owner = find_owner(self, batch->point);
    nb_batch_t local;

    if (!owner || !owner->learns) {
        return NB_OK;
    }
    local = localize(self, batch, owner->binding->policy.traits);
    NB_TRY(nb_credit_reserve(&owner->credit, n_customers));
    return nb_credit_record(&owner->credit, &local, choice);
}

int nb_players_book(nb_players_t *self, nb_events_t events, size_t n_customers)
{
    for (size_t b = 0; b < self->n_instances; b++) {
        nb_instance_t *instance = &self->instances[b];

        if (instance->learns) {
            NB_TRY(nb_credit_reserve(&instance->credit, n_customers));
            nb_credit_book(&instance->credit, events.events, events.n);
        }
    }
    return NB_OK;
}

int nb_players_learn(nb_players_t *self, nb_arena_t *scratch, int last)
{
    for (size_t b = 0; b < self->n_instances; b++) {
        NB_TRY(nb_instance_learn(&self->instances[b], scratch, last));
    }
    return NB_OK;
}

int nb_players_archive(nb_players_t *self, nb_archive_t *archive)
{
    size_t n = self->n_instances;

    NB_TRY(nb_archive_bytes(archive, &n, sizeof n));
    if (n != self->n_instances) {
        NB_FAIL(NB_ERR_FORMAT, "a saved state has %zu policies, expected %zu", n,
                self->n_instances);
    }
    for (size_t b = 0; b < self->n_instances; b++) {
        int code = nb_instance_archive(&self->instances[b], archive);

        if (code < 0) {
            return nb_error_prefix(code, "policy %s",
                                   self->instances[b].binding->policy.type->name);
        }
    }
    return NB_OK;
}

void nb_players_free(nb_players_t *self)
{
    for (size_t b = 0; b < self->n_instances; b++) {
        nb_instance_free(&self->instances[b]);
    }
    nb_free(self->instances);
    memset(self, 0, sizeof *self);
}
