/*
 * Inside of the configuration tree: what core/config.c (YAML), core/config_file.c (files and
 * --set), core/config_tree.c (nodes and merging) and core/config_node.c (reading values) share. Not
 * for other modules.
 */
#ifndef NB_CORE_CONFIG_TREE_H
#define NB_CORE_CONFIG_TREE_H

#include "core/config.h"

enum {
    NB_CONFIG_MAX_DEPTH = 64,       /* nesting, dotted keys included */
    NB_CONFIG_MAX_NODES = 200000,   /* of one document, aliases expanded */
    NB_CONFIG_MAX_KEYS = 4000,      /* of one map, whose duplicates are looked for one by one */
    NB_CONFIG_MAX_BYTES = 16 << 20, /* of one file */
};

/** New node without relatives; `key` and `text` ([n] bytes, no final zero needed) are copied and
 * may be NULL. */
int nb_node_new(nb_node_t **out, nb_node_kind_t kind, const char *key, const char *text,
                size_t n) NB_MUST_CHECK;

/** Free a node with everything below it; NULL is allowed. Its siblings stay. */
void nb_node_free(nb_node_t *node);

/** The tree's own copy of a file name in *out. */
int nb_config_intern(nb_config_t *self, const char **out, const char *name) NB_MUST_CHECK;

/**
 * Deep copy whose nodes belong to `self`; maps below it get their dotted keys nested. A key given
 * twice, also once dotted and once nested, is refused. `depth` is that of the copy.
 * @param n_nodes counted up, NB_ERR_CONFIG beyond NB_CONFIG_MAX_NODES
 */
int nb_node_copy(nb_config_t *self, nb_node_t **out, const nb_node_t *source, int depth,
                 size_t *n_nodes) NB_MUST_CHECK;

/**
 * Parse one YAML document and merge it at dotted `path`. At the root ("") it must be a map and its
 * nodes carry marks; elsewhere it may be any value and its nodes carry only the name. In
 * core/config.c, as the only function that needs libfyaml.
 */
int nb_config_yaml(nb_config_t *config, const char *name, const char *path, const char *text,
                   size_t n) NB_MUST_CHECK;

#endif
