#include "bench/unit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/loop.h"
#include "bench/shadow.h"

enum { PURCHASE_BYTES = 64 }; /* most of a line: 10 + 11 + 18 digits, signs, commas, line end */

/* everything that the variables of a shard point to */
typedef struct {
    nb_var_t *vars;
    double *data;
    char *text;
    size_t n_vars, n_data, n_text; /* in use */
} store_t;

static void free_store(store_t *store)
{
    if (store) {
        nb_free(store->vars);
        nb_free(store->data);
        nb_free(store->text);
        nb_free(store);
    }
}

/* the parts of names and texts that a metric may need */
static size_t text_bytes(const nb_metric_t *metric)
{
    return strlen(metric->name) + strlen("_by_segment") + strlen(metric->unit) +
           strlen(metric->help) + 3;
}

static int init_store(store_t **out, const nb_result_t *result)
{
    size_t n_vars = 3 * result->n_scalars + result->n_series, n_text = 0;
    size_t n_data = result->n_scalars * (1 + result->n_segments + result->n_cohorts) +
                    result->n_series * (size_t)result->periods;

    for (size_t i = 0; i < result->n_scalars; i++) {
        n_text += 3 * text_bytes(&result->scalars[i]);
    }
    for (size_t i = 0; i < result->n_series; i++) {
        n_text += text_bytes(&result->series[i]);
    }
    NB_TRY(nb_alloc(out, 1, sizeof **out));
    NB_TRY(nb_alloc(&(*out)->vars, n_vars, sizeof *(*out)->vars));
    NB_TRY(nb_alloc(&(*out)->data, n_data, sizeof *(*out)->data));
    return nb_alloc(&(*out)->text, n_text, 1);
}

static const char *put_text(store_t *store, const char *text, const char *suffix)
{
    char *out = store->text + store->n_text;
    size_t n = strlen(text), n_suffix = strlen(suffix);

    memcpy(out, text, n);
    memcpy(out + n, suffix, n_suffix + 1);
    store->n_text += n + n_suffix + 1;
    return out;
}

static void put_var(store_t *store, const nb_metric_t *metric, const char *suffix, const char *axis,
                    const double *data, size_t n)
{
    double *copy = store->data + store->n_data;

    memcpy(copy, data, n * sizeof *copy);
    store->n_data += n;
    store->vars[store->n_vars++] = (nb_var_t){
        .name = put_text(store, metric->name, suffix),
        .unit = put_text(store, metric->unit, ""),
        .help = put_text(store, metric->help, ""),
        .axis = axis,
        .n = n,
        .data = copy,
    };
}

static void put_result(store_t *store, const nb_result_t *result)
{
    for (size_t i = 0; i < result->n_scalars; i++) {
        const nb_metric_t *metric = &result->scalars[i];

        put_var(store, metric, "", NULL, &result->scalar[i], 1);
        unsigned groups = result->grouped ? result->grouped[i] : ~0u;

        if (result->by_segment && (groups & NB_GROUPED_SEGMENT)) {
            put_var(store, metric, "_by_segment", "segment",
                    &result->by_segment[i * result->n_segments], result->n_segments);
        }
        if (result->by_cohort && (groups & NB_GROUPED_COHORT)) {
            put_var(store, metric, "_by_cohort", "cohort",
                    &result->by_cohort[i * result->n_cohorts], result->n_cohorts);
        }
    }
    for (size_t i = 0; i < result->n_series; i++) {
        put_var(store, &result->series[i], "_t", "period",
                &result->series_values[i * (size_t)result->periods], (size_t)result->periods);
    }
}

/* undefined metrics are NaN; what every experiment is judged by must be defined, and nothing may be
 * infinite */
static int check_result(const nb_environment_type_t *environment, const nb_result_t *result)
{
    for (size_t i = 0; i < result->n_scalars; i++) {
        int must = strcmp(result->scalars[i].name, "equity") == 0;

        if (isinf(result->scalar[i]) || (must && isnan(result->scalar[i]))) {
            NB_FAIL(NB_ERR_NUMERIC, "environment %s: metric %s is %g", environment->name,
                    result->scalars[i].name, result->scalar[i]);
        }
    }
    return NB_OK;
}

static int write_purchases(nb_unit_t *out, nb_purchases_t purchases)
{
    static const char head[] = "customer,period,spend\n";
    size_t size = sizeof head + purchases.n * PURCHASE_BYTES;

    NB_TRY(nb_alloc(&out->purchases, size, 1));
    memcpy(out->purchases, head, sizeof head);
    out->n_purchases_bytes = sizeof head - 1;
    for (size_t i = 0; i < purchases.n; i++) {
        int n = snprintf(out->purchases + out->n_purchases_bytes, PURCHASE_BYTES,
                         "%" PRIu32 ",%" PRId32 ",%.10g\n", purchases.customer[i],
                         purchases.period[i], purchases.spend[i]);

        NB_ASSERT(n > 0 && n < PURCHASE_BYTES);
        out->n_purchases_bytes += (size_t)n;
    }
    return NB_OK;
}

/* a metric that takes a second run goes where the environment left room for it */
static int add_worse_off(const nb_loop_t *loop, nb_result_t *result, double *scalars)
{
    for (size_t i = 0; i < result->n_scalars; i++) {
        if (strcmp(result->scalars[i].name, "worse_off") == 0) {
            memcpy(scalars, result->scalar, result->n_scalars * sizeof *scalars);
            result->scalar = scalars;
            return nb_shadow_worse_off(&scalars[i], &loop->spec, loop->run);
        }
    }
    NB_FAIL(NB_ERR_UNSUPPORTED, "worse_off: environment %s has no such metric",
            loop->spec.environment->name);
}

static int keep_result(nb_unit_t *out, const nb_result_t *result)
{
    store_t *store = NULL;
    int code = init_store(&store, result);

    out->owned = store;
    NB_TRY(code);
    put_result(store, result);
    out->shard.vars = store->vars;
    out->shard.n_vars = store->n_vars;
    return NB_OK;
}

static int collect(nb_unit_t *out, const nb_plan_t *plan, nb_loop_t *loop)
{
    const nb_environment_type_t *environment = loop->spec.environment;
    double *scalars = NULL;
    nb_result_t result;
    int code = environment->result(loop->run, &result);

    if (code >= 0 && plan->worse_off) {
        code = nb_alloc(&scalars, result.n_scalars, sizeof *scalars);
        code = code < 0 ? code : add_worse_off(loop, &result, scalars);
    }
    code = code < 0 ? code : check_result(environment, &result);
    code = code < 0 ? code : keep_result(out, &result);
    nb_free(scalars);
    NB_TRY(code);
    out->customer_periods = loop->customer_periods;
    return loop->spec.log_purchases ? write_purchases(out, environment->purchases(loop->run))
                                    : NB_OK;
}

/* the built-in strategy that plays a burn-in, made only where the world has one */
typedef struct {
    nb_config_t config;
    nb_strategy_t strategy;
    int used;
} burn_in_t;

static int init_burn_in(burn_in_t *self, const nb_plan_world_t *world)
{
    int warm_start;

    memset(self, 0, sizeof *self);
    if (!world->environment->burn_in ||
        world->environment->burn_in(world->world, &warm_start) == 0) {
        return NB_OK;
    }
    self->used = 1;
    NB_TRY(nb_config_init(&self->config));
    return nb_strategy_init_built_in(&self->strategy, &self->config, "monthly",
                                     world->environment->spec(world->world));
}

static void free_burn_in(burn_in_t *self)
{
    if (self->used) {
        nb_strategy_free(&self->strategy);
        nb_config_free(&self->config);
    }
}

/* a log of the unit's decisions, which watches the run */
static int init_decisions(nb_unit_t *out, const nb_log_t *log, nb_loop_spec_t *spec)
{
    NB_TRY(nb_alloc(&out->decisions, 1, sizeof *out->decisions));
    NB_TRY(nb_decision_log_init(out->decisions, log, spec));
    spec->watch = &out->decisions->watch;
    return NB_OK;
}

static int run_loop(nb_unit_t *out, const nb_plan_t *plan, nb_loop_t *loop,
                    const nb_loop_spec_t *spec)
{
    NB_TRY(nb_loop_init(loop, spec));
    NB_TRY(nb_loop_run(loop));
    if (out->decisions) {
        NB_TRY(nb_decision_log_finish(out->decisions));
    }
    return collect(out, plan, loop);
}

int nb_unit_run(nb_unit_t *out, const nb_plan_t *plan, size_t i_cell, int replication,
                const volatile int *stop)
{
    const nb_cell_t *cell = &plan->cells[i_cell];
    const nb_plan_world_t *world = &plan->worlds[cell->i_world];
    burn_in_t burn_in;
    nb_loop_spec_t spec = {
        .environment = world->environment,
        .world = world->world,
        .strategy = &cell->strategy,
        .key = {.seed = plan->seed, .replication = (uint32_t)replication},
        .policy_key = {.seed = plan->policy_seed, .replication = (uint32_t)replication},
        .n_customers = (size_t)plan->customers,
        .periods = plan->periods,
        .tail = plan->tail,
        .log_purchases = plan->log.purchases && nb_log_has(&plan->log, replication),
        .stop = stop,
    };
    nb_loop_t loop = {.run = NULL};
    int code;

    /* what an earlier unit said must not stand in the sentence of this one */
    nb_error_clear();
    memset(out, 0, sizeof *out);
    code = init_burn_in(&burn_in, world);
    if (code < 0) {
        goto out;
    }
    spec.burn_in = burn_in.used ? &burn_in.strategy : NULL;
    if (plan->log.decisions > 0 && nb_log_has(&plan->log, replication)) {
        code = init_decisions(out, &plan->log, &spec);
        if (code < 0) {
            goto out;
        }
    }
    code = run_loop(out, plan, &loop, &spec);
out:
    nb_loop_free(&loop);
    free_burn_in(&burn_in);
    if (code < 0) {
        nb_unit_free(out);
    }
    return code;
}

void nb_unit_free(nb_unit_t *unit)
{
    free_store(unit->owned);
    nb_free(unit->purchases);
    if (unit->decisions) {
        nb_decision_log_free(unit->decisions);
        nb_free(unit->decisions);
    }
    memset(unit, 0, sizeof *unit);
}
