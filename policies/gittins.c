/*
 * The Gittins index of Bernoulli arms with Beta priors: the optimal policy of a discounted bandit
 * whose arms are independent.
 *
 * Source: Gittins (1979), "Bandit processes and dynamic allocation indices"; indices by calibration
 * (policies/gittins_table.h). Optimal where one decision is made a period and its reward is known
 * before the next; beyond the table's observations an approximation. Discount: the learner's
 * `gamma`, or `discount`; at gamma 1 there is no index.
 */
#include <math.h>
#include <stddef.h>

#include "policies/gittins_table.h"
#include "policies/index.h"
#include "policies/library.h"

typedef struct {
    double a, b, discount;
    int observations;
} settings_t;

/* state: this, the table, the arms */
typedef struct {
    nb_gittins_t table;
    size_t arms; /* bytes from the begin */
} state_t;

#define PRIOR(name, field)                                                                         \
    {                                                                                              \
        .key = name, .type = NB_SETTING_REAL, .offset = offsetof(settings_t, field), .def = 1.0,   \
        .low = 1e-2, .high = 1e6, .choices = "", .unit = "", .mark = "",                           \
        .source = "Gittins et al. 2011, section 8.4",                                              \
        .help = "parameter of the Beta prior of every arm"                                         \
    }

static const nb_setting_t table[] = {
    PRIOR("prior.a", a),
    PRIOR("prior.b", b),
    {
        .key = "discount",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, discount),
        .def = 0.0,
        .low = 0.0,
        .high = 0.999,
        .choices = "",
        .unit = "a period",
        .mark = "",
        .source = "Gittins 1979",
        .help = "discount factor of the index; 0: the learner's gamma, .99 at most",
    },
    {
        .key = "observations",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, observations),
        .def = 100,
        .low = 1,
        .high = 1000,
        .choices = "",
        .unit = "pulls of an arm",
        .mark = "A",
        .source = "",
        .help = "how far the table of exact indices reaches",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;

    return sizeof(state_t) + nb_gittins_size((unsigned)from->observations) * sizeof(double) +
           nb_arms_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;
    size_t n = nb_gittins_size((unsigned)from->observations);

    self->table = (nb_gittins_t){
        .a = from->a,
        .b = from->b,
        .discount = from->discount > 0.0 ? from->discount : fmin(spec->gamma, 0.99),
        .n_observations = (unsigned)from->observations,
    };
    self->arms = sizeof *self + n * sizeof(double);
    nb_arms_init((char *)state + self->arms, spec);
    return nb_gittins_fill(&self->table, (double *)(self + 1));
}

static const void *arms_of(const void *state)
{
    return (const char *)state + ((const state_t *)state)->arms;
}

static void fill(const void *state, unsigned point, double *index, double *width)
{
    const state_t *self = state;
    const nb_arm_t *arm = nb_arms_at(arms_of(state), point);

    for (unsigned k = 0; k < nb_arms_count(arms_of(state), point); k++) {
        index[k] = nb_gittins_index(&self->table, (const double *)(self + 1), arm[k].sum, arm[k].n);
        width[k] = 0.0;
    }
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    return nb_index_scores(state, batch, fill, 0.0, s);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return nb_index_choose(state, batch, score, out);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return nb_index_probabilities(state, batch, score, p);
}

/* posterior means of what is played */
static int value(const void *state, const nb_batch_t *batch, double *v)
{
    const state_t *self = state;
    const nb_arm_t *arm = nb_arms_at(arms_of(state), batch->point);
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    int code = probabilities(state, batch, p);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        v[i] = 0.0;
        for (size_t k = 0; k < K; k++) {
            v[i] += p[i * K + k] * (self->table.a + arm[k].sum) /
                    (self->table.a + self->table.b + arm[k].n);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((char *)state + ((state_t *)state)->arms, finished, 1);
}

const nb_policy_type_t nb_policy_gittins = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "gittins",
    .summary = "highest Gittins index of Bernoulli arms, optimal under discounting (Gittins 1979)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_OFFSETS | NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = nb_index_scratch_size,
};
