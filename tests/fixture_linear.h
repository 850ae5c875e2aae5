/*
 * What the tests of linear learners share: a slow dense posterior per action, learned from the same
 * rows, and the promises of policies/policy.h at other settings than the defaults.
 */
#ifndef NB_TESTS_FIXTURE_LINEAR_H
#define NB_TESTS_FIXTURE_LINEAR_H

#include "bench/conformance.h"
#include "policies/ridge.h"
#include "tests/fixture_policy.h"

enum { D = 5, K = 6 };

/* reference posterior of one action: A = lambda I + sum x x', b = sum y x, row after row */
typedef struct {
    double a[D][D], b[D];
} posterior_t;

static inline void reference_init(posterior_t *self, double lambda)
{
    memset(self, 0, sizeof *self);
    for (int j = 0; j < D; j++) {
        self->a[j][j] = lambda;
    }
}

static inline void reference_add_weighted(posterior_t *self, const float *x, double y,
                                          double weight)
{
    for (int j = 0; j < D; j++) {
        self->b[j] += weight * y * (double)x[j];
        for (int l = 0; l < D; l++) {
            self->a[j][l] += weight * (double)x[j] * (double)x[l];
        }
    }
}

static inline void reference_add(posterior_t *self, const float *x, double y)
{
    reference_add_weighted(self, x, y, 1.0);
}

/* v = A^-1 b by Gauss elimination (A is positive definite: no pivoting) */
static inline void reference_solve(const posterior_t *self, const double *b, double *v)
{
    double m[D][D + 1];

    for (int j = 0; j < D; j++) {
        memcpy(m[j], self->a[j], sizeof self->a[j]);
        m[j][D] = b[j];
    }
    for (int j = 0; j < D; j++) {
        for (int i = 0; i < D; i++) {
            double factor = i == j ? 0.0 : m[i][j] / m[j][j];

            for (int l = 0; l <= D; l++) {
                m[i][l] -= factor * m[j][l];
            }
        }
    }
    for (int j = 0; j < D; j++) {
        v[j] = m[j][D] / m[j][j];
    }
}

/* x'A^-1 b */
static inline double reference_form(const posterior_t *self, const float *x, const double *b)
{
    double v[D], sum = 0.0;

    reference_solve(self, b, v);
    for (int j = 0; j < D; j++) {
        sum += (double)x[j] * v[j];
    }
    return sum;
}

/* x'A^-1 z */
static inline double reference_covariance(const posterior_t *self, const float *x, const float *z)
{
    double wide[D];

    for (int j = 0; j < D; j++) {
        wide[j] = z[j];
    }
    return reference_form(self, x, wide);
}

static inline double reference_variance(const posterior_t *self, const float *x)
{
    return reference_covariance(self, x, x);
}

/* teach a policy and K references the same rewards at NARROW for three periods */
static inline void teach_both(fixture_t *fixture, posterior_t *references, double lambda)
{
    for (int k = 0; k < K; k++) {
        reference_init(references + k, lambda);
    }
    for (unsigned period = 0; period < 3; period++) {
        nb_batch_t batch = fixture_batch(fixture, NARROW, 150, period);
        nb_stream_t stream;

        nb_stream_init(&stream, (nb_key_t){period, 7}, (nb_counter_t){0});
        for (size_t i = 0; i < batch.n; i++) {
            int32_t k = nb_policy_pick(&batch, i, nb_stream_uniform(&stream));

            /* action 5 is never played */
            fixture->action[i] = k == 5 ? 0 : k;
            fixture->reward[i] =
                (k - 2) * (double)fixture->x[i * D + 1] + nb_stream_normal(&stream);
            reference_add(references + fixture->action[i], fixture->x + i * D, fixture->reward[i]);
        }
        nb_transitions_t finished =
            fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

        assert_ok(fixture->type->update(fixture->state, &finished));
        assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
    }
}

/* Ordered pairs of three actions over 6,000 rows: their joint probabilities sum to 1, and the
 * counts follow them (chi-square, 5 degrees of freedom, beyond 37.3 once in 2 million). */
static inline void assert_pairs(const char *name, const char *yaml)
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

/* every promise but `except` (NULL: none) of a policy that was started, on the fixture's points */
static inline void assert_promises(const fixture_t *fixture, const char *except)
{
    for (size_t i = 0; i < nb_conformance_count(); i++) {
        nb_check_t check;

        if (except && strcmp(nb_conformance_name(i), except) == 0) {
            continue;
        }
        assert_ok(nb_conformance_run(&fixture->layer, &fixture->spec, i, &check));
        if (check.outcome == NB_CHECK_FAILED) {
            fail_msg("%s: %s: %s", fixture->type->name, nb_conformance_name(i), check.reason);
        }
    }
}

/* the same of a policy and its settings */
static inline void assert_conforms(const char *name, const char *yaml, const char *except)
{
    fixture_t fixture;

    assert_ok(fixture_start(&fixture, name, yaml));
    assert_promises(&fixture, except);
    fixture_free(&fixture);
}

#endif
