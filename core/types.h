/*
 * Where environments and policies meet: decision points, batches of pending decisions, choices,
 * finished transitions.
 *
 * sim/ produces batches, policies/ answers them with choices, bench/ carries both and hands back
 * transitions. All arrays are row-major and borrowed for the call. n rows of a batch belong to one
 * decision point.
 */
#ifndef NB_CORE_TYPES_H
#define NB_CORE_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "core/memory.h"
#include "core/rng.h"

enum {
    NB_BLOCK_ROWS = 1024, /* most rows of one batch */
    NB_MAX_POINTS = 32,   /* decision points of an environment */
    NB_MAX_SLATE = 8,     /* most positions of a slate */
};

/** A decision point: what a policy is told of it before the first decision. */
typedef struct {
    const char *name;
    const char *phase;           /* recognize, request, respond, repeat; "" outside the journey */
    unsigned d;                  /* context features */
    const char *const *features; /* [d] */
    unsigned n_actions;          /* K */
    const char *const *actions;  /* [K] */
    unsigned d_action;           /* features of an action, 0 where there are none */
    const char *const *action_features; /* [d_action] */
    unsigned max_slate;                 /* 1 where one action is chosen, else the longest slate */
    unsigned
        default_action; /* what an unbound point plays; at a slate point the firm's own ranking */
    const char *const *feature_help; /* [d] what each feature is, for people; may be NULL */
    /* [d] a feature is ((float)raw - center) / scale in float arithmetic, scale > 0; both NULL
     * where the environment does not tell raw units */
    const float *feature_center, *feature_scale;
    unsigned n_latent;         /* hidden quantities that oracles may ask for, 0 where none */
    const char *const *latent; /* [n_latent] */
} nb_point_t;

/** What a policy instance owns: its decision points, in the environment's order. */
typedef struct {
    unsigned n_points;
    const nb_point_t *points; /* [n_points] */
    double gamma;             /* the learner's discount per period, (0, 1] */
    double period_weeks;      /* length of a period */
    double horizon; /* periods of the run before the tail, for test-bed policies that need T; 0 =
                       not told */
    size_t n_customers; /* initial customers */
} nb_spec_t;

struct nb_batch;

/** Hidden truth for policies whose traits say oracle: filled by the environment, borrowed for the
 * call. */
typedef struct {
    void *world; /* the environment's own */
    /** Expected immediate reward of every action under the latent state; forbidden actions get
     * -infinity. @param out [n x K] */
    int (*expected_reward)(void *world, const struct nb_batch *batch, double *out);
    unsigned n_latent;               /* as the point's, and in the same order */
    const char *const *latent_names; /* [n_latent] */
    /** Hidden state of every row as the decision is taken, in raw units; NULL where n_latent is 0.
     * @param out [n x n_latent], all finite */
    int (*latent)(void *world, const struct nb_batch *batch, double *out);
} nb_oracle_t;

/** n pending decisions at one point. What a policy's traits do not ask for is NULL. */
typedef struct nb_batch {
    unsigned point;        /* index into the spec of the policy that is asked */
    unsigned stream_point; /* index into the environment's points: names the random stream */
    int32_t period;
    unsigned round; /* 0, 1, ...: a customer comes at most once a round, period and point */
    size_t n;
    unsigned d;
    const float *x;     /* [n x d] context, NULL unless the policy is contextual */
    unsigned n_actions; /* K */
    unsigned d_action;
    const float *action_x; /* [K x d_action] or NULL */
    const float
        *prior_score; /* [n x K] the firm's own ranking of the actions or NULL; higher is better */
    unsigned mask_words;      /* ceil(K / 64) */
    const uint64_t *mask;     /* [n x mask_words], bit k % 64 of word k / 64 set where action k is
                                 allowed; never empty */
    const uint32_t *customer; /* [n] row of the customer in the run */
    const uint32_t *luck;     /* [n] identity of the customer in random streams */
    const uint32_t *journey;  /* [n] journey (need) the decision belongs to, 0 where it belongs to
                                 none; for credit: policies get NULL, since the numbers count needs
                                 that nobody saw */
    const uint32_t *episode; /* [n] opaque name of that journey, 0 where none: equal names are equal
                                journeys and nothing else can be read from them; NULL is all 0 */
    const int32_t *tenure;   /* [n] periods since birth */
    unsigned slate;          /* positions to fill: 1, or k <= max_slate */
    int want_propensity;
    const double *offset; /* [n x K] to be added to the scores before the highest is played, NULL
                             for none; only for policies with NB_TRAIT_OFFSETS */
    nb_key_t key;         /* (policy_seed, replication) of the policy's random streams */
    const nb_oracle_t *oracle; /* NULL unless the policy's traits say oracle */
    nb_arena_t *scratch;       /* for the callee; taken back by the caller */
} nb_batch_t;

/** Answer to a batch; storage is the caller's. */
typedef struct {
    int32_t *action; /* [n x slate], distinct within a row; -1 where fewer actions are allowed than
                        positions */
    double *propensity; /* [n x slate], conditional on the positions before; NULL unless wanted */
} nb_choice_t;

/** What was seen of a decision's outcome by the time it matured. */
enum {
    NB_SIGNAL_OPENED = 1 << 0,
    NB_SIGNAL_VISITED = 1 << 1,
    NB_SIGNAL_BOUGHT = 1 << 2,
    NB_SIGNAL_RETURNED = 1 << 3,
    NB_SIGNAL_REFUSED = 1 << 4,
    NB_SIGNAL_UNSUBSCRIBED = 1 << 5,
    NB_SIGNAL_SURVEY = 1 << 6,
};

/** Finished transitions of one point, structure of arrays. */
typedef struct {
    unsigned point; /* index into the policy's spec */
    size_t n;
    unsigned d;
    const float *x; /* [n x d] or NULL */
    unsigned n_actions;
    unsigned mask_words;
    const uint64_t *mask;     /* [n x mask_words] */
    const uint32_t *customer; /* [n] */
    const uint32_t *luck;     /* [n] */
    unsigned slate;
    const int32_t *action;    /* [n x slate] */
    const double *propensity; /* [n x slate] or NULL */
    const double *reward;     /* [n], already divided by the reward scale */
    const double *weight;     /* [n] observations that a row counts for; NULL where each is one.
                                 `reward` is then what the row adds to the sum of rewards, not a
                                 mean: see NB_TRAIT_WEIGHTED */
    int window; /* credit partial(n): a row is what came in period `elapsed` (0 .. n-1) of its
                   decision; 0 elsewhere */
    const int32_t *period;   /* [n] of the decision */
    const float *elapsed;    /* [n] periods until the target was fixed */
    const uint16_t *signals; /* [n] NB_SIGNAL_* */
    const int16_t *item;     /* [n] action that the customer chose from the slate, -1 for none; NULL
                                where slate is 1 */
    const int8_t *next_point; /* [n] index into the spec, -1 where the target is a plain sum and
                                 nothing is bootstrapped */
    const float *next_x; /* [n x next_d], NULL where no row has a next point; next_d is the largest
                            d of the spec */
    unsigned next_d;
    const uint64_t *next_mask; /* [n x next_words], NULL as next_x */
    unsigned next_words;
    const uint8_t *terminated; /* [n] 1 where the customer is known to have left */
    const uint8_t *truncated;  /* [n] 1 where the run ended first, or hygiene dropped her */
    nb_arena_t *scratch;
} nb_transitions_t;

/** Why money moved; the environment may add causes of its own from NB_CAUSE_OWN on. */
typedef enum {
    NB_CAUSE_SALE,
    NB_CAUSE_DELIVERY,
    NB_CAUSE_CONTACT,
    NB_CAUSE_DISCOUNT,
    NB_CAUSE_RETURN,
    NB_CAUSE_REWARD,
    NB_CAUSE_ACQUISITION,
    NB_CAUSE_INCIDENT,
    NB_CAUSE_REGRET, /* of a test bed: not money */
    NB_CAUSE_OWN
} nb_cause_t;

/** What an event tells apart from money. */
enum {
    NB_EVENT_MONEY = 0,       /* `money` moved */
    NB_EVENT_JOURNEY_END = 1, /* nothing will be booked to `journey` any more */
    NB_EVENT_LEFT = 2,        /* the customer is known to have left (contract ended) */
    NB_EVENT_DROPPED = 3,     /* hygiene took her off the books */
    NB_EVENT_SIGNAL =
        4, /* `signals` were seen on `journey` or, where that is 0, of the customer this period */
    NB_EVENT_ITEM = 5, /* `item` was chosen from the slate of `journey` */
};

/** One event, in the order in which things happened. */
typedef struct {
    uint32_t customer; /* row */
    uint32_t journey;  /* 0 where none */
    double money;      /* firm's money, not discounted */
    uint16_t kind;     /* NB_EVENT_* */
    uint16_t cause;    /* nb_cause_t */
    uint16_t signals;  /* NB_SIGNAL_* */
    int16_t item;
} nb_event_t;

/** 1 where action k of row i is allowed. */
static inline int nb_mask_allows(const uint64_t *mask, unsigned mask_words, size_t i, unsigned k)
{
    return (int)(mask[i * mask_words + k / 64] >> (k % 64) & 1);
}

/** Words of a mask over K actions. */
static inline unsigned nb_mask_words(unsigned n_actions)
{
    return (n_actions + 63) / 64;
}

#endif
