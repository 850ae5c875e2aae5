#include <math.h>

#include "bench/compare_groups.h"
#include "bench/compare_set.h"
#include "core/settings.h"

/* a CSV field: quoted where it must be (RFC 4180) */
static void print_field(const char *text, FILE *out)
{
    int quote = 0;

    for (const char *c = text; *c; c++) {
        quote |= *c == ',' || *c == '"' || *c == '\n';
    }
    if (quote) {
        fputc('"', out);
    }
    for (const char *c = text; *c; c++) {
        if (*c == '"') {
            fputc('"', out);
        }
        fputc(*c, out);
    }
    fputs(quote ? "\"," : ",", out);
}

static void print_number(double value, const char *end, FILE *out)
{
    if (isfinite(value)) {
        fprintf(out, "%.17g", value);
    }
    fputs(end, out);
}

/* `group` is the number of a segment or cohort, negative where there is none */
static void print_csv_row(const nb_compare_t *compare, const nb_compare_row_t *row, long group,
                          FILE *out)
{
    const nb_results_t *results = compare->results;
    const nb_interval_t *difference = &row->difference;

    print_field(compare->metric, out);
    print_field(results->scenario[row->i_cell], out);
    print_field(results->strategy[row->i_cell], out);
    print_field(results->cell[row->i_cell], out);
    if (group >= 0) {
        fprintf(out, "%ld,", group);
    }
    fprintf(out, "%zu,%zu,%zu,", row->n, row->n_failed, row->n_missing);
    print_number(row->mean, ",", out);
    print_number(row->sd, ",", out);
    print_number(row->se, ",", out);
    if (!row->is_compared) {
        fputs(",,,,,,,\n", out);
        return;
    }
    print_field(results->cell[row->i_baseline], out);
    fprintf(out, "%zu,", difference->n);
    print_number(difference->mean, ",", out);
    print_number(difference->low, ",", out);
    print_number(difference->high, ",", out);
    print_number(difference->p, ",", out);
    print_number(row->p_adjusted, ",", out);
    fprintf(out, "%s\n", nb_verdict_name(row->verdict, compare->metric));
}

void nb_compare_csv(const nb_compare_set_t *self, FILE *out)
{
    fputs("metric,scenario,strategy,cell,n,failed,missing,mean,sd,se,baseline,n_pairs,difference,"
          "low,high,p,p_adjusted,verdict\n",
          out);
    for (size_t i = 0; i < self->n; i++) {
        for (size_t j = 0; j < self->items[i].n_rows; j++) {
            print_csv_row(&self->items[i], &self->items[i].rows[j], -1, out);
        }
    }
}

void nb_compare_groups_csv(const nb_compare_groups_t *self, FILE *out)
{
    fprintf(out,
            "metric,scenario,strategy,cell,%s,n,failed,missing,mean,sd,se,baseline,n_pairs,"
            "difference,low,high,p,p_adjusted,verdict\n",
            self->axis);
    for (size_t i = 0; i < self->n; i++) {
        const nb_compare_t *compare = &self->items[i].compare;

        for (size_t j = 0; j < compare->n_rows; j++) {
            print_csv_row(compare, &compare->rows[j], (long)self->items[i].group, out);
        }
    }
}

static void print_text_key(const char *key, const char *text, FILE *out)
{
    fprintf(out, "\"%s\": ", key);
    nb_json_string(text, out);
    fputs(", ", out);
}

static void print_real_key(const char *key, double value, FILE *out)
{
    fprintf(out, "\"%s\": ", key);
    nb_json_real(value, out);
    fputs(", ", out);
}

static void print_interval_keys(const nb_interval_t *difference, double p_adjusted, FILE *out)
{
    fprintf(out, "\"n\": %zu, ", difference->n);
    print_real_key("mean", difference->mean, out);
    print_real_key("low", difference->low, out);
    print_real_key("high", difference->high, out);
    print_real_key("p", difference->p, out);
    print_real_key("p_adjusted", p_adjusted, out);
}

static void print_strategy(const nb_compare_t *compare, const nb_compare_row_t *row, FILE *out)
{
    const nb_results_t *results = compare->results;

    fputc('{', out);
    print_text_key("scenario", results->scenario[row->i_cell], out);
    print_text_key("strategy", results->strategy[row->i_cell], out);
    print_text_key("cell", results->cell[row->i_cell], out);
    fprintf(out, "\"n\": %zu, ", row->n);
    print_real_key("mean", row->mean, out);
    print_real_key("se", row->se, out);
    print_real_key("sd", row->sd, out);
    fprintf(out, "\"failed\": %zu, \"missing\": %zu}", row->n_failed, row->n_missing);
}

static void print_difference(const nb_compare_t *compare, const nb_compare_row_t *row, FILE *out)
{
    const nb_results_t *results = compare->results;

    fputc('{', out);
    print_text_key("scenario", results->scenario[row->i_cell], out);
    print_text_key("strategy", results->strategy[row->i_cell], out);
    print_text_key("cell", results->cell[row->i_cell], out);
    print_text_key("baseline", results->strategy[row->i_baseline], out);
    print_interval_keys(&row->difference, row->p_adjusted, out);
    fputs("\"verdict\": ", out);
    nb_json_string(nb_verdict_name(row->verdict, compare->metric), out);
    fputc('}', out);
}

/* the keys of one metric, without the braces around them */
static void print_metric(const nb_compare_t *compare, FILE *out)
{
    const char *comma = "";

    print_text_key("metric", compare->metric, out);
    print_text_key("baseline", compare->baseline, out);
    print_real_key("delta", compare->delta, out);
    fputs("\n \"strategies\": [", out);
    for (size_t i = 0; i < compare->n_rows; i++, comma = ",") {
        fprintf(out, "%s\n  ", comma);
        print_strategy(compare, &compare->rows[i], out);
    }
    fputs("],\n \"differences\": [", out);
    comma = "";
    for (size_t i = 0; i < compare->n_rows; i++) {
        if (compare->rows[i].is_compared) {
            fprintf(out, "%s\n  ", comma);
            print_difference(compare, &compare->rows[i], out);
            comma = ",";
        }
    }
    fputc(']', out);
}

static void print_finding(const nb_compare_set_t *self, const nb_finding_t *finding, FILE *out)
{
    const nb_hypothesis_t *hypothesis = finding->hypothesis;
    const nb_contrast_t *terms = &hypothesis->terms;
    size_t i_second = nb_contrast_second(terms);
    char **cell = self->results->cell;

    fputc('{', out);
    print_text_key("id", hypothesis->id, out);
    print_text_key("contrast", hypothesis->contrast, out);
    print_text_key("metric", hypothesis->metric, out);
    print_text_key("sign", hypothesis->sign > 0 ? "+" : hypothesis->sign < 0 ? "-" : "=", out);
    print_text_key("family", hypothesis->family, out);
    print_text_key("scenario", self->results->scenario[finding->cells[0]], out);
    print_text_key("first", cell[finding->cells[0]], out);
    print_text_key("second", i_second < terms->n ? cell[finding->cells[i_second]] : "", out);
    fputs("\"terms\": [", out);
    for (size_t i = 0; i < terms->n; i++) {
        fprintf(out, "%s{\"sign\": \"%c\", \"cell\": ", i ? ", " : "",
                terms->terms[i].sign > 0 ? '+' : '-');
        nb_json_string(cell[finding->cells[i]], out);
        fputc('}', out);
    }
    fputs("], ", out);
    print_real_key("value", hypothesis->value, out);
    print_real_key("delta", hypothesis->delta, out);
    print_real_key("within", hypothesis->sign ? NAN : hypothesis->within, out);
    print_interval_keys(&finding->difference, finding->p_adjusted, out);
    fputs("\"verdict\": ", out);
    nb_json_string(nb_hypothesis_verdict_name(finding->verdict, hypothesis->sign), out);
    fputc('}', out);
}

void nb_compare_json(const nb_compare_set_t *self, FILE *out)
{
    const char *note = nb_results_attribute(self->results, "note");
    const char *tuned = nb_results_attribute(self->results, "tuned");

    fputc('{', out);
    print_metric(&self->items[0], out);
    if (note) {
        fputs(",\n \"note\": ", out);
        nb_json_string(note, out);
    }
    if (tuned) {
        fprintf(out, ",\n \"tuned\": %s", tuned);
    }
    fprintf(out, ",\n \"exploratory\": %s,\n \"hypotheses\": [",
            self->n_findings == 0 ? "true" : "false");
    for (size_t i = 0; i < self->n_findings; i++) {
        fputs(i ? ",\n  " : "\n  ", out);
        print_finding(self, &self->findings[i], out);
    }
    fputs("],\n \"more\": [", out);
    for (size_t i = 1; i < self->n; i++) {
        fputs(i > 1 ? ",\n {" : "\n {", out);
        print_metric(&self->items[i], out);
        fputc('}', out);
    }
    fputs("]}\n", out);
}

void nb_compare_groups_json(const nb_compare_groups_t *self, FILE *out)
{
    fprintf(out, "{\"by\": \"%s\", \"groups\": [", self->axis);
    for (size_t i = 0; i < self->n; i++) {
        fprintf(out, "%s\n {\"%s\": %zu, ", i ? "," : "", self->axis, self->items[i].group);
        print_metric(&self->items[i].compare, out);
        fputc('}', out);
    }
    fputs("]}\n", out);
}
