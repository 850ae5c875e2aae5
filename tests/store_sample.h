/*
 * A small experiment for tests of the store: three cells, two replications, every kind of
 * variable; and folders that vanish.
 */
#ifndef NB_TESTS_STORE_SAMPLE_H
#define NB_TESTS_STORE_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/store.h"

enum { N_CELLS = 3, N_REPLICATIONS = 2, N_UNITS = N_CELLS * N_REPLICATIONS, N_PERIODS = 5 };

typedef struct {
    double values[2];
    double series[N_PERIODS];
    double groups[2];
    nb_var_t vars[4];
    nb_shard_t shard;
} sample_unit_t;

typedef struct {
    char key_text[N_UNITS][NB_KEY_SIZE];
    const char *keys[N_UNITS];
    int64_t seeds[N_UNITS];
    nb_param_column_t params[3];
    nb_results_plan_t view;
} sample_plan_t;

/** Values that tell the unit; unit 1 has a missing value. */
void sample_unit(sample_unit_t *self, size_t i);

/** The plan: labels, swept settings with NaN, missing text and names that collide, keys. */
void sample_plan(sample_plan_t *self);

/** A store in a folder of its own, for tests that take it as their state. */
typedef struct {
    char folder[256];
    char path[300]; /* of the store */
    nb_store_t store;
    sample_plan_t plan;
} sample_store_t;

/** For cmocka: *state is a sample_store_t with an empty store; all of it is removed at the end. */
int sample_set_up(void **state);
int sample_tear_down(void **state);

/** Commit the values of unit i under `key`. */
int sample_commit(nb_store_t *store, const char *key, size_t i);

/** The unit under `key` has the values of unit i; a failed assertion where not. */
void sample_check_unit(const nb_store_t *store, const char *key, size_t i);

/** File of unit i of the plan. */
void sample_name_unit(const sample_store_t *self, size_t i, char out[512]);

/** Write a file as it is. */
void sample_write_file(const char *path, const void *bytes, size_t n);

/** Content of a file smaller than `size`; its length. */
size_t sample_read_file(const char *path, char *bytes, size_t size);

/** Folder in memory where there is one, else /tmp: for tests that sync many small files. */
const char *sample_fast_folder(void);

/** New folder under TMPDIR, or `fallback` where that is not set; 0 where it was made. */
int sample_make_folder(char out[256], const char *fallback);

/** Remove a folder and all in it; 0 where that worked. */
int sample_remove_folder(const char *path);

/** 1 where a temporary file of the store remains anywhere below. */
int sample_has_temporary(const char *path);

#endif
