/* oful, square_cb and bootstrap_ts against slow and obvious references. */
#include "policies/bootstrap.h"
#include "policies/inverse_gap.h"
#include "policies/oful.h"
#include "tests/fixture_linear.h"

/* log of the determinant of a reference's A, by elimination */
static double log_determinant(const posterior_t *self)
{
    double m[D][D], sum = 0.0;

    memcpy(m, self->a, sizeof m);
    for (int j = 0; j < D; j++) {
        sum += log(m[j][j]);
        for (int i = j + 1; i < D; i++) {
            double factor = m[i][j] / m[j][j];

            for (int l = j; l < D; l++) {
                m[i][l] -= factor * m[j][l];
            }
        }
    }
    return sum;
}

static void test_oful_radius_is_that_of_theorem_2(void **state)
{
    static const char *const settings[] = {
        "{lambda: 0.5, R: 0.7, S: 2, L: 3, delta: 0.01}",
        "{lambda: 0.5, R: 0.7, S: 2, L: 3, delta: 0.01, bound: dimension}"};

    (void)state;
    for (int at = 0; at < 2; at++) {
        posterior_t references[K];
        fixture_t fixture;
        double s[20 * K], delta = 0.01 / K;

        assert_ok(fixture_start(&fixture, "oful", settings[at]));
        teach_both(&fixture, references, 0.5);
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 20, 61);

        assert_ok(fixture.type->score(fixture.state, &batch, s));
        for (unsigned k = 0; k < K; k++) {
            double n = (references[k].a[0][0] - 0.5); /* feature 0 is 1 */
            double square = at == 0
                                ? log_determinant(references + k) - D * log(0.5) - 2.0 * log(delta)
                                : D * log((1.0 + n * 9.0 / 0.5) / delta);
            double radius = 0.7 * sqrt(square) + sqrt(0.5) * 2.0;

            assert_close(nb_oful_radius(fixture.state, NARROW, k), radius, 1e-10, 0);
            for (size_t i = 0; i < 20; i++) {
                const float *x = batch.x + i * D;

                if (nb_mask_allows(batch.mask, 1, i, k)) {
                    assert_close(s[i * K + k],
                                 reference_form(references + k, x, references[k].b) +
                                     radius * sqrt(reference_variance(references + k, x)),
                                 1e-5, 1e-5);
                }
            }
        }
        fixture_free(&fixture);
    }
}

/* the policy with one action, at NARROW alone */
static void start_single(fixture_t *fixture, const char *name, const char *yaml)
{
    assert_ok(fixture_start(fixture, name, yaml));
    fixture->spec.n_points = 1;
    fixture->points[0].n_actions = 1;
    memset(fixture->state, 0, fixture->state_size);
    assert_ok(fixture->type->init(fixture->state, &fixture->spec, fixture->settings));
}

/* 1 where weights of length 1 ever leave the ellipsoid within 100 rows of length 1 */
static int leaves_once(fixture_t *fixture, uint32_t run)
{
    posterior_t reference;
    nb_stream_t stream;
    double theta[D], length = 0.0;

    memset(fixture->state, 0, fixture->state_size);
    assert_ok(fixture->type->init(fixture->state, &fixture->spec, fixture->settings));
    reference_init(&reference, 1.0);
    nb_stream_init(&stream, (nb_key_t){run, 17}, (nb_counter_t){0});
    for (int j = 0; j < D; j++) {
        theta[j] = nb_stream_normal(&stream);
        length += theta[j] * theta[j];
    }
    for (int t = 0; t < 100; t++) {
        nb_batch_t batch = fixture_batch(fixture, NARROW, 1, 0);
        double mean[D], norm = 0.0, square = 0.0;

        fixture->reward[0] = 0.5 * nb_stream_normal(&stream);
        for (int j = 0; j < D; j++) {
            fixture->x[j] = (float)nb_stream_normal(&stream);
            norm += (double)fixture->x[j] * (double)fixture->x[j];
        }
        for (int j = 0; j < D; j++) {
            fixture->x[j] /= (float)sqrt(norm);
            fixture->reward[0] += theta[j] / sqrt(length) * (double)fixture->x[j];
        }
        fixture->action[0] = 0;
        nb_transitions_t finished =
            fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

        assert_ok(fixture->type->update(fixture->state, &finished));
        assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
        reference_add(&reference, fixture->x, fixture->reward[0]);
        for (int j = 0; j < D; j++) {
            mean[j] = nb_ridge_mean(fixture->state, NARROW, 0)[j] - theta[j] / sqrt(length);
        }
        for (int at = 0; at < D * D; at++) {
            square += mean[at / D] * reference.a[at / D][at % D] * mean[at % D];
        }
        if (sqrt(square) > nb_oful_radius(fixture->state, NARROW, 0)) {
            return 1;
        }
    }
    return 0;
}

/* Runs of 200 in which the ellipsoid ever misses: at most 200 delta but for 5 standard errors
 * (fixed seed); a third of the noise's R is too little, which shows that the test can see it. */
static void test_oful_ellipsoid_holds_the_weights(void **state)
{
    static const char *const settings[] = {
        "{R: 0.5, delta: 0.1}", "{R: 0.5, delta: 0.1, bound: dimension}", "{R: 0.1, S: 0.5}"};
    int n_left[3] = {0};

    (void)state;
    for (int at = 0; at < 3; at++) {
        fixture_t fixture;

        start_single(&fixture, "oful", settings[at]);
        for (uint32_t run = 0; run < 200; run++) {
            n_left[at] += leaves_once(&fixture, run);
        }
        fixture_free(&fixture);
    }
    assert_true(n_left[0] <= 20 && n_left[1] <= 20);
    assert_true(n_left[2] > 60);
}

static void test_inverse_gap_weighs_by_the_formula(void **state)
{
    const double v[5] = {0.3, 1.0, -INFINITY, 0.8, 1.0}, single[2] = {-INFINITY, 3.0};
    double p[5], q[2];

    (void)state;
    nb_inverse_gap(v, 5, 10.0, p);
    assert_close(p[0], 1.0 / (4.0 + 7.0), 1e-14, 0);
    assert_close(p[3], 1.0 / (4.0 + 2.0), 1e-13, 0);
    assert_close(p[2], 0.0, 0, 0);
    assert_close(p[1], 0.5 * (1.0 - 1.0 / 11.0 - 1.0 / 6.0), 1e-13, 0);
    assert_close(p[4], p[1], 0, 0);
    nb_inverse_gap(v, 5, 0.0, p);
    assert_close(p[0], 0.25, 1e-15, 0);
    assert_close(p[4], 0.25, 1e-15, 0);
    nb_inverse_gap(single, 2, 5.0, q);
    assert_close(q[1], 1.0, 0, 0);
}

/* gamma = gamma_scale t^gamma_exponent, t = 450 rows taught */
static void test_square_cb_probabilities_are_the_formula(void **state)
{
    static const char *const settings[] = {"{lambda: 0.5}",
                                           "{lambda: 0.5, gamma_scale: 2, gamma_exponent: 0.25}",
                                           "{lambda: 0.5, gamma_scale: 0}"};
    const double gammas[] = {10.0 * sqrt(450.0), 2.0 * sqrt(sqrt(450.0)), 0.0};

    (void)state;
    for (int at = 0; at < 3; at++) {
        posterior_t references[K];
        fixture_t fixture;
        double p[20 * K];
        nb_prediction_t prediction;

        assert_ok(fixture_start(&fixture, "square_cb", settings[at]));
        teach_both(&fixture, references, 0.5);
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 20, 62);

        assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
        assert_ok(nb_ridge_predict(fixture.state, &batch, 0, &prediction));
        for (size_t i = 0; i < 20; i++) {
            unsigned n = nb_policy_n_allowed(&batch, i), best = 0;
            double mean[K], rest = 1.0;

            for (unsigned k = 0; k < K; k++) {
                int allowed = nb_mask_allows(batch.mask, 1, i, k);

                mean[k] = (double)prediction.mean[k * prediction.stride + i];
                assert_close(mean[k],
                             reference_form(references + k, batch.x + i * D, references[k].b), 1e-5,
                             1e-5);
                mean[k] = allowed ? mean[k] : -INFINITY;
                best = mean[k] > mean[best] ? k : best;
            }
            for (unsigned k = 0; k < K; k++) {
                if (k != best && mean[k] > -INFINITY) {
                    double share = 1.0 / (n + gammas[at] * (mean[best] - mean[k]));

                    assert_close(p[i * K + k], share, 1e-10, 0);
                    rest -= share;
                }
            }
            assert_close(p[i * K + best], rest, 1e-10, 0);
        }
        fixture.arena.used = 0;
        fixture_free(&fixture);
    }
}

/* Ordered pairs of three actions over 6,000 rows: their joint probabilities sum to 1, and the
 * counts follow them (chi-square, 5 degrees of freedom, beyond 37.3 once in 2 million). */
static void assert_pairs(const char *name, const char *yaml)
{
    enum { N = 1000, N_REPEATS = 6 };
    fixture_t fixture;
    double joint[9] = {0}, count[9] = {0}, sum = 0.0, statistic = 0.0;

    assert_ok(fixture_start(&fixture, name, yaml));
    assert_ok(fixture_teach(&fixture, 60, 8));
    for (int32_t period = 0; period < N_REPEATS; period++) {
        nb_batch_t batch = fixture_batch(&fixture, BARE, N, 8);
        nb_choice_t out = {fixture.action, fixture.propensity};

        for (size_t i = 0; i < N; i++) {
            fixture.mask[i] = 7;
        }
        batch.slate = 2;
        batch.period = period;
        batch.want_propensity = 1;
        assert_ok(fixture.type->choose(fixture.state, &batch, &out));
        for (size_t i = 0; i < N; i++) {
            int pair = 3 * fixture.action[2 * i] + fixture.action[2 * i + 1];
            double here = fixture.propensity[2 * i] * fixture.propensity[2 * i + 1];

            assert_true(joint[pair] == 0.0 || fabs(joint[pair] - here) < 1e-12);
            joint[pair] = here;
            count[pair]++;
        }
    }
    for (int pair = 0; pair < 9; pair++) {
        double expected = N * N_REPEATS * joint[pair];

        sum += joint[pair];
        statistic += joint[pair] > 0.0 ? pow(count[pair] - expected, 2) / expected : 0.0;
    }
    assert_close(sum, 1.0, 1e-12, 0);
    assert_true(statistic < 37.3);
    fixture_free(&fixture);
}

static void test_slate_propensities_are_conditional(void **state)
{
    (void)state;
    assert_pairs("square_cb", "{gamma_scale: 3}");
    assert_pairs("bootstrap_ts", NULL);
}

/* a price on an action makes it rarer, but leaves the value of what is played out of it */
static void test_prices_move_what_is_played(void **state)
{
    static const char *const names[] = {"square_cb", "bootstrap_ts", "oful"};

    (void)state;
    for (int t = 0; t < 3; t++) {
        posterior_t references[K];
        fixture_t fixture;
        double free[K], priced[K], offset[K] = {0}, v;

        assert_ok(fixture_start(&fixture, names[t], NULL));
        teach_both(&fixture, references, 1.0);
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 1, 63);
        int best = 0;

        fixture.mask[0] = 0x3f;
        assert_ok(fixture.type->probabilities(fixture.state, &batch, free));
        for (int k = 1; k < K; k++) {
            best = free[k] > free[best] ? k : best;
        }
        offset[best] = -1000.0;
        batch.offset = offset;
        assert_ok(fixture.type->probabilities(fixture.state, &batch, priced));
        assert_true(priced[best] < 0.1 && priced[best] < free[best]);
        assert_ok(fixture.type->value(fixture.state, &batch, &v));
        assert_true(fabs(v) < 100.0);
        fixture_free(&fixture);
    }
}

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

static void test_exploring_keeps_its_promises_beyond_defaults(void **state)
{
    (void)state;
    assert_conforms("oful", "{bound: dimension, R: 0.3, S: 2, L: 4, delta: 1}", NULL);
    assert_conforms("square_cb", "{gamma_scale: 1, gamma_exponent: 1}", NULL);
    assert_conforms("bootstrap_ts", "{weights: double_or_nothing, prior_sd: 0, replicates: 7}",
                    NULL);
    assert_conforms("bootstrap_ts", "{draw: journey}", NULL);
    assert_conforms("bootstrap_ts", "{draw: period}", "frequencies");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oful_radius_is_that_of_theorem_2),
        cmocka_unit_test(test_oful_ellipsoid_holds_the_weights),
        cmocka_unit_test(test_inverse_gap_weighs_by_the_formula),
        cmocka_unit_test(test_square_cb_probabilities_are_the_formula),
        cmocka_unit_test(test_slate_propensities_are_conditional),
        cmocka_unit_test(test_prices_move_what_is_played),
        cmocka_unit_test(test_bootstrap_times_are_poisson_or_a_coin),
        cmocka_unit_test(test_bootstrap_models_are_weighted_regressions),
        cmocka_unit_test(test_bootstrap_priors_are_normal),
        cmocka_unit_test(test_bootstrap_spread_is_that_of_a_posterior),
        cmocka_unit_test(test_bootstrap_weights_belong_to_the_decision),
        cmocka_unit_test(test_bootstrap_holds_its_model),
        cmocka_unit_test(test_exploring_keeps_its_promises_beyond_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
