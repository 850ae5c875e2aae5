#include "sim/journey_pilot.h"

#include "sim/journey.h"

enum { MONTHLY_WEEKS = 4, MAX_STEPS = 6 };

static const double TOLERANCE = 0.004; /* of log purchases; the noise of a pilot is about 0.01 */

/* the status quo's decisions: nothing, or an e-mail every fourth week, staggered by customer */
static int play_status_quo(journey_t *run)
{
    int every = periods_of(run->world, MONTHLY_WEEKS);
    nb_batch_t batch;

    for (;;) {
        int32_t action[NB_BLOCK_ROWS];
        nb_choice_t choice = {action, NULL};

        NB_TRY(journey_next_batch(run, &batch));
        if (batch.n == 0) {
            return NB_OK;
        }
        for (size_t i = 0; i < batch.n; i++) {
            int is_due = (uint32_t)run->period % (unsigned)every == batch.luck[i] % (unsigned)every;

            action[i] =
                is_due && (batch.mask[i] >> RECOGNIZE_EMAIL & 1) ? RECOGNIZE_EMAIL : RECOGNIZE_WAIT;
        }
        NB_TRY(journey_act(run, &batch, &choice));
    }
}

/* E[X(t) | lambda, p] of BG/NBD: (1 - exp(-lambda p t)) / p, over the run's own customers */
static double expect_repeats(const journey_t *run, const double *rates, double periods)
{
    double sum = 0;

    for (size_t i = 0; i < run->n_founders; i++) {
        double p = fmax(run->customers[i].churn_base, 1e-9);

        sum += -expm1(-rates[i] * p * periods) / p;
    }
    return sum / (double)run->n_founders;
}

/* one pilot run at scale and shift; rates of purchase are drawn at scale 1 without conversion */
static int run_pilot(const journey_world_t *world, size_t customers, nb_journey_pilot_t *pilot)
{
    unsigned needs[N_POINTS] = {0};
    nb_run_spec_t spec = {.key = {0x70696c6fu, 0}, .n_customers = customers, .needs = needs};
    void *made = NULL;
    double *rates = NULL;
    int code;

    spec.periods = periods_of(world, pilot->weeks[1]);
    needs[POINT_RECOGNIZE] = world->set.need_conversion == CONVERSION_MONTHLY ? NB_NEED_ROWS : 0;
    code = nb_environment_journey.init(&made, world, &spec);
    journey_t *run = made;
    code = code < 0 ? code : nb_alloc(&rates, customers, sizeof *rates);
    for (size_t i = 0; code == NB_OK && i < customers; i++) {
        rates[i] = run->customers[i].rate / world->set.need_scale;
    }
    for (int t = 0; code == NB_OK && t < spec.periods; t++) {
        code = journey_begin_period(run, t);
        code = code < 0 ? code : play_status_quo(run);
        code = code < 0 ? code : journey_end_period(run);
    }
    for (int k = 0; code == NB_OK && k < 2; k++) {
        pilot->expected[k] = expect_repeats(run, rates, periods_of(world, pilot->weeks[k]));
        pilot->reached[k] = journey_repeats(run, periods_of(world, pilot->weeks[k]));
    }
    nb_free(rates);
    journey_free(run);
    return code;
}

/* log ratio of simulated to expected at the two horizons */
static int measure(const nb_journey_settings_t *set, size_t customers, nb_journey_pilot_t *pilot,
                   double gap[2])
{
    void *world = NULL;
    int code = nb_environment_journey.world_init(&world, set);

    code = code < 0 ? code : run_pilot(world, customers, pilot);
    nb_environment_journey.world_free(world);
    NB_TRY(code);
    for (int k = 0; k < 2; k++) {
        gap[k] = log(fmax(pilot->reached[k], 1e-9) / pilot->expected[k]);
    }
    return NB_OK;
}

static double worst(const double gap[2])
{
    return fmax(fabs(gap[0]), fabs(gap[1]));
}

/* gaps' derivatives by log scale and by shift, from runs under the same luck: slope[k][0],
 * slope[k][1] */
static int measure_slopes(const nb_journey_settings_t *set, size_t customers,
                          nb_journey_pilot_t *pilot, const double gap[2], double slope[2][2])
{
    const double step = 0.2;

    for (int direction = 0; direction < 2; direction++) {
        nb_journey_settings_t tried = *set;
        double moved[2];

        if (direction == 0) {
            tried.need_scale *= exp(step);
        } else {
            tried.churn_shift += step;
        }
        NB_TRY(measure(&tried, customers, pilot, moved));
        for (int k = 0; k < 2; k++) {
            slope[k][direction] = (moved[k] - gap[k]) / step;
        }
    }
    return NB_OK;
}

/* one step of the chord method, kept within reason */
static int take_step(nb_journey_settings_t *set, const double gap[2], double slope[2][2])
{
    double determinant = slope[0][0] * slope[1][1] - slope[1][0] * slope[0][1];

    if (fabs(determinant) < 1e-6) {
        return 0;
    }
    double scale = (gap[1] * slope[0][1] - gap[0] * slope[1][1]) / determinant;
    double shift = (gap[0] * slope[1][0] - gap[1] * slope[0][0]) / determinant;
    set->need_scale *= exp(fmax(-0.7, fmin(0.7, scale)));
    set->churn_shift += fmax(-1.5, fmin(1.5, shift));
    return 1;
}

int nb_journey_calibrate(nb_journey_settings_t *set, size_t customers, const double weeks[2],
                         nb_journey_pilot_t *pilot)
{
    double gap[2], slope[2][2];

    if (set->journey != JOURNEY_FULL || set->churn_family != CHURN_BETA ||
        set->need_conversion == CONVERSION_NONE) {
        NB_FAIL(NB_ERR_CONFIG, "a pilot needs journey full, churn.family beta and need.conversion "
                               "never or monthly");
    }
    *pilot = (nb_journey_pilot_t){.weeks = {weeks[0], weeks[1]}};
    NB_TRY(measure(set, customers, pilot, gap));
    if (worst(gap) > TOLERANCE) {
        NB_TRY(measure_slopes(set, customers, pilot, gap, slope));
    }
    for (int k = 0; k < MAX_STEPS && worst(gap) > TOLERANCE && take_step(set, gap, slope); k++) {
        NB_TRY(measure(set, customers, pilot, gap));
    }
    if (worst(gap) > 10 * TOLERANCE) {
        NB_FAIL(NB_ERR_NUMERIC,
                "the pilot did not reach the fitted purchases: %.4g and %.4g simulated, %.4g and "
                "%.4g expected after %g and %g weeks",
                pilot->reached[0], pilot->reached[1], pilot->expected[0], pilot->expected[1],
                weeks[0], weeks[1]);
    }
    return NB_OK;
}
