/*
 * The Gittins index of every Bernoulli arm: play the highest. Optimal for the discounted sum of
 * rewards where one arm is played at a time, its reward is seen before the next is played, and arms
 * are independent with the Beta prior.
 *
 * Source: Gittins (1979), "Bandit processes and dynamic allocation indices"; Gittins, Glazebrook &
 * Weber (2011), chapter 8. Indices come from a table that is computed when the policy starts
 * (policies/gittins_table.h has equations, errors, and what is played beyond the table); it takes
 * about 0.1 s at a discount of 0.99 and 2 s at 0.999, and 8 bytes for every pair of counts. Known
 * limits: rows of one period herd, since they share the indices; forbidden actions, and rewards
 * that come late, void the optimality; rewards between 0 and 1 are fractional successes.
 */
#include "policies/beta.h"
#include "policies/gittins_table.h"
#include "policies/index.h"
#include "policies/library.h"

/* what an undiscounted learner plays by, and the highest discount whose table is feasible */
static const double usual_discount = 0.99, highest_discount = 0.999;

typedef struct {
    nb_beta_t prior;
    double discount, tie_width;
    int observations;
} settings_t;

/* state: this, the statistics, the table */
typedef struct {
    nb_gittins_t model;
    double tie_width;
    uint64_t table; /* bytes from here */
} state_t;

static const nb_setting_t table[] = {
    {
        .key = "discount",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, discount),
        .def = 0.0,
        .low = 0.0,
        .high = 0.999,
        .choices = "",
        .unit = "a decision",
        .mark = "",
        .source = "Gittins 1979",
        .help = "what a reward is worth one decision later; 0: gamma of the learner, or 0.99 where "
                "that is 1",
    },
    {
        .key = "observations",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, observations),
        .def = 200,
        .low = 1,
        .high = 1000,
        .choices = "",
        .unit = "decisions",
        .mark = "A",
        .source = "",
        .help = "decisions for an action up to which its index is exact; beyond, what it exceeds "
                "the mean by falls as one over their number",
    },
    NB_BETA_PRIOR(settings_t),
    NB_INDEX_TIE_WIDTH(settings_t),
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;

    return sizeof(state_t) + nb_arms_size(spec) +
           nb_gittins_size((unsigned)from->observations) * sizeof(double);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;
    double discount = from->discount;

    if (discount == 0.0) {
        discount = spec->gamma < 1.0 ? spec->gamma : usual_discount;
    }
    if (discount > highest_discount) {
        NB_FAIL(NB_ERR_CONFIG,
                "gittins computes indices for discounts up to %g, and the learner's gamma is %g: "
                "set `discount`",
                highest_discount, discount);
    }
    self->model = (nb_gittins_t){.a = from->prior.a,
                                 .b = from->prior.b,
                                 .discount = discount,
                                 .n_observations = (unsigned)from->observations};
    self->tie_width = from->tie_width;
    self->table = sizeof *self + nb_arms_size(spec);
    nb_arms_init(self + 1, spec);
    return nb_gittins_fill(&self->model, (double *)((char *)state + self->table));
}

static nb_beta_t prior_of(const state_t *self)
{
    return (nb_beta_t){self->model.a, self->model.b};
}

static void fill(const void *state, unsigned point, double *index, double *width)
{
    const state_t *self = state;
    const double *indices = (const double *)((const char *)state + self->table);
    const nb_arm_t *arm = nb_arms_at(self + 1, point);

    for (unsigned k = 0; k < nb_arms_count(self + 1, point); k++) {
        index[k] = nb_gittins_index(&self->model, indices, arm[k].sum, arm[k].n);
        width[k] = index[k] - nb_beta_mean(nb_beta_posterior(prior_of(self), arm + k));
    }
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    const state_t *self = state;

    return nb_index_scores(state, batch, fill, batch->n_actions, self->tie_width, s);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return nb_index_choose(state, batch, score, out);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return nb_index_probabilities(state, batch, score, p);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    const state_t *self = state;

    return nb_beta_value(state, batch, prior_of(self), nb_arms_at(self + 1, batch->point),
                         probabilities, v);
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((state_t *)state + 1, finished, 1);
}

const nb_policy_type_t nb_policy_gittins = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "gittins",
    .summary = "highest Gittins index of a Bernoulli arm (Gittins 1979; Gittins, Glazebrook & "
               "Weber 2011)",
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
