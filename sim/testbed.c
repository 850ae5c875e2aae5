#include "sim/testbed.h"

#include <string.h>

#include "core/memory.h"

static const char *const x_names[NB_BED_MAX_FEATURES] = {
    "one", "x1",  "x2",  "x3",  "x4",  "x5",  "x6",  "x7",  "x8",  "x9",  "x10", "x11", "x12",
    "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25",
    "x26", "x27", "x28", "x29", "x30", "x31", "x32", "x33", "x34", "x35", "x36", "x37", "x38",
    "x39", "x40", "x41", "x42", "x43", "x44", "x45", "x46", "x47", "x48", "x49", "x50", "x51",
    "x52", "x53", "x54", "x55", "x56", "x57", "x58", "x59", "x60", "x61", "x62", "x63"};

int nb_testbed_init(nb_testbed_t **out, const nb_testbed_type_t *type, const void *settings,
                    unsigned n_actions, unsigned d)
{
    nb_testbed_t *self;

    NB_ASSERT(n_actions >= 1 && n_actions <= NB_BED_MAX_ACTIONS && d <= NB_BED_MAX_FEATURES);
    NB_TRY(nb_alloc(out, 1, sizeof **out));
    self = *out;
    self->type = type;
    self->settings = settings;
    for (unsigned k = 0; k < n_actions; k++) {
        snprintf(self->names[k], sizeof self->names[k], "a%u", k + 1);
        self->actions[k] = self->names[k];
    }
    memcpy(self->features, x_names, sizeof self->features);
    self->point = (nb_point_t){.name = "arm",
                               .phase = "",
                               .d = d,
                               .features = self->features,
                               .n_actions = n_actions,
                               .actions = self->actions,
                               .max_slate = 1};
    self->spec = (nb_spec_t){.n_points = 1,
                             .points = &self->point,
                             .gamma = ((const nb_testbed_settings_t *)settings)->discount,
                             .period_weeks = 1.0,
                             .horizon = 1.0};
    return NB_OK;
}

void nb_testbed_name_action(nb_testbed_t *self, unsigned k, const char *name)
{
    snprintf(self->names[k], sizeof self->names[k], "%s", name);
}

static int read_means(const nb_node_t *list, int as_shares, double *means, unsigned *n)
{
    *n = 0;
    if (list->kind != NB_NODE_LIST || !list->child) {
        return nb_node_error(NB_ERR_CONFIG, list, "expected a list of means, one an arm");
    }
    for (const nb_node_t *node = list->child; node; node = node->next) {
        if (*n == NB_BED_MAX_ACTIONS) {
            return nb_node_error(NB_ERR_RANGE, node, "more than %d arms", NB_BED_MAX_ACTIONS);
        }
        NB_TRY(nb_node_real(node, &means[*n]));
        if (as_shares && !(means[*n] >= 0.0 && means[*n] <= 1.0)) {
            return nb_node_error(NB_ERR_RANGE, node, "%s is out of range, expected 0 to 1",
                                 node->text);
        }
        (*n)++;
    }
    return NB_OK;
}

int nb_testbed_init_arms(nb_testbed_t **out, const nb_testbed_type_t *type, const void *settings,
                         const nb_node_t *list, int as_shares, unsigned n_arms)
{
    double means[NB_BED_MAX_ACTIONS] = {0};

    if (list) {
        NB_TRY(read_means(list, as_shares, means, &n_arms));
    }
    NB_TRY(nb_testbed_init(out, type, settings, n_arms, 0));
    if (list) {
        NB_TRY(nb_alloc(&(*out)->means, n_arms, sizeof *means));
        memcpy((*out)->means, means, n_arms * sizeof *means);
    }
    return NB_OK;
}

void nb_testbed_free_world(void *world)
{
    nb_testbed_t *self = world;

    if (self) {
        nb_free(self->means);
    }
    nb_free(self);
}

const nb_spec_t *nb_testbed_spec(const void *world)
{
    return &((const nb_testbed_t *)world)->spec;
}

void nb_testbed_words(const nb_testbed_run_t *run, unsigned purpose, uint32_t luck, unsigned group,
                      uint32_t words[4])
{
    nb_counter_t counter = {.luck = luck,
                            .ordinal = (uint32_t)run->period,
                            .purpose = (uint16_t)purpose,
                            .group = (uint16_t)group};

    nb_rng_block(run->key, counter, words);
}

void nb_testbed_stream(const nb_testbed_run_t *run, unsigned purpose, uint32_t luck, int ordinal,
                       nb_stream_t *out)
{
    nb_counter_t counter = {
        .luck = luck, .ordinal = (uint32_t)ordinal, .purpose = (uint16_t)purpose};

    nb_stream_init(out, run->key, counter);
}

double nb_testbed_flip(const nb_testbed_run_t *run, size_t customer, double mean)
{
    uint32_t words[4];

    nb_testbed_words(run, NB_BED_NOISE, (uint32_t)customer, 0, words);
    return nb_rng_uniform(words[0]) < mean;
}

double nb_testbed_normal(const nb_testbed_run_t *run, size_t customer, double mean, double sd)
{
    uint32_t words[4];
    double pair[2];

    nb_testbed_words(run, NB_BED_NOISE, (uint32_t)customer, 0, words);
    nb_rng_normal_pair(words[0], words[1], pair);
    return mean + sd * pair[0];
}
