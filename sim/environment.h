/*
 * The environment interface: a const world shared by all runs, and a run that changes.
 *
 * A period is: begin_period, then next_batch and act until next_batch gives an empty batch, then
 * end_period. Events (money, signals, journeys that end) pile up in the order in which they happen;
 * the loop takes them after every call.
 */
#ifndef NB_SIM_ENVIRONMENT_H
#define NB_SIM_ENVIRONMENT_H

#include "core/archive.h"
#include "core/error.h"
#include "core/settings.h"
#include "core/types.h"

/** What the policies bound to a point need built; bits of `needs[point]`. */
enum {
    NB_NEED_CONTEXT = 1 << 0,
    NB_NEED_ACTION_FEATURES = 1 << 1,
    NB_NEED_ORACLE = 1 << 2,
    NB_NEED_ROWS = 1 << 3, /* a policy is bound at all; without it the point may play its default
                              without a batch */
};

/** How a run is set up. */
typedef struct {
    nb_key_t key;          /* (seed, replication) */
    size_t n_customers;    /* N0 */
    int periods;           /* horizon T */
    const unsigned *needs; /* [n_points] NB_NEED_* */
    int log_purchases;     /* keep a purchase log */
    int same_population;   /* traits of the initial customers are drawn from (seed, 0), their lives
                              from (seed, replication) */
    nb_key_t policy_key;
} nb_run_spec_t;

/** Events of the present period, borrowed until the next call into the run. */
typedef struct {
    const nb_event_t *events;
    size_t n;
} nb_events_t;

/** Description of a metric. */
typedef struct {
    const char *name;
    const char *unit;
    const char *help;
} nb_metric_t;

enum { NB_GROUPED_SEGMENT = 1, NB_GROUPED_COHORT = 2 };

/** Result of a run. Storage is the run's until it is freed. */
typedef struct {
    size_t n_scalars;
    const nb_metric_t *scalars; /* [n_scalars] */
    const double *scalar;       /* [n_scalars], NaN where undefined */
    size_t n_series;
    const nb_metric_t *series;   /* [n_series] */
    const double *series_values; /* [n_series x periods] */
    size_t n_segments;
    const double *by_segment; /* [n_scalars x n_segments] or NULL */
    size_t n_cohorts;
    const double *by_cohort; /* [n_scalars x n_cohorts] or NULL; yearly cohorts by birth */
    const uint8_t *grouped;  /* [n_scalars] NB_GROUPED_*: which metrics groups have; NULL: all */
    int periods;
} nb_result_t;

/** Purchase log of a run, in order of period, then customer. */
typedef struct {
    size_t n;
    const uint32_t *customer;
    const int32_t *period; /* of the purchase; the first purchase of a customer is its birth */
    const double *spend;   /* money paid by the customer */
} nb_purchases_t;

/** What may be spent at a point in one period, whatever number of rounds it has. The point's
 * default action is never limited and its entries are not read. Nothing is carried over. */
typedef struct {
    double money;           /* sum of costs of the chosen actions, INFINITY for no limit */
    double rows;            /* actions other than the default, INFINITY for no limit */
    const double *cost;     /* [K] money an action costs, finite and not negative */
    const double *capacity; /* [K] times each action can be played, INFINITY for no limit */
} nb_budget_t;

typedef struct nb_environment_type {
    const char *name;
    const char *summary;
    unsigned version;             /* raised by hand when results change; part of a unit's key */
    const nb_setting_t *settings; /* keys of a scenario */
    size_t settings_size;
    /* sizes of an experiment that says none, 0 for those of the journey */
    int customers, periods;

    /** Check settings together and derive the constant world into *world (given to the caller, free
     * with world_free). */
    int (*world_init)(void **world, const void *settings);
    void (*world_free)(void *world);
    /** All decision points, with the report's discount factor; valid as long as the world. */
    const nb_spec_t *(*spec)(const void *world);

    /**
     * Optional: periods before period 0 that the built-in strategy `monthly` plays (they count up
     * to -1), 0 for a cold start; *warm_start is 1 where learners are given the transitions of that
     * time.
     */
    int (*burn_in)(const void *world, int *warm_start);

    int (*init)(void **run, const void *world, const nb_run_spec_t *spec);
    int (*begin_period)(void *run, int period); /* negative during burn-in */
    /** Next batch of pending decisions; batch->n = 0 where the period has none left. batch->point
     * is the environment's. */
    int (*next_batch)(void *run, nb_batch_t *batch);
    int (*act)(void *run, const nb_batch_t *batch, const nb_choice_t *choice);
    int (*end_period)(void *run);
    /** Events since the last call of take_events. */
    nb_events_t (*take_events)(void *run);
    /** Rows that customers can have so far (rows only ever grow). */
    size_t (*n_rows)(const void *run);
    /** From here on the horizon is over: no births, policies frozen. */
    void (*begin_tail)(void *run);
    /** 1 where the tail may end: discounted survival below the world's limit. */
    int (*tail_done)(const void *run);
    /** Metrics of the run so far, computed on call. */
    int (*result)(void *run, nb_result_t *out);
    nb_purchases_t (*purchases)(const void *run);

    void (*free)(void *run);

    /* optional: NULL where an environment has none */

    /**
     * The budget of a point in this period, with arrays that stay as they are until
     * end_period. At a point that a policy is bound to the loop then asks next_batch for all
     * batches of the point before it acts on any: where nothing was acted on, next_batch gives an
     * empty batch after the last one instead of going on. `rewind` follows, and the same batches
     * come once more, each acted on. A point that chooses slates can have no budget.
     * @return 1 where the point has a budget in this period, else 0
     */
    int (*budget)(const void *run, unsigned point, nb_budget_t *out);
    /** With `budget`: give the batches of the present point (and round) again from the first, with
     * the same rows in the same order; nothing was acted on yet. */
    void (*rewind)(void *run);

    /**
     * Save or load everything that changes, in one description (core/archive.h). Called between
     * periods, or within one where no batch waits for its act: before the first next_batch, or
     * after an act; all events are taken. A loading run was made by init of the same world and
     * spec, whatever it did since; next_batch then gives the batch that it would have given when
     * saved. The bytes hold no pointers and no leftovers: equal runs save equal bytes.
     */
    int (*archive)(void *run, nb_archive_t *archive);
    /** [*n] discounted money of each initial customer so far, before acquisition; borrowed until
     * the next call into the run. *n is 0 where customers have more than one firm. */
    const double *(*customer_values)(const void *run, size_t *n);
    /** [*n] discounted money so far of those whom each initial customer referred; as
     * customer_values. */
    const double *(*customer_brought)(const void *run, size_t *n);
    /** [*n] discounted surplus of each initial customer herself so far; as customer_values. */
    const float *(*customer_surplus)(const void *run, size_t *n);
    /** [*n] observed segment of each initial customer, below *n_segments. */
    const uint8_t *(*customer_segments)(const void *run, size_t *n, unsigned *n_segments);
} nb_environment_type_t;

/** The environments by name: "journey" is the customer journey of the scenarios. NULL where there
 * is none. */
const nb_environment_type_t *nb_environment_find(const char *name);
size_t nb_environment_count(void);
const nb_environment_type_t *nb_environment_at(size_t i);

#endif
