/* The policy of a binding with what it wraps, see bench/strategy.h. */
#include <string.h>

#include "bench/strategy.h"
#include "core/memory.h"
#include "policies/registry.h"

const char *const nb_binding_keys[] = {"policy", "credit",       "reward_scale",
                                       "gamma",  "update_every", "points"};

/* what a wrapper takes over: it asks for what its inner policy needs */
enum {
    INHERITED = NB_TRAIT_CONTEXTUAL | NB_TRAIT_SEQUENTIAL | NB_TRAIT_INDIVIDUAL | NB_TRAIT_ORACLE |
                NB_TRAIT_UNIT_REWARD | NB_TRAIT_WEIGHTED | NB_TRAIT_PARTIAL | NB_TRAIT_TEST_BED |
                NB_TRAIT_OFFSETS | NB_TRAIT_PROPENSITY
};

/* an error of a function that knows no marks; those that do begin with the file */
int nb_strategy_add_mark(int code, const nb_node_t *node)
{
    char detail[512];

    if (code >= 0 || code == NB_ERR_MEMORY ||
        (node->file && strncmp(nb_error_detail(), node->file, strlen(node->file)) == 0)) {
        return code;
    }
    snprintf(detail, sizeof detail, "%s", nb_error_detail());
    return nb_node_error(code, node, "%s", detail);
}

/* the key of `node` that names a wrapper of the library, NULL where none does */
static const nb_node_t *find_wrapper(const nb_node_t *node)
{
    for (const nb_node_t *child = node->child; child; child = child->next) {
        for (size_t i = 0; i < nb_policy_count(); i++) {
            const nb_policy_type_t *type = nb_policy_at(i);

            if ((type->traits & NB_TRAIT_WRAPPER) && strcmp(type->name, child->key) == 0) {
                return child;
            }
        }
    }
    return NULL;
}

/* `policy: NAME`, or the short form whose key is the wrapper and whose value what it plays */
static int read_type(nb_layer_t *self, const nb_node_t *node, const nb_node_t *wrapper)
{
    const nb_node_t *policy = nb_node_child(node, "policy");

    if (wrapper && !policy) {
        NB_TRY(nb_policy_find(&self->type, wrapper->key));
        return nb_strdup(&self->name, wrapper->key);
    }
    if (!policy) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a map with a key 'policy'");
    }
    if (policy->kind != NB_NODE_SCALAR || policy->text[0] == '\0') {
        return nb_node_error(NB_ERR_CONFIG, policy, "expected the name of a policy");
    }
    NB_TRY(nb_strategy_add_mark(nb_policy_find(&self->type, policy->text), policy));
    return nb_strdup(&self->name, policy->text);
}

static int read_inner(nb_layer_t *self, const nb_node_t *node, const nb_node_t *inner, int depth);

static int read_layer(nb_layer_t *self, const nb_node_t *node, const char *const *common,
                      size_t n_common, int depth)
{
    static const nb_setting_t none[] = {{.key = NULL}};
    const char *keys[NB_BINDING_N_KEYS + 1] = {NULL};
    const nb_node_t *wrapper = find_wrapper(node), *inner;
    const nb_setting_t *table;

    NB_ASSERT(n_common <= NB_BINDING_N_KEYS);
    if (node->kind != NB_NODE_MAP) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a map with a key 'policy'");
    }
    NB_TRY(read_type(self, node, wrapper));
    inner = nb_node_child(node, "policy") ? nb_node_child(node, "inner") : wrapper;
    self->traits = self->type->traits;
    table = self->type->settings ? self->type->settings : none;
    memcpy(keys, common, n_common * sizeof *keys);
    if (self->traits & NB_TRAIT_WRAPPER) {
        keys[n_common++] = inner ? inner->key : "inner";
    }
    NB_TRY(nb_alloc(&self->settings, self->type->settings_size + 1, 1));
    NB_TRY(nb_settings_load(table, node, keys, n_common, self->settings));
    return self->traits & NB_TRAIT_WRAPPER ? read_inner(self, node, inner, depth) : NB_OK;
}

static int read_inner(nb_layer_t *self, const nb_node_t *node, const nb_node_t *inner, int depth)
{
    if (!inner) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "'%s' plays another policy: expected {%s: {policy: NAME}}",
                             self->type->name, self->type->name);
    }
    if (depth + 1 == NB_MAX_LAYERS) {
        return nb_node_error(NB_ERR_CONFIG, inner, "more than %d policies around each other",
                             NB_MAX_LAYERS);
    }
    NB_TRY(nb_alloc(&self->inner, 1, sizeof *self->inner));
    NB_TRY(read_layer(self->inner, inner, nb_binding_keys, 1, depth + 1));
    *(nb_inner_t *)self->settings = (nb_inner_t){
        .type = self->inner->type,
        .settings = self->inner->settings,
        .traits = self->inner->traits,
    };
    self->traits |= self->inner->traits & INHERITED;
    return NB_OK;
}

int nb_layer_init(nb_layer_t *self, const nb_node_t *node, const char *const *common,
                  size_t n_common)
{
    memset(self, 0, sizeof *self);
    return read_layer(self, node, common, n_common, 0);
}

void nb_layer_free(nb_layer_t *self)
{
    if (self->inner) {
        nb_layer_free(self->inner);
    }
    nb_free(self->inner);
    nb_free(self->settings);
    nb_free(self->name);
    memset(self, 0, sizeof *self);
}
