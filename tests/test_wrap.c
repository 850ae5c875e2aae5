#include "core/wrap.h"

#include <string.h>

#include "tests/testlib.h"

/* what nb_wrap prints, in a static text */
static const char *wrap(const char *text, int column, int indent)
{
    static char out[4096];
    FILE *file = tmpfile();
    size_t n;

    assert_non_null(file);
    nb_wrap(text, column, indent, file);
    rewind(file);
    n = fread(out, 1, sizeof out - 1, file);
    out[n] = '\0';
    fclose(file);
    return out;
}

static void test_wrap_keeps_short_text(void **state)
{
    (void)state;
    assert_string_equal(wrap("", 0, 4), "");
    assert_string_equal(wrap("one  two ", 10, 4), "one two");
}

static void test_wrap_fills_lines_to_the_last_column(void **state)
{
    char text[300], expected[300];

    (void)state;
    /* 49 + 1 + 50 characters fill a line from column 0; from column 1 on they do not fit */
    memset(text, 'a', 49);
    text[49] = ' ';
    memset(text + 50, 'b', 50);
    text[100] = '\0';
    assert_string_equal(wrap(text, 0, 2), text);
    snprintf(expected, sizeof expected, "%.49s\n  %s", text, text + 50);
    assert_string_equal(wrap(text, 1, 2), expected);
}

static void test_wrap_counts_characters_not_bytes(void **state)
{
    char text[300] = "";

    (void)state;
    for (int i = 0; i < 98; i++) {
        strcat(text, "\u00e9");
    }
    strcat(text, " x");
    assert_string_equal(wrap(text, 0, 0), text);
}

static void test_wrap_leaves_long_words_whole(void **state)
{
    char text[300];

    (void)state;
    memset(text, 'a', 150);
    strcpy(text + 150, " b");
    assert_non_null(strstr(wrap(text, 20, 3), "aaa\n   b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrap_keeps_short_text),
        cmocka_unit_test(test_wrap_fills_lines_to_the_last_column),
        cmocka_unit_test(test_wrap_counts_characters_not_bytes),
        cmocka_unit_test(test_wrap_leaves_long_words_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
