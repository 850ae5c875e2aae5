#include "bench/instance.h"

#include <math.h>
#include <string.h>

enum { ALIGNMENT = 64 };

int nb_instance_init(nb_instance_t *self, const nb_binding_t *binding, const nb_spec_t *environment,
                     size_t n_customers, int horizon)
{
    const nb_policy_type_t *type = binding->policy.type;
    int code;

    memset(self, 0, sizeof *self);
    self->binding = binding;
    self->learns = (binding->policy.traits & NB_TRAIT_LEARNS) && type->update;
    self->spec = nb_binding_spec(binding, environment, self->points);
    self->spec.horizon = environment->horizon > 0.0 ? horizon : 0.0;
    self->spec.n_customers = n_customers;
    self->n_records = n_customers;
    NB_TRY(nb_credit_init(&self->credit, &binding->credit, binding->gamma, &self->spec,
                          binding->policy.traits));
    self->state_size = type->state_size(&self->spec, binding->policy.settings);
    NB_TRY(nb_alloc(&self->state, self->state_size, 1));
    code = type->init(self->state, &self->spec, binding->policy.settings);
    return code < 0 ? nb_error_prefix(code, "policy %s", type->name) : NB_OK;
}

/* a state for more customers: records are added at its end, or where the policy itself puts them */
static int grow(nb_instance_t *self, size_t n_records)
{
    const nb_layer_t *policy = &self->binding->policy;
    nb_spec_t wider = self->spec, present = self->spec;
    void *state;
    size_t size;
    int code = NB_OK;

    wider.n_customers = n_records;
    present.n_customers = self->n_records;
    size = policy->type->state_size(&wider, policy->settings);
    NB_TRY(nb_alloc(&state, size, 1));
    if (policy->type->grow) {
        code = policy->type->grow(state, &wider, self->state, &present, policy->settings);
    } else {
        NB_ASSERT(size >= self->state_size);
        memcpy(state, self->state, self->state_size);
    }
    nb_free(self->state);
    self->state = state;
    self->state_size = size;
    self->n_records = n_records;
    return code < 0 ? nb_error_prefix(code, "policy %s", policy->type->name) : NB_OK;
}

int nb_instance_reserve(nb_instance_t *self, size_t n_customers)
{
    size_t wider = self->n_records + self->n_records / 2;

    if (!(self->binding->policy.traits & NB_TRAIT_INDIVIDUAL) || n_customers <= self->n_records) {
        return NB_OK;
    }
    return grow(self, n_customers > wider ? n_customers : wider);
}

/* say who, where and when before the sentence of a policy's own error */
static int blame(const nb_instance_t *self, unsigned point, int period, int code)
{
    return code < 0
               ? nb_error_prefix(code, "policy %s at point %s in period %d",
                                 self->binding->policy.type->name, self->points[point].name, period)
               : NB_OK;
}

/* position j of a row: an allowed action that no position before holds, or -1 where none is left */
static int position_is_legal(const nb_batch_t *batch, size_t i, const int32_t *action, unsigned j)
{
    unsigned n_allowed = 0;

    if (action[j] >= 0 && (unsigned)action[j] < batch->n_actions) {
        for (unsigned before = 0; before < j; before++) {
            if (action[before] == action[j]) {
                return 0;
            }
        }
        return nb_mask_allows(batch->mask, batch->mask_words, i, (unsigned)action[j]);
    }
    for (unsigned k = 0; k < batch->n_actions; k++) {
        n_allowed += (unsigned)nb_mask_allows(batch->mask, batch->mask_words, i, k);
    }
    return action[j] == -1 && j >= n_allowed;
}

static int check_choice(const nb_point_t *point, const nb_batch_t *batch, const int32_t *action)
{
    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned j = 0; j < batch->slate; j++) {
            const int32_t *row = &action[i * batch->slate];
            int known = row[j] >= 0 && (unsigned)row[j] < point->n_actions;

            if (!position_is_legal(batch, i, row, j)) {
                NB_FAIL(NB_ERR_DATA, "action %d (%s) in position %u is not allowed for customer %u",
                        row[j], known ? point->actions[row[j]] : "no action of this point", j,
                        batch->customer[i]);
            }
        }
    }
    return NB_OK;
}

static int check_scores(const nb_batch_t *batch, const double *score)
{
    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned k = 0; k < batch->n_actions; k++) {
            double value = score[i * batch->n_actions + k];

            if (!isfinite(value) && nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
                NB_FAIL(NB_ERR_NUMERIC, "score of action %u for customer %u is %g", k,
                        batch->customer[i], value);
            }
        }
    }
    return NB_OK;
}

static int compute_scores(const nb_instance_t *self, const nb_batch_t *batch, double *score)
{
    NB_TRY(self->binding->policy.type->score(self->state, batch, score));
    return check_scores(batch, score);
}

static int rank_by_score(const nb_instance_t *self, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *score = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *score);
    int code = compute_scores(self, batch, score);

    if (code >= 0) {
        code = nb_policy_rank(batch, score, out);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

int nb_instance_score(const nb_instance_t *self, const nb_batch_t *batch, double *score)
{
    if (!self->binding->policy.type->score) {
        return 0;
    }
    NB_TRY(blame(self, batch->point, batch->period, compute_scores(self, batch, score)));
    return 1;
}

int nb_instance_choose(const nb_instance_t *self, const nb_batch_t *batch, nb_choice_t *out)
{
    const nb_policy_type_t *type = self->binding->policy.type;
    int code;

    if (batch->slate > 1 && !(type->traits & NB_TRAIT_SLATE)) {
        code = type->score
                   ? rank_by_score(self, batch, out)
                   : nb_error_set(NB_ERR_UNSUPPORTED, "it can neither fill nor rank slates");
    } else {
        code = type->choose(self->state, batch, out);
    }
    if (code >= 0) {
        code = check_choice(&self->points[batch->point], batch, out->action);
    }
    return blame(self, batch->point, batch->period, code);
}

int nb_instance_played(nb_instance_t *self, const nb_batch_t *batch, const nb_choice_t *choice)
{
    const nb_policy_type_t *type = self->binding->policy.type;

    return type->played
               ? blame(self, batch->point, batch->period, type->played(self->state, batch, choice))
               : NB_OK;
}

double nb_instance_reward_scale(const nb_instance_t *self)
{
    double sd = nb_moments_sd(&self->rewards);

    return self->binding->reward_scale == NB_SCALE_AUTO && sd > 0.0 && isfinite(sd) ? sd : 1.0;
}

static int check_rewards(const double *reward, const nb_transitions_t *block)
{
    for (size_t i = 0; i < block->n; i++) {
        if (!isfinite(reward[i])) {
            NB_FAIL(NB_ERR_NUMERIC, "reward of customer %u is %g", block->customer[i], reward[i]);
        }
    }
    return NB_OK;
}

/* one block of transitions through update; how many there were */
static int learn_block(nb_instance_t *self, nb_arena_t *scratch, double scale)
{
    size_t mark = nb_arena_mark(scratch);
    nb_transitions_t block;
    double *reward;
    int code;

    nb_credit_take(&self->credit, scratch, &block, &reward);
    code = check_rewards(reward, &block);
    for (size_t i = 0; i < block.n; i++) {
        reward[i] /= scale;
    }
    if (code >= 0 && block.n) {
        block.scratch = scratch;
        code = self->binding->policy.type->update(self->state, &block);
    }
    nb_arena_release(scratch, mark);
    NB_TRY(blame(self, block.point, self->credit.period, code));
    return (int)block.n;
}

/* all that is fixed through update */
static int learn_fixed(nb_instance_t *self, nb_arena_t *scratch)
{
    double scale;
    int n = 1;

    nb_credit_add_rewards(&self->credit, &self->rewards);
    for (scale = nb_instance_reward_scale(self); n > 0;) {
        NB_TRY(n = learn_block(self, scratch, scale));
    }
    return NB_OK;
}

int nb_instance_learn(nb_instance_t *self, nb_arena_t *scratch, int last)
{
    const nb_policy_type_t *type = self->binding->policy.type;
    int is_due = ++self->n_waiting >= self->binding->update_every || last;

    if (self->learns) {
        nb_credit_end_period(&self->credit);
    }
    if (self->learns && last) {
        nb_credit_end_horizon(&self->credit);
    }
    if (!is_due) {
        return NB_OK;
    }
    self->n_waiting = 0;
    if (self->learns) {
        NB_TRY(learn_fixed(self, scratch));
    }
    if (type->end_period) {
        size_t mark = nb_arena_mark(scratch);
        int code = type->end_period(self->state, scratch);

        nb_arena_release(scratch, mark);
        if (code < 0) {
            return nb_error_prefix(code, "policy %s at the end of a period", type->name);
        }
    }
    return NB_OK;
}

size_t nb_instance_scratch_size(const nb_instance_t *self)
{
    const nb_binding_t *binding = self->binding;
    const nb_policy_type_t *type = binding->policy.type;
    size_t n_actions = 0;

    for (unsigned p = 0; p < self->spec.n_points; p++) {
        size_t n = self->points[p].n_actions;

        n_actions = n > n_actions ? n : n_actions;
    }
    /* scores of a batch, four uniforms a row to break their ties, and room to align all of it */
    return NB_BLOCK_ROWS * (n_actions + 4) * sizeof(double) + 4 * ALIGNMENT +
           (self->learns ? nb_credit_scratch_size(&self->credit) : 0) +
           (type->scratch_size ? type->scratch_size(&self->spec, binding->policy.settings) : 0);
}

/* a state of the size that an archive holds; its bytes come from there */
static int resize(nb_instance_t *self, size_t n_records)
{
    const nb_layer_t *policy = &self->binding->policy;
    nb_spec_t spec = self->spec;
    void *state;
    size_t size;

    if (!(policy->traits & NB_TRAIT_INDIVIDUAL)) {
        NB_FAIL(NB_ERR_FORMAT, "a saved state is for %zu customers, expected %zu", n_records,
                self->n_records);
    }
    spec.n_customers = n_records;
    size = policy->type->state_size(&spec, policy->settings);
    NB_TRY(nb_alloc(&state, size, 1));
    nb_free(self->state);
    self->state = state;
    self->state_size = size;
    self->n_records = n_records;
    return NB_OK;
}

int nb_instance_archive(nb_instance_t *self, nb_archive_t *archive)
{
    size_t n_records = self->n_records;

    NB_TRY(nb_archive_bytes(archive, &n_records, sizeof n_records));
    if (n_records != self->n_records) {
        NB_TRY(resize(self, n_records));
    }
    NB_TRY(nb_archive_array(archive, &self->state, &self->state_size, NULL, 1));
    NB_TRY(nb_archive_bytes(archive, &self->n_waiting, sizeof self->n_waiting));
    NB_TRY(nb_archive_bytes(archive, &self->rewards.n, sizeof self->rewards.n));
    NB_TRY(nb_archive_bytes(archive, &self->rewards.mean, sizeof self->rewards.mean));
    NB_TRY(nb_archive_bytes(archive, &self->rewards.m2, sizeof self->rewards.m2));
    return self->learns ? nb_credit_archive(&self->credit, archive) : NB_OK;
}

void nb_instance_free(nb_instance_t *self)
{
    nb_credit_free(&self->credit);
    nb_free(self->state);
    memset(self, 0, sizeof *self);
}
