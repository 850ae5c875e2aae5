#include "policies/wrapper.h"

#include <string.h>

#include "policies/registry.h"

enum { ALIGN = 64 };

/* where the parts stand, in bytes from the begin */
typedef struct {
    uint32_t id; /* nb_policy_id of the inner policy */
    size_t own, records, record, inner;
} head_t;

static size_t round_up(size_t n)
{
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static head_t lay_out(const nb_spec_t *spec, const nb_inner_t *inner, nb_wrapper_size_t size)
{
    head_t head = {.id = nb_policy_id(inner->type), .record = size.record};

    head.own = round_up(sizeof head);
    head.records = head.own + round_up(size.own);
    head.inner = head.records + round_up(size.record * spec->n_customers);
    return head;
}

size_t nb_wrapper_state_size(const nb_spec_t *spec, const nb_inner_t *inner, nb_wrapper_size_t size)
{
    return lay_out(spec, inner, size).inner + inner->type->state_size(spec, inner->settings);
}

int nb_wrapper_init(void *state, const nb_spec_t *spec, const nb_inner_t *inner,
                    nb_wrapper_size_t size)
{
    *(head_t *)state = lay_out(spec, inner, size);
    return inner->type->init(nb_wrapper_inner(state), spec, inner->settings);
}

const nb_policy_type_t *nb_wrapper_type(const void *state)
{
    const nb_policy_type_t *type = nb_policy_by_id(((const head_t *)state)->id);

    NB_ASSERT(type != NULL);
    return type;
}

const void *nb_wrapper_own_const(const void *state)
{
    return (const char *)state + ((const head_t *)state)->own;
}

void *nb_wrapper_own(void *state)
{
    return (char *)state + ((head_t *)state)->own;
}

const void *nb_wrapper_record_const(const void *state, uint32_t customer)
{
    const head_t *head = state;

    return (const char *)state + head->records + head->record * customer;
}

void *nb_wrapper_record(void *state, uint32_t customer)
{
    const head_t *head = state;

    return (char *)state + head->records + head->record * customer;
}

const void *nb_wrapper_inner_const(const void *state)
{
    return (const char *)state + ((const head_t *)state)->inner;
}

void *nb_wrapper_inner(void *state)
{
    return (char *)state + ((head_t *)state)->inner;
}

static int fail_missing(const void *state, const char *what)
{
    NB_FAIL(NB_ERR_UNSUPPORTED, "policy %s has no %s", nb_wrapper_type(state)->name, what);
}

int nb_wrapper_choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return nb_wrapper_type(state)->choose(nb_wrapper_inner_const(state), batch, out);
}

int nb_wrapper_update(void *state, const nb_transitions_t *finished)
{
    const nb_policy_type_t *type = nb_wrapper_type(state);

    return type->update ? type->update(nb_wrapper_inner(state), finished) : NB_OK;
}

int nb_wrapper_played(void *state, const nb_batch_t *batch, const nb_choice_t *choice)
{
    const nb_policy_type_t *type = nb_wrapper_type(state);

    return type->played ? type->played(nb_wrapper_inner(state), batch, choice) : NB_OK;
}

int nb_wrapper_end_period(void *state, nb_arena_t *scratch)
{
    const nb_policy_type_t *type = nb_wrapper_type(state);

    return type->end_period ? type->end_period(nb_wrapper_inner(state), scratch) : NB_OK;
}

int nb_wrapper_probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    const nb_policy_type_t *type = nb_wrapper_type(state);

    return type->probabilities ? type->probabilities(nb_wrapper_inner_const(state), batch, p)
                               : fail_missing(state, "probabilities");
}

int nb_wrapper_value(const void *state, const nb_batch_t *batch, double *v)
{
    const nb_policy_type_t *type = nb_wrapper_type(state);

    return type->value ? type->value(nb_wrapper_inner_const(state), batch, v)
                       : fail_missing(state, "value");
}

int nb_wrapper_score(const void *state, const nb_batch_t *batch, double *s)
{
    const nb_policy_type_t *type = nb_wrapper_type(state);

    return type->score ? type->score(nb_wrapper_inner_const(state), batch, s)
                       : fail_missing(state, "scores");
}

int nb_wrapper_need_offsets(const nb_inner_t *inner)
{
    if (!(inner->traits & NB_TRAIT_OFFSETS)) {
        NB_FAIL(NB_ERR_CONFIG, "scores of policy '%s' cannot be shifted, so it cannot be priced",
                inner->type->name);
    }
    return NB_OK;
}

/* the batch with offsets on its scores; from its scratch */
static nb_batch_t offset_batch(const void *state, const nb_batch_t *batch,
                               nb_wrapper_offsets_t offsets)
{
    size_t n = batch->n * batch->n_actions;
    double *offset = nb_arena_take(batch->scratch, n, sizeof *offset);
    nb_batch_t shifted = *batch;

    offsets(state, batch, offset);
    for (size_t at = 0; batch->offset && at < n; at++) {
        offset[at] += batch->offset[at];
    }
    shifted.offset = offset;
    return shifted;
}

int nb_wrapper_choose_offset(const void *state, const nb_batch_t *batch,
                             nb_wrapper_offsets_t offsets, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_batch_t shifted = offset_batch(state, batch, offsets);
    int code = nb_wrapper_choose(state, &shifted, out);

    nb_arena_release(batch->scratch, mark);
    return code;
}

int nb_wrapper_table_offset(const void *state, const nb_batch_t *batch,
                            nb_wrapper_offsets_t offsets,
                            int (*table)(const void *state, const nb_batch_t *batch, double *out),
                            double *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    nb_batch_t shifted = offset_batch(state, batch, offsets);
    int code = table(state, &shifted, out);

    nb_arena_release(batch->scratch, mark);
    return code;
}

size_t nb_wrapper_offsets_scratch(const nb_spec_t *spec)
{
    size_t most = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_actions > most ? spec->points[p].n_actions : most;
    }
    return NB_BLOCK_ROWS * most * sizeof(double) + ALIGN;
}

size_t nb_wrapper_scratch_size(const nb_spec_t *spec, const void *settings)
{
    const nb_inner_t *inner = settings;

    return inner->type->scratch_size ? inner->type->scratch_size(spec, inner->settings) : 0;
}

int nb_wrapper_grow(void *to, const nb_spec_t *to_spec, const void *from,
                    const nb_spec_t *from_spec, const void *settings)
{
    const nb_inner_t *inner = settings;
    const head_t *old = from;
    size_t records = old->inner - old->records;
    head_t head = *old;

    head.inner = head.records + round_up(head.record * to_spec->n_customers);
    memcpy(to, from, old->records);
    *(head_t *)to = head;
    memcpy((char *)to + head.records, (const char *)from + old->records, records);
    if (inner->type->grow) {
        return inner->type->grow(nb_wrapper_inner(to), to_spec, nb_wrapper_inner_const(from),
                                 from_spec, inner->settings);
    }
    memcpy(nb_wrapper_inner(to), nb_wrapper_inner_const(from),
           inner->type->state_size(from_spec, inner->settings));
    return NB_OK;
}
