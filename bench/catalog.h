/*
 * What there is to name: policies, scenarios, experiments, metrics, environments, each with one
 * line about it.
 */
#ifndef NB_BENCH_CATALOG_H
#define NB_BENCH_CATALOG_H

#include <stddef.h>

#include "core/error.h"

typedef enum {
    NB_KIND_POLICY,
    NB_KIND_SCENARIO,
    NB_KIND_EXPERIMENT,
    NB_KIND_METRIC,
    NB_KIND_ENVIRONMENT,
    NB_N_KINDS
} nb_kind_t;

/** "policy", "policies" */
const char *nb_kind_name(nb_kind_t kind);
const char *nb_kind_plural(nb_kind_t kind);

typedef struct {
    char *name;
    char *summary; /* one line, "" where there is none */
    char *unit;    /* of a metric, else "" */
} nb_entry_t;

/** Entries of one kind; owns its texts. */
typedef struct {
    nb_kind_t kind;
    size_t n, n_room;
    nb_entry_t *entries;
} nb_catalog_t;

/**
 * Everything of a kind: policies and environments in the order of their registries, shipped
 * scenarios and experiments sorted by name (summary: what the file says under that key, else the
 * first sentence of its comment), metrics in the order of the environments that record them.
 */
int nb_catalog_init(nb_catalog_t *self, nb_kind_t kind) NB_MUST_CHECK;
void nb_catalog_free(nb_catalog_t *self);

/** Entry by name, NULL where there is none. */
const nb_entry_t *nb_catalog_find(const nb_catalog_t *self, const char *name);

/** Whole text of a shipped scenario or experiment, and its path; free both with nb_free. */
int nb_catalog_text(char **text, char **path, nb_kind_t kind, const char *name) NB_MUST_CHECK;

#endif
