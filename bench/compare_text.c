#include <math.h>
#include <string.h>

#include "bench/compare_set.h"
#include "bench/text_table.h"
#include "bench/tuned.h"

enum { TEXT_SIZE = 160 };

static const char *label_of(const nb_compare_set_t *self, const nb_compare_row_t *row)
{
    return self->results->cell[row->i_cell];
}

static const char *scenario_of(const nb_compare_set_t *self, const nb_compare_row_t *row)
{
    return self->results->scenario[row->i_cell];
}

static int add_means_row(nb_text_table_t *table, const nb_compare_set_t *self, size_t i_row)
{
    const nb_compare_row_t *row = &self->items[0].rows[i_row];
    char text[TEXT_SIZE];

    NB_TRY(nb_text_table_add(table, "%s", label_of(self, row)));
    NB_TRY(nb_text_table_add(table, "%zu/%zu", row->n, self->results->n_replications));
    for (size_t i = 0; i < self->n; i++) {
        const nb_compare_row_t *cell = &self->items[i].rows[i_row];

        nb_text_value(cell->mean, cell->se, text, sizeof text);
        NB_TRY(nb_text_table_add(table, "%s", text));
    }
    return NB_OK;
}

static int print_means(const nb_compare_set_t *self, const char *scenario, int color, FILE *out)
{
    nb_text_table_t table;
    int code;

    nb_text_table_init(&table, 2 + self->n, 1);
    code = nb_text_table_add(&table, "strategy");
    code = code < 0 ? code : nb_text_table_add(&table, "n");
    for (size_t i = 0; i < self->n && code >= 0; i++) {
        code = nb_text_table_add(&table, "%s", self->items[i].metric);
    }
    for (size_t i = 0; i < self->items[0].n_rows && code >= 0; i++) {
        if (strcmp(scenario_of(self, &self->items[0].rows[i]), scenario) == 0) {
            code = add_means_row(&table, self, i);
        }
    }
    if (code >= 0) {
        nb_text_table_print(&table, color, out);
    }
    nb_text_table_free(&table);
    return code;
}

/* difference, interval, p values and verdict: five cells of a table */
static int add_difference(nb_text_table_t *table, const nb_interval_t *difference,
                          double p_adjusted, const char *verdict)
{
    int decimals = nb_text_decimals(difference->mean, difference->se);
    char value[TEXT_SIZE], p[TEXT_SIZE], adjusted[TEXT_SIZE];

    nb_text_real(difference->mean, decimals, value, sizeof value);
    nb_text_p(difference->p, p, sizeof p);
    nb_text_p(p_adjusted, adjusted, sizeof adjusted);
    NB_TRY(nb_text_table_add(table, "%zu", difference->n));
    NB_TRY(nb_text_table_add(table, "%s", value));
    if (isfinite(difference->low)) {
        NB_TRY(nb_text_table_add(table, "%.*f to %.*f", decimals, difference->low, decimals,
                                 difference->high));
    } else {
        NB_TRY(nb_text_table_add(table, "-"));
    }
    NB_TRY(nb_text_table_add(table, "%s", p));
    NB_TRY(nb_text_table_add(table, "%s", adjusted));
    return nb_text_table_add(table, "%s", verdict);
}

static int add_difference_head(nb_text_table_t *table)
{
    static const char *const head[] = {"n", "difference", "95 % interval",
                                       "p", "p (Holm)",   "verdict"};

    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++) {
        NB_TRY(nb_text_table_add(table, "%s", head[i]));
    }
    return NB_OK;
}

static int fill_differences(nb_text_table_t *table, const nb_compare_t *compare,
                            const nb_compare_set_t *self, const char *scenario)
{
    NB_TRY(nb_text_table_add(table, "strategy"));
    NB_TRY(add_difference_head(table));
    for (size_t i = 0; i < compare->n_rows; i++) {
        const nb_compare_row_t *row = &compare->rows[i];

        if (row->is_compared && strcmp(scenario_of(self, row), scenario) == 0) {
            NB_TRY(nb_text_table_add(table, "%s", label_of(self, row)));
            NB_TRY(add_difference(table, &row->difference, row->p_adjusted,
                                  nb_verdict_name(row->verdict, compare->metric)));
        }
    }
    return NB_OK;
}

static int print_differences(const nb_compare_set_t *self, const nb_compare_t *compare,
                             const char *scenario, int color, FILE *out)
{
    nb_text_table_t table;
    int code;

    nb_text_table_init(&table, 7, 1);
    code = fill_differences(&table, compare, self, scenario);
    if (code >= 0 && table.n_cells > table.n_columns) {
        fprintf(out, "\nDifference to %s in %s, paired by replication; equivalent: within %g %%\n",
                compare->baseline, compare->metric, 100 * compare->delta);
        nb_text_table_print(&table, color, out);
    }
    nb_text_table_free(&table);
    return code;
}

/* which world a finding is about: what is swept, where anything is, else the scenario */
static const char *world_of(const nb_compare_set_t *self, const nb_finding_t *finding)
{
    const char *swept = strstr(self->results->cell[finding->cells[0]], " | ");

    if (finding->crosses) {
        return "across worlds";
    }
    return swept ? swept + 3 : self->results->scenario[finding->cells[0]];
}

static int fill_findings(nb_text_table_t *table, const nb_compare_set_t *self)
{
    NB_TRY(nb_text_table_add(table, "id"));
    NB_TRY(nb_text_table_add(table, "claim"));
    NB_TRY(nb_text_table_add(table, "scenario"));
    NB_TRY(add_difference_head(table));
    for (size_t i = 0; i < self->n_findings; i++) {
        const nb_finding_t *finding = &self->findings[i];
        const nb_hypothesis_t *hypothesis = finding->hypothesis;
        char claim[TEXT_SIZE];

        nb_hypothesis_claim(hypothesis, claim, sizeof claim);
        NB_TRY(nb_text_table_add(table, "%s", hypothesis->id));
        NB_TRY(
            nb_text_table_add(table, "%s: %s %s", hypothesis->metric, hypothesis->contrast, claim));
        NB_TRY(nb_text_table_add(table, "%s", world_of(self, finding)));
        NB_TRY(add_difference(table, &finding->difference, finding->p_adjusted,
                              nb_hypothesis_verdict_name(finding->verdict, hypothesis->sign)));
    }
    return NB_OK;
}

static int print_findings(const nb_compare_set_t *self, int color, FILE *out)
{
    nb_text_table_t table;
    int code;

    if (self->n_findings == 0) {
        fputs("\nExploratory: no hypothesis was written down before the run.\n", out);
        return NB_OK;
    }
    nb_text_table_init(&table, 9, 3);
    code = fill_findings(&table, self);
    if (code >= 0) {
        fputs("\nHypotheses written down before the run; all else is exploratory\n", out);
        nb_text_table_print(&table, color, out);
    }
    nb_text_table_free(&table);
    return code;
}

/* what is not in the means, cell by cell */
static void print_gaps(const nb_compare_set_t *self, FILE *out)
{
    for (size_t i = 0; i < self->items[0].n_rows; i++) {
        const nb_compare_row_t *row = &self->items[0].rows[i];

        if (row->n_failed > 0 || row->n_missing > 0) {
            fprintf(out, "%s: of %zu units %zu failed, %zu have not run\n", label_of(self, row),
                    self->results->n_replications, row->n_failed, row->n_missing);
        }
    }
    if (self->results->n_replications < 2) {
        fputs("One replication: no standard error and no interval.\n", out);
    }
}

static int print_scenario(const nb_compare_set_t *self, const char *scenario, int color, FILE *out)
{
    fprintf(out, "\nScenario %s\n", scenario);
    NB_TRY(print_means(self, scenario, color, out));
    for (size_t i = 0; i < self->n_differences; i++) {
        NB_TRY(print_differences(self, &self->items[i], scenario, color, out));
    }
    return NB_OK;
}

/* what the experiment or its scenarios say that every reader must know, a line each */
static void print_note(const nb_compare_set_t *self, FILE *out)
{
    const char *note = nb_results_attribute(self->results, "note");

    if (note) {
        fprintf(out, "\n%s\n", note);
    }
}

/* with which settings the tuned strategies are shown above */
static int print_tuned(const nb_compare_set_t *self, int color, FILE *out)
{
    const char *outcome = nb_results_attribute(self->results, "tuned");

    if (!outcome) {
        return NB_OK;
    }
    fputc('\n', out);
    return nb_tuned_print(outcome, color, out);
}

int nb_compare_text(const nb_compare_set_t *self, int color, FILE *out)
{
    const nb_compare_t *first = &self->items[0];
    const char *name = nb_results_attribute(self->results, "title");
    const char *scenario = "";

    fprintf(out,
            "Experiment %s, %zu replications, online (the cost of learning is included):\n"
            "mean ± standard error over replications\n",
            name ? name : self->results->path, self->results->n_replications);
    for (size_t i = 0; i < first->n_rows; i++) {
        if (strcmp(scenario, scenario_of(self, &first->rows[i])) != 0) {
            scenario = scenario_of(self, &first->rows[i]);
            NB_TRY(print_scenario(self, scenario, color, out));
        }
    }
    NB_TRY(print_findings(self, color, out));
    NB_TRY(print_tuned(self, color, out));
    print_gaps(self, out);
    print_note(self, out);
    return NB_OK;
}
