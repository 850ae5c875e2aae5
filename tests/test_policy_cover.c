/* online_cover against a naive replay of the same history: every policy its own regressions. */
#include "tests/oracle_rows.h"

enum { K_MOST = 6, N_MOST = 16 };

/* the cover as the paper writes it */
typedef struct {
    int n_policies, is_ips;
    double lambda, psi, epsilon;
    dense_t csc[N_MOST][K_MOST]; /* costs of policy i, action k */
    dense_t rewards[K_MOST];     /* losses seen */
    double w[N_MOST][K_MOST][MAX_D], f[K_MOST][MAX_D];
    double t;
} naive_t;

static naive_t naive;

static double dot(const double *a, const double *b)
{
    double sum = 0.0;

    for (int j = 0; j < history.d; j++) {
        sum += a[j] * b[j];
    }
    return sum;
}

static void start_dense(dense_t *dense)
{
    dense_init(dense, history.d);
    for (int j = 0; j < history.d; j++) {
        dense->a[j][j] = naive.lambda;
    }
}

static void naive_start(void)
{
    naive.t = 1.0;
    memset(naive.w, 0, sizeof naive.w);
    memset(naive.f, 0, sizeof naive.f);
    for (int k = 0; k < history.n_actions; k++) {
        start_dense(&naive.rewards[k]);
        for (int i = 0; i < naive.n_policies; i++) {
            start_dense(&naive.csc[i][k]);
        }
    }
}

static int count_allowed(uint64_t mask)
{
    return __builtin_popcountll(mask);
}

static double epsilon_of(uint64_t mask)
{
    int n = count_allowed(mask);
    double root = 1.0 / sqrt(n * naive.t);

    return naive.epsilon * (root < 1.0 / n ? root : 1.0 / n);
}

/* share of policy i's vote that action k gets */
static double vote(int i, const double *x, uint64_t mask, int k)
{
    int n_equal = 0;
    double own = dot(naive.w[i][k], x);

    for (int other = 0; other < history.n_actions; other++) {
        double cost = dot(naive.w[i][other], x);

        if (is_allowed(mask, other) && cost < own) {
            return 0.0;
        }
        n_equal += is_allowed(mask, other) && cost == own;
    }
    return is_allowed(mask, k) ? 1.0 / n_equal : 0.0;
}

/* probability of k under the mixture of the first n policies */
static double mixture(int n, const double *x, uint64_t mask, int k)
{
    double share = 0.0, epsilon = epsilon_of(mask);

    for (int i = 0; i < n; i++) {
        share += vote(i, x, mask, k) / n;
    }
    return is_allowed(mask, k) ? epsilon + (1.0 - count_allowed(mask) * epsilon) * share : 0.0;
}

static void naive_learn(const kept_t *row, double propensity)
{
    for (int k = 0; k < history.n_actions; k++) {
        double f = naive.is_ips ? 0.0 : dot(naive.f[k], row->x);
        double loss = f + (k == row->action ? (-row->reward - f) / propensity : 0.0);

        for (int i = 0; i < naive.n_policies && is_allowed(row->mask, k); i++) {
            double q = i ? mixture(i, row->x, row->mask, k) : 1.0;
            double bonus = i ? naive.psi * epsilon_of(row->mask) / q : 0.0;

            dense_add(&naive.csc[i][k], row->x, loss - bonus, 1.0);
        }
    }
    dense_add(&naive.rewards[row->action], row->x, -row->reward, 1.0);
}

static void naive_refresh(void)
{
    for (int k = 0; k < history.n_actions; k++) {
        dense_solve(&naive.rewards[k], naive.rewards[k].b, naive.f[k]);
        for (int i = 0; i < naive.n_policies; i++) {
            dense_solve(&naive.csc[i][k], naive.csc[i][k].b, naive.w[i][k]);
        }
    }
    naive.t = 1.0 + (double)history.n;
}

/* probabilities and values of 20 rows; returns how many policies disagreed, over rows */
static int compare(fixture_t *fixture, unsigned point)
{
    nb_batch_t batch = fixture_batch(fixture, point, 20, 70);
    double p[20 * K_MOST], v[20];
    int n_split = 0;

    assert_ok(fixture->type->probabilities(fixture->state, &batch, p));
    assert_ok(fixture->type->value(fixture->state, &batch, v));
    for (size_t i = 0; i < batch.n; i++) {
        double x[MAX_D], value = 0.0, highest = 0.0;

        widen_row(&batch, i, x);
        for (int k = 0; k < history.n_actions; k++) {
            double expected = mixture(naive.n_policies, x, batch.mask[i], k);

            assert_close(p[i * batch.n_actions + (size_t)k], expected, 1e-10, 1e-14);
            value -= expected * dot(naive.w[0][k], x);
            highest = expected > highest ? expected : highest;
        }
        assert_close(v[i], value, 1e-10, 1e-12);
        n_split += highest < 0.9;
    }
    return n_split;
}

/* what the policy plays itself in periods 1 and 3 brings no propensity, as a log without: the
 * reference takes what the policy said when it chose */
static int replay(unsigned point, const char *yaml)
{
    fixture_t fixture;
    int n_split = 0;

    assert_ok(fixture_start(&fixture, "online_cover", yaml));
    history_start(&fixture, point);
    naive_start();
    for (int32_t period = 0; period < 5; period++) {
        size_t first = history.n;

        teach_period(&fixture, point, period, 40, period % 2);
        for (size_t i = first; i < history.n; i++) {
            naive_learn(history.rows + i, history.rows[i].propensity);
        }
        naive_refresh();
        n_split = compare(&fixture, point);
    }
    fixture_free(&fixture);
    return n_split;
}

static void test_cover_is_the_naive_replay(void **state)
{
    (void)state;
    naive = (naive_t){.n_policies = 4, .lambda = 1.0, .psi = 1.0, .epsilon = 0.05};
    replay(NARROW, "{}");
    replay(BARE, "{}");
    naive = (naive_t){.n_policies = 8, .lambda = 0.4, .psi = 20.0, .epsilon = 1.0};
    assert_true(replay(NARROW, "{policies: '8', lambda: 0.4, psi: 20, epsilon: 1}") > 2);
    naive = (naive_t){.n_policies = 16, .is_ips = 1, .lambda = 1.0, .psi = 5.0, .epsilon = 0.5};
    replay(NARROW, "{policies: '16', costs: ips, psi: 5, epsilon: 0.5}");
}

/* every action of every row has its least probability, and the cover is uniform at the start */
static void test_cover_never_gives_an_action_up(void **state)
{
    fixture_t fixture;
    double p[100 * 6];

    (void)state;
    assert_ok(fixture_start(&fixture, "online_cover", "{epsilon: 0.3}"));
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 100, 8);

    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (size_t at = 0; at < 100 * 6; at++) {
        double n = nb_policy_n_allowed(&batch, at / 6);

        assert_close(p[at], is_allowed(batch.mask[at / 6], (int)(at % 6)) ? 1.0 / n : 0.0, 1e-14,
                     0);
    }
    assert_ok(fixture_teach(&fixture, 500, 8));
    batch = fixture_batch(&fixture, NARROW, 100, 8);
    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (size_t at = 0; at < 100 * 6; at++) {
        double n = nb_policy_n_allowed(&batch, at / 6);
        double least = 0.3 * fmin(1.0 / n, 1.0 / sqrt(n * 501.0));

        assert_true(!is_allowed(batch.mask[at / 6], (int)(at % 6)) || p[at] >= least * 0.999);
    }
    fixture_free(&fixture);
}

/* a propensity that is told counts; one that is not known is that of the policies at hand */
static void test_cover_learns_from_the_propensities_it_is_told(void **state)
{
    static const double told[] = {0.25, 0.5, NAN};
    double p[4][20 * 6];

    (void)state;
    for (int t = 0; t < 4; t++) {
        fixture_t fixture;

        assert_ok(fixture_start(&fixture, "online_cover", NULL));
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 50, 3);

        for (size_t i = 0; i < 50; i++) {
            fixture.action[i] = nb_policy_pick(&batch, i, 0.5);
            fixture.reward[i] = (double)(i % 3);
            fixture.propensity[i] = told[t % 3];
        }
        nb_transitions_t finished =
            fixture_transitions(&fixture, &batch, fixture.action, fixture.reward);

        finished.propensity = t < 3 ? fixture.propensity : NULL;
        assert_ok(fixture.type->update(fixture.state, &finished));
        assert_ok(fixture.type->end_period(fixture.state, &fixture.arena));
        batch = fixture_batch(&fixture, NARROW, 20, 4);
        double s[20 * 6];

        assert_ok(fixture.type->score(fixture.state, &batch, s));
        memcpy(p[t], s, sizeof s);
        fixture_free(&fixture);
    }
    assert_memory_not_equal(p[0], p[1], sizeof p[0]);
    assert_memory_not_equal(p[1], p[2], sizeof p[0]);
    assert_memory_equal(p[2], p[3], sizeof p[0]);
}

static void test_cover_refuses_forbidden_actions(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_ok(fixture_start(&fixture, "online_cover", NULL));
    nb_batch_t batch = fixture_batch(&fixture, NARROW, 5, 3);

    for (size_t i = 0; i < 5; i++) {
        fixture.action[i] = nb_policy_pick(&batch, i, 0.5);
        fixture.reward[i] = 1.0;
    }
    fixture.mask[2] &= ~(1ull << fixture.action[2]);
    nb_transitions_t finished =
        fixture_transitions(&fixture, &batch, fixture.action, fixture.reward);

    assert_fails(fixture.type->update(fixture.state, &finished), NB_ERR_RANGE, "transition 2");
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cover_is_the_naive_replay),
        cmocka_unit_test(test_cover_never_gives_an_action_up),
        cmocka_unit_test(test_cover_learns_from_the_propensities_it_is_told),
        cmocka_unit_test(test_cover_refuses_forbidden_actions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
