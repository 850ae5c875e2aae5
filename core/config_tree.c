#include "core/config_tree.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

/* what a merge carries along */
typedef struct {
    nb_config_t *config;
    int strict; /* refuse a key that is there already: within one document */
    size_t *n_nodes;
} merge_t;

int nb_node_new(nb_node_t **out, nb_node_kind_t kind, const char *key, const char *text, size_t n)
{
    nb_node_t *node = NULL;

    *out = NULL;
    NB_TRY(nb_alloc(&node, 1, sizeof *node));
    node->kind = kind;
    if ((key && nb_strdup(&node->key, key) < 0) || (text && nb_alloc(&node->text, n + 1, 1) < 0)) {
        nb_node_free(node);
        return NB_ERR_MEMORY;
    }
    if (n) {
        memcpy(node->text, text, n);
    }
    *out = node;
    return NB_OK;
}

void nb_node_free(nb_node_t *node)
{
    if (!node) {
        return;
    }
    for (nb_node_t *child = node->child, *next; child; child = next) {
        next = child->next;
        nb_node_free(child);
    }
    nb_free(node->key);
    nb_free(node->text);
    nb_free(node);
}

int nb_config_init(nb_config_t *self)
{
    memset(self, 0, sizeof *self);
    return nb_node_new(&self->root, NB_NODE_MAP, NULL, NULL, 0);
}

void nb_config_free(nb_config_t *self)
{
    nb_node_free(self->root);
    for (size_t i = 0; i < self->n_files; i++) {
        nb_free(self->files[i]);
    }
    nb_free(self->files);
    memset(self, 0, sizeof *self);
}

int nb_config_intern(nb_config_t *self, const char **out, const char *name)
{
    for (size_t i = 0; i < self->n_files; i++) {
        if (strcmp(self->files[i], name) == 0) {
            *out = self->files[i];
            return NB_OK;
        }
    }
    NB_TRY(nb_grow(&self->files, self->n_files, self->n_files + 1, sizeof *self->files));
    NB_TRY(nb_strdup(&self->files[self->n_files], name));
    *out = self->files[self->n_files++];
    return NB_OK;
}

/* node with the mark of `source` and nothing else of it */
static int make_marked(merge_t *merge, nb_node_t **out, nb_node_kind_t kind, const char *key,
                       const nb_node_t *source)
{
    size_t length = source->text && kind == NB_NODE_SCALAR ? strlen(source->text) : 0;
    const char *file = NULL;

    if (++*merge->n_nodes > NB_CONFIG_MAX_NODES) {
        return nb_node_error(NB_ERR_CONFIG, source, "more than %d values, aliases expanded",
                             NB_CONFIG_MAX_NODES);
    }
    if (source->file) {
        NB_TRY(nb_config_intern(merge->config, &file, source->file));
    }
    NB_TRY(nb_node_new(out, kind, key, kind == NB_NODE_SCALAR ? source->text : NULL, length));
    (*out)->quoted = source->quoted && kind == NB_NODE_SCALAR;
    (*out)->file = file;
    (*out)->line = source->line;
    (*out)->column = source->column;
    return NB_OK;
}

/* 1 where the next part of a path is a number from 0, as items of lists are named */
static int is_index(const char *path)
{
    size_t n = strspn(path, "0123456789");

    return n > 0 && n < 10 && (path[n] == '\0' || path[n] == '.');
}

/* child of `map` whose key is the `n` bytes at `key`, or item of a list by its number; *link is
 * where it hangs or would hang */
static nb_node_t *find_link(nb_node_t *map, const char *key, size_t n, nb_node_t ***link)
{
    nb_node_t **at = &map->child;

    if (map->kind == NB_NODE_LIST) {
        for (unsigned long i = strtoul(key, NULL, 10); *at && i > 0; i--) {
            at = &(*at)->next;
        }
        *link = at;
        return *at;
    }
    while (*at && (strncmp((*at)->key, key, n) != 0 || (*at)->key[n] != '\0')) {
        at = &(*at)->next;
    }
    *link = at;
    return *at;
}

static void put(nb_node_t *parent, nb_node_t **link, nb_node_t *node)
{
    nb_node_t *old = *link;

    node->parent = parent;
    node->next = old ? old->next : NULL;
    *link = node;
    nb_node_free(old);
}

static int fail_twice(const nb_node_t *again, const nb_node_t *first)
{
    return nb_node_error(NB_ERR_CONFIG, again, "key '%s' given twice, first at %s:%d:%d",
                         again->key, first->file ? first->file : "?", first->line, first->column);
}

static int fail_deep(const nb_node_t *node)
{
    return nb_node_error(NB_ERR_CONFIG, node, "nested deeper than %d", NB_CONFIG_MAX_DEPTH);
}

/* a path may change what a list holds, never its length */
static int fail_item(const nb_node_t *source, const nb_node_t *list, const char *key, size_t n)
{
    char path[256];

    nb_node_path(list, path, sizeof path);
    return nb_node_error(NB_ERR_CONFIG, source,
                         "'%s' has %zu items, numbered from 0: there is no item %.*s", path,
                         nb_node_count(list), (int)n, key);
}

static int merge_children(merge_t *merge, nb_node_t *map, const nb_node_t *source, int depth);

static int copy_list(merge_t *merge, nb_node_t *list, const nb_node_t *source, int depth)
{
    nb_node_t **link = &list->child;

    for (const nb_node_t *item = source->child; item; item = item->next) {
        NB_TRY(nb_node_copy(merge->config, link, item, depth, merge->n_nodes));
        (*link)->parent = list;
        link = &(*link)->next;
    }
    return NB_OK;
}

static int copy_as(merge_t *merge, nb_node_t **out, const char *key, const nb_node_t *source,
                   int depth)
{
    merge_t inner = *merge;
    int code = NB_OK;

    inner.strict = 1;
    *out = NULL;
    if (depth > NB_CONFIG_MAX_DEPTH) {
        return fail_deep(source);
    }
    NB_TRY(make_marked(merge, out, source->kind, key, source));
    if (source->kind == NB_NODE_MAP) {
        code = merge_children(&inner, *out, source, depth + 1);
    } else if (source->kind == NB_NODE_LIST) {
        code = copy_list(&inner, *out, source, depth + 1);
    }
    if (code < 0) {
        nb_node_free(*out);
        *out = NULL;
    }
    return code;
}

int nb_node_copy(nb_config_t *self, nb_node_t **out, const nb_node_t *source, int depth,
                 size_t *n_nodes)
{
    merge_t merge = {.config = self, .strict = 1, .n_nodes = n_nodes};

    return copy_as(&merge, out, source->key, source, depth);
}

/* step into the map under the first `n` bytes of `key`, made where it is missing, or into a list of
 * which the path goes on to name an item */
static int enter_map(merge_t *merge, nb_node_t **map, const char *key, size_t n,
                     const nb_node_t *source)
{
    nb_node_t **link, *made = NULL, *found = find_link(*map, key, n, &link);

    if (found && (found->kind == NB_NODE_MAP ||
                  (found->kind == NB_NODE_LIST && !merge->strict && is_index(key + n + 1)))) {
        *map = found;
        return NB_OK;
    }
    if (found && merge->strict) {
        return fail_twice(source, found);
    }
    if (!found && (*map)->kind == NB_NODE_LIST) {
        return fail_item(source, *map, key, n);
    }
    NB_TRY(make_marked(merge, &made, NB_NODE_MAP, NULL, source));
    if ((*map)->kind == NB_NODE_MAP) {
        if (nb_alloc(&made->key, n + 1, 1) < 0) {
            nb_node_free(made);
            return NB_ERR_MEMORY;
        }
        memcpy(made->key, key, n);
    }
    put(*map, link, made);
    *map = made;
    return NB_OK;
}

/* hang a copy of `source` under the last part of its path, or merge the two maps there */
static int place_last(merge_t *merge, nb_node_t *map, const char *key, const nb_node_t *source,
                      int depth)
{
    nb_node_t **link, *copy = NULL, *found = find_link(map, key, strlen(key), &link);

    if (found && found->kind == NB_NODE_MAP && source->kind == NB_NODE_MAP) {
        return merge_children(merge, found, source, depth + 1);
    }
    if (found && merge->strict) {
        return fail_twice(source, found);
    }
    if (!found && map->kind == NB_NODE_LIST) {
        return fail_item(source, map, key, strlen(key));
    }
    NB_TRY(copy_as(merge, &copy, map->kind == NB_NODE_LIST ? NULL : key, source, depth));
    put(map, link, copy);
    return NB_OK;
}

/* place `source` at dotted `path` below `map`, whose children are at `depth` */
static int place(merge_t *merge, nb_node_t *map, const char *path, const nb_node_t *source,
                 int depth)
{
    const char *dot;

    while ((dot = strchr(path, '.')) && dot != path) {
        if (++depth > NB_CONFIG_MAX_DEPTH) {
            return fail_deep(source);
        }
        NB_TRY(enter_map(merge, &map, path, (size_t)(dot - path), source));
        path = dot + 1;
    }
    if (*path == '\0' || *path == '.') {
        return nb_node_error(NB_ERR_CONFIG, source,
                             "a key, or a part of it between dots, is empty");
    }
    return place_last(merge, map, path, source, depth);
}

static int merge_children(merge_t *merge, nb_node_t *map, const nb_node_t *source, int depth)
{
    for (const nb_node_t *child = source->child; child; child = child->next) {
        NB_TRY(place(merge, map, child->key, child, depth));
    }
    return NB_OK;
}

int nb_config_merge(nb_config_t *self, const char *path, const nb_node_t *node)
{
    size_t n_nodes = 0;
    merge_t merge = {.config = self, .n_nodes = &n_nodes};

    NB_ASSERT(*path || node->kind == NB_NODE_MAP);
    return *path ? place(&merge, self->root, path, node, 1)
                 : merge_children(&merge, self->root, node, 1);
}
