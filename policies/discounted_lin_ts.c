/*
 * Linear Thompson sampling that forgets: what was learned a periods ago counts discount^a,
 *
 *     A = lambda I + sum discount^a x x',   b = sum discount^a r x,   weights ~ N(A^-1 b, v^2 A^-1)
 *
 * per action, so that it follows a world that changes; lambda I is not discounted.
 *
 * Source: Russac, Vernade & Cappe (2019), "Weighted linear bandits for non-stationary
 * environments", section 2, whose weights these are. Their confidence widths come from the variance
 * of the estimate, A^-1 A2 A^-1 with squared weights in A2; sampled here is the weighted posterior,
 * which is at least as wide since A2 <= A. A period is one that learns: with update_every n a
 * discount is one of n periods.
 */
#include "policies/library.h"
#include "policies/linear_sample.h"
#include "policies/ridge_layout.h"

enum { OWN_DISCOUNT = NB_SAMPLE_OWN };

typedef struct {
    nb_sample_settings_t sample;
    double discount;
} settings_t;

static const nb_setting_t table[] = {
    NB_LINEAR_LAMBDA,
    NB_SAMPLE_V,
    NB_SAMPLE_DRAW,
    {
        .key = "discount",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, discount),
        .def = 0.99,
        .low = 0.5,
        .high = 1.0,
        .choices = "",
        .unit = "per period",
        .mark = "A",
        .source = "Russac et al. 2019",
        .help = "what an observation still counts a period later; 1 forgets nothing, which is "
                "lin_ts",
    },
    {0},
};

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;

    NB_TRY(nb_sample_init(state, spec, &from->sample));
    nb_ridge_own(state)[OWN_DISCOUNT] = from->discount;
    return NB_OK;
}

/* discount what was learned of one action, not its prior */
static void fade(nb_ridge_t *ridge, const nb_ridge_point_t *point, size_t k, double discount)
{
    double *moments = nb_ridge_moments(ridge, point, k);

    for (size_t j = 0; j <= point->d; j++) {
        for (size_t l = 0; l <= j; l++) {
            moments[j * point->ld + l] *= discount;
        }
        if (j < point->d) {
            moments[j * point->ld + j] += (1.0 - discount) * ridge->lambda;
        }
    }
    nb_ridge_touched(ridge, point)[k] = 1;
}

/* the period's own rows are seen in full; all of it is a period older when the next ones come */
static int end_period(void *state, nb_arena_t *scratch)
{
    nb_ridge_t *ridge = state;
    double discount = nb_ridge_own_at(state, OWN_DISCOUNT);

    NB_TRY(nb_ridge_refresh(state, scratch));
    for (unsigned p = 0; p < ridge->n_points && discount < 1.0; p++) {
        for (size_t k = 0; k < ridge->points[p].n_actions; k++) {
            fade(ridge, ridge->points + p, k, discount);
        }
    }
    return NB_OK;
}

const nb_policy_type_t nb_policy_discounted_lin_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "discounted_lin_ts",
    .summary = "lin_ts that discounts what it learned period by period (Russac et al. 2019)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_WEIGHTED,
    .state_size = nb_linear_state_size,
    .init = init,
    .choose = nb_sample_choose,
    .update = nb_ridge_update,
    .end_period = end_period,
    .probabilities = nb_sample_probabilities,
    .value = nb_sample_value,
    .score = nb_sample_score,
    .scratch_size = nb_sample_scratch_size,
};
