#include "core/normals.h"
#include "core/rng.h"
#include "tests/testlib.h"

/* words spread over the whole range, and those at the ends of it */
static uint32_t word_at(uint32_t i)
{
    static const uint32_t ends[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 1000};

    return i < 8 ? ends[i] : i * 42949u;
}

static void test_normals_equal_the_inverse_of_the_distribution(void **state)
{
    enum { N = 100000 };
    static uint32_t words[N];
    static float z[N];

    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        words[i] = word_at(i);
    }
    nb_normals(words, N, z);
    for (uint32_t i = 0; i < N; i++) {
        double p = ((double)(words[i] & 0x7fffffffu) + 0.5) * 0x1p-31;
        double size = fabs((double)z[i]);
        /* the error of p over the density is the error of z */
        double density = 2.0 * exp(-0.5 * size * size) / sqrt(2.0 * acos(-1.0));

        double allowed = size < 5.4 ? 1e-6 * (1.0 + size) : 3e-3;

        assert_close((erfc(size / sqrt(2.0)) - p) / density, 0.0, 0, allowed);
        assert_true(size < 1e-6 || (words[i] >> 31) == (z[i] < 0.0f));
    }
}

/* 400,000 normals: mean, variance, third and fourth moment within 5 standard errors (sqrt(1, 2, 15,
 * 96) / n; false alarm 6e-7 each, fixed seed) */
static void test_normals_have_the_moments(void **state)
{
    enum { N = 400000 };
    static uint32_t words[N];
    static float z[N];
    double moment[4] = {0};
    nb_stream_t stream;

    (void)state;
    nb_stream_init(&stream, (nb_key_t){3, 0}, (nb_counter_t){0});
    for (int i = 0; i < N; i++) {
        words[i] = nb_stream_next(&stream);
    }
    nb_normals(words, N, z);
    for (int i = 0; i < N; i++) {
        for (int m = 0; m < 4; m++) {
            moment[m] += pow((double)z[i], m + 1) / N;
        }
    }
    assert_close(moment[0], 0.0, 0, 5.0 * sqrt(1.0 / N));
    assert_close(moment[1], 1.0, 0, 5.0 * sqrt(2.0 / N));
    assert_close(moment[2], 0.0, 0, 5.0 * sqrt(15.0 / N));
    assert_close(moment[3], 3.0, 0, 5.0 * sqrt(96.0 / N));
}

static void test_normals_do_not_depend_on_the_block(void **state)
{
    uint32_t words[100];
    float whole[100], part[100];

    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        words[i] = word_at(i + 3) * 2654435761u;
    }
    nb_normals(words, 100, whole);
    for (size_t i = 0; i < 100; i += 3) {
        nb_normals(words + i, i + 3 < 100 ? 3 : 100 - i, part + i);
    }
    assert_memory_equal(whole, part, sizeof whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normals_equal_the_inverse_of_the_distribution),
        cmocka_unit_test(test_normals_have_the_moments),
        cmocka_unit_test(test_normals_do_not_depend_on_the_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
