/*
 * The products of every category, drawn from a key of their own: the same in all replications.
 */
#include "sim/journey.h"

#include <stdio.h>

/* prices are log-normal around quality, scaled so that their mean is the price level */
static void make_category(journey_world_t *world, unsigned category)
{
    const nb_journey_settings_t *set = &world->set;
    catalogue_t *catalogue = &world->catalogue[category];
    nb_key_t key = {(uint32_t)set->catalogue_seed, 0};
    double sum = 0;

    for (unsigned j = 0; j < world->n_products; j++) {
        double z[8];

        nb_rng_normal4(key, draw_at(j, 0, DRAW_CATALOGUE, category, 0), z);
        nb_rng_normal4(key, draw_at(j, 0, DRAW_CATALOGUE, category, 1), z + 4);
        for (unsigned k = 0; k < N_TASTE; k++) {
            catalogue->x[j][k] = (float)(sqrt(set->taste_variance) * z[k]);
        }
        catalogue->quality[j] = (float)(set->quality_sd * z[4]);
        catalogue->price[j] =
            (float)exp(set->price_sd * z[5] + set->price_quality * catalogue->quality[j]);
        catalogue->margin[j] = clip((float)(set->money_margin + set->margin_sd * z[6]), 0, 1);
        sum += catalogue->price[j];
    }
    for (unsigned j = 0; j < world->n_products; j++) {
        catalogue->price[j] *= (float)(set->price_level * world->n_products / sum);
    }
}

/* what a policy sees of a product: its place, quality, price above the mean, margin */
static void describe_category(journey_world_t *world, unsigned category)
{
    catalogue_t *catalogue = &world->catalogue[category];

    for (unsigned j = 0; j < world->n_products; j++) {
        float *x = catalogue->features[j];

        for (unsigned k = 0; k < N_TASTE; k++) {
            x[k] = catalogue->x[j][k];
        }
        x[N_TASTE] = catalogue->quality[j];
        x[N_TASTE + 1] = catalogue->price[j] - 1;
        x[N_TASTE + 2] = catalogue->margin[j];
    }
}

void journey_make_catalogues(journey_world_t *world)
{
    for (unsigned c = 0; c < world->n_categories; c++) {
        make_category(world, c);
        describe_category(world, c);
    }
    for (unsigned j = 0; j < world->n_products; j++) {
        snprintf(world->product_names[j], sizeof world->product_names[j], "product%02u", j + 1);
        world->product_name[j] = world->product_names[j];
    }
}
