/*
 * The plan of an experiment: cells (scenario x settings x strategy) and replications, each unit
 * with its key.
 */
#ifndef NB_BENCH_PLAN_H
#define NB_BENCH_PLAN_H

#include "bench/plan_log.h"
#include "bench/strategy.h"
#include "bench/tune_schedule.h"
#include "core/config.h"
#include "core/store.h"
#include "sim/environment.h"

/** A world that cells share: one environment with one resolved scenario. */
typedef struct {
    char *scenario; /* name */
    const nb_environment_type_t *environment;
    void *settings;     /* resolved, owned */
    void *world;        /* const for all runs, owned */
    nb_config_t config; /* the merged tree it was read from; nodes are kept by settings */
} nb_plan_world_t;

/** One row of the results. */
typedef struct {
    char *label; /* unique: strategy, with scenario and swept settings where they vary */
    size_t i_world;
    nb_strategy_t strategy;
    nb_config_t config; /* the merged tree the strategy was read from */
    char *canonical;    /* canonical JSON of the cell without seed and replication */
} nb_cell_t;

/** One strategy to be tuned in one world, or in all where the first world decides for them. */
typedef struct {
    char *cell; /* label of the cell that is tuned; the strategy's name where one decides for all */
    size_t i_first; /* its candidates are cells of the plan of candidates, from this one */
    size_t n;       /* on, in the order of the file: the last setting varies fastest */
    int n_rounds;   /* 0 where there is nothing to choose */
    nb_tune_round_t rounds[NB_TUNE_MAX_ROUNDS];
} nb_tune_group_t;

/** What `tune:` says, and what came of it. */
typedef struct {
    char *text;                 /* the block as YAML, everything filled in */
    char *metric;               /* whose mean decides: the larger the better */
    int budget;                 /* units that each strategy may spend in each world */
    int eta;                    /* the best 1/eta go on */
    int is_first;               /* the first world decides for all */
    struct nb_plan *candidates; /* every candidate as a cell, on the tuning's seeds and customers */
    char **settings;            /* [candidates' cells] "every=2, action=email" */
    size_t n_groups;
    nb_tune_group_t *groups;
    char *outcome; /* JSON (docs/file-format.md), NULL before the tuning; then there are no
                      candidates and no groups any more */
} nb_plan_tune_t;

typedef struct nb_plan {
    char *name;
    char *path; /* file the experiment came from */
    size_t n_worlds;
    nb_plan_world_t *worlds;
    size_t n_cells;
    nb_cell_t *cells;
    int customers, periods, replications;
    uint32_t seed, policy_seed;
    nb_log_t log;
    char *log_text; /* the same as YAML on one line */
    int worse_off;  /* run `never` beside every unit to see who is worse off (default 0) */
    int tail;       /* run on after the horizon until the world's limit (default 1) */
    char *metrics;  /* comma separated, first shown by compare; "" = default */
    char *baseline; /* strategy that compare subtracts, "" = the first */
    double delta;   /* equivalence margin as a share of the baseline's mean; 0.01 */
    char
        *note; /* what its readers must know, of experiment and scenarios, a line each; "" = none */
    char *verify;     /* `verify:` of the first scenario as YAML, NULL where it has none; no part of
                         the hash */
    char *hypothesis; /* canonical JSON of the hypothesis block, "[]" where none */
    char *config_text; /* whole resolved experiment as YAML */
    char plan_hash[NB_KEY_SIZE];
    size_t n_params; /* swept settings */
    nb_param_column_t *params;
    nb_plan_tune_t *tune; /* NULL where nothing is tuned; without outcome, the keys of tuned cells
                             are not yet known and stand for the default settings */
    char **keys;          /* [n_cells x replications] unit keys, in one block that keys[0] begins */
    int64_t *seeds;       /* [n_cells x replications] */
} nb_plan_t;

/**
 * Read an experiment: a file, or the name of a shipped experiment (bench/experiments) or scenario
 * (sim/scenarios), layered as scenario file, experiment file, `sets` ([n_sets] "path=value").
 * Checks everything before anything runs.
 */
int nb_plan_init(nb_plan_t *self, const char *file_or_name, const char *const *sets,
                 size_t n_sets) NB_MUST_CHECK;

/**
 * As nb_plan_init from the text of an experiment, e.g. the config_text that a results file keeps.
 * `name` stands for the file in errors; scenarios given as paths are looked for beside it.
 */
int nb_plan_init_text(nb_plan_t *self, const char *name, const char *text, const char *const *sets,
                      size_t n_sets) NB_MUST_CHECK;

/**
 * Give the tuned cells the settings that an outcome (as in nb_plan_tune_t) chose, by making the
 * plan again. On an error the plan stays as it was. NB_ERR_FORMAT where the outcome is of another
 * experiment. nb_tune_run finds outcomes.
 */
int nb_plan_settle(nb_plan_t *self, const char *outcome) NB_MUST_CHECK;
void nb_plan_free(nb_plan_t *self);

/** plan.json: one JSON line per cell with its label, canonical text hash and keys, after a line of
 * the plan's own. */
int nb_plan_json(const nb_plan_t *self, char **out) NB_MUST_CHECK;

/** View of the plan for nb_results_write; borrows from the plan. Free the two arrays of pointers
 * with nb_plan_view_free. */
int nb_plan_results_view(const nb_plan_t *self, nb_results_plan_t *out) NB_MUST_CHECK;
void nb_plan_view_free(nb_results_plan_t *view);

/**
 * Folder of shipped data files ("scenarios" or "experiments") that holds NAME.yaml: NB_DATA_PATH,
 * the source tree of the build, the install prefix. NB_ERR_NOT_FOUND lists the nearest name. Free
 * *out with nb_free.
 */
int nb_data_file(char **out, const char *kind, const char *name) NB_MUST_CHECK;

/** Names of the shipped files of a kind, sorted. Free each and the array with nb_free. */
int nb_data_names(char ***names, size_t *n, const char *kind) NB_MUST_CHECK;

#endif
