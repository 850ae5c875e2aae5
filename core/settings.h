/*
 * Settings: one table says key, type, default, range, unit, mark, source and help of every number a
 * user can set.
 *
 * The same table fills the C struct, checks the YAML, prints `nextbest describe`, the docs and the
 * canonical text that a unit's key is hashed from. A table ends with an entry whose key is NULL.
 */
#ifndef NB_CORE_SETTINGS_H
#define NB_CORE_SETTINGS_H

#include <stddef.h>
#include <stdio.h>

#include "core/config.h"
#include "core/error.h"

typedef enum {
    NB_SETTING_REAL,   /* double */
    NB_SETTING_INT,    /* int */
    NB_SETTING_BOOL,   /* int, 0 or 1 */
    NB_SETTING_CHOICE, /* int, index into `choices` */
    NB_SETTING_TEXT,   /* char[NB_SETTING_TEXT_SIZE] */
    NB_SETTING_REALS,  /* double[count] */
    NB_SETTING_NODE,   /* const nb_node_t *, NULL where absent: read by its owner, which reports its
                          errors */
} nb_setting_type_t;

enum { NB_SETTING_TEXT_SIZE = 64 };

/** One row of a settings table. */
typedef struct {
    const char *key; /* dotted path below the table's place, e.g. "fatigue.decay" */
    nb_setting_type_t type;
    size_t offset;       /* of the field in the struct */
    double def;          /* default of REAL, INT, BOOL, CHOICE (index) */
    double low, high;    /* closed range of REAL, INT, REALS */
    const char *choices; /* CHOICE: "none|individual|both"; TEXT and REALS: the default as text,
                            "0.1 0.2" */
    unsigned count;      /* REALS: length */
    const char *unit;    /* "" where none */
    const char *mark;    /* "L" literature, "A" assumption, "" neither */
    const char *source;  /* reference, "" where none */
    const char *help;    /* one sentence */
} nb_setting_t;

/** Fill the struct with the defaults. */
int nb_settings_defaults(const nb_setting_t *table, void *out) NB_MUST_CHECK;

/**
 * Defaults, then what `map` (may be NULL) says over them. Keys that are neither in the table nor in
 * `also_allowed`
 * ([n_also]) are refused with the nearest; so are wrong types and values out of range:
 * NB_ERR_CONFIG, NB_ERR_RANGE.
 */
int nb_settings_load(const nb_setting_t *table, const nb_node_t *map,
                     const char *const *also_allowed, size_t n_also, void *out) NB_MUST_CHECK;

/** Row of a key, NULL where there is none. */
const nb_setting_t *nb_settings_find(const nb_setting_t *table, const char *key);

/** Canonical JSON object of the struct: keys sorted, everything filled in, doubles as hex floats;
 * into `out`. */
int nb_settings_canonical(const nb_setting_t *table, const void *settings, FILE *out) NB_MUST_CHECK;

/** The struct as YAML, keys nested by their dots, indented by `indent` blanks. */
int nb_settings_yaml(const nb_setting_t *table, const void *settings, int indent,
                     FILE *out) NB_MUST_CHECK;

/** The table for people (text) or scripts (JSON array of {key, type, default, low, high, unit,
 * mark, source, help}). */
int nb_settings_describe(const nb_setting_t *table, int as_json, FILE *out) NB_MUST_CHECK;

/** Canonical JSON of a config node (maps sorted, numbers as hex floats, text quoted); "null" for
 * NULL. */
int nb_node_canonical(const nb_node_t *node, FILE *out) NB_MUST_CHECK;

/** A config node as YAML on one line, to be read back as the same node; "null" for NULL. */
int nb_node_yaml(const nb_node_t *node, FILE *out) NB_MUST_CHECK;

/** A string as JSON, quotes included. */
void nb_json_string(const char *text, FILE *out);

/** A number as JSON with 17 digits; null where not finite. */
void nb_json_real(double value, FILE *out);

#endif
