#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan_draft.h"
#include "core/memory.h"

static const char prefix[] = "strategies.";

/* keys of the settings table, with the environment's place before them */
static int fail_setting(const nb_draft_t *draft, const nb_node_t *node, const char *key)
{
    const nb_setting_t *table = draft->environment->settings;
    const char **keys = NULL;
    size_t n = 0;
    int code;

    while (table[n].key) {
        n++;
    }
    NB_TRY(nb_alloc(&keys, n + 1, sizeof *keys));
    for (size_t i = 0; i < n; i++) {
        keys[i] = table[i].key;
    }
    code = nb_node_unknown(node, "swept setting", key, keys, n);
    nb_free(keys);
    return code;
}

static int check_setting(const nb_draft_t *draft, const nb_node_t *node, const char *path)
{
    size_t n = strlen(draft->place);
    const char *key = path;

    if (nb_plan_is_key(path)) {
        return nb_node_error(NB_ERR_UNSUPPORTED, node, "'%s' cannot be swept", path);
    }
    if (n && strncmp(path, draft->place, n) == 0 && path[n] == '.') {
        key = path + n + 1;
    } else if (n) {
        return nb_node_error(NB_ERR_CONFIG, node, "unknown swept setting '%s', expected %s.KEY",
                             path, draft->place);
    }
    return nb_settings_find(draft->environment->settings, key) ? NB_OK
                                                               : fail_setting(draft, node, key);
}

static int fail_strategy(const nb_draft_t *draft, const nb_node_t *node, const char *name)
{
    const char **names = NULL;
    size_t n = 0;
    int code;

    NB_TRY(nb_alloc(&names, nb_node_count(draft->strategies) + 1, sizeof *names));
    for (const nb_node_t *child = draft->strategies->child; child; child = child->next) {
        names[n++] = child->key;
    }
    code = nb_node_unknown(node, "strategy", name, names, n);
    nb_free(names);
    return code;
}

/* strategies.NAME.POINT.SETTING, or a whole point */
static int find_owner(const nb_draft_t *draft, const nb_node_t *node, nb_draft_axis_t *self)
{
    const char *name = self->key + strlen(prefix);
    size_t n = strcspn(name, ".");
    char *copy = NULL;
    int code = NB_OK;

    if (n == 0 || !name[n] || !name[n + 1]) {
        return nb_node_error(NB_ERR_CONFIG, node, "'%s', expected strategies.NAME.POINT.SETTING",
                             self->key);
    }
    NB_TRY(nb_strdup(&copy, name));
    copy[n] = '\0';
    self->owner = nb_node_child(draft->strategies, copy);
    if (!self->owner) {
        code = fail_strategy(draft, node, copy);
    }
    nb_free(copy);
    return code;
}

static int read_key(const nb_draft_t *draft, nb_draft_axis_t *self)
{
    const nb_node_t *node = nb_node_child(self->node, "key");

    if (!node || node->kind != NB_NODE_SCALAR || !node->text[0]) {
        return nb_node_error(NB_ERR_CONFIG, node ? node : self->node,
                             "expected a map with the keys key and values, linspace or logspace");
    }
    self->key = node->text;
    for (const nb_draft_axis_t *other = draft->axes; other != self; other++) {
        if (strcmp(other->key, self->key) == 0) {
            return nb_node_error(NB_ERR_CONFIG, node, "'%s' swept twice", self->key);
        }
    }
    if (strncmp(self->key, prefix, strlen(prefix)) == 0) {
        return find_owner(draft, node, self);
    }
    return check_setting(draft, node, self->key);
}

static int make_room(nb_draft_axis_t *self, const nb_node_t *node, size_t n)
{
    if (n == 0 || n > NB_PLAN_MAX_CELLS) {
        return nb_node_error(NB_ERR_RANGE, node, "%zu values, expected 1 to %d", n,
                             NB_PLAN_MAX_CELLS);
    }
    NB_TRY(nb_alloc(&self->values, n, sizeof *self->values));
    NB_TRY(nb_alloc(&self->texts, n, sizeof *self->texts));
    self->n = n;
    return NB_OK;
}

static int print_node(const void *node, FILE *out)
{
    return nb_node_yaml(node, out);
}

static int write_value(char **out, const nb_node_t *node)
{
    return node->kind == NB_NODE_SCALAR ? nb_strdup(out, node->text)
                                        : nb_text_print(out, print_node, node);
}

static int read_values(nb_draft_axis_t *self, const nb_node_t *list)
{
    size_t i = 0;

    if (list->kind != NB_NODE_LIST) {
        return nb_node_error(NB_ERR_CONFIG, list, "expected a list of values");
    }
    NB_TRY(make_room(self, list, nb_node_count(list)));
    for (const nb_node_t *item = list->child; item; item = item->next, i++) {
        self->values[i] = item;
        NB_TRY(write_value(&self->texts[i], item));
    }
    return NB_OK;
}

/* [first, last, n] */
static int read_ends(const nb_node_t *list, double ends[2], long long *n)
{
    const nb_node_t *item = list->child;

    if (list->kind != NB_NODE_LIST || nb_node_count(list) != 3) {
        return nb_node_error(NB_ERR_CONFIG, list, "expected [FIRST, LAST, NUMBER]");
    }
    NB_TRY(nb_node_real(item, &ends[0]));
    NB_TRY(nb_node_real(item->next, &ends[1]));
    NB_TRY(nb_node_int(item->next->next, n));
    if (*n < 2 || *n > NB_PLAN_MAX_CELLS) {
        return nb_node_error(NB_ERR_RANGE, item->next->next,
                             "%s is out of range, expected 2 to %d values", item->next->next->text,
                             NB_PLAN_MAX_CELLS);
    }
    return NB_OK;
}

/* i-th of n points between the ends, which are met exactly; a geometric sequence where is_log */
static double point_between(const double ends[2], long long i, long long n, int is_log)
{
    double share = (double)i / (double)(n - 1);

    if (i == 0 || i == n - 1) {
        return ends[i > 0];
    }
    return is_log ? ends[0] * pow(ends[1] / ends[0], share) : ends[0] + share * (ends[1] - ends[0]);
}

static int make_values(nb_draft_axis_t *self, const nb_node_t *list, int is_log)
{
    double ends[2] = {0, 0};
    long long n = 0;
    char text[40];

    NB_TRY(read_ends(list, ends, &n));
    if (is_log && (ends[0] <= 0 || ends[1] <= 0)) {
        return nb_node_error(NB_ERR_RANGE, list, "logspace needs ends above 0");
    }
    NB_TRY(make_room(self, list, (size_t)n));
    NB_TRY(nb_alloc(&self->made, (size_t)n, sizeof *self->made));
    for (long long i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%.15g", point_between(ends, i, n, is_log));
        NB_TRY(nb_strdup(&self->texts[i], text));
        self->made[i] = (nb_node_t){.kind = NB_NODE_SCALAR,
                                    .text = self->texts[i],
                                    .file = list->file,
                                    .line = list->line,
                                    .column = list->column};
        self->values[i] = &self->made[i];
    }
    return NB_OK;
}

static int print_canonical(const void *node, FILE *out)
{
    return nb_node_canonical(node, out);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* no two values mean the same: 0.5 and 0.50 do */
static int check_distinct(const nb_draft_axis_t *self)
{
    char **sorted = NULL;
    int code = NB_OK;

    NB_TRY(nb_alloc(&sorted, self->n, sizeof *sorted));
    for (size_t i = 0; i < self->n && code == NB_OK; i++) {
        code = nb_text_print(&sorted[i], print_canonical, self->values[i]);
    }
    if (code == NB_OK) {
        qsort(sorted, self->n, sizeof *sorted, compare_texts);
    }
    for (size_t i = 1; i < self->n && code == NB_OK; i++) {
        if (strcmp(sorted[i - 1], sorted[i]) == 0) {
            code =
                nb_node_error(NB_ERR_CONFIG, self->node, "a value of '%s' given twice", self->key);
        }
    }
    for (size_t i = 0; i < self->n; i++) {
        nb_free(sorted[i]);
    }
    nb_free(sorted);
    return code;
}

int nb_draft_read_values(nb_draft_axis_t *self, const nb_node_t *list)
{
    NB_TRY(read_values(self, list));
    return check_distinct(self);
}

static int read_axis(nb_draft_t *draft, nb_draft_axis_t *self)
{
    static const char *const keys[] = {"key", "values", "linspace", "logspace"};
    const nb_node_t *values = nb_node_child(self->node, "values");
    const nb_node_t *linear = nb_node_child(self->node, "linspace");
    const nb_node_t *logarithmic = nb_node_child(self->node, "logspace");

    NB_TRY(nb_node_check_keys(self->node, keys, 4));
    NB_TRY(read_key(draft, self));
    if (!!values + !!linear + !!logarithmic != 1) {
        return nb_node_error(NB_ERR_CONFIG, self->node,
                             "expected one of values, linspace and logspace");
    }
    if (values) {
        NB_TRY(read_values(self, values));
    } else {
        NB_TRY(make_values(self, linear ? linear : logarithmic, !linear));
    }
    return check_distinct(self);
}

int nb_draft_read_sweep(nb_draft_t *self)
{
    const nb_node_t *list = nb_node_child(self->config.root, "sweep");

    if (!list) {
        return NB_OK;
    }
    if (list->kind != NB_NODE_LIST) {
        return nb_node_error(NB_ERR_CONFIG, list, "expected a list of axes");
    }
    NB_TRY(nb_alloc(&self->axes, nb_node_count(list), sizeof *self->axes));
    for (const nb_node_t *item = list->child; item; item = item->next) {
        self->axes[self->n_axes].node = item;
        NB_TRY(read_axis(self, &self->axes[self->n_axes++]));
        if (nb_draft_is_tuned(self, self->axes[self->n_axes - 1].owner)) {
            return nb_node_error(NB_ERR_UNSUPPORTED, item, "strategy '%s' is tuned and swept",
                                 self->axes[self->n_axes - 1].owner->key);
        }
    }
    return NB_OK;
}
