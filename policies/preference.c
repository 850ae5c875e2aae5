#include "policies/preference.h"

#include <string.h>

/* heads of all points, then the orders one after the other */
typedef struct {
    uint32_t start; /* bytes from the memory's begin to the point's order */
    uint32_t n;
    uint32_t default_action;
} head_t;

static size_t heads_size(unsigned n_points)
{
    return (n_points * sizeof(head_t) + 7) / 8 * 8;
}

static const int32_t *order_of(const void *memory, unsigned point)
{
    const head_t *heads = memory;

    return (const int32_t *)((const char *)memory + heads[point].start);
}

size_t nb_preference_size(const nb_spec_t *spec)
{
    size_t n_actions = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        n_actions += spec->points[p].n_actions;
    }
    return (heads_size(spec->n_points) + n_actions * sizeof(int32_t) + 7) / 8 * 8;
}

static int find_action(const nb_point_t *point, const char *name)
{
    for (unsigned k = 0; k < point->n_actions; k++) {
        if (strcmp(point->actions[k], name) == 0) {
            return (int)k;
        }
    }
    return -1;
}

/* the point that has a near name says it */
static int fail_unknown(const nb_spec_t *spec, const nb_node_t *name)
{
    const nb_point_t *point = spec->points;

    for (unsigned p = 0; p < spec->n_points; p++) {
        if (nb_nearest(name->text, spec->points[p].actions, spec->points[p].n_actions)) {
            point = spec->points + p;
            break;
        }
    }
    return nb_node_unknown(name, "action", name->text, point->actions, point->n_actions);
}

/* append one name to the order of every point that has it */
static int append(void *memory, const nb_spec_t *spec, const nb_node_t *name)
{
    head_t *heads = memory;
    int known = 0;

    if (name->kind != NB_NODE_SCALAR) {
        return nb_node_error(NB_ERR_CONFIG, name,
                             "expected the name of an action, or a list of names");
    }
    for (unsigned p = 0; p < spec->n_points; p++) {
        int action = find_action(spec->points + p, name->text);
        int32_t *order = (int32_t *)((char *)memory + heads[p].start);

        for (uint32_t j = 0; j < heads[p].n && action >= 0; j++) {
            if (order[j] == action) {
                return nb_node_error(NB_ERR_CONFIG, name, "action \"%s\" stands twice in the list",
                                     name->text);
            }
        }
        if (action >= 0) {
            order[heads[p].n++] = action;
            known = 1;
        }
    }
    return known ? NB_OK : fail_unknown(spec, name);
}

int nb_preference_init(void *memory, const nb_spec_t *spec, const nb_node_t *node)
{
    head_t *heads = memory;
    size_t start = heads_size(spec->n_points);

    for (unsigned p = 0; p < spec->n_points; p++) {
        heads[p] = (head_t){(uint32_t)start, 0, spec->points[p].default_action};
        start += spec->points[p].n_actions * sizeof(int32_t);
    }
    if (!node) {
        return NB_OK;
    }
    if (node->kind != NB_NODE_LIST) {
        return append(memory, spec, node);
    }
    if (!node->child) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected at least one action in the list");
    }
    for (const nb_node_t *name = node->child; name; name = name->next) {
        NB_TRY(append(memory, spec, name));
    }
    return NB_OK;
}

int nb_preference_serves(const void *memory, unsigned point)
{
    return ((const head_t *)memory)[point].n > 0;
}

int32_t nb_preference_first(const void *memory, const nb_batch_t *batch, size_t i)
{
    const head_t *head = (const head_t *)memory + batch->point;
    const int32_t *order = order_of(memory, batch->point);

    for (uint32_t j = 0; j < head->n; j++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, i, (unsigned)order[j])) {
            return order[j];
        }
    }
    return -1;
}

int nb_preference_is_possible(const void *memory, const nb_batch_t *batch, size_t i)
{
    return nb_preference_first(memory, batch, i) >= 0;
}

int nb_preference_has(const void *memory, unsigned point, int32_t action)
{
    const head_t *head = (const head_t *)memory + point;
    const int32_t *order = order_of(memory, point);

    for (uint32_t j = 0; j < head->n; j++) {
        if (order[j] == action) {
            return 1;
        }
    }
    return 0;
}

/* allowed, and not at one of the n positions before */
static int is_free(const nb_batch_t *batch, size_t i, unsigned k, const int32_t *before, unsigned n)
{
    for (unsigned j = 0; j < n; j++) {
        if (before[j] == (int32_t)k) {
            return 0;
        }
    }
    return nb_mask_allows(batch->mask, batch->mask_words, i, k);
}

/* what the unbound point would put at the position after `before` */
static int32_t find_default(const nb_batch_t *batch, size_t i, unsigned default_action,
                            const int32_t *before, unsigned n)
{
    const float *prior = batch->prior_score ? batch->prior_score + i * batch->n_actions : NULL;
    int32_t best = -1;

    if (!prior && is_free(batch, i, default_action, before, n)) {
        return (int32_t)default_action;
    }
    for (unsigned k = 0; k < batch->n_actions; k++) {
        if ((best < 0 || (prior && prior[k] > prior[best])) && is_free(batch, i, k, before, n)) {
            best = (int32_t)k;
        }
    }
    return best;
}

void nb_preference_play(const void *memory, const nb_batch_t *batch, size_t i, int use_order,
                        int32_t *action)
{
    const head_t *head = (const head_t *)memory + batch->point;
    const int32_t *order = order_of(memory, batch->point);
    unsigned n = 0;

    for (uint32_t j = 0; use_order && j < head->n && n < batch->slate; j++) {
        if (nb_mask_allows(batch->mask, batch->mask_words, i, (unsigned)order[j])) {
            action[n++] = order[j];
        }
    }
    for (; n < batch->slate; n++) {
        action[n] = find_default(batch, i, head->default_action, action, n);
    }
}

void nb_preference_probability(const nb_batch_t *batch, int32_t action, double *p)
{
    for (unsigned k = 0; k < batch->n_actions; k++) {
        p[k] = (int32_t)k == action ? 1.0 : 0.0;
    }
}
