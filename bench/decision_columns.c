/* The log of decisions as a file. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "bench/decision_log.h"
#include "core/memory.h"
#include "core/store_columns.h"
#include "core/store_file.h"

enum { NAME_SIZE = 128, TEXT_SIZE = 256 };

typedef struct {
    const nb_decision_log_t *log;
    nb_columns_t columns;
    void *gathered; /* one column of the widest type, [n] x 8 bytes */
    int64_t variable;
} writer_t;

/* every `width`-th item of `size` bytes from `first` on */
static const void *gather(writer_t *self, const void *values, size_t width, size_t first,
                          size_t size)
{
    const char *from = values;

    if (width == 1) {
        return values;
    }
    for (size_t r = 0; r < self->log->rows.n; r++) {
        memcpy((char *)self->gathered + r * size, from + (r * width + first) * size, size);
    }
    return self->gathered;
}

static int add(writer_t *self, const char *name, const char *unit, const char *help,
               nb_h5_type_t type, const void *values)
{
    const nb_columns_field_t field = {name, unit, help, type};

    nb_h5_close_object(self->variable);
    self->variable = -1;
    return nb_columns_add(&self->columns, &field, values, &self->variable);
}

/* "base" for the first position, "base_2" for the second */
static void name_position(const char *base, unsigned j, char name[NAME_SIZE])
{
    if (j == 0) {
        snprintf(name, NAME_SIZE, "%s", base);
    } else {
        snprintf(name, NAME_SIZE, "%s_%u", base, j + 1);
    }
}

static const nb_policy_type_t *find_policy(const nb_decision_log_t *log, unsigned point)
{
    int owner = log->strategy->owner[point];

    return owner < 0 ? NULL : log->strategy->bindings[owner].policy.type;
}

/* codes and names of the points, by the conventions of CF */
static int describe_points(writer_t *self)
{
    const nb_spec_t *spec = self->log->spec;
    char meanings[NB_MAX_POINTS * NAME_SIZE] = "";
    int8_t codes[NB_MAX_POINTS];
    size_t used = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        codes[p] = (int8_t)p;
        used += (size_t)snprintf(meanings + used, sizeof meanings - used, "%s%.100s", p ? " " : "",
                                 spec->points[p].name);
    }
    NB_TRY(nb_h5_put_numbers(self->variable, "flag_values", NB_H5_INT8, codes, spec->n_points));
    return nb_h5_put_text(self->variable, "flag_meanings", meanings);
}

static int add_identity(writer_t *self)
{
    const nb_decisions_t *rows = &self->log->rows;

    NB_TRY(add(self, "point", NULL, "decision point", NB_H5_INT8, rows->point));
    NB_TRY(describe_points(self));
    NB_TRY(
        add(self, "customer", NULL, "row of the customer in the run", NB_H5_INT32, rows->customer));
    NB_TRY(add(self, "journey", NULL, "her need that the decision belongs to, 0 for none",
               NB_H5_INT32, rows->journey));
    return add(self, "period", NULL, "period of the decision", NB_H5_INT32, rows->period);
}

/* names of the actions of every logged point, so that codes can be read */
static int describe_actions(writer_t *self)
{
    const nb_decision_log_t *log = self->log;

    for (unsigned p = 0; p < log->spec->n_points; p++) {
        const nb_point_t *point = &log->spec->points[p];
        char name[NAME_SIZE];

        if (find_policy(log, p)) {
            snprintf(name, sizeof name, "actions_%.100s", point->name);
            NB_TRY(nb_h5_put_texts(self->variable, name, point->actions, point->n_actions));
        }
    }
    return NB_OK;
}

static int add_actions(writer_t *self)
{
    const nb_decision_log_t *log = self->log;

    for (unsigned j = 0; j < log->slate; j++) {
        char name[NAME_SIZE];

        name_position("action", j, name);
        NB_TRY(add(self, name, NULL,
                   j ? "action in a later position of the slate, -1 for none"
                     : "action that was chosen: index into the actions of its point",
                   NB_H5_INT32,
                   gather(self, log->rows.action, log->slate, j, sizeof *log->rows.action)));
        NB_TRY(describe_actions(self));
    }
    for (unsigned w = 0; w < log->words; w++) {
        char name[NAME_SIZE];

        name_position("allowed", w, name);
        NB_TRY(add(self, name, NULL, "allowed actions, bit k for action k (64 more a column)",
                   NB_H5_INT64,
                   gather(self, log->rows.mask, log->words, w, sizeof *log->rows.mask)));
    }
    return NB_OK;
}

/* how the propensities of a point came about */
static void describe_propensity(const nb_decision_log_t *log, unsigned p, char out[TEXT_SIZE])
{
    const nb_policy_type_t *type = find_policy(log, p);
    const char *name = log->spec->points[p].name;

    if (log->n_asked[p] == 0) {
        snprintf(out, TEXT_SIZE, "%.60s: no decisions", name);
    } else if (log->n_given[p] == 0) {
        snprintf(out, TEXT_SIZE, "%.60s: not given by policy %.60s", name, type->name);
    } else {
        snprintf(out, TEXT_SIZE, "%.60s: by policy %.60s%s%s", name, type->name,
                 log->is_ranked[p] ? "; slates by the share of equals in its ranking of scores"
                                   : "",
                 log->n_given[p] < log->n_asked[p] ? "; not for all decisions" : "");
    }
}

static int put_computed(writer_t *self)
{
    const nb_decision_log_t *log = self->log;
    char texts[NB_MAX_POINTS][TEXT_SIZE];
    const char *list[NB_MAX_POINTS];
    size_t n = 0;

    for (unsigned p = 0; p < log->spec->n_points; p++) {
        if (find_policy(log, p)) {
            describe_propensity(log, p, texts[n]);
            list[n] = texts[n];
            n++;
        }
    }
    return n ? nb_h5_put_texts(self->variable, "computed", list, n) : NB_OK;
}

static int add_propensities(writer_t *self)
{
    const nb_decision_log_t *log = self->log;

    for (unsigned j = 0; j < log->slate; j++) {
        char name[NAME_SIZE];

        name_position("propensity", j, name);
        NB_TRY(
            add(self, name, "1",
                j ? "probability of the action, given the positions before"
                  : "probability with which the policy chose the action, NaN where not known",
                NB_H5_DOUBLE,
                gather(self, log->rows.propensity, log->slate, j, sizeof *log->rows.propensity)));
        NB_TRY(put_computed(self));
    }
    return NB_OK;
}

static int add_context(writer_t *self)
{
    const nb_decision_log_t *log = self->log;

    for (unsigned f = 0; f < log->n_features; f++) {
        char name[NAME_SIZE];

        snprintf(name, sizeof name, "x_%.100s", log->features[f]);
        for (char *at = name; *at; at++) {
            *at = (char)(isalnum((unsigned char)*at) ? *at : '_');
        }
        NB_TRY(add(self, name, NULL, log->feature_help[f], NB_H5_FLOAT,
                   gather(self, log->rows.x, log->n_features, f, sizeof *log->rows.x)));
    }
    return NB_OK;
}

static int add_outcomes(writer_t *self)
{
    const nb_decision_log_t *log = self->log;

    NB_TRY(add(self, "reward", "money", "money of the customer in the decision's period",
               NB_H5_DOUBLE, log->rows.reward));
    NB_TRY(add(self, "value", "money",
               "money of the customer from the decision to the horizon, discounted to it",
               NB_H5_DOUBLE, log->rows.value));
    for (unsigned k = 0; k < log->n_truth; k++) {
        char name[NAME_SIZE];

        snprintf(name, sizeof name, "truth_%u", k);
        NB_TRY(add(self, name, "money",
                   "what value would have been with this action under the same luck, NaN where it "
                   "is not allowed and at points with slates",
                   NB_H5_DOUBLE,
                   gather(self, log->rows.truth, log->n_truth, k, sizeof *log->rows.truth)));
        NB_TRY(nb_h5_put_numbers(self->variable, "periods", NB_H5_INT32, &log->n_forward, 1));
    }
    return NB_OK;
}

/* what people are told of the file */
static int write_summary(const void *subject, FILE *out)
{
    const nb_decision_log_t *log = subject;

    fprintf(out, "%zu decisions of %zu customers, a share of %.6g by luck\n", log->rows.n,
            log->money.n, log->share);
    for (unsigned p = 0; p < log->spec->n_points; p++) {
        const nb_policy_type_t *type = find_policy(log, p);
        const nb_point_t *point = &log->spec->points[p];

        if (type) {
            fprintf(out, "point %s: policy %s, %u actions%s\n", point->name, type->name,
                    point->n_actions,
                    !log->has_truth         ? ""
                    : point->max_slate == 1 ? ", with their truth"
                                            : ", no truth: a point with slates");
        }
    }
    if (log->has_truth) {
        fprintf(out, "truth: %d periods from the decision on, %d to the horizon at most\n",
                log->n_forward, log->periods);
    }
    return NB_OK;
}

static int put_summary(writer_t *self)
{
    char *text;
    int code;

    NB_TRY(nb_text_print(&text, write_summary, self->log));
    code = nb_h5_put_text(self->columns.file, "summary", text);
    nb_free(text);
    return code;
}

static int write_all(writer_t *self, const char *key)
{
    const nb_decision_log_t *log = self->log;
    int64_t file = self->columns.file;
    int32_t horizon = log->periods;

    NB_TRY(nb_h5_put_text(file, "unit_key", key));
    NB_TRY(put_summary(self));
    NB_TRY(nb_h5_put_numbers(file, "gamma", NB_H5_DOUBLE, &log->gamma, 1));
    NB_TRY(nb_h5_put_numbers(file, "share", NB_H5_DOUBLE, &log->share, 1));
    NB_TRY(nb_h5_put_numbers(file, "horizon", NB_H5_INT32, &horizon, 1));
    NB_TRY(add_identity(self));
    NB_TRY(add_actions(self));
    NB_TRY(add_propensities(self));
    NB_TRY(add_context(self));
    return add_outcomes(self);
}

int nb_decision_log_encode(const nb_decision_log_t *self, const char *key, char **bytes, size_t *n)
{
    writer_t writer = {.log = self, .variable = -1};
    int code;

    *bytes = NULL;
    NB_TRY(nb_alloc(&writer.gathered, self->rows.n, sizeof(double)));
    code = nb_columns_init(&writer.columns, "decisions", "decision",
                           "decisions in the order in which they were taken", self->rows.n);
    if (code == NB_OK) {
        code = write_all(&writer, key);
    }
    nb_h5_close_object(writer.variable);
    if (code == NB_OK) {
        code = nb_columns_image(&writer.columns, bytes, n);
    }
    nb_columns_free(&writer.columns);
    nb_free(writer.gathered);
    return code;
}
