/*
 * What all test beds share: one decision point at which every customer decides once a period, known
 * means, pseudo-regret.
 *
 * With one customer a period is a step and a bed is the textbook's bandit; with n customers the
 * actions and the policy are shared, and a period is a batch of n decisions. A bed is one file: a
 * const nb_testbed_type_t, a settings table, and a world_init that fills an nb_testbed_t. Shared by
 * sim/testbed*.c and sim/bed_*.c, not for other modules.
 */
#ifndef NB_SIM_TESTBED_H
#define NB_SIM_TESTBED_H

#include "sim/environment.h"

enum {
    NB_BED_MAX_ACTIONS = 128,
    NB_BED_MAX_FEATURES = 64,
    NB_BED_LAST = 100, /* periods of the metrics `reward_last` and `optimal_last` */
    NB_BED_NAME_SIZE = 12,
};

/** Streams of a run; policies' purposes begin at NB_PURPOSE_POLICY. */
enum {
    NB_BED_DRAW = 1, /* what is drawn once a replication */
    NB_BED_CHANGE,   /* how it moves, by period */
    NB_BED_CONTEXT,  /* by customer and period */
    NB_BED_NOISE,    /* of rewards, common to all actions */
    NB_BED_PERSON,   /* what is drawn once a customer */
};

struct nb_testbed_run;

/** What came of a decision. */
typedef struct {
    double reward;
    int delay;    /* periods until it is booked */
    int32_t item; /* chosen from a slate, -1 for none; without meaning elsewhere */
} nb_outcome_t;

/** A bed. Functions get the run, whose `own` is the bed's flat state. */
typedef struct {
    /** Bytes of the bed's own state of a run. */
    size_t (*own_size)(const void *settings, size_t n_customers);
    /** Draw the replication: own state is zeroed. */
    void (*draw)(struct nb_testbed_run *run);
    /** Optional: change with time, before the period's decisions. */
    int (*begin_period)(struct nb_testbed_run *run);
    /** Optional: contexts of the customers first .. first + n - 1. @param x [n x d] */
    void (*context)(struct nb_testbed_run *run, size_t first, size_t n, float *x);
    /** Optional: 1 where the action is allowed for the customer now. */
    int (*allows)(const struct nb_testbed_run *run, size_t customer, unsigned action);
    /** Expected reward of every action for a customer now. @param x [d] @param mu [K] */
    void (*means)(const struct nb_testbed_run *run, size_t customer, const float *x, double *mu);
    /** Outcome of the action (at slates: the slate [max_slate]) and what it changes. */
    void (*play)(struct nb_testbed_run *run, size_t customer, const int32_t *action,
                 const double *mu, nb_outcome_t *out);
    /** Optional: expected reward of a slate. */
    double (*slate_mean)(const struct nb_testbed_run *run, const double *mu, const int32_t *action);
    /** Optional: what the benchmark of the regret earns in this decision; without it the highest
     * allowed mean. Called once a decision, before play. */
    double (*benchmark)(struct nb_testbed_run *run, size_t customer, const double *mu);
    /** Optional, where `means` are no rewards: what oracles are told of every action, such that the
     * highest are the best slate. @param mu [K] @param out [K] */
    void (*tell)(const struct nb_testbed_run *run, const double *mu, double *out);
} nb_testbed_type_t;

/** Keys that every bed has; settings structs begin with it. */
typedef struct {
    double discount;
} nb_testbed_settings_t;

#define NB_TESTBED_SETTINGS                                                                        \
    {                                                                                              \
        .key = "discount", .type = NB_SETTING_REAL,                                                \
        .offset = offsetof(nb_testbed_settings_t, discount), .def = 1.0, .low = 1e-6, .high = 1.0, \
        .choices = "", .unit = "a period", .mark = "", .source = "",                               \
        .help = "discount factor of equity per period, and of learners where they say none"        \
    }

/** A world. */
typedef struct {
    const nb_testbed_type_t *type;
    const void *settings; /* kept, must outlive self; begins with nb_testbed_settings_t */
    nb_point_t point;
    nb_spec_t spec;
    char names[NB_BED_MAX_ACTIONS][NB_BED_NAME_SIZE];
    const char *actions[NB_BED_MAX_ACTIONS];
    const char *features[NB_BED_MAX_FEATURES];
    double *means; /* those that a setting lists, [K] of nb_alloc, freed with the world, or NULL */
} nb_testbed_t;

/** Sums of a run. */
typedef struct {
    double equity, reward, regret, random_regret, optimal, decisions;
} nb_testbed_sums_t;

typedef struct nb_testbed_run {
    const nb_testbed_t *world;
    nb_key_t key;
    size_t n, next; /* customers; the next one to decide */
    int periods, period;
    unsigned needs;
    void *own;
    size_t own_size;
    nb_testbed_sums_t sums;
    double *reward_t, *regret_t, *optimal_t; /* [periods] of the horizon */
    nb_event_t *events;                      /* [n_room] */
    size_t n_events, n_room;
    float *x; /* [NB_BLOCK_ROWS x d] */
    uint64_t *mask;
    uint32_t *customer, *journey;
    int32_t *tenure;
    nb_oracle_t oracle;
    double *series; /* [N_SERIES x periods], for result */
    double scalar[8];
} nb_testbed_run_t;

/**
 * Fill a zeroed world: K actions called `prefix`1 .. `prefix`K (or `first` and the rest), d
 * features called one, x1, x2, ... or as given.
 * @param settings begin with nb_testbed_settings_t, kept
 */
int nb_testbed_init(nb_testbed_t **out, const nb_testbed_type_t *type, const void *settings,
                    unsigned n_actions, unsigned d) NB_MUST_CHECK;

/** Name a feature or an action (copied / borrowed for ever). */
void nb_testbed_name_action(nb_testbed_t *self, unsigned k, const char *name);

/**
 * A world of arms without context: as many as `list` has means, or `n_arms` where it is NULL, to be
 * drawn. Caller frees *out after a failure too.
 * @param as_shares means must lie in [0, 1]
 */
int nb_testbed_init_arms(nb_testbed_t **out, const nb_testbed_type_t *type, const void *settings,
                         const nb_node_t *list, int as_shares, unsigned n_arms) NB_MUST_CHECK;

/** Four words of the stream `purpose` of a customer in this period. */
void nb_testbed_words(const nb_testbed_run_t *run, unsigned purpose, uint32_t luck, unsigned group,
                      uint32_t words[4]);

/** Stream of set-up draws of the replication. */
void nb_testbed_stream(const nb_testbed_run_t *run, unsigned purpose, uint32_t luck, int ordinal,
                       nb_stream_t *out);

/** Bernoulli reward by the noise of customer and period. */
double nb_testbed_flip(const nb_testbed_run_t *run, size_t customer, double mean);

/** mean + sd x the standard normal of customer and period. */
double nb_testbed_normal(const nb_testbed_run_t *run, size_t customer, double mean, double sd);

/** Books a reward of an earlier decision in this period. */
int nb_testbed_book(nb_testbed_run_t *run, size_t customer, double reward) NB_MUST_CHECK;

/** Functions of the environment interface. */
void nb_testbed_free_world(void *world);
const nb_spec_t *nb_testbed_spec(const void *world);
int nb_testbed_start(void **run, const void *world, const nb_run_spec_t *spec);
int nb_testbed_begin_period(void *run, int period);
int nb_testbed_next_batch(void *run, nb_batch_t *batch);
int nb_testbed_act(void *run, const nb_batch_t *batch, const nb_choice_t *choice);
int nb_testbed_end_period(void *run);
nb_events_t nb_testbed_take_events(void *run);
size_t nb_testbed_n_rows(const void *run);
void nb_testbed_begin_tail(void *run);
int nb_testbed_tail_done(const void *run);
int nb_testbed_result(void *run, nb_result_t *out);
nb_purchases_t nb_testbed_purchases(const void *run);
void nb_testbed_free(void *run);
int nb_testbed_archive(void *run, nb_archive_t *archive);

/** The rest of an nb_environment_type_t. */
#define NB_TESTBED_FUNCTIONS                                                                       \
    .world_free = nb_testbed_free_world, .spec = nb_testbed_spec, .init = nb_testbed_start,        \
    .begin_period = nb_testbed_begin_period, .next_batch = nb_testbed_next_batch,                  \
    .act = nb_testbed_act, .end_period = nb_testbed_end_period,                                    \
    .take_events = nb_testbed_take_events, .n_rows = nb_testbed_n_rows,                            \
    .begin_tail = nb_testbed_begin_tail, .tail_done = nb_testbed_tail_done,                        \
    .result = nb_testbed_result, .purchases = nb_testbed_purchases, .free = nb_testbed_free,       \
    .archive = nb_testbed_archive, .customers = 1, .periods = 1000

#endif
