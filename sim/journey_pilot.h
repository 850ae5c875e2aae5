/*
 * Calibration of a fitted world: with the journey switched on, the status quo must reproduce the
 * fitted purchases.
 *
 * Conversion at birth leaves out what later purchases do to trust, habit and satisfaction. Pilot
 * runs under the status quo find two numbers, need.scale and churn.shift, that bring expected
 * repeat purchases back at two horizons.
 */
#ifndef NB_SIM_JOURNEY_PILOT_H
#define NB_SIM_JOURNEY_PILOT_H

#include "sim/journey_settings.h"

/** What the pilot reached. */
typedef struct {
    double weeks[2];    /* the two horizons */
    double expected[2]; /* repeat purchases a customer by BG/NBD, given the pilot's own customers */
    double reached[2];  /* the same, simulated */
} nb_journey_pilot_t;

/**
 * Set need_scale and churn_shift of `set` (family beta, need.conversion never or monthly, journey
 * full).
 * @param customers of a pilot run: 20,000 give about 1 %   @param weeks the two horizons, ascending
 * Cost: some ten runs. NB_ERR_NUMERIC where no solution within 5 % is found, NB_ERR_CONFIG for
 * other worlds.
 */
int nb_journey_calibrate(nb_journey_settings_t *set, size_t customers, const double weeks[2],
                         nb_journey_pilot_t *pilot) NB_MUST_CHECK;

#endif
