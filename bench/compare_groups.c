#include "bench/compare_groups.h"

#include <string.h>

#include "bench/compare_set.h"
#include "core/memory.h"

/* group g of all values [E x R x n] into out [E x R] */
static void take_group(const nb_results_t *results, const double *all, size_t n, size_t g,
                       double *out)
{
    for (size_t i = 0; i < results->n_cells * results->n_replications; i++) {
        out[i] = all[i * n + g];
    }
}

static int compare_all(nb_compare_groups_t *self, const char *metric, const double *all, size_t n,
                       const nb_compare_spec_t *spec)
{
    const nb_results_t *results = self->results;
    double *values;
    int code;

    NB_TRY(nb_alloc(&values, results->n_cells * results->n_replications, sizeof *values));
    code = nb_grow(&self->items, self->n, self->n + n, sizeof *self->items);
    for (size_t g = 0; g < n && code >= 0; g++) {
        nb_compare_group_t *item = &self->items[self->n++];

        item->group = g;
        take_group(results, all, n, g, values);
        code = nb_compare_init(&item->compare, results, metric, values, spec);
    }
    nb_free(values);
    return code;
}

static int compare_names(nb_compare_groups_t *self, const char *metrics,
                         const nb_compare_spec_t *spec)
{
    const char *name;
    size_t n_metrics;

    NB_TRY(nb_compare_names(&self->names, &n_metrics, self->results, metrics));
    name = self->names;
    for (size_t i = 0; i < n_metrics; i++, name += strlen(name) + 1) {
        double *all = NULL;
        size_t n = 0;
        int code = nb_results_groups(self->results, name, self->axis, &n, &all);

        /* unasked, what is not split is left out */
        if (code == NB_ERR_NOT_FOUND && !metrics) {
            nb_error_clear();
            continue;
        }
        code = code < 0 ? code : compare_all(self, name, all, n, spec);
        nb_free(all);
        NB_TRY(code);
    }
    return NB_OK;
}

int nb_compare_groups_init(nb_compare_groups_t *self, const nb_results_t *results, const char *axis,
                           const char *metrics, const nb_compare_spec_t *spec)
{
    memset(self, 0, sizeof *self);
    self->results = results;
    self->axis = axis;
    NB_TRY(compare_names(self, metrics, spec));
    if (self->n == 0 && !metrics) {
        /* what an experiment is about may be known of the whole only; what a customer is worth is
         * split wherever something is */
        nb_free(self->names);
        self->names = NULL;
        NB_TRY(compare_names(self, "clv", spec));
    }
    return NB_OK;
}

void nb_compare_groups_free(nb_compare_groups_t *self)
{
    for (size_t i = 0; i < self->n; i++) {
        nb_compare_free(&self->items[i].compare);
    }
    nb_free(self->items);
    nb_free(self->names);
    memset(self, 0, sizeof *self);
}
