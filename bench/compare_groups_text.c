#include <math.h>
#include <string.h>

#include "bench/compare_groups.h"
#include "bench/text_table.h"

enum { TEXT_SIZE = 160 };

static const char *scenario_of(const nb_compare_groups_t *self, size_t i_row)
{
    return self->results->scenario[self->items[0].compare.rows[i_row].i_cell];
}

/* difference, interval, p, adjusted p, verdict: five cells, empty for the baseline itself */
static int add_difference(nb_text_table_t *table, const nb_compare_t *compare,
                          const nb_compare_row_t *row)
{
    const nb_interval_t *difference = &row->difference;
    int decimals = nb_text_decimals(difference->mean, difference->se);
    char value[TEXT_SIZE], interval[TEXT_SIZE] = "-", p[TEXT_SIZE], adjusted[TEXT_SIZE];

    if (!row->is_compared) {
        for (int i = 0; i < 4; i++) {
            NB_TRY(nb_text_table_add(table, "%s", ""));
        }
        return nb_text_table_add(table, "%s", "baseline");
    }
    nb_text_real(difference->mean, decimals, value, sizeof value);
    nb_text_p(difference->p, p, sizeof p);
    nb_text_p(row->p_adjusted, adjusted, sizeof adjusted);
    if (isfinite(difference->low)) {
        snprintf(interval, sizeof interval, "%.*f to %.*f", decimals, difference->low, decimals,
                 difference->high);
    }
    NB_TRY(nb_text_table_add(table, "%s", value));
    NB_TRY(nb_text_table_add(table, "%s", interval));
    NB_TRY(nb_text_table_add(table, "%s", p));
    NB_TRY(nb_text_table_add(table, "%s", adjusted));
    return nb_text_table_add(table, "%s", nb_verdict_name(row->verdict, compare->metric));
}

static int add_row(nb_text_table_t *table, const nb_compare_groups_t *self,
                   const nb_compare_group_t *item, size_t i_row)
{
    const nb_compare_row_t *row = &item->compare.rows[i_row];
    char value[TEXT_SIZE];

    nb_text_value(row->mean, row->se, value, sizeof value);
    NB_TRY(nb_text_table_add(table, "%s", self->results->cell[row->i_cell]));
    NB_TRY(nb_text_table_add(table, "%zu", item->group));
    NB_TRY(nb_text_table_add(table, "%zu/%zu", row->n, self->results->n_replications));
    NB_TRY(nb_text_table_add(table, "%s", value));
    return add_difference(table, &item->compare, row);
}

/* every strategy of a scenario with its groups, by the metric whose items are [first, end) */
static int fill(nb_text_table_t *table, const nb_compare_groups_t *self, const char *scenario,
                size_t first, size_t end)
{
    const char *const head[] = {
        "strategy",   self->axis,      "n", self->items[first].compare.metric,
        "difference", "95 % interval", "p", "p (Holm)",
        "verdict"};

    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++) {
        NB_TRY(nb_text_table_add(table, "%s", head[i]));
    }
    for (size_t row = 0; row < self->items[0].compare.n_rows; row++) {
        for (size_t i = first; i < end && strcmp(scenario_of(self, row), scenario) == 0; i++) {
            NB_TRY(add_row(table, self, &self->items[i], row));
        }
    }
    return NB_OK;
}

static int print_metric(const nb_compare_groups_t *self, const char *scenario, size_t first,
                        size_t end, int color, FILE *out)
{
    nb_text_table_t table;
    int code;

    nb_text_table_init(&table, 9, 1);
    code = fill(&table, self, scenario, first, end);
    if (code >= 0) {
        fputc('\n', out);
        nb_text_table_print(&table, color, out);
    }
    nb_text_table_free(&table);
    return code;
}

static int print_scenario(const nb_compare_groups_t *self, const char *scenario, int color,
                          FILE *out)
{
    size_t end;

    fprintf(out, "\nScenario %s\n", scenario);
    for (size_t first = 0; first < self->n; first = end) {
        for (end = first + 1; end < self->n && self->items[end].group > 0;) {
            end++;
        }
        NB_TRY(print_metric(self, scenario, first, end, color, out));
    }
    return NB_OK;
}

int nb_compare_groups_text(const nb_compare_groups_t *self, int color, FILE *out)
{
    const nb_compare_t *first = &self->items[0].compare;
    const char *scenario = "";

    fprintf(out,
            "By %s: mean ± standard error over replications, difference to %s paired by "
            "replication;\nexploratory, p adjusted within a %s and scenario\n",
            self->axis, first->baseline, self->axis);
    for (size_t i = 0; i < first->n_rows; i++) {
        if (strcmp(scenario, scenario_of(self, i)) != 0) {
            scenario = scenario_of(self, i);
            NB_TRY(print_scenario(self, scenario, color, out));
        }
    }
    return NB_OK;
}
