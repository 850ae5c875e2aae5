/*
 * The test beds and policies against figures of independent programs: two arms of Garivier & Cappe
 * (2011), Sutton & Barto's ten arms, and the wheel of Riquelme, Tucker & Snoek (2018).
 *
 * The figures' programs share nothing with this one. Every comparison is with 4 standard errors of
 * the difference, a false alarm once in 16,000 of each; seeds are fixed.
 */
#include "tests/fixture_policy.h"
#include "tests/run_sample.h"

typedef struct {
    double n, sum, squares;
} sample_t;

static void sample_add(sample_t *self, double x)
{
    self->n += 1.0;
    self->sum += x;
    self->squares += x * x;
}

static double sample_mean(const sample_t *self)
{
    return self->sum / self->n;
}

static double sample_se(const sample_t *self)
{
    double mean = sample_mean(self);

    return sqrt((self->squares / self->n - mean * mean) / (self->n - 1.0));
}

/* against a figure with its standard error */
static void check_sample(const char *what, const sample_t *found, double expected, double se)
{
    print_message("%s: %.4f (%.4f), expected %.4f (%.4f)\n", what, sample_mean(found),
                  sample_se(found), expected, se);
    assert_close(sample_mean(found), expected, 0, 4.0 * hypot(sample_se(found), se));
}

static double scalar_of(const nb_result_t *result, const char *name)
{
    for (size_t m = 0; m < result->n_scalars; m++) {
        if (strcmp(result->scalars[m].name, name) == 0) {
            return result->scalar[m];
        }
    }
    fail_msg("no metric %s", name);
    return NAN;
}

/* two metrics of `n` replications of an experiment with one strategy; `lines` are its file */
static void play_bed(const char *lines, uint32_t n, const char *const names[2], sample_t out[2])
{
    nb_plan_t plan;

    assert_ok(nb_plan_init_text(&plan, "bed.yaml", lines, NULL, 0));
    for (uint32_t r = 0; r < n; r++) {
        nb_loop_spec_t spec = run_sample_spec(&plan, 0);
        nb_result_t result;
        nb_loop_t loop;

        spec.key.replication = spec.policy_key.replication = r;
        assert_ok(nb_loop_init(&loop, &spec));
        assert_ok(nb_loop_run(&loop));
        assert_ok(spec.environment->result(loop.run, &result));
        for (int m = 0; m < 2; m++) {
            sample_add(&out[m], scalar_of(&result, names[m]));
        }
        nb_loop_free(&loop);
    }
    nb_plan_free(&plan);
}

/* ten arms: reward of a step and share of best arms in the last 100 of 1,000 steps */
static void play_arms(const char *epsilon, uint32_t n, sample_t out[2])
{
    static const char *const names[] = {"reward_last", "optimal_last"};
    char text[300];

    snprintf(text, sizeof text,
             "name: arms\nenvironment: gaussian\nstrategies: {s: {arm: {policy: eps_greedy, "
             "epsilon: %s, lambda: 1.0e-6, reward_scale: none}}}\n",
             epsilon);
    play_bed(text, n, names, out);
}

/*
 * Garivier & Cappe 2011, scenario 1: two arms, regret after 5,000 steps; figures of a program of
 * 20,000 runs, 2,000 of kl_ucb.
 */
static void test_two_arms_of_garivier_and_cappe(void **state)
{
    static const char *const names[] = {"regret", "optimal"};
    static const struct {
        const char *policy;
        double regret, se;
    } rows[] = {
        {"ucb1", 64.32, 0.09},         {"ucb1, c: 0.7071067811865476", 24.77, 0.09},
        {"moss", 24.60, 0.07},         {"kl_ucb", 13.06, 0.16},
        {"kl_ucb, c: 3", 19.75, 0.19}, {"ts_beta", 8.98, 0.07},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sample_t found[2];
        char text[300];

        memset(found, 0, sizeof found);
        snprintf(text, sizeof text,
                 "name: arms\nenvironment: bernoulli\nbernoulli: {arms: [0.9, 0.8]}\n"
                 "periods: 5000\nseed: 8\nstrategies: {s: {arm: {policy: %s}}}\n",
                 rows[i].policy);
        play_bed(text, 300, names, found);
        check_sample(rows[i].policy, &found[0], rows[i].regret, rows[i].se);
        /* one gap of 0.1: regret and share of the best arm say the same */
        assert_close(sample_mean(&found[1]), 1.0 - sample_mean(&found[0]) / 500.0, 0, 1e-9);
    }
}

/* Sutton & Barto 2018, figure 2.2; figures of a program of 30,000 problems */
static void test_ten_arms_of_sutton_and_barto(void **state)
{
    static const struct {
        const char *epsilon;
        double reward, reward_se, optimal, optimal_se;
    } rows[] = {
        {"0", 1.0400, 0.0035, 0.3634, 0.0028},
        {"0.01", 1.3078, 0.0037, 0.5897, 0.0028},
        {"0.1", 1.3712, 0.0033, 0.7985, 0.0017},
    };

    (void)state;
    for (int i = 0; i < 3; i++) {
        sample_t found[2];

        memset(found, 0, sizeof found);

        play_arms(rows[i].epsilon, 2000, found);
        check_sample(rows[i].epsilon, &found[0], rows[i].reward, rows[i].reward_se);
        check_sample(rows[i].epsilon, &found[1], rows[i].optimal, rows[i].optimal_se);
    }
}

enum { ARMS = 5, INITIAL_PULLS = 2, N_DELTAS = 5 };
static const double deltas[N_DELTAS] = {0.5, 0.7, 0.9, 0.95, 0.99};

/* the wheel in the test's own hands: a context, and the mean of every arm there */
static void spin_wheel(nb_stream_t *stream, double delta, float *x, double *mean)
{
    double a, b;

    do {
        a = 2.0 * nb_stream_uniform(stream) - 1.0;
        b = 2.0 * nb_stream_uniform(stream) - 1.0;
    } while (a * a + b * b > 1.0);
    x[0] = 1.0f;
    x[1] = (float)a;
    x[2] = (float)b;
    x[3] = x[4] = 0.0f;
    for (int k = 0; k < ARMS; k++) {
        mean[k] = k == ARMS - 1 ? 1.2 : 1.0;
    }
    if (a * a + b * b >= delta * delta) {
        mean[a > 0.0 ? (b > 0.0 ? 0 : 1) : (b > 0.0 ? 2 : 3)] = 50.0;
    }
}

/* regret of a step; every arm is pulled INITIAL_PULLS times at first */
static double play_step(fixture_t *fixture, nb_batch_t *batch, nb_stream_t *stream, double delta)
{
    double mean[ARMS], best = 0.0;
    nb_choice_t out = {fixture->action, NULL};
    nb_transitions_t finished;

    spin_wheel(stream, delta, fixture->x, mean);
    if (batch->period < INITIAL_PULLS * ARMS) {
        fixture->action[0] = batch->period % ARMS;
    } else {
        assert_ok(fixture->type->choose(fixture->state, batch, &out));
    }
    for (int k = 0; k < ARMS; k++) {
        best = fmax(best, mean[k]);
    }
    fixture->reward[0] = mean[fixture->action[0]] +
                         (mean[fixture->action[0]] > 2.0 ? 0.01 : 0.05) * nb_stream_normal(stream);
    finished = fixture_transitions(fixture, batch, fixture->action, fixture->reward);
    assert_ok(fixture->type->update(fixture->state, &finished));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
    return best - mean[fixture->action[0]];
}

/* regret of every run in percent of random play's */
static void play_wheel(const char *policy, const char *yaml, double delta, int steps, unsigned n,
                       double *out)
{
    double d2 = delta * delta, uniform = 0.16 * d2 + 39.16 * (1.0 - d2);

    for (unsigned seed = 0; seed < n; seed++) {
        fixture_t fixture;
        nb_stream_t stream;
        nb_batch_t batch;

        assert_ok(fixture_start(&fixture, policy, yaml));
        batch = fixture_batch(&fixture, NARROW, 1, seed);
        fixture.mask[0] = 0x1f;
        nb_stream_init(&stream, (nb_key_t){seed, 7}, (nb_counter_t){0});
        out[seed] = 0.0;
        for (int t = 0; t < steps; t++) {
            batch.period = t;
            out[seed] += 100.0 * play_step(&fixture, &batch, &stream, delta) / uniform / steps;
        }
        fixture_free(&fixture);
    }
}

enum { GREEDY, EPSILON, SAMPLED, N_PLAYERS, MAX_RUNS = 100 };
static double regret[N_PLAYERS][MAX_RUNS];

static void play_all(double delta, int steps, unsigned n)
{
    play_wheel("eps_greedy", "{epsilon: 0, lambda: 0.25}", delta, steps, n, regret[GREEDY]);
    play_wheel("eps_greedy", "{epsilon: 0.05, lambda: 0.25}", delta, steps, n, regret[EPSILON]);
    play_wheel("lin_ts", "{lambda: 0.25}", delta, steps, n, regret[SAMPLED]);
}

static sample_t sample_of(const double *values, unsigned n)
{
    sample_t sample = {0};

    for (unsigned i = 0; i < n; i++) {
        sample_add(&sample, values[i]);
    }
    return sample;
}

/* `a` has less regret than `b` in the same worlds, by 4 standard errors at least: where they are
 * equal that happens once in 10,000 times */
static void check_less(int a, int b, unsigned n)
{
    sample_t gap = {0};

    for (unsigned i = 0; i < n; i++) {
        sample_add(&gap, regret[a][i] - regret[b][i]);
    }
    print_message("player %d less %d: %.2f (%.2f)\n", a, b, sample_mean(&gap), sample_se(&gap));
    assert_true(sample_mean(&gap) < -4.0 * sample_se(&gap));
}

/* beyond 0.95 so few contexts pay that two of the three cannot be told from random play */
static void check_order(double delta, unsigned n)
{
    if (delta <= 0.95) {
        check_less(SAMPLED, EPSILON, n);
        check_less(EPSILON, GREEDY, n);
    }
}

/*
 * Greedy and epsilon-greedy play after 20,000 steps, with two pulls of every arm at first and a
 * ridge penalty of 0.25, against 100 runs of an independent program. Its Thompson sampling learns
 * the noise of each arm (inverse gamma, a0 = b0 = 6), lin_ts takes it as known (v = 1): of that
 * only the order can be compared, and that knowing is no worse.
 */
static void test_wheel_of_an_independent_program(void **state)
{
    static const double greedy[][2] = {
        {73.0, 3.3}, {85.4, 3.1}, {101.4, 2.6}, {110.0, 2.2}, {103.0, 0.7}};
    static const double epsilon[][2] = {
        {8.19, 0.18}, {9.95, 0.27}, {18.40, 0.64}, {31.54, 0.95}, {74.98, 1.41}};
    static const double learned_noise[] = {1.66, 2.05, 5.47, 10.92, 56.60};
    enum { RUNS = 50 };

    (void)state;
    for (int i = 0; i < N_DELTAS; i++) {
        sample_t found[N_PLAYERS];

        play_all(deltas[i], 20000, RUNS);
        for (int p = 0; p < N_PLAYERS; p++) {
            found[p] = sample_of(regret[p], RUNS);
        }
        check_sample("greedy", &found[GREEDY], greedy[i][0], greedy[i][1]);
        check_sample("epsilon", &found[EPSILON], epsilon[i][0], epsilon[i][1]);
        print_message("lin_ts: %.2f (%.2f), noise learned %.2f\n", sample_mean(&found[SAMPLED]),
                      sample_se(&found[SAMPLED]), learned_noise[i]);
        assert_true(sample_mean(&found[SAMPLED]) <
                    learned_noise[i] + 4.0 * sample_se(&found[SAMPLED]));
        check_order(deltas[i], RUNS);
    }
}

static void test_wheel_order_after_two_thousand_steps(void **state)
{
    (void)state;
    for (int i = 0; i < N_DELTAS; i++) {
        play_all(deltas[i], 2000, MAX_RUNS);
        check_order(deltas[i], MAX_RUNS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_arms_of_garivier_and_cappe),
        cmocka_unit_test(test_ten_arms_of_sutton_and_barto),
        cmocka_unit_test(test_wheel_of_an_independent_program),
        cmocka_unit_test(test_wheel_order_after_two_thousand_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
