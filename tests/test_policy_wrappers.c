/* Policies that play another one: delayed, bwk, fatigue_aware, safe. */
#include "policies/ridge.h"
#include "policies/wrapper.h"
#include "tests/fixture_policy.h"

enum { K = 6, D = 5 };

/* the same contexts at NARROW in period `period`, everything allowed */
static nb_batch_t ask(fixture_t *fixture, size_t n, int period)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, n, 3);

    batch.period = period;
    for (size_t i = 0; i < n; i++) {
        fixture->mask[i] = 0x3f;
    }
    return batch;
}

static void choose(const fixture_t *fixture, const nb_batch_t *batch, int32_t *action)
{
    nb_choice_t out = {action, NULL};

    assert_ok(fixture->type->choose(fixture->state, batch, &out));
}

/* `n` rows play `action`, get `reward` */
static void live(fixture_t *fixture, size_t n, int period, int32_t action, double reward)
{
    nb_batch_t batch = ask(fixture, n, period);
    nb_choice_t choice = {fixture->action, NULL};

    for (size_t i = 0; i < n; i++) {
        fixture->action[i] = action;
        fixture->reward[i] = reward;
        fixture->tenure[i] = period;
    }
    nb_transitions_t finished =
        fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

    assert_ok(fixture->type->played(fixture->state, &batch, &choice));
    assert_ok(fixture->type->update(fixture->state, &finished));
}

static void end(fixture_t *fixture)
{
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

static void test_wrapper_that_changes_nothing_plays_as_its_policy(void **state)
{
    static const char *const wrappers[][2] = {
        {"bwk", "{inner: {policy: lin_ts}, step: 0}"},
        {"fatigue_aware", "{inner: {policy: lin_ts}, shrink: 1000000000}"},
        {"delayed", "{inner: {policy: lin_ts}, mean_delay: 0, prior: 1000000000000}"},
    };

    (void)state;
    for (int w = 0; w < 3; w++) {
        fixture_t wrapped, plain;
        int32_t *other = NULL;

        assert_ok(nb_alloc(&other, 300, sizeof *other));
        assert_ok(fixture_start(&wrapped, wrappers[w][0], wrappers[w][1]));
        assert_ok(fixture_start(&plain, "lin_ts", NULL));
        assert_ok(fixture_teach(&wrapped, 300, 5));
        assert_ok(fixture_teach(&plain, 300, 5));
        nb_batch_t batch = ask(&plain, 300, 2), same = ask(&wrapped, 300, 2);

        choose(&plain, &batch, other);
        choose(&wrapped, &same, wrapped.action);
        assert_memory_equal(other, wrapped.action, 300 * sizeof *other);
        fixture_free(&plain);
        fixture_free(&wrapped);
        nb_free(other);
    }
}

/* decisions of four ages with what came in each: against sums with tau by hand */
static void test_delayed_counts_a_decision_for_what_had_time_to_come(void **state)
{
    enum { N = 40, WINDOW = 4 };
    static const double mean_delay = 1.5;
    fixture_t fixture;
    double a = 2.0, b = 0.0; /* one feature that is 1, lambda 2 */

    (void)state;
    assert_ok(fixture_start(&fixture, "delayed",
                            "{inner: {policy: greedy_ridge, lambda: 2}, mean_delay: 1.5, "
                            "prior: 1000000000000}"));
    for (int age = 0; age < WINDOW; age++) {
        nb_batch_t batch = fixture_batch(&fixture, BARE, N, 1);
        float elapsed[N];
        double q = 1.0 / (1.0 + mean_delay), whole = 1.0 - pow(1.0 - q, WINDOW);

        for (size_t i = 0; i < N; i++) {
            fixture.action[i] = 1;
            fixture.reward[i] = (double)(i % 3) * (age + 1);
            elapsed[i] = (float)age;
            a += q * pow(1.0 - q, age) / whole;
            b += fixture.reward[i];
        }
        nb_transitions_t finished =
            fixture_transitions(&fixture, &batch, fixture.action, fixture.reward);

        finished.elapsed = elapsed;
        finished.window = WINDOW;
        assert_ok(fixture.type->update(fixture.state, &finished));
        end(&fixture);
        assert_close(nb_ridge_mean(nb_wrapper_inner(fixture.state), BARE, 1)[0], b / a, 1e-9, 0);
    }
    fixture_free(&fixture);
}

/* conversions that all come at age 2 of 0..3 are learned to be late, whatever the prior says */
static void test_delayed_learns_when_conversions_come(void **state)
{
    enum { N = 500, WINDOW = 4 };
    static const char *const priors[] = {"{inner: {policy: greedy_ridge}, prior: 1}",
                                         "{inner: {policy: greedy_ridge}, prior: 1e9}"};

    (void)state;
    for (int p = 0; p < 2; p++) {
        fixture_t fixture;
        double early;

        assert_ok(fixture_start(&fixture, "delayed", priors[p]));
        for (int period = 0; period < (p == 0 ? 60 : 12); period++) {
            for (int age = 0; age < WINDOW && age <= period; age++) {
                nb_batch_t batch = fixture_batch(&fixture, BARE, N, 1);
                float elapsed[N];

                for (size_t i = 0; i < N; i++) {
                    fixture.action[i] = 1;
                    fixture.reward[i] = age == 2 && i % 2 ? 1.0 : 0.0;
                    elapsed[i] = (float)age;
                }
                nb_transitions_t finished =
                    fixture_transitions(&fixture, &batch, fixture.action, fixture.reward);

                finished.elapsed = elapsed;
                finished.window = WINDOW;
                assert_ok(fixture.type->update(fixture.state, &finished));
            }
            end(&fixture);
        }
        /* half of them convert; who believes the prior waits for the conversions of other ages */
        early = nb_ridge_mean(nb_wrapper_inner(fixture.state), BARE, 1)[0];
        if (p == 0 ? fabs(early - 0.5) >= 0.02 : early >= 0.48) {
            fail_msg("prior %d: mean %g", p, early);
        }
        fixture_free(&fixture);
    }
}

static void test_delayed_refuses_policies_of_whole_observations(void **state)
{
    fixture_t fixture;

    (void)state;
    assert_fails(fixture_start(&fixture, "delayed", "{inner: {policy: random}}"), NB_ERR_CONFIG,
                 "takes whole observations only");
    fixture_free(&fixture);
    assert_fails(fixture_start(&fixture, "bwk", "{inner: {policy: random}}"), NB_ERR_CONFIG,
                 "cannot be priced");
    fixture_free(&fixture);
    assert_fails(fixture_start(&fixture, "bwk", "{share: 0.2}"), NB_ERR_CONFIG,
                 "'bwk' plays another policy: expected {bwk: {policy: NAME}}");
    fixture_free(&fixture);
    assert_fails(fixture_start(&fixture, "bwk", "{inner: {policy: lin_ts, alpha: 1}}"),
                 NB_ERR_CONFIG, "alpha");
    fixture_free(&fixture);
}

/* every action but a0 pays 1 more; the share that is contacted falls to the budget */
static double share_contacted(const char *yaml)
{
    fixture_t fixture;
    double contacts = 0.0;
    int32_t played[400];

    assert_ok(fixture_start(&fixture, "bwk", yaml));
    for (int period = 0; period < 300; period++) {
        nb_batch_t batch = fixture_batch(&fixture, BARE, 400, 3);
        nb_choice_t choice = {played, NULL};
        nb_stream_t stream;

        for (size_t i = 0; i < 400; i++) {
            fixture.mask[i] = 0x7;
        }
        batch.period = period;
        choose(&fixture, &batch, played);
        nb_stream_init(&stream, (nb_key_t){9, (uint32_t)period}, (nb_counter_t){0});
        for (size_t i = 0; i < 400; i++) {
            fixture.reward[i] = (played[i] > 0) + nb_stream_normal(&stream);
            contacts += period >= 200 && played[i] > 0;
        }
        nb_transitions_t finished = fixture_transitions(&fixture, &batch, played, fixture.reward);

        assert_ok(fixture.type->played(fixture.state, &batch, &choice));
        assert_ok(fixture.type->update(fixture.state, &finished));
        end(&fixture);
    }
    fixture_free(&fixture);
    return contacts / (100 * 400);
}

/* deterministic (fixed seed); the price oscillates around the one that meets the budget */
static void test_bwk_price_meets_the_budget(void **state)
{
    (void)state;
    assert_true(share_contacted("{inner: {policy: lin_ts}, share: 0.2, step: 0}") > 0.95);
    assert_close(share_contacted("{inner: {policy: lin_ts}, share: 0.2, step: 0.1}"), 0.2, 0, 0.02);
    assert_close(share_contacted("{inner: {policy: lin_ts}, share: 0.6, step: 0.1}"), 0.6, 0, 0.03);
    /* contacts that cost 2 may be half as many */
    assert_close(share_contacted("{inner: {policy: lin_ts}, share: 0.4, step: 0.1, "
                                 "costs: {a1: 2, a2: 2}}"),
                 0.2, 0, 0.03);
}

static void test_bwk_refuses_costs_that_make_no_sense(void **state)
{
    static const struct {
        const char *yaml, *words;
        int code;
    } cases[] = {
        {"{inner: {policy: lin_ts}, costs: {a1: -1}}", "expected 0 or more", NB_ERR_RANGE},
        {"{inner: {policy: lin_ts}, costs: {zz: 1}}", "unknown action 'zz'", NB_ERR_CONFIG},
        {"{inner: {policy: lin_ts}, costs: [1]}", "expected a map", NB_ERR_CONFIG},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_t fixture;

        assert_fails(fixture_start(&fixture, "bwk", cases[i].yaml), cases[i].code, cases[i].words);
        fixture_free(&fixture);
    }
}

/* the offset of contacts by brute force: the better of contacting now and of waiting up to 100
 * periods, each then going on with the best regular gap for 3,000 more */
static double brute_force_advantage(const double *f, int max_gap, int gap)
{
    double rate = 0.0, now, wait = -INFINITY;

    for (int z = 1; z <= max_gap; z++) {
        rate = fmax(rate, f[z] / z);
    }
    now = f[gap];
    for (int w = 1; w <= 100; w++) {
        int z = gap + w < max_gap ? gap + w : max_gap;

        wait = fmax(wait, f[z] - rate * w);
    }
    return now - wait;
}

/* contacts at gap z pay f(z), the default pays nothing: scores of contacts are moved by the
 * advantage over waiting, less what the policy has learned */
static void test_fatigue_aware_weighs_a_contact_against_waiting(void **state)
{
    enum { MAX_GAP = 6, N = 20 };
    static const double f[MAX_GAP + 1] = {0.0, -1.0, 0.5, 2.0, 2.4, 2.5, 2.5};
    fixture_t fixture;
    double s[N * K], plain[N * K], mean = 0.0;
    int period = 0;

    (void)state;
    assert_ok(fixture_start(&fixture, "fatigue_aware",
                            "{inner: {policy: greedy_ridge}, max_gap: 6, shrink: 0}"));
    live(&fixture, N, period++, 1, f[MAX_GAP]); /* never contacted before */
    for (int z = 1; z <= MAX_GAP; z++) {
        for (int idle = 1; idle < z; idle++) {
            live(&fixture, N, period++, 0, 0.0);
        }
        live(&fixture, N, period++, 1, f[z]);
    }
    end(&fixture);
    for (int z = 1; z <= MAX_GAP; z++) {
        mean += f[z] / (MAX_GAP + 1);
    }
    mean += f[MAX_GAP] / (MAX_GAP + 1);
    for (int gap = 1; gap <= MAX_GAP + 2; gap++) {
        int z = gap < MAX_GAP ? gap : MAX_GAP;
        nb_batch_t batch = ask(&fixture, N, period - 1 + gap);

        assert_ok(fixture.type->score(fixture.state, &batch, s));
        assert_ok(nb_wrapper_score(fixture.state, &batch, plain));
        for (size_t at = 0; at < N * K; at++) {
            double expected = at % K == 0 ? 0.0 : brute_force_advantage(f, MAX_GAP, z) - mean;

            if (isfinite(s[at])) {
                assert_close(s[at] - plain[at], expected, 1e-6, 1e-6);
            }
        }
    }
    fixture_free(&fixture);
}

static void test_fatigue_aware_keeps_records_of_new_customers(void **state)
{
    nb_spec_t wider;
    fixture_t fixture;
    double s[20 * K], grown[20 * K];
    void *larger = NULL;

    (void)state;
    assert_ok(fixture_start(&fixture, "fatigue_aware", "{inner: {policy: lin_ucb}, shrink: 1}"));
    live(&fixture, 20, 0, 1, 1.0);
    live(&fixture, 10, 3, 2, 3.0);
    live(&fixture, 20, 4, 0, 0.0);
    end(&fixture);
    wider = fixture.spec;
    wider.n_customers *= 3;
    nb_batch_t batch = ask(&fixture, 20, 5);

    assert_ok(fixture.type->score(fixture.state, &batch, s));
    assert_ok(nb_alloc(&larger, 1, fixture.type->state_size(&wider, fixture.settings)));
    assert_ok(fixture.type->grow(larger, &wider, fixture.state, &fixture.spec, fixture.settings));
    assert_ok(fixture.type->score(larger, &batch, grown));
    assert_memory_equal(s, grown, sizeof s);
    nb_free(larger);
    fixture_free(&fixture);
}

/* share of rows that the policy is given after n0 plays of the baseline at mean m0 and n1 others at
 * m1, rewards +-1 around it; by the formula */
static void test_safe_gives_what_the_slack_allows(void **state)
{
    enum { N0 = 400, N1 = 100, ROWS = 500 };
    double m0 = 3.0, m1 = 2.8, n = N0 + N1, sum = N0 * m0 + N1 * m1, squares, sd, slack, q;
    fixture_t fixture;
    double p[K], inner[K];

    (void)state;
    assert_ok(fixture_start(&fixture, "safe",
                            "{inner: {policy: eps_greedy, epsilon: 1}, baseline: a1, alpha: 0.05, "
                            "z: 2, loss: 0.5}"));
    for (int half = 0; half < 2; half++) {
        live(&fixture, N0 / 2, 0, 1, m0 + (half ? 1.0 : -1.0));
        live(&fixture, N1 / 2, 0, 2, m1 + (half ? 1.0 : -1.0));
    }
    end(&fixture);
    squares = N0 * (m0 * m0 + 1.0) + N1 * (m1 * m1 + 1.0);
    sd = sqrt((squares - sum * sum / n) / n);
    slack = N1 * (m1 - m0) - 2.0 * sd * sqrt(N1 + (double)N1 * N1 / N0) + 0.05 * m0 * n;
    q = slack / (0.5 * sd * ROWS);
    assert_true(q > 0.01 && q < 0.99);
    nb_batch_t batch = ask(&fixture, 1, 1);

    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    assert_ok(nb_wrapper_probabilities(fixture.state, &batch, inner));
    for (int k = 0; k < K; k++) {
        assert_close(p[k], q * inner[k] + (1.0 - q) * (k == 1), 1e-9, 1e-12);
    }
    fixture_free(&fixture);
}

/* 1,000 rows, 20 periods: what fixture_teach pays an action; the share that is explored */
static double share_explored(const char *yaml)
{
    fixture_t fixture;
    double p[20 * K], share = 0.0;

    assert_ok(fixture_start(&fixture, "safe", yaml));
    for (int period = 0; period < 5; period++) {
        live(&fixture, 500, period, 1, period % 2 ? 2.0 : 1.0);
        live(&fixture, 100, period, 2, period % 2 ? 2.1 : 1.0);
        end(&fixture);
    }
    nb_batch_t batch = ask(&fixture, 20, 6);

    assert_ok(fixture.type->probabilities(fixture.state, &batch, p));
    for (size_t i = 0; i < 20; i++) {
        share += (1.0 - p[i * K + 1]) / 20;
    }
    fixture_free(&fixture);
    return share;
}

static void test_safe_settings_change_what_they_say(void **state)
{
    double base;

    (void)state;
    base = share_explored("{inner: {policy: eps_greedy, epsilon: 1}, baseline: a1, alpha: 0.05}");
    assert_true(base > 0.0 && base < 0.8);
    /* nothing may be lost: with the confidence asked for, there is no slack */
    assert_true(share_explored("{inner: {policy: eps_greedy, epsilon: 1}, baseline: a1, alpha: 0, "
                               "z: 3}") == 0.0);
    assert_true(share_explored("{inner: {policy: eps_greedy, epsilon: 1}, baseline: a1, "
                               "alpha: 0.1}") > base);
    assert_true(share_explored("{inner: {policy: eps_greedy, epsilon: 1}, baseline: a1, "
                               "alpha: 0.05, loss: 5}") < base);
    assert_true(share_explored("{inner: {policy: eps_greedy, epsilon: 1}, baseline: a1, "
                               "alpha: 0.05, z: 5}") < base);
    /* a baseline that is not always due plays the unbound action else */
    assert_true(share_explored("{inner: {policy: eps_greedy, epsilon: 1}, baseline: a1, "
                               "alpha: 0.05, every: 2}") > 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrapper_that_changes_nothing_plays_as_its_policy),
        cmocka_unit_test(test_delayed_counts_a_decision_for_what_had_time_to_come),
        cmocka_unit_test(test_delayed_learns_when_conversions_come),
        cmocka_unit_test(test_delayed_refuses_policies_of_whole_observations),
        cmocka_unit_test(test_bwk_price_meets_the_budget),
        cmocka_unit_test(test_bwk_refuses_costs_that_make_no_sense),
        cmocka_unit_test(test_fatigue_aware_weighs_a_contact_against_waiting),
        cmocka_unit_test(test_fatigue_aware_keeps_records_of_new_customers),
        cmocka_unit_test(test_safe_gives_what_the_slack_allows),
        cmocka_unit_test(test_safe_settings_change_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
