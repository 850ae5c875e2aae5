/* choices on one half of the replications, their value on the other */
#include <math.h>
#include <string.h>

#include "bench/headroom.h"
#include "core/memory.h"
#include "core/stats.h"

/* half of a replication: even and odd */
enum { N_HALVES = 2, MAX_SEGMENTS = 256 };

const char *nb_rung_name(nb_rung_t rung)
{
    static const char *const names[NB_N_RUNGS] = {"fixed", "segment", "traits", "state"};

    return names[rung];
}

void nb_headroom_values_free(nb_headroom_values_t *self)
{
    nb_free(self->values);
    nb_free(self->state);
    nb_free(self->segments);
    memset(self, 0, sizeof *self);
}

typedef struct {
    const nb_headroom_values_t *values;
    double *sums;            /* [n_candidates x MAX_SEGMENTS]: scratch of a choice */
    double *center, *weight; /* [n_candidates] of a customer's gain over the best fixed one */
    uint32_t *fixed;         /* [N_HALVES] chosen on that half */
    uint32_t *segment;       /* [N_HALVES x MAX_SEGMENTS] */
    uint32_t *traits;        /* [N_HALVES x n_customers] */
    double *rungs;           /* [NB_N_RUNGS x n_replications] */
} climb_t;

static const float *values_of(const nb_headroom_values_t *values, size_t c, size_t r)
{
    return values->values + (c * values->n_replications + r) * values->n_customers;
}

/* index of the largest of n values `stride` apart; the first of equals */
static uint32_t find_best(const double *sums, size_t n, size_t stride)
{
    size_t best = 0;

    for (size_t c = 1; c < n; c++) {
        best = sums[c * stride] > sums[best * stride] ? c : best;
    }
    return (uint32_t)best;
}

/* the best candidate for all, and for every segment, on the replications of a half */
static void choose_groups(climb_t *self, size_t half)
{
    const nb_headroom_values_t *values = self->values;
    size_t n = values->n_candidates;

    memset(self->sums, 0, n * MAX_SEGMENTS * sizeof *self->sums);
    for (size_t c = 0; c < n; c++) {
        for (size_t r = half; r < values->n_replications; r += N_HALVES) {
            const float *value = values_of(values, c, r);
            const uint8_t *segment =
                values->segments ? values->segments + r * values->n_customers : NULL;

            for (size_t i = 0; i < values->n_customers; i++) {
                self->sums[c * MAX_SEGMENTS + (segment ? segment[i] : 0)] += value[i];
            }
        }
    }
    for (size_t s = 0; s < MAX_SEGMENTS; s++) {
        self->segment[half * MAX_SEGMENTS + s] = find_best(self->sums + s, n, MAX_SEGMENTS);
    }
    for (size_t c = 0; c < n; c++) {
        for (size_t s = 1; s < MAX_SEGMENTS; s++) {
            self->sums[c * MAX_SEGMENTS] += self->sums[c * MAX_SEGMENTS + s];
        }
    }
    self->fixed[half] = find_best(self->sums, n, MAX_SEGMENTS);
}

/* mean and unbiased variance, over the replications of a half, of what a customer gains by a
 * candidate over the best fixed one */
static void find_gain(const climb_t *self, size_t half, size_t c, size_t i, nb_moments_t *out)
{
    const nb_headroom_values_t *values = self->values;

    *out = (nb_moments_t){0};
    for (size_t r = half; r < values->n_replications; r += N_HALVES) {
        nb_moments_add(out, (double)values_of(values, c, r)[i] -
                                (double)values_of(values, self->fixed[half], r)[i]);
    }
}

/* How far a customer's own mean gain is believed, and the mean it is shrunk to: James-Stein with
 * the variance between customers over that of a mean of this half (Efron & Morris 1973). Without it
 * the largest of many noisy means would be noise. */
static void weigh_candidate(climb_t *self, size_t half, size_t c)
{
    nb_moments_t means = {0};
    double noise = 0, between;

    for (size_t i = 0; i < self->values->n_customers; i++) {
        nb_moments_t gain;

        find_gain(self, half, c, i, &gain);
        nb_moments_add(&means, gain.mean);
        noise += gain.n > 1 ? gain.m2 / (double)(gain.n - 1) / (double)gain.n : 0;
    }
    noise /= (double)self->values->n_customers;
    between = means.n > 1 ? fmax(0, means.m2 / (double)(means.n - 1) - noise) : 0;
    self->center[c] = means.mean;
    self->weight[c] = between > 0 ? between / (between + noise) : 0;
}

/* the best candidate for every customer */
static void choose_traits(climb_t *self, size_t half)
{
    const nb_headroom_values_t *values = self->values;

    for (size_t c = 0; c < values->n_candidates; c++) {
        weigh_candidate(self, half, c);
    }
    for (size_t i = 0; i < values->n_customers; i++) {
        for (size_t c = 0; c < values->n_candidates; c++) {
            nb_moments_t gain;

            find_gain(self, half, c, i, &gain);
            self->sums[c] = self->center[c] + self->weight[c] * (gain.mean - self->center[c]);
        }
        self->traits[half * values->n_customers + i] =
            find_best(self->sums, values->n_candidates, 1);
    }
}

/* value of every rung in a replication, by what was chosen on the other half */
static void value_replication(climb_t *self, size_t r)
{
    const nb_headroom_values_t *values = self->values;
    size_t half = 1 - r % N_HALVES, n = values->n_customers, R = values->n_replications;
    double sum[NB_N_RUNGS] = {0};

    for (size_t i = 0; i < n; i++) {
        unsigned s = values->segments ? values->segments[r * n + i] : 0;

        sum[NB_RUNG_FIXED] += values_of(values, self->fixed[half], r)[i];
        sum[NB_RUNG_SEGMENT] += values_of(values, self->segment[half * MAX_SEGMENTS + s], r)[i];
        sum[NB_RUNG_TRAITS] += values_of(values, self->traits[half * n + i], r)[i];
        sum[NB_RUNG_STATE] += values->state ? values->state[r * n + i] : 0;
    }
    for (size_t k = 0; k < NB_N_RUNGS; k++) {
        self->rungs[k * R + r] = sum[k] / (double)n;
    }
}

static void fill_rung(nb_headroom_rung_t *rung, const double *values, const double *below, size_t n)
{
    nb_moments_t moments = {0}, steps = {0}, base = {0};

    rung->is_there = 1;
    nb_moments_add_finite(&moments, values, n);
    rung->value = moments.mean;
    rung->se = nb_moments_se(&moments);
    rung->step = rung->step_se = NAN;
    if (!below) {
        return;
    }
    for (size_t r = 0; r < n; r++) {
        nb_moments_add(&steps, values[r] - below[r]);
    }
    nb_moments_add_finite(&base, below, n);
    rung->step = steps.mean;
    rung->step_se = nb_moments_se(&steps);
    rung->answers = rung->step > fmax(5 * rung->step_se, 0.01 * fabs(base.mean));
}

static void note_fixed(nb_headroom_t *self, const climb_t *climb)
{
    nb_headroom_rung_t *rung = &self->rungs[NB_RUNG_FIXED];
    const char *first = self->labels[climb->fixed[0]], *second = self->labels[climb->fixed[1]];

    if (climb->fixed[0] == climb->fixed[1]) {
        snprintf(rung->note, sizeof rung->note, "%s", first);
    } else {
        snprintf(rung->note, sizeof rung->note, "%s; on the other half %s", first, second);
    }
}

/* how many different candidates a half's choice uses, and the share of the most frequent one */
static int note_traits(nb_headroom_t *self, const climb_t *climb)
{
    const nb_headroom_values_t *values = climb->values;
    nb_headroom_rung_t *rung = &self->rungs[NB_RUNG_TRAITS];
    size_t *count = NULL, n_used = 0, best = 0;

    NB_TRY(nb_alloc(&count, values->n_candidates, sizeof *count));
    for (size_t i = 0; i < N_HALVES * values->n_customers; i++) {
        count[climb->traits[i]]++;
    }
    for (size_t c = 0; c < values->n_candidates; c++) {
        n_used += count[c] > 0;
        best = count[c] > count[best] ? c : best;
    }
    snprintf(rung->note, sizeof rung->note, "%zu strategies in use; %.0f %% of customers: %s",
             n_used, 100.0 * (double)count[best] / (double)(N_HALVES * values->n_customers),
             self->labels[best]);
    nb_free(count);
    return NB_OK;
}

static int climb_rungs(nb_headroom_t *self, climb_t *climb)
{
    const nb_headroom_values_t *values = climb->values;
    size_t R = values->n_replications;
    const int is_there[NB_N_RUNGS] = {1, values->segments != NULL, 1, values->state != NULL};
    const double *below = NULL;

    for (size_t half = 0; half < N_HALVES; half++) {
        choose_groups(climb, half);
        choose_traits(climb, half);
    }
    for (size_t r = 0; r < R; r++) {
        value_replication(climb, r);
    }
    for (size_t k = 0; k < NB_N_RUNGS; k++) {
        nb_headroom_rung_t *rung = &self->rungs[k];

        *rung = (nb_headroom_rung_t){.value = NAN, .se = NAN, .step = NAN, .step_se = NAN};
        if (is_there[k]) {
            fill_rung(rung, climb->rungs + k * R, below, R);
            below = climb->rungs + k * R;
        }
    }
    note_fixed(self, climb);
    snprintf(self->rungs[NB_RUNG_SEGMENT].note, sizeof self->rungs[0].note, "%s",
             values->segments ? "the best strategy of every segment"
                              : "the scenario has no segments");
    snprintf(self->rungs[NB_RUNG_STATE].note, sizeof self->rungs[0].note, "%s",
             values->state ? "clairvoyant_myopic at these points: blind to the future, no bound"
                           : "the environment has no oracle");
    return note_traits(self, climb);
}

int nb_headroom_climb(nb_headroom_t *self, const nb_headroom_values_t *values)
{
    climb_t climb = {.values = values};
    int code;

    NB_ASSERT(values->n_replications >= N_HALVES);
    code = nb_alloc(&climb.sums, values->n_candidates * MAX_SEGMENTS, sizeof *climb.sums);
    code = code < 0 ? code : nb_alloc(&climb.center, values->n_candidates, sizeof *climb.center);
    code = code < 0 ? code : nb_alloc(&climb.weight, values->n_candidates, sizeof *climb.weight);
    code = code < 0 ? code : nb_alloc(&climb.fixed, N_HALVES, sizeof *climb.fixed);
    code =
        code < 0 ? code : nb_alloc(&climb.segment, N_HALVES * MAX_SEGMENTS, sizeof *climb.segment);
    code = code < 0 ? code
                    : nb_alloc(&climb.traits, N_HALVES * values->n_customers, sizeof *climb.traits);
    code = code < 0
               ? code
               : nb_alloc(&climb.rungs, NB_N_RUNGS * values->n_replications, sizeof *climb.rungs);
    code = code < 0 ? code : climb_rungs(self, &climb);
    nb_free(climb.sums);
    nb_free(climb.center);
    nb_free(climb.weight);
    nb_free(climb.fixed);
    nb_free(climb.segment);
    nb_free(climb.traits);
    nb_free(climb.rungs);
    return code;
}
