#include "policies/turn.h"

#include <math.h>

/* what weeks may be off from a whole number of periods and still count as one: a period of a day is
 * written as 0.142857 weeks */
static const double ROUNDING = 0.01;

static double count_periods(const nb_spec_t *spec, double weeks)
{
    return spec->period_weeks > 0 ? weeks / spec->period_weeks : weeks;
}

int32_t nb_turn_periods(const nb_spec_t *spec, double weeks)
{
    double periods = count_periods(spec, weeks);

    return periods < 1.5 ? 1 : (int32_t)lround(periods);
}

int32_t nb_turn_period_of(const nb_spec_t *spec, double weeks)
{
    return (int32_t)fmin(floor(count_periods(spec, weeks) + ROUNDING), INT32_MAX);
}

/* finalizer of MurmurHash3 (Appleby 2011, public domain): spreads neighboring identities evenly */
static uint32_t mix(uint32_t h)
{
    h ^= h >> 16;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    h *= 0xc2b2ae35u;
    return h ^ h >> 16;
}

int nb_turn_is_due(int32_t every, int same, int32_t period, uint32_t luck)
{
    int64_t shift = same ? 0 : (int64_t)(mix(luck) % (uint32_t)every);

    return ((int64_t)period + shift) % every == 0;
}

/* the first period that begins at week `weeks` or later */
static int32_t find_begin(const nb_spec_t *spec, int weeks)
{
    return (int32_t)fmin(ceil(count_periods(spec, weeks) - ROUNDING), INT32_MAX);
}

int nb_turn_window_init(nb_turn_window_t *self, const nb_spec_t *spec, int from_weeks,
                        int until_weeks)
{
    self->from = find_begin(spec, from_weeks);
    self->until = until_weeks > 0 ? find_begin(spec, until_weeks) : INT32_MAX;
    if (self->from >= self->until) {
        NB_FAIL(NB_ERR_CONFIG,
                "no period of %g weeks begins between `from_weeks` %d and `until_weeks` %d",
                spec->period_weeks, from_weeks, until_weeks);
    }
    return NB_OK;
}

int nb_turn_window_holds(const nb_turn_window_t *self, const nb_batch_t *batch, size_t i)
{
    if (self->from <= 0 && self->until == INT32_MAX) {
        return 1;
    }
    return batch->tenure[i] >= self->from && batch->tenure[i] < self->until;
}
