#include "core/settings.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { PATH_SIZE = 512 };

/* text of the closed range for an error sentence */
static void describe_range(const nb_setting_t *row, char *out, size_t size)
{
    int has_low = isfinite(row->low), has_high = isfinite(row->high);

    if (has_low && has_high) {
        snprintf(out, size, "%.10g to %.10g", row->low, row->high);
    } else if (has_low) {
        snprintf(out, size, "%.10g or more", row->low);
    } else if (has_high) {
        snprintf(out, size, "%.10g or less", row->high);
    } else {
        snprintf(out, size, "any number");
    }
}

static int check_range(const nb_setting_t *row, const nb_node_t *node, double value)
{
    char range[80];

    if (value >= row->low && value <= row->high) {
        return NB_OK;
    }
    describe_range(row, range, sizeof range);
    return nb_node_error(NB_ERR_RANGE, node, "%s is out of range, expected %s", node->text, range);
}

static int set_int(const nb_setting_t *row, const nb_node_t *node, void *field)
{
    long long value = 0;

    NB_TRY(nb_node_int(node, &value));
    NB_TRY(check_range(row, node, (double)value));
    if (value < INT_MIN || value > INT_MAX) {
        return nb_node_error(NB_ERR_RANGE, node, "%s is out of range, expected %d to %d",
                             node->text, INT_MIN, INT_MAX);
    }
    *(int *)field = (int)value;
    return NB_OK;
}

static int set_real(const nb_setting_t *row, const nb_node_t *node, void *field)
{
    double value = 0;

    NB_TRY(nb_node_real(node, &value));
    NB_TRY(check_range(row, node, value));
    *(double *)field = value;
    return NB_OK;
}

/* index of a word in "none|individual|both", -1 where it is none of them */
static int find_choice(const char *choices, const char *word)
{
    size_t length = strlen(word);

    for (int i = 0;; i++) {
        size_t n = strcspn(choices, "|");

        if (n == length && memcmp(choices, word, n) == 0) {
            return i;
        }
        if (choices[n] == '\0') {
            return -1;
        }
        choices += n + 1;
    }
}

static int set_choice(const nb_setting_t *row, const nb_node_t *node, void *field)
{
    int index = node->kind == NB_NODE_SCALAR ? find_choice(row->choices, node->text) : -1;

    if (index < 0) {
        return nb_node_error(NB_ERR_CONFIG, node, "%s%s%s, expected one of %s",
                             node->kind == NB_NODE_SCALAR ? "'" : "a map or list",
                             node->kind == NB_NODE_SCALAR ? node->text : "",
                             node->kind == NB_NODE_SCALAR ? "'" : "", row->choices);
    }
    *(int *)field = index;
    return NB_OK;
}

static int set_text(const nb_node_t *node, void *field)
{
    if (node->kind != NB_NODE_SCALAR) {
        return nb_node_error(NB_ERR_CONFIG, node, "a map or list, expected text");
    }
    if (strlen(node->text) >= NB_SETTING_TEXT_SIZE) {
        return nb_node_error(NB_ERR_CONFIG, node, "text of %zu bytes, expected at most %d",
                             strlen(node->text), NB_SETTING_TEXT_SIZE - 1);
    }
    memset(field, 0, NB_SETTING_TEXT_SIZE);
    memcpy(field, node->text, strlen(node->text));
    return NB_OK;
}

static int set_reals(const nb_setting_t *row, const nb_node_t *node, void *field)
{
    double *values = field;
    unsigned i = 0;

    if (node->kind != NB_NODE_LIST || nb_node_count(node) != row->count) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a list of %u numbers", row->count);
    }
    for (const nb_node_t *item = node->child; item; item = item->next) {
        NB_TRY(set_real(row, item, &values[i++]));
    }
    return NB_OK;
}

static int set_field(const nb_setting_t *row, const nb_node_t *node, void *field)
{
    switch (row->type) {
    case NB_SETTING_REAL:
        return set_real(row, node, field);
    case NB_SETTING_INT:
        return set_int(row, node, field);
    case NB_SETTING_BOOL:
        return nb_node_bool(node, field);
    case NB_SETTING_CHOICE:
        return set_choice(row, node, field);
    case NB_SETTING_TEXT:
        return set_text(node, field);
    case NB_SETTING_REALS:
        return set_reals(row, node, field);
    case NB_SETTING_NODE:
        *(const nb_node_t **)field = node;
        return NB_OK;
    }
    return NB_OK;
}

/* the default of a REALS row, written as numbers with blanks between */
static void default_reals(const nb_setting_t *row, double *values)
{
    const char *text = row->choices;

    for (unsigned i = 0; i < row->count; i++) {
        char *end = NULL;

        values[i] = strtod(text, &end);
        NB_ASSERT(end != text);
        text = end;
    }
}

int nb_settings_defaults(const nb_setting_t *table, void *out)
{
    for (const nb_setting_t *row = table; row->key; row++) {
        void *field = (char *)out + row->offset;

        if (row->type == NB_SETTING_REAL) {
            *(double *)field = row->def;
        } else if (row->type == NB_SETTING_REALS) {
            default_reals(row, field);
        } else if (row->type == NB_SETTING_NODE) {
            *(const nb_node_t **)field = NULL;
        } else if (row->type == NB_SETTING_TEXT) {
            snprintf(field, NB_SETTING_TEXT_SIZE, "%s", row->choices ? row->choices : "");
        } else {
            *(int *)field = (int)row->def;
        }
    }
    return NB_OK;
}

const nb_setting_t *nb_settings_find(const nb_setting_t *table, const char *key)
{
    for (const nb_setting_t *row = table; row->key; row++) {
        if (strcmp(row->key, key) == 0) {
            return row;
        }
    }
    return NULL;
}

/* 1 where rows lie below `key`: it is a map of the table */
static int has_rows_below(const nb_setting_t *table, const char *key)
{
    size_t n = strlen(key);

    for (const nb_setting_t *row = table; row->key; row++) {
        if (strncmp(row->key, key, n) == 0 && row->key[n] == '.') {
            return 1;
        }
    }
    return 0;
}

/* also_allowed of nb_settings_load */
typedef struct {
    const char *const *keys;
    size_t n;
} allowed_t;

static int is_allowed(const allowed_t *also, const char *key)
{
    for (size_t i = 0; i < also->n; i++) {
        if (strcmp(also->keys[i], key) == 0) {
            return 1;
        }
    }
    return 0;
}

static int fail_unknown(const nb_setting_t *table, const nb_node_t *node, const char *key,
                        const allowed_t *also)
{
    const char **keys = NULL;
    size_t n = 0;
    int code;

    while (table[n].key) {
        n++;
    }
    NB_TRY(nb_alloc(&keys, n + also->n + 1, sizeof *keys));
    for (size_t i = 0; i < n; i++) {
        keys[i] = table[i].key;
    }
    for (size_t i = 0; i < also->n; i++) {
        keys[n + i] = also->keys[i];
    }
    code = nb_node_unknown(node, "key", key, keys, n + also->n);
    nb_free(keys);
    return code;
}

static int check_keys(const nb_setting_t *table, const nb_node_t *map, const char *prefix,
                      const allowed_t *also)
{
    char key[PATH_SIZE];

    for (const nb_node_t *child = map->child; child; child = child->next) {
        snprintf(key, sizeof key, "%s%s%s", prefix, *prefix ? "." : "", child->key);
        if (nb_settings_find(table, key) || is_allowed(also, key)) {
            continue;
        }
        if (!has_rows_below(table, key)) {
            return fail_unknown(table, child, key, also);
        }
        if (child->kind == NB_NODE_MAP) {
            NB_TRY(check_keys(table, child, key, also));
        } else if (child->kind != NB_NODE_SCALAR || child->quoted || child->text[0]) {
            return nb_node_error(NB_ERR_CONFIG, child, "expected a map of settings");
        }
    }
    return NB_OK;
}

int nb_settings_load(const nb_setting_t *table, const nb_node_t *map,
                     const char *const *also_allowed, size_t n_also, void *out)
{
    const allowed_t also = {also_allowed, n_also};

    NB_TRY(nb_settings_defaults(table, out));
    if (!map || (map->kind == NB_NODE_SCALAR && !map->quoted && !map->text[0])) {
        return NB_OK;
    }
    if (map->kind != NB_NODE_MAP) {
        return nb_node_error(NB_ERR_CONFIG, map, "expected a map of settings");
    }
    NB_TRY(check_keys(table, map, "", &also));
    for (const nb_setting_t *row = table; row->key; row++) {
        const nb_node_t *node = nb_node_at(map, row->key);

        if (node) {
            NB_TRY(set_field(row, node, (char *)out + row->offset));
        }
    }
    return NB_OK;
}
