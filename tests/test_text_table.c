#define _POSIX_C_SOURCE 200809L

#include "bench/text_table.h"
#include "core/memory.h"
#include "tests/testlib.h"

enum { TEXT_SIZE = 64 };

/* text that `table` prints; free it */
static char *print_table(const nb_text_table_t *table, int bold)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    nb_text_table_print(table, bold, out);
    fclose(out);
    return text;
}

static void test_text_table_aligns_columns(void **state)
{
    static const char *const cells[] = {"strategy", "value", "weekly", "1.5 ± 0.2", "no", "12"};
    nb_text_table_t table;
    char *text;

    (void)state;
    nb_text_table_init(&table, 2, 1);
    for (size_t i = 0; i < 6; i++) {
        assert_ok(nb_text_table_add(&table, "%s", cells[i]));
    }
    text = print_table(&table, 0);
    assert_string_equal(text, "strategy      value\n"
                              "weekly    1.5 ± 0.2\n"
                              "no               12\n");
    free(text);
    text = print_table(&table, 1);
    assert_true(strncmp(text, "\033[1mstrategy", 12) == 0);
    assert_non_null(strstr(text, "value\n\033[0mweekly"));
    free(text);
    nb_text_table_free(&table);
    nb_text_table_free(&table);
}

static void test_text_table_grows_and_survives_short_memory(void **state)
{
    nb_text_table_t table;

    (void)state;
    nb_text_table_init(&table, 1, 1);
    for (int i = 0; i < 64; i++) {
        assert_ok(nb_text_table_add(&table, "%d", i));
    }
    nb_alloc_fail_at(1);
    assert_int_equal(nb_text_table_add(&table, "more"), NB_ERR_MEMORY);
    nb_alloc_fail_at(2);
    assert_int_equal(nb_text_table_add(&table, "more"), NB_ERR_MEMORY);
    nb_alloc_fail_at(0);
    assert_ok(nb_text_table_add(&table, "more"));
    assert_int_equal(table.n_cells, 65);
    assert_string_equal(table.cells[64], "more");
    nb_text_table_free(&table);
}

static void check_value(double value, double se, const char *expected)
{
    char text[TEXT_SIZE];

    nb_text_value(value, se, text, sizeof text);
    assert_string_equal(text, expected);
}

static void test_text_value_has_the_digits_of_its_error(void **state)
{
    (void)state;
    check_value(12.3456, 0.123, "12.35 ± 0.12");
    check_value(12345.6, 123, "12346 ± 123");
    check_value(0.98765, 0.00012, "0.98765 ± 0.00012");
    check_value(12.3456, NAN, "12.35");
    check_value(12.3456, 0, "12.35 ± 0.00");
    check_value(0, 0, "0 ± 0");
    check_value(-0.012345, NAN, "-0.01235");
    check_value(123456, NAN, "123456");
    check_value(NAN, NAN, "-");
}

static void check_p(double p, const char *expected)
{
    char text[TEXT_SIZE];

    nb_text_p(p, text, sizeof text);
    assert_string_equal(text, expected);
}

static void test_text_p_values(void **state)
{
    (void)state;
    check_p(0.0344, "0.034");
    check_p(0.0001, "< 0.001");
    check_p(1, "1");
    check_p(NAN, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_table_aligns_columns),
        cmocka_unit_test(test_text_table_grows_and_survives_short_memory),
        cmocka_unit_test(test_text_value_has_the_digits_of_its_error),
        cmocka_unit_test(test_text_p_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
