/*
 * What a visitor wants and how she values what she is shown: multinomial logit with perceived fit,
 * risk, price, reference price, trust and choice overload.
 */
#include "core/normals.h"
#include "sim/journey.h"

/* the taste moves by exact autoregressive steps of a quarter, drawn by quarter: visits do not shift
 * them */
static void move_taste(journey_t *run, uint32_t i)
{
    customer_t *who = &run->customers[i];
    const journey_world_t *world = run->world;
    int step = (run->at.period - run->first_period) / world->taste_periods;

    while (who->taste_step < step) {
        double z[4];

        who->taste_step++;
        nb_rng_normal4(run->spec.key,
                       draw_at(run->luck[i], (uint32_t)who->taste_step, DRAW_TASTE, 0, 0), z);
        for (unsigned k = 0; k < N_TASTE; k++) {
            who->theta[k] = world->taste_keep * who->theta[k] + world->taste_sd * (float)z[k];
        }
    }
}

/* where everybody's taste has drifted or jumped to, along its first coordinate */
static double shift_of_taste(const journey_t *run)
{
    const nb_journey_settings_t *set = &run->world->set;

    return set->drift_taste * set->period_weeks * run->at.period +
           (journey_is_shocked(run) ? set->shock_taste : 0);
}

void journey_taste(journey_t *run, uint32_t row, float *x)
{
    const customer_t *who = &run->customers[row];

    move_taste(run, row);
    for (unsigned k = 0; k < N_TASTE; k++) {
        x[k] = who->theta[k];
    }
    x[0] += (float)shift_of_taste(run);
}

void journey_target(journey_t *run, uint32_t row, uint32_t ordinal, unsigned category, float *x,
                    float *certainty)
{
    const nb_journey_settings_t *set = &run->world->set;
    const relation_t *relation = &run->relations[journey_cell(run, row, category)];
    nb_stream_t stream;
    double z[4], m = run->customers[row].certainty_mean;

    journey_taste(run, row, x);
    nb_rng_normal4(run->spec.key, draw_at(run->luck[row], ordinal, DRAW_TARGET, 0, 0), z);
    for (unsigned k = 0; k < N_TASTE; k++) {
        x[k] += (float)(set->need_target_sd * z[k]);
    }
    m += (1 - m) * (1 - exp(-set->certainty_learning * relation->n_purchases));
    nb_stream_init(&stream, run->spec.key, draw_at(run->luck[row], ordinal, DRAW_CERTAINTY, 0, 0));
    *certainty = (float)nb_dist_beta(&stream, set->certainty_prior + set->certainty_strength * m,
                                     set->certainty_prior + set->certainty_strength * (1 - m));
}

/* how wrong customers are about fit before they buy; nobody errs about what was tried on */
double journey_sigma_u(const journey_t *run, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    double K_pop = run->at.K_pop[journey_firm(run, visit->customer)];

    return visit->offer == OFFER_TRY_ON ? 0 : set->fit_sd * sqrt(1 - set->fit_reviews * K_pop);
}

/* rivals: their level, how it drifts, and one that enters by the shock */
double journey_outside(const journey_t *run)
{
    const nb_journey_settings_t *set = &run->world->set;

    return set->utility_outside + set->drift_outside * set->period_weeks * run->at.period / 52 +
           (journey_is_shocked(run) ? set->shock_outside : 0);
}

/* one word per product, tied to the need: the same whatever is shown */
void journey_product_words(const journey_t *run, const visit_t *visit, unsigned purpose,
                           uint32_t *words)
{
    nb_rng_run(run->spec.key, draw_at(run->luck[visit->customer], visit->ordinal, purpose, 0, 0),
               (run->world->n_products + 3) / 4, words);
}

float journey_fit(const journey_t *run, const visit_t *visit, unsigned product)
{
    uint32_t words[4];
    float z[4];

    nb_rng_block(run->spec.key,
                 draw_at(run->luck[visit->customer], visit->ordinal, DRAW_FIT, 0, product / 4),
                 words);
    nb_normals(words, 4, z);
    return z[product % 4];
}

static float squared_distance(const float *a, const float *b)
{
    float sum = 0;

    for (unsigned k = 0; k < N_TASTE; k++) {
        sum += (a[k] - b[k]) * (a[k] - b[k]);
    }
    return sum;
}

float journey_distance(const catalogue_t *catalogue, const float *x, unsigned product)
{
    return squared_distance(x, catalogue->x[product]);
}

/* product that fits her best at its price, whether it is shown or not */
static unsigned best_product(const journey_t *run, const visit_t *visit)
{
    const journey_world_t *world = run->world;
    const catalogue_t *catalogue = &world->catalogue[visit->category];
    double beta = run->customers[visit->customer].beta;
    unsigned best = 0;
    double best_value = -INFINITY;

    for (unsigned j = 0; j < world->n_products; j++) {
        double value = catalogue->quality[j] -
                       world->set.utility_distance * journey_distance(catalogue, visit->x, j) -
                       beta * (catalogue->price[j] - 1);

        if (value > best_value) {
            best_value = value;
            best = j;
        }
    }
    return best;
}

static int is_shown(const visit_t *visit, unsigned product)
{
    for (unsigned s = 0; s < visit->n_shown; s++) {
        if (visit->shown[s] == product) {
            return 1;
        }
    }
    return 0;
}

/* what a display that chooses for her costs; nobody sees a display of an automatic order */
static double display_utility(const journey_t *run, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    double c = visit->certainty;

    if (visit->is_auto || visit->display == DISPLAY_CATALOGUE) {
        return 0;
    }
    return -set->utility_agency * run->customers[visit->customer].agency * c -
           (is_shown(visit, best_product(run, visit)) ? 0 : set->utility_missing * c);
}

/* the part of the utility that all shown products share */
static double common_utility(const journey_t *run, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    double sigma_u = journey_sigma_u(run, visit);

    return set->utility_base + set->utility_trust * (run->trust[visit->customer] - 0.5) -
           set->risk_weight * journey_risk(run, visit) * sigma_u * sigma_u -
           set->utility_overload * (1 - visit->certainty) * log(visit->n_shown) +
           run->relations[journey_cell(run, visit->customer, visit->category)].permission +
           display_utility(run, visit) + (visit->discount > 0 ? set->utility_discount : 0);
}

void journey_utilities(const journey_t *run, const visit_t *visit, double *utility)
{
    const nb_journey_settings_t *set = &run->world->set;
    const catalogue_t *catalogue = &run->world->catalogue[visit->category];
    double beta = run->customers[visit->customer].beta;
    double reference =
        run->relations[journey_cell(run, visit->customer, visit->category)].reference_price;
    double common = common_utility(run, visit), sigma_u = journey_sigma_u(run, visit);
    uint32_t words[MAX_PRODUCTS];
    float z[MAX_PRODUCTS];

    journey_product_words(run, visit, DRAW_FIT, words);
    nb_normals(words, run->world->n_products, z);
    for (unsigned s = 0; s < visit->n_shown; s++) {
        unsigned j = visit->shown[s];
        double paid = catalogue->price[j] * (1 - visit->discount);

        utility[s] = common + catalogue->quality[j] -
                     set->utility_distance * journey_distance(catalogue, visit->x, j) +
                     sigma_u * z[j] - beta * (paid - 1) -
                     set->price_loss * beta * fmax(0, paid - reference);
    }
}
