#include <stdlib.h>
#include <string.h>

#include "bench/strategy.h"
#include "core/store.h"
#include "policies/registry.h"

enum { MAX_WINDOW = 520, DEFAULT_WINDOW = 8, NAME_SIZE = 32 };

static const char *const rules[] = {
    [NB_CREDIT_IMMEDIATE] = "immediate", [NB_CREDIT_JOURNEY] = "journey",
    [NB_CREDIT_WINDOW] = "window",       [NB_CREDIT_LIFETIME] = "lifetime",
    [NB_CREDIT_PARTIAL] = "partial",     [NB_CREDIT_SMDP] = "smdp",
};

/* NAME(PERIODS) */
static int parse_window(nb_credit_spec_t *out, const nb_node_t *node, nb_credit_rule_t rule)
{
    size_t length = strlen(rules[rule]);
    const char *digits = node->text + length + 1;
    long periods = 0;
    char *end = NULL;

    out->rule = rule;
    if (node->text[length] == '(') {
        /* a number too large for long is LONG_MAX, and out of range like any other */
        periods = strtol(digits, &end, 10);
    }
    if (!end || end == digits || strcmp(end, ")") != 0) {
        return nb_node_error(NB_ERR_CONFIG, node, "'%s', expected %s(PERIODS)", node->text,
                             rules[rule]);
    }
    if (periods < 1 || periods > MAX_WINDOW) {
        return nb_node_error(NB_ERR_RANGE, node, "'%s' is out of range, expected 1 to %d periods",
                             node->text, MAX_WINDOW);
    }
    out->window = (int)periods;
    return NB_OK;
}

static int has_window(nb_credit_rule_t rule)
{
    return rule == NB_CREDIT_WINDOW || rule == NB_CREDIT_PARTIAL;
}

static int parse_rule(nb_credit_spec_t *out, const nb_node_t *node)
{
    for (int r = 0; r <= NB_CREDIT_SMDP; r++) {
        nb_credit_rule_t rule = (nb_credit_rule_t)r;

        if (has_window(rule) && strncmp(node->text, rules[r], strlen(rules[r])) == 0) {
            return parse_window(out, node, rule);
        }
        if (strcmp(node->text, rules[r]) == 0) {
            out->rule = rule;
            return NB_OK;
        }
    }
    return nb_node_unknown(node, "credit rule", node->text, rules, NB_CREDIT_SMDP + 1);
}

int nb_credit_parse(nb_credit_spec_t *out, const nb_node_t *node, unsigned traits)
{
    int is_partial = (traits & NB_TRAIT_PARTIAL) != 0;

    memset(out, 0, sizeof *out);
    if (!node) {
        out->rule = is_partial                     ? NB_CREDIT_PARTIAL
                    : traits & NB_TRAIT_SEQUENTIAL ? NB_CREDIT_SMDP
                                                   : NB_CREDIT_IMMEDIATE;
        out->window = is_partial ? DEFAULT_WINDOW : 0;
        return NB_OK;
    }
    if (node->kind != NB_NODE_SCALAR) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected the name of a credit rule");
    }
    NB_TRY(parse_rule(out, node));
    if (is_partial != (out->rule == NB_CREDIT_PARTIAL)) {
        return nb_node_error(NB_ERR_CONFIG, node, "'%s': partial(n) is the credit of `delayed`, %s",
                             node->text,
                             is_partial ? "which takes no other" : "and this policy is another");
    }
    return NB_OK;
}

void nb_credit_name(const nb_credit_spec_t *credit, char *out, size_t size)
{
    if (has_window(credit->rule)) {
        snprintf(out, size, "%s(%d)", rules[credit->rule], credit->window);
    } else {
        snprintf(out, size, "%s", rules[credit->rule]);
    }
}

static const char *scale_name(nb_reward_scale_t scale)
{
    return scale == NB_SCALE_AUTO ? "auto" : "none";
}

static int write_plugin(const nb_policy_type_t *type, FILE *out)
{
    const char *path = nb_policy_plugin_path(type);
    char sum[65] = "";

    if (path) {
        NB_TRY(nb_file_sha256(path, sum));
    }
    fputs("\"plugin\":", out);
    nb_json_string(sum, out);
    return NB_OK;
}

static void write_points(const nb_binding_t *binding, const nb_spec_t *spec, FILE *out)
{
    fputc('[', out);
    for (unsigned i = 0; i < binding->n_points; i++) {
        fputs(i ? "," : "", out);
        nb_json_string(spec->points[binding->points[i]].name, out);
    }
    fputc(']', out);
}

/* `reward_scale` is that of the binding, "" further in; keys in alphabetical order, and defaults
 * that came later are left out, so that keys of older results stay */
static int write_layer(const nb_layer_t *self, const char *reward_scale, FILE *out)
{
    static const nb_setting_t none[] = {{.key = NULL}};
    const nb_policy_type_t *type = self->type;

    fputs("\"policy\":", out);
    nb_json_string(type->name, out);
    fprintf(out, "%s,\"settings\":", reward_scale);
    NB_TRY(nb_settings_canonical(type->settings ? type->settings : none, self->settings, out));
    fprintf(out, ",\"version\":%u", type->version);
    if (self->inner) {
        fputs(",\"wraps\":{", out);
        NB_TRY(write_plugin(self->inner->type, out));
        fputc(',', out);
        NB_TRY(write_layer(self->inner, "", out));
        fputc('}', out);
    }
    return NB_OK;
}

static int write_binding(const nb_binding_t *binding, const nb_spec_t *spec, FILE *out)
{
    char credit[NAME_SIZE], scale[2 * NAME_SIZE];

    nb_credit_name(&binding->credit, credit, sizeof credit);
    fprintf(out, "{\"credit\":\"%s\",\"gamma\":%a,", credit, binding->gamma);
    NB_TRY(write_plugin(binding->policy.type, out));
    fputs(",\"points\":", out);
    write_points(binding, spec, out);
    fputc(',', out);
    snprintf(scale, sizeof scale, ",\"reward_scale\":\"%s\"", scale_name(binding->reward_scale));
    NB_TRY(write_layer(&binding->policy, scale, out));
    if (binding->update_every != 1) {
        fprintf(out, ",\"update_every\":%d", binding->update_every);
    }
    fputc('}', out);
    return NB_OK;
}

int nb_strategy_canonical(const nb_strategy_t *self, const nb_spec_t *spec, FILE *out)
{
    fputc('[', out);
    for (size_t i = 0; i < self->n_bindings; i++) {
        fputs(i ? "," : "", out);
        NB_TRY(write_binding(&self->bindings[i], spec, out));
    }
    fputc(']', out);
    if (ferror(out)) {
        NB_FAIL(NB_ERR_IO, "writing of strategy '%s' failed", self->name);
    }
    return NB_OK;
}

/* `joint` with its points where the instance owns several, else the point itself */
static void write_yaml_head(const nb_binding_t *binding, const nb_spec_t *spec, int indent,
                            FILE *out)
{
    fprintf(out, "%*s%s:\n", indent, "",
            binding->n_points > 1 ? "joint" : spec->points[binding->points[0]].name);
    if (binding->n_points > 1) {
        fprintf(out, "%*spoints: ", indent + 2, "");
        write_points(binding, spec, out);
        fputc('\n', out);
    }
}

/* a policy with its settings, and what it wraps under `inner` */
static int write_yaml_layer(const nb_layer_t *self, int indent, FILE *out)
{
    fprintf(out, "%*spolicy: ", indent, "");
    nb_json_string(self->name, out);
    fputc('\n', out);
    if (self->type->settings) {
        NB_TRY(nb_settings_yaml(self->type->settings, self->settings, indent, out));
    }
    if (self->inner) {
        fprintf(out, "%*sinner:\n", indent, "");
        return write_yaml_layer(self->inner, indent + 2, out);
    }
    return NB_OK;
}

static int write_yaml_binding(const nb_binding_t *binding, const nb_spec_t *spec, int indent,
                              FILE *out)
{
    char credit[NAME_SIZE];

    write_yaml_head(binding, spec, indent, out);
    if (binding->policy.traits & NB_TRAIT_LEARNS) {
        nb_credit_name(&binding->credit, credit, sizeof credit);
        fprintf(out, "%*scredit: %s\n", indent + 2, "", credit);
        fprintf(out, "%*sreward_scale: %s\n", indent + 2, "", scale_name(binding->reward_scale));
        fprintf(out, "%*sgamma: %.17g\n", indent + 2, "", binding->gamma);
        if (binding->update_every != 1) {
            fprintf(out, "%*supdate_every: %d\n", indent + 2, "", binding->update_every);
        }
    }
    return write_yaml_layer(&binding->policy, indent + 2, out);
}

int nb_strategy_yaml(const nb_strategy_t *self, const nb_spec_t *spec, int indent, FILE *out)
{
    for (size_t i = 0; i < self->n_bindings; i++) {
        NB_TRY(write_yaml_binding(&self->bindings[i], spec, indent, out));
    }
    if (ferror(out)) {
        NB_FAIL(NB_ERR_IO, "writing of strategy '%s' failed", self->name);
    }
    return NB_OK;
}
