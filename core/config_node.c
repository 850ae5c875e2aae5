#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config.h"

enum { PATH_SIZE = 512, WORD_SIZE = 128 };

const nb_node_t *nb_node_child(const nb_node_t *map, const char *key)
{
    if (!map || map->kind != NB_NODE_MAP) {
        return NULL;
    }
    for (const nb_node_t *child = map->child; child; child = child->next) {
        if (strcmp(child->key, key) == 0) {
            return child;
        }
    }
    return NULL;
}

/* item of a list by its number from 0, as a path writes it */
static const nb_node_t *find_item(const nb_node_t *list, const char *text)
{
    const nb_node_t *item = list->child;
    char *end;
    unsigned long i = strtoul(text, &end, 10);

    if (!isdigit((unsigned char)text[0]) || *end) {
        return NULL;
    }
    for (; item && i > 0; i--) {
        item = item->next;
    }
    return item;
}

const nb_node_t *nb_node_at(const nb_node_t *node, const char *path)
{
    char key[PATH_SIZE];

    while (node && *path) {
        size_t n = strcspn(path, ".");

        if (n >= sizeof key) {
            return NULL;
        }
        memcpy(key, path, n);
        key[n] = '\0';
        node = node->kind == NB_NODE_LIST ? find_item(node, key) : nb_node_child(node, key);
        path += n + (path[n] == '.');
    }
    return node;
}

size_t nb_node_count(const nb_node_t *node)
{
    size_t n = 0;

    for (const nb_node_t *child = node ? node->child : NULL; child; child = child->next) {
        n++;
    }
    return n;
}

static void append(char *out, size_t size, const char *format, ...) NB_PRINTF(3, 4);

/* what does not fit is cut off */
static void append(char *out, size_t size, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;

    va_start(args, format);
    vsnprintf(out + used, size - used, format, args);
    va_end(args);
}

static void append_path(const nb_node_t *node, char *out, size_t size)
{
    size_t index = 0;

    if (!node->parent) {
        return;
    }
    append_path(node->parent, out, size);
    if (node->key) {
        append(out, size, "%s%s", out[0] ? "." : "", node->key);
        return;
    }
    for (const nb_node_t *item = node->parent->child; item != node; item = item->next) {
        index++;
    }
    append(out, size, "[%zu]", index);
}

void nb_node_path(const nb_node_t *node, char *out, size_t size)
{
    NB_ASSERT(size > 0);
    out[0] = '\0';
    append_path(node, out, size);
}

int nb_node_error(int code, const nb_node_t *node, const char *format, ...)
{
    char sentence[PATH_SIZE], path[PATH_SIZE], mark[PATH_SIZE] = "";
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (!node) {
        return nb_error_set(code, "%s", sentence);
    }
    nb_node_path(node, path, sizeof path);
    if (node->file && node->line > 0) {
        snprintf(mark, sizeof mark, "%s:%d:%d: ", node->file, node->line, node->column);
    } else if (node->file) {
        snprintf(mark, sizeof mark, "%s: ", node->file);
    }
    return nb_error_set(code, "%s%s%s%s", mark, path, path[0] ? ": " : "", sentence);
}

/* "expected ..." error of a node that is not what was wanted */
static int fail_expected(const nb_node_t *node, const char *expected)
{
    if (node->kind != NB_NODE_SCALAR) {
        return nb_node_error(NB_ERR_CONFIG, node, "a %s where %s was expected",
                             node->kind == NB_NODE_MAP ? "map" : "list", expected);
    }
    if (!node->quoted && node->text[0] == '\0') {
        return nb_node_error(NB_ERR_CONFIG, node, "no value, expected %s", expected);
    }
    if (node->quoted) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "'%s' stands in quotes and so is text, expected %s", node->text,
                             expected);
    }
    return nb_node_error(NB_ERR_CONFIG, node, "'%s', expected %s", node->text, expected);
}

/* a number without blanks around it; words such as inf and nan are none */
static int parse_real(const char *text, double *out)
{
    char *end = NULL;

    if (!isdigit((unsigned char)text[strspn(text, "+-.")])) {
        return 0;
    }
    *out = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*out);
}

int nb_node_real(const nb_node_t *node, double *out)
{
    if (node->kind != NB_NODE_SCALAR || node->quoted || !parse_real(node->text, out)) {
        return fail_expected(node, "a finite number");
    }
    return NB_OK;
}

int nb_node_int(const nb_node_t *node, long long *out)
{
    double value = 0;
    char *end = NULL;

    if (node->kind != NB_NODE_SCALAR || node->quoted || !parse_real(node->text, &value)) {
        return fail_expected(node, "a whole number");
    }
    errno = 0;
    *out = strtoll(node->text, &end, 10);
    if (*end == '\0' && errno == 0) {
        return NB_OK;
    }
    /* also 1e6 and 20000.0, as far as doubles count exactly */
    if (value != floor(value) || fabs(value) > 9007199254740992.0) {
        return fail_expected(node, "a whole number");
    }
    *out = (long long)value;
    return NB_OK;
}

int nb_node_bool(const nb_node_t *node, int *out)
{
    static const char *const words[] = {"false", "true",  "no",   "yes",   "off",
                                        "on",    "False", "True", "FALSE", "TRUE"};

    if (node->kind == NB_NODE_SCALAR && !node->quoted) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            if (strcmp(node->text, words[i]) == 0) {
                *out = (int)(i % 2);
                return NB_OK;
            }
        }
    }
    return fail_expected(node, "true or false");
}

static size_t min_of_three(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* optimal string alignment: insertions, deletions, substitutions, swapped neighbors (Damerau 1964)
 */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_SIZE + 1];
    size_t n_a = strlen(a), n_b = strlen(b);

    if (n_a > WORD_SIZE || n_b > WORD_SIZE) {
        return WORD_SIZE;
    }
    for (size_t j = 0; j <= n_b; j++) {
        rows[0][j] = j;
    }
    for (size_t i = 1; i <= n_a; i++) {
        size_t *now = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];

        now[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            now[j] =
                min_of_three(now[j - 1] + 1, before[j] + 1, before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                earlier[j - 2] + 1 < now[j]) {
                now[j] = earlier[j - 2] + 1;
            }
        }
    }
    return rows[n_a % 3][n_b];
}

const char *nb_nearest(const char *word, const char *const *candidates, size_t n)
{
    const char *best = NULL;
    size_t least = WORD_SIZE;

    for (size_t i = 0; i < n; i++) {
        size_t longer = strlen(word) > strlen(candidates[i]) ? strlen(word) : strlen(candidates[i]);
        size_t distance = edit_distance(word, candidates[i]);
        size_t most = longer / 3 > 1 ? longer / 3 : 1;

        if (distance < least && distance <= most && distance < longer) {
            best = candidates[i];
            least = distance;
        }
    }
    return best;
}

static int is_among(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(word, words[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

int nb_node_check_keys(const nb_node_t *map, const char *const *allowed, size_t n)
{
    if (map && map->kind != NB_NODE_MAP) {
        return fail_expected(map, "a map of keys and values");
    }
    for (const nb_node_t *child = map ? map->child : NULL; child; child = child->next) {
        if (!is_among(child->key, allowed, n)) {
            return nb_node_unknown(child, "key", child->key, allowed, n);
        }
    }
    return NB_OK;
}

int nb_node_unknown(const nb_node_t *node, const char *kind, const char *word,
                    const char *const *candidates, size_t n)
{
    const char *nearest = nb_nearest(word, candidates, n);
    char list[PATH_SIZE] = "";

    if (nearest) {
        return nb_node_error(NB_ERR_CONFIG, node, "unknown %s '%s', did you mean '%s'?", kind, word,
                             nearest);
    }
    for (size_t i = 0; i < n && n <= 20; i++) {
        append(list, sizeof list, "%s%s", i ? ", " : "; expected one of: ", candidates[i]);
    }
    return nb_node_error(NB_ERR_CONFIG, node, "unknown %s '%s'%s", kind, word, list);
}
