/*
 * A strategy made live: for each of its bindings a state block, the credit of its decisions and the
 * scale of its rewards.
 *
 * An instance sees batches with its own point indices, and of each only what its policy's traits
 * ask for. What comes back is checked: a policy that plays a forbidden action or computes a NaN
 * ends the run with a sentence that names it.
 */
#ifndef NB_BENCH_INSTANCE_H
#define NB_BENCH_INSTANCE_H

#include "bench/credit.h"
#include "core/stats.h"
#include "sim/environment.h"

/** One policy at work. Must not move after init: the credit keeps a pointer to the spec. */
typedef struct {
    const nb_binding_t *binding; /* kept, must outlive self */
    nb_point_t points[NB_MAX_POINTS];
    nb_spec_t spec;
    void *state; /* [state_size] bytes */
    size_t state_size;
    size_t n_records; /* customers that an individual policy has records for */
    int n_waiting;    /* periods since its last update */
    int learns;       /* its decisions are credited */
    nb_credit_t credit;
    nb_moments_t rewards; /* of all released decisions, for reward_scale: auto */
} nb_instance_t;

/**
 * Make a binding live on the points of `environment`. `horizon` is told to the policy only where
 * the environment's spec tells one. Errors of the policy's own init are passed on.
 */
int nb_instance_init(nb_instance_t *self, const nb_binding_t *binding, const nb_spec_t *environment,
                     size_t n_customers, int horizon) NB_MUST_CHECK;

/** Answer a batch of the instance's own point: choose, or at a slate of a policy without that trait
 * the top of score(). NB_ERR_DATA for a forbidden action, NB_ERR_NUMERIC for a NaN. */
int nb_instance_choose(const nb_instance_t *self, const nb_batch_t *batch,
                       nb_choice_t *out) NB_MUST_CHECK;

/** Values of all actions of a batch of the instance's own point, from the policy's score().
 * @param score [n x K]   @return 0 where the policy has no scores, else 1; NB_ERR_NUMERIC where one
 * of an allowed action is not finite */
int nb_instance_score(const nb_instance_t *self, const nb_batch_t *batch,
                      double *score) NB_MUST_CHECK;

/** Room for the records of `n_customers` rows of the run, where the policy keeps any. */
int nb_instance_reserve(nb_instance_t *self, size_t n_customers) NB_MUST_CHECK;

/** Tell the policy what is played of a batch of its own point, whoever chose. */
int nb_instance_played(nb_instance_t *self, const nb_batch_t *batch,
                       const nb_choice_t *choice) NB_MUST_CHECK;

/** End of a period: hand fixed decisions to update, then end_period; what is fixed waits
 * where the binding updates less often than every period. `last` where the horizon ends with it. */
int nb_instance_learn(nb_instance_t *self, nb_arena_t *scratch, int last) NB_MUST_CHECK;

/** What rewards are divided by now: their running standard deviation, 1 where there is none. */
double nb_instance_reward_scale(const nb_instance_t *self);

/** Bytes of scratch that choose and learn take at most. */
size_t nb_instance_scratch_size(const nb_instance_t *self);

/** Save or load what changes: state, credit, rewards. See core/archive.h. */
int nb_instance_archive(nb_instance_t *self, nb_archive_t *archive) NB_MUST_CHECK;

/** Accepts a zeroed instance; may be called twice. */
void nb_instance_free(nb_instance_t *self);

/** All instances of a strategy. */
typedef struct {
    const nb_strategy_t *strategy; /* kept, must outlive self */
    const nb_spec_t *environment;  /* kept, must outlive self */
    nb_key_t key;                  /* (policy_seed, replication) */
    size_t n_instances;
    nb_instance_t *instances;
} nb_players_t;

/** Make a strategy live; see nb_instance_init. */
int nb_players_init(nb_players_t *self, const nb_strategy_t *strategy, const nb_spec_t *environment,
                    nb_key_t key, size_t n_customers, int horizon) NB_MUST_CHECK;

/** Add NB_NEED_* of the bound points to `needs` [n_points]. */
void nb_players_add_needs(const nb_players_t *self, unsigned *needs);

/** Bytes of scratch that a call below takes at most. */
size_t nb_players_scratch_size(const nb_players_t *self);

/**
 * Answer a batch of the environment: the instance that owns its point, or the point's default; at
 * slate points that is the top of prior_score. Where the batch wants propensities, those that a
 * policy does not give, and those of defaults, stay as they are.
 */
int nb_players_choose(const nb_players_t *self, const nb_batch_t *batch, nb_arena_t *scratch,
                      nb_choice_t *out) NB_MUST_CHECK;

/** 1 where an instance owns the environment's point. */
int nb_players_own(const nb_players_t *self, unsigned point);

/** 1 where the instance that owns the environment's point, or with -1 any, learns from its own
 * propensities. */
int nb_players_want_propensity(const nb_players_t *self, int point);

/** Values of all actions by the instance that owns the batch's point; see nb_instance_score. The
 * point must be owned. */
int nb_players_score(const nb_players_t *self, const nb_batch_t *batch, nb_arena_t *scratch,
                     double *score) NB_MUST_CHECK;

/** Customers (rows of the run) are `n_customers` by now: room for their records. */
int nb_players_reserve(nb_players_t *self, size_t n_customers) NB_MUST_CHECK;

/** Tell the instance that owns the batch's point, if any, what is played of it. */
int nb_players_played(nb_players_t *self, const nb_batch_t *batch, nb_arena_t *scratch,
                      const nb_choice_t *choice) NB_MUST_CHECK;

/** Period starts for the credit of all learners. */
int nb_players_begin_period(nb_players_t *self, int period) NB_MUST_CHECK;

/** Record a batch with the learner that owns its point, if any, whoever chose. */
int nb_players_record(nb_players_t *self, const nb_batch_t *batch, const nb_choice_t *choice,
                      size_t n_customers) NB_MUST_CHECK;

/** Book events with all learners. */
int nb_players_book(nb_players_t *self, nb_events_t events, size_t n_customers) NB_MUST_CHECK;

/** All instances learn; see nb_instance_learn. */
int nb_players_learn(nb_players_t *self, nb_arena_t *scratch, int last) NB_MUST_CHECK;

/** Save or load what changes of all instances. See core/archive.h. */
int nb_players_archive(nb_players_t *self, nb_archive_t *archive) NB_MUST_CHECK;

/** Accepts a zeroed object; may be called twice. */
void nb_players_free(nb_players_t *self);

#endif
