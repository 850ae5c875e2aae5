#include "policies/conditions.h"

#include <math.h>
#include <string.h>

#include "policies/turn.h"

enum { MAX_EVERY = 520 /* weeks, as in schedule */ };

/* in the order of `keys` */
typedef enum { FEATURE, RAW, LATENT, TENURE, EVERY, ALL, N_KINDS } kind_t;

static const char *const keys[] = {"feature", "raw", "latent", "tenure_weeks",
                                   "every",   "all", "above",  "below"};
enum { N_KEYS = sizeof keys / sizeof *keys };

/* head of the memory; conditions and their data follow */
typedef struct {
    uint32_t n, n_points;
    uint32_t asks_latent;
    uint32_t unused; /* keeps what follows aligned */
} head_t;

typedef struct {
    uint32_t kind;
    int32_t n;      /* EVERY: periods; TENURE: how many of them */
    uint32_t start; /* bytes from the memory's begin to its data */
    uint32_t unused;
} condition_t;

/* data of a threshold at one point; that of TENURE are its periods, int32_t */
typedef struct {
    double above, below; /* above < x < below */
    int32_t column;      /* of the context or the hidden state, -1 where the point has none */
    int32_t unused;
} bound_t;

/* while compiling */
typedef struct {
    char *memory;
    const nb_spec_t *spec;
    size_t end; /* bytes of data so far, from the memory's begin */
    int with_latent;
} builder_t;

static const condition_t *conditions_of(const void *memory)
{
    return (const condition_t *)((const head_t *)memory + 1);
}

static const void *data_of(const void *memory, const condition_t *condition)
{
    return (const char *)memory + condition->start;
}

static size_t pad(size_t size)
{
    return (size + 7) / 8 * 8;
}

/* conditions of a node, and the items of their lists; what is malformed is counted too */
static void count(const nb_node_t *node, size_t *n, size_t *n_items)
{
    const nb_node_t *all = nb_node_child(node, "all");

    if (node && node->kind == NB_NODE_LIST) {
        for (const nb_node_t *each = node->child; each; each = each->next) {
            count(each, n, n_items);
        }
    } else if (all) {
        count(all, n, n_items);
    } else {
        *n += 1;
        *n_items += nb_node_count(nb_node_child(node, "tenure_weeks")) + 2;
    }
}

size_t nb_conditions_size(const nb_spec_t *spec, const nb_node_t *node)
{
    size_t n = 0, n_items = 0;

    count(node, &n, &n_items);
    return sizeof(head_t) + n * (sizeof(condition_t) + spec->n_points * sizeof(bound_t)) +
           pad(n_items * sizeof(int32_t));
}

/* what a point calls its features, or its hidden quantities */
static const char *const *names_of(const nb_point_t *point, kind_t kind, unsigned *n)
{
    *n = kind == LATENT ? point->n_latent : point->d;
    return kind == LATENT ? point->latent : point->features;
}

/* the point that has a near name says it */
static int fail_unknown(const nb_spec_t *spec, kind_t kind, const nb_node_t *name)
{
    const char *const *names = NULL;
    unsigned n = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        unsigned n_here;
        const char *const *here = names_of(spec->points + p, kind, &n_here);
        int is_near = n_here && nb_nearest(name->text, here, n_here) != NULL;

        if (n_here && (n == 0 || is_near)) {
            names = here;
            n = n_here;
        }
        if (is_near) {
            break;
        }
    }
    if (kind == LATENT && n == 0) {
        return nb_node_error(NB_ERR_CONFIG, name, "the environment tells no hidden state here");
    }
    return nb_node_unknown(name, kind == LATENT ? "hidden quantity" : "feature", name->text, names,
                           n);
}

static int find_name(const char *const *names, unsigned n, const char *word)
{
    for (unsigned j = 0; j < n; j++) {
        if (strcmp(names[j], word) == 0) {
            return (int)j;
        }
    }
    return -1;
}

/* the threshold as the environment would have written it into the context, so that a value that
 * equals it stays equal */
static double standardize(const nb_point_t *point, int j, double raw)
{
    return (double)(((float)raw - point->feature_center[j]) / point->feature_scale[j]);
}

/* a named quantity between two thresholds, at every point that has it */
static int place_bounds(const nb_spec_t *spec, kind_t kind, const nb_node_t *name, bound_t limits,
                        bound_t *bounds)
{
    int known = 0, served = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        const nb_point_t *point = spec->points + p;
        unsigned n;
        const char *const *names = names_of(point, kind, &n);

        bounds[p] = limits;
        bounds[p].column = find_name(names, n, name->text);
        known |= bounds[p].column >= 0;
        if (kind == RAW && bounds[p].column >= 0) {
            int j = bounds[p].column, tells = point->feature_center && point->feature_scale;

            bounds[p].column = tells ? j : -1;
            bounds[p].above = tells ? standardize(point, j, limits.above) : limits.above;
            bounds[p].below = tells ? standardize(point, j, limits.below) : limits.below;
        }
        served |= bounds[p].column >= 0;
    }
    if (!known) {
        return fail_unknown(spec, kind, name);
    }
    if (!served) {
        return nb_node_error(NB_ERR_CONFIG, name,
                             "the environment does not tell raw units of feature '%s': write "
                             "`feature` and standardized thresholds",
                             name->text);
    }
    return NB_OK;
}

static int read_bounds(const builder_t *self, kind_t kind, const nb_node_t *node, bound_t *bounds)
{
    const nb_node_t *name = nb_node_child(node, keys[kind]);
    const nb_node_t *above = nb_node_child(node, "above"), *below = nb_node_child(node, "below");
    bound_t limits = {.above = -INFINITY, .below = INFINITY};

    if (name->kind != NB_NODE_SCALAR || (!above && !below)) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "a condition on `%s` needs a name, and `above` or `below` or both",
                             keys[kind]);
    }
    if (above) {
        NB_TRY(nb_node_real(above, &limits.above));
    }
    if (below) {
        NB_TRY(nb_node_real(below, &limits.below));
    }
    if (!(limits.above < limits.below)) {
        return nb_node_error(NB_ERR_CONFIG, node, "nothing is above %g and below %g", limits.above,
                             limits.below);
    }
    return place_bounds(self->spec, kind, name, limits, bounds);
}

static int read_week(const nb_spec_t *spec, const nb_node_t *node, int32_t *period)
{
    double weeks;

    NB_TRY(nb_node_real(node, &weeks));
    if (weeks < 0 || weeks > NB_TURN_MAX_WEEKS) {
        return nb_node_error(NB_ERR_RANGE, node, "%g is out of range, expected 0 to %d weeks",
                             weeks, NB_TURN_MAX_WEEKS);
    }
    *period = nb_turn_period_of(spec, weeks);
    return NB_OK;
}

static int read_tenure(const builder_t *self, const nb_node_t *weeks, condition_t *condition,
                       int32_t *periods)
{
    if (weeks->kind == NB_NODE_SCALAR) {
        condition->n = 1;
        return read_week(self->spec, weeks, periods);
    }
    if (weeks->kind != NB_NODE_LIST || !weeks->child) {
        return nb_node_error(NB_ERR_CONFIG, weeks, "expected a list of weeks since her birth");
    }
    for (const nb_node_t *each = weeks->child; each; each = each->next) {
        NB_TRY(read_week(self->spec, each, periods + condition->n++));
    }
    return NB_OK;
}

static int read_every(const builder_t *self, const nb_node_t *node, condition_t *condition)
{
    long long weeks;

    NB_TRY(nb_node_int(node, &weeks));
    if (weeks < 1 || weeks > MAX_EVERY) {
        return nb_node_error(NB_ERR_RANGE, node, "%lld is out of range, expected 1 to %d weeks",
                             weeks, MAX_EVERY);
    }
    condition->n = nb_turn_periods(self->spec, (double)weeks);
    return NB_OK;
}

/* which kind a node is, checked for what does not go together */
static int find_kind(const builder_t *self, const nb_node_t *node, kind_t *kind)
{
    int n = 0;

    if (node->kind != NB_NODE_MAP) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "expected a condition such as {feature: NAME, above: X, below: Y}");
    }
    NB_TRY(nb_node_check_keys(node, keys, N_KEYS));
    for (int k = 0; k < N_KINDS; k++) {
        if (nb_node_child(node, keys[k])) {
            *kind = (kind_t)k;
            n++;
        }
    }
    if (n != 1) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "a condition needs `feature`, `raw`%s, `tenure_weeks`, `every` or "
                             "`all`, and one of them only",
                             self->with_latent ? ", `latent`" : "");
    }
    if (*kind == LATENT && !self->with_latent) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "`latent` is what the firm cannot see: policy oracle_rules may read "
                             "it, rules may not");
    }
    if (*kind >= TENURE && nb_node_count(node) > 1) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "`above` and `below` do not go with `%s`, only with a quantity",
                             keys[*kind]);
    }
    return NB_OK;
}

static int compile_list(builder_t *self, const nb_node_t *list);

static int compile(builder_t *self, const nb_node_t *node)
{
    head_t *head = (head_t *)self->memory;
    condition_t *condition = (condition_t *)conditions_of(head) + head->n;
    void *data = self->memory + self->end;
    kind_t kind = FEATURE;

    NB_TRY(find_kind(self, node, &kind));
    if (kind == ALL) {
        return compile_list(self, nb_node_child(node, "all"));
    }
    head->n++;
    *condition = (condition_t){.kind = kind, .start = (uint32_t)self->end};
    switch (kind) {
    case TENURE:
        NB_TRY(read_tenure(self, nb_node_child(node, keys[kind]), condition, data));
        self->end += pad((size_t)condition->n * sizeof(int32_t));
        return NB_OK;
    case EVERY:
        return read_every(self, nb_node_child(node, keys[kind]), condition);
    default:
        head->asks_latent |= kind == LATENT;
        self->end += self->spec->n_points * sizeof(bound_t);
        return read_bounds(self, kind, node, data);
    }
}

static int compile_list(builder_t *self, const nb_node_t *list)
{
    if (list->kind != NB_NODE_LIST || !list->child) {
        return nb_node_error(NB_ERR_CONFIG, list, "expected a list of at least one condition");
    }
    for (const nb_node_t *each = list->child; each; each = each->next) {
        NB_TRY(compile(self, each));
    }
    return NB_OK;
}

int nb_conditions_init(void *memory, const nb_spec_t *spec, const nb_node_t *node, int with_latent)
{
    size_t n = 0, n_items = 0;

    count(node, &n, &n_items);
    *(head_t *)memory = (head_t){.n_points = spec->n_points};

    builder_t self = {memory, spec, sizeof(head_t) + n * sizeof(condition_t), with_latent};

    return node->kind == NB_NODE_LIST ? compile_list(&self, node) : compile(&self, node);
}

int nb_conditions_ask_latent(const void *memory)
{
    return ((const head_t *)memory)->asks_latent != 0;
}

int nb_conditions_serve(const void *memory, unsigned point)
{
    const condition_t *condition = conditions_of(memory);

    for (uint32_t c = 0; c < ((const head_t *)memory)->n; c++, condition++) {
        const bound_t *bounds = data_of(memory, condition);

        if (condition->kind <= LATENT && bounds[point].column < 0) {
            return 0;
        }
    }
    return 1;
}

/* above < x < below; false where the point has no such quantity */
static int is_between(const bound_t *bound, int is_latent, const nb_batch_t *batch, size_t i,
                      const double *latent)
{
    if (bound->column < 0) {
        return 0;
    }
    size_t j = (size_t)bound->column;
    double x = is_latent ? latent[j] : (double)batch->x[i * batch->d + j];

    return x > bound->above && x < bound->below;
}

static int is_listed(const int32_t *periods, int32_t n, int32_t tenure)
{
    for (int32_t j = 0; j < n; j++) {
        if (periods[j] == tenure) {
            return 1;
        }
    }
    return 0;
}

int nb_conditions_hold(const void *memory, const nb_batch_t *batch, size_t i, const double *latent)
{
    const condition_t *condition = conditions_of(memory);
    int holds = 1;

    for (uint32_t c = 0; c < ((const head_t *)memory)->n && holds; c++, condition++) {
        const void *data = data_of(memory, condition);

        switch (condition->kind) {
        case TENURE:
            holds = is_listed(data, condition->n, batch->tenure[i]);
            break;
        case EVERY:
            holds = nb_turn_is_due(condition->n, 0, batch->period, batch->luck[i]);
            break;
        default:
            holds = is_between((const bound_t *)data + batch->point, condition->kind == LATENT,
                               batch, i, latent);
            break;
        }
    }
    return holds;
}
