/*
 * If-then rules over what the firm sees, as practitioners write them: the first rule whose
 * conditions all hold and whose action is allowed is played, else `otherwise`.
 *
 *   rules:
 *     - {if: [{feature: max_detector, above: 1.0}, {feature: tenure, below: 0.5}], action: email}
 *     - {if: {feature: opens_email, below: -1}, action: [message, email]}
 *   otherwise: wait
 *
 * Thresholds are in the units of the context, whose features are standardized by constants. A rule
 * serves those of the instance's points that have all its features and one of its actions.
 */
#include <math.h>
#include <string.h>

#include "policies/library.h"
#include "policies/preference.h"

typedef struct {
    const nb_node_t *rules, *otherwise;
} rules_settings_t;

/* the state: head, rules, conditions, features [n_conditions x n_points], then the preference order
 * of every rule and of `otherwise` */
typedef struct {
    uint32_t n_points, n_rules, n_conditions;
    uint32_t features, orders; /* bytes from the state's begin */
    uint32_t order_size;
} head_t;

typedef struct {
    uint32_t first, n; /* its conditions */
} rule_t;

typedef struct {
    double above, below; /* above < x < below */
} condition_t;

static const nb_setting_t table[] = {
    {
        .key = "rules",
        .type = NB_SETTING_NODE,
        .offset = offsetof(rules_settings_t, rules),
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "list of {if: [{feature: NAME, above: X, below: Y}, ...], action: NAME or list}; "
                "the first that holds is played; required",
    },
    {
        .key = "otherwise",
        .type = NB_SETTING_NODE,
        .offset = offsetof(rules_settings_t, otherwise),
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "action, or list of actions, where no rule holds; default: what the point plays "
                "unbound",
    },
    {0},
};

static const rule_t *rules_of(const void *state)
{
    return (const rule_t *)((const head_t *)state + 1);
}

static const condition_t *conditions_of(const void *state)
{
    return (const condition_t *)(rules_of(state) + ((const head_t *)state)->n_rules);
}

static const int32_t *features_of(const void *state)
{
    return (const int32_t *)((const char *)state + ((const head_t *)state)->features);
}

/* preference order of rule r; r = n_rules is `otherwise` */
static const void *order_of(const void *state, uint32_t r)
{
    const head_t *head = state;

    return (const char *)state + head->orders + (size_t)r * head->order_size;
}

/* `if` is one condition or a list of them */
static size_t count_conditions(const nb_node_t *rule)
{
    const nb_node_t *conditions = nb_node_child(rule, "if");

    return conditions && conditions->kind == NB_NODE_LIST ? nb_node_count(conditions) : 1;
}

/* sizes and places; malformed nodes are counted too and refused by init */
static size_t lay_out(head_t *self, const nb_spec_t *spec, const nb_node_t *rules)
{
    size_t n_rules = 0, n_conditions = 0, order_size = nb_preference_size(spec);

    for (const nb_node_t *rule = rules ? rules->child : NULL; rule; rule = rule->next) {
        n_rules++;
        n_conditions += count_conditions(rule);
    }
    size_t features = sizeof *self + n_rules * sizeof(rule_t) + n_conditions * sizeof(condition_t);
    size_t orders = (features + n_conditions * spec->n_points * sizeof(int32_t) + 7) / 8 * 8;

    *self = (head_t){spec->n_points,     (uint32_t)n_rules, (uint32_t)n_conditions,
                     (uint32_t)features, (uint32_t)orders,  (uint32_t)order_size};
    return orders + (n_rules + 1) * order_size;
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    head_t head;

    return lay_out(&head, spec, ((const rules_settings_t *)settings)->rules);
}

static int fail_unknown_feature(const nb_spec_t *spec, const nb_node_t *name)
{
    const nb_point_t *point = spec->points;

    for (unsigned p = 0; p < spec->n_points; p++) {
        if (nb_nearest(name->text, spec->points[p].features, spec->points[p].d)) {
            point = spec->points + p;
            break;
        }
    }
    return nb_node_unknown(name, "feature", name->text, point->features, point->d);
}

/* index of a feature at every point of the spec, -1 where the point has none of that name */
static int find_feature(const nb_spec_t *spec, const nb_node_t *name, int32_t *indices)
{
    int known = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        indices[p] = -1;
        for (unsigned j = 0; j < spec->points[p].d; j++) {
            if (strcmp(spec->points[p].features[j], name->text) == 0) {
                indices[p] = (int32_t)j;
                known = 1;
            }
        }
    }
    return known ? NB_OK : fail_unknown_feature(spec, name);
}

static int read_condition(condition_t *self, int32_t *indices, const nb_spec_t *spec,
                          const nb_node_t *node)
{
    static const char *const keys[] = {"feature", "above", "below"};

    if (node->kind != NB_NODE_MAP) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "expected a condition {feature: NAME, above: X, below: Y}");
    }
    NB_TRY(nb_node_check_keys(node, keys, 3));
    const nb_node_t *feature = nb_node_child(node, "feature");
    const nb_node_t *above = nb_node_child(node, "above"), *below = nb_node_child(node, "below");

    if (!feature || feature->kind != NB_NODE_SCALAR || (!above && !below)) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "a condition needs `feature`, and `above` or `below` or both");
    }
    *self = (condition_t){-INFINITY, INFINITY};
    if (above) {
        NB_TRY(nb_node_real(above, &self->above));
    }
    if (below) {
        NB_TRY(nb_node_real(below, &self->below));
    }
    if (!(self->above < self->below)) {
        return nb_node_error(NB_ERR_CONFIG, node, "nothing is above %g and below %g", self->above,
                             self->below);
    }
    return find_feature(spec, feature, indices);
}

/* 1 where some point has all features of conditions first .. end - 1 and an action of the order */
static int serves_a_point(const void *state, const void *order, uint32_t first, uint32_t end)
{
    uint32_t n_points = ((const head_t *)state)->n_points;

    for (uint32_t p = 0; p < n_points; p++) {
        int serves = nb_preference_serves(order, p);

        for (uint32_t c = first; c < end && serves; c++) {
            serves = features_of(state)[(size_t)c * n_points + p] >= 0;
        }
        if (serves) {
            return 1;
        }
    }
    return 0;
}

/* rule number r, whose conditions begin at *n_conditions */
static int read_rule(void *state, const nb_spec_t *spec, const nb_node_t *node, uint32_t r,
                     uint32_t *n_conditions)
{
    static const char *const keys[] = {"if", "action"};
    const nb_node_t *conditions = nb_node_child(node, "if");
    const nb_node_t *action = nb_node_child(node, "action");
    uint32_t first = *n_conditions;

    if (node->kind != NB_NODE_MAP) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a rule {if: [...], action: NAME}");
    }
    NB_TRY(nb_node_check_keys(node, keys, 2));
    if (!action || !conditions || (conditions->kind == NB_NODE_LIST && !conditions->child)) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "a rule needs `action`, and `if` with at least "
                             "one condition");
    }
    const nb_node_t *each = conditions->kind == NB_NODE_LIST ? conditions->child : conditions;

    for (size_t left = count_conditions(node); left > 0; left--, each = each->next) {
        uint32_t c = (*n_conditions)++;

        NB_TRY(read_condition((condition_t *)conditions_of(state) + c,
                              (int32_t *)features_of(state) + (size_t)c * spec->n_points, spec,
                              each));
    }
    ((rule_t *)rules_of(state))[r] = (rule_t){first, *n_conditions - first};
    NB_TRY(nb_preference_init((void *)order_of(state, r), spec, action));
    if (!serves_a_point(state, order_of(state, r), first, *n_conditions)) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "no decision point has these features and this action together");
    }
    return NB_OK;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const rules_settings_t *from = settings;
    head_t *self = state;
    uint32_t r = 0, n_conditions = 0;

    if (!from->rules || from->rules->kind != NB_NODE_LIST || !from->rules->child) {
        return nb_node_error(NB_ERR_CONFIG, from->rules,
                             "rules needs `rules`: a list of {if: [...], action: NAME}");
    }
    lay_out(self, spec, from->rules);
    for (const nb_node_t *rule = from->rules->child; rule; rule = rule->next, r++) {
        NB_TRY(read_rule(state, spec, rule, r, &n_conditions));
    }
    return nb_preference_init((void *)order_of(state, r), spec, from->otherwise);
}

/* 1 where all conditions of a rule hold for row i */
static int holds(const void *state, const rule_t *rule, const nb_batch_t *batch, size_t i)
{
    const int32_t *features = features_of(state);

    for (uint32_t c = rule->first; c < rule->first + rule->n; c++) {
        const condition_t *condition = conditions_of(state) + c;
        int32_t j = features[(size_t)c * ((const head_t *)state)->n_points + batch->point];
        double x = j < 0 ? NAN : (double)batch->x[i * batch->d + (size_t)j];

        if (!(x > condition->above && x < condition->below)) {
            return 0;
        }
    }
    return 1;
}

static void play_row(const void *state, const nb_batch_t *batch, size_t i, int32_t *action)
{
    const rule_t *rules = rules_of(state);
    uint32_t n_rules = ((const head_t *)state)->n_rules, r = 0;

    while (r < n_rules && !(holds(state, rules + r, batch, i) &&
                            nb_preference_is_possible(order_of(state, r), batch, i))) {
        r++;
    }
    nb_preference_play(order_of(state, r), batch, i, 1, action);
}

static int check_features(const nb_batch_t *batch)
{
    for (size_t j = 0; j < batch->n * batch->d; j++) {
        if (!isfinite(batch->x[j])) {
            NB_FAIL(NB_ERR_NUMERIC, "feature %zu of row %zu is %g, expected a finite number",
                    j % batch->d, j / batch->d, (double)batch->x[j]);
        }
    }
    return NB_OK;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    NB_TRY(check_features(batch));
    for (size_t i = 0; i < batch->n; i++) {
        play_row(state, batch, i, out->action + i * batch->slate);
    }
    for (size_t j = 0; batch->want_propensity && j < batch->n * batch->slate; j++) {
        out->propensity[j] = 1.0;
    }
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    NB_TRY(check_features(batch));
    for (size_t i = 0; i < batch->n; i++) {
        int32_t action[NB_MAX_SLATE];

        play_row(state, batch, i, action);
        nb_preference_probability(batch, action[0], p + i * batch->n_actions);
    }
    return NB_OK;
}

const nb_policy_type_t nb_policy_rules = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "rules",
    .summary = "if-then rules over observed features, the first that holds (reference)",
    .settings = table,
    .settings_size = sizeof(rules_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_SLATE,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .probabilities = probabilities,
};
