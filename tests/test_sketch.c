/* The running quantile: within its relative error, for any order of scores, fading. */
#include "policies/sketch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/rng.h"
#include "tests/testlib.h"

enum { N = 5000 };

static int compare_down(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x < y) - (x > y);
}

/* scores of four shapes: positive over decades, of both signs, a probability, negative */
static void fill(double *scores, int shape)
{
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){7, (uint32_t)shape}, (nb_counter_t){0});
    for (int i = 0; i < N; i++) {
        double z = nb_stream_normal(&stream);

        scores[i] = shape == 0   ? exp(2.0 * z)
                    : shape == 1 ? 3.0 + 10.0 * z
                    : shape == 2 ? 1.0 / (1.0 + exp(-z))
                                 : -exp(z);
    }
}

static void check_shape(nb_sketch_t *sketch, int shape, double share)
{
    double scores[N], exact, taken = 0.0;

    fill(scores, shape);
    memset(sketch, 0, sizeof *sketch);
    nb_sketch_init(sketch, share, 0.0);
    for (int i = 0; i < N; i++) {
        nb_sketch_add(sketch, 0, scores[i]);
    }
    nb_sketch_end_period(sketch);
    qsort(scores, N, sizeof *scores, compare_down);
    exact = scores[(int)ceil(share * N) - 1];
    assert_close(nb_sketch_threshold(sketch), exact, 0.01 * (1 + 1e-9), 1e-4);
    for (int i = 0; i < N; i++) {
        double p = nb_sketch_take(sketch, 1, scores[i]);

        taken += p;
        assert_true(i == 0 || p <= nb_sketch_take(sketch, 1, scores[i - 1]));
        if (fabs(scores[i] - exact) > 0.0203 * fabs(exact) + 1e-4) {
            assert_close(p, scores[i] > exact, 0, 0);
        }
    }
    assert_close(taken, share * N, 1e-9, 0);
}

/* no chance in it: the error is a bound, not an expectation */
static void test_sketch_knows_quantiles_within_one_percent(void **state)
{
    static const double shares[] = {0.01, 0.05, 0.3, 0.5, 0.9, 1.0};
    nb_sketch_t *sketch = NULL;

    (void)state;
    assert_ok(nb_alloc(&sketch, 1, sizeof *sketch));
    for (int shape = 0; shape < 4; shape++) {
        for (int s = 0; s < 6; s++) {
            check_shape(sketch, shape, shares[s]);
        }
    }
    nb_free(sketch);
}

static void test_sketch_does_not_depend_on_the_order(void **state)
{
    nb_sketch_t *sketches = NULL;
    double scores[N];

    (void)state;
    assert_ok(nb_alloc(&sketches, 2, sizeof *sketches));
    for (int s = 0; s < 2; s++) {
        fill(scores, 0);
        if (s) {
            qsort(scores, N, sizeof *scores, compare_down);
        }
        nb_sketch_init(sketches + s, 0.3, 0.5);
        for (int i = 0; i < N; i++) {
            nb_sketch_add(sketches + s, 0, scores[i]);
        }
        nb_sketch_end_period(sketches + s);
    }
    assert_memory_equal(sketches, sketches + 1, sizeof *sketches);
    nb_free(sketches);
}

static void test_sketch_takes_the_share_of_equals_and_of_nothing_seen(void **state)
{
    nb_sketch_t *sketch = NULL;

    (void)state;
    assert_ok(nb_alloc(&sketch, 1, sizeof *sketch));
    nb_sketch_init(sketch, 0.3, 0.5);
    assert_close(nb_sketch_take(sketch, 1, 5.0), 0.3, 0, 0);
    nb_sketch_end_period(sketch);
    assert_close(nb_sketch_take(sketch, 1, 5.0), 0.3, 0, 0);
    for (int i = 0; i < 50; i++) {
        nb_sketch_add(sketch, 0, 5.0);
        nb_sketch_add(sketch, 0, 0.0);
    }
    nb_sketch_end_period(sketch);
    assert_close(nb_sketch_take(sketch, 1, 5.0), 0.6, 1e-12, 0);
    assert_close(nb_sketch_take(sketch, 1, 6.0), 1.0, 0, 0);
    assert_close(nb_sketch_take(sketch, 1, 1e-5), 0.0, 0, 0);
    /* a period in which nobody came changes nothing */
    nb_sketch_end_period(sketch);
    assert_close(nb_sketch_take(sketch, 1, 5.0), 0.6, 1e-12, 0);
    nb_free(sketch);
}

/* 100 scores of 1, then 100 of 10: with what weight the old ones count */
static void test_sketch_forgets_as_it_is_told(void **state)
{
    static const struct {
        double keep, take_1, take_10;
    } cases[] = {{0.0, 0.0, 0.75}, {0.5, 0.25, 1.0}, {1.0, 0.5, 1.0}};
    nb_sketch_t *sketch = NULL;

    (void)state;
    assert_ok(nb_alloc(&sketch, 1, sizeof *sketch));
    for (int c = 0; c < 3; c++) {
        memset(sketch, 0, sizeof *sketch);
        nb_sketch_init(sketch, 0.75, cases[c].keep);
        for (int i = 0; i < 200; i++) {
            nb_sketch_add(sketch, i / 100 - 1, i < 100 ? 1.0 : 10.0);
            if (i % 100 == 99) {
                nb_sketch_end_period(sketch);
            }
        }
        assert_close(nb_sketch_take(sketch, 1, 1.0), cases[c].take_1, 1e-12, 0);
        assert_close(nb_sketch_take(sketch, 1, 10.0), cases[c].take_10, 1e-12, 0);
    }
    nb_free(sketch);
}

/* without an end of the period: what was seen of it counts two periods later, the same for all rows
 * of the period between */
static void test_sketch_goes_on_where_nobody_closes_periods(void **state)
{
    nb_sketch_t *sketch = NULL;

    (void)state;
    assert_ok(nb_alloc(&sketch, 1, sizeof *sketch));
    nb_sketch_init(sketch, 0.5, 0.0);
    for (int32_t period = 0; period < 6; period++) {
        for (int i = 0; i < 100; i++) {
            double score = (period + 1) * (i < 50 ? 1.0 : 1.5);

            if (period < 2) {
                assert_close(nb_sketch_take(sketch, period, score), 0.5, 0, 0);
            } else { /* the better half of two periods ago scored from 1.5 (period - 1) on */
                assert_close(nb_sketch_take(sketch, period, 1.55 * (period - 1)), 1.0, 0, 0);
                assert_close(nb_sketch_take(sketch, period, 1.45 * (period - 1)), 0.0, 0, 0);
            }
            nb_sketch_add(sketch, period, score);
        }
    }
    nb_free(sketch);
}

static void test_sketch_keeps_weeks_in_any_period(void **state)
{
    nb_spec_t spec = {.period_weeks = 2.0};

    (void)state;
    assert_close(nb_sketch_keep(&spec, 4.0), exp(-0.5), 1e-15, 0);
    assert_close(nb_sketch_keep(&spec, 0.0), 0.0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sketch_knows_quantiles_within_one_percent),
        cmocka_unit_test(test_sketch_does_not_depend_on_the_order),
        cmocka_unit_test(test_sketch_takes_the_share_of_equals_and_of_nothing_seen),
        cmocka_unit_test(test_sketch_forgets_as_it_is_told),
        cmocka_unit_test(test_sketch_goes_on_where_nobody_closes_periods),
        cmocka_unit_test(test_sketch_keeps_weeks_in_any_period),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
