#define _XOPEN_SOURCE 700
#include "policies/registry.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/config.h"
#include "core/memory.h"
#include "policies/library.h"

/* clang-format off */
static const nb_policy_type_t *const library[] = {
    &nb_policy_random,
    &nb_policy_fixed,
    &nb_policy_schedule,
    &nb_policy_rules,
    &nb_policy_rfm_table,
    &nb_policy_btyd_priority,
    &nb_policy_propensity_topn,
    &nb_policy_ab_rollout,
    &nb_policy_risk_target,
    &nb_policy_greedy_ridge,
    &nb_policy_eps_greedy,
    &nb_policy_lin_ucb,
    &nb_policy_lin_ts,
    &nb_policy_discounted_lin_ts,
    &nb_policy_sw_lin_ts,
    &nb_policy_bootstrap_ts,
    &nb_policy_square_cb,
    &nb_policy_oful,
    &nb_policy_uplift,
    &nb_policy_hier_ts,
    &nb_policy_latent_ts,
    &nb_policy_clairvoyant_myopic,
    &nb_policy_oracle_rules,
    &nb_policy_plackett_luce,
    &nb_policy_mnl_ts,
    &nb_policy_slate_q,
    &nb_policy_delayed,
    &nb_policy_fatigue_aware,
    &nb_policy_bwk,
    &nb_policy_safe,
    &nb_policy_ucb1,
    &nb_policy_kl_ucb,
    &nb_policy_moss,
    &nb_policy_bayes_ucb,
    &nb_policy_discounted_ucb,
    &nb_policy_sw_ucb,
    &nb_policy_exp3_ix,
    &nb_policy_glr_kl_ucb,
    &nb_policy_ts_beta,
    &nb_policy_ts_gauss,
    &nb_policy_discounted_ts,
    &nb_policy_sw_ts,
    &nb_policy_ids,
    &nb_policy_gittins,
    &nb_policy_dp,
    &nb_policy_reg_cb,
    &nb_policy_fast_cb,
    &nb_policy_epoch_greedy,
    &nb_policy_online_cover,
    &nb_policy_clu_b,
};
/* clang-format on */

enum { N_LIBRARY = sizeof library / sizeof *library, PATH_SIZE = 4096 };

/* plug-ins opened so far; kept until the process ends, since types live in them */
typedef struct plugin {
    char *path; /* canonical */
    const nb_policy_type_t *type;
    struct plugin *next;
} plugin_t;

static pthread_mutex_t plugins_lock = PTHREAD_MUTEX_INITIALIZER;
static plugin_t *plugins;

static uint32_t library_ids[N_LIBRARY];
static pthread_once_t ids_once = PTHREAD_ONCE_INIT;

/* FNV-1a (Fowler, Noll & Vo) */
uint32_t nb_policy_id(const nb_policy_type_t *type)
{
    uint32_t id = 2166136261u;

    for (const char *c = type->name; *c; c++) {
        id = (id ^ (unsigned char)*c) * 16777619u;
    }
    return id;
}

static void fill_ids(void)
{
    for (size_t i = 0; i < N_LIBRARY; i++) {
        library_ids[i] = nb_policy_id(library[i]);
    }
}

const nb_policy_type_t *nb_policy_by_id(uint32_t id)
{
    const nb_policy_type_t *type = NULL;

    pthread_once(&ids_once, fill_ids);
    for (size_t i = 0; i < N_LIBRARY; i++) {
        if (library_ids[i] == id) {
            return library[i];
        }
    }
    pthread_mutex_lock(&plugins_lock);
    for (const plugin_t *plugin = plugins; plugin && !type; plugin = plugin->next) {
        type = nb_policy_id(plugin->type) == id ? plugin->type : NULL;
    }
    pthread_mutex_unlock(&plugins_lock);
    return type;
}

size_t nb_policy_count(void)
{
    return N_LIBRARY;
}

const nb_policy_type_t *nb_policy_at(size_t i)
{
    NB_ASSERT(i < N_LIBRARY);
    return library[i];
}

static int is_plugin_name(const char *name)
{
    size_t length = strlen(name);

    return strchr(name, '/') || (length > 3 && strcmp(name + length - 3, ".so") == 0);
}

static int fail_unknown(const char *name)
{
    const char *names[N_LIBRARY];

    for (size_t i = 0; i < N_LIBRARY; i++) {
        names[i] = library[i]->name;
    }
    const char *nearest = nb_nearest(name, names, N_LIBRARY);

    if (nearest) {
        NB_FAIL(NB_ERR_NOT_FOUND, "no policy \"%s\": did you mean \"%s\"?", name, nearest);
    }
    NB_FAIL(NB_ERR_NOT_FOUND,
            "no policy \"%s\": `nextbest list policies` shows all; the file of a plug-in ends in "
            ".so",
            name);
}

/* canonical path of folder/name in `path` [PATH_SIZE], 0 where there is no such file */
static int find_in(const char *folder, size_t folder_length, const char *name, char *path)
{
    char candidate[PATH_SIZE];
    int length = snprintf(candidate, sizeof candidate, "%.*s/%s", (int)folder_length, folder, name);

    if (length < 0 || (size_t)length >= sizeof candidate) {
        return 0;
    }
    return realpath(candidate, path) != NULL;
}

/* as given, then in the folders of NB_PLUGIN_PATH */
static int locate(const char *name, char *path)
{
    const char *folders = getenv("NB_PLUGIN_PATH");

    if (name[0] == '/' ? realpath(name, path) != NULL : find_in(".", 1, name, path)) {
        return NB_OK;
    }
    for (const char *folder = folders; folder && *folder;) {
        size_t length = strcspn(folder, ":");

        if (length && find_in(folder, length, name, path)) {
            return NB_OK;
        }
        folder += length + (folder[length] == ':');
    }
    NB_FAIL(NB_ERR_NOT_FOUND, "no plug-in file \"%s\", neither as given nor in NB_PLUGIN_PATH (%s)",
            name, folders && *folders ? folders : "not set");
}

/* the first required function or field that is missing, NULL where all are there */
static const char *find_missing(const nb_policy_type_t *type)
{
    const struct {
        const char *name;
        int there;
    } required[] = {
        {"name", type->name && type->name[0]},
        {"summary", type->summary != NULL},
        {"state_size()", type->state_size != NULL},
        {"init()", type->init != NULL},
        {"choose()", type->choose != NULL},
        {"update(), which its trait learns promises",
         !(type->traits & NB_TRAIT_LEARNS) || type->update != NULL},
        {"settings_size, which its settings table needs",
         !type->settings || type->settings_size > 0},
    };

    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        if (!required[i].there) {
            return required[i].name;
        }
    }
    return NULL;
}

static int check_entry(const nb_plugin_t *entry, const char *path)
{
    if (!entry) {
        NB_FAIL(NB_ERR_ABI, "%s: exports no `nb_plugin_entry`, so it is no policy plug-in", path);
    }
    if (entry->abi != NB_POLICY_ABI) {
        NB_FAIL(NB_ERR_ABI, "%s: built for policy interface %u, expected %d: build it again", path,
                entry->abi, NB_POLICY_ABI);
    }
    if (!entry->type) {
        NB_FAIL(NB_ERR_ABI, "%s: `nb_plugin_entry` has no type", path);
    }
    if (entry->type->abi != NB_POLICY_ABI) {
        NB_FAIL(NB_ERR_ABI, "%s: its type says policy interface %u, expected %d", path,
                entry->type->abi, NB_POLICY_ABI);
    }
    const char *missing = find_missing(entry->type);

    if (missing) {
        NB_FAIL(NB_ERR_ABI, "%s: its type lacks %s", path, missing);
    }
    return NB_OK;
}

/* open, check, and put in front of the list; closed again where something is wrong */
static int open_plugin(const char *path, const nb_policy_type_t **out)
{
    plugin_t *plugin = NULL;
    int code = NB_OK;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (!handle) {
        NB_FAIL(NB_ERR_FORMAT, "%s: cannot be loaded as a plug-in: %s", path, dlerror());
    }
    const nb_plugin_t *entry = dlsym(handle, "nb_plugin_entry");

    if ((code = check_entry(entry, path)) < 0 ||
        (code = nb_alloc(&plugin, 1, sizeof *plugin)) < 0 ||
        (code = nb_strdup(&plugin->path, path)) < 0) {
        goto out;
    }
    plugin->type = *out = entry->type;
    plugin->next = plugins;
    plugins = plugin;
    return NB_OK;
out:
    nb_free(plugin);
    dlclose(handle);
    return code;
}

static int find_plugin(const char *name, const nb_policy_type_t **out)
{
    char path[PATH_SIZE];

    NB_TRY(locate(name, path));
    for (const plugin_t *plugin = plugins; plugin; plugin = plugin->next) {
        if (strcmp(plugin->path, path) == 0) {
            *out = plugin->type;
            return NB_OK;
        }
    }
    return open_plugin(path, out);
}

int nb_policy_find(const nb_policy_type_t **out, const char *name)
{
    *out = NULL;
    for (size_t i = 0; i < N_LIBRARY; i++) {
        if (strcmp(library[i]->name, name) == 0) {
            *out = library[i];
            return NB_OK;
        }
    }
    if (!is_plugin_name(name)) {
        return fail_unknown(name);
    }
    pthread_mutex_lock(&plugins_lock);
    int code = find_plugin(name, out);

    pthread_mutex_unlock(&plugins_lock);
    return code;
}

const char *nb_policy_plugin_path(const nb_policy_type_t *type)
{
    const char *path = NULL;

    pthread_mutex_lock(&plugins_lock);
    for (const plugin_t *plugin = plugins; plugin && !path; plugin = plugin->next) {
        path = plugin->type == type ? plugin->path : NULL;
    }
    pthread_mutex_unlock(&plugins_lock);
    return path;
}
