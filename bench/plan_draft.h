/*
 * Inside of a plan while it is read: the experiment's tree, its scenarios and its swept axes.
 * Shared by the bench/plan*.c, not for other modules.
 */
#ifndef NB_BENCH_PLAN_DRAFT_H
#define NB_BENCH_PLAN_DRAFT_H

#include "bench/plan.h"
#include "core/store_file.h"

enum {
    NB_PLAN_SCHEMA = 1, /* of what a unit's result holds; raised by hand, part of its key */
    NB_PLAN_MAX_CELLS = 100000,
    NB_PLAN_MAX_PERIODS = 1000000,
    NB_PLAN_MAX_UNITS = 10000000, /* cells x replications */
};

/** A scenario before the sweep: its name and its settings, the experiment's merged over them. */
typedef struct {
    char *name;
    nb_config_t config;
    int customers, periods; /* what its file says, 0 where it does not */
} nb_draft_scenario_t;

/** A swept setting with its values. */
typedef struct {
    const nb_node_t *node;    /* of the axis in the experiment */
    const char *key;          /* dotted path */
    const nb_node_t *owner;   /* the strategy that it touches, NULL for a scenario setting */
    size_t n;                 /* values */
    const nb_node_t **values; /* [n] */
    char **texts;             /* [n] values as labels write them */
    nb_node_t *made;          /* [n] nodes of linspace and logspace, else NULL */
} nb_draft_axis_t;

/** What `tune:` varies. */
typedef struct {
    const nb_node_t *block; /* strategies of the block, NULL where nothing is tuned */
    int customers, keep_defaults;
    uint32_t seed;
    nb_config_t roster; /* the strategies, each tuned one followed by its default */
    size_t n_axes;
    nb_draft_axis_t *axes; /* their keys are owned */
} nb_draft_tune_t;

typedef struct {
    nb_plan_t *plan;
    nb_config_t config; /* experiment, built-in strategies, --set */
    char *folder;       /* of the experiment file */
    const nb_environment_type_t *environment;
    const char *place; /* path of the environment's settings in the tree: "" for the journey */
    size_t n_scenarios;
    nb_draft_scenario_t *scenarios;
    size_t n_axes;
    nb_draft_axis_t *axes;
    const nb_node_t *strategies; /* map, not empty */
    nb_draft_tune_t tune;
    int only_tuned;           /* cells of the tuned strategies only: the plan of candidates */
    const nb_node_t *outcome; /* of the tuning, NULL before */
} nb_draft_t;

/** Everything but the cells: names, sizes, seeds, scenarios, strategies, axes. */
int nb_draft_read(nb_draft_t *self) NB_MUST_CHECK;
/** `scenario:` into self->scenarios, with what the experiment says over them. */
int nb_draft_read_scenarios(nb_draft_t *self) NB_MUST_CHECK;
/** `note:` of an experiment or scenario as one more line of plan->note, unless it is there. */
int nb_draft_add_note(nb_draft_t *self, const nb_node_t *map) NB_MUST_CHECK;
/** `sweep:` into self->axes. */
int nb_draft_read_sweep(nb_draft_t *self) NB_MUST_CHECK;
/** A list of values into an axis whose node and key are set: one value at least, none twice. */
int nb_draft_read_values(nb_draft_axis_t *self, const nb_node_t *list) NB_MUST_CHECK;
/** `tune:` into plan->tune and self->tune, and the defaults that it keeps into self->strategies. */
int nb_draft_read_tune(nb_draft_t *self) NB_MUST_CHECK;
/** The block, everything filled in, as text of an experiment. */
int nb_draft_write_tune(const nb_draft_t *self) NB_MUST_CHECK;
/** 1 where this strategy of self->strategies is tuned. */
int nb_draft_is_tuned(const nb_draft_t *self, const nb_node_t *strategy);
/** The plan of candidates and its groups into plan->tune, once the cells are there. */
int nb_draft_make_candidates(nb_draft_t *self) NB_MUST_CHECK;
/** Number of the candidate that the outcome chose for a tuned cell, below `n`. */
int nb_draft_winner(const nb_draft_t *self, const char *strategy, const char *label, size_t n,
                    size_t *out) NB_MUST_CHECK;
/** `hypothesis:` into plan->hypothesis. */
int nb_draft_read_hypothesis(nb_draft_t *self) NB_MUST_CHECK;
/** Metrics that `metrics:` and `hypothesis:` name must be recorded by runs of the first world. */
int nb_draft_check_metrics(const nb_draft_t *self) NB_MUST_CHECK;
/** Worlds, cells, swept columns and unit keys of the plan. */
int nb_draft_expand(nb_draft_t *self) NB_MUST_CHECK;
/** The resolved experiment into plan->config_text, and its hash. */
int nb_draft_write(nb_draft_t *self) NB_MUST_CHECK;
void nb_draft_free(nb_draft_t *self);

/** Keys of an experiment that are no settings of a scenario. */
extern const char *const nb_plan_keys[];
enum { NB_PLAN_N_KEYS = 23 };

/** 1 where `key` is one of nb_plan_keys. */
int nb_plan_is_key(const char *key);

/** Whole number at `key` of the experiment within [low, high] into *out, which stays as it is where
 * the key is missing. */
int nb_draft_int(const nb_node_t *map, const char *key, long long low, long long high,
                 long long *out) NB_MUST_CHECK;

#endif
