#include "tests/shared_data.h"

#include "bench/calendar.h"
#include "bench/purchase_log.h"
#include "core/memory.h"

static int parse(nb_purchase_log_t *log, const char *text, nb_purchase_options_t options)
{
    return nb_purchase_log_parse(log, "log.csv", text, strlen(text), &options);
}

/* refused, with this code and these words */
static void check_refused(const char *text, nb_purchase_options_t options, int code,
                          const char *words)
{
    nb_purchase_log_t log;

    assert_fails(parse(&log, text, options), code, words);
    nb_purchase_log_free(&log);
}

static void test_calendar_reads_existing_days_only(void **state)
{
    (void)state;
    long day = -1;
    char text[NB_DATE_SIZE];

    assert_true(nb_date_parse("1970-01-01", "%Y-%m-%d", &day));
    assert_int_equal(day, 0);
    assert_true(nb_date_parse("20000229", "%Y%m%d", &day));
    assert_int_equal(day, 11016);
    nb_date_write(day, text);
    assert_string_equal(text, "2000-02-29");
    assert_true(nb_date_parse("1969-12-31 23:59:59", "%Y-%m-%d %T", &day));
    assert_int_equal(day, -1);
    assert_false(nb_date_parse("19000229", "%Y%m%d", &day));
    assert_false(nb_date_parse("1997111", "%Y%m%d", &day));
    assert_false(nb_date_parse("1997-01-01x", "%Y-%m-%d", &day));
    assert_false(nb_date_parse("1797-01-01", "%Y-%m-%d", &day));
    assert_false(nb_date_parse("", "%Y-%m-%d", &day));
}

/* days 0, 7, 7, 14 (calibration ends on day 20), 28, 28, 30; times in weeks */
static const char three_customers[] = "customer,date,spend\n"
                                      "b,2020-01-01,10\n"
                                      "b,2020-01-08,4\n"
                                      "b,2020-01-08,6\n"
                                      "b,2020-01-15,20\n"
                                      "b,2020-01-29,1\n"
                                      "b,2020-01-29,1\n"
                                      "b,2020-01-31,1\n"
                                      "a,2020-01-15,7\n"
                                      "c,2020-01-22,7\n";

static void test_purchase_log_counts_repeat_days(void **state)
{
    (void)state;
    nb_purchase_log_t log;

    assert_ok(
        parse(&log, three_customers, (nb_purchase_options_t){.calibration_end = "2020-01-21"}));
    assert_int_equal(log.n, 2);
    assert_int_equal(log.n_late, 1);
    assert_non_null(strstr(log.notes, "1 customers left out"));
    assert_string_equal(log.buyers[0].id, "b");
    assert_close(log.buyers[0].history.x, 2, 0, 0);
    assert_close(log.buyers[0].history.t_x, 2, 0, 0);
    assert_close(log.buyers[0].history.T, 20. / 7, 1e-15, 0);
    assert_close(log.buyers[0].spend, 15, 0, 0);
    assert_close(log.buyers[0].holdout, 2, 0, 0);
    assert_string_equal(log.buyers[1].id, "a");
    assert_close(log.buyers[1].history.x, 0, 0, 0);
    assert_close(log.buyers[1].history.t_x, 0, 0, 0);
    assert_close(log.buyers[1].history.T, 6. / 7, 1e-15, 0);
    assert_close(log.buyers[1].birth, 2, 0, 0);
    assert_close(log.buyers[1].spend, 0, 0, 0);
    assert_close(nb_purchase_log_holdout(&log), 10. / 7, 1e-15, 0);
    nb_purchase_log_free(&log);
    nb_purchase_log_free(&log);
}

static void test_purchase_log_without_calibration_end_has_no_holdout(void **state)
{
    (void)state;
    nb_purchase_log_t log;

    assert_ok(parse(&log, three_customers, (nb_purchase_options_t){.in_days = 1}));
    assert_int_equal(log.n, 3);
    assert_false(log.has_holdout);
    assert_close(log.buyers[0].history.x, 4, 0, 0);
    assert_close(log.buyers[0].history.t_x, 30, 0, 0);
    assert_close(log.buyers[0].spend, 33. / 4, 1e-15, 0);
    assert_close(nb_purchase_log_holdout(&log), 0, 0, 0);
    nb_purchase_log_free(&log);
    /* observed for longer than anyone bought */
    assert_ok(
        parse(&log, three_customers, (nb_purchase_options_t){.calibration_end = "2020-02-05"}));
    assert_false(log.has_holdout);
    assert_close(log.buyers[0].history.T, 5, 0, 0);
    nb_purchase_log_free(&log);
}

/* the same purchases in other clothes */
static void test_purchase_log_reads_many_kinds_of_text(void **state)
{
    (void)state;
    const char *const texts[] = {
        "k1,2020-01-01,5\nk1,2020-01-15,7.5\nk2,2020-01-08,1\n",
        "\xef\xbb\xbfk1;20200101;5\r\nk1;20200115;7.5\r\nk2;20200108;1",
        "k1\t2020/01/01\t5\n\nk1\t2020/01/15\t7.5\nk2\t2020/01/08\t1\n\n",
        " k1   x 20200101  2    5.00\n k1   x 20200115  1    7.50 \n k2   y 20200108  1 1\n",
        "Amount,Customer_ID,Order_Date\n5,k1,01.01.2020\n7.5,k1,15.01.2020\n1,k2,08.01.2020\n",
        ("\"k1\",\"2020-01-01 10:00:00\",\"5\"\n\"k1\",\"2020-01-15 00:00:01\",\"7.5\"\n"
         "\"k2\",\"2020-01-08 23:59:59\", 1 \n"),
        "k1,15/01/2020,7.5\nk1,01/01/2020,5\nk2,08/01/2020,1\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        nb_purchase_log_t log;

        assert_ok(parse(&log, texts[i], (nb_purchase_options_t){0}));
        assert_int_equal(log.n, 2);
        assert_string_equal(log.buyers[0].id, "k1");
        assert_close(log.buyers[0].history.x, 1, 0, 0);
        assert_close(log.buyers[0].history.t_x, 2, 0, 0);
        assert_close(log.buyers[0].spend, 7.5, 0, 0);
        assert_close(log.buyers[1].history.T, 1, 0, 0);
        assert_non_null(strstr(log.notes, "guessed: delimiter"));
        assert_non_null(strstr(log.notes, "guessed: date format"));
        assert_int_equal(strstr(log.notes, "sorted") != NULL, i == 6);
        nb_purchase_log_free(&log);
    }
}

static void test_purchase_log_takes_columns_as_said(void **state)
{
    (void)state;
    const char *text = "who,when,n,what\nu,2020-01-01,3,1\nu,2020-01-02,4,2\n";
    nb_purchase_log_t log;

    assert_ok(parse(&log, text,
                    (nb_purchase_options_t){.columns = "customer=who,date=2,spend=what",
                                            .date_format = "%Y-%m-%d"}));
    assert_close(log.buyers[0].spend, 2, 0, 0);
    assert_string_equal(log.notes, "");
    nb_purchase_log_free(&log);
    assert_ok(parse(&log, text, (nb_purchase_options_t){.columns = "customer=1,date=when"}));
    assert_false(log.has_spend);
    nb_purchase_log_free(&log);
}

static void test_purchase_log_refuses_bad_rows_with_their_line(void **state)
{
    (void)state;
    const nb_purchase_options_t guess = {0};
    const nb_purchase_options_t said = {.columns = "customer=1,date=2,spend=3"};
    const nb_purchase_options_t format = {.date_format = "%Y-%m-%d"};

    check_refused("a,2020-01-01,1\nb,2020-02-30,1\n", format, NB_ERR_DATA,
                  "log.csv:2: \"2020-02-30\" is no date in the format %Y-%m-%d");
    check_refused("a,2020-01-01,1\nb,yesterday,1\n", said, NB_ERR_DATA,
                  "log.csv:2: \"yesterday\" is no date in the format %Y-%m-%d");
    check_refused("a,today,1\nb,yesterday,1\n", said, NB_ERR_DATA,
                  "log.csv:1: column 2 (\"today\") holds no dates");
    check_refused("a,2020-01-01,1\nb,2020-01-02,-5\n", guess, NB_ERR_DATA,
                  "log.csv:2: spend -5 is negative");
    check_refused("a,2020-01-01,1\nb,2020-01-02,$5\n", guess, NB_ERR_DATA,
                  "log.csv:2: column 3 is \"$5\", expected a number");
    check_refused("a,2020-01-01,1\nb,2020-01-02,nan\n", guess, NB_ERR_DATA, "log.csv:2: column 3");
    check_refused("a,2020-01-01,1\nb,2020-01-02,1e999\n", guess, NB_ERR_DATA, "log.csv:2: column");
    check_refused("a,2020-01-01,1\n\nb,2020-01-02\n", guess, NB_ERR_DATA,
                  "log.csv:3: 2 columns where the first row has 3");
    check_refused("a,2020-01-01,1\n,2020-01-02,1\n", guess, NB_ERR_DATA,
                  "log.csv:2: the customer is empty");
    check_refused("a,2020-01-01,1\n\"b,2020-01-02,1\n", guess, NB_ERR_DATA,
                  "log.csv:2: a quote is not closed");
    check_refused("customer,date,spend\na,2020-01-01,1\ncustomer,date,spend\n", format, NB_ERR_DATA,
                  "log.csv:3: \"date\" is no date");
    check_refused("a,03/04/2020,1\nb,05/06/2020,1\n", guess, NB_ERR_DATA,
                  "can be read by %d/%m/%Y and by %m/%d/%Y: say which by --date-format");
}

static void test_purchase_log_refuses_what_is_no_log(void **state)
{
    (void)state;
    const nb_purchase_options_t guess = {0};
    const char binary[] = "a,2020-01-01,1\nb,\0\1\2,3\n";
    nb_purchase_log_t log;

    check_refused("", guess, NB_ERR_DATA, "log.csv: the file is empty");
    check_refused("\n \n\t\n", guess, NB_ERR_DATA, "log.csv: the file is empty");
    check_refused("customer,date,spend\n", guess, NB_ERR_DATA, "log.csv: a header and no rows");
    check_refused("customer,date,Date\na,2020-01-01,1\n", guess, NB_ERR_DATA,
                  "log.csv:1: column \"Date\" stands twice");
    check_refused("customer,spend\na,1\n", guess, NB_ERR_DATA,
                  "log.csv:1: no column for date was found");
    check_refused("a,b,c\n1,2,3\n", guess, NB_ERR_DATA, "no column for customer was found");
    check_refused("1\n2\n", guess, NB_ERR_DATA, "no column for date was found");
    assert_fails(nb_purchase_log_parse(&log, "log.csv", binary, sizeof binary - 1, &guess),
                 NB_ERR_DATA, "log.csv:2: byte 0x00: this is no text file");
    nb_purchase_log_free(&log);
    assert_fails(nb_purchase_log_read(&log, "/nonexistent/log.csv", &guess), NB_ERR_NOT_FOUND,
                 "/nonexistent/log.csv: cannot be read");
    nb_purchase_log_free(&log);
    assert_fails(nb_purchase_log_read(&log, "/", &guess), NB_ERR_FORMAT, "/: ");
    nb_purchase_log_free(&log);
}

static void test_purchase_log_refuses_wrong_options(void **state)
{
    (void)state;
    const char *text = "a,2020-01-05,1\nb,2020-01-06,1\n";

    check_refused(text, (nb_purchase_options_t){.columns = "customer=1,date=9"}, NB_ERR_USAGE,
                  "--columns date=9: there is no such column, expected 1 to 3");
    check_refused(text, (nb_purchase_options_t){.columns = "customer=1,date"}, NB_ERR_USAGE,
                  "\"date\" is not NAME=COLUMN");
    check_refused(text, (nb_purchase_options_t){.columns = "customer=1,when=2"}, NB_ERR_USAGE,
                  "unknown name \"when\", expected customer, date, spend");
    check_refused(text, (nb_purchase_options_t){.columns = "date=2,date=2"}, NB_ERR_USAGE,
                  "date stands twice");
    check_refused(text, (nb_purchase_options_t){.columns = "date=2"}, NB_ERR_DATA,
                  "no column for customer");
    check_refused(text, (nb_purchase_options_t){.calibration_end = "soon"}, NB_ERR_USAGE,
                  "--calibration-end: \"soon\" is no date");
    check_refused(text, (nb_purchase_options_t){.calibration_end = "2020-01-04"}, NB_ERR_DATA,
                  "the first purchase, 2020-01-05, is after the calibration's end");
    check_refused(text, (nb_purchase_options_t){.is_rfm = 1, .date_format = "%d"}, NB_ERR_USAGE,
                  "--rfm reads a summary without dates");
}

static void test_purchase_log_reads_a_summary(void **state)
{
    (void)state;
    const char *const texts[] = {"ID,x,t_x,T,zbar\n1,2,30.43,38.86,22.35\n2,0,0,38.86,5\n",
                                 "1,2,30.43,38.86,22.35\n2,0,0,38.86,0\n",
                                 ("age frequency customer recency spend\n"
                                  "38.86 2 1 30.43 22.35\n38.86 0 2 0 0\n")};

    for (size_t i = 0; i < 3; i++) {
        nb_purchase_log_t log;

        assert_ok(parse(&log, texts[i], (nb_purchase_options_t){.is_rfm = 1}));
        assert_int_equal(log.n, 2);
        assert_true(log.has_spend && !log.has_dates && !log.has_holdout);
        assert_close(log.buyers[0].history.x, 2, 0, 0);
        assert_close(log.buyers[0].history.t_x, 30.43, 0, 0);
        assert_close(log.buyers[0].history.T, 38.86, 0, 0);
        assert_close(log.buyers[0].spend, 22.35, 0, 0);
        assert_close(log.buyers[1].spend, 0, 0, 0);
        nb_purchase_log_free(&log);
    }
}

static void test_purchase_log_refuses_bad_summaries(void **state)
{
    (void)state;
    const nb_purchase_options_t rfm = {.is_rfm = 1};

    check_refused("1,2,3,4\n2,1.5,3,4\n", rfm, NB_ERR_DATA, "log.csv:2: frequency 1.5");
    check_refused("1,-1,3,4\n", rfm, NB_ERR_DATA, "log.csv:1: frequency -1");
    check_refused("1,1,5,4\n", rfm, NB_ERR_DATA, "log.csv:1: recency 5, expected 0 to the age, 4");
    check_refused("1,0,3,4\n", rfm, NB_ERR_DATA, "frequency 0 with recency 3");
    check_refused("1,1,0,4\n", rfm, NB_ERR_DATA, "frequency 1 with recency 0");
    check_refused("1,x,3,4\n", rfm, NB_ERR_DATA, "column 2 is \"x\", expected a whole number");
    check_refused("1,1,3\n", rfm, NB_ERR_DATA, "no column for age was found");
    check_refused("1,1,3,4,-2\n", rfm, NB_ERR_DATA, "spend -2 is negative");
    check_refused("7,1,3,4\n8,1,3,4\n7,1,3,4\n", rfm, NB_ERR_DATA,
                  "log.csv:3: customer \"7\" stands twice, first on line 1");
}

static void test_purchase_log_survives_failing_memory(void **state)
{
    (void)state;
    nb_purchase_log_t log;
    uint64_t before = nb_alloc_count(), n;

    assert_ok(parse(&log, three_customers, (nb_purchase_options_t){0}));
    nb_purchase_log_free(&log);
    n = nb_alloc_count() - before;
    assert_true(n > 3);
    for (uint64_t i = 1; i <= n; i++) {
        nb_alloc_fail_at(i);
        assert_int_equal(parse(&log, three_customers, (nb_purchase_options_t){0}), NB_ERR_MEMORY);
        nb_alloc_fail_at(0);
        nb_purchase_log_free(&log);
    }
}

/* 2,357 customers, 6,919 rows; 1,411 never bought again in 39 weeks */
static void test_purchase_log_reads_cdnow_without_being_told(void **state)
{
    (void)state;
    nb_purchase_log_t log;
    char path[1024];
    size_t once = 0;

    if (!find_shared_data("CDNOW_sample.txt", path, sizeof path)) {
        skip();
    }
    assert_ok(
        nb_purchase_log_read(&log, path, &(nb_purchase_options_t){.calibration_end = "19970930"}));
    assert_int_equal(log.table.n_rows, 6919);
    assert_int_equal(log.n, 2357);
    assert_int_equal(log.n_late, 0);
    assert_string_equal(log.buyers[0].id, "00004");
    assert_close(log.buyers[0].history.T, 272. / 7, 1e-15, 0);
    assert_close(log.buyers[0].spend, 22.345, 1e-12, 0);
    for (size_t i = 0; i < log.n; i++) {
        once += log.buyers[i].history.x == 0;
    }
    assert_int_equal(once, 1411);
    nb_purchase_log_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calendar_reads_existing_days_only),
        cmocka_unit_test(test_purchase_log_counts_repeat_days),
        cmocka_unit_test(test_purchase_log_without_calibration_end_has_no_holdout),
        cmocka_unit_test(test_purchase_log_reads_many_kinds_of_text),
        cmocka_unit_test(test_purchase_log_takes_columns_as_said),
        cmocka_unit_test(test_purchase_log_refuses_bad_rows_with_their_line),
        cmocka_unit_test(test_purchase_log_refuses_what_is_no_log),
        cmocka_unit_test(test_purchase_log_refuses_wrong_options),
        cmocka_unit_test(test_purchase_log_reads_a_summary),
        cmocka_unit_test(test_purchase_log_refuses_bad_summaries),
        cmocka_unit_test(test_purchase_log_survives_failing_memory),
        cmocka_unit_test(test_purchase_log_reads_cdnow_without_being_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
