/*
 * Epoch-greedy: an epoch is one round in which every decision explores uniformly, then s(l) rounds
 * that exploit what was learned from the exploring rounds alone.
 *
 * Source: Langford & Zhang (2007), "The epoch-greedy algorithm for multi-armed bandits with side
 * information", figure 1. There a round is one decision. Here decisions come in batches that share
 * a state, so that a round is a period in which anybody came: epoch l = 1, 2, ... explores in its
 * first period, everybody, and exploits in the next s(l). `schedule: sqrt` is the order of s that
 * their theorem gives for classes whose gap is not known (regret T^(2/3)), `exponential` that of a
 * known gap. The learner is a ridge regression per action, on rows of exploring rounds only, also
 * where their rewards come later; which periods explored is noted when they are played, for the
 * last RING of them, and all points of an instance share their epochs. Known limits: customers of
 * an exploring period all pay for it; what is learned while exploiting is thrown away.
 */
#include <math.h>
#include <stddef.h>

#include "policies/library.h"
#include "policies/mixed.h"
#include "policies/regressors.h"
#include "policies/rows.h"

enum { SQRT, LINEAR, EXPONENTIAL, CONSTANT };
enum { RING = 1024 };

typedef struct {
    double lambda, rounds;
    int schedule;
} settings_t;

/* head of the state, followed by the regressors */
typedef struct {
    double rounds;
    double epoch; /* l */
    double left;  /* exploiting rounds left of it */
    int32_t schedule;
    int32_t explores;   /* this round */
    int32_t was_played; /* anybody came since the last end_period */
    uint32_t n_noted;   /* exploring periods noted so far; the last RING are at hand */
    int32_t noted[RING];
    int32_t unused[6];
} head_t;
_Static_assert(sizeof(head_t) % 64 == 0, "the regressors are aligned");

static const nb_setting_t table[] = {
    NB_REGRESSORS_LAMBDA(settings_t, ""),
    {
        .key = "schedule",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, schedule),
        .def = SQRT,
        .choices = "sqrt|linear|exponential|constant",
        .unit = "",
        .mark = "",
        .source = "form: Langford & Zhang 2007, section 3",
        .help = "exploiting rounds of epoch l, rounded down: rounds sqrt(l), rounds l, "
                "exp(rounds l), or always rounds",
    },
    {
        .key = "rounds",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, rounds),
        .def = 1.0,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "periods",
        .mark = "A",
        .source = "",
        .help = "scale of the schedule",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(head_t) + nb_regressors_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    head_t *head = state;

    head->rounds = from->rounds;
    head->schedule = from->schedule;
    head->epoch = 1.0;
    head->explores = 1;
    return nb_regressors_init(head + 1, spec, from->lambda);
}

/* s(l) */
static double exploiting_rounds(const head_t *head)
{
    switch (head->schedule) {
    case SQRT:
        return floor(head->rounds * sqrt(head->epoch));
    case LINEAR:
        return floor(head->rounds * head->epoch);
    case EXPONENTIAL:
        return floor(exp(head->rounds * head->epoch));
    default:
        return floor(head->rounds);
    }
}

/* the round is over: what is the next one? */
static void turn_over(head_t *head)
{
    head->left = head->explores ? exploiting_rounds(head) : head->left - 1.0;
    head->explores = head->left < 1.0;
    head->epoch += head->explores;
}

static int fill(const void *state, const nb_batch_t *batch, double *p, double *mean)
{
    const head_t *head = state;

    NB_TRY(nb_regressors_predict(head + 1, batch, mean, NULL));
    for (size_t at = 0; at < batch->n * batch->n_actions; at++) {
        /* equal scores are played uniformly */
        p[at] = head->explores ? 0.0 : mean[at] + (batch->offset ? batch->offset[at] : 0.0);
    }
    return nb_policy_rank_probabilities(batch, p, p);
}

static int played(void *state, const nb_batch_t *batch, const nb_choice_t *choice)
{
    head_t *head = state;
    int is_new = head->n_noted == 0 || head->noted[(head->n_noted - 1) % RING] != batch->period;

    (void)choice;
    head->was_played = 1;
    if (head->explores && is_new) {
        head->noted[head->n_noted++ % RING] = batch->period;
    }
    return NB_OK;
}

/* 1 where a period explored, or before anything was played: what comes then is a log of others */
static int has_explored(const head_t *head, int32_t period)
{
    uint32_t n = head->n_noted < RING ? head->n_noted : RING;

    for (uint32_t i = 1; i <= n; i++) {
        int32_t noted = head->noted[(head->n_noted - i) % RING];

        if (noted <= period) {
            return noted == period;
        }
    }
    return n == 0;
}

static int update(void *state, const nb_transitions_t *finished)
{
    head_t *head = state;
    size_t mark = nb_arena_mark(finished->scratch);
    unsigned d = nb_regressors_width(head + 1, finished->point);

    NB_TRY(nb_rows_check_finished(finished));
    double *row = nb_arena_take(finished->scratch, nb_gaussian_row(d), sizeof *row);

    for (size_t i = 0; i < finished->n; i++) {
        if (has_explored(head, finished->period[i])) {
            nb_regressors_add(head + 1, finished, i, row);
        }
    }
    nb_arena_release(finished->scratch, mark);
    return NB_OK;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    head_t *head = state;

    if (head->was_played) {
        turn_over(head);
        head->was_played = 0;
    }
    return nb_regressors_refresh(head + 1, scratch);
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    return nb_mixed_score(state, batch, fill, s);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return nb_mixed_choose(state, batch, fill, out);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return nb_mixed_probabilities(state, batch, fill, p);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_mixed_value(state, batch, fill, v);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return nb_mixed_scratch(spec) + nb_regressors_scratch(spec);
}

const nb_policy_type_t nb_policy_epoch_greedy = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "epoch_greedy",
    .summary = "periods that explore, each followed by more and more that exploit (Langford & "
               "Zhang 2007)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .played = played,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
