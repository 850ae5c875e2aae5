#include <string.h>

#include "bench/plan_draft.h"
#include "core/memory.h"

static void write_cell_line(const nb_plan_t *plan, size_t i_cell, FILE *out)
{
    const nb_cell_t *cell = &plan->cells[i_cell];
    char hash[NB_KEY_SIZE];

    nb_key_hash(cell->canonical, strlen(cell->canonical), hash);
    fputs("{\"cell\":", out);
    nb_json_string(cell->label, out);
    fprintf(out, ",\"hash\":\"%s\",\"seed\":%u,\"policy_seed\":%u,\"keys\":[", hash, plan->seed,
            plan->policy_seed);
    for (int r = 0; r < plan->replications; r++) {
        fprintf(out, "%s\"%s\"", r ? "," : "",
                plan->keys[i_cell * (size_t)plan->replications + (size_t)r]);
    }
    fputs("]}\n", out);
}

static int write_plan(const void *subject, FILE *out)
{
    const nb_plan_t *plan = subject;

    fputs("{\"nextbest_plan\":1,\"name\":", out);
    nb_json_string(plan->name, out);
    fputs("}\n", out);
    for (size_t i = 0; i < plan->n_cells; i++) {
        write_cell_line(plan, i, out);
    }
    return NB_OK;
}

int nb_plan_json(const nb_plan_t *self, char **out)
{
    return nb_text_print(out, write_plan, self);
}

static void write_pair(const char *key, const char *text, FILE *out)
{
    fprintf(out, "%s: ", key);
    nb_json_string(text, out);
    fputc('\n', out);
}

/* settings of the scenarios before the sweep, everything filled in */
static int write_settings(const nb_draft_t *draft, const nb_draft_scenario_t *scenario, int indent,
                          FILE *out)
{
    const nb_environment_type_t *type = draft->environment;
    void *settings = NULL;
    int code;

    NB_TRY(nb_alloc(&settings, type->settings_size + 1, 1));
    code = nb_settings_load(type->settings, nb_node_at(scenario->config.root, draft->place), NULL,
                            0, settings);
    if (code == NB_OK) {
        code = nb_settings_yaml(type->settings, settings, indent, out);
    }
    nb_free(settings);
    return code;
}

static int write_scenarios(const nb_draft_t *draft, FILE *out)
{
    write_pair("environment", draft->environment->name, out);
    if (*draft->place) {
        fprintf(out, "%s:\n", draft->place);
        return write_settings(draft, &draft->scenarios[0], 2, out);
    }
    fputs("scenario:\n", out);
    for (size_t i = 0; i < draft->n_scenarios; i++) {
        write_pair("  - name", draft->scenarios[i].name, out);
        NB_TRY(write_settings(draft, &draft->scenarios[i], 4, out));
    }
    return NB_OK;
}

/* a strategy in one of the plan's cells */
typedef struct {
    const nb_plan_t *plan;
    const nb_cell_t *cell;
} sample_t;

static int write_sample(const void *subject, FILE *out)
{
    const sample_t *sample = subject;
    const nb_plan_world_t *world = &sample->plan->worlds[sample->cell->i_world];

    return nb_strategy_yaml(&sample->cell->strategy, world->environment->spec(world->world), 4,
                            out);
}

/* the strategy filled in, where that is the same in all its cells; else NULL in *out */
static int find_common(const nb_plan_t *plan, const char *name, char **out)
{
    char *text = NULL;

    *out = NULL;
    for (size_t i = 0; i < plan->n_cells; i++) {
        const sample_t sample = {plan, &plan->cells[i]};
        int is_same, code;

        if (strcmp(sample.cell->strategy.name, name) != 0) {
            continue;
        }
        code = nb_text_print(&text, write_sample, &sample);
        if (code == NB_OK && !*out) {
            *out = text;
            continue;
        }
        is_same = code == NB_OK && strcmp(text, *out) == 0;
        nb_free(text);
        if (!is_same) {
            nb_free(*out);
            *out = NULL;
            return code;
        }
    }
    return NB_OK;
}

/* defaults beside tuned strategies are no part of the text: `tune:` adds them again */
static int write_strategies(const nb_draft_t *draft, FILE *out)
{
    fputs("strategies:\n", out);
    for (const nb_node_t *s = nb_node_child(draft->config.root, "strategies")->child; s;
         s = s->next) {
        int is_tuned = nb_draft_is_tuned(draft, nb_node_child(draft->strategies, s->key));
        char *text = NULL;

        if (!is_tuned) {
            NB_TRY(find_common(draft->plan, s->key, &text));
        }
        fputs("  ", out);
        nb_json_string(s->key, out);
        if (text) {
            fprintf(out, ":%s%s", *text ? "\n" : " {}\n", text);
        } else {
            /* tuned, swept, or filled in differently: as the experiment says it */
            fputs(": ", out);
            NB_TRY(nb_node_yaml(s, out));
            fputc('\n', out);
        }
        nb_free(text);
    }
    return NB_OK;
}

static int write_axis(const nb_draft_axis_t *axis, FILE *out)
{
    fputs("  - {key: ", out);
    nb_json_string(axis->key, out);
    fputs(", values: [", out);
    for (size_t i = 0; i < axis->n; i++) {
        fputs(i ? ", " : "", out);
        NB_TRY(nb_node_yaml(axis->values[i], out));
    }
    fputs("]}\n", out);
    return NB_OK;
}

static void write_comparison(const nb_plan_t *plan, FILE *out)
{
    fprintf(out, "customers: %d\nperiods: %d\nreplications: %d\n", plan->customers, plan->periods,
            plan->replications);
    fprintf(out, "seed: %u\npolicy_seed: %u\nlog: %s\ntail: %s\n", plan->seed, plan->policy_seed,
            plan->log_text, plan->tail ? "true" : "false");
    fprintf(out, "delta: %.17g\n", plan->delta);
    fputs(plan->worse_off ? "worse_off: true\n" : "", out);
    if (*plan->metrics) {
        const char *metric = plan->metrics;

        fputs("metrics: [", out);
        for (size_t n; *metric; metric += n + (metric[n] == ',')) {
            n = strcspn(metric, ",");
            fprintf(out, "%s\"%.*s\"", metric == plan->metrics ? "" : ", ", (int)n, metric);
        }
        fputs("]\n", out);
    }
    if (*plan->baseline) {
        write_pair("baseline", plan->baseline, out);
    }
}

static int write_experiment(const void *subject, FILE *out)
{
    const nb_draft_t *draft = subject;

    write_pair("name", draft->plan->name, out);
    if (*draft->plan->note) {
        write_pair("note", draft->plan->note, out);
    }
    fprintf(out, "hypothesis: %s\n", draft->plan->hypothesis);
    NB_TRY(write_scenarios(draft, out));
    write_comparison(draft->plan, out);
    NB_TRY(write_strategies(draft, out));
    fputs(draft->n_axes ? "sweep:\n" : "", out);
    for (size_t i = 0; i < draft->n_axes; i++) {
        NB_TRY(write_axis(&draft->axes[i], out));
    }
    if (draft->plan->tune) {
        fputs(draft->plan->tune->text, out);
    }
    return NB_OK;
}

/* everything that compare and report say something about */
static int write_identity(const void *subject, FILE *out)
{
    const nb_plan_t *plan = subject;

    NB_TRY(write_plan(plan, out));
    fprintf(out, "%s\n%a\n", plan->hypothesis, plan->delta);
    nb_json_string(plan->metrics, out);
    nb_json_string(plan->baseline, out);
    if (*plan->note) {
        nb_json_string(plan->note, out);
    }
    if (plan->tune) {
        fputs(plan->tune->text, out);
    }
    return NB_OK;
}

int nb_draft_write(nb_draft_t *self)
{
    char *identity = NULL;

    NB_TRY(nb_draft_write_tune(self));
    NB_TRY(nb_text_print(&self->plan->config_text, write_experiment, self));
    NB_TRY(nb_text_print(&identity, write_identity, self->plan));
    nb_key_hash(identity, strlen(identity), self->plan->plan_hash);
    nb_free(identity);
    return NB_OK;
}
