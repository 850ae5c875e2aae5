#include "core/rng.h"

#include <gsl/gsl_rng.h>

#include "tests/testlib.h"

/* known answers of philox4x32 with 10 rounds: kat_vectors of Random123 (Salmon et al. 2011) */
static void test_block_known_answers(void **state)
{
    static const struct {
        nb_key_t key;
        nb_counter_t counter;
        uint32_t words[4];
    } known[] = {
        {{0, 0}, {0, 0, 0, 0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff, 0xffff, 0xffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0xa4093822, 0x299f31d0},
         {0x243f6a88, 0x85a308d3, 0x1319, 0x8a2e, 0x03707344},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t words[4];

        nb_rng_block(known[i].key, known[i].counter, words);
        assert_memory_equal(words, known[i].words, sizeof words);
    }
}

/* many rows, or many blocks, at a time give the words of one at a time */
static void test_blocks_and_runs_equal_single_blocks(void **state)
{
    enum { N = 21 }; /* not a multiple of any vector's length */
    const nb_key_t key = {7, 3};
    const nb_counter_t counter = {11, 12, 13, 14, 0xfffffffau}; /* the block wraps around */
    uint32_t luck[N], rows[4 * N], run[4 * N], words[4];

    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        luck[i] = i * i + 5;
    }
    nb_rng_blocks(key, counter, luck, N, rows);
    nb_rng_run(key, counter, N, run);
    for (uint32_t i = 0; i < N; i++) {
        nb_counter_t row = counter, next = counter;

        row.luck = luck[i];
        nb_rng_block(key, row, words);
        for (size_t w = 0; w < 4; w++) {
            assert_int_equal(rows[w * N + i], words[w]);
        }
        next.block += i;
        nb_rng_block(key, next, words);
        assert_memory_equal(run + (size_t)4 * i, words, sizeof words);
    }
}

static void test_uniforms_stay_inside_their_interval(void **state)
{
    (void)state;
    assert_close(nb_rng_uniform(0), 0x1p-33, 0, 0);
    assert_close(nb_rng_uniform(0xffffffff), 1 - 0x1p-33, 0, 0);
    assert_close(nb_rng_uniform53(0, 0), 0x1p-54, 0, 0);
    assert_close(nb_rng_uniform53(0xffffffff, 0xffffffff), 1, 0, 0);
    assert_close(nb_rng_uniform53(0x80000000, 0), 0.5, 0x1p-52, 0);
}

/* Box & Muller: radius sqrt(-2 ln u), angle 2 pi v */
static void test_normal_pair_known_answer(void **state)
{
    double pair[2], four[4];
    uint32_t words[4];

    (void)state;
    nb_rng_normal_pair(0x7fffffff, 0x3fffffff, pair); /* u = 1/2, v = 1/4 */
    assert_close(pair[0], 0, 0, 1e-8);
    assert_close(pair[1], sqrt(2 * log(2)), 1e-8, 0);
    nb_rng_block((nb_key_t){1, 2}, (nb_counter_t){3, 4, 5, 6, 7}, words);
    nb_rng_normal4((nb_key_t){1, 2}, (nb_counter_t){3, 4, 5, 6, 7}, four);
    nb_rng_normal_pair(words[2], words[3], pair);
    assert_true(four[2] == pair[0] && four[3] == pair[1]);
}

static void test_stream_counts_its_blocks_up(void **state)
{
    const nb_key_t key = {1, 0};
    nb_counter_t counter = {.luck = 9, .purpose = 2};
    nb_stream_t stream;
    uint32_t words[4];

    (void)state;
    nb_stream_init(&stream, key, counter);
    for (unsigned i = 0; i < 12; i++) {
        counter.block = i / 4;
        nb_rng_block(key, counter, words);
        assert_int_equal(nb_stream_next(&stream), words[i % 4]);
    }
    counter.block = 3;
    nb_rng_block(key, counter, words);
    assert_close(nb_stream_uniform(&stream), nb_rng_uniform(words[0]), 0, 0);
    assert_close(0.5 * erfc(-nb_stream_normal(&stream) / sqrt(2)), nb_rng_uniform(words[1]), 1e-12,
                 0);
}

static void test_gsl_type_draws_from_the_stream(void **state)
{
    nb_stream_t stream, same, *borrowed = &stream;
    gsl_rng rng = {.type = nb_rng_gsl_type(), .state = &borrowed};

    (void)state;
    nb_stream_init(&stream, (nb_key_t){5, 0}, (nb_counter_t){0});
    same = stream;
    assert_int_equal(gsl_rng_get(&rng), nb_stream_next(&same));
    assert_close(gsl_rng_uniform(&rng), nb_stream_uniform(&same), 0, 0);
    gsl_rng_set(&rng, 5);
    nb_stream_init(&same, (nb_key_t){5, 0}, (nb_counter_t){0});
    assert_int_equal(gsl_rng_get(&rng), nb_stream_next(&same));
}

/* the 24 high bits of 20,000 hashes: 11.9 pairs are expected to be equal, Poisson, so 40 or more
 * are a false alarm with probability 2e-10 */
static void test_hash_keeps_arrivals_apart(void **state)
{
    enum { N = 20000 };
    static unsigned char seen[1 << 24];
    unsigned n_equal = 0;

    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        uint32_t hash = nb_rng_hash(i % 100, i / 100) >> 8;

        n_equal += seen[hash];
        seen[hash] = 1;
    }
    assert_true(n_equal < 40);
    assert_true(nb_rng_hash(1, 2) != nb_rng_hash(2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block_known_answers),
        cmocka_unit_test(test_blocks_and_runs_equal_single_blocks),
        cmocka_unit_test(test_uniforms_stay_inside_their_interval),
        cmocka_unit_test(test_normal_pair_known_answer),
        cmocka_unit_test(test_stream_counts_its_blocks_up),
        cmocka_unit_test(test_gsl_type_draws_from_the_stream),
        cmocka_unit_test(test_hash_keeps_arrivals_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
