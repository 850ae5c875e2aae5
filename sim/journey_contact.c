/*
 * Contacts and what they do to a customer: opens, fatigue, opt-out, reactance, sleeping dogs;
 * asking for consent; surveys.
 */
#include "sim/journey.h"

enum { SEND_ASK = N_CHANNELS + 1 };
enum { GROUP_CONSENT = 20 }; /* of DRAW_TRAIT: her answer is hers, not the asking's */

double journey_p_open(const journey_t *run, uint32_t row, unsigned channel)
{
    const nb_journey_settings_t *set = &run->world->set;
    const customer_t *who = &run->customers[row];
    const double level[N_CHANNELS] = {set->open_email, set->open_message, set->open_call};
    double v = level[channel] + who->kappa[channel] - set->fatigue_open * run->fatigue[row] +
               set->open_trust * (run->trust[row] - 0.5);

    if (journey_has_need(run, row)) {
        v += set->open_need;
    }
    if (run->at.period < who->reactance_until) {
        v -= set->open_reactance * who->agency;
    }
    return logistic(v);
}

/* coaching uses the channel that she opens more often, among those still open */
unsigned journey_coach_channel(const journey_t *run, uint32_t row)
{
    const customer_t *who = &run->customers[row];
    unsigned flags = run->flags[row];

    if (!(flags & FLAG_MESSAGE)) {
        return CHANNEL_EMAIL;
    }
    if (!(flags & FLAG_EMAIL)) {
        return CHANNEL_MESSAGE;
    }
    return who->opens[CHANNEL_MESSAGE] > who->opens[CHANNEL_EMAIL] ? CHANNEL_MESSAGE
                                                                   : CHANNEL_EMAIL;
}

/* discomfort of a unit of fatigue until it has faded, discounted */
static double discomfort(const journey_t *run, uint32_t row)
{
    const journey_world_t *world = run->world;
    double fade = 1 - world->gamma * world->fatigue_keep;

    return fade > 0 ? world->set.surplus_fatigue * world->set.period_weeks *
                          run->customers[row].phi / fade
                    : 0;
}

void journey_tire(journey_t *run, uint32_t row, double weight)
{
    run->fatigue[row] += (float)weight;
    journey_please(run, row, -discomfort(run, row) * weight);
}

/* who has left is tired no more */
void journey_rest(journey_t *run, uint32_t row)
{
    journey_please(run, row, discomfort(run, row) * run->fatigue[row]);
}

void journey_lower_trust(journey_t *run, uint32_t row, double by)
{
    run->trust[row] = clip(run->trust[row] - (float)by, 0, 1);
}

void journey_raise_satisfaction(journey_t *run, uint32_t row, double by)
{
    run->satisfaction[row] = clip(run->satisfaction[row] + (float)by, -2, 2);
}

static int pay_contact(journey_t *run, uint32_t row, unsigned contact, unsigned channel)
{
    const nb_journey_settings_t *set = &run->world->set;
    const double cost[N_CHANNELS] = {set->cost_email, set->cost_message, set->cost_call};

    return journey_pay(run, row, 0, -cost[channel] - (contact == COACH ? set->cost_coach : 0),
                       NB_CAUSE_CONTACT);
}

/* what the firm notes of anything it sends */
static void note_sending(journey_t *run, uint32_t row)
{
    customer_t *who = &run->customers[row];
    int shift = run->at.period - who->last_contact;

    who->contacts = (shift < 32 ? who->contacts << shift : 0) | 1;
    who->last_contact = run->at.period;
}

/* what it notes of a contact, whether anybody is there or not */
static void note_contact(journey_t *run, uint32_t row, unsigned channel, int is_opened)
{
    float *average = &run->customers[row].opens[channel];
    period_sums_t *sums = journey_sums(run, row);

    note_sending(run, row);
    *average += 0.15f * ((float)is_opened - *average);
    sums->contacts++;
    sums->opens += is_opened;
    if (is_opened) {
        run->last_active[row] = run->at.period;
        journey_learn(run, row, run->world->set.knowledge_open);
    }
}

/* the channel closes for good, the likelier the more tired she is */
static int opt_out(journey_t *run, uint32_t row, unsigned channel, double weight, double draw)
{
    const nb_journey_settings_t *set = &run->world->set;

    if (draw >= set->optout_rate * weight * exp(set->optout_fatigue * run->fatigue[row])) {
        return NB_OK;
    }
    run->flags[row] &= (uint8_t) ~(1u << channel);
    journey_sums(run, row)->unsubscribes++;
    return journey_signal(run, row, 0, NB_SIGNAL_UNSUBSCRIBED);
}

/* coaching somebody who needs nothing meddles with her */
static void meddle(journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[row];
    double agency = who->agency;

    journey_lower_trust(run, row, set->reactance_trust * agency * agency);
    who->reactance_until =
        run->at.period + (int)floor(set->reactance_weeks / set->period_weeks + 0.5) + 1;
}

/* fatigue, opt-out, reactance: what a contact does to a living customer */
static int react(journey_t *run, uint32_t row, unsigned contact, unsigned channel, int is_opened,
                 double optout_draw)
{
    const nb_journey_settings_t *set = &run->world->set;
    const double weight[N_CHANNELS + 1] = {set->fatigue_email, set->fatigue_message,
                                           set->fatigue_call, set->fatigue_coach};
    int is_needed = journey_has_need(run, row);

    journey_tire(run, row,
                 run->customers[row].phi * weight[contact] *
                     (is_opened && is_needed ? set->fatigue_wanted : 1));
    if (contact == COACH && !is_needed) {
        meddle(run, row);
    }
    return opt_out(run, row, channel, weight[contact], optout_draw);
}

int journey_contact(journey_t *run, uint32_t row, unsigned contact)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[row];
    unsigned channel = contact == COACH ? journey_coach_channel(run, row) : contact;
    int is_silent =
        run->at.period - run->last_active[row] >= periods_of(run->world, set->sleeping_weeks);
    int is_opened = 0;
    uint32_t words[4] = {0};

    NB_TRY(pay_contact(run, row, contact, channel));
    if (run->alive[row]) {
        nb_rng_block(run->spec.key,
                     draw_at(run->luck[row], who->sends[contact]++, DRAW_SEND,
                             contact + 8 * journey_firm(run, row), 0),
                     words);
        is_opened = nb_rng_uniform(words[0]) < journey_p_open(run, row, channel);
        run->contact[row] = (uint8_t)((1 + contact) | (is_opened ? CONTACT_OPENED : 0));
        NB_TRY(react(run, row, contact, channel, is_opened, nb_rng_uniform(words[1])));
        if (is_silent) {
            journey_add_hazard(run, row, logistic(set->sleeping_base + who->sleeping));
        }
    }
    note_contact(run, row, channel, is_opened);
    return is_opened ? journey_signal(run, row, 0, NB_SIGNAL_OPENED) : NB_OK;
}

double journey_p_consent(const journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;

    return logistic(set->consent_base + set->consent_trust * (run->trust[row] - 0.5) +
                    set->consent_knowledge * run->knowledge[row] -
                    set->consent_privacy * run->customers[row].privacy);
}

double journey_p_enroll(const journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;

    return logistic(set->enroll_base + set->enroll_trust * (run->trust[row] - 0.5) -
                    set->enroll_agency * run->customers[row].agency);
}

/* one persistent draw a customer: asking again helps only where trust or knowledge has grown */
static void answer_consent(journey_t *run, uint32_t row)
{
    period_sums_t *sums = journey_sums(run, row);
    uint32_t words[4];

    nb_rng_block(run->spec.key, draw_at(run->luck[row], 0, DRAW_TRAIT, GROUP_CONSENT, 0), words);
    if (nb_rng_uniform(words[0]) >= journey_p_consent(run, row)) {
        return;
    }
    run->flags[row] |= FLAG_CONSENT;
    sums->consented++;
    if (nb_rng_uniform(words[1]) < journey_p_enroll(run, row)) {
        run->flags[row] |= FLAG_ENROLLED;
        sums->enrolled++;
    }
}

int journey_ask_consent(journey_t *run, uint32_t row)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[row];
    uint32_t words[4];

    journey_sums(run, row)->asked++;
    NB_TRY(journey_pay(run, row, 0, -set->cost_ask_consent, NB_CAUSE_CONTACT));
    note_sending(run, row);
    if (!run->alive[row]) {
        return NB_OK;
    }
    nb_rng_block(run->spec.key,
                 draw_at(run->luck[row], who->sends[SEND_ASK]++, DRAW_SEND,
                         SEND_ASK + 8 * journey_firm(run, row), 0),
                 words);
    journey_tire(run, row, who->phi * set->fatigue_ask);
    answer_consent(run, row);
    return opt_out(run, row, CHANNEL_EMAIL, set->fatigue_ask, nb_rng_uniform(words[1]));
}

/* surveys of the last weeks, and this one noted */
static unsigned note_survey(journey_t *run, uint32_t row)
{
    customer_t *who = &run->customers[row];
    int week = (int)floor(run->at.period * run->world->set.period_weeks);
    int64_t shift = (int64_t)week - who->last_survey;
    unsigned window = (unsigned)run->world->set.survey_weeks;
    uint32_t bits = shift < 32 ? who->surveys << shift : 0;
    uint32_t recent = window < 32 ? bits & ((1u << window) - 1) : bits;

    who->surveys = bits | 1;
    who->last_survey = week;
    return (unsigned)__builtin_popcount(recent);
}

int journey_survey(journey_t *run, uint32_t row, int is_contact)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[row];
    unsigned before = note_survey(run, row);
    uint32_t words[4];
    double z[2], p;

    journey_sums(run, row)->surveyed++;
    NB_TRY(journey_pay(run, row, 0, -set->cost_survey, NB_CAUSE_CONTACT));
    note_sending(run, row);
    if (!run->alive[row]) {
        return NB_OK;
    }
    nb_rng_block(run->spec.key,
                 draw_at(run->luck[row], who->n_surveys++, DRAW_SURVEY, journey_firm(run, row), 0),
                 words);
    nb_rng_normal_pair(words[2], words[3], z);
    p = logistic(set->survey_base - set->survey_fatigue * run->fatigue[row] -
                 set->survey_again * before);
    journey_tire(run, row, set->fatigue_survey * (is_contact ? who->phi : 1));
    if (is_contact) {
        NB_TRY(opt_out(run, row, CHANNEL_EMAIL, set->fatigue_survey, nb_rng_uniform(words[1])));
    }
    if (nb_rng_uniform(words[0]) >= p) {
        return NB_OK;
    }
    journey_sums(run, row)->answered++;
    run->last_active[row] = run->at.period;
    journey_learn(run, row, set->survey_knowledge / (1 + before));
    who->survey_score = (float)(run->satisfaction[row] + set->survey_noise * z[0]);
    who->survey_week = who->last_survey;
    return journey_signal(run, row, 0, NB_SIGNAL_SURVEY);
}
