/* All test beds of the registry, and their benchmarks against searches that share nothing with
 * them.
 */
#include "core/settings.h"
#include "tests/run_sample.h"

enum { MAX_PLAYED = 8 };

/* a bed under way, and who watches its money */
typedef struct {
    nb_plan_t plan;
    nb_loop_watch_t watch;
    nb_loop_t loop;
    nb_batch_t batch;
    nb_choice_t choice;
    double money;
} play_t;

static int count_money(void *context, int period, nb_events_t events, size_t n_customers)
{
    play_t *play = context;

    (void)period;
    for (size_t i = 0; i < events.n; i++) {
        assert_true(events.events[i].customer < n_customers);
        play->money += events.events[i].money;
    }
    return NB_OK;
}

/* `text` are lines of the experiment's file */
static void play_start(play_t *play, const char *bed, const char *policies, const char *text)
{
    char file[1024];
    nb_loop_spec_t spec;

    memset(play, 0, sizeof *play);
    snprintf(file, sizeof file, "name: bed\nenvironment: %s\nstrategies: {%s}\n%s", bed, policies,
             text);
    assert_ok(nb_plan_init_text(&play->plan, "bed.yaml", file, NULL, 0));
    spec = run_sample_spec(&play->plan, 0);
    play->watch = (nb_loop_watch_t){
        .context = play, .needs = NB_NEED_CONTEXT | NB_NEED_ORACLE, .moved = count_money};
    spec.watch = &play->watch;
    assert_ok(nb_loop_init(&play->loop, &spec));
}

static void play_free(play_t *play)
{
    nb_loop_free(&play->loop);
    nb_plan_free(&play->plan);
}

/* the next batch that has rows; 0 at the end */
static int play_next(play_t *play)
{
    while (play->loop.is_within || play->loop.period < play->plan.periods) {
        assert_ok(nb_loop_next(&play->loop, &play->batch, &play->choice));
        if (play->batch.n) {
            return 1;
        }
    }
    return 0;
}

static void play_act(play_t *play)
{
    assert_ok(nb_loop_act(&play->loop, &play->batch, &play->choice));
}

static double scalar_of(play_t *play, const char *name)
{
    nb_result_t result;

    assert_ok(play->loop.spec.environment->result(play->loop.run, &result));
    for (size_t m = 0; m < result.n_scalars; m++) {
        if (strcmp(result.scalars[m].name, name) == 0) {
            return result.scalar[m];
        }
    }
    fail_msg("no metric %s", name);
    return NAN;
}

/* expected reward of every action of the batch's row 0 */
static void ask_means(play_t *play, double *mu)
{
    assert_int_equal(play->batch.n, 1);
    assert_ok(play->batch.oracle->expected_reward(play->batch.oracle->world, &play->batch, mu));
}

/* regret of one customer who is given these actions */
static double regret_of(const char *bed, const char *text, const int32_t *actions, int n)
{
    play_t play;
    double regret;

    play_start(&play, bed, "s: {arm: {policy: random}}", text);
    for (int t = 0; play_next(&play); t++) {
        assert_true(t < n);
        play.choice.action[0] = actions[t];
        play_act(&play);
    }
    regret = scalar_of(&play, "regret");
    play_free(&play);
    return regret;
}

/* beds are the environments with sizes of their own */
static const nb_environment_type_t *find_bed(size_t i)
{
    const nb_environment_type_t *type = nb_environment_at(i);

    return type->customers ? type : NULL;
}

static void check_batch(const play_t *play)
{
    const nb_batch_t *batch = &play->batch;
    const nb_point_t *point = play->loop.spec.environment->spec(play->loop.spec.world)->points;

    assert_string_equal(point->name, "arm");
    for (size_t i = 0; i < batch->n; i++) {
        unsigned n_allowed = 0;

        for (unsigned k = 0; k < batch->n_actions; k++) {
            n_allowed += nb_mask_allows(batch->mask, batch->mask_words, i, k) != 0;
        }
        assert_true(n_allowed > 0);
        for (unsigned j = 0; j < point->d; j++) {
            assert_true(isfinite(batch->x[i * point->d + j]));
        }
        assert_true(point->d == 0 || batch->x[i * point->d] == 1.0f);
    }
}

/* rows of several batches a period, sane, and the money of all events is the reward */
static void test_environments_ask_every_customer_once_and_book_all_rewards(void **state)
{
    enum { N = NB_BLOCK_ROWS + 3, T = 4 };

    (void)state;
    for (size_t b = 0; b < nb_environment_count(); b++) {
        const nb_environment_type_t *type = find_bed(b);
        size_t n_rows = 0;
        play_t play;
        char text[80];

        if (!type) {
            continue;
        }
        snprintf(text, sizeof text, "customers: %d\nperiods: %d\n", N, T);
        play_start(&play, type->name, "s: {arm: {policy: random}}", text);
        while (play_next(&play)) {
            check_batch(&play);
            assert_true(play.batch.customer[0] == n_rows % N);
            n_rows += play.batch.n;
            play_act(&play);
        }
        assert_int_equal(n_rows, N * T);
        assert_close(play.money, N * scalar_of(&play, "reward"), 1e-12, 1e-9);
        play_free(&play);
    }
}

static void run_to_equal_numbers(nb_loop_t *a, nb_loop_t *b)
{
    run_numbers_t one, two;

    assert_ok(nb_loop_run(a));
    assert_ok(nb_loop_run(b));
    one = run_numbers(a);
    two = run_numbers(b);
    assert_int_equal(one.n, two.n);
    assert_memory_equal(one.values, two.values, one.n * sizeof *one.values);
    nb_free(one.values);
    nb_free(two.values);
}

/* contexts, means and outcomes of a strategy's copy are its own to the bit */
static void test_environments_pair_two_copies_exactly(void **state)
{
    (void)state;
    for (size_t b = 0; b < nb_environment_count(); b++) {
        const nb_environment_type_t *type = find_bed(b);
        play_t play;
        nb_loop_t copy;
        nb_loop_spec_t spec;

        if (!type) {
            continue;
        }
        play_start(&play, type->name, "a: {arm: {policy: lin_ts}}, b: {arm: {policy: lin_ts}}",
                   "customers: 5\nperiods: 40\n");
        spec = run_sample_spec(&play.plan, 1);
        assert_ok(nb_loop_init(&copy, &spec));
        run_to_equal_numbers(&play.loop, &copy);
        nb_loop_free(&copy);
        play_free(&play);
    }
}

/* two strategies meet the same contexts and means where these do not depend on what is played */
static void test_environments_give_different_strategies_the_same_world(void **state)
{
    static const char *const beds[] = {"bernoulli", "gaussian", "linear",
                                       "logistic",  "wheel",    "delayed_conversions"};

    (void)state;
    for (size_t b = 0; b < sizeof beds / sizeof *beds; b++) {
        play_t one, two;
        double mu[2][64];

        play_start(&one, beds[b], "s: {arm: {policy: random}}", "periods: 50\n");
        play_start(&two, beds[b], "s: {arm: {policy: clairvoyant_myopic}}", "periods: 50\n");
        while (play_next(&one) && play_next(&two)) {
            ask_means(&one, mu[0]);
            ask_means(&two, mu[1]);
            assert_memory_equal(mu[0], mu[1], one.batch.n_actions * sizeof mu[0][0]);
            play_act(&one);
            play_act(&two);
        }
        assert_false(play_next(&two));
        play_free(&one);
        play_free(&two);
    }
}

/* saved between two batches of a period */
static void test_environments_are_saved_within_a_period(void **state)
{
    enum { N = NB_BLOCK_ROWS + 3 };

    (void)state;
    for (size_t b = 0; b < nb_environment_count(); b++) {
        const nb_environment_type_t *type = find_bed(b);
        nb_archive_t archive = {0};
        play_t play, fresh;
        char text[80];

        if (!type) {
            continue;
        }
        snprintf(text, sizeof text, "customers: %d\nperiods: 5\n", N);
        play_start(&play, type->name, "s: {arm: {policy: lin_ts}}", text);
        play_start(&fresh, type->name, "s: {arm: {policy: lin_ts}}", text);
        for (int i = 0; i < 5; i++) {
            assert_true(play_next(&play));
            play_act(&play);
        }
        assert_true(play.loop.is_within);
        assert_ok(nb_loop_archive(&play.loop, &archive));
        nb_archive_load(&archive);
        assert_ok(nb_loop_archive(&fresh.loop, &archive));
        run_to_equal_numbers(&play.loop, &fresh.loop);
        nb_archive_free(&archive);
        play_free(&fresh);
        play_free(&play);
    }
}

/* every slate of two out of five: the best has no regret, none has less */
static void test_mnl_benchmark_is_the_best_of_all_slates(void **state)
{
    static const char text[] = "periods: 4\nmnl: {n_items: 5, slate: 2, spread: 0.9}\n";
    double least = INFINITY, most = -INFINITY;

    (void)state;
    for (int32_t i = 0; i < 5; i++) {
        for (int32_t j = 0; j < i; j++) {
            play_t play;

            play_start(&play, "mnl", "s: {arm: {policy: random}}", text);
            while (play_next(&play)) {
                play.choice.action[0] = i;
                play.choice.action[1] = j;
                play_act(&play);
            }
            least = fmin(least, scalar_of(&play, "regret"));
            most = fmax(most, scalar_of(&play, "regret"));
            play_free(&play);
        }
    }
    assert_close(least, 0.0, 0, 1e-12);
    assert_true(most > 0.1);
}

/* every sequence of two arms over six plays */
static void test_rotting_benchmark_is_the_best_of_all_sequences(void **state)
{
    enum { T = 6 };
    double least = INFINITY;

    (void)state;
    for (int code = 0; code < 1 << T; code++) {
        int32_t actions[T];

        for (int t = 0; t < T; t++) {
            actions[t] = code >> t & 1;
        }
        least = fmin(least, regret_of("rotting", "periods: 6\nrotting: {n_arms: 2, keep: 0.6}\n",
                                      actions, T));
    }
    assert_close(least, 0.0, 0, 1e-12);
}

/* mean of two arms' own recovery over a cycle that repeats for ever */
static double cycle_rate(const double *mu, double keep, double cost, const int *cycle, int n)
{
    double sum = 0.0;

    for (int t = 0; t < n; t++) {
        int gap = 1;

        if (cycle[t] == 0) {
            continue;
        }
        while (cycle[(t + n * 8 - gap) % n] != cycle[t]) {
            gap++;
        }
        sum += mu[cycle[t]] * (1.0 - pow(keep, gap)) - cost;
    }
    return sum / n;
}

static double find_best_cycle(const double *mu, double keep, double cost, int length)
{
    double best = 0.0;

    for (int n = 1; n <= length; n++) {
        for (int code = 0; code < (int)lround(pow(3, n)); code++) {
            int cycle[MAX_PLAYED];

            for (int t = 0, left = code; t < n; t++, left /= 3) {
                cycle[t] = left % 3;
            }
            best = fmax(best, cycle_rate(mu, keep, cost, cycle, n));
        }
    }
    return best;
}

/* the fluid rate bounds every cycle of up to eight periods, and the best of them comes near */
static void test_recovering_benchmark_bounds_all_cycles(void **state)
{
    static const double keeps[] = {0.0, 0.5, 0.8}, cost = 0.3;

    (void)state;
    for (int i = 0; i < 3; i++) {
        double mu[3], rate, best;
        play_t play;
        char text[160];

        snprintf(text, sizeof text,
                 "periods: 1\nrecovering: {n_arms: 2, recovers: arm, keep: %g, cost: %g}\n",
                 keeps[i], cost);
        play_start(&play, "recovering", "s: {arm: {policy: random}}", text);
        assert_true(play_next(&play));
        ask_means(&play, mu);
        /* before the first contact the gap is 52 */
        mu[1] = (mu[1] + cost) / (1.0 - pow(keeps[i], 52));
        mu[2] = (mu[2] + cost) / (1.0 - pow(keeps[i], 52));
        play.choice.action[0] = 0;
        play_act(&play);
        assert_false(play_next(&play));
        rate = scalar_of(&play, "regret");
        best = find_best_cycle(mu, keeps[i], cost, MAX_PLAYED);
        print_message("keep %g: bound %.6f, best cycle %.6f\n", keeps[i], rate, best);
        assert_true(rate >= best - 1e-9 && best > 0.9 * rate && best > 0.0);
        play_free(&play);
    }
}

/* one arm recovers as its customer does */
static void test_recovering_kinds_agree_on_one_arm(void **state)
{
    static const char by_arm[] = "periods: 12\nrecovering: {n_arms: 1, recovers: arm}\n";
    static const int32_t actions[12] = {1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1};

    (void)state;
    assert_close(regret_of("recovering", by_arm, actions, 12),
                 regret_of("recovering", "periods: 12\nrecovering: {n_arms: 1}\n", actions, 12), 0,
                 1e-9);
}

static int is_among_best(const double *best, int n, int n_met, int i)
{
    int n_above = 0;

    for (int j = 0; j < n; j++) {
        n_above += best[j] > best[i];
    }
    return n_above < n_met;
}

/* customers who keep their contexts: the fluid optimum meets the best three of ten every period */
static void test_contacts_benchmark_meets_the_best_customers(void **state)
{
    enum { N = 10, K = 6, MET = 3 };
    double mu[N * K], best[N];
    int action[N];
    play_t play;

    (void)state;
    play_start(&play, "contacts", "s: {arm: {policy: random}}",
               "customers: 10\nperiods: 7\ncontacts: {share: 0.3, held: true, deviation: 1}\n");
    while (play_next(&play)) {
        assert_int_equal(play.batch.n, N);
        assert_ok(play.batch.oracle->expected_reward(play.batch.oracle->world, &play.batch, mu));
        for (int i = 0; i < N; i++) {
            best[i] = -INFINITY;
            for (int k = 1; k < K; k++) {
                action[i] = mu[i * K + k] > best[i] ? k : action[i];
                best[i] = fmax(best[i], mu[i * K + k]);
            }
        }
        for (int i = 0; i < N; i++) {
            play.choice.action[i] = is_among_best(best, N, MET, i) && best[i] > 0 ? action[i] : 0;
        }
        play_act(&play);
    }
    assert_close(scalar_of(&play, "regret"), 0.0, 0, 1e-9);
    play_free(&play);
}

/* periods in which the means of the arms are others than before */
static int count_changes(const char *text, double *lowest, double *highest)
{
    double mu[16], before[16];
    int n_changes = -1;
    play_t play;

    memset(before, 0, sizeof before);
    play_start(&play, "bernoulli", "s: {arm: {policy: random}}", text);
    while (play_next(&play)) {
        ask_means(&play, mu);
        n_changes += memcmp(mu, before, play.batch.n_actions * sizeof *mu) != 0;
        memcpy(before, mu, play.batch.n_actions * sizeof *mu);
        for (unsigned k = 0; k < play.batch.n_actions; k++) {
            *lowest = fmin(*lowest, mu[k]);
            *highest = fmax(*highest, mu[k]);
        }
        play_act(&play);
    }
    play_free(&play);
    return n_changes;
}

/* 400 +- 4 sd of a binomial of 4,000: a false alarm once in 16,000 (fixed seed) */
static void test_bernoulli_means_change_as_asked(void **state)
{
    double low = 1.0, high = 0.0;
    int n_jumps;

    (void)state;
    assert_int_equal(count_changes("periods: 100\n", &low, &high), 0);
    assert_int_equal(
        count_changes("periods: 100\nbernoulli: {change: piecewise, every: 10}\n", &low, &high), 9);
    assert_int_equal(
        count_changes("periods: 500\nbernoulli: {change: drift, drift: 0.3}\n", &low, &high), 499);
    n_jumps = count_changes("periods: 4001\nbernoulli: {change: jumps, jump: 0.1}\n", &low, &high);
    assert_true(abs(n_jumps - 400) <= 4 * 19);
    assert_true(low >= 0.0 && high <= 1.0);
}

/* arms on the sphere of radius 2: at d = 1 their weight, the mean of every context, is 2 or -2 */
static void test_linear_weights_lie_on_the_sphere(void **state)
{
    double mu[8];
    play_t play;

    (void)state;
    play_start(&play, "linear", "s: {arm: {policy: random}}",
               "periods: 1\nlinear: {d: 1, n_arms: 8, weights: sphere, scale: 2}\n");
    assert_true(play_next(&play));
    ask_means(&play, mu);
    for (int k = 0; k < 8; k++) {
        assert_close(fabs(mu[k]), 2.0, 1e-6, 0);
    }
    play_free(&play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environments_ask_every_customer_once_and_book_all_rewards),
        cmocka_unit_test(test_environments_pair_two_copies_exactly),
        cmocka_unit_test(test_environments_give_different_strategies_the_same_world),
        cmocka_unit_test(test_environments_are_saved_within_a_period),
        cmocka_unit_test(test_mnl_benchmark_is_the_best_of_all_slates),
        cmocka_unit_test(test_rotting_benchmark_is_the_best_of_all_sequences),
        cmocka_unit_test(test_recovering_benchmark_bounds_all_cycles),
        cmocka_unit_test(test_recovering_kinds_agree_on_one_arm),
        cmocka_unit_test(test_contacts_benchmark_meets_the_best_customers),
        cmocka_unit_test(test_bernoulli_means_change_as_asked),
        cmocka_unit_test(test_linear_weights_lie_on_the_sphere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
