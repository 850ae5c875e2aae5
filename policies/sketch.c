#include "policies/sketch.h"

#include <math.h>
#include <string.h>

static const double smallest = 1e-4;
/* (1 + a) / (1 - a) for a = 0.01 */
static const double growth = 1.01 / 0.99;

/* bins in order of the scores: negative ones from the largest size on, zero, positive ones */
static int32_t bin_of(double score)
{
    double size = fabs(score);

    if (size < smallest) {
        return NB_SKETCH_HALF;
    }
    double steps = floor(log(size / smallest) / log(growth));
    int32_t step = (int32_t)fmin(steps, NB_SKETCH_HALF - 1);

    return score > 0.0 ? NB_SKETCH_HALF + 1 + step : NB_SKETCH_HALF - 1 - step;
}

double nb_sketch_keep(const nb_spec_t *spec, double memory)
{
    double weeks = spec->period_weeks > 0 ? spec->period_weeks : 1.0;

    return memory > 0.0 ? exp(-weeks / memory) : 0.0;
}

void nb_sketch_init(nb_sketch_t *self, double share, double keep)
{
    self->share = share;
    self->keep = keep;
    self->before.bin = self->last.bin = -1;
}

/* from the highest bin down to where the wanted share is reached */
static nb_threshold_t find_threshold(const nb_sketch_t *self, double total, int32_t from)
{
    double left = self->share * total;
    int32_t bin = NB_SKETCH_BINS - 1;

    while (bin > 0 && self->kept[bin] < left) {
        left -= self->kept[bin--];
    }
    return (nb_threshold_t){
        .within = self->kept[bin] > 0.0 ? fmin(left / self->kept[bin], 1.0) : 0.0,
        .bin = bin,
        .from = from,
    };
}

/* what was seen of the period becomes part of what is kept */
static void close_period(nb_sketch_t *self, int32_t from)
{
    double total = 0.0;

    for (unsigned b = 0; b < NB_SKETCH_BINS; b++) {
        self->kept[b] = self->keep * self->kept[b] + self->now[b];
        total += self->kept[b];
    }
    memset(self->now, 0, sizeof self->now);
    self->n_now = 0;
    self->before = self->last;
    self->last = find_threshold(self, total, from);
}

void nb_sketch_add(nb_sketch_t *self, int32_t period, double score)
{
    if (self->n_now && period > self->period) {
        close_period(self, period + 1);
    }
    self->period = period;
    self->now[bin_of(score)]++;
    self->n_now++;
}

void nb_sketch_end_period(nb_sketch_t *self)
{
    if (self->n_now) {
        close_period(self, self->period + 1);
    }
}

double nb_sketch_take(const nb_sketch_t *self, int32_t period, double score)
{
    const nb_threshold_t *threshold = period < self->last.from ? &self->before : &self->last;

    /* all is all, also of scores lower than any that was seen */
    if (threshold->bin < 0 || self->share >= 1.0) {
        return self->share;
    }
    int32_t bin = bin_of(score);

    return bin > threshold->bin ? 1.0 : bin < threshold->bin ? 0.0 : threshold->within;
}

/* the point of a bin that is within the relative error of all of it */
static double middle(int32_t step)
{
    return smallest * pow(growth, step) * 1.01;
}

double nb_sketch_threshold(const nb_sketch_t *self)
{
    int32_t bin = self->last.bin;

    if (bin < 0 || bin == NB_SKETCH_HALF) {
        return 0.0;
    }
    return bin > NB_SKETCH_HALF ? middle(bin - NB_SKETCH_HALF - 1)
                                : -middle(NB_SKETCH_HALF - 1 - bin);
}
