#include "core/store.h"

#include <string.h>

#include "core/memory.h"
#include "core/store_file.h"
#include "core/store_keys.h"

/*
 * plan.json is JSON Lines: a line of the plan's own, then one object per cell with the texts
 * "cell" and "hash" and the list "keys". It is only ever compared with what the same program
 * writes, so texts are compared as they stand, escapes and all.
 */

/* a piece of the plan's text */
typedef struct {
    const char *start;
    size_t length;
} piece_t;

typedef struct {
    piece_t cell, hash;
    piece_t keys; /* what stands between the brackets */
} cell_line_t;

/* what follows the quoted name, a colon and blanks; NULL where the line has no such name */
static const char *find_value(piece_t line, const char *quoted_name)
{
    size_t length = strlen(quoted_name);
    const char *end = line.start + line.length;

    for (const char *at = line.start; at + length < end; at++) {
        const char *colon = at + length + strspn(at + length, " ");

        if (memcmp(at, quoted_name, length) == 0 && *colon == ':') {
            return colon + 1 + strspn(colon + 1, " ");
        }
    }
    return NULL;
}

static int read_text(piece_t *out, piece_t line, const char *quoted_name)
{
    const char *end = line.start + line.length;
    const char *start = find_value(line, quoted_name);
    const char *at;

    if (!start || start >= end || *start != '"') {
        return 0;
    }
    for (at = start + 1; at < end && *at != '"'; at++) {
        at += *at == '\\';
    }
    *out = (piece_t){start, (size_t)(at - start) + 1};
    return at < end;
}

static int read_list(piece_t *out, piece_t line, const char *quoted_name)
{
    const char *start = find_value(line, quoted_name);
    const char *end;

    if (!start || start >= line.start + line.length || *start != '[') {
        return 0;
    }
    end = memchr(start, ']', (size_t)(line.start + line.length - start));
    if (!end) {
        return 0;
    }
    *out = (piece_t){start + 1, (size_t)(end - start) - 1};
    return 1;
}

/* next line that holds a cell into *out: 1; 0 at the end of the text; NB_ERR_FORMAT */
static int next_cell(const char **text, cell_line_t *out, const char *path)
{
    while (**text) {
        piece_t line = {*text, strcspn(*text, "\n")};

        *text += line.length + ((*text)[line.length] == '\n');
        if (line.length == 0) {
            continue;
        }
        if (!read_text(&out->cell, line, "\"cell\"") || !read_text(&out->hash, line, "\"hash\"") ||
            !read_list(&out->keys, line, "\"keys\"")) {
            NB_FAIL(NB_ERR_FORMAT, "%s is damaged or no plan: a line has no cell, hash and keys",
                    path);
        }
        return 1;
    }
    return 0;
}

/* skip the line of the plan's own, which must be an object and may grow */
static int skip_head(const char **text, const char *path)
{
    size_t length = strcspn(*text, "\n");

    if ((*text)[0] != '{' || (*text)[length] != '\n') {
        NB_FAIL(NB_ERR_FORMAT, "%s is damaged or no plan: its first line is no JSON object", path);
    }
    *text += length + 1;
    return NB_OK;
}

static int is_same(piece_t a, piece_t b)
{
    return a.length == b.length && memcmp(a.start, b.start, a.length) == 0;
}

/* keys may be added at the end; a key is whole because its closing quote is part of the prefix */
static int is_prefix(piece_t old, piece_t new)
{
    return old.length <= new.length &&memcmp(old.start, new.start, old.length) == 0;
}

/* 1 where `plan` holds the cell with the same hash and at least its keys */
static int holds_cell(const char *plan, const cell_line_t *old, size_t *hint)
{
    const char *text = plan + *hint;
    cell_line_t cell;

    for (int pass = 0; pass < 2; pass++, text = plan) {
        while (next_cell(&text, &cell, "plan") == 1) {
            if (is_same(cell.cell, old->cell)) {
                *hint = (size_t)(text - plan);
                return is_same(cell.hash, old->hash) && is_prefix(old->keys, cell.keys);
            }
        }
    }
    return 0;
}

static int check_growth(const char *old_text, const char *new_text, const char *path,
                        const char *store)
{
    const char *old = old_text, *new = new_text;
    cell_line_t cell;
    size_t hint = 0;
    int found;

    NB_TRY(skip_head(&old, path));
    NB_TRY(skip_head(&new, "the new plan"));
    while ((found = next_cell(&old, &cell, path)) == 1) {
        if (!holds_cell(new, &cell, &hint)) {
            NB_FAIL(NB_ERR_EXISTS,
                    "%s holds another experiment (cell %.*s differs); use -o for another file, or "
                    "--fresh",
                    store, (int)cell.cell.length, cell.cell.start);
        }
    }
    return found;
}

/* a plan that could not be read back later must not be written */
static int check_plan(const char *text)
{
    cell_line_t cell;
    int found;

    NB_TRY(skip_head(&text, "the new plan"));
    do {
        found = next_cell(&text, &cell, "the new plan");
    } while (found == 1);
    return found;
}

static int compare_with_file(const char *plan_json, const char *path, const char *store,
                             int *is_equal)
{
    char *old = NULL;
    size_t n;
    int code = nb_file_read(&old, &n, path);

    if (code == NB_ERR_NOT_FOUND) {
        return NB_OK;
    }
    NB_TRY(code);
    code = strlen(old) == n ? check_growth(old, plan_json, path, store)
                            : nb_error_set(NB_ERR_FORMAT, "%s is damaged or no plan", path);
    *is_equal = strcmp(old, plan_json) == 0;
    nb_free(old);
    return code;
}

int nb_store_bind_plan(nb_store_t *self, const char *plan_json)
{
    char *path = NULL;
    int is_equal = 0;
    int code = check_plan(plan_json);

    NB_TRY(code);
    NB_TRY(nb_text_format(&path, "%s/plan.json", self->path));
    code = compare_with_file(plan_json, path, self->path, &is_equal);
    if (code == NB_OK && !is_equal) {
        code = nb_file_write(path, plan_json, strlen(plan_json));
    }
    nb_free(path);
    return code;
}
