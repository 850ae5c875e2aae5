#include "bench/strategy.h"

#include <string.h>

#include "core/memory.h"
#include "policies/registry.h"

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
    self->reward_scale = self->type->traits & NB_TRAIT_LEARNS ? NB_SCALE_AUTO : NB_SCALE_NONE;
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

/* keys that only learners use are refused elsewhere instead of being ignored */
static int read_learning(nb_binding_t *self, const nb_node_t *node, const nb_spec_t *spec)
{
    static const char *const keys[] = {"credit", "reward_scale", "gamma"};

    for (unsigned i = 0; i < 3 && !(self->type->traits & NB_TRAIT_LEARNS); i++) {
        if (nb_node_child(node, keys[i])) {
            return nb_node_error(NB_ERR_CONFIG, nb_node_child(node, keys[i]),
                                 "policy '%s' does not learn and has no %s", self->type->name,
                                 keys[i]);
        }
    }
    NB_TRY(nb_credit_parse(&self->credit, nb_node_child(node, "credit"), self->type));
    NB_TRY(read_scale(self, nb_node_child(node, "reward_scale")));
    return read_gamma(self, nb_node_child(node, "gamma"), spec);
}

/* an error of a function that knows no marks; those that do begin with the file */
static int add_mark(int code, const nb_node_t *node)
{
    char detail[512];

    if (code >= 0 || code == NB_ERR_MEMORY ||
        (node->file && strncmp(nb_error_detail(), node->file, strlen(node->file)) == 0)) {
        return code;
    }
    snprintf(detail, sizeof detail, "%s", nb_error_detail());
    return nb_node_error(code, node, "%s", detail);
}

static int read_policy(nb_binding_t *self, const nb_node_t *node)
{
    const nb_node_t *policy = nb_node_child(node, "policy");

    if (node->kind != NB_NODE_MAP || !policy) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a map with a key 'policy'");
    }
    if (policy->kind != NB_NODE_SCALAR || policy->text[0] == '\0') {
        return nb_node_error(NB_ERR_CONFIG, policy, "expected the name of a policy");
    }
    NB_TRY(add_mark(nb_policy_find(&self->type, policy->text), policy));
    return nb_strdup(&self->name, policy->text);
}

static int read_settings(nb_binding_t *self, const nb_node_t *node, int is_joint)
{
    static const char *const common[] = {"policy", "credit", "reward_scale", "gamma", "points"};
    static const nb_setting_t none[] = {{.key = NULL}};
    const nb_setting_t *table = self->type->settings ? self->type->settings : none;

    NB_TRY(nb_alloc(&self->settings, self->type->settings_size + 1, 1));
    return nb_settings_load(table, node, common, is_joint ? 5 : 4, self->settings);
}

static int check_slates(const nb_binding_t *self, const nb_node_t *node, const nb_spec_t *spec)
{
    if (self->type->traits & NB_TRAIT_SLATE || self->type->score) {
        return NB_OK;
    }
    for (unsigned i = 0; i < self->n_points; i++) {
        if (spec->points[self->points[i]].max_slate > 1) {
            return nb_node_error(NB_ERR_UNSUPPORTED, node,
                                 "policy '%s' neither fills slates nor scores actions, which point "
                                 "'%s' needs",
                                 self->type->name, spec->points[self->points[i]].name);
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
    void *state = NULL;
    int code;

    own.n_customers = 1;
    NB_TRY(nb_alloc(&state, self->type->state_size(&own, self->settings) + 1, 1));
    code = add_mark(self->type->init(state, &own, self->settings), node);
    nb_free(state);
    return code;
}

static int read_binding(nb_binding_t *self, const nb_node_t *node, int is_joint,
                        const nb_spec_t *spec)
{
    NB_TRY(read_policy(self, node));
    NB_TRY(read_settings(self, node, is_joint));
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
        nb_free(self->bindings[i].settings);
        nb_free(self->bindings[i].name);
    }
    nb_free(self->bindings);
    nb_free(self->name);
    memset(self, 0, sizeof *self);
}
