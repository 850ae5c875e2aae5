#define _POSIX_C_SOURCE 200809L

#include "bench/compare_set.h"

#include <string.h>

#include "core/memory.h"

enum { MAX_DEFAULT_METRICS = 5 };

static int check_recorded(const nb_results_t *results, const char *name)
{
    for (size_t i = 0; i < results->n_metrics; i++) {
        if (strcmp(results->metrics[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* metrics that compare shows unasked, comma separated into *out */
static int choose_metrics(char **out, const nb_results_t *results)
{
    static const char *const usual[] = {"equity", "clv", "retention", "contacts", "return_rate"};
    const char *planned = nb_results_attribute(results, "metrics");
    size_t n_usual = sizeof usual / sizeof usual[0], size = 1, n = 0;

    if (planned && *planned) {
        return nb_strdup(out, planned);
    }
    for (size_t i = 0; i < results->n_metrics; i++) {
        size += strlen(results->metrics[i]) + 1;
    }
    NB_TRY(nb_alloc(out, size, 1));
    for (size_t i = 0; i < n_usual; i++) {
        if (check_recorded(results, usual[i])) {
            strcat(strcat(*out, n++ ? "," : ""), usual[i]);
        }
    }
    for (size_t i = 0; n == 0 && i < results->n_metrics && i < MAX_DEFAULT_METRICS; i++) {
        strcat(strcat(*out, i ? "," : ""), results->metrics[i]);
    }
    return NB_OK;
}

/* cut the list at its commas and blanks; the number of names */
static size_t cut_names(char *names)
{
    size_t n = 0;
    char *to = names, *rest = names;

    for (char *name; (name = strtok_r(rest, ", ", &rest));) {
        size_t length = strlen(name) + 1;

        memmove(to, name, length);
        to += length;
        n++;
    }
    return n;
}

int nb_compare_names(char **names, size_t *n, const nb_results_t *results, const char *metrics)
{
    NB_TRY(metrics ? nb_strdup(names, metrics) : choose_metrics(names, results));
    *n = cut_names(*names);
    if (*n == 0) {
        NB_FAIL(NB_ERR_NOT_FOUND, "there is no metric to compare by");
    }
    return NB_OK;
}

static int compare_metrics(nb_compare_set_t *self, const nb_compare_spec_t *spec, double *values)
{
    const char *name = self->names;

    for (size_t i = 0; i < self->n; i++) {
        NB_TRY(nb_results_metric(self->results, name, values));
        NB_TRY(nb_compare_init(&self->items[i], self->results, name, values, spec));
        name += strlen(name) + 1;
    }
    return NB_OK;
}

int nb_compare_set_init(nb_compare_set_t *self, const nb_results_t *results, const char *metrics,
                        const nb_compare_spec_t *spec)
{
    double *values;
    int code;

    memset(self, 0, sizeof *self);
    self->results = results;
    NB_TRY(nb_compare_names(&self->names, &self->n, results, metrics));
    self->n_differences = metrics ? self->n : 1;
    NB_TRY(nb_alloc(&self->items, self->n, sizeof *self->items));
    NB_TRY(nb_alloc(&values, results->n_cells * results->n_replications, sizeof *values));
    code = compare_metrics(self, spec, values);
    nb_free(values);
    NB_TRY(code);
    NB_TRY(nb_hypotheses_init(&self->hypotheses, nb_results_attribute(results, "hypothesis")));
    return nb_hypotheses_judge(&self->findings, &self->n_findings, &self->hypotheses, results);
}

void nb_compare_set_free(nb_compare_set_t *self)
{
    for (size_t i = 0; self->items && i < self->n; i++) {
        nb_compare_free(&self->items[i]);
    }
    nb_free(self->items);
    nb_free(self->names);
    nb_free(self->findings);
    nb_hypotheses_free(&self->hypotheses);
    memset(self, 0, sizeof *self);
}
