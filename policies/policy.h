/*
 * The policy interface: a const type with functions, and a flat state that the framework allocates.
 *
 * A policy is one file and one line in the registry, or a shared object that exports
 * `nb_plugin_entry`. Its state is one block without pointers, so that copying, saving and resetting
 * are written once for all. It sees the decisions it owns and nothing of the simulator's hidden
 * state.
 */
#ifndef NB_POLICIES_POLICY_H
#define NB_POLICIES_POLICY_H

#include "core/error.h"
#include "core/settings.h"
#include "core/types.h"

enum { NB_POLICY_ABI = 3 };

/** What a policy needs or can do. */
enum {
    NB_TRAIT_CONTEXTUAL = 1 << 0,  /* reads batch->x; else it is not built */
    NB_TRAIT_SEQUENTIAL = 1 << 1,  /* bootstraps: default credit is smdp, next_* are filled */
    NB_TRAIT_SLATE = 1 << 2,       /* fills slates itself; else it is ranked by score() */
    NB_TRAIT_INDIVIDUAL = 1 << 3,  /* keeps state per customer */
    NB_TRAIT_ORACLE = 1 << 4,      /* reads batch->oracle */
    NB_TRAIT_OFFLINE = 1 << 5,     /* learns from a log before the run */
    NB_TRAIT_LEARNS = 1 << 6,      /* update() does something; else nothing is credited */
    NB_TRAIT_WRAPPER = 1 << 7,     /* plays another policy: settings begin with an nb_inner_t */
    NB_TRAIT_UNIT_REWARD = 1 << 8, /* takes rewards in [0, 1] only; default reward_scale none */
    NB_TRAIT_WEIGHTED = 1 << 9,  /* update() reads `weight`: a row adds `weight` observations whose
                                    rewards add up to `reward`; without it weights are refused */
    NB_TRAIT_PARTIAL = 1 << 10,  /* default credit partial(n): a decision comes once a period while
                                    its reward is still arriving, each time with what came since */
    NB_TRAIT_TEST_BED = 1 << 11, /* proven on test beds; left out of tables of customers */
    NB_TRAIT_OFFSETS = 1 << 12,  /* adds batch->offset to its scores, so that a wrapper can price
                                      them; value() leaves it out */
    NB_TRAIT_PROPENSITY = 1 << 13, /* learns from the propensities with which its actions were
                                      played: transitions carry them, NaN where a budget chose;
                                      of single actions only */
};

struct nb_policy_type;

/** What a wrapper plays; the framework fills it in from the experiment before anything else. */
typedef struct {
    const struct nb_policy_type *type;
    const void *settings; /* of the type */
    unsigned traits;      /* of the type, with what it takes over where it is a wrapper itself */
} nb_inner_t;

typedef struct nb_policy_type {
    unsigned abi;     /* NB_POLICY_ABI */
    unsigned version; /* raised by hand when results change; part of a unit's key */
    const char *name;
    const char *summary;          /* one line with the reference */
    const nb_setting_t *settings; /* table, ended by a NULL key; may be NULL */
    size_t settings_size;         /* bytes of the settings struct */
    unsigned traits;              /* NB_TRAIT_* */

    /* required */

    /** Bytes of state for these points and settings; 0 is allowed. */
    size_t (*state_size)(const nb_spec_t *spec, const void *settings);
    /** Fill a zeroed state of state_size bytes; check settings against the spec here
     * (NB_ERR_CONFIG). */
    int (*init)(void *state, const nb_spec_t *spec, const void *settings);
    /** Answer every row; randomness only from nb_policy_uniforms(batch, ...). */
    int (*choose)(const void *state, const nb_batch_t *batch, nb_choice_t *out);

    /* optional: NULL where a policy has none */

    /** Learn from finished transitions; may only accumulate. */
    int (*update)(void *state, const nb_transitions_t *finished);
    /** What is played of a batch, before its outcome is known: for policies that count contacts or
     * spend. Called in the tail too. */
    int (*played)(void *state, const nb_batch_t *batch, const nb_choice_t *choice);
    /** Once a period, after its updates: refactor posteriors, take gradient steps. */
    int (*end_period)(void *state, nb_arena_t *scratch);
    /** Probability of every action, at slates of the first position. @param p [n x K], 0 where not
     * allowed */
    int (*probabilities)(const void *state, const nb_batch_t *batch, double *p);
    /** Predicted value of the state under the policy. @param v [n] */
    int (*value)(const void *state, const nb_batch_t *batch, double *v);
    /** Value of every action, for slates and budgets. @param s [n x K], -infinity where not allowed
     */
    int (*score)(const void *state, const nb_batch_t *batch, double *s);
    /** Bytes of scratch that any function above takes from the arena at most (n <= NB_BLOCK_ROWS).
     */
    size_t (*scratch_size)(const nb_spec_t *spec, const void *settings);
    /** Fill `to`, a zeroed state for more customers, from `from`: individual policies whose records
     * of customers do not simply end the block. NULL: the old block is the begin of the new one,
     * and the records added are zero. */
    int (*grow)(void *to, const nb_spec_t *to_spec, const void *from, const nb_spec_t *from_spec,
                const void *settings);
} nb_policy_type_t;

/** What a plug-in exports under the name `nb_plugin_entry`: its ABI and its type. */
typedef struct {
    unsigned abi; /* NB_POLICY_ABI at the time it was built; read before anything else */
    const nb_policy_type_t *type;
} nb_plugin_t;

/**
 * Uniforms of this batch's rows, the same whatever the order of rows, blocks or threads.
 * @param block 0, 1, ... one per group of four draws a row   @param out [4 x n], structure of
 * arrays
 */
void nb_policy_uniforms(const nb_batch_t *batch, unsigned block, double *out);

/** Standard normals in place of uniforms, from the same words.
 * @param out [4 x n], structure of arrays */
void nb_policy_normals(const nb_batch_t *batch, unsigned block, float *out);

/**
 * Highest score among the allowed actions of each row, exact ties broken by `tie` [n] uniforms.
 * @param s [n x K]   @return NB_ERR_NUMERIC naming row and action where an allowed score is NaN
 */
int nb_policy_argmax(const nb_batch_t *batch, const double *s, const double *tie,
                     int32_t *action) NB_MUST_CHECK;

/**
 * The `slate` highest scores of each row in order, ties and errors as above; -1 where fewer are
 * allowed.
 * @param action [n x slate]
 */
int nb_policy_top(const nb_batch_t *batch, const double *s, const double *tie,
                  int32_t *action) NB_MUST_CHECK;

/**
 * Answer a batch from its scores: nb_policy_top with the ties of word 0 of block 0, and, where
 * wanted, the propensity of that tie break (one over the number of equals; 1 beside a -1). What the
 * loop calls at slates for policies without the slate trait, and what deterministic scorers choose
 * by.
 */
int nb_policy_rank(const nb_batch_t *batch, const double *s, nb_choice_t *out) NB_MUST_CHECK;

/** Propensities of nb_policy_rank as a table: every best action of a row shares 1 evenly.
 * @param p [n x K], may be s */
int nb_policy_rank_probabilities(const nb_batch_t *batch, const double *s, double *p) NB_MUST_CHECK;

/**
 * Let rows explore with probability epsilon: their scores of allowed actions are shuffled, so that
 * every ranking is equally likely and the scale stays. Words 1 of block 0, and block 1 on.
 * @param s [n x K]
 */
int nb_policy_explore(const nb_batch_t *batch, double epsilon, double *s) NB_MUST_CHECK;

/** p <- (1 - epsilon) p + epsilon / (number of allowed actions), as nb_policy_explore plays.
 * @param p [n x K] */
void nb_policy_mix_uniform(const nb_batch_t *batch, double epsilon, double *p);

/** Number of allowed actions of row i. */
unsigned nb_policy_n_allowed(const nb_batch_t *batch, size_t i);

/** The allowed action number floor(u m) of the m of row i, in index order. @param u in [0, 1) */
int32_t nb_policy_pick(const nb_batch_t *batch, size_t i, double u);

#endif
