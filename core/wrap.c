#include "core/wrap.h"

#include <string.h>

/* characters of the first `n` bytes of UTF-8 */
static int count_characters(const char *text, size_t n)
{
    int count = 0;

    for (size_t i = 0; i < n; i++) {
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return count;
}

void nb_wrap(const char *text, int column, int indent, FILE *out)
{
    int is_first = 1;

    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t n = strcspn(text, " ");
        int width = count_characters(text, n);

        if (!is_first && column + 1 + width > NB_WRAP_COLUMNS) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (!is_first) {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, n, out);
        column += width;
        text += n;
        is_first = 0;
    }
}
