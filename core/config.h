/*
 * Configuration: YAML read into a plain tree whose every node knows its file, line and column.
 *
 * Layers (a scenario, the experiment file, --set) are merged key by key; a node keeps the mark of
 * the layer it came from, so that an error can always name it. libfyaml does the parsing and stays
 * behind core/config.c.
 */
#ifndef NB_CORE_CONFIG_H
#define NB_CORE_CONFIG_H

#include <stddef.h>

#include "core/error.h"

typedef enum { NB_NODE_SCALAR, NB_NODE_LIST, NB_NODE_MAP } nb_node_kind_t;

/** A node of the tree. Maps and lists hold their children in the order of the file. */
typedef struct nb_node {
    nb_node_kind_t kind;
    char *key;             /* within a map, else NULL */
    char *text;            /* of a scalar, else NULL; "" for null */
    int quoted;            /* the scalar stood in quotes: always text */
    const char *file;      /* as the user named it, "--set", or "built-in"; owned by the tree */
    int line, column;      /* from 1; 0 where there are none */
    struct nb_node *child; /* first child */
    struct nb_node *next;  /* next sibling */
    struct nb_node *parent;
} nb_node_t;

/** A tree; `root` is a map. */
typedef struct {
    nb_node_t *root;
    char **files; /* names that marks point to */
    size_t n_files;
} nb_config_t;

/** Empty tree. Free it whatever happened afterwards. */
int nb_config_init(nb_config_t *self) NB_MUST_CHECK;

/**
 * Merge a YAML file over the tree: maps merge, scalars and lists replace. Duplicate keys, aliases
 * that loop, broken YAML, an empty document, a root that is no map, a file that cannot be read: an
 * error that names file, line, column.
 * @return NB_ERR_CONFIG, NB_ERR_NOT_FOUND, NB_ERR_IO, NB_ERR_MEMORY
 */
int nb_config_read(nb_config_t *self, const char *path) NB_MUST_CHECK;

/** As nb_config_read from memory; `name` stands for the file in marks. */
int nb_config_parse(nb_config_t *self, const char *name, const char *text,
                    size_t length) NB_MUST_CHECK;

/** `--set path=value`: the value is YAML, the path dotted; missing maps on the way are made. Items
 * of a list are named by their number from 0, "rules.0.action"; one that is not there is refused.
 * NB_ERR_USAGE, NB_ERR_CONFIG. */
int nb_config_set(nb_config_t *self, const char *assignment) NB_MUST_CHECK;

/** Merge a copy of `node` over the tree at dotted `path` (as nb_config_set), marks kept: a map
 * merges, all else replaces. At the root ("") it must be a map. */
int nb_config_merge(nb_config_t *self, const char *path, const nb_node_t *node) NB_MUST_CHECK;

/** Accepts a zeroed tree; may be called twice. */
void nb_config_free(nb_config_t *self);

/** Child of a map by key, NULL where there is none or `map` is NULL or no map. */
const nb_node_t *nb_node_child(const nb_node_t *map, const char *key);

/** Node at a dotted path below `node`, items of lists by their number from 0; NULL where there is
 * none. */
const nb_node_t *nb_node_at(const nb_node_t *node, const char *path);

/** Number of children. */
size_t nb_node_count(const nb_node_t *node);

/** Dotted path of a node from the root into `out` of `size` bytes. */
void nb_node_path(const nb_node_t *node, char *out, size_t size);

/** Scalar as number, truth value or whole number; NB_ERR_CONFIG names mark, path, value and what
 * was expected. Not finite: error. */
int nb_node_real(const nb_node_t *node, double *out) NB_MUST_CHECK;
int nb_node_int(const nb_node_t *node, long long *out) NB_MUST_CHECK;
int nb_node_bool(const nb_node_t *node, int *out) NB_MUST_CHECK;

/** Set an error "FILE:LINE:COLUMN: PATH: sentence" for a node (which may be NULL: no mark) and
 * return `code`. */
int nb_node_error(int code, const nb_node_t *node, const char *format, ...) NB_PRINTF(3, 4);

/** Of `n` candidates the one nearest to `word` by edit distance, NULL where none is near (more than
 * a third differs). */
const char *nb_nearest(const char *word, const char *const *candidates, size_t n);

/**
 * NB_ERR_CONFIG for a word that is none of the `n` candidates: "unknown KIND 'WORD', did you mean
 * 'NEAREST'?", with the list of candidates where none is near and the list is short.
 */
int nb_node_unknown(const nb_node_t *node, const char *kind, const char *word,
                    const char *const *candidates, size_t n) NB_MUST_CHECK;

/** Every key of `map` must be one of `allowed`; otherwise NB_ERR_CONFIG naming mark, path, and the
 * nearest allowed key. */
int nb_node_check_keys(const nb_node_t *map, const char *const *allowed, size_t n) NB_MUST_CHECK;

#endif
