/* lin_ucb beyond its defaults: the hybrid form against algorithm 2 as it is printed, and ties of a
 * width. */
#include "tests/fixture_linear.h"

enum { HD = 3, HK = 4, DA = 2, HZ = HD * DA, N_ROWS = 80, MAX_N = HZ };

/* actions' features */
static const float action_x[HK][DA] = {{1.0f, 0.5f}, {1.0f, -1.0f}, {0.2f, 0.0f}, {-0.7f, 2.0f}};

/* Li et al. (2010), algorithm 2, with lambda in place of 1 on the diagonals: B_k is d x n */
typedef struct {
    double a0[MAX_N * MAX_N], b0[HZ];
    double a[HK][MAX_N * MAX_N], b[HK][HD], big[HK][HD][HZ];
} algorithm_t;

/* v = a^-1 b of order n by Gauss elimination; a is positive definite, [n x MAX_N] */
static void solve(const double *a, size_t n, const double *b, double *v)
{
    double m[MAX_N][MAX_N + 1];

    for (size_t j = 0; j < n; j++) {
        memcpy(m[j], a + j * MAX_N, n * sizeof *a);
        m[j][n] = b[j];
    }
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < n; i++) {
            double factor = i == j ? 0.0 : m[i][j] / m[j][j];

            for (size_t l = 0; l <= n; l++) {
                m[i][l] -= factor * m[j][l];
            }
        }
    }
    for (size_t j = 0; j < n; j++) {
        v[j] = m[j][n] / m[j][j];
    }
}

static void algorithm_init(algorithm_t *self, double lambda)
{
    memset(self, 0, sizeof *self);
    for (size_t j = 0; j < MAX_N; j++) {
        self->a0[j * MAX_N + j] = lambda;
        for (size_t k = 0; k < HK; k++) {
            self->a[k][j * MAX_N + j] = lambda;
        }
    }
}

/* A_0 += sign B'A^-1 B, b_0 += sign B'A^-1 b: lines 17, 18, 22 and 23 */
static void move_shared(algorithm_t *self, size_t k, double sign)
{
    double column[HD], v[HD];

    for (size_t z = 0; z < HZ; z++) {
        for (size_t j = 0; j < HD; j++) {
            column[j] = self->big[k][j][z];
        }
        solve(self->a[k], HD, column, v);
        for (size_t j = 0; j < HD; j++) {
            self->b0[z] += sign * v[j] * self->b[k][j];
            for (size_t y = 0; y < HZ; y++) {
                self->a0[z * MAX_N + y] += sign * v[j] * self->big[k][j][y];
            }
        }
    }
}

static void make_z(const float *x, size_t k, double *z)
{
    for (size_t at = 0; at < HZ; at++) {
        z[at] = (double)x[at / DA] * (double)action_x[k][at % DA];
    }
}

static void algorithm_add(algorithm_t *self, const float *x, size_t k, double reward)
{
    double z[HZ];

    make_z(x, k, z);
    move_shared(self, k, 1.0);
    for (size_t j = 0; j < HD; j++) {
        for (size_t l = 0; l < HD; l++) {
            self->a[k][j * MAX_N + l] += (double)x[j] * (double)x[l];
        }
        for (size_t at = 0; at < HZ; at++) {
            self->big[k][j][at] += (double)x[j] * z[at];
        }
        self->b[k][j] += reward * (double)x[j];
    }
    for (size_t at = 0; at < HZ; at++) {
        for (size_t y = 0; y < HZ; y++) {
            self->a0[at * MAX_N + y] += z[at] * z[y];
        }
        self->b0[at] += reward * z[at];
    }
    move_shared(self, k, -1.0);
}

/* lines 5, 11 and 12: mean and squared width of a row and action */
static void algorithm_predict(const algorithm_t *self, const float *x, size_t k, double *mean,
                              double *square)
{
    double wide[HD], z[HZ], beta[HZ], theta[HD], rest[HD], ax[HD], bax[HZ], az[HZ], abax[HZ];

    make_z(x, k, z);
    solve(self->a0, HZ, self->b0, beta);
    for (size_t j = 0; j < HD; j++) {
        wide[j] = (double)x[j];
        rest[j] = self->b[k][j];
        for (size_t at = 0; at < HZ; at++) {
            rest[j] -= self->big[k][j][at] * beta[at];
        }
    }
    solve(self->a[k], HD, rest, theta);
    solve(self->a[k], HD, wide, ax);
    for (size_t at = 0; at < HZ; at++) {
        bax[at] = 0.0;
        for (size_t j = 0; j < HD; j++) {
            bax[at] += self->big[k][j][at] * ax[j];
        }
    }
    solve(self->a0, HZ, z, az);
    solve(self->a0, HZ, bax, abax);
    *mean = *square = 0.0;
    for (size_t j = 0; j < HD; j++) {
        *mean += wide[j] * theta[j];
        *square += wide[j] * ax[j];
    }
    for (size_t at = 0; at < HZ; at++) {
        *mean += z[at] * beta[at];
        *square += z[at] * az[at] - 2.0 * bax[at] * az[at] + bax[at] * abax[at];
    }
}

/* the fixture with features of actions, started anew; its first point has HD features, HK actions
 */
static void start_hybrid(fixture_t *fixture, const char *yaml)
{
    assert_fails(fixture_start(fixture, "lin_ucb", yaml), NB_ERR_CONFIG, "narrow have no features");
    for (unsigned p = 0; p < N_POINTS; p++) {
        fixture->points[p].d_action = DA;
    }
    fixture->points[NARROW].d = HD;
    fixture->points[NARROW].n_actions = HK;
    nb_free(fixture->state);
    nb_arena_free(&fixture->arena);
    fixture->state = NULL;
    fixture->state_size = fixture->type->state_size(&fixture->spec, fixture->settings);
    assert_ok(nb_alloc(&fixture->state, fixture->state_size, 1));
    assert_ok(nb_arena_init(&fixture->arena,
                            fixture->type->scratch_size(&fixture->spec, fixture->settings)));
    assert_ok(fixture->type->init(fixture->state, &fixture->spec, fixture->settings));
}

static nb_batch_t hybrid_batch(fixture_t *fixture, size_t n, unsigned seed)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, n, seed);

    batch.d_action = DA;
    batch.action_x = action_x[0];
    return batch;
}

/* N_ROWS rows, action 3 never played, to policy and algorithm */
static void teach_hybrid(fixture_t *fixture, algorithm_t *algorithm, double lambda)
{
    nb_batch_t batch = hybrid_batch(fixture, N_ROWS, 3);
    nb_choice_t choice = {fixture->action, NULL};
    nb_stream_t stream;

    algorithm_init(algorithm, lambda);
    nb_stream_init(&stream, (nb_key_t){31, 7}, (nb_counter_t){0});
    for (size_t i = 0; i < N_ROWS; i++) {
        fixture->action[i] = (int32_t)(i * i % 3);
        fixture->reward[i] = 0.5 * fixture->action[i] + nb_stream_normal(&stream);
        algorithm_add(algorithm, fixture->x + i * HD, (size_t)fixture->action[i],
                      fixture->reward[i]);
    }
    nb_transitions_t finished =
        fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

    assert_ok(fixture->type->played(fixture->state, &batch, &choice));
    assert_ok(fixture->type->update(fixture->state, &finished));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

/* bounds of 20 rows */
static void assert_hybrid(fixture_t *fixture, const algorithm_t *algorithm, double alpha)
{
    nb_batch_t batch = hybrid_batch(fixture, 20, 5);
    double s[20 * HK], mean, square;

    assert_ok(fixture->type->score(fixture->state, &batch, s));
    for (size_t at = 0; at < 20 * HK; at++) {
        if (nb_mask_allows(batch.mask, 1, at / HK, (unsigned)(at % HK))) {
            algorithm_predict(algorithm, batch.x + at / HK * HD, at % HK, &mean, &square);
            assert_close(s[at], mean + alpha * sqrt(square), 1e-5, 1e-5);
        }
    }
}

static void test_lin_ucb_hybrid_is_algorithm_2(void **state)
{
    static const double lambdas[] = {1.0, 0.3, 25.0};

    (void)state;
    for (int at = 0; at < 3; at++) {
        algorithm_t algorithm;
        fixture_t fixture;
        char yaml[80];

        snprintf(yaml, sizeof yaml, "{form: hybrid, alpha: 1.3, lambda: %g}", lambdas[at]);
        start_hybrid(&fixture, yaml);
        algorithm_init(&algorithm, lambdas[at]);
        assert_hybrid(&fixture, &algorithm, 1.3); /* the prior, with the features of the batch */
        teach_hybrid(&fixture, &algorithm, lambdas[at]);
        assert_hybrid(&fixture, &algorithm, 1.3);
        for (unsigned k = 0; k < HK; k++) {
            for (size_t j = 0; j < HD; j++) {
                float unit[HD] = {0};
                double mean, square;

                unit[j] = 1.0f;
                algorithm_predict(&algorithm, unit, k, &mean, &square);
                assert_close(nb_ridge_mean(fixture.state, NARROW, k)[j], mean, 1e-10, 1e-12);
            }
        }
        /* action 3 was never played, but its features tell of it */
        assert_true(fabs(nb_ridge_mean(fixture.state, NARROW, 3)[0]) > 0.01);
        fixture_free(&fixture);
    }
}

static void test_lin_ucb_hybrid_without_news_changes_nothing(void **state)
{
    algorithm_t algorithm;
    fixture_t fixture;
    void *copy = NULL;

    (void)state;
    start_hybrid(&fixture, "{form: hybrid}");
    teach_hybrid(&fixture, &algorithm, 1.0);
    assert_ok(nb_alloc(&copy, fixture.state_size, 1));
    memcpy(copy, fixture.state, fixture.state_size);
    assert_ok(fixture.type->end_period(fixture.state, &fixture.arena));
    assert_memory_equal(copy, fixture.state, fixture.state_size);
    nb_free(copy);
    fixture_free(&fixture);
}

/* what is learned before the features are known counts once they are */
static void test_lin_ucb_hybrid_may_learn_before_it_plays(void **state)
{
    algorithm_t algorithm;
    fixture_t early, late;
    nb_choice_t choice = {NULL, NULL};

    (void)state;
    start_hybrid(&early, "{form: hybrid}");
    start_hybrid(&late, "{form: hybrid}");
    teach_hybrid(&early, &algorithm, 1.0);
    nb_batch_t batch = hybrid_batch(&late, N_ROWS, 3);
    nb_transitions_t finished = fixture_transitions(&late, &batch, early.action, early.reward);

    assert_ok(late.type->update(late.state, &finished));
    assert_ok(late.type->end_period(late.state, &late.arena));
    assert_close(nb_ridge_mean(late.state, NARROW, 0)[0], 0.0, 0, 0);
    assert_ok(late.type->played(late.state, &batch, &choice));
    assert_ok(late.type->end_period(late.state, &late.arena));
    assert_memory_equal(early.state, late.state, late.state_size);
    fixture_free(&late);
    fixture_free(&early);
}

static void test_lin_ucb_hybrid_says_what_it_cannot_do(void **state)
{
    float other[HK][DA];
    algorithm_t algorithm;
    fixture_t fixture;
    nb_choice_t choice = {NULL, NULL};
    double s[20 * HK];

    (void)state;
    start_hybrid(&fixture, "{form: hybrid}");
    nb_batch_t batch = hybrid_batch(&fixture, 20, 5);

    batch.action_x = NULL;
    assert_fails(fixture.type->score(fixture.state, &batch, s), NB_ERR_UNSUPPORTED, "tells 0");
    assert_fails(fixture.type->played(fixture.state, &batch, &choice), NB_ERR_UNSUPPORTED,
                 "expected 2");
    memcpy(other, action_x, sizeof other);
    other[2][1] = NAN;
    batch.action_x = other[0];
    assert_fails(fixture.type->played(fixture.state, &batch, &choice), NB_ERR_NUMERIC,
                 "feature 1 of action 2");
    teach_hybrid(&fixture, &algorithm, 1.0);
    other[2][1] = 3.0f;
    assert_fails(fixture.type->played(fixture.state, &batch, &choice), NB_ERR_UNSUPPORTED,
                 "have changed");
    fixture_free(&fixture);
}

static void test_lin_ucb_keeps_its_promises_in_every_form(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_conforms("lin_ucb", "{tie_width: 1.0}", NULL);
    start_hybrid(&fixture, "{form: hybrid, tie_width: 0.5}");
    assert_promises(&fixture, NULL);
    fixture_free(&fixture);
}

/* 1 where action k is within the width of the best of `bound` [K]; where nothing is allowed, 0 */
static int is_tied(const double *bound, const double *width, int k, double tie_width)
{
    int best = 0;

    for (int c = 1; c < K; c++) {
        best = bound[c] > bound[best] ? c : best;
    }
    return bound[k] >= bound[best] - tie_width * width[best];
}

static void test_lin_ucb_ties_within_a_width_are_even(void **state)
{
    static const char *const settings[] = {"{alpha: 1.5, tie_width: 0.4}",
                                           "{alpha: 1.5, tie_width: 2}", "{alpha: 1.5}"};
    static const double widths[] = {0.4, 2.0, 0.0};
    enum { N = 200 };

    (void)state;
    for (int at = 0; at < 3; at++) {
        posterior_t references[K];
        fixture_t fixture;
        static double p[N * K];
        int n_ties = 0;

        assert_ok(fixture_start(&fixture, "lin_ucb", settings[at]));
        teach_both(&fixture, references, 1.0);
        nb_batch_t batch = fixture_batch(&fixture, NARROW, N, 41);

        assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
        for (size_t i = 0; i < N; i++) {
            double bound[K], width[K];
            int n = 0;

            for (unsigned k = 0; k < K; k++) {
                const float *x = batch.x + i * D;

                width[k] = 1.5 * sqrt(reference_variance(references + k, x));
                bound[k] = reference_form(references + k, x, references[k].b) + width[k];
                bound[k] = nb_mask_allows(batch.mask, 1, i, k) ? bound[k] : -INFINITY;
            }
            for (int k = 0; k < K; k++) {
                n += is_tied(bound, width, k, widths[at]);
            }
            for (int k = 0; k < K; k++) {
                double share = is_tied(bound, width, k, widths[at]) ? 1.0 / n : 0.0;

                assert_close(p[i * K + (size_t)k], share, 1e-12, 1e-12);
            }
            n_ties += n > 1;
        }
        assert_int_equal(n_ties > 20, widths[at] > 0.0);
        fixture_free(&fixture);
    }
}

/* equal customers: all to one action without a width, to several with one */
static void test_lin_ucb_does_not_herd_with_a_tie_width(void **state)
{
    static const char *const settings[] = {NULL, "{tie_width: 2}"};

    (void)state;
    for (int at = 0; at < 2; at++) {
        posterior_t references[K];
        fixture_t fixture;
        int seen = 0;

        assert_ok(fixture_start(&fixture, "lin_ucb", settings[at]));
        teach_both(&fixture, references, 1.0);
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 200, 42);
        nb_choice_t out = {fixture.action, NULL};

        for (size_t i = 0; i < batch.n; i++) {
            memset(fixture.x + i * D, 0, D * sizeof *fixture.x);
            fixture.x[i * D] = 1.0f;
            fixture.mask[i] = 0x3f;
        }
        assert_ok(fixture.type->choose(fixture.state, &batch, &out));
        for (size_t i = 0; i < batch.n; i++) {
            seen |= 1 << fixture.action[i];
        }
        assert_int_equal((seen & (seen - 1)) != 0, at == 1);
        fixture_free(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lin_ucb_hybrid_is_algorithm_2),
        cmocka_unit_test(test_lin_ucb_hybrid_without_news_changes_nothing),
        cmocka_unit_test(test_lin_ucb_hybrid_may_learn_before_it_plays),
        cmocka_unit_test(test_lin_ucb_hybrid_says_what_it_cannot_do),
        cmocka_unit_test(test_lin_ucb_keeps_its_promises_in_every_form),
        cmocka_unit_test(test_lin_ucb_ties_within_a_width_are_even),
        cmocka_unit_test(test_lin_ucb_does_not_herd_with_a_tie_width),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
