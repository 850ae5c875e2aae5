/* `tune:` of an experiment: what is chosen among, on which seeds, at which price */
#include <string.h>

#include "bench/plan_draft.h"
#include "core/memory.h"

static const char suffix[] = " (default)";

int nb_draft_is_tuned(const nb_draft_t *self, const nb_node_t *strategy)
{
    return strategy && nb_node_child(self->tune.block, strategy->key) != NULL;
}

/* a word that is one of two: 1 for the second, `missing` where there is none */
static int read_word(const nb_node_t *map, const char *key, const char *const words[2], int missing,
                     int *out)
{
    const nb_node_t *node = nb_node_child(map, key);

    *out = missing;
    for (int i = 0; i < 2 && node && node->kind == NB_NODE_SCALAR; i++) {
        if (strcmp(node->text, words[i]) == 0) {
            *out = i;
            return NB_OK;
        }
    }
    return node ? nb_node_error(NB_ERR_CONFIG, node, "expected %s or %s", words[0], words[1])
                : NB_OK;
}

/* a seed of its own for every seed of an experiment */
static uint32_t derive_seed(uint32_t seed)
{
    char text[40], key[NB_KEY_SIZE];
    unsigned derived = 0;

    snprintf(text, sizeof text, "tune %u", (unsigned)seed);
    nb_key_hash(text, strlen(text), key);
    key[8] = '\0';
    sscanf(key, "%x", &derived);
    return derived == seed ? derived ^ 1U : derived;
}

static int read_seed(nb_draft_t *draft, const nb_node_t *block)
{
    long long seed = derive_seed(draft->plan->seed);

    NB_TRY(nb_draft_int(block, "seed", 0, UINT32_MAX, &seed));
    if (seed == draft->plan->seed) {
        return nb_node_error(NB_ERR_CONFIG, nb_node_child(block, "seed"),
                             "%lld is the seed of the experiment: the best of several on the seeds "
                             "on which it is then reported looks better than it is; expected "
                             "another",
                             seed);
    }
    draft->tune.seed = (uint32_t)seed;
    return NB_OK;
}

/* the metric that compare shows first, unless the block says another */
static int read_metric(nb_draft_t *draft, const nb_node_t *block)
{
    const nb_node_t *node = nb_node_child(block, "metric");
    const char *metrics = draft->plan->metrics;

    if (node && (node->kind != NB_NODE_SCALAR || !node->text[0])) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected the name of a metric");
    }
    NB_TRY(nb_strdup(&draft->plan->tune->metric, node       ? node->text
                                                 : *metrics ? metrics
                                                            : "equity"));
    if (!node) {
        draft->plan->tune->metric[strcspn(draft->plan->tune->metric, ",")] = '\0';
    }
    return NB_OK;
}

static int read_numbers(nb_draft_t *draft, const nb_node_t *block)
{
    static const char *const scenarios[] = {"each", "first"}, *const defaults[] = {"drop", "keep"};
    long long budget = 64, customers = draft->plan->customers, eta = 2;

    NB_TRY(nb_draft_int(block, "budget", 1, 1000000, &budget));
    NB_TRY(nb_draft_int(block, "customers", 1, 100000000, &customers));
    NB_TRY(nb_draft_int(block, "eta", 2, 8, &eta));
    draft->plan->tune->budget = (int)budget;
    draft->plan->tune->eta = (int)eta;
    draft->tune.customers = (int)customers;
    NB_TRY(read_word(block, "scenario", scenarios, 0, &draft->plan->tune->is_first));
    NB_TRY(read_word(block, "defaults", defaults, 1, &draft->tune.keep_defaults));
    NB_TRY(read_seed(draft, block));
    return read_metric(draft, block);
}

static int check_names(const nb_draft_t *draft)
{
    const char **names = NULL;
    size_t n = 0;
    int code = NB_OK;

    NB_TRY(nb_alloc(&names, nb_node_count(draft->strategies), sizeof *names));
    for (const nb_node_t *s = draft->strategies->child; s; s = s->next) {
        names[n++] = s->key;
    }
    for (const nb_node_t *s = draft->tune.block->child; s && code == NB_OK; s = s->next) {
        if (!nb_node_child(draft->strategies, s->key)) {
            code = nb_node_unknown(s, "strategy", s->key, names, n);
        }
    }
    nb_free(names);
    return code;
}

/* the strategies once more, the default of every tuned one behind it */
static int keep_defaults(nb_draft_t *draft)
{
    char path[512];

    NB_TRY(nb_config_init(&draft->tune.roster));
    for (const nb_node_t *s = draft->strategies->child; s; s = s->next) {
        snprintf(path, sizeof path, "strategies.%s", s->key);
        NB_TRY(nb_config_merge(&draft->tune.roster, path, s));
        if (!draft->tune.keep_defaults || !nb_draft_is_tuned(draft, s)) {
            continue;
        }
        snprintf(path, sizeof path, "strategies.%s%s", s->key, suffix);
        if (nb_node_child(draft->strategies, path + strlen("strategies."))) {
            return nb_node_error(NB_ERR_CONFIG, s,
                                 "a strategy '%s%s' is there already, the name of the untuned '%s' "
                                 "beside the tuned one: rename it, or say `defaults: drop`",
                                 s->key, suffix, s->key);
        }
        NB_TRY(nb_config_merge(&draft->tune.roster, path, s));
    }
    draft->strategies = nb_node_child(draft->tune.roster.root, "strategies");
    return NB_OK;
}

static int join(char **out, const char *path, const char *key)
{
    size_t size = strlen(path) + strlen(key) + 2;

    NB_TRY(nb_alloc(out, size, 1));
    snprintf(*out, size, "%s.%s", path, key);
    return NB_OK;
}

/* every list below the maps of a strategy is a setting with its values; takes `path` over */
static int read_axes(nb_draft_t *draft, const nb_node_t *owner, const nb_node_t *node, char *path)
{
    nb_draft_tune_t *tune = &draft->tune;
    int code = NB_OK;

    if (node->kind == NB_NODE_LIST) {
        code = nb_grow(&tune->axes, tune->n_axes, tune->n_axes + 1, sizeof *tune->axes);
        if (code < 0) {
            nb_free(path);
            return code;
        }
        tune->axes[tune->n_axes] = (nb_draft_axis_t){.node = node, .key = path, .owner = owner};
        return nb_draft_read_values(&tune->axes[tune->n_axes++], node);
    }
    if (node->kind != NB_NODE_MAP || !node->child) {
        code = nb_node_error(NB_ERR_CONFIG, node, "expected a list of values to choose from");
    }
    for (const nb_node_t *child = node->child; child && code == NB_OK; child = child->next) {
        char *longer = NULL;

        code = join(&longer, path, child->key);
        code = code < 0 ? code : read_axes(draft, owner, child, longer);
    }
    nb_free(path);
    return code;
}

int nb_draft_read_tune(nb_draft_t *self)
{
    static const char *const keys[] = {"metric", "budget",   "customers", "seed",
                                       "eta",    "scenario", "defaults",  "strategies"};
    const nb_node_t *block = nb_node_child(self->config.root, "tune");
    const nb_node_t *strategies = nb_node_child(block, "strategies");

    if (!block) {
        return NB_OK;
    }
    NB_TRY(nb_node_check_keys(block, keys, 8));
    NB_TRY(nb_alloc(&self->plan->tune, 1, sizeof *self->plan->tune));
    if (!strategies || strategies->kind != NB_NODE_MAP || !strategies->child) {
        return nb_node_error(NB_ERR_CONFIG, strategies ? strategies : block,
                             "expected a map 'strategies' of what is tuned: "
                             "{NAME: {POINT.SETTING: [VALUE, ...]}}");
    }
    self->tune.block = strategies;
    NB_TRY(check_names(self));
    NB_TRY(read_numbers(self, block));
    NB_TRY(keep_defaults(self));
    for (const nb_node_t *s = strategies->child; s; s = s->next) {
        char *path = NULL;

        if (s->kind != NB_NODE_MAP) {
            return nb_node_error(NB_ERR_CONFIG, s, "expected a map {POINT.SETTING: [VALUE, ...]}");
        }
        NB_TRY(join(&path, "strategies", s->key));
        NB_TRY(read_axes(self, nb_node_child(self->strategies, s->key), s, path));
    }
    return NB_OK;
}

static int write_block(const void *subject, FILE *out)
{
    const nb_draft_t *draft = subject;
    const nb_plan_tune_t *tune = draft->plan->tune;

    fputs("tune:\n  metric: ", out);
    nb_json_string(tune->metric, out);
    fprintf(out, "\n  budget: %d\n  customers: %d\n  seed: %u\n  eta: %d\n", tune->budget,
            draft->tune.customers, (unsigned)draft->tune.seed, tune->eta);
    fprintf(out, "  scenario: %s\n  defaults: %s\n  strategies:\n",
            tune->is_first ? "first" : "each", draft->tune.keep_defaults ? "keep" : "drop");
    for (const nb_node_t *s = draft->tune.block->child; s; s = s->next) {
        fputs("    ", out);
        nb_json_string(s->key, out);
        fputs(": ", out);
        NB_TRY(nb_node_yaml(s, out));
        fputc('\n', out);
    }
    return NB_OK;
}

int nb_draft_write_tune(const nb_draft_t *self)
{
    return self->plan->tune ? nb_text_print(&self->plan->tune->text, write_block, self) : NB_OK;
}
