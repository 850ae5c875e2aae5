/*
 * Conversion of a customer: the probability that one of her needs ends in an order under a declared
 * status quo.
 *
 * A fitted world knows purchase rates, not need rates. Dividing each customer's rate by her
 * conversion makes the status quo reproduce the log. The choice is a logit expectation over drawn
 * needs; awareness, visits, checkout and loss are a Markov chain solved in closed form, all at the
 * state she is born with.
 */
#include "sim/journey.h"

enum { N_DRAWN_NEEDS = 32 };

static const uint32_t first_drawn = 0x80000000u; /* need ordinals that no real need has */

/* probability of choosing a product rather than the outside option, over needs she may have */
static double p_inside(journey_t *run, uint32_t i)
{
    double sum = 0;

    for (uint32_t k = 0; k < N_DRAWN_NEEDS; k++) {
        visit_t visit = {.customer = i, .ordinal = first_drawn + k, .product = -1};
        double utility[MAX_PRODUCTS], total = 0;

        journey_target(run, i, visit.ordinal, 0, visit.x, &visit.certainty);
        journey_show(run, &visit);
        journey_utilities(run, &visit, utility);
        for (unsigned s = 0; s < visit.n_shown; s++) {
            total += exp(utility[s]);
        }
        sum += total / (exp(journey_outside(run)) + total);
    }
    return sum / N_DRAWN_NEEDS;
}

/* awareness per period under the status quo; `monthly` sends an e-mail every fourth week */
static double p_notice(const journey_t *run, uint32_t i)
{
    const journey_world_t *world = run->world;
    double share = 0;

    if (world->set.need_conversion == CONVERSION_MONTHLY) {
        share = fmin(1, world->set.period_weeks / 4);
    }
    return (1 - share) * world->aware_self +
           share * journey_p_aware(world, 1, journey_p_open(run, i, 0));
}

double journey_conversion(journey_t *run, uint32_t i)
{
    const journey_world_t *world = run->world;
    visit_t checkout = {.steps = (int16_t)world->set.checkout_steps};
    double keep = 1 - world->need_lost;
    double order = journey_p_visit(run, i, 0) * journey_p_checkout(run, &checkout);
    double notice = p_notice(run, i);
    double from_aware = order / (1 - (1 - order) * keep);
    double from_latent = notice * from_aware / (1 - (1 - notice) * keep);

    return fmax(p_inside(run, i) * from_latent, 1e-3);
}
