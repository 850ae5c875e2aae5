/*
 * Repeat: after a journey's end, and now and then for customers who sleep.
 */
#include "sim/journey.h"

static int add_row(journey_t *run, uint32_t row)
{
    JOURNEY_MORE(run, rows, n_rows, rows_capacity);
    run->rows[run->n_rows++] = row;
    return NB_OK;
}

/* every dormant.every periods from the period on in which she became dormant */
static int is_due(const journey_t *run, uint32_t i)
{
    int silent = run->period - run->customers[i].last_purchase -
                 periods_of(run->world, run->world->set.dormant_weeks);

    return silent >= 0 && silent % run->world->set.dormant_every == 0;
}

int journey_collect_repeat(journey_t *run)
{
    run->n_rows = 0;
    for (uint32_t v = 0; v < run->n_visits; v++) {
        if (run->visits[v].ended) {
            NB_TRY(add_row(run, v));
        }
    }
    for (size_t b = 0; run->round == 0 && b < run->n_books; b++) {
        uint32_t i = run->books[b];

        if (!run->in_round[i] && is_due(run, i)) {
            NB_TRY(add_row(run, i | ROW_IS_CUSTOMER));
        }
    }
    return NB_OK;
}

int journey_act_repeat(journey_t *run, uint32_t i, uint32_t journey, unsigned action)
{
    const nb_journey_settings_t *set = &run->world->set;
    customer_t *who = &run->customers[i];
    int is_alive = run->alive[i];

    switch (action) {
    case REPEAT_THANK_YOU:
        if (is_alive) {
            run->habit[i] = clip(run->habit[i] + (float)set->thank_you_habit, 0, 1);
            run->fatigue[i] += (float)set->thank_you_fatigue;
        }
        return journey_pay(run, i, journey, -set->cost_thank_you, NB_CAUSE_CONTACT);
    case REPEAT_REWARD:
        if (is_alive) {
            run->satisfaction[i] =
                clip(run->satisfaction[i] + (float)set->reward_satisfaction, -2, 2);
            run->trust[i] = clip(run->trust[i] + (float)set->reward_trust, 0, 1);
        }
        return journey_pay(run, i, journey, -set->cost_reward, NB_CAUSE_REWARD);
    case REPEAT_WIN_BACK:
        who->win_back_until = run->period + 1 + periods_of(run->world, set->win_back_weeks);
        return journey_pay(run, i, journey, -set->cost_win_back, NB_CAUSE_CONTACT);
    default:
        return NB_OK;
    }
}
