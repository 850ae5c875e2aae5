#include "bench/contrast.h"

#include <string.h>

#include "core/memory.h"

/* " - " or " + " in `text`, NULL where there is neither */
static char *find_sign(char *text)
{
    for (char *at = text; (at = strpbrk(at, "+-")); at++) {
        if (at > text && at[-1] == ' ' && at[1] == ' ') {
            return at;
        }
    }
    return NULL;
}

/* `name` without blanks around it */
static const char *trim(char *name)
{
    size_t n;

    name += strspn(name, " ");
    for (n = strlen(name); n > 0 && name[n - 1] == ' '; n--) {
        name[n - 1] = '\0';
    }
    return name;
}

static int cut(nb_contrast_t *self, const char *text)
{
    char *rest = self->names;
    int sign = 1;

    if ((*rest == '-' || *rest == '+') && rest[1] == ' ') {
        sign = *rest == '-' ? -1 : 1;
        rest += 2;
    }
    while (rest) {
        char *at = find_sign(rest);
        int next_sign = at && *at == '-' ? -1 : 1;
        nb_contrast_term_t *term = &self->terms[self->n++];

        if (at) {
            *at = '\0';
        }
        *term = (nb_contrast_term_t){sign, trim(rest)};
        if (!*term->name) {
            NB_FAIL(NB_ERR_CONFIG, "'%s', expected a strategy or a cell on each side of a sign",
                    text);
        }
        if (at && self->n == NB_CONTRAST_MAX_TERMS) {
            NB_FAIL(NB_ERR_CONFIG, "'%s', expected at most %d strategies or cells", text,
                    NB_CONTRAST_MAX_TERMS);
        }
        sign = next_sign;
        rest = at ? at + 1 : NULL;
    }
    return NB_OK;
}

int nb_contrast_init(nb_contrast_t *self, const char *text)
{
    memset(self, 0, sizeof *self);
    NB_TRY(nb_strdup(&self->names, text));
    return cut(self, text);
}

void nb_contrast_free(nb_contrast_t *self)
{
    nb_free(self->names);
    memset(self, 0, sizeof *self);
}

size_t nb_contrast_second(const nb_contrast_t *self)
{
    size_t i = 0;

    while (i < self->n && self->terms[i].sign > 0) {
        i++;
    }
    return i;
}
