/*
 * Bayes-optimal play of few Bernoulli arms up to a known horizon: the highest expected sum of the
 * rewards still to come, from a table of all counts (policies/dp_table.h has the recurrence).
 *
 * Source: Bellman (1956), "A problem in the sequential design of experiments"; Berry & Fristedt
 * (1985), "Bandit problems". Exact for one decision at a time whose reward, 0 or 1, is known before
 * the next, all actions allowed at every decision. Known limits: a table holds binomial(T - 1 + 2K,
 * 2K) values, 8 bytes each (K = 2: T = 100 takes 35 MB; K = 3: T = 40, 65 MB), and what does not
 * fit is refused; successes between whole numbers are rounded; after T decisions, and where the
 * horizon is 1, the highest posterior mean is played, which is greedy on Beta posteriors.
 */
#include <math.h>

#include "policies/beta.h"
#include "policies/dp_table.h"
#include "policies/index.h"
#include "policies/library.h"
#include "policies/linear.h"

typedef struct {
    nb_beta_t prior;
    double discount;
    int horizon, memory;
} settings_t;

/* state: this, the statistics, the tables of all points */
typedef struct {
    nb_beta_t prior;
    double discount;
    uint64_t horizon;
    uint64_t table[NB_MAX_POINTS]; /* bytes from here */
} state_t;

static const nb_setting_t table[] = {
    {
        .key = "horizon",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, horizon),
        .def = 0,
        .low = 0,
        .high = 1e6,
        .choices = "",
        .unit = "decisions",
        .mark = "",
        .source = "Bellman 1956",
        .help = "decisions at a point that are planned for; 0: the periods of the run, which must "
                "have one customer",
    },
    {
        .key = "discount",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, discount),
        .def = 1.0,
        .low = 0.0,
        .high = 1.0,
        .choices = "",
        .unit = "a decision",
        .mark = "",
        .source = "Berry & Fristedt 1985, section 2.5",
        .help = "what a reward is worth one decision later",
    },
    {
        .key = "memory",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, memory),
        .def = 64,
        .low = 1,
        .high = 65536,
        .choices = "",
        .unit = "MiB",
        .mark = "A",
        .source = "",
        .help = "what the table of a point may take; a longer horizon is refused",
    },
    NB_BETA_PRIOR(settings_t),
    {0},
};

/* decisions planned for, 0 where nobody says */
static unsigned find_horizon(const nb_spec_t *spec, const settings_t *settings)
{
    double periods = spec->n_customers <= 1 ? ceil(spec->horizon) : 0.0;

    return settings->horizon > 0 ? (unsigned)settings->horizon : (unsigned)fmin(periods, 1e6);
}

static int fits(unsigned n_actions, unsigned horizon, const settings_t *settings)
{
    return nb_dp_size(n_actions, horizon) * sizeof(double) <= settings->memory * 1048576.0;
}

/* 1 where every point's table fits */
static int all_fit(const nb_spec_t *spec, const settings_t *settings)
{
    int is_fit = 1;

    for (unsigned p = 0; p < spec->n_points; p++) {
        is_fit &= fits(spec->points[p].n_actions, find_horizon(spec, settings), settings);
    }
    return is_fit;
}

static size_t table_bytes(const nb_point_t *point, unsigned horizon)
{
    return (size_t)nb_dp_size(point->n_actions, horizon) * sizeof(double);
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    unsigned horizon = find_horizon(spec, settings);
    size_t size = sizeof(state_t) + nb_arms_size(spec);

    if (horizon == 0 || !all_fit(spec, settings)) {
        return size; /* init refuses */
    }
    for (unsigned p = 0; p < spec->n_points; p++) {
        size += table_bytes(spec->points + p, horizon);
    }
    return size;
}

static int refuse_horizon(const nb_spec_t *spec)
{
    if (spec->n_customers > 1) {
        NB_FAIL(NB_ERR_UNSUPPORTED,
                "dp plans one decision after the other, and here %zu customers decide at once: "
                "set `horizon` to plan each point's decisions all the same",
                spec->n_customers);
    }
    NB_FAIL(NB_ERR_CONFIG, "nobody says how long it runs: set `horizon`, in decisions");
}

/* says the longest horizon that fits, if any */
static int refuse_size(const nb_point_t *point, unsigned horizon, const settings_t *settings)
{
    unsigned fitting = horizon;

    while (fitting > 0 && !fits(point->n_actions, fitting, settings)) {
        fitting--;
    }
    NB_FAIL(NB_ERR_UNSUPPORTED,
            "dp at point %s: %u actions and %u decisions take a table of %.3g MiB, and `memory` "
            "allows %d, which is enough for %u decisions",
            point->name, point->n_actions, horizon,
            nb_dp_size(point->n_actions, horizon) * sizeof(double) / 1048576.0, settings->memory,
            fitting);
}

static nb_dp_t model_of(const state_t *self, unsigned n_actions)
{
    return (nb_dp_t){.a = self->prior.a,
                     .b = self->prior.b,
                     .discount = self->discount,
                     .n_arms = n_actions,
                     .horizon = (unsigned)self->horizon};
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;
    unsigned horizon = find_horizon(spec, from);
    size_t end = sizeof *self + nb_arms_size(spec);

    if (horizon == 0) {
        return refuse_horizon(spec);
    }
    for (unsigned p = 0; p < spec->n_points; p++) {
        if (!fits(spec->points[p].n_actions, horizon, from)) {
            return refuse_size(spec->points + p, horizon, from);
        }
    }
    self->prior = from->prior;
    self->discount = from->discount;
    self->horizon = horizon;
    nb_arms_init(self + 1, spec);
    for (unsigned p = 0; p < spec->n_points; p++) {
        nb_dp_t model = model_of(self, spec->points[p].n_actions);

        self->table[p] = end;
        NB_TRY(nb_dp_fill(&model, (double *)((char *)state + end)));
        end += table_bytes(spec->points + p, horizon);
    }
    return NB_OK;
}

/* whole counts of all arms, and their sum */
static unsigned count(const nb_arm_t *arm, unsigned K, unsigned *counts)
{
    unsigned total = 0;

    for (unsigned k = 0; k < K; k++) {
        double n = fmin(arm[k].n, 1e9), successes = fmin(n, fmax(0.0, round(arm[k].sum)));

        counts[2 * k] = (unsigned)successes;
        counts[2 * k + 1] = (unsigned)(n - successes);
        total += (unsigned)n;
        total = total < 1000000000u ? total : 1000000000u;
    }
    return total;
}

/* value of every arm, from the table or, after the horizon, its mean. @param q [K] */
static void fill_values(const state_t *self, const nb_batch_t *batch, double *q)
{
    unsigned K = batch->n_actions;
    const nb_arm_t *arm = nb_arms_at(self + 1, batch->point);
    double *work = nb_arena_take(batch->scratch, 2 * (size_t)K, sizeof *work);
    unsigned *counts = nb_arena_take(batch->scratch, 2 * (size_t)K, sizeof *counts);
    nb_dp_t model = model_of(self, K);

    if (count(arm, K, counts) < self->horizon) {
        nb_dp_values(&model, (const double *)((const char *)self + self->table[batch->point]),
                     counts, work, q);
        return;
    }
    for (unsigned k = 0; k < K; k++) {
        q[k] = nb_beta_mean(nb_beta_posterior(self->prior, arm + k));
    }
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *q = nb_arena_take(batch->scratch, K, sizeof *q);

    fill_values(state, batch, q);
    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned k = 0; k < K; k++) {
            double offset = batch->offset ? batch->offset[i * K + k] : 0.0;

            s[i * K + k] =
                nb_mask_allows(batch->mask, batch->mask_words, i, k) ? q[k] + offset : -INFINITY;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
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

    return nb_beta_value(state, batch, self->prior, nb_arms_at(self + 1, batch->point),
                         probabilities, v);
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((state_t *)state + 1, finished, 1);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    /* beside what indices take: work and counts */
    return nb_index_scratch_size(spec, settings) +
           4 * nb_linear_most_actions(spec) * sizeof(double) + 3 * 64;
}

const nb_policy_type_t nb_policy_dp = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "dp",
    .summary = "Bayes-optimal play of few Bernoulli arms up to a horizon (Bellman 1956; Berry & "
               "Fristedt 1985)",
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
    .scratch_size = scratch_size,
};
