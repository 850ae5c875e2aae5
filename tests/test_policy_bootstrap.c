/* bootstrap_ts against dense regressions of the observations as its models see them. */
#include "policies/bootstrap.h"
#include "tests/fixture_linear.h"

/* counts of 40,000 words against exp(-1) / k!, k = 0 .. 5 and more: chi-square with 6 degrees of
 * freedom, beyond 40 once in 2 million */
static void test_bootstrap_times_are_poisson_or_a_coin(void **state)
{
    enum { N = 40000 };
    double count[7] = {0}, coins = 0.0, p = exp(-1.0), left = 1.0, statistic = 0.0;
    nb_stream_t stream;

    (void)state;
    nb_stream_init(&stream, (nb_key_t){6, 6}, (nb_counter_t){0});
    for (int i = 0; i < N; i++) {
        uint32_t word = nb_stream_next(&stream);
        double times = nb_bootstrap_times(NB_BOOTSTRAP_POISSON, word);
        double coin = nb_bootstrap_times(NB_BOOTSTRAP_DOUBLE_OR_NOTHING, word);

        count[times < 6.0 ? (int)times : 6]++;
        assert_true(coin == 0.0 || coin == 2.0);
        coins += coin;
    }
    for (int k = 0; k < 7; k++) {
        double expected = N * (k < 6 ? p : left);

        statistic += pow(count[k] - expected, 2) / expected;
        left -= p;
        p /= k + 1;
    }
    assert_true(statistic < 40.0);
    assert_close(coins / N, 1.0, 0, 5.0 / sqrt(N));
}

enum { N_MODELS = 10, N_TAUGHT = 120 };

/* references of every model: the weights of row i are those of customer, period and point */
static void teach_models(fixture_t *fixture, posterior_t references[N_MODELS][K], double lambda)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, N_TAUGHT, 64);
    nb_stream_t stream;
    static double weight[N_TAUGHT];

    nb_stream_init(&stream, (nb_key_t){9, 7}, (nb_counter_t){0});
    for (size_t i = 0; i < N_TAUGHT; i++) {
        fixture->action[i] = (int32_t)(i % 5);
        fixture->reward[i] = fixture->action[i] + nb_stream_normal(&stream);
        fixture->tenure[i] = (int32_t)(i % 3); /* the periods of fixture_transitions */
        weight[i] = 1.0 + (double)(i % 2);
    }
    for (size_t at = 0; at < N_TAUGHT * N_MODELS; at++) {
        size_t i = at % N_TAUGHT;
        uint32_t b = (uint32_t)(at / N_TAUGHT), words[4];
        nb_counter_t counter = {.luck = fixture->luck[i],
                                .ordinal = (uint32_t)fixture->tenure[i],
                                .purpose = 0x8000 + NARROW,
                                .group = 0xffff,
                                .block = b / 4};
        posterior_t *reference = references[b] + fixture->action[i];
        double times;

        if (i == 0) {
            for (int k = 0; k < K; k++) {
                reference_init(references[b] + k, lambda);
            }
        }
        nb_rng_block((nb_key_t){64, 0}, counter, words);
        times = nb_bootstrap_times(NB_BOOTSTRAP_POISSON, words[b % 4]);
        reference_add_weighted(reference, fixture->x + i * D, 0.0, times * weight[i]);
        for (int j = 0; j < D; j++) {
            reference->b[j] += times * fixture->reward[i] * (double)fixture->x[i * D + (size_t)j];
        }
    }
    nb_transitions_t finished =
        fixture_transitions(fixture, &batch, fixture->action, fixture->reward);
    nb_choice_t choice = {fixture->action, NULL};

    finished.weight = weight;
    assert_ok(fixture->type->played(fixture->state, &batch, &choice));
    assert_ok(fixture->type->update(fixture->state, &finished));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

static void test_bootstrap_models_are_weighted_regressions(void **state)
{
    static posterior_t references[N_MODELS][K];
    fixture_t fixture;
    double p[20 * K], v[20];

    (void)state;
    assert_ok(fixture_start(&fixture, "bootstrap_ts",
                            "{replicates: 10, prior_sd: 0, lambda: 0.5, weights: poisson}"));
    teach_models(&fixture, references, 0.5);
    for (int at = 0; at < N_MODELS * K; at++) {
        const posterior_t *reference = references[at / K] + at % K;
        const double *mean =
            nb_ridge_mean(nb_bootstrap_model(fixture.state, at / K), NARROW, (unsigned)at % K);
        double expected[D];

        reference_solve(reference, reference->b, expected);
        for (int j = 0; j < D; j++) {
            assert_close(mean[j], expected[j], 1e-10, 1e-12);
        }
    }
    /* probabilities: the share of models whose best action is k; value: their mean predictions */
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 20, 65);

    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    assert_ok(fixture.type->value(fixture.state, &batch, v));
    for (size_t i = 0; i < 20; i++) {
        double share[K] = {0}, mean[K] = {0}, value = 0.0;

        for (int b = 0; b < N_MODELS; b++) {
            double best = -INFINITY;
            int best_k = 0;

            for (int k = 0; k < K; k++) {
                const posterior_t *reference = references[b] + k;
                double here = reference_form(reference, batch.x + i * D, reference->b);

                mean[k] += here / N_MODELS;
                if (nb_mask_allows(batch.mask, 1, i, (unsigned)k) && here > best) {
                    best = here;
                    best_k = k;
                }
            }
            share[best_k] += 1.0 / N_MODELS;
        }
        for (int k = 0; k < K; k++) {
            assert_close(p[i * K + (size_t)k], share[k], 1e-12, 1e-12);
            value += share[k] * mean[k];
        }
        assert_close(v[i], value, 1e-5, 1e-5);
    }
    fixture_free(&fixture);
}

/* Priors N(0, prior_sd^2) of 200 models and 30 weights: mean and variance within 5 standard errors
 * (false alarm 6e-7 each, fixed seed). Nothing was learned, so that the mean is the prior. */
static void test_bootstrap_priors_are_normal(void **state)
{
    fixture_t fixture;
    double sum = 0.0, square = 0.0, n = 200 * K * D;
    nb_choice_t choice = {NULL, NULL};

    (void)state;
    assert_ok(
        fixture_start(&fixture, "bootstrap_ts", "{replicates: 200, prior_sd: 0.3, lambda: 2}"));
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 5, 66);

    assert_ok(fixture.type->played(fixture.state, &batch, &choice));
    assert_ok(fixture.type->end_period(fixture.state, &fixture.arena));
    for (int b = 0; b < 200; b++) {
        for (unsigned at = 0; at < K * D; at++) {
            double w = nb_ridge_mean(nb_bootstrap_model(fixture.state, b), NARROW, at / D)[at % D];

            sum += w / 0.3;
            square += w * w / 0.09;
        }
    }
    assert_close(sum / n, 0.0, 0, 5.0 / sqrt(n));
    assert_close(square / n, 1.0, 0, 5.0 * sqrt(2.0 / n));
    fixture_free(&fixture);
}

/* 4,000 rows whose noise has sd 1, played by four actions in turn */
static void teach_many(fixture_t *fixture, posterior_t *references)
{
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){70, 7}, (nb_counter_t){0});
    for (int k = 0; k < K; k++) {
        reference_init(references + k, 1.0);
    }
    for (unsigned period = 0; period < 4; period++) {
        nb_batch_t batch = fixture_batch(fixture, NARROW, 1000, 70 + period);

        for (size_t i = 0; i < batch.n; i++) {
            fixture->tenure[i] = (int32_t)period; /* the period of the decision */
            fixture->action[i] = (int32_t)(i % 4);
            fixture->reward[i] = (double)fixture->x[i * D + 1] + nb_stream_normal(&stream);
            reference_add(references + i % 4, fixture->x + i * D, fixture->reward[i]);
        }
        nb_transitions_t finished =
            fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

        assert_ok(fixture->type->update(fixture->state, &finished));
    }
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

/* Spread of 200 models' predictions against the posterior's sd, of four actions and three contexts:
 * every ratio has a standard error of 0.05 from 200 models, and their mean one of some 0.03. */
static void test_bootstrap_spread_is_that_of_a_posterior(void **state)
{
    static const char *const settings[] = {"{replicates: 200}",
                                           "{replicates: 200, weights: double_or_nothing}"};
    static const float contexts[3][D] = {{1.0f, 0.5f, -0.5f, 0.3f, 0.1f},
                                         {1.0f, 0.0f, 1.5f, 0.0f, 0.0f},
                                         {0.0f, 0.0f, 0.0f, 1.0f, -1.0f}};

    (void)state;
    for (int at = 0; at < 2; at++) {
        posterior_t references[K];
        fixture_t fixture;
        double ratio = 0.0;

        assert_ok(fixture_start(&fixture, "bootstrap_ts", settings[at]));
        teach_many(&fixture, references);
        for (unsigned pair = 0; pair < 12; pair++) {
            const float *x = contexts[pair % 3];
            double sum = 0.0, square = 0.0;

            for (int b = 0; b < 200; b++) {
                const double *mean =
                    nb_ridge_mean(nb_bootstrap_model(fixture.state, b), NARROW, pair / 3);
                double s = 0.0;

                for (int j = 0; j < D; j++) {
                    s += mean[j] * (double)x[j];
                }
                sum += s;
                square += s * s;
            }
            ratio += sqrt((square / 200 - sum * sum / 40000) /
                          reference_variance(references + pair / 3, x)) /
                     12.0;
        }
        assert_close(ratio, 1.0, 0, 0.15);
        fixture_free(&fixture);
    }
}

/* teaching in pieces, in another order, is the same to rounding; in the same order the same bits */
static void test_bootstrap_weights_belong_to_the_decision(void **state)
{
    static posterior_t references[N_MODELS][K];
    fixture_t whole, pieces;
    static double weight[N_TAUGHT];

    (void)state;
    assert_ok(fixture_start(&whole, "bootstrap_ts", "{replicates: 10}"));
    assert_ok(fixture_start(&pieces, "bootstrap_ts", "{replicates: 10}"));
    teach_models(&whole, references, 1.0);
    nb_batch_t batch = fixture_batch(&pieces, NARROW, N_TAUGHT, 64);
    nb_choice_t choice = {whole.action, NULL};

    assert_ok(pieces.type->played(pieces.state, &batch, &choice));
    for (size_t i = 0; i < N_TAUGHT; i++) {
        nb_transitions_t one =
            fixture_transitions(&pieces, &batch, whole.action + i, whole.reward + i);

        weight[i] = 1.0 + (double)(i % 2);
        one.n = 1;
        one.x = batch.x + i * D;
        one.luck = batch.luck + i;
        one.period = whole.tenure + i;
        one.weight = weight + i;
        assert_ok(pieces.type->update(pieces.state, &one));
    }
    assert_ok(pieces.type->end_period(pieces.state, &pieces.arena));
    assert_memory_equal(whole.state, pieces.state, whole.state_size);
    fixture_free(&pieces);
    fixture_free(&whole);
}

/* one model for all rows of a period, of a customer */
static void test_bootstrap_holds_its_model(void **state)
{
    static const char *const settings[] = {"{draw: decision}", "{draw: period}",
                                           "{draw: customer}"};
    enum { N = 100, N_PERIODS = 20 };

    (void)state;
    for (int at = 0; at < 3; at++) {
        posterior_t references[K];
        fixture_t fixture;
        int32_t first[N] = {0};
        int same_row = 1, same_period = 1, same_all = 1;

        assert_ok(fixture_start(&fixture, "bootstrap_ts", settings[at]));
        teach_both(&fixture, references, 1.0);
        nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 67);
        nb_choice_t out = {fixture.action, NULL};

        for (size_t i = 0; i < N; i++) {
            memset(fixture.x + i * D, 0, D * sizeof *fixture.x);
            fixture.x[i * D] = 0.1f;
            fixture.mask[i] = 0x3f;
        }
        for (batch.period = 0; batch.period < N_PERIODS; batch.period++) {
            assert_ok(fixture.type->choose(fixture.state, &batch, &out));
            if (batch.period == 0) {
                memcpy(first, fixture.action, sizeof first);
            }
            for (size_t i = 0; i < N; i++) {
                same_row &= fixture.action[i] == first[i];
                same_period &= fixture.action[i] == fixture.action[0];
                same_all &= fixture.action[i] == first[0];
            }
        }
        assert_int_equal(same_all, 0);
        assert_int_equal(same_period, at == 1);
        assert_int_equal(same_row, at == 2);
        fixture_free(&fixture);
    }
}

static void test_bootstrap_slate_propensities_are_conditional(void **state)
{
    (void)state;
    assert_pairs("bootstrap_ts", NULL);
}

static void test_bootstrap_keeps_its_promises_beyond_defaults(void **state)
{
    (void)state;
    assert_conforms("bootstrap_ts", "{weights: double_or_nothing, prior_sd: 0, replicates: 7}",
                    NULL);
    assert_conforms("bootstrap_ts", "{draw: journey}", NULL);
    assert_conforms("bootstrap_ts", "{draw: period}", "frequencies");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bootstrap_times_are_poisson_or_a_coin),
        cmocka_unit_test(test_bootstrap_models_are_weighted_regressions),
        cmocka_unit_test(test_bootstrap_priors_are_normal),
        cmocka_unit_test(test_bootstrap_spread_is_that_of_a_posterior),
        cmocka_unit_test(test_bootstrap_weights_belong_to_the_decision),
        cmocka_unit_test(test_bootstrap_holds_its_model),
        cmocka_unit_test(test_bootstrap_slate_propensities_are_conditional),
        cmocka_unit_test(test_bootstrap_keeps_its_promises_beyond_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
