/*
 * Needs: lost now and then, arising in season time, in the categories that a person cares for.
 */
#include "sim/journey.h"

#include <string.h>

static void close_need(journey_t *run, need_t *need)
{
    need->closed = 1;
    run->n_open[journey_cell(run, need->person, need->category)]--;
}

/* a need's luck of this period, by its age */
static void draw_need(const journey_t *run, need_t *need)
{
    nb_rng_block(run->spec.key,
                 draw_at(run->luck[need->person], need->ordinal, DRAW_NEED, 0,
                         (uint32_t)(run->at.period - need->since)),
                 need->luck);
}

/* the firms that know the journey hear of its end */
static int end_known(journey_t *run, const need_t *need)
{
    for (unsigned f = 0; need->known >> f; f++) {
        if (need->known >> f & 1) {
            NB_TRY(journey_end_journey(run, need->person + f, need->ordinal));
        }
    }
    return NB_OK;
}

/* the need is met, or given up, at one firm: the others that know the journey hear of its end, that
 * firm itself when its own part is over */
int journey_settle_need(journey_t *run, need_t *need, uint32_t row)
{
    unsigned firm = journey_firm(run, row);

    close_need(run, need);
    for (unsigned f = 0; need->known >> f; f++) {
        if (f != firm && (need->known >> f & 1)) {
            NB_TRY(journey_end_journey(run, need->person + f, need->ordinal));
        }
    }
    return NB_OK;
}

static int lose_need(journey_t *run, need_t *need)
{
    period_sums_t *sums = &run->at.sums[0];

    *(need->known                   ? &sums->lost_visited
      : need->status == NEED_LATENT ? &sums->lost_unaware
                                    : &sums->lost_aware) += 1;
    close_need(run, need);
    return end_known(run, need);
}

/* Needs that were open before this period are lost now and then, the needs of the dead by the same
 * draws. */
int journey_lose_needs(journey_t *run)
{
    size_t kept = 0;

    for (size_t k = 0; k < run->n_needs; k++) {
        need_t *need = &run->needs[k];

        if (!need->closed) {
            draw_need(run, need);
            if (nb_rng_uniform(need->luck[0]) < run->world->need_lost) {
                NB_TRY(lose_need(run, need));
            }
        }
        if (need->closed) {
            run->need_at[journey_cell(run, need->person, need->category)] = -1;
        }
    }
    for (size_t k = 0; k < run->n_needs; k++) {
        const need_t *need = &run->needs[k];

        if (!need->closed) {
            run->need_at[journey_cell(run, need->person, need->category)] = (int32_t)kept;
            run->needs[kept++] = *need;
        }
    }
    run->n_needs = kept;
    return NB_OK;
}

static int add_need(journey_t *run, uint32_t person, unsigned category)
{
    size_t cell = journey_cell(run, person, category);
    need_t *need;

    JOURNEY_MORE(run, needs, n_needs, needs_capacity);
    need = &run->needs[run->n_needs];
    memset(need, 0, sizeof *need);
    need->person = person;
    need->ordinal = run->need_ordinal[person];
    need->since = run->at.period;
    need->category = (uint8_t)category;
    draw_need(run, need);
    run->need_at[cell] = (int32_t)run->n_needs++;
    run->n_open[cell]++;
    return NB_OK;
}

/* a need arises: it is new, or renews the open one of its category with a new target */
int journey_raise_need(journey_t *run, uint32_t person, unsigned category)
{
    size_t cell = journey_cell(run, person, category);
    need_t *open;

    run->need_ordinal[person]++;
    run->at.sums[0].needs++;
    if (!run->n_open[cell] || run->world->set.need_queue) {
        return add_need(run, person, category);
    }
    open = &run->needs[run->need_at[cell]];
    NB_TRY(end_known(run, open));
    open->ordinal = run->need_ordinal[person];
    open->since = run->at.period;
    open->known = open->coached = 0;
    draw_need(run, open);
    return NB_OK;
}

unsigned journey_complement(const journey_t *run, unsigned category)
{
    return (category + 1) % run->world->n_categories;
}

/* bought from any of the firms within the weeks in which a complement is wanted */
static int is_complement_due(const journey_t *run, uint32_t person, unsigned category)
{
    int limit = periods_of(run->world, run->world->set.complement_weeks);

    for (uint32_t i = person; i < person + run->world->n_firms; i++) {
        const relation_t *relation = &run->relations[journey_cell(run, i, category)];

        if (run->at.period - relation->last_bought <= limit) {
            return 1;
        }
    }
    return 0;
}

static unsigned draw_category(const journey_t *run, uint32_t person, uint32_t word)
{
    unsigned n = run->world->n_categories, c = 0;
    double weights[MAX_CATEGORIES], sum = 0, u;

    if (n == 1) {
        return 0;
    }
    for (unsigned k = 0; k < n; k++) {
        unsigned before = k ? k - 1 : n - 1;

        weights[k] = run->relations[journey_cell(run, person, k)].weight;
        if (is_complement_due(run, person, before)) {
            weights[k] *= run->world->set.complement_weight;
        }
        sum += weights[k];
    }
    u = nb_rng_uniform(word) * sum - weights[0];
    while (u >= 0 && c + 1 < n) {
        u -= weights[++c];
    }
    return c;
}

/* arrivals are a Poisson process in season time: exponential gaps, each tied to its ordinal */
int journey_raise_needs(journey_t *run)
{
    double now = run->season_time[run->at.period - run->first_period + 1];

    for (uint32_t i = 0; i < run->at.n; i += run->world->n_firms) {
        while (run->next_need[i] <= now) {
            uint32_t words[4];

            /* rows of a burn-in wait for their births; a person without relations needs nothing */
            if (run->at.period < run->birth[i]) {
                break;
            }
            nb_rng_block(run->spec.key,
                         draw_at(run->luck[i], run->need_ordinal[i] + 1, DRAW_ARRIVAL, 0, 0),
                         words);
            NB_TRY(journey_raise_need(run, i, draw_category(run, i, words[2])));
            run->next_need[i] += nb_dist_exponential(words[0], words[1]) / run->rate[i];
        }
    }
    return NB_OK;
}
