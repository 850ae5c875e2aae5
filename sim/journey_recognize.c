/*
 * Recognize: whom to contact, ask, or send something to.
 */
#include "sim/journey.h"

/* rows whose records are fetched while others are worked on */
enum { AHEAD = 8 };

/* bring what a contact touches into the cache */
static void fetch_record(const journey_t *run, uint32_t row)
{
    const char *record = (const char *)&run->customers[row];

    __builtin_prefetch(record);
    __builtin_prefetch(record + 64);
}

static int act(journey_t *run, uint32_t row, int32_t action)
{
    switch (action) {
    case RECOGNIZE_WAIT:
        return NB_OK;
    case RECOGNIZE_ASK_CONSENT:
        return journey_ask_consent(run, row);
    case RECOGNIZE_SURVEY:
        return journey_survey(run, row, 1);
    case RECOGNIZE_AUTO_ORDER:
        return journey_send_auto(run, row);
    default:
        /* email, message, call, coach are contacts 0 to 3 */
        return journey_contact(run, row, (unsigned)action - RECOGNIZE_EMAIL);
    }
}

int journey_act_recognize(journey_t *run, const nb_batch_t *batch, const int32_t *action)
{
    for (size_t r = 0; r < batch->n; r++) {
        if (r + AHEAD < batch->n && action[r + AHEAD] != RECOGNIZE_WAIT) {
            fetch_record(run, batch->customer[r + AHEAD]);
        }
        NB_TRY(act(run, batch->customer[r], action[r]));
    }
    return NB_OK;
}
