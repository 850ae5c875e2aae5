/*
 * Results on disk: the unit store (one HDF5 shard per unit, whose name is its commit) and the
 * merged results.h5.
 *
 * A unit is (cell, replication) and is named by its key, a hash of everything its result depends
 * on. A shard is built in memory, written under a temporary name, synced and linked to its final
 * name, so that a crash at any moment leaves either nothing or the whole unit. Only this module
 * sees HDF5; it must be called from one thread at a time.
 */
#ifndef NB_CORE_STORE_H
#define NB_CORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum { NB_KEY_SIZE = 33 }; /* 32 hex digits and the final zero */

/** 128 bits of SHA-256 over `text`, as lower-case hex. */
void nb_key_hash(const char *text, size_t length, char out[NB_KEY_SIZE]);

/** SHA-256 of a file's content as 64 hex digits; NB_ERR_NOT_FOUND, NB_ERR_IO. */
int nb_file_sha256(const char *path, char out[65]) NB_MUST_CHECK;

/** One variable of a unit: a scalar, or a vector along one named axis. */
typedef struct {
    const char *name;
    const char *unit;
    const char *help;   /* becomes long_name */
    const char *axis;   /* NULL for a scalar, else "period", "segment" or "cohort" */
    size_t n;           /* length, 1 for a scalar */
    const double *data; /* [n] */
} nb_var_t;

/** Everything a unit leaves behind. Borrowed by nb_store_commit; owned where nb_store_read made it.
 */
typedef struct {
    size_t n_vars;
    nb_var_t *vars;
    void *owned; /* of nb_store_read; free with nb_shard_free */
} nb_shard_t;

void nb_shard_free(nb_shard_t *shard);

/** An open store: the folder beside results.h5 with units/, failed/, runs/, decisions/,
 * timings.csv, plan.json. */
typedef struct {
    char *path;
    char *machine; /* processor and libraries of this process */
    void *present; /* set of the keys that are there; the store's own */
    size_t n_present;
} nb_store_t;

/** Open, or make, the store folder and list its units; what killed runs left half-written is
 * removed. `read_only` makes and removes nothing. NB_ERR_IO; NB_ERR_NOT_FOUND where read_only and
 * missing; NB_ERR_FORMAT for a folder that is no store. */
int nb_store_open(nb_store_t *self, const char *path, int read_only) NB_MUST_CHECK;
void nb_store_close(nb_store_t *self);

/** Store path that belongs to a results path ("a/b.h5" -> "a/b.store"); free with nb_free. */
int nb_store_path_of(char **out, const char *results_path) NB_MUST_CHECK;

/**
 * Compare `plan_json` with the plan.json of the store and write it: a plan may grow (cells,
 * replications), never change; otherwise NB_ERR_EXISTS. The plan has one unit a line so that growth
 * is a prefix check per cell. NB_ERR_FORMAT where plan.json is damaged.
 */
int nb_store_bind_plan(nb_store_t *self, const char *plan_json) NB_MUST_CHECK;

/** 1 where the unit is committed; 2 where it failed before; 0 where it is missing; as known when
 * the store was opened, and to this process since. */
int nb_store_status(const nb_store_t *self, const char *key);

/**
 * Commit a unit. Already there with the same payload: fine; with another: NB_ERR_DETERMINISM, or 1
 * (kept the first: worth a warning) where another type of processor or other libraries made it.
 * NB_ERR_IO on any failing write, NB_ERR_FORMAT where the unit that is there is damaged.
 */
int nb_store_commit(nb_store_t *self, const char *key, const nb_shard_t *shard) NB_MUST_CHECK;

/** Note that a unit failed, with its sentence; retried only when asked. Forget removes that note.
 */
int nb_store_fail(nb_store_t *self, const char *key, const char *sentence) NB_MUST_CHECK;
int nb_store_forget_failure(nb_store_t *self, const char *key) NB_MUST_CHECK;

/** Read a unit; truncated or garbage: NB_ERR_FORMAT naming the file. */
int nb_store_read(const nb_store_t *self, const char *key, nb_shard_t *out) NB_MUST_CHECK;

/**
 * Write a small text or column file "decisions/KEY.SUFFIX" the same safe way, before its unit is
 * committed.
 */
int nb_store_write_text(nb_store_t *self, const char *folder, const char *name, const char *text,
                        size_t length) NB_MUST_CHECK;

/** Note an invocation in runs/UTC-PID.json: provenance, never read for results. */
int nb_store_note_run(nb_store_t *self, const char *json) NB_MUST_CHECK;

/** Append "key,seconds" to timings.csv, never read for results. */
int nb_store_note_timing(nb_store_t *self, const char *key, double seconds) NB_MUST_CHECK;

/** Write any file: temporary name, every byte checked, fsync, rename, fsync of the folder.
 * NB_ERR_IO names file and reason. */
int nb_file_write(const char *path, const void *bytes, size_t n) NB_MUST_CHECK;

/** One swept setting as a column over cells. NaN where a cell has no such setting; `texts` instead
 * where it is no number. */
typedef struct {
    const char *name;         /* dotted path */
    const double *values;     /* [n_cells] or NULL */
    const char *const *texts; /* [n_cells] or NULL */
} nb_param_column_t;

/** What results.h5 says about its rows; borrowed. */
typedef struct {
    const char *name;
    size_t n_cells, n_replications;
    const char *const *cell;     /* [E] labels, unique */
    const char *const *scenario; /* [E] */
    const char *const *strategy; /* [E] */
    const char *const *keys;     /* [E x R] unit keys */
    const int64_t *seeds;        /* [E x R] */
    size_t n_params;
    const nb_param_column_t *params;
    size_t n_attributes;
    const char *const *attribute_names;  /* root attributes, e.g. metrics, baseline, delta */
    const char *const *attribute_values; /* text */
    const char *config_text;             /* /provenance/config: the resolved experiment */
    const char *plan_hash;
} nb_results_plan_t;

/** Merge the units of `plan` that are in the store into one dense results.h5 (temporary name,
 * rename), NaN where missing. Equal input gives equal bytes. A damaged unit: NB_ERR_FORMAT. Holds
 * everything in memory, about three times the size of the uncompressed values. */
int nb_results_write(const char *path, const nb_store_t *store,
                     const nb_results_plan_t *plan) NB_MUST_CHECK;

/** Plan hash that an existing results file carries, "" where the file is missing; NB_ERR_FORMAT
 * where it is none of ours. */
int nb_results_plan_hash(const char *path, char out[NB_KEY_SIZE]) NB_MUST_CHECK;

/** results.h5 read back for compare, info and plots. Everything is owned by the object. */
typedef struct {
    size_t n_cells, n_replications;
    char **cell, **scenario, **strategy;
    int8_t *status; /* [E x R] 0 missing, 1 done, 2 failed */
    size_t n_attributes;
    char **attribute_names, **attribute_values;
    size_t n_metrics; /* names of all [E,R] metrics */
    char **metrics;
    char **metric_units;
    char *config_text;
    char *path;
    int64_t file; /* HDF5's; values are read when asked for */
} nb_results_t;

/** Open a results file. NB_ERR_NOT_FOUND, NB_ERR_IO; NB_ERR_FORMAT for a file that is none of ours,
 * truncated, damaged or changed. */
int nb_results_open(nb_results_t *self, const char *path) NB_MUST_CHECK;
void nb_results_close(nb_results_t *self);

/** Root attribute by name, NULL where there is none. */
const char *nb_results_attribute(const nb_results_t *self, const char *name);

/** Values [E x R] of a metric into `out` (caller's storage); NB_ERR_NOT_FOUND with the nearest
 * name. */
int nb_results_metric(const nb_results_t *self, const char *metric, double *out) NB_MUST_CHECK;

/** Values [E x R x *n] of a metric by "segment" or "cohort" into *out (free with nb_free);
 * NB_ERR_NOT_FOUND where the metric is not split that way. */
int nb_results_groups(const nb_results_t *self, const char *metric, const char *axis, size_t *n,
                      double **out) NB_MUST_CHECK;

#endif
