#include "bench/strategy.h"

#include <string.h>

#include "core/memory.h"

enum { MAX_UPDATE_EVERY = 10000 };

/* what a strategy node says, before instances are made of it */
typedef struct {
    const nb_spec_t *spec;
    const nb_node_t *at[NB_MAX_POINTS]; /* node that binds a point, NULL where none does */
    int is_joint[NB_MAX_POINTS];        /* the point belongs to the joint instance */
} bound_t;

static const struct {
    const char *name, *yaml;
} built_in[] = {
    {"never", "{}"},
    {"monthly", "{recognize: {policy: schedule, action: email, every: 4}}"},
};

const char *nb_strategy_built_in(const char *name)
{
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++) {
        if (strcmp(built_in[i].name, name) == 0) {
            return built_in[i].yaml;
        }
    }
    return NULL;
}

int nb_strategy_init_built_in(nb_strategy_t *self, nb_config_t *config, const char *name,
                              const nb_spec_t *spec)
{
    const char *yaml = nb_strategy_built_in(name);

    memset(self, 0, sizeof *self);
    if (!yaml) {
        NB_FAIL(NB_ERR_NOT_FOUND, "no strategy '%s' is built in, expected never or monthly", name);
    }
    NB_TRY(nb_config_parse(config, "built-in", yaml, strlen(yaml)));
    return nb_strategy_init(self, name, config->root, spec);
}

static int is_null(const nb_node_t *node)
{
    return node->kind == NB_NODE_SCALAR && !node->quoted && node->text[0] == '\0';
}

static int find_point(const nb_spec_t *spec, const char *name)
{
    for (unsigned p = 0; p < spec->n_points; p++) {
        if (strcmp(spec->points[p].name, name) == 0) {
            return (int)p;
        }
    }
    return -1;
}

static int fail_point(const nb_spec_t *spec, const nb_node_t *node, const char *word, int is_key)
{
    const char *names[NB_MAX_POINTS + 2];
    size_t n = 0;

    for (; n < spec->n_points; n++) {
        names[n] = spec->points[n].name;
    }
    if (is_key) {
        names[n++] = "all";
        names[n++] = "joint";
    }
    return nb_node_unknown(node, "decision point", word, names, n);
}

static int bind_points_by_name(bound_t *bound, const nb_node_t *node)
{
    for (const nb_node_t *child = node->child; child; child = child->next) {
        int point = find_point(bound->spec, child->key);

        if (point >= 0) {
            bound->at[point] = child;
        } else if (strcmp(child->key, "all") != 0 && strcmp(child->key, "joint") != 0) {
            return fail_point(bound->spec, child, child->key, 1);
        }
    }
    return NB_OK;
}

/* joint: {points: [...]} */
static int bind_listed(bound_t *bound, const nb_node_t *joint, const nb_node_t *list)
{
    if (list->kind != NB_NODE_LIST || !list->child) {
        return nb_node_error(NB_ERR_CONFIG, list, "expected a list of decision points");
    }
    for (const nb_node_t *item = list->child; item; item = item->next) {
        int point;

        if (item->kind != NB_NODE_SCALAR) {
            return nb_node_error(NB_ERR_CONFIG, item, "expected the name of a decision point");
        }
        point = find_point(bound->spec, item->text);
        if (point < 0) {
            return fail_point(bound->spec, item, item->text, 0);
        }
        if (bound->at[point]) {
            return nb_node_error(NB_ERR_CONFIG, item, "point '%s' is bound twice", item->text);
        }
        bound->at[point] = joint;
        bound->is_joint[point] = 1;
    }
    return NB_OK;
}

/* every point that nobody owns yet */
static int bind_rest(bound_t *bound, const nb_node_t *node, int is_joint)
{
    int n = 0;

    for (unsigned p = 0; p < bound->spec->n_points; p++) {
        if (!bound->at[p]) {
            bound->at[p] = node;
            bound->is_joint[p] = is_joint;
            n++;
        }
    }
    if (n == 0) {
        return nb_node_error(NB_ERR_CONFIG, node, "no decision point is left to bind");
    }
    return NB_OK;
}

/* the more specific key wins: a point's name, then joint with points, then all or joint */
static int bind_all(bound_t *bound, const nb_node_t *node)
{
    const nb_node_t *all = nb_node_child(node, "all"), *joint = nb_node_child(node, "joint");
    const nb_node_t *list = nb_node_child(joint, "points");

    NB_TRY(bind_points_by_name(bound, node));
    if (list) {
        NB_TRY(bind_listed(bound, joint, list));
    }
    if (all) {
        NB_TRY(bind_rest(bound, all, 0));
    }
    if (joint && !list) {
        NB_TRY(bind_rest(bound, joint, 1));
    }
    return NB_OK;
}

static int read_scale(nb_binding_t *self, const nb_node_t *node)
{
    unsigned traits = self->policy.traits;

    self->reward_scale = (traits & NB_TRAIT_LEARNS) && !(traits & NB_TRAIT_UNIT_REWARD)
                             ? NB_SCALE_AUTO
                             : NB_SCALE_NONE;
    if (!node) {
        return NB_OK;
    }
    if (node->kind == NB_NODE_SCALAR && strcmp(node->text, "none") == 0) {
        self->reward_scale = NB_SCALE_NONE;
    } else if (node->kind != NB_NODE_SCALAR || strcmp(node->text, "auto") != 0) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected none or auto");
    }
    return NB_OK;
}

static int read_gamma(nb_binding_t *self, const nb_node_t *node, const nb_spec_t *spec)
{
    self->gamma = spec->gamma;
    if (!node) {
        return NB_OK;
    }
    NB_TRY(nb_node_real(node, &self->gamma));
    if (!(self->gamma > 0 && self->gamma <= 1)) {
        return nb_node_error(NB_ERR_RANGE, node, "%s is out of range, expected above 0, at most 1",
                             node->text);
    }
    return NB_OK;
}

static int read_update_every(nb_binding_t *self, const nb_node_t *node)
{
    long long periods = 1;

    self->update_every = 1;
    if (!node) {
        return NB_OK;
    }
    NB_TRY(nb_node_int(node, &periods));
    if (periods < 1 || periods > MAX_UPDATE_EVERY) {
        return nb_node_error(NB_ERR_RANGE, node, "%s is out of range, expected 1 to %d periods",
                             node->text, MAX_UPDATE_EVERY);
    }
    if (periods > 1 && self->credit.rule == NB_CREDIT_PARTIAL) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "credit partial(n) hands over what came every period, expected 1");
    }
    self->update_every = (int)periods;
    return NB_OK;
}

/* keys that only learners use are refused elsewhere instead of being ignored */
static int read_learning(nb_binding_t *self, const nb_node_t *node, const nb_spec_t *spec)
{
    static const char *const keys[] = {"credit", "reward_scale", "gamma", "update_every"};

    for (unsigned i = 0; i < 4 && !(self->policy.traits & NB_TRAIT_LEARNS); i++) {
        if (nb_node_child(node, keys[i])) {
            return nb_node_error(NB_ERR_CONFIG, nb_node_child(node, keys[i]),
                                 "policy '%s' does not learn and has no %s",
                                 self->policy.type->name, keys[i]);
        }
    }
    NB_TRY(nb_credit_parse(&self->credit, nb_node_child(node, "credit"), self->policy.traits));
    NB_TRY(read_scale(self, nb_node_child(node, "reward_scale")));
    NB_TRY(read_update_every(self, nb_node_child(node, "update_every")));
    return read_gamma(self, nb_node_child(node, "gamma"), spec);
}

/* read the policy, and how it learns */
static int read_policy(nb_binding_t *self, const nb_node_t *node, int is_joint)
{
    return nb_layer_init(&self->policy, node, nb_binding_keys,
                         is_joint ? NB_BINDING_N_KEYS : NB_BINDING_N_KEYS - 1);
}

static int check_slates(const nb_binding_t *self, const nb_node_t *node, const nb_spec_t *spec)
{
    if (self->policy.type->traits & NB_TRAIT_SLATE || self->policy.type->score) {
        return NB_OK;
    }
    for (unsigned i = 0; i < self->n_points; i++) {
        if (spec->points[self->points[i]].max_slate > 1) {
            return nb_node_error(NB_ERR_UNSUPPORTED, node,
                                 "policy '%s' neither fills slates nor scores actions, which point "
                                 "'%s' needs",
                                 self->policy.type->name, spec->points[self->points[i]].name);
        }
    }
    return NB_OK;
}

nb_spec_t nb_binding_spec(const nb_binding_t *binding, const nb_spec_t *spec, nb_point_t *points)
{
    nb_spec_t own = *spec;

    for (unsigned i = 0; i < binding->n_points; i++) {
        points[i] = spec->points[binding->points[i]];
    }
    own.n_points = binding->n_points;
    own.points = points;
    own.gamma = binding->gamma;
    return own;
}

/* set the policy up for one customer, so that wrong settings show before anything runs */
static int try_out(const nb_binding_t *self, const nb_node_t *node, const nb_spec_t *spec)
{
    nb_point_t points[NB_MAX_POINTS];
    nb_spec_t own = nb_binding_spec(self, spec, points);
    const nb_layer_t *policy = &self->policy;
    void *state = NULL;
    int code;

    own.n_customers = 1;
    NB_TRY(nb_alloc(&state, policy->type->state_size(&own, policy->settings) + 1, 1));
    code = nb_strategy_add_mark(policy->type->init(state, &own, policy->settings), node);
    nb_free(state);
    return code;
}

static int read_binding(nb_binding_t *self, const nb_node_t *node, int is_joint,
                        const nb_spec_t *spec)
{
    NB_TRY(read_policy(self, node, is_joint));
    NB_TRY(read_learning(self, node, spec));
    NB_TRY(check_slates(self, node, spec));
    return try_out(self, node, spec);
}

/* instances in the order of their first point; the joint one collects its points */
static void number_instances(nb_strategy_t *self, const bound_t *bound, const nb_node_t **nodes)
{
    int joint = -1;

    for (unsigned p = 0; p < NB_MAX_POINTS; p++) {
        nb_binding_t *binding;

        self->owner[p] = -1;
        self->local[p] = -1;
        if (p >= bound->spec->n_points || !bound->at[p]) {
            continue;
        }
        self->owner[p] = bound->is_joint[p] && joint >= 0 ? joint : (int)self->n_bindings++;
        joint = bound->is_joint[p] ? self->owner[p] : joint;
        nodes[self->owner[p]] = bound->at[p];
        binding = &self->bindings[self->owner[p]];
        self->local[p] = (int)binding->n_points;
        binding->points[binding->n_points++] = p;
    }
}

int nb_strategy_init(nb_strategy_t *self, const char *name, const nb_node_t *node,
                     const nb_spec_t *spec)
{
    const nb_node_t *nodes[NB_MAX_POINTS] = {NULL};
    bound_t bound = {.spec = spec};

    memset(self, 0, sizeof *self);
    NB_ASSERT(spec->n_points <= NB_MAX_POINTS);
    NB_TRY(nb_strdup(&self->name, name));
    NB_TRY(nb_alloc(&self->bindings, NB_MAX_POINTS, sizeof *self->bindings));
    if (node && !is_null(node)) {
        if (node->kind != NB_NODE_MAP) {
            return nb_node_error(NB_ERR_CONFIG, node, "expected a map of decision points");
        }
        NB_TRY(bind_all(&bound, node));
    }
    number_instances(self, &bound, nodes);
    for (size_t i = 0; i < self->n_bindings; i++) {
        int is_joint = bound.is_joint[self->bindings[i].points[0]];

        NB_TRY(read_binding(&self->bindings[i], nodes[i], is_joint, spec));
    }
    return NB_OK;
}

void nb_strategy_free(nb_strategy_t *self)
{
    for (size_t i = 0; i < self->n_bindings; i++) {
        nb_layer_free(&self->bindings[i].policy);
    }
    nb_free(self->bindings);
    nb_free(self->name);
    memset(self, 0, sizeof *self);
}
