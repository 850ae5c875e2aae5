#include <string.h>

#include "bench/catalog.h"
#include "bench/command.h"
#include "core/config.h"
#include "core/memory.h"
#include "core/wrap.h"
#include "policies/registry.h"
#include "sim/environment.h"

static const nb_command_usage_t usage = {
    .argument = "NAME|observation",
    .summary = "Describe a policy, environment, scenario, experiment or metric: what it is, and "
               "the settings with their defaults, ranges, units and sources. `observation' lists "
               "what a policy sees of a customer.",
    .missing = "describe what? a name that `nextbest list' shows, or observation",
    .surplus = "one name at a time",
};

/* name, kind and summary; the object stays open for more keys */
static void print_head(const char *name, const char *kind, const char *summary, nb_format_t format)
{
    if (format == NB_FORMAT_TEXT) {
        nb_wrap(summary, printf("%s (%s): ", name, kind), 2, stdout);
        fputc('\n', stdout);
        return;
    }
    fputs("{\"name\": ", stdout);
    nb_json_string(name, stdout);
    fputs(", \"kind\": ", stdout);
    nb_json_string(kind, stdout);
    fputs(", \"summary\": ", stdout);
    nb_json_string(summary, stdout);
}

static int print_settings(const nb_setting_t *table, nb_format_t format)
{
    static const nb_setting_t none[] = {{.key = NULL}};

    if (format == NB_FORMAT_JSON) {
        fputs(",\n \"settings\": ", stdout);
        return nb_settings_describe(table ? table : none, 1, stdout);
    }
    if (!table || !table->key) {
        printf("\nIt has no settings.\n");
        return NB_OK;
    }
    printf("\nSettings\n");
    return nb_settings_describe(table, 0, stdout);
}

static void print_strings(const char *key, const char *const *texts, unsigned n)
{
    printf(", \"%s\": [", key);
    for (unsigned i = 0; i < n; i++) {
        fputs(i ? ", " : "", stdout);
        nb_json_string(texts[i], stdout);
    }
    fputc(']', stdout);
}

static void print_points_json(const nb_spec_t *spec)
{
    fputs(",\n \"points\": [", stdout);
    for (unsigned i = 0; i < spec->n_points; i++) {
        const nb_point_t *point = &spec->points[i];

        fputs(i ? ",\n  {\"name\": " : "\n  {\"name\": ", stdout);
        nb_json_string(point->name, stdout);
        fputs(", \"phase\": ", stdout);
        nb_json_string(point->phase, stdout);
        print_strings("actions", point->actions, point->n_actions);
        fputs(", \"default\": ", stdout);
        nb_json_string(point->actions[point->default_action], stdout);
        print_strings("features", point->features, point->d);
        print_strings("action_features", point->action_features, point->d_action);
        printf(", \"max_slate\": %u}", point->max_slate);
    }
    fputc(']', stdout);
}

/* from column `indent` on, in lines that begin there */
static void print_actions(const nb_point_t *point, int indent)
{
    int column = indent;

    for (unsigned k = 0; k < point->n_actions; k++) {
        int is_default = k == point->default_action;
        int width = (int)strlen(point->actions[k]) + 2 * is_default;

        if (k > 0 && column + 1 + width > NB_WRAP_COLUMNS) {
            printf("\n%*s", indent, "");
            column = indent;
        } else if (k > 0) {
            column += printf(" ");
        }
        column += printf(is_default ? "[%s]" : "%s", point->actions[k]);
    }
}

static void print_points_text(const nb_spec_t *spec)
{
    enum { INDENT = 4 };

    printf("\nDecision points, with their actions (the default in brackets)\n");
    for (unsigned i = 0; i < spec->n_points; i++) {
        const nb_point_t *point = &spec->points[i];

        printf("  %s: %u features%s\n%*s", point->name, point->d,
               point->max_slate > 1 ? ", a slate" : "", INDENT, "");
        print_actions(point, INDENT);
        fputc('\n', stdout);
    }
}

/* what policies see at the first decision point of the journey */
static int print_observation(const nb_spec_t *spec, nb_format_t format)
{
    const nb_point_t *point = &spec->points[0];

    print_head("observation", "features", "what a policy sees of a customer", format);
    if (format == NB_FORMAT_JSON) {
        print_strings("features", point->features, point->d);
        print_strings("feature_help", point->feature_help, point->feature_help ? point->d : 0);
        print_points_json(spec);
        printf(", \"settings\": []}\n");
        return NB_OK;
    }
    printf("\nAt decision point %s, in this order:\n", point->name);
    for (unsigned i = 0; i < point->d; i++) {
        printf("  %2u  %-20s %s\n", i, point->features[i],
               point->feature_help ? point->feature_help[i] : "");
    }
    return NB_OK;
}

static int print_environment(const nb_environment_type_t *type, const nb_spec_t *spec,
                             nb_format_t format)
{
    print_head(type->name, "environment", type->summary, format);
    if (format == NB_FORMAT_TEXT) {
        print_points_text(spec);
        return print_settings(type->settings, format);
    }
    print_points_json(spec);
    NB_TRY(print_settings(type->settings, format));
    printf("}\n");
    return NB_OK;
}

/* build the default world of an environment for the sake of its decision points */
static int describe_world(const nb_environment_type_t *type, int as_observation, nb_format_t format)
{
    void *settings, *world = NULL;
    int code;

    NB_TRY(nb_alloc(&settings, 1, type->settings_size));
    code = nb_settings_defaults(type->settings, settings);
    code = code < 0 ? code : type->world_init(&world, settings);
    if (code >= 0) {
        const nb_spec_t *spec = type->spec(world);

        code = as_observation ? print_observation(spec, format)
                              : print_environment(type, spec, format);
        type->world_free(world);
    }
    nb_free(settings);
    return code;
}

static int describe_policy(const nb_policy_type_t *type, nb_format_t format)
{
    static const struct {
        unsigned bit;
        const char *word;
    } traits[] = {
        {NB_TRAIT_LEARNS, "learns"},           {NB_TRAIT_CONTEXTUAL, "contextual"},
        {NB_TRAIT_SEQUENTIAL, "sequential"},   {NB_TRAIT_SLATE, "slate"},
        {NB_TRAIT_INDIVIDUAL, "individual"},   {NB_TRAIT_ORACLE, "oracle"},
        {NB_TRAIT_OFFLINE, "offline"},         {NB_TRAIT_WRAPPER, "wrapper"},
        {NB_TRAIT_UNIT_REWARD, "unit_reward"}, {NB_TRAIT_WEIGHTED, "weighted"},
        {NB_TRAIT_PARTIAL, "partial"},         {NB_TRAIT_TEST_BED, "test_bed"},
        {NB_TRAIT_OFFSETS, "offsets"},         {NB_TRAIT_PROPENSITY, "propensity"},
    };
    const char *words[sizeof traits / sizeof traits[0]];
    unsigned n = 0;

    for (size_t i = 0; i < sizeof traits / sizeof traits[0]; i++) {
        if (type->traits & traits[i].bit) {
            words[n++] = traits[i].word;
        }
    }
    print_head(type->name, "policy", type->summary, format);
    if (format == NB_FORMAT_JSON) {
        print_strings("traits", words, n);
        NB_TRY(print_settings(type->settings, format));
        printf("}\n");
        return NB_OK;
    }
    for (unsigned i = 0; i < n; i++) {
        printf("%s%s%s", i ? ", " : "Traits: ", words[i], i + 1 == n ? "\n" : "");
    }
    return print_settings(type->settings, format);
}

static int print_file(const nb_entry_t *entry, nb_kind_t kind, const char *text, const char *path,
                      nb_format_t format)
{
    const nb_setting_t *settings = NULL;

    print_head(entry->name, nb_kind_name(kind), entry->summary, format);
    if (kind == NB_KIND_SCENARIO) {
        settings = nb_environment_find("journey")->settings;
    }
    if (format == NB_FORMAT_JSON) {
        fputs(", \"path\": ", stdout);
        nb_json_string(path, stdout);
        fputs(", \"text\": ", stdout);
        nb_json_string(text, stdout);
        NB_TRY(print_settings(settings, format));
        fputs("}\n", stdout);
        return NB_OK;
    }
    printf("%s\n\n%s", path, text);
    return settings ? print_settings(settings, format) : NB_OK;
}

/* the text of a scenario, and all settings that it leaves at their defaults or changes */
static int describe_file(const nb_entry_t *entry, nb_kind_t kind, nb_format_t format)
{
    char *text, *path;
    int code = nb_catalog_text(&text, &path, kind, entry->name);

    code = code < 0 ? code : print_file(entry, kind, text, path, format);
    nb_free(text);
    nb_free(path);
    return code;
}

static int describe_metric(const nb_entry_t *entry, nb_format_t format)
{
    print_head(entry->name, "metric", entry->summary, format);
    if (format == NB_FORMAT_JSON) {
        fputs(", \"unit\": ", stdout);
        nb_json_string(entry->unit, stdout);
        fputs(", \"settings\": []}\n", stdout);
    } else if (*entry->unit) {
        printf("Unit: %s\n", entry->unit);
    }
    return NB_OK;
}

static int describe_entry(const nb_catalog_t *catalog, const nb_entry_t *entry, nb_format_t format)
{
    const nb_policy_type_t *policy;

    switch (catalog->kind) {
    case NB_KIND_POLICY:
        NB_TRY(nb_policy_find(&policy, entry->name));
        return describe_policy(policy, format);
    case NB_KIND_ENVIRONMENT:
        return describe_world(nb_environment_find(entry->name), 0, format);
    case NB_KIND_METRIC:
        return describe_metric(entry, format);
    default:
        return describe_file(entry, catalog->kind, format);
    }
}

/* the nearest name of all kinds, copied into *out; NULL where none is near */
static int find_nearest(char **out, const char *name, const nb_catalog_t *catalogs)
{
    const char **names;
    const char *nearest;
    size_t n = 0;
    int code = NB_OK;

    for (int kind = 0; kind < NB_N_KINDS; kind++) {
        n += catalogs[kind].n;
    }
    NB_TRY(nb_alloc(&names, n + 1, sizeof *names));
    n = 0;
    for (int kind = 0; kind < NB_N_KINDS; kind++) {
        for (size_t i = 0; i < catalogs[kind].n; i++) {
            names[n++] = catalogs[kind].entries[i].name;
        }
    }
    names[n++] = "observation";
    nearest = nb_nearest(name, names, n);
    *out = NULL;
    if (nearest) {
        code = nb_strdup(out, nearest);
    }
    nb_free(names);
    return code;
}

static int refuse_unknown(const char *name, const nb_catalog_t *catalogs)
{
    char *nearest;

    NB_TRY(find_nearest(&nearest, name, catalogs));
    nb_error_set(NB_ERR_NOT_FOUND, "there is nothing named \"%s\"%s%s%s; see `nextbest list'", name,
                 nearest ? "; the nearest is \"" : "", nearest ? nearest : "", nearest ? "\"" : "");
    nb_free(nearest);
    return NB_ERR_NOT_FOUND;
}

/* a policy and an experiment may share a name: people are shown both, a script the first */
static int describe_name(const char *name, const nb_catalog_t *catalogs, nb_format_t format)
{
    int n_found = 0;

    for (int kind = 0; kind < NB_N_KINDS; kind++) {
        const nb_entry_t *entry = nb_catalog_find(&catalogs[kind], name);

        if (entry && (n_found == 0 || format == NB_FORMAT_TEXT)) {
            fputs(n_found++ ? "\n" : "", stdout);
            NB_TRY(describe_entry(&catalogs[kind], entry, format));
        }
    }
    return n_found ? NB_OK : refuse_unknown(name, catalogs);
}

static int describe_any(const char *name, nb_format_t format)
{
    nb_catalog_t catalogs[NB_N_KINDS] = {{0}};
    int code = NB_OK;

    for (int kind = 0; kind < NB_N_KINDS && code >= 0; kind++) {
        code = nb_catalog_init(&catalogs[kind], (nb_kind_t)kind);
    }
    code = code < 0 ? code : describe_name(name, catalogs, format);
    for (int kind = 0; kind < NB_N_KINDS; kind++) {
        nb_catalog_free(&catalogs[kind]);
    }
    return code;
}

int nb_command_describe(int argc, char **argv)
{
    const char *name;
    nb_format_t format;
    const nb_policy_type_t *plugin;

    nb_command_parse(&usage, argc, argv, &name, &format);
    if (strcmp(name, "observation") == 0) {
        return describe_world(nb_environment_find("journey"), 1, format);
    }
    if (strchr(name, '/') || strstr(name, ".so")) {
        NB_TRY(nb_policy_find(&plugin, name));
        return describe_policy(plugin, format);
    }
    return describe_any(name, format);
}
