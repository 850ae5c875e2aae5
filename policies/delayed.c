/*
 * Learning from conversions that have not all been seen yet: a decision counts for the share of
 * its reward that has had time to arrive.
 *
 * Source: Vernade, Cappe & Perchet (2017), "Stochastic bandit models for delayed conversions",
 * section 3: with tau_e the probability that a conversion has come e periods after the decision,
 * the mean of an arm is estimated by what was seen of it over the sum of tau_e of its pulls
 * (equation 2), instead of over their number. Here every decision comes once a period, with what
 * came since (credit partial(n)); it adds tau_e - tau_(e-1) observations and that part of the
 * reward, so that sums of a linear model hold sum tau_e x x' and sum of rewards seen x.
 *
 * The distribution of delays is learned from conversions (rows with a positive reward) by their
 * elapsed periods j: w_j = prior pi_j + C_j N_0 / N_j, C_j conversions among the N_j decisions that
 * are that old; where none is yet, the prior's share of what was seen. pi is geometric. Known
 * limits: the delay must not depend on action and context; tau moves while it is learned, so that
 * the weights of one decision sum to one only as it settles; a decision without a window counts
 * in whole.
 */
#include <math.h>
#include <stddef.h>

#include "policies/library.h"
#include "policies/wrapper.h"

enum { MAX_WINDOW = 520 };

typedef struct {
    nb_inner_t inner; /* first: see NB_TRAIT_WRAPPER */
    double mean_delay, prior;
} settings_t;

/* own part of the state */
typedef struct {
    double mean_delay, prior;
    int window;                     /* n of partial(n), 0 before the first transition */
    double conversions[MAX_WINDOW]; /* C_j */
    double decisions[MAX_WINDOW];   /* N_j */
    double share[MAX_WINDOW];       /* tau_j - tau_(j-1) */
} delays_t;

static const nb_setting_t table[] = {
    {
        .key = "mean_delay",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, mean_delay),
        .def = 2.0,
        .low = 0.0,
        .high = 520.0,
        .choices = "",
        .unit = "periods",
        .mark = "A",
        .source = "",
        .help = "mean delay of a conversion before any was seen; 0: they come at once",
    },
    {
        .key = "prior",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, prior),
        .def = 10.0,
        .low = 1e-6,
        .high = 1e12,
        .choices = "",
        .unit = "conversions",
        .mark = "A",
        .source = "",
        .help = "conversions that the geometric delay counts for; very large: the delay is known",
    },
    {0},
};

static nb_wrapper_size_t sizes(void)
{
    return (nb_wrapper_size_t){.own = sizeof(delays_t)};
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    return nb_wrapper_state_size(spec, settings, sizes());
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    delays_t *self;

    if (!(from->inner.traits & NB_TRAIT_WEIGHTED)) {
        NB_FAIL(NB_ERR_CONFIG,
                "policy '%s' takes whole observations only, so it cannot learn from conversions "
                "that are still to come",
                from->inner.type->name);
    }
    NB_TRY(nb_wrapper_init(state, spec, &from->inner, sizes()));
    self = nb_wrapper_own(state);
    self->mean_delay = from->mean_delay;
    self->prior = from->prior;
    return NB_OK;
}

/* P(delay = j), geometric with the mean that the setting says */
static double prior_share(const delays_t *self, int j)
{
    double q = 1.0 / (1.0 + self->mean_delay);

    return q * pow(1.0 - q, j);
}

/* conversions as if every age had been reached by as many decisions as the youngest; *shape is the
 * prior's share of those ages that any decision has reached */
static double count_seen(const delays_t *self, double *shape)
{
    double seen = 0.0;

    *shape = 0.0;
    for (int j = 0; j < self->window && self->decisions[j] > 0.0; j++) {
        seen += self->conversions[j] * self->decisions[0] / self->decisions[j];
        *shape += prior_share(self, j);
    }
    return seen;
}

static void refresh(delays_t *self)
{
    double shape, seen = count_seen(self, &shape), sum = 0.0;

    for (int j = 0; j < self->window; j++) {
        double prior = prior_share(self, j), n = self->decisions[j];

        self->share[j] = self->prior * prior;
        if (n > 0.0) {
            self->share[j] += self->conversions[j] * self->decisions[0] / n;
        } else if (shape > 0.0) {
            self->share[j] += seen * prior / shape;
        }
        sum += self->share[j];
    }
    for (int j = 0; j < self->window; j++) {
        self->share[j] /= sum;
    }
}

/* count by age; shares are refreshed once a period, so that blocks do not matter */
static void count_row(delays_t *self, int age, double reward)
{
    self->decisions[age] += 1.0;
    self->conversions[age] += reward > 0.0;
}

static int update(void *state, const nb_transitions_t *finished)
{
    size_t mark = nb_arena_mark(finished->scratch);
    nb_transitions_t weighted = *finished;
    delays_t *self = nb_wrapper_own(state);
    double *weight;
    int code;

    if (finished->window == 0) {
        return nb_wrapper_update(state, finished);
    }
    NB_ASSERT(finished->window <= MAX_WINDOW);
    if (self->window != finished->window) {
        self->window = finished->window;
        refresh(self);
    }
    weight = nb_arena_take(finished->scratch, finished->n, sizeof *weight);
    for (size_t i = 0; i < finished->n; i++) {
        int age = (int)finished->elapsed[i];

        weight[i] = self->share[age];
        count_row(self, age, finished->reward[i]);
    }
    weighted.weight = weight;
    code = nb_wrapper_update(state, &weighted);
    nb_arena_release(finished->scratch, mark);
    return code;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    refresh(nb_wrapper_own(state));
    return nb_wrapper_end_period(state, scratch);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    return nb_wrapper_scratch_size(spec, settings) + NB_BLOCK_ROWS * sizeof(double) + 64;
}

const nb_policy_type_t nb_policy_delayed = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "delayed",
    .summary = "learns from rewards that are still arriving (Vernade, Cappe & Perchet 2017)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_WRAPPER | NB_TRAIT_LEARNS | NB_TRAIT_PARTIAL,
    .state_size = state_size,
    .init = init,
    .choose = nb_wrapper_choose,
    .update = update,
    .played = nb_wrapper_played,
    .end_period = end_period,
    .probabilities = nb_wrapper_probabilities,
    .value = nb_wrapper_value,
    .score = nb_wrapper_score,
    .scratch_size = scratch_size,
    .grow = nb_wrapper_grow,
};
