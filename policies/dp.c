/*
 * Bayes-optimal play of Bernoulli arms over a finite horizon, by dynamic programming over all
 * counts.
 *
 *   V_t(c) = max over k of m_k (1 + gamma V(c + success k)) + (1 - m_k) gamma V(c + failure k),
 *   m_k = (a + successes_k) / (a + b + pulls_k),  V = 0 after T decisions
 *
 * Source: Bellman (1956), "A problem in the sequential design of experiments"; Berry & Fristedt
 * (1985), Bandit Problems. Exact where one decision is made a period and its reward is known before
 * the next. The state holds V of all C(T + 2K, 2K) counts, found by their rank in the combinatorial
 * number system (Knuth, TAOCP 7.2.1.3). Beyond T decisions, and after rewards that are not 0 or 1,
 * it plays the highest posterior mean. Masked actions are left out of the maximum of the decision,
 * but counted on later.
 */
#include <math.h>
#include <stddef.h>

#include "policies/index.h"
#include "policies/library.h"

enum { MAX_STATES = 20000000 };

typedef struct {
    double a, b, horizon;
} settings_t;

/* state: this, then for every point its binomials [(T + 2K) x (2K)] and values; then the arms */
typedef struct {
    double a, b, gamma;
    unsigned T, n_points;
    unsigned K[NB_MAX_POINTS];
    size_t binomials[NB_MAX_POINTS], values[NB_MAX_POINTS]; /* bytes from the begin */
    size_t arms;
} state_t;

static const nb_setting_t table[] = {
    {
        .key = "horizon",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, horizon),
        .def = 0.0,
        .low = 0.0,
        .high = 10000.0,
        .choices = "",
        .unit = "decisions",
        .mark = "",
        .source = "Berry & Fristedt 1985",
        .help = "decisions of the whole run, T; 0: as the environment says",
    },
    {
        .key = "prior.a",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, a),
        .def = 1.0,
        .low = 1e-3,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "first parameter of the Beta prior of every arm",
    },
    {
        .key = "prior.b",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, b),
        .def = 1.0,
        .low = 1e-3,
        .high = 1e6,
        .choices = "",
        .unit = "",
        .mark = "",
        .source = "",
        .help = "second parameter of the Beta prior of every arm",
    },
    {0},
};

/* C(n, r) as a double, exact as far as it matters here */
static double choose_of(unsigned n, unsigned r)
{
    double c = 1.0;

    for (unsigned j = 1; j <= r && r <= n; j++) {
        c = c * (n - r + j) / j;
    }
    return r > n ? 0.0 : floor(c + 0.5);
}

static unsigned horizon_of(const nb_spec_t *spec, const settings_t *from)
{
    double T = from->horizon > 0.0 ? from->horizon : spec->horizon * (double)spec->n_customers;

    return T < 1e6 ? (unsigned)T : 1000000;
}

static double count_states(unsigned T, unsigned K)
{
    return choose_of(T + 2 * K, 2 * K < T ? 2 * K : T);
}

/* 1 where all of it fits into memory */
static int is_possible(const nb_spec_t *spec, unsigned T)
{
    double n = 0.0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        n += count_states(T, spec->points[p].n_actions);
    }
    return T > 0 && n <= MAX_STATES;
}

/* sizes and places; the end */
static size_t lay_out(state_t *self, const nb_spec_t *spec, const settings_t *from)
{
    size_t end = sizeof *self;

    self->T = horizon_of(spec, from);
    self->n_points = spec->n_points;
    for (unsigned p = 0; p < spec->n_points && is_possible(spec, self->T); p++) {
        unsigned K = spec->points[p].n_actions;

        self->K[p] = K;
        self->binomials[p] = end;
        end += (size_t)(self->T + 2 * K + 1) * (2 * K + 1) * sizeof(double);
        self->values[p] = end;
        end += (size_t)count_states(self->T, K) * sizeof(double);
    }
    self->arms = end;
    return end + nb_arms_size(spec);
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    state_t scheme = {0};

    return lay_out(&scheme, spec, settings);
}

/* counts of a point while they are looked up: successes and failures of every arm, in turn */
typedef struct {
    const double *binomials;
    unsigned n_counts; /* 2 K */
    unsigned *count;   /* [2 K] */
} lookup_t;

/* rank of the counts among all with the same sum or less */
static size_t rank_of(const lookup_t *self)
{
    size_t rank = 0;
    unsigned position = 0;

    for (unsigned j = 0; j < self->n_counts; j++) {
        position += self->count[j] + (j > 0);
        rank += (size_t)self->binomials[position * (self->n_counts + 1) + j + 1];
    }
    return rank;
}

/* value of playing arm k now */
static double value_of(const state_t *self, const double *values, lookup_t *at, unsigned k)
{
    double s = at->count[2 * k], f = at->count[2 * k + 1];
    double mean = (self->a + s) / (self->a + self->b + s + f), win, lose;

    at->count[2 * k]++;
    win = values[rank_of(at)];
    at->count[2 * k]--;
    at->count[2 * k + 1]++;
    lose = values[rank_of(at)];
    at->count[2 * k + 1]--;
    return mean * (1.0 + self->gamma * win) + (1.0 - mean) * self->gamma * lose;
}

/* V of all counts with sum `left` in the places from j on */
static void fill_level(const state_t *self, double *values, lookup_t *at, unsigned j, unsigned left)
{
    if (j + 1 == at->n_counts) {
        double best = -INFINITY;

        at->count[j] = left;
        for (unsigned k = 0; k < at->n_counts / 2; k++) {
            best = fmax(best, value_of(self, values, at, k));
        }
        values[rank_of(at)] = best;
        at->count[j] = 0;
        return;
    }
    for (unsigned c = 0; c <= left; c++) {
        at->count[j] = c;
        fill_level(self, values, at, j + 1, left - c);
    }
    at->count[j] = 0;
}

/* the last level stays 0: there is no decision left */
static int fill_point(state_t *self, unsigned p)
{
    unsigned width = 2 * self->K[p] + 1;
    double *binomials = (double *)((char *)self + self->binomials[p]);
    double *values = (double *)((char *)self + self->values[p]);
    lookup_t at = {.binomials = binomials, .n_counts = 2 * self->K[p]};

    for (unsigned n = 0; n < self->T + width; n++) {
        for (unsigned r = 0; r < width; r++) {
            binomials[n * width + r] = choose_of(n, r);
        }
    }
    NB_TRY(nb_alloc(&at.count, at.n_counts, sizeof *at.count));
    for (unsigned t = self->T; t-- > 0;) {
        fill_level(self, values, &at, 0, t);
    }
    nb_free(at.count);
    return NB_OK;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;

    lay_out(self, spec, from);
    if (!is_possible(spec, self->T)) {
        NB_FAIL(NB_ERR_CONFIG,
                "%u decisions among %u actions have %.3g counts, expected a horizon of 1 decision "
                "or more and %d counts at most",
                self->T, spec->points[0].n_actions,
                count_states(self->T, spec->points[0].n_actions), MAX_STATES);
    }
    self->a = from->a;
    self->b = from->b;
    self->gamma = spec->gamma;
    nb_arms_init((char *)state + self->arms, spec);
    for (unsigned p = 0; p < spec->n_points; p++) {
        NB_TRY(fill_point(self, p));
    }
    return NB_OK;
}

static const nb_arm_t *arms_of(const void *state, unsigned point)
{
    return nb_arms_at((const char *)state + ((const state_t *)state)->arms, point);
}

/* the counts as whole numbers; 0 where there are none or the horizon is over */
static int read_counts(const state_t *self, const nb_arm_t *arms, unsigned K, unsigned *count)
{
    double total = 0.0;

    for (unsigned k = 0; k < K; k++) {
        if (arms[k].sum != floor(arms[k].sum) || arms[k].n != floor(arms[k].n)) {
            return 0;
        }
        total += arms[k].n;
        if (total >= self->T) {
            return 0;
        }
        count[2 * k] = (unsigned)arms[k].sum;
        count[2 * k + 1] = (unsigned)(arms[k].n - arms[k].sum);
    }
    return 1;
}

/* Q of every arm [K], or its mean where the plan does not reach */
static void fill_values(const void *state, const nb_batch_t *batch, double *q)
{
    const state_t *self = state;
    const nb_arm_t *arms = arms_of(state, batch->point);
    const double *values = (const double *)((const char *)state + self->values[batch->point]);
    unsigned K = batch->n_actions;
    lookup_t at = {.binomials =
                       (const double *)((const char *)state + self->binomials[batch->point]),
                   .n_counts = 2 * K,
                   .count = nb_arena_take(batch->scratch, 2 * (size_t)K, sizeof(unsigned))};
    int is_planned = read_counts(self, arms, K, at.count);

    for (unsigned k = 0; k < K; k++) {
        double mean = (self->a + arms[k].sum) / (self->a + self->b + arms[k].n);

        q[k] = is_planned ? value_of(self, values, &at, k) : mean;
    }
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *q = nb_arena_take(batch->scratch, batch->n_actions, sizeof *q);

    fill_values(state, batch, q);
    for (size_t at = 0; at < batch->n * batch->n_actions; at++) {
        unsigned k = (unsigned)(at % batch->n_actions);
        int allowed = nb_mask_allows(batch->mask, batch->mask_words, at / batch->n_actions, k);

        s[at] = allowed ? q[k] : -INFINITY;
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

/* expected discounted rewards of what is left of the horizon */
static int value(const void *state, const nb_batch_t *batch, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *s = nb_arena_take(batch->scratch, batch->n * K, sizeof *s);
    int code = score(state, batch, s);

    for (size_t i = 0; i < batch->n; i++) {
        v[i] = -INFINITY;
        for (size_t k = 0; k < K; k++) {
            v[i] = fmax(v[i], s[i * K + k]);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((char *)state + ((state_t *)state)->arms, finished, 1);
}

const nb_policy_type_t nb_policy_dp = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "dp",
    .summary = "Bayes-optimal play of Bernoulli arms over a finite horizon (Bellman 1956)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = nb_index_scratch_size,
};
