/*
 * When does it pay to learn of all customers, of each alone, or of both? One world of customers who
 * deviate from a population, played with the same luck by hier_ts pooled (deviation: 0), individual
 * (pooling: none) and hierarchical.
 */
#include "tests/fixture_policy.h"

enum { D = 5, K = 6, N_CUSTOMERS = 50, N_WORLDS = 24 };

/* weights of the population N(0, 1), of customers N(0, s^2) around it; noise of sd 1 */
typedef struct {
    double theta[N_CUSTOMERS][K][D];
} world_t;

static void world_init(world_t *self, unsigned seed, double s)
{
    double population[K][D];
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){seed, 31}, (nb_counter_t){0});
    for (int at = 0; at < K * D; at++) {
        population[at / D][at % D] = nb_stream_normal(&stream);
    }
    for (int at = 0; at < N_CUSTOMERS * K * D; at++) {
        self->theta[at / (K * D)][at / D % K][at % D] =
            population[at / D % K][at % D] + s * nb_stream_normal(&stream);
    }
}

/* one period; returns the sum of regrets, which see no noise */
static double world_play(const world_t *self, fixture_t *fixture, int t, unsigned seed)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, N_CUSTOMERS, 10000 * seed + (unsigned)t);
    nb_choice_t out = {fixture->action, NULL};
    double regret = 0.0;
    nb_stream_t stream;

    batch.period = t;
    for (size_t i = 0; i < N_CUSTOMERS; i++) {
        fixture->mask[i] = 0x3f;
    }
    assert_ok(fixture->type->choose(fixture->state, &batch, &out));
    nb_stream_init(&stream, (nb_key_t){seed, (uint32_t)t}, (nb_counter_t){0});
    for (size_t i = 0; i < N_CUSTOMERS; i++) {
        double mean[K] = {0}, best = -INFINITY;

        for (int k = 0; k < K; k++) {
            for (int j = 0; j < D; j++) {
                mean[k] += self->theta[i][k][j] * (double)batch.x[i * D + (size_t)j];
            }
            best = fmax(best, mean[k]);
        }
        fixture->reward[i] = mean[fixture->action[i]] + nb_stream_normal(&stream);
        regret += best - mean[fixture->action[i]];
    }
    nb_transitions_t finished =
        fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

    assert_ok(fixture->type->update(fixture->state, &finished));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
    return regret;
}

/* mean regret per decision of every world */
static void play_worlds(const char *yaml, double s, int n_periods, double *regret)
{
    for (unsigned seed = 0; seed < N_WORLDS; seed++) {
        static world_t world;
        fixture_t fixture;

        assert_ok(fixture_start(&fixture, "hier_ts", yaml));
        world_init(&world, seed, s);
        regret[seed] = 0.0;
        for (int t = 0; t < n_periods; t++) {
            regret[seed] += world_play(&world, &fixture, t, seed) / n_periods / N_CUSTOMERS;
        }
        fixture_free(&fixture);
    }
}

/* regret of `a` less that of `b` in the same worlds, in standard errors */
static double compare(const double *a, const double *b, const char *what)
{
    double sum = 0.0, square = 0.0, n = N_WORLDS;

    for (int w = 0; w < N_WORLDS; w++) {
        sum += a[w] - b[w];
        square += (a[w] - b[w]) * (a[w] - b[w]);
    }
    double se = sqrt((square - sum * sum / n) / (n - 1.0) / n);

    print_message("%s: %.4f (SE %.4f)\n", what, sum / n, se);
    return se > 0.0 ? sum / n / se : 0.0;
}

static double pooled[N_WORLDS], individual[N_WORLDS], hierarchical[N_WORLDS];

static void play_all(double s, int n_periods)
{
    char yaml[200];

    play_worlds("{deviation: 0}", s, n_periods, pooled);
    snprintf(yaml, sizeof yaml, "{individual: full, deviation: %g, pooling: none}", s);
    play_worlds(yaml, s, n_periods, individual);
    /* where nobody deviates it is still told that they do a little */
    snprintf(yaml, sizeof yaml, "{individual: full, deviation: %g}", s > 0.0 ? s : 0.05);
    play_worlds(yaml, s, n_periods, hierarchical);
}

static double mean(const double *regret)
{
    double sum = 0.0;

    for (int w = 0; w < N_WORLDS; w++) {
        sum += regret[w];
    }
    return sum / N_WORLDS;
}

/* Bounds of 4 standard errors of 24 paired differences: t with 23 degrees of freedom lies beyond
 * 4 on one side 3e-4 of the time; fixed seeds. */
static void test_where_nobody_deviates_pooling_wins(void **state)
{
    (void)state;
    play_all(0.0, 40);
    assert_true(compare(pooled, individual, "s = 0, pooled less individual") < -4.0);
    assert_true(compare(pooled, hierarchical, "s = 0, pooled less hierarchical") < 4.0);
    /* the deviation that is not there costs 1 % of what pooling gains at most */
    assert_true(mean(hierarchical) - mean(pooled) < 0.01 * (mean(individual) - mean(pooled)));
}

static void test_where_all_deviate_a_lot_and_data_are_plenty_each_alone_wins(void **state)
{
    (void)state;
    play_all(1.5, 300);
    assert_true(compare(individual, pooled, "s = 1.5, individual less pooled") < -4.0);
    assert_true(compare(hierarchical, individual, "s = 1.5, hierarchical less individual") < 4.0);
}

/* in between the hierarchy beats both once there are some data; before, the deviations that
 * Thompson sampling tries out cost more than they bring */
static void test_in_between_the_hierarchy_beats_both_in_time(void **state)
{
    (void)state;
    play_all(0.5, 200);
    assert_true(compare(hierarchical, pooled, "s = 0.5, hierarchical less pooled") < -4.0);
    assert_true(compare(hierarchical, individual, "s = 0.5, hierarchical less individual") < -4.0);
    play_all(0.5, 15);
    assert_true(compare(pooled, hierarchical, "s = 0.5, early, pooled less hierarchical") < -4.0);
    assert_true(compare(hierarchical, individual, "s = 0.5, early, hier. less individual") < -4.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_nobody_deviates_pooling_wins),
        cmocka_unit_test(test_where_all_deviate_a_lot_and_data_are_plenty_each_alone_wins),
        cmocka_unit_test(test_in_between_the_hierarchy_beats_both_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
