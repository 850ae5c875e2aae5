/*
 * Regret of the linear bandits grows slower than time on a small linear world: the slope d log R /
 * d log T is below 0.7, and random's is 1. Over 16 runs the slopes of single runs were 0.14 to 0.31
 * in the mean with a standard deviation of at most 0.07, so that the mean of four runs lies 10
 * standard errors below the bound: false alarm below 1e-20, and the seeds are fixed.
 */
#include "tests/fixture_linear.h"

enum { HORIZON = 8000, EARLY = 1000, N_RUNS = 4 };

static const struct {
    const char *name, *settings;
} learners[] = {
    {"lin_ts", "{v: 0.3}"},
    {"lin_ucb", "{alpha: 0.5}"},
    {"lin_ucb", "{alpha: 0.5, tie_width: 0.5}"},
    {"square_cb", "{gamma_scale: 20}"},
    {"bootstrap_ts", "{replicates: 10}"},
    {"oful", "{R: 0.3}"},
};

/* unit weights of every action; contexts of length 1, noise of sd 0.3 */
static void make_world(uint32_t run, double theta[K][D])
{
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){run, 71}, (nb_counter_t){0});
    for (int k = 0; k < K; k++) {
        double length = 0.0;

        for (int j = 0; j < D; j++) {
            theta[k][j] = nb_stream_normal(&stream);
            length += theta[k][j] * theta[k][j];
        }
        for (int j = 0; j < D; j++) {
            theta[k][j] /= sqrt(length);
        }
    }
}

static void make_context(float *x, nb_stream_t *stream)
{
    double length = 0.0;

    for (int j = 0; j < D; j++) {
        x[j] = (float)nb_stream_normal(stream);
        length += (double)x[j] * (double)x[j];
    }
    for (int j = 0; j < D; j++) {
        x[j] /= (float)sqrt(length);
    }
}

static double mean_of(const double *theta, const float *x)
{
    double sum = 0.0;

    for (int j = 0; j < D; j++) {
        sum += theta[j] * (double)x[j];
    }
    return sum;
}

/* one decision at a time; adds the regret of a run up to EARLY and up to HORIZON */
static void play_run(const char *name, const char *settings, uint32_t run, double *regret)
{
    fixture_t fixture;
    double theta[K][D], sum = 0.0;
    nb_stream_t stream;

    make_world(run, theta);
    assert_ok(fixture_start(&fixture, name, settings));
    nb_stream_init(&stream, (nb_key_t){run, 72}, (nb_counter_t){0});
    for (int32_t t = 0; t < HORIZON; t++) {
        nb_batch_t batch = fixture_batch(&fixture, NARROW, 1, run);
        nb_choice_t out = {fixture.action, NULL};
        double best = -INFINITY, mean;

        make_context(fixture.x, &stream);
        fixture.mask[0] = 0x3f;
        fixture.tenure[0] = batch.period = t;
        assert_ok(fixture.type->choose(fixture.state, &batch, &out));
        if (fixture.type->played) {
            assert_ok(fixture.type->played(fixture.state, &batch, &out));
        }
        for (int k = 0; k < K; k++) {
            best = fmax(best, mean_of(theta[k], fixture.x));
        }
        mean = mean_of(theta[fixture.action[0]], fixture.x);
        sum += best - mean;
        fixture.reward[0] = mean + 0.3 * nb_stream_normal(&stream);
        nb_transitions_t finished =
            fixture_transitions(&fixture, &batch, fixture.action, fixture.reward);

        if (fixture.type->update) {
            assert_ok(fixture.type->update(fixture.state, &finished));
            assert_ok(fixture.type->end_period(fixture.state, &fixture.arena));
        }
        regret[0] += t + 1 == EARLY ? sum / N_RUNS : 0.0;
    }
    regret[1] += sum / N_RUNS;
    fixture_free(&fixture);
}

/* d log R / d log T between EARLY and HORIZON */
static double find_slope(const char *name, const char *settings, double *regret)
{
    regret[0] = regret[1] = 0.0;
    for (uint32_t run = 0; run < N_RUNS; run++) {
        play_run(name, settings, run, regret);
    }
    return log(regret[1] / regret[0]) / log((double)HORIZON / EARLY);
}

static void test_regret_is_sublinear(void **state)
{
    double random[2], regret[2];

    (void)state;
    assert_true(find_slope("random", NULL, random) > 0.98);
    for (size_t l = 0; l < sizeof learners / sizeof *learners; l++) {
        double slope = find_slope(learners[l].name, learners[l].settings, regret);

        if (!(slope < 0.7 && regret[1] < 0.2 * random[1])) {
            fail_msg("%s %s: regret %.1f, then %.1f of %.0f, slope %.3f", learners[l].name,
                     learners[l].settings, regret[0], regret[1], random[1], slope);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_regret_is_sublinear)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
