/* Checks of a policy's state, see bench/conformance.h. */
#include "bench/conformance_checks.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

static int check_setting(const nb_setting_t *row, size_t size)
{
    int has_range = row->type == NB_SETTING_REAL || row->type == NB_SETTING_INT;

    if (!row->help || strlen(row->help) < 10) {
        NB_FAIL(NB_ERR_DATA, "setting %s has no help", row->key);
    }
    if (row->offset >= size) {
        NB_FAIL(NB_ERR_DATA, "setting %s lies beyond settings_size", row->key);
    }
    if (has_range && !(row->low <= row->def && row->def <= row->high)) {
        NB_FAIL(NB_ERR_DATA, "setting %s has default %g, outside its range %g to %g", row->key,
                row->def, row->low, row->high);
    }
    return NB_OK;
}

int nb_check_describes(nb_subject_t *self, char *why)
{
    const nb_policy_type_t *type = self->type;

    (void)why;
    if (type->version < 1) {
        NB_FAIL(NB_ERR_DATA, "version is 0, expected 1 or more");
    }
    if (!strchr(type->summary, ' ')) {
        NB_FAIL(NB_ERR_DATA, "summary \"%s\" is no sentence", type->summary);
    }
    if ((type->traits & NB_TRAIT_LEARNS) && !type->update) {
        NB_FAIL(NB_ERR_DATA, "trait learns without update()");
    }
    for (const nb_setting_t *row = type->settings; row && row->key; row++) {
        NB_TRY(check_setting(row, type->settings_size));
    }
    return NB_OK;
}

/* what a state answers at every point */
static int answer_all(nb_subject_t *self, int32_t *action, size_t *n)
{
    *n = 0;
    for (unsigned p = 0; p < self->spec.n_points; p++) {
        nb_batch_t batch = nb_subject_batch(self, p, 100, 11);

        NB_TRY(nb_subject_choose(self, &batch, action + *n, NULL));
        *n += batch.n * batch.slate;
        NB_ASSERT(*n <= NB_BLOCK_ROWS * NB_MAX_SLATE);
    }
    return NB_OK;
}

int nb_check_copy(nb_subject_t *self, char *why)
{
    int32_t *again = self->action + NB_BLOCK_ROWS * NB_MAX_SLATE;
    void *original = self->state;
    char *copy = NULL;
    size_t n, n_again;
    int code;

    if (self->state_size == 0) {
        return nb_check_skip(why, "it has no state");
    }
    NB_TRY(nb_alloc(&copy, self->state_size, 1));
    code = answer_all(self, self->action, &n);
    if (code >= 0) {
        memcpy(copy, original, self->state_size);
        memset(original, 0xff, self->state_size); /* whoever kept a pointer shows it */
        self->state = copy;
        code = answer_all(self, again, &n_again);
    }
    if (code >= 0 && memcmp(self->action, again, n * sizeof *again) != 0) {
        code = nb_error_set(NB_ERR_DATA, "the copy of its state chooses otherwise");
    }
    self->state = copy;
    nb_free(original);
    return code;
}

int nb_check_reset(nb_subject_t *self, char *why)
{
    char *fresh = NULL;
    int code;

    if (self->state_size == 0) {
        return nb_check_skip(why, "it has no state");
    }
    NB_TRY(nb_alloc(&fresh, self->state_size, 1));
    memset(self->state, 0, self->state_size);
    code = self->type->init(self->state, &self->spec, self->policy->settings);
    if (code >= 0) {
        code = self->type->init(fresh, &self->spec, self->policy->settings);
    }
    if (code >= 0 && memcmp(self->state, fresh, self->state_size) != 0) {
        code = nb_error_set(NB_ERR_DATA, "two fresh states differ");
    }
    nb_free(fresh);
    return code;
}

/* an untaught state that has played, taught in blocks of `n_rows`, 0: not at all */
static int teach_in_blocks(nb_subject_t *self, void *state, size_t n_rows)
{
    nb_batch_t batch = nb_subject_batch(self, self->spec.n_points - 1, 60, 12);
    nb_transitions_t whole = nb_subject_transitions(self, &batch);
    nb_choice_t choice = {self->action, NULL};

    batch.slate = whole.slate;
    NB_TRY(self->type->init(state, &self->spec, self->policy->settings));
    if (self->type->played) {
        NB_TRY(self->type->played(state, &batch, &choice));
    }
    for (size_t start = 0; n_rows && start < batch.n; start += n_rows) {
        nb_transitions_t block = whole;

        block.n = n_rows;
        block.x = whole.x ? whole.x + start * whole.d : NULL;
        block.mask += start * whole.mask_words;
        block.customer += start;
        block.luck += start;
        block.action += start * whole.slate;
        block.reward += start;
        block.propensity = whole.propensity ? whole.propensity + start : NULL;
        block.period += start;
        block.elapsed += start;
        block.signals += start;
        block.item = whole.item ? whole.item + start : NULL;
        block.next_point += start;
        block.next_x = whole.next_x ? whole.next_x + start * whole.next_d : NULL;
        block.next_mask = whole.next_mask ? whole.next_mask + start * whole.next_words : NULL;
        block.terminated += start;
        block.truncated += start;
        NB_TRY(self->type->update(state, &block));
    }
    return self->type->end_period ? self->type->end_period(state, &self->arena) : NB_OK;
}

int nb_check_learns(nb_subject_t *self, char *why)
{
    char *whole = NULL, *single = NULL;
    int code;

    if (!self->type->update) {
        return nb_check_skip(why, "it does not learn");
    }
    NB_TRY(nb_subject_teach(self, 60, 12)); /* leaves the last point's actions and rewards */
    NB_TRY(nb_alloc(&whole, 2 * self->state_size, 1));
    single = whole + self->state_size;
    code = teach_in_blocks(self, whole, 60);
    if (code >= 0) {
        code = teach_in_blocks(self, single, 0);
    }
    if (code >= 0 && memcmp(whole, single, self->state_size) == 0) {
        code = nb_error_set(NB_ERR_DATA, "60 transitions change no byte of its state");
    }
    memset(single, 0, self->state_size);
    code = code < 0 ? code : teach_in_blocks(self, single, 1);
    if (code >= 0 && memcmp(whole, single, self->state_size) != 0) {
        code = nb_check_skip(why, "it learns, but the block matters: one batch of 60 and 60 of 1 "
                                  "leave different bytes");
    }
    nb_free(whole);
    return code;
}

/* the state for twice the customers, as the framework makes room */
static int grow(nb_subject_t *self, const nb_spec_t *wider)
{
    void *state;
    size_t size = self->type->state_size(wider, self->policy->settings);
    int code = NB_OK;

    NB_TRY(nb_alloc(&state, size, 1));
    if (self->type->grow) {
        code = self->type->grow(state, wider, self->state, &self->spec, self->policy->settings);
    } else if (size >= self->state_size) {
        memcpy(state, self->state, self->state_size);
    } else {
        code = nb_error_set(NB_ERR_DATA, "state_size is smaller for more customers");
    }
    nb_free(self->state);
    self->state = state;
    self->state_size = size;
    return code;
}

int nb_check_grows(nb_subject_t *self, char *why)
{
    int32_t *again = self->action + NB_BLOCK_ROWS * NB_MAX_SLATE;
    nb_spec_t wider = self->spec;
    size_t n, n_again;

    if (!(self->policy->traits & NB_TRAIT_INDIVIDUAL)) {
        return nb_check_skip(why, "it keeps no records of customers");
    }
    wider.n_customers *= 2;
    NB_TRY(answer_all(self, self->action, &n));
    NB_TRY(grow(self, &wider));
    NB_TRY(answer_all(self, again, &n_again));
    if (memcmp(self->action, again, n * sizeof *again) != 0) {
        NB_FAIL(NB_ERR_DATA, "with room for more customers it chooses otherwise");
    }
    return NB_OK;
}

int nb_check_allocations(nb_subject_t *self, char *why)
{
    uint64_t before = nb_alloc_count();

    (void)why;
    for (unsigned p = 0; p < self->spec.n_points; p++) {
        nb_batch_t batch = nb_subject_batch(self, p, NB_BLOCK_ROWS, 13);

        NB_TRY(nb_subject_choose(self, &batch, self->action, NULL));
    }
    NB_TRY(nb_subject_teach(self, NB_BLOCK_ROWS, 13));
    if (nb_alloc_count() != before) {
        NB_FAIL(NB_ERR_DATA, "%llu allocations in a period",
                (unsigned long long)(nb_alloc_count() - before));
    }
    return NB_OK;
}

/* a call that must fail */
static int expect_error(int code, const char *what)
{
    if (code >= 0) {
        NB_FAIL(NB_ERR_DATA, "%s is no error", what);
    }
    return NB_OK;
}

static int check_wrong_transitions(nb_subject_t *self)
{
    nb_batch_t batch = nb_subject_batch(self, 0, 20, 14);
    nb_transitions_t finished;

    for (size_t i = 0; i < batch.n; i++) {
        self->action[i] = nb_policy_pick(&batch, i, 0.5);
        self->reward[i] = 1.0;
    }
    finished = nb_subject_transitions(self, &batch);
    if (finished.slate > 1) {
        return NB_OK;
    }
    self->reward[3] = NAN;
    return expect_error(self->type->update(self->state, &finished), "a reward that is NaN");
}

int nb_check_not_finite(nb_subject_t *self, char *why)
{
    static const float bad[] = {NAN, INFINITY};
    int is_concerned = self->type->update != NULL;

    for (int i = 0; i < 2; i++) {
        nb_batch_t batch = nb_subject_batch(self, 0, 20, 14);

        if (!batch.x || batch.d < 2) {
            continue;
        }
        is_concerned = 1;
        self->x[17 * batch.d + 1] = bad[i];
        NB_TRY(expect_error(nb_subject_choose(self, &batch, self->action, NULL),
                            "a feature that is not finite"));
    }
    if (!is_concerned) {
        return nb_check_skip(why, "it reads no features and learns nothing");
    }
    return self->type->update ? check_wrong_transitions(self) : NB_OK;
}
