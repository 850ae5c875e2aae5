/*
 * The log of decisions: what was decided for whom, on which features, with which probability, and
 * what it earned; where asked also what every other allowed action would have earned under the same
 * luck.
 *
 * A log watches a loop. It keeps the decisions of whole customers, sampled by their luck, at points
 * that a policy owns, in the periods of the horizon. It grows with the run.
 *
 * Truth: before a batch the run is saved; for each action k one fork is loaded from that, in which
 * all sampled customers of the batch who may play k do so while everybody else plays as chosen, and
 * is run on with the same strategy. What a customer then earns is the truth of k for her. The truth
 * of the action that she was given is what the run itself brought. Influence of the sampled
 * customers on each other (through learners, word of mouth) is ignored: without any, a fork earns
 * the same to the bit for those who play k anyway.
 */
#ifndef NB_BENCH_DECISION_LOG_H
#define NB_BENCH_DECISION_LOG_H

#include "bench/loop.h"
#include "bench/plan_log.h"

/** Columns of the decisions, [n] rows of so many items each. */
typedef struct {
    size_t n, capacity;
    int8_t *point;      /* the environment's index */
    uint32_t *customer; /* row in the run */
    uint32_t *journey;  /* 0 where none */
    int32_t *period;
    int32_t *action;    /* [slate], -1 where the slate ends */
    double *propensity; /* [slate], NaN where it is not known */
    uint64_t *mask;     /* [words], allowed actions */
    float *x;           /* [n_features], NaN where the point has no such feature */
    double *reward;     /* her money of the decision's period */
    double *value;      /* her discounted money from the decision to the horizon; until
                           nb_decision_log_finish her money of the period before the decision */
    double *truth;      /* [n_truth], NaN where not allowed and at slate points; until
                           nb_decision_log_finish that of the chosen action is a fork's too, or NaN
                           where nobody else could have played it */
    uint32_t *slot;     /* of her money */
} nb_decisions_t;

/** Money of the sampled customers by period, and of everybody in the present one. */
typedef struct {
    size_t n_customers; /* rows that there is room for */
    uint32_t *slot;     /* [n_customers] slot + 1, 0 where she is not followed */
    double *today;      /* [n_customers] money of period `day` */
    int32_t *day;       /* [n_customers] period + 1 */
    size_t n, capacity; /* slots */
    double *money;      /* [n x periods]; sums from the period on after nb_decision_log_finish */
} nb_decision_money_t;

/** The fork that finds the truth. */
typedef struct {
    nb_archive_t archive; /* the run before the present batch */
    nb_loop_watch_t watch;
    nb_loop_t loop;
    size_t n_customers;
    uint32_t *row; /* [n_customers] place in the batch's sample + 1, 0 where not in it */
    double *money; /* [NB_BLOCK_ROWS x periods] */
} nb_decision_fork_t;

typedef struct nb_decision_log {
    double share, gamma;
    int periods;   /* of the horizon */
    int n_forward; /* periods that a fork is run */
    int has_truth;
    const nb_spec_t *spec;         /* the environment's, kept */
    const nb_strategy_t *strategy; /* kept */
    nb_loop_watch_t watch;
    unsigned slate, words, n_truth, n_features;
    const char **features;            /* [n_features] names over all bound points */
    const char **feature_help;        /* [n_features] */
    uint16_t *feature[NB_MAX_POINTS]; /* [d] of a bound point: index into features */
    size_t n_given[NB_MAX_POINTS], n_asked[NB_MAX_POINTS]; /* propensities of a point */
    int is_ranked[NB_MAX_POINTS]; /* slates of the point were filled by ranking scores */
    nb_decisions_t rows;
    nb_decision_money_t money;
    nb_decision_fork_t fork;
    uint32_t *sample; /* [NB_BLOCK_ROWS] rows of the present batch that are logged */
} nb_decision_log_t;

/**
 * Empty log for a run of `spec`, in whose watch self->watch is then put before nb_loop_init. What
 * `log` says of replications and purchases is not looked at. `spec` with world and strategy must
 * outlive self, which must not move. NB_ERR_UNSUPPORTED where truth is asked of an environment that
 * cannot be saved.
 */
int nb_decision_log_init(nb_decision_log_t *self, const nb_log_t *log,
                         const nb_loop_spec_t *spec) NB_MUST_CHECK;

/** The run is over: rewards and values of all rows. Once. */
int nb_decision_log_finish(nb_decision_log_t *self) NB_MUST_CHECK;

/**
 * The finished log as a sealed HDF5 file in *bytes (nb_free), see docs/file-format.md. It depends
 * on the unit alone, whose key is `key`. One thread at a time.
 */
int nb_decision_log_encode(const nb_decision_log_t *self, const char *key, char **bytes,
                           size_t *n) NB_MUST_CHECK;

/** Accepts a zeroed log; may be called twice. */
void nb_decision_log_free(nb_decision_log_t *self);

/** 1 where the decisions of a customer with this luck are among a share of them. */
int nb_decision_is_sampled(double share, uint32_t luck);

/* between the files of this module */

/** Set up the fork of the run that `spec` describes. */
int nb_decision_fork_init(nb_decision_log_t *self, const nb_loop_spec_t *spec) NB_MUST_CHECK;

/** Truth of the `n` logged rows of a batch of the loop that was saved before it; they are the last
 * rows of the log. */
int nb_decision_fork_run(nb_decision_log_t *self, const nb_batch_t *batch, size_t n) NB_MUST_CHECK;
void nb_decision_fork_free(nb_decision_fork_t *self);

/** First period that the truth of a decision in `period` leaves out. */
int nb_decision_end(const nb_decision_log_t *self, int period);

/** Money [periods] from the decision on and before period `end`, discounted to the decision;
 * `before` of its own period came before it. */
double nb_decision_sum(const nb_decision_log_t *self, const double *money, int period, int end,
                       double before);

/** Room for the money of so many customers. */
int nb_decision_money_reserve(nb_decision_money_t *self, size_t n_customers) NB_MUST_CHECK;

#endif
