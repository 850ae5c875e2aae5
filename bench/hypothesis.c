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
    if (strlen(text) != 1 || !strchr("+-=", *text)) {
        return nb_node_error(NB_ERR_CONFIG, nb_node_child(map, "sign"),
                             "the sign of a hypothesis is \"%s\", expected +, - or =", text);
    }
    *out = *text == '+' ? 1 : *text == '-' ? -1 : 0;
    return NB_OK;
}

/* the canonical text holds numbers as quoted hexadecimal, so that the node is text */
static int read_number(double *out, const nb_node_t *map, const char *key, double low)
{
    const nb_node_t *node = nb_node_child(map, key);
    const char *text = "";
    char *end;

    if (!node) {
        return NB_OK;
    }
    NB_TRY(read_text(&text, map, key));
    *out = strtod(text, &end);
    if (*end || !isfinite(*out) || *out < low) {
        return nb_node_error(NB_ERR_RANGE, node, "%s is %s, expected a finite number%s", key, text,
                             low < 0 ? "" : ", 0 or more");
    }
    return NB_OK;
}

static int read_contrast(nb_hypothesis_t *self, const nb_node_t *map)
{
    NB_TRY(read_text(&self->contrast, map, "contrast"));
    NB_TRY(nb_contrast_init(&self->terms, self->contrast));
    if (self->terms.n < 2 && !nb_node_child(map, "value")) {
        return nb_node_error(NB_ERR_CONFIG, nb_node_child(map, "contrast"),
                             "the contrast is \"%s\", expected \"STRATEGY - STRATEGY\"",
                             self->contrast);
    }
    return NB_OK;
}

static int read_hypothesis(nb_hypothesis_t *self, const nb_node_t *map)
{
    static const char *const keys[] = {"id",       "contrast", "metric", "sign",  "delta",
                                       "scenario", "family",   "value",  "within"};

    self->family = "";
    self->delta = 0.01;
    NB_TRY(nb_node_check_keys(map, keys, sizeof keys / sizeof keys[0]));
    NB_TRY(read_text(&self->id, map, "id"));
    NB_TRY(read_contrast(self, map));
    NB_TRY(read_text(&self->metric, map, "metric"));
    NB_TRY(read_sign(&self->sign, map));
    NB_TRY(read_number(&self->delta, map, "delta", 0));
    NB_TRY(read_number(&self->value, map, "value", -INFINITY));
    NB_TRY(read_number(&self->within, map, "within", 0));
    if ((self->sign == 0) != (nb_node_child(map, "within") != NULL)) {
        return nb_node_error(NB_ERR_CONFIG, map, "sign = and the key \"within\" go together");
    }
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
        nb_contrast_free(&self->items[i].terms);
    }
    nb_free(self->items);
    nb_config_free(&self->config);
    memset(self, 0, sizeof *self);
}

const char *nb_hypothesis_verdict_name(nb_verdict_t verdict, int sign)
{
    if (sign == 0 && verdict == NB_VERDICT_EQUIVALENT) {
        return "supported";
    }
    if (verdict == NB_VERDICT_BETTER || verdict == NB_VERDICT_WORSE) {
        return sign && (verdict == NB_VERDICT_BETTER) == (sign > 0) ? "supported" : "contradicted";
    }
    return nb_verdict_name(verdict, "");
}

void nb_hypothesis_claim(const nb_hypothesis_t *self, char *out, size_t size)
{
    if (self->sign == 0) {
        snprintf(out, size, "= %g +- %g", self->value, self->within);
    } else {
        snprintf(out, size, "%s %g", self->sign > 0 ? ">" : "<", self->value);
    }
}

static int is_strategy(const nb_results_t *results, const char *name)
{
    for (size_t i = 0; i < results->n_cells; i++) {
        if (strcmp(results->strategy[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* cells of different worlds are compared only where every term names its cell */
static int may_cross(const nb_results_t *results, const nb_contrast_t *contrast)
{
    for (size_t i = 0; i < contrast->n; i++) {
        if (is_strategy(results, contrast->terms[i].name)) {
            return 0;
        }
    }
    return 1;
}

typedef struct {
    const nb_results_t *results;
    const size_t *worlds;
    nb_finding_t *out; /* NULL: only counted */
    size_t n;
} search_t;

static int check_term(const search_t *search, const nb_finding_t *finding, size_t i_term,
                      size_t i_cell)
{
    const nb_results_t *results = search->results;
    const nb_hypothesis_t *hypothesis = finding->hypothesis;
    const char *name = hypothesis->terms.terms[i_term].name;

    if (strcmp(results->strategy[i_cell], name) != 0 && strcmp(results->cell[i_cell], name) != 0) {
        return 0;
    }
    if (hypothesis->scenario && strcmp(hypothesis->scenario, results->scenario[i_cell]) != 0) {
        return 0;
    }
    return i_term == 0 || finding->crosses ||
           search->worlds[i_cell] == search->worlds[finding->cells[0]];
}

static void add_finding(search_t *search, nb_finding_t finding)
{
    size_t n = finding.hypothesis->terms.n, n_same = 0;

    for (size_t i = 0; i < n; i++) {
        n_same += search->worlds[finding.cells[i]] == search->worlds[finding.cells[0]];
    }
    finding.crosses = n_same < n;
    if (search->out) {
        search->out[search->n] = finding;
    }
    search->n++;
}

/* every way to fill the terms from i_term on with cells, the first of them slowest */
static void find_from(search_t *search, nb_finding_t *finding, size_t i_term)
{
    if (i_term == finding->hypothesis->terms.n) {
        add_finding(search, *finding);
        return;
    }
    for (size_t i = 0; i < search->results->n_cells; i++) {
        if (check_term(search, finding, i_term, i)) {
            finding->cells[i_term] = i;
            find_from(search, finding, i_term + 1);
        }
    }
}

static void find_all(search_t *search, const nb_hypothesis_t *hypothesis)
{
    nb_finding_t finding = {.hypothesis = hypothesis,
                            .crosses = may_cross(search->results, &hypothesis->terms)};

    find_from(search, &finding, 0);
}

static int choose_cells(nb_finding_t **out, size_t *n, const nb_hypotheses_t *self,
                        const nb_results_t *results, const size_t *worlds)
{
    search_t search = {results, worlds, NULL, 0};

    for (size_t i = 0; i < self->n; i++) {
        size_t n_before = search.n;

        find_all(&search, &self->items[i]);
        if (search.n == n_before) {
            NB_FAIL(NB_ERR_NOT_FOUND,
                    "hypothesis %s compares \"%s\": no world of this experiment has all of it",
                    self->items[i].id, self->items[i].contrast);
        }
    }
    NB_TRY(nb_alloc(out, search.n, sizeof **out));
    search = (search_t){results, worlds, *out, 0};
    for (size_t i = 0; i < self->n; i++) {
        find_all(&search, &self->items[i]);
    }
    *n = search.n;
    return NB_OK;
}

/* what delta is a share of: the mean of what is first subtracted, else the value */
static double find_reference(const nb_finding_t *finding, const double *values, size_t n)
{
    size_t i_second = nb_contrast_second(&finding->hypothesis->terms);
    nb_moments_t moments = {0};

    if (i_second == finding->hypothesis->terms.n) {
        return fabs(finding->hypothesis->value);
    }
    nb_moments_add_finite(&moments, values + finding->cells[i_second] * n, n);
    return fabs(moments.mean);
}

/* difference and margin of one finding; values [E x R] is scratch */
static int measure(nb_finding_t *finding, double *margin, const nb_results_t *results,
                   double *values)
{
    const nb_hypothesis_t *hypothesis = finding->hypothesis;
    size_t n = results->n_replications;
    nb_moments_t moments = {0};

    NB_TRY(nb_results_metric(results, hypothesis->metric, values));
    for (size_t r = 0; r < n; r++) {
        double sum = 0;

        for (size_t i = 0; i < hypothesis->terms.n; i++) {
            sum += hypothesis->terms.terms[i].sign * values[finding->cells[i] * n + r];
        }
        sum -= hypothesis->value;
        nb_moments_add_finite(&moments, &sum, 1);
    }
    *margin = hypothesis->sign ? hypothesis->delta * find_reference(finding, values, n)
                               : hypothesis->within;
    finding->difference = nb_interval_of(&moments, NB_COMPARE_LEVEL);
    return NB_OK;
}

/* an equality by its interval: inside the margin, outside, or neither */
static nb_verdict_t judge_equality(const nb_interval_t *difference, double margin)
{
    if (difference->n < 2) {
        return NB_VERDICT_NONE;
    }
    if (difference->low >= -margin && difference->high <= margin) {
        return NB_VERDICT_EQUIVALENT;
    }
    return difference->low > margin     ? NB_VERDICT_BETTER
           : difference->high < -margin ? NB_VERDICT_WORSE
                                        : NB_VERDICT_UNDECIDED;
}

/* Holm within the family of finding i_finding; p [n] is scratch */
static int adjust(nb_finding_t *findings, size_t n, size_t i_finding, double *p)
{
    for (size_t i = 0; i < n; i++) {
        int belongs =
            strcmp(findings[i].hypothesis->family, findings[i_finding].hypothesis->family) == 0;

        /* an equality is judged by its interval: its p would be of the opposite claim */
        p[i] = belongs && findings[i].hypothesis->sign ? findings[i].difference.p : NAN;
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
            findings[i].hypothesis->sign
                ? nb_verdict_of(&findings[i].difference, findings[i].p_adjusted, margins[i])
                : judge_equality(&findings[i].difference, margins[i]);
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
        code = choose_cells(out, n, self, results, worlds);
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
