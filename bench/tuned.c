#include "bench/tuned.h"

#include <math.h>
#include <string.h>

#include "bench/text_table.h"
#include "core/config.h"
#include "core/memory.h"

enum { TEXT_SIZE = 64 };

static const char *text_of(const nb_node_t *map, const char *key)
{
    const nb_node_t *node = nb_node_child(map, key);

    return node && node->text ? node->text : "";
}

/* a number, NaN where there is none */
static double real_of(const nb_node_t *map, const char *key)
{
    const nb_node_t *node = nb_node_child(map, key);
    double value = NAN;

    if (!node || !*text_of(map, key) || nb_node_real(node, &value) < 0) {
        nb_error_clear();
        return NAN;
    }
    return value;
}

static int read_outcome(nb_config_t *config, const char *outcome)
{
    const nb_node_t *cells;

    NB_TRY(nb_config_init(config));
    NB_TRY(nb_config_parse(config, "outcome of the tuning", outcome, strlen(outcome)));
    cells = nb_node_child(config->root, "cells");
    if (!cells || cells->kind != NB_NODE_LIST) {
        NB_FAIL(NB_ERR_FORMAT, "the outcome of the tuning has no list of cells");
    }
    return NB_OK;
}

static int add_mean(nb_text_table_t *table, const nb_node_t *candidate)
{
    double mean = real_of(candidate, "mean");
    char text[TEXT_SIZE];

    nb_text_real(mean, nb_text_decimals(mean, NAN), text, sizeof text);
    return nb_text_table_add(table, "%s", text);
}

/* the candidate of the cell's winner */
static const nb_node_t *winner_of(const nb_node_t *cell)
{
    const nb_node_t *list = nb_node_child(cell, "candidates");
    double winner = real_of(cell, "winner");

    for (const nb_node_t *item = list ? list->child : NULL; item; item = item->next) {
        if (winner-- == 0) {
            return item;
        }
    }
    return NULL;
}

static size_t count_failed(const nb_node_t *cell)
{
    const nb_node_t *list = nb_node_child(cell, "candidates");
    size_t n = 0;

    for (const nb_node_t *item = list ? list->child : NULL; item; item = item->next) {
        n += isnan(real_of(item, "rank"));
    }
    return n;
}

static int add_winner(nb_text_table_t *table, const nb_node_t *cell)
{
    size_t n_failed = count_failed(cell);
    char failed[TEXT_SIZE] = "";

    if (n_failed) {
        snprintf(failed, sizeof failed, ", %zu failed", n_failed);
    }
    NB_TRY(nb_text_table_add(table, "%s", text_of(cell, "cell")));
    NB_TRY(nb_text_table_add(table, "%s", text_of(cell, "settings")));
    NB_TRY(nb_text_table_add(table, "%zu%s", nb_node_count(nb_node_child(cell, "candidates")),
                             failed));
    NB_TRY(nb_text_table_add(table, "%s", text_of(cell, "units")));
    NB_TRY(nb_text_table_add(table, "%s", text_of(winner_of(cell), "replications")));
    return add_mean(table, winner_of(cell));
}

static int fill_head(nb_text_table_t *table, const char *const *head, const char *metric)
{
    for (size_t i = 0; head[i]; i++) {
        NB_TRY(nb_text_table_add(table, "%s", head[i]));
    }
    return nb_text_table_add(table, "%s", metric);
}

static int fill_winners(nb_text_table_t *table, const nb_node_t *root)
{
    static const char *const head[] = {"strategy", "settings",     "tried",
                                       "units",    "replications", NULL};

    NB_TRY(fill_head(table, head, text_of(root, "metric")));
    for (const nb_node_t *cell = nb_node_child(root, "cells")->child; cell; cell = cell->next) {
        NB_TRY(add_winner(table, cell));
    }
    return NB_OK;
}

int nb_tuned_print(const char *outcome, int color, FILE *out)
{
    nb_config_t config = {0};
    nb_text_table_t table;
    int code = read_outcome(&config, outcome);

    nb_text_table_init(&table, 6, 2);
    code = code < 0 ? code : fill_winners(&table, config.root);
    if (code >= 0) {
        fprintf(out,
                "Tuned by %s on seed %s, which is not reported: at most %s units of %s customers "
                "for each strategy%s\n",
                text_of(config.root, "metric"), text_of(config.root, "seed"),
                text_of(config.root, "budget"), text_of(config.root, "customers"),
                strcmp(text_of(config.root, "scenario"), "first") == 0
                    ? ", in the first world for all"
                    : "");
        nb_text_table_print(&table, color, out);
    }
    nb_text_table_free(&table);
    nb_config_free(&config);
    return code;
}

/* candidates by rank, those that failed last; ranks are whole numbers from 1, and may have gaps
 * where a candidate failed in a late round */
static int add_candidates(nb_text_table_t *table, const nb_node_t *cell, size_t n_best)
{
    const nb_node_t *list = nb_node_child(cell, "candidates");
    size_t n = nb_node_count(list), n_shown = 0;

    for (size_t rank = 1; rank <= n + 1 && n_shown < n_best; rank++) {
        for (const nb_node_t *item = list->child; item && n_shown < n_best; item = item->next) {
            double found = real_of(item, "rank");

            if (isnan(found) ? rank <= n : found != (double)rank) {
                continue;
            }
            n_shown++;
            NB_TRY(nb_text_table_add(table, "%s", text_of(cell, "cell")));
            NB_TRY(nb_text_table_add(table, "%s", text_of(item, "settings")));
            NB_TRY(isnan(found) ? nb_text_table_add(table, "failed")
                                : nb_text_table_add(table, "%zu of %zu", rank, n));
            NB_TRY(nb_text_table_add(table, "%s", text_of(item, "replications")));
            NB_TRY(add_mean(table, item));
        }
    }
    return NB_OK;
}

static int fill_candidates(nb_text_table_t *table, const nb_node_t *root, size_t n_best)
{
    static const char *const head[] = {"strategy", "settings", "rank", "replications", NULL};

    NB_TRY(fill_head(table, head, text_of(root, "metric")));
    for (const nb_node_t *cell = nb_node_child(root, "cells")->child; cell; cell = cell->next) {
        if (nb_node_child(cell, "candidates")) {
            NB_TRY(add_candidates(table, cell, n_best));
        }
    }
    return NB_OK;
}

int nb_tuned_print_candidates(const char *outcome, size_t n_best, int color, FILE *out)
{
    nb_config_t config = {0};
    nb_text_table_t table;
    int code = read_outcome(&config, outcome);

    nb_text_table_init(&table, 5, 2);
    code = code < 0 ? code : fill_candidates(&table, config.root, n_best);
    if (code >= 0) {
        nb_text_table_print(&table, color, out);
    }
    nb_text_table_free(&table);
    nb_config_free(&config);
    return code;
}
