#include "bench/hypothesis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

static int read_text(const char **out, const nb_node_t *map, const char *key)
{
    const nb_node_t *node = nb_node_child(map, key);

    if (!node || node->kind != NB_NODE_SCALAR || !*node->text) {
        return nb_node_error(NB_ERR_CONFIG, node ? node : map,
                             "a hypothesis needs a text under \"%s\"", key);
    }
    *out = node->text;
    return NB_OK;
}

static int read_optional_text(const char **out, const nb_node_t *map, const char *key)
{
    return nb_node_child(map, key) ? read_text(out, map, key) : NB_OK;
}

static int read_sign(int *out, const nb_node_t *map)
{
    const char *text = "";

    NB_TRY(read_text(&text, map, "sign"));
    if (strcmp(text, "+") != 0 && strcmp(text, "-") != 0) {
        return nb_node_error(NB_ERR_CONFIG, nb_node_child(map, "sign"),
                             "the sign of a hypothesis is \"%s\", expected + or -", text);
    }
    *out = *text == '+' ? 1 : -1;
    return NB_OK;
}

/* the canonical text holds numbers as quoted hexadecimal, so that the node is text */
static int read_delta(double *out, const nb_node_t *map)
{
    const nb_node_t *node = nb_node_child(map, "delta");
    const char *text = "";
    char *end;

    *out = 0.01;
    if (!node) {
        return NB_OK;
    }
    NB_TRY(read_text(&text, map, "delta"));
    *out = strtod(text, &end);
    if (*end || !(*out >= 0 && *out < INFINITY)) {
        return nb_node_error(NB_ERR_RANGE, node,
                             "delta is %s, expected a share of the mean, 0 or more", text);
    }
    return NB_OK;
}

static int split_contrast(nb_hypothesis_t *self, const nb_node_t *map)
{
    const char *minus;

    NB_TRY(read_text(&self->contrast, map, "contrast"));
    minus = strstr(self->contrast, " - ");
    if (!minus || minus == self->contrast || !minus[3]) {
        return nb_node_error(NB_ERR_CONFIG, nb_node_child(map, "contrast"),
                             "the contrast is \"%s\", expected \"STRATEGY - STRATEGY\"",
                             self->contrast);
    }
    NB_TRY(nb_strdup(&self->first, self->contrast));
    self->first[minus - self->contrast] = '\0';
    return nb_strdup(&self->second, minus + 3);
}

static int read_hypothesis(nb_hypothesis_t *self, const nb_node_t *map)
{
    static const char *const keys[] = {"id",    "contrast", "metric", "sign",
                                       "delta", "scenario", "family"};

    self->family = "";
    NB_TRY(nb_node_check_keys(map, keys, sizeof keys / sizeof keys[0]));
    NB_TRY(read_text(&self->id, map, "id"));
    NB_TRY(split_contrast(self, map));
    NB_TRY(read_text(&self->metric, map, "metric"));
    NB_TRY(read_sign(&self->sign, map));
    NB_TRY(read_delta(&self->delta, map));
    NB_TRY(read_optional_text(&self->scenario, map, "scenario"));
    return read_optional_text(&self->family, map, "family");
}

/* the list as the only key of a map, because a configuration is a map */
static int parse_list(nb_config_t *config, const char *json)
{
    size_t size = strlen(json) + 32;
    char *text;
    int code;

    NB_TRY(nb_alloc(&text, size, 1));
    snprintf(text, size, "{\"hypothesis\": %s}", json);
    code = nb_config_parse(config, "hypothesis", text, strlen(text));
    nb_free(text);
    return code;
}

int nb_hypotheses_init(nb_hypotheses_t *self, const char *json)
{
    const nb_node_t *list;

    memset(self, 0, sizeof *self);
    NB_TRY(nb_config_init(&self->config));
    if (!json || !*json) {
        return NB_OK;
    }
    NB_TRY(parse_list(&self->config, json));
    list = nb_node_child(self->config.root, "hypothesis");
    if (!list || list->kind != NB_NODE_LIST) {
        return nb_node_error(NB_ERR_CONFIG, list, "hypothesis is no list of hypotheses");
    }
    NB_TRY(nb_alloc(&self->items, nb_node_count(list), sizeof *self->items));
    for (const nb_node_t *item = list->child; item; item = item->next) {
        if (item->kind != NB_NODE_MAP) {
            return nb_node_error(NB_ERR_CONFIG, item, "a hypothesis is a map");
        }
        NB_TRY(read_hypothesis(&self->items[self->n++], item));
    }
    return NB_OK;
}

void nb_hypotheses_free(nb_hypotheses_t *self)
{
    for (size_t i = 0; i < self->n; i++) {
        nb_free(self->items[i].first);
        nb_free(self->items[i].second);
    }
    nb_free(self->items);
    nb_config_free(&self->config);
    memset(self, 0, sizeof *self);
}

const char *nb_hypothesis_verdict_name(nb_verdict_t verdict, int sign)
{
    if (verdict == NB_VERDICT_BETTER || verdict == NB_VERDICT_WORSE) {
        return (verdict == NB_VERDICT_BETTER) == (sign > 0) ? "supported" : "contradicted";
    }
    return nb_verdict_name(verdict, "");
}

static int check_side(const nb_results_t *results, const char *name, size_t i)
{
    return strcmp(results->strategy[i], name) == 0 || strcmp(results->cell[i], name) == 0;
}

/* a cell of the first side and one of the second make a finding where they share their world */
static void add_findings(nb_finding_t *out, size_t *n, const nb_hypothesis_t *hypothesis,
                         const nb_results_t *results, const size_t *worlds)
{
    for (size_t i = 0; i < results->n_cells; i++) {
        if (!check_side(results, hypothesis->first, i) ||
            (hypothesis->scenario && strcmp(hypothesis->scenario, results->scenario[i]) != 0)) {
            continue;
        }
        for (size_t j = 0; j < results->n_cells; j++) {
            if (worlds[j] == worlds[i] && check_side(results, hypothesis->second, j)) {
                if (out) {
                    out[*n] = (nb_finding_t){.hypothesis = hypothesis, .i_first = i, .i_second = j};
                }
                ++*n;
            }
        }
    }
}

static int pair_cells(nb_finding_t **out, size_t *n, const nb_hypotheses_t *self,
                      const nb_results_t *results, const size_t *worlds)
{
    size_t n_all = 0;

    for (size_t i = 0; i < self->n; i++) {
        size_t n_before = n_all;

        add_findings(NULL, &n_all, &self->items[i], results, worlds);
        if (n_all == n_before) {
            NB_FAIL(NB_ERR_NOT_FOUND,
                    "hypothesis %s compares \"%s\": no world of this experiment has both",
                    self->items[i].id, self->items[i].contrast);
        }
    }
    NB_TRY(nb_alloc(out, n_all, sizeof **out));
    for (size_t i = 0; i < self->n; i++) {
        add_findings(*out, n, &self->items[i], results, worlds);
    }
    return NB_OK;
}

/* difference and margin of one finding; values [E x R] is scratch */
static int measure(nb_finding_t *finding, double *margin, const nb_results_t *results,
                   double *values)
{
    size_t n = results->n_replications;
    const double *second = values + finding->i_second * n;
    nb_moments_t moments = {0};

    NB_TRY(nb_results_metric(results, finding->hypothesis->metric, values));
    nb_moments_add_finite(&moments, second, n);
    *margin = finding->hypothesis->delta * fabs(moments.mean);
    finding->difference =
        nb_interval_paired(values + finding->i_first * n, second, n, NB_COMPARE_LEVEL);
    return NB_OK;
}

/* Holm within the family of finding i_finding; p [n] is scratch */
static int adjust(nb_finding_t *findings, size_t n, size_t i_finding, double *p)
{
    for (size_t i = 0; i < n; i++) {
        int belongs =
            strcmp(findings[i].hypothesis->family, findings[i_finding].hypothesis->family) == 0;

        p[i] = belongs ? findings[i].difference.p : NAN;
    }
    NB_TRY(nb_holm(p, n, p));
    findings[i_finding].p_adjusted = p[i_finding];
    return NB_OK;
}

static int judge(nb_finding_t *findings, size_t n, const nb_results_t *results, double *scratch)
{
    double *p = scratch, *margins = scratch + n, *values = scratch + 2 * n;

    for (size_t i = 0; i < n; i++) {
        NB_TRY(measure(&findings[i], &margins[i], results, values));
    }
    for (size_t i = 0; i < n; i++) {
        NB_TRY(adjust(findings, n, i, p));
        findings[i].verdict =
            nb_verdict_of(&findings[i].difference, findings[i].p_adjusted, margins[i]);
    }
    return NB_OK;
}

int nb_hypotheses_judge(nb_finding_t **out, size_t *n, const nb_hypotheses_t *self,
                        const nb_results_t *results)
{
    size_t *worlds = NULL;
    double *scratch = NULL;
    int code;

    *out = NULL;
    *n = 0;
    code = nb_compare_worlds(&worlds, results);
    if (code >= 0) {
        code = pair_cells(out, n, self, results, worlds);
    }
    if (code >= 0) {
        size_t n_values = results->n_cells * results->n_replications;

        code = nb_alloc(&scratch, 2 * *n + n_values, sizeof *scratch);
    }
    if (code >= 0) {
        code = judge(*out, *n, results, scratch);
    }
    nb_free(scratch);
    nb_free(worlds);
    return code;
}
