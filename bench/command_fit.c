#define _POSIX_C_SOURCE 200809L

#include "bench/command_fit.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/fit_output.h"
#include "bench/fit_scenario.h"
#include "core/parallel.h"

enum {
    OPT_MODEL = 1000,
    OPT_CUSTOMERS,
    OPT_COLUMNS,
    OPT_DATE_FORMAT,
    OPT_CALIBRATION_END,
    OPT_UNIT,
    OPT_RFM,
    OPT_FORMAT,
    OPT_DISCOUNT,
    OPT_MARGIN,
    OPT_JOURNEY,
    OPT_STATUS_QUO,
    OPT_PILOT,
};

typedef struct {
    const char *path;
    const char *scenario, *customers; /* files to write, or NULL */
    nb_purchase_options_t log;
    int as_json;
    double discount, margin;
    int is_full, has_journey;
    const char *status_quo; /* NULL until said */
    double pilot_customers;
} arguments_t;

enum { PILOT_CUSTOMERS = 80000, PILOT_REPLICATIONS = 8 };

static const char doc[] =
    "Fit how often customers buy, when they leave and what they spend (BG/NBD and Gamma-Gamma, by "
    "maximum likelihood) to a purchase log.\v"
    "LOG is delimited text, one row per purchase; delimiter, header, columns and date format are "
    "guessed where they are not said, and the guesses are printed on standard error. Purchases of "
    "a customer on one day count as one; rows may come in any order. Where the log goes on after "
    "--calibration-end the rest is a holdout that the fit is compared with.\n\n"
    "The file of --per-customer has the columns id, x (repeat purchases), t_x (time of the last), "
    "T (age), p_alive, expected (purchases in the holdout's length, or in 52 weeks without one), "
    "dert (all purchases to come, discounted), spend (expected of a purchase) and clv (dert x "
    "spend x margin). Times are in --unit. The scenario of -o is for the customer journey: the "
    "response to actions is not identified from a log.\n\n"
    "Examples:\n"
    "  nextbest fit purchases.csv --model bgnbd\n"
    "  nextbest fit CDNOW_sample.txt --model bgnbd --columns customer=1,date=3,spend=5 "
    "--date-format %Y%m%d --calibration-end 1997-09-30 -o cdnow.yaml\n"
    "  nextbest fit purchases.csv -o world.yaml --journey full --status-quo monthly\n"
    "  nextbest fit summary.csv --rfm --per-customer outlook.csv --margin 0.3";

static const struct argp_option options[] = {
    {"model", OPT_MODEL, "bgnbd", 0, "Model of purchases (bgnbd, the only one so far)", 0},
    {"output", 'o', "SCENARIO.yaml", 0, "Write a scenario to run policies on", 0},
    {"journey", OPT_JOURNEY, "transparent|full", 0,
     "With -o: every need is bought (transparent, the default), or customers notice, choose and "
     "buy "
     "as in the journey (full), calibrated by pilot runs that take half a minute",
     0},
    {"status-quo", OPT_STATUS_QUO, "never|monthly", 0,
     "With --journey full: the strategy that the log was made under (never)", 0},
    {"pilot-customers", OPT_PILOT, "N", 0,
     "With --journey full: customers of the last pilot runs (80000); fewer are faster, and further "
     "from the log",
     0},
    {"per-customer", OPT_CUSTOMERS, "FILE.csv", 0, "Write the outlook of each customer", 0},
    {"columns", OPT_COLUMNS, "NAME=COLUMN,...", 0,
     "Columns by header name or number from 1: customer, date and spend; with --rfm customer, "
     "frequency, recency, age and spend. Without spend no spend is fitted",
     0},
    {"date-format", OPT_DATE_FORMAT, "FORMAT", 0, "Dates as strptime reads them, e.g. %Y%m%d", 0},
    {"calibration-end", OPT_CALIBRATION_END, "DATE", 0,
     "Last day that is fitted to (the last of the log)", 0},
    {"unit", OPT_UNIT, "week|day", 0, "Unit of time (week)", 0},
    {"rfm", OPT_RFM, NULL, 0, "LOG is a summary with one row per customer", 0},
    {"discount", OPT_DISCOUNT, "RATE", 0, "Annual discount rate of dert and clv (0.10)", 0},
    {"margin", OPT_MARGIN, "SHARE", 0, "Share of spend that clv counts (1)", 0},
    {"format", OPT_FORMAT, "text|json", 0, "How to print (text)", 0},
    {0},
};

/* which of the words, which are separated by |, `value` is; ends the program where it is none */
static int choose(const char *option, const char *value, const char *words,
                  const struct argp_state *state)
{
    int index = 0;
    size_t n = strlen(value);

    for (const char *at = words; at; at = strchr(at, '|'), at = at ? at + 1 : NULL) {
        if (n && strncmp(at, value, n) == 0 && (at[n] == '\0' || at[n] == '|')) {
            return index;
        }
        index++;
    }
    argp_error(state, "--%s: \"%s\" is none of %s", option, value, words);
    return -1;
}

static double read_number(const char *option, const char *value, double low, double high,
                          const struct argp_state *state)
{
    double number;

    if (!nb_text_is_real(value, &number) || !(number > low) || number > high) {
        argp_error(state, "--%s: \"%s\" is no number above %g, at most %g", option, value, low,
                   high);
    }
    return number;
}

static void check_model(const char *value, const struct argp_state *state)
{
    if (strcmp(value, "mbgnbd") == 0 || strcmp(value, "paretonbd") == 0) {
        argp_error(state, "--model: %s is not built yet, expected bgnbd", value);
    }
    choose("model", value, "bgnbd", state);
}

/* options of the scenario, which need one to be written */
static void check_scenario(arguments_t *arguments, const struct argp_state *state)
{
    if (arguments->has_journey && !arguments->scenario) {
        argp_error(state, "--journey is about the scenario of -o");
    }
    if (arguments->status_quo && !arguments->is_full) {
        argp_error(state, "--status-quo is about --journey full");
    }
    if (arguments->pilot_customers > 0 && !arguments->is_full) {
        argp_error(state, "--pilot-customers is about --journey full");
    }
    if (arguments->is_full && !arguments->status_quo) {
        arguments->status_quo = "never";
    }
}

static error_t parse_scenario_option(int key, char *value, arguments_t *arguments,
                                     const struct argp_state *state)
{
    switch (key) {
    case 'o':
        arguments->scenario = value;
        return 0;
    case OPT_JOURNEY:
        arguments->has_journey = 1;
        arguments->is_full = choose("journey", value, "transparent|full", state);
        return 0;
    case OPT_STATUS_QUO:
        choose("status-quo", value, "never|monthly", state);
        arguments->status_quo = value;
        return 0;
    case OPT_PILOT:
        arguments->pilot_customers = read_number("pilot-customers", value, 99, 1e7, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_log_option(int key, char *value, arguments_t *arguments,
                                const struct argp_state *state)
{
    switch (key) {
    case OPT_COLUMNS:
        arguments->log.columns = value;
        return 0;
    case OPT_DATE_FORMAT:
        arguments->log.date_format = value;
        return 0;
    case OPT_CALIBRATION_END:
        arguments->log.calibration_end = value;
        return 0;
    case OPT_UNIT:
        arguments->log.in_days = choose("unit", value, "week|day", state);
        return 0;
    case OPT_RFM:
        arguments->log.is_rfm = 1;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path) {
            argp_error(state, "one log at a time");
        }
        arguments->path = value;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->path) {
            argp_error(state, "which log?");
        }
        check_scenario(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    arguments_t *arguments = state->input;

    switch (key) {
    case OPT_MODEL:
        check_model(value, state);
        return 0;
    case OPT_CUSTOMERS:
        arguments->customers = value;
        return 0;
    case OPT_FORMAT:
        arguments->as_json = choose("format", value, "text|json", state);
        return 0;
    case OPT_DISCOUNT:
        arguments->discount = read_number("discount", value, 0, 1, state);
        return 0;
    case OPT_MARGIN:
        arguments->margin = read_number("margin", value, 0, 1, state);
        return 0;
    default:
        break;
    }
    if (parse_scenario_option(key, value, arguments, state) == 0) {
        return 0;
    }
    return parse_log_option(key, value, arguments, state);
}

/* each line of the notes, marked as ours */
static void print_notes(const char *notes)
{
    while (*notes) {
        size_t n = strcspn(notes, "\n");

        fprintf(stderr, "nextbest fit: %.*s\n", (int)n, notes);
        notes += n + (notes[n] == '\n');
    }
}

typedef struct {
    const arguments_t *arguments;
    const nb_purchase_log_t *log;
    const nb_fit_t *fit;
} written_t;

static int write_customers(void *data, FILE *out)
{
    const written_t *self = data;
    double weekly = log1p(self->arguments->discount) / 52;

    nb_fit_print_customers(self->fit, self->log, weekly * self->log->unit_days / 7,
                           self->arguments->margin, out);
    return NB_OK;
}

static int write_scenario(void *data, FILE *out)
{
    const written_t *self = data;
    double n =
        self->arguments->pilot_customers > 0 ? self->arguments->pilot_customers : PILOT_CUSTOMERS;
    nb_fit_scenario_t scenario = {
        .fit = self->fit,
        .log = self->log,
        .discount = self->arguments->discount,
        .pilot = {.status_quo = self->arguments->status_quo,
                  .n_customers = (size_t)(n / PILOT_REPLICATIONS),
                  .n_replications = PILOT_REPLICATIONS,
                  .n_threads = nb_parallel_processors(),
                  .seed = 1},
    };

    if (self->arguments->is_full) {
        fprintf(stderr, "nextbest fit: pilot runs: the journey under %s...\n",
                self->arguments->status_quo);
    }

    return nb_fit_scenario_write(&scenario, out);
}

static void warn(const nb_fit_t *fit)
{
    if (!fit->converged) {
        fputs("nextbest fit: the parameters did not converge: the log says too little about how "
              "customers differ\n",
              stderr);
    }
    if (!fit->has_spend) {
        fprintf(stderr, "nextbest fit: no spend is fitted: %s\n", fit->why_no_spend);
    } else if (!fit->spend_converged) {
        fputs("nextbest fit: the spend parameters did not converge\n", stderr);
    }
}

static int fit_and_write(const arguments_t *arguments, const nb_purchase_log_t *log)
{
    nb_fit_t fit;
    written_t written = {arguments, log, &fit};

    NB_TRY(nb_fit(&fit, log));
    warn(&fit);
    if (arguments->as_json) {
        nb_fit_print_json(&fit, log, stdout);
    } else {
        nb_fit_print_text(&fit, log, stdout);
    }
    if (arguments->customers) {
        NB_TRY(nb_fit_write_file(arguments->customers, write_customers, &written));
    }
    if (arguments->scenario) {
        NB_TRY(nb_fit_write_file(arguments->scenario, write_scenario, &written));
        fputs("nextbest fit: response not identified from this log\n", stderr);
    }
    return NB_OK;
}

/* 1 where both paths, of which either may be NULL, lead to one file or name the same new one */
static int is_same_file(const char *a, const char *b)
{
    struct stat first, second;

    if (!a || !b) {
        return 0;
    }
    if (stat(a, &first) != 0 || stat(b, &second) != 0) {
        return strcmp(a, b) == 0;
    }
    return S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* what is written must not replace the log, nor one file the other */
static int check_outputs(const arguments_t *arguments)
{
    if (is_same_file(arguments->scenario, arguments->path)) {
        NB_FAIL(NB_ERR_USAGE, "-o %s would replace the log itself", arguments->scenario);
    }
    if (is_same_file(arguments->customers, arguments->path)) {
        NB_FAIL(NB_ERR_USAGE, "--per-customer %s would replace the log itself",
                arguments->customers);
    }
    if (is_same_file(arguments->scenario, arguments->customers)) {
        NB_FAIL(NB_ERR_USAGE, "-o and --per-customer are both %s", arguments->scenario);
    }
    return NB_OK;
}

int nb_command_fit(int argc, char **argv)
{
    static const struct argp parser = {options, parse_option, "LOG", doc, NULL, NULL, NULL};
    arguments_t arguments = {.discount = 0.10, .margin = 1};
    nb_purchase_log_t log;
    int code;

    argp_err_exit_status = 2;
    if (argp_parse(&parser, argc, argv, 0, NULL, &arguments) != 0) {
        return 2;
    }
    NB_TRY(check_outputs(&arguments));
    code = nb_purchase_log_read(&log, arguments.path, &arguments.log);
    print_notes(log.notes);
    if (code == NB_OK) {
        code = fit_and_write(&arguments, &log);
    }
    nb_purchase_log_free(&log);
    return code;
}
