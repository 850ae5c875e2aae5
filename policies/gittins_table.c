#include "policies/gittins_table.h"

#include <math.h>

#include "core/kernel.h"
#include "core/memory.h"

enum { N_SURE = 500, MOST_AHEAD = 2000, MARGIN = 4 };

static const double negligible = 0.005;

/* first entry of the arms with n observations; s successes follow in order */
static size_t row_of(size_t n)
{
    return n * (n + 1) / 2;
}

size_t nb_gittins_size(unsigned n_observations)
{
    return row_of((size_t)n_observations + 1);
}

static size_t depth_of(const nb_gittins_t *self)
{
    double ahead = self->discount > 0.0 ? ceil(log(negligible) / log(self->discount)) : 1.0;

    return self->n_observations + (size_t)fmin(fmax(ahead, 1.0), MOST_AHEAD);
}

/* by successes: what playing on is worth as a reward per period, and its derivative by the sure
 * reward, which is E discount^(time of stopping) */
typedef struct {
    double *value, *slope;
} worth_t;

/* after n observations from after n + 1, in place: play first, then do what is best */
NB_KERNEL static void step_back(const nb_gittins_t *self, size_t from, size_t n,
                                double *restrict value, double *restrict slope)
{
    double g = self->discount, a = self->a, scale = 1.0 / (self->a + self->b + (double)n);

    for (size_t s = from; s <= n; s++) {
        double p = (a + (double)s) * scale;

        value[s] = p * (1.0 - g + g * value[s + 1]) + (1.0 - p) * g * value[s];
        slope[s] = p * g * slope[s + 1] + (1.0 - p) * g * slope[s];
    }
}

/* fewest successes that are played on; all with fewer stop */
NB_KERNEL static size_t stop_where_better(double sure, size_t from, size_t n,
                                          double *restrict value, double *restrict slope)
{
    size_t first = from;

    for (size_t s = from; s <= n; s++) {
        slope[s] = value[s] > sure ? slope[s] : 1.0;
        value[s] = value[s] > sure ? value[s] : sure;
    }
    while (first <= n && value[first] <= sure) {
        first++;
    }
    return first;
}

/* reward over time until stopping, (value - sure slope) / (1 - slope), is the index where the rule
 * of stopping is the best one, and less everywhere else */
static void improve(double sure, size_t from, size_t n, const worth_t *play, double *index)
{
    for (size_t s = from; s <= n; s++) {
        double rate = (play->value[s] - sure * play->slope[s]) / (1.0 - play->slope[s]);

        index[s] = fmax(index[s], rate);
    }
}

/* one sure reward: from the last observations back to none */
static void calibrate(const nb_gittins_t *self, double sure, worth_t work, double *table)
{
    size_t depth = depth_of(self), first = 0;
    double total = self->a + self->b + (double)depth;

    for (size_t s = 0; s <= depth; s++) {
        double mean = (self->a + (double)s) / total;

        work.value[s] = fmax(mean, sure);
        work.slope[s] = mean > sure ? 0.0 : 1.0;
        first += mean <= sure;
    }
    for (size_t n = depth; n-- > 0;) {
        /* an observation less lowers the first by 1 at most, and a sure reward that is one step too
         * high raises it by n / N_SURE at most */
        size_t from = first > MARGIN ? first - MARGIN : 0;

        step_back(self, from, n, work.value, work.slope);
        if (n <= self->n_observations) {
            improve(sure, from, n, &work, table + row_of(n));
        }
        first = stop_where_better(sure, from, n, work.value, work.slope);
    }
}

int nb_gittins_fill(const nb_gittins_t *self, double *table)
{
    size_t size = nb_gittins_size(self->n_observations), depth = depth_of(self);
    worth_t work = {0};

    NB_TRY(nb_alloc(&work.value, 2 * (depth + 1), sizeof *work.value));
    work.slope = work.value + depth + 1;
    for (size_t at = 0; at < size; at++) {
        table[at] = 0.0;
    }
    for (int j = 0; j <= N_SURE; j++) {
        calibrate(self, (double)j / N_SURE, work, table);
    }
    nb_free(work.value);
    return NB_OK;
}

/* index at row n, between whole numbers of successes */
static double look_up(const double *row, size_t n, double successes)
{
    size_t s = successes < (double)n ? (size_t)successes : n;
    double share = successes - (double)s;

    return s < n ? row[s] + share * (row[s + 1] - row[s]) : row[n];
}

double nb_gittins_index(const nb_gittins_t *self, const double *table, double successes, double n)
{
    double edge = self->n_observations, prior = self->a + self->b;

    if (n <= edge) {
        return look_up(table + row_of((size_t)n), (size_t)n, successes);
    }
    double mean = (self->a + successes) / (prior + n);
    double at = fmin(edge, fmax(0.0, mean * (prior + edge) - self->a));
    double edge_mean = (self->a + at) / (prior + edge);
    double excess = look_up(table + row_of(self->n_observations), self->n_observations, at);

    return mean + (excess - edge_mean) * (prior + edge + 1.0) / (prior + n + 1.0);
}
