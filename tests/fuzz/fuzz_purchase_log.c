/*
 * Fuzzing of the reader of purchase logs and summaries. Whatever the bytes, it answers with
 * customers whose histories make sense, or with a sentence.
 */
#include <math.h>

#include "bench/purchase_log.h"
#include "tests/fuzz/driver.h"

const char fuzz_tokens[] = "\n\n\r\t ,,;\"\"-.0123456789axe";

static void check_customers(const nb_purchase_log_t *log)
{
    require(log->n > 0, "a log without customers");
    for (size_t i = 0; i < log->n; i++) {
        const nb_buyer_t *buyer = &log->buyers[i];
        const nb_history_t *history = &buyer->history;

        require(buyer->id[0] != '\0', "an empty id");
        require(history->x >= 0 && history->x == floor(history->x), "x is no count");
        require(history->t_x >= 0 && history->t_x <= history->T, "t_x is outside 0 to T");
        require((history->x > 0) == (history->t_x > 0), "x and t_x disagree");
        require(buyer->spend >= 0 && buyer->holdout >= 0, "negative spend or holdout");
    }
}

static void read_as(const uint8_t *bytes, size_t n, const nb_purchase_options_t *options)
{
    nb_purchase_log_t log;
    int code;

    nb_error_clear();
    code = nb_purchase_log_parse(&log, "fuzz", (const char *)bytes, n, options);
    if (code == NB_OK) {
        check_customers(&log);
    } else {
        require(nb_error_is_input(code) && nb_error_detail()[0], "an error without a sentence");
    }
    nb_purchase_log_free(&log);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const nb_purchase_options_t kinds[] = {
        {0}, {.is_rfm = 1}, {.calibration_end = "2020-01-10", .in_days = 1}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        read_as(bytes, n, &kinds[i]);
    }
    return 0;
}
