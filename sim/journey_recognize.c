/*
 * Recognize: contacts, opens, fatigue, opt-out, reactance, sleeping dogs; then awareness and who
 * visits.
 */
#include "sim/journey.h"

/* rows whose records are fetched while others are worked on */
enum { AHEAD = 8 };

enum { CHANNEL_EMAIL, CHANNEL_MESSAGE, CHANNEL_CALL, COACH = N_CHANNELS };

static double open_level(const nb_journey_settings_t *set, unsigned channel)
{
    const double level[N_CHANNELS] = {set->open_email, set->open_message, set->open_call};

    return level[channel];
}

double journey_p_open(const journey_t *run, uint32_t i, unsigned channel)
{
    const nb_journey_settings_t *set = &run->world->set;
    const customer_t *who = &run->customers[i];
    double v = open_level(set, channel) + who->kappa[channel] -
               set->fatigue_open * run->fatigue[i] + set->open_trust * (run->trust[i] - 0.5);

    if (run->n_open[i]) {
        v += set->open_need;
    }
    if (run->period < who->reactance_until) {
        v -= set->open_reactance * who->agency;
    }
    return logistic(v);
}

double journey_p_aware(const journey_world_t *world, unsigned contact, double opened)
{
    double delta = contact ? world->channel_aware[contact - 1] : 0;

    return 1 - (1 - world->aware_self) * (1 - delta * opened);
}

double journey_p_visit(const journey_t *run, uint32_t i, int coach_opened)
{
    const nb_journey_settings_t *set = &run->world->set;
    const customer_t *who = &run->customers[i];
    double v = set->visit_base - who->inertia + set->habit_visit * run->habit[i];

    if (coach_opened) {
        v += set->visit_coach * fmax(who->inertia, 0) / 0.6;
    }
    if (run->period < who->win_back_until) {
        v += set->win_back_visit * (1 - run->habit[i]);
    }
    v = logistic(v);
    return set->period_weeks == 1 ? v : 1 - pow(1 - v, set->period_weeks);
}

/* coaching uses the channel that she opens more often, among those still open */
unsigned journey_coach_channel(const journey_t *run, uint32_t i)
{
    const customer_t *who = &run->customers[i];
    unsigned flags = run->flags[i];

    if (!(flags & FLAG_MESSAGE)) {
        return CHANNEL_EMAIL;
    }
    if (!(flags & FLAG_EMAIL)) {
        return CHANNEL_MESSAGE;
    }
    return who->opens[CHANNEL_MESSAGE] > who->opens[CHANNEL_EMAIL] ? CHANNEL_MESSAGE
                                                                   : CHANNEL_EMAIL;
}

static int pay_contact(journey_t *run, uint32_t i, unsigned contact, unsigned channel)
{
    const nb_journey_settings_t *set = &run->world->set;
    const double cost[N_CHANNELS] = {set->cost_email, set->cost_message, set->cost_call};

    return journey_pay(run, i, 0, -cost[channel] - (contact == COACH ? set->cost_coach : 0),
                       NB_CAUSE_CONTACT);
}

/* what the firm notes of a contact, whether anybody is there or not */
static void note_contact(journey_t *run, uint32_t i, unsigned channel, int is_opened)
{
    customer_t *who = &run->customers[i];
    int shift = run->period - who->last_contact;

    who->contacts = (shift < 32 ? who->contacts << shift : 0) | 1;
    who->last_contact = run->period;
    who->opens[channel] += 0.15f * ((float)is_opened - who->opens[channel]);
    run->sums.contacts++;
    run->sums.opens += is_opened;
    if (is_opened) {
        run->last_active[i] = run->period;
    }
}

static int emit_signal(journey_t *run, uint32_t i, unsigned signals)
{
    return journey_emit(
        run, (nb_event_t){
                 .customer = i, .kind = NB_EVENT_SIGNAL, .signals = (uint16_t)signals, .item = -1});
}

/* fatigue, opt-out, reactance: what a contact does to a living customer */
static int react(journey_t *run, uint32_t i, unsigned contact, unsigned channel, int is_opened,
                 double optout_draw)
{
    const nb_journey_settings_t *set = &run->world->set;
    const double weight[N_CHANNELS + 1] = {set->fatigue_email, set->fatigue_message,
                                           set->fatigue_call, set->fatigue_coach};
    customer_t *who = &run->customers[i];
    int is_needed = run->n_open[i] > 0;
    double w = weight[contact];

    run->fatigue[i] += (float)(who->phi * w * (is_opened && is_needed ? set->fatigue_wanted : 1));
    if (contact == COACH && !is_needed) {
        double agency = who->agency;

        run->trust[i] = clip(run->trust[i] - (float)(set->reactance_trust * agency * agency), 0, 1);
        who->reactance_until =
            run->period + (int)floor(set->reactance_weeks / set->period_weeks + 0.5) + 1;
    }
    if (optout_draw < set->optout_rate * w * exp(set->optout_fatigue * run->fatigue[i])) {
        run->flags[i] &= (uint8_t) ~(1u << channel);
        run->sums.unsubscribes++;
        NB_TRY(emit_signal(run, i, NB_SIGNAL_UNSUBSCRIBED));
    }
    return NB_OK;
}

static int contact_customer(journey_t *run, uint32_t i, unsigned contact)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[i];
    unsigned channel = contact == COACH ? journey_coach_channel(run, i) : contact;
    int is_silent =
        run->period - run->last_active[i] >= periods_of(run->world, set->sleeping_weeks);
    int is_opened = 0;
    uint32_t words[4] = {0};

    NB_TRY(pay_contact(run, i, contact, channel));
    if (run->alive[i]) {
        nb_rng_block(run->spec.key,
                     draw_at(run->luck[i], who->sends[contact]++, DRAW_SEND, contact, 0), words);
        is_opened = nb_rng_uniform(words[0]) < journey_p_open(run, i, channel);
        run->contact[i] = (uint8_t)((1 + contact) | (is_opened ? CONTACT_OPENED : 0));
        NB_TRY(react(run, i, contact, channel, is_opened, nb_rng_uniform(words[1])));
        if (is_silent) {
            journey_add_hazard(run, i, logistic(set->sleeping_base + who->sleeping));
        }
    }
    note_contact(run, i, channel, is_opened);
    return is_opened ? emit_signal(run, i, NB_SIGNAL_OPENED) : NB_OK;
}

/* bring what a contact or visit touches into the cache */
static void fetch_record(const journey_t *run, uint32_t i)
{
    const char *record = (const char *)&run->customers[i];

    __builtin_prefetch(record);
    __builtin_prefetch(record + 64);
}

int journey_act_recognize(journey_t *run, const nb_batch_t *batch, const int32_t *action)
{
    for (size_t r = 0; r < batch->n; r++) {
        if (r + AHEAD < batch->n && action[r + AHEAD] != RECOGNIZE_WAIT) {
            fetch_record(run, batch->customer[r + AHEAD]);
        }
        if (action[r] != RECOGNIZE_WAIT) {
            /* email, message, call, coach are contacts 0 to 3 */
            NB_TRY(
                contact_customer(run, batch->customer[r], (unsigned)action[r] - RECOGNIZE_EMAIL));
        }
    }
    return NB_OK;
}

static void notice_need(journey_t *run, need_t *need, double draw)
{
    unsigned contact = run->contact[need->customer];
    int is_opened = (contact & CONTACT_OPENED) != 0;

    if (draw < journey_p_aware(run->world, contact & ~(unsigned)CONTACT_OPENED, is_opened)) {
        need->status = NEED_AWARE;
    }
}

static int add_visit(journey_t *run, uint32_t i_need)
{
    need_t *need = &run->needs[i_need];
    visit_t *visit;

    JOURNEY_MORE(run, visits, n_visits, visits_capacity);
    visit = &run->visits[run->n_visits++];
    *visit = (visit_t){
        .i_need = i_need, .customer = need->customer, .ordinal = need->ordinal, .product = -1};
    need->is_known = 1;
    run->in_round[need->customer] = 1;
    run->last_active[need->customer] = run->period;
    run->flags[need->customer] |= FLAG_BOOKS; /* hygiene may have dropped her */
    run->sums.visits++;
    return journey_begin_visit(run, visit);
}

/* One look at an open need: does she notice it, and does it bring her here? */
static int meet_need(journey_t *run, uint32_t i_need)
{
    need_t *need = &run->needs[i_need];
    uint32_t i = need->customer;
    unsigned coach_opened = (1 + COACH) | CONTACT_OPENED;

    if (run->round == 0 && need->status == NEED_LATENT) {
        notice_need(run, need, nb_rng_uniform(need->luck[1]));
    }
    if (need->status == NEED_LATENT && run->world->set.journey == JOURNEY_FULL) {
        return NB_OK;
    }
    if (run->in_round[i]) {
        run->more_rounds = 1;
        return NB_OK;
    }
    need->asked = 1;
    if (run->world->set.journey == JOURNEY_TRANSPARENT ||
        nb_rng_uniform(need->luck[2]) < journey_p_visit(run, i, run->contact[i] == coach_opened)) {
        return add_visit(run, i_need);
    }
    return NB_OK;
}

int journey_collect_visits(journey_t *run)
{
    for (size_t v = 0; v < run->n_visits; v++) {
        run->in_round[run->visits[v].customer] = 0;
    }
    run->n_visits = 0;
    run->more_rounds = 0;
    for (uint32_t k = 0; k < run->n_needs; k++) {
        need_t *need = &run->needs[k];

        if (k + AHEAD < run->n_needs) {
            fetch_record(run, run->needs[k + AHEAD].customer);
        }
        if (run->round == 0) {
            need->asked = 0;
        }
        if (!need->closed && !need->asked && run->alive[need->customer]) {
            NB_TRY(meet_need(run, k));
        }
    }
    return NB_OK;
}
