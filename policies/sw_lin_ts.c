/*
 * Linear Thompson sampling over a sliding window: only what was learned in the last `window`
 * periods counts,
 *
 *     A = lambda I + sum x x',   b = sum r x   over the window,   weights ~ N(A^-1 b, v^2 A^-1)
 *
 * per action, so that it follows a world that changes at once.
 *
 * Source: Cheung, Simchi-Levi & Zhu (2019), "Learning to optimize under non-stationarity", whose
 * SW-UCB regression this is; Garivier & Moulines (2011) for windows. Moments of every period of the
 * window are kept and summed anew, oldest first, for the actions that gained or lost rows: nothing
 * is subtracted, so that no error builds up. Memory: window x K (d + 1) ld doubles a point, ld =
 * d + 1 rounded up to 8 (5.3 MB for d = 24, K = 32, window = 26). A period is one that learns: with
 * update_every n a window of w is one of w n periods.
 */
#include <string.h>

#include "policies/library.h"
#include "policies/linear_sample.h"
#include "policies/ridge_layout.h"

enum { ALIGN = 64, MAX_WINDOW = 520 };

typedef struct {
    nb_sample_settings_t sample;
    int window;
} settings_t;

/* behind the ridge posteriors: per point `window` slots of K moments each, and of K flags */
typedef struct {
    unsigned window, slot;                                 /* the slot that learns now */
    size_t moments[NB_MAX_POINTS], touched[NB_MAX_POINTS]; /* bytes from here */
} ring_t;

static const nb_setting_t table[] = {
    NB_LINEAR_LAMBDA,
    NB_SAMPLE_V,
    NB_SAMPLE_DRAW,
    {
        .key = "window",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, window),
        .def = 26,
        .low = 1,
        .high = MAX_WINDOW,
        .choices = "",
        .unit = "periods",
        .mark = "A",
        .source = "",
        .help = "periods that count; one as long as the run is lin_ts",
    },
    {0},
};

/* bytes of the ring; `self` (may be NULL) learns where its arrays begin */
static size_t lay_out(ring_t *self, const nb_spec_t *spec, size_t window)
{
    size_t end = nb_round_up(sizeof(ring_t), ALIGN);

    for (unsigned p = 0; p < spec->n_points; p++) {
        size_t d = spec->points[p].d ? spec->points[p].d : 1, K = spec->points[p].n_actions;
        size_t size = K * (d + 1) * nb_round_up(d + 1, NB_MOMENT_PAD) * sizeof(double);

        if (self) {
            self->moments[p] = end;
            self->touched[p] = end + window * size;
        }
        end += window * size + nb_round_up(window * K, ALIGN);
    }
    return end;
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    return nb_ridge_size(spec) +
           lay_out(NULL, spec, (size_t)((const settings_t *)settings)->window);
}

static ring_t *ring_of(void *state)
{
    return (ring_t *)((char *)state + nb_ridge_bytes(state));
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;

    NB_TRY(nb_sample_init(state, spec, &from->sample));
    ring_of(state)->window = (unsigned)from->window;
    lay_out(ring_of(state), spec, (size_t)from->window);
    return NB_OK;
}

/* moments of all actions in a slot */
static double *moments_of(ring_t *self, const nb_ridge_t *ridge, unsigned p, size_t slot)
{
    const nb_ridge_point_t *point = ridge->points + p;

    return (double *)((char *)self + self->moments[p]) +
           slot * point->n_actions * nb_ridge_moments_size(point);
}

/* which actions have learned in a slot */
static uint8_t *touched_of(ring_t *self, const nb_ridge_t *ridge, unsigned p, size_t slot)
{
    return (uint8_t *)self + self->touched[p] + slot * ridge->points[p].n_actions;
}

static int update(void *state, const nb_transitions_t *finished)
{
    const nb_ridge_t *ridge = state;
    ring_t *self = ring_of(state);
    unsigned p = finished->point;

    return nb_ridge_add(ridge->points + p, finished, moments_of(self, ridge, p, self->slot),
                        touched_of(self, ridge, p, self->slot));
}

/* prior and window of one action, oldest period first */
static void sum_action(nb_ridge_t *ridge, ring_t *self, unsigned p, size_t k)
{
    const nb_ridge_point_t *point = ridge->points + p;
    size_t size = nb_ridge_moments_size(point);
    double *sum = nb_ridge_moments(ridge, point, k);

    memset(sum, 0, size * sizeof *sum);
    for (size_t j = 0; j < point->d; j++) {
        sum[j * point->ld + j] = ridge->lambda;
    }
    for (unsigned age = self->window; age-- > 0;) {
        size_t slot = (self->slot + self->window - age) % self->window;
        const double *part = moments_of(self, ridge, p, slot) + k * size;

        if (touched_of(self, ridge, p, slot)[k]) {
            for (size_t at = 0; at < size; at++) {
                sum[at] += part[at];
            }
        }
    }
    nb_ridge_touched(ridge, point)[k] = 1;
}

/* give up the oldest slot; the actions that lose rows by that are summed anew at the next end */
static void advance(nb_ridge_t *ridge, ring_t *self)
{
    self->slot = (self->slot + 1) % self->window;
    for (unsigned p = 0; p < ridge->n_points; p++) {
        const nb_ridge_point_t *point = ridge->points + p;
        uint8_t *lost = touched_of(self, ridge, p, self->slot);
        double *moments = moments_of(self, ridge, p, self->slot);

        memcpy(nb_ridge_touched(ridge, point), lost, point->n_actions);
        memset(lost, 0, point->n_actions);
        memset(moments, 0, point->n_actions * nb_ridge_moments_size(point) * sizeof *moments);
    }
}

static int end_period(void *state, nb_arena_t *scratch)
{
    nb_ridge_t *ridge = state;
    ring_t *self = ring_of(state);

    for (unsigned p = 0; p < ridge->n_points; p++) {
        const uint8_t *lost = nb_ridge_touched(ridge, ridge->points + p);

        for (size_t k = 0; k < ridge->points[p].n_actions; k++) {
            if (lost[k] || touched_of(self, ridge, p, self->slot)[k]) {
                sum_action(ridge, self, p, k);
            }
        }
    }
    NB_TRY(nb_ridge_refresh(state, scratch));
    advance(ridge, self);
    return NB_OK;
}

const nb_policy_type_t nb_policy_sw_lin_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "sw_lin_ts",
    .summary = "lin_ts over a sliding window of periods (Cheung et al. 2019)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_WEIGHTED,
    .state_size = state_size,
    .init = init,
    .choose = nb_sample_choose,
    .update = update,
    .end_period = end_period,
    .probabilities = nb_sample_probabilities,
    .value = nb_sample_value,
    .score = nb_sample_score,
    .scratch_size = nb_sample_scratch_size,
};
