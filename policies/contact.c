#include "policies/contact.h"

#include <string.h>

#include "policies/policy.h"
#include "policies/preference.h"
#include "policies/turn.h"

/* head of a contact; the preference order follows */
typedef struct {
    int32_t every; /* periods */
    int32_t unused;
} contact_t;

size_t nb_contact_size(const nb_spec_t *spec)
{
    return sizeof(contact_t) + nb_preference_size(spec);
}

static const void *order_of(const void *memory)
{
    return (const contact_t *)memory + 1;
}

static int read_every(const nb_node_t *node, int *weeks)
{
    long long value;

    NB_TRY(nb_node_int(node, &value));
    if (value < 1 || value > NB_CONTACT_MAX_EVERY) {
        return nb_node_error(NB_ERR_RANGE, node, "%lld is out of range, expected 1 to %d weeks",
                             value, NB_CONTACT_MAX_EVERY);
    }
    *weeks = (int)value;
    return NB_OK;
}

int nb_contact_init(void *memory, const nb_spec_t *spec, const nb_node_t *node, int every)
{
    static const char *const keys[] = {"action", "every"};
    contact_t *self = memory;
    const nb_node_t *action = node;

    if (node && node->kind == NB_NODE_MAP) {
        const nb_node_t *weeks = nb_node_child(node, "every");

        NB_TRY(nb_node_check_keys(node, keys, 2));
        action = nb_node_child(node, "action");
        if (!action) {
            return nb_node_error(NB_ERR_CONFIG, node,
                                 "expected {action: NAME or list, every: WEEKS}");
        }
        if (weeks) {
            NB_TRY(read_every(weeks, &every));
        }
    }
    if (action && action->kind == NB_NODE_SCALAR && strcmp(action->text, "never") == 0) {
        action = NULL;
    }
    self->every = nb_turn_periods(spec, every);
    return nb_preference_init(self + 1, spec, action);
}

int nb_contact_serves(const void *memory, unsigned point)
{
    return nb_preference_serves(order_of(memory), point);
}

int nb_contact_check_served(const nb_spec_t *spec, const char *policy, const uint8_t *told,
                            const void *contacts, size_t n)
{
    for (unsigned p = 0; p < spec->n_points; p++) {
        for (size_t c = 0; c < n && told[p]; c++) {
            if (nb_contact_serves((const char *)contacts + c * nb_contact_size(spec), p)) {
                return NB_OK;
            }
        }
    }
    NB_FAIL(NB_ERR_CONFIG, "%s: no decision point has its features and one of its actions together",
            policy);
}

int32_t nb_contact_first(const void *memory, const nb_batch_t *batch, size_t i)
{
    return nb_preference_first(order_of(memory), batch, i);
}

int nb_contact_has(const void *memory, unsigned point, int32_t action)
{
    return nb_preference_has(order_of(memory), point, action);
}

static int is_due(const void *memory, const nb_batch_t *batch, size_t i)
{
    return nb_turn_is_due(((const contact_t *)memory)->every, 0, batch->period, batch->luck[i]);
}

int nb_contact_is_made(const void *memory, const nb_batch_t *batch, size_t i)
{
    return is_due(memory, batch, i) && nb_contact_first(memory, batch, i) >= 0;
}

static void play(const void *memory, const nb_batch_t *batch, size_t i, int32_t *action)
{
    nb_preference_play(order_of(memory), batch, i, is_due(memory, batch, i), action);
}

void nb_contact_either(nb_mix_t *out, const void *first, const void *other, double share)
{
    out->n = 0;
    if (share > 0.0) {
        out->weight[out->n] = share;
        out->contact[out->n++] = first;
    }
    if (share < 1.0) {
        out->weight[out->n] = 1.0 - share;
        out->contact[out->n++] = other;
    }
}

/* which contact of the mix u falls on; one of weight 0 never */
static unsigned draw(const nb_mix_t *mix, double u)
{
    unsigned last = 0;

    for (unsigned c = 0; c < mix->n; c++) {
        if (mix->weight[c] > 0.0) {
            last = c;
            if (u < mix->weight[c]) {
                return c;
            }
            u -= mix->weight[c];
        }
    }
    return last;
}

/* of all contacts that agree with the slate so far, the share that agrees in position j too */
static void fill_propensity(const nb_mix_t *mix, const nb_batch_t *batch, size_t i,
                            const int32_t *slate, double *propensity)
{
    double joint[NB_MAX_SLATE] = {0};

    for (unsigned c = 0; c < mix->n; c++) {
        int32_t other[NB_MAX_SLATE];

        play(mix->contact[c], batch, i, other);
        for (unsigned j = 0; j < batch->slate && other[j] == slate[j]; j++) {
            joint[j] += mix->weight[c];
        }
    }
    for (unsigned j = 0; j < batch->slate; j++) {
        propensity[j] = j ? joint[j] / joint[j - 1] : joint[0];
    }
}

int nb_contact_choose(const void *state, const nb_batch_t *batch, const double *score,
                      nb_mix_fn_t mix, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *uniforms = NULL;

    for (size_t i = 0; i < batch->n; i++) {
        int32_t *slate = out->action + i * batch->slate;
        nb_mix_t of_row = {.u = -1.0};

        mix(state, batch, i, score, &of_row);
        if (of_row.n > 1 && of_row.u < 0.0 && !uniforms) {
            uniforms = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniforms);
            nb_policy_uniforms(batch, 0, uniforms);
        }
        double u = of_row.u < 0.0 && uniforms ? uniforms[i] : of_row.u;

        play(of_row.contact[draw(&of_row, u)], batch, i, slate);
        if (batch->want_propensity) {
            fill_propensity(&of_row, batch, i, slate, out->propensity + i * batch->slate);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

int nb_contact_probabilities(const void *state, const nb_batch_t *batch, const double *score,
                             nb_mix_fn_t mix, double *p)
{
    memset(p, 0, batch->n * batch->n_actions * sizeof *p);
    for (size_t i = 0; i < batch->n; i++) {
        nb_mix_t of_row = {.u = -1.0};

        mix(state, batch, i, score, &of_row);
        for (unsigned c = 0; c < of_row.n; c++) {
            int32_t slate[NB_MAX_SLATE];

            play(of_row.contact[c], batch, i, slate);
            p[i * batch->n_actions + (size_t)slate[0]] += of_row.weight[c];
        }
    }
    return NB_OK;
}

size_t nb_contact_scratch(void)
{
    return 4 * NB_BLOCK_ROWS * sizeof(double) + 64;
}
