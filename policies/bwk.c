/*
 * A contact budget kept by a price: every action but the point's default costs, and the policy that
 * is played sees scores less price times cost. The price moves until spending meets the budget.
 *
 * Source: Badanidiyuru, Kleinberg & Slivkins (2013), "Bandits with knapsacks", algorithm PD-BwK: a
 * primal policy on reward less price times consumption, a dual on the price. The dual here is
 * additive descent instead of multiplicative weights, as in Agrawal & Devanur (2016), "Linear
 * contextual bandits with knapsacks": price <- max(0, price + step (spent / decisions - share)),
 * once a period. Known limits: one budget; it is met on average over periods, not in each (budgets
 * of a point are, see docs/architecture.md); a price in units of the scaled reward.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "policies/library.h"
#include "policies/wrapper.h"

typedef struct {
    nb_inner_t inner; /* first: see NB_TRAIT_WRAPPER */
    double share, step;
    const nb_node_t *costs;
} settings_t;

/* own part of the state: head, then the costs of all points' actions */
typedef struct {
    double share, step, price;
    double spent, decisions; /* since the price last moved */
    unsigned first[NB_MAX_POINTS];
} budget_t;

static const nb_setting_t table[] = {
    {
        .key = "share",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, share),
        .def = 0.1,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "cost a decision",
        .mark = "A",
        .source = "",
        .help = "budget: mean cost of a decision; with costs of 1 the share of customers contacted",
    },
    {
        .key = "step",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, step),
        .def = 0.2,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "sd of the reward",
        .mark = "A",
        .source = "Agrawal & Devanur 2016, algorithm 1",
        .help = "how far the price moves per unit of cost over the budget; 0: no price",
    },
    {
        .key = "costs",
        .type = NB_SETTING_NODE,
        .offset = offsetof(settings_t, costs),
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "cost by name of action, {email: 1, call: 40}; 1 where none is said, 0 for the "
                "default action of a point",
    },
    {0},
};

static nb_wrapper_size_t sizes(const nb_spec_t *spec)
{
    size_t n_actions = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        n_actions += spec->points[p].n_actions;
    }
    return (nb_wrapper_size_t){.own = sizeof(budget_t) + n_actions * sizeof(double)};
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    return nb_wrapper_state_size(spec, settings, sizes(spec));
}

static double *costs_of(void *state, unsigned point)
{
    budget_t *self = nb_wrapper_own(state);

    return (double *)(self + 1) + self->first[point];
}

static const double *costs_of_const(const void *state, unsigned point)
{
    const budget_t *self = nb_wrapper_own_const(state);

    return (const double *)(self + 1) + self->first[point];
}

/* one entry of `costs` at every point that has the action */
static int set_cost(void *state, const nb_spec_t *spec, const nb_node_t *node)
{
    double cost = 0.0;
    int is_known = 0;

    NB_TRY(nb_node_real(node, &cost));
    if (cost < 0.0) {
        return nb_node_error(NB_ERR_RANGE, node, "%s is out of range, expected 0 or more",
                             node->text);
    }
    for (unsigned p = 0; p < spec->n_points; p++) {
        for (unsigned k = 0; k < spec->points[p].n_actions; k++) {
            if (strcmp(spec->points[p].actions[k], node->key) == 0) {
                costs_of(state, p)[k] = cost;
                is_known = 1;
            }
        }
    }
    return is_known ? NB_OK
                    : nb_node_unknown(node, "action", node->key, spec->points[0].actions,
                                      spec->points[0].n_actions);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    unsigned first = 0;
    budget_t *self;

    NB_TRY(nb_wrapper_need_offsets(&from->inner));
    NB_TRY(nb_wrapper_init(state, spec, &from->inner, sizes(spec)));
    self = nb_wrapper_own(state);
    self->share = from->share;
    self->step = from->step;
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->first[p] = first;
        first += spec->points[p].n_actions;
        for (unsigned k = 0; k < spec->points[p].n_actions; k++) {
            costs_of(state, p)[k] = k != spec->points[p].default_action;
        }
    }
    if (from->costs && from->costs->kind != NB_NODE_MAP) {
        return nb_node_error(NB_ERR_CONFIG, from->costs, "expected a map of costs by action");
    }
    for (const nb_node_t *node = from->costs ? from->costs->child : NULL; node; node = node->next) {
        NB_TRY(set_cost(state, spec, node));
    }
    return NB_OK;
}

static void fill_offsets(const void *state, const nb_batch_t *batch, double *offset)
{
    const budget_t *self = nb_wrapper_own_const(state);
    const double *costs = costs_of_const(state, batch->point);

    for (size_t at = 0; at < batch->n * batch->n_actions; at++) {
        offset[at] = -self->price * costs[at % batch->n_actions];
    }
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return nb_wrapper_choose_offset(state, batch, fill_offsets, out);
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    return nb_wrapper_table_offset(state, batch, fill_offsets, nb_wrapper_score, s);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return nb_wrapper_table_offset(state, batch, fill_offsets, nb_wrapper_probabilities, p);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_wrapper_table_offset(state, batch, fill_offsets, nb_wrapper_value, v);
}

static int played(void *state, const nb_batch_t *batch, const nb_choice_t *choice)
{
    const double *costs = costs_of(state, batch->point);
    budget_t *self = nb_wrapper_own(state);

    for (size_t at = 0; at < batch->n * batch->slate; at++) {
        self->spent += choice->action[at] >= 0 ? costs[choice->action[at]] : 0.0;
    }
    self->decisions += (double)batch->n;
    return nb_wrapper_played(state, batch, choice);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    budget_t *self = nb_wrapper_own(state);

    if (self->decisions > 0.0) {
        double excess = self->spent / self->decisions - self->share;

        self->price = fmax(0.0, self->price + self->step * excess);
    }
    self->spent = 0.0;
    self->decisions = 0.0;
    return nb_wrapper_end_period(state, scratch);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    return nb_wrapper_scratch_size(spec, settings) + nb_wrapper_offsets_scratch(spec);
}

const nb_policy_type_t nb_policy_bwk = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "bwk",
    .summary = "keeps a contact budget by a price on contacts (Badanidiyuru et al. 2013)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_WRAPPER | NB_TRAIT_LEARNS,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = nb_wrapper_update,
    .played = played,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
    .grow = nb_wrapper_grow,
};
