#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <unistd.h>

#include "bench/plan_draft.h"
#include "bench/verify_table.h"
#include "core/memory.h"

enum { PATH_SIZE = 4096 };

/* keys of a scenario that are no settings */
static const char *const own_keys[] = {"name", "summary", "customers", "periods", "note", "verify"};
enum { N_OWN_KEYS = 6 };

static int is_own_key(const char *key)
{
    for (int i = 0; i < N_OWN_KEYS; i++) {
        if (strcmp(own_keys[i], key) == 0) {
            return 1;
        }
    }
    return 0;
}

static int ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);

    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/* a path is looked for beside the experiment, then as given; a name among the shipped ones */
static int find_scenario(const nb_draft_t *draft, const nb_node_t *node, char **path)
{
    char beside[PATH_SIZE], detail[512];

    if (!strchr(node->text, '/') && !ends_with(node->text, ".yaml")) {
        int code = nb_data_file(path, "scenarios", node->text);

        if (code == NB_ERR_NOT_FOUND) {
            snprintf(detail, sizeof detail, "%s", nb_error_detail());
            return nb_node_error(code, node, "%s", detail);
        }
        return code;
    }
    snprintf(beside, sizeof beside, "%s/%s", draft->folder, node->text);
    if (node->text[0] != '/' && access(beside, F_OK) == 0) {
        return nb_strdup(path, beside);
    }
    if (access(node->text, F_OK) != 0) {
        return nb_node_error(
            NB_ERR_NOT_FOUND, node,
            "no scenario file '%s': `nextbest fit LOG -o FILE.yaml' makes one from "
            "a purchase log, --set scenario=FILE.yaml names it",
            node->text);
    }
    return nb_strdup(path, node->text);
}

/* file name without folders and .yaml */
static int name_of_path(char **out, const char *path)
{
    const char *slash = strrchr(path, '/');

    NB_TRY(nb_strdup(out, slash ? slash + 1 : path));
    if (ends_with(*out, ".yaml")) {
        (*out)[strlen(*out) - 5] = '\0';
    }
    return NB_OK;
}

static int check_name(const nb_draft_t *draft, const nb_node_t *node,
                      const nb_draft_scenario_t *self)
{
    if (!*self->name || strpbrk(self->name, "|\n")) {
        return nb_node_error(NB_ERR_CONFIG, node, "'%s' is no name for a scenario", self->name);
    }
    for (const nb_draft_scenario_t *other = draft->scenarios; other != self; other++) {
        if (strcmp(other->name, self->name) == 0) {
            return nb_node_error(NB_ERR_CONFIG, node, "scenario '%s' listed twice", self->name);
        }
    }
    return NB_OK;
}

/* every key of a scenario and its value, before anything is merged over it */
static int check_scenario(const nb_draft_t *draft, const nb_node_t *map)
{
    void *settings = NULL;
    int code;

    NB_TRY(nb_alloc(&settings, draft->environment->settings_size + 1, 1));
    code = nb_settings_load(draft->environment->settings, map, own_keys, N_OWN_KEYS, settings);
    nb_free(settings);
    return code;
}

/* children of `map` that are settings, over what is there */
static int merge_settings(nb_draft_scenario_t *self, const nb_node_t *map, int is_scenario)
{
    for (const nb_node_t *child = map->child; child; child = child->next) {
        if (is_scenario ? !is_own_key(child->key) : !nb_plan_is_key(child->key)) {
            NB_TRY(nb_config_merge(&self->config, child->key, child));
        }
    }
    return NB_OK;
}

static int read_own_keys(nb_draft_scenario_t *self, const nb_node_t *map)
{
    const nb_node_t *name = nb_node_child(map, "name");
    long long customers = 0, periods = 0;

    NB_TRY(nb_draft_int(map, "customers", 1, 100000000, &customers));
    NB_TRY(nb_draft_int(map, "periods", 1, NB_PLAN_MAX_PERIODS, &periods));
    self->customers = (int)customers;
    self->periods = (int)periods;
    if (!name) {
        return NB_OK;
    }
    if (name->kind != NB_NODE_SCALAR) {
        return nb_node_error(NB_ERR_CONFIG, name, "expected a name");
    }
    nb_free(self->name);
    self->name = NULL;
    return nb_strdup(&self->name, name->text);
}

static int write_verify(const void *subject, FILE *out)
{
    fputs("verify: ", out);
    return nb_node_yaml(subject, out);
}

/* bands are checked wherever a scenario is read; those of the first are kept */
static int keep_verify(nb_draft_t *draft, const nb_node_t *map)
{
    const nb_node_t *node = nb_node_child(map, "verify");
    nb_verify_bands_t bands;

    if (!node) {
        return NB_OK;
    }
    NB_TRY(nb_verify_bands_read(&bands, node));
    return draft->n_scenarios > 1 ? NB_OK : nb_text_print(&draft->plan->verify, write_verify, node);
}

static int use_map(nb_draft_t *draft, nb_draft_scenario_t *self, const nb_node_t *node,
                   const nb_node_t *map)
{
    NB_TRY(check_scenario(draft, map));
    NB_TRY(read_own_keys(self, map));
    NB_TRY(nb_draft_add_note(draft, map));
    NB_TRY(keep_verify(draft, map));
    NB_TRY(check_name(draft, node, self));
    NB_TRY(merge_settings(self, map, 1));
    return merge_settings(self, draft->config.root, 0);
}

static int use_file(nb_draft_t *draft, nb_draft_scenario_t *self, const nb_node_t *node)
{
    nb_config_t file = {0};
    char *path = NULL;
    int code;

    NB_TRY(find_scenario(draft, node, &path));
    code = nb_config_init(&file);
    if (code == NB_OK) {
        code = nb_config_read(&file, path);
    }
    if (code == NB_OK) {
        code = name_of_path(&self->name, path);
    }
    if (code == NB_OK) {
        code = use_map(draft, self, node, file.root);
    }
    nb_config_free(&file);
    nb_free(path);
    return code;
}

static int read_scenario(nb_draft_t *draft, const nb_node_t *node)
{
    nb_draft_scenario_t *self;

    NB_TRY(nb_grow(&draft->scenarios, draft->n_scenarios, draft->n_scenarios + 1,
                   sizeof *draft->scenarios));
    self = &draft->scenarios[draft->n_scenarios++];
    NB_TRY(nb_config_init(&self->config));
    if (node->kind == NB_NODE_SCALAR) {
        return use_file(draft, self, node);
    }
    if (node->kind == NB_NODE_MAP) {
        NB_TRY(nb_strdup(&self->name, draft->plan->name));
        return use_map(draft, self, node, node);
    }
    return nb_node_error(NB_ERR_CONFIG, node,
                         "expected a scenario: a name, a path, or a map of settings");
}

/* no scenario: the environment's defaults, under the name of the environment or experiment */
static int use_defaults(nb_draft_t *draft)
{
    int is_journey = *draft->place == '\0';
    nb_draft_scenario_t *self;

    NB_TRY(nb_alloc(&draft->scenarios, 1, sizeof *draft->scenarios));
    self = &draft->scenarios[draft->n_scenarios++];
    NB_TRY(nb_config_init(&self->config));
    NB_TRY(nb_strdup(&self->name, is_journey ? draft->plan->name : draft->environment->name));
    return merge_settings(self, draft->config.root, 0);
}

int nb_draft_read_scenarios(nb_draft_t *self)
{
    const nb_node_t *node = nb_node_child(self->config.root, "scenario");

    if (!node) {
        return use_defaults(self);
    }
    if (*self->place) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "scenarios belong to the journey; settings of environment '%s' stand "
                             "under its name",
                             self->environment->name);
    }
    if (node->kind != NB_NODE_LIST) {
        return read_scenario(self, node);
    }
    if (!node->child) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected at least one scenario");
    }
    for (const nb_node_t *item = node->child; item; item = item->next) {
        NB_TRY(read_scenario(self, item));
    }
    return NB_OK;
}
