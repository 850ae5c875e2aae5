#include <math.h>
#include <string.h>

#include "bench/contrast.h"
#include "bench/plan_draft.h"
#include "core/memory.h"

/* text of a required or optional key in *out, NULL where an optional one is missing */
static int read_text(const nb_node_t *map, const char *key, int is_required, const char **out)
{
    const nb_node_t *node = nb_node_child(map, key);

    *out = NULL;
    if (!node && !is_required) {
        return NB_OK;
    }
    if (!node || node->kind != NB_NODE_SCALAR || !node->text[0]) {
        return nb_node_error(NB_ERR_CONFIG, node ? node : map, "expected a text at key '%s'", key);
    }
    *out = node->text;
    return NB_OK;
}

/* a side of a contrast is a strategy or a cell */
static int check_side(const nb_plan_t *plan, const nb_node_t *node, const char *side)
{
    const char **names = NULL;
    size_t n = 0;
    int code;

    for (size_t i = 0; i < plan->n_cells; i++) {
        if (strcmp(plan->cells[i].label, side) == 0 ||
            strcmp(plan->cells[i].strategy.name, side) == 0) {
            return NB_OK;
        }
    }
    NB_TRY(nb_alloc(&names, plan->n_cells + 1, sizeof *names));
    for (; n < plan->n_cells; n++) {
        names[n] = plan->cells[n].strategy.name;
    }
    code = nb_node_unknown(node, "strategy", side, names, n);
    nb_free(names);
    return code;
}

/* what is added and taken away again decides nothing: most likely a slip of the pen */
static int check_cancels(const nb_node_t *node, const nb_contrast_t *contrast)
{
    for (size_t i = 1; i < contrast->n; i++) {
        for (size_t j = 0; j < i; j++) {
            const nb_contrast_term_t *first = &contrast->terms[j], *second = &contrast->terms[i];

            if (first->sign != second->sign && strcmp(first->name, second->name) == 0) {
                return nb_node_error(NB_ERR_CONFIG, node, "'%s': '%s' less itself is always 0",
                                     node->text, first->name);
            }
        }
    }
    return NB_OK;
}

static int check_terms(const nb_plan_t *plan, const nb_node_t *map, const nb_contrast_t *contrast)
{
    const nb_node_t *node = nb_node_child(map, "contrast");

    if (contrast->n < 2 && !nb_node_child(map, "value")) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "'%s', expected FIRST - SECOND, or one strategy and a value",
                             node->text);
    }
    for (size_t i = 0; i < contrast->n; i++) {
        NB_TRY(check_side(plan, node, contrast->terms[i].name));
    }
    return check_cancels(node, contrast);
}

/* "A - B" or a longer sum; one term where there is a value to compare it with */
static int check_contrast(const nb_plan_t *plan, const nb_node_t *map)
{
    const nb_node_t *node = nb_node_child(map, "contrast");
    nb_contrast_t contrast;
    int code = nb_contrast_init(&contrast, node->text);

    if (code == NB_ERR_CONFIG) {
        char sentence[512];

        snprintf(sentence, sizeof sentence, "%s", nb_error_detail());
        code = nb_node_error(code, node, "%s", sentence);
    }
    code = code < 0 ? code : check_terms(plan, map, &contrast);
    nb_contrast_free(&contrast);
    return code;
}

/* a hypothesis about a scenario that is not run would never be judged */
static int check_scenario(const nb_plan_t *plan, const nb_node_t *map, const char *scenario)
{
    const char **names = NULL;
    int code;

    for (size_t i = 0; i < plan->n_worlds; i++) {
        if (!scenario || strcmp(plan->worlds[i].scenario, scenario) == 0) {
            return NB_OK;
        }
    }
    NB_TRY(nb_alloc(&names, plan->n_worlds + 1, sizeof *names));
    for (size_t i = 0; i < plan->n_worlds; i++) {
        names[i] = plan->worlds[i].scenario;
    }
    code = nb_node_unknown(nb_node_child(map, "scenario"), "scenario", scenario, names,
                           plan->n_worlds);
    nb_free(names);
    return code;
}

/* the number at `key`, written as the next pair; nothing where the key is missing */
static int write_number(const nb_node_t *map, const char *key, double low, FILE *out)
{
    const nb_node_t *node = nb_node_child(map, key);
    double value;

    if (!node) {
        return NB_OK;
    }
    NB_TRY(nb_node_real(node, &value));
    if (value < low) {
        return nb_node_error(NB_ERR_RANGE, node, "%s is out of range, expected %g or more",
                             node->text, low);
    }
    fprintf(out, ",\"%s\":", key);
    nb_json_real(value, out);
    return NB_OK;
}

/* an equality is held against `within`, a direction against `delta` */
static int check_sign(const nb_node_t *map, const char *sign)
{
    const nb_node_t *within = nb_node_child(map, "within"), *delta = nb_node_child(map, "delta");
    int is_equal = strcmp(sign, "=") == 0;

    if (!is_equal && strcmp(sign, "+") != 0 && strcmp(sign, "-") != 0) {
        return nb_node_error(NB_ERR_CONFIG, nb_node_child(map, "sign"),
                             "'%s', expected +, - or =", sign);
    }
    if (is_equal && (!within || delta)) {
        return nb_node_error(NB_ERR_CONFIG, delta ? delta : map,
                             "sign = needs the key 'within', and has no delta");
    }
    if (!is_equal && within) {
        return nb_node_error(NB_ERR_CONFIG, within, "'within' belongs to sign =");
    }
    return NB_OK;
}

static void write_pair(const char *key, const char *text, FILE *out)
{
    if (text) {
        fprintf(out, "%s\"%s\":", strcmp(key, "contrast") == 0 ? "{" : ",", key);
        nb_json_string(text, out);
    }
}

static int read_one(const nb_plan_t *plan, const nb_node_t *map, FILE *out)
{
    static const char *const keys[] = {"id",     "contrast", "metric", "sign",  "delta",
                                       "family", "scenario", "value",  "within"};
    const char *id, *contrast, *metric, *sign, *family, *scenario;

    NB_TRY(nb_node_check_keys(map, keys, sizeof keys / sizeof keys[0]));
    NB_TRY(read_text(map, "id", 1, &id));
    NB_TRY(read_text(map, "contrast", 1, &contrast));
    NB_TRY(read_text(map, "metric", 1, &metric));
    NB_TRY(read_text(map, "sign", 1, &sign));
    NB_TRY(read_text(map, "family", 0, &family));
    NB_TRY(read_text(map, "scenario", 0, &scenario));
    NB_TRY(check_contrast(plan, map));
    NB_TRY(check_sign(map, sign));
    NB_TRY(check_scenario(plan, map, scenario));
    write_pair("contrast", contrast, out);
    NB_TRY(write_number(map, "delta", 0, out));
    write_pair("family", family, out);
    write_pair("id", id, out);
    write_pair("metric", metric, out);
    write_pair("scenario", scenario, out);
    write_pair("sign", sign, out);
    NB_TRY(write_number(map, "value", -INFINITY, out));
    NB_TRY(write_number(map, "within", 0, out));
    fputc('}', out);
    return NB_OK;
}

static int check_ids(const nb_node_t *list)
{
    for (const nb_node_t *item = list->child; item; item = item->next) {
        const nb_node_t *id = nb_node_child(item, "id");

        for (const nb_node_t *other = list->child; other != item; other = other->next) {
            if (strcmp(nb_node_child(other, "id")->text, id->text) == 0) {
                return nb_node_error(NB_ERR_CONFIG, id, "hypothesis '%s' given twice", id->text);
            }
        }
    }
    return NB_OK;
}

static int write_list(const void *subject, FILE *out)
{
    const nb_draft_t *draft = subject;
    const nb_node_t *list = nb_node_child(draft->config.root, "hypothesis");

    if (list && list->kind != NB_NODE_LIST) {
        return nb_node_error(NB_ERR_CONFIG, list, "expected a list of hypotheses");
    }
    fputc('[', out);
    for (const nb_node_t *item = list ? list->child : NULL; item; item = item->next) {
        fputs(item == list->child ? "" : ",", out);
        NB_TRY(read_one(draft->plan, item, out));
    }
    fputc(']', out);
    return list ? check_ids(list) : NB_OK;
}

int nb_draft_read_hypothesis(nb_draft_t *self)
{
    return nb_text_print(&self->plan->hypothesis, write_list, self);
}
