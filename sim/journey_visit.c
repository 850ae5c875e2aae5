/*
 * From a need to a visit: does she notice it, does it bring her here, and to which firm?
 */
#include "sim/journey.h"

#include <string.h>

/* rows whose records are fetched while others are worked on */
enum { AHEAD = 8 };

double journey_p_aware(const journey_world_t *world, unsigned contact, double opened)
{
    double delta = contact ? world->channel_aware[contact - 1] : 0;

    return 1 - (1 - world->aware_self) * (1 - delta * opened);
}

double journey_visit_utility(const journey_t *run, uint32_t row, int coach_opened)
{
    const nb_journey_settings_t *set = &run->world->set;
    const customer_t *who = &run->customers[row];
    double v = set->visit_base - who->inertia + set->habit_visit * run->habit[row];

    if (coach_opened) {
        v += set->visit_coach * fmax(who->inertia, 0) / 0.6;
    }
    if (run->at.period < who->win_back_until) {
        v += set->win_back_visit * fmax(0, 1 - set->carry_habit * run->habit[row]);
    }
    return v;
}

double journey_p_visit(const journey_t *run, uint32_t row, int coach_opened)
{
    double v = logistic(journey_visit_utility(run, row, coach_opened)), h;

    h = run->world->set.period_weeks;
    return h == 1 ? v : 1 - pow(1 - v, h);
}

static int is_coached(const journey_t *run, uint32_t row)
{
    return run->contact[row] == ((1 + COACH) | CONTACT_OPENED);
}

/* no firm's contact opened her eyes, nor did she notice by herself */
static void notice_need(journey_t *run, need_t *need)
{
    double unaware = 1 - run->world->aware_self;
    int is_coach = 0;

    for (uint32_t i = need->person; i < need->person + run->world->n_firms; i++) {
        unsigned contact = run->contact[i];

        if (contact & CONTACT_OPENED) {
            unaware *= 1 - run->world->channel_aware[(contact & ~(unsigned)CONTACT_OPENED) - 1];
            is_coach |= is_coached(run, i);
        }
    }
    if (nb_rng_uniform(need->luck[1]) < 1 - unaware) {
        need->status = NEED_AWARE;
        need->coached = (uint8_t)is_coach;
    }
}

/* several firms: a logit over those she may visit and staying away; satisfaction and trust pull,
 * and a firm she never bought from is a stranger to her */
static double firm_weight(const journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;

    if (!run->alive[row]) {
        return 0;
    }
    return exp(journey_visit_utility(run, row, is_coached(run, row)) +
               set->market_pull * (set->carry_satisfaction * run->satisfaction[row] +
                                   2 * set->carry_trust * (run->trust[row] - 0.5)) -
               (run->alive[row] == STRANGER ? set->market_stranger : 0));
}

/* the firm that she visits today, -1 for none */
static int draw_firm(const journey_t *run, const need_t *need, double u)
{
    unsigned n = run->world->n_firms;
    double weight[MAX_FIRMS], sum = 0, p, h = run->world->set.period_weeks;

    if (n == 1) {
        return run->alive[need->person] &&
                       u < journey_p_visit(run, need->person, is_coached(run, need->person))
                   ? 0
                   : -1;
    }
    for (unsigned f = 0; f < n; f++) {
        weight[f] = firm_weight(run, need->person + f);
        sum += weight[f];
    }
    p = sum / (1 + sum);
    p = h == 1 ? p : 1 - pow(1 - p, h);
    if (sum <= 0 || u >= p) {
        return -1;
    }
    u *= sum / p;
    for (unsigned f = 0; f + 1 < n; f++) {
        if (u < weight[f]) {
            return (int)f;
        }
        u -= weight[f];
    }
    return (int)n - 1;
}

static int add_visit(journey_t *run, uint32_t i_need, unsigned firm)
{
    need_t *need = &run->needs[i_need];
    uint32_t row = need->person + firm;
    visit_t *visit;

    JOURNEY_MORE(run, visits, n_visits, visits_capacity);
    visit = &run->visits[run->n_visits++];
    memset(visit, 0, sizeof *visit);
    visit->i_need = i_need;
    visit->customer = row;
    visit->ordinal = need->ordinal;
    visit->category = need->category;
    visit->product = -1;
    need->known |= (uint8_t)(1u << firm);
    run->in_round[need->person] = 1;
    run->last_active[row] = run->at.period;
    /* hygiene may have dropped her */
    run->flags[row] |= run->alive[row] == ALIVE ? FLAG_BOOKS : 0;
    journey_sums(run, row)->visits++;
    return journey_begin_visit(run, visit);
}

static int meet_need(journey_t *run, uint32_t i_need)
{
    need_t *need = &run->needs[i_need];
    int firm;

    if (run->at.round == 0 && need->status == NEED_LATENT) {
        notice_need(run, need);
    }
    if (need->status == NEED_LATENT && run->world->set.journey == JOURNEY_FULL) {
        return NB_OK;
    }
    if (run->in_round[need->person]) {
        run->at.more_rounds = 1;
        return NB_OK;
    }
    need->asked = 1;
    if (run->world->set.journey == JOURNEY_TRANSPARENT) {
        return run->alive[need->person] ? add_visit(run, i_need, 0) : NB_OK;
    }
    firm = draw_firm(run, need, nb_rng_uniform(need->luck[2]));
    return firm < 0 ? NB_OK : add_visit(run, i_need, (unsigned)firm);
}

static int is_anywhere_alive(const journey_t *run, uint32_t person)
{
    return run->next_need[person] < INFINITY;
}

int journey_collect_visits(journey_t *run)
{
    /* automatic orders were sent before the first round; later rounds begin anew */
    for (size_t v = 0; v < run->n_visits && run->at.round > 0; v++) {
        run->in_round[journey_person(run, run->visits[v].customer)] = 0;
    }
    run->n_visits = run->at.round > 0 ? 0 : run->n_visits;
    run->at.more_rounds = 0;
    for (uint32_t k = 0; k < run->n_needs; k++) {
        need_t *need = &run->needs[k];

        if (k + AHEAD < run->n_needs) {
            __builtin_prefetch(&run->customers[run->needs[k + AHEAD].person]);
        }
        if (run->at.round == 0) {
            need->asked = 0;
        }
        if (!need->closed && !need->asked && is_anywhere_alive(run, need->person)) {
            NB_TRY(meet_need(run, k));
        }
    }
    return NB_OK;
}
