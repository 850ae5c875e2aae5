/* A run that is saved goes on with the same bits, in the same loop and in another. */
#include "tests/run_sample.h"
#include "tests/toy_environment.h"
#include "tests/toy_policies.h"

enum { CUSTOMERS = 90, PERIODS = 14 };

static const char experiment[] =
    "name: small\n"
    "scenario: everyday\n"
    "customers: 90\n"
    "periods: 14\n"
    "births: {organic: 0.01, paid: 0.01}\n"
    "strategies:\n"
    "  weekly: {recognize: {policy: schedule, action: email, every: 1}}\n"
    "  lin_ts: {all: {policy: lin_ts, credit: window(3)}}\n"
    "  joint: {joint: {policy: eps_greedy, credit: smdp}}\n"
    "  journey: {all: {policy: lin_ucb, credit: journey}}\n"
    "  lifetime: {all: {policy: lin_ts, credit: lifetime}}\n"
    "  rarely: {all: {policy: lin_ts, update_every: 4}}\n"
    "  wrapped: {recognize: {bwk: {fatigue_aware: {delayed: {policy: lin_ts}}},"
    " credit: partial(3)}}\n"
    "  safe: {recognize: {safe: {policy: lin_ts}, baseline: email}}\n";

/* where runs are saved: at the start, in the horizon, at its end, in the tail */
static const int stops[] = {0, 5, PERIODS, PERIODS + 4};
enum { N_STOPS = 4 };

static nb_archive_t save(nb_loop_t *loop)
{
    nb_archive_t archive = {0};

    assert_ok(nb_loop_archive(loop, &archive));
    return archive;
}

static void load(nb_loop_t *loop, nb_archive_t *archive)
{
    nb_archive_load(archive);
    assert_ok(nb_loop_archive(loop, archive));
    assert_int_equal(archive->at, archive->n);
}

/* the rest of the run from the archive, in this loop */
static void check_rest(nb_loop_t *loop, nb_archive_t *archive, run_numbers_t expected)
{
    load(loop, archive);
    assert_ok(nb_loop_run(loop));
    run_numbers_check(loop, expected);
}

static void check_stop(const nb_loop_spec_t *spec, int stop, run_numbers_t expected)
{
    nb_loop_t loop, fresh, grown;
    nb_archive_t archive, again;

    assert_ok(nb_loop_init(&loop, spec));
    assert_ok(nb_loop_run_until(&loop, stop));
    assert_int_equal(loop.period, stop);
    archive = save(&loop);
    assert_ok(nb_loop_run(&loop));
    run_numbers_check(&loop, expected);
    check_rest(&loop, &archive, expected);
    assert_ok(nb_loop_init(&fresh, spec));
    load(&fresh, &archive);
    again = save(&fresh); /* what was loaded is what is saved */
    assert_int_equal(again.n, archive.n);
    assert_memory_equal(again.bytes, archive.bytes, archive.n);
    check_rest(&fresh, &archive, expected);
    nb_archive_free(&again);
    /* another loop saves the same bytes: none of them is an address or a leftover */
    assert_ok(nb_loop_init(&grown, spec));
    assert_ok(nb_loop_run_until(&grown, stop));
    again = save(&grown);
    assert_int_equal(again.n, archive.n);
    assert_memory_equal(again.bytes, archive.bytes, archive.n);
    nb_archive_free(&again);
    nb_archive_free(&archive);
    nb_loop_free(&loop);
    nb_loop_free(&fresh);
    nb_loop_free(&grown);
}

static void test_loop_goes_on_from_what_it_saved(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "small.yaml", experiment, NULL, 0));
    for (size_t cell = 0; cell < plan.n_cells; cell++) {
        nb_loop_spec_t spec = run_sample_spec(&plan, cell);
        run_numbers_t expected;
        nb_loop_t loop;

        assert_ok(nb_loop_init(&loop, &spec));
        assert_ok(nb_loop_run(&loop));
        assert_true(loop.period > stops[N_STOPS - 1] + 1);
        expected = run_numbers(&loop);
        nb_loop_free(&loop);
        for (int i = 0; i < N_STOPS; i++) {
            check_stop(&spec, stops[i], expected);
        }
        nb_free(expected.values);
    }
    nb_plan_free(&plan);
}

/* `n` batches of the period under way */
static void step(nb_loop_t *loop, int n)
{
    nb_choice_t choice;
    nb_batch_t batch;

    for (int i = 0; i < n; i++) {
        assert_ok(nb_loop_next(loop, &batch, &choice));
        assert_true(batch.n > 0);
        assert_ok(nb_loop_act(loop, &batch, &choice));
    }
}

static void test_loop_may_be_saved_within_a_period(void **state)
{
    nb_plan_t plan;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "small.yaml", experiment, NULL, 0));
    for (size_t cell = 1; cell < 3; cell++) {
        nb_loop_spec_t spec = run_sample_spec(&plan, cell);
        run_numbers_t expected;
        nb_loop_t whole, loop, other;

        assert_ok(nb_loop_init(&whole, &spec));
        assert_ok(nb_loop_run(&whole));
        expected = run_numbers(&whole);
        for (int n_batches = 1; n_batches <= 5; n_batches++) {
            nb_archive_t archive;

            assert_ok(nb_loop_init(&loop, &spec));
            assert_ok(nb_loop_run_until(&loop, 6));
            step(&loop, n_batches);
            archive = save(&loop);
            check_rest(&whole, &archive, expected);
            check_rest(&loop, &archive, expected);
            assert_ok(nb_loop_init(&other, &spec));
            check_rest(&other, &archive, expected);
            nb_archive_free(&archive);
            nb_loop_free(&loop);
            nb_loop_free(&other);
        }
        nb_free(expected.values);
        nb_loop_free(&whole);
    }
    nb_plan_free(&plan);
}

static void test_loop_saved_state_follows_the_run(void **state)
{
    nb_archive_t early, late;
    nb_loop_spec_t spec;
    nb_plan_t plan;
    nb_loop_t loop;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "small.yaml", experiment, NULL, 0));
    spec = run_sample_spec(&plan, 1);
    assert_ok(nb_loop_init(&loop, &spec));
    assert_ok(nb_loop_run_until(&loop, 4));
    early = save(&loop);
    assert_ok(nb_loop_run_until(&loop, 5));
    late = save(&loop);
    assert_true(early.n != late.n || memcmp(early.bytes, late.bytes, early.n) != 0);
    load(&loop, &early);
    assert_int_equal(loop.period, 4);
    nb_archive_free(&early);
    nb_archive_free(&late);
    nb_loop_free(&loop);
    nb_plan_free(&plan);
}

static void test_loop_burn_in_is_saved_too(void **state)
{
    static const nb_credit_spec_t smdp = {.rule = NB_CREDIT_SMDP};
    toy_world_t world = {.noise = 1.0, .burn_in = 3, .warm_start = 1, .tail = 2};
    toy_settings_t email = {TOY_EMAIL};
    nb_binding_t bindings[2], others[2];
    nb_strategy_t strategy = toy_nobody(), monthly = toy_nobody();
    nb_loop_spec_t spec = {.environment = &toy_environment,
                           .world = &world,
                           .strategy = &strategy,
                           .burn_in = &monthly,
                           .n_customers = 6,
                           .periods = 4,
                           .tail = 1};
    nb_loop_t loop, fresh;

    (void)state;
    toy_bind(&strategy, bindings, &toy_sequential, &email, -1, smdp);
    toy_bind(&monthly, others, &toy_always, &email, TOY_CONTACT, smdp);
    for (int stop = -3; stop <= 5; stop++) {
        nb_archive_t archive;
        run_numbers_t expected;
        const toy_learner_t *a, *b;

        assert_ok(nb_loop_init(&loop, &spec));
        assert_ok(nb_loop_run_until(&loop, stop));
        archive = save(&loop);
        assert_ok(nb_loop_run(&loop));
        expected = run_numbers(&loop);
        assert_ok(nb_loop_init(&fresh, &spec));
        check_rest(&fresh, &archive, expected);
        a = loop.players.instances[0].state;
        b = fresh.players.instances[0].state;
        assert_int_equal(a->n, b->n);
        assert_memory_equal(a->seen, b->seen, sizeof a->seen);
        nb_free(expected.values);
        nb_archive_free(&archive);
        nb_loop_free(&loop);
        nb_loop_free(&fresh);
    }
}

static void test_loop_refuses_the_state_of_another_run(void **state)
{
    nb_environment_type_t unsaved;
    nb_archive_t archive, nothing = {0};
    nb_loop_t loop, other;
    nb_loop_spec_t spec;
    nb_plan_t plan;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "small.yaml", experiment, NULL, 0));
    spec = run_sample_spec(&plan, 1);
    assert_ok(nb_loop_init(&loop, &spec));
    assert_ok(nb_loop_run_until(&loop, 2));
    archive = save(&loop);
    spec.key.seed = 77;
    assert_ok(nb_loop_init(&other, &spec));
    nb_archive_load(&archive);
    assert_fails(nb_loop_archive(&other, &archive), NB_ERR_FORMAT,
                 "that of another run (seed 1, replication 0, 90 customers), expected seed 77");
    nb_loop_free(&other);
    spec = run_sample_spec(&plan, 0);
    assert_ok(nb_loop_init(&other, &spec));
    nb_archive_load(&archive);
    assert_fails(nb_loop_archive(&other, &archive), NB_ERR_FORMAT, "policies, expected 1");
    nb_loop_free(&other);
    archive.n -= 3;
    nb_archive_load(&archive);
    assert_fails(nb_loop_archive(&loop, &archive), NB_ERR_FORMAT, "a saved state ends after");
    nb_loop_free(&loop);
    unsaved = *spec.environment;
    unsaved.archive = NULL;
    spec.environment = &unsaved;
    assert_ok(nb_loop_init(&loop, &spec));
    assert_fails(nb_loop_archive(&loop, &nothing), NB_ERR_UNSUPPORTED,
                 "runs of environment journey cannot be saved");
    nb_loop_free(&loop);
    nb_archive_free(&archive);
    nb_plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_goes_on_from_what_it_saved),
        cmocka_unit_test(test_loop_may_be_saved_within_a_period),
        cmocka_unit_test(test_loop_saved_state_follows_the_run),
        cmocka_unit_test(test_loop_burn_in_is_saved_too),
        cmocka_unit_test(test_loop_refuses_the_state_of_another_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
