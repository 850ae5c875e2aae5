/*
 * If-then rules, as practitioners write them: the first rule whose conditions all hold and whose
 * action is allowed is played, else `otherwise`. policies/conditions.h lists the conditions.
 *
 *   rules:
 *     - {if: [{raw: max_detector, above: 2}, {every: 4}], action: email}
 *     - {if: {feature: opens_email, below: -1}, action: [message, email]}
 *     - {if: {tenure_weeks: [2, 15, 28, 41]}, action: call}
 *   otherwise: wait
 *
 * A rule serves those of the instance's points that have all it asks for and one of its actions.
 * `rules` reads what the firm sees; `oracle_rules` is the same and may read hidden state too.
 */
#include <math.h>

#include "policies/conditions.h"
#include "policies/library.h"
#include "policies/preference.h"
#include "policies/rows.h"

typedef struct {
    const nb_node_t *rules, *otherwise;
} rules_settings_t;

/* the state: head, rules, then the conditions and the preference order of each, and the order of
 * `otherwise` */
typedef struct {
    uint32_t n_rules;
    uint32_t otherwise;               /* bytes from the state's begin */
    uint32_t n_latent[NB_MAX_POINTS]; /* as the points say, 0 where no rule asks for them */
} head_t;

/* bytes from the state's begin */
typedef struct {
    uint32_t conditions, order;
} rule_t;

#define NODE(the_key, the_field, the_help)                                                         \
    {                                                                                              \
        .key = the_key, .type = NB_SETTING_NODE, .offset = offsetof(rules_settings_t, the_field),  \
        .choices = "", .unit = "", .mark = "", .source = "", .help = the_help                      \
    }
#define RULES(quantities)                                                                          \
    NODE(                                                                                          \
        "rules", rules,                                                                            \
        "list of {if: CONDITIONS, action: NAME or list}; the first whose conditions all hold and " \
        "whose action is allowed is played; a condition is {" quantities                           \
        ": NAME, above: X, below: Y}, {tenure_weeks: [W, ...]}, {every: W} (weeks, staggered by "  \
        "customer) or {all: [...]}; required")
#define OTHERWISE                                                                                  \
    NODE("otherwise", otherwise,                                                                   \
         "action, or list of actions, where no rule holds; default: what the point plays unbound")

static const nb_setting_t table[] = {RULES("feature or raw"), OTHERWISE, {0}};
static const nb_setting_t oracle_table[] = {RULES("feature, raw or latent"), OTHERWISE, {0}};

static const rule_t *rules_of(const void *state)
{
    return (const rule_t *)((const head_t *)state + 1);
}

static const void *at(const void *state, uint32_t offset)
{
    return (const char *)state + offset;
}

/* malformed nodes are counted too and refused by init */
static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    const nb_node_t *rules = ((const rules_settings_t *)settings)->rules;
    size_t order_size = nb_preference_size(spec), size = sizeof(head_t) + order_size;

    for (const nb_node_t *rule = rules ? rules->child : NULL; rule; rule = rule->next) {
        size += sizeof(rule_t) + order_size + nb_conditions_size(spec, nb_node_child(rule, "if"));
    }
    return size;
}

/* 1 where some point has all that the rule asks for and one of its actions */
static int serves_a_point(const void *state, const rule_t *rule, unsigned n_points)
{
    for (unsigned p = 0; p < n_points; p++) {
        if (nb_preference_serves(at(state, rule->order), p) &&
            nb_conditions_serve(at(state, rule->conditions), p)) {
            return 1;
        }
    }
    return 0;
}

/* the rule's conditions and order are compiled from byte *end on */
static int read_rule(void *state, rule_t *rule, const nb_spec_t *spec, const nb_node_t *node,
                     int with_latent, uint32_t *end)
{
    static const char *const keys[] = {"if", "action"};
    const nb_node_t *conditions = nb_node_child(node, "if");
    const nb_node_t *action = nb_node_child(node, "action");

    if (node->kind != NB_NODE_MAP) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a rule {if: [...], action: NAME}");
    }
    NB_TRY(nb_node_check_keys(node, keys, 2));
    if (!action || !conditions || (conditions->kind == NB_NODE_LIST && !conditions->child)) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "a rule needs `action`, and `if` with at least "
                             "one condition");
    }
    rule->conditions = *end;
    rule->order = *end + (uint32_t)nb_conditions_size(spec, conditions);
    *end = rule->order + (uint32_t)nb_preference_size(spec);
    NB_TRY(nb_conditions_init((void *)at(state, rule->conditions), spec, conditions, with_latent));
    NB_TRY(nb_preference_init((void *)at(state, rule->order), spec, action));
    if (!serves_a_point(state, rule, spec->n_points)) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "no decision point has these features and this action together");
    }
    return NB_OK;
}

static int read_rules(void *state, const nb_spec_t *spec, const rules_settings_t *from,
                      int with_latent)
{
    head_t *self = state;
    rule_t *rule = (rule_t *)rules_of(state);
    int asks_latent = 0;

    if (!from->rules || from->rules->kind != NB_NODE_LIST || !from->rules->child) {
        return nb_node_error(NB_ERR_CONFIG, from->rules,
                             "%s needs `rules`: a list of {if: [...], action: NAME}",
                             with_latent ? "oracle_rules" : "rules");
    }
    self->n_rules = (uint32_t)nb_node_count(from->rules);
    uint32_t end = (uint32_t)(sizeof *self + self->n_rules * sizeof *rule);

    for (const nb_node_t *node = from->rules->child; node; node = node->next, rule++) {
        NB_TRY(read_rule(state, rule, spec, node, with_latent, &end));
        asks_latent |= nb_conditions_ask_latent(at(state, rule->conditions));
    }
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->n_latent[p] = asks_latent ? spec->points[p].n_latent : 0;
    }
    self->otherwise = end;
    return nb_preference_init((void *)at(state, end), spec, from->otherwise);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    return read_rules(state, spec, settings, 0);
}

static int init_oracle(void *state, const nb_spec_t *spec, const void *settings)
{
    return read_rules(state, spec, settings, 1);
}

static void play_row(const void *state, const nb_batch_t *batch, size_t i, const double *latent,
                     int32_t *action)
{
    const head_t *self = state;
    const rule_t *rule = rules_of(state), *end = rule + self->n_rules;

    while (rule < end && !(nb_conditions_hold(at(state, rule->conditions), batch, i, latent) &&
                           nb_preference_is_possible(at(state, rule->order), batch, i))) {
        rule++;
    }
    nb_preference_play(at(state, rule < end ? rule->order : self->otherwise), batch, i, 1, action);
}

/* hidden state [n x n_latent] of the rows into *latent, taken from the scratch */
static int ask_latent(const nb_batch_t *batch, unsigned n_latent, double **latent)
{
    const nb_oracle_t *oracle = batch->oracle;
    double *values;

    if (!oracle || !oracle->latent || oracle->n_latent != n_latent) {
        NB_FAIL(NB_ERR_UNSUPPORTED,
                "oracle_rules needs the %u hidden quantities that the point names, the environment "
                "tells %u",
                n_latent, oracle && oracle->latent ? oracle->n_latent : 0);
    }
    *latent = values = nb_arena_take(batch->scratch, batch->n * n_latent, sizeof *values);
    NB_TRY(oracle->latent(oracle->world, batch, values));
    for (size_t j = 0; j < batch->n * n_latent; j++) {
        if (!isfinite(values[j])) {
            NB_FAIL(NB_ERR_NUMERIC, "hidden %s of row %zu is %g, expected a finite number",
                    oracle->latent_names[j % n_latent], j / n_latent, values[j]);
        }
    }
    return NB_OK;
}

/* what is played into the slates `action` of all rows, or where that is NULL the probabilities of
 * the first position into `p` */
static int play(const void *state, const nb_batch_t *batch, int32_t *action, double *p)
{
    unsigned n_latent = ((const head_t *)state)->n_latent[batch->point];
    size_t mark = n_latent ? nb_arena_mark(batch->scratch) : 0;
    double *latent = NULL;
    int code = nb_rows_check_features(batch->x, batch->n, batch->d);

    if (code >= 0 && n_latent) {
        code = ask_latent(batch, n_latent, &latent);
    }
    for (size_t i = 0; i < batch->n && code >= 0; i++) {
        const double *row = latent ? latent + i * n_latent : NULL;
        int32_t slate[NB_MAX_SLATE];

        play_row(state, batch, i, row, action ? action + i * batch->slate : slate);
        if (!action) {
            nb_preference_probability(batch, slate[0], p + i * batch->n_actions);
        }
    }
    if (n_latent) {
        nb_arena_release(batch->scratch, mark);
    }
    return code;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    NB_TRY(play(state, batch, out->action, NULL));
    for (size_t j = 0; batch->want_propensity && j < batch->n * batch->slate; j++) {
        out->propensity[j] = 1.0;
    }
    return NB_OK;
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return play(state, batch, NULL, p);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = 0;

    (void)settings;
    for (unsigned p = 0; p < spec->n_points; p++) {
        most = spec->points[p].n_latent > most ? spec->points[p].n_latent : most;
    }
    return most * NB_BLOCK_ROWS * sizeof(double) + 64;
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

const nb_policy_type_t nb_policy_oracle_rules = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "oracle_rules",
    .summary = "if-then rules that may read hidden state too (upper reference, no bound)",
    .settings = oracle_table,
    .settings_size = sizeof(rules_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_SLATE | NB_TRAIT_ORACLE,
    .state_size = state_size,
    .init = init_oracle,
    .choose = choose,
    .probabilities = probabilities,
    .scratch_size = scratch_size,
};
