/*
 * Storage of a run: made, grown, archived, freed - each by the same lists of arrays.
 */
#include "sim/journey.h"

#include <string.h>

int journey_reserve(journey_t *run, size_t rows)
{
    size_t old = run->capacity, wider, n = run->world->n_categories;

    if (rows <= old) {
        return NB_OK;
    }
    wider = old + old / 2 + 64;
    wider = wider < rows ? rows : wider;
    /* whole persons */
    wider += (run->world->n_firms - wider % run->world->n_firms) % run->world->n_firms;
#define GROW(type, name) NB_TRY(nb_grow(&run->name, old, wider, sizeof *run->name));
    JOURNEY_ROWS(GROW)
#undef GROW
#define GROW(type, name) NB_TRY(nb_grow(&run->name, old *n, wider *n, sizeof *run->name));
    JOURNEY_CELLS(GROW)
#undef GROW
    run->capacity = wider;
    return NB_OK;
}

/* needs arise in season time, so that their gaps stay exponential; the shock stretches it */
static void make_calendar(journey_t *run)
{
    const nb_journey_settings_t *set = &run->world->set;
    double sum = 0;

    for (size_t t = 0; t + 1 < run->n_steps; t++) {
        double week = ((double)t + run->first_period) * set->period_weeks;
        double season = 1 + set->need_season * sin(6.283185307179586 * week / 52);

        if ((int)t + run->first_period >= run->world->shock_period) {
            season *= set->shock_need;
        }
        sum += season;
        run->season_time[t + 1] = sum;
    }
    for (size_t age = 0; age < run->n_steps; age++) {
        run->discounts[age] = pow(run->world->gamma, (double)age);
    }
}

static int make_storage(journey_t *run)
{
    const nb_journey_settings_t *set = &run->world->set;
    double per_person = (set->births_organic + set->births_paid) * set->period_weeks;
    double extra = per_person * (double)run->spec.n_customers * run->spec.periods;

    run->n_steps = (size_t)(run->spec.periods - run->first_period) + 2 +
                   (size_t)ceil(set->tail_max / set->period_weeks);
    NB_TRY(journey_reserve(run, run->at.n_founders + ((size_t)(extra + 10 * sqrt(extra)) + 64) *
                                                         run->world->n_firms));
    NB_TRY(nb_alloc(&run->season_time, run->n_steps, sizeof *run->season_time));
    NB_TRY(nb_alloc(&run->discounts, run->n_steps, sizeof *run->discounts));
    make_calendar(run);
    NB_TRY(nb_alloc(&run->batch_customer, NB_BLOCK_ROWS, sizeof *run->batch_customer));
    NB_TRY(nb_alloc(&run->batch_luck, NB_BLOCK_ROWS, sizeof *run->batch_luck));
    NB_TRY(nb_alloc(&run->batch_journey, NB_BLOCK_ROWS, sizeof *run->batch_journey));
    NB_TRY(nb_alloc(&run->batch_tenure, NB_BLOCK_ROWS, sizeof *run->batch_tenure));
    NB_TRY(nb_alloc(&run->batch_mask, NB_BLOCK_ROWS, sizeof *run->batch_mask));
    NB_TRY(nb_alloc(&run->batch_x, (size_t)NB_BLOCK_ROWS * run->world->n_features,
                    sizeof *run->batch_x));
    NB_TRY(nb_alloc(&run->batch_prior, (size_t)NB_BLOCK_ROWS * run->world->n_products,
                    sizeof *run->batch_prior));
    return journey_init_metrics(run);
}

static int start(journey_t *run, const nb_run_spec_t *spec)
{
    const journey_world_t *world = run->world;

    run->spec = *spec;
    run->spec.needs = NULL;
    memcpy(run->needs_of, spec->needs, world->spec.n_points * sizeof *run->needs_of);
    run->first_period = -world->set.burn_in_periods;
    run->at.period = run->first_period - 1;
    run->at.n_founders = spec->n_customers * world->n_firms;
    for (unsigned f = 0; f < world->n_firms; f++) {
        run->at.K_pop[f] = world->set.knowledge_population;
    }
    run->oracle = (nb_oracle_t){.world = run,
                                .expected_reward = journey_expected_reward,
                                .n_latent = N_LATENT,
                                .latent_names = journey_latent_names,
                                .latent = journey_latent};
    for (unsigned a = 0; a < N_RECOGNIZE; a++) {
        double share = world->set.capacity_calls;

        run->action_capacity[a] =
            a == RECOGNIZE_CALL && share < 1 ? share * (double)spec->n_customers : INFINITY;
    }
    NB_TRY(make_storage(run));
    return journey_start(run);
}

int journey_init(void **out, const void *world, const nb_run_spec_t *spec)
{
    journey_t *run = NULL;
    int code;

    *out = NULL;
    NB_TRY(nb_alloc(&run, 1, sizeof *run));
    run->world = world;
    code = start(run, spec);
    if (code < 0) {
        journey_free(run);
        return code;
    }
    *out = run;
    return NB_OK;
}

/* the first n of an array; loading leaves nothing behind of what stood after them */
static int archive_array(nb_archive_t *archive, void *array, size_t n, size_t capacity, size_t size)
{
    NB_TRY(nb_archive_bytes(archive, array, n * size));
    if (archive->is_loading) {
        memset((char *)array + n * size, 0, (capacity - n) * size);
    }
    return NB_OK;
}

static int archive_rows(journey_t *run, nb_archive_t *archive)
{
    size_t n = run->at.n, all = run->capacity, C = run->world->n_categories;

#define ARCHIVE(type, name) NB_TRY(archive_array(archive, run->name, n, all, sizeof *run->name));
    JOURNEY_ROWS(ARCHIVE)
#undef ARCHIVE
#define ARCHIVE(type, name)                                                                        \
    NB_TRY(archive_array(archive, run->name, n *C, all *C, sizeof *run->name));
    JOURNEY_CELLS(ARCHIVE)
#undef ARCHIVE
    return NB_OK;
}

int journey_archive(void *self, nb_archive_t *archive)
{
    journey_t *run = self;
    size_t n_series = run->n_series * (size_t)run->spec.periods;

    NB_TRY(nb_archive_bytes(archive, &run->at, sizeof run->at));
    if (archive->is_loading) {
        NB_TRY(journey_reserve(run, run->at.n));
    }
    NB_TRY(archive_rows(run, archive));
#define ARCHIVE(type, name, n, capacity_of)                                                        \
    NB_TRY(nb_archive_array(archive, &run->name, &run->n, &run->capacity_of, sizeof *run->name));
    JOURNEY_LISTS(ARCHIVE)
#undef ARCHIVE
    return nb_archive_bytes(archive, run->series, n_series * sizeof *run->series);
}

void journey_free(void *self)
{
    journey_t *run = self;

    if (!run) {
        return;
    }
#define FREE(type, name) nb_free(run->name);
    JOURNEY_ROWS(FREE)
    JOURNEY_CELLS(FREE)
#undef FREE
#define FREE(type, name, n, capacity_of) nb_free(run->name);
    JOURNEY_LISTS(FREE)
#undef FREE
    void *arrays[] = {
        run->season_time, run->discounts,   run->batch_customer, run->batch_luck,
        run->batch_x,     run->batch_prior, run->batch_journey,  run->batch_mask,
        run->series,      run->scalars,     run->batch_tenure,   run->by_segment,
        run->by_cohort,   run->metrics,     run->series_metrics, run->metric_names,
    };
    for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++) {
        nb_free(arrays[k]);
    }
    nb_free(run);
}
