/*
 * Traits and state that nobody else sees, for policies whose traits say oracle: references, never
 * contestants.
 */
#include "sim/journey.h"

#define LATENT(X)                                                                                  \
    X(alive)                                                                                       \
    X(need_open)                                                                                   \
    X(need_aware)                                                                                  \
    X(certainty)                                                                                   \
    X(satisfaction)                                                                                \
    X(trust)                                                                                       \
    X(fatigue)                                                                                     \
    X(habit)                                                                                       \
    X(expectation)                                                                                 \
    X(knowledge)                                                                                   \
    X(agency)                                                                                      \
    X(inertia)                                                                                     \
    X(rate)                                                                                        \
    X(privacy)                                                                                     \
    X(price_sensitivity)                                                                           \
    X(risk)                                                                                        \
    X(loyalty)                                                                                     \
    X(sleeping)                                                                                    \
    X(kappa_email)                                                                                 \
    X(kappa_message)                                                                               \
    X(kappa_call)                                                                                  \
    X(sociability)

enum {
#define ITEM(name) LATENT_##name,
    LATENT(ITEM)
#undef ITEM
        LATENT_END
};
_Static_assert((int)LATENT_END == (int)N_LATENT, "as many latent features as are promised");

const char *const journey_latent_names[N_LATENT] = {
#define ITEM(name) #name,
    LATENT(ITEM)
#undef ITEM
};

static int is_aware(const journey_t *run, uint32_t row)
{
    uint32_t person = journey_person(run, row);

    for (unsigned c = 0; c < run->world->n_categories; c++) {
        int32_t at = run->need_at[journey_cell(run, person, c)];

        if (at >= 0 && !run->needs[at].closed && run->needs[at].status == NEED_AWARE) {
            return 1;
        }
    }
    return 0;
}

static void fill_row(const journey_t *run, uint32_t row, const visit_t *visit, double *out)
{
    const customer_t *who = &run->customers[row];

    out[LATENT_alive] = run->alive[row] != DEAD;
    out[LATENT_need_open] = run->alive[row] && journey_has_need(run, row);
    out[LATENT_need_aware] = run->alive[row] && is_aware(run, row);
    out[LATENT_certainty] = visit ? visit->certainty : who->certainty_mean;
    out[LATENT_satisfaction] = run->satisfaction[row];
    out[LATENT_trust] = run->trust[row];
    out[LATENT_fatigue] = run->fatigue[row];
    out[LATENT_habit] = run->habit[row];
    out[LATENT_expectation] = who->expectation;
    out[LATENT_knowledge] = run->knowledge[row];
    out[LATENT_agency] = who->agency;
    out[LATENT_inertia] = who->inertia;
    out[LATENT_rate] = run->rate[journey_person(run, row)] / run->world->set.period_weeks;
    out[LATENT_privacy] = who->privacy;
    out[LATENT_price_sensitivity] = who->beta;
    out[LATENT_risk] = who->risk;
    out[LATENT_loyalty] = who->loyalty;
    out[LATENT_sleeping] = who->sleeping;
    for (unsigned c = 0; c < N_CHANNELS; c++) {
        out[LATENT_kappa_email + c] = who->kappa[c];
    }
    out[LATENT_sociability] = run->sociability[row];
}

int journey_latent(void *self, const nb_batch_t *batch, double *out)
{
    const journey_t *run = self;

    for (size_t r = 0; r < batch->n; r++) {
        fill_row(run, batch->customer[r], journey_visit_of(run, run->batch_rows[r]),
                 out + r * N_LATENT);
    }
    return NB_OK;
}
