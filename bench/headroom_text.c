#include <math.h>

#include "bench/headroom.h"
#include "bench/text_table.h"
#include "core/settings.h"

enum { TEXT_SIZE = 64 };

static const char *name_answer(const nb_headroom_rung_t *rung)
{
    if (!rung->is_there) {
        return "-";
    }
    if (isnan(rung->step)) {
        return "";
    }
    return rung->answers ? "wide enough" : "this scenario cannot answer it";
}

static int add_row(nb_text_table_t *table, nb_rung_t k, const nb_headroom_rung_t *rung)
{
    char value[TEXT_SIZE], step[TEXT_SIZE];

    nb_text_value(rung->value, rung->se, value, sizeof value);
    nb_text_value(rung->step, rung->step_se, step, sizeof step);
    NB_TRY(nb_text_table_add(table, "%s", nb_rung_name(k)));
    NB_TRY(nb_text_table_add(table, "%s", value));
    NB_TRY(nb_text_table_add(table, "%s", step));
    NB_TRY(nb_text_table_add(table, "%s", name_answer(rung)));
    return nb_text_table_add(table, "%s", rung->note);
}

static int fill(nb_text_table_t *table, const nb_headroom_t *self)
{
    static const char *const head[] = {"rung", "value", "step", "is it wide enough?", "note"};

    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++) {
        NB_TRY(nb_text_table_add(table, "%s", head[i]));
    }
    for (size_t k = 0; k < NB_N_RUNGS; k++) {
        NB_TRY(add_row(table, (nb_rung_t)k, &self->rungs[k]));
    }
    return NB_OK;
}

int nb_headroom_text(const nb_headroom_t *self, const char *scenario, int color, FILE *out)
{
    nb_text_table_t table;
    int code;

    fprintf(
        out,
        "Scenario %s, %zu replications of %zu customers, %zu fixed strategies: discounted money "
        "per initial\ncustomer, before acquisition; chosen on one half of the replications, "
        "valued on the other\n",
        scenario, self->n_replications, self->n_customers, self->n_candidates);
    nb_text_table_init(&table, 5, 1);
    table.last_left = 1;
    code = fill(&table, self);
    if (code >= 0) {
        nb_text_table_print(&table, color, out);
    }
    nb_text_table_free(&table);
    return code;
}

static void print_real_key(const char *key, double value, FILE *out)
{
    fprintf(out, "\"%s\": ", key);
    nb_json_real(value, out);
    fputs(", ", out);
}

void nb_headroom_json(const nb_headroom_t *self, const char *scenario, FILE *out)
{
    fputs("{\"scenario\": ", out);
    nb_json_string(scenario, out);
    fprintf(out, ", \"customers\": %zu, \"replications\": %zu, \"candidates\": %zu, \"rungs\": [",
            self->n_customers, self->n_replications, self->n_candidates);
    for (size_t k = 0; k < NB_N_RUNGS; k++) {
        const nb_headroom_rung_t *rung = &self->rungs[k];

        fprintf(out, "%s\n {\"name\": \"%s\", ", k ? "," : "", nb_rung_name((nb_rung_t)k));
        print_real_key("value", rung->value, out);
        print_real_key("se", rung->se, out);
        print_real_key("step", rung->step, out);
        print_real_key("step_se", rung->step_se, out);
        fprintf(out, "\"answers\": %s, \"note\": ",
                isnan(rung->step) ? "null"
                : rung->answers   ? "true"
                                  : "false");
        nb_json_string(rung->note, out);
        fputc('}', out);
    }
    fputs("]}\n", out);
}
