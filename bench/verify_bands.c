/* `verify:` of a scenario file */
#include <math.h>
#include <string.h>

#include "bench/verify_table.h"

static int read_band(nb_verify_bands_t *self, const nb_node_t *node, size_t i)
{
    const nb_node_t *low = node->child;
    int is_on = 1;

    if (node->kind == NB_NODE_SCALAR && nb_node_bool(node, &is_on) == NB_OK && !is_on) {
        self->is_off[i] = 1;
        return NB_OK;
    }
    if (node->kind != NB_NODE_LIST || nb_node_count(node) != 2) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a band [LOW, HIGH], or off");
    }
    NB_TRY(nb_node_real(low, &self->low[i]));
    NB_TRY(nb_node_real(low->next, &self->high[i]));
    if (self->low[i] > self->high[i]) {
        return nb_node_error(NB_ERR_RANGE, node, "%s is above %s, expected a band [LOW, HIGH]",
                             low->text, low->next->text);
    }
    return NB_OK;
}

static int check_actions(const nb_node_t *list)
{
    if (list->kind != NB_NODE_LIST) {
        return nb_node_error(NB_ERR_CONFIG, list, "expected a list of actions, POINT.ACTION each");
    }
    for (const nb_node_t *item = list->child; item; item = item->next) {
        if (item->kind != NB_NODE_SCALAR || !strchr(item->text, '.')) {
            return nb_node_error(NB_ERR_CONFIG, item, "expected an action, POINT.ACTION");
        }
    }
    return NB_OK;
}

static int read_key(nb_verify_bands_t *self, const nb_node_t *node)
{
    const char *names[NB_VERIFY_MAX_TARGETS + 2];
    size_t n = nb_verify_names(names);

    if (strcmp(node->key, "inert") == 0) {
        self->inert = node;
        return check_actions(node);
    }
    if (strcmp(node->key, "dominant") == 0) {
        self->dominant = node;
        return check_actions(node);
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], node->key) == 0) {
            return read_band(self, node, i);
        }
    }
    names[n++] = "inert";
    names[n++] = "dominant";
    return nb_node_unknown(node, "target", node->key, names, n);
}

int nb_verify_bands_read(nb_verify_bands_t *self, const nb_node_t *node)
{
    memset(self, 0, sizeof *self);
    for (size_t i = 0; i < nb_verify_n_targets; i++) {
        self->low[i] = nb_verify_targets[i].low;
        self->high[i] = nb_verify_targets[i].high;
    }
    if (!node) {
        return NB_OK;
    }
    if (node->kind != NB_NODE_MAP) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a map of targets");
    }
    for (const nb_node_t *child = node->child; child; child = child->next) {
        NB_TRY(read_key(self, child));
    }
    return NB_OK;
}

int nb_verify_bands_init(nb_verify_bands_t *self, const char *text)
{
    nb_config_t config;
    int code = nb_config_init(&config);

    memset(self, 0, sizeof *self);
    if (text) {
        code = code < 0 ? code : nb_config_parse(&config, "verify", text, strlen(text));
    }
    code = code < 0 ? code : nb_verify_bands_read(self, nb_node_child(config.root, "verify"));
    self->config = config;
    return code;
}

void nb_verify_bands_free(nb_verify_bands_t *self)
{
    nb_config_free(&self->config);
    memset(self, 0, sizeof *self);
}
