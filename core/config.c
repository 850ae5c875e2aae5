/*
 * Parsing. Only libfyaml's event interface is used: its documents resolve aliases recursively and
 * draw excerpts of the source into messages, and both have overrun buffers on hostile input
 * (issues 173, 178, 223 of pantoniou/libfyaml). Anchors, aliases and duplicate keys are treated
 * here; bytes that are no UTF-8 text never reach the parser.
 */
#include "core/config.h"

#include <libfyaml.h>
#include <stdio.h>
#include <string.h>

#include "core/config_tree.h"
#include "core/memory.h"

enum { MAX_ANCHORS = 1000 };

/* a named node of the document that aliases may copy */
typedef struct {
    char *name;
    const nb_node_t *node;
} anchor_t;

/* a map or list that is being filled */
typedef struct {
    nb_node_t *node;
    nb_node_t *last; /* its last child */
    size_t n_children;
} level_t;

/* one document on its way from text to tree */
typedef struct {
    nb_config_t *config; /* owns the file name */
    const char *file;
    const char *path; /* where the document goes, "" for the root */
    int has_marks;    /* --set has none */
    struct fy_diag *diag;
    struct fy_parser *parser;
    level_t levels[NB_CONFIG_MAX_DEPTH];
    int depth;
    char *key; /* of the map's next value, NULL where a key comes next */
    int key_line, key_column;
    int line, column; /* of the present event */
    anchor_t *anchors;
    size_t n_anchors;
    size_t n_nodes;
    int n_documents;
    nb_node_t *root;
} reader_t;

static void ignore_output(struct fy_diag *diag, void *user, const char *text, size_t n)
{
    (void)diag;
    (void)user;
    (void)text;
    (void)n;
}

static int fail_at(const reader_t *self, int line, int column, const char *sentence)
{
    if (!self->has_marks) {
        return nb_error_set(NB_ERR_CONFIG, "%s: %s: %s", self->file, self->path, sentence);
    }
    return nb_error_set(NB_ERR_CONFIG, "%s:%d:%d: %s", self->file, line, column, sentence);
}

static int fail_here(const reader_t *self, const char *sentence)
{
    return fail_at(self, self->line, self->column, sentence);
}

/* libfyaml's first message as ours */
static int fail_broken(const reader_t *self)
{
    void *iterator = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(self->diag, &iterator);
    char sentence[512];

    if (!error) {
        return fail_here(self, "broken YAML at or after this place");
    }
    snprintf(sentence, sizeof sentence, "broken YAML: %s%s", error->msg,
             strstr(error->msg, "quoted") ? " (is a closing quote missing?)" : "");
    return fail_at(self, error->line, error->column, sentence);
}

static level_t *top(reader_t *self)
{
    return self->depth ? &self->levels[self->depth - 1] : NULL;
}

/* text of a token without a final zero; escapes may have put one inside */
static int token_text(const reader_t *self, struct fy_token *token, const char **text, size_t *n)
{
    *text = token ? fy_token_get_text(token, n) : NULL;
    if (!*text) {
        *text = "";
        *n = 0;
    }
    if (memchr(*text, '\0', *n)) {
        return fail_here(self, "text with a zero byte");
    }
    return NB_OK;
}

static int copy_token(const reader_t *self, struct fy_token *token, char **out)
{
    const char *text = NULL;
    size_t n = 0;

    NB_TRY(token_text(self, token, &text, &n));
    NB_TRY(nb_alloc(out, n + 1, 1));
    memcpy(*out, text, n);
    return NB_OK;
}

static int check_new_key(reader_t *self, const level_t *level)
{
    char sentence[512];

    if (level->n_children >= NB_CONFIG_MAX_KEYS) {
        snprintf(sentence, sizeof sentence, "more than %d keys in one map", NB_CONFIG_MAX_KEYS);
        return fail_here(self, sentence);
    }
    for (const nb_node_t *child = level->node->child; child; child = child->next) {
        if (strcmp(child->key, self->key) == 0) {
            snprintf(sentence, sizeof sentence, "key '%s' given twice, first in line %d, column %d",
                     self->key, child->line, child->column);
            return fail_here(self, sentence);
        }
    }
    return NB_OK;
}

static int take_key(reader_t *self, struct fy_token *token)
{
    NB_TRY(copy_token(self, token, &self->key));
    self->key_line = self->line;
    self->key_column = self->column;
    return check_new_key(self, top(self));
}

static int is_waiting_for_key(reader_t *self)
{
    return self->depth && top(self)->node->kind == NB_NODE_MAP && !self->key;
}

/* hang a node without relatives into the map or list that is open, or make it the root */
static void attach(reader_t *self, nb_node_t *node)
{
    level_t *level = top(self);

    node->file = self->file;
    node->line = self->has_marks ? self->line : 0;
    node->column = self->has_marks ? self->column : 0;
    nb_free(node->key);
    node->key = self->key;
    if (self->key && self->has_marks) {
        node->line = self->key_line;
        node->column = self->key_column;
    }
    self->key = NULL;
    if (!level) {
        self->root = node;
        return;
    }
    node->parent = level->node;
    if (level->last) {
        level->last->next = node;
    } else {
        level->node->child = node;
    }
    level->last = node;
    level->n_children++;
}

static int remember_anchor(reader_t *self, struct fy_token *token, const nb_node_t *node)
{
    if (!token) {
        return NB_OK;
    }
    if (self->n_anchors == MAX_ANCHORS) {
        return fail_here(self, "more than 1000 anchors");
    }
    NB_TRY(nb_grow(&self->anchors, self->n_anchors, self->n_anchors + 1, sizeof *self->anchors));
    NB_TRY(copy_token(self, token, &self->anchors[self->n_anchors].name));
    self->anchors[self->n_anchors++].node = node;
    return NB_OK;
}

static int count_node(reader_t *self)
{
    if (++self->n_nodes > NB_CONFIG_MAX_NODES) {
        return fail_here(self, "more than 200000 values");
    }
    return NB_OK;
}

static int is_null_word(const char *text, size_t n)
{
    return (n == 1 && text[0] == '~') ||
           (n == 4 &&
            (!memcmp(text, "null", 4) || !memcmp(text, "Null", 4) || !memcmp(text, "NULL", 4)));
}

static int read_scalar(reader_t *self, const struct fy_event *event)
{
    struct fy_token *value = event->scalar.value;
    enum fy_scalar_style style = value ? fy_token_scalar_style(value) : FYSS_PLAIN;
    int quoted = style > FYSS_PLAIN && style < FYSS_MAX;
    const char *text = NULL;
    size_t n = 0;
    nb_node_t *node = NULL;

    if (is_waiting_for_key(self)) {
        if (event->scalar.anchor) {
            return fail_here(self, "a key with an anchor");
        }
        return take_key(self, value);
    }
    NB_TRY(count_node(self));
    NB_TRY(token_text(self, value, &text, &n));
    if (!quoted && is_null_word(text, n)) {
        n = 0;
    }
    NB_TRY(nb_node_new(&node, NB_NODE_SCALAR, NULL, text, n));
    node->quoted = quoted;
    attach(self, node);
    return remember_anchor(self, event->scalar.anchor, node);
}

static int open_level(reader_t *self, nb_node_kind_t kind, struct fy_token *anchor)
{
    nb_node_t *node = NULL;

    if (is_waiting_for_key(self)) {
        return fail_here(self, "a map or list as key, expected a word");
    }
    if (self->depth == NB_CONFIG_MAX_DEPTH) {
        return fail_here(self, "nested deeper than 64");
    }
    NB_TRY(count_node(self));
    NB_TRY(nb_node_new(&node, kind, NULL, NULL, 0));
    attach(self, node);
    self->levels[self->depth++] = (level_t){.node = node};
    return remember_anchor(self, anchor, node);
}

static int is_open(const reader_t *self, const nb_node_t *node)
{
    for (int i = 0; i < self->depth; i++) {
        if (self->levels[i].node == node) {
            return 1;
        }
    }
    return 0;
}

static int read_alias(reader_t *self, const struct fy_event *event)
{
    const nb_node_t *named = NULL;
    nb_node_t *copy = NULL;
    const char *name = NULL;
    char sentence[256];
    size_t n = 0;

    self->column--; /* the mark stands behind the asterisk */
    if (is_waiting_for_key(self)) {
        return fail_here(self, "an alias as key, expected a word");
    }
    NB_TRY(token_text(self, event->alias.anchor, &name, &n));
    for (size_t i = self->n_anchors; i-- > 0 && !named;) {
        if (strlen(self->anchors[i].name) == n && memcmp(self->anchors[i].name, name, n) == 0) {
            named = self->anchors[i].node;
        }
    }
    if (!named || is_open(self, named)) {
        snprintf(sentence, sizeof sentence, "alias '*%.*s' %s", (int)(n < 100 ? n : 100), name,
                 named ? "stands inside of what it names, a loop" : "names nothing above it");
        return fail_here(self, sentence);
    }
    NB_TRY(nb_node_copy(self->config, &copy, named, self->depth + 1, &self->n_nodes));
    attach(self, copy);
    return NB_OK;
}

static int read_event(reader_t *self, const struct fy_event *event)
{
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (++self->n_documents > 1) {
            return fail_here(self, "a second document begins, expected only one");
        }
        return NB_OK;
    case FYET_SCALAR:
        return read_scalar(self, event);
    case FYET_ALIAS:
        return read_alias(self, event);
    case FYET_MAPPING_START:
        return open_level(self, NB_NODE_MAP, event->mapping_start.anchor);
    case FYET_SEQUENCE_START:
        return open_level(self, NB_NODE_LIST, event->sequence_start.anchor);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        self->depth--;
        return NB_OK;
    default:
        return NB_OK;
    }
}

static int read_events(reader_t *self)
{
    struct fy_event *event;
    int code = NB_OK;

    while (code == NB_OK && (event = fy_parser_parse(self->parser))) {
        const struct fy_mark *mark = fy_event_start_mark(event);

        if (mark) {
            self->line = mark->line + 1;
            self->column = mark->column + 1;
        }
        code = read_event(self, event);
        fy_parser_event_free(self->parser, event);
    }
    if (code == NB_OK && fy_parser_get_stream_error(self->parser)) {
        code = fail_broken(self);
    }
    return code;
}

static int open_parser(reader_t *self, const char *text, size_t n)
{
    struct fy_diag_cfg diag_cfg;
    struct fy_parse_cfg parse_cfg = {.search_path = "",
                                     .flags = FYPCF_COLLECT_DIAG | FYPCF_DISABLE_RECYCLING};

    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.output_fn = ignore_output;
    diag_cfg.level = FYET_ERROR;
    diag_cfg.show_source = false;
    self->diag = fy_diag_create(&diag_cfg);
    if (!self->diag) {
        return nb_error_set(NB_ERR_MEMORY, "out of memory");
    }
    fy_diag_set_collect_errors(self->diag, true);
    parse_cfg.diag = self->diag;
    self->parser = fy_parser_create(&parse_cfg);
    if (!self->parser || fy_parser_set_string(self->parser, text, n) != 0) {
        return nb_error_set(NB_ERR_MEMORY, "out of memory");
    }
    return NB_OK;
}

static void close_reader(reader_t *self)
{
    if (self->parser) {
        fy_parser_destroy(self->parser);
    }
    if (self->diag) {
        fy_diag_destroy(self->diag);
    }
    for (size_t i = 0; i < self->n_anchors; i++) {
        nb_free(self->anchors[i].name);
    }
    nb_free(self->anchors);
    nb_free(self->key);
    nb_node_free(self->root);
}

/* root of the document, checked and with dotted keys nested */
static int take_root(reader_t *self, nb_node_t **out)
{
    size_t n_nodes = 0;

    if (self->has_marks && !self->root) {
        return fail_at(self, 1, 1, "empty, expected YAML settings");
    }
    if (self->has_marks && self->root->kind != NB_NODE_MAP) {
        return fail_at(self, self->root->line, self->root->column,
                       "expected a map of keys and values");
    }
    if (!self->root) {
        nb_node_t *null = NULL;

        NB_TRY(nb_node_new(&null, NB_NODE_SCALAR, NULL, "", 0));
        attach(self, null);
    }
    return nb_node_copy(self->config, out, self->root, 0, &n_nodes);
}

int nb_config_yaml(nb_config_t *config, const char *name, const char *path, const char *text,
                   size_t n)
{
    reader_t reader = {.config = config, .path = path, .line = 1, .column = 1};
    nb_node_t *root = NULL;
    int code;

    reader.has_marks = *path == '\0';
    NB_TRY(nb_config_intern(config, &reader.file, name));
    code = open_parser(&reader, text, n);
    if (code == NB_OK) {
        code = read_events(&reader);
    }
    if (code == NB_OK) {
        code = take_root(&reader, &root);
    }
    if (code == NB_OK) {
        code = nb_config_merge(config, path, root);
    }
    nb_node_free(root);
    close_reader(&reader);
    return code;
}
