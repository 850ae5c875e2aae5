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
    int step = (run->period - run->first_period) / world->taste_periods;

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

void journey_target(journey_t *run, uint32_t i, uint32_t ordinal, float *x, float *certainty)
{
    const nb_journey_settings_t *set = &run->world->set;
    const customer_t *who = &run->customers[i];
    nb_stream_t stream;
    double z[4];

    move_taste(run, i);
    nb_rng_normal4(run->spec.key, draw_at(run->luck[i], ordinal, DRAW_TARGET, 0, 0), z);
    for (unsigned k = 0; k < N_TASTE; k++) {
        x[k] = who->theta[k] + (float)(set->need_target_sd * z[k]);
    }
    double m = who->certainty_mean;
    m += (1 - m) * (1 - exp(-set->certainty_learning * who->n_purchases));
    nb_stream_init(&stream, run->spec.key, draw_at(run->luck[i], ordinal, DRAW_CERTAINTY, 0, 0));
    *certainty = (float)nb_dist_beta(&stream, set->certainty_prior + set->certainty_strength * m,
                                     set->certainty_prior + set->certainty_strength * (1 - m));
}

double journey_sigma_u(const journey_world_t *world)
{
    return world->set.fit_sd * sqrt(1 - world->set.fit_reviews * world->set.knowledge_population);
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

float journey_distance(const journey_world_t *world, const float *x, unsigned product)
{
    return squared_distance(x, world->product_x[product]);
}

/* product that fits her best at its price, whether it is shown or not */
static unsigned best_product(const journey_t *run, const visit_t *visit)
{
    const journey_world_t *world = run->world;
    double beta = run->customers[visit->customer].beta;
    unsigned best = 0;
    double best_value = -INFINITY;

    for (unsigned j = 0; j < world->n_products; j++) {
        double value = world->quality[j] -
                       world->set.utility_distance * journey_distance(world, visit->x, j) -
                       beta * (world->price[j] - 1);

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

/* the part of the utility that all shown products share */
static double common_utility(const journey_t *run, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;
    const customer_t *who = &run->customers[visit->customer];
    double c = visit->certainty;
    double risk = visit->offer == OFFER_GUARANTEE30 ? who->risk * set->guarantee_risk : who->risk;
    double sigma_u = journey_sigma_u(run->world);
    double v = set->utility_base + set->utility_trust * (run->trust[visit->customer] - 0.5) -
               set->risk_weight * risk * sigma_u * sigma_u -
               set->utility_overload * (1 - c) * log(visit->n_shown);

    if (visit->display != DISPLAY_CATALOGUE) {
        v -= set->utility_agency * who->agency * c;
        v -= is_shown(visit, best_product(run, visit)) ? 0 : set->utility_missing * c;
    }
    return v + (visit->discount > 0 ? set->utility_discount : 0);
}

void journey_utilities(const journey_t *run, const visit_t *visit, double *utility)
{
    const journey_world_t *world = run->world;
    const nb_journey_settings_t *set = &world->set;
    const customer_t *who = &run->customers[visit->customer];
    double common = common_utility(run, visit), sigma_u = journey_sigma_u(world);
    uint32_t words[MAX_PRODUCTS];
    float z[MAX_PRODUCTS];

    journey_product_words(run, visit, DRAW_FIT, words);
    nb_normals(words, world->n_products, z);
    for (unsigned s = 0; s < visit->n_shown; s++) {
        unsigned j = visit->shown[s];
        double paid = world->price[j] * (1 - visit->discount);

        utility[s] = common + world->quality[j] -
                     set->utility_distance * journey_distance(world, visit->x, j) + sigma_u * z[j] -
                     who->beta * (paid - 1) -
                     set->price_loss * who->beta * fmax(0, paid - who->reference_price);
    }
}
