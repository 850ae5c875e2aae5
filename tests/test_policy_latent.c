/* latent_ts against the whole algorithm in slow and obvious code, and against Bayes by hand. */
#include "policies/latent.h"
#include "policies/max_normal.h"
#include "policies/ridge.h"
#include "tests/dense_regression.h"
#include "tests/fixture_policy.h"

enum { D = 5, K = 6, L = 3, C = 60, N_PERIODS = 12, WORK = 1000 };

/* reference: models, evidence and last shares of customers */
typedef struct {
    double lambda, sd, step, pi[L];
    dense_t model[K][L];
    double prior[K][L][D];
    int is_there[C];
    double evidence[C][L], shares[C][L];
} reference_t;

static reference_t reference;

static void wide_of(const float *x, double *wide)
{
    for (int j = 0; j < D; j++) {
        wide[j] = x[j];
    }
}

/* posterior mean and variance of x'theta under the data so far and the prior */
static void reference_predict(unsigned k, unsigned l, const double *x, double out[2])
{
    dense_t posterior = reference.model[k][l];

    for (int j = 0; j < D; j++) {
        posterior.a[j][j] += reference.lambda;
        posterior.b[j] += reference.lambda * reference.prior[k][l][j];
    }
    dense_predict(&posterior, x, out);
}

/* the prior means are what an untaught policy says */
static void reference_init(const fixture_t *fixture, double lambda, double sd, double step)
{
    memset(&reference, 0, sizeof reference);
    reference.lambda = lambda;
    reference.sd = sd;
    reference.step = step;
    for (unsigned k = 0; k < K; k++) {
        for (unsigned l = 0; l < L; l++) {
            reference.pi[l] = 1.0 / L;
            dense_init(&reference.model[k][l], D);
            memcpy(reference.prior[k][l], nb_latent_weights(fixture->state, NARROW, k, l),
                   sizeof reference.prior[k][l]);
        }
    }
}

/* in period t = 1, 2, ...: all that was learned before fades */
static void reference_fade(int t)
{
    double factor = t > 1 ? (pow(t, reference.step) - 1.0) / pow(t - 1, reference.step) : 1.0;

    for (int at = 0; at < K * L; at++) {
        dense_t *model = &reference.model[at / L][at % L];

        for (int j = 0; j < D; j++) {
            model->b[j] *= factor;
            for (int i = 0; i < D; i++) {
                model->a[j][i] *= factor;
            }
        }
    }
    for (int at = 0; at < C * L; at++) {
        reference.evidence[at / L][at % L] *= factor;
    }
}

/* gamma ~ pi exp(e) */
static void reference_shares(uint32_t c, double *shares)
{
    double sum = 0.0;

    for (int l = 0; l < L; l++) {
        shares[l] = reference.pi[l] * exp(reference.evidence[c][l]);
        sum += shares[l];
    }
    for (int l = 0; l < L; l++) {
        shares[l] /= sum;
    }
}

/* the rows of period t: evidence from the models that were, then soft assignment, then pi */
static void reference_learn(const nb_batch_t *batch, const int32_t *action, const double *reward,
                            int t)
{
    static double predicted[C][L][2];
    double sum[L] = {0}, n = 0.0, x[D];

    for (size_t i = 0; i < batch->n; i++) {
        wide_of(batch->x + i * D, x);
        for (unsigned l = 0; l < L; l++) {
            reference_predict((unsigned)action[i], l, x, predicted[i][l]);
        }
    }
    reference_fade(t);
    for (size_t i = 0; i < batch->n; i++) {
        uint32_t c = batch->customer[i];

        wide_of(batch->x + i * D, x);
        for (int l = 0; l < L; l++) {
            double variance = reference.sd * reference.sd + predicted[i][l][1];

            reference.evidence[c][l] +=
                log(exp(-pow(reward[i] - predicted[i][l][0], 2) / variance / 2) / sqrt(variance));
        }
        reference.is_there[c] = 1;
        reference_shares(c, reference.shares[c]);
        for (int l = 0; l < L; l++) {
            dense_add(&reference.model[action[i]][l], x, reward[i],
                      reference.sd * reference.sd / reference.shares[c][l]);
        }
    }
    for (int c = 0; c < C; c++) {
        n += reference.is_there[c];
        for (int l = 0; l < L; l++) {
            sum[l] += reference.is_there[c] ? reference.shares[c][l] : 0.0;
        }
    }
    for (int l = 0; l < L; l++) {
        reference.pi[l] = (1.0 + sum[l]) / (L + n);
    }
}

/* one period of customers 0 to n - 1 in three segments, random actions, some reward noise */
static void teach_period(fixture_t *fixture, size_t n, int t, int with_reference)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, n, 40u + (unsigned)t);
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){9, (uint32_t)t}, (nb_counter_t){0});
    for (size_t i = 0; i < n; i++) {
        double feature = batch.x[i * D + 1];
        int label = (int)(i % 3);

        fixture->action[i] = (int32_t)(K * nb_stream_uniform(&stream));
        fixture->reward[i] = (label - 1) * (2.0 * (fixture->action[i] % 3) + feature) - 1.0 +
                             0.7 * nb_stream_normal(&stream);
    }
    nb_transitions_t finished =
        fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

    assert_ok(fixture->type->update(fixture->state, &finished));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
    if (with_reference) {
        reference_learn(&batch, fixture->action, fixture->reward, t);
    }
}

static void check_reference(const char *yaml, double lambda, double sd, double step)
{
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, "latent_ts", yaml));
    reference_init(&fixture, lambda, sd, step);
    for (int t = 1; t <= N_PERIODS; t++) {
        /* customer C - 1 never comes, some come later */
        teach_period(&fixture, t < 5 ? C / 2 : C - 1, t, 1);
        /* a period without rows teaches and fades nothing */
        assert_ok(fixture.type->end_period(fixture.state, &fixture.arena));
    }
    for (uint32_t c = 0; c < C; c++) {
        double said[L], expected[L];

        nb_latent_shares(fixture.state, c, said);
        reference_shares(c, expected);
        for (unsigned l = 0; l < L; l++) {
            assert_close(said[l], expected[l], 1e-10, 1e-12);
        }
    }
    for (unsigned at = 0; at < K * L; at++) {
        double said[2], expected[2], work[WORK];
        const double x[D] = {1.0, -0.5, 2.0, 0.1, 0.7};
        nb_latent_arm_t arm = {NARROW, at / L, 0};

        assert_true(nb_latent_work(fixture.state) <= WORK);
        nb_latent_predict(fixture.state, arm, at % L, x, work, said);
        reference_predict(at / L, at % L, x, expected);
        assert_close(said[0], expected[0], 1e-10, 1e-12);
        assert_close(said[1], expected[1], 1e-10, 1e-12);
    }
    fixture_free(&fixture);
}

static void test_learning_is_the_algorithm_written_down(void **state)
{
    (void)state;
    check_reference("{segments: 3, step: 0.6}", 1.0, 1.0, 0.6);
    check_reference("{segments: 3, step: 1, lambda: 0.4, sd: 1.7}", 0.4, 1.7, 1.0);
}

/* models are known within a period: a newcomer's shares are pi times her rewards' densities */
static void test_shares_are_bayes_with_known_models(void **state)
{
    enum { N = 4 };
    static const int32_t action[N] = {2, 2, 0, 5};
    static const double reward[N] = {1.5, 0.2, -1.0, 2.5};
    uint32_t newcomer[N] = {C, C, C, C};
    double pi[L], shares[L], product[L], sum = 0.0, work[WORK], x[D];
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "latent_ts", "{segments: 3, sd: 0.7}"));
    for (int t = 1; t <= 20; t++) {
        teach_period(&fixture, C, t, 0);
    }
    nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 5);
    nb_transitions_t finished = fixture_transitions(&fixture, &batch, action, reward);

    nb_latent_shares(fixture.state, C, pi); /* nothing known of her: the population */
    memcpy(product, pi, sizeof pi);
    for (size_t i = 0; i < N; i++) {
        wide_of(batch.x + i * D, x);
        for (unsigned l = 0; l < L; l++) {
            double out[2], sd;

            nb_latent_predict(fixture.state, (nb_latent_arm_t){NARROW, (unsigned)action[i], 0}, l,
                              x, work, out);
            sd = sqrt(0.49 + out[1]);
            product[l] *= exp(-0.5 * pow((reward[i] - out[0]) / sd, 2)) / sd;
        }
    }
    finished.customer = newcomer;
    assert_ok(fixture.type->update(fixture.state, &finished));
    nb_latent_shares(fixture.state, C, shares);
    for (unsigned l = 0; l < L; l++) {
        assert_true(pi[l] > 0.05);
        sum += product[l];
    }
    for (unsigned l = 0; l < L; l++) {
        assert_close(shares[l], product[l] / sum, 1e-10, 1e-13);
    }
    fixture_free(&fixture);
}

/* lambda sd^2 and v = sd of lin_ts */
static void test_one_segment_is_lin_ts(void **state)
{
    fixture_t latent, lin;

    (void)state;
    assert_ok(fixture_start(&latent, "latent_ts", "{segments: 1, step: 1, lambda: 2, sd: 0.5}"));
    assert_ok(fixture_start(&lin, "lin_ts", "{lambda: 0.5, v: 0.5}"));
    assert_ok(fixture_teach(&latent, 500, 1));
    assert_ok(fixture_teach(&lin, 500, 1));
    for (unsigned k = 0; k < K; k++) {
        for (int j = 0; j < D; j++) {
            assert_close(nb_latent_weights(latent.state, NARROW, k, 0)[j],
                         nb_ridge_mean(lin.state, NARROW, k)[j], 1e-10, 1e-12);
        }
    }
    nb_batch_t batch = fixture_batch(&latent, NARROW, 1000, 2);
    nb_choice_t one = {latent.action, NULL}, other = {lin.action, NULL};

    assert_ok(latent.type->choose(latent.state, &batch, &one));
    batch.scratch = &lin.arena;
    assert_ok(lin.type->choose(lin.state, &batch, &other));
    assert_memory_equal(latent.action, lin.action, 1000 * sizeof(int32_t));
    fixture_free(&lin);
    fixture_free(&latent);
}

/* by hand: sum over segments of share x P(highest of independent normals), and mean rewards */
static void test_probabilities_are_the_mixture(void **state)
{
    enum { N = 30 };
    double p[N * K], v[N], work[WORK], x[D];
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "latent_ts", "{segments: 3}"));
    for (int t = 1; t <= 3; t++) {
        teach_period(&fixture, C, t, 0);
    }
    nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 77);

    for (size_t i = 0; i < N; i++) {
        fixture.mask[i] = 0x3f;
    }
    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    assert_ok(fixture.type->value(fixture.state, &batch, v));
    for (size_t i = 0; i < N; i++) {
        double shares[L], expected[K] = {0}, reward[K] = {0}, total = 0.0;

        nb_latent_shares(fixture.state, batch.customer[i], shares);
        wide_of(batch.x + i * D, x);
        for (unsigned l = 0; l < L; l++) {
            double mean[K], sd[K], highest[K];

            for (unsigned k = 0; k < K; k++) {
                double out[2];

                nb_latent_predict(fixture.state, (nb_latent_arm_t){NARROW, k, 0}, l, x, work, out);
                mean[k] = out[0];
                sd[k] = sqrt(out[1]);
                reward[k] += shares[l] * out[0];
            }
            assert_true(nb_max_normal_work(K) <= WORK);
            nb_max_normal(mean, sd, K, highest, work);
            for (unsigned k = 0; k < K; k++) {
                expected[k] += shares[l] * highest[k];
            }
        }
        for (unsigned k = 0; k < K; k++) {
            assert_close(p[i * K + k], expected[k], 1e-10, 1e-13);
            total += expected[k] * reward[k];
        }
        assert_close(v[i], total, 1e-10, 1e-12);
    }
    fixture_free(&fixture);
}

/* the block of more customers begins with that of fewer */
static void test_new_customers_start_at_the_population(void **state)
{
    static double before[100 * K], after[100 * K];
    double newcomer[L], average[L] = {0};
    fixture_t fixture;
    char *wider = NULL;

    (void)state;
    assert_ok(fixture_start(&fixture, "latent_ts", "{segments: 3, step: 1}"));
    for (int t = 1; t <= 8; t++) {
        teach_period(&fixture, C, t, 0);
    }
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 100, 3);

    assert_ok(fixture.type->score(fixture.state, &batch, before));
    fixture.spec.n_customers = MAX_ROWS + 100;
    assert_ok(nb_alloc(&wider, fixture.type->state_size(&fixture.spec, fixture.settings), 1));
    memcpy(wider, fixture.state, fixture.state_size);
    nb_free(fixture.state);
    fixture.state = wider;
    assert_ok(fixture.type->score(wider, &batch, after));
    assert_memory_equal(before, after, sizeof before);

    nb_latent_shares(wider, MAX_ROWS + 99, newcomer);
    for (uint32_t c = 0; c < C; c++) {
        double shares[L];

        nb_latent_shares(wider, c, shares);
        for (int l = 0; l < L; l++) {
            average[l] += shares[l] / C;
        }
    }
    for (int l = 0; l < L; l++) { /* shares change a little as pi does; one imaginary customer */
        assert_close(newcomer[l], (1.0 + C * average[l]) / (L + C), 0, 0.02);
    }
    fixture_free(&fixture);
}

static void test_every_setting_changes_the_scores(void **state)
{
    static const char *const others[] = {"{lambda: 2}", "{sd: 1.1}", "{step: 0.7}",
                                         "{segments: 4}"};
    static double base[30 * K], s[30 * K];

    (void)state;
    for (size_t o = 0; o <= sizeof others / sizeof *others; o++) {
        fixture_t fixture;
        int n_changed = 0;

        assert_ok(fixture_start(&fixture, "latent_ts", o ? others[o - 1] : NULL));
        for (int t = 1; t <= 4; t++) {
            teach_period(&fixture, C, t, 0);
        }
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 30, 10);

        assert_ok(fixture.type->score(fixture.state, &batch, o ? s : base));
        for (size_t at = 0; o && at < 30 * K; at++) {
            n_changed += s[at] != base[at];
        }
        assert_true(o == 0 || n_changed > 15 * K / 2);
        fixture_free(&fixture);
    }
}

static void test_propensities_of_slates_are_refused(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "latent_ts", NULL));
    nb_batch_t batch = fixture_batch(&fixture, WIDE, 10, 9);
    nb_choice_t out = {fixture.action, fixture.propensity};

    batch.want_propensity = 1;
    assert_fails(fixture.type->choose(fixture.state, &batch, &out), NB_ERR_UNSUPPORTED, "slate");
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learning_is_the_algorithm_written_down),
        cmocka_unit_test(test_shares_are_bayes_with_known_models),
        cmocka_unit_test(test_one_segment_is_lin_ts),
        cmocka_unit_test(test_probabilities_are_the_mixture),
        cmocka_unit_test(test_new_customers_start_at_the_population),
        cmocka_unit_test(test_every_setting_changes_the_scores),
        cmocka_unit_test(test_propensities_of_slates_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
