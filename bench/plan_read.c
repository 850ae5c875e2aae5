#include <string.h>

#include "bench/plan_draft.h"
#include "core/memory.h"

const char *const nb_plan_keys[] = {
    "scenario",   "environment", "replications", "seed", "policy_seed", "strategies",
    "sweep",      "metrics",     "log",          "tail", "baseline",    "delta",
    "hypothesis", "evaluation",  "train",        "tune", "worlds",      "name",
    "summary",    "customers",   "periods",      "note", "worse_off",
};

/* keys of later versions: refused by name instead of being ignored */
static const char *const later_keys[] = {"evaluation", "train", "worlds"};
enum { N_LATER = 3 };

int nb_plan_is_key(const char *key)
{
    for (int i = 0; i < NB_PLAN_N_KEYS; i++) {
        if (strcmp(nb_plan_keys[i], key) == 0) {
            return 1;
        }
    }
    return 0;
}

int nb_draft_int(const nb_node_t *map, const char *key, long long low, long long high,
                 long long *out)
{
    const nb_node_t *node = nb_node_child(map, key);
    long long value = 0;

    if (!node) {
        return NB_OK;
    }
    NB_TRY(nb_node_int(node, &value));
    if (value < low || value > high) {
        return nb_node_error(NB_ERR_RANGE, node, "%s is out of range, expected %lld to %lld",
                             node->text, low, high);
    }
    *out = value;
    return NB_OK;
}

static int refuse_later_keys(const nb_draft_t *self)
{
    const nb_node_t *replications = nb_node_child(self->config.root, "replications");

    for (int i = 0; i < N_LATER; i++) {
        const nb_node_t *node = nb_node_child(self->config.root, later_keys[i]);

        if (node) {
            return nb_node_error(NB_ERR_UNSUPPORTED, node, "not available in this version");
        }
    }
    if (replications && replications->kind == NB_NODE_MAP) {
        return nb_node_error(NB_ERR_UNSUPPORTED, replications,
                             "stopping rules are not available in this version");
    }
    return NB_OK;
}

static int read_environment(nb_draft_t *self)
{
    const nb_node_t *node = nb_node_child(self->config.root, "environment");
    const char *name = node && node->text ? node->text : node ? "" : "journey";
    const char *names[64];
    size_t n = 0;

    self->environment = nb_environment_find(name);
    self->place = strcmp(name, "journey") == 0 ? "" : name;
    if (self->environment) {
        return NB_OK;
    }
    for (; n < nb_environment_count() && n < 64; n++) {
        names[n] = nb_environment_at(n)->name;
    }
    return nb_node_unknown(node, "environment", name, names, n);
}

/* settings and their places, before the layers below are merged in */
static int check_settings(const nb_draft_t *self)
{
    const nb_node_t *root = self->config.root;
    const char *keys[NB_PLAN_N_KEYS + 1];
    void *settings = NULL;
    int code;

    memcpy(keys, nb_plan_keys, sizeof nb_plan_keys[0] * NB_PLAN_N_KEYS);
    keys[NB_PLAN_N_KEYS] = self->place;
    if (*self->place) {
        NB_TRY(nb_node_check_keys(root, keys, NB_PLAN_N_KEYS + 1));
        root = nb_node_child(root, self->place);
    }
    NB_TRY(nb_alloc(&settings, self->environment->settings_size + 1, 1));
    code = nb_settings_load(self->environment->settings, root, keys,
                            *self->place ? 0 : NB_PLAN_N_KEYS, settings);
    nb_free(settings);
    return code;
}

/* what scenario files say of sizes, where they agree */
static int default_size(const nb_draft_t *self, int is_customers, long long *out)
{
    int found = 0;

    for (size_t i = 0; i < self->n_scenarios; i++) {
        int size = is_customers ? self->scenarios[i].customers : self->scenarios[i].periods;

        if (found && size && size != found) {
            NB_FAIL(NB_ERR_CONFIG, "%s: the scenarios differ in '%s' (%d and %d): say which",
                    self->plan->path, is_customers ? "customers" : "periods", found, size);
        }
        found = size ? size : found;
    }
    if (found) {
        *out = found;
    }
    return NB_OK;
}

static int read_sizes(nb_draft_t *self)
{
    const nb_node_t *root = self->config.root;
    long long customers = 20000, periods = 156, replications = 20, seed = 1, policy_seed;

    if (self->environment->customers) {
        customers = self->environment->customers;
        periods = self->environment->periods;
    }
    if (!nb_node_child(root, "customers")) {
        NB_TRY(default_size(self, 1, &customers));
    }
    if (!nb_node_child(root, "periods")) {
        NB_TRY(default_size(self, 0, &periods));
    }
    NB_TRY(nb_draft_int(root, "customers", 1, 100000000, &customers));
    NB_TRY(nb_draft_int(root, "periods", 1, NB_PLAN_MAX_PERIODS, &periods));
    NB_TRY(nb_draft_int(root, "replications", 1, 100000, &replications));
    NB_TRY(nb_draft_int(root, "seed", 0, UINT32_MAX, &seed));
    policy_seed = seed;
    NB_TRY(nb_draft_int(root, "policy_seed", 0, UINT32_MAX, &policy_seed));
    self->plan->customers = (int)customers;
    self->plan->periods = (int)periods;
    self->plan->replications = (int)replications;
    self->plan->seed = (uint32_t)seed;
    self->plan->policy_seed = (uint32_t)policy_seed;
    return NB_OK;
}

static int write_log(const void *log, FILE *out)
{
    nb_log_yaml(log, out);
    return NB_OK;
}

static int read_log(nb_draft_t *self)
{
    const nb_node_t *node = nb_node_child(self->config.root, "log");
    nb_log_t *log = &self->plan->log;

    NB_TRY(nb_log_read(log, node, self->plan->replications));
    if (log->truth && !self->environment->archive) {
        return nb_node_error(NB_ERR_UNSUPPORTED, node,
                             "runs of environment %s cannot be saved, so the truth of its "
                             "decisions cannot be logged",
                             self->environment->name);
    }
    return nb_text_print(&self->plan->log_text, write_log, log);
}

/* a list or one word, kept with commas between */
static int read_metrics(nb_draft_t *self)
{
    const nb_node_t *node = nb_node_child(self->config.root, "metrics");
    const nb_node_t *item = node && node->kind == NB_NODE_LIST ? node->child : node;
    char text[1024] = "";
    size_t used = 0;

    for (; item; item = item == node ? NULL : item->next) {
        if (item->kind != NB_NODE_SCALAR || !item->text[0]) {
            return nb_node_error(NB_ERR_CONFIG, item, "expected the name of a metric");
        }
        if (used + strlen(item->text) + 2 > sizeof text) {
            return nb_node_error(NB_ERR_CONFIG, node, "too many metrics");
        }
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? "," : "", item->text);
    }
    return nb_strdup(&self->plan->metrics, text);
}

static int read_comparison(nb_draft_t *self)
{
    const nb_node_t *tail = nb_node_child(self->config.root, "tail");
    const nb_node_t *delta = nb_node_child(self->config.root, "delta");
    const nb_node_t *worse_off = nb_node_child(self->config.root, "worse_off");

    self->plan->tail = 1;
    self->plan->delta = 0.01;
    if (tail) {
        NB_TRY(nb_node_bool(tail, &self->plan->tail));
    }
    if (worse_off) {
        NB_TRY(nb_node_bool(worse_off, &self->plan->worse_off));
    }
    if (delta) {
        NB_TRY(nb_node_real(delta, &self->plan->delta));
        if (self->plan->delta < 0 || self->plan->delta > 1) {
            return nb_node_error(NB_ERR_RANGE, delta, "%s is out of range, expected 0 to 1",
                                 delta->text);
        }
    }
    NB_TRY(read_log(self));
    return read_metrics(self);
}

static int is_empty(const nb_node_t *node)
{
    return !node->child && node->kind != NB_NODE_LIST && !(node->text && node->text[0]) &&
           !node->quoted;
}

/* put what is built in under the names that are listed without a content */
static int fill_built_in(nb_draft_t *self, const nb_node_t *strategies)
{
    nb_config_t config = {0};
    int code = nb_config_init(&config);

    for (const nb_node_t *child = strategies->child; child && code == NB_OK; child = child->next) {
        const char *yaml = nb_strategy_built_in(child->key);
        char text[256];

        if (yaml && is_empty(child)) {
            snprintf(text, sizeof text, "strategies: {%s: %s}", child->key, yaml);
            code = nb_config_parse(&config, "built-in", text, strlen(text));
        }
    }
    if (code == NB_OK) {
        code = nb_config_merge(&self->config, "", config.root);
    }
    nb_config_free(&config);
    return code;
}

static int read_strategies(nb_draft_t *self)
{
    static const char both[] = "strategies: {never: {}, monthly: {}}";
    const nb_node_t *node = nb_node_child(self->config.root, "strategies");

    if (!node && self->environment->customers) {
        NB_FAIL(NB_ERR_CONFIG,
                "%s: no strategies, and the built-in ones are those of the journey; expected for "
                "example strategies: {s: {arm: {policy: random}}}",
                self->environment->name);
    }
    if (!node) {
        NB_TRY(nb_config_parse(&self->config, "built-in", both, strlen(both)));
        node = nb_node_child(self->config.root, "strategies");
    }
    if (node->kind != NB_NODE_MAP || !node->child) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a map of strategies");
    }
    for (const nb_node_t *child = node->child; child; child = child->next) {
        if (strpbrk(child->key, "|\n") || strstr(child->key, " - ") || strstr(child->key, " + ")) {
            return nb_node_error(NB_ERR_CONFIG, child, "'%s' is no name for a strategy",
                                 child->key);
        }
    }
    NB_TRY(fill_built_in(self, node));
    self->strategies = nb_node_child(self->config.root, "strategies");
    return NB_OK;
}

static int read_name(nb_draft_t *self)
{
    const nb_node_t *node = nb_node_child(self->config.root, "name");

    if (!node) {
        return NB_OK;
    }
    if (node->kind != NB_NODE_SCALAR || !node->text[0]) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a name");
    }
    /* results go to NAME.h5 */
    if (strchr(node->text, '/')) {
        return nb_node_error(NB_ERR_CONFIG, node, "'%s', expected a name without '/'", node->text);
    }
    nb_free(self->plan->name);
    self->plan->name = NULL;
    return nb_strdup(&self->plan->name, node->text);
}

/* 1 where `line` is one of the lines of `text` */
static int has_line(const char *text, const char *line)
{
    size_t length = strlen(line);

    for (const char *at = text; (at = strstr(at, line)); at++) {
        if ((at == text || at[-1] == '\n') && (at[length] == '\0' || at[length] == '\n')) {
            return 1;
        }
    }
    return 0;
}

int nb_draft_add_note(nb_draft_t *self, const nb_node_t *map)
{
    const nb_node_t *node = nb_node_child(map, "note");
    char *old = self->plan->note, *both;
    size_t size;

    if (!node) {
        return NB_OK;
    }
    if (node->kind != NB_NODE_SCALAR || !node->text[0]) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a sentence");
    }
    if (has_line(old, node->text)) {
        return NB_OK;
    }
    size = strlen(old) + strlen(node->text) + 2;
    NB_TRY(nb_alloc(&both, size, 1));
    snprintf(both, size, "%s%s%s", old, *old ? "\n" : "", node->text);
    self->plan->note = both;
    nb_free(old);
    return NB_OK;
}

int nb_draft_read(nb_draft_t *self)
{
    NB_TRY(refuse_later_keys(self));
    NB_TRY(read_name(self));
    NB_TRY(nb_strdup(&self->plan->note, ""));
    NB_TRY(nb_draft_add_note(self, self->config.root));
    NB_TRY(read_environment(self));
    NB_TRY(check_settings(self));
    NB_TRY(nb_draft_read_scenarios(self));
    NB_TRY(read_sizes(self));
    NB_TRY(read_comparison(self));
    NB_TRY(read_strategies(self));
    NB_TRY(nb_draft_read_tune(self));
    return nb_draft_read_sweep(self);
}
