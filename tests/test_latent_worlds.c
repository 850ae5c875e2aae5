/* latent_ts in worlds whose segments are known: does it find them, and does that pay? */
#include "policies/latent.h"
#include "tests/fixture_policy.h"

enum { D = 5, K = 6, L = 3 };

/* a world of 3 segments with weights N(0, 1) and noise of sd 0.5, played by the policy itself */
typedef struct {
    double theta[L][K][D];
    int label[150];
    double regret; /* mean of the last 20 of 40 periods */
} world_t;

static void world_init(world_t *self, unsigned seed)
{
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){seed, 3}, (nb_counter_t){0});
    for (int at = 0; at < L * K * D; at++) {
        self->theta[at / (K * D)][at / D % K][at % D] = nb_stream_normal(&stream);
    }
    for (int c = 0; c < 150; c++) {
        self->label[c] = (int)(L * nb_stream_uniform(&stream));
    }
    self->regret = 0.0;
}

static void world_play(world_t *self, fixture_t *fixture, int t, unsigned seed)
{
    nb_batch_t batch = fixture_batch(fixture, NARROW, 150, 1000 * seed + (unsigned)t);
    nb_choice_t out = {fixture->action, NULL};
    nb_stream_t stream;

    batch.period = t;
    for (size_t i = 0; i < 150; i++) {
        fixture->mask[i] = 0x3f;
    }
    assert_ok(fixture->type->choose(fixture->state, &batch, &out));
    nb_stream_init(&stream, (nb_key_t){seed, (uint32_t)t}, (nb_counter_t){0});
    for (int c = 0; c < 150; c++) {
        double mean[K] = {0}, best = -INFINITY;

        for (int k = 0; k < K; k++) {
            for (int j = 0; j < D; j++) {
                mean[k] += self->theta[self->label[c]][k][j] * (double)batch.x[c * D + j];
            }
            best = fmax(best, mean[k]);
        }
        fixture->reward[c] = mean[fixture->action[c]] + 0.5 * nb_stream_normal(&stream);
        self->regret += t < 20 ? 0.0 : (best - mean[fixture->action[c]]) / 3000.0;
    }
    nb_transitions_t finished =
        fixture_transitions(fixture, &batch, fixture->action, fixture->reward);

    assert_ok(fixture->type->update(fixture->state, &finished));
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

/* share of customers whose likeliest segment is one where most carry their own label */
static double purity(const world_t *world, const fixture_t *fixture)
{
    int count[NB_MAX_SEGMENTS][L] = {{0}}, sum = 0;

    for (uint32_t c = 0; c < 150; c++) {
        double shares[NB_MAX_SEGMENTS];
        unsigned best = 0;

        nb_latent_shares(fixture->state, c, shares);
        for (unsigned l = 1; l < nb_latent_segments(fixture->state); l++) {
            best = shares[l] > shares[best] ? l : best;
        }
        count[best][world->label[c]]++;
    }
    for (int l = 0; l < NB_MAX_SEGMENTS; l++) {
        int most = count[l][0] > count[l][1] ? count[l][0] : count[l][1];

        sum += most > count[l][2] ? most : count[l][2];
    }
    return sum / 150.0;
}

static double play_worlds(const char *name, const char *yaml, double *mean_purity)
{
    enum { N_WORLDS = 6 };
    double regret = 0.0;

    for (unsigned seed = 0; seed < N_WORLDS; seed++) {
        fixture_t fixture;
        world_t world;

        assert_ok(fixture_start(&fixture, name, yaml));
        world_init(&world, seed + 100);
        for (int t = 0; t < 40; t++) {
            world_play(&world, &fixture, t, seed);
        }
        regret += world.regret / N_WORLDS;
        if (mean_purity) {
            *mean_purity += purity(&world, &fixture) / N_WORLDS;
        }
        fixture_free(&fixture);
    }
    return regret;
}

/* seeds are fixed, so there is no false alarm; chance would give a purity of some 0.4, and one
 * model for all a regret of 1.2 */
static void test_labels_are_found_in_an_easy_world(void **state)
{
    double found = 0.0, found_3 = 0.0;
    double regret = play_worlds("latent_ts", "{segments: 5, step: 0.6}", &found);

    (void)state;
    play_worlds("latent_ts", NULL, &found_3);
    assert_true(found > 0.97);
    assert_true(found_3 > 0.85);
    assert_true(regret < 0.3);
    assert_true(play_worlds("lin_ts", NULL, NULL) > regret + 0.6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_are_found_in_an_easy_world),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
