#include <math.h>
#include <string.h>

#include "bench/text_table.h"
#include "bench/verify.h"

#include "core/settings.h"

enum { TEXT_SIZE = 64 };

const char *nb_target_status_name(nb_target_status_t status)
{
    static const char *const names[] = {"holds", "misses", "skipped"};

    return names[status];
}

static void print_band(const nb_target_t *target, char *out, size_t size)
{
    if (isinf(target->high)) {
        snprintf(out, size, "above %g", target->low);
    } else {
        snprintf(out, size, "%g to %g", target->low, target->high);
    }
}

static int add_row(nb_text_table_t *table, const nb_target_t *target)
{
    int decimals = nb_text_decimals(target->value, target->se);
    char value[TEXT_SIZE], se[TEXT_SIZE], band[TEXT_SIZE];

    nb_text_real(target->value, decimals, value, sizeof value);
    nb_text_real(target->se, decimals, se, sizeof se);
    print_band(target, band, sizeof band);
    NB_TRY(nb_text_table_add(table, "%s", target->name));
    NB_TRY(nb_text_table_add(table, "%s", value));
    NB_TRY(nb_text_table_add(table, "%s", se));
    NB_TRY(nb_text_table_add(table, "%s", band));
    NB_TRY(nb_text_table_add(table, "%s", nb_target_status_name(target->status)));
    return nb_text_table_add(table, "%s", target->how);
}

static int fill(nb_text_table_t *table, const nb_verify_t *self)
{
    static const char *const head[] = {"target", "figure", "SE", "band", "verdict", "how"};

    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++) {
        NB_TRY(nb_text_table_add(table, "%s", head[i]));
    }
    for (size_t i = 0; i < self->n; i++) {
        NB_TRY(add_row(table, &self->targets[i]));
    }
    return NB_OK;
}

/* by point, the share of states in which each action is best */
static void print_shares(const nb_verify_t *self, FILE *out)
{
    if (self->n_shares) {
        fputs("\nBest action by one-step lookahead, percent of the sampled states that allow it:\n",
              out);
    }
    for (size_t i = 0; i < self->n_shares; i++) {
        const nb_action_share_t *share = &self->shares[i];
        int is_new = i == 0 || strcmp(share->point, self->shares[i - 1].point) != 0;

        if (is_new) {
            fprintf(out, "%s%-10s", i ? "\n" : "", share->point);
        }
        fprintf(out, "  %s %.1f", share->action, 100 * share->share);
    }
    fputs(self->n_shares ? "\n" : "", out);
}

int nb_verify_text(const nb_verify_t *self, int color, FILE *out)
{
    nb_text_table_t table;
    int code;

    fprintf(out, "Scenario %s, %d replications of %d customers\n", self->scenario,
            self->replications, self->customers);
    nb_text_table_init(&table, 6, 1);
    table.last_left = 1;
    code = fill(&table, self);
    if (code >= 0) {
        nb_text_table_print(&table, color, out);
        fprintf(out, "%zu of %zu targets missed\n", self->n_missed, self->n);
        print_shares(self, out);
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

void nb_verify_json(const nb_verify_t *self, FILE *out)
{
    fprintf(out, "{\"ok\": %s, \"scenario\": ", self->n_missed ? "false" : "true");
    nb_json_string(self->scenario, out);
    fprintf(out, ", \"customers\": %d, \"replications\": %d, \"targets\": [", self->customers,
            self->replications);
    for (size_t i = 0; i < self->n; i++) {
        const nb_target_t *target = &self->targets[i];

        fprintf(out, "%s\n {\"name\": \"%s\", ", i ? "," : "", target->name);
        print_real_key("value", target->value, out);
        print_real_key("se", target->se, out);
        print_real_key("low", target->low, out);
        print_real_key("high", target->high, out);
        fprintf(out, "\"ok\": %s, \"status\": \"%s\", \"how\": ",
                target->status == NB_TARGET_MISSES ? "false" : "true",
                nb_target_status_name(target->status));
        nb_json_string(target->how, out);
        fputc('}', out);
    }
    fputs("], \"actions\": [", out);
    for (size_t i = 0; i < self->n_shares; i++) {
        const nb_action_share_t *share = &self->shares[i];

        fprintf(out, "%s\n {\"point\": \"%s\", \"action\": \"%s\", \"states\": %.0f, ",
                i ? "," : "", share->point, share->action, share->states);
        fputs("\"share\": ", out);
        nb_json_real(share->share, out);
        fputc('}', out);
    }
    fputs("]}\n", out);
}
