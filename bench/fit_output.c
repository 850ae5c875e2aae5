#define _POSIX_C_SOURCE 200809L

#include "bench/fit_output.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/calendar.h"
#include "core/memory.h"
#include "core/settings.h"

static const char *const bgnbd_names[] = {"r", "alpha", "a", "b"};
static const char *const spend_names[] = {"p", "q", "v"};

static void bgnbd_values(const nb_bgnbd_t *model, double out[NB_BGNBD_PARAMETERS])
{
    out[0] = model->r;
    out[1] = model->alpha;
    out[2] = model->a;
    out[3] = model->b;
}

static void spend_values(const nb_gammagamma_t *model, double out[NB_GAMMAGAMMA_PARAMETERS])
{
    out[0] = model->p;
    out[1] = model->q;
    out[2] = model->v;
}

static const char *unit_name(const nb_purchase_log_t *log)
{
    return log->unit_days > 1 ? "week" : "day";
}

static size_t count_repeaters(const nb_purchase_log_t *log)
{
    size_t count = 0;

    for (size_t i = 0; i < log->n; i++) {
        count += log->buyers[i].history.x > 0;
    }
    return count;
}

static void print_parameters(const char *const *names, const double *values, const double *errors,
                             int n, FILE *out)
{
    for (int i = 0; i < n; i++) {
        fprintf(out, "  %-6s %11.5g", names[i], values[i]);
        if (isfinite(errors[i])) {
            fprintf(out, "   standard error %.4g", errors[i]);
        }
        fputc('\n', out);
    }
}

static void print_dates(const nb_purchase_log_t *log, FILE *out)
{
    char first[NB_DATE_SIZE], end[NB_DATE_SIZE];

    if (log->has_dates) {
        nb_date_write(log->first_day, first);
        nb_date_write(log->calibration_day, end);
        fprintf(out, ", %s to %s", first, end);
    }
}

static void print_holdout(const nb_fit_t *self, const nb_purchase_log_t *log, FILE *out)
{
    fprintf(out,
            "Holdout of %g %ss: %.0f purchases, %.1f expected\n"
            "  frequency  customers   mean actual   mean expected\n",
            self->horizon, unit_name(log), self->actual, self->expected);
    for (int i = 0; i < NB_FIT_BINS; i++) {
        const nb_fit_bin_t *bin = &self->bins[i];
        double n = (double)bin->customers;

        if (bin->customers) {
            fprintf(out, "  %8d%s  %9zu  %12.4f  %14.4f\n", i, i == NB_FIT_BINS - 1 ? "+" : " ",
                    bin->customers, bin->actual / n, bin->expected / n);
        }
    }
}

void nb_fit_print_text(const nb_fit_t *self, const nb_purchase_log_t *log, FILE *out)
{
    double values[NB_BGNBD_PARAMETERS];

    bgnbd_values(&self->bgnbd, values);
    fprintf(out, "BG/NBD, %zu customers, %zu with repeat purchases", log->n, count_repeaters(log));
    print_dates(log, out);
    fprintf(out, ", time in %ss\n", unit_name(log));
    print_parameters(bgnbd_names, values, self->bgnbd_error, NB_BGNBD_PARAMETERS, out);
    fprintf(out, "  log-likelihood %.4f, %s\n", self->log_likelihood,
            self->converged ? "converged" : "NOT CONVERGED");
    if (self->has_spend) {
        spend_values(&self->spend, values);
        fprintf(out, "Gamma-Gamma, %zu customers with repeat spend, mean of a purchase %.2f\n",
                self->n_spenders, self->mean_spend);
        print_parameters(spend_names, values, self->spend_error, NB_GAMMAGAMMA_PARAMETERS, out);
        fprintf(out, "  log-likelihood %.4f, %s\n", self->spend_log_likelihood,
                self->spend_converged ? "converged" : "NOT CONVERGED");
    }
    if (self->has_holdout) {
        print_holdout(self, log, out);
    }
}

static void print_named(const char *key, const char *const *names, const double *values, int n,
                        FILE *out)
{
    fprintf(out, "\"%s\": {", key);
    for (int i = 0; i < n; i++) {
        fprintf(out, "%s\"%s\": ", i ? ", " : "", names[i]);
        nb_json_real(values[i], out);
    }
    fputc('}', out);
}

static void print_real(const char *key, double value, FILE *out)
{
    fprintf(out, ", \"%s\": ", key);
    nb_json_real(value, out);
}

static void print_spend_json(const nb_fit_t *self, FILE *out)
{
    double values[NB_GAMMAGAMMA_PARAMETERS];

    if (!self->has_spend) {
        fputs("null", out);
        return;
    }
    spend_values(&self->spend, values);
    fputc('{', out);
    print_named("parameters", spend_names, values, NB_GAMMAGAMMA_PARAMETERS, out);
    fputs(",\n           ", out);
    print_named("standard_errors", spend_names, self->spend_error, NB_GAMMAGAMMA_PARAMETERS, out);
    print_real("log_likelihood", self->spend_log_likelihood, out);
    fprintf(out, ", \"converged\": %s, \"customers\": %zu",
            self->spend_converged ? "true" : "false", self->n_spenders);
    print_real("mean", self->mean_spend, out);
    fputc('}', out);
}

static void print_holdout_json(const nb_fit_t *self, FILE *out)
{
    if (!self->has_holdout) {
        fputs("null", out);
        return;
    }
    fputs("{\"length\": ", out);
    nb_json_real(self->horizon, out);
    print_real("actual", self->actual, out);
    print_real("expected", self->expected, out);
    fputs(",\n  \"by_frequency\": [", out);
    for (int i = 0; i < NB_FIT_BINS; i++) {
        const nb_fit_bin_t *bin = &self->bins[i];

        fprintf(out, "%s{\"frequency\": %d, \"or_more\": %s, \"customers\": %zu", i ? ",\n   " : "",
                i, i == NB_FIT_BINS - 1 ? "true" : "false", bin->customers);
        print_real("actual", bin->actual / (double)bin->customers, out);
        print_real("expected", bin->expected / (double)bin->customers, out);
        fputc('}', out);
    }
    fputs("]}", out);
}

void nb_fit_print_json(const nb_fit_t *self, const nb_purchase_log_t *log, FILE *out)
{
    double values[NB_BGNBD_PARAMETERS];

    bgnbd_values(&self->bgnbd, values);
    fprintf(out, "{\"model\": \"bgnbd\", \"customers\": %zu, \"repeaters\": %zu, \"unit\": \"%s\"",
            log->n, count_repeaters(log), unit_name(log));
    fputs(",\n ", out);
    print_named("parameters", bgnbd_names, values, NB_BGNBD_PARAMETERS, out);
    fputs(",\n ", out);
    print_named("standard_errors", bgnbd_names, self->bgnbd_error, NB_BGNBD_PARAMETERS, out);
    print_real("log_likelihood", self->log_likelihood, out);
    fprintf(out, ", \"converged\": %s,\n \"spend\": ", self->converged ? "true" : "false");
    print_spend_json(self, out);
    fputs(",\n \"holdout\": ", out);
    print_holdout_json(self, out);
    fputs("}\n", out);
}

/* an id as a cell: in quotes where it would break the line */
static void print_cell(const char *text, FILE *out)
{
    if (!strpbrk(text, ",\"")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

static int is_alike(const nb_buyer_t *one, const nb_buyer_t *other)
{
    return one->history.x == other->history.x && one->history.t_x == other->history.t_x &&
           one->history.T == other->history.T && one->spend == other->spend;
}

void nb_fit_print_customers(const nb_fit_t *self, const nb_purchase_log_t *log, double rate,
                            double margin, FILE *out)
{
    nb_outlook_t outlook = {0};

    fputs("id,x,t_x,T,p_alive,expected,dert,spend,clv\n", out);
    for (size_t i = 0; i < log->n; i++) {
        const nb_buyer_t *buyer = &log->buyers[i];
        const nb_history_t *history = &buyer->history;

        /* neighbors who bought once, on the same day, share their outlook */
        if (i == 0 || !is_alike(buyer, buyer - 1)) {
            outlook = nb_fit_outlook(self, buyer, rate, margin);
        }
        print_cell(buyer->id, out);
        fprintf(out, ",%.0f,%.10g,%.10g,%.10g,%.10g,%.10g", history->x, history->t_x, history->T,
                outlook.p_alive, outlook.expected, outlook.residual);
        if (self->has_spend) {
            fprintf(out, ",%.10g,%.10g\n", outlook.spend, outlook.value);
        } else {
            fputs(",,\n", out);
        }
    }
}

/* where bytes for `path` go first: beside it, or, where a device, pipe or link is in its place,
 * into that, since a rename would replace it */
static int choose_part(char **part, const char *path)
{
    struct stat status;
    size_t length = strlen(path) + sizeof ".part";

    if (lstat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        if (S_ISDIR(status.st_mode)) {
            NB_FAIL(NB_ERR_FORMAT, "%s: is a folder, expected a file to write", path);
        }
        return nb_strdup(part, path);
    }
    NB_TRY(nb_alloc(part, length, 1));
    snprintf(*part, length, "%s.part", path);
    return NB_OK;
}

int nb_fit_write_file(const char *path, int (*write)(void *data, FILE *out), void *data)
{
    char *part = NULL;
    FILE *out;
    int code, is_bad, is_direct;

    NB_TRY(choose_part(&part, path));
    is_direct = strcmp(part, path) == 0;
    out = fopen(part, "w");
    if (!out) {
        code = nb_error_set(NB_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
        goto out;
    }
    code = write(data, out);
    is_bad = ferror(out);
    is_bad |= fclose(out) != 0;
    if (code == NB_OK && (is_bad || (!is_direct && rename(part, path) != 0))) {
        code = nb_error_set(NB_ERR_IO, "%s: writing failed: %s", path, strerror(errno));
    }
    if (code < 0 && !is_direct) {
        remove(part);
    }
out:
    nb_free(part);
    return code;
}
