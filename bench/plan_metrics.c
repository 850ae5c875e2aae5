/* metrics that an experiment names must be among those that its runs record */
#include <string.h>

#include "bench/compare.h"
#include "bench/plan_draft.h"
#include "core/memory.h"

static int check_name(const nb_result_t *result, const char *const *names, const nb_node_t *node,
                      const nb_plan_t *plan)
{
    if (!node || node->kind != NB_NODE_SCALAR) {
        return NB_OK;
    }
    /* it would be NaN in every unit */
    if (strcmp(node->text, "worse_off") == 0 && !plan->worse_off) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "'worse_off' is counted only where the experiment says "
                             "worse_off: true");
    }
    for (size_t i = 0; i < result->n_scalars; i++) {
        if (strcmp(names[i], node->text) == 0) {
            return NB_OK;
        }
    }
    return nb_node_unknown(node, "metric", node->text, names, result->n_scalars);
}

static int check_once(const nb_node_t *list, const nb_node_t *node)
{
    const nb_node_t *other = list == node ? node : list->child;

    for (; other != node; other = other->next) {
        if (node->text && other->text && strcmp(other->text, node->text) == 0) {
            return nb_node_error(NB_ERR_CONFIG, node, "metric '%s' listed twice", node->text);
        }
    }
    return NB_OK;
}

/* tuning takes the largest mean, which of some metrics is no gain */
static int check_tuned(const nb_result_t *result, const char *const *names, const char *metric,
                       const nb_node_t *node)
{
    size_t i = 0;

    while (i < result->n_scalars && strcmp(names[i], metric) != 0) {
        i++;
    }
    if (i == result->n_scalars) {
        return nb_node_unknown(node, "metric", metric, names, result->n_scalars);
    }
    if (strcmp(nb_verdict_name(NB_VERDICT_BETTER, metric), "better") != 0) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "more of '%s' is no gain, expected a metric like equity", metric);
    }
    return NB_OK;
}

static int check_names(const nb_result_t *result, const nb_draft_t *draft)
{
    const nb_node_t *metrics = nb_node_child(draft->config.root, "metrics");
    const nb_node_t *hypotheses = nb_node_child(draft->config.root, "hypothesis");
    const nb_node_t *tune = nb_node_child(draft->config.root, "tune");
    const nb_node_t *item = metrics && metrics->kind == NB_NODE_LIST ? metrics->child : metrics;
    const char **names;
    int code = NB_OK;

    NB_TRY(nb_alloc(&names, result->n_scalars + 1, sizeof *names));
    for (size_t i = 0; i < result->n_scalars; i++) {
        names[i] = result->scalars[i].name;
    }
    for (; item && code >= 0; item = item == metrics ? NULL : item->next) {
        code = check_name(result, names, item, draft->plan);
        code = code < 0 ? code : check_once(metrics, item);
    }
    for (item = hypotheses ? hypotheses->child : NULL; item && code >= 0; item = item->next) {
        code = check_name(result, names, nb_node_child(item, "metric"), draft->plan);
    }
    if (tune && code >= 0) {
        code = check_tuned(result, names, draft->plan->tune->metric,
                           nb_node_child(tune, "metric") ? nb_node_child(tune, "metric") : tune);
    }
    nb_free(names);
    return code;
}

/* who is worse off is told by the surplus of single customers, which not every run knows */
static int check_worse_off(const nb_draft_t *draft, const nb_environment_type_t *environment,
                           const void *run)
{
    size_t n = 0;

    if (!draft->plan->worse_off) {
        return NB_OK;
    }
    if (environment->customer_surplus) {
        (void)environment->customer_surplus(run, &n);
    }
    if (n == 0) {
        return nb_node_error(NB_ERR_CONFIG, nb_node_child(draft->config.root, "worse_off"),
                             "environment %s does not tell the surplus of its customers here, as "
                             "with several firms",
                             environment->name);
    }
    return NB_OK;
}

/* metrics are what a run says it has: ask one that has just begun */
static int check_world(const nb_draft_t *self, const nb_plan_world_t *world, int is_named)
{
    unsigned needs[NB_MAX_POINTS] = {0};
    nb_run_spec_t spec = {.key = {1, 0}, .n_customers = 1, .periods = 1, .needs = needs};
    nb_result_t result;
    void *run = NULL;
    int code = world->environment->init(&run, world->world, &spec);

    if (is_named) {
        code = code < 0 ? code : world->environment->result(run, &result);
        code = code < 0 ? code : check_names(&result, self);
    }
    code = code < 0 ? code : check_worse_off(self, world->environment, run);
    if (run) {
        world->environment->free(run);
    }
    return code;
}

int nb_draft_check_metrics(const nb_draft_t *self)
{
    const nb_node_t *metrics = nb_node_child(self->config.root, "metrics");
    const nb_node_t *hypotheses = nb_node_child(self->config.root, "hypothesis");
    int is_named = metrics || self->plan->tune || (hypotheses && hypotheses->child);

    /* names are those of the first world; in which worlds there are several firms differs */
    for (size_t i = 0; i < self->plan->n_worlds; i++) {
        if (self->plan->worse_off || (is_named && i == 0)) {
            NB_TRY(check_world(self, &self->plan->worlds[i], is_named && i == 0));
        }
    }
    return NB_OK;
}
