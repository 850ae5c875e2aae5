#define _POSIX_C_SOURCE 200809L
#include "bench/fit_scenario.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/calendar.h"
#include "core/config.h"
#include "core/settings.h"
#include "sim/journey_settings.h"

enum { NAME_SIZE = 64, DAYS_A_WEEK = 7 };

/* file name without folder and ending */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* "CDNOW_sample.txt" -> "cdnow_sample": what a scenario may be called */
static void scenario_name(const char *path, char out[NAME_SIZE])
{
    const char *base = base_name(path);
    size_t n = strcspn(base, ".");

    n = n < NAME_SIZE - 1 ? n : NAME_SIZE - 1;
    for (size_t i = 0; i < n; i++) {
        out[i] = isalnum((unsigned char)base[i]) ? (char)tolower((unsigned char)base[i]) : '_';
    }
    snprintf(out + n, NAME_SIZE - n, "%s", n ? "" : "fitted");
}

/* days from the first purchase to the end of the log; twice the calibration where nothing follows
 */
static long span_days(const nb_purchase_log_t *log)
{
    double oldest = 0;

    if (log->has_holdout) {
        return log->last_day - log->calibration_day +
               (log->calibration_day - log->first_day + DAYS_A_WEEK) / DAYS_A_WEEK * DAYS_A_WEEK;
    }
    for (size_t i = 0; i < log->n; i++) {
        oldest = fmax(oldest, log->buyers[i].history.T);
    }
    return 2 * lround(ceil(oldest * log->unit_days / DAYS_A_WEEK)) * DAYS_A_WEEK;
}

/* a number of the fit with its standard error, for the head */
static void comment_number(const char *name, double value, double error, FILE *out)
{
    fprintf(out, " %s %.6g", name, value);
    if (isfinite(error)) {
        fprintf(out, " (%.3g)", error);
    }
}

/* provenance: log, dates, parameters in the log's unit with standard errors */
static void write_head(const nb_fit_scenario_t *self, const nb_pilot_t *pilot, FILE *out)
{
    const nb_fit_t *fit = self->fit;
    const nb_purchase_log_t *log = self->log;
    char first[NB_DATE_SIZE], end[NB_DATE_SIZE];

    fprintf(out, "# Fitted by nextbest to %s: %zu customers", base_name(log->table.name), log->n);
    if (log->has_dates) {
        nb_date_write(log->first_day, first);
        nb_date_write(log->calibration_day, end);
        fprintf(out, ", %s to %s", first, end);
    }
    fprintf(out, ".\n# BG/NBD, time in %ss, standard errors in brackets:",
            log->unit_days > 1 ? "week" : "day");
    comment_number("r", fit->bgnbd.r, fit->bgnbd_error[0], out);
    comment_number("alpha", fit->bgnbd.alpha, fit->bgnbd_error[1], out);
    comment_number("a", fit->bgnbd.a, fit->bgnbd_error[2], out);
    comment_number("b", fit->bgnbd.b, fit->bgnbd_error[3], out);
    fprintf(out, "; log-likelihood %.6f.\n", fit->log_likelihood);
    if (fit->has_spend) {
        fputs("# Gamma-Gamma:", out);
        comment_number("p", fit->spend.p, fit->spend_error[0], out);
        comment_number("q", fit->spend.q, fit->spend_error[1], out);
        comment_number("v", fit->spend.v, fit->spend_error[2], out);
        fprintf(out, "; log-likelihood %.6f.\n", fit->spend_log_likelihood);
    } else {
        fprintf(out, "# No spend was fitted: %s. Prices are the journey's defaults.\n",
                fit->why_no_spend);
    }
    if (self->pilot.status_quo) {
        fprintf(
            out,
            "# Journey on: rates are divided by each customer's conversion under the strategy %s, "
            "and\n# certainty learns nothing from purchases, which a fitted rate contains. With "
            "the "
            "scale of needs\n# and the shift of churn below it comes to %.4f repeat purchases per "
            "customer in 39 weeks and\n# %.4f in 78; the transparent journey, which is the fitted "
            "model, has %.4f and %.4f\n# (pilot runs of %zu customers).\n",
            self->pilot.status_quo, pilot->reached[0], pilot->reached[1], pilot->target[0],
            pilot->target[1], self->pilot.n_customers * (size_t)self->pilot.n_replications);
    }
}

/* transparent: every need becomes a purchase at one price, so that the fitted model comes out;
 * else the journey's own choice and prices, with needs and churn as the pilot runs found */
static void write_settings(const nb_fit_scenario_t *self, const nb_pilot_t *pilot, FILE *out)
{
    const nb_fit_t *fit = self->fit;
    double alpha_weeks = fit->bgnbd.alpha * self->log->unit_days / DAYS_A_WEEK;

    fprintf(out, "customers: %zu\nperiods: %ld\nperiod_weeks: %.17g\n", self->log->n,
            span_days(self->log), 1.0 / DAYS_A_WEEK);
    fprintf(out, "journey: %s\ndiscount: {annual: %.17g}\n",
            self->pilot.status_quo ? "full" : "transparent", self->discount);
    fprintf(out, "need: {queue: true, shape: %.17g, rate: %.17g, scale: %.6g, conversion: %s}\n",
            fit->bgnbd.r, alpha_weeks, pilot->need_scale,
            self->pilot.status_quo ? self->pilot.status_quo : "none");
    fprintf(out, "churn: {family: beta, a: %.17g, b: %.17g, weekly: 0, shift: %.6g}\n",
            fit->bgnbd.a, fit->bgnbd.b, pilot->churn_shift);
    /* nobody comes who is not in the log */
    fputs("births: {organic: 0}\nreferral: {base: 0, satisfaction: 0, paid: 0}\n", out);
    if (self->pilot.status_quo) {
        fputs("certainty: {learning: 0}\n", out);
    } else {
        fputs("catalogue: {price_sd: 0, price_quality: 0}\n", out);
    }
    if (fit->has_spend) {
        fprintf(out, "money: {price: %.17g}\nspend: {p: %.17g, q: %.17g}\n", fit->mean_spend,
                fit->spend.p, fit->spend.q);
    }
    fprintf(out, "p_alive: {r: %.17g, alpha: %.17g, a: %.17g, b: %.17g}\n", fit->bgnbd.r,
            alpha_weeks, fit->bgnbd.a, fit->bgnbd.b);
}

static void write_text(const nb_fit_scenario_t *self, const nb_pilot_t *pilot, FILE *out)
{
    char name[NAME_SIZE];

    scenario_name(self->log->table.name, name);
    write_head(self, pilot, out);
    fprintf(out, "name: %s\nsummary: ", name);
    fputs("fitted to a purchase log by BG/NBD and Gamma-Gamma; response not identified from this "
          "log\nnote: \"The response to actions is not identified from the purchase log that this "
          "world was fitted to: it is assumed.\"\n",
          out);
    write_settings(self, pilot, out);
}

/* the text as the journey will read it */
static int read_settings(const char *text, size_t length, nb_journey_settings_t *out)
{
    static const char *const own[] = {"name", "summary", "customers", "periods", "note"};
    nb_config_t config;
    int code = nb_config_init(&config);

    if (code == NB_OK) {
        code = nb_config_parse(&config, "fitted scenario", text, length);
    }
    if (code == NB_OK) {
        code = nb_settings_load(nb_journey_settings, config.root, own, sizeof own / sizeof own[0],
                                out);
    }
    nb_config_free(&config);
    return code;
}

/* the scenario as text (free it) and as settings */
static int compose(const nb_fit_scenario_t *self, const nb_pilot_t *pilot, char **text,
                   nb_journey_settings_t *settings)
{
    size_t length = 0;
    FILE *memory = open_memstream(text, &length);

    if (!memory) {
        NB_FAIL(NB_ERR_MEMORY, "out of memory for a scenario: %s", strerror(errno));
    }
    write_text(self, pilot, memory);
    if (fclose(memory) != 0) {
        NB_FAIL(NB_ERR_MEMORY, "out of memory for a scenario");
    }
    return read_settings(*text, length, settings);
}

int nb_fit_scenario_write(const nb_fit_scenario_t *self, FILE *out)
{
    nb_pilot_t pilot = {.need_scale = 1};
    nb_journey_settings_t settings;
    char *text = NULL;
    int code;

    if (!self->fit->converged) {
        NB_FAIL(NB_ERR_UNSUPPORTED,
                "%s: the fit did not converge, so no scenario is written: the log says too little "
                "about how customers differ",
                self->log->table.name);
    }
    code = compose(self, &pilot, &text, &settings);
    if (code == NB_OK && self->pilot.status_quo) {
        code = nb_pilot_calibrate(&settings, &self->pilot, &pilot);
        free(text);
        text = NULL;
        code = code == NB_OK ? compose(self, &pilot, &text, &settings) : code;
    }
    if (code == NB_OK) {
        fputs(text, out);
    }
    free(text);
    return code;
}
