#include "bench/plan_log.h"

#include <string.h>

#include "core/memory.h"

static const char *const keys[] = {"decisions", "truth", "weeks", "purchases", "replications"};
enum { N_KEYS = 5, MAX_WEEKS = 100000 };

static int read_word(nb_log_t *self, const nb_node_t *node)
{
    int is_list = node->kind == NB_NODE_LIST;
    const char *word = is_list ? "" : node->text;

    if (strcmp(word, "purchases") == 0) {
        self->purchases = 1;
    } else if (strcmp(word, "decisions") == 0) {
        self->decisions = 1;
    } else if (strcmp(word, "decisions+truth") == 0) {
        self->decisions = 1;
        self->truth = 1;
    } else if (strcmp(word, "none") != 0) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "%s%s%s, expected none, purchases, decisions, decisions+truth or "
                             "{decisions: SHARE, ...}",
                             is_list ? "" : "'", is_list ? "a list" : word, is_list ? "" : "'");
    }
    return NB_OK;
}

static int read_share(nb_log_t *self, const nb_node_t *node)
{
    if (!node) {
        return NB_OK;
    }
    NB_TRY(nb_node_real(node, &self->decisions));
    if (!(self->decisions >= 0 && self->decisions <= 1)) {
        return nb_node_error(NB_ERR_RANGE, node,
                             "%s is out of range, expected a share of customers, 0 to 1",
                             node->text);
    }
    return NB_OK;
}

static int read_truth(nb_log_t *self, const nb_node_t *map)
{
    const nb_node_t *truth = nb_node_child(map, "truth"), *weeks = nb_node_child(map, "weeks");

    if (truth) {
        NB_TRY(nb_node_bool(truth, &self->truth));
    }
    if (self->truth && self->decisions == 0) {
        return nb_node_error(NB_ERR_CONFIG, truth,
                             "the truth of decisions that are not logged, expected decisions: "
                             "SHARE above 0 beside it");
    }
    if (!weeks) {
        return NB_OK;
    }
    if (!self->truth) {
        return nb_node_error(NB_ERR_CONFIG, weeks,
                             "how long the truth is followed, expected truth: true beside it");
    }
    NB_TRY(nb_node_real(weeks, &self->weeks));
    if (!(self->weeks > 0 && self->weeks <= MAX_WEEKS)) {
        return nb_node_error(NB_ERR_RANGE, weeks,
                             "%s is out of range, expected more than 0 to %d weeks", weeks->text,
                             MAX_WEEKS);
    }
    return NB_OK;
}

static int read_replications(nb_log_t *self, const nb_node_t *node, int n)
{
    size_t n_listed = node ? nb_node_count(node) : 0;
    const nb_node_t *item;

    if (!node) {
        return NB_OK;
    }
    if (node->kind != NB_NODE_LIST || n_listed == 0) {
        return nb_node_error(NB_ERR_CONFIG, node, "expected a list of replications, as [0, 1]");
    }
    NB_TRY(nb_alloc(&self->replications, n_listed, sizeof *self->replications));
    for (item = node->child; item; item = item->next) {
        long long value;

        NB_TRY(nb_node_int(item, &value));
        for (int i = 0; i < self->n_replications; i++) {
            if (self->replications[i] == value) {
                return nb_node_error(NB_ERR_CONFIG, item, "replication %s listed twice",
                                     item->text);
            }
        }
        if (value < 0 || value >= n) {
            return nb_node_error(NB_ERR_RANGE, item, "there is no replication %s, expected 0 to %d",
                                 item->text, n - 1);
        }
        self->replications[self->n_replications++] = (int)value;
    }
    return NB_OK;
}

static int read_map(nb_log_t *self, const nb_node_t *node, int n_replications)
{
    const nb_node_t *purchases = nb_node_child(node, "purchases");

    NB_TRY(nb_node_check_keys(node, keys, N_KEYS));
    if (purchases) {
        NB_TRY(nb_node_bool(purchases, &self->purchases));
    }
    NB_TRY(read_share(self, nb_node_child(node, "decisions")));
    NB_TRY(read_truth(self, node));
    if (!nb_log_is_any(self)) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "nothing is logged, expected decisions: SHARE or purchases: true, or "
                             "log: none");
    }
    return read_replications(self, nb_node_child(node, "replications"), n_replications);
}

int nb_log_read(nb_log_t *self, const nb_node_t *node, int n_replications)
{
    memset(self, 0, sizeof *self);
    if (!node) {
        return NB_OK;
    }
    return node->kind == NB_NODE_MAP ? read_map(self, node, n_replications) : read_word(self, node);
}

int nb_log_is_any(const nb_log_t *self)
{
    return self->purchases || self->decisions > 0;
}

int nb_log_has(const nb_log_t *self, int replication)
{
    int found = !self->replications;

    for (int i = 0; i < self->n_replications; i++) {
        found |= self->replications[i] == replication;
    }
    return found && nb_log_is_any(self);
}

void nb_log_yaml(const nb_log_t *self, FILE *out)
{
    if (!nb_log_is_any(self)) {
        fputs("none", out);
        return;
    }
    if (self->purchases && self->decisions == 0 && !self->replications) {
        fputs("purchases", out);
        return;
    }
    fprintf(out, "{decisions: %.17g, truth: %s, purchases: %s", self->decisions,
            self->truth ? "true" : "false", self->purchases ? "true" : "false");
    if (self->weeks > 0) {
        fprintf(out, ", weeks: %.17g", self->weeks);
    }
    for (int i = 0; i < self->n_replications; i++) {
        fprintf(out, "%s%d", i ? ", " : ", replications: [", self->replications[i]);
    }
    fputs(self->replications ? "]}" : "}", out);
}

void nb_log_canonical(const nb_log_t *self, FILE *out)
{
    if (!self || !nb_log_is_any(self)) {
        fputs("\"none\"", out);
    } else if (self->decisions == 0) {
        fputs("\"purchases\"", out);
    } else {
        fprintf(out, "{\"decisions\":%a,\"purchases\":%d,\"truth\":%d,\"weeks\":%a}",
                self->decisions, self->purchases, self->truth, self->weeks);
    }
}

void nb_log_free(nb_log_t *self)
{
    nb_free(self->replications);
    memset(self, 0, sizeof *self);
}
