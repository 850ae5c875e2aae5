/*
 * Inside of a verification: the targets and the experiments that they are read off. Shared by
 * bench/verify*.c and bench/plan_scenario.c, not for other modules.
 */
#ifndef NB_BENCH_VERIFY_TABLE_H
#define NB_BENCH_VERIFY_TABLE_H

#include "bench/verify.h"

enum { NB_VERIFY_MAX_COLUMNS = 8, NB_VERIFY_MAX_SETS = 6, NB_VERIFY_MAX_DERIVED = 4 };

/** A setting that is the scenario's own value times `factor` plus `shift`. */
typedef struct {
    const char *key;
    double factor, shift;
} nb_verify_derived_t;

/** An internal experiment. */
typedef struct {
    const char *name;
    const char *scenario;   /* NULL: the one that is verified */
    const char *strategies; /* YAML */
    int weeks;              /* horizon; 0: the scenario's */
    int no_tail;
    int log;                                            /* keep the purchase log */
    const char *sets[NB_VERIFY_MAX_SETS];               /* "path=value", until NULL */
    nb_verify_derived_t derived[NB_VERIFY_MAX_DERIVED]; /* until a key is NULL */
} nb_verify_run_t;

/** A mean over replications: metric of a strategy in an internal experiment. */
typedef struct {
    const char *run, *strategy, *metric;
} nb_verify_column_t;

struct nb_verify_work;

/** A target. Its figure is a function of the means x of its columns, or is measured in a way of its
 * own. */
typedef struct {
    const char *name;
    double low, high;
    const char *how;
    nb_verify_column_t columns[NB_VERIFY_MAX_COLUMNS]; /* until a run is NULL */
    double (*figure)(const double *x, const struct nb_verify_work *work);
    /** Details into `out`; may be NULL. */
    void (*detail)(const double *x, const struct nb_verify_work *work, char *out, size_t size);
    /** Instead of `figure`: fill value, status where skipped, and how. */
    int (*measure)(struct nb_verify_work *work, nb_target_t *target);
} nb_verify_target_t;

extern const nb_verify_target_t nb_verify_targets[];
extern const size_t nb_verify_n_targets;
extern const nb_verify_run_t nb_verify_runs[];
extern const size_t nb_verify_n_runs;

/** Most targets that there can be. */
enum { NB_VERIFY_MAX_TARGETS = 32, NB_VERIFY_MAX_RUNS = 32 };

/** Names of all targets into `out` [NB_VERIFY_MAX_TARGETS]; their number. */
size_t nb_verify_names(const char **out);

/** What a scenario declares. */
typedef struct {
    nb_config_t config; /* owns the nodes */
    int is_off[NB_VERIFY_MAX_TARGETS];
    double low[NB_VERIFY_MAX_TARGETS], high[NB_VERIFY_MAX_TARGETS];
    const nb_node_t *inert, *dominant; /* lists of "point.action"; NULL where none */
} nb_verify_bands_t;

/** Bands of the table with what `node` (may be NULL) says over them. NB_ERR_CONFIG, NB_ERR_RANGE
 * with place, and the nearest target for a name that is none. */
int nb_verify_bands_read(nb_verify_bands_t *self, const nb_node_t *node) NB_MUST_CHECK;
/** As nb_verify_bands_read from text, as nb_plan_t.verify has it; NULL for none. Free it. */
int nb_verify_bands_init(nb_verify_bands_t *self, const char *text) NB_MUST_CHECK;
void nb_verify_bands_free(nb_verify_bands_t *self);

/** A verification while it runs. */
typedef struct nb_verify_work {
    const nb_verify_spec_t *spec;
    nb_verify_bands_t bands;
    int is_needed[NB_VERIFY_MAX_RUNS];
    char missing[NB_VERIFY_MAX_RUNS][192]; /* why a run cannot be: "" where it can */
    nb_plan_t plans[NB_VERIFY_MAX_RUNS];   /* [0] is that of the first run, always there */
    nb_results_t results[NB_VERIFY_MAX_RUNS];
    char *paths[NB_VERIFY_MAX_RUNS]; /* of the results */
    size_t n_shares;
    nb_action_share_t *shares; /* for the verification to keep */
} nb_verify_work_t;

/** Index of a run by its name. */
size_t nb_verify_find_run(const char *name);

/** Value of a real or whole setting of a plan's world; NaN where there is none. */
double nb_verify_setting(const nb_plan_t *plan, const char *key);

/** Values [R] of a column into `out` (freed with nb_free); a metric that is not recorded leaves
 * NULL.
 */
int nb_verify_column(const nb_verify_work_t *work, const nb_verify_column_t *column,
                     double **out) NB_MUST_CHECK;

/** Targets that are measured in their own way. */
int nb_verify_plain(nb_verify_work_t *work, nb_target_t *target) NB_MUST_CHECK;
int nb_verify_arrivals(nb_verify_work_t *work, nb_target_t *target) NB_MUST_CHECK;
int nb_verify_actions(nb_verify_work_t *work, nb_target_t *target) NB_MUST_CHECK;

/** Every action that a scenario names must be one of the model. */
int nb_verify_check_actions(const nb_verify_bands_t *bands, const nb_plan_t *plan) NB_MUST_CHECK;

/** Value (how many actions break the rule) and how of target `actions` from the shares [n]. */
void nb_verify_judge_actions(const nb_verify_bands_t *bands, const nb_action_share_t *shares,
                             size_t n, nb_target_t *target);

/** p value of `n` counts of purchases (seen[x] customers with x, the last cell x or more) against
 * the NBD of gamma rates (shape, rate) over `weeks`; cells that expect less than 5 are joined. NaN
 * where fewer than two cells are left. */
double nb_verify_nbd_p(const double *seen, size_t n, double shape, double rate, double weeks);

#endif
