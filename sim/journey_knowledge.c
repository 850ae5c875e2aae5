/*
 * Repeat, the firm's side: what it learns of each customer, and of all of them.
 */
#include "sim/journey.h"

static int learns_individually(const journey_t *run)
{
    int learning = run->world->set.learning;

    return learning == LEARN_INDIVIDUAL || learning == LEARN_BOTH;
}

static int learns_population(const journey_t *run)
{
    int learning = run->world->set.learning;

    return learning == LEARN_POPULATION || learning == LEARN_BOTH;
}

/* what the one who contacts her knows: of her with consent, of customers like her without; a silo
 * does not see what the shop knows */
double journey_known(const journey_t *run, uint32_t row)
{
    double K_pop = run->at.K_pop[journey_firm(run, row)];

    if ((run->flags[row] & FLAG_CONSENT) && run->world->set.view == VIEW_SINGLE) {
        return run->knowledge[row];
    }
    return K_pop / 2;
}

/* K += share (1 - K); whoever comes through a platform teaches nothing */
void journey_learn(journey_t *run, uint32_t row, double share)
{
    float *K = &run->knowledge[row];

    if (learns_individually(run) && !(run->flags[row] & FLAG_PLATFORM)) {
        *K = clip(*K + (float)share * (1 - *K), 0, 1);
    }
}

/* a shock makes a share of everything known worthless */
static void forget(journey_t *run)
{
    float kept = (float)(1 - run->world->set.shock_knowledge);

    for (unsigned f = 0; f < run->world->n_firms; f++) {
        run->at.K_pop[f] *= kept;
    }
    for (size_t i = 0; i < run->at.n; i++) {
        run->knowledge[i] *= kept;
    }
}

/* what is known of a customer beyond the population fades; consent keeps telling */
static void decay_firm(journey_t *run, unsigned f)
{
    float K_pop = (float)run->at.K_pop[f], keep = run->world->knowledge_keep;
    float gain = run->world->consent_gain;
    unsigned n_firms = run->world->n_firms;
    float *K = run->knowledge;

    for (size_t i = f; i < run->at.n; i += n_firms) {
        float told = run->flags[i] & FLAG_CONSENT ? gain : 0;
        float kept = K_pop + keep * (K[i] - K_pop);

        K[i] = kept + told * (1 - kept);
    }
}

void journey_decay_knowledge(journey_t *run)
{
    if (run->at.period == run->world->shock_period) {
        forget(run);
    }
    for (unsigned f = 0; f < run->world->n_firms; f++) {
        if (learns_individually(run)) {
            decay_firm(run, f);
        } else {
            for (size_t i = f; i < run->at.n; i += run->world->n_firms) {
                run->knowledge[i] = (float)run->at.K_pop[f];
            }
        }
    }
}

/* once a period; per initial customer, so that it does not depend on how many are simulated */
void journey_learn_population(journey_t *run)
{
    const nb_journey_settings_t *set = &run->world->set;
    double unit = set->knowledge_population_share * (double)run->spec.n_customers;

    for (unsigned f = 0; f < run->world->n_firms && learns_population(run); f++) {
        double kept = pow(set->knowledge_population_keep, run->at.taught[f] / unit);

        run->at.K_pop[f] = 1 - (1 - run->at.K_pop[f]) * kept;
    }
}
